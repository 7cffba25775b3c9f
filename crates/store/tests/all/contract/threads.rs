//! Threads: where they start, who follows them, how they are counted; and entries found by their names.

use crate::scene::{Scene, done, refused, still};
use protocol::limits::THREADS_FOLLOWED_MAX;
use protocol::{ConversationId, Kind, MessageId, Seq, UserId, Ver};
use std::sync::Arc;
use store::{
    Amend, Amendment, Append, AskThread, BUMP_ROWS_MAX, Entry, FollowThread, Mentions, ReadThread, Refused, Reply,
    ThreadPlace, ThreadRecord, Topic,
};

/// A reply in a thread.
fn reply(scene: &mut Scene, conv: ConversationId, sender: UserId, root: Seq) -> Append {
    Append {
        thread: Some(root),
        ..scene.text(conv, sender, "a reply")
    }
}

fn replies(scene: &mut Scene, conv: ConversationId, sender: UserId, root: Seq) -> Arc<Entry> {
    let append = reply(scene, conv, sender, root);
    scene.append(append).entry
}

fn follow(scene: &Scene, conv: ConversationId, user: UserId, root: Seq, on: bool) -> Reply<ThreadRecord> {
    scene.store.follow(FollowThread { conv, user, root, on })
}

fn read(scene: &Scene, conv: ConversationId, user: UserId, root: Seq, read: Seq) -> Reply<ThreadRecord> {
    scene.store.read_thread(ReadThread { conv, user, root, read })
}

/// Brings all inboxes up to date, threads among them.
fn fan_out(scene: &Scene) {
    for dirty in done(scene.store.dirty(100)) {
        let called_for = done(scene.store.inbox_rows(dirty.conv));
        for rows in called_for.rows.chunks(BUMP_ROWS_MAX) {
            done(scene.store.bump(rows.to_vec()));
        }
        for rows in called_for.threads.chunks(BUMP_ROWS_MAX) {
            done(scene.store.bump_threads(rows.to_vec()));
        }
        done(scene.store.settle(dirty.conv, called_for.mark.expect("dirty")));
    }
}

/// The threads in somebody's inbox: root, following, head, read, unread.
fn told(scene: &Scene, user: UserId) -> Vec<(u64, bool, u64, u64, u64)> {
    let page = done(scene.store.inbox(user, Ver::ZERO));
    let threads = page.rows.into_iter().filter_map(|(_, topic)| match topic {
        Topic::Thread(row) => Some((row.root.0, row.following, row.head.0, row.read.0, row.unread)),
        _ => None,
    });
    let mut threads: Vec<_> = threads.collect();
    threads.sort_unstable();
    threads
}

fn delete(scene: &mut Scene, conv: ConversationId, actor: UserId, target: Seq) {
    let send_id = scene.send_id();
    done(scene.store.amend(Amend {
        target_name: None,
        conv,
        actor,
        send_id,
        target,
        change: Amendment::Delete,
    }));
}

/// THR1: a thread starts at a message that its writer may read, that is not deleted, and that is in no thread.
pub fn thr1_a_thread_starts_at_a_message(scene: &mut Scene) {
    let [a, b, late] = scene.persons();
    let conv = scene.group(&[a, b]);
    let root = scene.say(conv, a, "root").seq;
    let poll = Append {
        kind: Kind::of("poll"),
        ..scene.text(conv, a, "none that counts")
    };
    let poll = scene.append(poll).entry.seq;
    let first = replies(scene, conv, b, root);
    assert_eq!((first.thread, first.seq), (Some(root), Seq(4)));
    for (wrong, why) in [
        (Seq(1), Refused::NotARoot),
        (poll, Refused::NotARoot),
        (first.seq, Refused::NotARoot),
        (Seq(99), Refused::BadReference),
        (Seq::ZERO, Refused::BadReference),
    ] {
        let append = reply(scene, conv, a, wrong);
        assert_eq!(refused(scene.store.append(append)), why, "{wrong}");
        if wrong != poll {
            assert_eq!(refused(follow(scene, conv, a, wrong, true)), why, "{wrong}");
            assert_eq!(refused(read(scene, conv, a, wrong, Seq::ZERO)), why, "{wrong}");
        }
    }
    scene.add(conv, a, &[late]);
    let append = reply(scene, conv, late, root);
    assert_eq!(
        refused(scene.store.append(append)),
        Refused::BadReference,
        "before they came"
    );

    let again = reply(scene, conv, b, root);
    let sent = scene.append(again.clone()).entry;
    delete(scene, conv, a, root);
    let append = reply(scene, conv, a, root);
    assert_eq!(refused(scene.store.append(append)), Refused::Deleted);
    let repeated = scene.append(again.clone());
    assert!(
        repeated.dup && repeated.entry.seq == sent.seq,
        "a repeat is answered as before"
    );
    let other = Append { thread: None, ..again };
    assert_eq!(refused(scene.store.append(other)), Refused::SendIdReused);
    assert!(
        done(follow(scene, conv, a, root, false)).rev > 0,
        "who hears no more of it may say so"
    );
}

