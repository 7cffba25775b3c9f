//! One line of a run that is under way. It has no line end: whoever shows it writes it over the last one.

use super::Progress;
use super::names::counted;

/// How a run is going, in one line.
#[must_use]
pub fn progress(now: &Progress) -> String {
    // The whole seconds only: a line that changes ten times a second in its last digit cannot be read.
    let mut line = format!(
        "{} s of {} s  sent {}  acked {}  shown {}",
        now.at_ms / 1000,
        now.for_ms.div_ceil(1000),
        counted(now.sent),
        counted(now.acked),
        counted(now.shown)
    );
    if !now.faults.is_empty() {
        line.push_str("  faults:");
        for (number, (kind, count)) in (0..).zip(&now.faults) {
            line.push_str(if number == 0 { " " } else { ", " });
            line.push_str(&format!("{kind} {}", counted(*count)));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_progress() {
        let mut now = Progress {
            at_ms: 12_400,
            for_ms: 20_000,
            sent: 1_204,
            acked: 1_190,
            shown: 6_310,
            ..Progress::default()
        };
        assert_eq!(progress(&now), "12 s of 20 s  sent 1,204  acked 1,190  shown 6,310");
        now.faults = [("kill".to_owned(), 2), ("partition".to_owned(), 1)].into();
        assert_eq!(
            progress(&now),
            "12 s of 20 s  sent 1,204  acked 1,190  shown 6,310  faults: kill 2, partition 1"
        );
    }
}
