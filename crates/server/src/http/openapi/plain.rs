//! From what the compiler's documentation says to what a stranger reads: no links into the code, no word of how a type
//! prints itself, and bounds that the schema's maker did not see.

use protocol::position::POSITION_MAX;
use serde_json::{Map, Value, json};

/// Tidies a whole document.
pub fn tidy(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(tidy),
        Value::Object(map) => {
            if let Some(Value::String(say)) = map.get_mut("description") {
                *say = sentence(say);
            }
            without_unknown(map);
            bound(map);
            map.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

/// A sentence out of the code, for people who do not see the code.
fn sentence(say: &str) -> String {
    let say = say.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = say.split(" Its `Debug`").next().unwrap_or("");
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once("[`") {
        let Some((path, after)) = after.split_once("`]") else {
            break;
        };
        let name = path.rsplit("::").next().unwrap_or(path);
        plain.push_str(before);
        plain.push('`');
        plain.push_str(name);
        plain.push('`');
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// "A word this program does not know" is for whoever reads; nobody says it.
fn without_unknown(map: &mut Map<String, Value>) {
    if let Some(Value::Array(words)) = map.get_mut("enum") {
        words.retain(|word| word != "unknown");
    }
    if let Some(Value::Array(alternatives)) = map.get_mut("oneOf") {
        let is_unknown = |one: &Value| {
            let properties = one["properties"].as_object();
            properties.is_some_and(|all| all.values().any(|property| property["enum"] == json!(["unknown"])))
        };
        alternatives.retain(|one| !is_unknown(one));
    }
}

/// Numbers end where ours do, and a pair has two.
fn bound(map: &mut Map<String, Value>) {
    let most = match map.get("format").and_then(Value::as_str) {
        Some("int32") => Some(u64::from(u32::MAX)),
        Some("int64") => Some(POSITION_MAX),
        _ => None,
    };
    if let Some(most) = most {
        map.remove("format");
        map.entry("maximum").or_insert(json!(most));
    }
    if let Some(places) = map.get("prefixItems").and_then(Value::as_array).map(Vec::len) {
        map.insert("minItems".to_owned(), json!(places));
        map.insert("maxItems".to_owned(), json!(places));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_for_strangers() {
        assert_eq!(sentence("For `text` a [`crate::Body`]."), "For `text` a `Body`.");
        assert_eq!(sentence("A `send`. Its `Debug` tells how long."), "A `send`.");
        assert_eq!(sentence("one\ntwo [`half"), "one two [`half");
    }

    #[test]
    fn what_nobody_says_is_not_described() {
        let mut value = json!({
            "enum": ["direct", "unknown"],
            "oneOf": [{"properties": {"t": {"enum": ["unknown"]}}}, {"properties": {"t": {"enum": ["devices"]}}}],
        });
        tidy(&mut value);
        assert_eq!(value["enum"], json!(["direct"]));
        assert_eq!(value["oneOf"].as_array().map(Vec::len), Some(1));
    }
}
