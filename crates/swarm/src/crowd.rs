//! The crowd: everybody of a plan with their devices, on the real client, and what they ask and are told written down.
//!
//! Read it in the order of a run: `crowd/gather.rs` signs everybody up and begins the conversations, `crowd/act.rs`
//! carries the steps out, `crowd/calm.rs` waits until all agree and compares, `crowd/finish.rs` reads everything once
//! more. `crowd/device.rs` is one device through all of its lives, `crowd/scribe.rs` writes down what it is told.
//!
//! Nothing here asks a real clock, starts a thread or draws chance that is not the plan's: in a simulation the same
//! plan gives the same history.

mod act;
mod calm;
mod device;
mod finish;
mod gather;
mod scribe;
#[cfg(test)]
mod tests;

use crate::history::{self, Recorder};
use crate::plan::{Links, Plan};
use crate::world::World;
use client::Bounds;
use client::address::Address;
use device::Device;
use protocol::token::TokenText;
use protocol::{ConversationId, UserId};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How much was done so far, by all devices together.
#[derive(Debug, Default)]
pub struct Counts {
    /// Changes handed to a client.
    pub sent: AtomicU64,
    /// Acknowledged.
    pub acked: AtomicU64,
    /// Refused for good.
    pub refused: AtomicU64,
    /// Entries shown.
    pub shown: AtomicU64,
    /// Not taken by the client: its outbox was full, or too much waited already.
    pub not_taken: AtomicU64,
}

/// [`Counts`] at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Changes handed to a client.
    pub sent: u64,
    /// Acknowledged.
    pub acked: u64,
    /// Refused for good.
    pub refused: u64,
    /// Entries shown.
    pub shown: u64,
    /// Not taken by the client: its outbox was full, or too much waited already.
    pub not_taken: u64,
}

impl Counts {
    fn now(&self) -> Progress {
        let now = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Progress {
            sent: now(&self.sent),
            acked: now(&self.acked),
            refused: now(&self.refused),
            shown: now(&self.shown),
            not_taken: now(&self.not_taken),
        }
    }
}

/// Everybody of a plan, gathered in a world.
pub struct Crowd<W: World> {
    run: Arc<Run<W>>,
    people: Vec<Person>,
    /// The ids of the plan's conversations.
    rooms: Arc<[ConversationId]>,
    devices: Vec<Arc<Device<W>>>,
    ears: Vec<JoinHandle<()>>,
    ears_stop: watch::Sender<bool>,
    /// Nobody begins a step while it says so.
    hold: watch::Sender<bool>,
}

/// What all parts of a run share.
struct Run<W> {
    world: W,
    plan: Arc<Plan>,
    recorder: Recorder,
    counts: Arc<Counts>,
    links: Links,
    address: Address,
    /// The ids of the plan's people.
    users: Vec<UserId>,
}

/// A person of the plan.
struct Person {
    /// The device that only compares, and its token.
    fresh: (history::Device, TokenText),
}

impl<W: World> Run<W> {
    /// What the wall clock of the devices says now, in milliseconds since 1970 UTC.
    fn unix_ms(&self) -> u64 {
        self.world.unix_ms() + self.recorder.now_us() / 1_000
    }
}

impl<W: World> Crowd<W> {
    /// How much was done so far.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.run.counts.now()
    }

    /// The same, for somebody who watches while the crowd is busy.
    #[must_use]
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.run.counts)
    }

    /// The ids of the plan's conversations, in its order.
    #[must_use]
    pub fn rooms(&self) -> &[ConversationId] {
        &self.rooms
    }

    /// The network is back: all clients try at once.
    pub async fn hurry(&self) {
        for device in &self.devices {
            if let Some(client) = device.client() {
                let _ = client.hurry().await;
            }
        }
    }
}

/// What one device may hold: so much that nothing is ever left out, or the verdict would find holes that are meant.
fn bounds() -> Bounds {
    Bounds {
        acked_entries_max: 100_000,
        acked_bytes_max: 256 << 20,
        log_entries_max: 1_000_000,
        logs_max: 1_000_000,
        tail_entries: 200,
        events_max: 1_000_000,
        ..Bounds::default()
    }
}
