//! People: how they appear, first contact, privacy, blocks, reports, deactivation and search, from one client to
//! another.

use crate::frames::{answer, block, cursor, direct, group, members, people, typing, watch};
use crate::harness::{House, Line, Person, config, model, text_as};
use protocol::client_frame::AskPeople;
use protocol::people::{Answer, Audience, FirstContact, Report, SetPrivacy, SetProfile};
use protocol::refusal::Code;
use protocol::server_frame::{ConversationRow, PresenceState, ServerFrame, Topic};
use protocol::{ClientFrame, ConversationId, Seq, UserId, limits};
use server::config::Config;

/// A server where people are strangers at first.
fn house() -> House {
    let config = Config {
        everybody_is_acquainted: false,
        ..config()
    };
    House::with(config, model())
}

fn privacy(set: SetPrivacy) -> ClientFrame {
    ClientFrame::Privacy(set)
}

async fn refused(line: &mut Line, frame: ClientFrame) -> Option<Code> {
    line.refused(frame).await.known()
}

/// Waits until a row says this; a beat later at most.
async fn row_where(
    line: &mut Line,
    conv: ConversationId,
    wanted: impl Fn(&ConversationRow) -> bool,
) -> ConversationRow {
    for _ in 0..100 {
        if let Some(row) = line.row(conv).await.filter(|row| wanted(row)) {
            return row;
        }
        line.during(100).await;
    }
    panic!("the row never says it");
}

/// How many of these frames tell of what somebody does: that they type, are there, or how far they got.
pub fn passing(frames: &[ServerFrame], of: UserId) -> usize {
    let passes = |frame: &&ServerFrame| match frame {
        ServerFrame::Typing(typing) => typing.user == of,
        ServerFrame::Presence(presence) => presence.list.iter().any(|one| one.user == of),
        ServerFrame::Cursors(cursors) => cursors
            .list
            .iter()
            .any(|one| one.user == of && one.delivered.max(one.read) > Seq::ZERO),
        _ => false,
    };
    frames.iter().filter(passes).count()
}

/// PPL1: the first words of a stranger are a request: they arrive, nothing passes, and nobody is put into a group,
/// until the other one takes it up.
#[tokio::test(start_paused = true)]
async fn ppl1_first_contact_is_a_request() {
    let house = house();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let conv = a.ack(direct(house.send_id(), bob.user)).await.conv;
    a.ack(house.text(conv, "hello")).await;
    assert_eq!(b.entry().await.entry.seq, Seq(1));
    let row = row_where(&mut b, conv, |row| row.head_seq == Seq(2)).await;
    assert_eq!(row.request, Some(FirstContact::Open));
    assert_eq!(
        row_where(&mut a, conv, |row| row.head_seq == Seq(2)).await.request,
        None
    );
    let found = b.ask(people(&[&ann], &[])).await;
    assert!(matches!(found, ServerFrame::People(found) if found.list[0].name == "ANN"));
    for (line, other) in [(&mut a, &bob), (&mut b, &ann)] {
        let watching = line.watch(watch(&[conv], &[other])).await;
        assert!(watching.presence.is_empty(), "{watching:?}");
    }
    let said = b.cursor(cursor(conv, Some(2), Some(2))).await;
    assert_eq!(
        (said.delivered, said.read),
        (Seq(2), Seq(2)),
        "or it would be said again"
    );
    b.say(&typing(conv)).await;
    a.say(&typing(conv)).await;
    let add = group(house.send_id(), "watches", vec![bob.user]);
    assert_eq!(refused(&mut a, add).await, Some(Code::NotAddable));
    b.ask(answer(conv, Answer::Ignore)).await;
    row_where(&mut b, conv, |row| row.request == Some(FirstContact::Ignored)).await;
    assert_eq!(passing(&a.during(5_000).await, bob.user), 0);
    assert_eq!(passing(&b.during(5_000).await, ann.user), 0);
    assert_eq!(
        a.row(conv).await.and_then(|row| row.peer).map(|peer| peer.delivered),
        Some(Seq::ZERO)
    );

    b.ack(house.text(conv, "who are you?")).await;
    assert_eq!(
        row_where(&mut b, conv, |row| row.head_seq == Seq(3)).await.request,
        None
    );
    let watching = a.watch(watch(&[conv], &[&bob])).await;
    assert_eq!(watching.presence[0].state, PresenceState::Online);
    b.say(&typing(conv)).await;
    b.cursor(cursor(conv, Some(3), Some(3))).await;
    assert!(passing(&a.during(5_000).await, bob.user) > 0);
    a.ack(group(house.send_id(), "tea", vec![bob.user])).await;
    assert_eq!(
        refused(&mut b, answer(conv, Answer::Ignore)).await,
        Some(Code::NotARequest)
    );
}

