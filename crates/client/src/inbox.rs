//! My inbox: one compacted row per conversation, and the version up to which it is known whole.
//!
//! A version says "I know of every change up to here". It is adopted only together with the rows that make it true, and
//! each row marks its log stale up to the row's head: whoever adopts a version without its heads has lost a message for
//! good, because nobody will ever mention it again.

use protocol::own::Prefs;
use protocol::people::{Blocks, Privacy};
use protocol::server_frame::{ConversationRow, Head, Inbox as Page, InboxRow, Topic, VerMoved};
use protocol::{ConversationId, Ordinal, Seq, UserId, Ver, unread};
use std::collections::{BTreeMap, BTreeSet};

/// The rows, and how far they are whole.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    ver: Ver,
    /// The last page said that there is no more. Until it does, a row that changed below the version may be missing: it
    /// changed again meanwhile and stands above. A move that tells only its head then would hide the rest of it for
    /// good.
    whole: bool,
    rows: BTreeMap<ConversationId, (Ver, ConversationRow)>,
    /// Who may reach me and know what of me, with the version that told it.
    privacy: (Ver, Privacy),
    /// Whom I block, with the version that told it.
    blocks: (Ver, BTreeSet<UserId>),
}

/// What came of a page or of a move.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// It starts above what is held, or tells only that something moved: ask for the inbox.
    Ask,
    /// It says nothing new.
    Known,
    /// These rows are new, and with them the version is adopted. Their logs are to be marked stale up to their heads.
    Rows(Vec<InboxRow>),
    /// These heads are new, and with them the version is adopted. Their logs are to be marked stale up to them.
    Heads(Vec<Head>),
}

impl Inbox {
    /// Everything up to here is known.
    #[must_use]
    pub fn ver(&self) -> Ver {
        self.ver
    }

    /// The row of a conversation.
    #[must_use]
    pub fn row(&self, conv: ConversationId) -> Option<&ConversationRow> {
        self.rows.get(&conv).map(|(_, row)| row)
    }

    /// All rows, by id.
    pub fn rows(&self) -> impl Iterator<Item = &ConversationRow> {
        self.rows.values().map(|(_, row)| row)
    }

    /// Who may reach me and know what of me, as far as this device was told.
    #[must_use]
    pub fn privacy(&self) -> Privacy {
        self.privacy.1
    }

    /// Whom I block, as far as this device was told.
    #[must_use]
    pub fn blocks(&self) -> &BTreeSet<UserId> {
        &self.blocks.1
    }

