//! Telling of moved inboxes, by random plans over a lossy bus and with clients that miss frames.

use super::*;
use protocol::Epoch;
use protocol::Seq;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn conv(n: u8) -> ConversationId {
    ConversationId::from_random([n; 16])
}

/// One change of an inbox: which row, where its log ends, and whether nothing else changed.
#[derive(Clone, Copy)]
struct Change {
    conv: ConversationId,
    seq: Seq,
    head_only: bool,
}

/// A person's inbox in the store: the change of each version, from 1.
#[derive(Default)]
struct Inbox {
    changes: Vec<Change>,
}

impl Inbox {
    fn ver(&self) -> Ver {
        Ver(self.changes.len() as u64)
    }

    fn change(&mut self, chance: &mut StdRng, convs: u8) -> Bumped {
        let conv = conv(chance.random_range(0..convs));
        let seq = self
            .changes
            .iter()
            .rev()
            .find(|change| change.conv == conv)
            .map_or(Seq(0), |change| change.seq);
        let head_only = chance.random_bool(0.9);
        let seq = Seq(seq.0 + u64::from(head_only || chance.random_bool(0.5)));
        let prev = self.ver();
        self.changes.push(Change { conv, seq, head_only });
        let head = store::Head {
            conv,
            epoch: epoch(),
            seq,
            ord: protocol::Ordinal::ZERO,
            ms: 0,
        };
        Bumped {
            user: user(),
            prev,
            ver: self.ver(),
            conv,
            head,
            head_only,
        }
    }
}

fn user() -> UserId {
    UserId::from_random([1; 16])
}

fn epoch() -> Epoch {
    Epoch::from_random([1; 16])
}

/// A client: the version it adopted, the heads it knows of, and the versions whose other changes it has seen.
#[derive(Default)]
struct Client {
    ver: Ver,
    heads: BTreeMap<ConversationId, Seq>,
    asked: u32,
    adopted: u32,
    /// Everything up to here was seen as a whole row.
    rows: Ver,
}

impl Client {
    /// The rule of [`VerMoved`].
    fn told(&mut self, frame: &VerMoved, inbox: &Inbox) {
        if frame.ver <= self.ver {
            return;
        }
        if frame.prev != self.ver || frame.pull {
            return self.ask(inbox);
        }
        for head in &frame.heads {
            let known = self.heads.entry(head.conv).or_default();
            *known = (*known).max(head.seq);
        }
        self.ver = frame.ver;
        self.adopted += 1;
    }

    fn ask(&mut self, inbox: &Inbox) {
        for change in &inbox.changes {
            self.heads.insert(change.conv, change.seq);
        }
        (self.ver, self.rows) = (inbox.ver(), inbox.ver());
        self.asked += 1;
    }

    /// It has seen every row of every version that it adopted.
    fn check(&self, inbox: &Inbox, at: &str) {
        for (ver, change) in (1..=self.ver.0).zip(&inbox.changes) {
            let known = self.heads.get(&change.conv).copied().unwrap_or_default();
            assert!(
                known >= change.seq,
                "adopted {} without the head of {ver}, {at}",
                self.ver
            );
            assert!(
                change.head_only || Ver(ver) <= self.rows,
                "adopted {} without row {ver}, {at}",
                self.ver
            );
        }
    }
}

/// Checks one frame against the last one that was told. Answers when it was told, and up to where.
fn check_frame(frame: &VerMoved, told: Option<(u64, Ver)>, inbox: &Inbox, now_ms: u64, at: &str) -> (u64, Ver) {
    assert!(frame.prev < frame.ver && frame.ver <= inbox.ver(), "{at}");
    assert!(frame.heads.len() <= HEADS_TOLD_MAX, "{at}");
    if let Some((at_ms, ver)) = told {
        assert!(at_ms + TELL_INTERVAL_MS <= now_ms, "told twice within a second, {at}");
        assert!(ver < frame.ver, "told a version again, {at}");
    }
    (now_ms, frame.ver)
}

