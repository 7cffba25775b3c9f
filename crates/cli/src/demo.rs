//! `tidings demo`: a server filled with a team, a family and their history, and a few of them talking on, so that a
//! newcomer sees it live. It comes as people do: it signs them up and speaks for them through the client, and has no
//! door of its own.

mod book;
mod cast;
mod fill;
mod heard;
mod kept;
mod live;
mod script;
mod stage;
#[cfg(test)]
mod tests;

use crate::account::{SERVER, same_server};
use crate::clock::now_ms;
use crate::meter::grouped;
use crate::profile::Profile;
use crate::{Wrong, block_on};
use cast::LEAD;
use clap::Args;
use fill::Filling;
use kept::Kept;
use live::Live;
use protocol::client_frame::AskPeople;
use protocol::link::MakeLink;
use protocol::{SendId, account};
use rand::rngs::{StdRng, SysRng};
use rand::{RngExt, SeedableRng};
use stage::Stage;
use std::cell::RefCell;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The most messages one filling has: the book has not many more different ones.
const MESSAGES_MAX: usize = 3_000;
/// The groups that a newcomer is put into.
const GROUPS_OF_GUESTS: [&str; 3] = ["general", "support", "family"];

/// The arguments of `tidings demo`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings demo                       In a second terminal, beside `make run`. It says how to look at it.
  tidings demo --with ann            You are @ann already: be in it, too.
  tidings demo --for 10m             Talk for ten minutes; without it until Ctrl-C.
  tidings demo --for 0s              Fill, and say nothing more.
  tidings demo --server https://chat.example --invite 1-…

It needs a server that runs. Its people sign up as anybody does; where that takes an invite, the
demo makes one through the server's data directory, if that is on this machine, or takes yours.
Their password is drawn at random and kept in this profile. A second run finds them again, fills
nothing twice, and talks on. Use a server of your own: what they say stays.")]
pub struct Demo {
    /// The server's address; else the one this profile is signed in at, else http://127.0.0.1:8080.
    #[arg(long, env = "TIDINGS_SERVER", value_name = "URL")]
    server: Option<String>,
    /// The data directory of the server, to make an invite where it wants one.
    #[arg(long, env = "TIDINGS_DATA", default_value = "./data", value_name = "DIRECTORY")]
    data: PathBuf,
    /// An invite for all the people of the demo, 13 of them: `tidings admin invite --uses 13`.
    #[arg(long)]
    invite: Option<String>,
    /// Put this person into the groups, too. Who lets no strangers do that is told a link to join by.
    #[arg(long, value_name = "HANDLE")]
    with: Option<String>,
    /// How many messages the history has.
    #[arg(long, default_value_t = 1_200, value_name = "NUMBER", value_parser = messages)]
    messages: usize,
    /// What the history is drawn from: the same number, the same history.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    seed: u64,
    /// How long they talk on, as in 30s, 10m or 2h; else until Ctrl-C.
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    talks: Option<Duration>,
}

/// Where a demo is given.
pub struct Place<'a> {
    /// The server's address.
    pub server: String,
    /// The certificates to trust there.
    pub ca: Option<PathBuf>,
    /// Where it is remembered.
    pub profile: &'a Profile,
}

/// Fills and talks.
pub fn run(demo: &Demo, profile: &Profile) -> Result<(), Wrong> {
    let Some(lock) = profile.lock("demo")? else {
        return Err("a demo of this profile runs already; one is enough".into());
    };
    let home = profile.account()?;
    let at_home = home.as_ref().map(|account| account.server.clone());
    let server = demo.server.clone().or(at_home).unwrap_or_else(|| SERVER.to_owned());
    let of_home = home.filter(|account| same_server(&account.server, &server));
    let ca = profile
        .ca()
        .map(PathBuf::from)
        .or(of_home.and_then(|account| account.ca));
    let place = Place { server, ca, profile };
    let done = block_on(give(demo, &place));
    drop(lock);
    done
}

