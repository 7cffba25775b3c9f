//! Plans: the same from the same seed, whole after a trip through a file, and true to themselves.

use super::{Enter, Join, Leave, Plan, Remove, Scene, Shape, Verb};
use protocol::ClientFrame;
use std::collections::{BTreeMap, BTreeSet};

fn usual(seed: u64) -> Plan {
    Plan::draw(seed, Shape::of(50, 20_000))
}

#[test]
fn the_same_seed_and_shape_give_the_same_plan() {
    assert_eq!(usual(7), usual(7));
    assert_ne!(usual(7).steps, usual(8).steps);
}

#[test]
fn a_plan_is_whole_after_a_trip_through_a_file() {
    let plan = usual(7);
    let saved = serde_json::to_string(&plan).expect("a plan is JSON");
    let replayed: Plan = serde_json::from_str(&saved).expect("it can be read");
    assert_eq!(replayed, plan);
}

#[test]
fn every_verb_is_drawn_in_a_plan_of_usual_size() {
    for seed in 0..5 {
        let drawn: BTreeSet<&str> = usual(seed).steps.iter().map(|step| step.verb.name()).collect();
        let all: BTreeSet<&str> = Verb::NAMES.iter().copied().collect();
        assert_eq!(drawn, all, "seed {seed}");
    }
}

#[test]
fn who_comes_was_outside_and_who_goes_was_inside() {
    for seed in 0..20 {
        let plan = Plan::draw(seed, Shape::of(12, 60_000));
        let mut scene = Scene::of(plan.shape.clone(), plan.rooms.clone());
        for step in &plan.steps {
            let me = step.device / plan.shape.devices_each;
            let keeper = |room: u32| plan.rooms[room as usize].keeper;
            match step.verb {
                Verb::Join(Join { room, person }) => {
                    assert_eq!(keeper(room), me, "seed {seed}: a keeper adds");
                    assert!(scene.members[room as usize].insert(person), "seed {seed}: {step:?}");
                    scene.removed.remove(&(room, person));
                }
                Verb::Remove(Remove { room, person }) => {
                    assert!(
                        keeper(room) == me && person != me,
                        "seed {seed}: a keeper removes another"
                    );
                    assert!(scene.members[room as usize].remove(&person), "seed {seed}: {step:?}");
                    scene.removed.insert((room, person));
                }
                Verb::Leave(Leave { room }) => {
                    assert_ne!(keeper(room), me, "seed {seed}: a keeper stays");
                    assert!(scene.members[room as usize].remove(&me), "seed {seed}: {step:?}");
                }
                Verb::Enter(Enter { room, .. }) => scene.enter(room, me),
                Verb::Send(ref send) => {
                    assert!(scene.members[send.room as usize].contains(&me), "seed {seed}: {step:?}");
                }
                _ => {}
            }
        }
        assert!(plan.steps.is_sorted_by_key(|step| step.at_ms), "seed {seed}: by time");
    }
}

#[test]
fn everybody_is_in_a_group_and_a_room_of_two_has_two() {
    for (seed, people) in [(1, 1), (2, 2), (3, 3), (4, 50), (5, 300)] {
        let plan = Plan::draw(seed, Shape::of(people, 1_000));
        for person in 0..people {
            let in_a_group = plan.rooms_of(person).any(|room| plan.rooms[room as usize].group);
            assert!(in_a_group, "seed {seed}: person {person}");
        }
        for room in &plan.rooms {
            let members: BTreeSet<u32> = room.members().collect();
            assert_eq!(members.len(), room.others.len() + 1, "seed {seed}: nobody twice");
            assert!(room.group || members.len() == 2, "seed {seed}");
            assert!(
                members.len() <= 256 && members.iter().all(|person| *person < people),
                "seed {seed}"
            );
        }
    }
}

/// The text of a body begins with its device and turn: no two sends of a run may be alike.
#[test]
fn no_device_has_a_turn_twice() {
    let plan = usual(7);
    let mut seen = BTreeSet::new();
    for step in &plan.steps {
        if let Verb::Send(send) = &step.verb {
            assert!(seen.insert((step.device, send.turn)), "{step:?}");
        }
    }
}

/// Every request of the protocol that changes something, and the verb of the crowd that asks for it. What such a verb
/// leaves is then compared for every reader: what a device held before and was told since with what a fresh one gets
/// (I1 and I20 the entries, I15 and I22 the inbox and what is one's own, I18 the drafts).
const DONE_BY: [(&str, &str); 28] = [
    ("send", "Send"),
    ("cursor", "Read"),
    ("watch", "Watch"),
    ("typing", "Typing"),
    ("create", "Begin"),
    ("add", "Join"),
    ("remove", "Remove"),
    ("leave", "Leave"),
    ("settings", "Settings"),
    ("role", "Appoint"),
    ("link", "Link"),
    ("revoke_link", "RevokeLink"),
    ("join", "Enter"),
    ("admit", "Admit"),
    ("edit", "Edit"),
    ("delete", "Delete"),
    ("react", "React"),
    ("pin", "Pin"),
    ("prefs", "Prefer"),
    ("mark", "Mark"),
    ("draft", "Draft"),
    ("read_all", "ReadAll"),
    ("profile", "Profile"),
    ("privacy", "Privacy"),
    ("block", "Block"),
    ("answer", "Answer"),
    ("follow", "Thread"),
    ("thread_read", "Thread"),
];

/// Those that nobody in the crowd says of their own, and why nothing is missed by it.
const NOT_DONE: [(&str, &str); 17] = [
    ("hello", "it changes nothing; every connection begins with it"),
    ("beat", "it changes nothing"),
    ("get", "it looks, and every client asks it"),
    ("inbox", "it looks, and every device and every fresh one asks it"),
    ("heads", "it looks, and every client asks it"),
    ("links", "it looks"),
    ("look", "it looks"),
    ("requests", "it looks, and `admit` asks it"),
    ("pins", "it looks; what is pinned is compared entry by entry"),
    ("history", "it looks, and the end asks it of all that was changed"),
    ("members", "it looks; roles are compared row by row"),
    ("people", "it looks"),
    ("receipts", "it looks; cursors are compared as they are told"),
    (
        "thread",
        "it looks; threads are counted row by row, and their replies are entries of the log",
    ),
    ("find", "it looks"),
    ("starred", "it looks; marks are compared row by row"),
    (
        "report",
        "it changes nothing that any reader of a conversation or an inbox is told",
    ),
];

/// The verb is in the crowd, or it is known why not: whoever adds one to the protocol has to say which.
#[test]
fn every_request_is_made_by_the_crowd_or_only_looks() {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for word in DONE_BY.iter().chain(&NOT_DONE).map(|(word, _)| *word) {
        *known.entry(word).or_default() += 1;
    }
    for word in ClientFrame::WORDS {
        let known = known.remove(word).unwrap_or_default();
        assert_eq!(
            known, 1,
            "`{word}` is in the crowd or only looks: say which, in one of the two lists"
        );
    }
    assert!(known.is_empty(), "no such requests: {known:?}");
    for (word, verb) in DONE_BY {
        assert!(Verb::NAMES.contains(&verb), "`{word}`: there is no verb {verb}");
    }
}
