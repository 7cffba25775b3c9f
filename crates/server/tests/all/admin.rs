//! The door for whoever runs the server.

use crate::front::{Front, PASSWORD, person};
use crate::harness::config;
use protocol::close::Close;
use protocol::refusal::Code;
use server::admin::{self, Answer, Request, Told};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

fn open() -> (Front, TempDir, admin::Open) {
    let front = Front::open(config());
    let data = tempfile::tempdir().expect("a directory");
    let door = admin::open(Arc::clone(&front.house.node), data.path()).expect("a door");
    (front, data, door)
}

async fn invite(data: &TempDir, owner: bool, uses: u32) -> String {
    let asked = Request::Invite { owner, uses, days: 7 };
    match admin::ask(data.path(), &asked).await.expect("an answer") {
        Answer::Invite { invite, .. } => invite.expose().to_owned(),
        other => panic!("no invite: {other:?}"),
    }
}

/// AUT5: invites are made, listed without their text, and revoked by what the list calls them.
#[tokio::test]
async fn aut5_invites_are_made_listed_and_revoked() {
    let (front, data, _door) = open();
    let ask = async |request: Request| admin::ask(data.path(), &request).await.expect("an answer");
    let (one, two) = (invite(&data, false, 3).await, invite(&data, true, 1).await);
    front.sign_up("ann", Some(&one)).await.signed_in();
    let Answer::Invites { invites } = ask(Request::Invites).await else {
        panic!("no list")
    };
    let mut listed: Vec<_> = invites.iter().map(|one| (one.owner, one.uses_left)).collect();
    listed.sort_unstable();
    assert_eq!(listed, [(false, 2), (true, 1)]);
    let shown = serde_json::to_string(&invites).expect("JSON");
    assert!(!shown.contains(&one) && !shown.contains(&two), "{shown}");

    let plain = invites.iter().find(|one| !one.owner).expect("the plain one");
    for (named, revoked) in [
        (plain.id.clone(), true),
        (plain.id.clone(), false),
        (two.clone(), true),
        (two.clone(), false),
    ] {
        let invite = Told::new(named);
        assert_eq!(ask(Request::RevokeInvite { invite }).await, Answer::Revoked { revoked });
    }
    for gone in [&one, &two] {
        assert_eq!(
            front.sign_up("bob", Some(gone)).await.code(),
            Some(Code::InviteInvalid as u64)
        );
    }
    for (uses, days) in [(0, 1), (1, 0), (u32::MAX, 1), (1, u32::MAX)] {
        let owner = false;
        let refused = ask(Request::Invite { owner, uses, days }).await;
        assert!(
            matches!(&refused, Answer::Refused(r) if r.known() == Some(Code::BadRequest)),
            "{refused:?}"
        );
    }
}

