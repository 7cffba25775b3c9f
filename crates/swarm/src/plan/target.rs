//! Which message a change is about: one that the device shows, and not long ago.

use super::Doer;
use client::No;
use protocol::{ConversationId, Entry, Kind, UserId};

/// So many of the latest entries are looked at, and so many messages among them come into question: changes that meet
/// on one message are what is hard.
const LATEST_ENTRIES_MAX: usize = 60;
const CHOICE_MAX: usize = 5;

/// One of the latest messages that fit; `None`: there is none.
///
/// # Errors
/// [`No::Stopped`].
pub(super) async fn target(
    doer: &Doer<'_>,
    conv: ConversationId,
    pick: u32,
    fits: impl Fn(&Entry, UserId) -> bool + Send + 'static,
) -> Result<Option<Entry>, No> {
    let choose = move |core: &client::Core| {
        let shown = core.state().logs.get(&conv)?.tail().rev().take(LATEST_ENTRIES_MAX);
        let me = core.me();
        let choice: Vec<&Entry> = shown
            .filter(|entry| entry.kind == Kind::Text && entry.deleted_by.is_none() && fits(entry, me))
            .take(CHOICE_MAX)
            .collect();
        let index = pick as usize % choice.len().max(1);
        choice.get(index).map(|entry| (*entry).clone())
    };
    doer.client.look(choose).await
}
