//! I15: what a device made of a snapshot and the changes since equals a fresh snapshot; and unread counts equal a count
//! of the log.

use super::Rule;
use super::case::Case;
use super::found::{Found, Spot};
use crate::history::{Device, InboxRow, What};
use protocol::{ConversationId, UserId};
use std::collections::{BTreeMap, BTreeSet};

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    for (at, record) in case.history.iter().enumerate() {
        if let (Some(device), What::Myself { held, fresh }) = (record.device, &record.what)
            && held != fresh
        {
            found.wrong(Rule::I15, Spot::at(at), || {
                let name = case.name(device);
                format!("inbox: {name} holds another privacy, or other blocks, than a fresh device gets")
            });
        }
        let (Some(device), What::Snapshot { held, fresh }) = (record.device, &record.what) else {
            continue;
        };
        let Some(who) = case.devices.get(&device) else { continue };
        let one = One {
            at,
            device,
            user: who.user,
        };
        let (held, fresh) = (one.rows(case, held, found), one.rows(case, fresh, found));
        let convs: BTreeSet<ConversationId> = held.keys().chain(fresh.keys()).copied().collect();
        for conv in convs.into_iter().filter(|conv| case.is_ours(*conv)) {
            one.compare(case, conv, held.get(&conv).copied(), fresh.get(&conv).copied(), found);
        }
        // A row that both have is counted once.
        for row in fresh
            .values()
            .chain(held.values().filter(|row| fresh.get(&row.conv) != Some(*row)))
        {
            one.count(case, row, found);
        }
    }
}

/// Whose snapshot it is.
struct One {
    at: usize,
    device: Device,
    user: UserId,
}

impl One {
    fn rows<'r>(
        &self,
        case: &Case<'_>,
        rows: &'r [InboxRow],
        found: &mut Found<'_, '_>,
    ) -> BTreeMap<ConversationId, &'r InboxRow> {
        let mut by_conv = BTreeMap::new();
        for row in rows {
            if by_conv.insert(row.conv, row).is_some() {
                found.wrong(Rule::I15, Spot::at(self.at).conv(row.conv), || {
                    format!(
                        "two rows: the inbox of {} has {} twice",
                        case.name(self.device),
                        row.conv
                    )
                });
            }
        }
        by_conv
    }

    fn compare(
        &self,
        case: &Case<'_>,
        conv: ConversationId,
        held: Option<&InboxRow>,
        fresh: Option<&InboxRow>,
        found: &mut Found<'_, '_>,
    ) {
        if held == fresh {
            return;
        }
        found.wrong(Rule::I15, Spot::at(self.at).conv(conv), || {
            let name = case.name(self.device);
            match (held, fresh) {
                (Some(held), Some(fresh)) => {
                    format!("inbox: {name} holds of {conv} {}", differences(held, fresh))
                }
                (None, _) => format!("inbox: {name} does not know of {conv}"),
                (_, None) => format!("inbox: {name} holds {conv}, and a fresh device does not get it"),
            }
        });
    }

    /// Unread and the head's ordinal, counted in the log itself.
    fn count(&self, case: &Case<'_>, row: &InboxRow, found: &mut Found<'_, '_>) {
        let Some(log) = case.log(row.conv, case.seats[self.at].lineage) else {
            return;
        };
        let Some(head) = log.entry(row.head_seq) else { return };
        let unread = log.messages_between(self.user, row.read_seq, row.head_seq);
        let (name, conv) = (|| case.name(self.device), row.conv);
        let spot = || Spot::at(self.at).and([log.at]).place(conv, row.head_seq);
        if row.unread != unread {
            found.wrong(Rule::I15, spot(), || {
                let (said, name, read, head) = (row.unread, name(), row.read_seq, row.head_seq);
                format!(
                    "miscounted: {name} is told {said} unread in {conv}, and there are {unread} from {read} to {head}"
                )
            });
        }
        if row.head_ord != head.ord {
            found.wrong(Rule::I15, spot(), || {
                let (said, name, is, head) = (row.head_ord, name(), head.ord, row.head_seq);
                format!("miscounted: {name} is told that {head} of {conv} is message {said}, and it is {is}")
            });
        }
    }
}

/// What two rows do not agree on, in words.
fn differences(held: &InboxRow, fresh: &InboxRow) -> String {
    let of = |row: &InboxRow| {
        vec![
            ("head", row.head_seq.to_string()),
            ("head_ord", row.head_ord.to_string()),
            ("read", row.read_seq.to_string()),
            ("generation", row.generation.to_string()),
            ("unread", row.unread.to_string()),
            ("mentions", row.mentions.to_string()),
            ("role", format!("{:?}", row.role)),
            ("own", format!("{:x}", row.own)),
            ("threads", format!("{:?}", row.threads)),
            ("settings", format!("{:x}", row.settings)),
        ]
    };
    let pairs = of(held).into_iter().zip(of(fresh));
    let differ = pairs.filter(|((_, held), (_, fresh))| held != fresh);
    let told: Vec<String> = differ
        .map(|((name, held), (_, fresh))| format!("{name} {held}, not {fresh}"))
        .collect();
    told.join(", ")
}
