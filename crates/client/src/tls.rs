//! Streams that are encrypted where the address asks for it: `https://` and `wss://`.
//!
//! Who is at the other end is decided by certificates that the system trusts, or by those of one file and no others.
//! There is no way to go without: a connection that trusts anybody hands the password to whoever stands in between.

use crate::address::{Address, Connector, tcp};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Streams over TCP, and over TLS where the address says so.
#[derive(Clone)]
pub struct Secure {
    config: Arc<ClientConfig>,
    trusts: Trusts,
}

/// Whose word is taken for who a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trusts {
    /// The certificates that this system trusts.
    System,
    /// The certificates in this file (PEM), and no others.
    File(PathBuf),
}

/// Why nobody can be trusted.
#[derive(Debug, thiserror::Error)]
#[error("{}: there is no certificate to trust in it (PEM, `BEGIN CERTIFICATE`): {reason}", .file.display())]
pub struct NobodyTrusted {
    file: PathBuf,
    reason: String,
}

/// One stream.
#[derive(Debug)]
pub enum Stream {
    /// As it is.
    Plain(TcpStream),
    /// Encrypted.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Secure {
    /// Trusts whom it is told to trust. What is wrong with single certificates of the system is passed over; a system
    /// without any is noticed at the first connection that needs one.
    ///
    /// # Errors
    /// [`NobodyTrusted`]: the file cannot be read, or holds no certificate.
    pub fn new(trusts: Trusts) -> Result<Self, NobodyTrusted> {
        let mut roots = RootCertStore::empty();
        match &trusts {
            Trusts::System => {
                let found = rustls_native_certs::load_native_certs();
                for error in found.errors {
                    tracing::debug!(%error, "a certificate of the system is passed over");
                }
                roots.add_parsable_certificates(found.certs);
            }
            Trusts::File(file) => {
                for certificate in certificates(file)? {
                    let added = roots.add(certificate);
                    added.map_err(|error| nobody(file, &error))?;
                }
            }
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .expect("ring speaks both versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
            trusts,
        })
    }

    fn explain(&self, error: io::Error) -> io::Error {
        let is_of_trust = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<tokio_rustls::rustls::Error>())
            .is_some_and(|inner| matches!(inner, tokio_rustls::rustls::Error::InvalidCertificate(_)));
        if !is_of_trust {
            return error;
        }
        if error.to_string().contains("CaUsedAsEndEntity") {
            let what = "its certificate is one for signing others, which no server can show as its own: it has to be \
                        made with `basicConstraints=CA:FALSE`";
            return io::Error::new(error.kind(), what);
        }
        let by = match &self.trusts {
            Trusts::System => "by what this system trusts; for a certificate of your own give its file".to_owned(),
            Trusts::File(file) => format!("by {}", file.display()),
        };
        io::Error::new(error.kind(), format!("its certificate does not hold {by}: {error}"))
    }
}

fn nobody(file: &Path, reason: &impl fmt::Display) -> NobodyTrusted {
    NobodyTrusted {
        file: file.to_owned(),
        reason: reason.to_string(),
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, NobodyTrusted> {
    let bytes = std::fs::read(file).map_err(|error| nobody(file, &error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(nobody(file, &"it holds none")),
        Err(error) => Err(nobody(file, &error)),
    }
}

impl fmt::Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secure")
            .field("trusts", &self.trusts)
            .finish_non_exhaustive()
    }
}

impl Connector for Secure {
    type Stream = Stream;

    fn speaks_tls(&self) -> bool {
        true
    }

    async fn connect(&self, address: &Address) -> io::Result<Stream> {
        if !address.tls {
            return Ok(Stream::Plain(tcp(address).await?));
        }
        let name = ServerName::try_from(address.host.clone())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a certificate cannot be for such a name"))?;
        let stream = tcp(address).await?;
        let secured = TlsConnector::from(Arc::clone(&self.config)).connect(name, stream).await;
        Ok(Stream::Tls(Box::new(secured.map_err(|error| self.explain(error))?)))
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, space: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, space),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, space),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// TLS4: whom to trust is said by a file that holds certificates, or nobody is.
    #[test]
    fn a_file_without_certificates_trusts_nobody() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("ca.pem");
        let says = || Secure::new(Trusts::File(file.clone())).expect_err("nobody").to_string();
        assert!(
            says().contains("ca.pem: there is no certificate to trust in it"),
            "{}",
            says()
        );
        std::fs::write(&file, "hello").expect("written");
        assert!(says().ends_with("it holds none"), "{}", says());
    }
}
