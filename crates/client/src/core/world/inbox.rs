//! My inbox at the pretended server.

use super::*;

impl Server {
    /// Pages of three rows.
    pub(super) fn inbox(&self, after: Ver) -> Inbox {
        let mut rows: Vec<InboxRow> = self
            .rows
            .iter()
            .filter(|(_, ver)| **ver > after)
            .map(|(c, v)| self.row(*c, *v))
            .collect();
        rows.extend(self.own_rows(after));
        rows.sort_by_key(|row| row.ver);
        let more = rows.len() > 3;
        rows.truncate(3);
        let to = rows.last().filter(|_| more).map_or(self.ver, |row| row.ver);
        Inbox {
            from: after,
            to,
            more,
            rows,
        }
    }

    fn row(&self, conv: ConversationId, ver: Ver) -> InboxRow {
        let head = self.head(conv);
        let cursor = self.cursors.get(&conv);
        let span = Span {
            from_seq: Seq(1),
            from_ord: Ordinal(0),
            to_seq: None,
            to_ord: None,
        };
        InboxRow {
            ver,
            topic: Topic::Conversation(Box::new(ConversationRow {
                conv,
                epoch: self.epoch,
                kind: ConversationKind::Group,
                title: None,
                settings: protocol::group::GroupSettings::default(),
                role: Some(Role::Member),
                spans: vec![span],
                head_seq: head.seq,
                head_ord: head.ord,
                head_ms: head.ms,
                read_seq: cursor.map_or(Seq::ZERO, |c| c.read),
                read_ord: cursor.map_or(Ordinal::ZERO, |c| c.read_ord),
                generation: cursor.map_or(protocol::Generation::ZERO, |c| c.generation),
                mention_seqs: Vec::new(),
                peer: None,
                prefs: self.own.prefs.get(&conv).copied().unwrap_or_default(),
                request: None,
                asking: self.asking.get(&conv).copied().unwrap_or(0),
            })),
        }
    }
}
