//! Random plans for one log: entries lost, doubled, late and early; edits; long absences; pages cut short.

use super::*;
use crate::pretend::PretendLog;
use protocol::{ConversationId, SendId, UserId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const CONV: ConversationId = ConversationId::from_bytes([1; 16]);
const EPOCH: Epoch = Epoch::from_bytes([2; 16]);
const ANN: UserId = UserId::from_bytes([3; 16]);

fn send_id(n: u64) -> SendId {
    SendId(uuid::Uuid::from_u128(u128::from(n)))
}

fn said(count: u64) -> PretendLog {
    let mut log = PretendLog::new(CONV, EPOCH);
    for n in 0..count {
        log.say(ANN, send_id(n), "hi");
    }
    log
}

/// Asks until the log wants nothing more.
fn catch_up(log: &mut Log, server: &PretendLog, now_ms: u64, bounds: &Bounds, limit: usize) -> Vec<Entry> {
    let mut grown = Vec::new();
    for _ in 0..500 {
        let Some(place) = log.wants(now_ms, bounds) else {
            return grown;
        };
        let limit = if matches!(place, Place::Before(_)) {
            bounds.tail_entries as usize
        } else {
            limit
        };
        grown.extend(log.page(place, server.get(place, limit), now_ms, bounds).grown);
    }
    panic!(
        "it never has enough: {:?} with {:?}",
        log.wants(now_ms, bounds),
        log.ranges()
    );
}

/// Every stretch holds exactly what the server has there, but for edits the stretch is honest not to know.
fn check(log: &Log, server: &PretendLog, at: &str) {
    for range in log.ranges() {
        for n in range.from.0..=range.to.0 {
            let (held, truth) = (log.entry(Seq(n)), &server.entries[n as usize - 1]);
            let held = held.unwrap_or_else(|| panic!("{at}: {n} is missing in {range:?}"));
            assert_eq!(held.send_id, truth.send_id, "{at}");
            let known = truth.rev.is_none_or(|rev| rev > range.as_of) || log.outdated.contains_key(&Seq(n));
            assert!(
                known || held.rev == truth.rev,
                "{at}: {n} missed {:?} in {range:?}",
                truth.rev
            );
            if held.rev == truth.rev {
                assert_eq!(held, truth, "{at}: {n} is not what its changes made of it");
            }
        }
    }
    for pair in log.ranges().windows(2) {
        assert!(
            pair[0].to.next() < pair[1].from,
            "{at}: stretches touch: {:?}",
            log.ranges()
        );
    }
}

/// GAP1: n+1 never follows n unless it does: under loss, doubling, delay and edits, what was shown as following is the
/// server's log, in order, and at rest nothing is missing.
#[test]
fn gap1_what_is_shown_as_following_follows() {
    for seed in 0..300 {
        let mut chance = StdRng::seed_from_u64(seed);
        let bounds = Bounds {
            gap_fill_entries_max: 40,
            tail_entries: 10,
            log_entries_max: 400,
            ..Bounds::default()
        };
        let (mut server, mut log, mut now_ms) = (said(0), Log::default(), 0);
        let (mut wire, mut shown): (Vec<Entry>, Vec<Entry>) = (Vec::new(), Vec::new());
        log.restart(EPOCH);
        for n in 0..150 {
            now_ms += chance.random_range(0..200);
            let head = server.head().0.0;
            wire.push(if head > 0 && chance.random_bool(0.2) {
                let target = Seq(chance.random_range(head.saturating_sub(25).max(1)..=head));
                server.some_change(target, chance.random_range(0..21))
            } else {
                server.say(ANN, send_id(n), "hi")
            });
            if chance.random_bool(0.03) {
                wire.clear();
                (0..chance.random_range(0..80)).for_each(|m| drop(server.say(ANN, send_id(1_000 * n + m), "hi")));
            }
            while !wire.is_empty() && chance.random_bool(0.7) {
                let entry = wire.swap_remove(chance.random_range(0..wire.len()));
                if chance.random_bool(0.1) {
                    wire.push(entry.clone());
                }
                if chance.random_bool(0.9) {
                    shown.extend(log.live(entry, now_ms, &bounds).grown);
                }
                check(&log, &server, &format!("seed {seed}, live {n}"));
            }
            if chance.random_bool(0.3) {
                let limit = chance.random_range(1..20);
                if let Some(place) = log.wants(now_ms, &bounds) {
                    shown.extend(log.page(place, server.get(place, limit), now_ms, &bounds).grown);
                    check(&log, &server, &format!("seed {seed}, page {place:?}"));
                }
            }
        }
        let (seq, ord) = server.head();
        log.note_head(seq, ord, now_ms, true);
        shown.extend(catch_up(&mut log, &server, now_ms, &bounds, 7));
        check(&log, &server, &format!("seed {seed}, at rest"));
        assert_eq!(log.end(), seq, "seed {seed}: at rest the device has the newest");
        assert!(
            shown.windows(2).all(|p| p[0].seq < p[1].seq),
            "seed {seed}: in order, none twice"
        );
        let tail: Vec<&Entry> = log.tail().collect();
        assert!(tail.len() >= 10.min(seq.0 as usize), "seed {seed}: deep enough to read");
        assert!(
            tail.iter().all(|e| **e == server.entries[e.seq.0 as usize - 1]),
            "seed {seed}: and as edited"
        );
        let mut again = Log::default();
        again.restart(EPOCH);
        log.kept().for_each(|held| {
            again.apply(&held);
        });
        assert_eq!(again.ranges(), log.ranges(), "seed {seed}: what is kept comes back");
    }
}

/// GAP2: an early entry is held at most EARLY_HOLD_MS_MAX, then the hole is pulled; one that closes in time is not.
#[test]
fn gap2_an_early_entry_is_held_briefly_and_then_pulled() {
    let (server, bounds) = (said(9), Bounds::default());
    let live = |log: &mut Log, n: usize, now_ms| log.live(server.entries[n - 1].clone(), now_ms, &bounds);
    let mut log = Log::default();
    log.restart(EPOCH);
    assert_eq!(live(&mut log, 1, 0).grown.len(), 1);
    assert_eq!(live(&mut log, 3, 1_000).grown, [], "held");
    assert_eq!(
        live(&mut log, 4, 1_400).grown,
        [],
        "held, and the first one's clock goes on"
    );
    assert_eq!(log.wake_at(1_400), Some(1_500));
    assert_eq!(log.wants(1_499, &bounds), None);
    assert_eq!(log.wants(1_500, &bounds), Some(Place::After(Seq(1))));
    assert_eq!(live(&mut log, 2, 1_450).grown.len(), 3, "the hole closed: 2, 3 and 4");
    assert_eq!(log.wants(9_999, &bounds), None);
    assert_eq!(live(&mut log, 9, 2_000).grown, []);
    let page = server.get(Place::After(Seq(4)), 4);
    assert_eq!(
        log.page(Place::After(Seq(4)), page, 2_500, &bounds).grown.len(),
        5,
        "the page, then the shelf"
    );
}

/// GAP3: after a long gap the tail is fetched and the old stretch keeps its age; an edit inside it that happened in the
/// skipped part is found by asking what changed since.
#[test]
fn gap3_an_old_stretch_is_asked_again_before_it_is_shown() {
    let (mut server, bounds) = (said(10), Bounds::default());
    let mut log = Log::default();
    log.restart(EPOCH);
    log.note_head(Seq(10), Ordinal(10), 0, true);
    catch_up(&mut log, &server, 0, &bounds, 200);
    server.edit(Seq(5));
    (0..3_000).for_each(|n| drop(server.say(ANN, send_id(100 + n), "hi")));
    let (seq, ord) = server.head();
    log.note_head(seq, ord, 0, true);
    assert_eq!(
        log.wants(0, &bounds),
        Some(Place::Before(seq.next())),
        "a gap above 1000 is not filled"
    );
    let page = server.get(Place::Before(seq.next()), 50);
    let news = log.page(Place::Before(seq.next()), page, 0, &bounds);
    assert_eq!(news.skipped, Some((Seq(11), Seq(seq.0 - 50))));
    let old = Range {
        from: Seq(1),
        to: Seq(10),
        as_of: Seq(10),
    };
    assert_eq!(log.ranges()[0], old);
    assert_eq!(
        log.tail().count(),
        50,
        "nothing above a hole is shown as following what is below"
    );
    assert_eq!(log.entry(Seq(5)).expect("held").rev, None, "not known yet");
    let place = Place::Range(old.from, old.to, Some(old.as_of));
    let news = log.page(place, server.get(place, 200), 0, &bounds);
    assert!(news.changed && news.grown.is_empty());
    assert_eq!(log.entry(Seq(5)), Some(&server.entries[4]));
    assert_eq!(log.ranges()[0].as_of, seq);
    assert_eq!(
        log.entry(Seq(6)).map(|e| e.seq),
        Some(Seq(6)),
        "what did not change is still held"
    );
}

/// BND2: the shelf and the log are bounded; what the bound drops is pulled, and nothing is asked for without end.
#[test]
fn bnd2_shelf_and_log_are_bounded() {
    let (server, bounds) = (
        said(500),
        Bounds {
            log_entries_max: 30,
            ..Bounds::default()
        },
    );
    let mut log = Log::default();
    log.restart(EPOCH);
    log.live(server.entries[0].clone(), 0, &bounds);
    for entry in &server.entries[2..] {
        log.live(entry.clone(), 0, &bounds);
    }
    assert_eq!(log.shelf.len(), SHELF_ENTRIES_MAX);
    catch_up(&mut log, &server, limits::EARLY_HOLD_MS_MAX, &bounds, 200);
    assert_eq!((log.end(), log.entries.len()), (Seq(500), 30));
    assert_eq!(log.ranges().len(), 1);
}

/// RCP4: delivered moves when the log is held down to what was delivered before, not because one entry came.
#[test]
fn rcp4_one_entry_above_a_hole_delivers_nothing() {
    let (server, bounds) = (said(400), Bounds::default());
    let mut log = Log::default();
    log.restart(EPOCH);
    log.live(server.entries[399].clone(), 0, &bounds);
    assert_eq!(log.delivered(Seq(380), &bounds), Seq(380), "381 to 399 are not stored");
    assert_eq!(log.wants(0, &bounds), Some(Place::Before(Seq(400))));
    let page = server.get(Place::Before(Seq(400)), 50);
    log.page(Place::Before(Seq(400)), page, 0, &bounds);
    assert_eq!(log.delivered(Seq(380), &bounds), Seq(400));
}

/// GAP1: whoever needs every entry is told all of a new log in order, also when its first entries are lost on the way.
#[test]
fn gap1_a_log_that_has_to_be_whole_does_not_begin_in_the_middle() {
    let (server, bounds) = (
        said(3),
        Bounds {
            begin_anywhere: false,
            ..Bounds::default()
        },
    );
    let mut log = Log::default();
    log.restart(EPOCH);
    assert_eq!(log.live(server.entries[2].clone(), 0, &bounds).grown, []);
    let grown = catch_up(&mut log, &server, limits::EARLY_HOLD_MS_MAX, &bounds, 200);
    assert_eq!(grown.iter().map(|e| e.seq.0).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn another_lineage_drops_everything() {
    let (server, bounds) = (said(20), Bounds::default());
    let mut log = Log::default();
    log.restart(EPOCH);
    log.note_head(Seq(20), Ordinal(20), 0, true);
    catch_up(&mut log, &server, 0, &bounds, 200);
    log.restart(Epoch::from_bytes([7; 16]));
    assert!(log.is_empty() && log.end() == Seq::ZERO && log.wants(0, &bounds).is_none());
}
