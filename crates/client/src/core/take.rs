//! Commands of the owner.

use super::pump::get;
use super::{Action, Ask, Command, Core, No, Page, Reply, Ticket};
use crate::change::Change;
use crate::event::Event;
use crate::log::{Log, Range};
use crate::outbox::{Item, Verb};
use crate::own::{About, Wish};
use protocol::body::{self, Body};
use protocol::client_frame::{Place, Typing};
use protocol::refusal::{Code, Refusal};
use protocol::{ClientFrame, ConversationId, Kind, Seq, limits};

impl Core {
    pub(super) fn command(&mut self, ticket: Ticket, command: Command, now_ms: u64) {
        if matches!(self.link, super::connection::Link::Stopped) {
            return self.act(Action::Reply(ticket, Reply::No(No::Stopped)));
        }
        let reply = match command {
            Command::Write(verb) => self.write_down(verb, now_ms),
            Command::Dismiss(send_id) => {
                if self.state.outbox.dismiss(send_id) {
                    self.keep(Change::Dismissed { send_id });
                }
                Reply::Done
            }
            Command::Page { conv, place, limit } => return self.page(ticket, conv, place, limit),
            Command::Members { .. }
            | Command::People(_)
            | Command::Link(_)
            | Command::Pins(_)
            | Command::History(_)
            | Command::Decide(_) => return self.enqueue(ticket, command),
            Command::Own(wish) => self.wish(wish),
            Command::Starred(_) | Command::ReadAll | Command::Receipts(_) | Command::Thread(_) | Command::Find(_) => {
                return self.enqueue(ticket, command);
            }
            Command::Open(conv) => {
                self.open.insert(conv);
                self.look_at(conv);
                self.watch_again()
            }
            Command::Close(conv) => {
                self.open.remove(&conv);
                self.peers.forget(conv);
                self.watch_again()
            }
            Command::Presence(people) => {
                self.presence_of = people;
                self.watch_again()
            }
            Command::Show(show) => {
                self.show = show;
                self.watch_again()
            }
            Command::Typing(conv) => {
                let (last, at_ms) = self.typed;
                if last != Some(conv) || now_ms >= at_ms + limits::TYPING_INTERVAL_MS_MIN {
                    self.typed = (Some(conv), now_ms);
                    self.say(ClientFrame::Typing(Typing { conv }));
                }
                Reply::Done
            }
            Command::Read(conv, seq) => self.read(conv, seq, now_ms),
            Command::MarkUnread(conv, seq) => {
                self.state.cursors.mark_unread(conv, seq, now_ms);
                self.keep_cursor(conv);
                Reply::Done
            }
            Command::Hurry => {
                self.hurry(now_ms);
                Reply::Done
            }
        };
        self.act(Action::Reply(ticket, reply));
    }

    /// Puts a change into the outbox. What is too large is told here, before it is queued and refused far away.
    fn write_down(&mut self, mut verb: Verb, now_ms: u64) -> Reply {
        if let Verb::Send(send) = &mut verb {
            // What is passed on is checked where its words are.
            let fits = match send.forward {
                Some(_) => Ok(()),
                None => self.fits(&send.kind, &send.body),
            };
            if let Err(refusal) = fits {
                return Reply::No(No::Refused(refusal));
            }
            let log = self
                .state
                .logs
                .get(&send.conv)
                .filter(|_| self.open.contains(&send.conv));
            let read = log
                .map_or(Seq::ZERO, Log::end)
                .max(self.state.cursors.mine(send.conv).read);
            send.read = send.read.or((read > Seq::ZERO).then_some(read));
        }
        // What is sent is a draft no longer.
        let sent = match &verb {
            Verb::Send(send) if send.kind == Kind::Text => self.state.own.emptied_by(send.conv, &send.body),
            _ => None,
        };
        if let Verb::Edit(edit) = &verb
            && let Err(refusal) = self.fits(&Kind::Text, &edit.body)
        {
            return Reply::No(No::Refused(refusal));
        }
        let item = Item::new(verb, self.options.me, now_ms);
        let send_id = item.send_id;
        if self.state.outbox.queue(item.clone(), &self.bounds).is_err() {
            return Reply::No(No::OutboxFull);
        }
        self.keep(Change::Queued { item });
        if let Some(emptied) = sent {
            self.wish(emptied);
        }
        Reply::Queued(send_id)
    }

    /// Something of my own is to change. Kept before it is said.
    fn wish(&mut self, wish: Wish) -> Reply {
        let about = wish.about();
        if self.state.own.wish(wish, &self.bounds).is_err() {
            return Reply::No(No::OutboxFull);
        }
        self.keep_wishes(about);
        self.tell(Event::Own {
            convs: vec![about.conv()],
        });
        Reply::Done
    }

    pub(super) fn keep_wishes(&mut self, about: About) {
        let wishes = self.state.own.wishes(about);
        self.keep(Change::Wished { about, wishes });
    }

