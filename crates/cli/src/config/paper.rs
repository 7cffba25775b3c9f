//! The settings on paper: as a file, and as the table of docs/OPERATING.md.

use super::given::{Effective, Origin};
use super::kind::Kind;
#[cfg(test)]
use super::settings::Part;
use super::settings::{SETTINGS, Setting};
use std::fmt::Write;
use std::path::Path;

/// What holds, as a file that would set the same; above each value what it is for and where it comes from.
pub fn as_file(effective: &Effective) -> String {
    let mut paper = String::from(
        "# What `tidings serve` would do, started as this was: every setting, and where its value comes from.\n\
         # As a file it lies in the data directory as tidings.toml, or where --config says.\n",
    );
    for setting in SETTINGS {
        if !setting.is_in_file() {
            continue;
        }
        let (texts, origin) = effective.value(setting.name);
        let _ = write!(paper, "\n# {}", setting.says);
        if !setting.unit.is_empty() {
            let _ = write!(paper, " In {}.", setting.unit);
        }
        let origin = match origin {
            Origin::Default if texts.is_empty() => "It is not set.".to_owned(),
            origin => format!("From {}.", crate::safe::line(&origin.to_string())),
        };
        let _ = writeln!(paper, "\n# {origin}");
        let _ = match value(setting, texts) {
            Some(value) => writeln!(paper, "{} = {value}", setting.name),
            None => writeln!(paper, "# {} = …", setting.name),
        };
    }
    paper
}

/// A value as TOML has it; `None` where there is none. Paths are made whole: the file may lie elsewhere.
fn value(setting: &Setting, texts: &[String]) -> Option<String> {
    let quoted = |text: &String| {
        let whole = if setting.kind.is_path() {
            std::path::absolute(Path::new(text)).ok()
        } else {
            None
        };
        let text = whole.map_or_else(|| text.clone(), |path| path.to_string_lossy().into_owned());
        toml::Value::String(text).to_string()
    };
    match setting.kind {
        Kind::Addresses | Kind::Ips => Some(format!("[{}]", texts.iter().map(quoted).collect::<Vec<_>>().join(", "))),
        Kind::Number { .. } | Kind::Switch => texts.first().cloned(),
        _ => texts.first().map(quoted),
    }
}

/// The table of docs/OPERATING.md.
#[cfg(test)]
fn as_table() -> String {
    let mut table =
        String::from("| flag | variable | key in the file | default | what |\n| --- | --- | --- | --- | --- |\n");
    for setting in SETTINGS {
        let key = if setting.is_in_file() {
            format!("`{}`", setting.name)
        } else {
            "–".to_owned()
        };
        let default = match (setting.default, setting.unit) {
            ("", _) => "none".to_owned(),
            (default, "" | "percent and milliseconds") => format!("`{default}`"),
            (default, unit) => format!("`{default}` {unit}"),
        };
        let what = match (setting.kind, setting.part) {
            (Kind::Choice(words), _) => format!("{} `{}`.", setting.says, words.join("`, `")),
            (_, Part::Drills) => format!(
                "For benchmarks and drills: {}{}",
                setting.says[..1].to_lowercase(),
                &setting.says[1..]
            ),
            _ => setting.says.to_owned(),
        };
        let _ = writeln!(
            table,
            "| `{}` | `{}` | {key} | {default} | {what} |",
            setting.flag(),
            setting.variable()
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::super::given::{Said, effective};
    use super::*;

    /// CFG3: what is printed is a file that sets the same.
    #[test]
    fn what_is_printed_is_a_file_that_sets_the_same() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("all.toml");
        let flags: Said = [
            ("data", vec![directory.path().to_string_lossy().into_owned()]),
            ("listen", vec!["127.0.0.1:1".to_owned(), "[::1]:2".to_owned()]),
            ("tls-cert", vec!["c \"1\".pem".to_owned()]),
            ("log", vec!["warn,server=debug".to_owned()]),
            ("no-rates", vec!["true".to_owned()]),
        ]
        .into();
        let before = effective(&flags, &|_| None).expect("right");
        std::fs::write(&path, as_file(&before)).expect("written");
        let named = [("config", vec![path.to_string_lossy().into_owned()])].into();
        let after = effective(&named, &|_| None).expect("it can be read");
        for setting in SETTINGS
            .iter()
            .filter(|setting| setting.is_in_file() && setting.name != "tls-cert")
        {
            assert_eq!(
                before.value(setting.name).0,
                after.value(setting.name).0,
                "{}",
                setting.name
            );
        }
        let whole = std::path::absolute("c \"1\".pem").expect("a path");
        assert_eq!(after.text("tls-cert"), whole.to_str());
        assert!(as_file(&before).contains("# From --listen.\nlisten = [\"127.0.0.1:1\", \"[::1]:2\"]\n"));
        assert!(as_file(&before).contains("# It is not set.\n# public-url = …\n"));
    }

    /// CFG1: the table in docs/OPERATING.md is this one. `UPDATE_DOCS=1 cargo test -p cli` writes it anew.
    #[test]
    fn the_table_of_settings_is_fresh() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/OPERATING.md");
        let old = std::fs::read_to_string(&path).expect("docs/OPERATING.md");
        let mark = "<!-- table: settings -->\n";
        let start = old.find(mark).expect("the table begins") + mark.len();
        let end = start + old[start..].find("<!-- end of table -->").expect("the table ends");
        let mut new = old.clone();
        new.replace_range(start..end, &format!("\n{}\n", as_table()));
        if old != new && std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &new).expect("docs/OPERATING.md can be written");
        } else {
            assert!(
                old == new,
                "the table of settings is stale; UPDATE_DOCS=1 cargo test -p cli writes it anew"
            );
        }
    }
}
