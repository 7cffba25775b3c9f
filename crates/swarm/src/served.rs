//! A server as a process of its own: started, killed, stopped, started again on the same data and the same port.
//!
//! Beside it: `served/tcp.rs`, the [`World`](crate::world::World) in which devices reach it.

mod tcp;

pub use tcp::{SmallTcp, Tcp};

use crate::counted;
use crate::history::What;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How long a server may take until it serves, or until it is gone when it was asked to go. A loaded machine and a
/// long journal take their time.
const CHANGE_TIME_MAX: Duration = Duration::from_secs(60);
/// How long a server may take to say what it uses. One that is stopped says nothing.
const SAMPLE_TIME_MAX: Duration = Duration::from_secs(2);
/// Of its log, so many of the last lines are told when it does not start.
const LOG_LINES_TOLD: usize = 10;

/// How a server is started. It always takes everybody, holds nobody back and logs warnings.
#[derive(Clone, Debug, Default)]
pub struct ServedOptions {
    /// Where it listens; `None`: at a free port of this machine.
    pub address: Option<SocketAddr>,
    /// More arguments of `tidings serve`.
    pub arguments: Vec<String>,
    /// Variables of its environment, besides ours.
    pub env: Vec<(String, String)>,
    /// File descriptors it may have; `None`: as many as we.
    pub limit_files: Option<u64>,
    /// Where its log is added to; empty: nowhere.
    pub log: PathBuf,
}

/// A server process, and how to start it again. It is killed when this is dropped.
#[derive(Debug)]
pub struct Served {
    program: PathBuf,
    data: PathBuf,
    options: ServedOptions,
    address: SocketAddr,
    process: Option<Child>,
}

impl Served {
    /// Starts `program` on the directory `data`; it serves when this returns.
    ///
    /// # Errors
    /// It does not start; the error tells the end of its log.
    pub async fn start(program: &Path, data: &Path, options: &ServedOptions) -> io::Result<Self> {
        let mut served = Self {
            program: program.to_owned(),
            data: data.to_owned(),
            address: match options.address {
                Some(address) => address,
                None => free_address()?,
            },
            options: options.clone(),
            process: None,
        };
        served.again().await?;
        Ok(served)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its data directory.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The process, while there is one.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().and_then(Child::id)
    }

    /// Whether there is a process that has not ended.
    pub fn is_running(&mut self) -> bool {
        self.process
            .as_mut()
            .is_some_and(|process| matches!(process.try_wait(), Ok(None)))
    }

    /// Starts it again, on the same data and port; it serves when this returns. One that still runs is killed.
    ///
    /// # Errors
    /// It does not start; the error tells the end of its log.
    pub async fn again(&mut self) -> io::Result<()> {
        if self.process.is_some() {
            self.kill().await?;
        }
        let log = match self.options.log.as_path() {
            none if none.as_os_str().is_empty() => Stdio::null(),
            log => File::options().create(true).append(true).open(log)?.into(),
        };
        let mut process = Command::new(&self.program)
            .arg("serve")
            .arg("--data")
            .arg(&self.data)
            .args(["--listen", &self.address.to_string()])
            .args(["--sign-up", "open", "--no-rates", "--log", "warn"])
            // Disks are small here, and filled on purpose: what then happens is looked at, not held off.
            .args(["--disk-free-min-mib", "0"])
            .args(&self.options.arguments)
            .envs(self.options.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            // Ctrl-C is for whoever started us; they say what becomes of the server.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.program.display())))?;
        let mut said = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        self.process = Some(process);
        self.limit_files(self.options.limit_files)?;
        match tokio::time::timeout(CHANGE_TIME_MAX, serves(&mut said)).await {
            Ok(true) => {}
            Ok(false) => return Err(self.did_not_start("it ended").await),
            Err(_) => return Err(self.did_not_start("it took too long").await),
        }
        // What else it says must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        Ok(())
    }

    async fn did_not_start(&mut self, why: &str) -> io::Error {
        let _ = self.kill().await;
        let (program, data, log) = (self.program.display(), self.data.display(), self.log());
        let lines: Vec<&str> = log.lines().collect();
        let end = lines[lines.len().saturating_sub(LOG_LINES_TOLD)..].join("\n  ");
        io::Error::other(format!(
            "{program} does not serve {data} at {}: {why}. Its log ends with:\n  {end}",
            self.address
        ))
    }

    /// `kill -9`: no warning, no last words. It is gone when this returns.
    ///
    /// # Errors
    /// The system does not do it.
    pub async fn kill(&mut self) -> io::Result<()> {
        match self.process.take() {
            Some(mut process) => process.kill().await,
            None => Ok(()),
        }
    }

    /// Asks it to go (SIGTERM), and waits until it is gone; answers whether it ended well.
    ///
    /// # Errors
    /// The system does not do it, or the server does not go.
    pub async fn terminate(&mut self) -> io::Result<bool> {
        self.signal(Signal::TERM)?;
        let Some(mut process) = self.process.take() else {
            return Ok(false);
        };
        match tokio::time::timeout(CHANGE_TIME_MAX, process.wait()).await {
            Ok(status) => Ok(status?.success()),
            Err(_) => Err(io::Error::other("the server does not end on SIGTERM")),
        }
    }

    /// It does nothing from now on (SIGSTOP), and the world cannot tell why.
    ///
    /// # Errors
    /// The system does not do it.
    pub fn stop(&self) -> io::Result<()> {
        self.signal(Signal::STOP)
    }

    /// It goes on where it was stopped (SIGCONT).
    ///
    /// # Errors
    /// The system does not do it.
    pub fn go_on(&self) -> io::Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(kill_process(self.running()?, signal)?)
    }

