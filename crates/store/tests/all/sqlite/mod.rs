//! The SQLite engine: the contract, and what it promises beyond it.

use crate::scene::{EPOCH, Engine, Hands};
use std::path::Path;
use std::sync::Arc;
use store::Store;
use store::sqlite::{self, Options, Sqlite};
use tempfile::TempDir;

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
