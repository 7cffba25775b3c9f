//! Where a run takes place: what gives streams, and what time it is. TCP to a real server, or a simulated network.

use client::address::Connector;
use protocol::UserId;
use protocol::token::TokenText;
use std::future::Future;

/// A place to run in. Waiting is tokio's, in all of them: in a simulation its time is simulated.
pub trait World: Clone + Send + Sync + 'static {
    /// What gives streams.
    type Connector: Connector + Clone;

    /// What gives a device its streams. Which node it reaches is the world's to say, and may change with each try.
    fn connector(&self, device: u32) -> Self::Connector;

    /// The address clients are given, as [`client::address::Address::parse`] takes it.
    fn url(&self) -> String;

    /// What the wall clock of the devices said when the run began, in milliseconds since 1970 UTC.
    fn unix_ms(&self) -> u64;

    /// Who a new person is, and a token for each of so many devices, where a world has a shorter way to them than
    /// passwords; `None`: they sign up and in over HTTP, as everybody does.
    fn admit(&self, _handle: &str, _devices: u32) -> impl Future<Output = Option<(UserId, Vec<TokenText>)>> + Send {
        std::future::ready(None)
    }

    /// Does something on its own beside the caller.
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(tokio::spawn(work));
    }
}
