//! A thread, as somebody's inbox tells of it.

use protocol::Seq;
use protocol::thread::ThreadRow;
use serde::{Deserialize, Serialize};

/// A thread in somebody's inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadAt {
    /// The entry that starts it.
    pub root: Seq,
    /// The last reply they may read.
    pub head: Seq,
    /// Their cursor in it.
    pub read: Seq,
    /// Replies above it that they may read, as they are told.
    pub unread: u64,
}

impl ThreadAt {
    /// A row of an inbox, if its person follows the thread.
    #[must_use]
    pub fn followed(row: &ThreadRow) -> Option<Self> {
        row.following.then_some(Self {
            root: row.thread,
            head: row.head,
            read: row.read,
            unread: row.unread,
        })
    }
}
