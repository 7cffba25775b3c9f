//! `add`, `remove`, `leave`: who gets what from the moment of the change on.

use crate::frames::{cursor, get, heads, ids, members, people, typing, watch};
use crate::harness::{House, Line, Person};
use protocol::refusal::Code;
use protocol::server_frame::{Live, Member, People, Role, ServerFrame};
use protocol::{ClientFrame, ConversationId, Kind, Seq};

async fn roster(line: &mut Line, conv: ConversationId) -> Vec<Member> {
    match line.ask(members(conv)).await {
        ServerFrame::Members(members) => members.list,
        other => panic!("no members: {other:?}"),
    }
}

fn role(roster: &[Member], person: &Person) -> Option<Role> {
    roster.iter().find(|one| one.user == person.user).map(|one| one.role)
}

fn entries(frames: &[ServerFrame]) -> Vec<&Live> {
    let mut live = Vec::new();
    for frame in frames {
        if let ServerFrame::Entry(entry) = frame {
            live.push(&**entry);
        }
    }
    live
}

/// MEM2 MEM6 PRS4: who is removed hears the entry that says so and then nothing: no entry, no `ver`, no cursors, no
/// typing, no presence; and by asking finds nothing that came after.
#[tokio::test(start_paused = true)]
async fn mem2_the_removal_is_the_last_that_the_removed_hears() {
    let house = House::start();
    let [ann, bob, cat] = house.people(["ann", "bob", "cat"]).await;
    let (mut a, mut b, mut c) = (
        house.connect(&ann).await,
        house.connect(&bob).await,
        house.connect(&cat).await,
    );
    let conv = house.group(&mut a, "tea", &[&bob, &cat]).await;
    b.watch(watch(&[conv], &[&ann, &cat])).await;
    a.ack(house.text(conv, "hello")).await;
    let removal = a.ack(house.remove(conv, &bob)).await;
    assert_eq!(removal.seq, Seq(3));
    let before = b.everything(3_000).await;
    let last = entries(&before)
        .last()
        .map(|live| (live.entry.seq, live.entry.kind.clone()));
    assert_eq!(last, Some((Seq(3), Kind::Removed)));
    let row = b.row(conv).await.expect("a row");
    assert_eq!(
        (row.role, row.head_seq, row.spans[0].to_seq),
        (None, Seq(3), Some(Seq(3)))
    );
    let ver = b.beat().await;

    a.ack(house.text(conv, "a canary")).await;
    a.say(&typing(conv)).await;
    c.cursor(cursor(conv, Some(4), Some(4))).await;
    drop(c);
    let after = b.everything(60_000).await;
    assert!(after.is_empty(), "{after:?}");

    assert_eq!(b.beat().await, ver);
    let log = b.log(conv, Seq::ZERO).await;
    assert_eq!(
        (log.head_seq, log.to, log.items.len(), log.more),
        (Seq(3), Seq(3), 3, false)
    );
    let mut around = get(conv);
    around.around = Some(Seq(4));
    match b.ask(ClientFrame::Get(around)).await {
        ServerFrame::Entries(page) => assert!(page.items.iter().all(|entry| entry.seq <= Seq(3)) && page.to <= Seq(3)),
        other => panic!("{other:?}"),
    }
    match b.ask(heads(&[conv])).await {
        ServerFrame::Heads(heads) => assert_eq!(heads.heads[0].seq, Seq(3)),
        other => panic!("{other:?}"),
    }
    let watching = b.watch(watch(&[conv], &[&ann])).await;
    assert_eq!(
        (watching.heads[0].seq, watching.cursors.len(), watching.presence.len()),
        (Seq(3), 0, 0)
    );
    assert_eq!(
        b.ask(people(&[&ann, &cat], &[])).await,
        ServerFrame::People(People { list: Vec::new() })
    );
    for frame in [
        members(conv),
        house.text(conv, "still here"),
        house.add(conv, &[&bob]),
        house.leave(conv),
    ] {
        assert_eq!(b.refused(frame).await.known(), Some(Code::NotAMember));
    }
    assert_eq!(
        b.refused(cursor(conv, None, Some(4))).await.known(),
        Some(Code::BeyondHead)
    );
    assert_eq!(b.cursor(cursor(conv, None, Some(3))).await.read, Seq(3));
    assert!(b.heard.iter().all(|text| !text.contains("canary")));
}

