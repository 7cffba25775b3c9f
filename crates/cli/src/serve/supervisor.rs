//! Tells whoever supervises the process, systemd mostly, how far it is: one datagram to a socket that it named.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The variable that names the socket; as sd_notify(3) has it.
const VARIABLE: &str = "NOTIFY_SOCKET";

/// Tells a state, such as `READY=1`, if anybody wants to know. That it cannot be told is logged and stops nothing.
pub fn tell(state: &str) {
    let Some(socket) = std::env::var_os(VARIABLE).filter(|name| !name.is_empty()) else {
        return;
    };
    if let Err(error) = tell_at(&socket, state) {
        tracing::warn!(%error, state, "the socket in {VARIABLE} does not take what it is told");
    }
}

fn tell_at(socket: &OsStr, state: &str) -> io::Result<()> {
    let address = match socket.as_bytes() {
        [b'@', name @ ..] => {
            #[cfg(target_os = "linux")]
            {
                use std::os::linux::net::SocketAddrExt;
                SocketAddr::from_abstract_name(name)?
            }
            #[cfg(not(target_os = "linux"))]
            {
                let _ = name;
                return Err(io::ErrorKind::Unsupported.into());
            }
        }
        _ => SocketAddr::from_pathname(socket)?,
    };
    let told = UnixDatagram::unbound()?;
    // Whoever does not read must not hold up a server.
    told.set_nonblocking(true)?;
    told.send_to_addr(state.as_bytes(), &address)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_told_by_its_path() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("notify");
        let hears = UnixDatagram::bind(&path).expect("bound");
        tell_at(path.as_os_str(), "READY=1").expect("told");
        let mut bytes = [0; 16];
        let heard = hears.recv(&mut bytes).expect("heard");
        assert_eq!(&bytes[..heard], b"READY=1");
        assert!(tell_at(OsStr::new("/no/such/socket"), "READY=1").is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_is_told_by_its_abstract_name() {
        use std::os::linux::net::SocketAddrExt;
        let name = format!("tidings-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(name.as_bytes()).expect("a name");
        let hears = UnixDatagram::bind_addr(&address).expect("bound");
        tell_at(OsStr::new(&format!("@{name}")), "STOPPING=1").expect("told");
        let mut bytes = [0; 16];
        let heard = hears.recv(&mut bytes).expect("heard");
        assert_eq!(&bytes[..heard], b"STOPPING=1");
    }
}
