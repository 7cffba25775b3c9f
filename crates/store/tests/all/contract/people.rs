//! People: how they appear, who may reach them, whom they block, and what a request is.

use crate::scene::{Scene, done, refused, still};
use protocol::limits::{BLOCKS_MAX, HANDLE_KEPT_MS, HANDLES_MAX};
use protocol::people::{Audience, FirstContact, Privacy, SetPrivacy};
use protocol::{ConversationId, Seq, UserId, Ver};
use store::{
    ClaimHandle, Create, CursorMove, MemberChange, NewDevice, NewReport, ProfileChange, REPORTS_OPEN_MAX, Refused,
    SetTerms, Terms, Topic,
};

fn profile(user: UserId) -> ProfileChange {
    ProfileChange {
        user,
        name: None,
        handle: None,
        about: None,
        picture: None,
    }
}

/// A 1:1 that `one` begins as a stranger to `other`.
fn request(scene: &mut Scene, one: UserId, other: UserId) -> ConversationId {
    let create = Create {
        request: true,
        ..scene.create_direct(one, other)
    };
    done(scene.store.create(create)).entry.conv
}

fn terms(scene: &Scene, conv: ConversationId, user: UserId, terms: Terms) -> bool {
    done(scene.store.set_terms(SetTerms { conv, user, terms }))
}

fn topics(scene: &Scene, user: UserId, after: Ver) -> Vec<Topic> {
    let rows = done(scene.store.inbox(user, after)).rows.into_iter();
    rows.map(|(_, topic)| topic).collect()
}

/// PPL8: what changes takes a version and is the inbox's to tell; the same again is no change.
pub fn ppl8_a_profile_changes_once(scene: &mut Scene) {
    let [ann] = scene.persons();
    let before = done(scene.store.people(vec![ann])).remove(0);
    assert_eq!(done(scene.store.set_profile(profile(ann))), (before.clone(), None));
    let change = ProfileChange {
        name: Some("Ann".into()),
        about: Some("bakes".into()),
        picture: Some("p".into()),
        ..profile(ann)
    };
    let (after, ver) = done(scene.store.set_profile(change.clone()));
    assert_eq!((after.name.as_str(), after.about.as_deref()), ("Ann", Some("bakes")));
    assert_eq!((&after.handle, ver), (&before.handle, Some(Ver(1))));
    assert_eq!(done(scene.store.set_profile(change)), (after.clone(), None));
    assert_eq!(done(scene.store.people(vec![ann])), [after]);
    assert_eq!(topics(scene, ann, Ver::ZERO), [Topic::Profile]);
    let bare = ProfileChange {
        about: Some(String::new()),
        ..profile(ann)
    };
    assert_eq!(done(scene.store.set_profile(bare)).0.about, None);
    let nobody = profile(scene.user_id());
    assert_eq!(refused(scene.store.set_profile(nobody)), Refused::UnknownPerson);
}

/// PPL4: a handle that was given up finds its person and is nobody else's for its time; then it is anybody's. One may
/// have so many.
pub fn ppl4_a_handle_that_was_given_up_is_kept(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let claim = |handle: &str, user| ClaimHandle {
        handle: handle.into(),
        user,
        invite: None,
    };
    let whose = |scene: &Scene, handle: &str| {
        let found = done(scene.store.find_handles(vec![handle.into()]));
        found.first().map(|(_, user)| *user)
    };
    done(scene.store.claim_handle(claim("ann", ann)));
    done(scene.store.claim_handle(claim("anna", ann)));
    done(scene.store.release_handles(ann, "anna".into()));
    assert_eq!(whose(scene, "ann"), Some(ann));
    assert_eq!(
        refused(scene.store.claim_handle(claim("ann", bob))),
        Refused::HandleTaken
    );
    assert_eq!(done(scene.store.handles(None, 9)), [("anna".to_owned(), ann)]);
    // Taken back, and given up again: its time begins anew.
    scene.hands.pass_ms(HANDLE_KEPT_MS);
    done(scene.store.claim_handle(claim("ann", ann)));
    done(scene.store.release_handles(ann, "anna".into()));
    scene.hands.pass_ms(HANDLE_KEPT_MS);
    assert_eq!(whose(scene, "ann"), Some(ann));
    scene.hands.pass_ms(1);
    assert_eq!(whose(scene, "ann"), None);
    done(scene.store.claim_handle(claim("ann", bob)));
    assert_eq!(whose(scene, "ann"), Some(bob));
    for n in 1..HANDLES_MAX {
        done(scene.store.claim_handle(claim(&format!("ann{n}"), ann)));
    }
    assert_eq!(
        refused(scene.store.claim_handle(claim("more", ann))),
        Refused::TooManyHandles
    );
}

