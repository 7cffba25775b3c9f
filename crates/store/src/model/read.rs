//! What else is read of conversations: heads, the live end, members, receipts, acquaintance.

use super::State;
use super::conversation::Run;
use super::seen::Eyes;
use crate::record::{Entry, Head, Member, MembersPage, Receipt, Stats, TailPage};
use crate::{Refused, Result};
use protocol::limits::GROUP_MEMBERS_MAX;
use protocol::{ConversationId, Seq, UserId};

impl State {
    pub(super) fn heads(&self, reader: UserId, convs: &[ConversationId]) -> Vec<Head> {
        let head = |&conv: &ConversationId| {
            let conversation = self.conversations.get(&conv)?;
            let reader = conversation.members.get(&reader)?;
            Some(conversation.head(conv, self.epoch, reader))
        };
        convs.iter().filter_map(head).collect()
    }

    pub(super) fn tail(&self, conv: ConversationId, after: Option<Seq>, limit: usize) -> Result<TailPage> {
        let conversation = self.conversation(conv)?;
        let above = |entry: &&std::sync::Arc<Entry>| after.is_some_and(|after| entry.seq > after);
        let entries = conversation.log.iter().filter(above).take(limit);
        let members = conversation.members.iter();
        Ok(TailPage {
            epoch: self.epoch,
            kind: conversation.kind,
            head_seq: conversation.head_seq(),
            head_ord: conversation.head_ord(),
            entries: entries.map(|entry| conversation.seen(entry, Eyes::Delivery)).collect(),
            spans: members
                .map(|(&user, membership)| (user, membership.spans.clone()))
                .collect(),
        })
    }

    pub(super) fn members(
        &self,
        reader: UserId,
        conv: ConversationId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<MembersPage> {
        let conversation = self.conversation(conv)?;
        conversation.member(reader)?;
        let above = |user: UserId| after.is_none_or(|after| user > after);
        let mut members: Vec<Member> = conversation
            .present()
            .filter(|&(user, _)| above(user))
            .map(|(user, membership)| Member {
                user,
                role: membership.role,
                from_seq: membership.since,
                delivered: membership.delivered,
                read: membership.read,
            })
            .collect();
        let more = members.len() > limit;
        members.truncate(limit);
        Ok(MembersPage {
            more,
            count: conversation.present().count(),
            members,
        })
    }

    pub(super) fn receipts(&self, reader: UserId, conv: ConversationId, seq: Seq) -> Result<Vec<Receipt>> {
        let conversation = self.conversation(conv)?;
        let reader = conversation.member(reader)?;
        if !conversation.may_read(reader, seq) {
            return Err(Refused::BadReference.into());
        }
        let sender = conversation.entry(seq).map(|entry| entry.sender);
        let concerned = conversation
            .present()
            .filter(|&(user, membership)| Some(user) != sender && conversation.may_read(membership, seq))
            .filter(|(_, membership)| !membership.found(seq));
        let receipts = concerned.map(|(user, membership)| Receipt {
            user,
            delivered_ms: time(&membership.delivered_runs, seq),
            read_ms: time(&membership.read_runs, seq),
        });
        Ok(receipts.collect())
    }

    pub(super) fn acquainted(&self, viewer: UserId, mut people: Vec<UserId>) -> Vec<UserId> {
        let share = |other: UserId| {
            self.conversations.values().any(|conversation| {
                conversation.member(viewer).is_ok()
                    && conversation.member(other).is_ok()
                    && conversation.present().count() <= GROUP_MEMBERS_MAX
            })
        };
        people.retain(|&other| share(other));
        people
    }

    pub(super) fn stats(&self) -> Stats {
        let entries: usize = self
            .conversations
            .values()
            .map(|conversation| conversation.log.len())
            .sum();
        let devices: usize = self.accounts.values().map(|account| account.devices.len()).sum();
        Stats {
            users: self.accounts.len() as u64,
            devices: devices as u64,
            conversations: self.conversations.len() as u64,
            entries: entries as u64,
            dirty: self.fanout.len() as u64,
            disk_bytes: 0,
        }
    }
}

/// When a cursor passed `seq`: the time of the first run that covers it.
fn time(runs: &[Run], seq: Seq) -> Option<u64> {
    runs.iter()
        .find(|run| run.above < seq && seq <= run.to)
        .map(|run| run.at_ms)
}
