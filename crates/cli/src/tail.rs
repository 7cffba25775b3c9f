//! `tidings tail`: what is said, one line an entry, for people and programs. It reads pages and takes live entries only
//! as a hint that there is something to read, so what it prints of a conversation has no gap.

use crate::clock::Local;
use crate::connect::{connect, stopped};
use crate::people::People;
use crate::profile::Profile;
use crate::words::{self, Said};
use crate::{Wrong, block_on, safe};
use clap::Args;
use client::keep::Nowhere;
use client::{Client, Event, Follow};
use protocol::client_frame::Place;
use protocol::limits::PAGE_ENTRIES_MAX;
use protocol::server_frame::ConversationRow;
use protocol::{ConversationId, Entry, Seq};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// The arguments of `tidings tail`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings tail                                   Follow everything from now on.
  tidings tail --json --last 10 --until-idle     The last ten entries of each conversation.
  tidings tail --json --conv @bob --after 41     Everything after entry 41, then follow.
  tidings tail --json --after 2eae6aa7-effc-8333-9b1a-8f2ab405bc14=41
                                                 Go on there after 41, elsewhere from now on.

Each JSON line has conv, title, seq, ord, id, sender, handle, created_ms, kind, body, and what
else the entry has. Seqs of a conversation grow without a gap: keep the last one you dealt with,
and say --after when you come back.")]
pub struct Tail {
    /// Print JSON: one object a line.
    #[arg(long)]
    json: bool,
    /// Only this conversation: @HANDLE, a group's title, or an id. May be given several times.
    #[arg(long, value_name = "CONV")]
    conv: Vec<String>,
    /// Begin after this seq; CONV_ID=SEQ for one conversation among several.
    #[arg(long, value_name = "SEQ")]
    after: Vec<String>,
    /// Begin with the last so many entries of each conversation.
    #[arg(long, value_name = "COUNT", conflicts_with = "after")]
    last: Option<u64>,
    /// End when everything that is there now is printed.
    #[arg(long)]
    until_idle: bool,
}

/// Prints until it is told to stop, or everything is printed.
pub fn run(arguments: &Tail, profile: &Profile) -> Result<(), Wrong> {
    let after = After::read(&arguments.after)?;
    match block_on(tail(arguments, after, profile)) {
        // Whoever read our output has seen enough.
        Err(wrong)
            if wrong
                .downcast_ref::<io::Error>()
                .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) =>
        {
            Ok(())
        }
        done => done,
    }
}

/// Where to begin.
#[derive(Default)]
struct After {
    everywhere: Option<Seq>,
    there: BTreeMap<ConversationId, Seq>,
}

impl After {
    fn read(words: &[String]) -> Result<Self, Wrong> {
        let mut after = Self::default();
        for word in words {
            let bad = || format!("--after {word}: a number, or CONV_ID=NUMBER");
            match word.split_once('=') {
                Some((conv, seq)) => {
                    let (conv, seq) = (conv.parse().map_err(|_| bad())?, seq.parse().map_err(|_| bad())?);
                    after.there.insert(conv, Seq(seq));
                }
                None => after.everywhere = Some(Seq(word.parse().map_err(|_| bad())?)),
            }
        }
        Ok(after)
    }
}

async fn tail(arguments: &Tail, after: After, profile: &Profile) -> Result<(), Wrong> {
    let (account, token) = profile.signed_in()?;
    let (client, mut events) = connect(&account, token, Nowhere, Follow::Lively).await?;
    let mut follower = Follower {
        arguments,
        after,
        profile,
        client,
        people: People::kept(profile),
        printed: BTreeMap::new(),
        caught_up: false,
    };
    let (mut interrupt, mut terminate) = signals()?;
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
        };
        match event {
            Some(Event::CaughtUp) => {
                follower.caught_up().await?;
                if arguments.until_idle {
                    break;
                }
            }
            Some(Event::Grown { conv, .. } | Event::Changed { conv } | Event::Skipped { conv, .. }) => {
                follower.read(BTreeSet::from([conv])).await?;
            }
            Some(Event::Inbox { convs }) => follower.read(convs.into_iter().collect()).await?,
            Some(Event::Behind | Event::Resynced) => follower.read_all().await?,
            Some(Event::Stopped { duty, code }) => return Err(stopped(profile, &account, duty, code)?),
            Some(Event::Offline { .. }) if arguments.until_idle && !follower.caught_up => {
                return Err(format!("{} cannot be reached; is the server running?", account.server).into());
            }
            Some(_) => {}
            None => return Err("the client ended too early".into()),
        }
    }
    follower.client.shutdown().await;
    Ok(())
}

