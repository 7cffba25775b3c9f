//! `link`: the keeper of a group makes a link into it, for few uses, so that people race for the last one.

use super::{Act, After, Doer, Room, Scene, patiently};
use crate::history::What;
use client::No;
use protocol::link::MakeLink;
use protocol::token::TokenText;
use protocol::{ConversationId, SendId};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// Makes a link into a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Which group.
    pub room: Room,
    /// How often it can be used.
    pub uses: u32,
    /// The device's turn: the link is named after it.
    pub turn: u32,
}

impl Act for Link {
    const WEIGHT: u32 = 16;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.kept_groups().choose(chance)?;
        scene.linked.insert(room);
        let uses = if chance.random_ratio(3, 4) { 1 } else { 2 };
        let turn = scene.turn();
        Some(Self { room, uses, turn })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let (conv, link) = (doer.room(self.room), doer.named("link", self.turn));
        let ask = MakeLink {
            conv,
            send_id: link,
            uses: Some(self.uses),
            expires_ms: None,
        };
        if let Some(made) = patiently(doer.client.make_link(ask)).await? {
            let uses = self.uses;
            doer.recorder.note(Some(doer.device), What::Linked { conv, link, uses });
            let token = made.token;
            doer.links.put(Made { conv, link, token });
        }
        Ok(After::Stay)
    }
}

/// A link that somebody made, and handed around.
#[derive(Clone, Debug)]
pub struct Made {
    /// Into which group.
    pub conv: ConversationId,
    /// Its name.
    pub link: SendId,
    /// What it is used by.
    pub token: TokenText,
}

/// The links that everybody of a run knows.
#[derive(Clone, Debug, Default)]
pub struct Links(Arc<Mutex<Vec<Made>>>);

impl Links {
    /// One more.
    pub fn put(&self, made: Made) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(made);
    }

    /// One into this group, the `back`th from the latest.
    #[must_use]
    pub fn pick(&self, conv: ConversationId, back: usize) -> Option<Made> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut into = all.iter().rev().filter(|made| made.conv == conv);
        into.nth(back).cloned()
    }
}
