//! Sending: durable, once, in order.

use crate::scene::{Scene, done, refused, seqs};
use protocol::{ConversationId, DeviceId, Kind, SendId, Seq, UserId};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{Append, Appended, MemberChange, Refused, Reply, Store};

/// DUR1: what was answered is there after the store was opened again: the log, the dedupe, the cursors, the inbox.
pub fn dur1_what_was_answered_is_there_after_a_restart(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.direct(ann, bob);
    let send = scene.text(conv, ann, "hello");
    let first = scene.append(send.clone());
    scene.reads(conv, bob, Seq(2));
    scene.fan_out();
    let told = (scene.log(conv), scene.inbox(bob), scene.ver(ann), scene.ver(bob));
    let epoch = scene.store.epoch();

    if !scene.reopen() {
        return;
    }
    assert_eq!(
        told,
        (scene.log(conv), scene.inbox(bob), scene.ver(ann), scene.ver(bob))
    );
    assert_eq!(scene.store.epoch(), epoch, "a restart is no new lineage");
    let again = scene.append(send);
    assert_eq!((again.entry, again.dup), (first.entry, true), "the dedupe survives");
    assert_eq!(
        scene.say(conv, bob, "and on").seq,
        Seq(3),
        "the log goes on where it was"
    );
    assert!(scene.reopen());
    assert_eq!(
        seqs(&scene.log(conv)),
        [1, 2, 3],
        "what was written after a restart survives the next"
    );
}

/// DUR2: whoever does not know whether a change was made repeats it with the same ids, and it is made once.
pub fn dur2_a_repeat_settles_an_unknown_outcome(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let create = scene.create_group(&[ann, bob]);
    drop(scene.store.create(create.clone()));
    assert!(done(scene.store.create(create.clone())).dup);

    let send = scene.text(create.conv, ann, "once");
    drop(scene.store.append(send.clone()));
    let second = scene.append(send);
    assert_eq!((second.entry.seq, second.dup), (Seq(2), true));

    let add = scene.change(create.conv, ann, MemberChange::Add(vec![cid]));
    drop(scene.store.change_members(add.clone()));
    let second = done(scene.store.change_members(add));
    assert_eq!((second.entry.seq, second.dup), (Seq(3), true));
    assert_eq!(scene.log(create.conv).len(), 3);
}

/// IDM1: the same send_id gives the first answer, for ever: after more entries, and after its sender was removed.
pub fn idm1_one_send_id_is_one_entry_for_ever(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let send = scene.text(conv, bob, "once");
    let first = scene.append(send.clone());
    assert!(!first.dup);
    scene.say(conv, ann, "later");
    let leave = scene.change(conv, bob, MemberChange::Leave);
    let left = done(scene.store.change_members(leave.clone()));
    scene.hands.pass_ms(400 * 24 * 3_600_000);

    let again = scene.append(Append {
        read: Some(Seq(1)),
        device: DeviceId::from_bytes([9; 16]),
        ..send.clone()
    });
    assert_eq!(
        (&again.entry, again.dup),
        (&first.entry, true),
        "read and device are no part of a change"
    );
    let again = done(scene.store.change_members(leave));
    assert_eq!((again.entry, again.dup), (left.entry, true));
    assert_eq!(scene.log(conv).len(), 4);
    let unknown = scene.text(conv, bob, "new");
    assert_eq!(refused(scene.store.append(unknown)), Refused::NotAMember);

    // The name is the sender's own in this conversation: others may use the same.
    let other = scene.group(&[bob, ann]);
    let elsewhere = scene.append(Append {
        conv: other,
        ..send.clone()
    });
    assert!(!elsewhere.dup);
    let by_another = scene.append(Append { sender: ann, ..send });
    assert_eq!((by_another.entry.seq, by_another.dup), (Seq(5), false));
}

/// IDM2: a send_id that names another change is refused, and the change it names stays as it was.
pub fn idm2_a_send_id_names_one_change(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    scene.say(conv, ann, "first");
    let send = scene.text(conv, ann, "this");
    let first = scene.append(send.clone());
    let others = [
        Append {
            body: r#"{"text":"that"}"#.into(),
            ..send.clone()
        },
        Append {
            kind: Kind::of("poll"),
            ..send.clone()
        },
        Append {
            reply_to: Some(Seq(2)),
            ..send.clone()
        },
        Append {
            thread: Some(Seq(2)),
            ..send.clone()
        },
    ];
    for other in others {
        assert_eq!(refused(scene.store.append(other)), Refused::SendIdReused);
    }
    let mut add = scene.change(conv, ann, MemberChange::Add(vec![cid]));
    done(scene.store.change_members(add.clone()));
    add.change = MemberChange::Leave;
    assert_eq!(refused(scene.store.change_members(add.clone())), Refused::SendIdReused);
    add.change = MemberChange::Add(vec![bob]);
    assert_eq!(refused(scene.store.change_members(add.clone())), Refused::SendIdReused);

    add.send_id = send.send_id;
    assert_eq!(
        refused(scene.store.change_members(add.clone())),
        Refused::SendIdReused,
        "of another verb"
    );
    let again = scene.append(send);
    assert_eq!((again.entry, again.dup), (first.entry, true));
    assert_eq!(scene.log(conv).len(), 4);
}

