//! Who may read and write: spans, roles, the bound on members.

use crate::scene::{EPOCH, Scene, done, refused, seqs};
use protocol::client_frame::Place;
use protocol::limits::GROUP_MEMBERS_MAX;
use protocol::server_frame::{ConversationKind, Role};
use protocol::{ConversationId, Kind, Seq, UserId, entry};
use std::collections::BTreeSet;
use store::{Append, CursorMove, Error, Member, MemberChange, Refused};

/// A group of Ann and Bob in which Bob was away between the entries 4 and 7: he may read 1..=4 and 7...
fn bob_was_away(scene: &mut Scene) -> (UserId, UserId, ConversationId) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    scene.say(conv, ann, "two");
    scene.say(conv, bob, "three");
    assert_eq!(scene.remove(conv, ann, bob).seq, Seq(4));
    scene.say(conv, ann, "five");
    scene.say(conv, ann, "six");
    assert_eq!(scene.add(conv, ann, &[bob]).seq, Seq(7));
    scene.say(conv, ann, "eight");
    (ann, bob, conv)
}

/// MEM1: nothing outside one's spans, by page, heads, tail's spans, members, receipts or the inbox.
pub fn mem1_nothing_is_read_outside_spans(scene: &mut Scene) {
    let (ann, bob, conv) = bob_was_away(scene);
    let [eve, dan] = scene.persons();
    scene.add(conv, ann, &[dan]);
    assert_eq!(seqs(&scene.readable(ann, conv)), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(seqs(&scene.readable(bob, conv)), [1, 2, 3, 4, 7, 8, 9]);
    assert_eq!(seqs(&scene.readable(dan, conv)), [9], "a joiner reads nothing before");
    for seq in [5, 6] {
        for place in [
            Place::Around(Seq(seq)),
            Place::Range(Seq(seq), Seq(seq), None),
            Place::Before(Seq(seq + 1)),
            Place::After(Seq(seq - 1)),
        ] {
            let page = scene.page(bob, conv, place, 200);
            assert!(page.entries.iter().all(|entry| entry.seq != Seq(seq)), "{place:?}");
        }
        assert_eq!(
            refused(scene.store.receipts(bob, conv, Seq(seq))),
            Refused::BadReference
        );
    }
    assert_eq!(
        done(scene.store.receipts(bob, conv, Seq(8))).len(),
        1,
        "of Bob, not of Dan, who came later"
    );

    // To a stranger the conversation is not there.
    let nowhere = ConversationId::direct(eve, dan);
    for conv in [conv, nowhere] {
        let ask = |place| store::AskPage {
            reader: eve,
            conv,
            place,
            limit: 10,
        };
        assert_eq!(
            refused(scene.store.page(ask(Place::After(Seq::ZERO)))),
            Refused::NotFound
        );
        assert_eq!(refused(scene.store.members(eve, conv, None, 10)), Refused::NotFound);
        assert_eq!(refused(scene.store.receipts(eve, conv, Seq(1))), Refused::NotFound);
        let cursor = CursorMove {
            read: Some(Seq(1)),
            ..crate::scene::still(conv, eve)
        };
        assert_eq!(scene.move_one(cursor), Err(Refused::NotFound));
        let leave = scene.change(conv, eve, MemberChange::Leave);
        assert_eq!(refused(scene.store.change_members(leave)), Refused::NotFound);
    }
    assert_eq!(done(scene.store.heads(eve, vec![conv, nowhere])), []);
    assert_eq!(refused(scene.store.tail(nowhere, None, 0)), Refused::NotFound);
    scene.fan_out();
    assert_eq!(scene.inbox(eve), []);
    let rows: Vec<Seq> = [ann, bob, dan]
        .iter()
        .map(|&who| scene.row(who, conv).head_seq)
        .collect();
    assert_eq!(rows, [Seq(9); 3]);
}

/// MEM2: who was removed cannot write, add or go, and reads up to their removal, whatever comes after it.
pub fn mem2_the_removed_read_up_to_their_removal(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    scene.say(conv, bob, "two");
    let removed = scene.remove(conv, ann, bob);
    assert_eq!(
        (removed.kind.clone(), removed.sender, removed.ord.0),
        (Kind::Removed, ann, 1)
    );
    assert_eq!(
        serde_json::from_str::<entry::Removed>(&removed.body)
            .expect("its body")
            .user,
        bob
    );
    scene.say(conv, ann, "four");
    scene.fan_out();
    scene.say(conv, ann, "five");
    scene.fan_out();

    let text = scene.text(conv, bob, "still here?");
    assert_eq!(refused(scene.store.append(text)), Refused::NotAMember);
    for change in [
        MemberChange::Add(vec![cid]),
        MemberChange::Remove(ann),
        MemberChange::Leave,
    ] {
        let change = scene.change(conv, bob, change);
        assert_eq!(refused(scene.store.change_members(change)), Refused::NotAMember);
    }
    assert_eq!(refused(scene.store.members(bob, conv, None, 10)), Refused::NotAMember);
    assert_eq!(refused(scene.store.receipts(bob, conv, Seq(2))), Refused::NotAMember);
    let head = done(scene.store.heads(bob, vec![conv]))[0];
    assert_eq!(
        (head.conv, head.epoch, head.seq, head.ord.0, head.ms),
        (conv, EPOCH, Seq(3), 1, removed.created_ms)
    );
    assert_eq!(seqs(&scene.readable(bob, conv)), [1, 2, 3]);
    let page = scene.page(bob, conv, Place::After(Seq(1)), 200);
    assert_eq!(
        (page.from, page.to, page.more, page.head),
        (Seq(2), Seq(3), false, head)
    );
    let row = scene.row(bob, conv);
    assert_eq!((row.role, row.head_seq, row.head_ord.0), (None, Seq(3), 1));
    assert_eq!(row.spans, scene.spans(conv, bob));

    assert_eq!(
        scene.reads(conv, bob, Seq(3)).mine,
        Seq(3),
        "they may still read what is theirs"
    );
    let beyond = CursorMove {
        read: Some(Seq(4)),
        ..crate::scene::still(conv, bob)
    };
    assert_eq!(scene.move_one(beyond), Err(Refused::BeyondHead));
}

/// MEM3: who comes back has two spans, and nothing of what was between them.
pub fn mem3_who_comes_back_has_two_spans(scene: &mut Scene) {
    let (ann, bob, conv) = bob_was_away(scene);
    let spans = scene.spans(conv, bob);
    let ends: Vec<_> = spans
        .iter()
        .map(|s| (s.from_seq.0, s.from_ord.0, s.to_seq.map(|s| s.0), s.to_ord.map(|o| o.0)))
        .collect();
    assert_eq!(ends, [(1, 0, Some(4), Some(2)), (7, 4, None, None)]);
    scene.fan_out();
    let row = scene.row(bob, conv);
    assert_eq!((row.spans.clone(), row.role), (spans, Some(Role::Member)));
    assert_eq!(
        (row.read_seq, row.read_ord.0, crate::scene::unread_of(&row)),
        (Seq(6), 4, 1),
        "only eight is unread"
    );
    let member = done(scene.store.members(ann, conv, Some(ann), 10)).members[0];
    let expected = Member {
        user: bob,
        role: Role::Member,
        from_seq: Seq(7),
        delivered: Seq(6),
        read: Seq(6),
    };
    assert_eq!(member, expected);
    assert_eq!(scene.say(conv, bob, "back").seq, Seq(9));
    scene.leave(conv, bob);
    scene.say(conv, ann, "eleven");
    assert_eq!(seqs(&scene.readable(bob, conv)), [1, 2, 3, 4, 7, 8, 9, 10]);
    scene.add(conv, ann, &[bob]);
    assert_eq!(scene.spans(conv, bob).len(), 3);
}

/// MEM4: one person too many, and nobody is added or nothing begins; the last place is given.
pub fn mem4_one_member_too_many_is_refused_as_a_whole(scene: &mut Scene) {
    let people: Vec<UserId> = (0..=GROUP_MEMBERS_MAX).map(|_| scene.user_id()).collect();
    let create = scene.create_group(&people);
    assert_eq!(refused(scene.store.create(create.clone())), Refused::GroupFull);
    assert_eq!(
        refused(scene.store.tail(create.conv, None, 0)),
        Refused::NotFound,
        "nothing began"
    );

    let conv = scene.group(&people[..GROUP_MEMBERS_MAX - 1]);
    let [last, one_more] = [people[GROUP_MEMBERS_MAX - 1], people[GROUP_MEMBERS_MAX]];
    let add = scene.change(conv, people[0], MemberChange::Add(vec![last, one_more]));
    assert_eq!(refused(scene.store.change_members(add)), Refused::GroupFull);
    let count = |scene: &Scene| done(scene.store.members(people[0], conv, None, 1)).count;
    assert_eq!(
        (count(scene), scene.log(conv).len()),
        (GROUP_MEMBERS_MAX - 1, 1),
        "as a whole"
    );
    scene.add(conv, people[0], &[people[1], last]);
    assert_eq!(count(scene), GROUP_MEMBERS_MAX, "who is a member takes no second place");
    let add = scene.change(conv, people[0], MemberChange::Add(vec![one_more]));
    assert_eq!(refused(scene.store.change_members(add.clone())), Refused::GroupFull);
    scene.leave(conv, last);
    assert!(
        !done(scene.store.change_members(add)).dup,
        "a refusal is not remembered: there is room now"
    );

    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = done(scene.store.members(people[0], conv, after, 100));
        assert_eq!((page.count, page.members.len() <= 100), (GROUP_MEMBERS_MAX, true));
        seen.extend(page.members.iter().map(|member| member.user));
        after = seen.last().copied();
        if !page.more {
            break;
        }
    }
    let mut expected: BTreeSet<UserId> = people.iter().copied().collect();
    expected.remove(&last);
    assert_eq!(
        seen,
        expected.into_iter().collect::<Vec<_>>(),
        "in order of id, each once"
    );
}

