//! A pretended world around one core: a server that stores like the real one, a wire that drops, doubles and delays
//! what is said unasked, cuts at any moment, a disk, restarts, and a backup that brings an older truth back.

mod inbox;
mod own;

pub use own::Own;

use super::*;
use crate::pretend::PretendLog;
use protocol::client_frame::Place;
use protocol::refusal::Code;
use protocol::server_frame::*;
use protocol::{DeviceId, Entry, Epoch, MessageId, Ordinal, Seq, SessionId, Span, Ver};
use rand::SeedableRng;
use std::collections::BTreeMap;

pub const ME: UserId = UserId::from_bytes([1; 16]);
pub const BOB: UserId = UserId::from_bytes([2; 16]);
pub const BEAT_MS: u64 = 5_000;

pub fn conv(n: u8) -> ConversationId {
    ConversationId::from_bytes([n; 16])
}

/// How bad it is.
#[derive(Clone, Copy)]
pub struct Badness {
    pub drop: f64,
    pub double: f64,
    pub delay_ms: u64,
    pub cut: f64,
    pub refuse: f64,
}

pub const GOOD: Badness = Badness {
    drop: 0.0,
    double: 0.0,
    delay_ms: 0,
    cut: 0.0,
    refuse: 0.0,
};

/// The truth.
#[derive(Clone)]
pub struct Server {
    pub epoch: Epoch,
    pub ver: Ver,
    pub logs: BTreeMap<ConversationId, PretendLog>,
    pub rows: BTreeMap<ConversationId, Ver>,
    pub cursors: BTreeMap<ConversationId, CursorOk>,
    pub own: Own,
    /// How many ask to be let in.
    pub asking: BTreeMap<ConversationId, u32>,
}

pub struct World {
    pub seed: u64,
    pub chance: StdRng,
    pub now_ms: u64,
    pub core: Core,
    pub kept: State,
    pub server: Server,
    pub bad: Badness,
    pub connected: bool,
    /// What is on its way down: when it arrives, what it answers, what it is. Answers keep their order.
    wire: Vec<(u64, Option<RequestId>, ServerFrame)>,
    /// Up to where each conversation was told; none where what follows stands for itself.
    told: BTreeMap<ConversationId, Seq>,
    pub replies: BTreeMap<Ticket, Reply>,
    pub queued: Vec<SendId>,
    /// What was typed last here.
    pub typed: BTreeMap<ConversationId, String>,
    pub events: Vec<Event>,
    next_ticket: u64,
    options: Options,
    /// What happened to the core, where somebody wants to know.
    pub tape: Option<vectors::Tape>,
}

impl World {
    pub fn new(seed: u64, follow: Follow, bounds: Bounds) -> Self {
        let epoch = Epoch::from_bytes([1; 16]);
        let options = Options {
            token: TokenText::new("t"),
            me: ME,
            client: None,
            follow,
            delivers: true,
            bounds,
        };
        let chance = StdRng::seed_from_u64(seed);
        Self {
            seed,
            core: Core::new(options.clone(), State::default(), StdRng::seed_from_u64(seed + 1)),
            chance,
            now_ms: 1_000_000,
            kept: State::default(),
            server: Server {
                epoch,
                ver: Ver(0),
                logs: BTreeMap::new(),
                rows: BTreeMap::new(),
                cursors: BTreeMap::new(),
                own: Own::default(),
                asking: BTreeMap::new(),
            },
            bad: GOOD,
            connected: false,
            wire: Vec::new(),
            told: BTreeMap::new(),
            replies: BTreeMap::new(),
            queued: Vec::new(),
            typed: BTreeMap::new(),
            events: Vec::new(),
            next_ticket: 0,
            options,
            tape: None,
        }
    }

    /// So many ask to be let in now; nothing tells it but the inbox.
    pub fn ask_to_be_let_in(&mut self, n: u8, count: u32) {
        let server = &mut self.server;
        if server.rows.contains_key(&conv(n)) && server.asking.insert(conv(n), count) != Some(count) {
            server.ver = server.ver.next();
            server.rows.insert(conv(n), server.ver);
        }
    }

    /// Somebody else writes.
    pub fn say(&mut self, n: u8) {
        let id = SendId::from_random(self.chance.random());
        self.store(conv(n), BOB, id, "hello");
    }

    /// Somebody changes what was said: live it is told with its words, or without them, as to those of whom one may
    /// not read what was changed.
    pub fn change(&mut self, n: u8) {
        let Some(log) = self.server.logs.get_mut(&conv(n)).filter(|log| !log.entries.is_empty()) else {
            return self.say(n);
        };
        let head = log.head().0.0;
        let target = Seq(self.chance.random_range(head.saturating_sub(40).max(1)..=head));
        let mut entry = log.some_change(target, self.chance.random_range(0..14));
        if self.chance.random_bool(0.3) {
            entry.now = None;
        }
        self.tell(conv(n), &entry);
    }

