//! Cursors: gathered, committed, confirmed to who moved them and told to who looks.
//!
//! Others see committed cursors only, so a tick never goes back. Up to 32 members each cursor is told by itself, up to
//! 256 as counts, above that not at all.

use crate::bus::Hint;
use crate::gather::{Gathered, Waiter};
use crate::node::Node;
use crate::wire;
use bytes::Bytes;
use protocol::server_frame::{CursorCounts, CursorOk, Cursors, MemberCursor, ServerFrame};
use protocol::{ConversationId, Refusal, Seq, UserId, limits};
use std::collections::BTreeMap;
use store::{CursorMove, CursorMoved, Manners};

/// What became of each move.
pub type Outcomes = Vec<Result<CursorMoved, store::Refused>>;

/// Commits what was gathered. Called once each `cursor_gather_ms`; answers whether there may be more.
pub async fn flush(node: &Node) -> bool {
    let gathered = node.gather.lock().expect("nothing panics under this lock").take();
    if gathered.is_empty() {
        return false;
    }
    let full = gathered.len() == crate::gather::FLUSH_MOVES_MAX;
    let moves = gathered.iter().map(|one| one.cursor).collect();
    match node.store.move_cursors(moves).await {
        Ok(outcomes) => tell(node, &gathered, &outcomes),
        Err(error) => {
            let refusal = wire::refusal(error);
            gathered
                .iter()
                .flat_map(|one| &one.waiters)
                .for_each(|waiter| refuse(waiter, &refusal));
        }
    }
    full
}

/// Moves cursors that nobody waits for one by one, and tells of them. Those that are refused stay where they are.
///
/// # Errors
/// As the store's.
pub async fn move_now(node: &Node, moves: Vec<CursorMove>) -> store::Result<Outcomes> {
    if moves.is_empty() {
        return Ok(Outcomes::new());
    }
    let outcomes = node.store.move_cursors(moves.clone()).await?;
    let waiters = Vec::new();
    let gathered: Vec<Gathered> = moves
        .into_iter()
        .map(|cursor| Gathered {
            cursor,
            waiters: waiters.clone(),
        })
        .collect();
    tell(node, &gathered, &outcomes);
    Ok(outcomes)
}

fn tell(node: &Node, gathered: &[Gathered], outcomes: &[Result<CursorMoved, store::Refused>]) {
    let mut moved: BTreeMap<ConversationId, Vec<MemberCursor>> = BTreeMap::new();
    for (one, outcome) in gathered.iter().zip(outcomes) {
        let (conv, user) = (one.cursor.conv, one.cursor.user);
        match *outcome {
            Ok(at) => {
                one.waiters.iter().for_each(|waiter| confirm(waiter, conv, at));
                if at.moved {
                    moved.entry(conv).or_default().push(MemberCursor {
                        user,
                        delivered: at.delivered,
                        read: at.read,
                    });
                }
                node.inboxes_behind(conv);
            }
            Err(refused) => {
                let refusal = wire::refusal(refused.into());
                one.waiters.iter().for_each(|waiter| refuse(waiter, &refusal));
            }
        }
    }
    for (conv, moved) in moved {
        node.bus.publish(Hint::Cursors {
            conv,
            moved: moved.into(),
        });
    }
}

fn confirm(waiter: &Waiter, conv: ConversationId, at: CursorMoved) {
    let ok = CursorOk {
        conv,
        delivered: at.delivered,
        read: at.mine,
        read_ord: at.mine_ord,
        generation: at.generation,
    };
    waiter
        .outbox
        .push(Bytes::from(ServerFrame::CursorOk(ok).encode(waiter.re)));
}

fn refuse(waiter: &Waiter, refusal: &Refusal) {
    waiter
        .outbox
        .push(Bytes::from(ServerFrame::Refuse(refusal.clone()).encode(waiter.re)));
}

