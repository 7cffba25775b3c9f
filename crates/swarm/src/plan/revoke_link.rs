//! `revoke_link`: the keeper of a group voids the latest link into it.

use super::{Act, After, Doer, Room, Scene, patiently};
use crate::history::What;
use client::No;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Voids a link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RevokeLink {
    /// Into which group.
    pub room: Room,
}

impl Act for RevokeLink {
    const WEIGHT: u32 = 2;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let linked = |room: &Room| scene.linked.contains(room);
        let room = scene.kept_groups().filter(linked).choose(chance)?;
        Some(Self { room })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let Some(made) = doer.links.pick(conv, 0) else {
            return Ok(After::Stay);
        };
        let link = made.link;
        doer.recorder.note(Some(doer.device), What::Revoking { conv, link });
        if patiently(doer.client.revoke_link(conv, link)).await?.is_some() {
            doer.recorder.note(Some(doer.device), What::Revoked { conv, link });
        }
        Ok(After::Stay)
    }
}
