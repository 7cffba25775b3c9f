//! I20, changes: an entry is what the changes in its log made of it. Each reader sees it as those changes that they may
//! read made it, a deletion counts for all, and after a deletion no answer has anything of it. What somebody may not
//! read they are not told by a change either: that is I9.

use super::Rule;
use super::case::{Asked, Case, Told};
use super::found::{Found, Spot};
use super::log::Log;
use super::who::Who;
use crate::history::{DeviceKind, Digest, Logged, NO_BODY, Present, Seen, What, digest};
use protocol::entry::Reaction;
use protocol::{ConversationId, Kind, SendId, Seq, UserId};
use std::collections::{BTreeMap, BTreeSet};

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    for (conv, log) in case.last_logs() {
        for entry in log.dump {
            in_log(case, (conv, log), entry, found);
        }
    }
    acknowledged(case, found);
    read(case, found);
    leaks(case, found);
}

/// What changes made of an entry.
struct Made {
    /// `None`: nobody wrote down what it says.
    body: Option<Digest>,
    state: Option<Digest>,
}

/// What the changes that somebody knows of made of an entry.
fn fold(case: &Case<'_>, log: &Log<'_>, entry: &Logged, knows: impl Fn(&Logged) -> bool) -> Made {
    let wrote = |send_id: SendId| case.invokes.get(&send_id).and_then(|asked| asked.digest);
    // An edit says nothing itself: the words stand in what was edited.
    let own = if Kind::of(&entry.kind) == Kind::Edit {
        Some(digest(NO_BODY))
    } else {
        wrote(entry.send_id)
    };
    let (mut body, mut present) = (own, Present::default());
    let mut reactions: BTreeMap<&str, BTreeSet<UserId>> = BTreeMap::new();
    for change in log.changes(entry.seq) {
        let Some(what) = change.change.as_ref().filter(|_| knows(change)) else {
            continue;
        };
        match Kind::of(&change.kind) {
            // For good.
            Kind::Delete => {
                let deleted_by = Some(change.sender);
                let gone = Present {
                    deleted_by,
                    ..Present::default()
                };
                return Made {
                    body: Some(digest(NO_BODY)),
                    state: gone.digest(),
                };
            }
            Kind::Edit => {
                body = wrote(change.send_id);
                present.edited = Some(change.seq);
            }
            Kind::React if what.on => drop(reactions.entry(&what.emoji).or_default().insert(change.sender)),
            Kind::React => {
                let users = reactions.get_mut(what.emoji.as_str());
                users.map(|users| users.remove(&change.sender));
            }
            Kind::Pin => present.pinned = what.on,
            _ => {}
        }
    }
    let some = reactions.into_iter().filter(|(_, users)| !users.is_empty());
    present.reactions = some
        .map(|(emoji, users)| Reaction {
            emoji: emoji.to_owned(),
            users: users.into_iter().collect(),
        })
        .collect();
    Made {
        body,
        state: present.digest(),
    }
}

impl Made {
    /// What is wrong about how somebody sees it.
    fn differs(&self, says: Digest, state: Option<Digest>) -> Option<&'static str> {
        if self.body.is_some_and(|body| body != says) {
            return Some("says something else than its changes made it say");
        }
        (self.state != state).then_some("is edited, deleted, pinned or reacted to otherwise than its changes made it")
    }
}

/// The log itself, and who may change what.
fn in_log(case: &Case<'_>, (conv, log): (ConversationId, &Log<'_>), entry: &Logged, found: &mut Found<'_, '_>) {
    let spot = || Spot::at(log.at).place(conv, entry.seq).of(entry.send_id);
    if let Some(wrong) = fold(case, log, entry, |_| true).differs(entry.digest, entry.state) {
        found.wrong(Rule::I20, spot(), || {
            format!("changed: {} of {conv} {wrong}", entry.seq)
        });
    }
    let mut deleted = None;
    for change in log.changes(entry.seq) {
        let kind = Kind::of(&change.kind);
        let wrong = if deleted.is_some() {
            "changed after it was deleted"
        } else if kind == Kind::Edit && change.sender != entry.sender {
            "edited by another than its author"
        } else {
            deleted = (kind == Kind::Delete).then_some(change.seq);
            continue;
        };
        found.wrong(Rule::I20, spot().of(change.send_id), || {
            format!("changed: {} of {conv} was {wrong}, by {}", entry.seq, change.seq)
        });
    }
}

