//! One conversation: its log, who is in it, how far each has got, who was mentioned.

use super::State;
use super::links::Links;
use super::terms::Side;
use super::threads::Say;
use crate::Refused;
use crate::record::{Entry, Head, MemberChange, SecretHash};
use protocol::group::{GroupSettings, SettingsChange};
use protocol::server_frame::{ConversationKind, Role};
use protocol::{ConversationId, Epoch, Generation, Kind, Ordinal, SendId, Seq, Span, UserId, unread};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One conversation.
pub(super) struct Conversation {
    pub kind: ConversationKind,
    pub title: Option<String>,
    pub settings: GroupSettings,
    pub links: Links,
    /// Who asks to be let in, since when.
    pub requests: BTreeMap<UserId, u64>,
    /// The entry of seq `n` at index `n - 1`.
    pub log: Vec<Arc<Entry>>,
    /// What each change came to, for as long as its entry stands.
    pub sends: BTreeMap<(UserId, SendId), Sent>,
    /// Everybody who is or was a member.
    pub members: BTreeMap<UserId, Membership>,
    /// Bodies that an edit replaced, by entry and by the edit that had made them (zero: it was written so).
    pub revisions: BTreeMap<(Seq, Seq), Arc<str>>,
    /// Who is mentioned where.
    pub mentions: BTreeSet<(UserId, Seq)>,
    /// What members say to threads, by their roots.
    pub says: BTreeMap<(UserId, Seq), Say>,
}

/// A change that was made.
pub(super) struct Sent {
    pub seq: Seq,
    pub asked: Asked,
}

/// What was asked for, without what a retry may say differently.
#[derive(PartialEq, Eq)]
pub(super) enum Asked {
    Append {
        kind: Kind,
        body: Arc<str>,
        reply_to: Option<Seq>,
        thread: Option<Seq>,
    },
    Create {
        title: Option<String>,
        members: Vec<UserId>,
    },
    Members(MemberChange),
    Settings(SettingsChange),
    Join(SecretHash),
    Amend {
        target: Seq,
        kind: Kind,
        body: Arc<str>,
    },
}

/// Somebody who is or was a member.
pub(super) struct Membership {
    pub role: Role,
    /// The entry that says they are here, of their last stay.
    pub since: Seq,
    /// In order; only the last may be open.
    pub spans: Vec<Span>,
    /// Public: stored.
    pub delivered: Seq,
    /// Public: read.
    pub read: Seq,
    /// Private: read.
    pub mine: Seq,
    pub generation: Generation,
    /// Their side of a 1:1's terms.
    pub side: Side,
    /// When `delivered` advanced, in order.
    pub delivered_runs: Vec<Run>,
    /// When `read` advanced, in order.
    pub read_runs: Vec<Run>,
}

/// Advances of one public cursor within one minute.
#[derive(Clone, Copy)]
pub(super) struct Run {
    /// The entries above this one ...
    pub above: Seq,
    /// ... up to and with this one ...
    pub to: Seq,
    /// ... were passed in the minute that begins the count here.
    pub at_ms: u64,
}

impl Conversation {
    /// Where the entry of this name stands, if not at `seq`: where the only one of it does.
    pub(super) fn place(&self, seq: Seq, name: Option<SendId>) -> Option<Seq> {
        let bears = |entry: &&Arc<Entry>| name.is_none_or(|name| entry.send_id == name);
        let Some(name) = name.filter(|_| self.entry(seq).filter(bears).is_none()) else {
            return Some(seq);
        };
        let mut bearers = self.log.iter().filter(|entry| entry.send_id == name);
        bearers
            .next()
            .filter(|_| bearers.next().is_none())
            .map(|entry| entry.seq)
    }

    pub(super) fn head_seq(&self) -> Seq {
        Seq(self.log.len() as u64)
    }

    pub(super) fn head_ord(&self) -> Ordinal {
        self.ord(self.head_seq())
    }

    /// Messages up to and with `seq`.
    pub(super) fn ord(&self, seq: Seq) -> Ordinal {
        self.entry(seq).map_or(Ordinal::ZERO, |entry| entry.ord)
    }

