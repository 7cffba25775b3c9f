//! The contract as the simplest program that keeps it: plain maps behind one lock, every reply ready at once.
//!
//! It is the yardstick of the random tests and a store for servers under test. It keeps everything in memory, derives
//! by walking whole logs, and forgets all of it when it is dropped: nothing for production. Where it and an engine
//! differ, one of them has misread the trait's prose.
//!
//! - [`conversation`]: one log with its members, cursors, mentions and runs; [`write`], [`members`] and [`settings`]
//!   change it, [`links`] lead into it, [`cursors`] moves in it, [`read`] and [`page`] look at it.
//! - [`bridge`]: which inboxes are behind, and what they should hold.
//! - [`inbox`], [`people`], [`own`]: the user family. [`directory`]: handles and invites.
//! - [`threads`]: replies that hang on one message, and who follows them.
//! - [`mint`]: message ids out of a clock and chance that were handed in.

mod amend;
mod bridge;
mod conversation;
mod cursors;
mod directory;
mod inbox;
mod links;
mod members;
mod mint;
mod own;
mod page;
mod people;
mod read;
mod settings;
mod seen;
mod standing;
mod terms;
mod threads;
mod write;

use crate::change::{Amend, AskHistory, Revisions};
use crate::link::{Join, JoinRequest, Joined, Link, LinkLook, NewLink};
use crate::own::{Draft, Owned, SetDraft};
use crate::record::{
    Append, Appended, AskPage, Bumped, ChangeMembers, ChangeSettings, ClaimHandle, Create, CursorMove, CursorMoved,
    Device, Dirty, Head, InboxPage, InboxRecord, InboxRows, Invite, Load, Mail, Manners, MembersPage, NewDevice,
    NewMail, NewReport, NewUser, Page, Person, ProfileChange, Receipt, Report, SecretHash, SeenDevice, SetTerms,
    Standing, Stats, TailPage, User, Which,
};
use crate::thread::{AskThread, FollowThread, ReadThread, ThreadEntries, ThreadRecord};
use crate::{Refused, Reply, Result, Store};
use bridge::Fanout;
use conversation::Conversation;
use directory::Directory;
use inbox::Inbox;
use mint::Chance;
use people::Account;
use protocol::own::{MarkRow, Prefs, SetMark, SetPrefs};
use protocol::people::{Privacy, SetPrivacy};
use protocol::{ConversationId, DeviceId, DeviceSeq, Epoch, MessageId, SendId, Seq, UserId, Ver};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A clock that is handed in: milliseconds since 1970 UTC. It may step back.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// A store in memory.
pub struct Model {
    epoch: Epoch,
    clock: Clock,
    state: Mutex<State>,
}

/// Everything there is, by family.
struct State {
    /// Of the store: every [`Head`] names it.
    epoch: Epoch,
    chance: Chance,
    /// Changes made, for [`Load`].
    changes: u64,
    // The conversation family.
    conversations: BTreeMap<ConversationId, Conversation>,
    fanout: BTreeMap<ConversationId, Fanout>,
    /// The last mark given to a fanout row; none is given twice.
    last_mark: u64,
    // The user family.
    accounts: BTreeMap<UserId, Account>,
    inboxes: BTreeMap<UserId, Inbox>,
    // The directory.
    directory: Directory,
    /// Open reports, in order of their numbers.
    reports: Vec<Report>,
    last_report: u64,
}

impl Model {
    /// An empty store of this lineage, with a clock and a seed for its message ids.
    #[must_use]
    pub fn new(epoch: Epoch, clock: Clock, seed: u64) -> Self {
        Self {
            epoch,
            clock,
            state: Mutex::new(State {
                epoch,
                chance: Chance::new(seed),
                changes: 0,
                conversations: BTreeMap::new(),
                fanout: BTreeMap::new(),
                last_mark: 0,
                accounts: BTreeMap::new(),
                inboxes: BTreeMap::new(),
                directory: Directory::default(),
                reports: Vec::new(),
                last_report: 0,
            }),
        }
    }

    /// Reads under the lock.
    fn read<T>(&self, ask: impl FnOnce(&State) -> Result<T>) -> Reply<T> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Reply::ready(ask(&state))
    }

    /// Changes under the lock. Whoever may refuse does so before the first change.
    fn write<T>(&self, change: impl FnOnce(&mut State, u64) -> Result<T>) -> Reply<T> {
        let now_ms = (self.clock)();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.changes += 1;
        Reply::ready(change(&mut state, now_ms))
    }
}

