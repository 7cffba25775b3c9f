//! `forward`: somebody passes a message on to another conversation.

use super::target::target;
use super::{Act, After, Doer, Room, Scene};
use client::{No, Target};
use protocol::Kind;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Passes one of the latest messages on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forward {
    /// From where.
    pub from: Room,
    /// Which of the latest.
    pub pick: u32,
    /// To where; it may be the same.
    pub room: Room,
}

impl Act for Forward {
    const WEIGHT: u32 = 3;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        Some(Self {
            from: scene.my_rooms().choose(chance)?,
            pick: chance.random(),
            room: scene.my_rooms().choose(chance)?,
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let (from, conv) = (doer.room(self.from), doer.room(self.room));
        if let Some(entry) = target(doer, from, self.pick, |_, _| true).await? {
            let asked_us = doer.recorder.now_us();
            let send_id = doer
                .client
                .forward(conv, Kind::Text, (from, Target::from(&entry)))
                .await?;
            // What it says is the server's word, so nobody here knows its digest.
            doer.invoked(asked_us, "forward", conv, send_id, None);
        }
        Ok(After::Stay)
    }
}
