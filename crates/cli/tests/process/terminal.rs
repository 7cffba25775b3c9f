//! The terminal end, as people use it: real processes that talk with each other through a real server.

use crate::screen::Seat;
use crate::served::Served;
use crate::typist::{PASSWORD, Running, Typist};
use serde_json::Value;

/// A server with two people who have begun to talk, both at their terminals.
pub async fn two_people() -> (Served, (Typist, Running), (Typist, Running)) {
    let served = Served::by_invite().await;
    let (ann, bob) = (Typist::new(), Typist::new());
    // The very line that was told, but for the handle; the program's own name is the first word.
    let line = served.first_line().join(" ").replace("YOUR_HANDLE", "Ann");
    let words: Vec<&str> = line.split(' ').skip(1).collect();
    let mut ann_chat = ann.start(&words);
    ann_chat.hears("You are @ann").await;
    let invite = ann.administers(&served, &["invite"]).await;
    let invite = invite.lines().next().expect("a line").to_owned();
    let at = format!("http://{}", served.address);
    let mut bob_chat = bob.start(&[
        "chat",
        "--server",
        &at,
        "--sign-up",
        "bob",
        "--name",
        "Bob B",
        "--invite",
        &invite,
    ]);
    bob_chat.hears("no conversations yet").await;
    ann_chat.types("/new @bob").await;
    ann_chat.hears("── @bob").await;
    bob_chat.hears("[1] @ann").await;
    bob_chat.types("/open @ann").await;
    bob_chat.hears("── @ann").await;
    bob_chat.hears("They are a stranger to you").await;
    bob_chat.types("/accept").await;
    bob_chat.hears("@ann is welcome").await;
    (served, (ann, ann_chat), (bob, bob_chat))
}

/// The texts of a conversation as a script reads them.
async fn texts(of: &Typist, conv: &str) -> Vec<String> {
    let told = of
        .does(&["tail", "--json", "--conv", conv, "--after", "0", "--until-idle"], "")
        .await;
    let entries = told
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    entries
        .filter(|entry| entry["kind"] == "text")
        .map(|entry| entry["body"]["text"].as_str().expect("text").to_owned())
        .collect()
}

/// IDM5, DUR3: two people talk; what one says while the server is dead, and what one said before leaving, arrives,
/// once.
#[tokio::test]
pub async fn two_people_talk_through_a_server_that_is_killed() {
    let (mut served, (ann, mut ann_chat), (bob, mut bob_chat)) = two_people().await;
    ann_chat.types("hello bob").await;
    bob_chat.hears("ann: hello bob").await;
    ann_chat.hears("✓ sent: hello bob").await;
    ann_chat.hears("✓✓ read: hello bob").await;
    bob_chat.types("hello ann").await;
    ann_chat.hears("bob: hello ann").await;
    bob_chat.hears("✓✓ read: hello ann").await;

    served.kill().await;
    ann_chat.hears("No connection").await;
    ann_chat.types("are you still there?").await;
    ann_chat.hears("you: are you still there? ·").await;
    bob_chat.hears("No connection").await;
    bob_chat.types("said without a connection").await;
    bob_chat.hears("you: said without a connection ·").await;
    bob_chat.types("/quit").await;
    bob_chat.hears("One message waits").await;
    assert_eq!(bob_chat.ends().await, (Some(0), String::new()));
    served.again().await;
    ann_chat.hears("Connected again").await;
    ann_chat.hears("✓ sent: are you still there?").await;

    let mut bob_chat = bob.start(&["chat", "@ann"]);
    bob_chat.hears("ann: are you still there?").await;
    ann_chat.hears("bob: said without a connection").await;
    bob_chat.types("/quit").await;
    assert_eq!(bob_chat.ends().await.0, Some(0));
    // The end of what is piped in: goes when everything is safe.
    ann_chat.types("good night").await;
    assert_eq!(ann_chat.ends().await, (Some(0), String::new()));
    let all = [
        "hello bob",
        "hello ann",
        "are you still there?",
        "said without a connection",
        "good night",
    ];
    assert_eq!(texts(&ann, "@bob").await, all);
    assert_eq!(texts(&bob, "@ann").await, all);
}

