//! The directory: handles, invites, and how much there is in all.

use crate::scene::{START_MS, Scene, done, refused, wait};
use protocol::UserId;
use std::sync::Barrier;
use store::{ClaimHandle, Error, Invite, NewDevice, Refused, SecretHash};

fn claim(handle: &str, user: UserId, invite: Option<SecretHash>) -> ClaimHandle {
    ClaimHandle {
        handle: handle.into(),
        user,
        invite,
    }
}

fn invite(byte: u8, uses_left: u32) -> Invite {
    Invite {
        hash: [byte; 32],
        owner: false,
        uses_left,
        expires_ms: START_MS + 1_000,
        created_ms: START_MS + u64::from(byte),
    }
}

/// AUT5: a handle is given once; claiming it again for the same person is no second claim and is not paid for.
pub fn aut5_a_handle_is_one_persons(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    done(scene.store.add_invite(invite(1, 2)));
    done(scene.store.claim_handle(claim("ann", ann, Some([1; 32]))));
    done(scene.store.claim_handle(claim("ann", ann, Some([1; 32]))));
    assert_eq!(
        refused(scene.store.claim_handle(claim("ann", bob, Some([1; 32])))),
        Refused::HandleTaken
    );
    assert_eq!(done(scene.store.invites(10))[0].uses_left, 1, "paid for once");
    done(scene.store.claim_handle(claim("bob", bob, None)));
    let found = done(
        scene
            .store
            .find_handles(vec!["bob".into(), "nobody".into(), "ann".into()]),
    );
    let mut found: Vec<(&str, UserId)> = found.iter().map(|(handle, user)| (handle.as_str(), *user)).collect();
    found.sort_unstable();
    assert_eq!(found, [("ann", ann), ("bob", bob)]);
    let all = [("ann".to_owned(), ann), ("bob".to_owned(), bob)];
    assert_eq!(done(scene.store.handles(None, 10)), all);
    assert_eq!(done(scene.store.handles(None, 1)), all[..1]);
    assert_eq!(done(scene.store.handles(Some("ann".into()), 10)), all[1..]);
    assert_eq!(done(scene.store.handles(Some("b".into()), 10)), all[1..]);
    assert_eq!(done(scene.store.handles(Some("bob".into()), 10)), []);
}

/// AUT5: an invite for five gives five handles, whoever races, and one person gets a handle that many want.
pub fn aut5_an_invite_is_used_exactly_as_often_as_it_may_under_a_race(scene: &mut Scene) {
    let people: Vec<UserId> = (0..16).map(|_| scene.person()).collect();
    done(scene.store.add_invite(invite(1, 5)));
    let race = |names: &(dyn Fn(usize) -> (String, Option<SecretHash>) + Sync)| {
        let (store, ready, people) = (&scene.store, Barrier::new(4), &people);
        let ready = &ready;
        std::thread::scope(|scope| {
            let one = |thread: usize| {
                scope.spawn(move || {
                    ready.wait();
                    let mine = (thread..people.len()).step_by(4);
                    let replies: Vec<_> = mine
                        .map(|n| {
                            let (handle, invite) = names(n);
                            store.claim_handle(claim(&handle, people[n], invite))
                        })
                        .collect();
                    replies.into_iter().map(wait).collect::<Vec<_>>()
                })
            };
            let running: Vec<_> = (0..4).map(one).collect();
            running
                .into_iter()
                .flat_map(|thread| thread.join().expect("no panic"))
                .collect::<Vec<_>>()
        })
    };
    let answers = race(&|n| (format!("p{n}"), Some([1; 32])));
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5);
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer, Ok(()) | Err(Error::Refused(Refused::InviteInvalid))))
    );
    let handles = (0..16).map(|n| format!("p{n}")).collect();
    assert_eq!(
        done(scene.store.find_handles(handles)).len(),
        5,
        "who was refused has none"
    );
    assert_eq!(done(scene.store.invites(10)), [], "used up");
    let answers = race(&|_| ("wanted".into(), None));
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
}

/// AUT5: an invite is good up to its last millisecond and as often as it says; writing it again does not fill it up.
pub fn aut5_an_invite_is_not_used_after_its_time_or_its_end(scene: &mut Scene) {
    let people: Vec<UserId> = (0..5).map(|_| scene.person()).collect();
    for (byte, uses) in [(1, 1), (2, 9), (3, 9)] {
        done(scene.store.add_invite(invite(byte, uses)));
    }
    let listed: Vec<u8> = done(scene.store.invites(2))
        .iter()
        .map(|invite| invite.hash[0])
        .collect();
    assert_eq!(listed, [3, 2], "the newest first, so many");
    let with = |scene: &Scene, n: usize, byte: u8| {
        scene
            .store
            .claim_handle(claim(&format!("p{n}"), people[n], Some([byte; 32])))
    };
    assert_eq!(refused(with(scene, 0, 7)), Refused::InviteInvalid, "unknown");
    done(with(scene, 0, 1));
    done(scene.store.add_invite(invite(1, 1)));
    assert_eq!(refused(with(scene, 1, 1)), Refused::InviteInvalid, "used up");
    assert!(done(scene.store.revoke_invite([2; 32])));
    assert!(!done(scene.store.revoke_invite([2; 32])));
    assert_eq!(refused(with(scene, 1, 2)), Refused::InviteInvalid, "revoked");
    scene.hands.set_ms(START_MS + 1_000);
    done(with(scene, 1, 3));
    assert_eq!(done(scene.store.invites(10)).len(), 1);
    scene.hands.pass_ms(1);
    assert_eq!(refused(with(scene, 2, 3)), Refused::InviteInvalid, "expired");
    assert_eq!(done(scene.store.invites(10)), []);
    assert_eq!(done(scene.store.find_handles(vec!["p2".into()])), []);
}

/// DUR1: handles and what is left of invites are there after a restart.
pub fn dur1_handles_and_invites_survive_a_restart(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let owners = Invite {
        owner: true,
        ..invite(1, 3)
    };
    done(scene.store.add_invite(owners.clone()));
    done(scene.store.claim_handle(claim("ann", ann, Some([1; 32]))));
    scene.reopen();
    assert_eq!(
        refused(scene.store.claim_handle(claim("ann", bob, None))),
        Refused::HandleTaken
    );
    assert_eq!(done(scene.store.invites(10)), [Invite { uses_left: 2, ..owners }]);
}

/// OBS1: the figures of the whole store are counts of what was written.
pub fn obs1_there_is_as_much_as_was_written(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let device = scene.device_id();
    done(scene.store.add_device(NewDevice {
        user: ann,
        device,
        name: "a phone".into(),
        secret_hash: [1; 32],
    }));
    let conv = scene.group(&[ann, bob]);
    scene.direct(ann, bob);
    scene.say(conv, ann, "x");
    let stats = done(scene.store.stats());
    assert_eq!(
        (
            stats.users,
            stats.devices,
            stats.conversations,
            stats.entries,
            stats.dirty
        ),
        (2, 1, 2, 3, 2)
    );
    scene.fan_out();
    assert_eq!(done(scene.store.stats()).dirty, 0);
    let load = scene.store.load();
    assert!(
        load.changes >= 6 && load.batches >= 1 && load.writes_waiting <= load.writes_waiting_max,
        "{load:?}"
    );
}
