//! Who one is and who may reach one, in a chat: the profile, privacy, strangers who wrote, blocks, reports.

use super::doing::{Not, not};
use super::own::fresh;
use super::talk::Talk;
use super::typed::handle;
use crate::safe;
use protocol::client_frame::AskPeople;
use protocol::people::{Answer, Audience, FirstContact, Privacy, SetPrivacy, SetProfile};
use protocol::server_frame::{ConversationKind, ConversationRow, Person};
use protocol::{ConversationId, Seq, UserId};

/// What somebody's own link has between the server's address and their handle.
const LINK: &str = "/u/#";

/// What is decided about people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manners {
    /// Who I am, or somebody else.
    Profile(Option<String>),
    /// I am this now.
    Become(SetProfile),
    /// Who may reach me; with something in it, from now on.
    Privacy(SetPrivacy),
    /// Hear nothing of somebody, or again; nobody named: of whom the open 1:1 is with.
    Block(Option<String>, bool),
    /// Whom I block.
    Blocked,
    /// Which strangers wrote to me.
    Strangers,
    /// What becomes of what a stranger wrote: of the open conversation, or of this person.
    Answer(Option<String>, Answer),
    /// Somebody should look at this.
    Report(Reported, String),
    /// Whose handle or name begins like this.
    Find(String),
}

/// What is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reported {
    /// A person.
    Person(String),
    /// A message, counted from the last.
    Message(usize),
}

/// A command about people, if it is one.
pub fn understood(word: &str, rest: &str) -> Option<Result<Manners, String>> {
    let wrong = |example: &str| Err(format!("Like this: {example}"));
    let who = || (!rest.is_empty()).then(|| handle(rest)).transpose();
    let become_this = |set| Ok(Manners::Become(set));
    let set = SetProfile::default();
    let off = |words: &str| {
        Some(if words == "off" {
            String::new()
        } else {
            words.to_owned()
        })
    };
    Some(match (word, rest) {
        ("profile", _) => who().map(Manners::Profile),
        ("name", "") => wrong("/name Ann Archer"),
        ("name", name) => become_this(SetProfile {
            name: Some(name.to_owned()),
            ..set
        }),
        ("handle", "") => wrong("/handle ann.a (the old one stays yours for 30 days)"),
        ("handle", new) => handle(new).map(|new| {
            Manners::Become(SetProfile {
                handle: Some(new),
                ..set
            })
        }),
        ("about", "") => wrong("/about On leave until May, /about off"),
        ("about", words) => become_this(SetProfile {
            about: off(words),
            ..set
        }),
        ("picture", "") => wrong("/picture and its name, /picture off"),
        ("picture", name) => become_this(SetProfile {
            picture: off(name),
            ..set
        }),
        ("privacy", _) => privacy(rest).map(Manners::Privacy),
        ("block", _) => who().map(|who| Manners::Block(who, true)),
        ("unblock", _) => who().map(|who| Manners::Block(who, false)),
        ("blocked", _) => Ok(Manners::Blocked),
        ("strangers", _) => Ok(Manners::Strangers),
        ("accept", _) => who().map(|who| Manners::Answer(who, Answer::Accept)),
        ("ignore", _) => who().map(|who| Manners::Answer(who, Answer::Ignore)),
        ("report", _) => report(rest),
        ("find", "") => wrong("/find ann (how a handle or a name begins, of those you know)"),
        ("find", prefix) => Ok(Manners::Find(prefix.trim_start_matches('@').to_owned())),
        _ => return None,
    })
}

fn privacy(rest: &str) -> Result<SetPrivacy, String> {
    let none = SetPrivacy::default();
    if rest.is_empty() {
        return Ok(none);
    }
    let audience = |word: &str| match word {
        "everyone" => Some(Some(Audience::Everyone)),
        "acquainted" => Some(Some(Audience::Acquainted)),
        "nobody" => Some(Some(Audience::Nobody)),
        _ => None,
    };
    let (what, who) = rest.split_once(' ').unwrap_or((rest, ""));
    match (what, audience(who.trim())) {
        ("write", Some(who_writes)) => Ok(SetPrivacy { who_writes, ..none }),
        ("add", Some(who_adds)) => Ok(SetPrivacy { who_adds, ..none }),
        ("seen", Some(last_seen)) => Ok(SetPrivacy { last_seen, ..none }),
        ("receipts", Some(receipts)) => Ok(SetPrivacy { receipts, ..none }),
        _ => Err(
            "Like this: /privacy write everyone; what: write, add, seen, receipts; who: everyone, acquainted, nobody."
                .to_owned(),
        ),
    }
}

