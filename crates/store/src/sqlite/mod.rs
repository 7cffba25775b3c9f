//! The engine of the standalone shape: SQLite, one writer with natural batches, readers with snapshots.
//!
//! A call of the trait becomes a [`job`] in one of two lanes and a promise of its answer. The [`Writer`] takes the
//! changes that wait as one batch and one transaction and answers after the commit; the [`Reader`]s take reads one by
//! one; the [`Checkpointer`] keeps the write-ahead log short. All three are step functions: [`start`] gives them
//! threads, and [`drive`] runs them in one task, so that a simulation can be replayed.

mod amend;
mod backup;
mod checkpoint;
mod cursors;
mod db;
mod devices;
mod directory;
mod fanout;
mod file;
mod held;
mod inbox;
mod job;
mod lane;
mod links;
mod log;
mod members;
mod named;
mod open;
mod options;
mod own;
mod people;
mod planted;
mod read;
mod reader;
mod reports;
mod restore;
mod schema;
mod settings;
mod seen;
mod shared;
mod start;
mod terms;
mod threads;
mod users;
mod verify;
mod whole;
mod work;
mod writer;

pub use backup::{DirectoryError, back_up_directory};
pub use checkpoint::Checkpointer;
pub use file::{FILE, LOCK_FILE, OpenError};
pub use open::{Opened, new_epoch, open};
pub use options::{Clock, Faults, Options, Point};
pub use reader::Reader;
pub use restore::{Restore, RestoreError, Restored, Step, restore};
pub use schema::VERSION as SCHEMA_VERSION;
pub use start::{drive, start};
pub use verify::{Counts, Glance, Verified, VerifyError, glance, verify};
pub use writer::Writer;

use crate::backup::{BackUp, BackedUp, BackupError};
use crate::change::{Amend, AskHistory, Revisions};
use crate::error::{Error, Fault, Refused};
use crate::link::{Join, JoinRequest, Joined, Link, LinkLook, NewLink};
use crate::own::{Draft, Owned, SetDraft};
use crate::record::*;
use crate::reply::Reply;
use crate::thread::{AskThread, FollowThread, ReadThread, ThreadEntries, ThreadRecord};
use crate::{BUMP_ROWS_MAX, Store};
use db::Db;
use job::{Outcome, Read, Snapshot, Typed};
use lane::Refusal;
use protocol::own::{MarkRow, Prefs, SetMark, SetPrefs};
use protocol::people::{Privacy, SetPrivacy};
use protocol::{ConversationId, DeviceId, DeviceSeq, Epoch, MessageId, SendId, Seq, UserId, Ver};
use shared::Shared;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use work::Work;

/// The store. Clones are the same store; with the last one the engine closes.
#[derive(Clone)]
pub struct Sqlite {
    shared: Arc<Shared>,
    threads: Arc<Threads>,
}

/// The engine's threads, if it has any; joined when the last clone goes.
struct Threads {
    shared: Arc<Shared>,
    handles: Mutex<Vec<JoinHandle<()>>>,
}

impl Threads {
    fn end(&self) {
        self.shared.close();
        let handles = std::mem::take(&mut *self.handles.lock().unwrap_or_else(PoisonError::into_inner));
        for handle in handles {
            // A thread that panicked has said so already; its answers came as faults.
            let _ = handle.join();
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.end();
    }
}

impl Sqlite {
    fn new(shared: Arc<Shared>) -> Self {
        let threads = Arc::new(Threads {
            shared: Arc::clone(&shared),
            handles: Mutex::new(Vec::new()),
        });
        Self { shared, threads }
    }

    fn joins(&self, handles: Vec<JoinHandle<()>>) {
        *self.threads.handles.lock().unwrap_or_else(PoisonError::into_inner) = handles;
    }

    /// Takes no more calls, finishes those that wait, and ends the engine's threads. Blocks until they have ended.
    pub fn close(&self) {
        self.threads.end();
    }

    /// Whether [`Sqlite::close`] was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.writes.is_closed()
    }