/// A script's message is kept before it is sent: a server that is away costs a failure and no message.
#[tokio::test]
async fn a_script_sends_and_reads() {
    let (mut served, (ann, ann_chat), (bob, mut bob_chat)) = two_people().await;
    assert_eq!(ann.does(&["send", "@bob", "from a script"], "").await, "2\n");
    bob_chat.hears("ann: from a script").await;
    let told = ann.does(&["send", "@bob", "-", "--json"], "two\nlines\n").await;
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["seq"], 3);
    bob_chat.hears("ann: two").await;
    bob_chat.hears("      lines").await;
    assert!(
        ann.fails(&["send", "@nobody", "hi"], "")
            .await
            .contains("nobody here is called @nobody")
    );
    assert!(
        ann.fails(&["send", "Choir", "hi"], "")
            .await
            .contains("no conversation of yours is called `Choir`")
    );

    let mut follows = bob.start(&["tail", "--json", "--conv", "@ann", "--after", "2"]);
    let line: Value = serde_json::from_str(&follows.hears("two").await).expect("JSON");
    assert_eq!(
        (&line["seq"], &line["handle"], &line["conv"]),
        (&3.into(), &"ann".into(), &told["conv"])
    );

    served.kill().await;
    let why = ann.fails(&["send", "@bob", "later", "--wait", "1"], "").await;
    assert!(why.contains("is kept and goes with the next"), "{why}");
    served.again().await;
    assert_eq!(ann.does(&["send"], "").await.lines().last(), Some("4"));
    follows.hears("later").await;
    assert_eq!(texts(&bob, "@ann").await, ["from a script", "two\nlines", "later"]);
    drop(ann_chat);
}

/// AUT2: whoever runs the server signs people out, and their terminal says so and ends.
#[tokio::test]
async fn the_operator_lets_in_and_out() {
    let (mut served, (ann, mut ann_chat), (mut bob, bob_chat)) = two_people().await;
    assert!(
        ann.administers(&served, &["user", "@bob"])
            .await
            .contains("@bob (Bob B)\n")
    );
    assert!(
        ann.administers(&served, &["user", "ann"])
            .await
            .contains("runs this server")
    );
    assert_eq!(ann.administers(&served, &["devices", "@bob"]).await.lines().count(), 1);
    let told = ann.administers(&served, &["--json", "stats"]).await;
    assert_eq!(serde_json::from_str::<Value>(&told).expect("JSON")["users"], 2);

    let invite = ann.administers(&served, &["invite", "--uses", "3"]).await;
    let listed = ann.administers(&served, &["invites"]).await;
    assert!(listed.contains("3 left"), "{listed}");
    let void = ann
        .administers(&served, &["revoke-invite", invite.lines().next().expect("a line")])
        .await;
    assert_eq!(void, "The invite is void.\n");
    assert!(ann.administers(&served, &["invites"]).await.contains("No invite"));

    let told = ann.administers(&served, &["reset-password", "@bob"]).await;
    let password = told.lines().next().expect("a line").to_owned();
    let (code, why) = bob_chat.goes().await;
    assert_eq!(code, Some(1));
    assert!(
        why.contains("this device was signed out") && why.contains("sign-in bob"),
        "{why}"
    );
    assert!(
        bob.fails(&["send", "@ann", "hi"], "")
            .await
            .contains("@bob is signed out here")
    );
    assert!(
        bob.fails(&["sign-in", "bob"], "").await.contains("sign in again"),
        "the old password"
    );
    bob.password = password;
    assert!(bob.does(&["sign-in", "bob"], "").await.contains("You are @bob"));
    bob.does(&["send", "@ann", "I am back"], "").await;
    ann_chat.hears("bob: I am back").await;
    assert!(bob.does(&["devices"], "").await.contains("(this one)"));
    assert_eq!(
        ann.administers(&served, &["sign-out", "@bob"]).await,
        "One device is signed out.\n"
    );
    assert!(
        bob.fails(&["send", "@ann", "hi"], "")
            .await
            .contains("sign in as @bob again")
    );

    assert!(served.terminate().await, "it goes down in order");
    ann_chat.hears("The server restarts").await;
    let why = ann.fails(&["admin", "--data", "./not-there", "stats"], "").await;
    assert!(
        why.contains("there is no data in ./not-there and no server runs on it"),
        "{why}"
    );
}

