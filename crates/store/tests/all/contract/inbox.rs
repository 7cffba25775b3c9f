//! From a log to its members' inboxes: nothing forgotten, nothing going back, and unread counts that are exact.

use crate::scene::{Chance, Scene, done, refused, still, unread_of};
use protocol::limits::INBOX_ROWS_MAX;
use protocol::{ConversationId, Ordinal, Seq, UserId, Ver};
use std::collections::BTreeMap;
use store::{
    Append, BUMP_ROWS_MAX, CursorMove, Error, InboxRecord, MENTIONS_TOLD_MAX, MemberChange, Mentions, PeerCursor,
    Refused, Store, Topic,
};

/// Unread messages by walking the log: what an inbox row has to come to.
fn walked(scene: &Scene, conv: ConversationId, user: UserId) -> u64 {
    let cursor = scene.move_one(still(conv, user)).expect("was a member").mine;
    let readable = scene.readable(user, conv);
    readable
        .iter()
        .filter(|entry| entry.kind.counts() && entry.thread.is_none() && entry.seq > cursor)
        .count() as u64
}

/// Who is dirty now.
fn dirty(scene: &Scene) -> Vec<ConversationId> {
    done(scene.store.dirty(100))
        .into_iter()
        .map(|dirty| dirty.conv)
        .collect()
}

/// UNR1: once fan-out has settled, unread by an inbox row equals a walk over the log, for everybody who is or was a
/// member, after random scripts of sending, reading, marking unread, leaving and coming back.
pub fn unr1_unread_equals_a_walk_over_the_log(scene: &mut Scene) {
    for seed in 0..12 {
        let mut chance = Chance::new(seed);
        let people: [UserId; 4] = scene.persons();
        let conv = scene.group(&people);
        for _ in 0..60 {
            let who = people[chance.below(4)];
            step(scene, &mut chance, conv, who, &people);
            if chance.below(6) == 0 {
                scene.fan_out();
            }
        }
        scene.fan_out();
        for who in people {
            let row = scene.row(who, conv);
            assert_eq!(unread_of(&row), walked(scene, conv, who), "seed {seed}, {who}: {row:?}");
        }
    }
}

/// One random thing that somebody does; what is refused changes nothing.
fn step(scene: &mut Scene, chance: &mut Chance, conv: ConversationId, who: UserId, people: &[UserId]) {
    let head = scene.log(conv).len();
    let some_seq = Seq(chance.below(head + 1) as u64);
    match chance.below(10) {
        0..4 => {
            let text = scene.text(conv, who, "x");
            let read = (chance.below(2) == 0).then_some(some_seq);
            let _ = crate::scene::wait(scene.store.append(Append { read, ..text }));
        }
        4 => {
            let poll = scene.text(conv, who, "x");
            let kind = protocol::Kind::of("poll");
            let _ = crate::scene::wait(scene.store.append(Append { kind, ..poll }));
        }
        5 | 6 => {
            let _ = scene.move_one(CursorMove {
                read: Some(some_seq),
                ..still(conv, who)
            });
        }
        7 => {
            let generation = scene
                .move_one(still(conv, who))
                .map(|moved| moved.generation.next())
                .ok();
            let _ = scene.move_one(CursorMove {
                read: Some(some_seq),
                generation,
                ..still(conv, who)
            });
        }
        8 => {
            let leave = scene.change(conv, who, MemberChange::Leave);
            let _ = crate::scene::wait(scene.store.change_members(leave));
        }
        _ => {
            let add = scene.change(conv, who, MemberChange::Add(vec![people[chance.below(people.len())]]));
            let _ = crate::scene::wait(scene.store.change_members(add));
        }
    }
}

