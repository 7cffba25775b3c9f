//! `prefs`, `mark`, `starred`, `draft`, `read_all`, `receipts`, and notes to oneself.

use crate::frames::{cursor, direct, read_as, typing, watch};
use crate::harness::{House, Line};
use protocol::own::{AskReceipts, AskStarred, DraftText, MarkRow, ReadAll, SetDraft, SetMark, SetPrefs};
use protocol::own::{DraftRow, MUTED_FOR_GOOD_MS};
use protocol::refusal::Code;
use protocol::server_frame::{ServerFrame, Topic};
use protocol::{ClientFrame, ConversationId, Seq, Ver, limits};

fn mark(conv: ConversationId, seq: u64) -> ClientFrame {
    ClientFrame::Mark(SetMark {
        conv,
        seq: Seq(seq),
        star: Some(true),
        hidden: None,
    })
}

fn draft(conv: ConversationId, text: &str, base_ver: Option<Ver>) -> ClientFrame {
    ClientFrame::Draft(SetDraft {
        conv,
        text: Some(DraftText(text.into())),
        base_ver,
        forget: Vec::new(),
    })
}

fn receipts(conv: ConversationId, seq: u64) -> ClientFrame {
    ClientFrame::Receipts(AskReceipts { conv, seq: Seq(seq) })
}

/// Says it again while the person's inbox is behind the log.
async fn settled(line: &mut Line, frame: ClientFrame) -> ServerFrame {
    for _ in 0..100 {
        match line.ask(frame.clone()).await {
            ServerFrame::Refuse(no) if no.retry => drop(line.everything(300).await),
            answer => return answer,
        }
    }
    panic!("refused for ever: {frame:?}")
}

async fn drafted(line: &mut Line, frame: ClientFrame) -> DraftRow {
    match settled(line, frame).await {
        ServerFrame::DraftOk(ok) => ok.draft,
        other => panic!("{other:?}"),
    }
}

/// Marks and drafts of a whole inbox.
async fn own(line: &mut Line) -> (Vec<MarkRow>, Vec<DraftRow>) {
    let (mut marks, mut drafts) = (Vec::new(), Vec::new());
    for row in line.inbox(Ver::ZERO).await.rows {
        match row.topic {
            Topic::Mark(mark) => marks.push(mark),
            Topic::Draft(draft) => drafts.push(*draft),
            _ => {}
        }
    }
    (marks, drafts)
}

/// OWN1: what one device says of one's own the other is told of by `ver`, and finds in the inbox; nobody else is told.
#[tokio::test(start_paused = true)]
async fn own1_every_device_learns_it_and_nobody_else() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let phone = house.device(ann.user).await;
    let mut p = house.connect(&phone).await;
    let conv = house.direct(&mut a, &bob).await;
    a.ack(house.text(conv, "hello")).await;
    for line in [&mut a, &mut b, &mut p] {
        line.everything(3_000).await;
    }
    let quiet = b.beat().await;
    let change = SetPrefs {
        mute_until_ms: Some(Some(MUTED_FOR_GOOD_MS)),
        cleared_seq: Some(Seq(1)),
        ..SetPrefs::of(conv)
    };
    let ServerFrame::PrefsOk(ok) = a.ask(ClientFrame::Prefs(change)).await else {
        panic!("no answer")
    };
    let told = p.until(|_, frame| matches!(frame, ServerFrame::Ver(_))).await;
    assert!(matches!(told, ServerFrame::Ver(moved) if moved.pull && moved.ver >= ok.ver));
    assert_eq!(p.row(conv).await.expect("a row").prefs, ok.prefs);
    let ServerFrame::MarkOk(marked) = a.ask(mark(conv, 2)).await else {
        panic!("no answer")
    };
    let written = drafted(&mut a, draft(conv, "canary-draft", None)).await;
    p.until(|_, frame| matches!(frame, ServerFrame::Ver(_))).await;
    assert_eq!(own(&mut p).await, (vec![marked.mark], vec![written]));
    b.everything(60_000).await;
    assert_eq!(b.beat().await, quiet, "nothing of it is Bob's");
    assert!(!b.heard.iter().any(|text| text.contains("canary-draft")));
    assert_eq!(own(&mut b).await, (vec![], vec![]));
}

