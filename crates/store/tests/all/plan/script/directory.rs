//! What people do that is in no log: accounts, devices, manners, and what is their own.

use super::*;

impl Script {
    pub(super) fn device(&mut self) -> DeviceId {
        DeviceId::from_bytes([self.chance.below(4) as u8; 16])
    }

    pub(super) fn devices(&mut self) -> Command {
        let (user, device) = (self.person(), self.device());
        let hash = [self.chance.below(9) as u8; 32];
        match self.chance.below(12) {
            0..4 => {
                // Now and then one more of a person who has as many as there may be.
                let (user, device) = if self.coin(2) {
                    (self.people[1], DeviceId::from_bytes(self.mint()))
                } else {
                    (user, device)
                };
                let name = format!("device {}", self.minted);
                Command::AddDevice(NewDevice {
                    user,
                    device,
                    name,
                    secret_hash: hash,
                })
            }
            4 | 5 => Command::Saw(SeenDevice {
                user,
                device,
                at_ms: START_MS + self.chance.below(100_000) as u64,
                used_next: self.coin(2),
                invisible: self.coin(3),
            }),
            6 => Command::Rotate(user, device, hash),
            7 => Command::Revoke(
                user,
                match self.chance.below(6) {
                    0 => Which::All,
                    1 => Which::AllBut(device),
                    _ => Which::One(device),
                },
            ),
            8 | 9 => Command::PutMail(NewMail {
                user,
                device,
                kind: "welcome".into(),
                body: hash[..].into(),
            }),
            10 => Command::AckMail(user, device, DeviceSeq(self.chance.below(5) as u64)),
            _ => Command::SetPassword(user, format!("hash {}", self.minted)),
        }
    }

    /// What people decide about themselves and about each other.
    pub(super) fn people(&mut self) -> Command {
        let (user, other) = (self.person(), self.person());
        let on = self.coin(2);
        match self.chance.below(16) {
            0 | 1 => {
                let mut maybe = |text: &str| self.coin(2).then(|| text.to_owned());
                Command::Profile(ProfileChange {
                    user,
                    name: maybe("Another Name"),
                    handle: maybe("p9"),
                    about: maybe(if on { "" } else { "about" }),
                    picture: maybe("picture"),
                })
            }
            2 | 3 => {
                let audience = [Audience::Everyone, Audience::Acquainted, Audience::Nobody];
                let mut maybe = || self.coin(2).then(|| self.chance.one_of(&audience));
                Command::Privacy(
                    user,
                    SetPrivacy {
                        who_writes: maybe(),
                        who_adds: maybe(),
                        last_seen: maybe(),
                        receipts: maybe(),
                    },
                )
            }
            4 | 5 => Command::Block(user, other, on),
            6..11 => {
                let pair = [self.people[1 + self.chance.below(3)], self.people[4]];
                let conv = ConversationId::direct(pair[0], pair[1]);
                // Seldom a stranger.
                let user = if self.coin(6) { user } else { self.chance.one_of(&pair) };
                let terms = self.chance.one_of(&[
                    Terms::Accept,
                    Terms::Ignore,
                    Terms::Ignore,
                    Terms::Blocks(true),
                    Terms::Blocks(true),
                    Terms::Blocks(false),
                    Terms::Blocks(false),
                ]);
                Command::Terms(SetTerms { conv, user, terms })
            }
            11 => Command::Deactivate(user, on && self.coin(3)),
            12 | 13 => Command::NoteDeactivated(user, on),
            14 => Command::Report(NewReport {
                reporter: user,
                send_id: SendId::from_bytes(self.mint()),
                user: other,
                conv: self.conv(),
                why: "why".into(),
                said: "[]".into(),
            }),
            _ => Command::CloseReport(self.chance.below(3) as u64),
        }
    }

    /// As many devices as one person may have, at once.
    pub fn many_devices(&mut self) -> Vec<Command> {
        let user = self.people[1];
        let one = |n: usize| {
            let mut bytes = [0x55; 16];
            bytes[0] = n as u8;
            let (device, name) = (DeviceId::from_bytes(bytes), format!("one of many, {n}"));
            Command::AddDevice(NewDevice {
                user,
                device,
                name,
                secret_hash: [1; 32],
            })
        };
        (0..=protocol::limits::DEVICES_MAX).map(one).collect()
    }

    pub(super) fn directory(&mut self) -> Command {
        let hash = [self.chance.below(3) as u8; 32];
        match self.chance.below(9) {
            8 => Command::Release(self.person(), format!("h{}", self.chance.below(6))),
            0..5 => Command::Claim(ClaimHandle {
                handle: format!("h{}", self.chance.below(6)),
                user: self.person(),
                invite: self.coin(2).then_some(hash),
            }),
            5 | 6 => Command::AddInvite(Invite {
                hash,
                owner: false,
                uses_left: 1 + self.chance.below(3) as u32,
                expires_ms: START_MS + self.chance.below(400_000) as u64,
                created_ms: START_MS + self.chance.below(3) as u64,
            }),
            _ => Command::RevokeInvite(hash),
        }
    }

    /// Something of one's own: often of the same few, or no draft would meet another.
    pub(super) fn own(&mut self, head_of: &dyn Fn(ConversationId) -> Seq) -> Command {
        let (user, conv) = (self.person(), self.conv());
        let head = head_of(conv);
        let seq = self.seq(head);
        let flag = |script: &mut Self| script.coin(2).then(|| script.coin(2));
        match self.chance.below(4) {
            0 => Command::Prefs(
                user,
                SetPrefs {
                    mute_until_ms: self.coin(2).then(|| self.coin(2).then_some(START_MS + 9)),
                    archived: flag(self).map(Some),
                    cleared_seq: self.coin(3).then_some(seq),
                    ..SetPrefs::of(conv)
                },
            ),
            1 => Command::Mark(
                user,
                SetMark {
                    conv,
                    seq,
                    star: flag(self),
                    hidden: flag(self),
                },
            ),
            _ => Command::Draft(SetDraft {
                user,
                conv,
                text: (!self.coin(6)).then(|| {
                    let n = self.chance.below(4);
                    if n == 0 { String::new() } else { format!("draft {n}") }
                }),
                base_ver: Ver(self.chance.below(9) as u64),
                forget: if self.coin(4) {
                    vec![Ver(self.chance.below(9) as u64)]
                } else {
                    Vec::new()
                },
            }),
        }
    }
}
