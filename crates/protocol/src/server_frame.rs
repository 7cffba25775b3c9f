//! What a server says: answers, which carry `re`, and what it says unasked.

use crate::change::{Pins, Revisions};
use crate::client_frame::Show;
use crate::entry::Entry;
use crate::frame::frames;
use crate::group::GroupSettings;
pub use crate::group::{Member, Members};
use crate::ids::{ConversationId, DeviceId, Epoch, MessageId, SessionId, UserId};
use crate::limits;
use crate::link::{Asked, LinkMade, Links, Look, Requests};
use crate::own::{DraftOk, DraftRow, MarkOk, MarkRow, Prefs, PrefsOk, ReadAllOk, Receipts, Starred};
use crate::people::{AnswerRequest, Block, Blocks, FirstContact, Privacy, ReportOk};
pub use crate::people::{People, Person};
use crate::position::{Generation, Ordinal, Seq, Ver};
use crate::refusal::Refusal;
use crate::thread::{ThreadPage, ThreadRow};
use crate::unread::Span;
use serde::{Deserialize, Serialize};

frames! {
    /// One frame from a server.
    pub enum ServerFrame, number re {
        /// You are in. Sent after the session takes part in live delivery, so nothing falls between it and `inbox`.
        "welcome" => Welcome(Box<Welcome>),
        /// What changed of your topics.
        "inbox" => Inbox(Inbox),
        /// A page of a log.
        "entries" => Entries(Entries),
        /// It is durable.
        "ack" => Ack(Ack),
        /// No; and whether and when to try again.
        "refuse" => Refuse(Refusal),
        /// Somebody wrote something, just now.
        "entry" => Entry(Box<Live>),
        /// Your inbox moved.
        "ver" => Ver(VerMoved),
        /// Where logs end.
        "heads" => Heads(Heads),
        /// What is true of what you watch.
        "watching" => Watching(Watching),
        /// How far others have got.
        "cursors" => Cursors(Cursors),
        /// Your cursor is durable.
        "cursor_ok" => CursorOk(CursorOk),
        /// Somebody is typing.
        "typing" => Typing(TypingNow),
        /// Who is there.
        "presence" => Presence(Presence),
        /// You did not keep up: what was queued for you is gone; pull.
        "behind" => Behind(Behind),
        /// What you hold is of another lineage: drop it, ask again, submit again.
        "resync" => Resync(Resync),
        /// The server is alive, and your inbox stands here.
        "beat" => Beat(BeatBack),
        /// This server will close the connection: come back after a while.
        "bye" => Bye(Bye),
        /// Who is in a conversation.
        "members" => Members(Members),
        /// Who people are.
        "people" => People(People),
        /// An invite link is made.
        "link" => Link(LinkMade),
        /// Invite links of a group.
        "links" => Links(Links),
        /// A group from outside.
        "look" => Look(Look),
        /// Somebody has to let you in.
        "asked" => Asked(Asked),
        /// Who asks to be let in.
        "requests" => Requests(Requests),
        /// Which entries are pinned.
        "pins" => Pins(Pins),
        /// What an entry said before it was edited.
        "history" => History(Revisions),
        /// Your preferences are durable.
        "prefs_ok" => PrefsOk(PrefsOk),
        /// Your mark is durable.
        "mark_ok" => MarkOk(MarkOk),
        /// Entries you starred.
        "starred" => Starred(Starred),
        /// Your draft is durable.
        "draft_ok" => DraftOk(DraftOk),
        /// Your cursors are at the end of everything.
        "read_all_ok" => ReadAllOk(ReadAllOk),
        /// Who received and read an entry, and when.
        "receipts" => Receipts(Receipts),
        /// This is who you are now.
        "profile_ok" => ProfileOk(Person),
        /// This is who may reach you and know what of you.
        "privacy_ok" => PrivacyOk(Privacy),
        /// They are blocked, or no longer.
        "block_ok" => BlockOk(Block),
        /// The request is answered.
        "answer_ok" => AnswerOk(AnswerRequest),
        /// The report is kept for whoever runs this server.
        "report_ok" => ReportOk(ReportOk),
        /// How a thread stands for you, durably.
        "thread_ok" => ThreadOk(ThreadRow),
        /// The replies of a thread.
        "thread" => Thread(ThreadPage),
    }
}

