//! `send`: what is acknowledged stands in the log, once, in order, and reaches everybody who may read it.

use crate::harness::{House, text_as};
use protocol::refusal::Code;
use protocol::server_frame::ServerFrame;
use protocol::{ConversationId, Seq};

/// ORD5: two people talk; each hears every entry once, in order of seq, the sender too.
#[tokio::test(start_paused = true)]
async fn ord5_everybody_hears_every_entry_once_and_in_order() {
    let house = House::start();
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let conv = house.direct(&mut a, &bob).await;
    for round in 0..20 {
        let line = if round % 2 == 0 { &mut a } else { &mut b };
        line.ack(house.text(conv, &format!("{round}"))).await;
    }
    for line in [&mut a, &mut b] {
        for seq in 1..=21 {
            let live = line.entry().await;
            assert_eq!((live.conv, live.entry.seq), (conv, Seq(seq)));
        }
        assert!(
            !line
                .everything(100)
                .await
                .iter()
                .any(|frame| matches!(frame, ServerFrame::Entry(_)))
        );
    }
}

/// ORD6: fifty sends under way at once stand in the log in the order in which they were sent.
#[tokio::test(start_paused = true)]
async fn ord6_sends_under_way_together_keep_their_order() {
    let house = House::start();
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let mut a = house.connect(&ann).await;
    let conv = house.direct(&mut a, &bob).await;
    let mut numbers = Vec::new();
    for number in 0..50 {
        numbers.push(a.say_numbered(&house.text(conv, &format!("{number}"))).await);
    }
    for (number, id) in (0_u64..).zip(numbers) {
        let ServerFrame::Ack(ack) = a.answer(id).await else {
            panic!("no ack")
        };
        assert_eq!(ack.seq, Seq(number + 2));
    }
}

/// IDM1 IDM2: a retry on another connection gets the first answer; another body under its name is refused.
#[tokio::test(start_paused = true)]
async fn idm1_a_retry_gets_the_first_answer() {
    let house = House::start();
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let mut a = house.connect(&ann).await;
    let conv = house.direct(&mut a, &bob).await;
    let send_id = house.send_id();
    let first = a.ack(text_as(conv, send_id, "once")).await;
    drop(a);
    let mut again = house.connect(&ann).await;
    let second = again.ack(text_as(conv, send_id, "once")).await;
    assert!(second.dup && !first.dup);
    assert_eq!((first.seq, first.message_id), (second.seq, second.message_id));
    let refusal = again.refused(text_as(conv, send_id, "twice")).await;
    assert_eq!(refusal.known(), Some(Code::SendIdReused));
    assert_eq!(again.log(conv, Seq::ZERO).await.items.len(), 2);
}

/// MEM7: a stranger cannot tell a conversation from none.
#[tokio::test(start_paused = true)]
async fn mem7_a_stranger_gets_the_same_no_as_for_nothing() {
    let house = House::start();
    let (ann, bob, eve) = (
        house.person("ann").await,
        house.person("bob").await,
        house.person("eve").await,
    );
    let mut a = house.connect(&ann).await;
    let conv = house.direct(&mut a, &bob).await;
    let mut e = house.connect(&eve).await;
    let real = e.refused(house.text(conv, "hi")).await;
    let none = e
        .refused(house.text(ConversationId::from_random(house.unique()), "hi"))
        .await;
    assert_eq!(real, none);
    assert_eq!(real.known(), Some(Code::NotFound));
}
