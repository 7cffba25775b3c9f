//! `appoint`: somebody gives another member another role: the keeper of a group as a rule, sometimes one who may not.

use super::{Act, After, Doer, PersonNumber, Room, Scene};
use client::No;
use protocol::server_frame::Role;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// Gives somebody a role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Appoint {
    /// In which group.
    pub room: Room,
    /// Whom.
    pub person: PersonNumber,
    /// Which.
    pub role: Role,
}

impl Act for Appoint {
    const WEIGHT: u32 = 6;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let room = scene.group_to_rule(chance)?;
        // Whoever keeps a group stays its owner: what they read is the whole log.
        let keeper = scene.rooms[room as usize].keeper;
        let others = scene.members[room as usize].iter().copied();
        let person = others.filter(|person| *person != keeper).choose(chance)?;
        let role = match chance.random_range(0..7) {
            0..=2 => Role::Admin,
            3 => Role::Owner,
            _ => Role::Member,
        };
        Some(Self { room, person, role })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let conv = doer.room(self.room);
        let asked_us = doer.recorder.now_us();
        let person = doer.person(self.person);
        let send_id = doer.client.change_role(conv, person, self.role).await?;
        doer.invoked(asked_us, "role", conv, send_id, None);
        Ok(After::Stay)
    }
}