/// `welcome`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Welcome {
    /// The version of the protocol that is spoken from here on.
    pub v: u32,
    /// This connection's name, for a question to an admin.
    pub session: SessionId,
    /// The lineage of the person's inbox.
    pub epoch: Epoch,
    /// Who the token says you are.
    pub user: UserId,
    /// Which of your devices.
    pub device: DeviceId,
    /// Where your inbox stands.
    pub ver: Ver,
    /// The server's clock, in milliseconds since 1970 UTC. For display; nothing is ordered by it.
    pub server_ms: u64,
    /// How often to beat, in milliseconds: the first time after a random part of it.
    pub beat_ms: u64,
    /// The bounds a client acts on.
    pub limits: Limits,
}

/// The bounds that `welcome` tells. Names and units as in [`crate::limits`]. One that a server does not tell has the
/// value it has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Limits {
    /// Bytes of a frame from a client.
    pub client_frame_bytes_max: usize,
    /// Bytes of a body.
    pub body_bytes_max: usize,
    /// Bytes of a text.
    pub text_bytes_max: usize,
    /// Members of a group.
    pub group_members_max: usize,
    /// Entries in a page.
    pub page_entries_max: usize,
    /// Conversations in one `heads`.
    pub heads_max: usize,
    /// Conversations in `watch.open`.
    pub watch_open_max: usize,
    /// People in `watch.presence_of`.
    pub watch_presence_max: usize,
    /// Requests without an answer.
    pub inflight_requests_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            client_frame_bytes_max: limits::CLIENT_FRAME_BYTES_MAX,
            body_bytes_max: limits::BODY_BYTES_MAX,
            text_bytes_max: limits::TEXT_BYTES_MAX,
            group_members_max: limits::GROUP_MEMBERS_MAX,
            page_entries_max: limits::PAGE_ENTRIES_MAX,
            heads_max: limits::HEADS_MAX,
            watch_open_max: limits::WATCH_OPEN_MAX,
            watch_presence_max: limits::WATCH_PRESENCE_MAX,
            inflight_requests_max: limits::INFLIGHT_REQUESTS_MAX,
        }
    }
}

/// `inbox`: every topic changed above `from`, up to `to`, in order of `ver`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Inbox {
    /// The version that was asked from.
    pub from: Ver,
    /// The version that holds once the rows are applied.
    pub to: Ver,
    /// Ask again after `to`: there is more.
    pub more: bool,
    /// The rows.
    pub rows: Vec<InboxRow>,
}

/// One topic of a person's inbox, as it stands now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InboxRow {
    /// The version of its last change.
    pub ver: Ver,
    /// What it is about.
    #[serde(flatten)]
    pub topic: Topic,
}

/// What an inbox row is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "topic", rename_all = "snake_case")]
pub enum Topic {
    /// A conversation I am or was in.
    Conversation(Box<ConversationRow>),
    /// My devices changed: ask for the list.
    Devices,
    /// My own profile changed: ask for it.
    Profile,
    /// An entry that I marked.
    Mark(MarkRow),
    /// What I have begun to write somewhere.
    Draft(Box<DraftRow>),
    /// Who may reach me and know what of me.
    Privacy(Privacy),
    /// Whom I block.
    Blocks(Blocks),
    /// A thread that I follow, or did.
    Thread(ThreadRow),
    /// A topic this program does not know.
    #[serde(other)]
    Unknown,
}

