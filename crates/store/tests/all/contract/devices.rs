//! Accounts, devices and mailboxes.

use crate::scene::{Scene, done, refused};
use protocol::limits::{DEVICES_MAX, MAILBOX_MS_MAX};
use protocol::{DeviceId, DeviceSeq, UserId, Ver};
use store::{Device, NewDevice, NewMail, NewUser, Refused, SeenDevice, Topic, Which};

fn new_device(scene: &mut Scene, user: UserId) -> NewDevice {
    let device = scene.device_id();
    NewDevice {
        user,
        device,
        name: "a phone".into(),
        secret_hash: [1; 32],
    }
}

fn sign_in(scene: &mut Scene, user: UserId) -> DeviceId {
    let new = new_device(scene, user);
    done(scene.store.add_device(new.clone()));
    new.device
}

fn device(scene: &Scene, user: UserId, device: DeviceId) -> Device {
    done(scene.store.device(user, device)).expect("signed in")
}

fn put(scene: &Scene, user: UserId, device: DeviceId, body: &[u8]) -> DeviceSeq {
    let mail = NewMail {
        user,
        device,
        kind: "welcome".into(),
        body: body.into(),
    };
    done(scene.store.put_mail(mail))
}

fn dseqs(scene: &Scene, user: UserId, device: DeviceId, after: u64, limit: usize) -> Vec<u64> {
    let mail = done(scene.store.mail(user, device, DeviceSeq(after), limit));
    mail.iter().map(|mail| mail.dseq.0).collect()
}

/// IDM1: writing a person is idempotent by id; people are read in the order asked, and strangers are left out.
pub fn idm1_accounts_are_written_once(scene: &mut Scene) {
    let user = scene.user_id();
    let new = NewUser {
        user,
        handle: "ann".into(),
        name: "Ann".into(),
        password_hash: "one".into(),
        owner: true,
    };
    done(scene.store.create_user(new.clone()));
    let created_ms = scene.hands.now_ms();
    scene.hands.pass_ms(5);
    done(scene.store.set_password(user, "two".into()));
    done(scene.store.create_user(new));
    let ann = done(scene.store.user(user)).expect("Ann");
    assert_eq!(
        (ann.password_hash.as_str(), ann.owner, ann.created_ms),
        ("two", true, created_ms)
    );
    let (stranger, bob) = (scene.user_id(), scene.person());
    assert_eq!(done(scene.store.user(stranger)), None);
    assert_eq!(
        refused(scene.store.set_password(stranger, "x".into())),
        Refused::UnknownPerson
    );
    let people = done(scene.store.people(vec![bob, stranger, user]));
    assert_eq!(people.iter().map(|person| person.user).collect::<Vec<_>>(), [bob, user]);
    assert_eq!((people[1].handle.as_str(), people[1].name.as_str()), ("ann", "Ann"));
}

/// CNV2: signing in is idempotent by id, bounded, and bumps the topic `devices` once.
pub fn cnv2_a_device_signs_in_once_and_tells_the_inbox(scene: &mut Scene) {
    let [ann] = scene.persons();
    let stranger = scene.user_id();
    let new = new_device(scene, stranger);
    assert_eq!(refused(scene.store.add_device(new)), Refused::UnknownPerson);
    let new = new_device(scene, ann);
    done(scene.store.add_device(new.clone()));
    assert_eq!(scene.ver(ann), Ver(1));
    let first = device(scene, ann, new.device);
    let at_ms = scene.hands.now_ms();
    assert_eq!((first.created_ms, first.last_ms, first.next_hash), (at_ms, at_ms, None));
    scene.hands.pass_ms(9);
    done(scene.store.add_device(NewDevice {
        name: "a retry".into(),
        ..new.clone()
    }));
    assert_eq!(
        (device(scene, ann, new.device), scene.ver(ann)),
        (first, Ver(1)),
        "the repeat changes nothing"
    );

    for _ in 1..DEVICES_MAX {
        sign_in(scene, ann);
        scene.hands.pass_ms(1);
    }
    let one_more = new_device(scene, ann);
    assert_eq!(refused(scene.store.add_device(one_more)), Refused::TooManyDevices);
    done(scene.store.add_device(new.clone()));
    let devices = done(scene.store.devices(ann));
    assert_eq!((devices.len(), devices[0].device), (DEVICES_MAX, new.device));
    assert!(
        devices.windows(2).all(|pair| pair[0].created_ms <= pair[1].created_ms),
        "the oldest first"
    );
    let page = done(scene.store.inbox(ann, Ver::ZERO));
    assert_eq!(
        page.rows,
        [(Ver(DEVICES_MAX as u64), Topic::Devices)],
        "one row for the topic"
    );
    assert_eq!(done(scene.store.devices(stranger)), []);
}

