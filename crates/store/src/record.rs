//! What goes into the store and what comes out: plain values, no wire, no SQL.

mod directory;

pub use directory::*;

use protocol::group::{GroupSettings, SettingsChange};
use protocol::people::{FirstContact, Privacy};
use protocol::server_frame::{ConversationKind, Role};
use protocol::{
    ConversationId, DeviceId, DeviceSeq, Epoch, Generation, Kind, MessageId, Ordinal, SendId, Seq, Span, UserId, Ver,
};
use std::sync::Arc;

/// The hash of a secret that is random enough to need no salt: SHA-256.
pub type SecretHash = [u8; 32];

/// One entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose log.
    pub conv: ConversationId,
    /// Its place.
    pub seq: Seq,
    /// Messages up to and with it, those in threads left out.
    pub ord: Ordinal,
    /// Its name.
    pub id: MessageId,
    /// Who caused it.
    pub sender: UserId,
    /// The name the sender gave it.
    pub send_id: SendId,
    /// When it was committed.
    pub created_ms: u64,
    /// What sort.
    pub kind: Kind,
    /// The JSON source of its body.
    pub body: Arc<str>,
    /// The seq of its last change.
    pub rev: Option<Seq>,
    /// For a change: what it changes.
    pub target_seq: Option<Seq>,
    /// What it answers.
    pub reply_to: Option<Seq>,
    /// What thread it is in.
    pub thread: Option<Seq>,
    /// The edit that gave it its present body.
    pub edited: Option<Seq>,
    /// Who deleted it for everybody.
    pub deleted_by: Option<UserId>,
    /// It is pinned.
    pub pinned: bool,
    /// Who put which emoji to it, in order of the emojis' bytes.
    pub reactions: Vec<protocol::entry::Reaction>,
    /// For an edit: the body of its target after it, where no later edit replaced it and who asks may read the target.
    pub now: Option<Arc<str>>,
}

impl Entry {
    /// What it counts for against the bound of a page, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let reaction = |one: &protocol::entry::Reaction| 32 + one.emoji.len() + one.users.len() * REACTION_BYTES;
        self.body.len()
            + self.now.as_ref().map_or(0, |now| now.len())
            + self.reactions.iter().map(reaction).sum::<usize>()
    }
}

/// What one person's reaction takes in a page, in bytes: an id in quotes and a comma.
const REACTION_BYTES: usize = 39;

/// Who is mentioned in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mentions {
    /// These, by name.
    People(Vec<UserId>),
    /// Every member but the author, which takes [`protocol::rights::Action::MentionAll`].
    Everybody,
}

impl Mentions {
    /// Nobody.
    #[must_use]
    pub const fn none() -> Self {
        Self::People(Vec::new())
    }

    /// Who that is among these members.
    pub(crate) fn of(&self, author: UserId, members: impl Iterator<Item = UserId>) -> Vec<UserId> {
        match self {
            Self::People(users) => users.clone(),
            Self::Everybody => members.filter(|user| *user != author).collect(),
        }
    }
}

/// For [`crate::Store::append`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Where.
    pub conv: ConversationId,
    /// Who.
    pub sender: UserId,
    /// With which device.
    pub device: DeviceId,
    /// The change's name.
    pub send_id: SendId,
    /// What sort.
    pub kind: Kind,
    /// The JSON source of the body, already checked.
    pub body: Arc<str>,
    /// Who is mentioned; those who are not members are passed over.
    pub mentions: Mentions,
    /// What it answers.
    pub reply_to: Option<Seq>,
    /// What thread it is in.
    pub thread: Option<Seq>,
    /// What those two are called: where another entry stands, the one that bears the name is meant.
    pub names: Names,
    /// The highest seq that was shown to the sender.
    pub read: Option<Seq>,
    /// Whose words the body passes on.
    pub forward: Option<crate::Forward>,
    /// The sender tells nobody how far they have read: `read` moves the private cursor only.
    pub private: bool,
}

/// The `send_id`s of entries that a new one points to by their place, where the sender knew them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Of what it answers.
    pub reply_to: Option<SendId>,
    /// Of what starts its thread.
    pub thread: Option<SendId>,
}

/// What a change of a log came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The entry as it was committed; but what was deleted since is gone.
    pub entry: Arc<Entry>,
    /// It was there already.
    pub dup: bool,
}

