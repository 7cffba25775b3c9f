//! `typing`: somebody begins to write.

use super::{Act, After, Doer, Room, Scene};
use client::No;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Types.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Typing {
    /// Where.
    pub room: Room,
}

impl Act for Typing {
    const WEIGHT: u32 = 8;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.my_rooms().choose(chance)?;
        Some(Self { room })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        doer.client.typing(doer.room(self.room)).await?;
        Ok(After::Stay)
    }
}
