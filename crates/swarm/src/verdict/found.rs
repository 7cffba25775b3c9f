//! What the rules find: each with the smallest part of the history that shows it.

use super::case::Case;
use super::{Rule, Violation};
use crate::history::{Logged, Record, Seen, What};
use protocol::{ConversationId, SendId, Seq};
use std::collections::{BTreeMap, BTreeSet};

/// Violations of one rule that are told in words; more are only counted.
pub const TOLD_PER_RULE_MAX: usize = 50;
/// Records in a slice.
pub const SLICE_RECORDS_MAX: usize = 60;
/// Records of the conversation before what is shown, and as many after it.
const NEAR_RECORDS_MAX: usize = 20;
/// How far they are looked for, in records of the conversation.
const LOOK_RECORDS_MAX: usize = 400;
/// Entries of a long list that are kept, so many seqs before and after the one that is spoken of.
const NEAR_SEQS: u64 = 3;

/// Where a violation is to be seen.
#[derive(Clone, Debug, Default)]
pub struct Spot {
    /// The records that show it, the one where it came out first.
    pub at: Vec<usize>,
    pub conv: Option<ConversationId>,
    pub seq: Option<Seq>,
    pub send_ids: Vec<SendId>,
}

impl Spot {
    /// At this record.
    pub fn at(at: usize) -> Self {
        Self {
            at: vec![at],
            ..Self::default()
        }
    }

    /// Also at this one.
    pub fn and(mut self, at: impl IntoIterator<Item = usize>) -> Self {
        self.at.extend(at);
        self
    }

    /// In this conversation.
    pub fn conv(mut self, conv: ConversationId) -> Self {
        self.conv = Some(conv);
        self
    }

    /// At this place of the conversation.
    pub fn place(self, conv: ConversationId, seq: Seq) -> Self {
        Self {
            seq: Some(seq),
            ..self.conv(conv)
        }
    }

    /// About this change.
    pub fn of(mut self, send_id: SendId) -> Self {
        self.send_ids.push(send_id);
        self
    }
}

/// What was found so far.
#[derive(Debug)]
pub struct Found<'c, 'a> {
    case: &'c Case<'a>,
    /// In words.
    pub violations: Vec<Violation>,
    /// All of them.
    pub counts: BTreeMap<Rule, u64>,
}

impl<'c, 'a> Found<'c, 'a> {
    /// Nothing yet.
    pub fn new(case: &'c Case<'a>) -> Self {
        Self {
            case,
            violations: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Something is wrong.
    pub fn wrong(&mut self, rule: Rule, spot: Spot, says: impl FnOnce() -> String) {
        let count = self.counts.entry(rule).or_default();
        *count += 1;
        if *count > TOLD_PER_RULE_MAX as u64 {
            return;
        }
        let at_us = spot.at.first().map_or(0, |at| self.case.at_us(*at));
        let says = format!("{} (at {})", says(), seconds(at_us));
        self.violations.push(Violation {
            rule,
            says,
            conv: spot.conv,
            at_us,
            slice: slice(self.case, &spot, at_us),
        });
    }
}

/// A time, for people.
pub fn seconds(at_us: u64) -> String {
    format!("{}.{:03} s", at_us / 1_000_000, at_us % 1_000_000 / 1_000)
}

fn slice(case: &Case<'_>, spot: &Spot, at_us: u64) -> Vec<Record> {
    let mut records: BTreeSet<usize> = spot.at.iter().copied().take(SLICE_RECORDS_MAX).collect();
    for send_id in &spot.send_ids {
        records.extend(case.invokes.get(send_id).map(|asked| asked.at));
        records.extend(
            case.answers
                .get(send_id)
                .into_iter()
                .flatten()
                .map(|answer| answer.at)
                .take(4),
        );
        records.extend(case.unknown.get(send_id).into_iter().flatten().take(4));
    }
    for fault in case.faults.at(at_us).take(4) {
        records.insert(fault.at);
        records.extend(fault.end_at);
    }
    for at in near(case, spot) {
        if records.len() < SLICE_RECORDS_MAX {
            records.insert(at);
        }
    }
    let known = records.into_iter().filter_map(|at| case.history.get(at));
    known
        .take(SLICE_RECORDS_MAX)
        .map(|record| trimmed(record, spot))
        .collect()
}

/// Records of the conversation that have to do with it, the nearest first.
fn near(case: &Case<'_>, spot: &Spot) -> Vec<usize> {
    let (Some(conv), Some(center)) = (spot.conv, spot.at.first()) else {
        return Vec::new();
    };
    let all = case.of_conv.get(&conv).map_or(&[][..], Vec::as_slice);
    let middle = all.partition_point(|at| at < center);
    let tellers: BTreeSet<_> = spot.at.iter().filter_map(|at| case.history[*at].device).collect();
    let touches = |at: &&usize| {
        let record = case.history[**at];
        let is_log = matches!(record.what, What::Log { .. } | What::Final { .. } | What::Holds { .. });
        !is_log && (record.device.is_some_and(|device| tellers.contains(&device)) || speaks_of(&record.what, spot))
    };
    let before = all[..middle].iter().rev().take(LOOK_RECORDS_MAX).filter(touches);
    let after = all[middle..].iter().take(LOOK_RECORDS_MAX).filter(touches);
    let (before, after) = (before.take(NEAR_RECORDS_MAX), after.take(NEAR_RECORDS_MAX));
    before.chain(after).copied().collect()
}

fn speaks_of(what: &What, spot: &Spot) -> bool {
    let is_near = |seq: Seq| spot.seq.is_some_and(|spoken| spoken.0.abs_diff(seq.0) <= 1);
    match what {
        What::Shown { entries, .. } | What::Pulled { entries, .. } => entries.iter().any(|seen| is_near(seen.seq)),
        What::Heard { entry, .. } => is_near(entry.seq),
        What::Ok { seq, .. } => is_near(*seq),
        What::Skipped { from, to, .. } => spot.seq.is_some_and(|seq| *from <= seq.next() && seq <= to.next()),
        _ => false,
    }
}

/// A record without what is far from the violation: a log may be long.
fn trimmed(record: &Record, spot: &Spot) -> Record {
    let near = |seq: Seq, send_id: SendId| {
        let close = spot.seq.is_some_and(|spoken| spoken.0.abs_diff(seq.0) <= NEAR_SEQS);
        close || spot.send_ids.contains(&send_id)
    };
    let seen = |entries: &mut Vec<Seen>| entries.retain(|seen| near(seen.seq, seen.send_id));
    let mut record = match &record.what {
        // Not copied first and cut after: there may be a million entries in it.
        What::Log { lineage, conv, entries } => {
            let kept: Vec<Logged> = entries.iter().filter(|e| near(e.seq, e.send_id)).cloned().collect();
            let what = What::Log {
                lineage: *lineage,
                conv: *conv,
                entries: kept,
            };
            Record { what, ..*record }
        }
        _ => record.clone(),
    };
    if spot.seq.is_some() || !spot.send_ids.is_empty() {
        match &mut record.what {
            What::Shown { entries, .. }
            | What::Pulled { entries, .. }
            | What::Final { entries, .. }
            | What::Holds { entries, .. } => seen(entries),
            _ => {}
        }
    }
    record
}
