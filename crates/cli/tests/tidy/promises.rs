//! Promises: the rules of docs/SPEC.md have numbers, and tests cite them.
//!
//! A promise is one line that starts like `- **DUR1** A sentence.`: a family of three capital letters and a number. A
//! test cites it by that id in a comment or a message, or by a name that begins with it (`fn dur1_…`).

use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::tree::{Source, Tree};

const SPEC: &str = "docs/SPEC.md";
const FORM: &str = "Write a promise as `- **DUR1** sentence.`, at the start of a line";

/// Every promise is written in its form, once, and cited by a test.
pub fn tested(tree: &Tree) -> Vec<Finding> {
    let Some(spec) = tree.get(SPEC) else {
        return vec![about(
            SPEC,
            SPEC,
            0,
            "It is missing, and without it nothing is promised.".into(),
        )];
    };
    let mut findings = malformed(spec);
    let cited = citations(tree);
    let mut seen = BTreeMap::new();
    for (id, line) in promised(spec) {
        if let Some(first) = seen.insert(id.clone(), line) {
            findings.push(about(
                &id,
                SPEC,
                line,
                format!("{id} already stands in line {first}. Give it a new number."),
            ));
        } else if !cited.iter().any(|citation| citation.id == id) {
            let advice =
                format!("No test cites {id}. Write the test that proves it and begin its comment with the id.");
            findings.push(about(&id, SPEC, line, advice));
        }
    }
    findings
}

/// Every promise that a test cites exists. Only families that the SPEC knows are looked at: RFC numbers look alike.
pub fn exists(tree: &Tree) -> Vec<Finding> {
    let Some(spec) = tree.get(SPEC) else { return Vec::new() };
    let promised: Vec<String> = promised(spec).into_iter().map(|(id, _)| id).collect();
    let mut findings = Vec::new();
    for Citation { id, path, line } in citations(tree) {
        let known_family = promised.iter().any(|promise| promise[..3] == id[..3]);
        if known_family && !promised.contains(&id) {
            let advice =
                format!("The test cites {id}, which {SPEC} does not hold. Correct the id or write the promise.");
            findings.push(about(&id, &path, line, advice));
        }
    }
    findings
}

fn about(id: &str, path: &str, line: usize, advice: String) -> Finding {
    Finding {
        subject: id.into(),
        path: path.into(),
        line,
        advice,
    }
}

/// The ids of the SPEC with their lines.
fn promised(spec: &Source) -> Vec<(String, usize)> {
    let ids = spec.lines().filter_map(|(number, line)| {
        let (id, sentence) = line.strip_prefix("- **")?.split_once("** ")?;
        (is_id(id) && !sentence.trim().is_empty()).then(|| (id.to_string(), number))
    });
    ids.collect()
}

/// Lines that begin like a promise and are none. What is indented by four is an example.
fn malformed(spec: &Source) -> Vec<Finding> {
    let promised: Vec<usize> = promised(spec).into_iter().map(|(_, line)| line).collect();
    let mut findings = Vec::new();
    for (number, line) in spec
        .lines()
        .filter(|(number, line)| !promised.contains(number) && !line.starts_with("    "))
    {
        let begin = line.trim_start().trim_start_matches(['-', '*', '+', '#', ' ']);
        let word = begin.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
        if is_id(word) && line.contains("**") {
            findings.push(about(word, SPEC, number, format!("{FORM} ({word}).")));
        }
    }
    findings
}

struct Citation {
    id: String,
    path: String,
    line: usize,
}

fn citations(tree: &Tree) -> Vec<Citation> {
    let mut citations = Vec::new();
    // The tests of this rule cite promises of made-up trees.
    for source in tree
        .rust()
        .filter(|source| !source.path.starts_with("crates/cli/tests/tidy"))
    {
        let whole = tree.is_test_file(&source.path);
        let marks = source.test_lines();
        for (line, text) in source.lines().filter(|(line, _)| whole || marks[line - 1]) {
            citations.extend(ids_in(text).map(|id| Citation {
                id,
                path: source.path.clone(),
                line,
            }));
        }
    }
    citations
}

fn ids_in(line: &str) -> impl Iterator<Item = String> {
    let names_a_test = line.trim_start().starts_with("fn ") || line.contains(" fn ");
    let words = line.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter_map(move |word| {
        let id = if names_a_test {
            word.to_uppercase()
        } else {
            word.to_string()
        };
        is_id(&id).then_some(id)
    })
}

fn is_id(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() > 3 && bytes[..3].iter().all(u8::is_ascii_uppercase) && bytes[3..].iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(spec: &str, test: &str) -> Tree {
        Tree::made_up(&[(SPEC, spec), ("crates/store/tests/all/log.rs", test)])
    }

    #[test]
    fn a_promise_without_a_test_is_found() {
        assert_eq!(tested(&tree("- **DUR1** Kept.", "// DUR1: kept."),), []);
        assert_eq!(tested(&tree("- **DUR1** Kept.", "fn dur1_kept() {}"),), []);
        assert_eq!(tested(&tree("\n- **DUR1** Kept.", "// DUR11, DUR"))[0].line, 2);
    }

    #[test]
    fn product_code_is_no_proof() {
        let product = |text: &str| Tree::made_up(&[(SPEC, "- **DUR1** Kept."), ("crates/store/src/log.rs", text)]);
        assert_eq!(tested(&product("// DUR1 is kept here.")).len(), 1);
        assert_eq!(tested(&product("#[cfg(test)]\nmod tests {\n    // DUR1\n}\n")), []);
    }

    #[test]
    fn a_promise_in_another_form_or_twice_is_found() {
        assert_eq!(tested(&tree("**DUR1** Kept.", "// DUR1")).len(), 1);
        assert_eq!(tested(&tree("- **DUR1**: Kept.", "// DUR1")).len(), 1);
        assert_eq!(tested(&tree("- **DUR1** Kept.\n- **DUR1** Kept.", "// DUR1")).len(), 1);
        assert_eq!(
            tested(&tree(
                "A **word**, and **DUR1** within a sentence.\n    - **DUR1** An example.",
                ""
            )),
            []
        );
    }

    #[test]
    fn a_citation_of_nothing_is_found() {
        assert_eq!(exists(&tree("- **DUR1** Kept.", "// DUR2"))[0].subject, "DUR2");
        assert_eq!(exists(&tree("- **DUR1** Kept.", "// DUR1, RFC6455, SHA256")), []);
    }
}