/// For [`crate::Store::create`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Create {
    /// Its id: [`ConversationId::direct`] or [`ConversationId::group`].
    pub conv: ConversationId,
    /// A 1:1 or a group.
    pub kind: ConversationKind,
    /// Who begins it.
    pub creator: UserId,
    /// The change's name.
    pub send_id: SendId,
    /// Its title; `None` in a 1:1.
    pub title: Option<String>,
    /// Everybody in it, the creator among them, none twice, in the order given.
    pub members: Vec<UserId>,
    /// In a 1:1: it is a request to the other person, who is not acquainted with the creator.
    pub request: bool,
}

/// For [`crate::Store::change_members`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeMembers {
    /// Where.
    pub conv: ConversationId,
    /// Who does it.
    pub actor: UserId,
    /// The change's name.
    pub send_id: SendId,
    /// What.
    pub change: MemberChange,
}

/// For [`crate::Store::change_settings`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSettings {
    /// Where.
    pub conv: ConversationId,
    /// Who does it.
    pub actor: UserId,
    /// The change's name.
    pub send_id: SendId,
    /// What, already checked.
    pub change: SettingsChange,
}

/// A change of who is a member, and as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberChange {
    /// Add these, none twice.
    Add(Vec<UserId>),
    /// Remove somebody else.
    Remove(UserId),
    /// Go.
    Leave,
    /// Give a member, perhaps oneself, another role.
    Role(UserId, Role),
    /// Let somebody in who asked, or turn them away.
    Admit(UserId, bool),
}

/// For [`crate::Store::move_cursors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CursorMove {
    /// Where.
    pub conv: ConversationId,
    /// Whose.
    pub user: UserId,
    /// Stored up to here.
    pub delivered: Option<Seq>,
    /// Read up to here.
    pub read: Option<Seq>,
    /// The generation of `read`; `None`: the present one.
    pub generation: Option<Generation>,
    /// Their person tells nobody how far they have read: `read` moves the private cursor, and what is public of it is
    /// that it is delivered.
    pub private: bool,
}

/// Where a member's cursors stand after a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CursorMoved {
    /// Public: stored.
    pub delivered: Seq,
    /// Public: read.
    pub read: Seq,
    /// Private: read.
    pub mine: Seq,
    /// Messages up to and with `mine`.
    pub mine_ord: Ordinal,
    /// The private cursor's generation.
    pub generation: Generation,
    /// Whether a *public* cursor moved, so that others want to know.
    pub moved: bool,
}

/// For [`crate::Store::page`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskPage {
    /// Who reads.
    pub reader: UserId,
    /// Which log.
    pub conv: ConversationId,
    /// Which part of it.
    pub place: protocol::client_frame::Place,
    /// Entries at most; the engine caps it at [`protocol::limits::PAGE_ENTRIES_MAX`].
    pub limit: usize,
}

/// A page of a log as one reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The first seq it speaks of.
    pub from: Seq,
    /// The last; below `from` where it speaks of none.
    pub to: Seq,
    /// There is more in the direction that was asked.
    pub more: bool,
    /// Where the log ends for this reader.
    pub head: Head,
    /// The first seq the log still holds.
    pub floor_seq: Seq,
    /// The entries, in order.
    pub entries: Vec<Entry>,
}

/// Where a log ends for a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// The live end of a log, for delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailPage {
    /// Its lineage.
    pub epoch: Epoch,
    /// A 1:1 or a group.
    pub kind: ConversationKind,
    /// The last entry.
    pub head_seq: Seq,
    /// Messages up to and with it.
    pub head_ord: Ordinal,
    /// The entries that were asked for.
    pub entries: Vec<Entry>,
    /// Who may read what, members and former ones, in order of their ids.
    pub spans: Vec<(UserId, Vec<Span>)>,
}

/// Members, for a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembersPage {
    /// There are more.
    pub more: bool,
    /// How many members there are in all.
    pub count: usize,
    /// The members, in order of their ids.
    pub members: Vec<Member>,
}

/// One member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// What they may do.
    pub role: Role,
    /// The first entry of their present stay: the one that says they are here. They may be able to read what is older.
    pub from_seq: Seq,
    /// Public: stored.
    pub delivered: Seq,
    /// Public: read.
    pub read: Seq,
}

