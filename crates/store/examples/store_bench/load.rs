//! The load: 1:1 messages, and what a server does after each, on its schedule: inbox rows of a conversation at once and
//! then at most once in a while, cursors gathered for a moment.

use protocol::server_frame::ConversationKind;
use protocol::{ConversationId, DeviceId, Kind, SendId, Seq, UserId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use store::sqlite::{self, Options, Sqlite};
use store::{Append, BUMP_ROWS_MAX, Create, CursorMove, InboxRecord, Mentions, NewUser, Store};

/// Bytes of a message's text.
const TEXT_BYTES: usize = 128;
/// Different texts: making one is no work of the store's.
const TEXTS: usize = 4_096;
/// People, in pairs: half as many conversations.
pub const PEOPLE: usize = 10_000;
/// Conversations in one pass of the fan-out, as in the server.
const PASS_CONVERSATIONS: usize = 64;
/// Cursor moves in one call, as in the server.
const FLUSH_MOVES: usize = 256;
/// How long cursors are gathered, as in the server.
const GATHER: Duration = Duration::from_millis(100);

/// What follows a message.
#[derive(Clone, Copy, Default)]
pub struct After {
    /// Inbox rows, at once, and then not before this has passed for the conversation.
    pub inboxes_every: Option<Duration>,
    /// The receiver's delivered and read cursors.
    pub receipts: bool,
}

/// The generator, and the store it drives.
pub struct Load {
    pub store: Sqlite,
    pub people: Vec<UserId>,
    pub convs: Vec<ConversationId>,
    texts: Vec<Arc<str>>,
    state: RefCell<State>,
}

/// What the generator knows of what it did.
struct State {
    heads: Vec<u64>,
    chance: StdRng,
    send_ids: u64,
    /// When each conversation's inboxes may be brought up to date, the earliest first.
    due: VecDeque<(Instant, usize)>,
    waits: Vec<bool>,
    fanned_out: Vec<Option<Instant>>,
    /// Receivers with something new, as conversation and side.
    moves: BTreeSet<(usize, usize)>,
    rows: usize,
    ended: bool,
}

/// The engine's options, with the clock of the machine.
pub fn options() -> Options {
    let unix_ms = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| d.as_millis() as u64)
    };
    Options::new(Arc::new(unix_ms), [7; 32])
}

impl Load {
    /// Opens an empty directory and fills it with people and their conversations.
    pub async fn start(dir: &Path) -> Self {
        let store = sqlite::start(dir, options()).expect("an empty directory that can be written to");
        let mut chance = StdRng::seed_from_u64(1);
        let people: Vec<UserId> = (0..PEOPLE).map(|_| UserId::from_random(chance.random())).collect();
        let convs: Vec<ConversationId> = people
            .chunks_exact(2)
            .map(|pair| ConversationId::direct(pair[0], pair[1]))
            .collect();
        let mut text = || {
            let letters = (0..TEXT_BYTES).map(|_| char::from(chance.random_range(b'a'..=b'z')));
            format!("{{\"text\":\"{}\"}}", letters.collect::<String>()).into()
        };
        let texts = (0..TEXTS).map(|_| text()).collect();
        let state = State {
            heads: vec![1; convs.len()],
            chance,
            send_ids: 0,
            due: VecDeque::new(),
            waits: vec![false; convs.len()],
            fanned_out: vec![None; convs.len()],
            moves: BTreeSet::new(),
            rows: 0,
            ended: false,
        };
        let load = Self {
            store,
            people,
            convs,
            texts,
            state: RefCell::new(state),
        };
        load.create_people().await;
        load.create_conversations().await;
        load
    }

    async fn create_people(&self) {
        for people in self.people.chunks(200) {
            let new = |user: &UserId| NewUser {
                user: *user,
                handle: user.0.simple().to_string(),
                name: "Somebody".to_owned(),
                password_hash: String::new(),
                owner: false,
            };
            let created: Vec<_> = people.iter().map(|user| self.store.create_user(new(user))).collect();
            for reply in created {
                reply.await.expect("a person");
            }
        }
    }

    async fn create_conversations(&self) {
        let all: Vec<usize> = (0..self.convs.len()).collect();
        for slice in all.chunks(200) {
            let create = |&index: &usize| {
                let members = vec![self.people[index * 2], self.people[index * 2 + 1]];
                self.store.create(Create {
                    conv: self.convs[index],
                    kind: ConversationKind::Direct,
                    creator: members[0],
                    send_id: SendId::from_random([1; 16]),
                    title: None,
                    members,
                    request: false,
                })
            };
            let created: Vec<_> = slice.iter().map(create).collect();
            for reply in created {
                reply.await.expect("a conversation");
            }
            self.fan_out(slice).await;
        }
    }

    /// Another message of somebody to their other one; in which conversation, and by which of the two.
    pub fn message(&self) -> (usize, usize, Append) {
        let state = &mut *self.state.borrow_mut();
        // Some conversations are busier than others.
        let spread: f64 = state.chance.random::<f64>();
        let index = (spread * spread * self.convs.len() as f64) as usize;
        let side = usize::from(state.chance.random_bool(0.5));
        state.send_ids += 1;
        // Time-ordered, as clients are told to make them.
        let mut send_id: [u8; 16] = state.chance.random();
        send_id[..8].copy_from_slice(&(0x0190_0000_0000_0000 + state.send_ids).to_be_bytes());
        let append = Append {
            conv: self.convs[index],
            sender: self.people[index * 2 + side],
            device: DeviceId::from_random([1; 16]),
            send_id: SendId::from_random(send_id),
            kind: Kind::Text,
            body: Arc::clone(&self.texts[state.chance.random_range(0..TEXTS)]),
            mentions: Mentions::none(),
            reply_to: None,
            thread: None,
            names: store::Names::default(),
            read: None,
            forward: None,
            private: false,
        };
        (index, side, append)
    }