impl State {
    /// The conversation, for somebody who is or was a member: to a stranger an absent one looks the same.
    fn conversation(&self, conv: ConversationId) -> std::result::Result<&Conversation, Refused> {
        self.conversations.get(&conv).ok_or(Refused::NotFound)
    }
}

impl Store for Model {
    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn instance(&self) -> u32 {
        // Nothing of it outlives the process, so there is no restore to be the same after.
        let [a, b, c, d, ..] = *self.epoch.as_bytes();
        u32::from_be_bytes([a, b, c, d])
    }

    fn append(&self, append: Append) -> Reply<Appended> {
        self.write(|state, now_ms| state.append(append, now_ms))
    }

    fn create(&self, create: Create) -> Reply<Appended> {
        self.write(|state, now_ms| state.create(create, now_ms))
    }

    fn change_members(&self, change: ChangeMembers) -> Reply<Appended> {
        self.write(|state, now_ms| state.change_members(change, now_ms))
    }

    fn change_settings(&self, change: ChangeSettings) -> Reply<Appended> {
        self.write(|state, now_ms| state.change_settings(change, now_ms))
    }

    fn add_link(&self, link: NewLink) -> Reply<Link> {
        self.write(|state, now_ms| state.add_link(link, now_ms))
    }

    fn links(&self, reader: UserId, conv: ConversationId) -> Reply<Vec<Link>> {
        let now_ms = (self.clock)();
        self.read(|state| state.links(reader, conv, now_ms))
    }

    fn revoke_link(&self, actor: UserId, conv: ConversationId, id: SendId) -> Reply<bool> {
        self.write(|state, _| state.revoke_link(actor, conv, id))
    }

    fn look(&self, user: UserId, conv: ConversationId, hash: SecretHash) -> Reply<LinkLook> {
        let now_ms = (self.clock)();
        self.read(|state| state.look(user, conv, &hash, now_ms))
    }

    fn join(&self, join: Join) -> Reply<Joined> {
        self.write(|state, now_ms| state.join(join, now_ms))
    }

    fn requests(&self, reader: UserId, conv: ConversationId) -> Reply<Vec<JoinRequest>> {
        self.read(|state| state.requests(reader, conv))
    }

    fn amend(&self, amend: Amend) -> Reply<Appended> {
        self.write(|state, now_ms| state.amend(amend, now_ms))
    }

    fn history(&self, ask: AskHistory) -> Reply<Revisions> {
        self.read(|state| state.history(ask))
    }

    fn pins(&self, reader: UserId, conv: ConversationId) -> Reply<Vec<Seq>> {
        self.read(|state| state.pins(reader, conv))
    }

    fn move_cursors(&self, moves: Vec<CursorMove>) -> Reply<Vec<std::result::Result<CursorMoved, Refused>>> {
        self.write(|state, now_ms| Ok(moves.iter().map(|one| state.move_cursor(one, now_ms)).collect()))
    }

    fn set_terms(&self, set: SetTerms) -> Reply<bool> {
        self.write(|state, now_ms| state.set_terms(set, now_ms))
    }

    fn note_deactivated(&self, user: UserId, deactivated: bool, limit: usize) -> Reply<usize> {
        self.write(|state, _| Ok(state.note_deactivated(user, deactivated, limit)))
    }

    fn follow(&self, follow: FollowThread) -> Reply<ThreadRecord> {
        self.write(|state, now_ms| state.follow(follow, now_ms))
    }

    fn read_thread(&self, read: ReadThread) -> Reply<ThreadRecord> {
        self.write(|state, now_ms| state.read_thread(read, now_ms))
    }

    fn thread(&self, ask: AskThread) -> Reply<ThreadEntries> {
        self.read(|state| state.thread(ask))
    }

    fn find(&self, reader: UserId, conv: ConversationId, id: MessageId) -> Reply<Seq> {
        self.read(|state| state.find(reader, conv, id))
    }

    fn page(&self, ask: AskPage) -> Reply<Page> {
        self.read(|state| state.page(ask))
    }

    fn heads(&self, reader: UserId, convs: Vec<ConversationId>) -> Reply<Vec<Head>> {
        self.read(|state| Ok(state.heads(reader, &convs)))
    }

    fn tail(&self, conv: ConversationId, after: Option<Seq>, limit: usize) -> Reply<TailPage> {
        self.read(|state| state.tail(conv, after, limit))
    }

    fn members(&self, reader: UserId, conv: ConversationId, after: Option<UserId>, limit: usize) -> Reply<MembersPage> {
        self.read(|state| state.members(reader, conv, after, limit))
    }

