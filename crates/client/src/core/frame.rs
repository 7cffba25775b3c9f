//! Frames of the server. One match lists them all.

use super::{Action, Ask, Command, Core, Decided, Follow, No, Page, Reply};
use crate::bounds::RETRY_MS;
use crate::change::Change;
use crate::event::Event;
use crate::inbox::Taken;
use crate::log::{Log, News};
use crate::outbox::Refused;
use crate::own::About;
use protocol::client_frame::Place;
use protocol::server_frame::{
    Ack, Behind, CursorOk, Cursors, Entries, Head, Inbox, InboxRow, Live, Topic, VerMoved, Watching,
};
use protocol::{ConversationId, Epoch, Refusal, RequestId, Seq, ServerFrame, Ver};

impl Core {
    pub(super) fn frame(&mut self, re: Option<RequestId>, frame: ServerFrame, now_ms: u64) {
        let ask = re.and_then(|re| self.pending.remove(&re)).map(|(ask, _)| ask);
        if self.state.epoch.is_none() && !matches!(frame, ServerFrame::Welcome(_) | ServerFrame::Refuse(_)) {
            // Live already, and greeted in a moment: without an epoch nothing has a place. The inbox will tell.
            return;
        }
        match frame {
            ServerFrame::Welcome(welcome) => self.welcomed(&welcome, now_ms),
            ServerFrame::Inbox(page) => self.inbox_page(page, now_ms),
            ServerFrame::Entries(entries) => self.entries(ask, entries, now_ms),
            ServerFrame::Ack(ack) => self.ack(ask, ack, now_ms),
            ServerFrame::Refuse(refusal) => self.refuse(ask, refusal, now_ms),
            ServerFrame::Entry(live) => self.live(*live, now_ms),
            ServerFrame::Ver(moved) => self.ver_moved(moved, now_ms),
            ServerFrame::Heads(heads) => self.heads(&heads.heads, true, now_ms),
            ServerFrame::Watching(watching) => self.watching(watching, now_ms),
            ServerFrame::Cursors(cursors) => self.cursors(&cursors),
            ServerFrame::CursorOk(ok) => self.cursor_ok(ok, now_ms),
            ServerFrame::Typing(typing) => self.tell(Event::Typing(typing)),
            ServerFrame::Presence(p) => self.tell(Event::Presence {
                list: p.list,
                ttl_ms: p.ttl_ms,
            }),
            ServerFrame::Behind(behind) => self.behind(behind),
            ServerFrame::Resync(resync) => self.told_to_resync(resync.epoch, now_ms),
            ServerFrame::Beat(beat) => {
                self.beat_back();
                self.stands_at(beat.ver);
            }
            ServerFrame::Bye(bye) => {
                self.backoff.asked(bye.after_ms);
                self.tell(Event::Leaving { reason: bye.reason });
            }
            ServerFrame::Members(members) => self.answer(ask, Reply::Members(members)),
            ServerFrame::People(people) => self.answer(ask, Reply::People(people)),
            frame @ (ServerFrame::Link(_)
            | ServerFrame::Links(_)
            | ServerFrame::Look(_)
            | ServerFrame::Asked(_)
            | ServerFrame::Requests(_)) => self.answer(ask, Reply::Link(Box::new(frame))),
            ServerFrame::Pins(pins) => self.answer(ask, Reply::Pins(pins)),
            ServerFrame::History(past) => self.answer(ask, Reply::History(past)),
            ServerFrame::PrefsOk(ok) => {
                self.state.inbox.put_prefs(ok.conv, ok.ver, ok.prefs);
                self.granted(ask, About::Prefs(ok.conv), None);
            }
            ServerFrame::MarkOk(ok) => {
                self.state.own.put_mark(ok.ver, ok.mark);
                self.granted(ask, About::Mark(ok.mark.conv, ok.mark.seq), None);
            }
            ServerFrame::DraftOk(ok) => {
                self.state.own.put_draft(ok.ver, &ok.draft);
                self.granted(ask, About::Draft(ok.draft.conv), Some(ok.draft.now.text_ver));
            }
            ServerFrame::ThreadOk(ok) => {
                self.state.own.put_thread_read(&ok);
                if let Some(Ask::Own(about)) = ask {
                    self.granted(ask, about, None);
                }
            }
            ServerFrame::Thread(page) => self.answer(ask, Reply::Thread(page)),
            ServerFrame::Starred(starred) => self.answer(ask, Reply::Starred(starred)),
            ServerFrame::ReadAllOk(ok) => self.answer(ask, Reply::ReadAll(ok)),
            ServerFrame::Receipts(receipts) => self.answer(ask, Reply::Receipts(receipts)),
            ServerFrame::ProfileOk(person) => self.decided(ask, Decided::Profile(person)),
            ServerFrame::PrivacyOk(privacy) => self.decided(ask, Decided::Privacy(privacy)),
            ServerFrame::BlockOk(_) | ServerFrame::AnswerOk(_) | ServerFrame::ReportOk(_) => {
                self.decided(ask, Decided::Done);
            }
        }
    }

