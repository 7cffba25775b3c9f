//! Where a backup lies: under another name until it is whole and durable, then under its own, and never over another
//! file unasked.

use super::super::file::{FILE, LOCK_FILE};
use crate::backup::BackupError;
use rustix::fs::{CWD, RenameFlags};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A place for a backup that was looked at.
pub(super) struct Place {
    file: PathBuf,
    part: PathBuf,
    parent: PathBuf,
    overwrite: bool,
}

impl Place {
    /// Looks whether a backup may be written there: in a directory that is there, not over another file unasked, and
    /// never over the store itself.
    pub(super) fn choose(to: &Path, database: &Path, overwrite: bool) -> Result<Self, BackupError> {
        let no_place = |what: String| BackupError::NoPlace {
            path: to.to_owned(),
            what,
        };
        let name = to.file_name().ok_or_else(|| no_place("it names no file".to_owned()))?;
        let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let parent = parent
            .canonicalize()
            .map_err(|error| no_place(format!("{}: {error}", parent.display())))?;
        let is_home = database
            .parent()
            .and_then(|home| home.canonicalize().ok())
            .is_some_and(|home| home == parent);
        let text = name.to_string_lossy();
        if is_home && (text.starts_with(FILE) || text == LOCK_FILE || text.starts_with("admin.sock")) {
            return Err(no_place("that is a file of the store itself".to_owned()));
        }
        match to.symlink_metadata() {
            Ok(there) if there.is_dir() => return Err(no_place("it is a directory; name a file in it".to_owned())),
            Ok(_) if !overwrite => return Err(BackupError::Exists(to.to_owned())),
            _ => {}
        }
        let mut part = name.to_owned();
        part.push(".part");
        Ok(Self {
            file: parent.join(name),
            part: parent.join(part),
            parent,
            overwrite,
        })
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn parent(&self) -> &Path {
        &self.parent
    }
}

/// The file while it is written. It goes with this value unless it was published.
pub(super) struct Part {
    path: PathBuf,
    file: File,
    published: bool,
}

impl Part {
    /// Made anew and for its owner alone; what an earlier backup left behind is replaced.
    pub(super) fn create(place: &Place) -> Result<Self, BackupError> {
        let failed = |error: io::Error| BackupError::NoPlace {
            path: place.file.clone(),
            what: format!(
                "{}: {error} (the account of the server must be able to write there)",
                place.part.display()
            ),
        };
        match fs::remove_file(&place.part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        // Only a new file: what somebody laid there meanwhile, a link say, is not written through.
        let mut options = File::options();
        let file = options.create_new(true).read(true).write(true).mode(0o600);
        Ok(Self {
            file: file.open(&place.part).map_err(failed)?,
            path: place.part.clone(),
            published: false,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Gives it its name, durably. It must be flushed.
    pub(super) fn publish(&mut self, place: &Place) -> Result<(), BackupError> {
        let renamed = if place.overwrite {
            fs::rename(&self.path, &place.file)
        } else {
            rename_to_new(&self.path, &place.file)
        };
        match renamed {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(BackupError::Exists(place.file.clone()));
            }
            renamed => renamed.map_err(|error| BackupError::failed("named the file", error))?,
        }
        self.published = true;
        flush_dir(&place.parent).map_err(|error| BackupError::failed("flushed the directory", error))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Renames, unless the new name is taken: in one step where the file system can, by a second name where not.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes new names in a directory survive a power cut.
pub(in super::super) fn flush_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// What an account without privileges may still write on the disk of a directory, in bytes.
pub(in super::super) fn free_bytes(dir: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(dir)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}