    fn fits(&self, kind: &Kind, raw: &serde_json::value::RawValue) -> Result<(), Refusal> {
        let too_large = |what: &str, max: usize| {
            Code::TooLarge.refuse_saying(format!(
                "The {what} is longer than {max} bytes; shorten it or send it as a file."
            ))
        };
        if raw.get().len() > self.limits.body_bytes_max {
            return Err(too_large("body", self.limits.body_bytes_max));
        }
        body::check_any(raw).map_err(|fault| Code::BadBody.refuse_saying(fault.0))?;
        if *kind == Kind::Text {
            let text = serde_json::from_str(raw.get()).map_or(0, |body: Body| body.text.len());
            if text > self.limits.text_bytes_max {
                return Err(too_large("text", self.limits.text_bytes_max));
            }
            Body::check(raw).map_err(|fault| Code::BadBody.refuse_saying(fault.0))?;
        }
        Ok(())
    }

    /// A page: from here if it is held and fresh, re-validated if it is held and stale, else from the server. Without a
    /// connection what is held is better than nothing, and says that it is not fresh.
    fn page(&mut self, ticket: Ticket, conv: ConversationId, place: Place, limit: u32) {
        let online = self.is_caught_up();
        match self.held_place(conv, place, limit) {
            Some(held) if !online || self.is_fresh(conv, held) => {
                let page = self.local_page(conv, place, held, online);
                self.act(Action::Reply(ticket, Reply::Page(page)));
            }
            _ => self.enqueue(ticket, Command::Page { conv, place, limit }),
        }
    }

    /// How to ask the server for a page now: what is held needs only its changes.
    pub(super) fn ask_for_page(&mut self, ticket: Ticket, conv: ConversationId, place: Place, limit: u32, now_ms: u64) {
        let held = self.held_place(conv, place, limit);
        let get = match held {
            Some(held) => get(conv, Place::Range(held.from, held.to, Some(held.as_of)), None),
            None => get(conv, place, Some(limit)),
        };
        self.ask(
            Ask::Page {
                ticket,
                conv,
                place,
                limit,
                held,
            },
            ClientFrame::Get(get),
            now_ms,
        );
    }

    /// Where the entries asked for are held without a hole.
    fn held_place(&self, conv: ConversationId, place: Place, limit: u32) -> Option<Range> {
        let log = self.state.logs.get(&conv)?;
        let head = log.head().0;
        let nth = limit.max(1) as usize - 1;
        let (from, to) = match place {
            Place::Before(seq) => {
                let to = seq.prev().min(head);
                let range = log.around(to)?;
                let (entries, _) = log.stretch(range.from, to)?;
                match entries.iter().rev().nth(nth) {
                    Some(entry) => (entry.seq, to),
                    None if range.from == Seq(1) => (Seq(1), to),
                    None => return None,
                }
            }
            Place::After(seq) => {
                let range = log.around(seq.next())?;
                let (entries, _) = log.stretch(seq.next(), range.to)?;
                match entries.get(nth) {
                    Some(entry) => (seq.next(), entry.seq),
                    None if range.to >= head => (seq.next(), range.to),
                    None => return None,
                }
            }
            Place::Range(from, to, None) => (from, to.min(head)),
            Place::Range(_, _, Some(_)) | Place::Around(_) => return None,
        };
        log.stretch(from, to).map(|(_, as_of)| Range { from, to, as_of })
    }

    fn is_fresh(&self, conv: ConversationId, held: Range) -> bool {
        self.state.logs.get(&conv).is_some_and(|log| held.as_of >= log.head().0)
    }

    /// A page out of what is held.
    pub(super) fn local_page(&self, conv: ConversationId, place: Place, held: Range, fresh: bool) -> Page {
        let log = self.state.logs.get(&conv);
        let more = match place {
            Place::After(_) => log.is_some_and(|log| held.to < log.head().0),
            Place::Before(_) | Place::Around(_) | Place::Range(..) => held.from > Seq(1),
        };
        let entries = log
            .and_then(|log| log.stretch(held.from, held.to))
            .map(|(entries, _)| entries);
        Page {
            from: held.from,
            to: held.to,
            more,
            fresh,
            entries: entries.unwrap_or_default(),
        }
    }

    fn enqueue(&mut self, ticket: Ticket, command: Command) {
        if self.commands.len() >= self.bounds.commands_max {
            return self.act(Action::Reply(ticket, Reply::No(No::Busy)));
        }
        self.commands.push_back((ticket, command));
    }

    fn watch_again(&mut self) -> Reply {
        if let Some(session) = self.session() {
            session.watch_due = true;
        }
        Reply::Done
    }

    /// My cursor never passes what this device holds: nobody has seen what is not there.
    fn read(&mut self, conv: ConversationId, seq: Seq, now_ms: u64) -> Reply {
        let seq = seq.min(self.state.logs.get(&conv).map_or(Seq::ZERO, Log::end));
        if self.state.cursors.read(conv, seq, now_ms) {
            self.keep_cursor(conv);
        }
        Reply::Done
    }

    fn keep_cursor(&mut self, conv: ConversationId) {
        let mine = self.state.cursors.mine(conv);
        self.keep(Change::Wanted { conv, mine });
    }
}