    /// A wish is durable on the server.
    fn granted(&mut self, ask: Option<Ask>, about: About, text_ver: Option<Ver>) {
        if matches!(ask, Some(Ask::Own(asked)) if asked == about) {
            self.state.own.answered(about, text_ver);
            self.keep_wishes(about);
        }
        self.tell(Event::Own {
            convs: vec![about.conv()],
        });
    }

    fn decided(&mut self, ask: Option<Ask>, decided: Decided) {
        self.answer(ask, Reply::Decided(Box::new(decided)));
    }

    fn answer(&mut self, ask: Option<Ask>, reply: Reply) {
        if let Some(Ask::Question(ticket, _)) = ask {
            self.act(Action::Reply(ticket, reply));
        }
    }

    /// The inbox stands there: if that is above what is held, ask.
    fn stands_at(&mut self, ver: Ver) {
        let mine = self.state.inbox.ver();
        if let Some(session) = self.session() {
            session.inbox_due |= ver > mine;
        }
    }

    fn ask_inbox(&mut self) {
        if let Some(session) = self.session() {
            session.inbox_due = true;
        }
    }

    fn told_to_resync(&mut self, epoch: Epoch, now_ms: u64) {
        // After a welcome of another epoch this says what was done already.
        let done = self.state.epoch == Some(epoch) && self.state.inbox.ver() == Ver::ZERO && self.state.logs.is_empty();
        if !done {
            self.resync(epoch, now_ms);
        }
        self.ask_inbox();
    }

    fn inbox_page(&mut self, page: Inbox, now_ms: u64) {
        let (more, to) = (page.more, page.to);
        match self.state.inbox.page(page) {
            Taken::Ask => return self.ask_inbox(),
            Taken::Rows(rows) => self.rows(to, rows, now_ms),
            Taken::Known | Taken::Heads(_) => {}
        }
        if more {
            self.ask_inbox();
        } else {
            self.caught_up();
        }
    }

    fn rows(&mut self, ver: Ver, rows: Vec<InboxRow>, now_ms: u64) {
        self.keep(Change::Rows {
            ver,
            rows: rows.clone(),
        });
        // While connected, the entries a row speaks of are on their way: the hole is held before it is pulled.
        let live = self.is_caught_up();
        let (mut convs, mut owned) = (Vec::new(), Vec::new());
        for row in &rows {
            match &row.topic {
                Topic::Conversation(conversation) => {
                    let (conv, epoch) = (conversation.conv, conversation.epoch);
                    if self.state.log(conv).epoch().is_some_and(|old| old != epoch) {
                        self.restart_log(conv, epoch, now_ms);
                    }
                    self.state.mark(row, now_ms, !live);
                    if live || self.open.contains(&conv) {
                        self.look_at(conv);
                    }
                    convs.push(conv);
                }
                Topic::Devices | Topic::Profile | Topic::Privacy(_) | Topic::Blocks(_) => self.tell(Event::Account),
                Topic::Mark(_) | Topic::Draft(_) | Topic::Thread(_) => owned.extend(self.state.own.put(row)),
                Topic::Unknown => {}
            }
        }
        if !convs.is_empty() {
            self.tell(Event::Inbox { convs });
        }
        if !owned.is_empty() {
            self.tell(Event::Own { convs: owned });
        }
    }

    fn ver_moved(&mut self, moved: VerMoved, now_ms: u64) {
        let ver = moved.ver;
        match self.state.inbox.moved(moved) {
            Taken::Ask => self.ask_inbox(),
            Taken::Heads(heads) => {
                self.keep(Change::Heads {
                    ver,
                    heads: heads.clone(),
                });
                self.heads(&heads, false, now_ms);
                self.tell(Event::Inbox {
                    convs: heads.iter().map(|head| head.conv).collect(),
                });
            }
            Taken::Known | Taken::Rows(_) => {}
        }
    }

    fn heads(&mut self, heads: &[Head], at_once: bool, now_ms: u64) {
        for head in heads {
            if self
                .state
                .log(head.conv)
                .epoch()
                .is_some_and(|epoch| epoch != head.epoch)
            {
                self.restart_log(head.conv, head.epoch, now_ms);
            }
            self.state.log(head.conv).note_head(head.seq, head.ord, now_ms, at_once);
            self.look_at(head.conv);
        }
    }

