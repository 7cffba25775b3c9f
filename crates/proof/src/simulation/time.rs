//! The one time of a simulated run, and the clocks on the walls of its machines, which may be wrong.

use server::clock::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// What every wall shows as the run begins, in milliseconds since 1970 UTC.
pub const WALL_MS: u64 = 1_800_000_000_000;

/// Simulated time: that of the machine that is being run, or, between two steps, that of the whole.
#[derive(Debug, Default)]
pub struct Time {
    between_us: AtomicU64,
    stepping: AtomicBool,
}

impl Time {
    /// Microseconds since the run began.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        let between_us = self.between_us.load(Ordering::Relaxed);
        if !self.stepping.load(Ordering::Relaxed) {
            return between_us;
        }
        // While a machine's tasks are dropped, there is a step but no machine to ask.
        turmoil::sim_elapsed().map_or(between_us, micros)
    }

    /// A step begins: machines run, each in its own time.
    pub fn step_begins(&self) {
        self.stepping.store(true, Ordering::Relaxed);
    }

    /// A step is over, and it is so late everywhere.
    pub fn step_ended(&self, elapsed: Duration) {
        self.between_us.store(micros(elapsed), Ordering::Relaxed);
        self.stepping.store(false, Ordering::Relaxed);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The clock of one machine. What is on its wall may jump; what it counts may not.
#[derive(Clone, Debug)]
pub struct WallClock {
    time: Arc<Time>,
    off_ms: Arc<AtomicI64>,
}

impl WallClock {
    /// A clock that is right.
    #[must_use]
    pub fn new(time: Arc<Time>) -> Self {
        Self {
            time,
            off_ms: Arc::default(),
        }
    }

    /// From now on it is wrong by so much.
    pub fn set_off_ms(&self, off_ms: i64) {
        self.off_ms.store(off_ms, Ordering::Relaxed);
    }
}

impl Clock for WallClock {
    fn now_ms(&self) -> u64 {
        self.time.now_us() / 1_000
    }

    fn now_us(&self) -> u64 {
        self.time.now_us()
    }

    fn unix_ms(&self) -> u64 {
        (WALL_MS + self.now_ms()).saturating_add_signed(self.off_ms.load(Ordering::Relaxed))
    }
}
