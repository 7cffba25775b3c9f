//! Time, handed in. Timeouts use the monotonic reading, everything people see uses the wall reading, and nothing at all
//! is ordered by either. The one file that may ask the machine what time it is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// How far two readings of the machine's wall clock may be apart and still agree, in milliseconds.
pub const AGREE_MS: u64 = 1_000;
/// How often the machine's wall clock is read, in milliseconds.
const READ_INTERVAL_MS: u64 = 10_000;

/// A source of time.
pub trait Clock: Send + Sync {
    /// Milliseconds since some start; never goes back. For timeouts.
    fn now_ms(&self) -> u64;

    /// The same in microseconds, for measuring; only as fine as the clock is.
    fn now_us(&self) -> u64 {
        self.now_ms() * 1_000
    }

    /// Milliseconds since 1970 UTC. For people.
    fn unix_ms(&self) -> u64;
}

/// A clock that others share.
pub type SharedClock = Arc<dyn Clock>;

/// Server time: what the wall clock said at the start, plus what the monotonic clock has counted since. A wall clock
/// that steps is followed only once a second reading agrees with the first: one that was set wrong for a moment would
/// otherwise stamp messages with another year, for ever.
#[derive(Clone, Copy, Debug)]
pub struct WallTime {
    /// Wall minus monotonic time, as it is taken to be.
    offset_ms: i64,
    /// What a first reading said that did not agree.
    doubted_ms: Option<i64>,
}

impl WallTime {
    /// Starts with a first reading, which has to be believed.
    #[must_use]
    pub fn start(wall_ms: u64, mono_ms: u64) -> Self {
        Self {
            offset_ms: offset(wall_ms, mono_ms),
            doubted_ms: None,
        }
    }

    /// Both clocks were read, some time after the last reading.
    pub fn reading(&mut self, wall_ms: u64, mono_ms: u64) {
        let read_ms = offset(wall_ms, mono_ms);
        if read_ms.abs_diff(self.offset_ms) <= AGREE_MS {
            self.doubted_ms = None;
        } else if self
            .doubted_ms
            .is_some_and(|doubted_ms| read_ms.abs_diff(doubted_ms) <= AGREE_MS)
        {
            tracing::warn!(
                step_ms = read_ms.saturating_sub(self.offset_ms),
                "the wall clock stepped, and server time with it"
            );
            *self = Self {
                offset_ms: read_ms,
                doubted_ms: None,
            };
        } else {
            self.doubted_ms = Some(read_ms);
        }
    }

    /// Server time, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn unix_ms(&self, mono_ms: u64) -> u64 {
        mono_ms.saturating_add_signed(self.offset_ms)
    }
}

/// Saturating, so that a machine with a broken clock shows odd times and does nothing worse.
fn offset(wall_ms: u64, mono_ms: u64) -> i64 {
    let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    signed(wall_ms) - signed(mono_ms)
}

/// The machine's time. Its monotonic reading is tokio's, so it stands still while a test pauses that.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
    wall: Mutex<Wall>,
}

#[derive(Debug)]
struct Wall {
    time: WallTime,
    read_ms: u64,
}

impl SystemClock {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        let time = WallTime::start(machine_unix_ms(), 0);
        Self {
            start: Instant::now(),
            wall: Mutex::new(Wall { time, read_ms: 0 }),
        }
    }
}

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn unix_ms(&self) -> u64 {
        let now_ms = self.now_ms();
        let mut wall = self.wall.lock().expect("nothing panics under this lock");
        if now_ms >= wall.read_ms + READ_INTERVAL_MS {
            wall.read_ms = now_ms;
            wall.time.reading(machine_unix_ms(), now_ms);
        }
        wall.time.unix_ms(now_ms)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the machine is asked for the wall time"
)]
fn machine_unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A clock that moves only when told.
#[derive(Debug)]
pub struct TestClock {
    now_ms: AtomicU64,
    unix_ms: AtomicU64,
}

impl TestClock {
    /// Stands at the start, and on the wall at this time.
    #[must_use]
    pub fn new(unix_ms: u64) -> Self {
        Self {
            now_ms: AtomicU64::new(0),
            unix_ms: AtomicU64::new(unix_ms),
        }
    }

