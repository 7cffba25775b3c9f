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
use protocol::token::TokenText;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
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

/// Runs one connection from the end of its handshake to its own end. Everything that lives as long as the connection is
/// in one place, and what its end alone needs is on the heap: the future is what an idle session costs. It gives back
/// its `place` at the very end.
pub fn run<S, P>(
    node: Arc<Node>,
    stream: S,
    already_read: Bytes,
    (address, cookie): (IpAddr, Option<TokenText>),
    place: P,
) -> impl Future<Output = ()> + Send + use<S, P>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    P: Send + 'static,
{
    let mut door = Door {
        socket: Socket::new(stream, already_read, socket_limits()),
        session: Session::new(node, address, cookie),
        pending: FuturesUnordered::new(),
        deadline: Some(after_ms(limits::HELLO_MS_MAX)),
        waiting_for: Wait::Hello,
        queued_bytes: 0,
    };
    async move {
        let ending = door.carry().await;
        door.session.end();
        let node = door.session.node();
        let pending = std::mem::take(&mut door.pending);
        if !pending.is_empty() {
            tokio::spawn(session::finish(Arc::clone(node), pending));
        }
        if let Ending::Close(close) = ending {
            node.metrics.closes.add(close.code());
            let closing = door.socket.close(close.code(), close.reason());
            let bounded = tokio::time::timeout(Duration::from_millis(CLOSE_MS_MAX), closing);
            let _ = Box::pin(bounded).await;
        }
        drop(place);
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
    async fn carry(&mut self) -> Ending {
        loop {
            let step = match poll_fn(|cx| self.poll_happen(cx)).await {
                Happened::Came(Some(Received::Text(text))) => self.session.take(&text),
                Happened::Came(received) => return end_of_input(received),
                Happened::Answered(answer) => self.session.answered(answer),
                Happened::Took(Taken::Frames(frames)) => {
                    self.queue(frames);
                    Step::Nothing
                }
                Happened::Took(Taken::Close(close)) => return Ending::Close(close),
                Happened::Late => match self.late() {
                    Some(close) => return Ending::Close(close),
                    None => Step::Nothing,
                },
            };
            if let Some(close) = self.act(step) {
                return Ending::Close(close);
            }
            self.answer_what_is_ready();
        }
    }

    /// The next thing that happens. Reading goes on only while there is room for what it may lead to.
    fn poll_happen(&mut self, cx: &mut Context<'_>) -> Poll<Happened> {
        let may_take = self.session.may_take();
        let may_read = may_take && self.pending.len() < limits::INFLIGHT_REQUESTS_MAX;
        let has_room = self.socket.has_room();
        if has_room && let Poll::Ready(Some(answer)) = self.pending.poll_next_unpin(cx) {
            return Poll::Ready(Happened::Answered(answer));
        }
        if let Poll::Ready(taken) = self.session.outbox().poll_take(cx, has_room && may_take) {
            return Poll::Ready(Happened::Took(taken));
        }
        if may_read && has_room {
            if let Poll::Ready(received) = self.socket.poll_next(cx) {
                return Poll::Ready(Happened::Came(received));
            }
        } else {
            // Nothing is read, but what waits is still written; then everything is looked at again.
            match self.socket.poll_flush(cx) {
                Poll::Ready(Err(_)) => return Poll::Ready(Happened::Came(None)),
                Poll::Ready(Ok(())) if !has_room => return Poll::Ready(Happened::Took(Taken::Frames(VecDeque::new()))),
                Poll::Ready(Ok(())) | Poll::Pending => {}
            }
        }
        // Only now, after a try to write: a peer that takes everything at once costs no timer.
        self.watch_the_clock();
        match &mut self.deadline {
            Some(deadline) => deadline.as_mut().poll(cx).map(|()| Happened::Late),
            None => Poll::Pending,
        }
    }

    fn act(&mut self, step: Step) -> Option<Close> {
        match step {
            Step::Nothing => None,
            Step::Say(frame) => {
                self.queue([frame]);
                None
            }
            Step::Greet(frames) => {
                self.queue(frames);
                None
            }
            Step::Wait(pending) => {
                self.pending.push(pending);
                None
            }
            Step::Close(frame, close) => {
                self.queue(frame);
                Some(close)
            }
        }
    }

    fn queue(&mut self, frames: impl IntoIterator<Item = Bytes>) {
        let mut count = 0;
        let before = self.socket.unsent_bytes();
        self.socket.queue(frames.into_iter().inspect(|_| count += 1));
        self.queued_bytes += (self.socket.unsent_bytes() - before) as u64;
        self.session.node().metrics.frames_sent.inc_by(count);
    }

    /// All that the peer's side of the socket ever took. Pongs are not counted, so it may lag a little.
    fn written_bytes(&self) -> u64 {
        self.queued_bytes.saturating_sub(self.socket.unsent_bytes() as u64)
    }

    /// Takes every answer that has come already, so that all of them go out in one system call.
    fn answer_what_is_ready(&mut self) {
        while self.socket.has_room()
            && let Some(Some(answer)) = self.pending.next().now_or_never()
        {
            let step = self.session.answered(answer);
            if let Some(close) = self.act(step) {
                self.session.outbox().close(close);
            }
        }
    }

    /// Sets the clock while the peer owes us something, and stops it when it does not.
    fn watch_the_clock(&mut self) {
        let unsent_bytes = self.socket.unsent_bytes();
        match self.waiting_for {
            Wait::Hello if !self.session.is_ready() => {}
            Wait::Reader { .. } if unsent_bytes > 0 => {}
            _ if unsent_bytes > 0 => {
                self.waiting_for = Wait::Reader {
                    written_bytes: self.written_bytes(),
                    looks: 0,
                };
                self.deadline = Some(self.next_look());
            }
            Wait::Nothing => {}
            Wait::Hello | Wait::Reader { .. } => {
                self.waiting_for = Wait::Nothing;
                self.deadline = None;
            }
        }
    }

    /// The deadline passed. A reader that took something meanwhile is given its whole time anew.
    fn late(&mut self) -> Option<Close> {
        let now = self.written_bytes();
        match &mut self.waiting_for {
            Wait::Hello => Some(Close::NoHello),
            Wait::Reader { written_bytes, looks } if now <= *written_bytes && self.socket.unsent_bytes() > 0 => {
                *looks += 1;
                let is_stuck = *looks >= STUCK_LOOKS;
                self.deadline = Some(self.next_look());
                is_stuck.then_some(Close::Stuck)
            }
            Wait::Reader { .. } | Wait::Nothing => {
                self.waiting_for = Wait::Nothing;
                self.deadline = None;
                None
            }
        }
    }

    /// When a peer that owes us something is looked at next.
    fn next_look(&self) -> Pin<Box<Sleep>> {
        after_ms(self.session.node().config.stuck_ms_max / u64::from(STUCK_LOOKS))
    }
}

fn end_of_input(received: Option<Received>) -> Ending {
    match received {
        Some(Received::TooLarge) => Ending::Close(Close::TooLarge),
        Some(Received::Binary(_) | Received::NotText | Received::Broken(_)) => Ending::Close(Close::Malformed),
        _ => Ending::Gone,
    }
}

fn after_ms(ms: u64) -> Pin<Box<Sleep>> {
    Box::pin(tokio::time::sleep_until(Instant::now() + Duration::from_millis(ms)))
}
