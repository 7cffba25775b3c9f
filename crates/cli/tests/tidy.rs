//! Style as a test: reads the tree, not the program. Each rule is a file of `tidy/` with one function that turns a tree
//! into findings; here each is held against this repository. The rules themselves, with reasons, are in docs/STYLE.md.
//!
//! Each rule's file also tests it on a small made-up tree that breaks it, so that no rule can go blind unnoticed.

#[path = "tidy/finding.rs"]
mod finding;
#[path = "tidy/forgotten.rs"]
mod forgotten;
#[path = "tidy/imports.rs"]
mod imports;
#[path = "tidy/names.rs"]
mod names;
#[path = "tidy/places.rs"]
mod places;
#[path = "tidy/promises.rs"]
mod promises;
#[path = "tidy/shape.rs"]
mod shape;
#[path = "tidy/tree.rs"]
mod tree;

use finding::{EXCEPTIONS, Finding, verdict};
use tree::Tree;

/// What is wrong with a tree.
type Rule = fn(&Tree) -> Vec<Finding>;

/// Every rule by its name, as exceptions name it.
const RULES: &[(&str, Rule)] = &[
    ("head-comment", shape::head_comment),
    ("file-length", shape::file_length),
    ("line-length", shape::line_length),
    ("left-over", shape::left_over),
    ("file-name", names::file_name),
    ("type-name", names::type_name),
    ("promise-tested", promises::tested),
    ("promise-exists", promises::exists),
    ("crate-direction", imports::crate_direction),
    ("module-direction", imports::module_direction),
    ("forgotten-test", forgotten::forgotten_test),
    ("one-test-binary", forgotten::one_test_binary),
    ("named-path", places::named_path),
    ("machine-path", places::machine_path),
    ("registry-host", places::registry_host),
    ("lock-file", places::lock_file),
];

/// Holds one rule against this repository.
fn hold(rule: &str) {
    let (_, findings) = RULES
        .iter()
        .find(|(name, _)| *name == rule)
        .expect("the rule is in RULES");
    if let Err(report) = verdict(rule, findings(&Tree::of_repository()), EXCEPTIONS) {
        panic!("\n{report}");
    }
}

macro_rules! held {
    ($($name:ident: $rule:literal),* $(,)?) => {
        $(#[test] fn $name() { hold($rule); })*

        /// A rule that nobody holds, or an exception to a rule that does not exist, would only look like a rule.
        #[test]
        fn every_rule_is_held_and_every_exception_names_one() {
            let held = [$($rule),*];
            for (rule, _) in RULES {
                assert!(held.contains(rule), "the rule {rule} is in RULES, but no test holds it: add it to held!");
            }
            for exception in EXCEPTIONS {
                assert!(held.contains(&exception.rule), "an exception names the unknown rule {}", exception.rule);
            }
        }
    };
}

held! {
    every_file_says_where_you_are: "head-comment",
    files_are_short: "file-length",
    lines_fit: "line-length",
    nothing_is_left_over: "left-over",
    file_names_are_nouns_of_the_domain: "file-name",
    type_names_are_nouns_of_the_domain: "type-name",
    every_promise_has_a_test: "promise-tested",
    every_promise_a_test_cites_exists: "promise-exists",
    crates_only_look_down: "crate-direction",
    modules_of_the_server_only_look_down: "module-direction",
    no_test_file_is_forgotten: "forgotten-test",
    each_crate_has_one_test_binary: "one-test-binary",
    paths_named_in_documents_exist: "named-path",
    no_path_of_a_machine: "machine-path",
    no_host_of_a_registry: "registry-host",
    lock_files_name_no_host: "lock-file",
}
