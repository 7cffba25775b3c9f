//! I8, receipts: public cursors only rise, what is read is delivered, and both stay within the log and within what a
//! device of that person had.

use super::Rule;
use super::case::Case;
use super::found::{Found, Spot};
use crate::history::{Device, DeviceKind, What};
use protocol::{ConversationId, Seq, UserId};
use std::collections::BTreeMap;

/// How late the news of an entry may be written down by whoever runs a device, against the cursor that speaks of it, in
/// microseconds.
const WRITTEN_LATE_US: u64 = 2_000_000;
/// How late a hint may come, in microseconds: so much older may be what an observer is told who looks
/// at a conversation anew.
const HINT_LATE_US: u64 = 5_000_000;
/// How much older than the last live one the answer to a `watch` may be, in microseconds: both are on their way at
/// once, and a bare socket, unlike a client, does not know that cursors only rise.
const WATCH_LATE_US: u64 = 1_000_000;

/// What an observer saw of a cursor, when it rose: the time, the place, the record.
type Rise = Vec<(u64, Seq, usize)>;

pub fn judge(case: &Case<'_>, found: &mut Found<'_, '_>) {
    let had = Had::of(case);
    // By observer, its lineage and restarts, conversation, and whose.
    let mut seen: BTreeMap<(Device, u32, u32, ConversationId, UserId), [Rise; 2]> = BTreeMap::new();
    for (at, record) in case.history.iter().enumerate() {
        let (
            Some(device),
            What::SawCursor {
                conv,
                user,
                delivered,
                read,
            },
        ) = (record.device, &record.what)
        else {
            continue;
        };
        if !case.is_ours(*conv) {
            continue;
        }
        let (conv, user, seat) = (*conv, *user, case.seats[at]);
        let one = One {
            at,
            device,
            conv,
            user,
            lineage: seat.lineage,
        };
        let is_ear = case.devices.get(&device).is_some_and(|who| who.kind == DeviceKind::Ear);
        let late_us = match (case.late_hints, is_ear) {
            (true, _) => HINT_LATE_US,
            (false, true) => WATCH_LATE_US,
            (false, false) => 0,
        };
        let rises = seen
            .entry((device, seat.lineage, seat.restarts, conv, user))
            .or_default();
        for (rise, (what, seq)) in rises.iter_mut().zip([("delivered", *delivered), ("read", *read)]) {
            // Who is shut out is told nothing of a cursor, and that is told as the beginning.
            if seq == Seq::ZERO {
                continue;
            }
            one.only_rises(case, rise, (what, seq), late_us, found);
            one.is_had(case, &had, (what, seq), found);
        }
        if read > delivered {
            found.wrong(Rule::I8, Spot::at(at).place(conv, *read), || {
                let (name, whose) = (case.name(device), case.name_of(user));
                format!("read but not delivered: {name} saw {whose} in {conv} at {delivered} delivered, {read} read")
            });
        }
    }
}

/// One cursor that one device saw.
struct One {
    at: usize,
    device: Device,
    conv: ConversationId,
    user: UserId,
    lineage: u32,
}

impl One {
    fn only_rises(
        &self,
        case: &Case<'_>,
        rise: &mut Rise,
        (what, seq): (&str, Seq),
        late_us: u64,
        found: &mut Found<'_, '_>,
    ) {
        let at_us = case.at_us(self.at);
        let settled = rise.partition_point(|(then_us, ..)| then_us.saturating_add(late_us) <= at_us);
        if let Some((_, highest, then)) = settled.checked_sub(1).map(|index| rise[index])
            && highest > seq
        {
            let spot = Spot::at(self.at).and([then]).place(self.conv, seq);
            found.wrong(Rule::I8, spot, || {
                let (name, whose, conv) = (case.name(self.device), case.name_of(self.user), self.conv);
                format!("a cursor went back: {name} saw {what} of {whose} in {conv} at {highest}, and then at {seq}")
            });
        }
        if rise.last().is_none_or(|(_, highest, _)| *highest < seq) {
            rise.push((at_us, seq, self.at));
        }
    }

