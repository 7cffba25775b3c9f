//! What people decide about themselves and about each other, and how they stand to each other by it.

use super::State;
use crate::record::{Manners, NewReport, Person, ProfileChange, REPORTS_OPEN_MAX, Report, Standing, Which};
use crate::{Refused, Result};
use protocol::limits::BLOCKS_MAX;
use protocol::people::{Audience, Privacy, SetPrivacy};
use protocol::{ConversationId, DeviceId, UserId, Ver};

/// A text that may be taken away by an empty one.
fn changed(before: Option<String>, change: Option<String>) -> Option<String> {
    match change {
        None => before,
        Some(text) => Some(text).filter(|text| !text.is_empty()),
    }
}

impl State {
    pub(super) fn set_profile(&mut self, change: ProfileChange) -> Result<(Person, Option<Ver>)> {
        let account = self.accounts.get_mut(&change.user).ok_or(Refused::UnknownPerson)?;
        let before = account.person();
        let after = Person {
            name: change.name.unwrap_or(before.name.clone()),
            handle: change.handle.unwrap_or(before.handle.clone()),
            about: changed(before.about.clone(), change.about),
            picture: changed(before.picture.clone(), change.picture),
            ..before.clone()
        };
        if after == before {
            return Ok((after, None));
        }
        account.user.name.clone_from(&after.name);
        account.user.handle.clone_from(&after.handle);
        account.about.clone_from(&after.about);
        account.picture.clone_from(&after.picture);
        let inbox = self.inboxes.entry(change.user).or_default();
        let ver = inbox.next_ver();
        inbox.profile = Some(ver);
        Ok((after, Some(ver)))
    }

    pub(super) fn set_privacy(&mut self, user: UserId, set: SetPrivacy) -> Result<(Privacy, Option<Ver>)> {
        let account = self.accounts.get_mut(&user).ok_or(Refused::UnknownPerson)?;
        let before = account.privacy;
        let after = Privacy {
            who_writes: set.who_writes.unwrap_or(before.who_writes),
            who_adds: set.who_adds.unwrap_or(before.who_adds),
            last_seen: set.last_seen.unwrap_or(before.last_seen),
            receipts: set.receipts.unwrap_or(before.receipts),
        };
        if after == before {
            return Ok((after, None));
        }
        account.privacy = after;
        let inbox = self.inboxes.entry(user).or_default();
        let ver = inbox.next_ver();
        inbox.privacy = Some((ver, after));
        Ok((after, Some(ver)))
    }

    pub(super) fn block(&mut self, user: UserId, other: UserId, on: bool) -> Result<Option<Ver>> {
        if !self.accounts.contains_key(&other) {
            return Err(Refused::UnknownPerson.into());
        }
        let account = self.accounts.get_mut(&user).ok_or(Refused::UnknownPerson)?;
        if account.blocks.contains(&other) == on {
            return Ok(None);
        }
        if on && account.blocks.len() >= BLOCKS_MAX {
            return Err(Refused::TooManyBlocks.into());
        }
        if on {
            account.blocks.insert(other);
        } else {
            account.blocks.remove(&other);
        }
        let blocks = account.blocks.iter().copied().collect();
        let inbox = self.inboxes.entry(user).or_default();
        let ver = inbox.next_ver();
        inbox.blocks = Some((ver, blocks));
        Ok(Some(ver))
    }

    pub(super) fn deactivate(&mut self, user: UserId, deactivated: bool) -> Result<Vec<DeviceId>> {
        let account = self.accounts.get_mut(&user).ok_or(Refused::UnknownPerson)?;
        account.user.deactivated = deactivated;
        if deactivated {
            Ok(self.revoke_devices(user, Which::All))
        } else {
            Ok(Vec::new())
        }
    }

    fn privacy(&self, user: UserId) -> Privacy {
        self.accounts
            .get(&user)
            .map_or_else(Privacy::default, |account| account.privacy)
    }

