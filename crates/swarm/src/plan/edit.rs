//! `edit`: somebody says something else instead of what they said.

use super::target::target;
use super::{Act, After, Doer, PersonNumber, Room, Scene};
use crate::history::digest;
use client::{No, Target};
use protocol::Body;
use protocol::body::Mention;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Gives one of the person's latest messages another body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// Where.
    pub room: Room,
    /// Which of the latest.
    pub pick: u32,
    /// Which of the device's turns it is: it makes the text unlike any other of the run.
    pub turn: u32,
    /// Who is mentioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mention: Option<PersonNumber>,
}

impl Act for Edit {
    const WEIGHT: u32 = 10;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.my_rooms().choose(chance)?;
        let others = scene.members[room as usize].iter();
        let mention = others.choose(chance).filter(|_| chance.random_ratio(1, 6)).copied();
        Some(Self {
            room,
            pick: chance.random(),
            turn: scene.turn(),
            mention,
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let mine = target(doer, conv, self.pick, |entry, me| entry.sender == me).await?;
        if let Some(entry) = mine {
            let body = self.body(doer);
            let digest = digest(body.to_raw().get());
            let asked_us = doer.recorder.now_us();
            let send_id = doer.client.edit(conv, Target::from(&entry), &body).await?;
            doer.changed(asked_us, "edit", (conv, &entry), send_id, Some(digest));
        }
        Ok(After::Stay)
    }
}

impl Edit {
    fn body(&self, doer: &Doer<'_>) -> Body {
        let mut text = format!("{}/{} I meant", doer.device, self.turn);
        let mut mentions = Vec::new();
        if let Some(person) = self.mention {
            let name = format!("@p{person}");
            mentions.push(Mention {
                user: doer.person(person),
                start: u32::try_from(text.len() + 1).unwrap_or(u32::MAX),
                len: u32::try_from(name.len()).unwrap_or(u32::MAX),
            });
            text = format!("{text} {name}");
        }
        Body {
            text,
            mentions,
            ..Body::default()
        }
    }
}
