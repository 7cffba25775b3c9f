//! A server in this process and people who talk to it over in-memory sockets. One `House` a test; nothing is shared.
//!
//! Time is tokio's: a test that starts paused waits for nothing. The store is the model unless the test hands in
//! another.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use protocol::client_frame::{self as ask, Hello};
use protocol::frame::RequestId;
use protocol::server_frame::{Ack, ConversationRow, CursorOk, ServerFrame, Topic, Watching};
use protocol::token::Token;
use protocol::{Body, ClientFrame, ConversationId, DeviceId, Epoch, Kind, Refusal, SendId, Seq, UserId, Ver};
use rand::SeedableRng;
use rand::rngs::StdRng;
use server::bus::{BusFaults, InProcess};
use server::clock::Clock;
use server::config::{Config, Rates};
use server::node::{Node, Parts};
use server::serve::{self, Running};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::model::Model;
use store::{ClaimHandle, NewDevice, NewUser, Store};
use tokio::io::DuplexStream;
use tokio_tungstenite::WebSocketStream;
use tungstenite::protocol::Role;
use tungstenite::{Message, protocol::CloseFrame};

/// Bytes that an in-memory socket holds before its writer waits.
const SOCKET_BYTES: usize = 64 * 1024;
/// How long a test waits for something that must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server.
pub struct House {
    pub node: Arc<Node>,
    pub bus: Arc<InProcess>,
    pub running: Option<Running>,
    pub store: Arc<dyn Store>,
    ids: AtomicU64,
}

/// Somebody with an account and one device.
#[derive(Clone, Debug)]
pub struct Person {
    pub user: UserId,
    pub device: DeviceId,
    pub token: Token,
}

/// One connected device.
pub struct Line {
    socket: WebSocketStream<DuplexStream>,
    waiting: VecDeque<(Option<RequestId>, ServerFrame)>,
    next_id: u64,
    /// Every text that ever came, as it came.
    pub heard: Vec<String>,
    pub closed: Option<Option<CloseFrame>>,
}

/// Behaviour for tests: nothing is limited by rate, and nobody is a stranger: most tests are of other things.
pub fn config() -> Config {
    Config {
        everybody_is_acquainted: true,
        rates: Rates::unlimited(),
        ..Config::default()
    }
}

/// Tokio's time, and a wall that goes with it. The machine's own wall would not: while a test's time is paused and then
/// leaps by a day, it stands, and a clock that watches it would sooner or later follow it back.
pub struct TokioClock(tokio::time::Instant);

/// Where that wall starts, in milliseconds since 1970 UTC.
const WALL_MS: u64 = 1_800_000_000_000;

impl TokioClock {
    pub fn start() -> Self {
        Self(tokio::time::Instant::now())
    }
}

impl Clock for TokioClock {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).expect("a test ends")
    }

    fn unix_ms(&self) -> u64 {
        WALL_MS + self.now_ms()
    }
}

/// The model as a store, in the time of the test.
pub fn model() -> Arc<dyn Store> {
    let clock = TokioClock::start();
    let unix_ms = Arc::new(move || clock.unix_ms());
    Arc::new(Model::new(Epoch::from_random([9; 16]), unix_ms, 7))
}

impl House {
    /// A server with everything as it comes.
    pub fn start() -> Self {
        Self::with(config(), model())
    }

    /// A server with this behaviour over this store.
    pub fn with(config: Config, store: Arc<dyn Store>) -> Self {
        Self::on(config, store, InProcess::new(), 1)
    }

    /// One more node over a store and a bus that others use too.
    pub fn on(config: Config, store: Arc<dyn Store>, bus: Arc<InProcess>, seed: u64) -> Self {
        let node = Node::new(Parts {
            config,
            store: Arc::clone(&store),
            bus: bus.clone(),
            clock: Arc::new(TokioClock::start()),
            chance: StdRng::seed_from_u64(seed),
        });
        let listener: Arc<dyn server::bus::Listener> = node.clone();
        bus.join(Arc::downgrade(&listener));
        let running = Some(serve::start(Arc::clone(&node)));
        Self {
            node,
            bus,
            running,
            store,
            ids: AtomicU64::new(seed << 32),
        }
    }

