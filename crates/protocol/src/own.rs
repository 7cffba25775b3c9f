//! What is one's own: preferences of a conversation, marks on messages, drafts. Nobody else is told any of it; one's
//! own devices are, by rows of the inbox.

use crate::entry::Entry;
use crate::ids::{ConversationId, UserId};
use crate::position::{POSITION_MAX, Seq, Ver};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// `mute_until_ms` of what is muted for good.
pub const MUTED_FOR_GOOD_MS: u64 = POSITION_MAX;

/// How I want to see a conversation. What is absent on the wire is at its default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Prefs {
    /// Muted until then, in milliseconds since 1970 UTC; 0: not muted, [`MUTED_FOR_GOOD_MS`]: for good.
    #[serde(skip_serializing_if = "is_default")]
    pub mute_until_ms: u64,
    /// What mentions me is told although it is muted.
    #[serde(skip_serializing_if = "is_default")]
    pub mentions_pass: bool,
    /// Out of the way. A new message brings it back, unless it is muted.
    #[serde(skip_serializing_if = "is_default")]
    pub archived: bool,
    /// At the top of the list.
    #[serde(skip_serializing_if = "is_default")]
    pub pinned: bool,
    /// Entries up to and with this one are not shown to me any more.
    #[serde(skip_serializing_if = "is_default")]
    pub cleared_seq: Seq,
}

impl Prefs {
    /// Whether it is muted at this time.
    #[must_use]
    pub fn is_muted(&self, now_ms: u64) -> bool {
        self.mute_until_ms > now_ms
    }

    /// Whether everything is at its default.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// With a change: what it names is replaced; what was cleared stays cleared.
    #[must_use]
    pub fn with(self, change: &SetPrefs) -> Self {
        Self {
            mute_until_ms: change
                .mute_until_ms
                .map_or(self.mute_until_ms, Option::unwrap_or_default),
            mentions_pass: change
                .mentions_pass
                .map_or(self.mentions_pass, Option::unwrap_or_default),
            archived: change.archived.map_or(self.archived, Option::unwrap_or_default),
            pinned: change.pinned.map_or(self.pinned, Option::unwrap_or_default),
            cleared_seq: self.cleared_seq.max(change.cleared_seq.unwrap_or_default()),
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// `prefs`: absent is unchanged, `null` is back to the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetPrefs {
    /// Of which conversation.
    pub conv: ConversationId,
    /// Mute until then.
    #[serde(default, deserialize_with = "named", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub mute_until_ms: Option<Option<u64>>,
    /// Tell mentions although it is muted.
    #[serde(default, deserialize_with = "named", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>))]
    pub mentions_pass: Option<Option<bool>>,
    /// Put it out of the way, or back.
    #[serde(default, deserialize_with = "named", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>))]
    pub archived: Option<Option<bool>>,
    /// Put it at the top, or back.
    #[serde(default, deserialize_with = "named", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>))]
    pub pinned: Option<Option<bool>>,
    /// Show nothing up to and with this entry any more. A maximum: nothing brings it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared_seq: Option<Seq>,
}

impl SetPrefs {
    /// A change that changes nothing yet.
    #[must_use]
    pub fn of(conv: ConversationId) -> Self {
        Self {
            conv,
            mute_until_ms: None,
            mentions_pass: None,
            archived: None,
            pinned: None,
            cleared_seq: None,
        }
    }

    /// This change and then another of the same conversation, as one.
    #[must_use]
    pub fn then(self, later: &Self) -> Self {
        Self {
            conv: later.conv,
            mute_until_ms: later.mute_until_ms.or(self.mute_until_ms),
            mentions_pass: later.mentions_pass.or(self.mentions_pass),
            archived: later.archived.or(self.archived),
            pinned: later.pinned.or(self.pinned),
            cleared_seq: later.cleared_seq.max(self.cleared_seq),
        }
    }
}

/// A field that is there, be it with `null`: [`Option`] alone takes `null` for absent.
fn named<'de, D: Deserializer<'de>, T: Deserialize<'de>>(source: D) -> Result<Option<T>, D::Error> {
    T::deserialize(source).map(Some)
}

/// `prefs_ok`: the preferences as they are durable now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PrefsOk {
    /// Of which conversation.
    pub conv: ConversationId,
    /// The version of my inbox that has them.
    pub ver: Ver,
    /// All of them.
    pub prefs: Prefs,
}

/// `mark`: a star on an entry, or the entry out of my sight. Absent is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetMark {
    /// In which conversation.
    pub conv: ConversationId,
    /// Which entry.
    pub seq: Seq,
    /// Starred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub star: Option<bool>,
    /// Deleted for me.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
}

