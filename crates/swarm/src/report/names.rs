//! Names and numbers, as people read them.

use crate::history::{Device, DeviceKind, Record};
use protocol::{ConversationId, SendId, UserId};
use std::collections::BTreeMap;

/// Who is who in a history.
pub(super) struct Names {
    devices: BTreeMap<Device, String>,
    people: BTreeMap<UserId, (Device, String)>,
    owners: BTreeMap<Device, UserId>,
}

impl Names {
    /// Of everybody in a history.
    pub(super) fn of(history: &[Record]) -> Self {
        let (mut devices, mut people, mut owners) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (device, (user, name, kind)) in crate::history::devices(history) {
            let sort = match kind {
                DeviceKind::Client => "",
                DeviceKind::Ear => " ear",
                DeviceKind::Fresh => " fresh",
            };
            // The number is the history's own, so that a line of the report is found in the file again.
            devices.insert(device, format!("{name}/{device}{sort}"));
            people.entry(user).or_insert((device, name));
            owners.insert(device, user);
        }
        Self {
            devices,
            people,
            owners,
        }
    }

    /// A device: its person, its number, and what sort it is, unless it is a client.
    pub(super) fn device(&self, device: Option<Device>) -> String {
        match device {
            None => "the run".to_owned(),
            Some(device) => self.devices.get(&device).cloned().unwrap_or(format!("device {device}")),
        }
    }

    /// A person.
    pub(super) fn person(&self, user: UserId) -> String {
        match self.people.get(&user) {
            Some((_, name)) => name.clone(),
            None => short(user.as_bytes()),
        }
    }

    /// All devices, those of a person beside each other.
    pub(super) fn all_devices(&self) -> Vec<Device> {
        let mut all: Vec<Device> = self.devices.keys().copied().collect();
        all.sort_by_key(|device| self.place(*device));
        all
    }

    /// What to sort devices by: people in order of their first device, each with all of theirs.
    pub(super) fn place(&self, device: Device) -> (Device, Device) {
        let first = self.owners.get(&device).and_then(|user| self.people.get(user));
        (first.map_or(device, |(first, _)| *first), device)
    }
}

/// A conversation, in short.
pub(super) fn conv(conv: ConversationId) -> String {
    short(conv.as_bytes())
}

/// A send, in short.
pub(super) fn send(send_id: SendId) -> String {
    short(send_id.as_bytes())
}

/// Eight digits of an id, always the same ones: the first; the last of a time-ordered id, as its first ones are the
/// time, which all that is sent within a minute has in common.
fn short(bytes: &[u8; 16]) -> String {
    let time_ordered = bytes[6] >> 4 == 7;
    let part = if time_ordered { &bytes[12..] } else { &bytes[..4] };
    part.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A digest, in short.
pub(super) fn digest(digest: u64) -> String {
    format!("{:08x}", digest >> 32)
}

/// A count with its thousands apart.
#[must_use]
pub fn counted(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time in seconds, to the millisecond.
#[must_use]
pub fn seconds(at_us: u64) -> String {
    format!("{}.{:03} s", at_us / 1_000_000, at_us / 1_000 % 1_000)
}

/// A duration in milliseconds, in the unit that suits it.
#[must_use]
pub fn lasting(ms: f64) -> String {
    match ms {
        ms if ms >= 10_000.0 => format!("{:.1} s", ms / 1000.0),
        ms if ms >= 1_000.0 => format!("{:.2} s", ms / 1000.0),
        ms if ms >= 100.0 => format!("{ms:.0} ms"),
        ms => format!("{ms:.1} ms"),
    }
}

/// Text of others as text of HTML, in an element or an attribute.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        let told: Vec<String> = [0, 999, 1_000, 12_345, 1_234_567].map(counted).into();
        assert_eq!(told, ["0", "999", "1,000", "12,345", "1,234,567"]);
    }

    #[test]
    fn two_sends_of_one_second_have_two_short_names() {
        let id = |text: &str| send(text.parse().unwrap());
        assert_eq!(id("019ab5f0-1111-7abc-8000-0000deadbeef"), "deadbeef");
        assert_eq!(id("019ab5f0-1112-7abc-8000-000012345678"), "12345678");
        assert_eq!(id("284da767-c3df-8a7b-a28d-4d8a5ac4f4d6"), "284da767");
    }

    #[test]
    fn nothing_of_others_is_markup() {
        assert_eq!(escaped(r#"<b title="x">&'"#), "&lt;b title=&quot;x&quot;&gt;&amp;&#39;");
    }
}