/// UNR2: an inbox row tells the unread entries that mention its owner and that they may read, the latest of them.
pub fn unr2_mentions_are_told_while_unread(scene: &mut Scene) {
    let [ann, bob, cid, eve] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let mention = |scene: &mut Scene, who: &[UserId]| {
        let text = scene.text(conv, ann, "you");
        scene
            .append(Append {
                mentions: Mentions::People(who.to_vec()),
                ..text
            })
            .entry
            .seq
    };
    let told = |scene: &Scene, who| {
        scene.fan_out();
        scene
            .row(who, conv)
            .mention_seqs
            .iter()
            .map(|seq| seq.0)
            .collect::<Vec<_>>()
    };
    mention(scene, &[bob, bob, cid, eve]);
    scene.say(conv, ann, "three");
    mention(scene, &[bob, ann]);
    assert_eq!((told(scene, bob), told(scene, ann)), (vec![2, 4], vec![4]));
    scene.add(conv, ann, &[cid]);
    mention(scene, &[cid]);
    assert_eq!(told(scene, cid), [6], "who is no member is passed over, and stays so");
    scene.reads(conv, bob, Seq(2));
    assert_eq!(told(scene, bob), [4]);
    scene.reads_under(conv, bob, Seq(1), 1);
    assert_eq!(told(scene, bob), [2, 4], "marked unread, it is told again");
    scene.reads(conv, bob, Seq(6));
    assert_eq!(told(scene, bob), [0; 0]);

    mention(scene, &[bob]);
    scene.remove(conv, ann, bob);
    mention(scene, &[bob]);
    assert_eq!(
        told(scene, bob),
        [7],
        "what was theirs stays told; they are mentioned no more"
    );
    scene.add(conv, ann, &[bob]);
    let first = mention(scene, &[bob]).0;
    for _ in 0..MENTIONS_TOLD_MAX {
        mention(scene, &[bob]);
    }
    let latest: Vec<u64> = (first + 1..=first + MENTIONS_TOLD_MAX as u64).collect();
    assert_eq!(told(scene, bob), latest, "the latest, in order");
}

/// CNV1: the fanout row appears with every entry and every cursor that moved, names what moved, and goes only if
/// nothing was written since it was read.
pub fn cnv1_a_fanout_row_goes_only_if_unmoved(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let conv = scene.group(&[ann, bob, cid]);
    let since_ms = scene.hands.now_ms();
    assert_eq!(dirty(scene), [conv], "with its beginning");
    scene.hands.pass_ms(10);
    let rows = done(scene.store.inbox_rows(conv));
    let mark = rows.mark.expect("dirty");
    assert_eq!(
        rows.rows.iter().map(|row| row.user).collect::<Vec<_>>(),
        [ann, bob, cid]
    );
    scene.say(conv, ann, "in between");
    done(scene.store.settle(conv, mark));
    let row = done(scene.store.dirty(10))[0];
    assert_eq!(
        (row.conv, row.since_ms),
        (conv, since_ms),
        "it moved: it stays, and waits since the first write"
    );
    assert_ne!(row.mark, mark, "a mark of its own");
    let again = done(scene.store.inbox_rows(conv));
    assert_eq!(again.mark, Some(row.mark));
    done(scene.store.settle(conv, row.mark + 1_000));
    assert_eq!(dirty(scene), [conv], "not by another mark");
    scene.fan_out();
    assert_eq!(done(scene.store.inbox_rows(conv)), store::InboxRows::default());
    done(scene.store.settle(conv, row.mark));

    // Cursors name those they concern.
    scene.reads(conv, bob, Seq(2));
    let rows = done(scene.store.inbox_rows(conv)).rows;
    assert_eq!(rows.iter().map(|row| row.user).collect::<Vec<_>>(), [bob]);
    scene.fan_out();
    scene.reads(conv, bob, Seq(2));
    assert_eq!(dirty(scene), [], "a cursor that did not move concerns nobody");
    let pair = scene.direct(ann, bob);
    scene.fan_out();
    scene.delivered(pair, bob, Seq(1));
    assert_eq!(
        done(scene.store.inbox_rows(pair)).rows.len(),
        2,
        "in a 1:1 the other one looks on"
    );
    scene.fan_out();
    let peer = scene.row(ann, pair).peer;
    assert_eq!(
        peer,
        Some(PeerCursor {
            user: bob,
            delivered: Seq(1),
            read: Seq(0)
        })
    );
}

/// CNV1: who was removed since the inboxes were settled hears of it, and after that of nothing but their own cursor.
pub fn cnv1_the_removed_hear_of_their_removal(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let conv = scene.group(&[ann, bob, cid]);
    scene.say(conv, bob, "two");
    scene.fan_out();
    scene.remove(conv, ann, cid);
    scene.say(conv, ann, "without cid");
    assert_eq!(done(scene.store.inbox_rows(conv)).rows.len(), 3);
    scene.fan_out();
    assert_eq!(scene.row(cid, conv).role, None);
    scene.say(conv, ann, "and more");
    assert_eq!(done(scene.store.inbox_rows(conv)).rows.len(), 2);
    scene.reads(conv, cid, Seq(3));
    assert_eq!(done(scene.store.inbox_rows(conv)).rows.len(), 3);
    scene.fan_out();
    assert_eq!(scene.row(cid, conv).read_seq, Seq(3));
}

