//! A journal: one change a line, as JSON, in one file that only its owner can read.
//!
//! A line is whole when it ends in a newline; a torn last line is what a power cut left of changes nobody was told of,
//! and is cut off. A bad line before the end is damage: everything up to it is taken, the rest is set aside and said,
//! because what follows may depend on what is missing. The journal is written anew, as short as possible, at every
//! opening and whenever it has outgrown its bound.

use super::Keep;
use crate::bounds::Bounds;
use crate::change::Change;
use crate::state::State;
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The journal is written anew when it has grown by so many bytes since it last was.
const GROWTH_BYTES_MAX: u64 = 16 << 20;
/// Longer lines are damage, in bytes: an inbox of hundreds of thousands of rows is one line and fits.
const LINE_BYTES_MAX: u64 = 256 << 20;

/// A journal in a file.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    bounds: Bounds,
    /// Open for appending; none before `load`.
    journal: Option<fs::File>,
    /// Bytes written since it was last written anew.
    grown_bytes: u64,
    growth_bytes_max: u64,
}

impl File {
    /// A journal at `path`; its folder must exist. Only one client at a time may use it.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            bounds: Bounds::default(),
            journal: None,
            grown_bytes: 0,
            growth_bytes_max: GROWTH_BYTES_MAX,
        }
    }

    /// The same, written anew whenever it has grown by so many bytes.
    #[must_use]
    pub fn growth_bytes_max(self, growth_bytes_max: u64) -> Self {
        Self {
            growth_bytes_max,
            ..self
        }
    }

    /// Replays the journal, as far as it is whole.
    fn read(&self) -> io::Result<State> {
        let mut state = State::default();
        let file = match fs::File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(state),
            Err(error) => return Err(error),
        };
        let (mut reader, mut line) = (BufReader::new(file), Vec::new());
        loop {
            line.clear();
            let length = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
            if length == 0 || line.last() != Some(&b'\n') {
                return Ok(state);
            }
            match serde_json::from_slice::<Change>(&line) {
                Ok(change) => state.replay(change, &self.bounds),
                Err(error) => {
                    self.set_aside()?;
                    tracing::warn!(%error, "the journal is damaged; what followed was set aside beside it");
                    return Ok(state);
                }
            }
        }
    }

    /// Leaves a copy of a damaged journal for whoever wants to look.
    fn set_aside(&self) -> io::Result<()> {
        let aside = self.path.with_extension("damaged");
        fs::copy(&self.path, aside).map(drop)
    }

    /// Writes the journal anew beside itself and puts it in its place: at every moment one whole journal is there.
    fn write_anew(&mut self, state: &State) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        // A left-over may have another mode.
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(&lines(&state.snapshot())?)?;
        file.sync_all()?;
        fs::rename(&fresh, &self.path)?;
        sync_folder(&self.path)?;
        self.journal = Some(file);
        self.grown_bytes = 0;
        Ok(())
    }
}

impl Keep for File {
    fn load(&mut self, bounds: &Bounds) -> io::Result<State> {
        self.bounds = *bounds;
        let state = self.read()?;
        self.write_anew(&state)?;
        Ok(state)
    }

    fn append(&mut self, changes: &[Change]) -> io::Result<()> {
        let bytes = lines(changes)?;
        let journal = self.journal.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        journal.write_all(&bytes)?;
        self.grown_bytes += bytes.len() as u64;
        if self.grown_bytes > self.growth_bytes_max {
            let state = self.read()?;
            self.write_anew(&state)?;
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.journal.as_ref().map_or(Ok(()), fs::File::sync_data)
    }
}

fn lines(changes: &[Change]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for change in changes {
        serde_json::to_writer(&mut bytes, change)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// A rename is durable when its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}
