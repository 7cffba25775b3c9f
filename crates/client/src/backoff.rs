//! When to connect again. Full jitter: the wait is a random part of a bound that doubles with every failure, so that
//! ten thousand clients that lost their server in the same second come back spread out and not in waves.

use rand::RngExt;
use rand::rngs::StdRng;

/// The bound of the first wait, in milliseconds: short, because most cuts are a moment's.
pub const BASE_MS: u64 = 500;
/// No wait the client chooses is longer, in milliseconds: a person stands before the screen.
pub const CAP_MS: u64 = 60_000;
/// A connection that stayed up this long, in milliseconds, was a good one: the next failure starts from [`BASE_MS`].
/// One that dies sooner counts as a failure, or a server that accepts and drops would be asked without pause.
pub const STAYED_UP_MS: u64 = 30_000;
/// A server that asks for a longer absence than this is not believed, in milliseconds: one hour.
pub const ASKED_MS_MAX: u64 = 3_600_000;

/// How often it failed, and what the server asked for.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    failures: u32,
    up_since_ms: Option<u64>,
    asked_ms: Option<u64>,
}

impl Backoff {
    /// A connection was greeted.
    pub fn up(&mut self, now_ms: u64) {
        self.up_since_ms = Some(now_ms);
        self.asked_ms = None;
    }

    /// The server asked to be left alone for so long: `bye.after_ms`, or `retry_after_ms` of a refused hello. The next
    /// wait is at least this.
    pub fn asked(&mut self, after_ms: u64) {
        self.asked_ms = Some(after_ms.min(ASKED_MS_MAX));
    }

    /// The connection ended, or did not come about: how long to wait, in milliseconds.
    ///
    /// What the server asked for is spread by the server; the jitter added to it is small, for servers that tell
    /// everybody the same number.
    pub fn down(&mut self, now_ms: u64, chance: &mut StdRng) -> u64 {
        let stayed_up = self
            .up_since_ms
            .take()
            .is_some_and(|since| now_ms.saturating_sub(since) >= STAYED_UP_MS);
        if stayed_up {
            self.failures = 0;
        }
        let bound = Self::bound_ms(self.failures);
        self.failures = self.failures.saturating_add(1);
        match self.asked_ms.take() {
            Some(asked) => asked + chance.random_range(0..=BASE_MS),
            None => chance.random_range(0..=bound),
        }
    }

    /// The person is here and waits (the network came back, the window was opened): the next try is at once.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// The longest wait after so many failures in a row.
    fn bound_ms(failures: u32) -> u64 {
        BASE_MS.saturating_mul(1 << failures.min(16)).min(CAP_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn waits_are_within_a_doubling_bound_and_spread_over_it() {
        for seed in 0..200 {
            let mut chance = StdRng::seed_from_u64(seed);
            let mut backoff = Backoff::default();
            let mut bound = BASE_MS;
            for _ in 0..20 {
                let wait = backoff.down(0, &mut chance);
                assert!(wait <= bound.min(CAP_MS), "seed {seed}: {wait} > {bound}");
                bound = (bound * 2).min(CAP_MS);
            }
        }
        let waits = |seed| {
            Backoff {
                failures: 10,
                ..Backoff::default()
            }
            .down(0, &mut StdRng::seed_from_u64(seed))
        };
        let mean = (0..400).map(waits).sum::<u64>() / 400;
        assert!(
            (24_000..36_000).contains(&mean),
            "half of the cap on average, not {mean}"
        );
    }

    #[test]
    fn only_a_connection_that_stayed_up_starts_afresh() {
        let mut chance = StdRng::seed_from_u64(1);
        let mut backoff = Backoff {
            failures: 9,
            ..Backoff::default()
        };
        backoff.up(1_000);
        backoff.down(1_500, &mut chance);
        assert_eq!(backoff.failures, 10, "greeted and dropped is a failure");
        backoff.up(2_000);
        assert!(backoff.down(2_000 + STAYED_UP_MS, &mut chance) <= BASE_MS);
    }

    #[test]
    fn what_the_server_asks_for_is_kept_and_not_for_ever() {
        for seed in 0..100 {
            let mut chance = StdRng::seed_from_u64(seed);
            let mut backoff = Backoff::default();
            backoff.up(0);
            backoff.asked(7_000);
            let wait = backoff.down(STAYED_UP_MS, &mut chance);
            assert!((7_000..=7_000 + BASE_MS).contains(&wait), "seed {seed}: {wait}");
            assert!(
                backoff.down(STAYED_UP_MS, &mut chance) <= 2 * BASE_MS,
                "seed {seed}: it was asked once"
            );
            backoff.asked(u64::MAX);
            assert!(backoff.down(0, &mut chance) <= ASKED_MS_MAX + BASE_MS);
        }
    }
}
