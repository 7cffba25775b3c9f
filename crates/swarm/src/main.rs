//! `swarm`: many people at once against a server.

fn main() {}
