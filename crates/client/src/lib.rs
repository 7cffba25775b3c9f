//! The other end.

pub mod backoff;
pub mod bounds;
pub mod change;
pub mod cursors;
pub mod inbox;
pub mod log;
pub mod outbox;
#[cfg(test)]
mod pretend;
pub mod state;

pub use bounds::Bounds;
