//! Accounts, their devices and the devices' mailboxes.

use super::State;
use crate::record::{Device, Mail, NewDevice, NewMail, NewUser, Person, SecretHash, SeenDevice, User, Which};
use crate::{Refused, Result};
use protocol::limits::{DEVICES_MAX, MAILBOX_MS_MAX};
use protocol::people::Privacy;
use protocol::{DeviceId, DeviceSeq, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Receipt runs are kept this long, in milliseconds: 90 days.
const RUNS_MS_MAX: u64 = 90 * 24 * 3_600_000;

/// A person with what hangs on them.
pub(super) struct Account {
    pub user: User,
    pub about: Option<String>,
    pub picture: Option<String>,
    pub privacy: Privacy,
    /// Whom they block.
    pub blocks: BTreeSet<UserId>,
    pub last_seen_ms: Option<u64>,
    pub devices: BTreeMap<DeviceId, SignedIn>,
}

/// A device with its mailbox.
pub(super) struct SignedIn {
    device: Device,
    mail: Vec<Mail>,
    /// The last place given in its mailbox: acknowledged places are not given again.
    last_dseq: DeviceSeq,
}

impl Account {
    /// Who they are.
    pub(super) fn person(&self) -> Person {
        Person {
            user: self.user.user,
            handle: self.user.handle.clone(),
            name: self.user.name.clone(),
            about: self.about.clone(),
            picture: self.picture.clone(),
            deactivated: self.user.deactivated,
        }
    }
}

impl State {
    pub(super) fn create_user(&mut self, new: NewUser, now_ms: u64) {
        self.accounts.entry(new.user).or_insert_with(|| Account {
            user: User {
                user: new.user,
                handle: new.handle,
                name: new.name,
                password_hash: new.password_hash,
                owner: new.owner,
                created_ms: now_ms,
                deactivated: false,
            },
            about: None,
            picture: None,
            privacy: Privacy::default(),
            blocks: BTreeSet::new(),
            last_seen_ms: None,
            devices: BTreeMap::new(),
        });
    }

    pub(super) fn people(&self, users: &[UserId]) -> Vec<Person> {
        let known = users.iter().filter_map(|user| self.accounts.get(user));
        known.map(Account::person).collect()
    }

    fn account_mut(&mut self, user: UserId) -> std::result::Result<&mut Account, Refused> {
        self.accounts.get_mut(&user).ok_or(Refused::UnknownPerson)
    }

    fn signed_in(&self, user: UserId, device: DeviceId) -> Option<&SignedIn> {
        self.accounts.get(&user)?.devices.get(&device)
    }

    fn signed_in_mut(&mut self, user: UserId, device: DeviceId) -> std::result::Result<&mut SignedIn, Refused> {
        self.account_mut(user)?
            .devices
            .get_mut(&device)
            .ok_or(Refused::UnknownPerson)
    }

    pub(super) fn set_password(&mut self, user: UserId, password_hash: String) -> Result<()> {
        self.account_mut(user)?.user.password_hash = password_hash;
        Ok(())
    }

    pub(super) fn set_owner(&mut self, user: UserId, owner: bool) -> Result<()> {
        self.account_mut(user)?.user.owner = owner;
        Ok(())
    }

    pub(super) fn add_device(&mut self, new: NewDevice, now_ms: u64) -> Result<()> {
        let account = self.account_mut(new.user)?;
        if account.devices.contains_key(&new.device) {
            return Ok(());
        }
        if account.user.deactivated {
            return Err(Refused::Deactivated.into());
        }
        if account.devices.len() >= DEVICES_MAX {
            return Err(Refused::TooManyDevices.into());
        }
        let device = Device {
            device: new.device,
            name: new.name,
            secret_hash: new.secret_hash,
            next_hash: None,
            created_ms: now_ms,
            last_ms: now_ms,
        };
        let signed_in = SignedIn {
            device,
            mail: Vec::new(),
            last_dseq: DeviceSeq::ZERO,
        };
        account.devices.insert(new.device, signed_in);
        self.bump_devices(new.user);
        Ok(())
    }

    pub(super) fn device(&self, user: UserId, device: DeviceId) -> Option<Device> {
        self.signed_in(user, device).map(|signed_in| signed_in.device.clone())
    }

    pub(super) fn devices(&self, user: UserId) -> Vec<Device> {
        let Some(account) = self.accounts.get(&user) else {
            return Vec::new();
        };
        let mut devices: Vec<Device> = account.devices.values().map(|one| one.device.clone()).collect();
        devices.sort_by_key(|device| (device.created_ms, device.device));
        devices
    }

    pub(super) fn saw_device(&mut self, seen: SeenDevice) {
        let Ok(signed_in) = self.signed_in_mut(seen.user, seen.device) else {
            return;
        };
        let device = &mut signed_in.device;
        device.last_ms = device.last_ms.max(seen.at_ms);
        if seen.used_next
            && let Some(next) = device.next_hash.take()
        {
            device.secret_hash = next;
        }
        if !seen.invisible {
            let account = self.accounts.get_mut(&seen.user).expect("it has the device");
            account.last_seen_ms = account.last_seen_ms.max(Some(seen.at_ms));
        }
    }

    pub(super) fn rotate_secret(&mut self, user: UserId, device: DeviceId, next_hash: SecretHash) -> Result<()> {
        self.signed_in_mut(user, device)?.device.next_hash = Some(next_hash);
        Ok(())
    }

    pub(super) fn revoke_devices(&mut self, user: UserId, which: Which) -> Vec<DeviceId> {
        let mut revoked: Vec<DeviceId> = self.devices(user).into_iter().map(|device| device.device).collect();
        revoked.retain(|device| match which {
            Which::One(one) => *device == one,
            Which::AllBut(kept) => *device != kept,
            Which::All => true,
        });
        if let Some(account) = self.accounts.get_mut(&user) {
            account.devices.retain(|device, _| !revoked.contains(device));
        }
        if !revoked.is_empty() {
            self.bump_devices(user);
        }
        revoked
    }

    pub(super) fn put_mail(&mut self, new: NewMail, now_ms: u64) -> Result<DeviceSeq> {
        let signed_in = self.signed_in_mut(new.user, new.device)?;
        signed_in.last_dseq = signed_in.last_dseq.next();
        signed_in.mail.push(Mail {
            dseq: signed_in.last_dseq,
            kind: new.kind,
            body: new.body,
            created_ms: now_ms,
        });
        Ok(signed_in.last_dseq)
    }

    pub(super) fn mail(&self, user: UserId, device: DeviceId, after: DeviceSeq, limit: usize) -> Vec<Mail> {
        let mail = self
            .signed_in(user, device)
            .map_or(&[][..], |signed_in| &signed_in.mail);
        mail.iter()
            .filter(|mail| mail.dseq > after)
            .take(limit)
            .cloned()
            .collect()
    }

    pub(super) fn ack_mail(&mut self, user: UserId, device: DeviceId, to: DeviceSeq) {
        if let Ok(signed_in) = self.signed_in_mut(user, device) {
            signed_in.mail.retain(|mail| mail.dseq > to);
        }
    }

    pub(super) fn expire(&mut self, limit: usize, now_ms: u64) -> usize {
        let mut left = limit;
        // Keeps what is young, and what is over the limit.
        let mut keep = |at_ms: u64, age_ms_max: u64| {
            let goes = left > 0 && now_ms.saturating_sub(at_ms) > age_ms_max;
            left -= usize::from(goes);
            !goes
        };
        for account in self.accounts.values_mut() {
            for signed_in in account.devices.values_mut() {
                signed_in.mail.retain(|mail| keep(mail.created_ms, MAILBOX_MS_MAX));
            }
        }
        for conversation in self.conversations.values_mut() {
            for membership in conversation.members.values_mut() {
                membership.delivered_runs.retain(|run| keep(run.at_ms, RUNS_MS_MAX));
                membership.read_runs.retain(|run| keep(run.at_ms, RUNS_MS_MAX));
            }
        }
        limit - left
    }
}
