//! Links into groups: exact uses, one refusal, who may come back, and being let in.

use super::groups::{give, set};
use crate::scene::{Scene, done, refused, wait};
use protocol::group::SettingsChange;
use protocol::limits::{JOIN_REQUESTS_MAX, LINKS_MAX};
use protocol::server_frame::Role;
use protocol::{ConversationId, Kind, Seq, UserId, entry};
use std::sync::Barrier;
use store::{Error, Join, Joined, Link, MemberChange, NewLink, Refused};

/// How long a link of these tests lives, in milliseconds.
const LIFE_MS: u64 = 60_000;

fn new(scene: &mut Scene, conv: ConversationId, actor: UserId, hash: u8, uses: Option<u32>) -> NewLink {
    NewLink {
        conv,
        actor,
        id: scene.send_id(),
        hash: [hash; 32],
        uses,
        expires_ms: scene.hands.now_ms() + LIFE_MS,
    }
}

#[track_caller]
fn make(scene: &mut Scene, conv: ConversationId, actor: UserId, hash: u8, uses: Option<u32>) -> Link {
    let new = new(scene, conv, actor, hash, uses);
    done(scene.store.add_link(new))
}

fn join(scene: &mut Scene, conv: ConversationId, user: UserId, hash: u8) -> Join {
    Join {
        conv,
        user,
        send_id: scene.send_id(),
        hash: [hash; 32],
    }
}

#[track_caller]
fn is_refused(scene: &mut Scene, conv: ConversationId, user: UserId, hash: u8, expected: Refused) {
    let join = join(scene, conv, user, hash);
    assert_eq!(refused(scene.store.join(join)), expected);
}

fn approval(yes: bool) -> SettingsChange {
    SettingsChange {
        approve: Some(yes),
        ..SettingsChange::default()
    }
}

/// LNK1: a link lets in as many as it says whatever races, and who asks again costs it nothing.
pub fn lnk1_a_link_is_used_exactly_as_often_as_it_may_under_a_race(scene: &mut Scene) {
    let [ann] = scene.persons();
    let people: Vec<UserId> = (0..16).map(|_| scene.person()).collect();
    let conv = scene.group(&[ann]);
    make(scene, conv, ann, 1, Some(5));
    let joins: Vec<Join> = people.iter().map(|&user| join(scene, conv, user, 1)).collect();
    let race = || {
        let (store, ready, joins) = (&scene.store, Barrier::new(4), &joins);
        let ready = &ready;
        std::thread::scope(|scope| {
            let one = |thread: usize| {
                scope.spawn(move || {
                    ready.wait();
                    let mine = joins.iter().skip(thread).step_by(4);
                    let replies: Vec<_> = mine.map(|join| store.join(*join)).collect();
                    replies.into_iter().map(wait).collect::<Vec<_>>()
                })
            };
            let running: Vec<_> = (0..4).map(one).collect();
            let joined = running.into_iter().map(|thread| thread.join().expect("no panic"));
            joined.flatten().collect::<Vec<_>>()
        })
    };
    for dup in [false, true] {
        let answers = race();
        let came = |answer: &&store::Result<Joined>| matches!(answer, Ok(Joined::In(one)) if one.dup == dup);
        assert_eq!(answers.iter().filter(came).count(), 5, "dup: {dup}");
        let away = |answer: &&store::Result<Joined>| matches!(answer, Err(Error::Refused(Refused::InviteInvalid)));
        assert_eq!(answers.iter().filter(away).count(), 11);
    }
    assert_eq!(done(scene.store.members(ann, conv, None, 100)).count, 6);
    assert_eq!(done(scene.store.links(ann, conv)), [], "used up");
}