/// When one member received and read an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Who.
    pub user: UserId,
    /// When a device of theirs stored it: the time of the run that covers it.
    pub delivered_ms: Option<u64>,
    /// When they read it.
    pub read_ms: Option<u64>,
}

/// A conversation whose inboxes may be behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dirty {
    /// Which.
    pub conv: ConversationId,
    /// Since when.
    pub since_ms: u64,
    /// The fanout row's mark.
    pub mark: u64,
}

/// What a dirty conversation calls for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxRows {
    /// The mark to settle with once the rows are durable; `None`: nothing is dirty.
    pub mark: Option<u64>,
    /// The rows.
    pub rows: Vec<InboxRecord>,
    /// The rows of threads.
    pub threads: Vec<crate::thread::ThreadRecord>,
}

/// A conversation as it should stand in somebody's inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxRecord {
    /// Whose inbox.
    pub user: UserId,
    /// Which conversation.
    pub conv: ConversationId,
    /// The conversation's head when this was read: the later reading wins.
    pub as_of: Seq,
    /// A 1:1 or a group.
    pub kind: ConversationKind,
    /// Its title.
    pub title: Option<String>,
    /// Of a group: its settings.
    pub settings: GroupSettings,
    /// Their role; `None`: no longer a member.
    pub role: Option<Role>,
    /// What they may read.
    pub spans: Vec<Span>,
    /// The last entry they may read.
    pub head_seq: Seq,
    /// Messages up to and with it.
    pub head_ord: Ordinal,
    /// When it was committed.
    pub head_ms: u64,
    /// Their private read cursor.
    pub read_seq: Seq,
    /// Messages up to and with it.
    pub read_ord: Ordinal,
    /// Its generation.
    pub generation: Generation,
    /// Entries above `read_seq` that mention them and that they may read, the latest [`MENTIONS_TOLD_MAX`], in order.
    pub mention_seqs: Vec<Seq>,
    /// In a 1:1: the other one's public cursors.
    pub peer: Option<PeerCursor>,
    /// How they want to see it. Their inbox's own: a row on its way there has none, and changes none.
    pub prefs: protocol::own::Prefs,
    /// In a 1:1 that a stranger began, until it is taken up: how it stands for them.
    pub request: Option<FirstContact>,
    /// In a group: how many ask to be let in, for who may admit them; 0 for everybody else.
    pub asking: u32,
    /// How often the terms on which they are in it had changed when this was read, or, in a group, who asks to be let
    /// in while they might admit them: the later reading of `request` and `asking` wins.
    pub terms_rev: u64,
}

/// Mentions told one by one in an inbox row.
pub const MENTIONS_TOLD_MAX: usize = 100;

/// The other one of a 1:1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerCursor {
    /// Who.
    pub user: UserId,
    /// Public: stored.
    pub delivered: Seq,
    /// Public: read.
    pub read: Seq,
}

/// One inbox that moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bumped {
    /// Whose.
    pub user: UserId,
    /// From here.
    pub prev: Ver,
    /// To here.
    pub ver: Ver,
    /// About which conversation.
    pub conv: ConversationId,
    /// Where its log ends for them.
    pub head: Head,
    /// Nothing but the head changed.
    pub head_only: bool,
}

/// A page of an inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxPage {
    /// The version that holds once the rows are applied.
    pub to: Ver,
    /// Ask again after `to`.
    pub more: bool,
    /// The rows, in order of `ver`.
    pub rows: Vec<(Ver, Topic)>,
}

/// What an inbox row is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A conversation. Its `user` is the inbox's.
    Conversation(Box<InboxRecord>),
    /// The devices changed.
    Devices,
    /// The profile changed.
    Profile,
    /// An entry is marked, or was.
    Mark(protocol::own::MarkRow),
    /// A draft.
    Draft(Box<crate::own::Draft>),
    /// Who may reach them and know what of them, as it is now.
    Privacy(Privacy),
    /// Whom they block now, in order of id.
    Blocks(Vec<UserId>),
    /// A thread. Its `user` is the inbox's.
    Thread(crate::thread::ThreadRecord),
}

/// How full the engine's queues are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Changes that wait for a batch.
    pub writes_waiting: usize,
    /// Reads that wait for a reader.
    pub reads_waiting: usize,
    /// Changes that may wait.
    pub writes_waiting_max: usize,
    /// Batches committed since the engine was opened.
    pub batches: u64,
    /// Changes committed since the engine was opened.
    pub changes: u64,
}
