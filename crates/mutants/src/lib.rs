//! Mutants: known faults, planted at the very places where a chat would lose, double or leak something, so that the
//! checker can be checked. A mutant that nobody catches is a hole in the checker.
//!
//! Without the feature `planted` there is nothing here: [`is`] is `false` at compile time and each planted line goes
//! with it. With it, one fault at a time is chosen at run time, for a thread (the simulation) or a process (a server).

#[cfg(all(feature = "planted", not(debug_assertions)))]
compile_error!("mutants are planted for tests only: a release must not have the feature `planted`");

/// Faults, each at the one place that its sentence names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutant {
    /// The store answers before the transaction is committed.
    AckBeforeCommit,
    /// The store remembers send_ids in memory only.
    DedupeInMemory,
    /// The store looks a send_id up in a snapshot that is older than its lock on the log.
    DedupeOnOldSnapshot,
    /// The store takes an entry's seq from the clock.
    SeqFromClock,
    /// The store takes max + 1 of what is committed as the seq, whatever else the batch wrote.
    SeqWithoutLock,
    /// The node tells of an entry before the store has committed it.
    PublishBeforeCommit,
    /// The handler that stored an entry hands it out by itself.
    HandlerFansOut,
    /// A tail starts from the first entry it sees, not from the store's head.
    TailStartsAnywhere,
    /// A beat carries the node's memory of `ver`, not the store's.
    BeatWithoutVer,
    /// A cursor goes where it is told, also back.
    CursorGoesBack,
    /// A session delivers by the membership at its connect.
    MembershipAtConnect,
    /// A page begins one entry late.
    ResumeOffByOne,
    /// A client's retry has a new send_id.
    RetryWithNewId,
    /// A full outbox drops a frame and says nothing.
    FullQueueDrops,
    /// A page is ordered by time.
    PullByTime,
    /// An inbox row counts messages by increments.
    UnreadByIncrement,
    /// The fanout row goes before the inboxes are durable.
    FanoutRemovedEarly,
    /// A restored store keeps its epoch.
    EpochKept,
    /// A commit is not flushed to the disk before it is answered. Only a power cut shows it; `kill -9` never can.
    SyncNormal,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::AckBeforeCommit,
        Self::DedupeInMemory,
        Self::DedupeOnOldSnapshot,
        Self::SeqFromClock,
        Self::SeqWithoutLock,
        Self::PublishBeforeCommit,
        Self::HandlerFansOut,
        Self::TailStartsAnywhere,
        Self::BeatWithoutVer,
        Self::CursorGoesBack,
        Self::MembershipAtConnect,
        Self::ResumeOffByOne,
        Self::RetryWithNewId,
        Self::FullQueueDrops,
        Self::PullByTime,
        Self::UnreadByIncrement,
        Self::FanoutRemovedEarly,
        Self::EpochKept,
        Self::SyncNormal,
    ];

    /// Its name, as it is chosen by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AckBeforeCommit => "ack-before-commit",
            Self::DedupeInMemory => "dedupe-in-memory",
            Self::DedupeOnOldSnapshot => "dedupe-on-old-snapshot",
            Self::SeqFromClock => "seq-from-clock",
            Self::SeqWithoutLock => "seq-without-lock",
            Self::PublishBeforeCommit => "publish-before-commit",
            Self::HandlerFansOut => "handler-fans-out",
            Self::TailStartsAnywhere => "tail-starts-anywhere",
            Self::BeatWithoutVer => "beat-without-ver",
            Self::CursorGoesBack => "cursor-goes-back",
            Self::MembershipAtConnect => "membership-at-connect",
            Self::ResumeOffByOne => "resume-off-by-one",
            Self::RetryWithNewId => "retry-with-new-id",
            Self::FullQueueDrops => "full-queue-drops",
            Self::PullByTime => "pull-by-time",
            Self::UnreadByIncrement => "unread-by-increment",
            Self::FanoutRemovedEarly => "fanout-removed-early",
            Self::EpochKept => "epoch-kept",
            Self::SyncNormal => "sync-normal",
        }
    }

    /// The mutant of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mutant| mutant.name() == name)
    }
}

#[cfg(not(feature = "planted"))]
mod choice {
    use super::Mutant;

    /// Whether this fault is the chosen one. Never: no fault is planted.
    #[must_use]
    #[inline(always)]
    pub const fn is(_: Mutant) -> bool {
        false
    }
}

#[cfg(feature = "planted")]
mod choice {
    use super::Mutant;
    use std::cell::Cell;
    use std::sync::OnceLock;

    thread_local! {
        static HERE: Cell<Option<Mutant>> = const { Cell::new(None) };
    }
    static EVERYWHERE: OnceLock<Mutant> = OnceLock::new();

    /// Whether this fault is the chosen one, for this thread or the whole process.
    #[must_use]
    pub fn is(mutant: Mutant) -> bool {
        HERE.get() == Some(mutant) || EVERYWHERE.get() == Some(&mutant)
    }

    /// Chooses for this thread: a simulation runs on one.
    pub fn choose_here(mutant: Option<Mutant>) {
        HERE.set(mutant);
    }

    /// Chooses for the whole process, once.
    pub fn choose_everywhere(mutant: Mutant) {
        let _ = EVERYWHERE.set(mutant);
    }
}

pub use choice::*;
