//! I10 to I17, and runs that were too easy: what a run came to.

use crate::story::*;
use protocol::{Ordinal, Seq};
use swarm::history::{Phase, Record, ThreadAt, What};
use swarm::verdict::{Rule, judge};

/// CNV5: all devices end in the same state as the log.
#[test]
fn i10_a_device_never_gets_the_last_entry() {
    let mut story = Story::good();
    let head = story.log.last().expect("not empty").seq;
    story.without(|record| {
        record.device == Some(CYDS) && matches!(&record.what, What::Shown { entries, .. } if entries[0].seq == head)
    });
    assert_bad(&story, &[Rule::I10], "behind for ever: cyd (device 2)");
}

#[test]
fn i10_a_device_gets_the_last_entry_late() {
    let mut story = Story::good();
    let head = story.log.last().expect("not empty").seq;
    let healed_us = story
        .records
        .iter()
        .find(|r| r.what == What::Healed)
        .expect("healed")
        .at_us;
    let mut move_to = |at_us: u64| {
        for record in &mut story.records {
            let last = matches!(&record.what, What::Shown { entries, .. } if entries[0].seq == head);
            if last && record.device == Some(CYDS) {
                record.at_us = at_us;
            }
        }
    };
    move_to(healed_us + 2_500_000);
    assert_good(&story);
    assert_eq!(story.judge().summary.converged_ms, [0.0, 2_500.0, 2_500.0]);
    let mut move_to = |at_us: u64| {
        story.spoil(|r| {
            if r.at_us == healed_us + 2_500_000 {
                r.at_us = at_us
            }
        })
    };
    move_to(healed_us + 5_500_000);
    assert_bad(&story, &[Rule::I10], "late: cyd (device 2)");
}

#[test]
fn i14_a_send_is_never_answered() {
    let mut story = Story::good();
    let (send_id, conv) = (story.log[4].send_id, CONV);
    story.without(|record| matches!(&record.what, What::Ok { send_id: acked, .. } if *acked == send_id));
    assert_bad(&story, &[Rule::I14], "never answered: bob (device 1) asked for send");
    story.before_the_end(BOBS, What::Unknown { send_id, conv });
    assert_bad(&story, &[Rule::I14], "never answered");
    // Who forgot that they asked cannot be told.
    story.before_the_end(BOBS, What::Forgets);
    story.without(|record| record.device == Some(BOBS) && matches!(record.what, What::Shown { .. }));
    assert_bad(&story, &[Rule::I10], "behind for ever");
}

#[test]
fn i14_a_client_ends_by_itself() {
    let mut story = Story::good();
    let why = "SignIn after close code 4401".to_owned();
    story.before_the_end(BOBS, What::Stopped { why });
    assert_bad(&story, &[Rule::I14], "ended for good: bob (device 1)");
    story.spoil_told(BOBS, |what| {
        if let What::Stopped { why } = what {
            *why = format!("plan: {why}");
        }
    });
    assert_good(&story);
}

#[test]
fn i14_sends_are_good_or_bad_by_what_was_broken() {
    let mut story = Story::new();
    story.say(ANNS);
    let fault = |kind: &str, phase| What::Fault {
        kind: kind.to_owned(),
        target: "node 0".to_owned(),
        phase,
    };
    story.push(None, fault("kill", Phase::Start));
    let (send_id, digest) = story.ask(BOBS, "send");
    story.now_us += 2_000_000;
    story.push(None, fault("kill", Phase::Stop));
    story.now_us += 5_000_000;
    story.push(None, fault("reset", Phase::Once));
    let seq = story.commit(BOBS, (send_id, digest), true, &[], &[]);
    story.push(
        Some(BOBS),
        What::Ok {
            send_id,
            conv: CONV,
            seq,
        },
    );
    story.tell(swarm::history::Seen::new(seq, send_id, digest));
    story.now_us += 1_000_000;
    story.say(ANNS);
    story.now_us += 10_000_000;
    story.say(ANNS);
    story.end();
    assert_good(&story);
    let summary = story.judge().summary;
    let share = |kind: &str| (summary.availability[kind].good, summary.availability[kind].of);
    assert_eq!((share("kill"), share("reset"), share("none")), ((0, 1), (1, 2), (2, 2)));
    assert_eq!(summary.longest_outage_ms, 7_000.0);
    assert_eq!(
        summary.faults.into_iter().collect::<Vec<_>>(),
        [("kill".to_owned(), 1), ("reset".to_owned(), 1)]
    );
}

fn spoil_snapshot(story: &mut Story, both: bool, spoil: impl Fn(&mut swarm::history::InboxRow)) {
    story.spoil_told(BOBS, |what| {
        if let What::Snapshot { held, fresh } = what {
            spoil(&mut held[0]);
            if both {
                spoil(&mut fresh[0]);
            }
        }
    });
}

/// UNR1: unread equals a walk over the log.
#[test]
fn i15_an_unread_count_is_wrong_everywhere() {
    let mut story = Story::good();
    spoil_snapshot(&mut story, true, |row| row.unread += 1);
    assert_bad(&story, &[Rule::I15], "unread in");
    let mut story = Story::good();
    spoil_snapshot(&mut story, true, |row| row.head_ord = Ordinal(2));
    assert_bad(&story, &[Rule::I15], "is message 2");
}

