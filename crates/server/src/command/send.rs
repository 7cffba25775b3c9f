//! `send`: somebody writes something.
//!
//! Costs one queued change in the store's next batch, one encoding of the entry for everybody, one push per session.

use super::{Later, Who, appended, forward, planted, refuse};
use crate::node::Node;
use mutants::Mutant;
use protocol::body::{self, Body};
use protocol::client_frame::Send;
use protocol::refusal::Code;
use protocol::{Kind, Refusal, UserId};
use serde_json::value::RawValue;
use std::sync::Arc;
use store::{Append, Mentions};

pub fn send(node: &Arc<Node>, who: &Who, frame: Send) -> Later {
    let mentions = match check(node, who, &frame) {
        Ok(mentions) => mentions,
        Err(refusal) => return refuse(refusal),
    };
    if let Some(from) = frame.forward {
        return forward::forward(node, who, frame, from);
    }
    let started_us = node.clock.now_us();
    let append = Append {
        conv: frame.conv,
        sender: who.user,
        device: who.device,
        send_id: frame.send_id,
        kind: frame.kind,
        body: Arc::from(frame.body.get()),
        mentions,
        reply_to: frame.reply_to,
        thread: frame.thread,
        names: store::Names {
            reply_to: frame.reply_send_id,
            thread: frame.thread_send_id,
        },
        read: frame.read,
        forward: None,
        private: node.manners.is_private(who.user),
    };
    // Planted fault: everybody is told first, and then it is stored.
    if mutants::is(Mutant::PublishBeforeCommit) {
        return planted::publish_and_append(Arc::clone(node), append);
    }
    let reply = node.store.append(append);
    let node = Arc::clone(node);
    Box::pin(async move {
        let outcome = appended(&node, reply).await;
        let took_us = node.clock.now_us().saturating_sub(started_us);
        node.metrics.send_commit.observe_us(took_us);
        outcome
    })
}

/// Rates and shape; answers who is mentioned. Whether the sender may write here is the store's to say.
fn check(node: &Node, who: &Who, frame: &Send) -> Result<Mentions, Refusal> {
    node.gates
        .send(who.user, frame.conv, node.now_ms())
        .map_err(|ms| Code::RateLimited.refuse_for_ms(ms))?;
    if !frame.kind.may_be_sent() {
        return Err(Code::BadKind.refuse());
    }
    if frame.kind == Kind::Text && frame.forward.is_none() {
        return mentions(&frame.body);
    }
    body::check_any(&frame.body).map_err(bad_body)?;
    Ok(Mentions::none())
}

fn bad_body(fault: body::Fault) -> Refusal {
    Code::BadBody.refuse_saying(fault.0)
}

/// Who is mentioned in the body of a text that is as it should be.
pub fn mentions(raw: &RawValue) -> Result<Mentions, Refusal> {
    body::check_any(raw).map_err(bad_body)?;
    let body = Body::check(raw).map_err(bad_body)?;
    if body.mention_all.is_some() {
        return Ok(Mentions::Everybody);
    }
    let mut mentions: Vec<UserId> = body.mentions.iter().map(|mention| mention.user).collect();
    mentions.sort_unstable();
    mentions.dedup();
    Ok(Mentions::People(mentions))
}