/// SEC1: the token is in a file that only its owner reads, and in nothing that is printed or listed.
#[tokio::test]
async fn a_profile_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (served, (ann, ann_chat), _bob) = two_people().await;
    let account = std::fs::read_to_string(ann.file("account.json")).expect("it is there");
    let account: Value = serde_json::from_str(&account).expect("JSON");
    let secret = account["token"]
        .as_str()
        .and_then(|token| token.rsplit('.').next())
        .expect("a token")
        .to_owned();
    for file in ["account.json", "chat.journal"] {
        let mode = std::fs::metadata(ann.file(file))
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    assert!(
        !std::fs::read_to_string(ann.file("chat.journal"))
            .expect("text")
            .contains(&secret)
    );
    assert!(!served.log().contains(&secret));
    assert!(!ann_chat.heard().join("\n").contains(&secret));
    // One chat at a time: two would not know of each other's journal.
    assert!(ann.fails(&["chat"], "").await.contains("is open already"));
    let at = format!("http://{}", served.address);
    let why = ann.fails(&["chat", "--server", &at, "--sign-up", "carol"], "").await;
    assert!(
        why.contains("is @ann at") && why.contains("--profile OTHER_NAME"),
        "{why}"
    );
    assert_eq!(ann.password, PASSWORD);
}

/// SEC2: words of others are shown, and command nobody's terminal.
#[tokio::test]
async fn escapes_in_words_do_not_reach_a_terminal() {
    let (_served, (_ann, mut ann_chat), (bob, _bob_chat)) = two_people().await;
    let rude = "boo\x1b[2J\x1b]0;owned\x07 \u{202e}reversed\u{9b}31m end\x08\n";
    bob.does(&["send", "@ann", "-"], rude).await;
    let line = ann_chat.hears("bob: boo").await;
    assert!(line.ends_with("bob: boo[2J]0;owned reversed31m end"), "{line:?}");
}

/// MEM2: a group is made, grows, loses people; each step is said, and who was removed is told that they may not write.
#[tokio::test]
async fn a_group_comes_and_goes() {
    let (_served, (_ann, mut ann_chat), (_bob, mut bob_chat)) = two_people().await;
    ann_chat.types("/group The choir @bob").await;
    ann_chat.hears("you made the group The choir with bob").await;
    bob_chat.hears("[2] The choir").await;
    ann_chat.types("hello @bob and all").await;
    let notice = bob_chat.hears("hello @bob and all").await;
    assert!(notice.contains("[2] The choir (1 unread) (for you) ann:"), "{notice}");
    bob_chat.types("/open the choir").await;
    bob_chat.hears("── 1 unread ──").await;
    ann_chat.hears("✓✓ read: hello @bob").await;
    bob_chat.types("/unread").await;
    bob_chat.hears("The choir is unread again").await;
    bob_chat.types("/list").await;
    bob_chat.hears("The choir 1 unread").await;
    bob_chat.types("/open 2").await;
    ann_chat.types("/members").await;
    ann_chat.hears("@ann").await;
    ann_chat.types("/remove @bob").await;
    bob_chat.hears("ann removed you").await;
    bob_chat.types("may I?").await;
    bob_chat.hears("Not sent: may I?").await;
    bob_chat.hears("no longer a member").await;
    ann_chat.types("/add @bob").await;
    bob_chat.hears("ann added you").await;
    bob_chat.types("/leave").await;
    ann_chat.hears("bob left").await;
    ann_chat.types("/add @nobody").await;
    ann_chat.hears("Nobody here is called @nobody").await;
    ann_chat.types("/hlep").await;
    ann_chat.hears("There is no /hlep").await;
}

