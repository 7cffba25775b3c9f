//! Presence, by random plans against a model that remembers everything and looks at it afresh each time.

mod model;

use super::*;
use model::Model;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const GRACE_MS: u64 = 5_000;
/// Wall minus monotonic time.
const WALL_MS: u64 = 1_700_000_000_000;
const USERS: u8 = 5;
const SESSIONS: u8 = 11;

fn user(n: u8) -> UserId {
    UserId::from_random([n; 16])
}

fn session(n: u8) -> SessionId {
    SessionId::from_random([n; 16])
}

/// Whose session it is: some have several.
fn owner(session: u8) -> u8 {
    session % USERS
}

#[derive(Clone, Debug)]
enum Event {
    Join(u8, Show),
    Show(u8, Show),
    Leave(u8),
    Watch(u8, Vec<u8>),
    Heard(u64, u8, PresenceState),
    Tick,
}

fn some_show(chance: &mut StdRng) -> Show {
    [Show::Online, Show::Away, Show::Invisible][chance.random_range(0..3)]
}

/// Events and their times: sessions join before they do anything else, and time only moves forward.
fn plan(chance: &mut StdRng, with_hints: bool) -> Vec<(u64, Event)> {
    let mut here = [false; SESSIONS as usize];
    let mut now_ms = 100_000;
    let mut plan = Vec::new();
    for _ in 0..chance.random_range(20..250) {
        now_ms += match chance.random_range(0..10) {
            0..6 => chance.random_range(0..400),
            6..9 => chance.random_range(0..3_000),
            _ => chance.random_range(0..60_000),
        };
        let n = chance.random_range(0..SESSIONS);
        let is_here = &mut here[usize::from(n)];
        let event = match chance.random_range(0..10) {
            0..4 if !*is_here => {
                *is_here = true;
                Event::Join(n, some_show(chance))
            }
            0..2 => Event::Show(n, some_show(chance)),
            2..4 => {
                *is_here = false;
                Event::Leave(n)
            }
            4..6 => Event::Watch(n, (0..USERS).filter(|_| chance.random_bool(0.5)).collect()),
            6 if with_hints => {
                let state = [PresenceState::Online, PresenceState::Away, PresenceState::Offline];
                Event::Heard(
                    chance.random_range(1..3),
                    chance.random_range(0..USERS),
                    state[chance.random_range(0..3)],
                )
            }
            _ => Event::Tick,
        };
        plan.push((now_ms, event));
    }
    for _ in 0..30 {
        now_ms += 400;
        plan.push((now_ms, Event::Tick));
    }
    plan
}

fn apply(presence: &mut Presence, now_ms: u64, event: &Event) -> (Vec<PresenceOf>, Actions) {
    let (mut answer, mut actions) = (Vec::new(), Actions::default());
    match event.clone() {
        Event::Join(n, show) => presence.join(user(owner(n)), session(n), show, now_ms),
        Event::Show(n, show) => presence.show(user(owner(n)), session(n), show, now_ms),
        Event::Leave(n) => presence.leave(user(owner(n)), session(n), now_ms),
        Event::Watch(n, people) => {
            let people = people.into_iter().map(user).collect();
            answer = presence.watch(session(n), user(owner(n)), people, now_ms);
        }
        Event::Heard(node, who, state) => {
            let last_seen_ms = (state == PresenceState::Offline).then_some(WALL_MS + now_ms);
            presence.heard(node, user(who), state, last_seen_ms, now_ms);
        }
        Event::Tick => actions = presence.tick(now_ms, WALL_MS + now_ms),
    }
    presence.check_invariants();
    (answer, actions)
}

/// PRS1, PRS2: by random plans, exactly those who watch are told, exactly what is so, at most once a second, nothing
/// twice but before it runs out, and nobody hears of a gap that was shorter than the grace.
#[test]
fn prs1_watchers_and_nobody_else_are_told_what_is_so() {
    let (mut tells, mut retells, mut answers) = (0, 0, 0);
    for seed in 0..400 {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut presence = Presence::new(GRACE_MS);
        let mut model = Model::default();
        let mut ticked_ms = 100_000;
        for (step, (now_ms, event)) in plan(&mut chance, true).into_iter().enumerate() {
            let at = format!("seed {seed} step {step} at {now_ms} {event:?}");
            let (answer, actions) = apply(&mut presence, now_ms, &event);
            model.apply(now_ms, &event);
            if let Event::Watch(n, people) = &event {
                let expected: Vec<PresenceOf> = people.iter().map(|who| model.of(*who)).collect();
                assert_eq!(answer, expected, "{at}");
                model.watch(*n, &answer, now_ms);
                answers += answer.len();
            }
            if matches!(event, Event::Tick) {
                model.tick(now_ms);
                for tell in &actions.tell {
                    let all_ms = model.watching.values().map(|watching| watching.all_ms).sum::<u64>();
                    model.told(tell, now_ms, &at);
                    let moved = all_ms != model.watching.values().map(|watching| watching.all_ms).sum::<u64>();
                    retells += u32::from(moved);
                    tells += 1;
                }
                model.check_told(now_ms, now_ms - ticked_ms, &at);
                ticked_ms = now_ms;
            }
        }
    }
    assert!(
        tells > 2_000 && retells > 100 && answers > 1_000,
        "hard: {tells} tells, {retells} again, {answers} answers"
    );
}

