//! The handle a program holds: ask, and listen to [`Events`].

mod change;
pub use change::Target;
mod group;
mod people;

use crate::address::{Address, BadAddress, Connector, TcpConnector};
use crate::bounds::Bounds;
use crate::clock::Clock;
use crate::core::{Command, Core, Follow, No, Options, Page, Reply};
use crate::driver::{Driver, Hands, Order};
use crate::events::{self, Events};
use crate::keep::{Keep, Nowhere};
use crate::outbox::Verb;
use crate::own::Wish;
use crate::timeline::Line;
use protocol::client_frame::{Add, AskPeople, Create, Leave, Place, Remove, Send, Show, What};
use protocol::own::{AskReceipts, AskStarred, ReceiptOf, Starred};
use protocol::server_frame::{Ack, ConversationRow, Members, Person};
use protocol::thread::{AskThread, Find, ThreadPage};
use protocol::token::TokenText;
use protocol::{Body, ConversationId, Kind, SendId, Seq, UserId, Ver};
use rand::rngs::StdRng;
use serde_json::value::RawValue;
use std::io;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Orders that wait for the task; further ones wait with their caller.
const ORDERS_MAX: usize = 16;

/// How to connect.
pub struct ConnectOptions<K = Nowhere, C = TcpConnector> {
    /// Where the server is: `host`, `host:port`, `ws://host:port`; `wss://` with a connector that speaks TLS.
    pub url: String,
    /// The device's token.
    pub token: TokenText,
    /// The client's name and version, for the list of devices.
    pub client: Option<String>,
    /// Where to keep what must outlive the process.
    pub keep: K,
    /// Where streams come from.
    pub connector: C,
    /// Where chance comes from.
    pub chance: StdRng,
    /// Which logs are fetched unasked.
    pub follow: Follow,
    /// Whether the server is told what this device has stored. Only load tests that measure without receipts say no.
    pub delivers: bool,
    /// How much may be held.
    pub bounds: Bounds,
    /// What the wall clock says now, in milliseconds since 1970 UTC; `None`: ask it. A simulation says its own time.
    pub unix_ms: Option<u64>,
}

/// What joining came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// I am a member, since this entry.
    In(Ack),
    /// Somebody has to let me into this group.
    Asked(ConversationId),
}

/// Why a client did not start.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// The address cannot be used.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// The token is none: `user.device.secret`.
    #[error("the token is not one; sign in again")]
    Token,
    /// What was kept cannot be read.
    #[error("what was kept on this device cannot be read: {0}")]
    Keep(#[from] io::Error),
}

/// A client. Clones are handles of the same one; it ends when the last is dropped.
#[derive(Clone)]
pub struct Client {
    orders: mpsc::Sender<Order>,
    me: UserId,
}

impl ConnectOptions {
    /// Over TCP, keeping nothing, following what is lively.
    #[must_use]
    pub fn new(url: impl Into<String>, token: TokenText, chance: StdRng) -> Self {
        Self {
            url: url.into(),
            token,
            client: None,
            keep: Nowhere,
            connector: TcpConnector,
            chance,
            follow: Follow::default(),
            delivers: true,
            bounds: Bounds::default(),
            unix_ms: None,
        }
    }
}

impl<K, C> ConnectOptions<K, C> {
    /// The same, kept elsewhere.
    #[must_use]
    pub fn keep<K2: Keep>(self, keep: K2) -> ConnectOptions<K2, C> {
        self.over(|_, connector| (keep, connector))
    }

    /// The same, over other streams.
    #[must_use]
    pub fn connector<C2: Connector>(self, connector: C2) -> ConnectOptions<K, C2> {
        self.over(|keep, _| (keep, connector))
    }

    /// The same with other ends: a struct of another type, so every field is named once more.
    fn over<K2, C2>(self, ends: impl FnOnce(K, C) -> (K2, C2)) -> ConnectOptions<K2, C2> {
        let (keep, connector) = ends(self.keep, self.connector);
        ConnectOptions {
            url: self.url,
            token: self.token,
            client: self.client,
            keep,
            connector,
            chance: self.chance,
            follow: self.follow,
            delivers: self.delivers,
            bounds: self.bounds,
            unix_ms: self.unix_ms,
        }
    }
}

