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
    calm: Cell<Calm>,
    /// With the lineage that the store serves then.
    healed: Cell<Option<u32>>,
}

/// A calm moment in the midst of a run, in which nothing is wrong and nobody begins anything.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Calm {
    /// There is none.
    #[default]
    No,
    /// People ask for one: what is wrong ends, and nothing more begins.
    Wanted,
    /// Nothing is wrong.
    Here,
}

impl Stage {
    /// Asks for a calm moment and comes back when it is there, which it is until [`Stage::calm_ends`].
    pub async fn calm(&self) {
        self.calm.set(Calm::Wanted);
        while self.calm.get() == Calm::Wanted {
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
    }

    /// The calm moment is over.
    pub fn calm_ends(&self) {
        self.calm.set(Calm::No);
    }

    /// Whether a calm moment is asked for and not there yet.
    #[must_use]
    pub fn wants_calm(&self) -> bool {
        self.calm.get() == Calm::Wanted
    }

    /// Nothing is wrong just now.
    pub fn calms(&self) {
        self.calm.set(Calm::Here);
    }

    /// Whether nothing may go wrong.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.calm.get() == Calm::Here
    }

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