    fn live(&mut self, live: Live, now_ms: u64) {
        let Live { conv, epoch, entry } = live;
        match self.state.log(conv).epoch() {
            None => self.restart_log(conv, epoch, now_ms),
            Some(held) if held != epoch => {
                // Which of the two is the older one, only an answer can tell.
                self.state.log(conv).doubt();
                self.look_at(conv);
                return self.ask_inbox();
            }
            Some(_) => {}
        }
        if self.state.inbox.row(conv).is_none() {
            self.ask_inbox();
        }
        let log = self.state.log(conv);
        let began = log.end() == Seq::ZERO;
        let news = log.live(entry, now_ms, &self.bounds);
        self.news(conv, began, news, now_ms);
        self.look_at(conv);
    }

    fn entries(&mut self, ask: Option<Ask>, page: Entries, now_ms: u64) {
        let conv = page.conv;
        let (place, ticket) = match ask {
            // What a link leads to may lie far from what is held: it is shown, and not kept.
            Some(Ask::Question(ticket, Command::Find(_))) => {
                let page = Page {
                    from: page.from,
                    to: page.to,
                    more: page.more,
                    fresh: true,
                    entries: page.items,
                };
                return self.act(Action::Reply(ticket, Reply::Page(page)));
            }
            Some(Ask::Pull(_, place)) => (place, None),
            Some(Ask::Page {
                ticket,
                place,
                held: None,
                ..
            }) => (place, Some((ticket, place, None))),
            Some(Ask::Page {
                ticket,
                place,
                held: Some(held),
                ..
            }) => (
                Place::Range(held.from, held.to, Some(held.as_of)),
                Some((ticket, place, Some(held))),
            ),
            _ => return,
        };
        if self.state.log(conv).epoch() != Some(page.epoch) {
            self.restart_log(conv, page.epoch, now_ms);
        }
        let told = Page {
            from: page.from,
            to: page.to,
            more: page.more,
            fresh: true,
            entries: if ticket.is_some() {
                page.items.clone()
            } else {
                Vec::new()
            },
        };
        let log = self.state.log(conv);
        let began = log.end() == Seq::ZERO;
        let news = log.page(place, page, now_ms, &self.bounds);
        self.news(conv, began, news, now_ms);
        self.look_at(conv);
        if let Some((ticket, place, held)) = ticket {
            let page = held.map_or(told, |held| self.local_page(conv, place, held, true));
            self.act(Action::Reply(ticket, Reply::Page(page)));
        }
    }

    /// What came of entries: kept first, then told, then confirmed. `began`: nothing was held of the log before.
    fn news(&mut self, conv: ConversationId, began: bool, news: News, now_ms: u64) {
        for held in news.held {
            self.keep(Change::Held { conv, held });
        }
        if let Some((from, to)) = news.skipped {
            self.tell(Event::Skipped { conv, from, to });
        }
        if !news.grown.is_empty() {
            self.tell(Event::Grown {
                conv,
                entries: news.grown,
            });
            if began {
                self.make_room(conv);
            }
        }
        if news.changed {
            self.tell(Event::Changed { conv });
        }
        if !self.options.delivers {
            return;
        }
        let before = self.state.cursors.mine(conv).delivered;
        let delivered = self
            .state
            .logs
            .get(&conv)
            .map_or(before, |log| log.delivered(before, &self.bounds));
        // Not kept: after a restart it follows from the entries that are.
        self.state.cursors.delivered(conv, delivered, now_ms);
    }

    /// Lets go of the log that was least lately active, if too many hold entries. Never `grown` or an open one,
    /// and none where everything is followed: where such a log ends must not be forgotten.
    fn make_room(&mut self, grown: ConversationId) {
        if self.options.follow == Follow::Everything {
            return;
        }
        let held = self.state.logs.iter().filter(|(_, log)| log.end() > Seq::ZERO);
        if held.clone().count() <= self.bounds.logs_max {
            return;
        }
        let last_ms = |log: &Log| log.tail().next_back().map_or(0, |entry| entry.created_ms);
        let spare = held.filter(|(conv, _)| **conv != grown && !self.open.contains(*conv));
        if let Some(conv) = spare.min_by_key(|(_, log)| last_ms(log)).map(|(conv, _)| *conv) {
            self.state.empty(conv);
            self.pulls.remove(&conv);
            self.keep(Change::Emptied { conv });
        }
    }

    fn restart_log(&mut self, conv: ConversationId, epoch: Epoch, now_ms: u64) {
        let had_another = self.state.log(conv).epoch().is_some_and(|old| old != epoch);
        self.keep(Change::Restarted {
            conv,
            epoch,
            at_ms: now_ms,
        });
        self.state.restart_log(conv, epoch, now_ms);
        if had_another {
            self.peers.forget(conv);
            self.ask_inbox();
            self.tell(Event::Changed { conv });
        }
    }

