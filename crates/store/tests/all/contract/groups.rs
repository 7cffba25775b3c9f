//! What a group is beside its log: settings, roles, who may write and how often, what newcomers may read.

use crate::scene::{Scene, done, refused, seqs, unread_of};
use protocol::group::{GroupSettings, History, RoleChanged, SettingsChange};
use protocol::server_frame::Role;
use protocol::{ConversationId, Kind, Seq, UserId};
use store::{Appended, ChangeSettings, MemberChange, Refused};

fn title(title: &str) -> SettingsChange {
    SettingsChange {
        title: Some(title.into()),
        ..SettingsChange::default()
    }
}

fn ask(scene: &mut Scene, conv: ConversationId, actor: UserId, change: SettingsChange) -> ChangeSettings {
    ChangeSettings {
        conv,
        actor,
        send_id: scene.send_id(),
        change,
    }
}

#[track_caller]
pub fn set(scene: &mut Scene, conv: ConversationId, actor: UserId, change: SettingsChange) -> Appended {
    let ask = ask(scene, conv, actor, change);
    done(scene.store.change_settings(ask))
}

#[track_caller]
pub fn give(scene: &mut Scene, conv: ConversationId, actor: UserId, user: UserId, role: Role) -> Appended {
    let change = scene.change(conv, actor, MemberChange::Role(user, role));
    done(scene.store.change_members(change))
}

/// RGT2: a change of settings is an entry that says what changed and no more; everybody's inbox tells how they stand.
pub fn rgt2_settings_change_by_entries(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    scene.fan_out();
    let change = SettingsChange {
        description: Some("Mondays".into()),
        slow_mode_s: Some(5),
        announce: Some(false),
        ..title("Choir")
    };
    let asked = ask(scene, conv, ann, change);
    let first = done(scene.store.change_settings(asked.clone()));
    assert_eq!(
        (first.entry.kind.clone(), first.entry.seq, first.entry.ord.0),
        (Kind::Settings, Seq(2), 0)
    );
    assert_eq!(
        &*first.entry.body, r#"{"title":"Choir","description":"Mondays","slow_mode_s":5}"#,
        "nobody announced before either"
    );
    let again = done(scene.store.change_settings(asked.clone()));
    assert_eq!((&again.entry, again.dup), (&first.entry, true));
    let other = ChangeSettings {
        change: title("Band"),
        ..asked
    };
    assert_eq!(refused(scene.store.change_settings(other)), Refused::SendIdReused);
    let nothing = set(scene, conv, ann, title("Choir"));
    assert_eq!((&nothing.entry, nothing.dup), (&first.entry, true), "it is called so");
    scene.fan_out();
    let settings = GroupSettings {
        description: Some("Mondays".into()),
        slow_mode_s: 5,
        ..GroupSettings::default()
    };
    for user in [ann, bob] {
        let row = scene.row(user, conv);
        assert_eq!((row.title.as_deref(), &row.settings), (Some("Choir"), &settings));
    }
    if scene.reopen() {
        let nothing = set(scene, conv, ann, title("Choir"));
        assert!(nothing.dup, "it is called so after a restart, too");
        let back = SettingsChange {
            description: Some(String::new()),
            slow_mode_s: Some(0),
            ..SettingsChange::default()
        };
        set(scene, conv, ann, back);
        scene.fan_out();
        assert!(scene.row(bob, conv).settings.is_default());
    }
}

/// RGT1: who may not is refused, and nothing is changed: members, the removed, strangers; and a 1:1 has no settings.
pub fn rgt1_rights_are_kept(scene: &mut Scene) {
    let [ann, bob, cid, eve] = scene.persons();
    let conv = scene.group(&[ann, bob, cid]);
    scene.remove(conv, ann, cid);
    let rules = SettingsChange {
        approve: Some(true),
        ..SettingsChange::default()
    };
    for (actor, expected) in [
        (bob, Refused::Forbidden),
        (cid, Refused::NotAMember),
        (eve, Refused::NotFound),
    ] {
        for change in [title("Mine"), rules.clone()] {
            let ask = ask(scene, conv, actor, change);
            assert_eq!(refused(scene.store.change_settings(ask)), expected);
        }
        let change = scene.change(conv, actor, MemberChange::Role(bob, Role::Owner));
        assert_eq!(refused(scene.store.change_members(change)), expected);
    }
    let pair = scene.direct(ann, bob);
    let ask = ask(scene, pair, ann, title("Us"));
    assert_eq!(refused(scene.store.change_settings(ask)), Refused::NotAGroup);
    let change = scene.change(pair, ann, MemberChange::Role(bob, Role::Owner));
    assert_eq!(refused(scene.store.change_members(change)), Refused::NotAGroup);

    give(scene, conv, ann, bob, Role::Admin);
    set(scene, conv, bob, title("Ours"));
    let change = scene.change(conv, bob, MemberChange::Role(bob, Role::Owner));
    assert_eq!(
        refused(scene.store.change_members(change)),
        Refused::Forbidden,
        "admins make no owners"
    );

    // While joining needs approval, members do not add.
    give(scene, conv, ann, bob, Role::Member);
    let add = scene.change(conv, bob, MemberChange::Add(vec![eve]));
    set(scene, conv, ann, rules);
    assert_eq!(refused(scene.store.change_members(add)), Refused::Forbidden);
    scene.add(conv, ann, &[eve]);
    assert_eq!(scene.log(conv).len(), 7, "what was refused left nothing");
}

