//! Lists: the conversations, who is in one, who is there.

use super::doing::{Not, not};
use super::paper::Ink;
use super::talk::{Line, Talk};
use crate::clock::{Local, now_ms};
use crate::people::ANSWER_TIME_MAX;
use crate::words::{self, Said};
use crate::{Wrong, safe};
use client::No;
use protocol::client_frame::Place;
use protocol::people::FirstContact;
use protocol::server_frame::{ConversationKind, ConversationRow, Members, Role};
use protocol::{ConversationId, Seq};

/// How much of a last message the list shows.
const LAST_GRAPHEMES: usize = 50;
/// Conversations a list shows; the rest can still be opened by name.
const LIST_ROWS_MAX: usize = 30;

impl Talk<'_> {
    /// The conversations.
    pub(super) async fn list(&mut self) -> Result<(), Wrong> {
        let rows = self.rows().await?;
        if rows.is_empty() {
            return self.say_dim("You have no conversations yet. /new @bob begins one; /help tells the rest.");
        }
        let (rows, archived) = self.arranged(rows).await?;
        let shown = rows.len().min(LIST_ROWS_MAX);
        self.fetch_ends(&rows[..shown]).await;
        let mut lines = Vec::new();
        for (number, row, unread) in &rows[..shown] {
            lines.push(self.row_text(*number, row, *unread).await?);
        }
        if rows.len() > shown {
            lines.push(format!(
                "     … and {} more; /open finds them by name",
                rows.len() - shown
            ));
        }
        if archived > 0 {
            lines.push(format!(
                "     … and {archived} in the archive; /open finds them by name"
            ));
        }
        lines.push(
            self.terminal
                .paper
                .ink(Ink::Dim, "     /open 1 goes there; /help tells the rest"),
        );
        Ok(self.terminal.paper.say(&lines.join("\n"))?)
    }

    /// Fetches the last words of conversations of which only the head is known.
    async fn fetch_ends(&mut self, rows: &[(usize, ConversationRow, u64)]) {
        for (_, row, _) in rows {
            self.noticed.insert(row.conv, row.head_seq);
        }
        if self.line != Line::Up {
            return;
        }
        let heads: Vec<(ConversationId, Seq)> = rows.iter().map(|(_, row, _)| (row.conv, row.head_seq)).collect();
        let stale = self.client.look(move |core| {
            let end = |conv| core.state().logs.get(&conv).map_or(Seq::ZERO, |log| log.end());
            heads
                .into_iter()
                .filter(|(conv, head)| end(*conv) < *head)
                .collect::<Vec<_>>()
        });
        let fetch = async {
            for (conv, head) in stale.await? {
                drop(self.client.page(conv, Place::Before(head.next()), 1).await);
            }
            Ok::<_, No>(())
        };
        drop(tokio::time::timeout(ANSWER_TIME_MAX, fetch).await);
    }

    async fn row_text(&mut self, number: usize, row: &ConversationRow, unread: u64) -> Result<String, Wrong> {
        let conv = row.conv;
        let last = self.client.look(move |core| core.timeline(conv).pop()).await?;
        let replies = self
            .client
            .look(move |core| core.state().own.unread_replies(conv))
            .await?;
        let muted = self.prefs(conv).await?.is_muted(now_ms());
        let me = self.client.me();
        let last = match last {
            None => String::new(),
            Some(line) => {
                if self.line == Line::Up {
                    let users = [vec![line.sender], words::named(&line.kind, &line.body)].concat();
                    self.people.ask(&self.client, users, self.profile).await;
                }
                let who = if line.sender == me {
                    "you".to_owned()
                } else {
                    self.people.handle(line.sender)
                };
                match words::said(&line.kind, &line.body, line.sender, &self.people, me) {
                    Said::Words(words) => format!("{who}: {}", safe::cut(&words, LAST_GRAPHEMES)),
                    Said::Did(did) => format!("{who} {}", safe::cut(&did, LAST_GRAPHEMES)),
                }
            }
        };
        let paper = &self.terminal.paper;
        let dot = match row.peer.and_then(|peer| self.presence(peer.user)) {
            Some(there) if there.state == protocol::server_frame::PresenceState::Online => {
                paper.ink(Ink::Read, " (online)")
            }
            Some(there) if there.state == protocol::server_frame::PresenceState::Away => paper.ink(Ink::Dim, " (away)"),
            _ => String::new(),
        };
        let left = if row.role.is_none() { " (left)" } else { "" };
        let left = match row.request {
            Some(FirstContact::Open) => format!("{left} (a stranger; /strangers)"),
            Some(FirstContact::Ignored) => format!("{left} (put aside)"),
            None => left.to_owned(),
        };
        let left = match row.asking {
            0 => left,
            1 => format!("{left} (one asks to be let in; /requests)"),
            n => format!("{left} ({n} ask to be let in; /requests)"),
        };
        let left = if muted { format!("{left} (muted)") } else { left };
        let title = words::title(row, &self.people);
        let title = if unread > 0 {
            paper.ink(Ink::Bold, &title)
        } else {
            title
        };
        let unread = if unread > 0 {
            paper.ink(Ink::Bold, &format!(" {unread} unread"))
        } else {
            String::new()
        };
        let replies = if replies > 0 && row.role.is_some() {
            paper.ink(Ink::Bold, &format!(" +{replies} in threads"))
        } else {
            String::new()
        };
        let when = paper.ink(Ink::Dim, &format!("{:>8}", Local::at(row.head_ms).short(now_ms())));
        Ok(format!(
            "{number:>3}  {when}  {title}{dot}{left}{unread}{replies}  {}",
            paper.ink(Ink::Dim, &last)
        ))
    }

    pub(super) async fn members(&mut self) -> Result<(), Not> {
        let conv = self.here("/members shows who is in it.")?;
        self.online()?;
        let (mut list, mut after) = (Vec::new(), None);
        loop {
            let asked = tokio::time::timeout(ANSWER_TIME_MAX, self.client.members(conv, after)).await;
            let Ok(page) = asked else {
                return not("The server did not answer; try again.");
            };
            let Members { more, list: some, .. } = page?;
            after = some.last().map(|member| member.user);
            list.extend(some);
            if !more || after.is_none() {
                break;
            }
        }
        self.people
            .ask(&self.client, list.iter().map(|member| member.user), self.profile)
            .await;
        let head = self
            .client
            .look(move |core| core.state().inbox.row(conv).map_or(Seq::ZERO, |row| row.head_seq))
            .await?;
        let mut lines = Vec::new();
        for member in &list {
            let role = match member.role {
                Role::Owner => "owner",
                Role::Admin => "admin",
                Role::Member => "",
            };
            let read = match member.read {
                _ if member.user == self.client.me() => "you",
                read if read >= head => "has read everything",
                _ if member.delivered >= head => "has not read everything",
                _ => "has not got everything yet",
            };
            let name = self
                .people
                .get(member.user)
                .map_or(String::new(), |person| safe::line(&person.name));
            lines.push(format!(
                "  @{:<16} {role:<6} {name}, {read}",
                self.people.handle(member.user)
            ));
        }
        self.terminal.paper.say(&lines.join("\n"))?;
        Ok(())
    }

    pub(super) async fn who(&mut self) -> Result<(), Not> {
        self.online()?;
        let rows = self.rows().await?;
        let mut lines = Vec::new();
        for (_, row, _) in rows.iter().filter(|(_, row, _)| row.kind == ConversationKind::Direct) {
            let Some(peer) = row.peer else { continue };
            let how = match self.presence(peer.user) {
                None => "not known".to_owned(),
                Some(there) => match there.last_seen_ms {
                    Some(ms) => format!("{}, last seen {}", words::presence(there.state), Local::at(ms).minute()),
                    None => words::presence(there.state).to_owned(),
                },
            };
            lines.push(format!("  @{:<16} {how}", self.people.handle(peer.user)));
        }
        if lines.is_empty() {
            self.say_dim("Presence is told of those you talk with in private: nobody yet.")?;
        } else {
            self.terminal.paper.say(&lines.join("\n"))?;
        }
        Ok(())
    }
}
