//! A server with bare senders who write without pause: what the disasters of disk and descriptors strike.

use super::sender::{Manner, Senders};
use super::tally::{Tally, violation};
use super::{Ground, Outcome, dump, percentile, together};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use swarm::served::{Served, ServedOptions};
use swarm::verdict::{Rule, Verdict, Violation};
use tokio::time::Instant;

/// The directory under the scratch directory that holds the files as they were last compared.
const COMPARED: &str = "compared";
/// How long the next acknowledgement may take when nothing is in its way any more, in milliseconds.
const ACK_MS_MAX: u64 = 20_000;

/// A server, those who write, and what they were told.
pub struct Traffic {
    /// The server.
    pub served: Served,
    /// Those who write.
    pub senders: Senders,
    /// What they were told.
    pub tally: Arc<Tally>,
    /// From each restart or mending to the first acknowledgement after it, in milliseconds.
    pub recovery_ms: Vec<f64>,
    /// What went wrong, besides what the log shows.
    pub found: Vec<Violation>,
    data: PathBuf,
    scratch: PathBuf,
}

impl Traffic {
    /// Starts a server on a data directory, and lets people write.
    ///
    /// # Errors
    /// It does not start, or takes nobody.
    pub async fn begin(
        ground: &Ground,
        data: &Path,
        options: &ServedOptions,
        manner: Manner,
        seed: u64,
    ) -> io::Result<Self> {
        let served = Served::start(&ground.program, data, options).await?;
        let tally = Arc::new(Tally::default());
        let url = format!("ws://{}", served.address());
        let senders = Senders::begin(&url, seed, manner, &tally).await?;
        Ok(Self {
            served,
            senders,
            tally,
            recovery_ms: Vec::new(),
            found: Vec::new(),
            data: data.to_owned(),
            scratch: ground.scratch.clone(),
        })
    }

    /// Waits for so many more acknowledgements. `false`: they do not come, and that is a violation.
    pub async fn goes_on(&mut self, more: u64, when: &str) -> bool {
        let acks = self.tally.acks() + more.saturating_sub(1);
        let waited = tokio::time::timeout(Duration::from_millis(ACK_MS_MAX), self.tally.more_than(acks)).await;
        if waited.is_err() {
            self.wrong(format!("nothing is acknowledged any more {when}"));
        }
        waited.is_ok()
    }

    /// The next acknowledgement, measured from now. `false`: it does not come, and that is a violation.
    pub async fn recovers(&mut self, started: Instant, when: &str) -> bool {
        let recovers = self.goes_on(1, when).await;
        if recovers {
            self.recovery_ms.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
        recovers
    }

    /// Starts the server again after it was killed, and waits for the first acknowledgement. From here on they count.
    /// `false`: it does not come back, and that is a violation.
    pub async fn again(&mut self, when: &str) -> bool {
        self.tally.open();
        let started = Instant::now();
        if let Err(error) = self.served.again().await {
            self.wrong(format!("the server does not start {when}: {error}"));
            return false;
        }
        self.recovers(started, when).await
    }

    /// Compares what was acknowledged with the files as they are, of a server that is down; and SQLite looks at them.
    /// It is done on a copy, so that the server finds everything as it was left.
    ///
    /// # Errors
    /// The files cannot be copied.
    pub async fn compare(&self) -> io::Result<Verdict> {
        let copy = self.scratch.join(COMPARED);
        dump::copy(&self.data, &copy)?;
        let logs = match dump::of_directory(&copy, &self.senders.convs, 0).await {
            Ok(logs) => logs,
            Err(error) => return Ok(damaged(format!("the database does not open: {error}"))),
        };
        let mut verdict = self.tally.compare(&logs);
        let integrity = dump::integrity(&copy)?;
        if integrity != "ok" {
            verdict
                .violations
                .extend(damaged(format!("SQLite finds: {integrity}")).violations);
        }
        Ok(verdict)
    }

    /// Lets everybody finish, ends the server, and compares for the last time.
    ///
    /// # Errors
    /// As [`Self::compare`].
    pub async fn end(mut self) -> io::Result<(Verdict, Vec<f64>)> {
        let unanswered = self.senders.fall_silent().await;
        if unanswered > 0 {
            self.wrong(format!("{unanswered} sends were never answered"));
        }
        self.served.kill().await?;
        let mut verdict = self.compare().await?;
        verdict.violations.append(&mut self.found);
        Ok((verdict, self.recovery_ms))
    }

    /// Something is wrong that no log shows.
    pub fn wrong(&mut self, says: String) {
        self.found.push(violation(Rule::I14, None, says));
    }
}

impl Outcome {
    /// Ends the traffic of a disaster and takes over what came of it.
    ///
    /// # Errors
    /// As [`Traffic::end`].
    pub async fn ends(&mut self, traffic: Traffic) -> io::Result<()> {
        let refusals = traffic.tally.refusals();
        if !refusals.is_empty() {
            self.notes.push(format!("refusals by code: {refusals:?}"));
        }
        let (verdict, recovery_ms) = traffic.end().await?;
        self.verdicts.push(verdict);
        self.recovery_ms = recovery_ms;
        Ok(())
    }

    /// Puts the figures into one sentence: what happened how often, and until when the times were taken. If something
    /// was found, says where the files are that it was found in.
    pub fn tells(&mut self, ground: &Ground, what: &str, until: &str) {
        if !self.is_well() {
            let compared = ground.scratch.join(COMPARED);
            self.notes
                .push(format!("the files it was found in: {}", compared.display()));
        }
        let sum = together(&self.verdicts);
        self.says = format!(
            "{what}, {} sends acknowledged, {} lost, {} doubled; {until} p50 {:.0} ms, p99 {:.0} ms",
            sum.acked,
            sum.lost,
            sum.doubled,
            percentile(&self.recovery_ms, 50),
            percentile(&self.recovery_ms, 99),
        );
    }
}

fn damaged(says: String) -> Verdict {
    let mut verdict = Verdict::default();
    verdict.summary.lost = 1;
    verdict.violations.push(violation(Rule::I1, None, says));
    verdict
}