fn signals() -> Result<(tokio::signal::unix::Signal, tokio::signal::unix::Signal), Wrong> {
    use tokio::signal::unix::{SignalKind, signal};
    Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
}

struct Follower<'a> {
    arguments: &'a Tail,
    after: After,
    profile: &'a Profile,
    client: Client,
    people: People,
    /// Up to where each conversation is printed.
    printed: BTreeMap<ConversationId, Seq>,
    caught_up: bool,
}

impl Follower<'_> {
    /// The inbox is known: from here on conversations that appear are new and printed from their beginning.
    async fn caught_up(&mut self) -> Result<(), Wrong> {
        let rows = self.client.inbox().await?;
        let peers = rows.iter().filter_map(|(row, _)| row.peer.map(|peer| peer.user));
        self.people.ask(&self.client, peers, self.profile).await;
        if !self.caught_up {
            self.caught_up = true;
            for (row, _) in &rows {
                let begin = self.begin(row);
                self.printed.insert(row.conv, begin);
            }
        }
        for name in &self.arguments.conv {
            if !rows.iter().any(|(row, _)| self.is_called(row, name)) {
                return Err(format!("--conv {name}: no conversation of yours is called so").into());
            }
        }
        self.read(rows.iter().map(|(row, _)| row.conv).collect()).await
    }

    fn begin(&self, row: &ConversationRow) -> Seq {
        let asked = self.after.there.get(&row.conv).copied().or(self.after.everywhere);
        match (asked, self.arguments.last) {
            (Some(seq), _) => seq,
            (None, Some(count)) => Seq(row.head_seq.0.saturating_sub(count)),
            (None, None) => row.head_seq,
        }
    }

    fn is_called(&self, row: &ConversationRow, name: &str) -> bool {
        let title = words::title(row, &self.people).to_lowercase();
        title == name.to_lowercase() || row.conv.to_string() == name
    }

    async fn read_all(&mut self) -> Result<(), Wrong> {
        let rows = self.client.inbox().await?;
        self.read(rows.iter().map(|(row, _)| row.conv).collect()).await
    }

    /// Prints what is new in these conversations.
    async fn read(&mut self, convs: BTreeSet<ConversationId>) -> Result<(), Wrong> {
        if !self.caught_up {
            return Ok(());
        }
        for (row, _) in self.client.inbox().await? {
            if convs.contains(&row.conv) && self.is_wanted(&row).await {
                self.read_one(&row).await?;
            }
        }
        Ok(())
    }

    async fn is_wanted(&mut self, row: &ConversationRow) -> bool {
        self.people
            .ask(&self.client, row.peer.map(|peer| peer.user), self.profile)
            .await;
        self.arguments.conv.is_empty() || self.arguments.conv.iter().any(|name| self.is_called(row, name))
    }

    async fn read_one(&mut self, row: &ConversationRow) -> Result<(), Wrong> {
        loop {
            let from = self.printed.get(&row.conv).copied().unwrap_or_default();
            let page = self
                .client
                .page(row.conv, Place::After(from), PAGE_ENTRIES_MAX as u32)
                .await;
            // Refused, or the connection went: the next event about this conversation comes back to it.
            let Ok(page) = page else { return Ok(()) };
            let new: Vec<&Entry> = page.entries.iter().filter(|entry| entry.seq > from).collect();
            let of = |entry: &&Entry| [vec![entry.sender], words::named(&entry.kind, &entry.body)].concat();
            self.people
                .ask(&self.client, new.iter().flat_map(of), self.profile)
                .await;
            for entry in new {
                self.print(row, entry)?;
            }
            if page.to > from {
                self.printed.insert(row.conv, page.to);
            }
            if !page.more || page.to <= from || !page.fresh {
                return Ok(());
            }
        }
    }

    fn print(&self, row: &ConversationRow, entry: &Entry) -> Result<(), Wrong> {
        let (title, handle) = (words::title(row, &self.people), self.people.handle(entry.sender));
        let mut out = io::stdout().lock();
        if self.arguments.json {
            let mut line = serde_json::to_value(entry)?;
            line["conv"] = serde_json::to_value(row.conv)?;
            line["title"] = title.into();
            line["handle"] = handle.into();
            writeln!(out, "{line}")?;
        } else {
            let time = Local::at(entry.created_ms).minute();
            match words::said(&entry.kind, &entry.body, entry.sender, &self.people, self.client.me()) {
                Said::Words(_) if entry.target_seq.is_some() => {}
                Said::Words(words) => writeln!(out, "{time} {title} {handle}: {}", safe::line(&words))?,
                Said::Did(did) => writeln!(out, "{time} {title} * {handle} {did}")?,
            }
        }
        Ok(out.flush()?)
    }
}
