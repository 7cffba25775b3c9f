//! The HTTP door: accounts and devices, the upgrade to a WebSocket, and what an operator looks at.
//!
//! A token comes in `Authorization: Bearer`, or as a cookie from a page of ours, and nowhere else: an address is
//! written into logs and histories on its way, so a `?token=` in one is not even looked at, and no address is logged
//! here. Everything that is refused is refused with the same JSON as on the socket.

mod accounts;
pub mod address;
mod answer;
mod cookie;
mod docs_page;
mod link_page;
mod look;
mod openapi;
mod origin;
mod poll;
mod rest;
mod site;
mod socket_door;

use crate::node::Node;
use answer::Refused;
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use protocol::refusal::Code;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// What every route is handed.
#[derive(Clone)]
struct Door {
    node: Arc<Node>,
    /// Places for WebSockets: as many as the node holds sessions.
    sockets: Arc<Semaphore>,
    /// Who lately said by REST that they type.
    typings: Arc<rest::Typings>,
}

/// Every route, over TCP.
pub fn router(node: Arc<Node>) -> Router {
    router_over::<TcpStream>(node)
}

/// Every route, for a [`crate::listen::serve`] over such streams.
pub fn router_over<S>(node: Arc<Node>) -> Router
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let sockets = Arc::new(Semaphore::new(node.config.sessions_max.min(Semaphore::MAX_PERMITS)));
    let door = Door {
        node,
        sockets,
        typings: Arc::new(rest::typings()),
    };
    site::routes(rest::routes(Router::new()), door.node.config.site)
        .route("/openapi.json", get(openapi::open_api))
        .route("/docs", get(docs_page::docs))
        .route("/healthz", get(look::healthz))
        .route("/readyz", get(look::readyz))
        .route("/metrics", get(look::metrics))
        .route("/v1/accounts", post(accounts::sign_up))
        .route("/v1/sessions", post(accounts::sign_in))
        .route("/v1/session", delete(accounts::sign_out))
        .route("/v1/preview", post(accounts::preview))
        .route("/v1/devices", get(accounts::devices))
        .route("/v1/devices/sign-out-others", post(accounts::sign_out_others))
        .route("/v1/devices/{device}", delete(accounts::sign_out_device))
        .route("/v1/token", post(accounts::rotate))
        .route("/v1/poll", post(poll::poll))
        .route(protocol::SOCKET_PATH, get(socket_door::open::<S>))
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(from_fn_with_state(door.clone(), around))
        .with_state(door)
}

async fn unknown_path() -> Refused {
    Refused(Code::NotFound.refuse_saying("There is nothing at this path; docs/PROTOCOL.md lists the paths there are."))
}

async fn unknown_method() -> Response {
    let refusal = Code::BadRequest.refuse_saying("This path does not take this method; `Allow` names those it takes.");
    let mut response = Refused(refusal).into_response();
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}

/// What is true of every answer: pages of other sites get none, it is counted, kept by no cache, and taken for nothing
/// but what it says it is.
async fn around(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    const HEADERS: [(HeaderName, &str); 5] = [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    let method = request.method().clone();
    let came = origin::check(&method, request.headers(), door.node.config.public_url.as_ref());
    let mut response = match came {
        Ok(came) => {
            request.extensions_mut().insert(came);
            next.run(request).await
        }
        Err(foreign) => Refused(foreign).into_response(),
    };
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        for (name, value) in HEADERS {
            // A page may say more exactly what a browser may do with it.
            response
                .headers_mut()
                .entry(name)
                .or_insert(HeaderValue::from_static(value));
        }
    }
    let status = response.status().as_u16();
    door.node.metrics.http_answers.add(status / 100);
    let refused = response.extensions().get::<answer::RefusedCode>().map(|code| code.0);
    if let Some(code) = refused {
        door.node.metrics.refusals.add(code);
    }
    tracing::debug!(%method, status, refused, "answered");
    response
}

/// Where a request came from.
fn address_of(door: &Door, request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    address::client(peer, request.headers(), &door.node.config.trusted_proxies)
}
