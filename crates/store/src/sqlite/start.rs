//! Driving the engine: by threads of its own, or step by step by the caller.

use super::file::OpenError;
use super::open::{Opened, open};
use super::options::Options;
use super::{Checkpointer, Reader, Sqlite, Writer};
use std::path::Path;
use std::sync::Arc;
use std::thread;

/// Opens the engine and gives it threads: one that writes, one for each reader, one that checkpoints. They end with
/// [`Sqlite::close`] or with the last clone of the store.
///
/// # Errors
/// As [`open`]; also if the system gives no threads.
pub fn start(dir: impl AsRef<Path>, options: Options) -> Result<Sqlite, OpenError> {
    let Opened {
        store,
        mut writer,
        readers,
        mut checkpointer,
    } = open(dir.as_ref(), options)?;
    let mut threads = Vec::new();
    let mut spawn = |name: String, run: Box<dyn FnOnce() + Send>| {
        let spawned = thread::Builder::new().name(name).spawn(run);
        spawned
            .map(|thread| threads.push(thread))
            .map_err(|error| OpenError::Failed {
                path: dir.as_ref().to_owned(),
                what: error.to_string(),
            })
    };
    spawn("store-writer".to_owned(), Box::new(move || writer.run()))?;
    for (number, mut reader) in readers.into_iter().enumerate() {
        spawn(format!("store-reader-{number}"), Box::new(move || reader.run()))?;
    }
    spawn("store-checkpoint".to_owned(), Box::new(move || checkpointer.run()))?;
    store.joins(threads);
    Ok(store)
}

impl Opened {
    /// Does everything that waits, on this thread. `false`: nothing did.
    pub fn step(&mut self) -> bool {
        step(&mut self.writer, &mut self.readers, &mut self.checkpointer)
    }
}

fn step(writer: &mut Writer, readers: &mut [Reader], checkpointer: &mut Checkpointer) -> bool {
    let mut worked = writer.step();
    for reader in readers {
        worked |= reader.step();
    }
    // A checkpoint alone is no reason to go on: nobody waits for it.
    checkpointer.step();
    worked
}

/// Drives an open engine inside a task, without threads, until the store is closed: the same calls in the same order
/// give the same answers. Each change and read blocks the task's thread for as long as it takes.
///
/// Take a clone of `opened.store` first. The drive ends once what waits is done after [`Sqlite::close`], or with the
/// last clone; a drive that is dropped is a store that is closed.
pub async fn drive(opened: Opened) {
    let Opened {
        store,
        mut writer,
        mut readers,
        mut checkpointer,
    } = opened;
    let shared = Arc::clone(&store.shared);
    // The callers' clones keep the store open, not this one.
    drop(store);
    loop {
        while step(&mut writer, &mut readers, &mut checkpointer) {
            tokio::task::yield_now().await;
        }
        if shared.writes.is_closed() {
            return;
        }
        shared.ready.notified().await;
    }
}
