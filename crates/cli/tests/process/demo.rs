//! `tidings demo` as a newcomer meets it: a server that wants invites is filled, and looked at from another device.

use crate::served::Served;
use crate::typist::Typist;
use std::path::Path;
use std::process::Output;

async fn demo(newcomer: &Typist, server: &str, data: &Path, more: &[&str]) -> Output {
    let mut command = newcomer.command(&["demo", "--server", server, "--messages", "60"]);
    command.args(more).env("TIDINGS_DATA", data).env_remove("TIDINGS_CA");
    command.output().await.expect("it runs")
}

async fn gives(newcomer: &Typist, server: &str, data: &Path, more: &[&str]) -> String {
    let output = demo(newcomer, server, data, more).await;
    let wrong = String::from_utf8_lossy(&output.stderr).into_owned();
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{said}{wrong}");
    said
}

/// DEM1: a demo signs its people up by an invite that it makes in the data directory, fills their conversations with
/// many languages and deeds, and says how to look at it; who does, sees it. A second run fills nothing twice.
#[tokio::test]
async fn dem1_a_newcomer_sees_a_team_and_a_family_once() {
    let served = Served::by_invite().await;
    let server = format!("http://{}", served.address);
    let (newcomer, data) = (Typist::new(), served.data().join("data"));
    let said = gives(&newcomer, &server, &data, &["--for", "2s"]).await;
    assert!(said.contains("Filled: 13 people, 5 groups and 9 1:1 chats"), "{said}");
    let password = said.lines().find_map(|line| line.strip_prefix("Password: "));

    let mut lena = Typist::new();
    lena.password = password.expect("it is told").to_owned();
    let entrance = ["chat", "--server", &server, "--sign-in", "lena"];
    let look = "/list\n/open General\n/open Familie 💛 Família\n/open Releases\n";
    let seen = lena.does(&entrance, look).await;
    for words in [
        "General",
        "Releases",
        "Design",
        "Support",
        "Familie 💛 Família",
        "@priya",
        "@sabine",
    ] {
        assert!(seen.contains(words), "no {words}: {seen}");
    }
    for words in [
        "Welcome to General",
        "مرحبا",
        "नमस्ते",
        "こんにちは",
        "Привіт",
        "¡Hola familia",
        "Olá meus",
        "Guten Tag",
    ] {
        assert!(seen.contains(words), "no {words}: {seen}");
    }
    for words in ["edited", "🎉", "😂"] {
        assert!(seen.contains(words), "no {words}: {seen}");
    }

    let groups = async || {
        let listed = lena.does(&entrance, "/list\n").await;
        let line = |line: &&str| line.contains("  General") || line.contains("  Familie");
        listed.lines().filter(line).count()
    };
    let before = groups().await;
    let again = gives(&newcomer, &server, &data, &["--for", "0s"]).await;
    assert!(again.contains("filled already"), "{again}");
    assert_eq!((groups().await, before > 0), (before, true));
}

/// DEM1: what keeps a demo from starting is said with what to do about it.
#[tokio::test]
async fn dem1_a_demo_says_what_it_lacks() {
    let served = Served::by_invite().await;
    let server = format!("http://{}", served.address);
    let nowhere = tempfile::tempdir().expect("a directory");
    let refused = demo(&Typist::new(), &server, nowhere.path(), &[]).await;
    let wrong = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(
        wrong.contains("--data DIRECTORY") && wrong.contains("admin invite --uses 13"),
        "{wrong}"
    );

    let closed = swarm::served::free_address().expect("a port");
    let refused = demo(&Typist::new(), &format!("http://{closed}"), nowhere.path(), &[]).await;
    let wrong = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(wrong.contains("make run"), "{wrong}");
}
