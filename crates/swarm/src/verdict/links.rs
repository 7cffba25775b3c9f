//! I21, links: a link lets in at most as many as it says, nobody after it was voided, nobody who was removed from the
//! group, and where joining needs approval nobody at all: then it only asks, and only who asked is admitted.
//!
//! A log says in which order people came, and what the group was then, so most of it is exact. What has no place in a
//! log (an asking, a voiding) is judged by time, and only where no backup was restored in between.

use super::Rule;
use super::case::Case;
use super::found::{Found, Spot};
use super::log::Log;
use super::standing::Standing;
use crate::history::{Logged, What};
use protocol::{ConversationId, Kind, SendId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that happened to links outside of the logs.
#[derive(Default)]
struct Links {
    /// How often each can be used, and the record that says so.
    uses: BTreeMap<SendId, (u32, usize)>,
    /// When each was asked to be voided first; the first record that says that it is, and when.
    voiding_us: BTreeMap<SendId, u64>,
    voided: BTreeMap<SendId, (usize, u64)>,
    /// Joins, by the change's name: by which link, when.
    joins: BTreeMap<SendId, (SendId, u64)>,
    /// By group and person, all their joins.
    of_person: BTreeMap<(ConversationId, UserId), Vec<SendId>>,
    /// Joins that somebody has to let in, and the record that says so.
    waits: BTreeMap<SendId, usize>,
}

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    let links = Links::of(case);
    for (conv, logs) in &case.logs {
        for (lineage, log) in logs {
            let used = in_log(case, &links, (*conv, log), found);
            counted(case, &links, (*conv, *lineage, log), used, found);
        }
    }
    acknowledged(case, &links, found);
}

impl Links {
    fn of(case: &Case<'_>) -> Self {
        let mut links = Self::default();
        for (at, record) in case.history.iter().enumerate() {
            let Some(who) = record.device.and_then(|device| case.devices.get(&device)) else {
                continue;
            };
            match &record.what {
                What::Linked { link, uses, .. } => drop(links.uses.entry(*link).or_insert((*uses, at))),
                What::Revoking { link, .. } => drop(links.voiding_us.entry(*link).or_insert(record.at_us)),
                What::Revoked { link, .. } => drop(links.voided.entry(*link).or_insert((at, record.at_us))),
                What::Joins { conv, link, send_id } => {
                    links.joins.insert(*send_id, (*link, record.at_us));
                    links.of_person.entry((*conv, who.user)).or_default().push(*send_id);
                }
                What::MustWait { send_id, .. } => drop(links.waits.entry(*send_id).or_insert(at)),
                _ => {}
            }
        }
        links
    }

    /// The record by which a link was void before somebody asked to join by it, for certain.
    fn void_before(&self, case: &Case<'_>, link: SendId, joins_us: u64) -> Option<usize> {
        let (at, voided_us) = *self.voided.get(&link)?;
        let voiding_us = *self.voiding_us.get(&link)?;
        // A restored backup may have the link again.
        let restored = case
            .lineages
            .iter()
            .any(|(number, began_us)| *number > 0 && *began_us >= voiding_us);
        (voided_us < joins_us && !restored).then_some(at)
    }
}

/// What a log itself shows; who came by which link.
fn in_log<'a>(
    case: &Case<'_>,
    links: &Links,
    (conv, log): (ConversationId, &Log<'a>),
    found: &mut Found<'_, '_>,
) -> BTreeMap<SendId, Vec<&'a Logged>> {
    let mut standing = Standing::default();
    let mut removed: BTreeSet<UserId> = BTreeSet::new();
    let mut used: BTreeMap<SendId, Vec<&Logged>> = BTreeMap::new();
    for entry in log.dump {
        let asked = case.invokes.get(&entry.send_id);
        let verb = asked.map_or("", |asked| asked.verb);
        let spot = || Spot::at(log.at).place(conv, entry.seq).of(entry.send_id);
        let says = |wrong: &str| {
            let (name, seq) = (case.name_of(entry.sender), entry.seq);
            format!("let in: {name} came into {conv} with {seq} by a link, {wrong}")
        };
        if verb == "join" && Kind::of(&entry.kind) == Kind::Added {
            if standing.settings.approve {
                found.wrong(Rule::I21, spot(), || says("and somebody has to let them in"));
            }
            if removed.contains(&entry.sender) {
                found.wrong(Rule::I21, spot(), || says("and had been removed"));
            }
            if entry.comes != [entry.sender] {
                found.wrong(Rule::I21, spot(), || says("and others with them"));
            }
            if let Some((link, joins_us)) = links.joins.get(&entry.send_id) {
                used.entry(*link).or_default().push(entry);
                if let Some(at) = links.void_before(case, *link, *joins_us) {
                    found.wrong(Rule::I21, spot().and([at]), || says("which had been voided"));
                }
            }
        }
        if verb == "admit" {
            let before = |send_id: &SendId| {
                let joins_us = links.joins.get(send_id).map(|(_, at_us)| *at_us);
                joins_us
                    .zip(asked)
                    .is_some_and(|(joins_us, asked)| joins_us <= asked.at_us)
            };
            let has_asked = |user: &UserId| {
                let joins = links.of_person.get(&(conv, *user));
                joins.is_some_and(|joins| joins.iter().any(before))
            };
            if !entry.comes.iter().all(has_asked) {
                found.wrong(Rule::I21, spot(), || {
                    format!("let in: {} of {conv} admits somebody who never asked", entry.seq)
                });
            }
        }
        for user in &entry.comes {
            removed.remove(user);
        }
        if Kind::of(&entry.kind) == Kind::Removed {
            removed.extend(&entry.goes);
        }
        standing.apply(entry);
    }
    used
}

