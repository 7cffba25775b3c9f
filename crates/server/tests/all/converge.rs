//! When hints are lost, doubled and late: whoever follows the rules of PROTOCOL.md holds what the server holds.

use crate::harness::{House, Line, Person, config, model};
use protocol::client_frame::{Beat, Get};
use protocol::server_frame::{ConversationRow, Head, Inbox, ServerFrame, Topic};
use protocol::{ClientFrame, ConversationId, Entry, Seq, Ver, unread};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use server::bus::{BusFaults, InProcess};
use std::collections::{BTreeMap, BTreeSet};

/// The simplest client that follows the rules: it shows an entry only when it follows what it holds, and pulls what is
/// missing.
struct Follower {
    line: Line,
    ver: Ver,
    rows: BTreeMap<ConversationId, ConversationRow>,
    logs: BTreeMap<ConversationId, BTreeMap<Seq, Entry>>,
    /// Up to where each log is held.
    held: BTreeMap<ConversationId, Seq>,
    /// Live entries of this session, as they came.
    live: Vec<(ConversationId, Seq)>,
    stale: BTreeSet<ConversationId>,
    behind: bool,
}

impl Follower {
    async fn come(house: &House, person: &Person) -> Self {
        Self {
            line: house.connect(person).await,
            ver: Ver(0),
            rows: BTreeMap::new(),
            logs: BTreeMap::new(),
            held: BTreeMap::new(),
            live: Vec::new(),
            stale: BTreeSet::new(),
            behind: false,
        }
    }

    /// Listens for a while, takes what comes, then pulls what it knows to be missing.
    async fn listen(&mut self, ms: u64) {
        for frame in self.line.during(ms).await {
            self.take(frame);
        }
        self.pull().await;
    }

    /// Beats, and does what the answer calls for.
    async fn beat(&mut self) {
        let stands = self.line.beat().await;
        if stands > self.ver {
            self.behind = true;
        }
        self.pull().await;
    }

    fn take(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Entry(live) => {
                self.live.push((live.conv, live.entry.seq));
                let held = self.held.get(&live.conv).copied().unwrap_or_default();
                if live.entry.seq == held.next() {
                    self.hold(live.conv, live.entry);
                } else if live.entry.seq > held {
                    self.stale.insert(live.conv);
                }
            }
            ServerFrame::Ver(moved) if moved.ver <= self.ver => moved.heads.iter().for_each(|head| self.head(head)),
            ServerFrame::Ver(moved) if moved.prev <= self.ver && !moved.pull => {
                moved.heads.iter().for_each(|head| self.head(head));
                self.ver = moved.ver;
            }
            ServerFrame::Ver(_) | ServerFrame::Behind(_) => self.behind = true,
            ServerFrame::Inbox(page) => self.page(page),
            _ => {}
        }
    }

    fn hold(&mut self, conv: ConversationId, entry: Entry) {
        self.held.insert(conv, entry.seq);
        self.logs.entry(conv).or_default().insert(entry.seq, entry);
    }

    fn head(&mut self, head: &Head) {
        if let Some(row) = self.rows.get_mut(&head.conv).filter(|row| row.head_seq < head.seq) {
            (row.head_seq, row.head_ord, row.head_ms) = (head.seq, head.ord, head.ms);
            self.stale.insert(head.conv);
        }
    }

    fn page(&mut self, page: Inbox) {
        if page.from > self.ver {
            self.behind = true;
            return;
        }
        for row in page.rows {
            if let Topic::Conversation(mut row) = row.topic {
                if let Some(known) = self.rows.get(&row.conv).filter(|known| known.head_seq > row.head_seq) {
                    (row.head_seq, row.head_ord, row.head_ms) = (known.head_seq, known.head_ord, known.head_ms);
                }
                self.stale.insert(row.conv);
                self.rows.insert(row.conv, *row);
            }
        }
        self.ver = self.ver.max(page.to);
        self.behind |= page.more;
    }

    async fn pull(&mut self) {
        while std::mem::take(&mut self.behind) {
            let page = self.line.inbox(self.ver).await;
            self.page(page);
        }
        for conv in std::mem::take(&mut self.stale) {
            loop {
                let held = self.held.get(&conv).copied().unwrap_or_default();
                let page = match self.line.ask(ClientFrame::Get(Get::after(conv, held))).await {
                    ServerFrame::Entries(page) => page,
                    other => panic!("{other:?}"),
                };
                for entry in page.items {
                    self.hold(conv, entry);
                }
                let held = self.held.entry(conv).or_default();
                *held = page.to.max(*held);
                if !page.more {
                    break;
                }
            }
        }
    }

    /// Holds exactly what the server has for this person.
    async fn check(&mut self, house: &House, person: &Person, what: &str) {
        let page = house.store.inbox(person.user, Ver(0)).await.expect("an inbox");
        assert_eq!((self.ver, page.more), (page.to, false), "{what}");
        let mut rows = 0;
        for (_, topic) in page.rows {
            let store::Topic::Conversation(record) = topic else {
                continue;
            };
            rows += 1;
            let row = &self.rows[&record.conv];
            let seen = (
                row.head_seq,
                row.head_ord,
                row.read_seq,
                row.role,
                &row.spans,
                row.peer.map(|peer| peer.read),
            );
            let peer = record.peer.map(|peer| peer.read);
            assert_eq!(
                seen,
                (
                    record.head_seq,
                    record.head_ord,
                    record.read_seq,
                    record.role,
                    &record.spans,
                    peer
                ),
                "{what}"
            );
            let log = house
                .store
                .page(store::AskPage {
                    reader: person.user,
                    conv: record.conv,
                    place: protocol::client_frame::Place::After(Seq(0)),
                    limit: 200,
                })
                .await
                .expect("a log");
            assert!(!log.more, "short enough for one page");
            let there: Vec<_> = log.entries.iter().map(|entry| (entry.seq, entry.id)).collect();
            let mine: Vec<_> = self.logs[&record.conv]
                .values()
                .map(|entry| (entry.seq, entry.id))
                .collect();
            assert_eq!(mine, there, "{what}");
        }
        assert_eq!(self.rows.len(), rows, "{what}");
    }

    /// In each log, live entries came in order, each once at most, and from the first on none was left out that this
    /// person may read: who was not told to be behind was not skipped.
    fn check_order(&self, what: &str) {
        let mut last: BTreeMap<ConversationId, Seq> = BTreeMap::new();
        for (conv, seq) in &self.live {
            let Some(before) = last.insert(*conv, *seq) else {
                continue;
            };
            assert!(before < *seq, "{what}: {conv} {before} then {seq}");
            let spans = &self.rows[conv].spans;
            let skipped = (before.0 + 1..seq.0).find(|between| unread::may_read(spans, Seq(*between)));
            assert_eq!(skipped, None, "{what}: {conv} {before} then {seq}");
        }
    }
}

