//! Presence and typing, from one client to another.

use crate::frames::{typing, watch, watch_as, watching};
use crate::harness::{House, Line, Person, config, hello, model};
use protocol::client_frame::Show;
use protocol::server_frame::PresenceState::{Away, Offline, Online};
use protocol::server_frame::{PresenceOf, PresenceState, ServerFrame};
use protocol::{ClientFrame, ConversationId, UserId, limits};
use server::bus::InProcess;

/// What was told of others' presence, in order.
fn told(frames: &[ServerFrame]) -> Vec<PresenceOf> {
    let mut told = Vec::new();
    for frame in frames {
        if let ServerFrame::Presence(presence) = frame {
            assert_eq!(presence.ttl_ms, limits::PRESENCE_TTL_MS);
            told.extend(presence.list.iter().copied());
        }
    }
    told
}

fn typists(frames: &[ServerFrame]) -> Vec<(ConversationId, UserId)> {
    let mut typists = Vec::new();
    for frame in frames {
        if let ServerFrame::Typing(typing) = frame {
            assert_eq!(typing.ttl_ms, limits::TYPING_TTL_MS);
            typists.push((typing.conv, typing.user));
        }
    }
    typists
}

/// Comes as somebody who wants to appear like this.
async fn come(house: &House, person: &Person, show: Show) -> Line {
    let mut line = house.socket().await;
    let ClientFrame::Hello(mut greeting) = hello(person, None, None) else {
        unreachable!()
    };
    greeting.watch = Some(watching(&[], &[], Some(show)));
    let answer = line.ask(ClientFrame::Hello(greeting)).await;
    assert!(matches!(answer, ServerFrame::Welcome(_)), "{answer:?}");
    line
}

/// How somebody's state changed, by what was told; a state that is told again is no change.
fn changes(frames: &[ServerFrame], user: UserId, mut before: PresenceState) -> Vec<PresenceState> {
    let mut changes = Vec::new();
    for one in told(frames).into_iter().filter(|one| one.user == user) {
        if one.state != before {
            changes.push(one.state);
        }
        before = one.state;
    }
    changes
}

/// PRS1 PRS2: a watcher hears that somebody came, and that they went, the latter after the grace; a reconnect within
/// it tells nobody anything; who does not watch, or shares no conversation, is told nothing.
#[tokio::test(start_paused = true)]
async fn prs1_presence_is_told_to_acquaintances_who_watch() {
    let house = House::start();
    let [ann, bob, cat, eve] = house.people(["ann", "bob", "cat", "eve"]).await;
    let (mut a, mut c) = (house.connect(&ann).await, house.connect(&cat).await);
    let mut e = house.connect(&eve).await;
    house.direct(&mut a, &bob).await;
    house.direct(&mut c, &bob).await;
    let at_first = a.watch(watch(&[], &[&bob, &eve])).await.presence;
    assert_eq!(
        (at_first.len(), at_first[0].user, at_first[0].state),
        (1, bob.user, Offline)
    );
    assert!(e.watch(watch(&[], &[&bob, &ann])).await.presence.is_empty());
    a.during(2_000).await;
    let b = house.connect(&bob).await;
    assert_eq!(changes(&a.during(2_000).await, bob.user, Offline), [Online]);
    drop(b);
    assert_eq!(
        changes(&a.during(limits::PRESENCE_GRACE_MS / 2).await, bob.user, Online),
        []
    );
    let b = house.connect(&bob).await;
    let tunnel = a.during(limits::PRESENCE_GRACE_MS + 2_000).await;
    assert_eq!(changes(&tunnel, bob.user, Online), [], "a tunnel is no event");
    a.beat().await;
    drop(b);
    let gone = a.during(limits::PRESENCE_GRACE_MS + 2_000).await;
    assert_eq!(changes(&gone, bob.user, Online), [Offline]);
    let last = told(&gone).last().copied().expect("an edge");
    assert!(last.last_seen_ms.is_some());
    for line in [&mut c, &mut e] {
        assert!(told(&line.during(10).await).is_empty() && line.closed.is_none());
    }
    let now = c.watch(watch(&[], &[&bob])).await.presence;
    assert_eq!(now, [last], "who looks later is told the same");
}

