//! TLS in the process: certificates from files, read anew when they change, and the handshake of one connection.
//!
//! Nothing here touches a connection that stands: a new certificate is for the handshakes that come. A new file that
//! is of no use is logged, and the old certificate stays: a renewal that failed must not close the door.

mod plain;

use std::{
    fmt, fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, RwLock},
    time::Duration,
};

use tokio::{net::TcpStream, sync::watch, time::MissedTickBehavior};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::{CryptoProvider, ring},
        pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
        version::{TLS12, TLS13},
    },
};

/// A stream whose TLS handshake is done.
pub type TlsStream = tokio_rustls::server::TlsStream<TcpStream>;

/// How often the files are looked at, in milliseconds: a renewed certificate is served after at most so long.
pub const LOOK_MS: u64 = 10_000;
/// The largest file that is read, in bytes. A chain of ten certificates has some 20,000.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// What a connection may have written that the kernel has not taken, in bytes: one record. Above it the writer waits,
/// so that a slow reader is seen as one.
const UNSENT_BYTES_MAX: usize = 16 * 1024;

/// Why a certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadTls {
    /// A file cannot be read.
    #[error("{}: {error}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file holds something else.
    #[error("{}: there is no {expected} in it: {error}", .path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
        /// What the reader says.
        error: pem::Error,
    },
    /// The two do not go together, or are of a kind that is not spoken here.
    #[error("{} and {} cannot be used together: {error}", .certificate.display(), .key.display())]
    NoPair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What rustls says.
        error: tokio_rustls::rustls::Error,
    },
}

/// How this server proves who it is: a certificate and its key, out of two files in PEM.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: Arc<Current>,
    /// The files as they were when they were last read, whether they were of use or not.
    seen: Mutex<[Option<Stamp>; 2]>,
    acceptor: TlsAcceptor,
    /// Where a browser that came without TLS is sent; `None`: to the host it asked for.
    public_url: Option<String>,
}

/// What tells one state of a file from another. A renewal may keep the length, and a quick one the time in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: (i64, i64),
    changed: (i64, i64),
    inode: u64,
    bytes: u64,
}

/// The certificate of the handshakes that come.
struct Current(RwLock<Arc<CertifiedKey>>);

impl Tls {
    /// Reads both files. The first certificate is the server's own, those that signed it follow. TLS 1.2 and 1.3 are
    /// spoken, HTTP/1.1 within.
    ///
    /// # Errors
    /// [`BadTls`] names the file.
    pub fn load(certificate: &Path, key: &Path, public_url: Option<String>) -> Result<Self, BadTls> {
        let provider = Arc::new(ring::default_provider());
        let seen = [stamp(certificate), stamp(key)];
        let pair = read(certificate, key, &provider)?;
        let current = Arc::new(Current(RwLock::new(Arc::new(pair))));
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .expect("ring speaks both versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            provider,
            current,
            seen: Mutex::new(seen),
            acceptor: TlsAcceptor::from(Arc::new(config)),
            public_url,
        })
    }

    /// The handshake of one connection, for [`super::serve_opened`]. `None`: it came without TLS and was told so.
    ///
    /// # Errors
    /// The peer went away, or its TLS is not ours.
    pub async fn open(self: Arc<Self>, stream: TcpStream) -> io::Result<Option<TlsStream>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first[0] != plain::TLS_HANDSHAKE {
            plain::tell(stream, self.public_url.as_deref()).await?;
            return Ok(None);
        }
        let opened = self.acceptor.accept_with(stream, |session| {
            session.set_buffer_limit(Some(UNSENT_BYTES_MAX));
        });
        Ok(Some(opened.await?))
    }

    /// Reads the files again if they changed since they were last read; `always`: in any case. Tells in the log what
    /// came of it. Answers whether another certificate is served now.
    pub fn look(&self, always: bool) -> bool {
        // Before reading: what is written meanwhile is read by the next look.
        let stamps = [stamp(&self.certificate), stamp(&self.key)];
        {
            let mut seen = self.seen.lock().expect("nothing panics under this lock");
            if *seen == stamps && !always {
                return false;
            }
            *seen = stamps;
        }
        let certificate = self.certificate.display();
        match read(&self.certificate, &self.key, &self.provider) {
            Ok(pair) => {
                *self.current.0.write().expect("nothing panics under this lock") = Arc::new(pair);
                tracing::info!(%certificate, "the certificate was read anew; handshakes from now on are shown it");
                true
            }
            Err(error) => {
                tracing::error!(%error, "the new certificate cannot be used; the old one stays");
                false
            }
        }
    }

    /// Looks every [`LOOK_MS`], and at once when `now` says so, until its sender is gone.
    pub async fn watch(self: Arc<Self>, mut now: watch::Receiver<()>) {
        let mut ticks = tokio::time::interval(Duration::from_millis(LOOK_MS));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let always = tokio::select! {
                _ = ticks.tick() => false,
                asked = now.changed() => match asked {
                    Ok(()) => true,
                    Err(_) => return,
                },
            };
            let tls = Arc::clone(&self);
            // A file may lie on a slow disk, and sessions share these threads.
            let _ = tokio::task::spawn_blocking(move || tls.look(always)).await;
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { certificate, key, .. } = self;
        f.debug_struct("Tls")
            .field("certificate", certificate)
            .field("key", key)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current")
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().expect("nothing panics under this lock")))
    }
}

