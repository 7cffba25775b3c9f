//! `add`, `remove`, `leave`: who is a member. Each is one entry of the log, so it has a place among the messages: the
//! first entry that an added person reads, the last that a removed one does.

use super::create::{all_exist, distinct};
use super::{Later, Who, appended, refuse};
use crate::node::Node;
use crate::wire;
use protocol::client_frame::{Add, Leave, Remove};
use protocol::refusal::Code;
use protocol::{ConversationId, SendId, UserId, limits};
use std::sync::Arc;
use store::{ChangeMembers, MemberChange};

pub fn add(node: &Arc<Node>, who: &Who, frame: Add) -> Later {
    let users = distinct(frame.users);
    if users.is_empty() {
        return refuse(Code::BadRequest.refuse_saying("an `add` names somebody"));
    }
    if users.len() > limits::GROUP_MEMBERS_MAX {
        return refuse(Code::GroupFull.refuse());
    }
    change(node, who.user, frame.conv, frame.send_id, MemberChange::Add(users))
}

pub fn remove(node: &Arc<Node>, who: &Who, frame: Remove) -> Later {
    if frame.user == who.user {
        return refuse(Code::BadRequest.refuse_saying("to go yourself, `leave`"));
    }
    change(
        node,
        who.user,
        frame.conv,
        frame.send_id,
        MemberChange::Remove(frame.user),
    )
}

pub fn leave(node: &Arc<Node>, who: &Who, frame: Leave) -> Later {
    change(node, who.user, frame.conv, frame.send_id, MemberChange::Leave)
}

/// Makes a change of members, once it is known that whoever is to be added exists.
pub fn change(node: &Arc<Node>, actor: UserId, conv: ConversationId, send_id: SendId, change: MemberChange) -> Later {
    if let Err(ms) = node.gates.create(actor, node.now_ms()) {
        return refuse(Code::RateLimited.refuse_for_ms(ms));
    }
    let added = match &change {
        MemberChange::Add(users) => Some(users.clone()),
        MemberChange::Remove(_) | MemberChange::Leave | MemberChange::Role(..) | MemberChange::Admit(..) => None,
    };
    let change = ChangeMembers {
        conv,
        actor,
        send_id,
        change,
    };
    let node = Arc::clone(node);
    let Some(users) = added else {
        let reply = node.store.change_members(change);
        return Box::pin(async move { appended(&node, reply).await });
    };
    Box::pin(async move {
        if let Err(refusal) = all_exist(&node, users).await {
            // Whoever is no member learns nothing of who has an account: to them the conversation is what is wrong.
            let members = node.store.members(actor, conv, None, 1).await;
            return Err(members.err().map_or(refusal, wire::refusal));
        }
        appended(&node, node.store.change_members(change)).await
    })
}
