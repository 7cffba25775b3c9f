//! What waits to be written to one session: shared bytes, bounded, and empty when idle.
//!
//! A leaf: anybody may push, only the session takes. Nothing in it is the only copy of anything, so when a reader is
//! too slow the queue is emptied and replaced by one `behind`: the reader then pulls, and nobody waits for it.

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use mutants::Mutant;
use protocol::ServerFrame;
use protocol::close::Close;
use protocol::server_frame::Behind;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

/// The queue between whoever has something to tell a session and the session.
#[derive(Debug)]
pub struct Outbox {
    queue: Mutex<Queue>,
    reader: AtomicWaker,
    /// When the session was last heard, in milliseconds of the node's monotonic clock.
    heard_ms: AtomicU64,
}

/// What a session does next with its outbox.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// Write these.
    Frames(VecDeque<Bytes>),
    /// Close the connection, whatever waits.
    Close(Close),
}

/// The queue itself: a plain struct, so that its rules can be tested alone.
#[derive(Debug)]
pub struct Queue {
    frames: VecDeque<Bytes>,
    bytes: usize,
    bytes_max: usize,
    frames_max: usize,
    close: Option<Close>,
    overflows: u64,
}

impl Queue {
    /// An empty queue with these bounds.
    #[must_use]
    pub fn new(bytes_max: usize, frames_max: usize) -> Self {
        Self {
            frames: VecDeque::new(),
            bytes: 0,
            bytes_max,
            frames_max,
            close: None,
            overflows: 0,
        }
    }

    /// Queues a frame; if there is no room, replaces all that waits by `behind`. Answers whether the session was idle
    /// and must be woken.
    pub fn push(&mut self, frame: Bytes) -> bool {
        let was_empty = self.frames.is_empty();
        if self.bytes + frame.len() > self.bytes_max || self.frames.len() + 1 > self.frames_max {
            // Planted fault: what has no room is dropped, and nobody is told.
            if mutants::is(Mutant::FullQueueDrops) {
                return false;
            }
            self.overflows += 1;
            let behind = behind_all();
            self.bytes = behind.len();
            self.frames = VecDeque::from([behind]);
        } else {
            self.bytes += frame.len();
            self.frames.push_back(frame);
        }
        was_empty
    }

    /// Queues a frame that is worth nothing later (typing, presence): dropped unless the queue is at most half full.
    pub fn push_ephemeral(&mut self, frame: Bytes) -> bool {
        let room = (self.bytes + frame.len()) * 2 <= self.bytes_max && (self.frames.len() + 1) * 2 <= self.frames_max;
        room && self.push(frame)
    }

    /// Takes everything; what remains holds no memory.
    pub fn take(&mut self) -> Option<Taken> {
        // Who was signed out gets nothing more; everybody else still gets what was queued before the end.
        if self.frames.is_empty() || self.close == Some(Close::Revoked) {
            return self.close.map(Taken::Close);
        }
        self.bytes = 0;
        Some(Taken::Frames(std::mem::take(&mut self.frames)))
    }

    /// Takes only an end that waits for nobody: who was signed out is let go also while nothing can be written to them.
    fn take_end(&self) -> Option<Taken> {
        self.close.filter(|close| *close == Close::Revoked).map(Taken::Close)
    }

    /// Bytes that wait.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The frame that stands for all that was dropped.
fn behind_all() -> Bytes {
    Bytes::from(ServerFrame::Behind(Behind { conv: None, from: None }).encode(None))
}

impl Outbox {
    /// An empty outbox with these bounds.
    #[must_use]
    pub fn new(bytes_max: usize, frames_max: usize) -> Self {
        Self {
            queue: Mutex::new(Queue::new(bytes_max, frames_max)),
            reader: AtomicWaker::new(),
            heard_ms: AtomicU64::new(0),
        }
    }

    /// Queues a frame.
    pub fn push(&self, frame: Bytes) {
        let wake = self.queue.lock().expect("nothing panics under this lock").push(frame);
        self.wake_if(wake);
    }

    /// Queues a frame that is worth nothing later.
    pub fn push_ephemeral(&self, frame: Bytes) {
        let wake = self
            .queue
            .lock()
            .expect("nothing panics under this lock")
            .push_ephemeral(frame);
        self.wake_if(wake);
    }

    /// Ends the session.
    pub fn close(&self, close: Close) {
        self.queue
            .lock()
            .expect("nothing panics under this lock")
            .close
            .get_or_insert(close);
        self.reader.wake();
    }

    /// Takes what there is to do; where nothing `may_be_written`, that is at most the end of who was signed out.
    /// Pending until there is something: then whoever polled last is woken.
    pub fn poll_take(&self, cx: &mut Context<'_>, may_be_written: bool) -> Poll<Taken> {
        // Register first, then look: a push between the two wakes us again, none is missed.
        self.reader.register(cx.waker());
        let mut queue = self.queue.lock().expect("nothing panics under this lock");
        let taken = if may_be_written { queue.take() } else { queue.take_end() };
        taken.map_or(Poll::Pending, Poll::Ready)
    }

    /// Notes that the session was heard.
    pub fn heard(&self, now_ms: u64) {
        self.heard_ms.store(now_ms, Ordering::Relaxed);
    }

    /// When the session was last heard.
    #[must_use]
    pub fn heard_ms(&self) -> u64 {
        self.heard_ms.load(Ordering::Relaxed)
    }

    /// How often everything was dropped for `behind`.
    #[must_use]
    pub fn overflows(&self) -> u64 {
        self.queue.lock().expect("nothing panics under this lock").overflows
    }

    fn wake_if(&self, wake: bool) {
        if wake {
            self.reader.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    /// BND4: by random plans, the queue never passes its bounds, and a frame is either handed out in order or lies
    /// before a `behind` that was.
    #[test]
    fn bnd4_a_full_outbox_becomes_one_behind() {
        for seed in 0..500 {
            let mut chance = StdRng::seed_from_u64(seed);
            let (bytes_max, frames_max) = (chance.random_range(60..400), chance.random_range(2..12));
            let mut queue = Queue::new(bytes_max, frames_max);
            let (mut pushed, mut seen, mut skipped_to) = (0_u32, Vec::new(), 0_u32);
            for _ in 0..chance.random_range(1..80) {
                if chance.random_bool(0.8) {
                    pushed += 1;
                    queue.push(Bytes::from(format!("{pushed:>20}")));
                } else if let Some(Taken::Frames(frames)) = queue.take() {
                    for frame in frames {
                        if frame == behind_all() {
                            skipped_to = u32::MAX;
                            continue;
                        }
                        let number: u32 = std::str::from_utf8(&frame)
                            .expect("text")
                            .trim()
                            .parse()
                            .expect("number");
                        let expected = seen.last().map_or(1, |last| last + 1);
                        assert!(
                            number == expected || (skipped_to == u32::MAX && number > expected),
                            "seed {seed}"
                        );
                        skipped_to = 0;
                        seen.push(number);
                    }
                    assert_eq!(queue.frames.capacity(), 0, "idle holds no memory, seed {seed}");
                }
                assert!(
                    queue.bytes <= bytes_max && queue.frames.len() <= frames_max,
                    "seed {seed}"
                );
            }
        }
    }

    #[test]
    fn ephemeral_frames_are_the_first_to_go() {
        let mut queue = Queue::new(100, 10);
        assert!(queue.push_ephemeral(Bytes::from_static(b"typing")));
        queue.push(Bytes::from(vec![b'x'; 50]));
        assert!(!queue.push_ephemeral(Bytes::from_static(b"typing")));
        assert_eq!(queue.frames.len(), 2);
    }
}
