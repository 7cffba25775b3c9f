//! `inbox`: what changed of my topics since. One range read.

use super::{Later, Outcome, Who};
use crate::node::Node;
use crate::wire;
use protocol::ServerFrame;
use protocol::client_frame::AskInbox;
use protocol::server_frame::Resync;
use std::sync::Arc;

pub fn inbox(node: &Arc<Node>, who: &Who, frame: AskInbox) -> Later {
    let page = node.store.inbox(who.user, frame.after_ver);
    let (epoch, user) = (node.store.epoch(), who.user);
    let node = Arc::clone(node);
    Box::pin(async move {
        let page = page.await.map_err(wire::refusal)?;
        let ahead = page.rows.is_empty() && page.to < frame.after_ver;
        if ahead {
            ahead_of_us(&node, user)
        } else {
            Ok(Some(wire::inbox(
                epoch,
                frame.after_ver,
                page,
                node.manners.of(user).as_ref(),
            )))
        }
    })
}

/// The client holds a version that this store has never given: somebody copied a file back by hand.
fn ahead_of_us(node: &Node, user: protocol::UserId) -> Outcome {
    tracing::warn!(%user, "a client is ahead of the store; it is told to resync");
    node.metrics.resyncs.inc();
    Ok(Some(ServerFrame::Resync(Resync {
        epoch: node.store.epoch(),
    })))
}
