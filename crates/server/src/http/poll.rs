//! `POST /v1/poll`: the frames that a socket would tell, for whoever cannot hold one open.
//!
//! A poll is a session of one greeting: it takes part in live delivery before it reads, so what happens between two
//! polls comes with the next, by its `ver`. A poll that ends leaves like any session; somebody who polls again soon was
//! there all the while.

use super::answer::{Refused, body};
use super::{Door, accounts, address_of, socket_door};
use crate::command::Who;
use crate::command::hello::{self, Welcomed};
use crate::node::Node;
use crate::outbox::{Outbox, Taken};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::FutureExt;
use protocol::client_frame::Hello;
use protocol::close::Close;
use protocol::poll::Poll;
use protocol::refusal::Code;
use protocol::{Refusal, ServerFrame, limits};
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

/// However a poll ends, also by a client that goes away: it takes part in nothing from then on.
struct Taking {
    node: Arc<Node>,
    who: Arc<Who>,
}

impl Drop for Taking {
    fn drop(&mut self) {
        hello::farewell(&self.node, &self.who);
    }
}

/// `POST /v1/poll`.
pub async fn poll(State(door): State<Door>, request: Request) -> Result<Response, Refused> {
    let address = address_of(&door, &request);
    let token = accounts::token(&door, &request);
    // It takes the place of a session while it waits.
    let _place = socket_door::admit(&door, address)?;
    let token = token.ok_or_else(|| Code::Unauthenticated.refuse())?;
    let asked: Poll = body(request).await?;
    let node = door.node;
    let wait_ms = asked.wait_ms.min(limits::POLL_WAIT_MS_MAX).min(node.config.beat_ms);
    let outbox = Arc::new(Outbox::new(node.config.outbox_bytes_max, node.config.outbox_frames_max));
    outbox.heard(node.now_ms());
    let hello = Hello {
        v: asked.v,
        token,
        client: asked.client,
        epoch: asked.epoch,
        ver: asked.ver,
        dseq: asked.dseq,
        watch: asked.watch,
    };
    let Welcomed { who, frames } = hello::hello(&node, Arc::clone(&outbox), address, hello)
        .await
        .map_err(|away| away.refusal)?;
    let taking = Taking { node, who };
    let has_news = frames.iter().any(is_news);
    let mut told: Vec<Bytes> = frames.iter().map(|frame| frame.encode(None).into()).collect();
    let wait_ms = if has_news { 0 } else { wait_ms };
    told.extend(happens(&outbox, wait_ms).await?);
    drop(taking);
    Ok(([(CONTENT_TYPE, "application/json")], listed(&told)).into_response())
}

/// Whether a frame of the greeting tells something that the client did not hold.
fn is_news(frame: &ServerFrame) -> bool {
    match frame {
        ServerFrame::Inbox(page) => !page.rows.is_empty(),
        ServerFrame::Resync(_) => true,
        _ => false,
    }
}

/// What is told until there is something, and whatever came with it.
async fn happens(outbox: &Outbox, wait_ms: u64) -> Result<Vec<Bytes>, Refusal> {
    let taken = tokio::time::timeout(Duration::from_millis(wait_ms), poll_fn(|cx| outbox.poll_take(cx, true)));
    let mut told = Vec::new();
    let mut next = taken.await.ok();
    while let Some(taken) = next {
        match taken {
            Taken::Frames(frames) => told.extend(frames),
            Taken::Close(Close::Unauthenticated | Close::Revoked) => return Err(Code::Unauthenticated.refuse()),
            // A node that goes away has said so in a frame; nothing else ends somebody who asks for no more than this.
            Taken::Close(_) => break,
        }
        next = poll_fn(|cx| outbox.poll_take(cx, true)).now_or_never();
    }
    Ok(told)
}

fn listed(frames: &[Bytes]) -> Vec<u8> {
    let bytes: usize = frames.iter().map(|frame| frame.len() + 1).sum();
    let mut body = Vec::with_capacity(bytes + 16);
    body.extend_from_slice(b"{\"frames\":[");
    for (index, frame) in frames.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(frame);
    }
    body.extend_from_slice(b"]}");
    body
}
