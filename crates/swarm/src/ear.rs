//! A bare ear: a socket that knows none of the client's rules, to hear what a session is really told, and in which
//! order.
//!
//! It is let to miss nothing and to mend nothing: it writes down every live entry as it came, pulls when it is told
//! that it is behind, and comes back when its connection ends. It asks for as little else as it can: for its inbox, to
//! know which conversations there are, and for a watch on these, so that cursors and typing are told to it too. To
//! others it is invisible.

mod reader;

pub use reader::Reader;

use crate::history::{Device, Recorder, Seen, What};
use client::address::{Address, Connector};
use client::link::Link;
use protocol::client_frame::{AskInbox, Beat, Get, Hello, Show, Watch};
use protocol::server_frame::{Behind, Cursors, Entries, Inbox, Live, PresenceOf, ServerFrame, Topic, VerMoved};
use protocol::token::TokenText;
use protocol::{ClientFrame, ConversationId, Epoch, RequestId, Seq, UserId, Ver, limits};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

/// How often it says that it is alive.
const BEAT: Duration = Duration::from_secs(1);
/// How long it takes after a connection, or a try, before the next.
const PAUSE: Duration = Duration::from_millis(200);
/// How long connecting and saying hello may take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// After so long without a word, not even an answer to a beat, a connection is dead. A reader that was frozen by plan
/// hears nothing either and must not give up before the server calls it slow, so this is long.
const SILENCE_MAX: Duration = Duration::from_secs(20);
/// Pages it asks for at once. Above [`limits::INFLIGHT_REQUESTS_MAX`] a server would stop listening.
const PULLS_AT_ONCE_MAX: usize = 4;
/// Pages that may wait to be asked for; above it the oldest wish is forgotten: an ear owes nobody the whole log.
const PULLS_WAITING_MAX: usize = 256;

