//! `GET /docs`: every route for people, rendered from the same document that programs get. One page, no script, its own
//! style; it says nothing that `/openapi.json` does not say.

mod fields;
mod html;

use super::openapi::{ACCOUNTS, DOCUMENT, LOOKS, VERBS};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use bytes::Bytes;
use fields::{fields, kind, referred};
use html::{escape, prose};
use protocol::refusal::Code;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::LazyLock;

const STYLE: &str = include_str!("docs_page/style.css");

static PAGE: LazyLock<Bytes> = LazyLock::new(|| page(&DOCUMENT).into());
/// Nothing is loaded, nothing runs, and no style but ours counts.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("a policy is ASCII")
});

/// `GET /docs`.
pub async fn docs() -> Response {
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    (
        [(CONTENT_TYPE, html), (CONTENT_SECURITY_POLICY, POLICY.clone())],
        PAGE.clone(),
    )
        .into_response()
}

/// One route: its method, its path, and what the document says of it.
struct Route<'d> {
    method: &'d str,
    path: &'d str,
    operation: &'d Value,
}

impl Route<'_> {
    fn id(&self) -> String {
        format!("route-{}", self.operation["operationId"].as_str().unwrap_or(""))
    }

    fn title(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    fn is_of(&self, group: &str) -> bool {
        self.operation["tags"][0] == group
    }

    fn takes_a_token(&self) -> bool {
        self.operation["security"].as_array().is_some_and(|all| !all.is_empty())
    }
}

fn page(document: &Value) -> String {
    let routes = routes(document);
    let schemas = &document["components"]["schemas"];
    let mut out = String::new();
    let about = prose(document["info"]["description"].as_str().unwrap_or(""));
    let version = escape(document["info"]["version"].as_str().unwrap_or(""));
    write_to(
        &mut out,
        format_args!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>Tidings: every route</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <h1>Tidings: every route</h1>\n<p class=\"soft\">Version {version}. \
             For programs: <a href=\"/openapi.json\">/openapi.json</a>.</p>\n<p>{about}</p>\n"
        ),
    );
    out.push_str(
        "<p>In the examples <code>$SERVER</code> is where this page came from, and <code>$TOKEN</code> your \
         token.</p>\n",
    );
    contents(&mut out, &routes);
    for (group, title) in GROUPS {
        write_to(&mut out, format_args!("<h2 id=\"{group}\">{title}</h2>\n"));
        for route in routes.iter().filter(|route| route.is_of(group)) {
            section(&mut out, schemas, route);
        }
    }
    shapes(&mut out, schemas);
    refusals(&mut out);
    out.push_str("</body>\n</html>\n");
    out
}

const GROUPS: [(&str, &str); 3] = [(ACCOUNTS, "Accounts and devices"), (VERBS, "Verbs"), (LOOKS, "Looking")];

fn routes(document: &Value) -> Vec<Route<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, operations)| {
        let operations = operations.as_object().into_iter().flatten();
        operations.map(move |(method, operation)| Route {
            method,
            path,
            operation,
        })
    });
    all.collect()
}

