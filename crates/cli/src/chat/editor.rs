//! The line being typed: keys in, a text and a cursor out. Pure; it moves by graphemes, because that is what a person
//! sees as one letter.

use super::keys::Key;
use unicode_segmentation::UnicodeSegmentation;

/// Lines that can be called back.
const HISTORY_LINES_MAX: usize = 500;
/// A line's bound, in bytes; a message is shorter.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// What came of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing changed.
    Nothing,
    /// Text or cursor changed.
    Edited,
    /// A line is finished.
    Line(String),
    /// Tab: somebody who knows names is to go on.
    Complete,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D on an empty line.
    End,
}

/// The line.
#[derive(Default)]
pub struct Editor {
    text: String,
    /// Where the cursor is, in bytes.
    at: usize,
    history: Vec<String>,
    /// Which line of the history is shown, and what was typed before.
    looking: Option<(usize, String)>,
}

impl Editor {
    /// What is typed so far, and where the cursor is in it, in bytes.
    pub fn shown(&self) -> (&str, usize) {
        (&self.text, self.at)
    }

    /// Puts a text there, to go on from.
    pub fn set(&mut self, text: &str) {
        self.text = text.to_owned();
        self.at = self.text.len();
    }

    /// Puts a text in place of what stands from `start` to the cursor.
    pub fn put(&mut self, start: usize, text: &str) {
        if self.text.get(start..self.at).is_some() {
            self.remove(start..self.at);
            self.insert(text);
        }
    }

    /// A key.
    pub fn key(&mut self, key: Key) -> Done {
        let before = (self.text.len(), self.at);
        match key {
            Key::Enter => return self.enter(),
            Key::Tab => return Done::Complete,
            Key::Interrupt => return Done::Interrupt,
            Key::EndOfInput if self.text.is_empty() => return Done::End,
            Key::Redraw => return Done::Edited,
            Key::Up | Key::Down => return self.look(key == Key::Up),
            Key::Text(text) => self.insert(&text),
            Key::Backspace => self.remove(self.left()..self.at),
            Key::Delete | Key::EndOfInput => self.remove(self.at..self.right()),
            Key::KillWord => self.remove(self.word_left()..self.at),
            Key::KillStart => self.remove(0..self.at),
            Key::KillEnd => self.remove(self.at..self.text.len()),
            Key::Left => self.at = self.left(),
            Key::Right => self.at = self.right(),
            Key::WordLeft => self.at = self.word_left(),
            Key::WordRight => self.at = self.word_right(),
            Key::Home => self.at = 0,
            Key::End => self.at = self.text.len(),
        }
        if before == (self.text.len(), self.at) {
            Done::Nothing
        } else {
            Done::Edited
        }
    }

    fn enter(&mut self) -> Done {
        let line = std::mem::take(&mut self.text);
        (self.at, self.looking) = (0, None);
        if !line.trim().is_empty() && self.history.last() != Some(&line) {
            if self.history.len() == HISTORY_LINES_MAX {
                self.history.remove(0);
            }
            self.history.push(line.clone());
        }
        Done::Line(line)
    }

    fn look(&mut self, back: bool) -> Done {
        let (at, typed) = match self.looking.take() {
            Some((at, typed)) => (at, typed),
            None => (self.history.len(), self.text.clone()),
        };
        let to = if back {
            at.saturating_sub(1)
        } else {
            (at + 1).min(self.history.len())
        };
        let text = self.history.get(to).cloned().unwrap_or_else(|| typed.clone());
        if to < self.history.len() {
            self.looking = Some((to, typed));
        }
        self.set(&text);
        Done::Edited
    }

    fn insert(&mut self, text: &str) {
        if self.text.len() + text.len() <= LINE_BYTES_MAX {
            self.text.insert_str(self.at, text);
            self.at += text.len();
        }
    }

    fn remove(&mut self, range: std::ops::Range<usize>) {
        self.at = range.start;
        self.text.replace_range(range, "");
    }

    fn left(&self) -> usize {
        self.text[..self.at]
            .grapheme_indices(true)
            .next_back()
            .map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        self.text[self.at..]
            .graphemes(true)
            .next()
            .map_or(self.at, |one| self.at + one.len())
    }

    fn word_left(&self) -> usize {
        let mut words = self.text[..self.at].unicode_word_indices();
        words.next_back().map_or(0, |(at, _)| at)
    }

    fn word_right(&self) -> usize {
        let rest = &self.text[self.at..];
        rest.unicode_word_indices()
            .next()
            .map_or(self.text.len(), |(at, word)| self.at + at + word.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(editor: &mut Editor, text: &str) {
        editor.key(Key::Text(text.to_owned()));
    }

    #[test]
    fn a_line_is_edited_by_what_a_person_sees_as_letters() {
        let mut editor = Editor::default();
        typed(&mut editor, "ab👩‍👩‍👧e\u{301}");
        editor.key(Key::Left);
        editor.key(Key::Backspace);
        assert_eq!(editor.shown(), ("abe\u{301}", 2));
        editor.key(Key::Delete);
        assert_eq!(editor.shown(), ("ab", 2));
        typed(&mut editor, " two three");
        editor.key(Key::WordLeft);
        editor.key(Key::KillWord);
        assert_eq!(editor.shown(), ("ab three", 3));
        editor.key(Key::KillEnd);
        editor.key(Key::Home);
        assert_eq!(editor.shown(), ("ab ", 0));
        assert_eq!(editor.key(Key::Enter), Done::Line("ab ".to_owned()));
        assert_eq!(editor.key(Key::EndOfInput), Done::End);
    }

    #[test]
    fn a_name_is_put_in_place_of_its_beginning() {
        let mut editor = Editor::default();
        typed(&mut editor, "é @bo and");
        for _ in 0..4 {
            editor.key(Key::Left);
        }
        assert_eq!(editor.key(Key::Tab), Done::Complete);
        editor.put(3, "@bob ");
        assert_eq!(editor.shown(), ("é @bob  and", 8));
        editor.put(1, "within a letter");
        editor.put(9, "behind the cursor");
        assert_eq!(editor.shown(), ("é @bob  and", 8));
    }

    #[test]
    fn earlier_lines_come_back_and_what_was_typed_is_not_lost() {
        let mut editor = Editor::default();
        for line in ["one", "two"] {
            typed(&mut editor, line);
            editor.key(Key::Enter);
        }
        typed(&mut editor, "thr");
        editor.key(Key::Up);
        editor.key(Key::Up);
        editor.key(Key::Up);
        assert_eq!(editor.shown().0, "one");
        editor.key(Key::Down);
        assert_eq!(editor.shown().0, "two");
        editor.key(Key::Down);
        assert_eq!(editor.shown(), ("thr", 3));
    }
}