/// MEM5: removing needs the higher role; adding needs none; the last owner who leaves is followed by who has been there
/// longest; a 1:1 keeps its two people.
pub fn mem5_roles_say_who_may_remove_whom(scene: &mut Scene) {
    let [ann, bob, cid, dan, eve] = scene.persons();
    let conv = scene.group(&[bob, dan]);
    scene.add(conv, dan, &[cid]);
    scene.add(conv, cid, &[ann]);
    for (actor, target, expected) in [
        (dan, cid, Refused::Forbidden),
        (dan, bob, Refused::Forbidden),
        (bob, bob, Refused::Forbidden),
        (bob, eve, Refused::UnknownPerson),
    ] {
        let change = scene.change(conv, actor, MemberChange::Remove(target));
        assert_eq!(refused(scene.store.change_members(change)), expected);
    }
    scene.remove(conv, bob, dan);
    let again = scene.change(conv, bob, MemberChange::Remove(dan));
    assert_eq!(
        refused(scene.store.change_members(again)),
        Refused::UnknownPerson,
        "no member any more"
    );
    scene.add(conv, ann, &[dan]);

    let heir = |entry: &store::Entry| {
        serde_json::from_str::<entry::Left>(&entry.body)
            .expect("its body")
            .owner
    };
    let left = scene.leave(conv, bob);
    assert_eq!(
        (left.sender, left.kind.clone(), heir(&left)),
        (bob, Kind::Left, Some(cid)),
        "Dan's stay is younger"
    );
    scene.fan_out();
    assert_eq!(scene.row(cid, conv).role, Some(Role::Owner));
    assert_eq!(heir(&scene.leave(conv, dan)), None, "an owner is left");
    scene.remove(conv, cid, ann);
    scene.add(conv, cid, &[ann, bob]);
    let roles: Vec<_> = done(scene.store.members(cid, conv, None, 10))
        .members
        .iter()
        .map(|m| (m.user, m.role))
        .collect();
    assert_eq!(
        roles,
        [(ann, Role::Member), (bob, Role::Member), (cid, Role::Owner)],
        "an owner of old is a member now"
    );
    assert_eq!(
        heir(&scene.leave(conv, cid)),
        Some(ann),
        "of two who came together the lower id"
    );
    scene.remove(conv, ann, bob);
    assert_eq!(heir(&scene.leave(conv, ann)), None, "nobody is left");

    let pair = scene.direct(ann, bob);
    for change in [
        MemberChange::Add(vec![cid]),
        MemberChange::Remove(bob),
        MemberChange::Leave,
    ] {
        let change = scene.change(pair, ann, change);
        assert_eq!(refused(scene.store.change_members(change)), Refused::NotAGroup);
    }
    assert_eq!(done(scene.store.members(ann, pair, None, 10)).members.len(), 2);
}

