//! The run as a whole: what was acknowledged, the faults and the violations over time, and counts for each device.

use crate::history::{Device, Record, What};
use crate::report::faults::{self, Stretch};
use crate::report::names::{Names, counted, escaped, seconds};
use crate::report::words;
use crate::verdict::Verdict;
use std::collections::BTreeMap;

/// How wide the time-line is, in pixels.
const WIDTH_PX: f64 = 960.0;
/// The height of the bars of what was acknowledged, in pixels.
const BARS_PX: f64 = 40.0;
/// The height of a row, in pixels; in the style sheet too.
const ROW_PX: f64 = 18.0;
/// So many bars.
const BARS: usize = 160;
/// So many rows of faults.
const ROWS_MAX: usize = 12;
/// So many ticks at most.
const TICKS_MAX: u64 = 10;

/// A bar for each stretch of time with what was acknowledged in it, and a row for each fault.
pub(super) fn over_time(verdict: &Verdict, history: &[Record], stretches: &[Stretch]) -> String {
    let end_us = history.last().map_or(0, |record| record.at_us).max(1);
    let x = |at_us: u64| at_us.min(end_us) as f64 / end_us as f64 * WIDTH_PX;
    let rows = faults::rows(stretches, 0, end_us, ROWS_MAX);
    let height = BARS_PX + ROW_PX * (rows.len() + 2) as f64;
    let mut names = "<div class=\"bars\">acknowledged</div>".to_owned();
    let mut svg =
        format!("<svg width=\"{WIDTH_PX}\" height=\"{height}\" role=\"img\" aria-label=\"The run over time\">\n");
    draw_bars(history, end_us, &mut svg);
    for (row, (name, stretches)) in rows.iter().enumerate() {
        let name = escaped(name);
        names.push_str(&format!("<div class=\"fault\" title=\"{name}\">{name}</div>"));
        let y = BARS_PX + ROW_PX * row as f64;
        svg.push_str(&format!(
            "<path class=\"line\" d=\"M0 {:.1}H{WIDTH_PX}\"/>",
            y + ROW_PX / 2.0
        ));
        for stretch in stretches {
            let (from, width) = (x(stretch.from_us), (x(stretch.to_us) - x(stretch.from_us)).max(1.5));
            let title = escaped(&format!("{}, {}", stretch.name(), stretch.times()));
            svg.push_str(&format!(
                "<g class=\"band\"><title>{title}</title>\
                 <rect class=\"bar\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"10\" rx=\"1.5\"/></g>",
                y + 4.0
            ));
        }
        svg.push('\n');
    }
    names.push_str("<div class=\"fault\">violations</div>");
    let y = BARS_PX + ROW_PX * rows.len() as f64 + ROW_PX / 2.0;
    svg.push_str(&format!("<path class=\"line\" d=\"M0 {y:.1}H{WIDTH_PX}\"/>"));
    for (number, violation) in (1..).zip(&verdict.violations) {
        let (x, title) = (
            x(violation.at_us),
            escaped(&format!("{:?}: {}", violation.rule, violation.says)),
        );
        svg.push_str(&format!(
            "<a href=\"#v{number}\"><g class=\"wrong\" transform=\"translate({x:.1} {y:.1})\"><title>{title}</title>\
             <path d=\"M0-6 6 5H-6z\"/></g></a>"
        ));
    }
    let step_us = step_us(end_us);
    for tick in 0..=end_us / step_us {
        let (time, x) = (seconds_short(tick * step_us), x(tick * step_us));
        let anchor = if x < 20.0 { "first" } else { "" };
        if x < WIDTH_PX - 12.0 {
            svg.push_str(&format!(
                "<text class=\"tick {anchor}\" x=\"{x:.1}\" y=\"{:.1}\">{time}</text>",
                height - 4.0
            ));
        }
    }
    svg.push_str("</svg>");
    format!(
        "<h2>The run over time</h2>\n<div class=\"lanes over-time\">\n<div class=\"names\">{names}</div>\n\
         <div class=\"across\" tabindex=\"0\">{svg}</div>\n</div>\n"
    )
}