/// OWN1: what cannot be is refused, and says so; what has not come yet is refused for a moment only.
#[tokio::test(start_paused = true)]
async fn own1_what_cannot_be_is_refused() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let mut a = house.connect(&ann).await;
    let conv = house.direct(&mut a, &bob).await;
    // At once: the inbox may not have it yet, and that is no reason to say that there is no such conversation.
    assert!(matches!(settled(&mut a, mark(conv, 1)).await, ServerFrame::MarkOk(_)));
    let seq = a.ack(house.text(conv, "just now")).await.seq;
    assert!(matches!(
        settled(&mut a, mark(conv, seq.0)).await,
        ServerFrame::MarkOk(_)
    ));
    a.everything(3_000).await;
    let prefs = |change| ClientFrame::Prefs(change);
    let late = SetPrefs {
        mute_until_ms: Some(Some(MUTED_FOR_GOOD_MS + 1)),
        ..SetPrefs::of(conv)
    };
    let beyond = SetPrefs {
        cleared_seq: Some(Seq(99)),
        ..SetPrefs::of(conv)
    };
    let long = "x".repeat(limits::TEXT_BYTES_MAX + 1);
    let many = ClientFrame::Draft(SetDraft {
        conv,
        text: None,
        base_ver: None,
        forget: vec![Ver(1); 99],
    });
    for (frame, code) in [
        (prefs(late), Code::BadRequest),
        (prefs(beyond), Code::BadReference),
        (mark(conv, 99), Code::BadReference),
        (mark(conv, 0), Code::BadReference),
        (draft(conv, &long, None), Code::TooLarge),
        (many, Code::TooLarge),
        (receipts(conv, 99), Code::BadReference),
    ] {
        let word = frame.word();
        assert_eq!(a.refused(frame).await.known(), Some(code), "{word}");
    }
}

/// OWN2: two devices overwrite each other, and nothing that was typed is lost: each sees both texts.
#[tokio::test(start_paused = true)]
async fn own2_two_devices_overwrite_each_other_and_nothing_is_lost() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let mut a = house.connect(&ann).await;
    let phone = house.device(ann.user).await;
    let mut p = house.connect(&phone).await;
    let conv = house.direct(&mut a, &bob).await;
    let first = drafted(&mut a, draft(conv, "from the laptop", None)).await;
    let second = drafted(&mut p, draft(conv, "from the phone", None)).await;
    assert_eq!(second.kept, [first.now]);
    a.everything(3_000).await;
    let (_, drafts) = own(&mut a).await;
    assert_eq!(drafts, std::slice::from_ref(&second));
    // Known now: it may go.
    let done = drafted(&mut a, draft(conv, "", Some(second.now.text_ver))).await;
    assert_eq!((done.now.text.0.as_str(), done.kept), ("", second.kept));
}

/// OWN1 MEM1: stars are told the last first, with entries that their person may read.
#[tokio::test(start_paused = true)]
async fn own1_stars_are_told_with_their_entries() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let mut a = house.connect(&ann).await;
    let conv = house.direct(&mut a, &bob).await;
    let count = limits::STARRED_PAGE_MAX as u64 + 3;
    for n in 0..count {
        a.ack(house.text(conv, &format!("{n}"))).await;
    }
    for seq in 2..count + 2 {
        settled(&mut a, mark(conv, seq)).await;
    }
    let (mut before, mut seqs) = (None, Vec::new());
    loop {
        let ServerFrame::Starred(page) = a.ask(ClientFrame::Starred(AskStarred { before })).await else {
            panic!("no answer")
        };
        seqs.extend(page.list.iter().map(|star| star.entry.seq.0));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seqs, (2..count + 2).rev().collect::<Vec<_>>());
}

