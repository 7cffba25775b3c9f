//! Who is in the demo, and how they get in: by what is remembered, by their password, else by signing up.

use super::kept::{Kept, Person};
use super::{Demo, Place};
use crate::account::{device_name, door_at, explain};
use crate::{Wrong, offline, safe};
use client::account::{Account as Door, AccountError};
use client::tls::Secure;
use protocol::account::{SignIn, SignUp, SignedIn};
use protocol::refusal::Code;
use server::admin::{Answer, Request, ask};
use std::time::Duration;

/// How long the invite that the demo makes for itself lives.
const INVITE_DAYS: u32 = 1;
/// The longest that is waited at once because the server asks for it, in milliseconds.
const WAIT_MS_MAX: u64 = 60_000;

/// Somebody of the demo.
pub struct Role {
    /// Their name in the book, and their handle where nobody else has it.
    pub key: &'static str,
    /// The name to show.
    pub name: &'static str,
    /// What they say about themselves.
    pub about: &'static str,
}

/// Whom a newcomer signs in as: she is in the team and in the family, and the demo leaves her to them.
pub const LEAD: &str = "lena";

/// Everybody.
pub const ROLES: &[Role] = &[
    role("lena", "Lena Brandt", "Design. Hamburg, two cats, too much coffee."),
    role("marcus", "Marcus Hale", "I started this. Now I mostly ask questions."),
    role(
        "priya",
        "Priya Sharma प्रिया",
        "Product. पुणे in winter, mountains in summer.",
    ),
    role("tariq", "Tariq Haddad طارق", "Backend. إذا كان بطيئًا فهو أنا."),
    role("yuki", "Yuki Tanaka ゆき", "サポート担当。Ask me anything."),
    role("diego", "Diego Rojas", "Operations. Mantengo las luces encendidas."),
    role("oksana", "Оксана Мельник", "Релізи. Calm on Fridays."),
    role("sabine", "Sabine Brandt", "Lenas und Tiagos Mama."),
    role(
        "joao",
        "João Brandt Silva",
        "Pai da Lena e do Tiago. Do Porto, com saudades.",
    ),
    role("tiago", "Tiago 🛹", "14. dog person without a dog"),
    role("ilse", "Oma Ilse", "Ich backe."),
    role("teresa", "Avó Teresa", "Do mercado para casa, com flores."),
    role("carlos", "Tío Carlos", "Puebla, guitarra, tres perros."),
];

const fn role(key: &'static str, name: &'static str, about: &'static str) -> Role {
    Role { key, name, about }
}

/// Sees that everybody is signed in; what is remembered of another life of the server is forgotten.
pub async fn gather(demo: &Demo, place: &Place<'_>, kept: &mut Kept) -> Result<(), Wrong> {
    let door = door_at(&place.server, place.ca.as_deref())?;
    let mut invite = demo.invite.clone();
    for (n, role) in ROLES.iter().enumerate() {
        if is_in(&door, role, place, kept).await? {
            continue;
        }
        let left = ROLES.len() - n;
        let (signed_in, is_new) = enter(&door, role, place, kept, &mut invite, (demo, left)).await?;
        if is_new && !kept.rooms.is_empty() {
            kept.rooms.clear();
            kept.whole = false;
        }
        let person = Person {
            handle: signed_in.handle,
            user: signed_in.user,
            device: signed_in.device,
            token: signed_in.token,
        };
        kept.people.insert(role.key.to_owned(), person);
        kept.keep(&place.server, place.profile)?;
    }
    Ok(())
}

/// Whether the token that is remembered is still good.
async fn is_in(door: &Door<Secure>, role: &Role, place: &Place<'_>, kept: &Kept) -> Result<bool, Wrong> {
    let Some(person) = kept.people.get(role.key) else {
        return Ok(false);
    };
    loop {
        match door.devices(&person.token).await {
            Ok(_) => return Ok(true),
            Err(AccountError::Refused(refusal)) if refusal.known() == Some(Code::Unauthenticated) => return Ok(false),
            Err(wrong) => wait(&wrong, place).await?,
        }
    }
}

