//! I2, no duplicate: one change, one seq; and one body, one seq, under whatever name.

use super::Rule;
use super::case::Case;
use super::found::{Found, Spot};
use super::log::Log;
use crate::history::Digest;
use protocol::{ConversationId, SendId, Seq};
use std::collections::{BTreeMap, BTreeSet};

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    // What the server writes by itself (who came, who went) may well say the same twice.
    let written: BTreeSet<Digest> = case.invokes.values().filter_map(|asked| asked.digest).collect();
    for (conv, logs) in &case.logs {
        for log in logs.values() {
            in_log(*conv, log, &written, found);
        }
    }
    answered_twice(case, found);
}

fn in_log(conv: ConversationId, log: &Log<'_>, written: &BTreeSet<Digest>, found: &mut Found<'_, '_>) {
    let mut names: BTreeMap<SendId, Seq> = BTreeMap::new();
    let mut bodies: BTreeMap<Digest, (Seq, SendId)> = BTreeMap::new();
    for entry in log.dump {
        let spot = || Spot::at(log.at).place(conv, entry.seq).of(entry.send_id);
        if let Some(first) = names.insert(entry.send_id, entry.seq) {
            found.wrong(Rule::I2, spot(), || {
                format!(
                    "doubled: {} stands at {first} and at {} of {conv}",
                    entry.send_id, entry.seq
                )
            });
        }
        if !written.contains(&entry.digest) {
            continue;
        }
        if let Some((first, send_id)) = bodies.insert(entry.digest, (entry.seq, entry.send_id))
            && send_id != entry.send_id
        {
            found.wrong(Rule::I2, spot().of(send_id), || {
                format!(
                    "doubled: one body stands at {first} of {conv} as {send_id} and at {} as {}",
                    entry.seq, entry.send_id
                )
            });
        }
    }
}

fn answered_twice(case: &Case<'_>, found: &mut Found<'_, '_>) {
    for (send_id, answers) in &case.answers {
        let mut first: BTreeMap<u32, Seq> = BTreeMap::new();
        for answer in answers {
            let Some(seq) = answer.seq else { continue };
            let before = *first.entry(answer.lineage).or_insert(seq);
            let log = case.log(answer.conv, answer.lineage);
            let borrowed = log.is_some_and(|log| case.is_borrowed(case.invokes.get(send_id), log, *send_id, seq));
            if before != seq && !borrowed {
                let conv = answer.conv;
                found.wrong(Rule::I2, Spot::at(answer.at).place(conv, seq).of(*send_id), || {
                    format!("doubled: {send_id} was acknowledged as {before} and as {seq} of {conv}")
                });
            }
        }
    }
}
