//! `settings`: somebody changes what a group is: its keeper as a rule, sometimes one who may not.

use super::{Act, After, Doer, Room, Scene};
use client::No;
use protocol::group::{History, SettingsChange};
use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

/// Changes a group's settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Which group's.
    pub room: Room,
    /// What.
    pub change: SettingsChange,
}

impl Act for Settings {
    const WEIGHT: u32 = 14;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.group_to_rule(chance)?;
        let mut change = SettingsChange::default();
        // Who announces stops soon: a group in which nobody may write shows little.
        if scene.announcing.remove(&room) {
            (change.announce, change.slow_mode_s) = (Some(false), Some(0));
            return Some(Self { room, change });
        }
        let number = chance.random_range(0..1000);
        match chance.random_range(0..13) {
            0 => change.title = Some(format!("room {number}")),
            1 => change.description = Some(format!("about {number}")),
            2 => change.description = Some(String::new()),
            3 => {
                change.announce = Some(true);
                scene.announcing.insert(room);
            }
            4 => {
                change.slow_mode_s = Some(1);
                scene.announcing.insert(room);
            }
            5..=7 => change.history = Some(History::All),
            8 => change.history = Some(History::Joined),
            9 | 10 => change.approve = Some(true),
            11 => change.approve = Some(false),
            _ => {
                change.title = Some(format!("room {number}"));
                change.approve = Some(chance.random());
            }
        }
        Some(Self { room, change })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let asked_us = doer.recorder.now_us();
        let send_id = doer.client.change_settings(conv, self.change.clone()).await?;
        doer.invoked(asked_us, "settings", conv, send_id, None);
        Ok(After::Stay)
    }
}
