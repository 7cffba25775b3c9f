//! What a terminal in raw mode sends, taken apart into keys. A pure step: bytes in, keys out; what is not whole waits.

/// A key, or what a terminal says like one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// Typed or pasted; never a control character but for line breaks, which only a paste or Alt-Enter has.
    Text(String),
    /// Enter.
    Enter,
    /// Tab: go on by yourself.
    Tab,
    /// The grapheme before the cursor goes.
    Backspace,
    /// The grapheme under the cursor goes.
    Delete,
    /// The word before the cursor goes.
    KillWord,
    /// What is before the cursor goes.
    KillStart,
    /// What is behind the cursor goes.
    KillEnd,
    /// Cursor.
    Left,
    /// Cursor.
    Right,
    /// Cursor, by a word.
    WordLeft,
    /// Cursor, by a word.
    WordRight,
    /// Cursor, to the beginning.
    Home,
    /// Cursor, to the end.
    End,
    /// An earlier line.
    Up,
    /// A later line.
    Down,
    /// Ctrl-L: draw anew.
    Redraw,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D.
    EndOfInput,
}

/// What a paste may hold, in bytes; the rest is dropped.
const PASTE_BYTES_MAX: usize = 64 * 1024;
const PASTE_BEGIN: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// The decoder.
#[derive(Default)]
pub struct Keys {
    /// The beginning of something.
    waiting: Vec<u8>,
    pasting: bool,
}

impl Keys {
    /// Takes bytes in, gives keys out.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.waiting.extend_from_slice(bytes);
        let mut keys = Vec::new();
        while !self.waiting.is_empty() {
            let taken = if self.pasting {
                self.paste(&mut keys)
            } else {
                self.one(&mut keys)
            };
            if taken == 0 {
                break;
            }
            self.waiting.drain(..taken);
        }
        keys
    }

    /// One key; how many bytes it took. None: it is not whole.
    fn one(&mut self, keys: &mut Vec<Key>) -> usize {
        match self.waiting[0] {
            0x1b => return self.escape(keys),
            b'\r' | b'\n' => keys.push(Key::Enter),
            0x7f | 0x08 => keys.push(Key::Backspace),
            byte @ 0x00..=0x1f => keys.extend(control(byte)),
            _ => return self.text(keys),
        }
        1
    }

    /// A run of letters.
    fn text(&mut self, keys: &mut Vec<Key>) -> usize {
        let end = self
            .waiting
            .iter()
            .position(|byte| *byte < 0x20 || *byte == 0x7f)
            .unwrap_or(self.waiting.len());
        let run = &self.waiting[..end];
        match std::str::from_utf8(run) {
            Ok(text) => {
                keys.push(Key::Text(text.to_owned()));
                end
            }
            Err(error) if error.valid_up_to() > 0 => {
                let valid = error.valid_up_to();
                keys.push(Key::Text(String::from_utf8_lossy(&run[..valid]).into_owned()));
                valid
            }
            // A letter whose rest has not come yet.
            Err(error) if error.error_len().is_none() && end == self.waiting.len() => 0,
            Err(_) => 1,
        }
    }

    fn escape(&mut self, keys: &mut Vec<Key>) -> usize {
        let bytes = &self.waiting;
        match bytes.get(1) {
            // The Esc key alone does nothing; terminals send what follows it at once.
            None => 1,
            Some(b'[') => {
                let Some(end) = bytes[2..].iter().position(|byte| (0x40..=0x7e).contains(byte)) else {
                    return if bytes.len() > 32 { bytes.len() } else { 0 };
                };
                let taken = 2 + end + 1;
                if &bytes[..taken] == PASTE_BEGIN {
                    self.pasting = true;
                } else {
                    keys.extend(sequence(&bytes[2..taken]));
                }
                taken
            }
            Some(b'O') => {
                let Some(last) = bytes.get(2) else { return 0 };
                keys.extend(sequence(&[*last]));
                3
            }
            Some(b'b') => put(keys, Key::WordLeft),
            Some(b'f') => put(keys, Key::WordRight),
            Some(0x7f | 0x08) => put(keys, Key::KillWord),
            Some(b'\r' | b'\n') => put(keys, Key::Text("\n".to_owned())),
            Some(_) => 2,
        }
    }

    /// What is pasted is text, whatever it holds: a line break in it sends nothing.
    fn paste(&mut self, keys: &mut Vec<Key>) -> usize {
        let end = self
            .waiting
            .windows(PASTE_END.len())
            .position(|window| window == PASTE_END);
        let Some(end) = end else {
            if self.waiting.len() > PASTE_BYTES_MAX {
                self.pasting = false;
            }
            return 0;
        };
        self.pasting = false;
        let text = String::from_utf8_lossy(&self.waiting[..end])
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        let text: String = text
            .replace('\t', "    ")
            .chars()
            .filter(|c| *c == '\n' || !c.is_control())
            .collect();
        keys.push(Key::Text(text));
        end + PASTE_END.len()
    }
}

fn put(keys: &mut Vec<Key>, key: Key) -> usize {
    keys.push(key);
    2
}

fn control(byte: u8) -> Option<Key> {
    Some(match byte {
        0x01 => Key::Home,
        0x02 => Key::Left,
        0x03 => Key::Interrupt,
        0x04 => Key::EndOfInput,
        0x05 => Key::End,
        0x06 => Key::Right,
        0x09 => Key::Tab,
        0x0b => Key::KillEnd,
        0x0c => Key::Redraw,
        0x0e => Key::Down,
        0x10 => Key::Up,
        0x15 => Key::KillStart,
        0x17 => Key::KillWord,
        _ => return None,
    })
}

/// What follows `ESC [`.
fn sequence(bytes: &[u8]) -> Option<Key> {
    Some(match bytes {
        b"A" => Key::Up,
        b"B" => Key::Down,
        b"C" => Key::Right,
        b"D" => Key::Left,
        b"H" | b"1~" | b"7~" => Key::Home,
        b"F" | b"4~" | b"8~" => Key::End,
        b"3~" => Key::Delete,
        b"1;5C" | b"1;3C" => Key::WordRight,
        b"1;5D" | b"1;3D" => Key::WordLeft,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Key {
        Key::Text(text.to_owned())
    }

    #[test]
    fn keys_are_the_same_however_their_bytes_are_cut() {
        let bytes = "hé👩‍👧\x1b[D\x1b[1;5C\x1bOH\x7f\x1b[200~a\r\nb\x1b[31m\tc\x1b[201~\x15\r".as_bytes();
        let joined = |keys: Vec<Key>| {
            let mut joined: Vec<Key> = Vec::new();
            for key in keys {
                match (joined.last_mut(), key) {
                    (Some(Key::Text(before)), Key::Text(more)) => before.push_str(&more),
                    (_, key) => joined.push(key),
                }
            }
            joined
        };
        let whole = joined(Keys::default().take(bytes));
        let expected = [
            text("hé👩‍👧"),
            Key::Left,
            Key::WordRight,
            Key::Home,
            Key::Backspace,
            text("a\nb[31m    c"),
            Key::KillStart,
            Key::Enter,
        ];
        assert_eq!(whole, expected);
        for cut in (1..bytes.len()).filter(|cut| bytes[cut - 1] != 0x1b) {
            let mut keys = Keys::default();
            let both = [keys.take(&bytes[..cut]), keys.take(&bytes[cut..])].concat();
            assert_eq!(joined(both), expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_paste_sends_nothing() {
        let keys = Keys::default().take(b"\x1b[200~rm -rf\n/quit\n\x1b[201~");
        assert_eq!(keys, [text("rm -rf\n/quit\n")]);
    }
}
