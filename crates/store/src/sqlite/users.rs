//! People with accounts.

use super::db::{self, Db};
use super::job::Outcome;
use super::work::Work;
use crate::error::Refused;
use crate::record::{NewUser, Person, User};
use protocol::UserId;

/// [`crate::Store::create_user`].
pub(super) fn create(work: &mut Work, new: &NewUser) -> Outcome<()> {
    let number = work.numbers.give(&work.db, new.user)?;
    work.db.run(
        "INSERT INTO users(user, handle, name, password_hash, owner, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO NOTHING",
        (
            number,
            &new.handle,
            &new.name,
            &new.password_hash,
            new.owner,
            db::sql(work.pen.now_ms),
        ),
    )?;
    Ok(())
}

/// [`crate::Store::user`].
pub(super) fn user(db: &Db, user: UserId) -> Outcome<Option<User>> {
    db.first(
        "SELECT u.handle, u.name, u.password_hash, u.owner, u.created_ms, u.deactivated
         FROM user_numbers n JOIN users u ON u.user = n.number WHERE n.id = ?1",
        [user.as_bytes()],
        |row| {
            Ok(User {
                user,
                handle: row.get(0)?,
                name: row.get(1)?,
                password_hash: row.get(2)?,
                owner: row.get(3)?,
                created_ms: db::number(row, 4)?,
                deactivated: row.get(5)?,
            })
        },
    )
}

/// [`crate::Store::people`].
pub(super) fn people(db: &Db, users: &[UserId]) -> Outcome<Vec<Person>> {
    let mut people = Vec::new();
    for user in users {
        people.extend(db.first(
            "SELECT u.handle, u.name, u.about, u.picture, u.deactivated
             FROM user_numbers n JOIN users u ON u.user = n.number WHERE n.id = ?1",
            [user.as_bytes()],
            |row| {
                Ok(Person {
                    user: *user,
                    handle: row.get(0)?,
                    name: row.get(1)?,
                    about: row.get(2)?,
                    picture: row.get(3)?,
                    deactivated: row.get(4)?,
                })
            },
        )?);
    }
    Ok(people)
}

/// [`crate::Store::set_password`].
pub(super) fn set_password(work: &mut Work, user: UserId, password_hash: &str) -> Outcome<()> {
    let changed = work.db.run(
        "UPDATE users SET password_hash = ?2 WHERE user = (SELECT number FROM user_numbers WHERE id = ?1)",
        (user.as_bytes(), password_hash),
    )?;
    if changed == 0 {
        Err(Refused::UnknownPerson.into())
    } else {
        Ok(())
    }
}

/// [`crate::Store::set_owner`].
pub(super) fn set_owner(work: &mut Work, user: UserId, owner: bool) -> Outcome<()> {
    let changed = work.db.run(
        "UPDATE users SET owner = ?2 WHERE user = (SELECT number FROM user_numbers WHERE id = ?1)",
        (user.as_bytes(), owner),
    )?;
    if changed == 0 {
        Err(Refused::UnknownPerson.into())
    } else {
        Ok(())
    }
}

/// [`crate::Store::last_seen`].
pub(super) fn last_seen(db: &Db, users: &[UserId]) -> Outcome<Vec<Option<u64>>> {
    let mut seen = Vec::with_capacity(users.len());
    for user in users {
        let found = db.first(
            "SELECT u.last_seen_ms FROM user_numbers n JOIN users u ON u.user = n.number WHERE n.id = ?1",
            [user.as_bytes()],
            |row| db::number_or_none(row, 0),
        )?;
        seen.push(found.flatten());
    }
    Ok(seen)
}

/// The number of somebody who has an account.
pub(super) fn account(db: &Db, user: UserId) -> Outcome<Option<i64>> {
    db.first(
        "SELECT u.user FROM user_numbers n JOIN users u ON u.user = n.number WHERE n.id = ?1",
        [user.as_bytes()],
        |row| row.get(0),
    )
}
