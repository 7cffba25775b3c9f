//! Which value holds: a flag wins over its variable, that over the file, that over the default.

use super::file::{self, Lines};
use super::settings::{CONFIG, DATA, SETTINGS, Setting};
use crate::Wrong;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The file that is looked for in the data directory.
const FILE: &str = "tidings.toml";

/// What flags say, by the name of the setting.
pub type Said = BTreeMap<&'static str, Vec<String>>;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A line of the file.
    File(PathBuf, usize),
    /// A variable.
    Variable(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::File(path, line) => write!(f, "{}, line {line}", path.display()),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// The values that hold.
#[derive(Debug)]
pub struct Effective {
    values: BTreeMap<&'static str, (Vec<String>, Origin)>,
}

impl Effective {
    /// The values of a setting, none or one or several, and where they come from.
    pub fn value(&self, name: &str) -> (&[String], &Origin) {
        match self.values.get(name) {
            Some((texts, origin)) => (texts, origin),
            None => (&[], &Origin::Default),
        }
    }

    /// The one value of a setting.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).0.first().map(String::as_str)
    }
}

/// What holds, given what flags say and how variables are asked for. Reads the file, if there is one.
///
/// # Errors
/// A value is wrong, whether another wins over it or not: with where it stands and what was expected.
pub fn effective(flags: &Said, variable: &dyn Fn(&str) -> Option<String>) -> Result<Effective, Wrong> {
    let mut values = BTreeMap::new();
    for setting in SETTINGS {
        let texts = setting.kind.split(setting.default);
        values.insert(setting.name, (texts, Origin::Default));
    }
    let said = said_by_variables(variable)?;
    let mut outside = BTreeMap::new();
    for (name, (texts, origin)) in said {
        outside.insert(name, (texts, origin));
    }
    for (&name, texts) in flags {
        outside.insert(name, (texts.clone(), Origin::Flag(format!("--{name}"))));
    }
    let named = |name: &str| {
        outside
            .get(name)
            .and_then(|(texts, _)| texts.first())
            .map(PathBuf::from)
    };
    let data = named(DATA).unwrap_or_else(|| PathBuf::from(Setting::named(DATA).map_or("", |data| data.default)));
    if let Some((path, lines)) = found_or_named(named(CONFIG), &data)? {
        for (name, (texts, line)) in lines {
            values.insert(name, (texts, Origin::File(path.clone(), line)));
        }
    }
    values.extend(outside);
    Ok(Effective { values })
}

fn said_by_variables(
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<&'static str, (Vec<String>, Origin)>, Wrong> {
    let mut said = BTreeMap::new();
    for setting in SETTINGS {
        let name = setting.variable();
        let Some(text) = variable(&name).filter(|text| !text.is_empty()) else {
            continue;
        };
        let texts = setting.kind.split(&text);
        for one in &texts {
            let right = setting.kind.check(one);
            right.map_err(|expected| format!("{name}={}: expected {expected}", crate::safe::line(one)))?;
        }
        said.insert(setting.name, (texts, Origin::Variable(name)));
    }
    Ok(said)
}

/// The file that was named, which must be there, or the one in the data directory, which may.
fn found_or_named(named: Option<PathBuf>, data: &Path) -> Result<Option<(PathBuf, Lines)>, Wrong> {
    if let Some(path) = named {
        let lines = file::read(&path)?;
        return Ok(Some((path, lines)));
    }
    let path = data.join(FILE);
    if !path.try_exists().unwrap_or(true) {
        return Ok(None);
    }
    let lines = file::read(&path)?;
    if let Some((texts, line)) = lines.get(DATA) {
        let elsewhere = texts.first().is_none_or(|text| same(Path::new(text)) != same(data));
        if elsewhere {
            let path = path.display();
            let what = "this file was found in the data directory, so it cannot name another; say --data, \
                        TIDINGS_DATA, or name the file with --config";
            return Err(format!("{path}, line {line}: {what}").into());
        }
    }
    Ok(Some((path, lines)))
}