/// PRS2: a person who comes and goes, always back within the grace, is told to nobody; once they stay away, once.
#[test]
fn prs2_reconnects_within_the_grace_tell_nobody() {
    for seed in 0..200 {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut presence = Presence::new(GRACE_MS);
        let mut now_ms = 0;
        presence.join(user(0), session(0), Show::Online, now_ms);
        presence.join(user(1), session(1), Show::Online, now_ms);
        presence.watch(session(1), user(1), vec![user(0)], now_ms);
        let _ = presence.tick(now_ms, WALL_MS);
        let mut left_ms = 0;
        while now_ms < RETELL_MS - 3 * GRACE_MS {
            now_ms += chance.random_range(0..2_000);
            left_ms = now_ms;
            presence.leave(user(0), session(0), now_ms);
            for _ in 0..chance.random_range(0..3) {
                now_ms += chance.random_range(0..GRACE_MS / 3);
                let actions = presence.tick(now_ms, WALL_MS + now_ms);
                assert_eq!((actions.tell, actions.seen), (Vec::new(), Vec::new()), "seed {seed}");
                let gone = |one: &PresenceOf| one.state == PresenceState::Offline;
                assert!(!actions.publish.iter().any(gone), "other nodes neither, seed {seed}");
            }
            presence.join(user(0), session(0), Show::Online, now_ms);
        }
        left_ms = left_ms.max(now_ms);
        presence.leave(user(0), session(0), left_ms);
        let early = presence.tick(left_ms + GRACE_MS - 1, WALL_MS + left_ms + GRACE_MS - 1);
        assert_eq!((early.tell, early.seen), (Vec::new(), Vec::new()), "seed {seed}");
        let late = presence.tick(left_ms + GRACE_MS, WALL_MS + left_ms + GRACE_MS);
        let last_seen_ms = Some(WALL_MS + left_ms);
        let gone = PresenceOf {
            user: user(0),
            state: PresenceState::Offline,
            last_seen_ms,
        };
        assert_eq!(
            late.tell,
            vec![Tell {
                session: session(1),
                viewer: user(1),
                list: vec![gone]
            }],
            "seed {seed}"
        );
        assert_eq!(late.publish, vec![gone], "seed {seed}");
        assert_eq!(late.seen, vec![(user(0), WALL_MS + left_ms)], "seed {seed}");
    }
}

/// The same plan where one person is not connected wherever they are invisible.
fn without_invisible(plan: &[(u64, Event)], who: u8) -> Vec<(u64, Event)> {
    let mut visible = BTreeSet::new();
    let mut out = Vec::new();
    for (now_ms, event) in plan {
        let event = match event {
            Event::Join(n, show) | Event::Show(n, show) if owner(*n) == who => {
                if *show == Show::Invisible {
                    visible.remove(n).then_some(Event::Leave(*n))
                } else if visible.insert(*n) {
                    Some(Event::Join(*n, *show))
                } else {
                    Some(Event::Show(*n, *show))
                }
            }
            Event::Leave(n) if owner(*n) == who => visible.remove(n).then_some(Event::Leave(*n)),
            other => Some(other.clone()),
        };
        out.extend(event.map(|event| (*now_ms, event)));
    }
    out
}

/// Everything that leaves the node, with its time, but for what a person's own sessions are told.
fn trace(plan: &[(u64, Event)], but_to: u8) -> Vec<(u64, Vec<PresenceOf>, Actions)> {
    let mut presence = Presence::new(GRACE_MS);
    let mut trace = Vec::new();
    for (now_ms, event) in plan {
        let (answer, mut actions) = apply(&mut presence, *now_ms, event);
        actions.tell.retain(|tell| tell.viewer != user(but_to));
        let own = matches!(event, Event::Watch(n, _) if owner(*n) == but_to);
        if (!answer.is_empty() && !own) || actions != Actions::default() {
            trace.push((*now_ms, answer, actions));
        }
    }
    trace
}

/// PRS3: of two plans that differ only in whether somebody is invisible or not connected, every frame to everybody
/// else, every hint to other nodes and every time that is kept is the same, at the same moment.
#[test]
fn prs3_invisible_is_offline_to_the_last_frame() {
    let (mut frames, mut differed) = (0, 0);
    for seed in 0..600 {
        let mut chance = StdRng::seed_from_u64(seed);
        let plan = drop_unjoined(plan(&mut chance, true));
        let who = chance.random_range(0..USERS);
        let other = without_invisible(&plan, who);
        differed += u32::from(plan.len() != other.len());
        let (one, other) = (trace(&plan, who), trace(&other, who));
        assert_eq!(one, other, "seed {seed}");
        frames += one.len();
    }
    assert!(
        differed > 300 && frames > 5_000,
        "hard: {differed} plans differed, {frames} frames"
    );
}

