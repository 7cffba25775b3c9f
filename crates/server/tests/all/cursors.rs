//! `cursor`: who has received and read how much, and who is told.

use crate::frames::{cursor, read_as, watch};
use crate::harness::{House, Line, Person};
use protocol::refusal::Code;
use protocol::server_frame::{Cursors, ServerFrame};
use protocol::{ConversationId, Generation, Seq};

/// What a session heard of others' cursors.
fn told(frames: &[ServerFrame]) -> Vec<Cursors> {
    let mut told = Vec::new();
    for frame in frames {
        if let ServerFrame::Cursors(cursors) = frame {
            told.push(cursors.clone());
        }
    }
    told
}

/// A 1:1 with `entries` entries, both connected.
async fn talk(house: &House, entries: u64) -> (Line, Line, Person, Person, ConversationId) {
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, b) = (house.connect(&ann).await, house.connect(&bob).await);
    let conv = house.direct(&mut a, &bob).await;
    for number in 2..=entries {
        a.ack(house.text(conv, &format!("{number}"))).await;
    }
    (a, b, ann, bob, conv)
}

/// RCP1 RCP5: a public cursor never goes back, whatever is repeated in whatever order; reading delivers; beyond the
/// head is refused; and who has the conversation open hears each advance once.
#[tokio::test(start_paused = true)]
async fn rcp1_public_cursors_never_go_back() {
    let house = House::start();
    let (mut a, mut b, _, bob, conv) = talk(&house, 6).await;
    a.watch(watch(&[conv], &[])).await;
    a.everything(2_000).await;
    let ok = b.cursor(cursor(conv, Some(2), None)).await;
    assert_eq!((ok.delivered, ok.read), (Seq(2), Seq(0)));
    let ok = b.cursor(cursor(conv, None, Some(4))).await;
    assert_eq!((ok.delivered, ok.read, ok.read_ord.0), (Seq(4), Seq(4), 3));
    for (delivered, read) in [(Some(1), None), (None, Some(3)), (Some(4), Some(4)), (Some(0), Some(0))] {
        let ok = b.cursor(cursor(conv, delivered, read)).await;
        assert_eq!((ok.delivered, ok.read), (Seq(4), Seq(4)));
    }
    assert_eq!(
        b.refused(cursor(conv, None, Some(7))).await.known(),
        Some(Code::BeyondHead)
    );
    assert_eq!(
        b.refused(cursor(conv, Some(7), None)).await.known(),
        Some(Code::BeyondHead)
    );
    assert_eq!(
        b.refused(cursor(conv, None, None)).await.known(),
        Some(Code::BadRequest)
    );
    let heard = told(&a.everything(2_000).await);
    let steps: Vec<_> = heard
        .iter()
        .map(|one| (one.list[0].user, one.list[0].delivered, one.list[0].read))
        .collect();
    assert_eq!(steps, [(bob.user, Seq(2), Seq(0)), (bob.user, Seq(4), Seq(4))]);
    assert!(
        told(&b.everything(2_000).await).is_empty(),
        "nobody is told of themselves"
    );
}

/// RCP2 UNR1: "mark unread" moves only the private side back, on every device of the person; a repeat of the older
/// generation moves only the public receipt.
#[tokio::test(start_paused = true)]
async fn rcp2_mark_unread_goes_back_on_the_private_side_alone() {
    let house = House::start();
    let (mut a, mut b, _, bob, conv) = talk(&house, 6).await;
    let mut tablet = house.connect(&house.device(bob.user).await).await;
    let ok = b.cursor(read_as(conv, 5, 0)).await;
    assert_eq!((ok.read, ok.generation), (Seq(5), Generation(0)));
    let ok = b.cursor(read_as(conv, 2, 1)).await;
    assert_eq!(
        (ok.read, ok.read_ord.0, ok.generation, ok.delivered),
        (Seq(2), 1, Generation(1), Seq(5))
    );
    // The tablet has not heard of it and repeats what it knew.
    let ok = tablet.cursor(read_as(conv, 6, 0)).await;
    assert_eq!((ok.read, ok.generation, ok.delivered), (Seq(2), Generation(1), Seq(6)));
    b.everything(3_000).await;
    for line in [&mut b, &mut tablet] {
        let row = line.row(conv).await.expect("a row");
        assert_eq!((row.read_seq, row.generation, row.unread()), (Seq(2), Generation(1), 4));
    }
    let peer = a.row(conv).await.and_then(|row| row.peer).expect("the other one");
    assert_eq!((peer.user, peer.delivered, peer.read), (bob.user, Seq(6), Seq(6)));
}