/// CNV1: the conversation that waits longest comes first, however often it is written to.
pub fn cnv1_the_longest_waiting_comes_first(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let convs: Vec<ConversationId> = [5, 3, 9]
        .map(|ms| {
            scene.hands.pass_ms(ms);
            scene.group(&[ann, bob])
        })
        .into();
    scene.say(convs[0], ann, "again");
    assert_eq!(dirty(scene), convs);
    assert_eq!(done(scene.store.dirty(2)).len(), 2);
}

/// UNR3: who has the right mentions every member but themselves at once, by a text or by an edit that adds it; nobody
/// else may, nor anybody in a 1:1.
pub fn unr3_who_may_names_everybody(scene: &mut Scene) {
    let [ann, bob, cid, eve] = scene.persons();
    let conv = scene.group(&[ann, bob, cid]);
    let pair = scene.direct(ann, bob);
    let everybody = |text: Append| Append {
        mentions: Mentions::Everybody,
        ..text
    };
    let told = |scene: &Scene, who| {
        scene.fan_out();
        scene
            .row(who, conv)
            .mention_seqs
            .iter()
            .map(|seq| seq.0)
            .collect::<Vec<_>>()
    };
    let text = scene.text(conv, ann, "all of you");
    scene.append(everybody(text));
    scene.add(conv, ann, &[eve]);
    let of_all = [ann, bob, cid, eve].map(|who| told(scene, who));
    assert_eq!(
        of_all,
        [vec![], vec![2], vec![2], vec![]],
        "who is there, but for who writes"
    );
    let plain = scene.say(conv, ann, "and this?").seq;
    scene.reads(conv, bob, plain);
    let edit = store::Amendment::Edit {
        body: r#"{"text":"and this, all of you?"}"#.into(),
        mentions: Mentions::Everybody,
    };
    let amend = |scene: &mut Scene, actor: UserId, target: Seq, change: &store::Amendment| store::Amend {
        target_name: None,
        conv,
        actor,
        send_id: scene.send_id(),
        target,
        change: change.clone(),
    };
    let ask = amend(scene, ann, plain, &edit);
    let changed = done(scene.store.amend(ask)).entry.seq;
    assert_eq!(told(scene, bob), [changed.0], "who has read it is told by the edit");
    assert_eq!(told(scene, eve), [plain.0]);
    let text = scene.text(conv, bob, "may I?");
    assert_eq!(refused(scene.store.append(everybody(text))), Refused::Forbidden);
    let mine = scene.say(conv, bob, "mine").seq;
    let ask = amend(scene, bob, mine, &edit);
    assert_eq!(refused(scene.store.amend(ask)), Refused::Forbidden);
    let text = scene.text(pair, ann, "both of us");
    assert_eq!(refused(scene.store.append(everybody(text))), Refused::Forbidden);
}

/// CNV1: a bump that is repeated changes nothing, and one that comes late puts nothing back.
pub fn cnv1_late_and_repeated_bumps_put_nothing_back(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let pair = scene.direct(ann, bob);
    let mut readings: Vec<Vec<InboxRecord>> = Vec::new();
    let mut read_all = |scene: &mut Scene| {
        for conv in [conv, pair] {
            readings.push(done(scene.store.inbox_rows(conv)).rows);
        }
    };
    read_all(scene);
    let text = scene.text(conv, ann, "you");
    scene.append(Append {
        mentions: Mentions::People(vec![bob]),
        ..text
    });
    read_all(scene);
    let text = scene.text(pair, ann, "you");
    scene.append(Append {
        mentions: Mentions::People(vec![bob]),
        ..text
    });
    read_all(scene);
    scene.reads(conv, bob, Seq(2));
    scene.reads(pair, bob, Seq(1));
    read_all(scene);
    scene.reads_under(conv, bob, Seq(1), 1);
    scene.reads(pair, bob, Seq(2));
    read_all(scene);
    scene.reads(conv, bob, Seq(2));
    read_all(scene);
    scene.leave(conv, ann);
    read_all(scene);
    scene.add(conv, bob, &[ann, cid]);
    read_all(scene);
    scene.fan_out();

    let state = |scene: &Scene| [ann, bob, cid].map(|who| (scene.ver(who), scene.inbox(who)));
    let settled = state(scene);
    for seed in 0..20 {
        let mut chance = Chance::new(seed);
        let late = readings[chance.below(readings.len())].clone();
        assert_eq!(done(scene.store.bump(late.clone())), [], "seed {seed}: {late:?}");
    }
    assert_eq!(state(scene), settled);

    // In whatever order the readings come, they lead to the same.
    for seed in 0..8 {
        let mut chance = Chance::new(seed);
        let mut shuffled = readings.clone();
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, chance.below(at + 1));
        }
        let fresh = scene.another();
        for rows in shuffled {
            done(fresh.store.bump(rows));
        }
        for (who, (_, expected)) in [ann, bob, cid].into_iter().zip(&settled) {
            let mut rows: Vec<InboxRecord> = rows_of(&*fresh.store, who).into_iter().map(|(_, row)| row).collect();
            rows.sort_by_key(|row| row.conv);
            let mut expected = expected.clone();
            expected.sort_by_key(|row| row.conv);
            assert_eq!(rows, expected, "seed {seed}");
        }
    }
}

