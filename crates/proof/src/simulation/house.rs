//! The machines of a run: one with the store, two that serve over it. What runs on each is here; when each dies and
//! comes back is the nemesis's.

use super::bus::SimBus;
use super::disk::Disk;
use super::network::{Door, LOOK_MS, NODES, Socket, Sockets, StoreDoor};
use super::time::{Time, WallClock};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use server::bus::Listener;
use server::clock::Clock as _;
use server::config::{Config, Rates, SignUpPolicy};
use server::listen::{self, ListenLimits};
use server::node::{Node, Parts};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::sqlite::{self, Options, Point, Sqlite};
use tokio::sync::{Notify, watch};
use turmoil::Sim;

/// How often the engine fails where it can be made to, in parts of a thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreFaults {
    /// Before one change.
    pub change: u32,
    /// Instead of a commit.
    pub commit: u32,
    /// After a commit.
    pub committed: u32,
    /// While it is opened again.
    pub reopen: u32,
    /// Before one read.
    pub read: u32,
}

/// Everything that the machines of a run share.
pub struct House {
    /// The one time.
    pub time: Arc<Time>,
    /// The bus between the nodes.
    pub bus: Arc<SimBus>,
    /// The clocks on the walls: of both nodes, and of the store.
    pub clocks: [WallClock; 3],
    /// The files.
    pub disk: RefCell<Disk>,
    seed: u64,
    config: Config,
    store: StoreDoor,
    nodes: [RefCell<Option<Arc<Node>>>; 2],
    /// Rings when a node is to die.
    dooms: [RefCell<Arc<Notify>>; 2],
    lives: Cell<u64>,
    faults: Arc<Mutex<(StoreFaults, StdRng)>>,
    counts: RefCell<BTreeMap<&'static str, u64>>,
}

/// The place of the store's clock among [`House::clocks`].
pub const STORE_CLOCK: usize = 2;

impl House {
    /// Machines that are not running yet.
    ///
    /// # Errors
    /// There is no disk.
    pub fn new(seed: u64) -> io::Result<Rc<Self>> {
        let mut chance = StdRng::seed_from_u64(seed);
        let time = Arc::new(Time::default());
        let clock = || WallClock::new(Arc::clone(&time));
        Ok(Rc::new(Self {
            bus: SimBus::new(Arc::clone(&time), chance.random()),
            clocks: [clock(), clock(), clock()],
            disk: RefCell::new(Disk::new()?),
            seed,
            config: config(&mut chance),
            store: StoreDoor::default(),
            nodes: Default::default(),
            dooms: Default::default(),
            lives: Cell::new(0),
            faults: Arc::new(Mutex::new((StoreFaults::default(), StdRng::from_rng(&mut chance)))),
            counts: RefCell::default(),
            time,
        }))
    }

    /// The store, while its machine runs.
    fn store(&self) -> Option<Sqlite> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the store is found, while its machine runs.
    #[must_use]
    pub fn door(&self) -> StoreDoor {
        Arc::clone(&self.store)
    }

    fn set_store(&self, store: Option<Sqlite>) {
        *self.store.lock().unwrap_or_else(PoisonError::into_inner) = store;
    }

