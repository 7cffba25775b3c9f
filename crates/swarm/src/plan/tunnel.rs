//! `tunnel`: the connection is cut and there is none to be had for a while; the person goes on writing.

use super::{Act, After, Doer, Scene};
use client::No;
use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

/// How long a tunnel is, in milliseconds.
const MS_MIN: u64 = 500;
const MS_MAX: u64 = 3_000;

/// Loses the connection, and gets none for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tunnel {
    /// For how long.
    pub ms: u64,
}

impl Act for Tunnel {
    const WEIGHT: u32 = 3;

    fn draw(_: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        Some(Self {
            ms: chance.random_range(MS_MIN..=MS_MAX),
        })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        doer.wire.refuse(self.ms);
        doer.wire.cut();
        Ok(After::Stay)
    }
}
