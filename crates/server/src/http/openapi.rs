//! `GET /openapi.json`: every route as OpenAPI 3.1, made from the code. A verb's shape is its frame's, its sentence the
//! one in the index of frames, its refusals the catalogue of refusals: what is described is what is there.

mod example;
mod fixed;
mod plain;

use super::rest;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use fixed::{Content, FIXED, Fixed};
use protocol::refusal::Code;
use protocol::schema::{Named, Shape, described};
use protocol::{Body, ClientFrame, Refusal, ServerFrame, account};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Signing up, signing in, devices.
pub const ACCOUNTS: &str = "accounts";
/// What is said on the socket too.
pub const VERBS: &str = "verbs";
/// What only looks.
pub const LOOKS: &str = "looking";

/// What every request of `/v1` may be refused with.
const ANY: &[Code] = &[Code::RateLimited, Code::Overloaded, Code::Internal, Code::Draining];
/// What belongs to `hello`, and so to no route.
const OF_HELLO: &[Code] = &[Code::OutOfOrder, Code::UnsupportedVersion];

const ABOUT: &str = "A chat server. Every verb of the WebSocket is a `POST` here too: the frame's fields are the body, \
    the frame that answers it, with its `t`, is the answer. A request carries `Authorization: Bearer <token>`; signing \
    up or in gives a token. What is refused has a number, a sentence, and `retry` where the same request may succeed \
    later: then repeat it with the same `send_id`, and it happens once. Fields that are not known are passed over. \
    Numbers are whole and below 2^53. New fields, routes and refusals may come at any time; none goes.";

/// The description of every route. It is the same for every node of this program.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(document);
static TEXT: LazyLock<Bytes> = LazyLock::new(|| DOCUMENT.to_string().into());

/// `GET /openapi.json`.
pub async fn open_api() -> Response {
    ([(CONTENT_TYPE, "application/json")], TEXT.clone()).into_response()
}

fn document() -> Value {
    let mut schemas = Map::new();
    keep(&mut schemas, shared());
    let paths = paths(&mut schemas);
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tidings",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
            "description": ABOUT,
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": ACCOUNTS, "description": "Signing up, signing in, devices and their tokens."},
            {"name": VERBS, "description": "Everything that is said over the WebSocket, one request each."},
            {"name": LOOKS, "description": "What an operator and a passer-by look at."},
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "A device's token."}},
        },
    });
    plain::tidy(&mut document);
    example::add(&mut document);
    document
}

/// Every path; the schemas that are referred to are kept.
fn paths(schemas: &mut Map<String, Value>) -> Map<String, Value> {
    let answers_by_word: BTreeMap<&str, Shape> = ServerFrame::shapes()
        .into_iter()
        .map(|shape| (shape.word, shape))
        .collect();
    let mut paths = Map::new();
    for route in FIXED {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method] = fixed_operation(route);
    }
    let verbs = ClientFrame::shapes();
    for verb in verbs
        .iter()
        .filter(|shape| rest::verbs().any(|word| word == shape.word))
    {
        keep(schemas, verb.schemas.clone());
        let answers: Vec<&Shape> = answers(&verb.say)
            .filter_map(|word| answers_by_word.get(word))
            .collect();
        for answer in &answers {
            keep(schemas, answer.schemas.clone());
        }
        paths.insert(rest::path(verb.word), json!({"post": verb_operation(verb, &answers)}));
    }
    paths
}

/// Shapes that are no frames.
fn shared() -> Vec<Named> {
    let all = [
        described::<Refusal>().1,
        described::<account::SignUp>().1,
        described::<account::SignIn>().1,
        described::<account::SignedIn>().1,
        described::<protocol::link::AskPreview>().1,
        described::<protocol::link::Preview>().1,
        described::<account::Devices>().1,
        described::<account::SignedOut>().1,
        described::<protocol::poll::Poll>().1,
        described::<protocol::poll::Polled>().1,
        described::<account::Rotated>().1,
        described::<Body>().1,
    ];
    all.into_iter().flatten().collect()
}

/// Keeps schemas under their names.
fn keep(schemas: &mut Map<String, Value>, named: Vec<Named>) {
    for (name, schema) in named {
        let schema = serde_json::to_value(schema).expect("a schema is JSON");
        let known = schemas.entry(name.clone()).or_insert_with(|| schema.clone());
        debug_assert_eq!(
            *known, schema,
            "two types of the wire are called {name}: give one another name"
        );
    }
}

