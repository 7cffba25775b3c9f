//! A counter for each of a few values that are known beforehand: no label can be made up from outside, and counting
//! takes no lock.

use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters by one label.
#[derive(Clone, Debug)]
pub struct Counts<K> {
    label: &'static str,
    each: Arc<[One<K>]>,
}

#[derive(Debug)]
struct One<K> {
    key: K,
    word: String,
    count: AtomicU64,
}

impl<K: PartialEq> Counts<K> {
    /// A counter for each key, seen as the word beside it. What has no counter of its own is counted under the last.
    pub fn new(label: &'static str, keys: impl IntoIterator<Item = (K, String)>) -> Self {
        let one = |(key, word)| One {
            key,
            word,
            count: AtomicU64::new(0),
        };
        Self {
            label,
            each: keys.into_iter().map(one).collect(),
        }
    }

    /// Counts one.
    pub fn add(&self, key: K) {
        let found = self.each.iter().find(|one| one.key == key).or(self.each.last());
        if let Some(one) = found {
            one.count.fetch_add(1, Relaxed);
        }
    }

    /// How many were counted under this key.
    #[must_use]
    pub fn get(&self, key: K) -> u64 {
        let found = self.each.iter().find(|one| one.key == key);
        found.map_or(0, |one| one.count.load(Relaxed))
    }
}

impl<K: fmt::Debug> EncodeMetric for Counts<K> {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        for one in self.each.iter() {
            let labels = [(self.label, one.word.as_str())];
            let mut encoder = encoder.encode_family(&labels)?;
            encoder.encode_counter::<[(&str, &str); 0], u64, u64>(&one.count.load(Relaxed), None)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}
