//! The history, sorted out once: who is who, what was asked and answered, which lineage a device lived in when it was
//! told something, and the logs.
//!
//! What a device was told before it learned of a restored backup belongs to the lineage before: a client learns of it
//! by `resynced`, a bare socket by its next connection. To compare it with the restored log would accuse the server of
//! what the backup took.

use super::faults::Faults;
use super::log::Log;
use super::who::{self, Who};
use crate::history::{Device, DeviceKind, Digest, NO_BODY, Record, Seen, What, digest};
use protocol::{ConversationId, Epoch, SendId, Seq, UserId};
use std::collections::{BTreeMap, BTreeSet};
use std::slice;

/// What a device's place in its own life was when it wrote something down.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seat {
    /// The lineage it lived in.
    pub lineage: u32,
    /// Which of its connections.
    pub connection: u32,
    /// How often what it had shown became void.
    pub restarts: u32,
    /// Since when it is connected.
    pub connected_us: Option<u64>,
}

/// A change that was asked for.
#[derive(Debug)]
pub struct Asked<'a> {
    pub at: usize,
    pub at_us: u64,
    pub device: Device,
    pub user: Option<UserId>,
    pub conv: ConversationId,
    pub verb: &'a str,
    pub digest: Option<Digest>,
    /// Of a change: the entry that is changed.
    pub target: Option<Seq>,
    pub target_name: Option<SendId>,
    pub lineage: u32,
}

/// What became of a change.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub at: usize,
    pub at_us: u64,
    pub lineage: u32,
    pub conv: ConversationId,
    /// Its place; `None`: refused for good.
    pub seq: Option<Seq>,
}

/// Entries that somebody was told.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    pub at: usize,
    pub device: Device,
    pub user: UserId,
    pub lineage: u32,
    pub conv: ConversationId,
    pub entries: &'a [Seen],
}

/// The history, sorted out.
#[derive(Debug, Default)]
pub struct Case<'a> {
    /// By time.
    pub history: Vec<&'a Record>,
    /// Of each record, where its device stood.
    pub seats: Vec<Seat>,
    pub devices: BTreeMap<Device, Who<'a>>,
    pub invokes: BTreeMap<SendId, Asked<'a>>,
    /// The changes that were asked for of each entry, by its name.
    pub changes: BTreeMap<SendId, Vec<SendId>>,
    /// In order of time.
    pub answers: BTreeMap<SendId, Vec<Answer>>,
    /// Records of unknown outcomes.
    pub unknown: BTreeMap<SendId, Vec<usize>>,
    /// Logs by conversation and lineage; of several dumps the last.
    pub logs: BTreeMap<ConversationId, BTreeMap<u32, Log<'a>>>,
    /// Dumps that were made before the last one of their lineage.
    pub earlier_dumps: Vec<(ConversationId, u32, Log<'a>)>,
    /// Lineages and when they began.
    pub lineages: Vec<(u32, u64)>,
    pub faults: Faults,
    /// Records of each conversation.
    pub of_conv: BTreeMap<ConversationId, Vec<usize>>,
    /// The last end of all faults.
    pub healed: Option<usize>,
    /// Hints may come late: there are several nodes, or a node had to hold entries that came before the one they
    /// follow.
    pub late_hints: bool,
}

impl<'a> Case<'a> {
    /// Sorts a history out.
    pub fn new(history: &'a [Record]) -> Self {
        let mut case = Self {
            history: history.iter().collect(),
            lineages: vec![(0, 0)],
            ..Self::default()
        };
        case.history.sort_by_key(|record| record.at_us);
        case.devices = who::meet(&case.history);
        case.seat();
        case.sort_out();
        case.faults = Faults::of(&case.history);
        case
    }

    /// The lineage at the end.
    pub fn last_lineage(&self) -> u32 {
        self.lineages.last().map_or(0, |(number, _)| *number)
    }

