//! Where bytes enter: accept loops and the HTTP/1.1 server below the router, and the way out of HTTP for a WebSocket.
//!
//! An accept loop ends when it is told to stop and for no other reason: without a file descriptor left it pauses, tries
//! again and counts. A connection holds a [`Slot`] for as long as it lives, as HTTP and as a WebSocket after it, so
//! the number of connections is bounded over both.

mod several;
pub mod tls;
mod upgrade;

use std::{
    convert::Infallible,
    future::{Future, ready},
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinHandle,
};
use tower::ServiceExt;

pub use several::{Listeners, NotBound};
pub use upgrade::{HandshakeRefusal, SUBPROTOCOL, Upgraded, upgrade};

/// The first pause of an accept loop that failed; each further one is twice as long, to `ACCEPT_PAUSE_MS_MAX`.
const ACCEPT_PAUSE_MS_MIN: u64 = 10;
/// The longest pause of an accept loop that failed.
const ACCEPT_PAUSE_MS_MAX: u64 = 1_000;
/// Paused time between two lines in the log about a failing accept loop.
const ACCEPT_LOG_MS: u64 = 60_000;
/// How long a connection that found no slot has to take its refusal.
const REFUSE_MS_MAX: u64 = 100;
/// Connections that are being refused at once; more are dropped without a word.
const REFUSING_MAX: usize = 32;
/// What a connection without a slot is told.
const CROWDED: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// The bounds of one listener.
#[derive(Clone, Copy, Debug)]
pub struct ListenLimits {
    /// Connections at once, HTTP and WebSocket together. Keep it below the process's file descriptors by what the
    /// store, the logs and the next accept need.
    pub connections_max: usize,
    /// How long a client has for the head of a request, from the connection's start or the last answer.
    pub header_ms_max: u64,
    /// The largest head of a request, in bytes, and hyper's buffer for it; at least 8,192.
    pub header_bytes_max: usize,
    /// How long requests in flight have after a stop.
    pub stop_ms_max: u64,
}

impl Default for ListenLimits {
    fn default() -> Self {
        Self {
            connections_max: 100_000,
            header_ms_max: 10_000,
            header_bytes_max: 16 * 1024,
            stop_ms_max: 10_000,
        }
    }
}

/// What the listeners of a process counted.
#[derive(Debug, Default)]
pub struct ListenCounts {
    /// Connections accepted and given a slot.
    pub accepted: AtomicU64,
    /// Connections refused because none was left.
    pub crowded: AtomicU64,
    /// Accepts that failed (`EMFILE`, `ENFILE`, …).
    pub accept_errors: AtomicU64,
}

/// A connection's place among `connections_max`; free again when the last clone goes. In a request's extensions.
#[derive(Clone, Debug)]
pub struct Slot {
    _permit: Arc<OwnedSemaphorePermit>,
}

/// What connections are accepted from: a TCP socket, or a simulated one.
pub trait Accept: Send + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection and its peer. Cancel-safe.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;
}

impl Accept for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = Self::accept(self).await?;
        // A frame is written whole, so Nagle's wait for more would only delay it. On failure it is merely slower.
        let _ = stream.set_nodelay(true);
        Ok((stream, peer))
    }
}

/// Serves `router` on `listener` until `stop` says true or its sender is gone: then the listener is closed, requests in
/// flight are finished (for at most `stop_ms_max`), and this returns. WebSockets that left HTTP are their
/// sessions' own; whoever runs those ends them.
///
/// Each request carries [`ConnectInfo`]`<SocketAddr>` and a [`Slot`].
pub async fn serve<A: Accept>(
    listener: A,
    router: Router,
    limits: ListenLimits,
    counts: Arc<ListenCounts>,
    stop: watch::Receiver<bool>,
) {
    let open = |stream| ready(Ok(Some(stream)));
    serve_opened(listener, open, router, limits, counts, stop).await;
}

