//! The settings: can they be used, and do they mean what whoever wrote them means?

use super::finding::Finding;
use crate::config::{self, Flags, Settings};
use server::bus::BusFaults;

/// The settings of the server, `None` where they cannot be used; and what is to be said of them.
pub fn look(flags: &Flags) -> (Option<Settings>, Vec<Finding>) {
    let mut findings: Vec<Finding> = config::strangers()
        .into_iter()
        .map(|stranger| Finding::warning("settings", stranger, "unset it, or spell it right"))
        .collect();
    match config::load(flags) {
        Ok(settings) => {
            findings.extend(meant(&settings));
            if findings.is_empty() {
                findings.push(Finding::ok(
                    "settings",
                    "they can be used; `tidings config` prints them",
                ));
            }
            (Some(settings), findings)
        }
        Err(error) => {
            let advice = "mend that first; the rest was not looked at";
            findings.push(Finding::wrong("settings", error.to_string(), advice));
            (None, findings)
        }
    }
}

/// What can be set and is hardly meant.
fn meant(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut warn = |found: &str, advice: &str| findings.push(Finding::warning("settings", found, advice));
    let is_reached = settings.listen.iter().any(|address| !address.ip().is_loopback());
    let is_https = settings.public_url.as_ref().is_some_and(|url| url.is_https());
    let has_proxy = !settings.trusted_proxies.is_empty();
    if settings.no_rates {
        warn(
            "nobody is held back (no-rates)",
            "leave it out where others can reach the server",
        );
    }
    if settings.drill_hints != BusFaults::default() {
        warn(
            "hints are lost on purpose (drill-hints)",
            "leave it out, unless you look at what that does",
        );
    }
    if is_reached && settings.tls.is_none() && !is_https {
        let found = "others reach it, and without TLS passwords can be read on the way";
        warn(
            found,
            "give --tls-cert and --tls-key, or put a proxy with TLS before it and say --public-url",
        );
    }
    if is_https && settings.tls.is_none() && !has_proxy {
        let found = "public-url says https, which neither this server nor a proxy that it knows speaks";
        warn(
            found,
            "name the proxy with --trusted-proxy, or all its clients count as one; or give --tls-cert and --tls-key",
        );
    }
    if settings.tls.is_some() && !is_https && settings.public_url.is_some() {
        warn("public-url says http, and the server speaks TLS", "say https:// there");
    }
    findings
}
