//! The connection's life: connect, greet, beat, notice silence, end, wait.

use super::{Action, Ask, Command, Core, No, Reply};
use crate::bounds::{ANSWER_MS_MAX, BEATS_MISSED_MAX, CONNECT_MS_MAX};
use crate::change::Change;
use crate::event::Event;
use protocol::client_frame::{Beat, Hello, Watch};
use protocol::close::Duty;
use protocol::server_frame::Welcome;
use protocol::{ClientFrame, Epoch, RequestId};
use rand::RngExt;

/// Where the connection stands.
pub(super) enum Link {
    /// There is none; the next try is due then.
    Waiting { until_ms: u64 },
    /// A try is under way, or it is there and `hello` is not answered.
    Connecting { since_ms: u64 },
    /// The server knows us.
    Ready(Session),
    /// There will be none.
    Stopped,
}

/// One greeted connection.
pub(super) struct Session {
    beat_ms: u64,
    next_beat_ms: u64,
    beats_missed: u32,
    /// The inbox is known at least as far as the welcome said.
    pub caught_up: bool,
    /// The inbox has to be asked for.
    pub inbox_due: bool,
    /// What is on the screen has to be said.
    pub watch_due: bool,
    /// The server asked for a pause with these, in milliseconds by this device's clock.
    pub inbox_not_before_ms: u64,
    pub pulls_not_before_ms: u64,
}

impl Session {
    /// When a pause ends, if one is on.
    pub fn paused_until(&self, now_ms: u64) -> Option<u64> {
        let inbox = Some(self.inbox_not_before_ms).filter(|&at| self.inbox_due && at > now_ms);
        let pulls = Some(self.pulls_not_before_ms).filter(|&at| at > now_ms);
        inbox.into_iter().chain(pulls).min()
    }
}

impl Core {
    pub(super) fn connected(&mut self, now_ms: u64) {
        if !matches!(self.link, Link::Connecting { .. }) {
            return;
        }
        let hello = Hello {
            v: protocol::VERSIONS.to_vec(),
            token: self.options.token.clone(),
            client: self.options.client.clone(),
            epoch: self.state.epoch,
            ver: self.state.epoch.map(|_| self.state.inbox.ver()),
            dseq: None,
            watch: self.watches().then(|| self.watch()),
        };
        self.ask(Ask::Hello, ClientFrame::Hello(Box::new(hello)), now_ms);
    }

    pub(super) fn welcomed(&mut self, welcome: &Welcome, now_ms: u64) {
        if !matches!(self.link, Link::Connecting { .. }) {
            return;
        }
        self.pending.retain(|_, (ask, _)| !matches!(ask, Ask::Hello));
        self.backoff.up(now_ms);
        self.limits = welcome.limits;
        let beat_ms = welcome.beat_ms.max(1);
        self.link = Link::Ready(Session {
            beat_ms,
            // The first beat falls anywhere in the interval: those who came together do not beat together.
            next_beat_ms: now_ms + self.chance.random_range(0..beat_ms),
            beats_missed: 0,
            caught_up: false,
            inbox_due: false,
            // `hello` said what was on the screen and is answered by no `watching`.
            watch_due: self.watches(),
            inbox_not_before_ms: 0,
            pulls_not_before_ms: 0,
        });
        self.tell(Event::Online { user: welcome.user });
        match self.state.epoch {
            None => {
                self.state.epoch = Some(welcome.epoch);
                self.keep(Change::Epoch {
                    epoch: welcome.epoch,
                    at_ms: now_ms,
                });
            }
            Some(epoch) if epoch != welcome.epoch => self.resync(welcome.epoch, now_ms),
            Some(_) => {}
        }
        self.state.inbox.connected(welcome.ver);
        if welcome.ver <= self.state.inbox.ver() {
            self.caught_up();
        }
    }

    /// The server's store is of another lineage: drop what is cached, ask again, submit again.
    pub(super) fn resync(&mut self, epoch: Epoch, now_ms: u64) {
        self.keep(Change::Epoch { epoch, at_ms: now_ms });
        self.state.restart(epoch, now_ms);
        self.peers.clear();
        self.pulls.clear();
        self.pending
            .retain(|_, (ask, _)| !matches!(ask, Ask::Pull(..) | Ask::Inbox | Ask::Cursor(_) | Ask::Own(_)));
        if let Some(session) = self.session() {
            session.caught_up = false;
            session.inbox_due = true;
            session.watch_due = true;
        }
        self.tell(Event::Resynced);
    }

    /// What was missed is known of: fetch what somebody is likely to look at.
    pub(super) fn caught_up(&mut self) {
        let Some(session) = self.session().filter(|session| !session.caught_up) else {
            return;
        };
        session.caught_up = true;
        for conv in self.eager() {
            self.look_at(conv);
        }
        self.tell(Event::CaughtUp);
    }