    /// Comes back once something waits to be done, or the store is closed: for who drives the engine without threads.
    pub async fn ready(&self) {
        self.shared.ready.notified().await;
    }

    fn change<T: Send + 'static>(
        &self,
        rows: usize,
        act: impl Fn(&mut Work) -> Outcome<T> + Send + 'static,
    ) -> Reply<T> {
        let (promise, reply) = Reply::promised();
        match self.shared.writes.push(Box::new(Typed::new(rows, act, promise))) {
            Ok(()) => {
                self.shared.ready.notify_one();
                reply
            }
            Err(refusal) => Reply::ready(Err(self.turned_away(refusal))),
        }
    }

    fn read<T: Send + 'static>(&self, act: impl FnOnce(&Db) -> Outcome<T> + Send + 'static) -> Reply<T> {
        let (promise, reply) = Reply::promised();
        let read = move |snapshot: &mut Snapshot<'_>| {
            promise.keep(match snapshot {
                Snapshot::Open(db) => act(db).map_err(|problem| problem.into_error("read")),
                Snapshot::Failed(fault) => Err(Error::Fault(fault.clone())),
            });
        };
        self.ask(Read::One(Box::new(read)), reply)
    }

    fn ask<T>(&self, read: Read, reply: Reply<T>) -> Reply<T> {
        match self.shared.reads.push(read) {
            Ok(()) => {
                self.shared.ready.notify_one();
                reply
            }
            Err(refusal) => Reply::ready(Err(self.turned_away(refusal))),
        }
    }

    fn turned_away(&self, refusal: Refusal) -> Error {
        match refusal {
            Refusal::Full => Error::Overloaded {
                retry_after_ms: self.shared.retry_after_ms,
            },
            Refusal::Closed => Error::Fault(Fault::new("was asked", "the store is closed")),
        }
    }
}

impl Store for Sqlite {
    fn epoch(&self) -> Epoch {
        self.shared.epoch
    }

    fn instance(&self) -> u32 {
        self.shared.instance
    }

    fn append(&self, append: Append) -> Reply<Appended> {
        self.change(1, move |work| log::append(work, &append))
    }

    fn create(&self, create: Create) -> Reply<Appended> {
        self.change(create.members.len(), move |work| members::create(work, &create))
    }

    fn change_members(&self, change: ChangeMembers) -> Reply<Appended> {
        self.change(1, move |work| members::change(work, &change))
    }

    fn change_settings(&self, change: ChangeSettings) -> Reply<Appended> {
        self.change(1, move |work| settings::change(work, &change))
    }

    fn add_link(&self, link: NewLink) -> Reply<Link> {
        self.change(1, move |work| links::add(work, &link))
    }

    fn links(&self, reader: UserId, conv: ConversationId) -> Reply<Vec<Link>> {
        let clock = Arc::clone(&self.shared.clock);
        self.read(move |db| links::list(db, clock(), reader, conv))
    }

    fn revoke_link(&self, actor: UserId, conv: ConversationId, id: SendId) -> Reply<bool> {
        self.change(1, move |work| links::revoke(work, actor, conv, id))
    }

    fn look(&self, user: UserId, conv: ConversationId, hash: SecretHash) -> Reply<LinkLook> {
        let clock = Arc::clone(&self.shared.clock);
        self.read(move |db| links::look(db, clock(), user, conv, &hash))
    }

    fn join(&self, join: Join) -> Reply<Joined> {
        self.change(1, move |work| links::join(work, &join))
    }

    fn requests(&self, reader: UserId, conv: ConversationId) -> Reply<Vec<JoinRequest>> {
        self.read(move |db| links::requests(db, reader, conv))
    }

    fn amend(&self, amend: Amend) -> Reply<Appended> {
        self.change(1, move |work| amend::amend(work, &amend))
    }

    fn history(&self, ask: AskHistory) -> Reply<Revisions> {
        let epoch = self.shared.epoch;
        self.read(move |db| amend::history(db, epoch, &ask))
    }