/// PPL1: who answers takes it up, on any node and with every hint lost; a request to somebody who takes nothing is
/// refused, and there are so many a day.
#[tokio::test(start_paused = true)]
async fn ppl1_requests_are_answered_and_bounded() {
    let mut config = Config {
        everybody_is_acquainted: false,
        ..config()
    };
    config.rates.requests_per_user = server::config::Rate {
        burst: 2.0,
        per_second: 1.0 / 86_400.0,
    };
    let house = House::with(config, model());
    let [ann, bob, cat, dan] = house.people(["ann", "bob", "cat", "dan"]).await;
    let (mut a, mut b, mut c) = (
        house.connect(&ann).await,
        house.connect(&bob).await,
        house.connect(&cat).await,
    );
    let shut = SetPrivacy {
        who_writes: Some(Audience::Acquainted),
        ..SetPrivacy::default()
    };
    c.ask(privacy(shut)).await;
    assert_eq!(
        refused(&mut a, direct(house.send_id(), cat.user)).await,
        Some(Code::NotAccepted)
    );
    let conv = a.ack(direct(house.send_id(), bob.user)).await.conv;
    assert!(matches!(
        b.ask(answer(conv, Answer::Accept)).await,
        ServerFrame::AnswerOk(_)
    ));
    row_where(&mut b, conv, |row| row.request.is_none()).await;
    assert!(a.ack(direct(house.send_id(), bob.user)).await.dup, "it is there");
    a.ack(direct(house.send_id(), dan.user)).await;
    let more = house.person("eve").await;
    let no = a.refused(direct(house.send_id(), more.user)).await;
    assert_eq!(no.known(), Some(Code::RateLimited));
    assert_eq!(
        refused(&mut c, answer(conv, Answer::Accept)).await,
        Some(Code::NotFound)
    );
}

