//! How a record looks in a lane, around the point (0, 0). Shape and colour both tell, so that either is enough.

use crate::history::What;
use crate::report::words;

/// A mark: its class (its colour) and its shape.
pub(super) struct Mark {
    /// Its class in the style sheet.
    pub class: &'static str,
    /// What is drawn.
    pub shape: &'static str,
}

const RING: &str = "<circle r=\"5\"/>";
const DOT: &str = RING;
const CROSS: &str = "<path d=\"M-4.5-4.5 4.5 4.5M4.5-4.5-4.5 4.5\"/>";
const QUESTION: &str = "<circle r=\"6\"/><text y=\"3.5\">?</text>";
const ARRIVAL: &str = "<path d=\"M-5.5-4.5h11L0 5.5z\"/>";
const DIAMOND: &str = "<path d=\"M0-5 5 0 0 5-5 0z\"/>";
const OPENS: &str = "<path d=\"M4-7H-1V7H4\"/>";
const CLOSES: &str = "<path d=\"M-4-7H1V7H-4\"/>";
const WARNS: &str = "<path d=\"M0-6 6 5H-6z\"/>";
const SQUARE: &str = "<path d=\"M-5-5H5V5H-5z\"/>";

/// What each record is drawn as.
pub(super) fn mark(what: &What) -> Mark {
    let (class, shape) = match what {
        What::Invoke { .. }
        | What::Drafted { .. }
        | What::Blocking { .. }
        | What::Hiding { .. }
        | What::Revoking { .. }
        | What::Joins { .. }
        | What::TakesUp { .. } => ("ask", RING),
        What::Ok { .. }
        | What::Blocked { .. }
        | What::Hides { .. }
        | What::Linked { .. }
        | What::Revoked { .. }
        | What::LetIn { .. }
        | What::MustWait { .. } => ("ok", DOT),
        What::Fail { .. } => ("no", CROSS),
        What::Unknown { .. } => ("unknown", QUESTION),
        What::Shown { .. } | What::Heard { .. } => ("told", ARRIVAL),
        What::Pulled { .. } => ("pulled", ARRIVAL),
        What::Read { .. } | What::ReadsAll | What::HasReadAll | What::MarkUnread { .. } | What::SawCursor { .. } => {
            ("cursor", DIAMOND)
        }
        What::Connected { .. } => ("link", OPENS),
        What::Disconnected => ("link", CLOSES),
        What::Forgets
        | What::Skipped { .. }
        | What::Resynced
        | What::EventsLost
        | What::Stopped { .. }
        | What::Requested { .. }
        | What::ToldBehind { .. } => ("odd", WARNS),
        What::Final { .. }
        | What::Holds { .. }
        | What::Bodies { .. }
        | What::Snapshot { .. }
        | What::Myself { .. }
        | What::Draft { .. }
        | What::Log { .. } => ("end", SQUARE),
        What::Run { .. }
        | What::Device { .. }
        | What::Fault { .. }
        | What::Healed
        | What::Lineage { .. }
        | What::Sample { .. }
        | What::Counted { .. }
        | What::SawTyping { .. }
        | What::SawPresence { .. } => ("end", DIAMOND),
    };
    Mark { class, shape }
}

/// What stands under a mark: the seq that it is about.
pub(super) fn label(what: &What) -> String {
    match what {
        What::Ok { seq, .. } | What::Read { seq, .. } | What::MarkUnread { seq, .. } => seq.to_string(),
        What::SawCursor { delivered, read, .. } => format!("{delivered}/{read}"),
        what => match words::seen(what) {
            [] => String::new(),
            [one] => one.seq.to_string(),
            [first, .., last] => format!("{}–{}", first.seq, last.seq),
        },
    }
}

/// The heads of arrows, once in a page.
pub(super) const TIPS: &str = "<svg width=\"0\" height=\"0\" class=\"tips\" aria-hidden=\"true\"><defs>\
<marker id=\"tip\" viewBox=\"0 0 6 6\" refX=\"5\" refY=\"3\" markerWidth=\"6\" markerHeight=\"6\" orient=\"auto\">\
<path d=\"M0 .5 5.5 3 0 5.5z\" class=\"tip\"/></marker>\
<marker id=\"hot\" viewBox=\"0 0 6 6\" refX=\"5\" refY=\"3\" markerWidth=\"5\" markerHeight=\"5\" orient=\"auto\">\
<path d=\"M0 .5 5.5 3 0 5.5z\" class=\"hot\"/></marker></defs></svg>\n";

/// What the marks mean.
pub(super) fn legend() -> String {
    let marks = [
        ("ask", RING, "asks"),
        ("ok", DOT, "acknowledged"),
        ("no", CROSS, "refused"),
        ("unknown", QUESTION, "unknown"),
        ("told", ARRIVAL, "shown or heard"),
        ("pulled", ARRIVAL, "pulled"),
        ("cursor", DIAMOND, "cursor"),
        ("link", OPENS, "session begins"),
        ("link", CLOSES, "session ends"),
        ("odd", WARNS, "behind, skipped, anew"),
        ("end", SQUARE, "compared at the end"),
    ];
    let mut html = "<p class=\"legend\">".to_owned();
    for (class, shape, means) in marks {
        html.push_str(&format!(
            "<span><svg width=\"16\" height=\"16\" viewBox=\"-8 -8 16 16\"><g class=\"m {class}\">{shape}</g></svg>\
             {means}</span> "
        ));
    }
    html.push_str(
        "</p>\n<p class=\"soft\">Numbers under marks are places in the log; numbers above them, those of the lines \
         below. Time goes to the right in order, not to scale; // is a quiet stretch. A dashed lane has no \
         session. Shaded: a fault.</p>\n",
    );
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn each_mark_has_a_colour_in_the_style_sheet() {
        let css = include_str!("page.css");
        for record in sample::one_of_each() {
            let class = mark(&record.what).class;
            assert!(css.contains(&format!(".{class}")), "no style for .{class}");
        }
    }

    #[test]
    fn a_label_is_the_seq_it_is_about() {
        let labels: Vec<String> = sample::one_of_each().iter().map(|record| label(&record.what)).collect();
        let told: Vec<&str> = labels
            .iter()
            .map(String::as_str)
            .filter(|label| !label.is_empty())
            .collect();
        assert_eq!(told, ["4", "4", "4", "4–5", "4", "4/4", "4", "1", "1–9"]);
    }
}
