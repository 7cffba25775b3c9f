//! `page`: somebody scrolls back. What the page holds is not looked at here: it is load, and it mixes with what is
//! live.

use super::{Act, After, Doer, Room, Scene};
use client::No;
use protocol::Seq;
use protocol::client_frame::Place;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How far back somebody scrolls, in entries.
const BACK_MAX: u64 = 300;
/// How many entries they want at once.
const LIMIT_MAX: u32 = 50;
/// How long they wait for it: without a connection the page would come only with the next.
const PATIENCE: Duration = Duration::from_millis(500);

/// Reads a page of what was said before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// Where.
    pub room: Room,
    /// How many entries below the last one shown.
    pub back: u64,
    /// Entries at most.
    pub limit: u32,
}

impl Act for Page {
    const WEIGHT: u32 = 4;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.my_rooms().choose(chance)?;
        Some(Self {
            room,
            back: chance.random_range(0..=BACK_MAX),
            limit: chance.random_range(1..=LIMIT_MAX),
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let end = doer.shown_to(conv).await?;
        let before = Place::Before(Seq(end.0.saturating_sub(self.back) + 1));
        let page = doer.client.page(conv, before, self.limit);
        match tokio::time::timeout(PATIENCE, page).await {
            Ok(Ok(_)) | Err(_) => Ok(After::Stay),
            Ok(Err(no)) => Err(no),
        }
    }
}
