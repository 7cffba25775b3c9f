//! The open conversation: what of it stands on the screen, and what has to be written when something changed.
//!
//! Whatever happens, the same is done: look at the timeline, write what was not written yet, and tell ticks that moved.
//! So nothing depends on which event came or was lost.

use super::marked;
use super::own::keep_shown;
use super::paper::Ink;
use super::talk::{Line as Connection, Talk};
use crate::Wrong;
use crate::clock::Local;
use crate::people::ANSWER_TIME_MAX;
use crate::safe;
use crate::words::{self, Said};
use client::timeline::{Line, Ticks};
use protocol::client_frame::Place;
use protocol::{ConversationId, Entry, SendId, Seq, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Lines shown of a conversation that is opened.
const FIRST_LINES: usize = 20;
/// One's own messages whose ticks are still told.
const OWN_MAX: usize = 200;
/// Entries on the screen whose changes are still told.
const SHOWN_MAX: usize = 500;
/// How much of a message is said again when its tick moves, and when it is quoted.
pub const CUT_GRAPHEMES: usize = 40;

/// A conversation on the screen.
pub struct Room {
    /// Which.
    pub conv: ConversationId,
    /// What it is called.
    pub title: String,
    /// The lowest seq written.
    pub lowest: Option<Seq>,
    /// The highest seq written.
    pub highest: Seq,
    /// One's own messages on the screen whose ticks may move, in order.
    own: Vec<(SendId, Ticks)>,
    /// The last change of each entry as it was written.
    shown: BTreeMap<Seq, Option<Seq>>,
    /// The last line written was on this day.
    day: Option<Local>,
}

impl Room {
    fn ticks_of(&self, send_id: SendId) -> Option<&Ticks> {
        self.own.iter().find(|(one, _)| *one == send_id).map(|(_, ticks)| ticks)
    }

    fn moved(&mut self, send_id: SendId, to: Ticks) {
        if let Some((_, ticks)) = self.own.iter_mut().find(|(one, _)| *one == send_id) {
            *ticks = to;
        }
    }
}

/// What happens to what is open when something is written in it.
enum Step {
    New(Line),
    Moved(Line, Ticks),
    Changed(Line),
}

impl Talk<'_> {
    /// Goes to a conversation and shows its end.
    pub async fn enter(&mut self, conv: ConversationId) -> Result<(), Wrong> {
        self.go_out().await?;
        self.client.open(conv).await?;
        let (row, unread) = self
            .client
            .look(move |core| (core.state().inbox.row(conv).cloned(), core.state().unread(conv)))
            .await?;
        let read = row.as_ref().map_or(Seq::ZERO, |row| row.read_seq);
        if let (Connection::Up, Some(row)) = (self.line, &row) {
            let place = Place::Before(row.head_seq.next());
            // Fetches the end if it is not held; what it is, the timeline tells.
            drop(tokio::time::timeout(ANSWER_TIME_MAX, self.client.page(conv, place, FIRST_LINES as u32)).await);
        }
        let title = self.title(conv).await?;
        let mut head = format!("── {title} ");
        if let Some(there) = row
            .as_ref()
            .and_then(|row| row.peer)
            .and_then(|peer| self.presence(peer.user))
        {
            head.push_str(&format!("· {} ", words::presence(there.state)));
        }
        if row.as_ref().is_some_and(|row| row.role.is_none()) {
            head.push_str("· you are no longer in it ");
        }
        head.push_str("──");
        self.say_dim(&head)?;
        self.room = Some(Room {
            conv,
            title,
            lowest: None,
            highest: Seq::ZERO,
            own: Vec::new(),
            shown: BTreeMap::new(),
            day: None,
        });
        self.first_lines(conv, read, unread).await?;
        if row.is_some_and(|row| row.request.is_some()) {
            self.say_dim(
                "They are a stranger to you, and see nothing of you yet: /accept, /ignore, /block or /report; to \
                 answer accepts them, too.",
            )?;
        }
        self.bring_draft(conv).await?;
        self.say_draft(conv).await?;
        self.prompt()
    }

    /// Leaves the open conversation, if there is one.
    pub async fn go_out(&mut self) -> Result<(), Wrong> {
        if let Some(room) = self.room.take() {
            self.client.close(room.conv).await?;
        }
        self.typing = None;
        Ok(())
    }

    async fn first_lines(&mut self, conv: ConversationId, read: Seq, unread: u64) -> Result<(), Wrong> {
        let lines = self.lines(conv).await?;
        let from = lines.len().saturating_sub(FIRST_LINES);
        let mut marked = unread == 0;
        for line in &lines[from..] {
            let is_unread = line.seq.is_some_and(|seq| seq > read) && line.sender != self.client.me();
            if !marked && is_unread && line.kind.counts() && line.thread.is_none() {
                self.say_dim(&format!("── {unread} unread ──"))?;
                marked = true;
            }
            self.write_line(line)?;
        }
        self.read_room().await
    }

    /// Something may have changed in the open conversation.
    pub async fn refresh(&mut self) -> Result<(), Wrong> {
        let Some(room) = &self.room else { return Ok(()) };
        let lines = self.lines(room.conv).await?;
        let Some(room) = &mut self.room else { return Ok(()) };
        let mut steps = Vec::new();
        for line in lines {
            let changed = line
                .seq
                .and_then(|seq| room.shown.get(&seq))
                .is_some_and(|rev| *rev != line.rev);
            if changed && let Some(seq) = line.seq {
                room.shown.insert(seq, line.rev);
                steps.push(Step::Changed(line.clone()));
            }
            let before = room
                .ticks_of(line.send_id)
                .filter(|_| line.ticks != Ticks::None)
                .cloned();
            match (before, line.seq) {
                (Some(before), seq) => {
                    room.highest = room.highest.max(seq.unwrap_or_default());
                    if before == line.ticks {
                        room.shown.extend(seq.map(|seq| (seq, line.rev)));
                    } else {
                        steps.push(Step::Moved(line, before));
                    }
                }
                (None, Some(seq)) if seq <= room.highest => {}
                (None, _) => steps.push(Step::New(line)),
            }
        }
        self.take_steps(steps)?;
        self.read_room().await
    }

    fn take_steps(&mut self, steps: Vec<Step>) -> Result<(), Wrong> {
        let mut told: Vec<(Line, bool)> = Vec::new();
        for step in steps {
            match step {
                Step::New(line) => self.write_line(&line)?,
                Step::Changed(line) => {
                    let text = self.line_text(&line);
                    if !self.terminal.paper.replace(line.send_id, &text)? {
                        let text = self.terminal.paper.ink(Ink::Dim, "changed: ") + &text;
                        self.terminal.paper.say(&text)?;
                    }
                }
                Step::Moved(line, before) => {
                    if let Some(room) = &mut self.room {
                        room.moved(line.send_id, line.ticks.clone());
                        room.shown.extend(line.seq.map(|seq| (seq, line.rev)));
                    }
                    let text = self.line_text(&line);
                    if !self.terminal.paper.replace(line.send_id, &text)? {
                        told.push((line, before == Ticks::Queued));
                    }
                }
            }
        }
        if let Some(room) = &mut self.room {
            while room.shown.len() > SHOWN_MAX {
                room.shown.pop_first();
            }
        }
        // What cannot be written over is told: what became safe one by one, of the rest the last, for it says all.
        let last = told.len().saturating_sub(1);
        for (n, (line, was_queued)) in told.iter().enumerate() {
            if n == last || *was_queued {
                self.tell_tick(line)?;
            }
        }
        Ok(())
    }

    fn tell_tick(&mut self, line: &Line) -> Result<(), Wrong> {
        let (tick, ink) = match &line.ticks {
            Ticks::None | Ticks::Queued => return Ok(()),
            // Its own event tells why.
            Ticks::Failed(_) => return Ok(()),
            Ticks::Sent => ("✓ sent", Ink::Dim),
            Ticks::Delivered => ("✓✓ delivered", Ink::Dim),
            Ticks::Read => ("✓✓ read", Ink::Read),
        };
        let words = match words::said(&line.kind, &line.body, line.sender, &self.people, self.client.me()) {
            Said::Words(words) | Said::Did(words) => safe::cut(&words, CUT_GRAPHEMES),
        };
        let text = self.terminal.paper.ink(ink, &format!("{tick}: {words}"));
        Ok(self.terminal.paper.say(&text)?)
    }

    /// The timeline, with everybody's name known if it can be.
    pub(super) async fn lines(&mut self, conv: ConversationId) -> Result<Vec<Line>, Wrong> {
        let look = move |core: &client::Core| {
            let changes: BTreeSet<Seq> = core
                .state()
                .logs
                .get(&conv)
                .into_iter()
                .flat_map(|log| log.tail())
                .filter(|entry| entry.target_seq.is_some())
                .map(|entry| entry.seq)
                .collect();
            let mut lines = core.timeline(conv);
            // A change of an unknown kind shows nothing of its own.
            lines.retain(|line| line.seq.is_none_or(|seq| !changes.contains(&seq)));
            keep_shown(core, conv, &mut lines);
            lines
        };
        let lines = self.client.look(look).await?;
        if self.line == Connection::Up {
            let of = |line: &Line| {
                let reacted = line
                    .reactions
                    .iter()
                    .flat_map(|reaction| reaction.users.iter().copied());
                let named = words::named(&line.kind, &line.body);
                named
                    .into_iter()
                    .chain(reacted)
                    .chain(line.deleted_by)
                    .chain([line.sender])
                    .collect::<Vec<_>>()
            };
            let users: Vec<UserId> = lines.iter().flat_map(of).collect();
            self.people.ask(&self.client, users, self.profile).await;
        }
        self.quote(&lines);
        Ok(lines)
    }

    /// What the lines answer, for those who see the answer: out of what is held here.
    fn quote(&mut self, lines: &[Line]) {
        let answered: BTreeSet<Seq> = lines
            .iter()
            .flat_map(|line| line.reply_to.into_iter().chain(line.thread))
            .collect();
        let quoted = |line: &&Line| line.seq.is_some_and(|seq| answered.contains(&seq));
        self.quotes = lines
            .iter()
            .filter(quoted)
            .filter_map(|line| Some((line.seq?, self.quoted(line))))
            .collect();
    }

    /// What stands on the screen was read.
    pub(super) async fn read_room(&mut self) -> Result<(), Wrong> {
        if let Some(room) = &self.room
            && room.highest > Seq::ZERO
        {
            let (conv, highest) = (room.conv, room.highest);
            self.client.read(conv, highest).await?;
            self.read_threads(conv, highest).await?;
        }
        Ok(())
    }

    fn write_line(&mut self, line: &Line) -> Result<(), Wrong> {
        let text = self.line_text(line);
        let Some(room) = &mut self.room else { return Ok(()) };
        let at = Local::at(line.at_ms);
        let new_day = room.day.as_ref().is_none_or(|day| !day.same_day(&at));
        if let Some(seq) = line.seq {
            room.highest = room.highest.max(seq);
            room.shown.insert(seq, line.rev);
            room.lowest = Some(room.lowest.map_or(seq, |lowest| lowest.min(seq)));
        }
        let day = at.day();
        room.day = Some(at);
        let is_own = line.ticks != Ticks::None;
        if is_own {
            if room.own.len() == OWN_MAX {
                room.own.remove(0);
            }
            room.own.push((line.send_id, line.ticks.clone()));
        }
        if new_day {
            self.say_dim(&format!("── {day} ──"))?;
        }
        if self.typing.is_some_and(|(user, _)| user == line.sender) {
            self.unsay_typing()?;
        }
        if is_own {
            self.terminal.paper.say_own(line.send_id, &text)?;
        } else {
            self.terminal.paper.say(&text)?;
        }
        Ok(())
    }

    /// A line as it is shown.
    fn line_text(&self, line: &Line) -> String {
        let paper = &self.terminal.paper;
        let tick = match &line.ticks {
            Ticks::None => String::new(),
            Ticks::Queued => paper.ink(Ink::Dim, " ·"),
            Ticks::Failed(_) => paper.ink(Ink::Bad, " ✗ not sent"),
            Ticks::Sent => paper.ink(Ink::Dim, " ✓"),
            Ticks::Delivered => paper.ink(Ink::Dim, " ✓✓"),
            // Without colours read and delivered would look the same.
            Ticks::Read => paper.ink(Ink::Read, " ✓✓ read"),
        };
        let said = match line.deleted_by {
            Some(by) if by == line.sender => Said::Did("deleted this message".to_owned()),
            Some(by) => Said::Did(format!("wrote something that @{} deleted", self.people.handle(by))),
            None => words::said(&line.kind, &line.body, line.sender, &self.people, self.client.me()),
        };
        let mentioned = words::mentions(&line.kind, &line.body, self.client.me());
        let answers = line.reply_to.map_or(String::new(), |seq| {
            let quote = self.quotes.get(&seq).map_or("an earlier message", String::as_str);
            paper.ink(Ink::Dim, &format!("      ┌ {quote}")) + "\n"
        });
        // A reply in a thread stands where it was said, with what it hangs on.
        let hangs = line.thread.map_or(String::new(), |seq| {
            let quote = self.quotes.get(&seq).map_or("an earlier message", String::as_str);
            paper.ink(Ink::Dim, &format!("      ┆ in the thread of {quote}")) + "\n"
        });
        hangs + &answers + &self.said_text(line.at_ms, line.sender, said, mentioned) + &self.marks(line) + &tick
    }

    /// What hangs on a line: that it was edited, that it is pinned, who reacted how.
    fn marks(&self, line: &Line) -> String {
        let mut marks = Vec::new();
        if line.edited.is_some() {
            marks.push("(edited)".to_owned());
        }
        if line.pinned {
            marks.push("(pinned)".to_owned());
        }
        let me = self.client.me();
        for reaction in &line.reactions {
            let emoji = safe::line(&reaction.emoji);
            marks.push(format!("{emoji} {}", self.people.several(&reaction.users, me)));
        }
        if marks.is_empty() {
            String::new()
        } else {
            self.terminal.paper.ink(Ink::Dim, &format!(" {}", marks.join(" ")))
        }
    }

    /// Words of somebody, as they are shown.
    pub fn said_text(&self, at_ms: u64, sender: UserId, said: Said, mentioned: bool) -> String {
        let paper = &self.terminal.paper;
        let time = paper.ink(Ink::Dim, &Local::at(at_ms).time());
        let who = self.painted(sender);
        match said {
            Said::Did(did) => format!(
                "{time} {} {who} {}",
                paper.ink(Ink::Dim, "*"),
                paper.ink(Ink::Dim, &did)
            ),
            Said::Words(words) => {
                let words = if paper.has_colour() {
                    marked::drawn(&words, mentioned)
                } else {
                    words
                };
                let words = words.replace('\n', "\n      ");
                format!("{time} {who}: {words}")
            }
        }
    }

    /// Writes a page of earlier entries.
    pub async fn write_page(&mut self, entries: &[Entry]) -> Result<(), Wrong> {
        let of = |entry: &Entry| [vec![entry.sender], words::named(&entry.kind, &entry.body)].concat();
        let users: Vec<UserId> = entries.iter().flat_map(of).collect();
        if self.line == Connection::Up {
            self.people.ask(&self.client, users, self.profile).await;
        }
        let mut day: Option<Local> = None;
        for entry in entries.iter().filter(|entry| entry.target_seq.is_none()) {
            let at = Local::at(entry.created_ms);
            if day.as_ref().is_none_or(|day| !day.same_day(&at)) {
                self.say_dim(&format!("── {} ──", at.day()))?;
            }
            day = Some(at);
            let said = words::said(&entry.kind, &entry.body, entry.sender, &self.people, self.client.me());
            let mentioned = words::mentions(&entry.kind, &entry.body, self.client.me());
            let text = self.said_text(entry.created_ms, entry.sender, said, mentioned);
            self.terminal.paper.say(&text)?;
        }
        Ok(())
    }
}
