//! Who is a member: how a conversation begins, and who comes and goes.

use super::db::{self, Db};
use super::held::{Conversation, Member};
use super::job::{Outcome, Problem};
use super::links;
use super::log::{self, Draft};
use super::threads;
use super::work::{self, Digest, Pen, Work};
use crate::error::Refused;
use crate::record::{Appended, ChangeMembers, Create, MemberChange};
use protocol::group::{GroupSettings, History, RoleChanged};
use protocol::people::FirstContact;
use protocol::rights::{Action, may};
use protocol::server_frame::{ConversationKind, Role};
use protocol::{ConversationId, Kind, MessageId, Ordinal, SendId, Seq, Span, UserId, entry, limits};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// [`crate::Store::create`].
pub(super) fn create(work: &mut Work, ask: &Create) -> Outcome<Appended> {
    let digest = digest_of_create(&work.pen, ask);
    if let Some(known) = work.held.get(&work.db, ask.conv)? {
        let conv = (ask.conv, known.number);
        if known.kind == ConversationKind::Direct {
            return log::again(&work.db, conv, Seq(1));
        }
        let creator = known.members.get(&ask.creator).map_or(0, |member| member.number);
        let before = log::known(&work.db, conv, creator, ask.send_id, digest)?;
        return before.ok_or(Refused::SendIdReused.into());
    }
    if ask.members.len() > limits::GROUP_MEMBERS_MAX {
        return Err(Refused::GroupFull.into());
    }
    let db = &work.db;
    let mut conversation = begin(db, &work.pen, ask)?;
    for user in &ask.members {
        let role = if ask.kind == ConversationKind::Group && *user == ask.creator {
            Role::Owner
        } else {
            Role::Member
        };
        let mut member = Member::new(work.numbers.give(db, *user)?, Some(role));
        member.since = Seq(1);
        if ask.request && ask.kind == ConversationKind::Direct && *user != ask.creator {
            member.side.request = Some(FirstContact::Open);
        }
        open_span(db, conversation.number, &mut member, Seq(1), Ordinal::ZERO)?;
        if ask.kind == ConversationKind::Direct && ask.members.len() == 1 {
            // With oneself there is nobody to hear from: what one writes follows what one has read.
            (member.delivered, member.read, member.mine) = (Seq(1), Seq(1), Seq(1));
        }
        member.write(db, conversation.number)?;
        conversation.members.insert(*user, member);
    }
    let creator = work.numbers.give(db, ask.creator)?;
    let body = json(&entry::Created {
        title: ask.title.clone(),
        members: ask.members.clone(),
    });
    log::note_send(db, conversation.number, creator, ask.send_id, Seq(1), digest)?;
    let draft = Draft {
        conv: ask.conv,
        sender: ask.creator,
        sender_number: creator,
        send_id: ask.send_id,
        kind: Kind::Created,
        body,
        target: None,
        reply_to: None,
        thread: None,
    };
    let entry = log::write(db, &mut work.pen, &mut conversation, draft)?;
    work.held.begin(ask.conv, conversation);
    Ok(Appended { entry, dup: false })
}

fn begin(db: &Db, pen: &Pen, ask: &Create) -> Outcome<Conversation> {
    let number = work::number_conversation(db, ask.conv)?;
    db.run(
        "INSERT INTO conversations(conv, kind, title, created_ms) VALUES (?1, ?2, ?3, ?4)",
        (
            number,
            db::conversation_kind_code(ask.kind),
            &ask.title,
            db::sql(pen.now_ms),
        ),
    )?;
    Ok(Conversation {
        number,
        kind: ask.kind,
        title: ask.title.clone(),
        settings: GroupSettings::default(),
        floor_seq: Seq(1),
        head_seq: Seq::ZERO,
        head_ord: Ordinal::ZERO,
        head_ms: 0,
        head_id: MessageId::from_bytes([0; 16]),
        members: BTreeMap::new(),
        fanout: None,
        waiting: None,
    })
}

