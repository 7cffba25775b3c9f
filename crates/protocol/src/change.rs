//! What is done to an entry after it was written: edited, deleted, reacted to, pinned. Each is one entry of the log
//! that names its target, so it has a place among the messages; the target then stands in the log as it is now.

use crate::ids::{ConversationId, SendId};
use crate::position::Seq;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;
use std::sync::Arc;

/// `edit`. Its `Debug` tells how long the body is, not what it says.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Edit {
    /// In which log.
    pub conv: ConversationId,
    /// The change's name.
    pub send_id: SendId,
    /// The entry, a `text` of mine.
    pub target: Seq,
    /// The target's `send_id`. Where another entry stands at `target` by now (a backup was restored), the one that
    /// bears this name is changed, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_send_id: Option<SendId>,
    /// Its body from here on.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub body: Box<RawValue>,
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edit")
            .field("conv", &self.conv)
            .field("send_id", &self.send_id)
            .field("target", &self.target)
            .field("target_send_id", &self.target_send_id)
            .field("body_bytes", &self.body.get().len())
            .finish()
    }
}

impl PartialEq for Edit {
    fn eq(&self, other: &Self) -> bool {
        let fields = |e: &Self| (e.conv, e.send_id, e.target, e.target_send_id);
        fields(self) == fields(other) && self.body.get() == other.body.get()
    }
}

/// `delete`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delete {
    /// In which log.
    pub conv: ConversationId,
    /// The change's name.
    pub send_id: SendId,
    /// The entry.
    pub target: Seq,
    /// The target's `send_id`. Where another entry stands at `target` by now (a backup was restored), the one that
    /// bears this name is changed, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_send_id: Option<SendId>,
}

/// `react`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct React {
    /// In which log.
    pub conv: ConversationId,
    /// The change's name.
    pub send_id: SendId,
    /// The entry.
    pub target: Seq,
    /// The target's `send_id`. Where another entry stands at `target` by now (a backup was restored), the one that
    /// bears this name is changed, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_send_id: Option<SendId>,
    /// With what: one emoji, or a word between colons.
    pub emoji: String,
    /// Put it there, or take it back.
    pub on: bool,
}

/// `pin`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pin {
    /// In which log.
    pub conv: ConversationId,
    /// The change's name.
    pub send_id: SendId,
    /// The entry.
    pub target: Seq,
    /// The target's `send_id`. Where another entry stands at `target` by now (a backup was restored), the one that
    /// bears this name is changed, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_send_id: Option<SendId>,
    /// Pin it, or no longer.
    pub on: bool,
}

/// `pins`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskPins {
    /// Of which conversation.
    pub conv: ConversationId,
}

/// `history`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskHistory {
    /// In which log.
    pub conv: ConversationId,
    /// Of which entry.
    pub seq: Seq,
    /// Bodies that were replaced before this edit; absent: the latest ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Seq>,
}

/// `pins`: which entries are pinned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pins {
    /// Of which conversation.
    pub conv: ConversationId,
    /// The pinned entries that the asker may read, the latest first.
    pub seqs: Vec<Seq>,
}

/// `history`: the bodies an entry had, the present one first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Revisions {
    /// In which log.
    pub conv: ConversationId,
    /// Of which entry.
    pub seq: Seq,
    /// There are older ones: ask again `before` the last `rev`.
    pub more: bool,
    /// The bodies, the latest first.
    pub list: Vec<Revision>,
}

/// One body that an entry had. Its `Debug` tells how long it is, not what it says.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Revision {
    /// The edit that made it; absent: it was written so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rev: Option<Seq>,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: u64,
    /// The body.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub body: Arc<RawValue>,
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revision")
            .field("rev", &self.rev)
            .field("at_ms", &self.at_ms)
            .field("body_bytes", &self.body.get().len())
            .finish()
    }
}

impl PartialEq for Revision {
    fn eq(&self, other: &Self) -> bool {
        (self.rev, self.at_ms, self.body.get()) == (other.rev, other.at_ms, other.body.get())
    }
}
