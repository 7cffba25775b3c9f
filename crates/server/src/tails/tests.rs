//! The tails of a node together: handing out from several threads, and bounds.

use super::*;
use crate::tail::tests::{Log, log_of};
use protocol::Seq;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use std::thread;

const HOLD_MS: u64 = 20;

/// The same entry in another conversation.
fn in_conv(entry: &Entry, n: u128) -> Arc<Entry> {
    Arc::new(Entry {
        conv: ConversationId::from_bytes(n.to_be_bytes()),
        ..entry.clone()
    })
}

/// Does what a step asks for, as a node does: hands out, and again until nothing is left, then reads the log.
fn finish(tails: &Tails, log: &Log, conv: ConversationId, mut step: Step, out: &Mutex<Vec<Seq>>, now_ms: u64) {
    loop {
        while !step.deliveries.is_empty() {
            for delivery in std::mem::take(&mut step.deliveries) {
                thread::yield_now();
                out.lock()
                    .expect("nothing panics under this lock")
                    .push(delivery.entry.seq);
            }
            step.deliveries = tails.more(conv);
        }
        let Some(pull) = step.pull else { return };
        thread::yield_now();
        step = tails.loaded(conv, Some(log.page(pull.after, 16)), now_ms);
    }
}

/// ORD5: hints that come on several threads at once are handed out one after the other, in order, each once.
#[test]
fn ord5_threads_hand_out_in_order() {
    const ENTRIES: usize = 200;
    let log = log_of(ENTRIES);
    let conv = log.entries[0].conv;
    let mut lowest = 0;
    for seed in 0..40 {
        let (tails, out) = (Tails::new(HOLD_MS), Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for worker in 0..3 {
                let (tails, log, out) = (&tails, &log, &out);
                scope.spawn(move || {
                    let mut chance = StdRng::seed_from_u64(seed * 10 + worker);
                    let mut entries = log.entries.clone();
                    // Nearly in order, as hints come, and a third of them not at all.
                    entries.chunks_mut(12).for_each(|some| some.shuffle(&mut chance));
                    entries.retain(|_| chance.random_bool(0.66));
                    for (now_ms, entry) in (0..).zip(entries) {
                        let step = tails.hint(log.epoch, entry, now_ms);
                        finish(tails, log, conv, step, out, now_ms);
                        for (conv, pull) in tails.tick(now_ms) {
                            let step = Step {
                                pull: Some(pull),
                                ..Step::default()
                            };
                            finish(tails, log, conv, step, out, now_ms);
                        }
                    }
                });
            }
        });
        for (conv, pull) in tails.tick(10_000) {
            let step = Step {
                pull: Some(pull),
                ..Step::default()
            };
            finish(&tails, &log, conv, step, &out, 10_000);
        }
        let out = out.into_inner().expect("nobody panicked");
        let first = out.first().expect("something went out").0;
        let expected: Vec<Seq> = (first..=ENTRIES as u64).map(Seq).collect();
        assert_eq!(out, expected, "seed {seed}");
        lowest += first;
    }
    assert!(lowest < 40 * 30, "most of each log went out");
}

/// BND5: the tails of a node are bounded in number, also while no log can be read; the longest unused go first.
#[test]
fn bnd5_tails_are_bounded_in_number() {
    let log = log_of(2);
    for readable in [true, false] {
        let tails = Tails::new(HOLD_MS);
        let most = SHARDS * SHARD_TAILS_MAX;
        let mut chance = StdRng::seed_from_u64(1);
        for now_ms in 0..most as u64 + 10_000 {
            let entry = in_conv(&log.entries[1], chance.random());
            let conv = entry.conv;
            let pull = tails
                .hint(log.epoch, entry, now_ms)
                .pull
                .expect("a new tail reads the log");
            let mut step = tails.loaded(conv, readable.then(|| log.page(pull.after, 1)), now_ms);
            assert_eq!(step.deliveries.len(), usize::from(readable));
            step.deliveries = tails.more(conv);
            assert!(step.deliveries.is_empty() && step.pull.is_none());
        }
        assert!(
            tails.count() <= most && tails.count() > most - most / 8,
            "{} tails",
            tails.count()
        );
        let waiting = tails.tick(most as u64 + 10_000 + HOLD_MS).len();
        assert_eq!(
            waiting,
            if readable { 0 } else { tails.count() },
            "what could not be read is read again"
        );
        tails.tick(most as u64 + 10_000 + IDLE_MS_MAX);
        assert_eq!(
            tails.count() == 0,
            readable,
            "idle ones are forgotten, waiting ones are not"
        );
    }
}

/// A tail that somebody is handing out from is never forgotten, or the rest would be handed out beside it.
#[test]
fn a_tail_in_use_is_not_forgotten() {
    let log = log_of(2);
    let tails = Tails::new(HOLD_MS);
    let used = in_conv(&log.entries[0], 0);
    let conv = used.conv;
    let pull = tails.hint(log.epoch, used, 0).pull.expect("a new tail reads the log");
    let mut page = log.page(pull.after, 2);
    page.entries.iter_mut().for_each(|entry| entry.conv = conv);
    assert_eq!(tails.loaded(conv, Some(page), 0).deliveries.len(), 2);
    // The same shard: the first and the last byte are the same.
    for n in 1..=2 * SHARD_TAILS_MAX as u128 {
        let _ = tails.hint(log.epoch, in_conv(&log.entries[1], n << 8), 1);
    }
    tails.tick(2 * IDLE_MS_MAX);
    assert!(tails.shard(conv).contains_key(&conv), "it is in use");
    assert!(tails.shard(conv).len() <= SHARD_TAILS_MAX);
    assert!(tails.more(conv).is_empty());
    tails.tick(2 * IDLE_MS_MAX);
    assert!(!tails.shard(conv).contains_key(&conv), "and now it is not");
}

/// MEM6: a tail is asked for members only as long as its word can be trusted.
#[test]
fn mem6_members_are_told_while_fresh() {
    let log = log_of(3);
    let conv = log.entries[2].conv;
    let tails = Tails::new(HOLD_MS);
    assert_eq!(tails.members(conv, 0), None);
    let first = tails.hint(log.epoch, Arc::clone(&log.entries[2]), 100);
    assert!(first.started);
    let pull = first.pull.expect("a new tail reads the log");
    assert!(!tails.hint(log.epoch, Arc::clone(&log.entries[2]), 100).started);
    assert_eq!(tails.members(conv, 100), None, "nothing is known yet");
    let step = tails.loaded(conv, Some(log.page(pull.after, 1)), 100);
    assert_eq!(step.deliveries[0].to.len(), 2);
    assert!(tails.more(conv).is_empty());
    assert_eq!(
        tails
            .members(conv, 100 + MEMBERS_TRUST_MS - 1)
            .map(|members| members.len()),
        Some(2)
    );
    assert_eq!(tails.members(conv, 100 + MEMBERS_TRUST_MS), None);
}
