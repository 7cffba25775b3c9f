//! `tidings send`: one message out of a script. It is kept on this machine before anything is sent, and success means
//! that the server has it durably; so a script may be killed at any moment, and nothing is lost or said twice.

use crate::connect::{connect, stopped};
use crate::people::People;
use crate::profile::{Account, Profile};
use crate::{Wrong, block_on, safe};
use clap::Args;
use client::keep::File;
use client::{Client, Event, Events, Follow, No};
use protocol::client_frame::AskPeople;
use protocol::token::TokenText;
use protocol::{Body, ConversationId, SendId, Seq, account};
use std::io::{self, Read, Write};
use std::time::Duration;

/// The journal of `tidings send`: its own, so that it works while a `tidings chat` is open.
const JOURNAL: &str = "send";
/// The longest text read from standard input, in bytes; a message is shorter, and the server says so.
const INPUT_BYTES_MAX: u64 = 1024 * 1024;

/// The arguments of `tidings send`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings send @bob 'Dinner is ready'
  make test 2>&1 | tail -n 20 | tidings send @bob -
  tidings send Choir 'To a group, by its title'
  tidings send 2eae6aa7-effc-8333-9b1a-8f2ab405bc14 'By its id, which tail --json shows'
  tidings send                       Send what an earlier call could not.

Exit code 0: the server has it durably. Otherwise it is kept here and goes with the next call,
once, whatever happens; or it was refused, and the message says why.")]
pub struct Send {
    /// To whom: @HANDLE, a group's title, or a conversation's id. Without it, what was kept is sent.
    #[arg(value_name = "TO")]
    to: Option<String>,
    /// What to say; `-` reads it from standard input.
    #[arg(value_name = "TEXT", requires = "to")]
    text: Option<String>,
    /// How long to wait for the server, in seconds.
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    wait: u64,
    /// Print one JSON object: conv, seq, send_id.
    #[arg(long)]
    json: bool,
}

/// Sends.
pub fn run(arguments: Send, profile: &Profile) -> Result<(), Wrong> {
    let (account, token) = profile.signed_in()?;
    let text = match (&arguments.to, arguments.text.as_deref()) {
        (Some(_), Some("-")) => Some(read_input()?),
        (Some(to), None) => return Err(format!("what is to be said to {to}? Give a text, or `-` to read it").into()),
        (_, text) => text.map(str::to_owned),
    };
    let lock = profile.wait_for_lock(JOURNAL)?;
    let done = block_on(send(&arguments, text, profile, &account, token));
    drop(lock);
    done
}

fn read_input() -> Result<String, Wrong> {
    let mut text = String::new();
    io::stdin().take(INPUT_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text.trim_end_matches('\n').to_owned())
}

async fn send(
    arguments: &Send,
    text: Option<String>,
    profile: &Profile,
    account: &Account,
    token: TokenText,
) -> Result<(), Wrong> {
    let keep = File::at(profile.path("send.journal"));
    let (client, mut events) = connect(account, token, keep, Follow::Open).await?;
    let work = async {
        let said = match (&arguments.to, text) {
            (Some(to), Some(text)) => say(&client, to, &text, profile).await.map(Some),
            _ => Ok(None),
        };
        let outcome = match said {
            Ok(said) => settle(&client, said, arguments.json).await,
            Err(wrong) => Err(wrong),
        };
        client.shutdown().await;
        outcome
    };
    let waited = tokio::time::timeout(Duration::from_secs(arguments.wait), async {
        tokio::select! {
            biased;
            outcome = work => outcome,
            wrong = watch(&mut events, profile, account) => Err(wrong),
        }
    });
    match waited.await {
        Ok(outcome) => outcome,
        Err(_) => {
            let waiting = client
                .look(|core| core.state().outbox.waiting().count())
                .await
                .unwrap_or(0);
            let (server, so) = (&account.server, profile.spell());
            let kept = if waiting == 0 {
                "nothing was sent".to_owned()
            } else {
                format!("what was not sent ({waiting}) is kept and goes with the next `{so} send`")
            };
            client.shutdown().await;
            Err(format!("{server} did not answer within {} s; {kept}", arguments.wait).into())
        }
    }
}

/// Ends only when the client cannot go on.
async fn watch(events: &mut Events, profile: &Profile, account: &Account) -> Wrong {
    loop {
        match events.next().await {
            Some(Event::Stopped { duty, code }) => {
                return stopped(profile, account, duty, code).unwrap_or_else(|wrong| wrong);
            }
            Some(Event::Broken { why }) => return format!("cannot keep what is to be sent: {why}").into(),
            Some(_) => {}
            None => return "the client ended too early".into(),
        }
    }
}

