//! What the people of the demo hear: whether they are connected, and what a newcomer says to them.

use client::{Event, Events};
use protocol::{ConversationId, Entry};
use tokio::sync::{mpsc, oneshot};

/// Something that somebody heard.
pub enum Heard {
    /// This was said.
    Said(&'static str, ConversationId, Box<Entry>),
    /// Somebody of the demo may not come back: their devices were signed out, or the server is another now.
    Out(&'static str),
}

/// Listens for somebody. Answers when they have caught up.
pub fn listen(who: &'static str, mut events: Events, tell: mpsc::Sender<Heard>) -> oneshot::Receiver<()> {
    let (ready, is_ready) = oneshot::channel();
    let mut ready = Some(ready);
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            match event {
                Event::CaughtUp => drop(ready.take().map(|ready| ready.send(()))),
                // What nobody takes in time is forgotten: these people do not answer everything.
                Event::Grown { conv, entries } => entries
                    .into_iter()
                    .for_each(|entry| drop(tell.try_send(Heard::Said(who, conv, Box::new(entry))))),
                Event::Stopped { .. } | Event::Broken { .. } => drop(tell.send(Heard::Out(who)).await),
                _ => {}
            }
        }
    });
    is_ready
}
