//! SQLite for scripts: in a directory that is kept in memory where the system has one, because a script commits a
//! hundred times and what a disk is for is tested elsewhere; and with faults when a script wants some.

use crate::scene::{Chance, Engine, Hands};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use store::Store;
use store::sqlite::{self, Options, Point, Sqlite};
use tempfile::TempDir;

/// Linux keeps this one in memory.
const IN_MEMORY: &str = "/dev/shm";

/// Opens an empty store.
pub fn sqlite(hands: &Hands) -> Box<dyn Engine> {
    let dir = if Path::new(IN_MEMORY).is_dir() {
        TempDir::new_in(IN_MEMORY)
    } else {
        TempDir::new()
    };
    let faults = Arc::new(Trouble::default());
    let asked = Arc::clone(&faults);
    let options = Options {
        faults: Arc::new(move |point| asked.comes(point)),
        ..crate::sqlite::options(hands)
    };
    let mut engine = InMemory {
        store: None,
        options,
        faults,
        dir: dir.expect("a temporary directory"),
    };
    engine.open();
    Box::new(engine)
}

struct InMemory {
    store: Option<Sqlite>,
    options: Options,
    faults: Arc<Trouble>,
    dir: TempDir,
}

impl InMemory {
    fn open(&mut self) {
        self.store = Some(sqlite::start(self.dir.path(), self.options.clone()).expect("the store opens"));
    }
}

impl Engine for InMemory {
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone().expect("open"))
    }

    fn reopen(&mut self) -> bool {
        if let Some(store) = self.store.take() {
            store.close();
        }
        self.open();
        true
    }

    fn fail_one_in(&self, one_in: u32) {
        self.faults.one_in.store(one_in, Ordering::SeqCst);
    }
}

/// Faults by chance, while they are wanted.
struct Trouble {
    /// 0: none.
    one_in: AtomicU32,
    chance: Mutex<Chance>,
}

impl Default for Trouble {
    fn default() -> Self {
        Self {
            one_in: AtomicU32::new(0),
            chance: Mutex::new(Chance::new(1)),
        }
    }
}

impl Trouble {
    fn comes(&self, _: Point) -> bool {
        let one_in = self.one_in.load(Ordering::SeqCst);
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        one_in > 0 && chance.below(one_in as usize) == 0
    }
}
