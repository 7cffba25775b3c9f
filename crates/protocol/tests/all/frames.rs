//! Every frame: how it looks, and that reading undoes writing.

use crate::client_examples::client_frame;
use crate::draw::Draw;
use crate::server_examples::server_frame;
use proptest::prelude::*;
use protocol::{ClientFrame, RequestId, ServerFrame};

/// Every frame as text: filled, in each of its forms, and with all left out that may be.
fn examples(encode: impl Fn(&mut Draw) -> String) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for mut draw in [Draw::full(0), Draw::full(1), Draw::bare()] {
        let text = encode(&mut draw);
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// All examples of a client's frames.
pub fn client_examples() -> Vec<String> {
    let of = |word| examples(|d| client_frame(word, d).encode(Some(RequestId(7))));
    ClientFrame::WORDS.iter().copied().flat_map(of).collect()
}

/// All examples of a server's frames.
pub fn server_examples() -> Vec<String> {
    let of = |word| examples(|d| server_frame(word, d).encode(Some(RequestId(7))));
    ServerFrame::WORDS.iter().copied().flat_map(of).collect()
}

/// CMP1: what a frame looks like does not change by accident. A difference here is a change of the wire: it may add,
/// never take away. `INSTA_UPDATE=always cargo test -p protocol` writes it anew.
#[test]
fn every_frame_looks_as_it_did() {
    insta::assert_snapshot!("client_frames", client_examples().join("\n"));
    insta::assert_snapshot!("server_frames", server_examples().join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// CMP2: reading undoes writing, for frames with anything in them; bodies come through byte for byte, with fields
    /// that nobody here knows.
    #[test]
    fn cmp2_reading_undoes_writing(
        which in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        number in prop::option::of(any::<u64>().prop_map(RequestId)),
    ) {
        let word = ClientFrame::WORDS[which.index(ClientFrame::WORDS.len())];
        let frame = client_frame(word, &mut Draw::random(bytes.clone()));
        let text = frame.encode(number);
        prop_assert_eq!(ClientFrame::decode(&text), Ok((number, frame)), "{}", text);

        let word = ServerFrame::WORDS[which.index(ServerFrame::WORDS.len())];
        let frame = server_frame(word, &mut Draw::random(bytes));
        let text = frame.encode(number);
        prop_assert_eq!(ServerFrame::decode(&text), Ok((number, frame)), "{}", text);
    }
}

/// CMP2: what a newer program says beside what we know is passed over, and a body keeps it.
#[test]
fn cmp2_unknown_fields_and_words_are_no_fault() {
    let body = "{\"text\":\"hi\",  \"colour\":\"blue\",\"text2\":{\"a\":[1.0]}}";
    let id = "0193b6f0-0000-7000-8000-000000000001";
    let source = format!(
        "{{\"t\":\"send\",\"later\":{{\"x\":[]}},\"id\":3,\"conv\":\"{id}\",\
         \"send_id\":\"{id}\",\"kind\":\"poll\",\"body\":{body}}}"
    );
    let Ok((number, ClientFrame::Send(send))) = ClientFrame::decode(&source) else {
        panic!("an unknown field or kind is no fault");
    };
    assert_eq!(
        (number, send.kind.as_str(), send.body.get()),
        (Some(RequestId(3)), "poll", body)
    );

    let row = "{\"ver\":9,\"topic\":\"drafts\",\"colour\":{\"deep\":[1]}}";
    let source = format!("{{\"t\":\"inbox\",\"from\":8,\"to\":9,\"more\":false,\"rows\":[{row}]}}");
    let Ok((None, ServerFrame::Inbox(inbox))) = ServerFrame::decode(&source) else {
        panic!("an unknown topic is no fault");
    };
    assert_eq!(inbox.rows[0].topic, protocol::server_frame::Topic::Unknown);

    let member = format!("{{\"user\":\"{id}\",\"role\":\"chair\",\"from_seq\":1,\"delivered\":0,\"read\":0}}");
    let source = format!("{{\"t\":\"members\",\"conv\":\"{id}\",\"more\":false,\"list\":[{member}]}}");
    let Ok((None, ServerFrame::Members(members))) = ServerFrame::decode(&source) else {
        panic!("an unknown role is no fault");
    };
    assert_eq!(members.list[0].role, protocol::server_frame::Role::Member);

    let source = format!("{{\"t\":\"presence\",\"ttl_ms\":1,\"list\":[{{\"user\":\"{id}\",\"state\":\"dancing\"}}]}}");
    let Ok((None, ServerFrame::Presence(presence))) = ServerFrame::decode(&source) else {
        panic!("an unknown state is no fault");
    };
    assert_eq!(presence.list[0].state, protocol::server_frame::PresenceState::Offline);

    let unknown = ClientFrame::decode("{\"id\":4,\"t\":\"dance\",\"x\":[[]]}");
    assert_eq!(
        unknown,
        Err(protocol::frame::Malformed::UnknownType { id: Some(RequestId(4)) })
    );
}
