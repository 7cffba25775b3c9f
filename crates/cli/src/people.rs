//! Who is who: ids to handles and names, asked for once and kept, so that a start without a connection has names too.

use crate::profile::Profile;
use crate::safe;
use client::Client;
use protocol::UserId;
use protocol::client_frame::AskPeople;
use protocol::limits::PEOPLE_MAX;
use protocol::server_frame::Person;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long an answer is waited for; the connection may just have gone.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);
/// People that are remembered; beyond it nobody new is kept on disk.
const KEPT_MAX: usize = 10_000;
const FILE: &str = "people.json";

/// People by id.
#[derive(Default)]
pub struct People {
    by_id: BTreeMap<UserId, Person>,
    /// Asked for and not told: no longer acquainted.
    strangers: BTreeSet<UserId>,
}

impl People {
    /// Those a profile has kept. What cannot be read is asked for again.
    pub fn kept(profile: &Profile) -> Self {
        let kept = std::fs::read(profile.path(FILE)).ok();
        let list: Vec<Person> = kept
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default();
        Self {
            by_id: list.into_iter().map(|person| (person.user, person)).collect(),
            strangers: BTreeSet::new(),
        }
    }

    /// Takes people in, and keeps them.
    pub fn learn(&mut self, list: Vec<Person>, profile: &Profile) {
        let before = self.by_id.len();
        self.by_id.extend(list.into_iter().map(|person| (person.user, person)));
        if self.by_id.len() != before && before < KEPT_MAX {
            let list: Vec<&Person> = self.by_id.values().collect();
            // Only names: what cannot be kept is asked for again next time.
            drop(serde_json::to_vec(&list).map(|bytes| profile.write(FILE, &bytes)));
        }
    }

    /// Asks for those who are not known yet.
    pub async fn ask(&mut self, client: &Client, users: impl IntoIterator<Item = UserId>, profile: &Profile) {
        let known = |user: &UserId| self.by_id.contains_key(user) || self.strangers.contains(user);
        let unknown: BTreeSet<UserId> = users.into_iter().filter(|user| !known(user)).collect();
        let unknown: Vec<UserId> = unknown.into_iter().collect();
        for some in unknown.chunks(PEOPLE_MAX) {
            let ask = AskPeople {
                users: some.to_vec(),
                handles: Vec::new(),
                prefix: None,
            };
            if let Ok(Ok(list)) = tokio::time::timeout(ANSWER_TIME_MAX, client.people(ask)).await {
                self.learn(list, profile);
                self.strangers
                    .extend(some.iter().filter(|user| !self.by_id.contains_key(user)));
            }
        }
    }

    /// Somebody's handle, without `@`.
    pub fn handle(&self, user: UserId) -> String {
        match self.by_id.get(&user) {
            Some(person) => safe::line(&person.handle),
            None => format!("someone-{}", &user.to_string()[..8]),
        }
    }

    /// The handles of all that are known, each with its `@`.
    pub fn handles(&self) -> impl Iterator<Item = String> {
        self.by_id
            .values()
            .map(|person| format!("@{}", safe::line(&person.handle)))
    }

    /// Who they are, if it is known.
    pub fn get(&self, user: UserId) -> Option<&Person> {
        self.by_id.get(&user)
    }

    /// Whose handle this is, if they are known.
    pub fn of_handle(&self, handle: &str) -> Option<&Person> {
        self.by_id.values().find(|person| person.handle == handle)
    }

    /// `ann and bob`, `ann, bob and carol`.
    pub fn several(&self, users: &[UserId], me: UserId) -> String {
        let name = |user: &UserId| {
            if *user == me {
                "you".to_owned()
            } else {
                self.handle(*user)
            }
        };
        match users {
            [] => "nobody".to_owned(),
            [one] => name(one),
            [some @ .., last] => format!(
                "{} and {}",
                some.iter().map(name).collect::<Vec<_>>().join(", "),
                name(last)
            ),
        }
    }
}