    fn ack(&mut self, ask: Option<Ask>, ack: Ack, now_ms: u64) {
        let send_id = match ask {
            Some(Ask::Write(send_id)) => send_id,
            // Who joins does not queue for it: there is nothing to show before the answer.
            Some(Ask::Question(_, Command::Link(_))) => {
                return self.answer(ask, Reply::Link(Box::new(ServerFrame::Ack(ack))));
            }
            _ => return,
        };
        if self.state.outbox.acked(send_id, &ack, now_ms, &self.bounds).is_none() {
            return;
        }
        self.keep(Change::Acked {
            send_id,
            ack,
            at_ms: now_ms,
        });
        self.tell(Event::Acked {
            send_id,
            conv: ack.conv,
            seq: ack.seq,
        });
        let log = self.state.log(ack.conv);
        if log.epoch().is_none_or(|epoch| epoch == ack.epoch) {
            // That the log reaches there is known now; that this device holds it is not.
            log.note_head(ack.seq, ack.ord, now_ms, false);
        } else {
            self.ask_inbox();
        }
        self.look_at(ack.conv);
    }

    fn refuse(&mut self, ask: Option<Ask>, refusal: Refusal, now_ms: u64) {
        let later_ms = now_ms + refusal.retry_after_ms.unwrap_or(RETRY_MS);
        match ask {
            Some(Ask::Hello) => {
                if refusal.retry {
                    self.backoff.asked(refusal.retry_after_ms.unwrap_or(RETRY_MS));
                }
            }
            Some(Ask::Write(send_id)) => {
                if let Refused::Failed(conv) = self.state.outbox.refused(send_id, &refusal, now_ms) {
                    self.keep(Change::Failed {
                        send_id,
                        refusal: refusal.clone(),
                    });
                    self.tell(Event::Failed { send_id, conv, refusal });
                }
            }
            Some(Ask::Cursor(conv)) => self.state.cursors.refused(conv, &refusal, now_ms),
            Some(Ask::Own(about)) => {
                if self.state.own.refused(about, &refusal, now_ms) {
                    self.keep_wishes(about);
                    self.tell(Event::OwnRefused {
                        conv: about.conv(),
                        refusal,
                    });
                }
            }
            Some(Ask::Inbox) => {
                if let Some(session) = self.session() {
                    session.inbox_due = true;
                    session.inbox_not_before_ms = later_ms;
                }
            }
            Some(Ask::Pull(conv, _)) => {
                if refusal.retry {
                    self.session()
                        .into_iter()
                        .for_each(|session| session.pulls_not_before_ms = later_ms);
                } else {
                    // Not for us any more; the inbox will say so.
                    self.pulls.remove(&conv);
                }
            }
            Some(Ask::Page { ticket, .. } | Ask::Question(ticket, _)) => {
                self.act(Action::Reply(ticket, Reply::No(No::Refused(refusal))));
            }
            // The next beat says it again.
            Some(Ask::Watch | Ask::Beat) | None => {}
        }
    }

    fn watching(&mut self, watching: Watching, now_ms: u64) {
        self.heads(&watching.heads, true, now_ms);
        watching.cursors.iter().for_each(|cursors| self.cursors(cursors));
        if !watching.presence.is_empty() {
            let ttl_ms = protocol::limits::PRESENCE_TTL_MS;
            self.tell(Event::Presence {
                list: watching.presence,
                ttl_ms,
            });
        }
    }

    fn cursors(&mut self, cursors: &Cursors) {
        // Told only for open conversations; a late one would be held for ever.
        if self.open.contains(&cursors.conv) {
            self.peers.told(cursors, self.options.me);
            self.tell(Event::Cursors { conv: cursors.conv });
        }
    }

    fn cursor_ok(&mut self, ok: CursorOk, now_ms: u64) {
        let before = self.state.cursors.mine(ok.conv);
        self.state.cursors.ok(&ok, now_ms);
        let mine = self.state.cursors.known(ok.conv);
        self.keep(Change::Confirmed { conv: ok.conv, mine });
        if self.state.cursors.mine(ok.conv) != before {
            self.tell(Event::Cursors { conv: ok.conv });
        }
    }

    fn behind(&mut self, behind: Behind) {
        let doubted = match behind.conv {
            Some(conv) => vec![conv],
            None => {
                self.ask_inbox();
                self.session().into_iter().for_each(|session| session.watch_due = true);
                self.open.iter().copied().collect()
            }
        };
        for conv in doubted {
            self.state.log(conv).doubt();
            self.look_at(conv);
        }
    }
}