/// IDM1: adding names those who were added, passes over members, and with nobody left answers the latest entry.
pub fn idm1_adding_passes_over_members(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let add = scene.change(conv, ann, MemberChange::Add(vec![bob, cid]));
    let added = done(scene.store.change_members(add.clone()));
    let body: entry::Added = serde_json::from_str(&added.entry.body).expect("its body");
    assert_eq!((body.users, added.entry.ord.0, added.dup), (vec![cid], 0, false));
    let again = done(scene.store.change_members(add));
    assert_eq!(
        (again.entry, again.dup),
        (added.entry, true),
        "the repeat asks the same"
    );
    let latest = scene.say(conv, ann, "latest");
    let add = scene.change(conv, ann, MemberChange::Add(vec![bob, cid]));
    let nobody = done(scene.store.change_members(add.clone()));
    assert_eq!((&nobody.entry, nobody.dup), (&latest, true));
    scene.leave(conv, cid);
    let again = done(scene.store.change_members(add));
    assert_eq!(
        (again.entry, again.dup),
        (latest, true),
        "the first answer, for ever: Cid is not added now"
    );
    assert_eq!(scene.log(conv).len(), 4);
}

/// ORD1: the tail is one snapshot of head, entries above and everybody's spans, former members' too.
pub fn ord1_the_tail_is_the_logs_own_word(scene: &mut Scene) {
    let (ann, bob, conv) = bob_was_away(scene);
    scene.leave(conv, bob);
    let tail = done(scene.store.tail(conv, Some(Seq(6)), 2));
    assert_eq!((tail.epoch, tail.kind), (EPOCH, ConversationKind::Group));
    assert_eq!(
        (tail.head_seq, tail.head_ord.0, seqs(&tail.entries)),
        (Seq(9), 5, vec![7, 8])
    );
    assert_eq!(
        tail.spans
            .iter()
            .map(|(user, spans)| (*user, spans.len()))
            .collect::<Vec<_>>(),
        [(ann, 1), (bob, 2)]
    );
    assert_eq!(done(scene.store.tail(conv, None, 10)).entries, []);
    assert_eq!(done(scene.store.tail(conv, Some(Seq(9)), 10)).entries, []);
}

