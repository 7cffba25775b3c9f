//! The one place that asks what time it is.

use tokio::time::{Duration, Instant};

/// The wall clock at the start plus time that only runs forward: what a device keeps must mean something after a
/// restart, and what it waits for must not jump when somebody sets the clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    start_ms: u64,
}

impl Clock {
    /// A clock that starts now. Inside a runtime with paused time it runs with that time.
    #[must_use]
    pub fn start() -> Self {
        Self::start_at(wall_ms())
    }

    /// The same where the wall clock says `start_ms`, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn start_at(start_ms: u64) -> Self {
        Self {
            start: Instant::now(),
            start_ms,
        }
    }

    /// Milliseconds since 1970 UTC, by this device.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.start_ms + u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX / 2)
    }

    /// The moment at which [`Self::now_ms`] will be `ms`.
    #[must_use]
    pub fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms.saturating_sub(self.start_ms))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the crate's one clock: read once, at its start"
)]
fn wall_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}
