//! Coming into a group from outside: by a link, with and without an account, and by being let in.

use crate::served::Served;
use crate::typist::{Running, Typist};

/// A server that wants invites, and its first person with a group of hers open.
async fn a_group() -> (Served, Typist, Running) {
    let served = Served::by_invite().await;
    let ann = Typist::new();
    let line = served.first_line().join(" ").replace("YOUR_HANDLE", "ann");
    let words: Vec<&str> = line.split(' ').skip(1).collect();
    let mut chat = ann.start(&words);
    chat.hears("You are @ann").await;
    chat.types("/group Choir @ann").await;
    chat.hears("you made the group Choir").await;
    (served, ann, chat)
}

/// Makes a link into the open group, as somebody would pass it on.
async fn link(served: &Served, chat: &mut Running, how: &str) -> String {
    chat.types(how).await;
    let token = chat.hears(".").await;
    chat.hears("Whoever has this can /join").await;
    format!("http://{}/j/#{}", served.address, token.trim())
}

/// LNK4: whoever has a link needs no invite: one command makes their account and brings them in. Who comes too late to
/// join has an account and is told; who has one already joins by the same flag.
#[tokio::test]
async fn lnk4_one_command_signs_up_and_joins() {
    let (served, _ann, mut ann_chat) = a_group().await;
    let first = link(&served, &mut ann_chat, "/link 1").await;
    let (bob, cid) = (Typist::new(), Typist::new());
    let mut bob_chat = bob.start(&["chat", "--sign-up", "bob", "--join", &first]);
    bob_chat.hears("You are in Choir now").await;
    bob_chat.types("hello").await;
    ann_chat.hears("bob: hello").await;
    let why = cid.fails(&["chat", "--sign-up", "cid", "--join", &first], "").await;
    assert!(why.contains("is used up"), "{why}");
    let why = cid.fails(&["chat", "--join", &first], "").await;
    assert!(why.contains("--sign-up THE_HANDLE_YOU_WANT"), "{why}");
    let why = cid
        .fails(
            &[
                "chat",
                "--sign-up",
                "cid",
                "--join",
                &first,
                "--server",
                "http://127.0.0.1:1",
            ],
            "",
        )
        .await;
    assert!(why.contains("the link leads to http://127.0.0.1"), "{why}");

    let second = link(&served, &mut ann_chat, "/link 1").await;
    let mut cid_chat = cid.start(&["chat", "--sign-up", "cid", "--join", &second]);
    cid_chat.hears("You are in Choir now").await;
    cid_chat.types("/quit").await;
    assert_eq!(cid_chat.ends().await.0, Some(0));
    let mut cid_chat = cid.start(&["chat", "--join", &first]);
    cid_chat.hears("You are @cid here, but not in that group").await;
}

/// LNK6: whoever may let others in is told who asks, and what to type; who asked comes in, or does not.
#[tokio::test]
async fn lnk6_who_asks_is_told_to_who_may_let_them_in() {
    let (served, ann, mut ann_chat) = a_group().await;
    ann_chat.types("/approve on").await;
    ann_chat.hears("made joining need approval").await;
    let link = link(&served, &mut ann_chat, "/link").await;
    let (bob, cid) = (Typist::new(), Typist::new());
    let mut bob_chat = bob.start(&["chat", "--sign-up", "bob", "--join", &link]);
    bob_chat.hears("You have asked to be let into Choir").await;
    let told = ann_chat.hears("asks to come into Choir").await;
    assert!(told.ends_with("bob asks to come into Choir: /admit @bob"), "{told}");
    ann_chat.types("/requests").await;
    ann_chat.hears("@bob, since").await;
    ann_chat.types("/admit @bob").await;
    bob_chat.hears("Choir").await;
    // Who was not there when somebody asked is told on coming back.
    ann_chat.types("/quit").await;
    assert_eq!(ann_chat.ends().await.0, Some(0));
    let mut cid_chat = cid.start(&["chat", "--sign-up", "cid", "--join", &link]);
    cid_chat.hears("You have asked to be let into Choir").await;
    let mut ann_chat = ann.start(&["chat"]);
    let told = ann_chat.hears("asks to come into Choir").await;
    assert!(
        told.ends_with("cid asks to come into Choir: /open 1, then /admit @cid"),
        "{told}"
    );
    ann_chat.types("/list").await;
    ann_chat.hears("one asks to be let in").await;
    ann_chat.types("/open 1").await;
    ann_chat.types("/admit @cid no").await;
    // The answer is on its way when the next line is typed.
    loop {
        ann_chat.types("/requests").await;
        if ann_chat.hears("").await.contains("Nobody asks to be let in") {
            break;
        }
    }
}
