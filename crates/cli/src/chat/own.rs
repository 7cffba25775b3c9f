//! What is one's own in a chat: muting, the archive, pins, clearing, stars, hiding, drafts, and who read what.

use super::doing::{Not, not};
use super::paper::Ink;
use super::talk::{Line as Connection, Talk};
use super::typed::{Muted, Own};
use crate::clock::{Local, now_ms};
use crate::people::ANSWER_TIME_MAX;
use crate::words::{self, Said};
use crate::{Wrong, safe};
use client::No;
use client::own::Wish;
use client::timeline::Line;
use protocol::own::{DraftText, MUTED_FOR_GOOD_MS, Prefs, SetDraft, SetMark, SetPrefs};
use protocol::server_frame::ConversationRow;
use protocol::{ConversationId, SendId, Seq, Ver};
use rand::TryRng;
use rand::rngs::SysRng;
use std::time::Duration;

/// An hour, in milliseconds.
const HOUR_MS: u64 = 3_600_000;
/// How much of a message is said again to name it.
const CUT_GRAPHEMES: usize = 40;
/// Names that are told one by one of who read a message.
const NAMES_MAX: usize = 256;

impl Talk<'_> {
    /// A command about what is one's own.
    pub(super) async fn own(&mut self, own: Own) -> Result<(), Not> {
        match own {
            Own::Mute { until, mentions } => self.mute(until, mentions).await,
            Own::Archive(yes) => {
                let what = if yes { "out of the way" } else { "back in the list" };
                let change = |conv| SetPrefs {
                    archived: Some(yes.then_some(true)),
                    ..SetPrefs::of(conv)
                };
                self.prefer(change, what).await
            }
            Own::Pin(yes) => {
                let what = if yes {
                    "at the top of the list"
                } else {
                    "among the others"
                };
                let change = |conv| SetPrefs {
                    pinned: Some(yes.then_some(true)),
                    ..SetPrefs::of(conv)
                };
                self.prefer(change, what).await
            }
            Own::Clear => self.clear().await,
            Own::ReadAll => self.read_all().await,
            Own::Star(nth, yes) => {
                let what = if yes { "Starred" } else { "No longer starred" };
                self.mark(nth, Some(yes), None, what).await
            }
            Own::Hide(nth) => self.mark(nth, None, Some(true), "Hidden for you").await,
            Own::Starred => self.starred().await,
            Own::Draft(text) => self.draft(text).await,
            Own::Info(nth) => self.info(nth).await,
            Own::Note => self.note().await,
        }
    }

    async fn prefer(&mut self, change: impl Fn(ConversationId) -> SetPrefs, what: &str) -> Result<(), Not> {
        let conv = self.here("It is about the open one.")?;
        self.client.wish(Wish::Prefs(change(conv))).await?;
        let title = self.title(conv).await?;
        self.say_dim(&format!("{title} is {what} now, on all your devices."))?;
        Ok(())
    }

    async fn mute(&mut self, until: Muted, mentions: bool) -> Result<(), Not> {
        let (until_ms, what) = match until {
            Muted::Off => (None, "no longer muted".to_owned()),
            Muted::Always => (Some(MUTED_FOR_GOOD_MS), "muted".to_owned()),
            Muted::Hours(hours) => {
                let until_ms = now_ms() + u64::from(hours) * HOUR_MS;
                (Some(until_ms), format!("muted until {}", Local::at(until_ms).minute()))
            }
        };
        let but = if mentions { ", but for what mentions you" } else { "" };
        let change = |conv| SetPrefs {
            mute_until_ms: Some(until_ms),
            mentions_pass: Some(mentions.then_some(true)),
            ..SetPrefs::of(conv)
        };
        self.prefer(change, &format!("{what}{but}")).await
    }

    /// Nothing that was said so far is shown any more.
    async fn clear(&mut self) -> Result<(), Not> {
        let conv = self.here("/clear empties the open one, for you alone.")?;
        let head = self
            .client
            .look(move |core| core.state().inbox.row(conv).map(|row| row.head_seq))
            .await?;
        let Some(head) = head else {
            return not("There is nothing in it yet.");
        };
        self.client.read(conv, head).await?;
        let change = SetPrefs {
            cleared_seq: Some(head),
            ..SetPrefs::of(conv)
        };
        self.client.wish(Wish::Prefs(change)).await?;
        let title = self.title(conv).await?;
        self.say_dim(&format!("{title} is empty for you now; the others still have it."))?;
        Ok(())
    }

    async fn read_all(&mut self) -> Result<(), Not> {
        self.online()?;
        match self.answered(self.client.read_all()).await? {
            0 => self.say_dim("Everything was read.")?,
            1 => self.say_dim("One conversation is read.")?,
            count => self.say_dim(&format!("{count} conversations are read."))?,
        }
        Ok(())
    }

    /// The message that was meant: the last, or so many before it.
    async fn meant(&mut self, nth: usize) -> Result<(ConversationId, Seq, String), Not> {
        let conv = self.here("It is about a message of the open one: 1 is the last, 2 the one before.")?;
        let mut lines = self.shown(conv).await?;
        lines.retain(|line| line.seq.is_some() && line.kind.counts());
        let at = lines.len().checked_sub(nth.max(1));
        let Some((line, seq)) = at.and_then(|at| lines[at].seq.map(|seq| (&lines[at], seq))) else {
            return not(format!("There are only {} messages here; 1 is the last.", lines.len()));
        };
        let said = self.words_of(line);
        Ok((conv, seq, said))
    }

    fn words_of(&self, line: &Line) -> String {
        match words::said(&line.kind, &line.body, line.sender, &self.people, self.client.me()) {
            Said::Words(words) | Said::Did(words) => safe::cut(&words, CUT_GRAPHEMES),
        }
    }

    async fn mark(&mut self, nth: usize, star: Option<bool>, hidden: Option<bool>, what: &str) -> Result<(), Not> {
        let (conv, seq, said) = self.meant(nth).await?;
        let mark = SetMark {
            conv,
            seq,
            star,
            hidden,
        };
        self.client.wish(Wish::Mark(mark)).await?;
        self.say_dim(&format!("{what}: {said}"))?;
        Ok(())
    }

    async fn starred(&mut self) -> Result<(), Not> {
        self.online()?;
        let page = self.answered(self.client.starred(None)).await?;
        if page.list.is_empty() {
            self.say_dim("No message is starred. /star stars the last one.")?;
            return Ok(());
        }
        let mut lines = Vec::new();
        for star in &page.list {
            let entry = &star.entry;
            let users = [vec![entry.sender], words::named(&entry.kind, &entry.body)].concat();
            self.people.ask(&self.client, users, self.profile).await;
            let said = words::said(&entry.kind, &entry.body, entry.sender, &self.people, self.client.me());
            let text = self.said_text(entry.created_ms, entry.sender, said, false);
            let place = format!(
                "{}, {}",
                self.title(star.conv).await?,
                Local::at(entry.created_ms).minute()
            );
            lines.push(format!(
                "  ★ {}\n      {text}",
                self.terminal.paper.ink(Ink::Dim, &place)
            ));
        }
        if page.next.is_some() {
            lines.push("     … and earlier ones".to_owned());
        }
        self.terminal.paper.say(&lines.join("\n"))?;
        Ok(())
    }

    /// Writes a draft, empties it, or shows what there is of it.
    async fn draft(&mut self, text: Option<String>) -> Result<(), Not> {
        let conv = self.here("/draft keeps words for later, on all your devices.")?;
        let Some(text) = text else {
            let known = self.say_draft(conv).await?;
            if !known {
                self.say_dim("Nothing is begun here. /draft words keeps them for later.")?;
            }
            return Ok(());
        };
        let empties = text == "off";
        let forget: Vec<Ver> = if empties {
            let kept =
                move |core: &client::Core| core.state().own.kept(conv).iter().map(|kept| kept.text_ver).collect();
            self.client.look(kept).await?
        } else {
            Vec::new()
        };
        let draft = SetDraft {
            conv,
            text: Some(DraftText(if empties { String::new() } else { text })),
            base_ver: None,
            forget,
        };
        self.client.wish(Wish::Draft(draft)).await?;
        self.say_dim(if empties {
            "The draft is gone."
        } else {
            "Kept as a draft."
        })?;
        Ok(())
    }

    /// Keeps a line that was not finished as the draft of its conversation, for all devices. A command is no draft. The
    /// server keeps beside it what another device wrote meanwhile without knowing it.
    pub(super) async fn keep_line(&mut self, conv: ConversationId, line: &str) -> Result<(), Wrong> {
        let is_command = line.starts_with('/') && !line.starts_with("//");
        let now = self
            .client
            .look(move |core| core.state().own.draft(conv).to_owned())
            .await?;
        if is_command || now == line {
            return Ok(());
        }
        self.write_draft(conv, line).await
    }

    /// Puts the draft of a conversation into the line, where nothing stands in it yet.
    pub(super) async fn bring_draft(&mut self, conv: ConversationId) -> Result<(), Wrong> {
        self.brought = None;
        if !self.terminal.paper.is_tty() || !self.terminal.unfinished().is_empty() {
            return Ok(());
        }
        let draft = self
            .client
            .look(move |core| core.state().own.draft(conv).to_owned())
            .await?;
        if !draft.is_empty() {
            self.terminal.begin_with(&draft)?;
            self.brought = Some((conv, draft));
        }
        Ok(())
    }

    /// Something was said in a conversation: the draft that stood in the line has become it, whatever was changed.
    pub(super) async fn spend_draft(&mut self, conv: ConversationId) -> Result<(), Wrong> {
        let Some((_, brought)) = self.brought.take_if(|(of, _)| *of == conv) else {
            return Ok(());
        };
        let now = self
            .client
            .look(move |core| core.state().own.draft(conv).to_owned())
            .await?;
        if now == brought {
            self.write_draft(conv, "").await?;
        }
        Ok(())
    }

    async fn write_draft(&mut self, conv: ConversationId, text: &str) -> Result<(), Wrong> {
        let draft = SetDraft {
            conv,
            text: Some(DraftText(text.to_owned())),
            base_ver: None,
            forget: Vec::new(),
        };
        match self.client.wish(Wish::Draft(draft)).await {
            Ok(()) => Ok(()),
            // Too long, or too many wait: it stays where it is.
            Err(no @ No::Stopped) => Err(no.into()),
            Err(no) => self.say_bad(&super::doing::explain(&no)),
        }
    }

    /// Says what was begun in a conversation, and what another device wrote over. Whether there is any.
    pub(super) async fn say_draft(&mut self, conv: ConversationId) -> Result<bool, Wrong> {
        let look = move |core: &client::Core| {
            let own = &core.state().own;
            let kept = own.kept(conv).iter().map(|kept| kept.text.0.clone());
            (own.draft(conv).to_owned(), kept.collect::<Vec<_>>())
        };
        let (text, kept) = self.client.look(look).await?;
        let in_line = self
            .brought
            .as_ref()
            .is_some_and(|(of, brought)| *of == conv && *brought == text);
        if !text.is_empty() && !in_line {
            self.say_dim(&format!("draft: {}", safe::shown(&text)))?;
        }
        for kept in &kept {
            self.say_dim(&format!("written over on another device: {}", safe::shown(kept)))?;
        }
        if !kept.is_empty() {
            self.say_dim("(/draft words replaces the draft, /draft off throws all of it away)")?;
        }
        Ok(!text.is_empty() || !kept.is_empty())
    }

    /// Who received and who read a message, and when.
    async fn info(&mut self, nth: usize) -> Result<(), Not> {
        let (conv, seq, said) = self.meant(nth).await?;
        self.online()?;
        let list = self.answered(self.client.receipts(conv, seq)).await?;
        self.people
            .ask(&self.client, list.iter().map(|one| one.user), self.profile)
            .await;
        let mut lines = vec![self.terminal.paper.ink(Ink::Dim, &format!("  {said}"))];
        let at = |ms: Option<u64>| ms.map_or(String::new(), |ms| format!(" {}", Local::at(ms).minute()));
        for one in list.iter().take(NAMES_MAX) {
            let how = match (one.read, one.delivered) {
                (true, _) => format!("read{}", at(one.read_ms)),
                (false, true) => format!("delivered{}", at(one.delivered_ms)),
                (false, false) => "not delivered yet".to_owned(),
            };
            lines.push(format!("  @{:<16} {how}", self.people.handle(one.user)));
        }
        if list.is_empty() {
            lines.push("  nobody else has it".to_owned());
        }
        self.terminal.paper.say(&lines.join("\n"))?;
        Ok(())
    }

    /// The conversation with oneself; begun if it is not there.
    async fn note(&mut self) -> Result<(), Not> {
        let me = self.client.me();
        let conv = ConversationId::direct(me, me);
        let exists = self
            .client
            .look(move |core| core.state().inbox.row(conv).is_some())
            .await?;
        if !exists {
            self.client.create_direct(me).await?;
            self.begun.insert(conv, words::NOTES.to_owned());
        }
        self.enter(conv).await?;
        Ok(())
    }

    /// How I want to see a conversation.
    pub(super) async fn prefs(&self, conv: ConversationId) -> Result<Prefs, Wrong> {
        Ok(self.client.look(move |core| core.state().prefs(conv)).await?)
    }

    /// The rows as a list has them: pinned ones first, archived ones left out unless something new came; how many were.
    pub(super) async fn arranged(
        &self,
        rows: Vec<(usize, ConversationRow, u64)>,
    ) -> Result<(Vec<(usize, ConversationRow, u64)>, usize), Wrong> {
        let (mut pinned, mut others, mut archived) = (Vec::new(), Vec::new(), 0);
        for row in rows {
            let prefs = self.prefs(row.1.conv).await?;
            if prefs.archived && (row.2 == 0 || prefs.is_muted(now_ms())) {
                archived += 1;
            } else if prefs.pinned {
                pinned.push(row);
            } else {
                others.push(row);
            }
        }
        pinned.extend(others);
        Ok((pinned, archived))
    }

    pub(super) async fn answered<T>(&self, ask: impl Future<Output = Result<T, No>>) -> Result<T, Not> {
        const WAIT: Duration = ANSWER_TIME_MAX;
        match tokio::time::timeout(WAIT, ask).await {
            Ok(answer) => Ok(answer?),
            Err(_) => not("The server did not answer; try again."),
        }
    }

    /// What of a timeline is shown to me.
    pub(super) async fn shown(&mut self, conv: ConversationId) -> Result<Vec<Line>, Wrong> {
        debug_assert!(self.line != Connection::Trying, "nothing is typed before");
        self.lines(conv).await
    }
}

/// A name that no other change has.
pub(super) fn fresh() -> Result<SendId, Not> {
    let mut bytes = [0; 16];
    SysRng.try_fill_bytes(&mut bytes)?;
    Ok(SendId::from_bytes(bytes))
}

/// Drops what was cleared or hidden.
pub(super) fn keep_shown(core: &client::Core, conv: ConversationId, lines: &mut Vec<Line>) {
    let cleared = core.state().prefs(conv).cleared_seq;
    lines.retain(|line| {
        line.seq
            .is_none_or(|seq| seq > cleared && !core.state().own.mark(conv, seq).1)
    });
}
