//! What the machine gives: CPU that was used, and how long its disk takes to make something durable.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Clock ticks a second in /proc (USER_HZ, a constant of Linux's ABI).
const TICKS_PER_SECOND: f64 = 100.0;
/// What one sync writes: about what a small commit does.
const SYNC_BYTES: usize = 4_096;
/// Syncs in one measurement.
const SYNCS: usize = 400;

/// CPU seconds of this process, user and system.
pub fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let after_name = stat.rsplit(") ").next().expect("fields after the name");
    let fields: Vec<f64> = after_name.split(' ').filter_map(|field| field.parse().ok()).collect();
    // Fields 14 and 15 of proc(5); the state, which is no number, is field 3 and filtered out.
    (fields[10] + fields[11]) / TICKS_PER_SECOND
}

/// How long `fdatasync` takes after 4 KiB were written: over a file that is there already, or at its end.
pub fn syncs(dir: &Path, appending: bool) -> Took {
    let path = dir.join("sync");
    let mut file = File::create(&path).expect("a file in the directory");
    let block = [7; SYNC_BYTES];
    if !appending {
        file.write_all(&block.repeat(SYNCS)).expect("room on the disk");
        file.sync_all().expect("a disk");
        file.seek(SeekFrom::Start(0)).expect("a file can be sought");
    }
    let mut took = Took::default();
    for _ in 0..SYNCS {
        let before = Instant::now();
        file.write_all(&block).expect("room on the disk");
        file.sync_data().expect("a disk");
        took.0.push(before.elapsed());
    }
    drop(file);
    std::fs::remove_file(path).expect("the file was ours");
    took
}

/// How long each of many things took.
#[derive(Default)]
pub struct Took(pub Vec<Duration>);

impl Took {
    /// Milliseconds that `part` of them stayed within.
    pub fn ms(&mut self, part: f64) -> f64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        self.0
            .get((last as f64 * part) as usize)
            .map_or(0.0, |took| took.as_secs_f64() * 1e3)
    }
}
