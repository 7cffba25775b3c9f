//! `people`: who somebody is. By id only those one shares a conversation with; by exact handle anybody, at a rate that
//! makes no directory of it.

use super::{Later, Outcome, Who, refuse};
use crate::node::Node;
use crate::wire;
use protocol::client_frame::AskPeople;
use protocol::refusal::Code;
use protocol::server_frame::People;
use protocol::{ServerFrame, UserId, limits};
use std::sync::Arc;

pub fn people(node: &Arc<Node>, who: &Who, frame: AskPeople) -> Later {
    if frame.users.len() + frame.handles.len() > limits::PEOPLE_MAX {
        return refuse(Code::TooLarge.refuse());
    }
    for _ in &frame.handles {
        if let Err(ms) = node.gates.lookup(who.user, node.now_ms()) {
            return refuse(Code::RateLimited.refuse_for_ms(ms));
        }
    }
    let (node, asker) = (Arc::clone(node), who.user);
    Box::pin(async move { found(&node, asker, frame).await })
}

async fn found(node: &Node, asker: UserId, frame: AskPeople) -> Outcome {
    let itself = frame.users.contains(&asker).then_some(asker);
    let acquainted = node.store.acquainted(asker, frame.users).await.map_err(wire::refusal)?;
    let handles = frame
        .handles
        .iter()
        .filter_map(|handle| protocol::account::handle(handle))
        .collect();
    let named = node.store.find_handles(handles).await.map_err(wire::refusal)?;
    let users = super::create::distinct(
        itself
            .into_iter()
            .chain(acquainted)
            .chain(named.into_iter().map(|(_, user)| user)),
    );
    let list = node.store.people(users).await.map_err(wire::refusal)?;
    Ok(Some(ServerFrame::People(People {
        list: list.into_iter().map(wire::person).collect(),
    })))
}
