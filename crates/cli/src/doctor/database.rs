//! The database, and whether a server has it.

use super::finding::Finding;
use crate::block_on;
use crate::config::Settings;
use crate::meter::size;
use server::admin::{Answer, Request, ask};
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use store::sqlite::{self, LOCK_FILE, VerifyError};

/// Databases up to this size have their pages looked at, in bytes.
const CHECK_BYTES_MAX: u64 = 256 * 1_024 * 1_024;
/// A write-ahead log above this size is worth a word, in bytes: a server begins it anew at 256 MiB.
const LOG_BYTES_MAX: u64 = 512 * 1_024 * 1_024;

/// Whether a server has the data.
#[derive(Debug)]
pub enum Server {
    /// None.
    None,
    /// One, which answered at its admin socket so many sessions.
    Answers(usize),
    /// One, which does not answer: with the reason.
    Silent(io::Error),
    /// It cannot be seen: with the reason.
    Unknown(io::Error),
}

impl Server {
    /// Whether there is one.
    pub fn runs(&self) -> bool {
        matches!(self, Self::Answers(_) | Self::Silent(_))
    }
}

/// Looks whether a server has the data, without taking anything from one that is about to start.
pub fn server(data: &Path) -> Server {
    let lock = match File::open(data.join(LOCK_FILE)) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Server::None,
        Err(error) => return Server::Unknown(error),
    };
    match lock.try_lock_shared() {
        Ok(()) => Server::None,
        Err(TryLockError::Error(error)) => Server::Unknown(error),
        Err(TryLockError::WouldBlock) => {
            let answer = block_on(async { Ok(ask(data, &Request::Stats).await) });
            match answer {
                Ok(Ok(Answer::Stats(stats))) => Server::Answers(stats.sessions),
                Ok(Err(error)) => Server::Silent(error),
                _ => Server::Silent(io::ErrorKind::InvalidData.into()),
            }
        }
    }
}

/// Looks at the database and the server on it.
pub fn look(settings: &Settings, server: &Server) -> Vec<Finding> {
    let data = settings.data.display();
    let says = match server {
        Server::None => Finding::ok("server", "none runs on this data"),
        Server::Answers(sessions) => Finding::ok("server", format!("one runs on this data, with {sessions} sessions")),
        Server::Silent(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let advice = "run this under the server's account, or as root, to see more";
            Finding::warning("server", "one runs on this data, under another account", advice)
        }
        Server::Silent(error) => {
            let found = format!("something has this data open, and its admin socket does not answer ({error})");
            let advice = "see its log; if it hangs, stop it and start it again";
            Finding::wrong("server", found, advice)
        }
        Server::Unknown(error) => {
            let advice = "run this under the server's account, or as root";
            Finding::warning("server", format!("whether one runs cannot be seen ({error})"), advice)
        }
    };
    let database = if server.runs() {
        let advice = "for a deep look: tidings backup, which looks at its copy";
        let bytes = settings.data.join(sqlite::FILE).metadata().map_or(0, |file| file.len());
        let mut finding = Finding::ok("database", format!("{}, open in the server", size(bytes)));
        finding.advice = advice.to_owned();
        finding
    } else {
        match sqlite::glance(&settings.data, CHECK_BYTES_MAX) {
            Ok(glance) => told(&glance, &settings.data),
            Err(VerifyError::Missing(_)) if has_log(&settings.data) => Finding::wrong(
                "database",
                format!("it is missing in {data}, and its write-ahead log is not"),
                "keep the directory as it is, and restore the latest backup: tidings restore FILE --replace",
            ),
            Err(VerifyError::Missing(_)) => Finding::ok("database", "none yet; the first start makes it"),
            Err(error) => {
                let advice =
                    "keep the directory as it is, and restore the latest backup: tidings restore FILE --replace";
                Finding::wrong("database", error.to_string(), advice)
            }
        }
    };
    vec![says, database]
}

fn has_log(data: &Path) -> bool {
    data.join(format!("{}-wal", sqlite::FILE))
        .metadata()
        .is_ok_and(|log| log.len() > 0)
}

fn told(glance: &sqlite::Glance, data: &Path) -> Finding {
    let found = format!(
        "{}, schema {}, write-ahead log {}",
        size(glance.bytes),
        glance.schema,
        size(glance.log_bytes)
    );
    match glance.pages.as_deref() {
        Some("ok") | None if glance.log_bytes > LOG_BYTES_MAX => {
            let advice = "start and stop the server once: it folds the log in";
            Finding::warning("database", found, advice)
        }
        Some("ok") => Finding::ok("database", format!("{found}, pages in order")),
        None => {
            let mut finding = Finding::ok("database", found);
            finding.advice = format!(
                "for a deep look, while no server runs: tidings verify {}",
                data.display()
            );
            finding
        }
        Some(wrong) => {
            let advice = "keep the directory as it is, and restore the latest backup: tidings restore FILE --replace";
            Finding::wrong("database", format!("damaged: {wrong}"), advice)
        }
    }
}
