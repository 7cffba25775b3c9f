//! What this node knows of the manners of people who are connected to it: who tells nobody how far they have read, and
//! between whom there is a block. Asked where something passes that must not be told, for every cursor and every tick,
//! and so held in memory.
//!
//! It is read from the store when a session comes, when a hint says that it changed, and at every beat: a lost hint
//! costs a beat. What must not be late at all (a send, presence, typing, the cursors of a 1:1) asks the store itself.

use protocol::UserId;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use store::Manners;

/// The manners of people who are connected here and have any that are not everybody's.
#[derive(Debug, Default)]
pub struct KnownManners(Mutex<BTreeMap<UserId, Manners>>);

impl KnownManners {
    /// These are somebody's manners.
    pub fn note(&self, user: UserId, manners: Manners) {
        let mut known = self.known();
        if manners == Manners::default() {
            known.remove(&user);
        } else {
            known.insert(user, manners);
        }
    }

    /// Somebody has left.
    pub fn forget(&self, user: UserId) {
        self.known().remove(&user);
    }

    /// Whether somebody tells nobody how far they have read, and is told of nobody.
    #[must_use]
    pub fn is_private(&self, user: UserId) -> bool {
        self.known().get(&user).is_some_and(|manners| manners.private)
    }

    /// Somebody's manners, unless they are everybody's.
    #[must_use]
    pub fn of(&self, user: UserId) -> Option<Manners> {
        self.known().get(&user).cloned()
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<UserId, Manners>> {
        self.0.lock().expect("nothing panics under this lock")
    }
}
