//! Made-up runs to try the reports with. Some names in them are hostile.

use crate::history::{DeviceKind, Hidden, InboxRow, Logged, Phase, Record, Ruled, Seen, What};
use crate::verdict::{Rule, Share, Summary, Verdict, Violation};
use protocol::server_frame::{PresenceState, Role};
use protocol::{ConversationId, Generation, Ordinal, SendId, Seq, UserId};

pub(super) fn summary() -> Summary {
    let counts = |pairs: &[(&str, u64)]| pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    let share = |good, of| Share { good, of };
    Summary {
        people: 50,
        devices: 150,
        sent: 1_204,
        acked: 1_190,
        unknown: 31,
        received: 6_310,
        faults: counts(&[("kill", 3), ("partition", 12), ("late-hint", 1_310)]),
        p50_send_ack_ms: 3.151_59,
        p99_send_ack_ms: 22.0,
        p50_send_received_ms: 5.25,
        p99_send_received_ms: 412.000_4,
        max_send_received_ms: 12_345.678_9,
        messages_per_s: 59.5,
        seed: 7,
        hardness: crate::verdict::HARD
            .iter()
            .zip(11..)
            .map(|(name, n)| ((*name).to_owned(), n * n))
            .collect(),
        availability: [
            ("none".to_owned(), share(900, 900)),
            ("kill".to_owned(), share(79, 80)),
            ("partition".to_owned(), share(200, 224)),
        ]
        .into(),
        longest_outage_ms: 812.0,
        converged_ms: [12.5, 220.0, 1_350.0],
        ..Summary::default()
    }
}

pub(super) fn conv() -> ConversationId {
    ConversationId::from_bytes([0xc0; 16])
}

/// A time-ordered id, as clients make them.
pub(super) fn send_id(n: u64) -> SendId {
    let mut bytes = [0x01; 16];
    bytes[6] = 0x70;
    bytes[12..].copy_from_slice(&(n as u32).to_be_bytes());
    SendId::from_bytes(bytes)
}

pub(super) fn seen(seq: u64, send: u64) -> Seen {
    Seen::new(Seq(seq), send_id(send), send << 32)
}

pub(super) fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

fn at(at_ms: u64, device: impl Into<Option<u32>>, what: What) -> Record {
    Record {
        at_us: at_ms * 1_000,
        device: device.into(),
        what,
    }
}

fn device(n: u8, name: &str, kind: DeviceKind) -> What {
    What::Device {
        user: user(n),
        name: name.to_owned(),
        kind,
        slow: false,
    }
}

fn invoke(send: u64) -> What {
    What::Invoke {
        send_id: send_id(send),
        conv: conv(),
        verb: "send".to_owned(),
        digest: Some(send << 32),
        target: None,
        target_name: None,
    }
}

fn edit(target: Seq) -> What {
    What::Invoke {
        send_id: send_id(1),
        conv: conv(),
        verb: "edit".to_owned(),
        digest: Some(8 << 32),
        target: Some(target),
        target_name: None,
    }
}

fn ok(send: u64, seq: u64) -> What {
    What::Ok {
        send_id: send_id(send),
        conv: conv(),
        seq: Seq(seq),
    }
}

fn shown(entries: &[(u64, u64)]) -> What {
    What::Shown {
        conv: conv(),
        entries: entries.iter().map(|(seq, send)| seen(*seq, *send)).collect(),
    }
}

fn heard(seq: u64, send: u64) -> What {
    What::Heard {
        conv: conv(),
        entry: seen(seq, send),
    }
}

fn last(entries: &[(u64, u64)]) -> What {
    What::Final {
        conv: conv(),
        entries: entries.iter().map(|(seq, send)| seen(*seq, *send)).collect(),
    }
}

fn fault(kind: &str, target: &str, phase: Phase) -> What {
    What::Fault {
        kind: kind.to_owned(),
        target: target.to_owned(),
        phase,
    }
}

