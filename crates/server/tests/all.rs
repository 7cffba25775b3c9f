//! The tests of this crate from outside, in one binary.

#[path = "all/listen.rs"]
mod listen;
#[path = "all/socket.rs"]
mod socket;
#[path = "all/harness.rs"]
mod harness;
#[path = "all/send.rs"]
mod send;
