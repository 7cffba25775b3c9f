//! `remove`: the keeper of a group removes somebody from it.

use super::{Act, After, Doer, PersonNumber, Room, Scene};
use client::No;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Removes somebody from a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remove {
    /// Which.
    pub room: Room,
    /// Whom.
    pub person: PersonNumber,
}

impl Act for Remove {
    // Few devices are a keeper's, so it comes to less than it looks.
    const WEIGHT: u32 = 10;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let me = scene.person();
        let room = scene.kept_groups().choose(chance)?;
        let members = &mut scene.members[room as usize];
        let person = members.iter().copied().filter(|person| *person != me).choose(chance)?;
        members.remove(&person);
        scene.removed.insert((room, person));
        Some(Self { room, person })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let asked_us = doer.recorder.now_us();
        let send_id = doer.client.remove(conv, doer.person(self.person)).await?;
        doer.invoked(asked_us, "remove", conv, send_id, None);
        Ok(After::Stay)
    }
}
