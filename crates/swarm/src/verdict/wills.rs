//! What people want of the server, by time: when each thing was asked for, and since when it is surely so.

use super::case::Case;
use crate::history::{Device, What};
use protocol::UserId;
use std::collections::BTreeMap;

/// What a record says of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It is asked for.
    Asked,
    /// It is acknowledged.
    Done,
}

/// Somebody asked for something, or for its end.
#[derive(Debug)]
struct Asked {
    /// When.
    from_us: u64,
    /// The record that says that it is done, and its time.
    acked: Option<(usize, u64)>,
    on: bool,
}

/// What was asked for, each thing by its key, in order of time.
#[derive(Debug)]
pub struct Wills<K>(BTreeMap<K, Vec<Asked>>);

impl<K: Copy + Ord> Wills<K> {
    /// All of one sort: `read` says what a person's record says of it.
    pub fn of(case: &Case<'_>, read: impl Fn(UserId, &What) -> Option<(K, bool, Said)>) -> Self {
        let mut wills: BTreeMap<K, Vec<Asked>> = BTreeMap::new();
        let mut open: BTreeMap<(Device, K), usize> = BTreeMap::new();
        for (at, record) in case.history.iter().enumerate() {
            let Some(device) = record.device else { continue };
            let Some(who) = case.devices.get(&device) else { continue };
            let Some((key, on, said)) = read(who.user, &record.what) else {
                continue;
            };
            let asked = wills.entry(key).or_default();
            match said {
                Said::Asked => {
                    open.insert((device, key), asked.len());
                    asked.push(Asked {
                        from_us: record.at_us,
                        acked: None,
                        on,
                    });
                }
                Said::Done => {
                    let last = open.get(&(device, key)).and_then(|index| asked.get_mut(*index));
                    if let Some(last) = last.filter(|last| last.on == on) {
                        last.acked = Some((at, record.at_us));
                    }
                }
            }
        }
        Self(wills)
    }

    /// Everything that was ever asked for.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.keys()
    }

    /// Since when something is surely so, at that time: the record that says so, and its time.
    pub fn since(&self, case: &Case<'_>, key: &K, at_us: u64) -> Option<(usize, u64)> {
        let asked = self.0.get(key)?;
        let mut sure = None;
        for one in asked.iter().filter(|asked| asked.on) {
            let Some((at, acked_us)) = one.acked.filter(|(_, acked_us)| *acked_us <= at_us) else {
                continue;
            };
            let undone = asked.iter().any(|other| {
                let ended_us = other.acked.map_or(u64::MAX, |(_, acked_us)| acked_us);
                !other.on && other.from_us <= at_us && ended_us >= one.from_us
            });
            // A restored backup may not know of it.
            let mut began = case.lineages.iter().map(|(_, began_us)| began_us);
            let restored = one.from_us > 0 && began.any(|began_us| (one.from_us..=at_us).contains(began_us));
            if !undone && !restored {
                sure = sure.or(Some((at, acked_us)));
            }
        }
        sure
    }
}
