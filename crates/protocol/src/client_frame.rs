//! What a client says. Every request may carry an `id`; its answer carries the same number as `re`.

use crate::body::Kind;
use crate::change::{AskHistory, AskPins, Delete, Edit, Pin, React};
use crate::frame::frames;
use crate::group::{ChangeRole, ChangeSettings};
use crate::ids::{ConversationId, Epoch, SendId, UserId};
use crate::link::{Admit, AskLinks, AskLook, AskRequests, Join, MakeLink, RevokeLink};
use crate::own::{AskReceipts, AskStarred, ReadAll, SetDraft, SetMark, SetPrefs};
use crate::people::{AnswerRequest, Block, Report, SetPrivacy, SetProfile};
use crate::position::{DeviceSeq, Generation, Seq, Ver};
use crate::thread::{AskThread, Find, Follow, ThreadRead};
use crate::token::TokenText;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;

frames! {
    /// One frame from a client.
    pub enum ClientFrame, number id {
        /// The first frame of a connection: who I am and where I stood. Answered by `welcome`, then `inbox`.
        "hello" => Hello(Box<Hello>),
        /// Write an entry. Answered by `ack` after it is durable.
        "send" => Send(Box<Send>),
        /// Read a page of a log. Answered by `entries`.
        "get" => Get(Get),
        /// I stored, I read. Answered by `cursor_ok` after it is durable; repeated until then.
        "cursor" => Cursor(Cursor),
        /// What changed since. Answered by `inbox`, or by `resync`.
        "inbox" => Inbox(AskInbox),
        /// Where logs end. Answered by `heads`.
        "heads" => Heads(AskHeads),
        /// What I have on the screen. Replaces what was said before. Answered by `watching`.
        "watch" => Watch(Watch),
        /// I am alive. Answered by `beat`.
        "beat" => Beat(Beat),
        /// I am typing. Not answered.
        "typing" => Typing(Typing),
        /// Begin a conversation. Answered by `ack` of its first entry.
        "create" => Create(Create),
        /// Add people to a group. Answered by `ack`.
        "add" => Add(Add),
        /// Remove somebody from a group. Answered by `ack`.
        "remove" => Remove(Remove),
        /// Leave a group. Answered by `ack`.
        "leave" => Leave(Leave),
        /// Change what a group is. Answered by `ack`.
        "settings" => Settings(Box<ChangeSettings>),
        /// Give somebody another role in a group. Answered by `ack`.
        "role" => Role(ChangeRole),
        /// Make an invite link. Answered by `link`.
        "link" => Link(MakeLink),
        /// Which invite links of a group can be used. Answered by `links`.
        "links" => Links(AskLinks),
        /// Void an invite link. Answered by `links`.
        "revoke_link" => RevokeLink(RevokeLink),
        /// What is behind an invite link. Answered by `look`.
        "look" => Look(AskLook),
        /// Join by an invite link. Answered by `ack` or `asked`.
        "join" => Join(Join),
        /// Who asks to be let in. Answered by `requests`.
        "requests" => Requests(AskRequests),
        /// Let somebody in, or turn them away. Answered by `ack`.
        "admit" => Admit(Admit),
        /// Give an entry of mine another body. Answered by `ack`.
        "edit" => Edit(Box<Edit>),
        /// Delete an entry for everybody. Answered by `ack`.
        "delete" => Delete(Delete),
        /// Put an emoji to an entry, or take it back. Answered by `ack`.
        "react" => React(React),
        /// Pin an entry, or no longer. Answered by `ack`.
        "pin" => Pin(Pin),
        /// Which entries are pinned. Answered by `pins`.
        "pins" => Pins(AskPins),
        /// What an entry said before it was edited. Answered by `history`.
        "history" => History(AskHistory),
        /// Who is in it, and how far each has got. Answered by `members`.
        "members" => Members(AskMembers),
        /// Who are these. Answered by `people`.
        "people" => People(AskPeople),
        /// How I want to see a conversation. Answered by `prefs_ok`.
        "prefs" => Prefs(SetPrefs),
        /// A star on an entry, or the entry out of my sight. Answered by `mark_ok`.
        "mark" => Mark(SetMark),
        /// The entries I starred. Answered by `starred`.
        "starred" => Starred(AskStarred),
        /// What I have begun to write. Answered by `draft_ok`.
        "draft" => Draft(SetDraft),
        /// I have read everything. Answered by `read_all_ok`.
        "read_all" => ReadAll(ReadAll),
        /// Who received and read an entry, and when. Answered by `receipts`.
        "receipts" => Receipts(AskReceipts),
        /// This is who I am now. Answered by `profile_ok`.
        "profile" => Profile(SetProfile),
        /// Who may reach me and know what of me. Answered by `privacy_ok`.
        "privacy" => Privacy(SetPrivacy),
        /// I want to hear nothing of somebody, or again. Answered by `block_ok`.
        "block" => Block(Block),
        /// What becomes of a request. Answered by `answer_ok`.
        "answer" => Answer(AnswerRequest),
        /// Somebody who runs this server should look at this. Answered by `report_ok`.
        "report" => Report(Report),
        /// I want to hear of a thread, or no longer. Answered by `thread_ok`.
        "follow" => Follow(Follow),
        /// I have seen the replies of a thread. Answered by `thread_ok`.
        "thread_read" => ThreadRead(ThreadRead),
        /// The replies of a thread. Answered by `thread`.
        "thread" => Thread(AskThread),
        /// The entry of this name, and those around it. Answered by `entries`.
        "find" => Find(Find),
    }
}

