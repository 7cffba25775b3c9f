//! What a demo remembers of a server: its people with their password and tokens, and how far each conversation is
//! filled. It lies in the profile's folder, for its owner's eyes.

use crate::Wrong;
use crate::profile::Profile;
use protocol::token::TokenText;
use protocol::{ConversationId, DeviceId, UserId};
use rand::rngs::{StdRng, SysRng};
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;

/// Syllables of a password: 6 bits each.
const SYLLABLES: usize = 10;

/// All of it.
#[derive(Serialize, Deserialize)]
pub struct Kept {
    /// Everybody's password.
    pub password: String,
    /// What the script is drawn from.
    pub seed: u64,
    /// How many messages it has.
    pub messages: usize,
    /// The people, by their names in the book.
    #[serde(default)]
    pub people: BTreeMap<String, Person>,
    /// The conversations, by their keys in the book.
    #[serde(default)]
    pub rooms: BTreeMap<String, Room>,
    /// Whether everybody has read and everything is as it should be.
    #[serde(default)]
    pub whole: bool,
}

/// One of the people.
#[derive(Clone, Serialize, Deserialize)]
pub struct Person {
    /// Their handle there.
    pub handle: String,
    /// Who they are.
    pub user: UserId,
    /// The demo's device of theirs.
    pub device: DeviceId,
    /// Its token.
    pub token: TokenText,
}

/// One of the conversations.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Room {
    /// Which.
    pub conv: ConversationId,
    /// So many acts of its script are done.
    pub done: usize,
}

impl Kept {
    /// What is remembered of a server; else a beginning.
    pub fn of(server: &str, profile: &Profile, seed: u64, messages: usize) -> Result<Self, Wrong> {
        let path = profile.path(&file(server));
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                let path = path.display();
                format!("{path} is damaged ({error}); move it away, and the demo begins anew with other handles").into()
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self {
                password: password()?,
                seed,
                messages,
                people: BTreeMap::new(),
                rooms: BTreeMap::new(),
                whole: false,
            }),
            Err(error) => Err(format!("cannot read {}: {error}", path.display()).into()),
        }
    }

    /// Remembers it.
    pub fn keep(&self, server: &str, profile: &Profile) -> Result<(), Wrong> {
        profile.write(&file(server), &serde_json::to_vec_pretty(self)?)
    }
}

fn file(server: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' };
    let server: String = server.chars().take(100).map(plain).collect();
    format!("demo.{server}.json")
}

/// A password that nobody guesses and anybody can type.
fn password() -> Result<String, Wrong> {
    let mut chance = StdRng::try_from_rng(&mut SysRng)?;
    let mut password = String::new();
    for n in 0..SYLLABLES {
        if n > 0 && n % 2 == 0 {
            password.push('-');
        }
        password.push(char::from(b"bdfghklmnprstvwz"[chance.random_range(0..16)]));
        password.push(char::from(b"aeio"[chance.random_range(0..4)]));
    }
    Ok(password)
}
