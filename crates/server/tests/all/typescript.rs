//! The words of the wire for the web app: `web/src/wire/wire.ts` is made from the code, and this test fails when it is
//! stale. `UPDATE_DOCS=1` writes it.

use protocol::close::{Close, Duty};
use protocol::refusal::Code;
use protocol::rights::{Action, Mode};
use protocol::schema::{Named, Shape, described};
use protocol::{Body, ClientFrame, Refusal, ServerFrame, account, entry, limits, poll};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

const ABOUT: &str = "\
// The wire, made from crates/protocol by crates/server/tests/all/typescript.rs. Not written by hand:
//   UPDATE_DOCS=1 cargo test -p server --test all typescript

/** Any JSON object. */
export type Json = { [field: string]: unknown };
";

#[test]
fn the_words_of_the_web_app_are_those_of_the_code() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../web/src/wire/wire.ts");
    let wanted = wire();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("web/src/wire can be written to");
    }
    let there = std::fs::read_to_string(&path).expect("web/src/wire/wire.ts can be read");
    assert!(
        there == wanted,
        "web/src/wire/wire.ts is stale; UPDATE_DOCS=1 cargo test -p server --test all typescript"
    );
}

fn wire() -> String {
    let (client, server) = (ClientFrame::shapes(), ServerFrame::shapes());
    let mut types = BTreeMap::new();
    let frames = client.iter().chain(&server).flat_map(|shape| shape.schemas.clone());
    for (name, schema) in frames.chain(others()) {
        types.insert(name, serde_json::to_value(schema).expect("a schema is JSON"));
    }
    let mut text = ABOUT.to_owned();
    for (name, schema) in &types {
        text += &format!("\n{}export type {name} = {};\n", comment(schema, ""), shape(schema, ""));
    }
    text += &union("ClientFrame", "What a client says.", &client);
    text += &union("ServerFrame", "What a server says.", &server);
    text + &numbers()
}

/// Shapes that are no frames.
fn others() -> Vec<Named> {
    let all = [
        described::<account::SignUp>().1,
        described::<account::SignIn>().1,
        described::<account::SignedIn>().1,
        described::<account::Devices>().1,
        described::<account::SignedOut>().1,
        described::<account::Rotated>().1,
        described::<poll::Poll>().1,
        described::<poll::Polled>().1,
        described::<Refusal>().1,
        described::<Body>().1,
        described::<entry::Entry>().1,
    ];
    all.into_iter().flatten().collect()
}

fn union(name: &str, say: &str, shapes: &[Shape]) -> String {
    let one = |shape: &Shape| format!("\n  | ({{ t: \"{}\" }} & {})", shape.word, shape.name);
    let all: String = shapes.iter().map(one).collect();
    format!("\n/** {say} */\nexport type {name} ={all};\n")
}

/// A schema as a type.
fn shape(schema: &Value, indent: &str) -> String {
    let list = |key: &str| {
        schema[key]
            .as_array()
            .map(Vec::as_slice)
            .filter(|list| !list.is_empty())
    };
    let each = |list: &[Value], between: &str| {
        let all: Vec<String> = list
            .iter()
            .filter(|one| one["type"] != "null")
            .map(|one| shape(one, indent))
            .collect();
        all.join(between)
    };
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(one_of) = list("oneOf").or(list("anyOf")) {
        return each(one_of, " | ");
    }
    if let Some(all_of) = list("allOf") {
        let all: Vec<String> = all_of.iter().map(|one| format!("({})", shape(one, indent))).collect();
        return all.join(" & ");
    }
    if let Some(words) = list("enum") {
        let all: Vec<String> = words.iter().map(Value::to_string).collect();
        return all.join(" | ");
    }
    let is = |name: &str| schema["type"] == name || list("type").is_some_and(|types| types.iter().any(|t| t == name));
    if is("object") {
        return object(schema, indent);
    }
    if is("array") {
        return match list("prefixItems") {
            Some(items) => format!("[{}]", each(items, ", ")),
            None => format!("({})[]", shape(&schema["items"], indent)),
        };
    }
    let plain = [
        ("string", "string"),
        ("boolean", "boolean"),
        ("integer", "number"),
        ("number", "number"),
    ];
    let known = plain.into_iter().find(|(name, _)| is(name));
    known.map_or("unknown", |(_, word)| word).to_owned()
}

