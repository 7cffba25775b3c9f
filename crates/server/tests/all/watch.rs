//! `watch`: what is on the screen, and what is true of it now.

use crate::frames::{cursor, typing, watch, watching};
use crate::harness::{House, config, hello, model};
use protocol::ClientFrame;
use protocol::Seq;
use protocol::server_frame::{PresenceState, ServerFrame};
use server::bus::{BusFaults, InProcess};

/// PRS1 RCP5 MEM2: `watching` tells heads, cursors and presence as they are in the store, of those that may be read:
/// of one that was left the head at which it was left and no cursors, of others nothing.
#[tokio::test(start_paused = true)]
async fn watching_tells_what_is_true_now() {
    let house = House::start();
    let [ann, bob, cat] = house.people(["ann", "bob", "cat"]).await;
    let (mut a, mut b, mut c) = (
        house.connect(&ann).await,
        house.connect(&bob).await,
        house.connect(&cat).await,
    );
    let tea = house.group(&mut a, "tea", &[&bob]).await;
    let left = house.group(&mut a, "left", &[&bob]).await;
    let foreign = house.direct(&mut a, &cat).await;
    b.ack(house.leave(left)).await;
    a.ack(house.text(left, "canary")).await;
    a.ack(house.text(tea, "hi")).await;
    a.cursor(cursor(tea, Some(2), Some(1))).await;
    let now = b.watch(watch(&[tea, left, foreign], &[&ann, &cat, &bob])).await;
    let heads: Vec<_> = now.heads.iter().map(|head| (head.conv, head.seq)).collect();
    assert_eq!(heads, [(tea, Seq(2)), (left, Seq(2))]);
    assert_eq!(now.cursors.len(), 1);
    let of_ann = now.cursors[0]
        .list
        .iter()
        .find(|one| one.user == ann.user)
        .expect("ann");
    assert_eq!((of_ann.delivered, of_ann.read), (Seq(2), Seq(1)));
    let seen = now.presence.iter().find(|one| one.user == ann.user).expect("ann");
    assert_eq!(seen.state, PresenceState::Online);
    assert!(now.presence.iter().all(|one| one.user != cat.user));
    c.everything(1_000).await;
}

/// PRS4 RCP5: a `watch` replaces the one before: what is open no longer is told no more; so does `hello.watch` begin,
/// and a session that ends takes its watch with it.
#[tokio::test(start_paused = true)]
async fn prs4_a_watch_replaces_the_one_before() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let mut a = house.connect(&ann).await;
    let tea = house.group(&mut a, "tea", &[&bob]).await;
    let mate = house.group(&mut a, "mate", &[&bob]).await;
    let mut b = house.socket().await;
    let ClientFrame::Hello(mut greeting) = hello(&bob, None, None) else {
        unreachable!()
    };
    greeting.watch = Some(watching(&[tea], &[], None));
    b.ask(ClientFrame::Hello(greeting)).await;
    let first = b.until(|_, frame| matches!(frame, ServerFrame::Watching(_))).await;
    assert!(matches!(first, ServerFrame::Watching(now) if now.heads.len() == 1 && now.heads[0].conv == tea));
    b.everything(2_000).await;
    let told = |frames: Vec<ServerFrame>| {
        let mut told = Vec::new();
        for frame in frames {
            match frame {
                ServerFrame::Typing(typing) => told.push(typing.conv),
                ServerFrame::Cursors(cursors) => told.push(cursors.conv),
                _ => {}
            }
        }
        told
    };
    for (open, expected) in [(tea, tea), (mate, mate), (tea, tea)] {
        b.watch(watch(&[open], &[])).await;
        for conv in [tea, mate] {
            a.say(&typing(conv)).await;
        }
        assert_eq!(told(b.during(4_000).await), [expected]);
    }
    b.watch(watch(&[], &[])).await;
    a.cursor(cursor(tea, Some(1), Some(1))).await;
    a.say(&typing(tea)).await;
    assert!(told(b.during(2_000).await).is_empty());
}

/// CNV3 MEM2: with every hint lost the heads of a `watching` show what is new, on another node too; and who was
/// removed there meanwhile is told no cursors and no typing by the next look.
#[tokio::test(start_paused = true)]
async fn cnv3_watching_finds_what_no_hint_told() {
    let (store, bus) = (model(), InProcess::new());
    let one = House::on(config(), store.clone(), bus.clone(), 1);
    let other = House::on(config(), store, bus, 2);
    let [ann, bob] = one.people(["ann", "bob"]).await;
    let (mut a, mut b) = (one.connect(&ann).await, other.connect(&bob).await);
    let tea = one.group(&mut a, "tea", &[&bob]).await;
    b.watch(watch(&[tea], &[])).await;
    b.everything(3_000).await;
    one.bus_faults(BusFaults {
        lose_percent: 100,
        ..BusFaults::default()
    });
    a.ack(one.text(tea, "hi")).await;
    let now = b.watch(watch(&[tea], &[])).await;
    assert_eq!(now.heads[0].seq, Seq(2));
    a.ack(one.remove(tea, &bob)).await;
    a.ack(one.text(tea, "canary")).await;
    one.bus_faults(BusFaults::default());
    a.cursor(cursor(tea, Some(4), Some(4))).await;
    a.say(&typing(tea)).await;
    let heard = b.everything(3_000).await;
    let after = |frame: &ServerFrame| matches!(frame, ServerFrame::Cursors(_) | ServerFrame::Typing(_));
    assert!(!heard.iter().any(after), "{heard:?}");
    let now = b.watch(watch(&[tea], &[])).await;
    assert_eq!((now.heads[0].seq, now.cursors.len()), (Seq(3), 0));
    assert!(b.heard.iter().all(|text| !text.contains("canary")));
}
