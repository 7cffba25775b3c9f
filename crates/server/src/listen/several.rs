//! Several addresses, one accept loop: all of them share the slots, the counts and the stop of one [`super::serve`].

use super::Accept;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    task::{Context, Poll},
};
use tokio::net::{TcpListener, TcpStream};

/// Connections that the kernel holds for us between two accepts, for each address.
const BACKLOG: i32 = 1_024;

/// Listeners at several addresses.
#[derive(Debug)]
pub struct Listeners {
    listeners: Vec<TcpListener>,
    /// The one that is asked first the next time: a busy address must not starve another.
    first: usize,
}

/// An address that cannot be listened on, and why.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {error}")]
pub struct NotBound {
    /// The address.
    pub address: SocketAddr,
    /// What the system says.
    pub error: io::Error,
}

impl Listeners {
    /// Listens on all of these addresses, or on none. A port 0 becomes one that is free. `[::]` takes IPv4 too, unless
    /// an IPv4 address stands beside it with the same port. Must be called within a tokio runtime with I/O.
    ///
    /// # Errors
    /// [`NotBound`] names the first address that cannot be had.
    pub fn bind(addresses: &[SocketAddr]) -> Result<Self, NotBound> {
        let listeners = addresses.iter().map(|&address| {
            let beside_v4 = addresses
                .iter()
                .any(|other| other.is_ipv4() && other.port() == address.port());
            listen(address, beside_v4).map_err(|error| NotBound { address, error })
        });
        Ok(Self {
            listeners: listeners.collect::<Result<_, _>>()?,
            first: 0,
        })
    }

    /// Where they listen, in the order in which they were given.
    ///
    /// # Errors
    /// The system does not say.
    pub fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.listeners.iter().map(TcpListener::local_addr).collect()
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let count = self.listeners.len();
        for step in 0..count {
            let at = (self.first + step) % count;
            if let Poll::Ready(accepted) = self.listeners[at].poll_accept(cx) {
                self.first = (at + 1) % count;
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    }
}

impl Accept for Listeners {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = poll_fn(|cx| self.poll_accept(cx)).await?;
        // A frame is written whole, so Nagle's wait for more would only delay it. On failure it is merely slower.
        let _ = stream.set_nodelay(true);
        Ok((stream, peer))
    }
}

fn listen(address: SocketAddr, beside_v4: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // After a restart the port is ours at once, though old connections linger.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() && beside_v4 {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    /// LSN1: every address is listened on, and each gets its turn.
    #[tokio::test]
    async fn every_address_is_heard_in_turn() {
        let mut listeners = Listeners::bind(&[at("127.0.0.1:0"), at("127.0.0.1:0")]).expect("bound");
        let addresses = listeners.addresses().expect("known");
        assert_ne!(addresses[0], addresses[1]);
        let mut clients = Vec::new();
        for address in [addresses[0], addresses[0], addresses[0], addresses[1]] {
            clients.push(TcpStream::connect(address).await.expect("connected"));
        }
        let mut heard = Vec::new();
        for _ in &clients {
            let (stream, peer) = listeners.accept().await.expect("accepted");
            let client = clients
                .iter()
                .position(|client| client.local_addr().expect("known") == peer);
            assert!(client.is_some(), "{peer}");
            heard.push(stream.local_addr().expect("known"));
        }
        let second = heard.iter().position(|address| *address == addresses[1]);
        assert!(second < Some(2), "a busy address starves the other: {heard:?}");
    }

    /// LSN1: an address that is taken is named.
    #[tokio::test]
    async fn an_address_that_is_taken_is_named() {
        let taken = Listeners::bind(&[at("127.0.0.1:0")]).expect("bound");
        let address = taken.addresses().expect("known")[0];
        let error = Listeners::bind(&[at("127.0.0.1:0"), address]).expect_err("taken");
        assert!(
            error.to_string().starts_with(&format!("cannot listen on {address}: ")),
            "{error}"
        );
    }

    /// LSN1: both families on one port stand beside each other.
    #[tokio::test]
    async fn both_families_share_a_port() {
        let v4 = Listeners::bind(&[at("0.0.0.0:0")]).expect("bound");
        let port = v4.addresses().expect("known")[0].port();
        drop(v4);
        let both = [
            SocketAddr::from(([0, 0, 0, 0], port)),
            SocketAddr::from(([0u16; 8], port)),
        ];
        match Listeners::bind(&both) {
            Ok(listeners) => assert_eq!(listeners.addresses().expect("known"), both),
            // A machine without IPv6.
            Err(error) => assert!(
                matches!(
                    error.error.kind(),
                    io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported
                ),
                "{error}"
            ),
        }
    }
}
