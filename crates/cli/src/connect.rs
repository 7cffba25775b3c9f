//! A client of this profile: where it connects, what it keeps, and how it is told to a person that it cannot.

use crate::Wrong;
use crate::profile::{Account, Profile};
use client::keep::Keep;
use client::tls::{Secure, Trusts};
use client::{Client, ConnectOptions, Events, Follow};
use protocol::close::Duty;
use protocol::token::TokenText;
use rand::SeedableRng;
use rand::rngs::{StdRng, SysRng};
use std::path::Path;

/// The client's name and version, as the list of devices and the server's log have them.
const NAME: &str = concat!("tidings-terminal/", env!("CARGO_PKG_VERSION"));

/// Starts a client.
pub async fn connect(
    account: &Account,
    token: TokenText,
    keep: impl Keep,
    follow: Follow,
) -> Result<(Client, Events), Wrong> {
    let chance = StdRng::try_from_rng(&mut SysRng)?;
    let options = ConnectOptions::new(&account.server, token, chance).keep(keep);
    let mut options = options.connector(streams(account.ca.as_deref())?);
    options.client = Some(NAME.to_owned());
    options.follow = follow;
    Ok(Client::connect(options).await?)
}

/// Streams to a server: encrypted where its address says so, to whom the system or the file `ca` trusts.
pub fn streams(ca: Option<&Path>) -> Result<Secure, Wrong> {
    let trusts = ca.map_or(Trusts::System, |file| Trusts::File(file.to_owned()));
    Secure::new(trusts).map_err(|wrong| format!("--ca {wrong}").into())
}

/// Why the client will not come back, and what to do.
pub fn stopped(profile: &Profile, account: &Account, duty: Duty, code: Option<u16>) -> Result<Wrong, Wrong> {
    let (so, handle) = (profile.spell(), &account.handle);
    Ok(match duty {
        Duty::SignIn => {
            profile.forget_token()?;
            let why = if code == Some(protocol::close::Close::Revoked.code()) {
                "this device was signed out"
            } else {
                "the server does not know this device any more"
            };
            format!("{why}. What was not sent is kept; sign in as @{handle} again with `{so} sign-in {handle}`").into()
        }
        Duty::Stop | Duty::Reconnect => {
            let code = code.map_or(String::new(), |code| format!(" (close code {code})"));
            format!(
                "{} and this program do not understand each other{code}; update tidings",
                account.server
            )
            .into()
        }
    })
}
