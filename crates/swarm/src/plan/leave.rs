//! `leave`: somebody who is not its keeper leaves a group.

use super::{Act, After, Doer, Room, Scene};
use client::No;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Leaves a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leave {
    /// Which.
    pub room: Room,
}

impl Act for Leave {
    const WEIGHT: u32 = 6;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let me = scene.person();
        let others = |room: &Room| {
            let plan = &scene.rooms[*room as usize];
            plan.group && plan.keeper != me
        };
        let room = scene.my_rooms().filter(others).choose(chance)?;
        scene.members[room as usize].remove(&me);
        Some(Self { room })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let asked_us = doer.recorder.now_us();
        let send_id = doer.client.leave(conv).await?;
        doer.invoked(asked_us, "leave", conv, send_id, None);
        Ok(After::Stay)
    }
}
