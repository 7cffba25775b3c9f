//! Many seeds, over a few threads.

use super::{Outcome, SimulationOptions, run};
use crate::report::add;
use mutants::Mutant;
use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use swarm::verdict::{Rule, Summary, Violation};

/// What many runs came to, together.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    /// Seeds that were run.
    pub seeds: u64,
    /// Faults, by kind.
    pub faults: BTreeMap<String, u64>,
    /// How hard it was, by the names of [`swarm::verdict::HARD`].
    pub hardness: BTreeMap<String, u64>,
    /// Changes handed to a client.
    pub sent: u64,
    /// Acknowledged.
    pub acked: u64,
    /// Entries shown or heard.
    pub received: u64,
    /// Simulated time, in milliseconds.
    pub simulated_ms: u64,
    /// The summaries of the runs, added up.
    pub summary: Summary,
    /// The seeds that found something, and what.
    pub violations: BTreeMap<u64, Vec<Violation>>,
}

impl Sum {
    /// One more run.
    fn add(&mut self, seed: u64, outcome: &Outcome) {
        let summary = &outcome.verdict.summary;
        self.seeds += 1;
        add(&mut self.summary, summary);
        self.sent += summary.sent;
        self.acked += summary.acked;
        self.received += summary.received;
        self.simulated_ms += outcome.history.last().map_or(0, |record| record.at_us / 1_000);
        for (all, one) in [
            (&mut self.faults, &summary.faults),
            (&mut self.hardness, &summary.hardness),
        ] {
            for (name, count) in one {
                *all.entry(name.clone()).or_default() += count;
            }
        }
        if !outcome.verdict.violations.is_empty() {
            self.violations.insert(seed, outcome.verdict.violations.clone());
        }
    }

    /// All faults.
    #[must_use]
    pub fn faults_in_all(&self) -> u64 {
        self.faults.values().sum()
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seeds, faults, simulated_s) = (self.seeds, self.faults_in_all(), self.simulated_ms / 1_000);
        writeln!(f, "{seeds} seeds, {simulated_s} s of simulated time, {faults} faults:")?;
        for (name, count) in &self.faults {
            writeln!(f, "  {count:>8} {name}")?;
        }
        writeln!(
            f,
            "{} sent, {} acknowledged, {} received; and it was so hard:",
            self.sent, self.acked, self.received
        )?;
        for (name, count) in &self.hardness {
            writeln!(f, "  {count:>8} {}", name.replace('_', " "))?;
        }
        Ok(())
    }
}

/// Runs these seeds on so many threads; `told` is told of each as it ends, and says whether to go on.
pub fn many(
    seeds: Range<u64>,
    threads: usize,
    options: &SimulationOptions,
    told: impl Fn(u64, &Outcome) -> bool + Sync,
) -> Sum {
    let next = AtomicU64::new(seeds.start);
    let goes_on = AtomicBool::new(true);
    let sum = Mutex::new(Sum::default());
    let work = || {
        while goes_on.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let outcome = run(seed, options);
            sum.lock().unwrap_or_else(PoisonError::into_inner).add(seed, &outcome);
            if !told(seed, &outcome) {
                goes_on.store(false, Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(work);
        }
    });
    sum.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// How a planted fault was caught.
#[derive(Clone, Debug)]
pub struct Caught {
    /// The seed that shows it.
    pub seed: u64,
    /// The rule it breaks.
    pub rule: Rule,
    /// In words.
    pub says: String,
}

/// Plants a fault, and tries so many seeds from the first one on until one shows it.
#[must_use]
pub fn catch(mutant: Mutant, seeds: Range<u64>) -> Option<Caught> {
    let options = SimulationOptions {
        mutant: Some(mutant),
        ..SimulationOptions::default()
    };
    seeds.into_iter().find_map(|seed| {
        let violations = run(seed, &options).verdict.violations;
        violations.into_iter().next().map(|found| Caught {
            seed,
            rule: found.rule,
            says: found.says,
        })
    })
}

/// The seeds to run: so many from 0 on, unless `TIDINGS_SEEDS` and `TIDINGS_FIRST_SEED` say otherwise.
#[must_use]
pub fn seeds_from_environment(count: u64) -> Range<u64> {
    let number = |name| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("TIDINGS_FIRST_SEED").unwrap_or(0);
    first..first + number("TIDINGS_SEEDS").unwrap_or(count)
}
