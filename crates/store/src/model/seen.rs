//! An entry as somebody sees it: what the changes that they may read have made of it. The log holds each entry as it is
//! now; everything else is found by walking the log.

use super::State;
use super::conversation::Conversation;
use crate::change::{AskHistory, Revision, Revisions};
use crate::record::Entry;
use crate::{EMPTY_BODY, Refused, Result};
use protocol::entry::{Pinned, Reacted, Reaction};
use protocol::limits::PAGE_BYTES_MAX;
use protocol::{ConversationId, Kind, Seq, Span, UserId, unread};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who looks.
#[derive(Clone, Copy)]
pub(super) enum Eyes<'a> {
    /// Somebody with these spans.
    Reader(&'a [Span]),
    /// Delivery: an entry as it was committed.
    Delivery,
}

impl State {
    pub(super) fn history(&self, ask: AskHistory) -> Result<Revisions> {
        let conversation = self.conversation(ask.conv)?;
        let reader = conversation.reader(ask.reader)?;
        if !conversation.may_read(reader, ask.seq) {
            return Err(Refused::BadReference.into());
        }
        let (mut list, mut bytes, mut more) = (Vec::new(), 0, false);
        for revision in conversation
            .bodies(ask.seq, Eyes::Reader(&reader.spans))
            .into_iter()
            .rev()
        {
            if ask
                .before
                .is_some_and(|before| revision.rev.unwrap_or_default() >= before)
            {
                continue;
            }
            bytes += revision.body.len();
            more = bytes > PAGE_BYTES_MAX && !list.is_empty();
            if more {
                break;
            }
            list.push(revision);
        }
        Ok(Revisions { more, list })
    }

    pub(super) fn pins(&self, reader: UserId, conv: ConversationId) -> Result<Vec<Seq>> {
        let conversation = self.conversation(conv)?;
        let reader = conversation.member(reader)?;
        let mut pinned: Vec<(Seq, Seq)> = Vec::new();
        for entry in conversation
            .log
            .iter()
            .filter(|entry| conversation.may_read(reader, entry.seq))
        {
            let last = conversation
                .changes(entry.seq)
                .filter(|change| change.kind == Kind::Pin)
                .last();
            let shown = conversation.seen(entry, Eyes::Reader(&reader.spans)).pinned;
            if let Some(last) = last.filter(|change| shown && is_on(change)) {
                pinned.push((last.seq, entry.seq));
            }
        }
        pinned.sort_unstable_by(|one, other| other.cmp(one));
        Ok(pinned.into_iter().map(|(_, seq)| seq).collect())
    }
}

impl Conversation {
    /// The changes of an entry, in order.
    pub(super) fn changes(&self, target: Seq) -> impl Iterator<Item = &Arc<Entry>> {
        self.log
            .iter()
            .filter(move |entry| entry.kind.amends() && entry.target_seq == Some(target))
    }

    /// Who deleted an entry for everybody.
    pub(super) fn deleted_by(&self, entry: &Entry) -> Option<UserId> {
        let last = self.entry(entry.rev?)?;
        (last.kind == Kind::Delete).then_some(last.sender)
    }

    /// The entry as these eyes see it.
    pub(super) fn seen(&self, entry: &Entry, eyes: Eyes<'_>) -> Entry {
        let mut seen = entry.clone();
        if let (Kind::Edit, Some(target)) = (&entry.kind, entry.target_seq) {
            seen.now = self.made(entry.seq, target, eyes);
            return seen;
        }
        seen.deleted_by = self.deleted_by(entry);
        if entry.rev.is_none() || seen.deleted_by.is_some() {
            return seen;
        }
        if let Some(last) = self.bodies(entry.seq, eyes).pop() {
            seen.edited = last.rev;
            seen.body = last.body;
        }
        seen.rev = None;
        for change in self.changes(entry.seq).filter(|change| may_see(eyes, change.seq)) {
            seen.rev = Some(change.seq);
            if change.kind == Kind::Pin {
                seen.pinned = is_on(change);
            }
        }
        seen.reactions = self.reactions(entry.seq, eyes);
        seen
    }

