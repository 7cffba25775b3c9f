//! What a device keeps, one change at a time: the journal's vocabulary. Replaying the changes in order gives the state.
//!
//! The names on disk are for ever, like those on the wire: a journal outlives the program that wrote it.

use crate::cursors::Mine;
use crate::log::Held;
use crate::outbox::Item;
use crate::own::{About, Wishes};
use protocol::server_frame::{Ack, Head, InboxRow};
use protocol::{ConversationId, Epoch, Refusal, SendId, Ver};
use serde::{Deserialize, Serialize};

/// One change of what is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The lineage of everything that follows. Caches (inbox, logs, cursors) are dropped, the outbox stays, and what
    /// was acknowledged lately is in it again.
    Epoch {
        /// The lineage.
        epoch: Epoch,
        /// When, in milliseconds since 1970.
        at_ms: u64,
    },
    /// Rows of the inbox, and the version that holds with them.
    Rows {
        /// The version.
        ver: Ver,
        /// The rows.
        rows: Vec<InboxRow>,
    },
    /// Heads that moved, and the version that holds with them.
    Heads {
        /// The version.
        ver: Ver,
        /// The heads.
        heads: Vec<Head>,
    },
    /// A conversation's log starts again in this lineage; what was acknowledged lately for it is in the outbox again.
    Restarted {
        /// Which.
        conv: ConversationId,
        /// The lineage.
        epoch: Epoch,
        /// When, in milliseconds since 1970.
        at_ms: u64,
    },
    /// Entries of a log.
    Held {
        /// Which log.
        conv: ConversationId,
        /// What came.
        held: Held,
    },
    /// A log's entries were let go, to make room.
    Emptied {
        /// Which log.
        conv: ConversationId,
    },
    /// A change was put into the outbox.
    Queued {
        /// What.
        item: Item,
    },
    /// The server acknowledged a change.
    Acked {
        /// Which.
        send_id: SendId,
        /// Its answer.
        ack: Ack,
        /// When, in milliseconds since 1970.
        at_ms: u64,
    },
    /// The server refused a change for good.
    Failed {
        /// Which.
        send_id: SendId,
        /// Its answer.
        refusal: Refusal,
    },
    /// A change was dismissed by its author.
    Dismissed {
        /// Which.
        send_id: SendId,
    },
    /// Where I want my read cursor. The delivered one follows from the entries held.
    Wanted {
        /// In which conversation.
        conv: ConversationId,
        /// Where.
        mine: Mine,
    },
    /// What is wished of one's own about one thing; nothing: all of it is answered.
    Wished {
        /// About what.
        about: About,
        /// The wishes.
        wishes: Wishes,
    },
    /// What the server has of my cursors.
    Confirmed {
        /// In which conversation.
        conv: ConversationId,
        /// What.
        mine: Mine,
    },
}

impl Change {
    /// Whether somebody will be told something that is only true once this is on the disk.
    #[must_use]
    pub fn must_be_durable(&self) -> bool {
        match self {
            Self::Epoch { .. }
            | Self::Rows { .. }
            | Self::Restarted { .. }
            | Self::Held { .. }
            | Self::Queued { .. }
            | Self::Wished { .. }
            | Self::Wanted { .. } => true,
            Self::Heads { .. }
            | Self::Emptied { .. }
            | Self::Acked { .. }
            | Self::Failed { .. }
            | Self::Dismissed { .. }
            | Self::Confirmed { .. } => false,
        }
    }
}
