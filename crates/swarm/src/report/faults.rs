//! The faults of a history as stretches of time.

use super::names::counted;
use crate::history::{Phase, Record, What};
use std::collections::BTreeMap;

/// How wide a time-line of text is, in characters.
const LINE_CHARS: u64 = 60;
/// So many rows of faults a time-line of text has.
const ROWS_MAX: usize = 10;
/// What points at the violation.
const POINTER: &str = "the violation";

/// From when to when a fault went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// What sort.
    pub kind: String,
    /// Where.
    pub target: String,
    /// Its begin, in microseconds.
    pub from_us: u64,
    /// Its end, in microseconds; the same for what was over at once.
    pub to_us: u64,
}

impl Stretch {
    /// Kind and target.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.kind, self.target).trim_end().to_owned()
    }

    /// Its times, in words.
    pub(super) fn times(&self) -> String {
        if self.from_us == self.to_us {
            return format!("at {:.3} s", secs(self.from_us));
        }
        format!("{:.3} to {:.3} s", secs(self.from_us), secs(self.to_us))
    }
}

fn secs(at_us: u64) -> f64 {
    at_us as f64 / 1e6
}

/// All stretches, by their begin. What never ends ends with the history.
pub(super) fn stretches(history: &[Record]) -> Vec<Stretch> {
    let end_us = history.last().map_or(0, |record| record.at_us);
    let mut open = BTreeMap::<(&str, &str), u64>::new();
    let mut found = Vec::new();
    let stretch = |(kind, target): (&str, &str), from_us, to_us| Stretch {
        kind: kind.to_owned(),
        target: target.to_owned(),
        from_us,
        to_us,
    };
    for record in history {
        let What::Fault { kind, target, phase } = &record.what else {
            continue;
        };
        let (name, at_us) = ((kind.as_str(), target.as_str()), record.at_us);
        match phase {
            Phase::Once => found.push(stretch(name, at_us, at_us)),
            Phase::Start => {
                open.entry(name).or_insert(at_us);
            }
            Phase::Stop => found.push(stretch(name, open.remove(&name).unwrap_or(0), at_us)),
        }
    }
    found.extend(open.into_iter().map(|(name, from_us)| stretch(name, from_us, end_us)));
    found.sort_by(|a, b| (a.from_us, a.to_us, &a.kind, &a.target).cmp(&(b.from_us, b.to_us, &b.kind, &b.target)));
    found
}

/// The stretches that touch a time, in rows: one row for each kind and target, in order of first appearance; one for
/// each kind, if those were more than `rows_max`.
pub(super) fn rows(stretches: &[Stretch], from_us: u64, to_us: u64, rows_max: usize) -> Vec<(String, Vec<&Stretch>)> {
    let touches = |stretch: &&Stretch| stretch.to_us >= from_us && stretch.from_us <= to_us;
    let there: Vec<&Stretch> = stretches.iter().filter(touches).collect();
    let rows = by_name(&there, Stretch::name);
    if rows.len() <= rows_max {
        return rows;
    }
    let mut kinds = by_name(&there, |stretch| stretch.kind.clone());
    for (name, row) in &mut kinds {
        name.push_str(&format!(", {} times", counted(row.len() as u64)));
    }
    kinds.truncate(rows_max);
    kinds
}

fn by_name<'a>(stretches: &[&'a Stretch], name: impl Fn(&Stretch) -> String) -> Vec<(String, Vec<&'a Stretch>)> {
    let mut rows: Vec<(String, Vec<&Stretch>)> = Vec::new();
    let mut places = BTreeMap::new();
    for stretch in stretches {
        let name = name(stretch);
        let place = *places.entry(name.clone()).or_insert(rows.len());
        if place == rows.len() {
            rows.push((name, Vec::new()));
        }
        rows[place].1.push(stretch);
    }
    rows
}