fn begin() -> Vec<Record> {
    let run = What::Run {
        seed: 7,
        name: "one node & <kill>".to_owned(),
        people: 3,
        nodes: 1,
        mutant: Some("ack-before-commit".to_owned()),
    };
    vec![
        at(0, None, run),
        at(0, 0, device(1, "ann", DeviceKind::Client)),
        at(0, 1, device(1, "ann", DeviceKind::Client)),
        at(0, 2, device(2, "bob", DeviceKind::Client)),
        at(0, 3, device(3, "<b>carol</b>", DeviceKind::Client)),
        at(0, 4, device(2, "bob", DeviceKind::Ear)),
    ]
}

/// A message that was acknowledged by a node that was killed at once, and whose seq went to another.
pub(super) fn lost() -> (Violation, Vec<Record>) {
    let mut history = begin();
    history.extend((0..5).map(|n| at(20 + u64::from(n), n, What::Connected { epoch: None })));
    for n in 1..=8 {
        let from = (n % 4) as u32;
        history.push(at(100 * n, from, invoke(n)));
        history.push(at(100 * n + 4, from, ok(n, n)));
        history.extend((0..4).map(|to| at(100 * n + 5 + u64::from(to), to, shown(&[(n, n)]))));
        history.push(at(100 * n + 6, 4, heard(n, n)));
    }
    let story = [
        at(1_000, 0, invoke(9)),
        at(1_003, 0, ok(9, 9)),
        at(1_004, 4, heard(9, 9)),
        at(1_900, 2, invoke(10)),
        at(1_930, 2, ok(10, 9)),
        at(1_934, 4, heard(9, 10)),
        at(
            9_000,
            3,
            last(&(1..=8).map(|n| (n, n)).chain([(9, 10)]).collect::<Vec<_>>()),
        ),
    ];
    history.extend(story.iter().cloned());
    history.push(at(1_005, None, fault("kill", "node 0", Phase::Start)));
    history.extend((0..5).map(|n| at(1_006, n, What::Disconnected)));
    history.push(at(1_800, None, fault("kill", "node 0", Phase::Stop)));
    history.extend((0..5).map(|n| at(1_820 + 3 * u64::from(n), n, What::Connected { epoch: None })));
    history.extend((0..4).map(|to| at(1_933 + u64::from(to), to, shown(&[(9, 10)]))));
    history.push(at(2_400, None, fault("late-hint", "bus", Phase::Once)));
    history.push(at(2_500, None, fault("partition", "carol – node 0", Phase::Start)));
    history.push(at(4_000, None, fault("partition", "carol – node 0", Phase::Stop)));
    history.push(at(4_000, None, What::Healed));
    history.sort_by_key(|record| record.at_us);
    let violation = Violation {
        rule: Rule::I1,
        says:
            "ann/0 was told at 1.003 s that its send 00000009 is #9; the final read of <b>carol</b>/3 has another there"
                .to_owned(),
        conv: Some(conv()),
        at_us: 1_003_000,
        slice: story.to_vec(),
    };
    (violation, history)
}

/// A verdict with two violations; the second has no conversation.
pub(super) fn bad() -> (Verdict, Vec<Record>) {
    let (lost, history) = lost();
    let stopped = Violation {
        rule: Rule::I14,
        says: "carol's send 0000000b was never answered".to_owned(),
        conv: None,
        at_us: 2_600_000,
        slice: vec![at(2_600, 3, invoke(11))],
    };
    let summary = Summary {
        lost: 2,
        people: 3,
        devices: 5,
        ..summary()
    };
    let violations = vec![lost, stopped];
    (Verdict { violations, summary }, history)
}

pub(super) fn inbox_row(unread: u64) -> InboxRow {
    InboxRow {
        conv: conv(),
        head_seq: Seq(9),
        head_ord: Ordinal(7),
        read_seq: Seq(3),
        generation: Generation(1),
        unread,
        mentions: 0,
        role: Some(Role::Admin),
        own: 0,
        threads: Vec::new(),
        settings: 0,
    }
}

