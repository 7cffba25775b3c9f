//! What people decide about themselves and about each other, and how they stand to each other by it.

use super::db::{self, Db};
use super::inbox;
use super::job::Outcome;
use super::users;
use super::work::Work;
use crate::error::Refused;
use crate::record::{Manners, Person, ProfileChange, Standing};
use mutants::Mutant;
use protocol::people::{Audience, Privacy, SetPrivacy};
use protocol::{ConversationId, DeviceId, UserId, Ver, limits};
use rusqlite::Row;

/// Acquainted people that one search walks over.
const WALKED_MAX: usize = 20_000;

/// [`crate::Store::set_profile`].
pub(super) fn set_profile(work: &mut Work, change: &ProfileChange) -> Outcome<(Person, Option<Ver>)> {
    let number = users::account(&work.db, change.user)?.ok_or(Refused::UnknownPerson)?;
    let before = users::people(&work.db, &[change.user])?;
    let before = before.into_iter().next().ok_or(Refused::UnknownPerson)?;
    let mut after = before.clone();
    if let Some(name) = &change.name {
        after.name.clone_from(name);
    }
    if let Some(handle) = &change.handle {
        after.handle.clone_from(handle);
    }
    if let Some(about) = &change.about {
        after.about = Some(about.clone()).filter(|about| !about.is_empty());
    }
    if let Some(picture) = &change.picture {
        after.picture = Some(picture.clone()).filter(|picture| !picture.is_empty());
    }
    if after == before {
        return Ok((after, None));
    }
    work.db.run(
        "UPDATE users SET name = ?2, handle = ?3, about = ?4, picture = ?5 WHERE user = ?1",
        (number, &after.name, &after.handle, &after.about, &after.picture),
    )?;
    let ver = inbox::bump_topic(work, number, inbox::PROFILE)?;
    Ok((after, Some(ver)))
}

/// [`crate::Store::set_privacy`].
pub(super) fn set_privacy(work: &mut Work, user: UserId, set: &SetPrivacy) -> Outcome<(Privacy, Option<Ver>)> {
    let number = users::account(&work.db, user)?.ok_or(Refused::UnknownPerson)?;
    let before = privacy(&work.db, number)?;
    let after = Privacy {
        who_writes: set.who_writes.unwrap_or(before.who_writes),
        who_adds: set.who_adds.unwrap_or(before.who_adds),
        last_seen: set.last_seen.unwrap_or(before.last_seen),
        receipts: set.receipts.unwrap_or(before.receipts),
    };
    if after == before {
        return Ok((after, None));
    }
    work.db.run(
        "UPDATE users SET who_writes = ?2, who_adds = ?3, tells_seen = ?4, tells_read = ?5 WHERE user = ?1",
        (
            number,
            audience_code(after.who_writes),
            audience_code(after.who_adds),
            audience_code(after.last_seen),
            audience_code(after.receipts),
        ),
    )?;
    let ver = inbox::bump_topic(work, number, inbox::PRIVACY)?;
    Ok((after, Some(ver)))
}

/// [`crate::Store::block`].
pub(super) fn block(work: &mut Work, user: UserId, other: UserId, on: bool) -> Outcome<Option<Ver>> {
    let number = users::account(&work.db, user)?.ok_or(Refused::UnknownPerson)?;
    let other = users::account(&work.db, other)?.ok_or(Refused::UnknownPerson)?;
    if blocks(&work.db, number, other)? == on {
        return Ok(None);
    }
    if on {
        let count = work
            .db
            .first("SELECT count(*) FROM blocks WHERE user = ?1", [number], |row| {
                db::number(row, 0)
            })?;
        if count.unwrap_or(0) >= limits::BLOCKS_MAX as u64 {
            return Err(Refused::TooManyBlocks.into());
        }
        work.db.run(
            "INSERT INTO blocks(user, blocked, at_ms) VALUES (?1, ?2, ?3)",
            (number, other, db::sql(work.pen.now_ms)),
        )?;
    } else {
        work.db
            .run("DELETE FROM blocks WHERE user = ?1 AND blocked = ?2", (number, other))?;
    }
    inbox::bump_topic(work, number, inbox::BLOCKS).map(Some)
}

