//! I6, order of telling. What a client shows of a conversation follows without a hole, unless it says that it skips one
//! or that what it showed is void. What a session hears live rises, and has a hole only after "behind". What a page
//! gives is whole and in order.

use super::Rule;
use super::case::{Case, Seat};
use super::found::{Found, Spot};
use super::log::Log;
use crate::history::{Device, DeviceKind, Seen, What};
use protocol::{ConversationId, Seq, UserId};
use std::collections::BTreeMap;

/// After so long without a word of a conversation a node may have forgotten where its log's live end was, in
/// microseconds; then a lost hint leaves a hole that only the inbox tells of.
const TAIL_KEPT_US: u64 = 120_000_000;

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    let mut showing = BTreeMap::new();
    let mut hearing = Hearing::default();
    for (at, record) in case.history.iter().enumerate() {
        let Some(device) = record.device else { continue };
        let Some(who) = case.devices.get(&device) else { continue };
        let told = |conv: ConversationId| One {
            at,
            device,
            user: who.user,
            conv,
            seat: case.seats[at],
        };
        match &record.what {
            What::Shown { conv, entries } if case.is_ours(*conv) => {
                show(case, told(*conv), entries, &mut showing, found)
            }
            What::Skipped { conv, from, to } => skip(case, told(*conv), (*from, *to), &mut showing, found),
            What::Heard { conv, entry } if case.is_ours(*conv) => {
                hear(case, told(*conv), entry.seq, &mut hearing, found)
            }
            What::ToldBehind { conv } => hearing.told_behind(device, *conv),
            What::Pulled {
                conv,
                from,
                to,
                entries,
            } if case.is_ours(*conv) => {
                page(case, told(*conv), entries, Some((*from, *to)), found);
            }
            // A hole in a final read is a lost entry: I1.
            What::Final { conv, entries } if who.kind != DeviceKind::Ear || case.is_ours(*conv) => {
                page(case, told(*conv), entries, None, found);
            }
            _ => {}
        }
    }
}

/// One thing that was told.
#[derive(Clone, Copy)]
struct One {
    at: usize,
    device: Device,
    user: UserId,
    conv: ConversationId,
    seat: Seat,
}

/// The last entry a client showed of a conversation.
struct Last {
    at: usize,
    seq: Seq,
    restarts: u32,
}

type Showing = BTreeMap<(Device, ConversationId), Last>;

fn show(case: &Case<'_>, one: One, entries: &[Seen], showing: &mut Showing, found: &mut Found<'_, '_>) {
    let log = case.log(one.conv, one.seat.lineage);
    let key = (one.device, one.conv);
    let mut last = showing.get(&key).filter(|last| last.restarts == one.seat.restarts);
    let mut now;
    for seen in entries {
        if let Some(last) = last {
            follows(case, one, log, (last, seen.seq), "showed", found);
        }
        now = Last {
            at: one.at,
            seq: last.map_or(seen.seq, |last| last.seq.max(seen.seq)),
            restarts: one.seat.restarts,
        };
        last = Some(&now);
    }
    if let Some(&Last { at, seq, restarts }) = last {
        showing.insert(key, Last { at, seq, restarts });
    }
}

/// A hole that is told of is none, but it begins right after what was shown.
fn skip(case: &Case<'_>, one: One, (from, to): (Seq, Seq), showing: &mut Showing, found: &mut Found<'_, '_>) {
    let Some(last) = showing.get_mut(&(one.device, one.conv)) else {
        return;
    };
    if last.restarts != one.seat.restarts {
        return;
    }
    let log = case.log(one.conv, one.seat.lineage);
    if let Some(missed) = log
        .and_then(|log| log.next_readable(one.user, last.seq))
        .filter(|next| next.seq < from)
    {
        let spot = Spot::at(one.at)
            .and([last.at])
            .place(one.conv, missed.seq)
            .of(missed.send_id);
        found.wrong(Rule::I6, spot, || {
            let name = case.name(one.device);
            format!(
                "a hole: {name} skips {from} to {to} of {}, having shown up to {}",
                one.conv, last.seq
            )
        });
    }
    last.seq = last.seq.max(to);
    last.at = one.at;
}

