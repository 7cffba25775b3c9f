//! One device through all of its lives: a client each, on the same keep while it keeps, and on a fresh one after it
//! forgot.

use super::Run;
use super::scribe::Scribe;
use crate::history::{self, What};
use crate::wire::{Handle, Wire};
use crate::world::World;
use client::keep::Memory;
use client::outbox::Phase;
use client::{Client, ConnectOptions, Core, Follow};
use protocol::token::TokenText;
use protocol::{ConversationId, SendId, UserId};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::task::JoinHandle;

/// A device of the plan.
pub(super) struct Device<W: World> {
    pub number: history::Device,
    pub user: UserId,
    /// Whether it reads badly for a while, by plan.
    pub slow: bool,
    /// What spoils its connections.
    pub handle: Handle,
    token: TokenText,
    wire: Wire<W::Connector>,
    /// Held by whoever begins or ends a life: never two at once.
    turn: tokio::sync::Mutex<()>,
    /// Under no lock is anything awaited.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keep: Memory,
    lives: u64,
    life: Option<Life>,
}

/// A client that runs.
struct Life {
    client: Client,
    /// Ends with the client, and tells which changes were answered in this life.
    scribe: JoinHandle<BTreeSet<SendId>>,
}

impl<W: World> Device<W> {
    pub fn new(run: &Run<W>, number: history::Device, user: UserId, token: TokenText) -> Self {
        let (wire, handle) = Wire::new(run.world.connector(number));
        Self {
            number,
            user,
            slow: run.plan.is_slow(number),
            handle,
            token,
            wire,
            turn: tokio::sync::Mutex::default(),
            state: Mutex::default(),
        }
    }

    /// Its client, unless it is away.
    pub fn client(&self) -> Option<Client> {
        self.state().life.as_ref().map(|life| life.client.clone())
    }

    /// Comes, or comes back, unless it is here.
    pub async fn begin(&self, run: &Run<W>) -> Result<(), String> {
        let _turn = self.turn.lock().await;
        if self.client().is_some() {
            return Ok(());
        }
        let (keep, life_number) = {
            let mut state = self.state();
            state.lives += 1;
            (state.keep.clone(), state.lives)
        };
        let seed = run.plan.seed ^ (u64::from(self.number) << 40) ^ (life_number << 20);
        let mut options = ConnectOptions::new(run.world.url(), self.token.clone(), StdRng::seed_from_u64(seed));
        options.follow = Follow::Everything;
        options.bounds = super::bounds();
        options.unix_ms = Some(run.unix_ms());
        let options = options.keep(keep).connector(self.wire.clone());
        let (client, events) = Client::connect(options).await.map_err(|error| error.to_string())?;
        let scribe = Scribe::new(run, self.number, self.user, client.clone());
        let scribe = tokio::spawn(scribe.write(events));
        self.state().life = Some(Life { client, scribe });
        Ok(())
    }

    /// Ends. What is under way may or may not arrive; without what it kept, the device will never know.
    pub async fn end(&self, run: &Run<W>, keeps: bool) {
        let _turn = self.turn.lock().await;
        let Some(life) = self.state().life.take() else { return };
        let open = life.client.look(under_way).await.unwrap_or_default();
        life.client.shutdown().await;
        let answered = life.scribe.await.unwrap_or_default();
        for (send_id, conv) in open {
            if !answered.contains(&send_id) {
                run.recorder.note(Some(self.number), What::Unknown { send_id, conv });
            }
        }
        if !keeps {
            self.state().keep = Memory::default();
            run.recorder.note(Some(self.number), What::Forgets);
        }
    }

    /// Nothing is left half done under this lock, so a panic of another holder spoils nothing.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn under_way(core: &Core) -> Vec<(SendId, ConversationId)> {
    let items = core.state().outbox.waiting();
    let under_way = items.filter(|item| item.phase == Phase::UnderWay);
    under_way.map(|item| (item.send_id, item.conv)).collect()
}
