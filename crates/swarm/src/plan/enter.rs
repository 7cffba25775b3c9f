//! `enter`: somebody joins a group by a link that they were handed: from outside, after they left, after they were
//! removed, or although they are in.

use super::{Act, After, Doer, Room, Scene, patiently};
use crate::history::What;
use client::{Joined, No};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Joins by a link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enter {
    /// Which group.
    pub room: Room,
    /// By which of its links, counted from the latest.
    pub back: u8,
    /// The device's turn: the change is named after it.
    pub turn: u32,
}

impl Act for Enter {
    const WEIGHT: u32 = 60;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let me = scene.person();
        // Who is in has nothing to ask for, as a rule.
        let any = chance.random_ratio(1, 12);
        let outside = |room: &Room| any || !scene.members[*room as usize].contains(&me);
        let room = scene.linked.iter().copied().filter(outside).choose(chance)?;
        scene.enter(room, me);
        let back = u8::from(chance.random_ratio(1, 6));
        let turn = scene.turn();
        Some(Self { room, back, turn })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let Some(made) = doer.links.pick(conv, self.back.into()) else {
            return Ok(After::Stay);
        };
        let (link, send_id) = (made.link, doer.named("enter", self.turn));
        let asked_us = doer.recorder.now_us();
        doer.recorder
            .note(Some(doer.device), What::Joins { conv, link, send_id });
        doer.invoked(asked_us, "join", conv, send_id, None);
        match patiently(doer.client.join(made.token.expose(), send_id)).await? {
            // What was there before says nothing of this link.
            Some(Joined::In(ack)) if !ack.dup => {
                doer.recorder.note(Some(doer.device), What::LetIn { conv, send_id });
            }
            Some(Joined::Asked(_)) => doer.recorder.note(Some(doer.device), What::MustWait { conv, send_id }),
            Some(Joined::In(_)) | None => {}
        }
        Ok(After::Stay)
    }
}