/// [`crate::Store::change_members`].
pub(super) fn change(work: &mut Work, ask: &ChangeMembers) -> Outcome<Appended> {
    let db = &work.db;
    let conversation = work.held.get(db, ask.conv)?.ok_or(Refused::NotFound)?;
    let actor = conversation.members.get(&ask.actor).ok_or(Refused::NotFound)?;
    let (sender, role) = (actor.number, actor.role);
    let digest = digest_of_change(&work.pen, &ask.change);
    let conv = (ask.conv, conversation.number);
    if let Some(before) = log::known(db, conv, sender, ask.send_id, digest)? {
        return Ok(before);
    }
    let role = role.ok_or(Refused::NotAMember)?;
    if conversation.kind != ConversationKind::Group {
        return Err(Refused::NotAGroup.into());
    }
    let turn = Turn {
        conv: ask.conv,
        actor: ask.actor,
        send_id: ask.send_id,
        sender,
        digest,
    };
    let allowed = |action| may(role, action, conversation.settings.mode());
    match &ask.change {
        MemberChange::Add(people) => {
            if !allowed(Action::Add) {
                return Err(Refused::Forbidden.into());
            }
            let added: Vec<UserId> = people
                .iter()
                .filter(|user| conversation.role(**user).is_none())
                .copied()
                .collect();
            if conversation.present().count() + added.len() > limits::GROUP_MEMBERS_MAX {
                return Err(Refused::GroupFull.into());
            }
            if added.is_empty() {
                return turn.nothing_new(db, conversation);
            }
            let mut numbers = Vec::with_capacity(added.len());
            for user in added {
                numbers.push((user, work.numbers.give(db, user)?));
            }
            add(db, &mut work.pen, conversation, &turn, &numbers)
        }
        MemberChange::Remove(user) => remove(db, &mut work.pen, conversation, &turn, (role, *user)),
        MemberChange::Leave => leave(db, &mut work.pen, conversation, &turn, role),
        MemberChange::Admit(user, yes) => {
            if !allowed(Action::Admit) {
                return Err(Refused::Forbidden.into());
            }
            let here = conversation.role(*user).is_some();
            let number = work.numbers.give(db, *user)?;
            if !here && !links::asks(db, conv.1, number)? {
                return Err(Refused::UnknownPerson.into());
            }
            if here || !yes {
                links::turn_away(db, conversation, number, work.pen.now_ms)?;
                return turn.nothing_new(db, conversation);
            }
            if conversation.present().count() >= limits::GROUP_MEMBERS_MAX {
                return Err(Refused::GroupFull.into());
            }
            add(db, &mut work.pen, conversation, &turn, &[(*user, number)])
        }
        MemberChange::Role(user, new) => {
            if conversation.role(*user).is_some() && !allowed(Action::SetRoles) {
                return Err(Refused::Forbidden.into());
            }
            change_role(db, &mut work.pen, conversation, &turn, (*user, *new))
        }
    }
}

/// Somebody is removed by somebody of a higher role.
fn remove(
    db: &Db,
    pen: &mut Pen,
    conversation: &mut Conversation,
    turn: &Turn,
    (role, user): (Role, UserId),
) -> Outcome<Appended> {
    let removed = conversation.role(user).ok_or(Refused::UnknownPerson)?;
    if role <= removed || !may(role, Action::Remove, conversation.settings.mode()) {
        return Err(Refused::Forbidden.into());
    }
    let body = json(&entry::Removed { user });
    let answer = turn.write(db, pen, conversation, Kind::Removed, body)?;
    close_span(db, conversation, user)?;
    Ok(answer)
}

/// Somebody gets another role; there is always an owner.
fn change_role(
    db: &Db,
    pen: &mut Pen,
    conversation: &mut Conversation,
    turn: &Turn,
    (user, role): (UserId, Role),
) -> Outcome<Appended> {
    let present = conversation.role(user).ok_or(Refused::UnknownPerson)?;
    if present == role {
        return turn.nothing_new(db, conversation);
    }
    if present == Role::Owner && owners(conversation) == 1 {
        return Err(Refused::LastOwner.into());
    }
    let body = json(&RoleChanged { user, role });
    let answer = turn.write(db, pen, conversation, Kind::Role, body)?;
    set_role(db, conversation, user, role)?;
    Ok(answer)
}