/// PRS1: people are acquainted who are members of one conversation now.
pub fn prs1_the_acquainted_share_a_conversation_now(scene: &mut Scene) {
    let [ann, bob, cid, eve] = scene.persons();
    let conv = scene.group(&[ann, bob, cid]);
    let pair = scene.direct(ann, eve);
    assert_ne!(conv, pair);
    let known = |scene: &Scene, viewer| done(scene.store.acquainted(viewer, vec![eve, cid, bob]));
    assert_eq!(known(scene, ann), [eve, cid, bob]);
    scene.leave(conv, cid);
    assert_eq!(known(scene, ann), [eve, bob]);
    assert_eq!(done(scene.store.acquainted(cid, vec![ann, bob, eve])), []);
    assert_eq!(done(scene.store.acquainted(eve, vec![ann, bob])), [ann]);
}

/// DUR4: a refusal of one call leaves its neighbours alone, though an engine commits them together.
pub fn dur4_a_refused_call_fails_alone(scene: &mut Scene) {
    let [ann, bob, eve] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let replies: Vec<_> = (0..30)
        .map(|n| {
            let sender = [ann, eve, bob][n % 3];
            let append = scene.text(conv, sender, "x");
            let append = Append {
                reply_to: (n % 5 == 4).then_some(Seq(999)),
                ..append
            };
            (n, scene.store.append(append))
        })
        .collect();
    let mut next = 2;
    for (n, reply) in replies {
        match crate::scene::wait(reply) {
            Ok(appended) => {
                assert_eq!(appended.entry.seq, Seq(next));
                next += 1;
            }
            Err(Error::Refused(Refused::NotFound)) => assert_eq!(n % 3, 1),
            Err(Error::Refused(Refused::BadReference)) => assert_eq!(n % 5, 4),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(scene.log(conv).len() as u64, next - 1);
}
