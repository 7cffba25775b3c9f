//! What the values of a setting are: how they are spelled, and what is said of one that is wrong.

use server::bus::BusFaults;
use server::config::PublicUrl;
use std::net::{IpAddr, SocketAddr};
use tracing_subscriber::EnvFilter;

/// What the values of a setting are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A file.
    File,
    /// Addresses with ports.
    Addresses,
    /// Addresses without.
    Ips,
    /// What people type.
    Url,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number.
    Number {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
    },
    /// Yes or no.
    Switch,
    /// What is logged.
    Filter,
    /// Faults on purpose.
    Drill,
}

impl Kind {
    /// Whether there may be several values.
    pub fn is_list(self) -> bool {
        matches!(self, Self::Addresses | Self::Ips)
    }

    /// Whether a value names a place on the disk.
    pub fn is_path(self) -> bool {
        matches!(self, Self::Directory | Self::File)
    }

    /// The values in one text: several with commas, where several may be.
    pub fn split(self, text: &str) -> Vec<String> {
        if self.is_list() {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            return parts.map(str::to_owned).collect();
        }
        if text.is_empty() {
            Vec::new()
        } else {
            vec![text.to_owned()]
        }
    }

    /// How a value is named in `--help`.
    pub fn value_name(self) -> &'static str {
        match self {
            Self::Directory => "DIRECTORY",
            Self::File => "FILE",
            Self::Addresses => "ADDRESS:PORT",
            Self::Ips => "IP",
            Self::Url => "URL",
            Self::Choice(_) => "WORD",
            Self::Number { .. } => "NUMBER",
            Self::Switch => "BOOL",
            Self::Filter => "FILTER",
            Self::Drill => "LOSE,DOUBLE,DELAY,MS",
        }
    }

    /// Whether one value is right.
    ///
    /// # Errors
    /// What was expected, as the rest of a sentence that begins with "expected".
    pub fn check(self, text: &str) -> Result<(), String> {
        let right = match self {
            Self::Directory | Self::File => !text.is_empty(),
            Self::Addresses => text.parse::<SocketAddr>().is_ok(),
            Self::Ips => text.parse::<IpAddr>().is_ok(),
            Self::Url => text.parse::<PublicUrl>().is_ok(),
            Self::Choice(words) => words.contains(&text),
            Self::Number { min, max } => text.parse().is_ok_and(|number| (min..=max).contains(&number)),
            Self::Switch => matches!(text, "true" | "false"),
            Self::Filter => EnvFilter::try_new(text).is_ok(),
            Self::Drill => drill(text).is_some(),
        };
        if right { Ok(()) } else { Err(self.expected()) }
    }

    fn expected(self) -> String {
        match self {
            Self::Directory => "a directory".to_owned(),
            Self::File => "a file".to_owned(),
            Self::Addresses => "an IP address and a port, such as 0.0.0.0:8080 or [::]:8080".to_owned(),
            Self::Ips => "an IP address, such as 127.0.0.1 or ::1".to_owned(),
            Self::Url => "http:// or https:// with a host and no path, such as https://chat.example".to_owned(),
            Self::Choice(words) => words.join(" or "),
            Self::Number { min, max } => format!("a whole number from {min} to {max}"),
            Self::Switch => "true or false".to_owned(),
            Self::Filter => {
                "a level (error, warn, info, debug, trace), or levels by part: warn,server=debug".to_owned()
            }
            Self::Drill => "three percents, 0 to 100, and milliseconds: 20,20,20,60".to_owned(),
        }
    }
}

/// Faults on purpose, as they are spelled.
pub fn drill(text: &str) -> Option<BusFaults> {
    let parts: Vec<u64> = text
        .split(',')
        .map(|part| part.trim().parse().ok())
        .collect::<Option<_>>()?;
    let percent = |n: u64| u8::try_from(n).ok().filter(|n| *n <= 100);
    match parts[..] {
        [lose, double, delay, delay_ms_max] => Some(BusFaults {
            lose_percent: percent(lose)?,
            double_percent: percent(double)?,
            delay_percent: percent(delay)?,
            delay_ms_max,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CFG2: a wrong value is told what was expected.
    #[test]
    fn a_wrong_value_is_told_what_was_expected() {
        let numbers = Kind::Number { min: 1, max: 9 };
        for (kind, right, wrong) in [
            (Kind::Addresses, "[::]:80", "localhost:80"),
            (Kind::Ips, "::1", "127.0.0.1:80"),
            (Kind::Url, "https://x.example", "x.example"),
            (Kind::Choice(&["a", "b"]), "b", "c"),
            (numbers, "9", "10"),
            (numbers, "1", "-1"),
            (Kind::Switch, "true", "yes"),
            (Kind::Filter, "warn,server=debug", "a=b=c"),
            (Kind::Drill, "20, 20,20,60", "20,20,20"),
            (Kind::Drill, "0,0,100,60", "0,0,101,60"),
            (Kind::Drill, "0,0,0,60", "0,0,0,60,"),
            (Kind::File, "x", ""),
        ] {
            assert_eq!(kind.check(right), Ok(()), "{kind:?}");
            assert_eq!(kind.check(wrong), Err(kind.expected()), "{kind:?}");
        }
    }
}
