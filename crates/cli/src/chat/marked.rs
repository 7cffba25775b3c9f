//! The marks of a text, drawn: strong, weighty, struck, code, quotes, lists, links. Only where colours are welcome;
//! elsewhere a text is shown as it was typed, marks and all.

use crate::safe;
use client::markup::{Block, Inline, parse};

/// How letters look.
#[derive(Clone, Copy, Default)]
struct Look {
    bold: bool,
    italic: bool,
    struck: bool,
    under: bool,
    dim: bool,
}

impl Look {
    /// The letters in this look, and nothing in them that commands the terminal.
    fn put(self, out: &mut String, text: &str) {
        let text = safe::shown(text).replace('\n', " ");
        let codes = [
            (self.bold, "1"),
            (self.dim, "2"),
            (self.italic, "3"),
            (self.under, "4"),
            (self.struck, "9"),
        ];
        let codes: Vec<&str> = codes.iter().filter(|(on, _)| *on).map(|(_, code)| *code).collect();
        if codes.is_empty() || text.is_empty() {
            out.push_str(&text);
        } else {
            out.push_str(&format!("\x1b[{}m{text}\x1b[0m", codes.join(";")));
        }
    }
}

/// A text as lines for a terminal; `loud`: all of it is bold.
pub fn drawn(source: &str, loud: bool) -> String {
    let look = Look {
        bold: loud,
        ..Look::default()
    };
    blocks(&parse(source), look).join("\n")
}

fn blocks(list: &[Block], look: Look) -> Vec<String> {
    let mut all = Vec::new();
    for (n, one) in list.iter().enumerate() {
        let before = n.checked_sub(1).map(|before| &list[before]);
        if matches!((before, one), (Some(Block::Paragraph(_)), Block::Paragraph(_))) {
            all.push(String::new());
        }
        all.extend(block(one, look));
    }
    all
}

fn block(block: &Block, look: Look) -> Vec<String> {
    let dim = |text: &str| {
        let mut out = String::new();
        Look { dim: true, ..look }.put(&mut out, text);
        out
    };
    match block {
        Block::Paragraph(inlines) => {
            let mut lines = vec![String::new()];
            draw(inlines, look, &mut lines);
            lines
        }
        Block::Quote(list) => {
            let lines = blocks(list, look);
            lines.iter().map(|line| format!("{}{line}", dim("│ "))).collect()
        }
        Block::List { start, items } => {
            let mut all = Vec::new();
            for (n, item) in items.iter().enumerate() {
                let mark = match start {
                    Some(first) => format!("{}. ", first.saturating_add(n as u64)),
                    None => "• ".to_owned(),
                };
                let after = " ".repeat(mark.chars().count());
                let lines = blocks(item, look);
                let lines = if lines.is_empty() { vec![String::new()] } else { lines };
                let marked = lines.iter().enumerate();
                all.extend(marked.map(|(n, line)| format!("{}{line}", if n == 0 { &mark } else { &after })));
            }
            all
        }
        Block::Code { text, .. } => text.split('\n').map(|line| format!("  {}", dim(line))).collect(),
    }
}

fn draw(inlines: &[Inline], look: Look, lines: &mut Vec<String>) {
    for inline in inlines {
        let line = lines.last_mut().expect("there is one at least");
        match inline {
            Inline::Text(text) => look.put(line, text),
            Inline::Break => lines.push(String::new()),
            Inline::Code(code) => Look { dim: true, ..look }.put(line, code),
            Inline::Strong(inner) => draw(inner, Look { bold: true, ..look }, lines),
            Inline::Emphasis(inner) => draw(inner, Look { italic: true, ..look }, lines),
            Inline::Strike(inner) => draw(inner, Look { struck: true, ..look }, lines),
            Inline::Link { to, shown } => {
                draw(shown, Look { under: true, ..look }, lines);
                // A link says where it leads, whatever its words say.
                if !says(shown, to) {
                    let line = lines.last_mut().expect("there is one at least");
                    Look { dim: true, ..look }.put(line, &format!(" ({to})"));
                }
            }
        }
    }
}

/// Whether these words are the address itself.
fn says(shown: &[Inline], to: &str) -> bool {
    matches!(shown, [Inline::Text(text)] if text == to || to.strip_prefix("mailto:") == Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SEC2: marks are drawn; what commands a terminal is not, and a link says where it leads.
    #[test]
    fn marks_are_drawn_and_nothing_else_commands() {
        assert_eq!(drawn("plain _words_", false), "plain \x1b[3mwords\x1b[0m");
        assert_eq!(
            drawn("a **b *c***", true),
            "\x1b[1ma \x1b[0m\x1b[1mb \x1b[0m\x1b[1;3mc\x1b[0m"
        );
        assert_eq!(drawn("> one\n> two", false), "\x1b[2m│ \x1b[0mone\n\x1b[2m│ \x1b[0mtwo");
        assert_eq!(drawn("3. a\n4. b", false), "3. a\n4. b");
        assert_eq!(
            drawn("[bank](https://evil.example)", false),
            "\x1b[4mbank\x1b[0m\x1b[2m (https://evil.example)\x1b[0m"
        );
        for hostile in [
            "\x1b[2J**a**\x1b]0;x\x07",
            "`\x1b[31m`",
            "```\n\u{9b}31m\x1b[2J\n```",
            "> \x1b\\\u{202e}a",
        ] {
            let drawn = drawn(hostile, false);
            let bare = ["1", "2", "0", "1;2"]
                .iter()
                .fold(drawn, |text, code| text.replace(&format!("\x1b[{code}m"), ""));
            assert!(!bare.contains(|c: char| c.is_control() && c != '\n'), "{bare:?}");
        }
    }
}
