//! `prefer`: somebody mutes a conversation, pins it, or puts it out of the way.

use super::{Act, After, Doer, Room, Scene};
use client::No;
use client::own::Wish;
use protocol::own::{MUTED_FOR_GOOD_MS, SetPrefs};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Changes how a person wants to see a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prefer {
    /// Which.
    pub room: Room,
    /// Muted, or no longer.
    pub mute: Option<bool>,
    /// In the archive, or no longer.
    pub archive: Option<bool>,
}

impl Act for Prefer {
    const WEIGHT: u32 = 3;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.my_rooms().choose(chance)?;
        let mut maybe = || chance.random_bool(0.6).then(|| chance.random_bool(0.6));
        Some(Self {
            room,
            mute: maybe(),
            archive: maybe(),
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let change = SetPrefs {
            mute_until_ms: self.mute.map(|yes| yes.then_some(MUTED_FOR_GOOD_MS)),
            archived: self.archive.map(Some),
            ..SetPrefs::of(doer.room(self.room))
        };
        doer.client.wish(Wish::Prefs(change)).await?;
        Ok(After::Stay)
    }
}
