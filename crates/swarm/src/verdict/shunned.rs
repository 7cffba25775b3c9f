//! I19: between two people of whom one blocks the other nothing passes, and nothing in a 1:1 that is not taken up: no
//! presence, no typing, no receipt; and no message between people of whom one blocks the other. Who tells nobody that
//! they are there, or how far they have read, is told of nobody, and nobody of them.
//!
//! A block, and a privacy, counts from when it was acknowledged until anybody asks to undo it; where the outcome of
//! such an asking is unknown, until nobody knows when. What was on its way when it was acknowledged is no fault: so
//! what is told counts only over a connection that was begun after it, or, where nothing was broken, a good while after
//! it. Receipts of groups are told from what a node remembers, which may be a beat old: only those of 1:1s count here.

use super::Rule;
use super::case::Case;
use super::found::{Found, Spot};
use super::wills::{Said, Wills};
use crate::history::{Device, DeviceKind, Hidden, What};
use protocol::server_frame::PresenceState;
use protocol::{ConversationId, Seq, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// After so long nothing is on its way any more where nothing is broken, in microseconds.
const ON_THE_WAY_US: u64 = 5_000_000;

/// What somebody was told of another.
struct Told<'a> {
    at: usize,
    device: Device,
    viewer: UserId,
    about: UserId,
    what: &'a str,
    /// Whoever tells nobody this is told it of nobody.
    hidden: Option<Hidden>,
    /// Of a cursor: what was read.
    read: Option<Seq>,
    conv: Option<ConversationId>,
}

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    let (blocks, hides) = (blocks(case), hides(case));
    let requests = Requests::of(case);
    // When a device's connection before the present one ended.
    let mut ended_us: BTreeMap<Device, u64> = BTreeMap::new();
    for (at, record) in case.history.iter().enumerate() {
        let Some(device) = record.device else { continue };
        if record.what == What::Disconnected {
            ended_us.insert(device, record.at_us);
        }
        let Some(told) = told(case, at) else { continue };
        let ended_us = ended_us.get(&device).copied().unwrap_or(0);
        let is_slow = case.devices.get(&device).is_some_and(|who| who.slow);
        // What was asked for holds once nothing of before can be on its way.
        let holds = |acked_us: u64| {
            let is_calm = !is_slow && !case.faults.any_between(acked_us, record.at_us);
            ended_us >= acked_us || (is_calm && record.at_us >= acked_us + ON_THE_WAY_US)
        };
        for (one, other) in [(told.viewer, told.about), (told.about, told.viewer)] {
            let since = blocks.since(case, &(one, other), record.at_us);
            if let Some((acked_at, _)) = since.filter(|(_, acked_us)| holds(*acked_us)) {
                let who = (case.name_of(one), case.name_of(other));
                told.wrong(case, acked_at, &format!("though {} blocks {}", who.0, who.1), found);
            }
            let hides = told.hidden.map(|what| hides.since(case, &(one, what), record.at_us));
            let passes = |acked_us: u64| one == told.about && told.is_of_before(case, acked_us);
            let hides = hides
                .flatten()
                .filter(|(_, acked_us)| holds(*acked_us) && !passes(*acked_us));
            if let Some((acked_at, _)) = hides {
                let one = case.name_of(one);
                told.wrong(
                    case,
                    acked_at,
                    &format!("though {one} tells nobody, and is told of nobody"),
                    found,
                );
            }
        }
        if let Some(asked_at) = requests.open(&told, record.at_us) {
            told.wrong(case, asked_at, "though nobody has taken that request up", found);
        }
    }
    messages(case, &blocks, found);
}

impl Told<'_> {
    /// Whether this says no more of somebody than they told before they hid it, at that time: how far they had read
    /// then stays told. What they write themselves they have read.
    fn is_of_before(&self, case: &Case<'_>, hidden_us: u64) -> bool {
        let (Some(read), Some(conv)) = (self.read, self.conv) else {
            return false;
        };
        let lineage = case.seats[self.at].lineage;
        let Some(log) = case.log(conv, lineage) else {
            return true;
        };
        let Some(entry) = log.entry(read) else { return true };
        let wrote = log
            .dump
            .iter()
            .any(|entry| entry.seq >= read && entry.sender == self.about);
        let asked = case.invokes.get(&entry.send_id);
        // A node believes for a while what it knew of them.
        let is_new = |asked_us: u64| {
            asked_us > hidden_us + ON_THE_WAY_US && !case.faults.any_between(hidden_us, case.at_us(self.at))
        };
        wrote || !asked.is_some_and(|asked| is_new(asked.at_us))
    }

    fn wrong(&self, case: &Case<'_>, since: usize, why: &str, found: &mut Found<'_, '_>) {
        let spot = Spot {
            conv: self.conv,
            ..Spot::at(self.at).and([since])
        };
        found.wrong(Rule::I19, spot, || {
            let (name, about, what) = (case.name(self.device), case.name_of(self.about), self.what);
            format!("let through: {name} was told {what} of {about}, {why}")
        });
    }
}

