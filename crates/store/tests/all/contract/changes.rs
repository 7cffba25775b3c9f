//! Changes of entries: edits, deletions, reactions, pins; who may make them, and who sees what of them.

use crate::scene::{Scene, done, refused};
use protocol::client_frame::Place;
use protocol::entry::Reaction;
use protocol::limits::{DELETE_MS_MAX, EDIT_MS_MAX, ENTRY_EMOJIS_MAX, PERSON_REACTIONS_MAX, PINS_MAX};
use protocol::{ConversationId, Kind, SendId, Seq, UserId};
use store::{Amend, Amendment, Append, Appended, AskHistory, Entry, Forward, Mentions, Names, Refused};

fn edit(text: &str, mentions: &[UserId]) -> Amendment {
    Amendment::Edit {
        body: body(text).into(),
        mentions: Mentions::People(mentions.to_vec()),
    }
}

fn react(emoji: &str, on: bool) -> Amendment {
    Amendment::React {
        emoji: emoji.into(),
        on,
    }
}

fn body(text: &str) -> String {
    format!("{{\"text\":\"{text}\"}}")
}

impl Scene {
    fn amendment(&mut self, conv: ConversationId, actor: UserId, target: Seq, change: Amendment) -> Amend {
        Amend {
            conv,
            actor,
            send_id: self.send_id(),
            target,
            target_name: None,
            change,
        }
    }

    #[track_caller]
    fn amend(&mut self, conv: ConversationId, actor: UserId, target: Seq, change: Amendment) -> Appended {
        let amend = self.amendment(conv, actor, target, change);
        done(self.store.amend(amend))
    }

    #[track_caller]
    fn may_not(&mut self, conv: ConversationId, actor: UserId, target: Seq, change: Amendment) -> Refused {
        let amend = self.amendment(conv, actor, target, change);
        refused(self.store.amend(amend))
    }

    /// An entry as somebody sees it now.
    #[track_caller]
    fn shown(&self, reader: UserId, conv: ConversationId, seq: Seq) -> Entry {
        let mut page = self.page(reader, conv, Place::Range(seq, seq, None), 1);
        page.entries.remove(0)
    }

    /// The bodies an entry had, the latest first, as somebody may read them.
    #[track_caller]
    fn past(&self, reader: UserId, conv: ConversationId, seq: Seq) -> Vec<(Option<u64>, String)> {
        let ask = AskHistory {
            reader,
            conv,
            seq,
            before: None,
        };
        let list = done(self.store.history(ask)).list;
        list.into_iter()
            .map(|one| (one.rev.map(|rev| rev.0), one.body.to_string()))
            .collect()
    }
}

fn one(emoji: &str, users: &[UserId]) -> Reaction {
    Reaction {
        emoji: emoji.into(),
        users: users.to_vec(),
    }
}

