//! Inboxes: one compacted row for each topic, and how late or repeated readings of a conversation are merged into it.

use super::State;
use super::own::Own;
use crate::own::Draft;
use crate::record::{Bumped, Head, InboxPage, InboxRecord, PeerCursor, Topic};
use crate::thread::ThreadRecord;
use crate::{BUMP_ROWS_MAX, Fault, Result};
use protocol::limits::{INBOX_DRAFT_BYTES_MAX, INBOX_ROWS_MAX};
use protocol::people::Privacy;
use protocol::{ConversationId, Seq, UserId, Ver};
use std::collections::BTreeMap;

/// One person's inbox.
#[derive(Default)]
pub(super) struct Inbox {
    /// Changes so far.
    pub(super) ver: Ver,
    /// Each conversation with the version of its last change.
    pub(super) conversations: BTreeMap<ConversationId, (Ver, InboxRecord)>,
    /// The version of the last change of the devices.
    devices: Option<Ver>,
    /// Each thread that was ever followed, with the version of its last change.
    pub(super) threads: BTreeMap<(ConversationId, Seq), (Ver, ThreadRecord)>,
    /// Marks and drafts.
    pub(super) own: Own,
    /// The version of the last change of the profile.
    pub(super) profile: Option<Ver>,
    /// Who may reach them, with the version of the last change.
    pub(super) privacy: Option<(Ver, Privacy)>,
    /// Whom they block, with the version of the last change.
    pub(super) blocks: Option<(Ver, Vec<UserId>)>,
}

impl Inbox {
    /// One more change.
    pub(super) fn next_ver(&mut self) -> Ver {
        self.ver = self.ver.next();
        self.ver
    }
}

/// What a merge came to.
#[derive(PartialEq, Eq)]
enum Change {
    None,
    HeadOnly,
    More,
}

impl State {
    pub(super) fn bump(&mut self, rows: Vec<InboxRecord>) -> Result<Vec<Bumped>> {
        if rows.len() > BUMP_ROWS_MAX {
            return Err(Fault::new("bumped inboxes", "more rows than BUMP_ROWS_MAX").into());
        }
        Ok(rows.into_iter().filter_map(|row| self.bump_one(row)).collect())
    }

    fn bump_one(&mut self, row: InboxRecord) -> Option<Bumped> {
        let (user, conv) = (row.user, row.conv);
        let inbox = self.inboxes.entry(user).or_default();
        let (merged, change) = match inbox.conversations.get(&conv) {
            None => (row, Change::More),
            Some((_, stored)) => {
                let merged = merge(stored, row);
                let change = change(stored, &merged);
                (merged, change)
            }
        };
        let prev = inbox.ver;
        let head = Head {
            conv,
            epoch: self.epoch,
            seq: merged.head_seq,
            ord: merged.head_ord,
            ms: merged.head_ms,
        };
        if change == Change::None {
            // A later reading of the same: remembered, so that an earlier one cannot come between, but not told.
            inbox.conversations.get_mut(&conv).expect("it is stored").1 = merged;
            return None;
        }
        inbox.ver = prev.next();
        inbox.conversations.insert(conv, (inbox.ver, merged));
        Some(Bumped {
            user,
            prev,
            ver: inbox.ver,
            conv,
            head,
            head_only: change == Change::HeadOnly,
        })
    }

    pub(super) fn bump_devices(&mut self, user: UserId) {
        let inbox = self.inboxes.entry(user).or_default();
        inbox.ver = inbox.ver.next();
        inbox.devices = Some(inbox.ver);
    }

    pub(super) fn ver(&self, user: UserId) -> Ver {
        self.inboxes.get(&user).map_or(Ver::ZERO, |inbox| inbox.ver)
    }

