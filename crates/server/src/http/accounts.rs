//! Accounts and devices over HTTP: each route reads its request, asks [`crate::account`] and writes the answer.

use super::answer::{Refused, bearer, body};
use super::cookie::Cookies;
use super::origin::Came;
use super::{Door, address_of};
use crate::account::{self, Who};
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{HeaderMap, SET_COOKIE};
use protocol::account::{Devices, Rotated, SignIn, SignUp, SignedIn, SignedOut};
use protocol::link::{AskPreview, Preview};
use protocol::refusal::Code;
use protocol::token::TokenText;
use protocol::{DeviceId, Refusal};
use store::Which;

type Answer<T> = Result<Json<T>, Refused>;
type Cookied<T> = (HeaderMap, Json<T>);
type NewDevice = Result<(StatusCode, Cookied<SignedIn>), Refused>;

/// `POST /v1/accounts`.
pub async fn sign_up(State(door): State<Door>, request: Request) -> NewDevice {
    let (from, came) = (address_of(&door, &request), came(&request));
    let asked: SignUp = body(request).await?;
    let keep = keep_in(asked.cookie, came)?;
    let signed_in = account::sign_up(&door.node, asked, from).await?;
    Ok((StatusCode::CREATED, told(&door, signed_in, keep)))
}

/// `POST /v1/sessions`.
pub async fn sign_in(State(door): State<Door>, request: Request) -> NewDevice {
    let (from, came) = (address_of(&door, &request), came(&request));
    let asked: SignIn = body(request).await?;
    let keep = keep_in(asked.cookie, came)?;
    let signed_in = account::sign_in(&door.node, asked, from).await?;
    Ok((StatusCode::CREATED, told(&door, signed_in, keep)))
}

/// `POST /v1/preview`. In a body and not in the path: what stands in a path stands in logs.
pub async fn preview(State(door): State<Door>, request: Request) -> Answer<Preview> {
    let from = address_of(&door, &request);
    let asked: AskPreview = body(request).await?;
    Ok(Json(account::look_behind(&door.node, &asked, from).await?))
}

/// Whether the token is to be kept in a cookie, and whether the browser came by https.
fn keep_in(cookie: bool, came: Came) -> Result<Option<bool>, Refusal> {
    match came {
        _ if !cookie => Ok(None),
        Came::FromUs { https } => Ok(Some(https)),
        Came::Unsaid => Err(Code::BadRequest.refuse_saying(
            "A cookie is for a page of this server's in a browser, and no browser says that this comes from one.",
        )),
    }
}

/// The token goes to the browser, and its page is not told it.
fn told(door: &Door, mut signed_in: SignedIn, keep: Option<bool>) -> Cookied<SignedIn> {
    let headers = to_cookie(door, &mut signed_in.token, keep);
    (headers, Json(signed_in))
}

/// Moves a token from an answer into a cookie, where it is to be kept in one; `https`: whether the browser came by it.
fn to_cookie(door: &Door, token: &mut TokenText, https: Option<bool>) -> HeaderMap {
    let cookie = https.map(|https| (SET_COOKIE, cookies(door).set(&std::mem::take(token), https)));
    cookie.into_iter().collect()
}

/// `GET /v1/devices`.
pub async fn devices(State(door): State<Door>, request: Request) -> Answer<Devices> {
    let who = who(&door, &request).await?;
    let devices = account::devices(&door.node, who.user, Some(who.device)).await?;
    Ok(Json(Devices { devices }))
}

/// `DELETE /v1/devices/{device}`. Of a device that is not signed in there is nothing to sign out: that is no error.
pub async fn sign_out_device(
    State(door): State<Door>,
    Path(device): Path<String>,
    request: Request,
) -> Answer<SignedOut> {
    let who = who(&door, &request).await?;
    let device: DeviceId = device
        .parse()
        .map_err(|_| Code::BadRequest.refuse_saying("The path does not end in the id of a device."))?;
    sign_out_which(&door, who, Which::One(device)).await
}

/// `POST /v1/devices/sign-out-others`.
pub async fn sign_out_others(State(door): State<Door>, request: Request) -> Answer<SignedOut> {
    let who = who(&door, &request).await?;
    sign_out_which(&door, who, Which::AllBut(who.device)).await
}

/// `DELETE /v1/session`: signs out the device that asks.
pub async fn sign_out(State(door): State<Door>, request: Request) -> Result<Cookied<SignedOut>, Refused> {
    let https = by_cookie(&door, &request);
    let who = who(&door, &request).await?;
    let gone = sign_out_which(&door, who, Which::One(who.device)).await?;
    let cookie = https.map(|https| (SET_COOKIE, cookies(&door).clear(https)));
    Ok((cookie.into_iter().collect(), gone))
}

/// `POST /v1/token`.
pub async fn rotate(State(door): State<Door>, request: Request) -> Result<Cookied<Rotated>, Refused> {
    let https = by_cookie(&door, &request);
    let who = who(&door, &request).await?;
    let mut rotated = account::rotate(&door.node, who).await?;
    let headers = to_cookie(&door, &mut rotated.token, https);
    Ok((headers, Json(rotated)))
}

fn cookies(door: &Door) -> Cookies {
    let instance = door.node.store.instance();
    Cookies { instance }
}

fn came(request: &Request) -> Came {
    request.extensions().get().copied().unwrap_or(Came::Unsaid)
}

/// Whether a request is somebody's by its cookie alone, and whether the browser came by https.
fn by_cookie(door: &Door, request: &Request) -> Option<bool> {
    let Came::FromUs { https } = came(request) else {
        return None;
    };
    let is_by_cookie = bearer(request.headers()).is_none() && cookies(door).token(request.headers()).is_some();
    is_by_cookie.then_some(https)
}

/// The token that a request brings: in `Authorization`, or, from a page of ours, as a cookie.
pub fn token(door: &Door, request: &Request) -> Option<TokenText> {
    bearer(request.headers()).or_else(|| cookie(door, request))
}

/// The token that a page of ours brings as a cookie.
pub fn cookie(door: &Door, request: &Request) -> Option<TokenText> {
    let is_ours = came(request) != Came::Unsaid;
    is_ours.then(|| cookies(door).token(request.headers())).flatten()
}

async fn sign_out_which(door: &Door, who: Who, which: Which) -> Answer<SignedOut> {
    let devices = account::sign_out(&door.node, who.user, which).await?;
    Ok(Json(SignedOut { devices }))
}

/// Who asks. A request costs its address as much as a connection: to the store they are the same work.
///
/// What is needed of the request is taken out before anything is waited for: a body may not be shared between threads.
pub fn who<'d>(door: &'d Door, request: &Request) -> impl Future<Output = Result<Who, Refusal>> + Send + use<'d> {
    let from = address_of(door, request);
    let token = token(door, request);
    async move {
        let passed = door.node.gates.connect(from, door.node.now_ms());
        passed.map_err(|ms| Code::RateLimited.refuse_for_ms(ms))?;
        let token = token.ok_or_else(|| Code::Unauthenticated.refuse())?;
        account::authenticate(&door.node, &token, from).await
    }
}