/// CHG1: a change is an entry of the log that counts as no message; its target stands in its place, changed.
pub fn chg1_a_change_is_an_entry_and_its_target_stays(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let said = scene.say(conv, ann, "helo");
    let edited = scene.amend(conv, ann, said.seq, edit("hello", &[]));
    let entry = &edited.entry;
    assert_eq!(
        (entry.seq, entry.ord, &entry.kind, &*entry.body, entry.target_seq),
        (Seq(3), said.ord, &Kind::Edit, "{}", Some(said.seq))
    );
    assert_eq!(entry.now.as_deref(), Some(&*body("hello")), "live it carries the words");
    scene.amend(conv, bob, said.seq, react("👍", true));
    scene.amend(conv, ann, said.seq, react("👍", true));
    scene.amend(conv, ann, said.seq, react(":ok:", true));
    scene.amend(conv, bob, said.seq, Amendment::Pin { on: true });
    let shown = scene.shown(bob, conv, said.seq);
    let mut both = [ann, bob];
    both.sort_unstable();
    assert_eq!(
        (
            shown.seq,
            shown.ord,
            shown.id,
            shown.sender,
            shown.send_id,
            &*shown.body
        ),
        (said.seq, said.ord, said.id, ann, said.send_id, &*body("hello"))
    );
    assert_eq!(
        (shown.rev, shown.edited, shown.pinned, shown.deleted_by),
        (Some(Seq(7)), Some(Seq(3)), true, None)
    );
    assert_eq!(shown.reactions, [one(":ok:", &[ann]), one("👍", &both)]);
    assert_eq!(done(scene.store.pins(ann, conv)), [said.seq]);
    scene.amend(conv, bob, said.seq, react("👍", false));
    scene.amend(conv, ann, said.seq, Amendment::Pin { on: false });
    let shown = scene.shown(ann, conv, said.seq);
    assert_eq!((shown.pinned, &shown.reactions[1]), (false, &one("👍", &[ann])));
    assert_eq!(done(scene.store.pins(ann, conv)), []);
    let changed = scene.page(bob, conv, Place::Range(Seq(1), Seq(2), Some(Seq(8))), 10);
    assert_eq!(changed.entries.len(), 1, "what changed since is found by its rev");
    if scene.reopen() {
        assert_eq!(scene.shown(ann, conv, said.seq), shown, "durable");
    }
}

/// IDM1, IDM2: a change may be repeated for ever; its name names nothing else.
pub fn idm1_a_change_is_made_once(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let said = scene.say(conv, ann, "a");
    let ask = scene.amendment(conv, ann, said.seq, edit("b", &[]));
    let first = done(scene.store.amend(ask.clone()));
    scene.amend(conv, ann, said.seq, edit("c", &[]));
    let again = done(scene.store.amend(ask.clone()));
    assert_eq!((again.entry.seq, again.dup), (first.entry.seq, true));
    assert_eq!(
        &*scene.shown(bob, conv, said.seq).body,
        &*body("c"),
        "and changes nothing again"
    );
    for other in [edit("x", &[]), Amendment::Delete, Amendment::Pin { on: true }] {
        let other = Amend {
            change: other,
            ..ask.clone()
        };
        assert_eq!(refused(scene.store.amend(other)), Refused::SendIdReused);
    }
    // What changes nothing is answered with the latest entry, to the repeat too.
    scene.amend(conv, bob, said.seq, react("👍", true));
    let nothing = scene.amendment(conv, bob, said.seq, react("👍", true));
    let answer = done(scene.store.amend(nothing.clone()));
    assert_eq!((answer.entry.seq, answer.dup), (Seq(5), true));
    scene.say(conv, ann, "later");
    assert_eq!(done(scene.store.amend(nothing)).entry.seq, Seq(5));
    assert_eq!(
        scene.amend(conv, ann, said.seq, Amendment::Pin { on: false }).entry.seq,
        Seq(6)
    );
}

