//! What happens when the disk or a change fails: nobody is told what is not so, and the next batch starts from the
//! file.

use super::{Inline, options};
use crate::scene::{Chance, Hands, Scene};
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::sqlite::{self, Options, Point};
use store::{Append, Error, Store};
use tempfile::TempDir;

/// Options whose `point` fails at the calls with these numbers.
fn failing(hands: &Hands, point: Point, calls: &'static [usize]) -> Options {
    let count = AtomicUsize::new(0);
    let mut options = options(hands);
    options.faults = Arc::new(move |at| at == point && calls.contains(&count.fetch_add(1, Ordering::SeqCst)));
    options
}

/// Somebody in a group, and ten texts by them.
fn ten_texts(inline: &mut Inline, scene: &mut Scene) -> Vec<Append> {
    let [ann, bob] = [scene.user_id(), scene.user_id()];
    let create = scene.create_group(&[ann, bob]);
    let conv = create.conv;
    let reply = inline.store.create(create);
    inline.done(reply);
    (0..10).map(|n| scene.text(conv, ann, &format!("{n}"))).collect()
}

/// What each append came to: its seq, or `None` for a fault.
fn send(inline: &mut Inline, appends: &[Append]) -> Vec<Option<(u64, bool)>> {
    let replies: Vec<_> = appends
        .iter()
        .map(|append| inline.store.append(append.clone()))
        .collect();
    while inline.step() {}
    let answers = replies.into_iter().map(crate::scene::wait);
    answers
        .map(|answer| match answer {
            Ok(appended) => Some((appended.entry.seq.0, appended.dup)),
            Err(Error::Fault(_)) => None,
            Err(error) => panic!("{error}"),
        })
        .collect()
}

/// DUR2, DUR5: a commit that failed is told as unknown to everybody in it; a repeat with the same ids is done once,
/// whichever way it was.
#[test]
fn dur2_a_failed_commit_is_unknown_and_a_repeat_settles_it() {
    for (point, happened) in [(Point::Commit, false), (Point::Committed, true)] {
        let hands = Hands::new();
        let mut scene = Scene::new(crate::scene::model);
        let mut inline = Inline::open(failing(&hands, point, &[1]));
        let appends = ten_texts(&mut inline, &mut scene);
        assert_eq!(send(&mut inline, &appends), [None; 10], "{point:?}");
        let again = send(&mut inline, &appends);
        let expected: Vec<_> = (2..12).map(|seq| Some((seq, happened))).collect();
        assert_eq!(again, expected, "{point:?}");
    }
}

/// DUR5: while the database cannot be opened again, every change is a fault and none is lost or doubled.
#[test]
fn dur5_an_engine_that_cannot_reopen_answers_and_recovers() {
    let hands = Hands::new();
    let count = AtomicUsize::new(0);
    let mut options = options(&hands);
    options.faults = Arc::new(move |point| match point {
        Point::Commit => count.fetch_add(1, Ordering::SeqCst) == 1,
        Point::Reopen => count.fetch_add(1, Ordering::SeqCst) < 5,
        _ => false,
    });
    let mut scene = Scene::new(crate::scene::model);
    let mut inline = Inline::open(options);
    let appends = ten_texts(&mut inline, &mut scene);
    let mut rounds = 0;
    while send(&mut inline, &appends[..1]) == [None] {
        rounds += 1;
    }
    assert_eq!(rounds, 4, "one failed commit and three failed openings");
    let answers = send(&mut inline, &appends);
    assert_eq!(answers[0], Some((2, true)));
    assert_eq!(answers[9], Some((11, false)));
}

/// DUR4: a poisonous change fails alone; its neighbours in the batch are done, in their order.
#[test]
fn dur4_a_poisonous_change_fails_alone() {
    let hands = Hands::new();
    let mut scene = Scene::new(crate::scene::model);
    // Call 0 is the creation; the fifth text breaks the batch (5) and fails again when it is made alone (10).
    let mut inline = Inline::open(failing(&hands, Point::Change, &[5, 10]));
    let appends = ten_texts(&mut inline, &mut scene);
    let answers = send(&mut inline, &appends);
    let seqs: Vec<_> = answers.iter().map(|answer| answer.map(|(seq, _)| seq)).collect();
    let expected = [2, 3, 4, 5, 0, 6, 7, 8, 9, 10].map(|seq| (seq > 0).then_some(seq));
    assert_eq!(seqs, expected);
    assert_eq!(
        send(&mut inline, &appends[4..5]),
        [Some((11, false))],
        "it comes again as a new one"
    );
}

/// DUR4: a change that panics is a fault for its caller alone; so is a read. The engine goes on.
#[test]
fn dur4_a_panic_takes_only_its_own_answer() {
    let hands = Hands::new();
    let mut scene = Scene::new(crate::scene::model);
    let changes = AtomicUsize::new(0);
    let reads = AtomicUsize::new(0);
    let mut options = options(&hands);
    options.faults = Arc::new(move |point| {
        let nth = |count: &AtomicUsize| count.fetch_add(1, Ordering::SeqCst);
        match point {
            Point::Change => assert!(![5, 10].contains(&nth(&changes)), "ordered to panic"),
            Point::Read => assert!(nth(&reads) != 0, "ordered to panic"),
            _ => {}
        }
        false
    });
    let mut inline = Inline::open(options);
    let appends = ten_texts(&mut inline, &mut scene);
    let answers = send(&mut inline, &appends);
    let failed: Vec<_> = (0..10).filter(|n| answers[*n].is_none()).collect();
    assert_eq!(failed, [4]);
    let (first, second) = (inline.store.dirty(9), inline.store.dirty(9));
    while inline.step() {}
    assert!(matches!(crate::scene::wait(first), Err(Error::Fault(_))));
    assert_eq!(crate::scene::done(second).len(), 1);
}

