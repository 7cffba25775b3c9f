//! I6 to I9: what devices and bare sockets are told, and in which order.

use crate::story::*;
use protocol::server_frame::PresenceState;
use protocol::{SendId, Seq, UserId};
use swarm::history::{Device, Seen, What};
use swarm::verdict::Rule;

/// GAP1: a client never shows an entry as following another unless it does.
#[test]
fn i6_a_client_passes_over_an_entry() {
    let mut story = Story::good();
    story.without(|record| record.device == Some(BOBS) && shows(&record.what, Seq(5)));
    assert_bad(&story, &[Rule::I6], "a hole: bob (device 1) showed 6");
}

#[test]
fn i6_a_client_shows_an_entry_twice() {
    let mut story = Story::good();
    let entry = seen(&story.log[6]);
    let (conv, entries) = (CONV, vec![entry]);
    story.before_the_end(ANNS, What::Shown { conv, entries });
    assert_bad(&story, &[Rule::I6], "out of order: ann (device 0) showed 7");
}

#[test]
fn i6_a_client_shows_two_entries_in_the_wrong_order() {
    let mut story = Story::good();
    let swapped = |seq: Seq| if seq == Seq(4) { Seq(5) } else { Seq(4) };
    let log = story.log.clone();
    story.spoil_told(BOBS, |what| {
        if let What::Shown { entries, .. } = what
            && matches!(entries[0].seq, Seq(4) | Seq(5))
        {
            entries[0] = seen(&log[swapped(entries[0].seq).0 as usize - 1]);
        }
    });
    assert_bad(&story, &[Rule::I6], "showed 4 of");
}

/// GAP1: a hole that is told of is none, but only as wide as it was told.
#[test]
fn i6_a_client_skips_more_than_it_says() {
    let mut story = Story::good();
    let (conv, from, to) = (CONV, Seq(4), Seq(5));
    story.spoil_told(BOBS, |what| {
        if shows(what, Seq(4)) {
            *what = What::Skipped { conv, from, to };
        }
    });
    story.without(|record| record.device == Some(BOBS) && shows(&record.what, Seq(5)));
    assert_good(&story);
    story.without(|record| record.device == Some(BOBS) && shows(&record.what, Seq(6)));
    assert_bad(&story, &[Rule::I6], "showed 7 of");
    story.spoil_told(BOBS, |what| {
        if let What::Skipped { from, to, .. } = what {
            (*from, *to) = (Seq(5), Seq(6));
        }
    });
    assert_bad(&story, &[Rule::I6], "skips 5 to 6");
}

/// What was shown may be void; then it begins anywhere.
#[test]
fn i6_a_client_that_begins_again_is_not_blamed() {
    for what in [What::Forgets, What::EventsLost] {
        let mut story = Story::good();
        story.spoil_told(BOBS, |told| {
            if shows(told, Seq(5)) {
                *told = what.clone();
            }
        });
        assert_good(&story);
    }
}

/// ORD5: live entries come in order, each at most once.
#[test]
fn i6_a_session_hears_an_entry_twice() {
    let mut story = Story::good();
    let (conv, entry) = (CONV, seen(&story.log[8]));
    story.before_the_end(BOBS_EAR, What::Heard { conv, entry });
    story.spoil(|record| record.at_us = record.at_us.min(9_000_000));
    assert_bad(&story, &[Rule::I6], "out of order: bob (device 11) heard 9");
}

/// BND4: what is dropped is told of.
#[test]
fn i6_a_session_misses_an_entry_and_is_not_told() {
    let mut story = Story::good();
    story.without(|record| record.device == Some(BOBS_EAR) && hears(&record.what, Seq(5)));
    assert_bad(&story, &[Rule::I6], "a hole: bob (device 11) heard 6");
}

/// BND4: and once it is told, nothing is missing.
#[test]
fn i6_a_session_that_was_told_is_behind_is_not_blamed() {
    for what in [
        What::ToldBehind { conv: Some(CONV) },
        What::ToldBehind { conv: None },
        What::Connected { epoch: None },
    ] {
        let mut story = Story::good();
        story.spoil_told(BOBS_EAR, |told| {
            if hears(told, Seq(5)) {
                *told = what.clone();
            }
        });
        assert_good(&story);
    }
    let mut story = Story::good();
    let other = UserId::from_bytes([8; 16]);
    let elsewhere = protocol::ConversationId::direct(BOB, other);
    story.spoil_told(BOBS_EAR, |told| {
        if hears(told, Seq(5)) {
            *told = What::ToldBehind { conv: Some(elsewhere) };
        }
    });
    assert_bad(&story, &[Rule::I6], "heard 6");
}

fn pulled(story: &mut Story, seqs: &[u64], (from, to): (u64, u64)) {
    let entries: Vec<Seen> = seqs.iter().map(|seq| seen(&story.log[*seq as usize - 1])).collect();
    let (conv, from, to) = (CONV, Seq(from), Seq(to));
    story.before_the_end(
        BOBS_EAR,
        What::Pulled {
            conv,
            from,
            to,
            entries,
        },
    );
}

