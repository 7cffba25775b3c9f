//! What came out of a run, shown: a table and a line for terminals and scripts; for each violation a text and a page.
//!
//! All of it is pure: a summary, a verdict or a history goes in, a string comes out.

mod faults;
mod inbox;
mod line;
mod names;
mod page;
mod progress;
#[cfg(test)]
mod sample;
mod table;
mod text;
mod words;

pub use line::line;
pub use names::{counted, escaped, lasting, seconds};
pub use page::page;
pub use progress::progress;
pub use table::{percent, table};
pub use text::text;

use std::collections::BTreeMap;

/// How a run is going, for the line that a person watches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Since people began to act, in milliseconds.
    pub at_ms: u64,
    /// For how long they act, in milliseconds.
    pub for_ms: u64,
    /// Changes handed to a client.
    pub sent: u64,
    /// Acknowledged.
    pub acked: u64,
    /// Entries shown or heard.
    pub shown: u64,
    /// Faults so far, by kind.
    pub faults: BTreeMap<String, u64>,
}
