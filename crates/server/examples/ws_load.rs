//! Opens many WebSockets to one server and tells the server's private memory a connection: idle, after a small echo
//! on each, after a large one on each, after a burst on all. Closes everything when it is done.
//!
//! `ws_load ADDRESS SERVER_PID [CONNECTIONS]`

use std::{
    env, fs,
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use socket2::{Domain, Socket, Type};

/// Connections from one address of 127.0.0.0/8: well below what its ephemeral ports allow.
const CONNECTIONS_PER_ADDRESS: usize = 5_000;
const SMALL_BYTES: usize = 300;
const LARGE_BYTES: usize = 60_000;
const BURST_FRAMES: usize = 8;
/// How long any single answer may take.
const ANSWER_MS_MAX: u64 = 10_000;

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let wrong = |what: &str| io::Error::other(format!("{what}; ws_load ADDRESS SERVER_PID [CONNECTIONS]"));
    let server: SocketAddr = arguments
        .next()
        .and_then(|a| a.parse().ok())
        .ok_or_else(|| wrong("no address"))?;
    let pid: u32 = arguments
        .next()
        .and_then(|a| a.parse().ok())
        .ok_or_else(|| wrong("no pid"))?;
    let count: usize = arguments
        .next()
        .map_or(Ok(15_000), |a| a.parse())
        .map_err(|_| wrong("no number"))?;

    // Warm up, so that one-time costs are not counted.
    for number in 0..100 {
        echo(&mut connect(server, number)?, &[b'w'; LARGE_BYTES])?;
    }
    let before_kib = rss_anon_kib(pid)?;
    let mut streams = Vec::with_capacity(count);
    for number in 0..count {
        streams.push(connect(server, number)?);
    }
    let tell = |when: &str| {
        let kib = rss_anon_kib(pid)?;
        let each_bytes = kib.saturating_sub(before_kib) * 1024 / count as u64;
        println!("{when}: {each_bytes} bytes a connection over {count} (process {kib} KiB, before {before_kib} KiB)");
        io::Result::Ok(())
    };
    tell("idle")?;
    streams
        .iter_mut()
        .try_for_each(|stream| echo(stream, &[b's'; SMALL_BYTES]))?;
    tell("after 300 bytes each way on each")?;
    streams
        .iter_mut()
        .try_for_each(|stream| echo(stream, &[b'l'; LARGE_BYTES]))?;
    tell("after 60,000 bytes each way on each")?;
    // All at once, so that many are in the server's hands together.
    let burst = frame(&[b'b'; SMALL_BYTES]).repeat(BURST_FRAMES);
    streams.iter_mut().try_for_each(|stream| stream.write_all(&burst))?;
    let mut answers = vec![0; BURST_FRAMES * (SMALL_BYTES + 4)];
    streams
        .iter_mut()
        .try_for_each(|stream| stream.read_exact(&mut answers))?;
    tell("after a burst of 8 frames on all at once")
}

/// A connection after its handshake.
fn connect(server: SocketAddr, number: usize) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let last = u8::try_from(2 + number / CONNECTIONS_PER_ADDRESS).map_err(io::Error::other)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0)).into())?;
    socket.connect(&server.into())?;
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_millis(ANSWER_MS_MAX)))?;
    stream.set_nodelay(true)?;
    stream.write_all(
        b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
          sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    )?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    if head.starts_with(b"HTTP/1.1 101") {
        Ok(stream)
    } else {
        Err(io::Error::other("no handshake"))
    }
}

/// A masked text frame of 126 to 65,535 bytes, under the mask 0.
fn frame(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(length.to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

fn echo(stream: &mut TcpStream, payload: &[u8]) -> io::Result<()> {
    stream.write_all(&frame(payload))?;
    let mut answer = vec![0; 4 + payload.len()];
    stream.read_exact(&mut answer)?;
    if answer[4..] == *payload {
        Ok(())
    } else {
        Err(io::Error::other("another answer than was sent"))
    }
}

/// The memory that is a process's own, in KiB.
fn rss_anon_kib(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .ok_or_else(|| io::Error::other("no RssAnon"))
}
