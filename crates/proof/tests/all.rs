//! The proof, as far as `make test` runs it.

#[path = "all/simulation.rs"]
mod simulation;