    fn pins(&self, reader: UserId, conv: ConversationId) -> Reply<Vec<Seq>> {
        let epoch = self.shared.epoch;
        self.read(move |db| amend::pins(db, epoch, reader, conv))
    }

    fn move_cursors(&self, moves: Vec<CursorMove>) -> Reply<Vec<Result<CursorMoved, Refused>>> {
        self.change(moves.len(), move |work| cursors::move_all(work, &moves))
    }

    fn set_terms(&self, set: SetTerms) -> Reply<bool> {
        self.change(1, move |work| terms::set(work, &set))
    }

    fn note_deactivated(&self, user: UserId, deactivated: bool, limit: usize) -> Reply<usize> {
        self.change(1, move |work| terms::note_deactivated(work, user, deactivated, limit))
    }

    fn follow(&self, follow: FollowThread) -> Reply<ThreadRecord> {
        self.change(1, move |work| threads::follow(work, &follow))
    }

    fn read_thread(&self, read: ReadThread) -> Reply<ThreadRecord> {
        self.change(1, move |work| threads::read_to(work, &read))
    }

    fn thread(&self, ask: AskThread) -> Reply<ThreadEntries> {
        let epoch = self.shared.epoch;
        self.read(move |db| threads::page(db, epoch, &ask))
    }

    fn find(&self, reader: UserId, conv: ConversationId, id: MessageId) -> Reply<Seq> {
        let epoch = self.shared.epoch;
        self.read(move |db| read::find(db, epoch, reader, conv, id))
    }

    fn page(&self, ask: AskPage) -> Reply<Page> {
        let epoch = self.shared.epoch;
        self.read(move |db| read::page(db, epoch, &ask))
    }

    fn heads(&self, reader: UserId, convs: Vec<ConversationId>) -> Reply<Vec<Head>> {
        let epoch = self.shared.epoch;
        self.read(move |db| read::heads(db, epoch, reader, &convs))
    }

    fn tail(&self, conv: ConversationId, after: Option<Seq>, limit: usize) -> Reply<TailPage> {
        let epoch = self.shared.epoch;
        self.read(move |db| read::tail(db, epoch, conv, after, limit))
    }

    fn members(&self, reader: UserId, conv: ConversationId, after: Option<UserId>, limit: usize) -> Reply<MembersPage> {
        self.read(move |db| read::members(db, reader, conv, after, limit))
    }

    fn receipts(&self, reader: UserId, conv: ConversationId, seq: Seq) -> Reply<Vec<Receipt>> {
        self.read(move |db| read::receipts(db, reader, conv, seq))
    }

    fn acquainted(&self, viewer: UserId, people: Vec<UserId>) -> Reply<Vec<UserId>> {
        self.read(move |db| read::acquainted(db, viewer, &people))
    }

    fn standings(&self, user: UserId, people: Vec<UserId>) -> Reply<Vec<Standing>> {
        self.read(move |db| people::standings(db, user, &people))
    }

    fn may_see(&self, viewer: UserId, people: Vec<UserId>) -> Reply<Vec<UserId>> {
        self.read(move |db| people::may_see(db, viewer, &people))
    }

    fn hidden_from(&self, user: UserId, conv: ConversationId) -> Reply<Vec<UserId>> {
        self.read(move |db| people::hidden_from(db, user, conv))
    }

    fn has_done(&self, actor: UserId, conv: ConversationId, send_id: SendId) -> Reply<bool> {
        self.read(move |db| log::has_done(db, actor, conv, send_id))
    }

    fn manners(&self, user: UserId) -> Reply<Manners> {
        self.read(move |db| people::manners(db, user))
    }

    fn find_acquainted(&self, viewer: UserId, prefix: String, limit: usize) -> Reply<Vec<Person>> {
        self.read(move |db| people::find_acquainted(db, viewer, &prefix, limit))
    }

