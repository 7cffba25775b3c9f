//! `thread`: a person replies in the thread of a message shown lately, or reads one they follow, or says whether they
//! want to hear of one.

use super::target::target;
use super::{Act, After, Doer, Room, Scene};
use crate::history::digest;
use client::own::Wish;
use client::{No, Target};
use protocol::thread::{Follow, ThreadRead};
use protocol::{Body, ConversationId};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Does something about a thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// Where.
    pub room: Room,
    /// Which of the device's turns it is: it makes the text unlike any other of the run.
    pub turn: u32,
    /// Which of the latest messages.
    pub pick: u32,
    /// What.
    pub what: Doing,
}

/// What is done about a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// Somebody replies.
    Reply,
    /// They read what they are told of.
    Read,
    /// They want to hear of it.
    Follow,
    /// They do not.
    Unfollow,
}

impl Act for Thread {
    const WEIGHT: u32 = 14;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.my_rooms().choose(chance)?;
        Some(Self {
            room,
            turn: scene.turn(),
            pick: chance.random(),
            what: match chance.random_range(0..10) {
                0..6 => Doing::Reply,
                6..8 => Doing::Read,
                8 => Doing::Follow,
                _ => Doing::Unfollow,
            },
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        if self.what == Doing::Read {
            self.read(doer, conv).await?;
            return Ok(After::Stay);
        }
        // Often the same few roots, so that threads grow.
        let root = target(doer, conv, self.pick % 2, |entry, _| entry.thread.is_none()).await?;
        let Some(root) = root else {
            return Ok(After::Stay);
        };
        if self.what == Doing::Reply {
            self.reply(doer, conv, Target::from(&root)).await?;
        } else {
            let thread = root.seq;
            let on = self.what == Doing::Follow;
            doer.client.wish(Wish::Follow(Follow { conv, thread, on })).await?;
        }
        Ok(After::Stay)
    }
}

impl Thread {
    async fn reply(&self, doer: &Doer<'_>, conv: ConversationId, root: Target) -> Result<(), No> {
        let body = Body::text(format!("{}/{} in a thread", doer.device, self.turn));
        let digest = Some(digest(body.to_raw().get()));
        let asked_us = doer.recorder.now_us();
        let send_id = doer.client.send_in_thread(conv, &body, root).await?;
        doer.invoked(asked_us, "send", conv, send_id, digest);
        Ok(())
    }

    /// Reads one of the threads with news to its end.
    async fn read(&self, doer: &Doer<'_>, conv: ConversationId) -> Result<(), No> {
        let pick = self.pick as usize;
        let choose = move |core: &client::Core| {
            let unread: Vec<_> = core.state().own.unread_threads(conv).collect();
            unread.get(pick % unread.len().max(1)).copied()
        };
        let Some(row) = doer.client.look(choose).await? else {
            return Ok(());
        };
        let read = ThreadRead {
            conv,
            thread: row.thread,
            read: row.head,
        };
        doer.client.wish(Wish::ThreadRead(read)).await
    }
}
