//! Directions: the message makes a loop, the imports never do. Crates only look down their line, and the modules of
//! `server` only at modules that its lib.rs declares later.

use crate::finding::Finding;
use crate::tree::{Source, Tree, declared_modules};

/// Each crate and what it may be built on.
const BELOW: &[(&str, &[&str])] = &[
    ("mutants", &[]),
    ("protocol", &[]),
    ("store", &["protocol", "mutants"]),
    ("server", &["store", "protocol", "mutants"]),
    ("client", &["protocol", "mutants"]),
    ("swarm", &["client", "protocol"]),
    ("proof", &["swarm", "client", "server", "store", "protocol", "mutants"]),
    ("cli", &["client", "server", "store", "protocol", "mutants"]),
];

/// What its tests may use besides. The client's may not use the server: it has to build and be proven without.
const TESTS_ALSO: &[(&str, &[&str])] = &[("server", &["client"]), ("cli", &["swarm"])];

fn allowed(table: &[(&str, &'static [&'static str])], name: &str) -> Option<&'static [&'static str]> {
    table.iter().find(|(above, _)| *above == name).map(|(_, below)| *below)
}

/// Crates depend only on crates further down.
pub fn crate_direction(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &tree.sources {
        let Some(name) = source
            .path
            .strip_prefix("crates/")
            .and_then(|rest| rest.strip_suffix("/Cargo.toml"))
        else {
            continue;
        };
        let Some(below) = allowed(BELOW, name) else {
            let advice = format!(
                "The crate {name} has no place in the line yet. Give it one in BELOW ({}).",
                file!()
            );
            findings.push(Finding::in_file(&source.path, 0, advice));
            continue;
        };
        let tests_also = allowed(TESTS_ALSO, name).unwrap_or(&[]);
        for (line, dependency, only_tests) in own_dependencies(source) {
            if below.contains(&dependency) || (only_tests && tests_also.contains(&dependency)) {
                continue;
            }
            let advice = format!("{name} may not see {dependency}. Move what it wants further down, or hand it in.");
            let subject = format!("{name} -> {dependency}");
            findings.push(Finding {
                subject,
                path: source.path.clone(),
                line,
                advice,
            });
        }
    }
    findings
}

/// The dependencies that are our own crates: line, name, whether only tests have it.
fn own_dependencies(manifest: &Source) -> Vec<(usize, &str, bool)> {
    let mut section = "";
    let mut found = Vec::new();
    for (number, line) in manifest.lines() {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
            // The long form, [dependencies.name].
            if let Some((table, name)) = section.rsplit_once("dependencies.")
                && allowed(BELOW, name).is_some()
            {
                found.push((number, name, table.ends_with("dev-")));
            }
        } else if section.ends_with("dependencies") {
            let name = line.split(['.', '=', ' ']).next().unwrap_or("");
            if allowed(BELOW, name).is_some() {
                found.push((number, name, section.ends_with("dev-dependencies")));
            }
        }
    }
    found
}

/// Modules of `server` import only modules that lib.rs declares after them. Tests may look wherever they like.
pub fn module_direction(tree: &Tree) -> Vec<Finding> {
    let Some(lib) = tree.get("crates/server/src/lib.rs") else {
        return Vec::new();
    };
    let marks = lib.test_lines();
    let declared = declared_modules(lib)
        .into_iter()
        .filter(|module| !marks[module.line - 1]);
    let order: Vec<String> = declared.map(|module| module.name).collect();
    let place = |name: &str| order.iter().position(|module| module == name);
    let mut findings = Vec::new();
    for source in tree.rust().filter(|source| !tree.is_test_file(&source.path)) {
        let Some(below_root) = source.path.strip_prefix("crates/server/src/") else {
            continue;
        };
        let own = below_root.trim_end_matches(".rs").split('/').next().unwrap_or("");
        let Some(own_place) = place(own) else { continue };
        for (line, other) in imported(source, depth(below_root)) {
            if place(&other).is_some_and(|other_place| other_place < own_place) {
                let advice = format!(
                    "{own} may not see {other}, which lib.rs declares before it. Return a value, hand it in, or move \
                     what both want into a module further down."
                );
                let subject = format!("server: {own} -> {other}");
                findings.push(Finding {
                    subject,
                    path: source.path.clone(),
                    line,
                    advice,
                });
            }
        }
    }
    findings
}

