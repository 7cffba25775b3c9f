//! The other end.

pub mod account;
pub mod address;
pub mod backoff;
pub mod bounds;
pub mod change;
pub mod client;
mod clock;
pub mod core;
pub mod cursors;
mod driver;
pub mod event;
mod events;
pub mod inbox;
pub mod keep;
pub mod link;
pub mod log;
pub mod outbox;
pub mod peers;
#[cfg(test)]
mod pretend;
pub mod state;
pub mod timeline;

pub use bounds::Bounds;
pub use client::{Client, ConnectOptions, NotStarted};
pub use core::{Command, Core, Follow, No, Page, Reply};
pub use event::Event;
pub use events::Events;
