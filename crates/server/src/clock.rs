//! Time, handed in. Timeouts use the monotonic reading, everything people see uses the wall reading, and nothing at all is
//! ordered by either.

use std::sync::Arc;

/// A source of time.
pub trait Clock: Send + Sync {
    /// Milliseconds since some start; never goes back. For timeouts.
    fn now_ms(&self) -> u64;

    /// Milliseconds since 1970 UTC. For people.
    fn unix_ms(&self) -> u64;
}

/// A clock that others share.
pub type SharedClock = Arc<dyn Clock>;
