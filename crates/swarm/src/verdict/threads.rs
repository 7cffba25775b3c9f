//! I15, of threads: what somebody is told of a thread that they follow equals a count of the log.

use super::Rule;
use super::case::Case;
use super::found::{Found, Spot};
use crate::history::What;
use protocol::{Kind, Seq};
use std::collections::BTreeSet;

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    for (at, record) in case.history.iter().enumerate() {
        let (Some(device), What::Snapshot { held, fresh }) = (record.device, &record.what) else {
            continue;
        };
        let Some(user) = case.devices.get(&device).map(|who| who.user) else {
            continue;
        };
        let mut counted = BTreeSet::new();
        for row in fresh.iter().chain(held) {
            let Some(log) = case.log(row.conv, case.seats[at].lineage) else {
                continue;
            };
            for thread in &row.threads {
                // A row that both have is counted once.
                let said = (thread.root, thread.head, thread.read, thread.unread);
                if !counted.insert((row.conv, said)) {
                    continue;
                }
                let theirs = log.readable_between(user, thread.root.next(), row.head_seq);
                let replies: Vec<_> = theirs.filter(|entry| entry.thread == Some(thread.root)).collect();
                let head = replies.last().map_or(Seq::ZERO, |entry| entry.seq);
                let unread = replies
                    .iter()
                    .filter(|entry| entry.seq > thread.read && Kind::of(&entry.kind).counts())
                    .count() as u64;
                if (thread.head, thread.unread) == (head, unread) {
                    continue;
                }
                let spot = Spot::at(at).and([log.at]).place(row.conv, thread.root);
                found.wrong(Rule::I15, spot, || {
                    let (name, conv, root) = (case.name(device), row.conv, thread.root);
                    let (told, last) = (thread.unread, thread.head);
                    format!(
                        "miscounted: {name} is told {told} unread up to {last} in the thread of {root} of {conv}, and \
                         there are {unread} up to {head}"
                    )
                });
            }
        }
    }
}