/// LNK1: who joins is added by themselves; a link that cannot be used, for whatever reason, gets one answer.
pub fn lnk1_one_answer_for_every_link_that_is_none(scene: &mut Scene) {
    let [ann, bob, cid, dan] = scene.persons();
    let conv = scene.group(&[ann]);
    make(scene, conv, ann, 1, None);
    let joined = join(scene, conv, bob, 1);
    let Joined::In(first) = done(scene.store.join(joined)) else {
        panic!("nobody has to let him in");
    };
    let body: entry::Added = serde_json::from_str(&first.entry.body).expect("its body");
    assert_eq!(
        (first.entry.kind.clone(), first.entry.sender, body.users),
        (Kind::Added, bob, vec![bob])
    );
    let again = join(scene, conv, bob, 7);
    let Joined::In(here) = done(scene.store.join(again)) else {
        panic!("he is in");
    };
    assert!(here.dup, "who is in is in, by whatever link");

    // Never made; voided; expired; of another group; into a group that everybody has left.
    is_refused(scene, conv, cid, 2, Refused::InviteInvalid);
    let voided = make(scene, conv, ann, 3, None);
    assert!(done(scene.store.revoke_link(ann, conv, voided.id)));
    assert!(!done(scene.store.revoke_link(ann, conv, voided.id)));
    is_refused(scene, conv, cid, 3, Refused::InviteInvalid);
    let other = scene.group(&[dan]);
    is_refused(scene, other, cid, 1, Refused::InviteInvalid);
    let nowhere = ConversationId::direct(cid, dan);
    is_refused(scene, nowhere, cid, 1, Refused::InviteInvalid);
    assert_eq!(refused(scene.store.look(cid, nowhere, [1; 32])), Refused::InviteInvalid);
    scene.leave(conv, bob);
    scene.leave(conv, ann);
    is_refused(scene, conv, bob, 1, Refused::InviteInvalid);
    assert_eq!(refused(scene.store.look(bob, conv, [1; 32])), Refused::InviteInvalid);
    assert_eq!(
        scene.readable(bob, conv).len(),
        2,
        "who was there reads what they could"
    );

    make(scene, other, dan, 4, None);
    scene.hands.pass_ms(LIFE_MS);
    is_refused(scene, other, cid, 4, Refused::InviteInvalid);
    assert_eq!(done(scene.store.links(dan, other)), []);
}

/// LNK1: what a link shows before joining, and who sees and makes links; making one again tells another secret for it.
pub fn lnk1_links_are_made_seen_and_bounded(scene: &mut Scene) {
    let [ann, bob, cid, eve] = scene.persons();
    let conv = scene.group(&[ann, bob, cid]);
    scene.remove(conv, ann, cid);
    give(scene, conv, ann, bob, Role::Admin);
    let asked = new(scene, conv, bob, 1, Some(2));
    let link = done(scene.store.add_link(asked));
    let again = done(scene.store.add_link(NewLink { hash: [2; 32], ..asked }));
    assert_eq!(again, link, "the same link");
    is_refused(scene, conv, eve, 1, Refused::InviteInvalid);
    let look = done(scene.store.look(eve, conv, [2; 32]));
    assert_eq!(
        (look.title.as_deref(), look.members, look.member, look.approve),
        (Some("a group"), 2, false, false)
    );
    assert!(done(scene.store.look(ann, conv, [2; 32])).member);

    give(scene, conv, ann, bob, Role::Member);
    for (actor, expected) in [
        (bob, Refused::Forbidden),
        (cid, Refused::NotAMember),
        (eve, Refused::NotFound),
    ] {
        let new = new(scene, conv, actor, 9, None);
        assert_eq!(refused(scene.store.add_link(new)), expected);
        assert_eq!(refused(scene.store.links(actor, conv)), expected);
        assert_eq!(refused(scene.store.revoke_link(actor, conv, link.id)), expected);
        assert_eq!(refused(scene.store.requests(actor, conv)), expected);
        let admit = scene.change(conv, actor, MemberChange::Admit(eve, true));
        assert_eq!(refused(scene.store.change_members(admit)), expected);
    }
    let pair = scene.direct(ann, bob);
    let new_pair = new(scene, pair, ann, 9, None);
    assert_eq!(refused(scene.store.add_link(new_pair)), Refused::NotAGroup);
    for n in 1..LINKS_MAX {
        make(scene, conv, ann, 50 + n as u8, None);
    }
    let one_more = new(scene, conv, ann, 9, None);
    assert_eq!(refused(scene.store.add_link(one_more)), Refused::TooManyLinks);
    assert_eq!(done(scene.store.links(ann, conv)).len(), LINKS_MAX);
    scene.hands.pass_ms(LIFE_MS);
    make(scene, conv, ann, 9, None);
    assert_eq!(
        done(scene.store.links(ann, conv)).len(),
        1,
        "those that had expired made room"
    );
}