/// A time-line in text: a row for each kind and target, and one that points at `at_us`.
pub(super) fn timeline(stretches: &[Stretch], from_us: u64, to_us: u64, at_us: u64) -> String {
    let rows = rows(stretches, from_us, to_us, ROWS_MAX);
    if rows.is_empty() {
        return format!("no fault from {:.3} s to {:.3} s\n", secs(from_us), secs(to_us));
    }
    let place = |at_us: u64| {
        let into = at_us.clamp(from_us, to_us) - from_us;
        (u128::from(into) * u128::from(LINE_CHARS - 1) / u128::from((to_us - from_us).max(1))) as usize
    };
    let (left, right) = (format!("{:.3} s", secs(from_us)), format!("{:.3} s", secs(to_us)));
    let between = LINE_CHARS as usize - left.len();
    let width = rows
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0)
        .max(POINTER.len());
    let mut text = format!("{:<width$}    {left}{right:>between$}\n", "faults");
    for (name, row) in &rows {
        let mut line = vec![b'.'; LINE_CHARS as usize];
        for stretch in row {
            let (from, to) = (place(stretch.from_us), place(stretch.to_us));
            let mark = if stretch.from_us == stretch.to_us { b'!' } else { b'=' };
            line[from..=to].fill(mark);
        }
        let mut times: Vec<String> = row.iter().take(2).map(|stretch| stretch.times()).collect();
        if row.len() > times.len() {
            times.push(format!("{} more", row.len() - times.len()));
        }
        let line = String::from_utf8_lossy(&line);
        text.push_str(&format!("  {name:<width$}  {line}  {}\n", times.join(", ")));
    }
    text.push_str(&format!(
        "  {:<18}  {:>width$}\n",
        "the violation",
        "^",
        width = place(at_us) + 1
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(at_us: u64, kind: &str, phase: Phase) -> Record {
        let what = What::Fault {
            kind: kind.to_owned(),
            target: "node 0".to_owned(),
            phase,
        };
        Record {
            at_us,
            device: None,
            what,
        }
    }

    #[test]
    fn too_many_rows_become_one_for_each_kind() {
        let stretch = |target: u64| Stretch {
            kind: "kill".to_owned(),
            target: format!("node {target}"),
            from_us: target,
            to_us: target + 1,
        };
        let stretches: Vec<Stretch> = (0..5).map(stretch).collect();
        assert_eq!(rows(&stretches, 0, 9, 5).len(), 5);
        assert_eq!(rows(&stretches, 4, 4, 5).len(), 2, "only those that touch the time");
        let kinds = rows(&stretches, 0, 9, 4);
        assert_eq!(
            (kinds.len(), kinds[0].0.as_str(), kinds[0].1.len()),
            (1, "kill, 5 times", 5)
        );
    }

    #[test]
    fn a_start_and_a_stop_are_one_stretch_and_what_is_open_ends_with_the_history() {
        let history = [
            fault(1_000_000, "kill", Phase::Start),
            fault(1_500_000, "late-hint", Phase::Once),
            fault(2_000_000, "kill", Phase::Stop),
            fault(3_000_000, "partition", Phase::Start),
            fault(4_000_000, "late-hint", Phase::Once),
        ];
        let told: Vec<_> = stretches(&history)
            .iter()
            .map(|s| (s.kind.clone(), s.from_us, s.to_us))
            .collect();
        let expected = [
            ("kill", 1_000_000, 2_000_000),
            ("late-hint", 1_500_000, 1_500_000),
            ("partition", 3_000_000, 4_000_000),
            ("late-hint", 4_000_000, 4_000_000),
        ];
        assert_eq!(told, expected.map(|(kind, from, to)| (kind.to_owned(), from, to)));
        insta::assert_snapshot!(timeline(&stretches(&history), 0, 4_000_000, 2_500_000));
        assert_eq!(
            timeline(&stretches(&history), 5_000_000, 6_000_000, 5_500_000),
            "no fault from 5.000 s to 6.000 s\n"
        );
    }
}
