//! Devices that are signed in, and their mailboxes.

use super::db::{self, Db};
use super::job::Outcome;
use super::work::Work;
use super::{inbox, users};
use crate::error::Refused;
use crate::record::{Device, Mail, NewDevice, NewMail, SecretHash, SeenDevice, Which};
use protocol::{DeviceId, DeviceSeq, UserId, limits};
use rusqlite::Row;
use std::sync::Arc;

/// [`crate::Store::add_device`].
pub(super) fn add(work: &mut Work, new: &NewDevice) -> Outcome<()> {
    let db = &work.db;
    let user = users::account(db, new.user)?.ok_or(Refused::UnknownPerson)?;
    if find(db, new.user, new.device)?.is_some() {
        return Ok(());
    }
    let deactivated = db.first("SELECT deactivated FROM users WHERE user = ?1", [user], |row| {
        row.get(0)
    })?;
    if deactivated.unwrap_or(false) {
        return Err(Refused::Deactivated.into());
    }
    let count = db.first("SELECT count(*) FROM devices WHERE user = ?1", [user], |row| {
        db::number(row, 0)
    })?;
    if count.unwrap_or(0) >= limits::DEVICES_MAX as u64 {
        return Err(Refused::TooManyDevices.into());
    }
    let now_ms = db::sql(work.pen.now_ms);
    db.run(
        "INSERT INTO devices(user, device, name, secret_hash, created_ms, last_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
        (user, new.device.as_bytes(), &new.name, new.secret_hash, now_ms),
    )?;
    inbox::bump_topic(work, user, inbox::DEVICES).map(|_| ())
}

fn device(row: &Row<'_>) -> rusqlite::Result<Device> {
    Ok(Device {
        device: DeviceId::from_bytes(row.get(0)?),
        name: row.get(1)?,
        secret_hash: row.get(2)?,
        next_hash: row.get(3)?,
        created_ms: db::number(row, 4)?,
        last_ms: db::number(row, 5)?,
    })
}

/// [`crate::Store::device`].
pub(super) fn find(db: &Db, user: UserId, id: DeviceId) -> Outcome<Option<Device>> {
    db.first(
        "SELECT d.device, d.name, d.secret_hash, d.next_hash, d.created_ms, d.last_ms
         FROM user_numbers n JOIN devices d ON d.user = n.number WHERE n.id = ?1 AND d.device = ?2",
        (user.as_bytes(), id.as_bytes()),
        device,
    )
}

/// [`crate::Store::devices`].
pub(super) fn list(db: &Db, user: UserId) -> Outcome<Vec<Device>> {
    db.all(
        "SELECT d.device, d.name, d.secret_hash, d.next_hash, d.created_ms, d.last_ms
         FROM user_numbers n JOIN devices d ON d.user = n.number WHERE n.id = ?1 ORDER BY d.created_ms, d.device",
        [user.as_bytes()],
        device,
    )
}

/// [`crate::Store::saw_device`].
pub(super) fn saw(work: &mut Work, seen: &SeenDevice) -> Outcome<()> {
    let db = &work.db;
    let Some(user) = db.user_number(seen.user)? else {
        return Ok(());
    };
    let found = db.run(
        "UPDATE devices SET last_ms = max(last_ms, ?3),
           secret_hash = CASE WHEN ?4 THEN coalesce(next_hash, secret_hash) ELSE secret_hash END,
           next_hash = CASE WHEN ?4 THEN NULL ELSE next_hash END
         WHERE user = ?1 AND device = ?2",
        (user, seen.device.as_bytes(), db::sql(seen.at_ms), seen.used_next),
    )?;
    if found > 0 && !seen.invisible {
        db.run(
            "UPDATE users SET last_seen_ms = max(coalesce(last_seen_ms, 0), ?2) WHERE user = ?1",
            (user, db::sql(seen.at_ms)),
        )?;
    }
    Ok(())
}

