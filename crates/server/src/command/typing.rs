//! `typing`: told to those members who have the conversation open, and forgotten. Never stored, first to be dropped.

use super::{Later, Who};
use crate::bus::Hint;
use crate::node::Node;
use crate::wire;
use protocol::client_frame::Typing;
use protocol::{ConversationId, limits};
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Where and when a session lately said that its person types: one for each conversation, as many as it may have open.
#[derive(Debug, Default)]
pub struct Typed(Vec<(ConversationId, u64)>);

impl Typed {
    /// Whether this may be told; then it is noted. In one conversation not too often, and not in too many at once.
    fn note(&mut self, conv: ConversationId, now_ms: u64) -> bool {
        self.0
            .retain(|(_, at_ms)| now_ms < at_ms + limits::TYPING_INTERVAL_MS_MIN);
        let may = self.0.len() < limits::WATCH_OPEN_MAX && self.0.iter().all(|(one, _)| *one != conv);
        if may {
            self.0.push((conv, now_ms));
        }
        may
    }
}

pub fn typing(node: &Arc<Node>, who: &Arc<Who>, frame: Typing) -> Later {
    let conv = frame.conv;
    // Who does not want to be seen is not seen typing either.
    let is_hidden = who.invisible.load(Ordering::Relaxed);
    let mut typed = who.typed.lock().expect("nothing panics under this lock");
    if is_hidden || !typed.note(conv, node.now_ms()) {
        return Box::pin(ready(Ok(None)));
    }
    drop(typed);
    let (node, who) = (Arc::clone(node), Arc::clone(who));
    Box::pin(async move {
        // A stranger's typing reaches nobody and is not answered: there is nothing to learn from it.
        if node
            .members(conv)
            .await
            .is_ok_and(|members| members.contains(&who.user))
        {
            // Read from the store each time: whom somebody blocks must not see one keystroke more.
            let hidden_from = node.store.hidden_from(who.user, conv).await.map_err(wire::refusal)?;
            node.bus.publish(Hint::Typing {
                conv,
                user: who.user,
                hidden_from: hidden_from.into(),
            });
        }
        Ok(None)
    })
}
