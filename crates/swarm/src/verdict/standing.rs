//! How a group stands after some of its log: what it is, and who is what in it.

use crate::history::{Digest, Logged, settings_digest};
use protocol::UserId;
use protocol::group::GroupSettings;
use protocol::rights::{Action, Mode, may};
use protocol::server_frame::Role;
use std::collections::BTreeMap;

/// How a group stands. A 1:1 has no title, and both are members.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    pub title: Option<String>,
    pub settings: GroupSettings,
    pub roles: BTreeMap<UserId, Role>,
}

impl Standing {
    /// One entry more.
    pub fn apply(&mut self, entry: &Logged) {
        for user in &entry.goes {
            self.roles.remove(user);
        }
        self.roles.extend(entry.ruled.roles.iter().copied());
        if let Some(change) = &entry.ruled.settings {
            change.apply(&mut self.title, &mut self.settings);
        }
    }

    pub fn is_group(&self) -> bool {
        self.title.is_some()
    }

    /// Whether somebody in it may do this now.
    pub fn lets(&self, user: UserId, action: Action) -> bool {
        let mode = Mode {
            announce: self.settings.announce,
            approve: self.settings.approve,
        };
        self.roles.get(&user).is_some_and(|role| may(*role, action, mode))
    }

    /// What the title and the settings are compared by.
    pub fn digest(&self) -> Digest {
        settings_digest(self.title.as_deref(), &self.settings)
    }
}