    fn dirty(&self, limit: usize) -> Reply<Vec<Dirty>> {
        self.read(move |db| fanout::dirty(db, limit))
    }

    fn inbox_rows(&self, conv: ConversationId) -> Reply<InboxRows> {
        self.change(1, move |work| fanout::inbox_rows(work, conv))
    }

    fn bump(&self, rows: Vec<InboxRecord>) -> Reply<Vec<Bumped>> {
        if rows.len() > BUMP_ROWS_MAX {
            let fault = Fault::new("was asked", "more rows than one bump may have");
            return Reply::ready(Err(Error::Fault(fault)));
        }
        let epoch = self.shared.epoch;
        self.change(rows.len(), move |work| inbox::bump(work, epoch, &rows))
    }

    fn bump_threads(&self, rows: Vec<ThreadRecord>) -> Reply<Vec<(UserId, Ver)>> {
        self.change(rows.len(), move |work| inbox::threads::bump(work, &rows))
    }

    fn settle(&self, conv: ConversationId, mark: u64) -> Reply<()> {
        self.change(1, move |work| fanout::settle(work, conv, mark))
    }

    fn inbox(&self, user: UserId, after: Ver) -> Reply<InboxPage> {
        self.read(move |db| inbox::inbox(db, user, after))
    }

    fn vers(&self, users: Vec<UserId>) -> Reply<Vec<Ver>> {
        let (promise, reply) = Reply::promised();
        self.ask(Read::Vers(users, promise), reply)
    }

    fn create_user(&self, user: NewUser) -> Reply<()> {
        self.change(1, move |work| users::create(work, &user))
    }

    fn user(&self, user: UserId) -> Reply<Option<User>> {
        self.read(move |db| users::user(db, user))
    }

    fn people(&self, users: Vec<UserId>) -> Reply<Vec<Person>> {
        self.read(move |db| users::people(db, &users))
    }

    fn set_profile(&self, change: ProfileChange) -> Reply<(Person, Option<Ver>)> {
        self.change(1, move |work| people::set_profile(work, &change))
    }

    fn set_privacy(&self, user: UserId, set: SetPrivacy) -> Reply<(Privacy, Option<Ver>)> {
        self.change(1, move |work| people::set_privacy(work, user, &set))
    }

    fn block(&self, user: UserId, other: UserId, on: bool) -> Reply<Option<Ver>> {
        self.change(1, move |work| people::block(work, user, other, on))
    }

    fn deactivate(&self, user: UserId, deactivated: bool) -> Reply<Vec<DeviceId>> {
        self.change(1, move |work| people::deactivate(work, user, deactivated))
    }

    fn add_report(&self, report: NewReport) -> Reply<()> {
        self.change(1, move |work| reports::add(work, &report))
    }

    fn reports(&self, after: u64, limit: usize) -> Reply<Vec<Report>> {
        self.read(move |db| reports::list(db, after, limit))
    }

    fn close_report(&self, number: u64) -> Reply<bool> {
        self.change(1, move |work| reports::close(work, number))
    }

    fn set_password(&self, user: UserId, password_hash: String) -> Reply<()> {
        self.change(1, move |work| users::set_password(work, user, &password_hash))
    }

    fn set_owner(&self, user: UserId, owner: bool) -> Reply<()> {
        self.change(1, move |work| users::set_owner(work, user, owner))
    }

    fn add_device(&self, device: NewDevice) -> Reply<()> {
        self.change(1, move |work| devices::add(work, &device))
    }

    fn device(&self, user: UserId, device: DeviceId) -> Reply<Option<Device>> {
        self.read(move |db| devices::find(db, user, device))
    }

    fn devices(&self, user: UserId) -> Reply<Vec<Device>> {
        self.read(move |db| devices::list(db, user))
    }

    fn saw_device(&self, seen: SeenDevice) -> Reply<()> {
        self.change(1, move |work| devices::saw(work, &seen))
    }

