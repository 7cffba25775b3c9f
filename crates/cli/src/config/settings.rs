//! The one table of what can be set. The flags of `tidings serve` and its `--help`, the variables, the file, what
//! `tidings config` prints and the table in docs/OPERATING.md are all made of it.

use super::kind::Kind;

/// One thing that can be set. It has one name and three spellings: a flag, a variable, a key in the file.
pub struct Setting {
    /// Its name, as it stands in the file.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// The value where nobody says one, spelled as in a variable; empty: none.
    pub default: &'static str,
    /// What a number counts; empty for what is no number.
    pub unit: &'static str,
    /// What it is for, in one sentence or two, for people.
    pub says: &'static str,
    /// What it belongs to.
    pub part: Part,
}

/// What a setting belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What most people set.
    Usual,
    /// Only for benchmarks and drills.
    Drills,
}

impl Setting {
    /// The setting of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// The setting whose name is most like a text, if one is like it at all.
    pub fn like(text: &str) -> Option<&'static Self> {
        let text = text.replace('_', "-").to_lowercase();
        let likeness = |setting: &&Self| strsim::jaro_winkler(setting.name, &text);
        let like = SETTINGS.iter().filter(|setting| likeness(setting) >= LIKENESS_MIN);
        like.max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
    }

    /// Its flag.
    pub fn flag(&self) -> String {
        format!("--{}", self.name)
    }

    /// Its variable.
    pub fn variable(&self) -> String {
        format!("TIDINGS_{}", self.name.replace('-', "_").to_uppercase())
    }

    /// Whether a file can set it: a file cannot say which file it is.
    pub fn is_in_file(&self) -> bool {
        self.name != CONFIG
    }
}

/// How like a name must be to be meant, from 0 to 1.
const LIKENESS_MIN: f64 = 0.8;
/// The setting that names the file.
pub const CONFIG: &str = "config";
/// The setting that names the data directory, in which a file is looked for.
pub const DATA: &str = "data";

/// Everything that can be set, in the order in which it is told.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: DATA,
        kind: Kind::Directory,
        default: "./data",
        unit: "",
        says: "Where everything is kept; made if it is not there.",
        part: Part::Usual,
    },
    Setting {
        name: CONFIG,
        kind: Kind::File,
        default: "",
        unit: "",
        says: "A file of settings; else `tidings.toml` in the data directory, if it is there.",
        part: Part::Usual,
    },
    Setting {
        name: "listen",
        kind: Kind::Addresses,
        default: "127.0.0.1:8080",
        unit: "",
        says: "Where to listen; several: repeat it, or commas. At 127.0.0.1 only this machine reaches it, at \
               0.0.0.0 the whole network.",
        part: Part::Usual,
    },
    Setting {
        name: "public-url",
        kind: Kind::Url,
        default: "",
        unit: "",
        says: "What others type to come here, where it is not the address that is listened on: behind a \
               proxy, by a name.",
        part: Part::Usual,
    },
    Setting {
        name: "tls-cert",
        kind: Kind::File,
        default: "",
        unit: "",
        says: "The server's certificate and those that signed it (PEM): TLS is spoken at every address. Read anew when \
               it changes.",
        part: Part::Usual,
    },
    Setting {
        name: "tls-key",
        kind: Kind::File,
        default: "",
        unit: "",
        says: "The private key of that certificate (PEM, without a passphrase).",
        part: Part::Usual,
    },
    Setting {
        name: "sign-up",
        kind: Kind::Choice(&["invite", "open"]),
        default: "invite",
        unit: "",
        says: "Who may sign up: who has an invite, or anybody who reaches the server.",
        part: Part::Usual,
    },
    Setting {
        name: "no-sign-up-by-link",
        kind: Kind::Switch,
        default: "false",
        unit: "",
        says: "Whoever holds a link into a group may not sign up with it where an invite is wanted; the link alone \
               then lets in who has an account.",
        part: Part::Usual,
    },
    Setting {
        name: "trusted-proxy",
        kind: Kind::Ips,
        default: "",
        unit: "",
        says: "A proxy whose X-Forwarded-For is believed; several: repeat it, or commas.",
        part: Part::Usual,
    },
    Setting {
        name: "sessions-max",
        kind: Kind::Number {
            min: 1,
            max: 10_000_000,
        },
        default: "19000",
        unit: "connections",
        says: "Connections at once; above it the door is closed until one goes.",
        part: Part::Usual,
    },
    Setting {
        name: "disk-free-min-mib",
        kind: Kind::Number {
            min: 0,
            max: 1_000_000_000,
        },
        default: "256",
        unit: "MiB",
        says: "What must be free on the disk of the data for anything new to be taken: below it sends are refused, and \
               reading goes on. 0: not looked at.",
        part: Part::Usual,
    },
    Setting {
        name: "beat-ms",
        kind: Kind::Number { min: 100, max: 600_000 },
        default: "25000",
        unit: "milliseconds",
        says: "How often clients beat. They notice within one beat what no hint told; smaller means more traffic.",
        part: Part::Usual,
    },
    Setting {
        name: "drain-spread-ms",
        kind: Kind::Number { min: 0, max: 600_000 },
        default: "10000",
        unit: "milliseconds",
        says: "Over how long the reconnects are spread when this server goes down.",
        part: Part::Usual,
    },
    Setting {
        name: "log",
        kind: Kind::Filter,
        default: "info",
        unit: "",
        says: "What is logged: a level, or levels by part, as in `warn,server=debug`.",
        part: Part::Usual,
    },
    Setting {
        name: "log-format",
        kind: Kind::Choice(&["text", "json"]),
        default: "text",
        unit: "",
        says: "How logs are written: for people, or one JSON object a line.",
        part: Part::Usual,
    },
    Setting {
        name: "no-rates",
        kind: Kind::Switch,
        default: "false",
        unit: "",
        says: "Lets everything through that rates would hold back. Never with others' hands on it.",
        part: Part::Drills,
    },
    Setting {
        name: "drill-hints",
        kind: Kind::Drill,
        default: "0,0,0,0",
        unit: "percent and milliseconds",
        says: "Of the hints between sessions, lose, double, delay so many in a hundred, up to so many milliseconds. It \
               costs time and never a message: a way to see that.",
        part: Part::Drills,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// CFG1: every setting says what it is for, and its default is a value that it takes.
    #[test]
    fn every_setting_is_told_and_its_default_is_taken() {
        for setting in SETTINGS {
            assert!(setting.says.ends_with('.'), "{}", setting.name);
            for text in setting.kind.split(setting.default) {
                assert_eq!(setting.kind.check(&text), Ok(()), "{}", setting.name);
            }
            let counts = ["-ms", "-max", "-mib"].iter().any(|end| setting.name.ends_with(end));
            assert_eq!(matches!(setting.kind, Kind::Number { .. }), counts, "{}", setting.name);
        }
    }

    #[test]
    fn one_name_has_three_spellings() {
        let setting = Setting::named("trusted-proxy").expect("it is there");
        assert_eq!(
            (setting.flag().as_str(), setting.variable().as_str()),
            ("--trusted-proxy", "TIDINGS_TRUSTED_PROXY")
        );
        assert!(Setting::named("trusted_proxy").is_none());
    }
}
