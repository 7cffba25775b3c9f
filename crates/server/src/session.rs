//! One session: what a device has said so far decides what it may say next. It knows frames, not sockets: a door (a
//! WebSocket now, a poll later) brings text in and carries text out.

use crate::command::hello::{self, TurnedAway, Welcomed};
use crate::command::{self, Later, Outcome, Who};
use crate::node::Node;
use crate::outbox::Outbox;
use crate::rate::Bucket;
use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use protocol::close::Close;
use protocol::frame::{Malformed, RequestId};
use protocol::refusal::Code;
use protocol::token::TokenText;
use protocol::{ClientFrame, Refusal, ServerFrame, limits};
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// One session.
pub struct Session {
    node: Arc<Node>,
    address: IpAddr,
    outbox: Arc<Outbox>,
    state: State,
    frames: Bucket,
    malformed: u32,
}

enum State {
    /// Nothing but `hello` may come. The token that the handshake brought as a cookie: it stands in for one in `hello`.
    Greeting(Option<TokenText>),
    /// `hello` came and is being looked at; the door brings nothing until that is done.
    Welcoming,
    /// Signed in.
    Ready(Arc<Who>),
}

/// What a frame leads to.
pub enum Step {
    /// Nothing to say.
    Nothing,
    /// Say this.
    Say(Bytes),
    /// Say these, before everything that waited for the end of the greeting.
    Greet(Vec<Bytes>),
    /// The answer is on its way.
    Wait(Pending),
    /// Say this and close.
    Close(Option<Bytes>, Close),
}

/// An answer on its way.
pub struct Pending {
    re: Option<RequestId>,
    work: Work,
}

enum Work {
    Greeting(Pin<Box<dyn Future<Output = Result<Welcomed, TurnedAway>> + Send>>),
    Request(Later),
}

/// What an answer turned out to be.
pub enum Answer {
    /// To a `hello`.
    Greeting(Option<RequestId>, Result<Welcomed, TurnedAway>),
    /// To anything else.
    Request(Option<RequestId>, Outcome),
}

impl Future for Pending {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        let re = self.re;
        match &mut self.work {
            Work::Greeting(work) => work.as_mut().poll(cx).map(|outcome| Answer::Greeting(re, outcome)),
            Work::Request(work) => work.as_mut().poll(cx).map(|outcome| Answer::Request(re, outcome)),
        }
    }
}

impl Drop for Session {
    /// However a session ends, it is told nothing more.
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits for the answers that a session no longer takes: a message that was taken in must still be handed out, and
/// whoever was let in only now must be let out again.
pub async fn finish(node: Arc<Node>, mut unanswered: FuturesUnordered<Pending>) {
    while let Some(answer) = unanswered.next().await {
        if let Answer::Greeting(_, Ok(welcomed)) = answer {
            hello::farewell(&node, &welcomed.who);
        }
    }
}

impl Session {
    /// A session that has said nothing yet.
    #[must_use]
    pub fn new(node: Arc<Node>, address: IpAddr, cookie: Option<TokenText>) -> Self {
        let outbox = Outbox::new(node.config.outbox_bytes_max, node.config.outbox_frames_max);
        outbox.heard(node.now_ms());
        Self {
            node,
            address,
            outbox: Arc::new(outbox),
            state: State::Greeting(cookie),
            frames: Bucket::default(),
            malformed: 0,
        }
    }

    /// Ends it: it takes nothing and is told nothing from here on.
    pub fn end(&mut self) {
        if let State::Ready(who) = std::mem::replace(&mut self.state, State::Greeting(None)) {
            self.node.metrics.outbox_overflows.inc_by(self.outbox.overflows());
            hello::farewell(&self.node, &who);
        }
    }

    /// The node it is on.
    #[must_use]
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// What waits to be told to it.
    #[must_use]
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// Whether it is signed in.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready(_))
    }

    /// Whether the door may bring another frame, and carry out what waits in the outbox: not while a greeting is being
    /// looked at, for `welcome` comes before everything else.
    #[must_use]
    pub fn may_take(&self) -> bool {
        !matches!(self.state, State::Welcoming)
    }