/// How many `super` lead from this file's module to the crate's root.
fn depth(below_root: &str) -> usize {
    below_root.trim_end_matches("/mod.rs").split('/').count()
}

/// The top modules that a file names in product code, by `crate::` or by as many `super::` as lead to the root, in a
/// `use` (with or without braces, over several lines) or anywhere else.
fn imported(source: &Source, depth: usize) -> Vec<(usize, String)> {
    let marks = source.test_lines();
    let product: Vec<String> = source
        .lines()
        .map(|(number, line)| {
            if marks[number - 1] {
                String::new()
            } else {
                code(line).into()
            }
        })
        .collect();
    let text = product.join("\n");
    let mut found = Vec::new();
    for root in ["crate::".to_string(), "super::".repeat(depth)] {
        for (at, _) in text.match_indices(&root) {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
                continue;
            }
            let line = text[..at].matches('\n').count() + 1;
            found.extend(
                first_segments(&text[at + root.len()..])
                    .into_iter()
                    .map(|name| (line, name)),
            );
        }
    }
    found
}

fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or("")
}

/// `a::b` gives a; `{a::{b, c}, d}` gives a and d.
fn first_segments(path: &str) -> Vec<String> {
    let name = |text: &str| {
        text.trim()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect::<String>()
    };
    let Some(group) = path.strip_prefix('{') else {
        return vec![name(path)];
    };
    let mut names = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(name(&group[start..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(name(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_that_looks_up_is_found() {
        let found = |path, text| crate_direction(&Tree::made_up(&[(path, text)])).len();
        assert_eq!(
            found(
                "crates/store/Cargo.toml",
                "[dependencies]\nprotocol.workspace = true\nserver = {}\n"
            ),
            1
        );
        assert_eq!(
            found(
                "crates/client/Cargo.toml",
                "[dev-dependencies]\nstore.workspace = true\n"
            ),
            1
        );
        assert_eq!(
            found("crates/client/Cargo.toml", "[dependencies.server]\nworkspace = true\n"),
            1
        );
        assert_eq!(
            found("crates/server/Cargo.toml", "[dependencies]\nclient.workspace = true\n"),
            1
        );
        assert_eq!(
            found(
                "crates/server/Cargo.toml",
                "[dev-dependencies]\nclient.workspace = true\n"
            ),
            0
        );
        assert_eq!(found("crates/novel/Cargo.toml", ""), 1);
    }

    fn server(path: &str, text: &str) -> Vec<(usize, String)> {
        let lib = "//! Head.\npub mod socket;\nmod session;\npub mod tail;\n";
        let found = module_direction(&Tree::made_up(&[("crates/server/src/lib.rs", lib), (path, text)]));
        found
            .into_iter()
            .map(|finding| (finding.line, finding.subject))
            .collect()
    }

    #[test]
    fn a_module_that_looks_up_is_found() {
        let found = server("crates/server/src/tail.rs", "//! T.\nuse crate::session::Session;\n");
        assert_eq!(found, [(2, "server: tail -> session".to_string())]);
        assert_eq!(
            server(
                "crates/server/src/tail/hole.rs",
                "use crate::{\n  tail::{a, b},\n  socket::X,\n};\n"
            )
            .len(),
            1
        );
        assert_eq!(
            server("crates/server/src/tail.rs", "fn a() { super::socket::b() }\n").len(),
            1
        );
        assert_eq!(
            server("crates/server/src/tail/hole.rs", "use super::super::session::S;\n").len(),
            1
        );
        assert_eq!(
            server("crates/server/src/tail/mod.rs", "use super::session::S;\n").len(),
            1
        );
    }

    #[test]
    fn looking_down_is_fine_and_so_are_tests_and_comments() {
        assert_eq!(
            server("crates/server/src/socket.rs", "use crate::{session, tail::Tail};\n"),
            []
        );
        assert_eq!(
            server(
                "crates/server/src/tail.rs",
                "#[cfg(test)]\nmod tests {\n    use crate::session::S;\n}\n"
            ),
            []
        );
        assert_eq!(
            server(
                "crates/server/src/tail.rs",
                "// See crate::session.\nuse crate::Config;\n"
            ),
            []
        );
        assert_eq!(
            server("crates/server/src/tail/hole.rs", "use super::session::own;\n"),
            [],
            "that is tail::session"
        );
    }
}
