//! The task that stands between the core and the world: one per client. It decides nothing; it does what the core says,
//! in that order, and brings back what happened.

use crate::address::{Address, Connector};
use crate::change::Change;
use crate::clock::Clock;
use crate::core::{Action, Command, Core, Input, No, Reply, Ticket};
use crate::event::Event;
use crate::events::Teller;
use crate::keep::Keep;
use crate::link::{Came, Link, Over};
use crate::outbox::{Phase, Verb};
use protocol::{ClientFrame, SendId, Seq};
use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// What the owner's handle asks the task to do.
pub(crate) enum Order {
    /// Step with a command. Boxed: the channel of every client has places for 32 orders from its first on.
    Do(Box<Command>, oneshot::Sender<Reply>),
    /// Write something, under a name the core gives.
    Write(Box<dyn FnOnce(SendId) -> Verb + Send>, oneshot::Sender<Reply>),
    /// Tell what became of a change.
    Outcome(SendId, oneshot::Sender<Result<Seq, No>>),
    /// Look at the core.
    Look(Box<dyn FnOnce(&Core) + Send>),
    /// Say good-bye and end.
    Shutdown,
}

type Connecting<S> = Pin<Box<dyn Future<Output = io::Result<Link<S>>> + Send>>;

pub(crate) struct Driver<K, C: Connector> {
    pub core: Core,
    /// Away for as long as a thread works with it.
    pub keep: Option<Box<K>>,
    /// Whether keeping waits for a disk.
    pub waits: bool,
    pub connector: Arc<C>,
    pub address: Address,
    pub clock: Clock,
    pub teller: Teller,
    pub orders: mpsc::Receiver<Order>,
    pub hands: Hands<C>,
}

/// What is under way.
pub(crate) struct Hands<C: Connector> {
    link: Option<Link<C::Stream>>,
    connecting: Option<Connecting<C::Stream>>,
    next_ticket: u64,
    replies: BTreeMap<Ticket, oneshot::Sender<Reply>>,
    outcomes: BTreeMap<SendId, Vec<oneshot::Sender<Result<Seq, No>>>>,
    /// Kept but not yet durable.
    unsynced: bool,
}

impl<C: Connector> Default for Hands<C> {
    fn default() -> Self {
        Self {
            link: None,
            connecting: None,
            next_ticket: 0,
            replies: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            unsynced: false,
        }
    }
}

enum Happened<S> {
    Order(Option<Order>),
    Came(Came),
    Connected(io::Result<Link<S>>),
    Tick,
}

impl<K: Keep, C: Connector> Driver<K, C> {
    /// Runs until the owner lets go of it, or what is to be kept cannot be kept.
    pub async fn run(mut self) {
        if let Err(error) = self.live().await {
            self.teller.tell(Event::Broken { why: error.to_string() });
        }
        if let Some(mut link) = self.hands.link.take() {
            link.close().await;
        }
        if self.hands.unsynced {
            drop(self.keep_now(Vec::new(), true).await);
        }
    }

    async fn live(&mut self) -> io::Result<()> {
        loop {
            let now_ms = self.clock.now_ms();
            let input = match self.next(now_ms).await {
                Happened::Order(None | Some(Order::Shutdown)) => return Ok(()),
                Happened::Order(Some(order)) => self.order(order),
                Happened::Came(Ok((re, frame))) => Some(Input::Frame(re, frame)),
                Happened::Came(Err(Over(code))) => {
                    self.hands.link = None;
                    Some(Input::Disconnected(code))
                }
                Happened::Connected(connected) => {
                    self.hands.connecting = None;
                    Some(self.connected(connected))
                }
                Happened::Tick => Some(Input::Tick),
            };
            if let Some(input) = input {
                self.step(input).await?;
            }
        }
    }