/// PRS1 MEM2: with the last conversation that two share, presence ends: no edge is told, and asking anew answers
/// nothing.
#[tokio::test(start_paused = true)]
async fn prs1_the_right_to_know_ends_with_the_last_shared_conversation() {
    let house = House::start();
    let [ann, bob, cat] = house.people(["ann", "bob", "cat"]).await;
    let (mut a, mut c) = (house.connect(&ann).await, house.connect(&cat).await);
    let tea = house.group(&mut a, "tea", &[&bob, &cat]).await;
    let mate = house.group(&mut a, "mate", &[&bob, &cat]).await;
    c.watch(watch(&[tea, mate], &[&bob])).await;
    let b = house.connect(&bob).await;
    assert_eq!(changes(&c.during(2_000).await, bob.user, Offline), [Online]);
    a.ack(house.remove(tea, &cat)).await;
    drop(b);
    let heard = c.during(27_000).await;
    assert_eq!(changes(&heard, bob.user, Online), [Offline], "they still share one");
    c.beat().await;
    a.ack(house.remove(mate, &cat)).await;
    let _b = house.connect(&bob).await;
    assert!(told(&c.during(60_000).await).is_empty() && c.closed.is_none());
    assert!(c.watch(watch(&[], &[&bob])).await.presence.is_empty());
}