fn rows_of(store: &dyn Store, user: UserId) -> Vec<(Ver, InboxRecord)> {
    let rows = done(store.inbox(user, Ver::ZERO)).rows.into_iter();
    rows.filter_map(|(ver, topic)| match topic {
        Topic::Conversation(row) => Some((ver, *row)),
        _ => None,
    })
    .collect()
}

/// CNV2: each row that changes takes the next version of its user, one that does not takes none; `head_only` says that
/// nothing else changed.
pub fn cnv2_a_version_for_each_change_and_none_for_nothing(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    assert_eq!(scene.ver(ann), Ver(0));
    let [of_ann, of_bob] = scene.fan_out()[..] else {
        panic!("one each")
    };
    assert_eq!(
        (of_ann.user, of_ann.prev, of_ann.ver, of_ann.head_only),
        (ann, Ver(0), Ver(1), false)
    );
    assert_eq!(
        (of_bob.user, of_bob.ver, of_bob.conv, of_bob.head.seq),
        (bob, Ver(1), conv, Seq(1))
    );
    scene.hands.pass_ms(5);
    let text = scene.say(conv, ann, "two");
    let bumped = scene.fan_out();
    assert_eq!(bumped.len(), 2);
    for one in bumped {
        assert_eq!(
            (one.prev, one.ver, one.head_only),
            (Ver(1), Ver(2), true),
            "Ann's cursor did not move"
        );
        let head = one.head;
        assert_eq!(
            (head.conv, head.seq, head.ord, head.ms),
            (conv, Seq(2), Ordinal(1), text.created_ms)
        );
        assert_eq!(head.epoch, scene.store.epoch());
    }
    scene.reads(conv, bob, Seq(2));
    let [of_bob] = scene.fan_out()[..] else {
        panic!("Bob's alone")
    };
    assert_eq!((of_bob.user, of_bob.ver, of_bob.head_only), (bob, Ver(3), false));
    let text = scene.text(conv, ann, "three");
    scene.append(Append {
        mentions: Mentions::People(vec![bob]),
        ..text
    });
    let head_only: Vec<_> = scene.fan_out().iter().map(|one| (one.user, one.head_only)).collect();
    assert_eq!(head_only, [(ann, true), (bob, false)], "a mention is more than a head");
    scene.delivered(conv, bob, Seq(3));
    assert_eq!(
        scene.fan_out(),
        [],
        "nobody's inbox in a group tells what was delivered"
    );
}

/// CNV2: several rows of one user in one bump take one version after the other, one without news takes none.
pub fn cnv2_rows_of_one_bump_take_versions_in_turn(scene: &mut Scene) {
    let [ann] = scene.persons();
    let conv = scene.group(&[ann]);
    scene.fan_out();
    let others: Vec<ConversationId> = (0..3).map(|_| scene.group(&[ann])).collect();
    let mut rows: Vec<InboxRecord> = others
        .iter()
        .flat_map(|&conv| done(scene.store.inbox_rows(conv)).rows)
        .collect();
    rows.insert(1, scene.row(ann, conv));
    let before = scene.ver(ann);
    let bumped = done(scene.store.bump(rows));
    let vers: Vec<_> = bumped
        .iter()
        .map(|one| (one.prev.0 - before.0, one.ver.0 - before.0))
        .collect();
    assert_eq!(
        vers,
        [(0, 1), (1, 2), (2, 3)],
        "in the order of ver, one after the other"
    );
    assert_eq!(scene.ver(ann), Ver(before.0 + 3));
    let stored: BTreeMap<ConversationId, Ver> = rows_of(&*scene.store, ann)
        .iter()
        .map(|(ver, row)| (row.conv, *ver))
        .collect();
    assert!(
        bumped.iter().all(|one| stored[&one.conv] == one.ver),
        "the row bears the version that was told"
    );
}

