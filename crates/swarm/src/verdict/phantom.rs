//! I3, no phantom: whatever stands in a log or is told was asked for, by its author, with this body, and not refused.

use super::Rule;
use super::case::Case;
use super::found::{Found, Spot};
use crate::history::Digest;
use protocol::{ConversationId, SendId, Seq, UserId};
use std::collections::BTreeSet;

/// An entry, as somebody claims it to be.
struct Claim {
    lineage: u32,
    conv: ConversationId,
    seq: Seq,
    send_id: SendId,
    digest: Digest,
    sender: Option<UserId>,
}

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    // One phantom is one violation, however many are told of it.
    let mut known: BTreeSet<(ConversationId, SendId, Digest, &str)> = BTreeSet::new();
    for (conv, logs) in &case.logs {
        for (lineage, log) in logs {
            for entry in log.dump {
                let claim = Claim {
                    lineage: *lineage,
                    conv: *conv,
                    seq: entry.seq,
                    send_id: entry.send_id,
                    digest: entry.digest,
                    sender: Some(entry.sender),
                };
                weigh(case, log.at, &claim, &mut known, found);
            }
        }
    }
    for told in case.told() {
        for seen in told.entries {
            let claim = Claim {
                lineage: told.lineage,
                conv: told.conv,
                seq: seen.seq,
                send_id: seen.send_id,
                digest: seen.digest,
                sender: None,
            };
            weigh(case, told.at, &claim, &mut known, found);
        }
    }
}

fn weigh(
    case: &Case<'_>,
    at: usize,
    claim: &Claim,
    known: &mut BTreeSet<(ConversationId, SendId, Digest, &str)>,
    found: &mut Found<'_, '_>,
) {
    let Claim { conv, seq, send_id, .. } = *claim;
    let wrong = match case.invokes.get(&send_id) {
        None => "nobody asked for it",
        Some(asked) if asked.conv != conv => "it was asked for in another conversation",
        Some(asked) if !case.may_say(asked, claim.send_id, claim.digest) => "its author wrote another body",
        Some(asked)
            if claim
                .sender
                .zip(asked.user)
                .is_some_and(|(sender, user)| sender != user) =>
        {
            "it was another who asked for it"
        }
        Some(_) if was_refused(case, claim) => "its author was told that it is refused",
        Some(_) => return,
    };
    if known.insert((conv, send_id, claim.digest, wrong)) {
        found.wrong(Rule::I3, Spot::at(at).place(conv, seq).of(send_id), || {
            let teller = case.history[at]
                .device
                .map_or_else(|| "the log".to_owned(), |device| case.name(device));
            format!("phantom: {teller} has {send_id} at {seq} of {conv}, but {wrong}")
        });
    }
}

/// Refused in this lineage or in one before. Acknowledged, lost with a backup and then refused is no contradiction, and
/// only entries of the lineages since must not be there.
fn was_refused(case: &Case<'_>, claim: &Claim) -> bool {
    let answers = case.answers.get(&claim.send_id);
    let mut refusals = answers.into_iter().flatten().filter(|answer| answer.seq.is_none());
    refusals.any(|answer| answer.lineage <= claim.lineage)
}
