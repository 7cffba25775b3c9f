//! `prefs`, `mark`, `draft`: what is one's own. One queued change each; one's other devices are told by the inbox.

use super::{Later, Outcome, Who, refuse};
use crate::bus::Hint;
use crate::node::Node;
use crate::wire;
use protocol::client_frame::Place;
use protocol::own::{MUTED_FOR_GOOD_MS, MarkOk, PrefsOk, SetDraft, SetMark, SetPrefs};
use protocol::refusal::Code;
use protocol::{ConversationId, Refusal, Seq, ServerFrame, UserId, Ver, limits};
use std::sync::Arc;
use store::{AskPage, Error, Owned, Refused, Reply};

/// When to come again if one's inbox does not have yet what the log has, in milliseconds.
const INBOX_BEHIND_MS: u64 = 250;
/// Kept texts that one frame may name; there are never more at once.
const FORGET_MAX: usize = limits::KEPT_DRAFTS_MAX * 4;

/// What a request of this file is about, to tell what does not exist from what has not come yet.
#[derive(Clone, Copy)]
struct About {
    user: UserId,
    conv: ConversationId,
    seq: Option<Seq>,
}

pub fn prefs(node: &Arc<Node>, who: &Who, frame: SetPrefs) -> Later {
    if frame.mute_until_ms.flatten().is_some_and(|ms| ms > MUTED_FOR_GOOD_MS) {
        return refuse(Code::BadRequest.refuse_saying("mute_until_ms is below 2^53; 2^53 - 1 is for good"));
    }
    let reply = node.store.set_prefs(who.user, frame);
    let (node, about) = (
        Arc::clone(node),
        about(who, frame.conv, frame.cleared_seq.filter(|seq| *seq > Seq::ZERO)),
    );
    Box::pin(async move {
        let owned = owned(&node, about, reply).await?;
        Ok(Some(ServerFrame::PrefsOk(PrefsOk {
            conv: about.conv,
            ver: owned.ver,
            prefs: owned.value,
        })))
    })
}

pub fn mark(node: &Arc<Node>, who: &Who, frame: SetMark) -> Later {
    let reply = node.store.set_mark(who.user, frame);
    let (node, about) = (Arc::clone(node), about(who, frame.conv, Some(frame.seq)));
    Box::pin(async move {
        let owned = owned(&node, about, reply).await?;
        Ok(Some(ServerFrame::MarkOk(MarkOk {
            ver: owned.ver,
            mark: owned.value,
        })))
    })
}

pub fn draft(node: &Arc<Node>, who: &Who, frame: SetDraft) -> Later {
    let bytes = frame.text.as_ref().map_or(0, |text| text.0.len());
    if bytes > limits::TEXT_BYTES_MAX {
        return refuse(Code::TooLarge.refuse_saying("a draft is at most text_bytes_max long, as a text is"));
    }
    if frame.forget.len() > FORGET_MAX {
        return refuse(Code::TooLarge.refuse_saying("`forget` names more texts than are ever kept"));
    }
    let about = about(who, frame.conv, None);
    let reply = node.store.set_draft(store::SetDraft {
        user: who.user,
        conv: frame.conv,
        text: frame.text.map(|text| text.0),
        base_ver: frame.base_ver.unwrap_or(Ver::ZERO),
        forget: frame.forget,
    });
    let node = Arc::clone(node);
    Box::pin(async move {
        let owned = owned(&node, about, reply).await?;
        Ok(Some(wire::draft_ok(owned)))
    })
}

fn about(who: &Who, conv: ConversationId, seq: Option<Seq>) -> About {
    About {
        user: who.user,
        conv,
        seq,
    }
}

/// The answer of the store. What changed is told to the person's devices; the one that asked hears its answer first, or
/// the hint, as it comes.
async fn owned<T: Unpin>(node: &Node, about: About, reply: Reply<Owned<T>>) -> Result<Owned<T>, Refusal> {
    match reply.await {
        Ok(owned) => {
            if let Some(bumped) = owned.bumped {
                node.bus.publish(Hint::Inbox(Arc::from([bumped])));
            }
            Ok(owned)
        }
        Err(error @ Error::Refused(Refused::NotFound | Refused::BeyondHead | Refused::BadReference)) => {
            Err(behind_or(node, about, error).await)
        }
        Err(error) => Err(wire::refusal(error)),
    }
}

/// An inbox is filled after the log, so it may not know yet what its owner was told live: then they come again. What
/// they may not read stays refused, in the same words whether it is there or not.
async fn behind_or(node: &Node, about: About, error: Error) -> Refusal {
    let readable = match about.seq {
        Some(seq) => {
            let page = node.store.page(AskPage {
                reader: about.user,
                conv: about.conv,
                place: Place::Range(seq, seq, None),
                limit: 1,
            });
            page.await.map(|page| page.to >= seq && !page.entries.is_empty())
        }
        None => {
            let heads = node.store.heads(about.user, vec![about.conv]);
            heads.await.map(|heads| !heads.is_empty())
        }
    };
    match readable {
        Ok(true) => Code::Overloaded.refuse_for_ms(INBOX_BEHIND_MS),
        Ok(false) | Err(Error::Refused(_)) => {
            let is_beyond = about.seq.is_some() && matches!(error, Error::Refused(Refused::BeyondHead));
            if is_beyond {
                Code::BadReference.refuse()
            } else {
                wire::refusal(error)
            }
        }
        // Nobody can say now whether it is theirs: that is no reason to say for good that it is not.
        Err(unknown) => wire::refusal(unknown),
    }
}

/// `starred`: each star is looked up in its log, for whether it may still be read is the log's to say.
pub fn starred(node: &Arc<Node>, who: &Who, frame: protocol::own::AskStarred) -> Later {
    let marks = node.store.starred(who.user, frame.before, limits::STARRED_PAGE_MAX);
    let (node, reader) = (Arc::clone(node), who.user);
    Box::pin(async move {
        let marks = marks.await.map_err(wire::refusal)?;
        stars(&node, reader, marks).await
    })
}

async fn stars(node: &Node, reader: UserId, marks: Vec<(Ver, protocol::own::MarkRow)>) -> Outcome {
    let (mut list, mut bytes, mut next) = (Vec::new(), 0, None);
    let full = marks.len() >= limits::STARRED_PAGE_MAX;
    for (ver, mark) in marks {
        if bytes > limits::PAGE_BYTES_MAX {
            return Ok(Some(ServerFrame::Starred(protocol::own::Starred { next, list })));
        }
        next = Some(ver);
        let page = node.store.page(AskPage {
            reader,
            conv: mark.conv,
            place: Place::Range(mark.seq, mark.seq, None),
            limit: 1,
        });
        let page = match page.await {
            Ok(page) => page,
            // Never a member: only where a lineage was changed under the marks. Nothing of it is told.
            Err(Error::Refused(_)) => continue,
            Err(error) => return Err(wire::refusal(error)),
        };
        for entry in &page.entries {
            bytes += entry.body.len();
            list.push(protocol::own::StarredEntry {
                conv: mark.conv,
                at_ms: mark.at_ms,
                entry: wire::entry(entry),
            });
        }
    }
    let next = next.filter(|_| full);
    Ok(Some(ServerFrame::Starred(protocol::own::Starred { next, list })))
}
