//! The HTTP door of a `House`, asked without a socket in between; and an ear for everything that is logged.

use crate::harness::{House, Person, TokioClock};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request};
use protocol::Epoch;
use protocol::account::SignedIn;
use protocol::token::TokenText;
use serde_json::{Value, json};
use server::clock::Clock;
use server::config::Config;
use std::fmt::{Debug, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use store::model::Model;
use tower::ServiceExt;

/// A password that is long enough.
pub const PASSWORD: &str = "correct horse battery";

/// A server and its HTTP door.
pub struct Front {
    pub house: House,
    pub router: Router,
}

/// One request.
#[derive(Clone, Default)]
pub struct Call<'c> {
    pub peer: Option<&'c str>,
    pub token: Option<&'c TokenText>,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Heard {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Heard {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// The number of a refusal; what is no refusal has none.
    pub fn code(&self) -> Option<u64> {
        serde_json::from_str::<Value>(&self.text).ok()?.get("code")?.as_u64()
    }

    pub fn signed_in(&self) -> SignedIn {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("nobody signed in: {self:?}"))
    }
}

impl Front {
    /// A door of a server that behaves like this, over the model, which shares the server's time.
    pub fn open(config: Config) -> Self {
        let clock = TokioClock::start();
        let model = Model::new(Epoch::from_random([9; 16]), Arc::new(move || clock.unix_ms()), 7);
        let house = House::with(config, Arc::new(model));
        Self::of(house)
    }

    /// The door of this server.
    pub fn of(house: House) -> Self {
        let router = server::http::router(Arc::clone(&house.node));
        Self { house, router }
    }

    pub async fn call(&self, method: &str, path: &str, call: Call<'_>) -> Heard {
        let peer: SocketAddr = call.peer.unwrap_or("127.0.0.1:4711").parse().expect("an address");
        let mut request = Request::builder().method(method).uri(path).extension(ConnectInfo(peer));
        if let Some(token) = call.token {
            request = request.header("authorization", format!("Bearer {}", token.expose()));
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(call.body)).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("never fails");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        Heard {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).expect("UTF-8"),
        }
    }

    /// Asks with a token and no body.
    pub async fn with(&self, token: &TokenText, method: &str, path: &str) -> Heard {
        let token = Some(token);
        self.call(
            method,
            path,
            Call {
                token,
                ..Call::default()
            },
        )
        .await
    }

    /// Asks without a token.
    pub async fn post(&self, path: &str, body: &Value) -> Heard {
        let body = body.to_string();
        self.call(
            "POST",
            path,
            Call {
                body,
                ..Call::default()
            },
        )
        .await
    }

    pub async fn sign_up(&self, handle: &str, invite: Option<&str>) -> Heard {
        let asked = json!({"handle": handle, "name": handle, "password": PASSWORD, "invite": invite});
        self.post("/v1/accounts", &asked).await
    }

    pub async fn sign_in(&self, handle: &str, password: &str) -> Heard {
        let asked = json!({"handle": handle, "password": password, "device_name": "another"});
        self.post("/v1/sessions", &asked).await
    }
}

/// Who signed in, as somebody who can connect.
pub fn person(signed_in: &SignedIn) -> Person {
    Person {
        user: signed_in.user,
        device: signed_in.device,
        token: signed_in.token.parse().expect("a token"),
    }
}

/// Hears everything that is logged on this thread, on every level, by every crate.
#[derive(Clone, Default)]
pub struct Ear(Arc<Mutex<String>>);

impl Ear {
    pub fn heard(&self) -> String {
        self.0.lock().expect("nothing panics under this lock").clone()
    }

    fn note(&self, name: &str, value: &dyn Debug) {
        let mut heard = self.0.lock().expect("nothing panics under this lock");
        let _ = write!(heard, " {name}={value:?}");
    }
}

struct Fields<'e>(&'e Ear);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn Debug) {
        self.0.note(field.name(), value);
    }
}

impl tracing::Subscriber for Ear {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        span.record(&mut Fields(self));
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut Fields(self));
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        self.note("\n", &event.metadata().target());
        event.record(&mut Fields(self));
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}
