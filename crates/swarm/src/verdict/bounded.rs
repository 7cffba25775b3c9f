//! I17, bounded: memory, descriptors and queues of every node stay below their limits.

use super::case::Case;
use super::found::{Found, Spot};
use super::{Demands, Rule};
use crate::history::What;

pub fn judge(case: &Case<'_>, demands: &Demands, found: &mut Found<'_, '_>) {
    for (at, record) in case.history.iter().enumerate() {
        let What::Sample {
            node,
            rss_kib,
            fds,
            waiting,
        } = record.what
        else {
            continue;
        };
        let used = [
            ("KiB of memory", rss_kib, demands.rss_kib_max),
            ("file descriptors", fds, demands.fds_max),
            ("things in its queues", waiting, demands.waiting_max),
        ];
        for (what, is, most) in used.into_iter().filter(|(_, is, most)| is > most) {
            found.wrong(Rule::I17, Spot::at(at), || {
                format!("too much: node {node} has {is} {what}, and may have {most}")
            });
        }
    }
}
