//! I7, real time: what was acknowledged before another change was asked for stands before it; and the changes of one
//! device stand in the order in which it asked for them.

use super::Rule;
use super::case::{Answer, Asked, Case};
use super::found::{Found, Spot};
use crate::history::Device;
use protocol::{ConversationId, SendId, Seq};
use std::collections::BTreeMap;

/// A change that was asked for and acknowledged.
struct Done<'c, 'a> {
    send_id: SendId,
    asked: &'c Asked<'a>,
    answer: Answer,
    seq: Seq,
}

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    let mut done: BTreeMap<(u32, ConversationId), Vec<Done<'_, '_>>> = BTreeMap::new();
    for (send_id, asked) in &case.invokes {
        let answers = case.answers.get(send_id).into_iter().flatten();
        let mut lineages = Vec::new();
        for answer in answers {
            let Some(seq) = answer.seq.filter(|_| !lineages.contains(&answer.lineage)) else {
                continue;
            };
            lineages.push(answer.lineage);
            let (answer, send_id) = (*answer, *send_id);
            let log = case.log(asked.conv, answer.lineage);
            if !log.is_some_and(|log| case.is_borrowed(Some(asked), log, send_id, seq)) {
                let all = done.entry((answer.lineage, asked.conv)).or_default();
                all.push(Done {
                    send_id,
                    asked,
                    answer,
                    seq,
                });
            }
        }
    }
    for ((_, conv), mut done) in done {
        own_order(case, conv, &mut done, found);
        between_all(case, conv, &mut done, found);
    }
}

/// A sweep over the times: of everything acknowledged so far only the highest place matters.
fn between_all(case: &Case<'_>, conv: ConversationId, done: &mut [Done<'_, '_>], found: &mut Found<'_, '_>) {
    done.sort_by_key(|done| (done.asked.at_us, done.asked.at));
    let mut by_ack: Vec<&Done<'_, '_>> = done.iter().collect();
    by_ack.sort_by_key(|done| done.answer.at_us);
    let mut acked = by_ack.into_iter().peekable();
    let mut highest: Option<&Done<'_, '_>> = None;
    for later in done.iter() {
        while let Some(one) = acked.next_if(|one| one.answer.at_us < later.asked.at_us) {
            highest = highest.filter(|highest| highest.seq > one.seq).or(Some(one));
        }
        if let Some(earlier) = highest.filter(|highest| highest.seq > later.seq) {
            report(
                case,
                conv,
                (earlier, later),
                "was acknowledged before the other was asked for",
                found,
            );
        }
    }
}

fn own_order(case: &Case<'_>, conv: ConversationId, done: &mut [Done<'_, '_>], found: &mut Found<'_, '_>) {
    done.sort_by_key(|done| (done.asked.device, done.asked.at_us, done.asked.at));
    let mut highest: Option<(Device, &Done<'_, '_>)> = None;
    // What a restored backup took is brought back when its device returns, whenever that is.
    for one in done.iter().filter(|one| one.asked.lineage == one.answer.lineage) {
        let device = one.asked.device;
        let before = highest.filter(|(other, _)| *other == device);
        if let Some((_, earlier)) = before.filter(|(_, earlier)| earlier.seq > one.seq) {
            report(
                case,
                conv,
                (earlier, one),
                "was asked for first, by the same device",
                found,
            );
        } else {
            highest = Some((device, one));
        }
    }
}

fn report(
    case: &Case<'_>,
    conv: ConversationId,
    (earlier, later): (&Done<'_, '_>, &Done<'_, '_>),
    why: &str,
    found: &mut Found<'_, '_>,
) {
    let spot = Spot::at(later.asked.at).and([later.answer.at, earlier.asked.at, earlier.answer.at]);
    let spot = spot.place(conv, later.seq).of(later.send_id).of(earlier.send_id);
    found.wrong(Rule::I7, spot, || {
        let (first, second) = (case.name(earlier.asked.device), case.name(later.asked.device));
        format!(
            "reordered: {} of {first} is {} of {conv} and {} of {second} is {}, though the first {why}",
            earlier.send_id, earlier.seq, later.send_id, later.seq
        )
    });
}
