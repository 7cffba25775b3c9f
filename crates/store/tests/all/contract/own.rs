//! What is one's own: preferences, marks and drafts, told to one's devices and to nobody else.

use crate::scene::{Chance, Scene, done, refused, unread_of};
use protocol::limits::{INBOX_DRAFT_BYTES_MAX, KEPT_DRAFTS_MAX};
use protocol::own::{MarkRow, Prefs, SetMark, SetPrefs};
use protocol::{ConversationId, Seq, UserId, Ver};
use std::collections::BTreeMap;
use store::{Create, Draft, Owned, Refused, SetDraft, Topic};

fn mark(conv: ConversationId, seq: u64, star: Option<bool>, hidden: Option<bool>) -> SetMark {
    SetMark {
        conv,
        seq: Seq(seq),
        star,
        hidden,
    }
}

fn draft(user: UserId, conv: ConversationId, text: &str, base_ver: Ver) -> SetDraft {
    SetDraft {
        user,
        conv,
        text: Some(text.into()),
        base_ver,
        forget: Vec::new(),
    }
}

fn texts(draft: &Draft) -> (String, Vec<String>) {
    let kept = draft.kept.iter().map(|kept| kept.text.clone());
    (draft.now.text.clone(), kept.collect())
}

/// What of one's own a fresh device is told.
fn told(scene: &Scene, user: UserId, after: Ver) -> (Vec<MarkRow>, Vec<Draft>, Ver) {
    let page = done(scene.store.inbox(user, after));
    let (mut marks, mut drafts) = (Vec::new(), Vec::new());
    for (_, topic) in page.rows {
        match topic {
            Topic::Mark(mark) => marks.push(mark),
            Topic::Draft(draft) => drafts.push(*draft),
            _ => {}
        }
    }
    (marks, drafts, page.to)
}

/// A change takes the next version, and the hint of it names the row it is about.
fn is_a_change<T>(scene: &Scene, user: UserId, before: Ver, owned: &Owned<T>) {
    let bumped = owned.bumped.expect("it changed");
    assert_eq!(
        (bumped.user, bumped.prev, bumped.ver, bumped.head_only),
        (user, before, before.next(), false)
    );
    assert_eq!((owned.ver, scene.ver(user)), (bumped.ver, bumped.ver));
}

/// OWN1: preferences stand in the row, whatever the log does to it meanwhile; the same again is no change; what was
/// cleared stays cleared; nobody else's row has them.
pub fn own1_preferences_stand_in_the_row(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let change = SetPrefs {
        mute_until_ms: Some(Some(99)),
        pinned: Some(Some(true)),
        cleared_seq: Some(Seq(1)),
        ..SetPrefs::of(conv)
    };
    assert_eq!(
        refused(scene.store.set_prefs(ann, change)),
        Refused::NotFound,
        "no row yet"
    );
    scene.fan_out();
    let before = scene.ver(ann);
    let set = done(scene.store.set_prefs(ann, change));
    is_a_change(scene, ann, before, &set);
    let again = done(scene.store.set_prefs(ann, change));
    assert_eq!((again.value, again.ver, again.bumped), (set.value, set.ver, None));
    scene.say(conv, bob, "more");
    scene.leave(conv, bob);
    scene.fan_out();
    assert_eq!(scene.row(ann, conv).prefs, set.value);
    assert_eq!(scene.row(bob, conv).prefs, Prefs::default());
    let beyond = SetPrefs {
        cleared_seq: Some(Seq(4)),
        ..SetPrefs::of(conv)
    };
    assert_eq!(refused(scene.store.set_prefs(ann, beyond)), Refused::BeyondHead);
    let back = SetPrefs {
        mute_until_ms: Some(None),
        pinned: Some(None),
        cleared_seq: Some(Seq(0)),
        ..SetPrefs::of(conv)
    };
    let cleared = Prefs {
        cleared_seq: Seq(1),
        ..Prefs::default()
    };
    assert_eq!(done(scene.store.set_prefs(ann, back)).value, cleared);
    // Who left may still put it out of the way.
    let archive = SetPrefs {
        archived: Some(Some(true)),
        ..SetPrefs::of(conv)
    };
    assert!(done(scene.store.set_prefs(bob, archive)).value.archived);
    let stranger = scene.person();
    assert_eq!(refused(scene.store.set_prefs(stranger, archive)), Refused::NotFound);
    if scene.reopen() {
        assert_eq!(scene.row(ann, conv).prefs, cleared);
        assert!(scene.row(bob, conv).prefs.archived);
    }
}