    fn blocks(&self, user: UserId, other: UserId) -> bool {
        self.accounts
            .get(&user)
            .is_some_and(|account| account.blocks.contains(&other))
    }

    /// Together in a group now, or in a 1:1 that nobody still has to take up.
    fn are_acquainted(&self, user: UserId, other: UserId) -> bool {
        self.conversations.values().any(|conversation| {
            let taken_up = |user| {
                conversation
                    .member(user)
                    .is_ok_and(|membership| membership.side.request.is_none())
            };
            taken_up(user) && taken_up(other)
        })
    }

    pub(super) fn standings(&self, user: UserId, people: &[UserId]) -> Vec<Standing> {
        let standing = |&other: &UserId| Standing {
            user: other,
            acquainted: self.are_acquainted(user, other),
            blocks: self.blocks(user, other),
            blocked: self.blocks(other, user),
            deactivated: self
                .accounts
                .get(&other)
                .is_some_and(|account| account.user.deactivated),
            privacy: self.privacy(other),
        };
        people.iter().map(standing).collect()
    }

    pub(super) fn may_see(&self, viewer: UserId, people: &[UserId]) -> Vec<UserId> {
        let tells = |user| self.privacy(user).last_seen != Audience::Nobody;
        let standings = self.standings(viewer, people).into_iter();
        let seen =
            standings.filter(|one| one.acquainted && !one.blocks && !one.blocked && tells(one.user) && tells(viewer));
        seen.map(|one| one.user).collect()
    }

    pub(super) fn hidden_from(&self, user: UserId, conv: ConversationId) -> Vec<UserId> {
        let Some(conversation) = self.conversations.get(&conv).filter(|found| found.member(user).is_ok()) else {
            return Vec::new();
        };
        let hidden = |other: UserId| conversation.is_quiet() || self.blocks(user, other) || self.blocks(other, user);
        let others = conversation
            .present()
            .map(|(other, _)| other)
            .filter(|&other| other != user);
        others.filter(|&other| hidden(other)).collect()
    }

    pub(super) fn manners(&self, user: UserId) -> Manners {
        let shunned = self.accounts.keys().copied();
        Manners {
            private: self.privacy(user).receipts == Audience::Nobody,
            shunned: shunned
                .filter(|&other| self.blocks(user, other) || self.blocks(other, user))
                .collect(),
        }
    }

    pub(super) fn find_acquainted(&self, viewer: UserId, prefix: &str, limit: usize) -> Vec<Person> {
        let others = self.accounts.iter().filter(|&(&user, _)| user != viewer);
        let mut found: Vec<Person> = others
            .filter(|&(&user, _)| self.are_acquainted(viewer, user))
            .map(|(_, account)| account.person())
            .filter(|person| !person.deactivated && person.begins_with(prefix))
            .collect();
        found.sort_by(|one, other| (&one.handle, one.user).cmp(&(&other.handle, other.user)));
        found.truncate(limit);
        found
    }

    pub(super) fn add_report(&mut self, report: NewReport, now_ms: u64) -> Result<()> {
        let same = |known: &&Report| (known.report.reporter, known.report.send_id) == (report.reporter, report.send_id);
        if self.reports.iter().any(|known| same(&known)) {
            return Ok(());
        }
        let theirs = self
            .reports
            .iter()
            .filter(|known| known.report.reporter == report.reporter);
        if theirs.count() >= REPORTS_OPEN_MAX {
            return Err(Refused::TooManyReports.into());
        }
        self.last_report += 1;
        self.reports.push(Report {
            number: self.last_report,
            created_ms: now_ms,
            report,
        });
        Ok(())
    }

    pub(super) fn open_reports(&self, after: u64, limit: usize) -> Vec<Report> {
        let above = self.reports.iter().filter(|report| report.number > after);
        above.take(limit).cloned().collect()
    }

    pub(super) fn close_report(&mut self, number: u64) -> bool {
        let before = self.reports.len();
        self.reports.retain(|report| report.number != number);
        self.reports.len() < before
    }
}