/// A link is used at most as often as it says, over all who came and all who asked.
fn counted(
    case: &Case<'_>,
    links: &Links,
    (conv, lineage, log): (ConversationId, u32, &Log<'_>),
    mut used: BTreeMap<SendId, Vec<&Logged>>,
    found: &mut Found<'_, '_>,
) {
    let mut asked: BTreeMap<SendId, Vec<usize>> = BTreeMap::new();
    for ((_, _), joins) in links.of_person.iter().filter(|((of, _), _)| *of == conv) {
        let link = |send_id: &SendId| links.joins.get(send_id).map(|(link, _)| *link);
        let Some(first) = joins.first().and_then(link) else {
            continue;
        };
        // Who has asked already is told so again, whatever link they come by: that is no use of it.
        if joins.iter().any(|send_id| link(send_id) != Some(first)) {
            continue;
        }
        let waits = joins.iter().find_map(|send_id| {
            let at = *links.waits.get(send_id)?;
            let (_, joins_us) = *links.joins.get(send_id)?;
            (is_of(case, at, lineage) && began_us(case, lineage) <= joins_us).then_some(at)
        });
        if let Some(at) = waits {
            asked.entry(first).or_default().push(at);
            used.entry(first).or_default();
        }
    }
    for (link, came) in used {
        let Some((uses, made_at)) = links.uses.get(&link) else {
            continue;
        };
        let asked = asked.remove(&link).unwrap_or_default();
        if came.len() + asked.len() <= *uses as usize {
            continue;
        }
        let last = came.last().map(|entry| (entry.seq, entry.send_id));
        let spot = Spot::at(log.at).and([*made_at]).and(asked.iter().copied()).conv(conv);
        let spot = last.map_or(spot.clone(), |(seq, send_id)| spot.place(conv, seq).of(send_id));
        found.wrong(Rule::I21, spot, || {
            let (came, asked) = (came.len(), asked.len());
            format!("used too often: a link into {conv} is for {uses}; {came} came by it, and {asked} asked")
        });
    }
}

/// Whether an answer is of this lineage for certain: its device lives in it, and so does the store.
fn is_of(case: &Case<'_>, at: usize, lineage: u32) -> bool {
    let at_us = case.at_us(at);
    let now = case.lineages.iter().rev().find(|(_, began_us)| *began_us <= at_us);
    case.seats[at].lineage == lineage && now.is_some_and(|(number, _)| *number == lineage)
}

fn began_us(case: &Case<'_>, lineage: u32) -> u64 {
    let began = case.lineages.iter().find(|(number, _)| *number == lineage);
    began.map_or(0, |(_, began_us)| *began_us)
}

/// Who was told that they are in is in the log.
fn acknowledged(case: &Case<'_>, links: &Links, found: &mut Found<'_, '_>) {
    for (at, record) in case.history.iter().enumerate() {
        let What::LetIn { conv, send_id } = &record.what else {
            continue;
        };
        let lineage = case.seats[at].lineage;
        let joins_us = links.joins.get(send_id).map_or(0, |(_, at_us)| *at_us);
        if !is_of(case, at, lineage) || joins_us < began_us(case, lineage) {
            continue;
        }
        let Some(log) = case.log(*conv, lineage) else { continue };
        if log.named(*send_id).is_none() {
            found.wrong(Rule::I21, Spot::at(at).and([log.at]).conv(*conv).of(*send_id), || {
                let name = record.device.map_or_else(String::new, |device| case.name(device));
                format!(
                    "not let in: {name} was told that they are in {conv} by {send_id}, and the log does not have it"
                )
            });
        }
    }
}
