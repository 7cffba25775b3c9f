//! I1, no lost write: what was acknowledged is in the log, at its seq, with its body, and in everybody's final read.
//!
//! Over a restored backup only the change itself must survive, at any seq: the clients bring back what was acknowledged
//! lately.

use super::case::{Answer, Case};
use super::found::{Found, Spot};
use super::log::Log;
use super::{Rule, found::seconds};
use crate::history::{Device, Record, Seen, What};
use protocol::{ConversationId, SendId, Seq, limits};
use std::collections::{BTreeMap, BTreeSet};

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    for (send_id, answers) in &case.answers {
        for answer in answers {
            if let Some(seq) = answer.seq {
                acknowledged(case, *send_id, answer, seq, found);
            }
        }
        survives(case, *send_id, answers, found);
    }
    final_reads(case, found);
}

fn acknowledged(case: &Case<'_>, send_id: SendId, answer: &Answer, seq: Seq, found: &mut Found<'_, '_>) {
    let conv = answer.conv;
    let Some(log) = case.log(conv, answer.lineage) else {
        return;
    };
    let asked = case.invokes.get(&send_id);
    let told = case.history[answer.at]
        .device
        .map_or_else(String::new, |device| case.name(device));
    let spot = || Spot::at(answer.at).and([log.at]).place(conv, seq).of(send_id);
    let entry = log.entry(seq).filter(|entry| entry.send_id == send_id);
    let Some(entry) = entry.or_else(|| log.named(send_id)) else {
        if !case.is_borrowed(asked, log, send_id, seq) {
            found.wrong(Rule::I1, spot(), || {
                format!("lost: {told} was told that {send_id} is {seq} of {conv}, and the log does not have it")
            });
        }
        return;
    };
    if entry.seq != seq {
        found.wrong(Rule::I1, spot(), || {
            format!(
                "moved: {told} was told that {send_id} is {seq} of {conv}, and it is {}",
                entry.seq
            )
        });
    } else if asked.is_some_and(|asked| !case.may_say(asked, entry.send_id, entry.digest)) {
        found.wrong(Rule::I1, spot(), || {
            format!("another body: {seq} of {conv} is {send_id} of {told}, and not what they wrote")
        });
    }
}

/// What was acknowledged before a backup was restored is there after it too.
fn survives(case: &Case<'_>, send_id: SendId, answers: &[Answer], found: &mut Found<'_, '_>) {
    let last = case.last_lineage();
    let Some((answer, seq)) = answers.iter().rev().find_map(|answer| Some((answer, answer.seq?))) else {
        return;
    };
    // Refused when it was brought back, or acknowledged anew: then that is what counts.
    let answered_later = answers.iter().any(|other| other.lineage > answer.lineage);
    let Some((_, began_us)) = case.lineages.iter().find(|(number, _)| *number > answer.lineage) else {
        return;
    };
    let who = case.history[answer.at]
        .device
        .and_then(|device| case.devices.get(&device));
    let (Some(who), false) = (who, answered_later) else {
        return;
    };
    let Some(back_us) = who.connected_after(*began_us) else {
        return;
    };
    let kept = back_us.saturating_sub(answer.at_us) < limits::ACKED_KEEP_MS * 1_000;
    if who.stopped.is_some() || who.forgot_after(answer.at_us) || !kept || case.last_logs().next().is_none() {
        return;
    }
    let conv = answer.conv;
    let log = case.log(conv, last);
    let borrowed = case
        .log(conv, answer.lineage)
        .is_some_and(|old| old.named(send_id).is_none());
    if borrowed || log.is_some_and(|log| log.named(send_id).is_some()) {
        return;
    }
    let at = log.map(|log| log.at);
    found.wrong(
        Rule::I1,
        Spot::at(answer.at).and(at).place(conv, seq).of(send_id),
        || {
            let name = case.history[answer.at]
                .device
                .map_or_else(String::new, |device| case.name(device));
            format!("lost over a restore: {name} was told that {send_id} is in {conv}, came back, and it is nowhere")
        },
    );
}

/// What every device reads at the end is all that its person may read.
fn final_reads(case: &Case<'_>, found: &mut Found<'_, '_>) {
    let mut reads: BTreeMap<Device, BTreeMap<ConversationId, (usize, &[Seen])>> = BTreeMap::new();
    for (at, record) in case.history.iter().enumerate() {
        if let (
            Some(device),
            Record {
                what: What::Final { conv, entries },
                ..
            },
        ) = (record.device, record)
        {
            reads.entry(device).or_default().insert(*conv, (at, entries));
        }
    }
    if reads.is_empty() {
        return;
    }
    for (device, who) in case.devices.iter().filter(|(_, who)| who.keeps_up()) {
        for (conv, log) in case.last_logs().filter(|(_, log)| !log.stays(who.user).is_empty()) {
            match reads.get(device).and_then(|reads| reads.get(&conv)) {
                Some((at, entries)) => final_read(case, *device, (conv, log), (*at, entries), found),
                None => found.wrong(Rule::I1, Spot::at(log.at).conv(conv), || {
                    format!("{} never read {conv} at the end", case.name(*device))
                }),
            }
        }
    }
}

fn final_read(
    case: &Case<'_>,
    device: Device,
    (conv, log): (ConversationId, &Log<'_>),
    (at, entries): (usize, &[Seen]),
    found: &mut Found<'_, '_>,
) {
    let Some(who) = case.devices.get(&device) else { return };
    let read: BTreeSet<Seq> = entries.iter().map(|seen| seen.seq).collect();
    let read_us = case.at_us(at);
    for entry in log.readable(who.user).filter(|entry| !read.contains(&entry.seq)) {
        let acked = case.acked(entry.send_id, case.last_lineage());
        // It came after this read, and before the log was dumped.
        if acked.is_some_and(|(answer, _)| answer.at_us >= read_us) {
            continue;
        }
        let spot = Spot::at(at).and([log.at]).place(conv, entry.seq).of(entry.send_id);
        found.wrong(Rule::I1, spot, || {
            let when = acked.map_or_else(String::new, |(answer, _)| {
                format!(", acknowledged at {}", seconds(answer.at_us))
            });
            let name = case.name(device);
            format!(
                "lost to a reader: the final read of {name} lacks {} of {conv}{when}",
                entry.seq
            )
        });
    }
}
