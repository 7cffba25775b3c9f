//! Everything at once: people who write and read, several fan-outs that meet, and devices that follow their inbox.

use crate::scene::{Chance, Scene, done, still, unread_of, wait};
use protocol::{ConversationId, SendId, Seq, UserId, Ver};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::{Append, BUMP_ROWS_MAX, Bumped, CursorMove, InboxRecord, Store, Topic};

const WRITERS: usize = 2;
const STEPS: u64 = 150;

/// What each device of these tests knows of its inbox.
type Held = BTreeMap<ConversationId, InboxRecord>;

/// CNV1, CNV2, RES1, UNR1: while people write and read, two fan-outs meet and each device follows its inbox, nothing is
/// forgotten: once nothing is dirty, every inbox is what its logs say, every version was taken once, and every device
/// that applied page after page holds the whole.
pub fn cnv1_nothing_is_forgotten_in_a_race(scene: &mut Scene) {
    let people: [UserId; 3] = scene.persons();
    let convs = [
        scene.group(&people),
        scene.group(&people),
        scene.direct(people[0], people[1]),
    ];
    let template = scene.text(convs[0], people[0], "x");
    let store = &*scene.store;
    let writing = &AtomicUsize::new(WRITERS);
    let (bumped, held) = std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let template = template.clone();
            scope.spawn(move || {
                for step in 0..STEPS {
                    act(store, &template, &convs, &people, (writer as u64) << 32 | step);
                }
                writing.fetch_sub(1, Ordering::SeqCst);
            });
        }
        let fan_outs: Vec<_> = (0..2)
            .map(|_| scope.spawn(move || fan_out_while(store, writing)))
            .collect();
        let devices: Vec<_> = people
            .map(|user| scope.spawn(move || follow_while(store, writing, user)))
            .into();
        let bumped: Vec<Bumped> = fan_outs
            .into_iter()
            .flat_map(|thread| thread.join().expect("no panic"))
            .collect();
        let held: Vec<(Ver, Held)> = devices
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect();
        (bumped, held)
    });
    // One who came last may have left the rest to one who had already looked.
    let rest = scene.fan_out();
    for (user, (at, mut held)) in people.into_iter().zip(held) {
        let mut vers: Vec<u64> = bumped
            .iter()
            .chain(&rest)
            .filter(|one| one.user == user)
            .map(|one| one.ver.0)
            .collect();
        vers.sort_unstable();
        assert_eq!(
            vers,
            (1..=scene.ver(user).0).collect::<Vec<_>>(),
            "every version was taken, and once"
        );
        apply(store, user, at, &mut held);
        for conv in convs.into_iter().filter(|&conv| !scene.spans(conv, user).is_empty()) {
            let row = scene.row(user, conv);
            let cursor = scene.move_one(still(conv, user)).expect("a member");
            assert_eq!(
                (row.head_seq, row.read_seq),
                (Seq(scene.log(conv).len() as u64), cursor.mine)
            );
            let readable = scene.readable(user, conv);
            let unread = readable
                .iter()
                .filter(|entry| entry.kind.counts() && entry.thread.is_none() && entry.seq > cursor.mine)
                .count();
            assert_eq!(unread_of(&row), unread as u64);
            assert_eq!(held[&conv], row, "a device that followed page by page missed nothing");
        }
    }
}

/// One thing that somebody does, by chance.
fn act(store: &dyn Store, template: &Append, convs: &[ConversationId], people: &[UserId], seed: u64) {
    let mut chance = Chance::new(seed);
    let (conv, who) = (chance.one_of(convs), chance.one_of(people));
    let head = wait(store.tail(conv, None, 0)).expect("it is there").head_seq;
    if chance.below(2) == 0 {
        let name = SendId::from_bytes((u128::from(seed) | 1 << 100).to_be_bytes());
        let mentions = vec![chance.one_of(people)];
        // In the 1:1 one of them is a stranger, and is refused.
        let append = Append {
            conv,
            sender: who,
            send_id: name,
            mentions: store::Mentions::People(mentions),
            ..template.clone()
        };
        let _ = wait(store.append(append));
    } else {
        let read = Some(Seq(chance.below(head.0 as usize + 1) as u64));
        let _ = done(store.move_cursors(vec![CursorMove {
            read,
            ..still(conv, who)
        }]));
    }
}

/// Fans out until nobody writes any more and nothing is dirty.
fn fan_out_while(store: &dyn Store, writing: &AtomicUsize) -> Vec<Bumped> {
    let mut bumped = Vec::new();
    loop {
        let last = writing.load(Ordering::SeqCst) == 0;
        let dirty = done(store.dirty(10));
        if last && dirty.is_empty() {
            return bumped;
        }
        for dirty in dirty {
            let due = done(store.inbox_rows(dirty.conv));
            let Some(mark) = due.mark else { continue };
            for rows in due.rows.chunks(BUMP_ROWS_MAX) {
                bumped.extend(done(store.bump(rows.to_vec())));
            }
            done(store.settle(dirty.conv, mark));
        }
    }
}

/// Follows an inbox as a device does, from where it stands, while people write.
fn follow_while(store: &dyn Store, writing: &AtomicUsize, user: UserId) -> (Ver, Held) {
    let (mut at, mut held) = (Ver::ZERO, Held::new());
    while writing.load(Ordering::SeqCst) > 0 {
        at = apply(store, user, at, &mut held);
    }
    (at, held)
}

fn apply(store: &dyn Store, user: UserId, at: Ver, held: &mut Held) -> Ver {
    let page = done(store.inbox(user, at));
    for (_, topic) in page.rows {
        if let Topic::Conversation(row) = topic {
            held.insert(row.conv, *row);
        }
    }
    page.to
}
