//! The writer: one connection, natural batches. What queued while the last batch was being written is the next one;
//! there is no timer. One batch is one transaction, and an answer is given only after its commit has reached the disk.

use super::job::{Change, Outcome, Problem};
use super::open::Reopen;
use super::options::{Faults, Options, Point};
use super::shared::Shared;
use super::work::Work;
use crate::error::{Error, Fault};
use mutants::Mutant;
use std::collections::VecDeque;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Makes the changes that wait, a batch at each [`Writer::step`]. There is one.
pub struct Writer {
    shared: Arc<Shared>,
    options: Options,
    reopen: Reopen,
    /// `None` after a failure that leaves open what the disk holds, until it could be opened again.
    work: Option<Work>,
    /// Taken from the lane and not yet in a batch; at most a batch.
    pending: VecDeque<Box<dyn Change>>,
    wal: PathBuf,
    /// The size of the log at the last try to begin it anew, in bytes.
    wal_tried_bytes: u64,
    /// After `work`, so that the connection goes first.
    _lock: Arc<File>,
}

type Batch = Vec<Box<dyn Change>>;

/// How a commit failed.
enum Failed {
    /// Before the commit: everything was rolled back and nothing of it is on disk.
    Undone(Problem),
    /// In the commit: nobody knows. Also where no transaction could be begun or undone: the connection is done for.
    Unknown(Problem),
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, lock: Arc<File>, options: Options, reopen: Reopen, work: Work) -> Self {
        Self {
            wal: reopen.wal(),
            shared,
            options,
            reopen,
            work: Some(work),
            pending: VecDeque::new(),
            wal_tried_bytes: 0,
            _lock: lock,
        }
    }

    /// Makes, commits and answers one batch of what waits. `false`: nothing did.
    pub fn step(&mut self) -> bool {
        let room = self.options.batch_rows_max.saturating_sub(self.pending.len());
        self.pending.extend(self.shared.writes.take(room));
        if self.pending.is_empty() {
            return false;
        }
        if let Err(problem) = self.heal() {
            let fault = problem.into_error("opened the database again after a failure");
            for change in self.pending.drain(..) {
                change.answer(Some(fault.clone()));
            }
            return true;
        }
        self.batch();
        self.begin_log_anew();
        true
    }

    /// Steps until the engine is closed and everything that waited is done. Blocks; for a thread of its own.
    pub fn run(&mut self) {
        while !self.pending.is_empty() || self.shared.writes.wait() {
            self.step();
        }
    }

    /// Opens the database again if the last batch failed in a way that leaves open what it holds.
    fn heal(&mut self) -> Outcome<()> {
        if self.work.is_some() {
            return Ok(());
        }
        if (self.options.faults)(Point::Reopen) {
            return Err(Problem::Damage("was ordered to fail"));
        }
        self.work = Some(self.reopen.work()?);
        tracing::warn!("the database was opened again after a failure");
        Ok(())
    }

    /// One batch: made together; if one of them breaks it, undone and made one by one, so that it fails alone.
    fn batch(&mut self) {
        let (mut made, result) = self.make_together();
        match result {
            Ok(()) => self.answer_done(made),
            Err(Failed::Undone(problem)) if made.len() > 1 => {
                tracing::error!(
                    ?problem,
                    changes = made.len(),
                    "a batch was undone and is made one by one"
                );
                for change in made {
                    self.make_alone(change);
                }
            }
            Err(Failed::Undone(problem)) => {
                let fault = problem.into_error("made a change");
                made.drain(..).for_each(|change| change.answer(Some(fault.clone())));
            }
            Err(Failed::Unknown(problem)) => self.lose(made, problem),
        }
    }

    fn make_alone(&mut self, mut change: Box<dyn Change>) {
        let healed = self.heal();
        let (Some(work), Ok(())) = (&mut self.work, healed) else {
            let fault = Fault::new("waited", "the database failed under another change");
            change.answer(Some(Error::Fault(fault)));
            return;
        };
        let faults = &self.options.faults;
        let made = begin(work, &self.options).and_then(|()| {
            let made = make(work, change.as_mut(), faults).and_then(|()| work.flush());
            made.map_err(|problem| undo(work, problem))?;
            commit(work, faults)
        });
        match made {
            Ok(()) => self.answer_done(vec![change]),
            Err(Failed::Undone(problem)) => change.answer(Some(problem.into_error("made a change"))),
            Err(Failed::Unknown(problem)) => self.lose(vec![change], problem),
        }
    }

    /// Makes what is pending, up to the bounds of a batch, and commits it. All that were taken come back.
    fn make_together(&mut self) -> (Batch, Result<(), Failed>) {
        let mut taken = Batch::new();
        let Some(work) = &mut self.work else {
            return (taken, Ok(()));
        };
        if let Err(failed) = begin(work, &self.options) {
            taken.extend(self.pending.drain(..));
            return (taken, Err(failed));
        }
        let start_ms = work.pen.now_ms;
        let mut rows = 0;
        while let Some(mut change) = self.pending.pop_front() {
            rows += change.rows();
            let made = make(work, change.as_mut(), &self.options.faults);
            taken.push(change);
            if let Err(problem) = made {
                return (taken, Err(undo(work, problem)));
            }
            let late = taken.len().is_multiple_of(16)
                && (self.options.clock)().saturating_sub(start_ms) >= self.options.batch_ms_max;
            if rows >= self.options.batch_rows_max || late {
                break;
            }
        }
        let is_hasty = mutants::is(Mutant::AckBeforeCommit) && work.held.wrote();
        let result = match work.flush() {
            Ok(()) => {
                // Planted fault: where a log was written, the answers go out before the commit.
                if is_hasty {
                    taken.drain(..).for_each(|change| change.answer(None));
                }
                commit(work, &self.options.faults)
            }
            Err(problem) => Err(undo(work, problem)),
        };
        (taken, result)
    }

    fn answer_done(&mut self, made: Batch) {
        if let Some(work) = &mut self.work {
            work.merge();
        }
        self.shared.batches.fetch_add(1, Ordering::Relaxed);
        self.shared.changes.fetch_add(made.len() as u64, Ordering::Relaxed);
        for change in made {
            change.answer(None);
        }
    }

    /// A commit failed: what the disk holds is open. Nothing that is in memory is believed any longer; the connection
    /// goes and the next batch begins with what a new one finds.
    fn lose(&mut self, made: Batch, problem: Problem) {
        tracing::error!(
            ?problem,
            changes = made.len(),
            "a batch failed, and whether it was committed is unknown"
        );
        if let Some(mut work) = self.work.take() {
            work.forget_all();
            self.reopen.keep(work);
        }
        let fault = problem.into_error("committed a batch");
        for change in made {
            change.answer(Some(fault.clone()));
        }
    }

    /// Under constant writes the write-ahead log never begins anew by itself, although every checkpoint is complete: it
    /// grew to 786 MB in seconds. So the writer, which nobody writes beside, does it. If a reader is in the way, again
    /// when the log has grown by another sixteenth.
    fn begin_log_anew(&mut self) {
        let max = self.options.wal_restart_bytes;
        let bytes = std::fs::metadata(&self.wal).map_or(0, |file| file.len());
        self.shared.wal_bytes.store(bytes, Ordering::Relaxed);
        self.shared.checkpoint.notice(bytes);
        if bytes < max {
            self.wal_tried_bytes = 0;
            return;
        }
        // A backup's snapshot is in the way until it is done: a try would only make the next batch wait.
        if self.shared.backing_up.load(Ordering::Relaxed) {
            return;
        }
        let Some(work) = &self.work else { return };
        if bytes < self.wal_tried_bytes + max / 16 {
            return;
        }
        self.wal_tried_bytes = bytes;
        let result = work
            .db
            .conn()
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        match result {
            Ok(0) => self.wal_tried_bytes = 0,
            Ok(_) => tracing::debug!(bytes, "a reader keeps the write-ahead log from beginning anew"),
            Err(error) => tracing::warn!(%error, bytes, "the write-ahead log could not begin anew"),
        }
    }
}