/// [`crate::Store::rotate_secret`].
pub(super) fn rotate(work: &mut Work, user: UserId, id: DeviceId, next_hash: &SecretHash) -> Outcome<()> {
    let changed = work.db.run(
        "UPDATE devices SET next_hash = ?3
         WHERE user = (SELECT number FROM user_numbers WHERE id = ?1) AND device = ?2",
        (user.as_bytes(), id.as_bytes(), next_hash),
    )?;
    if changed == 0 {
        Err(Refused::UnknownPerson.into())
    } else {
        Ok(())
    }
}

/// [`crate::Store::revoke_devices`].
pub(super) fn revoke(work: &mut Work, user: UserId, which: Which) -> Outcome<Vec<DeviceId>> {
    let Some(number) = work.db.user_number(user)? else {
        return Ok(Vec::new());
    };
    let meant = |id: &DeviceId| match which {
        Which::One(one) => *id == one,
        Which::AllBut(one) => *id != one,
        Which::All => true,
    };
    let revoked: Vec<DeviceId> = list(&work.db, user)?
        .into_iter()
        .map(|device| device.device)
        .filter(meant)
        .collect();
    for id in &revoked {
        let key = (number, id.as_bytes());
        work.db
            .run("DELETE FROM devices WHERE user = ?1 AND device = ?2", key)?;
        work.db
            .run("DELETE FROM mailbox WHERE user = ?1 AND device = ?2", key)?;
        work.db
            .run("DELETE FROM key_packages WHERE user = ?1 AND device = ?2", key)?;
    }
    if !revoked.is_empty() {
        inbox::bump_topic(work, number, inbox::DEVICES)?;
    }
    Ok(revoked)
}

/// [`crate::Store::put_mail`]. The place comes from the device's own row: it must not fall when the box is emptied.
pub(super) fn put_mail(work: &mut Work, new: &NewMail) -> Outcome<DeviceSeq> {
    let db = &work.db;
    let user = db.user_number(new.user)?.ok_or(Refused::UnknownPerson)?;
    let dseq = db
        .first(
            "UPDATE devices SET dseq = dseq + 1 WHERE user = ?1 AND device = ?2 RETURNING dseq",
            (user, new.device.as_bytes()),
            |row| db::number(row, 0),
        )?
        .ok_or(Refused::UnknownPerson)?;
    db.run(
        "INSERT INTO mailbox(user, device, dseq, kind, body, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            user,
            new.device.as_bytes(),
            db::sql(dseq),
            &new.kind,
            &*new.body,
            db::sql(work.pen.now_ms),
        ),
    )?;
    Ok(DeviceSeq(dseq))
}

/// [`crate::Store::mail`].
pub(super) fn mail(db: &Db, user: UserId, id: DeviceId, after: DeviceSeq, limit: usize) -> Outcome<Vec<Mail>> {
    db.all(
        "SELECT m.dseq, m.kind, m.body, m.created_ms FROM user_numbers n JOIN mailbox m ON m.user = n.number
         WHERE n.id = ?1 AND m.device = ?2 AND m.dseq > ?3 ORDER BY m.dseq LIMIT ?4",
        (user.as_bytes(), id.as_bytes(), db::sql(after.0), db::sql(limit as u64)),
        |row| {
            Ok(Mail {
                dseq: DeviceSeq(db::number(row, 0)?),
                kind: row.get(1)?,
                body: Arc::from(row.get_ref(2)?.as_blob()?),
                created_ms: db::number(row, 3)?,
            })
        },
    )
}

/// [`crate::Store::ack_mail`].
pub(super) fn ack_mail(work: &mut Work, user: UserId, id: DeviceId, to: DeviceSeq) -> Outcome<()> {
    work.db.run(
        "DELETE FROM mailbox
         WHERE user = (SELECT number FROM user_numbers WHERE id = ?1) AND device = ?2 AND dseq <= ?3",
        (user.as_bytes(), id.as_bytes(), db::sql(to.0)),
    )?;
    Ok(())
}
