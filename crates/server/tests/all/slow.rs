//! Clients that do not keep up, and answers that do not come.

use crate::frames::cursor;
use crate::harness::{House, Line, Person, config, model};
use crate::held::Held;
use protocol::client_frame::{Beat, ClientFrame};
use protocol::close::Close;
use protocol::frame::RequestId;
use protocol::server_frame::ServerFrame;
use protocol::{ConversationId, Seq, limits};
use server::config::Config;
use std::time::Duration;

/// Bytes of each large text.
const LARGE: usize = 16_000;

/// Ann and Bob in a 1:1, both connected.
async fn talk(house: &House) -> (Line, Line, Person, ConversationId) {
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let conv = house.direct(&mut a, &bob).await;
    b.entry().await;
    (a, b, bob, conv)
}

/// Says so many large texts; each must be acknowledged at once, whoever does not read.
async fn flood(house: &House, line: &mut Line, conv: ConversationId, texts: usize) {
    let large = "x".repeat(LARGE);
    for _ in 0..texts {
        let started_ms = house.node.now_ms();
        line.ack(house.text(conv, &large)).await;
        assert_eq!(house.node.now_ms(), started_ms, "nobody waits for another's socket");
        line.entry().await;
    }
}

/// BND4 BND6: a client that never reads is held in a bounded amount of memory, keeps nobody waiting, and is let go
/// with 4002 once it has taken nothing for `stuck_ms_max`.
#[tokio::test(start_paused = true)]
async fn bnd6_who_never_reads_is_let_go() {
    let house = House::start();
    let (mut a, b, bob, conv) = talk(&house).await;
    let started_ms = house.node.now_ms();
    let mut tablet = house.connect(&house.device(bob.user).await).await;
    let (_, _, outbox) = house
        .node
        .sessions
        .all()
        .into_iter()
        .find(|(user, _, _)| *user == bob.user)
        .expect("bob");
    let texts = 5 * house.node.config.outbox_bytes_max / LARGE;
    for _ in 0..texts {
        flood(&house, &mut a, conv, 1).await;
        tablet.until(|_, frame| matches!(frame, ServerFrame::Entry(_))).await;
    }
    assert!(
        outbox.overflows() > 0,
        "what it would not take was dropped for a `behind`"
    );
    for _ in 0..60 {
        if house.node.sessions.count() == 2 {
            break;
        }
        a.beat().await;
        tablet.beat().await;
        a.during(1_000).await;
    }
    assert_eq!(house.node.sessions.count(), 2);
    let took_ms = house.node.now_ms() - started_ms;
    let stuck_ms = house.node.config.stuck_ms_max;
    assert!((stuck_ms..stuck_ms * 5 / 4 + 2_000).contains(&took_ms), "{took_ms}");
    assert_eq!(house.node.metrics.closes.get(Close::Stuck.code()), 1);
    flood(&house, &mut a, conv, 1).await;
    drop(b);
}

/// BND4 CNV3: who reads on in time hears in order what fitted, then `behind`, and by pulling holds what the log holds.
#[tokio::test(start_paused = true)]
async fn bnd4_who_reads_on_pulls_what_was_dropped() {
    let house = House::start();
    let (mut a, mut b, _, conv) = talk(&house).await;
    flood(&house, &mut a, conv, 60).await;
    let heard = b.everything(2_000).await;
    let behind = heard
        .iter()
        .filter(|frame| matches!(frame, ServerFrame::Behind(_)))
        .count();
    assert!((1..60).contains(&behind), "{behind}");
    let mut held = Seq(1);
    for frame in &heard {
        match frame {
            ServerFrame::Entry(live) => {
                assert!(live.entry.seq > held);
                held = live.entry.seq;
            }
            ServerFrame::Behind(behind) => assert!(behind.conv.is_none()),
            _ => {}
        }
    }
    let entries = heard
        .iter()
        .filter(|frame| matches!(frame, ServerFrame::Entry(_)))
        .count();
    assert!(entries < 60, "something was dropped");
    let (mut after, mut pulled) = (Seq(1), 0);
    loop {
        let page = b.log(conv, after).await;
        pulled += page.items.len();
        after = page.to;
        if !page.more {
            break;
        }
    }
    assert_eq!((after, pulled), (Seq(61), 60));
    // And it hears live again.
    flood(&house, &mut a, conv, 1).await;
    let live = b
        .until(|_, frame| matches!(frame, ServerFrame::Entry(live) if live.entry.seq == Seq(62)))
        .await;
    assert!(matches!(live, ServerFrame::Entry(_)));
}

/// BND6: a reader that is slow but takes something now and then is not let go, however long its queue stays full.
#[tokio::test(start_paused = true)]
async fn bnd6_a_slow_reader_is_no_stuck_one() {
    let house = House::start();
    let (mut a, mut b, _, conv) = talk(&house).await;
    for _ in 0..60 {
        flood(&house, &mut a, conv, 8).await;
        // One text a second, while eight come.
        b.receive().await.expect("it is not closed");
        a.beat().await;
        a.during(1_000).await;
        b.say(&ClientFrame::Beat(Beat {})).await;
    }
    assert_eq!(house.node.sessions.count(), 2);
    assert_eq!(house.node.metrics.closes.get(Close::Stuck.code()), 0);
}