    /// All rows with their versions, as they are kept.
    pub fn kept(&self) -> impl Iterator<Item = InboxRow> + '_ {
        let conversations = self.rows.values().map(|(ver, row)| InboxRow {
            ver: *ver,
            topic: Topic::Conversation(Box::new(row.clone())),
        });
        let privacy = (self.privacy.0 > Ver::ZERO).then_some(InboxRow {
            ver: self.privacy.0,
            topic: Topic::Privacy(self.privacy.1),
        });
        let blocks = (self.blocks.0 > Ver::ZERO).then(|| InboxRow {
            ver: self.blocks.0,
            topic: Topic::Blocks(Blocks {
                users: self.blocks.1.iter().copied().collect(),
            }),
        });
        conversations.chain(privacy).chain(blocks)
    }

    /// Conversations by activity, the latest first.
    #[must_use]
    pub fn latest(&self, count: usize) -> Vec<ConversationId> {
        let mut by_time: Vec<(u64, ConversationId)> = self.rows().map(|row| (row.head_ms, row.conv)).collect();
        by_time.sort_unstable_by(|a, b| b.cmp(a));
        by_time.into_iter().take(count).map(|(_, conv)| conv).collect()
    }

    /// Another connection, to an inbox that stands at `ver`: pages of the one before may have been missed.
    pub fn connected(&mut self, ver: Ver) {
        self.whole = ver <= self.ver;
    }

    /// A page of the inbox came.
    pub fn page(&mut self, page: Page) -> Taken {
        if page.from > self.ver {
            return Taken::Ask;
        }
        let whole = !page.more;
        if page.to <= self.ver {
            self.whole |= whole && page.to == self.ver;
            return Taken::Known;
        }
        let news: Vec<InboxRow> = page.rows.into_iter().filter(|row| row.ver > self.ver).collect();
        news.iter().for_each(|row| self.put(row));
        self.ver = page.to;
        self.whole = whole;
        Taken::Rows(news)
    }

    /// The inbox moved, somebody says.
    pub fn moved(&mut self, moved: VerMoved) -> Taken {
        if moved.ver <= self.ver {
            return Taken::Known;
        }
        let known = moved
            .heads
            .iter()
            .all(|head| self.row(head.conv).is_some_and(|row| row.epoch == head.epoch));
        if moved.pull || moved.prev != self.ver || !known || !self.whole {
            return Taken::Ask;
        }
        self.take_heads(moved.ver, &moved.heads);
        Taken::Heads(moved.heads)
    }

    /// Takes one row in, unless a newer one of its topic is held.
    pub fn put(&mut self, row: &InboxRow) {
        match &row.topic {
            Topic::Conversation(conversation) => {
                if self.rows.get(&conversation.conv).is_none_or(|(ver, _)| *ver <= row.ver) {
                    self.rows.insert(conversation.conv, (row.ver, (**conversation).clone()));
                }
            }
            Topic::Privacy(privacy) if row.ver >= self.privacy.0 => self.privacy = (row.ver, *privacy),
            Topic::Blocks(blocks) if row.ver >= self.blocks.0 => {
                self.blocks = (row.ver, blocks.users.iter().copied().collect());
            }
            Topic::Mark(_)
            | Topic::Draft(_)
            | Topic::Thread(_)
            | Topic::Privacy(_)
            | Topic::Blocks(_)
            | Topic::Devices
            | Topic::Profile
            | Topic::Unknown => {}
        }
    }

    /// The answer to a change of mine is here before its row: the row will say the same.
    pub fn put_prefs(&mut self, conv: ConversationId, answered: Ver, prefs: Prefs) {
        if let Some((ver, row)) = self.rows.get_mut(&conv)
            && answered > *ver
        {
            row.prefs = prefs;
        }
    }

    /// Moves the heads of rows, and with them the version.
    pub fn take_heads(&mut self, ver: Ver, heads: &[Head]) {
        for head in heads {
            if let Some((row_ver, row)) = self.rows.get_mut(&head.conv) {
                *row_ver = ver;
                if head.seq > row.head_seq {
                    (row.head_seq, row.head_ord, row.head_ms) = (head.seq, head.ord, head.ms);
                }
            }
        }
        self.ver = self.ver.max(ver);
    }

    /// Adopts a version whose rows were taken in before.
    pub fn adopt(&mut self, ver: Ver) {
        self.ver = self.ver.max(ver);
    }

    /// Messages not read, for the pair of head and cursor this device knows: each side counts as far as it was told.
    #[must_use]
    pub fn unread(&self, conv: ConversationId, head: (Seq, Ordinal), read: Option<(Seq, Ordinal)>) -> u64 {
        let Some(row) = self.row(conv) else { return 0 };
        let head_ord = if head.0 > row.head_seq { head.1 } else { row.head_ord };
        unread::unread(&row.spans, head_ord, read.map_or(row.read_ord, |(_, ord)| ord))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::server_frame::{ConversationKind, Role};
    use protocol::{Epoch, Generation, Span};
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    fn row(n: u8, ver: u64, head: u64) -> InboxRow {
        let span = Span {
            from_seq: Seq(1),
            from_ord: Ordinal(0),
            to_seq: None,
            to_ord: None,
        };
        InboxRow {
            ver: Ver(ver),
            topic: Topic::Conversation(Box::new(ConversationRow {
                conv: ConversationId::from_bytes([n; 16]),
                epoch: Epoch::from_bytes([1; 16]),
                kind: ConversationKind::Group,
                title: None,
                settings: protocol::group::GroupSettings::default(),
                role: Some(Role::Member),
                spans: vec![span],
                head_seq: Seq(head),
                head_ord: Ordinal(head),
                head_ms: head,
                read_seq: Seq::ZERO,
                read_ord: Ordinal::ZERO,
                generation: Generation::ZERO,
                mention_seqs: Vec::new(),
                peer: None,
                prefs: Prefs::default(),
                request: None,
                asking: 0,
            })),
        }
    }

    fn head_of(row: &InboxRow) -> Head {
        let Topic::Conversation(row) = &row.topic else {
            unreachable!("only conversations here")
        };
        Head {
            conv: row.conv,
            epoch: row.epoch,
            seq: row.head_seq,
            ord: row.head_ord,
            ms: row.head_ms,
        }
    }

    /// CNV3: with moves and pages lost, doubled and late, an adopted version holds the head of every row up to it.
    #[test]
    fn cnv3_a_version_is_adopted_only_with_its_heads() {
        for seed in 0..300 {
            let mut chance = StdRng::seed_from_u64(seed);
            let mut server: BTreeMap<u8, InboxRow> = BTreeMap::new();
            let (mut ver, mut inbox, mut wire) = (0, Inbox::default(), Vec::new());
            for _ in 0..100 {
                let prev = ver;
                let mut heads = Vec::new();
                for _ in 0..chance.random_range(1..3) {
                    ver += 1;
                    let n = chance.random_range(0..6);
                    let moved = row(n, ver, ver);
                    heads.push(head_of(&moved));
                    server.insert(n, moved);
                }
                wire.push(VerMoved {
                    prev: Ver(prev),
                    ver: Ver(ver),
                    heads,
                    pull: chance.random_bool(0.1),
                });
                let mut ask = false;
                while !wire.is_empty() && chance.random_bool(0.7) {
                    let moved = wire.swap_remove(chance.random_range(0..wire.len()));
                    if chance.random_bool(0.8) {
                        ask |= inbox.moved(moved) == Taken::Ask;
                    }
                }
                if ask && chance.random_bool(0.7) {
                    let mut rows: Vec<InboxRow> = server.values().filter(|r| r.ver > inbox.ver()).cloned().collect();
                    rows.sort_by_key(|r| r.ver);
                    let more = rows.len() > 2;
                    rows.truncate(2);
                    let to = if more { rows[1].ver } else { Ver(ver) };
                    inbox.page(Page {
                        from: inbox.ver(),
                        to,
                        more,
                        rows,
                    });
                }
                // A row that changed again since has a higher version now and will be told with it.
                for (n, truth) in server.iter().filter(|(_, truth)| truth.ver <= inbox.ver()) {
                    let held = inbox.row(ConversationId::from_bytes([*n; 16])).map(|r| r.head_seq);
                    assert!(
                        held >= Some(head_of(truth).seq),
                        "seed {seed}: {held:?} at {:?}, {truth:?}",
                        inbox.ver()
                    );
                }
            }
        }
    }

    #[test]
    fn unread_follows_the_newer_of_row_and_log() {
        let mut inbox = Inbox::default();
        let conv = ConversationId::from_bytes([1; 16]);
        assert_eq!(inbox.unread(conv, (Seq(1), Ordinal(1)), None), 0, "a stranger's");
        inbox.put(&row(1, 1, 10));
        assert_eq!(inbox.unread(conv, (Seq(8), Ordinal(8)), None), 10);
        assert_eq!(
            inbox.unread(conv, (Seq(12), Ordinal(12)), None),
            12,
            "the live entries came first"
        );
        assert_eq!(
            inbox.unread(conv, (Seq(12), Ordinal(12)), Some((Seq(12), Ordinal(12)))),
            0
        );
    }

    /// CNV4: a row that changed while pages are still due is not hidden by a move that tells its head only.
    #[test]
    fn cnv4_a_move_counts_only_when_no_page_is_due() {
        let mut inbox = Inbox::default();
        let page = |from, to, more, rows| Page {
            from: Ver(from),
            to: Ver(to),
            more,
            rows,
        };
        // The row of 2 changed at 2 and again at 4: it stands above this page.
        inbox.page(page(0, 3, true, vec![row(1, 3, 3)]));
        let moved = |ver: u64| VerMoved {
            prev: Ver(ver - 1),
            ver: Ver(ver),
            heads: vec![head_of(&row(1, ver, ver))],
            pull: false,
        };
        assert_eq!(inbox.moved(moved(4)), Taken::Ask);
        inbox.page(page(3, 4, false, vec![row(2, 4, 4)]));
        assert!(matches!(inbox.moved(moved(5)), Taken::Heads(_)));
        inbox.connected(Ver(6));
        assert_eq!(inbox.moved(moved(6)), Taken::Ask, "something was missed meanwhile");
    }

    #[test]
    fn a_page_from_above_is_no_ground_to_stand_on() {
        let mut inbox = Inbox::default();
        let page = |from, to| Page {
            from: Ver(from),
            to: Ver(to),
            more: false,
            rows: vec![row(1, to, to)],
        };
        assert_eq!(inbox.page(page(5, 9)), Taken::Ask);
        assert!(matches!(inbox.page(page(0, 9)), Taken::Rows(rows) if rows.len() == 1));
        assert_eq!(inbox.page(page(0, 7)), Taken::Known);
        assert_eq!(inbox.ver(), Ver(9));
    }
}
