//! Names: nouns of the domain, no bags.

use crate::finding::Finding;
use crate::tree::{Tree, without_visibility};

/// A word that fits everything says nothing, and what is named so collects everything.
const BAGS: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "manager", "service", "handler", "handlers", "misc",
];

const ADVICE: &str = "Name it for what it is for, with a word of docs/GLOSSARY.md.";

/// No file and no folder of a crate is a bag.
pub fn file_name(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.rust() {
        let mut words = source.path.split(['/', '_', '-', '.']);
        if let Some(bag) = words.find(|word| BAGS.contains(word)) {
            findings.push(Finding::in_file(
                &source.path,
                0,
                format!("The path says \"{bag}\". {ADVICE}"),
            ));
        }
    }
    findings
}

/// No type is a bag.
pub fn type_name(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.rust() {
        for (number, line) in source.lines() {
            let Some(name) = type_declared(line) else { continue };
            if let Some(bag) = camel_words(name).into_iter().find(|word| BAGS.contains(&word.as_str())) {
                let advice = format!("The type {name} says \"{bag}\". {ADVICE}");
                findings.push(Finding::in_file(&source.path, number, advice));
            }
        }
    }
    findings
}

fn type_declared(line: &str) -> Option<&str> {
    let item = without_visibility(line);
    let rest = ["struct ", "enum ", "trait ", "type ", "union "]
        .iter()
        .find_map(|word| item.strip_prefix(word))?;
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    Some(&rest[..end])
}

fn camel_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for c in name.chars() {
        match words.last_mut() {
            Some(word) if !c.is_uppercase() => word.push(c),
            _ => words.push(c.to_lowercase().collect()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bag_among_file_names_is_found() {
        let tree = |path| Tree::made_up(&[(path, "")]);
        assert_eq!(file_name(&tree("crates/x/src/time_utils.rs")).len(), 1);
        assert_eq!(file_name(&tree("crates/x/tests/common/mod.rs")).len(), 1);
        assert_eq!(file_name(&tree("crates/x/src/commons.rs")), []);
    }

    #[test]
    fn a_bag_among_types_is_found() {
        let found = |line| type_name(&Tree::made_up(&[("a.rs", line)])).len();
        assert_eq!(found("pub(crate) struct SessionManager<T> {"), 1);
        assert_eq!(found("    pub enum Handler {"), 1);
        assert_eq!(
            found("impl Service for Session {"),
            0,
            "somebody else's word is not ours to change"
        );
        assert_eq!(found("struct Handlebar;"), 0);
    }
}
