//! Plans in the pretended world, written down for the other ends that speak the same words: each input with its time,
//! what the core did, and where it stood at the end. `web/tests/sync/vectors.test.ts` replays them.
//!
//! `web/tests/sync/vectors.json` is made here; this test fails when it is stale. `UPDATE_DOCS=1` writes it.

use super::plans::{bad, one_thing, something_own};
use super::world::*;
use super::*;
use crate::log::Log;
use crate::outbox::Phase;
use crate::own::Wish;
use protocol::{Entry, Seq};
use serde_json::{Value, json};
use std::path::PathBuf;

const PLANS: u64 = 24;
const THINGS: usize = 36;
/// The file stays small enough to be read in a review, in bytes.
const FILE_BYTES_MAX: usize = 1_000_000;

/// What happened to a core, in order: `[when, input, what it did, when it wants to be woken, its chance]`.
#[derive(Default)]
pub struct Tape(Vec<Value>);

impl Tape {
    pub fn step(&mut self, now_ms: u64, input: &Input, actions: &[Action], core: &Core) {
        let done: Vec<Value> = actions.iter().map(did).collect();
        let mut step = vec![json!(now_ms), said(input), json!(done), json!(core.wake_at(now_ms))];
        let chance = actions.iter().find_map(|action| match action {
            Action::Event(Event::Offline { retry_in_ms }) => Some(*retry_in_ms),
            // A beat that falls on the moment of the greeting has been said by now, and the next is a whole one away.
            Action::Event(Event::Online { .. }) => core.link_wake_at().map(|at| (at - now_ms) % BEAT_MS),
            _ => None,
        });
        step.extend(chance.map(|chance| json!(chance)));
        self.0.push(json!(step));
    }

    pub fn restarted(&mut self, now_ms: u64) {
        self.0.push(json!([now_ms, "restart"]));
    }
}

fn said(input: &Input) -> Value {
    match input {
        Input::Connected => json!("connected"),
        Input::Tick => json!("tick"),
        Input::Disconnected(code) => json!({ "disconnected": code }),
        Input::Frame(re, frame) => json!({ "frame": parsed(&frame.encode(*re)) }),
        Input::Command(Ticket(ticket), command) => json!({ "ticket": ticket, "command": asked(command) }),
    }
}

fn asked(command: &Command) -> Value {
    match command {
        Command::Write(verb) => json!({ "command": "write", "verb": parsed(&verb.frame().encode(None)) }),
        Command::Own(wish) => json!({ "command": "own", "wish": wished(wish) }),
        Command::Read(conv, seq) => json!({ "command": "read", "conv": conv, "seq": seq }),
        Command::MarkUnread(conv, seq) => json!({ "command": "mark_unread", "conv": conv, "seq": seq }),
        Command::Open(conv) => json!({ "command": "open", "conv": conv }),
        Command::Close(conv) => json!({ "command": "close", "conv": conv }),
        Command::Typing(conv) => json!({ "command": "typing", "conv": conv }),
        Command::Dismiss(send_id) => json!({ "command": "dismiss", "send_id": send_id }),
        Command::Hurry => json!({ "command": "hurry" }),
        Command::Page { conv, place, limit } => {
            let place = match place {
                Place::Before(seq) => json!({ "at": "before", "seq": seq }),
                Place::After(seq) => json!({ "at": "after", "seq": seq }),
                Place::Around(seq) => json!({ "at": "around", "seq": seq }),
                Place::Range(from, to, since) => json!({ "at": "range", "from": from, "to": to, "since": since }),
            };
            json!({ "command": "page", "conv": conv, "place": place, "limit": limit })
        }
        other => panic!("not asked in these plans: {other:?}"),
    }
}

fn wished(wish: &Wish) -> Value {
    parsed(&wish.frame().encode(None))
}

fn did(action: &Action) -> Value {
    match action {
        Action::Connect => json!("connect"),
        Action::Close => json!("close"),
        Action::Send(id, frame) => parsed(&frame.encode(*id)),
        Action::Persist(change) => {
            let kept = serde_json::to_value(change).expect("JSON");
            let name = kept.as_object().and_then(|fields| fields.keys().next().cloned());
            json!(format!("keep {}", name.expect("a change has a name")))
        }
        Action::Event(event) => json!(format!("tell {}", told(event))),
        Action::Reply(Ticket(ticket), reply) => json!(format!("reply {ticket} {}", replied(reply))),
    }
}