/// RCP4 CNV2: my other device learns by `ver` that I read, and from its inbox how far; a repeat moves nothing.
#[tokio::test(start_paused = true)]
async fn my_other_device_sees_what_i_read() {
    let house = House::start();
    let (_a, mut b, _, bob, conv) = talk(&house, 4).await;
    let mut tablet = house.connect(&house.device(bob.user).await).await;
    tablet.everything(3_000).await;
    let before = tablet.beat().await;
    b.cursor(cursor(conv, Some(4), Some(4))).await;
    let moved = tablet.until(|_, frame| matches!(frame, ServerFrame::Ver(_))).await;
    let ServerFrame::Ver(moved) = moved else { unreachable!() };
    assert!(
        moved.prev == before && moved.ver.0 == before.0 + 1 && moved.pull,
        "{moved:?}"
    );
    assert_eq!(
        tablet.row(conv).await.map(|row| (row.read_seq, row.unread())),
        Some((Seq(4), 0))
    );
    b.cursor(cursor(conv, Some(4), Some(4))).await;
    assert!(tablet.everything(5_000).await.is_empty());
    assert_eq!(tablet.beat().await, moved.ver);
}

/// RCP5: in a 1:1 the other's ticks come by `cursors` while the conversation is open; while it is not, by the inbox
/// row alone.
#[tokio::test(start_paused = true)]
async fn rcp5_ticks_of_a_1_to_1_are_found_open_or_not() {
    let house = House::start();
    let (mut a, mut b, ann, bob, conv) = talk(&house, 3).await;
    let mut open = house.connect(&house.device(ann.user).await).await;
    let watching = open.watch(watch(&[conv], &[])).await;
    let of_bob = watching.cursors[0]
        .list
        .iter()
        .find(|one| one.user == bob.user)
        .expect("bob");
    assert_eq!((of_bob.delivered, of_bob.read), (Seq(0), Seq(0)));
    a.everything(3_000).await;
    let before = a.beat().await;
    b.cursor(cursor(conv, Some(3), Some(2))).await;
    let (closed, opened) = (a.everything(3_000).await, told(&open.everything(3_000).await));
    assert_eq!((opened.len(), opened[0].conv, opened[0].list.len()), (1, conv, 1));
    assert_eq!((opened[0].list[0].delivered, opened[0].list[0].read), (Seq(3), Seq(2)));
    assert!(told(&closed).is_empty());
    assert!(
        closed
            .iter()
            .any(|frame| matches!(frame, ServerFrame::Ver(moved) if moved.pull && moved.ver > before))
    );
    let peer = a.row(conv).await.and_then(|row| row.peer).expect("a peer");
    assert_eq!((peer.delivered, peer.read), (Seq(3), Seq(2)));
}

/// A group of so many, the first of whom has it open, and the others' lines.
async fn open_group(house: &House, size: usize) -> (Line, Vec<(Person, Line)>, ConversationId) {
    let mut crowd = house.crowd(size).await;
    let rest = crowd.split_off(1);
    let mut a = house.connect(&crowd[0]).await;
    let conv = house.group(&mut a, "tea", &rest.iter().collect::<Vec<_>>()).await;
    a.ack(house.text(conv, "one")).await;
    a.cursor(cursor(conv, Some(2), Some(2))).await;
    let mut lines = Vec::new();
    for person in rest {
        let line = house.connect(&person).await;
        lines.push((person, line));
    }
    (a, lines, conv)
}

