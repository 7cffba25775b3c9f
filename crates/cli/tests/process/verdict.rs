//! What happened, compared with the log: pure, so that it can be tried on histories that are known to be bad.

use protocol::entry::{Added, Created, Removed};
use protocol::{ConversationId, Entry, Kind, SendId, Seq, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// What one device was told.
#[derive(Clone, Debug, Default)]
pub struct Device {
    pub name: String,
    pub user: Option<UserId>,
    /// Changes that were handed to the client and are durable there.
    pub handed: BTreeSet<SendId>,
    /// Changes that were acknowledged, and where.
    pub acked: Vec<(SendId, ConversationId, Seq)>,
    /// Changes that were refused for good.
    pub failed: Vec<SendId>,
    /// Entries that were shown as following one another, in the order in which they were shown.
    pub shown: Vec<(ConversationId, Seq, SendId)>,
}

/// The logs at the end, whole.
pub type Logs = BTreeMap<ConversationId, Vec<Entry>>;

/// Everything that is wrong, in words; empty: nothing is.
pub fn judge(devices: &[Device], logs: &Logs) -> Vec<String> {
    let mut wrong = Vec::new();
    for (conv, log) in logs {
        log_is_whole(*conv, log, &mut wrong);
    }
    let mut kept: BTreeMap<(ConversationId, SendId), Seq> = BTreeMap::new();
    let mut names: BTreeSet<SendId> = BTreeSet::new();
    for (conv, entry) in logs
        .iter()
        .flat_map(|(conv, log)| log.iter().map(move |entry| (conv, entry)))
    {
        names.insert(entry.send_id);
        if let Some(first) = kept.insert((*conv, entry.send_id), entry.seq) {
            wrong.push(format!(
                "doubled: {} stands at {first} and {} of {conv}",
                entry.send_id, entry.seq
            ));
        }
    }
    for device in devices {
        acks_hold(device, &kept, &mut wrong);
        nothing_is_owed(device, &names, &mut wrong);
        shown_is_the_log(device, logs, &mut wrong);
    }
    wrong
}

fn log_is_whole(conv: ConversationId, log: &[Entry], wrong: &mut Vec<String>) {
    for (at, entry) in (1..).zip(log) {
        if entry.seq != Seq(at) {
            wrong.push(format!("gap: {conv} has {} where {at} belongs", entry.seq));
            return;
        }
    }
    for pair in log.windows(2) {
        if pair[1].created_ms < pair[0].created_ms || pair[1].id <= pair[0].id {
            wrong.push(format!("time runs back: {conv} at {}", pair[1].seq));
        }
    }
}

fn acks_hold(device: &Device, kept: &BTreeMap<(ConversationId, SendId), Seq>, wrong: &mut Vec<String>) {
    for (send_id, conv, seq) in &device.acked {
        match kept.get(&(*conv, *send_id)) {
            None => wrong.push(format!("lost: {} was told that {send_id} is {conv} {seq}", device.name)),
            Some(at) if at != seq => {
                wrong.push(format!(
                    "moved: {} was told {seq} for {send_id}, it is at {at}",
                    device.name
                ));
            }
            Some(_) => {}
        }
    }
}

fn nothing_is_owed(device: &Device, names: &BTreeSet<SendId>, wrong: &mut Vec<String>) {
    let failed: BTreeSet<_> = device.failed.iter().collect();
    for send_id in device
        .handed
        .iter()
        .filter(|send_id| !names.contains(send_id) && !failed.contains(send_id))
    {
        wrong.push(format!("never arrived: {send_id} of {}", device.name));
    }
}

/// What a device showed as following one another does, is in the log just there, is its person's to read, and reaches
/// the last entry that they may read.
fn shown_is_the_log(device: &Device, logs: &Logs, wrong: &mut Vec<String>) {
    let Some(user) = device.user else { return };
    let mut last: BTreeMap<ConversationId, Seq> = BTreeMap::new();
    for (conv, seq, send_id) in &device.shown {
        let Some(log) = logs.get(conv) else {
            wrong.push(format!("invented: {} showed {conv}", device.name));
            continue;
        };
        let spans = spans(log, user);
        let before = last.insert(*conv, *seq);
        if let Some(before) = before.filter(|before| next_readable(&spans, *before) != Some(*seq)) {
            wrong.push(format!(
                "out of order: {} showed {seq} of {conv} after {before}",
                device.name
            ));
        }
        match log.get(usize::try_from(seq.0).expect("small") - 1) {
            Some(entry) if entry.send_id == *send_id => {}
            _ => wrong.push(format!("another: {} showed {send_id} at {conv} {seq}", device.name)),
        }
        if !spans.iter().any(|(from, to)| from <= seq && seq <= to) {
            wrong.push(format!("leaked: {} showed {conv} {seq}", device.name));
        }
    }
    for (conv, log) in logs {
        let end = spans(log, user).last().map(|(_, to)| *to);
        if end.is_some() && last.get(conv).copied() != end {
            wrong.push(format!(
                "behind: {} shows {conv} up to {:?} of {end:?}",
                device.name,
                last.get(conv)
            ));
        }
    }
}

fn next_readable(spans: &[(Seq, Seq)], after: Seq) -> Option<Seq> {
    spans
        .iter()
        .filter(|(_, to)| *to > after)
        .map(|(from, _)| (*from).max(after.next()))
        .next()
}

/// What somebody may read of a log, by the log itself.
fn spans(log: &[Entry], user: UserId) -> Vec<(Seq, Seq)> {
    let head = log.last().map_or(Seq::ZERO, |entry| entry.seq);
    let mut spans: Vec<(Seq, Seq)> = Vec::new();
    let mut open = false;
    for entry in log {
        let body = entry.body.get();
        let comes = match entry.kind {
            Kind::Created => serde_json::from_str::<Created>(body)
                .expect("created")
                .members
                .contains(&user),
            Kind::Added => serde_json::from_str::<Added>(body)
                .expect("added")
                .users
                .contains(&user),
            _ => false,
        };
        let goes = match entry.kind {
            Kind::Removed => serde_json::from_str::<Removed>(body).expect("removed").user == user,
            Kind::Left => entry.sender == user,
            _ => false,
        };
        if comes && !open {
            spans.push((entry.seq, head));
            open = true;
        } else if goes && open {
            spans.last_mut().expect("open").1 = entry.seq;
            open = false;
        }
    }
    spans
}
