//! I5, agreement: within a lineage a seq of a conversation is the same entry for everybody, for ever.

use super::Rule;
use super::case::{Case, Told};
use super::found::{Found, Spot};
use crate::history::{Digest, Logged, Seen};
use protocol::{ConversationId, SendId, Seq};
use std::collections::{BTreeMap, BTreeSet};

/// A place of one lineage.
type Place = (u32, ConversationId, Seq);

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    let mut first: BTreeMap<Place, (Seen, usize)> = BTreeMap::new();
    let mut known: BTreeSet<(Place, SendId, Digest)> = BTreeSet::new();
    for told in case.told() {
        for seen in told.entries {
            let place = (told.lineage, told.conv, seen.seq);
            let Some((spot, says)) = differs(case, &told, seen, &mut first) else {
                continue;
            };
            // One wrong entry is one violation, however many are told of it.
            if known.insert((place, seen.send_id, seen.digest)) {
                found.wrong(Rule::I5, spot, || says);
            }
        }
    }
    for (conv, lineage, earlier) in &case.earlier_dumps {
        let Some(log) = case.log(*conv, *lineage) else { continue };
        let changed = |entry: &&Logged| log.entry(entry.seq).is_none_or(|now| !is_same(case, entry, now));
        for entry in earlier.dump.iter().filter(changed) {
            let spot = Spot::at(log.at)
                .and([earlier.at])
                .place(*conv, entry.seq)
                .of(entry.send_id);
            found.wrong(Rule::I5, spot, || {
                format!(
                    "disagreement: {} of {conv} is not the same in two dumps of one lineage",
                    entry.seq
                )
            });
        }
    }
}

/// Whether one is the other, as it was before or after a change.
fn is_same(case: &Case<'_>, one: &Logged, other: &Logged) -> bool {
    let like = Logged {
        digest: other.digest,
        state: other.state,
        ..one.clone()
    };
    like == *other && case.may_become(one.send_id, one.digest, other.digest)
}

fn differs(
    case: &Case<'_>,
    told: &Told<'_>,
    seen: &Seen,
    first: &mut BTreeMap<Place, (Seen, usize)>,
) -> Option<(Spot, String)> {
    let (conv, seq, send_id) = (told.conv, seen.seq, seen.send_id);
    let spot = Spot::at(told.at).place(conv, seq).of(send_id);
    let name = || case.name(told.device);
    if let Some(log) = case.log(conv, told.lineage) {
        return match log.entry(seq) {
            None => {
                let head = log.head();
                let says = format!(
                    "{} was told {send_id} as {seq} of {conv}, and the log ends at {head} without it",
                    name()
                );
                Some((spot.and([log.at]), format!("disagreement: {says}")))
            }
            Some(entry) if entry.send_id != send_id || !case.may_become(send_id, entry.digest, seen.digest) => {
                let is = entry.send_id;
                let says = format!(
                    "disagreement: {} was told {send_id} as {seq} of {conv}, and the log has {is}",
                    name()
                );
                Some((spot.and([log.at]).of(is), says))
            }
            Some(_) => None,
        };
    }
    let (other, at) = *first.entry((told.lineage, conv, seq)).or_insert((*seen, told.at));
    let same = other.send_id == send_id && case.may_become(send_id, other.digest, seen.digest);
    (!same).then(|| {
        let is = other.send_id;
        let says = format!(
            "disagreement: {} was told {send_id} as {seq} of {conv}, another was told {is}",
            name()
        );
        (spot.and([at]).of(is), says)
    })
}
