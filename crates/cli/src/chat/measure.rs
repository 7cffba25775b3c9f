//! How much room a text takes on a terminal: needed to write over what was written.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Where the cursor stands after a text that began at column 0: rows further down, and the column. A full row is left
/// only by what comes next, as terminals do it.
pub fn end(text: &str, columns: usize) -> (usize, usize) {
    let columns = columns.max(1);
    let (mut row, mut column) = (0, 0);
    let mut rest = text;
    while let Some(grapheme) = rest.graphemes(true).next() {
        if let Some(length) = styling(rest) {
            rest = &rest[length..];
            continue;
        }
        rest = &rest[grapheme.len()..];
        if grapheme == "\n" || grapheme == "\r\n" {
            (row, column) = (row + 1, 0);
            continue;
        }
        let width = grapheme.width().min(2);
        if column + width > columns {
            (row, column) = (row + 1, 0);
        }
        column += width;
    }
    (row, column)
}

/// Rows a text takes.
pub fn rows(text: &str, columns: usize) -> usize {
    end(text, columns).0 + 1
}

/// The length of a colour sequence at the beginning, in bytes: `ESC [ … m`.
fn styling(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("\x1b[")?;
    rest.find(|c: char| c.is_ascii_alphabetic()).map(|at| at + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_take_the_room_that_they_take() {
        assert_eq!(end("", 10), (0, 0));
        assert_eq!(end("\x1b[1;31mabc\x1b[0m", 10), (0, 3));
        assert_eq!(end("0123456789", 10), (0, 10));
        assert_eq!(end("0123456789a", 10), (1, 1));
        assert_eq!(end("日本語", 5), (1, 2), "a wide letter is not split");
        assert_eq!(end("a\nb", 10), (1, 1));
        assert_eq!(end("e\u{301}👩‍👩‍👧", 10), (0, 3));
        assert_eq!(rows("a\n\nb", 10), 3);
    }
}
