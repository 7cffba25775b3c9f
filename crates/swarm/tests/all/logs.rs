//! I1 to I5: the log, and what was said of it.

use crate::story::*;
use protocol::{Ordinal, SendId, Seq};
use swarm::history::{Seen, What};
use swarm::verdict::Rule;

/// DUR3: an acknowledged entry that is not in the log is lost.
#[test]
fn i1_an_acknowledged_send_is_missing() {
    let mut story = Story::new();
    story.say(ANNS);
    let (send_id, _) = story.ask(BOBS, "send");
    let (conv, seq) = (CONV, Seq(3));
    story.push(Some(BOBS), What::Ok { send_id, conv, seq });
    story.end();
    assert_bad(&story, &[Rule::I1], "bob (device 1) was told that");
}

/// DUR3: at its seq.
#[test]
fn i1_an_acknowledged_send_stands_elsewhere() {
    let mut story = Story::good();
    story.spoil_told(BOBS, |what| match what {
        What::Ok { seq, .. } if *seq == Seq(5) => *seq = Seq(4),
        _ => {}
    });
    assert_bad(&story, &[Rule::I1], "moved");
}

/// DUR3: with its body.
#[test]
fn i1_an_acknowledged_send_has_another_body() {
    let mut story = Story::good();
    let was = story.log[3].digest;
    story.spoil(|record| match &mut record.what {
        What::Log { entries, .. } => entries[3].digest = 5,
        What::Shown { entries, .. } | What::Final { entries, .. } => {
            entries
                .iter_mut()
                .filter(|seen| seen.digest == was)
                .for_each(|seen| seen.digest = 5);
        }
        What::Heard { entry, .. } if entry.digest == was => entry.digest = 5,
        _ => {}
    });
    assert_bad(&story, &[Rule::I1, Rule::I3, Rule::I20], "another body: 4");
}

#[test]
fn i1_a_final_read_lacks_an_entry() {
    let mut story = Story::good();
    story.spoil_told(BOBS, |what| {
        if let What::Final { entries, .. } = what {
            entries.remove(6);
        }
    });
    assert_bad(&story, &[Rule::I1], "the final read of bob (device 1) lacks 7");
}

#[test]
fn i1_a_device_reads_nothing_at_the_end() {
    let mut story = Story::good();
    story.without(|record| record.device == Some(CYDS) && matches!(record.what, What::Final { .. }));
    assert_bad(&story, &[Rule::I1], "cyd (device 2) never read");
}

/// IDM1: one send_id names one entry.
#[test]
fn i2_one_name_stands_twice() {
    let mut story = Story::good();
    let (send_id, digest) = (story.log[3].send_id, story.log[3].digest);
    story.spoil(|record| match &mut record.what {
        What::Log { entries, .. } => (entries[4].send_id, entries[4].digest) = (send_id, digest),
        What::Shown { entries, .. } | What::Final { entries, .. } => {
            let again = entries.iter_mut().filter(|seen| seen.seq == Seq(5));
            again.for_each(|seen| (seen.send_id, seen.digest) = (send_id, digest));
        }
        What::Heard { entry, .. } if entry.seq == Seq(5) => (entry.send_id, entry.digest) = (send_id, digest),
        _ => {}
    });
    // The one that it stands in place of is lost, and was somebody else's.
    assert_bad(&story, &[Rule::I2, Rule::I1, Rule::I3], "stands at 4 and at 5");
}

/// IDM5: a retry under a new name is a double, whatever name it has.
#[test]
fn i2_one_body_stands_twice_under_two_names() {
    let mut story = Story::new();
    story.say(ANNS);
    let (first, digest) = story.ask(BOBS, "send");
    let again = SendId::from_bytes([77; 16]);
    for send_id in [first, again] {
        let seq = story.commit(BOBS, (send_id, digest), true, &[], &[]);
        story.tell(Seen::new(seq, send_id, digest));
    }
    let (send_id, conv, seq) = (first, CONV, Seq(3));
    story.push(Some(BOBS), What::Ok { send_id, conv, seq });
    story.end();
    assert_bad(&story, &[Rule::I2, Rule::I3], "one body stands at 3");
}

/// IDM1: a retry gets the first answer.
#[test]
fn i2_a_retry_gets_another_seq() {
    let mut story = Story::good();
    let (send_id, conv, seq) = (story.log[3].send_id, CONV, Seq(5));
    story.before_the_end(BOBS, What::Ok { send_id, conv, seq });
    assert_bad(&story, &[Rule::I2, Rule::I1], "was acknowledged as 4 and as 5");
}

