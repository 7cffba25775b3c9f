//! One record of a history in words: who, and what, with short names.

use super::inbox::compared;
use super::names::{self, Names};
use crate::history::{Hidden, Logged, Phase, Record, Seen, What};
use protocol::{ConversationId, SendId, Seq};
use std::collections::{BTreeMap, BTreeSet};

/// So many entries are named one by one; more only as stretches, and those that the story is about.
const NAMED_MAX: usize = 6;
/// So many stretches of seqs are told.
const STRETCHES_MAX: usize = 6;

/// What a story is about, so that its records need not say it again and long lists show what matters of them.
#[derive(Default)]
pub(super) struct Focus {
    /// Where it plays; a record of this conversation does not name it.
    conv: Option<ConversationId>,
    /// The sends it is about.
    sends: BTreeSet<SendId>,
    /// A send has two bodies, or a body two sends: bodies are told too.
    bodies: bool,
}

impl Focus {
    /// What these records are about.
    pub(super) fn of(conv: Option<ConversationId>, slice: &[Record]) -> Self {
        let mut sends = BTreeSet::new();
        let (mut bodies_of, mut sends_of) = (BTreeMap::new(), BTreeMap::new());
        let mut bodies = false;
        let mut pair = |send_id: SendId, digest: u64| {
            bodies |= *bodies_of.entry(send_id).or_insert(digest) != digest;
            bodies |= *sends_of.entry(digest).or_insert(send_id) != send_id;
        };
        for record in slice {
            match &record.what {
                What::Invoke { send_id, digest, .. } => {
                    sends.insert(*send_id);
                    if let Some(digest) = digest {
                        pair(*send_id, *digest);
                    }
                }
                What::Ok { send_id, .. } | What::Fail { send_id, .. } | What::Unknown { send_id, .. } => {
                    sends.insert(*send_id);
                }
                What::Log { entries, .. } => entries.iter().for_each(|entry| pair(entry.send_id, entry.digest)),
                what => seen(what).iter().for_each(|entry| pair(entry.send_id, entry.digest)),
            }
        }
        Self { conv, sends, bodies }
    }

    /// ` in 284da767`, unless that is where the story plays.
    fn place(&self, conv: ConversationId) -> String {
        if self.conv == Some(conv) {
            return String::new();
        }
        format!(" in {}", names::conv(conv))
    }

    fn entry(&self, entry: &Seen) -> String {
        let body = if self.bodies {
            format!(" body {}", names::digest(entry.digest))
        } else {
            String::new()
        };
        format!("#{} {}{body}", entry.seq, names::send(entry.send_id))
    }

    /// Few entries one by one; many as stretches of seqs, and those it is about by name.
    fn entries(&self, entries: &[Seen]) -> String {
        if entries.is_empty() {
            return "nothing".to_owned();
        }
        let named = |entries: Vec<&Seen>| entries.iter().map(|e| self.entry(e)).collect::<Vec<_>>().join(", ");
        if entries.len() <= NAMED_MAX {
            return named(entries.iter().collect());
        }
        let all = stretches(entries.iter().map(|entry| entry.seq));
        let about: Vec<&Seen> = entries
            .iter()
            .filter(|entry| self.sends.contains(&entry.send_id))
            .collect();
        if about.is_empty() {
            return all;
        }
        format!(
            "{all}; among them {}",
            named(about.into_iter().take(NAMED_MAX).collect())
        )
    }
}

/// The entries that a device is told by a record.
pub(super) fn seen(what: &What) -> &[Seen] {
    match what {
        What::Shown { entries, .. }
        | What::Pulled { entries, .. }
        | What::Final { entries, .. }
        | What::Holds { entries, .. } => entries,
        What::Heard { entry, .. } => std::slice::from_ref(entry),
        _ => &[],
    }
}

/// `#1 to #11, #13 to #40 (39 entries)`: each stretch rises by one.
fn stretches(seqs: impl Iterator<Item = Seq>) -> String {
    let mut found: Vec<(Seq, Seq)> = Vec::new();
    let mut count = 0;
    for seq in seqs {
        count += 1;
        match found.last_mut() {
            Some((_, last)) if last.next() == seq => *last = seq,
            _ => found.push((seq, seq)),
        }
    }
    let told = found.iter().take(STRETCHES_MAX).map(|(from, to)| match from == to {
        true => format!("#{from}"),
        false => format!("#{from} to #{to}"),
    });
    let told: Vec<String> = told.collect();
    let more = if found.len() > told.len() { ", …" } else { "" };
    format!("{}{more} ({} entries)", told.join(", "), names::counted(count))
}

