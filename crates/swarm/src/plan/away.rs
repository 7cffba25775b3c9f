//! `away`: a device ends and comes back, as a process does or a phone whose battery was empty.

use super::{Act, After, Doer, Scene};
use client::No;
use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

/// How long somebody is away, in milliseconds; in a short run not longer than a fifth of it.
const MS_MIN: u64 = 500;
const MS_MAX: u64 = 5_000;
/// How often a device comes back without what it kept, in a hundred.
const FORGETS_PERCENT: u32 = 12;

/// Ends, and comes back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Away {
    /// For how long.
    pub ms: u64,
    /// Whether it still has its outbox and its logs.
    pub keeps: bool,
}

impl Act for Away {
    const WEIGHT: u32 = 3;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let ms_max = MS_MAX.min(scene.shape.for_ms / 5).max(MS_MIN);
        Some(Self {
            ms: chance.random_range(MS_MIN..=ms_max),
            keeps: !chance.random_ratio(FORGETS_PERCENT, 100),
        })
    }

    async fn act(&self, _: &Doer<'_>) -> Result<After, No> {
        Ok(After::Away {
            ms: self.ms,
            keeps: self.keeps,
        })
    }
}