/// IDM3: many tasks that send the same thing at once get one answer, once without `dup`.
pub fn idm3_concurrent_duplicates_are_one_entry(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.direct(ann, bob);
    for round in 0..10 {
        let send = scene.text(conv, ann, &format!("round {round}"));
        let answers = at_once(scene, 4, |store, _| {
            (0..5).map(|_| store.append(send.clone())).collect()
        });
        let seqs: BTreeSet<Seq> = answers.iter().map(|answer| answer.entry.seq).collect();
        assert_eq!(seqs.len(), 1, "one entry: {seqs:?}");
        assert_eq!(
            answers.iter().filter(|answer| !answer.dup).count(),
            1,
            "one of them was the first"
        );
    }
    assert_eq!(scene.log(conv).len(), 11);
}

/// IDM4: a 1:1 begins once for its pair, whoever asks, a group once for its creator's send_id.
pub fn idm4_a_conversation_begins_once_whatever_races(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let sides = [scene.create_direct(ann, bob), scene.create_direct(bob, ann)];
    let answers = at_once(scene, 4, |store, who| vec![store.create(sides[who % 2].clone())]);
    assert_eq!(answers.iter().filter(|answer| !answer.dup).count(), 1);
    assert!(
        answers.iter().all(|answer| answer.entry == answers[0].entry),
        "everybody gets the first answer"
    );
    let conv = ConversationId::direct(ann, bob);
    assert_eq!(scene.log(conv).len(), 1);
    let mut later = scene.create_direct(bob, ann);
    let again = done(scene.store.create(later.clone()));
    assert_eq!((&again.entry, again.dup), (&answers[0].entry, true));
    later.creator = cid;
    later.conv = ConversationId::direct(cid, ann);
    later.members = vec![cid, ann];
    assert!(
        !done(scene.store.create(later)).dup,
        "another pair is another conversation"
    );

    let group = scene.create_group(&[ann, bob]);
    let answers = at_once(scene, 4, |store, _| vec![store.create(group.clone())]);
    assert_eq!(answers.iter().filter(|answer| !answer.dup).count(), 1);
    let mut other = group.clone();
    other.members.push(cid);
    assert_eq!(refused(scene.store.create(other)), Refused::SendIdReused);
    let mut other = group.clone();
    other.title = Some("another".into());
    assert_eq!(refused(scene.store.create(other)), Refused::SendIdReused);
    let body = &scene.log(group.conv)[0].body;
    let created: protocol::entry::Created = serde_json::from_str(body).expect("the body of a created");
    assert_eq!((created.title, created.members), (group.title, vec![ann, bob]));
}

/// ORD1: seqs are 1..=head without a gap, in commit order, under concurrent writers over many conversations, with
/// refused ones in between.
pub fn ord1_seqs_have_no_gap_under_concurrent_writers(scene: &mut Scene) {
    const CONVERSATIONS: u64 = 12;
    const EACH: u64 = 25;
    let [ann, bob, eve] = scene.persons();
    let convs: Vec<ConversationId> = (0..CONVERSATIONS).map(|_| scene.group(&[ann, bob])).collect();
    let template = scene.text(convs[0], ann, "x");
    let answers = at_once(scene, 4, |store, writer| {
        let mut replies = Vec::new();
        for n in 0..EACH {
            for (place, &conv) in convs.iter().enumerate() {
                let name = (writer as u64) << 32 | n << 8 | place as u64;
                let append = |sender: UserId, name: u64| Append {
                    conv,
                    sender,
                    send_id: SendId::from_bytes(u128::from(name).to_be_bytes()),
                    ..template.clone()
                };
                drop(store.append(append(eve, name | 1 << 60)));
                replies.push(store.append(append([ann, bob][writer % 2], name | 1 << 61)));
            }
        }
        replies
    });
    assert_eq!(answers.len() as u64, 4 * CONVERSATIONS * EACH);
    for conv in convs {
        let log = scene.log(conv);
        let expected: Vec<u64> = (1..=4 * EACH + 1).collect();
        assert_eq!(seqs(&log), expected, "every seq once, none missing");
        for (before, after) in log.iter().zip(&log[1..]) {
            assert_eq!(after.ord, before.ord.next(), "each of these counts");
            assert!(before.id < after.id && before.created_ms <= after.created_ms);
        }
        for answer in answers.iter().filter(|answer| answer.entry.conv == conv) {
            assert_eq!(
                *answer.entry,
                log[answer.entry.seq.0 as usize - 1],
                "the answer is what stands in the log"
            );
        }
    }
}

