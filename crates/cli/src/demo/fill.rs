//! The long history: every conversation is made and played to the end of its script, a few at once, at a bounded pace.

use super::book::Chapter;
use super::cast::{LEAD, ROLES};
use super::kept::{Kept, Room};
use super::script::{self, Act};
use super::stage::{Scene, Stage, done};
use super::{Place, hidden};
use crate::Wrong;
use crate::meter::Meter;
use client::own::Wish;
use protocol::group::SettingsChange;
use protocol::own::SetPrefs;
use protocol::people::{Audience, SetPrivacy, SetProfile};
use protocol::{ConversationId, Seq};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

/// One conversation moves on so often at most; a dozen of them stay well below what a server lets one person do.
const ACT_INTERVAL: Duration = Duration::from_millis(30);
/// How far each conversation is, is remembered after so many acts: so many may be done twice after a power cut.
const REMEMBERED_AFTER: usize = 10;
/// What the lead has not read yet, in entries of each conversation, by their order.
const UNREAD: [u64; 5] = [7, 3, 0, 5, 0];

/// What filling needs.
pub struct Filling<'a> {
    /// Where.
    pub place: &'a Place<'a>,
    /// Who says what.
    pub book: &'a [Chapter],
    /// With whom.
    pub stage: &'a Stage,
    /// What is remembered, and how far it is told.
    pub kept: &'a RefCell<Kept>,
}