    /// The engine fails as often as this from now on.
    pub fn set_store_faults(&self, faults: StoreFaults) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).0 = faults;
    }

    /// Chance for one life of one machine: no two have the same.
    fn chance(&self) -> StdRng {
        self.lives.set(self.lives.get() + 1);
        StdRng::seed_from_u64(self.seed.rotate_left(32) ^ self.lives.get())
    }

    /// How to open the engine between two steps, where it does not fail.
    #[must_use]
    pub fn sound_options(&self) -> Options {
        let clock = self.clocks[STORE_CLOCK].clone();
        Options::new(Arc::new(move || clock.unix_ms()), self.chance().random())
    }

    /// How to open the engine as its machine does.
    fn store_options(&self) -> Options {
        let faults = Arc::clone(&self.faults);
        let mut options = self.sound_options();
        options.faults = Arc::new(move |point| {
            let (faults, chance) = &mut *faults.lock().unwrap_or_else(PoisonError::into_inner);
            let per_mille = match point {
                Point::Change => faults.change,
                Point::Commit => faults.commit,
                Point::Committed => faults.committed,
                Point::Reopen => faults.reopen,
                Point::Read => faults.read,
            };
            per_mille > 0 && chance.random_ratio(per_mille, 1_000)
        });
        options
    }

    /// What the machine with the store runs.
    pub async fn run_store(self: Rc<Self>) -> turmoil::Result {
        let opened = sqlite::open(self.disk.borrow().place(), self.store_options())?;
        self.set_store(Some(opened.store.clone()));
        sqlite::drive(opened).await;
        Ok(())
    }

    /// What a machine that serves runs.
    pub async fn run_node(self: Rc<Self>, machine: usize) -> turmoil::Result {
        let store = loop {
            match self.store() {
                Some(store) => break store,
                None => tokio::time::sleep(Duration::from_millis(LOOK_MS)).await,
            }
        };
        let doom = Arc::new(Notify::new());
        *self.dooms[machine].borrow_mut() = Arc::clone(&doom);
        let (bus, hears) = self.bus.join(machine);
        let node = Node::new(Parts {
            config: self.config.clone(),
            store: Arc::new(store),
            bus,
            clock: Arc::new(self.clocks[machine].clone()),
            chance: self.chance(),
        });
        *self.nodes[machine].borrow_mut() = Some(Arc::clone(&node));
        let _running = server::serve::start(Arc::clone(&node));
        let listener: Arc<dyn Listener> = node.clone();
        tokio::spawn(hears.tell(listener));
        let (_stop, stopped) = watch::channel(false);
        let router = server::http::router_over::<Socket>(Arc::clone(&node));
        let counts = Arc::clone(&node.listen_counts);
        let sockets = Sockets::default();
        let door = Door::open(sockets.clone()).await?;
        tokio::select! {
            biased;
            () = doom.notified() => sockets.close(),
            () = listen::serve(door, router, ListenLimits::default(), counts, stopped) => {}
        }
        // Whatever still runs here does so without a socket, and only until the end of the step.
        std::future::pending().await
    }

    /// All machines go on for one step.
    ///
    /// # Errors
    /// What a machine runs has failed.
    pub fn step(&self, sim: &mut Sim<'_>) -> Result<bool, Box<dyn std::error::Error>> {
        self.time.step_begins();
        let done = sim.step();
        self.time.step_ended(sim.elapsed());
        done
    }

    /// Nodes die together: within one step their sockets go, and then everything else.
    ///
    /// # Errors
    /// What a machine runs has failed.
    pub fn kill(&self, sim: &mut Sim<'_>, nodes: &[usize]) -> turmoil::Result {
        for node in nodes {
            self.dooms[*node].borrow().notify_one();
        }
        self.step(sim)?;
        for node in nodes {
            self.count(*node);
            sim.crash(NODES[*node]);
        }
        Ok(())
    }

    /// A node is about to die, or the run to end: what it counted is kept.
    pub fn count(&self, machine: usize) {
        let Some(node) = self.nodes[machine].borrow_mut().take() else {
            return;
        };
        let metrics = &node.metrics;
        let counted = [
            ("dedupe_hits", metrics.dups.get()),
            ("early_entries_held", metrics.early_entries.get()),
            ("gaps_pulled", metrics.pulls.get()),
            ("readers_told_behind", metrics.outbox_overflows.get()),
            ("sweeps_repeated", metrics.sweeps.get()),
            ("cold_tails", metrics.tails_started.get()),
        ];
        for (name, count) in counted {
            *self.counts.borrow_mut().entry(name).or_default() += count;
        }
    }

    /// The machine with the store is about to die: the nodes hold nothing that works any more.
    pub fn store_goes(&self) {
        self.set_store(None);
    }

    /// What all nodes counted.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.counts.borrow().clone()
    }
}

/// A node that notices things soon, with little room for slow readers.
fn config(chance: &mut StdRng) -> Config {
    Config {
        sign_up: SignUpPolicy::Open,
        beat_ms: chance.random_range(500..2_000),
        outbox_bytes_max: 16 * 1_024,
        outbox_frames_max: chance.random_range(2..24),
        stuck_ms_max: 4_000,
        tail_hold_ms_max: chance.random_range(5..100),
        fanout_interval_ms: chance.random_range(50..1_000),
        sweep_after_ms: chance.random_range(500..2_000),
        drain_spread_ms: 1_000,
        password_hashes_max: 0,
        rates: Rates::unlimited(),
        ..Config::default()
    }
}