/// Does something by chance: writes, reads, changes members.
async fn act(
    house: &House,
    lines: &mut [Line],
    people: &[Person],
    convs: &mut Vec<ConversationId>,
    chance: &mut StdRng,
) {
    let who = chance.random_range(0..lines.len());
    let conv = convs[chance.random_range(0..convs.len())];
    let whom = &people[chance.random_range(0..people.len())];
    let line = &mut lines[who];
    let frame = match chance.random_range(0..20) {
        0..=12 => house.text(conv, &format!("{}", chance.random::<u32>())),
        13..=15 => {
            let read = chance.random_range(1..40);
            crate::frames::cursor(conv, Some(read), Some(read))
        }
        16 => house.add(conv, &[whom]),
        17 if whom.user != people[who].user => house.remove(conv, whom),
        18 if convs.len() < 6 => {
            convs.push(house.group(line, "another", &[whom]).await);
            return;
        }
        _ => ClientFrame::Beat(Beat {}),
    };
    line.ask(frame).await;
}

/// CNV3: every hint is lost. A client that only beats holds, within one beat, what the server holds: entries, new
/// conversations, removals, cursors.
#[tokio::test(start_paused = true)]
async fn cnv3_with_every_hint_lost_a_beat_finds_everything() {
    for seed in 0..10 {
        let what = format!("seed {seed}");
        let mut chance = StdRng::seed_from_u64(seed);
        let house = House::start();
        let people = house.people(["ann", "bob", "cat"]).await;
        let mut lines = Vec::new();
        for person in &people {
            lines.push(house.connect(person).await);
        }
        let mut convs = vec![house.group(&mut lines[0], "tea", &[&people[1], &people[2]]).await];
        convs.push(house.direct(&mut lines[1], &people[2]).await);
        let tablet = house.device(people[2].user).await;
        let mut follower = Follower::come(&house, &tablet).await;
        follower.listen(3_000).await;
        house.bus_faults(BusFaults {
            lose_percent: 100,
            ..BusFaults::default()
        });
        let before = follower.live.len();
        for _ in 0..4 {
            for _ in 0..10 {
                act(&house, &mut lines, &people, &mut convs, &mut chance).await;
            }
            // Fan-out is at most an interval behind; then comes the beat.
            follower.listen(house.node.config.beat_ms).await;
            assert_eq!(follower.live.len(), before, "no hint comes");
            follower.beat().await;
            follower.check(&house, &tablet, &what).await;
        }
    }
}

/// CNV5 CNV4 ORD5 GAP4: hints are lost, doubled and late, over two nodes. Each session hears each log in order and
/// nothing twice, and all devices end in the same state as the log.
#[tokio::test(start_paused = true)]
async fn cnv5_lost_doubled_and_late_hints_change_nothing_in_the_end() {
    for seed in 0..10 {
        let what = format!("seed {seed}");
        let mut chance = StdRng::seed_from_u64(seed);
        let faults = BusFaults {
            lose_percent: 30,
            double_percent: 30,
            delay_percent: 30,
            delay_ms_max: 1_500,
        };
        let (store, bus) = (model(), InProcess::with_faults(faults, seed));
        let one = House::on(config(), store.clone(), bus.clone(), 1);
        let other = House::on(config(), store, bus, 2);
        let people = one.people(["ann", "bob", "cat"]).await;
        let mut lines = Vec::new();
        let mut followers = Vec::new();
        for (number, person) in people.iter().enumerate() {
            let (near, far) = if number % 2 == 0 {
                (&one, &other)
            } else {
                (&other, &one)
            };
            lines.push(near.connect(person).await);
            for house in [near, far] {
                let device = one.device(person.user).await;
                followers.push((Follower::come(house, &device).await, device));
            }
        }
        let mut convs = vec![one.group(&mut lines[0], "tea", &[&people[1], &people[2]]).await];
        convs.push(one.direct(&mut lines[1], &people[2]).await);
        for _ in 0..4 {
            for _ in 0..15 {
                act(&one, &mut lines, &people, &mut convs, &mut chance).await;
                let (follower, _) = &mut followers[chance.random_range(0..6)];
                let ms = chance.random_range(0..400);
                follower.listen(ms).await;
            }
            for line in &mut lines {
                line.beat().await;
            }
        }
        for (follower, _) in &mut followers {
            follower.listen(4_000).await;
        }
        for (follower, device) in &mut followers {
            follower.beat().await;
            follower.check(&one, device, &what).await;
            follower.check_order(&what);
        }
    }
}
