//! The verdict as one page: the summary, the faults over time, and for each violation its lanes.
//!
//! The page has no script and asks for nothing from anywhere, so it can be kept, sent and opened years later. Whatever
//! is not ours (names, kinds, reasons) is escaped where it is written.

mod lanes;
mod marks;
mod run;
mod scale;
mod story;

use super::names::{Names, escaped};
use super::{faults, table, text};
use crate::history::{Record, What};
use crate::verdict::{Summary, Verdict, Violation};

/// So many violations are drawn; the others are counted.
const DRAWN_MAX: usize = 20;

/// The page, complete.
#[must_use]
pub fn page(verdict: &Verdict, history: &[Record]) -> String {
    let names = Names::of(history);
    let stretches = faults::stretches(history);
    let good = verdict.violations.is_empty() && table::wrong(&verdict.summary) == 0;
    let title = format!("Verdict, seed {}", seed(history).unwrap_or(verdict.summary.seed));
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{}</style>\n<main>\n",
        include_str!("page/page.css")
    );
    html.push_str(&head(verdict, history, good));
    html.push_str(&summary(&verdict.summary));
    html.push_str(&run::over_time(verdict, history, &stretches));
    html.push_str(&run::devices(history, &names, good));
    if !verdict.violations.is_empty() {
        html.push_str("<h2>What is wrong</h2>\n");
        html.push_str(marks::TIPS);
        html.push_str(&marks::legend());
    }
    for (number, violation) in (1..).zip(verdict.violations.iter().take(DRAWN_MAX)) {
        html.push_str(&section(number, violation, history, &names, &stretches));
    }
    if verdict.violations.len() > DRAWN_MAX {
        let more = verdict.violations.len() - DRAWN_MAX;
        html.push_str(&format!("<p class=\"soft\">{more} more are not drawn.</p>\n"));
    }
    html.push_str("</main>\n</html>\n");
    html
}

fn seed(history: &[Record]) -> Option<u64> {
    history.iter().find_map(|record| match record.what {
        What::Run { seed, .. } => Some(seed),
        _ => None,
    })
}

fn head(verdict: &Verdict, history: &[Record], good: bool) -> String {
    let class = if good { "good" } else { "bad" };
    // The violations themselves are counted, if the summary does not know of them.
    let sentence = match table::wrong(&verdict.summary) {
        0 if !good => format!("{} violations.", verdict.violations.len()),
        _ => table::sentence(&verdict.summary),
    };
    format!(
        "<header class=\"{class}\"><h1>{}</h1><p>{}</p></header>\n",
        escaped(&sentence),
        escaped(text::run(history).trim_end())
    )
}

/// The counts of what is wrong, and all the rest of the summary.
fn summary(summary: &Summary) -> String {
    let mut html = "<ul class=\"wrongs\">\n".to_owned();
    for (name, count) in table::wrongs(summary) {
        let class = if count == 0 { "good" } else { "bad" };
        let count = super::counted(count);
        html.push_str(&format!("<li class=\"{class}\"><b>{count}</b> {name}</li>\n"));
    }
    html.push_str("</ul>\n<dl>\n");
    for (name, cells) in table::rows(summary) {
        html.push_str(&format!("<dt>{name}</dt><dd>"));
        for cell in cells {
            html.push_str(&format!("<span>{}</span> ", escaped(cell.trim_end())));
        }
        html.push_str("</dd>\n");
    }
    html.push_str("</dl>\n");
    html
}

/// One violation: its sentence, its lanes, its slice in words.
fn section(
    number: usize,
    violation: &Violation,
    history: &[Record],
    names: &Names,
    stretches: &[faults::Stretch],
) -> String {
    let mut html = format!(
        "<section id=\"v{number}\">\n<h3><span class=\"rule\">{:?}</span> {}</h3>\n",
        violation.rule,
        escaped(&violation.says)
    );
    if let Some(conv) = violation.conv {
        html.push_str(&format!("<p class=\"soft\">In conversation {conv}.</p>\n"));
    }
    html.push_str(&lanes::lanes(number, violation, history, names, stretches));
    html.push_str("<ol class=\"slice\">\n");
    for (line, words) in (1..).zip(text::lines(violation, names)) {
        let words = escaped(words.trim_end());
        html.push_str(&format!("<li id=\"v{number}r{line}\"><code>{words}</code></li>\n"));
    }
    html.push_str("</ol>\n</section>\n");
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_bad_run_as_a_page() {
        let (verdict, history) = sample::bad();
        let page = page(&verdict, &history);
        insta::assert_snapshot!(page);
        // Names of others are no markup, and nothing is asked for from elsewhere.
        assert!(page.contains("&lt;b&gt;carol"));
        for never in ["<b>carol", "http:", "https:", "<script", "url(h"] {
            assert!(!page.contains(never), "the page has {never}");
        }
    }

    #[test]
    fn a_good_run_as_a_page() {
        let (_, history) = sample::lost();
        let verdict = Verdict {
            summary: sample::summary(),
            ..Verdict::default()
        };
        insta::assert_snapshot!(page(&verdict, &history));
    }

    #[test]
    fn only_the_first_violations_are_drawn() {
        let (violation, history) = sample::lost();
        let verdict = Verdict {
            violations: vec![violation; DRAWN_MAX + 3],
            ..Verdict::default()
        };
        let page = page(&verdict, &history);
        assert_eq!(page.matches("<section").count(), DRAWN_MAX);
        assert!(page.contains("3 more are not drawn"));
        assert!(page.contains("23 violations."));
    }
}