/// What happened, without when and to whom.
pub(super) fn say(what: &What, names: &Names, focus: &Focus) -> String {
    match what {
        What::Run { .. }
        | What::Device { .. }
        | What::Fault { .. }
        | What::Healed
        | What::Lineage { .. }
        | What::Sample { .. }
        | What::Counted { .. } => run(what),
        What::Invoke { .. }
        | What::Ok { .. }
        | What::Fail { .. }
        | What::Unknown { .. }
        | What::Forgets
        | What::Read { .. }
        | What::ReadsAll
        | What::HasReadAll
        | What::MarkUnread { .. }
        | What::Drafted { .. } => asked(what, focus),
        What::Blocking { .. }
        | What::Blocked { .. }
        | What::Hiding { .. }
        | What::Hides { .. }
        | What::Requested { .. }
        | What::TakesUp { .. } => shunned(what, names, focus),
        What::Linked { .. }
        | What::Revoking { .. }
        | What::Revoked { .. }
        | What::Joins { .. }
        | What::LetIn { .. }
        | What::MustWait { .. } => linked(what, focus),
        What::Final { .. }
        | What::Holds { .. }
        | What::Bodies { .. }
        | What::Snapshot { .. }
        | What::Myself { .. }
        | What::Draft { .. }
        | What::Log { .. } => end(what, names, focus),
        what => told(what, names, focus),
    }
}

/// The run's own records.
fn run(what: &What) -> String {
    match what {
        What::Run {
            seed,
            name,
            people,
            nodes,
            mutant,
        } => {
            let mutant = mutant
                .as_ref()
                .map(|mutant| format!(", mutant {mutant}"))
                .unwrap_or_default();
            format!("{name}: seed {seed}, {people} people, {nodes} nodes{mutant}")
        }
        What::Device { slow, .. } => format!("is there{}", if *slow { ", and slow by plan" } else { "" }),
        What::Fault { kind, target, phase } => {
            let phase = match phase {
                Phase::Start => "begins",
                Phase::Stop => "is over",
                Phase::Once => "happens",
            };
            format!("{kind} {target} {phase}")
        }
        What::Healed => "all faults are over".to_owned(),
        What::Lineage { number, .. } => format!("lineage {number} from here on"),
        What::Sample {
            node,
            rss_kib,
            fds,
            waiting,
        } => {
            let (rss, waiting) = (names::counted(*rss_kib), names::counted(*waiting));
            format!("node {node} uses {rss} KiB and {fds} descriptors, {waiting} wait in its queues")
        }
        What::Counted { name, count } => format!("{name}: {}", names::counted(*count)),
        _ => String::new(),
    }
}

/// What a device asks for, and what becomes of it.
fn asked(what: &What, focus: &Focus) -> String {
    match what {
        What::Invoke {
            send_id,
            conv,
            verb,
            digest,
            target,
            ..
        } => {
            let body = digest
                .filter(|_| focus.bodies)
                .map(|digest| format!(" body {}", names::digest(digest)));
            let (id, place) = (names::send(*send_id), focus.place(*conv));
            let target = target.map_or_else(String::new, |target| format!(" of #{target}"));
            format!("asks: {verb} {id}{target}{}{place}", body.unwrap_or_default())
        }
        What::Ok { send_id, conv, seq } => {
            format!(
                "acknowledged: {} is #{seq}{}",
                names::send(*send_id),
                focus.place(*conv)
            )
        }
        What::Fail { send_id, conv, code } => {
            format!("refused: {} with {code}{}", names::send(*send_id), focus.place(*conv))
        }
        What::Unknown { send_id, conv } => {
            format!(
                "unknown: the answer to {} was cut off{}",
                names::send(*send_id),
                focus.place(*conv)
            )
        }
        What::Forgets => "forgets what it was not answered".to_owned(),
        What::Read { conv, seq } => format!("reads up to #{seq}{}", focus.place(*conv)),
        What::ReadsAll => "reads everything".to_owned(),
        What::HasReadAll => "has read everything".to_owned(),
        What::MarkUnread { conv, seq } => format!("marks as unread what is above #{seq}{}", focus.place(*conv)),
        What::Drafted { conv, text, over } => {
            let over = over.map_or_else(String::new, |over| format!(" over {}", names::digest(over)));
            format!("begins to write {}{over}{}", names::digest(*text), focus.place(*conv))
        }
        _ => String::new(),
    }
}

