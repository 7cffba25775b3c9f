//! The REST twins: every verb of the socket as `POST /v1/<verb>`, for whoever has one thing to say and keeps no
//! connection. The fields of the frame are the body, the frame that answers it is the answer, and in between runs the
//! very same [`command::run`].
//!
//! The routes follow the index of frames: a verb that is added there has its twin by that.

use super::answer::{Refused, bytes};
use super::{Door, accounts};
use crate::account;
use crate::command::{self, Outcome, Who};
use crate::config::Rate;
use crate::node::Node;
use crate::outbox::{Outbox, Taken};
use crate::rate::Buckets;
use crate::wire;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use protocol::frame::{Malformed, RequestId};
use protocol::refusal::Code;
use protocol::{ClientFrame, ConversationId, Refusal, ServerFrame, SessionId, UserId, limits};
use std::future::poll_fn;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a session says of itself. Without a connection there is nothing to greet, to watch for or to keep alive.
const OF_A_SESSION: [&str; 3] = ["hello", "watch", "beat"];
/// How long an answer may take, in milliseconds.
const ANSWER_MS_MAX: u64 = 10_000;
/// How long what the server could not do at once is waited for here, in milliseconds, try by try. Whoever has one thing
/// to say does not know that the inbox of a person is filled a moment after the log.
const OVERLOADED_WAITS_MS: [u64; 5] = [10, 40, 150, 500, 1_500];
/// Where an answer comes through the outbox, it comes under this number.
const RE: RequestId = RequestId(1);

/// How often somebody may say where that they type. A session remembers that for itself; here nobody does.
pub type Typings = Buckets<(UserId, ConversationId)>;

/// The verbs that have a twin, in the order of the index of frames.
pub fn verbs() -> impl Iterator<Item = &'static str> {
    let words = ClientFrame::WORDS.iter().copied();
    words.filter(|word| !OF_A_SESSION.contains(word))
}

/// Where a verb's twin is.
pub fn path(verb: &str) -> String {
    format!("/v1/{verb}")
}

/// Nobody has typed yet.
pub fn typings() -> Typings {
    Buckets::new(Rate {
        burst: 1.0,
        per_second: 1_000.0 / limits::TYPING_INTERVAL_MS_MIN as f64,
    })
}

/// Adds the twins' routes.
pub fn routes(router: Router<Door>) -> Router<Door> {
    verbs().fold(router, |router, word| {
        let twin = move |State(door): State<Door>, request: Request| twin(door, word, request);
        router.route(&path(word), post(twin))
    })
}

async fn twin(door: Door, word: &'static str, request: Request) -> Result<Response, Refused> {
    let asker = accounts::who(&door, &request).await?;
    let body = bytes(request, limits::CLIENT_FRAME_BYTES_MAX).await?;
    let text = std::str::from_utf8(&body).map_err(|_| malformed(Malformed::NotAFrame))?;
    let frame = ClientFrame::decode_fields(word, text, None).map_err(malformed)?;
    if let ClientFrame::Typing(typing) = &frame
        && door
            .typings
            .take((asker.user, typing.conv), 1.0, door.node.now_ms())
            .is_err()
    {
        // As on the socket: what is said too often is dropped, and that is not answered either.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(match ask(&door.node, asker, frame).await? {
        Some(frame) => ([(CONTENT_TYPE, "application/json")], frame.encode(None)).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

fn malformed(why: Malformed) -> Refusal {
    match why {
        Malformed::Field { reason, .. } => Code::Malformed.refuse_saying(reason),
        Malformed::NotAFrame => Code::Malformed.refuse_saying("The body is not a JSON object in UTF-8."),
        Malformed::UnknownType { .. } => Code::UnknownType.refuse(),
    }
}

/// Has a frame carried out in a task of its own: a client that goes away takes its answer with it, not the delivery of
/// what was committed.
async fn ask(node: &Arc<Node>, asker: account::Who, frame: ClientFrame) -> Outcome {
    let work = tokio::spawn(patiently(Arc::clone(node), asker, frame));
    match tokio::time::timeout(Duration::from_millis(ANSWER_MS_MAX), work).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(stopped)) => {
            tracing::error!(%stopped, "a request came to no end");
            Err(Code::Internal.refuse())
        }
        Err(_) => Err(late()),
    }
}

async fn patiently(node: Arc<Node>, asker: account::Who, frame: ClientFrame) -> Outcome {
    for wait_ms in OVERLOADED_WAITS_MS {
        match carried_out(&node, asker, frame.clone()).await {
            // Nothing was done. Where that is not known, there is no time after which to come again.
            Err(refusal) if refusal.code == Code::Overloaded as u16 && refusal.retry_after_ms.is_some() => {
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            }
            outcome => return outcome,
        }
    }
    carried_out(&node, asker, frame).await
}

/// Whether a verb tells how far somebody has read, of its asker or to them.
fn tells_of_reading(frame: &ClientFrame) -> bool {
    match frame {
        ClientFrame::Send(send) => send.read.is_some(),
        frame => matches!(
            frame,
            ClientFrame::Cursor(_)
                | ClientFrame::ReadAll(_)
                | ClientFrame::Receipts(_)
                | ClientFrame::Members(_)
                | ClientFrame::Inbox(_)
        ),
    }
}

async fn carried_out(node: &Arc<Node>, asker: account::Who, frame: ClientFrame) -> Outcome {
    if tells_of_reading(&frame) {
        // No session has read them: without them this would tell what its person tells nobody.
        let manners = node.store.manners(asker.user).await.map_err(wire::refusal)?;
        node.manners.note(asker.user, manners);
    }
    let outbox = Arc::new(Outbox::new(node.config.outbox_bytes_max, node.config.outbox_frames_max));
    let who = Arc::new(Who {
        user: asker.user,
        device: asker.device,
        session: SessionId::from_random(node.random()),
        outbox: Arc::clone(&outbox),
        typed: Mutex::default(),
        invisible: AtomicBool::new(false),
    });
    let is_answered = !matches!(frame, ClientFrame::Typing(_));
    match command::run(node, &who, Some(RE), frame).await? {
        None if is_answered => {
            let answer = tokio::time::timeout(Duration::from_millis(ANSWER_MS_MAX), told(&outbox));
            answer.await.unwrap_or_else(|_| Err(late()))
        }
        answer => Ok(answer),
    }
}

/// The answer of a verb that gives it to the session's outbox, as `cursor` does once many were committed as one.
async fn told(outbox: &Outbox) -> Outcome {
    loop {
        let frames = match poll_fn(|cx| outbox.poll_take(cx, true)).await {
            Taken::Frames(frames) => frames,
            Taken::Close(_) => return Err(Code::Unauthenticated.refuse()),
        };
        for frame in frames {
            let decoded = std::str::from_utf8(&frame).ok().map(ServerFrame::decode);
            match decoded {
                Some(Ok((Some(RE), ServerFrame::Refuse(refusal)))) => return Err(refusal),
                Some(Ok((Some(RE), answer))) => return Ok(Some(answer)),
                // Nothing else is meant for somebody who is gone with their answer.
                _ => {}
            }
        }
    }
}

/// Whether it was done is not known; asking again under the same `send_id` tells, and does it once.
fn late() -> Refusal {
    Code::Overloaded.refuse_saying("The answer took longer than ten seconds. Ask again, with the same send_id.")
}
