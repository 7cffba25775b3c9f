//! Good histories: nothing is wrong with them, also over a restored backup, and however long they are.

use crate::story::*;
use protocol::{ConversationId, Kind, Ordinal, SendId, Seq, UserId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use swarm::history::{self, Device, DeviceKind, Logged, Record, Ruled, Seen, What};
use swarm::verdict::{Rule, judge};

#[test]
fn a_good_history_breaks_no_rule() {
    let story = Story::good();
    assert_good(&story);
    let summary = story.judge().summary;
    assert_eq!((summary.people, summary.devices, summary.seed), (3, 6, 7));
    assert_eq!((summary.sent, summary.acked, summary.unknown), (15, 15, 0));
    assert_eq!((summary.p50_send_ack_ms, summary.p99_send_ack_ms), (4.0, 4.0));
    assert_eq!((summary.p50_send_received_ms, summary.max_send_received_ms), (6.0, 6.0));
    let told = story
        .records
        .iter()
        .filter(|r| matches!(r.what, What::Shown { .. } | What::Heard { .. }));
    assert_eq!(summary.received, told.count() as u64);
}

#[test]
fn an_empty_history_says_nothing() {
    let verdict = judge(&[], &demands());
    assert!(verdict.violations.is_empty());
    assert_eq!(verdict.summary.converged_ms, [0.0; 3]);
}

/// Conversations of others on the same server are none of ours.
#[test]
fn what_is_not_of_the_run_is_not_judged() {
    let mut story = Story::good();
    let conv = ConversationId::from_bytes([77; 16]);
    let entry = |seq| Seen::new(Seq(seq), SendId::from_bytes([78; 16]), 3);
    for seq in [9, 4] {
        let entries = vec![entry(seq)];
        story.before_the_end(BOBS, What::Shown { conv, entries });
        let entry = entry(seq);
        story.before_the_end(BOBS_EAR, What::Heard { conv, entry });
    }
    assert_good(&story);
}

/// Adding people who are all in is answered with the latest entry; beginning a 1:1 that is there, with its first.
#[test]
fn a_place_may_be_borrowed() {
    let mut story = Story::new();
    story.say(ANNS);
    for (verb, seq) in [("add", Seq(2)), ("begin", Seq(1))] {
        let (send_id, _) = story.ask(BOBS, verb);
        let conv = CONV;
        story.push(Some(BOBS), What::Ok { send_id, conv, seq });
    }
    story.say(ANNS);
    story.end();
    assert_good(&story);
}

#[test]
fn a_history_is_the_same_after_it_was_written_and_read() {
    let mut story = Story::good();
    story.before_the_end(BOBS, What::EventsLost);
    let mut lines = Vec::new();
    history::write(&story.records, &mut lines).expect("memory takes all");
    assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), story.records.len());
    let again = history::read(&lines[..]).expect("what was written can be read");
    assert_eq!(again, story.records);
    let bad = [&lines[..], b"{\"at_us\":1}\n"].concat();
    let error = history::read(&bad[..]).expect_err("that is no record").to_string();
    assert!(error.contains(&format!("line {}", story.records.len() + 1)), "{error}");
}

/// A backup of before the last two sends is restored. Their authors bring them back, Bob's first.
fn restored(brings_back: impl Fn(Device) -> bool) -> Story {
    let mut story = Story::new();
    story.say(ANNS);
    let saved = story.log.clone();
    let (anns, bobs) = (story.say(ANNS), story.say(BOBS));
    let sent: Vec<(Device, Logged)> = [(BOBS, bobs), (ANNS, anns)]
        .into_iter()
        .map(|(device, send_id)| {
            (
                device,
                story.log.iter().find(|e| e.send_id == send_id).expect("sent").clone(),
            )
        })
        .collect();
    story.dump();
    story.now_us += 1_000_000;
    let devices: Vec<Device> = (0..3).flat_map(|device| [device, device + 10]).collect();
    devices
        .iter()
        .for_each(|device| story.push(Some(*device), What::Disconnected));
    (story.lineage, story.log) = (1, saved);
    story.push(None, What::Lineage { number: 1, epoch: None });
    // Late news of the old lineage: an event that waited.
    let (conv, entries) = (CONV, vec![seen(&sent[0].1)]);
    story.records.retain(|r| {
        r.device != Some(ANNS)
            || r.what
                != What::Shown {
                    conv,
                    entries: entries.clone(),
                }
    });
    story.push(Some(ANNS), What::Shown { conv, entries });
    for device in devices {
        story.push(Some(device), What::Connected { epoch: None });
        if device < 10 {
            story.push(Some(device), What::Resynced);
        }
    }
    let kept: Vec<Seen> = story.log.iter().map(seen).collect();
    for device in [ANNS, BOBS] {
        let (conv, entries) = (CONV, kept.clone());
        story.push(Some(device), What::Shown { conv, entries });
    }
    for (device, entry) in sent.into_iter().filter(|(device, _)| brings_back(*device)) {
        let (send_id, digest) = (entry.send_id, entry.digest);
        story.now_us += 10_000;
        let seq = story.commit(device, (send_id, digest), true, &[], &[]);
        story.push(Some(device), What::Ok { send_id, conv, seq });
        story.tell(Seen::new(seq, send_id, digest));
    }
    story.say(ANNS);
    story.end();
    story
}

/// RES2: after a restore the clients bring back what was acknowledged lately.
#[test]
fn a_restored_backup_is_no_violation() {
    let story = restored(|_| true);
    assert_good(&story);
    assert_eq!(story.judge().summary.hardness["epoch_changes"], 1);
}

