//! I18: drafts that two devices of one person write over each other.

use crate::story::*;
use protocol::limits::KEPT_DRAFTS_MAX;
use swarm::history::{Device, DeviceKind, Digest, What};
use swarm::verdict::Rule;

/// Another device of Bob's.
const BOBS_PHONE: Device = 3;

fn drafted(text: Digest, over: Option<Digest>) -> What {
    What::Drafted { conv: CONV, text, over }
}

fn draft(now: Option<Digest>, kept: &[Digest]) -> What {
    What::Draft {
        conv: CONV,
        now,
        kept: kept.to_vec(),
    }
}

/// Bob begins to write on his laptop and on his phone, which does not know it; at the end this stands there.
fn two_devices(now: Option<Digest>, kept: &[Digest]) -> Story {
    let mut story = Story::good();
    let phone = What::Device {
        user: BOB,
        name: "bob".to_owned(),
        kind: DeviceKind::Fresh,
        slow: false,
    };
    story.push(Some(BOBS_PHONE), phone);
    story.push(Some(BOBS), drafted(1, None));
    story.push(Some(BOBS_PHONE), drafted(2, None));
    story.push(Some(BOBS), draft(now, kept));
    story
}

#[test]
fn i18_what_was_overwritten_unknown_is_lost() {
    assert_good(&two_devices(Some(2), &[1]));
    assert_good(&two_devices(Some(1), &[2]));
    assert_bad(&two_devices(Some(2), &[]), &[Rule::I18], "lost draft");
    assert_bad(&two_devices(None, &[2]), &[Rule::I18], "lost draft");
}

#[test]
fn i18_what_was_replaced_knowingly_or_is_too_old_is_not_lost() {
    let mut story = two_devices(Some(3), &[1]);
    story.push(Some(BOBS_PHONE), drafted(3, Some(2)));
    assert_good(&story);
    let many: Vec<Digest> = (10..).take(KEPT_DRAFTS_MAX).collect();
    assert_good(&two_devices(Some(2), &many));
}

#[test]
fn i18_what_a_device_forgot_before_it_was_said_is_nobodys_fault() {
    let mut story = two_devices(Some(1), &[]);
    assert_bad(&story, &[Rule::I18], "lost draft");
    story.push(Some(BOBS_PHONE), What::Forgets);
    assert_good(&story);
}
