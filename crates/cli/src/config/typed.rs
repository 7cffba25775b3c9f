//! The settings as the server takes them: numbers are numbers, and what belongs together is together.

use super::given::Effective;
use super::kind::drill;
use crate::Wrong;
use server::bus::BusFaults;
use server::config::{Config, PublicUrl, Rates, SignUpPolicy};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// Everything `tidings serve` is told.
pub struct Settings {
    /// The data directory.
    pub data: PathBuf,
    /// Where to listen; at least one.
    pub listen: Vec<SocketAddr>,
    /// What others type.
    pub public_url: Option<PublicUrl>,
    /// The certificate and its key; `None`: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Who may sign up.
    pub sign_up: SignUpPolicy,
    /// A link into a group is no invite.
    pub no_sign_up_by_link: bool,
    /// Proxies that are believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Connections at once.
    pub sessions_max: usize,
    /// What must be free on the disk, in MiB.
    pub disk_free_min_mib: u64,
    /// How often clients beat, in milliseconds.
    pub beat_ms: u64,
    /// Over how long reconnects are spread, in milliseconds.
    pub drain_spread_ms: u64,
    /// What is logged.
    pub log: String,
    /// How it is written.
    pub log_format: LogFormat,
    /// Nobody is held back.
    pub no_rates: bool,
    /// Faults on purpose.
    pub drill_hints: BusFaults,
}

/// Where the server's certificate lies.
pub struct TlsFiles {
    /// The certificate and those that signed it.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Settings {
    /// Puts the values together.
    ///
    /// # Errors
    /// Two of them do not go together, or one that is needed is missing.
    pub fn of(effective: &Effective) -> Result<Self, Wrong> {
        let listen: Vec<SocketAddr> = all(effective, "listen")?;
        if listen.is_empty() {
            return Err(missing("listen").into());
        }
        Ok(Self {
            data: one(effective, "data")?,
            listen,
            public_url: all(effective, "public-url")?.pop(),
            tls: tls(effective)?,
            sign_up: match effective.text("sign-up") {
                Some("open") => SignUpPolicy::Open,
                _ => SignUpPolicy::Invite,
            },
            no_sign_up_by_link: one(effective, "no-sign-up-by-link")?,
            trusted_proxies: all(effective, "trusted-proxy")?,
            sessions_max: one(effective, "sessions-max")?,
            disk_free_min_mib: one(effective, "disk-free-min-mib")?,
            beat_ms: one(effective, "beat-ms")?,
            drain_spread_ms: one(effective, "drain-spread-ms")?,
            log: one(effective, "log")?,
            log_format: match effective.text("log-format") {
                Some("json") => LogFormat::Json,
                _ => LogFormat::Text,
            },
            no_rates: one(effective, "no-rates")?,
            drill_hints: effective
                .text("drill-hints")
                .and_then(drill)
                .ok_or_else(|| missing("drill-hints"))?,
        })
    }

    /// What must be free on the disk, in bytes.
    pub fn disk_free_bytes_min(&self) -> u64 {
        self.disk_free_min_mib.saturating_mul(1_024 * 1_024)
    }

    /// What the node is told.
    pub fn node(&self) -> Config {
        Config {
            sign_up: self.sign_up,
            links_sign_up: !self.no_sign_up_by_link,
            trusted_proxies: self.trusted_proxies.clone(),
            public_url: self.public_url.clone(),
            tls: self.tls.is_some(),
            disk_free_bytes_min: self.disk_free_bytes_min(),
            beat_ms: self.beat_ms,
            sessions_max: self.sessions_max,
            drain_spread_ms: self.drain_spread_ms,
            rates: if self.no_rates {
                Rates::unlimited()
            } else {
                Rates::default()
            },
            ..Config::default()
        }
    }
}

fn tls(effective: &Effective) -> Result<Option<TlsFiles>, Wrong> {
    let half = |there: &str, missing: &str| {
        let origin = effective.value(there).1;
        format!("{there} is set ({origin}) and {missing} is not; TLS needs both, the certificate and its key")
    };
    match (effective.text("tls-cert"), effective.text("tls-key")) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles {
            certificate: certificate.into(),
            key: key.into(),
        })),
        (Some(_), None) => Err(half("tls-cert", "tls-key").into()),
        (None, Some(_)) => Err(half("tls-key", "tls-cert").into()),
    }
}

fn all<T: FromStr>(effective: &Effective, name: &str) -> Result<Vec<T>, Wrong> {
    let (texts, origin) = effective.value(name);
    let parse = |text: &String| {
        text.parse()
            .map_err(|_| format!("{name} ({origin}): `{text}` cannot be used"))
    };
    Ok(texts.iter().map(parse).collect::<Result<_, _>>()?)
}

fn one<T: FromStr>(effective: &Effective, name: &str) -> Result<T, Wrong> {
    Ok(all(effective, name)?.pop().ok_or_else(|| missing(name))?)
}

fn missing(name: &str) -> String {
    format!("{name} needs a value; leave it out to have the default")
}

#[cfg(test)]
mod tests {
    use super::super::given::{Said, effective};
    use super::*;

    fn settings(flags: &[(&'static str, &str)]) -> Result<Settings, String> {
        let directory = tempfile::tempdir().expect("a directory");
        let mut said: Said = flags
            .iter()
            .map(|(name, text)| (*name, vec![(*text).to_owned()]))
            .collect();
        said.insert("data", vec![directory.path().to_string_lossy().into_owned()]);
        let effective = effective(&said, &|_| None).map_err(|wrong| wrong.to_string())?;
        Settings::of(&effective).map_err(|wrong| wrong.to_string())
    }

    /// CFG1: where nobody says anything, the table's defaults are those of a node.
    #[test]
    fn the_defaults_are_those_of_a_node() {
        let (table, node) = (settings(&[]).expect("right").node(), Config::default());
        assert_eq!(format!("{table:?}"), format!("{node:?}"));
    }

    /// CFG2: half of TLS is none.
    #[test]
    fn a_certificate_needs_its_key() {
        let says = settings(&[("tls-cert", "c.pem")]).err().expect("half");
        assert!(
            says.starts_with("tls-cert is set (--tls-cert) and tls-key is not"),
            "{says}"
        );
        assert!(settings(&[("tls-key", "k.pem")]).is_err());
        assert!(
            settings(&[("tls-cert", "c.pem"), ("tls-key", "k.pem")])
                .expect("right")
                .node()
                .tls
        );
    }
}