    pub(super) fn inbox_page(&self, user: UserId, after: Ver) -> InboxPage {
        let Some(inbox) = self.inboxes.get(&user) else {
            return InboxPage {
                to: Ver::ZERO,
                more: false,
                rows: Vec::new(),
            };
        };
        let conversation = |(ver, row): &(Ver, InboxRecord)| (*ver, Topic::Conversation(Box::new(row.clone())));
        let mut rows: Vec<(Ver, Topic)> = inbox.conversations.values().map(conversation).collect();
        rows.extend(inbox.devices.map(|ver| (ver, Topic::Devices)));
        rows.extend(inbox.own.marks.values().map(|&(ver, mark)| (ver, Topic::Mark(mark))));
        let draft = |(ver, draft): &(Ver, Draft)| (*ver, Topic::Draft(Box::new(draft.clone())));
        rows.extend(inbox.own.drafts.values().map(draft));
        rows.extend(inbox.profile.map(|ver| (ver, Topic::Profile)));
        rows.extend(inbox.privacy.map(|(ver, privacy)| (ver, Topic::Privacy(privacy))));
        rows.extend(inbox.blocks.clone().map(|(ver, users)| (ver, Topic::Blocks(users))));
        rows.extend(
            inbox
                .threads
                .values()
                .map(|&(ver, thread)| (ver, Topic::Thread(thread))),
        );
        rows.retain(|(ver, _)| *ver > after);
        rows.sort_by_key(|(ver, _)| *ver);
        let room = room_for_drafts(&rows).min(INBOX_ROWS_MAX);
        let more = rows.len() > room;
        rows.truncate(room);
        let to = match rows.last() {
            Some((last, _)) if more => *last,
            _ => inbox.ver,
        };
        InboxPage { to, more, rows }
    }
}

/// How many of the rows a page may have so that their drafts are not too many bytes; one at least.
fn room_for_drafts(rows: &[(Ver, Topic)]) -> usize {
    let mut bytes = 0;
    let mut fits = |(_, topic): &(Ver, Topic)| {
        if let Topic::Draft(draft) = topic {
            let texts = std::iter::once(&draft.now).chain(&draft.kept);
            bytes += texts.map(|state| state.text.len()).sum::<usize>();
        }
        bytes <= INBOX_DRAFT_BYTES_MAX
    };
    rows.iter().take_while(|row| fits(row)).count().max(1)
}

/// The row that two readings of one conversation make, in whichever order they come.
fn merge(stored: &InboxRecord, new: InboxRecord) -> InboxRecord {
    let mut merged = stored.clone();
    if new.as_of >= stored.as_of {
        merged.as_of = new.as_of;
        merged.kind = new.kind;
        merged.title = new.title;
        merged.settings = new.settings;
        merged.role = new.role;
        merged.spans = new.spans;
    }
    if new.head_seq > stored.head_seq {
        merged.head_seq = new.head_seq;
        merged.head_ord = new.head_ord;
        merged.head_ms = new.head_ms;
    }
    if (new.generation, new.read_seq) > (stored.generation, stored.read_seq) {
        merged.generation = new.generation;
        merged.read_seq = new.read_seq;
        merged.read_ord = new.read_ord;
    }
    if new.as_of >= stored.as_of && new.terms_rev >= stored.terms_rev {
        merged.asking = new.asking;
    }
    if new.terms_rev >= stored.terms_rev {
        merged.terms_rev = new.terms_rev;
        merged.request = new.request;
    }
    // None of the three ever falls from one reading of the conversation to the next, so this tells the later one.
    if (new.as_of, new.generation, new.read_seq) >= (stored.as_of, stored.generation, stored.read_seq) {
        merged.mention_seqs = new.mention_seqs;
    }
    merged.peer = match (stored.peer, new.peer) {
        (Some(old), Some(new)) => Some(PeerCursor {
            user: new.user,
            delivered: old.delivered.max(new.delivered),
            read: old.read.max(new.read),
        }),
        (old, new) => new.or(old),
    };
    merged
}

/// What of a row its owner can see is different.
fn change(stored: &InboxRecord, merged: &InboxRecord) -> Change {
    let without_head = |row: &InboxRecord| InboxRecord {
        as_of: stored.as_of,
        terms_rev: stored.terms_rev,
        head_seq: stored.head_seq,
        head_ord: stored.head_ord,
        head_ms: stored.head_ms,
        ..row.clone()
    };
    if without_head(merged) != *stored {
        Change::More
    } else if merged.head_seq != stored.head_seq {
        Change::HeadOnly
    } else {
        Change::None
    }
}
