//! `settings`, `role` and `admit`: what a group is, and who is what in it. Each is one entry of the log.

use super::{Later, Who, appended, refuse, roster};
use crate::node::Node;
use protocol::group::{ChangeRole, ChangeSettings};
use protocol::link::Admit;
use protocol::refusal::Code;
use std::sync::Arc;
use store::MemberChange;

pub fn settings(node: &Arc<Node>, who: &Who, frame: ChangeSettings) -> Later {
    if let Err(ms) = node.gates.create(who.user, node.now_ms()) {
        return refuse(Code::RateLimited.refuse_for_ms(ms));
    }
    let change = match frame.change.check() {
        Ok(change) => change,
        Err(fault) => return refuse(Code::BadRequest.refuse_saying(fault.0)),
    };
    let reply = node.store.change_settings(store::ChangeSettings {
        conv: frame.conv,
        actor: who.user,
        send_id: frame.send_id,
        change,
    });
    let node = Arc::clone(node);
    Box::pin(async move { appended(&node, reply).await })
}

pub fn role(node: &Arc<Node>, who: &Who, frame: ChangeRole) -> Later {
    let change = MemberChange::Role(frame.user, frame.role);
    roster::change(node, who.user, frame.conv, frame.send_id, change)
}

pub fn admit(node: &Arc<Node>, who: &Who, frame: Admit) -> Later {
    let change = MemberChange::Admit(frame.user, frame.yes);
    let answer = roster::change(node, who.user, frame.conv, frame.send_id, change);
    let node = Arc::clone(node);
    Box::pin(async move {
        let answer = answer.await?;
        // That somebody was turned away is no entry; the others who may admit learn of it all the same.
        if !frame.yes {
            node.inboxes_behind(frame.conv);
        }
        Ok(answer)
    })
}
