//! `slow`: a device takes a little at a time. Not drawn among the others: the shape says how many do.

use super::{Act, After, Doer, Scene};
use client::No;
use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

/// What a bad line carries, in bytes a second.
const BYTES_PER_S: u32 = 1_024;

/// Takes a little at a time, for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slow {
    /// How much, in bytes.
    pub bytes_per_s: u32,
    /// For how long.
    pub ms: u64,
}

impl Act for Slow {
    const WEIGHT: u32 = 0;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let half_ms = scene.shape.for_ms / 2;
        Some(Self {
            bytes_per_s: BYTES_PER_S,
            ms: chance.random_range(half_ms / 4..=half_ms),
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        doer.wire.slow(self.bytes_per_s, self.ms);
        Ok(After::Stay)
    }
}
