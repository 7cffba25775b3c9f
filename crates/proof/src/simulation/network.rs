//! The simulated network as the server and the clients see it: streams, and a world for people.

use super::time::WALL_MS;
use client::address::{Address, Connector};
use protocol::token::{Token, TokenText};
use protocol::{DeviceId, UserId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use server::listen::Accept;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use store::sqlite::Sqlite;
use store::{ClaimHandle, NewDevice, NewUser, Store};
use swarm::world::World;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::{TcpListener, TcpStream};

/// The names of the machines that serve.
pub const NODES: [&str; 2] = ["node-a", "node-b"];
/// The name of the machine with the store.
pub const STORE: &str = "store";
/// The name of the machine on which all people are.
pub const PEOPLE: &str = "people";
/// Where nodes listen.
pub const PORT: u16 = 80;
/// How long a machine waits before it looks again for what it needs, in milliseconds.
pub const LOOK_MS: u64 = 5;

/// A simulated listener, and the sockets it gave.
pub struct Door {
    listener: TcpListener,
    sockets: Sockets,
    given: u64,
}

/// The sockets a node has open, in the order in which it accepted them.
#[derive(Clone, Default)]
pub struct Sockets(Arc<Mutex<BTreeMap<u64, TcpStream>>>);

impl Sockets {
    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, TcpStream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes all, as a system does whose process has died. They go one by one in a known order: a runtime drops its
    /// tasks in an order that nobody can replay.
    pub fn close(&self) {
        while let Some((_, stream)) = self.open().pop_first() {
            drop(stream);
        }
    }
}

impl Door {
    /// Listens on the machine that is being run.
    ///
    /// # Errors
    /// Something listens there already.
    pub async fn open(sockets: Sockets) -> io::Result<Self> {
        let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
        Ok(Self {
            listener,
            sockets,
            given: 0,
        })
    }
}

impl Accept for Door {
    type Stream = Socket;

    async fn accept(&mut self) -> io::Result<(Socket, SocketAddr)> {
        let (stream, peer) = self.listener.accept().await?;
        self.given += 1;
        self.sockets.open().insert(self.given, stream);
        let socket = Socket {
            number: self.given,
            sockets: self.sockets.clone(),
        };
        Ok((socket, peer))
    }
}

/// One socket of a node.
pub struct Socket {
    number: u64,
    sockets: Sockets,
}

impl Socket {
    fn with<T>(&self, act: impl FnOnce(Pin<&mut TcpStream>) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match self.sockets.open().get_mut(&self.number) {
            Some(stream) => act(Pin::new(stream)),
            None => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let stream = self.sockets.open().remove(&self.number);
        drop(stream);
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_read(cx, buf))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_shutdown(cx))
    }
}

/// The way of one device: to the node it used last, mostly; after a failure to the other.
#[derive(Clone)]
pub struct Way(Arc<Mutex<Choice>>);

struct Choice {
    node: usize,
    chance: StdRng,
}

/// How often a device comes to another node without a reason, in percent.
const STROLL_PERCENT: u32 = 20;

impl Way {
    fn begin(&self) -> usize {
        let mut choice = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if choice.chance.random_range(0..100) < STROLL_PERCENT {
            choice.node = 1 - choice.node;
        }
        choice.node
    }

    fn avoid(&self, node: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).node = 1 - node;
    }
}

/// Whoever gives up before there is a stream comes to the other node next.
struct Try<'a> {
    way: &'a Way,
    node: usize,
    done: bool,
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.way.avoid(self.node);
        }
    }
}

impl Connector for Way {
    type Stream = TcpStream;

    async fn connect(&self, _: &Address) -> io::Result<TcpStream> {
        let node = self.begin();
        let mut attempt = Try {
            way: self,
            node,
            done: false,
        };
        let stream = TcpStream::connect((NODES[node], PORT)).await?;
        attempt.done = true;
        Ok(stream)
    }
}

/// The store as it is reached just now; `None`: its machine is down.
pub type StoreDoor = Arc<Mutex<Option<Sqlite>>>;

/// The world of one run.
#[derive(Clone)]
pub struct SimWorld {
    seed: u64,
    store: StoreDoor,
}

impl SimWorld {
    /// A world in which chance comes from this seed.
    #[must_use]
    pub fn new(seed: u64, store: StoreDoor) -> Self {
        Self { seed, store }
    }

    async fn store(&self) -> Sqlite {
        loop {
            let store = self.store.lock().unwrap_or_else(PoisonError::into_inner).clone();
            match store {
                Some(store) => return store,
                None => tokio::time::sleep(Duration::from_millis(LOOK_MS)).await,
            }
        }
    }
}

impl World for SimWorld {
    type Connector = Way;

    fn connector(&self, device: u32) -> Way {
        let mut chance = StdRng::seed_from_u64(self.seed ^ (u64::from(device) << 40));
        let node = usize::from(chance.random_bool(0.5));
        Way(Arc::new(Mutex::new(Choice { node, chance })))
    }

    fn url(&self) -> String {
        format!("ws://chat:{PORT}")
    }

    fn unix_ms(&self) -> u64 {
        WALL_MS
    }

    /// Without passwords: to hash those of a handful of people takes as long as all else that they do.
    async fn admit(&self, handle: &str, devices: u32) -> Option<(UserId, Vec<TokenText>)> {
        let store = self.store().await;
        let mut chance = StdRng::from_seed(Sha256::digest(format!("{handle} {}", self.seed)).into());
        let user = UserId::from_random(chance.random());
        let person = NewUser {
            user,
            handle: handle.to_owned(),
            name: handle.to_owned(),
            password_hash: String::new(),
            owner: false,
        };
        store.create_user(person).await.ok()?;
        let handle = handle.to_owned();
        let claim = ClaimHandle {
            handle,
            user,
            invite: None,
        };
        store.claim_handle(claim).await.ok()?;
        let mut tokens = Vec::new();
        for number in 0..devices {
            let (device, secret) = (DeviceId::from_random(chance.random()), chance.random());
            let new = NewDevice {
                user,
                device,
                name: number.to_string(),
                secret_hash: Sha256::digest(secret).into(),
            };
            store.add_device(new).await.ok()?;
            tokens.push(Token { user, device, secret }.to_text());
        }
        Some((user, tokens))
    }
}
