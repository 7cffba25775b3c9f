//! `freeze`: a device takes nothing of what is written to it. Not drawn among the others: the shape says how many do.

use super::{Act, After, Doer, Scene};
use client::No;
use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

/// Takes nothing for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Freeze {
    /// For how long.
    pub ms: u64,
}

impl Act for Freeze {
    const WEIGHT: u32 = 0;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let half_ms = scene.shape.for_ms / 2;
        Some(Self {
            ms: chance.random_range(half_ms / 4..=half_ms),
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        doer.wire.freeze(self.ms);
        Ok(After::Stay)
    }
}
