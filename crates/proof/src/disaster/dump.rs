//! Reading logs out of a store itself, past the server: what is there, whatever anybody was told.

use protocol::{ConversationId, Seq, UserId};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use store::sqlite::{self, Options};
use store::{Store, TailPage};
use swarm::history::{Change, Logged, Ruled, What, digest};

/// Entries asked for at once.
const PAGE_ENTRIES: usize = 4_096;

/// A whole log, read from its first entry.
///
/// # Errors
/// As [`Store::tail`].
pub async fn log(store: &impl Store, conv: ConversationId) -> store::Result<Vec<Logged>> {
    let mut entries = Vec::new();
    loop {
        let after = entries.last().map_or(Seq::ZERO, |entry: &Logged| entry.seq);
        let page = store.tail(conv, Some(after), PAGE_ENTRIES).await?;
        let last = entries.len();
        entries.extend(logged(&page));
        if entries.len() == last || entries.last().is_some_and(|entry| entry.seq >= page.head_seq) {
            return Ok(entries);
        }
    }
}

/// The logs of these conversations as records of a history; one that is not there (of another lineage) is left out.
///
/// # Errors
/// As [`Store::tail`].
pub async fn records(store: &impl Store, convs: &[ConversationId], lineage: u32) -> store::Result<Vec<What>> {
    let mut records = Vec::new();
    for conv in convs {
        match log(store, *conv).await {
            Ok(entries) => records.push(What::Log {
                lineage,
                conv: *conv,
                entries,
            }),
            Err(store::Error::Refused(store::Refused::NotFound)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(records)
}

/// The same from a data directory whose server is down.
///
/// # Errors
/// It does not open, or cannot be read.
pub async fn of_directory(dir: &Path, convs: &[ConversationId], lineage: u32) -> io::Result<Vec<What>> {
    let store = sqlite::start(dir, options()).map_err(io::Error::other)?;
    let records = records(&store, convs, lineage).await.map_err(io::Error::other);
    store.close();
    records
}

/// How a data directory is opened by us: nothing is written that would need a clock.
#[must_use]
pub fn options() -> Options {
    Options::new(Arc::new(|| 0), [7; 32])
}

/// What SQLite finds when it looks at every page of a database and every row of its indexes: `ok`, or what is wrong.
///
/// # Errors
/// It cannot be read at all.
pub fn integrity(dir: &Path) -> io::Result<String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let look = || -> rusqlite::Result<String> {
        let conn = Connection::open_with_flags(dir.join(sqlite::FILE), flags)?;
        conn.query_row("PRAGMA integrity_check(3)", [], |row| row.get(0))
    };
    look().map_err(io::Error::other)
}

/// Copies a data directory whose server is down, the database and its write-ahead log.
///
/// # Errors
/// As of the file system.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for name in [sqlite::FILE.to_owned(), format!("{}-wal", sqlite::FILE)] {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.exists() {
            std::fs::copy(from, to)?;
        } else if to.exists() {
            std::fs::remove_file(to)?;
        }
    }
    Ok(())
}

fn logged(page: &TailPage) -> impl Iterator<Item = Logged> {
    let mut moves: BTreeMap<Seq, (Vec<UserId>, Vec<UserId>)> = BTreeMap::new();
    for (user, spans) in &page.spans {
        for span in spans {
            moves.entry(span.from_seq).or_default().0.push(*user);
            if let Some(to_seq) = span.to_seq {
                moves.entry(to_seq).or_default().1.push(*user);
            }
        }
    }
    page.entries.iter().map(move |entry| {
        let (comes, goes) = moves.remove(&entry.seq).unwrap_or_default();
        Logged {
            seq: entry.seq,
            ord: entry.ord,
            kind: entry.kind.to_string(),
            sender: entry.sender,
            send_id: entry.send_id,
            digest: digest(&entry.body),
            created_ms: entry.created_ms,
            comes,
            goes,
            thread: entry.thread,
            change: Change::of(&entry.kind, entry.target_seq, &entry.body),
            state: None,
            ruled: Ruled::of(&entry.kind, entry.sender, &entry.body),
        }
    })
}
