//! Which records are drawn for a violation: those that show it, and what happened near them in the same place.

use crate::history::{Device, Record, What};
use crate::report::names::Names;
use crate::verdict::{Rule, Violation};
use protocol::ConversationId;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;

/// So many records of the slice are drawn.
const SLICE_MAX: usize = 150;
/// So many records around each of them, on either side.
const NEAR: usize = 9;
/// So many records around them, all together.
const AROUND_MAX: usize = 120;
/// How far is looked for one that is near, in records.
const LOOKED_AT_MAX: usize = 5_000;
/// So many devices have a lane.
const LANES_MAX: usize = 24;

/// One record that is drawn.
pub(super) struct Told<'a> {
    /// What.
    pub record: &'a Record,
    /// Its number in the slice, from 1; `None`: it was only near.
    pub number: Option<usize>,
}

/// What is drawn.
pub(super) struct Story<'a> {
    /// The records, by time.
    pub told: Vec<Told<'a>>,
    /// Whose lanes there are, from the top; the run's own lane first, if it has anything to show.
    pub lanes: Vec<Option<Device>>,
    /// So many devices would have a lane too, and there is no room.
    pub without_lane: usize,
}

/// Picks the records and the lanes.
pub(super) fn story<'a>(violation: &'a Violation, history: &'a [Record], names: &Names) -> Story<'a> {
    let slice = &violation.slice[..violation.slice.len().min(SLICE_MAX)];
    let places: Vec<usize> = slice.iter().map(|record| place(record, history)).collect();
    let near = near(violation, slice, &places, history);
    let mut told: Vec<(u64, usize, Told<'_>)> = Vec::new();
    for (number, (record, place)) in (1..).zip(slice.iter().zip(&places)) {
        let number = Some(number);
        told.push((record.at_us, *place, Told { record, number }));
    }
    for place in near {
        let record = &history[place];
        told.push((record.at_us, place, Told { record, number: None }));
    }
    told.sort_by_key(|(at_us, place, told)| (*at_us, *place, told.number));
    let (lanes, without_lane) = lanes(told.iter().map(|(_, _, told)| told), names);
    let told = told
        .into_iter()
        .map(|(_, _, told)| told)
        .filter(|told| lanes.contains(&told.record.device));
    Story {
        told: told.collect(),
        lanes,
        without_lane,
    }
}

/// Where a record of a slice stands in the history. A slice may hold only a part of a record's list, so it is the same
/// if time, device and sort are.
fn place(record: &Record, history: &[Record]) -> usize {
    let first = history.partition_point(|other| other.at_us < record.at_us);
    let same_time = history[first..].iter().take_while(|other| other.at_us == record.at_us);
    let same =
        |other: &Record| other.device == record.device && discriminant(&other.what) == discriminant(&record.what);
    let here: Vec<(usize, &Record)> = (first..).zip(same_time).filter(|(_, other)| same(other)).collect();
    let exact = here.iter().find(|(_, other)| *other == record);
    exact.or(here.first()).map_or(first, |(place, _)| *place)
}

/// The places of records near the slice that have to do with it: the nearest first, until there are enough.
fn near(violation: &Violation, slice: &[Record], places: &[usize], history: &[Record]) -> BTreeSet<usize> {
    let devices: BTreeSet<Option<Device>> = slice.iter().map(|record| record.device).collect();
    let taken: BTreeSet<usize> = places.iter().copied().collect();
    let concerns = |place: &usize| !taken.contains(place) && concerns(violation, &devices, &history[*place]);
    let mut ways: Vec<Box<dyn Iterator<Item = usize>>> = Vec::new();
    for &place in places {
        let end = history.len().min(place + LOOKED_AT_MAX);
        ways.push(Box::new(
            (place.min(history.len()).saturating_sub(LOOKED_AT_MAX)..place).rev(),
        ));
        ways.push(Box::new(place..end));
    }
    let mut found = BTreeSet::new();
    for _ in 0..NEAR {
        for way in &mut ways {
            if found.len() < AROUND_MAX {
                found.extend(way.find(&concerns));
            }
        }
    }
    found
}

/// Whether a record belongs to the story: of its conversation, or of one of its devices and of no conversation.
fn concerns(violation: &Violation, devices: &BTreeSet<Option<Device>>, record: &Record) -> bool {
    let cursors = matches!(violation.rule, Rule::I8 | Rule::I15);
    match conversation(&record.what) {
        Of::No => false,
        Of::Cursors(conv) => cursors && violation.conv.is_none_or(|of| of == conv) && devices.contains(&record.device),
        Of::Conversation(conv) => match violation.conv {
            Some(of) => of == conv,
            None => devices.contains(&record.device),
        },
        Of::Device => devices.contains(&record.device),
    }
}

/// What a record is of.
enum Of {
    /// Nothing that a story needs around it.
    No,
    /// Entries or changes of a conversation.
    Conversation(ConversationId),
    /// Cursors of a conversation: there are many.
    Cursors(ConversationId),
    /// A device as a whole.
    Device,
}

fn conversation(what: &What) -> Of {
    match what {
        What::Invoke { conv, .. }
        | What::Ok { conv, .. }
        | What::Fail { conv, .. }
        | What::Unknown { conv, .. }
        | What::Shown { conv, .. }
        | What::Skipped { conv, .. }
        | What::Heard { conv, .. }
        | What::Pulled { conv, .. }
        | What::Drafted { conv, .. }
        | What::Requested { conv }
        | What::TakesUp { conv }
        | What::Linked { conv, .. }
        | What::Revoking { conv, .. }
        | What::Revoked { conv, .. }
        | What::Joins { conv, .. }
        | What::LetIn { conv, .. }
        | What::MustWait { conv, .. }
        | What::Draft { conv, .. }
        | What::ToldBehind { conv: Some(conv) } => Of::Conversation(*conv),
        What::Read { conv, .. } | What::MarkUnread { conv, .. } | What::SawCursor { conv, .. } => Of::Cursors(*conv),
        What::Forgets
        | What::Connected { .. }
        | What::Disconnected
        | What::Resynced
        | What::EventsLost
        | What::Stopped { .. }
        | What::Blocking { .. }
        | What::Hiding { .. }
        | What::Hides { .. }
        | What::ReadsAll
        | What::HasReadAll
        | What::Blocked { .. }
        | What::ToldBehind { conv: None } => Of::Device,
        What::Run { .. }
        | What::Device { .. }
        | What::Fault { .. }
        | What::Healed
        | What::Lineage { .. }
        | What::Sample { .. }
        | What::Counted { .. }
        | What::SawTyping { .. }
        | What::SawPresence { .. }
        | What::Final { .. }
        | What::Holds { .. }
        | What::Bodies { .. }
        | What::Snapshot { .. }
        | What::Myself { .. }
        | What::Log { .. } => Of::No,
    }
}

/// The lanes, and how many there is no room for. Those of the slice come before others, in its order; they are shown
/// with a person's beside each other.
fn lanes<'a>(told: impl Iterator<Item = &'a Told<'a>>, names: &Names) -> (Vec<Option<Device>>, usize) {
    let mut firsts = BTreeMap::<Option<Device>, usize>::new();
    for told in told {
        let number = told.number.unwrap_or(usize::MAX);
        firsts
            .entry(told.record.device)
            .and_modify(|first| *first = number.min(*first))
            .or_insert(number);
    }
    let mut all: Vec<(usize, Option<Device>)> = firsts.into_iter().map(|(device, first)| (first, device)).collect();
    all.sort_unstable();
    let without_lane = all.len().saturating_sub(LANES_MAX);
    let mut lanes: Vec<Option<Device>> = all.into_iter().take(LANES_MAX).map(|(_, device)| device).collect();
    lanes.sort_by_key(|device| device.map(|device| names.place(device)));
    (lanes, without_lane)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_slice_is_told_whole_and_what_was_near_once() {
        let (violation, history) = sample::lost();
        let story = story(&violation, &history, &Names::of(&history));
        let numbers: Vec<usize> = story.told.iter().filter_map(|told| told.number).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
        assert!(story.told.len() > 20, "only {} records", story.told.len());
        for (place, told) in story.told.iter().enumerate() {
            let again = story.told[..place].iter().any(|other| other.record == told.record);
            assert!(!again, "{:?} is told twice", told.record);
        }
        // A person's devices are beside each other: bob's ear is device 4.
        assert_eq!(story.lanes, [Some(0), Some(1), Some(2), Some(4), Some(3)]);
    }

    #[test]
    fn a_slice_that_is_not_in_the_history_is_told_all_the_same() {
        let (violation, _) = sample::lost();
        assert_eq!(story(&violation, &[], &Names::of(&[])).told.len(), 7);
    }
}