    /// Takes one frame.
    pub fn take(&mut self, text: &str) -> Step {
        let now_ms = self.node.now_ms();
        self.outbox.heard(now_ms);
        let (re, frame) = match ClientFrame::decode(text) {
            Ok(decoded) => decoded,
            Err(malformed) => return self.malformed(malformed),
        };
        self.node.metrics.frames_received.add(frame.word());
        match (&mut self.state, frame) {
            (State::Greeting(cookie), ClientFrame::Hello(mut frame)) => {
                if frame.token.is_cookie() {
                    frame.token = cookie.take().unwrap_or_default();
                }
                self.state = State::Welcoming;
                let (node, outbox, address) = (Arc::clone(&self.node), Arc::clone(&self.outbox), self.address);
                let work = async move { hello::hello(&node, outbox, address, *frame).await };
                Step::Wait(Pending {
                    re,
                    work: Work::Greeting(Box::pin(work)),
                })
            }
            (State::Ready(who), frame) => {
                if let Err(ms) = self.frames.take(self.node.config.rates.frames_per_device, 1.0, now_ms) {
                    return self.say_no(re, Code::RateLimited.refuse_for_ms(ms));
                }
                Step::Wait(Pending {
                    re,
                    work: Work::Request(command::run(&self.node, who, re, frame)),
                })
            }
            (State::Greeting(_) | State::Welcoming, _) => self.strike(re, Code::OutOfOrder.refuse(), Close::Malformed),
        }
    }

    /// Takes an answer that has come: what to say, and whether that was the end.
    pub fn answered(&mut self, answer: Answer) -> Step {
        match answer {
            Answer::Greeting(re, Ok(Welcomed { who, frames })) => {
                self.state = State::Ready(who);
                // The answer to `hello` is `welcome`; what follows it is told unasked. Not through the outbox: live
                // frames may wait there already, and a full one would drop the answer.
                let encode = |(index, frame): (usize, &ServerFrame)| frame.encode(re.filter(|_| index == 0)).into();
                Step::Greet(frames.iter().enumerate().map(encode).collect())
            }
            Answer::Greeting(re, Err(away)) => {
                self.state = State::Greeting(None);
                Step::Close(Some(self.no(re, away.refusal)), away.close)
            }
            Answer::Request(re, Ok(Some(frame))) => Step::Say(Bytes::from(frame.encode(re))),
            Answer::Request(_, Ok(None)) => Step::Nothing,
            Answer::Request(re, Err(refusal)) => self.say_no(re, refusal),
        }
    }

    fn malformed(&mut self, malformed: Malformed) -> Step {
        match malformed {
            Malformed::UnknownType { id } => {
                self.node.metrics.frames_received.add(crate::metrics::UNKNOWN_TYPE);
                match self.state {
                    State::Ready(_) => self.say_no(id, Code::UnknownType.refuse()),
                    State::Greeting(_) | State::Welcoming => {
                        self.strike(id, Code::OutOfOrder.refuse(), Close::Malformed)
                    }
                }
            }
            Malformed::Field { id, reason } => self.strike(id, Code::Malformed.refuse_saying(reason), Close::Malformed),
            Malformed::NotAFrame => self.strike(None, Code::Malformed.refuse(), Close::Malformed),
        }
    }

    /// Says no, and closes when it was said too often.
    fn strike(&mut self, re: Option<RequestId>, refusal: Refusal, close: Close) -> Step {
        self.malformed += 1;
        if self.malformed >= limits::MALFORMED_FRAMES_MAX {
            return Step::Close(Some(self.no(re, refusal)), close);
        }
        self.say_no(re, refusal)
    }

    fn say_no(&self, re: Option<RequestId>, refusal: Refusal) -> Step {
        Step::Say(self.no(re, refusal))
    }

    fn no(&self, re: Option<RequestId>, refusal: Refusal) -> Bytes {
        self.node.metrics.refusals.add(refusal.code);
        Bytes::from(ServerFrame::Refuse(refusal).encode(re))
    }
}
