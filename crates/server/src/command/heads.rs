//! `heads`: where logs end. One read.

use super::{Later, Who, refuse};
use crate::node::Node;
use crate::wire;
use protocol::client_frame::AskHeads;
use protocol::refusal::Code;
use protocol::server_frame::Heads;
use protocol::{ServerFrame, limits};
use std::sync::Arc;

pub fn heads(node: &Arc<Node>, who: &Who, frame: AskHeads) -> Later {
    if frame.convs.len() > limits::HEADS_MAX {
        return refuse(Code::TooLarge.refuse());
    }
    let heads = node.store.heads(who.user, frame.convs);
    Box::pin(async move {
        let heads = heads.await.map_err(wire::refusal)?.iter().map(wire::head).collect();
        Ok(Some(ServerFrame::Heads(Heads { heads })))
    })
}
