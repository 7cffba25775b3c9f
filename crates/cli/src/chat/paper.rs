//! What stands on the screen. On a terminal the line being typed stays at the bottom and everything else is written
//! above it; one's own last messages are written over when their ticks change, as long as nothing came after them.
//! Without a terminal every line is written once, plain, in order.

use super::measure;
use protocol::SendId;
use std::fmt::Write as _;
use std::io::{self, Write as _};

/// Columns where the terminal does not say.
const COLUMNS: usize = 80;
/// One's own lines that are kept ready to be written over.
const BOTTOM_LINES_MAX: usize = 10;

/// The screen.
pub struct Paper {
    /// It is a terminal in raw mode.
    is_tty: bool,
    has_colour: bool,
    columns: usize,
    prompt: String,
    typed: (String, usize),
    /// Rows between the first of the prompt and the cursor, while it is drawn.
    drawn: Option<usize>,
    /// The lines above the prompt that are one's own, without another between them.
    bottom: Vec<(SendId, String)>,
    /// The last line, if it is to go when another comes.
    passing: Option<String>,
}

/// How something is written.
#[derive(Clone, Copy)]
pub enum Ink {
    /// Beside the point.
    Dim,
    /// To be seen.
    Bold,
    /// Good news: read.
    Read,
    /// Bad news.
    Bad,
    /// A person: one of a few colours.
    Person(u8),
}

impl Paper {
    /// A screen.
    pub fn new(is_tty: bool) -> Self {
        let has_colour = is_tty && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let mut paper = Self {
            is_tty,
            has_colour,
            columns: COLUMNS,
            prompt: String::new(),
            typed: (String::new(), 0),
            drawn: None,
            bottom: Vec::new(),
            passing: None,
        };
        paper.measure();
        paper
    }

    /// Whether it is a terminal in raw mode.
    pub fn is_tty(&self) -> bool {
        self.is_tty
    }

    /// Whether colours, and marks that look like something, are welcome.
    pub fn has_colour(&self) -> bool {
        self.has_colour
    }

    /// The text in this ink, where colours are welcome.
    pub fn ink(&self, ink: Ink, text: &str) -> String {
        if !self.has_colour || text.is_empty() {
            return text.to_owned();
        }
        // Colours that can be read on black and on white.
        const PEOPLE: [u8; 6] = [31, 32, 33, 34, 35, 36];
        let code = match ink {
            Ink::Dim => "2".to_owned(),
            Ink::Bold => "1".to_owned(),
            Ink::Read => "36".to_owned(),
            Ink::Bad => "31".to_owned(),
            Ink::Person(n) => format!("1;{}", PEOPLE[usize::from(n) % PEOPLE.len()]),
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// Writes lines.
    pub fn say(&mut self, text: &str) -> io::Result<()> {
        let gone = self.take_passing();
        self.bottom.clear();
        self.write(gone, text)
    }

    /// Writes one's own message; [`Self::replace`] may write it again.
    pub fn say_own(&mut self, send_id: SendId, text: &str) -> io::Result<()> {
        let gone = self.take_passing();
        if self.bottom.len() == BOTTOM_LINES_MAX {
            self.bottom.remove(0);
        }
        self.bottom.push((send_id, text.to_owned()));
        self.write(gone, text)
    }

    /// Writes something that the next line replaces. Only on a terminal.
    pub fn say_passing(&mut self, text: &str) -> io::Result<()> {
        if !self.is_tty {
            return Ok(());
        }
        let gone = self.take_passing();
        self.passing = Some(text.to_owned());
        self.write(gone, text)
    }

    /// Takes away what was passing.
    pub fn unsay_passing(&mut self) -> io::Result<()> {
        match self.take_passing() {
            0 => Ok(()),
            gone => self.put(gone, ""),
        }
    }

    /// Writes one's own message over. False: something else stands below it.
    pub fn replace(&mut self, send_id: SendId, text: &str) -> io::Result<bool> {
        let Some(at) = self.bottom.iter().position(|(one, _)| *one == send_id) else {
            return Ok(false);
        };
        if !self.is_tty {
            return Ok(false);
        }
        let gone = self.take_passing() + self.bottom[at..].iter().map(|(_, text)| self.rows(text)).sum::<usize>();
        self.bottom[at].1 = text.to_owned();
        let texts: Vec<&str> = self.bottom[at..].iter().map(|(_, text)| text.as_str()).collect();
        let texts = texts.join("\n");
        self.write(gone, &texts)?;
        Ok(true)
    }

    /// The line being typed.
    pub fn type_line(&mut self, prompt: &str, text: &str, at: usize) -> io::Result<()> {
        if !self.is_tty {
            return Ok(());
        }
        let mark = |text: &str| text.replace('\n', "↵");
        self.prompt = prompt.to_owned();
        self.typed = (mark(text), mark(&text[..at]).len());
        self.put(0, "")
    }

    /// The terminal has another size: rows that were counted count no more.
    pub fn resized(&mut self) -> io::Result<()> {
        self.measure();
        self.bottom.clear();
        self.passing = None;
        self.put(0, "")
    }

    /// Takes the prompt away, for good.
    pub fn end(&mut self) -> io::Result<()> {
        let mut buffer = String::new();
        self.erase(0, &mut buffer);
        flush(&buffer)
    }

    fn measure(&mut self) {
        if self.is_tty
            && let Ok(size) = rustix::termios::tcgetwinsize(io::stdout())
            && size.ws_col > 0
        {
            self.columns = usize::from(size.ws_col);
        }
    }

    fn rows(&self, text: &str) -> usize {
        measure::rows(text, self.columns)
    }

    /// Rows of what was passing.
    fn take_passing(&mut self) -> usize {
        self.passing.take().map_or(0, |text| self.rows(&text))
    }

    fn write(&mut self, gone: usize, text: &str) -> io::Result<()> {
        self.put(gone, &format!("{text}\n"))
    }

    /// Takes so many rows above the prompt away, writes there, and draws the prompt anew: in one write, so that nothing
    /// is seen half done.
    fn put(&mut self, gone: usize, text: &str) -> io::Result<()> {
        if !self.is_tty {
            return flush(text);
        }
        let mut buffer = String::new();
        self.erase(gone, &mut buffer);
        buffer.push_str(text);
        self.draw(&mut buffer);
        flush(&buffer)
    }

    fn erase(&mut self, gone: usize, buffer: &mut String) {
        let Some(cursor) = self.drawn.take() else { return };
        let up = cursor + gone;
        if up > 0 {
            let _ = write!(buffer, "\x1b[{up}A");
        }
        buffer.push_str("\r\x1b[J");
    }

    fn draw(&mut self, buffer: &mut String) {
        let (text, at) = &self.typed;
        let whole = format!("{}{text}", self.prompt);
        buffer.push_str(&whole);
        let (mut last, column) = measure::end(&whole, self.columns);
        if column == self.columns {
            // The terminal has not gone to the next row yet; then it has.
            buffer.push_str("\r\n");
            last += 1;
        }
        let (mut row, mut column) = measure::end(&format!("{}{}", self.prompt, &text[..*at]), self.columns);
        if column == self.columns {
            (row, column) = (row + 1, 0);
        }
        if last > row {
            let _ = write!(buffer, "\x1b[{}A", last - row);
        }
        buffer.push('\r');
        if column > 0 {
            let _ = write!(buffer, "\x1b[{column}C");
        }
        self.drawn = Some(row);
    }
}

fn flush(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
