//! I18: no text that somebody began to write is lost: it is the draft now, is kept beside it, or was replaced on a
//! device that knew it.
//!
//! Blameless is what a device forgot before it could say it, what went with a restored backup, and what is older than
//! as many as are kept.

use super::Rule;
use super::case::Case;
use super::found::{Found, Spot};
use crate::history::{Device, Digest, What};
use protocol::limits::KEPT_DRAFTS_MAX;
use protocol::{ConversationId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// A draft at the end.
struct End<'a> {
    at: usize,
    now: Option<Digest>,
    kept: &'a [Digest],
}

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    let ends = ends(case);
    let (mut replaced, mut forgot) = (BTreeSet::new(), BTreeMap::<Device, usize>::new());
    for (at, record) in case.history.iter().enumerate() {
        match (&record.what, record.device) {
            (What::Drafted { over: Some(over), .. }, _) => drop(replaced.insert(*over)),
            (What::Forgets, Some(device)) => drop(forgot.insert(device, at)),
            _ => {}
        }
    }
    for (at, record) in case.history.iter().enumerate() {
        let (Some(device), What::Drafted { conv, text, .. }) = (record.device, &record.what) else {
            continue;
        };
        let Some(user) = case.devices.get(&device).map(|who| who.user) else {
            continue;
        };
        let Some(end) = ends.get(&(user, *conv)) else { continue };
        let is_there = end.now == Some(*text) || end.kept.contains(text);
        let is_excused = replaced.contains(text)
            || end.kept.len() >= KEPT_DRAFTS_MAX
            || forgot.get(&device).is_some_and(|forgot_at| *forgot_at > at)
            || case.seats[at].lineage != case.last_lineage();
        if !is_there && !is_excused {
            found.wrong(Rule::I18, Spot::at(at).and([end.at]).conv(*conv), || {
                let name = case.name(device);
                format!("lost draft: what {name} began to write in {conv} is nowhere, and nobody replaced it knowingly")
            });
        }
    }
}

fn ends<'a>(case: &Case<'a>) -> BTreeMap<(UserId, ConversationId), End<'a>> {
    let mut ends = BTreeMap::new();
    for (at, record) in case.history.iter().enumerate() {
        if let What::Draft { conv, now, kept } = &record.what
            && let Some(who) = record.device.and_then(|device| case.devices.get(&device))
        {
            let end = End { at, now: *now, kept };
            ends.insert((who.user, *conv), end);
        }
    }
    ends
}
