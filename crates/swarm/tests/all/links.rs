//! I21: who comes in by a link.

use crate::story::*;
use protocol::group::SettingsChange;
use protocol::{Kind, SendId, UserId};
use swarm::history::{Device, Ruled, What};
use swarm::verdict::Rule;

const LINK: SendId = SendId::from_bytes([70; 16]);
const OTHER_LINK: SendId = SendId::from_bytes([71; 16]);

/// Ann makes a link for so many uses.
fn linked(story: &mut Story, link: SendId, uses: u32) {
    let conv = CONV;
    story.push(Some(ANNS), What::Linked { conv, link, uses });
}

/// Somebody asks to join by a link; nothing comes of it yet.
fn asks(story: &mut Story, device: Device, link: SendId) -> SendId {
    let (conv, (send_id, _)) = (CONV, story.ask(device, "join"));
    story.push(Some(device), What::Joins { conv, link, send_id });
    story.now_us += 4_000;
    send_id
}

/// Somebody is let in by a link.
fn joins(story: &mut Story, device: Device, link: SendId) {
    let (conv, (send_id, _)) = (CONV, story.name());
    story.push(Some(device), What::Joins { conv, link, send_id });
    story.enters(device, "join", &[user_of(device)]);
    story.push(Some(device), What::LetIn { conv, send_id });
}

fn waits(story: &mut Story, device: Device, link: SendId) {
    let (conv, send_id) = (CONV, asks(story, device, link));
    story.push(Some(device), What::MustWait { conv, send_id });
}

/// The latest entry is of this kind, and changes the group so.
fn was(story: &mut Story, kind: &Kind, ruled: Ruled) {
    let last = story.log.last_mut().expect("it was committed");
    (last.kind, last.ruled) = (kind.as_str().to_owned(), ruled);
}

/// Ann lets nobody in by a link alone, from here on.
fn approves(story: &mut Story) {
    story.change_members(ANNS, "settings", &[], &[]);
    let change = SettingsChange {
        approve: Some(true),
        ..SettingsChange::default()
    };
    let settings = Some(change);
    was(
        story,
        &Kind::Settings,
        Ruled {
            settings,
            ..Ruled::default()
        },
    );
}

fn leaves(story: &mut Story, device: Device) {
    story.change_members(device, "leave", &[], &[user_of(device)]);
    was(story, &Kind::Left, Ruled::default());
}

fn ends(mut story: Story) -> Story {
    story.end();
    story
}

/// LNK1: whoever comes, and however often.
#[test]
fn i21_a_link_lets_in_as_many_as_it_says() {
    let mut good = Story::new();
    linked(&mut good, LINK, 1);
    linked(&mut good, OTHER_LINK, 1);
    joins(&mut good, CYDS, LINK);
    leaves(&mut good, CYDS);
    // By another link, and one whose uses nobody wrote down.
    joins(&mut good, CYDS, OTHER_LINK);
    assert_good(&ends(good));

    let mut bad = Story::new();
    linked(&mut bad, LINK, 1);
    joins(&mut bad, CYDS, LINK);
    leaves(&mut bad, CYDS);
    joins(&mut bad, CYDS, LINK);
    assert_bad(&ends(bad), &[Rule::I21], "used too often");
}

#[test]
fn i21_to_ask_is_a_use_too() {
    let story = |uses: u32| {
        let mut story = Story::new();
        linked(&mut story, LINK, uses);
        leaves(&mut story, BOBS);
        joins(&mut story, BOBS, LINK);
        approves(&mut story);
        waits(&mut story, CYDS, LINK);
        // Who asks again is told so again.
        waits(&mut story, CYDS, LINK);
        ends(story)
    };
    assert_good(&story(2));
    assert_bad(&story(1), &[Rule::I21], "used too often");
}

/// LNK1: a voided one lets nobody in.
#[test]
fn i21_nobody_comes_by_a_link_that_was_voided() {
    let story = |is_told: bool| {
        let (mut story, conv, link) = (Story::new(), CONV, LINK);
        linked(&mut story, LINK, 9);
        story.push(Some(ANNS), What::Revoking { conv, link });
        story.now_us += 1;
        if is_told {
            story.push(Some(ANNS), What::Revoked { conv, link });
        }
        story.now_us += 1;
        joins(&mut story, CYDS, LINK);
        ends(story)
    };
    assert_good(&story(false));
    assert_bad(&story(true), &[Rule::I21], "had been voided");
}

/// LNK2: who was removed stays out.
#[test]
fn i21_nobody_comes_back_who_was_removed() {
    let story = |kind: &Kind, by: Device| {
        let mut story = Story::new();
        linked(&mut story, LINK, 9);
        story.change_members(by, kind.as_str(), &[], &[BOB]);
        was(&mut story, kind, Ruled::default());
        joins(&mut story, BOBS, LINK);
        ends(story)
    };
    assert_good(&story(&Kind::Left, BOBS));
    assert_bad(&story(&Kind::Removed, ANNS), &[Rule::I21], "had been removed");
}

/// LNK3: a link only asks, where joining needs approval.
#[test]
fn i21_who_must_be_let_in_is_let_in_by_somebody() {
    let admitted = |asks: bool| {
        let mut story = Story::new();
        linked(&mut story, LINK, 9);
        approves(&mut story);
        if asks {
            waits(&mut story, CYDS, LINK);
        }
        story.change_members(ANNS, "admit", &[CYD], &[]);
        ends(story)
    };
    assert_good(&admitted(true));
    assert_bad(&admitted(false), &[Rule::I21], "who never asked");

    let mut bad = Story::new();
    linked(&mut bad, LINK, 9);
    approves(&mut bad);
    joins(&mut bad, CYDS, LINK);
    assert_bad(&ends(bad), &[Rule::I21], "somebody has to let them in");
}

#[test]
fn i21_who_is_told_that_they_are_in_is_in() {
    let mut bad = Story::new();
    linked(&mut bad, LINK, 9);
    let (conv, send_id) = (CONV, asks(&mut bad, CYDS, LINK));
    bad.push(Some(CYDS), What::LetIn { conv, send_id });
    assert_bad(&ends(bad), &[Rule::I21], "not let in");
}

#[test]
fn i21_nobody_brings_others() {
    let both: [UserId; 2] = [BOB, CYD];
    let (mut bad, conv, link) = (Story::new(), CONV, LINK);
    leaves(&mut bad, BOBS);
    linked(&mut bad, LINK, 9);
    let (send_id, _) = bad.name();
    bad.push(Some(CYDS), What::Joins { conv, link, send_id });
    bad.enters(CYDS, "join", &both);
    assert_bad(&ends(bad), &[Rule::I21], "others with them");
}
