//! I19: what is told of somebody who is blocked, or whom nobody has taken up.

use crate::story::*;
use protocol::server_frame::PresenceState;
use protocol::{ConversationId, SendId, Seq, UserId};
use swarm::history::{Device, Hidden, Logged, What};
use swarm::verdict::Rule;

const ANNS_EAR: Device = 10;
/// A good while, in microseconds.
const WHILE_US: u64 = 6_000_000;

fn presence(user: UserId) -> What {
    let state = PresenceState::Online;
    What::SawPresence { user, state }
}

fn cursor(user: UserId, seq: u64) -> What {
    What::SawCursor {
        conv: ConversationId::direct(ANN, BOB),
        user,
        delivered: Seq(seq),
        read: Seq(seq),
    }
}

/// Bob blocks Ann, and that is acknowledged.
fn blocked() -> Story {
    let mut story = Story::good();
    story.push(Some(BOBS), What::Blocking { user: ANN, on: true });
    story.push(Some(BOBS), What::Blocked { user: ANN, on: true });
    story
}

/// What this rule alone says.
fn says_of(story: &Story, rule: Rule) -> Vec<String> {
    let violations = story.judge().violations.into_iter();
    violations.filter(|one| one.rule == rule).map(|one| one.says).collect()
}

fn later(mut story: Story, told: &[(Device, What)]) -> Story {
    story.now_us += WHILE_US;
    for (device, what) in told {
        story.push(Some(*device), what.clone());
    }
    story
}

#[test]
fn i19_nothing_passes_after_a_block() {
    let typing = |user| What::SawTyping { conv: CONV, user };
    for (device, user) in [(ANNS, BOB), (BOBS, ANN)] {
        assert_bad(
            &later(blocked(), &[(device, presence(user))]),
            &[Rule::I19],
            "let through",
        );
        assert_bad(
            &later(blocked(), &[(device, typing(user))]),
            &[Rule::I19],
            "let through",
        );
    }
    assert_bad(
        &later(blocked(), &[(ANNS_EAR, cursor(BOB, 1))]),
        &[Rule::I19],
        "let through",
    );
    // Of Cyd they hear, and that nothing is told of each other is told as the beginning.
    let rest = [(CYDS, presence(BOB)), (BOBS, presence(CYD)), (ANNS_EAR, cursor(BOB, 0))];
    assert_good(&later(blocked(), &rest));
}

#[test]
fn i19_what_was_on_its_way_is_no_fault() {
    let mut story = blocked();
    story.push(Some(ANNS), presence(BOB));
    assert_good(&story);
    // But a connection that was begun after it has nothing of before on its way.
    let mut story = blocked();
    story.now_us += 1;
    story.push(Some(ANNS), What::Disconnected);
    story.push(Some(ANNS), What::Connected { epoch: None });
    story.push(Some(ANNS), presence(BOB));
    assert_bad(&story, &[Rule::I19], "let through");
}

#[test]
fn i19_a_block_ends_when_somebody_asks_for_it() {
    let mut story = blocked();
    story.push(Some(BOBS), What::Blocking { user: ANN, on: false });
    assert_good(&later(story, &[(ANNS, presence(BOB))]));
    let mut unknown = Story::good();
    unknown.push(Some(BOBS), What::Blocking { user: ANN, on: true });
    assert_good(&later(unknown, &[(ANNS, presence(BOB))]));
}

#[test]
fn i19_nobody_writes_where_one_blocks_the_other() {
    let write = |mut story: Story, device: Device, while_us: u64| {
        let (send_id, conv) = (SendId::from_bytes([77; 16]), ConversationId::direct(ANN, BOB));
        let invoke = What::Invoke {
            send_id,
            conv,
            verb: "send".to_owned(),
            digest: Some(7),
            target: None,
            target_name: None,
        };
        story.now_us += while_us;
        story.push(Some(device), invoke);
        story.now_us += while_us;
        let seq = Seq(2);
        story.push(Some(device), What::Ok { send_id, conv, seq });
        story
    };
    for device in [ANNS, BOBS] {
        let says = says_of(&write(blocked(), device, 10), Rule::I19);
        assert!(says.iter().any(|says| says.contains("wrote in a 1:1")), "{says:?}");
    }
    assert_eq!(says_of(&write(Story::good(), ANNS, 10), Rule::I19), [""; 0]);
}

