//! The table at the end of a run, for a person at a terminal: at most 100 columns.

use super::names::{counted, lasting};
use crate::verdict::{Share, Summary};

/// How wide a line may be, in characters.
const LINE_CHARS_MAX: usize = 100;
/// Where what is told begins.
const TELLS_AT: usize = 16;

/// What a run was like and what came out, in lines.
#[must_use]
pub fn table(summary: &Summary) -> String {
    let mut text: String = rows(summary).iter().map(|(name, cells)| wrapped(name, cells)).collect();
    text.push('\n');
    text.push_str(&verdict(summary));
    text
}

/// What a run was like: a name and what is told of it, in order.
pub(super) fn rows(summary: &Summary) -> Vec<(&'static str, Vec<String>)> {
    let people = format!("{} people", counted(summary.people));
    let faults = summary
        .faults
        .iter()
        .map(|(kind, count)| format!("{kind} {}", counted(*count)));
    let hard = |(name, count): (&String, &u64)| format!("{} {}", name.replace('_', " "), counted(*count));
    let [half, nine_in_ten, all] = summary.converged_ms.map(lasting);
    vec![
        ("run", vec![format!("seed {}", summary.seed)]),
        ("people", vec![people, format!("{} devices", counted(summary.devices))]),
        ("sends", sends(summary)),
        (
            "received",
            vec![format!("{} entries shown or heard", counted(summary.received))],
        ),
        (
            "send to ack",
            vec![
                percentile("p50", summary.p50_send_ack_ms),
                percentile("p99", summary.p99_send_ack_ms),
            ],
        ),
        (
            "send to shown",
            vec![
                percentile("p50", summary.p50_send_received_ms),
                percentile("p99", summary.p99_send_received_ms),
                percentile("longest", summary.max_send_received_ms),
            ],
        ),
        ("faults", or_none(faults.collect())),
        ("how hard", or_none(summary.hardness.iter().map(hard).collect())),
        ("acked in 5 s", or_none(availability(summary))),
        ("longest outage", vec![lasting(summary.longest_outage_ms)]),
        (
            "converged",
            vec![
                format!("half in {half}"),
                format!("nine in ten in {nine_in_ten}"),
                format!("all in {all}"),
            ],
        ),
    ]
}

/// The share of each kind of fault; first the one of no fault, which the others are compared with.
fn availability(summary: &Summary) -> Vec<String> {
    let share = |kind: &str, share: &Share| format!("{kind} {} of {}", percent(*share), counted(share.of));
    let calm = summary.availability.get("none").map(|calm| share("no fault", calm));
    let kinds = summary.availability.iter().filter(|(kind, _)| *kind != "none");
    calm.into_iter()
        .chain(kinds.map(|(kind, of)| share(kind, of)))
        .collect()
}

fn sends(summary: &Summary) -> Vec<String> {
    vec![
        format!("{} sent", counted(summary.sent)),
        format!("{} acknowledged", counted(summary.acked)),
        format!("{} unknown for a while", counted(summary.unknown)),
        format!("{:.1} a second", summary.messages_per_s),
    ]
}

fn percentile(name: &str, ms: f64) -> String {
    format!("{:<18}", format!("{name} {}", lasting(ms)))
}

/// A share in percent, rounded down: what is not all is never told as 100 %. Of nothing there is no share.
#[must_use]
pub fn percent(share: Share) -> String {
    if share.of == 0 {
        return "\u{2013}".to_owned();
    }
    let thousandths = u128::from(share.good) * 100_000 / u128::from(share.of);
    format!("{}.{:03} %", thousandths / 1000, thousandths % 1000)
}

fn or_none(cells: Vec<String>) -> Vec<String> {
    if cells.is_empty() {
        vec!["none".to_owned()]
    } else {
        cells
    }
}

/// Cells one after the other, and a new line where they would be too long.
fn wrapped(name: &str, cells: &[String]) -> String {
    let mut line = format!("{name:<TELLS_AT$}");
    let mut text = String::new();
    for cell in cells {
        if line.len() > TELLS_AT && line.chars().count() + cell.trim_end().chars().count() > LINE_CHARS_MAX {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(TELLS_AT);
        }
        line.push_str(cell);
        line.push_str("   ");
    }
    text + line.trim_end() + "\n"
}

/// What can be wrong, by its column's head.
pub(super) fn wrongs(summary: &Summary) -> [(&'static str, u64); 8] {
    [
        ("lost", summary.lost),
        ("doubled", summary.doubled),
        ("reordered", summary.reordered),
        ("gaps", summary.gaps),
        ("unread wrong", summary.unread_wrong),
        ("receipts wrong", summary.receipts_wrong),
        ("leaked", summary.leaked),
        ("other", summary.other_wrong),
    ]
}

/// All that is wrong, counted.
pub(super) fn wrong(summary: &Summary) -> u64 {
    wrongs(summary).iter().map(|(_, count)| count).sum()
}

/// The verdict, in one sentence.
pub(super) fn sentence(summary: &Summary) -> String {
    let all = wrong(summary);
    if all == 0 {
        return "Nothing was lost, doubled, reordered or leaked; no gap, no wrong count, no wrong receipt.".to_owned();
    }
    let some = wrongs(summary).into_iter().filter(|(_, count)| *count > 0);
    let each: Vec<String> = some.map(|(name, count)| format!("{} {name}", counted(count))).collect();
    let word = if all == 1 { "violation" } else { "violations" };
    format!("{} {word}: {}.", counted(all), each.join(", "))
}

fn verdict(summary: &Summary) -> String {
    let (mut heads, mut counts) = (String::new(), String::new());
    for (name, count) in wrongs(summary) {
        let (gap, count) = (if heads.is_empty() { "" } else { "   " }, counted(count));
        let width = name.len().max(count.len());
        heads.push_str(&format!("{gap}{name:>width$}"));
        counts.push_str(&format!("{gap}{count:>width$}"));
    }
    format!("{heads}\n{counts}\n\n{}\n", sentence(summary))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_good_run() {
        let table = table(&sample::summary());
        insta::assert_snapshot!(table);
        assert!(table.lines().all(|line| line.chars().count() <= LINE_CHARS_MAX));
    }

    #[test]
    fn a_bad_run_says_so_and_an_empty_one_still_has_its_rows() {
        let bad = Summary {
            lost: 1,
            leaked: 12,
            ..Summary::default()
        };
        insta::assert_snapshot!(table(&bad));
    }

    #[test]
    fn what_is_not_all_is_not_a_hundred_percent() {
        let share = |good, of| percent(Share { good, of });
        assert_eq!(share(999_999, 1_000_000), "99.999 %");
        assert_eq!(share(9_999_999, 10_000_000), "99.999 %");
        assert_eq!(share(5, 5), "100.000 %");
        assert_eq!(share(1, 8), "12.500 %");
        assert_eq!(share(0, 0), "\u{2013}");
    }
}
