//! How far a run is, as people and the nemesis tell each other.

use std::cell::Cell;
use std::time::Duration;

/// How long people wait before they look again, in milliseconds.
const LOOK_MS: u64 = 10;

/// How far a run is.
#[derive(Debug, Default)]
pub struct Stage {
    begun: Cell<bool>,
    acted: Cell<bool>,
    /// With the lineage that the store serves then.
    healed: Cell<Option<u32>>,
}

impl Stage {
    /// Everybody is there, and begins to act.
    pub fn begins(&self) {
        self.begun.set(true);
    }

    /// Whether people act, or have.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun.get()
    }

    /// Everybody has done what they were to do.
    pub fn acted(&self) {
        self.acted.set(true);
    }

    /// Whether everybody has done what they were to do.
    #[must_use]
    pub fn has_acted(&self) -> bool {
        self.acted.get()
    }

    /// Nothing is wrong any more; the store serves this lineage.
    pub fn heals(&self, lineage: u32) {
        self.healed.set(Some(lineage));
    }

    /// Whether nothing is wrong any more.
    #[must_use]
    pub fn is_healed(&self) -> bool {
        self.healed.get().is_some()
    }

    /// Comes back when nothing is wrong any more, with the lineage that the store serves then.
    pub async fn healed(&self) -> u32 {
        loop {
            if let Some(lineage) = self.healed.get() {
                return lineage;
            }
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
    }
}
