//! What bare senders asked for and were told, and its comparison with the log. It shares no line with the checker of
//! `swarm`: what both find is found twice.

use protocol::{ConversationId, SendId, Seq};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use swarm::history::{Digest, Logged, What};
use swarm::verdict::{Rule, Summary, Verdict, Violation};
use tokio::sync::watch;

/// Violations told of one comparison; a lost disk would otherwise fill another.
const VIOLATIONS_MAX: usize = 20;

/// What all senders of one server were told.
pub struct Tally {
    said: Mutex<Said>,
    acks: watch::Sender<u64>,
}

#[derive(Default)]
struct Said {
    sent: BTreeMap<SendId, Sent>,
    /// Nothing that comes now was read before the disaster.
    closed: bool,
    /// Refusals by their number.
    refused: BTreeMap<u16, u64>,
    /// What was wrong at once.
    wrong: Vec<String>,
}

#[derive(Clone, Copy)]
struct Sent {
    conv: ConversationId,
    digest: Digest,
    acked: Option<Seq>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            said: Mutex::default(),
            acks: watch::Sender::new(0),
        }
    }
}

impl Tally {
    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A sender is about to ask for this.
    pub fn sent(&self, send_id: SendId, conv: ConversationId, digest: Digest) {
        let acked = None;
        self.said().sent.insert(send_id, Sent { conv, digest, acked });
    }

    /// A sender read an ack. `false`: too late to count; it is to ask again.
    #[must_use]
    pub fn acked(&self, send_id: SendId, seq: Seq) -> bool {
        let mut said = self.said();
        if said.closed {
            return false;
        }
        if let Some(sent) = said.sent.get_mut(&send_id) {
            sent.acked = Some(seq);
        }
        drop(said);
        self.acks.send_modify(|acks| *acks += 1);
        true
    }

    /// A sender read a refusal. One that is for good is wrong: nobody here asks for what may not be.
    pub fn refused(&self, code: u16, name: &str, retry: bool) {
        let mut said = self.said();
        *said.refused.entry(code).or_default() += 1;
        if !retry && said.wrong.len() < VIOLATIONS_MAX {
            said.wrong.push(format!("a send was refused for good: {code} {name}"));
        }
    }

    /// From here on no ack counts: the disaster comes.
    pub fn close(&self) {
        self.said().closed = true;
    }

    /// From here on acks count again.
    pub fn open(&self) {
        self.said().closed = false;
    }

    /// Acknowledgements so far.
    #[must_use]
    pub fn acks(&self) -> u64 {
        *self.acks.borrow()
    }

    /// Refusals so far, by their number.
    #[must_use]
    pub fn refusals(&self) -> BTreeMap<u16, u64> {
        self.said().refused.clone()
    }

    /// Waits until there are more than so many acknowledgements.
    pub async fn more_than(&self, acks: u64) {
        // The sender lives as long as we do.
        let _ = self.acks.subscribe().wait_for(|now| *now > acks).await;
    }

    /// Compares everything that was acknowledged with the logs.
    #[must_use]
    pub fn compare(&self, logs: &[What]) -> Verdict {
        let said = self.said();
        let mut found: Vec<Violation> = said
            .wrong
            .iter()
            .map(|says| violation(Rule::I14, None, says.clone()))
            .collect();
        let mut by_conv = BTreeMap::new();
        let mut held = BTreeSet::new();
        for record in logs {
            if let What::Log { conv, entries, .. } = record {
                by_conv.insert(*conv, entries.as_slice());
                found.extend(look_at(*conv, entries, &said.sent, &mut held));
            }
        }
        let mut acked = 0;
        for (send_id, sent) in &said.sent {
            let Some(seq) = sent.acked else { continue };
            acked += 1;
            let log = by_conv.get(&sent.conv).copied().unwrap_or_default();
            found.extend(missing(*send_id, *sent, seq, log));
        }
        let lost = count(&found, &[Rule::I1]);
        let doubled = count(&found, &[Rule::I2, Rule::I3]);
        let gaps = count(&found, &[Rule::I4]);
        let other_wrong = count(&found, &[Rule::I14]);
        found.truncate(VIOLATIONS_MAX);
        Verdict {
            violations: found,
            summary: Summary {
                sent: said.sent.len() as u64,
                acked,
                unknown: said.sent.len() as u64 - acked,
                lost,
                doubled,
                gaps,
                other_wrong,
                ..Summary::default()
            },
        }
    }
}

/// An acknowledged entry that is not where it was said to be.
fn missing(send_id: SendId, sent: Sent, seq: Seq, log: &[Logged]) -> Option<Violation> {
    let place = usize::try_from(seq.0.saturating_sub(1)).unwrap_or(usize::MAX);
    let there = log.get(place).filter(|entry| entry.seq == seq);
    if there.is_some_and(|entry| entry.send_id == send_id && entry.digest == sent.digest) {
        return None;
    }
    let holds = there.map_or_else(
        || format!("the log ends at {}", log.last().map_or(0, |entry| entry.seq.0)),
        |entry| format!("{} is there", entry.send_id),
    );
    let says = format!("{send_id} was acknowledged at seq {}, and {holds}", seq.0);
    Some(violation(Rule::I1, Some(sent.conv), says))
}

