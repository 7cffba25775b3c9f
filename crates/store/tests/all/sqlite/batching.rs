//! Batches: what waited is one transaction; bounds hold; the same calls give the same store.

use super::{Inline, options};
use crate::scene::{Hands, Scene, wait};
use protocol::{ConversationId, Seq, UserId};
use std::sync::Arc;
use store::{Error, Store, sqlite};
use tempfile::TempDir;

fn group(inline: &mut Inline, scene: &mut Scene) -> (ConversationId, UserId) {
    let [ann, bob] = [scene.user_id(), scene.user_id()];
    let create = scene.create_group(&[ann, bob]);
    let conv = create.conv;
    let reply = inline.store.create(create);
    inline.done(reply);
    (conv, ann)
}

/// DUR1: what queued while the last batch was written is the next one, up to its bound in rows; nothing is answered
/// early.
#[test]
fn dur1_a_batch_is_what_waits() {
    let hands = Hands::new();
    let mut scene = Scene::new(crate::scene::model);
    let mut inline = Inline::open(options(&hands));
    let (conv, ann) = group(&mut inline, &mut scene);
    let before = inline.store.load();
    let appends: Vec<_> = (0..300).map(|n| scene.text(conv, ann, &format!("{n}"))).collect();
    let mut replies: Vec<_> = appends.into_iter().map(|append| inline.store.append(append)).collect();
    assert_eq!(inline.store.load().writes_waiting, 300);
    assert!(inline.opened.writer.step());
    let after = inline.store.load();
    assert_eq!(
        (after.batches - before.batches, after.changes - before.changes),
        (1, 256)
    );
    let rest = replies.split_off(256);
    for (n, reply) in replies.into_iter().enumerate() {
        assert_eq!(wait(reply).expect("done").entry.seq, Seq(n as u64 + 2));
    }
    assert!(inline.opened.writer.step());
    assert!(!inline.opened.writer.step(), "nothing is left");
    assert_eq!(inline.store.load().batches - before.batches, 2);
    assert_eq!(rest.into_iter().map(wait).filter(Result::is_ok).count(), 44);
}

/// A batch ends when it has worked long enough, whatever waits.
#[test]
fn a_batch_is_bounded_in_time() {
    let hands = Hands::new();
    let mut scene = Scene::new(crate::scene::model);
    let mut slow = options(&hands);
    let ticking = hands.clone();
    slow.clock = Arc::new(move || {
        ticking.pass_ms(5);
        ticking.now_ms()
    });
    let mut inline = Inline::open(slow);
    let (conv, ann) = group(&mut inline, &mut scene);
    let before = inline.store.load().changes;
    let appends: Vec<_> = (0..100).map(|n| scene.text(conv, ann, &format!("{n}"))).collect();
    let replies: Vec<_> = appends.into_iter().map(|append| inline.store.append(append)).collect();
    inline.opened.writer.step();
    assert_eq!(inline.store.load().changes - before, 16);
    while inline.step() {}
    let seqs: Vec<u64> = replies
        .into_iter()
        .map(|reply| wait(reply).expect("done").entry.seq.0)
        .collect();
    assert_eq!(seqs, (2..102).collect::<Vec<_>>());
}

/// A full queue answers at once, and what it refused was not done.
#[test]
fn a_full_queue_refuses() {
    let hands = Hands::new();
    let mut scene = Scene::new(crate::scene::model);
    let mut narrow = options(&hands);
    (narrow.queue_writes_max, narrow.queue_reads_max) = (3, 2);
    let mut inline = Inline::open(narrow);
    let (conv, ann) = group(&mut inline, &mut scene);
    let appends: Vec<_> = (0..5).map(|n| scene.text(conv, ann, &format!("{n}"))).collect();
    let replies: Vec<_> = appends
        .iter()
        .map(|append| inline.store.append(append.clone()))
        .collect();
    let reads: Vec<_> = (0..3).map(|_| inline.store.vers(vec![ann])).collect();
    while inline.step() {}
    let told: Vec<bool> = replies.into_iter().map(|reply| wait(reply).is_ok()).collect();
    assert_eq!(told, [true, true, true, false, false]);
    let again = inline.store.append(appends[4].clone());
    assert!(!inline.done(again).dup, "what was refused was not done");
    let told: Vec<_> = reads.into_iter().map(wait).collect();
    assert!(matches!(told[2], Err(Error::Overloaded { retry_after_ms: 500 })) && told[1].is_ok());
}

/// The same calls, seed and clock give the same store, to the last id: a run can be replayed.
#[test]
fn a_run_can_be_replayed() {
    let run = || {
        let hands = Hands::new();
        let mut scene = Scene::new(crate::scene::model);
        let mut inline = Inline::open(options(&hands));
        let (conv, ann) = group(&mut inline, &mut scene);
        for round in 0..20 {
            let appends: Vec<_> = (0..round).map(|n| scene.text(conv, ann, &format!("{n}"))).collect();
            let replies: Vec<_> = appends.into_iter().map(|append| inline.store.append(append)).collect();
            while inline.step() {}
            assert!(replies.into_iter().map(wait).all(|answer| answer.is_ok()));
            hands.pass_ms(3);
        }
        let tail = inline.store.tail(conv, Some(Seq(0)), 1_000);
        let dirty = inline.store.dirty(10);
        (inline.done(tail), inline.done(dirty))
    };
    assert_eq!(run(), run());
}

/// One task drives the engine and another uses it, on one thread without time; closing ends the drive.
#[test]
fn a_task_can_drive_the_engine() {
    let hands = Hands::new();
    let mut scene = Scene::new(crate::scene::model);
    let dir = TempDir::new().expect("a directory");
    let opened = sqlite::open(dir.path(), options(&hands)).expect("the store opens");
    let store = opened.store.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let (group, texts) = {
        let [ann, bob] = [scene.user_id(), scene.user_id()];
        let create = scene.create_group(&[ann, bob]);
        let conv = create.conv;
        (
            create,
            (0..100)
                .map(|n| scene.text(conv, ann, &format!("{n}")))
                .collect::<Vec<_>>(),
        )
    };
    let seqs = runtime.block_on(async {
        let drive = tokio::spawn(sqlite::drive(opened));
        store.create(group).await.expect("created");
        let mut seqs = Vec::new();
        for text in texts {
            seqs.push(store.append(text).await.expect("sent").entry.seq.0);
        }
        store.close();
        drive.await.expect("the drive ends");
        seqs
    });
    assert_eq!(seqs, (2..102).collect::<Vec<_>>());
    sqlite::open(dir.path(), options(&hands)).expect("the directory is free, although a clone is left");
    assert!(store.is_closed());
}