    /// The bus behaves like this from now on.
    pub fn bus_faults(&self, faults: BusFaults) {
        self.bus.set_faults(faults);
    }

    /// Sixteen bytes that no other call gives.
    pub fn unique(&self) -> [u8; 16] {
        let number = self.ids.fetch_add(1, Ordering::Relaxed);
        let hash = Sha256::digest(number.to_be_bytes());
        hash[..16].try_into().expect("sixteen")
    }

    /// A person with an account and a device.
    pub async fn person(&self, handle: &str) -> Person {
        let user = UserId::from_random(self.unique());
        let (handle, name) = (handle.to_owned(), handle.to_uppercase());
        let new = NewUser {
            user,
            handle: handle.clone(),
            name,
            password_hash: String::new(),
            owner: false,
        };
        self.store.create_user(new).await.expect("a person");
        self.store
            .claim_handle(ClaimHandle {
                handle,
                user,
                invite: None,
            })
            .await
            .expect("a handle");
        self.device(user).await
    }

    /// People with these handles, each with a device.
    pub async fn people<const N: usize>(&self, handles: [&str; N]) -> [Person; N] {
        let mut people = Vec::new();
        for handle in handles {
            people.push(self.person(handle).await);
        }
        people.try_into().expect("as many as were asked for")
    }

    /// So many people who are hardly anybody.
    pub async fn crowd(&self, size: usize) -> Vec<Person> {
        let mut crowd = Vec::new();
        for number in 0..size {
            crowd.push(self.person(&format!("crowd{number}")).await);
        }
        crowd
    }

    /// One more device of somebody.
    pub async fn device(&self, user: UserId) -> Person {
        let device = DeviceId::from_random(self.unique());
        let mut secret = [0; 32];
        secret[..16].copy_from_slice(&self.unique());
        let secret_hash = Sha256::digest(secret).into();
        let new = NewDevice {
            user,
            device,
            name: "test".to_owned(),
            secret_hash,
        };
        self.store.add_device(new).await.expect("a device");
        Person {
            user,
            device,
            token: Token { user, device, secret },
        }
    }

    /// A socket to this server on which nothing was said yet.
    pub async fn socket(&self) -> Line {
        let (ours, theirs) = tokio::io::duplex(SOCKET_BYTES);
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        tokio::spawn(server::connection::run(
            Arc::clone(&self.node),
            theirs,
            Bytes::new(),
            (address, None),
            (),
        ));
        let socket = WebSocketStream::from_raw_socket(ours, Role::Client, None).await;
        Line {
            socket,
            waiting: VecDeque::new(),
            next_id: 0,
            heard: Vec::new(),
            closed: None,
        }
    }

    /// A device that has just come, from nothing; its first inbox page is still to be heard.
    pub async fn connect(&self, person: &Person) -> Line {
        self.resume(person, None, None).await
    }

    /// A device that comes back with what it held.
    pub async fn resume(&self, person: &Person, epoch: Option<Epoch>, ver: Option<Ver>) -> Line {
        let mut line = self.socket().await;
        let answer = line.ask(hello(person, epoch, ver)).await;
        assert!(matches!(answer, ServerFrame::Welcome(_)), "{answer:?}");
        line
    }

    /// A new send_id.
    pub fn send_id(&self) -> SendId {
        SendId::from_random(self.unique())
    }

    /// A group of these, begun by the first, through their line.
    pub async fn group(&self, line: &mut Line, title: &str, members: &[&Person]) -> ConversationId {
        let members = members.iter().map(|person| person.user).collect();
        let what = ask::What::Group {
            title: title.to_owned(),
            members,
        };
        let frame = ClientFrame::Create(ask::Create {
            send_id: self.send_id(),
            what,
        });
        line.ack(frame).await.conv
    }

