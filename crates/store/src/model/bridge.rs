//! The bridge: which conversations' inboxes may be behind, and what those inboxes should hold.

use super::State;
use super::conversation::{Conversation, Membership};
use crate::record::{Dirty, InboxRecord, InboxRows, MENTIONS_TOLD_MAX, PeerCursor};
use protocol::own::Prefs;
use protocol::server_frame::ConversationKind;
use protocol::{ConversationId, Seq, UserId};
use std::collections::BTreeSet;

/// One fanout row.
pub(super) struct Fanout {
    /// Since when it is there.
    since_ms: u64,
    /// New with each write to the conversation.
    mark: u64,
    /// An entry was written: every member's inbox is behind.
    all: bool,
    /// Whose cursors moved, and who went.
    movers: BTreeSet<UserId>,
    /// Which threads changed, and for whom; `None`: for all who follow.
    threads: BTreeSet<(Seq, Option<UserId>)>,
}

impl State {
    /// An entry was written.
    pub(super) fn dirty_all(&mut self, conv: ConversationId, now_ms: u64) {
        self.touch(conv, now_ms).all = true;
    }

    /// Somebody's cursors moved, or they went.
    pub(super) fn dirty_mover(&mut self, conv: ConversationId, mover: UserId, now_ms: u64) {
        self.touch(conv, now_ms).movers.insert(mover);
    }

    /// A thread changed, for one of those who follow it or for all.
    pub(super) fn dirty_thread(&mut self, conv: ConversationId, root: Seq, user: Option<UserId>, now_ms: u64) {
        self.touch(conv, now_ms).threads.insert((root, user));
    }

    fn touch(&mut self, conv: ConversationId, now_ms: u64) -> &mut Fanout {
        self.last_mark += 1;
        let row = self.fanout.entry(conv).or_insert(Fanout {
            since_ms: now_ms,
            mark: 0,
            all: false,
            movers: BTreeSet::new(),
            threads: BTreeSet::new(),
        });
        row.mark = self.last_mark;
        row
    }

    pub(super) fn dirty(&self, limit: usize) -> Vec<Dirty> {
        let row = |(&conv, row): (&ConversationId, &Fanout)| Dirty {
            conv,
            since_ms: row.since_ms,
            mark: row.mark,
        };
        let mut dirty: Vec<Dirty> = self.fanout.iter().map(row).collect();
        dirty.sort_by_key(|dirty| (dirty.since_ms, dirty.mark));
        dirty.truncate(limit);
        dirty
    }

    pub(super) fn inbox_rows(&self, conv: ConversationId) -> InboxRows {
        let Some(fanout) = self.fanout.get(&conv) else {
            return InboxRows::default();
        };
        let conversation = &self.conversations[&conv];
        let everybody_here = fanout.all || conversation.kind == ConversationKind::Direct;
        let concerned = conversation
            .members
            .iter()
            .filter(|(user, membership)| fanout.movers.contains(user) || (everybody_here && membership.is_member()));
        let mut threads = BTreeSet::new();
        for &(root, user) in &fanout.threads {
            let users = user.map_or_else(|| conversation.followers(root), |user| vec![user]);
            threads.extend(users.into_iter().map(|user| (user, root)));
        }
        InboxRows {
            mark: Some(fanout.mark),
            threads: threads
                .into_iter()
                .map(|(user, root)| conversation.thread_record(conv, user, root))
                .collect(),
            rows: concerned
                .map(|(&user, membership)| conversation.inbox_record(conv, user, membership))
                .collect(),
        }
    }

    pub(super) fn settle(&mut self, conv: ConversationId, mark: u64) {
        if self.fanout.get(&conv).is_some_and(|row| row.mark == mark) {
            self.fanout.remove(&conv);
        }
    }
}

impl Conversation {
    /// The conversation as it should stand in somebody's inbox.
    fn inbox_record(&self, conv: ConversationId, user: UserId, membership: &Membership) -> InboxRecord {
        let head_seq = self.readable_head(membership);
        InboxRecord {
            user,
            conv,
            as_of: self.head_seq(),
            kind: self.kind,
            title: self.title.clone(),
            settings: self.settings.clone(),
            role: membership.is_member().then_some(membership.role),
            spans: membership.spans.clone(),
            head_seq,
            head_ord: self.ord(head_seq),
            head_ms: self.entry(head_seq).map_or(0, |entry| entry.created_ms),
            read_seq: membership.mine,
            read_ord: self.ord(membership.mine),
            generation: membership.generation,
            mention_seqs: self.unread_mentions(user, membership),
            peer: self.peer(user),
            prefs: Prefs::default(),
            request: membership.side.request,
            asking: if self.may_admit(membership) {
                self.requests.len() as u32
            } else {
                0
            },
            terms_rev: membership.side.rev,
        }
    }

    fn unread_mentions(&self, user: UserId, membership: &Membership) -> Vec<Seq> {
        let theirs = self
            .mentions
            .iter()
            .filter(|(mentioned, _)| *mentioned == user)
            .map(|&(_, seq)| seq);
        let mut seqs: Vec<Seq> = theirs
            .filter(|&seq| seq > membership.mine && self.may_read(membership, seq))
            .collect();
        let too_many = seqs.len().saturating_sub(MENTIONS_TOLD_MAX);
        seqs.drain(..too_many);
        seqs
    }

    fn peer(&self, user: UserId) -> Option<PeerCursor> {
        if self.kind != ConversationKind::Direct {
            return None;
        }
        let (&peer, membership) = self.members.iter().find(|(other, _)| **other != user)?;
        Some(PeerCursor {
            user: peer,
            delivered: membership.delivered,
            read: membership.read,
        })
    }
}