    fn rotate_secret(&self, user: UserId, device: DeviceId, next_hash: SecretHash) -> Reply<()> {
        self.change(1, move |work| devices::rotate(work, user, device, &next_hash))
    }

    fn revoke_devices(&self, user: UserId, which: Which) -> Reply<Vec<DeviceId>> {
        self.change(1, move |work| devices::revoke(work, user, which))
    }

    fn last_seen(&self, users: Vec<UserId>) -> Reply<Vec<Option<u64>>> {
        self.read(move |db| users::last_seen(db, &users))
    }

    fn put_mail(&self, mail: NewMail) -> Reply<DeviceSeq> {
        self.change(1, move |work| devices::put_mail(work, &mail))
    }

    fn mail(&self, user: UserId, device: DeviceId, after: DeviceSeq, limit: usize) -> Reply<Vec<Mail>> {
        self.read(move |db| devices::mail(db, user, device, after, limit))
    }

    fn ack_mail(&self, user: UserId, device: DeviceId, to: DeviceSeq) -> Reply<()> {
        self.change(1, move |work| devices::ack_mail(work, user, device, to))
    }

    fn set_prefs(&self, user: UserId, change: SetPrefs) -> Reply<Owned<Prefs>> {
        let epoch = self.shared.epoch;
        self.change(1, move |work| own::set_prefs(work, epoch, user, &change))
    }

    fn set_mark(&self, user: UserId, change: SetMark) -> Reply<Owned<MarkRow>> {
        let epoch = self.shared.epoch;
        self.change(1, move |work| own::set_mark(work, epoch, user, &change))
    }

    fn starred(&self, user: UserId, before: Option<Ver>, limit: usize) -> Reply<Vec<(Ver, MarkRow)>> {
        self.read(move |db| own::starred(db, user, before, limit))
    }

    fn set_draft(&self, draft: SetDraft) -> Reply<Owned<Draft>> {
        let epoch = self.shared.epoch;
        self.change(1, move |work| own::set_draft(work, epoch, &draft))
    }

    fn claim_handle(&self, claim: ClaimHandle) -> Reply<()> {
        self.change(1, move |work| directory::claim(work, &claim))
    }

    fn release_handles(&self, user: UserId, but: String) -> Reply<()> {
        self.change(1, move |work| directory::release(work, user, &but))
    }

    fn find_handles(&self, handles: Vec<String>) -> Reply<Vec<(String, UserId)>> {
        let clock = Arc::clone(&self.shared.clock);
        self.read(move |db| directory::find(db, clock(), &handles))
    }

    fn handles(&self, after: Option<String>, limit: usize) -> Reply<Vec<(String, UserId)>> {
        self.read(move |db| directory::list(db, after.as_deref(), limit))
    }

    fn add_invite(&self, invite: Invite) -> Reply<()> {
        self.change(1, move |work| directory::add_invite(work, &invite))
    }

    fn invites(&self, limit: usize) -> Reply<Vec<Invite>> {
        let clock = Arc::clone(&self.shared.clock);
        self.read(move |db| directory::invites(db, clock(), limit))
    }

    fn revoke_invite(&self, hash: SecretHash) -> Reply<bool> {
        self.change(1, move |work| directory::revoke_invite(work, &hash))
    }

    fn expire(&self, limit: usize) -> Reply<usize> {
        self.change(1, move |work| whole::expire(work, limit))
    }

    fn stats(&self) -> Reply<Stats> {
        let path = self.shared.path.clone();
        self.read(move |db| whole::stats(db, &path))
    }

    fn back_up(&self, ask: BackUp) -> Reply<Result<BackedUp, BackupError>> {
        backup::begin(&self.shared, ask)
    }

    fn load(&self) -> Load {
        Load {
            writes_waiting: self.shared.writes.waiting(),
            reads_waiting: self.shared.reads.waiting(),
            writes_waiting_max: self.shared.writes.waiting_max(),
            batches: self.shared.batches.load(Ordering::Relaxed),
            changes: self.shared.changes.load(Ordering::Relaxed),
        }
    }
}
