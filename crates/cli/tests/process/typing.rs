//! Every command of a chat is typed once by somebody, and its answer heard.

use crate::screen::Seat;
use crate::served::Served;
use crate::terminal::two_people;
use crate::typist::{Running, Typist};

/// Types each line and hears what follows it, in order.
async fn answers(chat: &mut Running, lines: &[(&str, &str)]) {
    for (line, answer) in lines {
        chat.types(line).await;
        chat.hears(answer).await;
    }
}

/// RGT2: what is typed about a group is said to everybody in it.
#[tokio::test]
async fn the_commands_of_a_group() {
    let (_served, (_ann, mut ann), (_bob, mut bob)) = two_people().await;
    ann.types("/group Choir @bob").await;
    bob.hears("[2] Choir").await;
    answers(&mut bob, &[("/open Choir", "── Choir")]).await;
    for (line, said) in [
        ("/title Chamber choir", "called the group Chamber choir"),
        ("/describe Mondays", "described it: Mondays"),
        ("/newcomers all", "opened its past to newcomers"),
        ("/slow 30", "set slow mode: 30 s"),
        ("/slow 0", "ended slow mode"),
        ("/announce on", "let only admins write"),
    ] {
        ann.types(line).await;
        bob.hears(said).await;
    }
    answers(&mut bob, &[("may I?", "Not sent: may I?")]).await;
    ann.types("/role @bob admin").await;
    bob.hears("made you").await;
    bob.types("now I may").await;
    ann.hears("bob: now I may").await;
    ann.types("/announce off").await;
    bob.hears("let everybody write").await;
    answers(
        &mut ann,
        &[
            ("/link 3", "Whoever has this can /join"),
            ("/links", "for 3 more"),
            ("/unlink 1", "That link is void"),
            ("/links", "There is no link that can be used"),
            ("/history 5", "──"),
            ("/read", "is read"),
            ("/who", "@bob"),
        ],
    )
    .await;
}

/// CHG4: what is typed about a message is seen by who reads it.
#[tokio::test]
async fn the_commands_of_a_message() {
    let (_served, (_ann, mut ann), (_bob, mut bob)) = two_people().await;
    bob.types("shall we?").await;
    ann.hears("bob: shall we?").await;
    for (line, said) in [
        ("/react 👍", "👍"),
        ("/unreact 👍", "changed: "),
        ("/reply why not", "ann: why not"),
    ] {
        ann.types(line).await;
        bob.hears(said).await;
    }
    // Once as it was typed, and once with a tick: then it can be pinned.
    ann.hears("you: why not").await;
    ann.hears(": why not").await;
    ann.types("/pin").await;
    bob.hears("(pinned)").await;
    answers(&mut ann, &[("/pins", "why not")]).await;
    for (line, said) in [("/unpin", "changed: "), ("/edit why ever not", "why ever not (edited)")] {
        ann.types(line).await;
        bob.hears(said).await;
    }
    answers(&mut ann, &[("/was", "why not")]).await;
    ann.types("/delete").await;
    bob.hears("deleted this message").await;
    answers(&mut ann, &[("/forward @bob", "Passed on to @bob")]).await;
    bob.hears("shall we?").await;
}

/// OWN1: what is typed about what is one's own is done, and said.
#[tokio::test]
async fn the_commands_of_ones_own() {
    let (_served, (ann_home, mut ann), (_bob, mut bob)) = two_people().await;
    bob.types("hello").await;
    ann.hears("bob: hello").await;
    answers(
        &mut ann,
        &[
            ("/mute week", "muted until"),
            ("/mute off", "no longer muted"),
            ("/archive", "out of the way"),
            ("/archive off", "back in the list"),
            ("/pin-chat", "at the top of the list"),
            ("/pin-chat off", "among the others"),
            ("/star", "Starred: hello"),
        ],
    )
    .await;
    // What was just said of one's own is answered before one goes.
    assert_eq!(ann.ends().await.0, Some(0));
    let mut ann = ann_home.start(&["chat", "@bob"]);
    ann.hears("bob: hello").await;
    answers(
        &mut ann,
        &[
            ("/starred", "★"),
            ("/unstar", "No longer starred: hello"),
            ("/info", "hello"),
            ("/draft later", "Kept as a draft"),
            ("/draft", "draft: later"),
            ("/draft off", "The draft is gone"),
            ("/hide", "Hidden for you: hello"),
            ("/clear", "is empty for you now"),
            ("/read-all", " read."),
            ("/note", "── notes to yourself"),
        ],
    )
    .await;
}