/// PPL3: who tells nobody that they are there is told of nobody, and is told to nobody.
pub fn ppl3_who_hides_sees_nobody(scene: &mut Scene) {
    let [ann, bob, eve] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let sees = |scene: &Scene, viewer| done(scene.store.may_see(viewer, vec![eve, bob, ann]));
    assert_eq!(sees(scene, ann), [bob, ann]);
    assert_eq!(sees(scene, eve), []);
    let hide = SetPrivacy {
        last_seen: Some(Audience::Nobody),
        ..SetPrivacy::default()
    };
    let (privacy, ver) = done(scene.store.set_privacy(bob, hide));
    assert_eq!(privacy.last_seen, Audience::Nobody);
    assert_eq!((privacy.who_writes, ver), (Privacy::default().who_writes, Some(Ver(1))));
    assert_eq!(done(scene.store.set_privacy(bob, hide)), (privacy, None));
    assert_eq!(topics(scene, bob, Ver::ZERO), [Topic::Privacy(privacy)]);
    assert_eq!(sees(scene, ann), [ann]);
    assert_eq!(sees(scene, bob), []);
    assert!(!done(scene.store.manners(bob)).private);
    let quiet = SetPrivacy {
        receipts: Some(Audience::Nobody),
        ..SetPrivacy::default()
    };
    done(scene.store.set_privacy(bob, quiet));
    assert!(done(scene.store.manners(bob)).private);
    let said = scene.say(conv, ann, "hello").seq;
    let read = CursorMove {
        read: Some(said),
        private: true,
        ..still(conv, bob)
    };
    let moved = scene.move_one(read).expect("within");
    assert_eq!((moved.delivered, moved.read, moved.mine), (said, Seq::ZERO, said));
    let receipts = done(scene.store.receipts(ann, conv, said));
    assert_eq!((receipts[0].read_ms, receipts[0].delivered_ms.is_some()), (None, true));
}

/// PPL1: a request is no acquaintance; in it no public cursor moves until it is taken up, by a word or by an answer.
pub fn ppl1_a_request_is_quiet_until_it_is_taken_up(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = request(scene, ann, bob);
    let said = scene.say(conv, ann, "hello").seq;
    scene.fan_out();
    assert_eq!(scene.row(bob, conv).request, Some(FirstContact::Open));
    assert_eq!(scene.row(ann, conv).request, None);
    assert_eq!(done(scene.store.acquainted(bob, vec![ann])), [ann], "for the name");
    assert!(!done(scene.store.standings(ann, vec![bob]))[0].acquainted);
    assert_eq!(done(scene.store.may_see(ann, vec![bob])), []);
    assert_eq!(done(scene.store.may_see(bob, vec![ann])), []);
    assert_eq!(done(scene.store.hidden_from(ann, conv)), [bob]);
    assert_eq!(done(scene.store.hidden_from(bob, conv)), [ann]);
    let before = scene.ver(ann);
    let moved = scene.reads(conv, bob, said);
    assert_eq!((moved.delivered, moved.read, moved.mine), (said, Seq::ZERO, said));
    assert!(!moved.moved);
    assert!(terms(scene, conv, bob, Terms::Ignore));
    assert!(!terms(scene, conv, bob, Terms::Ignore));
    scene.fan_out();
    assert_eq!(scene.row(bob, conv).request, Some(FirstContact::Ignored));
    assert_eq!(scene.ver(ann), before, "who wrote cannot tell");
    scene.say(conv, bob, "who are you?");
    scene.fan_out();
    assert_eq!(scene.row(bob, conv).request, None);
    let peer = scene.row(ann, conv).peer.expect("a peer");
    assert!(peer.delivered >= said, "what was read is delivered now");
    assert_eq!(done(scene.store.may_see(ann, vec![bob])), [bob]);
    assert_eq!(done(scene.store.hidden_from(bob, conv)), []);
    assert!(!terms(scene, conv, bob, Terms::Accept), "taken up already");
    let late = SetTerms {
        conv,
        user: bob,
        terms: Terms::Ignore,
    };
    assert_eq!(refused(scene.store.set_terms(late)), Refused::NotARequest);
}

