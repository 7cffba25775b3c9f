//! A run that was too easy proves nothing, and neither does one whose logs nobody looked at.

use super::case::Case;
use super::found::{Found, Spot};
use super::{Demands, HARD, Rule};
use crate::history::What;
use std::collections::BTreeMap;

/// How often each thing happened that shows that a run was hard.
pub fn hardness(case: &Case<'_>) -> BTreeMap<String, u64> {
    let mut hardness: BTreeMap<String, u64> = HARD.iter().map(|name| ((*name).to_owned(), 0)).collect();
    for record in &case.history {
        let (name, count) = match &record.what {
            What::Counted { name, count } => (name.as_str(), *count),
            What::Unknown { .. } => ("unknown_outcomes", 1),
            What::ToldBehind { .. } => ("readers_told_behind", 1),
            What::Lineage { number, .. } if *number > 0 => ("epoch_changes", 1),
            _ => continue,
        };
        *hardness.entry(name.to_owned()).or_default() += count;
    }
    hardness
}

pub fn judge(case: &Case<'_>, hardness: &BTreeMap<String, u64>, demands: &Demands, found: &mut Found<'_, '_>) {
    let end = case.history.len().saturating_sub(1);
    for (name, least) in &demands.hard {
        let count = hardness.get(*name).copied().unwrap_or_default();
        if count < *least {
            let counted = case.history.iter().position(|record| match &record.what {
                What::Counted { name: counted, .. } => counted == name,
                _ => false,
            });
            found.wrong(Rule::TooEasy, Spot::at(counted.unwrap_or(end)), || {
                format!("too easy: {name} happened {count} times, at least {least} are demanded")
            });
        }
    }
    unseen_logs(case, found);
}

/// A conversation in which something was acknowledged and whose log is not there at the end cannot be judged.
fn unseen_logs(case: &Case<'_>, found: &mut Found<'_, '_>) {
    let last = case.last_lineage();
    let mut acked = BTreeMap::new();
    for answer in case
        .answers
        .values()
        .flatten()
        .filter(|answer| answer.seq.is_some() && answer.lineage == last)
    {
        acked.entry(answer.conv).or_insert(answer.at);
    }
    for (conv, at) in acked.into_iter().filter(|(conv, _)| case.log(*conv, last).is_none()) {
        found.wrong(Rule::TooEasy, Spot::at(at).conv(conv), || {
            format!("unseen: the log of {conv} was never dumped, so nothing said of it could be judged")
        });
    }
}
