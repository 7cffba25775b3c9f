//! `mark_unread`: somebody has read something and wants to come back to it.

use super::{Act, After, Doer, Room, Scene};
use crate::history::What;
use client::No;
use protocol::Seq;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// How many entries are marked unread at the most.
const BACK_MAX: u64 = 8;

/// Marks the latest entries of a conversation as unread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarkUnread {
    /// Where.
    pub room: Room,
    /// How many, below the last one shown.
    pub back: u64,
}

impl Act for MarkUnread {
    const WEIGHT: u32 = 3;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.my_rooms().choose(chance)?;
        Some(Self {
            room,
            back: chance.random_range(1..=BACK_MAX),
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let end = doer.shown_to(conv).await?;
        if end > Seq::ZERO {
            let seq = Seq(end.0.saturating_sub(self.back));
            doer.recorder.note(Some(doer.device), What::MarkUnread { conv, seq });
            doer.client.mark_unread(conv, seq).await?;
        }
        Ok(After::Stay)
    }
}
