//! The queue of events to the owner: bounded, empty when idle, and honest when it overflows.

use crate::event::Event;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Where events are taken from.
pub struct Events(Arc<Shared>);

/// Where events are put.
pub(crate) struct Teller(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    changed: Notify,
    events_max: usize,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Event>,
    closed: bool,
}

/// A queue of so many events at most.
pub(crate) fn queue(events_max: usize) -> (Teller, Events) {
    let shared = Arc::new(Shared {
        queue: Mutex::default(),
        changed: Notify::new(),
        events_max: events_max.max(1),
    });
    (Teller(Arc::clone(&shared)), Events(shared))
}

impl Teller {
    /// Tells the owner. One who is too slow finds [`Event::Behind`] in place of everything he did not take: nothing is
    /// skipped silently, nothing grows.
    pub fn tell(&self, event: Event) {
        let mut queue = self.0.lock();
        if queue.waiting.len() >= self.0.events_max {
            queue.waiting.clear();
            queue.waiting.push_back(Event::Behind);
        }
        queue.waiting.push_back(event);
        drop(queue);
        self.0.changed.notify_one();
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_one();
    }
}

impl Events {
    /// The next event; `None` after the last, when the client has ended. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            {
                let mut queue = self.0.lock();
                if let Some(event) = queue.waiting.pop_front() {
                    if queue.waiting.is_empty() {
                        // Thousands of idle clients hold no buffers.
                        queue.waiting.shrink_to(0);
                    }
                    return Some(event);
                }
                if queue.closed {
                    return None;
                }
            }
            self.0.changed.notified().await;
        }
    }

    /// An event that is there already.
    pub fn try_next(&mut self) -> Option<Event> {
        self.0.lock().waiting.pop_front()
    }
}

impl Shared {
    /// Nothing is left half done under this lock, so a panic of another holder spoils nothing.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BND2: the queue of events is bounded; what its reader did not take is replaced by one "behind".
    #[test]
    fn bnd2_a_slow_reader_is_told_that_he_is_behind() {
        let (teller, mut events) = queue(3);
        (0..3).for_each(|_| teller.tell(Event::CaughtUp));
        teller.tell(Event::Resynced);
        assert_eq!(events.try_next(), Some(Event::Behind));
        assert_eq!(events.try_next(), Some(Event::Resynced));
        assert_eq!(events.try_next(), None);
        (0..1_000).for_each(|_| teller.tell(Event::CaughtUp));
        assert!(events.0.lock().waiting.len() <= 3);
        drop(teller);
        assert!(std::iter::from_fn(|| events.try_next()).any(|event| event == Event::Behind));
    }
}