/// Leaves out what is asked for sessions that are not here: it does nothing, and would begin a session in the other
/// plan.
fn drop_unjoined(plan: Vec<(u64, Event)>) -> Vec<(u64, Event)> {
    let mut here = BTreeSet::new();
    let keep = |(_, event): &(u64, Event)| match event {
        Event::Join(n, _) => here.insert(*n),
        Event::Leave(n) => here.remove(n),
        Event::Show(n, _) => here.contains(n),
        Event::Watch(..) | Event::Heard(..) | Event::Tick => true,
    };
    let mut keep = keep;
    plan.into_iter().filter(|event| keep(event)).collect()
}

/// PRS1: two nodes over a bus that loses, doubles and delays agree on everybody once it has been quiet, and a node that
/// falls silent takes its people with it.
#[test]
fn prs1_nodes_agree_in_the_end() {
    for seed in 0..150 {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut nodes = [Presence::new(GRACE_MS), Presence::new(GRACE_MS)];
        let mut model = Model::default();
        let mut bus: Vec<(u64, usize, PresenceOf)> = Vec::new();
        let mut now_ms = 0;
        for step in 0..520 {
            now_ms += 250;
            let n = chance.random_range(0..SESSIONS);
            let busy = step < 150 && chance.random_bool(0.4);
            let here = model.here.contains_key(&n);
            let event = match chance.random_range(0..3) {
                _ if !busy => None,
                0 if here => Some(Event::Leave(n)),
                _ if here => Some(Event::Show(n, some_show(&mut chance))),
                _ => Some(Event::Join(n, some_show(&mut chance))),
            };
            if let Some(event) = event {
                // Odd sessions are on one node, even ones on the other.
                apply(&mut nodes[usize::from(n % 2)], now_ms, &event);
                model.apply(now_ms, &event);
            }
            model.tick(now_ms);
            for (node, one) in nodes.iter_mut().enumerate() {
                for hint in one.tick(now_ms, WALL_MS + now_ms).publish {
                    let times = if step < 150 {
                        [0, 1, 1, 2][chance.random_range(0..4)]
                    } else {
                        1
                    };
                    bus.extend((0..times).map(|_| (now_ms + chance.random_range(0..2_000), 1 - node, hint)));
                }
            }
            for (_, to, hint) in bus.extract_if(.., |(at_ms, ..)| *at_ms <= now_ms) {
                nodes[to].heard(1 - to as u64, hint.user, hint.state, hint.last_seen_ms, now_ms);
                nodes[to].check_invariants();
            }
        }
        for who in 0..USERS {
            for node in &nodes {
                assert_eq!(node.of(user(who)).state, model.of(who).state, "seed {seed}");
            }
        }
        let silent_ms = now_ms + PRESENCE_TTL_MS;
        let _ = nodes[0].tick(silent_ms, WALL_MS + silent_ms);
        for who in 0..USERS {
            let shown = model.here.iter().filter(|(n, _)| owner(**n) == who && **n % 2 == 0);
            let own = shown.fold(PresenceState::Offline, |state, (_, show)| best(state, (*show).into()));
            assert_eq!(
                nodes[0].of(user(who)).state,
                own,
                "the other node fell silent, seed {seed}"
            );
        }
    }
}

/// PRS1: what is said for a session that has left leaves nothing behind, and what is remembered is bounded.
#[test]
fn prs1_late_words_and_floods_leave_nothing_behind() {
    let mut presence = Presence::new(GRACE_MS);
    presence.join(user(0), session(0), Show::Online, 0);
    presence.leave(user(0), session(0), 1);
    presence.show(user(0), session(0), Show::Online, 2);
    assert_eq!(
        presence.watch(session(0), user(0), vec![user(1)], 3).len(),
        1,
        "answered"
    );
    let _ = presence.tick(GRACE_MS + 10, WALL_MS);
    assert_eq!(
        (presence.people_here(), presence.watchers.len(), presence.watched.len()),
        (0, 0, 0)
    );
    presence.join(user(0), session(0), Show::Online, 0);
    let crowd: Vec<UserId> = (0..300_u128).map(|n| UserId::from_bytes(n.to_be_bytes())).collect();
    assert_eq!(presence.watch(session(0), user(0), crowd, 0).len(), WATCH_PRESENCE_MAX);
    for n in 0..REMOTE_PEOPLE_MAX as u128 + 100 {
        presence.heard(1, UserId::from_bytes(n.to_be_bytes()), PresenceState::Online, None, 0);
    }
    assert_eq!(presence.remote.len(), REMOTE_PEOPLE_MAX);
    for n in 0..gone::GONE_PEOPLE_MAX as u128 + 100 {
        presence.heard(
            1,
            UserId::from_bytes(n.to_be_bytes()),
            PresenceState::Offline,
            Some(n as u64),
            0,
        );
    }
    presence.check_invariants();
}
