//! The schema and its versions. `PRAGMA user_version` says which one a file has; each migration is one transaction.

use rusqlite::{Connection, TransactionBehavior};

/// The migrations, the first first. One that was ever released is never changed, only followed by another.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
];

/// The version this program writes: what it knows up to.
pub const VERSION: u32 = MIGRATIONS.len() as u32;

/// "TID1": tells our file from another program's.
pub(super) const APPLICATION_ID: i64 = 0x5449_4431;

/// The version of a file; 0 for a new one.
pub(super) fn version(conn: &Connection) -> rusqlite::Result<u32> {
    conn.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Whose file it is; 0 for a new one.
pub(super) fn application_id(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("PRAGMA application_id", [], |row| row.get(0))
}

/// Brings a file from the version it has to the latest.
pub(super) fn migrate(conn: &mut Connection) -> rusqlite::Result<()> {
    let from = version(conn)?;
    for (number, migration) in (1_u32..).zip(MIGRATIONS).skip(from as usize) {
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.commit()?;
        tracing::info!(version = number, "the database was brought to a new schema");
    }
    Ok(())
}
