//! Where a device keeps what must outlive the process: its place in the inbox, its logs, its outbox.

mod file;

pub use file::File;

use crate::bounds::Bounds;
use crate::change::Change;
use crate::state::State;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// A place to keep a device's state: one client at a time.
///
/// Promised: after [`Keep::sync`] has returned, a [`Keep::load`] (also in another process, also after the power went)
/// gives a state that holds every change appended before. Changes appended after the last `sync` may be lost, but only
/// from the end: what is loaded is always the result of a beginning of the changes.
///
/// Not promised: that it stays for ever. The bounds say what is let go.
pub trait Keep: Send + 'static {
    /// What was kept. Called once, before anything else.
    ///
    /// # Errors
    /// It cannot be read; nothing was changed.
    fn load(&mut self, bounds: &Bounds) -> io::Result<State>;

    /// Takes changes in, in their order.
    ///
    /// # Errors
    /// They may or may not have been taken in; the client stops, so that nothing is told that is not kept.
    fn append(&mut self, changes: &[Change]) -> io::Result<()>;

    /// Returns when everything appended is durable.
    ///
    /// # Errors
    /// It may not be durable; the client stops.
    fn sync(&mut self) -> io::Result<()>;

    /// Whether the calls wait for a disk: then they are made on a thread that may wait.
    fn waits(&self) -> bool {
        true
    }
}

/// Keeps nothing: each start is a new device's. For load generators.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

impl Keep for Nowhere {
    fn load(&mut self, _: &Bounds) -> io::Result<State> {
        Ok(State::default())
    }

    fn append(&mut self, _: &[Change]) -> io::Result<()> {
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn waits(&self) -> bool {
        false
    }
}

/// Keeps in memory, for as long as a clone of it lives: for tests, and for bots that reconnect within one process.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<(State, Bounds)>>);

impl Keep for Memory {
    fn load(&mut self, bounds: &Bounds) -> io::Result<State> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1 = *bounds;
        Ok(kept.0.clone())
    }

    fn append(&mut self, changes: &[Change]) -> io::Result<()> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, bounds) = &mut *kept;
        changes.iter().for_each(|change| state.replay(change.clone(), bounds));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn waits(&self) -> bool {
        false
    }
}