/// [`crate::Store::deactivate`].
pub(super) fn deactivate(work: &mut Work, user: UserId, deactivated: bool) -> Outcome<Vec<DeviceId>> {
    let number = users::account(&work.db, user)?.ok_or(Refused::UnknownPerson)?;
    work.db.run(
        "UPDATE users SET deactivated = ?2 WHERE user = ?1",
        (number, deactivated),
    )?;
    if deactivated {
        super::devices::revoke(work, user, crate::record::Which::All)
    } else {
        Ok(Vec::new())
    }
}

/// Whom somebody blocks, in order of id.
pub(super) fn blocked_by(db: &Db, user: i64) -> Outcome<Vec<UserId>> {
    db.all(
        "SELECT n.id FROM blocks b JOIN user_numbers n ON n.number = b.blocked WHERE b.user = ?1 ORDER BY n.id",
        [user],
        |row| db::user_id(row, 0),
    )
}

/// Who may reach somebody and know what of them. Of whoever has no account: as at first.
pub(super) fn privacy(db: &Db, user: i64) -> Outcome<Privacy> {
    let found = db.first(
        "SELECT who_writes, who_adds, tells_seen, tells_read FROM users WHERE user = ?1",
        [user],
        |row| read_privacy(row, 0),
    )?;
    Ok(found.unwrap_or_default())
}

fn read_privacy(row: &Row<'_>, first: usize) -> rusqlite::Result<Privacy> {
    Ok(Privacy {
        who_writes: audience(row.get(first)?),
        who_adds: audience(row.get(first + 1)?),
        last_seen: audience(row.get(first + 2)?),
        receipts: audience(row.get(first + 3)?),
    })
}

fn audience(code: i64) -> Audience {
    match code {
        1 => Audience::Everyone,
        2 => Audience::Acquainted,
        _ => Audience::Nobody,
    }
}

fn audience_code(audience: Audience) -> i64 {
    match audience {
        Audience::Everyone => 1,
        Audience::Acquainted => 2,
        Audience::Nobody => 3,
    }
}

