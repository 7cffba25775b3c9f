//! A data directory without a server: what `tidings admin` and its like do themselves then, under the directory's lock.

use crate::clock::now_ms;
use crate::{Wrong, block_on};
use rand::rngs::{StdRng, SysRng};
use rand::{SeedableRng, TryRng};
use server::admin::{Answer, Request, act};
use server::bus::InProcess;
use server::clock::SystemClock;
use server::config::Config;
use server::node::{Node, Parts};
use std::io;
use std::path::Path;
use std::sync::Arc;
use store::sqlite::{self, OpenError, Options};

/// Whether nobody listens at the admin socket: no server runs, or it was killed.
pub fn is_nobody_there(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

/// The directory is locked and its admin socket is not there.
pub fn silent_server(data: &Path) -> Wrong {
    let data = data.display();
    format!("a server has {data} open, but its admin socket does not answer; its log may say why").into()
}

/// How the store is opened without a server.
pub fn options() -> Result<Options, Wrong> {
    let mut seed = [0; 32];
    SysRng.try_fill_bytes(&mut seed)?;
    Ok(Options::new(Arc::new(now_ms), seed))
}

/// Does what is asked of a server, on the data of one that does not run.
///
/// # Errors
/// There is no such data, or a server has it.
pub fn answer(data: &Path, request: Request) -> Result<Answer, Wrong> {
    if !data.join(sqlite::FILE).exists() {
        let data = data.display();
        return Err(format!(
            "there is no data in {data} and no server runs on it; start one with `tidings serve --data {data}`, or say \
             --data"
        )
        .into());
    }
    let store = sqlite::start(data, options()?).map_err(|error| match error {
        OpenError::Locked(_) => silent_server(data),
        error => error.into(),
    })?;
    let answer = block_on(async {
        // A node like the server's, of which nobody hears: there are no sessions that could.
        let node = Node::new(Parts {
            config: Config::default(),
            store: Arc::new(store.clone()),
            bus: InProcess::new(),
            clock: Arc::new(SystemClock::start()),
            chance: StdRng::try_from_rng(&mut SysRng)?,
        });
        Ok(act(&node, request).await)
    });
    store.close();
    answer
}
