//! What planted faults of the verbs need besides a branch. Nobody comes here in a program without them.

use super::{Later, appended};
use crate::bus::Hint;
use crate::node::Node;
use crate::wire;
use bytes::Bytes;
use protocol::MessageId;
use std::sync::Arc;
use store::{Append, Entry};

/// Hands an entry to whoever is connected here and a member now.
pub async fn hand_out(node: &Node, entry: &Entry) {
    let Ok(members) = node.members(entry.conv).await else {
        return;
    };
    node.handed_out.with(|these| these.insert(entry.id));
    let frame = Bytes::from(wire::live(node.store.epoch(), entry));
    for outbox in node.sessions.of(&members) {
        outbox.push(frame.clone());
    }
}

/// Tells of an entry as it will be if nobody and nothing comes in between, and then stores it.
pub fn publish_and_append(node: Arc<Node>, append: Append) -> Later {
    Box::pin(async move {
        let heads = node.store.heads(append.sender, vec![append.conv]).await;
        if let Some(head) = heads.map_err(wire::refusal)?.first() {
            let entry = Entry {
                conv: append.conv,
                seq: head.seq.next(),
                ord: if append.kind.counts() && append.thread.is_none() {
                    head.ord.next()
                } else {
                    head.ord
                },
                id: MessageId::from_bytes(node.random()),
                sender: append.sender,
                send_id: append.send_id,
                created_ms: node.clock.unix_ms(),
                kind: append.kind.clone(),
                body: Arc::clone(&append.body),
                rev: None,
                target_seq: None,
                reply_to: append.reply_to,
                thread: append.thread,
                edited: None,
                deleted_by: None,
                pinned: false,
                reactions: Vec::new(),
                now: None,
            };
            node.bus.publish(Hint::Entry {
                epoch: node.store.epoch(),
                entry: Arc::new(entry),
            });
        }
        let reply = node.store.append(append);
        appended(&node, reply).await
    })
}
