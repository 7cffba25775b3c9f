//! I20: messages that are edited, deleted, reacted to and pinned after they were written.

use crate::story::*;
use protocol::entry::Reaction;
use protocol::{Kind, SendId, Seq, UserId};
use swarm::history::{Change, Digest, Logged, NO_BODY, Present, Seen, What, digest};
use swarm::verdict::Rule;

/// What Ann says first, which stands at 2.
const SAID: Seq = Seq(2);
/// What she says instead.
const MEANT: Digest = 77;

/// Somebody asks for a change of an entry, it is committed, acknowledged and told.
fn change(story: &mut Story, device: u32, kind: Kind, target: Seq, (emoji, on): (&str, bool)) -> Seq {
    let (send_id, _) = story.name();
    let name = story
        .log
        .iter()
        .find(|entry| entry.seq == target)
        .map(|entry| entry.send_id);
    let _ = story.ask(device, kind.as_str());
    let body = (kind == Kind::Edit).then_some(MEANT);
    story.spoil(|record| {
        if let What::Invoke {
            send_id: id,
            digest,
            target: of,
            target_name: called,
            ..
        } = &mut record.what
            && *id == send_id
        {
            (*digest, *of, *called) = (body, Some(target), name);
        }
    });
    let seq = story.commit(device, (send_id, digest(NO_BODY)), false, &[], &[]);
    let entry = story.log.last_mut().expect("it was committed");
    entry.kind = kind.as_str().to_owned();
    entry.change = Some(Change {
        target,
        emoji: emoji.to_owned(),
        on,
    });
    story.now_us += 4_000;
    let conv = CONV;
    story.push(Some(device), What::Ok { send_id, conv, seq });
    story.tell(Seen {
        now: body,
        ..Seen::new(seq, send_id, digest(NO_BODY))
    });
    story.now_us += 6_000;
    seq
}

/// The entry stands in the log so from here on.
fn stands(story: &mut Story, says: Option<Digest>, present: &Present) {
    let entry = story
        .log
        .iter_mut()
        .find(|entry| entry.seq == SAID)
        .expect("it is there");
    entry.digest = says.unwrap_or(entry.digest);
    entry.state = present.digest();
}

fn edited(seq: Seq) -> Present {
    Present {
        edited: Some(seq),
        ..Present::default()
    }
}

fn deleted(by: UserId) -> Present {
    Present {
        deleted_by: Some(by),
        ..Present::default()
    }
}

/// Ann says something, and says something else instead.
fn an_edit() -> Story {
    let mut story = Story::new();
    story.say(ANNS);
    let edit = change(&mut story, ANNS, Kind::Edit, SAID, ("", false));
    stands(&mut story, Some(MEANT), &edited(edit));
    story
}

/// And then she deletes it.
fn a_deletion() -> Story {
    let mut story = an_edit();
    change(&mut story, ANNS, Kind::Delete, SAID, ("", false));
    stands(&mut story, Some(digest(NO_BODY)), &deleted(ANN));
    story
}

fn bodies(story: &mut Story, bodies: &[Digest]) {
    let (conv, seq, bodies) = (CONV, SAID, bodies.to_vec());
    story.push(Some(BOBS), What::Bodies { conv, seq, bodies });
}

fn spoil_final(story: &mut Story, spoil: impl Fn(&mut Seen)) {
    story.spoil_told(BOBS, |what| {
        if let What::Final { entries, .. } = what {
            entries.iter_mut().filter(|seen| seen.seq == SAID).for_each(&spoil);
        }
    });
}

fn spoil_target(story: &mut Story, spoil: impl Fn(&mut Logged)) {
    story.spoil_log(|log| log.iter_mut().filter(|entry| entry.seq == SAID).for_each(&spoil));
}

/// CHG1, CHG6: an edit gives an entry another body, and all that it had are told.
#[test]
fn i20_an_entry_says_what_its_last_edit_made_it_say() {
    let mut story = an_edit();
    story.end();
    let first = 1_001;
    bodies(&mut story, &[MEANT, first]);
    assert_good(&story);
    let mut forgotten = an_edit();
    forgotten.end();
    bodies(&mut forgotten, &[MEANT]);
    assert_bad(&forgotten, &[Rule::I20], "had 2 bodies");
    let mut stale = an_edit();
    stale.end();
    spoil_final(&mut stale, |seen| seen.digest = first);
    assert_bad(&stale, &[Rule::I20], "says something else");
    spoil_target(&mut story, |entry| entry.digest = first);
    assert_bad(&story, &[Rule::I20], "says something else");
}

/// CHG8: what somebody changes is what they looked at, also when another entry stands at its place by then.
#[test]
fn i20_a_change_is_of_the_entry_that_was_meant() {
    let mut story = Story::new();
    story.say(ANNS);
    change(&mut story, ANNS, Kind::Pin, SAID, ("", true));
    let pinned = Present {
        pinned: true,
        ..Present::default()
    };
    stands(&mut story, None, &pinned);
    story.end();
    let means = |story: &mut Story, name: SendId| {
        story.spoil(|record| {
            if let What::Invoke { verb, target_name, .. } = &mut record.what
                && verb == "pin"
            {
                *target_name = Some(name);
            }
        });
    };
    let (first, said) = (story.log[0].send_id, story.log[1].send_id);
    means(&mut story, said);
    assert_good(&story);
    means(&mut story, first);
    assert_bad(&story, &[Rule::I20], "changed something else");
}

