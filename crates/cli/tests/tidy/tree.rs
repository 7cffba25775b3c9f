//! The tree that the rules read: every text file that is, or is about to be, under version control.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// One text file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// From the repository's root, with forward slashes.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl Source {
    /// The file's lines with their numbers, from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// For each line, whether it is test code: an item under `#[cfg(test)]`. A test module runs to the file's end, as
    /// clippy lets nothing follow it; any other item, by rustfmt, to the first closing mark as deep as it began.
    pub fn test_lines(&self) -> Vec<bool> {
        let lines: Vec<&str> = self.text.lines().collect();
        let mut marks = vec![lines.contains(&"#![cfg(test)]"); lines.len()];
        let mut index = 0;
        while index < lines.len() {
            let end = if is_test_attribute(lines[index]) {
                item_end(&lines, index)
            } else {
                index
            };
            if end > index {
                marks[index..=end].fill(true);
            }
            index = end + 1;
        }
        marks
    }
}

fn is_test_attribute(line: &str) -> bool {
    ["#[cfg(test)]", "#[cfg(any(test", "#[cfg(all(test"]
        .iter()
        .any(|start| line.trim_start().starts_with(start))
}

fn item_end(lines: &[&str], attribute: usize) -> usize {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let depth = indent(lines[attribute]);
    let mut seen_item = false;
    for (index, line) in lines.iter().enumerate().skip(attribute + 1) {
        let trimmed = line.trim();
        if !seen_item && (trimmed.starts_with("#[") || trimmed.starts_with("//") || trimmed.is_empty()) {
            continue;
        }
        if !seen_item && depth == 0 && without_visibility(line).starts_with("mod ") && trimmed.ends_with('{') {
            break;
        }
        seen_item = true;
        let ends = trimmed.ends_with(';') || trimmed.ends_with('}') || trimmed.ends_with(',');
        if indent(line) == depth && ends {
            return index;
        }
    }
    lines.len() - 1
}

/// All text files, sorted by path.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Sorted by path.
    pub sources: Vec<Source>,
    /// Every path there is, also of files that are not text.
    pub paths: Vec<String>,
    /// Rust files that are declared under `#[cfg(test)]`, wherever they lie.
    test_modules: BTreeSet<String>,
}

impl Tree {
    /// This repository: what git tracks or would track, and without git whatever lies there.
    pub fn of_repository() -> Tree {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut paths = listed_by_git(&root).unwrap_or_else(|| {
            let mut found = Vec::new();
            walk(&root, &mut PathBuf::new(), &mut found).expect("the repository can be read");
            found
        });
        paths.sort();
        paths.retain(|path| root.join(path).is_file());
        assert!(
            paths.iter().any(|path| path == "Cargo.toml"),
            "found no repository at {}",
            root.display()
        );
        let sources = paths.iter().filter_map(|path| {
            let text = String::from_utf8(fs::read(root.join(path)).ok()?).ok()?;
            Some(Source {
                path: path.clone(),
                text,
            })
        });
        Tree::new(sources.collect(), paths.clone())
    }

    /// A made-up tree, to try a rule on.
    pub fn made_up(files: &[(&str, &str)]) -> Tree {
        let sources = files.iter().map(|(path, text)| Source {
            path: (*path).into(),
            text: (*text).into(),
        });
        Tree::new(
            sources.collect(),
            files.iter().map(|(path, _)| (*path).into()).collect(),
        )
    }

    fn new(sources: Vec<Source>, paths: Vec<String>) -> Tree {
        let rust = sources.iter().filter(|source| source.path.ends_with(".rs"));
        let test_modules = rust.flat_map(modules_under_test).collect();
        Tree {
            sources,
            paths,
            test_modules,
        }
    }

    /// The file at this path.
    pub fn get(&self, path: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.path == path)
    }

    /// Whether a file or a folder is there.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.paths
            .iter()
            .any(|there| there == path || there.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    }

    /// The Rust files.
    pub fn rust(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| source.path.ends_with(".rs"))
    }

    /// Whether a Rust file holds nothing but tests: below a `tests/` folder, in the store's contract suite, or in a
    /// module that is declared under `#[cfg(test)]`.
    pub fn is_test_file(&self, path: &str) -> bool {
        let mut folders = path.match_indices('/').map(|(end, _)| format!("{}.rs", &path[..end]));
        path.contains("/tests/")
            || path.starts_with("crates/store/src/contract")
            || self.test_modules.contains(path)
            || folders.any(|parent| self.test_modules.contains(&parent))
    }
}

fn modules_under_test(source: &Source) -> Vec<String> {
    let marks = source.test_lines();
    let modules = declared_modules(source)
        .into_iter()
        .filter(|module| marks[module.line - 1]);
    modules.flat_map(|module| module.candidates).collect()
}

/// A `mod name;` and where its file may be.
pub struct Declared {
    /// The module's name.
    pub name: String,
    /// The line of the declaration, from 1.
    pub line: usize,
    /// `name.rs` first, then `name/mod.rs`; or what a `#[path]` says.
    pub candidates: Vec<String>,
}

