//! What is one's own: marks and drafts as the inbox tells them, and what this device was told of its own preferences,
//! marks and drafts and has no answer for yet.
//!
//! A wish is kept before it is said, and said until it is answered, so that what was typed in a tunnel is not lost. Of
//! one thing at most one wish is under way: only its answer tells the name under which a draft stands, and whoever
//! writes on from there says that name, or the next words would look like those of a stranger.

use crate::bounds::{Bounds, RETRY_MS};
use protocol::own::{DraftRow, DraftState, DraftText, MarkRow, Prefs, SetDraft, SetMark, SetPrefs};
use protocol::server_frame::{InboxRow, Topic};
use protocol::thread::{Follow, ThreadRead, ThreadRow};
use protocol::{Body, ClientFrame, ConversationId, Refusal, Seq, Ver};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Something of one's own that is to change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// How I want to see a conversation.
    Prefs(SetPrefs),
    /// A mark on an entry.
    Mark(SetMark),
    /// What I have begun to write.
    Draft(SetDraft),
    /// Whether I want to hear of a thread.
    Follow(Follow),
    /// How far I have read a thread.
    ThreadRead(ThreadRead),
}

/// What a wish is about: of each there is one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The preferences of a conversation.
    Prefs(ConversationId),
    /// The marks of an entry.
    Mark(ConversationId, Seq),
    /// The draft of a conversation.
    Draft(ConversationId),
    /// Whether a thread is followed.
    Follow(ConversationId, Seq),
    /// My cursor in a thread.
    ThreadRead(ConversationId, Seq),
}

/// The wishes about one thing, as they are kept: what is or may have been said, and what is wanted after it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Wishes {
    /// Said, or to be said next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Wish>,
    /// Wanted since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Wish>,
}

#[derive(Clone, Debug, Default)]
struct Slot {
    wishes: Wishes,
    /// The first may have been heard: it is not changed any more, only repeated.
    said: bool,
    under_way: bool,
    not_before_ms: u64,
}

/// There is no room: so many wishes wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// Marks, drafts and wishes of one device.
#[derive(Clone, Debug, Default)]
pub struct Own {
    marks: BTreeMap<(ConversationId, Seq), (Ver, MarkRow)>,
    drafts: BTreeMap<ConversationId, (Ver, DraftRow)>,
    threads: BTreeMap<(ConversationId, Seq), (Ver, ThreadRow)>,
    slots: BTreeMap<About, Slot>,
}

impl Wish {
    /// What it is about.
    #[must_use]
    pub fn about(&self) -> About {
        match self {
            Self::Prefs(prefs) => About::Prefs(prefs.conv),
            Self::Mark(mark) => About::Mark(mark.conv, mark.seq),
            Self::Draft(draft) => About::Draft(draft.conv),
            Self::Follow(follow) => About::Follow(follow.conv, follow.thread),
            Self::ThreadRead(read) => About::ThreadRead(read.conv, read.thread),
        }
    }

    /// As a frame.
    #[must_use]
    pub fn frame(&self) -> ClientFrame {
        match self.clone() {
            Self::Prefs(prefs) => ClientFrame::Prefs(prefs),
            Self::Mark(mark) => ClientFrame::Mark(mark),
            Self::Draft(draft) => ClientFrame::Draft(draft),
            Self::Follow(follow) => ClientFrame::Follow(follow),
            Self::ThreadRead(read) => ClientFrame::ThreadRead(read),
        }
    }

    /// This wish and then another about the same thing, as one. Both have the same writer, so a draft stands on what
    /// the first one stood on.
    fn then(self, later: Self) -> Self {
        match (self, later) {
            (Self::Prefs(first), Self::Prefs(later)) => Self::Prefs(first.then(&later)),
            (Self::Mark(first), Self::Mark(later)) => Self::Mark(SetMark {
                star: later.star.or(first.star),
                hidden: later.hidden.or(first.hidden),
                ..later
            }),
            (Self::Draft(first), Self::Draft(later)) => {
                let mut forget = first.forget;
                forget.extend(
                    later
                        .forget
                        .iter()
                        .filter(|ver| !forget.contains(ver))
                        .copied()
                        .collect::<Vec<_>>(),
                );
                Self::Draft(SetDraft {
                    text: later.text.or(first.text),
                    base_ver: first.base_ver,
                    forget,
                    ..later
                })
            }
            (Self::ThreadRead(first), Self::ThreadRead(later)) => Self::ThreadRead(ThreadRead {
                read: first.read.max(later.read),
                ..later
            }),
            (_, later) => later,
        }
    }
}

