//! Cursors and receipts: how far everybody has got, and when.

use crate::scene::{START_MS, Scene, done, still};
use protocol::{ConversationId, Generation, Seq, UserId};
use store::{Append, CursorMove, Receipt, Refused};

/// A group of Ann and Bob with ten texts by Ann, who has read her own: the head is 11.
fn ten_texts(scene: &mut Scene) -> (UserId, UserId, ConversationId) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    for n in 0..10 {
        scene.say(conv, ann, &format!("{n}"));
    }
    (ann, bob, conv)
}

/// RCP1: public cursors never go back and never pass the head; reading delivers; a refused move moves nothing.
pub fn rcp1_public_cursors_only_go_forward(scene: &mut Scene) {
    let (ann, bob, conv) = ten_texts(scene);
    let moved = scene.delivered(conv, bob, Seq(7));
    assert_eq!(
        (moved.delivered, moved.read, moved.mine, moved.moved),
        (Seq(7), Seq(0), Seq(0), true)
    );
    let moved = scene.reads(conv, bob, Seq(5));
    assert_eq!(
        (moved.delivered, moved.read, moved.mine, moved.mine_ord.0),
        (Seq(7), Seq(5), Seq(5), 4)
    );
    let moved = scene.reads(conv, bob, Seq(9));
    assert_eq!(
        (moved.delivered, moved.read, moved.mine),
        (Seq(9), Seq(9), Seq(9)),
        "reading delivers"
    );
    for (delivered, read) in [(Some(3), Some(2)), (None, Some(9)), (Some(9), None), (None, None)] {
        let back = CursorMove {
            delivered: delivered.map(Seq),
            read: read.map(Seq),
            ..still(conv, bob)
        };
        let moved = scene.move_one(back).expect("a late one is no fault");
        assert_eq!(
            (moved.delivered, moved.read, moved.mine, moved.moved),
            (Seq(9), Seq(9), Seq(9), false)
        );
    }
    for (delivered, read) in [
        (Some(12), None),
        (None, Some(12)),
        (Some(10), Some(12)),
        (Some(u64::MAX), Some(10)),
    ] {
        let beyond = CursorMove {
            delivered: delivered.map(Seq),
            read: read.map(Seq),
            ..still(conv, bob)
        };
        assert_eq!(scene.move_one(beyond), Err(Refused::BeyondHead));
    }
    let told = done(scene.store.members(ann, conv, None, 10)).members[1];
    assert_eq!(
        (told.user, told.delivered, told.read),
        (bob, Seq(9), Seq(9)),
        "what is refused moves nothing"
    );
}

/// RCP1: of many moves in one call each stands or falls on its own, in the order given.
pub fn rcp1_moves_stand_or_fall_alone(scene: &mut Scene) {
    let (ann, bob, conv) = ten_texts(scene);
    let [eve] = scene.persons();
    let answers = done(scene.store.move_cursors(vec![
        CursorMove {
            read: Some(Seq(10)),
            ..still(conv, bob)
        },
        CursorMove {
            read: Some(Seq(1)),
            ..still(conv, eve)
        },
        CursorMove {
            read: Some(Seq(99)),
            ..still(conv, ann)
        },
        CursorMove {
            read: Some(Seq(4)),
            ..still(conv, bob)
        },
        CursorMove {
            delivered: Some(Seq(11)),
            ..still(conv, bob)
        },
    ]));
    let told: Vec<_> = answers
        .iter()
        .map(|a| a.map(|m| (m.delivered.0, m.read.0, m.moved)))
        .collect();
    let expected = [
        Ok((10, 10, true)),
        Err(Refused::NotFound),
        Err(Refused::BeyondHead),
        Ok((10, 10, false)),
        Ok((11, 10, true)),
    ];
    assert_eq!(told, expected);
}

/// RCP2: within a generation the private cursor is a maximum; a later generation sets it lower; what comes late from an
/// older one moves only the public receipt.
pub fn rcp2_marking_unread_is_a_generation(scene: &mut Scene) {
    let (_, bob, conv) = ten_texts(scene);
    scene.reads(conv, bob, Seq(8));
    let marked = scene.reads_under(conv, bob, Seq(3), 1);
    assert_eq!(
        (marked.mine, marked.mine_ord.0, marked.generation),
        (Seq(3), 2, Generation(1))
    );
    assert_eq!(
        (marked.read, marked.moved),
        (Seq(8), false),
        "others have seen that it was read"
    );
    let late = scene.reads_under(conv, bob, Seq(9), 0);
    assert_eq!(
        (late.mine, late.read, late.generation, late.moved),
        (Seq(3), Seq(9), Generation(1), true)
    );
    assert_eq!(
        scene.reads_under(conv, bob, Seq(2), 1).mine,
        Seq(3),
        "a maximum within the generation"
    );
    assert_eq!(scene.reads_under(conv, bob, Seq(5), 1).mine, Seq(5));
    assert_eq!(
        scene.reads(conv, bob, Seq(6)).mine,
        Seq(6),
        "without a generation: the present one"
    );
    let zero = scene.reads_under(conv, bob, Seq(0), 2);
    assert_eq!(
        (zero.mine, zero.mine_ord.0, zero.read),
        (Seq(0), 0, Seq(9)),
        "all of it unread"
    );
    let empty = CursorMove {
        generation: Some(Generation(5)),
        ..still(conv, bob)
    };
    assert_eq!(
        scene.move_one(empty).expect("nothing").generation,
        Generation(2),
        "a generation of nothing"
    );
}

