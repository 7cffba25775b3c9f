//! How far the others have got in the conversations that are open: what ticks are made of.

use crate::bounds::PEERS_MAX;
use protocol::server_frame::{CursorCounts, Cursors, MemberCursor};
use protocol::{ConversationId, Seq, UserId};
use std::collections::BTreeMap;

/// Public cursors of others, by conversation.
#[derive(Clone, Debug, Default)]
pub struct Peers(BTreeMap<ConversationId, Circle>);

#[derive(Clone, Debug, Default)]
struct Circle {
    list: BTreeMap<UserId, (Seq, Seq)>,
    counts: Option<CursorCounts>,
}

impl Peers {
    /// The server told cursors: all of them, or those that moved. They never go back.
    pub fn told(&mut self, told: &Cursors, me: UserId) {
        let circle = self.0.entry(told.conv).or_default();
        for one in told.list.iter().filter(|one| one.user != me) {
            if circle.list.len() < PEERS_MAX || circle.list.contains_key(&one.user) {
                let (delivered, read) = circle.list.entry(one.user).or_default();
                *delivered = one.delivered.max(one.read).max(*delivered);
                *read = one.read.max(*read);
            }
        }
        circle.counts = told.counts.or(circle.counts);
    }

    /// Up to where everybody else has stored, and read; `peer` is the other person of a 1:1, from my inbox.
    #[must_use]
    pub fn all_have(&self, conv: ConversationId, peer: Option<&MemberCursor>) -> (Seq, Seq) {
        let listed = self.0.get(&conv).map_or((Seq::ZERO, Seq::ZERO), Circle::all_have);
        let told = peer.map_or((Seq::ZERO, Seq::ZERO), |p| (p.delivered.max(p.read), p.read));
        (listed.0.max(told.0), listed.1.max(told.1))
    }

    /// Each one's stored and read position, where the conversation is small enough to be told one by one.
    #[must_use]
    pub fn list(&self, conv: ConversationId) -> Vec<(UserId, Seq, Seq)> {
        let circle = self.0.get(&conv);
        circle
            .map(|c| c.list.iter().map(|(user, (d, r))| (*user, *d, *r)).collect())
            .unwrap_or_default()
    }

    /// The conversation is no longer on the screen.
    pub fn forget(&mut self, conv: ConversationId) {
        self.0.remove(&conv);
    }

    /// Another lineage: all places are void.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Circle {
    fn all_have(&self) -> (Seq, Seq) {
        if let Some(counts) = self.counts {
            return (counts.delivered_min.max(counts.read_min), counts.read_min);
        }
        let least = |of: fn(&(Seq, Seq)) -> Seq| self.list.values().map(of).min().unwrap_or_default();
        (least(|c| c.0), least(|c| c.1))
    }
}
