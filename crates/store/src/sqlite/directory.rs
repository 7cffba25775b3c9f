//! The directory: handles and invites.

use super::db::{self, Db};
use super::job::Outcome;
use super::work::Work;
use crate::error::Refused;
use crate::record::{ClaimHandle, Invite, SecretHash};
use protocol::{UserId, limits};

/// [`crate::Store::claim_handle`]. The handle is looked at before the invite.
pub(super) fn claim(work: &mut Work, claim: &ClaimHandle) -> Outcome<()> {
    let (db, now_ms) = (&work.db, db::sql(work.pen.now_ms));
    match holder(db, &claim.handle, now_ms)? {
        Some(user) if user == claim.user => {
            db.run("UPDATE handles SET until_ms = NULL WHERE handle = ?1", [&claim.handle])?;
            return Ok(());
        }
        Some(_) => return Err(Refused::HandleTaken.into()),
        None => {}
    }
    let theirs = db.first(
        "SELECT count(*) FROM handles WHERE user = ?1 AND (until_ms IS NULL OR until_ms >= ?2)",
        (claim.user.as_bytes(), now_ms),
        |row| db::number(row, 0),
    )?;
    if theirs.unwrap_or(0) >= limits::HANDLES_MAX as u64 {
        return Err(Refused::TooManyHandles.into());
    }
    if let Some(hash) = &claim.invite {
        let paid = db.run(
            "UPDATE invites SET uses_left = uses_left - 1 WHERE hash = ?1 AND uses_left > 0 AND expires_ms >= ?2",
            (hash, now_ms),
        )?;
        if paid == 0 {
            return Err(Refused::InviteInvalid.into());
        }
    }
    db.run(
        "INSERT INTO handles(handle, user) VALUES (?1, ?2)
         ON CONFLICT (handle) DO UPDATE SET user = excluded.user, until_ms = NULL",
        (&claim.handle, claim.user.as_bytes()),
    )?;
    Ok(())
}

/// Who has a handle now, or may take it back.
fn holder(db: &Db, handle: &str, now_ms: i64) -> Outcome<Option<UserId>> {
    db.first(
        "SELECT user FROM handles WHERE handle = ?1 AND (until_ms IS NULL OR until_ms >= ?2)",
        (handle, now_ms),
        |row| db::user_id(row, 0),
    )
}

/// [`crate::Store::release_handles`].
pub(super) fn release(work: &mut Work, user: UserId, but: &str) -> Outcome<()> {
    work.db.run(
        "UPDATE handles SET until_ms = ?3 WHERE user = ?1 AND handle <> ?2 AND until_ms IS NULL",
        (user.as_bytes(), but, db::sql(work.pen.now_ms + limits::HANDLE_KEPT_MS)),
    )?;
    Ok(())
}

/// [`crate::Store::find_handles`].
pub(super) fn find(db: &Db, now_ms: u64, handles: &[String]) -> Outcome<Vec<(String, UserId)>> {
    let mut found = Vec::new();
    for handle in handles {
        found.extend(holder(db, handle, db::sql(now_ms))?.map(|user| (handle.clone(), user)));
    }
    Ok(found)
}

/// [`crate::Store::handles`].
pub(super) fn list(db: &Db, after: Option<&str>, limit: usize) -> Outcome<Vec<(String, UserId)>> {
    // No handle is empty, so everything stands above the empty one.
    db.all(
        "SELECT handle, user FROM handles WHERE handle > ?1 AND until_ms IS NULL ORDER BY handle LIMIT ?2",
        (after.unwrap_or_default(), db::sql(limit as u64)),
        |row| Ok((row.get(0)?, db::user_id(row, 1)?)),
    )
}

/// [`crate::Store::add_invite`].
pub(super) fn add_invite(work: &mut Work, invite: &Invite) -> Outcome<()> {
    work.db.run(
        "INSERT INTO invites(hash, owner, uses_left, expires_ms, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO NOTHING",
        (
            invite.hash,
            invite.owner,
            invite.uses_left,
            db::sql(invite.expires_ms),
            db::sql(invite.created_ms),
        ),
    )?;
    Ok(())
}

/// [`crate::Store::invites`].
pub(super) fn invites(db: &Db, now_ms: u64, limit: usize) -> Outcome<Vec<Invite>> {
    db.all(
        "SELECT hash, owner, uses_left, expires_ms, created_ms FROM invites
         WHERE uses_left > 0 AND expires_ms >= ?1 ORDER BY created_ms DESC, hash LIMIT ?2",
        (db::sql(now_ms), db::sql(limit as u64)),
        |row| {
            Ok(Invite {
                hash: row.get(0)?,
                owner: row.get(1)?,
                uses_left: row.get(2)?,
                expires_ms: db::number(row, 3)?,
                created_ms: db::number(row, 4)?,
            })
        },
    )
}

/// [`crate::Store::revoke_invite`].
pub(super) fn revoke_invite(work: &mut Work, hash: &SecretHash) -> Outcome<bool> {
    Ok(work.db.run("DELETE FROM invites WHERE hash = ?1", [hash])? > 0)
}