/// DUR2: whoever waits when the engine's parts go away is told so, and does not wait for ever.
#[test]
fn dur2_nobody_waits_for_an_engine_that_is_gone() {
    let hands = Hands::new();
    let mut scene = Scene::new(crate::scene::model);
    let mut inline = Inline::open(options(&hands));
    let appends = ten_texts(&mut inline, &mut scene);
    let store = inline.store.clone();
    let append = store.append(appends[0].clone());
    let (read, vers) = (store.dirty(9), store.vers(vec![appends[0].sender]));
    drop(inline);
    assert!(matches!(crate::scene::wait(append), Err(Error::Fault(_))));
    assert!(matches!(crate::scene::wait(read), Err(Error::Fault(_))));
    assert!(matches!(crate::scene::wait(vers), Err(Error::Fault(_))));
    assert!(matches!(
        crate::scene::wait(store.append(appends[1].clone())),
        Err(Error::Fault(_))
    ));
    assert!(matches!(crate::scene::wait(store.dirty(9)), Err(Error::Fault(_))));
}

/// DUR2, DUR5, IDM1, ORD1: with failures at every point, at random, and clients that repeat until they are answered,
/// each send is in the log exactly once, and the log has no gap; the file holds what was told.
#[test]
fn idm1_random_failures_neither_lose_nor_double() {
    for seed in 0..12_u64 {
        let hands = Hands::new();
        let mut scene = Scene::new(crate::scene::model);
        let chance = std::sync::Mutex::new(Chance::new(seed));
        let armed = Arc::new(AtomicUsize::new(0));
        let mut options = options(&hands);
        let arm = Arc::clone(&armed);
        options.faults =
            Arc::new(move |_| arm.load(Ordering::SeqCst) == 1 && chance.lock().expect("whole").below(12) == 0);
        let mut inline = Inline::open(options);
        let appends = ten_texts(&mut inline, &mut scene);
        armed.store(1, Ordering::SeqCst);
        let mut told: BTreeMap<usize, u64> = BTreeMap::new();
        let mut plan = Chance::new(seed + 1_000);
        for _ in 0..150 {
            let picked: Vec<usize> = (0..=plan.below(5)).map(|_| plan.below(appends.len())).collect();
            let batch: Vec<Append> = picked.iter().map(|n| appends[*n].clone()).collect();
            for (n, answer) in picked.iter().zip(send(&mut inline, &batch)) {
                let Some((seq, dup)) = answer else { continue };
                assert!(dup || !told.contains_key(n), "seed {seed}: send {n} was done twice");
                assert_eq!(
                    *told.entry(*n).or_insert(seq),
                    seq,
                    "seed {seed}: send {n} has two seqs"
                );
            }
        }
        armed.store(0, Ordering::SeqCst);
        let mut inline = inline.reopen();
        let conv = appends[0].conv;
        let reply = inline.store.tail(conv, Some(protocol::Seq(0)), 100);
        let log = inline.done(reply).entries;
        let seqs: Vec<u64> = log.iter().map(|entry| entry.seq.0).collect();
        assert_eq!(seqs, (1..=11).collect::<Vec<_>>(), "seed {seed}");
        for (n, seq) in told {
            let entry = &log[seq as usize - 1];
            assert_eq!(entry.send_id, appends[n].send_id, "seed {seed}: send {n}");
        }
    }
}

/// DUR1: what was answered is in the files at that moment: a copy of them, as a crash would leave them, holds it.
#[test]
fn dur1_the_files_hold_what_was_answered() {
    let hands = Hands::new();
    let mut scene = Scene::new(crate::scene::model);
    let mut small = options(&hands);
    small.checkpoint_bytes = 64 * 1_024;
    small.wal_restart_bytes = 256 * 1_024;
    let mut inline = Inline::open(small);
    let appends = ten_texts(&mut inline, &mut scene);
    let (conv, ann) = (appends[0].conv, appends[0].sender);
    let mut acked = 1;
    for round in 0..30 {
        let batch: Vec<_> = (0..40)
            .map(|n| scene.text(conv, ann, &format!("{round} {n} {}", "x".repeat(200))))
            .collect();
        acked += send(&mut inline, &batch).iter().flatten().count();
        if round % 5 != 4 {
            continue;
        }
        let copy = TempDir::new().expect("a directory");
        for name in ["tidings.db", "tidings.db-wal"] {
            fs::copy(inline.dir().join(name), copy.path().join(name)).expect("copied");
        }
        let crashed = sqlite::start(copy.path(), options(&hands)).expect("opens after a crash");
        let tail = crate::scene::done(crashed.tail(conv, Some(protocol::Seq(0)), 10_000));
        assert_eq!(
            (tail.head_seq.0, tail.entries.len()),
            (acked as u64, acked),
            "round {round}"
        );
    }
    let wal = fs::metadata(inline.dir().join("tidings.db-wal"))
        .expect("the log")
        .len();
    assert!(wal < 512 * 1_024, "the write-ahead log begins anew: {wal} bytes");
}
