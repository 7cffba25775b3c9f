//! What happens in a script: chosen by chance among what leads somewhere, with an eye on what there is.

#[path = "script/directory.rs"]
mod directory;

use super::command::{Command, Question};
use crate::scene::{Chance, START_MS, still};
use protocol::client_frame::Place;
use protocol::group::{History, SettingsChange};
use protocol::own::{SetMark, SetPrefs};
use protocol::people::{Audience, SetPrivacy};
use protocol::server_frame::{ConversationKind, Role};
use protocol::{ConversationId, DeviceId, DeviceSeq, Generation, Kind, SendId, Seq, UserId, Ver};
use store::{
    Amend, Amendment, Append, AskHistory, AskPage, ChangeMembers, ClaimHandle, Create, CursorMove, Invite,
    MemberChange, Mentions, NewDevice, NewMail, NewReport, NewUser, ProfileChange, SeenDevice, SetDraft, SetTerms,
    Terms, Which,
};
use store::{AskThread, ChangeSettings, FollowThread, Join, Names, NewLink, ReadThread, ThreadPlace};

/// People in a script; the last one has no account.
const PEOPLE: u8 = 6;
/// Members of the one full group.
const CROWD: u16 = 255;

/// The chance of a script, and what it has asked for so far.
pub struct Script {
    pub chance: Chance,
    pub people: Vec<UserId>,
    pub convs: Vec<ConversationId>,
    home: ConversationId,
    /// For repeats.
    sent: Vec<Command>,
    minted: u64,
}

