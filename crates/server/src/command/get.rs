//! `get`: a page of a log. One read in one snapshot.

use super::{Later, Who, page_limit, refuse};
use crate::node::Node;
use crate::wire;
use protocol::Seq;
use protocol::client_frame::{Get, Place};
use protocol::position::POSITION_MAX;
use protocol::refusal::Code;
use std::sync::Arc;
use store::AskPage;

pub fn get(node: &Arc<Node>, who: &Who, frame: &Get) -> Later {
    let place = match frame.place() {
        // The page begins one above, and that must be a place too, or no client could read the answer.
        Some(Place::After(seq)) => Place::After(seq.min(Seq(POSITION_MAX).prev())),
        Some(place) => place,
        None => {
            return refuse(
                Code::BadRequest.refuse_saying("a `get` names exactly one of after, before, around and range"),
            );
        }
    };
    let page = node.store.page(AskPage {
        reader: who.user,
        conv: frame.conv,
        place,
        limit: page_limit(frame.limit),
    });
    Box::pin(async move { Ok(Some(wire::entries(&page.await.map_err(wire::refusal)?))) })
}
