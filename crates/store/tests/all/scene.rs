//! The scene of a test: a store with a clock that is moved by hand, people and conversations in it, and short words for
//! what they do.

use protocol::server_frame::ConversationKind;
use protocol::{ConversationId, DeviceId, Epoch, Generation, Kind, SendId, Seq, Span, UserId, Ver, unread};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use store::Names;
use store::model::Model;
use store::{
    Append, Appended, AskPage, BUMP_ROWS_MAX, Bumped, ChangeMembers, Create, CursorMove, CursorMoved, Entry, Error,
    InboxRecord, MemberChange, Mentions, NewUser, Page, Refused, Reply, Store, Topic,
};

/// 2026-11-24, when the tests' clock begins, in milliseconds since 1970.
pub const START_MS: u64 = 1_795_500_000_000;
/// The lineage of every store under test.
pub const EPOCH: Epoch = Epoch::from_bytes([0xe0; 16]);

/// A clock that only a test moves.
#[derive(Clone)]
pub struct Hands(Arc<AtomicU64>);

impl Hands {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(START_MS)))
    }

    pub fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    pub fn set_ms(&self, ms: u64) {
        self.0.store(ms, Ordering::SeqCst);
    }

    pub fn pass_ms(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

/// An engine that holds a store under test.
pub trait Engine {
    /// The store.
    fn store(&self) -> Arc<dyn Store>;

    /// Lets go of the store and opens it again from what is durable. `false`: it keeps everything in memory.
    fn reopen(&mut self) -> bool;

    /// From now on one in so many of what can fail inside the engine fails; 0: nothing does. An engine without such
    /// points has no trouble.
    fn fail_one_in(&self, _one_in: u32) {}
}

/// Opens an empty store.
pub type Open = fn(&Hands) -> Box<dyn Engine>;

/// The model as an engine.
pub fn model(hands: &Hands) -> Box<dyn Engine> {
    struct InMemory(Arc<Model>);
    impl Engine for InMemory {
        fn store(&self) -> Arc<dyn Store> {
            self.0.clone()
        }
        fn reopen(&mut self) -> bool {
            false
        }
    }
    let hands = hands.clone();
    Box::new(InMemory(Arc::new(Model::new(
        EPOCH,
        Arc::new(move || hands.now_ms()),
        7,
    ))))
}

/// Waits for an answer without a runtime: engines answer from threads of their own.
pub fn wait<T: Unpin>(reply: Reply<T>) -> store::Result<T> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut reply = pin!(reply);
    loop {
        match reply.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => return result,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// The answer where the test knows of no reason against it.
#[track_caller]
pub fn done<T: Unpin>(reply: Reply<T>) -> T {
    wait(reply).unwrap_or_else(|error| panic!("not done: {error}"))
}

/// The refusal where the test knows that there must be one.
#[track_caller]
pub fn refused<T: Unpin + std::fmt::Debug>(reply: Reply<T>) -> Refused {
    match wait(reply) {
        Err(Error::Refused(refused)) => refused,
        other => panic!("not refused: {other:?}"),
    }
}

/// A store and whom the test has put into it.
pub struct Scene {
    pub store: Arc<dyn Store>,
    pub hands: Hands,
    open: Open,
    engine: Box<dyn Engine>,
    minted: u64,
}

impl Scene {
    pub fn new(open: Open) -> Self {
        let hands = Hands::new();
        let engine = open(&hands);
        Self {
            store: engine.store(),
            hands,
            open,
            engine,
            minted: 0,
        }
    }

    /// A scene in a store that the test has opened itself.
    pub fn over(store: Arc<dyn Store>, hands: &Hands) -> Self {
        Self {
            store,
            ..Self {
                hands: hands.clone(),
                ..Self::new(model)
            }
        }
    }

    /// Another empty store of the same engine.
    pub fn another(&self) -> Self {
        Self::new(self.open)
    }

    /// Opens the store again from what is durable; `false` where nothing is.
    pub fn reopen(&mut self) -> bool {
        // The test's own hold goes first: an engine with a file lets only one in.
        self.store = Arc::new(Model::new(EPOCH, Arc::new(|| 0), 0));
        let durable = self.engine.reopen();
        self.store = self.engine.store();
        durable
    }

    /// See [`Engine::fail_one_in`].
    pub fn fail_one_in(&self, one_in: u32) {
        self.engine.fail_one_in(one_in);
    }

    fn mint(&mut self) -> [u8; 16] {
        self.minted += 1;
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&self.minted.to_be_bytes());
        bytes
    }

    pub fn send_id(&mut self) -> SendId {
        SendId::from_bytes(self.mint())
    }

    pub fn device_id(&mut self) -> DeviceId {
        DeviceId::from_bytes(self.mint())
    }

    pub fn user_id(&mut self) -> UserId {
        UserId::from_bytes(self.mint())
    }

    /// Somebody with an account.
    pub fn person(&mut self) -> UserId {
        let user = self.user_id();
        done(self.store.create_user(NewUser {
            user,
            handle: format!("p{}", self.minted),
            name: format!("Person {}", self.minted),
            password_hash: "none".into(),
            owner: false,
        }));
        user
    }

    /// So many people with accounts, in order of id.
    pub fn persons<const N: usize>(&mut self) -> [UserId; N] {
        std::array::from_fn(|_| self.person())
    }

    pub fn create_group(&mut self, members: &[UserId]) -> Create {
        let send_id = self.send_id();
        Create {
            conv: ConversationId::group(members[0], send_id),
            kind: ConversationKind::Group,
            creator: members[0],
            send_id,
            title: Some("a group".into()),
            members: members.to_vec(),
            request: false,
        }
    }

    pub fn create_direct(&mut self, one: UserId, other: UserId) -> Create {
        Create {
            conv: ConversationId::direct(one, other),
            kind: ConversationKind::Direct,
            creator: one,
            send_id: self.send_id(),
            title: None,
            members: vec![one, other],
            request: false,
        }
    }

    /// A group that the first of them owns.
    pub fn group(&mut self, members: &[UserId]) -> ConversationId {
        let create = self.create_group(members);
        done(self.store.create(create)).entry.conv
    }

    /// The 1:1 of two people.
    pub fn direct(&mut self, one: UserId, other: UserId) -> ConversationId {
        let create = self.create_direct(one, other);
        done(self.store.create(create)).entry.conv
    }

    /// A text that somebody is about to send.
    pub fn text(&mut self, conv: ConversationId, sender: UserId, text: &str) -> Append {
        Append {
            conv,
            sender,
            device: DeviceId::from_bytes([1; 16]),
            send_id: self.send_id(),
            kind: Kind::Text,
            body: format!("{{\"text\":\"{text}\"}}").into(),
            mentions: Mentions::none(),
            reply_to: None,
            thread: None,
            names: Names::default(),
            read: None,
            forward: None,
            private: false,
        }
    }

    /// Sends a text.
    #[track_caller]
    pub fn say(&mut self, conv: ConversationId, sender: UserId, text: &str) -> Arc<Entry> {
        let append = self.text(conv, sender, text);
        self.append(append).entry
    }

    #[track_caller]
    pub fn append(&self, append: Append) -> Appended {
        done(self.store.append(append))
    }

    pub fn change(&mut self, conv: ConversationId, actor: UserId, change: MemberChange) -> ChangeMembers {
        ChangeMembers {
            conv,
            actor,
            send_id: self.send_id(),
            change,
        }
    }

    #[track_caller]
    pub fn add(&mut self, conv: ConversationId, actor: UserId, users: &[UserId]) -> Arc<Entry> {
        let change = self.change(conv, actor, MemberChange::Add(users.to_vec()));
        done(self.store.change_members(change)).entry
    }

    #[track_caller]
    pub fn remove(&mut self, conv: ConversationId, actor: UserId, user: UserId) -> Arc<Entry> {
        let change = self.change(conv, actor, MemberChange::Remove(user));
        done(self.store.change_members(change)).entry
    }

    #[track_caller]
    pub fn leave(&mut self, conv: ConversationId, user: UserId) -> Arc<Entry> {
        let change = self.change(conv, user, MemberChange::Leave);
        done(self.store.change_members(change)).entry
    }

    #[track_caller]
    pub fn move_one(&self, one: CursorMove) -> Result<CursorMoved, Refused> {
        let mut answers = done(self.store.move_cursors(vec![one]));
        assert_eq!(answers.len(), 1, "one answer for each move");
        answers.remove(0)
    }

    #[track_caller]
    pub fn delivered(&self, conv: ConversationId, user: UserId, to: Seq) -> CursorMoved {
        let ask = CursorMove {
            delivered: Some(to),
            ..still(conv, user)
        };
        self.move_one(ask).expect("within what they may read")
    }

    #[track_caller]
    pub fn reads(&self, conv: ConversationId, user: UserId, to: Seq) -> CursorMoved {
        let ask = CursorMove {
            read: Some(to),
            ..still(conv, user)
        };
        self.move_one(ask).expect("within what they may read")
    }

    /// Reads up to `to` under a generation.
    #[track_caller]
    pub fn reads_under(&self, conv: ConversationId, user: UserId, to: Seq, generation: u64) -> CursorMoved {
        let ask = CursorMove {
            read: Some(to),
            generation: Some(Generation(generation)),
            ..still(conv, user)
        };
        self.move_one(ask).expect("within what they may read")
    }

    #[track_caller]
    pub fn page(
        &self,
        reader: UserId,
        conv: ConversationId,
        place: protocol::client_frame::Place,
        limit: usize,
    ) -> Page {
        done(self.store.page(AskPage {
            reader,
            conv,
            place,
            limit,
        }))
    }

    /// Everything that somebody may read of a log.
    #[track_caller]
    pub fn readable(&self, reader: UserId, conv: ConversationId) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut after = Seq::ZERO;
        loop {
            let page = self.page(reader, conv, protocol::client_frame::Place::After(after), 200);
            entries.extend(page.entries);
            if !page.more {
                return entries;
            }
            assert!(page.to > after, "a page with more goes on");
            after = page.to;
        }
    }

    /// Everything in a log.
    #[track_caller]
    pub fn log(&self, conv: ConversationId) -> Vec<Entry> {
        done(self.store.tail(conv, Some(Seq::ZERO), 1_000_000)).entries
    }

    /// What somebody may read, by the log's own word.
    #[track_caller]
    pub fn spans(&self, conv: ConversationId, user: UserId) -> Vec<Span> {
        let tail = done(self.store.tail(conv, None, 0));
        let theirs = tail.spans.into_iter().find(|(who, _)| *who == user);
        theirs.map(|(_, spans)| spans).unwrap_or_default()
    }

    /// Brings every inbox up to date and settles it, as the server does.
    #[track_caller]
    pub fn fan_out(&self) -> Vec<Bumped> {
        let mut bumped = Vec::new();
        for dirty in done(self.store.dirty(1_000)) {
            let due = done(self.store.inbox_rows(dirty.conv));
            for rows in due.rows.chunks(BUMP_ROWS_MAX) {
                bumped.extend(done(self.store.bump(rows.to_vec())));
            }
            done(self.store.settle(dirty.conv, due.mark.expect("it was dirty")));
        }
        assert_eq!(
            done(self.store.dirty(1_000)),
            [],
            "nothing is dirty after a fan-out that nobody disturbs"
        );
        bumped
    }

    /// All conversations of an inbox, by pages, as somebody who resumes from nothing.
    #[track_caller]
    pub fn inbox(&self, user: UserId) -> Vec<InboxRecord> {
        let mut rows = Vec::new();
        let mut after = Ver::ZERO;
        loop {
            let page = done(self.store.inbox(user, after));
            rows.extend(page.rows.into_iter().filter_map(|(_, topic)| match topic {
                Topic::Conversation(row) => Some(*row),
                Topic::Devices
                | Topic::Profile
                | Topic::Mark(_)
                | Topic::Draft(_)
                | Topic::Privacy(_)
                | Topic::Blocks(_)
                | Topic::Thread(_) => None,
            }));
            after = page.to;
            if !page.more {
                return rows;
            }
        }
    }

    /// One conversation's row in an inbox.
    #[track_caller]
    pub fn row(&self, user: UserId, conv: ConversationId) -> InboxRecord {
        let mut rows = self.inbox(user).into_iter().filter(|row| row.conv == conv);
        let row = rows.next().expect("a row of this conversation");
        assert!(rows.next().is_none(), "one row for each topic");
        row
    }

    #[track_caller]
    pub fn ver(&self, user: UserId) -> Ver {
        done(self.store.vers(vec![user]))[0]
    }
}

/// A move that moves nothing, to be filled in.
pub fn still(conv: ConversationId, user: UserId) -> CursorMove {
    CursorMove {
        conv,
        user,
        delivered: None,
        read: None,
        generation: None,
        private: false,
    }
}

/// Unread messages by an inbox row's own numbers.
pub fn unread_of(row: &InboxRecord) -> u64 {
    unread::unread(&row.spans, row.head_ord, row.read_ord)
}

/// The seqs of entries.
pub fn seqs(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq.0).collect()
}

/// Seeded chance (SplitMix64), the same on every machine.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(1))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.bits() % end as u64) as usize
    }

    /// One of these.
    pub fn one_of<T: Copy>(&mut self, these: &[T]) -> T {
        these[self.below(these.len())]
    }
}
