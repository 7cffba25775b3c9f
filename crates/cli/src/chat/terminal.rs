//! Where lines come from and go to: a terminal in raw mode with the line being typed at the bottom, or a pipe.

use super::editor::{Done, Editor};
use super::keys::Keys;
use super::paper::Paper;
use rustix::termios::{InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::collections::VecDeque;
use std::io::{self, IsTerminal, Read, Write};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// Chunks of input that wait; then the reading thread waits.
const CHUNKS_MAX: usize = 4;
const CHUNK_BYTES: usize = 4096;
/// A piped line's bound, in bytes; longer ones are cut into several.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// What somebody does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Finished a line.
    Line(String),
    /// Presses keys, and not for a command.
    Typing,
    /// Presses Tab.
    Complete,
    /// Wants to go: Ctrl-C, a signal.
    Interrupt,
    /// Has nothing more to say: Ctrl-D, the end of what is piped in.
    End,
}

/// The terminal.
pub struct Terminal {
    /// What stands on it.
    pub paper: Paper,
    prompt: String,
    raw: Option<Raw>,
    chunks: mpsc::Receiver<Vec<u8>>,
    keys: Keys,
    editor: Editor,
    /// A piped line that is not finished.
    piped: Vec<u8>,
    ready: VecDeque<Input>,
    signals: [Signal; 4],
}

impl Terminal {
    /// Takes the terminal over until it is dropped.
    pub fn open() -> io::Result<Self> {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_tty = io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb;
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
            SignalKind::window_change(),
        ];
        let mut signals = Vec::new();
        for kind in kinds {
            signals.push(signal(kind)?);
        }
        let signals = signals.try_into().map_err(|_| io::Error::other("signals"))?;
        let raw = if is_tty { Some(Raw::begin()?) } else { None };
        let (sender, chunks) = mpsc::channel(CHUNKS_MAX);
        // A thread of its own and not one of the runtime's: it ends with the process, in the middle of its read.
        std::thread::spawn(move || read(&sender));
        Ok(Self {
            paper: Paper::new(is_tty),
            prompt: String::new(),
            raw,
            chunks,
            keys: Keys::default(),
            editor: Editor::default(),
            piped: Vec::new(),
            ready: VecDeque::new(),
            signals,
        })
    }

    /// What stands before the line being typed.
    pub fn prompt(&mut self, prompt: String) -> io::Result<()> {
        self.prompt = prompt;
        self.draw()
    }

    /// Begins with a line somebody did not finish.
    pub fn begin_with(&mut self, text: &str) -> io::Result<()> {
        self.editor.set(text);
        self.draw()
    }

    /// What is typed and not finished.
    pub fn unfinished(&self) -> &str {
        self.editor.shown().0
    }

    /// The line being typed, and where the cursor is in it, in bytes.
    pub fn line(&self) -> (&str, usize) {
        self.editor.shown()
    }

    /// Puts a text in place of what stands from `start` to the cursor.
    pub fn put(&mut self, start: usize, text: &str) -> io::Result<()> {
        self.editor.put(start, text);
        self.draw()
    }

    /// What somebody does next. May be dropped and called again.
    pub async fn next(&mut self) -> io::Result<Input> {
        loop {
            if let Some(input) = self.ready.pop_front() {
                return Ok(input);
            }
            let [interrupt, terminate, hangup, resize] = &mut self.signals;
            tokio::select! {
                chunk = self.chunks.recv() => match chunk {
                    Some(chunk) if self.raw.is_some() => self.take_keys(&chunk)?,
                    Some(chunk) => self.take_lines(&chunk),
                    None => self.take_end(),
                },
                _ = interrupt.recv() => self.ready.push_back(Input::Interrupt),
                _ = terminate.recv() => self.ready.push_back(Input::Interrupt),
                _ = hangup.recv() => self.ready.push_back(Input::Interrupt),
                _ = resize.recv() => self.paper.resized()?,
            }
        }
    }

    /// Gives the terminal back.
    pub fn close(&mut self) -> io::Result<()> {
        self.paper.end()?;
        self.raw = None;
        Ok(())
    }

    fn take_keys(&mut self, bytes: &[u8]) -> io::Result<()> {
        for key in self.keys.take(bytes) {
            match self.editor.key(key) {
                Done::Nothing => {}
                Done::Edited => {
                    let text = self.editor.shown().0;
                    if !text.trim().is_empty() && !text.starts_with('/') && self.ready.back() != Some(&Input::Typing) {
                        self.ready.push_back(Input::Typing);
                    }
                }
                Done::Line(line) => self.ready.push_back(Input::Line(line)),
                Done::Complete => self.ready.push_back(Input::Complete),
                Done::Interrupt => self.ready.push_back(Input::Interrupt),
                Done::End => self.ready.push_back(Input::End),
            }
        }
        self.draw()
    }

    fn take_lines(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte == b'\n' || self.piped.len() == LINE_BYTES_MAX {
                self.finish_piped();
            }
            if *byte != b'\n' {
                self.piped.push(*byte);
            }
        }
    }

    fn finish_piped(&mut self) {
        let line = String::from_utf8_lossy(&self.piped).trim_end_matches('\r').to_owned();
        self.piped.clear();
        self.ready.push_back(Input::Line(line));
    }

    fn take_end(&mut self) {
        if !self.piped.is_empty() {
            self.finish_piped();
        }
        self.ready.push_back(Input::End);
    }

    fn draw(&mut self) -> io::Result<()> {
        let (text, at) = self.editor.shown();
        self.paper.type_line(&self.prompt, text, at)
    }
}

/// Reads until there is no more, or nobody listens. Through std's buffer, where a password's line left the rest.
fn read(sender: &mpsc::Sender<Vec<u8>>) {
    let mut chunk = [0; CHUNK_BYTES];
    while let Ok(length @ 1..) = io::stdin().read(&mut chunk) {
        if sender.blocking_send(chunk[..length].to_vec()).is_err() {
            break;
        }
    }
}

/// While it lives, keys come one by one and are not shown by the terminal itself.
struct Raw(Termios);

impl Raw {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN);
        raw.input_modes.remove(InputModes::ICRNL | InputModes::IXON);
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(io::stdin(), OptionalActions::Drain, &raw)?;
        // Pastes are marked as such, so that a line break in one does not send it.
        show("\x1b[?2004h")?;
        Ok(Self(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        drop(show("\x1b[?2004l"));
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.0);
    }
}

fn show(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