impl About {
    /// Which conversation.
    #[must_use]
    pub fn conv(self) -> ConversationId {
        match self {
            Self::Prefs(conv)
            | Self::Mark(conv, _)
            | Self::Draft(conv)
            | Self::Follow(conv, _)
            | Self::ThreadRead(conv, _) => conv,
        }
    }
}

impl Own {
    /// Takes a wish in. The caller keeps the slot before asking for [`Self::next`].
    ///
    /// # Errors
    /// [`Full`] when it would be one slot too many.
    pub fn wish(&mut self, mut wish: Wish, bounds: &Bounds) -> Result<(), Full> {
        let about = wish.about();
        if !self.slots.contains_key(&about) && self.slots.len() >= bounds.own_wishes_max {
            return Err(Full);
        }
        if let Wish::Draft(draft) = &mut wish
            && draft.base_ver.is_none()
        {
            draft.base_ver = self.drafts.get(&draft.conv).map(|(_, row)| row.now.text_ver);
        }
        let slot = self.slots.entry(about).or_default();
        let into = if slot.said {
            &mut slot.wishes.then
        } else {
            &mut slot.wishes.first
        };
        *into = Some(match into.take() {
            Some(earlier) => earlier.then(wish),
            None => wish,
        });
        Ok(())
    }

    /// The next wish to say, now under way.
    pub fn next(&mut self, now_ms: u64) -> Option<Wish> {
        let slot = self
            .slots
            .values_mut()
            .find(|slot| !slot.under_way && slot.not_before_ms <= now_ms && slot.wishes.first.is_some())?;
        (slot.said, slot.under_way) = (true, true);
        slot.wishes.first.clone()
    }

    /// The server has it durably. What was wanted since stands on it: a draft on the text of this name.
    pub fn answered(&mut self, about: About, text_ver: Option<Ver>) {
        let Some(slot) = self.slots.get_mut(&about) else { return };
        let mut next = slot.wishes.then.take();
        if let Some(Wish::Draft(draft)) = &mut next
            && text_ver.is_some()
        {
            draft.base_ver = text_ver;
        }
        self.put_first(about, next);
    }

    /// The server said no. True: for good, and the wish is gone.
    pub fn refused(&mut self, about: About, refusal: &Refusal, now_ms: u64) -> bool {
        let Some(slot) = self.slots.get_mut(&about) else {
            return false;
        };
        slot.under_way = false;
        if refusal.retry {
            slot.not_before_ms = now_ms.saturating_add(refusal.retry_after_ms.unwrap_or(RETRY_MS));
            return false;
        }
        let next = slot.wishes.then.take();
        self.put_first(about, next);
        true
    }

    fn put_first(&mut self, about: About, next: Option<Wish>) {
        match next {
            None => drop(self.slots.remove(&about)),
            Some(next) => {
                let wishes = Wishes {
                    first: Some(next),
                    then: None,
                };
                self.slots.insert(
                    about,
                    Slot {
                        wishes,
                        ..Slot::default()
                    },
                );
            }
        }
    }

    /// The connection is gone: what was under way is said again.
    pub fn disconnected(&mut self) {
        for slot in self.slots.values_mut() {
            (slot.under_way, slot.not_before_ms) = (false, 0);
        }
    }

    /// When [`Self::next`] has to be asked again although nothing happened.
    #[must_use]
    pub fn wake_at(&self, now_ms: u64) -> Option<u64> {
        let waits = self.slots.values().filter(|slot| !slot.under_way);
        waits.map(|slot| slot.not_before_ms).filter(|at| *at > now_ms).min()
    }

