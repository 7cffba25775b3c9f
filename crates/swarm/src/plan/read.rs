//! `read`: somebody reads a conversation up to the last entry shown.

use super::{Act, After, Doer, Room, Scene};
use crate::history::What;
use client::No;
use protocol::Seq;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Reads a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Read {
    /// Which.
    pub room: Room,
}

impl Act for Read {
    const WEIGHT: u32 = 30;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.my_rooms().choose(chance)?;
        Some(Self { room })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let seq = doer.shown_to(conv).await?;
        if seq > Seq::ZERO {
            doer.recorder.note(Some(doer.device), What::Read { conv, seq });
            doer.client.read(conv, seq).await?;
        }
        Ok(After::Stay)
    }
}
