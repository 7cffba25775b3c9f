//! Presence as a model that remembers everything and looks at it afresh each time.

use super::{Event, GRACE_MS, SESSIONS, USERS, WALL_MS, owner, session, user};
use crate::presence::*;

/// What is true, kept the simple way.
#[derive(Default)]
pub(super) struct Model {
    pub(super) here: BTreeMap<u8, Show>,
    /// Whoever left: whose session it was, how it showed, when it left.
    left: Vec<(u8, PresenceState, u64)>,
    heard: BTreeMap<(u64, u8), (PresenceState, u64)>,
    last_seen: BTreeMap<u8, u64>,
    /// What each watcher was told of each person, and when last anything at all, and when last everything.
    pub(super) watching: BTreeMap<u8, Watching>,
}

pub(super) struct Watching {
    told: BTreeMap<UserId, (PresenceOf, u64)>,
    told_ms: u64,
    pub(super) all_ms: u64,
}

impl Model {
    fn visible_left(&mut self, n: u8, now_ms: u64) {
        if let Some(show) = self.here.get(&n).filter(|show| **show != Show::Invisible) {
            self.left.push((owner(n), (*show).into(), now_ms));
        }
    }

    pub(super) fn apply(&mut self, now_ms: u64, event: &Event) {
        match *event {
            Event::Join(n, show) => {
                self.here.insert(n, show);
            }
            Event::Show(n, show) if self.here.contains_key(&n) => {
                if show == Show::Invisible {
                    self.visible_left(n, now_ms);
                }
                self.here.insert(n, show);
            }
            Event::Leave(n) => {
                self.visible_left(n, now_ms);
                self.here.remove(&n);
                self.watching.remove(&n);
            }
            Event::Heard(node, who, state) => {
                if state == PresenceState::Offline {
                    self.heard.remove(&(node, who));
                    self.seen(who, now_ms);
                } else {
                    self.heard.insert((node, who), (state, now_ms));
                }
            }
            Event::Show(..) | Event::Watch(..) | Event::Tick => {}
        }
    }

    fn seen(&mut self, who: u8, now_ms: u64) {
        let known = self.last_seen.entry(who).or_default();
        *known = (*known).max(WALL_MS + now_ms);
    }

    /// Forgets what ran out; whoever is not there any more was seen when they last left.
    pub(super) fn tick(&mut self, now_ms: u64) {
        for who in 0..USERS {
            let was_here = self.state_here(who) != PresenceState::Offline;
            let last = self
                .left
                .iter()
                .filter(|(one, ..)| *one == who)
                .map(|(.., at_ms)| *at_ms)
                .max();
            self.left
                .retain(|(one, _, at_ms)| *one != who || at_ms + GRACE_MS > now_ms);
            if was_here && self.state_here(who) == PresenceState::Offline {
                self.seen(who, last.expect("they left"));
            }
        }
        let out: Vec<_> = self
            .heard
            .iter()
            .filter(|(_, (_, at_ms))| at_ms + PRESENCE_TTL_MS <= now_ms)
            .collect();
        let out: Vec<_> = out.into_iter().map(|(key, (_, at_ms))| (*key, *at_ms)).collect();
        for (key, at_ms) in out {
            self.heard.remove(&key);
            self.seen(key.1, at_ms);
        }
    }

    fn state_here(&self, who: u8) -> PresenceState {
        let shown = self
            .here
            .iter()
            .filter(|(n, _)| owner(**n) == who)
            .map(|(_, show)| PresenceState::from(*show));
        let left = self
            .left
            .iter()
            .filter(|(one, ..)| *one == who)
            .map(|(_, state, _)| *state);
        shown.chain(left).fold(PresenceState::Offline, best)
    }

    pub(super) fn of(&self, who: u8) -> PresenceOf {
        let heard = self
            .heard
            .iter()
            .filter(|((_, one), _)| *one == who)
            .map(|(_, (state, _))| *state);
        let state = heard.fold(self.state_here(who), best);
        let last_seen_ms = self
            .last_seen
            .get(&who)
            .copied()
            .filter(|_| state == PresenceState::Offline);
        PresenceOf {
            user: user(who),
            state,
            last_seen_ms,
        }
    }

    pub(super) fn watch(&mut self, n: u8, answer: &[PresenceOf], now_ms: u64) {
        self.watching.remove(&n);
        if self.here.contains_key(&n) && !answer.is_empty() {
            let told = answer.iter().map(|one| (one.user, (*one, now_ms))).collect();
            self.watching.insert(
                n,
                Watching {
                    told,
                    told_ms: now_ms,
                    all_ms: now_ms,
                },
            );
        }
    }

    /// Checks one told frame and notes it.
    pub(super) fn told(&mut self, tell: &Tell, now_ms: u64, at: &str) {
        let n = (0..SESSIONS).find(|n| session(*n) == tell.session).expect("a session");
        assert_eq!(tell.viewer, user(owner(n)), "{at}");
        let present: BTreeMap<UserId, PresenceOf> = (0..USERS).map(|who| (user(who), self.of(who))).collect();
        let watching = self
            .watching
            .get_mut(&n)
            .unwrap_or_else(|| panic!("told without watching, {at}"));
        assert!(
            watching.told_ms + TELL_INTERVAL_MS <= now_ms,
            "told twice within a second, {at}"
        );
        assert!(
            !tell.list.is_empty() && tell.list.is_sorted_by(|a, b| a.user < b.user),
            "{at}"
        );
        let all = watching.all_ms + RETELL_MS <= now_ms;
        for one in &tell.list {
            let (known, _) = watching
                .told
                .get(&one.user)
                .unwrap_or_else(|| panic!("told of a stranger, {at}"));
            assert_eq!(one, &present[&one.user], "told what is not so, {at}");
            assert!(all || one != known, "told again what was known, {at}");
            watching.told.insert(one.user, (*one, now_ms));
        }
        watching.told_ms = now_ms;
        if all {
            assert_eq!(tell.list.len(), watching.told.len(), "{at}");
            watching.all_ms = now_ms;
        }
    }

    /// After a tick, whoever may be told knows everything, and nothing that they know runs out.
    pub(super) fn check_told(&self, now_ms: u64, tick_ms: u64, at: &str) {
        for watching in self.watching.values() {
            for who in (0..USERS).filter(|who| watching.told.contains_key(&user(*who))) {
                let (known, at_ms) = watching.told[&user(who)];
                assert!(
                    known == self.of(who) || watching.told_ms + TELL_INTERVAL_MS > now_ms,
                    "not told: {known:?} is {:?}, {at}",
                    self.of(who)
                );
                assert!(
                    now_ms < at_ms + PRESENCE_TTL_MS / 2 + TELL_INTERVAL_MS + tick_ms,
                    "ran out, {at}"
                );
            }
        }
    }
}
