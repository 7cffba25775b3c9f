//! What is typed, done.

use super::talk::{Line, Onward, Talk};
use super::typed::{HELP, Typed, understand};
use crate::people::ANSWER_TIME_MAX;
use crate::words;
use crate::{Wrong, account, safe};
use client::No;
use protocol::body::TextRange;
use protocol::client_frame::{AskPeople, Place};
use protocol::rights::{self, Action};
use protocol::server_frame::Role;
use protocol::{Body, ConversationId, Mention, Seq, UserId};

/// Why something typed was not done, for whoever typed it. Not the end of the chat.
pub(super) enum Not {
    Done(String),
    On(Wrong),
}

impl<E: Into<Wrong>> From<E> for Not {
    fn from(error: E) -> Self {
        Self::On(error.into())
    }
}

pub(super) fn not<T>(why: impl Into<String>) -> Result<T, Not> {
    Err(Not::Done(why.into()))
}

impl Talk<'_> {
    /// A line was finished.
    pub async fn typed(&mut self, line: &str) -> Result<Onward, Wrong> {
        let typed = match understand(line) {
            Ok(typed) => typed,
            Err(how) => {
                self.echo(line)?;
                self.say_bad(&how)?;
                return Ok(Onward::On);
            }
        };
        if !matches!(typed, Typed::Words(_) | Typed::Nothing) {
            self.echo(line)?;
        }
        if typed == Typed::Quit {
            return Ok(Onward::Leave);
        }
        match self.act(typed).await {
            Ok(()) => {}
            Err(Not::Done(why)) => self.say_bad(&why)?,
            Err(Not::On(wrong)) => match wrong.downcast_ref::<No>() {
                // Its event follows and says it.
                Some(No::Stopped) => {}
                Some(no) => self.say_bad(&explain(no))?,
                None => return Err(wrong),
            },
        }
        Ok(Onward::On)
    }

    /// Goes to what somebody named, as at the start.
    pub async fn open(&mut self, name: &str) -> Result<(), Wrong> {
        match self.find(name).await {
            Ok(conv) => self.enter(conv).await,
            Err(Not::Done(why)) => self.say_bad(&why),
            Err(Not::On(wrong)) => Err(wrong),
        }
    }

    fn echo(&mut self, line: &str) -> Result<(), Wrong> {
        if self.terminal.paper.is_tty() {
            self.say_dim(&format!("> {}", safe::line(line)))
        } else {
            Ok(())
        }
    }

    async fn act(&mut self, typed: Typed) -> Result<(), Not> {
        match typed {
            Typed::Nothing | Typed::Quit => {}
            Typed::Words(words) => self.words(&words).await?,
            Typed::List => self.list().await?,
            Typed::Open(name) => {
                let conv = self.find(&name).await?;
                self.enter(conv).await?;
            }
            Typed::New(handle) => {
                let conv = self.direct(&handle).await?;
                self.enter(conv).await?;
            }
            Typed::Group { title, members } => self.group(&title, &members).await?,
            Typed::Add(handles) => {
                let conv = self.here("/add @dave adds somebody to the open group.")?;
                let users = self.users(&handles).await?;
                self.client.add(conv, users).await?;
            }
            Typed::Remove(handle) => {
                let conv = self.here("/remove @dave takes somebody out of the open group.")?;
                let user = self.user(&handle).await?;
                self.client.remove(conv, user).await?;
            }
            Typed::Leave => {
                let conv = self.here("/leave leaves the open group.")?;
                self.client.leave(conv).await?;
            }
            Typed::Tend(tend) => self.tend(tend).await?,
            Typed::Members => self.members().await?,
            Typed::History(count) => self.history(count).await?,
            Typed::Read(name) => self.mark_read(name).await?,
            Typed::Unread => self.mark_unread().await?,
            Typed::Edit(which, words) => self.edit(which, &words).await?,
            Typed::Delete(which) => self.delete(which).await?,
            Typed::React { which, emoji, on } => self.react(which, emoji, on).await?,
            Typed::Pin(which, on) => self.pin(which, on).await?,
            Typed::Pins => self.pins().await?,
            Typed::Forward(which, to) => self.forward(which, &to).await?,
            Typed::Reply(which, words) => self.reply(which, &words).await?,
            Typed::Thread(which, words) => self.thread(which, words.as_deref()).await?,
            Typed::Follow(which, on) => self.follow(which, on).await?,
            Typed::Permalink(which) => self.permalink(which).await?,
            Typed::GoTo(link) => self.go_to(&link).await?,
            Typed::Was(which) => self.was(which).await?,
            Typed::Who => self.who().await?,
            Typed::Own(own) => self.own(own).await?,
            Typed::Manners(manners) => self.manners(manners).await?,
            Typed::Devices => {
                let list = account::list(&self.account, &self.token).await;
                match list {
                    Ok(list) => self.terminal.paper.say(account::table(&list).trim_end())?,
                    Err(wrong) => return not(wrong.to_string()),
                }
            }
            Typed::SignOutOthers => match account::sign_out_others(&self.account, &self.token).await {
                Ok(done) => self.say_dim(&done)?,
                Err(wrong) => return not(wrong.to_string()),
            },
            Typed::Help => self.terminal.paper.say(HELP)?,
        }
        Ok(())
    }

    pub(super) fn here(&self, what: &str) -> Result<ConversationId, Not> {
        match &self.room {
            Some(room) => Ok(room.conv),
            None => not(format!("No conversation is open; /open one first. {what}")),
        }
    }

    pub(super) fn online(&self) -> Result<(), Not> {
        if self.line == Line::Up {
            Ok(())
        } else {
            not("That needs the server, and there is no connection now.")
        }
    }

    async fn words(&mut self, words: &str) -> Result<(), Not> {
        let conv = self.here("Words go to the open one; /new @bob begins one.")?;
        let body = self.body(conv, words).await?;
        self.client.send(conv, &body).await?;
        self.spend_draft(conv).await?;
        self.refresh().await?;
        Ok(())
    }

    /// The words as they are sent: with those whom they name set out beside them, and everybody, where `@all` stands
    /// and whoever writes it may say so.
    pub(super) async fn body(&self, conv: ConversationId, words: &str) -> Result<Body, Not> {
        let row = self
            .client
            .look(move |core| core.state().inbox.row(conv).cloned())
            .await?;
        let may = row.is_some_and(|row| {
            let role = row.role.unwrap_or(Role::Member);
            rights::may(role, Action::MentionAll, row.settings.mode())
        });
        Ok(Body {
            mentions: self.mentions(words),
            mention_all: everybody(words).filter(|_| may),
            ..Body::text(words)
        })
    }

    /// The people whose `@handle` stands in the words.
    fn mentions(&self, words: &str) -> Vec<Mention> {
        let mut mentions = Vec::new();
        for (start, _) in words.match_indices('@') {
            let before = words[..start].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '@') {
                continue;
            }
            let rest = &words[start + 1..];
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')));
            let name = rest[..end.unwrap_or(rest.len())].trim_end_matches(['.', '-', '_']);
            let person = protocol::account::handle(name).and_then(|handle| self.people.of_handle(&handle));
            if let (Some(person), Ok(start)) = (person, u32::try_from(start))
                && mentions.len() < protocol::limits::MENTIONS_MAX
            {
                mentions.push(Mention {
                    user: person.user,
                    start,
                    len: name.len() as u32 + 1,
                });
            }
        }
        mentions
    }

    /// The conversation somebody names: by number, by person, by title.
    pub(super) async fn find(&mut self, name: &str) -> Result<ConversationId, Not> {
        let rows = self.rows().await?;
        if let Some(conv) = name
            .parse::<usize>()
            .ok()
            .and_then(|n| self.numbered.get(n.checked_sub(1)?))
        {
            return Ok(*conv);
        }
        let called = name.trim().to_lowercase();
        let mut found: Vec<ConversationId> = Vec::new();
        for whole in [true, false] {
            for (_, row, _) in &rows {
                let title = words::title(row, &self.people).to_lowercase();
                let bare = title.trim_start_matches('@');
                let fits = if whole {
                    title == called || bare == called
                } else {
                    bare.starts_with(&called)
                };
                if fits {
                    found.push(row.conv);
                }
            }
            match found[..] {
                [one] => return Ok(one),
                [] => {}
                _ => {
                    return not(format!(
                        "Several conversations are called {}; /list, then /open by number.",
                        safe::line(name)
                    ));
                }
            }
        }
        match name.strip_prefix('@') {
            Some(handle) => self.direct(handle).await,
            None => not(format!(
                "No conversation is called {}; /list shows yours, /new @bob begins one.",
                safe::line(name)
            )),
        }
    }

    /// The 1:1 with somebody; begun if it is not there.
    async fn direct(&mut self, handle: &str) -> Result<ConversationId, Not> {
        let user = self.user(handle).await?;
        if user == self.client.me() {
            return not("That is you: /note opens your notes to yourself.");
        }
        let conv = ConversationId::direct(self.client.me(), user);
        let exists = self
            .client
            .look(move |core| core.state().inbox.row(conv).is_some())
            .await?;
        if !exists {
            self.client.create_direct(user).await?;
            self.begun.insert(conv, format!("@{}", self.people.handle(user)));
        }
        Ok(conv)
    }

    async fn group(&mut self, title: &str, handles: &[String]) -> Result<(), Not> {
        let members = self.users(handles).await?;
        let (_, conv) = self.client.create_group(title, members).await?;
        self.begun.insert(conv, safe::line(title));
        self.enter(conv).await?;
        Ok(())
    }

    pub(super) async fn user(&mut self, handle: &str) -> Result<UserId, Not> {
        let handle = protocol::account::handle(handle).unwrap_or_else(|| handle.to_owned());
        if let Some(person) = self.people.of_handle(&handle) {
            return Ok(person.user);
        }
        self.online()?;
        let ask = AskPeople {
            users: Vec::new(),
            handles: vec![handle.clone()],
            prefix: None,
        };
        let asked = tokio::time::timeout(ANSWER_TIME_MAX, self.client.people(ask)).await;
        let Ok(found) = asked else {
            return not("The server did not answer; try again.");
        };
        self.people.learn(found?, self.profile);
        match self.people.of_handle(&handle) {
            Some(person) => Ok(person.user),
            None => not(format!("Nobody here is called @{handle}.")),
        }
    }

    async fn users(&mut self, handles: &[String]) -> Result<Vec<UserId>, Not> {
        let mut users = Vec::new();
        for handle in handles {
            users.push(self.user(handle).await?);
        }
        Ok(users)
    }

    async fn history(&mut self, count: u32) -> Result<(), Not> {
        let conv = self.here("/history shows what was said there before.")?;
        let lowest = self.room.as_ref().and_then(|room| room.lowest).unwrap_or(Seq(1));
        let asked = tokio::time::timeout(ANSWER_TIME_MAX, self.client.page(conv, Place::Before(lowest), count)).await;
        let Ok(page) = asked else {
            return not("Earlier messages are on the server, and there is no connection now.");
        };
        let page = page?;
        let Some(first) = page.entries.first().map(|entry| entry.seq) else {
            self.say_dim("── that was the beginning ──")?;
            return Ok(());
        };
        self.say_dim(&format!("── earlier: {} ──", page.entries.len()))?;
        self.write_page(&page.entries).await?;
        let end = if page.more {
            "── /history goes further back ──"
        } else {
            "── from here on see above; before it was the beginning ──"
        };
        self.say_dim(end)?;
        if let Some(room) = &mut self.room {
            room.lowest = Some(first.min(page.from.max(Seq(1))));
        }
        Ok(())
    }

    async fn mark_read(&mut self, name: Option<String>) -> Result<(), Not> {
        let conv = match name {
            Some(name) => self.find(&name).await?,
            None => self.here("/read 2 marks another as read.")?,
        };
        let head = self
            .client
            .look(move |core| core.state().inbox.row(conv).map(|row| row.head_seq))
            .await?;
        if let Some(head) = head {
            self.client.read(conv, head).await?;
            let title = self.title(conv).await?;
            self.say_dim(&format!("{title} is read."))?;
        }
        Ok(())
    }

    /// The last message of somebody else is unread again; staying would read it at once, so one goes out.
    async fn mark_unread(&mut self) -> Result<(), Not> {
        let conv = self.here("/unread marks its last message as unread.")?;
        let me = self.client.me();
        let lines = self.client.timeline(conv).await?;
        let last = lines
            .iter()
            .rev()
            .find(|line| line.sender != me && line.kind.counts() && line.thread.is_none())
            .and_then(|line| line.seq);
        let Some(last) = last else {
            return not("Nobody else has said anything here yet.");
        };
        let title = self.title(conv).await?;
        self.go_out().await?;
        self.client.mark_unread(conv, last.prev()).await?;
        self.say_dim(&format!("{title} is unread again, and closed."))?;
        self.prompt()?;
        Ok(())
    }
}