    /// Writes so many messages at once, and notes what has to follow.
    pub async fn append(&self, count: usize, after: After) {
        let mut waiting = Vec::with_capacity(count);
        for _ in 0..count {
            let (index, side, append) = self.message();
            waiting.push((index, side, self.store.append(append)));
        }
        for (index, side, reply) in waiting {
            let appended = reply.await.expect("an entry");
            let mut state = self.state.borrow_mut();
            state.heads[index] = appended.entry.seq.0;
            if after.receipts {
                state.moves.insert((index, 1 - side));
            }
            state.inboxes_behind(index, after);
        }
    }

    /// Brings inboxes up to date until [`Load::end`] and nothing is behind.
    pub async fn follow(&self, after: After) {
        if after.inboxes_every.is_none() {
            return;
        }
        loop {
            let (due, ended) = {
                let mut state = self.state.borrow_mut();
                (
                    state.take_due(),
                    state.ended && state.due.is_empty() && state.moves.is_empty(),
                )
            };
            if !due.is_empty() {
                self.fan_out(&due).await;
            } else if ended {
                return;
            } else {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }

    async fn fan_out(&self, convs: &[usize]) {
        let asked: Vec<_> = convs
            .iter()
            .map(|&index| (index, self.store.inbox_rows(self.convs[index])))
            .collect();
        let (mut rows, mut marks): (Vec<InboxRecord>, Vec<_>) = (Vec::new(), Vec::new());
        for (index, reply) in asked {
            let called_for = reply.await.expect("rows");
            rows.extend(called_for.rows);
            marks.extend(called_for.mark.map(|mark| (index, mark)));
        }
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(BUMP_ROWS_MAX));
            let bumped = self.store.bump(std::mem::replace(&mut rows, rest)).await;
            self.state.borrow_mut().rows += bumped.expect("bumped").len();
        }
        let settled: Vec<_> = marks
            .iter()
            .map(|&(index, mark)| self.store.settle(self.convs[index], mark))
            .collect();
        for reply in settled {
            reply.await.expect("settled");
        }
    }

    /// Moves the receivers' cursors until [`Load::end`] and none is behind.
    pub async fn receive(&self, after: After) {
        if !after.receipts {
            return;
        }
        loop {
            let moves: Vec<(usize, CursorMove)> = {
                let mut state = self.state.borrow_mut();
                if state.ended && state.moves.is_empty() {
                    return;
                }
                let behind = std::mem::take(&mut state.moves);
                let cursor = |(index, side): (usize, usize)| {
                    let at = Some(Seq(state.heads[index]));
                    let cursor = CursorMove {
                        conv: self.convs[index],
                        user: self.people[index * 2 + side],
                        delivered: at,
                        read: at,
                        generation: None,
                        private: false,
                    };
                    (index, cursor)
                };
                behind.into_iter().map(cursor).collect()
            };
            for slice in moves.chunks(FLUSH_MOVES) {
                let moved = self
                    .store
                    .move_cursors(slice.iter().map(|(_, cursor)| *cursor).collect());
                for outcome in moved.await.expect("moved") {
                    outcome.expect("a cursor that may move");
                }
                for (index, _) in slice {
                    self.state.borrow_mut().inboxes_behind(*index, after);
                }
            }
            tokio::time::sleep(GATHER).await;
        }
    }

    /// No more messages come.
    pub fn end(&self, ended: bool) {
        self.state.borrow_mut().ended = ended;
    }

    /// Inbox rows that were changed since this was last asked.
    pub fn take_rows(&self) -> usize {
        std::mem::take(&mut self.state.borrow_mut().rows)
    }

    /// A conversation by chance, with the seq of its head.
    pub fn any(&self) -> (usize, Seq) {
        let mut state = self.state.borrow_mut();
        let index = state.chance.random_range(0..self.convs.len());
        (index, Seq(state.heads[index]))
    }
}

impl State {
    fn inboxes_behind(&mut self, index: usize, after: After) {
        let Some(every) = after.inboxes_every else { return };
        if !std::mem::replace(&mut self.waits[index], true) {
            let now = Instant::now();
            let due = self.fanned_out[index].map_or(now, |last| (last + every).max(now));
            // Those that were never brought up to date, or long ago, come first.
            let place = self.due.partition_point(|(other, _)| *other <= due);
            self.due.insert(place, (due, index));
        }
    }

    fn take_due(&mut self) -> Vec<usize> {
        let now = Instant::now();
        let mut taken = Vec::new();
        while taken.len() < PASS_CONVERSATIONS
            && let Some((due, index)) = self.due.front().copied()
            && (due <= now || self.ended)
        {
            self.due.pop_front();
            self.waits[index] = false;
            self.fanned_out[index] = Some(now);
            taken.push(index);
        }
        taken
    }
}
