//! What a chat holds between two things that happen: who is who, which conversations were numbered, which is open.

use super::complete::{self, Completed};
use super::paper::Ink;
use super::room::Room;
use super::terminal::{Input, Terminal};
use crate::Wrong;
use crate::clock::now_ms;
use crate::people::People;
use crate::profile::{Account, Profile};
use crate::words;
use client::Client;
use protocol::server_frame::{ConversationRow, PresenceState};
use protocol::token::TokenText;
use protocol::{ConversationId, Entry, Seq, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Whether the chat goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onward {
    /// It does.
    On,
    /// It does not: somebody wants to go.
    Leave,
}

/// Whether there is a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Not known yet: it has just begun.
    Trying,
    /// The server knows us and the inbox is whole.
    Up,
    /// It went, or never came.
    Down,
}

/// How somebody is there, as long as it is true.
pub struct There {
    /// How.
    pub state: PresenceState,
    /// When they were last there.
    pub last_seen_ms: Option<u64>,
    /// Until when this is true, in milliseconds since 1970.
    pub until_ms: u64,
}

/// A chat.
pub struct Talk<'a> {
    pub(super) client: Client,
    pub(super) terminal: Terminal,
    pub(super) profile: &'a Profile,
    pub(super) account: Account,
    pub(super) token: TokenText,
    /// Where to go first.
    pub(super) with: Option<String>,
    /// The link of the group to join as soon as there is a connection.
    pub(super) join: Option<String>,
    pub(super) people: People,
    pub(super) line: Line,
    pub(super) was_up: bool,
    /// Conversations by the number they were listed under; it does not change while the chat lasts.
    pub(super) numbered: Vec<ConversationId>,
    /// Conversations that were begun here and have no row yet: what they are called.
    pub(super) begun: BTreeMap<ConversationId, String>,
    /// Up to where a list or a notice has told of each conversation.
    pub(super) noticed: BTreeMap<ConversationId, Seq>,
    pub(super) room: Option<Room>,
    /// What lines on the screen answer, in few words.
    pub(super) quotes: BTreeMap<Seq, String>,
    pub(super) there: BTreeMap<UserId, There>,
    pub(super) watched: BTreeSet<UserId>,
    /// The draft that was put into the line, and of which conversation: it is spent by what is said there next.
    pub(super) brought: Option<(ConversationId, String)>,
    /// Who was said to ask to be let in, by group.
    pub(super) asking: BTreeMap<ConversationId, BTreeSet<UserId>>,
    /// Entries of conversations that have no row yet: told when it comes, with their title.
    pub(super) untold: BTreeMap<ConversationId, Vec<Entry>>,
    /// Who types in the open conversation, and until when that is shown, in milliseconds since 1970.
    pub(super) typing: Option<(UserId, u64)>,
    /// Nothing more is typed: it ends when everything is sent.
    pub(super) is_ending: bool,
}

impl<'a> Talk<'a> {
    pub fn new(
        client: Client,
        terminal: Terminal,
        profile: &'a Profile,
        account: Account,
        token: TokenText,
        with: Option<String>,
    ) -> Self {
        Self {
            client,
            terminal,
            profile,
            account,
            token,
            with,
            join: None,
            people: People::kept(profile),
            line: Line::Trying,
            was_up: false,
            numbered: Vec::new(),
            begun: BTreeMap::new(),
            noticed: BTreeMap::new(),
            room: None,
            quotes: BTreeMap::new(),
            there: BTreeMap::new(),
            watched: BTreeSet::new(),
            brought: None,
            asking: BTreeMap::new(),
            untold: BTreeMap::new(),
            typing: None,
            is_ending: false,
        }
    }

    /// Says who one is.
    pub fn welcome(&mut self) -> Result<(), Wrong> {
        let said = format!("You are @{} at {}.", self.account.handle, self.account.server);
        self.say_dim(&said)?;
        self.prompt()
    }

    /// Whether it is time to hear what is typed: what was typed ahead refers to what is not known yet.
    pub fn listens(&self) -> bool {
        self.line != Line::Trying && !self.is_ending
    }

    /// Something was typed.
    pub async fn input(&mut self, input: Input) -> Result<Onward, Wrong> {
        match input {
            Input::Line(line) => return self.typed(&line).await,
            Input::Typing => {
                if let Some(room) = &self.room {
                    self.client.typing(room.conv).await?;
                }
            }
            Input::Complete => self.complete().await?,
            Input::Interrupt => return Ok(Onward::Leave),
            Input::End => {
                self.is_ending = true;
                return self.end_if_quiet().await;
            }
        }
        Ok(Onward::On)
    }

    /// Goes on with what is being named before the cursor, as far as it is clear.
    async fn complete(&mut self) -> Result<(), Wrong> {
        let (line, at) = self.terminal.line();
        let line = line.to_owned();
        let Some(part) = complete::part(&line, at) else {
            return Ok(());
        };
        let names: Vec<String> = match part.sort {
            complete::Sort::Command => complete::commands().collect(),
            complete::Sort::Handle => self.people.handles().collect(),
            complete::Sort::Conversation => {
                let rows = self.client.inbox().await?;
                rows.iter().map(|(row, _)| words::title(row, &self.people)).collect()
            }
        };
        match complete::completed(part, names) {
            Completed::Nothing => Ok(()),
            Completed::To(text) => Ok(self.terminal.put(part.start, &text)?),
            Completed::Several(names) => self.say_dim(&names.join("  ")),
        }
    }

    /// Until when it is shown that somebody types, in milliseconds since 1970.
    pub fn typing_until(&self) -> Option<u64> {
        self.typing.map(|(_, until_ms)| until_ms)
    }

