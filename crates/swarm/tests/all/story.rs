//! A small history written by hand: three people with a device and an ear each, and a server that does everything
//! right. A test then spoils it in one way.

use protocol::server_frame::Role;
use protocol::{ConversationId, Generation, Kind, Ordinal, SendId, Seq, UserId};
use std::collections::{BTreeMap, BTreeSet};
use swarm::history::{Device, DeviceKind, Digest, InboxRow, Logged, Record, Ruled, Seen, What};
use swarm::verdict::{Demands, Rule, Verdict, judge};

pub const ANN: UserId = UserId::from_bytes([1; 16]);
pub const BOB: UserId = UserId::from_bytes([2; 16]);
pub const CYD: UserId = UserId::from_bytes([3; 16]);
pub const PEOPLE: [(UserId, &str); 3] = [(ANN, "ann"), (BOB, "bob"), (CYD, "cyd")];
pub const CONV: ConversationId = ConversationId::from_bytes([9; 16]);
/// The devices of the three; an ear's number is 10 higher.
pub const ANNS: Device = 0;
pub const BOBS: Device = 1;
pub const CYDS: Device = 2;
pub const BOBS_EAR: Device = 11;
pub const CYDS_EAR: Device = 12;
/// Who dumps the logs.
const READER: Device = 20;

/// How a change gets on, in microseconds after it was asked for.
const ACK_US: u64 = 4_000;
const TOLD_US: u64 = 6_000;
const PAUSE_US: u64 = 10_000;

/// Who is whose.
pub fn user_of(device: Device) -> UserId {
    PEOPLE[(device % 10) as usize].0
}

pub struct Story {
    pub records: Vec<Record>,
    pub log: Vec<Logged>,
    pub now_us: u64,
    pub lineage: u32,
    members: BTreeSet<UserId>,
    next: u8,
}

impl Story {
    /// Everybody is there, and Ann made a group with Bob: not with Cyd.
    pub fn new() -> Self {
        let mut story = Self {
            records: Vec::new(),
            log: Vec::new(),
            now_us: 0,
            lineage: 0,
            members: BTreeSet::new(),
            next: 0,
        };
        let run = What::Run {
            seed: 7,
            name: "by hand".to_owned(),
            people: 3,
            nodes: 1,
            mutant: None,
        };
        story.push(None, run);
        for (number, (user, name)) in (0..).zip(PEOPLE) {
            for (device, kind) in [(number, DeviceKind::Client), (number + 10, DeviceKind::Ear)] {
                let (name, slow) = (name.to_owned(), false);
                story.push(Some(device), What::Device { user, name, kind, slow });
                story.push(Some(device), What::Connected { epoch: None });
            }
        }
        story.change_members(ANNS, "create", &[ANN, BOB], &[]);
        story
    }

    /// Ann and Bob talk, Cyd comes, is removed and comes back, all are told everything, and it ends well.
    pub fn good() -> Self {
        let mut story = Self::new();
        for turn in 0..6 {
            story.say(turn % 2);
        }
        story.change_members(ANNS, "add", &[CYD], &[]);
        story.say(CYDS);
        story.say(ANNS);
        story.change_members(ANNS, "remove", &[], &[CYD]);
        story.now_us += 10_000_000;
        story.say(BOBS);
        story.say(ANNS);
        story.change_members(ANNS, "add", &[CYD], &[]);
        story.say(BOBS);
        story.end();
        story
    }

    pub fn push(&mut self, device: Option<Device>, what: What) {
        let at_us = self.now_us;
        self.records.push(Record { at_us, device, what });
    }

    /// Somebody says something; everybody is told.
    pub fn say(&mut self, device: Device) -> SendId {
        self.write(device, "send", true, &[], &[])
    }

    pub fn change_members(&mut self, device: Device, verb: &str, comes: &[UserId], goes: &[UserId]) -> SendId {
        self.write(device, verb, false, comes, goes)
    }

