//! Who is there, as one node knows it: its own sessions, and what other nodes say of theirs. A pure core: whoever holds
//! it tells it what happened and when, calls [`Presence::tick`] several times a second, and does what that answers.
//!
//! Told only to sessions that watch, at most once a second each. Who loses the last session still counts as there for a
//! moment (the grace), so a reconnect tells nobody anything. *An invisible session is not in here at all*: to become
//! invisible is to leave, to become visible is to join, and nobody can tell them apart because there is nothing to
//! tell.

mod due;
mod gone;

use due::Due;
use gone::Gone;
use protocol::client_frame::Show;
use protocol::limits::{PRESENCE_TTL_MS, WATCH_PRESENCE_MAX};
use protocol::server_frame::{PresenceOf, PresenceState};
use protocol::{SessionId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// How often one session is told at most, and one person's changes are published at most, in milliseconds.
pub const TELL_INTERVAL_MS: u64 = 1_000;
/// How often a watcher is told again what has not changed, in milliseconds, so that it never runs out while true.
pub const RETELL_MS: u64 = PRESENCE_TTL_MS / 2;
/// How often other nodes are told again who is here, in milliseconds: two may get lost.
pub const REPUBLISH_MS: u64 = PRESENCE_TTL_MS / 3;
/// People of other nodes that are remembered, counted once for each node; more are not taken in, and look offline here.
pub const REMOTE_PEOPLE_MAX: usize = 262_144;

/// Who is there, as one node knows it.
#[derive(Debug)]
pub struct Presence {
    grace_ms: u64,
    /// Sessions that came and have not left, invisible ones too: what is said for a session that left comes too late.
    joined: BTreeSet<SessionId>,
    /// People with a visible session here, or who had one a moment ago.
    people: BTreeMap<UserId, Person>,
    people_due: Due<UserId>,
    /// People that another node says are there, by node.
    remote: BTreeMap<(UserId, u64), Heard>,
    remote_due: Due<(UserId, u64)>,
    gone: Gone,
    watchers: BTreeMap<SessionId, Watcher>,
    watchers_due: Due<SessionId>,
    /// Who watches whom: the same as `watchers`, from the other side.
    watched: BTreeSet<(UserId, SessionId)>,
}

/// One person on this node.
#[derive(Debug, Default)]
struct Person {
    /// Visible sessions, never [`PresenceState::Offline`].
    sessions: Vec<(SessionId, PresenceState)>,
    /// Until when they still count as online, as away, by sessions that are no more.
    lingers: [Option<u64>; 2],
    /// When the last of their visible sessions left.
    left_ms: u64,
    /// What other nodes were told, and when.
    published: Option<(PresenceState, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    state: PresenceState,
    at_ms: u64,
}

/// One session that watches.
#[derive(Debug)]
struct Watcher {
    viewer: UserId,
    /// In order of their ids.
    people: Vec<Watched>,
    told_ms: u64,
    retell_ms: u64,
}

#[derive(Debug)]
struct Watched {
    told: PresenceOf,
    moved: bool,
}

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Actions {
    /// Sessions to tell, after a look whether their person may still know.
    pub tell: Vec<Tell>,
    /// Other nodes to tell.
    pub publish: Vec<PresenceOf>,
    /// Last-seen times to keep, in milliseconds since 1970 UTC.
    pub seen: Vec<(UserId, u64)>,
}

/// One `presence` frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tell {
    /// To which session.
    pub session: SessionId,
    /// Of whom: they must still be acquainted with everybody in the list.
    pub viewer: UserId,
    /// Whom it tells of.
    pub list: Vec<PresenceOf>,
}

impl Presence {
    /// Nobody is there yet.
    #[must_use]
    pub fn new(grace_ms: u64) -> Self {
        Self {
            grace_ms,
            joined: BTreeSet::new(),
            people: BTreeMap::new(),
            people_due: Due::default(),
            remote: BTreeMap::new(),
            remote_due: Due::default(),
            gone: Gone::default(),
            watchers: BTreeMap::new(),
            watchers_due: Due::default(),
            watched: BTreeSet::new(),
        }
    }

    /// A session came. It must come as it wants to appear: joining online and then turning invisible tells everybody.
    pub fn join(&mut self, user: UserId, session: SessionId, show: Show, now_ms: u64) {
        self.joined.insert(session);
        self.show(user, session, show, now_ms);
    }

    /// A session wants to appear like this from now on. Nothing happens if it has left.
    pub fn show(&mut self, user: UserId, session: SessionId, show: Show, now_ms: u64) {
        if !self.joined.contains(&session) {
            return;
        }
        if show == Show::Invisible {
            return self.vanish(user, session, now_ms);
        }
        let before = self.state(user);
        let sessions = &mut self.people.entry(user).or_default().sessions;
        match sessions.iter_mut().find(|(one, _)| *one == session) {
            Some((_, state)) => *state = show.into(),
            None => {
                // Most people have one, and room for four would stay with each of them.
                sessions.reserve_exact(1);
                sessions.push((session, show.into()));
            }
        }
        self.moved(user, before, now_ms);
    }

    /// A session went, and watches nobody any more.
    pub fn leave(&mut self, user: UserId, session: SessionId, now_ms: u64) {
        self.joined.remove(&session);
        self.unwatch(session);
        self.vanish(user, session, now_ms);
    }

    /// A session watches these people, who were looked up as people that `viewer` may know of, and nobody else: at most
    /// [`WATCH_PRESENCE_MAX`]. Answers how each of them is there now; `last_seen_ms` is missing where only the store
    /// knows it. A session that has left is answered, and watches nobody.
    pub fn watch(
        &mut self,
        session: SessionId,
        viewer: UserId,
        mut people: Vec<UserId>,
        now_ms: u64,
    ) -> Vec<PresenceOf> {
        self.unwatch(session);
        people.sort_unstable();
        people.dedup();
        people.truncate(WATCH_PRESENCE_MAX);
        if people.is_empty() {
            return Vec::new();
        }
        let present: Vec<PresenceOf> = people.into_iter().map(|user| self.of(user)).collect();
        if !self.joined.contains(&session) {
            return present;
        }
        self.watched.extend(present.iter().map(|one| (one.user, session)));
        let watcher = Watcher {
            viewer,
            people: present.iter().map(|&told| Watched { told, moved: false }).collect(),
            told_ms: now_ms,
            retell_ms: now_ms + RETELL_MS,
        };
        self.watchers_due.set(session, watcher.retell_ms);
        self.watchers.insert(session, watcher);
        present
    }

    /// A session watches nobody any more.
    pub fn unwatch(&mut self, session: SessionId) {
        self.watchers_due.clear(&session);
        for one in self.watchers.remove(&session).into_iter().flat_map(|w| w.people) {
            self.watched.remove(&(one.told.user, session));
        }
    }

    /// Another node says so of one of its people. What this node said itself must not be handed in.
    pub fn heard(&mut self, node: u64, user: UserId, state: PresenceState, last_seen_ms: Option<u64>, now_ms: u64) {
        let before = self.of(user);
        let key = (user, node);
        if state == PresenceState::Offline {
            self.remote.remove(&key);
            self.remote_due.clear(&key);
            if let Some(last_seen_ms) = last_seen_ms {
                self.gone.note(user, last_seen_ms);
            }
        } else if self.remote.len() < REMOTE_PEOPLE_MAX || self.remote.contains_key(&key) {
            self.remote.insert(key, Heard { state, at_ms: now_ms });
            self.remote_due.set(key, now_ms + PRESENCE_TTL_MS);
        }
        if self.of(user) != before {
            self.mark(user, now_ms);
        }
    }

    /// How somebody is there.
    #[must_use]
    pub fn of(&self, user: UserId) -> PresenceOf {
        let state = self.state(user);
        let last_seen_ms = match state {
            PresenceState::Offline => self.gone.last_seen_ms(user),
            PresenceState::Online | PresenceState::Away => None,
        };
        PresenceOf {
            user,
            state,
            last_seen_ms,
        }
    }

    /// Time passed. `unix_ms` is the wall's reading of `now_ms`. States end only here, so between two ticks nothing
    /// changes by itself.
    pub fn tick(&mut self, now_ms: u64, unix_ms: u64) -> Actions {
        let mut actions = Actions::default();
        while let Some(user) = self.people_due.pop(now_ms) {
            self.step_person(user, now_ms, unix_ms, &mut actions);
        }
        while let Some((user, node)) = self.remote_due.pop(now_ms) {
            // The node fell silent: they were there when it last said so.
            if let Some(heard) = self.remote.remove(&(user, node)) {
                self.gone.note(user, unix_ms.saturating_sub(now_ms - heard.at_ms));
                self.mark(user, now_ms);
            }
        }
        while let Some(session) = self.watchers_due.pop(now_ms) {
            self.step_watcher(session, now_ms, &mut actions);
        }
        actions
    }

    /// How many people are there by this node's own sessions.
    #[must_use]
    pub fn people_here(&self) -> usize {
        self.people.len()
    }

    /// Panics unless both sides of every index say the same.
    #[cfg(test)]
    pub(crate) fn check_invariants(&self) {
        for (session, watcher) in &self.watchers {
            let people: Vec<UserId> = watcher.people.iter().map(|one| one.told.user).collect();
            assert!(people.is_sorted_by(|a, b| a < b) && !people.is_empty() && people.len() <= WATCH_PRESENCE_MAX);
            assert!(people.iter().all(|user| self.watched.contains(&(*user, *session))));
            assert!(self.joined.contains(session), "only who is here watches");
        }
        let both: usize = self.watchers.values().map(|watcher| watcher.people.len()).sum();
        assert_eq!(
            self.watched.len(),
            both,
            "nobody is watched by a session that does not watch"
        );
        assert!(
            self.watchers.keys().copied().eq(self.watchers_due.check()),
            "each watcher is due some time"
        );
        assert!(
            self.people.keys().copied().eq(self.people_due.check()),
            "each person is due some time"
        );
        assert!(
            self.remote.keys().copied().eq(self.remote_due.check()),
            "each hint runs out some time"
        );
        assert!(self.remote.len() <= REMOTE_PEOPLE_MAX);
        for person in self.people.values() {
            assert!(person.state() != PresenceState::Offline, "who is not there is not kept");
            assert!(person.sessions.iter().all(|(session, _)| self.joined.contains(session)));
        }
        self.gone.check();
    }

    fn vanish(&mut self, user: UserId, session: SessionId, now_ms: u64) {
        let until_ms = now_ms + self.grace_ms;
        let Some(person) = self.people.get_mut(&user) else {
            return;
        };
        let Some(index) = person.sessions.iter().position(|(one, _)| *one == session) else {
            return;
        };
        let (_, state) = person.sessions.swap_remove(index);
        person.lingers[usize::from(state == PresenceState::Away)] = Some(until_ms);
        person.left_ms = now_ms;
        self.people_due.bring_forward(user, until_ms);
    }

    /// The best of what every session, here and elsewhere, shows.
    fn state(&self, user: UserId) -> PresenceState {
        let here = self.people.get(&user).map(Person::state);
        let elsewhere = self
            .remote
            .range((user, 0)..=(user, u64::MAX))
            .map(|(_, heard)| heard.state);
        elsewhere.chain(here).fold(PresenceState::Offline, best)
    }

    /// Somebody's sessions here changed.
    fn moved(&mut self, user: UserId, before: PresenceState, now_ms: u64) {
        if let Some(person) = self.people.get(&user)
            && let Some(at_ms) = person.publish_due_ms()
        {
            self.people_due.bring_forward(user, at_ms.max(now_ms));
        }
        if self.state(user) != before {
            self.mark(user, now_ms);
        }
    }

    /// Everybody who watches somebody is to be told, in good time.
    fn mark(&mut self, user: UserId, now_ms: u64) {
        let least = SessionId::from_bytes([0; 16]);
        for (_, session) in self.watched.range((user, least)..).take_while(|(one, _)| *one == user) {
            let watcher = self
                .watchers
                .get_mut(session)
                .expect("both sides name the same sessions");
            if let Ok(index) = watcher.people.binary_search_by_key(&user, |one| one.told.user) {
                watcher.people[index].moved = true;
                let at_ms = now_ms.max(watcher.told_ms + TELL_INTERVAL_MS);
                self.watchers_due.bring_forward(*session, at_ms);
            }
        }
    }

    fn step_person(&mut self, user: UserId, now_ms: u64, unix_ms: u64, actions: &mut Actions) {
        let before = self.state(user);
        let Some(person) = self.people.get_mut(&user) else {
            return;
        };
        for linger in &mut person.lingers {
            *linger = linger.filter(|until_ms| *until_ms > now_ms);
        }
        let state = person.state();
        if state == PresenceState::Offline {
            let last_seen_ms = unix_ms.saturating_sub(now_ms - person.left_ms);
            if person.published.is_some() {
                actions.publish.push(PresenceOf {
                    user,
                    state,
                    last_seen_ms: Some(last_seen_ms),
                });
            }
            actions.seen.push((user, last_seen_ms));
            self.people.remove(&user);
            self.gone.note(user, last_seen_ms);
            return self.mark(user, now_ms);
        }
        if person.publish_due_ms().is_some_and(|at_ms| at_ms <= now_ms) {
            person.published = Some((state, now_ms));
            actions.publish.push(PresenceOf {
                user,
                state,
                last_seen_ms: None,
            });
        }
        let next = person
            .lingers
            .into_iter()
            .chain([person.publish_due_ms()])
            .flatten()
            .min();
        self.people_due
            .set(user, next.expect("it is published again some time"));
        if self.state(user) != before {
            self.mark(user, now_ms);
        }
    }

    fn step_watcher(&mut self, session: SessionId, now_ms: u64, actions: &mut Actions) {
        let Some(mut watcher) = self.watchers.remove(&session) else {
            return;
        };
        let all = watcher.retell_ms <= now_ms;
        let mut list = Vec::new();
        for one in &mut watcher.people {
            if std::mem::take(&mut one.moved) || all {
                let present = self.of(one.told.user);
                if all || present != one.told {
                    one.told = present;
                    list.push(present);
                }
            }
        }
        if all {
            watcher.retell_ms = now_ms + RETELL_MS;
        }
        if !list.is_empty() {
            watcher.told_ms = now_ms;
            actions.tell.push(Tell {
                session,
                viewer: watcher.viewer,
                list,
            });
        }
        let next = watcher.retell_ms.max(watcher.told_ms + TELL_INTERVAL_MS);
        self.watchers_due.set(session, next);
        self.watchers.insert(session, watcher);
    }
}

impl Person {
    fn state(&self) -> PresenceState {
        let lingering = [PresenceState::Online, PresenceState::Away];
        let lingering = lingering
            .into_iter()
            .zip(self.lingers)
            .filter_map(|(state, until)| until.map(|_| state));
        let shown = self.sessions.iter().map(|(_, state)| *state);
        shown.chain(lingering).fold(PresenceState::Offline, best)
    }

    /// When other nodes are to be told next; `None`: there is nothing to tell.
    fn publish_due_ms(&self) -> Option<u64> {
        match self.published {
            None => Some(0),
            Some((state, at_ms)) if state == self.state() => Some(at_ms + REPUBLISH_MS),
            Some((_, at_ms)) => Some(at_ms + TELL_INTERVAL_MS),
        }
    }
}

/// Of two ways to be there at once, the one that counts.
fn best(one: PresenceState, other: PresenceState) -> PresenceState {
    let rank = |state| match state {
        PresenceState::Online => 2,
        PresenceState::Away => 1,
        PresenceState::Offline => 0,
    };
    if rank(other) > rank(one) { other } else { one }
}

#[cfg(test)]
mod tests;
