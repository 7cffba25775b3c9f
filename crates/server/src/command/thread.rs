//! `follow`, `thread_read`, `thread`: replies that hang on one message; and `find`: an entry by its name. One queued
//! change or one read each.

use super::{Later, Who, page_limit, refuse};
use crate::node::Node;
use crate::wire;
use protocol::client_frame::Place;
use protocol::position::POSITION_MAX;
use protocol::refusal::Code;
use protocol::thread::{AskThread, Find, Follow, ThreadPage, ThreadRead};
use protocol::{ConversationId, Seq, ServerFrame};
use std::sync::Arc;
use store::{AskPage, FollowThread, ReadThread, Reply, ThreadPlace, ThreadRecord};

pub fn follow(node: &Arc<Node>, who: &Who, frame: Follow) -> Later {
    let reply = node.store.follow(FollowThread {
        conv: frame.conv,
        user: who.user,
        root: frame.thread,
        on: frame.on,
    });
    stands(node, frame.conv, reply)
}

pub fn read(node: &Arc<Node>, who: &Who, frame: ThreadRead) -> Later {
    let reply = node.store.read_thread(ReadThread {
        conv: frame.conv,
        user: who.user,
        root: frame.thread,
        read: frame.read,
    });
    stands(node, frame.conv, reply)
}

/// The answer to what somebody says to a thread. Their inbox, and with it their other devices, hear of it like of
/// everything that happens in a conversation.
fn stands(node: &Arc<Node>, conv: ConversationId, reply: Reply<ThreadRecord>) -> Later {
    let node = Arc::clone(node);
    Box::pin(async move {
        let record = reply.await.map_err(wire::refusal)?;
        node.inboxes_behind(conv);
        Ok(Some(ServerFrame::ThreadOk(wire::thread(&record))))
    })
}

pub fn page(node: &Arc<Node>, who: &Who, frame: AskThread) -> Later {
    let last = Seq(POSITION_MAX);
    let place = match (frame.after, frame.before) {
        (Some(seq), None) => ThreadPlace::After(seq.min(last.prev())),
        (None, before) => ThreadPlace::Before(before.unwrap_or(last)),
        (Some(_), Some(_)) => {
            return refuse(Code::BadRequest.refuse_saying("a `thread` names `after` or `before`, not both"));
        }
    };
    let AskThread { conv, thread, .. } = frame;
    let replies = node.store.thread(store::AskThread {
        reader: who.user,
        conv,
        root: thread,
        place,
        limit: page_limit(frame.limit),
    });
    Box::pin(async move {
        let replies = replies.await.map_err(wire::refusal)?;
        Ok(Some(ServerFrame::Thread(ThreadPage {
            conv,
            epoch: replies.epoch,
            thread,
            more: replies.more,
            items: replies.entries.iter().map(wire::entry).collect(),
        })))
    })
}

/// First where it is, then what is there: nobody moves an entry in between.
pub fn find(node: &Arc<Node>, who: &Who, frame: Find) -> Later {
    let found = node.store.find(who.user, frame.conv, frame.message_id);
    let (node, reader) = (Arc::clone(node), who.user);
    Box::pin(async move {
        let seq = found.await.map_err(wire::refusal)?;
        let page = node.store.page(AskPage {
            reader,
            conv: frame.conv,
            place: Place::Around(seq),
            limit: page_limit(frame.limit),
        });
        Ok(Some(wire::entries(&page.await.map_err(wire::refusal)?)))
    })
}