/// What is wrong with one log by itself: holes, times that go back, doubles, words nobody said.
fn look_at(
    conv: ConversationId,
    log: &[Logged],
    sent: &BTreeMap<SendId, Sent>,
    held: &mut BTreeSet<Digest>,
) -> Vec<Violation> {
    let mut found = Vec::new();
    let (mut names, mut last_ms) = (BTreeSet::new(), 0);
    for (expected, entry) in (1..).zip(log) {
        let seq = entry.seq.0;
        if seq != expected {
            let says = format!("seq {expected} should follow, and {seq} does");
            found.push(violation(Rule::I4, Some(conv), says));
            return found;
        }
        if entry.created_ms < last_ms {
            let says = format!(
                "seq {seq} is of {} ms, and the one before of {last_ms} ms",
                entry.created_ms
            );
            found.push(violation(Rule::I4, Some(conv), says));
        }
        last_ms = entry.created_ms;
        if entry.kind != "text" {
            continue;
        }
        if !names.insert(entry.send_id) || !held.insert(entry.digest) {
            let says = format!("seq {seq} holds {} a second time", entry.send_id);
            found.push(violation(Rule::I2, Some(conv), says));
        }
        if sent.get(&entry.send_id).is_none_or(|sent| sent.digest != entry.digest) {
            let says = format!("seq {seq} holds {}, which nobody sent so", entry.send_id);
            found.push(violation(Rule::I3, Some(conv), says));
        }
    }
    found
}

fn count(found: &[Violation], rules: &[Rule]) -> u64 {
    found.iter().filter(|one| rules.contains(&one.rule)).count() as u64
}

/// A violation without a slice: here there is no history to cut it from.
#[must_use]
pub fn violation(rule: Rule, conv: Option<ConversationId>, says: String) -> Violation {
    Violation {
        rule,
        says,
        conv,
        at_us: 0,
        slice: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Ordinal, UserId};

    fn id(n: u8) -> SendId {
        SendId::from_bytes([n; 16])
    }

    fn entry(seq: u64, n: u8) -> Logged {
        Logged {
            seq: Seq(seq),
            ord: Ordinal(seq),
            kind: "text".to_owned(),
            sender: UserId::from_bytes([1; 16]),
            send_id: id(n),
            digest: u64::from(n),
            created_ms: seq,
            comes: Vec::new(),
            goes: Vec::new(),
            thread: None,
            change: None,
            state: None,
            ruled: swarm::history::Ruled::default(),
        }
    }

    fn rules(acked: &[(u8, u64)], entries: Vec<Logged>) -> Vec<Rule> {
        let (tally, conv) = (Tally::default(), ConversationId::from_bytes([9; 16]));
        for (n, seq) in acked {
            tally.sent(id(*n), conv, u64::from(*n));
            assert!(tally.acked(id(*n), Seq(*seq)));
        }
        let log = What::Log {
            lineage: 0,
            conv,
            entries,
        };
        tally.compare(&[log]).violations.iter().map(|one| one.rule).collect()
    }

    /// What is so is well; each thing that may go wrong is found, and as what it is.
    #[test]
    fn each_thing_that_may_be_wrong_is_found() {
        assert_eq!(rules(&[(1, 1), (2, 2)], vec![entry(1, 1), entry(2, 2)]), []);
        assert_eq!(rules(&[(1, 1), (2, 2)], vec![entry(1, 1)]), [Rule::I1]);
        assert_eq!(
            rules(&[(1, 2), (2, 1)], vec![entry(1, 1), entry(2, 2)]),
            [Rule::I1, Rule::I1]
        );
        assert_eq!(rules(&[(1, 1)], vec![entry(1, 1), entry(2, 1)]), [Rule::I2]);
        assert_eq!(rules(&[(1, 1)], vec![entry(1, 1), entry(2, 7)]), [Rule::I3]);
        assert_eq!(rules(&[(1, 1)], vec![entry(1, 1), entry(3, 1)]), [Rule::I4]);
    }

    /// What is read after the disaster began is no acknowledgement.
    #[test]
    fn an_ack_that_comes_too_late_does_not_count() {
        let (tally, conv) = (Tally::default(), ConversationId::from_bytes([9; 16]));
        tally.sent(id(1), conv, 1);
        tally.close();
        assert!(!tally.acked(id(1), Seq(1)));
        assert!(tally.compare(&[]).violations.is_empty());
        tally.open();
        assert!(tally.acked(id(1), Seq(1)));
        assert_eq!(tally.compare(&[]).violations.len(), 1);
    }
}