/// ORD2: times and names of a log never go backwards, when the clock does and in a crowded millisecond too.
pub fn ord2_times_and_names_never_go_backwards(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.direct(ann, bob);
    let start = scene.hands.now_ms();
    for step in [0, 0, 5, 0, 1_000] {
        scene.hands.pass_ms(step);
        scene.say(conv, ann, "forth");
    }
    let latest = scene.hands.now_ms();
    for back in [1, 500, 3_600_000] {
        scene.hands.set_ms(latest - back);
        assert_eq!(
            scene.say(conv, bob, "back").created_ms,
            latest,
            "the clock stepped back, the log does not"
        );
    }
    if scene.reopen() {
        assert_eq!(
            scene.say(conv, bob, "back").created_ms,
            latest,
            "nor does it after a restart"
        );
    }
    scene.hands.set_ms(latest + 7);
    assert_eq!(scene.say(conv, ann, "on").created_ms, latest + 7);

    let log = scene.log(conv);
    assert_eq!(log[0].created_ms, start);
    for (before, after) in log.iter().zip(&log[1..]) {
        assert!(
            before.created_ms <= after.created_ms && before.id < after.id,
            "{before:?} {after:?}"
        );
    }
    for entry in &log {
        assert_eq!(entry.id.0.get_version_num(), 7);
    }
}

/// ORD3: what one task submits without waiting is done in the order of its calls.
pub fn ord3_calls_of_one_task_are_done_in_their_order(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let mut replies = Vec::new();
    for n in 0..100 {
        let append = scene.text(conv, ann, &format!("{n}"));
        replies.push(scene.store.append(append));
    }
    let add = scene.change(conv, ann, MemberChange::Add(vec![cid]));
    replies.push(scene.store.change_members(add));
    let by_the_added = scene.text(conv, cid, "me too");
    replies.push(scene.store.append(by_the_added));
    let seqs: Vec<u64> = replies.into_iter().map(|reply| done(reply).entry.seq.0).collect();
    assert_eq!(seqs, (2..=103).collect::<Vec<u64>>());
}

/// MEM1, MEM7: a reply or a thread refers to an entry that its sender may read; a cursor does not lie beyond the head.
pub fn mem1_a_reference_must_be_readable(scene: &mut Scene) {
    let [ann, bob, eve] = scene.persons();
    let conv = scene.group(&[ann]);
    scene.say(conv, ann, "before bob");
    scene.add(conv, ann, &[bob]);
    let plain = scene.text(conv, bob, "see");
    for bad in [0, 1, 2, 4, u64::MAX] {
        for append in [
            Append {
                reply_to: Some(Seq(bad)),
                ..plain.clone()
            },
            Append {
                thread: Some(Seq(bad)),
                ..plain.clone()
            },
        ] {
            assert_eq!(refused(scene.store.append(append)), Refused::BadReference, "{bad}");
        }
    }
    let beyond = Append {
        read: Some(Seq(4)),
        ..plain.clone()
    };
    assert_eq!(refused(scene.store.append(beyond)), Refused::BeyondHead);
    let by_a_stranger = Append {
        sender: eve,
        ..plain.clone()
    };
    assert_eq!(refused(scene.store.append(by_a_stranger)), Refused::NotFound);
    let nowhere = Append {
        conv: ConversationId::direct(ann, eve),
        ..plain.clone()
    };
    assert_eq!(refused(scene.store.append(nowhere)), Refused::NotFound);
    let good = scene.append(Append {
        reply_to: Some(Seq(3)),
        ..plain
    });
    assert_eq!((good.entry.reply_to, good.entry.thread), (Some(Seq(3)), None));
    assert_eq!(*good.entry, scene.log(conv)[3]);
    let reply = Append {
        thread: Some(Seq(4)),
        ..scene.text(conv, bob, "more of it")
    };
    let reply = scene.append(reply).entry;
    assert_eq!((reply.reply_to, reply.thread), (None, Some(Seq(4))));
    assert_eq!(*reply, scene.log(conv)[4]);
}

/// Lets so many threads submit at once, each everything before it waits for the first answer.
fn at_once(
    scene: &Scene,
    threads: usize,
    submit: impl Fn(&Arc<dyn Store>, usize) -> Vec<Reply<Appended>> + Sync,
) -> Vec<Appended> {
    let (store, submit) = (&scene.store, &submit);
    let ready = std::sync::Barrier::new(threads);
    let ready = &ready;
    std::thread::scope(|scope| {
        let one = |n| {
            scope.spawn(move || {
                ready.wait();
                submit(store, n).into_iter().map(done).collect::<Vec<_>>()
            })
        };
        let running: Vec<_> = (0..threads).map(one).collect();
        running
            .into_iter()
            .flat_map(|thread| thread.join().expect("no panic"))
            .collect()
    })
}
