//! What the engine is handed: clock, chance, bounds. Every bound has its unit in its name.

use protocol::Epoch;
use std::sync::Arc;

/// A clock: milliseconds since 1970 UTC.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Says whether to fail at a point; for tests of what happens then.
pub type Faults = Arc<dyn Fn(Point) -> bool + Send + Sync>;

/// Where the engine can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Point {
    /// Before one change is made.
    Change,
    /// Instead of a commit: nothing reached the disk.
    Commit,
    /// After a commit: it reached the disk, but its answer was lost.
    Committed,
    /// While the connection is opened again after a failure.
    Reopen,
    /// Before one read.
    Read,
}

/// How to open the engine.
#[derive(Clone)]
pub struct Options {
    /// The clock of entries, runs and devices. Also what a batch is timed by.
    pub clock: Clock,
    /// What ids and keys are made from. Fixed in tests; 32 bytes from the operating system in a server.
    pub seed: [u8; 32],
    /// The lineage of a database that is created now; `None`: a random one.
    pub epoch: Option<Epoch>,
    /// Readers, each with a connection (and a thread, with [`super::start`]).
    pub readers: usize,
    /// Rows in one transaction.
    pub batch_rows_max: usize,
    /// Work in one transaction, in milliseconds: what waits behind it waits that long.
    pub batch_ms_max: u64,
    /// Changes that may wait.
    pub queue_writes_max: usize,
    /// Reads that may wait.
    pub queue_reads_max: usize,
    /// What an overloaded engine asks its caller to wait, in milliseconds.
    pub retry_after_ms: u64,
    /// Members of all conversations held in memory, together.
    pub cache_members_max: usize,
    /// People whose local numbers and inbox positions are held in memory.
    pub cache_users_max: usize,
    /// Page cache of the writer, in KiB.
    pub writer_cache_kib: u32,
    /// Page cache of each reader, in KiB.
    pub reader_cache_kib: u32,
    /// How much the write-ahead log grows before it is copied into the database, in bytes.
    pub checkpoint_bytes: u64,
    /// How long something may stay only in the write-ahead log, in milliseconds, roughly.
    pub checkpoint_ms: u64,
    /// The size of the write-ahead log at which the writer itself stops and begins it anew, in bytes.
    pub wal_restart_bytes: u64,
    /// Databases up to this size are checked whole when they are opened, in bytes.
    pub check_bytes_max: u64,
    /// Failures to order.
    pub faults: Faults,
}

impl Options {
    /// The bounds of a small server, with the given clock and seed.
    #[must_use]
    pub fn new(clock: Clock, seed: [u8; 32]) -> Self {
        Self {
            clock,
            seed,
            epoch: None,
            readers: 2,
            batch_rows_max: 256,
            batch_ms_max: 5,
            queue_writes_max: 8_192,
            queue_reads_max: 8_192,
            retry_after_ms: 500,
            cache_members_max: 262_144,
            cache_users_max: 131_072,
            writer_cache_kib: 64 * 1_024,
            reader_cache_kib: 16 * 1_024,
            checkpoint_bytes: 32 * 1_024 * 1_024,
            checkpoint_ms: 2_000,
            wal_restart_bytes: 256 * 1_024 * 1_024,
            check_bytes_max: 32 * 1_024 * 1_024,
            faults: Arc::new(|_| false),
        }
    }
}
