//! The accept loop and the way out of HTTP, over connections that a test hands in.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, State},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use server::{
    listen::{self, Accept, ListenCounts, ListenLimits, Upgraded},
    socket::{Received, Socket, SocketLimits},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    sync::{Notify, mpsc, watch},
    task::JoinHandle,
};

const PEER: &str = "192.0.2.7:4711";
const HANDSHAKE: &[u8] = b"GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Connections, and errors, that a test puts in.
struct Handed(mpsc::Receiver<io::Result<DuplexStream>>);

impl Accept for Handed {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        match self.0.recv().await {
            Some(accepted) => Ok((accepted?, PEER.parse().expect("an address"))),
            None => std::future::pending().await,
        }
    }
}

#[derive(Clone, Default)]
struct Shared {
    upgraded: Arc<Mutex<Vec<Upgraded<DuplexStream>>>>,
    upgraded_now: Arc<Notify>,
    asked: Arc<Notify>,
    go_on: Arc<Notify>,
}

struct Listening {
    connections: mpsc::Sender<io::Result<DuplexStream>>,
    shared: Shared,
    counts: Arc<ListenCounts>,
    stop: watch::Sender<bool>,
    served: JoinHandle<()>,
}

impl Listening {
    fn new(limits: ListenLimits) -> Self {
        let (connections, handed) = mpsc::channel(8);
        let (stop, stopped) = watch::channel(false);
        let counts = Arc::new(ListenCounts::default());
        let shared = Shared::default();
        let router = Router::new()
            .route(
                "/peer",
                get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }),
            )
            .route("/slow", get(slow))
            .route("/ws", get(enter))
            .with_state(shared.clone());
        let served = tokio::spawn(listen::serve(Handed(handed), router, limits, counts.clone(), stopped));
        Self {
            connections,
            shared,
            counts,
            stop,
            served,
        }
    }

    async fn connect(&self, first_bytes: &[u8]) -> DuplexStream {
        let (mut ours, theirs) = duplex(4096);
        ours.write_all(first_bytes).await.expect("there is room");
        self.connections.send(Ok(theirs)).await.expect("it listens");
        ours
    }
}

async fn slow(State(shared): State<Shared>) -> &'static str {
    shared.asked.notify_one();
    shared.go_on.notified().await;
    "done"
}

async fn enter(State(shared): State<Shared>, mut request: http::Request<Body>) -> Response {
    match listen::upgrade::<DuplexStream, _>(&mut request) {
        Err(refusal) => refusal.into_response(),
        Ok((response, upgraded)) => {
            tokio::spawn(async move {
                let upgraded = upgraded.await.expect("it left HTTP");
                shared.upgraded.lock().expect("no panic").push(upgraded);
                shared.upgraded_now.notify_one();
            });
            response
        }
    }
}

/// Reads until these bytes came.
async fn read_until(stream: &mut DuplexStream, end: &str) -> String {
    let mut answer = String::new();
    while !answer.ends_with(end) {
        let mut byte = [0];
        stream
            .read_exact(&mut byte)
            .await
            .unwrap_or_else(|error| panic!("{error} after {answer:?}"));
        answer.push(byte[0].into());
    }
    answer
}

async fn read_to_end(mut stream: DuplexStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("text");
    answer
}

/// Without a file descriptor the listener pauses and counts, and goes on when there is one again.
#[tokio::test]
async fn accept_errors_do_not_end_the_listener() {
    let listening = Listening::new(ListenLimits::default());
    let (emfile, enfile) = (24, 23);
    for code in [emfile, enfile, emfile] {
        listening
            .connections
            .send(Err(io::Error::from_raw_os_error(code)))
            .await
            .expect("it listens");
    }
    let aborted = io::ErrorKind::ConnectionAborted.into();
    listening.connections.send(Err(aborted)).await.expect("it listens");
    let mut stream = listening.connect(b"GET /peer HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let answer = read_until(&mut stream, PEER).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(
        listening.counts.accept_errors.load(Relaxed),
        3,
        "a connection's own error is none of the listener"
    );
    assert_eq!(listening.counts.accepted.load(Relaxed), 1);
}

