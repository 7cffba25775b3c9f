//! `get`: pages of a log, over the wire.

use crate::frames::get;
use crate::harness::{House, Line};
use protocol::client_frame::Get;
use protocol::refusal::Code;
use protocol::server_frame::{Entries, ServerFrame};
use protocol::{ClientFrame, ConversationId, Seq, limits};

async fn page(line: &mut Line, get: Get) -> Entries {
    match line.ask(ClientFrame::Get(get)).await {
        ServerFrame::Entries(entries) => entries,
        other => panic!("no entries: {other:?}"),
    }
}

fn seqs(page: &Entries) -> Vec<u64> {
    page.items.iter().map(|entry| entry.seq.0).collect()
}

/// A 1:1 with this many entries.
async fn long_talk(house: &House, entries: u64) -> (Line, ConversationId) {
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let mut a = house.connect(&ann).await;
    let conv = house.direct(&mut a, &bob).await;
    for number in 2..=entries {
        a.ack(house.text(conv, &format!("{number}"))).await;
    }
    (a, conv)
}

/// BND1 MEM1: `after`, `before`, `around` and `range` answer the entries they name, say what they speak of and whether
/// there is more, and keep to the limit.
#[tokio::test(start_paused = true)]
async fn bnd1_a_page_is_what_was_asked_for() {
    let house = House::start();
    let (mut a, conv) = long_talk(&house, 30).await;
    let ask = |limit| Get {
        limit: Some(limit),
        ..get(conv)
    };
    let after = page(
        &mut a,
        Get {
            after: Some(Seq(10)),
            ..ask(5)
        },
    )
    .await;
    assert_eq!(
        (seqs(&after), after.from, after.to),
        ((11..=15).collect(), Seq(11), Seq(15))
    );
    assert!(after.more && after.head_seq == Seq(30) && after.floor_seq == Seq(1) && after.head_ord.0 == 29);
    let before = page(
        &mut a,
        Get {
            before: Some(Seq(10)),
            ..ask(5)
        },
    )
    .await;
    assert_eq!(
        (seqs(&before), before.from, before.to, before.more),
        ((5..=9).collect(), Seq(5), Seq(9), true)
    );
    let first = page(
        &mut a,
        Get {
            before: Some(Seq(4)),
            ..ask(5)
        },
    )
    .await;
    assert_eq!(
        (seqs(&first), first.from, first.more),
        ((1..=3).collect(), Seq(1), false)
    );
    let around = page(
        &mut a,
        Get {
            around: Some(Seq(10)),
            ..ask(6)
        },
    )
    .await;
    assert_eq!((seqs(&around), around.more), ((8..=13).collect(), true));
    let range = page(
        &mut a,
        Get {
            range: Some((Seq(4), Seq(6))),
            ..get(conv)
        },
    )
    .await;
    assert_eq!((seqs(&range), range.from, range.to), (vec![4, 5, 6], Seq(4), Seq(6)));
}

/// BND1: with `since_rev` a page leaves out what has not changed, and speaks of it all the same; beyond the end it
/// speaks of nothing, also at the last place there can be.
#[tokio::test(start_paused = true)]
async fn bnd1_a_page_says_what_it_speaks_of() {
    let house = House::start();
    let (mut a, conv) = long_talk(&house, 30).await;
    let unchanged = Get {
        range: Some((Seq(4), Seq(6))),
        since_rev: Some(Seq(1)),
        ..get(conv)
    };
    let unchanged = page(&mut a, unchanged).await;
    assert_eq!(
        (seqs(&unchanged), unchanged.from, unchanged.to),
        (vec![], Seq(4), Seq(6))
    );
    // Beyond the end a page speaks of nothing.
    let beyond = page(
        &mut a,
        Get {
            after: Some(Seq(30)),
            ..get(conv)
        },
    )
    .await;
    assert!(beyond.items.is_empty() && beyond.to < beyond.from && !beyond.more);
    let far = page(
        &mut a,
        Get {
            after: Some(Seq(protocol::position::POSITION_MAX)),
            ..get(conv)
        },
    )
    .await;
    assert!(far.items.is_empty() && far.to < far.from && far.head_seq == Seq(30));
}

/// BND1: a limit of none is one, and one above the largest is the largest; large bodies end a page early, and asking
/// again from where it ended brings everything once.
#[tokio::test(start_paused = true)]
async fn bnd1_a_page_is_bounded_in_entries_and_in_bytes() {
    let house = House::start();
    let (mut a, conv) = long_talk(&house, 230).await;
    let one = page(
        &mut a,
        Get {
            after: Some(Seq(0)),
            limit: Some(0),
            ..get(conv)
        },
    )
    .await;
    assert_eq!(seqs(&one), [1]);
    let most = page(
        &mut a,
        Get {
            after: Some(Seq(0)),
            limit: Some(u32::MAX),
            ..get(conv)
        },
    )
    .await;
    assert_eq!((most.items.len(), most.more), (limits::PAGE_ENTRIES_MAX, true));

    let large = "x".repeat(limits::TEXT_BYTES_MAX);
    for _ in 0..70 {
        a.ack(house.text(conv, &large)).await;
    }
    let (mut after, mut all, mut pages) = (Seq(230), Vec::new(), 0);
    loop {
        let next = page(
            &mut a,
            Get {
                after: Some(after),
                ..get(conv)
            },
        )
        .await;
        let bytes: usize = next.items.iter().map(|entry| entry.body.get().len()).sum();
        assert!(bytes <= limits::PAGE_BYTES_MAX, "{bytes}");
        all.extend(seqs(&next));
        (after, pages) = (next.to, pages + 1);
        if !next.more {
            break;
        }
    }
    assert_eq!((all, pages), ((231..=300).collect::<Vec<u64>>(), 3));
    let longest = a.heard.iter().map(String::len).max();
    assert!(longest.is_some_and(|bytes| bytes <= limits::SERVER_FRAME_BYTES_MAX));
}

/// SEC2: a `get` that names no place, two, a range backwards, or `since_rev` without a range is a bad request; a place
/// that is no number below 2^53 is malformed.
#[tokio::test(start_paused = true)]
async fn sec2_a_get_names_exactly_one_place() {
    let house = House::start();
    let (mut a, conv) = long_talk(&house, 3).await;
    for bad in [
        get(conv),
        Get {
            after: Some(Seq(1)),
            before: Some(Seq(3)),
            ..get(conv)
        },
        Get {
            around: Some(Seq(1)),
            range: Some((Seq(1), Seq(2))),
            ..get(conv)
        },
        Get {
            range: Some((Seq(3), Seq(1))),
            ..get(conv)
        },
        Get {
            after: Some(Seq(1)),
            since_rev: Some(Seq(1)),
            ..get(conv)
        },
        Get {
            since_rev: Some(Seq(1)),
            ..get(conv)
        },
    ] {
        assert_eq!(a.refused(ClientFrame::Get(bad)).await.known(), Some(Code::BadRequest));
    }
    for place in ["9007199254740992", "18446744073709551615", "-1", "1.5", "\"1\""] {
        a.say_text(format!(r#"{{"t":"get","id":900,"conv":"{conv}","after":{place}}}"#))
            .await;
        let answer = a.answer(protocol::frame::RequestId(900)).await;
        assert!(
            matches!(answer, ServerFrame::Refuse(no) if no.known() == Some(Code::Malformed)),
            "{place}"
        );
    }
}