    /// Nobody is said to type any more.
    pub fn unsay_typing(&mut self) -> Result<(), Wrong> {
        self.typing = None;
        Ok(self.terminal.paper.unsay_passing()?)
    }

    /// After the last line: goes when everything said is safe, or when it cannot be now.
    pub async fn end_if_quiet(&mut self) -> Result<Onward, Wrong> {
        let quiet = self.client.look(|core| core.state().outbox.is_quiet()).await?;
        if !self.is_ending || !(quiet || self.line == Line::Down) {
            return Ok(Onward::On);
        }
        // Events about the last of it may still wait; the screen is to say it all the same.
        self.refresh().await?;
        Ok(Onward::Leave)
    }

    /// Keeps the line that was not finished, for all devices.
    pub async fn keep_unfinished(&mut self) -> Result<(), Wrong> {
        let unfinished = self.terminal.unfinished().to_owned();
        match self.room.as_ref().map(|room| room.conv) {
            Some(conv) if !unfinished.trim().is_empty() => self.keep_line(conv, &unfinished).await,
            _ => Ok(()),
        }
    }

    /// Whether the server could still answer what was said of one's own.
    pub async fn waits_for_answers(&self) -> bool {
        let is_quiet = self.client.look(|core| core.state().own.is_quiet()).await;
        self.line == Line::Up && is_quiet.is_ok_and(|quiet| !quiet)
    }

    /// Takes leave: says what waits, and lets the client finish.
    pub async fn leave(&mut self, is_well: bool) -> Result<(), Wrong> {
        let unfinished = self.terminal.unfinished().to_owned();
        let draft = match self.room.as_ref().map(|room| room.conv) {
            Some(conv) if !unfinished.trim().is_empty() => {
                serde_json::json!({"conv": conv, "text": unfinished})
            }
            _ => serde_json::Value::Null,
        };
        // Which conversation was open, and what was no words; those come from the draft, as on any other device.
        self.profile.write("draft.json", &serde_json::to_vec(&draft)?)?;
        let waiting = self
            .client
            .look(|core| core.state().outbox.waiting().count())
            .await
            .unwrap_or(0);
        if is_well && waiting > 0 {
            let (what, it) = if waiting == 1 {
                ("One message waits".to_owned(), "it")
            } else {
                (format!("{waiting} messages wait"), "they")
            };
            self.say_dim(&format!("{what} here; {it} will go when you come back."))?;
        }
        if is_well && !draft.is_null() {
            self.say_dim("What you had begun to type is kept, too.")?;
        }
        self.terminal.close()?;
        self.client.shutdown().await;
        Ok(())
    }

    /// The line being typed, with where it goes.
    pub fn prompt(&mut self) -> Result<(), Wrong> {
        let paper = &self.terminal.paper;
        let place = self.room.as_ref().map_or("", |room| room.title.as_str());
        let mark = if self.line == Line::Down {
            paper.ink(Ink::Bad, "(offline)")
        } else {
            String::new()
        };
        let gap = if mark.is_empty() || place.is_empty() { "" } else { " " };
        let prompt = format!(
            "{}{gap}{mark}{}",
            paper.ink(Ink::Bold, place),
            paper.ink(Ink::Bold, "> ")
        );
        Ok(self.terminal.prompt(prompt)?)
    }

    /// Says something beside the point.
    pub fn say_dim(&mut self, text: &str) -> Result<(), Wrong> {
        let text = self.terminal.paper.ink(Ink::Dim, text);
        Ok(self.terminal.paper.say(&text)?)
    }

    /// What went wrong, as an answer to what was typed.
    pub fn say_bad(&mut self, text: &str) -> Result<(), Wrong> {
        let text = self.terminal.paper.ink(Ink::Bad, text);
        Ok(self.terminal.paper.say(&text)?)
    }

    /// My conversations, the latest first, with the number each is listed under.
    pub async fn rows(&mut self) -> Result<Vec<(usize, ConversationRow, u64)>, Wrong> {
        let rows = self.client.inbox().await?;
        if self.line == Line::Up {
            let peers = rows.iter().filter_map(|(row, _)| row.peer.map(|peer| peer.user));
            self.people.ask(&self.client, peers, self.profile).await;
        }
        Ok(rows
            .into_iter()
            .map(|(row, unread)| (self.number(row.conv), row, unread))
            .collect())
    }

    /// The number of a conversation; the next free one if it has none.
    pub fn number(&mut self, conv: ConversationId) -> usize {
        let at = self.numbered.iter().position(|one| *one == conv);
        at.unwrap_or_else(|| {
            self.numbered.push(conv);
            self.numbered.len() - 1
        }) + 1
    }

    /// What a conversation is called.
    pub async fn title(&self, conv: ConversationId) -> Result<String, Wrong> {
        let row = self
            .client
            .look(move |core| core.state().inbox.row(conv).cloned())
            .await?;
        Ok(match row {
            Some(row) => words::title(&row, &self.people),
            None => self
                .begun
                .get(&conv)
                .cloned()
                .unwrap_or_else(|| "a conversation".to_owned()),
        })
    }

    /// How somebody is there, if that is known now.
    pub fn presence(&self, user: UserId) -> Option<&There> {
        self.there.get(&user).filter(|there| there.until_ms > now_ms())
    }

    /// A person's handle in their colour.
    pub fn painted(&self, user: UserId) -> String {
        let handle = if user == self.client.me() {
            "you".to_owned()
        } else {
            self.people.handle(user)
        };
        let colour = user.as_bytes().iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
        self.terminal.paper.ink(Ink::Person(colour), &handle)
    }
}