/// One record of each sort.
pub(super) fn one_of_each() -> Vec<Record> {
    let log = What::Log {
        lineage: 0,
        conv: conv(),
        entries: vec![Logged {
            seq: Seq(1),
            ord: Ordinal(0),
            kind: "created".to_owned(),
            sender: user(1),
            send_id: send_id(1),
            digest: 1,
            created_ms: 1,
            comes: vec![user(1), user(2)],
            goes: vec![user(9)],
            thread: None,
            change: None,
            state: None,
            ruled: Ruled::default(),
        }],
    };
    let (conv, send_id, seq) = (conv(), send_id(1), Seq(4));
    let run = [
        fault("kill", "node 0", Phase::Start),
        fault("kill", "node 0", Phase::Stop),
        fault("late-hint", "bus", Phase::Once),
        What::Healed,
        What::Lineage { number: 1, epoch: None },
        What::Sample {
            node: 0,
            rss_kib: 51_200,
            fds: 31,
            waiting: 4,
        },
        What::Counted {
            name: "dedupe_hits".to_owned(),
            count: 1_204,
        },
        log,
    ];
    let mut history = begin();
    history.extend(run.map(|what| at(10, None, what)));
    history.extend(asked_and_told(conv, send_id, seq).map(|what| at(20, 2, what)));
    history.extend(decided(conv, send_id).map(|what| at(25, 2, what)));
    let (held, fresh) = (vec![inbox_row(2)], vec![inbox_row(3)]);
    history.push(at(30, 2, What::Snapshot { held, fresh }));
    let (held, fresh) = (vec![inbox_row(2)], vec![inbox_row(2)]);
    history.push(at(30, 9, What::Snapshot { held, fresh }));
    history
}

fn decided(conv: ConversationId, send_id: SendId) -> [What; 12] {
    let (presence, receipts, on) = (Hidden::Presence, Hidden::Receipts, true);
    [
        What::Hiding { what: presence, on },
        What::Hides { what: receipts, on },
        What::ReadsAll,
        What::HasReadAll,
        What::Myself { held: 1, fresh: 1 },
        What::Myself { held: 1, fresh: 2 },
        What::Linked {
            conv,
            link: send_id,
            uses: 2,
        },
        What::Revoking { conv, link: send_id },
        What::Revoked { conv, link: send_id },
        What::Joins {
            conv,
            link: send_id,
            send_id,
        },
        What::LetIn { conv, send_id },
        What::MustWait { conv, send_id },
    ]
}

fn asked_and_told(conv: ConversationId, send_id: SendId, seq: Seq) -> [What; 32] {
    let (user, read, from, to) = (user(1), seq, Seq(5), Seq(7));
    [
        invoke(1),
        ok(1, 4),
        What::Fail {
            send_id,
            conv,
            code: 1203,
        },
        What::Unknown { send_id, conv },
        What::Forgets,
        What::Read { conv, seq },
        What::MarkUnread { conv, seq },
        What::Drafted {
            conv,
            text: 7,
            over: Some(6),
        },
        What::Blocking { user, on: true },
        What::Blocked { user, on: true },
        What::Requested { conv },
        What::TakesUp { conv },
        What::Draft {
            conv,
            now: Some(7),
            kept: vec![5],
        },
        What::Connected { epoch: None },
        What::Disconnected,
        shown(&[(4, 1), (5, 2)]),
        What::Skipped { conv, from, to },
        What::Resynced,
        What::EventsLost,
        What::Stopped {
            why: "cannot keep".to_owned(),
        },
        heard(4, 1),
        What::ToldBehind { conv: None },
        What::ToldBehind { conv: Some(conv) },
        What::Pulled {
            conv,
            from,
            to,
            entries: vec![],
        },
        What::SawCursor {
            conv,
            user,
            delivered: seq,
            read,
        },
        What::SawTyping { conv, user },
        What::SawPresence {
            user,
            state: PresenceState::Online,
        },
        edit(seq),
        What::Holds {
            conv,
            entries: vec![seen(4, 1)],
        },
        What::Bodies {
            conv,
            seq,
            bodies: vec![8 << 32, 1 << 32],
        },
        last(&[(1, 1)]),
        last(&(1..=9).map(|n| (n, n)).collect::<Vec<_>>()),
    ]
}
