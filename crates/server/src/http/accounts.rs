//! Accounts and devices over HTTP: each route reads its request, asks [`crate::account`] and writes the answer.

use super::answer::{Refused, bearer, body};
use super::{Door, address_of};
use crate::account::{self, Who};
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use protocol::account::{Devices, Rotated, SignedIn, SignedOut};
use protocol::refusal::Code;
use protocol::{DeviceId, Refusal};
use store::Which;

type Answer<T> = Result<Json<T>, Refused>;

/// `POST /v1/accounts`.
pub async fn sign_up(State(door): State<Door>, request: Request) -> Result<(StatusCode, Json<SignedIn>), Refused> {
    let from = address_of(&door, &request);
    let signed_in = account::sign_up(&door.node, body(request).await?, from).await?;
    Ok((StatusCode::CREATED, Json(signed_in)))
}

/// `POST /v1/sessions`.
pub async fn sign_in(State(door): State<Door>, request: Request) -> Result<(StatusCode, Json<SignedIn>), Refused> {
    let from = address_of(&door, &request);
    let signed_in = account::sign_in(&door.node, body(request).await?, from).await?;
    Ok((StatusCode::CREATED, Json(signed_in)))
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
pub async fn sign_out(State(door): State<Door>, request: Request) -> Answer<SignedOut> {
    let who = who(&door, &request).await?;
    sign_out_which(&door, who, Which::One(who.device)).await
}

/// `POST /v1/token`.
pub async fn rotate(State(door): State<Door>, request: Request) -> Answer<Rotated> {
    let who = who(&door, &request).await?;
    Ok(Json(account::rotate(&door.node, who).await?))
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
    let token = bearer(request.headers());
    async move {
        let passed = door.node.gates.connect(from, door.node.now_ms());
        passed.map_err(|ms| Code::RateLimited.refuse_for_ms(ms))?;
        let token = token.ok_or_else(|| Code::Unauthenticated.refuse())?;
        account::authenticate(&door.node, &token, from).await
    }
}