/// PPL2: between two people of whom one blocks the other nothing passes, in no conversation; a blocked person is
/// refused in the same words as a stranger where strangers may not write; the list reaches the blocker's devices alone.
#[tokio::test(start_paused = true)]
async fn ppl2_a_block_ends_what_passes() {
    let house = house();
    let [ann, bob, cat, eve] = house.people(["ann", "bob", "cat", "eve"]).await;
    let open = SetPrivacy {
        who_adds: Some(Audience::Everyone),
        ..SetPrivacy::default()
    };
    let (mut a, mut b, mut c) = (
        house.connect(&ann).await,
        house.connect(&bob).await,
        house.connect(&cat).await,
    );
    for line in [&mut a, &mut b, &mut c] {
        line.ask(privacy(open)).await;
    }
    let tea = a
        .ack(group(house.send_id(), "tea", vec![bob.user, cat.user]))
        .await
        .conv;
    let pair = a.ack(direct(house.send_id(), bob.user)).await.conv;
    for line in [&mut a, &mut b] {
        line.watch(watch(&[tea, pair], &[&ann, &bob, &cat])).await;
    }
    let before = b.beat().await;
    assert!(matches!(b.ask(block(&ann, true)).await, ServerFrame::BlockOk(_)));
    let rows = b.inbox(before).await.rows;
    let blocks = rows
        .iter()
        .any(|row| matches!(&row.topic, Topic::Blocks(blocks) if blocks.users == [ann.user]));
    assert!(blocks, "{rows:?}");
    a.everything(3_000).await;
    b.everything(3_000).await;

    let shut = SetPrivacy {
        who_writes: Some(Audience::Nobody),
        ..SetPrivacy::default()
    };
    house.connect(&eve).await.ask(privacy(shut)).await;
    let stranger_says = a.refused(direct(house.send_id(), eve.user)).await;
    let blocked_says = a.refused(house.text(pair, "why?")).await;
    assert_eq!(blocked_says, stranger_says, "the same number and the same words");
    assert_eq!(refused(&mut b, house.text(pair, "because")).await, Some(Code::YouBlock));
    for line in [&mut a, &mut b] {
        line.say(&typing(tea)).await;
        line.say(&typing(pair)).await;
    }
    a.ack(house.text(tea, "in the group it goes on")).await;
    b.cursor(cursor(tea, Some(2), Some(2))).await;
    b.cursor(cursor(pair, Some(1), Some(1))).await;
    assert_eq!(passing(&a.during(20_000).await, bob.user), 0);
    let heard = b.during(1_000).await;
    assert_eq!(passing(&heard, ann.user), 0);
    let said = |frame: &ServerFrame| matches!(frame, ServerFrame::Entry(live) if live.conv == tea);
    assert!(heard.iter().any(said), "messages of the group still flow");
    let watching = a.watch(watch(&[tea, pair], &[&bob, &cat])).await;
    assert_eq!(
        watching.presence.iter().map(|one| one.user).collect::<Vec<_>>(),
        [cat.user]
    );
    let add = group(house.send_id(), "again", vec![bob.user]);
    assert_eq!(refused(&mut a, add).await, Some(Code::NotAddable));
    let ServerFrame::Members(list) = a.ask(members(tea)).await else {
        panic!("no members")
    };
    let bobs = list.list.iter().find(|one| one.user == bob.user).expect("still in it");
    assert_eq!((bobs.delivered, bobs.read), (Seq::ZERO, Seq::ZERO));

    b.ask(block(&ann, false)).await;
    a.ack(house.text(pair, "thank you")).await;
    let watching = a.watch(watch(&[tea, pair], &[&bob])).await;
    assert_eq!(watching.presence.len(), 1);
}

/// PPL2 IDM1: an `add` that was done gets its first answer, although who was added is gone and has changed their mind.
#[tokio::test(start_paused = true)]
async fn ppl2_a_repeated_add_is_answered_after_a_block() {
    let house = House::start();
    let [ann, bob, cat] = house.people(["ann", "bob", "cat"]).await;
    let (mut a, mut c) = (house.connect(&ann).await, house.connect(&cat).await);
    let tea = a.ack(group(house.send_id(), "tea", vec![bob.user])).await.conv;
    let add = house.add(tea, &[&cat]);
    let first = a.ack(add.clone()).await;
    a.ack(house.remove(tea, &cat)).await;
    c.ask(block(&ann, true)).await;
    let again = a.ack(add).await;
    assert_eq!((again.seq, again.dup), (first.seq, true));
    assert_eq!(refused(&mut a, house.add(tea, &[&cat])).await, Some(Code::NotAddable));
}

/// PPL3: who tells nobody that they are there, or how far they have read, is told of nobody, and keeps their own count.
#[tokio::test(start_paused = true)]
async fn ppl3_privacy_works_both_ways() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let conv = house.direct(&mut a, &bob).await;
    for line in [&mut a, &mut b] {
        line.watch(watch(&[conv], &[&ann, &bob])).await;
    }
    let hide = SetPrivacy {
        last_seen: Some(Audience::Nobody),
        receipts: Some(Audience::Nobody),
        ..SetPrivacy::default()
    };
    let ServerFrame::PrivacyOk(now) = b.ask(privacy(hide)).await else {
        panic!("no privacy_ok")
    };
    assert_eq!((now.receipts, now.who_writes), (Audience::Nobody, Audience::Everyone));
    a.ack(house.text(conv, "hello")).await;
    a.cursor(cursor(conv, Some(2), Some(2))).await;
    let said = b.cursor(cursor(conv, Some(2), Some(2))).await;
    assert_eq!((said.delivered, said.read), (Seq(2), Seq(2)));
    let row = row_where(&mut a, conv, |row| {
        row.peer.is_some_and(|peer| peer.delivered == Seq(2))
    })
    .await;
    assert_eq!(row.peer.map(|peer| peer.read), Some(Seq::ZERO), "delivered stays");
    let row = row_where(&mut b, conv, |row| row.read_seq == Seq(2)).await;
    assert_eq!(row.peer.map(|peer| peer.read), Some(Seq::ZERO), "both ways");
    let (seen_a, seen_b) = (
        a.watch(watch(&[conv], &[&bob])).await,
        b.watch(watch(&[conv], &[&ann])).await,
    );
    assert!(seen_a.presence.is_empty() && seen_b.presence.is_empty());
    let reads = |watching: &protocol::server_frame::Watching, of: UserId| {
        let list = &watching.cursors[0].list;
        list.iter().find(|one| one.user == of).map(|one| one.read)
    };
    assert_eq!(reads(&seen_a, bob.user), Some(Seq::ZERO));
    assert_eq!(reads(&seen_b, ann.user), Some(Seq::ZERO));
    // A message that says what was read says it to nobody either.
    let ClientFrame::Send(mut send) = text_as(conv, house.send_id(), "mine") else {
        unreachable!()
    };
    send.read = Some(Seq(2));
    b.ack(ClientFrame::Send(send)).await;
    let row = row_where(&mut a, conv, |row| row.head_seq == Seq(3)).await;
    assert_eq!(row.peer.map(|peer| peer.read), Some(Seq::ZERO));
}