    fn is_had(&self, case: &Case<'_>, had: &Had, (what, seq): (&str, Seq), found: &mut Found<'_, '_>) {
        let Some(log) = case.log(self.conv, self.lineage) else {
            return;
        };
        let spot = || Spot::at(self.at).place(self.conv, seq);
        let says = |but: String| {
            let (name, whose, conv) = (case.name(self.device), case.name_of(self.user), self.conv);
            format!("a receipt of nothing: {name} saw {what} of {whose} in {conv} at {seq}, {but}")
        };
        if seq > log.head() {
            found.wrong(Rule::I8, spot().and([log.at]), || {
                says(format!("and the log ends at {}", log.head()))
            });
            return;
        }
        // Who comes in starts at the entry before; who writes has what they wrote.
        let comes_in = log.stays(self.user).iter().any(|stay| stay.came == seq.next());
        let wrote = log.entry(seq).is_some_and(|entry| entry.sender == self.user);
        if seq == Seq::ZERO || comes_in || wrote {
            return;
        }
        let by_us = case.at_us(self.at) + WRITTEN_LATE_US;
        if let Some(highest) = had.upto(self.user, self.conv, by_us).filter(|highest| *highest < seq) {
            found.wrong(Rule::I8, spot(), || {
                says(format!("and no device of theirs had more than {highest}"))
            });
        }
    }
}

/// How far the devices of everybody had each log, by time.
#[derive(Default)]
struct Had {
    /// The highest seq, at the times when it rose; of all lineages together, since a backup brings cursors along.
    upto: BTreeMap<(UserId, ConversationId), Vec<(u64, Seq)>>,
    /// From when on nobody can say what a person has.
    unsure_us: BTreeMap<UserId, u64>,
}

impl Had {
    fn of(case: &Case<'_>) -> Self {
        let mut had = Self::default();
        for record in &case.history {
            let Some(who) = record.device.and_then(|device| case.devices.get(&device)) else {
                continue;
            };
            let (conv, seq) = match &record.what {
                What::Shown { conv, entries } | What::Pulled { conv, entries, .. } | What::Final { conv, entries } => {
                    (*conv, entries.iter().map(|seen| seen.seq).max().unwrap_or_default())
                }
                What::Heard { conv, entry } => (*conv, entry.seq),
                What::Read { conv, seq } | What::MarkUnread { conv, seq } => (*conv, *seq),
                // Then they have read what no device of theirs may ever have had.
                What::EventsLost | What::ReadsAll => {
                    had.unsure(who.user, record.at_us);
                    continue;
                }
                // One that is slow may have more than it tells.
                What::Device { slow, .. } if *slow => {
                    had.unsure(who.user, record.at_us);
                    continue;
                }
                _ => continue,
            };
            let rise = had.upto.entry((who.user, conv)).or_default();
            if rise.last().is_none_or(|(_, highest)| *highest < seq) {
                rise.push((record.at_us, seq));
            }
        }
        had
    }

    fn unsure(&mut self, user: UserId, at_us: u64) {
        let since_us = self.unsure_us.entry(user).or_insert(at_us);
        *since_us = at_us.min(*since_us);
    }

    /// `None`: nobody can say.
    fn upto(&self, user: UserId, conv: ConversationId, by_us: u64) -> Option<Seq> {
        if self.unsure_us.get(&user).is_some_and(|since_us| *since_us <= by_us) {
            return None;
        }
        let rise = self.upto.get(&(user, conv)).map_or(&[][..], Vec::as_slice);
        let index = rise.partition_point(|(at_us, _)| *at_us <= by_us);
        Some(index.checked_sub(1).map_or(Seq::ZERO, |index| rise[index].1))
    }
}