fn report(rest: &str) -> Result<Manners, String> {
    let (what, why) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let why = why.trim().to_owned();
    let reported = match what.strip_prefix('^') {
        Some(nth) => nth.parse().ok().filter(|nth| *nth > 0).map(Reported::Message),
        None if what.starts_with('@') => Some(Reported::Person(handle(what)?)),
        None => None,
    };
    match reported {
        Some(reported) => Ok(Manners::Report(reported, why)),
        None => Err("Like this: /report ^2 sells watches (a message), /report @bob sells watches".to_owned()),
    }
}

/// The handle in somebody's own link, or what was typed.
pub fn behind_link(text: &str) -> &str {
    text.split_once(LINK).map_or(text, |(_, handle)| handle)
}

fn audience(audience: Audience) -> &'static str {
    match audience {
        Audience::Everyone => "everyone",
        Audience::Acquainted => "whom I know",
        Audience::Nobody => "nobody",
    }
}

fn told_privacy(privacy: &Privacy) -> String {
    let Privacy {
        who_writes,
        who_adds,
        last_seen,
        receipts,
    } = *privacy;
    format!(
        "  write     {:<12} may begin to talk with me; from a stranger it is a request\n  \
           add       {:<12} may put me into groups\n  \
           seen      {:<12} may know when I am there; nobody: nor do I of others\n  \
           receipts  {:<12} may know what I have read; nobody: nor do I of others",
        audience(who_writes),
        audience(who_adds),
        audience(last_seen),
        audience(receipts)
    )
}

