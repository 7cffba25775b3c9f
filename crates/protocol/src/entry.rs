//! One entry of a conversation's log as it travels: in `entry` (live) and in `entries` (a page).

use crate::body::Kind;
use crate::ids::{MessageId, SendId, UserId};
use crate::position::{Ordinal, Seq};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;
use std::sync::Arc;

/// One entry. The conversation it belongs to stands in the frame around it. Its `Debug` tells how long the body is, not
/// what it says.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Entry {
    /// Its place in the log.
    pub seq: Seq,
    /// Messages in the log up to and with this entry.
    pub ord: Ordinal,
    /// Its name for links.
    pub id: MessageId,
    /// Who caused it.
    pub sender: UserId,
    /// The name the sender gave it: how a client recognises its own.
    pub send_id: SendId,
    /// When it was committed, in milliseconds since 1970 UTC by the server's clock; never backwards within a log.
    pub created_ms: u64,
    /// What sort of entry.
    pub kind: Kind,
    /// Its content, the JSON source as it was sent. `{}` where the content is gone or not for this reader.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub body: Arc<RawValue>,
    /// The seq of the last change of this entry; absent: never changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rev: Option<Seq>,
    /// For a change: the entry it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_seq: Option<Seq>,
    /// The entry this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
    /// The entry that starts the thread this one belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Seq>,
    /// The edit that gave it its present body; absent: it stands as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Seq>,
    /// Who deleted it for everybody: the body is `{}`, and nothing hangs on it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<UserId>,
    /// It is pinned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// Who put which emoji to it, in order of the emojis' bytes. None: left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// For an `edit`: the body of its target after it. Absent where a later edit replaced it, where the target was
    /// deleted, and where not everybody who is told may read the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub now: Option<Arc<RawValue>>,
}

/// One emoji on an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reaction {
    /// Which.
    pub emoji: String,
    /// Whose, in order of their ids, none twice.
    pub users: Vec<UserId>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("seq", &self.seq)
            .field("ord", &self.ord)
            .field("id", &self.id)
            .field("sender", &self.sender)
            .field("send_id", &self.send_id)
            .field("created_ms", &self.created_ms)
            .field("kind", &self.kind)
            .field("body_bytes", &self.body.get().len())
            .field("rev", &self.rev)
            .field("target_seq", &self.target_seq)
            .field("reply_to", &self.reply_to)
            .field("thread", &self.thread)
            .field("edited", &self.edited)
            .field("deleted_by", &self.deleted_by)
            .field("pinned", &self.pinned)
            .field("reactions", &self.reactions)
            .field("now_bytes", &self.now.as_ref().map(|now| now.get().len()))
            .finish()
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        let fields = |e: &Self| {
            (
                e.seq,
                e.ord,
                e.id,
                e.sender,
                e.send_id,
                e.created_ms,
                e.rev,
                e.target_seq,
                e.reply_to,
                e.thread,
            )
        };
        let now = |e: &'_ Self| e.now.as_ref().map(|now| now.get().to_owned());
        fields(self) == fields(other)
            && self.kind == other.kind
            && self.body.get() == other.body.get()
            && (self.edited, self.deleted_by, self.pinned) == (other.edited, other.deleted_by, other.pinned)
            && self.reactions == other.reactions
            && now(self) == now(other)
    }
}

/// The body of a `created`: how a conversation began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Created {
    /// Its title; absent in a 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its first members, the creator among them.
    pub members: Vec<UserId>,
}

/// The body of an `added`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Added {
    /// Who was added, by the entry's sender.
    pub users: Vec<UserId>,
}

/// The body of a `removed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Removed {
    /// Who was removed, by the entry's sender. This entry is the last one that person may read.
    pub user: UserId,
}

/// The body of a `react`: the entry's sender put an emoji to its target, or took it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reacted {
    /// Which.
    pub emoji: String,
    /// Put, or taken back.
    pub on: bool,
}

/// The body of a `pin`: the entry's target is pinned, or is no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// Pinned, or no longer.
    pub on: bool,
}

/// The body of a `left`: the entry's sender went. It is the last entry that person may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Left {
    /// Who became the owner, where the last owner left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
}