/// `None`: it is not there, or not to be seen.
fn stamp(path: &Path) -> Option<Stamp> {
    let found = fs::metadata(path).ok()?;
    Some(Stamp {
        modified: (found.mtime(), found.mtime_nsec()),
        changed: (found.ctime(), found.ctime_nsec()),
        inode: found.ino(),
        bytes: found.len(),
    })
}

fn read(certificate: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, BadTls> {
    let not_pem = |path: &Path, expected| {
        let path = path.to_owned();
        move |error| BadTls::NotPem { path, expected, error }
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&contents(certificate)?)
        .collect::<Result<_, _>>()
        .and_then(|chain: Vec<_>| {
            if chain.is_empty() {
                Err(pem::Error::NoItemsFound)
            } else {
                Ok(chain)
            }
        })
        .map_err(not_pem(certificate, "certificate (PEM, `BEGIN CERTIFICATE`)"))?;
    let private = PrivateKeyDer::from_pem_slice(&contents(key)?).map_err(not_pem(
        key,
        "private key (PEM, `BEGIN PRIVATE KEY`, without a passphrase)",
    ))?;
    CertifiedKey::from_der(chain, private, provider).map_err(|error| BadTls::NoPair {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        error,
    })
}

fn contents(path: &Path) -> Result<Vec<u8>, BadTls> {
    use io::Read;
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(BadTls::Unreadable {
            path: path.to_owned(),
            error,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Files {
        _directory: tempfile::TempDir,
        certificate: PathBuf,
        key: PathBuf,
    }

    impl Files {
        fn new() -> Self {
            let directory = tempfile::tempdir().expect("a directory");
            let files = Self {
                certificate: directory.path().join("cert.pem"),
                key: directory.path().join("key.pem"),
                _directory: directory,
            };
            files.renew();
            files
        }

        fn renew(&self) {
            let (certificate, key) = pair();
            fs::write(&self.certificate, certificate).expect("written");
            fs::write(&self.key, key).expect("written");
        }

        fn load(&self) -> Result<Tls, BadTls> {
            Tls::load(&self.certificate, &self.key, None)
        }
    }

    fn pair() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("made");
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    fn served(tls: &Tls) -> CertificateDer<'static> {
        tls.current.0.read().expect("whole").cert[0].clone()
    }

    /// TLS2: files that did not change are not read, new ones are, and a broken one leaves the old certificate.
    #[test]
    fn a_new_certificate_is_served_and_a_broken_one_is_not() {
        let files = Files::new();
        let tls = files.load().expect("loaded");
        let first = served(&tls);
        assert!(!tls.look(false), "nothing changed");

        fs::write(&files.certificate, "-----BEGIN CERTIFICATE-----\nnonsense").expect("written");
        assert!(!tls.look(false));
        assert_eq!(served(&tls), first, "the old one stays");
        fs::remove_file(&files.certificate).expect("removed");
        assert!(!tls.look(false));
        assert_eq!(served(&tls), first, "the old one stays");

        files.renew();
        assert!(tls.look(false));
        assert_ne!(served(&tls), first);
        assert!(!tls.look(false), "nothing changed since");
    }

    /// TLS2: a certificate whose key has not been written yet waits for it.
    #[test]
    fn a_certificate_waits_for_its_key() {
        let files = Files::new();
        let tls = files.load().expect("loaded");
        let first = served(&tls);
        let (certificate, key) = pair();
        fs::write(&files.certificate, certificate).expect("written");
        assert!(!tls.look(false), "its key is still the old one's");
        assert_eq!(served(&tls), first);
        fs::write(&files.key, key).expect("written");
        assert!(tls.look(false));
        assert_ne!(served(&tls), first);
    }

    /// TLS1: what cannot be used is said with the file's name and what was expected in it.
    #[test]
    fn what_cannot_be_used_is_named() {
        let files = Files::new();
        let says = |files: &Files| files.load().expect_err("of no use").to_string();
        let (_, other_key) = pair();
        let key = fs::read(&files.key).expect("there");
        fs::write(&files.key, other_key).expect("written");
        assert!(
            says(&files).contains("key.pem cannot be used together"),
            "{}",
            says(&files)
        );
        fs::write(&files.key, "").expect("written");
        assert!(
            says(&files).contains("key.pem: there is no private key"),
            "{}",
            says(&files)
        );
        fs::write(&files.key, key).expect("written");
        fs::write(&files.certificate, "hello").expect("written");
        assert!(
            says(&files).contains("cert.pem: there is no certificate"),
            "{}",
            says(&files)
        );
        fs::remove_file(&files.certificate).expect("removed");
        assert!(says(&files).contains("cert.pem: No such file"), "{}", says(&files));
    }
}
