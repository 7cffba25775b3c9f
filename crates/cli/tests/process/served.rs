//! A server as a process of its own: started, killed, started again on the same data and the same port.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use swarm::served::free_address;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A server process and the directory it keeps everything in.
pub struct Served {
    directory: TempDir,
    pub address: SocketAddr,
    arguments: Vec<String>,
    sign_up: &'static str,
    /// What its first start told the person at the terminal.
    greeting: Vec<String>,
    process: Option<Child>,
}

impl Served {
    /// Starts a server on a free port that anybody may sign up at.
    pub async fn start(arguments: &[&str]) -> Self {
        Self::start_with("open", arguments).await
    }

    /// Starts a server that wants invites, as people start one.
    pub async fn by_invite() -> Self {
        Self::start_with("invite", &[]).await
    }

    async fn start_with(sign_up: &'static str, arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut served = Self {
            directory,
            address: free_address().expect("a free port"),
            arguments: arguments.iter().map(|one| (*one).to_owned()).collect(),
            sign_up,
            greeting: Vec::new(),
            process: None,
        };
        served.again().await;
        served
    }

    /// Where it keeps everything.
    pub fn data(&self) -> &Path {
        self.directory.path()
    }

    /// The line it told the first person to type, as words.
    pub fn first_line(&self) -> Vec<String> {
        let line = self.greeting.iter().find(|line| line.contains("--invite"));
        line.expect("it told").split_whitespace().map(str::to_owned).collect()
    }

    /// Starts it again after it was killed; returns when it serves.
    pub async fn again(&mut self) {
        let log = std::fs::File::create(self.directory.path().join("server.log")).expect("a log");
        let mut process = Command::new(env!("CARGO_BIN_EXE_tidings"))
            .arg("serve")
            .arg("--data")
            .arg(self.directory.path().join("data"))
            .args([
                "--listen",
                &self.address.to_string(),
                "--sign-up",
                self.sign_up,
                "--no-rates",
                "--log",
                "warn",
            ])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the server starts");
        let mut said = BufReader::new(process.stdout.take().expect("piped")).lines();
        // A server without people says how the first one signs up; its last words then are about the others.
        let is_first = self.greeting.is_empty();
        let last = if is_first { "admin" } else { "http://" };
        loop {
            match said.next_line().await.expect("it can be read") {
                Some(line) => {
                    let is_last = line.contains(last);
                    if is_first {
                        self.greeting.push(line);
                    }
                    if is_last {
                        break;
                    }
                }
                None => panic!("the server does not start: {}", self.log()),
            }
        }
        // What else it says must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        self.process = Some(process);
    }

    /// `kill -9`: no warning, no last words.
    pub async fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().await.expect("it dies");
    }

    /// SIGTERM; waits for the end and answers whether it ended well.
    pub async fn terminate(&mut self) -> bool {
        let mut process = self.process.take().expect("it runs");
        let id = process.id().expect("it runs").to_string();
        let sent = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .await
            .expect("kill is there");
        assert!(sent.success());
        process.wait().await.expect("it ends").success()
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("server.log")).unwrap_or_default()
    }
}