impl Filling<'_> {
    /// Fills what is not filled yet.
    pub async fn fill(&self) -> Result<(), Wrong> {
        self.dress().await?;
        self.begin().await?;
        let (seed, messages) = (self.kept.borrow().seed, self.kept.borrow().messages);
        let shares = script::shares(self.book, messages);
        let scripts: Vec<(&Chapter, Vec<Act>)> = self
            .book
            .iter()
            .map(|chapter| (chapter, script::draw(chapter, shares[chapter.key], seed)))
            .collect();
        let total = scripts.iter().map(|(_, acts)| script::messages(acts)).sum();
        let progress = RefCell::new((Meter::new("Filling"), 0_usize, total));
        let mut plays: Vec<_> = scripts
            .iter()
            .map(|(chapter, acts)| Box::pin(self.play(chapter, acts, &progress)))
            .collect();
        // All of them in one task: they share what is remembered.
        std::future::poll_fn(|context| {
            let mut still = Vec::new();
            for mut play in plays.drain(..) {
                match play.as_mut().poll(context) {
                    std::task::Poll::Ready(Ok(())) => {}
                    std::task::Poll::Ready(Err(wrong)) => return std::task::Poll::Ready(Err(wrong)),
                    std::task::Poll::Pending => still.push(play),
                }
            }
            plays = still;
            match plays.is_empty() {
                true => std::task::Poll::Ready(Ok(())),
                false => std::task::Poll::Pending,
            }
        })
        .await?;
        self.settle(&scripts).await?;
        self.kept.borrow_mut().whole = true;
        self.remember()
    }

    /// Remembers how far it is.
    pub fn remember(&self) -> Result<(), Wrong> {
        self.kept.borrow().keep(&self.place.server, self.place.profile)
    }

    /// Everybody says who they are, and lets everybody put them into groups: they do not know each other yet.
    async fn dress(&self) -> Result<(), Wrong> {
        if !self.kept.borrow().rooms.is_empty() {
            return Ok(());
        }
        for role in ROLES {
            let client = &self.stage.player(role.key)?.client;
            let about = SetProfile {
                about: Some(role.about.to_owned()),
                ..SetProfile::default()
            };
            client.set_profile(about).await?;
            let everyone = SetPrivacy {
                who_adds: Some(Audience::Everyone),
                ..SetPrivacy::default()
            };
            client.set_privacy(everyone).await?;
        }
        Ok(())
    }

    /// Makes the conversations that are not there yet, groups first: who shares one is no stranger in a 1:1.
    async fn begin(&self) -> Result<(), Wrong> {
        let groups = self.book.iter().filter(|chapter| chapter.title.is_some());
        let directs = self.book.iter().filter(|chapter| chapter.title.is_none());
        for chapter in groups.chain(directs) {
            if self.kept.borrow().rooms.contains_key(chapter.key) {
                continue;
            }
            let maker = &self.stage.player(chapter.members[0])?.client;
            let mut others = Vec::new();
            for who in &chapter.members[1..] {
                others.push(self.stage.player(who)?.user);
            }
            let conv = match chapter.title {
                Some(title) => {
                    let (made, conv) = maker.create_group(title, others).await?;
                    done(maker, Ok(made)).await?;
                    let about = SettingsChange {
                        description: Some(chapter.about.to_owned()),
                        ..SettingsChange::default()
                    };
                    done(maker, maker.change_settings(conv, about).await).await?;
                    conv
                }
                None => {
                    let (made, conv) = maker.create_direct(others[0]).await?;
                    done(maker, Ok(made)).await?;
                    conv
                }
            };
            let room = Room { conv, done: 0 };
            self.kept.borrow_mut().rooms.insert(chapter.key.to_owned(), room);
            self.remember()?;
        }
        Ok(())
    }

    async fn play(
        &self,
        chapter: &Chapter,
        acts: &[Act],
        progress: &RefCell<(Meter, usize, usize)>,
    ) -> Result<(), Wrong> {
        let room = self.room(chapter.key)?;
        let (rooms, people) = (self.rooms(), self.kept.borrow().people.clone());
        let scene = Scene {
            conv: room.conv,
            rooms: &rooms,
            people: &people,
        };
        let (before, after) = acts.split_at(room.done.min(acts.len()));
        let mut seqs = vec![None; script::messages(before)];
        progress.borrow_mut().1 += seqs.len();
        for (n, act) in after.iter().enumerate() {
            let next = tokio::time::Instant::now() + ACT_INTERVAL;
            let said = self.stage.act(&scene, &seqs, act).await?;
            if let Some(room) = self.kept.borrow_mut().rooms.get_mut(chapter.key) {
                room.done += 1;
            }
            if matches!(act, Act::Say { .. }) {
                seqs.push(said);
                let mut progress = progress.borrow_mut();
                progress.1 += 1;
                let (so_far, total) = (progress.1, progress.2);
                progress.0.count(so_far, total, "messages");
            }
            if n % REMEMBERED_AFTER == 0 {
                self.remember()?;
            }
            tokio::time::sleep_until(next).await;
        }
        Ok(())
    }

    /// Everybody has read everything, but the lead, who comes home to a few unread messages and has her own order.
    async fn settle(&self, scripts: &[(&Chapter, Vec<Act>)]) -> Result<(), Wrong> {
        let lead = &self.stage.player(LEAD)?.client;
        for (n, (chapter, _)) in scripts.iter().enumerate() {
            let conv = self.room(chapter.key)?.conv;
            let head = self.head(chapter, conv).await?;
            self.stage.read(&chapter.members, LEAD, conv, head).await?;
            let unread = UNREAD[n % UNREAD.len()];
            if chapter.members.contains(&LEAD) {
                lead.read(conv, Seq(head.0.saturating_sub(unread))).await?;
            }
        }
        for key in ["general", "family"] {
            let pinned = SetPrefs {
                conv: self.room(key)?.conv,
                pinned: Some(Some(true)),
                mute_until_ms: None,
                mentions_pass: None,
                archived: None,
                cleared_seq: None,
            };
            lead.wish(Wish::Prefs(pinned)).await?;
        }
        // Cursors and wishes are gathered before they are said; a look at the other end would not tell that they were.
        tokio::time::sleep(Duration::from_millis(800)).await;
        Ok(())
    }

    async fn head(&self, chapter: &Chapter, conv: ConversationId) -> Result<Seq, Wrong> {
        let maker = &self.stage.player(chapter.members[0])?.client;
        let head = maker.look(move |core| core.state().inbox.row(conv).map(|row| row.head_seq));
        Ok(head.await?.unwrap_or(Seq::ZERO))
    }

    fn room(&self, key: &str) -> Result<Room, Wrong> {
        let room = self.kept.borrow().rooms.get(key).copied();
        room.ok_or_else(|| hidden("a conversation of the demo is not there"))
    }

    /// All conversations, by their keys.
    pub fn rooms(&self) -> BTreeMap<String, ConversationId> {
        let kept = self.kept.borrow();
        kept.rooms.iter().map(|(key, room)| (key.clone(), room.conv)).collect()
    }
}