fn same(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    struct World {
        directory: tempfile::TempDir,
        variables: BTreeMap<&'static str, String>,
        flags: Said,
    }

    impl World {
        fn new() -> Self {
            let directory = tempfile::tempdir().expect("a directory");
            let data = directory.path().to_string_lossy().into_owned();
            Self {
                directory,
                variables: BTreeMap::new(),
                flags: [(DATA, vec![data])].into(),
            }
        }

        fn file(&self, name: &str, text: &str) -> PathBuf {
            let path = self.directory.path().join(name);
            fs::write(&path, text).expect("written");
            path
        }

        fn effective(&self) -> Result<Effective, String> {
            effective(&self.flags, &|name| self.variables.get(name).cloned()).map_err(|wrong| wrong.to_string())
        }

        fn log(&self) -> (String, Origin) {
            let effective = self.effective().expect("right");
            let (texts, origin) = effective.value("log");
            (texts.join(" "), origin.clone())
        }
    }

    /// CFG1: a flag wins over its variable, that over the file, that over the default, and each says who it was.
    #[test]
    fn a_flag_wins_over_a_variable_over_the_file_over_the_default() {
        let mut world = World::new();
        assert_eq!(world.log(), ("info".to_owned(), Origin::Default));
        let file = world.file(FILE, "\nlog = \"warn\"\n");
        assert_eq!(world.log(), ("warn".to_owned(), Origin::File(file, 2)));
        world.variables.insert("TIDINGS_LOG", String::new());
        assert_eq!(world.log().0, "warn", "an empty variable says nothing");
        world.variables.insert("TIDINGS_LOG", "debug".to_owned());
        assert_eq!(
            world.log(),
            ("debug".to_owned(), Origin::Variable("TIDINGS_LOG".to_owned()))
        );
        world.flags.insert("log", vec!["error".to_owned()]);
        assert_eq!(world.log(), ("error".to_owned(), Origin::Flag("--log".to_owned())));
    }

    /// CFG1: a file that is named is read instead of the one in the data directory, and must be there.
    #[test]
    fn a_file_that_is_named_is_the_one() {
        let mut world = World::new();
        world.file(FILE, "log = \"warn\"");
        let other = world.file("other.toml", "log = \"debug\"\ndata = \"elsewhere\"");
        world
            .variables
            .insert("TIDINGS_CONFIG", other.to_string_lossy().into_owned());
        assert_eq!(world.log().0, "debug");
        world.flags.remove(DATA);
        let effective = world.effective().expect("right");
        let data = world.directory.path().join("elsewhere");
        assert_eq!(effective.text(DATA), data.to_str());
        fs::remove_file(&other).expect("removed");
        assert!(
            world
                .effective()
                .expect_err("gone")
                .contains("other.toml: No such file")
        );
    }

    /// CFG2: what is wrong is said even where something else wins over it.
    #[test]
    fn what_is_wrong_is_said_though_another_wins() {
        let mut world = World::new();
        world.flags.insert("beat-ms", vec!["1000".to_owned()]);
        world.file(FILE, "log = \"info\"\nbeat-ms = \"soon\"");
        let says = world.effective().expect_err("wrong");
        assert!(
            says.ends_with("tidings.toml, line 2: beat-ms = soon: expected a whole number from 100 to 600000"),
            "{says}"
        );
        world.file(FILE, "");
        world.variables.insert("TIDINGS_LISTEN", "127.0.0.1:1,here".to_owned());
        let says = world.effective().expect_err("wrong");
        assert!(
            says.starts_with("TIDINGS_LISTEN=here: expected an IP address and a port"),
            "{says}"
        );
    }

    /// CFG2: a file in the data directory cannot name another data directory.
    #[test]
    fn a_file_that_was_found_cannot_lead_away() {
        let world = World::new();
        world.file(FILE, "data = \".\"");
        assert!(world.effective().is_ok(), "that is where it lies");
        world.file(FILE, "data = \"elsewhere\"");
        assert!(
            world
                .effective()
                .expect_err("elsewhere")
                .contains("line 1: this file was found in the data directory")
        );
    }
}