/// THR2: a reply is an entry like any other, and counts in its thread and not in its conversation.
pub fn thr2_a_reply_counts_in_its_thread_only(scene: &mut Scene) {
    let [a, b] = scene.persons();
    let conv = scene.group(&[a, b]);
    let root = scene.say(conv, a, "root");
    let one = replies(scene, conv, b, root.seq);
    let said = scene.say(conv, b, "beside it");
    assert_eq!((one.seq.0, one.ord), (root.seq.0 + 1, root.ord));
    assert_eq!((said.seq.0, said.ord), (root.seq.0 + 2, root.ord.next()));
    let poll = Append {
        kind: Kind::of("poll"),
        ..reply(scene, conv, b, root.seq)
    };
    let poll = scene.append(poll).entry;
    let two = replies(scene, conv, b, root.seq);
    fan_out(scene);
    assert_eq!(
        told(scene, a),
        [(2, true, two.seq.0, 2, 2)],
        "what does not count does not count here"
    );
    assert_eq!(told(scene, b), [(2, true, two.seq.0, two.seq.0, 0)]);
    let row = &scene.inbox(a)[0];
    assert_eq!((row.head_seq, row.head_ord), (two.seq, said.ord));
    assert_eq!(scene.readable(b, conv).len(), 6, "all of it is history");

    done(read(scene, conv, a, root.seq, one.seq));
    done(read(scene, conv, a, root.seq, root.seq));
    fan_out(scene);
    assert_eq!(told(scene, a), [(2, true, two.seq.0, one.seq.0, 1)], "forward only");
    assert_eq!(
        scene.inbox(a)[0].read_seq,
        Seq::ZERO,
        "the conversation's cursor is another"
    );
    assert_eq!(refused(read(scene, conv, a, root.seq, Seq(99))), Refused::BeyondHead);
    assert!(poll.seq > said.seq);
}

/// THR3: who wrote the root, who writes in a thread and who is mentioned in it follow it, unless they said no.
pub fn thr3_who_is_concerned_follows(scene: &mut Scene) {
    let [a, b, c, d] = scene.persons();
    let conv = scene.group(&[a, b, c, d]);
    let root = scene.say(conv, a, "root").seq;
    let one = replies(scene, conv, b, root).seq;
    let with = |scene: &mut Scene, who: UserId| Append {
        mentions: Mentions::People(vec![who]),
        ..reply(scene, conv, b, root)
    };
    let append = with(scene, c);
    let two = scene.append(append).entry.seq;
    fan_out(scene);
    assert_eq!(told(scene, a), [(root.0, true, two.0, root.0, 2)]);
    assert_eq!(told(scene, b), [(root.0, true, two.0, two.0, 0)]);
    assert_eq!(
        told(scene, c),
        [(root.0, true, two.0, one.0, 1)],
        "what they are mentioned in is news"
    );
    assert_eq!(
        scene.inbox(c)[0].mention_seqs,
        [two],
        "and a mention of the conversation"
    );
    assert_eq!(told(scene, d), []);

    let row = done(follow(scene, conv, d, root, true));
    assert_eq!(
        (row.following, row.unread, row.head),
        (true, 0, two),
        "what was there is no news"
    );
    assert_eq!(done(follow(scene, conv, d, root, true)), row, "idempotent by value");
    let no = done(follow(scene, conv, c, root, false));
    assert_eq!(
        (no.following, no.head, no.read, no.unread),
        (false, Seq::ZERO, Seq::ZERO, 0)
    );
    assert!(
        !done(read(scene, conv, c, root, two)).following,
        "no cursor without following"
    );
    let append = with(scene, c);
    let three = scene.append(append).entry.seq;
    fan_out(scene);
    assert_eq!(told(scene, c), [(root.0, false, 0, 0, 0)], "their word stands");
    assert_eq!(told(scene, d), [(root.0, true, three.0, two.0, 1)]);
    let own = replies(scene, conv, c, root).seq;
    fan_out(scene);
    assert_eq!(
        told(scene, c),
        [(root.0, true, own.0, own.0, 0)],
        "who writes takes it back"
    );
}

