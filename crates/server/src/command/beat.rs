//! `beat`: I am alive; and where does my inbox stand? Read from the store, never from this node's memory: it finds
//! every hint that was lost. The device is looked up too, so a sign-out whose hint was lost closes the socket all the
//! same.

use super::{Later, Who};
use crate::node::Node;
use crate::wire;
use mutants::Mutant;
use protocol::ServerFrame;
use protocol::close::Close;
use protocol::server_frame::BeatBack;
use std::sync::Arc;

pub fn beat(node: &Arc<Node>, who: &Arc<Who>) -> Later {
    let vers = node.store.vers(vec![who.user]);
    let device = node.store.device(who.user, who.device);
    let (node, who) = (Arc::clone(node), Arc::clone(who));
    Box::pin(async move {
        let mut ver = vers.await.map_err(wire::refusal)?.first().copied().unwrap_or_default();
        // Planted fault: what this node told is where the inbox stands.
        if mutants::is(Mutant::BeatWithoutVer) {
            ver = node.vers.lock().expect("nothing panics under this lock").told(who.user);
        }
        if device.await.map_err(wire::refusal)?.is_none() {
            who.outbox.close(Close::Revoked);
            return Ok(None);
        }
        node.learn_manners(who.user).await.map_err(wire::refusal)?;
        Ok(Some(ServerFrame::Beat(BeatBack {
            ver,
            server_ms: node.clock.unix_ms(),
        })))
    })
}
