//! `hello` and `inbox`: coming back, from anywhere to what holds now.

use crate::frames::{cursor, group, watching};
use crate::harness::{House, Line, Person, config, hello, model};
use crate::held::Held;
use protocol::client_frame::AskInbox;
use protocol::server_frame::{Inbox, InboxRow, ServerFrame, Topic};
use protocol::{ClientFrame, ConversationId, Epoch, Seq, Ver, limits};
use server::bus::InProcess;
use server::config::Config;
use std::collections::BTreeMap;

/// What follows a `welcome` by itself, up to the inbox page.
async fn greeting(house: &House, person: &Person, epoch: Option<Epoch>, ver: Option<Ver>) -> (Line, Vec<ServerFrame>) {
    let mut line = house.resume(person, epoch, ver).await;
    let frames = line.everything(100).await;
    (line, frames)
}

fn page(frames: &[ServerFrame]) -> &Inbox {
    let inbox = frames.iter().find_map(|frame| match frame {
        ServerFrame::Inbox(inbox) => Some(inbox),
        _ => None,
    });
    inbox.unwrap_or_else(|| panic!("no inbox: {frames:?}"))
}

/// A row's name.
fn name(row: &InboxRow) -> String {
    match &row.topic {
        Topic::Conversation(row) => row.conv.to_string(),
        other => format!("{other:?}"),
    }
}

/// RES1 CNV1: whoever comes back from any version gets exactly the rows that changed above it, each once, as they
/// stand now.
#[tokio::test(start_paused = true)]
async fn res1_a_resume_brings_exactly_what_changed() {
    let house = House::start();
    let [ann, bob, cat] = house.people(["ann", "bob", "cat"]).await;
    let (mut a, mut c) = (house.connect(&ann).await, house.connect(&cat).await);
    let talk = house.direct(&mut a, &bob).await;
    let tea = house.group(&mut a, "tea", &[&bob]).await;
    let other = house.direct(&mut c, &bob).await;
    for _ in 0..4 {
        for conv in [talk, tea, other] {
            let line = if conv == other { &mut c } else { &mut a };
            line.ack(house.text(conv, "hi")).await;
            line.everything(1_500).await;
        }
    }
    house.device(bob.user).await;
    let (_line, frames) = greeting(&house, &bob, None, None).await;
    let whole = page(&frames).clone();
    assert!(whole.from == Ver(0) && !whole.more && whole.rows.is_sorted_by(|x, y| x.ver < y.ver));
    let now: BTreeMap<String, &InboxRow> = whole.rows.iter().map(|row| (name(row), row)).collect();
    assert_eq!(
        (now.len(), whole.rows.len()),
        (4, 4),
        "three conversations and the devices, each once"
    );
    let epoch = Some(house.store.epoch());
    for ver in 0..=whole.to.0 {
        let (_line, frames) = greeting(&house, &bob, epoch, Some(Ver(ver))).await;
        let expected: Vec<_> = whole.rows.iter().filter(|row| row.ver.0 > ver).cloned().collect();
        let page = page(&frames);
        assert_eq!((&page.rows, page.from, page.to), (&expected, Ver(ver), whole.to));
        assert!(!frames.iter().any(|frame| matches!(frame, ServerFrame::Resync(_))));
    }
}

/// RES1 BND1: more than a page of rows comes in pages, which together hold each row once.
#[tokio::test(start_paused = true)]
async fn res1_a_large_inbox_comes_in_pages() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let mut a = house.connect(&ann).await;
    let mut convs = Vec::new();
    for number in 0..limits::INBOX_ROWS_MAX + 30 {
        convs.push(house.group(&mut a, &format!("{number}"), &[&bob]).await);
    }
    a.everything(5_000).await;
    let (mut line, frames) = greeting(&house, &bob, None, None).await;
    let first = page(&frames).clone();
    assert!(first.more && first.rows.len() == limits::INBOX_ROWS_MAX);
    let second = line.inbox(first.to).await;
    assert!(!second.more && second.from == first.to);
    let mut names: Vec<String> = first.rows.iter().chain(&second.rows).map(name).collect();
    names.sort_unstable();
    let mut expected: Vec<String> = convs
        .iter()
        .map(ToString::to_string)
        .chain(["Devices".to_owned()])
        .collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(line.beat().await, second.to);
}

/// RES3 RES2: a client of another epoch, or ahead of the store, is told to resync, and gets everything from the
/// beginning.
#[tokio::test(start_paused = true)]
async fn res3_another_lineage_is_told_to_resync() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let mut a = house.connect(&ann).await;
    let conv = house.direct(&mut a, &bob).await;
    a.everything(3_000).await;
    let epoch = house.store.epoch();
    let foreign = Epoch::from_random([4; 16]);
    for (epoch, ver) in [(foreign, Ver(1)), (foreign, Ver(0)), (epoch, Ver(1_000))] {
        let (_line, frames) = greeting(&house, &bob, Some(epoch), Some(ver)).await;
        let ServerFrame::Resync(resync) = &frames[0] else {
            panic!("{frames:?}")
        };
        assert_eq!(resync.epoch, house.store.epoch());
        let page = page(&frames);
        assert_eq!((page.from, page.to), (Ver(0), Ver(2)));
        assert!(page.rows.iter().any(|row| name(row) == conv.to_string()));
    }
    assert_eq!(house.node.metrics.resyncs.get(), 3);
    let (mut line, frames) = greeting(&house, &bob, Some(epoch), Some(Ver(2))).await;
    assert!(
        page(&frames).rows.is_empty() && frames.len() == 1,
        "who is where the store is resumes without more"
    );
    let ahead = ClientFrame::Inbox(AskInbox { after_ver: Ver(3) });
    assert!(matches!(line.ask(ahead).await, ServerFrame::Resync(_)));
    assert!(line.inbox(Ver(2)).await.rows.is_empty());
}