async fn give(demo: &Demo, place: &Place<'_>) -> Result<(), Wrong> {
    let guest = demo.with.as_deref().map(guest).transpose()?;
    let book = book::read().map_err(|wrong| hidden(&wrong))?;
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut kept = Kept::of(&place.server, place.profile, demo.seed, demo.messages)?;
    tokio::select! {
        gathered = cast::gather(demo, place, &mut kept) => gathered?,
        () = stop(&mut interrupt, &mut terminate) => return Ok(()),
    }
    if kept.whole {
        say("This server is filled already; its people talk on.\n")?;
    } else {
        let (stage, heard) = Stage::open(place, &kept, true).await?;
        drop(heard);
        let kept_so_far = RefCell::new(kept);
        let filling = Filling {
            place,
            book: &book,
            stage: &stage,
            kept: &kept_so_far,
        };
        let filled = tokio::select! {
            filled = filling.fill() => filled.map(|()| true),
            () = stop(&mut interrupt, &mut terminate) => Ok(false),
        };
        filling.remember()?;
        if !filled? {
            return say("Stopped on the way. Run it again, and it goes on from here.\n");
        }
        stage.close().await;
        kept = kept_so_far.into_inner();
        say(&told_filled(&book, &kept))?;
    }
    say(&told_entrance(place, &kept))?;
    let (stage, heard) = Stage::open(place, &kept, false).await?;
    if let Some(handle) = guest {
        say(&invite_guest(&stage, &kept, &handle).await?)?;
    }
    let live = Live::new(&book, &stage, &kept);
    let talks = demo.talks.unwrap_or(Duration::MAX);
    if !talks.is_zero() {
        say("They talk on now, and answer you. Ctrl-C ends it; what was said stays.\n")?;
    }
    let ended = tokio::select! {
        ended = live.talk(now_ms(), heard) => ended,
        () = tokio::time::sleep(talks) => Ok(()),
        () = stop(&mut interrupt, &mut terminate) => say("\n"),
    };
    stage.close().await;
    ended
}

async fn stop(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

fn told_filled(book: &[book::Chapter], kept: &Kept) -> String {
    let shares = script::shares(book, kept.messages);
    let messages: usize = book
        .iter()
        .map(|chapter| script::messages(&script::draw(chapter, shares[chapter.key], kept.seed)))
        .sum();
    let groups = book.iter().filter(|chapter| chapter.title.is_some()).count();
    format!(
        "Filled: {} people, {groups} groups and {} 1:1 chats with {} messages in eight languages.\n",
        kept.people.len(),
        book.len() - groups,
        grouped(messages)
    )
}

/// How a newcomer looks at it.
fn told_entrance(place: &Place<'_>, kept: &Kept) -> String {
    let handle = kept.people.get(LEAD).map_or(LEAD, |person| &person.handle);
    let (program, server) = (crate::program(), &place.server);
    let ca = place
        .ca
        .as_ref()
        .map_or(String::new(), |file| format!(" --ca {}", file.display()));
    format!(
        "\nTo see it, be @{handle}, who is in the team and in the family. In another terminal:\n\n    \
         {program}{ca} --profile {handle} chat --server {server} --sign-in {handle}\n\n\
         Password: {}\n\nThere: /list shows everything, /open General opens it, /help tells the rest.\n\n",
        kept.password
    )
}

/// Puts somebody into the groups; else says by which links they join.
async fn invite_guest(stage: &Stage, kept: &Kept, handle: &str) -> Result<String, Wrong> {
    let ask = AskPeople {
        handles: vec![handle.to_owned()],
        ..AskPeople::default()
    };
    let book = book::read().map_err(|wrong| hidden(&wrong))?;
    let maker = &stage.player("marcus")?.client;
    let Some(guest) = maker.people(ask).await?.first().map(|person| person.user) else {
        return Err(format!("--with {handle}: nobody here has this handle; sign up first").into());
    };
    let (mut said, mut links) = (String::new(), String::new());
    for chapter in book.iter().filter(|chapter| GROUPS_OF_GUESTS.contains(&chapter.key)) {
        let (Some(room), Some(title)) = (kept.rooms.get(chapter.key), chapter.title) else {
            continue;
        };
        let maker = &stage.player(chapter.members[0])?.client;
        let added = stage::done(maker, maker.add(room.conv, vec![guest]).await).await;
        if added.is_ok() {
            said.push_str(&format!("@{handle} is in {title}.\n"));
            continue;
        }
        let link = MakeLink {
            conv: room.conv,
            send_id: SendId::from_random(StdRng::try_from_rng(&mut SysRng)?.random()),
            uses: Some(1),
            expires_ms: None,
        };
        let made = maker.make_link(link).await?;
        links.push_str(&format!("    /join {}\n", made.token.expose()));
    }
    if !links.is_empty() {
        said.push_str(&format!(
            "@{handle} is in it, or lets no strangers add them. To join, type in their chat:\n\n{links}\n"
        ));
    }
    Ok(said)
}

fn guest(typed: &str) -> Result<String, Wrong> {
    account::handle(typed).ok_or_else(|| format!("--with {typed}: that is no handle").into())
}

fn messages(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=MESSAGES_MAX).contains(number));
    number.ok_or_else(|| format!("a number from 1 to {MESSAGES_MAX}"))
}

fn time(text: &str) -> Result<Duration, String> {
    let wrong = || "a number and s, m or h: 30s, 10m, 2h".to_owned();
    let unit_s = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        _ => return Err(wrong()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number) * unit_s))
}

/// A mistake in the program itself: nothing a person could do about it.
fn hidden(what: &str) -> Wrong {
    format!("the demo itself is wrong: {what}").into()
}

fn say(text: &str) -> Result<(), Wrong> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
