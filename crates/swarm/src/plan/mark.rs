//! `mark`: somebody stars the last entry shown, or removes it for themselves.

use super::{Act, After, Doer, Room, Scene};
use client::No;
use client::own::Wish;
use protocol::Seq;
use protocol::own::SetMark;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Marks the last entry shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Where.
    pub room: Room,
    /// A star; else it is hidden.
    pub star: bool,
    /// On, or off again.
    pub on: bool,
}

impl Act for Mark {
    const WEIGHT: u32 = 3;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.my_rooms().choose(chance)?;
        Some(Self {
            room,
            star: chance.random_bool(0.7),
            on: chance.random_bool(0.7),
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let seq = doer.shown_to(conv).await?;
        if seq > Seq::ZERO {
            let mark = SetMark {
                conv,
                seq,
                star: self.star.then_some(self.on),
                hidden: (!self.star).then_some(self.on),
            };
            doer.client.wish(Wish::Mark(mark)).await?;
        }
        Ok(After::Stay)
    }
}