    /// I write.
    pub fn write(&mut self, n: u8, text: &str) {
        let send_id = self.core.new_send_id(self.now_ms);
        let send = protocol::client_frame::Send::new(
            conv(n),
            send_id,
            protocol::Kind::Text,
            protocol::Body::text(text).to_raw(),
        );
        self.queued.push(send_id);
        self.command(Command::Write(crate::outbox::Verb::Send(Box::new(send))));
    }

    pub fn command(&mut self, command: Command) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.step(Input::Command(ticket, command));
        ticket
    }

    /// Time goes by; what is due arrives.
    pub fn pass(&mut self, ms: u64) {
        let until = self.now_ms + ms;
        loop {
            let arrival = self.wire.iter().map(|(at, ..)| *at).min().filter(|_| self.connected);
            let wake = self.core.wake_at(self.now_ms);
            let Some(next) = arrival.into_iter().chain(wake).min().filter(|at| *at <= until) else {
                break;
            };
            self.now_ms = self.now_ms.max(next);
            match self
                .wire
                .iter()
                .position(|(at, ..)| *at <= self.now_ms)
                .filter(|_| self.connected)
            {
                Some(first) => {
                    let (_, re, frame) = self.wire.remove(first);
                    self.step(Input::Frame(re, frame));
                }
                None => self.step(Input::Tick),
            }
            if self.chance.random_bool(self.bad.cut) {
                self.cut(None);
            }
        }
        self.now_ms = until;
    }

    pub fn cut(&mut self, code: Option<u16>) {
        self.wire.clear();
        if std::mem::take(&mut self.connected) {
            self.step(Input::Disconnected(code));
        }
    }

    /// The process ends and starts again from what was kept.
    pub fn restart(&mut self) {
        self.wire.clear();
        self.connected = false;
        // What was queued and not kept was never promised to anybody: here everything queued is kept at once.
        if let Some(tape) = &mut self.tape {
            tape.restarted(self.now_ms);
        }
        let seed = self.chance.random();
        self.core = Core::new(self.options.clone(), self.kept.clone(), StdRng::seed_from_u64(seed));
        self.told = self
            .kept
            .logs
            .iter()
            .map(|(c, log)| (*c, log.end()))
            .filter(|(_, end)| *end > Seq::ZERO)
            .collect();
    }

    /// An older backup comes back, under another epoch.
    pub fn restore(&mut self, mut backup: Server) {
        self.cut(None);
        backup.epoch = Epoch::from_random(self.chance.random());
        backup.logs.values_mut().for_each(|log| log.epoch = backup.epoch);
        self.server = backup;
    }

    fn step(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let taped = self.tape.is_some().then(|| input.clone());
            let actions = self.core.step(input, self.now_ms);
            if let (Some(tape), Some(input)) = (&mut self.tape, taped) {
                tape.step(self.now_ms, &input, &actions, &self.core);
            }
            for action in actions {
                match action {
                    Action::Connect if self.chance.random_bool(self.bad.cut * 3.0) => {
                        inputs.push(Input::Disconnected(None));
                    }
                    Action::Connect => {
                        self.connected = true;
                        self.wire.clear();
                        inputs.push(Input::Connected);
                    }
                    Action::Close => {
                        self.connected = false;
                        self.wire.clear();
                    }
                    Action::Persist(change) => {
                        let line = serde_json::to_string(&change).expect("JSON");
                        let change = serde_json::from_str(&line).expect("what was written is read");
                        self.kept.replay(change, &self.options.bounds);
                    }
                    Action::Send(id, frame) => {
                        // Where logs are let go again, what was kept once is looked for in vain.
                        if self.tape.is_none() {
                            self.check_kept(&frame);
                        }
                        // Half of what is under way at a cut had arrived.
                        if self.connected {
                            self.serve(id, frame);
                        }
                    }
                    Action::Reply(ticket, reply) => drop(self.replies.insert(ticket, reply)),
                    Action::Event(event) => self.check_event(event),
                }
            }
        }
    }

    /// RCP4, IDM5: nothing is confirmed and nothing is sent before it was kept.
    fn check_kept(&self, frame: &ClientFrame) {
        match frame {
            ClientFrame::Send(send) => {
                assert!(
                    self.kept.outbox.get(send.send_id).is_some(),
                    "seed {}: sent before it was kept",
                    self.seed
                );
            }
            ClientFrame::Cursor(cursor) => {
                let end = self.kept.logs.get(&cursor.conv).map_or(Seq::ZERO, crate::log::Log::end);
                let delivered = cursor.delivered.unwrap_or_default();
                let known = self
                    .server
                    .cursors
                    .get(&cursor.conv)
                    .map_or(Seq::ZERO, |ok| ok.delivered);
                assert!(
                    delivered <= end.max(known),
                    "seed {}: {cursor:?} is not kept ({end})",
                    self.seed
                );
            }
            ClientFrame::Prefs(prefs) => self.check_wished(About::Prefs(prefs.conv)),
            ClientFrame::Mark(mark) => self.check_wished(About::Mark(mark.conv, mark.seq)),
            ClientFrame::Draft(draft) => self.check_wished(About::Draft(draft.conv)),
            ClientFrame::Follow(follow) => self.check_wished(About::Follow(follow.conv, follow.thread)),
            ClientFrame::ThreadRead(read) => self.check_wished(About::ThreadRead(read.conv, read.thread)),
            _ => {}
        }
    }

    /// OWN3: what is said was kept.
    fn check_wished(&self, about: About) {
        let kept = self.kept.own.wishes(about);
        assert!(
            kept.first.is_some(),
            "seed {}: {about:?} is said before it was kept",
            self.seed
        );
    }

    /// GAP1: what is told follows what was told.
    fn check_event(&mut self, event: Event) {
        match &event {
            Event::Grown { conv, entries } => {
                let mut last = self.told.get(conv).copied();
                for entry in entries {
                    let follows = last.is_none_or(|last| entry.seq == last.next());
                    assert!(follows, "seed {}: {} told after {last:?}", self.seed, entry.seq);
                    last = Some(entry.seq);
                }
                self.told.extend(last.map(|last| (*conv, last)));
            }
            Event::Skipped { conv, to, .. } => drop(self.told.insert(*conv, *to)),
            Event::Resynced => self.told.clear(),
            _ => {}
        }
        // A log that began anew is told from wherever it begins.
        let logs = &self.core.state().logs;
        self.told
            .retain(|conv, _| logs.get(conv).is_some_and(|log| log.end() > Seq::ZERO));
        self.events.push(event);
    }

    fn answer(&mut self, re: Option<RequestId>, frame: ServerFrame) {
        let last = self
            .wire
            .iter()
            .filter(|(_, re, _)| re.is_some())
            .map(|(at, ..)| *at)
            .max();
        let delay = self.chance.random_range(0..=self.bad.delay_ms / 4 + 1);
        let at = last.unwrap_or(0).max(self.now_ms + delay);
        self.wire.push((at, re.or(Some(RequestId(0))), frame));
    }

    /// Says something unasked: it may be lost, come twice, or late.
    fn hint(&mut self, frame: &ServerFrame) {
        if !self.connected || self.chance.random_bool(self.bad.drop) {
            return;
        }
        for _ in 0..1 + usize::from(self.chance.random_bool(self.bad.double)) {
            let at = self.now_ms + self.chance.random_range(0..=self.bad.delay_ms);
            self.wire.push((at, None, frame.clone()));
        }
    }

    fn store(&mut self, conv: ConversationId, sender: UserId, send_id: SendId, text: &str) -> Entry {
        let epoch = self.server.epoch;
        let log = self
            .server
            .logs
            .entry(conv)
            .or_insert_with(|| PretendLog::new(conv, epoch));
        let entry = log.say(sender, send_id, text);
        self.tell(conv, &entry);
        entry
    }

    /// An entry was stored: whoever is connected is told, perhaps.
    fn tell(&mut self, conv: ConversationId, entry: &Entry) {
        let epoch = self.server.epoch;
        let prev = self.server.ver;
        self.server.ver = prev.next();
        let known = self.server.rows.insert(conv, self.server.ver).is_some();
        let head = self.server.head(conv);
        self.hint(&ServerFrame::Entry(Box::new(Live {
            conv,
            epoch,
            entry: entry.clone(),
        })));
        let moved = VerMoved {
            prev,
            ver: self.server.ver,
            heads: vec![head],
            pull: !known,
        };
        self.hint(&ServerFrame::Ver(moved));
    }

    fn serve(&mut self, re: Option<RequestId>, frame: ClientFrame) {
        let overloaded = matches!(
            &frame,
            ClientFrame::Send(_) | ClientFrame::Get(_) | ClientFrame::Cursor(_) | ClientFrame::Draft(_)
        );
        if overloaded && self.chance.random_bool(self.bad.refuse) {
            return self.answer(re, ServerFrame::Refuse(Code::Overloaded.refuse_for_ms(300)));
        }
        match frame {
            ClientFrame::Hello(hello) => self.hello(re, &hello),
            ClientFrame::Send(send) => {
                let text = send.body.get().to_owned();
                let log = self.server.logs.get(&send.conv);
                let known = log
                    .and_then(|log| log.entries.iter().find(|e| e.send_id == send.send_id))
                    .cloned();
                let entry = known.unwrap_or_else(|| self.store(send.conv, ME, send.send_id, &text));
                self.answer(re, ServerFrame::Ack(self.server.ack(send.conv, &entry)));
            }
            ClientFrame::Get(get) => {
                let epoch = self.server.epoch;
                let log = self
                    .server
                    .logs
                    .entry(get.conv)
                    .or_insert_with(|| PretendLog::new(get.conv, epoch));
                let page = log.get(get.place().expect("one place"), get.limit.unwrap_or(20) as usize);
                self.answer(re, ServerFrame::Entries(page));
            }
            ClientFrame::Cursor(cursor) => {
                let head = self.server.head(cursor.conv).seq;
                if cursor.delivered.max(cursor.read) > Some(head) {
                    return self.answer(re, ServerFrame::Refuse(Code::BeyondHead.refuse()));
                }
                let ok = self.server.move_cursor(&cursor);
                self.answer(re, ServerFrame::CursorOk(ok));
            }
            frame @ (ClientFrame::Prefs(_)
            | ClientFrame::Mark(_)
            | ClientFrame::Draft(_)
            | ClientFrame::Follow(_)
            | ClientFrame::ThreadRead(_)) => {
                let answer = self.server.own_frame(frame);
                self.answer(re, answer);
            }
            ClientFrame::Inbox(ask) => self.inbox_page(re, ask.after_ver),
            ClientFrame::Watch(watch) => {
                let heads = watch.open.iter().map(|conv| self.server.head(*conv)).collect();
                let watching = Watching {
                    heads,
                    ..Watching::default()
                };
                self.answer(re, ServerFrame::Watching(watching));
            }
            ClientFrame::Beat(_) => {
                let beat = BeatBack {
                    ver: self.server.ver,
                    server_ms: 0,
                };
                self.answer(re, ServerFrame::Beat(beat));
            }
            ClientFrame::Typing(_) => {}
            other => panic!("not asked in these plans: {other:?}"),
        }
    }

    fn hello(&mut self, re: Option<RequestId>, hello: &protocol::client_frame::Hello) {
        let welcome = Welcome {
            v: 1,
            session: SessionId::from_bytes([0; 16]),
            epoch: self.server.epoch,
            user: ME,
            device: DeviceId::from_bytes([0; 16]),
            ver: self.server.ver,
            server_ms: 0,
            beat_ms: BEAT_MS,
            limits: Limits {
                inflight_requests_max: 12,
                ..Limits::default()
            },
        };
        self.answer(re, ServerFrame::Welcome(Box::new(welcome)));
        if hello.epoch.is_some_and(|epoch| epoch != self.server.epoch) {
            let resync = Resync {
                epoch: self.server.epoch,
            };
            return self.answer(None, ServerFrame::Resync(resync));
        }
        self.inbox_page(None, hello.ver.unwrap_or_default());
    }

    fn inbox_page(&mut self, re: Option<RequestId>, after: Ver) {
        let page = self.server.inbox(after);
        self.answer(re, ServerFrame::Inbox(page));
    }
}

