//! What is one's own at the pretended server, and another device of mine.

use super::*;
use protocol::own::*;
use protocol::thread::{Follow, ThreadRead, ThreadRow};

/// Marks and drafts, each with the version of its last change; preferences change with their row. It keeps every text
/// that is overwritten, so that a test may look for it.
#[derive(Clone, Default)]
pub struct Own {
    pub prefs: BTreeMap<ConversationId, Prefs>,
    pub marks: BTreeMap<(ConversationId, Seq), (Ver, MarkRow)>,
    pub drafts: BTreeMap<ConversationId, (Ver, DraftRow)>,
    pub threads: BTreeMap<(ConversationId, Seq), (Ver, ThreadRow)>,
}

impl Server {
    /// Answers a change of one's own.
    pub fn own_frame(&mut self, frame: ClientFrame) -> ServerFrame {
        let conv = match &frame {
            ClientFrame::Prefs(prefs) => prefs.conv,
            ClientFrame::Mark(mark) => mark.conv,
            ClientFrame::Draft(draft) => draft.conv,
            ClientFrame::Follow(follow) => follow.conv,
            ClientFrame::ThreadRead(read) => read.conv,
            other => panic!("not one's own: {other:?}"),
        };
        if !self.rows.contains_key(&conv) {
            return ServerFrame::Refuse(Code::NotFound.refuse());
        }
        match frame {
            ClientFrame::Prefs(change) => self.set_prefs(&change),
            ClientFrame::Mark(change) => self.set_mark(&change),
            ClientFrame::Draft(change) => self.set_draft(change),
            ClientFrame::Follow(follow) => self.follow(follow),
            ClientFrame::ThreadRead(read) => self.read_thread(read),
            other => panic!("not one's own: {other:?}"),
        }
    }

    fn set_prefs(&mut self, change: &SetPrefs) -> ServerFrame {
        let before = self.own.prefs.get(&change.conv).copied().unwrap_or_default();
        let prefs = before.with(change);
        if prefs != before {
            self.ver = self.ver.next();
            self.rows.insert(change.conv, self.ver);
            self.own.prefs.insert(change.conv, prefs);
        }
        ServerFrame::PrefsOk(PrefsOk {
            conv: change.conv,
            ver: self.rows[&change.conv],
            prefs,
        })
    }

    fn set_mark(&mut self, change: &SetMark) -> ServerFrame {
        let key = (change.conv, change.seq);
        let none = MarkRow {
            conv: change.conv,
            seq: change.seq,
            star: false,
            hidden: false,
            at_ms: 0,
        };
        let (ver, before) = self.own.marks.get(&key).copied().unwrap_or((Ver(0), none));
        let mark = MarkRow {
            star: change.star.unwrap_or(before.star),
            hidden: change.hidden.unwrap_or(before.hidden),
            ..before
        };
        if mark == before {
            return ServerFrame::MarkOk(MarkOk { ver, mark });
        }
        self.ver = self.ver.next();
        self.own.marks.insert(key, (self.ver, mark));
        ServerFrame::MarkOk(MarkOk { ver: self.ver, mark })
    }

    fn follow(&mut self, follow: Follow) -> ServerFrame {
        let unfollowed = ThreadRow::unfollowed(follow.conv, follow.thread);
        let before = self.thread(follow.conv, follow.thread);
        if follow.on && before.following {
            return ServerFrame::ThreadOk(before);
        }
        let following = follow.on;
        self.set_thread(ThreadRow {
            following,
            ..unfollowed
        })
    }

    fn read_thread(&mut self, read: ThreadRead) -> ServerFrame {
        let before = self.thread(read.conv, read.thread);
        let unread = if read.read >= before.head { 0 } else { before.unread };
        if !before.following || read.read <= before.read {
            return ServerFrame::ThreadOk(before);
        }
        let read = read.read;
        self.set_thread(ThreadRow { read, unread, ..before })
    }