/// CHG2: who may change what: the author edits and deletes in time, admins delete any time, nobody else does.
pub fn chg2_rights_and_times(scene: &mut Scene) {
    let [ann, bob, cid, eve] = scene.persons();
    let conv = scene.group(&[ann, bob, cid]);
    let said = scene.say(conv, bob, "mine").seq;
    assert_eq!(scene.may_not(conv, eve, said, Amendment::Delete), Refused::NotFound);
    assert_eq!(
        scene.may_not(conv, bob, Seq(9), Amendment::Delete),
        Refused::BadReference
    );
    assert_eq!(
        scene.may_not(conv, bob, Seq(1), react("👍", true)),
        Refused::NotAMessage
    );
    for other in [ann, cid] {
        assert_eq!(scene.may_not(conv, other, said, edit("yours", &[])), Refused::Forbidden);
    }
    assert_eq!(scene.may_not(conv, cid, said, Amendment::Delete), Refused::Forbidden);
    let poll = Append {
        kind: Kind::of("poll"),
        ..scene.text(conv, bob, "poll")
    };
    let poll = scene.append(poll).entry.seq;
    assert_eq!(scene.may_not(conv, bob, poll, edit("x", &[])), Refused::NotAMessage);
    scene.amend(conv, cid, poll, react("👍", true));
    scene.hands.pass_ms(EDIT_MS_MAX);
    scene.amend(conv, bob, said, edit("in time", &[]));
    scene.hands.pass_ms(1);
    assert_eq!(scene.may_not(conv, bob, said, edit("late", &[])), Refused::TooLate);
    scene.hands.pass_ms(DELETE_MS_MAX);
    assert_eq!(scene.may_not(conv, bob, said, Amendment::Delete), Refused::TooLate);
    let by_owner = scene.amend(conv, ann, said, Amendment::Delete);
    assert_eq!(scene.shown(cid, conv, said).deleted_by, Some(ann));
    for change in [edit("x", &[]), react("👍", true), Amendment::Pin { on: true }] {
        assert_eq!(scene.may_not(conv, bob, said, change), Refused::Deleted);
    }
    let again = scene.amend(conv, ann, said, Amendment::Delete);
    assert_eq!((again.entry.seq, again.dup), (by_owner.entry.seq, true));
    scene.remove(conv, ann, cid);
    assert_eq!(scene.may_not(conv, cid, poll, react("👍", false)), Refused::NotAMember);
    // In a 1:1 nobody is above the other.
    let direct = scene.direct(ann, bob);
    let said = scene.say(direct, ann, "hi").seq;
    assert_eq!(scene.may_not(direct, bob, said, Amendment::Delete), Refused::Forbidden);
    scene.amend(direct, bob, said, Amendment::Pin { on: true });
    scene.amend(direct, ann, said, Amendment::Delete);
}

/// CHG3: what was deleted is in no answer: its words, the words before edits, reactions, pin, mentions.
pub fn chg3_a_deletion_leaves_nothing(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let said = scene.say(conv, ann, "canary one").seq;
    scene.amend(conv, ann, said, edit("canary two", &[bob]));
    scene.amend(conv, bob, said, react("👍", true));
    scene.amend(conv, bob, said, Amendment::Pin { on: true });
    scene.fan_out();
    assert_eq!(scene.row(bob, conv).mention_seqs, [said]);
    scene.amend(conv, ann, said, Amendment::Delete);
    scene.fan_out();
    let gone = scene.shown(bob, conv, said);
    assert_eq!(
        (&*gone.body, gone.deleted_by, gone.rev),
        ("{}", Some(ann), Some(Seq(6)))
    );
    assert_eq!((gone.pinned, gone.reactions.len(), gone.kind), (false, 0, Kind::Text));
    assert_eq!(scene.row(bob, conv).mention_seqs, []);
    assert_eq!(done(scene.store.pins(bob, conv)), []);
    assert_eq!(scene.past(ann, conv, said), []);
    let told = format!("{:?} {:?}", scene.readable(bob, conv), scene.log(conv));
    assert!(!told.contains("canary"), "{told}");
}

