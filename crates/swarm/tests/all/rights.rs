//! I22: who may do what in a group, and how it stands for its members; and who may read what, where its history is
//! open.

use crate::story::*;
use protocol::group::{GroupSettings, History, SettingsChange};
use protocol::server_frame::Role;
use protocol::{Kind, Seq, UserId};
use swarm::history::{Device, Ruled, What, settings_digest};
use swarm::verdict::Rule;

const TITLE: &str = "Choir";

/// The latest entry is of this kind, and changes the group so.
fn was(story: &mut Story, kind: &Kind, ruled: Ruled) {
    let last = story.log.last_mut().expect("it was committed");
    (last.kind, last.ruled) = (kind.as_str().to_owned(), ruled);
}

fn roles(roles: &[(UserId, Role)]) -> Ruled {
    Ruled {
        roles: roles.to_vec(),
        ..Ruled::default()
    }
}

fn changed(change: SettingsChange) -> Ruled {
    Ruled {
        settings: Some(change),
        ..Ruled::default()
    }
}

/// Ann owns a group, and Bob is in it.
fn group() -> Story {
    let mut story = Story::new();
    let ruled = Ruled {
        roles: vec![(ANN, Role::Owner), (BOB, Role::Member)],
        ..changed(SettingsChange {
            title: Some(TITLE.to_owned()),
            ..SettingsChange::default()
        })
    };
    was(&mut story, &Kind::Created, ruled);
    story
}

/// Somebody changes something of it.
fn changes(story: &mut Story, device: Device, change: SettingsChange) {
    story.change_members(device, "settings", &[], &[]);
    was(story, &Kind::Settings, changed(change));
}

fn announces() -> SettingsChange {
    SettingsChange {
        announce: Some(true),
        ..SettingsChange::default()
    }
}

/// It ends well: everybody is told the role that the log gave them.
fn ends(mut story: Story, told: &[(UserId, Role)]) -> Story {
    story.end();
    for (user, role) in told {
        for device in (0..3).filter(|device| user_of(*device) == *user) {
            story.spoil_told(device, |what| {
                if let What::Snapshot { held, fresh } = what {
                    held.iter_mut().chain(fresh).for_each(|row| row.role = Some(*role));
                }
            });
        }
    }
    story
}

const USUAL: [(UserId, Role); 1] = [(ANN, Role::Owner)];

/// RGT3: members are refused there.
#[test]
fn i22_where_announcing_only_admins_write() {
    let story = |writer: Device| {
        let mut story = group();
        story.say(BOBS);
        changes(&mut story, ANNS, announces());
        story.say(writer);
        ends(story, &USUAL)
    };
    assert_good(&story(ANNS));
    assert_bad(&story(BOBS), &[Rule::I22], "no right");
}

/// RGT1: by the published table.
#[test]
fn i22_settings_and_roles_are_changed_by_who_may() {
    let settings = |by: Device| {
        let mut story = group();
        changes(&mut story, by, announces());
        ends(story, &USUAL)
    };
    assert_good(&settings(ANNS));
    assert_bad(&settings(BOBS), &[Rule::I22], "no right");
    let role = |by: Device| {
        let mut story = group();
        story.change_members(by, "role", &[], &[]);
        was(&mut story, &Kind::Role, roles(&[(BOB, Role::Admin)]));
        ends(story, &[(ANN, Role::Owner), (BOB, Role::Admin)])
    };
    assert_good(&role(ANNS));
    assert_bad(&role(BOBS), &[Rule::I22], "no right");
}