/// What passes, if this is something that does.
fn told<'a>(case: &Case<'a>, at: usize) -> Option<Told<'a>> {
    let record = case.history[at];
    let device = record.device?;
    let who = case.devices.get(&device)?;
    let (what, hidden, conv, about) = match &record.what {
        What::SawTyping { conv, user } => ("the typing", None, Some(*conv), *user),
        What::SawPresence { user, state } if *state != PresenceState::Offline => {
            ("the presence", Some(Hidden::Presence), None, *user)
        }
        // A client may say again what it was told before; a bare socket holds nothing.
        What::SawCursor {
            conv,
            user,
            delivered,
            read,
        } if who.kind == DeviceKind::Ear && (*delivered).max(*read) > Seq::ZERO => {
            {
                // How far something was delivered is told all the same.
                let hidden = (*read > Seq::ZERO).then_some(Hidden::Receipts);
                ("a cursor", hidden, Some(*conv), *user)
            }
        }
        _ => return None,
    };
    let is_cursor_of_a_group = what == "a cursor" && conv != Some(ConversationId::direct(who.user, about));
    (about != who.user && !is_cursor_of_a_group).then_some(Told {
        at,
        device,
        viewer: who.user,
        about,
        what,
        hidden,
        read: match &record.what {
            What::SawCursor { read, .. } => Some(*read),
            _ => None,
        },
        conv,
    })
}

/// Messages of a 1:1 that were asked for and acknowledged while one of the two blocks the other.
fn messages(case: &Case<'_>, blocks: &Wills<(UserId, UserId)>, found: &mut Found<'_, '_>) {
    let mut pairs: BTreeMap<ConversationId, (UserId, UserId)> = BTreeMap::new();
    for &(one, other) in blocks.keys() {
        pairs.insert(ConversationId::direct(one, other), (one, other));
    }
    for (send_id, asked) in &case.invokes {
        let Some(&(one, other)) = pairs.get(&asked.conv).filter(|_| asked.verb == "send") else {
            continue;
        };
        for answer in case.answers.get(send_id).into_iter().flatten() {
            for (blocker, blocked) in [(one, other), (other, one)] {
                let since = blocks.since(case, &(blocker, blocked), answer.at_us);
                if let Some((acked_at, _)) = since.filter(|(_, acked_us)| *acked_us <= asked.at_us)
                    && answer.seq.is_some()
                {
                    let spot = Spot::at(answer.at).and([acked_at]).conv(asked.conv).of(*send_id);
                    found.wrong(Rule::I19, spot, || {
                        let (blocker, blocked) = (case.name_of(blocker), case.name_of(blocked));
                        let name = case.name(asked.device);
                        format!("let through: {name} wrote in a 1:1, though {blocker} blocks {blocked}")
                    });
                }
            }
        }
    }
}

/// Who wants to hear nothing of whom, by what was asked and acknowledged.
fn blocks(case: &Case<'_>) -> Wills<(UserId, UserId)> {
    Wills::of(case, |user, what| match what {
        What::Blocking { user: other, on } => Some(((user, *other), *on, Said::Asked)),
        What::Blocked { user: other, on } => Some(((user, *other), *on, Said::Done)),
        _ => None,
    })
}

/// Who tells nobody what of themselves.
fn hides(case: &Case<'_>) -> Wills<(UserId, Hidden)> {
    Wills::of(case, |user, what| match what {
        What::Hiding { what, on } => Some(((user, *what), *on, Said::Asked)),
        What::Hides { what, on } => Some(((user, *what), *on, Said::Done)),
        _ => None,
    })
}

/// 1:1s that are requests: who was asked, the record that says so, and until when it was surely not taken up.
struct Requests {
    open: BTreeMap<ConversationId, (UserId, usize, u64)>,
    /// Who is in a group together, at any time.
    together: BTreeSet<(UserId, UserId)>,
}

impl Requests {
    fn of(case: &Case<'_>) -> Self {
        let (mut open, mut took_up_us) = (BTreeMap::new(), BTreeMap::new());
        for (at, record) in case.history.iter().enumerate() {
            let Some(who) = record.device.and_then(|device| case.devices.get(&device)) else {
                continue;
            };
            match &record.what {
                What::Requested { conv } => drop(open.entry(*conv).or_insert((who.user, at, u64::MAX))),
                // To write into it takes it up, too.
                What::TakesUp { conv } | What::Invoke { conv, .. } => {
                    took_up_us.entry((*conv, who.user)).or_insert(record.at_us);
                }
                _ => {}
            }
        }
        for (conv, (asked, _, until_us)) in &mut open {
            *until_us = took_up_us.get(&(*conv, *asked)).copied().unwrap_or(u64::MAX);
        }
        let mut together = BTreeSet::new();
        for logs in case.logs.iter().filter(|(conv, _)| !open.contains_key(*conv)) {
            let people: BTreeSet<UserId> = logs.1.values().flat_map(super::log::Log::people).collect();
            for one in &people {
                together.extend(people.iter().map(|other| (*one, *other)));
            }
        }
        Self { open, together }
    }

    /// The record of the request that lets nothing of this pass, if there is one.
    fn open(&self, told: &Told<'_>, at_us: u64) -> Option<usize> {
        let direct = ConversationId::direct(told.viewer, told.about);
        let (_, asked_at, until_us) = self.open.get(&direct)?;
        let is_of_it = match told.conv {
            Some(conv) => conv == direct,
            None => !self.together.contains(&(told.viewer, told.about)),
        };
        (is_of_it && at_us < *until_us).then_some(*asked_at)
    }
}