/// `hello`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hello {
    /// Versions of the protocol the client speaks.
    pub v: Vec<u32>,
    /// The device's token. Never in a URL. Absent: the cookie that came with the handshake.
    #[serde(default, skip_serializing_if = "TokenText::is_cookie")]
    pub token: TokenText,
    /// The client's name and version, for the list of devices and the logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The epoch of everything the client has kept; absent: it has kept nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// The inbox version the client has adopted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ver: Option<Ver>,
    /// The last mailbox item the client has stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dseq: Option<DeviceSeq>,
    /// What is on the screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watch>,
}

/// `send`. Its `Debug` tells how long the body is, not what it says.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Send {
    /// Where to.
    pub conv: ConversationId,
    /// The change's name: the same on every retry.
    pub send_id: SendId,
    /// What sort of entry.
    pub kind: Kind,
    /// Its content; for `text` a [`crate::Body`].
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub body: Box<RawValue>,
    /// The entry it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
    /// The `send_id` of that entry. Where another one stands at `reply_to` by now (a backup was restored), the one that
    /// bears this name is answered, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_send_id: Option<SendId>,
    /// The thread it belongs to: a message that is in no thread itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Seq>,
    /// The `send_id` of the entry that starts the thread, as `reply_send_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_send_id: Option<SendId>,
    /// The highest seq that was on the screen: sending reads, so one's own messages never count as unread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Seq>,
    /// The entry whose words are passed on: the server makes the body, and `body` is `{}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward: Option<Forward>,
}

/// An entry of any conversation that the sender may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Forward {
    /// In which log.
    pub conv: ConversationId,
    /// Where.
    pub seq: Seq,
    /// Its `send_id`. Where another one stands there by now (a backup was restored), nothing is passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_id: Option<SendId>,
}

impl Send {
    /// An entry of this kind that answers nothing, is in no thread and passes nothing on.
    #[must_use]
    pub fn new(conv: ConversationId, send_id: SendId, kind: Kind, body: Box<RawValue>) -> Self {
        Self {
            conv,
            send_id,
            kind,
            body,
            reply_to: None,
            reply_send_id: None,
            thread: None,
            thread_send_id: None,
            read: None,
            forward: None,
        }
    }
}

impl fmt::Debug for Send {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send")
            .field("conv", &self.conv)
            .field("send_id", &self.send_id)
            .field("kind", &self.kind)
            .field("body_bytes", &self.body.get().len())
            .field("reply_to", &self.reply_to)
            .field("reply_send_id", &self.reply_send_id)
            .field("thread", &self.thread)
            .field("thread_send_id", &self.thread_send_id)
            .field("read", &self.read)
            .field("forward", &self.forward)
            .finish()
    }
}

impl PartialEq for Send {
    fn eq(&self, other: &Self) -> bool {
        let names = |s: &Self| (s.send_id, s.reply_send_id, s.thread_send_id);
        let fields = |s: &Self| (s.conv, names(s), s.reply_to, s.thread, s.read, s.forward);
        fields(self) == fields(other) && self.kind == other.kind && self.body.get() == other.body.get()
    }
}

