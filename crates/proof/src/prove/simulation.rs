//! Simulated runs, many of them.

use super::{Proving, tell};
use proof::report::Stage;
use proof::simulation::{SimulationOptions, many};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

/// Seeds between two words about how it goes.
const TELL_SEEDS: u64 = 250;
/// Violations told of one seed.
const TELL_VIOLATIONS: usize = 3;

/// Runs these seeds.
pub fn run(proving: &mut Proving, seeds: Range<u64>) {
    tell(&format!("--- simulation of {} seeds", seeds.end - seeds.start));
    let (began, done) = (Instant::now(), AtomicU64::new(0));
    let sum = many(
        seeds.clone(),
        proving.threads,
        &SimulationOptions::default(),
        |seed, outcome| {
            for violation in outcome.verdict.violations.iter().take(TELL_VIOLATIONS) {
                tell(&format!(
                    "    WRONG seed {seed} {:?}: {}",
                    violation.rule, violation.says
                ));
            }
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(TELL_SEEDS) {
                tell(&format!("    {done} seeds in {} s", began.elapsed().as_secs()));
            }
            true
        },
    );
    let violations = sum.violations.values().map(|found| found.len() as u64).sum();
    let says = format!(
        "Two nodes over one store, real clients, all on a simulated network, clock and bus, one thread a seed: \
         {} faults in {} s of simulated time.",
        sum.faults_in_all(),
        sum.simulated_ms / 1_000
    );
    tell(&format!("    {says} ({} s)", began.elapsed().as_secs()));
    proving.stages.push(Stage {
        name: "simulation".to_owned(),
        says,
        runs: sum.seeds,
        faults: sum.faults,
        summary: sum.summary,
        violations,
        took_s: began.elapsed().as_secs(),
        seeds: format!("{} to {}", seeds.start, seeds.end.saturating_sub(1)),
        recovery_ms: Vec::new(),
    });
}
