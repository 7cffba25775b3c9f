//! `create`: a 1:1, once per pair whatever races, or a group with its first members, all or none.

use super::privacy::mark;
use super::roster::may_add;
use super::{Later, Outcome, Who, appended, refuse};
use crate::node::Node;
use crate::wire;
use protocol::client_frame::{Create, What};
use protocol::people::Privacy;
use protocol::refusal::Code;
use protocol::server_frame::ConversationKind;
use protocol::{ConversationId, Refusal, UserId, limits};
use std::sync::Arc;
use store::Terms;

pub fn create(node: &Arc<Node>, who: &Arc<Who>, frame: Create) -> Later {
    let begin = match check(node, who, frame) {
        Ok(begin) => begin,
        Err(refusal) => return refuse(refusal),
    };
    let node = Arc::clone(node);
    Box::pin(async move { begun(&node, begin).await })
}

fn check(node: &Node, who: &Who, frame: Create) -> Result<store::Create, Refusal> {
    node.gates
        .create(who.user, node.now_ms())
        .map_err(|ms| Code::RateLimited.refuse_for_ms(ms))?;
    let (creator, send_id) = (who.user, frame.send_id);
    match frame.what {
        What::Direct { with } => Ok(store::Create {
            conv: ConversationId::direct(creator, with),
            kind: ConversationKind::Direct,
            creator,
            send_id,
            title: None,
            // With oneself: notes, in a conversation of one.
            members: distinct([creator, with]),
            request: false,
        }),
        What::Group { title, members } => {
            let title = title.trim().to_owned();
            if title.is_empty() || title.len() > limits::TITLE_BYTES_MAX {
                return Err(Code::BadRequest.refuse_saying("a group has a title of 1 to title_bytes_max bytes"));
            }
            let members = distinct(std::iter::once(creator).chain(members));
            if members.len() > limits::GROUP_MEMBERS_MAX {
                return Err(Code::GroupFull.refuse());
            }
            let conv = ConversationId::group(creator, send_id);
            Ok(store::Create {
                conv,
                kind: ConversationKind::Group,
                creator,
                send_id,
                title: Some(title),
                members,
                request: false,
            })
        }
    }
}

async fn begun(node: &Node, mut begin: store::Create) -> Outcome {
    let (conv, creator) = (begin.conv, begin.creator);
    all_exist(node, begin.members.clone()).await?;
    let exists = !node
        .store
        .heads(creator, vec![conv])
        .await
        .map_err(wire::refusal)?
        .is_empty();
    let other = begin.members.iter().copied().find(|member| *member != creator);
    match (begin.kind, other) {
        (ConversationKind::Direct, Some(other)) => {
            // Who finds the 1:1 that is there begins nothing.
            begin.request = !exists && may_begin(node, creator, other).await?;
            let answer = appended(node, node.store.create(begin)).await;
            if !exists {
                mark_block(node, conv, creator, other).await?;
            }
            answer
        }
        _ => {
            if !exists {
                may_add(node, creator, conv, begin.members.clone()).await?;
            }
            appended(node, node.store.create(begin)).await
        }
    }
}

/// Whether somebody may begin a 1:1 with another person, and whether it is a request then. Who is blocked is refused
/// with the words that a stranger gets where strangers may not write.
async fn may_begin(node: &Node, creator: UserId, other: UserId) -> Result<bool, Refusal> {
    let standings = node
        .store
        .standings(creator, vec![other])
        .await
        .map_err(wire::refusal)?;
    let Some(one) = standings.first() else {
        return Err(Code::UnknownPerson.refuse());
    };
    let acquainted = one.acquainted || node.config.everybody_is_acquainted;
    if one.deactivated {
        return Err(Code::PeerDeactivated.refuse());
    }
    if one.blocked || !Privacy::lets(one.privacy.who_writes, acquainted) {
        return Err(Code::NotAccepted.refuse());
    }
    if one.blocks {
        return Err(Code::YouBlock.refuse());
    }
    if !acquainted {
        node.gates
            .request(creator, node.now_ms())
            .map_err(|ms| Code::RateLimited.refuse_for_ms(ms))?;
    }
    Ok(!acquainted)
}

/// Marks a block in a 1:1 that began while it was set: the two are of different families.
async fn mark_block(node: &Node, conv: ConversationId, creator: UserId, other: UserId) -> Result<(), Refusal> {
    let standings = node
        .store
        .standings(creator, vec![other])
        .await
        .map_err(wire::refusal)?;
    for one in standings {
        if one.blocked {
            mark(node, conv, other, Terms::Blocks(true)).await?;
        }
        if one.blocks {
            mark(node, conv, creator, Terms::Blocks(true)).await?;
        }
    }
    Ok(())
}

/// Refuses if one of them has no account.
pub async fn all_exist(node: &Node, people: Vec<UserId>) -> Result<(), Refusal> {
    let asked = people.len();
    let found = node.store.people(people).await.map_err(wire::refusal)?.len();
    if found == asked {
        Ok(())
    } else {
        Err(Code::UnknownPerson.refuse())
    }
}

/// Each once, in the order of their first mention.
pub fn distinct(people: impl IntoIterator<Item = UserId>) -> Vec<UserId> {
    let mut seen = std::collections::BTreeSet::new();
    people.into_iter().filter(|person| seen.insert(*person)).collect()
}
