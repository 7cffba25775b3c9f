//! Where a server is, out of what a person types, and how a stream to it comes about.

use std::io;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A server's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its name or IP address; an IPv6 one without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether TLS is spoken there.
    pub tls: bool,
}

/// Why an address cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// It asks for TLS, which this client was built without.
    #[error("this client speaks ws:// and http:// only; put a proxy that ends TLS before it")]
    Tls,
    /// Not `host`, `host:port`, or one of them after `http://`, `https://`, `ws://` or `wss://`.
    #[error("an address is host, host:port, https://host:port or http://host:port")]
    Shape,
}

impl Address {
    /// The port where none is given.
    pub const PORT: u16 = 80;
    /// The port where none is given, with TLS.
    pub const TLS_PORT: u16 = 443;

    /// Reads an address. A path is passed over: the protocol knows its own.
    ///
    /// # Errors
    /// [`BadAddress`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let (tls, rest) = match text.trim().split_once("://") {
            Some(("ws" | "http", rest)) => (false, rest),
            Some(("wss" | "https", rest)) => (true, rest),
            Some(_) => return Err(BadAddress::Shape),
            None => (false, text.trim()),
        };
        let authority = rest.split('/').next().unwrap_or_default();
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, port) = v6.split_once(']').ok_or(BadAddress::Shape)?;
                (host, port.strip_prefix(':'))
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '?' | '#');
        if host.is_empty() || host.contains(odd) {
            return Err(BadAddress::Shape);
        }
        let own_port = if tls { Self::TLS_PORT } else { Self::PORT };
        let port = port.map_or(Ok(own_port), |port| port.parse().map_err(|_| BadAddress::Shape))?;
        Ok(Self {
            host: host.to_owned(),
            port,
            tls,
        })
    }

    /// Host and port as a `Host` header has them.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Gives streams: TCP in the world, pipes in tests and in a simulation.
pub trait Connector: Send + Sync + 'static {
    /// What it gives.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Whether its streams are encrypted where the address asks for it. Where they are not, such an address is refused
    /// before anything is sent.
    fn speaks_tls(&self) -> bool {
        false
    }

    /// A stream to the server.
    fn connect(&self, address: &Address) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// Streams over TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct TcpConnector;

impl Connector for TcpConnector {
    type Stream = TcpStream;

    async fn connect(&self, address: &Address) -> io::Result<TcpStream> {
        if address.tls {
            return Err(io::Error::new(io::ErrorKind::Unsupported, BadAddress::Tls));
        }
        tcp(address).await
    }
}

/// A TCP stream to a server.
pub(crate) async fn tcp(address: &Address) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
    // A chat's frames are small, and each is waited for: do not gather them.
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_people_write_it() {
        let to = |host: &str, port, tls| {
            Ok(Address {
                host: host.to_owned(),
                port,
                tls,
            })
        };
        let at = |host: &str, port| to(host, port, false);
        assert_eq!(Address::parse("ws://chat.example:8080/v1/ws"), at("chat.example", 8080));
        assert_eq!(Address::parse(" localhost:9 "), at("localhost", 9));
        assert_eq!(Address::parse("http://chat.example"), at("chat.example", 80));
        assert_eq!(Address::parse("ws://[::1]:7"), at("::1", 7));
        assert_eq!(
            Address::parse("ws://[::1]:7").map(|a| a.authority()),
            Ok("[::1]:7".to_owned())
        );
        assert_eq!(Address::parse("wss://chat.example"), to("chat.example", 443, true));
        assert_eq!(Address::parse("https://[::1]:8443/"), to("::1", 8443, true));
        for bad in ["", "ftp://x", "x:y", "me@x", "x:70000", "[::1"] {
            assert_eq!(Address::parse(bad), Err(BadAddress::Shape), "{bad}");
        }
    }
}
