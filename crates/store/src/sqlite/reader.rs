//! A reader: one connection, one read at a time, each in a snapshot of its own.

use super::db::Db;
use super::inbox;
use super::job::{Problem, Read, Snapshot};
use super::options::{Faults, Point};
use super::shared::Shared;
use crate::error::Fault;
use protocol::UserId;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Users in one answer to questions for versions.
const VERS_MAX: usize = 4_096;

/// Does the reads that wait, one at each [`Reader::step`]. There may be several.
pub struct Reader {
    shared: Arc<Shared>,
    faults: Faults,
    db: Db,
    /// After `db`, so that the connection goes first.
    _lock: Arc<File>,
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>, lock: Arc<File>, faults: Faults, db: Db) -> Self {
        shared.readers.fetch_add(1, Ordering::Relaxed);
        Self {
            shared,
            faults,
            db,
            _lock: lock,
        }
    }

    /// Does one read that waits; all questions for versions count as one. `false`: nothing waited.
    pub fn step(&mut self) -> bool {
        let reads = self
            .shared
            .reads
            .take_alike(|one, other| matches!((one, other), (Read::Vers(..), Read::Vers(..))));
        if reads.is_empty() {
            return false;
        }
        // A read that panics takes only its own answer with it: its promise is dropped, and that is a fault.
        let done = catch_unwind(AssertUnwindSafe(|| self.answer(reads)));
        if done.is_err() {
            tracing::error!("a read panicked");
        }
        if !self.db.conn().is_autocommit() && self.db.run("COMMIT", []).is_err() {
            // A snapshot that cannot be closed would keep the write-ahead log from ever beginning anew.
            let _ = self.db.run("ROLLBACK", []);
        }
        true
    }

    /// Answers out of one snapshot, which the caller closes.
    fn answer(&self, reads: Vec<Read>) {
        let opened = if (self.faults)(Point::Read) {
            Err(Problem::Damage("was ordered to fail"))
        } else {
            self.db.run("BEGIN DEFERRED", []).map(|_| ())
        };
        let fault = opened.err().map(|problem| fault(problem, "opened a snapshot"));
        let mut vers = Vec::new();
        for read in reads {
            match (read, &fault) {
                (Read::One(read), None) => read(&mut Snapshot::Open(&self.db)),
                (Read::One(read), Some(fault)) => read(&mut Snapshot::Failed(fault.clone())),
                (Read::Vers(users, promise), None) => vers.push((users, promise)),
                (Read::Vers(_, promise), Some(fault)) => promise.keep(Err(fault.clone().into())),
            }
        }
        for some in chunks(vers) {
            self.vers(some);
        }
    }

    /// Steps until the engine is closed and everything that waited is done. Blocks; for a thread of its own.
    pub fn run(&mut self) {
        while self.shared.reads.wait() {
            self.step();
        }
    }

    fn vers(&self, asked: Vec<Asked>) {
        let users: Vec<UserId> = asked.iter().flat_map(|(users, _)| users).copied().collect();
        match inbox::vers(&self.db, &users) {
            Ok(vers) => {
                let mut vers = vers.into_iter();
                for (users, promise) in asked {
                    promise.keep(Ok(vers.by_ref().take(users.len()).collect()));
                }
            }
            Err(problem) => {
                let fault = fault(problem, "read versions");
                for (_, promise) in asked {
                    promise.keep(Err(fault.clone().into()));
                }
            }
        }
    }
}

impl Drop for Reader {
    /// Without readers nobody answers any more, and nobody may wait for it.
    fn drop(&mut self) {
        if self.shared.readers.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.shared.reads.close();
            drop(self.shared.reads.take(usize::MAX));
        }
    }
}

type Asked = (Vec<UserId>, crate::reply::Promise<Vec<protocol::Ver>>);

/// Cuts the questions so that one answer stays small.
fn chunks(asked: Vec<Asked>) -> Vec<Vec<Asked>> {
    let mut chunks: Vec<Vec<Asked>> = Vec::new();
    let mut room = 0;
    for question in asked {
        if question.0.len() > room || chunks.is_empty() {
            chunks.push(Vec::new());
            room = VERS_MAX;
        }
        room = room.saturating_sub(question.0.len());
        chunks.last_mut().expect("one was pushed").push(question);
    }
    chunks
}

fn fault(problem: Problem, doing: &'static str) -> Fault {
    match problem {
        Problem::Sql(error) => Fault::new(doing, error),
        Problem::Damage(what) => Fault::new(doing, what),
        Problem::Refused(refused) => Fault::new(doing, refused),
    }
}
