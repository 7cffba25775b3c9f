//! Threads: what goes in, and what comes out.

use crate::record::Entry;
use protocol::{ConversationId, Epoch, Seq, UserId};

/// For [`crate::Store::follow`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowThread {
    /// Where.
    pub conv: ConversationId,
    /// Who.
    pub user: UserId,
    /// The entry that starts the thread.
    pub root: Seq,
    /// Follow it, or no longer.
    pub on: bool,
}

/// For [`crate::Store::read_thread`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadThread {
    /// Where.
    pub conv: ConversationId,
    /// Who.
    pub user: UserId,
    /// The entry that starts the thread.
    pub root: Seq,
    /// Read up to here.
    pub read: Seq,
}

/// A thread as it should stand in somebody's inbox. Of one that they do not follow the last three are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadRecord {
    /// Whose inbox.
    pub user: UserId,
    /// Which conversation.
    pub conv: ConversationId,
    /// The entry that starts the thread.
    pub root: Seq,
    /// The conversation's head when this was read ...
    pub as_of: Seq,
    /// ... and how often their own say in it had changed, within one stay: the later reading wins.
    pub rev: u64,
    /// They follow it.
    pub following: bool,
    /// The last reply that they may read.
    pub head: Seq,
    /// Their cursor.
    pub read: Seq,
    /// Replies above it that they may read.
    pub unread: u64,
}

/// For [`crate::Store::thread`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskThread {
    /// Who reads.
    pub reader: UserId,
    /// Which log.
    pub conv: ConversationId,
    /// The entry that starts the thread.
    pub root: Seq,
    /// Where from.
    pub place: ThreadPlace,
    /// Replies at most; the engine caps it at [`protocol::limits::PAGE_ENTRIES_MAX`].
    pub limit: usize,
}

/// Which replies of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadPlace {
    /// The lowest above a seq.
    After(Seq),
    /// The highest below a seq.
    Before(Seq),
}

/// Replies of a thread, as one reader sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadEntries {
    /// The log's lineage.
    pub epoch: Epoch,
    /// There are more in the direction that was asked.
    pub more: bool,
    /// The replies, in order.
    pub entries: Vec<Entry>,
}