/// CHG2: only the author edits, and nothing changes what was deleted.
#[test]
fn i20_nobody_edits_anothers_nor_what_was_deleted() {
    let mut story = Story::new();
    story.say(ANNS);
    let edit = change(&mut story, BOBS, Kind::Edit, SAID, ("", false));
    stands(&mut story, Some(MEANT), &edited(edit));
    story.end();
    assert_bad(&story, &[Rule::I20], "edited by another");
    let mut story = a_deletion();
    change(&mut story, BOBS, Kind::Pin, SAID, ("", true));
    story.end();
    assert_bad(&story, &[Rule::I20], "changed after it was deleted");
}

/// CHG3: nothing of what was deleted is left, in the log or in its history.
#[test]
fn i20_what_was_deleted_is_gone() {
    let mut story = a_deletion();
    story.end();
    bodies(&mut story, &[]);
    assert_good(&story);
    bodies(&mut story, &[1_001]);
    assert_bad(&story, &[Rule::I20], "its history has 1 of its bodies");
    let mut kept = a_deletion();
    kept.end();
    spoil_final(&mut kept, |seen| seen.digest = MEANT);
    assert_bad(&kept, &[Rule::I20], "says something else");
}

/// An answer that promises a deletion is one.
#[test]
fn i20_what_was_acknowledged_is_deleted() {
    let mut story = Story::new();
    story.say(ANNS);
    change(&mut story, ANNS, Kind::Delete, SAID, ("", false));
    story.log.last_mut().expect("it was committed").change = None;
    story.end();
    assert_bad(&story, &[Rule::I20], "not deleted");
}

/// CHG4: reactions and pins are what the log says, for whoever reads it.
#[test]
fn i20_a_reaction_is_put_there_and_taken_back() {
    let reacted = || {
        let mut story = Story::new();
        story.say(ANNS);
        change(&mut story, BOBS, Kind::React, SAID, ("👍", true));
        change(&mut story, ANNS, Kind::React, SAID, ("👍", true));
        change(&mut story, BOBS, Kind::React, SAID, ("👍", false));
        change(&mut story, BOBS, Kind::Pin, SAID, ("", true));
        let users = vec![ANN];
        let present = Present {
            pinned: true,
            reactions: vec![Reaction {
                emoji: "👍".to_owned(),
                users,
            }],
            ..Present::default()
        };
        stands(&mut story, None, &present);
        story.end();
        story
    };
    assert_good(&reacted());
    let mut story = reacted();
    spoil_final(&mut story, |seen| seen.state = None);
    assert_bad(&story, &[Rule::I20], "otherwise than its changes made it");
    let mut story = reacted();
    story.spoil_told(BOBS, |what| {
        if let What::Final { conv, entries } = what {
            let (conv, mut entries) = (*conv, entries.clone());
            entries.iter_mut().for_each(|seen| seen.state = None);
            *what = What::Holds { conv, entries };
        }
    });
    let says: Vec<String> = story.judge().violations.into_iter().map(|one| one.says).collect();
    assert!(
        says.iter()
            .any(|says| says.contains("bob (device 1) holds at the end as 2")),
        "{says:#?}"
    );
}

/// MEM1: who came after a message is not told by an edit what it says now.
#[test]
fn i9_an_edit_tells_a_newcomer_nothing_of_what_was_before() {
    let newcomer = |told: Option<Digest>| {
        let mut story = Story::new();
        story.say(ANNS);
        story.change_members(ANNS, "add", &[CYD], &[]);
        let edit = change(&mut story, ANNS, Kind::Edit, SAID, ("", false));
        stands(&mut story, Some(MEANT), &edited(edit));
        for device in [CYDS, CYDS_EAR] {
            story.spoil_told(device, |what| match what {
                What::Heard { entry, .. } if entry.now.is_some() => entry.now = told,
                What::Shown { entries, .. } => {
                    entries
                        .iter_mut()
                        .filter(|seen| seen.now.is_some())
                        .for_each(|seen| seen.now = told);
                }
                _ => {}
            });
        }
        story.end();
        story
    };
    assert_good(&newcomer(None));
    assert_bad(&newcomer(Some(MEANT)), &[Rule::I9], "outside of their stays");
}

/// MEM2: who was removed is not told what an edit after that made of what they may read.
#[test]
fn i9_a_later_edit_is_not_told_to_who_was_removed() {
    let removed = |says: Digest| {
        let mut story = Story::new();
        story.say(ANNS);
        story.change_members(ANNS, "remove", &[], &[BOB]);
        let edit = change(&mut story, ANNS, Kind::Edit, SAID, ("", false));
        stands(&mut story, Some(MEANT), &edited(edit));
        story.end();
        spoil_final(&mut story, |seen| (seen.digest, seen.state) = (says, None));
        story
    };
    assert_good(&removed(1_001));
    assert_bad(&removed(MEANT), &[Rule::I9, Rule::I20], "outside of their stays");
}
