//! What is done to an entry after it was written: what goes in, and what comes out.

use crate::record::Mentions;
use protocol::{ConversationId, Kind, SendId, Seq, UserId, entry};
use std::sync::Arc;

/// For [`crate::Store::amend`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amend {
    /// Where.
    pub conv: ConversationId,
    /// Who does it.
    pub actor: UserId,
    /// The change's name.
    pub send_id: SendId,
    /// Which entry is changed.
    pub target: Seq,
    /// Its `send_id`: if another entry stands there, the one that bears this name is meant.
    pub target_name: Option<SendId>,
    /// What is done to it.
    pub change: Amendment,
}

/// A change of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amendment {
    /// It has another body.
    Edit {
        /// The JSON source of the body, already checked.
        body: Arc<str>,
        /// Who is mentioned in it; those who are no members, or may not read the entry, are passed over.
        mentions: Mentions,
    },
    /// It has no content any more, for anybody.
    Delete,
    /// Somebody put an emoji to it, or took it back.
    React {
        /// Which, already checked.
        emoji: String,
        /// Put, or taken back.
        on: bool,
    },
    /// It is pinned, or no longer.
    Pin {
        /// Pinned, or no longer.
        on: bool,
    },
}

impl Amendment {
    /// Whether it says something to the others. What only takes something back may always be done.
    #[must_use]
    pub fn says_something(&self) -> bool {
        match self {
            Self::Edit { .. } | Self::React { on: true, .. } | Self::Pin { on: true } => true,
            Self::Delete | Self::React { on: false, .. } | Self::Pin { on: false } => false,
        }
    }

    /// Whether it mentions everybody at once.
    #[must_use]
    pub fn names_everybody(&self) -> bool {
        matches!(
            self,
            Self::Edit {
                mentions: Mentions::Everybody,
                ..
            }
        )
    }

    /// The kind of the entry that says so.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Edit { .. } => Kind::Edit,
            Self::Delete => Kind::Delete,
            Self::React { .. } => Kind::React,
            Self::Pin { .. } => Kind::Pin,
        }
    }

    /// The body of the entry that says so. An edit's has nothing in it: the words stand in its target, so that they go
    /// with it.
    #[must_use]
    pub fn body(&self) -> Arc<str> {
        let written = match self {
            Self::Edit { .. } | Self::Delete => return Arc::from(crate::EMPTY_BODY),
            Self::React { emoji, on } => serde_json::to_string(&entry::Reacted {
                emoji: emoji.clone(),
                on: *on,
            }),
            Self::Pin { on } => serde_json::to_string(&entry::Pinned { on: *on }),
        };
        written.expect("words and flags are always JSON").into()
    }
}

/// Where the words of a forwarded message come from. What is asked for is this place: the body follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// In which log.
    pub conv: ConversationId,
    /// Where.
    pub seq: Seq,
    /// There was something to pass on. If not, only a repeat of what was passed on before is answered.
    pub found: bool,
}

/// For [`crate::Store::history`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskHistory {
    /// Who reads.
    pub reader: UserId,
    /// Which log.
    pub conv: ConversationId,
    /// Which entry.
    pub seq: Seq,
    /// Only bodies that this edit or an earlier one replaced.
    pub before: Option<Seq>,
}

/// Bodies that an entry had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revisions {
    /// There are older ones.
    pub more: bool,
    /// The bodies, the latest first.
    pub list: Vec<Revision>,
}

/// One body that an entry had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The edit that made it; `None`: it was written so.
    pub rev: Option<Seq>,
    /// When.
    pub at_ms: u64,
    /// The JSON source.
    pub body: Arc<str>,
}
