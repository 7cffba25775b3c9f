//! Which faults went on when.

use crate::history::{Phase, Record, What};
use std::collections::BTreeMap;

/// For how long a fault that was over at once counts as going on, in microseconds: what it broke takes that long to
/// mend.
pub const ONCE_US: u64 = 5_000_000;

/// One fault.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The record that begins it, and when.
    pub at: usize,
    pub from_us: u64,
    /// The record that ends it, if it is another one.
    pub end_at: Option<usize>,
    pub to_us: u64,
    /// The latest end of this one and all of its kind that began before: what makes a search in order possible.
    latest_us: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Faults {
    /// By kind, in order of their beginnings.
    pub of_kind: BTreeMap<String, Vec<Fault>>,
}

impl Faults {
    /// The faults of a history that is in order of time. One that does not end goes on to the end.
    pub fn of(history: &[&Record]) -> Self {
        let mut of_kind: BTreeMap<String, Vec<Fault>> = BTreeMap::new();
        let mut open: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (at, record) in history.iter().enumerate() {
            let What::Fault { kind, target, phase } = &record.what else {
                continue;
            };
            let faults = of_kind.entry(kind.clone()).or_default();
            let to_us = match phase {
                Phase::Start => u64::MAX,
                Phase::Once => record.at_us + ONCE_US,
                Phase::Stop => {
                    if let Some(index) = open.remove(&(kind.as_str(), target.as_str())) {
                        faults[index].to_us = record.at_us;
                        faults[index].end_at = Some(at);
                    }
                    continue;
                }
            };
            if *phase == Phase::Start {
                open.insert((kind, target), faults.len());
            }
            faults.push(Fault {
                at,
                from_us: record.at_us,
                end_at: None,
                to_us,
                latest_us: 0,
            });
        }
        of_kind.retain(|_, faults| !faults.is_empty());
        for faults in of_kind.values_mut() {
            let mut latest_us = 0;
            for fault in faults {
                latest_us = latest_us.max(fault.to_us);
                fault.latest_us = latest_us;
            }
        }
        Self { of_kind }
    }

    /// The kinds that went on at any time between these two.
    pub fn kinds_between(&self, from_us: u64, to_us: u64) -> impl Iterator<Item = &str> {
        let went_on = move |faults: &[Fault]| {
            let begun = faults.partition_point(|fault| fault.from_us <= to_us);
            begun > 0 && faults[begun - 1].latest_us >= from_us
        };
        let kinds = self.of_kind.iter().filter(move |(_, faults)| went_on(faults));
        kinds.map(|(kind, _)| kind.as_str())
    }

    /// Whether any went on between these two.
    pub fn any_between(&self, from_us: u64, to_us: u64) -> bool {
        self.kinds_between(from_us, to_us).next().is_some()
    }

    /// Those that went on at that time.
    pub fn at(&self, at_us: u64) -> impl Iterator<Item = &Fault> {
        let all = self.of_kind.values().flatten();
        all.filter(move |fault| fault.from_us <= at_us && at_us <= fault.to_us)
    }
}
