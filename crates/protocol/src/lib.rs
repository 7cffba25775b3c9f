//! The vocabulary and the wire: what a client and a server may say to each other, and how it is written down.
//!
//! No I/O, no clock, no chance: everything here is a value and the rules about it. `docs/PROTOCOL.md` is the reference
//! for people; this crate is the reference for compilers. Read the modules in this order:
//!
//! - [`ids`] and [`position`]: who and what, and where in a log or an inbox.
//! - [`limits`]: every bound, with its unit in its name.
//! - [`body`] and [`entry`]: what people write, and how it stands in a conversation's log.
//! - [`change`]: what is done to an entry after it was written.
//! - [`thread`]: replies that hang on one message, and how an entry is found by its name.
//! - [`unread`]: spans of membership, and the arithmetic of unread counts over them.
//! - [`group`], [`link`] and [`rights`]: what a group is beside its log, how one joins it, who may do what in it.
//! - [`frame`]: what travels over a socket, [`client_frame`] up and [`server_frame`] down.
//! - [`refusal`] and [`close`]: the numbered ways to say no, and the client's duty after each.
//! - [`token`]: how a device proves that it is one.
//! - [`own`]: what is nobody else's: preferences, marks, drafts.
//! - [`people`]: what people decide about themselves and about each other.
//! - [`account`]: the HTTP bodies for signing up, signing in and looking after one's devices.
//! - `schema`, with the feature `openapi`: all of it as JSON Schema.

pub mod account;
pub mod body;
pub mod change;
pub mod client_frame;
pub mod close;
pub mod entry;
pub mod frame;
pub mod group;
pub mod ids;
pub mod limits;
pub mod link;
pub mod own;
pub mod poll;
pub mod people;
pub mod position;
pub mod refusal;
pub mod rights;
#[cfg(feature = "openapi")]
pub mod schema;
pub mod server_frame;
pub mod thread;
pub mod token;
pub mod unread;

pub use body::{Body, Kind, Mention};
pub use client_frame::ClientFrame;
pub use entry::Entry;
pub use frame::RequestId;
pub use ids::{ConversationId, DeviceId, Epoch, MessageId, SendId, SessionId, UserId};
pub use position::{DeviceSeq, Generation, Ordinal, Seq, Ver};
pub use refusal::Refusal;
pub use server_frame::ServerFrame;
pub use unread::Span;

/// The versions of the protocol that this crate speaks, best first. `hello` offers some, `welcome` names one.
pub const VERSIONS: &[u32] = &[1];

/// The path of the WebSocket door.
pub const SOCKET_PATH: &str = "/v1/ws";
