//! The tests of this crate from outside, in one binary.

#[path = "all/socket.rs"]
mod socket;
