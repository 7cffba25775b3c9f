//! `admit`: the keeper of a group lets in whoever has waited longest, or turns them away.

use super::{Act, After, Doer, Room, Scene, patiently};
use client::No;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Answers who asks to be let in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Admit {
    /// Into which group.
    pub room: Room,
    /// They may come in; else they are turned away.
    pub yes: bool,
}

impl Act for Admit {
    const WEIGHT: u32 = 14;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let linked = |room: &Room| scene.linked.contains(room);
        let room = scene.kept_groups().filter(linked).choose(chance)?;
        let yes = chance.random_ratio(2, 3);
        Some(Self { room, yes })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let waiting = patiently(doer.client.join_requests(conv)).await?;
        let Some(first) = waiting.and_then(|list| list.into_iter().next()) else {
            return Ok(After::Stay);
        };
        let asked_us = doer.recorder.now_us();
        let send_id = doer.client.admit(conv, first.user, self.yes).await?;
        doer.invoked(asked_us, "admit", conv, send_id, None);
        Ok(After::Stay)
    }
}
