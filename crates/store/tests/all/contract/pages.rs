//! Pages of a log: what they speak of, where they end, what is left out of them.

use crate::scene::{Scene, seqs};
use protocol::client_frame::Place;
use protocol::limits::{BODY_BYTES_MAX, PAGE_BYTES_MAX, PAGE_ENTRIES_MAX};
use protocol::{ConversationId, Seq, UserId};
use store::{Append, Page};

/// Bob may read 1..=4 and 7..=10 of a log that ends at 12; Ann reads it all.
fn two_spans(scene: &mut Scene) -> (UserId, UserId, ConversationId) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    scene.say(conv, ann, "two");
    scene.say(conv, ann, "three");
    scene.remove(conv, ann, bob);
    scene.say(conv, ann, "five");
    scene.say(conv, ann, "six");
    scene.add(conv, ann, &[bob]);
    scene.say(conv, ann, "eight");
    scene.say(conv, ann, "nine");
    scene.leave(conv, bob);
    scene.say(conv, ann, "eleven");
    scene.say(conv, ann, "twelve");
    (ann, bob, conv)
}

/// What a page says of itself: from, to, more, and the seqs it holds.
type Said = (u64, u64, bool, Vec<u64>);

fn said(page: &Page) -> Said {
    (page.from.0, page.to.0, page.more, seqs(&page.entries))
}

/// MEM1: pages at every edge of two spans: all that lies between `from` and `to` and is readable is there, and nothing
/// else.
pub fn mem1_pages_over_two_spans(scene: &mut Scene) {
    let (_, bob, conv) = two_spans(scene);
    let (after, before, around) = (
        |s| Place::After(Seq(s)),
        |s| Place::Before(Seq(s)),
        |s| Place::Around(Seq(s)),
    );
    let range = |from, to| Place::Range(Seq(from), Seq(to), None);
    let all = vec![1, 2, 3, 4, 7, 8, 9, 10];
    let table: Vec<(Place, usize, Said)> = vec![
        (after(0), 200, (1, 10, false, all.clone())),
        (after(0), 4, (1, 4, true, vec![1, 2, 3, 4])),
        (after(0), 5, (1, 7, true, vec![1, 2, 3, 4, 7])),
        (after(4), 2, (5, 8, true, vec![7, 8])),
        (after(5), 4, (6, 10, false, vec![7, 8, 9, 10])),
        (after(9), 1, (10, 10, false, vec![10])),
        (after(10), 5, (11, 10, false, vec![])),
        (after(12), 5, (13, 12, false, vec![])),
        (before(11), 200, (1, 10, false, all.clone())),
        (before(u64::MAX), 3, (8, 10, true, vec![8, 9, 10])),
        (before(13), 4, (7, 10, true, vec![7, 8, 9, 10])),
        (before(8), 2, (4, 7, true, vec![4, 7])),
        (before(7), 2, (3, 6, true, vec![3, 4])),
        (before(5), 4, (1, 4, false, vec![1, 2, 3, 4])),
        (before(1), 5, (1, 0, false, vec![])),
        (before(0), 5, (1, 0, false, vec![])),
        (around(4), 4, (3, 8, true, vec![3, 4, 7, 8])),
        (around(6), 4, (3, 8, true, vec![3, 4, 7, 8])),
        (around(6), 3, (3, 7, true, vec![3, 4, 7])),
        (around(1), 4, (1, 4, true, vec![1, 2, 3, 4])),
        (around(1), 100, (1, 10, false, all.clone())),
        (around(9), 4, (8, 10, true, vec![8, 9, 10])),
        (around(9), 1, (9, 9, true, vec![9])),
        (around(10), 4, (9, 10, true, vec![9, 10])),
        (around(12), 4, (9, 10, true, vec![9, 10])),
        (around(0), 3, (1, 3, true, vec![1, 2, 3])),
        (range(3, 8), 200, (3, 8, false, vec![3, 4, 7, 8])),
        (range(3, 8), 3, (3, 7, true, vec![3, 4, 7])),
        (range(3, 8), 4, (3, 8, false, vec![3, 4, 7, 8])),
        (range(5, 6), 200, (5, 6, false, vec![])),
        (range(0, 2), 200, (1, 2, false, vec![1, 2])),
        (range(9, 99), 200, (9, 10, false, vec![9, 10])),
        (range(11, 12), 200, (11, 10, false, vec![])),
        (after(0), 0, (1, 1, true, vec![1])),
    ];
    for (place, limit, expected) in table {
        let page = scene.page(bob, conv, place, limit);
        assert_eq!(said(&page), expected, "{place:?}, at most {limit}");
        assert_eq!((page.head.seq, page.head.ord.0, page.floor_seq), (Seq(10), 6, Seq(1)));
    }
    let unchanged = Place::Range(Seq(1), Seq(10), Some(Seq(0)));
    assert_eq!(
        said(&scene.page(bob, conv, unchanged, 200)),
        (1, 10, false, vec![]),
        "nothing was ever changed"
    );
}

