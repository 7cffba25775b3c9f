//! A copy of the whole store in one file: what is asked, how far it is, what came out, and why it may fail.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// For [`crate::Store::back_up`].
#[derive(Clone, Debug)]
pub struct BackUp {
    /// The file to write, in a directory that is there. An absolute path: it is opened by the process of the store.
    pub to: PathBuf,
    /// A file that is there already is replaced.
    pub overwrite: bool,
    /// Tells how far it is, and takes the wish to stop.
    pub progress: Arc<Progress>,
}

/// How far a long piece of work is. Read it from any thread, at any time.
#[derive(Debug, Default)]
pub struct Progress {
    done_bytes: AtomicU64,
    total_bytes: AtomicU64,
    stopped: AtomicBool,
}

impl Progress {
    /// Asks the work to stop as soon as it can. It cleans up after itself.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// What is done and what there is to do, in bytes. Both 0 before it began.
    #[must_use]
    pub fn bytes(&self) -> (u64, u64) {
        let done = self.done_bytes.load(Ordering::Relaxed);
        (done, self.total_bytes.load(Ordering::Relaxed))
    }

    /// So much is done of so much, in bytes.
    pub(crate) fn set(&self, done_bytes: u64, total_bytes: u64) {
        self.total_bytes.store(total_bytes, Ordering::Relaxed);
        self.done_bytes.store(done_bytes, Ordering::Relaxed);
    }
}

/// A backup that is durable under its own name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackedUp {
    /// The file.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// The moment it shows, in milliseconds since 1970 UTC: everything that was acknowledged before the backup began
    /// is in it, nothing that was sent after it ended.
    pub taken_ms: u64,
}

/// Why there is no backup. Each sentence says what to do; whatever was written of it is gone again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// The engine has tools of its own for this.
    #[error("this store is backed up with its database's own tools")]
    Unsupported,
    /// One at a time.
    #[error("a backup of this store is being made already; wait for it")]
    Busy,
    /// There is such a file.
    #[error("{} is there already; name another file, or say --force to replace it", .0.display())]
    Exists(PathBuf),
    /// The file may not lie there.
    #[error("a backup cannot be written to {}: {what}", path.display())]
    NoPlace {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// It would not fit.
    #[error(
        "there is no room for the backup beside {}: it needs {needed_bytes} bytes and {free_bytes} are free; make \
         room, or name a file on another disk",
        path.display()
    )]
    Full {
        /// Which file.
        path: PathBuf,
        /// What it needs, with something to spare.
        needed_bytes: u64,
        /// What is free.
        free_bytes: u64,
    },
    /// It was asked to stop, or the store was closed.
    #[error("the backup was stopped; nothing was kept of it")]
    Stopped,
    /// The store or the disk fails.
    #[error("the backup failed while it {doing}: {what}; nothing was kept of it")]
    Failed {
        /// At what.
        doing: &'static str,
        /// In the words of the system or the database.
        what: String,
    },
}

impl BackupError {
    /// What fails below, in its own words.
    pub(crate) fn failed(doing: &'static str, error: impl std::fmt::Display) -> Self {
        let what = error.to_string();
        Self::Failed { doing, what }
    }
}