/// The words of the frames that answer a verb, out of its sentence in the index of frames.
fn answers(say: &str) -> impl Iterator<Item = &str> {
    let after = say.split_once("Answered by").map_or("", |(_, after)| after);
    let quoted = after.split('`').skip(1).step_by(2);
    quoted.filter(|word| ServerFrame::WORDS.contains(word))
}

fn verb_operation(verb: &Shape, answers: &[&Shape]) -> Value {
    let answer = |shape: &&Shape| {
        json!({"allOf": [
            schema_ref(&shape.name),
            {"type": "object", "properties": {"t": {"const": shape.word}}, "required": ["t"]},
        ]})
    };
    let mut responses = refusals(Code::ALL.iter().filter(|code| !OF_HELLO.contains(code)));
    let say: Vec<String> = answers
        .iter()
        .map(|shape| format!("`{}`: {}", shape.word, shape.say))
        .collect();
    let (status, said) = match answers {
        [] => ("204", json!({"description": "It is passed on, and not answered."})),
        [one] => ("200", said(&say.join(" "), &answer(one))),
        several => {
            let each: Vec<Value> = several.iter().map(answer).collect();
            ("200", said(&say.join(" Or "), &json!({"oneOf": each})))
        }
    };
    responses.insert(status.to_owned(), said);
    json!({
        "operationId": verb.word,
        "tags": [VERBS],
        "summary": verb.say,
        "security": [{"token": []}],
        "requestBody": taken(&verb.name),
        "responses": responses,
    })
}

fn fixed_operation(route: &Fixed) -> Value {
    let token: &[Code] = if route.token { &[Code::Unauthenticated] } else { &[] };
    let any = if route.path.starts_with("/v1/") { ANY } else { &[] };
    let mut responses = refusals(route.refusals.iter().chain(token).chain(any));
    for (status, say, content) in route.answers {
        let answer = match content {
            Content::Nothing => json!({"description": say}),
            Content::Json(name) => said(say, &schema_ref(name)),
            Content::Any => said(say, &json!({"type": "object"})),
            Content::Text(media) => {
                let text = |one: &str| (one.to_owned(), json!({"schema": {"type": "string"}}));
                let content: Map<String, Value> = media.split(", ").map(text).collect();
                json!({"description": say, "content": content})
            }
        };
        responses.insert(status.to_string(), answer);
    }
    let mut operation = json!({
        "operationId": route.id,
        "tags": [route.group],
        "summary": route.say,
        "responses": responses,
    });
    if route.token {
        operation["security"] = json!([{"token": []}]);
    }
    if let Some(name) = route.body {
        operation["requestBody"] = taken(name);
    }
    if let Some((name, say)) = route.in_path {
        let id = json!({"type": "string", "format": "uuid"});
        operation["parameters"] =
            json!([{"name": name, "in": "path", "required": true, "description": say, "schema": id}]);
    }
    operation
}

/// Refusals as answers, by their HTTP status: which numbers there may be, and how each is said.
fn refusals<'c>(codes: impl IntoIterator<Item = &'c Code>) -> Map<String, Value> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.http_status()).or_default().push(*code);
    }
    let one = |(status, mut codes): (u16, Vec<Code>)| {
        codes.sort_unstable();
        codes.dedup();
        let numbers: Vec<u16> = codes.iter().map(|code| *code as u16).collect();
        let say: Vec<String> = codes
            .iter()
            .map(|code| format!("{} `{}`", *code as u16, code.name()))
            .collect();
        let narrowed = json!({"type": "object", "properties": {"code": {"enum": numbers}}});
        let mut answer = said(&say.join(", "), &json!({"allOf": [schema_ref("Refusal"), narrowed]}));
        if codes.iter().any(|code| code.retry()) {
            let seconds = json!({"type": "integer", "minimum": 0});
            answer["headers"] =
                json!({"Retry-After": {"description": "Not before so many seconds.", "schema": seconds}});
        }
        (status.to_string(), answer)
    };
    by_status.into_iter().map(one).collect()
}

fn taken(name: &str) -> Value {
    json!({"required": true, "content": {"application/json": {"schema": schema_ref(name)}}})
}

fn said(say: &str, schema: &Value) -> Value {
    json!({"description": say, "content": {"application/json": {"schema": schema}}})
}

fn schema_ref(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}
