//! What goes wrong, and when: drawn from the seed before the run, carried out between its steps.
//!
//! Faults of one sort at one place follow one another, each with its end, so that a history can name them; faults of
//! different sorts overlap as they like.

use super::house::StoreFaults;
use super::network::NODES;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use server::bus::BusFaults;

/// A day, in milliseconds: how wrong a clock on a wall gets.
const DAY_MS: i64 = 86_400_000;

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A node dies.
    Node(usize),
    /// The machine with the store dies, and with it both nodes.
    Store,
    /// All machines die, and the store comes back as it was when a backup was taken.
    Restore,
    /// A backup is taken.
    Backup,
    /// Nothing passes between people and a node.
    Partition(usize),
    /// Nothing passes from people to a node.
    Deaf(usize),
    /// Nothing passes from a node to people.
    Mute(usize),
    /// What passes between people and a node waits until the end.
    Hold(usize),
    /// What passes between people and a node takes up to so many milliseconds.
    Slow(usize, u64),
    /// Of what passes between people and a node, so much is lost, in parts of a thousand.
    Loss(usize, u32),
    /// Hints from one node to another (or to itself) fare like this.
    Hints(usize, usize, BusFaults),
    /// A clock on a wall is wrong by so many milliseconds.
    Clock(usize, i64),
    /// The engine fails so often.
    Engine(StoreFaults),
}

impl Wrong {
    /// Its kind, as a history names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Node(_) => "crash",
            Self::Store => "store-crash",
            Self::Restore => "restore",
            Self::Backup => "backup",
            Self::Partition(_) => "partition",
            Self::Deaf(_) | Self::Mute(_) => "partition-one-way",
            Self::Hold(_) => "hold",
            Self::Slow(..) => "latency",
            Self::Loss(..) => "loss",
            Self::Hints(..) => "hints",
            Self::Clock(..) => "clock-jump",
            Self::Engine(_) => "store-errors",
        }
    }

    /// Where, as a history names it.
    #[must_use]
    pub fn target(&self) -> String {
        match *self {
            Self::Node(node) | Self::Partition(node) | Self::Hold(node) | Self::Slow(node, _) | Self::Loss(node, _) => {
                NODES[node].to_owned()
            }
            Self::Deaf(node) => format!("people to {}", NODES[node]),
            Self::Mute(node) => format!("{} to people", NODES[node]),
            Self::Hints(from, to, _) => format!("{} to {}", NODES[from], NODES[to]),
            Self::Clock(machine, _) => NODES.get(machine).copied().unwrap_or("store").to_owned(),
            Self::Store | Self::Restore | Self::Backup | Self::Engine(_) => "store".to_owned(),
        }
    }
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// When it begins, in milliseconds since people began to act.
    pub from_ms: u64,
    /// When it is over; the same: at once.
    pub to_ms: u64,
    /// What.
    pub wrong: Wrong,
}

/// How long a fault may outlast those who act, in milliseconds: nothing comes then that would make good what it spoils.
const OUTLAST_MS_MAX: u64 = 1_500;

/// Draws the faults of a run in which people act for so long.
pub fn draw(chance: &mut StdRng, for_ms: u64) -> Vec<Fault> {
    let mut faults = Vec::new();
    machines(chance, for_ms, &mut faults);
    let all_hints_lost = chance.random_bool(0.05);
    for node in 0..NODES.len() {
        links(chance, for_ms, node, &mut faults);
        let slow = |chance: &mut StdRng| Wrong::Slow(node, chance.random_range(20..2_000));
        windows(chance, for_ms, 0.6, 2_000, &mut faults, slow);
        let clock = |chance: &mut StdRng| Wrong::Clock(node, chance.random_range(-DAY_MS..=DAY_MS));
        windows(chance, for_ms, 0.3, 4_000, &mut faults, clock);
        let loss = |chance: &mut StdRng| Wrong::Loss(node, chance.random_range(1..100));
        windows(chance, for_ms, 0.2, 1_000, &mut faults, loss);
        for to in 0..NODES.len() {
            if all_hints_lost {
                faults.push(Fault {
                    from_ms: 0,
                    to_ms: for_ms + OUTLAST_MS_MAX,
                    wrong: Wrong::Hints(node, to, LOST),
                });
                continue;
            }
            let hints = |chance: &mut StdRng| Wrong::Hints(node, to, bad_hints(chance));
            windows(chance, for_ms, 0.8, 4_000, &mut faults, hints);
        }
    }
    let clock = |chance: &mut StdRng| Wrong::Clock(NODES.len(), chance.random_range(-DAY_MS..=DAY_MS));
    windows(chance, for_ms, 0.3, 4_000, &mut faults, clock);
    windows(chance, for_ms, 1.2, 2_000, &mut faults, |chance| {
        Wrong::Engine(errors(chance))
    });
    faults.sort_by_key(|fault| (fault.from_ms, fault.to_ms));
    faults
}

