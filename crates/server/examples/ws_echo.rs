//! An echo over the very socket, listener and handshake that sessions use: for the conformance run
//! (`scripts/conformance`), and, with `ws_load`, for the memory of a connection (`docs/bench/gateway.md`).
//!
//! `--break` answers wrongly on purpose: a run that does not fail then proves nothing.

use std::{
    collections::VecDeque,
    env, io,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use server::{
    listen::{self, ListenLimits, Upgraded},
    socket::{Received, Socket, SocketLimits},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
};

const USAGE: &str = "ws_echo [--listen ADDRESS] [--frame-bytes-max N] [--message-bytes-max N] [--break]";
/// How long a close handshake may take.
const CLOSE_MS_MAX: u64 = 2_000;

#[derive(Clone, Copy)]
struct Echo {
    limits: SocketLimits,
    broken: bool,
}

/// What a session would have beside its socket: something others put frames into, empty when idle.
#[derive(Default)]
struct Outbox {
    frames: Mutex<VecDeque<Bytes>>,
    filled: Notify,
}

fn main() -> io::Result<()> {
    let (listen, echo) = arguments().map_err(|wrong| io::Error::other(format!("{wrong}\n{USAGE}")))?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run(&listen, echo))
}

fn arguments() -> Result<(String, Echo), String> {
    let mut listen = "127.0.0.1:0".to_owned();
    let mut broken = false;
    let mut limits = SocketLimits {
        frame_bytes_max: 128 * 1024,
        message_bytes_max: 128 * 1024,
        read_buffer_bytes: 1024,
        unsent_bytes_max: 256 * 1024,
    };
    let mut arguments = env::args().skip(1);
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{name} wants a value"));
        let number = |value: String| value.parse().map_err(|_| format!("{value} is no number"));
        match name.as_str() {
            "--listen" => listen = value()?,
            "--frame-bytes-max" => limits.frame_bytes_max = number(value()?)?,
            "--message-bytes-max" => limits.message_bytes_max = number(value()?)?,
            "--break" => broken = true,
            _ => return Err(format!("{name} is not known")),
        }
    }
    Ok((listen, Echo { limits, broken }))
}

#[expect(clippy::print_stdout, reason = "whoever starts it reads the address")]
async fn run(listen: &str, echo: Echo) -> io::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    println!("{}", listener.local_addr()?);
    let router = Router::new().fallback(get(enter)).with_state(echo);
    let (_never, stop) = watch::channel(false);
    listen::serve(listener, router, ListenLimits::default(), Arc::default(), stop).await;
    Ok(())
}

async fn enter(State(echo): State<Echo>, mut request: http::Request<Body>) -> Response {
    match listen::upgrade::<TcpStream, _>(&mut request) {
        Err(refusal) => refusal.into_response(),
        Ok((response, upgraded)) => {
            tokio::spawn(async move {
                if let Ok(upgraded) = upgraded.await {
                    // A new task: this one is as large as the way out of HTTP.
                    tokio::spawn(session(upgraded, echo));
                }
            });
            response
        }
    }
}

async fn session(upgraded: Upgraded<TcpStream>, echo: Echo) {
    let _slot = upgraded.slot;
    let outbox = Arc::new(Outbox::default());
    let mut socket = Socket::new(upgraded.stream, upgraded.already_read, echo.limits);
    loop {
        let received = tokio::select! {
            received = socket.next() => received,
            () = outbox.filled.notified() => {
                let frames = outbox.frames.lock().map(|mut frames| std::mem::take(&mut *frames)).unwrap_or_default();
                socket.queue(frames);
                continue;
            }
        };
        match received {
            Some(Received::Text(_)) if echo.broken => socket.queue([Bytes::from_static(b"wrong")]),
            Some(Received::Text(text)) => socket.queue([Bytes::from(text)]),
            Some(Received::Binary(binary)) => socket.queue_binary(binary),
            Some(end) => {
                let code = end.close_code().unwrap_or(1000);
                let close = socket.close(code, "");
                let _ = tokio::time::timeout(Duration::from_millis(CLOSE_MS_MAX), close).await;
                return;
            }
            None => return,
        }
        // The next message is read when this one is out: an echo holds one message at most.
        if socket.flush().await.is_err() {
            return;
        }
    }
}