/// Puts it into the outbox: its name and where it goes.
async fn say(client: &Client, to: &str, text: &str, profile: &Profile) -> Result<(SendId, ConversationId), Wrong> {
    let conv = find(client, to, profile).await?;
    let send_id = client.send(conv, &Body::text(text)).await.map_err(explain)?;
    Ok((send_id, conv))
}

/// The conversation somebody means.
async fn find(client: &Client, to: &str, profile: &Profile) -> Result<ConversationId, Wrong> {
    if let Ok(conv) = to.parse() {
        return Ok(conv);
    }
    if let Some(handle) = to.strip_prefix('@') {
        return direct(client, handle, profile).await;
    }
    let called = to.to_lowercase();
    let title_is = |title: Option<&String>| title.is_some_and(|title| title.to_lowercase() == called);
    let found: Vec<ConversationId> = caught_up_inbox(client)
        .await?
        .into_iter()
        .filter(|row| title_is(row.title.as_ref()))
        .map(|row| row.conv)
        .collect();
    match found[..] {
        [one] => Ok(one),
        [] => Err(format!(
            "no conversation of yours is called `{}`; a person is @HANDLE",
            safe::line(to)
        )
        .into()),
        _ => Err(format!(
            "several conversations are called `{}`; name one by its id",
            safe::line(to)
        )
        .into()),
    }
}

async fn direct(client: &Client, handle: &str, profile: &Profile) -> Result<ConversationId, Wrong> {
    let handle = account::handle(handle).ok_or_else(|| format!("@{handle} cannot be a handle"))?;
    let mut people = People::kept(profile);
    if people.of_handle(&handle).is_none() {
        let ask = AskPeople {
            users: Vec::new(),
            handles: vec![handle.clone()],
            prefix: None,
        };
        people.learn(client.people(ask).await.map_err(explain)?, profile);
    }
    let user = people
        .of_handle(&handle)
        .ok_or_else(|| format!("nobody here is called @{handle}"))?
        .user;
    if user == client.me() {
        return Err("that is you".into());
    }
    // Creating it again finds it, so nobody needs to know whether it exists.
    Ok(client.create_direct(user).await.map_err(explain)?.1)
}

async fn caught_up_inbox(client: &Client) -> Result<Vec<protocol::server_frame::ConversationRow>, Wrong> {
    // Any answer of the server comes after it has said the inbox's first page; the rest is asked for in order.
    loop {
        let (caught_up, rows) = client.look(|core| (core.is_caught_up(), core.inbox())).await?;
        if caught_up {
            return Ok(rows.into_iter().map(|(row, _)| row).collect());
        }
        let me = AskPeople {
            users: vec![client.me()],
            handles: Vec::new(),
            prefix: None,
        };
        client.people(me).await.map_err(explain)?;
    }
}

/// Waits until everything in the outbox is durable on the server or refused.
async fn settle(client: &Client, said: Option<(SendId, ConversationId)>, json: bool) -> Result<(), Wrong> {
    let outbox = client.look(|core| {
        let waiting = core.state().outbox.waiting();
        waiting.map(|item| (item.send_id, item.conv)).collect::<Vec<_>>()
    });
    let outbox = outbox.await?;
    let (mut wrong, mut acked) = (None, Vec::new());
    for (send_id, conv) in &outbox {
        match client.sent(*send_id).await {
            Ok(seq) => acked.push((*send_id, *conv, seq)),
            Err(No::Refused(refusal)) => {
                client.dismiss(*send_id).await?;
                wrong = Some(explain(No::Refused(refusal)));
            }
            Err(no) => return Err(explain(no)),
        }
    }
    let told = match said {
        // Acknowledged so fast that it no longer waits.
        Some((send_id, conv)) if !outbox.iter().any(|(one, _)| *one == send_id) => {
            vec![(send_id, conv, client.sent(send_id).await.map_err(explain)?)]
        }
        Some((send_id, _)) => acked.into_iter().filter(|(one, _, _)| *one == send_id).collect(),
        None => acked,
    };
    print(&told, json)?;
    wrong.map_or(Ok(()), Err)
}

fn print(told: &[(SendId, ConversationId, Seq)], json: bool) -> Result<(), Wrong> {
    let mut out = io::stdout().lock();
    for (send_id, conv, seq) in told {
        if json {
            writeln!(
                out,
                "{}",
                serde_json::json!({"conv": conv, "seq": seq, "send_id": send_id})
            )?;
        } else {
            writeln!(out, "{}", seq.0)?;
        }
    }
    Ok(())
}

fn explain(no: No) -> Wrong {
    match no {
        No::Refused(refusal) => format!("not sent: {}", safe::line(&refusal.say)).into(),
        no => no.to_string().into(),
    }
}
