//! The end of a script: everything there is to read, by everybody, is the same, and unread counts equal a walk.

use super::command::Question;
use super::play::Play;
use crate::scene::{still, unread_of};
use protocol::client_frame::Place;
use protocol::{DeviceId, DeviceSeq, Seq, Ver};
use store::{AskHistory, AskPage, AskThread, Entry, ThreadPlace, Topic};

impl Play {
    pub fn compare_ending(&mut self) {
        let (people, convs) = (self.script.people.clone(), self.script.convs.clone());
        for &conv in &convs {
            self.ask(&Question::Tail(conv, Seq::ZERO, 1_000));
            for &reader in &people {
                let (place, limit) = (Place::After(Seq::ZERO), 200);
                self.ask(&Question::Page(AskPage {
                    reader,
                    conv,
                    place,
                    limit,
                }));
            }
            for (seq, &reader) in (2..9).zip(people.iter().cycle()) {
                self.ask(&Question::History(AskHistory {
                    reader,
                    conv,
                    seq: Seq(seq),
                    before: None,
                }));
            }
            people
                .iter()
                .for_each(|&reader| self.ask(&Question::Pins(reader, conv)));
            let reader = people[1];
            self.ask(&Question::Members(reader, conv, None, 300));
            for &reader in &people {
                self.ask(&Question::Links(reader, conv));
                self.ask(&Question::Requests(reader, conv));
                let mut hash = [1; 32];
                (hash[1], hash[2]) = (0, people[1].as_bytes()[0]);
                self.ask(&Question::Look(reader, conv, hash));
            }
            for seq in [1, 2, 3, 5, 8, 13] {
                self.ask(&Question::Receipts(reader, conv, Seq(seq)));
            }
        }
        for &user in &people {
            self.ask(&Question::Inbox(user, Ver::ZERO));
            self.ask(&Question::Heads(user, convs.clone()));
            self.ask(&Question::Acquainted(user, people.clone()));
            self.ask(&Question::Starred(user, None, 100));
            self.ask(&Question::User(user));
            self.ask(&Question::Standings(user, people.clone()));
            self.ask(&Question::MaySee(user, people.clone()));
            self.ask(&Question::Manners(user));
            self.ask(&Question::Find(user, "p".into()));
            for &conv in &convs {
                self.ask(&Question::HiddenFrom(user, conv));
            }
            self.ask(&Question::Devices(user));
            for device in 0..4 {
                self.ask(&Question::Mail(
                    user,
                    DeviceId::from_bytes([device; 16]),
                    DeviceSeq::ZERO,
                    100,
                ));
            }
        }
        self.ask(&Question::People(people.clone()));
        self.ask(&Question::LastSeen(people));
        self.ask(&Question::Handles((0..6).map(|n| format!("h{n}")).collect()));
        self.ask(&Question::Invites(10));
        self.ask(&Question::Reports(0));
        self.compare_threads();
        self.names_are_in_order();
        self.unread_equals_a_walk();
    }

    fn compare_threads(&mut self) {
        let (people, convs) = (self.script.people.clone(), self.script.convs.clone());
        for conv in convs {
            for (root, &reader) in (2..6).flat_map(|root| people.iter().map(move |reader| (root, reader))) {
                self.ask(&Question::Thread(AskThread {
                    reader,
                    conv,
                    root: Seq(root),
                    place: ThreadPlace::After(Seq::ZERO),
                    limit: 100,
                }));
            }
        }
    }

    /// Message ids are each store's own: in both they follow the log.
    fn names_are_in_order(&self) {
        for scene in [&self.yardstick, &self.engine] {
            for &conv in &self.script.convs {
                let Ok(tail) = crate::scene::wait(scene.store.tail(conv, Some(Seq::ZERO), 10_000)) else {
                    continue;
                };
                let in_order = |pair: &[Entry]| pair[0].id < pair[1].id;
                assert!(tail.entries.windows(2).all(in_order), "STORE_PLAN_SEED={}", self.seed);
            }
        }
    }

    /// Unread by every inbox row is what a walk over the readable log counts. The rows were compared before: one side
    /// will do.
    fn unread_equals_a_walk(&self) {
        let scene = &self.yardstick;
        for &user in &self.script.people {
            for row in scene.inbox(user) {
                let cursor = scene.move_one(still(row.conv, user)).expect("was a member").mine;
                let readable = scene.readable(user, row.conv);
                let unread = readable
                    .iter()
                    .filter(|entry| entry.kind.counts() && entry.thread.is_none() && entry.seq > cursor);
                assert_eq!(
                    unread_of(&row),
                    unread.count() as u64,
                    "STORE_PLAN_SEED={}: {row:?} {readable:?}",
                    self.seed
                );
            }
            for (_, topic) in crate::scene::done(scene.store.inbox(user, Ver::ZERO)).rows {
                let Topic::Thread(row) = topic else { continue };
                let readable = scene.readable(user, row.conv);
                let replies = || readable.iter().filter(|entry| entry.thread == Some(row.root));
                let unread = replies().filter(|entry| entry.kind.counts() && entry.seq > row.read);
                let expected = (
                    replies().next_back().map_or(Seq::ZERO, |entry| entry.seq),
                    unread.count() as u64,
                );
                let nothing = (Seq::ZERO, 0);
                assert_eq!(
                    (row.head, row.unread),
                    if row.following { expected } else { nothing },
                    "STORE_PLAN_SEED={}: {row:?} {readable:?}",
                    self.seed
                );
            }
        }
    }
}
