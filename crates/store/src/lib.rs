//! The truth: everything that must survive, behind one trait. One method is one transaction, in the words of the
//! domain.
//!
//! Read [`Store`] alone and you can write another engine; the contract suite (`tests/all/contract/`) then tells you
//! where you misread it. The crate knows nothing of the wire: its [`record`]s carry no serialisation, and a refusal
//! here is a [`Refused`], which the server turns into a numbered one.
//!
//! - [`record`]: what goes in and what comes out.
//! - [`link`]: the same for invite links.
//! - [`change`]: the same for what is done to an entry later.
//! - [`own`]: the same for what is one's own: preferences, marks, drafts.
//! - [`thread`]: the same for threads.
//! - [`error`]: refused, overloaded, or at fault.
//! - [`reply`]: how an answer comes back from an engine that works in batches.
//! - [`backup`]: a copy of everything in one file.
//! - [`model`]: the contract as the simplest program that keeps it, in memory; the yardstick of the random tests.
//! - [`sqlite`]: the engine of the standalone shape.

pub mod backup;
pub mod change;
pub mod error;
pub mod link;
pub mod model;
pub mod own;
pub mod record;
pub mod reply;
pub mod sqlite;
pub mod thread;

pub use change::{Amend, Amendment, AskHistory, Forward, Revision, Revisions};
pub use error::{Error, Fault, Refused, Result};
pub use link::{Join, JoinRequest, Joined, Link, LinkLook, NewLink};
pub use own::{Draft, DraftState, Owned, SetDraft};
pub use record::*;
pub use reply::Reply;
pub use thread::{AskThread, FollowThread, ReadThread, ThreadEntries, ThreadPlace, ThreadRecord};

use backup::{BackUp, BackedUp, BackupError};
use protocol::own::{MarkRow, Prefs, SetMark, SetPrefs};
use protocol::people::{Privacy, SetPrivacy};
use protocol::{ConversationId, DeviceId, DeviceSeq, Epoch, MessageId, SendId, Seq, UserId, Ver};