impl Script {
    pub fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed),
            people: (1..=PEOPLE).map(|n| UserId::from_bytes([n; 16])).collect(),
            convs: Vec::new(),
            home: ConversationId::from_bytes([0xff; 16]),
            sent: Vec::new(),
            minted: 0,
        }
    }

    /// What every script begins with: accounts, and two conversations.
    pub fn beginning(&mut self) -> Vec<Command> {
        let account = |(n, &user): (usize, &UserId)| {
            Command::CreateUser(NewUser {
                user,
                handle: format!("p{n}"),
                name: format!("Person {n}"),
                password_hash: "none".into(),
                owner: n == 0,
            })
        };
        let mut commands: Vec<Command> = self.people[1..].iter().enumerate().map(account).collect();
        commands.push(self.direct());
        commands.push(self.group());
        // Where most of a group's business is done.
        let members = self.people[1..3].to_vec();
        commands.push(self.group_of(members, 1));
        self.home = self.convs[self.convs.len() - 1];
        commands
    }

    fn mint(&mut self) -> [u8; 16] {
        self.minted += 1;
        u128::from(self.minted).to_be_bytes()
    }

    fn coin(&mut self, one_in: usize) -> bool {
        self.chance.below(one_in) == 0
    }

    fn person(&mut self) -> UserId {
        self.chance.one_of(&self.people)
    }

    fn conv(&mut self) -> ConversationId {
        // Seldom one that is not there.
        if self.coin(40) {
            return ConversationId::from_bytes([0xff; 16]);
        }
        self.chance.one_of(&self.convs)
    }

    /// Some people in one of so many texts, seldom everybody.
    fn mentions(&mut self, one_in: usize) -> Mentions {
        if !self.coin(one_in) {
            Mentions::none()
        } else if self.coin(6) {
            Mentions::Everybody
        } else {
            Mentions::People(self.some_people())
        }
    }

    fn some_people(&mut self) -> Vec<UserId> {
        let people = self.people.clone();
        people.into_iter().filter(|_| self.coin(2)).collect()
    }

    /// A seq somewhere in a log that ends at `head`, seldom beyond.
    fn seq(&mut self, head: Seq) -> Seq {
        if self.coin(25) {
            Seq(head.0 + 1)
        } else {
            Seq(self.chance.below(head.0 as usize + 1) as u64)
        }
    }

    /// One change, by the heads of the logs.
    pub fn command(&mut self, head_of: &dyn Fn(ConversationId) -> Seq) -> Command {
        if !self.sent.is_empty() && self.coin(8) {
            return self.repeat();
        }
        let command = match self.chance.below(100) {
            0..28 => self.append(head_of),
            28..38 => self.amend(head_of),
            38..53 => return self.cursors(head_of),
            53..57 => return self.threads(head_of),
            57..64 => self.change(),
            64..78 => self.group_business(),
            78..81 => self.group(),
            81..84 => self.direct(),
            84 => self.crowd(),
            85..89 => return self.devices(),
            89..92 => return self.own(head_of),
            92..97 => return self.people(),
            _ => return self.directory(),
        };
        self.sent.push(command.clone());
        command
    }

    /// A change that was asked for before, as it was or, under its name, another one.
    fn repeat(&mut self) -> Command {
        let at = self.chance.below(self.sent.len());
        let mut command = self.sent[at].clone();
        if self.coin(3) {
            match &mut command {
                Command::Append(append) => match self.chance.below(4) {
                    0 => append.body = r#"{"text":"another"}"#.into(),
                    1 => append.kind = Kind::of("another"),
                    2 => append.reply_to = Some(Seq(1)),
                    _ => append.read = Some(Seq(1)),
                },
                Command::Amend(amend) => match self.chance.below(2) {
                    0 => amend.target = Seq(amend.target.0 + 1),
                    _ => amend.change = Amendment::Pin { on: true },
                },
                Command::Change(change) => change.change = MemberChange::Leave,
                Command::Settings(ask) => ask.change.title = Some("another".into()),
                Command::Join(join) => join.hash = [9; 32],
                Command::Create(create) => create.title = Some("another".into()),
                _ => {}
            }
        }
        command
    }

    fn append(&mut self, head_of: &dyn Fn(ConversationId) -> Seq) -> Command {
        let conv = self.conv();
        let head = head_of(conv);
        let mut maybe = |one_in| self.coin(one_in).then(|| self.seq(head));
        let (reply_to, thread, read) = (maybe(6), maybe(9), maybe(2));
        let names = Names {
            reply_to: self.name_in(conv),
            thread: self.name_in(conv),
        };
        // Often where threads are already: in the first messages.
        let thread = if self.coin(4) { Some(self.old(head)) } else { thread };
        Command::Append(Append {
            conv,
            sender: self.person(),
            device: DeviceId::from_bytes([1; 16]),
            send_id: SendId::from_bytes(self.mint()),
            kind: if self.coin(7) { Kind::of("poll") } else { Kind::Text },
            body: format!("{{\"text\":\"{}\"}}", self.minted).into(),
            mentions: self.mentions(3),
            reply_to,
            thread,
            names,
            read,
            forward: None,
            private: self.coin(4),
        })
    }

    /// A change of an entry, often a late one, so that some are changed several times.
    fn amend(&mut self, head_of: &dyn Fn(ConversationId) -> Seq) -> Command {
        let before = self.sent.iter().rev().find_map(|sent| match sent {
            Command::Amend(amend) => Some((amend.conv, amend.target)),
            _ => None,
        });
        let (conv, target) = match before.filter(|_| self.coin(3)) {
            Some(again) => again,
            None => {
                let conv = self.conv();
                let head = head_of(conv);
                let back = self.chance.below(3) as u64;
                let late = Seq(head.0.saturating_sub(back));
                (conv, if self.coin(3) { self.seq(head) } else { late })
            }
        };
        let on = !self.coin(3);
        let change = match self.chance.below(10) {
            0..4 => Amendment::Edit {
                body: format!("{{\"text\":\"edit {}\"}}", self.minted).into(),
                mentions: self.mentions(2),
            },
            4..7 => Amendment::React {
                emoji: self.chance.one_of(&["👍", ":ok:", "🎉"]).to_owned(),
                on,
            },
            7 => Amendment::Pin { on },
            _ => Amendment::Delete,
        };
        Command::Amend(Amend {
            conv,
            actor: self.person(),
            send_id: SendId::from_bytes(self.mint()),
            target,
            target_name: self.name_in(conv),
            change,
        })
    }

    /// Now and then the name of something that was said there, which may stand anywhere, or of nothing.
    fn name_in(&mut self, conv: ConversationId) -> Option<SendId> {
        if !self.coin(4) {
            return None;
        }
        let said = self.sent.iter().rev().find_map(|sent| match sent {
            Command::Append(append) if append.conv == conv => Some(append.send_id),
            _ => None,
        });
        said.filter(|_| !self.coin(6)).or(Some(SendId::from_bytes([7; 16])))
    }

    /// One of the first messages of a log.
    fn old(&mut self, head: Seq) -> Seq {
        Seq(2 + self.chance.below(4) as u64).min(head)
    }

    /// What somebody says to a thread.
    fn threads(&mut self, head_of: &dyn Fn(ConversationId) -> Seq) -> Command {
        let (conv, user) = (self.conv(), self.person());
        let head = head_of(conv);
        let root = if self.coin(6) { self.seq(head) } else { self.old(head) };
        if self.coin(2) {
            let on = !self.coin(3);
            return Command::Follow(FollowThread { conv, user, root, on });
        }
        let read = self.seq(head);
        Command::ReadThread(ReadThread { conv, user, root, read })
    }

    fn cursors(&mut self, head_of: &dyn Fn(ConversationId) -> Seq) -> Command {
        let count = 1 + self.chance.below(4);
        let moves = (0..count).map(|_| {
            let conv = self.conv();
            let head = head_of(conv);
            let mut maybe = |one_in| self.coin(one_in).then(|| self.seq(head));
            let (delivered, read) = (maybe(2), maybe(2));
            let private = self.coin(5);
            let generation = self.coin(3).then(|| Generation(self.chance.below(4) as u64));
            CursorMove {
                delivered,
                read,
                generation,
                private,
                ..still(conv, self.person())
            }
        });
        Command::Cursors(moves.collect())
    }

    fn change(&mut self) -> Command {
        let change = match self.chance.below(6) {
            0..3 => MemberChange::Add(self.some_people()),
            3 | 4 => MemberChange::Remove(self.person()),
            _ => MemberChange::Leave,
        };
        Command::Change(ChangeMembers {
            conv: self.conv(),
            // Often the one who owns most groups, or little would ever be allowed.
            actor: if self.coin(2) { self.people[1] } else { self.person() },
            send_id: SendId::from_bytes(self.mint()),
            change,
        })
    }

    /// What a group's own people do with it, and those who have a link into it.
    fn group_business(&mut self) -> Command {
        let conv = if self.coin(3) { self.conv() } else { self.home };
        let send_id = SendId::from_bytes(self.mint());
        let actor = if self.coin(3) { self.person() } else { self.people[1] };
        let person = self.person();
        let change = match self.chance.below(12) {
            0..3 => {
                return Command::Settings(ChangeSettings {
                    conv,
                    actor,
                    send_id,
                    change: self.settings_change(),
                });
            }
            3 | 4 => {
                let id = self.chance.below(3) as u8;
                // No two links have the same secret; one that is made again gets another.
                let mut hash = [1 + self.chance.below(2) as u8; 32];
                (hash[1], hash[2]) = (id, actor.as_bytes()[0]);
                return Command::AddLink(NewLink {
                    conv,
                    actor,
                    id: SendId::from_bytes([id; 16]),
                    hash,
                    uses: self.coin(2).then(|| 1 + self.chance.below(2) as u32),
                    expires_ms: START_MS + self.chance.below(400_000) as u64,
                });
            }
            5 => return Command::RevokeLink(actor, conv, SendId::from_bytes([self.chance.below(3) as u8; 16])),
            6..9 => {
                if self.coin(3)
                    && let Some(join) = self.by_an_old_link(send_id)
                {
                    return Command::Join(join);
                }
                let links = self.sent.iter().rev().filter_map(|command| match command {
                    Command::AddLink(link) if link.conv == conv => Some(link.hash),
                    _ => None,
                });
                let links: Vec<_> = links.take(3).collect();
                let hash = links.get(self.chance.below(3)).copied().unwrap_or([1; 32]);
                return Command::Join(Join {
                    conv,
                    user: person,
                    send_id,
                    hash,
                });
            }
            9 | 10 => MemberChange::Role(person, [Role::Member, Role::Admin, Role::Owner][self.chance.below(3)]),
            _ => MemberChange::Admit(person, !self.coin(4)),
        };
        Command::Change(ChangeMembers {
            conv,
            actor,
            send_id,
            change,
        })
    }

    /// Somebody who was removed tries a link of that group.
    fn by_an_old_link(&mut self, send_id: SendId) -> Option<Join> {
        let links = self.sent.iter().filter_map(|command| match command {
            Command::AddLink(link) => Some((link.conv, link.hash)),
            _ => None,
        });
        let tries = links.flat_map(|(conv, hash)| {
            self.sent.iter().filter_map(move |command| match command {
                Command::Change(change) if change.conv == conv => match change.change {
                    MemberChange::Remove(user) => Some((conv, user, hash)),
                    _ => None,
                },
                _ => None,
            })
        });
        let tries: Vec<_> = tries.collect();
        let (conv, user, hash) = *tries.get(self.chance.below(tries.len().max(1)))?;
        Some(Join {
            conv,
            user,
            send_id,
            hash,
        })
    }

    fn settings_change(&mut self) -> SettingsChange {
        let (one_in, title) = (3, format!("title {}", self.chance.below(3)));
        SettingsChange {
            title: self.coin(one_in).then_some(title),
            description: self
                .coin(one_in)
                .then(|| if self.coin(2) { "words".into() } else { String::new() }),
            announce: self.coin(one_in).then(|| self.coin(2)),
            slow_mode_s: self.coin(one_in).then(|| if self.coin(3) { 0 } else { 60 }),
            history: self
                .coin(2)
                .then(|| if self.coin(2) { History::All } else { History::Joined }),
            approve: self.coin(one_in).then(|| self.coin(2)),
            ..SettingsChange::default()
        }
    }

    fn group(&mut self) -> Command {
        let mut members = self.some_people();
        let creator = if self.coin(2) { self.people[1] } else { self.person() };
        members.retain(|&user| user != creator);
        members.insert(0, creator);
        self.group_of(members, self.minted)
    }

    fn group_of(&mut self, members: Vec<UserId>, title: u64) -> Command {
        let send_id = SendId::from_bytes(self.mint());
        let conv = ConversationId::group(members[0], send_id);
        self.convs.push(conv);
        Command::Create(Create {
            conv,
            kind: ConversationKind::Group,
            creator: members[0],
            send_id,
            title: Some(format!("group {title}")),
            members,
            request: false,
        })
    }

    /// A group with room for one more, or one too many.
    fn crowd(&mut self) -> Command {
        let count = if self.coin(3) { CROWD + 2 } else { CROWD };
        let stranger = |n: u16| {
            let mut bytes = [0x77; 16];
            bytes[..2].copy_from_slice(&n.to_be_bytes());
            UserId::from_bytes(bytes)
        };
        let others = (1..count).map(stranger);
        let members = [self.people[1]].into_iter().chain(others).collect();
        self.group_of(members, 0)
    }

    fn direct(&mut self) -> Command {
        let (one, other) = (self.people[1 + self.chance.below(3)], self.people[4]);
        let (one, other) = if self.coin(2) { (one, other) } else { (other, one) };
        let other = if self.coin(5) { one } else { other };
        let conv = ConversationId::direct(one, other);
        if !self.convs.contains(&conv) {
            self.convs.push(conv);
        }
        Command::Create(Create {
            conv,
            kind: ConversationKind::Direct,
            creator: one,
            send_id: SendId::from_bytes(self.mint()),
            title: None,
            members: if one == other { vec![one] } else { vec![one, other] },
            request: self.coin(2),
        })
    }

    pub fn question(&mut self, head_of: &dyn Fn(ConversationId) -> Seq) -> Question {
        let (user, conv) = (self.person(), self.conv());
        let head = head_of(conv);
        let seq = self.seq(head);
        match self.chance.below(30) {
            0..5 => {
                let other = self.seq(head);
                let place = match self.chance.below(4) {
                    0 => Place::After(seq),
                    1 => Place::Before(seq),
                    2 => Place::Around(seq),
                    _ => Place::Range(seq.min(other), seq.max(other), self.coin(4).then_some(Seq(other.0 / 2))),
                };
                let limit = 1 + self.chance.below(9);
                Question::Page(AskPage {
                    reader: user,
                    conv,
                    place,
                    limit,
                })
            }
            5 => Question::Heads(user, self.convs.clone()),
            6 => Question::Tail(conv, seq, self.chance.below(6)),
            7 => Question::Members(
                user,
                conv,
                self.coin(2).then_some(self.people[2]),
                1 + self.chance.below(5),
            ),
            8 | 9 => Question::Receipts(user, conv, seq),
            10 => Question::Acquainted(user, self.people.clone()),
            11 | 12 => Question::Inbox(user, Ver(self.chance.below(12) as u64)),
            13 => Question::Vers(self.people.clone()),
            14 => Question::Mail(
                user,
                self.device(),
                DeviceSeq(self.chance.below(3) as u64),
                1 + self.chance.below(4),
            ),
            15 => Question::Devices(user),
            16 if self.coin(2) => Question::Starred(user, self.coin(2).then_some(Ver(9)), 1 + self.chance.below(4)),
            16 | 17 => Question::History(AskHistory {
                reader: user,
                conv,
                seq,
                before: self.coin(2).then(|| self.seq(head)),
            }),
            18 => Question::Pins(user, conv),
            19 => Question::LastSeen(self.people.clone()),
            20 | 21 => Question::Standings(user, self.people.clone()),
            22 => Question::MaySee(user, self.people.clone()),
            23 => Question::HiddenFrom(user, conv),
            24 => Question::Manners(user),
            25 => Question::Find(user, if self.coin(2) { "p".into() } else { "NAME".into() }),
            26 => Question::Reports(self.chance.below(3) as u64),
            27 | 28 => Question::Thread(AskThread {
                reader: user,
                conv,
                root: self.old(head),
                place: if self.coin(2) {
                    ThreadPlace::After(seq)
                } else {
                    ThreadPlace::Before(seq)
                },
                limit: 1 + self.chance.below(4),
            }),
            _ => Question::Invites(self.chance.below(4)),
        }
    }
}
