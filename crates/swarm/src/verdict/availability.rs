//! I14, availability: nothing that was asked for is left unanswered, no device ends by itself; and how many sends were
//! acknowledged in time, by what was broken meanwhile.

use super::case::{Answer, Asked, Case};
use super::found::{Found, Spot};
use super::summary::ms;
use super::{Rule, Share};
use protocol::SendId;
use std::collections::BTreeMap;

/// A send is good if it is acknowledged within so long, in microseconds.
const GOOD_US: u64 = 5_000_000;
/// What a plan's own ending of a device begins with (see [`crate::history::What::Stopped`]).
const BY_PLAN: &str = "plan";

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    for (send_id, asked) in &case.invokes {
        let Some(who) = case.devices.get(&asked.device) else {
            continue;
        };
        // A join by a link is a question, and no outbox asks it for ever.
        let excused = asked.verb == "join" || who.stopped.is_some() || who.forgot_after(asked.at_us);
        // The answer may be among the events that its owner was too slow for; the log then tells.
        let unheard = who.lost_events_after(asked.at_us)
            && case
                .log(asked.conv, case.last_lineage())
                .is_some_and(|log| log.named(*send_id).is_some());
        if case.answers.contains_key(send_id) || excused || unheard {
            continue;
        }
        found.wrong(Rule::I14, Spot::at(asked.at).conv(asked.conv).of(*send_id), || {
            let (name, verb, conv) = (case.name(asked.device), asked.verb, asked.conv);
            format!("never answered: {name} asked for {verb} {send_id} in {conv}")
        });
    }
    for (device, who) in &case.devices {
        if let Some((at, why)) = who.stopped.filter(|(_, why)| !why.starts_with(BY_PLAN)) {
            found.wrong(Rule::I14, Spot::at(at), || {
                format!("a client ended for good: {}: {why}", case.name(*device))
            });
        }
    }
}

/// Sends that count, with their first answer: those of devices that are not slow by plan, and not refused by rule.
fn sends<'c, 'a>(case: &'c Case<'a>) -> impl Iterator<Item = (&'c Asked<'a>, Option<Answer>)> {
    let first = |send_id: &SendId| case.answers.get(send_id).and_then(|answers| answers.first()).copied();
    let sends = case.invokes.iter().map(move |(send_id, asked)| (asked, first(send_id)));
    sends.filter(|(asked, answer)| {
        let who = case.devices.get(&asked.device);
        let excused = who
            .is_none_or(|who| who.slow || answer.is_none() && (who.forgot_after(asked.at_us) || who.stopped.is_some()));
        let refused = answer.is_some_and(|answer| answer.seq.is_none());
        asked.digest.is_some() && !excused && !refused
    })
}

/// The share of good sends by what was broken while they were under way.
pub fn shares(case: &Case<'_>) -> BTreeMap<String, Share> {
    let mut shares: BTreeMap<String, Share> = BTreeMap::new();
    for (asked, answer) in sends(case) {
        let answered_us = answer.map_or(u64::MAX, |answer| answer.at_us);
        let good = answered_us.saturating_sub(asked.at_us) <= GOOD_US;
        let mut kinds = case.faults.kinds_between(asked.at_us, answered_us).peekable();
        let cut_off = case
            .devices
            .get(&asked.device)
            .is_some_and(|who| who.was_cut_off(asked.at_us, answered_us));
        let none = kinds
            .peek()
            .is_none()
            .then_some(if cut_off { "cut-off" } else { "none" });
        for kind in kinds.chain(none) {
            let share = shares.entry(kind.to_owned()).or_default();
            share.of += 1;
            share.good += u64::from(good);
        }
    }
    shares
}

/// The longest time in which nothing was acknowledged though something was under way, in milliseconds.
pub fn longest_outage_ms(case: &Case<'_>) -> f64 {
    // At one time, what ends comes first: then a send that begins where another ends is no outage.
    let mut moments: Vec<(u64, bool)> = Vec::new();
    for (asked, answer) in sends(case) {
        moments.push((asked.at_us, true));
        moments.extend(answer.map(|answer| (answer.at_us.max(asked.at_us), false)));
    }
    moments.sort_unstable();
    let end_us = case.history.last().map_or(0, |record| record.at_us);
    let (mut under_way, mut since_us, mut longest_us) = (0_i64, 0, 0);
    for (at_us, begins) in moments {
        if begins {
            if under_way <= 0 {
                since_us = at_us;
            }
            under_way += 1;
        } else {
            longest_us = longest_us.max(at_us - since_us.min(at_us));
            since_us = at_us;
            under_way -= 1;
        }
    }
    if under_way > 0 {
        longest_us = longest_us.max(end_us.saturating_sub(since_us));
    }
    ms(longest_us)
}
