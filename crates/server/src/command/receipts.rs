//! `receipts`: who received and who read an entry, and when. For every member who may read it, as in a team; one place
//! decides of whom they are told.

use super::{Later, Who};
use crate::node::Node;
use crate::wire;
use protocol::own::{AskReceipts, ReceiptOf, Receipts};
use protocol::{ServerFrame, limits};
use std::sync::Arc;

pub fn receipts(node: &Arc<Node>, who: &Who, frame: AskReceipts) -> Later {
    let (reader, AskReceipts { conv, seq }) = (who.user, frame);
    let times = node.store.receipts(reader, conv, seq);
    // Times are kept for 90 days, cursors for ever.
    let members = node.store.members(reader, conv, None, limits::MEMBERS_PAGE_MAX);
    // Between whom there is a block, neither is told of the other; who tells nobody what they read is told of nobody.
    let manners = node.manners.of(reader).unwrap_or_default();
    let (shunned, tells) = (manners.shunned, !manners.private);
    Box::pin(async move {
        let times = times.await.map_err(wire::refusal)?;
        let members = members.await.map_err(wire::refusal)?.members;
        let list = times
            .into_iter()
            .filter(|one| !shunned.contains(&one.user))
            .map(|one| {
                let cursors = members.iter().find(|member| member.user == one.user);
                ReceiptOf {
                    user: one.user,
                    delivered: one.delivered_ms.is_some() || cursors.is_some_and(|member| member.delivered >= seq),
                    read: tells && (one.read_ms.is_some() || cursors.is_some_and(|member| member.read >= seq)),
                    delivered_ms: one.delivered_ms,
                    read_ms: one.read_ms.filter(|_| tells),
                }
            })
            .collect();
        Ok(Some(ServerFrame::Receipts(Receipts { conv, seq, list })))
    })
}
