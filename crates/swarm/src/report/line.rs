//! One JSON line, for scripts. Its names and their order are a promise.

use crate::verdict::Summary;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// The names, in their order.
#[derive(Serialize)]
struct Line<'a> {
    people: u64,
    devices: u64,
    sent: u64,
    acked: u64,
    unknown: u64,
    received: u64,
    lost: u64,
    doubled: u64,
    reordered: u64,
    gaps: u64,
    unread_wrong: u64,
    receipts_wrong: u64,
    leaked: u64,
    faults: &'a BTreeMap<String, u64>,
    #[serde(serialize_with = "rounded")]
    p50_send_ack_ms: f64,
    #[serde(serialize_with = "rounded")]
    p99_send_ack_ms: f64,
    #[serde(serialize_with = "rounded")]
    p50_send_received_ms: f64,
    #[serde(serialize_with = "rounded")]
    p99_send_received_ms: f64,
    #[serde(serialize_with = "rounded")]
    max_send_received_ms: f64,
    #[serde(serialize_with = "rounded")]
    messages_per_s: f64,
    seed: u64,
}

/// To three decimals: microseconds, of milliseconds.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn rounded<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((number * 1000.0).round() / 1000.0)
}

/// The summary as one line of JSON, without a line end.
#[must_use]
pub fn line(summary: &Summary) -> String {
    let line = Line {
        people: summary.people,
        devices: summary.devices,
        sent: summary.sent,
        acked: summary.acked,
        unknown: summary.unknown,
        received: summary.received,
        lost: summary.lost,
        doubled: summary.doubled,
        reordered: summary.reordered,
        gaps: summary.gaps,
        unread_wrong: summary.unread_wrong,
        receipts_wrong: summary.receipts_wrong,
        leaked: summary.leaked,
        faults: &summary.faults,
        p50_send_ack_ms: summary.p50_send_ack_ms,
        p99_send_ack_ms: summary.p99_send_ack_ms,
        p50_send_received_ms: summary.p50_send_received_ms,
        p99_send_received_ms: summary.p99_send_received_ms,
        max_send_received_ms: summary.max_send_received_ms,
        messages_per_s: summary.messages_per_s,
        seed: summary.seed,
    };
    serde_json::to_string(&line).expect("numbers and words are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_names_and_their_order_are_a_promise() {
        insta::assert_snapshot!(line(&sample::summary()));
    }
}
