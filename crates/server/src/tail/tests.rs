//! Tails, by random plans: a log whose members change, hints that get lost, doubled, late and out of order, reads of
//! the log that are slow, short, or fail.

mod log;

use super::*;
use log::Members;
pub(crate) use log::{Log, log_of};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const HOLD_MS: u64 = 20;
const USERS: u8 = 6;

fn user(n: u8) -> UserId {
    UserId::from_random([n; 16])
}

fn epoch(n: u8) -> Epoch {
    Epoch::from_random([n; 16])
}

/// A read of the log under way: first it is asked for, later it sees the log, later still it is back.
struct Load {
    after: Seq,
    sees_ms: u64,
    back_ms: u64,
    fails: bool,
    limit: usize,
    page: Option<TailPage>,
}

/// One node: a tail, what is on its way to it, and what came out.
#[derive(Default)]
struct TestNode {
    tail: Option<Tail>,
    hints: Vec<(u64, Epoch, Arc<Entry>)>,
    loads: Vec<Load>,
    /// What came out since it last started anew, and of which lineage that is.
    out: Vec<Delivery>,
    told: Seq,
    restarts: u32,
    counts: Counts,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    delivered: usize,
    held: usize,
    pulls: usize,
    failed: usize,
    moved: usize,
}

impl TestNode {
    fn ask(&mut self, pull: Option<Pull>, chance: &mut StdRng, now_ms: u64, calm: bool) {
        let Some(Pull { after }) = pull else { return };
        self.counts.pulls += 1;
        let sees_ms = now_ms + chance.random_range(0..60);
        self.loads.push(Load {
            after,
            sees_ms,
            back_ms: sees_ms + chance.random_range(0..60),
            fails: !calm && chance.random_bool(0.2),
            limit: if chance.random_bool(0.5) {
                PULL_ENTRIES_MAX
            } else {
                chance.random_range(1..6)
            },
            page: None,
        });
    }

    /// Everything that is due by now. `logs` are the lineages; the last one holds.
    fn step(&mut self, logs: &[Log], chance: &mut StdRng, now_ms: u64, calm: bool, at: &str) {
        let due: Vec<_> = self.hints.extract_if(.., |(due_ms, ..)| *due_ms <= now_ms).collect();
        for (_, epoch, entry) in due {
            let before = self.tail.as_ref().map(|tail| tail.epoch);
            if before != Some(epoch) {
                self.told = Seq::ZERO;
            }
            self.told = self.told.max(entry.seq);
            let pull = match &mut self.tail {
                Some(tail) => tail.hint(epoch, entry, HOLD_MS, now_ms),
                None => {
                    let (tail, pull) = Tail::start(epoch, entry, now_ms);
                    self.tail = Some(tail);
                    Some(pull)
                }
            };
            self.ask(pull, chance, now_ms, calm);
            self.collect(before, logs, at);
        }
        for load in self
            .loads
            .iter_mut()
            .filter(|load| load.page.is_none() && load.sees_ms <= now_ms)
        {
            load.page = Some(logs.last().expect("a log").page(load.after, load.limit));
        }
        let back: Vec<_> = self.loads.extract_if(.., |load| load.back_ms <= now_ms).collect();
        for load in back {
            let tail = self.tail.as_mut().expect("it asked");
            let before = Some(tail.epoch);
            let pull = match load.page.filter(|_| !load.fails) {
                Some(page) => tail.loaded(page, HOLD_MS, now_ms),
                None => {
                    self.counts.failed += 1;
                    tail.load_failed(now_ms);
                    None
                }
            };
            if self.tail.as_ref().map(|tail| tail.epoch) != before {
                self.told = Seq::ZERO;
            }
            self.ask(pull, chance, now_ms, calm);
            self.collect(before, logs, at);
        }
        let pull = self.tail.as_mut().and_then(|tail| tail.tick(HOLD_MS, now_ms));
        self.ask(pull, chance, now_ms, calm);
        self.collect(self.tail.as_ref().map(|tail| tail.epoch), logs, at);
    }

