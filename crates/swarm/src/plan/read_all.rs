//! `read_all`: somebody has read everything there is, wherever they are.

use super::{Act, After, Doer, Scene, patiently};
use crate::history::What;
use client::No;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

/// Reads everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadAll {}

impl Act for ReadAll {
    const WEIGHT: u32 = 1;

    fn draw(_: &mut Scene, _: &mut StdRng) -> Option<Self> {
        Some(Self {})
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        doer.recorder.note(Some(doer.device), What::ReadsAll);
        if patiently(doer.client.read_all()).await?.is_some() {
            doer.recorder.note(Some(doer.device), What::HasReadAll);
        }
        Ok(After::Stay)
    }
}