/// MEM3 MEM6: who is added hears everything from that entry on and reads nothing before; who comes back has a second
/// span and nothing in between.
#[tokio::test(start_paused = true)]
async fn mem3_who_comes_back_reads_nothing_in_between() {
    let house = House::start();
    let [ann, bob, cat] = house.people(["ann", "bob", "cat"]).await;
    let (mut a, mut c) = (house.connect(&ann).await, house.connect(&cat).await);
    let conv = house.group(&mut a, "tea", &[&bob]).await;
    a.ack(house.text(conv, "a canary")).await;
    a.ack(house.add(conv, &[&cat])).await;
    a.ack(house.text(conv, "welcome")).await;
    a.ack(house.remove(conv, &cat)).await;
    a.ack(house.text(conv, "another canary")).await;
    a.ack(house.add(conv, &[&cat])).await;
    a.ack(house.text(conv, "back")).await;

    let heard = c.everything(3_000).await;
    let seqs: Vec<Seq> = entries(&heard).iter().map(|live| live.entry.seq).collect();
    assert_eq!(seqs, [3, 4, 5, 7, 8].map(Seq));
    let log = c.log(conv, Seq::ZERO).await;
    let read: Vec<Seq> = log.items.iter().map(|entry| entry.seq).collect();
    assert_eq!(
        (read, log.from, log.to),
        (vec![Seq(3), Seq(4), Seq(5), Seq(7), Seq(8)], Seq(1), Seq(8))
    );
    let row = c.row(conv).await.expect("a row");
    let spans: Vec<_> = row.spans.iter().map(|span| (span.from_seq, span.to_seq)).collect();
    assert_eq!(spans, [(Seq(3), Some(Seq(5))), (Seq(7), None)]);
    assert_eq!(row.unread(), 1, "`back`: who is added starts there");
    let from = roster(&mut c, conv)
        .await
        .iter()
        .find(|one| one.user == cat.user)
        .map(|one| one.from_seq);
    assert_eq!(from, Some(Seq(7)));
    assert!(c.heard.iter().all(|text| !text.contains("canary")));
}

