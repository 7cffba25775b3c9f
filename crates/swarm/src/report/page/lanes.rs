//! The lanes of one violation: devices down, time across.

use super::marks;
use super::scale::{BESIDE_PX, Scale};
use super::story::{Story, Told, story};
use crate::history::{Device, Record, What};
use crate::report::faults::{self, Stretch};
use crate::report::names::{Names, escaped, seconds};
use crate::report::words::{self, Focus};
use crate::verdict::Violation;
use protocol::SendId;
use std::collections::BTreeMap;

/// The height of the axis, in pixels; this and the next two stand in the style sheet too.
const AXIS_PX: usize = 24;
/// The height of a fault's row, in pixels.
const FAULT_PX: usize = 18;
/// The height of a lane, in pixels.
const LANE_PX: usize = 44;
/// Between two times on the axis, in pixels.
const TICKS_APART_PX: f64 = 54.0;
/// So many rows of faults.
const FAULT_ROWS_MAX: usize = 8;
/// So many begins and ends of faults have a moment of their own on the axis.
const FAULT_EDGES_MAX: usize = 40;
/// So many stretches of one fault are drawn.
const STRETCHES_MAX: usize = 100;
/// So many arrows are drawn.
const ARROWS_MAX: usize = 300;
/// A digit under a mark, in pixels.
const DIGIT_PX: f64 = 6.0;

/// Where everything stands.
struct Sheet<'a> {
    story: Story<'a>,
    scale: Scale,
    faults: Vec<(String, Vec<&'a Stretch>)>,
    /// Of each record of the story.
    xs: Vec<f64>,
    focus: Focus,
    names: &'a Names,
}

/// The names of the lanes, and the drawing beside them, which scrolls.
pub(super) fn lanes(
    number: usize,
    violation: &Violation,
    history: &[Record],
    names: &Names,
    stretches: &[Stretch],
) -> String {
    let story = story(violation, history, names);
    let (Some(first), Some(last)) = (story.told.first(), story.told.last()) else {
        return String::new();
    };
    let (from_us, to_us) = (first.record.at_us, last.record.at_us);
    let faults = faults::rows(stretches, from_us, to_us, FAULT_ROWS_MAX);
    let scale = Scale::new(&moments(&story, &faults, from_us, to_us));
    let xs = places(&story, &scale);
    let focus = Focus::of(violation.conv, &violation.slice);
    let sheet = Sheet {
        story,
        scale,
        faults,
        xs,
        focus,
        names,
    };
    sheet.html(number, history)
}

/// The moments of the story and of its faults, each with the most marks of one lane.
fn moments(story: &Story<'_>, faults: &[(String, Vec<&Stretch>)], from_us: u64, to_us: u64) -> BTreeMap<u64, usize> {
    let mut beside = BTreeMap::<(u64, Option<Device>), usize>::new();
    for told in &story.told {
        *beside.entry((told.record.at_us, told.record.device)).or_default() += 1;
    }
    let mut moments = BTreeMap::<u64, usize>::new();
    for ((at_us, _), marks) in beside {
        let most = moments.entry(at_us).or_default();
        *most = marks.max(*most);
    }
    let edges = faults
        .iter()
        .flat_map(|(_, row)| row.iter().flat_map(|stretch| [stretch.from_us, stretch.to_us]));
    for at_us in edges
        .filter(|at_us| (from_us..=to_us).contains(at_us))
        .take(FAULT_EDGES_MAX)
    {
        moments.entry(at_us).or_default();
    }
    moments
}

/// Where each record stands: what one lane has at one moment stands beside each other.
fn places(story: &Story<'_>, scale: &Scale) -> Vec<f64> {
    let mut beside = BTreeMap::<(u64, Option<Device>), usize>::new();
    let place = |told: &Told<'_>| {
        let before = beside.entry((told.record.at_us, told.record.device)).or_default();
        let x = scale.x_px(told.record.at_us) + *before as f64 * BESIDE_PX;
        *before += 1;
        x
    };
    story.told.iter().map(place).collect()
}

