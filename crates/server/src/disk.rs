//! Whether there is room for more on the disk.
//!
//! A disk that is full to the last byte cannot even be put in order: the database needs room to delete. So new entries
//! are refused while there still is some; reading goes on, and so does what only moves or takes away. A leaf: whoever
//! starts the node looks at the disk and tells ([`Disk::saw`]), and the commands ask.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// How much more than the bound must be free before new entries are taken again: a quarter of it. Without this the
/// answer would change with every checkpoint.
const BACK_DIVISOR: u64 = 4;
/// Stands for "nobody has looked, or the disk does not say".
const UNKNOWN: u64 = u64::MAX;

/// What is known of the disk.
#[derive(Debug)]
pub struct Disk {
    free_bytes_min: u64,
    free_bytes: AtomicU64,
    low: AtomicBool,
}

/// What one look changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// From here on nothing new is taken.
    Low,
    /// There is room again.
    Room,
}

impl Disk {
    /// A disk nobody has looked at. `free_bytes_min`: what must be free; 0: it is never low.
    #[must_use]
    pub fn new(free_bytes_min: u64) -> Self {
        Self {
            free_bytes_min,
            free_bytes: AtomicU64::new(UNKNOWN),
            low: AtomicBool::new(false),
        }
    }

    /// Somebody has looked. A disk that does not say leaves everything as it was: a failed look is no reason to refuse.
    pub fn saw(&self, free_bytes: Option<u64>) -> Option<Edge> {
        self.free_bytes.store(free_bytes.unwrap_or(UNKNOWN), Relaxed);
        let was_low = self.is_low();
        let is_low = is_low(was_low, free_bytes?, self.free_bytes_min);
        self.low.store(is_low, Relaxed);
        match (was_low, is_low) {
            (false, true) => Some(Edge::Low),
            (true, false) => Some(Edge::Room),
            _ => None,
        }
    }

    /// Whether it is nearly full.
    #[must_use]
    pub fn is_low(&self) -> bool {
        self.low.load(Relaxed)
    }

    /// What was free at the last look, in bytes, if that is known.
    #[must_use]
    pub fn free_bytes(&self) -> Option<u64> {
        Some(self.free_bytes.load(Relaxed)).filter(|free_bytes| *free_bytes != UNKNOWN)
    }

    /// What must be free, in bytes.
    #[must_use]
    pub fn free_bytes_min(&self) -> u64 {
        self.free_bytes_min
    }
}

fn is_low(was_low: bool, free_bytes: u64, free_bytes_min: u64) -> bool {
    let back = if was_low { free_bytes_min / BACK_DIVISOR } else { 0 };
    free_bytes < free_bytes_min.saturating_add(back)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LOW1: low below the bound, and room again only a quarter above it; each edge once.
    #[test]
    fn low1_the_disk_is_low_below_its_bound_and_back_a_quarter_above() {
        let disk = Disk::new(1_000);
        let looks = [
            (Some(5_000), None),
            (Some(1_000), None),
            (Some(999), Some(Edge::Low)),
            (Some(10), None),
            (Some(1_249), None),
            (None, None),
            (Some(1_250), Some(Edge::Room)),
            (Some(1_000), None),
        ];
        for (at, (free_bytes, edge)) in looks.into_iter().enumerate() {
            assert_eq!(disk.saw(free_bytes), edge, "look {at}");
            assert_eq!(disk.free_bytes(), free_bytes, "look {at}");
        }
    }

    #[test]
    fn a_bound_of_nothing_is_never_low() {
        let disk = Disk::new(0);
        assert_eq!(disk.saw(Some(0)), None);
        assert!(!disk.is_low());
    }
}