/// One change of a group by one of its members, checked.
pub(super) struct Turn {
    pub(super) conv: ConversationId,
    pub(super) actor: UserId,
    pub(super) send_id: SendId,
    /// The actor's local number.
    pub(super) sender: i64,
    pub(super) digest: Digest,
}

impl Turn {
    /// There is nothing to do: the latest entry is the answer, now and to the repeat.
    pub(super) fn nothing_new(&self, db: &Db, conversation: &Conversation) -> Outcome<Appended> {
        let (conv, head) = (conversation.number, conversation.head_seq);
        log::note_send(db, conv, self.sender, self.send_id, head, self.digest)?;
        log::again(db, (self.conv, conv), head)
    }

    pub(super) fn write(
        &self,
        db: &Db,
        pen: &mut Pen,
        conversation: &mut Conversation,
        kind: Kind,
        body: Arc<str>,
    ) -> Outcome<Appended> {
        let seq = log::next_seq(pen, conversation);
        log::note_send(db, conversation.number, self.sender, self.send_id, seq, self.digest)?;
        let draft = Draft {
            conv: self.conv,
            sender: self.actor,
            sender_number: self.sender,
            send_id: self.send_id,
            kind,
            body,
            target: None,
            reply_to: None,
            thread: None,
        };
        let entry = log::write(db, pen, conversation, draft)?;
        Ok(Appended { entry, dup: false })
    }
}

pub(super) fn add(
    db: &Db,
    pen: &mut Pen,
    conversation: &mut Conversation,
    turn: &Turn,
    added: &[(UserId, i64)],
) -> Outcome<Appended> {
    let (before, ord) = (conversation.head_seq, conversation.head_ord);
    let body = json(&entry::Added {
        users: added.iter().map(|(user, _)| *user).collect(),
    });
    let answer = turn.write(db, pen, conversation, Kind::Added, body)?;
    let conv = conversation.number;
    for (user, number) in added {
        let member = conversation
            .members
            .entry(*user)
            .or_insert_with(|| Member::new(*number, None));
        member.role = Some(Role::Member);
        member.delivered = member.delivered.max(before);
        member.read = member.read.max(before);
        if member.mine < before {
            member.mine = before;
            member.mine_ord = ord;
        }
        member.since = answer.entry.seq;
        let from = match conversation.settings.history {
            // What is older than the newcomer is theirs, too, but for what they were away from and held for unreadable.
            History::All => {
                let first_new = member
                    .spans
                    .last()
                    .and_then(|span| span.to_seq)
                    .map_or(Seq(1), Seq::next);
                first_new.max(conversation.floor_seq)
            }
            History::Joined | History::Unknown => answer.entry.seq,
        };
        let from_ord = if from == answer.entry.seq {
            ord
        } else {
            log::place(db, conv, from.prev())?.0
        };
        open_span(db, conv, member, from, from_ord)?;
        links::answered(db, conv, *number)?;
        member.write(db, conv)?;
    }
    Ok(answer)
}

fn leave(db: &Db, pen: &mut Pen, conversation: &mut Conversation, turn: &Turn, role: Role) -> Outcome<Appended> {
    let actor = turn.actor;
    let heir = if role == Role::Owner && owners(conversation) == 1 {
        heir(conversation, actor)
    } else {
        None
    };
    let body = json(&entry::Left { owner: heir });
    let answer = turn.write(db, pen, conversation, Kind::Left, body)?;
    close_span(db, conversation, actor)?;
    if let Some(heir) = heir {
        set_role(db, conversation, heir, Role::Owner)?;
    }
    Ok(answer)
}

