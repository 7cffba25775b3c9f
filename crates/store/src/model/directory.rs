//! Who has which handle, and which invites can still be used.

use crate::record::{ClaimHandle, Invite, SecretHash};
use crate::{Refused, Result};
use protocol::UserId;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The directory family.
#[derive(Default)]
pub(super) struct Directory {
    handles: BTreeMap<String, UserId>,
    invites: BTreeMap<SecretHash, Invite>,
}

impl Directory {
    pub(super) fn claim(&mut self, claim: ClaimHandle, now_ms: u64) -> Result<()> {
        match self.handles.get(&claim.handle) {
            Some(&owner) if owner == claim.user => return Ok(()),
            Some(_) => return Err(Refused::HandleTaken.into()),
            None => {}
        }
        if let Some(hash) = claim.invite {
            let invite = self.invites.get_mut(&hash).ok_or(Refused::InviteInvalid)?;
            if !usable(invite, now_ms) {
                return Err(Refused::InviteInvalid.into());
            }
            invite.uses_left -= 1;
        }
        self.handles.insert(claim.handle, claim.user);
        Ok(())
    }

    pub(super) fn find(&self, handles: Vec<String>) -> Vec<(String, UserId)> {
        let found = |handle: String| self.handles.get(&handle).map(|&user| (handle, user));
        handles.into_iter().filter_map(found).collect()
    }

    pub(super) fn list(&self, after: Option<&str>, limit: usize) -> Vec<(String, UserId)> {
        let above = |(handle, _): &(&String, &UserId)| after.is_none_or(|after| handle.as_str() > after);
        let pairs = self.handles.iter().filter(above).take(limit);
        pairs.map(|(handle, user)| (handle.clone(), *user)).collect()
    }

    pub(super) fn add_invite(&mut self, invite: Invite) {
        self.invites.entry(invite.hash).or_insert(invite);
    }

    pub(super) fn invites(&self, limit: usize, now_ms: u64) -> Vec<Invite> {
        let mut invites: Vec<Invite> = self
            .invites
            .values()
            .filter(|invite| usable(invite, now_ms))
            .cloned()
            .collect();
        invites.sort_by_key(|invite| (Reverse(invite.created_ms), invite.hash));
        invites.truncate(limit);
        invites
    }

    pub(super) fn revoke_invite(&mut self, hash: &SecretHash) -> bool {
        self.invites.remove(hash).is_some()
    }
}

fn usable(invite: &Invite, now_ms: u64) -> bool {
    invite.uses_left > 0 && now_ms <= invite.expires_ms
}