    /// Takes what came out and checks every promise about it.
    fn collect(&mut self, epoch_before: Option<Epoch>, logs: &[Log], at: &str) {
        let Some(tail) = &mut self.tail else { return };
        let new: Vec<_> = tail.take(false).into_iter().chain(tail.take(true)).collect();
        if epoch_before.is_some_and(|before| before != tail.epoch) {
            self.out.clear();
            self.restarts += 1;
            assert!(
                new.is_empty(),
                "nothing of a new lineage goes out before its log was read, {at}"
            );
        }
        let log = logs.iter().find(|log| log.epoch == tail.epoch).expect("a lineage");
        for delivery in new {
            let seq = delivery.entry.seq;
            if let Some(last) = self.out.last() {
                assert_eq!(seq, last.entry.seq.next(), "not the next one, {at}");
            }
            assert_eq!(delivery.entry, log.entries[seq.0 as usize - 1], "{at}");
            assert_eq!(
                *delivery.to,
                *log.readers(seq),
                "not exactly its readers, seq {seq}, {at}"
            );
            assert_eq!(delivery.frame, wire::live(log.epoch, &delivery.entry), "{at}");
            self.counts.moved += usize::from(delivery.entry.kind.moves_members());
            self.counts.delivered += 1;
            self.out.push(delivery);
        }
        self.counts.held = self.counts.held.max(tail.early.len());
        assert!(tail.early.len() <= EARLY_ENTRIES_MAX, "the shelf is bounded, {at}");
        if let (Some(members), Some(last)) = (tail.members(), self.out.last()) {
            let expected: Vec<_> = log.members[last.entry.seq.0 as usize].iter().copied().collect();
            assert_eq!(*members, *expected, "{at}");
        }
    }

    /// It has been quiet: everything it was told of is out, and it waits for nothing.
    fn check_quiet(&self, log: &Log, at: &str) {
        let Some(tail) = &self.tail else { return };
        assert!(tail.is_idle(), "{at}: {:?}", tail.state);
        assert_eq!(tail.epoch, log.epoch, "{at}");
        let last = self.out.last().map_or(Seq::ZERO, |delivery| delivery.entry.seq);
        assert!(
            last >= self.told,
            "told of {} and only {last} went out, {at}",
            self.told
        );
        assert!(tail.members().is_some(), "{at}");
    }
}

/// Lets everything that is under way come to its end.
fn settle(nodes: &mut [TestNode; 2], logs: &[Log], now_ms: &mut u64, chance: &mut StdRng, at: &str) {
    for _ in 0..600 {
        *now_ms += 10;
        nodes
            .iter_mut()
            .for_each(|node| node.step(logs, chance, *now_ms, true, at));
    }
}

/// Commits entries and lets them come to the nodes as badly as a bus may. Answers what happened in all.
fn run(seed: u64, entries: usize, lineages: u8, moves_percent: u8) -> (Counts, u32) {
    let mut chance = StdRng::seed_from_u64(seed);
    let at = format!("seed {seed}");
    let mut nodes = [TestNode::default(), TestNode::default()];
    let mut logs = vec![Log::new(epoch(1), &[user(0), user(1), user(2)])];
    let (lose, late) = (chance.random_range(0.0..0.5), chance.random_range(0.0..0.6));
    let mut now_ms = 1_000;
    let mut switch_at: Vec<usize> = (1..lineages).map(|_| chance.random_range(1..entries)).collect();
    switch_at.sort_unstable();
    for step in 0..entries {
        if switch_at.first() == Some(&step) {
            switch_at.remove(0);
            let next = logs.len() as u8 + 1;
            logs.push(Log::new(epoch(next), &[user(3), user(next % USERS)]));
        }
        now_ms += if chance.random_bool(0.7) {
            chance.random_range(0..4)
        } else {
            chance.random_range(0..80)
        };
        let log = logs.last_mut().expect("a log");
        log.grow(&mut chance, moves_percent);
        let entry = Arc::clone(log.entries.last().expect("it grew"));
        for node in &mut nodes {
            let is_last = step + 1 == entries;
            let times = if chance.random_bool(lose) && !is_last {
                0
            } else {
                chance.random_range(1..3)
            };
            for _ in 0..times {
                let late_ms = if chance.random_bool(late) {
                    chance.random_range(0..200)
                } else {
                    0
                };
                node.hints.push((now_ms + late_ms, log.epoch, Arc::clone(&entry)));
            }
        }
        for node in &mut nodes {
            node.step(&logs, &mut chance, now_ms, false, &at);
        }
    }
    settle(&mut nodes, &logs, &mut now_ms, &mut chance, &at);
    if lineages > 1 {
        // A late hint of a past lineage may have had the last word: one more of the present one sets that right.
        let log = logs.last_mut().expect("a log");
        log.grow(&mut chance, moves_percent);
        let entry = Arc::clone(log.entries.last().expect("it grew"));
        nodes
            .iter_mut()
            .for_each(|node| node.hints.push((now_ms, log.epoch, Arc::clone(&entry))));
        settle(&mut nodes, &logs, &mut now_ms, &mut chance, &at);
    }
    let mut all = (Counts::default(), 0);
    for node in &nodes {
        node.check_quiet(logs.last().expect("a log"), &at);
        let (sum, one) = (&mut all.0, node.counts);
        sum.delivered += one.delivered;
        sum.held = sum.held.max(one.held);
        sum.pulls += one.pulls;
        sum.failed += one.failed;
        sum.moved += one.moved;
        all.1 += node.restarts;
    }
    all
}

