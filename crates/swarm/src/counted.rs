//! What a server counts (`GET /metrics`), read over plain HTTP, and what it says about how hard a run was.
//!
//! A process that is killed takes its counters with it. [`Counter`] adds up what was read of each life: read it just
//! before a kill, and little is lost.

use crate::verdict::HARD;
use std::collections::BTreeMap;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, ToSocketAddrs};

/// The largest answer taken, in bytes.
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The counters that show how hard a run was: the name in [`HARD`], the name in the metrics.
const COUNTED: [(&str, &str); 6] = [
    ("dedupe_hits", "tidings_dups_total"),
    ("early_entries_held", "tidings_early_entries_total"),
    ("gaps_pulled", "tidings_pulls_total"),
    ("readers_told_behind", "tidings_outbox_overflows_total"),
    ("sweeps_repeated", "tidings_sweeps_total"),
    ("cold_tails", "tidings_tails_started_total"),
];

/// The levels that are queues.
const QUEUES: [&str; 5] = [
    "tidings_fanout_waiting",
    "tidings_cursors_waiting",
    "tidings_passwords_waiting",
    "tidings_store_writes_waiting",
    "tidings_store_reads_waiting",
];

/// How often each thing of [`HARD`] that a server counts has happened in its present life.
///
/// # Errors
/// It cannot be reached, or its answer is not one of a server of this kind.
pub async fn read(address: impl ToSocketAddrs) -> io::Result<BTreeMap<String, u64>> {
    Ok(hard(&metrics(address).await?))
}

/// Everything that a server tells, as whole numbers, over all labels.
///
/// # Errors
/// It cannot be reached, or its answer is not one of a server of this kind.
pub async fn metrics(address: impl ToSocketAddrs) -> io::Result<BTreeMap<String, u64>> {
    let mut stream = TcpStream::connect(address).await?;
    let request = "GET /metrics HTTP/1.1\r\nhost: swarm\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer).await?;
    let odd = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "GET /metrics is not answered as a Tidings server does",
        )
    };
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(odd)?;
    let is_whole = head.split(' ').nth(1) == Some("200") && body.contains("# EOF");
    is_whole.then(|| parse(body)).ok_or_else(odd)
}

/// What waits in all queues of a server together.
#[must_use]
pub fn waiting(metrics: &BTreeMap<String, u64>) -> u64 {
    QUEUES.iter().filter_map(|name| metrics.get(*name)).sum()
}

fn hard(metrics: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let of = |(name, metric): (&str, &str)| {
        debug_assert!(HARD.contains(&name));
        (name.to_owned(), metrics.get(metric).copied().unwrap_or(0))
    };
    COUNTED.into_iter().map(of).collect()
}

/// The numbers of an OpenMetrics text, by name; those of one name and different labels are added up.
fn parse(text: &str) -> BTreeMap<String, u64> {
    let mut numbers = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, value)) = line.rsplit_once(' ') else {
            continue;
        };
        let name = name.split('{').next().unwrap_or(name);
        if let Ok(value) = value.parse::<f64>() {
            // Whatever is no whole number is a time, and nobody asks for it here.
            *numbers.entry(name.to_owned()).or_insert(0) += value as u64;
        }
    }
    numbers
}

/// Adds up what the lives of a server counted.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    /// Of lives that are over.
    before: BTreeMap<String, u64>,
    /// Of the present one, as last read.
    now: BTreeMap<String, u64>,
}

impl Counter {
    /// What the present life has counted, as just read.
    pub fn saw(&mut self, counted: BTreeMap<String, u64>) {
        self.now = counted;
    }

    /// The present life is over.
    pub fn ended(&mut self) {
        for (name, count) in std::mem::take(&mut self.now) {
            *self.before.entry(name).or_insert(0) += count;
        }
    }

    /// All lives together.
    #[must_use]
    pub fn total(&self) -> BTreeMap<String, u64> {
        let mut all = self.clone();
        all.ended();
        all.before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_metrics_becomes_numbers_by_name() {
        let text = "\
# HELP tidings_dups Changes known already
# TYPE tidings_dups counter
tidings_dups_total 5
tidings_frames_received_total{type=\"send\"} 7
tidings_frames_received_total{type=\"a word of two\"} 2
tidings_store_writes_waiting 3
tidings_cursors_waiting 4
tidings_uptime_seconds 1.5
tidings_odd
# EOF
";
        let numbers = parse(text);
        assert_eq!(numbers["tidings_frames_received_total"], 9);
        assert_eq!(waiting(&numbers), 7);
        let hard = hard(&numbers);
        assert_eq!(hard["dedupe_hits"], 5);
        assert_eq!(hard["gaps_pulled"], 0);
        assert!(hard.keys().all(|name| HARD.contains(&name.as_str())));
    }

    #[test]
    fn lives_add_up() {
        let counted = |count| BTreeMap::from([("dedupe_hits".to_owned(), count)]);
        let mut counter = Counter::default();
        counter.saw(counted(2));
        counter.saw(counted(5));
        assert_eq!(counter.total(), counted(5));
        counter.ended();
        assert_eq!(counter.total(), counted(5));
        counter.saw(counted(1));
        assert_eq!(counter.total(), counted(6));
    }
}