/// RCP3: a run tells when an entry was received and read: the time of the advance that began its minute.
pub fn rcp3_runs_tell_when(scene: &mut Scene) {
    let (ann, bob, conv) = ten_texts(scene);
    let [cid] = scene.persons();
    scene.add(conv, ann, &[cid]);
    let minute = START_MS - START_MS % 60_000 + 600_000;
    for (at_ms, delivered, read) in [
        (minute + 1_000, Some(4), None),
        (minute + 30_000, Some(6), Some(2)),
        (minute + 59_999, None, Some(5)),
        (minute + 60_000, Some(8), Some(6)),
        (minute + 200_000, None, Some(9)),
    ] {
        scene.hands.set_ms(at_ms);
        let ask = CursorMove {
            delivered: delivered.map(Seq),
            read: read.map(Seq),
            ..still(conv, bob)
        };
        scene.move_one(ask).expect("within");
    }
    let of_bob = |scene: &Scene, seq: u64| {
        let receipts = done(scene.store.receipts(ann, conv, Seq(seq)));
        let [
            Receipt {
                user,
                delivered_ms,
                read_ms,
            },
        ] = receipts[..]
        else {
            panic!("of Bob alone: Ann sent it, Cid came later: {receipts:?}")
        };
        assert_eq!(user, bob);
        [delivered_ms, read_ms].map(|at| at.map(|at| at - minute))
    };
    assert_eq!(of_bob(scene, 2), [Some(1_000), Some(30_000)]);
    assert_eq!(
        of_bob(scene, 5),
        [Some(1_000), Some(30_000)],
        "one run for each minute, by its beginning"
    );
    assert_eq!(of_bob(scene, 6), [Some(1_000), Some(60_000)]);
    assert_eq!(of_bob(scene, 7), [Some(60_000), Some(200_000)]);
    assert_eq!(of_bob(scene, 9), [Some(200_000), Some(200_000)], "reading delivers");
    assert_eq!(of_bob(scene, 10), [None, None]);
    let added = done(scene.store.receipts(bob, conv, Seq(12)));
    assert_eq!(
        added.iter().map(|receipt| receipt.user).collect::<Vec<_>>(),
        [bob, cid],
        "Ann wrote that she added"
    );
}

/// RCP3: runs are kept for 90 days and removed in bounded steps; the cursors stay.
pub fn rcp3_runs_expire_and_cursors_stay(scene: &mut Scene) {
    let (ann, bob, conv) = ten_texts(scene);
    scene.reads(conv, bob, Seq(4));
    scene.hands.pass_ms(24 * 3_600_000);
    scene.reads(conv, bob, Seq(6));
    scene.hands.pass_ms(90 * 24 * 3_600_000 - 60_000);
    assert_eq!(done(scene.store.expire(1)), 1);
    assert_eq!(
        done(scene.store.expire(10)),
        1,
        "a delivered and a read run of the first day"
    );
    assert_eq!(done(scene.store.expire(10)), 0);
    let times = |scene: &Scene, seq| {
        let receipt = done(scene.store.receipts(ann, conv, Seq(seq)))[0];
        (receipt.delivered_ms.is_some(), receipt.read_ms.is_some())
    };
    assert_eq!((times(scene, 3), times(scene, 5)), ((false, false), (true, true)));
    let told = done(scene.store.members(ann, conv, None, 10)).members[1];
    assert_eq!((told.delivered, told.read), (Seq(6), Seq(6)));
}

/// UNR1: one's own message does not count as unread, where nothing before it was, and a send says what was shown.
pub fn unr1_sending_reads(scene: &mut Scene) {
    let (ann, bob, conv) = ten_texts(scene);
    let mine = |scene: &Scene, who| {
        let moved = scene.move_one(still(conv, who)).expect("a member");
        (moved.delivered.0, moved.read.0, moved.mine.0)
    };
    assert_eq!(mine(scene, ann), (0, 0, 0), "she never said that she saw the beginning");
    let plain = scene.text(conv, ann, "seen all");
    let send = Append {
        read: Some(Seq(11)),
        ..plain
    };
    assert_eq!(scene.append(send.clone()).entry.seq, Seq(12));
    assert_eq!(mine(scene, ann), (12, 12, 12));
    scene.say(conv, ann, "more");
    assert_eq!(mine(scene, ann), (13, 13, 13), "nothing was unread, so nothing is");

    let plain = scene.text(conv, bob, "seen some");
    scene.append(Append {
        read: Some(Seq(5)),
        ..plain
    });
    assert_eq!(mine(scene, bob), (5, 5, 5));
    let again = scene.append(send);
    assert_eq!(
        (again.dup, mine(scene, ann)),
        (true, (13, 13, 13)),
        "a repeat moves nothing"
    );

    // Marked unread: the private cursor stays where it was put, the public one goes on.
    scene.reads(conv, ann, Seq(14));
    scene.reads_under(conv, ann, Seq(9), 1);
    scene.say(conv, ann, "to myself");
    assert_eq!(mine(scene, ann), (15, 15, 9));
    let plain = scene.text(conv, ann, "an unknown kind is no message");
    scene.append(Append {
        kind: protocol::Kind::of("poll"),
        ..plain
    });
    assert_eq!(mine(scene, ann), (15, 15, 9));
    assert_eq!(scene.log(conv)[15].ord, scene.log(conv)[14].ord, "and is not counted");
}