    /// The 1:1 with somebody, through one's line.
    pub async fn direct(&self, line: &mut Line, with: &Person) -> ConversationId {
        let what = ask::What::Direct { with: with.user };
        let frame = ClientFrame::Create(ask::Create {
            send_id: self.send_id(),
            what,
        });
        line.ack(frame).await.conv
    }

    /// A `send` of a text.
    pub fn text(&self, conv: ConversationId, text: &str) -> ClientFrame {
        text_as(conv, self.send_id(), text)
    }
}

/// The `hello` of a person.
pub fn hello(person: &Person, epoch: Option<Epoch>, ver: Option<Ver>) -> ClientFrame {
    let token = person.token.to_text();
    ClientFrame::Hello(Box::new(Hello {
        v: vec![1],
        token,
        client: None,
        epoch,
        ver,
        dseq: None,
        watch: None,
    }))
}

/// A `send` of a text under a known name.
pub fn text_as(conv: ConversationId, send_id: SendId, text: &str) -> ClientFrame {
    let body = Body::text(text).to_raw();
    let send = ask::Send::new(conv, send_id, Kind::Text, body);
    ClientFrame::Send(Box::new(send))
}

impl Line {
    /// Says something without a number.
    pub async fn say(&mut self, frame: &ClientFrame) {
        self.say_text(frame.encode(None)).await;
    }

    /// Says something with the next number, and answers that number.
    pub async fn say_numbered(&mut self, frame: &ClientFrame) -> RequestId {
        self.next_id += 1;
        let id = RequestId(self.next_id);
        self.say_text(frame.encode(Some(id))).await;
        id
    }

    /// Says any text at all.
    pub async fn say_text(&mut self, text: impl Into<String>) {
        let text: String = text.into();
        let _ = self.socket.send(Message::text(text)).await;
    }

    /// Says anything at all.
    pub async fn say_message(&mut self, message: Message) {
        let _ = self.socket.send(message).await;
    }

    /// Asks and waits for the answer; what else is heard meanwhile waits.
    pub async fn ask(&mut self, frame: ClientFrame) -> ServerFrame {
        let id = self.say_numbered(&frame).await;
        self.answer(id).await
    }

    /// Waits for the answer to a number.
    pub async fn answer(&mut self, id: RequestId) -> ServerFrame {
        self.until(|re, _| re == Some(id)).await
    }

    /// Asks for a change of a log, which must be done.
    pub async fn ack(&mut self, frame: ClientFrame) -> Ack {
        match self.ask(frame).await {
            ServerFrame::Ack(ack) => ack,
            other => panic!("no ack: {other:?}"),
        }
    }

    /// Asks for something that must be refused.
    pub async fn refused(&mut self, frame: ClientFrame) -> Refusal {
        match self.ask(frame).await {
            ServerFrame::Refuse(refusal) => refusal,
            other => panic!("no refusal: {other:?}"),
        }
    }

    /// Waits for a frame; those before it wait on.
    pub async fn until(&mut self, mut wanted: impl FnMut(Option<RequestId>, &ServerFrame) -> bool) -> ServerFrame {
        if let Some(at) = self.waiting.iter().position(|(re, frame)| wanted(*re, frame)) {
            return self.waiting.remove(at).expect("it is there").1;
        }
        loop {
            let heard = tokio::time::timeout(PATIENCE, self.receive()).await;
            let waiting = &self.waiting;
            let heard = heard.unwrap_or_else(|_| panic!("it does not come; heard: {waiting:?}"));
            let (re, frame) = heard.unwrap_or_else(|| panic!("closed: {:?}; heard: {:?}", self.closed, self.waiting));
            if wanted(re, &frame) {
                return frame;
            }
            self.waiting.push_back((re, frame));
        }
    }

