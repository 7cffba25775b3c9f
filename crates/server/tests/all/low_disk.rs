//! A disk that is nearly full: nothing new, and everything else.

use crate::frames::cursor;
use crate::front::{Call, Front};
use crate::harness::{House, config};
use protocol::Seq;
use protocol::refusal::Code;
use server::admin::{self, Answer, Request};
use server::config::{Config, SignUpPolicy};
use server::disk::Edge;
use std::sync::Arc;

/// Anybody may sign up.
fn open_to_all() -> Config {
    Config {
        sign_up: SignUpPolicy::Open,
        ..config()
    }
}

/// LOW1: while the disk is nearly full, sends are refused with 506 and a wait; the same send goes through once there is
/// room. Reading, cursors and beats go on all the while.
#[tokio::test(start_paused = true)]
async fn low1_a_full_disk_refuses_what_is_new_and_nothing_else() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let conv = house.direct(&mut a, &bob).await;
    a.ack(house.text(conv, "before")).await;
    let text = house.text(conv, "while");

    assert_eq!(house.node.disk.saw(Some(1)), Some(Edge::Low));
    let refusal = a.refused(text.clone()).await;
    assert_eq!(refusal.known(), Some(Code::LowDisk));
    assert!(
        refusal.retry && refusal.retry_after_ms.is_some_and(|ms| ms >= 1_000),
        "{refusal:?}"
    );
    assert_eq!(b.cursor(cursor(conv, Some(2), Some(2))).await.read, Seq(2));
    assert_eq!(b.log(conv, Seq(0)).await.to, Seq(2), "what is there can be read");
    b.beat().await;

    assert_eq!(house.node.disk.saw(Some(u64::MAX >> 1)), Some(Edge::Room));
    assert_eq!(a.ack(text).await.seq, Seq(3));
}

/// LOW1 OBS1: whoever looks is told: how much is free, that it is too little, and that the node serves all the same.
#[tokio::test]
async fn low1_a_full_disk_is_told() {
    let front = Front::open(open_to_all());
    let get = async |path: &'static str| front.call("GET", path, Call::default()).await;
    assert!(
        !get("/metrics").await.text.contains("tidings_disk_free_bytes "),
        "nobody has looked"
    );
    front.house.node.disk.saw(Some(12_345));
    let metrics = get("/metrics").await.text;
    for line in ["tidings_disk_free_bytes 12345", "tidings_disk_low 1"] {
        assert!(metrics.lines().any(|one| one == line), "{line} is not in\n{metrics}");
    }
    let ready = get("/readyz").await;
    assert_eq!(ready.status, 200);
    assert!(ready.text.contains("nearly full"), "{}", ready.text);
}

/// LOW1: a watch sees the disk fill and empty again, by whatever tells it.
#[tokio::test]
async fn low1_the_watch_sees_the_edges() {
    let house = House::start();
    let (free, _) = tokio::sync::watch::channel(u64::MAX >> 1);
    let told = free.subscribe();
    let watching = tokio::spawn(server::serve::watch_disk(Arc::clone(&house.node), move || {
        Ok(*told.borrow())
    }));
    let until = async |low: bool| {
        while house.node.disk.is_low() != low || house.node.disk.free_bytes().is_none() {
            tokio::task::yield_now().await;
        }
    };
    until(false).await;
    free.send_replace(0);
    until(true).await;
    free.send_replace(u64::MAX >> 1);
    until(false).await;
    watching.abort();
}

/// OPS1: a person is made to run the server, and no longer, from its own machine.
#[tokio::test]
async fn ops1_an_owner_is_made_by_the_admin_door() {
    let front = Front::open(open_to_all());
    let data = tempfile::tempdir().expect("a directory");
    let _door = admin::open(Arc::clone(&front.house.node), data.path()).expect("a door");
    front.sign_up("bob", None).await.signed_in();
    let make = async |handle: &str, owner: bool| {
        let handle = handle.to_owned();
        let answer = admin::ask(data.path(), &Request::MakeOwner { handle, owner }).await;
        answer.expect("an answer")
    };
    for owner in [true, true, false] {
        let Answer::User(user) = make("@bob", owner).await else {
            panic!("no user")
        };
        assert_eq!(user.owner, owner);
    }
    let Answer::Refused(refusal) = make("@nobody", true).await else {
        panic!("nobody owns nothing")
    };
    assert_eq!(refusal.known(), Some(Code::UnknownPerson));
}

/// BAK2: a store without backups of its own says so at the door, and a path that is not whole is refused.
#[tokio::test]
async fn bak2_what_cannot_be_backed_up_is_refused_at_the_door() {
    let front = Front::open(open_to_all());
    let data = tempfile::tempdir().expect("a directory");
    let _door = admin::open(Arc::clone(&front.house.node), data.path()).expect("a door");
    for (to, says) in [("relative/path", "absolute"), ("/nowhere/file", "own tools")] {
        let asked = Request::BackUp {
            to: to.into(),
            overwrite: false,
        };
        match admin::ask(data.path(), &asked).await.expect("an answer") {
            Answer::Refused(refusal) => assert!(refusal.say.contains(says), "{}", refusal.say),
            other => panic!("{other:?}"),
        }
    }
}
