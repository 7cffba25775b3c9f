//! `create`: a 1:1, once per pair whatever races, or a group with its first members, all or none.

use super::{Later, Outcome, Who, appended, refuse};
use crate::node::Node;
use crate::wire;
use protocol::client_frame::{Create, What};
use protocol::refusal::Code;
use protocol::server_frame::ConversationKind;
use protocol::{ConversationId, Refusal, UserId, limits};
use std::sync::Arc;

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
            })
        }
    }
}

async fn begun(node: &Node, begin: store::Create) -> Outcome {
    all_exist(node, begin.members.clone()).await?;
    appended(node, node.store.create(begin)).await
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