/// CNV2: a later reading of the same is no change, but it holds off an earlier one.
pub fn cnv2_a_later_reading_of_the_same_is_no_change(scene: &mut Scene) {
    let [ann] = scene.persons();
    let conv = scene.group(&[ann]);
    scene.fan_out();
    let mut row = scene.row(ann, conv);
    row.as_of = Seq(row.as_of.0 + 5);
    assert_eq!(done(scene.store.bump(vec![row.clone()])), []);
    row.as_of = row.as_of.prev();
    row.title = Some("an old title".into());
    assert_eq!(done(scene.store.bump(vec![row])), []);
}

/// RES1: whoever applies the pages of an inbox misses nothing up to `to`, in work bounded by what changed: one row for
/// each topic, however often it changed.
pub fn res1_an_inbox_is_compact_and_complete(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let count = INBOX_ROWS_MAX + 50;
    let convs: Vec<ConversationId> = (0..count).map(|_| scene.group(&[ann])).collect();
    scene.fan_out();
    let mut held: BTreeMap<ConversationId, InboxRecord> = BTreeMap::new();
    let (mut at, mut pages) = (Ver::ZERO, 0);
    loop {
        let page = done(scene.store.inbox(ann, at));
        pages += 1;
        assert!(page.rows.len() <= INBOX_ROWS_MAX, "bounded");
        assert!(
            page.rows.windows(2).all(|pair| pair[0].0 < pair[1].0),
            "in order of ver"
        );
        assert!(page.rows.iter().all(|(ver, _)| *ver > at && *ver <= page.to));
        for (_, topic) in page.rows {
            let Topic::Conversation(row) = topic else {
                panic!("only conversations changed")
            };
            held.insert(row.conv, *row);
        }
        // In the middle of it some rows change: they come again under a new version.
        if pages == 1 {
            for &conv in &convs[..10] {
                scene.say(conv, ann, "meanwhile");
            }
            scene.fan_out();
        }
        at = page.to;
        if !page.more {
            break;
        }
    }
    assert_eq!((pages, at, held.len()), (2, scene.ver(ann), count));
    for &conv in &convs {
        assert_eq!(held[&conv], scene.row(ann, conv));
    }

    for n in 0..20 {
        scene.say(convs[n % 2], ann, "again");
        scene.fan_out();
    }
    let page = done(scene.store.inbox(ann, at));
    assert_eq!(
        (page.rows.len(), page.to, page.more),
        (2, Ver(at.0 + 20), false),
        "compacted"
    );
    let nothing = done(scene.store.inbox(ann, page.to));
    assert_eq!((nothing.rows.len(), nothing.to, nothing.more), (0, page.to, false));
    let nothing = done(scene.store.inbox(bob, Ver::ZERO));
    assert_eq!((nothing.rows.len(), nothing.to, nothing.more), (0, Ver::ZERO, false));
    let stranger = scene.user_id();
    assert_eq!(
        done(scene.store.vers(vec![stranger, ann, bob])),
        [Ver::ZERO, page.to, Ver::ZERO]
    );
}

/// BND1: one bump holds so many rows, and one more is no bump at all.
pub fn bnd1_a_bump_is_bounded(scene: &mut Scene) {
    let [ann] = scene.persons();
    let conv = scene.group(&[ann]);
    let row = done(scene.store.inbox_rows(conv)).rows.remove(0);
    let rows = |count: usize| {
        (0..count as u128)
            .map(|n| InboxRecord {
                conv: ConversationId::from_bytes(n.to_be_bytes()),
                ..row.clone()
            })
            .collect()
    };
    let too_many = crate::scene::wait(scene.store.bump(rows(BUMP_ROWS_MAX + 1)));
    assert!(matches!(too_many, Err(Error::Fault(_))), "{too_many:?}");
    assert_eq!(scene.ver(ann), Ver::ZERO);
    assert_eq!(done(scene.store.bump(rows(BUMP_ROWS_MAX))).len(), BUMP_ROWS_MAX);
    assert_eq!(done(scene.store.bump(Vec::new())), []);
}