/// RGT2, MEM5: a role is given by an entry; the last owner stays one; who has it already is no news.
pub fn mem5_a_role_is_given_and_the_last_owner_stays(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let made = give(scene, conv, ann, bob, Role::Admin);
    let body: RoleChanged = serde_json::from_str(&made.entry.body).expect("its body");
    assert_eq!(
        (made.entry.kind.clone(), body.user, body.role),
        (Kind::Role, bob, Role::Admin)
    );
    assert!(give(scene, conv, ann, bob, Role::Admin).dup, "an admin already");
    for (user, role, expected) in [
        (ann, Role::Member, Refused::LastOwner),
        (ann, Role::Admin, Refused::LastOwner),
        (cid, Role::Admin, Refused::UnknownPerson),
    ] {
        let change = scene.change(conv, ann, MemberChange::Role(user, role));
        assert_eq!(refused(scene.store.change_members(change)), expected);
    }
    give(scene, conv, ann, bob, Role::Owner);
    give(scene, conv, bob, ann, Role::Member);
    scene.fan_out();
    assert_eq!(
        (scene.row(ann, conv).role, scene.row(bob, conv).role),
        (Some(Role::Member), Some(Role::Owner))
    );
    scene.reopen();
    let change = scene.change(conv, bob, MemberChange::Role(bob, Role::Member));
    assert_eq!(refused(scene.store.change_members(change)), Refused::LastOwner);
}

/// RGT3: while announcing only admins write; a repeat of what was written before is still answered.
pub fn rgt3_only_admins_write_announcements(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let before = scene.text(conv, bob, "before");
    let first = scene.append(before.clone());
    let announce = |yes| SettingsChange {
        announce: Some(yes),
        ..SettingsChange::default()
    };
    set(scene, conv, ann, announce(true));
    let text = scene.text(conv, bob, "may I?");
    assert_eq!(refused(scene.store.append(text.clone())), Refused::AnnouncementsOnly);
    assert_eq!(scene.append(before).entry, first.entry);
    scene.say(conv, ann, "hear, hear");
    give(scene, conv, ann, bob, Role::Admin);
    scene.append(text);
    give(scene, conv, ann, bob, Role::Member);
    set(scene, conv, ann, announce(false));
    scene.say(conv, bob, "at last");
}

/// RGT3: in slow mode one member's messages are that far apart, over a restart too; others and admins do not wait for
/// them, and a repeat never waits.
pub fn rgt3_slow_mode_keeps_messages_apart(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let conv = scene.group(&[ann, bob, cid]);
    scene.say(conv, bob, "just now");
    let slow = SettingsChange {
        slow_mode_s: Some(10),
        ..SettingsChange::default()
    };
    set(scene, conv, ann, slow);
    scene.hands.pass_ms(4_000);
    for _ in 0..2 {
        let early = scene.text(conv, bob, "early");
        let wait = Refused::SlowMode { retry_after_ms: 6_000 };
        assert_eq!(
            refused(scene.store.append(early)),
            wait,
            "what came before slow mode counts"
        );
        scene.reopen();
    }
    scene.say(conv, cid, "another's wait is not mine");
    scene.say(conv, ann, "one");
    scene.say(conv, ann, "two");
    scene.hands.pass_ms(5_999);
    let early = scene.text(conv, bob, "a moment");
    assert_eq!(
        refused(scene.store.append(early.clone())),
        Refused::SlowMode { retry_after_ms: 1 }
    );
    scene.hands.pass_ms(1);
    let sent = scene.append(early.clone());
    assert!(!sent.dup && scene.append(early).dup);
    // A clock that was set back makes nobody wait for what nobody knows.
    scene.hands.set_ms(scene.hands.now_ms() - 3_600_000);
    scene.say(conv, bob, "an hour ago");
}

/// MEM8: where history is open, who joins reads all of it, nothing of it is unread or a receipt of theirs; who comes
/// back reads on from where they were, and what was kept from them before stays so.
pub fn mem8_newcomers_read_what_was_before(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    scene.say(conv, ann, "two");
    scene.remove(conv, ann, bob);
    scene.say(conv, ann, "four");
    scene.add(conv, ann, &[bob]);
    scene.say(conv, ann, "six");
    scene.remove(conv, ann, bob);
    let open = |history| SettingsChange {
        history: Some(history),
        ..SettingsChange::default()
    };
    set(scene, conv, ann, open(History::All));
    scene.say(conv, ann, "nine");
    assert_eq!(scene.add(conv, ann, &[bob, cid]).seq, Seq(10));
    scene.say(conv, ann, "eleven");
    assert_eq!(seqs(&scene.readable(cid, conv)), (1..=11).collect::<Vec<_>>());
    assert_eq!(seqs(&scene.readable(bob, conv)), [1, 2, 3, 5, 6, 7, 8, 9, 10, 11]);
    scene.fan_out();
    for user in [bob, cid] {
        assert_eq!(unread_of(&scene.row(user, conv)), 1, "the one after they came");
    }
    let stays: Vec<_> = done(scene.store.members(ann, conv, None, 10))
        .members
        .iter()
        .map(|member| (member.user, member.from_seq.0))
        .collect();
    assert_eq!(stays, [(ann, 1), (bob, 10), (cid, 10)]);
    assert_eq!(done(scene.store.receipts(ann, conv, Seq(9))), [], "they found it there");
    assert_eq!(done(scene.store.receipts(ann, conv, Seq(11))).len(), 2);

    // The oldest stay is not the one that may read the most.
    set(scene, conv, ann, open(History::Joined));
    scene.reopen();
    scene.leave(conv, bob);
    assert_eq!(scene.add(conv, ann, &[bob]).seq, Seq(14));
    assert_eq!(seqs(&scene.readable(bob, conv))[10..], [12, 13, 14]);
    let left = scene.leave(conv, ann);
    let heir: protocol::entry::Left = serde_json::from_str(&left.body).expect("its body");
    assert_eq!(heir.owner, Some(cid), "there since 10; Bob since 14");
}
