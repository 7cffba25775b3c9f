//! The certificate: do the files fit, how long does it hold, for which name, and who trusts it?

use super::finding::Finding;
use crate::clock::{Local, now_ms};
use crate::config::{Settings, TlsFiles};
use client::address::Address;
use server::listen::tls::Tls;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use tokio_rustls::rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{CertificateError, Error, RootCertStore};

/// One that holds for less than this is worth a word, in seconds: renewals begin 30 days before, so one has failed.
const SOON_S: u64 = 14 * 24 * 3_600;

/// Looks at the files of TLS, if the server speaks it.
pub fn look(settings: &Settings) -> Vec<Finding> {
    let Some(files) = &settings.tls else {
        return Vec::new();
    };
    if let Err(error) = Tls::load(&files.certificate, &files.key, None) {
        let advice =
            "give the certificate with those that signed it, and its key, both in PEM and readable for this account";
        return vec![Finding::wrong("tls", error.to_string(), advice)];
    }
    let mut findings = vec![certificate(settings, files)];
    findings.extend(key(&files.key));
    findings
}

/// The certificates of a file, the server's own first.
pub fn chain(file: &Path) -> Vec<CertificateDer<'static>> {
    let read = CertificateDer::pem_file_iter(file);
    read.map_or_else(|_| Vec::new(), |chain| chain.filter_map(Result::ok).collect())
}

/// What a terminal elsewhere has to be given as `--ca` to trust the server that shows this file's certificate: nothing
/// where a system like this one trusts it; the file itself where all is in it that is needed; else a file that only its
/// maker has. Whether it holds today is for `doctor` to say.
pub fn needs_ca(file: &Path) -> Option<String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    ca_for(&chain(file), &file.display().to_string(), &roots, now_ms() / 1_000)
}

fn ca_for(chain: &[CertificateDer<'_>], file: &str, system: &RootCertStore, now_s: u64) -> Option<String> {
    let (own, others) = chain.split_first()?;
    let parsed = ParsedCertificate::try_from(own).ok()?;
    let algorithms = ring::default_provider().signature_verification_algorithms.all;
    let at = UnixTime::since_unix_epoch(Duration::from_secs(now_s));
    let is_unknown_to = |roots: &RootCertStore| {
        let verified = verify_server_cert_signed_by_trust_anchor(&parsed, roots, others, at, algorithms);
        matches!(
            verified,
            Err(Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature
            ))
        )
    };
    if !is_unknown_to(system) {
        return None;
    }
    let mut of_the_file = RootCertStore::empty();
    of_the_file.add_parsable_certificates(chain.iter().map(|one| one.clone().into_owned()));
    let needed = if is_unknown_to(&of_the_file) { "FILE" } else { file };
    Some(needed.to_owned())
}

fn key(file: &Path) -> Option<Finding> {
    let mode = file.metadata().ok()?.permissions().mode() & 0o777;
    let advice = format!("chmod 600 {}", file.display());
    let found = || format!("everybody on this machine may read the key (mode {mode:o})");
    (mode & 0o007 != 0).then(|| Finding::warning("tls", found(), advice))
}

fn certificate(settings: &Settings, files: &TlsFiles) -> Finding {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let public = settings.public_url.as_ref().filter(|url| url.is_https());
    let host = public
        .and_then(|url| Address::parse(url.origin()).ok())
        .map(|address| address.host);
    judge(&chain(&files.certificate), roots, host.as_deref(), now_ms() / 1_000)
}

fn judge(chain: &[CertificateDer<'_>], roots: RootCertStore, host: Option<&str>, now_s: u64) -> Finding {
    let wrong = |found: String, advice: &str| Finding::wrong("tls", found, advice);
    let Some((own, others)) = chain.split_first() else {
        return wrong(
            "the file holds no certificate".to_owned(),
            "give another with --tls-cert",
        );
    };
    let parsed = match ParsedCertificate::try_from(own) {
        Ok(parsed) => parsed,
        Err(error) => return wrong(format!("the certificate cannot be read: {error}"), "make a new one"),
    };
    let algorithms = ring::default_provider().signature_verification_algorithms.all;
    let at = |seconds| {
        let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        verify_server_cert_signed_by_trust_anchor(&parsed, &roots, others, at, algorithms)
    };
    let day = |at: UnixTime| Local::at(at.as_secs() * 1_000).day();
    let now = at(now_s);
    match &now {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            let advice = "renew it and put the files in place: a running server reads them by itself";
            return wrong(
                format!("the certificate expired on {}: nobody gets in", day(*not_after)),
                advice,
            );
        }
        Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => {
            let found = format!("the certificate holds only from {} on", day(*not_before));
            return wrong(found, "look at the clock of this machine; else wait, or make a new one");
        }
        Err(error) if error.to_string().contains("CaUsedAsEndEntity") => {
            let found = "the certificate is one for signing others, which no server can show as its own";
            return wrong(
                found.to_owned(),
                "make it anew with basicConstraints=CA:FALSE (docs/OPERATING.md has the command)",
            );
        }
        _ => {}
    }
    if let Some(finding) = another_name(&parsed, host) {
        return finding;
    }
    if let Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) = at(now_s + SOON_S) {
        let advice = "see why it was not renewed; a running server reads new files by itself";
        return Finding::warning("tls", format!("the certificate expires on {}", day(not_after)), advice);
    }
    match now {
        Ok(()) => Finding::ok("tls", "the certificate holds, and this system trusts it"),
        Err(error) => {
            let mut finding = Finding::ok(
                "tls",
                format!("the certificate holds, but this system does not trust it ({error})"),
            );
            finding.advice =
                "terminals need --ca FILE once, and browsers warn; where it was bought or got for nothing, put the \
                              certificates of those who signed it behind it in --tls-cert"
                    .to_owned();
            finding
        }
    }
}

