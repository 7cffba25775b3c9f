//! Random scripts against the model and an engine: every answer is the same, and so is everything there is to read in
//! the end. The model is the simplest reading of the contract; where the two differ, one of them has misread it.
//!
//! A failure names its seed. `STORE_PLAN_SEED=17 cargo test -p store plan` runs that script alone, and
//! `STORE_PLAN_SCRIPTS=5000` runs more of them.

mod command;
mod ending;
mod play;
mod script;

use crate::scene::{self, Open};
use play::Play;

/// Scripts in a test run.
const SCRIPTS: u64 = 240;

/// What the scripts must come to.
const WORDS: &[&str] = &[
    "dup: true",
    "dup: false",
    "Created",
    "Added",
    "Removed",
    "Left",
    "Other",
    "NotFound",
    "NotAMember",
    "Forbidden",
    "SendIdReused",
    "GroupFull",
    "NotAGroup",
    "BadReference",
    "BeyondHead",
    "UnknownPerson",
    "HandleTaken",
    "InviteInvalid",
    "TooManyDevices",
    "moved: true",
    "moved: false",
    "head_only: true",
    "head_only: false",
    "to_seq: Some",
    "generation: Generation(2)",
    "more: true",
];

/// Plays scripts against the model and this engine.
fn compare(open: Open) {
    let from_env = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    let seeds = match from_env("STORE_PLAN_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..from_env("STORE_PLAN_SCRIPTS").unwrap_or(SCRIPTS),
    };
    let next = std::sync::atomic::AtomicU64::new(seeds.start);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    Play::new(seed, open).run();
                }
            });
        }
    });
}

/// CNV1, IDM1, ORD1, MEM1, RCP1, UNR1, RES1: SQLite answers every script as the model does, late and repeated bumps, stale
/// marks, repeated sends and restarts among it.
#[test]
fn sqlite_answers_as_the_model_does() {
    compare(crate::sqlite::engine);
}

/// A script proves nothing unless it gets somewhere: entries of every kind, refusals of every sort, spans that closed.
#[test]
fn scripts_reach_what_they_are_for() {
    let mut seen = std::collections::BTreeMap::new();
    for seed in 0..60 {
        let play = Play::new(seed, scene::model);
        play.count(&mut seen);
    }
    for word in WORDS {
        assert!(
            seen.get(*word).copied().unwrap_or(0) > 0,
            "no script of these came to \"{word}\""
        );
    }
}
