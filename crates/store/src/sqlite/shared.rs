//! What the callers of the trait and the engine's parts share: the lanes between them.

use super::checkpoint::Bell;
use super::job::{Change, Read};
use super::lane::Lane;
use super::options::Clock;
use protocol::Epoch;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use tokio::sync::Notify;

pub(super) struct Shared {
    pub(super) epoch: Epoch,
    pub(super) instance: u32,
    pub(super) clock: Clock,
    pub(super) writes: Lane<Box<dyn Change>>,
    pub(super) reads: Lane<Read>,
    /// Rings at every change and read that is queued, for who drives the engine without threads.
    pub(super) ready: Notify,
    pub(super) checkpoint: Bell,
    /// Readers that are there.
    pub(super) readers: AtomicUsize,
    pub(super) retry_after_ms: u64,
    pub(super) batches: AtomicU64,
    pub(super) changes: AtomicU64,
    pub(super) wal_bytes: AtomicU64,
    /// A backup holds a snapshot open: the log cannot begin anew.
    pub(super) backing_up: AtomicBool,
    /// The database's file.
    pub(super) path: PathBuf,
}

impl Shared {
    pub(super) fn close(&self) {
        self.writes.close();
        self.reads.close();
        self.checkpoint.close();
        self.ready.notify_one();
    }
}
