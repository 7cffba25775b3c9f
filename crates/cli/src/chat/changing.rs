//! What is done to messages that were said: edited, deleted, reacted to, pinned, answered, passed on.

use super::doing::{Not, not};
use super::room::CUT_GRAPHEMES;
use super::talk::Talk;
use super::typed::Which;
use crate::clock::Local;
use crate::people::ANSWER_TIME_MAX;
use crate::safe;
use crate::words::{self, Said};
use client::Target;
use client::timeline::Line;
use protocol::change::AskHistory;
use protocol::client_frame::Place;
use protocol::{ConversationId, Kind};

impl Talk<'_> {
    pub(super) async fn edit(&mut self, which: Which, words: &str) -> Result<(), Not> {
        let (conv, target, _) = self.message(which, |line, me| line.sender == me).await?;
        let body = self.body(conv, words).await?;
        self.client.edit(conv, target, &body).await?;
        Ok(())
    }

    pub(super) async fn delete(&mut self, which: Which) -> Result<(), Not> {
        let (conv, target, _) = self.message(which, |line, me| line.sender == me).await?;
        self.client.delete(conv, target).await?;
        Ok(())
    }

    pub(super) async fn react(&mut self, which: Which, emoji: String, on: bool) -> Result<(), Not> {
        if let Err(fault) = protocol::body::check_emoji(&emoji) {
            return not(format!("{}.", fault.0));
        }
        let (conv, target, _) = self.message(which, |line, me| line.sender != me).await?;
        self.client.react(conv, target, emoji, on).await?;
        Ok(())
    }

    pub(super) async fn pin(&mut self, which: Which, on: bool) -> Result<(), Not> {
        let (conv, target, _) = self.message(which, |_, _| true).await?;
        self.client.pin(conv, target, on).await?;
        Ok(())
    }

    pub(super) async fn reply(&mut self, which: Which, words: &str) -> Result<(), Not> {
        let (conv, target, _) = self.message(which, |line, me| line.sender != me).await?;
        let body = self.body(conv, words).await?;
        let raw = body.to_raw();
        self.client.send_kind(conv, Kind::Text, raw, Some(target)).await?;
        self.refresh().await?;
        Ok(())
    }

    pub(super) async fn forward(&mut self, which: Which, to: &str) -> Result<(), Not> {
        let (conv, origin, line) = self.message(which, |_, _| true).await?;
        let to = self.find(to).await?;
        self.client.forward(to, line.kind, (conv, origin)).await?;
        let title = self.title(to).await?;
        self.say_dim(&format!("Passed on to {title}."))?;
        Ok(())
    }

    pub(super) async fn pins(&mut self) -> Result<(), Not> {
        let conv = self.here("/pins shows what is pinned there.")?;
        self.online()?;
        let asked = tokio::time::timeout(ANSWER_TIME_MAX, self.client.pins(conv)).await;
        let Ok(seqs) = asked else {
            return not("The server did not answer; try again.");
        };
        let seqs = seqs?;
        if seqs.is_empty() {
            self.say_dim("Nothing is pinned here; /pin pins the last message.")?;
        }
        for seq in seqs {
            let place = Place::Range(seq, seq, None);
            let asked = tokio::time::timeout(ANSWER_TIME_MAX, self.client.page(conv, place, 1)).await;
            if let Ok(Ok(page)) = asked {
                self.write_page(&page.entries).await?;
            }
        }
        Ok(())
    }

    /// What a message said, the first words first.
    pub(super) async fn was(&mut self, which: Which) -> Result<(), Not> {
        let (conv, target, line) = self.message(which, |line, _| line.edited.is_some()).await?;
        self.online()?;
        let ask = AskHistory {
            conv,
            seq: target.seq,
            before: None,
        };
        let asked = tokio::time::timeout(ANSWER_TIME_MAX, self.client.history(ask)).await;
        let Ok(past) = asked else {
            return not("The server did not answer; try again.");
        };
        let past = past?;
        if past.more {
            self.say_dim("  … and earlier ones")?;
        }
        for revision in past.list.iter().rev() {
            let me = self.client.me();
            let words = match words::said(&line.kind, &revision.body, me, &self.people, me) {
                Said::Words(words) | Said::Did(words) => words,
            };
            let when = Local::at(revision.at_ms).minute();
            self.terminal
                .paper
                .say(&format!("  {when}  {}", words.replace('\n', "\n      ")))?;
        }
        Ok(())
    }

    /// The message of the open conversation that is meant: the `which`th from below, or the last that fits.
    pub(super) async fn message(
        &mut self,
        which: Which,
        fits: impl Fn(&Line, protocol::UserId) -> bool,
    ) -> Result<(ConversationId, Target, Line), Not> {
        let conv = self.here("That is done to one of its messages.")?;
        let me = self.client.me();
        let lines = self.client.timeline(conv).await?;
        let there = |line: &&Line| line.kind.may_be_sent() && line.deleted_by.is_none();
        let mut messages = lines.iter().rev().filter(there);
        let line = match which {
            Some(n) => messages.nth(n - 1),
            None => messages.find(|line| fits(line, me)),
        };
        let Some(line) = line else {
            return not("There is no such message here; ^2 means the second one from below.");
        };
        // Never the one before it instead: that one was not meant.
        match line.target() {
            Some(target) => Ok((conv, target, line.clone())),
            None => not("The server does not have that message yet; do it again in a moment."),
        }
    }

    /// A line as it is quoted: whose, and how it begins.
    pub(super) fn quoted(&self, line: &Line) -> String {
        let words = if line.deleted_by.is_some() {
            "(deleted)".to_owned()
        } else {
            match words::said(&line.kind, &line.body, line.sender, &self.people, self.client.me()) {
                Said::Words(words) | Said::Did(words) => safe::cut(&words, CUT_GRAPHEMES),
            }
        };
        format!("{}: {words}", self.people.handle(line.sender))
    }
}
