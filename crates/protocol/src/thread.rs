//! Threads: replies that hang on one message, with their own count, their own cursor and those who follow them; and how
//! an entry is found by its name.

use crate::entry::Entry;
use crate::ids::{ConversationId, Epoch, MessageId};
use crate::position::Seq;
use serde::{Deserialize, Serialize};

/// `follow`: whether I want to hear of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Follow {
    /// In which conversation.
    pub conv: ConversationId,
    /// The entry that starts the thread.
    pub thread: Seq,
    /// Follow it, or no longer.
    pub on: bool,
}

/// `thread_read`: I have seen the replies of a thread up to here. A maximum; nobody else is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ThreadRead {
    /// In which conversation.
    pub conv: ConversationId,
    /// The entry that starts the thread.
    pub thread: Seq,
    /// The last entry that was shown.
    pub read: Seq,
}

/// `thread`: the replies of a thread, the latest first where neither `after` nor `before` is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskThread {
    /// In which conversation.
    pub conv: ConversationId,
    /// The entry that starts the thread.
    pub thread: Seq,
    /// Replies above this seq, the lowest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Seq>,
    /// Replies below this seq, as near to it as the limit allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Seq>,
    /// How many at most; absent: the most there may be, `page_entries_max`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The answer to `thread`: replies, in order of seq.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ThreadPage {
    /// In which conversation.
    pub conv: ConversationId,
    /// The lineage of its log.
    pub epoch: Epoch,
    /// The entry that starts the thread.
    pub thread: Seq,
    /// There are more in the direction that was asked.
    pub more: bool,
    /// The replies.
    pub items: Vec<Entry>,
}

/// How a thread stands for me: a row of my inbox, and the answer to `follow` and `thread_read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ThreadRow {
    /// In which conversation.
    pub conv: ConversationId,
    /// The entry that starts the thread.
    pub thread: Seq,
    /// I follow it. If not, nothing is told of it: the rest is 0.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub following: bool,
    /// The last reply that I may read; 0: there is none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub head: Seq,
    /// My cursor in it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub read: Seq,
    /// Replies above my cursor that I may read.
    #[serde(default, skip_serializing_if = "is_none_unread")]
    pub unread: u64,
}

impl ThreadRow {
    /// A thread that nobody is told of.
    #[must_use]
    pub fn unfollowed(conv: ConversationId, thread: Seq) -> Self {
        Self {
            conv,
            thread,
            following: false,
            head: Seq::ZERO,
            read: Seq::ZERO,
            unread: 0,
        }
    }
}

/// `find`: the entry of this name, as a link names it, and those around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Find {
    /// In which conversation.
    pub conv: ConversationId,
    /// The entry's `id`.
    pub message_id: MessageId,
    /// How many entries at most, itself among them; absent: the most there may be, `page_entries_max`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The path under which a server's own page shows one message: `/m/<conversation>/<message>`. There is no secret in it:
/// who may not read the message is told that it is not there.
#[must_use]
pub fn link_path(conv: ConversationId, id: MessageId) -> String {
    format!("{LINK_PATH}{conv}/{id}")
}

/// Where the path of such a link begins.
pub const LINK_PATH: &str = "/m/";

/// Which message a link names: a whole URL, or its path. `None`: it is no such link.
#[must_use]
pub fn read_link(link: &str) -> Option<(ConversationId, MessageId)> {
    let end = link.find(['?', '#']).unwrap_or(link.len());
    let mut parts = link[..end].trim_end_matches('/').rsplit('/');
    let (id, conv, m) = (parts.next()?, parts.next()?, parts.next()?);
    (m == "m").then_some(())?;
    Some((conv.parse().ok()?, id.parse().ok()?))
}

fn is_zero(seq: &Seq) -> bool {
    *seq == Seq::ZERO
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none_unread(unread: &u64) -> bool {
    *unread == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_which_message_it_names() {
        let (conv, id) = (ConversationId::from_bytes([1; 16]), MessageId::from_bytes([7; 16]));
        let path = link_path(conv, id);
        for link in [
            path.clone(),
            format!("https://chat.example{path}"),
            format!("http://10.0.0.7:8484/team{path}/?x=1#y"),
        ] {
            assert_eq!(read_link(&link), Some((conv, id)), "{link}");
        }
        for wrong in [
            "",
            "/m/",
            "/m/one/two",
            "https://chat.example/join#x",
            &path.replace("/m/", "/n/"),
            &path[..30],
        ] {
            assert_eq!(read_link(wrong), None, "{wrong}");
        }
    }
}