/// MEM5: a plain member adds and removes nobody; nobody removes the owner, themselves or somebody who is not in it;
/// and a 1:1 keeps its two people.
#[tokio::test(start_paused = true)]
async fn mem5_removing_needs_the_higher_role() {
    let house = House::start();
    let [ann, bob, cat, dan] = house.people(["ann", "bob", "cat", "dan"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let conv = house.group(&mut a, "tea", &[&bob, &cat]).await;
    assert_eq!(role(&roster(&mut b, conv).await, &ann), Some(Role::Owner));
    for who in [&cat, &ann] {
        let refused = b.refused(house.remove(conv, who)).await;
        assert_eq!(refused.known(), Some(Code::Forbidden));
    }
    let refused = a.refused(house.remove(conv, &ann)).await;
    assert_eq!(refused.known(), Some(Code::BadRequest));
    assert_eq!(
        a.refused(house.remove(conv, &dan)).await.known(),
        Some(Code::UnknownPerson)
    );
    assert_eq!(a.refused(house.add(conv, &[])).await.known(), Some(Code::BadRequest));
    // Whoever is in it may add, and is no higher for it.
    b.ack(house.add(conv, &[&dan])).await;
    assert_eq!(b.refused(house.remove(conv, &dan)).await.known(), Some(Code::Forbidden));
    let between = house.direct(&mut a, &bob).await;
    for frame in [
        house.add(between, &[&cat]),
        house.remove(between, &bob),
        house.leave(between),
    ] {
        assert_eq!(a.refused(frame).await.known(), Some(Code::NotAGroup));
    }
    assert_eq!(a.log(between, Seq::ZERO).await.items.len(), 1);
}

/// MEM5: the last owner's leaving names the next one, which everybody sees; the last one to leave leaves nobody.
#[tokio::test(start_paused = true)]
async fn mem5_a_group_always_has_an_owner() {
    let house = House::start();
    let [ann, bob, cat] = house.people(["ann", "bob", "cat"]).await;
    let (mut a, mut b, mut c) = (
        house.connect(&ann).await,
        house.connect(&bob).await,
        house.connect(&cat).await,
    );
    let conv = house.group(&mut a, "tea", &[&bob]).await;
    a.ack(house.add(conv, &[&cat])).await;
    a.ack(house.leave(conv)).await;
    let left = c
        .until(|_, frame| matches!(frame, ServerFrame::Entry(live) if live.entry.kind == Kind::Left))
        .await;
    let ServerFrame::Entry(left) = left else { unreachable!() };
    let body: protocol::entry::Left = serde_json::from_str(left.entry.body.get()).expect("a body");
    assert_eq!(body.owner, Some(bob.user), "the one who has been in it longest");
    let now = roster(&mut c, conv).await;
    assert_eq!(
        (role(&now, &bob), role(&now, &cat), role(&now, &ann)),
        (Some(Role::Owner), Some(Role::Member), None)
    );
    c.everything(3_000).await;
    assert_eq!(b.row(conv).await.and_then(|row| row.role), Some(Role::Owner));
    b.ack(house.remove(conv, &cat)).await;
    b.ack(house.leave(conv)).await;
    assert_eq!(
        b.refused(house.text(conv, "anybody?")).await.known(),
        Some(Code::NotAMember)
    );
    assert_eq!(a.refused(members(conv)).await.known(), Some(Code::NotAMember));
}

/// MEM2 MEM7: to who is no member an `add` tells nothing of who has an account; and its repeat is known after the
/// removal all the same (IDM1).
#[tokio::test(start_paused = true)]
async fn mem7_an_add_by_who_is_no_member_tells_nothing_of_others() {
    let house = House::start();
    let [ann, bob, cat, eve] = house.people(["ann", "bob", "cat", "eve"]).await;
    let (mut a, mut b, mut e) = (
        house.connect(&ann).await,
        house.connect(&bob).await,
        house.connect(&eve).await,
    );
    let conv = house.group(&mut a, "tea", &[&bob]).await;
    let adding = house.add(conv, &[&cat]);
    let first = b.ack(adding.clone()).await;
    a.ack(house.remove(conv, &bob)).await;
    let nobody = Person {
        user: protocol::UserId::from_random([77; 16]),
        ..cat.clone()
    };
    for who in [&cat, &nobody] {
        assert_eq!(b.refused(house.add(conv, &[who])).await.known(), Some(Code::NotAMember));
        assert_eq!(e.refused(house.add(conv, &[who])).await.known(), Some(Code::NotFound));
    }
    let again = b.ack(adding).await;
    assert_eq!((again.seq, again.dup), (first.seq, true));
    assert_eq!(ids(&[&ann, &cat]).len(), roster(&mut a, conv).await.len());
}

/// ORD3: `leave` and a `send` behind it, without waiting for an answer, are done in that order.
#[tokio::test(start_paused = true)]
async fn ord3_what_is_sent_after_leaving_is_refused() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let mut a = house.connect(&ann).await;
    let conv = house.group(&mut a, "tea", &[&bob]).await;
    let leaving = a.say_numbered(&house.leave(conv)).await;
    let sending = a.say_numbered(&house.text(conv, "too late")).await;
    assert!(matches!(a.answer(leaving).await, ServerFrame::Ack(_)));
    assert!(matches!(a.answer(sending).await, ServerFrame::Refuse(no) if no.known() == Some(Code::NotAMember)));
}