/// A conversation in somebody's inbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationRow {
    /// Which.
    pub conv: ConversationId,
    /// The lineage of its log.
    pub epoch: Epoch,
    /// What sort.
    pub kind: ConversationKind,
    /// Its title; absent in a 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Of a group: its settings, where they are not those of a new one.
    #[serde(default, skip_serializing_if = "GroupSettings::is_default")]
    pub settings: GroupSettings,
    /// My role; absent when I am no longer a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What I may read of it.
    pub spans: Vec<Span>,
    /// The last entry I may read.
    pub head_seq: Seq,
    /// Messages up to and with it.
    pub head_ord: Ordinal,
    /// When it was committed.
    pub head_ms: u64,
    /// My read cursor (the private one: "mark unread" moves it back).
    pub read_seq: Seq,
    /// Messages up to and with it.
    pub read_ord: Ordinal,
    /// Its generation.
    #[serde(default, rename = "gen")]
    pub generation: Generation,
    /// Unread entries that mention me, the latest `mentions_told_max` of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mention_seqs: Vec<Seq>,
    /// In a 1:1: the other person and how far they have got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<MemberCursor>,
    /// How I want to see it.
    #[serde(default, skip_serializing_if = "Prefs::is_default")]
    pub prefs: Prefs,
    /// In a 1:1 that a stranger began, until it is taken up: how it stands for me.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<FirstContact>,
    /// How many ask to be let in, if I may admit them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub asking: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl ConversationRow {
    /// Messages I have not read.
    #[must_use]
    pub fn unread(&self) -> u64 {
        crate::unread::unread(&self.spans, self.head_ord, self.read_ord)
    }
}

/// What sort of conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConversationKind {
    /// Two people.
    Direct,
    /// Up to `group_members_max` people.
    Group,
    /// A sort this program does not know.
    #[serde(other)]
    Unknown,
}

/// What somebody may do in a group. A role this program does not know reads as the least one, [`Role::Member`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", from = "String")]
pub enum Role {
    /// Reads, writes, adds.
    Member,
    /// Also removes members.
    Admin,
    /// Also removes admins. There is always one.
    Owner,
}

impl From<String> for Role {
    fn from(word: String) -> Self {
        match word.as_str() {
            "owner" => Self::Owner,
            "admin" => Self::Admin,
            _ => Self::Member,
        }
    }
}

/// `entries`: what the asker may read between `from` and `to`. A seq in that range that is not among `items` will never
/// be readable for the asker (or lies below the floor): the whole range counts as held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Entries {
    /// Which log.
    pub conv: ConversationId,
    /// Its lineage.
    pub epoch: Epoch,
    /// The first seq the answer speaks of.
    pub from: Seq,
    /// The last; below `from` where it speaks of none.
    pub to: Seq,
    /// There is more beyond, in the direction that was asked.
    pub more: bool,
    /// The last entry the asker may read.
    pub head_seq: Seq,
    /// Messages up to and with it.
    pub head_ord: Ordinal,
    /// The first seq the log still holds.
    pub floor_seq: Seq,
    /// The entries, in order of seq.
    pub items: Vec<Entry>,
}

/// `ack`: the change is durable and has this place, now and for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ack {
    /// In which log.
    pub conv: ConversationId,
    /// Of which lineage.
    pub epoch: Epoch,
    /// Its place.
    pub seq: Seq,
    /// Messages up to and with it.
    pub ord: Ordinal,
    /// Its name.
    pub message_id: MessageId,
    /// When it was committed.
    pub created_ms: u64,
    /// It was known already: this is the first answer, again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dup: bool,
}

/// `entry`, live. It may come early, late, twice or never; only its seq says where it belongs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Live {
    /// In which log.
    pub conv: ConversationId,
    /// Of which lineage.
    pub epoch: Epoch,
    /// The entry.
    pub entry: Entry,
}

/// `ver`: the inbox moved from `prev` to `ver`. A client that stood at `prev` adopts `ver` if `pull` is not set and it
/// holds every head named, or has marked it stale; else it asks for `inbox`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerMoved {
    /// Where it stood.
    pub prev: Ver,
    /// Where it stands.
    pub ver: Ver,
    /// Logs that grew.
    pub heads: Vec<Head>,
    /// More than heads changed: ask for `inbox`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pull: bool,
}