#[test]
fn i19_nothing_passes_in_a_request() {
    let conv = ConversationId::direct(ANN, CYD);
    let typing = |user| What::SawTyping { conv, user };
    let asked = || {
        let mut story = Story::good();
        story.push(Some(CYDS), What::Requested { conv });
        story
    };
    for (device, user) in [(ANNS, CYD), (CYDS, ANN)] {
        let says = says_of(&later(asked(), &[(device, typing(user))]), Rule::I19);
        assert_eq!(says.len(), 1, "{says:?}");
        let mut taken_up = asked();
        taken_up.push(Some(CYDS), What::TakesUp { conv });
        assert_eq!(says_of(&later(taken_up, &[(device, typing(user))]), Rule::I19), [""; 0]);
    }
}

/// Ann tells nobody something of herself, and that is acknowledged.
fn hiding(what: Hidden) -> Story {
    let mut story = Story::good();
    story.push(Some(ANNS), What::Hiding { what, on: true });
    story.push(Some(ANNS), What::Hides { what, on: true });
    story
}

/// PPL3: it works both ways.
#[test]
fn i19_who_tells_nobody_is_told_of_nobody() {
    for (device, user) in [(BOBS, ANN), (ANNS, BOB)] {
        let hidden = later(hiding(Hidden::Presence), &[(device, presence(user))]);
        assert_bad(&hidden, &[Rule::I19], "tells nobody");
        assert_good(&later(hiding(Hidden::Receipts), &[(device, presence(user))]));
    }
    // How far somebody had read before they hid it stays told.
    assert_good(&later(hiding(Hidden::Receipts), &[(BOBS_EAR, cursor(ANN, 1))]));
    let receipt = [(ANNS_EAR, cursor(BOB, 1))];
    assert_bad(&later(hiding(Hidden::Receipts), &receipt), &[Rule::I19], "tells nobody");
    assert_good(&later(hiding(Hidden::Presence), &receipt));
    // Of others than her it goes on, and she may change her mind.
    assert_good(&later(hiding(Hidden::Presence), &[(CYDS, presence(BOB))]));
    let mut shows = hiding(Hidden::Presence);
    let (what, on) = (Hidden::Presence, false);
    shows.push(Some(ANNS), What::Hiding { what, on });
    assert_good(&later(shows, &[(BOBS, presence(ANN))]));
}

#[test]
fn i15_a_device_holds_its_persons_privacy() {
    let mut story = Story::good();
    story.push(Some(ANNS), What::Myself { held: 1, fresh: 1 });
    assert_good(&story);
    story.push(Some(ANNS), What::Myself { held: 1, fresh: 2 });
    assert_bad(&story, &[Rule::I15], "another privacy");
}

/// PPL3: what somebody reads after they hid it is told to nobody.
#[test]
fn i19_what_is_read_once_it_is_hidden_is_not_told() {
    let conv = ConversationId::direct(ANN, BOB);
    let told = |writer: Device| {
        let mut story = hiding(Hidden::Receipts);
        story.now_us += WHILE_US;
        let (send_id, _) = story.ask(writer, "send");
        story.spoil(|record| match &mut record.what {
            What::Invoke {
                send_id: of,
                conv: place,
                ..
            } if *of == send_id => *place = conv,
            _ => {}
        });
        let entry = Logged {
            seq: Seq(2),
            send_id,
            sender: user_of(writer),
            ..story.log[1].clone()
        };
        let entries = vec![entry];
        story.push(
            Some(BOBS),
            What::Log {
                lineage: 0,
                conv,
                entries,
            },
        );
        says_of(&later(story, &[(BOBS_EAR, cursor(ANN, 2))]), Rule::I19)
    };
    assert_eq!(told(BOBS).len(), 1);
    // Who writes has read what they write.
    assert_eq!(told(ANNS), [""; 0]);
}
