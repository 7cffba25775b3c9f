//! `tidings sign-up`, `sign-in`, `sign-out`, `devices`: the account a profile stands for.

use crate::clock::Local;
use crate::connect::streams;
use crate::profile::{Account, Profile};
use crate::{Wrong, block_on, password, safe};
use clap::Args;
use client::account::{Account as Door, AccountError};
use client::address::Address;
use client::tls::Secure;
use protocol::account::{Device, SignIn, SignUp, SignedIn};
use protocol::link::{server_in, token_in};
use protocol::refusal::Code;
use protocol::token::TokenText;
use protocol::{DeviceId, account};
use std::io::{self, Write};
use std::path::Path;

/// Where the server is when nobody says.
pub const SERVER: &str = "http://127.0.0.1:8080";

/// How to sign in on the way, for `chat`.
#[derive(Args, Default)]
pub struct Entrance {
    /// The server's address; else the one this profile is signed in at, else http://127.0.0.1:8080.
    #[arg(long, env = "TIDINGS_SERVER", value_name = "URL")]
    server: Option<String>,
    /// Make an account with this handle first. The password is asked for, or taken from TIDINGS_PASSWORD.
    #[arg(long, value_name = "HANDLE", conflicts_with = "sign_in")]
    sign_up: Option<String>,
    /// The invite to sign up with.
    #[arg(long, requires = "sign_up")]
    invite: Option<String>,
    /// Join the group of this link, and sign up with it if there is no account yet. It names the server, too.
    #[arg(long, value_name = "LINK")]
    join: Option<String>,
    /// The name others see; else the handle.
    #[arg(long, requires = "sign_up")]
    name: Option<String>,
    /// Sign in to this account first. The password is asked for, or taken from TIDINGS_PASSWORD.
    #[arg(long, value_name = "HANDLE")]
    sign_in: Option<String>,
}

/// The arguments of `tidings sign-up`.
#[derive(Args)]
pub struct SignUpHere {
    /// The handle you want: 2 to 32 of a-z, 0-9, `.`, `_`, `-`.
    handle: String,
    /// The invite, where the server wants one.
    #[arg(long)]
    invite: Option<String>,
    /// The name others see; else the handle.
    #[arg(long)]
    name: Option<String>,
    /// The server's address; else http://127.0.0.1:8080.
    #[arg(long, env = "TIDINGS_SERVER", value_name = "URL")]
    server: Option<String>,
}

/// The arguments of `tidings sign-in`.
#[derive(Args)]
pub struct SignInHere {
    /// Your handle.
    handle: String,
    /// The server's address; else the one this profile was signed in at, else http://127.0.0.1:8080.
    #[arg(long, env = "TIDINGS_SERVER", value_name = "URL")]
    server: Option<String>,
}

/// The arguments of `tidings sign-out`.
#[derive(Args)]
pub struct SignOutHere {}

/// The arguments of `tidings devices`.
#[derive(Args)]
pub struct DevicesHere {
    /// Sign out this one of your devices, by the number or the id it is listed under.
    #[arg(long, value_name = "DEVICE")]
    sign_out: Option<String>,
    /// Sign out all your devices but this one.
    #[arg(long, conflicts_with = "sign_out")]
    sign_out_others: bool,
}

/// Makes an account.
pub fn sign_up(arguments: &SignUpHere, profile: &Profile) -> Result<(), Wrong> {
    let entrance = Entrance {
        server: arguments.server.clone(),
        sign_up: Some(arguments.handle.clone()),
        invite: arguments.invite.clone(),
        name: arguments.name.clone(),
        ..Entrance::default()
    };
    greet(profile, &block_on(entrance.enter(profile))?.0)
}

/// Signs in.
pub fn sign_in(arguments: &SignInHere, profile: &Profile) -> Result<(), Wrong> {
    let entrance = Entrance {
        server: arguments.server.clone(),
        sign_in: Some(arguments.handle.clone()),
        ..Entrance::default()
    };
    greet(profile, &block_on(entrance.enter(profile))?.0)
}

fn greet(profile: &Profile, account: &Account) -> Result<(), Wrong> {
    let so = profile.spell();
    say(&format!(
        "You are @{} at {}. Talk with `{so} chat`.\n",
        account.handle, account.server
    ))
}

