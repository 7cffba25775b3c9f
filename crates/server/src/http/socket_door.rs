//! `GET /v1/ws`: from a handshake to a session's own task.
//!
//! A browser opens sockets for pages of any site, and sends its cookies along; those pages were turned away before this
//! (see [`super::origin`]). The cookie of one of our own pages stands in for the token of `hello`.

use super::answer::Refused;
use super::{Door, accounts, address_of};
use crate::connection;
use crate::listen::{HandshakeRefusal, Upgraded, upgrade};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use protocol::Refusal;
use protocol::refusal::Code;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;

/// When a client that found every place taken may come again, in milliseconds.
const CROWDED_RETRY_MS: u64 = 5_000;

/// Opens a WebSocket over a stream of this type.
pub async fn open<S>(State(door): State<Door>, mut request: Request) -> Response
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let address = address_of(&door, &request);
    let cookie = accounts::cookie(&door, &request);
    let place = match admit(&door, address) {
        Ok(place) => place,
        Err(refusal) => return Refused(refusal).into_response(),
    };
    let (response, upgraded) = match upgrade::<S, _>(&mut request) {
        Ok(both) => both,
        Err(no_handshake) => return not_upgraded(no_handshake),
    };
    let node = door.node;
    tokio::spawn(async move {
        let Upgraded {
            stream,
            already_read,
            slot,
        } = match upgraded.await {
            Ok(upgraded) => upgraded,
            Err(error) => {
                tracing::debug!(%address, %error, "a handshake was not finished");
                return;
            }
        };
        // On a task of its own: what waited for the upgrade is larger than a session.
        let from = (address, cookie);
        tokio::spawn(connection::run(node, stream, already_read, from, (slot, place)));
    });
    response
}

/// The same status and headers, which tell a client's HTTP library what to do, around a refusal like all others.
fn not_upgraded(why: HandshakeRefusal) -> Response {
    let code = match why {
        HandshakeRefusal::Impossible => Code::Internal,
        _ => Code::BadRequest,
    };
    let mut response = Refused(code.refuse_saying(why.to_string())).into_response();
    let (told, _) = why.into_response().into_parts();
    *response.status_mut() = told.status;
    for (name, value) in &told.headers {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response
}

pub(super) fn admit(door: &Door, address: std::net::IpAddr) -> Result<OwnedSemaphorePermit, Refusal> {
    let node = &door.node;
    if node.is_draining() {
        return Err(Code::Draining.refuse_for_ms(1 + node.random_below(node.config.drain_spread_ms)));
    }
    let passed = node.gates.connect(address, node.now_ms());
    passed.map_err(|ms| Code::RateLimited.refuse_for_ms(ms))?;
    let place = Arc::clone(&door.sockets).try_acquire_owned();
    place.map_err(|_| Code::Overloaded.refuse_for_ms(CROWDED_RETRY_MS))
}
