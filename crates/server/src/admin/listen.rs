//! The socket itself: made for its owner alone, gone when the server stops.

use super::act::act;
use super::back_up::back_up;
use super::{Answer, FILE, Request, read_line, say};
use crate::node::Node;
use protocol::refusal::Code;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::BufReader;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;

/// Connections at once; more wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 8;
/// How long a connection may be silent between two lines, in milliseconds.
const SILENT_MS_MAX: u64 = 60_000;
/// How long to wait after an accept that failed, in milliseconds.
const PAUSE_MS: u64 = 100;

/// The open door. Dropping it closes it and removes its file.
#[derive(Debug)]
pub struct Open {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Opens the door in this data directory. What a server that was killed left behind is replaced: whoever calls this
/// holds the directory's lock, so no other server listens there.
///
/// # Errors
/// As the file system has it; `InvalidInput` for a path longer than a socket's may be (about 100 bytes).
pub fn open(node: Arc<Node>, data: &Path) -> io::Result<Open> {
    // Made under another name and moved into place: the path never leads to a socket that others may open.
    let (path, made) = (data.join(FILE), data.join("admin.sock.new"));
    match std::fs::remove_file(&made) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&made)?;
    std::fs::set_permissions(&made, std::fs::Permissions::from_mode(0o600))?;
    let owner_uid = std::fs::metadata(&made)?.uid();
    std::fs::rename(&made, &path)?;
    let task = tokio::spawn(accept(node, listener, owner_uid));
    Ok(Open { path, task })
}

/// Keeps the door open until `stop` says true or its sender is gone. A server whose door cannot be opened still serves
/// everybody else, so this says so in the log and is done.
pub async fn serve(node: Arc<Node>, data: PathBuf, mut stop: watch::Receiver<bool>) {
    match open(node, &data) {
        Ok(opened) => {
            let _ = stop.wait_for(|stop| *stop).await;
            drop(opened);
        }
        Err(error) => {
            tracing::error!(path = %data.join(FILE).display(), %error, "the admin socket cannot be opened");
        }
    }
}

async fn accept(node: Arc<Node>, listener: UnixListener, owner_uid: u32) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            // Asked of the kernel too: between `bind` and `set_permissions` others could have come in.
            Ok((stream, _))
                if stream
                    .peer_cred()
                    .is_ok_and(|peer| peer.uid() == owner_uid || peer.uid() == 0) =>
            {
                tokio::spawn(converse(Arc::clone(&node), stream, place));
            }
            Ok(_) => tracing::warn!("somebody else's program wanted to come in by the admin socket"),
            Err(error) => {
                tracing::warn!(%error, "the admin socket cannot accept; trying again");
                tokio::time::sleep(Duration::from_millis(PAUSE_MS)).await;
            }
        }
    }
}

async fn converse(node: Arc<Node>, stream: UnixStream, place: OwnedSemaphorePermit) {
    let mut stream = BufReader::new(stream);
    loop {
        let line = tokio::time::timeout(Duration::from_millis(SILENT_MS_MAX), read_line(&mut stream)).await;
        let Ok(Ok(Some(line))) = line else { break };
        let answer = match serde_json::from_slice(&line) {
            Ok(Request::BackUp { to, overwrite }) => {
                let Ok(answer) = back_up(&node, to, overwrite, &mut stream).await else {
                    break;
                };
                answer
            }
            Ok(request) => act(&node, request).await,
            // Not what the parser says: it may quote a secret.
            Err(_) => Answer::Refused(Code::BadRequest.refuse_saying("The line is no request of the admin socket.")),
        };
        if say(&mut stream, &answer).await.is_err() {
            break;
        }
    }
    drop(place);
}