    fn receipts(&self, reader: UserId, conv: ConversationId, seq: Seq) -> Reply<Vec<Receipt>> {
        self.read(|state| state.receipts(reader, conv, seq))
    }

    fn acquainted(&self, viewer: UserId, people: Vec<UserId>) -> Reply<Vec<UserId>> {
        self.read(|state| Ok(state.acquainted(viewer, people)))
    }

    fn standings(&self, user: UserId, people: Vec<UserId>) -> Reply<Vec<Standing>> {
        self.read(|state| Ok(state.standings(user, &people)))
    }

    fn may_see(&self, viewer: UserId, people: Vec<UserId>) -> Reply<Vec<UserId>> {
        self.read(|state| Ok(state.may_see(viewer, &people)))
    }

    fn hidden_from(&self, user: UserId, conv: ConversationId) -> Reply<Vec<UserId>> {
        self.read(|state| Ok(state.hidden_from(user, conv)))
    }

    fn has_done(&self, actor: UserId, conv: ConversationId, send_id: SendId) -> Reply<bool> {
        self.read(|state| {
            let conversation = state.conversations.get(&conv);
            Ok(conversation.is_some_and(|conversation| conversation.sends.contains_key(&(actor, send_id))))
        })
    }

    fn manners(&self, user: UserId) -> Reply<Manners> {
        self.read(|state| Ok(state.manners(user)))
    }

    fn find_acquainted(&self, viewer: UserId, prefix: String, limit: usize) -> Reply<Vec<Person>> {
        self.read(|state| Ok(state.find_acquainted(viewer, &prefix, limit)))
    }

    fn dirty(&self, limit: usize) -> Reply<Vec<Dirty>> {
        self.read(|state| Ok(state.dirty(limit)))
    }

    fn inbox_rows(&self, conv: ConversationId) -> Reply<InboxRows> {
        self.read(|state| Ok(state.inbox_rows(conv)))
    }

    fn bump(&self, rows: Vec<InboxRecord>) -> Reply<Vec<Bumped>> {
        self.write(|state, _| state.bump(rows))
    }

    fn bump_threads(&self, rows: Vec<ThreadRecord>) -> Reply<Vec<(UserId, Ver)>> {
        self.write(|state, _| state.bump_threads(rows))
    }

    fn settle(&self, conv: ConversationId, mark: u64) -> Reply<()> {
        self.write(|state, _| {
            state.settle(conv, mark);
            Ok(())
        })
    }

    fn inbox(&self, user: UserId, after: Ver) -> Reply<InboxPage> {
        self.read(|state| Ok(state.inbox_page(user, after)))
    }

    fn vers(&self, users: Vec<UserId>) -> Reply<Vec<Ver>> {
        self.read(|state| Ok(users.iter().map(|&user| state.ver(user)).collect()))
    }

    fn create_user(&self, user: NewUser) -> Reply<()> {
        self.write(|state, now_ms| {
            state.create_user(user, now_ms);
            Ok(())
        })
    }

    fn user(&self, user: UserId) -> Reply<Option<User>> {
        self.read(|state| Ok(state.accounts.get(&user).map(|account| account.user.clone())))
    }

    fn people(&self, users: Vec<UserId>) -> Reply<Vec<Person>> {
        self.read(|state| Ok(state.people(&users)))
    }

    fn set_profile(&self, change: ProfileChange) -> Reply<(Person, Option<Ver>)> {
        self.write(|state, _| state.set_profile(change))
    }

    fn set_privacy(&self, user: UserId, set: SetPrivacy) -> Reply<(Privacy, Option<Ver>)> {
        self.write(|state, _| state.set_privacy(user, set))
    }

    fn block(&self, user: UserId, other: UserId, on: bool) -> Reply<Option<Ver>> {
        self.write(|state, _| state.block(user, other, on))
    }

    fn deactivate(&self, user: UserId, deactivated: bool) -> Reply<Vec<DeviceId>> {
        self.write(|state, _| state.deactivate(user, deactivated))
    }

    fn add_report(&self, report: NewReport) -> Reply<()> {
        self.write(|state, now_ms| state.add_report(report, now_ms))
    }

    fn reports(&self, after: u64, limit: usize) -> Reply<Vec<Report>> {
        self.read(|state| Ok(state.open_reports(after, limit)))
    }

    fn close_report(&self, number: u64) -> Reply<bool> {
        self.write(|state, _| Ok(state.close_report(number)))
    }

    fn set_password(&self, user: UserId, password_hash: String) -> Reply<()> {
        self.write(|state, _| state.set_password(user, password_hash))
    }

