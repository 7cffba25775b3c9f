//! Where the server listens: is the address this machine's, is the port free or ours, and is the server ready?

use super::certificate::chain;
use super::database::Server;
use super::finding::Finding;
use super::pinned;
use crate::config::{Settings, TlsFiles};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// How long the server may take to answer, in milliseconds.
const ANSWER_MS_MAX: u64 = 3_000;
/// What is read of an answer, in bytes.
const ANSWER_BYTES_MAX: u64 = 4_096;

/// Looks at each address.
pub fn look(settings: &Settings, server: &Server) -> Vec<Finding> {
    settings
        .listen
        .iter()
        .map(|address| one(*address, settings.tls.as_ref(), server))
        .collect()
}

fn one(address: SocketAddr, tls: Option<&TlsFiles>, server: &Server) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) if server.runs() => {
            let advice = "run this with the flags and variables of the server, so that it knows where it listens";
            Finding::warning("port", format!("{address} is free, although a server runs"), advice)
        }
        Ok(_) => Finding::ok("port", format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && server.runs() => ready(address, tls),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let advice = "stop the program that has it, or choose another with --listen";
            Finding::wrong("port", format!("another program has {address}"), advice)
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let advice = "choose one from 1024 on with --listen, or let the system open it for you \
                          (AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit)";
            Finding::wrong("port", format!("this account may not use {address}"), advice)
        }
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
            let advice = "choose one of this machine's with --listen; 0.0.0.0 is all of them";
            Finding::wrong("port", format!("{address} is no address of this machine"), advice)
        }
        Err(error) => Finding::wrong("port", format!("{address}: {error}"), "choose another with --listen"),
    }
}

/// Asks whoever has the port whether it is ready.
fn ready(address: SocketAddr, tls: Option<&TlsFiles>) -> Finding {
    match ask(address, tls) {
        Ok(answer) if answer.starts_with("HTTP/1.1 200") && answer.contains("nearly full") => Finding::warning(
            "port",
            format!("the server at {address} is ready, but sends are refused"),
            "make room on the disk",
        ),
        Ok(answer) if answer.starts_with("HTTP/1.1 200") && answer.contains("ready") => {
            Finding::ok("port", format!("the server at {address} is ready"))
        }
        Ok(answer) if answer.starts_with("HTTP/1.1 503") => {
            let why = answer.lines().last().unwrap_or("").to_owned();
            Finding::wrong(
                "port",
                format!("the server at {address} is not ready: {why}"),
                "see its log",
            )
        }
        Ok(_) => {
            let advice = "another program has it, and the server listens elsewhere: run this with the server's flags";
            Finding::warning("port", format!("what answers at {address} is not Tidings"), advice)
        }
        Err(error) if pinned::is_another(&error) => {
            let advice = "a running server reads new files within 10 seconds, or by `kill -HUP`; if it does not, \
                          its log says why";
            let found = format!("the server at {address} shows another certificate than the one in the file");
            Finding::warning("port", found, advice)
        }
        Err(error) => {
            let advice = "if a server is there, it hangs: see its log, stop it and start it again";
            Finding::wrong("port", format!("nothing answers at {address} ({error})"), advice)
        }
    }
}

fn ask(address: SocketAddr, tls: Option<&TlsFiles>) -> io::Result<String> {
    let to = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    let wait = Duration::from_millis(ANSWER_MS_MAX);
    let stream = TcpStream::connect_timeout(&SocketAddr::new(to, address.port()), wait)?;
    stream.set_read_timeout(Some(wait))?;
    stream.set_write_timeout(Some(wait))?;
    match tls.and_then(|files| chain(&files.certificate).into_iter().next()) {
        Some(own) => talk(pinned::stream(stream, to, own)?, address),
        None => talk(stream, address),
    }
}

fn talk(mut stream: impl Read + Write, address: SocketAddr) -> io::Result<String> {
    write!(
        stream,
        "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    stream.flush()?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
