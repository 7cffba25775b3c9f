//! The other end.

pub mod backoff;
pub mod bounds;
pub mod log;
#[cfg(test)]
mod pretend;

pub use bounds::Bounds;