/// AUT3: two secrets are good until the next one is used; then it is the only one.
pub fn aut3_a_secret_is_rotated_when_the_next_is_used(scene: &mut Scene) {
    let [ann] = scene.persons();
    let phone = sign_in(scene, ann);
    let hashes = |scene: &Scene| {
        let device = device(scene, ann, phone);
        (device.secret_hash[0], device.next_hash.map(|hash| hash[0]))
    };
    let seen = |scene: &Scene, used_next| {
        let at_ms = scene.hands.now_ms();
        let seen = SeenDevice {
            user: ann,
            device: phone,
            at_ms,
            used_next,
            invisible: false,
        };
        done(scene.store.saw_device(seen));
    };
    seen(scene, true);
    assert_eq!(hashes(scene), (1, None), "there is no next secret to use");
    done(scene.store.rotate_secret(ann, phone, [2; 32]));
    seen(scene, false);
    assert_eq!(hashes(scene), (1, Some(2)));
    done(scene.store.rotate_secret(ann, phone, [3; 32]));
    assert_eq!(
        hashes(scene),
        (1, Some(3)),
        "an answer that was lost: the device asks again"
    );
    seen(scene, true);
    seen(scene, true);
    assert_eq!(hashes(scene), (3, None));
    let other = scene.device_id();
    assert_eq!(
        refused(scene.store.rotate_secret(ann, other, [4; 32])),
        Refused::UnknownPerson
    );
    assert_eq!(scene.ver(ann), Ver(1), "none of this is news for the inbox");
}

/// AUT2: a device that is signed out is gone with its mailbox, and the inbox says so, once.
pub fn aut2_revoking_signs_out_and_empties_the_mailbox(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let phones: Vec<DeviceId> = (0..4)
        .map(|_| {
            scene.hands.pass_ms(1);
            sign_in(scene, ann)
        })
        .collect();
    let of_bob = sign_in(scene, bob);
    put(scene, ann, phones[0], b"mail");
    let revoke = |scene: &Scene, which| done(scene.store.revoke_devices(ann, which));
    assert_eq!(revoke(scene, Which::One(of_bob)), [], "it is not hers");
    assert_eq!(scene.ver(ann), Ver(4));
    assert_eq!(revoke(scene, Which::One(phones[0])), [phones[0]]);
    assert_eq!(done(scene.store.device(ann, phones[0])), None);
    assert_eq!(dseqs(scene, ann, phones[0], 0, 10), [0; 0]);
    assert_eq!(revoke(scene, Which::One(phones[0])), []);
    assert_eq!(scene.ver(ann), Ver(5), "signing out nobody is no news");
    assert_eq!(revoke(scene, Which::AllBut(phones[2])), [phones[1], phones[3]]);
    assert_eq!(scene.ver(ann), Ver(6), "once, however many");
    assert_eq!(done(scene.store.devices(ann)).len(), 1);
    assert_eq!(revoke(scene, Which::All), [phones[2]]);
    assert_eq!(done(scene.store.devices(bob)).len(), 1);
    let mail = NewMail {
        user: ann,
        device: phones[2],
        kind: "welcome".into(),
        body: [1][..].into(),
    };
    assert_eq!(refused(scene.store.put_mail(mail)), Refused::UnknownPerson);
    scene.hands.pass_ms(1);
    let seen = SeenDevice {
        user: ann,
        device: phones[2],
        at_ms: scene.hands.now_ms(),
        used_next: false,
        invisible: false,
    };
    done(scene.store.saw_device(seen));
    assert_eq!(
        done(scene.store.last_seen(vec![ann])),
        [None],
        "a device that is out says nothing of its person"
    );
}

/// PRS3: times of being there only move forward, and an invisible person is not seen.
pub fn prs3_being_seen_only_moves_forward(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let phone = sign_in(scene, ann);
    let stranger = scene.user_id();
    let signed_in_ms = scene.hands.now_ms();
    let seen = |scene: &Scene, at_ms, invisible| {
        done(scene.store.saw_device(SeenDevice {
            user: ann,
            device: phone,
            at_ms,
            used_next: false,
            invisible,
        }));
        let last = done(scene.store.last_seen(vec![stranger, ann, bob]));
        assert_eq!((last[0], last[2]), (None, None), "never seen");
        (
            device(scene, ann, phone).last_ms - signed_in_ms,
            last[1].map(|at| at - signed_in_ms),
        )
    };
    assert_eq!(seen(scene, signed_in_ms + 10, true), (10, None));
    assert_eq!(seen(scene, signed_in_ms + 5, false), (10, Some(5)));
    assert_eq!(seen(scene, signed_in_ms + 20, false), (20, Some(20)));
    assert_eq!(seen(scene, signed_in_ms + 1, false), (20, Some(20)));
    assert_eq!(seen(scene, signed_in_ms + 30, true), (30, Some(20)));
}