impl Client {
    /// Starts a client: it connects, resumes and reconnects by itself. Returns at once; [`crate::Event::Online`] tells
    /// when the server knows us. Must be called within a tokio runtime with time.
    ///
    /// # Errors
    /// [`NotStarted`]; whether the server can be reached is no matter of starting.
    pub async fn connect<K: Keep, C: Connector>(options: ConnectOptions<K, C>) -> Result<(Self, Events), NotStarted> {
        let address = Address::parse(&options.url)?;
        if address.tls && !options.connector.speaks_tls() {
            return Err(BadAddress::Tls.into());
        }
        let me = options.token.parse().ok_or(NotStarted::Token)?.user;
        let bounds = options.bounds;
        let waits = options.keep.waits();
        let mut keep = Box::new(options.keep);
        let load = move || {
            let state = keep.load(&bounds);
            (keep, state)
        };
        let (keep, state) = if waits {
            tokio::task::spawn_blocking(load).await.map_err(io::Error::other)?
        } else {
            load()
        };
        let core_options = Options {
            token: options.token,
            me,
            client: options.client,
            follow: options.follow,
            delivers: options.delivers,
            bounds,
        };
        let (orders, taken) = mpsc::channel(ORDERS_MAX);
        let (teller, events) = events::queue(bounds.events_max);
        let driver = Driver {
            core: Core::new(core_options, state?, options.chance),
            keep: Some(keep),
            waits,
            connector: Arc::new(options.connector),
            address,
            clock: options.unix_ms.map_or_else(Clock::start, Clock::start_at),
            teller,
            orders: taken,
            hands: Hands::default(),
        };
        drop(tokio::spawn(driver.run()));
        Ok((Self { orders, me }, events))
    }

    /// Who we are.
    #[must_use]
    pub fn me(&self) -> UserId {
        self.me
    }

    /// Says something. Returns its name as soon as it is durable on this device; it will be sent, whatever happens.
    /// What became of it is told by [`crate::Event::Acked`] or [`crate::Event::Failed`], or by [`Self::sent`].
    ///
    /// # Errors
    /// [`No`]: too large, or the outbox is full.
    pub async fn send(&self, conv: ConversationId, body: &Body) -> Result<SendId, No> {
        self.send_kind(conv, Kind::Text, body.to_raw(), None).await
    }