    /// The log of a conversation in a lineage, if it was dumped.
    pub fn log(&self, conv: ConversationId, lineage: u32) -> Option<&Log<'a>> {
        self.logs.get(&conv)?.get(&lineage)
    }

    /// The logs at the end.
    pub fn last_logs(&self) -> impl Iterator<Item = (ConversationId, &Log<'a>)> {
        let last = self.last_lineage();
        self.logs
            .iter()
            .filter_map(move |(conv, logs)| Some((*conv, logs.get(&last)?)))
    }

    /// Whether a conversation is one of the run. On a server that others use too, there are more.
    pub fn is_ours(&self, conv: ConversationId) -> bool {
        self.logs.contains_key(&conv) || self.of_conv.contains_key(&conv)
    }

    /// When a record was written.
    pub fn at_us(&self, at: usize) -> u64 {
        self.history.get(at).map_or(0, |record| record.at_us)
    }

    /// Whose device it is, in words.
    pub fn name(&self, device: Device) -> String {
        match self.devices.get(&device) {
            Some(who) => format!("{} (device {device})", who.name),
            None => format!("device {device}"),
        }
    }

    /// Who it is, in words.
    pub fn name_of(&self, user: UserId) -> String {
        let known = self.devices.values().find(|who| who.user == user);
        known.map_or_else(|| user.to_string(), |who| who.name.to_owned())
    }

    /// Everything that devices were told of the logs of this run, in order of time.
    pub fn told(&self) -> impl Iterator<Item = Told<'a>> + '_ {
        (0..).zip(&self.history).filter_map(|(at, record)| {
            let (conv, entries) = match &record.what {
                What::Shown { conv, entries } | What::Pulled { conv, entries, .. } | What::Final { conv, entries } => {
                    (*conv, entries.as_slice())
                }
                What::Heard { conv, entry } => (*conv, slice::from_ref(entry)),
                _ => return None,
            };
            let device = record.device?;
            let user = self.devices.get(&device)?.user;
            let lineage = self.seats[at].lineage;
            self.is_ours(conv).then_some(Told {
                at,
                device,
                user,
                lineage,
                conv,
                entries,
            })
        })
    }

    /// The first time something was acknowledged in a lineage.
    pub fn acked(&self, send_id: SendId, lineage: u32) -> Option<(Answer, Seq)> {
        let answers = self.answers.get(&send_id)?;
        let mut acks = answers.iter().filter_map(|answer| Some((*answer, answer.seq?)));
        acks.find(|(answer, _)| answer.lineage == lineage)
    }

    /// Whether this place is somebody else's entry for good reason: who begins a 1:1 that is there already, or adds
    /// people who are all in, or makes of an entry what it is, is answered with what is there.
    pub fn is_borrowed(&self, asked: Option<&Asked<'_>>, log: &Log<'_>, send_id: SendId, seq: Seq) -> bool {
        let may_be = asked.is_some_and(|asked| {
            let verbs = [
                "create", "begin", "add", "admit", "settings", "role", "delete", "react", "pin",
            ];
            verbs.contains(&asked.verb)
        });
        may_be && log.named(send_id).is_none() && log.entry(seq).is_some()
    }

    /// Whether this may be the body of the entry that came of this: what its author wrote, at first or
    /// in an edit of it, or nothing once somebody wanted it gone.
    pub fn may_say(&self, asked: &Asked<'_>, send_id: SendId, says: Digest) -> bool {
        let nothing = digest(NO_BODY);
        match asked.digest {
            None => return true,
            // The words stand in what was edited.
            Some(_) if asked.verb == "edit" => return says == nothing,
            Some(wrote) if wrote == says => return true,
            Some(_) => {}
        }
        let changes = self.changes.get(&send_id).into_iter().flatten();
        let mut changes = changes.filter_map(|send_id| self.invokes.get(send_id));
        changes.any(|change| change.digest == Some(says) || (change.verb == "delete" && says == nothing))
    }

    /// Whether an entry may have had both of these bodies, one after the other.
    pub fn may_become(&self, send_id: SendId, one: Digest, other: Digest) -> bool {
        let asked = self
            .invokes
            .get(&send_id)
            .filter(|_| self.changes.contains_key(&send_id));
        let may = |asked: &Asked<'_>| self.may_say(asked, send_id, one) && self.may_say(asked, send_id, other);
        one == other || asked.is_some_and(may)
    }

    /// Where every device stood at each of its records.
    fn seat(&mut self) {
        let mut current = (0, 0);
        let mut named = vec![(0, None)];
        // `false`: it has no lineage of its own yet and takes the one of the next connection.
        let mut seats: BTreeMap<Device, (Seat, bool)> = BTreeMap::new();
        for record in &self.history {
            if let What::Lineage { number, epoch } = record.what {
                current = (number, record.at_us);
                self.lineages.push(current);
                named.push((number, epoch));
            }
            let Some(device) = record.device else {
                let lineage = current.0;
                self.seats.push(Seat {
                    lineage,
                    ..Seat::default()
                });
                continue;
            };
            let is_client = self
                .devices
                .get(&device)
                .is_some_and(|who| who.kind == DeviceKind::Client);
            let (seat, settled) = seats.entry(device).or_default();
            if !*settled {
                seat.lineage = current.0;
            }
            match record.what {
                What::Connected { epoch } => {
                    seat.connection += 1;
                    seat.connected_us = Some(record.at_us);
                    if !is_client || !*settled {
                        seat.lineage = lineage_of(epoch, &named).unwrap_or(current.0);
                    }
                    *settled = true;
                }
                What::Disconnected => seat.connected_us = None,
                What::Resynced => {
                    seat.lineage = current.0;
                    seat.restarts += 1;
                }
                What::Forgets => {
                    *settled = false;
                    seat.restarts += 1;
                }
                What::EventsLost => {
                    seat.restarts += 1;
                    // That it resynced may be among what was lost.
                    if seat.connected_us.is_some_and(|connected_us| connected_us >= current.1) {
                        seat.lineage = current.0;
                    }
                }
                _ => {}
            }
            // The end and calm moments are about what is so now, whatever a device believes.
            let is_now = matches!(
                record.what,
                What::Final { .. } | What::Holds { .. } | What::Snapshot { .. }
            );
            let lineage = if is_now { current.0 } else { seat.lineage };
            self.seats.push(Seat { lineage, ..*seat });
        }
    }

    fn sort_out(&mut self) {
        let mut ours = BTreeSet::new();
        for (at, &record) in self.history.iter().enumerate() {
            let seat = self.seats[at];
            let mut answer_to = None;
            match &record.what {
                What::Healed => self.healed = Some(at),
                What::Run { nodes, .. } => self.late_hints |= *nodes > 1,
                What::Counted { name, count } => self.late_hints |= name == "early_entries_held" && *count > 0,
                What::Invoke {
                    send_id,
                    conv,
                    verb,
                    digest,
                    target,
                    target_name,
                } => {
                    ours.insert(*conv);
                    let Some(device) = record.device else { continue };
                    let asked = Asked {
                        at,
                        at_us: record.at_us,
                        device,
                        user: self.devices.get(&device).map(|who| who.user),
                        conv: *conv,
                        verb,
                        digest: *digest,
                        target: *target,
                        target_name: *target_name,
                        lineage: seat.lineage,
                    };
                    if let Some(name) = target_name {
                        self.changes.entry(*name).or_default().push(*send_id);
                    }
                    self.invokes.entry(*send_id).or_insert(asked);
                }
                What::Ok { send_id, conv, seq } => answer_to = Some((*send_id, *conv, Some(*seq))),
                What::Fail { send_id, conv, .. } => answer_to = Some((*send_id, *conv, None)),
                What::Unknown { send_id, .. } => self.unknown.entry(*send_id).or_default().push(at),
                What::Log { lineage, conv, entries } => {
                    ours.insert(*conv);
                    let log = Log::new(at, entries);
                    if let Some(earlier) = self.logs.entry(*conv).or_default().insert(*lineage, log) {
                        self.earlier_dumps.push((*conv, *lineage, earlier));
                    }
                }
                _ => {}
            }
            if let Some((send_id, conv, seq)) = answer_to {
                let (at_us, lineage) = (record.at_us, seat.lineage);
                let answer = Answer {
                    at,
                    at_us,
                    lineage,
                    conv,
                    seq,
                };
                self.answers.entry(send_id).or_default().push(answer);
            }
            if let Some(conv) = conv(&record.what) {
                self.of_conv.entry(conv).or_default().push(at);
            }
        }
        self.of_conv.retain(|conv, _| ours.contains(conv));
    }
}

