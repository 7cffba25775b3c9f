//! Random plans for the whole client, in the pretended world.

use super::world::*;
use super::*;
use crate::bounds::ANSWER_MS_MAX;
use crate::own::Wish;
use protocol::close::{Close, Duty};
use protocol::own::{DraftText, SetDraft, SetMark, SetPrefs};
use protocol::thread::{Follow as FollowThread, ThreadRead};
use protocol::{Seq, limits};

const CONVS: u8 = 6;

fn settle(world: &mut World) {
    world.bad = Badness { drop: 1.0, ..GOOD };
    world.command(Command::Hurry);
    world.pass(4 * BEAT_MS);
}

/// At rest: nothing goes wrong any more and a few beats pass. Then the device equals the server.
fn settle_and_compare(world: &mut World) {
    let seed = world.seed;
    settle(world);
    let state = world.core.state();
    assert_eq!(state.inbox.ver(), world.server.ver, "seed {seed}: the inbox is whole");
    for (conv, truth) in &world.server.logs {
        let log = &state.logs[conv];
        assert_eq!(
            log.end(),
            truth.head().0,
            "seed {seed}: the device has the newest of {conv}"
        );
        for entry in log.tail() {
            assert_eq!(
                entry,
                &truth.entries[entry.seq.0 as usize - 1],
                "seed {seed}: and the same"
            );
        }
        let delivered = world.server.cursors.get(conv).map_or(Seq::ZERO, |ok| ok.delivered);
        assert_eq!(
            delivered,
            truth.head().0,
            "seed {seed}: and the server knows that it was delivered"
        );
        let read = world.server.cursors[conv].read;
        assert_eq!(
            state.unread(*conv),
            truth.messages_above(read),
            "seed {seed}: unread is exact"
        );
        let asking = world.server.asking.get(conv).copied().unwrap_or(0);
        assert_eq!(
            state.inbox.row(*conv).map(|row| row.asking),
            Some(asking),
            "seed {seed}: who may admit knows how many ask"
        );
        let kept: Vec<_> = world.kept.logs[conv].tail().collect();
        assert_eq!(
            kept,
            log.tail().collect::<Vec<_>>(),
            "seed {seed}: what is kept is what is held"
        );
    }
    assert!(
        state.outbox.is_quiet() && world.kept.outbox.is_quiet(),
        "seed {seed}: everything is sent"
    );
    for send_id in &world.queued {
        let stored = world
            .server
            .logs
            .values()
            .flat_map(|log| &log.entries)
            .filter(|e| e.send_id == *send_id);
        assert_eq!(stored.count(), 1, "seed {seed}: each once");
    }
    own_equals_the_server(world);
    let of_a_beat = |ask: &Ask| matches!(ask, Ask::Beat | Ask::Watch | Ask::Inbox);
    let pending: Vec<_> = world.core.pending.values().filter(|(ask, _)| !of_a_beat(ask)).collect();
    assert!(
        pending.is_empty(),
        "seed {seed}: nothing is asked without end: {pending:?}"
    );
}

/// OWN1, OWN3, THR5: what is my own is here as it is there, also in what is kept, and nothing waits to be said.
fn own_equals_the_server(world: &World) {
    let (seed, truth) = (world.seed, &world.server.own);
    for state in [world.core.state(), &world.kept] {
        assert!(state.own.is_quiet(), "seed {seed}: everything is answered");
        for n in 1..=CONVS {
            let prefs = truth.prefs.get(&conv(n)).copied().unwrap_or_default();
            assert_eq!(state.prefs(conv(n)), prefs, "seed {seed}: preferences");
        }
        let there: Vec<_> = truth.drafts.values().map(|(_, draft)| draft).collect();
        assert_eq!(state.own.drafts().collect::<Vec<_>>(), there, "seed {seed}: drafts");
        let stand = truth.marks.values().map(|(_, mark)| mark);
        let there: Vec<_> = stand.filter(|mark| mark.star || mark.hidden).collect();
        assert_eq!(state.own.marks().collect::<Vec<_>>(), there, "seed {seed}: marks");
        let there: Vec<_> = truth.threads.values().map(|(_, thread)| thread).collect();
        assert_eq!(state.own.threads().collect::<Vec<_>>(), there, "seed {seed}: threads");
        for n in 1..=CONVS {
            let unread = there.iter().filter(|row| row.conv == conv(n)).map(|row| row.unread);
            assert_eq!(
                state.own.unread_replies(conv(n)),
                unread.sum::<u64>(),
                "seed {seed}: replies"
            );
        }
    }
}

