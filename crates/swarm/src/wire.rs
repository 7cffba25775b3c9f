//! Bad connections: streams that end, stall or trickle when they are told to, between a client and whatever gives its
//! streams.
//!
//! Waiting is tokio's alone and there is no task here, so in simulated time the same orders have the same effect. A
//! reader that is held back reads nothing at all from below: what is written to it piles up on the other side, as it
//! does behind a real reader that has stopped.

use client::address::{Address, Connector};
use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How often in a second a slow stream reads, at the most: a little each time.
const SLOW_READS_PER_S: u32 = 10;

/// Gives the streams of another connector, and spoils them when its [`Handle`] is told to.
#[derive(Clone, Debug)]
pub struct Wire<C> {
    inner: C,
    state: Arc<Mutex<State>>,
}

/// What spoils the streams of a [`Wire`]. Clones spoil the same ones.
#[derive(Clone, Debug)]
pub struct Handle {
    state: Arc<Mutex<State>>,
}

/// What is to be done to all streams, and who waits.
#[derive(Debug, Default)]
struct State {
    frozen_until: Option<Instant>,
    slow: Option<Slow>,
    refuses_until: Option<Instant>,
    /// The number of the next stream.
    next: u64,
    /// The streams that are not over, and whom to wake when their orders change.
    open: BTreeMap<u64, Waiting>,
}

/// Reads are held to a rate.
#[derive(Clone, Copy, Debug)]
struct Slow {
    bytes_per_s: u32,
    until: Instant,
}

/// Who waits for a stream.
#[derive(Debug, Default)]
struct Waiting {
    reads: Option<Waker>,
    writes: Option<Waker>,
}

/// What a stream may read now.
enum May {
    /// Nothing, ever again.
    Never,
    /// Nothing before then.
    After(Instant),
    /// All there is.
    All,
    /// So many bytes, and then nothing for as long as these take at so many a second.
    Some(usize, u32),
}

impl<C: Connector> Wire<C> {
    /// A wire over `inner`, good until its handle says otherwise.
    pub fn new(inner: C) -> (Self, Handle) {
        let state = Arc::default();
        let handle = Handle {
            state: Arc::clone(&state),
        };
        (Self { inner, state }, handle)
    }
}

impl<C: Connector> Connector for Wire<C> {
    type Stream = Stream<C::Stream>;

    fn speaks_tls(&self) -> bool {
        self.inner.speaks_tls()
    }

    async fn connect(&self, address: &Address) -> io::Result<Self::Stream> {
        if lock(&self.state)
            .refuses_until
            .is_some_and(|until| Instant::now() < until)
        {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let inner = self.inner.connect(address).await?;
        let mut state = lock(&self.state);
        let number = state.next;
        state.next += 1;
        state.open.insert(number, Waiting::default());
        Ok(Stream {
            inner,
            number,
            state: Arc::clone(&self.state),
            next_read: Instant::now(),
            sleep: None,
        })
    }
}

impl Handle {
    /// Ends all streams there are, at once and both ways; the next connect gives a new one.
    pub fn cut(&self) {
        let mut state = lock(&self.state);
        let cut = std::mem::take(&mut state.open);
        drop(state);
        cut.into_values().for_each(Waiting::wake);
    }

    /// Nothing is read for so long. What is written still goes.
    pub fn freeze(&self, ms: u64) {
        lock(&self.state).frozen_until = Some(Instant::now() + Duration::from_millis(ms));
    }

    /// At most so many bytes a second are read for so long.
    pub fn slow(&self, bytes_per_s: u32, ms: u64) {
        let until = Instant::now() + Duration::from_millis(ms);
        lock(&self.state).slow = Some(Slow {
            bytes_per_s: bytes_per_s.max(1),
            until,
        });
    }

    /// Nobody can connect for so long. Streams that are there stay.
    pub fn refuse(&self, ms: u64) {
        lock(&self.state).refuses_until = Some(Instant::now() + Duration::from_millis(ms));
    }

    /// All of it is over now.
    pub fn thaw(&self) {
        let mut state = lock(&self.state);
        state.frozen_until = None;
        state.slow = None;
        state.refuses_until = None;
        let waiting: Vec<Waiting> = state.open.values_mut().map(std::mem::take).collect();
        drop(state);
        waiting.into_iter().for_each(Waiting::wake);
    }
}

impl Waiting {
    /// Wakes both. Never under the lock: who is woken may run at once, and asks for it.
    fn wake(self) {
        [self.reads, self.writes].into_iter().flatten().for_each(Waker::wake);
    }
}

impl State {
    /// What stream `number` may read now, and whom to wake if that changes.
    fn may_read(&mut self, number: u64, next_read: Instant, waker: &Waker) -> May {
        let Some(waiting) = self.open.get_mut(&number) else {
            return May::Never;
        };
        waiting.reads = Some(waker.clone());
        let now = Instant::now();
        if let Some(until) = self.frozen_until.filter(|until| now < *until) {
            return May::After(until);
        }
        match self.slow.filter(|slow| now < slow.until) {
            Some(slow) if now < next_read => May::After(next_read.min(slow.until)),
            Some(slow) => May::Some(slow.part_bytes(), slow.bytes_per_s),
            None => May::All,
        }
    }
}

impl Slow {
    fn part_bytes(self) -> usize {
        usize::try_from(self.bytes_per_s / SLOW_READS_PER_S).map_or(1, |bytes| bytes.max(1))
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A stream of a [`Wire`].
#[derive(Debug)]
pub struct Stream<S> {
    inner: S,
    number: u64,
    state: Arc<Mutex<State>>,
    /// While slow: when it may read again.
    next_read: Instant,
    /// Set while it waits for time to pass.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<S> Stream<S> {
    /// Ready once `until` is past. Orders may change meanwhile: then it is asked again, with another `until`.
    fn poll_wait(&mut self, until: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = match &mut self.sleep {
            Some(sleep) => {
                if sleep.deadline() != until {
                    sleep.as_mut().reset(until);
                }
                sleep
            }
            none => none.insert(Box::pin(tokio::time::sleep_until(until))),
        };
        sleep.as_mut().poll(cx)
    }

    /// Whether it was cut; if not, who writes is woken when it is.
    fn is_cut(&self, waker: &Waker) -> bool {
        match lock(&self.state).open.get_mut(&self.number) {
            Some(waiting) => {
                waiting.writes = Some(waker.clone());
                false
            }
            None => true,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stream<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        loop {
            let may = lock(&me.state).may_read(me.number, me.next_read, cx.waker());
            match may {
                May::Never => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                May::After(until) => std::task::ready!(me.poll_wait(until, cx)),
                May::All => return Pin::new(&mut me.inner).poll_read(cx, buf),
                May::Some(bytes_max, bytes_per_s) => {
                    let bytes_max = bytes_max.min(buf.remaining());
                    let mut part = ReadBuf::new(buf.initialize_unfilled_to(bytes_max));
                    let read = Pin::new(&mut me.inner).poll_read(cx, &mut part);
                    let bytes = part.filled().len();
                    buf.advance(bytes);
                    let takes_s = bytes as f64 / f64::from(bytes_per_s);
                    me.next_read = Instant::now() + Duration::from_secs_f64(takes_s);
                    return read;
                }
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        if me.is_cut(cx.waker()) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut me.inner).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        if me.is_cut(cx.waker()) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut me.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

impl<S> Drop for Stream<S> {
    fn drop(&mut self) {
        lock(&self.state).open.remove(&self.number);
    }
}

#[cfg(test)]
mod tests;