    async fn next(&mut self, now_ms: u64) -> Happened<C::Stream> {
        let wake_at = self.core.wake_at(now_ms).map(|ms| self.clock.at(ms));
        let Hands { link, connecting, .. } = &mut self.hands;
        let came = async {
            match link {
                Some(link) => link.next().await,
                None => pending().await,
            }
        };
        let connected = async {
            match connecting {
                Some(connecting) => connecting.await,
                None => pending().await,
            }
        };
        let woken = async {
            match wake_at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => pending().await,
            }
        };
        tokio::select! {
            order = self.orders.recv() => Happened::Order(order),
            came = came => Happened::Came(came),
            connected = connected => Happened::Connected(connected),
            () = woken => Happened::Tick,
        }
    }

    fn connected(&mut self, connected: io::Result<Link<C::Stream>>) -> Input {
        match connected {
            Ok(link) => {
                self.hands.link = Some(link);
                Input::Connected
            }
            Err(error) => {
                tracing::debug!(%error, "no connection");
                Input::Disconnected(None)
            }
        }
    }

    fn order(&mut self, order: Order) -> Option<Input> {
        match order {
            Order::Do(command, reply) => Some(Input::Command(self.ticket(reply), *command)),
            Order::Write(make, reply) => {
                let verb = make(self.core.new_send_id(self.clock.now_ms()));
                Some(Input::Command(self.ticket(reply), Command::Write(verb)))
            }
            Order::Outcome(send_id, outcome) => {
                self.await_outcome(send_id, outcome);
                None
            }
            Order::Look(look) => {
                look(&self.core);
                None
            }
            Order::Shutdown => None,
        }
    }

    fn ticket(&mut self, reply: oneshot::Sender<Reply>) -> Ticket {
        // Those who gave up waiting are forgotten, or their places would be held for ever.
        self.hands.replies.retain(|_, reply| !reply.is_closed());
        let ticket = Ticket(self.hands.next_ticket);
        self.hands.next_ticket += 1;
        self.hands.replies.insert(ticket, reply);
        ticket
    }

    fn await_outcome(&mut self, send_id: SendId, outcome: oneshot::Sender<Result<Seq, No>>) {
        let outbox = &self.core.state().outbox;
        let known = match (outbox.get(send_id).map(|item| &item.phase), outbox.seq_of(send_id)) {
            (Some(Phase::Failed(refusal)), _) => Some(Err(No::Refused(refusal.clone()))),
            (Some(Phase::Waiting { .. } | Phase::UnderWay), _) => None,
            (None, Some(seq)) => Some(Ok(seq)),
            (None, None) => Some(Err(No::Unknown)),
        };
        match known {
            Some(known) => drop(outcome.send(known)),
            None => {
                let waiting = self.hands.outcomes.entry(send_id).or_default();
                waiting.retain(|outcome| !outcome.is_closed());
                waiting.push(outcome);
            }
        }
    }

    async fn step(&mut self, input: Input) -> io::Result<()> {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let mut changes = Vec::new();
            for action in self.core.step(input, self.clock.now_ms()) {
                if let Action::Persist(change) = action {
                    changes.push(change);
                    continue;
                }
                let confirms = confirms(&action);
                if !changes.is_empty() || (confirms && self.hands.unsynced) {
                    self.keep_now(std::mem::take(&mut changes), confirms).await?;
                }
                if !self.act(action) {
                    self.hands.link = None;
                    inputs.push_back(Input::Disconnected(None));
                }
            }
            if !changes.is_empty() {
                self.keep_now(changes, false).await?;
            }
        }
        Ok(())
    }

    /// Does one thing. False: the connection is over.
    fn act(&mut self, action: Action) -> bool {
        match action {
            Action::Connect => {
                let (connector, address) = (Arc::clone(&self.connector), self.address.clone());
                self.hands.connecting = Some(Box::pin(async move { Link::connect(&*connector, &address).await }));
            }
            Action::Close => (self.hands.link, self.hands.connecting) = (None, None),
            Action::Send(id, frame) => {
                return self
                    .hands
                    .link
                    .as_mut()
                    .is_none_or(|link| link.send(id, &frame).is_ok());
            }
            Action::Event(event) => {
                self.settle(&event);
                self.teller.tell(event);
            }
            Action::Reply(ticket, reply) => {
                if let Some(waiting) = self.hands.replies.remove(&ticket) {
                    drop(waiting.send(reply));
                }
            }
            Action::Persist(_) => {}
        }
        true
    }

    /// Answers those who wait for what became of a change.
    fn settle(&mut self, event: &Event) {
        let (send_id, outcome) = match event {
            Event::Acked { send_id, seq, .. } => (send_id, Ok(*seq)),
            Event::Failed { send_id, refusal, .. } => (send_id, Err(No::Refused(refusal.clone()))),
            _ => return,
        };
        for waiting in self.hands.outcomes.remove(send_id).unwrap_or_default() {
            drop(waiting.send(outcome.clone()));
        }
    }

    /// Keeps changes, and makes everything durable if somebody is about to be told.
    async fn keep_now(&mut self, changes: Vec<Change>, sync: bool) -> io::Result<()> {
        self.hands.unsynced |= changes.iter().any(Change::must_be_durable);
        let sync = sync && self.hands.unsynced;
        let mut keep = self
            .keep
            .take()
            .ok_or_else(|| io::Error::other("the place to keep things is gone"))?;
        let work = move || {
            let done = keep
                .append(&changes)
                .and_then(|()| if sync { keep.sync() } else { Ok(()) });
            (keep, done)
        };
        let (keep, done) = if self.waits {
            tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
        } else {
            work()
        };
        self.keep = Some(keep);
        if sync && done.is_ok() {
            self.hands.unsynced = false;
        }
        done
    }
}

