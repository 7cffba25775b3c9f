//! What a planted fault remembers between two moments.

#[cfg(not(feature = "planted"))]
use std::marker::PhantomData;
#[cfg(feature = "planted")]
use std::sync::{Mutex, PoisonError};

/// A place in a production struct where a planted fault keeps something, so that it goes with what it is kept in.
/// Without the feature it has no size and keeps nothing.
#[derive(Debug, Default)]
pub struct Memory<T> {
    #[cfg(feature = "planted")]
    kept: Mutex<T>,
    #[cfg(not(feature = "planted"))]
    kept: PhantomData<T>,
}

impl<T: Default> Memory<T> {
    /// Looks at what is kept, and changes it.
    pub fn with<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        #[cfg(feature = "planted")]
        return look(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner));
        #[cfg(not(feature = "planted"))]
        return look(&mut T::default());
    }
}