    fn thread(&self, conv: ConversationId, root: Seq) -> ThreadRow {
        let held = self.own.threads.get(&(conv, root)).map(|(_, row)| *row);
        held.unwrap_or(ThreadRow::unfollowed(conv, root))
    }

    fn set_thread(&mut self, row: ThreadRow) -> ServerFrame {
        if row != self.thread(row.conv, row.thread) {
            self.ver = self.ver.next();
            self.own.threads.insert((row.conv, row.thread), (self.ver, row));
        }
        ServerFrame::ThreadOk(row)
    }

    pub fn set_draft(&mut self, change: SetDraft) -> ServerFrame {
        let none = DraftRow {
            conv: change.conv,
            now: state(DraftText::default(), Ver(0)),
            kept: Vec::new(),
        };
        let (ver, before) = self.own.drafts.get(&change.conv).cloned().unwrap_or((Ver(0), none));
        let mut draft = before.clone();
        draft.kept.retain(|kept| !change.forget.contains(&kept.text_ver));
        let knew = change.base_ver.unwrap_or_default() == before.now.text_ver;
        if let Some(text) = change.text
            && text != before.now.text
            && (knew || !text.0.is_empty())
        {
            let last = std::mem::replace(&mut draft.now, state(text, self.ver.next()));
            if !knew && !last.text.0.is_empty() {
                draft.kept.push(last);
            }
        }
        if draft == before {
            return ServerFrame::DraftOk(DraftOk { ver, draft });
        }
        self.ver = self.ver.next();
        self.own.drafts.insert(change.conv, (self.ver, draft.clone()));
        ServerFrame::DraftOk(DraftOk { ver: self.ver, draft })
    }

    /// Rows of the inbox above a version.
    pub fn own_rows(&self, after: Ver) -> Vec<InboxRow> {
        let marks = self.own.marks.values().map(|(ver, mark)| (*ver, Topic::Mark(*mark)));
        let drafts = self.own.drafts.values();
        let drafts = drafts.map(|(ver, draft)| (*ver, Topic::Draft(Box::new(draft.clone()))));
        let threads = self.own.threads.values();
        let threads = threads.map(|(ver, thread)| (*ver, Topic::Thread(*thread)));
        let rows = marks.chain(drafts).chain(threads).filter(|(ver, _)| *ver > after);
        rows.map(|(ver, topic)| InboxRow { ver, topic }).collect()
    }
}

impl World {
    /// Somebody replies in a thread that I follow; this device may be told.
    pub fn replied(&mut self, n: u8, root: Seq) {
        let before = self.server.thread(conv(n), root);
        if !before.following || !self.server.rows.contains_key(&conv(n)) {
            return;
        }
        let prev = self.server.ver;
        let (head, unread) = (before.head.max(before.read).max(root).next(), before.unread + 1);
        self.server.set_thread(ThreadRow { head, unread, ..before });
        let moved = VerMoved {
            prev,
            ver: self.server.ver,
            heads: Vec::new(),
            pull: true,
        };
        self.hint(&ServerFrame::Ver(moved));
    }

    /// Another device of mine, which knows nothing of this one, writes a draft; this one may be told.
    pub fn drafted_elsewhere(&mut self, n: u8, text: &str) {
        if !self.server.rows.contains_key(&conv(n)) {
            return;
        }
        let prev = self.server.ver;
        self.server.set_draft(SetDraft {
            conv: conv(n),
            text: Some(DraftText(text.into())),
            base_ver: None,
            forget: Vec::new(),
        });
        let moved = VerMoved {
            prev,
            ver: self.server.ver,
            heads: Vec::new(),
            pull: true,
        };
        self.hint(&ServerFrame::Ver(moved));
    }
}

fn state(text: DraftText, text_ver: Ver) -> DraftState {
    DraftState {
        text,
        text_ver,
        at_ms: 0,
    }
}
