//! Sessions and delivery, as a library: modules in the order a message meets them.

pub mod listen;
pub mod socket;