/// Whether one entry may be told right after another.
fn follows(
    case: &Case<'_>,
    one: One,
    log: Option<&Log<'_>>,
    (last, seq): (&Last, Seq),
    did: &str,
    found: &mut Found<'_, '_>,
) {
    let conv = one.conv;
    let spot = || Spot::at(one.at).and([last.at]).place(conv, seq);
    if seq <= last.seq {
        found.wrong(Rule::I6, spot(), || {
            format!(
                "out of order: {} {did} {seq} of {conv} after {}",
                case.name(one.device),
                last.seq
            )
        });
        return;
    }
    // What is not theirs to read, or not in the log, is for I9 and I5.
    let Some(log) = log.filter(|log| log.may_read(one.user, seq) && log.entry(seq).is_some()) else {
        return;
    };
    // What was said before they came is theirs to ask for; nobody tells it unasked.
    let next = match did {
        HEARD => log.next_told(one.user, last.seq),
        _ => log.next_readable(one.user, last.seq),
    };
    if let Some(missed) = next.filter(|next| next.seq < seq) {
        found.wrong(Rule::I6, spot().of(missed.send_id), || {
            let (name, missed) = (case.name(one.device), missed.seq);
            format!(
                "a hole: {name} {did} {seq} of {conv} after {}, and {missed} lies between",
                last.seq
            )
        });
    }
}

/// What a bare socket did, in words.
const HEARD: &str = "heard";

/// What bare sockets heard.
#[derive(Default)]
struct Hearing {
    /// The last entry, the connection, and how often "behind" had been told everywhere.
    last: BTreeMap<(Device, ConversationId), (Last, u32, u64)>,
    behind: BTreeMap<Device, u64>,
}

impl Hearing {
    fn told_behind(&mut self, device: Device, conv: Option<ConversationId>) {
        match conv {
            Some(conv) => drop(self.last.remove(&(device, conv))),
            None => *self.behind.entry(device).or_default() += 1,
        }
    }
}

fn hear(case: &Case<'_>, one: One, seq: Seq, hearing: &mut Hearing, found: &mut Found<'_, '_>) {
    let behind = hearing.behind.get(&one.device).copied().unwrap_or_default();
    let key = (one.device, one.conv);
    let before = hearing.last.get(&key).filter(|(last, connection, behind_then)| {
        let lately = case.at_us(one.at) < case.at_us(last.at) + TAIL_KEPT_US;
        *connection == one.seat.connection && *behind_then == behind && lately
    });
    if let Some((last, ..)) = before {
        let log = case.log(one.conv, one.seat.lineage);
        follows(case, one, log, (last, seq), HEARD, found);
    }
    let last = Last {
        at: one.at,
        seq: before.map_or(seq, |(last, ..)| last.seq.max(seq)),
        restarts: one.seat.restarts,
    };
    hearing.last.insert(key, (last, one.seat.connection, behind));
}

/// A page is in order, and holds all there is for its reader in what it speaks of.
fn page(case: &Case<'_>, one: One, entries: &[Seen], speaks_of: Option<(Seq, Seq)>, found: &mut Found<'_, '_>) {
    let conv = one.conv;
    for pair in entries.windows(2).filter(|pair| pair[1].seq <= pair[0].seq) {
        let spot = Spot::at(one.at).place(conv, pair[1].seq).of(pair[1].send_id);
        found.wrong(Rule::I6, spot, || {
            let (name, after) = (case.name(one.device), pair[0].seq);
            format!(
                "out of order: a page for {name} has {} of {conv} after {after}",
                pair[1].seq
            )
        });
    }
    let (Some((from, to)), Some(log)) = (speaks_of, case.log(conv, one.seat.lineage)) else {
        return;
    };
    let mut held = entries.iter().map(|seen| seen.seq).collect::<Vec<_>>();
    held.sort_unstable();
    for entry in log.readable_between(one.user, from, to) {
        if held.binary_search(&entry.seq).is_err() {
            let spot = Spot::at(one.at).and([log.at]).place(conv, entry.seq).of(entry.send_id);
            found.wrong(Rule::I6, spot, || {
                let name = case.name(one.device);
                format!(
                    "a hole: a page for {name} speaks of {from} to {to} of {conv} and lacks {}",
                    entry.seq
                )
            });
        }
    }
}
