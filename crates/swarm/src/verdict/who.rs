//! The devices of a run, and the moments of their lives that excuse them.

use crate::history::{Device, DeviceKind, Record, What};
use protocol::UserId;
use std::collections::BTreeMap;

/// A device.
#[derive(Debug)]
pub struct Who<'a> {
    pub user: UserId,
    pub name: &'a str,
    pub kind: DeviceKind,
    pub slow: bool,
    /// When it ended for good, and why.
    pub stopped: Option<(usize, &'a str)>,
    forgot_us: Option<u64>,
    lost_events_us: Option<u64>,
    connected_us: Vec<u64>,
    disconnected_us: Vec<u64>,
}

impl Who<'_> {
    /// Whether it forgot what it had asked at that time.
    pub fn forgot_after(&self, at_us: u64) -> bool {
        self.forgot_us.is_some_and(|forgot_us| forgot_us >= at_us)
    }

    /// Whether answers of that time may be among the events that it lost.
    pub fn lost_events_after(&self, at_us: u64) -> bool {
        self.lost_events_us.is_some_and(|lost_us| lost_us >= at_us)
    }

    /// When it was first connected at or after that time.
    pub fn connected_after(&self, at_us: u64) -> Option<u64> {
        let index = self.connected_us.partition_point(|connected_us| *connected_us < at_us);
        self.connected_us.get(index).copied()
    }

    /// Whether its connection ended between these two, or there was none.
    pub fn was_cut_off(&self, from_us: u64, to_us: u64) -> bool {
        let upto = |times: &[u64], at_us: u64| times.partition_point(|time_us| *time_us <= at_us);
        let ended = |at_us: u64| upto(&self.disconnected_us, at_us);
        ended(to_us) > ended(from_us) || upto(&self.connected_us, from_us) <= ended(from_us)
    }

    /// Whether the rules that need a device to keep up hold for it.
    pub fn keeps_up(&self) -> bool {
        self.kind == DeviceKind::Client && !self.slow && self.stopped.is_none()
    }
}

/// Everybody who is in a history that is in order of time.
pub fn meet<'a>(history: &[&'a Record]) -> BTreeMap<Device, Who<'a>> {
    let mut devices: BTreeMap<Device, Who<'a>> = BTreeMap::new();
    for (at, record) in history.iter().enumerate() {
        let Some(device) = record.device else { continue };
        if let What::Device { user, name, kind, slow } = &record.what {
            let who = Who {
                user: *user,
                name,
                kind: *kind,
                slow: *slow,
                stopped: None,
                forgot_us: None,
                lost_events_us: None,
                connected_us: Vec::new(),
                disconnected_us: Vec::new(),
            };
            devices.entry(device).or_insert(who);
        }
        let Some(who) = devices.get_mut(&device) else {
            continue;
        };
        match &record.what {
            What::Stopped { why } => who.stopped = Some((at, why)),
            What::Forgets => who.forgot_us = Some(record.at_us),
            What::EventsLost => who.lost_events_us = Some(record.at_us),
            What::Connected { .. } => who.connected_us.push(record.at_us),
            What::Disconnected => who.disconnected_us.push(record.at_us),
            _ => {}
        }
    }
    devices
}
