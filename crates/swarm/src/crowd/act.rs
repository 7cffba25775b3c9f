//! The steps of the plan, each device on a task of its own, by the time of the plan.

use super::device::Device;
use super::{Crowd, Run};
use crate::plan::{After, Doer, Step};
use crate::world::World;
use client::No;
use protocol::ConversationId;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// How long after the plan's time devices that are late may go on.
const GRACE: Duration = Duration::from_secs(10);

/// What one device acts with.
struct Actor<W: World> {
    run: Arc<Run<W>>,
    device: Arc<Device<W>>,
    rooms: Arc<[ConversationId]>,
    began: Instant,
    stop: watch::Receiver<bool>,
    hold: watch::Receiver<bool>,
}

impl<W: World> Crowd<W> {
    /// Carries out the plan's steps; returns when all are done, or the plan's time is over and a while more. Everybody
    /// is there then, also who was away.
    pub async fn act(&self) {
        let (stop, _) = watch::channel(false);
        let began = Instant::now();
        let mut acting = Vec::new();
        for device in &self.devices {
            let steps: Vec<Step> = self.run.plan.steps_of(device.number).cloned().collect();
            let actor = Actor {
                run: Arc::clone(&self.run),
                device: Arc::clone(device),
                rooms: Arc::clone(&self.rooms),
                began,
                stop: stop.subscribe(),
                hold: self.hold.subscribe(),
            };
            acting.push(tokio::spawn(actor.act(steps)));
        }
        let time_max = Duration::from_millis(self.run.plan.shape.for_ms) + GRACE;
        let mut all = std::pin::pin!(async {
            for actor in acting {
                let _ = actor.await;
            }
        });
        if tokio::time::timeout_at(began + time_max, &mut all).await.is_err() {
            stop.send_replace(true);
            all.await;
        }
    }
}

impl<W: World> Actor<W> {
    async fn act(mut self, steps: Vec<Step>) {
        for step in steps {
            let due = self.began + Duration::from_millis(step.at_ms);
            let may = async {
                sleep_until(due).await;
                until(&mut self.hold, false).await;
            };
            tokio::select! {
                biased;
                () = until(&mut self.stop, true) => return,
                () = may => {}
            }
            match self.step(&step).await {
                Ok(After::Stay) => {}
                Ok(After::Away { ms, keeps }) => self.away(ms, keeps).await,
                // A client that has stopped for good said so in an event, and this device does no more.
                Err(No::Stopped) => {}
                Err(No::OutboxFull | No::Busy | No::Unknown | No::Refused(_)) => {
                    self.run.counts.not_taken.fetch_add(1, Relaxed);
                }
            }
        }
    }

    async fn step(&self, step: &Step) -> Result<After, No> {
        let client = self.device.client().ok_or(No::Stopped)?;
        let doer = Doer {
            client: &client,
            device: self.device.number,
            rooms: &self.rooms,
            people: &self.run.users,
            recorder: &self.run.recorder,
            wire: &self.device.handle,
            counts: &self.run.counts,
            links: &self.run.links,
        };
        step.verb.act(&doer).await
    }

    async fn away(&mut self, ms: u64, keeps: bool) {
        self.device.end(&self.run, keeps).await;
        tokio::select! {
            biased;
            () = until(&mut self.stop, true) => {}
            () = sleep(Duration::from_millis(ms)) => {}
        }
        // It began once already, with the same address and token.
        let _ = self.device.begin(&self.run).await;
    }
}

/// Returns when it says so, or nobody can say anything any more.
async fn until(says: &mut watch::Receiver<bool>, so: bool) {
    let _ = says.wait_for(|says| *says == so).await;
}