/// Signs this device out.
pub fn sign_out(_: &SignOutHere, profile: &Profile) -> Result<(), Wrong> {
    let (account, token) = profile.signed_in()?;
    match block_on(async { Ok(door(&account)?.sign_out(&token, account.device).await) })? {
        Ok(_) => {}
        Err(AccountError::Refused(refusal)) if refusal.known() == Some(Code::Unauthenticated) => {}
        Err(wrong) => return Err(explain(&wrong, &account.server).into()),
    }
    profile.forget_token()?;
    say(&format!(
        "@{} is signed out here. What was not sent is kept until you sign in again.\n",
        account.handle
    ))
}

/// Lists devices, or signs some out.
pub fn devices(arguments: &DevicesHere, profile: &Profile) -> Result<(), Wrong> {
    let (account, token) = profile.signed_in()?;
    block_on(async {
        if arguments.sign_out_others {
            return say(&format!("{}\n", sign_out_others(&account, &token).await?));
        }
        let list = list(&account, &token).await?;
        let Some(named) = &arguments.sign_out else {
            return say(&table(&list));
        };
        let at = named.parse::<usize>().ok().and_then(|n| list.get(n.checked_sub(1)?));
        let device = at.or_else(|| list.iter().find(|one| one.device.to_string() == *named));
        let device = device.ok_or_else(|| format!("you have no device {named}; `tidings devices` lists them"))?;
        let out = door(&account)?.sign_out(&token, device.device).await;
        out.map_err(|wrong| explain(&wrong, &account.server))?;
        if device.current {
            profile.forget_token()?;
        }
        say(&format!("{} is signed out.\n", safe::line(&device.name)))
    })
}

/// The devices of an account.
pub async fn list(account: &Account, token: &TokenText) -> Result<Vec<Device>, Wrong> {
    let devices = door(account)?.devices(token).await;
    Ok(devices.map_err(|wrong| explain(&wrong, &account.server))?.devices)
}

/// Signs out all devices but this one; says how many.
pub async fn sign_out_others(account: &Account, token: &TokenText) -> Result<String, Wrong> {
    let out = door(account)?.sign_out_others(token).await;
    Ok(
        match out.map_err(|wrong| explain(&wrong, &account.server))?.devices.len() {
            0 => "No other device was signed in.".to_owned(),
            1 => "One other device is signed out.".to_owned(),
            n => format!("{n} other devices are signed out."),
        },
    )
}

/// Devices as a table.
pub fn table(list: &[Device]) -> String {
    let widest = list
        .iter()
        .map(|one| safe::line(&one.name).chars().count())
        .max()
        .unwrap_or(0);
    let row = |(n, one): (usize, &Device)| {
        let (since, last) = (Local::at(one.created_ms).minute(), Local::at(one.last_ms).minute());
        let this = if one.current { "  (this one)" } else { "" };
        let name = safe::line(&one.name);
        format!(
            "{:>3}  {name:<widest$}  since {since}  last there {last}  {}{this}\n",
            n + 1,
            one.device
        )
    };
    list.iter().enumerate().map(row).collect()
}

impl Entrance {
    /// The link of the group to join, if one was given.
    pub fn link(&self) -> Option<&str> {
        self.join.as_deref()
    }

    /// Where the server is: where the link leads, if it says so, and nowhere else.
    fn named_server(&self) -> Result<Option<String>, Wrong> {
        let linked = self.join.as_deref().and_then(server_in);
        match (&self.server, linked) {
            (Some(server), Some(linked)) if !same_server(server, linked) => Err(format!(
                "--server {server}: the link leads to {}; leave --server away",
                safe::line(linked)
            )
            .into()),
            (_, Some(linked)) => Ok(Some(linked.to_owned())),
            (server, None) => Ok(server.clone()),
        }
    }

    /// The account to go on with, after signing up or in if that was asked for.
    pub async fn enter(&self, profile: &Profile) -> Result<(Account, TokenText), Wrong> {
        let kept = profile.account()?;
        let Some(wanted) = self.sign_up.as_ref().or(self.sign_in.as_ref()) else {
            return self.as_kept(profile);
        };
        let handle = account::handle(wanted).ok_or_else(|| format!("`{wanted}`: {}", Code::BadHandle.say()))?;
        let at_home = kept.as_ref().map(|account| account.server.clone());
        let kept_ca = kept.as_ref().and_then(|account| account.ca.clone());
        let ca = profile.ca().map(Path::to_owned).or(kept_ca);
        let server = self.named_server()?.or(at_home).unwrap_or_else(|| SERVER.to_owned());
        if let Some(kept) = kept {
            if kept.handle != handle || !same_server(&kept.server, &server) {
                return Err(taken(profile, &kept).into());
            }
            if let Some(token) = kept.token.clone() {
                return Ok((kept, token));
            }
        }
        let signed_in = self.ask(&server, ca.as_deref(), wanted, &handle).await?;
        let account = Account {
            server,
            user: signed_in.user,
            handle: signed_in.handle,
            name: signed_in.name,
            device: signed_in.device,
            ca,
            token: Some(signed_in.token.clone()),
        };
        profile.keep(&account)?;
        Ok((account, signed_in.token))
    }