/// PPL1: an answer takes it up; late readings of the inbox row do not undo that; strangers and groups have no terms.
pub fn ppl1_an_answer_takes_it_up(scene: &mut Scene) {
    let [ann, bob, eve] = scene.persons();
    let conv = request(scene, ann, bob);
    let stale = done(scene.store.inbox_rows(conv)).rows;
    assert!(terms(scene, conv, bob, Terms::Accept));
    scene.fan_out();
    done(scene.store.bump(stale));
    assert_eq!(scene.row(bob, conv).request, None, "a late reading");
    assert!(done(scene.store.standings(bob, vec![ann]))[0].acquainted);
    let group = scene.group(&[ann, bob]);
    for (conv, user, no) in [(conv, eve, Refused::NotFound), (group, bob, Refused::NotARequest)] {
        let ask = SetTerms {
            conv,
            user,
            terms: Terms::Accept,
        };
        assert_eq!(refused(scene.store.set_terms(ask)), no);
    }
}

/// PPL2: a block ends what passes between two people, both ways and everywhere, and sends in their 1:1.
pub fn ppl2_a_block_ends_what_passes(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let pair = scene.direct(ann, bob);
    let group = scene.group(&[ann, bob, cid]);
    let known = scene.text(pair, ann, "before");
    scene.append(known.clone());
    let ver = done(scene.store.block(bob, ann, true)).expect("news");
    assert_eq!(done(scene.store.block(bob, ann, true)), None);
    assert_eq!(topics(scene, bob, ver.prev()), [Topic::Blocks(vec![ann])]);
    assert!(terms(scene, pair, bob, Terms::Blocks(true)));
    assert!(!terms(scene, pair, bob, Terms::Blocks(true)));
    assert_eq!(done(scene.store.manners(ann)).shunned, [bob]);
    assert_eq!(done(scene.store.manners(bob)).shunned, [ann]);
    let standing = done(scene.store.standings(ann, vec![bob]))[0];
    assert!(standing.blocked && !standing.blocks && standing.acquainted);
    assert_eq!(done(scene.store.may_see(ann, vec![bob, cid])), [cid]);
    assert_eq!(done(scene.store.may_see(bob, vec![ann, cid])), [cid]);
    assert_eq!(done(scene.store.hidden_from(ann, group)), [bob]);
    assert_eq!(done(scene.store.hidden_from(bob, group)), [ann]);
    assert_eq!(done(scene.store.hidden_from(cid, group)), []);
    let text = scene.text(pair, ann, "after");
    assert_eq!(refused(scene.store.append(text)), Refused::NotAccepted);
    let text = scene.text(pair, bob, "after");
    assert_eq!(refused(scene.store.append(text)), Refused::YouBlock);
    assert!(scene.append(known).dup, "what was said is said");
    scene.say(group, ann, "in the group it goes on");
    assert!(!scene.reads(pair, bob, Seq(2)).moved);
    done(scene.store.block(bob, ann, false));
    assert!(terms(scene, pair, bob, Terms::Blocks(false)));
    scene.say(pair, ann, "again");
    assert!(scene.reads(pair, bob, Seq(3)).moved);
    assert_eq!(done(scene.store.may_see(ann, vec![bob])), [bob]);
}

/// PPL2, BND1: one person blocks so many.
pub fn ppl2_blocks_are_bounded(scene: &mut Scene) {
    let [ann, last] = scene.persons();
    for _ in 0..BLOCKS_MAX {
        let other = scene.person();
        done(scene.store.block(ann, other, true));
    }
    assert_eq!(refused(scene.store.block(ann, last, true)), Refused::TooManyBlocks);
    let nobody = scene.user_id();
    assert_eq!(refused(scene.store.block(ann, nobody, true)), Refused::UnknownPerson);
}

/// PPL5: a deactivated account has no devices and gets none, and nobody writes to it.
pub fn ppl5_a_deactivated_account_is_shut(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let pair = scene.direct(ann, bob);
    let device = NewDevice {
        user: bob,
        device: scene.device_id(),
        name: "d".into(),
        secret_hash: [1; 32],
    };
    done(scene.store.add_device(device.clone()));
    assert_eq!(done(scene.store.deactivate(bob, true)), [device.device]);
    assert_eq!(done(scene.store.deactivate(bob, true)), []);
    assert_eq!(refused(scene.store.add_device(device.clone())), Refused::Deactivated);
    assert!(done(scene.store.people(vec![bob]))[0].deactivated);
    assert!(done(scene.store.user(bob)).expect("bob").deactivated);
    assert!(done(scene.store.standings(ann, vec![bob]))[0].deactivated);
    assert_eq!(done(scene.store.note_deactivated(bob, true, 10)), 1);
    assert_eq!(done(scene.store.note_deactivated(bob, true, 10)), 0);
    let text = scene.text(pair, ann, "anybody?");
    assert_eq!(refused(scene.store.append(text)), Refused::PeerDeactivated);
    assert_eq!(
        scene
            .page(ann, pair, protocol::client_frame::Place::After(Seq::ZERO), 9)
            .entries
            .len(),
        1
    );
    done(scene.store.deactivate(bob, false));
    assert_eq!(done(scene.store.note_deactivated(bob, false, 10)), 1);
    done(scene.store.add_device(device));
    scene.say(pair, ann, "welcome back");
}