/// ORD1: walking up or down by pages of any size gives the whole log, each entry once.
pub fn ord1_pages_lead_through_a_log_in_both_directions(scene: &mut Scene) {
    let (ann, bob, conv) = two_spans(scene);
    for reader in [ann, bob] {
        let all = seqs(&scene.readable(reader, conv));
        for limit in 1..8 {
            let (mut up, mut after) = (Vec::new(), Seq::ZERO);
            loop {
                let page = scene.page(reader, conv, Place::After(after), limit);
                assert_eq!(page.from, after.next(), "the ranges of the pages touch");
                up.extend(seqs(&page.entries));
                after = page.to;
                if !page.more {
                    break;
                }
            }
            assert_eq!(up, all);
            let (mut down, mut before) = (Vec::new(), Seq(99));
            loop {
                let page = scene.page(reader, conv, Place::Before(before), limit);
                down.splice(0..0, seqs(&page.entries));
                before = page.from;
                if !page.more {
                    break;
                }
            }
            assert_eq!((down, before), (all.clone(), Seq(1)));
        }
    }
}

/// BND1: a page ends at so many entries or so many bytes of bodies, says that there is more, and always gets on.
pub fn bnd1_a_page_is_bounded_by_entries_and_bytes(scene: &mut Scene) {
    let [ann] = scene.persons();
    let small = scene.group(&[ann]);
    for _ in 0..PAGE_ENTRIES_MAX + 10 {
        scene.say(small, ann, "x");
    }
    for place in [
        Place::After(Seq::ZERO),
        Place::Before(Seq(999)),
        Place::Around(Seq(100)),
    ] {
        let page = scene.page(ann, small, place, usize::MAX);
        assert_eq!((page.entries.len(), page.more), (PAGE_ENTRIES_MAX, true), "{place:?}");
    }

    let large = scene.group(&[ann]);
    let long = "x".repeat(BODY_BYTES_MAX - 11);
    for _ in 0..20 {
        let entry = scene.say(large, ann, &long);
        assert_eq!(entry.body.len(), BODY_BYTES_MAX);
    }
    let fit = PAGE_BYTES_MAX / BODY_BYTES_MAX;
    let bytes = |page: &Page| page.entries.iter().map(|entry| entry.body.len()).sum::<usize>();
    for place in [
        Place::After(Seq(1)),
        Place::Before(Seq(22)),
        Place::Around(Seq(10)),
        Place::Range(Seq(2), Seq(21), None),
    ] {
        let page = scene.page(ann, large, place, 200);
        assert!(bytes(&page) <= PAGE_BYTES_MAX, "{place:?}: {} bytes", bytes(&page));
        assert_eq!((page.entries.len(), page.more), (fit, true), "{place:?}");
    }

    // A body that is larger than a page by itself, should one ever have got in, still gets through.
    let huge = scene.group(&[ann]);
    let text = scene.text(huge, ann, &"x".repeat(PAGE_BYTES_MAX));
    scene.append(Append { ..text });
    scene.say(huge, ann, "behind it");
    assert_eq!(
        said(&scene.page(ann, huge, Place::After(Seq(1)), 200)),
        (2, 2, true, vec![2])
    );
    assert_eq!(
        said(&scene.page(ann, huge, Place::Before(Seq(3)), 200)),
        (2, 2, true, vec![2])
    );
    assert_eq!(
        said(&scene.page(ann, huge, Place::Around(Seq(2)), 200)),
        (2, 2, true, vec![2])
    );
}

/// MEM1: a page says where the log ends in the same snapshot, and heads say the same.
pub fn mem1_a_page_and_heads_agree_on_the_end(scene: &mut Scene) {
    let (ann, bob, conv) = two_spans(scene);
    let [eve] = scene.persons();
    let other = scene.group(&[bob, ann]);
    let strange = scene.group(&[eve]);
    for (reader, end) in [(ann, 12), (bob, 10)] {
        let page = scene.page(reader, conv, Place::After(Seq(3)), 1);
        let heads = crate::scene::done(scene.store.heads(reader, vec![strange, conv, other]));
        assert_eq!((page.head, page.head.seq), (heads[0], Seq(end)));
        assert_eq!(heads.iter().map(|head| head.conv).collect::<Vec<_>>(), [conv, other]);
    }
}
