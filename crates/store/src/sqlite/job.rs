//! What waits in a lane: one call of the trait, with the promise of its answer.

use super::db::Db;
use super::work::Work;
use crate::error::{Error, Fault, Refused};
use crate::reply::Promise;
use protocol::{UserId, Ver};

/// Why one change or read did not come to an answer of its own.
#[derive(Debug)]
pub(super) enum Problem {
    /// It may not be done. Decided before anything was written.
    Refused(Refused),
    /// SQLite says no.
    Sql(rusqlite::Error),
    /// What stands in the file cannot be.
    Damage(&'static str),
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl Problem {
    /// As the caller of the trait hears it.
    pub(super) fn into_error(self, doing: &'static str) -> Error {
        match self {
            Self::Refused(refused) => Error::Refused(refused),
            Self::Sql(error) => Error::Fault(Fault::new(doing, error)),
            Self::Damage(what) => Error::Fault(Fault::new(doing, what)),
        }
    }
}

/// What a step inside a transaction comes to.
pub(super) type Outcome<T> = Result<T, Problem>;

/// A change that waits for a batch. It can be made again if the batch it was in has to be undone.
pub(super) trait Change: Send {
    /// How many rows it is about, for the size of a batch.
    fn rows(&self) -> usize;
    /// Makes it inside the open transaction. `Ok` also where it was refused: that is its answer.
    fn make(&mut self, work: &mut Work) -> Outcome<()>;
    /// Gives the answer: its own once it is durable, or what went wrong.
    fn answer(self: Box<Self>, fault: Option<Error>);
}

pub(super) struct Typed<T, F> {
    rows: usize,
    act: F,
    promise: Promise<T>,
    made: Option<Result<T, Refused>>,
}

impl<T, F: Fn(&mut Work) -> Outcome<T>> Typed<T, F> {
    pub(super) fn new(rows: usize, act: F, promise: Promise<T>) -> Self {
        Self {
            rows,
            act,
            promise,
            made: None,
        }
    }
}

impl<T: Send, F: Fn(&mut Work) -> Outcome<T> + Send> Change for Typed<T, F> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn make(&mut self, work: &mut Work) -> Outcome<()> {
        self.made = None;
        self.made = match (self.act)(work) {
            Ok(value) => Some(Ok(value)),
            Err(Problem::Refused(refused)) => Some(Err(refused)),
            Err(problem) => return Err(problem),
        };
        Ok(())
    }

    fn answer(self: Box<Self>, fault: Option<Error>) {
        let result = match (fault, self.made) {
            (Some(error), _) => Err(error),
            (None, Some(made)) => made.map_err(Error::Refused),
            (None, None) => Err(Error::Fault(Fault::new("answered", "the change was never made"))),
        };
        self.promise.keep(result);
    }
}

/// A read that waits for a reader.
pub(super) enum Read {
    /// Any read: it runs in its own snapshot and answers for itself.
    One(Box<dyn FnOnce(&mut Snapshot<'_>) + Send>),
    /// Where inboxes stand. All that wait are answered out of one snapshot: the beats of a whole server are these.
    Vers(Vec<UserId>, Promise<Vec<Ver>>),
}

/// What a read works on.
pub(super) enum Snapshot<'a> {
    /// The open read transaction.
    Open(&'a Db),
    /// It could not be opened.
    Failed(Fault),
}
