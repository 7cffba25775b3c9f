//! The client from outside: over real WebSockets in memory, with a disk, and its account door.

#[path = "all/account.rs"]
mod account;
#[path = "all/journal.rs"]
mod journal;
#[path = "all/markup.rs"]
mod markup;
#[path = "all/scripted.rs"]
mod scripted;
#[path = "all/wire.rs"]
mod wire;
