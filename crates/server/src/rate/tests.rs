//! The gates, by random plans.

use super::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const SEEDS: u64 = 300;

fn some_rate(chance: &mut StdRng) -> Rate {
    Rate {
        burst: f64::from(chance.random_range(1..40_u32)),
        per_second: f64::from(chance.random_range(1..4_000_u32)) / 40.0,
    }
}

#[test]
fn a_bucket_is_small() {
    assert!(size_of::<Bucket>() <= 24);
}

/// LIM3: in no stretch of time does a bucket let through more than its burst and what its rate refills, and the wait it
/// names is enough, and not a millisecond too long.
#[test]
fn lim3_a_bucket_keeps_its_rate_and_its_word() {
    let (mut passed, mut refused) = (0, 0);
    for seed in 0..SEEDS {
        let mut chance = StdRng::seed_from_u64(seed);
        let rate = some_rate(&mut chance);
        let mut bucket = Bucket::default();
        let mut now_ms = chance.random_range(0..10_000);
        let mut let_through: Vec<(u64, f64)> = Vec::new();
        for _ in 0..200 {
            now_ms += [0, 1, chance.random_range(0..2_000)][chance.random_range(0..3)];
            let cost = f64::from(chance.random_range(1..=3_u32)).min(rate.burst);
            let Err(wait_ms) = bucket.take(rate, cost, now_ms) else {
                let_through.push((now_ms, cost));
                passed += 1;
                continue;
            };
            refused += 1;
            let mut early = bucket;
            if wait_ms > 1 {
                assert!(
                    early.take(rate, cost, now_ms + wait_ms - 2).is_err(),
                    "too long, seed {seed}"
                );
            }
            let mut late = bucket;
            assert_eq!(
                late.take(rate, cost, now_ms + wait_ms),
                Ok(()),
                "not enough, seed {seed}"
            );
        }
        for (start, &(from_ms, _)) in let_through.iter().enumerate() {
            let mut sum = 0.0;
            for &(to_ms, cost) in &let_through[start..] {
                sum += cost;
                let allowed = rate.burst + rate.per_second * (to_ms - from_ms) as f64 / 1_000.0;
                assert!(sum <= allowed + 0.001, "{sum} over {allowed}, seed {seed}");
            }
        }
    }
    assert!(
        passed > 1_000 && refused > 1_000,
        "the plans were hard: {passed} passed, {refused} refused"
    );
}

/// LIM3: a clock that goes back gives nothing away, and a rate of nothing still names a wait.
#[test]
fn lim3_odd_clocks_and_rates() {
    let rate = Rate {
        burst: 1.0,
        per_second: 1.0,
    };
    let mut bucket = Bucket::default();
    assert_eq!(bucket.take(rate, 1.0, 5_000), Ok(()));
    assert_eq!(bucket.take(rate, 1.0, 1_000), Err(1_000));
    assert_eq!(bucket.take(rate, 1.0, 5_999), Err(1));
    assert_eq!(bucket.take(rate, 1.0, 6_000), Ok(()));
    let never = Rate {
        per_second: 0.0,
        ..rate
    };
    assert_eq!(bucket.take(never, 1.0, 6_000), Err(RETRY_AFTER_MS_MAX));
    let unlimited = Rates::unlimited().sends_per_user;
    let mut bucket = Bucket::default();
    assert!((0..100_000).all(|_| bucket.take(unlimited, 1.0, 0).is_ok()));
}

/// LIM3: a flood of made-up keys costs a bounded number of buckets, and whoever was at the limit before it still is.
#[test]
fn lim3_a_flood_of_keys_is_bounded_and_frees_nobody() {
    let rate = Rate {
        burst: 5.0,
        per_second: 0.01,
    };
    let buckets = Buckets::new(rate);
    let mut chance = StdRng::seed_from_u64(7);
    let greedy = u128::MAX;
    while buckets.take(greedy, 1.0, 0).is_ok() {}
    let mut most = 0;
    for step in 0..300_000_u64 {
        // Refused or not: only the number of buckets counts here.
        let _ = buckets.take(chance.random(), 1.0, step / 1_000);
        if step % 1_000 == 0 {
            most = most.max(buckets.count());
        }
    }
    assert!(most <= BUCKETS_MAX, "{most} buckets");
    assert!(most > BUCKETS_MAX / 2, "the flood was one: {most} buckets");
    assert!(
        buckets.take(greedy, 1.0, 300).is_err(),
        "the flood washed a spent bucket away"
    );
    // Once everything is full again, the next key that finds no room sweeps its shard.
    for _ in 0..100_000 {
        let _ = buckets.take(chance.random(), 1.0, 100_000_000);
    }
    assert!(buckets.count() <= BUCKETS_MAX);
}

/// LIM3: an address is its IPv4 host, however it is written, or the IPv6 network of one subscriber.
#[test]
fn lim3_addresses_are_grouped_by_subscriber() {
    let group = |text: &str| address_group(text.parse().expect("an address"));
    assert_eq!(group("::ffff:192.0.2.7"), group("192.0.2.7"));
    assert_ne!(group("192.0.2.8"), group("192.0.2.7"));
    assert_eq!(group("2001:db8:1:2::1"), group("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_ne!(group("2001:db8:1:2::1"), group("2001:db8:1:3::1"));
}

/// LIM3: what one gate of two refuses is not counted by the other.
#[test]
fn lim3_a_full_conversation_does_not_cost_the_person() {
    let of = |burst: f64| Rate { burst, per_second: 1.0 };
    let gates = Gates::new(Rates {
        sends_per_user: of(3.0),
        sends_per_conversation: of(1.0),
        ..Rates::unlimited()
    });
    let user = UserId::from_random([1; 16]);
    let conv = |n: u8| ConversationId::from_random([n; 16]);
    assert_eq!(gates.send(user, conv(1), 0), Ok(()));
    for _ in 0..10 {
        assert_eq!(gates.send(user, conv(1), 0), Err(1_000));
    }
    assert_eq!(gates.send(user, conv(2), 0), Ok(()));
    assert_eq!(gates.send(user, conv(3), 0), Ok(()));
    assert_eq!(gates.send(user, conv(4), 0), Err(1_000), "the person's own rate");
    assert_eq!(
        gates.send(UserId::from_random([2; 16]), conv(4), 0),
        Ok(()),
        "and of nobody else"
    );
}
