//! The file of settings: TOML, one key a setting. Whatever is wrong in it is named with its line.

use super::settings::{CONFIG, Setting};
use crate::Wrong;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// What a file sets: by name, the values and the line.
pub type Lines = BTreeMap<&'static str, (Vec<String>, usize)>;

/// Reads a file.
///
/// # Errors
/// It cannot be read, is no TOML, or sets what cannot be set: with the file, the line, and what was expected.
pub fn read(path: &Path) -> Result<Lines, Wrong> {
    let mut text = String::new();
    let file = fs::File::open(path).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text));
    file.map_err(|error| format!("the file of settings, {}: {error}", path.display()))?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(format!(
            "{} is larger than {FILE_BYTES_MAX} bytes: it is no file of settings",
            path.display()
        )
        .into());
    }
    let base = std::path::absolute(path)?
        .parent()
        .map_or_else(PathBuf::new, Path::to_owned);
    parse(&text, &base).map_err(|(line, what)| format!("{}, line {line}: {what}", path.display()).into())
}

/// Reads a text; paths in it start at `base`.
fn parse(text: &str, base: &Path) -> Result<Lines, (usize, String)> {
    let line_at = |offset: usize| text.get(..offset).map_or(1, |before| before.matches('\n').count() + 1);
    let table = DeTable::parse(text).map_err(|error| {
        let line = line_at(error.span().map_or(0, |span| span.start));
        // What the reader expected instead is told in words of its grammar, or is "nothing".
        let what = error.message().split(", expected").next().unwrap_or_default();
        let shape = "a line is `name = value`, a text stands in quotes, several values in [ ]";
        (line, format!("{what}: {shape}"))
    })?;
    let mut lines = Lines::new();
    for (key, value) in table.get_ref() {
        let line = line_at(key.span().start);
        let setting = known(key.get_ref()).map_err(|what| (line, what))?;
        let mut texts = texts(setting, value).map_err(|what| (line, what))?;
        if setting.kind.is_path() {
            texts = texts
                .iter()
                .map(|text| base.join(text).to_string_lossy().into_owned())
                .collect();
        }
        lines.insert(setting.name, (texts, line));
    }
    Ok(lines)
}

fn known(key: &str) -> Result<&'static Setting, String> {
    match Setting::named(key) {
        Some(setting) if setting.is_in_file() => Ok(setting),
        Some(setting) => Err(format!(
            "`{CONFIG}` cannot stand in a file; say {} or {}",
            setting.flag(),
            setting.variable()
        )),
        None => {
            let like = Setting::like(key).filter(|setting| setting.is_in_file());
            let meant = like.map_or(String::new(), |setting| format!(" Is `{}` meant?", setting.name));
            Err(format!(
                "there is no setting `{}`.{meant} `tidings config` prints all there are",
                crate::safe::line(key)
            ))
        }
    }
}

fn texts(setting: &Setting, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, String> {
    let wrong = |expected: String, text: &str| {
        format!(
            "{} = {}: expected {expected}",
            setting.name,
            crate::safe::line(text.trim())
        )
    };
    let scalar = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.clone().into_owned()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Boolean(yes) => Some(yes.to_string()),
        _ => None,
    };
    let odd = || {
        format!(
            "{}: expected one value{}",
            setting.name,
            if setting.kind.is_list() {
                ", or several in [ ]"
            } else {
                ""
            }
        )
    };
    let texts: Vec<String> = match value.get_ref() {
        DeValue::Array(values) if setting.kind.is_list() => {
            let texts = values.iter().map(|value| scalar(value.get_ref()));
            texts.collect::<Option<_>>().ok_or_else(odd)?
        }
        value => {
            let text = scalar(value).ok_or_else(odd)?;
            if setting.kind.is_list() {
                setting.kind.split(&text)
            } else {
                vec![text]
            }
        }
    };
    for text in &texts {
        setting.kind.check(text).map_err(|expected| wrong(expected, text))?;
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> (usize, String) {
        parse(text, Path::new("/etc")).expect_err("it is wrong")
    }

    /// CFG2: a file sets what its lines say; paths in it start where it lies.
    #[test]
    fn a_file_sets_what_its_lines_say() {
        let text = "# Ours.\nlisten = [\"0.0.0.0:80\", \"[::]:80\"]\nbeat-ms = 1_000\nno-rates = true\n\n\
                    tls-key = 'k.pem'\ntrusted-proxy = \"::1, 127.0.0.1\"\ntls-cert = \"/c.pem\"\n";
        let lines = parse(text, Path::new("/etc")).expect("it is right");
        let line = |name: &str| lines.get(name).map(|(texts, line)| (texts.join(" "), *line));
        assert_eq!(line("listen"), Some(("0.0.0.0:80 [::]:80".to_owned(), 2)));
        assert_eq!(line("beat-ms"), Some(("1000".to_owned(), 3)));
        assert_eq!(line("no-rates"), Some(("true".to_owned(), 4)));
        assert_eq!(line("tls-key"), Some(("/etc/k.pem".to_owned(), 6)));
        assert_eq!(line("tls-cert"), Some(("/c.pem".to_owned(), 8)));
        assert_eq!(line("trusted-proxy"), Some(("::1 127.0.0.1".to_owned(), 7)));
        assert_eq!(line("data"), None);
    }

    /// CFG2: whatever is wrong is named with its key, its line, and what was expected.
    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let (line, what) = says("\nlog = \"info\"\nlisten_on = \"x\"\n");
        assert_eq!(
            (line, what.contains("`listen_on`. Is `listen` meant?")),
            (3, true),
            "{what}"
        );
        assert_eq!(
            says("qwerty = 1").1,
            "there is no setting `qwerty`. `tidings config` prints all there are"
        );
        let (line, what) = says("log = \"info\"\nbeat-ms = 7\n");
        assert_eq!(
            (line, what.as_str()),
            (2, "beat-ms = 7: expected a whole number from 100 to 600000")
        );
        assert_eq!(
            says("listen = [\"0.0.0.0\"]").1.split(": ").next(),
            Some("listen = 0.0.0.0")
        );
        assert_eq!(says("listen = [[]]").1, "listen: expected one value, or several in [ ]");
        assert_eq!(says("beat-ms = [100]").1, "beat-ms: expected one value");
        assert_eq!(says("[serve]\nbeat-ms = 100").0, 1);
        let (line, what) = says("log = \"info\"\nlisten = 0.0.0.0:80\n");
        assert_eq!((line, what.contains("a text stands in quotes")), (2, true), "{what}");
        assert!(says("config = \"x\"").1.contains("cannot stand in a file"));
    }
}