/// PPL8: what is typed about oneself to others and about others is done, and said.
#[tokio::test]
async fn the_commands_of_people() {
    let (served, (ann_home, mut ann), _bob) = two_people().await;
    answers(
        &mut ann,
        &[
            ("/name Ann Archer", "@ann  Ann Archer"),
            ("/about Sings alto", "Sings alto"),
            ("/handle ann.a", "@ann.a  Ann Archer"),
            ("/profile", "/u/#ann.a"),
            ("/profile @bob", "@bob  Bob B"),
            ("/privacy seen nobody", "nobody"),
            ("/find b", "Bob B"),
            ("/block @bob", "@bob is blocked"),
        ],
    )
    .await;
    // The list comes by the inbox, a moment after the answer.
    loop {
        ann.types("/blocked").await;
        if ann.hears("ob").await.contains("Bob B") {
            break;
        }
    }
    answers(
        &mut ann,
        &[
            ("/unblock @bob", "You hear @bob again"),
            ("/report @bob sells watches", "Reported to whoever runs this server"),
            ("/devices", "(this one)"),
            ("/sign-out-others", "No other device was signed in"),
            ("/strangers", "No stranger waits"),
        ],
    )
    .await;
    let invite = ann_home.administers(&served, &["invite"]).await;
    let invite = invite.lines().next().expect("a line").to_owned();
    let at = format!("http://{}", served.address);
    let cid_home = Typist::new();
    let mut cid = cid_home.start(&["chat", "--server", &at, "--sign-up", "cid", "--invite", &invite]);
    cid.hears("no conversations yet").await;
    answers(
        &mut cid,
        &[("/new @ann.a", "── @ann.a"), ("watches?", "✓ sent: watches?")],
    )
    .await;
    ann.hears("@cid").await;
    answers(
        &mut ann,
        &[
            ("/strangers", "@cid"),
            ("/ignore @cid", "Put aside. @cid"),
            ("/help", "Type words"),
        ],
    )
    .await;
}

/// OWN2: a line that was not finished is a draft on all devices, comes back into the line, and what is said then spends
/// it. Tab goes on with what is being named.
#[tokio::test]
async fn own2_an_unfinished_line_is_a_draft() {
    let served = Served::start(&[]).await;
    let at = format!("http://{}", served.address);
    let (desk, tablet, bob) = (Typist::new(), Typist::new(), Typist::new());
    let mut bob_chat = bob.start(&["chat", "--server", &at, "--sign-up", "bob"]);
    bob_chat.hears("no conversations yet").await;
    let mut seat = Seat::take(&desk, 60, &["chat", "--server", &at, "--sign-up", "ann"]);
    seat.chooses_password().await;
    seat.sees(&[">"]).await;
    seat.press("/new @bob\r");
    seat.sees(&["@bob>"]).await;
    seat.press("/un");
    seat.sees(&["@bob> /un"]).await;
    seat.press("\t");
    seat.sees(&["/unblock  /unfollow  /unlink  /unpin  /unreact  /unread", "@bob> /un"])
        .await;
    seat.press("r\t");
    seat.sees(&["@bob> /unrea"]).await;
    seat.press("\x15hello @b\t");
    seat.sees(&["@bob> hello @bob"]).await;
    seat.press("\x15see you at");
    seat.sees(&["@bob> see you at"]).await;
    seat.press("\x03");
    seat.sees(&["What you had begun to type is kept, too."]).await;
    assert_eq!(seat.ends().await, Some(0));

    let mut chat = tablet.start(&["chat", "--server", &at, "--sign-in", "ann"]);
    answers(
        &mut chat,
        &[
            ("/open @bob", "draft: see you at"),
            ("/draft see **you** at noon", "Kept as a draft"),
        ],
    )
    .await;
    // Goes when everything is safe.
    assert_eq!(chat.ends().await.0, Some(0));

    let mut seat = Seat::take(&desk, 60, &["chat", "@bob"]);
    seat.sees(&["@bob> see **you** at noon"]).await;
    seat.press(", Bob\r");
    bob_chat.hears("see **you** at noon, Bob").await;
    // At a terminal the marks are drawn; where there is none, as above, they stand as they were typed.
    seat.press("x");
    seat.sees(&["@bob> x"]).await;
    let drawn = |line: &String| line.contains("you: see you at noon, Bob");
    assert!(seat.lines().iter().any(drawn), "{:#?}", seat.lines());
    let mut chat = tablet.start(&["chat", "@bob"]);
    chat.hears("see **you** at noon, Bob").await;
    answers(&mut chat, &[("/draft", "Nothing is begun here")]).await;
}