    pub(super) fn disconnected(&mut self, code: Option<u16>, now_ms: u64) {
        if matches!(self.link, Link::Stopped | Link::Waiting { .. }) {
            return;
        }
        self.state.outbox.disconnected();
        self.state.cursors.disconnected();
        self.state.own.disconnected();
        self.pulls.clear();
        for (_, (ask, _)) in std::mem::take(&mut self.pending).into_iter().rev() {
            match ask {
                Ask::Page {
                    ticket,
                    conv,
                    place,
                    limit,
                    ..
                } => {
                    self.commands.push_front((ticket, Command::Page { conv, place, limit }));
                }
                Ask::Question(ticket, command) => self.commands.push_front((ticket, command)),
                Ask::Hello
                | Ask::Inbox
                | Ask::Write(_)
                | Ask::Cursor(_)
                | Ask::Own(_)
                | Ask::Watch
                | Ask::Beat
                | Ask::Pull(..) => {}
            }
        }
        let duty = Duty::after(code);
        if duty == Duty::Reconnect {
            let wait_ms = self.backoff.down(now_ms, &mut self.chance);
            self.link = Link::Waiting {
                until_ms: now_ms + wait_ms,
            };
            self.tell(Event::Offline { retry_in_ms: wait_ms });
        } else {
            self.link = Link::Stopped;
            self.tell(Event::Stopped { duty, code });
            for (ticket, _) in std::mem::take(&mut self.commands) {
                self.act(Action::Reply(ticket, Reply::No(No::Stopped)));
            }
        }
    }

    /// Try now: the network came back. What was tried while it was away says nothing any more: a try that is still
    /// under way may have gone out into nowhere, and so may a session be dead without a word. The first is not waited
    /// for long after it fails, the second is asked for a sign of life.
    pub(super) fn hurry(&mut self, now_ms: u64) {
        self.backoff.forget();
        match &mut self.link {
            Link::Waiting { until_ms } => *until_ms = 0,
            Link::Ready(session) => session.next_beat_ms = session.next_beat_ms.min(now_ms),
            Link::Connecting { .. } | Link::Stopped => {}
        }
    }

    /// Everything that happens because time went by.
    pub(super) fn keep_time(&mut self, now_ms: u64) {
        match &self.link {
            Link::Waiting { until_ms } if *until_ms <= now_ms => {
                self.link = Link::Connecting { since_ms: now_ms };
                self.act(Action::Connect);
            }
            Link::Connecting { since_ms } if now_ms >= since_ms + CONNECT_MS_MAX => self.give_up(now_ms),
            Link::Ready(_)
                if self
                    .oldest_ask_ms()
                    .is_some_and(|since| now_ms >= since + ANSWER_MS_MAX) =>
            {
                self.give_up(now_ms);
            }
            Link::Ready(session) if session.next_beat_ms <= now_ms => self.beat(now_ms),
            Link::Waiting { .. } | Link::Connecting { .. } | Link::Ready(_) | Link::Stopped => {}
        }
    }

    pub(super) fn link_wake_at(&self) -> Option<u64> {
        match &self.link {
            Link::Waiting { until_ms } => Some(*until_ms),
            Link::Connecting { since_ms } => Some(since_ms + CONNECT_MS_MAX),
            Link::Ready(session) => {
                let silence = self.oldest_ask_ms().map(|since| since + ANSWER_MS_MAX);
                Some(silence.map_or(session.next_beat_ms, |at| at.min(session.next_beat_ms)))
            }
            Link::Stopped => None,
        }
    }

    pub(super) fn beat_back(&mut self) {
        if let Some(session) = self.session() {
            session.beats_missed = 0;
        }
    }

    /// Sends a request and notes what its answer will be about.
    pub(super) fn ask(&mut self, ask: Ask, frame: ClientFrame, now_ms: u64) {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        self.pending.insert(id, (ask, now_ms));
        self.act(Action::Send(Some(id), frame));
    }

    /// Whether anything is on the screen.
    pub(super) fn watches(&self) -> bool {
        !self.open.is_empty() || !self.presence_of.is_empty() || self.show != super::Show::default()
    }

    pub(super) fn watch(&self) -> Watch {
        Watch {
            open: self.open.iter().take(self.limits.watch_open_max).copied().collect(),
            presence_of: self
                .presence_of
                .iter()
                .take(self.limits.watch_presence_max)
                .copied()
                .collect(),
            show: Some(self.show),
        }
    }

    fn beat(&mut self, now_ms: u64) {
        let watches = self.watches();
        let Some(session) = self.session() else { return };
        if session.beats_missed >= BEATS_MISSED_MAX {
            return self.give_up(now_ms);
        }
        session.beats_missed += 1;
        session.next_beat_ms = now_ms + session.beat_ms;
        // Every hint may be lost: what is on the screen is asked again at each beat.
        session.watch_due |= watches;
        self.pending.retain(|_, (ask, _)| !matches!(ask, Ask::Beat));
        self.ask(Ask::Beat, ClientFrame::Beat(Beat {}), now_ms);
    }

    /// The other side is silent: this connection is as good as gone.
    fn give_up(&mut self, now_ms: u64) {
        self.act(Action::Close);
        self.disconnected(None, now_ms);
    }

    /// Since when the oldest request is unanswered. Beats have their own patience.
    fn oldest_ask_ms(&self) -> Option<u64> {
        self.pending
            .values()
            .filter(|(ask, _)| !matches!(ask, Ask::Beat))
            .map(|(_, since)| *since)
            .min()
    }
}