/// CHG4, MEM2, MEM3: everybody sees an entry as the changes that they may read have made it; only deletion holds for
/// everybody.
pub fn chg4_who_was_away_sees_what_they_may_read(scene: &mut Scene) {
    let [ann, bob, cid] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let said = scene.say(conv, ann, "one").seq;
    scene.amend(conv, ann, said, edit("two", &[]));
    scene.amend(conv, ann, said, react("👍", true));
    let before = scene.shown(bob, conv, said);
    scene.remove(conv, ann, bob);
    scene.amend(conv, ann, said, edit("three", &[]));
    scene.amend(conv, ann, said, react("👍", false));
    scene.amend(conv, ann, said, Amendment::Pin { on: true });
    assert_eq!(scene.shown(bob, conv, said), before, "as of the removal");
    assert_eq!(
        scene.past(bob, conv, said),
        [(Some(3), body("two")), (None, body("one"))]
    );
    let edit_of = |scene: &Scene, who, seq| scene.shown(who, conv, Seq(seq)).now;
    assert_eq!(
        edit_of(scene, bob, 3).as_deref(),
        Some(&*body("two")),
        "for them it is the last edit"
    );
    assert_eq!(edit_of(scene, ann, 3), None, "for others a later one replaced it");
    assert_eq!(edit_of(scene, ann, 6).as_deref(), Some(&*body("three")));
    scene.add(conv, ann, &[bob, cid]);
    assert_eq!(
        scene.shown(bob, conv, said),
        before,
        "what happened while away is not theirs"
    );
    let last = scene.amend(conv, ann, said, edit("four", &[])).entry.seq;
    assert_eq!(
        edit_of(scene, cid, last.0),
        None,
        "who may not read the target gets no words of it"
    );
    let now = scene.shown(bob, conv, said);
    assert_eq!((&*now.body, now.rev, now.pinned), (&*body("four"), Some(last), false));
    assert_eq!(
        now.reactions,
        [one("👍", &[ann])],
        "the reaction was taken back while they were away"
    );
    assert_eq!(scene.shown(ann, conv, said).reactions, []);
    assert_eq!(
        refused(scene.store.history(AskHistory {
            reader: cid,
            conv,
            seq: said,
            before: None
        })),
        Refused::BadReference
    );
    scene.leave(conv, bob);
    scene.amend(conv, ann, said, Amendment::Delete);
    assert_eq!(
        &*scene.shown(bob, conv, said).body,
        "{}",
        "deletion holds for who has left, too"
    );
    assert_eq!(scene.past(bob, conv, said), []);
}

/// ORD1: delivery reads entries as they were committed: their changes come as entries of their own.
pub fn chg4_the_tail_has_entries_as_they_were_committed(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let said = scene.say(conv, ann, "one");
    scene.amend(conv, ann, said.seq, edit("two", &[]));
    scene.amend(conv, ann, said.seq, edit("three", &[]));
    scene.amend(conv, ann, said.seq, react("👍", true));
    let log = scene.log(conv);
    assert_eq!(log[1], *said);
    assert_eq!(
        (log[2].now.as_deref(), log[3].now.as_deref()),
        (None, Some(&*body("three")))
    );
    scene.amend(conv, ann, said.seq, Amendment::Delete);
    let log = scene.log(conv);
    assert_eq!(
        (&*log[1].body, log[1].deleted_by, log[3].now.as_deref()),
        ("{}", Some(ann), None)
    );
}

/// CHG5: an edit that names somebody tells them, also where they have read past it; one that no longer does takes that
/// back.
pub fn chg5_an_edit_that_mentions_notifies(scene: &mut Scene) {
    let [ann, bob, cid, dan] = scene.persons();
    let conv = scene.group(&[ann, bob, cid]);
    let said = scene.say(conv, ann, "hi").seq;
    scene.reads(conv, cid, said);
    scene.add(conv, ann, &[dan]);
    let first = scene.amend(conv, ann, said, edit("hi all", &[bob, cid, dan])).entry.seq;
    scene.fan_out();
    assert_eq!(scene.row(bob, conv).mention_seqs, [said], "unread: at the entry");
    assert_eq!(scene.row(cid, conv).mention_seqs, [first], "read already: at the edit");
    assert_eq!(
        scene.row(dan, conv).mention_seqs,
        [],
        "who cannot read it is not told of it"
    );
    scene.reads(conv, cid, first);
    scene.amend(conv, ann, said, edit("hi all again", &[bob, cid]));
    scene.fan_out();
    assert_eq!(scene.row(cid, conv).mention_seqs, [], "named before: no news");
    scene.amend(conv, ann, said, edit("hi", &[cid]));
    scene.fan_out();
    assert_eq!(scene.row(bob, conv).mention_seqs, [], "no longer named");
    scene.amend(conv, ann, said, edit("hi", &[]));
    let anew = scene.amend(conv, ann, said, edit("hi cid", &[cid])).entry.seq;
    scene.fan_out();
    assert_eq!(scene.row(cid, conv).mention_seqs, [anew], "named anew");
}

