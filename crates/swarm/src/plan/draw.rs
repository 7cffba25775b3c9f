//! How a plan comes out of a seed: first the conversations, then the steps, by time. The same seed and shape give the
//! same plan, for ever.

use super::{Plan, Room, RoomPlan, Scene, Shape, Step, Verb};
use crate::plan::{Act, Freeze, PersonNumber, Slow};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;

/// Members of a usual group at the most, and of the large one in four: receipts are told otherwise above 32.
const USUAL_MEMBERS_MAX: u32 = 12;
const LARGE_MEMBERS_MAX: u32 = 250;
/// How often another verb is tried where one cannot be done.
const TRIES_MAX: usize = 16;

impl Shape {
    /// People with two devices each who talk without pause for so long, in milliseconds.
    #[must_use]
    pub fn of(people: u32, for_ms: u64) -> Self {
        Self {
            people,
            devices_each: 2,
            groups: people / 4 + 1,
            for_ms,
            steps_per_s: people * 4,
            frozen_percent: 10,
            slow_percent: 10,
        }
    }

    /// Devices that act, without ears.
    #[must_use]
    pub fn devices(&self) -> u32 {
        self.people * self.devices_each
    }
}

impl Plan {
    /// The plan of this seed.
    #[must_use]
    pub fn draw(seed: u64, shape: Shape) -> Self {
        let mut chance = StdRng::seed_from_u64(seed);
        let rooms = rooms(&shape, &mut chance);
        let mut scene = Scene::of(shape, rooms);
        let mut steps = steps(&mut scene, &mut chance);
        steps.extend(first_looks(&mut scene, &mut chance));
        steps.extend(bad_readers(&mut scene, &mut chance));
        steps.sort_by_key(|step| step.at_ms);
        let Scene { shape, rooms, .. } = scene;
        Self {
            seed,
            shape,
            rooms,
            steps,
        }
    }

    /// The steps of one device, by time.
    pub fn steps_of(&self, device: u32) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.device == device)
    }

    /// Whether a device reads slowly, or not at all for a while.
    #[must_use]
    pub fn is_slow(&self, device: u32) -> bool {
        self.steps_of(device)
            .any(|step| matches!(step.verb, Verb::Freeze(_) | Verb::Slow(_)))
    }

    /// Where a person is at the start.
    pub fn rooms_of(&self, person: PersonNumber) -> impl Iterator<Item = Room> + '_ {
        (0..)
            .zip(&self.rooms)
            .filter(move |(_, room)| room.members().any(|member| member == person))
            .map(|(room, _)| room)
    }
}

impl RoomPlan {
    /// Who is in it at the start, its keeper first.
    pub fn members(&self) -> impl Iterator<Item = PersonNumber> + '_ {
        std::iter::once(self.keeper).chain(self.others.iter().copied())
    }
}

impl Scene {
    /// Before the first step.
    #[must_use]
    pub fn of(shape: Shape, rooms: Vec<RoomPlan>) -> Self {
        let turns = vec![0; shape.devices() as usize];
        let members = rooms.iter().map(|room| room.members().collect()).collect();
        Self {
            shape,
            rooms,
            members,
            blocks: BTreeSet::new(),
            hidden: BTreeSet::new(),
            removed: BTreeSet::new(),
            linked: BTreeSet::new(),
            announcing: BTreeSet::new(),
            device: 0,
            turns,
        }
    }
}

fn rooms(shape: &Shape, chance: &mut StdRng) -> Vec<RoomPlan> {
    let people = shape.people;
    let mut rooms: Vec<RoomPlan> = (0..shape.groups).map(|number| group(number, people, chance)).collect();
    // Whoever is in no group yet comes into one.
    for person in 0..people {
        let is_in = rooms.iter().any(|room| room.members().any(|member| member == person));
        if let Some(room) = rooms.iter_mut().choose(chance).filter(|_| !is_in) {
            room.others.push(person);
        }
    }
    let mut pairs = BTreeSet::new();
    for _ in 0..people * 2 {
        let two = (0..people).sample(chance, 2);
        if let [one, other] = two[..]
            && pairs.len() < people as usize
            && pairs.insert((one.min(other), one.max(other)))
        {
            rooms.push(RoomPlan {
                keeper: one,
                others: vec![other],
                group: false,
            });
        }
    }
    rooms
}

