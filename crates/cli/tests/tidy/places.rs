//! Places: what documents name exists, and nothing names a place that exists on one machine only.

use crate::finding::Finding;
use crate::tree::{Source, Tree};

/// Documents that speak of the tree as it is now. Decisions may speak of what was.
const GUIDES: &[&str] = &[
    "ARCHITECTURE.md",
    "README.md",
    "CONTRIBUTING.md",
    "docs/STYLE.md",
    "docs/GLOSSARY.md",
];
const ROOTS: &[&str] = &["crates/", "scripts/", "docs/"];

// The needles are written in parts, so that this file does not find itself.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];
const REGISTRY_HOSTS: &[&str] = &[
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("pypi.", "org/simple"),
    concat!("files.", "pythonhosted.org"),
    concat!("deb.", "debian.org"),
    concat!("replace", "-with"),
    concat!("--index", "-url"),
    concat!("--reg", "istry"),
];
const CRATES_INDEX: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// Paths in backticks in the guides exist. Placeholders (`command/<verb>.rs`) are not looked up.
pub fn named_path(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for guide in GUIDES.iter().filter_map(|path| tree.get(path)) {
        for (number, line) in guide.lines() {
            for path in paths_named(line).filter(|path| !tree.has(path)) {
                let advice = format!("`{path}` does not exist. Say where it is now.");
                let subject = format!("{}: {path}", guide.path);
                findings.push(Finding {
                    subject,
                    path: guide.path.clone(),
                    line: number,
                    advice,
                });
            }
        }
    }
    findings
}

fn paths_named(line: &str) -> impl Iterator<Item = &str> {
    let spans = line.split('`').skip(1).step_by(2);
    let spans = spans.map(|span| span.split([':', '#']).next().unwrap_or(span));
    spans.filter(|span| {
        let is_path = ROOTS.iter().any(|root| span.starts_with(root));
        is_path && !span.contains(['<', '*', '{', '…', ' ']) && !span.contains("...")
    })
}

/// Nothing names a path that exists on one machine only.
pub fn machine_path(tree: &Tree) -> Vec<Finding> {
    let advice = "is a path of one machine. Say it from the repository's root, or take it as an argument.";
    tree.sources
        .iter()
        .flat_map(|source| named(source, MACHINE_PATHS, advice))
        .collect()
}

/// Nothing names a registry: where packages come from is for each machine's own configuration to say.
pub fn registry_host(tree: &Tree) -> Vec<Finding> {
    let advice = "names a registry. Leave that to the machine's own configuration of its package manager.";
    tree.sources
        .iter()
        .flat_map(|source| named(source, REGISTRY_HOSTS, advice))
        .collect()
}

fn named(source: &Source, needles: &[&str], advice: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in source.lines() {
        if let Some(needle) = needles.iter().find(|needle| line.contains(*needle)) {
            findings.push(Finding::in_file(&source.path, number, format!("\"{needle}\" {advice}")));
        }
    }
    findings
}

/// Lock files hold names, versions and digests; a host in them ties everybody to the machine that wrote them.
pub fn lock_file(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &tree.sources {
        let file = source.path.rsplit('/').next().unwrap_or("");
        for (number, line) in source.lines() {
            let advice = match file {
                "package-lock.json" | "npm-shrinkwrap.json" if line.trim_start().starts_with("\"resolved\":") => {
                    "Put `omit-lockfile-registry-resolved=true` into .npmrc and write the file again."
                }
                "Cargo.lock" if line.starts_with("source = ") && line != CRATES_INDEX => {
                    "Dependencies come from crates.io under its own name. Remove the other source and lock again."
                }
                _ => continue,
            };
            findings.push(Finding::in_file(&source.path, number, advice));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_not_there_is_found() {
        let found = |text| {
            let files = [("ARCHITECTURE.md", text), ("crates/server/src/tail.rs", "")];
            named_path(&Tree::made_up(&files)).len()
        };
        assert_eq!(
            found("See `crates/server/src/tail.rs`, `crates/server/` and `crates/server/src/<verb>.rs`."),
            0
        );
        assert_eq!(found("See `crates/server/src/trail.rs` and `crates/serv`."), 2);
        assert_eq!(found("`let x = 1` and crates/nowhere.rs"), 0);
    }

    #[test]
    fn places_of_one_machine_are_found_in_any_text() {
        let at = |path: &str, text: &str| Tree::made_up(&[(path, text)]);
        assert_eq!(
            machine_path(&at("docs/x.md", &format!("cd {}main", MACHINE_PATHS[0])))[0].line,
            1
        );
        assert_eq!(
            registry_host(&at("web/.npmrc", &format!("https://{}/", REGISTRY_HOSTS[0]))).len(),
            1
        );
        assert_eq!(
            machine_path(&at("a.rs", "// The network below, a route/ of its own.")),
            []
        );
    }

    #[test]
    fn a_lock_file_that_names_a_host_is_found() {
        let at = |path: &str, text: &str| lock_file(&Tree::made_up(&[(path, text)])).len();
        assert_eq!(
            at(
                "web/package-lock.json",
                "  \"resolved\": \"https://example.org/a.tgz\","
            ),
            1
        );
        assert_eq!(at("Cargo.lock", "source = \"git+https://example.org/a\""), 1);
        assert_eq!(at("Cargo.lock", CRATES_INDEX), 0);
    }
}
