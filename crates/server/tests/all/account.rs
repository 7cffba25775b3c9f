//! Who somebody is: what is kept of it, what ends it, and what it tells to strangers.

use crate::front::{Ear, Front, PASSWORD, person};
use crate::harness::config;
use futures_util::future::join_all;
use protocol::ClientFrame;
use protocol::client_frame::Beat;
use protocol::close::Close;
use protocol::refusal::Code;
use protocol::token::TokenText;
use serde_json::json;
use server::account;
use server::admin;
use server::bus::BusFaults;
use server::config::{Config, SignUpPolicy};
use std::time::Duration;

fn open() -> Config {
    Config {
        sign_up: SignUpPolicy::Open,
        ..config()
    }
}

fn code(code: Code) -> Option<u64> {
    Some(code as u64)
}

fn secret_of(token: &TokenText) -> String {
    token.expose().rsplit('.').next().expect("a secret").to_owned()
}

/// AUT1 SEC1: a whole life of an account is heard in the logs, and no secret and no body of it.
#[tokio::test]
async fn aut1_no_log_holds_a_secret() {
    let ear = Ear::default();
    let _listening = tracing::subscriber::set_default(ear.clone());
    let front = Front::open(config());
    let node = &front.house.node;
    let invite = account::first_invite(node)
        .await
        .expect("stats")
        .expect("the first invite");
    let ann = front.sign_up("ann", Some(&invite)).await.signed_in();
    let phone = front.sign_in("ann", PASSWORD).await.signed_in();
    let wrong = front.sign_in("ann", "not the password at all").await;
    assert_eq!(wrong.code(), code(Code::Unauthenticated));
    front
        .post(
            "/v1/sessions",
            &json!({"handle": "ann", "password": ["in a list of secrets"]}),
        )
        .await;
    front
        .post("/v1/accounts?token=in-the-address", &json!({"password": "in no shape"}))
        .await;
    let forged = TokenText::new(format!("{}.{}.{}", ann.user, ann.device, "ab".repeat(32)));
    assert_eq!(
        front
            .with(&forged, "GET", "/v1/devices?token=in-the-address")
            .await
            .status,
        401
    );
    let rotated = front.with(&phone.token, "POST", "/v1/token").await;
    let rotated = TokenText::new(rotated.json()["token"].as_str().expect("a token"));
    let mut line = front.house.connect(&person(&ann)).await;
    let bob = front.house.person("bob").await;
    let conv = front.house.direct(&mut line, &bob).await;
    line.ack(front.house.text(conv, "a body nobody else reads")).await;
    line.say_text(r#"{"t":"send","id":9,"text":"a body of no shape"}"#)
        .await;
    let ask = |text: &str| serde_json::from_str::<admin::Request>(text).expect("a request");
    let dir = tempfile::tempdir().expect("a directory");
    let door = admin::open(std::sync::Arc::clone(node), dir.path()).expect("the admin socket");
    let asked = ask(r#"{"ask":"reset-password","handle":"ann"}"#);
    let reset = admin::ask(dir.path(), &asked).await.expect("an answer");
    let admin::Answer::Password { password, .. } = &reset else {
        panic!("no password: {reset:?}")
    };
    line.close_code().await;
    drop(door);

    let heard = ear.heard();
    assert!(heard.contains(&ann.user.to_string()), "the ear hears nothing: {heard}");
    let secrets = [
        PASSWORD.to_owned(),
        invite.clone(),
        invite.replace('-', ""),
        secret_of(&ann.token),
        secret_of(&phone.token),
        secret_of(&rotated),
        secret_of(&forged),
        password.expose().to_owned(),
        "not the password at all".to_owned(),
        "in a list of secrets".to_owned(),
        "in no shape".to_owned(),
        "in-the-address".to_owned(),
        "a body".to_owned(),
    ];
    let shown = format!("{reset:?}{ann:?}{phone:?}");
    for secret in secrets {
        assert!(!heard.contains(&secret), "{secret} is in the log:\n{heard}");
        assert!(!shown.contains(&secret), "{secret} is in a debug print: {shown}");
    }
}

/// AUT1: what the store holds of an account lets nobody in.
#[tokio::test]
async fn aut1_only_hashes_are_kept() {
    let front = Front::open(config());
    let node = &front.house.node;
    let (invite, _) = account::mint_invite(node, false, 2, 1).await.expect("an invite");
    let ann = front.sign_up("ann", Some(&invite)).await.signed_in();
    let rotated = front.with(&ann.token, "POST", "/v1/token").await;
    let rotated = TokenText::new(rotated.json()["token"].as_str().expect("a token"));
    let user = front.house.store.user(ann.user).await.expect("read").expect("ann");
    let device = front
        .house
        .store
        .device(ann.user, ann.device)
        .await
        .expect("read")
        .expect("hers");
    let invites = front.house.store.invites(10).await.expect("read");
    assert!(
        user.password_hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{}",
        user.password_hash
    );
    assert_eq!((invites.len(), invites[0].uses_left), (1, 1));
    let next_hash = device.next_hash.expect("it is rotated");
    for token in [&ann.token, &rotated] {
        let secret = token.parse().expect("a token").secret;
        assert!(secret != device.secret_hash && secret != next_hash);
    }
    // Whoever stole the hashes tries them as secrets.
    for stolen in [device.secret_hash, next_hash] {
        let hex: String = stolen.iter().map(|byte| format!("{byte:02x}")).collect();
        let token = TokenText::new(format!("{}.{}.{hex}", ann.user, ann.device));
        assert_eq!(
            front.with(&token, "GET", "/v1/devices").await.code(),
            code(Code::Unauthenticated)
        );
    }
    assert_eq!(
        front.sign_in("ann", &user.password_hash).await.code(),
        code(Code::Unauthenticated)
    );
}

/// AUT2: signing the other devices out voids their tokens and closes their sockets at once; one's own goes on.
#[tokio::test]
async fn aut2_signing_out_voids_and_closes_at_once() {
    let front = Front::open(open());
    let laptop = front.sign_up("ann", None).await.signed_in();
    let phone = front.sign_in("ann", PASSWORD).await.signed_in();
    let tablet = front.sign_in("ann", PASSWORD).await.signed_in();
    let mut on_laptop = front.house.connect(&person(&laptop)).await;
    let mut on_phone = front.house.connect(&person(&phone)).await;
    // Not one hint arrives.
    front.house.bus_faults(BusFaults {
        lose_percent: 100,
        ..BusFaults::default()
    });
    let devices = front.with(&laptop.token, "GET", "/v1/devices").await.json();
    let listed = devices["devices"].as_array().expect("a list");
    let current: Vec<bool> = listed.iter().map(|one| one["current"] == true).collect();
    assert_eq!(current, [true, false, false]);

    let gone = front.with(&laptop.token, "POST", "/v1/devices/sign-out-others").await;
    assert_eq!(gone.json()["devices"], json!([phone.device, tablet.device]));
    assert_eq!(on_phone.close_code().await, Some(Close::Revoked.code()));
    for void in [&phone.token, &tablet.token] {
        assert_eq!(
            front.with(void, "GET", "/v1/devices").await.code(),
            code(Code::Unauthenticated)
        );
    }
    assert_eq!(front.with(&laptop.token, "GET", "/v1/devices").await.status, 200);
    on_laptop.inbox(protocol::Ver::ZERO).await;

    // One by its id; again is no error; somebody else's is not mine to end.
    let desk = front.sign_in("ann", PASSWORD).await.signed_in();
    let bob = front.sign_up("bob", None).await.signed_in();
    let path = format!("/v1/devices/{}", desk.device);
    assert_eq!(
        front.with(&bob.token, "DELETE", &path).await.json()["devices"],
        json!([])
    );
    assert_eq!(
        front.with(&desk.token, "GET", "/v1/devices").await.status,
        200,
        "it is still in"
    );
    assert_eq!(
        front.with(&laptop.token, "DELETE", &path).await.json()["devices"],
        json!([desk.device])
    );
    assert_eq!(
        front.with(&laptop.token, "DELETE", &path).await.json()["devices"],
        json!([])
    );

    // And oneself.
    assert_eq!(front.with(&laptop.token, "DELETE", "/v1/session").await.status, 200);
    assert_eq!(on_laptop.close_code().await, Some(Close::Revoked.code()));
    assert_eq!(front.with(&laptop.token, "GET", "/v1/devices").await.status, 401);
}

/// AUT2: a device that was signed out where nobody could tell this node finds out at its next heartbeat.
#[tokio::test]
async fn aut2_a_lost_hint_costs_a_heartbeat() {
    let front = Front::open(open());
    let ann = front.sign_up("ann", None).await.signed_in();
    let mut line = front.house.connect(&person(&ann)).await;
    let which = store::Which::One(ann.device);
    front.house.store.revoke_devices(ann.user, which).await.expect("done");
    line.say(&ClientFrame::Beat(Beat::default())).await;
    assert_eq!(line.close_code().await, Some(Close::Revoked.code()));
}

/// AUT3: the old token lives until the new one is first used, and not a request longer.
#[tokio::test]
async fn aut3_the_old_token_lives_until_the_new_one_is_used() {
    let front = Front::open(open());
    let ann = front.sign_up("ann", None).await.signed_in();
    let good = async |token: &TokenText| front.with(token, "GET", "/v1/devices").await.status == 200;
    let rotate = async |token: &TokenText| {
        let rotated = front.with(token, "POST", "/v1/token").await;
        TokenText::new(rotated.json()["token"].as_str().expect("a token"))
    };
    // The first answer is lost: the old token still gets another.
    let lost = rotate(&ann.token).await;
    assert!(good(&ann.token).await);
    let new = rotate(&ann.token).await;
    assert!(good(&ann.token).await, "the new one was not used yet");
    assert!(!good(&lost).await, "it was replaced before it was used");
    assert!(good(&new).await);
    assert!(!good(&ann.token).await, "the new one was used");
    assert!(good(&new).await);
    let device = front
        .house
        .store
        .device(ann.user, ann.device)
        .await
        .expect("read")
        .expect("hers");
    assert_eq!(device.next_hash, None);
}

/// AUT4: an unknown handle and a wrong password are told apart by nothing: not by a byte, not by the work done.
#[tokio::test]
async fn aut4_strangers_learn_nothing_from_signing_in() {
    let front = Front::open(open());
    front.sign_up("ann", None).await.signed_in();
    let passwords = &front.house.node.passwords;
    let mut answers = Vec::new();
    for handle in ["ann", "nobody"] {
        let before = passwords.computed();
        let heard = front.sign_in(handle, "a wrong password").await;
        answers.push((heard.status, heard.headers, heard.text, passwords.computed() - before));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!((answers[0].0, answers[0].3), (401, 1), "one hash each");
}

/// AUT4: without an invite nobody learns by signing up which handles there are.
#[tokio::test]
async fn aut4_strangers_learn_nothing_from_signing_up() {
    let front = Front::open(config());
    let (invite, _) = account::mint_invite(&front.house.node, false, 1, 1)
        .await
        .expect("an invite");
    front.sign_up("ann", Some(&invite)).await.signed_in();
    for (bad, why) in [
        (None, Code::InviteNeeded),
        (Some(invite.as_str()), Code::InviteInvalid),
        (Some("x"), Code::InviteInvalid),
    ] {
        let (taken, free) = (front.sign_up("ann", bad).await, front.sign_up("nobody", bad).await);
        assert_eq!(taken.code(), code(why));
        assert_eq!((taken.status, taken.text), (free.status, free.text));
    }
    let (invite, _) = account::mint_invite(&front.house.node, false, 1, 1)
        .await
        .expect("an invite");
    assert_eq!(
        front.sign_up("Ann", Some(&invite)).await.code(),
        code(Code::HandleTaken),
        "invited, one may know"
    );
    front.sign_up("bob", Some(&invite)).await.signed_in();
}

/// AUT5: twelve at once with an invite for five: exactly five get in, and each of those can come back.
#[tokio::test]
async fn aut5_an_invite_is_good_for_exactly_its_uses() {
    let front = Front::open(config());
    let (invite, _) = account::mint_invite(&front.house.node, false, 5, 1)
        .await
        .expect("an invite");
    let handles: Vec<String> = (0..12).map(|number| format!("person{number}")).collect();
    let answers = join_all(handles.iter().map(|handle| front.sign_up(handle, Some(&invite)))).await;
    let (mut inside, mut outside) = (0, 0);
    for (handle, answer) in handles.iter().zip(answers) {
        let back = front.sign_in(handle, PASSWORD).await;
        if answer.status == 201 {
            inside += 1;
            assert_eq!(back.status, 201);
            let user = front
                .house
                .store
                .user(answer.signed_in().user)
                .await
                .expect("read")
                .expect("a person");
            assert!(!user.owner);
        } else {
            outside += 1;
            assert_eq!(answer.code(), code(Code::InviteInvalid));
            assert_eq!(back.code(), code(Code::Unauthenticated));
        }
    }
    assert_eq!((inside, outside), (5, 7));
}

/// AUT5: an invite ends when it expires or is voided; without one nobody gets in, unless the server is open.
#[tokio::test(start_paused = true)]
async fn aut5_an_invite_ends() {
    let front = Front::open(config());
    let node = &front.house.node;
    let (short, expires_ms) = account::mint_invite(node, false, 9, 1).await.expect("an invite");
    let (long, _) = account::mint_invite(node, false, 9, 9).await.expect("an invite");
    front.sign_up("ann", Some(&short)).await.signed_in();
    tokio::time::advance(Duration::from_millis(expires_ms - node.clock.unix_ms() + 1)).await;
    assert_eq!(
        front.sign_up("bob", Some(&short)).await.code(),
        code(Code::InviteInvalid)
    );
    front.sign_up("bob", Some(&long.to_uppercase())).await.signed_in();
    let hash = account::invite_hash(&long).expect("an invite");
    assert!(front.house.store.revoke_invite(hash).await.expect("done"));
    assert_eq!(
        front.sign_up("cid", Some(&long)).await.code(),
        code(Code::InviteInvalid)
    );
    assert_eq!(front.sign_up("cid", None).await.code(), code(Code::InviteNeeded));

    let front = Front::open(open());
    front.sign_up("cid", None).await.signed_in();
    assert_eq!(
        front.sign_up("dan", Some("no invite")).await.code(),
        code(Code::InviteInvalid)
    );
}

/// AUT5: the first invite makes an owner; a start before it was used voids it and gives another; a later one gives
/// none.
#[tokio::test]
async fn aut5_the_first_one_in_owns_the_server() {
    let front = Front::open(config());
    let node = &front.house.node;
    let first = account::first_invite(node).await.expect("done").expect("an invite");
    // A sign-up that was cut off: the person is written, the handle is not claimed.
    let cut_off = store::NewUser {
        user: protocol::UserId::from_random([1; 16]),
        handle: "ann".to_owned(),
        name: "Ann".to_owned(),
        password_hash: String::new(),
        owner: true,
    };
    front.house.store.create_user(cut_off).await.expect("done");
    let second = account::first_invite(node).await.expect("done").expect("another");
    assert_eq!(
        front.sign_up("ann", Some(&first)).await.code(),
        code(Code::InviteInvalid)
    );
    let ann = front.sign_up("ann", Some(&second)).await.signed_in();
    let user = front.house.store.user(ann.user).await.expect("read").expect("ann");
    assert!(user.owner);
    assert_eq!(account::first_invite(node).await, Ok(None));
}

/// SEC2: what cannot be an account is refused by its number, and nothing is left behind.
#[tokio::test]
async fn sec2_what_is_no_account_is_refused() {
    let front = Front::open(open());
    let up = |change: (&str, serde_json::Value)| {
        let mut asked = json!({"handle": "ann", "name": "Ann", "password": PASSWORD, "device_name": "x"});
        asked[change.0] = change.1;
        asked
    };
    for (asked, why) in [
        (up(("handle", json!("a"))), Code::BadHandle),
        (up(("handle", json!("no spaces"))), Code::BadHandle),
        (up(("password", json!("short"))), Code::BadPassword),
        (up(("password", json!("x".repeat(1_025)))), Code::BadPassword),
        (up(("name", json!("  "))), Code::BadRequest),
        (up(("name", json!("x".repeat(129)))), Code::BadRequest),
        (up(("name", json!("a\u{0}b"))), Code::BadRequest),
        (up(("name", json!(null))), Code::BadRequest),
    ] {
        let heard = front.post("/v1/accounts", &asked).await;
        assert_eq!(heard.code(), code(why), "{asked}");
        assert_eq!(heard.status, why.http_status(), "{asked}");
    }
    assert_eq!(front.house.store.stats().await.expect("read").users, 0);
    // A device's name is only for its owner: it is cut, not refused, and never empty.
    let heard = front
        .post("/v1/accounts", &up(("device_name", json!("é\u{7}".repeat(200)))))
        .await;
    let ann = heard.signed_in();
    let device = front
        .house
        .store
        .device(ann.user, ann.device)
        .await
        .expect("read")
        .expect("hers");
    assert_eq!(device.name, "é".repeat(64));
}
