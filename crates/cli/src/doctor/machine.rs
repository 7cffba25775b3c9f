//! The machine: its clock, and how many connections it lets a process have.

use super::finding::Finding;
use crate::clock::Local;
use rustix::process::{Resource, getrlimit};
use std::path::Path;
use std::time::UNIX_EPOCH;
use store::sqlite;

/// Before this, the clock of the machine was not set: 2025-01-01 UTC, in milliseconds since 1970.
const YEAR_MIN_MS: u64 = 1_735_689_600_000;
/// After this, neither: 2100-01-01 UTC.
const YEAR_MAX_MS: u64 = 4_102_444_800_000;
/// How far ahead of the clock the data may be, in milliseconds.
const AHEAD_MS_MAX: u64 = 60_000;
/// How far two clocks of one machine may go apart while they are compared, in milliseconds.
const APART_MS_MAX: u64 = 500;
/// Descriptors beside those of connections: files, sockets, threads' own.
const OTHER_DESCRIPTORS: u64 = 64;

/// The clock: set at all, not behind the data, and not stepping while it was watched.
pub fn clock(data: &Path, wall_ms: u64, steady_passed_ms: u64, wall_passed_ms: u64) -> Finding {
    let newest_ms = [sqlite::FILE.to_owned(), format!("{}-wal", sqlite::FILE)]
        .iter()
        .filter_map(|name| data.join(name).metadata().ok()?.modified().ok())
        .filter_map(|at| at.duration_since(UNIX_EPOCH).ok())
        .map(|since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
        .max();
    judge(wall_ms, newest_ms, steady_passed_ms.abs_diff(wall_passed_ms))
}

fn judge(wall_ms: u64, newest_ms: Option<u64>, apart_ms: u64) -> Finding {
    let found = Local::at(wall_ms).minute();
    let advice = "set the clock, and have it kept: timedatectl set-ntp true";
    if !(YEAR_MIN_MS..YEAR_MAX_MS).contains(&wall_ms) {
        return Finding::wrong("clock", format!("it says {found}"), advice);
    }
    match newest_ms {
        Some(newest_ms) if newest_ms > wall_ms + AHEAD_MS_MAX => {
            let found = format!(
                "it says {found}, but the data was written at {}",
                Local::at(newest_ms).minute()
            );
            Finding::wrong("clock", found, advice)
        }
        _ if apart_ms > APART_MS_MAX => {
            let found = format!("it says {found}, and went {apart_ms} ms apart from the steady one just now");
            Finding::warning(
                "clock",
                found,
                "something sets it in steps: let one program keep it, slowly",
            )
        }
        _ => Finding::ok("clock", format!("it says {found}")),
    }
}

/// The limit of open files, which every connection takes one of.
pub fn descriptors(sessions_max: usize) -> Finding {
    let limit = getrlimit(Resource::Nofile);
    allowed(
        limit.current.unwrap_or(u64::MAX),
        limit.maximum.unwrap_or(u64::MAX),
        sessions_max,
    )
}

fn allowed(current: u64, maximum: u64, sessions_max: usize) -> Finding {
    let needed = sessions_max as u64 + OTHER_DESCRIPTORS;
    let found = format!("{current} open files here, for {sessions_max} sessions");
    if current >= needed {
        return Finding::ok("descriptors", found);
    }
    let here = if maximum >= needed {
        format!("`ulimit -n {needed}` before the server starts")
    } else {
        format!("raise the hard limit of this account ({maximum})")
    };
    let advice = format!("{here}, LimitNOFILE={needed} in its unit, or a smaller --sessions-max");
    Finding::warning("descriptors", found, advice)
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    const NOW_MS: u64 = 1_795_500_000_000;

    /// OPS2: a clock that was never set, that stands behind the data, or that steps is told.
    #[test]
    fn ops2_a_clock_that_lies_is_told() {
        assert_eq!(judge(NOW_MS, Some(NOW_MS - 5), 3).state, State::Ok);
        assert_eq!(judge(NOW_MS, None, 3).state, State::Ok);
        assert_eq!(judge(5_000, None, 0).state, State::Wrong);
        assert_eq!(judge(YEAR_MAX_MS, None, 0).state, State::Wrong);
        assert_eq!(judge(NOW_MS, Some(NOW_MS + 3_600_000), 0).state, State::Wrong);
        assert_eq!(judge(NOW_MS, None, 60_000).state, State::Warning);
    }

    /// OPS2: fewer descriptors than sessions are told, with the number that is needed.
    #[test]
    fn ops2_too_few_descriptors_are_told() {
        assert_eq!(allowed(1_064, 1_064, 1_000).state, State::Ok);
        let soft = allowed(1_024, 4_096, 1_000);
        assert!(
            soft.state == State::Warning && soft.advice.contains("ulimit -n 1064"),
            "{soft:?}"
        );
        assert!(allowed(1_024, 1_024, 1_000).advice.contains("hard limit"));
    }
}