    /// Says something of any kind, perhaps in answer to an entry.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_kind(
        &self,
        conv: ConversationId,
        kind: Kind,
        body: Box<RawValue>,
        reply_to: Option<Target>,
    ) -> Result<SendId, No> {
        let make = move |send_id| {
            Verb::Send(Box::new(Send {
                reply_to: reply_to.map(|target| target.seq),
                reply_send_id: reply_to.map(|target| target.name),
                ..Send::new(conv, send_id, kind, body)
            }))
        };
        self.write(make).await
    }

    /// Says something in the thread that an entry starts.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_in_thread(&self, conv: ConversationId, body: &Body, root: Target) -> Result<SendId, No> {
        let body = body.to_raw();
        let make = move |send_id| {
            Verb::Send(Box::new(Send {
                thread: Some(root.seq),
                thread_send_id: Some(root.name),
                ..Send::new(conv, send_id, Kind::Text, body)
            }))
        };
        self.write(make).await
    }

    /// Waits until the server has acknowledged a change or refused it for good: its seq.
    ///
    /// # Errors
    /// [`No`]: refused, or no such change is known.
    pub async fn sent(&self, send_id: SendId) -> Result<Seq, No> {
        let (tell, told) = oneshot::channel();
        self.order(Order::Outcome(send_id, tell)).await?;
        told.await.map_err(|_| No::Stopped)?
    }

    /// Gives up a change that failed or has not been sent yet.
    ///
    /// # Errors
    /// [`No::Stopped`].
    pub async fn dismiss(&self, send_id: SendId) -> Result<(), No> {
        self.done(Command::Dismiss(send_id)).await
    }

    /// Begins the 1:1 with somebody, or finds it. It may be written to at once.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn create_direct(&self, with: UserId) -> Result<(SendId, ConversationId), No> {
        let make = move |send_id| {
            Verb::Create(Create {
                send_id,
                what: What::Direct { with },
            })
        };
        Ok((self.write(make).await?, ConversationId::direct(self.me, with)))
    }

    /// Begins a group. It may be written to at once.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn create_group(
        &self,
        title: impl Into<String>,
        members: Vec<UserId>,
    ) -> Result<(SendId, ConversationId), No> {
        let title = title.into();
        let make = move |send_id| {
            Verb::Create(Create {
                send_id,
                what: What::Group { title, members },
            })
        };
        let send_id = self.write(make).await?;
        Ok((send_id, ConversationId::group(self.me, send_id)))
    }

    /// Adds people to a group.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn add(&self, conv: ConversationId, users: Vec<UserId>) -> Result<SendId, No> {
        self.write(move |send_id| Verb::Add(Add { conv, send_id, users })).await
    }

    /// Removes somebody from a group.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn remove(&self, conv: ConversationId, user: UserId) -> Result<SendId, No> {
        self.write(move |send_id| Verb::Remove(Remove { conv, send_id, user }))
            .await
    }

    /// Leaves a group.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn leave(&self, conv: ConversationId) -> Result<SendId, No> {
        self.write(move |send_id| Verb::Leave(Leave { conv, send_id })).await
    }

    /// A page of a log. What is held is re-validated before it is shown; without a connection it is as last known.
    ///
    /// # Errors
    /// [`No`]: refused, or too many requests wait.
    pub async fn page(&self, conv: ConversationId, place: Place, limit: u32) -> Result<Page, No> {
        match self.ask(Command::Page { conv, place, limit }).await? {
            Reply::Page(page) => Ok(page),
            other => Err(odd(other)),
        }
    }

    /// Who is in a conversation, after this person: one page.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn members(&self, conv: ConversationId, after: Option<UserId>) -> Result<Members, No> {
        match self.ask(Command::Members { conv, after }).await? {
            Reply::Members(members) => Ok(members),
            other => Err(odd(other)),
        }
    }

    /// Who these people are.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn people(&self, ask: AskPeople) -> Result<Vec<Person>, No> {
        match self.ask(Command::People(ask)).await? {
            Reply::People(people) => Ok(people.list),
            other => Err(odd(other)),
        }
    }

    /// The conversation is on the screen.
    ///
    /// # Errors
    /// [`No::Stopped`].
    pub async fn open(&self, conv: ConversationId) -> Result<(), No> {
        self.done(Command::Open(conv)).await
    }

    /// The conversation is no longer on the screen.
    ///
    /// # Errors
    /// [`No::Stopped`].
    pub async fn close(&self, conv: ConversationId) -> Result<(), No> {
        self.done(Command::Close(conv)).await
    }

    /// Whose presence is on the screen. Replaces what was said before.
    ///
    /// # Errors
    /// [`No::Stopped`].
    pub async fn watch_presence(&self, of: Vec<UserId>) -> Result<(), No> {
        self.done(Command::Presence(of)).await
    }

    /// How I appear to others.
    ///
    /// # Errors
    /// [`No::Stopped`].
    pub async fn show(&self, show: Show) -> Result<(), No> {
        self.done(Command::Show(show)).await
    }

    /// I am typing. Said at most every few seconds, whatever is asked.
    ///
    /// # Errors
    /// [`No::Stopped`].
    pub async fn typing(&self, conv: ConversationId) -> Result<(), No> {
        self.done(Command::Typing(conv)).await
    }

    /// I have seen everything up to here: it was shown, in focus.
    ///
    /// # Errors
    /// [`No::Stopped`].
    pub async fn read(&self, conv: ConversationId, seq: Seq) -> Result<(), No> {
        self.done(Command::Read(conv, seq)).await
    }

    /// Marks as unread what is above `seq`.
    ///
    /// # Errors
    /// [`No::Stopped`].
    pub async fn mark_unread(&self, conv: ConversationId, seq: Seq) -> Result<(), No> {
        self.done(Command::MarkUnread(conv, seq)).await
    }

    /// Something of my own is to change: kept at once, said until it is answered. What is held already shows it.
    ///
    /// # Errors
    /// [`No::OutboxFull`], [`No::Stopped`].
    pub async fn wish(&self, wish: Wish) -> Result<(), No> {
        self.done(Command::Own(wish)).await
    }

    /// Entries that I starred, the last first: before a version that the answer before named, or the first page.
    ///
    /// # Errors
    /// The server's refusal, [`No::Stopped`].
    pub async fn starred(&self, before: Option<Ver>) -> Result<Starred, No> {
        match self.ask(Command::Starred(AskStarred { before })).await? {
            Reply::Starred(starred) => Ok(starred),
            other => Err(odd(other)),
        }
    }

    /// I have read everything; in how many conversations that was news.
    ///
    /// # Errors
    /// As [`Self::starred`].
    pub async fn read_all(&self) -> Result<u32, No> {
        match self.ask(Command::ReadAll).await? {
            Reply::ReadAll(ok) => Ok(ok.moved),
            other => Err(odd(other)),
        }
    }

    /// Who received and who read an entry, and when.
    ///
    /// # Errors
    /// As [`Self::starred`].
    pub async fn receipts(&self, conv: ConversationId, seq: Seq) -> Result<Vec<ReceiptOf>, No> {
        match self.ask(Command::Receipts(AskReceipts { conv, seq })).await? {
            Reply::Receipts(receipts) => Ok(receipts.list),
            other => Err(odd(other)),
        }
    }

    /// The replies of a thread, as [`AskThread`] says.
    ///
    /// # Errors
    /// As [`Self::starred`].
    pub async fn thread(&self, ask: AskThread) -> Result<ThreadPage, No> {
        match self.ask(Command::Thread(ask)).await? {
            Reply::Thread(page) => Ok(page),
            other => Err(odd(other)),
        }
    }

    /// The entry of this name, and those around it.
    ///
    /// # Errors
    /// As [`Self::starred`].
    pub async fn find(&self, ask: Find) -> Result<Page, No> {
        match self.ask(Command::Find(ask)).await? {
            Reply::Page(page) => Ok(page),
            other => Err(odd(other)),
        }
    }

    /// The network came back, or the person is here: do not wait for the back-off.
    ///
    /// # Errors
    /// [`No::Stopped`].
    pub async fn hurry(&self) -> Result<(), No> {
        self.done(Command::Hurry).await
    }

    /// The conversations, the latest first, each with its count of unread messages.
    ///
    /// # Errors
    /// [`No::Stopped`].
    pub async fn inbox(&self) -> Result<Vec<(ConversationRow, u64)>, No> {
        self.look(Core::inbox).await
    }

    /// What to show of a conversation.
    ///
    /// # Errors
    /// [`No::Stopped`].
    pub async fn timeline(&self, conv: ConversationId) -> Result<Vec<Line>, No> {
        self.look(move |core| core.timeline(conv)).await
    }

    /// Looks at everything the client holds, between two steps. Be quick: the client waits.
    ///
    /// # Errors
    /// [`No::Stopped`].
    pub async fn look<T: std::marker::Send + 'static>(
        &self,
        look: impl FnOnce(&Core) -> T + std::marker::Send + 'static,
    ) -> Result<T, No> {
        let (tell, told) = oneshot::channel();
        let look = move |core: &Core| drop(tell.send(look(core)));
        self.order(Order::Look(Box::new(look))).await?;
        told.await.map_err(|_| No::Stopped)
    }

    /// Says good-bye. What was not sent is kept and sent by the next client that starts from it. The last event
    /// follows.
    pub async fn shutdown(&self) {
        drop(self.order(Order::Shutdown).await);
        self.orders.closed().await;
    }

    async fn write(&self, make: impl FnOnce(SendId) -> Verb + std::marker::Send + 'static) -> Result<SendId, No> {
        let (tell, told) = oneshot::channel();
        self.order(Order::Write(Box::new(make), tell)).await?;
        match told.await {
            Ok(Reply::Queued(send_id)) => Ok(send_id),
            Ok(other) => Err(odd(other)),
            Err(_) => Err(No::Stopped),
        }
    }

    async fn done(&self, command: Command) -> Result<(), No> {
        match self.ask(command).await? {
            Reply::Done => Ok(()),
            other => Err(odd(other)),
        }
    }

    async fn ask(&self, command: Command) -> Result<Reply, No> {
        let (tell, told) = oneshot::channel();
        self.order(Order::Do(Box::new(command), tell)).await?;
        told.await.map_err(|_| No::Stopped)
    }

    async fn order(&self, order: Order) -> Result<(), No> {
        self.orders.send(order).await.map_err(|_| No::Stopped)
    }
}

/// A no, as an error. Another reply than the command's own would be a mistake of the core.
fn odd(reply: Reply) -> No {
    match reply {
        Reply::No(no) => no,
        Reply::Done
        | Reply::Queued(_)
        | Reply::Page(_)
        | Reply::Members(_)
        | Reply::People(_)
        | Reply::Link(_)
        | Reply::Pins(_)
        | Reply::History(_)
        | Reply::Starred(_)
        | Reply::ReadAll(_)
        | Reply::Receipts(_)
        | Reply::Thread(_)
        | Reply::Decided(_) => No::Stopped,
    }
}
