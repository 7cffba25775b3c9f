//! Threads through the server: replies live and in history, rows in the inbox, cursors on all of one's devices, what
//! the removed are told; and entries found by their names, through both doors.

use crate::front::{Call, Front};
use crate::harness::{House, Line, config};
use protocol::client_frame::{Get, Send};
use protocol::refusal::Code;
use protocol::server_frame::{ServerFrame, Topic};
use protocol::thread::{AskThread, Find, Follow, ThreadRead, ThreadRow};
use protocol::{ClientFrame, ConversationId, MessageId, Seq, Ver};

fn reply(house: &House, conv: ConversationId, root: Seq, text: &str) -> ClientFrame {
    let ClientFrame::Send(send) = house.text(conv, text) else {
        unreachable!("a text is sent")
    };
    ClientFrame::Send(Box::new(Send {
        thread: Some(root),
        ..*send
    }))
}

fn thread(conv: ConversationId, thread: Seq) -> ClientFrame {
    ClientFrame::Thread(AskThread {
        conv,
        thread,
        after: None,
        before: None,
        limit: None,
    })
}

fn find(conv: ConversationId, message_id: MessageId) -> ClientFrame {
    ClientFrame::Find(Find {
        conv,
        message_id,
        limit: Some(1),
    })
}

async fn stands(line: &mut Line, frame: ClientFrame) -> ThreadRow {
    match line.ask(frame).await {
        ServerFrame::ThreadOk(row) => row,
        other => panic!("{other:?}"),
    }
}

/// The threads of a whole inbox, once nothing moves any more.
async fn told(line: &mut Line) -> Vec<ThreadRow> {
    line.everything(3_000).await;
    let rows = line.inbox(Ver::ZERO).await.rows.into_iter();
    rows.filter_map(|row| match row.topic {
        Topic::Thread(row) => Some(row),
        _ => None,
    })
    .collect()
}

/// THR2 THR3 THR5: a reply comes live and counts in its thread; its root's writer is told of it on every device, reads
/// it, and is told that on every device.
#[tokio::test(start_paused = true)]
async fn thr5_a_thread_is_told_to_who_follows_it() {
    let house = House::start();
    let [ann, bob, cid] = house.people(["ann", "bob", "cid"]).await;
    let (mut a, mut b, mut c) = (
        house.connect(&ann).await,
        house.connect(&bob).await,
        house.connect(&cid).await,
    );
    let mut other = house.connect(&ann).await;
    let conv = house.group(&mut a, "tea", &[&bob, &cid]).await;
    let root = a.ack(house.text(conv, "root")).await.seq;
    let plain = b.ack(house.text(conv, "beside it")).await;
    let one = b.ack(reply(&house, conv, root, "canary-reply")).await;
    assert_eq!(
        (one.seq, one.ord),
        (plain.seq.next(), plain.ord),
        "it is no message of the conversation"
    );
    let row = ThreadRow {
        conv,
        thread: root,
        following: true,
        head: one.seq,
        read: root,
        unread: 1,
    };
    assert_eq!(told(&mut a).await, [row]);
    assert_eq!(told(&mut other).await, [row]);
    c.everything(3_000).await;
    assert!(
        c.heard.iter().any(|text| text.contains("canary-reply")),
        "everybody hears it live"
    );
    assert_eq!(told(&mut c).await, []);

    let read = ClientFrame::ThreadRead(ThreadRead {
        conv,
        thread: root,
        read: one.seq,
    });
    let after = ThreadRow {
        read: one.seq,
        unread: 0,
        ..row
    };
    assert_eq!(stands(&mut a, read.clone()).await, after);
    assert_eq!(stands(&mut a, read).await, after, "idempotent");
    assert_eq!(told(&mut other).await, [after]);
    let on = |on| ClientFrame::Follow(Follow { conv, thread: root, on });
    assert!(stands(&mut c, on(true)).await.following);
    let two = b.ack(reply(&house, conv, root, "two")).await.seq;
    assert_eq!(told(&mut c).await[0].unread, 1);
    assert_eq!(stands(&mut c, on(false)).await, ThreadRow::unfollowed(conv, root));
    assert_eq!(told(&mut c).await, [ThreadRow::unfollowed(conv, root)]);
    let ServerFrame::Thread(page) = c.ask(thread(conv, root)).await else {
        panic!("a page")
    };
    assert_eq!(
        page.items.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        [one.seq, two]
    );
    let refused = b.refused(reply(&house, conv, one.seq, "deeper")).await;
    assert_eq!(refused.known(), Some(Code::NotARoot));
}