pub(super) fn explain(no: &No) -> String {
    match no {
        No::Refused(refusal) => safe::line(&refusal.say),
        no => format!("Not done: {no}."),
    }
}

/// Where `@all` stands by itself.
fn everybody(words: &str) -> Option<TextRange> {
    const ALL: &str = "@all";
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    let (start, _) = words.match_indices(ALL).find(|(start, _)| {
        let before = words[..*start].chars().next_back();
        let mut after = words[start + ALL.len()..].chars();
        // A full stop ends a sentence, not a name.
        let goes_on = after
            .next()
            .is_some_and(|c| is_name(c) && (c != '.' || after.next().is_some_and(is_name)));
        !before.is_some_and(is_name) && !goes_on
    })?;
    Some(TextRange {
        start: u32::try_from(start).ok()?,
        len: ALL.len() as u32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_a_word_of_its_own() {
        let at = |words| everybody(words).map(|range| range.start);
        assert_eq!(at("@all, hello"), Some(0));
        assert_eq!(at("this is for @all."), Some(12));
        assert_eq!(at("(@all)"), Some(1));
        for none in ["@allan", "@all.of.us", "me@all", "all", "@@all", "@all-hands"] {
            assert_eq!(at(none), None, "{none}");
        }
        assert_eq!(at("@allan and @all"), Some(11));
    }
}