    /// Somebody comes by a question that no outbox keeps, so that nobody writes down an answer to the change itself.
    pub fn enters(&mut self, device: Device, verb: &str, comes: &[UserId]) {
        let send_id = self.change_members(device, verb, comes, &[]);
        self.without(|record| matches!(&record.what, What::Ok { send_id: of, .. } if *of == send_id));
    }

    /// What a change is called that nobody has asked for yet.
    pub fn name(&self) -> (SendId, Digest) {
        (SendId::from_bytes([self.next + 100; 16]), u64::from(self.next) + 1_000)
    }

    /// Something is asked for, and nothing comes of it.
    pub fn ask(&mut self, device: Device, verb: &str) -> (SendId, Digest) {
        let (send_id, digest) = self.name();
        self.next += 1;
        let what = What::Invoke {
            send_id,
            conv: CONV,
            verb: verb.to_owned(),
            digest: (verb == "send").then_some(digest),
            target: None,
            target_name: None,
        };
        self.push(Some(device), what);
        (send_id, digest)
    }

    fn write(&mut self, device: Device, verb: &str, counts: bool, comes: &[UserId], goes: &[UserId]) -> SendId {
        let (send_id, digest) = self.ask(device, verb);
        let asked_us = self.now_us;
        let seq = self.commit(device, (send_id, digest), counts, comes, goes);
        self.now_us = asked_us + ACK_US;
        let conv = CONV;
        self.push(Some(device), What::Ok { send_id, conv, seq });
        self.now_us = asked_us + TOLD_US;
        self.members.extend(comes);
        self.tell(Seen::new(seq, send_id, digest));
        self.members.retain(|user| !goes.contains(user));
        self.now_us = asked_us + PAUSE_US;
        send_id
    }

    /// Writes into the log.
    pub fn commit(
        &mut self,
        device: Device,
        (send_id, digest): (SendId, Digest),
        counts: bool,
        comes: &[UserId],
        goes: &[UserId],
    ) -> Seq {
        let (last, ord) = self
            .log
            .last()
            .map_or((Seq::ZERO, Ordinal::ZERO), |last| (last.seq, last.ord));
        let seq = last.next();
        let kind = if counts { Kind::Text } else { Kind::Added };
        self.log.push(Logged {
            seq,
            ord: if counts { ord.next() } else { ord },
            kind: kind.as_str().to_owned(),
            sender: user_of(device),
            send_id,
            digest,
            created_ms: self.now_us / 1_000,
            comes: comes.to_vec(),
            goes: goes.to_vec(),
            thread: None,
            change: None,
            state: None,
            ruled: Ruled::default(),
        });
        seq
    }

    /// Every device and every ear of a member is told.
    pub fn tell(&mut self, entry: Seen) {
        for device in (0..3)
            .filter(|device| self.members.contains(&user_of(*device)))
            .collect::<Vec<_>>()
        {
            let conv = CONV;
            let entries = vec![entry];
            self.push(Some(device + 10), What::Heard { conv, entry });
            self.push(Some(device), What::Shown { conv, entries });
        }
    }

    /// The faults are over, everybody is compared and reads everything, and the log is dumped.
    pub fn end(&mut self) {
        self.push(None, What::Healed);
        self.now_us += 1_000_000;
        for device in 0..3 {
            let row = self.row(user_of(device));
            let (held, fresh) = (row.clone().into_iter().collect(), row.into_iter().collect());
            self.push(Some(device), What::Snapshot { held, fresh });
        }
        for device in 0..3 {
            let may_read = self.may_read(user_of(device));
            let entries = self
                .log
                .iter()
                .filter(|entry| may_read.contains(&entry.seq))
                .map(seen)
                .collect();
            self.push(Some(device), What::Final { conv: CONV, entries });
        }
        self.dump();
    }

    pub fn dump(&mut self) {
        let log = What::Log {
            lineage: self.lineage,
            conv: CONV,
            entries: self.log.clone(),
        };
        self.push(Some(READER), log);
    }

