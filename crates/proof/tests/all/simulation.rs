//! Simulated runs: nothing is found without a planted fault, and the same seed gives the same run.

use proof::simulation::{Outcome, SimulationOptions, many, run, seeds_from_environment};
use swarm::history;

/// Runs at once.
const THREADS: usize = 2;

fn lines(outcome: &Outcome) -> String {
    let mut text = Vec::new();
    history::write(&outcome.history, &mut text).expect("memory takes what is written");
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// SIM1: whatever goes wrong, the verdict has nothing to say.
#[test]
fn three_hundred_seeds_find_nothing() {
    let sum = many(
        seeds_from_environment(300),
        THREADS,
        &SimulationOptions::default(),
        |_, _| true,
    );
    let wrong: Vec<String> = sum
        .violations
        .iter()
        .flat_map(|(seed, violations)| {
            violations
                .iter()
                .map(move |one| format!("seed {seed}: {:?}: {}", one.rule, one.says))
        })
        .collect();
    eprintln!(
        "{} seeds, {} faults {:?}, hardness {:?}, {} sent, {} acked, {} received, {} s simulated",
        sum.seeds,
        sum.faults_in_all(),
        sum.faults,
        sum.hardness,
        sum.sent,
        sum.acked,
        sum.received,
        sum.simulated_ms / 1000
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// SIM2: the same seed gives the same history, byte for byte.
#[test]
fn the_same_seed_gives_the_same_history() {
    for seed in 0..10 {
        let options = SimulationOptions::default();
        let (one, two) = (lines(&run(seed, &options)), lines(&run(seed, &options)));
        let differs = one.lines().zip(two.lines()).find(|(one, two)| one != two);
        assert!(one == two, "seed {seed}: {differs:?}");
    }
}