impl Sheet<'_> {
    fn height_px(&self) -> usize {
        AXIS_PX + self.faults.len() * FAULT_PX + self.story.lanes.len() * LANE_PX
    }

    /// The middle of a device's lane.
    fn y_px(&self, device: Option<Device>) -> usize {
        let lane = self.story.lanes.iter().position(|lane| *lane == device).unwrap_or(0);
        AXIS_PX + self.faults.len() * FAULT_PX + lane * LANE_PX + LANE_PX / 2
    }

    fn html(&self, number: usize, history: &[Record]) -> String {
        let mut html = "<div class=\"lanes\">\n<div class=\"names\"><div class=\"axis\"></div>".to_owned();
        for (name, _) in &self.faults {
            let name = escaped(name);
            html.push_str(&format!("<div class=\"fault\" title=\"{name}\">{name}</div>"));
        }
        for lane in &self.story.lanes {
            let name = escaped(&self.names.device(*lane));
            html.push_str(&format!("<div class=\"lane\" title=\"{name}\">{name}</div>"));
        }
        let (width, height) = (self.scale.width_px(), self.height_px());
        html.push_str(&format!(
            "</div>\n<div class=\"across\" tabindex=\"0\"><svg width=\"{width:.0}\" height=\"{height}\" role=\"img\" \
             aria-label=\"What happened, a lane a device\">\n"
        ));
        self.draw_faults(&mut html);
        self.draw_axis(&mut html);
        self.draw_lanes(history, &mut html);
        self.draw_answers(&mut html);
        self.draw_arrows(&mut html);
        self.draw_marks(number, &mut html);
        html.push_str("</svg></div>\n</div>\n");
        if self.story.without_lane > 0 {
            let devices = self.story.without_lane;
            html.push_str(&format!(
                "<p class=\"soft\">{devices} more devices have no lane here.</p>\n"
            ));
        }
        html
    }

    /// Each fault in its row, and as a shade over all lanes.
    fn draw_faults(&self, svg: &mut String) {
        let height = self.height_px();
        for (row, (name, stretches)) in self.faults.iter().enumerate() {
            let y = AXIS_PX + row * FAULT_PX;
            for stretch in stretches.iter().take(STRETCHES_MAX) {
                let (from, to) = (self.scale.x_px(stretch.from_us), self.scale.x_px(stretch.to_us));
                let width = (to - from).max(2.0);
                let title = escaped(&format!("{name}, {}", stretch.times()));
                svg.push_str(&format!(
                    "<g class=\"band\"><title>{title}</title>\
                     <rect x=\"{from:.1}\" y=\"{AXIS_PX}\" width=\"{width:.1}\" height=\"{}\"/>\
                     <rect class=\"bar\" x=\"{from:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"8\" rx=\"2\"/></g>\n",
                    height - AXIS_PX,
                    y + 5
                ));
            }
        }
    }

    fn draw_axis(&self, svg: &mut String) {
        let height = self.height_px();
        let mut written = String::new();
        for (at_us, x) in self.scale.ticks(TICKS_APART_PX) {
            let time = seconds(at_us);
            svg.push_str(&format!("<path class=\"grid\" d=\"M{x:.1} {AXIS_PX}V{height}\"/>"));
            // Two moments of one millisecond would look like a slip.
            if time != written {
                svg.push_str(&format!("<text class=\"tick\" x=\"{x:.1}\" y=\"15\">{time}</text>"));
            }
            svg.push('\n');
            written = time;
        }
        for x in self.scale.quiet() {
            svg.push_str(&format!(
                "<text class=\"quiet\" x=\"{x:.1}\" y=\"{}\">//</text>\n",
                AXIS_PX + 2
            ));
        }
    }

    /// A line for each lane, dashed where the device has no session.
    fn draw_lanes(&self, history: &[Record], svg: &mut String) {
        let away = away(history);
        let width = self.scale.width_px();
        for lane in &self.story.lanes {
            let y = self.y_px(*lane);
            svg.push_str(&format!("<path class=\"line\" d=\"M0 {y}H{width:.1}\"/>"));
            let away = lane.and_then(|device| away.get(&device));
            for (from_us, to_us) in away.into_iter().flatten() {
                let (from, to) = (self.scale.x_px(*from_us), self.scale.x_px(*to_us));
                if to - from > 0.5 {
                    svg.push_str(&format!("<path class=\"away\" d=\"M{from:.1} {y}H{to:.1}\"/>"));
                }
            }
            svg.push('\n');
        }
    }

    /// From what is asked to its answer, along the lane.
    fn draw_answers(&self, svg: &mut String) {
        let mut asked = BTreeMap::<(Option<Device>, SendId), f64>::new();
        for (told, x) in self.story.told.iter().zip(&self.xs) {
            let device = told.record.device;
            let (send_id, class) = match told.record.what {
                What::Invoke { send_id, .. } => {
                    asked.insert((device, send_id), *x);
                    continue;
                }
                What::Ok { send_id, .. } => (send_id, "ok"),
                What::Fail { send_id, .. } => (send_id, "no"),
                What::Unknown { send_id, .. } => (send_id, "unknown"),
                _ => continue,
            };
            if let Some(from) = asked.get(&(device, send_id)) {
                let y = self.y_px(device);
                svg.push_str(&format!("<path class=\"op {class}\" d=\"M{from:.1} {y}H{x:.1}\"/>\n"));
            }
        }
    }

    /// From where something was asked to where it was told, in other lanes.
    fn draw_arrows(&self, svg: &mut String) {
        let with_places = || self.story.told.iter().zip(&self.xs);
        let mut asked = BTreeMap::<SendId, (&Told<'_>, f64)>::new();
        for (told, x) in with_places() {
            if let What::Invoke { send_id, .. } = told.record.what {
                asked.entry(send_id).or_insert((told, *x));
            }
        }
        let mut arrows = Vec::new();
        for (told, x2) in with_places() {
            if matches!(told.record.what, What::Final { .. }) {
                continue;
            }
            for entry in words::seen(&told.record.what) {
                let Some((from, x1)) = asked.get(&entry.send_id) else {
                    continue;
                };
                if from.record.device != told.record.device {
                    let hot = from.number.is_some() && told.number.is_some();
                    arrows.push((
                        hot,
                        *x1,
                        self.y_px(from.record.device),
                        *x2,
                        self.y_px(told.record.device),
                    ));
                }
            }
        }
        // Those that show the violation last, over the others.
        arrows.sort_by_key(|(hot, ..)| *hot);
        let drawn = arrows.len().saturating_sub(ARROWS_MAX);
        for (hot, x1, y1, x2, y2) in &arrows[drawn..] {
            let (class, tip) = if *hot { ("arrow hot", "hot") } else { ("arrow", "tip") };
            let (x1, x2) = (x1 + 6.0, x2 - 7.0);
            let bend = ((x2 - x1) / 2.0).abs().clamp(8.0, 60.0);
            let (c1, c2) = (x1 + bend, x2 - bend);
            svg.push_str(&format!(
                "<path class=\"{class}\" marker-end=\"url(#{tip})\" \
                 d=\"M{x1:.1} {y1}C{c1:.1} {y1} {c2:.1} {y2} {x2:.1} {y2}\"/>\n"
            ));
        }
    }

    /// The records; those of the slice have a halo and their number, which leads to their line.
    fn draw_marks(&self, violation: usize, svg: &mut String) {
        let mut labelled_to = BTreeMap::<Option<Device>, f64>::new();
        for (told, x) in self.story.told.iter().zip(&self.xs) {
            let Record { at_us, device, what } = told.record;
            let (y, mark, who) = (self.y_px(*device), marks::mark(what), self.names.device(*device));
            let says = words::say(what, self.names, &self.focus);
            let title = escaped(&format!("{}  {who}  {says}", seconds(*at_us)));
            if let Some(number) = told.number {
                svg.push_str(&format!("<a href=\"#v{violation}r{number}\">"));
            }
            svg.push_str(&format!(
                "<g class=\"m {}\" transform=\"translate({x:.1} {y})\">",
                mark.class
            ));
            svg.push_str(&format!("<title>{title}</title>"));
            if let Some(number) = told.number {
                svg.push_str(&format!(
                    "<circle class=\"halo\" r=\"10\"/><text class=\"nr\" y=\"-12\">{number}</text>"
                ));
            }
            svg.push_str(mark.shape);
            let label = marks::label(what);
            let half_px = label.chars().count() as f64 * DIGIT_PX / 2.0;
            let free_from = labelled_to.entry(*device).or_insert(0.0);
            if !label.is_empty() && (told.number.is_some() || x - half_px >= *free_from) {
                *free_from = x + half_px + 2.0;
                svg.push_str(&format!("<text class=\"seq\" y=\"19\">{label}</text>"));
            }
            svg.push_str(if told.number.is_some() { "</g></a>\n" } else { "</g>\n" });
        }
    }
}

/// When each device had no session, from its first one on, in microseconds.
fn away(history: &[Record]) -> BTreeMap<Device, Vec<(u64, u64)>> {
    let mut away = BTreeMap::<Device, Vec<(u64, u64)>>::new();
    for record in history {
        let Some(device) = record.device else { continue };
        let times = away.entry(device).or_default();
        match record.what {
            What::Disconnected => times.push((record.at_us, u64::MAX)),
            // A device has no session until it first says that it has one.
            What::Connected { .. } if times.is_empty() => times.push((0, record.at_us)),
            What::Connected { .. } => {
                if let Some((_, to_us @ u64::MAX)) = times.last_mut() {
                    *to_us = record.at_us;
                }
            }
            _ => {}
        }
    }
    away
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_device_is_away_until_it_connects_and_between_two_sessions() {
        let (_, history) = sample::lost();
        assert_eq!(away(&history)[&0], [(0, 20_000), (1_006_000, 1_820_000)]);
    }
}
