//! Sessions and delivery, as a library without globals: modules in the order a message meets them.
//!
//! A frame comes in through [`listen`], [`http`] and [`connection`] to [`session`], whose [`command`] decides. What was
//! committed goes to the conversation's [`tail`], which alone decides the order of delivery, and from there into the
//! [`outbox`] of every session that may read it. The message makes a loop; the imports only go down this list.

pub mod serve;
pub mod http;
pub mod admin;
pub mod connection;
pub mod socket;
pub mod session;
pub mod command;
pub mod delivery;
pub mod fanout;
pub mod receipts;
pub mod account;
pub mod node;
pub mod listen;
pub mod tails;
pub mod tail;
pub mod vers;
pub mod gather;
pub mod fanout_schedule;
pub mod presence;
pub mod manners;
pub mod sessions;
pub mod outbox;
pub mod bus;
pub mod wire;
pub mod rate;
pub mod password;
pub mod disk;
pub mod metrics;
pub mod clock;
pub mod config;