    /// Watches, and answers what is true now.
    pub async fn watch(&mut self, frame: ClientFrame) -> Watching {
        match self.ask(frame).await {
            ServerFrame::Watching(watching) => watching,
            other => panic!("not watching: {other:?}"),
        }
    }

    /// Moves cursors, which must be done.
    pub async fn cursor(&mut self, frame: ClientFrame) -> CursorOk {
        match self.ask(frame).await {
            ServerFrame::CursorOk(ok) => ok,
            other => panic!("no cursor_ok: {other:?}"),
        }
    }

    /// Where the inbox stands, by a beat.
    pub async fn beat(&mut self) -> Ver {
        match self.ask(ClientFrame::Beat(ask::Beat {})).await {
            ServerFrame::Beat(beat) => beat.ver,
            other => panic!("no beat: {other:?}"),
        }
    }

    /// The row of a conversation, as the inbox has it now.
    pub async fn row(&mut self, conv: ConversationId) -> Option<ConversationRow> {
        let mut after = Ver::ZERO;
        loop {
            let page = self.inbox(after).await;
            for row in page.rows {
                if let Topic::Conversation(row) = row.topic
                    && row.conv == conv
                {
                    return Some(*row);
                }
            }
            if !page.more {
                return None;
            }
            after = page.to;
        }
    }

    /// Waits for the next live entry.
    pub async fn entry(&mut self) -> protocol::server_frame::Live {
        match self.until(|_, frame| matches!(frame, ServerFrame::Entry(_))).await {
            ServerFrame::Entry(live) => *live,
            _ => unreachable!(),
        }
    }

    /// Everything that is heard until nothing came for `quiet_ms`.
    pub async fn everything(&mut self, quiet_ms: u64) -> Vec<ServerFrame> {
        let mut all: Vec<ServerFrame> = self.waiting.drain(..).map(|(_, frame)| frame).collect();
        while let Ok(Some((_, frame))) = tokio::time::timeout(Duration::from_millis(quiet_ms), self.receive()).await {
            all.push(frame);
        }
        all
    }

    /// Everything that is heard within `ms`, however busy or quiet it is.
    pub async fn during(&mut self, ms: u64) -> Vec<ServerFrame> {
        let mut all: Vec<ServerFrame> = self.waiting.drain(..).map(|(_, frame)| frame).collect();
        let end = tokio::time::Instant::now() + Duration::from_millis(ms);
        while let Ok(heard) = tokio::time::timeout_at(end, self.receive()).await {
            let Some((_, frame)) = heard else { break };
            all.push(frame);
        }
        all
    }

    /// The next frame; `None`: the socket is closed.
    pub async fn receive(&mut self) -> Option<(Option<RequestId>, ServerFrame)> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    self.heard.push(text.to_string());
                    return Some(ServerFrame::decode(&text).expect("a frame"));
                }
                Some(Ok(Message::Close(frame))) => self.closed = Some(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => {
                    self.closed.get_or_insert(None);
                    return None;
                }
            }
        }
    }

    /// Waits for the end, and the code it came with.
    pub async fn close_code(&mut self) -> Option<u16> {
        while tokio::time::timeout(PATIENCE, self.receive())
            .await
            .expect("it is not closed")
            .is_some()
        {}
        self.closed.clone().flatten().map(|frame| frame.code.into())
    }

    /// A page of everything above `after`.
    pub async fn log(&mut self, conv: ConversationId, after: Seq) -> protocol::server_frame::Entries {
        match self.ask(ClientFrame::Get(ask::Get::after(conv, after))).await {
            ServerFrame::Entries(entries) => entries,
            other => panic!("no entries: {other:?}"),
        }
    }

    /// The inbox above `after_ver`.
    pub async fn inbox(&mut self, after_ver: Ver) -> protocol::server_frame::Inbox {
        match self.ask(ClientFrame::Inbox(ask::AskInbox { after_ver })).await {
            ServerFrame::Inbox(inbox) => inbox,
            other => panic!("no inbox: {other:?}"),
        }
    }
}
