//! A bus between two machines that loses, doubles and delays hints, each way by its own faults: one way may be dead
//! while the other is well.

use super::time::Time;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use server::bus::{Bus, BusFaults, Hint, Listener};
use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// Hints on their way to one machine; more are lost, as hints may be.
const ON_THE_WAY_MAX: usize = 65_536;

/// A hint, and when it arrives, in microseconds since the run began.
type Late = (u64, Hint);

/// The bus.
pub struct SimBus {
    time: Arc<Time>,
    /// By machine; `None`: it is down.
    ends: Mutex<BTreeMap<usize, mpsc::Sender<Late>>>,
    /// From where to where.
    faults: Mutex<BTreeMap<(usize, usize), BusFaults>>,
    chance: Mutex<StdRng>,
}

impl SimBus {
    /// A bus that behaves well.
    #[must_use]
    pub fn new(time: Arc<Time>, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            time,
            ends: Mutex::default(),
            faults: Mutex::default(),
            chance: Mutex::new(StdRng::seed_from_u64(seed)),
        })
    }

    /// Brings a machine to the bus: the bus as it publishes on it, and what it is to hear.
    #[must_use]
    pub fn join(self: &Arc<Self>, machine: usize) -> (Arc<dyn Bus>, Hears) {
        let (sender, on_the_way) = mpsc::channel(ON_THE_WAY_MAX);
        self.ends
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(machine, sender);
        let bus = Arc::new(End {
            bus: Arc::clone(self),
            machine,
        });
        let hears = Hears {
            time: Arc::clone(&self.time),
            on_the_way,
        };
        (bus, hears)
    }

    /// One way behaves like this from now on.
    pub fn set_faults(&self, from: usize, to: usize, faults: BusFaults) {
        self.faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((from, to), faults);
    }

    /// How often, and how late each time.
    fn deliveries(&self, from: usize, to: usize) -> Vec<u64> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let faults = faults.get(&(from, to)).copied().unwrap_or_default();
        if faults == BusFaults::default() {
            return vec![0];
        }
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        let mut happens = |percent: u8| chance.random_range(0..100) < percent;
        if happens(faults.lose_percent) {
            return Vec::new();
        }
        let times = 1 + usize::from(happens(faults.double_percent));
        let late: Vec<bool> = (0..times).map(|_| happens(faults.delay_percent)).collect();
        late.into_iter()
            .map(|late| {
                if late {
                    chance.random_range(0..=faults.delay_ms_max)
                } else {
                    0
                }
            })
            .collect()
    }

    fn publish(&self, from: usize, hint: &Hint) {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (to, end) in ends {
            for late_ms in self.deliveries(from, to) {
                let at_us = self.time.now_us() + late_ms * 1_000;
                // Full or gone: a hint is lost, as it may be.
                drop(end.try_send((at_us, hint.clone())));
            }
        }
    }
}

/// The bus, as one machine publishes on it.
struct End {
    bus: Arc<SimBus>,
    machine: usize,
}

impl Bus for End {
    fn publish(&self, hint: Hint) {
        self.bus.publish(self.machine, &hint);
    }
}

/// What one machine is to hear. It hears it in its own tasks, or another machine's death would end them.
pub struct Hears {
    time: Arc<Time>,
    on_the_way: mpsc::Receiver<Late>,
}

impl Hears {
    /// Tells the listener each hint when it is due, until the bus or the machine ends.
    pub async fn tell(mut self, listener: Arc<dyn Listener>) {
        let mut late: BTreeMap<(u64, u64), Hint> = BTreeMap::new();
        let mut number = 0;
        loop {
            let now_us = self.time.now_us();
            while let Some(first) = late.first_entry().filter(|first| first.key().0 <= now_us) {
                listener.hear(first.remove());
            }
            let due = async {
                match late.first_key_value() {
                    Some(((at_us, _), _)) => tokio::time::sleep(Duration::from_micros(at_us - now_us)).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                biased;
                came = self.on_the_way.recv() => match came {
                    Some((at_us, hint)) => {
                        number += 1;
                        late.insert((at_us, number), hint);
                    }
                    None => return,
                },
                () = due => {}
            }
        }
    }
}
