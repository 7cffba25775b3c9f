//! Summaries of many runs as one.

use std::collections::BTreeMap;
use swarm::verdict::Summary;

/// Adds one run to the sum of others.
///
/// Counts, faults, hardness and availability are sums (of people and devices too: those of two runs are two). What no
/// run may pass is the largest: `p99_…`, `max_…`, the longest outage, convergence of nine in ten and of all. A sum of
/// p99s is thus the worst run's p99, never better than the p99 of all. Medians and messages a second are means,
/// weighted by what each run acknowledged or received, or by its devices for convergence. The seed is the first run's.
pub fn add(into: &mut Summary, one: &Summary) {
    if into.sent == 0 && into.devices == 0 {
        into.seed = one.seed;
    }
    // Means first, while the weights are still those of before.
    mean(&mut into.p50_send_ack_ms, into.acked, one.p50_send_ack_ms, one.acked);
    mean(&mut into.messages_per_s, into.acked, one.messages_per_s, one.acked);
    mean(
        &mut into.p50_send_received_ms,
        into.received,
        one.p50_send_received_ms,
        one.received,
    );
    mean(
        &mut into.converged_ms[0],
        into.devices,
        one.converged_ms[0],
        one.devices,
    );
    for (into, one) in [
        (&mut into.p99_send_ack_ms, one.p99_send_ack_ms),
        (&mut into.p99_send_received_ms, one.p99_send_received_ms),
        (&mut into.max_send_received_ms, one.max_send_received_ms),
        (&mut into.longest_outage_ms, one.longest_outage_ms),
    ] {
        *into = into.max(one);
    }
    for (into, one) in into.converged_ms.iter_mut().zip(one.converged_ms).skip(1) {
        *into = into.max(one);
    }
    for (into, one) in [
        (&mut into.people, one.people),
        (&mut into.devices, one.devices),
        (&mut into.sent, one.sent),
        (&mut into.acked, one.acked),
        (&mut into.unknown, one.unknown),
        (&mut into.received, one.received),
        (&mut into.lost, one.lost),
        (&mut into.doubled, one.doubled),
        (&mut into.reordered, one.reordered),
        (&mut into.gaps, one.gaps),
        (&mut into.unread_wrong, one.unread_wrong),
        (&mut into.receipts_wrong, one.receipts_wrong),
        (&mut into.leaked, one.leaked),
        (&mut into.other_wrong, one.other_wrong),
    ] {
        *into += one;
    }
    counts(&mut into.faults, &one.faults);
    counts(&mut into.hardness, &one.hardness);
    for (kind, share) in &one.availability {
        let into = into.availability.entry(kind.clone()).or_default();
        into.good += share.good;
        into.of += share.of;
    }
}

/// Adds counts by name.
pub(super) fn counts(into: &mut BTreeMap<String, u64>, one: &BTreeMap<String, u64>) {
    for (name, count) in one {
        *into.entry(name.clone()).or_default() += count;
    }
}

fn mean(into: &mut f64, weight: u64, one: f64, one_weight: u64) {
    let all = (weight + one_weight) as f64;
    if all > 0.0 {
        *into = (*into * weight as f64 + one * one_weight as f64) / all;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn counts_are_sums_and_bounds_are_the_worst() {
        let one = sample::summary(7, 100);
        let mut two = sample::summary(8, 300);
        two.p50_send_ack_ms = 7.0;
        two.p99_send_ack_ms = 5.0;
        two.lost = 2;
        two.converged_ms = [40.0, 50.0, 9_000.0];
        let mut sum = Summary::default();
        add(&mut sum, &one);
        // What is added to nothing is itself.
        assert_eq!(serde_json::to_value(&sum).unwrap(), serde_json::to_value(&one).unwrap());
        add(&mut sum, &two);
        assert_eq!((sum.seed, sum.acked, sum.lost), (7, 400, 2));
        assert!(
            (sum.p50_send_ack_ms - 6.0).abs() < 1e-9,
            "100 of 3 ms and 300 of 7 ms: {sum:?}"
        );
        assert!((sum.p99_send_ack_ms - 22.0).abs() < 1e-9, "{sum:?}");
        let expected = [(one.converged_ms[0] + 40.0) / 2.0, one.converged_ms[1], 9_000.0];
        for (is, should) in sum.converged_ms.iter().zip(expected) {
            assert!((is - should).abs() < 1e-9, "{sum:?}");
        }
        assert_eq!(sum.availability["kill"].of, one.availability["kill"].of * 2);
        assert_eq!(sum.faults["kill"], one.faults["kill"] * 2);
        assert_eq!(sum.hardness["cold_tails"], one.hardness["cold_tails"] * 2);
    }
}
