//! The WebSocket door: carries frames between one socket and one session, and nothing else is decided here.
//!
//! Everything that waits is written with one system call, reading stops while too many requests are unanswered, and a
//! peer that takes nothing for too long is let go. An idle connection holds no buffer and no timer.

use crate::node::Node;
use crate::outbox::Taken;
use crate::session::{self, Answer, Pending, Session, Step};
use crate::socket::{Received, Socket, SocketLimits};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use protocol::close::Close;
use protocol::limits;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep};

/// How long the closing handshake may take, in milliseconds.
const CLOSE_MS_MAX: u64 = 2_000;
/// Looks at a peer that takes nothing before it is let go: more of them, and it is known more exactly since when.
const STUCK_LOOKS: u32 = 4;
/// Bytes read at once.
const READ_BUFFER_BYTES: usize = 1_024;
/// Bytes that may wait in the socket before the outbox holds the rest back.
const UNSENT_BYTES_MAX: usize = 64 * 1024;

/// The bounds of a session's socket.
#[must_use]
pub fn socket_limits() -> SocketLimits {
    SocketLimits {
        frame_bytes_max: limits::CLIENT_FRAME_BYTES_MAX,
        message_bytes_max: limits::CLIENT_FRAME_BYTES_MAX,
        read_buffer_bytes: READ_BUFFER_BYTES,
        unsent_bytes_max: UNSENT_BYTES_MAX,
    }
}

/// Runs one connection from the end of its handshake to its own end.
pub async fn run<S>(node: Arc<Node>, stream: S, already_read: Bytes, address: IpAddr)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut door = Door {
        socket: Socket::new(stream, already_read, socket_limits()),
        session: Session::new(Arc::clone(&node), address),
        pending: FuturesUnordered::new(),
        deadline: Some(after_ms(limits::HELLO_MS_MAX)),
        waiting_for: Wait::Hello,
        queued_bytes: 0,
    };
    let ending = door.carry(&node).await;
    let Door {
        mut socket,
        session,
        pending,
        ..
    } = door;
    drop(session);
    if !pending.is_empty() {
        tokio::spawn(session::finish(Arc::clone(&node), pending));
    }
    if let Ending::Close(close) = ending {
        node.metrics.closes.add(close.code());
        let closing = socket.close(close.code(), close.reason());
        let _ = tokio::time::timeout(Duration::from_millis(CLOSE_MS_MAX), closing).await;
    }
}

struct Door<S> {
    socket: Socket<S>,
    session: Session,
    pending: FuturesUnordered<Pending>,
    deadline: Option<Pin<Box<Sleep>>>,
    waiting_for: Wait,
    /// All that was ever queued to be written, headers included.
    queued_bytes: u64,
}

/// What the deadline is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    Hello,
    /// The peer to take something: so much had been written in all when the clock was set.
    Reader {
        written_bytes: u64,
        /// How often that was looked at since, and found unchanged.
        looks: u32,
    },
    Nothing,
}

/// How a connection ends.
enum Ending {
    /// We close.
    Close(Close),
    /// The peer closed, or is gone.
    Gone,
}

enum Happened {
    Came(Option<Received>),
    Answered(Answer),
    Took(Taken),
    Late,
}

