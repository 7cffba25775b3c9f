//! `typing`: told to those members who have the conversation open, and forgotten. Never stored, first to be dropped.

use super::{Later, Who};
use crate::bus::Hint;
use crate::node::Node;
use protocol::client_frame::Typing;
use protocol::{ConversationId, limits};
use std::future::ready;
use std::sync::Arc;

/// Where and when a session last said that its person types.
#[derive(Clone, Copy, Debug)]
pub struct Typed {
    conv: ConversationId,
    at_ms: u64,
}

pub fn typing(node: &Arc<Node>, who: &Arc<Who>, frame: Typing) -> Later {
    let (conv, now_ms) = (frame.conv, node.now_ms());
    {
        let mut typed = who.typed.lock().expect("nothing panics under this lock");
        if typed.is_some_and(|t| t.conv == conv && now_ms < t.at_ms + limits::TYPING_INTERVAL_MS_MIN) {
            return Box::pin(ready(Ok(None)));
        }
        *typed = Some(Typed { conv, at_ms: now_ms });
    }
    let (node, who) = (Arc::clone(node), Arc::clone(who));
    Box::pin(async move {
        // A stranger's typing reaches nobody and is not answered: there is nothing to learn from it.
        if node
            .members(conv)
            .await
            .is_ok_and(|members| members.contains(&who.user))
        {
            node.bus.publish(Hint::Typing { conv, user: who.user });
        }
        Ok(None)
    })
}
