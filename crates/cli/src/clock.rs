//! The one place that asks what time it is, and how times are shown.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Now, in milliseconds since 1970 UTC, by this machine.
#[expect(clippy::disallowed_methods, reason = "the crate's one clock")]
pub fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}

/// A moment as somebody at this machine reads it.
#[derive(Clone, Debug)]
pub struct Local(DateTime);

impl Local {
    /// A moment in milliseconds since 1970 UTC, in this machine's time zone.
    pub fn at(ms: u64) -> Self {
        let moment = i64::try_from(ms)
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok());
        Self(TimeZone::system().to_datetime(moment.unwrap_or(Timestamp::UNIX_EPOCH)))
    }

    /// `14:03`.
    pub fn time(&self) -> String {
        self.0.strftime("%H:%M").to_string()
    }

    /// `Tuesday 24 November 2026`.
    pub fn day(&self) -> String {
        self.0.strftime("%A %-d %B %Y").to_string()
    }

    /// `2026-11-24 14:03`.
    pub fn minute(&self) -> String {
        self.0.strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// `20261124-140359`: for names of files, which sort by it.
    pub fn stamp(&self) -> String {
        self.0.strftime("%Y%m%d-%H%M%S").to_string()
    }

    /// Today the time, else the day: for lists.
    pub fn short(&self, now_ms: u64) -> String {
        let now = Self::at(now_ms);
        if now.0.date() == self.0.date() {
            self.time()
        } else if now.0.date().year() == self.0.date().year() {
            self.0.strftime("%-d %b").to_string()
        } else {
            self.0.strftime("%b %Y").to_string()
        }
    }

    /// Whether both are on the same day here.
    pub fn same_day(&self, other: &Self) -> bool {
        self.0.date() == other.0.date()
    }
}
