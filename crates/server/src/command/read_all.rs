//! `read_all`: my read cursors go to the end of everything I may read. By pages of the inbox, one bounded flush each;
//! answered once all of it is durable, and safe to repeat: what was read is read.

use super::{Later, Outcome, Who, refuse};
use crate::gather::FLUSH_MOVES_MAX;
use crate::node::Node;
use crate::{receipts, wire};
use protocol::own::ReadAllOk;
use protocol::refusal::Code;
use protocol::{ConversationId, ServerFrame, UserId, Ver};
use std::sync::Arc;
use store::{CursorMove, CursorMoved, Refused, Topic};

pub fn read_all(node: &Arc<Node>, who: &Who) -> Later {
    // One costs as much as a walk over the whole inbox.
    if let Err(ms) = node.gates.lookup(who.user, node.now_ms()) {
        return refuse(Code::RateLimited.refuse_for_ms(ms));
    }
    let (node, user) = (Arc::clone(node), who.user);
    Box::pin(async move { everything(&node, user).await })
}

async fn everything(node: &Node, user: UserId) -> Outcome {
    // What this session said before goes first: it may have marked something unread.
    while receipts::flush(node).await {}
    let (mut after, mut moved) = (Ver::ZERO, 0);
    loop {
        let page = node.store.inbox(user, after).await.map_err(wire::refusal)?;
        let convs: Vec<ConversationId> = page.rows.iter().filter_map(|(_, topic)| conversation(topic)).collect();
        for some in convs.chunks(FLUSH_MOVES_MAX / 2) {
            moved += read_some(node, user, some).await.map_err(wire::refusal)?;
        }
        if !page.more {
            return Ok(Some(ServerFrame::ReadAllOk(ReadAllOk { moved })));
        }
        after = page.to;
    }
}

/// Reads some conversations to their ends; how many were not. The inbox says neither where a log ends nor where a
/// cursor stands, for it comes after: the ends are read, and each cursor is looked at in the same step that moves it.
async fn read_some(node: &Node, user: UserId, convs: &[ConversationId]) -> store::Result<u32> {
    let heads = node.store.heads(user, convs.to_vec()).await?;
    let look = |conv| CursorMove {
        conv,
        user,
        delivered: None,
        read: None,
        generation: None,
        private: node.manners.is_private(user),
    };
    let moves = heads.iter().flat_map(|head| {
        let read = Some(head.seq);
        [
            look(head.conv),
            CursorMove {
                read,
                ..look(head.conv)
            },
        ]
    });
    let outcomes = receipts::move_now(node, moves.collect()).await?;
    let was_news = |pair: &&[Result<CursorMoved, Refused>]| match pair {
        [Ok(before), Ok(after)] => before.mine < after.mine,
        _ => false,
    };
    let count = outcomes.chunks(2).filter(was_news).count();
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

fn conversation(topic: &Topic) -> Option<ConversationId> {
    match topic {
        Topic::Conversation(row) => Some(row.conv),
        Topic::Devices
        | Topic::Profile
        | Topic::Mark(_)
        | Topic::Draft(_)
        | Topic::Privacy(_)
        | Topic::Blocks(_)
        | Topic::Thread(_) => None,
    }
}
