//! Migrations, on databases that older programs wrote: `tests/fixtures/v1.sql` is what [`history`] left in a store of
//! schema version 1, `v2.sql` what that and [`once`] left in one of version 2. Later versions add their own file; none
//! is ever made anew.

use super::{Inline, options};
use crate::scene::{Hands, Scene, still};
use protocol::{ConversationId, DeviceId, DeviceSeq, Seq, UserId, Ver};
use rusqlite::Connection;
use store::sqlite::{FILE, SCHEMA_VERSION};
use store::{
    Appended, Bumped, ClaimHandle, CursorMove, Device, Entry, Invite, Mail, MemberChange, NewDevice, NewMail, NewUser,
    Receipt, Reply, Store, TailPage, Topic,
};
use tempfile::TempDir;

const V1: &str = include_str!("../../fixtures/v1.sql");
const V2: &str = include_str!("../../fixtures/v2.sql");

/// The people of the story and what they hold.
struct Story {
    people: [UserId; 3],
    phone: DeviceId,
    group: ConversationId,
    direct: ConversationId,
    /// The answers to every change of a log.
    told: Vec<Appended>,
}

impl Inline {
    fn all<T: Unpin>(&mut self, replies: Vec<Reply<T>>) -> Vec<T> {
        replies.into_iter().map(|reply| self.done(reply)).collect()
    }
}

/// Something of everything that version 1 keeps. Every call is one that may be repeated.
fn history(inline: &mut Inline, scene: &mut Scene) -> Story {
    let people = [scene.user_id(), scene.user_id(), scene.user_id()];
    let [ann, bob, cid] = people;
    let store = inline.store.clone();
    let accounts = people.iter().enumerate().map(|(n, user)| {
        store.create_user(NewUser {
            user: *user,
            handle: format!("person{n}"),
            name: format!("Pérsön {n}"),
            password_hash: "none".into(),
            owner: n == 0,
        })
    });
    inline.all(accounts.collect());
    let phone = scene.device_id();
    let device = NewDevice {
        user: ann,
        device: phone,
        name: "a phone".into(),
        secret_hash: [5; 32],
    };
    inline.done(store.add_device(device));
    let invite = Invite {
        hash: [6; 32],
        owner: false,
        uses_left: 3,
        expires_ms: u64::MAX >> 12,
        created_ms: 1,
    };
    inline.done(store.add_invite(invite));
    let claim = ClaimHandle {
        handle: "person0".into(),
        user: ann,
        invite: Some([6; 32]),
    };
    inline.done(store.claim_handle(claim));

    let mut told = Vec::new();
    let group = scene.create_group(&[ann, bob]);
    let direct = scene.create_direct(ann, bob);
    let (group_id, direct_id) = (group.conv, direct.conv);
    told.extend(inline.all(vec![store.create(group), store.create(direct)]));
    for n in 0..20 {
        let mut append = scene.text(group_id, if n % 3 == 0 { bob } else { ann }, &format!("{n} grüße 🎉"));
        append.mentions = store::Mentions::People(vec![bob]);
        append.reply_to = (n > 4).then_some(Seq(n));
        told.push(inline.done(store.append(append)));
    }
    let add = scene.change(group_id, ann, MemberChange::Add(vec![cid]));
    let remove = scene.change(group_id, ann, MemberChange::Remove(bob));
    told.extend(inline.all(vec![store.change_members(add), store.change_members(remove)]));
    let last = scene.text(direct_id, bob, "bye");
    told.push(inline.done(store.append(last)));
    Story {
        people,
        phone,
        group: group_id,
        direct: direct_id,
        told,
    }
}

/// What only happens once: cursors, fan-out, mail.
fn once(inline: &mut Inline, story: &Story) -> Vec<Bumped> {
    let store = inline.store.clone();
    let read = CursorMove {
        read: Some(Seq(2)),
        ..still(story.direct, story.people[0])
    };
    assert!(inline.done(store.move_cursors(vec![read]))[0].is_ok());
    let rows = inline.done(store.inbox_rows(story.group));
    let bumped = inline.done(store.bump(rows.rows));
    inline.done(store.settle(story.group, rows.mark.expect("dirty")));
    for n in 0..3 {
        let mail = NewMail {
            user: story.people[0],
            device: story.phone,
            kind: "welcome".into(),
            body: vec![n; 9].into(),
        };
        inline.done(store.put_mail(mail));
    }
    inline.done(store.ack_mail(story.people[0], story.phone, DeviceSeq(1)));
    bumped
}

