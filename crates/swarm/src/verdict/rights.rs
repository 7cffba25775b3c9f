//! I22, rights: what stands in a group's log was for its author to do, as the group stood then, and somebody owns the
//! group as long as there is anybody; and how it stands for its members, the settings and their role, is what its log
//! made of it.
//!
//! Changes of settings and roles have their place in the log, so all of it is exact, by the table that is published.

use super::Rule;
use super::case::Case;
use super::found::{Found, Spot};
use super::log::Log;
use super::standing::Standing;
use crate::history::{InboxRow, Logged, What};
use protocol::rights::Action;
use protocol::server_frame::Role;
use protocol::{ConversationId, Kind, UserId};
use std::collections::BTreeMap;

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    for (conv, logs) in &case.logs {
        for log in logs.values() {
            in_log(case, *conv, log, found);
        }
    }
    let ends: BTreeMap<(ConversationId, u32), Standing> = case.logs.iter().flat_map(ends).collect();
    for (at, record) in case.history.iter().enumerate() {
        let (Some(device), What::Snapshot { fresh, .. }) = (record.device, &record.what) else {
            continue;
        };
        let Some(who) = case.devices.get(&device) else { continue };
        for row in fresh {
            let key = (row.conv, case.seats[at].lineage);
            // What a device holds is compared with this elsewhere.
            if let (Some(end), Some(log)) = (ends.get(&key), case.log(key.0, key.1))
                && let Some(wrong) = misplaced(end, log, who.user, row)
            {
                found.wrong(Rule::I22, Spot::at(at).and([log.at]).conv(row.conv), || {
                    format!("a group: {} is told {wrong} of {}", case.name(device), row.conv)
                });
            }
        }
    }
}

fn ends<'c>(
    (conv, logs): (&'c ConversationId, &'c BTreeMap<u32, Log<'_>>),
) -> impl Iterator<Item = ((ConversationId, u32), Standing)> + 'c {
    logs.iter().map(move |(lineage, log)| {
        let mut standing = Standing::default();
        log.dump.iter().for_each(|entry| standing.apply(entry));
        ((*conv, *lineage), standing)
    })
}

/// What is wrong about how a group stands for a member, where the row and the log end at the same entry.
fn misplaced(end: &Standing, log: &Log<'_>, user: UserId, row: &InboxRow) -> Option<String> {
    if !end.is_group() || row.head_seq != log.head() {
        return None;
    }
    let role = end.roles.get(&user).copied();
    if row.role != role {
        return Some(format!("the role {:?}, and the log made it {role:?},", row.role));
    }
    // Who went away is told no longer what becomes of it. A row of 0 says nothing of settings.
    let differs = role.is_some() && row.settings != 0 && row.settings != end.digest();
    differs.then(|| "other settings than its log made".to_owned())
}

fn in_log(case: &Case<'_>, conv: ConversationId, log: &Log<'_>, found: &mut Found<'_, '_>) {
    let mut standing = Standing::default();
    for entry in log.dump {
        if standing.is_group()
            && let Some(wrong) = forbidden(case, log, &standing, entry)
        {
            let spot = Spot::at(log.at).place(conv, entry.seq).of(entry.send_id);
            found.wrong(Rule::I22, spot, || {
                let (name, role) = (case.name_of(entry.sender), standing.roles.get(&entry.sender));
                format!("no right: {} of {conv} is of {name}, {role:?} then, {wrong}", entry.seq)
            });
        }
        standing.apply(entry);
        let owned = standing.roles.is_empty() || standing.roles.values().any(|role| *role == Role::Owner);
        if standing.is_group() && !owned {
            found.wrong(
                Rule::I22,
                Spot::at(log.at).place(conv, entry.seq).of(entry.send_id),
                || format!("no owner: nobody owns {conv} after {}", entry.seq),
            );
        }
    }
}

/// Why an entry was not for its author to make.
fn forbidden(case: &Case<'_>, log: &Log<'_>, standing: &Standing, entry: &Logged) -> Option<&'static str> {
    let verb = case.invokes.get(&entry.send_id).map_or("", |asked| asked.verb);
    let target = || entry.change.as_ref().and_then(|change| log.entry(change.target));
    let needs = |actions: &[Action]| actions.iter().all(|action| standing.lets(entry.sender, *action));
    let may = match Kind::of(&entry.kind) {
        Kind::Text => needs(&[Action::Write]),
        Kind::Edit => needs(&[Action::EditOwn]),
        Kind::Delete if target().is_some_and(|target| target.sender == entry.sender) => needs(&[Action::DeleteOwn]),
        Kind::Delete => needs(&[Action::DeleteOthers]),
        Kind::React => needs(&[Action::React]),
        Kind::Pin => needs(&[Action::Pin]),
        Kind::Settings => {
            let change = entry.ruled.settings.as_ref();
            change.is_none_or(|change| change.needs().all(|action| standing.lets(entry.sender, action)))
        }
        Kind::Role => needs(&[Action::SetRoles]),
        // Who comes by a link has no role yet.
        Kind::Added if verb == "join" => true,
        Kind::Added if verb == "admit" => needs(&[Action::Admit]),
        Kind::Added => needs(&[Action::Add]),
        Kind::Removed => {
            let above = |user: &UserId| standing.roles.get(&entry.sender) > standing.roles.get(user);
            needs(&[Action::Remove]) && entry.goes.iter().all(above)
        }
        Kind::Left => standing.roles.contains_key(&entry.sender),
        Kind::Created | Kind::Other(_) => true,
    };
    (!may).then_some("and it was not for them to do")
}
