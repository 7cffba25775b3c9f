//! The people of the demo, connected, and one act of theirs.

use super::cast::{LEAD, ROLES};
use super::kept::Kept;
use super::script::Act;
use super::{Place, heard::Heard, heard::listen};
use crate::Wrong;
use crate::connect::connect;
use crate::profile::Account;
use crate::safe;
use client::keep::Nowhere;
use client::own::Wish;
use client::{Client, Follow, No, Target};
use protocol::body::Mention;
use protocol::own::SetMark;
use protocol::{Body, ConversationId, Kind, SendId, Seq, UserId};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a person may take to be connected, and one act to be acknowledged. A server that is asked too much says
/// how long to wait, and the client waits.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(90);
/// What is heard and not yet looked at; beyond it what is heard is forgotten.
const HEARD_MAX: usize = 64;

/// One of the people, connected.
pub struct Player {
    /// Their client.
    pub client: Client,
    /// Their handle there.
    pub handle: String,
    /// Who they are.
    pub user: UserId,
}

/// Everybody who is connected.
pub struct Stage {
    /// By their names in the book.
    pub players: BTreeMap<&'static str, Player>,
}

impl Stage {
    /// Connects everybody, or everybody but the one a newcomer is; what they hear comes out of the other end.
    pub async fn open(place: &Place<'_>, kept: &Kept, with_lead: bool) -> Result<(Self, mpsc::Receiver<Heard>), Wrong> {
        let (tell, told) = mpsc::channel(HEARD_MAX);
        let mut players = BTreeMap::new();
        let mut waiting = Vec::new();
        for role in ROLES.iter().filter(|role| with_lead || role.key != LEAD) {
            let person = kept
                .people
                .get(role.key)
                .ok_or("somebody of the demo is not signed in")?;
            let account = Account {
                server: place.server.clone(),
                user: person.user,
                handle: person.handle.clone(),
                name: role.name.to_owned(),
                device: person.device,
                ca: place.ca.clone(),
                token: None,
            };
            let (client, events) = connect(&account, person.token.clone(), Nowhere, Follow::Open).await?;
            waiting.push(listen(role.key, events, tell.clone()));
            let handle = person.handle.clone();
            let user = person.user;
            players.insert(role.key, Player { client, handle, user });
        }
        for caught_up in waiting {
            let late = || {
                format!(
                    "{} does not let the people of the demo in; its log may say why",
                    place.server
                )
            };
            let in_time = tokio::time::timeout(ANSWER_TIME_MAX, caught_up).await;
            in_time.map_err(|_| late())?.map_err(|_| late())?;
        }
        Ok((Self { players }, told))
    }

    /// Somebody's part.
    pub fn player(&self, who: &str) -> Result<&Player, Wrong> {
        let player = self.players.get(who);
        player.ok_or_else(|| format!("nobody plays {who}").into())
    }

    /// A text, with its mentions set out.
    pub fn body(&self, text: &str, kept: &BTreeMap<String, super::kept::Person>) -> Body {
        let mut body = Body::default();
        for (n, part) in text.split('@').enumerate() {
            if n == 0 {
                body.text.push_str(part);
                continue;
            }
            let name: String = part.chars().take_while(char::is_ascii_lowercase).collect();
            let start = body.text.len();
            body.text.push('@');
            match kept.get(&name) {
                Some(person) => {
                    body.text.push_str(&person.handle);
                    body.mentions.push(Mention {
                        user: person.user,
                        start: start as u32,
                        len: (body.text.len() - start) as u32,
                    });
                    body.text.push_str(&part[name.len()..]);
                }
                None => body.text.push_str(part),
            }
        }
        body
    }

    /// Does one act; the place of what was said, if something was. `said`: the messages before it. What
    /// stands on a message that is not there is not done.
    pub async fn act(&self, scene: &Scene<'_>, said: &[Option<Target>], act: &Act) -> Result<Option<Target>, Wrong> {
        let conv = scene.conv;
        let place = |message: usize| said.get(message).copied().flatten();
        match act {
            Act::Say { who, text, answers } => {
                let client = &self.player(who)?.client;
                let body = self.body(text, scene.people).to_raw();
                let sent = client.send_kind(conv, Kind::Text, body, answers.and_then(place)).await;
                return Ok(Some(done(client, sent).await?));
            }
            Act::React { who, message, emoji } => {
                let client = &self.player(who)?.client;
                if let Some(target) = place(*message) {
                    // An emoji too many is no reason to end.
                    drop(done(client, client.react(conv, target, (*emoji).to_owned(), true).await).await);
                }
            }
            Act::Edit { who, message, text } => {
                let client = &self.player(who)?.client;
                if let Some(target) = place(*message) {
                    done(client, client.edit(conv, target, &self.body(text, scene.people)).await).await?;
                }
            }
            Act::Pin { who, message } => {
                let client = &self.player(who)?.client;
                if let Some(target) = place(*message) {
                    drop(done(client, client.pin(conv, target, true).await).await);
                }
            }
            Act::Star { message } => {
                if let (Some(Target { seq, .. }), Ok(lead)) = (place(*message), self.player(LEAD)) {
                    let star = SetMark {
                        conv,
                        seq,
                        star: Some(true),
                        hidden: None,
                    };
                    lead.client.wish(Wish::Mark(star)).await?;
                }
            }
            Act::Forward { who, message, to } => {
                let client = &self.player(who)?.client;
                if let (Some(origin), Some(to)) = (place(*message), scene.rooms.get(*to)) {
                    drop(done(client, client.forward(*to, Kind::Text, (conv, origin)).await).await);
                }
            }
        }
        Ok(None)
    }

    /// Everybody of a conversation but one has read up to here.
    pub async fn read(&self, members: &[&str], but: &str, conv: ConversationId, seq: Seq) -> Result<(), Wrong> {
        for who in members.iter().filter(|who| **who != but) {
            if let Some(player) = self.players.get(who) {
                player.client.read(conv, seq).await?;
            }
        }
        Ok(())
    }

    /// Everybody goes.
    pub async fn close(self) {
        for player in self.players.into_values() {
            player.client.shutdown().await;
        }
    }
}

/// Where an act is done.
pub struct Scene<'a> {
    /// In which conversation.
    pub conv: ConversationId,
    /// All conversations, by their keys.
    pub rooms: &'a BTreeMap<String, ConversationId>,
    /// All people, by their names in the book.
    pub people: &'a BTreeMap<String, super::kept::Person>,
}

/// Waits until a change is durable.
pub async fn done(client: &Client, written: Result<SendId, No>) -> Result<Target, Wrong> {
    let explain = |no: No| {
        format!(
            "the server does not take what the demo does: {}",
            safe::line(&no.to_string())
        )
    };
    let name = written.map_err(explain)?;
    match tokio::time::timeout(ANSWER_TIME_MAX, client.sent(name)).await {
        Ok(sent) => Ok(sent.map(|seq| Target { seq, name }).map_err(explain)?),
        Err(_) => {
            Err("the server does not answer any more; run the demo again when it does, it goes on from here".into())
        }
    }
}