fn told(event: &Event) -> String {
    let seqs = |entries: &[Entry]| words(entries.iter().map(|entry| entry.seq));
    match event {
        Event::Online { user } => format!("online {user}"),
        Event::CaughtUp => "caught up".into(),
        Event::Offline { retry_in_ms } => format!("offline {retry_in_ms}"),
        Event::Resynced => "resynced".into(),
        Event::Inbox { convs } => format!("inbox {}", words(convs)),
        Event::Grown { conv, entries } => format!("grown {conv} {}", seqs(entries)),
        Event::Skipped { conv, from, to } => format!("skipped {conv} {from} {to}"),
        Event::Changed { conv } => format!("changed {conv}"),
        Event::Acked { send_id, conv, seq } => format!("acked {send_id} {conv} {seq}"),
        Event::Failed { send_id, conv, refusal } => format!("failed {send_id} {conv} {}", refusal.code),
        Event::Own { convs } => format!("own {}", words(convs)),
        Event::OwnRefused { conv, refusal } => format!("own refused {conv} {}", refusal.code),
        Event::Cursors { conv } => format!("cursors {conv}"),
        other => panic!("not told in these plans: {other:?}"),
    }
}

fn replied(reply: &Reply) -> String {
    match reply {
        Reply::Done => "done".into(),
        Reply::Queued(send_id) => format!("queued {send_id}"),
        Reply::Page(page) => {
            let entries = words(page.entries.iter().map(|entry| entry.seq));
            format!("page {} {} {} {} {entries}", page.from, page.to, page.more, page.fresh)
        }
        Reply::No(No::Refused(refusal)) => format!("no {}", refusal.code),
        Reply::No(No::OutboxFull) => "no full".into(),
        Reply::No(No::Busy) => "no busy".into(),
        other => panic!("not replied in these plans: {other:?}"),
    }
}

fn words<T: ToString>(of: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = of.into_iter().map(|one| one.to_string()).collect();
    words.join(" ")
}

fn parsed(source: &str) -> Value {
    serde_json::from_str(source).expect("JSON")
}

/// Where a device stands.
fn stand(state: &State) -> Value {
    let mine = |mine: &crate::cursors::Mine| json!([mine.delivered, mine.read, mine.generation]);
    let logs = state
        .logs
        .iter()
        .map(|(conv, log)| json!([conv, log_stand(log), state.unread(*conv)]));
    let outbox = state.outbox.waiting().map(|item| {
        let phase = match &item.phase {
            Phase::Waiting { not_before_ms } => format!("waiting {not_before_ms}"),
            Phase::UnderWay => "under way".into(),
            Phase::Failed(refusal) => format!("failed {}", refusal.code),
        };
        json!([item.send_id, item.conv, item.bytes, phase])
    });
    let cursors = state.cursors.wanted();
    let about = |about: &About| match about {
        About::Prefs(conv) => format!("prefs {conv}"),
        About::Mark(conv, seq) => format!("mark {conv} {seq}"),
        About::Draft(conv) => format!("draft {conv}"),
        About::Follow(conv, seq) => format!("follow {conv} {seq}"),
        About::ThreadRead(conv, seq) => format!("thread_read {conv} {seq}"),
    };
    let wishes = state.own.kept_wishes();
    json!({
        "epoch": state.epoch,
        "ver": state.inbox.ver(),
        "rows": state.inbox.kept().chain(state.own.kept_rows()).collect::<Vec<_>>(),
        "logs": logs.collect::<Vec<_>>(),
        "outbox": outbox.collect::<Vec<_>>(),
        "acked": state.outbox.lately().map(|(item, ack)| json!([item.send_id, ack.seq])).collect::<Vec<_>>(),
        "cursors": cursors.map(|(conv, want, ok)| json!([conv, mine(&want), mine(&ok)])).collect::<Vec<_>>(),
        "wishes": wishes.map(|(of, wishes)| {
            json!([about(&of), wishes.first.as_ref().map(wished), wishes.then.as_ref().map(wished)])
        }).collect::<Vec<_>>(),
    })
}

fn log_stand(log: &Log) -> Value {
    let ranges = log.ranges().iter().map(|r| json!([r.from, r.to, r.as_of]));
    let entries = log.kept().flat_map(|held| held.items).map(|entry| {
        let mut line = format!("{} {} {}", entry.seq, entry.kind, entry.body.get());
        for (name, value) in [
            ("rev", json!(entry.rev)),
            ("edited", json!(entry.edited)),
            ("deleted_by", json!(entry.deleted_by)),
            ("pinned", json!(entry.pinned.then_some(true))),
            (
                "reactions",
                json!((!entry.reactions.is_empty()).then_some(&entry.reactions)),
            ),
        ] {
            if !value.is_null() {
                line += &format!(" {name} {value}");
            }
        }
        line
    });
    json!({
        "epoch": log.epoch(),
        "head": [json!(log.head().0), json!(log.head().1)],
        "ranges": ranges.collect::<Vec<_>>(),
        "entries": entries.collect::<Vec<_>>(),
    })
}

