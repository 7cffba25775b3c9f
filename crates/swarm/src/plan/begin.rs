//! `begin`: somebody begins a 1:1 that exists already. It must stay one: the answer is the first one's.

use super::{Act, After, Doer, PersonNumber, Room, Scene};
use client::No;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Begins a 1:1 again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Begin {
    /// Which.
    pub room: Room,
    /// With whom it is.
    pub with: PersonNumber,
}

impl Act for Begin {
    const WEIGHT: u32 = 1;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let me = scene.person();
        let directs = scene.my_rooms().filter(|room| !scene.rooms[*room as usize].group);
        let room = directs.choose(chance)?;
        let with = *scene.members[room as usize].iter().find(|person| **person != me)?;
        Some(Self { room, with })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let asked_us = doer.recorder.now_us();
        let (send_id, conv) = doer.client.create_direct(doer.person(self.with)).await?;
        doer.invoked(asked_us, "begin", conv, send_id, None);
        Ok(After::Stay)
    }
}