fn draw_bars(history: &[Record], end_us: u64, svg: &mut String) {
    let mut bars = [0_u64; BARS];
    for record in history {
        if matches!(record.what, What::Ok { .. }) {
            bars[(u128::from(record.at_us) * (BARS as u128 - 1) / u128::from(end_us)) as usize] += 1;
        }
    }
    let most = bars.iter().copied().max().unwrap_or(0).max(1);
    let wide = WIDTH_PX / BARS as f64;
    for (bar, count) in bars.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (*count as f64 / most as f64 * (BARS_PX - 6.0)).max(1.0);
        let (x, y, from) = (
            bar as f64 * wide,
            BARS_PX - height,
            seconds(bar as u64 * end_us / BARS as u64),
        );
        svg.push_str(&format!(
            "<rect class=\"acked\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\">\
             <title>from {from}: {}</title></rect>",
            wide - 1.0,
            counted(*count)
        ));
    }
    svg.push('\n');
}

/// A round time between ticks, in microseconds: one, two or five of a power of ten.
fn step_us(end_us: u64) -> u64 {
    let mut steps = (0..)
        .map(|power| 10_u64.pow(power))
        .flat_map(|power| [power, 2 * power, 5 * power]);
    steps.find(|step| end_us / step <= TICKS_MAX).unwrap_or(end_us)
}

/// A round time without the zeros behind it.
fn seconds_short(at_us: u64) -> String {
    format!("{} s", at_us as f64 / 1e6)
}

/// What one device did and was told.
#[derive(Default)]
struct Counts {
    sent: u64,
    acked: u64,
    refused: u64,
    unknown: u64,
    told: u64,
    sessions: u64,
    behind: u64,
}

/// A table with a row for each device; open only if there is nothing else to look at.
pub(super) fn devices(history: &[Record], names: &Names, open: bool) -> String {
    let mut all = BTreeMap::<Device, Counts>::new();
    for record in history {
        let Some(device) = record.device else { continue };
        let counts = all.entry(device).or_default();
        match &record.what {
            What::Invoke { .. } => counts.sent += 1,
            What::Ok { .. } => counts.acked += 1,
            What::Fail { .. } => counts.refused += 1,
            What::Unknown { .. } => counts.unknown += 1,
            What::Connected { .. } => counts.sessions += 1,
            What::ToldBehind { .. } => counts.behind += 1,
            what @ (What::Shown { .. } | What::Heard { .. } | What::Pulled { .. }) => {
                counts.told += words::seen(what).len() as u64;
            }
            _ => {}
        }
    }
    let open = if open { " open" } else { "" };
    let mut html = format!(
        "<details{open}><summary>{} devices</summary>\n<div class=\"across\"><table>\n<tr><th>device</th><th>sent\
         </th><th>acknowledged</th><th>refused</th><th>unknown</th><th>told</th><th>sessions</th>\
         <th>told behind</th></tr>\n",
        counted(names.all_devices().len() as u64)
    );
    for device in names.all_devices() {
        let none = Counts::default();
        let c = all.get(&device).unwrap_or(&none);
        html.push_str(&format!("<tr><th>{}</th>", escaped(&names.device(Some(device)))));
        for count in [c.sent, c.acked, c.refused, c.unknown, c.told, c.sessions, c.behind] {
            html.push_str(&format!("<td>{}</td>", counted(count)));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table></div></details>\n");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(step_us(20_000_000), 2_000_000);
        assert_eq!(step_us(9_000_000), 1_000_000);
        assert_eq!(step_us(4), 1);
        for end_us in [1, 7, 1_000, 123_456_789, u64::MAX / 4] {
            assert!(end_us / step_us(end_us) <= TICKS_MAX);
        }
    }
}