/// PPL4 PPL8: a name and a handle change for everybody who asks; the old handle still finds its person, and another
/// device learns of it by the inbox.
#[tokio::test(start_paused = true)]
async fn ppl4_a_profile_changes() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let phone = house.device(ann.user).await;
    let mut other = house.connect(&phone).await;
    other.everything(3_000).await;
    let change = SetProfile {
        name: Some(" Ann A. ".to_owned()),
        handle: Some("@Ann.A".to_owned()),
        about: Some("bakes".to_owned()),
        picture: None,
    };
    let before = other.beat().await;
    let ServerFrame::ProfileOk(me) = a.ask(ClientFrame::Profile(change.clone())).await else {
        panic!("no profile_ok")
    };
    assert_eq!((me.name.as_str(), me.handle.as_str()), ("Ann A.", "ann.a"));
    assert!(matches!(
        a.ask(ClientFrame::Profile(change)).await,
        ServerFrame::ProfileOk(_)
    ));
    let moved = other.until(|_, frame| matches!(frame, ServerFrame::Ver(_))).await;
    assert!(matches!(moved, ServerFrame::Ver(moved) if moved.pull && moved.ver == before.next()));
    let rows = other.inbox(before).await.rows;
    assert!(matches!(rows[..], [ref row] if row.topic == Topic::Profile), "{rows:?}");
    for handle in ["ann", "ann.a"] {
        let ServerFrame::People(found) = b.ask(people(&[], &[handle])).await else {
            panic!("no people")
        };
        assert_eq!(found.list[0].about.as_deref(), Some("bakes"), "{handle}");
    }
    let taken = SetProfile {
        handle: Some("ann".to_owned()),
        ..SetProfile::default()
    };
    assert_eq!(
        refused(&mut b, ClientFrame::Profile(taken)).await,
        Some(Code::HandleTaken)
    );
    let long = SetProfile {
        about: Some("é".repeat(257)),
        ..SetProfile::default()
    };
    assert_eq!(
        refused(&mut b, ClientFrame::Profile(long)).await,
        Some(Code::BadRequest)
    );
}

/// PPL5: a deactivated account's sessions end at once, it signs in nowhere, and who writes to it is told so.
#[tokio::test(start_paused = true)]
async fn ppl5_a_deactivated_account_is_shut() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let conv = house.direct(&mut a, &bob).await;
    let gone = server::account::deactivate(&house.node, bob.user, true)
        .await
        .expect("done");
    assert_eq!(gone, [bob.device]);
    assert_eq!(b.close_code().await, Some(protocol::close::Close::Revoked.code()));
    assert_eq!(
        refused(&mut a, house.text(conv, "anybody?")).await,
        Some(Code::PeerDeactivated)
    );
    let ServerFrame::People(found) = a.ask(people(&[&bob], &[])).await else {
        panic!("no people")
    };
    assert!(found.list[0].deactivated && found.list[0].name == "BOB");
    server::account::deactivate(&house.node, bob.user, false)
        .await
        .expect("done");
    a.ack(house.text(conv, "welcome back")).await;
}