/// THR4 MEM2: who was removed is told that they follow no thread, and nothing of it after.
#[tokio::test(start_paused = true)]
async fn thr4_the_removed_hear_nothing_of_a_thread() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let conv = house.group(&mut a, "tea", &[&bob]).await;
    let root = b.ack(house.text(conv, "root")).await.seq;
    a.ack(reply(&house, conv, root, "before")).await;
    assert!(told(&mut b).await[0].following);
    a.ack(house.remove(conv, &bob)).await;
    a.ack(reply(&house, conv, root, "canary-after")).await;
    assert_eq!(told(&mut b).await, [ThreadRow::unfollowed(conv, root)]);
    let ServerFrame::Thread(page) = b.ask(thread(conv, root)).await else {
        panic!("a page")
    };
    assert_eq!(page.items.len(), 1);
    assert!(!b.heard.iter().any(|text| text.contains("canary-after")));
}

/// PLK1 MEM7: a link's message is found by who may read it, by both doors; a stranger cannot tell whether the
/// conversation is there, nor who was away whether the message is.
#[tokio::test(start_paused = true)]
async fn plk1_a_message_is_found_by_who_may_read_it() {
    let front = Front::open(config());
    let house = &front.house;
    let [ann, bob, eve] = house.people(["ann", "bob", "eve"]).await;
    let (mut a, mut b, mut e) = (
        house.connect(&ann).await,
        house.connect(&bob).await,
        house.connect(&eve).await,
    );
    let conv = house.group(&mut a, "tea", &[&bob]).await;
    a.ack(house.text(conv, "first")).await;
    let there = a.ack(house.text(conv, "canary-there")).await;
    a.ack(house.remove(conv, &bob)).await;
    let missed = a.ack(house.text(conv, "canary-missed")).await;
    for line in [&mut a, &mut b] {
        let ServerFrame::Entries(page) = line.ask(find(conv, there.message_id)).await else {
            panic!("a page")
        };
        assert_eq!((page.items.len(), page.items[0].seq), (1, there.seq));
    }
    let nowhere = ConversationId::from_random(house.unique());
    assert_eq!(
        e.ask(find(conv, there.message_id)).await,
        e.ask(find(nowhere, there.message_id)).await
    );
    let unknown = MessageId::from_bytes([7; 16]);
    let not_theirs = b.ask(find(conv, missed.message_id)).await;
    assert_eq!(not_theirs, b.ask(find(conv, unknown)).await);
    for (who, id, status) in [
        (&ann, missed.message_id, 200),
        (&bob, there.message_id, 200),
        (&bob, missed.message_id, 422),
        (&eve, there.message_id, 404),
    ] {
        let token = who.token.to_text();
        let call = Call {
            token: Some(&token),
            body: find(conv, id).encode(None),
            ..Call::default()
        };
        let heard = front.call("POST", "/v1/find", call).await;
        assert_eq!(heard.status, status, "{}", heard.text);
    }
    b.ask(ClientFrame::Get(Get::after(conv, Seq::ZERO))).await;
    assert!(
        !b.heard
            .iter()
            .chain(&e.heard)
            .any(|text| text.contains("canary-missed"))
    );
}