/// OWN1 MEM1: an entry that its reader may read is marked once, and unmarked by a row that says so; a new device learns
/// what an old one did.
pub fn own1_marks_are_rows_of_the_inbox(scene: &mut Scene) {
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let early = scene.say(conv, ann, "early").seq;
    scene.remove(conv, ann, bob);
    scene.say(conv, ann, "between");
    scene.add(conv, ann, &[bob]);
    scene.fan_out();
    let star = mark(conv, early.0, Some(true), None);
    let before = scene.ver(bob);
    let set = done(scene.store.set_mark(bob, star));
    is_a_change(scene, bob, before, &set);
    assert_eq!(done(scene.store.set_mark(bob, star)).bumped, None);
    scene.hands.pass_ms(5);
    let hidden = done(scene.store.set_mark(bob, mark(conv, early.0, None, Some(true))));
    assert_eq!((hidden.value.star, hidden.value.hidden), (true, true));
    assert!(hidden.value.at_ms > set.value.at_ms);
    for (seq, why) in [
        (4, Refused::BadReference),
        (0, Refused::BadReference),
        (6, Refused::BeyondHead),
    ] {
        assert_eq!(
            refused(scene.store.set_mark(bob, mark(conv, seq, Some(true), None))),
            why,
            "{seq}"
        );
    }
    let stranger = scene.person();
    assert_eq!(refused(scene.store.set_mark(stranger, star)), Refused::NotFound);
    // Nothing is no mark, and makes no row.
    assert_eq!(
        done(scene.store.set_mark(bob, mark(conv, 5, Some(false), None))).bumped,
        None
    );
    assert_eq!(told(scene, bob, Ver::ZERO).0, [hidden.value]);
    let unmarked = done(scene.store.set_mark(bob, mark(conv, early.0, Some(false), Some(false))));
    assert_eq!(
        told(scene, bob, hidden.ver).0,
        [unmarked.value],
        "an older device learns it"
    );
    assert_eq!(told(scene, ann, Ver::ZERO).0, []);
}

/// OWN1: stars are told the last first, in pages, without what is starred no longer.
pub fn own1_stars_are_told_the_last_first(scene: &mut Scene) {
    let ann = scene.person();
    let conv = scene.group(&[ann]);
    for _ in 0..6 {
        scene.say(conv, ann, "x");
    }
    scene.fan_out();
    for seq in [3, 1, 5, 2] {
        done(scene.store.set_mark(ann, mark(conv, seq, Some(true), None)));
    }
    done(scene.store.set_mark(ann, mark(conv, 6, None, Some(true))));
    done(scene.store.set_mark(ann, mark(conv, 1, Some(false), None)));
    let seqs = |stars: &[(Ver, MarkRow)]| stars.iter().map(|(_, mark)| mark.seq.0).collect::<Vec<_>>();
    let first = done(scene.store.starred(ann, None, 2));
    assert_eq!(seqs(&first), [2, 5]);
    let rest = done(scene.store.starred(ann, first.last().map(|(ver, _)| *ver), 2));
    assert_eq!(seqs(&rest), [3]);
    let stranger = scene.person();
    assert_eq!(done(scene.store.starred(stranger, None, 2)), []);
}

/// OWN5: a 1:1 with oneself exists once, has one member and no peer, and what is written in it is read.
pub fn own5_what_one_writes_to_oneself_is_read(scene: &mut Scene) {
    let ann = scene.person();
    let create = Create {
        members: vec![ann],
        ..scene.create_direct(ann, ann)
    };
    let conv = done(scene.store.create(create.clone())).entry.conv;
    assert!(done(scene.store.create(create)).dup);
    for _ in 0..3 {
        scene.say(conv, ann, "a note");
    }
    scene.fan_out();
    let row = scene.row(ann, conv);
    assert_eq!((unread_of(&row), row.read_seq, row.peer), (0, Seq(4), None));
    assert_eq!(done(scene.store.receipts(ann, conv, Seq(2))), []);
}

