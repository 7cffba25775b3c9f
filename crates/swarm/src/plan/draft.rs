//! `draft`: somebody begins to write something, on one of their devices.

use super::{Act, After, Doer, Room, Scene};
use crate::history::{What, digest};
use client::No;
use client::own::Wish;
use protocol::Ver;
use protocol::own::{DraftText, SetDraft};
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Writes a draft over what the device knows of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Where.
    pub room: Room,
    /// Which of the device's turns it is: it makes the text unlike any other of the run.
    pub turn: u32,
}

impl Act for Draft {
    const WEIGHT: u32 = 5;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.my_rooms().choose(chance)?;
        Some(Self {
            room,
            turn: scene.turn(),
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let known = move |core: &client::Core| {
            let own = &core.state().own;
            let told = own.drafts().find(|draft| draft.conv == conv);
            let row = core.state().inbox.row(conv)?;
            let base_ver = told.map(|draft| draft.now.text_ver);
            Some((row.conv, own.draft(conv).to_owned(), base_ver))
        };
        // Who is not in it yet has nowhere to write.
        let Some((conv, before, base_ver)) = doer.client.look(known).await? else {
            return Ok(After::Stay);
        };
        let text = format!("{}/{} I had begun", doer.device, self.turn);
        let drafted = What::Drafted {
            conv,
            text: digest(&text),
            over: (!before.is_empty()).then(|| digest(&before)),
        };
        doer.recorder.note(Some(doer.device), drafted);
        // What it looked at is what it stands on, also nothing, though another may come before it is said.
        let wish = Wish::Draft(SetDraft {
            conv,
            text: Some(DraftText(text)),
            base_ver: Some(base_ver.unwrap_or(Ver::ZERO)),
            forget: Vec::new(),
        });
        doer.client.wish(wish).await?;
        Ok(After::Stay)
    }
}
