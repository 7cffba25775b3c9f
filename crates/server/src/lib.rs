//! Sessions and delivery, as a library without globals: modules in the order a message meets them.
//!
//! A frame comes in through [`listen`], [`http`] and [`connection`] to [`session`], whose [`command`] decides. What was
//! committed goes to the conversation's [`tail`], which alone decides the order of delivery, and from there into the
//! [`outbox`] of every session that may read it. The message makes a loop; the imports only go down this list.

pub mod account;
pub mod admin;
pub mod bus;
pub mod clock;
pub mod command;
pub mod config;
pub mod connection;
pub mod delivery;
pub mod fanout;
pub mod fanout_schedule;
pub mod gather;
pub mod http;
pub mod listen;
pub mod metrics;
pub mod node;
pub mod outbox;
pub mod password;
pub mod presence;
pub mod rate;
pub mod receipts;
pub mod serve;
pub mod session;
pub mod sessions;
pub mod socket;
pub mod tail;
pub mod tails;
pub mod vers;
pub mod wire;