    fn set_owner(&self, user: UserId, owner: bool) -> Reply<()> {
        self.write(|state, _| state.set_owner(user, owner))
    }

    fn add_device(&self, device: NewDevice) -> Reply<()> {
        self.write(|state, now_ms| state.add_device(device, now_ms))
    }

    fn device(&self, user: UserId, device: DeviceId) -> Reply<Option<Device>> {
        self.read(|state| Ok(state.device(user, device)))
    }

    fn devices(&self, user: UserId) -> Reply<Vec<Device>> {
        self.read(|state| Ok(state.devices(user)))
    }

    fn saw_device(&self, seen: SeenDevice) -> Reply<()> {
        self.write(|state, _| {
            state.saw_device(seen);
            Ok(())
        })
    }

    fn rotate_secret(&self, user: UserId, device: DeviceId, next_hash: SecretHash) -> Reply<()> {
        self.write(|state, _| state.rotate_secret(user, device, next_hash))
    }

    fn revoke_devices(&self, user: UserId, which: Which) -> Reply<Vec<DeviceId>> {
        self.write(|state, _| Ok(state.revoke_devices(user, which)))
    }

    fn last_seen(&self, users: Vec<UserId>) -> Reply<Vec<Option<u64>>> {
        self.read(|state| {
            let seen = |user| state.accounts.get(user).and_then(|account| account.last_seen_ms);
            Ok(users.iter().map(seen).collect())
        })
    }

    fn put_mail(&self, mail: NewMail) -> Reply<DeviceSeq> {
        self.write(|state, now_ms| state.put_mail(mail, now_ms))
    }

    fn mail(&self, user: UserId, device: DeviceId, after: DeviceSeq, limit: usize) -> Reply<Vec<Mail>> {
        self.read(|state| Ok(state.mail(user, device, after, limit)))
    }

    fn ack_mail(&self, user: UserId, device: DeviceId, to: DeviceSeq) -> Reply<()> {
        self.write(|state, _| {
            state.ack_mail(user, device, to);
            Ok(())
        })
    }

    fn set_prefs(&self, user: UserId, change: SetPrefs) -> Reply<Owned<Prefs>> {
        self.write(|state, _| state.set_prefs(user, change))
    }

    fn set_mark(&self, user: UserId, change: SetMark) -> Reply<Owned<MarkRow>> {
        self.write(|state, now_ms| state.set_mark(user, change, now_ms))
    }

    fn starred(&self, user: UserId, before: Option<Ver>, limit: usize) -> Reply<Vec<(Ver, MarkRow)>> {
        self.read(|state| Ok(state.starred(user, before, limit)))
    }

    fn set_draft(&self, draft: SetDraft) -> Reply<Owned<Draft>> {
        self.write(|state, now_ms| state.set_draft(draft, now_ms))
    }

    fn claim_handle(&self, claim: ClaimHandle) -> Reply<()> {
        self.write(|state, now_ms| state.directory.claim(claim, now_ms))
    }

    fn release_handles(&self, user: UserId, but: String) -> Reply<()> {
        self.write(|state, now_ms| {
            state.directory.release(user, &but, now_ms);
            Ok(())
        })
    }

    fn find_handles(&self, handles: Vec<String>) -> Reply<Vec<(String, UserId)>> {
        let now_ms = (self.clock)();
        self.read(|state| Ok(state.directory.find(handles, now_ms)))
    }

    fn handles(&self, after: Option<String>, limit: usize) -> Reply<Vec<(String, UserId)>> {
        self.read(|state| Ok(state.directory.list(after.as_deref(), limit)))
    }

    fn add_invite(&self, invite: Invite) -> Reply<()> {
        self.write(|state, _| {
            state.directory.add_invite(invite);
            Ok(())
        })
    }

    fn invites(&self, limit: usize) -> Reply<Vec<Invite>> {
        let now_ms = (self.clock)();
        self.read(|state| Ok(state.directory.invites(limit, now_ms)))
    }

    fn revoke_invite(&self, hash: SecretHash) -> Reply<bool> {
        self.write(|state, _| Ok(state.directory.revoke_invite(&hash)))
    }

    fn expire(&self, limit: usize) -> Reply<usize> {
        self.write(|state, now_ms| Ok(state.expire(limit, now_ms)))
    }

    fn stats(&self) -> Reply<Stats> {
        self.read(|state| Ok(state.stats()))
    }

    fn load(&self) -> Load {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Load {
            writes_waiting_max: 1,
            batches: state.changes,
            changes: state.changes,
            ..Load::default()
        }
    }
}