/// What people decide about each other.
fn shunned(what: &What, names: &Names, focus: &Focus) -> String {
    let does = |on: bool, does: &str, ends: &str| if on { does.to_owned() } else { ends.to_owned() };
    match what {
        What::Blocking { user, on } => format!("{} {}", does(*on, "blocks", "unblocks"), names.person(*user)),
        What::Blocked { user, on } => format!(
            "{} {}",
            does(*on, "now blocks", "blocks no longer"),
            names.person(*user)
        ),
        What::Hiding { what, on } => format!("{} {}", does(*on, "hides", "shows again"), hidden(*what)),
        What::Hides { what, on } => format!("{} {}", does(*on, "now hides", "hides no longer"), hidden(*what)),
        What::Requested { conv } => format!("is asked by a stranger{}", focus.place(*conv)),
        What::TakesUp { conv } => format!("takes the request up{}", focus.place(*conv)),
        _ => String::new(),
    }
}

/// What somebody tells nobody.
fn hidden(what: Hidden) -> &'static str {
    match what {
        Hidden::Presence => "that they are there",
        Hidden::Receipts => "how far they have read",
    }
}

/// What becomes of links.
fn linked(what: &What, focus: &Focus) -> String {
    let (says, conv) = match what {
        What::Linked { conv, link, uses } => (
            format!("has made the link {} for {uses} uses", names::send(*link)),
            conv,
        ),
        What::Revoking { conv, link } => (format!("voids the link {}", names::send(*link)), conv),
        What::Revoked { conv, link } => (format!("has voided the link {}", names::send(*link)), conv),
        What::Joins { conv, link, send_id } => (
            format!("joins by the link {}: {}", names::send(*link), names::send(*send_id)),
            conv,
        ),
        What::LetIn { conv, send_id } => (format!("is in by {}", names::send(*send_id)), conv),
        What::MustWait { conv, send_id } => (format!("has to be let in after {}", names::send(*send_id)), conv),
        _ => return String::new(),
    };
    says + &focus.place(*conv)
}

/// What a device is told.
fn told(what: &What, names: &Names, focus: &Focus) -> String {
    match what {
        What::Connected { .. } => "has a session".to_owned(),
        What::Disconnected => "has no session".to_owned(),
        What::Shown { conv, entries } => format!("is shown {}{}", focus.entries(entries), focus.place(*conv)),
        What::Skipped { conv, from, to } => {
            format!("skips #{from} to #{to}, a hole too wide to fill{}", focus.place(*conv))
        }
        What::Resynced => "starts anew: another lineage".to_owned(),
        What::EventsLost => "was too slow for its events: what is shown is read anew".to_owned(),
        What::Stopped { why } => format!("ends for good: {why}"),
        What::Heard { conv, entry } => format!("hears {}{}", focus.entry(entry), focus.place(*conv)),
        What::ToldBehind { conv: None } => "is told that it is behind everywhere".to_owned(),
        What::ToldBehind { conv: Some(conv) } => format!("is told that it is behind{}", focus.place(*conv)),
        What::Pulled {
            conv,
            from,
            to,
            entries,
        } => {
            format!(
                "pulls #{from} to #{to}: {}{}",
                focus.entries(entries),
                focus.place(*conv)
            )
        }
        What::SawCursor {
            conv,
            user,
            delivered,
            read,
        } => {
            let (who, place) = (names.person(*user), focus.place(*conv));
            format!("sees {who}'s cursors: delivered #{delivered}, read #{read}{place}")
        }
        What::SawTyping { conv, user } => format!("sees {} type{}", names.person(*user), focus.place(*conv)),
        What::SawPresence { user, state } => {
            format!("sees {} {}", names.person(*user), format!("{state:?}").to_lowercase())
        }
        _ => String::new(),
    }
}