/// PPL6: a report is kept with a copy of what was said, if it was said by whom it is about.
#[tokio::test(start_paused = true)]
async fn ppl6_a_report_keeps_a_copy() {
    let house = House::start();
    let [ann, bob, eve] = house.people(["ann", "bob", "eve"]).await;
    let (mut a, mut b, mut e) = (
        house.connect(&ann).await,
        house.connect(&bob).await,
        house.connect(&eve).await,
    );
    let conv = house.group(&mut a, "tea", &[&bob]).await;
    let bad = b.ack(house.text(conv, "canary")).await.seq;
    let mine = a.ack(house.text(conv, "stop it")).await.seq;
    let report = |seqs: Vec<Seq>, user: &Person| {
        ClientFrame::Report(Report {
            send_id: house.send_id(),
            conv,
            user: user.user,
            seqs,
            why: "spam".to_owned(),
        })
    };
    assert_eq!(
        refused(&mut a, report(vec![mine], &bob)).await,
        Some(Code::BadReference)
    );
    assert_eq!(
        refused(&mut a, report(vec![Seq(9)], &bob)).await,
        Some(Code::BadReference)
    );
    assert_eq!(
        refused(&mut a, report(Vec::new(), &eve)).await,
        Some(Code::UnknownPerson)
    );
    assert_eq!(refused(&mut e, report(Vec::new(), &bob)).await, Some(Code::NotFound));
    let good = report(vec![bad], &bob);
    assert!(matches!(a.ask(good.clone()).await, ServerFrame::ReportOk(_)));
    assert!(matches!(a.ask(good).await, ServerFrame::ReportOk(_)));
    let kept = house.store.reports(0, 9).await.expect("reports");
    assert_eq!(kept.len(), 1);
    assert!(kept[0].report.said.contains("canary") && kept[0].report.why == "spam");
}

/// PPL7: a search finds whom one knows, and not who else is here.
#[tokio::test(start_paused = true)]
async fn ppl7_a_search_harvests_nobody() {
    let house = House::start();
    let [ann, bob, _bert] = house.people(["ann", "bob", "bert"]).await;
    let mut a = house.connect(&ann).await;
    house.direct(&mut a, &bob).await;
    let found = async |line: &mut Line, prefix: &str| {
        let ask = ClientFrame::People(AskPeople {
            prefix: Some(prefix.to_owned()),
            ..AskPeople::default()
        });
        match line.ask(ask).await {
            ServerFrame::People(people) => people.list.into_iter().map(|one| one.handle).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(found(&mut a, "@b").await, ["bob"]);
    assert_eq!(found(&mut a, "").await, [""; 0]);
    let crowd = house.crowd(limits::FOUND_PEOPLE_MAX + 5).await;
    house.group(&mut a, "all", &crowd.iter().collect::<Vec<_>>()).await;
    assert_eq!(found(&mut a, "crowd").await.len(), limits::FOUND_PEOPLE_MAX);
    let long = ClientFrame::People(AskPeople {
        prefix: Some("c".repeat(limits::NAME_BYTES_MAX + 1)),
        ..AskPeople::default()
    });
    assert_eq!(refused(&mut a, long).await, Some(Code::TooLarge));
}

/// PPL7: a search costs as much as looking a handle up does, and neither goes on for ever.
#[tokio::test(start_paused = true)]
async fn ppl7_searches_are_counted() {
    let mut config = config();
    config.rates.lookups_per_user = server::config::Rate {
        burst: 3.0,
        per_second: 0.001,
    };
    let house = House::with(config, model());
    let [ann, _bob] = house.people(["ann", "bob"]).await;
    let mut a = house.connect(&ann).await;
    let search = || {
        ClientFrame::People(AskPeople {
            prefix: Some("b".to_owned()),
            ..AskPeople::default()
        })
    };
    a.ask(search()).await;
    a.ask(people(&[], &["bob", "bert"])).await;
    assert_eq!(refused(&mut a, search()).await, Some(Code::RateLimited));
    assert_eq!(refused(&mut a, people(&[], &["bob"])).await, Some(Code::RateLimited));
}
