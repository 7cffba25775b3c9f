//! What the crowd makes of a log and of an inbox: the verdict believes it.

use super::calm::{Held, Truth, lack};
use super::finish::logged;
use crate::history::{InboxRow, digest};
use protocol::server_frame::Role;
use protocol::{ConversationId, Entry, Generation, Kind, MessageId, Ordinal, SendId, Seq, UserId};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

const ANN: UserId = UserId::from_bytes([1; 16]);
const BOB: UserId = UserId::from_bytes([2; 16]);
const CONV: ConversationId = ConversationId::from_bytes([9; 16]);

fn entry(kind: Kind, body: &str) -> Entry {
    Entry {
        seq: Seq(1),
        ord: Ordinal(0),
        id: MessageId::from_bytes([3; 16]),
        sender: ANN,
        send_id: SendId::from_bytes([4; 16]),
        created_ms: 1,
        kind,
        body: Arc::from(RawValue::from_string(body.to_owned()).expect("JSON")),
        rev: None,
        target_seq: None,
        reply_to: None,
        thread: None,
        edited: None,
        deleted_by: None,
        pinned: false,
        reactions: Vec::new(),
        now: None,
    }
}

#[test]
fn a_log_says_who_comes_and_who_goes() {
    let users = format!(r#"["{ANN}","{BOB}"]"#);
    let cases = [
        (
            Kind::Created,
            format!(r#"{{"title":"t","members":{users}}}"#),
            vec![ANN, BOB],
            vec![],
        ),
        (Kind::Added, format!(r#"{{"users":["{BOB}"]}}"#), vec![BOB], vec![]),
        (Kind::Removed, format!(r#"{{"user":"{BOB}"}}"#), vec![], vec![BOB]),
        (Kind::Left, "{}".to_owned(), vec![], vec![ANN]),
        (Kind::Text, r#"{"text":"hi"}"#.to_owned(), vec![], vec![]),
    ];
    for (kind, body, comes, goes) in cases {
        let logged = logged(&entry(kind.clone(), &body));
        assert_eq!((logged.comes, logged.goes), (comes, goes), "{kind}");
        assert_eq!(logged.digest, digest(&body), "{kind}: by its source");
    }
}

fn row() -> InboxRow {
    InboxRow {
        conv: CONV,
        head_seq: Seq(5),
        head_ord: Ordinal(4),
        read_seq: Seq(3),
        generation: Generation(0),
        unread: 2,
        mentions: 0,
        role: Some(Role::Member),
        own: 0,
        threads: Vec::new(),
        settings: 0,
    }
}

fn held() -> Held {
    Held {
        rows: BTreeMap::from([(CONV, row())]),
        myself: 6,
        ends: BTreeMap::from([(CONV, Seq(5))]),
        reads: BTreeMap::from([(CONV, (Generation(0), Seq(3)))]),
        quiet: true,
    }
}

#[test]
fn a_device_lacks_nothing_only_if_it_holds_all_that_is_so() {
    let (rows, myself) = (BTreeMap::from([(CONV, row())]), 6);
    let fresh = Some(Truth { rows, myself });
    assert_eq!(lack(&held(), &fresh), None);
    assert!(lack(&held(), &None).is_some(), "nobody says what is so");
    let spoiled: [fn(&mut Held); 6] = [
        |held| held.myself = 5,
        |held| held.quiet = false,
        |held| held.rows.clear(),
        |held| held.rows.values_mut().for_each(|row| row.unread = 1),
        |held| held.ends.values_mut().for_each(|end| *end = Seq(4)),
        |held| held.reads.values_mut().for_each(|(_, read)| *read = Seq(4)),
    ];
    for (number, spoil) in spoiled.into_iter().enumerate() {
        let mut held = held();
        spoil(&mut held);
        assert!(lack(&held, &fresh).is_some(), "spoiled by {number}");
    }
}