/// CHG6: earlier bodies are kept and told in order, a page at a time.
pub fn chg6_history_tells_every_body(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let said = scene.say(conv, ann, "one").seq;
    assert_eq!(scene.past(bob, conv, said), [(None, body("one"))]);
    scene.amend(conv, ann, said, edit("two", &[]));
    scene.amend(conv, bob, said, react("👍", true));
    scene.hands.pass_ms(500);
    scene.amend(conv, ann, said, edit("three", &[]));
    let all = [(Some(5), body("three")), (Some(3), body("two")), (None, body("one"))];
    assert_eq!(scene.past(bob, conv, said), all);
    let ask = AskHistory {
        reader: bob,
        conv,
        seq: said,
        before: Some(Seq(5)),
    };
    let older = done(scene.store.history(ask));
    assert_eq!(
        (older.more, older.list.len(), older.list[0].rev),
        (false, 2, Some(Seq(3)))
    );
    let large = "x".repeat(60_000);
    for _ in 0..9 {
        scene.amend(conv, ann, said, edit(&large, &[]));
    }
    let page = done(scene.store.history(AskHistory { before: None, ..ask }));
    assert!(page.more && page.list.len() == 8, "{}", page.list.len());
}

/// BND3: reactions and pins are bounded.
pub fn bnd3_reactions_and_pins_are_bounded(scene: &mut Scene) {
    let people: [UserId; 6] = scene.persons();
    let [ann, bob, ..] = people;
    let conv = scene.group(&people);
    let said = scene.say(conv, ann, "hi").seq;
    for n in 0..PERSON_REACTIONS_MAX {
        scene.amend(conv, ann, said, react(&format!(":a{n}:"), true));
    }
    assert_eq!(
        scene.may_not(conv, ann, said, react(":one-more:", true)),
        Refused::TooMany
    );
    for n in PERSON_REACTIONS_MAX..ENTRY_EMOJIS_MAX {
        scene.amend(
            conv,
            people[n / PERSON_REACTIONS_MAX],
            said,
            react(&format!(":a{n}:"), true),
        );
    }
    assert_eq!(
        scene.may_not(conv, people[5], said, react(":one-more:", true)),
        Refused::TooMany
    );
    scene.amend(conv, people[5], said, react(":a0:", true));
    scene.amend(conv, ann, said, react(":a1:", false));
    scene.amend(conv, people[5], said, react(":one-more:", true));
    for _ in 0..PINS_MAX {
        let next = scene.say(conv, bob, "pin me").seq;
        scene.amend(conv, ann, next, Amendment::Pin { on: true });
    }
    assert_eq!(
        scene.may_not(conv, ann, said, Amendment::Pin { on: true }),
        Refused::TooMany
    );
    let pins = done(scene.store.pins(bob, conv));
    assert_eq!(pins.len(), PINS_MAX);
    assert!(pins.windows(2).all(|pair| pair[0] > pair[1]), "the latest first");
    scene.amend(conv, ann, pins[3], Amendment::Delete);
    scene.amend(conv, ann, said, Amendment::Pin { on: true });
    assert_eq!(done(scene.store.pins(bob, conv))[0], said);
}