/// Everything that must survive.
///
/// # What holds for every method
///
/// - **One method, one transaction.** It happens whole or not at all; what it must check is checked inside it, on the
///   state it changes, never on something read before.
/// - **Told means durable.** A [`Reply`] with `Ok` is given after the change has reached stable storage. An engine
///   that cannot know whether a commit arrived answers [`Fault`]; the caller repeats with the same ids, and the dedupe
///   finds it.
/// - **Submitted in order, done in order.** A method queues its work *when it is called*, not when its reply is first
///   polled; two calls from one task about one conversation happen in the order of the calls. Dropping a reply does not
///   undo anything.
/// - **A poisonous item fails alone.** Engines commit many calls together. What makes one fail (a refusal, a
///   constraint) must not fail its neighbours.
/// - **Bounded.** A queue that is full answers [`Error::Overloaded`] at once.
/// - **Three families.** A transaction touches rows of the conversation, the user or the directory family, never of
///   two. The one bridge is the *fanout row*: written with every entry and cursor, removed by [`Store::settle`] once
///   the inboxes are durable.
///
/// Times are milliseconds since 1970 UTC from the clock that the engine was given.
pub trait Store: Send + Sync + 'static {
    /// The lineage of what this store holds. The same after a restart, another one after a restore.
    fn epoch(&self) -> Epoch;

    /// Tells this store from others that somebody may run beside it. No secret; the same after a restart and after a
    /// restore.
    fn instance(&self) -> u32;

    // ---- The conversation family: logs, members, cursors ------------------------------------------------------------

    /// Appends one entry: *lock the log, know the send_id?, member now?, write*; one atomic unit.
    ///
    /// The entry gets the next seq (gap-free from 1, in commit order), an ord one higher if its kind counts and it is
    /// in no thread, a time not below that of the entry before, and a time-ordered id. `append.read` moves the sender's
    /// read cursors in the same transaction as [`Store::move_cursors`] would, and an entry of a kind that counts then
    /// moves each read cursor, the public and the private, to itself if that one stood at the entry before it. (This
    /// last step is no receipt: it starts no run.) A row of `mentions` is written for each mentioned *member*. The
    /// fanout row is written.
    ///
    /// **Idempotent for ever**: the same `(conv, sender, send_id)` gives the first answer again with `dup`, whatever
    /// happened since, even if the sender was removed, and changes nothing; with a different kind, body, `reply_to` or
    /// `thread`, or if it named a change of another verb, [`Refused::SendIdReused`]. This is looked at before all else.
    /// What is passed on (`forward`) is known by its place instead of its body, which may have changed or gone since.
    ///
    /// In slow mode the messages of one member (entries of [`protocol::Kind::may_be_sent`]) are at least that far apart
    /// by the engine's clock; whose role has [`protocol::rights::Action::SkipSlowMode`] does not wait. Where the clock
    /// stands before their last message, nobody waits: it was set back, and nobody knows how long ago that was.
    ///
    /// `reply_to` and `thread` are places of the log that the sender knew, `append.names` what stood there. If that
    /// stands elsewhere (a backup was restored, and it came back), it is meant all the same; if it is gone, what is
    /// said is said without it. A repeat may name them or not.
    ///
    /// A reply in a thread (`thread` names its root) has its place there, too: it counts in the thread if its kind
    /// counts. It makes its sender follow the thread, and read it up to itself; with the first reply its root's sender
    /// begins to follow, and with each reply whoever it mentions, as far as they are members, may read the root, and
    /// have not said [`Store::follow`] off. Whoever begins to follow has read what came before the reply.
    ///
    /// Into a 1:1 that is a request to the sender it goes after the request is taken up, as by [`Store::set_terms`].
    ///
    /// Refuses: [`Refused::NotFound`] (never a member), [`Refused::NotAMember`] (no open span),
    /// [`Refused::AnnouncementsOnly`], in a 1:1 [`Refused::PeerDeactivated`], [`Refused::NotAccepted`] (the other one
    /// blocks the sender), [`Refused::YouBlock`], in this order; [`Refused::BadReference`] (`reply_to` or `thread` not
    /// readable for the sender, or nothing `found` to pass on), [`Refused::BeyondHead`] (`read`),
    /// [`Refused::NotARoot`] (`thread` is no message, or in a thread itself), [`Refused::Deleted`] (`thread` was),
    /// [`Refused::SlowMode`] (with the wait that is left).
    fn append(&self, append: Append) -> Reply<Appended>;

    /// Begins a conversation with its `created` entry at seq 1, all members, and the fanout row; one atomic unit.
    ///
    /// A 1:1 exists once per pair whatever races: everybody after the first gets the first answer with `dup`. A group's
    /// id follows from creator and send_id, so a retry is a `dup` too; with other members or another title
    /// [`Refused::SendIdReused`]. The creator owns a group; all cursors start at 0,
    /// those of a 1:1 with oneself (one member) at the first entry, so that what its owner writes is read.
    ///
    /// Refuses as a whole: [`Refused::GroupFull`]. That the people exist is the caller's to check ([`Store::people`]):
    /// they are of another family.
    fn create(&self, create: Create) -> Reply<Appended>;

    /// Adds, removes, leaves, or gives another role, with one entry that says so; one atomic unit. The entry is the
    /// last that a removed person may read, and the first that an added one may; where the group's history is
    /// [`protocol::group::History::All`], those before it are theirs too, from the floor or, for who comes back, from
    /// the entry after the last they could read.
    ///
    /// Adding passes over those who are members; if that leaves nobody, the answer is the latest entry as `dup`, to
    /// the repeat too. Who comes back gets a second span, and all cursors of an added person start at the entry before
    /// it unless they stand higher. Added people are plain members, whatever they were before. When the last owner
    /// leaves, the admin, else the member, whose present stay is the oldest (of equals the lowest id) becomes owner,
    /// and the entry names them; the last one to leave leaves nobody. A role that somebody has already is answered with
    /// the latest entry as `dup`. Idempotent like [`Store::append`], by what was *asked*: the entry may name fewer
    /// people.
    ///
    /// Refuses: [`Refused::NotFound`], [`Refused::NotAMember`], [`Refused::NotAGroup`], [`Refused::UnknownPerson`]
    /// (removing somebody who is not a member, or giving them a role), [`Refused::Forbidden`] (by [`protocol::rights`];
    /// removing needs a higher role than the removed has, too), [`Refused::LastOwner`] (who would be none any more),
    /// [`Refused::GroupFull`] (as a whole).
    ///
    /// Whoever is added asks no longer. That somebody asks or does so no longer is told to who may admit them
    /// ([`InboxRecord::asking`]): where no entry says it, by a fanout row of its own. *Admitting* adds somebody who
    /// asks, by the one who lets them in, or forgets that they ask, which is no entry: the answer is the latest one as
    /// `dup`. Of who does not ask and is no member: [`Refused::UnknownPerson`].
    fn change_members(&self, change: ChangeMembers) -> Reply<Appended>;

    /// Changes a group's settings, its title among them, with one entry of kind `settings`; one atomic unit. The
    /// entry's body is what of the change was not so already; if nothing was, the answer is the latest entry as `dup`,
    /// to the repeat too. Idempotent like [`Store::append`].
    ///
    /// Refuses: [`Refused::NotFound`], [`Refused::NotAMember`], [`Refused::NotAGroup`], [`Refused::Forbidden`] (by what
    /// [`protocol::group::SettingsChange::needs`]).
    fn change_settings(&self, change: ChangeSettings) -> Reply<Appended>;

    /// Makes a link by which others can join a group. Safe to repeat: who makes it again under the same id has lost the
    /// answer; the link is the one that was made, and the secret that was told last is the one that holds. Links that
    /// cannot be used any more go.
    ///
    /// Refuses: [`Refused::NotFound`], [`Refused::NotAMember`], [`Refused::NotAGroup`], [`Refused::Forbidden`],
    /// [`Refused::TooManyLinks`] ([`protocol::limits::LINKS_MAX`]).
    fn add_link(&self, link: NewLink) -> Reply<Link>;

    /// Reads a group's links that can still be used, the oldest first.
    ///
    /// Refuses: [`Refused::NotFound`], [`Refused::NotAMember`], [`Refused::NotAGroup`], [`Refused::Forbidden`].
    fn links(&self, reader: UserId, conv: ConversationId) -> Reply<Vec<Link>>;

    /// Voids the links of this id. Answers whether there was one.
    ///
    /// Refuses: [`Refused::NotFound`], [`Refused::NotAMember`], [`Refused::NotAGroup`], [`Refused::Forbidden`].
    fn revoke_link(&self, actor: UserId, conv: ConversationId, id: SendId) -> Reply<bool>;

    /// Reads what a group looks like from outside, for who has a link into it; `user` may be nobody.
    ///
    /// Refuses: [`Refused::InviteInvalid`]: no such group, no such link, voided, used up, expired, or everybody has
    /// left: nobody can tell which.
    fn look(&self, user: UserId, conv: ConversationId, hash: SecretHash) -> Reply<LinkLook>;

    /// Joins a group by a link: an `added` entry whose sender is the one who was added, as [`Store::change_members`]
    /// writes one; or, where joining needs approval, a request. Either takes one use of the link; one atomic unit, so a
    /// link is never used more often than it says. Idempotent like [`Store::append`]; who is a member is answered with
    /// the latest entry as `dup`, and who has asked has asked, both without a use.
    ///
    /// Refuses: [`Refused::SendIdReused`], [`Refused::InviteInvalid`] as [`Store::look`], [`Refused::Removed`] (the
    /// last stay ended with a removal), [`Refused::GroupFull`], [`Refused::TooManyLinks`]
    /// ([`protocol::limits::JOIN_REQUESTS_MAX`] ask).
    fn join(&self, join: Join) -> Reply<Joined>;

    /// Reads who asks to be let into a group, the longest waiting first.
    ///
    /// Refuses: [`Refused::NotFound`], [`Refused::NotAMember`], [`Refused::NotAGroup`], [`Refused::Forbidden`].
    fn requests(&self, reader: UserId, conv: ConversationId) -> Reply<Vec<JoinRequest>>;

    /// Changes an earlier entry, its target, with one entry that says so: edits it, deletes it for everybody, puts a
    /// reaction to it, pins it; one atomic unit. The entry names its target, counts as no message, and the target's
    /// `rev` is its seq.
    ///
    /// - An *edit* replaces the body; the one before is kept for [`Store::history`]. Rows of mentions follow the new
    ///   body: whoever is no longer named loses theirs, whoever is named anew (a member who may read the target) gets
    ///   one: at the target, or, if their private read cursor stands there or above, at the edit, so that they hear of
    ///   it. The author may edit, within [`protocol::limits::EDIT_MS_MAX`].
    /// - *Deleting* leaves seq, ord, kind and sender and takes the body, its earlier bodies, its reactions, its pin and
    ///   its mentions: nothing of them is left in any table. The author may, within
    ///   [`protocol::limits::DELETE_MS_MAX`]; whoever has the right to delete others' may at any time.
    /// - A *reaction* is one person's; a *pin* is the conversation's. What changes nothing (a reaction that is there,
    ///   an entry that is pinned, deleted) is answered with the latest entry as `dup`, to the repeat too.
    ///
    /// The target is named like what an entry answers in [`Store::append`]; if it is gone, nothing is changed.
    ///
    /// Idempotent like [`Store::append`], by target, kind and body. Who may do what in a group:
    /// [`protocol::rights`].
    ///
    /// Refuses, in this order: [`Refused::NotFound`], [`Refused::NotAMember`], [`Refused::BadReference`] (the target is
    /// gone or not readable), [`Refused::NotAMessage`] (not of a kind that clients write; for an edit, no `text`),
    /// [`Refused::Forbidden`], in a 1:1 as [`Store::append`] what says something to the other one (an edit, a reaction,
    /// a pin; taking back is always theirs), [`Refused::Deleted`] (but deleting again changes nothing),
    /// [`Refused::TooLate`], [`Refused::TooMany`] (the limits of reactions and pins).
    fn amend(&self, amend: Amend) -> Reply<Appended>;

    /// Reads the bodies an entry had, the latest first, as far as the reader may read the edits that made them. Of a
    /// deleted one there is none. Bounded like a page. `before` a seq: only bodies made by edits below it.
    ///
    /// Refuses: [`Refused::NotFound`] (never a member), [`Refused::BadReference`] (the entry is not readable).
    fn history(&self, ask: AskHistory) -> Reply<Revisions>;

    /// Reads which entries are pinned, of those that the reader may read, the latest first.
    ///
    /// Refuses: [`Refused::NotFound`]; [`Refused::NotAMember`] for who is one no longer.
    fn pins(&self, reader: UserId, conv: ConversationId) -> Reply<Vec<Seq>>;

    /// Moves cursors, each on its own; one atomic unit for those that are not refused. In the order given.
    ///
    /// Public cursors never go back and never pass what their member may read; reading delivers. The private read
    /// cursor is the maximum within a generation; a later generation may set it lower ("mark unread"); an older
    /// generation's repeat moves only the public receipt; a generation without `read` means nothing. A `read` that
    /// names no generation belongs to the present one, and is not safe to repeat: after "mark unread" it would read
    /// again. Each advance of a public cursor extends or starts a receipt run (one per member, kind and minute): it
    /// covers the entries that were passed, and its time is that of the advance that began it. The fanout row names the
    /// members who moved; a move that changes nothing writes none. Who was a member moves within what they may still
    /// read.
    ///
    /// A 1:1 is *quiet* while it is a request to one of the two or one blocks the other: the public cursors of both
    /// stand still then, and what was said to be delivered is answered as if it were, so that it is not said again.
    ///
    /// Refuses, each alone and whole: [`Refused::NotFound`] (never a member), [`Refused::BeyondHead`].
    fn move_cursors(&self, moves: Vec<CursorMove>) -> Reply<Vec<std::result::Result<CursorMoved, Refused>>>;

    /// Changes the terms on which somebody is in a 1:1, and answers whether anything changed; one atomic unit.
    /// Idempotent by value: taking up what is taken up changes nothing. To take up a request delivers what they have
    /// read. Each change counts `terms_rev` up, and leaves a fanout row.
    ///
    /// Refuses: [`Refused::NotFound`] (never a member), [`Refused::NotARequest`] (a group; [`Terms::Ignore`] of what is
    /// taken up).
    fn set_terms(&self, set: SetTerms) -> Reply<bool>;

    /// Notes in the 1:1s of a person whether their account is deactivated, at most `limit` of them, and answers in how
    /// many it was not noted yet: repeat until it is fewer than `limit`.
    fn note_deactivated(&self, user: UserId, deactivated: bool, limit: usize) -> Reply<usize>;

    /// Follows a thread, or no longer, and answers how it stands then; one atomic unit. Idempotent by value. Whoever
    /// follows a thread for the first time in their stay has read it up to the log's head; later their cursor is where
    /// it was. Of more than [`protocol::limits::THREADS_FOLLOWED_MAX`] threads of one conversation the one with the
    /// lowest root is let go. Who leaves follows nothing any more, and comes back as one who never did. What changes
    /// leaves a fanout row.
    ///
    /// Refuses: [`Refused::NotFound`], [`Refused::NotAMember`], [`Refused::BadReference`] (the root is not readable),
    /// [`Refused::NotARoot`].
    fn follow(&self, follow: FollowThread) -> Reply<ThreadRecord>;

    /// Moves somebody's own cursor in a thread that they follow, forward only, and answers how it stands then. In one
    /// that they do not follow there is no cursor, and nothing changes. What changes leaves a fanout row.
    ///
    /// Refuses: as [`Store::follow`], and [`Refused::BeyondHead`].
    fn read_thread(&self, read: ReadThread) -> Reply<ThreadRecord>;

    /// Reads replies of a thread as [`Store::page`] reads entries of a log: within the reader's spans, bounded in
    /// entries and bytes, but holding one entry whatever the limit.
    ///
    /// Refuses: [`Refused::NotFound`] (never a member), [`Refused::BadReference`] (the root is not readable).
    fn thread(&self, ask: AskThread) -> Reply<ThreadEntries>;

    /// Reads where the entry of this name stands in a log.
    ///
    /// Refuses: [`Refused::NotFound`] (never a member), [`Refused::BadReference`] (there is none, or not for them).
    fn find(&self, reader: UserId, conv: ConversationId, id: MessageId) -> Reply<Seq>;

    /// Reads a page of a log as one reader may see it, inside one snapshot with the head it names.
    ///
    /// Only entries inside the reader's spans; the page's `from..=to` is what it speaks of, so a seq in it without an
    /// entry will never be readable; it never speaks of what lies beyond the last readable entry. Ends before the
    /// entry that would make more than [`protocol::limits::PAGE_BYTES_MAX`] of [`Entry::bytes`] (but holds one entry,
    /// whatever the limit).
    ///
    /// **An entry is what the changes that this reader may read have made of it**: who was removed sees the body, the
    /// reactions and the pin as of their removal, who came back without what was changed while they were away. Only
    /// deleting holds for everybody. An edit carries the body it made (`now`) where the reader may read its target and
    /// no later edit that they may read replaced it.
    ///
    /// `After(s)` starts at `s + 1`, takes the lowest and ends at the last it took, or, with all taken, at the last
    /// readable one. `Before(s)` ends at `s - 1`, takes the highest and starts at the first it took, or, with all
    /// taken, at 1. `Around(s)` is `Before(s + 1)` with half of the limit, rounded up, and `After(s)` with what is left
    /// of limit and bytes, `more` if either has more. `Range(a, b, since)` is `After(a - 1)` that stops at `b`; with
    /// `since`, without the entries that have no `rev` above it. `from` is never below 1, and a page that speaks of
    /// nothing has `to` one below it.
    ///
    /// Refuses: [`Refused::NotFound`] (never a member).
    fn page(&self, ask: AskPage) -> Reply<Page>;

    /// Reads where logs end for a reader: the last entry they may read. In the order asked; logs they were never in are
    /// left out.
    fn heads(&self, reader: UserId, convs: Vec<ConversationId>) -> Reply<Vec<Head>>;

    /// Reads the live end of a log for delivery, not for a reader: in one snapshot its head, the entries above `after`
    /// (the lowest first, at most `limit`), and everybody's spans. `after` `None`: no entries. Entries are as they were
    /// committed, for their changes follow as entries of their own, to whoever may read those; only what was deleted
    /// since is gone here too, and an edit has its `now` only if no later one replaced it.
    ///
    /// Refuses: [`Refused::NotFound`] (no such conversation).
    fn tail(&self, conv: ConversationId, after: Option<Seq>, limit: usize) -> Reply<TailPage>;

    /// Reads members and their public cursors, in order of id, above `after`, at most `limit`.
    ///
    /// Refuses: [`Refused::NotFound`]; [`Refused::NotAMember`] for who is one no longer.
    fn members(&self, reader: UserId, conv: ConversationId, after: Option<UserId>, limit: usize) -> Reply<MembersPage>;

    /// Reads when each member who may read it received and read one entry, as far as runs tell (kept 90 days). Its
    /// sender is left out, and so is who joined after it and found it there; in order of id.
    ///
    /// Refuses: [`Refused::NotFound`], [`Refused::NotAMember`], [`Refused::BadReference`].
    fn receipts(&self, reader: UserId, conv: ConversationId, seq: Seq) -> Reply<Vec<Receipt>>;

    /// Reads which of `people` share a conversation of at most 256 members with `viewer` now, both as members. A read
    /// over several families, not one snapshot: for presence and names, which are no secrets of a moment. In the order
    /// asked.
    fn acquainted(&self, viewer: UserId, people: Vec<UserId>) -> Reply<Vec<UserId>>;

    /// Reads how somebody stands to each of `people`, in the order asked; whoever has no account is as one who has just
    /// got one. Over several families, not one snapshot: what is decided by it may be a moment old.
    fn standings(&self, user: UserId, people: Vec<UserId>) -> Reply<Vec<Standing>>;

    /// Reads of which of `people` `viewer` may be told that they are there and when they were: acquainted (see
    /// [`Standing`]), neither of the two blocks the other, and both tell somebody so of themselves. In the order asked.
    fn may_see(&self, viewer: UserId, people: Vec<UserId>) -> Reply<Vec<UserId>>;

    /// Reads which members of a conversation must not be told that `user` types there: with whom there is a block, or,
    /// in a quiet 1:1, the other one. In order of id. Where `user` is no member, nobody.
    fn hidden_from(&self, user: UserId, conv: ConversationId) -> Reply<Vec<UserId>>;

    /// Whether a change of this name by `actor` is in the log of `conv`: a repeat of it gets its first answer, and is
    /// not for anybody to refuse.
    fn has_done(&self, actor: UserId, conv: ConversationId, send_id: SendId) -> Reply<bool>;

    /// Reads what somebody is not told, and must not tell.
    fn manners(&self, user: UserId) -> Reply<Manners>;

    /// Reads people whom `viewer` is acquainted with (see [`Standing`]) and whose handle, or a word of whose name,
    /// begins with `prefix`, capitals or not; without deactivated ones. In order of their handles, then ids, at most
    /// `limit`.
    fn find_acquainted(&self, viewer: UserId, prefix: String, limit: usize) -> Reply<Vec<Person>>;

    // ---- The bridge: from a log to its members' inboxes -------------------------------------------------------------

    /// Reads conversations whose inboxes may be behind, the longest waiting first, at most `limit`. One waits since
    /// the first write after it was last settled; each write gives it a new mark.
    fn dirty(&self, limit: usize) -> Reply<Vec<Dirty>>;

    /// Reads, in one snapshot of the conversation family, the inbox rows that a dirty conversation calls for: of every
    /// member and of everybody removed since, or, if only cursors moved, of those they concern (the mover; in a 1:1
    /// both). A former member whose cursor moved is among them either way. In order of id. A conversation that was
    /// settled in between gives none. With them the rows of threads that changed since: for all who follow one in which
    /// somebody wrote, and for whoever followed, read or left; in order of user, then root.
    fn inbox_rows(&self, conv: ConversationId) -> Reply<InboxRows>;

    /// Brings inbox rows up to date; one atomic unit of the user family, at most [`BUMP_ROWS_MAX`] rows.
    ///
    /// Each row that changes takes the next `ver` of its user, under that user's lock, so commit order is `ver` order.
    /// A row that changes nothing takes none; a higher `as_of` alone is kept, but is no change. Answers those that
    /// changed, in the order of `ver` for each user. **Safe to repeat and to come late**: heads and cursors are maxima
    /// (the private read by generation, then seq); title, role and spans come from the row read at the higher or equal
    /// `as_of`, `request` from that with the higher or equal `terms_rev`, `asking` from that with both, mentions from
    /// that with the higher or equal `(as_of, generation, read_seq)`, which never falls from one reading to the next.
    /// More rows than [`BUMP_ROWS_MAX`] are a [`Fault`], and nothing is done.
    fn bump(&self, rows: Vec<InboxRecord>) -> Reply<Vec<Bumped>>;

    /// Brings rows of threads up to date, as [`Store::bump`] does with conversations: each that changes takes the next
    /// `ver` of its user, the row read at the higher or equal `(as_of, rev)` stands, and one of a thread that was never
    /// followed is not written. Answers those that changed.
    fn bump_threads(&self, rows: Vec<ThreadRecord>) -> Reply<Vec<(UserId, Ver)>>;

    /// Removes the fanout row if nothing was written to the conversation since it was read: `mark` is that row's, and
    /// no two marks are ever equal. To be called only after every row of [`Store::inbox_rows`] is durable.
    fn settle(&self, conv: ConversationId, mark: u64) -> Reply<()>;

    // ---- The user family: inboxes, devices, mailboxes ---------------------------------------------------------------

    /// Reads the inbox rows changed above `after`, in order of `ver`, and the version they lead to, in one snapshot:
    /// who applies them misses nothing up to `to`. At most [`protocol::limits::INBOX_ROWS_MAX`], and it ends before the
    /// row that would make more than [`protocol::limits::INBOX_DRAFT_BYTES_MAX`] of drafts (but holds one row).
    fn inbox(&self, user: UserId, after: Ver) -> Reply<InboxPage>;

    /// Reads where inboxes stand. Of a user who does not exist, 0. Read from storage, never from memory of what was
    /// told.
    fn vers(&self, users: Vec<UserId>) -> Reply<Vec<Ver>>;

    /// Writes a person who has no handle yet. Idempotent by id. Without [`Store::claim_handle`] nobody can find them.
    fn create_user(&self, user: NewUser) -> Reply<()>;

    /// Reads a person with their password hash, for signing in.
    fn user(&self, user: UserId) -> Reply<Option<User>>;

    /// Reads who people are; unknown ones are left out.
    fn people(&self, users: Vec<UserId>) -> Reply<Vec<Person>>;

    /// Changes what others see of a person, and bumps the inbox topic `profile` if anything changed: answers who they
    /// are now, and the version of the bump. Idempotent by value.
    ///
    /// Refuses: [`Refused::UnknownPerson`].
    fn set_profile(&self, change: ProfileChange) -> Reply<(Person, Option<Ver>)>;

    /// Changes who may reach a person and know what of them, and bumps the inbox topic `privacy` if anything changed:
    /// answers how it is now, and the version of the bump. Idempotent by value; to change nothing is to ask.
    ///
    /// Refuses: [`Refused::UnknownPerson`].
    fn set_privacy(&self, user: UserId, set: SetPrivacy) -> Reply<(Privacy, Option<Ver>)>;

    /// Notes that a person blocks another, or no longer, and bumps the inbox topic `blocks` if that is news: answers
    /// the version of the bump. Idempotent by value. Their 1:1 is another family's: [`Store::set_terms`].
    ///
    /// Refuses: [`Refused::UnknownPerson`] (either), [`Refused::TooManyBlocks`].
    fn block(&self, user: UserId, other: UserId, on: bool) -> Reply<Option<Ver>>;

    /// Deactivates an account, which signs its devices out as [`Store::revoke_devices`] does, or lets it in again:
    /// answers which devices those were. Idempotent. Their 1:1s are another family's: [`Store::note_deactivated`].
    ///
    /// Refuses: [`Refused::UnknownPerson`].
    fn deactivate(&self, user: UserId, deactivated: bool) -> Reply<Vec<DeviceId>>;

    /// Keeps a report. Idempotent by reporter and send_id.
    ///
    /// Refuses: [`Refused::TooManyReports`] ([`REPORTS_OPEN_MAX`] of the reporter's are open).
    fn add_report(&self, report: NewReport) -> Reply<()>;

    /// Reads reports that are open, above this number, the oldest first, at most `limit`.
    fn reports(&self, after: u64, limit: usize) -> Reply<Vec<Report>>;

    /// Closes a report, which is then gone with what it says. Answers whether it was open.
    fn close_report(&self, number: u64) -> Reply<bool>;

    /// Replaces a person's password hash. Devices stay signed in; the caller revokes them if it must.
    ///
    /// Refuses: [`Refused::UnknownPerson`].
    fn set_password(&self, user: UserId, password_hash: String) -> Reply<()>;

    /// Makes a person run this server, or no longer.
    ///
    /// Refuses: [`Refused::UnknownPerson`].
    fn set_owner(&self, user: UserId, owner: bool) -> Reply<()>;

    /// Signs a device in, and bumps the inbox topic `devices`. Idempotent by id.
    ///
    /// Refuses: [`Refused::UnknownPerson`], [`Refused::Deactivated`], [`Refused::TooManyDevices`].
    fn add_device(&self, device: NewDevice) -> Reply<()>;

    /// Reads one device that is signed in, for authentication.
    fn device(&self, user: UserId, device: DeviceId) -> Reply<Option<Device>>;

    /// Reads the devices that are signed in, the oldest first.
    fn devices(&self, user: UserId) -> Reply<Vec<Device>>;

    /// Notes that a device was there, and with which of its secrets: `used_next` makes the next secret the only one.
    /// Also the person's last-seen time, unless `invisible`. Times only move forward. No inbox bump. Of a device that
    /// is not signed in, nothing is noted.
    fn saw_device(&self, seen: SeenDevice) -> Reply<()>;

    /// Lays a second secret beside the first; both are good until the second is used.
    ///
    /// Refuses: [`Refused::UnknownPerson`] (no such device).
    fn rotate_secret(&self, user: UserId, device: DeviceId, next_hash: SecretHash) -> Reply<()>;

    /// Signs devices out, bumps the inbox topic `devices` if any were (once), and answers which, the oldest first.
    /// Their mailboxes go with them.
    fn revoke_devices(&self, user: UserId, which: Which) -> Reply<Vec<DeviceId>>;

    /// Reads when people were last seen, in the order asked; `None` for those never seen.
    fn last_seen(&self, users: Vec<UserId>) -> Reply<Vec<Option<u64>>>;

    /// Lays a thing into a device's mailbox and answers its place.
    ///
    /// Refuses: [`Refused::UnknownPerson`] (no such device).
    fn put_mail(&self, mail: NewMail) -> Reply<DeviceSeq>;

    /// Reads a device's mailbox above `after`, the oldest first, at most `limit`.
    fn mail(&self, user: UserId, device: DeviceId, after: DeviceSeq, limit: usize) -> Reply<Vec<Mail>>;

    /// Removes what a device has stored, up to and with `to`.
    fn ack_mail(&self, user: UserId, device: DeviceId, to: DeviceSeq) -> Reply<()>;

    /// Changes how one person wants to see a conversation: what is named is replaced, and what was cleared stays
    /// cleared. A change takes the next `ver`, as the row's; a change that changes nothing takes none.
    ///
    /// Refuses: [`Refused::NotFound`] (no row of it in their inbox), [`Refused::BeyondHead`] (`cleared_seq` above the
    /// row's head, which may be behind the log's).
    fn set_prefs(&self, user: UserId, change: SetPrefs) -> Reply<Owned<Prefs>>;

    /// Marks an entry for one person, or takes a mark away: what is named is replaced. A change takes the next `ver`
    /// and notes the time; one that changes nothing takes none. What was marked once stays a row, so that devices learn
    /// that it is marked no longer.
    ///
    /// Refuses: [`Refused::NotFound`] (no row in their inbox), [`Refused::BeyondHead`] (above the row's head, which may
    /// be behind the log's), [`Refused::BadReference`] (outside the row's spans), [`Refused::TooManyMarks`] (it would
    /// be one row more than [`protocol::limits::MARKS_MAX`]).
    fn set_mark(&self, user: UserId, change: SetMark) -> Reply<Owned<MarkRow>>;

    /// Reads the starred entries of one person that were marked before `before`, the last first, at most `limit`.
    fn starred(&self, user: UserId, before: Option<Ver>, limit: usize) -> Reply<Vec<(Ver, MarkRow)>>;

    /// Writes what one person has begun to say in a conversation. The last writer wins, **and nothing is lost**: a text
    /// that is overwritten by a writer who did not know it (`base_ver` is not its `text_ver`) is kept beside, the
    /// latest [`protocol::limits::KEPT_DRAFTS_MAX`] of them. The same text again changes nothing; to empty what one
    /// does not know empties nothing. Texts in `forget` go from those that are kept, before all else. A change takes
    /// the next `ver`, and a text is named by the `ver` it was written at.
    ///
    /// Refuses: [`Refused::NotFound`] (no row of the conversation in their inbox).
    fn set_draft(&self, draft: SetDraft) -> Reply<Owned<Draft>>;

    // ---- The directory: handles and invites -------------------------------------------------------------------------

    /// Gives a handle to a person and uses up one use of the invite, if one is named; one atomic unit. Idempotent for
    /// the same pair of handle and person: the repeat is not paid for. The handle is looked at before the invite. One
    /// that was given up is its person's to take back for [`protocol::limits::HANDLE_KEPT_MS`], and then anybody's.
    ///
    /// Refuses: [`Refused::HandleTaken`], [`Refused::TooManyHandles`] ([`protocol::limits::HANDLES_MAX`] are theirs,
    /// also given up), [`Refused::InviteInvalid`] (unknown, used up, expired).
    fn claim_handle(&self, claim: ClaimHandle) -> Reply<()>;

    /// Gives up all handles of a person but this one, as of now: those that were given up before keep their time.
    fn release_handles(&self, user: UserId, but: String) -> Reply<()>;

    /// Reads who has a handle, also one that was given up and is still kept.
    fn find_handles(&self, handles: Vec<String>) -> Reply<Vec<(String, UserId)>>;

    /// Reads handles that are claimed and not given up, and whose they are, in order of the handle's bytes, above
    /// `after`, at most `limit`: for whoever runs the server, never for a door.
    fn handles(&self, after: Option<String>, limit: usize) -> Reply<Vec<(String, UserId)>>;

    /// Writes an invite. Idempotent by its hash.
    fn add_invite(&self, invite: Invite) -> Reply<()>;

    /// Reads invites that can still be used, the newest first (by `created_ms`, then by hash), at most `limit`.
    fn invites(&self, limit: usize) -> Reply<Vec<Invite>>;

    /// Voids an invite. Answers whether there was one.
    fn revoke_invite(&self, hash: SecretHash) -> Reply<bool>;

    // ---- The store as a whole ---------------------------------------------------------------------------------------

    /// Removes what has outlived its time: mail older than 30 days, receipt runs older than 90. At most `limit` rows;
    /// answers how many, so that the caller goes on while there are more.
    fn expire(&self, limit: usize) -> Reply<usize>;

    /// Writes everything, as of one moment after this call, into one file: whole, durable and under its name, or not at
    /// all. Changes and reads go on meanwhile; one backup at a time. Not every engine has this: one whose database has
    /// backups of its own answers [`BackupError::Unsupported`].
    fn back_up(&self, ask: BackUp) -> Reply<std::result::Result<BackedUp, BackupError>> {
        drop(ask);
        Reply::ready(Ok(Err(BackupError::Unsupported)))
    }

    /// Reads how much there is.
    fn stats(&self) -> Reply<Stats>;

    /// How full the engine's queues are, for metrics and admission; no transaction.
    fn load(&self) -> Load;
}

/// Rows in one [`Store::bump`]: one large flush would stall every send behind it.
pub const BUMP_ROWS_MAX: usize = 256;

/// The body of an entry whose content is gone, and of one that never had any.
pub const EMPTY_BODY: &str = "{}";
