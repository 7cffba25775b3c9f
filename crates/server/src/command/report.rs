//! `report`: somebody should look at this. What is reported must be the reporter's to read and the reported person's
//! own; a copy of it is kept, for whoever runs the server is in none of these conversations.

use super::{Later, Outcome, Who, refuse};
use crate::node::Node;
use crate::wire;
use futures_util::future::join_all;
use protocol::client_frame::Place;
use protocol::people::{Report, ReportOk};
use protocol::refusal::Code;
use protocol::{Refusal, ServerFrame, UserId, limits};
use serde::Serialize;
use std::sync::Arc;
use store::{AskPage, NewReport};

/// How much of each body is kept, in bytes.
const SAID_BYTES_MAX: usize = 2_048;

/// The copy of one entry.
#[derive(Serialize)]
struct Said {
    seq: u64,
    created_ms: u64,
    kind: String,
    /// The source of its body, perhaps cut.
    body: String,
}

pub fn report(node: &Arc<Node>, who: &Who, frame: Report) -> Later {
    if frame.seqs.len() > limits::REPORT_ENTRIES_MAX || frame.why.len() > limits::REPORT_BYTES_MAX {
        return refuse(Code::TooLarge.refuse());
    }
    if frame.user == who.user {
        return refuse(Code::BadRequest.refuse_saying("nobody reports themselves"));
    }
    if let Err(ms) = node.gates.lookup(who.user, node.now_ms()) {
        return refuse(Code::RateLimited.refuse_for_ms(ms));
    }
    let (node, reporter) = (Arc::clone(node), who.user);
    Box::pin(async move { reported(&node, reporter, frame).await })
}

async fn reported(node: &Node, reporter: UserId, frame: Report) -> Outcome {
    let heads = node
        .store
        .heads(reporter, vec![frame.conv])
        .await
        .map_err(wire::refusal)?;
    if heads.is_empty() {
        return Err(Code::NotFound.refuse());
    }
    let said = said(node, reporter, &frame).await?;
    let tail = node.store.tail(frame.conv, None, 0).await.map_err(wire::refusal)?;
    // Whoever was never in it has done nothing there.
    if !tail.spans.iter().any(|(user, _)| *user == frame.user) {
        return Err(Code::UnknownPerson.refuse());
    }
    let send_id = frame.send_id;
    let report = NewReport {
        reporter,
        send_id,
        user: frame.user,
        conv: frame.conv,
        why: frame.why,
        said: serde_json::to_string(&said).unwrap_or_default(),
    };
    node.store.add_report(report).await.map_err(wire::refusal)?;
    tracing::info!(%reporter, "something was reported");
    Ok(Some(ServerFrame::ReportOk(ReportOk { send_id })))
}

async fn said(node: &Node, reporter: UserId, frame: &Report) -> Result<Vec<Said>, Refusal> {
    let pages = frame.seqs.iter().map(|seq| {
        node.store.page(AskPage {
            reader: reporter,
            conv: frame.conv,
            place: Place::Range(*seq, *seq, None),
            limit: 1,
        })
    });
    let mut said = Vec::new();
    for page in join_all(pages).await {
        let page = page.map_err(wire::refusal)?;
        let entry = page.entries.first().filter(|entry| entry.sender == frame.user);
        let entry = entry.ok_or_else(|| Code::BadReference.refuse())?;
        said.push(Said {
            seq: entry.seq.0,
            created_ms: entry.created_ms,
            kind: entry.kind.as_str().to_owned(),
            body: cut(&entry.body).to_owned(),
        });
    }
    Ok(said)
}

/// The beginning of a text, whole characters.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(SAID_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