#[test]
fn i22_who_removes_stands_above() {
    let story = |by: Device, goes: UserId, is_admin: bool| {
        let mut story = group();
        story.change_members(ANNS, "add", &[CYD], &[]);
        was(&mut story, &Kind::Added, roles(&[(CYD, Role::Member)]));
        story.change_members(ANNS, "role", &[], &[]);
        let role = if is_admin { Role::Admin } else { Role::Member };
        was(&mut story, &Kind::Role, roles(&[(BOB, role)]));
        story.change_members(by, "remove", &[], &[goes]);
        was(&mut story, &Kind::Removed, Ruled::default());
        let mut told = vec![(ANN, Role::Owner)];
        told.extend((goes != BOB).then_some((BOB, role)));
        ends(story, &told)
    };
    assert_good(&story(ANNS, BOB, true));
    assert_good(&story(BOBS, CYD, true));
    assert_bad(&story(BOBS, CYD, false), &[Rule::I22], "no right");
    assert_bad(&story(CYDS, BOB, false), &[Rule::I22], "no right");
}

/// MEM5: as long as there is anybody.
#[test]
fn i22_a_group_has_an_owner() {
    let story = |next: &[(UserId, Role)]| {
        let mut story = group();
        story.change_members(ANNS, "leave", &[], &[ANN]);
        was(&mut story, &Kind::Left, roles(next));
        ends(story, &[(BOB, next.first().map_or(Role::Member, |(_, role)| *role))])
    };
    assert_good(&story(&[(BOB, Role::Owner)]));
    assert_bad(&story(&[]), &[Rule::I22], "no owner");
}

/// RGT2: every row of an inbox says so.
#[test]
fn i22_a_group_stands_for_its_members_as_its_log_made_it() {
    let as_log = GroupSettings {
        announce: true,
        ..GroupSettings::default()
    };
    let story = |settings: &GroupSettings, role: Role| {
        let mut story = group();
        changes(&mut story, ANNS, announces());
        let mut story = ends(story, &[(ANN, Role::Owner), (BOB, role)]);
        let told = settings_digest(Some(TITLE), settings);
        story.spoil_told(BOBS, |what| {
            if let What::Snapshot { held, fresh } = what {
                held.iter_mut().chain(fresh).for_each(|row| row.settings = told);
            }
        });
        story
    };
    assert_good(&story(&as_log, Role::Member));
    assert_bad(
        &story(&GroupSettings::default(), Role::Member),
        &[Rule::I22],
        "other settings",
    );
    assert_bad(&story(&as_log, Role::Admin), &[Rule::I22], "the role");
}

#[test]
fn i15_what_a_device_holds_of_a_group_is_what_is_so() {
    let mut story = group();
    changes(&mut story, ANNS, announces());
    let mut story = ends(story, &USUAL);
    story.spoil_told(BOBS, |what| {
        if let What::Snapshot { held, .. } = what {
            held.iter_mut().for_each(|row| row.settings = 5);
        }
    });
    assert_bad(&story, &[Rule::I15], "settings");
}

/// Cyd comes into a group with an open history, or a closed one, and reads what was said before.
fn newcomer(history: History, reads_from: u64) -> Story {
    let mut story = group();
    story.say(ANNS);
    let change = SettingsChange {
        history: Some(history),
        ..SettingsChange::default()
    };
    changes(&mut story, ANNS, change);
    story.change_members(ANNS, "add", &[CYD], &[]);
    was(&mut story, &Kind::Added, roles(&[(CYD, Role::Member)]));
    story.say(BOBS);
    let log = story.log.clone();
    let mut story = ends(story, &USUAL);
    story.spoil_told(CYDS, |what| match what {
        What::Final { entries, .. } => {
            *entries = log
                .iter()
                .filter(|entry| entry.seq >= Seq(reads_from))
                .map(seen)
                .collect();
        }
        What::Snapshot { held, fresh } => held.iter_mut().chain(fresh).for_each(|row| row.read_seq = Seq(3)),
        _ => {}
    });
    story
}

/// MEM8: all of it then, and else none.
#[test]
fn i9_who_comes_reads_what_was_said_before_only_where_history_is_open() {
    assert_good(&newcomer(History::All, 1));
    assert_good(&newcomer(History::Joined, 4));
    assert_bad(&newcomer(History::Joined, 1), &[Rule::I9], "leaked");
    assert_bad(&newcomer(History::All, 4), &[Rule::I1], "lost to a reader");
}
