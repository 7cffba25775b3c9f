//! `react`: somebody puts an emoji to a message, or takes it back.

use super::target::target;
use super::{Act, After, Doer, Room, Scene};
use client::{No, Target};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use serde::{Deserialize, Serialize};

/// What people react with; of more than one code point, too.
const EMOJIS: [&str; 4] = ["👍", "❤️", "👩‍🚀", ":party:"];

/// Puts an emoji to one of the latest messages; takes it back where it is theirs already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct React {
    /// Where.
    pub room: Room,
    /// To which of the latest.
    pub pick: u32,
    /// With what.
    pub emoji: String,
}

impl Act for React {
    const WEIGHT: u32 = 8;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.my_rooms().choose(chance)?;
        Some(Self {
            room,
            pick: chance.random(),
            emoji: (*EMOJIS.choose(chance)?).to_owned(),
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        if let Some(entry) = target(doer, conv, self.pick, |_, _| true).await? {
            let me = doer.client.look(client::Core::me).await?;
            let mut theirs = entry.reactions.iter().filter(|reaction| reaction.emoji == self.emoji);
            let on = !theirs.any(|reaction| reaction.users.contains(&me));
            let asked_us = doer.recorder.now_us();
            let send_id = doer
                .client
                .react(conv, Target::from(&entry), self.emoji.clone(), on)
                .await?;
            doer.changed(asked_us, "react", (conv, &entry), send_id, None);
        }
        Ok(After::Stay)
    }
}
