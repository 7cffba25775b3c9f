//! Who has which handle, and which invites can still be used.

use crate::record::{ClaimHandle, Invite, SecretHash};
use crate::{Refused, Result};
use protocol::UserId;
use protocol::limits::{HANDLE_KEPT_MS, HANDLES_MAX};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The directory family.
#[derive(Default)]
pub(super) struct Directory {
    /// Whose each is; with the time until which it is kept for them, once given up.
    handles: BTreeMap<String, (UserId, Option<u64>)>,
    invites: BTreeMap<SecretHash, Invite>,
}

/// Whether a handle is still its person's.
fn is_kept(until: Option<u64>, now_ms: u64) -> bool {
    until.is_none_or(|until| until >= now_ms)
}

impl Directory {
    pub(super) fn claim(&mut self, claim: ClaimHandle, now_ms: u64) -> Result<()> {
        match self.holder(&claim.handle, now_ms) {
            Some(owner) if owner == claim.user => {
                self.handles.insert(claim.handle, (owner, None));
                return Ok(());
            }
            Some(_) => return Err(Refused::HandleTaken.into()),
            None => {}
        }
        let theirs = |&(user, until): &(UserId, Option<u64>)| user == claim.user && is_kept(until, now_ms);
        if self.handles.values().filter(|one| theirs(one)).count() >= HANDLES_MAX {
            return Err(Refused::TooManyHandles.into());
        }
        if let Some(hash) = claim.invite {
            let invite = self.invites.get_mut(&hash).ok_or(Refused::InviteInvalid)?;
            if !usable(invite, now_ms) {
                return Err(Refused::InviteInvalid.into());
            }
            invite.uses_left -= 1;
        }
        self.handles.insert(claim.handle, (claim.user, None));
        Ok(())
    }

    /// Who has a handle now, or may take it back.
    fn holder(&self, handle: &str, now_ms: u64) -> Option<UserId> {
        let &(user, until) = self.handles.get(handle)?;
        is_kept(until, now_ms).then_some(user)
    }

    pub(super) fn release(&mut self, user: UserId, but: &str, now_ms: u64) {
        for (handle, (owner, until)) in &mut self.handles {
            if *owner == user && handle != but && until.is_none() {
                *until = Some(now_ms + HANDLE_KEPT_MS);
            }
        }
    }

    pub(super) fn find(&self, handles: Vec<String>, now_ms: u64) -> Vec<(String, UserId)> {
        let found = |handle: String| self.holder(&handle, now_ms).map(|user| (handle, user));
        handles.into_iter().filter_map(found).collect()
    }

    pub(super) fn list(&self, after: Option<&str>, limit: usize) -> Vec<(String, UserId)> {
        let pairs = self.handles.iter().filter(|(_, (_, until))| until.is_none());
        let above = pairs.filter(|(handle, _)| after.is_none_or(|after| handle.as_str() > after));
        above
            .take(limit)
            .map(|(handle, (user, _))| (handle.clone(), *user))
            .collect()
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