fn owners(conversation: &Conversation) -> usize {
    let owns = |(_, member): &(UserId, &Member)| member.role == Some(Role::Owner);
    conversation.present().filter(owns).count()
}

fn set_role(db: &Db, conversation: &mut Conversation, user: UserId, role: Role) -> Outcome<()> {
    let conv = conversation.number;
    let member = conversation.members.get_mut(&user).ok_or(Refused::UnknownPerson)?;
    member.role = Some(role);
    member.write(db, conv)
}

/// Who owns the group when its last owner goes: the highest role, then the oldest stay, then the lowest id.
fn heir(conversation: &Conversation, leaving: UserId) -> Option<UserId> {
    conversation
        .present()
        .filter(|(user, _)| *user != leaving)
        .min_by_key(|(user, member)| (std::cmp::Reverse(member.role), member.since, *user))
        .map(|(user, _)| user)
}

fn open_span(db: &Db, conv: i64, member: &mut Member, from_seq: Seq, from_ord: Ordinal) -> Outcome<()> {
    db.run(
        "INSERT INTO spans(conv, user, from_seq, from_ord) VALUES (?1, ?2, ?3, ?4)",
        (conv, member.number, db::sql(from_seq.0), db::sql(from_ord.0)),
    )?;
    member.spans.push(Span {
        from_seq,
        from_ord,
        to_seq: None,
        to_ord: None,
    });
    Ok(())
}

/// Ends somebody's membership with the entry at the head, which is the last they may read.
fn close_span(db: &Db, conversation: &mut Conversation, user: UserId) -> Outcome<()> {
    let (conv, seq, ord) = (conversation.number, conversation.head_seq, conversation.head_ord);
    let member = conversation.members.get_mut(&user).ok_or(Refused::UnknownPerson)?;
    let span = member.spans.last_mut().filter(|span| span.is_open());
    let span = span.ok_or(Problem::Damage("a member has no open span"))?;
    (span.to_seq, span.to_ord) = (Some(seq), Some(ord));
    db.run(
        "UPDATE spans SET to_seq = ?4, to_ord = ?5 WHERE conv = ?1 AND user = ?2 AND from_seq = ?3",
        (
            conv,
            member.number,
            db::sql(span.from_seq.0),
            db::sql(seq.0),
            db::sql(ord.0),
        ),
    )?;
    member.role = None;
    member.write(db, conv)?;
    let number = member.number;
    threads::left(db, conversation, number)
}

/// The body of a system entry.
pub(super) fn json(body: &impl Serialize) -> Arc<str> {
    serde_json::to_string(body)
        .expect("a body of ids and strings is always JSON")
        .into()
}

fn digest_of_create(pen: &Pen, ask: &Create) -> Digest {
    let title = ask
        .title
        .as_deref()
        .map_or_else(Vec::new, |title| [b"=", title.as_bytes()].concat());
    let mut parts: Vec<&[u8]> = vec![b"create", &title];
    parts.extend(ask.members.iter().map(|user| &user.as_bytes()[..]));
    pen.digest(&parts)
}

fn role_word(role: Role) -> &'static [u8] {
    match role {
        Role::Member => b"member",
        Role::Admin => b"admin",
        Role::Owner => b"owner",
    }
}

fn digest_of_change(pen: &Pen, change: &MemberChange) -> Digest {
    let mut parts: Vec<&[u8]> = Vec::new();
    match change {
        MemberChange::Add(people) => {
            parts.push(b"add");
            parts.extend(people.iter().map(|user| &user.as_bytes()[..]));
        }
        MemberChange::Remove(user) => parts.extend([&b"remove"[..], &user.as_bytes()[..]]),
        MemberChange::Leave => parts.push(b"leave"),
        MemberChange::Admit(user, yes) => {
            parts.extend([&b"admit"[..], &user.as_bytes()[..], if *yes { b"yes" } else { b"no" }])
        }
        MemberChange::Role(user, role) => parts.extend([&b"role"[..], &user.as_bytes()[..], role_word(*role)]),
    }
    pen.digest(&parts)
}
