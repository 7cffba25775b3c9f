//! Forgotten tests: one test binary per crate links fast, but a file that no `mod` names is one that nobody runs.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Finding;
use crate::tree::{Tree, declared_modules};

/// Reads the tree, so it has to run when nothing else compiles its way; every other test is a module of `all`.
const SECOND_BINARY: &str = "crates/cli/tests/tidy.rs";

/// Every Rust file below a crate's `tests/` is a module of one of its binaries.
pub fn forgotten_test(tree: &Tree) -> Vec<Finding> {
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut to_visit: Vec<String> = binaries(tree).into_values().flatten().collect();
    while let Some(path) = to_visit.pop() {
        let Some(source) = tree.get(&path).filter(|_| reached.insert(path.clone())) else {
            continue;
        };
        to_visit.extend(
            declared_modules(source)
                .into_iter()
                .flat_map(|module| module.candidates),
        );
    }
    let files = tree
        .rust()
        .filter(|source| in_tests(&source.path).is_some() && !reached.contains(&source.path));
    let advice = "No `mod` names this file, so nobody runs its tests. Declare it in its crate's test binary.";
    files.map(|source| Finding::in_file(&source.path, 0, advice)).collect()
}

/// A crate has one test binary (and this one).
pub fn one_test_binary(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for roots in binaries(tree).into_values() {
        let mut further = roots.iter().filter(|root| *root != SECOND_BINARY);
        let Some(first) = further.next() else { continue };
        for root in further {
            let advice = format!("A second test binary links everything again. Make it a module of {first}.");
            findings.push(Finding::in_file(root, 0, advice));
        }
    }
    findings
}

/// The files that cargo makes test binaries of, by crate: `tests/*.rs` and `tests/*/main.rs`.
fn binaries(tree: &Tree) -> BTreeMap<String, Vec<String>> {
    let mut binaries: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in tree.rust() {
        let Some((name, below)) = in_tests(&source.path) else {
            continue;
        };
        let depth = below.matches('/').count();
        if depth == 0 || (depth == 1 && below.ends_with("/main.rs")) {
            binaries.entry(name.into()).or_default().push(source.path.clone());
        }
    }
    binaries
}

/// The crate and the path below its `tests/`.
fn in_tests(path: &str) -> Option<(&str, &str)> {
    let (name, below) = path.strip_prefix("crates/")?.split_once('/')?;
    Some((name, below.strip_prefix("tests/")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_no_mod_names_is_found() {
        let found = |main: &str| {
            let files = [
                ("crates/x/tests/all/main.rs", main),
                ("crates/x/tests/all/a.rs", "mod deep;"),
                ("crates/x/tests/all/a/deep.rs", ""),
            ];
            forgotten_test(&Tree::made_up(&files)).len()
        };
        assert_eq!(found("mod a;"), 0);
        assert_eq!(
            found("// mod a;"),
            2,
            "what only a forgotten file names is forgotten too"
        );
    }

    #[test]
    fn a_second_binary_is_found() {
        let two = Tree::made_up(&[("crates/x/tests/all.rs", ""), ("crates/x/tests/more.rs", "")]);
        assert_eq!(one_test_binary(&two)[0].subject, "crates/x/tests/more.rs");
        let one_and_tidy = Tree::made_up(&[("crates/cli/tests/all.rs", ""), (SECOND_BINARY, "")]);
        assert_eq!(one_test_binary(&one_and_tidy), []);
    }
}
