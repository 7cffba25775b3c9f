//! `send`: a person says something.

use super::{Act, After, Doer, Room, Scene};
use crate::history::{What, digest};
use client::No;
use protocol::Body;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Says something in a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Send {
    /// Where.
    pub room: Room,
    /// Which of the device's turns it is: it makes the text unlike any other of the run.
    pub turn: u32,
}

impl Act for Send {
    const WEIGHT: u32 = 100;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.my_rooms().choose(chance)?;
        Some(Self {
            room,
            turn: scene.turn(),
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let body = Body::text(format!("{}/{}", doer.device, self.turn));
        let digest = Some(digest(body.to_raw().get()));
        let asked_us = doer.recorder.now_us();
        let send_id = doer.client.send(conv, &body).await?;
        let verb = "send".to_owned();
        let invoke = What::Invoke {
            send_id,
            conv,
            verb,
            digest,
        };
        doer.recorder.note_at(asked_us, Some(doer.device), invoke);
        Ok(After::Stay)
    }
}
