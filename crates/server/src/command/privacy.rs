//! `privacy` and `block`: who may reach me and know what of me, and whom I want to hear nothing of.

use super::{Later, Outcome, Who, refuse};
use crate::bus::Hint;
use crate::node::Node;
use crate::wire;
use protocol::people::{Block, SetPrivacy};
use protocol::refusal::Code;
use protocol::{ConversationId, Refusal, ServerFrame, UserId};
use std::sync::Arc;
use store::{Error, Refused, SetTerms, Terms};

pub fn privacy(node: &Arc<Node>, who: &Who, frame: SetPrivacy) -> Later {
    if let Err(ms) = node.gates.lookup(who.user, node.now_ms()) {
        return refuse(Code::RateLimited.refuse_for_ms(ms));
    }
    let reply = node.store.set_privacy(who.user, frame);
    let (node, user) = (Arc::clone(node), who.user);
    Box::pin(async move {
        let (privacy, ver) = reply.await.map_err(wire::refusal)?;
        if ver.is_some() {
            learn_manners(&node, &[user]).await?;
        }
        node.topic_moved(user, ver);
        Ok(Some(ServerFrame::PrivacyOk(privacy)))
    })
}

pub fn block(node: &Arc<Node>, who: &Who, frame: Block) -> Later {
    if frame.user == who.user {
        return refuse(Code::BadRequest.refuse_saying("nobody blocks themselves"));
    }
    if let Err(ms) = node.gates.lookup(who.user, node.now_ms()) {
        return refuse(Code::RateLimited.refuse_for_ms(ms));
    }
    let (node, user) = (Arc::clone(node), who.user);
    Box::pin(async move { blocked(&node, user, frame).await })
}

/// Blocks somebody or no longer: in the list, and in the 1:1, which is of another family. A crash in between is mended
/// by the repeat, for both are idempotent.
pub async fn blocked(node: &Node, user: UserId, frame: Block) -> Outcome {
    let Block { user: other, on } = frame;
    let ver = node.store.block(user, other, on).await.map_err(wire::refusal)?;
    let conv = ConversationId::direct(user, other);
    mark(node, conv, user, Terms::Blocks(on)).await?;
    learn_manners(node, &[user, other]).await?;
    node.topic_moved(user, ver);
    Ok(Some(ServerFrame::BlockOk(frame)))
}

/// Changes the terms of a 1:1; that there is none, or no request in it, is no fault.
pub async fn mark(node: &Node, conv: ConversationId, user: UserId, terms: Terms) -> Result<(), Refusal> {
    match node.store.set_terms(SetTerms { conv, user, terms }).await {
        Ok(true) => node.inboxes_behind(conv),
        Ok(false) | Err(Error::Refused(Refused::NotFound | Refused::NotARequest)) => {}
        Err(error) => return Err(wire::refusal(error)),
    }
    Ok(())
}

/// Makes every node learn these people's manners anew: this one before it answers.
async fn learn_manners(node: &Node, users: &[UserId]) -> Result<(), Refusal> {
    for user in users {
        node.learn_manners(*user).await.map_err(wire::refusal)?;
    }
    node.bus.publish(Hint::Manners { users: users.into() });
    Ok(())
}
