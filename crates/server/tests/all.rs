//! The tests of this crate from outside, in one binary.

#[path = "all/listen.rs"]
mod listen;
#[path = "all/socket.rs"]
mod socket;
#[path = "all/harness.rs"]
mod harness;
#[path = "all/send.rs"]
mod send;
#[path = "all/account.rs"]
mod account;
#[path = "all/admin.rs"]
mod admin;
#[path = "all/front.rs"]
mod front;
#[path = "all/http.rs"]
mod http;
