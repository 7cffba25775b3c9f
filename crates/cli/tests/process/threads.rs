//! Threads and links at the terminal.

use crate::terminal::two_people;
use crate::typist::Running;

/// How often the list is looked at: a busy conversation's rows come up to a second after its entries.
const LOOKS_MAX: usize = 20_000;

/// Looks at the list until the row of bob is like that.
async fn lists(chat: &mut Running, like: impl Fn(&str) -> bool) {
    let mut row = String::new();
    for _ in 0..LOOKS_MAX {
        chat.types("/list").await;
        row = chat.hears("  @bob").await;
        if like(&row) {
            return;
        }
    }
    panic!("{row}");
}

/// THR2, THR5, PLK1: a reply is shown with what it hangs on, its thread is read by showing it, a thread with news
/// stands in the list, and the address of a message leads back to it.
#[tokio::test]
async fn thr5_a_thread_is_written_read_and_linked_to() {
    let (served, (ann, mut ann_chat), (_bob, mut bob_chat)) = two_people().await;
    ann_chat.types("who brings the cake?").await;
    bob_chat.hears("ann: who brings the cake?").await;
    bob_chat.types("/thread I do").await;
    ann_chat.hears("┆ in the thread of ann: who brings the cake?").await;
    ann_chat.hears("bob: I do").await;
    bob_chat.hears("✓✓ read: I do").await;

    ann_chat.types("/permalink ^2").await;
    let link = ann_chat.hears("/m/").await.trim().to_owned();
    assert!(link.starts_with(&format!("http://{}/m/", served.address)), "{link}");
    ann_chat.types("/quit").await;
    assert_eq!(ann_chat.ends().await.0, Some(0));

    bob_chat.types("/thread and the tea").await;
    bob_chat.hears("✓ sent: and the tea").await;
    let mut ann_chat = ann.start(&["chat"]);
    ann_chat.hears("bob: and the tea").await;
    let with_news = |row: &str| row.contains("in threads");
    lists(&mut ann_chat, with_news).await;
    ann_chat.types("/open 1").await;
    ann_chat.hears("┆ in the thread of ann").await;
    bob_chat.hears("✓✓ read: and the tea").await;
    lists(&mut ann_chat, |row| !with_news(row)).await;
    ann_chat.types("/thread ^").await;
    ann_chat.hears("who brings the cake?").await;
    ann_chat.hears("I do").await;
    ann_chat.hears("and the tea").await;

    bob_chat.types(&format!("/goto {link}")).await;
    bob_chat.hears("the link leads here").await;
    bob_chat.hears("ann: who brings the cake?").await;
    bob_chat.hears("this one").await;
}
