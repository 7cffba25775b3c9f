//! The other end of a session, as small as it can be: frames are written under the mask 0 and read by their length.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Connections from one address of 127.0.0.0/8: well below what its ephemeral ports allow.
const CONNECTIONS_PER_ADDRESS: usize = 5_000;

/// One connection.
pub struct Peer {
    stream: TcpStream,
    /// What was read and not yet taken.
    buffer: Vec<u8>,
}

impl Peer {
    /// Connects and shakes hands. The number picks the source address.
    pub async fn connect(server: SocketAddr, number: usize) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        let last = u8::try_from(2 + number / CONNECTIONS_PER_ADDRESS).map_err(io::Error::other)?;
        socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into())?;
        let mut stream = socket.connect(server).await?;
        stream.set_nodelay(true)?;
        let ask = "GET /v1/ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
            sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(ask.as_bytes()).await?;
        let mut buffer = Vec::new();
        loop {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                if !buffer.starts_with(b"HTTP/1.1 101") {
                    return Err(io::Error::other(String::from_utf8_lossy(&buffer).into_owned()));
                }
                buffer.drain(..end + 4);
                return Ok(Self { stream, buffer });
            }
        }
    }

    /// Connects, says hello, and waits for welcome and inbox.
    pub async fn sign_in(server: SocketAddr, number: usize, token: &str) -> io::Result<Self> {
        let mut peer = Self::connect(server, number).await?;
        peer.say(&[format!(r#"{{"t":"hello","id":1,"v":[1],"token":"{token}"}}"#)])
            .await?;
        peer.expect("welcome").await?;
        peer.expect("inbox").await?;
        Ok(peer)
    }

    /// Says these, in one write.
    pub async fn say(&mut self, frames: &[String]) -> io::Result<()> {
        let mut bytes = Vec::new();
        for frame in frames {
            // The shortest form, as RFC 6455 (section 5.2) asks: else a decoder is kept for what may follow.
            if let Ok(short @ 0..=125) = u8::try_from(frame.len()) {
                bytes.extend([0x81, 0x80 | short]);
            } else {
                bytes.extend([0x81, 0x80 | 126]);
                bytes.extend(u16::try_from(frame.len()).map_err(io::Error::other)?.to_be_bytes());
            }
            bytes.extend([0; 4]);
            bytes.extend(frame.as_bytes());
        }
        self.stream.write_all(&bytes).await
    }

    /// The next frame's text. Cancel-safe.
    pub async fn hear(&mut self) -> io::Result<String> {
        loop {
            if let Some((start, end)) = whole(&self.buffer) {
                let text = String::from_utf8_lossy(&self.buffer[start..end]).into_owned();
                self.buffer.drain(..end);
                if self.buffer.is_empty() {
                    self.buffer = Vec::new();
                }
                return Ok(text);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Waits for a frame of this type; what is told unasked before it is passed over.
    pub async fn expect(&mut self, word: &str) -> io::Result<String> {
        let wanted = kind(word);
        loop {
            let text = self.hear().await?;
            if text.contains(&wanted) {
                return Ok(text);
            }
            if text.contains(r#""t":"refuse""#) {
                return Err(io::Error::other(text));
            }
        }
    }
}

/// How the type of a frame stands in it.
pub fn kind(word: &str) -> String {
    format!(r#""t":"{word}""#)
}

/// Where the payload of the first frame begins and ends, if it is all there. A server masks nothing.
fn whole(buffer: &[u8]) -> Option<(usize, usize)> {
    let (start, length) = match *buffer.get(1)? {
        short @ 0..=125 => (2, usize::from(short)),
        126 => (4, usize::from(u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?))),
        _ => {
            let length = u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?);
            (10, usize::try_from(length).ok()?)
        }
    };
    (buffer.len() >= start + length).then_some((start, start + length))
}