/// Where a log ends, for one reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Head {
    /// Which log.
    pub conv: ConversationId,
    /// Its lineage.
    pub epoch: Epoch,
    /// The last entry they may read.
    pub seq: Seq,
    /// Messages up to and with it.
    pub ord: Ordinal,
    /// When it was committed.
    pub ms: u64,
}

/// `heads`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Heads {
    /// One for each log that was asked for and may be read.
    pub heads: Vec<Head>,
}

/// `watching`: the answer to `watch`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Watching {
    /// Heads of the open conversations.
    pub heads: Vec<Head>,
    /// Cursors of the open conversations.
    pub cursors: Vec<Cursors>,
    /// Those of `presence_of` whom the asker may see.
    pub presence: Vec<PresenceOf>,
}

/// `cursors`: one by one in small groups, as counts in larger ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cursors {
    /// Of which conversation.
    pub conv: ConversationId,
    /// Members' public cursors: all of them, or those that moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub list: Vec<MemberCursor>,
    /// Above `receipt_list_members_max` members: how many, and how far the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<CursorCounts>,
}

/// One member's public cursors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberCursor {
    /// Whose.
    pub user: UserId,
    /// A device of theirs has stored everything up to here.
    pub delivered: Seq,
    /// They have read everything up to here.
    pub read: Seq,
}

/// The public cursors of a larger group, together, the asker's own left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CursorCounts {
    /// Up to this entry the counts speak.
    pub at: Seq,
    /// Other members.
    pub members: u32,
    /// To how many of them `at` is delivered.
    pub delivered: u32,
    /// How many of them have read `at`.
    pub read: u32,
    /// Delivered to every one of them.
    pub delivered_min: Seq,
    /// Read by every one of them.
    pub read_min: Seq,
}

/// `cursor_ok`: what is durable now of the asker's own cursors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CursorOk {
    /// Of which conversation.
    pub conv: ConversationId,
    /// Delivered.
    pub delivered: Seq,
    /// Read: the private cursor.
    pub read: Seq,
    /// Messages up to and with `read`.
    pub read_ord: Ordinal,
    /// The generation of `read`.
    #[serde(rename = "gen")]
    pub generation: Generation,
}

/// `typing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TypingNow {
    /// Where.
    pub conv: ConversationId,
    /// Who.
    pub user: UserId,
    /// For how long this is true, in milliseconds, unless repeated or an entry of theirs arrives.
    pub ttl_ms: u64,
}

/// `presence`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Presence {
    /// Who, and how.
    pub list: Vec<PresenceOf>,
    /// For how long this is true, in milliseconds, unless repeated.
    pub ttl_ms: u64,
}

/// One person's presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PresenceOf {
    /// Who.
    pub user: UserId,
    /// How.
    pub state: PresenceState,
    /// When they were last there, in milliseconds since 1970 UTC; absent while they are, or when it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_ms: Option<u64>,
}

/// How somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PresenceState {
    /// In use.
    Online,
    /// Connected, not in use.
    Away,
    /// Not there, or not to be seen: nobody can tell which. Also a state this program does not know.
    #[serde(other)]
    Offline,
}

impl From<Show> for PresenceState {
    fn from(show: Show) -> Self {
        match show {
            Show::Online => Self::Online,
            Show::Away => Self::Away,
            Show::Invisible => Self::Offline,
        }
    }
}

/// `behind`: pull. With `conv`, that log from `from`; without, the inbox and every open log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Behind {
    /// Which log; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conv: Option<ConversationId>,
    /// The first seq that was dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Seq>,
}

/// `resync`: forget positions and caches, ask for the inbox from 0, submit again what was acknowledged lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Resync {
    /// The lineage that holds now.
    pub epoch: Epoch,
}

/// `beat`, back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BeatBack {
    /// Where the inbox stands in the store. Above what the client holds: ask for `inbox`.
    pub ver: Ver,
    /// The server's clock, in milliseconds since 1970 UTC.
    pub server_ms: u64,
}

/// `bye`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bye {
    /// Come back after so many milliseconds: spread, so that not everybody comes at once.
    pub after_ms: u64,
    /// Why, in a word: `draining`.
    pub reason: String,
}