/// Tells cursors that moved, one by one, to those members who have the conversation open.
pub fn tell_list(node: &Node, conv: ConversationId, members: &[UserId], moved: &[MemberCursor]) {
    let frame = Cursors {
        conv,
        list: moved.to_vec(),
        counts: None,
    };
    let frame = Bytes::from(ServerFrame::Cursors(frame).encode(None));
    // Whoever moved alone knows already; if several moved, everybody learns of the others.
    let except = if let [one] = moved {
        one.user
    } else {
        UserId::from_bytes([0; 16])
    };
    for (reader, outbox) in node.sessions.with_open(members, except, conv) {
        match node.manners.of(reader) {
            None => outbox.push_ephemeral(frame.clone()),
            Some(manners) => {
                let told = moved
                    .iter()
                    .map(|one| told_to(reader, Some(&manners), one.user, one.delivered, one.read));
                let frame = Cursors {
                    conv,
                    list: told.collect(),
                    counts: None,
                };
                outbox.push_ephemeral(Bytes::from(ServerFrame::Cursors(frame).encode(None)));
            }
        }
    }
}

/// Somebody's public cursors as one reader may know them: nothing of who is blocked or blocks, and nothing of what was
/// read where the reader tells nobody either. What may not be known looks like what is not so yet.
#[must_use]
pub fn told_to(reader: UserId, manners: Option<&Manners>, user: UserId, delivered: Seq, read: Seq) -> MemberCursor {
    let (mut delivered, mut read) = (delivered, read);
    if let Some(manners) = manners.filter(|_| reader != user) {
        if manners.shunned.contains(&user) {
            (delivered, read) = (Seq::ZERO, Seq::ZERO);
        } else if manners.private {
            read = Seq::ZERO;
        }
    }
    MemberCursor { user, delivered, read }
}

/// Tells the counts of one larger group to those members who have it open.
pub async fn tell_counts(node: &Node, conv: ConversationId) {
    let Ok(members) = node.members(conv).await else { return };
    let nobody = UserId::from_bytes([0; 16]);
    let lookers = node.sessions.with_open(&members, nobody, conv);
    let Some((reader, _)) = lookers.first() else { return };
    let (Ok(page), Ok(heads)) = (
        node.store.members(*reader, conv, None, limits::GROUP_MEMBERS_MAX).await,
        node.store.heads(*reader, vec![conv]).await,
    ) else {
        return;
    };
    let Some(head) = heads.first() else { return };
    // Whoever was removed since the members were looked up is none of those that the page names.
    let still_in = |user: &UserId| page.members.iter().any(|member| member.user == *user);
    for (user, outbox) in lookers.into_iter().filter(|(user, _)| still_in(user)) {
        let counts = Some(counts(node, &page.members, user, head.seq));
        let frame = ServerFrame::Cursors(Cursors {
            conv,
            list: Vec::new(),
            counts,
        });
        outbox.push_ephemeral(Bytes::from(frame.encode(None)));
    }
}

/// What one member is told when they open a conversation: each cursor in a small group, counts in a larger one.
///
/// # Errors
/// As the store's, for who is no member.
pub async fn seen_by(node: &Node, reader: UserId, conv: ConversationId, head: Seq) -> store::Result<Cursors> {
    let page = node
        .store
        .members(reader, conv, None, limits::GROUP_MEMBERS_MAX)
        .await?;
    if page.count > limits::RECEIPT_LIST_MEMBERS_MAX {
        let counts = (page.count <= limits::GROUP_MEMBERS_MAX).then(|| counts(node, &page.members, reader, head));
        return Ok(Cursors {
            conv,
            list: Vec::new(),
            counts,
        });
    }
    let manners = node.manners.of(reader);
    let cursor = |m: &store::Member| told_to(reader, manners.as_ref(), m.user, m.delivered, m.read);
    Ok(Cursors {
        conv,
        list: page.members.iter().map(cursor).collect(),
        counts: None,
    })
}

fn counts(node: &Node, members: &[store::Member], reader: UserId, at: Seq) -> CursorCounts {
    // Who tells nobody how far they have read is not told how many have.
    let tells = !node.manners.is_private(reader);
    let others = || members.iter().filter(|member| member.user != reader);
    let count =
        |passes: &dyn Fn(&&store::Member) -> bool| u32::try_from(others().filter(passes).count()).unwrap_or(u32::MAX);
    CursorCounts {
        at,
        members: count(&|_| true),
        delivered: count(&|member| member.delivered >= at),
        read: count(&|member| tells && member.read >= at),
        delivered_min: others().map(|member| member.delivered).min().unwrap_or(at),
        read_min: others()
            .map(|member| if tells { member.read } else { Seq::ZERO })
            .min()
            .unwrap_or(at),
    }
}