/// BND7: while 64 requests are unanswered the socket is not read; when answers come, every request is answered, in any
/// case each once.
#[tokio::test(start_paused = true)]
async fn bnd7_requests_under_way_are_bounded_and_all_answered() {
    let store = Held::new(model());
    let house = House::with(config(), store.clone());
    let (mut a, mut b, _, conv) = talk(&house).await;
    a.during(3_000).await;
    store.hold();
    let asked = 3 * limits::INFLIGHT_REQUESTS_MAX;
    let before = house.node.metrics.frames_received.get("send");
    let mut numbers = Vec::new();
    for number in 0..asked {
        numbers.push(a.say_numbered(&house.text(conv, &format!("{number}"))).await);
    }
    assert!(a.everything(1_000).await.is_empty());
    let taken = house.node.metrics.frames_received.get("send") - before;
    assert_eq!(taken, limits::INFLIGHT_REQUESTS_MAX as u64);
    // Others are read meanwhile.
    let other = b.say_numbered(&ClientFrame::Beat(Beat {})).await;
    store.let_go();
    assert!(matches!(b.answer(other).await, ServerFrame::Beat(_)));
    for (seq, id) in (2..).zip(numbers) {
        assert!(matches!(a.answer(id).await, ServerFrame::Ack(ack) if ack.seq == Seq(seq)));
    }
    let twice = a.everything(3_000).await;
    assert!(!twice.iter().any(|frame| matches!(frame, ServerFrame::Ack(_))));
}

/// BND7 DUR1: `ack` and `cursor_ok` come after the store has answered, not before; and so does what others are told.
#[tokio::test(start_paused = true)]
async fn nothing_is_told_before_it_is_durable() {
    let store = Held::new(model());
    let house = House::with(config(), store.clone());
    let (mut a, mut b, _, conv) = talk(&house).await;
    b.watch(crate::frames::watch(&[conv], &[])).await;
    b.everything(3_000).await;
    a.everything(3_000).await;
    store.hold();
    let sent = a.say_numbered(&house.text(conv, "hi")).await;
    let read = a.say_numbered(&cursor(conv, Some(1), Some(1))).await;
    assert!(a.everything(3_000).await.is_empty() && b.everything(3_000).await.is_empty());
    store.let_go();
    assert!(matches!(a.answer(sent).await, ServerFrame::Ack(_)));
    assert!(matches!(a.answer(read).await, ServerFrame::CursorOk(_)));
    b.until(|_, frame| matches!(frame, ServerFrame::Cursors(_))).await;
    b.entry().await;
}

/// DUR1 CNV1: a client that goes while its send is under way hears nothing; everybody else is told all the same.
#[tokio::test(start_paused = true)]
async fn a_send_outlives_its_sender() {
    let store = Held::new(model());
    let house = House::with(config(), store.clone());
    let (mut a, mut b, _, conv) = talk(&house).await;
    b.everything(3_000).await;
    store.hold();
    a.say(&house.text(conv, "and gone")).await;
    a.everything(10).await;
    drop(a);
    b.everything(100).await;
    store.let_go();
    assert_eq!(b.entry().await.entry.seq, Seq(2));
    assert_eq!(house.node.sessions.count(), 1);
}

/// RES4: who was being let in while the node began to drain is sent away like everybody else.
#[tokio::test(start_paused = true)]
async fn res4_nobody_slips_in_while_the_node_drains() {
    let store = Held::new(model());
    let mut house = House::with(config(), store.clone());
    let [ann] = house.people(["ann"]).await;
    let mut line = house.socket().await;
    store.hold();
    line.say_numbered(&crate::harness::hello(&ann, None, None)).await;
    line.everything(100).await;
    let draining = tokio::spawn(house.running.take().expect("it runs").drain(60_000));
    line.everything(100).await;
    store.let_go();
    assert_eq!(line.close_code().await, Some(Close::Draining.code()));
    tokio::time::timeout(Duration::from_secs(5), draining)
        .await
        .expect("at once")
        .expect("it drains");
}

/// SEC2: a `hello` whose answer does not come in time is let go, and leaves nobody in live delivery.
#[tokio::test(start_paused = true)]
async fn a_greeting_that_takes_too_long_leaves_nobody_behind() {
    let store = Held::new(model());
    let small = Config {
        outbox_frames_max: 8,
        ..config()
    };
    let house = House::with(small, store.clone());
    let [ann] = house.people(["ann"]).await;
    let mut line = house.socket().await;
    store.hold();
    line.say_numbered(&crate::harness::hello(&ann, None, None)).await;
    assert_eq!(line.close_code().await, Some(Close::NoHello.code()));
    store.let_go();
    let mut other = house.connect(&ann).await;
    other.everything(100).await;
    assert_eq!(house.node.sessions.count(), 1);
    assert_eq!(other.say_numbered(&ClientFrame::Beat(Beat {})).await, RequestId(2));
}