/// THR3: who is mentioned by an edit follows, too.
pub fn thr3_who_is_mentioned_later_follows(scene: &mut Scene) {
    let [a, b, d] = scene.persons();
    let conv = scene.group(&[a, b, d]);
    let other = scene.say(conv, b, "another root").seq;
    let plain = replies(scene, conv, b, other).seq;
    let send_id = scene.send_id();
    done(scene.store.amend(Amend {
        target_name: None,
        conv,
        actor: b,
        send_id,
        target: plain,
        change: Amendment::Edit {
            body: r#"{"text":"@d"}"#.into(),
            mentions: Mentions::People(vec![d]),
        },
    }));
    fan_out(scene);
    assert_eq!(
        told(scene, d)[0],
        (other.0, true, plain.0, other.0, 1),
        "by an edit, too"
    );
}

/// THR4: who leaves follows nothing any more; who comes back begins anew and is not told of what they missed.
pub fn thr4_who_leaves_follows_nothing(scene: &mut Scene) {
    let [a, b] = scene.persons();
    let conv = scene.group(&[a, b]);
    let root = scene.say(conv, b, "root").seq;
    replies(scene, conv, a, root);
    fan_out(scene);
    assert!(told(scene, b)[0].1);
    scene.remove(conv, a, b);
    fan_out(scene);
    assert_eq!(told(scene, b), [(root.0, false, 0, 0, 0)]);
    for ask in [follow(scene, conv, b, root, true), read(scene, conv, b, root, root)] {
        assert_eq!(refused(ask), Refused::NotAMember);
    }
    replies(scene, conv, a, root);
    fan_out(scene);
    assert_eq!(told(scene, b), [(root.0, false, 0, 0, 0)], "nothing after the removal");
    scene.add(conv, a, &[b]);
    let row = done(follow(scene, conv, b, root, true));
    assert_eq!((row.unread, row.head), (0, Seq(3)), "the last reply that they may read");
    let last = replies(scene, conv, a, root).seq;
    fan_out(scene);
    assert_eq!(told(scene, b), [(root.0, true, last.0, 6, 1)]);
    let stranger = scene.person();
    for ask in [
        follow(scene, conv, stranger, root, true),
        read(scene, conv, stranger, root, root),
    ] {
        assert_eq!(refused(ask), Refused::NotFound);
    }
}

/// THR5: each change of a row takes a version, what changes nothing takes none, and what comes late puts nothing back.
pub fn thr5_rows_of_threads_are_rows_of_the_inbox(scene: &mut Scene) {
    let [a, b] = scene.persons();
    let conv = scene.group(&[a, b]);
    let root = scene.say(conv, a, "root").seq;
    replies(scene, conv, b, root);
    let early = done(scene.store.inbox_rows(conv)).threads;
    fan_out(scene);
    assert_eq!(done(scene.store.dirty(9)), []);
    let ver = done(scene.store.vers(vec![a]))[0];
    done(read(scene, conv, a, root, Seq(3)));
    fan_out(scene);
    assert_eq!(done(scene.store.vers(vec![a]))[0], ver.next());
    assert_eq!(done(scene.store.bump_threads(early)), [], "late");
    done(read(scene, conv, a, root, Seq(3)));
    assert_eq!(done(scene.store.dirty(9)), [], "nothing changed");
    scene.say(conv, b, "no reply");
    fan_out(scene);
    let page = done(scene.store.inbox(a, ver));
    let rows: Vec<bool> = page
        .rows
        .iter()
        .map(|(_, topic)| matches!(topic, Topic::Thread(_)))
        .collect();
    assert_eq!(rows, [true, false], "a row that does not change gets no version");
    if scene.reopen() {
        assert_eq!(told(scene, a), [(root.0, true, 3, 3, 0)]);
        let last = replies(scene, conv, b, root).seq;
        scene.reopen();
        fan_out(scene);
        assert_eq!(
            told(scene, a),
            [(root.0, true, last.0, 3, 1)],
            "a crash in between costs nothing"
        );
    }
    let many = vec![done(follow(scene, conv, a, root, true)); BUMP_ROWS_MAX + 1];
    assert!(crate::scene::wait(scene.store.bump_threads(many)).is_err());
}

