//! A profile: who somebody is on this machine, and the folder where their account, their journals and their outbox lie.

use crate::Wrong;
use protocol::token::TokenText;
use protocol::{DeviceId, UserId};
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// One profile.
pub struct Profile {
    /// Its name.
    pub name: String,
    folder: PathBuf,
    /// The certificates to trust, where they were said now.
    ca: Option<PathBuf>,
}

/// The account a profile is signed in to. In a file that only its owner can read: the token stands in it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Account {
    /// The server's address.
    pub server: String,
    /// Whose account.
    pub user: UserId,
    /// Their handle.
    pub handle: String,
    /// The name to show.
    pub name: String,
    /// This device.
    pub device: DeviceId,
    /// The file of the certificates that are trusted there; none: those that the system trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Its token; none after it was signed out: what was not sent is kept until the same person signs in again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenText>,
}

/// Held while one process uses a profile's journal; let go of when dropped, and by the system when the process ends.
pub struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Profile {
    /// The profile of this name; its folder is made if it is not there. `ca`: what is trusted instead of what the
    /// profile remembers.
    pub fn named(name: &str, ca: Option<&Path>) -> Result<Self, Wrong> {
        let shaped = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > 64 || name.starts_with('.') || !name.chars().all(shaped) {
            return Err(
                format!("--profile {name}: a profile's name is 1 to 64 letters, digits, `-`, `_` or `.`").into(),
            );
        }
        let folder = home()?.join(name);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|error| {
            format!(
                "cannot make {}: {error}; set TIDINGS_HOME to a folder of yours",
                folder.display()
            )
        })?;
        Ok(Self {
            name: name.to_owned(),
            folder,
            // Whole, because it is remembered for programs that are started elsewhere.
            ca: ca.map(std::path::absolute).transpose()?,
        })
    }

    /// The certificates to trust where none are remembered.
    pub fn ca(&self) -> Option<&Path> {
        self.ca.as_deref()
    }

    /// A file of this profile.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// The account, if there is one.
    pub fn account(&self) -> Result<Option<Account>, Wrong> {
        let path = self.path("account.json");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("cannot read {}: {error}", path.display()).into()),
        };
        let mut account: Account = serde_json::from_slice(&text).map_err(|error| {
            format!(
                "{} is damaged ({error}); move it away and sign in again",
                path.display()
            )
        })?;
        if self.ca.is_some() {
            account.ca.clone_from(&self.ca);
        }
        Ok(Some(account))
    }

    /// The account and its token.
    pub fn signed_in(&self) -> Result<(Account, TokenText), Wrong> {
        let nobody = || {
            let so = self.spell();
            {
                let name = &self.name;
                format!(
                    "nobody is signed in here (profile `{name}`); `{so} sign-in YOUR_HANDLE --server URL`, or sign-up"
                )
            }
        };
        let account = self.account()?.ok_or_else(nobody)?;
        let again = || {
            let (so, handle) = (self.spell(), &account.handle);
            format!("@{handle} is signed out here; sign in again with `{so} sign-in {handle}`")
        };
        let token = account.token.clone().ok_or_else(again)?;
        Ok((account, token))
    }

    /// Keeps the account.
    pub fn keep(&self, account: &Account) -> Result<(), Wrong> {
        self.write("account.json", &serde_json::to_vec_pretty(account)?)
    }

    /// Forgets the token, because it is void now; everything else stays.
    pub fn forget_token(&self) -> Result<(), Wrong> {
        match self.account()? {
            Some(account) => self.keep(&Account { token: None, ..account }),
            None => Ok(()),
        }
    }

    /// Writes a file anew, whole or not at all, for its owner's eyes.
    pub fn write(&self, file: &str, bytes: &[u8]) -> Result<(), Wrong> {
        let (path, fresh) = (self.path(file), self.path(&format!("{file}.new")));
        let written = write_new(&fresh, bytes).and_then(|()| fs::rename(&fresh, &path));
        written.map_err(|error| format!("cannot write {}: {error}", path.display()).into())
    }

    /// The lock of one of this profile's journals; `None` if another process has it.
    pub fn lock(&self, journal: &str) -> Result<Option<Lock>, Wrong> {
        let file = self.lock_file(journal)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Lock(file))),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(format!("cannot lock {}: {error}", self.folder.display()).into()),
        }
    }

    /// The same, once nobody else has it.
    pub fn wait_for_lock(&self, journal: &str) -> Result<Lock, Wrong> {
        let file = self.lock_file(journal)?;
        rustix::fs::flock(&file, FlockOperation::LockExclusive)?;
        Ok(Lock(file))
    }

    /// The program and this profile, as it has to be typed.
    pub fn spell(&self) -> String {
        let program = crate::program();
        if self.name == "default" {
            program
        } else {
            format!("{program} --profile {}", self.name)
        }
    }

    fn lock_file(&self, journal: &str) -> Result<File, Wrong> {
        let path = self.path(&format!("{journal}.lock"));
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        file.map_err(|error| format!("cannot open {}: {error}", path.display()).into())
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Where profiles lie.
fn home() -> Result<PathBuf, Wrong> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = set("TIDINGS_HOME")
        .or_else(|| set("XDG_STATE_HOME").map(|state| state.join("tidings")))
        .or_else(|| set("HOME").map(|home| home.join(".local/state/tidings")));
    home.ok_or_else(|| "there is no HOME; set TIDINGS_HOME to a folder of yours".into())
}
