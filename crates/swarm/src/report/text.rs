//! A violation as text, for a terminal and for whoever mends it.

use super::faults;
use super::names::{self, Names, seconds};
use super::words::{self, Focus};
use crate::history::{Record, What};
use crate::verdict::Violation;

/// How much of the faults' time-line is shown before and after the slice, in microseconds.
const AROUND_US: u64 = 1_000_000;

/// The violation, the run it happened in, the faults around it, and the slice that shows it.
#[must_use]
pub fn text(violation: &Violation, history: &[Record]) -> String {
    let mut text = format!("{:?}: {}\n", violation.rule, violation.says);
    text.push_str(&run(history));
    if let Some(conv) = violation.conv {
        text.push_str(&format!("in conversation {} ({conv})\n", names::conv(conv)));
    }
    let (from_us, to_us) = around(violation);
    text.push('\n');
    text.push_str(&faults::timeline(
        &faults::stretches(history),
        from_us,
        to_us,
        violation.at_us,
    ));
    text.push('\n');
    for line in lines(violation, &Names::of(history)) {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// From when to when a violation plays, and some time around it, in microseconds.
pub(super) fn around(violation: &Violation) -> (u64, u64) {
    let times = || {
        violation
            .slice
            .iter()
            .map(|record| record.at_us)
            .chain([violation.at_us])
    };
    let (from_us, to_us) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
    (from_us.saturating_sub(AROUND_US), to_us.saturating_add(AROUND_US))
}

/// What is run, by its first record.
pub(super) fn run(history: &[Record]) -> String {
    let run = history.iter().find_map(|record| match &record.what {
        What::Run {
            seed,
            name,
            people,
            nodes,
            mutant,
        } => {
            let mutant = mutant
                .as_ref()
                .map(|mutant| format!(", mutant {mutant}"))
                .unwrap_or_default();
            let nodes = if *nodes == 1 {
                "1 node".to_owned()
            } else {
                format!("{nodes} nodes")
            };
            Some(format!("seed {seed}, {name}, {people} people, {nodes}{mutant}\n"))
        }
        _ => None,
    });
    run.unwrap_or_else(|| "a run that does not say its seed\n".to_owned())
}

/// The slice, one line a record.
pub(super) fn lines(violation: &Violation, names: &Names) -> Vec<String> {
    let focus = Focus::of(violation.conv, &violation.slice);
    let who: Vec<String> = violation
        .slice
        .iter()
        .map(|record| names.device(record.device))
        .collect();
    let width = who.iter().map(|who| who.chars().count()).max().unwrap_or(0);
    let line = |(record, who): (&Record, &String)| {
        let (time, words) = (seconds(record.at_us), words::say(&record.what, names, &focus));
        format!("{time:>11}  {who:<width$}  {words}")
    };
    violation.slice.iter().zip(&who).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_lost_message_as_text() {
        let (violation, history) = sample::lost();
        insta::assert_snapshot!(text(&violation, &history));
    }

    #[test]
    fn a_violation_without_a_slice_in_a_run_without_a_name_is_told_all_the_same() {
        let (mut violation, _) = sample::lost();
        violation.slice.clear();
        let text = text(&violation, &[]);
        assert!(text.contains("does not say its seed"), "{text}");
        assert!(text.contains("no fault from"), "{text}");
    }
}
