//! Plans: the same from the same seed, whole after a trip through a file, and true to themselves.

use super::{Enter, Join, Leave, Plan, Remove, Scene, Shape, Verb};
use std::collections::BTreeSet;

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
