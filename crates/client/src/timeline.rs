//! What to show of one conversation: the entries that follow each other up to the newest, and below them what this
//! device has said and nobody has confirmed yet.
//!
//! An unsent message has a `send_id` and no seq. It stands at the end until the entry with that name arrives, and then
//! it is that entry, wherever in the log it lies: nothing is shown twice and nothing jumps from one copy to another.

use crate::client::Target;
use crate::outbox::{Item, Outbox, Phase, Verb};
use protocol::entry::Reaction;
use protocol::server_frame::Ack;
use protocol::{Entry, Kind, MessageId, Refusal, SendId, Seq, UserId};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its place; absent while it is only here.
    pub seq: Option<Seq>,
    /// Its name.
    pub send_id: SendId,
    /// Whose.
    pub sender: UserId,
    /// When, in milliseconds since 1970: by the server's clock once it is there, before that by this device's.
    pub at_ms: u64,
    /// What sort of entry.
    pub kind: Kind,
    /// Its content.
    pub body: Arc<RawValue>,
    /// The seq of its last change.
    pub rev: Option<Seq>,
    /// What it answers.
    pub reply_to: Option<Seq>,
    /// The message that starts the thread it is in.
    pub thread: Option<Seq>,
    /// Its name, for links; `None` until the server has given it one.
    pub id: Option<MessageId>,
    /// The edit that gave it its present body.
    pub edited: Option<Seq>,
    /// Who deleted it for everybody.
    pub deleted_by: Option<UserId>,
    /// It is pinned.
    pub pinned: bool,
    /// Who put which emoji to it.
    pub reactions: Vec<Reaction>,
    /// How far it has got.
    pub ticks: Ticks,
}

impl Line {
    /// What something done to it points to; `None` while it is on this device only.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        let name = self.send_id;
        self.seq.map(|seq| Target { seq, name })
    }
}

/// How far a line has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ticks {
    /// Somebody else's, or nobody's business.
    None,
    /// On this device only.
    Queued,
    /// Refused for good.
    Failed(Refusal),
    /// Durable on the server.
    Sent,
    /// Stored by a device of everybody else.
    Delivered,
    /// Read by everybody else.
    Read,
}

/// The lines of a conversation, in order. `all_have` is up to where everybody else has stored and read.
pub fn lines<'a>(
    tail: impl Iterator<Item = &'a Entry>,
    outbox: &Outbox,
    conv: protocol::ConversationId,
    me: UserId,
    all_have: (Seq, Seq),
) -> Vec<Line> {
    let mut named = BTreeSet::new();
    let mut lines: Vec<Line> = Vec::new();
    for entry in tail {
        if entry.sender == me {
            named.insert(entry.send_id);
        }
        lines.push(line_of(entry, me, all_have));
    }
    let acked = outbox.lately().filter(|(item, _)| item.conv == conv);
    let waiting = outbox.waiting().filter(|item| item.conv == conv);
    let newest = lines.last().and_then(|line| line.seq).unwrap_or_default();
    // Confirmed, but the entry has not come yet. One at or below the end has come and gone from this window.
    let echoes = acked
        .filter(|(_, ack)| ack.seq > newest)
        .map(|(item, ack)| (item, Some(ack)));
    for (item, ack) in echoes.chain(waiting.map(|item| (item, None))) {
        if named.insert(item.send_id) {
            lines.extend(echo(item, ack, me));
        }
    }
    lines
}

fn line_of(entry: &Entry, me: UserId, (delivered, read): (Seq, Seq)) -> Line {
    let ticks = match entry.seq {
        _ if entry.sender != me || !entry.kind.counts() => Ticks::None,
        seq if seq <= read => Ticks::Read,
        seq if seq <= delivered => Ticks::Delivered,
        _ => Ticks::Sent,
    };
    Line {
        seq: Some(entry.seq),
        send_id: entry.send_id,
        sender: entry.sender,
        at_ms: entry.created_ms,
        kind: entry.kind.clone(),
        body: Arc::clone(&entry.body),
        rev: entry.rev,
        reply_to: entry.reply_to,
        thread: entry.thread,
        id: Some(entry.id),
        edited: entry.edited,
        deleted_by: entry.deleted_by,
        pinned: entry.pinned,
        reactions: entry.reactions.clone(),
        ticks,
    }
}

