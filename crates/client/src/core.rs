//! The client without its socket, its disk and its clock: `step` takes what happened and says what to do.
//!
//! Actions are to be done in their order. That order carries the promises: what is kept comes before the event that
//! tells of it, before the frame that sends it, and before the cursor that confirms it. If keeping fails, whatever
//! comes after it must not be done.

mod command;
mod connection;
mod frame;
#[cfg(test)]
mod plans;
mod pump;
mod take;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod world;

pub use command::{Command, Decided, Decision, No, Page, Reply, Ticket};

use crate::backoff::Backoff;
use crate::bounds::Bounds;
use crate::change::Change;
use crate::event::Event;
use crate::log::Range;
use crate::own::About;
use crate::peers::Peers;
use crate::state::State;
use crate::timeline::{self, Line};
use connection::{Link, Session};
use protocol::client_frame::{Place, Show};
use protocol::server_frame::{ConversationRow, Limits, MemberCursor};
use protocol::token::TokenText;
use protocol::{ClientFrame, ConversationId, RequestId, SendId, ServerFrame, UserId};
use rand::RngExt;
use rand::rngs::StdRng;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Which logs are fetched before somebody opens them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// Only open ones. Live entries that follow are taken all the same.
    Open,
    /// Open ones, those whose head moves while connected, and after a resume the most lately active.
    #[default]
    Lively,
    /// All of them, however wide the gap: for bots, which must miss nothing.
    Everything,
}

/// Who the client is and how it behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// The device's token.
    pub token: TokenText,
    /// Whose token it is.
    pub me: UserId,
    /// The client's name and version.
    pub client: Option<String>,
    /// Which logs are fetched unasked.
    pub follow: Follow,
    /// Whether the server is told what this device has stored. Only load tests that measure without receipts say no.
    pub delivers: bool,
    /// How much may be held.
    pub bounds: Bounds,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// The connection that [`Action::Connect`] asked for is there.
    Connected,
    /// A frame came.
    Frame(Option<RequestId>, ServerFrame),
    /// The connection ended, or did not come about; with the close code, if one was said.
    Disconnected(Option<u16>),
    /// Time went by: at [`Core::wake_at`] or whenever.
    Tick,
    /// The owner asks for something.
    Command(Ticket, Command),
}

/// What to do, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Connect. Answered by `Connected` or `Disconnected`.
    Connect,
    /// Drop the connection. Not answered.
    Close,
    /// Send a frame.
    Send(Option<RequestId>, ClientFrame),
    /// Keep this, durably where [`Change::must_be_durable`] says so, before anything that follows.
    Persist(Change),
    /// Tell the owner.
    Event(Event),
    /// Answer a command.
    Reply(Ticket, Reply),
}

/// What an unanswered request was about.
#[derive(Clone, Debug)]
enum Ask {
    Hello,
    Inbox,
    Write(SendId),
    Cursor(ConversationId),
    Own(About),
    Watch,
    Beat,
    Pull(ConversationId, Place),
    Page {
        ticket: Ticket,
        conv: ConversationId,
        place: Place,
        limit: u32,
        held: Option<Range>,
    },
    Question(Ticket, Command),
}

/// One device's end.
pub struct Core {
    options: Options,
    bounds: Bounds,
    chance: StdRng,
    state: State,
    peers: Peers,
    backoff: Backoff,
    link: Link,
    /// The server's limits, from the last welcome.
    limits: Limits,
    next_request: u64,
    pending: BTreeMap<RequestId, (Ask, u64)>,
    /// Commands that wait for a connection, or for a place among the unanswered requests.
    commands: VecDeque<(Ticket, Command)>,
    /// Logs that are fetched when they want something.
    pulls: BTreeSet<ConversationId>,
    open: BTreeSet<ConversationId>,
    presence_of: Vec<UserId>,
    show: Show,
    /// Where typing was last said, and when.
    typed: (Option<ConversationId>, u64),
    out: Vec<Action>,
}

impl Core {
    /// A device that stands where `state` says, and connects at its first tick.
    #[must_use]
    pub fn new(options: Options, mut state: State, chance: StdRng) -> Self {
        state.outbox.disconnected();
        state.own.disconnected();
        let mut bounds = options.bounds;
        if options.follow == Follow::Everything {
            bounds.gap_fill_entries_max = u64::MAX;
            bounds.begin_anywhere = false;
        }
        let State { logs, cursors, .. } = &mut state;
        for (&conv, log) in logs.iter().filter(|_| options.delivers) {
            cursors.delivered(conv, log.delivered(cursors.mine(conv).delivered, &bounds), 0);
        }
        Self {
            options,
            bounds,
            chance,
            state,
            peers: Peers::default(),
            backoff: Backoff::default(),
            link: Link::Waiting { until_ms: 0 },
            limits: Limits::default(),
            next_request: 1,
            pending: BTreeMap::new(),
            commands: VecDeque::new(),
            pulls: BTreeSet::new(),
            open: BTreeSet::new(),
            presence_of: Vec::new(),
            show: Show::default(),
            typed: (None, 0),
            out: Vec::new(),
        }
    }