/// LNK2: who was removed is not brought back by a link, who left is; and being added makes up for being removed.
pub fn lnk2_a_link_does_not_bring_back_the_removed(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let conv = scene.group(&[ann, bob, cid]);
    make(scene, conv, ann, 1, Some(2));
    scene.remove(conv, ann, bob);
    scene.leave(conv, cid);
    is_refused(scene, conv, bob, 1, Refused::Removed);
    let back = join(scene, conv, cid, 1);
    let Joined::In(back) = done(scene.store.join(back)) else {
        panic!("he is in");
    };
    assert_eq!(scene.spans(conv, cid).len(), 2);
    assert_eq!(back.entry.seq, Seq(4));
    scene.add(conv, ann, &[bob]);
    scene.leave(conv, bob);
    let back = join(scene, conv, bob, 1);
    assert!(
        matches!(done(scene.store.join(back)), Joined::In(_)),
        "he left the last time"
    );
}

/// LNK3: where joining needs approval a link only asks, for one use; nobody is in before an admin says so.
pub fn lnk3_who_joins_is_let_in(scene: &mut Scene) {
    let [ann, bob, cid, dan] = scene.persons();
    let conv = scene.group(&[ann]);
    set(scene, conv, ann, approval(true));
    make(scene, conv, ann, 1, Some(3));
    for user in [bob, cid, bob] {
        let ask = join(scene, conv, user, 1);
        assert_eq!(done(scene.store.join(ask)), Joined::Asked);
        scene.hands.pass_ms(1);
    }
    assert!(done(scene.store.look(bob, conv, [1; 32])).asked);
    let asking: Vec<UserId> = done(scene.store.requests(ann, conv))
        .iter()
        .map(|ask| ask.user)
        .collect();
    assert_eq!(asking, [bob, cid], "once each, in the order they came");
    assert_eq!(done(scene.store.links(ann, conv))[0].uses_left, Some(1));
    assert_eq!(scene.log(conv).len(), 2, "asking is no entry");
    scene.reopen();

    let admit = scene.change(conv, ann, MemberChange::Admit(bob, true));
    let let_in = done(scene.store.change_members(admit.clone()));
    assert_eq!(
        (let_in.entry.kind.clone(), let_in.entry.sender, let_in.dup),
        (Kind::Added, ann, false)
    );
    assert_eq!(done(scene.store.change_members(admit)).entry, let_in.entry);
    let away = scene.change(conv, ann, MemberChange::Admit(cid, false));
    assert!(done(scene.store.change_members(away)).dup);
    for (user, expected) in [(cid, Refused::UnknownPerson), (dan, Refused::UnknownPerson)] {
        let admit = scene.change(conv, ann, MemberChange::Admit(user, true));
        assert_eq!(refused(scene.store.change_members(admit)), expected);
    }
    assert_eq!(done(scene.store.requests(ann, conv)), []);
    assert_eq!(scene.spans(conv, cid), []);

    // Who asks and is added by somebody asks no longer.
    let ask = join(scene, conv, cid, 1);
    assert_eq!(done(scene.store.join(ask)), Joined::Asked);
    scene.add(conv, ann, &[cid]);
    assert_eq!(done(scene.store.requests(ann, conv)), []);

    make(scene, conv, ann, 2, None);
    for _ in 0..JOIN_REQUESTS_MAX {
        let user = scene.user_id();
        let ask = join(scene, conv, user, 2);
        assert_eq!(done(scene.store.join(ask)), Joined::Asked);
    }
    is_refused(scene, conv, dan, 2, Refused::TooManyLinks);
}

