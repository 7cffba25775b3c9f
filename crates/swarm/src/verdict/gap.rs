//! I4, no gap: the seqs of a log are exactly 1 to head, its ordinals count its messages, its times never go back.

use super::Rule;
use super::case::Case;
use super::found::{Found, Spot};
use super::log::Log;
use protocol::{ConversationId, Ordinal, Seq};

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    for (conv, logs) in &case.logs {
        for log in logs.values() {
            in_log(*conv, log, found);
        }
    }
}

fn in_log(conv: ConversationId, log: &Log<'_>, found: &mut Found<'_, '_>) {
    let (mut seq, mut ord, mut created_ms) = (Seq::ZERO, Ordinal::ZERO, 0);
    for entry in log.dump {
        let spot = || Spot::at(log.at).place(conv, entry.seq).of(entry.send_id);
        if entry.seq != seq.next() {
            found.wrong(Rule::I4, spot(), || {
                format!("gap: the log of {conv} has {} where {} belongs", entry.seq, seq.next())
            });
        }
        let counts = entry.counts();
        let due = if counts { ord.next() } else { ord };
        if entry.ord != due {
            found.wrong(Rule::I4, spot(), || {
                let (is, at) = (entry.ord, entry.seq);
                format!("miscounted: {at} of {conv} is said to be message {is}, and there are {due} up to it")
            });
        }
        if entry.created_ms < created_ms {
            found.wrong(Rule::I4, spot(), || {
                let back_ms = created_ms - entry.created_ms;
                format!(
                    "time runs back: {} of {conv} is {back_ms} ms older than the one before it",
                    entry.seq
                )
            });
        }
        // From what is there: one hole is one violation.
        (seq, ord, created_ms) = (entry.seq, entry.ord, entry.created_ms);
    }
}