fn blocks(db: &Db, user: i64, other: i64) -> Outcome<bool> {
    let found = db.first(
        "SELECT 1 FROM blocks WHERE user = ?1 AND blocked = ?2",
        (user, other),
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Together in a group now, or in a 1:1 that nobody still has to take up.
fn are_acquainted(db: &Db, user: i64, other: i64) -> Outcome<bool> {
    let found = db.first(
        "SELECT 1 FROM members a JOIN members b ON b.conv = a.conv AND b.user = ?2
         WHERE a.user = ?1 AND a.role IS NOT NULL AND b.role IS NOT NULL AND a.request = 0 AND b.request = 0 LIMIT 1",
        (user, other),
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// [`crate::Store::standings`].
pub(super) fn standings(db: &Db, user: UserId, people: &[UserId]) -> Outcome<Vec<Standing>> {
    let number = db.user_number(user)?;
    let mut standings = Vec::with_capacity(people.len());
    for person in people {
        standings.push(standing(db, number, *person)?);
    }
    Ok(standings)
}

fn standing(db: &Db, user: Option<i64>, person: UserId) -> Outcome<Standing> {
    let other = db.user_number(person)?;
    let found = match other {
        None => None,
        Some(other) => db.first(
            "SELECT who_writes, who_adds, tells_seen, tells_read, deactivated FROM users WHERE user = ?1",
            [other],
            |row| Ok((read_privacy(row, 0)?, row.get(4)?)),
        )?,
    };
    let (privacy, deactivated) = found.unwrap_or_default();
    let mut standing = Standing {
        user: person,
        acquainted: false,
        blocks: false,
        blocked: false,
        deactivated,
        privacy,
    };
    if let (Some(user), Some(other)) = (user, other) {
        standing.acquainted = are_acquainted(db, user, other)?;
        standing.blocks = blocks(db, user, other)?;
        standing.blocked = blocks(db, other, user)?;
    }
    Ok(standing)
}

/// [`crate::Store::may_see`].
pub(super) fn may_see(db: &Db, viewer: UserId, people: &[UserId]) -> Outcome<Vec<UserId>> {
    let number = db.user_number(viewer)?;
    let tells = |privacy: Privacy| privacy.last_seen != Audience::Nobody;
    let own = number.map_or(Ok(Privacy::default()), |number| privacy(db, number))?;
    if !tells(own) {
        return Ok(Vec::new());
    }
    let mut seen = Vec::new();
    for person in people {
        let one = standing(db, number, *person)?;
        // Planted fault: a block is forgotten where presence is told.
        let shunned = (one.blocks || one.blocked) && !mutants::is(Mutant::BlockLeaksPresence);
        if one.acquainted && !shunned && tells(one.privacy) {
            seen.push(*person);
        }
    }
    Ok(seen)
}

/// [`crate::Store::hidden_from`].
pub(super) fn hidden_from(db: &Db, user: UserId, conv: ConversationId) -> Outcome<Vec<UserId>> {
    let (Some(user), Some(conv)) = (db.user_number(user)?, db.conversation_number(conv)?) else {
        return Ok(Vec::new());
    };
    // In a group nobody's `request` or `blocks` is ever set, so the first part finds nothing there.
    db.all(
        "SELECT n.id FROM members m JOIN user_numbers n ON n.number = m.user
         WHERE m.conv = ?1 AND m.role IS NOT NULL AND m.user <> ?2
         AND EXISTS (SELECT 1 FROM members y WHERE y.conv = ?1 AND y.user = ?2 AND y.role IS NOT NULL) AND (
           EXISTS (SELECT 1 FROM members x WHERE x.conv = ?1 AND (x.request <> 0 OR x.blocks <> 0))
           OR EXISTS (SELECT 1 FROM blocks b WHERE b.user = ?2 AND b.blocked = m.user)
           OR EXISTS (SELECT 1 FROM blocks b WHERE b.user = m.user AND b.blocked = ?2))
         ORDER BY n.id",
        (conv, user),
        |row| db::user_id(row, 0),
    )
}

/// [`crate::Store::manners`].
pub(super) fn manners(db: &Db, user: UserId) -> Outcome<Manners> {
    let Some(number) = db.user_number(user)? else {
        return Ok(Manners::default());
    };
    let shunned = db.all(
        "SELECT n.id FROM (SELECT blocked AS other FROM blocks WHERE user = ?1
           UNION SELECT user FROM blocks WHERE blocked = ?1) b JOIN user_numbers n ON n.number = b.other ORDER BY n.id",
        [number],
        |row| db::user_id(row, 0),
    )?;
    Ok(Manners {
        private: privacy(db, number)?.receipts == Audience::Nobody,
        shunned,
    })
}

/// [`crate::Store::find_acquainted`].
pub(super) fn find_acquainted(db: &Db, viewer: UserId, prefix: &str, limit: usize) -> Outcome<Vec<Person>> {
    let Some(number) = db.user_number(viewer)? else {
        return Ok(Vec::new());
    };
    let people = db.all(
        "SELECT DISTINCT n.id FROM members a JOIN members b ON b.conv = a.conv AND b.user <> a.user
         JOIN user_numbers n ON n.number = b.user
         WHERE a.user = ?1 AND a.role IS NOT NULL AND b.role IS NOT NULL AND a.request = 0 AND b.request = 0 LIMIT ?2",
        (number, db::sql(WALKED_MAX as u64)),
        |row| db::user_id(row, 0),
    )?;
    let mut found = users::people(db, &people)?;
    found.retain(|person| !person.deactivated && person.begins_with(prefix));
    found.sort_by(|one, other| (&one.handle, one.user).cmp(&(&other.handle, other.user)));
    found.truncate(limit);
    Ok(found)
}
