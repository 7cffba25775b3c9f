//! Who is connected to this node: from people to the outboxes of their sessions, and what each session has open.

use crate::outbox::Outbox;
use protocol::close::Close;
use protocol::{ConversationId, DeviceId, SessionId, UserId};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::{Arc, RwLock};

/// One connected device.
#[derive(Debug)]
pub struct Connected {
    /// This connection.
    pub session: SessionId,
    /// Which device.
    pub device: DeviceId,
    /// What waits to be written to it.
    pub outbox: Arc<Outbox>,
    /// Conversations it has open, sorted: typing and cursors are told for these.
    pub open: Arc<[ConversationId]>,
}

/// Everybody who is connected to this node.
#[derive(Debug, Default)]
pub struct Sessions {
    /// The hasher's keys are fixed, so that whoever goes through all of them does so in the same order when a run is
    /// played again. The server gives out these ids, so nobody can choose them to fall together.
    people: RwLock<HashMap<UserId, Vec<Connected>, BuildHasherDefault<DefaultHasher>>>,
}

impl Sessions {
    /// Takes a session in. From here on it is told everything.
    pub fn join(&self, user: UserId, connected: Connected) {
        let mut people = self.people.write().expect("nothing panics under this lock");
        let sessions = people.entry(user).or_default();
        // Most people have one, and room for four would stay with each of them.
        sessions.reserve_exact(1);
        sessions.push(connected);
    }

    /// Lets a session go.
    pub fn leave(&self, user: UserId, session: SessionId) {
        let mut people = self.people.write().expect("nothing panics under this lock");
        if let Some(sessions) = people.get_mut(&user) {
            sessions.retain(|one| one.session != session);
            if sessions.is_empty() {
                people.remove(&user);
            }
        }
    }

    /// Notes what a session has open.
    pub fn open(&self, user: UserId, session: SessionId, mut convs: Vec<ConversationId>) {
        convs.sort_unstable();
        convs.dedup();
        let mut people = self.people.write().expect("nothing panics under this lock");
        if let Some(one) = people
            .get_mut(&user)
            .and_then(|all| all.iter_mut().find(|one| one.session == session))
        {
            one.open = convs.into();
        }
    }

    /// The outboxes of these people's sessions.
    #[must_use]
    pub fn of(&self, users: &[UserId]) -> Vec<Arc<Outbox>> {
        let people = self.people.read().expect("nothing panics under this lock");
        let found = users.iter().filter_map(|user| people.get(user)).flatten();
        found.map(|one| Arc::clone(&one.outbox)).collect()
    }

    /// The outboxes of those sessions of these people, but for `except`, that have `conv` open, with whose each is.
    #[must_use]
    pub fn with_open(&self, users: &[UserId], except: UserId, conv: ConversationId) -> Vec<(UserId, Arc<Outbox>)> {
        let people = self.people.read().expect("nothing panics under this lock");
        let mut found = Vec::new();
        for user in users.iter().filter(|user| **user != except) {
            for one in people.get(user).into_iter().flatten() {
                if one.open.binary_search(&conv).is_ok() {
                    found.push((*user, Arc::clone(&one.outbox)));
                }
            }
        }
        found
    }

    /// The outbox of one session.
    #[must_use]
    pub fn outbox(&self, user: UserId, session: SessionId) -> Option<Arc<Outbox>> {
        let people = self.people.read().expect("nothing panics under this lock");
        let one = people.get(&user)?.iter().find(|one| one.session == session)?;
        Some(Arc::clone(&one.outbox))
    }

    /// Whether this person is connected here.
    #[must_use]
    pub fn has(&self, user: UserId) -> bool {
        self.people
            .read()
            .expect("nothing panics under this lock")
            .contains_key(&user)
    }

    /// Every session's outbox, with whose it is.
    #[must_use]
    pub fn all(&self) -> Vec<(UserId, SessionId, Arc<Outbox>)> {
        let people = self.people.read().expect("nothing panics under this lock");
        let each = |(user, sessions): (&UserId, &Vec<Connected>)| {
            let user = *user;
            sessions
                .iter()
                .map(move |one| (user, one.session, Arc::clone(&one.outbox)))
                .collect::<Vec<_>>()
        };
        people.iter().flat_map(each).collect()
    }

    /// Closes the sessions of these devices of a person.
    pub fn close(&self, user: UserId, devices: &[DeviceId], close: Close) {
        let people = self.people.read().expect("nothing panics under this lock");
        let gone = people
            .get(&user)
            .into_iter()
            .flatten()
            .filter(|one| devices.contains(&one.device));
        let gone: Vec<_> = gone.map(|one| Arc::clone(&one.outbox)).collect();
        drop(people);
        gone.iter().for_each(|outbox| outbox.close(close));
    }

    /// How many sessions there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.people
            .read()
            .expect("nothing panics under this lock")
            .values()
            .map(Vec::len)
            .sum()
    }
}
