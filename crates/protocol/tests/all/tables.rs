//! The tables of `docs/PROTOCOL.md` that are made from code.

use protocol::close::{Close, Duty};
use protocol::refusal::Code;
use protocol::rights::{Action, Mode};
use protocol::server_frame::Limits;

/// Writes one table.
type Table = fn() -> String;

/// The tables by the name that stands in the document's marks.
pub const TABLES: &[(&str, Table)] = &[
    ("closes", closes),
    ("rights", rights),
    ("refusals", refusals),
    ("limits", limits),
];

fn closes() -> String {
    let mut table = String::from("| code | sent with it | duty |\n| --- | --- | --- |\n");
    for close in Close::ALL {
        let duty = match Duty::after(Some(close.code())) {
            Duty::Reconnect => "reconnect",
            Duty::SignIn => "sign in",
            Duty::Stop => "stop",
        };
        table += &format!("| {} | {} | {duty} |\n", close.code(), close.reason());
    }
    table
}

fn rights() -> String {
    let mut table =
        String::from("| right | least role | announcing | approving | to |\n| --- | --- | --- | --- | --- |\n");
    let word = |role| serde_json::to_value(role).expect("a word");
    for action in Action::ALL {
        let in_mode = |announce, approve| {
            let least = word(action.least(Mode { announce, approve }));
            least.as_str().unwrap_or_default().to_owned()
        };
        let (plain, announcing, approving) = (in_mode(false, false), in_mode(true, false), in_mode(false, true));
        table += &format!(
            "| `{}` | {plain} | {announcing} | {approving} | {} |\n",
            action.word(),
            action.say()
        );
    }
    table
}

fn refusals() -> String {
    let mut table = String::from("| code | name | HTTP | retry | meaning |\n| --- | --- | --- | --- | --- |\n");
    for code in Code::ALL {
        let retry = if code.retry() { "yes" } else { "no" };
        let (number, name, http, say) = (*code as u16, code.name(), code.http_status(), code.say());
        table += &format!("| {number} | `{name}` | {http} | {retry} | {say} |\n");
    }
    table
}

/// Read from the source, so that a limit that is added there cannot be forgotten here.
fn limits() -> String {
    const SOURCE: &str = include_str!("../../src/limits.rs");
    let told = serde_json::to_value(Limits::default()).expect("numbers");
    let mut table = String::from("| limit | value | told | meaning |\n| --- | --- | --- | --- |\n");
    let mut meaning = String::new();
    for line in SOURCE.lines() {
        if let Some(text) = line.strip_prefix("/// ") {
            meaning += if meaning.is_empty() { "" } else { " " };
            meaning += text;
        } else if let Some((name, value)) = constant(line) {
            let told = match told.get(&name) {
                Some(number) => {
                    assert_eq!(number.as_u64(), Some(value), "{name} in welcome");
                    "•"
                }
                None => "",
            };
            table += &format!("| `{name}` | {} | {told} | {meaning} |\n", grouped(value));
            meaning.clear();
        }
    }
    let count = told.as_object().map_or(0, serde_json::Map::len);
    assert_eq!(
        table.matches('•').count(),
        count,
        "every limit that `welcome` tells stands in limits.rs"
    );
    table
}

/// The lower-case name and the value of `pub const NAME: type = 2 * 1_024;`.
fn constant(line: &str) -> Option<(String, u64)> {
    let (name, rest) = line.strip_prefix("pub const ")?.split_once(": ")?;
    let (_, product) = rest.strip_suffix(';')?.split_once(" = ")?;
    let factor = |text: &str| text.replace('_', "").parse::<u64>();
    let value = product
        .split(" * ")
        .map(|text| factor(text).unwrap_or_else(|e| panic!("{e}: {line}")))
        .product();
    Some((name.to_ascii_lowercase(), value))
}

/// 1048576 as `1,048,576`.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let head = digits.len() % 3;
    let mut text = digits[..head].to_owned();
    for group in digits.as_bytes()[head..].chunks(3) {
        if !text.is_empty() {
            text.push(',');
        }
        text.extend(group.iter().map(|&b| char::from(b)));
    }
    text
}

#[test]
fn numbers_are_grouped() {
    for (value, text) in [(7, "7"), (131_072, "131,072"), (2_592_000_000, "2,592,000,000")] {
        assert_eq!(grouped(value), text);
    }
}
