//! A bounded queue that a thread can block on and a task can await.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Why something could not be queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// As many wait as may.
    Full,
    /// Nobody will take it any more.
    Closed,
}

/// The queue. `T` is what waits.
pub(super) struct Lane<T> {
    state: Mutex<State<T>>,
    ready: Condvar,
    waiting: AtomicUsize,
    waiting_max: usize,
}

struct State<T> {
    items: VecDeque<T>,
    closed: bool,
}

impl<T> Lane<T> {
    pub(super) fn new(waiting_max: usize) -> Self {
        Self {
            state: Mutex::new(State {
                items: VecDeque::new(),
                closed: false,
            }),
            ready: Condvar::new(),
            waiting: AtomicUsize::new(0),
            waiting_max,
        }
    }

    /// Nothing that runs under this lock can panic half-way, so a poisoned one is still whole.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, item: T) -> Result<(), Refusal> {
        let mut state = self.state();
        if state.closed {
            return Err(Refusal::Closed);
        }
        if state.items.len() >= self.waiting_max {
            return Err(Refusal::Full);
        }
        state.items.push_back(item);
        self.waiting.store(state.items.len(), Ordering::Relaxed);
        drop(state);
        self.ready.notify_one();
        Ok(())
    }

    /// Takes up to `max` from the front.
    pub(super) fn take(&self, max: usize) -> Vec<T> {
        let mut state = self.state();
        let count = max.min(state.items.len());
        let taken = state.items.drain(..count).collect();
        self.waiting.store(state.items.len(), Ordering::Relaxed);
        taken
    }

    /// Takes the first, and with it all others that `alike` says belong to it.
    pub(super) fn take_alike(&self, alike: impl Fn(&T, &T) -> bool) -> Vec<T> {
        let mut state = self.state();
        let Some(first) = state.items.pop_front() else {
            return Vec::new();
        };
        let mut taken = vec![first];
        if state.items.iter().any(|item| alike(&taken[0], item)) {
            let (with, without) = std::mem::take(&mut state.items)
                .into_iter()
                .partition::<VecDeque<T>, _>(|item| alike(&taken[0], item));
            taken.extend(with);
            state.items = without;
        }
        self.waiting.store(state.items.len(), Ordering::Relaxed);
        taken
    }

    /// Blocks until something waits (`true`) or the lane is closed and empty (`false`).
    pub(super) fn wait(&self) -> bool {
        let mut state = self.state();
        while state.items.is_empty() && !state.closed {
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.items.is_empty()
    }

    pub(super) fn close(&self) {
        self.state().closed = true;
        self.ready.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(super) fn waiting_max(&self) -> usize {
        self.waiting_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_lane_refuses_and_keeps_order() {
        let lane = Lane::new(3);
        for n in 0..3 {
            assert_eq!(lane.push(n), Ok(()));
        }
        assert_eq!(lane.push(9), Err(Refusal::Full));
        assert_eq!(lane.take(2), [0, 1]);
        assert_eq!(lane.push(3), Ok(()));
        assert_eq!(lane.take(9), [2, 3]);
    }

    #[test]
    fn alike_ones_come_together_and_leave_the_rest_in_order() {
        let lane = Lane::new(8);
        for n in [1, 2, 3, 4, 5] {
            lane.push(n).expect("room");
        }
        assert_eq!(lane.take_alike(|a, b| a % 2 == b % 2), [1, 3, 5]);
        assert_eq!(lane.take(9), [2, 4]);
    }

    #[test]
    fn a_closed_lane_is_emptied_first() {
        let lane = Lane::new(8);
        lane.push(1).expect("room");
        lane.close();
        assert!(lane.wait());
        assert_eq!(lane.push(2), Err(Refusal::Closed));
        assert_eq!(lane.take(9), [1]);
        assert!(!lane.wait());
    }
}
