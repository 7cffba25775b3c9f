//! The shape of a file: where it says you are, how long it is, what was left lying in it.

use crate::finding::Finding;
use crate::tree::Tree;

/// A file above this is asking to be split along its idea; most should have half of it.
const FILE_LINES_MAX: usize = 600;
/// In characters. rustfmt keeps to it but for comments and long strings.
const LINE_CHARS_MAX: usize = 120;
/// Written in two parts, so that this file does not find itself.
const LEFT_OVER: &str = concat!("FIX", "ME");

/// Every Rust file starts with `//!`.
pub fn head_comment(tree: &Tree) -> Vec<Finding> {
    let bare = tree.rust().filter(|source| !source.text.starts_with("//!"));
    bare.map(|source| {
        Finding::in_file(
            &source.path,
            1,
            "Begin the file with `//!` and one sentence: where am I?",
        )
    })
    .collect()
}

/// No Rust file is longer than `FILE_LINES_MAX`.
pub fn file_length(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.rust() {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            let advice = format!("{lines} lines; at most {FILE_LINES_MAX}. Split it along its idea.");
            findings.push(Finding::in_file(&source.path, 0, advice));
        }
    }
    findings
}

/// No line of a Rust file is longer than `LINE_CHARS_MAX`, but for one with an address, which cannot be broken.
pub fn line_length(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.rust() {
        for (number, line) in source.lines() {
            let chars = line.chars().count();
            if chars > LINE_CHARS_MAX && !line.contains("://") {
                let advice = format!("{chars} characters; at most {LINE_CHARS_MAX}. Break the line.");
                findings.push(Finding::in_file(&source.path, number, advice));
            }
        }
    }
    findings
}

/// Marks that are fine while one works and not in what one hands over. Prose may speak of them.
pub fn left_over(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.sources.iter().filter(|source| !source.path.ends_with(".md")) {
        for (number, line) in source.lines().filter(|(_, line)| line.contains(LEFT_OVER)) {
            let advice = format!("Do it now, or say in a sentence what is missing: {}", line.trim());
            findings.push(Finding::in_file(&source.path, number, advice));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Tree {
        Tree::made_up(&[("crates/x/src/lib.rs", text)])
    }

    #[test]
    fn a_file_without_a_head_is_found() {
        assert_eq!(head_comment(&one("use std::fs;\n")).len(), 1);
        assert_eq!(head_comment(&one("//! The x.\n")), []);
    }

    #[test]
    fn long_files_and_lines_are_found() {
        assert_eq!(file_length(&one(&"\n".repeat(601))).len(), 1);
        assert_eq!(file_length(&one(&"\n".repeat(600))), []);
        assert_eq!(line_length(&one(&format!("\n{}\n", "ü".repeat(121))))[0].line, 2);
        assert_eq!(line_length(&one(&format!("// https://{}", "x".repeat(120)))), []);
        assert_eq!(
            line_length(&one(&"ü".repeat(120))),
            [],
            "counted in characters, not in bytes"
        );
    }

    #[test]
    fn a_left_over_is_found_in_code_and_not_in_prose() {
        let text = format!("// {LEFT_OVER} later");
        assert_eq!(left_over(&one(&text)).len(), 1);
        assert_eq!(left_over(&Tree::made_up(&[("docs/x.md", &text)])), []);
    }
}
