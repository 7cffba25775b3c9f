//! `reconnect`: the connection is cut, and the next comes as soon as the client wants it.

use super::{Act, After, Doer, Scene};
use client::No;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

/// Loses the connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reconnect {}

impl Act for Reconnect {
    const WEIGHT: u32 = 5;

    fn draw(_: &mut Scene, _: &mut StdRng) -> Option<Self> {
        Some(Self {})
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        doer.wire.cut();
        Ok(After::Stay)
    }
}
