//! `join`: the keeper of a group adds somebody who is not in it.

use super::{Act, After, Doer, PersonNumber, Room, Scene};
use client::No;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Adds somebody to a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Join {
    /// Which.
    pub room: Room,
    /// Whom.
    pub person: PersonNumber,
}

impl Act for Join {
    // Few devices are a keeper's, so it comes to less than it looks.
    const WEIGHT: u32 = 14;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.kept_groups().choose(chance)?;
        let members = &mut scene.members[room as usize];
        let person = (0..scene.shape.people)
            .filter(|person| !members.contains(person))
            .choose(chance)?;
        members.insert(person);
        scene.removed.remove(&(room, person));
        Some(Self { room, person })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let asked_us = doer.recorder.now_us();
        let send_id = doer.client.add(conv, vec![doer.person(self.person)]).await?;
        doer.invoked(asked_us, "add", conv, send_id, None);
        Ok(After::Stay)
    }
}