/// What was acknowledged changed what it was to change; also if that had been deleted already.
fn acknowledged(case: &Case<'_>, found: &mut Found<'_, '_>) {
    for (send_id, asked) in &case.invokes {
        let Some(target) = asked.target else { continue };
        let (Some((answer, _)), Some(log)) = (
            case.acked(*send_id, case.last_lineage()),
            case.log(asked.conv, case.last_lineage()),
        ) else {
            continue;
        };
        let (conv, spot) = (asked.conv, || Spot::at(answer.at).and([log.at]).of(*send_id));
        // It may have come back at another place, after a backup was restored.
        let target = asked
            .target_name
            .map_or(Some(target), |name| Some(log.named(name)?.seq));
        let Some(target) = target else { continue };
        let changed = log
            .named(*send_id)
            .map(|entry| entry.change.as_ref().map(|change| change.target));
        if changed.is_some_and(|changed| changed != Some(target)) {
            found.wrong(Rule::I20, spot().place(conv, target), || {
                format!("changed: {send_id} was to change {target} of {conv} and changed something else")
            });
        }
        let mut changes = log.changes(target).iter();
        let gone = changes.any(|change| is_deletion(change));
        if asked.verb == "delete" && !gone {
            found.wrong(Rule::I20, spot().place(conv, target), || {
                format!(
                    "not deleted: {} was told that {target} of {conv} is deleted, and it is there",
                    case.name(asked.device)
                )
            });
        }
    }
}

/// What everybody reads and holds at the end, and the bodies that the server still tells.
fn read(case: &Case<'_>, found: &mut Found<'_, '_>) {
    for (at, record) in case.history.iter().enumerate() {
        let Some((device, who)) = record
            .device
            .and_then(|device| Some((device, case.devices.get(&device)?)))
        else {
            continue;
        };
        match &record.what {
            What::Final { conv, entries } | What::Holds { conv, entries }
                if who.keeps_up() || who.kind == DeviceKind::Fresh =>
            {
                let Some(log) = case.log(*conv, case.last_lineage()) else {
                    continue;
                };
                for seen in entries {
                    if let Some(wrong) = misread(case, log, who, seen, record.at_us) {
                        let does = if matches!(record.what, What::Final { .. }) {
                            "reads"
                        } else {
                            "holds"
                        };
                        let spot = Spot::at(at).and([log.at]).place(*conv, seen.seq).of(seen.send_id);
                        found.wrong(Rule::I20, spot, || {
                            let name = case.name(device);
                            format!(
                                "changed: what {name} {does} at the end as {} of {conv} {wrong}",
                                seen.seq
                            )
                        });
                    }
                }
            }
            What::Bodies { conv, seq, bodies } => bodies_told(case, at, (*conv, *seq), (who.user, bodies), found),
            _ => {}
        }
    }
}