fn object(schema: &Value, indent: &str) -> String {
    let Some(fields) = schema["properties"].as_object() else {
        return match &schema["additionalProperties"] {
            of @ Value::Object(_) => format!("{{ [name: string]: {} }}", shape(of, indent)),
            _ => "Json".to_owned(),
        };
    };
    let deeper = format!("{indent}  ");
    let needed = |name: &str| {
        schema["required"]
            .as_array()
            .is_some_and(|list| list.iter().any(|one| one == name))
    };
    let mut text = "{\n".to_owned();
    for (name, field) in fields {
        let mark = if needed(name) { "" } else { "?" };
        let of = shape(field, &deeper);
        text += &format!("{}{deeper}{name}{mark}: {of};\n", comment(field, &deeper));
    }
    text + indent + "}"
}

/// What a schema says of itself; of one that may be absent, what the schema beside says.
fn comment(schema: &Value, indent: &str) -> String {
    let beside = || {
        schema["oneOf"]
            .as_array()?
            .iter()
            .find_map(|one| one["description"].as_str())
    };
    let say = schema["description"].as_str().or_else(beside).unwrap_or_default();
    if say.is_empty() {
        return String::new();
    }
    let say = say
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("*/", "*\u{200b}/");
    format!("{indent}/** {say} */\n")
}

/// What is a number or a word in the code and no shape.
fn numbers() -> String {
    let mut text = String::from("\n/** Refusals by their names. */\nexport const Code = {\n");
    for code in Code::ALL {
        text += &format!("  /** {} */\n  {}: {},\n", code.say(), code.name(), *code as u16);
    }
    text += "} as const;\n\n/** What a client has to do after a close, by its code; after any other: `reconnect`. */\n";
    text += "export const DUTIES: { readonly [code: number]: \"reconnect\" | \"sign in\" | \"stop\" } = {\n";
    for close in Close::ALL {
        let duty = match Duty::after(Some(close.code())) {
            Duty::Reconnect => "reconnect",
            Duty::SignIn => "sign in",
            Duty::Stop => "stop",
        };
        text += &format!("  {}: \"{duty}\",\n", close.code());
    }
    text += "};\n\n/** The least role for each right: plain, announcing, approving, both. */\n";
    text += "export const RIGHTS = {\n";
    for action in Action::ALL {
        let least = |announce, approve| {
            let role = action.least(Mode { announce, approve });
            serde_json::to_string(&role).expect("a word")
        };
        let roles = [
            least(false, false),
            least(true, false),
            least(false, true),
            least(true, true),
        ];
        text += &format!("  {}: [{}],\n", action.word(), roles.join(", "));
    }
    text +=
        "} as const;\n\n/** Bounds that a client acts on and is not told in `welcome`. */\nexport const LIMITS = {\n";
    let bounds: [(&str, u64); 13] = [
        ("acked_keep_ms", limits::ACKED_KEEP_MS),
        ("body_bytes_max", limits::BODY_BYTES_MAX as u64),
        ("text_bytes_max", limits::TEXT_BYTES_MAX as u64),
        ("early_hold_ms_max", limits::EARLY_HOLD_MS_MAX),
        ("group_members_max", limits::GROUP_MEMBERS_MAX as u64),
        ("mentions_max", limits::MENTIONS_MAX as u64),
        ("presence_ttl_ms", limits::PRESENCE_TTL_MS),
        ("server_frame_bytes_max", limits::SERVER_FRAME_BYTES_MAX as u64),
        ("typing_interval_ms_min", limits::TYPING_INTERVAL_MS_MIN),
        ("watch_presence_max", limits::WATCH_PRESENCE_MAX as u64),
        ("title_bytes_max", limits::TITLE_BYTES_MAX as u64),
        ("description_bytes_max", limits::DESCRIPTION_BYTES_MAX as u64),
        ("name_bytes_max", limits::NAME_BYTES_MAX as u64),
    ];
    for (name, value) in bounds {
        text += &format!("  {name}: {value},\n");
    }
    text + "} as const;\n"
}