/// Connections are bounded over HTTP and WebSocket together; who finds no place is told, and a place is free
/// again when its WebSocket goes.
#[tokio::test]
async fn a_websocket_keeps_its_place_until_it_goes() {
    let limits = ListenLimits {
        connections_max: 1,
        ..ListenLimits::default()
    };
    let listening = Listening::new(limits);
    let mut client = listening.connect(&[HANDSHAKE, b"\x81\x85\0\0\0\0early"].concat()).await;
    let answer = read_until(&mut client, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    listening.shared.upgraded_now.notified().await;
    let upgraded = listening.shared.upgraded.lock().expect("no panic").pop().expect("one");

    let refused = read_to_end(listening.connect(b"GET /peer HTTP/1.1\r\nhost: x\r\n\r\n").await).await;
    assert!(
        refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after"),
        "{refused}"
    );
    assert_eq!(listening.counts.crowded.load(Relaxed), 1);

    let limits = SocketLimits {
        frame_bytes_max: 100,
        message_bytes_max: 100,
        read_buffer_bytes: 1024,
        unsent_bytes_max: 1000,
    };
    let slot = upgraded.slot;
    let mut socket = Socket::new(upgraded.stream, upgraded.already_read, limits);
    let early = tokio::time::timeout(Duration::from_secs(5), socket.next()).await;
    assert_eq!(
        early,
        Ok(Some(Received::Text("early".into()))),
        "sent with the handshake"
    );
    socket.send_all([Bytes::from_static(b"hello")]).await.expect("sent");
    assert_eq!(read_until(&mut client, "hello").await, "\u{81}\u{5}hello");

    drop((socket, slot));
    let served = read_until(
        &mut listening.connect(b"GET /peer HTTP/1.1\r\nhost: x\r\n\r\n").await,
        PEER,
    )
    .await;
    assert!(served.starts_with("HTTP/1.1 200"), "{served}");
}

/// A head that does not come in its time ends the connection.
#[tokio::test]
async fn a_slow_head_is_cut() {
    let limits = ListenLimits {
        header_ms_max: 20,
        ..ListenLimits::default()
    };
    let listening = Listening::new(limits);
    let stream = listening.connect(b"GET /peer HT").await;
    let answer = read_to_end(stream).await;
    assert!(!answer.contains("200"), "{answer}");
}

/// BND3: a head over the limit is refused.
#[tokio::test]
async fn a_large_head_is_refused() {
    let limits = ListenLimits {
        header_bytes_max: 1_000,
        ..ListenLimits::default()
    };
    let listening = Listening::new(limits);
    let head = format!(
        "GET /peer HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n",
        "x".repeat(1_000)
    );
    let answer = read_to_end(listening.connect(head.as_bytes()).await).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

/// A stop takes no new connection, ends idle ones, and lets a request in flight be answered.
#[tokio::test]
async fn a_stop_lets_requests_finish() {
    let listening = Listening::new(ListenLimits::default());
    let in_flight = listening.connect(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    listening.shared.asked.notified().await;
    let mut idle = listening.connect(b"GET /peer HTTP/1.1\r\nhost: x\r\n\r\n").await;
    read_until(&mut idle, PEER).await;

    listening.stop.send(true).expect("it listens");
    assert_eq!(read_to_end(idle).await, "", "an idle connection ends");
    assert!(!listening.served.is_finished(), "a request is in flight");
    listening.shared.go_on.notify_one();
    let answer = read_to_end(in_flight).await;
    assert!(
        answer.ends_with("done") && answer.contains("connection: close"),
        "{answer}"
    );
    listening.served.await.expect("it returns");
}
