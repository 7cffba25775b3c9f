//! The verdict on a history: pure, and O(n log n), so that millions of records are no matter.
//!
//! Each rule is one file in `verdict/` and one variant of [`Rule`]; it reads the [`Case`] (the history, sorted out
//! once) and answers what it finds.

mod agreement;
mod all_read;
mod availability;
mod bounded;
mod case;
mod changes;
mod convergence;
mod doubled;
mod drafts;
mod faults;
mod found;
mod gap;
mod links;
mod log;
mod lost;
mod membership;
mod phantom;
mod real_time;
mod receipts;
mod rights;
mod shunned;
mod snapshot;
mod standing;
mod stays;
mod summary;
mod telling;
mod threads;
mod too_easy;
mod who;
mod wills;

use crate::history::Record;
use case::Case;
use found::Found;
use protocol::ConversationId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What must hold. The numbers are those of `docs/proof/README.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Rule {
    /// No lost write: every acknowledged change is in the log at its seq with its body, and in the final read of
    /// everybody who may read it.
    I1,
    /// No duplicate: one body, one seq.
    I2,
    /// No phantom: everything told was asked for by its author, and not refused.
    I3,
    /// No gap: the seqs of a log are exactly 1 to head, its times and ids never go back.
    I4,
    /// Agreement: a seq of a conversation is the same entry for everybody, for ever, within a lineage.
    I5,
    /// Order of telling: what a device shows follows; what a session hears rises, and has a hole only if told "behind".
    I6,
    /// Real time: what was acknowledged before another was asked for stands before it; one device's own keep their
    /// order.
    I7,
    /// Receipts: cursors only rise, read never passes delivered, nor what a device of theirs was shown.
    I8,
    /// Membership: nobody is told anything of a conversation outside of their stays.
    I9,
    /// Convergence: after the faults everybody comes to hold the head, and in bounded time.
    I10,
    /// Availability: after the faults nothing is left unanswered.
    I14,
    /// A snapshot and the changes since it equal a fresh snapshot; unread counts equal a count of the log.
    I15,
    /// Bounded: memory, descriptors and queues stay below their limits.
    I17,
    /// Drafts: no text that somebody began to write is lost, but what was replaced where it was known.
    I18,
    /// Shunned: between two people of whom one blocks the other, and in a request that is not taken up, nothing passes;
    /// who tells nobody something of themselves is told it of nobody.
    I19,
    /// Changes: an entry is what the changes in its log made of it, for everybody who may read them, and what was
    /// deleted is gone.
    I20,
    /// Links: one lets in as many as it says and nobody after it was voided, nobody who was removed, and where joining
    /// needs approval nobody at all.
    I21,
    /// Rights: what stands in a log was for its author to do, and how a group stands for its members is what its log
    /// made of it.
    I22,
    /// The run was too easy to prove anything.
    TooEasy,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Violation {
    /// Which rule.
    pub rule: Rule,
    /// What is wrong, in one sentence with names, seqs and times.
    pub says: String,
    /// Where.
    pub conv: Option<ConversationId>,
    /// Around when, in microseconds since the run began.
    pub at_us: u64,
    /// The smallest part of the history that shows it, in order of time.
    pub slice: Vec<Record>,
}

/// What a run was like, and what came out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Summary {
    /// People.
    pub people: u64,
    /// Devices, ears among them.
    pub devices: u64,
    /// Changes handed to a client.
    pub sent: u64,
    /// Acknowledged.
    pub acked: u64,
    /// Changes that were unknown for a while, or stayed so.
    pub unknown: u64,
    /// Entries shown or heard.
    pub received: u64,
    /// Violations of I1 (and I14: never answered).
    pub lost: u64,
    /// Violations of I2 and I3.
    pub doubled: u64,
    /// Violations of I5, I6 and I7.
    pub reordered: u64,
    /// Violations of I4 and I10.
    pub gaps: u64,
    /// Violations of I15.
    pub unread_wrong: u64,
    /// Violations of I8.
    pub receipts_wrong: u64,
    /// Violations of I9.
    pub leaked: u64,
    /// Violations of I17 to I22, of `TooEasy`.
    pub other_wrong: u64,
    /// Faults, by kind.
    pub faults: BTreeMap<String, u64>,
    /// From handing a send to the client to its acknowledgement, in milliseconds.
    pub p50_send_ack_ms: f64,
    /// The same, all but one in a hundred.
    pub p99_send_ack_ms: f64,
    /// From handing a send to the client to its being shown on another device that was connected all the while.
    pub p50_send_received_ms: f64,
    /// The same, all but one in a hundred.
    pub p99_send_received_ms: f64,
    /// The longest.
    pub max_send_received_ms: f64,
    /// Acknowledged messages a second, over the time in which people acted.
    pub messages_per_s: f64,
    /// The seed.
    pub seed: u64,
    /// How hard it was.
    pub hardness: BTreeMap<String, u64>,
    /// Of sends, those acknowledged within 5 s, by the kind of fault that went on (`none`: no fault; `cut-off`: none
    /// either, but the device had no connection for a while).
    pub availability: BTreeMap<String, Share>,
    /// The longest time in which no send of any device was acknowledged though some were under way, in milliseconds.
    pub longest_outage_ms: f64,
    /// From the end of the last fault to a device's holding all heads, in milliseconds: half of them, nine in ten, all.
    pub converged_ms: [f64; 3],
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Good ones.
    pub good: u64,
    /// All.
    pub of: u64,
}

/// The bounds and demands a run is held to.
#[derive(Clone, Debug)]
pub struct Demands {
    /// Resident memory of a node, in KiB.
    pub rss_kib_max: u64,
    /// Open file descriptors of a node.
    pub fds_max: u64,
    /// What may wait in a node's queues.
    pub waiting_max: u64,
    /// How long after the last fault a device may take to hold the head, in milliseconds.
    pub converge_ms_max: u64,
    /// What must have happened at least so often, by the names of [`HARD`]. Empty: nothing is demanded.
    pub hard: BTreeMap<&'static str, u64>,
}

/// What shows that a run was hard.
pub const HARD: [&str; 8] = [
    "unknown_outcomes",
    "dedupe_hits",
    "early_entries_held",
    "gaps_pulled",
    "readers_told_behind",
    "sweeps_repeated",
    "cold_tails",
    "epoch_changes",
];

/// The verdict.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Verdict {
    /// What is wrong; empty: nothing.
    pub violations: Vec<Violation>,
    /// What the run was like.
    pub summary: Summary,
}

/// Judges a history. Pure; O(n log n) in its records and entries.
#[must_use]
pub fn judge(history: &[Record], demands: &Demands) -> Verdict {
    let case = Case::new(history);
    let mut found = Found::new(&case);
    lost::judge(&case, &mut found);
    doubled::judge(&case, &mut found);
    phantom::judge(&case, &mut found);
    gap::judge(&case, &mut found);
    agreement::judge(&case, &mut found);
    telling::judge(&case, &mut found);
    real_time::judge(&case, &mut found);
    receipts::judge(&case, &mut found);
    membership::judge(&case, &mut found);
    let converged_ms = convergence::judge(&case, demands, &mut found);
    availability::judge(&case, &mut found);
    snapshot::judge(&case, &mut found);
    threads::judge(&case, &mut found);
    all_read::judge(&case, &mut found);
    bounded::judge(&case, demands, &mut found);
    drafts::judge(&case, &mut found);
    shunned::judge(&case, &mut found);
    changes::judge(&case, &mut found);
    links::judge(&case, &mut found);
    rights::judge(&case, &mut found);
    too_easy::judge(&case, &too_easy::hardness(&case), demands, &mut found);
    let summary = summary::summary(&case, &found.counts, converged_ms);
    Verdict {
        violations: found.violations,
        summary,
    }
}