#[test]
fn i6_a_page_has_a_hole_or_is_out_of_order() {
    let mut story = Story::good();
    pulled(&mut story, &[2, 3, 4], (2, 4));
    assert_good(&story);
    pulled(&mut story, &[3, 4], (2, 4));
    assert_bad(&story, &[Rule::I6], "lacks 2");
    let mut story = Story::good();
    pulled(&mut story, &[2, 4, 3], (2, 4));
    assert_bad(&story, &[Rule::I6], "has 3 of");
    let mut story = Story::good();
    story.spoil_told(CYDS, |what| {
        if let What::Final { entries, .. } = what {
            entries.swap(0, 1);
        }
    });
    assert_bad(&story, &[Rule::I6], "a page for cyd");
}

#[test]
fn i7_what_was_acknowledged_before_stands_after() {
    let mut story = Story::new();
    let late = story.ask(BOBS, "send");
    story.now_us += 50_000;
    let early = story.ask(ANNS, "send");
    answered_in_order(&mut story, [(BOBS, late), (ANNS, early)]);
    story.end();
    assert_good(&story);
    // Had Bob asked only after Ann had her answer, he would have had to stand after her.
    let acked_us = story
        .records
        .iter()
        .rev()
        .find(|r| r.device == Some(ANNS) && is_ok(&r.what))
        .expect("acked")
        .at_us;
    let last = story
        .records
        .iter()
        .rposition(|r| matches!(r.what, What::Shown { .. }))
        .expect("shown");
    let end_us = story.records[last].at_us;
    for record in &mut story.records {
        let bobs =
            matches!(&record.what, What::Invoke { send_id, .. } | What::Ok { send_id, .. } if *send_id == late.0);
        if bobs {
            record.at_us = if is_ok(&record.what) { end_us } else { acked_us + 1 };
        }
    }
    assert_bad(&story, &[Rule::I7], "was acknowledged before the other was asked for");
}

fn is_ok(what: &What) -> bool {
    matches!(what, What::Ok { .. })
}

fn answered_in_order(story: &mut Story, sends: [(Device, (SendId, u64)); 2]) {
    for (device, (send_id, digest)) in sends {
        story.now_us += 1_000;
        let seq = story.commit(device, (send_id, digest), true, &[], &[]);
        let conv = CONV;
        story.push(Some(device), What::Ok { send_id, conv, seq });
        story.tell(Seen::new(seq, send_id, digest));
    }
}

/// ORD3: one device's changes stand in the order in which it asked for them.
#[test]
fn i7_one_device_overtakes_itself() {
    let mut story = Story::new();
    let (first, second) = (story.ask(ANNS, "send"), story.ask(ANNS, "send"));
    answered_in_order(&mut story, [(ANNS, second), (ANNS, first)]);
    story.end();
    assert_bad(&story, &[Rule::I7], "by the same device");
}

fn saw(user: UserId, delivered: u64, read: u64) -> What {
    let (conv, delivered, read) = (CONV, Seq(delivered), Seq(read));
    What::SawCursor {
        conv,
        user,
        delivered,
        read,
    }
}

/// RCP1: public cursors never go back.
#[test]
fn i8_a_cursor_goes_back() {
    let mut story = Story::good();
    story.before_the_end(ANNS, saw(BOB, 9, 5));
    story.before_the_end(ANNS, saw(BOB, 10, 5));
    assert_good(&story);
    story.before_the_end(ANNS, saw(BOB, 11, 4));
    assert_bad(&story, &[Rule::I8], "saw read of bob");
    let mut story = Story::good();
    story.before_the_end(ANNS, saw(BOB, 9, 5));
    story.before_the_end(ANNS, saw(BOB, 8, 5));
    assert_bad(&story, &[Rule::I8], "saw delivered of bob");
    // Another observer may be told later.
    let mut story = Story::good();
    story.before_the_end(ANNS, saw(BOB, 9, 5));
    story.before_the_end(CYDS, saw(BOB, 8, 5));
    assert_good(&story);
}

/// RCP1: a bare socket may be told an old one while it looks, not later.
#[test]
fn i8_a_cursor_goes_back_for_a_bare_socket() {
    let mut story = Story::good();
    story.push(Some(BOBS_EAR), saw(ANN, 9, 9));
    story.now_us += 900_000;
    story.push(Some(BOBS_EAR), saw(ANN, 8, 8));
    assert_good(&story);
    story.now_us += 200_000;
    story.push(Some(BOBS_EAR), saw(ANN, 7, 7));
    assert_bad(&story, &[Rule::I8], "a cursor went back: bob (device 11)");
}

/// RCP1: reading delivers.
#[test]
fn i8_read_passes_delivered() {
    let mut story = Story::good();
    story.before_the_end(ANNS, saw(BOB, 4, 5));
    assert_bad(&story, &[Rule::I8], "read but not delivered");
}