/// BND1: of more threads than one may follow the oldest is let go.
pub fn bnd1_threads_followed_are_bounded(scene: &mut Scene) {
    let [a, b] = scene.persons();
    let conv = scene.group(&[a, b]);
    let texts: Vec<Append> = (0..=THREADS_FOLLOWED_MAX)
        .map(|_| scene.text(conv, a, "root"))
        .collect();
    let sent: Vec<_> = texts.into_iter().map(|text| scene.store.append(text)).collect();
    let roots: Vec<Seq> = sent.into_iter().map(|sent| done(sent).entry.seq).collect();
    let asked: Vec<_> = roots.iter().map(|root| follow(scene, conv, b, *root, true)).collect();
    for asked in asked {
        assert!(done(asked).following);
    }
    assert!(!done(read(scene, conv, b, roots[0], roots[1])).following);
    assert!(done(read(scene, conv, b, roots[1], roots[1])).following);
    let back = done(follow(scene, conv, b, roots[0], true));
    assert!(back.following, "the one that is asked for is not the one that goes");
    assert!(!done(read(scene, conv, b, roots[1], roots[1])).following);
}

/// MEM1: a thread shows replies within spans only, bounded like a page.
pub fn mem1_a_thread_shows_what_its_reader_may_read(scene: &mut Scene) {
    let [a, b, stranger] = scene.persons();
    let conv = scene.group(&[a, b]);
    let root = scene.say(conv, a, "root").seq;
    let mut seqs: Vec<Seq> = (0..5).map(|_| replies(scene, conv, a, root).seq).collect();
    scene.say(conv, a, "beside it");
    scene.remove(conv, a, b);
    let missed = replies(scene, conv, a, root).seq;
    let ask = |scene: &Scene, reader: UserId, place: ThreadPlace, limit: usize| {
        let page = done(scene.store.thread(AskThread {
            reader,
            conv,
            root,
            place,
            limit,
        }));
        let seqs: Vec<Seq> = page.entries.iter().map(|entry| entry.seq).collect();
        (seqs, page.more)
    };
    let (after, before) = (|seq| ThreadPlace::After(seq), |seq| ThreadPlace::Before(seq));
    assert_eq!(ask(scene, b, after(Seq::ZERO), 9), (seqs.clone(), false));
    assert_eq!(ask(scene, b, before(Seq(99)), 2), (seqs[3..].to_vec(), true));
    assert_eq!(ask(scene, b, before(seqs[2]), 2), (seqs[..2].to_vec(), false));
    assert_eq!(ask(scene, b, after(seqs[1]), 2), (seqs[2..4].to_vec(), true));
    scene.add(conv, a, &[b]);
    seqs.push(replies(scene, conv, a, root).seq);
    assert_eq!(ask(scene, b, after(Seq::ZERO), 9), (seqs.clone(), false));
    assert_eq!(ask(scene, b, before(Seq(99)), 2), (seqs[4..].to_vec(), true));
    assert!(!seqs.contains(&missed));
    assert_eq!(ask(scene, a, after(Seq::ZERO), 9).0.len(), 7);
    let wrong = |reader, root| AskThread {
        reader,
        conv,
        root,
        place: ThreadPlace::After(Seq::ZERO),
        limit: 1,
    };
    assert_eq!(refused(scene.store.thread(wrong(stranger, root))), Refused::NotFound);
    assert_eq!(refused(scene.store.thread(wrong(b, missed))), Refused::BadReference);
}

/// PLK1: an entry is found by its name, by whoever may read it; to everybody else it is not there.
pub fn plk1_an_entry_is_found_by_its_name(scene: &mut Scene) {
    let [a, b, stranger] = scene.persons();
    let conv = scene.group(&[a, b]);
    let mut entries: Vec<Arc<Entry>> = (0..20).map(|_| scene.say(conv, a, "x")).collect();
    scene.remove(conv, a, b);
    let missed = scene.say(conv, a, "y");
    scene.add(conv, a, &[b]);
    entries.push(scene.say(conv, a, "z"));
    for entry in &entries {
        assert_eq!(done(scene.store.find(b, conv, entry.id)), entry.seq);
        assert_eq!(refused(scene.store.find(stranger, conv, entry.id)), Refused::NotFound);
    }
    assert_eq!(refused(scene.store.find(b, conv, missed.id)), Refused::BadReference);
    assert_eq!(done(scene.store.find(a, conv, missed.id)), missed.seq);
    let other = scene.group(&[a, b]);
    for id in [[0; 16], [0x77; 16], [0xff; 16], *entries[3].send_id.as_bytes()] {
        assert_eq!(
            refused(scene.store.find(a, conv, MessageId::from_bytes(id))),
            Refused::BadReference
        );
    }
    assert_eq!(
        refused(scene.store.find(a, other, entries[0].id)),
        Refused::BadReference
    );
    assert!(scene.move_one(still(conv, b)).is_ok());
}
