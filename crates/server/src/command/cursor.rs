//! `cursor`: somebody stored, somebody read. Gathered with others for a moment; answered by `cursor_ok` once durable.

use super::{Later, Who, refuse};
use crate::gather::Waiter;
use crate::node::Node;
use protocol::client_frame::Cursor;
use protocol::frame::RequestId;
use protocol::refusal::Code;
use std::future::ready;
use std::sync::Arc;
use store::CursorMove;

pub fn cursor(node: &Arc<Node>, who: &Who, re: Option<RequestId>, frame: Cursor) -> Later {
    let Cursor {
        conv,
        delivered,
        read,
        generation,
    } = frame;
    if delivered.is_none() && read.is_none() {
        return refuse(Code::BadRequest.refuse_saying("a `cursor` says delivered, or read, or both"));
    }
    let cursor = CursorMove {
        conv,
        user: who.user,
        delivered,
        read,
        generation,
        private: node.manners.is_private(who.user),
    };
    let waiter = Waiter {
        device: who.device,
        re,
        outbox: Arc::clone(&who.outbox),
    };
    let taken = node
        .gather
        .lock()
        .expect("nothing panics under this lock")
        .add(cursor, waiter);
    if taken {
        Box::pin(ready(Ok(None)))
    } else {
        refuse(Code::Overloaded.refuse())
    }
}