/// CNV4: whatever happens to hints and frames, a person is told at most once a second, of versions that only grow, and
/// a client never adopts a version one of whose rows it has not seen.
#[test]
fn cnv4_no_client_adopts_what_it_has_not_seen() {
    let (mut frames, mut adopted, mut asked, mut gathered) = (0, 0, 0, 0);
    for seed in 0..400 {
        let mut chance = StdRng::seed_from_u64(seed);
        let convs = if chance.random_bool(0.1) {
            200
        } else {
            chance.random_range(1..8)
        };
        let (lose, double, late) = (
            chance.random_range(0.0..0.3),
            chance.random_range(0.0..0.3),
            chance.random_range(0.0..0.3),
        );
        let (mut vers, mut inbox) = (Vers::default(), Inbox::default());
        let mut clients = [Client::default(), Client::default()];
        let mut bus: Vec<(u64, Bumped)> = Vec::new();
        let (mut now_ms, mut told): (u64, Option<(u64, Ver)>) = (5_000, None);
        for step in 0..200 {
            now_ms += if chance.random_bool(0.8) {
                chance.random_range(0..100)
            } else {
                chance.random_range(0..1_500)
            };
            let bumped = inbox.change(&mut chance, convs);
            let times = if chance.random_bool(lose) {
                0
            } else {
                1 + u32::from(chance.random_bool(double))
            };
            for _ in 0..times {
                let late_ms = if chance.random_bool(late) {
                    chance.random_range(0..900)
                } else {
                    0
                };
                bus.push((now_ms + late_ms, bumped));
            }
            let at = format!("seed {seed} step {step}");
            let due: Vec<_> = bus.extract_if(.., |(at_ms, _)| *at_ms <= now_ms).collect();
            let mut out: Vec<VerMoved> = due
                .iter()
                .filter_map(|(_, bumped)| vers.moved(bumped, wire_head(bumped), now_ms))
                .collect();
            if chance.random_bool(0.7) {
                out.extend(vers.tick(now_ms).into_iter().map(|(_, frame)| frame));
            }
            for frame in out {
                frames += 1;
                gathered += u32::from(frame.ver.0 > frame.prev.0 + 1);
                told = Some(check_frame(&frame, told, &inbox, now_ms, &at));
                // The second client's connection is a bad one.
                clients[0].told(&frame, &inbox);
                if chance.random_bool(0.8) {
                    clients[1].told(&frame, &inbox);
                }
            }
            clients.iter().for_each(|client| client.check(&inbox, &at));
        }
        adopted += clients.iter().map(|client| client.adopted).sum::<u32>();
        asked += clients.iter().map(|client| client.asked).sum::<u32>();
    }
    assert!(
        frames > 8_000 && gathered > 4_000,
        "hard: {frames} frames, {gathered} of several changes"
    );
    assert!(
        adopted > 1_000 && asked > 4_000,
        "hard: {adopted} adopted, {asked} asked"
    );
}

fn wire_head(bumped: &Bumped) -> Head {
    crate::wire::head(&bumped.head)
}

/// CNV4: on a bus that behaves, nobody ever has to ask for what the heads say, and all is told a second later at most.
#[test]
fn cnv4_on_a_good_day_every_version_is_adopted() {
    for seed in 0..300 {
        let mut chance = StdRng::seed_from_u64(seed);
        let (mut vers, mut inbox, mut client) = (Vers::default(), Inbox::default(), Client::default());
        let mut now_ms = 5_000;
        for _ in 0..200 {
            now_ms += chance.random_range(0..300);
            let mut bumped = inbox.change(&mut chance, 5);
            bumped.head_only = true;
            inbox.changes.last_mut().expect("one change").head_only = true;
            let told = vers.moved(&bumped, wire_head(&bumped), now_ms);
            let ticked = vers.tick(now_ms).into_iter().map(|(_, frame)| frame);
            told.into_iter()
                .chain(ticked)
                .for_each(|frame| client.told(&frame, &inbox));
        }
        vers.tick(now_ms + TELL_INTERVAL_MS)
            .iter()
            .for_each(|(_, frame)| client.told(frame, &inbox));
        assert_eq!((client.asked, client.ver), (0, inbox.ver()), "seed {seed}");
        assert!(vers.tick(now_ms + 2 * TELL_INTERVAL_MS).is_empty(), "seed {seed}");
        assert!(
            vers.people.is_empty(),
            "who has nothing to be told is forgotten, seed {seed}"
        );
    }
}