/// What is compared in calm moments and at the end.
fn end(what: &What, names: &Names, focus: &Focus) -> String {
    match what {
        What::Final { conv, entries } => format!("reads at the end {}{}", focus.entries(entries), focus.place(*conv)),
        What::Holds { conv, entries } => format!("holds at the end {}{}", focus.entries(entries), focus.place(*conv)),
        What::Bodies { conv, seq, bodies } => {
            let all: Vec<String> = bodies.iter().map(|body| names::digest(*body)).collect();
            let all = if all.is_empty() {
                "nothing".to_owned()
            } else {
                all.join(" ")
            };
            format!(
                "is told that #{seq} said, the latest first: {all}{}",
                focus.place(*conv)
            )
        }
        What::Snapshot { held, fresh } => compared(held, fresh),
        What::Myself { held, fresh } if held == fresh => "holds the privacy and the blocks that are so".to_owned(),
        What::Myself { .. } => "holds another privacy, or other blocks, than are so".to_owned(),
        What::Draft { conv, now, kept } => {
            let now = now.map_or_else(|| "nothing".to_owned(), names::digest);
            let kept: Vec<String> = kept.iter().map(|text| names::digest(*text)).collect();
            format!("has begun {now}, kept beside: {}{}", kept.join(" "), focus.place(*conv))
        }
        What::Log { lineage, conv, entries } => {
            let place = focus.place(*conv);
            format!(
                "the log{place}, lineage {lineage}, holds {}",
                logged(entries, names, focus)
            )
        }
        _ => String::new(),
    }
}

/// The log's entries: few with their authors, many as stretches.
fn logged(entries: &[Logged], names: &Names, focus: &Focus) -> String {
    let seen = |entry: &Logged| Seen::new(entry.seq, entry.send_id, entry.digest);
    if entries.len() > NAMED_MAX {
        return focus.entries(&entries.iter().map(seen).collect::<Vec<_>>());
    }
    let who = |users: &[protocol::UserId]| {
        users
            .iter()
            .map(|user| names.person(*user))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let told = entries.iter().map(|entry| {
        let mut text = format!(
            "{} {} by {}",
            focus.entry(&seen(entry)),
            entry.kind,
            names.person(entry.sender)
        );
        if let Some(change) = &entry.change {
            text.push_str(&format!(" of #{}", change.target));
        }
        for (word, users) in [("comes", &entry.comes), ("goes", &entry.goes)] {
            if !users.is_empty() {
                text.push_str(&format!(", {word}: {}", who(users)));
            }
        }
        text
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        "nothing".to_owned()
    } else {
        told.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn every_record_in_words() {
        let history = sample::one_of_each();
        let (names, focus) = (Names::of(&history), Focus::default());
        let lines = history.iter().map(|record| {
            let words = say(&record.what, &names, &focus);
            assert!(!words.is_empty(), "{record:?} says nothing");
            format!("{:<10} {words}", names.device(record.device))
        });
        insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn a_long_list_is_told_as_stretches_with_what_it_is_about() {
        let entries: Vec<Seen> = (1..=40)
            .filter(|seq| *seq != 12)
            .map(|seq| sample::seen(seq, seq))
            .collect();
        let mut focus = Focus::default();
        assert_eq!(focus.entries(&entries), "#1 to #11, #13 to #40 (39 entries)");
        focus.sends = [sample::send_id(30)].into();
        assert_eq!(
            focus.entries(&entries),
            "#1 to #11, #13 to #40 (39 entries); among them #30 0000001e"
        );
        assert_eq!(focus.entries(&entries[..2]), "#1 00000001, #2 00000002");
    }

    #[test]
    fn bodies_are_told_when_one_stands_under_two_names() {
        let told = |send: u64| Record {
            at_us: 0,
            device: Some(1),
            what: What::Heard {
                conv: sample::conv(),
                entry: Seen {
                    digest: 7 << 32,
                    ..sample::seen(send, send)
                },
            },
        };
        let say = |slice: &[Record]| say(&slice[0].what, &Names::of(&[]), &Focus::of(Some(sample::conv()), slice));
        assert_eq!(say(&[told(1)]), "hears #1 00000001");
        assert_eq!(say(&[told(1), told(2)]), "hears #1 00000001 body 00000007");
    }
}
