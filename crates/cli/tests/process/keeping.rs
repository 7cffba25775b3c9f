//! What an operator does alone: backups under traffic and their way back, a look at everything, and lost keys.

use crate::served::Served;
use crate::typist::Typist;
use client::address::Address;
use protocol::{ConversationId, SendId, Seq};
use std::fs;
use std::future::pending;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::Store;
use store::sqlite::{self, Options, Sqlite};
use swarm::history::What;
use swarm::plan::{Plan, Shape};
use swarm::run::{Run, Server, demands};
use swarm::verdict::judge;

/// Backups of one run.
const BACKUPS: usize = 3;
/// People of the crowd, for how long they act, in milliseconds, and how much they do.
const PEOPLE: u32 = 6;
const FOR_MS: u64 = 12_000;
const STEPS_PER_S: u32 = 150;
/// Entries read at once.
const PAGE_ENTRIES: usize = 4_096;

fn tidings(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.args(arguments).env("TZ", "UTC").env_remove("TIDINGS_DATA");
    command.output().expect("it runs")
}

/// What a command printed that must do well.
#[track_caller]
fn does(arguments: &[&str]) -> String {
    let output = tidings(arguments);
    let wrong = String::from_utf8_lossy(&output.stderr).into_owned();
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{arguments:?}: {wrong}{said}");
    said
}

/// What a command said that must fail.
#[track_caller]
fn fails(arguments: &[&str]) -> String {
    let output = tidings(arguments);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    String::from_utf8(output.stderr).expect("UTF-8") + &said
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn open(data: &Path) -> Sqlite {
    sqlite::start(data, Options::new(Arc::new(|| 0), [7; 32])).expect("it opens")
}

/// A whole log: where, by which name, what. Empty if it is not there.
async fn log(store: &Sqlite, conv: ConversationId) -> Vec<(Seq, SendId, Arc<str>)> {
    let mut entries: Vec<(Seq, SendId, Arc<str>)> = Vec::new();
    loop {
        let after = entries.last().map_or(Seq::ZERO, |entry| entry.0);
        let Ok(page) = store.tail(conv, Some(after), PAGE_ENTRIES).await else {
            return entries;
        };
        let before = entries.len();
        let page_entries = page.entries.iter();
        entries.extend(page_entries.map(|entry| (entry.seq, entry.send_id, Arc::clone(&entry.body))));
        if entries.len() == before {
            return entries;
        }
    }
}

/// BAK1 BAK6: backups taken under a crowd's traffic come back as one moment: what was acknowledged before is in it,
/// what was sent after is not, every log is a beginning of the last one; inboxes catch up, and clients start over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn bak1_backups_under_traffic_come_back_as_one_moment() {
    let mut served = Served::start(&[]).await;
    let place = tempfile::tempdir().expect("a directory");
    let (ada, bob) = (Typist::new(), Typist::new());
    let server = format!("http://{}", served.address);
    ada.does(&["sign-up", "ada", "--server", &server], "").await;
    bob.does(&["sign-up", "bob", "--server", &server], "").await;
    let shape = Shape {
        steps_per_s: STEPS_PER_S,
        ..Shape::of(PEOPLE, FOR_MS)
    };
    let run = Run {
        plan: Arc::new(Plan::draw(11, shape.clone())),
        name: "backups".to_owned(),
        kills: 0,
        mutant: None,
    };
    let ended = AtomicBool::new(false);
    let address = Address::parse(&served.address.to_string()).expect("an address");
    let crowd = async {
        let ran = run.carry_out(Server::Other(address), |_, _, _| {}, pending()).await;
        ended.store(true, Ordering::SeqCst);
        ran.expect("it ran")
    };
    let data = served.data().join("data");
    let backups = async {
        for n in 0..BACKUPS {
            ada.does(&["send", "@bob", &format!("before {n}")], "").await;
            let file = place.path().join(format!("b{n}"));
            let (data, file) = (text(&data).to_owned(), text(&file).to_owned());
            let said = tokio::task::spawn_blocking(move || does(&["backup", "--data", &data, "--to", &file]));
            assert!(said.await.expect("it ran").contains("it is whole"));
            ada.does(&["send", "@bob", &format!("after {n}")], "").await;
        }
        assert!(
            !ended.load(Ordering::SeqCst),
            "all backups were taken while the crowd acted"
        );
    };
    let (ran, ()) = tokio::join!(crowd, backups);
    let verdict = judge(&ran.history, &demands(&shape));
    assert!(verdict.violations.is_empty(), "{:#?}", verdict.violations);
    served.kill().await;

    let last = open(&data);
    let ids = last
        .find_handles(vec!["ada".to_owned(), "bob".to_owned()])
        .await
        .expect("found");
    let talk = ConversationId::direct(ids[0].1, ids[1].1);
    let mut convs: Vec<ConversationId> = ran
        .history
        .iter()
        .filter_map(|record| match &record.what {
            What::Log { conv, .. } => Some(*conv),
            _ => None,
        })
        .collect();
    convs.push(talk);
    assert!(convs.len() > 3, "the crowd talked in several conversations");
    let mut heads = Vec::new();
    for n in 0..BACKUPS {
        let to = place.path().join(format!("r{n}"));
        does(&[
            "restore",
            text(&place.path().join(format!("b{n}"))),
            "--data",
            text(&to),
        ]);
        let restored = open(&to);
        assert_ne!(restored.epoch(), last.epoch());
        let mut head = 0;
        for conv in &convs {
            let (then, now) = (log(&restored, *conv).await, log(&last, *conv).await);
            assert_eq!(now[..then.len()], then, "a beginning of the log");
            assert!(then.iter().zip(1..).all(|(entry, seq)| entry.0 == Seq(seq)), "gap-free");
            head += then.len();
        }
        let said = |what: &str, log: &[(Seq, SendId, Arc<str>)]| log.iter().any(|entry| entry.2.contains(what));
        let then = log(&restored, talk).await;
        assert!(said(&format!("before {n}"), &then), "it was acknowledged before");
        assert!(!said(&format!("after {n}"), &then), "it was sent after");
        restored.close();
        heads.push(head);
    }
    assert!(
        heads.windows(2).all(|pair| pair[0] < pair[1]),
        "each shows a later moment: {heads:?}"
    );
    last.close();
    come_back(&mut served, &place.path().join("b0"), (&ada, &bob)).await;
}