    /// Lets time pass.
    pub fn advance(&self, ms: u64) {
        self.now_ms.fetch_add(ms, Ordering::SeqCst);
        self.unix_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Sets the clock on the wall.
    pub fn set_unix_ms(&self, unix_ms: u64) {
        self.unix_ms.store(unix_ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    fn unix_ms(&self) -> u64 {
        self.unix_ms.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    const YEAR_MS: u64 = 365 * 24 * 3_600_000;

    /// ORD4: whatever the wall says, as long as no two readings in a row agree on it, server time is the start plus the
    /// monotonic clock.
    #[test]
    fn ord4_readings_that_nobody_confirms_do_not_move_server_time() {
        for seed in 0..300 {
            let mut chance = StdRng::seed_from_u64(seed);
            let start_ms = 50 * YEAR_MS + chance.random_range(0..YEAR_MS);
            let (mut mono_ms, mut last) = (chance.random_range(0..YEAR_MS), 0_i64);
            let mut time = WallTime::start(start_ms + mono_ms, mono_ms);
            for _ in 0..100 {
                mono_ms += chance.random_range(0..20_000);
                let reach = [1_000, 60_000, 86_400_000][chance.random_range(0..3)];
                let mut off: i64 = chance.random_range(-reach..=reach);
                if off.abs_diff(last) <= AGREE_MS {
                    off = last.signum() * -2_000;
                }
                last = off;
                time.reading((start_ms + mono_ms).saturating_add_signed(off), mono_ms);
                assert_eq!(time.unix_ms(mono_ms), start_ms + mono_ms, "seed {seed}");
            }
        }
    }

    /// ORD4: a step is taken over with the second reading that agrees, not with the first.
    #[test]
    fn ord4_a_step_is_taken_over_after_two_agreeing_readings() {
        for step in [5_000_i64, 60_001, 3_600_000, -5_000, -62_000, -86_400_000] {
            let start_ms = 50 * YEAR_MS;
            let wall = |mono_ms: u64| (start_ms + mono_ms).saturating_add_signed(step);
            let mut time = WallTime::start(start_ms, 0);
            time.reading(wall(10_000), 10_000);
            assert_eq!(
                time.unix_ms(10_000),
                start_ms + 10_000,
                "one reading is not believed, step {step}"
            );
            time.reading(wall(20_000) + AGREE_MS + 1, 20_000);
            assert_eq!(
                time.unix_ms(20_000),
                start_ms + 20_000,
                "two that differ are not believed, step {step}"
            );
            time.reading(start_ms + 25_000, 25_000);
            time.reading(wall(30_000) + 1, 30_000);
            assert_eq!(
                time.unix_ms(30_000),
                start_ms + 30_000,
                "nor two with a sane one between, step {step}"
            );
            time.reading(wall(40_000), 40_000);
            assert_eq!(time.unix_ms(40_000), wall(40_000), "two that agree are, step {step}");
        }
    }

    /// ORD4: absurd clocks do not stop the server.
    #[test]
    fn ord4_absurd_readings_are_survived() {
        let mut time = WallTime::start(u64::MAX, 0);
        for (wall_ms, mono_ms) in [(0, u64::MAX), (u64::MAX, 1), (0, 0), (0, 1), (0, 2)] {
            time.reading(wall_ms, mono_ms);
            let _ = time.unix_ms(mono_ms);
        }
        assert!(time.unix_ms(2) <= 2, "and two sane ones that agree are believed");
    }

    #[test]
    fn the_machine_has_a_time() {
        let clock = SystemClock::start();
        assert!(clock.unix_ms() > 50 * YEAR_MS);
        assert!(clock.now_ms() < 60_000);
    }

    #[test]
    fn a_test_clock_moves_when_told() {
        let clock = TestClock::new(5_000);
        clock.advance(10);
        assert_eq!((clock.now_ms(), clock.unix_ms()), (10, 5_010));
        clock.set_unix_ms(1);
        assert_eq!((clock.now_ms(), clock.unix_ms()), (10, 1));
    }
}
