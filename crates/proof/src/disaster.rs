//! Disasters that happen to a real server process: one file each, all of the same form.
//!
//! A disaster starts servers of its own in a directory of its own, lets people write, does its worst, and answers with
//! [`Verdict`]s. What cannot happen here (no root, no loop device) is a [`NotRun`], which must be said loudly: a proof
//! that silently did less is none.
//!
//! [`disk`] makes file systems that can lose their power, [`sender`] are bare devices that write without pause and know
//! none of the client's rules, [`traffic`] is a server under them, [`tally`] compares what they were told with the log,
//! [`dump`] reads a log out of a store. [`scene`] is the other cast: the crowd of `swarm`, with the real client, its
//! plan and its verdict.

pub mod bad_readers;
pub mod clock_jump;
pub mod descriptors;
pub mod disk;
pub mod disk_full;
pub mod dump;
pub mod kill;
pub mod power_cut;
pub mod read_only;
pub mod restore;
pub mod scene;
pub mod sender;
pub mod stopped;
pub mod tally;
pub mod traffic;

use crate::report::{Caught, add};
use std::path::PathBuf;
use swarm::served::ServedOptions;
use swarm::verdict::{Summary, Verdict};

/// What a planted server reads its mutant's name from.
const MUTANT_ENV: &str = "TIDINGS_MUTANT";

/// Where a disaster takes place.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The server's program.
    pub program: PathBuf,
    /// A directory for everything that is made; what is worth a look after a failure stays in it.
    pub scratch: PathBuf,
    /// What all chance comes from.
    pub seed: u64,
    /// The mutant the server runs with, if any.
    pub mutant: Option<String>,
    /// Tells how it goes, a line at a time.
    pub tell: fn(&str),
}

impl Ground {
    /// How a server is started here: with the mutant, and with its log under the name of the disaster.
    #[must_use]
    pub fn options(&self, name: &str) -> ServedOptions {
        let env = self.mutant.iter().map(|mutant| (MUTANT_ENV.to_owned(), mutant.clone()));
        ServedOptions {
            env: env.collect(),
            log: self.scratch.join(format!("{}.log", name.replace(' ', "-"))),
            ..ServedOptions::default()
        }
    }
}

/// How much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// What fits into each `make test`: seconds.
    Cut,
    /// What stands in the report: minutes.
    Full,
}

impl Size {
    /// `cut` or `full`, by the size.
    pub fn pick<T>(self, cut: T, full: T) -> T {
        match self {
            Self::Cut => cut,
            Self::Full => full,
        }
    }
}

/// What a disaster came to.
#[derive(Debug)]
pub struct Outcome {
    /// Its name.
    pub name: &'static str,
    /// One sentence with the figures.
    pub says: String,
    /// How often it struck.
    pub runs: u64,
    /// What was found, run by run.
    pub verdicts: Vec<Verdict>,
    /// From each restart, thaw or mending to the first acknowledgement after it, in milliseconds.
    pub recovery_ms: Vec<f64>,
    /// What is worth knowing besides.
    pub notes: Vec<String>,
    /// Planted faults that it was checked with, and what became of them.
    pub caught: Vec<Caught>,
}

impl Outcome {
    /// Nothing yet.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Self {
            name,
            says: String::new(),
            runs: 0,
            verdicts: Vec::new(),
            recovery_ms: Vec::new(),
            notes: Vec::new(),
            caught: Vec::new(),
        }
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.violations.is_empty())
    }
}

/// It did not take place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRun {
    /// Which one.
    pub name: &'static str,
    /// Why.
    pub why: String,
    /// It began, and something that it needs failed: with what is said here it is a fault of ours, not of the machine.
    pub broke: bool,
}

impl NotRun {
    /// Could not begin for this reason.
    pub fn because(name: &'static str, why: impl std::fmt::Display) -> Self {
        Self {
            name,
            why: why.to_string(),
            broke: false,
        }
    }

    /// Began, and then this went wrong.
    pub fn broke(name: &'static str, why: impl std::fmt::Display) -> Self {
        Self {
            broke: true,
            ..Self::because(name, why)
        }
    }
}

/// So many in a hundred of these are no larger than the answer; 0 of none.
#[must_use]
pub fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or(0.0)
}

/// The summaries of several runs, added up.
#[must_use]
pub fn together(verdicts: &[Verdict]) -> Summary {
    let mut sum = Summary::default();
    verdicts.iter().for_each(|verdict| add(&mut sum, &verdict.summary));
    sum
}