/// THR2: what is not read of a thread equals a walk over the log.
#[test]
fn i15_a_thread_is_miscounted_everywhere() {
    let threads = |unread| {
        vec![ThreadAt {
            root: Seq(2),
            head: Seq::ZERO,
            read: Seq(2),
            unread,
        }]
    };
    let mut story = Story::good();
    spoil_snapshot(&mut story, true, |row| row.threads = threads(0));
    assert_good(&story);
    spoil_snapshot(&mut story, true, |row| row.threads = threads(1));
    assert_bad(&story, &[Rule::I15], "told 1 unread up to 0 in the thread of 2");
    let mut story = Story::good();
    spoil_snapshot(&mut story, false, |row| row.threads = threads(0));
    assert_bad(&story, &[Rule::I15], "threads [ThreadAt");
}

#[test]
fn i15_a_device_holds_something_else_than_a_fresh_one() {
    let mut story = Story::good();
    spoil_snapshot(&mut story, false, |row| row.mentions = 1);
    assert_bad(&story, &[Rule::I15], "mentions 1, not 0");
    let mut story = Story::good();
    spoil_snapshot(&mut story, false, |row| row.read_seq = Seq(1));
    assert_bad(&story, &[Rule::I15], "read 1, not 2");
    for (held_too, says) in [(true, "a fresh device does not get it"), (false, "does not know of")] {
        let mut story = Story::good();
        story.spoil_told(BOBS, |what| {
            if let What::Snapshot { held, fresh } = what {
                if held_too { fresh.clear() } else { held.clear() }
            }
        });
        assert_bad(&story, &[Rule::I15], says);
    }
}

#[test]
fn i17_a_node_uses_too_much() {
    let sample = |rss_kib, fds, waiting| What::Sample {
        node: 1,
        rss_kib,
        fds,
        waiting,
    };
    for (what, says) in [
        (sample(1_001, 100, 10), "KiB of memory"),
        (sample(1_000, 101, 10), "file descriptors"),
        (sample(1_000, 100, 11), "in its queues"),
    ] {
        let mut story = Story::good();
        story.push(None, sample(1_000, 100, 10));
        assert_good(&story);
        story.push(None, what);
        assert_bad(&story, &[Rule::I17], says);
    }
}

#[test]
fn too_easy_what_is_demanded_did_not_happen() {
    let mut story = Story::good();
    story.before_the_end(BOBS_EAR, What::ToldBehind { conv: None });
    let (send_id, conv) = (story.log[4].send_id, CONV);
    story.before_the_end(BOBS, What::Unknown { send_id, conv });
    for count in [2, 3] {
        let name = "dedupe_hits".to_owned();
        story.push(None, What::Counted { name, count });
    }
    let mut demands = demands();
    demands.hard = [("readers_told_behind", 1), ("unknown_outcomes", 1), ("dedupe_hits", 5)].into();
    let verdict = judge(&story.records, &demands);
    assert!(verdict.violations.is_empty(), "{:#?}", verdict.violations);
    assert_eq!(verdict.summary.hardness["dedupe_hits"], 5);
    demands.hard = [("dedupe_hits", 6), ("epoch_changes", 1), ("unknown_outcomes", 2)].into();
    let verdict = judge(&story.records, &demands);
    assert_eq!(verdict.summary.other_wrong, 3, "{:#?}", verdict.violations);
    assert!(
        verdict
            .violations
            .iter()
            .all(|v| v.rule == Rule::TooEasy && !v.slice.is_empty())
    );
}

#[test]
fn too_easy_nobody_looked_at_the_log() {
    let mut story = Story::good();
    story.without(|record| matches!(record.what, What::Log { .. }));
    assert_bad(&story, &[Rule::TooEasy], "was never dumped");
}

/// OWN4: who has read everything has nothing unread of what was said before they asked.
#[test]
fn i15_who_has_read_everything_has_read_it() {
    let story = |marks: bool, asks_late: bool| {
        let mut story = Story::good();
        let end = story.records.iter().position(|record| record.what == What::Healed);
        let mut rest = story.records.split_off(end.expect("it ends"));
        let early_us = story.records[12].at_us;
        if marks {
            let (conv, seq) = (CONV, Seq(1));
            story.push(Some(BOBS), What::MarkUnread { conv, seq });
        }
        for (us, what) in [(0, What::ReadsAll), (1, What::HasReadAll)] {
            let at_us = if asks_late {
                story.records[story.records.len() - 1].at_us
            } else {
                early_us + us
            };
            let device = Some(BOBS);
            story.records.push(Record { at_us, device, what });
        }
        story.records.append(&mut rest);
        story
    };
    // Bob's row is read up to 2: nothing more had been said when he asked first.
    assert_good(&story(false, false));
    assert_bad(&story(false, true), &[Rule::I15], "not read");
    assert_good(&story(true, true));
}
