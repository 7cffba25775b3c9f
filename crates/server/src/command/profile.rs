//! `profile`: how I appear. A handle is claimed before it is shown and the old one given up after that: a crash in
//! between leaves somebody with two handles, and never one that is somebody else's.

use super::{Later, Outcome, Who, refuse};
use crate::account::person_name;
use crate::node::Node;
use crate::wire;
use protocol::people::SetProfile;
use protocol::refusal::Code;
use protocol::{Refusal, ServerFrame, UserId, limits};
use std::sync::Arc;
use store::{ClaimHandle, ProfileChange};

pub fn profile(node: &Arc<Node>, who: &Who, frame: SetProfile) -> Later {
    if let Err(ms) = node.gates.lookup(who.user, node.now_ms()) {
        return refuse(Code::RateLimited.refuse_for_ms(ms));
    }
    let change = match check(who.user, frame) {
        Ok(change) => change,
        Err(refusal) => return refuse(refusal),
    };
    let node = Arc::clone(node);
    Box::pin(async move { changed(&node, change).await })
}

fn check(user: UserId, frame: SetProfile) -> Result<ProfileChange, Refusal> {
    let name = frame.name.as_deref().map(person_name).transpose()?;
    let handle = frame.handle.as_deref().map(|handle| {
        let handle = protocol::account::handle(handle);
        handle.ok_or_else(|| Code::BadHandle.refuse())
    });
    Ok(ProfileChange {
        user,
        name,
        handle: handle.transpose()?,
        about: text("about", frame.about, limits::ABOUT_BYTES_MAX)?,
        picture: text("picture", frame.picture, limits::PICTURE_BYTES_MAX)?,
    })
}

/// A text that others are shown: so long at most, and nothing in it that moves their cursor.
fn text(field: &str, text: Option<String>, bytes_max: usize) -> Result<Option<String>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let text = text.trim();
    if text.len() > bytes_max || text.chars().any(|c| c.is_control() && c != '\n') {
        let say = format!("`{field}` has at most {bytes_max} bytes and no control characters.");
        return Err(Code::BadRequest.refuse_saying(say));
    }
    Ok(Some(text.to_owned()))
}

async fn changed(node: &Node, change: ProfileChange) -> Outcome {
    let user = change.user;
    let handle = change.handle.clone();
    if let Some(handle) = handle.clone() {
        let claim = ClaimHandle {
            handle,
            user,
            invite: None,
        };
        node.store.claim_handle(claim).await.map_err(wire::refusal)?;
    }
    let (person, ver) = node.store.set_profile(change).await.map_err(wire::refusal)?;
    if let Some(handle) = handle {
        node.store.release_handles(user, handle).await.map_err(wire::refusal)?;
    }
    node.topic_moved(user, ver);
    Ok(Some(ServerFrame::ProfileOk(wire::person(person))))
}
