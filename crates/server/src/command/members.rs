//! `members`: who is in a conversation and how far each has got. One read.

use super::{Later, Who};
use crate::node::Node;
use crate::receipts::told_to;
use crate::wire;
use protocol::client_frame::AskMembers;
use protocol::server_frame::Members;
use protocol::{ServerFrame, limits};
use std::sync::Arc;

pub fn members(node: &Arc<Node>, who: &Who, frame: AskMembers) -> Later {
    let page = node
        .store
        .members(who.user, frame.conv, frame.after, limits::MEMBERS_PAGE_MAX);
    let (node, asker) = (Arc::clone(node), who.user);
    Box::pin(async move {
        let page = page.await.map_err(wire::refusal)?;
        let manners = node.manners.of(asker);
        let member = |member: &store::Member| {
            let mut told = wire::member(member);
            let cursors = told_to(asker, manners.as_ref(), told.user, told.delivered, told.read);
            (told.delivered, told.read) = (cursors.delivered, cursors.read);
            told
        };
        let list = page.members.iter().map(member).collect();
        Ok(Some(ServerFrame::Members(Members {
            conv: frame.conv,
            more: page.more,
            list,
        })))
    })
}