#[test]
fn i3_nobody_asked_for_an_entry() {
    let mut story = Story::new();
    story.say(ANNS);
    let name = story.name();
    let seq = story.commit(BOBS, name, true, &[], &[]);
    let (send_id, digest) = name;
    story.tell(Seen::new(seq, send_id, digest));
    story.end();
    assert_bad(&story, &[Rule::I3], "nobody asked for it");
}

#[test]
fn i3_a_refused_entry_is_told() {
    let mut story = Story::new();
    let name = story.ask(ANNS, "send");
    let (send_id, conv, code) = (name.0, CONV, 403);
    story.push(Some(ANNS), What::Fail { send_id, conv, code });
    let seq = story.commit(ANNS, name, true, &[], &[]);
    let (send_id, digest) = name;
    story.tell(Seen::new(seq, send_id, digest));
    story.end();
    assert_bad(&story, &[Rule::I3], "refused");
}

#[test]
fn i3_an_entry_has_another_sender() {
    let mut story = Story::good();
    story.spoil_log(|log| log[4].sender = BOB);
    story.spoil_log(|log| log[5].sender = CYD);
    assert_bad(&story, &[Rule::I3], "another who asked");
}

/// ORD1: gap-free.
#[test]
fn i4_a_seq_is_passed_over() {
    let mut story = Story::good();
    let up = |seq: &mut Seq| *seq = if *seq > Seq(5) { seq.next() } else { *seq };
    story.spoil(|record| match &mut record.what {
        What::Log { entries, .. } => entries.iter_mut().for_each(|entry| up(&mut entry.seq)),
        What::Shown { entries, .. } | What::Final { entries, .. } => {
            entries.iter_mut().for_each(|seen| up(&mut seen.seq));
        }
        What::Heard { entry, .. } => up(&mut entry.seq),
        What::Ok { seq, .. } => up(seq),
        What::Snapshot { held, fresh } => held.iter_mut().chain(fresh).for_each(|row| up(&mut row.head_seq)),
        _ => {}
    });
    assert_bad(&story, &[Rule::I4], "has 7 where 6 belongs");
}

#[test]
fn i4_an_ordinal_does_not_count() {
    let mut story = Story::good();
    story.spoil_log(|log| log.iter_mut().skip(3).take(1).for_each(|entry| entry.ord = Ordinal(9)));
    assert_bad(&story, &[Rule::I4], "miscounted: 4");
}

/// ORD2: time never goes back.
#[test]
fn i4_time_runs_back() {
    let mut story = Story::good();
    story.spoil_log(|log| log[5].created_ms = 1);
    assert_bad(&story, &[Rule::I4], "time runs back: 6");
}

/// ORD1: the same for everybody.
#[test]
fn i5_a_device_is_told_another_entry() {
    let mut story = Story::good();
    let other = seen(&story.log[3]);
    story.spoil_told(BOBS_EAR, |what| match what {
        What::Heard { entry, .. } if entry.seq == Seq(5) => {
            (entry.send_id, entry.digest) = (other.send_id, other.digest)
        }
        _ => {}
    });
    assert_bad(&story, &[Rule::I5], "and the log has");
}

/// Told before it was committed, and then it was not.
#[test]
fn i5_a_device_is_told_what_is_not_in_the_log() {
    let mut story = Story::new();
    story.say(ANNS);
    let (send_id, digest) = story.ask(ANNS, "send");
    let seq = Seq(3);
    story.tell(Seen::new(seq, send_id, digest));
    let (conv, code) = (CONV, 500);
    story.push(Some(ANNS), What::Fail { send_id, conv, code });
    story.end();
    assert_bad(&story, &[Rule::I5, Rule::I3], "the log ends at 2 without it");
}

/// Without a dump the tellers are compared with each other.
#[test]
fn i5_two_devices_are_told_two_things() {
    let mut story = Story::new();
    let ((one, first), (other, second)) = (story.ask(ANNS, "send"), story.ask(BOBS, "send"));
    for (device, send_id, digest) in [(ANNS, one, first), (BOBS, other, second)] {
        let (conv, seq) = (CONV, Seq(2));
        let entries = vec![Seen::new(seq, send_id, digest)];
        story.push(Some(device), What::Shown { conv, entries });
    }
    story.without(|record| matches!(record.what, What::Ok { .. }));
    assert_bad(&story, &[Rule::I5, Rule::I14], "another was told");
}

#[test]
fn i5_two_dumps_differ() {
    let mut story = Story::good();
    story.dump();
    let first = story
        .records
        .iter()
        .position(|record| matches!(record.what, What::Log { .. }))
        .expect("dumped");
    if let What::Log { entries, .. } = &mut story.records[first].what {
        entries[4].digest = 5;
    }
    assert_bad(&story, &[Rule::I5], "two dumps");
}