    pub(super) fn entry(&self, seq: Seq) -> Option<&Arc<Entry>> {
        self.log.get(usize::try_from(seq.0.checked_sub(1)?).ok()?)
    }

    /// Somebody who is or was a member.
    pub(super) fn reader(&self, user: UserId) -> Result<&Membership, Refused> {
        self.members.get(&user).ok_or(Refused::NotFound)
    }

    /// Somebody who is a member now.
    pub(super) fn member(&self, user: UserId) -> Result<&Membership, Refused> {
        let membership = self.reader(user)?;
        membership.is_member().then_some(membership).ok_or(Refused::NotAMember)
    }

    /// Those who are members now, in order of id.
    pub(super) fn present(&self) -> impl Iterator<Item = (UserId, &Membership)> {
        let all = self.members.iter().map(|(&user, membership)| (user, membership));
        all.filter(|(_, membership)| membership.is_member())
    }

    /// The last entry that somebody may read.
    pub(super) fn readable_head(&self, membership: &Membership) -> Seq {
        unread::readable_head(&membership.spans, self.head_seq()).unwrap_or_default()
    }

    /// Whether there is an entry at `seq` that somebody may read.
    pub(super) fn may_read(&self, membership: &Membership, seq: Seq) -> bool {
        self.entry(seq).is_some() && unread::may_read(&membership.spans, seq)
    }

    /// Where the log ends for somebody.
    pub(super) fn head(&self, conv: ConversationId, epoch: Epoch, membership: &Membership) -> Head {
        let seq = self.readable_head(membership);
        Head {
            conv,
            epoch,
            seq,
            ord: self.ord(seq),
            ms: self.entry(seq).map_or(0, |entry| entry.created_ms),
        }
    }
}

impl Membership {
    /// Somebody who may read from `from_seq` on, with `from_ord` messages before it.
    pub(super) fn beginning(role: Role, from_seq: Seq, from_ord: Ordinal) -> Self {
        let mut membership = Self {
            role,
            since: from_seq,
            spans: Vec::new(),
            delivered: Seq::ZERO,
            read: Seq::ZERO,
            mine: Seq::ZERO,
            generation: Generation::ZERO,
            side: Side::default(),
            delivered_runs: Vec::new(),
            read_runs: Vec::new(),
        };
        membership.begin_span(role, from_seq, from_ord, from_seq);
        membership
    }

    /// Somebody who was never a member.
    pub(super) fn never() -> Self {
        Self {
            spans: Vec::new(),
            ..Self::beginning(Role::Member, Seq(1), Ordinal::ZERO)
        }
    }

    /// A first or a further stay, since the entry `since`, which may read from `from_seq` on. Nothing before `since` is
    /// news to them.
    pub(super) fn begin_span(&mut self, role: Role, from_seq: Seq, from_ord: Ordinal, since: Seq) {
        self.role = role;
        self.since = since;
        self.spans.push(Span {
            from_seq,
            from_ord,
            to_seq: None,
            to_ord: None,
        });
        for cursor in [&mut self.delivered, &mut self.read, &mut self.mine] {
            *cursor = (*cursor).max(since.prev());
        }
    }

    /// The end of a stay: the entry that says so is the last they may read.
    pub(super) fn end_span(&mut self, to_seq: Seq, to_ord: Ordinal) {
        let open = self.spans.last_mut().expect("a member has a span");
        open.to_seq = Some(to_seq);
        open.to_ord = Some(to_ord);
    }

    pub(super) fn is_member(&self) -> bool {
        self.spans.last().is_some_and(Span::is_open)
    }

    /// Whether they joined after `seq` and found it there.
    pub(super) fn found(&self, seq: Seq) -> bool {
        seq < self.since && self.spans.last().is_some_and(|span| span.holds(seq))
    }
}

impl State {
    /// The conversation, to be changed after all that may refuse has been looked at.
    pub(super) fn conversation_mut(&mut self, conv: ConversationId) -> &mut Conversation {
        self.conversations.get_mut(&conv).expect("looked at before")
    }
}
