//! What the client tells, shown.

use super::paper::Ink;
use super::talk::{Line, Onward, Talk, There};
use crate::clock::now_ms;
use crate::connect::stopped;
use crate::words::{self, Said};
use crate::{Wrong, safe};
use client::Event;
use client::outbox::Verb;
use protocol::client_frame::What;
use protocol::limits::WATCH_PRESENCE_MAX;
use protocol::server_frame::{PresenceOf, TypingNow};
use protocol::{Body, ConversationId, Entry, Refusal, SendId, UserId};
use std::collections::BTreeSet;

/// How much of a message a notice shows.
const NOTICE_GRAPHEMES: usize = 60;

impl Talk<'_> {
    /// Something happened.
    pub async fn event(&mut self, event: Event) -> Result<Onward, Wrong> {
        match event {
            Event::Online { .. } => {}
            Event::CaughtUp => self.caught_up().await?,
            Event::Offline { .. } => self.offline().await?,
            Event::Leaving { .. } => self.say_dim("The server restarts; this comes back by itself.")?,
            Event::Stopped { duty, code } => return Err(stopped(self.profile, &self.account, duty, code)?),
            Event::Broken { why } => {
                return Err(
                    format!("what is said cannot be kept on this machine ({why}), so nothing more is sent").into(),
                );
            }
            Event::Resynced => {
                self.say_dim("The server was restored from a backup; everything is fetched anew.")?;
                if let Some(room) = &self.room {
                    let conv = room.conv;
                    self.enter(conv).await?;
                }
            }
            Event::Inbox { convs } => {
                self.watch_people().await?;
                for conv in convs {
                    self.number(conv);
                    if let Some(entries) = self.untold.remove(&conv) {
                        self.notice(conv, &entries).await?;
                    }
                    self.tell_who_asks(conv).await?;
                }
                self.rename_room().await?;
            }
            Event::Account => {}
            // The row of a thread comes after the reply that is shown already.
            Event::Own { .. } => self.read_room().await?,
            Event::OwnRefused { refusal, .. } => self.say_bad(&safe::line(&refusal.say))?,
            Event::Grown { conv, entries } => {
                if self.is_open(conv) {
                    self.refresh().await?;
                } else {
                    self.notice(conv, &entries).await?;
                }
            }
            Event::Skipped { conv, .. } => {
                if self.is_open(conv) {
                    self.say_dim("── more was said than fits here; /history shows it ──")?;
                }
            }
            Event::Changed { conv } | Event::Cursors { conv } | Event::Acked { conv, .. } => {
                if self.is_open(conv) {
                    self.refresh().await?;
                }
            }
            Event::Failed { send_id, refusal, .. } => self.failed(send_id, &refusal).await?,
            Event::Typing(typing) => self.typing(typing).await?,
            Event::Presence { list, ttl_ms } => self.told_presence(&list, ttl_ms)?,
            Event::Behind => {
                self.refresh().await?;
                self.say_dim("(Notices of other conversations went by too fast; /list shows how things stand.)")?;
            }
        }
        self.end_if_quiet().await
    }

    async fn caught_up(&mut self) -> Result<(), Wrong> {
        let first = !self.was_up;
        let was_down = self.line == Line::Down;
        (self.line, self.was_up) = (Line::Up, true);
        self.watch_people().await?;
        for (_, row, _) in self.rows().await? {
            self.tell_who_asks(row.conv).await?;
        }
        if was_down {
            self.say_dim("Connected again.")?;
        }
        if let Some(link) = self.join.take() {
            self.join_first(&link).await?;
        }
        if first {
            self.begin().await?;
        } else {
            self.refresh().await?;
        }
        self.prompt()
    }

    async fn offline(&mut self) -> Result<(), Wrong> {
        if self.line == Line::Down {
            return Ok(());
        }
        let first = self.line == Line::Trying;
        self.line = Line::Down;
        self.there.clear();
        let server = self.account.server.clone();
        self.say_bad(&format!(
            "No connection to {server}. This goes on trying; what you write is kept and sent then."
        ))?;
        if first {
            self.begin().await?;
        }
        self.prompt()
    }

    /// The first look at things.
    async fn begin(&mut self) -> Result<(), Wrong> {
        match self.with.take() {
            Some(with) => self.open(&with).await?,
            None if self.room.is_none() => {
                self.list().await?;
                self.take_up_draft().await?;
            }
            None => {}
        }
        Ok(())
    }

    async fn take_up_draft(&mut self) -> Result<(), Wrong> {
        let Ok(draft) = std::fs::read(self.profile.path("draft.json")) else {
            return Ok(());
        };
        let draft: serde_json::Value = serde_json::from_slice(&draft).unwrap_or_default();
        let conv: Option<ConversationId> = draft["conv"].as_str().and_then(|conv| conv.parse().ok());
        if let (Some(conv), Some(text), true) = (conv, draft["text"].as_str(), self.terminal.paper.is_tty()) {
            self.enter(conv).await?;
            if self.terminal.unfinished().is_empty() && text.starts_with('/') {
                self.terminal.begin_with(text)?;
            }
        }
        Ok(())
    }

    pub(super) fn is_open(&self, conv: ConversationId) -> bool {
        self.room.as_ref().is_some_and(|room| room.conv == conv)
    }

    /// Those one talks with in private are looked after.
    async fn watch_people(&mut self) -> Result<(), Wrong> {
        let rows = self.client.inbox().await?;
        let peers = rows.iter().filter_map(|(row, _)| row.peer.map(|peer| peer.user));
        let peers: BTreeSet<UserId> = peers.take(WATCH_PRESENCE_MAX).collect();
        if peers != self.watched {
            self.watched = peers.clone();
            self.client.watch_presence(peers.into_iter().collect()).await?;
        }
        Ok(())
    }

    /// What was begun here gets its row, and perhaps another title.
    async fn rename_room(&mut self) -> Result<(), Wrong> {
        let Some(room) = &self.room else { return Ok(()) };
        let title = self.title(room.conv).await?;
        if let Some(room) = &mut self.room
            && room.title != title
            && self.line == Line::Up
        {
            room.title = title;
            self.prompt()?;
        }
        Ok(())
    }

    /// One line about what was said elsewhere.
    async fn notice(&mut self, conv: ConversationId, entries: &[Entry]) -> Result<(), Wrong> {
        let me = self.client.me();
        let Some(last) = entries
            .iter()
            .rev()
            .find(|entry| entry.sender != me && entry.target_seq.is_none())
        else {
            return Ok(());
        };
        // What was said before is in the list.
        let noticed = self.noticed.get(&conv).copied().unwrap_or_default();
        if self.line != Line::Up || last.seq <= noticed {
            return Ok(());
        }
        let row = self
            .client
            .look(move |core| core.state().inbox.row(conv).cloned())
            .await?;
        let Some(row) = row else {
            self.untold.insert(conv, entries.to_vec());
            return Ok(());
        };
        self.noticed.insert(conv, last.seq);
        let prefs = self.prefs(conv).await?;
        let names_me = |entry: &Entry| words::mentions(&entry.kind, &entry.body, me);
        if prefs.is_muted(now_ms()) && !(prefs.mentions_pass && entries.iter().any(names_me)) {
            return Ok(());
        }
        let unread = self.client.look(move |core| core.state().unread(conv)).await?;
        let users = [vec![last.sender], words::named(&last.kind, &last.body)].concat();
        let users = users.into_iter().chain(row.peer.map(|peer| peer.user));
        self.people.ask(&self.client, users, self.profile).await;
        let (number, title) = (self.number(conv), self.title(conv).await?);
        let who = self.painted(last.sender);
        let said = match words::said(&last.kind, &last.body, last.sender, &self.people, me) {
            Said::Words(words) => format!("{who}: {}", safe::cut(&words, NOTICE_GRAPHEMES)),
            Said::Did(did) => format!("{who} {}", safe::cut(&did, NOTICE_GRAPHEMES)),
        };
        let at_you = row.peer.is_none()
            && entries
                .iter()
                .any(|entry| words::mentions(&entry.kind, &entry.body, me));
        let at_you = if at_you { " (for you)" } else { "" };
        let count = if unread > 0 {
            format!(" ({unread} unread)")
        } else {
            String::new()
        };
        let paper = &self.terminal.paper;
        let text = format!(
            "{}{at_you} {said}",
            paper.ink(Ink::Bold, &format!("[{number}] {title}{count}"))
        );
        Ok(self.terminal.paper.say(&text)?)
    }

    /// Something will never be sent: its author is told, with the words, so that they can be said differently.
    async fn failed(&mut self, send_id: SendId, refusal: &Refusal) -> Result<(), Wrong> {
        self.refresh().await?;
        let item = self
            .client
            .look(move |core| core.state().outbox.get(send_id).cloned())
            .await?;
        let not_there = item
            .as_ref()
            .filter(|item| matches!(item.verb, Verb::Create(_)))
            .map(|item| item.conv);
        let what = match item.map(|item| item.verb) {
            Some(Verb::Send(send)) => {
                let body: Body = serde_json::from_str(send.body.get()).unwrap_or_default();
                format!("Not sent: {}\n  ", safe::shown(&body.text))
            }
            Some(Verb::Create(create)) => match create.what {
                What::Direct { .. } => "The conversation was not begun: ".to_owned(),
                What::Group { title, .. } => format!("The group {} was not made: ", safe::line(&title)),
            },
            Some(Verb::Add(_)) => "Nobody was added: ".to_owned(),
            Some(Verb::Remove(_)) => "Nobody was removed: ".to_owned(),
            Some(Verb::Leave(_)) => "You have not left: ".to_owned(),
            Some(Verb::Settings(_)) => "The group is as it was: ".to_owned(),
            Some(Verb::Role(_)) => "Their role is what it was: ".to_owned(),
            Some(Verb::Admit(_)) => "Nobody was let in: ".to_owned(),
            Some(Verb::Edit(edit)) => {
                let body: Body = serde_json::from_str(edit.body.get()).unwrap_or_default();
                format!("Not edited: {}\n  ", safe::shown(&body.text))
            }
            Some(Verb::Delete(_)) => "Not deleted: ".to_owned(),
            Some(Verb::React(_)) => "No reaction: ".to_owned(),
            Some(Verb::Pin(_)) => "Nothing was pinned or unpinned: ".to_owned(),
            None => String::new(),
        };
        self.client.dismiss(send_id).await?;
        self.say_bad(&format!("{what}{}", safe::line(&refusal.say)))?;
        // It was opened before the server had said yes: nobody is to go on writing into nothing.
        if not_there.is_some_and(|conv| self.is_open(conv)) {
            self.room = None;
            self.prompt()?;
        }
        Ok(())
    }

    async fn typing(&mut self, typing: TypingNow) -> Result<(), Wrong> {
        if !self.is_open(typing.conv) {
            return Ok(());
        }
        let until_ms = now_ms().saturating_add(typing.ttl_ms);
        let before = self.typing.replace((typing.user, until_ms));
        if before.is_some_and(|(user, _)| user == typing.user) {
            return Ok(());
        }
        self.people.ask(&self.client, [typing.user], self.profile).await;
        let text = format!("{} is typing …", self.people.handle(typing.user));
        let text = self.terminal.paper.ink(Ink::Dim, &text);
        Ok(self.terminal.paper.say_passing(&text)?)
    }

    fn told_presence(&mut self, list: &[PresenceOf], ttl_ms: u64) -> Result<(), Wrong> {
        let until_ms = now_ms().saturating_add(ttl_ms);
        for one in list {
            let there = There {
                state: one.state,
                last_seen_ms: one.last_seen_ms,
                until_ms,
            };
            let before = self.there.insert(one.user, there).map(|there| there.state);
            let with = self.people.handle(one.user);
            let is_here = self.room.as_ref().is_some_and(|room| room.title == format!("@{with}"));
            if is_here && before.is_some_and(|before| before != one.state) {
                self.say_dim(&format!("{with} is {} now.", words::presence(one.state)))?;
            }
        }
        Ok(())
    }
}
