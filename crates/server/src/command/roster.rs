//! `add`, `remove`, `leave`: who is a member. Each is one entry of the log, so it has a place among the messages: the
//! first entry that an added person reads, the last that a removed one does.

use super::create::{all_exist, distinct};
use super::{Later, Who, appended, refuse};
use crate::node::Node;
use crate::wire;
use protocol::client_frame::{Add, Leave, Remove};
use protocol::people::Privacy;
use protocol::refusal::Code;
use protocol::{ConversationId, Refusal, SendId, UserId, limits};
use std::sync::Arc;
use store::{ChangeMembers, MemberChange, Standing};

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
        let checked = match all_exist(&node, users.clone()).await {
            Ok(()) => may_add(&node, actor, conv, users).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = checked {
            // What is done gets its first answer, also when somebody has changed their mind, or gone, meanwhile.
            let done = node.store.has_done(actor, conv, change.send_id).await;
            if !done.map_err(wire::refusal)? {
                // Whoever is no member learns nothing of who has an account: to them the conversation is what is wrong.
                let members = node.store.members(actor, conv, None, 1).await;
                return Err(members.err().map_or(refusal, wire::refusal));
            }
        }
        appended(&node, node.store.change_members(change)).await
    })
}

/// Refuses if one of these people does not let `actor` put them into groups. Who is a member of `conv` already is
/// passed over, as the store does: a repeat must get its first answer.
///
/// # Errors
/// `not_addable`.
pub async fn may_add(node: &Node, actor: UserId, conv: ConversationId, users: Vec<UserId>) -> Result<(), Refusal> {
    let standings = node.store.standings(actor, users).await.map_err(wire::refusal)?;
    let acquainted = |one: &Standing| one.acquainted || node.config.everybody_is_acquainted;
    let lets = |one: &Standing| {
        one.user == actor
            || (!one.blocks && !one.blocked && !one.deactivated && Privacy::lets(one.privacy.who_adds, acquainted(one)))
    };
    let unwilling: Vec<UserId> = standings.iter().filter(|one| !lets(one)).map(|one| one.user).collect();
    if unwilling.is_empty() {
        return Ok(());
    }
    let members = node.members(conv).await.map_err(wire::refusal)?;
    if unwilling.iter().all(|user| members.contains(user)) {
        return Ok(());
    }
    Err(Code::NotAddable.refuse())
}