/// Whether this tells the server, or the author of a change, that something is durable here.
fn confirms(action: &Action) -> bool {
    match action {
        Action::Send(_, frame) => match frame {
            ClientFrame::Send(_)
            | ClientFrame::Create(_)
            | ClientFrame::Add(_)
            | ClientFrame::Remove(_)
            | ClientFrame::Leave(_)
            | ClientFrame::Settings(_)
            | ClientFrame::Role(_)
            | ClientFrame::Admit(_)
            | ClientFrame::Edit(_)
            | ClientFrame::Delete(_)
            | ClientFrame::React(_)
            | ClientFrame::Pin(_)
            | ClientFrame::Cursor(_)
            | ClientFrame::Prefs(_)
            | ClientFrame::Mark(_)
            | ClientFrame::Draft(_)
            | ClientFrame::Follow(_)
            | ClientFrame::ThreadRead(_) => true,
            ClientFrame::Hello(_)
            | ClientFrame::Get(_)
            | ClientFrame::Inbox(_)
            | ClientFrame::Heads(_)
            | ClientFrame::Watch(_)
            | ClientFrame::Beat(_)
            | ClientFrame::Typing(_)
            | ClientFrame::Members(_)
            | ClientFrame::People(_)
            | ClientFrame::Link(_)
            | ClientFrame::Links(_)
            | ClientFrame::RevokeLink(_)
            | ClientFrame::Look(_)
            | ClientFrame::Join(_)
            | ClientFrame::Requests(_)
            | ClientFrame::Pins(_)
            | ClientFrame::History(_)
            | ClientFrame::Starred(_)
            | ClientFrame::ReadAll(_)
            | ClientFrame::Receipts(_)
            | ClientFrame::Profile(_)
            | ClientFrame::Privacy(_)
            | ClientFrame::Block(_)
            | ClientFrame::Answer(_)
            | ClientFrame::Report(_)
            | ClientFrame::Thread(_)
            | ClientFrame::Find(_) => false,
        },
        Action::Reply(_, reply) => matches!(reply, Reply::Queued(_)),
        Action::Connect | Action::Close | Action::Persist(_) | Action::Event(_) => false,
    }
}