impl Drop for Writer {
    /// Without a writer nobody answers any more, and nobody may wait for it.
    fn drop(&mut self) {
        self.shared.close();
        drop(self.shared.writes.take(usize::MAX));
    }
}

fn begin(work: &mut Work, options: &Options) -> Result<(), Failed> {
    work.pen.now_ms = (options.clock)();
    work.db.run("BEGIN IMMEDIATE", []).map(|_| ()).map_err(|problem| {
        work.forget();
        Failed::Unknown(problem)
    })
}

fn make(work: &mut Work, change: &mut dyn Change, faults: &Faults) -> Outcome<()> {
    // What a change left half-done when it panicked goes with the overlay and the transaction, as after any failure.
    let made = catch_unwind(AssertUnwindSafe(|| {
        if faults(Point::Change) {
            return Err(Problem::Damage("was ordered to fail"));
        }
        change.make(work)
    }));
    made.unwrap_or(Err(Problem::Damage("the change panicked")))
}

/// Rolls back. If even that fails, the connection is in an unknown state.
fn undo(work: &mut Work, problem: Problem) -> Failed {
    work.forget();
    if work.db.conn().is_autocommit() {
        // SQLite has rolled back by itself, as it does after some errors.
        return Failed::Undone(problem);
    }
    match work.db.run("ROLLBACK", []) {
        Ok(_) => Failed::Undone(problem),
        Err(_) => Failed::Unknown(problem),
    }
}

fn commit(work: &mut Work, faults: &Faults) -> Result<(), Failed> {
    if faults(Point::Commit) {
        return Err(Failed::Unknown(Problem::Damage("was ordered to fail")));
    }
    work.db.run("COMMIT", []).map_err(Failed::Unknown)?;
    if faults(Point::Committed) {
        return Err(Failed::Unknown(Problem::Damage("was ordered to fail")));
    }
    Ok(())
}
