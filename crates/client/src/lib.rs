//! The other end.

pub mod backoff;
pub mod bounds;
pub mod change;
pub mod core;
pub mod cursors;
pub mod event;
pub mod inbox;
pub mod log;
pub mod outbox;
pub mod peers;
#[cfg(test)]
mod pretend;
pub mod state;
pub mod timeline;

pub use bounds::Bounds;
pub use core::{Command, Core, Follow, No, Page, Reply};
pub use event::Event;
