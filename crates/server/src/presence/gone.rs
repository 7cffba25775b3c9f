//! When people who are not there were last there. A cache: the store has what is forgotten here.

use protocol::UserId;
use std::collections::{BTreeMap, BTreeSet};

/// People remembered; the one who is gone longest is forgotten first.
pub(super) const GONE_PEOPLE_MAX: usize = 65_536;

/// Last-seen times, in milliseconds since 1970 UTC.
#[derive(Debug, Default)]
pub(super) struct Gone {
    last: BTreeMap<UserId, u64>,
    by_time: BTreeSet<(u64, UserId)>,
}

impl Gone {
    /// They were there then. Never moves back.
    pub(super) fn note(&mut self, user: UserId, last_seen_ms: u64) {
        let known = self.last.get(&user).copied();
        if known.is_some_and(|known| known >= last_seen_ms) {
            return;
        }
        if let Some(known) = known {
            self.by_time.remove(&(known, user));
        }
        self.last.insert(user, last_seen_ms);
        self.by_time.insert((last_seen_ms, user));
        if self.last.len() > GONE_PEOPLE_MAX
            && let Some((_, forgotten)) = self.by_time.pop_first()
        {
            self.last.remove(&forgotten);
        }
    }

    pub(super) fn last_seen_ms(&self, user: UserId) -> Option<u64> {
        self.last.get(&user).copied()
    }

    #[cfg(test)]
    pub(super) fn check(&self) {
        assert!(self.last.len() <= GONE_PEOPLE_MAX);
        assert_eq!(self.last.len(), self.by_time.len(), "one time for each");
        assert!(
            self.last
                .iter()
                .all(|(user, at_ms)| self.by_time.contains(&(*at_ms, *user)))
        );
    }
}