fn contents(out: &mut String, routes: &[Route<'_>]) {
    out.push_str("<nav>\n");
    for (group, title) in GROUPS {
        write_to(out, format_args!("<p><a href=\"#{group}\">{title}</a></p>\n<ul>\n"));
        for route in routes.iter().filter(|route| route.is_of(group)) {
            let (id, title) = (escape(&route.id()), escape(&route.title()));
            write_to(out, format_args!("<li><a href=\"#{id}\">{title}</a></li>\n"));
        }
        out.push_str("</ul>\n");
    }
    out.push_str("<p><a href=\"#shapes\">Shapes</a> · <a href=\"#refusals\">Refusals</a></p>\n</nav>\n");
}

fn section(out: &mut String, schemas: &Value, route: &Route<'_>) {
    let (id, title) = (escape(&route.id()), escape(&route.title()));
    write_to(
        out,
        format_args!("<h3 id=\"{id}\"><a href=\"#{id}\"><code>{title}</code></a></h3>\n"),
    );
    let say = prose(route.operation["summary"].as_str().unwrap_or(""));
    let token = if route.takes_a_token() { " Takes a token." } else { "" };
    write_to(out, format_args!("<p>{say}{token}</p>\n"));
    for parameter in route.operation["parameters"].as_array().into_iter().flatten() {
        let name = escape(parameter["name"].as_str().unwrap_or(""));
        let (kind, say) = (
            kind(&parameter["schema"]),
            prose(parameter["description"].as_str().unwrap_or("")),
        );
        write_to(
            out,
            format_args!("<p>In the path, <code>{name}</code>, {kind}: {say}</p>\n"),
        );
    }
    let content = &route.operation["requestBody"]["content"]["application/json"];
    if content.is_object() {
        let about = referred(&content["schema"]).and_then(|name| schemas[name]["description"].as_str());
        let about = about.map_or("", beyond_its_name);
        write_to(out, format_args!("<p>The body. {}</p>\n", prose(about)));
        table(out, schemas, &content["schema"]);
    }
    write_to(
        out,
        format_args!("<pre>{}</pre>\n", escape(&curl(route, &content["example"]))),
    );
    out.push_str("<div class=\"wide\"><table>\n<tr><th>status</th><th>answer</th></tr>\n");
    for (status, answer) in route.operation["responses"].as_object().into_iter().flatten() {
        let say = prose(answer["description"].as_str().unwrap_or(""));
        let schema = &answer["content"]["application/json"]["schema"];
        let shape = if schema.is_object() {
            kind(schema)
        } else {
            String::new()
        };
        let between = if shape.is_empty() { "" } else { ": " };
        write_to(
            out,
            format_args!("<tr><td>{}</td><td>{shape}{between}{say}</td></tr>\n", escape(status)),
        );
    }
    out.push_str("</table></div>\n");
}

fn table(out: &mut String, schemas: &Value, schema: &Value) {
    let fields = fields(schemas, schema);
    if fields.is_empty() {
        return;
    }
    out.push_str("<div class=\"wide\"><table>\n<tr><th>field</th><th>type</th><th>meaning</th></tr>\n");
    for field in fields {
        let may = if field.optional { "?" } else { "" };
        let (name, kind, say) = (escape(&field.name), field.kind, field.say);
        write_to(
            out,
            format_args!("<tr><td><code>{name}</code>{may}</td><td>{kind}</td><td>{say}</td></tr>\n"),
        );
    }
    out.push_str("</table></div>\n");
}

/// What is said of a body beyond its own name, which stands above it: "`send`: so and so" is "so and so".
fn beyond_its_name(say: &str) -> &str {
    let rest = say.strip_prefix('`').and_then(|rest| rest.split_once('`'));
    rest.map_or(say, |(_, rest)| rest.trim_start_matches([':', '.', ' ']))
}

fn curl(route: &Route<'_>, example: &Value) -> String {
    let method = match route.method {
        "get" => String::new(),
        "post" if example.is_object() => String::new(),
        other => format!(" -X {}", other.to_uppercase()),
    };
    let token = if route.takes_a_token() {
        " -H \"Authorization: Bearer $TOKEN\""
    } else {
        ""
    };
    let body = if example.is_object() {
        // Within single quotes a shell takes everything as it stands but the quote itself.
        format!(
            " \\\n  -H 'Content-Type: application/json' \\\n  -d '{}'",
            example.to_string().replace('\'', "'\\''")
        )
    } else {
        String::new()
    };
    format!(
        "curl{method} \"$SERVER{}\"{token}{body}",
        route.path.replace('{', "$").replace('}', "")
    )
}

fn shapes(out: &mut String, schemas: &Value) {
    out.push_str("<h2 id=\"shapes\">Shapes</h2>\n<p>A field marked <code>?</code> may be left out.</p>\n");
    for (name, schema) in schemas.as_object().into_iter().flatten() {
        let name = escape(name);
        let say = prose(schema["description"].as_str().unwrap_or(""));
        write_to(
            out,
            format_args!("<h3 id=\"shape-{name}\"><code>{name}</code></h3>\n<p>{say}</p>\n"),
        );
        if schema["enum"].is_array() {
            write_to(out, format_args!("<p>One of {}.</p>\n", kind(schema)));
        }
        table(out, schemas, schema);
    }
}

fn refusals(out: &mut String) {
    out.push_str(
        "<h2 id=\"refusals\">Refusals</h2>\n<p>Act on the number; show the sentence, or your own. Only what says \
         <code>retry</code> is worth a retry, with the same <code>send_id</code>.</p>\n<div class=\"wide\"><table>\n\
         <tr><th>code</th><th>name</th><th>status</th><th>retry</th><th>meaning</th></tr>\n",
    );
    for code in Code::ALL {
        let (number, name, status, say) = (*code as u16, code.name(), code.http_status(), prose(code.say()));
        let retry = if code.retry() { "yes" } else { "no" };
        write_to(
            out,
            format_args!(
                "<tr><td>{number}</td><td><code>{name}</code></td><td>{status}</td><td>{retry}</td>\
                 <td>{say}</td></tr>\n"
            ),
        );
    }
    out.push_str("</table></div>\n");
}

fn write_to(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes everything");
}