/// I change something of my own, or another device of mine writes a draft.
pub fn something_own(world: &mut World) {
    let n = world.chance.random_range(1..=CONVS);
    let conv = conv(n);
    let text = format!("draft {}", world.chance.random::<u32>());
    let yes = world.chance.random_bool(0.5);
    let seq = Seq(world.chance.random_range(1..4));
    let wish = match world.chance.random_range(0..14) {
        8..10 => Wish::Follow(FollowThread {
            conv,
            thread: seq,
            on: world.chance.random_bool(0.8),
        }),
        10 => Wish::ThreadRead(ThreadRead {
            conv,
            thread: seq,
            read: Seq(world.chance.random_range(1..9)),
        }),
        11..14 => return world.replied(n, seq),
        0 => Wish::Prefs(SetPrefs {
            mute_until_ms: Some(yes.then_some(9)),
            cleared_seq: yes.then_some(seq),
            ..SetPrefs::of(conv)
        }),
        1 => Wish::Mark(SetMark {
            conv,
            seq,
            star: Some(yes),
            hidden: Some(!yes),
        }),
        2..4 => {
            return world.drafted_elsewhere(n, &text);
        }
        _ => {
            world.typed.insert(conv, text.clone());
            Wish::Draft(SetDraft {
                conv,
                text: Some(DraftText(text)),
                base_ver: None,
                forget: Vec::new(),
            })
        }
    };
    world.command(Command::Own(wish));
}

/// OWN2, OWN3: two devices write drafts over each other through cuts, refusals and restarts; what was typed last here
/// is the draft now, or kept beside it.
#[test]
fn own3_nothing_that_was_typed_is_lost() {
    for seed in 0..200 {
        let mut world = World::new(seed, Follow::Lively, Bounds::default());
        world.bad = bad(&mut world);
        (1..=CONVS).for_each(|n| world.say(n));
        world.pass(2 * BEAT_MS);
        for _ in 0..60 {
            something_own(&mut world);
            let ms = world.chance.random_range(0..400);
            world.pass(ms);
            if world.chance.random_bool(0.1) {
                world.cut(None);
            }
            if world.chance.random_bool(0.05) {
                world.restart();
            }
        }
        settle(&mut world);
        own_equals_the_server(&world);
        for (conv, typed) in &world.typed {
            let (_, draft) = &world.server.own.drafts[conv];
            let mut texts = std::iter::once(&draft.now).chain(&draft.kept);
            assert!(
                texts.any(|state| state.text.0 == *typed),
                "seed {seed}: {typed} is lost"
            );
        }
    }
}

pub fn one_thing(world: &mut World) {
    if world.chance.random_bool(0.1) {
        return something_own(world);
    }
    match world.chance.random_range(0..21) {
        20 => {
            let n = world.chance.random_range(1..=CONVS);
            let count = world.chance.random_range(0..3);
            world.ask_to_be_let_in(n, count);
        }
        0..5 => {
            let n = world.chance.random_range(1..=CONVS);
            world.say(n);
        }
        5..8 => {
            let n = world.chance.random_range(1..=CONVS);
            world.change(n);
        }
        8..14 => {
            let n = world.chance.random_range(1..=CONVS);
            world.write(n, "mine");
        }
        14 => {
            let n = world.chance.random_range(1..=CONVS);
            (0..world.chance.random_range(1..60)).for_each(|_| world.say(n));
        }
        15..17 => {
            let n = world.chance.random_range(1..=CONVS);
            let end = world.core.state().logs.get(&conv(n)).map_or(Seq::ZERO, |log| log.end());
            world.command(Command::Read(conv(n), end));
        }
        17 => world.cut(None),
        18 => {
            let n = world.chance.random_range(1..=CONVS);
            world.command(Command::Open(conv(n)));
        }
        _ => {
            let ms = world.chance.random_range(0..2 * BEAT_MS);
            world.pass(ms);
        }
    }
}