    /// The body that an edit made, if it still is what these eyes see of its target.
    fn made(&self, edit: Seq, target: Seq, eyes: Eyes<'_>) -> Option<Arc<str>> {
        let readable = match eyes {
            Eyes::Reader(spans) => unread::may_read(spans, target),
            Eyes::Delivery => true,
        };
        let all = match eyes {
            Eyes::Reader(_) => eyes,
            // A later edit is a reason to leave it out, whoever may read that one.
            Eyes::Delivery => Eyes::Reader(&EVERYTHING),
        };
        let last = self.bodies(target, all).pop().filter(|_| readable)?;
        (last.rev == Some(edit)).then_some(last.body)
    }

    /// The bodies an entry had, the first first; none if it was deleted.
    fn bodies(&self, target: Seq, eyes: Eyes<'_>) -> Vec<Revision> {
        let Some(entry) = self.entry(target).filter(|entry| self.deleted_by(entry).is_none()) else {
            return Vec::new();
        };
        let edits: Vec<&Arc<Entry>> = self
            .changes(target)
            .filter(|change| change.kind == Kind::Edit)
            .collect();
        let made = std::iter::once((None, entry.created_ms)).chain(edits.iter().map(|e| (Some(e.seq), e.created_ms)));
        let last = edits.last().map(|edit| edit.seq);
        made.filter(|(rev, _)| rev.is_none_or(|seq| may_see(eyes, seq)))
            .map(|(rev, at_ms)| Revision {
                rev,
                at_ms,
                body: if rev == last {
                    Arc::clone(&entry.body)
                } else {
                    Arc::clone(&self.revisions[&(target, rev.unwrap_or_default())])
                },
            })
            .collect()
    }

    /// Who put which emoji to an entry, as these eyes see it.
    pub(super) fn reactions(&self, target: Seq, eyes: Eyes<'_>) -> Vec<Reaction> {
        let mut by_emoji: BTreeMap<String, BTreeSet<UserId>> = BTreeMap::new();
        let changes = self
            .changes(target)
            .filter(|change| change.kind == Kind::React && may_see(eyes, change.seq));
        for change in changes {
            let reacted: Reacted = serde_json::from_str(&change.body).expect("the store wrote it");
            let users = by_emoji.entry(reacted.emoji).or_default();
            if reacted.on {
                users.insert(change.sender);
            } else {
                users.remove(&change.sender);
            }
        }
        let some = by_emoji.into_iter().filter(|(_, users)| !users.is_empty());
        some.map(|(emoji, users)| Reaction {
            emoji,
            users: users.into_iter().collect(),
        })
        .collect()
    }

    /// Whether an entry is pinned now.
    pub(super) fn is_pinned(&self, entry: &Entry) -> bool {
        self.seen(entry, Eyes::Reader(&EVERYTHING)).pinned
    }

    /// Everything of an entry's content goes.
    pub(super) fn forget_content(&mut self, target: Seq) {
        self.revisions.retain(|(seq, _), _| *seq != target);
        let edits: BTreeSet<Seq> = self.changes(target).map(|change| change.seq).collect();
        self.mentions.retain(|(_, seq)| *seq != target && !edits.contains(seq));
        self.change_entry(target, |entry| entry.body = Arc::from(EMPTY_BODY));
    }

    /// Changes an entry in its place.
    pub(super) fn change_entry(&mut self, seq: Seq, change: impl FnOnce(&mut Entry)) {
        let slot = &mut self.log[seq.0 as usize - 1];
        let mut entry = Entry::clone(slot);
        change(&mut entry);
        *slot = Arc::new(entry);
    }
}

/// The spans of somebody who has always been there.
pub(super) const EVERYTHING: [Span; 1] = [Span {
    from_seq: Seq(1),
    from_ord: protocol::Ordinal::ZERO,
    to_seq: None,
    to_ord: None,
}];

fn may_see(eyes: Eyes<'_>, change: Seq) -> bool {
    match eyes {
        Eyes::Reader(spans) => unread::may_read(spans, change),
        Eyes::Delivery => false,
    }
}

fn is_on(change: &Entry) -> bool {
    serde_json::from_str::<Pinned>(&change.body).is_ok_and(|pinned| pinned.on)
}
