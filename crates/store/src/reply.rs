//! How an answer comes back from an engine that works in batches: a future that is already queued when it is made.
//!
//! Awaiting it does not start the work and dropping it does not stop it, so a session that goes away in the middle of a
//! send leaves no half-done change, only an answer that nobody heard.

use crate::error::{Error, Fault, Result};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// The answer to one call, now or later.
#[must_use = "whether it was done is in the reply"]
pub struct Reply<T>(Inner<T>);

enum Inner<T> {
    Ready(Option<Result<T>>),
    Waiting(oneshot::Receiver<Result<T>>),
}

/// Where the engine puts the answer.
pub struct Promise<T>(oneshot::Sender<Result<T>>);

impl<T> Reply<T> {
    /// An answer that is known already.
    pub fn ready(result: Result<T>) -> Self {
        Self(Inner::Ready(Some(result)))
    }

    /// An answer that the engine will keep its promise of.
    pub fn promised() -> (Promise<T>, Self) {
        let (sender, receiver) = oneshot::channel();
        (Promise(sender), Self(Inner::Waiting(receiver)))
    }
}

impl<T> Promise<T> {
    /// Gives the answer. If nobody waits any longer, nothing happens.
    pub fn keep(self, result: Result<T>) {
        let _ = self.0.send(result);
    }
}

impl<T: Unpin> Future for Reply<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Inner::Ready(result) => Poll::Ready(result.take().expect("a reply is not polled after it was given")),
            Inner::Waiting(receiver) => Pin::new(receiver).poll(cx).map(|outcome| {
                outcome.unwrap_or_else(|_| {
                    Err(Error::Fault(Fault::new(
                        "was asked",
                        "the engine stopped before it answered",
                    )))
                })
            }),
        }
    }
}