/// AUT2: a reset password is told once, is good, ends the old one, and closes every live socket of its person.
#[tokio::test]
async fn aut2_a_reset_password_ends_everything_older() {
    let (front, data, _door) = open();
    let ask = async |request: Request| admin::ask(data.path(), &request).await.expect("an answer");
    let code = invite(&data, false, 2).await;
    let ann = front.sign_up("ann", Some(&code)).await.signed_in();
    let bob = front.sign_up("bob", Some(&code)).await.signed_in();
    let mut line = front.house.connect(&person(&ann)).await;
    let handle = "@Ann".to_owned();
    let Answer::User(user) = ask(Request::User { handle: handle.clone() }).await else {
        panic!("nobody")
    };
    assert_eq!(
        (user.user, user.handle.as_str(), user.devices, user.connected),
        (ann.user, "ann", 1, true)
    );

    let Answer::Password { password, signed_out } = ask(Request::ResetPassword { handle: handle.clone() }).await else {
        panic!("no password")
    };
    assert_eq!(signed_out, [ann.device]);
    assert_eq!(line.close_code().await, Some(Close::Revoked.code()));
    assert_eq!(front.with(&ann.token, "GET", "/v1/devices").await.status, 401);
    assert_eq!(front.with(&bob.token, "GET", "/v1/devices").await.status, 200);
    assert_eq!(front.sign_in("ann", PASSWORD).await.status, 401);
    let back = front.sign_in("ann", password.expose()).await.signed_in();

    let Answer::Devices { devices } = ask(Request::Devices { handle: handle.clone() }).await else {
        panic!("no devices")
    };
    assert_eq!(devices.iter().map(|one| one.device).collect::<Vec<_>>(), [back.device]);
    let device = Some(back.device);
    let gone = ask(Request::SignOut {
        handle: handle.clone(),
        device,
    })
    .await;
    assert_eq!(
        gone,
        Answer::SignedOut {
            devices: vec![back.device]
        }
    );
    let gone = ask(Request::SignOut { handle, device: None }).await;
    assert_eq!(gone, Answer::SignedOut { devices: vec![] });

    let nobody = "nobody".to_owned();
    let refused = ask(Request::ResetPassword { handle: nobody }).await;
    assert!(
        matches!(&refused, Answer::Refused(r) if r.known() == Some(Code::UnknownPerson)),
        "{refused:?}"
    );
    let Answer::Stats(stats) = ask(Request::Stats).await else {
        panic!("no stats")
    };
    assert_eq!((stats.users, stats.devices, stats.sessions), (2, 1, 0));
}

