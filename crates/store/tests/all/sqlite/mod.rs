//! The SQLite engine: the contract, and what it promises beyond it.

use crate::scene::{EPOCH, Engine, Hands};
use std::path::Path;
use std::sync::Arc;
use store::sqlite::{self, Opened, Options, Sqlite};
use store::{Reply, Store};
use tempfile::TempDir;

mod backing_up;
mod batching;
mod failing;
mod measuring;
mod migrating;
mod opening;
mod restoring;

/// Options for a test: a clock moved by hand, and a seed.
pub fn options(hands: &Hands) -> Options {
    let hands = hands.clone();
    Options {
        epoch: Some(EPOCH),
        ..Options::new(Arc::new(move || hands.now_ms()), [7; 32])
    }
}

/// An empty store in a directory of its own, with threads.
pub fn engine(hands: &Hands) -> Box<dyn Engine> {
    let dir = TempDir::new().expect("a temporary directory");
    Box::new(InDirectory {
        store: Some(start(dir.path(), hands)),
        hands: hands.clone(),
        dir,
    })
}

fn start(dir: &Path, hands: &Hands) -> Sqlite {
    sqlite::start(dir, options(hands)).expect("the store opens")
}

struct InDirectory {
    store: Option<Sqlite>,
    hands: Hands,
    dir: TempDir,
}

impl Engine for InDirectory {
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone().expect("open"))
    }

    fn reopen(&mut self) -> bool {
        if let Some(store) = self.store.take() {
            store.close();
        }
        self.store = Some(start(self.dir.path(), &self.hands));
        true
    }
}

/// A store without threads: it works only when the test says so.
pub struct Inline {
    pub store: Sqlite,
    pub opened: Opened,
    options: Options,
    dir: TempDir,
}

impl Inline {
    pub fn open(options: Options) -> Self {
        Self::open_in(TempDir::new().expect("a temporary directory"), options)
    }

    pub fn open_in(dir: TempDir, options: Options) -> Self {
        let opened = sqlite::open(dir.path(), options.clone()).expect("the store opens");
        Self {
            store: opened.store.clone(),
            opened,
            options,
            dir,
        }
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn step(&mut self) -> bool {
        self.opened.step()
    }

    /// Works until everything is answered, and takes this answer.
    #[track_caller]
    pub fn done<T: Unpin>(&mut self, reply: Reply<T>) -> T {
        while self.step() {}
        crate::scene::done(reply)
    }

    /// Lets go of everything and opens the directory again.
    pub fn reopen(self) -> Self {
        let Self {
            store,
            opened,
            options,
            dir,
        } = self;
        drop((store, opened));
        Self::open_in(dir, options)
    }
}