/// IDM1, CHG7: what is passed on is known by its place: a repeat is one, though the words have changed or gone.
pub fn chg7_a_forward_is_known_by_its_place(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let (from, to) = (scene.group(&[ann, bob]), scene.direct(ann, bob));
    let forward = |seq, found| Forward {
        conv: from,
        seq: Seq(seq),
        found,
    };
    let send = Append {
        forward: Some(forward(2, true)),
        ..scene.text(to, ann, "words")
    };
    let first = scene.append(send.clone());
    let again = scene.append(Append {
        body: body("other words").into(),
        ..send.clone()
    });
    assert_eq!((&again.entry, again.dup), (&first.entry, true));
    let gone = scene.append(Append {
        forward: Some(forward(2, false)),
        ..send.clone()
    });
    assert!(gone.dup, "also when there is nothing left to pass on");
    let elsewhere = Append {
        forward: Some(forward(3, true)),
        ..send.clone()
    };
    assert_eq!(refused(scene.store.append(elsewhere)), Refused::SendIdReused);
    let without = Append { forward: None, ..send };
    assert_eq!(refused(scene.store.append(without)), Refused::SendIdReused);
    let nothing = Append {
        forward: Some(forward(2, false)),
        ..scene.text(to, ann, "")
    };
    assert_eq!(refused(scene.store.append(nothing)), Refused::BadReference);
}

/// CHG8: what bears the name of the target is changed, wherever it stands, and nothing else is.
pub fn chg8_a_change_is_of_what_was_meant(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let other = scene.say(conv, ann, "other").seq;
    let said = scene.text(conv, ann, "meant");
    let name = said.send_id;
    let at = scene.append(said).entry.seq;
    let edit = Amendment::Edit {
        body: body("changed").into(),
        mentions: Mentions::none(),
    };
    let named = |scene: &mut Scene, target, name| Amend {
        target_name: Some(name),
        ..scene.amendment(conv, ann, target, edit.clone())
    };
    let ask = named(scene, at, name);
    assert_eq!(done(scene.store.amend(ask)).entry.target_seq, Some(at));
    let elsewhere = named(scene, other, name);
    let first = done(scene.store.amend(elsewhere.clone()));
    assert_eq!((first.entry.target_seq, first.dup), (Some(at), false));
    assert_eq!(scene.shown(bob, conv, other).edited, None, "nobody meant this one");
    let again = done(scene.store.amend(Amend {
        target_name: None,
        ..elsewhere
    }));
    assert_eq!(
        (&again.entry, again.dup),
        (&first.entry, true),
        "a repeat needs no name"
    );
    let beyond = named(scene, Seq(10_000), name);
    assert_eq!(done(scene.store.amend(beyond)).entry.target_seq, Some(at));
    let gone = named(scene, other, SendId::from_bytes([9; 16]));
    assert_eq!(refused(scene.store.amend(gone)), Refused::BadReference);
    // Two people may use one name; then nobody can say whose is meant.
    let twin = Append {
        send_id: name,
        ..scene.text(conv, bob, "another")
    };
    scene.append(twin);
    let either = named(scene, other, name);
    assert_eq!(refused(scene.store.amend(either)), Refused::BadReference);
    let right = named(scene, at, name);
    assert_eq!(done(scene.store.amend(right)).entry.target_seq, Some(at));
}

/// CHG8: what is said is worth more than what it answers: without it, it is said as no answer.
pub fn chg8_a_reply_is_to_what_was_meant(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let other = scene.say(conv, ann, "other").seq;
    let said = scene.text(conv, ann, "meant");
    let name = said.send_id;
    let at = scene.append(said).entry.seq;
    let reply = |scene: &mut Scene, seq, name| Append {
        reply_to: Some(seq),
        names: Names {
            reply_to: Some(name),
            thread: None,
        },
        ..scene.text(conv, bob, "an answer")
    };
    let moved = reply(scene, other, name);
    assert_eq!(scene.append(moved).entry.reply_to, Some(at));
    let gone = reply(scene, other, SendId::from_bytes([9; 16]));
    let first = scene.append(gone.clone());
    assert_eq!(first.entry.reply_to, None);
    let again = scene.append(gone);
    assert_eq!((&again.entry, again.dup), (&first.entry, true));
}