    /// Whether everything is answered.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.slots.is_empty()
    }

    /// A slot, as it is kept.
    #[must_use]
    pub fn wishes(&self, about: About) -> Wishes {
        self.slots
            .get(&about)
            .map(|slot| slot.wishes.clone())
            .unwrap_or_default()
    }

    /// A slot comes back from what was kept: nobody knows what of it was heard.
    pub fn restore(&mut self, about: About, wishes: Wishes) {
        if wishes.first.is_none() {
            self.slots.remove(&about);
            return;
        }
        let slot = Slot {
            wishes,
            said: true,
            ..Slot::default()
        };
        self.slots.insert(about, slot);
    }

    /// All slots, as they are kept.
    pub fn kept_wishes(&self) -> impl Iterator<Item = (About, Wishes)> + '_ {
        self.slots.iter().map(|(about, slot)| (*about, slot.wishes.clone()))
    }

    /// All rows, as they are kept.
    pub fn kept_rows(&self) -> impl Iterator<Item = InboxRow> + '_ {
        let marks = self.marks.values().map(|(ver, mark)| InboxRow {
            ver: *ver,
            topic: Topic::Mark(*mark),
        });
        let drafts = self.drafts.values().map(|(ver, draft)| InboxRow {
            ver: *ver,
            topic: Topic::Draft(Box::new(draft.clone())),
        });
        let threads = self.threads.values().map(|(ver, thread)| InboxRow {
            ver: *ver,
            topic: Topic::Thread(*thread),
        });
        marks.chain(drafts).chain(threads)
    }

    /// Takes a row of the inbox in, unless a newer one is held. Where it is about.
    pub fn put(&mut self, row: &InboxRow) -> Option<ConversationId> {
        match &row.topic {
            Topic::Mark(mark) => {
                self.put_mark(row.ver, *mark);
                Some(mark.conv)
            }
            Topic::Draft(draft) => {
                self.put_draft(row.ver, draft);
                Some(draft.conv)
            }
            Topic::Thread(thread) => {
                let key = (thread.conv, thread.thread);
                let held = self.threads.entry(key).or_insert((row.ver, *thread));
                if held.0 <= row.ver {
                    *held = (row.ver, *thread);
                }
                Some(thread.conv)
            }
            Topic::Conversation(_)
            | Topic::Devices
            | Topic::Profile
            | Topic::Privacy(_)
            | Topic::Blocks(_)
            | Topic::Unknown => None,
        }
    }

    /// Takes marks in, unless newer ones are held.
    pub fn put_mark(&mut self, ver: Ver, mark: MarkRow) {
        if ver == Ver::ZERO {
            // An answer that tells of no row: there was nothing to change.
            return;
        }
        let held = self.marks.entry((mark.conv, mark.seq)).or_insert((ver, mark));
        if held.0 <= ver {
            *held = (ver, mark);
        }
    }

    /// Takes a draft in, unless a newer one is held.
    pub fn put_draft(&mut self, ver: Ver, draft: &DraftRow) {
        if ver == Ver::ZERO {
            return;
        }
        let held = self.drafts.entry(draft.conv).or_insert_with(|| (ver, draft.clone()));
        if held.0 <= ver {
            *held = (ver, draft.clone());
        }
    }

    /// How far a thread is read, from the answer, until its row says so: a cursor only goes forward.
    pub fn put_thread_read(&mut self, ok: &ThreadRow) {
        if let Some((_, row)) = self.threads.get_mut(&(ok.conv, ok.thread))
            && row.following
            && ok.read > row.read
        {
            *row = *ok;
        }
    }

    /// Another lineage: rows go, wishes stay. But places and names of the old one mean something else now.
    pub fn restart(&mut self) {
        self.marks.clear();
        self.drafts.clear();
        self.threads.clear();
        self.slots
            .retain(|about, _| matches!(about, About::Prefs(_) | About::Draft(_)));
        self.disconnected();
        for slot in self.slots.values_mut() {
            let wishes = [&mut slot.wishes.first, &mut slot.wishes.then];
            for wish in wishes.into_iter().flatten() {
                match wish {
                    Wish::Draft(draft) => {
                        draft.base_ver = None;
                        draft.forget.clear();
                    }
                    Wish::Prefs(prefs) => prefs.cleared_seq = None,
                    Wish::Mark(_) | Wish::Follow(_) | Wish::ThreadRead(_) => {}
                }
            }
        }
    }

    /// Preferences as they stand in the row, with what I wish.
    #[must_use]
    pub fn prefs(&self, conv: ConversationId, row: Prefs) -> Prefs {
        let wished = self.wished(About::Prefs(conv));
        wished.fold(row, |prefs, wish| match wish {
            Wish::Prefs(change) => prefs.with(change),
            _ => prefs,
        })
    }

    /// Whether an entry is starred and whether it is hidden, with what I wish.
    #[must_use]
    pub fn mark(&self, conv: ConversationId, seq: Seq) -> (bool, bool) {
        let row = self.marks.get(&(conv, seq)).map(|(_, mark)| (mark.star, mark.hidden));
        let wished = self.wished(About::Mark(conv, seq));
        wished.fold(row.unwrap_or_default(), |(star, hidden), wish| match wish {
            Wish::Mark(change) => (change.star.unwrap_or(star), change.hidden.unwrap_or(hidden)),
            _ => (star, hidden),
        })
    }

    /// The text of a draft with what I wish; empty: none.
    #[must_use]
    pub fn draft(&self, conv: ConversationId) -> &str {
        let row = self
            .drafts
            .get(&conv)
            .map_or("", |(_, draft)| draft.now.text.0.as_str());
        self.wished(About::Draft(conv)).fold(row, |text, wish| match wish {
            Wish::Draft(change) => change.text.as_ref().map_or(text, |text| text.0.as_str()),
            _ => text,
        })
    }

    /// Texts of a draft that another device of mine overwrote, the oldest first.
    #[must_use]
    pub fn kept(&self, conv: ConversationId) -> &[DraftState] {
        self.drafts.get(&conv).map_or(&[], |(_, draft)| &draft.kept)
    }

    /// All marks that stand, as the inbox tells them.
    pub fn marks(&self) -> impl Iterator<Item = &MarkRow> {
        self.marks
            .values()
            .map(|(_, mark)| mark)
            .filter(|mark| mark.star || mark.hidden)
    }

    /// All drafts, as the inbox tells them.
    pub fn drafts(&self) -> impl Iterator<Item = &DraftRow> {
        self.drafts.values().map(|(_, draft)| draft)
    }

    /// All threads that I follow, or did, as the inbox tells them.
    pub fn threads(&self) -> impl Iterator<Item = &ThreadRow> {
        self.threads.values().map(|(_, thread)| thread)
    }

    /// The threads of a conversation in which there are replies that I have not read. What I wish to have read to its
    /// end is read.
    pub fn unread_threads(&self, conv: ConversationId) -> impl Iterator<Item = ThreadRow> {
        let of_it = self.threads.range((conv, Seq::ZERO)..=(conv, Seq(u64::MAX)));
        let unread = of_it.map(|(_, (_, thread))| *thread).filter(|thread| thread.unread > 0);
        unread.filter(move |thread| {
            let mut wished = self.wished(About::ThreadRead(conv, thread.thread));
            !wished.any(|wish| matches!(wish, Wish::ThreadRead(read) if read.read >= thread.head))
        })
    }

    /// Replies that I have not read in the threads of a conversation.
    #[must_use]
    pub fn unread_replies(&self, conv: ConversationId) -> u64 {
        self.unread_threads(conv).map(|thread| thread.unread).sum()
    }

    /// The wish that empties a draft, if its text is what is sent. Other words leave it alone.
    #[must_use]
    pub fn emptied_by(&self, conv: ConversationId, body: &RawValue) -> Option<Wish> {
        let draft = self.draft(conv).trim();
        if draft.is_empty() || !serde_json::from_str::<Body>(body.get()).is_ok_and(|body| body.text.trim() == draft) {
            return None;
        }
        let empty = SetDraft {
            conv,
            text: Some(DraftText::default()),
            base_ver: None,
            forget: Vec::new(),
        };
        Some(Wish::Draft(empty))
    }

    fn wished(&self, about: About) -> impl Iterator<Item = &Wish> {
        let wishes = self.slots.get(&about).map(|slot| &slot.wishes);
        wishes
            .into_iter()
            .flat_map(|wishes| wishes.first.iter().chain(&wishes.then))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::refusal::Code;

    const CONV: ConversationId = ConversationId::from_bytes([1; 16]);

    fn draft(text: &str) -> Wish {
        Wish::Draft(SetDraft {
            conv: CONV,
            text: Some(DraftText(text.into())),
            base_ver: None,
            forget: Vec::new(),
        })
    }

    fn row(text: &str, ver: u64) -> DraftRow {
        DraftRow {
            conv: CONV,
            now: DraftState {
                text: DraftText(text.into()),
                text_ver: Ver(ver),
                at_ms: 0,
            },
            kept: Vec::new(),
        }
    }

    fn said(wish: Option<Wish>) -> Option<(String, Option<Ver>)> {
        match wish {
            Some(Wish::Draft(draft)) => Some((draft.text.unwrap_or_default().0, draft.base_ver)),
            _ => None,
        }
    }

    /// OWN3: what was typed is said until it is answered; what is typed meanwhile stands on the answer, so that no
    /// device of mine looks like a stranger to itself.
    #[test]
    fn own3_a_wish_is_said_until_it_is_answered_and_the_next_stands_on_it() {
        let (mut own, bounds) = (Own::default(), Bounds::default());
        own.put_draft(Ver(4), &row("old", 4));
        for text in ["D", "De", "Dea"] {
            own.wish(draft(text), &bounds).expect("room");
        }
        assert_eq!(own.draft(CONV), "Dea");
        assert_eq!(said(own.next(0)), Some(("Dea".into(), Some(Ver(4)))));
        assert_eq!(own.next(0), None, "one at a time");
        own.wish(draft("Dear"), &bounds).expect("room");
        own.disconnected();
        let kept: Vec<(About, Wishes)> = own.kept_wishes().collect();
        let mut again = Own::default();
        again.put_draft(Ver(4), &row("old", 4));
        kept.into_iter()
            .for_each(|(about, wishes)| again.restore(about, wishes));
        assert_eq!(
            said(again.next(0)),
            Some(("Dea".into(), Some(Ver(4)))),
            "the same again"
        );
        assert!(!again.refused(About::Draft(CONV), &Code::Overloaded.refuse_for_ms(50), 0));
        assert_eq!((again.next(49), again.wake_at(0)), (None, Some(50)));
        assert_eq!(said(again.next(50)), Some(("Dea".into(), Some(Ver(4)))));
        again.answered(About::Draft(CONV), Some(Ver(9)));
        assert_eq!(said(again.next(50)), Some(("Dear".into(), Some(Ver(9)))));
        again.answered(About::Draft(CONV), Some(Ver(10)));
        assert!(again.is_quiet());
    }

    /// OWN3: another lineage takes no words away, but no name and no place of the old one is said to it.
    #[test]
    fn own3_another_lineage_keeps_the_words_and_drops_the_places() {
        let (mut own, bounds) = (
            Own::default(),
            Bounds {
                own_wishes_max: 3,
                ..Bounds::default()
            },
        );
        own.put_draft(Ver(4), &row("old", 4));
        own.wish(draft("new"), &bounds).expect("room");
        let clear = SetPrefs {
            cleared_seq: Some(Seq(3)),
            pinned: Some(Some(true)),
            ..SetPrefs::of(CONV)
        };
        own.wish(Wish::Prefs(clear), &bounds).expect("room");
        let mark = |seq| {
            Wish::Mark(SetMark {
                conv: CONV,
                seq: Seq(seq),
                star: Some(true),
                hidden: None,
            })
        };
        own.wish(mark(3), &bounds).expect("room");
        assert_eq!(own.mark(CONV, Seq(3)), (true, false));
        assert_eq!(own.wish(mark(4), &bounds), Err(Full));
        own.restart();
        assert_eq!((own.draft(CONV), own.mark(CONV, Seq(3))), ("new", (false, false)));
        let prefs = own.prefs(CONV, Prefs::default());
        assert_eq!((prefs.pinned, prefs.cleared_seq), (true, Seq::ZERO));
        let texts: Vec<_> = std::iter::from_fn(|| own.next(0))
            .filter_map(|wish| said(Some(wish)))
            .collect();
        assert_eq!(texts, [("new".to_owned(), None)]);
    }
}
