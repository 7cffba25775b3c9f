//! `look`: somebody turns from one conversation to another. What is open is followed closely: cursors and typing are
//! told for it.

use super::{Act, After, Doer, Room, Scene};
use client::No;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Opens a conversation, and perhaps closes another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// Which comes onto the screen.
    pub open: Room,
    /// Which goes from it; whether it was there is no matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<Room>,
}

impl Act for Look {
    const WEIGHT: u32 = 10;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let open = scene.my_rooms().choose(chance)?;
        let other = scene.my_rooms().filter(|room| *room != open).choose(chance);
        let close = other.filter(|_| chance.random_ratio(2, 3));
        Some(Self { open, close })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        doer.client.open(doer.room(self.open)).await?;
        if let Some(close) = self.close {
            doer.client.close(doer.room(close)).await?;
        }
        Ok(After::Stay)
    }
}