    /// Something happened: what to do about it.
    pub fn step(&mut self, input: Input, now_ms: u64) -> Vec<Action> {
        match input {
            Input::Connected => self.connected(now_ms),
            Input::Frame(re, frame) => self.frame(re, frame, now_ms),
            Input::Disconnected(code) => self.disconnected(code, now_ms),
            Input::Tick => {}
            Input::Command(ticket, command) => self.command(ticket, command, now_ms),
        }
        self.keep_time(now_ms);
        self.pump(now_ms);
        std::mem::take(&mut self.out)
    }

    /// When the next [`Input::Tick`] is due, in the milliseconds of `now_ms`.
    #[must_use]
    pub fn wake_at(&self, now_ms: u64) -> Option<u64> {
        let link = match &self.link {
            Link::Waiting { until_ms } => Some(*until_ms),
            Link::Stopped => return None,
            Link::Connecting { .. } | Link::Ready(_) => self.link_wake_at(),
        };
        let Link::Ready(session) = &self.link else { return link };
        let logs = self
            .pulls
            .iter()
            .filter_map(|conv| self.state.logs.get(conv)?.wake_at(now_ms));
        let rest = [
            link,
            self.state.outbox.wake_at(now_ms),
            self.state.cursors.wake_at(now_ms),
            self.state.own.wake_at(now_ms),
            session.paused_until(now_ms),
        ];
        rest.into_iter().flatten().chain(logs).min()
    }

    /// A new name for a change.
    pub fn new_send_id(&mut self, now_ms: u64) -> SendId {
        let mut random = [0; 10];
        self.chance.fill(&mut random);
        SendId(uuid::Builder::from_unix_timestamp_millis(now_ms, &random).into_uuid())
    }

    /// Who we are.
    #[must_use]
    pub fn me(&self) -> UserId {
        self.options.me
    }

    /// Everything held.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// How far others have got in what is open.
    #[must_use]
    pub fn peers(&self) -> &Peers {
        &self.peers
    }

    /// The server's limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether the server knows us and the inbox is whole.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        matches!(&self.link, Link::Ready(session) if session.caught_up)
    }

    /// The inbox as it is to be shown: the latest first, each with its unread count.
    #[must_use]
    pub fn inbox(&self) -> Vec<(ConversationRow, u64)> {
        let mut rows: Vec<(ConversationRow, u64)> = self
            .state
            .inbox
            .rows()
            .map(|row| (row.clone(), self.state.unread(row.conv)))
            .collect();
        rows.sort_by_key(|(row, _)| std::cmp::Reverse((row.head_ms, row.conv)));
        rows
    }

    /// What to show of a conversation.
    #[must_use]
    pub fn timeline(&self, conv: ConversationId) -> Vec<Line> {
        let peer: Option<&MemberCursor> = self.state.inbox.row(conv).and_then(|row| row.peer.as_ref());
        let all_have = self.peers.all_have(conv, peer);
        let tail = self.state.logs.get(&conv).into_iter().flat_map(|log| log.tail());
        timeline::lines(tail, &self.state.outbox, conv, self.options.me, all_have)
    }

    fn act(&mut self, action: Action) {
        self.out.push(action);
    }

    fn tell(&mut self, event: Event) {
        self.out.push(Action::Event(event));
    }

    fn keep(&mut self, change: Change) {
        self.out.push(Action::Persist(change));
    }

    fn session(&mut self) -> Option<&mut Session> {
        match &mut self.link {
            Link::Ready(session) => Some(session),
            Link::Waiting { .. } | Link::Connecting { .. } | Link::Stopped => None,
        }
    }

    /// Whether this log is fetched without being open.
    fn follows(&self, conv: ConversationId) -> bool {
        self.options.follow != Follow::Open || self.open.contains(&conv)
    }

    /// This log may want something: look at it in [`Self::pump`].
    fn look_at(&mut self, conv: ConversationId) {
        if self.follows(conv) {
            self.pulls.insert(conv);
        }
    }
}