/// Everything that can be read of the story.
#[derive(Debug, PartialEq)]
struct Seen {
    tails: Vec<TailPage>,
    inboxes: Vec<(Ver, Vec<(Ver, Topic)>)>,
    receipts: Vec<Receipt>,
    dirty: Vec<ConversationId>,
    devices: Vec<Device>,
    mail: Vec<Mail>,
    names: Vec<String>,
    invites: Vec<Invite>,
}

fn look(inline: &mut Inline, story: &Story) -> Seen {
    let store = inline.store.clone();
    let [ann, bob, cid] = story.people;
    let mut tails = inline.all(vec![
        store.tail(story.group, Some(Seq(0)), 100),
        store.tail(story.direct, Some(Seq(0)), 100),
    ]);
    // How ids are made may change; that those which were told stay is looked at apart.
    let nameless = |entry: &mut Entry| entry.id = protocol::MessageId::from_bytes([0; 16]);
    tails.iter_mut().flat_map(|tail| &mut tail.entries).for_each(nameless);
    let inboxes = inline.all([ann, bob, cid].map(|user| store.inbox(user, Ver::ZERO)).into());
    let dirty = inline.done(store.dirty(10));
    Seen {
        tails,
        inboxes: inboxes.into_iter().map(|page| (page.to, page.rows)).collect(),
        receipts: inline.done(store.receipts(ann, story.direct, Seq(2))),
        dirty: dirty.into_iter().map(|dirty| dirty.conv).collect(),
        devices: inline.done(store.devices(ann)),
        mail: inline.done(store.mail(ann, story.phone, DeviceSeq(0), 10)),
        names: inline
            .done(store.people(vec![ann, bob, cid]))
            .into_iter()
            .map(|person| person.name)
            .collect(),
        invites: inline.done(store.invites(10)),
    }
}

/// DUR7, IDM1: a store that an older program wrote is brought to the present schema with everything in it, knows every
/// send_id it knew, and goes on.
#[test]
fn dur7_an_old_store_is_migrated_whole() {
    migrate(1, V1);
    migrate(2, V2);
}

fn migrate(written_by: u32, left: &str) {
    let hands = Hands::new();
    let dir = TempDir::new().expect("a directory");
    let conn = Connection::open(dir.path().join(FILE)).expect("a file");
    conn.execute_batch(left).expect("the old store");
    let version: u32 = conn
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .expect("a version");
    assert_eq!(version, written_by);
    let ids: Vec<[u8; 16]> = conn
        .prepare("SELECT message_id FROM log ORDER BY id")
        .and_then(|mut all| all.query_map([], |row| row.get(0))?.collect())
        .expect("ids");
    drop(conn);

    let mut old = Inline::open_in(dir, options(&hands));
    let story = history(&mut old, &mut Scene::new(crate::scene::model));
    assert!(story.told.iter().all(|told| told.dup), "all of it was known");
    let mut again: Vec<_> = story.told.iter().map(|told| told.entry.clone()).collect();
    again.sort_by_key(|entry| (entry.conv != story.group, entry.seq));
    let again: Vec<[u8; 16]> = again.iter().map(|entry| *entry.id.as_bytes()).collect();
    assert_eq!(again, ids, "what was told keeps its name");

    let mut new = Inline::open(options(&hands));
    let told = history(&mut new, &mut Scene::new(crate::scene::model));
    once(&mut new, &told);
    assert_eq!(look(&mut old, &story), look(&mut new, &told));

    let mut old = old.reopen();
    let conn = Connection::open(old.dir().join(FILE)).expect("the file");
    let version: u32 = conn
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .expect("a version");
    assert_eq!(version, SCHEMA_VERSION);
    let check: String = conn
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("a verdict");
    assert_eq!(check, "ok");
    let mut scene = Scene::new(crate::scene::model);
    for _ in 0..200 {
        scene.send_id();
    }
    let append = scene.text(story.direct, story.people[0], "it goes on");
    let reply = old.store.append(append);
    assert_eq!(old.done(reply).entry.seq, Seq(3));
}