impl Talk<'_> {
    /// A command about people.
    pub(super) async fn manners(&mut self, manners: Manners) -> Result<(), Not> {
        match manners {
            Manners::Profile(who) => self.show_profile(who).await,
            Manners::Become(set) => self.become_this(set).await,
            Manners::Privacy(set) => {
                self.online()?;
                let privacy = self.answered(self.client.set_privacy(set)).await?;
                self.terminal.paper.say(&told_privacy(&privacy))?;
                Ok(())
            }
            Manners::Block(who, on) => self.block(who, on).await,
            Manners::Blocked => self.blocked().await,
            Manners::Strangers => self.strangers().await,
            Manners::Answer(who, answer) => self.answer(who, answer).await,
            Manners::Report(what, why) => self.report(what, why).await,
            Manners::Find(prefix) => self.find_people(prefix).await,
        }
    }

    async fn show_profile(&mut self, who: Option<String>) -> Result<(), Not> {
        self.online()?;
        let ask = match who {
            None => AskPeople {
                users: vec![self.client.me()],
                ..AskPeople::default()
            },
            Some(handle) => AskPeople {
                handles: vec![handle],
                ..AskPeople::default()
            },
        };
        let found = self.answered(self.client.people(ask)).await?;
        let Some(person) = found.first().cloned() else {
            return not("Nobody here is called that.");
        };
        self.people.learn(found, self.profile);
        self.say_person(&person)
    }

    fn say_person(&mut self, person: &Person) -> Result<(), Not> {
        let mut lines = vec![format!(
            "  @{}  {}",
            safe::line(&person.handle),
            safe::line(&person.name)
        )];
        lines.extend(person.about.as_deref().map(|about| format!("  {}", safe::shown(about))));
        let picture = |name| format!("  picture: {}", safe::line(name));
        lines.extend(person.picture.as_deref().map(picture));
        if person.deactivated {
            lines.push("  Their account is deactivated.".to_owned());
        }
        let server = self.account.server.trim_end_matches('/');
        lines.push(format!("  {}{LINK}{}", safe::line(server), safe::line(&person.handle)));
        self.terminal.paper.say(&lines.join("\n"))?;
        Ok(())
    }

    async fn become_this(&mut self, set: SetProfile) -> Result<(), Not> {
        self.online()?;
        let person = self.answered(self.client.set_profile(set)).await?;
        self.account.handle.clone_from(&person.handle);
        self.account.name.clone_from(&person.name);
        // Only what signing in proposes: what cannot be kept is typed the next time.
        drop(self.profile.keep(&self.account));
        self.people.learn(vec![person.clone()], self.profile);
        self.say_person(&person)
    }

    /// Whom a command is about: the one that is named, or whom the open 1:1 is with.
    async fn whom(&mut self, who: Option<String>, example: &str) -> Result<UserId, Not> {
        if let Some(handle) = who {
            return self.user(&handle).await;
        }
        let conv = self.here(example)?;
        let row = self.row(conv).await?;
        match row.and_then(|row| row.peer) {
            Some(peer) => Ok(peer.user),
            None => not(format!("Of whom? {example}")),
        }
    }

    async fn row(&self, conv: ConversationId) -> Result<Option<ConversationRow>, Not> {
        let row = move |core: &client::Core| core.state().inbox.row(conv).cloned();
        Ok(self.client.look(row).await?)
    }

    async fn block(&mut self, who: Option<String>, on: bool) -> Result<(), Not> {
        let user = self.whom(who, "/block @bob, /unblock @bob.").await?;
        self.online()?;
        self.answered(self.client.block(user, on)).await?;
        let handle = self.people.handle(user);
        if !on {
            self.say_dim(&format!("You hear @{handle} again."))?;
            return Ok(());
        }
        self.there.remove(&user);
        self.say_dim(&format!(
            "@{handle} is blocked: they cannot write to you, nor see when you are there or what you read, and are not \
             told why. /unblock @{handle} undoes it; /report @{handle} tells whoever runs this server."
        ))?;
        Ok(())
    }

    async fn blocked(&mut self) -> Result<(), Not> {
        let blocks = self.client.blocks().await?;
        self.people
            .ask(&self.client, blocks.iter().copied(), self.profile)
            .await;
        if blocks.is_empty() {
            self.say_dim("You block nobody. /block @bob blocks somebody.")?;
        }
        for user in blocks {
            let name = self.people.get(user).map_or(String::new(), |one| safe::line(&one.name));
            let line = format!("  @{:<16} {name}", self.people.handle(user));
            self.terminal.paper.say(&line)?;
        }
        Ok(())
    }

    /// Who wrote and was not taken up yet. What was put aside is not told again.
    pub(super) async fn strangers(&mut self) -> Result<(), Not> {
        let open = |core: &client::Core| {
            let rows = core.state().inbox.rows();
            let open = rows.filter(|row| row.request == Some(FirstContact::Open));
            open.filter_map(|row| row.peer.map(|peer| peer.user))
                .collect::<Vec<_>>()
        };
        let users = self.client.look(open).await?;
        self.people.ask(&self.client, users.iter().copied(), self.profile).await;
        if users.is_empty() {
            self.say_dim("No stranger waits for an answer.")?;
            return Ok(());
        }
        for user in &users {
            let name = self
                .people
                .get(*user)
                .map_or(String::new(), |one| safe::line(&one.name));
            let line = format!("  @{:<16} {name}", self.people.handle(*user));
            self.terminal.paper.say(&line)?;
        }
        self.say_dim("/accept @bob, /ignore @bob or /block @bob; to answer them accepts them, too.")?;
        Ok(())
    }

    async fn answer(&mut self, who: Option<String>, answer: Answer) -> Result<(), Not> {
        let user = self.whom(who, "/accept @bob, /ignore @bob.").await?;
        self.online()?;
        let conv = ConversationId::direct(self.client.me(), user);
        self.answered(self.client.answer(conv, answer)).await?;
        let handle = self.people.handle(user);
        let said = match answer {
            Answer::Accept => format!("@{handle} is welcome: they see what you read, and when you are there."),
            Answer::Ignore => format!("Put aside. @{handle} cannot tell; /accept @{handle} takes it up after all."),
            Answer::Block => format!("@{handle} is blocked."),
        };
        self.say_dim(&said)?;
        Ok(())
    }

    async fn report(&mut self, what: Reported, why: String) -> Result<(), Not> {
        let (conv, user, seqs) = match what {
            Reported::Message(nth) => {
                let (conv, seq, user) = self.reported(nth).await?;
                (conv, user, vec![seq])
            }
            Reported::Person(handle) => {
                let user = self.user(&handle).await?;
                let direct = ConversationId::direct(self.client.me(), user);
                // In an open group it is about what they do there; a 1:1 with somebody else has nothing to do with it.
                let open = match self.room.as_ref().map(|room| room.conv) {
                    Some(open) => self.row(open).await?.filter(|row| row.kind == ConversationKind::Group),
                    None => None,
                };
                (open.map_or(direct, |row| row.conv), user, Vec::new())
            }
        };
        self.online()?;
        self.answered(self.client.report(fresh()?, conv, user, seqs, why))
            .await?;
        let handle = self.people.handle(user);
        self.say_dim(&format!(
            "Reported to whoever runs this server, with a copy of the message if you named one. /block @{handle} if \
             you want to hear nothing more of them."
        ))?;
        Ok(())
    }

    /// A message of somebody else, counted from the last.
    async fn reported(&mut self, nth: usize) -> Result<(ConversationId, Seq, UserId), Not> {
        let conv = self.here("/report ^1 reports its last message.")?;
        let mut lines = self.shown(conv).await?;
        lines.retain(|line| line.seq.is_some() && line.kind.counts());
        let meant = lines.len().checked_sub(nth).and_then(|at| lines.get(at));
        match meant.and_then(|line| Some((line.seq?, line.sender))) {
            Some((_, sender)) if sender == self.client.me() => not("That one is yours; ^1 is the last message."),
            Some((seq, sender)) => Ok((conv, seq, sender)),
            None => not(format!("There are only {} messages here; ^1 is the last.", lines.len())),
        }
    }

    async fn find_people(&mut self, prefix: String) -> Result<(), Not> {
        self.online()?;
        let ask = AskPeople {
            prefix: Some(prefix),
            ..AskPeople::default()
        };
        let found = self.answered(self.client.people(ask)).await?;
        if found.is_empty() {
            self.say_dim(
                "Nobody you know is called that. Others are found by their whole handle: /profile @bob, /new @bob.",
            )?;
        }
        for person in &found {
            let line = format!("  @{:<16} {}", safe::line(&person.handle), safe::line(&person.name));
            self.terminal.paper.say(&line)?;
        }
        self.people.learn(found, self.profile);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(word: &str, rest: &str) -> Manners {
        understood(word, rest).expect("a command").expect("understood")
    }

    #[test]
    fn commands_about_people_are_understood() {
        assert_eq!(ok("block", "@Bob"), Manners::Block(Some("bob".to_owned()), true));
        assert_eq!(ok("accept", ""), Manners::Answer(None, Answer::Accept));
        let seen = Some(Audience::Nobody);
        let set = SetPrivacy {
            last_seen: seen,
            ..SetPrivacy::default()
        };
        assert_eq!(ok("privacy", "seen nobody"), Manners::Privacy(set));
        let (what, why) = (Reported::Message(2), "sells watches".to_owned());
        assert_eq!(ok("report", "^2  sells watches"), Manners::Report(what, why));
        let link = "https://chat.example/u/#bob";
        assert_eq!(ok("profile", link), Manners::Profile(Some("bob".to_owned())));
        let about = SetProfile {
            about: Some(String::new()),
            ..SetProfile::default()
        };
        assert_eq!(ok("about", "off"), Manners::Become(about));
        assert_eq!(understood("lsit", ""), None);
    }

    #[test]
    fn what_is_typed_wrong_is_answered_with_how() {
        let wrong = |word, rest| understood(word, rest).expect("a command").expect_err(rest);
        assert!(wrong("privacy", "seen friends").contains("/privacy write everyone"));
        assert!(wrong("report", "bob").contains("/report ^2"));
        assert!(wrong("report", "^0 no").contains("/report ^2"));
        assert!(wrong("handle", "nö").contains("no handle"));
        assert!(wrong("find", "").contains("/find ann"));
    }
}
