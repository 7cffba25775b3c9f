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
        fields(self) == fields(other) && self.kind == other.kind && self.body.get() == other.body.get()
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

/// The body of a `left`: the entry's sender went. It is the last entry that person may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Left {
    /// Who became the owner, where the last owner left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
}
