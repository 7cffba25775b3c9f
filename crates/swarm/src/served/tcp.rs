//! The world of real processes: TCP, and the time on the wall.

use crate::world::World;
use client::address::{Address, Connector};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;
use tokio::net::{TcpSocket, TcpStream, lookup_host};

/// What a stream may hold that nobody has read yet, in bytes.
const RECEIVE_BUFFER_BYTES: usize = 16 * 1024;
/// The largest segment, in bytes, as on the Internet. What the *sender's* kernel holds grows with it: with the 64 KiB
/// of the loopback it would be megabytes, and a reader that has stopped would not be noticed in a short run.
const SEGMENT_BYTES: u32 = 1_448;

/// A server that is reached over TCP.
#[derive(Clone, Debug)]
pub struct Tcp {
    /// Where it is.
    pub address: Address,
    /// What the clock on the wall said when the run began, in milliseconds since 1970 UTC.
    pub unix_ms: u64,
}

impl World for Tcp {
    type Connector = SmallTcp;

    fn connector(&self, _: u32) -> SmallTcp {
        SmallTcp
    }

    fn url(&self) -> String {
        format!("ws://{}", self.address.authority())
    }

    fn unix_ms(&self) -> u64 {
        self.unix_ms
    }
}

/// Gives TCP streams that hold little on the way, so that whoever writes to one that is not read feels it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SmallTcp;

impl Connector for SmallTcp {
    type Stream = TcpStream;

    async fn connect(&self, address: &Address) -> io::Result<TcpStream> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in lookup_host((address.host.as_str(), address.port)).await? {
            match small(address)?.connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// A socket whose buffers are set before it connects: later it would be too late for both.
fn small(to: SocketAddr) -> io::Result<TcpSocket> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
    socket.set_tcp_mss(SEGMENT_BYTES)?;
    socket.set_tcp_nodelay(true)?;
    Ok(TcpSocket::from_std_stream(socket.into()))
}
