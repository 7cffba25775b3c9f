//! An example of each body: the least that is taken, made from its schema, with words a reader knows from
//! docs/PROTOCOL.md.

use serde_json::{Map, Value, json};

/// What a verb takes that its schema does not demand, for one of several has to be there.
const BESIDES: &[(&str, &str)] = &[
    ("get", r#"{"after": 0}"#),
    ("cursor", r#"{"delivered": 3, "read": 3}"#),
    ("people", r#"{"handles": ["bob"]}"#),
];
/// How deep a body's schema is followed.
const DEPTH_MAX: usize = 8;

/// Adds an example to each operation that takes a body.
pub fn add(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let Some(paths) = document["paths"].as_object_mut() else {
        return;
    };
    let operations = paths.values_mut().filter_map(Value::as_object_mut);
    for operation in operations.flat_map(|path| path.values_mut()) {
        let word = operation["operationId"].as_str().unwrap_or("").to_owned();
        let Some(content) = operation.pointer_mut("/requestBody/content/application~1json") else {
            continue;
        };
        let mut example = of(&schemas, &content["schema"], "", DEPTH_MAX);
        for (_, fields) in BESIDES.iter().filter(|(verb, _)| *verb == word) {
            let fields: Map<String, Value> = serde_json::from_str(fields).expect("an example is JSON");
            if let Some(example) = example.as_object_mut() {
                example.extend(fields);
            }
        }
        content["example"] = example;
    }
}

/// An example of a value of this schema that stands under this name.
fn of(schemas: &Value, schema: &Value, name: &str, depth: usize) -> Value {
    let deeper = |schema: &Value, name: &str| of(schemas, schema, name, depth.saturating_sub(1));
    if depth == 0 {
        return json!({});
    }
    if let Some(kind) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return known(kind).unwrap_or_else(|| deeper(&schemas[kind], name));
    }
    if let Some(first) = schema["enum"].get(0).or(schema.get("const")) {
        return first.clone();
    }
    if let Some(all) = schema["oneOf"].as_array() {
        let first = all.iter().find(|one| one["type"] != "null");
        return first.map_or(Value::Null, |one| deeper(one, name));
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts.iter().map(|part| deeper(part, name));
        return Value::Object(parts.filter_map(|part| part.as_object().cloned()).flatten().collect());
    }
    if let Some(places) = schema["prefixItems"].as_array() {
        return places.iter().map(|place| deeper(place, name)).collect();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind.unwrap_or("object") {
        "string" if schema["format"] == "uuid" => json!("5b3e6f0a-9c1d-4a52-8f07-1d2c3b4a5e6f"),
        "string" => json!(word(name)),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => json!(true),
        "array" => json!([deeper(&schema["items"], name)]),
        _ if name == "body" => json!({"text": "Good morning"}),
        _ => {
            let required = schema["required"].as_array().into_iter().flatten();
            let field = |name: &str| (name.to_owned(), deeper(&schema["properties"][name], name));
            Value::Object(required.filter_map(Value::as_str).map(field).collect())
        }
    }
}

/// Ids and places as PROTOCOL.md has them: Bob, the 1:1 with him, a message.
fn known(kind: &str) -> Option<Value> {
    Some(match kind {
        "UserId" => json!("c2a4d8e1-7b60-4f39-9a1e-0f8e7d6c5b4a"),
        "ConversationId" => json!("726bd40b-4802-8c69-af10-828a16d3c8a2"),
        "SendId" => json!("0193f1a2-0000-7000-8000-000000000002"),
        "Kind" => json!("text"),
        "Role" => json!("admin"),
        "Seq" => json!(2),
        _ => return None,
    })
}

fn word(name: &str) -> &str {
    match name {
        "handle" => "ann",
        "name" => "Ann Archer",
        "password" => "correct horse battery",
        "device_name" => "Ann's laptop",
        "title" => "Tea",
        "text" => "Good morning",
        "emoji" => "👍",
        _ => "…",
    }
}
