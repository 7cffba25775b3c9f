//! The report of the proof, `docs/proof/README.md`: what is claimed, what was done, what came out, what it cannot show.
//!
//! It is written by a program and read by people who were not there. So it says with every figure how it was come by,
//! and a stage that did not run is named as loudly as one that did.

mod add;
mod page;
#[cfg(test)]
mod sample;

pub use add::add;
pub use page::markdown;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use swarm::verdict::Summary;

/// All that a report tells.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Proof {
    /// The day, as `2026-11-24`.
    pub date: String,
    /// The machine, in words: cores, memory, disk, system.
    pub machine: String,
    /// The commit that was built.
    pub commit: String,
    /// The whole proof; else a cut of it.
    pub full: bool,
    /// What was done, in order.
    pub stages: Vec<Stage>,
    /// What became of each planted fault.
    pub mutants: Vec<Caught>,
    /// What was not run, and why.
    pub not_run: Vec<(String, String)>,
}

/// One stage: many runs of one sort.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// What was done, in one sentence.
    pub says: String,
    /// Runs.
    pub runs: u64,
    /// Faults made, by kind.
    pub faults: BTreeMap<String, u64>,
    /// The summaries of the runs, added up by [`add`].
    pub summary: Summary,
    /// Violations, of all rules.
    pub violations: u64,
    /// How long it took, in seconds.
    pub took_s: u64,
    /// The seeds, so that it can be run again: `1 to 10,000`.
    pub seeds: String,
    /// From the end of each fault to the first acknowledgement after it, in milliseconds; empty: not measured.
    #[serde(default)]
    pub recovery_ms: Vec<f64>,
}

/// What became of one planted fault.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Caught {
    /// Its name.
    pub mutant: String,
    /// The seed that caught it; `None`: it survived.
    pub seed: Option<u64>,
    /// The rule that it broke.
    pub rule: Option<String>,
    /// What the checker said.
    pub says: Option<String>,
    /// So many seeds were tried.
    pub tried: u64,
}

impl Stage {
    /// All that is wrong: what the stage counts, or its summary, whichever is more.
    #[must_use]
    pub fn wrong(&self) -> u64 {
        let s = &self.summary;
        let told = s.lost + s.doubled + s.reordered + s.gaps;
        self.violations
            .max(told + s.unread_wrong + s.receipts_wrong + s.leaked + s.other_wrong)
    }
}