/// RCP5: up to 32 members each cursor is told by itself, to everybody who has the group open.
#[tokio::test(start_paused = true)]
async fn rcp5_32_members_are_told_one_by_one() {
    let house = House::start();
    let (mut a, mut others, conv) = open_group(&house, 32).await;
    let watching = a.watch(watch(&[conv], &[])).await;
    assert!(watching.cursors[0].list.len() == 32 && watching.cursors[0].counts.is_none());
    a.everything(3_000).await;
    for (_, line) in &mut others {
        line.say_numbered(&cursor(conv, Some(2), Some(1))).await;
    }
    let heard = told(&a.everything(3_000).await);
    assert!(heard.iter().all(|one| one.counts.is_none() && one.conv == conv));
    let mut moved: Vec<_> = heard.iter().flat_map(|one| &one.list).map(|one| one.user).collect();
    moved.sort_unstable();
    let mut expected: Vec<_> = others.iter().map(|(person, _)| person.user).collect();
    expected.sort_unstable();
    assert_eq!(moved, expected);
}

/// RCP5: above 32 members only counts are told, at most twice a second, and they never count who hears them.
#[tokio::test(start_paused = true)]
async fn rcp5_33_members_are_told_as_counts_without_oneself() {
    let house = House::start();
    let (mut a, mut others, conv) = open_group(&house, 33).await;
    others[0].1.watch(watch(&[conv], &[])).await;
    let watching = a.watch(watch(&[conv], &[])).await;
    let first = watching.cursors[0].counts.expect("counts");
    assert!(watching.cursors[0].list.is_empty());
    assert_eq!(
        (first.at, first.members, first.delivered, first.read),
        (Seq(2), 32, 0, 0)
    );
    assert_eq!((first.delivered_min, first.read_min), (Seq(0), Seq(0)));
    a.everything(3_000).await;
    others[0].1.everything(3_000).await;
    for (_, line) in others.iter_mut().take(5) {
        line.say_numbered(&cursor(conv, Some(2), Some(2))).await;
    }
    let heard = told(&a.everything(3_000).await);
    assert!(
        (1..=2).contains(&heard.len()) && heard.iter().all(|one| one.list.is_empty()),
        "{heard:?}"
    );
    let last = heard.last().and_then(|one| one.counts).expect("counts");
    assert_eq!((last.members, last.delivered, last.read), (32, 5, 5));
    // Of the five, one looks too: they are told of four and of the first.
    let theirs = told(&others[0].1.everything(3_000).await);
    let last = theirs.last().and_then(|one| one.counts).expect("counts");
    assert_eq!((last.members, last.delivered, last.read), (32, 5, 5));
    for (_, line) in others.iter_mut().skip(5) {
        line.say_numbered(&cursor(conv, Some(1), None)).await;
    }
    let heard = told(&a.everything(3_000).await);
    let last = heard.last().and_then(|one| one.counts).expect("counts");
    assert_eq!((last.delivered, last.delivered_min, last.read_min), (5, Seq(1), Seq(0)));
}

/// RCP4 BND7: however many cursors one session repeats at once, each is answered: done, or to be said again.
#[tokio::test(start_paused = true)]
async fn rcp4_every_repeated_cursor_is_answered() {
    let house = House::start();
    let (_a, mut b, _, _, conv) = talk(&house, 3).await;
    let mut asked = Vec::new();
    for number in 0..60 {
        asked.push(b.say_numbered(&cursor(conv, Some(1 + number % 3), None)).await);
    }
    let mut done = 0;
    for id in asked {
        match b.answer(id).await {
            ServerFrame::CursorOk(ok) => {
                assert_eq!(ok.delivered, Seq(3));
                done += 1;
            }
            ServerFrame::Refuse(no) => assert!(no.retry, "{no:?}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(done >= 32, "{done}");
}
