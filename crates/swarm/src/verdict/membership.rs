//! I9, membership: nobody is told anything of a conversation, or of somebody, outside of their stays. Entries are
//! judged by their seq, exactly; typing, cursors and presence by time, generously.

use super::Rule;
use super::case::Case;
use super::found::{Found, Spot};
use super::stays::Stays;
use crate::history::{Device, What};
use protocol::{ConversationId, Seq, UserId};
use std::collections::BTreeMap;

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    entries(case, found);
    ephemeral(case, found);
}

fn entries(case: &Case<'_>, found: &mut Found<'_, '_>) {
    for told in case.told() {
        let Some(log) = case.log(told.conv, told.lineage) else {
            continue;
        };
        let theirs = |seq: Seq| log.entry(seq).is_none() || log.may_read(told.user, seq);
        for seen in told.entries.iter().filter(|seen| !theirs(seen.seq)) {
            let (conv, seq) = (told.conv, seen.seq);
            let spot = Spot::at(told.at).and([log.at]).place(conv, seq).of(seen.send_id);
            found.wrong(Rule::I9, spot, || {
                format!(
                    "leaked: {} was told {seq} of {conv}, which is outside of their stays",
                    case.name(told.device)
                )
            });
        }
    }
}

fn ephemeral(case: &Case<'_>, found: &mut Found<'_, '_>) {
    let mut stays = Stays::new(case);
    let mut cursors: BTreeMap<(Device, ConversationId, UserId), (Seq, Seq)> = BTreeMap::new();
    for (at, record) in case.history.iter().enumerate() {
        let Some((device, who)) = record
            .device
            .and_then(|device| Some((device, case.devices.get(&device)?)))
        else {
            continue;
        };
        let (lineage, at_us) = (case.seats[at].lineage, record.at_us);
        let (what, conv, about) = match &record.what {
            What::SawTyping { conv, user } => ("typing", Some(*conv), *user),
            What::SawCursor {
                conv,
                user,
                delivered,
                read,
            } => {
                // A device may say again what it was told while it was in.
                let news = cursors.insert((device, *conv, *user), (*delivered, *read)) != Some((*delivered, *read));
                if !news {
                    continue;
                }
                ("a cursor", Some(*conv), *user)
            }
            What::SawPresence { user, .. } => ("presence", None, *user),
            _ => continue,
        };
        // While something is broken, and a moment after, frames may have been on their way for long.
        let troubled = || {
            case.faults
                .any_between(at_us.saturating_sub(super::faults::ONCE_US), at_us)
        };
        if who.slow || about == who.user {
            continue;
        }
        let may = match conv {
            Some(conv) => !case.is_ours(conv) || stays.may_be_in(who.user, conv, lineage, at_us),
            None => stays.may_share(who.user, about, lineage, at_us),
        };
        if may || troubled() {
            continue;
        }
        let spot = Spot { conv, ..Spot::at(at) };
        found.wrong(Rule::I9, spot, || {
            let (name, about) = (case.name(device), case.name_of(about));
            match conv {
                Some(conv) => format!("leaked: {name} saw {what} of {about} in {conv} and was not in it"),
                None => format!("leaked: {name} saw the presence of {about} and shared no conversation with them"),
            }
        });
    }
}
