//! `answer`: what becomes of a request.

use super::privacy::{blocked, mark};
use super::{Later, Outcome, Who, refuse};
use crate::node::Node;
use crate::wire;
use protocol::people::{Answer, AnswerRequest, Block};
use protocol::refusal::Code;
use protocol::{ConversationId, ServerFrame, UserId};
use std::sync::Arc;
use store::{SetTerms, Terms};

pub fn answer(node: &Arc<Node>, who: &Who, frame: AnswerRequest) -> Later {
    if let Err(ms) = node.gates.lookup(who.user, node.now_ms()) {
        return refuse(Code::RateLimited.refuse_for_ms(ms));
    }
    let (node, user) = (Arc::clone(node), who.user);
    Box::pin(async move { answered(&node, user, frame).await })
}

async fn answered(node: &Node, user: UserId, frame: AnswerRequest) -> Outcome {
    let terms = match frame.answer {
        Answer::Accept => Terms::Accept,
        Answer::Ignore => Terms::Ignore,
        Answer::Block => return block(node, user, frame).await,
    };
    let set = SetTerms {
        conv: frame.conv,
        user,
        terms,
    };
    if node.store.set_terms(set).await.map_err(wire::refusal)? {
        node.inboxes_behind(frame.conv);
    }
    Ok(Some(ServerFrame::AnswerOk(frame)))
}

async fn block(node: &Node, user: UserId, frame: AnswerRequest) -> Outcome {
    let page = node
        .store
        .members(user, frame.conv, None, 3)
        .await
        .map_err(wire::refusal)?;
    let mut others = page.members.iter().map(|member| member.user).filter(|one| *one != user);
    // Its id says whether it is their 1:1.
    let other = others
        .next()
        .filter(|other| frame.conv == ConversationId::direct(user, *other));
    let other = other.ok_or_else(|| Code::NotARequest.refuse())?;
    mark(node, frame.conv, user, Terms::Ignore).await?;
    blocked(node, user, Block { user: other, on: true }).await?;
    Ok(Some(ServerFrame::AnswerOk(frame)))
}
