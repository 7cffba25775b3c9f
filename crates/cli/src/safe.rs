//! Others' words on this terminal. A terminal obeys what it is shown: an escape sequence in somebody's message could
//! move the cursor, rename the window or fake what another person said, and a bidirectional override could turn a line
//! around. So nothing that others wrote reaches the screen but through here.

/// The text on one line: line breaks become spaces.
pub fn line(text: &str) -> String {
    shown(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text as it may be shown: letters and line breaks, and nothing that commands.
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\u{2028}' | '\u{2029}' => shown.push('\n'),
            '\t' => shown.push_str("    "),
            // C0, DEL and C1: the last hold an escape of their own.
            c if c.is_control() => {}
            // Marks, embeddings, overrides and isolates; and the marks that only Unicode's tags use.
            '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            '\u{e0000}'..='\u{e0fff}' if !matches!(c, '\u{e0020}'..='\u{e007f}') => {}
            c => shown.push(c),
        }
    }
    shown
}

/// At most so many characters of one line, cut between graphemes.
pub fn cut(text: &str, graphemes_max: usize) -> String {
    use unicode_segmentation::UnicodeSegmentation;
    let line = line(text);
    match line.grapheme_indices(true).nth(graphemes_max) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_is_not_shown() {
        assert_eq!(shown("a\x1b[2Jb\x07\u{9b}31m\u{202e}c\r\nd\te"), "a[2Jb31mc\nd    e");
        assert_eq!(shown("schön 👩‍👩‍👧 e\u{301}"), "schön 👩‍👩‍👧 e\u{301}");
        assert_eq!(line("a\n\n b\u{2028}c"), "a b c");
        assert_eq!(cut("👩‍👩‍👧👩‍👩‍👧x", 2), "👩‍👩‍👧👩‍👩‍👧…");
        assert_eq!(cut("ab", 2), "ab");
    }
}
