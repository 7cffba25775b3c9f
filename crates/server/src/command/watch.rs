//! `watch`: what somebody has on the screen. Interest is registered first, then everything is read: what happens in
//! between is told twice rather than not at all.

use super::{Later, Outcome, Who, refuse, was_here};
use crate::node::Node;
use crate::{receipts, wire};
use futures_util::future::join_all;
use protocol::client_frame::{Show, Watch};
use protocol::refusal::Code;
use protocol::server_frame::{PresenceOf, PresenceState, Watching};
use protocol::{Refusal, ServerFrame, UserId, limits};
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub fn watch(node: &Arc<Node>, who: &Arc<Who>, frame: Watch) -> Later {
    if let Err(refusal) = check(&frame) {
        return refuse(refusal);
    }
    let (node, who) = (Arc::clone(node), Arc::clone(who));
    Box::pin(async move { watching(&node, &who, frame).await })
}

/// Refuses a watch on more than there may be.
///
/// # Errors
/// `too_large`.
pub fn check(frame: &Watch) -> Result<(), Refusal> {
    let fits = frame.open.len() <= limits::WATCH_OPEN_MAX && frame.presence_of.len() <= limits::WATCH_PRESENCE_MAX;
    if fits { Ok(()) } else { Err(Code::TooLarge.refuse()) }
}

/// Does it and answers what is true now.
pub async fn watching(node: &Node, who: &Who, frame: Watch) -> Outcome {
    let Watch {
        open,
        presence_of,
        show,
    } = frame;
    node.sessions.open(who.user, who.session, open.clone());
    let acquainted = node.store.may_see(who.user, presence_of);
    let heads = node.store.heads(who.user, open).await.map_err(wire::refusal)?;
    let seen = heads
        .iter()
        .map(|head| receipts::seen_by(node, who.user, head.conv, head.seq));
    // Of a conversation they are no longer in, they get the head they may read and no cursors.
    let cursors = join_all(seen).await.into_iter().filter_map(Result::ok).collect();
    let people = acquainted.await.map_err(wire::refusal)?;
    let presence = presence(node, who, people, show).await?;
    let heads = heads.iter().map(wire::head).collect();
    Ok(Some(ServerFrame::Watching(Watching {
        heads,
        cursors,
        presence,
    })))
}

async fn presence(node: &Node, who: &Who, people: Vec<UserId>, show: Option<Show>) -> Result<Vec<PresenceOf>, Refusal> {
    let show = show.unwrap_or_default();
    let hides = show == Show::Invisible;
    if !who.invisible.swap(hides, Ordering::Relaxed) && hides {
        was_here(node, who, false);
    }
    let mut told = {
        let now_ms = node.now_ms();
        let mut presence = node.presence.lock().expect("nothing panics under this lock");
        presence.show(who.user, who.session, show, now_ms);
        presence.watch(who.session, who.user, people, now_ms)
    };
    // Who went before this node started was seen by the store.
    let unknown: Vec<_> = told
        .iter()
        .filter(|one| one.last_seen_ms.is_none())
        .map(|one| one.user)
        .collect();
    let seen = node.store.last_seen(unknown.clone()).await.map_err(wire::refusal)?;
    for (user, at_ms) in unknown.into_iter().zip(seen) {
        for one in told.iter_mut().filter(|one| one.user == user) {
            let is_gone = one.state == PresenceState::Offline;
            one.last_seen_ms = if is_gone { at_ms } else { None };
        }
    }
    Ok(told)
}
