//! The server as a process of its own, and what the kernel says of it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::{fs, io};

use crate::Wrong;

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Memory in KiB.
#[derive(Clone, Copy)]
pub struct Memory {
    /// Anonymous memory that is resident.
    pub anon_kib: u64,
    /// All that is resident, shared pages by their share.
    pub pss_kib: u64,
}

impl Server {
    /// Starts `program serve` on a data directory.
    pub fn start(program: &Path, data: &Path) -> Result<Self, Wrong> {
        let mut command = Command::new(program);
        command.arg("serve").arg("--data").arg(data);
        command.args(["--listen", "127.0.0.1:0", "--sign-up", "open", "--no-rates"]);
        command.args(["--sessions-max", "19000", "--drain-spread-ms", "1", "--log", "warn"]);
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}; cargo build --release -p cli", program.display()))?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().rsplit('/').next().unwrap_or_default().parse();
        let address = address.map_err(|_| format!("the server said {line:?} instead of its address"))?;
        Ok(Self { child, address })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its memory now.
    pub fn memory(&self) -> io::Result<Memory> {
        let number = |path: &str, name: &str| -> io::Result<u64> {
            let text = fs::read_to_string(format!("/proc/{}/{path}", self.pid()))?;
            let value = text.lines().find_map(|line| line.strip_prefix(name));
            value
                .and_then(|value| value.trim().trim_end_matches(" kB").parse().ok())
                .ok_or_else(|| io::Error::other(format!("no {name}")))
        };
        Ok(Memory {
            anon_kib: number("status", "RssAnon:")?,
            pss_kib: number("smaps_rollup", "Pss:")?,
        })
    }

    /// Processor time of all its threads that are still there, in microseconds.
    pub fn cpu_us(&self) -> io::Result<u64> {
        let mut total_ns = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.pid()))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            total_ns += text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0);
        }
        Ok(total_ns / 1_000)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Counts a process's system calls by strace while it lives.
pub struct Strace {
    child: Child,
}

impl Strace {
    /// Begins to count. It slows the process down, so nothing else is measured at the same time.
    pub fn attach(pid: u32, out: &Path) -> Result<Self, Wrong> {
        let child = Command::new("strace")
            .args(["-c", "-f", "-q", "-o"])
            .arg(out)
            .args(["-p", &pid.to_string()])
            .spawn()
            .map_err(|error| format!("strace: {error}; apt-get install strace"))?;
        Ok(Self { child })
    }

    /// Ends it, so that it writes what it counted.
    pub fn detach(mut self) -> io::Result<()> {
        Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status()?;
        self.child.wait()?;
        Ok(())
    }
}