/// OWN4: after `read_all` nothing is unread, wherever the person was; what was marked unread is read, and a repeat
/// moves nothing.
#[tokio::test(start_paused = true)]
async fn own4_read_all_reads_all() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let mut convs = vec![house.direct(&mut a, &bob).await];
    for title in ["one", "two", "three"] {
        convs.push(house.group(&mut a, title, &[&bob]).await);
    }
    for &conv in &convs {
        a.ack(house.text(conv, "news")).await;
    }
    // The last thing she hears there is that she is gone.
    a.ack(house.remove(convs[3], &bob)).await;
    b.everything(3_000).await;
    b.cursor(cursor(convs[1], None, Some(2))).await;
    b.say(&read_as(convs[1], 0, 1)).await;
    let all = ClientFrame::ReadAll(ReadAll {});
    let ServerFrame::ReadAllOk(ok) = b.ask(all.clone()).await else {
        panic!("no answer")
    };
    assert_eq!(ok.moved, 4);
    b.everything(3_000).await;
    for &conv in &convs {
        assert_eq!(b.row(conv).await.expect("a row").unread(), 0, "{conv}");
    }
    assert_eq!(
        b.ask(all).await,
        ServerFrame::ReadAllOk(protocol::own::ReadAllOk { moved: 0 })
    );
    a.everything(3_000).await;
    let peer = a.row(convs[0]).await.expect("a row").peer.expect("a 1:1");
    assert_eq!(peer.read, Seq(2), "others see that it was read");
}

/// OWN5: notes to oneself: one conversation, of one member, once; nothing in it is unread, and nobody hears of it.
#[tokio::test(start_paused = true)]
async fn own5_notes_to_oneself() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let phone = house.device(ann.user).await;
    let mut p = house.connect(&phone).await;
    let began = a.ack(direct(house.send_id(), ann.user)).await;
    assert!(p.ack(direct(house.send_id(), ann.user)).await.dup);
    assert_eq!(began.conv, ConversationId::direct(ann.user, ann.user));
    a.ack(house.text(began.conv, "canary-note")).await;
    a.watch(watch(&[began.conv], &[])).await;
    p.say(&typing(began.conv)).await;
    for line in [&mut a, &mut b, &mut p] {
        line.everything(5_000).await;
    }
    let row = p.row(began.conv).await.expect("a row");
    assert_eq!((row.unread(), row.peer, row.head_seq), (0, None, Seq(2)));
    let alone = a.ask(receipts(began.conv, 2)).await;
    assert!(matches!(alone, ServerFrame::Receipts(receipts) if receipts.list.is_empty()));
    assert!(!b.heard.iter().any(|text| text.contains("canary-note")));
    assert!(
        !a.heard.iter().any(|text| text.contains("\"typing\"")),
        "I know that I type"
    );
}

/// RCP6: who received and who read, and when; only of members who may read it, only for members who may read it.
#[tokio::test(start_paused = true)]
async fn rcp6_who_received_and_who_read_and_when() {
    let house = House::start();
    let [ann, bob, cid, eve] = house.people(["ann", "bob", "cid", "eve"]).await;
    let (mut a, mut b, mut c) = (
        house.connect(&ann).await,
        house.connect(&bob).await,
        house.connect(&cid).await,
    );
    let conv = house.group(&mut a, "tea", &[&bob, &cid]).await;
    let seq = a.ack(house.text(conv, "news")).await.seq.0;
    a.ack(house.add(conv, &[&eve])).await;
    b.cursor(cursor(conv, Some(seq), None)).await;
    c.cursor(cursor(conv, Some(seq), Some(seq))).await;
    let ServerFrame::Receipts(told) = b.ask(receipts(conv, seq)).await else {
        panic!("no answer")
    };
    let mut list: Vec<_> = told
        .list
        .iter()
        .map(|one| {
            (
                one.user,
                one.delivered,
                one.read,
                one.delivered_ms.is_some(),
                one.read_ms.is_some(),
            )
        })
        .collect();
    list.sort_unstable();
    let mut expected = vec![(bob.user, true, false, true, false), (cid.user, true, true, true, true)];
    expected.sort_unstable();
    assert_eq!(list, expected);
    let mut e = house.connect(&eve).await;
    assert_eq!(e.refused(receipts(conv, seq)).await.known(), Some(Code::BadReference));
    a.ack(house.remove(conv, &cid)).await;
    assert_eq!(c.refused(receipts(conv, seq)).await.known(), Some(Code::NotAMember));
}