/// RES2: and what they do not bring back is lost.
#[test]
fn i1_what_a_backup_took_is_not_brought_back() {
    let mut story = restored(|device| device != BOBS);
    assert_bad(&story, &[Rule::I1], "lost over a restore: bob (device 1)");
    let at = story
        .records
        .iter()
        .position(|r| r.what == What::Resynced)
        .expect("it resynced");
    let record = Record {
        device: Some(BOBS),
        what: What::Forgets,
        ..story.records[at].clone()
    };
    story.records.insert(at, record);
    assert_good(&story);
}

/// A server that keeps its epoch lets its clients believe in what is gone.
#[test]
fn i1_a_restored_server_keeps_its_epoch() {
    let mut story = restored(|_| false);
    story.without(|record| record.what == What::Resynced);
    let broken: std::collections::BTreeSet<Rule> = story.judge().violations.iter().map(|v| v.rule).collect();
    assert!(broken.contains(&Rule::I1), "{broken:?}");
}

/// A long history is judged like a short one: every rule is a sort and a walk. Entries, 1e5 and more, in no time that
/// anybody would notice; were a rule quadratic, this test would not end.
#[test]
fn a_long_good_history_breaks_no_rule() {
    let (history, conv) = long(12_000);
    assert!(history.len() > 100_000);
    let verdict = judge(&history, &demands());
    let says: Vec<_> = verdict.violations.iter().take(5).map(|v| &v.says).collect();
    assert!(says.is_empty(), "{says:#?}");
    assert_eq!(verdict.summary.acked, 12_001);
    // And one wrong thing in it is found, with a slice that can be read.
    let mut history = history;
    let spoilt = history
        .iter_mut()
        .filter(|r| r.device == Some(3))
        .find_map(|r| match &mut r.what {
            What::Shown { entries, .. } if entries[0].seq == Seq(7_000) => Some(&mut entries[0].digest),
            _ => None,
        });
    *spoilt.expect("it was shown") = 1;
    let verdict = judge(&history, &demands());
    let found: Vec<_> = verdict
        .violations
        .iter()
        .map(|v| (v.rule, v.conv, v.slice.len() <= 60))
        .collect();
    assert_eq!(found, [(Rule::I3, Some(conv), true), (Rule::I5, Some(conv), true)]);
    let entries = verdict
        .violations
        .iter()
        .flat_map(|v| &v.slice)
        .map(|record| match &record.what {
            What::Log { entries, .. } => entries.len(),
            What::Final { entries, .. } | What::Shown { entries, .. } => entries.len(),
            _ => 0,
        });
    assert!(entries.max() < Some(20), "a slice holds no whole log");
}

/// One conversation of eight people with a device each, who are told everything a little later.
fn long(sends: u64) -> (Vec<Record>, ConversationId) {
    const DEVICES: u32 = 8;
    let mut chance = StdRng::seed_from_u64(5);
    let conv = ConversationId::from_bytes([4; 16]);
    let user = |device: Device| UserId::from_bytes([device as u8 + 1; 16]);
    let mut history = Vec::new();
    let mut note = |at_us, device, what| {
        let device = Some(device);
        history.push(Record { at_us, device, what });
    };
    for device in 0..DEVICES {
        let (user, name, kind, slow) = (user(device), format!("p{device}"), DeviceKind::Client, false);
        note(0, device, What::Device { user, name, kind, slow });
        note(0, device, What::Connected { epoch: None });
    }
    let mut log = Vec::new();
    for number in 0..=sends {
        let device = if number == 0 {
            0
        } else {
            chance.random_range(0..DEVICES)
        };
        let send_id = SendId::from_bytes(u128::from(number).to_be_bytes());
        let (at_us, digest, seq) = (1_000 * (number + 1), number, Seq(number + 1));
        let verb = if number == 0 { "create" } else { "send" }.to_owned();
        let asked = (number > 0).then_some(digest);
        let invoke = What::Invoke {
            send_id,
            conv,
            verb,
            digest: asked,
            target: None,
            target_name: None,
        };
        note(at_us, device, invoke);
        note(at_us + 500, device, What::Ok { send_id, conv, seq });
        for reader in 0..DEVICES {
            let entries = vec![Seen::new(seq, send_id, digest)];
            note(
                at_us + chance.random_range(400..900),
                reader,
                What::Shown { conv, entries },
            );
        }
        let everybody = (0..DEVICES).map(user).collect();
        log.push(logged(number, user(device), send_id, at_us, everybody));
    }
    let end_us = 1_000 * (sends + 3);
    for device in 0..DEVICES {
        let entries = log.iter().map(seen).collect();
        note(end_us, device, What::Final { conv, entries });
    }
    let (lineage, entries) = (0, log);
    note(end_us, 99, What::Log { lineage, conv, entries });
    history.sort_by_key(|record| record.at_us);
    (history, conv)
}

/// The entry that everybody's log has for what was said as the `number`th; the first one makes the conversation.
fn logged(number: u64, sender: UserId, send_id: SendId, at_us: u64, everybody: Vec<UserId>) -> Logged {
    Logged {
        seq: Seq(number + 1),
        ord: Ordinal(number),
        kind: if number == 0 { Kind::Created } else { Kind::Text }.as_str().to_owned(),
        sender,
        send_id,
        digest: number,
        created_ms: at_us / 1_000,
        comes: if number == 0 { everybody } else { Vec::new() },
        goes: Vec::new(),
        thread: None,
        change: None,
        state: None,
        ruled: Ruled::default(),
    }
}
