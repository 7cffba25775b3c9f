//! The other end in Rust: what the command line, bots and the load generator stand on.
//!
//! The middle of it is [`Core`]: a plain struct that takes what happened and says what to do, without a socket, a disk
//! or a clock. Around it stand thin edges that do as it says. Read it in this order:
//!
//! - [`log`], [`outbox`], [`inbox`], [`cursors`]: the four things a device holds, each with the one danger it guards
//!   against.
//! - [`change`] and [`state`]: what is kept of them, and how it comes back. [`timeline`] and [`peers`]: what is shown.
//! - [`core`]: how they become one client. [`backoff`] says when it comes back, [`bounds`] how much it may hold.
//! - [`keep`], [`link`], [`address`]: the disk, the socket, and where streams come from; with the feature `tls`, the
//!   module `tls` gives encrypted ones.
//! - [`client`]: the handle a program holds, and the task behind it. [`account`]: signing up and in, over HTTP.
//!
//! ```no_run
//! # async fn example(token: protocol::token::TokenText, chance: rand::rngs::StdRng, bob: protocol::UserId)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! use client::{Client, ConnectOptions, Event, keep::File};
//!
//! let options = ConnectOptions::new("chat.example:8080", token, chance).keep(File::at("bob.journal"));
//! let (client, mut events) = Client::connect(options).await?;
//! let (_, conv) = client.create_direct(bob).await?;
//! let send_id = client.send(conv, &protocol::Body::text("hello")).await?;
//! while let Some(event) = events.next().await {
//!     if matches!(event, Event::Acked { send_id: acked, .. } if acked == send_id) {
//!         break;
//!     }
//! }
//! # Ok(())
//! # }
//! ```

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
pub mod markup;
pub mod outbox;
pub mod own;
pub mod peers;
#[cfg(test)]
mod pretend;
pub mod state;
pub mod timeline;
#[cfg(feature = "tls")]
pub mod tls;

pub use bounds::Bounds;
pub use client::{Client, ConnectOptions, Joined, NotStarted, Target};
pub use core::{Command, Core, Follow, No, Page, Reply};
pub use event::Event;
pub use events::Events;