/// The server comes back with an old backup in the place of its data; people who know what came since go on.
async fn come_back(served: &mut Served, backup: &Path, people: (&Typist, &Typist)) {
    let data = served.data().join("data");
    let refused = fails(&["restore", text(backup), "--data", text(&data)]);
    assert!(
        refused.contains("not empty") && refused.contains("--replace"),
        "{refused}"
    );
    let said = does(&["restore", text(backup), "--data", text(&data), "--replace"]);
    assert!(
        said.contains("before-restore-") && said.contains("Invites are void"),
        "{said}"
    );
    served.again().await;
    let (ada, bob) = people;
    // The id of what ada sends now is one she has used up to a seq that is no longer there.
    ada.does(&["send", "@bob", "from now on"], "").await;
    let mut chat = bob.start(&["chat", "@ada"]);
    chat.hears("from now on").await;
    chat.types("/quit").await;
    drop(chat);
    assert!(served.terminate().await);
    let looked = does(&["verify", text(&data)]);
    assert!(
        looked.contains("It is whole") && !looked.contains("an inbox waits"),
        "{looked}"
    );
}

/// BAK5: `kill -9` before each step of a restore leaves the old store or the new one; run again, it is the new one.
#[tokio::test]
async fn bak5_a_restore_that_is_killed_leaves_the_old_or_the_new() {
    let mut served = Served::start(&[]).await;
    let place = tempfile::tempdir().expect("a directory");
    let ada = Typist::new();
    let server = format!("http://{}", served.address);
    ada.does(&["sign-up", "ada", "--server", &server], "").await;
    let (data, file) = (served.data().join("data"), place.path().join("b"));
    does(&["backup", "--data", text(&data), "--to", text(&file)]);
    Typist::new().does(&["sign-up", "bob", "--server", &server], "").await;
    served.kill().await;
    let people = |data: &Path| {
        let looked: serde_json::Value = serde_json::from_str(&does(&["verify", "--json", text(data)])).expect("JSON");
        looked["counts"]["people"].as_u64().expect("a number")
    };
    for step in 1.. {
        let here = place.path().join(format!("d{step}"));
        fs::create_dir(&here).expect("a directory");
        for name in ["tidings.db", "tidings.db-wal"] {
            if data.join(name).exists() {
                fs::copy(data.join(name), here.join(name)).expect("copied");
            }
        }
        let restore = ["restore", text(&file), "--data", text(&here), "--replace"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
        command
            .args(restore)
            .env("TIDINGS_RESTORE_DIES_BEFORE", step.to_string());
        let died = !command.output().expect("it runs").status.success();
        let found = people(&here);
        assert!(found == 2 || found == 1, "{found} people");
        if !died {
            assert_eq!(found, 1, "it went through");
            assert!(step > 6, "it has that many steps");
            break;
        }
        does(&restore);
        assert_eq!(people(&here), 1);
    }
}

/// BAK2 BAK4: what stands in the way of a backup, and what is wrong with one, is said in a sentence.
#[tokio::test]
async fn bak4_what_is_wrong_is_said() {
    let mut served = Served::start(&[]).await;
    let place = tempfile::tempdir().expect("a directory");
    let (data, file) = (served.data().join("data"), place.path().join("b"));
    does(&["backup", "--data", text(&data), "--to", text(&file)]);
    let again = fails(&["backup", "--data", text(&data), "--to", text(&file)]);
    assert!(
        again.contains("is there already") && again.contains("--force"),
        "{again}"
    );
    does(&["backup", "--data", text(&data), "--to", text(&file), "--force"]);
    let in_use = fails(&["verify", text(&data)]);
    assert!(in_use.contains("in use"), "{in_use}");
    let in_use = fails(&["restore", text(&file), "--data", text(&data), "--replace"]);
    assert!(in_use.contains("a server runs on"), "{in_use}");
    assert!(served.terminate().await);
    // Without a server it is made directly, and says the same.
    does(&["backup", "--data", text(&data), "--to", text(&place.path().join("c"))]);

    let mut bytes = fs::read(&file).expect("read");
    let at = bytes.len() / 3;
    bytes[at] ^= 4;
    fs::write(&file, &bytes).expect("written");
    let (looked, to) = (fails(&["verify", text(&file)]), place.path().join("d"));
    assert!(looked.contains("no longer what they were"), "{looked}");
    let refused = fails(&["restore", text(&file), "--data", text(&to)]);
    assert!(
        refused.contains("no longer what they were") && !to.exists(),
        "{refused}"
    );
    fs::write(&file, "").expect("written");
    assert!(fails(&["verify", text(&file)]).contains("is empty"));
}

/// OPS1: who lost their password gets another, and a server that nobody runs gets an owner, with the server down.
#[tokio::test]
async fn ops1_keys_that_were_lost_are_made_anew_without_a_server() {
    let mut served = Served::start(&[]).await;
    let ada = Typist::new();
    let server = format!("http://{}", served.address);
    ada.does(&["sign-up", "ada", "--server", &server], "").await;
    let data = served.data().join("data");
    assert!(does(&["admin", "--data", text(&data), "make-owner", "@ada"]).contains("runs this server"));
    assert!(!does(&["admin", "--data", text(&data), "make-owner", "@ada", "--undo"]).contains("runs this server"));
    served.kill().await;
    assert!(does(&["admin", "--data", text(&data), "make-owner", "@ada"]).contains("runs this server"));
    let said = does(&["admin", "--data", text(&data), "reset-password", "@ada"]);
    let nowhere = served.data().join("nowhere");
    assert!(fails(&["admin", "--data", text(&nowhere), "users"]).contains("no data"));
    assert!(!nowhere.exists(), "asking makes nothing");
    served.again().await;
    let mut anew = Typist::new();
    anew.password = said.lines().next().expect("a password").to_owned();
    anew.does(&["sign-in", "ada", "--server", &server], "").await;
    assert!(does(&["admin", "--data", text(&data), "user", "@ada"]).contains("runs this server"));
}

/// OPS2 LOW1: the doctor says how each thing is, with a server and without, and ends with 1 where one is wrong.
#[tokio::test]
async fn ops2_the_doctor_tells_what_is_wrong() {
    let mut served = Served::start(&["--disk-free-min-mib", "0"]).await;
    let (data, listen) = (served.data().join("data"), served.address.to_string());
    let flags = [
        "doctor",
        "--data",
        text(&data),
        "--listen",
        &listen,
        "--sessions-max",
        "10",
    ];
    let with = |more: &[&'static str]| [&flags[..], more].concat();
    let mine = ["--disk-free-min-mib", "0"];
    let said = does(&with(&mine));
    assert!(
        said.contains("one runs on this data") && said.contains("is ready"),
        "{said}"
    );
    let full = fails(&with(&["--disk-free-min-mib", "1000000000"]));
    assert!(full.contains("wrong") && full.contains("make room"), "{full}");
    served.terminate().await;

    let said = does(&with(&mine));
    assert!(
        said.contains("none runs on this data") && said.contains(&format!("{listen} is free")),
        "{said}"
    );
    let taken = std::net::TcpListener::bind(&listen).expect("it is free");
    let said: serde_json::Value =
        serde_json::from_str(tail_of(&fails(&with(&["--disk-free-min-mib", "0", "--json"])))).expect("JSON");
    let findings = said["findings"].as_array().expect("a list");
    let port = findings
        .iter()
        .find(|one| one["what"] == "port")
        .expect("it was looked at");
    assert!(
        port["state"] == "wrong"
            && port["advice"]
                .as_str()
                .is_some_and(|advice| advice.contains("--listen"))
    );
    drop(taken);
    fs::write(data.join("tidings.db"), "no database").expect("written");
    let said = fails(&with(&mine));
    assert!(
        said.contains("wrong    database") && said.contains("tidings restore"),
        "{said}"
    );

    let mut served = Served::start(&["--disk-free-min-mib", "1000000000"]).await;
    let (data, listen) = (served.data().join("data"), served.address.to_string());
    let flags = [
        "doctor",
        "--data",
        text(&data),
        "--listen",
        &listen,
        "--disk-free-min-mib",
        "0",
    ];
    while !does(&flags).contains("sends are refused") {}
    served.terminate().await;
}

/// The JSON after what standard error said.
fn tail_of(said: &str) -> &str {
    &said[said.find('{').expect("an object")..]
}
