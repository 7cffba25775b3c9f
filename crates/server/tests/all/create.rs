//! `create` and how full a group may be.

use crate::frames::{direct, group, members};
use crate::harness::{House, Line, config, model};
use protocol::refusal::Code;
use protocol::server_frame::ServerFrame;
use protocol::{ConversationId, Seq, UserId, limits};
use server::bus::InProcess;

async fn member_count(line: &mut Line, conv: ConversationId) -> usize {
    match line.ask(members(conv)).await {
        ServerFrame::Members(members) => members.list.len(),
        other => panic!("no members: {other:?}"),
    }
}

/// IDM4: both sides begin their 1:1 at once, over eight connections to two nodes: it is one, and all but one get a
/// `dup`.
#[tokio::test(start_paused = true)]
async fn idm4_a_1_to_1_is_one_whoever_races() {
    let (store, bus) = (model(), InProcess::new());
    let one = House::on(config(), store.clone(), bus.clone(), 1);
    let other = House::on(config(), store, bus, 2);
    let [ann, bob] = one.people(["ann", "bob"]).await;
    let mut lines = Vec::new();
    for number in 0..8 {
        let house = if number % 2 == 0 { &one } else { &other };
        let (who, with) = if number % 4 < 2 { (&ann, &bob) } else { (&bob, &ann) };
        lines.push((house.connect(who).await, direct(house.send_id(), with.user)));
    }
    let mut asked = Vec::new();
    for (line, frame) in &mut lines {
        asked.push(line.say_numbered(frame).await);
    }
    let mut acks = Vec::new();
    for ((line, _), id) in lines.iter_mut().zip(asked) {
        match line.answer(id).await {
            ServerFrame::Ack(ack) => acks.push(ack),
            refused => panic!("{refused:?}"),
        }
    }
    let first = acks[0];
    assert_eq!(first.conv, ConversationId::direct(ann.user, bob.user));
    assert!(
        acks.iter()
            .all(|ack| (ack.conv, ack.seq, ack.message_id) == (first.conv, Seq(1), first.message_id))
    );
    assert_eq!(acks.iter().filter(|ack| !ack.dup).count(), 1);
    assert_eq!(lines[0].0.log(first.conv, Seq::ZERO).await.items.len(), 1);
}

/// IDM4 IDM2: a group's creation may be repeated over another connection; other members or another title under its name
/// are refused, and another person's change of the same name is another group.
#[tokio::test(start_paused = true)]
async fn idm4_a_groups_creation_may_be_retried() {
    let house = House::start();
    let [ann, bob, cat] = house.people(["ann", "bob", "cat"]).await;
    let mut a = house.connect(&ann).await;
    let name = house.send_id();
    let first = a.ack(group(name, "tea", vec![bob.user, cat.user])).await;
    drop(a);
    let mut again = house.connect(&ann).await;
    let second = again.ack(group(name, "tea", vec![bob.user, cat.user])).await;
    assert!(!first.dup && second.dup);
    assert_eq!((first.conv, first.message_id), (second.conv, second.message_id));
    for other in [
        group(name, "tea", vec![bob.user]),
        group(name, "mate", vec![bob.user, cat.user]),
    ] {
        assert_eq!(again.refused(other).await.known(), Some(Code::SendIdReused));
    }
    assert_eq!(again.log(first.conv, Seq::ZERO).await.items.len(), 1);
    let mut b = house.connect(&bob).await;
    let bobs = b.ack(group(name, "tea", vec![cat.user])).await;
    assert!(!bobs.dup && bobs.conv != first.conv);
}

/// MEM4: 257 people are refused whole, when a group begins and when somebody is added; 256 are let in.
#[tokio::test(start_paused = true)]
async fn mem4_the_257th_is_refused_with_everybody_else_in_the_request() {
    let house = House::start();
    let crowd = house.crowd(limits::GROUP_MEMBERS_MAX + 1).await;
    let users: Vec<UserId> = crowd.iter().map(|person| person.user).collect();
    let mut a = house.connect(&crowd[0]).await;
    let before = a.beat().await;
    let too_many = a.refused(group(house.send_id(), "all", users[1..].to_vec())).await;
    assert_eq!(too_many.known(), Some(Code::GroupFull));
    assert_eq!(a.beat().await, before, "nothing began");

    let conv = a.ack(group(house.send_id(), "all", users[1..255].to_vec())).await.conv;
    assert_eq!(member_count(&mut a, conv).await, 255);
    let two = house.add(conv, &[&crowd[255], &crowd[256]]);
    assert_eq!(a.refused(two).await.known(), Some(Code::GroupFull));
    assert_eq!(member_count(&mut a, conv).await, 255, "all or none");
    // Who is in already takes no place.
    let added = a.ack(house.add(conv, &[&crowd[1], &crowd[255], &crowd[255]])).await;
    assert!(!added.dup);
    assert_eq!(member_count(&mut a, conv).await, 256);
    assert_eq!(
        a.refused(house.add(conv, &[&crowd[256]])).await.known(),
        Some(Code::GroupFull)
    );
    assert!(a.ack(house.add(conv, &[&crowd[1]])).await.dup, "nobody new");
    assert_eq!(a.log(conv, Seq::ZERO).await.items.len(), 2);
}

/// MEM4 SEC2: a person without an account, a 1:1 with oneself and a bad title are refused, and nothing is begun or
/// changed.
#[tokio::test(start_paused = true)]
async fn what_cannot_begin_leaves_nothing() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let nobody = UserId::from_random([77; 16]);
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let before = (a.beat().await, b.beat().await);
    let long = "t".repeat(limits::TITLE_BYTES_MAX + 1);
    for (frame, code) in [
        (direct(house.send_id(), nobody), Code::UnknownPerson),
        (
            group(house.send_id(), "tea", vec![bob.user, nobody]),
            Code::UnknownPerson,
        ),
        (group(house.send_id(), "", vec![bob.user]), Code::BadRequest),
        (group(house.send_id(), " \t\n", vec![bob.user]), Code::BadRequest),
        (group(house.send_id(), &long, vec![bob.user]), Code::BadRequest),
    ] {
        assert_eq!(a.refused(frame).await.known(), Some(code));
    }
    assert_eq!((a.beat().await, b.beat().await), before);
    assert!(
        b.everything(3_000)
            .await
            .iter()
            .all(|frame| matches!(frame, ServerFrame::Inbox(_)))
    );

    let conv = a.ack(group(house.send_id(), &long[1..], vec![bob.user])).await.conv;
    let frame = protocol::client_frame::Add {
        conv,
        send_id: house.send_id(),
        users: vec![nobody],
    };
    let refused = a.refused(protocol::ClientFrame::Add(frame)).await;
    assert_eq!(refused.known(), Some(Code::UnknownPerson));
    assert_eq!(member_count(&mut a, conv).await, 2);
}
