//! What a run was like: counts, shares and times.

use super::case::Case;
use super::{Rule, Summary};
use super::{availability, too_easy};
use crate::history::{Device, DeviceKind, Phase, What};
use protocol::{SendId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// The summary of a case, given how many violations of each rule were found and how long devices took to converge.
pub fn summary(case: &Case<'_>, counts: &BTreeMap<Rule, u64>, converged_ms: [f64; 3]) -> Summary {
    let wrong = |rules: &[Rule]| rules.iter().filter_map(|rule| counts.get(rule)).sum();
    let people: BTreeSet<UserId> = case.devices.values().map(|who| who.user).collect();
    let is_acked = |send_id: &&SendId| case.answers[*send_id].iter().any(|answer| answer.seq.is_some());
    let (acks, receipts) = (send_ack_us(case), send_received_us(case));
    Summary {
        people: people.len() as u64,
        devices: case.devices.len() as u64,
        sent: case.invokes.len() as u64,
        acked: case.answers.keys().filter(is_acked).count() as u64,
        unknown: case.unknown.len() as u64,
        received: received(case),
        lost: wrong(&[Rule::I1, Rule::I14]),
        doubled: wrong(&[Rule::I2, Rule::I3]),
        reordered: wrong(&[Rule::I5, Rule::I6, Rule::I7]),
        gaps: wrong(&[Rule::I4, Rule::I10]),
        unread_wrong: wrong(&[Rule::I15]),
        receipts_wrong: wrong(&[Rule::I8]),
        leaked: wrong(&[Rule::I9]),
        other_wrong: wrong(&[
            Rule::I17,
            Rule::I18,
            Rule::I19,
            Rule::I20,
            Rule::I21,
            Rule::I22,
            Rule::TooEasy,
        ]),
        faults: faults(case),
        p50_send_ack_ms: ms(at_rank(&acks, 0.5)),
        p99_send_ack_ms: ms(at_rank(&acks, 0.99)),
        p50_send_received_ms: ms(at_rank(&receipts, 0.5)),
        p99_send_received_ms: ms(at_rank(&receipts, 0.99)),
        max_send_received_ms: ms(at_rank(&receipts, 1.0)),
        messages_per_s: messages_per_s(case),
        seed: seed(case),
        hardness: too_easy::hardness(case),
        availability: availability::shares(case),
        longest_outage_ms: availability::longest_outage_ms(case),
        converged_ms,
    }
}

/// Microseconds as milliseconds.
pub fn ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}

/// The value that this share of the others does not pass; 0 where there is none.
pub fn at_rank(sorted: &[u64], share: f64) -> u64 {
    let index = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(index.saturating_sub(1)).copied().unwrap_or_default()
}

fn received(case: &Case<'_>) -> u64 {
    let count = |what: &What| match what {
        What::Shown { entries, .. } => entries.len() as u64,
        What::Heard { .. } => 1,
        _ => 0,
    };
    case.history.iter().map(|record| count(&record.what)).sum()
}

fn faults(case: &Case<'_>) -> BTreeMap<String, u64> {
    let mut faults = BTreeMap::new();
    for record in &case.history {
        if let What::Fault { kind, phase, .. } = &record.what
            && *phase != Phase::Stop
        {
            *faults.entry(kind.clone()).or_default() += 1;
        }
    }
    faults
}

fn seed(case: &Case<'_>) -> u64 {
    let seed = |what: &What| match what {
        What::Run { seed, .. } => Some(*seed),
        _ => None,
    };
    case.history
        .iter()
        .find_map(|record| seed(&record.what))
        .unwrap_or_default()
}

/// From handing a send to the client to its first acknowledgement, sorted.
fn send_ack_us(case: &Case<'_>) -> Vec<u64> {
    let sends = case.invokes.iter().filter(|(_, asked)| asked.digest.is_some());
    let took = sends.filter_map(|(send_id, asked)| {
        let ack = case.answers.get(send_id)?.iter().find(|answer| answer.seq.is_some())?;
        Some(ack.at_us.saturating_sub(asked.at_us))
    });
    let mut took: Vec<u64> = took.collect();
    took.sort_unstable();
    took
}

/// From handing a send to the client to its being shown on each other device that was connected all the while, sorted.
fn send_received_us(case: &Case<'_>) -> Vec<u64> {
    let mut took = Vec::new();
    let mut shown: BTreeSet<(Device, SendId)> = BTreeSet::new();
    for (at, record) in case.history.iter().enumerate() {
        let (Some(device), What::Shown { entries, .. }) = (record.device, &record.what) else {
            continue;
        };
        let counts = case
            .devices
            .get(&device)
            .is_some_and(|who| who.kind == DeviceKind::Client && !who.slow);
        let Some(connected_us) = case.seats[at].connected_us.filter(|_| counts) else {
            continue;
        };
        for seen in entries {
            let Some(asked) = case.invokes.get(&seen.send_id) else {
                continue;
            };
            let all_the_while = connected_us <= asked.at_us && asked.device != device && asked.digest.is_some();
            if all_the_while && shown.insert((device, seen.send_id)) {
                took.push(record.at_us.saturating_sub(asked.at_us));
            }
        }
    }
    took.sort_unstable();
    took
}

/// Acknowledged sends a second, from the first that was asked for to the last that was.
fn messages_per_s(case: &Case<'_>) -> f64 {
    let sends = || case.invokes.iter().filter(|(_, asked)| asked.digest.is_some());
    let first_us = sends().map(|(_, asked)| asked.at_us).min().unwrap_or_default();
    let last_us = sends().map(|(_, asked)| asked.at_us).max().unwrap_or_default();
    let acked = |send_id: &SendId| {
        let mut answers = case.answers.get(send_id).into_iter().flatten();
        answers.any(|answer| answer.seq.is_some())
    };
    let acked = sends().filter(|(send_id, _)| acked(send_id)).count();
    acked as f64 / (last_us.saturating_sub(first_us).max(1_000) as f64 / 1_000_000.0)
}