    /// A walk over the log.
    pub fn may_read(&self, user: UserId) -> BTreeSet<Seq> {
        let mut inside = false;
        let mut readable = BTreeSet::new();
        for entry in &self.log {
            inside |= entry.comes.contains(&user);
            if inside {
                readable.insert(entry.seq);
            }
            inside &= !entry.goes.contains(&user);
        }
        readable
    }

    /// A person's row: they have read the first two entries.
    fn row(&self, user: UserId) -> Option<InboxRow> {
        let readable = self.may_read(user);
        let head = self.log.iter().rfind(|entry| readable.contains(&entry.seq))?;
        let read_seq = Seq(2);
        let text = Kind::Text.as_str();
        let unread = self
            .log
            .iter()
            .filter(|entry| readable.contains(&entry.seq) && entry.seq > read_seq);
        Some(InboxRow {
            conv: CONV,
            head_seq: head.seq,
            head_ord: head.ord,
            read_seq,
            generation: Generation::ZERO,
            unread: unread.filter(|entry| entry.kind == text).count() as u64,
            mentions: 0,
            role: self.members.contains(&user).then_some(Role::Member),
            own: 0,
            threads: Vec::new(),
            settings: 0,
        })
    }

    // ---- Spoiling --------------------------------------------------------------------------------------------------

    /// Changes the dumped log.
    pub fn spoil_log(&mut self, spoil: impl Fn(&mut Vec<Logged>)) {
        self.spoil(|record| {
            if let What::Log { entries, .. } = &mut record.what {
                spoil(entries);
            }
        });
    }

    pub fn spoil(&mut self, spoil: impl FnMut(&mut Record)) {
        self.records.iter_mut().for_each(spoil);
    }

    /// Changes what one device was told.
    pub fn spoil_told(&mut self, by: Device, mut spoil: impl FnMut(&mut What)) {
        let theirs = self.records.iter_mut().filter(|record| record.device == Some(by));
        theirs.for_each(|record| spoil(&mut record.what));
    }

    /// Takes records away.
    pub fn without(&mut self, goes: impl Fn(&Record) -> bool) {
        self.records.retain(|record| !goes(record));
    }

    /// Puts something in before the end.
    pub fn before_the_end(&mut self, device: Device, what: What) {
        let end = self
            .records
            .iter()
            .position(|record| record.what == What::Healed)
            .expect("it ends");
        let at_us = self.records[end].at_us - 1;
        let device = Some(device);
        self.records.insert(end, Record { at_us, device, what });
    }

    pub fn judge(&self) -> Verdict {
        judge(&self.records, &demands())
    }
}

/// An entry as it is told.
pub fn seen(entry: &Logged) -> Seen {
    Seen {
        state: entry.state,
        ..Seen::new(entry.seq, entry.send_id, entry.digest)
    }
}

pub fn demands() -> Demands {
    Demands {
        rss_kib_max: 1_000,
        fds_max: 100,
        waiting_max: 10,
        converge_ms_max: 5_000,
        hard: BTreeMap::new(),
    }
}

/// Nothing is wrong.
pub fn assert_good(story: &Story) {
    let verdict = story.judge();
    let says: Vec<_> = verdict.violations.iter().map(|v| (v.rule, &v.says)).collect();
    assert!(says.is_empty(), "{says:#?}");
}

/// Exactly these rules are broken, and the first of them says so in these words, with a slice that shows it.
pub fn assert_bad(story: &Story, rules: &[Rule], says: &str) {
    let verdict = story.judge();
    let all: Vec<_> = verdict.violations.iter().map(|v| (v.rule, &v.says)).collect();
    let broken: BTreeSet<Rule> = all.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(broken, rules.iter().copied().collect(), "{all:#?}");
    let told = verdict
        .violations
        .iter()
        .find(|v| v.rule == rules[0] && v.says.contains(says));
    let told = told.unwrap_or_else(|| panic!("nobody says `{says}`: {all:#?}"));
    assert!(!told.slice.is_empty() && told.slice.len() <= 60, "{:#?}", told.slice);
    assert!(
        told.slice.is_sorted_by_key(|record| record.at_us),
        "a slice is in order of time"
    );
}