impl<S> Door<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    async fn carry(&mut self, node: &Node) -> Ending {
        loop {
            let step = match self.happen().await {
                Happened::Came(Some(Received::Text(text))) => self.session.take(&text),
                Happened::Came(received) => return self.end_of_input(received),
                Happened::Answered(answer) => self.session.answered(answer),
                Happened::Took(Taken::Frames(frames)) => {
                    self.queue(node, frames);
                    Step::Nothing
                }
                Happened::Took(Taken::Close(close)) => return Ending::Close(close),
                Happened::Late => match self.late(node) {
                    Some(close) => return Ending::Close(close),
                    None => Step::Nothing,
                },
            };
            if let Some(close) = self.act(node, step) {
                return Ending::Close(close);
            }
            self.answer_what_is_ready(node);
            self.watch_the_clock(node);
        }
    }

    /// Waits for the next thing. Reading goes on only while there is room for what it may lead to.
    async fn happen(&mut self) -> Happened {
        let may_take = self.session.may_take();
        let may_read = may_take && self.pending.len() < limits::INFLIGHT_REQUESTS_MAX;
        let has_room = self.socket.has_room();
        let outbox = Arc::clone(self.session.outbox());
        let (socket, pending, deadline) = (&mut self.socket, &mut self.pending, &mut self.deadline);
        let input = async move {
            if may_read && has_room {
                return Happened::Came(socket.next().await);
            }
            // Nothing is read, but what waits is still written; then the loop looks again.
            match socket.flush().await {
                Ok(()) if has_room => std::future::pending().await,
                Ok(()) => Happened::Took(Taken::Frames(std::collections::VecDeque::new())),
                Err(_) => Happened::Came(None),
            }
        };
        let late = async move {
            match deadline {
                Some(deadline) => deadline.as_mut().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Some(answer) = pending.next(), if has_room => Happened::Answered(answer),
            taken = outbox.take(has_room && may_take) => Happened::Took(taken),
            happened = input => happened,
            () = late => Happened::Late,
        }
    }

    fn act(&mut self, node: &Node, step: Step) -> Option<Close> {
        match step {
            Step::Nothing => None,
            Step::Say(frame) => {
                self.queue(node, [frame]);
                None
            }
            Step::Greet(frames) => {
                self.queue(node, frames);
                None
            }
            Step::Wait(pending) => {
                self.pending.push(pending);
                None
            }
            Step::Close(frame, close) => {
                self.queue(node, frame);
                Some(close)
            }
        }
    }

    fn queue(&mut self, node: &Node, frames: impl IntoIterator<Item = Bytes>) {
        let mut count = 0;
        let before = self.socket.unsent_bytes();
        self.socket.queue(frames.into_iter().inspect(|_| count += 1));
        self.queued_bytes += (self.socket.unsent_bytes() - before) as u64;
        node.metrics.frames_sent.inc_by(count);
    }

    /// All that the peer's side of the socket ever took. Pongs are not counted, so it may lag a little.
    fn written_bytes(&self) -> u64 {
        self.queued_bytes.saturating_sub(self.socket.unsent_bytes() as u64)
    }

    /// Takes every answer that has come already, so that all of them go out in one system call.
    fn answer_what_is_ready(&mut self, node: &Node) {
        while self.socket.has_room()
            && let Some(Some(answer)) = self.pending.next().now_or_never()
        {
            let step = self.session.answered(answer);
            if let Some(close) = self.act(node, step) {
                self.session.outbox().close(close);
            }
        }
    }

    /// Sets the clock while the peer owes us something, and stops it when it does not.
    fn watch_the_clock(&mut self, node: &Node) {
        let unsent_bytes = self.socket.unsent_bytes();
        match self.waiting_for {
            Wait::Hello if !self.session.is_ready() => {}
            Wait::Reader { .. } if unsent_bytes > 0 => {}
            _ if unsent_bytes > 0 => {
                self.waiting_for = Wait::Reader {
                    written_bytes: self.written_bytes(),
                    looks: 0,
                };
                self.deadline = Some(after_ms(node.config.stuck_ms_max / u64::from(STUCK_LOOKS)));
            }
            Wait::Nothing => {}
            Wait::Hello | Wait::Reader { .. } => {
                self.waiting_for = Wait::Nothing;
                self.deadline = None;
            }
        }
    }

    /// The deadline passed. A reader that took something meanwhile is given its whole time anew.
    fn late(&mut self, node: &Node) -> Option<Close> {
        let now = self.written_bytes();
        match &mut self.waiting_for {
            Wait::Hello => Some(Close::NoHello),
            Wait::Reader { written_bytes, looks } if now <= *written_bytes && self.socket.unsent_bytes() > 0 => {
                *looks += 1;
                self.deadline = Some(after_ms(node.config.stuck_ms_max / u64::from(STUCK_LOOKS)));
                (*looks >= STUCK_LOOKS).then_some(Close::Stuck)
            }
            Wait::Reader { .. } | Wait::Nothing => {
                self.waiting_for = Wait::Nothing;
                self.deadline = None;
                None
            }
        }
    }

    fn end_of_input(&mut self, received: Option<Received>) -> Ending {
        match received {
            Some(Received::TooLarge) => Ending::Close(Close::TooLarge),
            Some(Received::Binary(_) | Received::NotText | Received::Broken(_)) => Ending::Close(Close::Malformed),
            _ => Ending::Gone,
        }
    }
}

fn after_ms(ms: u64) -> Pin<Box<Sleep>> {
    Box::pin(tokio::time::sleep_until(Instant::now() + Duration::from_millis(ms)))
}