/// What these plans do beside what the others do.
fn another_thing(world: &mut World) {
    let n = world.chance.random_range(1..=4);
    let some_seq = Seq(world.chance.random_range(1..40));
    let place = match world.chance.random_range(0..3) {
        0 => Place::Before(some_seq),
        1 => Place::After(some_seq),
        _ => Place::Range(some_seq, Seq(some_seq.0 + 5), None),
    };
    let command = match world.chance.random_range(0..10) {
        0 => Command::Close(conv(n)),
        1 => Command::MarkUnread(conv(n), Seq(world.chance.random_range(0..3))),
        2 => Command::Typing(conv(n)),
        3 => match world.queued.last() {
            Some(&last) => Command::Dismiss(last),
            None => Command::Hurry,
        },
        4 => return (0..5).for_each(|_| world.write(n, "in haste")),
        5..8 => return (0..4).for_each(|_| something_own(world)),
        _ => Command::Page {
            conv: conv(n),
            place,
            limit: 6,
        },
    };
    world.command(command);
}

fn plan(seed: u64) -> Value {
    let follow = [Follow::Lively, Follow::Everything, Follow::Open][(seed % 3) as usize];
    let bounds = Bounds {
        tail_entries: 6,
        gap_fill_entries_max: 20,
        log_entries_max: 30,
        logs_max: 4,
        outbox_entries_max: 3,
        acked_entries_max: 6,
        ..Bounds::default()
    };
    let mut world = World::new(seed, follow, bounds);
    world.bad = bad(&mut world);
    world.tape = Some(Tape::default());
    let mut backup = None;
    for n in 0..THINGS {
        if world.chance.random_bool(0.3) {
            another_thing(&mut world);
        } else {
            one_thing(&mut world);
        }
        let ms = world.chance.random_range(0..400);
        world.pass(ms);
        if world.chance.random_bool(0.03) {
            world.restart();
        }
        if seed.is_multiple_of(4) && n == 12 {
            backup = Some(world.server.clone());
        }
        if let Some(backup) = backup.take_if(|_| n == 28) {
            world.restore(backup);
        }
    }
    let Tape(steps) = world.tape.take().expect("given above");
    let follow = match follow {
        Follow::Open => "open",
        Follow::Lively => "lively",
        Follow::Everything => "everything",
    };
    json!({ "follow": follow, "steps": steps, "stand": stand(world.core.state()), "kept": stand(&world.kept) })
}

/// The text with each UUID as `~n~`, and the UUIDs.
fn with_ids_aside(text: &str) -> (String, Vec<String>) {
    let is_uuid = |part: &str| {
        part.len() == 36
            && part.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
            })
    };
    let (mut out, mut ids, mut rest) = (String::new(), Vec::<String>::new(), text);
    while let Some(next) = rest.chars().next() {
        match rest.get(..36).filter(|part| is_uuid(part)) {
            Some(id) => {
                let known = ids.iter().position(|known| known == id);
                let number = known.unwrap_or_else(|| {
                    ids.push(id.to_owned());
                    ids.len() - 1
                });
                out += &format!("~{number}~");
                rest = &rest[36..];
            }
            None => {
                out.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    (out, ids)
}

#[test]
fn other_ends_do_the_same() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../web/tests/sync/vectors.json");
    let plans: Vec<String> = (0..PLANS).map(|seed| plan(seed).to_string()).collect();
    let (plans, ids) = with_ids_aside(&plans.join(",\n"));
    let wanted = format!("{{\"me\":\"{ME}\",\"ids\":{},\"plans\":[\n{plans}\n]}}\n", json!(ids));
    assert!(wanted.len() < FILE_BYTES_MAX, "{} bytes", wanted.len());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("web/tests/sync can be written to");
    }
    let there = std::fs::read_to_string(&path).expect("web/tests/sync/vectors.json can be read");
    assert!(
        there == wanted,
        "web/tests/sync/vectors.json is stale; UPDATE_DOCS=1 cargo test -p client vectors"
    );
}
