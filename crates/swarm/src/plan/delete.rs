//! `delete`: somebody takes a message away from everybody.

use super::target::target;
use super::{Act, After, Doer, Room, Scene};
use client::{No, Target};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Deletes one of the latest messages, rather one that was edited before: then there is more to take away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delete {
    /// Where.
    pub room: Room,
    /// Which of the latest.
    pub pick: u32,
    /// Another's: that is for those who may.
    pub others: bool,
}

impl Act for Delete {
    const WEIGHT: u32 = 4;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.my_rooms().choose(chance)?;
        Some(Self {
            room,
            pick: chance.random(),
            others: chance.random_ratio(1, 5),
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let (conv, others) = (doer.room(self.room), self.others);
        let edited = target(doer, conv, self.pick, move |entry, me| {
            entry.edited.is_some() && (entry.sender == me) != others
        });
        let mut chosen = edited.await?;
        if chosen.is_none() {
            chosen = target(doer, conv, self.pick, move |entry, me| (entry.sender == me) != others).await?;
        }
        if let Some(entry) = chosen {
            let asked_us = doer.recorder.now_us();
            let send_id = doer.client.delete(conv, Target::from(&entry)).await?;
            doer.changed(asked_us, "delete", (conv, &entry), send_id, None);
        }
        Ok(After::Stay)
    }
}