/// The conversation a record speaks of.
fn conv(what: &What) -> Option<ConversationId> {
    match what {
        What::Invoke { conv, .. }
        | What::Ok { conv, .. }
        | What::Fail { conv, .. }
        | What::Unknown { conv, .. }
        | What::Read { conv, .. }
        | What::MarkUnread { conv, .. }
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
        | What::Shown { conv, .. }
        | What::Skipped { conv, .. }
        | What::Heard { conv, .. }
        | What::ToldBehind { conv: Some(conv) }
        | What::Pulled { conv, .. }
        | What::SawCursor { conv, .. }
        | What::SawTyping { conv, .. }
        | What::Final { conv, .. }
        | What::Holds { conv, .. }
        | What::Bodies { conv, .. }
        | What::Log { conv, .. } => Some(*conv),
        _ => None,
    }
}

/// The lineage that a server calls so, of those there were so far; of the first nobody wrote down the name.
fn lineage_of(epoch: Option<Epoch>, named: &[(u32, Option<Epoch>)]) -> Option<u32> {
    let epoch = epoch?;
    let latest = |name: Option<Epoch>| {
        named
            .iter()
            .rev()
            .find(|(_, of)| *of == name)
            .map(|(number, _)| *number)
    };
    latest(Some(epoch)).or_else(|| latest(None))
}