/// ORD5, MEM6: whatever the bus and the store do, what goes out is the log without a gap, in order, each entry once,
/// and each to exactly those who may read it.
#[test]
fn ord5_what_goes_out_is_the_log_to_its_readers() {
    let mut all = Counts::default();
    for seed in 0..600 {
        let (counts, _) = run(seed, 60, 1, 30);
        all.delivered += counts.delivered;
        all.pulls += counts.pulls;
        all.failed += counts.failed;
        all.moved += counts.moved;
    }
    assert!(
        all.delivered > 50_000 && all.moved > 10_000,
        "hard: {} delivered, {} moved",
        all.delivered,
        all.moved
    );
    assert!(
        all.pulls > 3_000 && all.failed > 300,
        "hard: {} pulls, {} failed",
        all.pulls,
        all.failed
    );
}

/// BND5: a hole under a flood fills the shelf to its bound and not further, and what fell off it goes out all the same.
#[test]
fn bnd5_the_shelf_is_bounded_and_loses_nothing() {
    let mut full = 0;
    for seed in 0..30 {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut log = Log::new(epoch(1), &[user(0), user(1)]);
        let mut node = TestNode::default();
        log.grow(&mut chance, 5);
        node.hints.push((0, log.epoch, Arc::clone(&log.entries[1])));
        let mut logs = vec![log];
        for now_ms in (0..400).step_by(10) {
            node.step(&logs, &mut chance, now_ms, true, &format!("seed {seed}"));
        }
        for _ in 0..EARLY_ENTRIES_MAX + chance.random_range(1..200) {
            logs[0].grow(&mut chance, 5);
        }
        // All but the lowest come at once; the read that fills the hole may see the log as it was long before.
        let mut above: Vec<_> = logs[0].entries[3..].to_vec();
        while !above.is_empty() {
            let entry = above.swap_remove(chance.random_range(0..above.len()));
            node.hints.push((500, logs[0].epoch, entry));
        }
        for now_ms in (500..9_000).step_by(10) {
            node.step(&logs, &mut chance, now_ms, true, &format!("seed {seed}"));
        }
        node.check_quiet(&logs[0], &format!("seed {seed}"));
        full += u32::from(node.counts.held == EARLY_ENTRIES_MAX);
    }
    assert!(full > 20, "the shelf was full {full} times");
}

/// ORD5: an entry of another lineage starts the tail anew, and nothing of one is ever taken for the other's, whatever
/// comes late.
#[test]
fn ord5_another_lineage_starts_anew() {
    let mut restarts = 0;
    for seed in 0..400 {
        restarts += run(seed, 60, 3, 20).1;
    }
    assert!(restarts > 1_000, "hard: {restarts} restarts");
}

/// A tail that has handed out entries 1 and 2.
fn live_tail(log: &Log) -> Tail {
    let (mut tail, pull) = Tail::start(log.epoch, Arc::clone(&log.entries[0]), 0);
    let mut page = log.page(pull.after, 2);
    page.head_seq = Seq(2);
    assert_eq!(tail.loaded(page, HOLD_MS, 0), None);
    assert_eq!(tail.take(false).len(), 2);
    assert!(tail.take(true).is_empty() && tail.is_idle());
    tail
}

