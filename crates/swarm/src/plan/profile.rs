//! `profile`: somebody says something else about themselves.

use super::{Act, After, Doer, Scene};
use client::No;
use protocol::people::SetProfile;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long the answer is waited for. It may be done later all the same: the client goes on asking.
const PATIENCE: Duration = Duration::from_secs(5);

/// Changes what one says about oneself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Which of the device's turns it is.
    pub turn: u32,
}

impl Act for Profile {
    const WEIGHT: u32 = 1;

    fn draw(scene: &mut Scene, _: &mut StdRng) -> Option<Self> {
        let turn = scene.turn();
        Some(Self { turn })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let set = SetProfile {
            about: Some(format!("{}/{}", doer.device, self.turn)),
            ..SetProfile::default()
        };
        match tokio::time::timeout(PATIENCE, doer.client.set_profile(set)).await {
            Ok(Err(no)) => Err(no),
            Ok(Ok(_)) | Err(_) => Ok(After::Stay),
        }
    }
}