/// An entry of mine that is or was marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MarkRow {
    /// In which conversation.
    pub conv: ConversationId,
    /// Which entry.
    pub seq: Seq,
    /// It is starred.
    #[serde(default, skip_serializing_if = "is_default")]
    pub star: bool,
    /// It is not shown to me.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hidden: bool,
    /// When the mark last changed, in milliseconds since 1970 UTC.
    pub at_ms: u64,
}

/// `mark_ok`: the marks of an entry as they are durable now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MarkOk {
    /// The version of my inbox that has them.
    pub ver: Ver,
    /// The marks.
    #[serde(flatten)]
    pub mark: MarkRow,
}

/// `starred`: the entries I starred, the last starred first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskStarred {
    /// Those marked before this version of my inbox; absent: from the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Ver>,
}

/// The answer to `starred`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Starred {
    /// There may be more: ask again `before` this version. Absent: that was all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Ver>,
    /// The entries, as far as I may read them now.
    pub list: Vec<StarredEntry>,
}

/// One entry that I starred.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StarredEntry {
    /// In which conversation.
    pub conv: ConversationId,
    /// When I starred it, in milliseconds since 1970 UTC.
    pub at_ms: u64,
    /// The entry.
    pub entry: Entry,
}

/// What somebody has begun to write. Its `Debug` tells how long it is, not what it says.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct DraftText(pub String);

impl fmt::Debug for DraftText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// `draft`: what I have begun to write in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetDraft {
    /// In which conversation.
    pub conv: ConversationId,
    /// The text; empty: none any more. Absent: as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<DraftText>,
    /// The `text_ver` of the draft that its writer had before them; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_ver: Option<Ver>,
    /// Kept texts that are not wanted any more, by their `text_ver`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forget: Vec<Ver>,
}

/// A draft as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DraftRow {
    /// In which conversation.
    pub conv: ConversationId,
    /// What was written last.
    #[serde(flatten)]
    pub now: DraftState,
    /// Texts that were overwritten by somebody who did not know them, the oldest first; `kept_drafts_max` at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<DraftState>,
}

/// One text of a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DraftState {
    /// The text.
    pub text: DraftText,
    /// The version of my inbox at which it was written: its name.
    pub text_ver: Ver,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: u64,
}

/// `draft_ok`: the draft as it is durable now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DraftOk {
    /// The version of my inbox that has it.
    pub ver: Ver,
    /// The draft.
    #[serde(flatten)]
    pub draft: DraftRow,
}

/// `read_all`: my read cursors go to the end of everything I may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReadAll {}

/// `read_all_ok`: it is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReadAllOk {
    /// Conversations whose cursor moved.
    pub moved: u32,
}

/// `receipts`: who received and who read an entry, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskReceipts {
    /// In which conversation.
    pub conv: ConversationId,
    /// Which entry.
    pub seq: Seq,
}

/// The answer to `receipts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipts {
    /// In which conversation.
    pub conv: ConversationId,
    /// Which entry.
    pub seq: Seq,
    /// The members who may read it, its sender left out, in order of their ids.
    pub list: Vec<ReceiptOf>,
}

/// How one member stands to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceiptOf {
    /// Who.
    pub user: UserId,
    /// A device of theirs has stored it.
    pub delivered: bool,
    /// They have read it.
    pub read: bool,
    /// When it was stored, to the minute, in milliseconds since 1970 UTC; absent where that is not known (any more).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_ms: Option<u64>,
    /// When they read it, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_ms: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Absent is unchanged, `null` is the default, and a clearing is never taken back.
    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let conv = ConversationId::from_bytes([1; 16]);
        let said = |rest: &str| {
            let source = format!("{{\"conv\":\"{conv}\"{rest}}}");
            serde_json::from_str::<SetPrefs>(&source).expect("a frame's fields")
        };
        let all = said(r#","mute_until_ms":9,"mentions_pass":true,"archived":true,"pinned":true,"cleared_seq":7"#);
        let prefs = Prefs::default().with(&all);
        assert!(prefs.is_muted(8) && !prefs.is_muted(9) && prefs.archived && prefs.pinned && prefs.mentions_pass);
        assert_eq!(prefs.with(&said("")), prefs);
        let back =
            said(r#","mute_until_ms":null,"mentions_pass":null,"archived":null,"pinned":null,"cleared_seq":null"#);
        let cleared = Prefs {
            cleared_seq: Seq(7),
            ..Prefs::default()
        };
        assert_eq!(prefs.with(&back), cleared);
        assert_eq!(cleared.with(&said(",\"cleared_seq\":3")), cleared);
        for change in [all, back, said("")] {
            let again: SetPrefs = serde_json::from_str(&serde_json::to_string(&change).expect("JSON")).expect("JSON");
            assert_eq!(again, change);
            for first in [all, back] {
                assert_eq!(prefs.with(&first.then(&change)), prefs.with(&first).with(&change));
            }
        }
    }
}
