//! How a session ends when it is not the client that ends it: draining, silence, no greeting, no common version.

use crate::frames::watching;
use crate::harness::{House, config, hello, model};
use protocol::client_frame::{Beat, ClientFrame};
use protocol::close::Close;
use protocol::limits;
use protocol::refusal::Code;
use protocol::server_frame::ServerFrame;
use std::collections::BTreeSet;
use std::time::Duration;

/// RES4: a draining node sends each session away with `bye`, each with another wait below the spread, closes with
/// 4000, and refuses every new `hello`.
#[tokio::test(start_paused = true)]
async fn res4_a_draining_node_sends_everybody_away() {
    let mut house = House::start();
    let crowd = house.crowd(20).await;
    let mut lines = Vec::new();
    for person in &crowd {
        lines.push(house.connect(person).await);
    }
    let mut early = house.socket().await;
    let draining = tokio::spawn(house.running.take().expect("it runs").drain(5_000));
    let mut waits = BTreeSet::new();
    for line in &mut lines {
        let bye = line.until(|_, frame| matches!(frame, ServerFrame::Bye(_))).await;
        let ServerFrame::Bye(bye) = bye else { unreachable!() };
        assert!(bye.after_ms < house.node.config.drain_spread_ms && bye.reason == "draining");
        waits.insert(bye.after_ms);
        assert_eq!(line.close_code().await, Some(Close::Draining.code()));
    }
    assert!(waits.len() > 15, "spread, not all at once: {waits:?}");
    for line in [&mut early, &mut house.socket().await] {
        let refusal = line.refused(hello(&crowd[0], None, None)).await;
        assert_eq!((refusal.known(), refusal.retry), (Some(Code::Draining), true));
        assert_eq!(line.close_code().await, Some(Close::Draining.code()));
    }
    drop(lines);
    tokio::time::timeout(Duration::from_secs(10), draining)
        .await
        .expect("in time")
        .expect("it drains");
    assert_eq!(house.node.sessions.count(), 0);
}

/// RES4: what was acknowledged, and each cursor that was taken in, is done before a draining node is gone.
#[tokio::test(start_paused = true)]
async fn res4_cursors_on_their_way_are_committed() {
    let mut house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let conv = house.direct(&mut a, &bob).await;
    b.entry().await;
    b.say_numbered(&crate::frames::cursor(conv, Some(1), Some(1))).await;
    // The session has taken it in once it answers what came behind it.
    b.beat().await;
    drop((a, b));
    house.running.take().expect("it runs").drain(5_000).await;
    let members = house
        .store
        .members(ann.user, conv, None, 10)
        .await
        .expect("members")
        .members;
    let of_bob = members.iter().find(|one| one.user == bob.user).expect("bob");
    assert_eq!((of_bob.delivered.0, of_bob.read.0), (1, 1));
}

/// BND6: a session that says nothing for three beats is closed with 4001, not before two; one that beats stays.
#[tokio::test(start_paused = true)]
async fn bnd6_a_silent_session_is_closed() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    for _ in 0..2 {
        b.everything(limits::BEAT_MS).await;
        b.beat().await;
    }
    b.everything(1).await;
    assert!(
        a.everything(10).await.len() == 1 && a.closed.is_none(),
        "not before two beats"
    );
    let started_ms = house.node.now_ms();
    assert_eq!(a.close_code().await, Some(Close::Silent.code()));
    assert!(house.node.now_ms() - started_ms < 2 * limits::BEAT_MS);
    b.beat().await;
    assert_eq!(house.node.sessions.count(), 1);
}

/// SEC2: no `hello` in time closes with 4003, whatever else is said meanwhile.
#[tokio::test(start_paused = true)]
async fn sec2_no_hello_in_time() {
    let house = House::start();
    let started_ms = house.node.now_ms();
    let mut silent = house.socket().await;
    let mut busy = house.socket().await;
    let no = busy.refused(ClientFrame::Beat(Beat {})).await;
    assert_eq!(no.known(), Some(Code::OutOfOrder));
    busy.say_text(r#"{"t":"from_the_future","id":2}"#).await;
    let no = busy.until(|re, _| re.is_some_and(|id| id.0 == 2)).await;
    assert!(matches!(no, ServerFrame::Refuse(no) if no.known() == Some(Code::OutOfOrder)));
    assert_eq!(silent.close_code().await, Some(Close::NoHello.code()));
    assert_eq!(busy.close_code().await, Some(Close::NoHello.code()));
    assert_eq!(house.node.now_ms() - started_ms, limits::HELLO_MS_MAX);
}

/// SEC2 CMP2: a second `hello` is refused and the session goes on; so does it after a frame of a type that is not
/// known.
#[tokio::test(start_paused = true)]
async fn sec2_hello_comes_once() {
    let house = House::start();
    let [ann] = house.people(["ann"]).await;
    let mut a = house.connect(&ann).await;
    for _ in 0..limits::MALFORMED_FRAMES_MAX + 1 {
        assert_eq!(a.refused(hello(&ann, None, None)).await.known(), Some(Code::OutOfOrder));
        a.say_text(r#"{"t":"from_the_future","id":900}"#).await;
        let no = a.until(|re, _| re.is_some_and(|id| id.0 == 900)).await;
        assert!(matches!(no, ServerFrame::Refuse(no) if no.known() == Some(Code::UnknownType)));
    }
    a.beat().await;
    assert_eq!(house.node.sessions.count(), 1);
}

/// SEC2 AUT2: a `hello` that is refused is followed by the close that says the client's duty: update, sign in, or stop.
#[tokio::test(start_paused = true)]
async fn sec2_a_refused_hello_says_what_to_do() {
    let house = House::with(config(), model());
    let [ann] = house.people(["ann"]).await;
    let ClientFrame::Hello(good) = hello(&ann, None, None) else {
        unreachable!()
    };
    let mut other = ann.clone();
    other.token.secret[0] ^= 1;
    let ClientFrame::Hello(unknown) = hello(&other, None, None) else {
        unreachable!()
    };
    let (mut old, mut greedy) = (good.clone(), good.clone());
    old.v = vec![0, 2, 999];
    let open = vec![protocol::ConversationId::from_random([1; 16]); limits::WATCH_OPEN_MAX + 1];
    greedy.watch = Some(watching(&open, &[], None));
    for (frame, code, close) in [
        (old, Code::UnsupportedVersion, Close::UnsupportedVersion),
        (unknown, Code::Unauthenticated, Close::Unauthenticated),
        (greedy, Code::TooLarge, Close::Malformed),
    ] {
        let mut line = house.socket().await;
        let answer = line.ask(ClientFrame::Hello(frame)).await;
        assert!(
            matches!(&answer, ServerFrame::Refuse(no) if no.known() == Some(code)),
            "{close:?} {answer:?}"
        );
        assert_eq!(line.close_code().await, Some(close.code()));
    }
    let mut versions = good.clone();
    versions.v = vec![999, 1];
    let answer = house.socket().await.ask(ClientFrame::Hello(versions)).await;
    assert!(matches!(answer, ServerFrame::Welcome(welcome) if welcome.v == 1));
}
