//! `answer`: somebody takes up what a stranger wrote, or puts it aside.

use super::{Act, After, Doer, Room, Scene, patiently};
use crate::history::What;
use client::No;
use protocol::people;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Answers a request. One that was answered already is no request any more, and that is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Which 1:1.
    pub room: Room,
    /// They are welcome; else it is put aside.
    pub accept: bool,
}

impl Act for Answer {
    const WEIGHT: u32 = 1;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let me = scene.person();
        let asked = |room: &Room| {
            let plan = &scene.rooms[*room as usize];
            !plan.group && plan.keeper != me
        };
        let room = scene.my_rooms().filter(asked).choose(chance)?;
        let accept = chance.random_ratio(1, 4);
        Some(Self { room, accept })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let answer = if self.accept {
            doer.recorder.note(Some(doer.device), What::TakesUp { conv });
            people::Answer::Accept
        } else {
            people::Answer::Ignore
        };
        patiently(doer.client.answer(conv, answer)).await?;
        Ok(After::Stay)
    }
}
