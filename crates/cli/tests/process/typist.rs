//! A person at a terminal: processes of the binary with a home of their own, whose lines are written and heard.

use crate::served::Served;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Until then something awaited is late; the test fails with what was heard instead. Nothing depends on it otherwise.
const PATIENCE: Duration = Duration::from_secs(60);
/// Everybody's password.
pub const PASSWORD: &str = "correct horse";

/// Somebody's machine.
pub struct Typist {
    home: TempDir,
    pub password: String,
}

/// A `tidings chat` or `tidings tail` that runs.
pub struct Running {
    process: Child,
    hands: Option<ChildStdin>,
    screen: Lines<BufReader<ChildStdout>>,
    heard: Vec<String>,
}

impl Typist {
    pub fn new() -> Self {
        Self {
            home: tempfile::tempdir().expect("a home"),
            password: PASSWORD.to_owned(),
        }
    }

    /// Where a file of theirs lies.
    pub fn file(&self, name: &str) -> PathBuf {
        self.home.path().join("default").join(name)
    }

    /// A command of theirs, to be started.
    pub fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
        command
            .args(arguments)
            .env_remove("TIDINGS_PROFILE")
            .env_remove("TIDINGS_SERVER")
            .env("TIDINGS_HOME", self.home.path())
            .env("TIDINGS_PASSWORD", &self.password)
            .env("TZ", "UTC")
            .kill_on_drop(true);
        command
    }

    /// Starts a command that goes on.
    pub fn start(&self, arguments: &[impl AsRef<OsStr>]) -> Running {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().expect("it starts");
        Running {
            hands: process.stdin.take(),
            screen: BufReader::new(process.stdout.take().expect("piped")).lines(),
            process,
            heard: Vec::new(),
        }
    }

    /// Runs a command to its end with this on its standard input.
    pub async fn run(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().expect("it starts");
        let mut hands = process.stdin.take().expect("piped");
        // It may end without having read.
        let _ = hands.write_all(input).await;
        drop(hands);
        tokio::time::timeout(PATIENCE, process.wait_with_output())
            .await
            .expect("it ends")
            .expect("it ran")
    }

    /// Runs a command that must do well, and answers what it printed.
    pub async fn does(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input.as_bytes()).await;
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {wrong}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Runs a command that must fail, and answers what it said about it.
    pub async fn fails(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input.as_bytes()).await;
        assert_eq!(
            output.status.code(),
            Some(1),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        String::from_utf8(output.stderr).expect("UTF-8")
    }

    /// Asks the server as its operator.
    pub async fn administers(&self, served: &Served, arguments: &[&str]) -> String {
        let data = served.data().join("data");
        let data = data.to_str().expect("UTF-8");
        self.does(&[&["admin", "--data", data], arguments].concat(), "").await
    }
}

impl Running {
    /// Types a line.
    pub async fn types(&mut self, line: &str) {
        let hands = self.hands.as_mut().expect("not closed");
        hands.write_all(format!("{line}\n").as_bytes()).await.expect("it reads");
    }

    /// Waits for a line with this in it.
    pub async fn hears(&mut self, part: &str) -> String {
        loop {
            match tokio::time::timeout(PATIENCE, self.screen.next_line()).await {
                Ok(Ok(Some(line))) => {
                    self.heard.push(line.clone());
                    if line.contains(part) {
                        return line;
                    }
                }
                Ok(_) => panic!("it ended before `{part}`; heard: {:#?}", self.heard),
                Err(_) => panic!("`{part}` does not come; heard: {:#?}", self.heard),
            }
        }
    }

    /// Everything heard so far.
    pub fn heard(&self) -> &[String] {
        &self.heard
    }

    /// Types nothing more; waits for the end. Its exit code and last words.
    pub async fn ends(mut self) -> (Option<i32>, String) {
        drop(self.hands.take());
        self.goes().await
    }

    /// Waits until it ends by itself.
    pub async fn goes(mut self) -> (Option<i32>, String) {
        let hands = self.hands.take();
        let over = async {
            while let Ok(Some(line)) = self.screen.next_line().await {
                self.heard.push(line);
            }
            self.process.wait_with_output().await
        };
        let output = tokio::time::timeout(PATIENCE, over)
            .await
            .expect("it ends")
            .expect("it ran");
        drop(hands);
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    }
}
