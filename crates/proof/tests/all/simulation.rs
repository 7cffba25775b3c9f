//! Simulated runs: nothing is found without a planted fault, and the same seed gives the same run.

use mutants::Mutant;
use proof::simulation::{Caught, Outcome, SimulationOptions, catch, many, run, seeds_from_environment};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use swarm::verdict::{HARD, Violation};
use swarm::{history, report};

/// Runs at once.
const THREADS: usize = 2;

fn lines(outcome: &Outcome) -> String {
    let mut text = Vec::new();
    history::write(&outcome.history, &mut text).expect("memory takes what is written");
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// The first seed that found something once more, in words; what all found, in a line each.
fn told(found: &BTreeMap<u64, Vec<Violation>>, options: &SimulationOptions) -> String {
    let mut lines = Vec::new();
    if let Some(seed) = found.keys().next() {
        let outcome = run(*seed, options);
        if let Ok(path) = std::env::var("TIDINGS_HISTORY") {
            std::fs::write(path, self::lines(&outcome)).expect("the history can be written");
        }
        let first = outcome.verdict.violations.first();
        lines.extend(first.map(|one| report::text(one, &outcome.history)));
        lines.push(format!(
            "To run just this:\n\
             TIDINGS_FIRST_SEED={seed} TIDINGS_SEEDS=1 cargo test -p proof --test all seeds_find_nothing\n\
             (TIDINGS_HISTORY=a file: there it writes down everything that happened.)"
        ));
    }
    for (seed, violations) in found {
        lines.extend(
            violations
                .iter()
                .map(|one| format!("seed {seed}: {:?}: {}", one.rule, one.says)),
        );
    }
    lines.join("\n")
}

/// SIM1: whatever goes wrong, the verdict has nothing to say; and everything went wrong that shows a run to be hard.
#[test]
fn three_hundred_seeds_find_nothing() {
    let options = SimulationOptions::default();
    let seeds = seeds_from_environment(300);
    let sum = many(seeds.clone(), THREADS, &options, |_, _| true);
    eprintln!("{sum}");
    assert!(sum.violations.is_empty(), "{}", told(&sum.violations, &options));
    let easy: Vec<&str> = HARD
        .into_iter()
        .filter(|name| sum.hardness.get(*name).is_none_or(|count| *count == 0))
        .collect();
    assert!(
        seeds.count() < 50 || easy.is_empty(),
        "too easy, this never happened: {easy:?}"
    );
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

/// SIM3: each planted fault is caught, but for the one that only a power cut shows.
#[test]
fn each_planted_fault_is_caught() {
    let only = std::env::var("TIDINGS_MUTANT").ok();
    let chosen = |mutant: &Mutant| match &only {
        Some(name) => name == mutant.name(),
        None => *mutant != Mutant::SyncNormal,
    };
    let mutants: Vec<Mutant> = Mutant::ALL.into_iter().filter(chosen).collect();
    let seeds = seeds_from_environment(300);
    let next = AtomicUsize::new(0);
    let survived = Mutex::new(Vec::new());
    let work = || {
        while let Some(mutant) = mutants.get(next.fetch_add(1, Relaxed)) {
            match catch(*mutant, seeds.clone()) {
                Some(Caught { seed, rule, says }) => eprintln!("{}: seed {seed}, {rule:?}: {says}", mutant.name()),
                None => survived.lock().expect("nobody panics").push(mutant.name()),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(work);
        }
    });
    let survived = survived.into_inner().expect("nobody panics");
    assert!(survived.is_empty(), "these survived seeds {seeds:?}: {survived:?}");
}
