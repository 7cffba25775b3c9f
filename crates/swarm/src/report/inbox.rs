//! Two inboxes of one person in words: where what a device holds is not what is so.

use super::names;
use crate::history::InboxRow;
use protocol::ConversationId;
use std::collections::{BTreeMap, BTreeSet};

/// So many differing rows are told.
const ROWS_MAX: usize = 4;

/// Where what a device holds is not what is so.
pub(super) fn compared(held: &[InboxRow], fresh: &[InboxRow]) -> String {
    let by_conv = |rows: &[InboxRow]| {
        rows.iter()
            .map(|row| (row.conv, row.clone()))
            .collect::<BTreeMap<_, _>>()
    };
    let (held, fresh) = (by_conv(held), by_conv(fresh));
    let convs: BTreeSet<ConversationId> = held.keys().chain(fresh.keys()).copied().collect();
    let differ: Vec<ConversationId> = convs.iter().copied().filter(|c| held.get(c) != fresh.get(c)).collect();
    if differ.is_empty() {
        return format!("holds what is so, of {} conversations", convs.len());
    }
    let told = differ.iter().take(ROWS_MAX).map(|conv| {
        let what = match (held.get(conv), fresh.get(conv)) {
            (Some(held), Some(fresh)) => differences(held, fresh).join(", "),
            (Some(_), None) => "it should not be there".to_owned(),
            (None, _) => "it is missing".to_owned(),
        };
        format!("of {} {what}", names::conv(*conv))
    });
    let told: Vec<String> = told.collect();
    let more = if differ.len() > told.len() { "; and more" } else { "" };
    format!("compares: {}{more}", told.join("; "))
}

/// What one row says otherwise than another, field by field.
fn differences(held: &InboxRow, fresh: &InboxRow) -> Vec<String> {
    let role = |row: &InboxRow| {
        row.role
            .map_or("none".to_owned(), |role| format!("{role:?}").to_lowercase())
    };
    let fields = |row: &InboxRow| {
        [
            ("head", row.head_seq.to_string()),
            ("messages", row.head_ord.to_string()),
            ("read", row.read_seq.to_string()),
            ("generation", row.generation.to_string()),
            ("unread", row.unread.to_string()),
            ("mentions", row.mentions.to_string()),
            ("role", role(row)),
            ("settings", names::digest(row.settings)),
        ]
    };
    let pairs = fields(held).into_iter().zip(fields(fresh));
    let differ = pairs.filter(|((_, held), (_, fresh))| held != fresh);
    differ
        .map(|((name, held), (_, fresh))| format!("{name} is {held} and should be {fresh}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_row_that_is_missing_and_one_too_many_are_told() {
        let row = [sample::inbox_row(2)];
        assert_eq!(compared(&row, &[]), "compares: of c0c0c0c0 it should not be there");
        assert_eq!(compared(&[], &row), "compares: of c0c0c0c0 it is missing");
        assert_eq!(compared(&row, &row), "holds what is so, of 1 conversations");
        let other = [sample::inbox_row(3)];
        assert_eq!(
            compared(&row, &other),
            "compares: of c0c0c0c0 unread is 2 and should be 3"
        );
    }
}
