//! What to send next: writes first, then cursors, the inbox, what is on the screen, questions, and last the fetching.

use super::connection::Link;
use super::{Action, Ask, Command, Core, Follow, Ticket};
use crate::bounds::RESUME_EAGER_MAX;
use crate::outbox::Item;
use protocol::change::AskPins;
use protocol::client_frame::{AskInbox, AskMembers, Get, Place};
use protocol::own::ReadAll;
use protocol::{ClientFrame, ConversationId};

/// Places among the unanswered requests that fetching leaves free, so that a message never waits behind history.
const FETCH_LEAVES_FREE: usize = 8;

impl Core {
    /// Sends whatever may be sent now.
    pub(super) fn pump(&mut self, now_ms: u64) {
        if !matches!(self.link, Link::Ready(_)) {
            return;
        }
        while self.has_room(0) {
            let Some(item) = self.state.outbox.next(now_ms) else {
                break;
            };
            self.write(&item, now_ms);
        }
        while self.has_room(0) {
            let Some(cursor) = self.state.cursors.next(now_ms) else {
                break;
            };
            self.ask(Ask::Cursor(cursor.conv), ClientFrame::Cursor(cursor), now_ms);
        }
        while self.has_room(0) {
            let Some(wish) = self.state.own.next(now_ms) else {
                break;
            };
            self.ask(Ask::Own(wish.about()), wish.frame(), now_ms);
        }
        self.ask_for_inbox(now_ms);
        self.say_watch(now_ms);
        while self.has_room(0) {
            let Some((ticket, command)) = self.commands.pop_front() else {
                break;
            };
            self.question(ticket, command, now_ms);
        }
        self.pull(now_ms);
    }

    /// The logs that are fetched unasked after a resume.
    pub(super) fn eager(&self) -> Vec<ConversationId> {
        let mut convs: Vec<ConversationId> = self.open.iter().copied().collect();
        match self.options.follow {
            Follow::Open => {}
            Follow::Lively => convs.extend(self.state.inbox.latest(RESUME_EAGER_MAX)),
            Follow::Everything => convs.extend(self.state.inbox.rows().map(|row| row.conv)),
        }
        convs
    }

    fn has_room(&self, leave: usize) -> bool {
        self.pending.len() + leave < self.limits.inflight_requests_max.max(leave + 1)
    }

    fn write(&mut self, item: &Item, now_ms: u64) {
        self.ask(Ask::Write(item.send_id), item.verb.frame(), now_ms);
    }

    fn ask_for_inbox(&mut self, now_ms: u64) {
        let under_way = self.pending.values().any(|(ask, _)| matches!(ask, Ask::Inbox));
        let after_ver = self.state.inbox.ver();
        let room = self.has_room(0);
        let Some(session) = self.session() else { return };
        if session.inbox_due && session.inbox_not_before_ms <= now_ms && !under_way && room {
            session.inbox_due = false;
            self.ask(Ask::Inbox, ClientFrame::Inbox(AskInbox { after_ver }), now_ms);
        }
    }

    fn say_watch(&mut self, now_ms: u64) {
        let room = self.has_room(0);
        let Some(session) = self.session() else { return };
        if session.watch_due && room {
            session.watch_due = false;
            self.ask(Ask::Watch, ClientFrame::Watch(self.watch()), now_ms);
        }
    }

    /// Asks the server what a command asks.
    fn question(&mut self, ticket: Ticket, command: Command, now_ms: u64) {
        let frame = match &command {
            Command::Page { conv, place, limit } => return self.ask_for_page(ticket, *conv, *place, *limit, now_ms),
            Command::Members { conv, after } => ClientFrame::Members(AskMembers {
                conv: *conv,
                after: *after,
            }),
            Command::People(people) => ClientFrame::People(people.clone()),
            Command::Link(frame) => (**frame).clone(),
            Command::Pins(conv) => ClientFrame::Pins(AskPins { conv: *conv }),
            Command::History(ask) => ClientFrame::History(*ask),
            Command::Starred(ask) => ClientFrame::Starred(*ask),
            Command::ReadAll => ClientFrame::ReadAll(ReadAll {}),
            Command::Receipts(ask) => ClientFrame::Receipts(*ask),
            Command::Thread(ask) => ClientFrame::Thread(*ask),
            Command::Find(ask) => ClientFrame::Find(*ask),
            Command::Decide(decision) => decision.frame(),
            Command::Write(_)
            | Command::Dismiss(_)
            | Command::Open(_)
            | Command::Close(_)
            | Command::Presence(_)
            | Command::Show(_)
            | Command::Typing(_)
            | Command::Read(..)
            | Command::MarkUnread(..)
            | Command::Own(_)
            | Command::Hurry => unreachable!("only questions are queued"),
        };
        self.ask(Ask::Question(ticket, command), frame, now_ms);
    }

    /// Fetches for the logs that want something.
    fn pull(&mut self, now_ms: u64) {
        let paused = self
            .session()
            .is_none_or(|session| session.pulls_not_before_ms > now_ms);
        if paused {
            return;
        }
        let mut done = Vec::new();
        let mut asks = Vec::new();
        for &conv in &self.pulls {
            if !self.has_room(FETCH_LEAVES_FREE + asks.len()) {
                break;
            }
            let under_way = |ask: &Ask| matches!(ask, Ask::Pull(c, _) if *c == conv);
            if self.pending.values().any(|(ask, _)| under_way(ask)) {
                continue;
            }
            let Some(log) = self.state.logs.get(&conv) else {
                continue;
            };
            match log.wants(now_ms, &self.bounds) {
                Some(place) => asks.push((conv, place)),
                None if !log.is_stale() => done.push(conv),
                None => {}
            }
        }
        self.pulls.retain(|conv| !done.contains(conv));
        for (conv, place) in asks {
            let limit = matches!(place, Place::Before(_)).then_some(self.bounds.tail_entries);
            self.ask(
                Ask::Pull(conv, place),
                ClientFrame::Get(get(conv, place, limit)),
                now_ms,
            );
        }
    }

    /// Says something that is not answered, if somebody is there to hear it.
    pub(super) fn say(&mut self, frame: ClientFrame) {
        if matches!(self.link, Link::Ready(_)) {
            self.act(Action::Send(None, frame));
        }
    }
}

pub(super) fn get(conv: ConversationId, place: Place, limit: Option<u32>) -> Get {
    let mut get = Get {
        limit,
        ..Get::after(conv, protocol::Seq::ZERO)
    };
    get.after = None;
    match place {
        Place::After(seq) => get.after = Some(seq),
        Place::Before(seq) => get.before = Some(seq),
        Place::Around(seq) => get.around = Some(seq),
        Place::Range(from, to, since_rev) => (get.range, get.since_rev) = (Some((from, to)), since_rev),
    }
    get
}
