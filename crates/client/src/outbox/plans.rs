//! Random plans for the outbox: answers lost, doubled, late; refusals for now and for good; a server that forgets.

use super::*;
use protocol::client_frame::Send;
use protocol::refusal::Code;
use protocol::{Body, Epoch, Kind, MessageId, Ordinal, UserId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const ME: UserId = UserId::from_bytes([1; 16]);

fn conv(n: u8) -> ConversationId {
    ConversationId::from_bytes([n; 16])
}

fn send(n: u64, to: u8) -> Item {
    let send = Send::new(
        conv(to),
        SendId(uuid::Uuid::from_u128(u128::from(n))),
        Kind::Text,
        Body::text(format!("{n}")).to_raw(),
    );
    Item::new(Verb::Send(Box::new(send)), ME, 0)
}

fn ack(conv: ConversationId, seq: usize) -> Ack {
    Ack {
        conv,
        epoch: Epoch::from_bytes([1; 16]),
        seq: Seq(seq as u64),
        ord: Ordinal(seq as u64),
        message_id: MessageId::from_bytes([0; 16]),
        created_ms: 0,
        dup: false,
    }
}

/// IDM5: a retry keeps its `send_id`: whatever is lost, each change is stored once, in order within its conversation,
/// and nothing is given up but what was refused for good.
#[test]
fn idm5_every_change_is_stored_once_and_in_order() {
    for seed in 0..300 {
        let mut chance = StdRng::seed_from_u64(seed);
        let (mut outbox, bounds, mut now_ms) = (Outbox::default(), Bounds::default(), 0);
        let (mut stored, mut failed): (Vec<(ConversationId, SendId)>, Vec<SendId>) = (Vec::new(), Vec::new());
        for n in 0.. {
            now_ms += chance.random_range(0..50);
            if n < 60 {
                outbox.queue(send(n, chance.random_range(1..4)), &bounds).expect("room");
            } else if outbox.is_quiet() {
                break;
            }
            assert!(n < 5_000, "seed {seed}: it comes to rest");
            while let Some(item) = outbox.next(now_ms) {
                if chance.random_bool(0.2) {
                    outbox.disconnected();
                    break;
                }
                if chance.random_bool(0.1) {
                    let refusal = if chance.random_bool(0.8) {
                        Code::Overloaded
                    } else {
                        Code::NotAMember
                    };
                    outbox.refused(item.send_id, &refusal.refuse(), now_ms);
                    failed.extend((!refusal.retry()).then_some(item.send_id));
                    continue;
                }
                let known = stored.iter().position(|(_, id)| *id == item.send_id);
                let seq = known.unwrap_or_else(|| {
                    stored.push((item.conv, item.send_id));
                    stored.len() - 1
                });
                if chance.random_bool(0.8) {
                    outbox.acked(item.send_id, &ack(item.conv, seq + 1), now_ms, &bounds);
                }
            }
            if chance.random_bool(0.2) {
                outbox.disconnected();
            }
        }
        for to in 1..4 {
            let ids: Vec<u128> = stored
                .iter()
                .filter(|(c, _)| *c == conv(to))
                .map(|(_, id)| id.0.as_u128())
                .collect();
            assert!(ids.is_sorted(), "seed {seed}: {ids:?}");
        }
        let unstored = failed.iter().filter(|id| !stored.iter().any(|(_, s)| s == *id)).count();
        assert_eq!(
            stored.len() + unstored,
            60,
            "seed {seed}: each once, or refused for good"
        );
        assert!(
            failed
                .iter()
                .all(|id| matches!(outbox.get(*id).map(|i| &i.phase), Some(Phase::Failed(_))))
        );
        assert!(
            failed.iter().all(|id| outbox.dismiss(*id)),
            "seed {seed}: kept until dismissed"
        );
        assert_eq!(
            (outbox.items.len(), outbox.by_id.len(), outbox.bytes),
            (0, 0, 0),
            "seed {seed}"
        );
    }
}

/// RES2: after a change of epoch, what was acknowledged in the last ten minutes is sent again, before what came later.
#[test]
fn res2_lately_acknowledged_changes_are_submitted_again() {
    let (mut outbox, bounds) = (Outbox::default(), Bounds::default());
    for n in 0..4 {
        outbox.queue(send(n, 1), &bounds).expect("room");
    }
    for (n, at_ms) in [(0, 0), (1, limits::ACKED_KEEP_MS), (2, limits::ACKED_KEEP_MS + 5)] {
        let item = outbox.next(at_ms).expect("waits");
        assert_eq!(item.send_id.0.as_u128(), n);
        outbox.acked(item.send_id, &ack(item.conv, 1), at_ms, &bounds);
    }
    let now_ms = limits::ACKED_KEEP_MS + 10;
    assert_eq!(outbox.resubmit(Some(conv(2)), now_ms), 0, "another conversation's");
    assert_eq!(outbox.resubmit(None, now_ms), 2, "0 is older than ten minutes");
    let mut order = Vec::new();
    while let Some(item) = outbox.next(now_ms) {
        order.push(item.send_id.0.as_u128());
        outbox.acked(item.send_id, &ack(item.conv, 1), now_ms, &bounds);
    }
    assert_eq!(order, [1, 2, 3]);
}

/// BND2: the outbox is bounded in entries and in bytes, what was acknowledged too; a full one says so.
#[test]
fn bnd2_the_outbox_is_bounded() {
    let item_bytes = send(0, 1).bytes;
    let bounds = Bounds {
        outbox_entries_max: 3,
        acked_entries_max: 2,
        ..Bounds::default()
    };
    let mut outbox = Outbox::default();
    for n in 0..3 {
        outbox.queue(send(n, 1), &bounds).expect("room");
    }
    assert_eq!(outbox.queue(send(3, 1), &bounds), Err(Full));
    while let Some(item) = outbox.next(0) {
        outbox.acked(item.send_id, &ack(item.conv, 1), 0, &bounds);
    }
    assert_eq!((outbox.acked.len(), outbox.acked_bytes), (2, 2 * item_bytes));
    let bounds = Bounds {
        outbox_bytes_max: item_bytes,
        ..Bounds::default()
    };
    outbox.queue(send(7, 1), &bounds).expect("room");
    assert_eq!(outbox.queue(send(8, 1), &bounds), Err(Full));
}