/// [`serve`], where a connection has something to do before its HTTP, such as the handshake of TLS. It does so on its
/// own task, within `header_ms_max`. `None`: that was all.
pub async fn serve_opened<A, S, O, F>(
    mut listener: A,
    open: O,
    router: Router,
    limits: ListenLimits,
    counts: Arc<ListenCounts>,
    mut stop: watch::Receiver<bool>,
) where
    A: Accept,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    O: Fn(A::Stream) -> F + Send,
    F: Future<Output = io::Result<Option<S>>> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(limits.connections_max.min(Semaphore::MAX_PERMITS)));
    let refusing = Arc::new(Semaphore::new(REFUSING_MAX));
    // Each connection's task holds a receiver: when all are gone, HTTP is done.
    let (all_done, running) = watch::channel(());
    let mut pauses = Pauses::default();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                pauses.worked();
                if let Ok(permit) = Arc::clone(&slots).try_acquire_owned() {
                    counts.accepted.fetch_add(1, Relaxed);
                    let slot = Slot {
                        _permit: Arc::new(permit),
                    };
                    spawn_http(
                        open(stream),
                        peer,
                        router.clone(),
                        limits,
                        slot,
                        stop.clone(),
                        running.clone(),
                    );
                } else {
                    counts.crowded.fetch_add(1, Relaxed);
                    refuse(stream, &refusing);
                }
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                counts.accept_errors.fetch_add(1, Relaxed);
                let pause = pauses.failed();
                if pause.tell {
                    tracing::warn!(%error, "connections cannot be accepted; trying again");
                }
                tokio::select! {
                    () = stopped(&mut stop) => break,
                    () = tokio::time::sleep(pause.length) => {}
                }
            }
        }
    }
    drop((listener, running));
    let _ = tokio::time::timeout(Duration::from_millis(limits.stop_ms_max), all_done.closed()).await;
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody is left to say stop: that is a stop.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// One connection's HTTP, in its own task. The task, hyper's buffers with it, is gone once the connection is a
/// WebSocket.
fn spawn_http<S, F>(
    opening: F,
    peer: SocketAddr,
    router: Router,
    limits: ListenLimits,
    slot: Slot,
    mut stop: watch::Receiver<bool>,
    running: watch::Receiver<()>,
) -> JoinHandle<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = io::Result<Option<S>>> + Send + 'static,
{
    tokio::spawn(async move {
        let _running = running;
        let opened = tokio::time::timeout(Duration::from_millis(limits.header_ms_max), opening);
        let opened = tokio::select! {
            biased;
            opened = opened => opened.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
            () = stopped(&mut stop) => return,
        };
        let stream = match opened {
            Ok(Some(stream)) => stream,
            Ok(None) => return,
            Err(error) => {
                tracing::debug!(%peer, %error, "a connection was not opened");
                return;
            }
        };
        let service = service_fn(move |request: http::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(slot.clone());
            let answer = router.clone().oneshot(request);
            async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_millis(limits.header_ms_max))
            .max_buf_size(limits.header_bytes_max.max(8_192))
            .max_header_size(limits.header_bytes_max)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = &mut connection => ended,
            () = stopped(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            // The peer's doing, nearly always: it went away, was slow, or does not speak HTTP.
            tracing::debug!(%peer, %error, "an HTTP connection ended badly");
        }
    })
}

/// Tells a connection that found no slot so, briefly.
fn refuse<S>(mut stream: S, refusing: &Arc<Semaphore>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Ok(permit) = Arc::clone(refusing).try_acquire_owned() else {
        return;
    };
    tokio::spawn(async move {
        let told = async {
            stream.write_all(CROWDED).await?;
            stream.shutdown().await
        };
        let _ = tokio::time::timeout(Duration::from_millis(REFUSE_MS_MAX), told).await;
        drop(permit);
    });
}

/// Errors of the one connection that was to be accepted; the listener itself is well.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

/// How long to pause after a failed accept, and whether to say so.
#[derive(Debug, PartialEq, Eq)]
struct Pause {
    length: Duration,
    tell: bool,
}

/// The pauses of one accept loop. Needs no clock: what it paused is the least time that went by.
#[derive(Debug, Default)]
struct Pauses {
    /// The last pause, in milliseconds; 0 after an accept that worked.
    last_ms: u64,
    /// Paused since the log last told of it; `None` before it ever did.
    untold_ms: Option<u64>,
}

impl Pauses {
    fn worked(&mut self) {
        self.last_ms = 0;
    }

    fn failed(&mut self) -> Pause {
        self.last_ms = (self.last_ms * 2).clamp(ACCEPT_PAUSE_MS_MIN, ACCEPT_PAUSE_MS_MAX);
        let tell = self.untold_ms.is_none_or(|untold_ms| untold_ms >= ACCEPT_LOG_MS);
        self.untold_ms = Some(self.last_ms + if tell { 0 } else { self.untold_ms.unwrap_or(0) });
        Pause {
            length: Duration::from_millis(self.last_ms),
            tell,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A listener without descriptors pauses ever longer, to a limit, and tells at most once a minute.
    #[test]
    fn pauses_grow_to_a_limit_and_are_told_once_a_minute() {
        let mut pauses = Pauses::default();
        let mut told_at_ms = Vec::new();
        let mut paused_ms = 0;
        for _ in 0..200 {
            let pause = pauses.failed();
            if pause.tell {
                told_at_ms.push(paused_ms);
            }
            let length_ms = u64::try_from(pause.length.as_millis()).expect("a pause is short");
            assert!((ACCEPT_PAUSE_MS_MIN..=ACCEPT_PAUSE_MS_MAX).contains(&length_ms));
            paused_ms += length_ms;
        }
        assert!(told_at_ms.len() >= 3, "told at {told_at_ms:?}");
        assert!(
            told_at_ms.windows(2).all(|pair| pair[1] - pair[0] >= ACCEPT_LOG_MS),
            "told at {told_at_ms:?}"
        );

        pauses.worked();
        let after_success = pauses.failed();
        assert_eq!(after_success.length, Duration::from_millis(ACCEPT_PAUSE_MS_MIN));
        assert!(!after_success.tell, "success does not open the log again");
    }
}