/// Signs somebody in, else up; and whether they are new.
async fn enter(
    door: &Door<Secure>,
    role: &Role,
    place: &Place<'_>,
    kept: &Kept,
    invite: &mut Option<String>,
    (demo, left): (&Demo, usize),
) -> Result<(SignedIn, bool), Wrong> {
    if let Some(person) = kept.people.get(role.key) {
        let sign_in = SignIn {
            handle: person.handle.clone(),
            password: kept.password.clone(),
            device_name: device_name(),
            cookie: false,
        };
        if let Ok(signed_in) = door.sign_in(&sign_in).await {
            return Ok((signed_in, false));
        }
    }
    let mut handles = vec![role.key.to_owned(), format!("{}.demo", role.key)];
    loop {
        let Some(handle) = handles.first().cloned() else {
            return Err(taken(role, place).into());
        };
        let sign_up = SignUp {
            handle,
            name: role.name.to_owned(),
            password: kept.password.clone(),
            invite: invite.clone(),
            link: None,
            device_name: device_name(),
            cookie: false,
        };
        let wrong = match door.sign_up(&sign_up).await {
            Ok(signed_in) => return Ok((signed_in, true)),
            Err(wrong) => wrong,
        };
        let code = match &wrong {
            AccountError::Refused(refusal) => refusal.known(),
            _ => None,
        };
        match code {
            Some(Code::HandleTaken) => drop(handles.remove(0)),
            Some(Code::InviteNeeded) if invite.is_none() => *invite = Some(make_invite(demo, place, left).await?),
            Some(Code::InviteInvalid) => return Err(bad_invite(place, left).into()),
            _ => wait(&wrong, place).await?,
        }
    }
}

/// Waits if that is all the server asks for.
async fn wait(wrong: &AccountError, place: &Place<'_>) -> Result<(), Wrong> {
    match wrong {
        AccountError::Refused(refusal) if refusal.retry => {
            let wait_ms = refusal.retry_after_ms.unwrap_or(1_000).min(WAIT_MS_MAX);
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            Ok(())
        }
        AccountError::Unreachable(error) if error.kind() != std::io::ErrorKind::InvalidData => Err(format!(
            "{}. Start one in another terminal with `make run` or `{} serve`, then come back here.",
            explain(wrong, &place.server),
            crate::program()
        )
        .into()),
        _ => Err(explain(wrong, &place.server).into()),
    }
}

/// An invite for as many as have to come in, made through the socket in the data directory of a server of this machine.
async fn make_invite(demo: &Demo, place: &Place<'_>, uses: usize) -> Result<String, Wrong> {
    let request = Request::Invite {
        owner: false,
        uses: u32::try_from(uses)?,
        days: INVITE_DAYS,
    };
    let program = crate::program();
    match ask(&demo.data, &request).await {
        Ok(Answer::Invite { invite, .. }) => Ok(invite.expose().to_owned()),
        Ok(Answer::Refused(refusal)) => Err(safe::line(&refusal.say).into()),
        Ok(_) => Err("the server made no invite; its log may say why".into()),
        Err(error) => {
            let data = demo.data.display();
            let why = if offline::is_nobody_there(&error) {
                format!("no server runs on {data}")
            } else {
                format!("the server on {data} did not answer: {error}")
            };
            Err(format!(
                "{} wants invites, and {why}, so none can be made here.\n\
                 Either say where the server keeps its data: {program} demo --data DIRECTORY\n\
                 or make an invite on its machine, and give it: {program} admin invite --uses {uses}, then\n\
                 {program} demo --invite 1-…",
                place.server
            )
            .into())
        }
    }
}

fn bad_invite(place: &Place<'_>, left: usize) -> String {
    format!(
        "{} does not take this invite: it is for another server, used up or too old. {left} people have to come in; on \
         its machine: {} admin invite --uses {left}, then give it with --invite",
        place.server,
        crate::program()
    )
}

fn taken(role: &Role, place: &Place<'_>) -> String {
    format!(
        "@{key} and @{key}.demo are somebody else's at {}: a demo was there before, from another profile or machine. \
         Go on from there, or use a server of your own",
        place.server,
        key = role.key
    )
}
