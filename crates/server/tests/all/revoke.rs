//! Signing a device out while it is connected.

use crate::harness::{House, Person, hello};
use protocol::close::Close;
use protocol::refusal::Code;
use protocol::server_frame::ServerFrame;
use server::account::sign_out;
use server::bus::{BusFaults, InProcess};
use store::Which;

/// AUT2: a device that is signed out is closed at once with 4101, and hears nothing more; the person's other device
/// and other people go on. Its token is void.
#[tokio::test(start_paused = true)]
async fn aut2_a_signed_out_device_is_closed_at_once() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let tablet = house.device(bob.user).await;
    let (mut a, mut b, mut t) = (
        house.connect(&ann).await,
        house.connect(&bob).await,
        house.connect(&tablet).await,
    );
    let conv = house.direct(&mut a, &bob).await;
    let started_ms = house.node.now_ms();
    let gone = sign_out(&house.node, bob.user, Which::One(tablet.device))
        .await
        .expect("signed out");
    assert_eq!(gone, [tablet.device]);
    a.ack(house.text(conv, "a canary")).await;
    assert_eq!(t.close_code().await, Some(Close::Revoked.code()));
    assert_eq!(house.node.now_ms(), started_ms, "at once");
    assert!(t.heard.iter().all(|text| !text.contains("canary")));
    b.until(|_, frame| matches!(frame, ServerFrame::Entry(live) if live.entry.seq.0 == 2))
        .await;
    refused(&house, &tablet).await;
}

async fn refused(house: &House, device: &Person) {
    let mut line = house.socket().await;
    let refusal = line.refused(hello(device, None, None)).await;
    assert_eq!(refusal.known(), Some(Code::Unauthenticated));
    assert_eq!(line.close_code().await, Some(Close::Unauthenticated.code()));
}

/// AUT2: a device on another node is closed by a hint, and, if every hint is lost, at its next beat.
#[tokio::test(start_paused = true)]
async fn aut2_on_another_node_by_a_hint_or_at_the_next_beat() {
    for lose_percent in [0, 100] {
        let (store, bus) = (crate::harness::model(), InProcess::new());
        let one = House::on(crate::harness::config(), store.clone(), bus.clone(), 1);
        let other = House::on(crate::harness::config(), store, bus, 2);
        let [ann] = one.people(["ann"]).await;
        let tablet = one.device(ann.user).await;
        let mut t = other.connect(&tablet).await;
        one.bus_faults(BusFaults {
            lose_percent,
            ..BusFaults::default()
        });
        sign_out(&one.node, ann.user, Which::AllBut(ann.device))
            .await
            .expect("signed out");
        if lose_percent == 100 {
            t.everything(20_000).await;
            assert!(t.closed.is_none(), "nobody told it yet");
            t.say_numbered(&protocol::ClientFrame::Beat(protocol::client_frame::Beat {}))
                .await;
        }
        let asked_ms = other.node.now_ms();
        assert_eq!(t.close_code().await, Some(Close::Revoked.code()));
        assert_eq!(other.node.now_ms(), asked_ms);
        refused(&other, &tablet).await;
        one.connect(&ann).await.beat().await;
    }
}

/// AUT2 BND6: a device that takes nothing of what is written to it is let go at once all the same.
#[tokio::test(start_paused = true)]
async fn aut2_a_device_that_does_not_read_is_let_go_too() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let mut a = house.connect(&ann).await;
    let conv = house.direct(&mut a, &bob).await;
    let _stuck = house.connect(&bob).await;
    let large = "x".repeat(16_000);
    for _ in 0..30 {
        a.ack(house.text(conv, &large)).await;
    }
    a.everything(1_000).await;
    assert_eq!(house.node.sessions.count(), 2);
    sign_out(&house.node, bob.user, Which::All).await.expect("signed out");
    a.everything(10).await;
    assert_eq!(house.node.sessions.count(), 1);
}
