//! I10, convergence: once the faults are over, everybody comes to hold the last entry they may read, and soon.

use super::case::Case;
use super::found::{Found, Spot, seconds};
use super::summary::{at_rank, ms};
use super::{Demands, Rule};
use crate::history::{Device, What};
use protocol::{ConversationId, Seq};
use std::collections::BTreeMap;

/// How far a device came with a conversation.
#[derive(Clone, Copy)]
struct Reached {
    seq: Seq,
    at: usize,
    restarts: u32,
}

/// Judges, and gives how long devices took, in milliseconds: half of them, nine in ten, all.
pub fn judge(case: &Case<'_>, demands: &Demands, found: &mut Found<'_, '_>) -> [f64; 3] {
    let reached = reached(case);
    let healed_us = case.healed.map(|at| case.at_us(at));
    let mut took_us = Vec::new();
    for (device, who) in case.devices.iter().filter(|(_, who)| who.keeps_up()) {
        let mut device_us = None;
        for (conv, log) in case.last_logs() {
            let Some(end) = log.last_readable(who.user) else {
                continue;
            };
            let held = reached.get(&(*device, conv));
            let Some(held) = held.filter(|held| held.seq >= end.seq) else {
                let shown = held.map_or(Seq::ZERO, |held| held.seq);
                let spot = Spot::at(held.map_or(log.at, |held| held.at))
                    .and(case.healed)
                    .and([log.at]);
                found.wrong(Rule::I10, spot.place(conv, end.seq).of(end.send_id), || {
                    format!(
                        "behind for ever: {} shows {conv} up to {shown} of {}",
                        case.name(*device),
                        end.seq
                    )
                });
                continue;
            };
            let Some(healed_us) = healed_us else { continue };
            // Whoever wrote after the faults were over gives everybody that much more time.
            let asked_us = case.invokes.get(&end.send_id).map_or(0, |asked| asked.at_us);
            let due_us = healed_us.max(asked_us);
            let took = case.at_us(held.at).saturating_sub(due_us);
            device_us = device_us.max(Some(took));
            if took > demands.converge_ms_max.saturating_mul(1_000) {
                let spot = Spot::at(held.at).and(case.healed).place(conv, end.seq).of(end.send_id);
                found.wrong(Rule::I10, spot, || {
                    let (name, seq) = (case.name(*device), end.seq);
                    format!(
                        "late: {name} showed {seq} of {conv} only {} after the last fault",
                        seconds(took)
                    )
                });
            }
        }
        took_us.extend(device_us);
    }
    took_us.sort_unstable();
    [0.5, 0.9, 1.0].map(|rank| ms(at_rank(&took_us, rank)))
}

/// The first time each device showed the highest entry it ever showed, since what it showed was last void.
fn reached(case: &Case<'_>) -> BTreeMap<(Device, ConversationId), Reached> {
    let last = case.last_lineage();
    let mut reached: BTreeMap<(Device, ConversationId), Reached> = BTreeMap::new();
    for (at, record) in case.history.iter().enumerate() {
        let seat = case.seats[at];
        let Some(device) = record.device.filter(|_| seat.lineage == last) else {
            continue;
        };
        let (conv, seq) = match &record.what {
            What::Shown { conv, entries } => (*conv, entries.iter().map(|seen| seen.seq).max()),
            What::Skipped { conv, to, .. } => (*conv, Some(*to)),
            _ => continue,
        };
        let Some(seq) = seq else { continue };
        let restarts = seat.restarts;
        let before = reached
            .get(&(device, conv))
            .filter(|before| before.restarts == restarts);
        if before.is_none_or(|before| before.seq < seq) {
            reached.insert((device, conv), Reached { seq, at, restarts });
        }
    }
    // What it held when it last forgot everything is not what it holds.
    let mut now: BTreeMap<Device, u32> = BTreeMap::new();
    for (at, record) in case.history.iter().enumerate() {
        if let (Some(device), What::Forgets | What::Resynced) = (record.device, &record.what) {
            now.insert(device, case.seats[at].restarts);
        }
    }
    reached.retain(|(device, _), held| now.get(device).is_none_or(|restarts| held.restarts >= *restarts));
    reached
}