/// RCP4: delivered is what a device has kept.
#[test]
fn i8_a_receipt_of_what_nobody_had() {
    let mut story = Story::new();
    story.say(ANNS);
    story.say(ANNS);
    story.without(|record| record.device.is_some_and(|device| user_of(device) == BOB) && shows(&record.what, Seq(3)));
    story.without(|record| record.device.is_some_and(|device| user_of(device) == BOB) && hears(&record.what, Seq(3)));
    story.push(Some(ANNS), saw(BOB, 2, 0));
    story.now_us += 60_000_000;
    story.end();
    assert_bad(&story, &[Rule::I10], "behind for ever");
    story.before_the_end(ANNS, saw(BOB, 3, 0));
    story.spoil(|record| {
        if matches!(&record.what, What::SawCursor { delivered: Seq(3), .. }) {
            record.at_us -= 30_000_000;
        }
    });
    assert_bad(&story, &[Rule::I8, Rule::I10], "no device of theirs had more than 2");
    // Ann has what she wrote, shown or not; Cyd, added at 4, starts before it.
    let mut story = Story::new();
    story.say(ANNS);
    story.change_members(ANNS, "add", &[CYD], &[]);
    story.push(Some(BOBS), saw(ANN, 2, 2));
    story.push(Some(BOBS), saw(CYD, 2, 2));
    story.end();
    assert_good(&story);
}

#[test]
fn i8_a_cursor_passes_the_head() {
    let mut story = Story::good();
    story.before_the_end(ANNS, saw(BOB, 99, 0));
    assert_bad(&story, &[Rule::I8], "the log ends at");
}

/// MEM2: who was removed gets nothing that came after; MEM6: nor who was not there yet.
#[test]
fn i9_an_entry_reaches_somebody_outside() {
    for (device, what) in [
        (CYDS, "Shown"),
        (CYDS_EAR, "Heard"),
        (CYDS_EAR, "Pulled"),
        (CYDS, "Final"),
    ] {
        for seq in [Seq(3), Seq(12)] {
            let mut story = Story::good();
            let entry = seen(&story.log[seq.0 as usize - 1]);
            assert!(!story.may_read(CYD).contains(&seq), "the test would show nothing");
            let (conv, entries) = (CONV, vec![entry]);
            let told = match what {
                "Shown" => What::Shown { conv, entries },
                "Heard" => What::Heard { conv, entry },
                "Pulled" => What::Pulled {
                    conv,
                    from: seq,
                    to: seq,
                    entries,
                },
                _ => What::Final { conv, entries },
            };
            // On a device that shows nothing else, so that nothing else is wrong.
            story.spoil_told(device, |what| {
                if matches!(what, What::Heard { .. }) {
                    *what = What::Disconnected
                }
            });
            if device == CYDS {
                story.before_the_end(device, What::EventsLost);
            }
            story.before_the_end(device, told);
            let verdict = story.judge();
            let leaks = verdict
                .violations
                .iter()
                .filter(|v| v.rule == Rule::I9 && v.says.contains("cyd"));
            assert_eq!(leaks.count(), 1, "{what} {seq}: {:#?}", verdict.violations);
            assert_eq!(verdict.summary.leaked, 1);
        }
    }
}

fn typing() -> What {
    let (conv, user) = (CONV, ANN);
    What::SawTyping { conv, user }
}

/// PRS4: typing reaches members and nobody else.
#[test]
fn i9_typing_reaches_somebody_outside() {
    // Before she was added; while a removal is trusted; long after it.
    for (after_us, good) in [(None, false), (Some(2_000_000), true), (Some(4_000_000), false)] {
        let mut story = Story::good();
        let removed_us = story
            .records
            .iter()
            .find(|r| shows(&r.what, Seq(10)))
            .expect("removed")
            .at_us;
        let at_us = after_us.map_or(20_000, |after_us| removed_us + after_us);
        for what in [typing(), saw(ANN, 1, 1)] {
            let device = Some(CYDS);
            story.records.push(swarm::history::Record { at_us, device, what });
        }
        story.records.sort_by_key(|record| record.at_us);
        if good {
            assert_good(&story);
        } else {
            assert_bad(&story, &[Rule::I9], "saw typing of ann");
            assert_eq!(story.judge().summary.leaked, 2);
        }
    }
}

/// PRS1: presence is told of people one shares a conversation with.
#[test]
fn i9_presence_of_a_stranger() {
    let presence = |user| What::SawPresence {
        user,
        state: PresenceState::Online,
    };
    let mut story = Story::new();
    story.push(Some(BOBS), presence(ANN));
    story.push(Some(CYDS), presence(CYD));
    story.end();
    assert_good(&story);
    story.before_the_end(CYDS, presence(BOB));
    assert_bad(&story, &[Rule::I9], "presence of bob");
}

fn shows(what: &What, seq: Seq) -> bool {
    matches!(what, What::Shown { entries, .. } if entries[0].seq == seq)
}

fn hears(what: &What, seq: Seq) -> bool {
    matches!(what, What::Heard { entry, .. } if entry.seq == seq)
}
