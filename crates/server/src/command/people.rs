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
    let prefix_fits = frame
        .prefix
        .as_ref()
        .is_none_or(|prefix| prefix.len() <= limits::NAME_BYTES_MAX);
    if !prefix_fits {
        return refuse(Code::TooLarge.refuse());
    }
    for _ in 0..frame.handles.len() + usize::from(frame.prefix.is_some()) {
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
    let mut list = node.store.people(users).await.map_err(wire::refusal)?;
    if let Some(prefix) = frame.prefix {
        let prefix = prefix.trim_start_matches('@').to_owned();
        let begin = node.store.find_acquainted(asker, prefix, limits::FOUND_PEOPLE_MAX);
        let begin = begin.await.map_err(wire::refusal)?.into_iter();
        list.extend(begin.filter(|one| !list.contains(one)).collect::<Vec<_>>());
    }
    Ok(Some(ServerFrame::People(People {
        list: list.into_iter().map(wire::person).collect(),
    })))
}
