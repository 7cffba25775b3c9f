//! A schema as the rows of a table: which fields, of which type, what for.

use super::html::{escape, prose};
use serde_json::Value;

/// How deep parts of a schema are followed.
const DEPTH_MAX: usize = 6;

/// One field.
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type, in HTML.
    pub kind: String,
    /// Whether it may be left out.
    pub optional: bool,
    /// What it means, in HTML.
    pub say: String,
}

/// The fields of a schema, those of its parts among them.
pub fn fields(schemas: &Value, schema: &Value) -> Vec<Field> {
    let mut found = Vec::new();
    collect(schemas, schema, "", DEPTH_MAX, &mut found);
    found.sort_by_key(|field| field.optional);
    found
}

fn collect(schemas: &Value, schema: &Value, only_where: &str, depth: usize, found: &mut Vec<Field>) {
    if depth == 0 {
        return;
    }
    if let Some(name) = referred(schema) {
        collect(schemas, &schemas[name], only_where, depth - 1, found);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        collect(schemas, part, only_where, depth - 1, found);
    }
    for one in schema["oneOf"].as_array().into_iter().flatten() {
        let only_where = tag(one).unwrap_or_else(|| only_where.to_owned());
        collect(schemas, one, &only_where, depth - 1, found);
    }
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let mut say = prose(described(property).unwrap_or_default());
        if !only_where.is_empty() {
            say = format!("{say} <span class=\"soft\">{}</span>", prose(only_where));
        }
        found.push(Field {
            name: name.clone(),
            kind: kind(property),
            optional: !is_required(name),
            say,
        });
    }
}

/// What tells one alternative from the others: the field that has one value only.
fn tag(alternative: &Value) -> Option<String> {
    let parts = alternative["allOf"].as_array().into_iter().flatten();
    let mut properties = parts
        .chain(std::iter::once(alternative))
        .filter_map(|part| part["properties"].as_object())
        .flatten();
    properties.find_map(|(name, property)| {
        let word = property["enum"].as_array().filter(|words| words.len() == 1)?[0].as_str()?;
        Some(format!("Where `{name}` is `{word}`."))
    })
}

fn described(property: &Value) -> Option<&str> {
    let in_one = || {
        property["oneOf"]
            .as_array()?
            .iter()
            .find_map(|one| one["description"].as_str())
    };
    property["description"].as_str().or_else(in_one)
}

/// The name of the schema that this one refers to.
pub fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

/// A type, in HTML: a link where it has a table of its own.
pub fn kind(schema: &Value) -> String {
    if let Some(name) = referred(schema) {
        return format!("<a href=\"#shape-{0}\">{0}</a>", escape(name));
    }
    let words = |list: &Value| {
        let list = list.as_array()?;
        Some(
            list.iter()
                .map(|word| format!("<code>{}</code>", escape(&plain(word))))
                .collect::<Vec<_>>()
                .join(", "),
        )
    };
    if let Some(words) = words(&schema["enum"]) {
        return words;
    }
    if let Some(word) = schema.get("const") {
        return format!("<code>{}</code>", escape(&plain(word)));
    }
    for several in ["oneOf", "allOf", "anyOf"] {
        if let Some(parts) = schema[several].as_array() {
            let parts = parts
                .iter()
                .filter(|part| part["type"] != "null" && part["type"] != "object");
            return parts.map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(places) = schema["prefixItems"].as_array() {
        return format!("[{}]", places.iter().map(kind).collect::<Vec<_>>().join(", "));
    }
    let named = schema["type"]
        .as_str()
        .or_else(|| schema["type"][0].as_str())
        .unwrap_or("anything");
    match named {
        "string" if schema["format"] == "uuid" => "uuid".to_owned(),
        "string" => "text".to_owned(),
        "integer" => "number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => format!("list of {}", kind(&schema["items"])),
        other => other.to_owned(),
    }
}

fn plain(word: &Value) -> String {
    word.as_str().map_or_else(|| word.to_string(), str::to_owned)
}