/// DUR1: a mailbox gives what was not acknowledged, in order, and never gives a place twice.
pub fn dur1_a_mailbox_keeps_what_was_not_acked(scene: &mut Scene) {
    let [ann] = scene.persons();
    let (phone, pad) = (sign_in(scene, ann), sign_in(scene, ann));
    for n in 1..=5 {
        assert_eq!(put(scene, ann, phone, &[n]), DeviceSeq(u64::from(n)));
    }
    assert_eq!(
        put(scene, ann, pad, b"other"),
        DeviceSeq(1),
        "each device counts for itself"
    );
    let mail = done(scene.store.mail(ann, phone, DeviceSeq(1), 2));
    let told: Vec<_> = mail
        .iter()
        .map(|mail| (mail.dseq.0, mail.kind.as_str(), &mail.body[..], mail.created_ms))
        .collect();
    let now_ms = scene.hands.now_ms();
    assert_eq!(
        told,
        [(2, "welcome", &[2][..], now_ms), (3, "welcome", &[3][..], now_ms)]
    );
    done(scene.store.ack_mail(ann, phone, DeviceSeq(3)));
    done(scene.store.ack_mail(ann, phone, DeviceSeq(2)));
    assert_eq!(dseqs(scene, ann, phone, 0, 10), [4, 5]);
    done(scene.store.ack_mail(ann, phone, DeviceSeq(99)));
    assert_eq!(dseqs(scene, ann, phone, 0, 10), [0; 0]);
    assert_eq!(
        put(scene, ann, phone, b"six"),
        DeviceSeq(6),
        "after the last one ever given"
    );
    assert_eq!(dseqs(scene, ann, pad, 0, 10), [1]);
    let unknown = scene.device_id();
    assert_eq!(dseqs(scene, ann, unknown, 0, 10), [0; 0]);
    done(scene.store.ack_mail(ann, unknown, DeviceSeq(1)));
}

/// BND1: mail goes after 30 days, at most so many at a time.
pub fn bnd1_mail_expires_in_bounded_steps(scene: &mut Scene) {
    let [ann] = scene.persons();
    let phone = sign_in(scene, ann);
    for n in 0..3 {
        put(scene, ann, phone, &[n]);
    }
    scene.hands.pass_ms(1_000);
    put(scene, ann, phone, b"younger");
    scene.hands.pass_ms(MAILBOX_MS_MAX - 1_000);
    assert_eq!(done(scene.store.expire(10)), 0, "30 days are not more than 30 days");
    scene.hands.pass_ms(1);
    assert_eq!(
        [
            done(scene.store.expire(2)),
            done(scene.store.expire(2)),
            done(scene.store.expire(2))
        ],
        [2, 1, 0]
    );
    assert_eq!(dseqs(scene, ann, phone, 0, 10), [4]);
    scene.hands.pass_ms(1_000);
    assert_eq!(done(scene.store.expire(10)), 1);
    assert_eq!(put(scene, ann, phone, b"five"), DeviceSeq(5));
}

/// DUR1: devices, secrets, mail and the places given in a mailbox are there after a restart.
pub fn dur1_devices_and_mail_survive_a_restart(scene: &mut Scene) {
    let [ann] = scene.persons();
    let phone = sign_in(scene, ann);
    done(scene.store.rotate_secret(ann, phone, [2; 32]));
    put(scene, ann, phone, b"one");
    put(scene, ann, phone, b"two");
    done(scene.store.ack_mail(ann, phone, DeviceSeq(2)));
    let before = (
        done(scene.store.devices(ann)),
        done(scene.store.user(ann)),
        scene.ver(ann),
    );
    scene.reopen();
    assert_eq!(
        before,
        (
            done(scene.store.devices(ann)),
            done(scene.store.user(ann)),
            scene.ver(ann)
        )
    );
    assert_eq!(put(scene, ann, phone, b"three"), DeviceSeq(3));
    assert_eq!(dseqs(scene, ann, phone, 0, 10), [3]);
}

/// OPS1: a person runs the server from the moment it was said, until it is taken back; nobody else changes.
pub fn ops1_owners_are_made_and_unmade(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let owns = |scene: &Scene, user| done(scene.store.user(user)).expect("an account").owner;
    for owner in [true, true, false] {
        done(scene.store.set_owner(ann, owner));
        assert_eq!((owns(scene, ann), owns(scene, bob)), (owner, false));
    }
    done(scene.store.set_owner(bob, true));
    scene.reopen();
    assert_eq!((owns(scene, ann), owns(scene, bob)), (false, true));
    let nobody = scene.user_id();
    assert_eq!(refused(scene.store.set_owner(nobody, true)), Refused::UnknownPerson);
}