/// A group that was refused is not left open: what is typed then goes nowhere, and says so.
#[tokio::test]
async fn a_group_of_strangers_is_not_made() {
    let served = Served::start(&[]).await;
    let at = format!("http://{}", served.address);
    let (ann, bob) = (Typist::new(), Typist::new());
    let mut bob_chat = bob.start(&["chat", "--server", &at, "--sign-up", "bob"]);
    bob_chat.hears("no conversations yet").await;
    let mut ann_chat = ann.start(&["chat", "--server", &at, "--sign-up", "ann"]);
    ann_chat.hears("no conversations yet").await;
    ann_chat.types("/group Choir @bob").await;
    ann_chat.hears("The group Choir was not made").await;
    ann_chat.types("hello").await;
    ann_chat.hears("Words go to the open one").await;
}

/// What one sees at a real terminal: the password is not shown, the line being typed stays below what comes in, and
/// one's own message is written over in its place when its ticks change, also when it takes more than a row.
#[tokio::test]
async fn at_a_terminal_ticks_change_in_place() {
    let served = Served::start(&[]).await;
    let (ann, bob) = (Typist::new(), Typist::new());
    let at = format!("http://{}", served.address);
    let mut bob_chat = bob.start(&["chat", "--server", &at, "--sign-up", "bob"]);
    bob_chat.hears("no conversations yet").await;
    let mut seat = Seat::take(&ann, 40, &["chat", "--server", &at, "--sign-up", "ann"]);
    seat.chooses_password().await;
    seat.sees(&[">"]).await;
    assert!(!seat.lines().join("").contains(PASSWORD), "{:#?}", seat.lines());
    seat.press("/new @bob\r");
    bob_chat.hears("[1] @ann").await;
    bob_chat.types("/accept @ann").await;
    bob_chat.hears("@ann is welcome").await;
    seat.sees(&["@bob>"]).await;
    seat.press("hel\x1b[D\x1b[Do\x7fold\x05p");
    seat.sees(&["@bob> holdelp"]).await;
    seat.press("\x15a message that is longer than one row of this terminal\r");
    let last_row = |ticks: &str| format!(" one row of this terminal {ticks}");
    seat.sees(&[&last_row("✓✓"), "@bob>"]).await;
    let is_first = |line: &&String| line.ends_with("you: a message that is longer than");
    let first = seat.lines().iter().find(is_first).expect("it is there").clone();
    seat.press("half a th");
    seat.sees(&[&first, &last_row("✓✓"), "@bob> half a th"]).await;
    bob_chat.types("/open 1").await;
    seat.sees(&[&first, &last_row("✓✓ read"), "@bob> half a th"]).await;
    bob_chat.types("ho\x07la").await;
    bob_chat.hears("✓✓ read: hola").await;
    let answer = format!("{} bob: hola", &first[..5]);
    seat.sees(&[&last_row("✓✓ read"), &answer, "@bob> half a th"]).await;
    assert_eq!(seat.lines().iter().filter(is_first).count(), 1, "{:#?}", seat.lines());
    seat.press("ought\r");
    bob_chat.hears("ann: half a thought").await;
    // Ctrl-C: what was begun is kept for the next time.
    seat.press("begun");
    seat.sees(&["@bob> begun"]).await;
    seat.press("\x03");
    seat.sees(&["What you had begun to type is kept, too."]).await;
    assert_eq!(seat.ends().await, Some(0));
    let mut again = Seat::take(&ann, 40, &["chat"]);
    again.sees(&["@bob> begun"]).await;
}
