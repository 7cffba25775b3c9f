//! `privacy`: somebody decides who may know what of them, and who may reach them.

use super::{Act, After, Doer, Scene, patiently};
use crate::history::{Hidden, What};
use client::No;
use protocol::people::{Audience, SetPrivacy};
use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

/// Changes one's privacy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Privacy {
    /// What of it.
    pub set: SetPrivacy,
}

impl Act for Privacy {
    const WEIGHT: u32 = 3;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let mut set = SetPrivacy::default();
        // Who reaches nobody shows little, so most of the time they only hide.
        match chance.random_range(0..10) {
            0 => set.who_writes = Some(audience(chance)),
            1 => {
                set.who_adds = Some(if chance.random() {
                    Audience::Everyone
                } else {
                    audience(chance)
                })
            }
            number => {
                let what = if number < 6 { Hidden::Presence } else { Hidden::Receipts };
                let key = (scene.person(), what);
                // What is hidden stays so for a while.
                let on = scene.hidden.contains(&key) != chance.random_ratio(2, 3);
                if on {
                    scene.hidden.insert(key);
                } else {
                    scene.hidden.remove(&key);
                }
                let audience = Some(if on { Audience::Nobody } else { Audience::Acquainted });
                match what {
                    Hidden::Presence => set.last_seen = audience,
                    Hidden::Receipts => set.receipts = audience,
                }
            }
        }
        Some(Self { set })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let hides = [
            (Hidden::Presence, self.set.last_seen),
            (Hidden::Receipts, self.set.receipts),
        ];
        let hides = hides.map(|(what, audience)| Some((what, audience? == Audience::Nobody)));
        for (what, on) in hides.into_iter().flatten() {
            doer.recorder.note(Some(doer.device), What::Hiding { what, on });
        }
        if patiently(doer.client.set_privacy(self.set)).await?.is_some() {
            for (what, on) in hides.into_iter().flatten() {
                doer.recorder.note(Some(doer.device), What::Hides { what, on });
            }
        }
        Ok(After::Stay)
    }
}

fn audience(chance: &mut StdRng) -> Audience {
    match chance.random_range(0..3) {
        0 => Audience::Everyone,
        1 => Audience::Acquainted,
        _ => Audience::Nobody,
    }
}
