//! Gathered cursors do what the same cursors one by one would do.

use super::*;
use protocol::{Generation, Seq};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn conv(n: u8) -> ConversationId {
    ConversationId::from_random([n; 16])
}

fn user(n: u8) -> UserId {
    UserId::from_random([n; 16])
}

fn waiter() -> Waiter {
    let outbox = Arc::new(Outbox::new(1_000, 10));
    Waiter {
        device: DeviceId::from_random([1; 16]),
        re: None,
        outbox,
    }
}

fn cursor(delivered: Option<u64>, read: Option<u64>, generation: Option<u64>) -> CursorMove {
    CursorMove {
        conv: conv(1),
        user: user(1),
        delivered: delivered.map(Seq),
        read: read.map(Seq),
        generation: generation.map(Generation),
        private: false,
    }
}

/// A member's cursors, moved as [`store::Store::move_cursors`] says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Member {
    delivered: Seq,
    read: Seq,
    mine: Seq,
    generation: Generation,
}

impl Member {
    fn apply(&mut self, cursor: &CursorMove) {
        let Some(read) = cursor.read else {
            self.delivered = self.delivered.max(cursor.delivered.unwrap_or_default());
            return;
        };
        let generation = cursor.generation.unwrap_or(self.generation);
        if generation > self.generation {
            (self.mine, self.generation) = (read, generation);
        } else if generation == self.generation {
            self.mine = self.mine.max(read);
        }
        self.read = self.read.max(read);
        self.delivered = self.delivered.max(self.read).max(cursor.delivered.unwrap_or_default());
    }
}

/// RCP2: any cursors, from any devices, gathered and flushed at any time, leave every member where the same cursors one
/// by one would, in fewer moves.
#[test]
fn rcp2_gathered_cursors_do_what_they_would_one_by_one() {
    let (mut came, mut went) = (0, 0);
    for seed in 0..1_000 {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut gather = Gather::default();
        let mut members: BTreeMap<(ConversationId, UserId), (Member, Member)> = BTreeMap::new();
        let generations = chance.random_range(1..5);
        for step in 0..80 {
            let pick = |chance: &mut StdRng, end: u64| chance.random_bool(0.6).then(|| chance.random_range(0..end));
            let one = CursorMove {
                conv: conv(chance.random_range(0..2)),
                user: user(chance.random_range(0..2)),
                ..cursor(
                    pick(&mut chance, 50),
                    pick(&mut chance, 50),
                    pick(&mut chance, generations),
                )
            };
            if gather.add(one, waiter()) {
                came += 1;
                members.entry((one.conv, one.user)).or_default().0.apply(&one);
            }
            if step == 79 || chance.random_bool(0.1) {
                for gathered in gather.take() {
                    went += 1;
                    let key = (gathered.cursor.conv, gathered.cursor.user);
                    members.get_mut(&key).expect("it came").1.apply(&gathered.cursor);
                }
                for (key, (single, joined)) in &members {
                    assert_eq!(single, joined, "seed {seed} step {step} {key:?}");
                }
            }
        }
        assert_eq!(gather.waiting(), 0, "seed {seed}");
    }
    assert!(came > went + went / 2, "{came} came and {went} went");
}

/// RCP2: a generation that comes without a read, or a read that comes without a generation, does not lend itself.
#[test]
fn rcp2_a_generation_and_a_read_belong_together() {
    let unread = cursor(None, Some(3), Some(1));
    assert_eq!(
        join(cursor(Some(9), None, Some(5)), unread),
        Some(cursor(Some(9), Some(3), Some(1)))
    );
    assert_eq!(
        join(unread, cursor(Some(9), None, Some(5))),
        Some(cursor(Some(9), Some(3), Some(1)))
    );
    assert_eq!(join(unread, cursor(None, Some(50), Some(0))), None);
    assert_eq!(join(unread, cursor(None, Some(50), None)), None);
    assert_eq!(join(unread, cursor(None, Some(2), Some(1))), Some(unread));
}

/// Moves, those that cannot be joined, flushes and waiters are bounded.
#[test]
fn cursors_on_their_way_are_bounded() {
    let mut gather = Gather::default();
    for generation in 0..20 {
        let taken = gather.add(cursor(None, Some(1), Some(generation)), waiter());
        assert_eq!(taken, generation < APART_MAX as u64);
    }
    // One waits for the last of them already.
    for n in 1..200 {
        assert_eq!(gather.add(cursor(Some(1), None, None), waiter()), n < WAITERS_MAX);
    }
    let one = waiter();
    for n in 0..2 * WAITING_MAX as u128 {
        let user = UserId::from_bytes(n.to_be_bytes());
        let taken = gather.add(
            CursorMove {
                user,
                ..cursor(Some(1), None, None)
            },
            one.clone(),
        );
        assert_eq!(taken, n < (WAITING_MAX - APART_MAX) as u128, "{n}");
    }
    assert_eq!(gather.waiting(), WAITING_MAX);
    let mut left = WAITING_MAX;
    while left > 0 {
        let taken = gather.take();
        assert_eq!(taken.len(), left.min(FLUSH_MOVES_MAX));
        assert!(
            taken
                .iter()
                .all(|gathered| gathered.waiters.len() <= WAITERS_MAX && !gathered.waiters.is_empty())
        );
        left -= taken.len();
        assert_eq!(gather.waiting(), left);
    }
    assert!(gather.take().is_empty());
}