/// OWN2: two devices that overwrite each other lose nothing: every text is the current one, kept, or was replaced by
/// one who knew it.
pub fn own2_an_overwritten_draft_is_kept(scene: &mut Scene) {
    let ann = scene.person();
    let conv = scene.group(&[ann]);
    let ask = draft(ann, conv, "too early", Ver::ZERO);
    assert_eq!(refused(scene.store.set_draft(ask)), Refused::NotFound);
    scene.fan_out();
    let before = scene.ver(ann);
    let laptop = done(scene.store.set_draft(draft(ann, conv, "laptop", Ver::ZERO)));
    is_a_change(scene, ann, before, &laptop);
    assert_eq!(laptop.value.now.text_ver, laptop.ver);
    // The answer was lost, and it is said again.
    let again = done(scene.store.set_draft(draft(ann, conv, "laptop", Ver::ZERO)));
    assert_eq!((again.ver, again.bumped), (laptop.ver, None));
    // The phone did not know of it.
    let phone = done(scene.store.set_draft(draft(ann, conv, "phone", Ver::ZERO)));
    assert_eq!(texts(&phone.value), ("phone".into(), vec!["laptop".into()]));
    // The laptop goes on, and does not know of that.
    let laptop = done(scene.store.set_draft(draft(ann, conv, "laptop, too", laptop.ver)));
    assert_eq!(
        texts(&laptop.value),
        ("laptop, too".into(), vec!["laptop".into(), "phone".into()])
    );
    // The phone sent its own: what it does not know stays.
    let emptied = done(scene.store.set_draft(draft(ann, conv, "", phone.ver)));
    assert_eq!((&emptied.value, emptied.bumped), (&laptop.value, None));
    // Whoever knows may replace and empty; what is kept is forgotten by its name.
    let known = done(scene.store.set_draft(draft(ann, conv, "both", laptop.ver)));
    assert_eq!(
        texts(&known.value),
        ("both".into(), vec!["laptop".into(), "phone".into()])
    );
    let forget = SetDraft {
        text: None,
        forget: vec![phone.ver],
        ..draft(ann, conv, "", Ver::ZERO)
    };
    let less = done(scene.store.set_draft(forget));
    assert_eq!(texts(&less.value), ("both".into(), vec!["laptop".into()]));
    assert_eq!(
        less.value.now.text_ver, known.ver,
        "the text is still the one that was written then"
    );
    let empty = done(scene.store.set_draft(draft(ann, conv, "", known.ver)));
    assert_eq!(texts(&empty.value), (String::new(), vec!["laptop".into()]));
    if scene.reopen() {
        assert_eq!(told(scene, ann, Ver::ZERO).1, [empty.value]);
    }
}

/// OWN2 BND1: of what is kept the oldest goes; and over random scripts nothing else is ever lost.
pub fn own2_no_text_is_lost_but_the_oldest_kept(scene: &mut Scene) {
    for seed in 0..20 {
        let mut chance = Chance::new(seed);
        let ann = scene.person();
        let conv = scene.group(&[ann]);
        scene.fan_out();
        // What each device knows; what was written and is not known to have been replaced.
        let mut known = [Ver::ZERO; 3];
        let mut open: BTreeMap<Ver, String> = BTreeMap::new();
        let mut current = Ver::ZERO;
        for n in 0..60 {
            let device = chance.below(3);
            let text = if chance.below(4) == 0 {
                String::new()
            } else {
                format!("text {n}")
            };
            let owned = done(scene.store.set_draft(draft(ann, conv, &text, known[device])));
            let now = &owned.value.now;
            if owned.bumped.is_some() {
                if known[device] == current {
                    open.remove(&current);
                }
                current = now.text_ver;
                if !text.is_empty() {
                    open.insert(now.text_ver, text);
                }
            }
            if chance.below(2) == 0 {
                known[device] = now.text_ver;
            }
            let mut expected: Vec<&String> = open.values().collect();
            let too_many = expected
                .len()
                .saturating_sub(KEPT_DRAFTS_MAX + usize::from(!now.text.is_empty()));
            expected.drain(..too_many);
            let (text, mut kept) = texts(&owned.value);
            kept.extend((!text.is_empty()).then_some(text));
            assert_eq!(kept.iter().collect::<Vec<_>>(), expected, "seed {seed}, step {n}");
            let held: Vec<Ver> = owned
                .value
                .kept
                .iter()
                .map(|kept| kept.text_ver)
                .chain([now.text_ver])
                .collect();
            open.retain(|ver, _| held.contains(ver));
        }
    }
}

/// BND1: a page of an inbox ends before its drafts are too many bytes, and the next goes on from there.
pub fn bnd1_drafts_bound_a_page_of_an_inbox(scene: &mut Scene) {
    let ann = scene.person();
    let text = "x".repeat(INBOX_DRAFT_BYTES_MAX / 5);
    let convs: Vec<ConversationId> = (0..7).map(|_| scene.group(&[ann])).collect();
    scene.fan_out();
    for &conv in &convs {
        done(scene.store.set_draft(draft(ann, conv, &text, Ver::ZERO)));
    }
    let (mut after, mut seen, mut pages) = (Ver::ZERO, 0, 0);
    loop {
        let page = done(scene.store.inbox(ann, after));
        let drafts = page.rows.iter().filter(|(_, topic)| matches!(topic, Topic::Draft(_)));
        let count = drafts.count();
        assert!(count <= 5 && page.to > after, "{count} drafts");
        (seen, pages, after) = (seen + count, pages + 1, page.to);
        if !page.more {
            break;
        }
    }
    assert_eq!((seen, pages, after), (7, 2, scene.ver(ann)));
}
