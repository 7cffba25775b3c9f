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