impl Server {
    pub fn head(&self, conv: ConversationId) -> Head {
        let (seq, ord) = self
            .logs
            .get(&conv)
            .map_or((Seq::ZERO, Ordinal::ZERO), PretendLog::head);
        Head {
            conv,
            epoch: self.epoch,
            seq,
            ord,
            ms: seq.0,
        }
    }

    fn ack(&self, conv: ConversationId, entry: &Entry) -> Ack {
        Ack {
            conv,
            epoch: self.epoch,
            seq: entry.seq,
            ord: entry.ord,
            message_id: MessageId::from_bytes([0; 16]),
            created_ms: entry.created_ms,
            dup: false,
        }
    }

    fn move_cursor(&mut self, said: &protocol::client_frame::Cursor) -> CursorOk {
        let fresh = CursorOk {
            conv: said.conv,
            delivered: Seq::ZERO,
            read: Seq::ZERO,
            read_ord: Ordinal::ZERO,
            generation: protocol::Generation::ZERO,
        };
        let ord_at = |seq: Seq| {
            let log = self.logs.get(&said.conv)?;
            Some(log.entries.get(seq.0.checked_sub(1)? as usize)?.ord)
        };
        let read_ord = ord_at(said.read.unwrap_or_default()).unwrap_or(Ordinal::ZERO);
        let mine = self.cursors.entry(said.conv).or_insert(fresh);
        mine.delivered = mine.delivered.max(said.delivered.unwrap_or_default());
        let read = (said.generation.unwrap_or_default(), said.read.unwrap_or_default());
        if read > (mine.generation, mine.read) {
            (mine.generation, mine.read) = read;
            mine.read_ord = read_ord;
            self.ver = self.ver.next();
            self.rows.insert(said.conv, self.ver);
        }
        self.cursors[&said.conv]
    }
}

/// Where a page was asked from, in these plans.
pub fn before(seq: Seq) -> Place {
    Place::Before(seq)
}