    /// How many file descriptors it may have from now on, also after it is started again; `None`: as many as we.
    /// Those it has it keeps.
    ///
    /// # Errors
    /// The system does not do it.
    pub fn limit_files(&mut self, files_max: Option<u64>) -> io::Result<()> {
        self.options.limit_files = files_max;
        let ours = getrlimit(Resource::Nofile);
        let limit = Rlimit {
            current: files_max.or(ours.current),
            maximum: ours.maximum,
        };
        prlimit(Some(self.running()?), Resource::Nofile, limit)?;
        Ok(())
    }

    fn running(&self) -> io::Result<Pid> {
        let pid = self
            .pid()
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(Pid::from_raw);
        pid.ok_or_else(|| io::Error::other("the server does not run"))
    }

    /// What it wrote to its log, in all its lives.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.options.log).unwrap_or_default()
    }

    /// What it uses at this moment; `None`: it does not run, or does not answer.
    pub async fn sample(&self, node: u32) -> Option<What> {
        let pid = self.pid()?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let fds = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count();
        let levels = tokio::time::timeout(SAMPLE_TIME_MAX, counted::metrics(self.address));
        Some(What::Sample {
            node,
            rss_kib: resident_kib(&status)?,
            fds: fds as u64,
            waiting: counted::waiting(&levels.await.ok()?.ok()?),
        })
    }
}

/// Whether it says that it serves, before it ends.
async fn serves(said: &mut Lines<BufReader<ChildStdout>>) -> bool {
    while let Ok(Some(line)) = said.next_line().await {
        if line.contains("http://") {
            return true;
        }
    }
    false
}

fn resident_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// An address of this machine that nobody listens on. It lies below the ports that the system hands to whoever
/// connects: one of those could be taken by a client while the server is down, even by one that tries to reach it.
///
/// # Errors
/// There is none.
pub fn free_address() -> io::Result<SocketAddr> {
    const FIRST: u16 = 18_000;
    const COUNT: u16 = 14_000;
    static TRIED: AtomicU16 = AtomicU16::new(0);
    // Processes that start at the same time begin at different places.
    let start = u16::try_from(u64::from(std::process::id()) * 61 % u64::from(COUNT)).expect("it is below COUNT");
    for _ in 0..COUNT {
        let next = TRIED.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (start.wrapping_add(next)) % COUNT;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    Err(io::Error::other("no port of this machine is free"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_as_the_kernel_writes_it() {
        assert_eq!(
            resident_kib("Name:\tx\nVmRSS:\t   12345 kB\nRssAnon:\t 5 kB\n"),
            Some(12_345)
        );
        assert_eq!(resident_kib("Name:\tx\n"), None);
    }

    #[test]
    fn two_free_addresses_differ() {
        assert_ne!(free_address().expect("free"), free_address().expect("free"));
    }

    #[tokio::test]
    async fn what_does_not_start_says_what_and_why() {
        let directory = tempfile::tempdir().expect("a directory");
        let options = ServedOptions {
            log: directory.path().join("log"),
            ..ServedOptions::default()
        };
        let gone = Served::start(Path::new("no-such-program"), directory.path(), &options).await;
        assert!(
            gone.expect_err("it is not there")
                .to_string()
                .starts_with("no-such-program: ")
        );
        // It is no server: it says a word on standard error and ends.
        let cat = Served::start(Path::new("cat"), directory.path(), &options).await;
        let says = cat.expect_err("it is no server").to_string();
        assert!(says.contains("it ended. Its log ends with:\n  "), "{says}");
        assert!(says.contains("cat"), "{says}");
    }
}
