//! People, devices and groups written straight into a store, so that no password is hashed for them. Everything follows
//! from a number: the load knows each token without being told.

use protocol::server_frame::ConversationKind;
use protocol::token::Token;
use protocol::{ConversationId, DeviceId, SendId, UserId};
use server::clock::{Clock, SystemClock};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use store::sqlite::{self, Options};
use store::{BUMP_ROWS_MAX, Create, NewDevice, NewUser, Store};

use crate::Wrong;

/// Members of each group: as many as a group may have.
pub const GROUP_MEMBERS: usize = 256;
/// Changes that wait for the store at once.
const CHUNK: usize = 1_000;

/// The user of this number.
pub fn user(number: usize) -> UserId {
    UserId::from_random(bytes(b'u', number))
}

fn device(number: usize) -> DeviceId {
    DeviceId::from_random(bytes(b'd', number))
}

/// The token of the one device of this user.
pub fn token(number: usize) -> String {
    let token = Token {
        user: user(number),
        device: device(number),
        secret: bytes(b's', number),
    };
    token.to_text().expose().to_owned()
}

/// The group of the users from `number * GROUP_MEMBERS` on.
pub fn group(number: usize) -> ConversationId {
    ConversationId::group(user(number * GROUP_MEMBERS), group_send_id(number))
}

fn group_send_id(number: usize) -> SendId {
    SendId::from_random(bytes(b'g', number))
}

/// The name of a message, by number.
pub fn send_id(number: usize) -> SendId {
    SendId::from_random(bytes(b'm', number))
}

fn bytes<const N: usize>(what: u8, number: usize) -> [u8; N] {
    let digest = Sha256::digest([&[what][..], &number.to_be_bytes()[..]].concat());
    let mut bytes = [0; N];
    bytes.copy_from_slice(&digest[..N]);
    bytes
}

/// Writes so many people, and the groups they fill, and brings all inboxes up to date.
pub async fn write(dir: &Path, people: usize) -> Result<(), Wrong> {
    let clock = SystemClock::start();
    let store = sqlite::start(dir, Options::new(Arc::new(move || clock.unix_ms()), [7; 32]))?;
    let numbers: Vec<usize> = (0..people).collect();
    for chunk in numbers.chunks(CHUNK) {
        let users: Vec<_> = chunk
            .iter()
            .map(|number| store.create_user(new_user(*number)))
            .collect();
        for written in users {
            written.await?;
        }
        let devices: Vec<_> = chunk
            .iter()
            .map(|number| store.add_device(new_device(*number)))
            .collect();
        for written in devices {
            written.await?;
        }
    }
    for number in 0..people / GROUP_MEMBERS {
        let members: Vec<UserId> = (0..GROUP_MEMBERS).map(|n| user(number * GROUP_MEMBERS + n)).collect();
        let create = Create {
            conv: group(number),
            kind: ConversationKind::Group,
            creator: members[0],
            send_id: group_send_id(number),
            title: Some(format!("Group {number}")),
            members,
            request: false,
        };
        store.create(create).await?;
    }
    loop {
        let dirty = store.dirty(CHUNK).await?;
        if dirty.is_empty() {
            break;
        }
        for one in dirty {
            for rows in store.inbox_rows(one.conv).await?.rows.chunks(BUMP_ROWS_MAX) {
                store.bump(rows.to_vec()).await?;
            }
            store.settle(one.conv, one.mark).await?;
        }
    }
    store.close();
    Ok(())
}

fn new_user(number: usize) -> NewUser {
    NewUser {
        user: user(number),
        handle: format!("person{number}"),
        name: format!("Person {number}"),
        password_hash: String::new(),
        owner: number == 0,
    }
}

fn new_device(number: usize) -> NewDevice {
    NewDevice {
        user: user(number),
        device: device(number),
        name: "bench".to_owned(),
        secret_hash: Sha256::digest(bytes::<32>(b's', number)).into(),
    }
}