/// The certificate is for other names than the one that people type.
fn another_name(parsed: &ParsedCertificate<'_>, host: Option<&str>) -> Option<Finding> {
    let host = host?;
    let error = verify_server_name(parsed, &ServerName::try_from(host).ok()?).err()?;
    let names = match error {
        Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. }) => presented.join(", "),
        error => error.to_string(),
    };
    let found = format!("the certificate is not for {host} but for {names}");
    let advice = "make one for that name, or say in --public-url what it is for";
    Some(Finding::wrong("tls", found, advice))
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    /// A day of 2030, in seconds since 1970.
    const NOW_S: u64 = 1_900_000_000;
    const DAY_S: u64 = 24 * 3_600;

    fn made(change: impl FnOnce(&mut rcgen::CertificateParams)) -> CertificateDer<'static> {
        let mut params = rcgen::CertificateParams::new(["chat.example".to_owned()]).expect("a name");
        params.not_before = rcgen::date_time_ymd(2030, 1, 1);
        params.not_after = rcgen::date_time_ymd(2031, 1, 1);
        change(&mut params);
        let key = rcgen::KeyPair::generate().expect("a key");
        params.self_signed(&key).expect("made").der().clone()
    }

    /// LSN2: a certificate that no system trusts is to be given by hand, where its own file is enough that file.
    #[test]
    fn lsn2_a_certificate_of_ones_own_is_to_be_given() {
        let own = [made(|_| {})];
        let mut trusting = RootCertStore::empty();
        trusting.add(own[0].clone()).expect("it can be trusted");
        let nobody = RootCertStore::empty();
        assert_eq!(ca_for(&own, "cert.pem", &trusting, NOW_S), None);
        assert_eq!(ca_for(&own, "cert.pem", &nobody, NOW_S).as_deref(), Some("cert.pem"));
        assert_eq!(ca_for(&[], "cert.pem", &nobody, NOW_S), None);

        let (signer_key, key) = (
            rcgen::KeyPair::generate().expect("a key"),
            rcgen::KeyPair::generate().expect("a key"),
        );
        let mut params = rcgen::CertificateParams::new(Vec::new()).expect("no name");
        params.distinguished_name.push(rcgen::DnType::CommonName, "who signs");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.not_before = rcgen::date_time_ymd(2030, 1, 1);
        params.not_after = rcgen::date_time_ymd(2031, 1, 1);
        let signer = params.self_signed(&signer_key).expect("made").der().clone();
        let issuer = rcgen::Issuer::new(params.clone(), signer_key);
        params.is_ca = rcgen::IsCa::NoCa;
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, "who is signed");
        let signed = params.signed_by(&key, &issuer).expect("made").der().clone();
        let alone = ca_for(std::slice::from_ref(&signed), "cert.pem", &nobody, NOW_S);
        assert_eq!(alone.as_deref(), Some("FILE"), "whoever made it has the other file");
        let both = ca_for(&[signed, signer], "cert.pem", &nobody, NOW_S);
        assert_eq!(both.as_deref(), Some("cert.pem"));
    }

    /// OPS2: a certificate that has expired or soon will, is for another name, or cannot be a server's, is told.
    #[test]
    fn ops2_a_certificate_that_does_not_hold_is_told() {
        let good = [made(|_| {})];
        let trusting = || {
            let mut roots = RootCertStore::empty();
            roots.add(good[0].clone()).expect("it can be trusted");
            roots
        };
        let at = |now_s: u64| judge(&good, trusting(), Some("chat.example"), now_s);
        assert_eq!(
            at(NOW_S),
            Finding::ok("tls", "the certificate holds, and this system trusts it")
        );
        let end_s = 1_924_992_000;
        assert!(at(end_s - DAY_S).state == State::Warning && at(end_s - DAY_S).found.contains("expires on"));
        assert!(at(end_s + DAY_S).state == State::Wrong && at(end_s + DAY_S).found.contains("expired on"));
        assert!(at(NOW_S - 365 * DAY_S).found.contains("holds only from"));
        let other = judge(&good, trusting(), Some("other.example"), NOW_S);
        assert!(
            other.state == State::Wrong && other.found.contains("not for other.example but for"),
            "{other:?}"
        );
        let mine = judge(&good, RootCertStore::empty(), None, NOW_S);
        assert!(mine.state == State::Ok && mine.advice.contains("--ca FILE"), "{mine:?}");
        let signer = [made(|params| {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained)
        })];
        let signer = judge(&signer, RootCertStore::empty(), None, NOW_S);
        assert!(
            signer.state == State::Wrong && signer.found.contains("for signing others"),
            "{signer:?}"
        );
    }
}
