//! A store that answers when the test lets it: to see what happens while something is under way.

use protocol::own::{MarkRow, Prefs, SetMark, SetPrefs};
use protocol::people::{Privacy, SetPrivacy};
use protocol::{ConversationId, DeviceId, DeviceSeq, Epoch, Seq, UserId, Ver};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::*;
use tokio::sync::watch;

/// The store below, whose answers wait while it is held. What is asked for is done at once all the same.
pub struct Held {
    below: Arc<dyn Store>,
    open: watch::Sender<bool>,
    /// Answers that are given although it is held.
    spare: AtomicUsize,
}

impl Held {
    pub fn new(below: Arc<dyn Store>) -> Arc<Self> {
        let open = watch::Sender::new(true);
        let spare = AtomicUsize::new(0);
        Arc::new(Self { below, open, spare })
    }

    /// From here on no answer is given.
    pub fn hold(&self) {
        self.hold_after(0);
    }

    /// From here on so many answers are given, then none.
    pub fn hold_after(&self, answers: usize) {
        self.spare.store(answers, Ordering::Relaxed);
        self.open.send_replace(false);
    }

    /// All answers are given.
    pub fn let_go(&self) {
        self.open.send_replace(true);
    }

    fn when_open<T: Send + Unpin + 'static>(&self, reply: Reply<T>) -> Reply<T> {
        let one_less = |spare: usize| spare.checked_sub(1);
        if *self.open.borrow()
            || self
                .spare
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
                .is_ok()
        {
            return reply;
        }
        let (promise, later) = Reply::promised();
        let mut open = self.open.subscribe();
        tokio::spawn(async move {
            let _ = open.wait_for(|open| *open).await;
            promise.keep(reply.await);
        });
        later
    }
}

macro_rules! held {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        impl Store for Held {
            fn epoch(&self) -> Epoch {
                self.below.epoch()
            }

            fn instance(&self) -> u32 {
                self.below.instance()
            }

            fn load(&self) -> Load {
                self.below.load()
            }

            $(fn $name(&self, $($argument: $type),*) -> Reply<$answer> {
                self.when_open(self.below.$name($($argument),*))
            })*
        }
    };
}

held! {
    append(append: Append) -> Appended;
    create(create: Create) -> Appended;
    change_members(change: ChangeMembers) -> Appended;
    change_settings(change: ChangeSettings) -> Appended;
    add_link(link: NewLink) -> Link;
    links(reader: UserId, conv: ConversationId) -> Vec<Link>;
    revoke_link(actor: UserId, conv: ConversationId, id: protocol::SendId) -> bool;
    look(user: UserId, conv: ConversationId, hash: SecretHash) -> LinkLook;
    join(join: Join) -> Joined;
    requests(reader: UserId, conv: ConversationId) -> Vec<JoinRequest>;
    amend(amend: Amend) -> Appended;
    history(ask: AskHistory) -> Revisions;
    pins(reader: UserId, conv: ConversationId) -> Vec<Seq>;
    move_cursors(moves: Vec<CursorMove>) -> Vec<std::result::Result<CursorMoved, Refused>>;
    set_terms(set: SetTerms) -> bool;
    note_deactivated(user: UserId, deactivated: bool, limit: usize) -> usize;
    page(ask: AskPage) -> Page;
    heads(reader: UserId, convs: Vec<ConversationId>) -> Vec<Head>;
    tail(conv: ConversationId, after: Option<Seq>, limit: usize) -> TailPage;
    members(reader: UserId, conv: ConversationId, after: Option<UserId>, limit: usize) -> MembersPage;
    receipts(reader: UserId, conv: ConversationId, seq: Seq) -> Vec<Receipt>;
    acquainted(viewer: UserId, people: Vec<UserId>) -> Vec<UserId>;
    standings(user: UserId, people: Vec<UserId>) -> Vec<Standing>;
    may_see(viewer: UserId, people: Vec<UserId>) -> Vec<UserId>;
    has_done(actor: UserId, conv: ConversationId, send_id: protocol::SendId) -> bool;
    hidden_from(user: UserId, conv: ConversationId) -> Vec<UserId>;
    manners(user: UserId) -> Manners;
    find_acquainted(viewer: UserId, prefix: String, limit: usize) -> Vec<Person>;
    dirty(limit: usize) -> Vec<Dirty>;
    inbox_rows(conv: ConversationId) -> InboxRows;
    bump(rows: Vec<InboxRecord>) -> Vec<Bumped>;
    bump_threads(rows: Vec<ThreadRecord>) -> Vec<(UserId, Ver)>;
    follow(follow: FollowThread) -> ThreadRecord;
    read_thread(read: ReadThread) -> ThreadRecord;
    thread(ask: AskThread) -> ThreadEntries;
    find(reader: UserId, conv: ConversationId, id: protocol::MessageId) -> Seq;
    settle(conv: ConversationId, mark: u64) -> ();
    inbox(user: UserId, after: Ver) -> InboxPage;
    vers(users: Vec<UserId>) -> Vec<Ver>;
    create_user(user: NewUser) -> ();
    user(user: UserId) -> Option<User>;
    people(users: Vec<UserId>) -> Vec<Person>;
    set_profile(change: ProfileChange) -> (Person, Option<Ver>);
    set_privacy(user: UserId, set: SetPrivacy) -> (Privacy, Option<Ver>);
    block(user: UserId, other: UserId, on: bool) -> Option<Ver>;
    deactivate(user: UserId, deactivated: bool) -> Vec<DeviceId>;
    add_report(report: NewReport) -> ();
    reports(after: u64, limit: usize) -> Vec<Report>;
    close_report(number: u64) -> bool;
    set_password(user: UserId, password_hash: String) -> ();
    set_owner(user: UserId, owner: bool) -> ();
    add_device(device: NewDevice) -> ();
    device(user: UserId, device: DeviceId) -> Option<Device>;
    devices(user: UserId) -> Vec<Device>;
    saw_device(seen: SeenDevice) -> ();
    rotate_secret(user: UserId, device: DeviceId, next_hash: SecretHash) -> ();
    revoke_devices(user: UserId, which: Which) -> Vec<DeviceId>;
    last_seen(users: Vec<UserId>) -> Vec<Option<u64>>;
    put_mail(mail: NewMail) -> DeviceSeq;
    mail(user: UserId, device: DeviceId, after: DeviceSeq, limit: usize) -> Vec<Mail>;
    ack_mail(user: UserId, device: DeviceId, to: DeviceSeq) -> ();
    set_prefs(user: UserId, change: SetPrefs) -> Owned<Prefs>;
    set_mark(user: UserId, change: SetMark) -> Owned<MarkRow>;
    starred(user: UserId, before: Option<Ver>, limit: usize) -> Vec<(Ver, MarkRow)>;
    set_draft(draft: SetDraft) -> Owned<Draft>;
    claim_handle(claim: ClaimHandle) -> ();
    release_handles(user: UserId, but: String) -> ();
    find_handles(handles: Vec<String>) -> Vec<(String, UserId)>;
    handles(after: Option<String>, limit: usize) -> Vec<(String, UserId)>;
    add_invite(invite: Invite) -> ();
    invites(limit: usize) -> Vec<Invite>;
    revoke_invite(hash: SecretHash) -> bool;
    expire(limit: usize) -> usize;
    stats() -> Stats;
}
