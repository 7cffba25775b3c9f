//! `edit`, `delete`, `react`, `pin`: what is done to an entry after it was written; `pins` and `history`, which look at
//! what came of it. Each change is one entry of the log, queued like a message and rated like one.

use super::{Later, Who, appended, refuse, send};
use crate::node::Node;
use crate::wire;
use protocol::body;
use protocol::change::{AskHistory, AskPins, Delete, Edit, Pin, Pins, React, Revision, Revisions};
use protocol::refusal::Code;
use protocol::{ConversationId, SendId, Seq, ServerFrame};
use std::sync::Arc;
use store::{Amend, Amendment};

pub fn edit(node: &Arc<Node>, who: &Who, frame: Edit) -> Later {
    let mentions = match send::mentions(&frame.body) {
        Ok(mentions) => mentions,
        Err(refusal) => return refuse(refusal),
    };
    let body = Arc::from(frame.body.get());
    let change = Amendment::Edit { body, mentions };
    amend(
        node,
        who,
        (frame.conv, frame.send_id, (frame.target, frame.target_send_id)),
        change,
    )
}

pub fn delete(node: &Arc<Node>, who: &Who, frame: Delete) -> Later {
    amend(
        node,
        who,
        (frame.conv, frame.send_id, (frame.target, frame.target_send_id)),
        Amendment::Delete,
    )
}

pub fn react(node: &Arc<Node>, who: &Who, frame: React) -> Later {
    // What was put here may be taken back, whatever the rules say by then.
    if let Err(fault) = body::check_emoji(&frame.emoji)
        && (frame.on || frame.emoji.len() > protocol::limits::EMOJI_BYTES_MAX)
    {
        return refuse(Code::BadBody.refuse_saying(fault.0));
    }
    let change = Amendment::React {
        emoji: frame.emoji,
        on: frame.on,
    };
    amend(
        node,
        who,
        (frame.conv, frame.send_id, (frame.target, frame.target_send_id)),
        change,
    )
}

pub fn pin(node: &Arc<Node>, who: &Who, frame: Pin) -> Later {
    let change = Amendment::Pin { on: frame.on };
    amend(
        node,
        who,
        (frame.conv, frame.send_id, (frame.target, frame.target_send_id)),
        change,
    )
}

fn amend(
    node: &Arc<Node>,
    who: &Who,
    what: (ConversationId, SendId, (Seq, Option<SendId>)),
    change: Amendment,
) -> Later {
    let (conv, send_id, (target, target_name)) = what;
    if let Err(ms) = node.gates.send(who.user, conv, node.now_ms()) {
        return refuse(Code::RateLimited.refuse_for_ms(ms));
    }
    let reply = node.store.amend(Amend {
        conv,
        actor: who.user,
        send_id,
        target,
        target_name,
        change,
    });
    let node = Arc::clone(node);
    Box::pin(async move { appended(&node, reply).await })
}

pub fn pins(node: &Arc<Node>, who: &Who, frame: AskPins) -> Later {
    let conv = frame.conv;
    let reply = node.store.pins(who.user, conv);
    Box::pin(async move {
        let seqs = reply.await.map_err(wire::refusal)?;
        Ok(Some(ServerFrame::Pins(Pins { conv, seqs })))
    })
}

pub fn history(node: &Arc<Node>, who: &Who, frame: AskHistory) -> Later {
    let AskHistory { conv, seq, before } = frame;
    let reply = node.store.history(store::AskHistory {
        reader: who.user,
        conv,
        seq,
        before,
    });
    Box::pin(async move {
        let past = reply.await.map_err(wire::refusal)?;
        let revision = |one: store::Revision| Revision {
            rev: one.rev,
            at_ms: one.at_ms,
            body: wire::body(&one.body),
        };
        Ok(Some(ServerFrame::History(Revisions {
            conv,
            seq,
            more: past.more,
            list: past.list.into_iter().map(revision).collect(),
        })))
    })
}