/// SEC2: only its owner can open the socket; a dead one is replaced; nonsense gets a refusal, and the next line its
/// answer.
#[tokio::test]
async fn sec2_the_socket_is_its_owners_alone() {
    let front = Front::open(config());
    let data = tempfile::tempdir().expect("a directory");
    let nobody = admin::ask(data.path(), &Request::Stats).await.expect_err("no server");
    assert_eq!(nobody.kind(), ErrorKind::NotFound);
    // What a server that was killed leaves behind.
    let path = data.path().join(admin::FILE);
    drop(std::os::unix::net::UnixListener::bind(&path).expect("bound"));
    let dead = admin::ask(data.path(), &Request::Stats)
        .await
        .expect_err("nobody listens");
    assert_eq!(dead.kind(), ErrorKind::ConnectionRefused);

    let door = admin::open(Arc::clone(&front.house.node), data.path()).expect("a door");
    let mode = std::fs::metadata(&path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut socket = BufReader::new(UnixStream::connect(&path).await.expect("connected"));
    for (line, answer) in [
        ("canary", "refused"),
        (r#"{"ask":"canary"}"#, "refused"),
        (r#"{"ask":"invite","uses":"canary"}"#, "refused"),
        (r#"{"ask":"stats"}"#, "stats"),
    ] {
        socket.write_all(format!("{line}\n").as_bytes()).await.expect("written");
        let mut heard = String::new();
        socket.read_line(&mut heard).await.expect("read");
        assert!(heard.contains(&format!("\"answer\":\"{answer}\"")), "{line}: {heard}");
        assert!(!heard.contains("canary"), "{heard}");
    }
    // A line without an end does not fill the memory: the connection is closed.
    let flood = vec![b'x'; usize::try_from(admin::LINE_BYTES_MAX).expect("fits") + 1];
    let _ = socket.write_all(&flood).await;
    let mut heard = String::new();
    let closed = socket.read_line(&mut heard).await;
    assert!(closed.is_err() || heard.is_empty(), "{heard}");

    drop(door);
    assert!(!path.exists(), "a server that stops takes its socket along");
}

/// BND1: everybody who has an account is listed, in order, in pages of a bounded size.
#[tokio::test]
async fn bnd1_people_are_listed_in_pages() {
    let (front, data, _door) = open();
    let mut expected = Vec::new();
    for number in 0..205 {
        let handle = format!("p{number:03}");
        front.house.person(&handle).await;
        expected.push(handle);
    }
    let (mut after, mut sizes, mut listed) = (None, Vec::new(), Vec::new());
    loop {
        let asked = Request::Users { after };
        let Answer::Users { users, more } = admin::ask(data.path(), &asked).await.expect("an answer") else {
            panic!("no list")
        };
        sizes.push(users.len());
        listed.extend(users.into_iter().map(|one| one.handle));
        after = listed.last().cloned();
        if !more {
            break;
        }
    }
    assert_eq!(listed, expected);
    assert_eq!(sizes, [200, 5]);
}

/// PPL5: an account that is shut here is out at once, signs in nowhere with any password, and its token is good for
/// nothing at any door; it comes back with a new sign-in.
#[tokio::test]
async fn ppl5_an_account_is_shut_and_opened_again() {
    let (front, data, _door) = open();
    let ask = async |request: Request| admin::ask(data.path(), &request).await.expect("an answer");
    let code = invite(&data, false, 2).await;
    let bob = front.sign_up("bob", Some(&code)).await.signed_in();
    let mut line = front.house.connect(&person(&bob)).await;
    let handle = || "bob".to_owned();
    let shut = ask(Request::Deactivate { handle: handle() }).await;
    assert!(
        matches!(&shut, Answer::SignedOut { devices } if *devices == [bob.device]),
        "{shut:?}"
    );
    assert_eq!(line.close_code().await, Some(Close::Revoked.code()));
    let refused = front.sign_in("bob", PASSWORD).await;
    assert_eq!(
        (refused.status, refused.code()),
        (403, Some(Code::Deactivated as u64)),
        "{refused:?}"
    );
    let wrong = front.sign_in("bob", "not the password").await;
    assert_eq!(
        wrong.code(),
        Some(Code::Unauthenticated as u64),
        "who knows no password learns nothing"
    );
    let by_token = front.with(&bob.token, "GET", "/v1/devices").await;
    assert_eq!(by_token.code(), Some(Code::Unauthenticated as u64));
    let Answer::User(user) = ask(Request::User { handle: handle() }).await else {
        panic!("no user")
    };
    assert!(user.deactivated && user.name == "bob");
    ask(Request::Reactivate { handle: handle() }).await;
    front.sign_in("bob", PASSWORD).await.signed_in();
}

/// PPL6: whoever runs the server reads what was reported, with the copy, and closes it; then it is gone.
#[tokio::test]
async fn ppl6_reports_are_read_and_closed() {
    let (front, data, _door) = open();
    let ask = async |request: Request| admin::ask(data.path(), &request).await.expect("an answer");
    let code = invite(&data, false, 2).await;
    let ann = person(&front.sign_up("ann", Some(&code)).await.signed_in());
    let bob = person(&front.sign_up("bob", Some(&code)).await.signed_in());
    let (mut a, mut b) = (front.house.connect(&ann).await, front.house.connect(&bob).await);
    let conv = front.house.direct(&mut b, &ann).await;
    let seq = b.ack(front.house.text(conv, "canary")).await.seq;
    let report = protocol::people::Report {
        send_id: front.house.send_id(),
        conv,
        user: bob.user,
        seqs: vec![seq],
        why: "watches".to_owned(),
    };
    a.ask(protocol::ClientFrame::Report(report)).await;
    let Answer::Reports { reports, more: false } = ask(Request::Reports { after: None }).await else {
        panic!("no reports")
    };
    let told = serde_json::to_string(&reports).expect("JSON");
    assert!(
        reports.len() == 1 && told.contains("canary") && told.contains("watches"),
        "{told}"
    );
    let number = reports[0].number;
    for closed in [true, false] {
        assert_eq!(ask(Request::CloseReport { number }).await, Answer::Closed { closed });
    }
    let none = ask(Request::Reports { after: None }).await;
    assert!(
        matches!(&none, Answer::Reports { reports, .. } if reports.is_empty()),
        "{none:?}"
    );
}