/// GAP4: a hole is read from the log once it has waited as long as it may, not before, and not at all if it filled
/// itself.
#[test]
fn gap4_a_hole_is_pulled_after_its_time() {
    let log = log_of(8);
    for seed in 0..300 {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut tail = live_tail(&log);
        let began_ms = chance.random_range(100..200);
        let hint = |tail: &mut Tail, seq: usize, now_ms| {
            tail.hint(log.epoch, Arc::clone(&log.entries[seq - 1]), HOLD_MS, now_ms)
        };
        assert_eq!(hint(&mut tail, 5, began_ms), None, "seed {seed}");
        let mut now_ms = began_ms;
        let fills = chance.random_bool(0.5);
        while now_ms + 1 < began_ms + HOLD_MS {
            now_ms = (now_ms + chance.random_range(0..10)).min(began_ms + HOLD_MS - 1);
            let seq = chance.random_range(5..=8);
            assert_eq!(hint(&mut tail, seq, now_ms), None, "seed {seed}");
            assert_eq!(tail.tick(HOLD_MS, now_ms), None, "seed {seed}");
            assert!(tail.take(false).is_empty(), "early entries wait, seed {seed}");
        }
        if fills {
            assert_eq!(
                (hint(&mut tail, 4, now_ms), hint(&mut tail, 3, now_ms)),
                (None, None),
                "seed {seed}"
            );
            assert!(tail.take(false).len() >= 3, "seed {seed}");
        }
        let pull = tail.tick(HOLD_MS, began_ms + HOLD_MS);
        // Another hole above may have been left by the hints.
        let left = !tail.early.is_empty();
        let after = if fills { tail_next(&tail).prev() } else { Seq(2) };
        assert_eq!(pull, (!fills || left).then_some(Pull { after }), "seed {seed}");
        assert_eq!(
            tail.tick(HOLD_MS, began_ms + 10 * HOLD_MS),
            None,
            "one read at a time, seed {seed}"
        );
    }
}

fn tail_next(tail: &Tail) -> Seq {
    match tail.state {
        State::Live { next, .. } => next,
        State::Cold { .. } => panic!("it is live"),
    }
}

/// MEM6: a page that was read before a removal, and comes back after the removal went out, does not bring anybody back.
#[test]
fn mem6_a_late_page_does_not_undo_a_removal() {
    let mut log = log_of(4);
    let before = log.page(Seq(2), PULL_ENTRIES_MAX);
    let body = serde_json::to_string(&Removed { user: user(1) }).expect("plain");
    log.push(Kind::Removed, user(0), body, Members::from([user(0)]));
    log.push(Kind::Text, user(0), "{}".to_owned(), Members::from([user(0)]));
    let mut tail = live_tail(&log);
    let hint =
        |tail: &mut Tail, seq: usize, now_ms| tail.hint(log.epoch, Arc::clone(&log.entries[seq - 1]), HOLD_MS, now_ms);
    assert_eq!(hint(&mut tail, 4, 0), None);
    assert_eq!(tail.tick(HOLD_MS, HOLD_MS), Some(Pull { after: Seq(2) }));
    assert_eq!((hint(&mut tail, 3, HOLD_MS), hint(&mut tail, 5, HOLD_MS)), (None, None));
    assert_eq!(tail.loaded(before, HOLD_MS, HOLD_MS), None);
    assert_eq!(hint(&mut tail, 6, HOLD_MS), None);
    let to: Vec<_> = tail
        .take(false)
        .into_iter()
        .map(|delivery| delivery.to.to_vec())
        .collect();
    let (both, one) = (vec![user(0), user(1)], vec![user(0)]);
    assert_eq!(to, vec![both.clone(), both.clone(), both, one.clone()]);
    assert_eq!(tail.members().as_deref(), Some(&one[..]));
}

/// GAP4: a tail whose first read of the log fails reads it again.
#[test]
fn gap4_a_failed_first_read_is_repeated() {
    let log = log_of(3);
    let (mut tail, pull) = Tail::start(log.epoch, Arc::clone(&log.entries[2]), 0);
    tail.load_failed(10);
    assert_eq!(tail.tick(HOLD_MS, 10 + HOLD_MS - 1), None);
    assert_eq!(tail.tick(HOLD_MS, 10 + HOLD_MS), Some(pull));
    assert_eq!(tail.tick(HOLD_MS, 1_000), None, "one read at a time");
    assert_eq!(tail.loaded(log.page(pull.after, 1), HOLD_MS, 1_000), None);
    assert_eq!(tail.take(false).len(), 1);
}