pub fn bad(world: &mut World) -> Badness {
    let mut part = |most: f64| world.chance.random_range(0.0..=most);
    Badness {
        drop: part(0.6),
        double: part(0.3),
        cut: part(0.05),
        refuse: part(0.2),
        delay_ms: part(1_500.0) as u64,
    }
}

/// GAP1, IDM5, RCP4, RES2: hints lost, doubled, delayed; cuts; refusals; restarts from what was kept. What is told
/// follows, every queued change is stored once, nothing is confirmed before it is kept, and at rest the device equals
/// the server.
#[test]
fn gap1_idm5_rcp4_res2_whatever_happens_the_device_comes_to_equal_the_server() {
    for seed in 0..250 {
        let follow = if seed % 2 == 0 {
            Follow::Lively
        } else {
            Follow::Everything
        };
        let bounds = Bounds {
            tail_entries: 10,
            gap_fill_entries_max: 30,
            ..Bounds::default()
        };
        let mut world = World::new(seed, follow, bounds);
        world.bad = bad(&mut world);
        for _ in 0..120 {
            one_thing(&mut world);
            let ms = world.chance.random_range(0..300);
            world.pass(ms);
            if world.chance.random_bool(0.02) {
                world.restart();
            }
        }
        settle_and_compare(&mut world);
        let skipped = world.events.iter().any(|event| matches!(event, Event::Skipped { .. }));
        assert!(
            follow != Follow::Everything || !skipped,
            "seed {seed}: whoever follows everything misses nothing"
        );
    }
}

/// RES2: an older backup comes back under another epoch: what is cached is dropped, what was acknowledged in the last
/// ten minutes is submitted again, and no change of mine is lost or doubled.
#[test]
fn res2_after_a_change_of_epoch_everything_lately_said_is_there_again() {
    for seed in 0..150 {
        let mut world = World::new(seed, Follow::Everything, Bounds::default());
        world.bad = bad(&mut world);
        let mut backup = None;
        for n in 0..100 {
            one_thing(&mut world);
            world.pass(100);
            if n == 40 {
                backup = Some(world.server.clone());
            }
            if n == 70 {
                let backup = backup.take().expect("made at 40");
                world.restore(backup);
            }
            if n == 75 && world.chance.random_bool(0.5) {
                world.restart();
            }
        }
        settle_and_compare(&mut world);
        assert!(world.events.contains(&Event::Resynced), "seed {seed}: it was noticed");
    }
}

/// CNV3: with every hint dropped and the connection up, beats and the inbox alone bring the device to equal the server
/// within one heartbeat.
#[test]
fn cnv3_beats_and_inbox_alone_are_enough() {
    for seed in 0..100 {
        let mut world = World::new(seed, Follow::Lively, Bounds::default());
        world.bad = Badness { drop: 1.0, ..GOOD };
        world.pass(BEAT_MS);
        for _ in 0..30 {
            let n = world.chance.random_range(1..=CONVS);
            world.say(n);
            world.pass(50);
        }
        // A beat, its answer, the inbox, the early hold, the pull.
        world.pass(BEAT_MS + limits::EARLY_HOLD_MS_MAX + 100);
        for (conv, truth) in &world.server.logs {
            let end = world.core.state().logs.get(conv).map(|log| log.end());
            assert_eq!(end, Some(truth.head().0), "seed {seed}: {conv} within one heartbeat");
        }
    }
}

/// GAP3: asked to show an old stretch after a long gap, the client asks what changed in it since.
#[test]
fn gap3_a_page_of_an_old_stretch_is_re_validated() {
    let bounds = Bounds {
        tail_entries: 10,
        gap_fill_entries_max: 30,
        ..Bounds::default()
    };
    let mut world = World::new(7, Follow::Lively, bounds);
    (0..10).for_each(|_| world.say(1));
    world.pass(BEAT_MS);
    world.restart();
    world.server.logs.get_mut(&conv(1)).expect("there").edit(Seq(4));
    (0..500).for_each(|_| world.say(1));
    world.pass(3 * BEAT_MS);
    let log = &world.core.state().logs[&conv(1)];
    assert_eq!((log.ranges().len(), log.end()), (2, Seq(511)));
    assert_eq!(log.entry(Seq(4)).expect("held").rev, None);
    let ticket = world.command(Command::Page {
        conv: conv(1),
        place: before(Seq(9)),
        limit: 6,
    });
    world.pass(100);
    let Some(Reply::Page(page)) = world.replies.get(&ticket) else {
        panic!("{:?}", world.replies)
    };
    assert_eq!(
        (page.from, page.to, page.fresh, page.more),
        (Seq(3), Seq(8), true, true)
    );
    assert_eq!(
        page.entries[1].rev,
        Some(Seq(11)),
        "the edit in the skipped part is not missed"
    );
    world.cut(Some(Close::Revoked.code()));
    let ticket = world.command(Command::Members {
        conv: conv(1),
        after: None,
    });
    assert_eq!(world.replies[&ticket], Reply::No(No::Stopped));
}

