//! `pin`: somebody pins a message, or takes its pin away.

use super::target::target;
use super::{Act, After, Doer, Room, Scene};
use client::{No, Target};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Pins one of the latest messages, or no longer where it is pinned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pin {
    /// Where.
    pub room: Room,
    /// Which of the latest.
    pub pick: u32,
}

impl Act for Pin {
    const WEIGHT: u32 = 3;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.my_rooms().choose(chance)?;
        Some(Self {
            room,
            pick: chance.random(),
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        if let Some(entry) = target(doer, conv, self.pick, |_, _| true).await? {
            let asked_us = doer.recorder.now_us();
            let send_id = doer.client.pin(conv, Target::from(&entry), !entry.pinned).await?;
            doer.changed(asked_us, "pin", (conv, &entry), send_id, None);
        }
        Ok(After::Stay)
    }
}
