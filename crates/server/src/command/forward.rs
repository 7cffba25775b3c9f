//! `send` with `forward`: somebody passes on what was written elsewhere. The server reads the origin as the sender may
//! read it and makes the body, so that nobody can put words into another's mouth.
//!
//! The origin is of another conversation, so it is read first and written after: what the same session asks for
//! meanwhile does not wait for it. A repeat is known by the place it names, though the origin may be gone by then.

use super::{Later, Who, appended, refuse};
use crate::node::Node;
use crate::wire;
use protocol::body::Forwarded;
use protocol::client_frame::{Forward, Place, Send};
use protocol::refusal::Code;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Append, AskPage, Entry, Error};

pub fn forward(node: &Arc<Node>, who: &Who, frame: Send, from: Forward) -> Later {
    if frame.body.get() != store::EMPTY_BODY {
        return refuse(Code::BadRequest.refuse_saying("a `send` with `forward` has the body {}"));
    }
    let origin = node.store.page(AskPage {
        reader: who.user,
        conv: from.conv,
        place: Place::Range(from.seq, from.seq, None),
        limit: 1,
    });
    let append = Append {
        private: node.manners.is_private(who.user),
        conv: frame.conv,
        sender: who.user,
        device: who.device,
        send_id: frame.send_id,
        kind: frame.kind,
        body: Arc::from(store::EMPTY_BODY),
        mentions: store::Mentions::none(),
        reply_to: frame.reply_to,
        thread: frame.thread,
        names: store::Names {
            reply_to: frame.reply_send_id,
            thread: frame.thread_send_id,
        },
        read: frame.read,
        forward: None,
    };
    let node = Arc::clone(node);
    Box::pin(async move {
        let page = match origin.await {
            Ok(page) => page.entries,
            // Not theirs to read: only what they passed on before is answered.
            Err(Error::Refused(_)) => Vec::new(),
            Err(error) => return Err(wire::refusal(error)),
        };
        let words = page
            .first()
            .filter(|origin| origin.kind == append.kind && from.send_id.is_none_or(|name| name == origin.send_id))
            .and_then(passed_on);
        let forward = store::Forward {
            conv: from.conv,
            seq: from.seq,
            found: words.is_some(),
        };
        let reply = node.store.append(Append {
            body: words.unwrap_or(append.body),
            forward: Some(forward),
            ..append
        });
        appended(&node, reply).await
    })
}

/// The body of an entry as somebody else passes it on: whose it was stands in it, and nobody is mentioned by it. `None`
/// where there are no words to pass on.
fn passed_on(origin: &Entry) -> Option<Arc<str>> {
    if !origin.kind.may_be_sent() || origin.deleted_by.is_some() {
        return None;
    }
    let mut fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&origin.body).ok()?;
    fields.remove("mentions");
    fields.remove("mention_all");
    let here = Forwarded {
        sender: origin.sender,
        created_ms: origin.created_ms,
    };
    // Passed on again, it stays the first one's.
    let first = fields
        .get("forwarded")
        .and_then(|first| serde_json::from_str(first.get()).ok());
    let raw = serde_json::value::to_raw_value(&first.unwrap_or(here)).ok()?;
    fields.insert("forwarded".to_owned(), raw);
    Some(serde_json::to_string(&fields).ok()?.into())
}