fn misread(case: &Case<'_>, log: &Log<'_>, who: &Who<'_>, seen: &Seen, at_us: u64) -> Option<&'static str> {
    // Another entry in its place is disagreement, and one that is not theirs a leak.
    let entry = log.entry(seen.seq).filter(|entry| entry.send_id == seen.send_id)?;
    let may_read = |change: &Logged| log.may_read(who.user, change.seq);
    let made = fold(case, log, entry, |change| is_deletion(change) || may_read(change));
    let wrong = made.differs(seen.digest, seen.state)?;
    // Nobody tells a device that was sent away before of a deletion; it goes on showing what it keeps until it asks.
    let kept = fold(case, log, entry, may_read);
    if who.kind == DeviceKind::Client && kept.differs(seen.digest, seen.state).is_none() {
        return None;
    }
    // It was changed after this was read, and before the log was dumped.
    let later = |change: &&Logged| {
        let acked = case.acked(change.send_id, case.last_lineage());
        acked.is_none_or(|(answer, _)| answer.at_us >= at_us)
    };
    (!log.changes(seen.seq).iter().any(later)).then_some(wrong)
}

fn is_deletion(change: &Logged) -> bool {
    Kind::of(&change.kind) == Kind::Delete
}

fn bodies_told(
    case: &Case<'_>,
    at: usize,
    (conv, seq): (ConversationId, Seq),
    (user, bodies): (UserId, &[Digest]),
    found: &mut Found<'_, '_>,
) {
    let Some(log) = case.log(conv, case.last_lineage()) else {
        return;
    };
    let Some(entry) = log.entry(seq) else { return };
    let of_kind = |kind: Kind| {
        let changes = log.changes(seq).iter();
        changes.filter(move |change| Kind::of(&change.kind) == kind && log.may_read(user, change.seq))
    };
    let gone = log
        .changes(seq)
        .iter()
        .any(|change| Kind::of(&change.kind) == Kind::Delete);
    let spot = Spot::at(at).and([log.at]).place(conv, seq).of(entry.send_id);
    if gone {
        if !bodies.is_empty() {
            found.wrong(Rule::I20, spot, || {
                let count = bodies.len();
                format!("not gone: {seq} of {conv} was deleted, and its history has {count} of its bodies")
            });
        }
        return;
    }
    let wrote = |send_id: SendId| case.invokes.get(&send_id).and_then(|asked| asked.digest);
    let mut wanted = vec![wrote(entry.send_id)];
    wanted.extend(of_kind(Kind::Edit).map(|edit| wrote(edit.send_id)));
    wanted.reverse();
    let is_it = |(wanted, told): (&Option<Digest>, &Digest)| wanted.is_none_or(|wanted| wanted == *told);
    if wanted.len() != bodies.len() || !wanted.iter().zip(bodies).all(is_it) {
        found.wrong(Rule::I20, spot, || {
            let (had, told) = (wanted.len(), bodies.len());
            format!("changed: {seq} of {conv} had {had} bodies, and its history tells {told} or others")
        });
    }
}

/// Nobody learns by a change what they may not read: not the new body of an entry outside of their stays, and not a
/// body that an edit outside of their stays gave to one inside.
fn leaks(case: &Case<'_>, found: &mut Found<'_, '_>) {
    let edits = case.invokes.iter().filter(|(_, asked)| asked.verb == "edit");
    let edits: BTreeMap<Digest, (SendId, &Asked<'_>)> = edits
        .filter_map(|(send_id, asked)| Some((asked.digest?, (*send_id, asked))))
        .collect();
    for told in case.told() {
        let Some(log) = case.log(told.conv, told.lineage) else {
            continue;
        };
        for seen in told.entries {
            if let Some(wrong) = leaked(&told, log, seen, &edits) {
                let spot = Spot::at(told.at)
                    .and([log.at])
                    .place(told.conv, seen.seq)
                    .of(seen.send_id);
                found.wrong(Rule::I9, spot, || {
                    let (name, conv, seq) = (case.name(told.device), told.conv, seen.seq);
                    format!("leaked: {name} was told with {seq} of {conv} {wrong}")
                });
            }
        }
    }
}

fn leaked(
    told: &Told<'_>,
    log: &Log<'_>,
    seen: &Seen,
    edits: &BTreeMap<Digest, (SendId, &Asked<'_>)>,
) -> Option<&'static str> {
    let target = || log.entry(seen.seq)?.change.as_ref().map(|change| change.target);
    if seen.now.is_some() && target().is_some_and(|target| !log.may_read(told.user, target)) {
        return Some("what an entry says that is outside of their stays");
    }
    let (edit, asked) = edits.get(&seen.digest)?;
    let edit = log.named(*edit).filter(|_| asked.conv == told.conv)?;
    (!log.may_read(told.user, edit.seq)).then_some("the words of an edit that is outside of their stays")
}
