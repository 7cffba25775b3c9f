//! `tidings chat`: talk, line by line. On a terminal with a line being typed below what is said; in a pipe plain lines,
//! for scripts.

mod keys;
mod complete;
mod editor;
mod marked;
mod measure;
mod paper;
mod terminal;
mod typed;
mod room;
mod talk;
mod tend;
mod events;
mod own;
mod manners;
mod doing;
mod listing;
mod changing;
mod thread;

use crate::account::Entrance;
use crate::clock::now_ms;
use crate::connect::connect;
use crate::profile::Profile;
use crate::{Wrong, block_on};
use clap::Args;
use client::keep::File;
use client::{Event, Follow};
use std::io;
use std::time::Duration;
use talk::{Onward, Talk};
use terminal::{Input, Terminal};

/// The journal of `tidings chat`.
const JOURNAL: &str = "chat";

/// How long it is waited, on leaving, for the answer to what was begun.
const LAST_WORD_TIME_MAX: Duration = Duration::from_secs(2);

/// The arguments of `tidings chat`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings chat --server http://chat.example:8080 --sign-up ann --invite 1-wbcz4-…
  tidings chat --sign-in ann         On another machine.
  tidings chat --sign-up ann --join 'https://chat.example/j/#…'
                                     Join a group by a link, and make an account on the way.
  tidings chat @bob                  Go straight to bob.
  tidings --profile bob chat         Be bob, in a second terminal.
  printf '/open @bob\\nhello\\n' | tidings chat

In there, /help tells the rest. What you write without a connection is kept and sent later.
NO_COLOR=1 turns colours off; without a terminal everything is plain lines.")]
pub struct Chat {
    /// Go straight to this conversation: @HANDLE, or a group's title.
    #[arg(value_name = "WITH")]
    with: Option<String>,
    #[command(flatten)]
    entrance: Entrance,
}

/// Talks until there is nothing more to say.
pub fn run(arguments: Chat, profile: &Profile) -> Result<(), Wrong> {
    let outcome = block_on(chat(arguments, profile));
    match outcome {
        // Whoever read our output has seen enough.
        Err(wrong)
            if wrong
                .downcast_ref::<io::Error>()
                .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) =>
        {
            Ok(())
        }
        outcome => outcome,
    }
}

enum Happened {
    Event(Option<Event>),
    Input(io::Result<Input>),
    TypingEnded,
}

/// Ends at that moment, in milliseconds since 1970; never, if there is none.
async fn typing_ends(until_ms: Option<u64>) {
    match until_ms {
        Some(until_ms) => tokio::time::sleep(Duration::from_millis(until_ms.saturating_sub(now_ms()))).await,
        None => std::future::pending().await,
    }
}

async fn chat(arguments: Chat, profile: &Profile) -> Result<(), Wrong> {
    let (account, token) = arguments.entrance.enter(profile).await?;
    let Some(lock) = profile.lock(JOURNAL)? else {
        return Err(format!(
            "a chat of the profile `{}` is open already; be somebody else with `{} --profile OTHER_NAME chat`",
            profile.name,
            crate::program()
        )
        .into());
    };
    let keep = File::at(profile.path("chat.journal"));
    let join = arguments.entrance.link().map(str::to_owned);
    let (client, mut events) = connect(&account, token.clone(), keep, Follow::Lively).await?;
    let mut talk = Talk::new(client, Terminal::open()?, profile, account, token, arguments.with);
    talk.join = join;
    talk.welcome()?;
    let outcome = loop {
        let listens = talk.listens();
        let happened = tokio::select! {
            // What happened before what is typed, so that an answer is given in view of it.
            biased;
            event = events.next() => Happened::Event(event),
            () = typing_ends(talk.typing_until()) => Happened::TypingEnded,
            input = talk.terminal.next(), if listens => Happened::Input(input),
        };
        let onward = match happened {
            Happened::Event(Some(event)) => talk.event(event).await,
            Happened::Event(None) => Err("the client ended too early; what was said is kept".into()),
            Happened::TypingEnded => talk.unsay_typing().map(|()| Onward::On),
            Happened::Input(Ok(input)) => talk.input(input).await,
            Happened::Input(Err(error)) => Err(error.into()),
        };
        match onward {
            Ok(Onward::On) => {}
            Ok(Onward::Leave) => break Ok(()),
            Err(wrong) => break Err(wrong),
        }
    };
    let kept = talk.keep_unfinished().await;
    // The answer is waited for a moment: a draft that would be said again the next time, after another device had gone
    // on with it, would push that one aside.
    let settled = async { while talk.waits_for_answers().await && events.next().await.is_some() {} };
    drop(tokio::time::timeout(LAST_WORD_TIME_MAX, settled).await);
    let last = talk.leave(outcome.is_ok()).await.and(kept);
    // The last events tell what could still be sent; nobody looks any more, but the client finishes its work.
    while !matches!(events.next().await, None | Some(Event::Broken { .. })) {}
    drop(lock);
    outcome.and(last)
}
