//! A backup through the socket: the only request that takes long, so it is the only one that tells how far it is.

use super::{Answer, say};
use crate::node::Node;
use protocol::Refusal;
use protocol::refusal::Code;
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use store::backup::{BackUp, BackupError, Progress};
use tokio::io::AsyncWrite;
use tokio::time::{MissedTickBehavior, interval};

/// How often it is told how far it is, in milliseconds.
const TELL_MS: u64 = 250;

/// Makes a backup. The lines before the last answer are written to `line`; if that fails, whoever asked has gone, and
/// so does the backup.
///
/// # Errors
/// Those of `line`.
pub async fn back_up(
    node: &Node,
    to: PathBuf,
    overwrite: bool,
    line: &mut (impl AsyncWrite + Unpin),
) -> io::Result<Answer> {
    if !to.is_absolute() {
        let say = "`to` must be an absolute path: the server opens it, and it stands elsewhere.";
        return Ok(Answer::Refused(Code::BadRequest.refuse_saying(say)));
    }
    let progress = Arc::new(Progress::default());
    let _stop = StopOnDrop(Arc::clone(&progress));
    let ask = BackUp {
        to,
        overwrite,
        progress: Arc::clone(&progress),
    };
    let mut done = pin!(node.store.back_up(ask));
    let mut ticks = interval(Duration::from_millis(TELL_MS));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            done = &mut done => return Ok(match done {
                Ok(Ok(done)) => Answer::BackedUp { path: done.path, bytes: done.bytes, taken_ms: done.taken_ms },
                Ok(Err(error)) => Answer::Refused(refusal(&error)),
                Err(error) => Answer::Refused(crate::wire::refusal(error)),
            }),
            _ = ticks.tick() => {
                let (done_bytes, total_bytes) = progress.bytes();
                say(line, &Answer::BackingUp { done_bytes, total_bytes }).await?;
            }
        }
    }
}

fn refusal(error: &BackupError) -> Refusal {
    let code = match error {
        BackupError::Failed { .. } => {
            tracing::error!(%error, "a backup failed");
            Code::Internal
        }
        BackupError::Busy | BackupError::Stopped => Code::Overloaded,
        BackupError::Unsupported | BackupError::Exists(_) | BackupError::NoPlace { .. } | BackupError::Full { .. } => {
            Code::BadRequest
        }
    };
    code.refuse_saying(error.to_string())
}

struct StopOnDrop(Arc<Progress>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}
