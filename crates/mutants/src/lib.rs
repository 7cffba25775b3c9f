//! Mutants: known faults, planted at the very places where a chat would lose, double or leak something, so that the
//! checker can be checked. A mutant that nobody catches is a hole in the checker.
//!
//! Without the feature `planted` there is nothing here: [`is`] is `false` at compile time and each planted line goes
//! with it. With it, one fault at a time is chosen at run time, for a thread (the simulation) or a process (a server).

mod memory;
#[cfg(test)]
mod tests;

pub use memory::Memory;

#[cfg(all(feature = "planted", not(debug_assertions)))]
compile_error!("mutants are planted for tests only: a release must not have the feature `planted`");

/// Faults, each at the one place that its sentence names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutant {
    /// The store answers before the transaction is committed. Shows as a lost write when the commit fails, or the
    /// process dies in between.
    AckBeforeCommit,
    /// The store remembers send_ids in memory only. Shows as a double when a send whose answer was lost is
    /// repeated after the store was opened again.
    DedupeInMemory,
    /// The store looks a send_id up in a snapshot that is older than its lock on the log: the last 128 sends are
    /// not in it yet. Shows as a double when a send whose answer was lost is repeated soon.
    DedupeOnOldSnapshot,
    /// The store takes an entry's seq from the clock. Shows as gaps in every log, and as seqs that go back when
    /// the clock does.
    SeqFromClock,
    /// The store takes max + 1 of what is committed as the seq, whatever else the batch wrote or another batch did
    /// in the last 5 ms. Shows as a lost write and as two entries at one seq when two people write at the same
    /// moment.
    SeqWithoutLock,
    /// The node tells of an entry, at the seq it will probably get, before the store has committed it. Shows as a
    /// phantom when the commit fails or is refused, and as two entries at one seq when two people write at the
    /// same moment.
    PublishBeforeCommit,
    /// The handler that stored an entry hands it out by itself, and the tail of that node does not. Shows as
    /// entries out of order on a socket when another node's hint comes late, and as a removal that the removed
    /// does not hear.
    HandlerFansOut,
    /// A tail starts from the first entry it sees, and anew whenever it waits for nothing. Shows as a hole on a
    /// socket that nobody was told of, and as a leak to somebody removed, when a hint is lost or comes late.
    TailStartsAnywhere,
    /// A beat carries the node's memory of `ver`, not the store's. Shows as a device that never learns of a change
    /// whose hints were lost, if nothing follows.
    BeatWithoutVer,
    /// A cursor goes where it is told, also back. Shows as a receipt that is taken back when a person's other
    /// device lags, or marks something as unread.
    CursorGoesBack,
    /// A tail delivers to whoever was a member when it was last read from the store, whoever was removed since.
    /// Shows as a leak: somebody removed hears what is said after.
    MembershipAtConnect,
    /// A page above an entry begins one entry late, and says that it does not. Shows as a lost write for who comes
    /// back to what was said meanwhile, and as a gap in every log of more than one page.
    ResumeOffByOne,
    /// A client's retry has a new send_id. Shows as a double when the connection was cut between a commit and its
    /// answer.
    RetryWithNewId,
    /// A full outbox drops a frame and says nothing. Shows as a hole on a slow socket that nobody was told of.
    FullQueueDrops,
    /// A page is ordered by time, to the second, and then by send_id. Shows as entries out of order in a page, and
    /// as a gap at the end of one, when two people write in the same second.
    PullByTime,
    /// An inbox row counts messages by increments, one for each time its head moves. Shows as wrong unread counts
    /// once two messages come in one move, or a member does.
    UnreadByIncrement,
    /// The fanout row goes before the inboxes are durable. Shows as an inbox that stays behind for ever when the
    /// bump fails, or the node dies in between, if nothing follows.
    FanoutRemovedEarly,
    /// A restored store keeps its epoch. Shows as seqs that are other entries than before, and as acknowledged
    /// sends that nobody brings back.
    EpochKept,
    /// A draft is overwritten without a look at what its writer knew. Shows as a text that was written on one device
    /// and is nowhere any more once another device has written, too.
    DraftOverwritten,
    /// A commit is not flushed to the disk before it is answered. Only a power cut shows it; `kill -9` never can.
    SyncNormal,
    /// A live edit carries the new body to everybody who may read the edit, also to who may not read what was
    /// edited. Shows as a leak to somebody who joined after the message.
    EditLeaksToJoiner,
    /// Deleting a message leaves what it said before it was edited. Shows as a deleted message's words in an answer
    /// to who asks for its history.
    DeleteLeavesACopy,
    /// Whoever is blocked is still told who is there. Shows as a leak: presence reaches somebody who was blocked.
    BlockLeaksPresence,
    /// What a change points to is what stands at that place, whatever its author saw there. Shows as another entry
    /// edited, deleted or answered than was meant, once a backup was restored.
    ChangeByPlace,
    /// A link is looked for among those that were not used too often yet, the one that was used up among them. Shows
    /// as one person more than the link says, when two race for its last use or one comes twice.
    LinkUsedOnceTooOften,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 25] = [
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
        Self::DraftOverwritten,
        Self::SyncNormal,
        Self::EditLeaksToJoiner,
        Self::DeleteLeavesACopy,
        Self::BlockLeaksPresence,
        Self::ChangeByPlace,
        Self::LinkUsedOnceTooOften,
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
            Self::DraftOverwritten => "draft-overwritten",
            Self::SyncNormal => "sync-normal",
            Self::EditLeaksToJoiner => "edit-leaks-to-joiner",
            Self::DeleteLeavesACopy => "delete-leaves-a-copy",
            Self::BlockLeaksPresence => "block-leaks-presence",
            Self::ChangeByPlace => "change-by-place",
            Self::LinkUsedOnceTooOften => "link-used-once-too-often",
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

    /// Chooses for the whole process, by name.
    ///
    /// # Errors
    /// Always: there is nothing to choose from.
    pub fn choose_from(name: &str) -> Result<(), String> {
        Err(format!(
            "the fault `{name}` is asked for, but this program has no planted faults"
        ))
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

    /// Chooses for the whole process, by name.
    ///
    /// # Errors
    /// If there is no fault of this name: says which there are.
    pub fn choose_from(name: &str) -> Result<(), String> {
        let mutant = Mutant::named(name).ok_or_else(|| {
            let names: Vec<&str> = Mutant::ALL.into_iter().map(Mutant::name).collect();
            format!("there is no fault `{name}`; there are: {}", names.join(", "))
        })?;
        choose_everywhere(mutant);
        Ok(())
    }
}

pub use choice::*;
