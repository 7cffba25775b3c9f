//! Every record of a good history, spoiled in every plain way: none goes unseen, but for those that nobody could blame.

use crate::story::*;
use protocol::{SendId, Seq};
use swarm::history::{Record, Seen, What};

/// Changes an entry somewhere in a record, if it has one.
fn spoil_entry(what: &mut What, spoil: impl Fn(&mut Seen)) -> bool {
    match what {
        What::Shown { entries, .. } | What::Final { entries, .. } => entries.first_mut().map(spoil).is_some(),
        What::Heard { entry, .. } => {
            spoil(entry);
            true
        }
        _ => false,
    }
}

/// Tries a spoil on each record in turn; answers those of them that went unseen.
fn unseen(spoil: impl Fn(&mut Record) -> bool) -> Vec<Record> {
    let good = Story::good();
    let mut unseen = Vec::new();
    for at in 0..good.records.len() {
        let mut story = Story::good();
        if spoil(&mut story.records[at]) && story.judge().violations.is_empty() {
            unseen.push(good.records[at].clone());
        }
    }
    unseen
}

#[test]
fn whatever_entry_is_told_otherwise_is_seen() {
    let unseen = unseen(|record| spoil_entry(&mut record.what, |seen| seen.digest ^= 1));
    assert!(unseen.is_empty(), "another body: {unseen:#?}");
    let stranger = SendId::from_bytes([250; 16]);
    let unseen = self::unseen(|record| spoil_entry(&mut record.what, |seen| seen.send_id = stranger));
    assert!(unseen.is_empty(), "another name: {unseen:#?}");
    let unseen = self::unseen(|record| spoil_entry(&mut record.what, |seen| seen.seq = seen.seq.next()));
    assert!(unseen.is_empty(), "another seq: {unseen:#?}");
}

#[test]
fn whatever_is_answered_otherwise_is_seen() {
    let unseen = unseen(|record| match &mut record.what {
        What::Ok { seq, .. } => {
            *seq = Seq(seq.0 + 1);
            true
        }
        _ => false,
    });
    // Adding people may be answered with any place, if all of them are in; but not where the log has the change itself.
    assert!(unseen.is_empty(), "{unseen:#?}");
    let unseen = self::unseen(|record| {
        let is_ok = matches!(record.what, What::Ok { .. });
        if let What::Ok { send_id, conv, .. } = record.what {
            record.what = What::Fail {
                send_id,
                conv,
                code: 403,
            };
        }
        is_ok
    });
    assert!(unseen.is_empty(), "{unseen:#?}");
}

/// Each line of the log, with each of its fields.
#[test]
fn whatever_the_log_has_otherwise_is_seen() {
    type Spoil = fn(&mut swarm::history::Logged);
    let spoils: [(&str, Spoil); 5] = [
        ("seq", |entry| entry.seq = Seq(entry.seq.0 + 100)),
        ("ord", |entry| entry.ord = entry.ord.next()),
        ("sender", |entry| entry.sender = protocol::UserId::from_bytes([9; 16])),
        ("send_id", |entry| entry.send_id = SendId::from_bytes([250; 16])),
        ("digest", |entry| entry.digest ^= 1),
    ];
    let length = Story::good().log.len();
    for (field, spoil) in spoils {
        for at in 0..length {
            let mut story = Story::good();
            story.spoil_log(|log| spoil(&mut log[at]));
            assert!(!story.judge().violations.is_empty(), "{field} of entry {at}");
        }
    }
    for at in 0..length {
        let mut story = Story::good();
        // Between two others: one may be later than what is before it.
        story.spoil_log(|log| log[at].created_ms = if at + 1 < length { u64::MAX } else { 0 });
        assert!(!story.judge().violations.is_empty(), "the time of entry {at}");
        let mut story = Story::good();
        story.spoil_log(|log| drop(log.remove(at)));
        assert!(!story.judge().violations.is_empty(), "entry {at} is gone");
        let mut story = Story::good();
        story.spoil_log(|log| log.insert(at, log[at].clone()));
        assert!(!story.judge().violations.is_empty(), "entry {at} stands twice");
    }
}

#[test]
fn whatever_is_told_twice_or_not_at_all_is_seen() {
    let good = Story::good();
    let (mut twice, mut never) = (Vec::new(), Vec::new());
    for (at, record) in good.records.iter().enumerate() {
        if matches!(record.what, What::Shown { .. } | What::Heard { .. }) {
            let mut story = Story::good();
            story.records.insert(at, record.clone());
            if story.judge().violations.is_empty() {
                twice.push(record.clone());
            }
        }
        if matches!(
            record.what,
            What::Shown { .. } | What::Heard { .. } | What::Ok { .. } | What::Final { .. }
        ) {
            let mut story = Story::good();
            story.records.remove(at);
            if story.judge().violations.is_empty() {
                never.push((record.device, record.what.clone()));
            }
        }
    }
    assert!(twice.is_empty(), "{twice:#?}");
    // Where something begins nobody can say what should have been told before; and a bare socket owes nobody the end.
    let ends = |device: Option<u32>, is_ear: bool| {
        let theirs = good.records.iter().filter(|r| r.device == device);
        let told: Vec<&What> = theirs
            .map(|r| &r.what)
            .filter(|what| matches!(what, What::Shown { .. } | What::Heard { .. }))
            .collect();
        let first = told.first().map(|what| (*what).clone());
        let last = told.last().filter(|_| is_ear).map(|what| (*what).clone());
        [first, last]
    };
    let blameless = |device: Option<u32>, what: &What| ends(device, device >= Some(10)).contains(&Some(what.clone()));
    never.retain(|(device, what)| !blameless(*device, what));
    assert!(never.is_empty(), "{never:#?}");
}
