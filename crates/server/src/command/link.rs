//! Invite links: `link`, `links`, `revoke_link` for those inside, `look` and `join` for those outside, `requests` for
//! those who let them in.

use super::{Later, Who, appended, refuse};
use crate::account;
use crate::node::Node;
use crate::wire;
use protocol::link::{
    AskLinks, AskLook, AskRequests, Asked, Join, LINK_PATH, LinkMade, Links, Look, MakeLink, Request, Requests,
    RevokeLink,
};
use protocol::refusal::Code;
use protocol::token::TokenText;
use protocol::{ConversationId, ServerFrame, limits};
use std::sync::Arc;
use store::{Joined, NewLink, Reply};

pub fn make(node: &Arc<Node>, who: &Who, frame: MakeLink) -> Later {
    if let Err(ms) = node.gates.create(who.user, node.now_ms()) {
        return refuse(Code::RateLimited.refuse_for_ms(ms));
    }
    let now_ms = node.clock.unix_ms();
    let expires_ms = frame.expires_ms.unwrap_or(now_ms + limits::LINK_MS);
    if expires_ms <= now_ms || expires_ms > now_ms + limits::LINK_MS_MAX {
        return refuse(Code::BadRequest.refuse_saying("a link expires after now, and within link_ms_max"));
    }
    if frame.uses == Some(0) {
        return refuse(Code::BadRequest.refuse_saying("a link can be used at least once"));
    }
    let secret: [u8; 16] = node.random();
    let reply = node.store.add_link(NewLink {
        conv: frame.conv,
        actor: who.user,
        id: frame.send_id,
        hash: account::link_hash(secret),
        uses: frame.uses,
        expires_ms,
    });
    let token = account::link_token(frame.conv, secret);
    let public = node.config.public_url.as_ref();
    let url = public.map(|public| TokenText::new(format!("{}{LINK_PATH}{}", public.origin(), token.expose())));
    Box::pin(async move {
        let link = reply.await.map_err(wire::refusal)?;
        Ok(Some(ServerFrame::Link(LinkMade {
            conv: frame.conv,
            link: wire::link(&link),
            token,
            url,
        })))
    })
}

pub fn list(node: &Arc<Node>, who: &Who, frame: AskLinks) -> Later {
    links(frame.conv, node.store.links(who.user, frame.conv))
}

pub fn revoke(node: &Arc<Node>, who: &Who, frame: RevokeLink) -> Later {
    let revoked = node.store.revoke_link(who.user, frame.conv, frame.link);
    let (node, user) = (Arc::clone(node), who.user);
    Box::pin(async move {
        revoked.await.map_err(wire::refusal)?;
        links(frame.conv, node.store.links(user, frame.conv)).await
    })
}

fn links(conv: ConversationId, reply: Reply<Vec<store::Link>>) -> Later {
    Box::pin(async move {
        let list = reply.await.map_err(wire::refusal)?.iter().map(wire::link).collect();
        Ok(Some(ServerFrame::Links(Links { conv, list })))
    })
}

pub fn look(node: &Arc<Node>, who: &Who, frame: &AskLook) -> Later {
    if let Err(ms) = node.gates.lookup(who.user, node.now_ms()) {
        return refuse(Code::RateLimited.refuse_for_ms(ms));
    }
    let Some((conv, hash)) = account::read_link(&frame.token) else {
        return refuse(Code::InviteInvalid.refuse());
    };
    let reply = node.store.look(who.user, conv, hash);
    Box::pin(async move {
        let look = reply.await.map_err(wire::refusal)?;
        Ok(Some(ServerFrame::Look(Look {
            conv,
            title: look.title,
            description: look.description,
            members: u32::try_from(look.members).unwrap_or(u32::MAX),
            approve: look.approve,
            member: look.member,
            asked: look.asked,
        })))
    })
}

pub fn join(node: &Arc<Node>, who: &Who, frame: &Join) -> Later {
    if let Err(ms) = node.gates.create(who.user, node.now_ms()) {
        return refuse(Code::RateLimited.refuse_for_ms(ms));
    }
    let Some((conv, hash)) = account::read_link(&frame.token) else {
        return refuse(Code::InviteInvalid.refuse());
    };
    let reply = node.store.join(store::Join {
        conv,
        user: who.user,
        send_id: frame.send_id,
        hash,
    });
    let node = Arc::clone(node);
    Box::pin(async move {
        match reply.await.map_err(wire::refusal)? {
            Joined::In(entry) => appended(&node, Reply::ready(Ok(entry))).await,
            Joined::Asked => {
                node.inboxes_behind(conv);
                Ok(Some(ServerFrame::Asked(Asked { conv })))
            }
        }
    })
}

pub fn requests(node: &Arc<Node>, who: &Who, frame: AskRequests) -> Later {
    let reply = node.store.requests(who.user, frame.conv);
    let node = Arc::clone(node);
    Box::pin(async move {
        let requests = reply.await.map_err(wire::refusal)?;
        let users = requests.iter().map(|request| request.user).collect();
        let people = node.store.people(users).await.map_err(wire::refusal)?;
        let request = |request: &store::JoinRequest| {
            let person = people.iter().find(|person| person.user == request.user);
            Request {
                user: request.user,
                asked_ms: request.asked_ms,
                handle: person.map(|person| person.handle.clone()),
                name: person.map(|person| person.name.clone()),
            }
        };
        Ok(Some(ServerFrame::Requests(Requests {
            conv: frame.conv,
            list: requests.iter().map(request).collect(),
        })))
    })
}
