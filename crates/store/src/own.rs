//! What is one person's own: their preferences, marks and drafts. All of the user family; each change is told to their
//! devices by the version of their inbox.

use crate::record::{Bumped, Head};
use protocol::{ConversationId, UserId, Ver};

/// Something of one's own as it stands after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned<T> {
    /// It.
    pub value: T,
    /// The version of its last change; [`Ver::ZERO`] if it was never changed.
    pub ver: Ver,
    /// How the inbox moved; `None`: nothing changed.
    pub bumped: Option<Bumped>,
}

impl<T> Owned<T> {
    /// It was so already, since `ver`.
    pub(crate) fn unchanged(value: T, ver: Ver) -> Self {
        Self {
            value,
            ver,
            bumped: None,
        }
    }

    /// It is so since `ver`, which the inbox of `user` took for it.
    pub(crate) fn changed(value: T, user: UserId, ver: Ver, head: Head) -> Self {
        let bumped = Bumped {
            user,
            prev: ver.prev(),
            ver,
            conv: head.conv,
            head,
            head_only: false,
        };
        Self {
            value,
            ver,
            bumped: Some(bumped),
        }
    }
}

/// For [`crate::Store::set_draft`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetDraft {
    /// Whose.
    pub user: UserId,
    /// Where.
    pub conv: ConversationId,
    /// The text; empty: none any more; `None`: as it is.
    pub text: Option<String>,
    /// What its writer had before them: a [`DraftState::text_ver`]; [`Ver::ZERO`]: nothing.
    pub base_ver: Ver,
    /// Kept texts that go, by their [`DraftState::text_ver`].
    pub forget: Vec<Ver>,
}

/// A draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where.
    pub conv: ConversationId,
    /// What was written last.
    pub now: DraftState,
    /// What was overwritten by somebody who did not know it, the oldest first.
    pub kept: Vec<DraftState>,
}

/// One text of a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftState {
    /// The text.
    pub text: String,
    /// The version at which it was written.
    pub text_ver: Ver,
    /// When.
    pub at_ms: u64,
}