/// Listens as this device, connection after connection, until `stop` says so (or is gone).
pub async fn listen<C: Connector>(
    connector: C,
    address: Address,
    token: TokenText,
    device: Device,
    recorder: Recorder,
    mut stop: watch::Receiver<bool>,
) {
    let mut ear = Ear {
        device,
        recorder,
        heard: BTreeMap::new(),
        told: BTreeMap::new(),
        epoch: None,
        here: Here::default(),
    };
    let listen = async {
        loop {
            if let Some(mut link) = greet(&connector, &address, &token).await {
                ear.hear(&mut link).await;
                link.close().await;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::select! {
        () = listen => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    ear.leave();
}

/// Connects and says hello, as one who has kept nothing and is not to be seen; `None`: it cannot, just now.
async fn greet<C: Connector>(connector: &C, address: &Address, token: &TokenText) -> Option<Link<C::Stream>> {
    let open = tokio::time::timeout(CONNECT_TIME_MAX, Link::connect(connector, address));
    let mut link = open.await.ok()?.ok()?;
    let hello = Hello {
        v: vec![1],
        token: token.clone(),
        client: None,
        epoch: None,
        ver: None,
        dseq: None,
        watch: Some(Watch {
            show: Some(Show::Invisible),
            ..Watch::default()
        }),
    };
    link.send(None, &ClientFrame::Hello(Box::new(hello))).ok()?;
    Some(link)
}

/// What an ear knows.
struct Ear {
    device: Device,
    recorder: Recorder,
    /// Of which lineage each conversation is, and up to where it heard of it.
    heard: BTreeMap<ConversationId, (Epoch, Seq)>,
    /// What it was told of cursors: only what differs is worth a line.
    told: BTreeMap<(ConversationId, UserId), (Seq, Seq)>,
    /// The lineage of its inbox.
    epoch: Option<Epoch>,
    here: Here,
}

/// What it knows of the present connection.
#[derive(Default)]
struct Here {
    connected: bool,
    last_id: u64,
    ver: Ver,
    /// Pages of the inbox are still due.
    more: bool,
    open: BTreeSet<ConversationId>,
    people: BTreeSet<UserId>,
    /// The watch has grown since it was said.
    watch_grew: bool,
    /// Pages to ask for: everything above a seq.
    wanted: VecDeque<(ConversationId, Seq)>,
    /// Pages that were asked for.
    pulling: BTreeMap<RequestId, ConversationId>,
}

/// What is to be said next.
type Say = (Option<RequestId>, ClientFrame);

impl Ear {
    fn note(&self, what: What) {
        self.recorder.note(Some(self.device), what);
    }

    /// One connection, until it ends.
    async fn hear<S: AsyncRead + AsyncWrite + Unpin>(&mut self, link: &mut Link<S>) {
        self.here = Here::default();
        self.told.clear();
        let mut beats = tokio::time::interval_at(Instant::now() + BEAT, BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut dead = Instant::now() + SILENCE_MAX;
        loop {
            let says = tokio::select! {
                came = link.next() => match came {
                    Ok((re, frame)) => {
                        dead = Instant::now() + SILENCE_MAX;
                        self.take(re, frame)
                    }
                    Err(_) => break,
                },
                // A watch for each person who is met would be a watch for each of the first entries.
                _ = beats.tick() => self.here.beat(),
                () = tokio::time::sleep_until(dead) => break,
            };
            let mut says = says.into_iter().chain(self.here.pulls());
            if says.try_for_each(|(id, frame)| link.send(id, &frame)).is_err() {
                break;
            }
        }
        self.leave();
    }

    fn leave(&mut self) {
        if std::mem::take(&mut self.here.connected) {
            self.note(What::Disconnected);
        }
    }

    /// Writes down what came, and answers what to say to it.
    fn take(&mut self, re: Option<RequestId>, frame: ServerFrame) -> Vec<Say> {
        match frame {
            ServerFrame::Welcome(welcome) => {
                self.here.connected = true;
                let epoch = Some(welcome.epoch);
                self.note(What::Connected { epoch });
                if self.epoch.replace(welcome.epoch) != Some(welcome.epoch) {
                    self.heard.clear();
                }
                let wanted = self.heard.iter().map(|(conv, (_, seq))| (*conv, *seq));
                self.here.wanted = wanted.take(PULLS_WAITING_MAX).collect();
            }
            ServerFrame::Entry(live) => self.live(&live),
            ServerFrame::Entries(page) => self.page(re, &page),
            ServerFrame::Behind(behind) => return self.behind(behind),
            ServerFrame::Inbox(page) => return self.inbox(&page),
            ServerFrame::Ver(moved) => return self.moved(&moved),
            ServerFrame::Beat(beat) if beat.ver > self.here.ver => return vec![self.here.ask_inbox()],
            ServerFrame::Resync(resync) => {
                self.heard.clear();
                self.told.clear();
                self.epoch = Some(resync.epoch);
                self.here.ver = Ver::ZERO;
            }
            ServerFrame::Cursors(cursors) => self.cursors(&cursors),
            ServerFrame::Watching(watching) => {
                watching.cursors.iter().for_each(|cursors| self.cursors(cursors));
                self.presence(&watching.presence);
            }
            ServerFrame::Typing(typing) => self.note(What::SawTyping {
                conv: typing.conv,
                user: typing.user,
            }),
            ServerFrame::Presence(presence) => self.presence(&presence.list),
            ServerFrame::Refuse(_) => {
                re.and_then(|re| self.here.pulling.remove(&re));
            }
            ServerFrame::Beat(_)
            | ServerFrame::Ack(_)
            | ServerFrame::Pins(_)
            | ServerFrame::History(_)
            | ServerFrame::Heads(_)
            | ServerFrame::CursorOk(_)
            | ServerFrame::Bye(_)
            | ServerFrame::Members(_)
            | ServerFrame::People(_)
            | ServerFrame::Link(_)
            | ServerFrame::Links(_)
            | ServerFrame::Look(_)
            | ServerFrame::Asked(_)
            | ServerFrame::Requests(_)
            | ServerFrame::PrefsOk(_)
            | ServerFrame::MarkOk(_)
            | ServerFrame::Starred(_)
            | ServerFrame::DraftOk(_)
            | ServerFrame::ReadAllOk(_)
            | ServerFrame::Receipts(_)
            | ServerFrame::ThreadOk(_)
            | ServerFrame::Thread(_)
            | ServerFrame::ProfileOk(_)
            | ServerFrame::PrivacyOk(_)
            | ServerFrame::BlockOk(_)
            | ServerFrame::AnswerOk(_)
            | ServerFrame::ReportOk(_) => {}
        }
        Vec::new()
    }

    fn live(&mut self, live: &Live) {
        self.note(What::Heard {
            conv: live.conv,
            entry: Seen::told(&live.entry),
        });
        self.here.meet(live.conv, live.entry.sender);
        self.advance(live.conv, live.epoch, live.entry.seq);
    }

    fn page(&mut self, re: Option<RequestId>, page: &Entries) {
        re.and_then(|re| self.here.pulling.remove(&re));
        if page.from <= page.to {
            self.note(What::Pulled {
                conv: page.conv,
                from: page.from,
                to: page.to,
                entries: page.items.iter().map(Seen::told).collect(),
            });
            self.advance(page.conv, page.epoch, page.to);
            if page.more {
                self.here.want(page.conv, page.to);
            }
        }
    }

    fn advance(&mut self, conv: ConversationId, epoch: Epoch, seq: Seq) {
        let held = self.heard.entry(conv).or_insert((epoch, seq));
        *held = if held.0 == epoch {
            (epoch, held.1.max(seq))
        } else {
            (epoch, seq)
        };
    }

    fn behind(&mut self, behind: Behind) -> Vec<Say> {
        self.note(What::ToldBehind { conv: behind.conv });
        let Some(conv) = behind.conv else {
            self.heard
                .iter()
                .for_each(|(conv, (_, seq))| self.here.want(*conv, *seq));
            return vec![self.here.ask_inbox()];
        };
        let before = behind.from.map(|from| Seq(from.0.saturating_sub(1)));
        if let Some(after) = self.heard.get(&conv).map(|(_, seq)| *seq).or(before) {
            self.here.want(conv, after);
        }
        Vec::new()
    }

    fn inbox(&mut self, page: &Inbox) -> Vec<Say> {
        for row in &page.rows {
            if let Topic::Conversation(row) = &row.topic
                && row.role.is_some()
            {
                self.here.open(row.conv);
            }
        }
        self.here.ver = self.here.ver.max(page.to);
        self.here.more = page.more;
        let more = page.more.then(|| self.here.ask_inbox());
        more.into_iter().chain(self.here.grown_watch()).collect()
    }

    fn moved(&mut self, moved: &VerMoved) -> Vec<Say> {
        if moved.pull || moved.prev > self.here.ver || self.here.more {
            return vec![self.here.ask_inbox()];
        }
        self.here.ver = self.here.ver.max(moved.ver);
        Vec::new()
    }

    fn cursors(&mut self, cursors: &Cursors) {
        for one in &cursors.list {
            let (conv, now) = (cursors.conv, (one.delivered, one.read));
            if self.told.insert((conv, one.user), now) != Some(now) {
                self.note(What::SawCursor {
                    conv,
                    user: one.user,
                    delivered: one.delivered,
                    read: one.read,
                });
            }
        }
    }

    fn presence(&mut self, list: &[PresenceOf]) {
        for one in list {
            self.note(What::SawPresence {
                user: one.user,
                state: one.state,
            });
        }
    }
}

impl Here {
    fn ask_inbox(&self) -> Say {
        (None, ClientFrame::Inbox(AskInbox { after_ver: self.ver }))
    }

    fn open(&mut self, conv: ConversationId) {
        self.watch_grew |= self.open.len() < limits::WATCH_OPEN_MAX && self.open.insert(conv);
    }

    fn meet(&mut self, conv: ConversationId, user: UserId) {
        self.open(conv);
        self.watch_grew |= self.people.len() < limits::WATCH_PRESENCE_MAX && self.people.insert(user);
    }

    /// A beat, and the watch if it has grown.
    fn beat(&mut self) -> Vec<Say> {
        let beat = (None, ClientFrame::Beat(Beat {}));
        self.grown_watch().into_iter().chain([beat]).collect()
    }

    /// The watch, if it has grown.
    fn grown_watch(&mut self) -> Option<Say> {
        let watch = || Watch {
            open: self.open.iter().copied().collect(),
            presence_of: self.people.iter().copied().collect(),
            show: Some(Show::Invisible),
        };
        std::mem::take(&mut self.watch_grew).then(|| (None, ClientFrame::Watch(watch())))
    }

    fn want(&mut self, conv: ConversationId, after: Seq) {
        if self.wanted.len() == PULLS_WAITING_MAX {
            self.wanted.pop_front();
        }
        self.wanted.push_back((conv, after));
    }

    /// The next pages to ask for.
    fn pulls(&mut self) -> Vec<Say> {
        let free = PULLS_AT_ONCE_MAX
            .saturating_sub(self.pulling.len())
            .min(self.wanted.len());
        let next: Vec<_> = self.wanted.drain(..free).collect();
        next.into_iter()
            .map(|(conv, after)| {
                self.last_id += 1;
                let id = RequestId(self.last_id);
                self.pulling.insert(id, conv);
                (Some(id), ClientFrame::Get(Get::after(conv, after)))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