/// PRS3: by no frame and at no time can an invisible person be told from one who is not there: two watchers see the
/// same, one of somebody who comes, types, looks around and goes invisibly, one of somebody who never comes.
#[tokio::test(start_paused = true)]
async fn prs3_invisible_looks_like_not_there() {
    let house = House::start();
    let [ann, bob, hidden, absent] = house.people(["ann", "bob", "hidden", "absent"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let with_hidden = house.direct(&mut a, &hidden).await;
    let with_absent = house.direct(&mut b, &absent).await;
    let here = a.watch(watch(&[with_hidden], &[&hidden])).await.presence;
    let there = b.watch(watch(&[with_absent], &[&absent])).await.presence;
    let bare = |list: &[PresenceOf]| list.iter().map(|one| (one.state, one.last_seen_ms)).collect::<Vec<_>>();
    assert_eq!(bare(&here), bare(&there));
    a.everything(3_000).await;
    b.everything(3_000).await;

    let mut h = come(&house, &hidden, Show::Invisible).await;
    h.watch(watch_as(&[with_hidden], &[&ann], Show::Invisible)).await;
    h.say(&typing(with_hidden)).await;
    h.beat().await;
    let mut second = come(&house, &hidden, Show::Invisible).await;
    second.beat().await;
    drop(second);
    let seen = a.everything(20_000).await;
    drop(h);
    // Each of them is told again what holds, in the same rhythm, and nothing else.
    let seen: Vec<ServerFrame> = seen.into_iter().chain(a.everything(40_000).await).collect();
    let never: Vec<ServerFrame> = b.everything(60_000).await;
    assert_eq!(bare(&told(&seen)), bare(&told(&never)));
    assert_eq!((seen.len(), typists(&seen)), (never.len(), vec![]));
    let mut a = house.connect(&ann).await;
    let mut b = house.connect(&bob).await;
    let here = a.watch(watch(&[], &[&hidden])).await.presence;
    let there = b.watch(watch(&[], &[&absent])).await.presence;
    assert_eq!(bare(&here), bare(&there), "no time when they were last seen, either");
}

/// PRS2 PRS3: who turns invisible seems to go, as if the connection had ended; who turns visible seems to come; away
/// is told.
#[tokio::test(start_paused = true)]
async fn prs3_to_turn_invisible_is_to_go() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let mut a = house.connect(&ann).await;
    house.direct(&mut a, &bob).await;
    let mut b = come(&house, &bob, Show::Away).await;
    assert_eq!(a.watch(watch(&[], &[&bob])).await.presence[0].state, Away);
    b.watch(watch_as(&[], &[], Show::Online)).await;
    assert_eq!(changes(&a.during(2_000).await, bob.user, Away), [Online]);
    b.watch(watch_as(&[], &[], Show::Invisible)).await;
    assert_eq!(
        changes(&a.during(20_000).await, bob.user, Online),
        [],
        "the grace holds here too"
    );
    assert_eq!(changes(&a.during(10_000).await, bob.user, Online), [Offline]);
    b.watch(watch_as(&[], &[], Show::Online)).await;
    assert_eq!(changes(&a.during(2_000).await, bob.user, Offline), [Online]);
}

/// PRS1: presence of a person on one node reaches who watches on another, and stays true while it is repeated.
#[tokio::test(start_paused = true)]
async fn prs1_presence_crosses_nodes() {
    let (store, bus) = (model(), InProcess::new());
    let one = House::on(config(), store.clone(), bus.clone(), 1);
    let other = House::on(config(), store, bus, 2);
    let [ann, bob] = one.people(["ann", "bob"]).await;
    let mut a = one.connect(&ann).await;
    one.direct(&mut a, &bob).await;
    a.watch(watch(&[], &[&bob])).await;
    let mut b = other.connect(&bob).await;
    assert_eq!(changes(&a.during(3_000).await, bob.user, Offline), [Online]);
    for _ in 0..10 {
        b.beat().await;
        a.beat().await;
        let heard = a.during(20_000).await;
        assert_eq!(changes(&heard, bob.user, Online), []);
    }
    drop(b);
    a.beat().await;
    assert_eq!(changes(&a.during(28_000).await, bob.user, Online), [Offline]);
}

/// PRS4: typing reaches the members who have the conversation open, on all their devices, and nobody else: not who has
/// another one open, not a former member, not a stranger who says that it is open, not who types.
#[tokio::test(start_paused = true)]
async fn prs4_typing_reaches_who_has_it_open() {
    let house = House::start();
    let [ann, bob, cat, dan, eve] = house.people(["ann", "bob", "cat", "dan", "eve"]).await;
    let mut a = house.connect(&ann).await;
    let conv = house.group(&mut a, "tea", &[&bob, &cat, &dan]).await;
    let other = house.group(&mut a, "mate", &[&bob, &cat, &dan]).await;
    a.ack(house.remove(conv, &dan)).await;
    a.watch(watch(&[conv], &[])).await;
    let mut lines = Vec::new();
    for (person, open, hears) in [
        (&bob, conv, true),
        (&bob, conv, true),
        (&cat, other, false),
        (&dan, conv, false),
        (&eve, conv, false),
    ] {
        let mut line = house.connect(person).await;
        line.watch(watch(&[open], &[])).await;
        line.everything(3_000).await;
        lines.push((line, hears));
    }
    a.say(&typing(conv)).await;
    for (line, hears) in &mut lines {
        let heard = typists(&line.everything(2_000).await);
        assert_eq!(heard, if *hears { vec![(conv, ann.user)] } else { vec![] });
    }
    assert!(typists(&a.everything(2_000).await).is_empty());
    // Who is not in it says that they type: nobody hears.
    for line in [3, 4] {
        lines[line].0.say(&typing(conv)).await;
    }
    assert!(typists(&a.everything(2_000).await).is_empty());
}

/// PRS4: typing is told at most every 3 s for one conversation, also when it alternates between two.
#[tokio::test(start_paused = true)]
async fn prs4_typing_is_told_every_3_s_at_most() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let tea = house.group(&mut a, "tea", &[&bob]).await;
    let mate = house.group(&mut a, "mate", &[&bob]).await;
    b.watch(watch(&[tea, mate], &[])).await;
    b.everything(3_000).await;
    for _ in 0..20 {
        a.say(&typing(tea)).await;
        a.say(&typing(mate)).await;
    }
    assert_eq!(typists(&b.everything(2_000).await), [(tea, ann.user), (mate, ann.user)]);
    b.everything(2_000).await;
    a.say(&typing(tea)).await;
    assert_eq!(typists(&b.everything(1_000).await), [(tea, ann.user)]);
}