#[test]
fn silence_is_noticed_and_the_close_code_says_what_to_do() {
    let mut world = World::new(3, Follow::Lively, Bounds::default());
    world.pass(100);
    assert!(world.core.is_caught_up());
    let step = |world: &mut World, input, now_ms| world.core.step(input, now_ms);
    let now_ms = world.now_ms;
    let sent = step(
        &mut world,
        Input::Command(Ticket(900), Command::People(Default::default())),
        now_ms,
    );
    assert!(matches!(
        sent.as_slice(),
        [Action::Send(Some(_), ClientFrame::People(_))]
    ));
    let silent = (0..=ANSWER_MS_MAX)
        .step_by(500)
        .find(|ms| step(&mut world, Input::Tick, now_ms + ms).contains(&Action::Close));
    assert!(
        silent.is_some_and(|ms| ms >= 2 * BEAT_MS),
        "after two beats without an answer: {silent:?}"
    );
    // The question is asked again on the next connection.
    world.connected = false;
    world.now_ms = now_ms + silent.unwrap_or_default();
    let again = (0..200).any(|_| {
        world.now_ms += 100;
        let now_ms = world.now_ms;
        step(&mut world, Input::Tick, now_ms).contains(&Action::Connect)
    });
    assert!(again);
    let now_ms = world.now_ms;
    let stopped = step(&mut world, Input::Disconnected(Some(Close::TooLarge.code())), now_ms);
    let event = Event::Stopped {
        duty: Duty::Stop,
        code: Some(Close::TooLarge.code()),
    };
    assert!(
        stopped.contains(&Action::Event(event))
            && stopped.contains(&Action::Reply(Ticket(900), Reply::No(No::Stopped)))
    );
    assert_eq!(world.core.wake_at(now_ms), None);
    assert_eq!(step(&mut world, Input::Tick, now_ms + limits::ACKED_KEEP_MS), []);
}

#[test]
fn what_is_too_large_is_told_before_it_is_queued() {
    let mut world = World::new(3, Follow::Lively, Bounds::default());
    world.write(1, &"x".repeat(limits::TEXT_BYTES_MAX + 1));
    assert!(matches!(&world.replies[&Ticket(0)], Reply::No(No::Refused(refusal)) if refusal.code == 103));
    world.write(1, " ");
    assert!(matches!(&world.replies[&Ticket(1)], Reply::No(No::Refused(refusal)) if refusal.code == 404));
    assert!(world.core.state().outbox.is_quiet());
}

#[test]
fn who_hurries_waits_no_longer_for_what_failed_before() {
    for seed in 0..50 {
        let mut world = World::new(seed, Follow::Lively, Bounds::default());
        let fail = |world: &mut World| {
            world.core.step(Input::Tick, world.now_ms);
            world.core.step(Input::Disconnected(None), world.now_ms);
            let at_ms = world.core.wake_at(world.now_ms).expect("it tries again");
            let wait_ms = at_ms - world.now_ms;
            world.now_ms = at_ms;
            wait_ms
        };
        for _ in 0..12 {
            fail(&mut world);
        }
        world.core.step(Input::Tick, world.now_ms);
        let hurry = Input::Command(Ticket(0), Command::Hurry);
        world.core.step(hurry, world.now_ms);
        let wait_ms = fail(&mut world);
        assert!(
            wait_ms <= crate::backoff::BASE_MS,
            "seed {seed}: {wait_ms} ms after the try under way failed"
        );
    }
}