/// `get`: exactly one of `after`, `before`, `around` and `range`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Get {
    /// Which log.
    pub conv: ConversationId,
    /// Entries above this seq, the lowest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Seq>,
    /// Entries below this seq, as near to it as the limit allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Seq>,
    /// Entries on both sides of this seq, itself among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<Seq>,
    /// Entries from the first to the second seq, both included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(Seq, Seq)>,
    /// With `range`: only entries changed above this seq, to re-validate what is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_rev: Option<Seq>,
    /// How many at most; absent: the most there may be, `page_entries_max`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Which entries a `get` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Above a seq.
    After(Seq),
    /// Below a seq.
    Before(Seq),
    /// On both sides of a seq.
    Around(Seq),
    /// From the first to the second, both included, if changed above the third.
    Range(Seq, Seq, Option<Seq>),
}

impl Get {
    /// A `get` of everything above `seq`.
    #[must_use]
    pub fn after(conv: ConversationId, seq: Seq) -> Self {
        Self {
            conv,
            after: Some(seq),
            before: None,
            around: None,
            range: None,
            since_rev: None,
            limit: None,
        }
    }

    /// A `get` of the last `limit` entries below `seq`.
    #[must_use]
    pub fn before(conv: ConversationId, seq: Seq, limit: u32) -> Self {
        Self {
            conv,
            after: None,
            before: Some(seq),
            around: None,
            range: None,
            since_rev: None,
            limit: Some(limit),
        }
    }

    /// The one place it names; `None` where it names none or several.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match (self.after, self.before, self.around, self.range, self.since_rev) {
            (Some(seq), None, None, None, None) => Some(Place::After(seq)),
            (None, Some(seq), None, None, None) => Some(Place::Before(seq)),
            (None, None, Some(seq), None, None) => Some(Place::Around(seq)),
            (None, None, None, Some((from, to)), since) if from <= to => Some(Place::Range(from, to, since)),
            _ => None,
        }
    }
}

/// `cursor`. Both positions are "up to and with"; each is a maximum, except that `read` under a new `gen` may go back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cursor {
    /// Which log.
    pub conv: ConversationId,
    /// The device has stored everything up to here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<Seq>,
    /// The person has seen everything up to here: it was shown, in focus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Seq>,
    /// The generation `read` belongs to; "mark unread" is a `read` further down under the next generation.
    #[serde(default, rename = "gen", skip_serializing_if = "Option::is_none")]
    pub generation: Option<Generation>,
}

/// `inbox`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskInbox {
    /// Rows changed above this version.
    pub after_ver: Ver,
}

/// `heads`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskHeads {
    /// Which logs, at most `heads_max`. Those the asker is not in are left out of the answer.
    pub convs: Vec<ConversationId>,
}

/// `watch`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Watch {
    /// Conversations that are open: typing and cursors are told for these.
    #[serde(default)]
    pub open: Vec<ConversationId>,
    /// People whose presence is on the screen.
    #[serde(default)]
    pub presence_of: Vec<UserId>,
    /// How this session lets its person appear; absent: online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show: Option<Show>,
}

/// How a session lets its person appear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Show {
    /// In use.
    #[default]
    Online,
    /// Connected, not in use.
    Away,
    /// As if not connected.
    Invisible,
}

/// `beat`: nothing but its type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Beat {}

/// `typing`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Typing {
    /// Where.
    pub conv: ConversationId,
}

/// `create`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Create {
    /// The change's name: the same on every retry. A group's id follows from it.
    pub send_id: SendId,
    /// A 1:1 with somebody, or a group.
    #[serde(flatten)]
    pub what: What,
}

/// What a `create` begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A 1:1: once per pair, whoever asks and however often.
    Direct {
        /// The other person.
        with: UserId,
    },
    /// A group.
    Group {
        /// Its title.
        title: String,
        /// Its first members besides the creator. One too many and the whole is refused.
        members: Vec<UserId>,
    },
}

/// `add`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Add {
    /// To which group.
    pub conv: ConversationId,
    /// The change's name.
    pub send_id: SendId,
    /// Whom. All or none are added; those who are members already are passed over.
    pub users: Vec<UserId>,
}

/// `remove`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Remove {
    /// From which group.
    pub conv: ConversationId,
    /// The change's name.
    pub send_id: SendId,
    /// Whom.
    pub user: UserId,
}

/// `leave`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Leave {
    /// Which group.
    pub conv: ConversationId,
    /// The change's name.
    pub send_id: SendId,
}

/// `members`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskMembers {
    /// Of which conversation.
    pub conv: ConversationId,
    /// Those after this person, in order of their ids; absent: from the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<UserId>,
}

/// `people`: by id (those the asker shares a conversation with) or by exact handle; at most `people_max` in all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskPeople {
    /// By id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserId>,
    /// By handle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handles: Vec<String>,
    /// By how their handle or a word of their name begins: those the asker is acquainted with only, at most
    /// `found_people_max`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}
