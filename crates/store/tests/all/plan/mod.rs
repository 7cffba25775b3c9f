//! Random scripts against the model and an engine: every answer is the same, and so is everything there is to read in
//! the end. The model is the simplest reading of the contract; where the two differ, one of them has misread it.
//!
//! A failure names its seed. `STORE_PLAN_SEED=17 cargo test -p store plan` runs that script alone, and
//! `STORE_PLAN_SCRIPTS=5000` runs more of them.

mod command;
mod ending;
mod engine;
mod play;
mod script;

use crate::scene;
use play::Play;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Scripts in a test run.
const SCRIPTS: u64 = 240;
/// Scripts with faults in a test run.
const SCRIPTS_IN_TROUBLE: u64 = 30;

/// What the scripts must come to.
const WORDS: &[&str] = &[
    "dup: true",
    "dup: false",
    "Created",
    "Added",
    "Removed",
    "Left",
    "Other",
    "kind: Edit",
    "kind: Delete",
    "kind: React",
    "kind: Pin",
    "deleted_by: Some",
    "pinned: true",
    "Reaction {",
    "now: Some",
    "NotAMessage",
    "Deleted",
    "TooLate",
    "NotFound",
    "NotAMember",
    "Forbidden",
    "kind: Settings",
    "kind: Role",
    "AnnouncementsOnly",
    "SlowMode",
    "LastOwner",
    "Asked",
    "In(",
    "asked: true",
    "JoinRequest {",
    "Refused(Removed)",
    "SendIdReused",
    "GroupFull",
    "NotAGroup",
    "BadReference",
    "BeyondHead",
    "UnknownPerson",
    "HandleTaken",
    "InviteInvalid",
    "TooManyDevices",
    "NotAccepted",
    "YouBlock",
    "PeerDeactivated",
    "NotARequest",
    "request: Some(Open)",
    "request: Some(Ignored)",
    "shunned: [UserId",
    "moved: true",
    "moved: false",
    "head_only: true",
    "head_only: false",
    "to_seq: Some",
    "generation: Generation(2)",
    "more: true",
    "NotARoot",
    "thread: Some",
    "following: true",
    "following: false, head",
    "unread: 2",
];

/// Plays so many scripts, each on one of two threads.
fn play_all(scripts: u64, play: impl Fn(u64) + Sync) {
    let from_env = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    let seeds = match from_env("STORE_PLAN_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..from_env("STORE_PLAN_SCRIPTS").unwrap_or(scripts),
    };
    let next = AtomicU64::new(seeds.start);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mine = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
                mine.take_while(|seed| seeds.contains(seed)).for_each(&play);
            });
        }
    });
}

/// CNV1, IDM1, ORD1, MEM1, RCP1, UNR1, RES1: SQLite answers every script as the model does, late and repeated bumps,
/// stale marks, repeated sends and restarts among it.
#[test]
fn sqlite_answers_as_the_model_does() {
    play_all(SCRIPTS, |seed| Play::new(seed, engine::sqlite).run());
}

/// DUR2, DUR5: whoever repeats what has failed, with the same ids, until there is an answer, ends where a store without
/// faults ends.
#[test]
fn repeats_settle_what_faults_leave_unknown() {
    let unknown = AtomicU64::new(0);
    play_all(SCRIPTS_IN_TROUBLE, |seed| {
        let mut play = Play::new(seed, engine::sqlite).in_trouble();
        play.run();
        unknown.fetch_add(play.unknown_outcomes as u64, Ordering::Relaxed);
    });
    assert!(unknown.into_inner() > 0, "nothing ever failed: this has proved nothing");
}

/// A script proves nothing unless it gets somewhere: entries of every kind, refusals of every sort, spans that closed.
#[test]
fn scripts_reach_what_they_are_for() {
    let mut seen = BTreeMap::new();
    for seed in 0..5_000 {
        let play = Play::new(seed, scene::model);
        play.count(&mut seen);
        if WORDS.iter().all(|word| seen.get(*word).copied().unwrap_or(0) > 0) {
            return;
        }
    }
    for word in WORDS {
        assert!(
            seen.get(*word).copied().unwrap_or(0) > 0,
            "no script of these came to \"{word}\""
        );
    }
}
