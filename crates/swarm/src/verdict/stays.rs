//! When somebody was in a conversation, by the clock of the run: for what has no seq (typing, presence, cursors).
//!
//! A change of members happens some time between its being asked for and its answer, and what was on its way then
//! arrives a little later. Only what is told clearly outside is wrong.

use super::case::Case;
use crate::history::Logged;
use protocol::{ConversationId, SendId, UserId};
use std::collections::BTreeMap;

/// For how long after a removal was acknowledged something of the conversation may still arrive, in microseconds. A
/// node believes a conversation's members for 2 s.
const GRACE_US: u64 = 3_000_000;

/// From when to when, both included.
type Interval = (u64, u64);

/// Who was where when, found out as it is asked for.
pub struct Stays<'c, 'a> {
    case: &'c Case<'a>,
    /// When each change of members was first told to anybody, by lineage.
    told_us: BTreeMap<(ConversationId, SendId, u32), u64>,
    shared: BTreeMap<(u32, UserId, UserId), Vec<Interval>>,
    convs_of: BTreeMap<(u32, UserId), Vec<ConversationId>>,
}

impl<'c, 'a> Stays<'c, 'a> {
    /// Of this case.
    pub fn new(case: &'c Case<'a>) -> Self {
        let mut told_us: BTreeMap<(ConversationId, SendId, u32), u64> = BTreeMap::new();
        let mut convs_of: BTreeMap<(u32, UserId), Vec<ConversationId>> = BTreeMap::new();
        for (conv, logs) in &case.logs {
            for (lineage, log) in logs {
                for entry in log.dump.iter().filter(|entry| !entry.goes.is_empty()) {
                    told_us.insert((*conv, entry.send_id, *lineage), u64::MAX);
                }
                for user in log.people() {
                    convs_of.entry((*lineage, user)).or_default().push(*conv);
                }
            }
        }
        for told in case.told() {
            for seen in told.entries {
                if let Some(first_us) = told_us.get_mut(&(told.conv, seen.send_id, told.lineage)) {
                    *first_us = case.at_us(told.at).min(*first_us);
                }
            }
        }
        Self {
            case,
            told_us,
            shared: BTreeMap::new(),
            convs_of,
        }
    }

    /// Whether somebody may have been in a conversation at that time. True where nobody can say.
    pub fn may_be_in(&self, user: UserId, conv: ConversationId, lineage: u32, at_us: u64) -> bool {
        if self.case.log(conv, lineage).is_none() {
            return true;
        }
        let intervals = self.intervals(user, conv, lineage);
        intervals
            .iter()
            .any(|(from_us, to_us)| *from_us <= at_us && at_us <= *to_us)
    }

    /// Whether two people may have shared a conversation at that time. True where nobody can say.
    pub fn may_share(&mut self, one: UserId, other: UserId, lineage: u32, at_us: u64) -> bool {
        let all_known = self.case.logs.values().all(|logs| logs.contains_key(&lineage));
        if !all_known || self.case.logs.is_empty() {
            return true;
        }
        let key = (lineage, one.min(other), one.max(other));
        if !self.shared.contains_key(&key) {
            let shared = self.find_shared(one, other, lineage);
            self.shared.insert(key, shared);
        }
        self.shared[&key]
            .iter()
            .any(|(from_us, to_us)| *from_us <= at_us && at_us <= *to_us)
    }

    fn find_shared(&self, one: UserId, other: UserId, lineage: u32) -> Vec<Interval> {
        let mut shared = Vec::new();
        for conv in self.convs_of.get(&(lineage, one)).into_iter().flatten() {
            let others = self.intervals(other, *conv, lineage);
            for (from_us, to_us) in self.intervals(one, *conv, lineage) {
                let both = others.iter().map(|(from, to)| (from_us.max(*from), to_us.min(*to)));
                shared.extend(both.filter(|(from, to)| from <= to));
            }
        }
        shared
    }

    fn intervals(&self, user: UserId, conv: ConversationId, lineage: u32) -> Vec<Interval> {
        let Some(log) = self.case.log(conv, lineage) else {
            return Vec::new();
        };
        let interval = |stay: &super::log::Stay| {
            let asked = log
                .entry(stay.came)
                .and_then(|entry| self.case.invokes.get(&entry.send_id));
            let from_us = asked.map_or(0, |asked| asked.at_us);
            let end = stay.to.and_then(|to| log.entry(to));
            (
                from_us,
                end.map_or(u64::MAX, |entry| {
                    self.known_us(entry, conv, lineage).saturating_add(GRACE_US)
                }),
            )
        };
        log.stays(user).iter().map(interval).collect()
    }

    /// When an entry was in the log for certain: somebody had been told so, in this lineage or in one before it.
    fn known_us(&self, entry: &Logged, conv: ConversationId, lineage: u32) -> u64 {
        let known_in = |lineage: u32| {
            let acked = self.case.acked(entry.send_id, lineage).map(|(answer, _)| answer.at_us);
            let told = self.told_us.get(&(conv, entry.send_id, lineage)).copied();
            acked
                .into_iter()
                .chain(told)
                .min()
                .filter(|known_us| *known_us < u64::MAX)
        };
        (0..=lineage).rev().find_map(known_in).unwrap_or(u64::MAX)
    }
}