fn group(number: u32, people: u32, chance: &mut StdRng) -> RoomPlan {
    let keeper = number % people;
    let members_max = if chance.random_ratio(1, 4) {
        LARGE_MEMBERS_MAX
    } else {
        USUAL_MEMBERS_MAX
    };
    // Somebody stays outside where there are enough people, or nobody could ever join.
    let others_max = members_max.min(people.saturating_sub(2)).max(1);
    let count = chance.random_range(1..=others_max) as usize;
    let others = (0..people).filter(|person| *person != keeper).sample(chance, count);
    RoomPlan {
        keeper,
        others,
        group: true,
    }
}

fn steps(scene: &mut Scene, chance: &mut StdRng) -> Vec<Step> {
    let (for_ms, devices) = (scene.shape.for_ms.max(1), scene.shape.devices());
    let count = for_ms * u64::from(scene.shape.steps_per_s) / 1_000;
    let mut times: Vec<u64> = (0..count).map(|_| chance.random_range(0..for_ms)).collect();
    times.sort_unstable();
    let step = |at_ms| {
        scene.device = chance.random_range(0..devices);
        let verb = verb(scene, chance)?;
        Some(scene.step(at_ms, verb))
    };
    times.into_iter().filter_map(step).collect()
}

/// A verb by weight; another where it cannot be done.
fn verb(scene: &mut Scene, chance: &mut StdRng) -> Option<Verb> {
    (0..TRIES_MAX).find_map(|_| {
        let (_, draw) = Verb::DRAWS.choose_weighted(chance, |(weight, _)| *weight).ok()?;
        draw(scene, chance)
    })
}

/// Everybody has something on the screen soon after the start.
fn first_looks(scene: &mut Scene, chance: &mut StdRng) -> Vec<Step> {
    let (devices, soon_ms) = (scene.shape.devices(), scene.shape.for_ms / 20 + 1);
    let look = |device| {
        let rooms = scene.rooms.clone();
        // As the rooms were at the start, not as they are when the last step is done.
        let mut start = Scene::of(scene.shape.clone(), rooms);
        start.device = device;
        let look = super::Look::draw(&mut start, chance)?;
        scene.device = device;
        Some(scene.step(chance.random_range(0..soon_ms), Verb::Look(look)))
    };
    (0..devices).filter_map(look).collect()
}

/// Those who read badly, each once, in the first half; they read well again before the end.
fn bad_readers(scene: &mut Scene, chance: &mut StdRng) -> Vec<Step> {
    let devices = scene.shape.devices();
    let half_ms = scene.shape.for_ms / 2 + 1;
    let share = |percent: u8| (devices * u32::from(percent)).div_ceil(100) as usize;
    let (frozen, slow) = (share(scene.shape.frozen_percent), share(scene.shape.slow_percent));
    let mut freezes = (0..devices).sample(chance, frozen);
    let mut trickles = (0..devices)
        .filter(|device| !freezes.contains(device))
        .sample(chance, slow);
    freezes.sort_unstable();
    trickles.sort_unstable();
    let mut bad = |devices: Vec<u32>, draw: fn(&mut Scene, &mut StdRng) -> Option<Verb>| -> Vec<Step> {
        let step = |device| {
            scene.device = device;
            let verb = draw(scene, chance)?;
            Some(scene.step(chance.random_range(0..half_ms), verb))
        };
        devices.into_iter().filter_map(step).collect()
    };
    let mut steps = bad(freezes, |scene, chance| Freeze::draw(scene, chance).map(Verb::Freeze));
    steps.extend(bad(trickles, |scene, chance| Slow::draw(scene, chance).map(Verb::Slow)));
    steps
}

impl Scene {
    /// A step of the device whose turn it is; its next turn is another.
    fn step(&mut self, at_ms: u64, verb: Verb) -> Step {
        self.turns[self.device as usize] += 1;
        Step {
            at_ms,
            device: self.device,
            verb,
        }
    }
}
