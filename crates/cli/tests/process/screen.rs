//! A terminal that is looked at: a pseudo-terminal with a small emulator behind it, and what one sees on its screen.

use crate::typist::{PASSWORD, Typist};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Child;
use tokio::sync::mpsc;

/// Until then what is awaited is late; nothing depends on it otherwise.
const PATIENCE: Duration = Duration::from_secs(60);
const ROWS: usize = 24;

/// What stands on a terminal: it obeys the few sequences that the program uses, and fails on any other.
#[derive(Debug)]
pub struct Grid {
    columns: usize,
    /// All rows since the beginning; nothing is scrolled away.
    rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
    sequence: Option<String>,
    /// A letter whose bytes have not all come.
    bytes: Vec<u8>,
}

impl Grid {
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            rows: vec![Vec::new()],
            row: 0,
            column: 0,
            sequence: None,
            bytes: Vec::new(),
        }
    }

    /// The rows, without trailing blanks and empty ones at the end.
    pub fn lines(&self) -> Vec<String> {
        let text = |row: &Vec<char>| row.iter().collect::<String>().trim_end().to_owned();
        let mut lines: Vec<String> = self.rows.iter().map(text).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    pub fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.bytes) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let text: Vec<u8> = self.bytes.drain(..whole).collect();
        for c in String::from_utf8(text).expect("checked").chars() {
            self.one(c);
        }
    }

    fn one(&mut self, c: char) {
        if let Some(sequence) = &mut self.sequence {
            sequence.push(c);
            if c.is_ascii_alphabetic() {
                let sequence = self.sequence.take().expect("just seen");
                self.obey(&sequence);
            }
            return;
        }
        match c {
            '\x1b' => self.sequence = Some(String::new()),
            '\r' => self.column = 0,
            '\n' => self.down(),
            c => {
                if self.column == self.columns {
                    self.column = 0;
                    self.down();
                }
                let (row, column) = (&mut self.rows[self.row], self.column);
                row.resize(row.len().max(column + 1), ' ');
                row[column] = c;
                self.column += 1;
            }
        }
    }

    fn down(&mut self) {
        self.row += 1;
        self.rows.resize(self.rows.len().max(self.row + 1), Vec::new());
    }

    fn obey(&mut self, sequence: &str) {
        let (count, what) = sequence[1..].split_at(sequence.len() - 2);
        let number = || count.parse::<usize>().expect("a number");
        match what {
            "m" | "h" | "l" => {}
            "A" => self.row = self.row.checked_sub(number()).expect("not above the beginning"),
            "C" => self.column = (self.column.min(self.columns - 1) + number()).min(self.columns - 1),
            "J" => {
                self.rows.truncate(self.row + 1);
                self.rows[self.row].truncate(self.column);
            }
            _ => panic!("the sequence ESC {sequence} is not known here"),
        }
    }
}

/// A person before a terminal.
pub struct Seat {
    process: Child,
    keys: File,
    chunks: mpsc::Receiver<Vec<u8>>,
    grid: Grid,
}

impl Seat {
    /// Sits down before a terminal with this command.
    pub fn take(typist: &Typist, columns: usize, arguments: &[&str]) -> Self {
        let master: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let name = ptsname(&master, Vec::new())
            .expect("it has a name")
            .into_string()
            .expect("UTF-8");
        let end = File::options().read(true).write(true).open(name).expect("it opens");
        let size = Winsize {
            ws_row: ROWS as u16,
            ws_col: columns as u16,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&end, size).expect("it takes a size");
        let mut command = typist.command(arguments);
        command
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .env_remove("TIDINGS_PASSWORD");
        command.stdin(Stdio::from(end.try_clone().expect("cloned")));
        command
            .stdout(Stdio::from(end.try_clone().expect("cloned")))
            .stderr(Stdio::from(end));
        let process = command.spawn().expect("it starts");
        let mut eyes = File::from(master.try_clone().expect("cloned"));
        let (sender, chunks) = mpsc::channel(16);
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            // A terminal whose other end is closed fails to be read.
            while let Ok(length @ 1..) = eyes.read(&mut chunk) {
                if sender.blocking_send(chunk[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            process,
            keys: File::from(master),
            chunks,
            grid: Grid::new(columns),
        }
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("it takes them");
    }

    /// Looks until the last lines of the screen are these.
    pub async fn sees(&mut self, last: &[&str]) {
        let shows = |lines: &[String]| lines.len() >= last.len() && lines[lines.len() - last.len()..] == *last;
        while !shows(&self.grid.lines()) {
            match tokio::time::timeout(PATIENCE, self.chunks.recv()).await {
                Ok(Some(chunk)) => self.grid.take(&chunk),
                _ => panic!("not seen: {last:#?}\nbut: {:#?}", self.grid.lines()),
            }
        }
    }

    /// Types the password twice, unseen.
    pub async fn chooses_password(&mut self) {
        self.sees_end("password for").await;
        self.press(&format!("{PASSWORD}\r"));
        self.sees_end("The same again:").await;
        self.press(&format!("{PASSWORD}\r"));
    }

    /// Looks until the last words are a question of which this is a part.
    async fn sees_end(&mut self, part: &str) {
        let asks = |text: &str| text.ends_with(':') && text.rfind(part) >= text.rfind("password for");
        while !asks(&self.grid.lines().concat()) {
            match tokio::time::timeout(PATIENCE, self.chunks.recv()).await {
                Ok(Some(chunk)) => self.grid.take(&chunk),
                _ => panic!("not asked: {part}\nbut: {:#?}", self.grid.lines()),
            }
        }
    }

    /// Everything on the screen.
    pub fn lines(&self) -> Vec<String> {
        self.grid.lines()
    }

    /// Waits until the command ends; its exit code.
    pub async fn ends(&mut self) -> Option<i32> {
        let ended = tokio::time::timeout(PATIENCE, self.process.wait()).await;
        ended.expect("it ends").expect("it ran").code()
    }
}