/// Deaths of machines: one at a time, but for the store's, which takes the nodes along.
fn machines(chance: &mut StdRng, for_ms: u64, faults: &mut Vec<Fault>) {
    let restores = chance.random_bool(0.25);
    if restores {
        let backup_ms = chance.random_range(0..for_ms / 2);
        let from_ms = chance.random_range(backup_ms + 200..for_ms);
        let down_ms = chance.random_range(0..500);
        let once = |ms, wrong| Fault {
            from_ms: ms,
            to_ms: ms,
            wrong,
        };
        faults.push(once(backup_ms, Wrong::Backup));
        faults.push(Fault {
            to_ms: (from_ms + down_ms).min(for_ms),
            ..once(from_ms, Wrong::Restore)
        });
        for node in 0..NODES.len() {
            windows(chance, for_ms, 0.4, 1_000, faults, |_| Wrong::Node(node));
        }
        return;
    }
    let rate = *[0.0, 0.5, 1.0, 2.0].choose(chance).unwrap_or(&0.5);
    let any = |chance: &mut StdRng| match chance.random_range(0..5) {
        0 | 1 => Wrong::Store,
        2 => Wrong::Node(0),
        _ => Wrong::Node(1),
    };
    windows(chance, for_ms, rate, 1_000, faults, any);
}

/// What happens on the way between people and a node.
fn links(chance: &mut StdRng, for_ms: u64, node: usize, faults: &mut Vec<Fault>) {
    let any = |chance: &mut StdRng| match chance.random_range(0..5) {
        0 => Wrong::Partition(node),
        1 => Wrong::Deaf(node),
        2 => Wrong::Mute(node),
        _ => Wrong::Hold(node),
    };
    windows(chance, for_ms, 1.0, 2_000, faults, any);
}

/// Windows that do not overlap: `rate` of them on average, each up to `long_ms`.
fn windows(
    chance: &mut StdRng,
    for_ms: u64,
    rate: f64,
    long_ms: u64,
    faults: &mut Vec<Fault>,
    mut draw: impl FnMut(&mut StdRng) -> Wrong,
) {
    let mut left = rate;
    let mut from_ms = 0;
    while left > 0.0 && chance.random_bool(left.min(1.0)) {
        left -= 1.0;
        from_ms += chance.random_range(1..for_ms);
        if from_ms >= for_ms {
            break;
        }
        let to_ms = (from_ms + chance.random_range(1..=long_ms)).min(for_ms + OUTLAST_MS_MAX);
        faults.push(Fault {
            from_ms,
            to_ms,
            wrong: draw(chance),
        });
        from_ms = to_ms;
    }
}

/// No hint arrives.
const LOST: BusFaults = BusFaults {
    lose_percent: 100,
    double_percent: 0,
    delay_percent: 0,
    delay_ms_max: 0,
};

fn bad_hints(chance: &mut StdRng) -> BusFaults {
    if chance.random_bool(0.4) {
        return LOST;
    }
    BusFaults {
        lose_percent: chance.random_range(0..60),
        double_percent: chance.random_range(0..60),
        delay_percent: chance.random_range(0..80),
        delay_ms_max: *[20, 200, 2_000].choose(chance).unwrap_or(&200),
    }
}

fn errors(chance: &mut StdRng) -> StoreFaults {
    let mut some = |most: u32| {
        if chance.random_bool(0.5) {
            chance.random_range(0..most)
        } else {
            0
        }
    };
    StoreFaults {
        change: some(500),
        commit: some(300),
        committed: some(300),
        reopen: some(500),
        read: some(300),
    }
}
