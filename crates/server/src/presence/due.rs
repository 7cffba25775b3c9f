//! One next time for each of many things.

use std::collections::{BTreeMap, BTreeSet};

/// When each key is due next, in milliseconds.
#[derive(Debug)]
pub(super) struct Due<K> {
    times: BTreeSet<(u64, K)>,
    of: BTreeMap<K, u64>,
}

impl<K> Default for Due<K> {
    fn default() -> Self {
        Self {
            times: BTreeSet::new(),
            of: BTreeMap::new(),
        }
    }
}

impl<K: Copy + Ord> Due<K> {
    /// Due then, and at no other time.
    pub(super) fn set(&mut self, key: K, at_ms: u64) {
        self.clear(&key);
        self.of.insert(key, at_ms);
        self.times.insert((at_ms, key));
    }

    /// Due then, or when it was due before, whichever is sooner.
    pub(super) fn bring_forward(&mut self, key: K, at_ms: u64) {
        if self.of.get(&key).is_none_or(|known| at_ms < *known) {
            self.set(key, at_ms);
        }
    }

    /// Never due.
    pub(super) fn clear(&mut self, key: &K) {
        if let Some(at_ms) = self.of.remove(key) {
            self.times.remove(&(at_ms, *key));
        }
    }

    /// Takes the one that is due the longest, if any is due now.
    pub(super) fn pop(&mut self, now_ms: u64) -> Option<K> {
        let (at_ms, key) = *self.times.first()?;
        (at_ms <= now_ms).then(|| {
            self.clear(&key);
            key
        })
    }

    #[cfg(test)]
    pub(super) fn check(&self) -> BTreeSet<K> {
        assert_eq!(self.times.len(), self.of.len(), "one time for each");
        assert!(self.of.iter().all(|(key, at_ms)| self.times.contains(&(*at_ms, *key))));
        self.of.keys().copied().collect()
    }
}
