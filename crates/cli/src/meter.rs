//! How far something is, on one line of the terminal that is written over and over; and sizes as people read them.

use std::io::{self, IsTerminal, Write};

/// A line that says how far something is. Silent where standard error is no terminal.
pub struct Meter {
    what: &'static str,
    shows: bool,
    shown: String,
}

impl Meter {
    /// For something that is called so: `Backing up`.
    pub fn new(what: &'static str) -> Self {
        Self {
            what,
            shows: io::stderr().is_terminal(),
            shown: String::new(),
        }
    }

    /// So many bytes of so many are done.
    pub fn show(&mut self, done_bytes: u64, total_bytes: u64) {
        self.put(line(self.what, done_bytes, total_bytes));
    }

    /// So many of so many things are done.
    pub fn count(&mut self, done: usize, total: usize, things: &str) {
        self.put(format!(
            "{}: {} of {} {things}",
            self.what,
            grouped(done),
            grouped(total)
        ));
    }

    fn put(&mut self, line: String) {
        if !self.shows || line == self.shown {
            return;
        }
        // What the terminal does not take is not worth an error: the work goes on.
        let _ = write!(io::stderr(), "\r{line:<60}");
        let _ = io::stderr().flush();
        self.shown = line;
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if !self.shown.is_empty() {
            let _ = write!(io::stderr(), "\r{:<60}\r", "");
        }
    }
}

fn line(what: &str, done_bytes: u64, total_bytes: u64) -> String {
    match total_bytes {
        0 => format!("{what} …"),
        total => {
            let percent = done_bytes.min(total).saturating_mul(100) / total;
            format!("{what} … {percent} % of {}", size(total))
        }
    }
}

/// A number as people read it: `1,300`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of bytes as people read it: `12.3 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1_024 {
        return format!("{bytes} bytes");
    }
    let mut tenths = u128::from(bytes) * 10;
    let mut unit = "";
    for name in UNITS {
        tenths /= 1_024;
        unit = name;
        if tenths < 10_240 {
            break;
        }
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_shares_are_as_people_read_them() {
        assert_eq!(
            [7, 999, 1_300, 1_234_567].map(grouped),
            ["7", "999", "1,300", "1,234,567"]
        );
        assert_eq!(size(1_023), "1023 bytes");
        assert_eq!(size(1_024), "1.0 KiB");
        assert_eq!(size(268_435_456), "256.0 MiB");
        assert_eq!(size(u64::MAX), "16383.9 PiB");
        assert_eq!(line("Backing up", 0, 0), "Backing up …");
        assert_eq!(line("Backing up", 512, 2_048), "Backing up … 25 % of 2.0 KiB");
    }
}
