//! How long things took, in buckets of seconds. Two atomic additions each, no lock: the live end of a busy conversation
//! observes one for each reader.

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Upper bounds of the buckets, in microseconds; above the last there is one more. Dense around the goals: 2.5 ms for
/// half of the sends, 10 ms for nearly all.
const BOUNDS_US: [u64; 14] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000,
];

/// A histogram of times.
#[derive(Clone, Debug, Default)]
pub struct Times(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Times {
    /// Takes in one time, in microseconds.
    pub fn observe_us(&self, us: u64) {
        self.observe_many_us(us, 1);
    }

    /// Takes in the same time for several.
    pub fn observe_many_us(&self, us: u64, times: u64) {
        let bucket = BOUNDS_US.partition_point(|bound| *bound < us);
        self.0.buckets[bucket].fetch_add(times, Relaxed);
        self.0.sum_us.fetch_add(us.saturating_mul(times), Relaxed);
    }

    /// How many were taken in.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.buckets.iter().map(|bucket| bucket.load(Relaxed)).sum()
    }
}

impl EncodeMetric for Times {
    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds of 285 years are exact in an f64"
    )]
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let bounds = BOUNDS_US.iter().map(|us| *us as f64 / 1e6).chain([f64::INFINITY]);
        let counts = self.0.buckets.iter().map(|bucket| bucket.load(Relaxed));
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        // The sum of what was read, so that count and buckets agree whatever was observed in between.
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum_s = self.0.sum_us.load(Relaxed) as f64 / 1e6;
        encoder.encode_histogram::<NoLabelSet>(sum_s, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}