    fn as_kept(&self, profile: &Profile) -> Result<(Account, TokenText), Wrong> {
        let named = self.named_server()?;
        if self.join.is_some() && profile.account()?.is_none() {
            return Err(format!(
                "nobody is signed in here (profile `{}`); if you have an account, say --sign-in \
                 YOUR_HANDLE beside --join, else \
                 --sign-up THE_HANDLE_YOU_WANT",
                profile.name
            )
            .into());
        }
        let (account, token) = profile.signed_in()?;
        match &named {
            // A token is for one server and is shown to no other.
            Some(server) if !same_server(server, &account.server) => Err(taken(profile, &account).into()),
            _ => Ok((account, token)),
        }
    }

    async fn ask(&self, server: &str, ca: Option<&Path>, wanted: &str, handle: &str) -> Result<SignedIn, Wrong> {
        let door = door_at(server, ca)?;
        let password = password::ask(&format!("@{handle} at {server}"), self.sign_up.is_some())?;
        let (handle, device_name) = (handle.to_owned(), device_name());
        let answer = if self.sign_up.is_some() {
            let name = self
                .name
                .clone()
                .unwrap_or_else(|| wanted.trim().trim_start_matches('@').to_owned());
            let sign_up = SignUp {
                handle,
                name,
                password,
                invite: self.invite.clone(),
                link: self.join.as_deref().map(|link| TokenText::new(token_in(link))),
                device_name,
                cookie: false,
            };
            door.sign_up(&sign_up).await
        } else {
            door.sign_in(&SignIn {
                handle,
                password,
                device_name,
                cookie: false,
            })
            .await
        };
        answer.map_err(|wrong| explain(&wrong, server).into())
    }
}

fn door(account: &Account) -> Result<Door<Secure>, Wrong> {
    door_at(&account.server, account.ca.as_deref())
}

/// The account door at an address.
pub fn door_at(server: &str, ca: Option<&Path>) -> Result<Door<Secure>, Wrong> {
    let address = Address::parse(server).map_err(|error| format!("--server {server}: {error}"))?;
    Ok(Door::over(address, streams(ca)?))
}

/// Whether two spellings name one server.
pub fn same_server(one: &str, other: &str) -> bool {
    one == other || Address::parse(one).is_ok_and(|one| Address::parse(other) == Ok(one))
}

fn taken(profile: &Profile, kept: &Account) -> String {
    format!(
        "the profile `{}` is @{} at {}; be somebody else with `{} --profile OTHER_NAME …`",
        profile.name,
        kept.handle,
        kept.server,
        crate::program()
    )
}

/// Why the account door did not open, and what to do.
pub fn explain(wrong: &AccountError, server: &str) -> String {
    match wrong {
        AccountError::Refused(refusal) => {
            let wait = refusal
                .retry_after_ms
                .map(|ms| format!(" Try again in {} s.", ms.div_ceil(1_000)));
            format!(
                "{server} says: {}{}",
                safe::line(&refusal.say),
                wait.unwrap_or_default()
            )
        }
        // What TLS does not take is told so; the server may well be running.
        AccountError::Unreachable(error) if error.kind() == io::ErrorKind::InvalidData => {
            format!("{server} is not who it should be, or speaks no TLS: {error} (--ca FILE names whom to trust)")
        }
        AccountError::Unreachable(error) => format!("{server} cannot be reached ({error}); is the server running?"),
        AccountError::Odd { status } => {
            format!("what answers at {server} is no Tidings server (HTTP status {status}); check --server")
        }
    }
}

/// What to call this device in the list of devices.
pub fn device_name() -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    protocol::body::cut(&format!("terminal on {host}"), protocol::limits::NAME_BYTES_MAX).to_owned()
}

fn say(text: &str) -> Result<(), Wrong> {
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// A device's id, typed.
pub fn device_id(text: &str) -> Result<DeviceId, String> {
    text.parse()
        .map_err(|_| "a device's id is a UUID; `tidings admin devices @HANDLE` lists them".to_owned())
}
