//! A group itself: its settings, roles and links, and who is let in.

use super::doing::{Not, explain, not};
use super::own::fresh;
use super::talk::{Line, Talk};
use super::typed::Tend;
use crate::clock::Local;
use crate::people::ANSWER_TIME_MAX;
use crate::{Wrong, safe};
use client::{Joined, No};
use protocol::link::{Link, MakeLink, Request};
use protocol::server_frame::{ConversationKind, Person};
use protocol::{ConversationId, UserId};
use std::collections::BTreeSet;

impl Talk<'_> {
    /// A command about a group itself.
    pub(super) async fn tend(&mut self, tend: Tend) -> Result<(), Not> {
        match tend {
            Tend::Set(change) => {
                let conv = self.here("It is about the open group.")?;
                self.client.change_settings(conv, change).await?;
            }
            Tend::Role(handle, role) => {
                let conv = self.here("/role @bob admin is about the open group.")?;
                let user = self.user(&handle).await?;
                self.client.change_role(conv, user, role).await?;
            }
            Tend::Admit(handle, yes) => {
                let conv = self.here("/admit @bob lets somebody into the open group.")?;
                let user = self.user(&handle).await?;
                self.client.admit(conv, user, yes).await?;
            }
            Tend::Link(uses) => self.link(uses).await?,
            Tend::Links => {
                let conv = self.here("/links is about the open group.")?;
                let links = self.asked_links(conv).await?;
                self.show_links(&links)?;
            }
            Tend::Unlink(n) => self.unlink(n).await?,
            Tend::Join(link) => self.join(&link).await?,
            Tend::Requests => self.requests().await?,
        }
        Ok(())
    }

    async fn link(&mut self, uses: Option<u32>) -> Result<(), Not> {
        let conv = self.here("/link makes a link into the open group.")?;
        self.online()?;
        let ask = MakeLink {
            conv,
            send_id: fresh()?,
            uses,
            expires_ms: None,
        };
        let made = self.answered(self.client.make_link(ask)).await?;
        let link = made.url.as_ref().unwrap_or(&made.token);
        self.terminal.paper.say(&safe::line(link.expose()))?;
        let until = Local::at(made.link.expires_ms).minute();
        self.say_dim(&format!(
            "Whoever has this can /join until {until}. It is shown this once; /unlink voids it."
        ))?;
        Ok(())
    }

    async fn asked_links(&mut self, conv: ConversationId) -> Result<Vec<Link>, Not> {
        self.online()?;
        self.answered(self.client.links(conv)).await
    }

    fn show_links(&mut self, links: &[Link]) -> Result<(), Not> {
        if links.is_empty() {
            self.say_dim("There is no link that can be used; /link makes one.")?;
        }
        for (n, link) in links.iter().enumerate() {
            let left = match link.uses_left {
                Some(left) => format!("for {left} more"),
                None => "for everybody".to_owned(),
            };
            let until = Local::at(link.expires_ms).minute();
            let by = self.people.handle(link.creator);
            self.terminal
                .paper
                .say(&format!("{:>3}  {left}, until {until}, by @{by}", n + 1))?;
        }
        Ok(())
    }

    async fn unlink(&mut self, n: usize) -> Result<(), Not> {
        let conv = self.here("/unlink 1 voids a link into the open group.")?;
        let links = self.asked_links(conv).await?;
        let Some(link) = n.checked_sub(1).and_then(|at| links.get(at)) else {
            return not(format!("There is no link {n}; /links shows them."));
        };
        let left = self.answered(self.client.revoke_link(conv, link.link)).await?;
        self.say_dim("That link is void.")?;
        self.show_links(&left)
    }

    /// Joins by the link that the chat was begun with. Whoever signed up by it may have come too late to join by it.
    pub(super) async fn join_first(&mut self, link: &str) -> Result<(), Wrong> {
        let why = match self.join(link).await {
            Ok(()) => return Ok(()),
            Err(Not::Done(why)) => why,
            Err(Not::On(wrong)) => match wrong.downcast_ref::<No>() {
                Some(no) => explain(no),
                None => return Err(wrong),
            },
        };
        let handle = self.account.handle.clone();
        self.say_bad(&format!("You are @{handle} here, but not in that group: {why}"))
    }

    async fn join(&mut self, link: &str) -> Result<(), Not> {
        self.online()?;
        let look = self.answered(self.client.look_behind(link)).await?;
        let title = safe::line(look.title.as_deref().unwrap_or("a group"));
        match self.answered(self.client.join(link, fresh()?)).await? {
            Joined::In(ack) => {
                self.say_dim(&format!("You are in {title} now, with {} others.", look.members))?;
                self.enter(ack.conv).await?;
            }
            Joined::Asked(_) => {
                self.say_dim(&format!(
                    "You have asked to be let into {title}. It appears in /list when you are."
                ))?;
            }
        }
        Ok(())
    }

    /// Says who asks to be let into a group, if it is for us to admit them and was not said yet.
    pub(super) async fn tell_who_asks(&mut self, conv: ConversationId) -> Result<(), Wrong> {
        let row = self
            .client
            .look(move |core| core.state().inbox.row(conv).map(|row| row.asking))
            .await?;
        let count = row.unwrap_or(0) as usize;
        if count == 0 {
            self.asking.remove(&conv);
        }
        if self.line != Line::Up || count == self.asking.get(&conv).map_or(0, BTreeSet::len) {
            return Ok(());
        }
        // Whatever comes between, the next row of the inbox asks again.
        let asked = tokio::time::timeout(ANSWER_TIME_MAX, self.client.join_requests(conv)).await;
        let Ok(Ok(requests)) = asked else {
            return Ok(());
        };
        self.meet(&requests);
        let now: BTreeSet<UserId> = requests.iter().map(|request| request.user).collect();
        let before = self.asking.insert(conv, now.clone()).unwrap_or_default();
        let (title, number) = (self.title(conv).await?, self.number(conv));
        let first = if self.is_open(conv) {
            String::new()
        } else {
            format!("/open {number}, then ")
        };
        for user in now.difference(&before) {
            let who = self.people.handle(*user);
            self.say_dim(&format!("{who} asks to come into {title}: {first}/admit @{who}"))?;
        }
        Ok(())
    }

    /// Remembers who asks: the server does not say otherwise who a stranger is.
    fn meet(&mut self, requests: &[Request]) {
        let person = |request: &Request| {
            Some(Person {
                user: request.user,
                handle: request.handle.clone()?,
                name: request.name.clone()?,
                about: None,
                picture: None,
                deactivated: false,
            })
        };
        let people = requests.iter().filter_map(person).collect();
        self.people.learn(people, self.profile);
    }

    async fn requests(&mut self) -> Result<(), Not> {
        let conv = self.here("/requests shows who asks to be let into the open group; /strangers who wrote to you.")?;
        let row = self
            .client
            .look(move |core| core.state().inbox.row(conv).map(|row| row.kind))
            .await?;
        if row == Some(ConversationKind::Direct) {
            return self.strangers().await;
        }
        self.online()?;
        let requests = self.answered(self.client.join_requests(conv)).await?;
        if requests.is_empty() {
            self.say_dim("Nobody asks to be let in.")?;
        }
        self.meet(&requests);
        for request in requests {
            let (who, since) = (self.people.handle(request.user), Local::at(request.asked_ms).minute());
            self.terminal.paper.say(&format!("  @{who}, since {since}"))?;
        }
        Ok(())
    }
}