/// The line of something said here; what is not said (adding, leaving) has none before it is an entry.
fn echo(item: &Item, ack: Option<&Ack>, me: UserId) -> Option<Line> {
    let Verb::Send(send) = &item.verb else { return None };
    Some(Line {
        seq: None,
        send_id: item.send_id,
        sender: me,
        at_ms: ack.map_or(item.queued_ms, |ack| ack.created_ms),
        kind: send.kind.clone(),
        body: Arc::from(send.body.clone()),
        rev: None,
        reply_to: send.reply_to,
        thread: send.thread,
        id: ack.map(|ack| ack.message_id),
        edited: None,
        deleted_by: None,
        pinned: false,
        reactions: Vec::new(),
        ticks: match (ack, &item.phase) {
            (Some(_), _) => Ticks::Sent,
            (None, Phase::Failed(refusal)) => Ticks::Failed(refusal.clone()),
            (None, Phase::Waiting { .. } | Phase::UnderWay) => Ticks::Queued,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Bounds;
    use crate::pretend::PretendLog;
    use protocol::client_frame::Send;
    use protocol::refusal::Code;
    use protocol::{Body, ConversationId, Epoch};

    const CONV: ConversationId = ConversationId::from_bytes([1; 16]);
    const ME: UserId = UserId::from_bytes([2; 16]);
    const BOB: UserId = UserId::from_bytes([3; 16]);

    fn item(n: u8) -> Item {
        let send = Send::new(CONV, SendId::from_bytes([n; 16]), Kind::Text, Body::text("hi").to_raw());
        Item::new(Verb::Send(Box::new(send)), ME, 7)
    }

    /// IDM5: a local echo is replaced by the entry with its `send_id`, wherever it lies; at no moment is one said
    /// twice.
    #[test]
    fn idm5_an_echo_becomes_its_entry() {
        let (mut outbox, bounds) = (Outbox::default(), Bounds::default());
        (1..=4).for_each(|n| outbox.queue(item(n), &bounds).expect("room"));
        let mut log = PretendLog::new(CONV, Epoch::from_bytes([1; 16]));
        log.say(BOB, SendId::from_bytes([50; 16]), "hello");
        let first = outbox.next(0).expect("waits");
        log.say(ME, first.send_id, "hi");
        let shown = |outbox: &Outbox, log: &PretendLog, upto: usize| -> Vec<(Option<u64>, Ticks)> {
            let all_have = (Seq(2), Seq(1));
            let lines = lines(log.entries[..upto].iter(), outbox, CONV, ME, all_have);
            lines
                .into_iter()
                .map(|line| (line.seq.map(|s| s.0), line.ticks))
                .collect()
        };
        let queued = || (None, Ticks::Queued);
        let hello = || (Some(1), Ticks::None);
        assert_eq!(
            shown(&outbox, &log, 1),
            [hello(), queued(), queued(), queued(), queued()]
        );
        let with_entry = [hello(), (Some(2), Ticks::Delivered), queued(), queued(), queued()];
        assert_eq!(shown(&outbox, &log, 2), with_entry, "the entry came before the ack");
        let ack = Ack {
            conv: CONV,
            epoch: log.epoch,
            seq: Seq(2),
            ord: protocol::Ordinal(2),
            message_id: MessageId::from_bytes([0; 16]),
            created_ms: 9,
            dup: false,
        };
        outbox.acked(first.send_id, &ack, 0, &bounds);
        assert_eq!(
            shown(&outbox, &log, 1)[1],
            (None, Ticks::Sent),
            "the ack came before the entry"
        );
        assert_eq!(shown(&outbox, &log, 2), with_entry, "and then it is the entry, once");
        let second = outbox.next(0).expect("waits");
        outbox.refused(second.send_id, &Code::NotAMember.refuse(), 0);
        let failed = Ticks::Failed(Code::NotAMember.refuse());
        assert_eq!(shown(&outbox, &log, 2)[2], (None, failed));
    }
}
