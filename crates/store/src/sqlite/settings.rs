//! A group's settings: how they change, and what slow mode makes of a message.

use super::db::{self, Db};
use super::held::Conversation;
use super::job::Outcome;
use super::log;
use super::members::{self, Turn};
use super::work::{Digest, Pen, Work};
use crate::error::Refused;
use crate::record::{Appended, ChangeSettings};
use protocol::group::SettingsChange;
use protocol::rights::{Action, may};
use protocol::server_frame::ConversationKind;
use protocol::{Kind, Seq, UserId};

/// [`crate::Store::change_settings`].
pub(super) fn change(work: &mut Work, ask: &ChangeSettings) -> Outcome<Appended> {
    let db = &work.db;
    let conversation = work.held.get(db, ask.conv)?.ok_or(Refused::NotFound)?;
    let actor = conversation.members.get(&ask.actor).ok_or(Refused::NotFound)?;
    let (sender, role) = (actor.number, actor.role);
    let digest = digest(&work.pen, &ask.change);
    let conv = (ask.conv, conversation.number);
    if let Some(before) = log::known(db, conv, sender, ask.send_id, digest)? {
        return Ok(before);
    }
    let role = role.ok_or(Refused::NotAMember)?;
    if conversation.kind != ConversationKind::Group {
        return Err(Refused::NotAGroup.into());
    }
    let mode = conversation.settings.mode();
    if ask.change.needs().any(|action| !may(role, action, mode)) {
        return Err(Refused::Forbidden.into());
    }
    let turn = Turn {
        conv: ask.conv,
        actor: ask.actor,
        send_id: ask.send_id,
        sender,
        digest,
    };
    let news = ask.change.news(conversation.title.as_deref(), &conversation.settings);
    if news == SettingsChange::default() {
        return turn.nothing_new(db, conversation);
    }
    let answer = turn.write(db, &mut work.pen, conversation, Kind::Settings, members::json(&news))?;
    news.apply(&mut conversation.title, &mut conversation.settings);
    db.run(
        "UPDATE conversations SET title = ?2, settings = ?3 WHERE conv = ?1",
        (conv.1, &conversation.title, db::settings_value(&conversation.settings)),
    )?;
    Ok(answer)
}

/// Whether slow mode makes a member wait before they may write again.
pub(super) fn has_to_wait(db: &Db, pen: &Pen, conversation: &Conversation, user: UserId) -> Outcome<Option<Refused>> {
    let wait_ms = u64::from(conversation.settings.slow_mode_s) * 1_000;
    let Some(member) = conversation.members.get(&user) else {
        return Ok(None);
    };
    let skips = |role| may(role, Action::SkipSlowMode, conversation.settings.mode());
    if wait_ms == 0 || member.role.is_none_or(skips) {
        return Ok(None);
    }
    let wrote_ms = match member.wrote_ms {
        Some(ms) => Some(ms),
        None => wrote_since(db, conversation, member.number, pen.now_ms.saturating_sub(wait_ms))?,
    };
    let ago_ms = wrote_ms.and_then(|ms| pen.now_ms.checked_sub(ms));
    let left_ms = ago_ms.map_or(0, |ago_ms| wait_ms.saturating_sub(ago_ms));
    Ok((left_ms > 0).then_some(Refused::SlowMode {
        retry_after_ms: left_ms,
    }))
}

/// When somebody last wrote, if that was after `since_ms`. It walks back over what everybody wrote since: times of a
/// log never go back, so there it may stop.
fn wrote_since(db: &Db, conversation: &Conversation, sender: i64, since_ms: u64) -> Outcome<Option<u64>> {
    let mut statement =
        db.prepare("SELECT created_ms, sender, kind FROM log WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC")?;
    let mut rows = statement.query((
        db::log_id(conversation.number, Seq(1)),
        db::log_id(conversation.number, conversation.head_seq),
    ))?;
    while let Some(row) = rows.next()? {
        let created_ms = db::number(row, 0)?;
        if created_ms <= since_ms {
            break;
        }
        if row.get::<_, i64>(1)? == sender && db::kind(row.get_ref(2)?).may_be_sent() {
            return Ok(Some(created_ms));
        }
    }
    Ok(None)
}

fn digest(pen: &Pen, change: &SettingsChange) -> Digest {
    pen.digest(&[b"settings", members::json(change).as_bytes()])
}