/// The modules that a file declares to be in files of their own, in order.
pub fn declared_modules(source: &Source) -> Vec<Declared> {
    let (folder, file) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
    let stem = file.trim_end_matches(".rs");
    let is_binary_root = folder.ends_with("/tests") || folder.ends_with("/examples") || folder.ends_with("/benches");
    let holds_its_folder = is_binary_root || matches!(stem, "lib" | "main" | "mod");
    let base = if holds_its_folder {
        folder.to_string()
    } else {
        format!("{folder}/{stem}")
    };
    let mut told_path = None;
    let mut modules = Vec::new();
    for (line, text) in source.lines() {
        let text = text.trim();
        if let Some(path) = text
            .strip_prefix("#[path = \"")
            .and_then(|rest| rest.strip_suffix("\"]"))
        {
            told_path = Some(format!("{folder}/{path}"));
        }
        let Some(name) = module_name(text) else { continue };
        let candidates = match told_path.take() {
            Some(path) => vec![path],
            None => vec![format!("{base}/{name}.rs"), format!("{base}/{name}/mod.rs")],
        };
        modules.push(Declared {
            name: name.to_string(),
            line,
            candidates,
        });
    }
    modules
}

fn module_name(line: &str) -> Option<&str> {
    let name = without_visibility(line).strip_prefix("mod ")?.strip_suffix(';')?;
    name.chars().all(|c| c.is_alphanumeric() || c == '_').then_some(name)
}

/// An item's line without `pub`, `pub(crate)` and the like.
pub fn without_visibility(line: &str) -> &str {
    let line = line.trim_start();
    let Some(rest) = line.strip_prefix("pub") else {
        return line;
    };
    if let Some(rest) = rest.strip_prefix('(') {
        return rest.split_once(')').map_or(line, |(_, rest)| rest.trim_start());
    }
    if rest.starts_with(' ') { rest.trim_start() } else { line }
}

fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").arg("-C").arg(root).args(arguments).output().ok()?;
    if !output.status.success() {
        return None;
    }
    let mut paths: Vec<String> = output
        .stdout
        .split(|byte| *byte == 0)
        .map(|p| String::from_utf8_lossy(p).into())
        .collect();
    paths.retain(|path| !path.is_empty());
    paths.sort();
    paths.dedup();
    Some(paths)
}

fn walk(root: &Path, below: &mut PathBuf, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(&below))? {
        let entry = entry?;
        let name = entry.file_name();
        if [".git", "target", "node_modules", "data", "dist"]
            .iter()
            .any(|skipped| name == *skipped)
        {
            continue;
        }
        below.push(&name);
        if entry.file_type()?.is_dir() {
            walk(root, below, found)?;
        } else {
            found.push(below.to_string_lossy().replace('\\', "/"));
        }
        below.pop();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_code_is_told_from_product_code() {
        let marks = |text: &str| {
            Source {
                path: "x.rs".into(),
                text: text.into(),
            }
            .test_lines()
        };
        assert_eq!(
            marks("fn a() {}\n#[cfg(test)]\nuse b::c;\nfn d() {}\n"),
            [false, true, true, false]
        );
        assert_eq!(
            marks("#[cfg(test)]\nfn a(\n    b: C,\n) {\n}\nfn d() {}\n"),
            [true, true, true, true, true, false]
        );
        assert_eq!(
            marks("fn a() {}\n#[cfg(test)]\nmod b {\nr#\"\n{}\n\"#;\n}\n")[1..],
            [true; 6]
        );
        assert_eq!(marks("//! Plans.\n#![cfg(test)]\nfn a() {}\n"), [true; 3]);
    }

    #[test]
    fn a_module_is_found_where_the_compiler_looks() {
        let at = |path: &str, text: &str| -> Vec<Vec<String>> {
            let source = Source {
                path: path.into(),
                text: text.into(),
            };
            declared_modules(&source)
                .into_iter()
                .map(|module| module.candidates)
                .collect()
        };
        assert_eq!(at("c/src/lib.rs", "pub mod a;"), [["c/src/a.rs", "c/src/a/mod.rs"]]);
        assert_eq!(
            at("c/src/a.rs", "pub(crate) mod b;"),
            [["c/src/a/b.rs", "c/src/a/b/mod.rs"]]
        );
        assert_eq!(
            at("c/tests/all.rs", "#[path = \"all/b.rs\"]\nmod b;"),
            [["c/tests/all/b.rs"]]
        );
        assert!(at("c/src/lib.rs", "mod a {").is_empty());
    }

    #[test]
    fn a_file_declared_under_cfg_test_is_a_test_file() {
        let tree = Tree::made_up(&[
            ("c/src/a.rs", "#[cfg(test)]\nmod plans;\nmod real;"),
            ("c/src/a/plans.rs", ""),
        ]);
        assert!(tree.is_test_file("c/src/a/plans.rs") && tree.is_test_file("c/src/a/plans/deep.rs"));
        assert!(!tree.is_test_file("c/src/a/real.rs") && !tree.is_test_file("c/src/a.rs"));
    }
}
