//! `block`: somebody wants to hear nothing more of the other one of a 1:1, or again.

use super::{Act, After, Doer, PersonNumber, Scene, patiently};
use crate::history::What;
use client::No;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Blocks somebody, or no longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Whom.
    pub person: PersonNumber,
    /// Whether, from now on.
    pub on: bool,
}

impl Act for Block {
    const WEIGHT: u32 = 2;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let me = scene.person();
        let directs = scene.my_rooms().filter(|room| !scene.rooms[*room as usize].group);
        let room = directs.choose(chance)?;
        let person = *scene.members[room as usize].iter().find(|person| **person != me)?;
        // A block that is there lasts a while.
        let on = !scene.blocks.contains(&(me, person)) || chance.random_ratio(1, 3);
        if on {
            scene.blocks.insert((me, person));
        } else {
            scene.blocks.remove(&(me, person));
        }
        Some(Self { person, on })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let (user, on) = (doer.person(self.person), self.on);
        doer.recorder.note(Some(doer.device), What::Blocking { user, on });
        if patiently(doer.client.block(user, on)).await?.is_some() {
            doer.recorder.note(Some(doer.device), What::Blocked { user, on });
        }
        Ok(After::Stay)
    }
}
