//! The disk of the machine with the store: real files, in memory where the machine has a place for that.
//!
//! After a crash the engine finds the files as they lay at that moment, write-ahead log and all: they are copied before
//! the engine's connections are closed, because closing them tidies up.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use store::sqlite::FILE;
use tempfile::TempDir;

/// Where files are in memory.
const IN_MEMORY: &str = "/dev/shm";

/// The disk. Its files go with it.
pub struct Disk {
    root: TempDir,
    /// How often the files were put elsewhere.
    moves: u32,
    backed_up: bool,
}

impl Disk {
    /// An empty disk.
    ///
    /// # Errors
    /// No directory can be made.
    pub fn new() -> io::Result<Self> {
        let mut name = tempfile::Builder::new();
        let name = name.prefix("tidings-simulation-");
        let root = if Path::new(IN_MEMORY).is_dir() {
            name.tempdir_in(IN_MEMORY)
        } else {
            name.tempdir()
        }?;
        Ok(Self {
            root,
            moves: 0,
            backed_up: false,
        })
    }

    /// Where the engine's files are.
    #[must_use]
    pub fn place(&self) -> PathBuf {
        self.root.path().join(self.moves.to_string())
    }

    fn backup_place(&self) -> PathBuf {
        self.root.path().join("backup")
    }

    /// The machine dies now: what is there now is what will be found. Call before the engine's connections are closed.
    ///
    /// # Errors
    /// The files cannot be copied.
    pub fn crash(&mut self) -> io::Result<()> {
        let from = self.place();
        self.moves += 1;
        copy(&from, &self.place())
    }

    /// Takes a backup; it replaces the one before.
    ///
    /// # Errors
    /// The files cannot be copied.
    pub fn back_up(&mut self) -> io::Result<()> {
        let to = self.backup_place();
        if self.backed_up {
            fs::remove_dir_all(&to)?;
        }
        self.backed_up = true;
        copy(&self.place(), &to)
    }

    /// Whether there is a backup.
    #[must_use]
    pub fn is_backed_up(&self) -> bool {
        self.backed_up
    }

    /// Puts the backup where the engine looks. The engine must not be open.
    ///
    /// # Errors
    /// The files cannot be copied.
    pub fn restore(&mut self) -> io::Result<()> {
        self.moves += 1;
        copy(&self.backup_place(), &self.place())
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for name in [FILE.to_owned(), format!("{FILE}-wal")] {
        match fs::copy(from.join(&name), to.join(&name)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