/// LNK5: who is nobody here sees the same behind a link as a stranger, uses nothing by it, and gets one answer for
/// every link that is none.
pub fn lnk5_nobody_sees_what_a_stranger_sees(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    make(scene, conv, ann, 1, Some(1));
    let nobody = UserId::from_bytes([0; 16]);
    let seen = done(scene.store.look(nobody, conv, [1; 32]));
    assert_eq!(seen, done(scene.store.look(cid, conv, [1; 32])));
    assert_eq!((seen.members, seen.member, seen.asked), (2, false, false));
    assert_eq!(done(scene.store.links(ann, conv))[0].uses_left, Some(1));
    let last = join(scene, conv, cid, 1);
    done(scene.store.join(last));
    for (conv, hash) in [(conv, 1), (conv, 2), (ConversationId::direct(ann, bob), 1)] {
        assert_eq!(
            refused(scene.store.look(nobody, conv, [hash; 32])),
            Refused::InviteInvalid
        );
    }
}

/// LNK6: who may admit has it in their inbox how many ask, and nobody else has; asking again, being refused, let in,
/// turned away, getting the right and losing it each leave it as it is.
pub fn lnk6_who_may_admit_is_told_how_many_ask(scene: &mut Scene) {
    let [ann, bob, cid, dan, eve] = scene.persons();
    let conv = scene.group(&[ann, bob, cid]);
    give(scene, conv, ann, bob, Role::Admin);
    set(scene, conv, ann, approval(true));
    make(scene, conv, ann, 1, None);
    scene.fan_out();
    let asking = |scene: &Scene| [ann, bob, cid].map(|user| scene.row(user, conv).asking);
    let vers = |scene: &Scene| [ann, bob, cid].map(|user| scene.ver(user).0);
    let mut before = vers(scene);
    let mut told = |scene: &mut Scene, moved: [u64; 3], expected: [u32; 3], why: &str| {
        scene.fan_out();
        let now = vers(scene);
        assert_eq!([0, 1, 2].map(|n| now[n] - before[n]), moved, "{why}");
        assert_eq!(asking(scene), expected, "{why}");
        before = now;
    };
    let first = join(scene, conv, dan, 1);
    assert_eq!(done(scene.store.join(first)), Joined::Asked);
    let of_one = done(scene.store.inbox_rows(conv)).rows;
    told(scene, [1, 1, 0], [1, 1, 0], "dan asks");
    done(scene.store.join(first));
    let again = join(scene, conv, dan, 1);
    done(scene.store.join(again));
    is_refused(scene, conv, eve, 9, Refused::InviteInvalid);
    told(scene, [0, 0, 0], [1, 1, 0], "nobody new asks");
    let stale = done(scene.store.inbox_rows(conv));
    assert_eq!(stale.rows, [], "and nothing is behind");
    let second = join(scene, conv, eve, 1);
    done(scene.store.join(second));
    let early = done(scene.store.inbox_rows(conv)).rows;
    told(scene, [1, 1, 0], [2, 2, 0], "eve asks, too");
    assert_eq!(
        done(scene.store.bump(of_one)),
        [],
        "what was read when one asked is late"
    );
    give(scene, conv, ann, bob, Role::Member);
    told(scene, [1, 1, 1], [2, 0, 0], "bob may not admit any more");
    assert_eq!(done(scene.store.bump(early)), [], "what was read before comes too late");
    let no = scene.change(conv, ann, MemberChange::Admit(dan, false));
    done(scene.store.change_members(no));
    told(scene, [1, 0, 0], [1, 0, 0], "dan is turned away");
    let no = scene.change(conv, ann, MemberChange::Admit(eve, true));
    done(scene.store.change_members(no));
    told(scene, [1, 1, 1], [0, 0, 0], "eve is in");
}
