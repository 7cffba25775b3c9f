//! What planted faults of this engine need besides a branch. Nobody comes here in a program without them.

use super::db::Db;
use super::job::Outcome;
use mutants::Mutant;
use protocol::SendId;

/// How many sends a snapshot that is too old does not show yet.
const UNSEEN_SENDS: i64 = 128;

/// What this connection noted, in its own memory: it goes with the connection, and a rollback takes its part back.
const NOTED: &str = "CREATE TEMP TABLE IF NOT EXISTS noted(
  send_id BLOB NOT NULL, conv INTEGER NOT NULL, sender INTEGER NOT NULL, PRIMARY KEY (send_id, conv, sender))";

/// Whether a look into a memory, or into a snapshot that is too old, would not find this send.
pub(super) fn overlooks(db: &Db, conv: i64, sender: i64, send_id: SendId) -> Outcome<bool> {
    db.run(NOTED, [])?;
    let noted = db.first(
        "SELECT (SELECT max(rowid) FROM temp.noted) - rowid FROM temp.noted
         WHERE send_id = ?1 AND conv = ?2 AND sender = ?3",
        (send_id.as_bytes(), conv, sender),
        |row| row.get::<_, i64>(0),
    )?;
    Ok(if mutants::is(Mutant::DedupeInMemory) {
        noted.is_none()
    } else {
        noted.is_some_and(|later| later < UNSEEN_SENDS)
    })
}

/// Notes a send, and makes room for the row of one that is overlooked.
pub(super) fn note(db: &Db, conv: i64, sender: i64, send_id: SendId) -> Outcome<()> {
    let id = (send_id.as_bytes(), conv, sender);
    let known = db.first(
        "SELECT 1 FROM sends WHERE send_id = ?1 AND conv = ?2 AND sender = ?3",
        id,
        |_| Ok(()),
    )?;
    if known.is_some() && !overlooks(db, conv, sender, send_id)? {
        return Ok(());
    }
    db.run("DELETE FROM sends WHERE send_id = ?1 AND conv = ?2 AND sender = ?3", id)?;
    db.run(NOTED, [])?;
    db.run(
        "INSERT OR REPLACE INTO temp.noted(send_id, conv, sender) VALUES (?1, ?2, ?3)",
        id,
    )?;
    Ok(())
}
