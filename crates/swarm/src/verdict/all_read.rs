//! I15 once more: who has read everything has nothing unread of what was said before they asked. Where they marked
//! something as unread nobody can say which came last, and a restored backup may not know of it. Everything is what
//! their inbox has: only conversations count that they were in from the first entry.

use super::Rule;
use super::case::Case;
use super::found::{Found, Spot};
use super::log::Log;
use crate::history::{Device, What};
use protocol::{ConversationId, Seq, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// A device's person has read everything.
struct AllRead {
    /// When they asked for it, and the record that says that it is done.
    asked_us: u64,
    at: usize,
}

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    let mut asked_us: BTreeMap<Device, u64> = BTreeMap::new();
    let mut all_read: BTreeMap<UserId, AllRead> = BTreeMap::new();
    let marked = marked(case);
    for (at, record) in case.history.iter().enumerate() {
        let Some(device) = record.device else { continue };
        let Some(who) = case.devices.get(&device) else { continue };
        match &record.what {
            What::ReadsAll => drop(asked_us.insert(device, record.at_us)),
            What::HasReadAll => {
                let asked_us = asked_us.get(&device).copied();
                all_read.extend(asked_us.map(|asked_us| (who.user, AllRead { asked_us, at })));
            }
            What::Snapshot { fresh, .. } => {
                let Some(all_read) = all_read.get(&who.user) else {
                    continue;
                };
                let restored = case
                    .lineages
                    .iter()
                    .any(|(number, began_us)| *number > 0 && *began_us >= all_read.asked_us);
                for row in fresh
                    .iter()
                    .filter(|row| !restored && !marked.contains(&(who.user, row.conv)))
                {
                    let log = case.log(row.conv, case.seats[at].lineage);
                    // One that they had come into just before may not have been in their inbox yet.
                    let knew = |log: &&Log<'_>| log.stays(who.user).first().is_some_and(|stay| stay.came == Seq(1));
                    let above = log.filter(knew).and_then(|log| {
                        let said = |seq: Seq| {
                            log.entry(seq)
                                .and_then(|entry| case.acked(entry.send_id, case.seats[at].lineage))
                        };
                        let before = |seq: Seq| said(seq).is_some_and(|(answer, _)| answer.at_us < all_read.asked_us);
                        let mut unread = log.readable_between(who.user, row.read_seq.next(), row.head_seq);
                        unread.find(|entry| before(entry.seq)).map(|entry| entry.seq)
                    });
                    if let Some(seq) = above {
                        let spot = Spot::at(at).and([all_read.at]).place(row.conv, seq);
                        found.wrong(Rule::I15, spot, || {
                            let (name, conv, read) = (case.name(device), row.conv, row.read_seq);
                            format!("not read: {name} has read everything, and {conv} is read up to {read}, not {seq}")
                        });
                    }
                }
            }
            _ => {}
        }
    }
}

/// Where people marked something as unread.
fn marked(case: &Case<'_>) -> BTreeSet<(UserId, ConversationId)> {
    let marked = case.history.iter().filter_map(|record| match &record.what {
        What::MarkUnread { conv, .. } => Some((case.devices.get(&record.device?)?.user, *conv)),
        _ => None,
    });
    marked.collect()
}