/// UNR1 CNV1: rows say what is unread, on all of a person's devices: it grows with what others write, not with what one
/// writes oneself, and reading takes it away.
#[tokio::test(start_paused = true)]
async fn unr1_rows_say_what_is_unread() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let mut tablet = house.connect(&house.device(bob.user).await).await;
    let conv = house.direct(&mut a, &bob).await;
    for number in 1..=3 {
        let mut words = house.text(conv, "hi");
        if let ClientFrame::Send(send) = &mut words {
            send.read = Some(Seq(number));
        }
        a.ack(words).await;
        a.everything(2_000).await;
        for line in [&mut b, &mut tablet] {
            assert_eq!(line.row(conv).await.map(|row| row.unread()), Some(number));
        }
    }
    assert_eq!(
        a.row(conv).await.map(|row| row.unread()),
        Some(0),
        "one's own are no news"
    );
    tablet.cursor(cursor(conv, None, Some(3))).await;
    b.everything(2_000).await;
    assert_eq!(
        b.row(conv).await.map(|row| (row.unread(), row.read_seq)),
        Some((1, Seq(3)))
    );
    // Writing reads what was on the screen.
    let mut answer = house.text(conv, "and you?");
    if let ClientFrame::Send(send) = &mut answer {
        send.read = Some(Seq(4));
    }
    b.ack(answer).await;
    b.everything(2_000).await;
    assert_eq!(
        tablet.row(conv).await.map(|row| (row.unread(), row.head_seq)),
        Some((0, Seq(5)))
    );
}

/// BND4 RES1: `welcome` is the first that is said, then the inbox, however much is written meanwhile and however
/// little may wait for a session.
#[tokio::test(start_paused = true)]
async fn welcome_comes_first_and_is_never_dropped() {
    let small = Config {
        outbox_bytes_max: 4_096,
        ..config()
    };
    let house = House::with(small, model());
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let mut a = house.connect(&ann).await;
    let title = "t".repeat(limits::TITLE_BYTES_MAX);
    let mut last = ConversationId::from_random([0; 16]);
    for _ in 0..40 {
        last = a.ack(group(house.send_id(), &title, vec![bob.user])).await.conv;
    }
    a.everything(5_000).await;
    let mut line = house.socket().await;
    let greeting = match hello(&bob, None, None) {
        ClientFrame::Hello(mut hello) => {
            hello.watch = Some(watching(&[last], &[], None));
            ClientFrame::Hello(hello)
        }
        _ => unreachable!(),
    };
    let id = line.say_numbered(&greeting).await;
    for _ in 0..50 {
        a.say(&house.text(last, &title)).await;
    }
    let first = line.receive().await.expect("a frame");
    assert!(
        first.0 == Some(id) && matches!(first.1, ServerFrame::Welcome(_)),
        "{first:?}"
    );
    let second = line.receive().await.expect("a frame");
    assert!(
        matches!(&second.1, ServerFrame::Inbox(page) if page.rows.len() == 41),
        "{second:?}"
    );
    assert!(matches!(line.receive().await, Some((None, ServerFrame::Watching(_)))));
    // Then what was written meanwhile, or that something was.
    let rest = line.everything(3_000).await;
    assert!(
        rest.iter()
            .any(|frame| matches!(frame, ServerFrame::Entry(_) | ServerFrame::Behind(_)))
    );
}

/// BND4 RES1: what comes live while somebody is being let in is told after `welcome` and the inbox, not before, and is
/// told.
#[tokio::test(start_paused = true)]
async fn nothing_live_comes_before_welcome() {
    let (store, bus) = (model(), InProcess::new());
    let held = Held::new(store.clone());
    let near = House::on(config(), held.clone(), bus.clone(), 1);
    let far = House::on(config(), store, bus, 2);
    let [ann, bob] = far.people(["ann", "bob"]).await;
    let (mut a, mut b) = (far.connect(&ann).await, near.connect(&bob).await);
    let conv = far.direct(&mut a, &bob).await;
    b.entry().await;
    let tablet = far.device(bob.user).await;
    let mut line = near.socket().await;
    // The token is looked up, what comes then waits: the session takes part in delivery and is not welcomed yet.
    held.hold_after(1);
    line.say_numbered(&hello(&tablet, None, None)).await;
    line.during(10).await;
    a.ack(far.text(conv, "in between")).await;
    assert_eq!(b.entry().await.entry.seq, Seq(2));
    assert!(line.during(100).await.is_empty());
    held.let_go();
    let frames = line.during(1_000).await;
    assert!(matches!(frames[0], ServerFrame::Welcome(_)), "{frames:?}");
    assert!(matches!(frames[1], ServerFrame::Inbox(_)), "{frames:?}");
    assert!(
        frames[2..]
            .iter()
            .any(|frame| matches!(frame, ServerFrame::Entry(live) if live.entry.seq == Seq(2)))
    );
}
