//! `send`: a person says something, in a group or to one other.

use super::{Act, After, Doer, PersonNumber, Room, Scene};
use crate::history::digest;
use client::No;
use protocol::Body;
use protocol::body::Mention;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// What texts are made of; of more than one byte a letter, too.
const WORDS: [&str; 12] = [
    "yes", "no", "later", "the", "train", "größer", "日本", "🙂", "tomorrow", "naïve", "so", "then",
];
/// Words of a usual text at the most; and of a long one, which fills what waits for a slow reader.
const USUAL_WORDS_MAX: u32 = 16;
const LONG_WORDS_MAX: u32 = 1_200;

/// Says something in a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Send {
    /// Where.
    pub room: Room,
    /// Which of the device's turns it is: it makes the text unlike any other of the run.
    pub turn: u32,
    /// How many words follow.
    pub words: u32,
    /// Who is mentioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mention: Option<PersonNumber>,
}

impl Act for Send {
    const WEIGHT: u32 = 100;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let me = scene.person();
        let room = scene.my_rooms().choose(chance)?;
        let others = scene.members[room as usize].iter().filter(|person| **person != me);
        let mention = others.choose(chance).filter(|_| chance.random_ratio(1, 12)).copied();
        let words_max = if chance.random_ratio(1, 40) {
            LONG_WORDS_MAX
        } else {
            USUAL_WORDS_MAX
        };
        Some(Self {
            room,
            turn: scene.turn(),
            words: chance.random_range(0..=words_max),
            mention,
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let body = self.body(doer);
        let digest = Some(digest(body.to_raw().get()));
        let asked_us = doer.recorder.now_us();
        let send_id = doer.client.send(conv, &body).await?;
        doer.invoked(asked_us, "send", conv, send_id, digest);
        Ok(After::Stay)
    }
}

impl Send {
    /// Its first word is the device and the turn, so no two bodies of a run are alike.
    fn body(&self, doer: &Doer<'_>) -> Body {
        let mut text = format!("{}/{}", doer.device, self.turn);
        let mut mentions = Vec::new();
        if let Some(person) = self.mention {
            let name = format!("@p{person}");
            let start = text.len() + 1;
            mentions.push(Mention {
                user: doer.person(person),
                start: u32::try_from(start).unwrap_or(u32::MAX),
                len: u32::try_from(name.len()).unwrap_or(u32::MAX),
            });
            let _ = write!(text, " {name}");
        }
        for number in 0..self.words {
            let word = WORDS[(self.turn.wrapping_add(number) as usize * 7) % WORDS.len()];
            let _ = write!(text, " {word}");
        }
        Body {
            text,
            mentions,
            ..Body::default()
        }
    }
}