/// PPL7: a search finds whom one is acquainted with, by handle or a word of the name, and nobody else.
pub fn ppl7_a_search_finds_the_acquainted_only(scene: &mut Scene) {
    let [ann, bob, cid, eve] = scene.persons();
    for (user, handle, name) in [
        (bob, "bob", "Robert Émile Baker"),
        (cid, "cid", "Émilie"),
        (eve, "emil", "Emil"),
    ] {
        let change = ProfileChange {
            name: Some(name.into()),
            handle: Some(handle.into()),
            ..profile(user)
        };
        done(scene.store.set_profile(change));
    }
    scene.group(&[ann, bob, cid]);
    request(scene, eve, ann);
    let found = |scene: &Scene, prefix: &str, limit| {
        let found = done(scene.store.find_acquainted(ann, prefix.into(), limit));
        found.into_iter().map(|person| person.user).collect::<Vec<_>>()
    };
    assert_eq!(found(scene, "éMil", 9), [bob, cid]);
    assert_eq!(found(scene, "éMil", 1), [bob]);
    assert_eq!(found(scene, "bo", 9), [bob]);
    assert_eq!(found(scene, "emil", 9), [], "no stranger");
    assert_eq!(found(scene, " ", 9), []);
}

/// PPL6: a report is kept once, in its order, until it is closed; one person has so many open.
pub fn ppl6_a_report_is_kept_until_it_is_closed(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let report = |scene: &mut Scene| NewReport {
        reporter: ann,
        send_id: scene.send_id(),
        user: bob,
        conv: ConversationId::from_bytes([4; 16]),
        why: "spam".into(),
        said: "[]".into(),
    };
    let first = report(scene);
    done(scene.store.add_report(first.clone()));
    done(scene.store.add_report(first.clone()));
    let open = done(scene.store.reports(0, 9));
    assert_eq!(open.len(), 1);
    assert_eq!((&open[0].report, open[0].created_ms), (&first, scene.hands.now_ms()));
    for _ in 1..REPORTS_OPEN_MAX {
        let next = report(scene);
        done(scene.store.add_report(next));
    }
    let more = report(scene);
    assert_eq!(refused(scene.store.add_report(more.clone())), Refused::TooManyReports);
    assert_eq!(done(scene.store.reports(open[0].number, 2)).len(), 2);
    assert!(done(scene.store.close_report(open[0].number)));
    assert!(!done(scene.store.close_report(open[0].number)));
    done(scene.store.add_report(more));
}

/// IDM1: what is done is known by its name, to whoever asked for it, there, and for ever.
pub fn idm1_what_is_done_is_known_by_its_name(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let (conv, other) = (scene.group(&[ann, bob]), scene.group(&[ann, bob]));
    let add = scene.change(conv, ann, MemberChange::Add(vec![cid]));
    let name = add.send_id;
    assert!(!done(scene.store.has_done(ann, conv, name)));
    done(scene.store.change_members(add));
    scene.remove(conv, ann, cid);
    assert!(done(scene.store.has_done(ann, conv, name)));
    assert!(!done(scene.store.has_done(bob, conv, name)));
    assert!(!done(scene.store.has_done(ann, other, name)));
}

/// DUR1: all of it is there after a restart.
pub fn dur1_terms_and_settings_survive_a_restart(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let conv = request(scene, ann, bob);
    let blocked = scene.direct(bob, cid);
    done(scene.store.block(bob, cid, true));
    terms(scene, blocked, bob, Terms::Blocks(true));
    terms(scene, conv, bob, Terms::Ignore);
    let hide = SetPrivacy {
        who_adds: Some(Audience::Nobody),
        ..SetPrivacy::default()
    };
    let (privacy, _) = done(scene.store.set_privacy(bob, hide));
    scene.fan_out();
    if !scene.reopen() {
        return;
    }
    assert_eq!(scene.row(bob, conv).request, Some(FirstContact::Ignored));
    assert_eq!(done(scene.store.standings(ann, vec![bob]))[0].privacy, privacy);
    let text = scene.text(blocked, cid, "hello");
    assert_eq!(refused(scene.store.append(text)), Refused::NotAccepted);
    assert!(terms(scene, conv, bob, Terms::Accept));
}
