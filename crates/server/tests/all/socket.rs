//! The socket against hostile and healthy peers: bytes written by hand, a scripted stream that cuts them anywhere,
//! and tungstenite as the client.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use proptest::prelude::*;
use server::socket::{Received, Socket, SocketLimits};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message, tungstenite::protocol::Role};

const LIMITS: SocketLimits = SocketLimits {
    frame_bytes_max: 70_000,
    message_bytes_max: 80_000,
    read_buffer_bytes: 1024,
    unsent_bytes_max: 256 * 1024,
};

const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// A frame as a client sends it, written from RFC 6455, section 5.2.
fn client_frame(fin: bool, opcode: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![if fin { 0x80 } else { 0 } | opcode];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | u8::try_from(short).expect("short")),
        medium @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(medium).expect("medium").to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The frames of a server, read by hand: opcode and payload; whatever is not a whole, unmasked frame is a failure.
fn server_frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        assert!(bytes.len() >= 2, "a header is cut");
        assert_eq!(bytes[0] & 0xf0, 0x80, "whole, without reserved bits");
        let (header_bytes, payload_bytes) = match bytes[1] {
            short @ 0..=125 => (2, usize::from(short)),
            126 => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
            127 => (
                10,
                usize::try_from(u64::from_be_bytes(bytes[2..10].try_into().expect("8 bytes"))).expect("fits"),
            ),
            masked => panic!("a server does not mask: {masked:#x}"),
        };
        let end = header_bytes + payload_bytes;
        assert!(bytes.len() >= end, "a payload is cut");
        frames.push((bytes[0] & 0x0f, bytes[header_bytes..end].to_vec()));
        bytes = &bytes[end..];
    }
    frames
}

/// A stream that reads what a plan says, piece by piece with a pause after each, and writes so many bytes at a time.
struct Scripted {
    incoming: VecDeque<Vec<u8>>,
    paused: bool,
    written: Vec<u8>,
    write_bytes_max: usize,
    vectored: bool,
    writes: usize,
}

impl Scripted {
    fn new(incoming: Vec<Vec<u8>>) -> Self {
        Self {
            incoming: incoming.into(),
            paused: false,
            written: Vec::new(),
            write_bytes_max: usize::MAX,
            vectored: true,
            writes: 0,
        }
    }
}

impl AsyncRead for Scripted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.paused = !self.paused;
        if self.paused {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(mut piece) = self.incoming.pop_front() {
            let rest = piece.split_off(piece.len().min(into.remaining()));
            into.put_slice(&piece);
            if !rest.is_empty() {
                self.incoming.push_front(rest);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Scripted {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let taken = bytes.len().min(self.write_bytes_max);
        self.written.extend(&bytes[..taken]);
        self.writes += 1;
        Poll::Ready(Ok(taken))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut taken = 0;
        for slice in slices {
            let room = self.write_bytes_max - taken;
            let part = &slice[..slice.len().min(room)];
            self.written.extend(part);
            taken += part.len();
        }
        self.writes += 1;
        Poll::Ready(Ok(taken))
    }

    fn is_write_vectored(&self) -> bool {
        self.vectored
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(work)
}

/// Everything a peer that sends these pieces is taken for, and what was written to it.
async fn heard(stream: Scripted) -> (Vec<Received>, Vec<(u8, Vec<u8>)>) {
    let mut socket = Socket::new(stream, Bytes::new(), LIMITS);
    let mut received = Vec::new();
    while let Some(next) = socket.next().await {
        received.push(next);
    }
    assert_eq!(socket.next().await, None, "after the end there is nothing more");
    let _ = socket.flush().await;
    (received, server_frames(&socket.stream().written))
}

async fn last_of(bytes: Vec<u8>) -> Received {
    let (received, _) = heard(Scripted::new(vec![bytes])).await;
    received.last().expect("an end").clone()
}

fn text(text: &str) -> Received {
    Received::Text(text.to_owned().into())
}

const LOST: Received = Received::Lost(io::ErrorKind::UnexpectedEof);

/// BND3: a frame over the limit is refused by its header alone, before a byte of it is stored.
#[tokio::test]
async fn an_oversized_frame_is_told_by_its_header() {
    let mut header = vec![0x81, 0xff];
    header.extend((1_u64 << 40).to_be_bytes());
    header.extend([1, 2, 3, 4]);
    assert_eq!(last_of(header).await, Received::TooLarge);

    let largest = "x".repeat(LIMITS.frame_bytes_max);
    let (received, _) = heard(Scripted::new(vec![client_frame(true, TEXT, largest.as_bytes())])).await;
    assert_eq!(received, [text(&largest), LOST], "the limit itself passes");
    let over = client_frame(true, TEXT, format!("{largest}x").as_bytes());
    assert_eq!(last_of(over).await, Received::TooLarge);
    assert_eq!(Received::TooLarge.close_code(), Some(1009));
}

/// BND3: a message over the limit is refused, however small its fragments.
#[tokio::test]
async fn an_oversized_message_in_small_fragments_is_refused() {
    let mut pieces = vec![client_frame(false, TEXT, &[b'x'; 30_000])];
    pieces.extend((0..2).map(|_| client_frame(false, 0, &[b'x'; 30_000])));
    let (received, _) = heard(Scripted::new(pieces)).await;
    assert_eq!(received, [Received::TooLarge]);
}

/// What breaks RFC 6455 ends the connection with a reason and a close code, and nothing panics.
#[tokio::test]
async fn what_breaks_the_rfc_is_told() {
    let unmasked = b"\x81\x02hi".to_vec();
    let reserved_bits = vec![0xf1, 0x80, 0, 0, 0, 0];
    let reserved_opcode = vec![0x83, 0x80, 0, 0, 0, 0];
    let http_again = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".to_vec();
    let long_ping = client_frame(true, PING, &[0; 126]);
    let cut_ping = client_frame(false, PING, b"");
    let continues_nothing = client_frame(true, 0, b"x");
    let mut text_in_text = client_frame(false, TEXT, b"a");
    text_in_text.extend(client_frame(true, TEXT, b"b"));
    let half_a_close_code = client_frame(true, CLOSE, &[3]);
    for bytes in [
        unmasked,
        reserved_bits,
        reserved_opcode,
        http_again,
        long_ping,
        cut_ping,
        continues_nothing,
        text_in_text,
        half_a_close_code,
    ] {
        let last = last_of(bytes.clone()).await;
        assert!(matches!(last, Received::Broken(_)), "{bytes:?} was taken for {last:?}");
        assert_eq!(last.close_code(), Some(1002));
    }
    for not_utf8 in [
        client_frame(true, TEXT, b"\xff\xfe"),
        client_frame(true, TEXT, b"cut \xf0\x9f\x92"),
    ] {
        assert_eq!(last_of(not_utf8).await, Received::NotText);
    }
    assert_eq!(
        last_of(client_frame(true, TEXT, b"whole")[..4].to_vec()).await,
        LOST,
        "the stream ended in a frame"
    );
}

/// SEC3, in small (all cases of the suite are `scripts/conformance`): a text in fragments, cut inside characters and
/// with a ping between, is one message.
#[tokio::test]
async fn fragments_are_joined_and_a_ping_between_them_is_answered() {
    let whole = "grüße 💬";
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    for (at, byte) in whole.bytes().enumerate() {
        let last = at + 1 == whole.len();
        pieces.push(client_frame(last, if at == 0 { TEXT } else { 0 }, &[byte]));
        if at == 2 {
            pieces.push(client_frame(true, PING, b"still there?"));
        }
    }
    let (received, written) = heard(Scripted::new(pieces)).await;
    assert_eq!(received, [text(whole), LOST]);
    assert_eq!(written, [(PONG, b"still there?".to_vec())]);
}

/// Bytes that came together with the handshake are the first bytes of the first frame.
#[tokio::test]
async fn what_was_read_with_the_handshake_is_not_lost() {
    let frame = client_frame(true, TEXT, b"early");
    let stream = Scripted::new(vec![frame[3..].to_vec()]);
    let mut socket = Socket::new(stream, Bytes::copy_from_slice(&frame[..3]), LIMITS);
    assert_eq!(socket.next().await, Some(text("early")));
    assert_eq!(socket.next().await, Some(LOST));
}

/// Many queued frames are few writes, and arrive as they were written.
#[tokio::test]
async fn a_burst_is_one_write() {
    let frames: Vec<Bytes> = (0..64).map(|n| Bytes::from(format!("{{\"n\":{n}}}"))).collect();
    let mut socket = Socket::new(Scripted::new(Vec::new()), Bytes::new(), LIMITS);
    socket.send_all(frames.clone()).await.expect("sent");
    assert_eq!(socket.stream().writes, 1, "64 frames, one system call");
    let written = server_frames(&socket.stream().written);
    assert_eq!(
        written,
        frames.iter().map(|frame| (TEXT, frame.to_vec())).collect::<Vec<_>>()
    );
    assert_eq!(socket.unsent_bytes(), 0);
}

/// Tungstenite as the client: echo, ping with nothing queued, and the close handshake from either end.
#[tokio::test]
async fn an_independent_client_understands_us() {
    let (ours, theirs) = duplex(1024);
    let echo = async move {
        let mut socket = Socket::new(ours, Bytes::new(), LIMITS);
        loop {
            match socket.next().await.expect("no end before the close") {
                Received::Text(text) if text.as_str() == "close me" => {
                    socket.close(4000, "as you wish").await.expect("closed");
                    break Received::Text(text);
                }
                Received::Text(text) => socket.send_all([Bytes::from(text)]).await.expect("sent"),
                other => {
                    socket.close(1000, "").await.expect("closed");
                    break other;
                }
            }
        }
    };
    let talk = async move {
        let mut client = WebSocketStream::from_raw_socket(theirs, Role::Client, None).await;
        client
            .send(Message::Ping(Bytes::from_static(b"p")))
            .await
            .expect("sent");
        assert_eq!(
            client.next().await.expect("a pong").expect("no error"),
            Message::Pong(Bytes::from_static(b"p"))
        );
        for length in [0, 1, 125, 126, 4_000, 65_535, 65_536] {
            let message = Message::Text("ä".repeat(length / 2).into());
            client.send(message.clone()).await.expect("sent");
            assert_eq!(client.next().await.expect("an echo").expect("no error"), message);
        }
        client.send(Message::Text("close me".into())).await.expect("sent");
        match client.next().await.expect("a close").expect("no error") {
            Message::Close(Some(frame)) => {
                assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4000, "as you wish"));
            }
            other => panic!("{other:?}"),
        }
        assert!(client.next().await.is_none(), "the handshake is complete");
    };
    let (ended, ()) = tokio::join!(echo, talk);
    assert_eq!(ended, text("close me"));
}

/// The peer closes: its code is told, the answer leaves even if nothing else is asked of the socket.
#[tokio::test]
async fn a_close_is_answered_once() {
    let close = client_frame(true, CLOSE, b"\x03\xe8bye");
    let (received, written) = heard(Scripted::new(vec![close])).await;
    assert_eq!(received, [Received::Closed { code: Some(1000) }]);
    assert_eq!(written, [(CLOSE, b"\x03\xe8bye".to_vec())]);

    let (received, written) = heard(Scripted::new(vec![client_frame(true, CLOSE, b"")])).await;
    assert_eq!(received, [Received::Closed { code: None }]);
    assert_eq!(written, [(CLOSE, Vec::new())]);
}

/// A close reason of any length fits a control frame and stays UTF-8; nothing follows a close frame.
#[tokio::test]
async fn nothing_follows_our_close() {
    let crossing = vec![client_frame(true, PING, b"p"), client_frame(true, TEXT, b"too late")];
    let mut socket = Socket::new(Scripted::new(crossing), Bytes::new(), LIMITS);
    socket.close(1009, &"ä".repeat(100)).await.expect("closed");
    socket.send_all([Bytes::from_static(b"never")]).await.expect("dropped");
    let written = server_frames(&socket.stream().written);
    assert_eq!(written.len(), 1, "{written:?}");
    assert_eq!(written[0].1[..2], 1009_u16.to_be_bytes());
    assert_eq!(written[0].1[2..], *"ä".repeat(61).as_bytes());
}

/// Polls once; a wait is told as `None`.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// BND6: a peer that never reads makes the sender wait; its pings then queue nothing, and no frame is cut when the
/// waiting is given up and what comes after is sent.
#[tokio::test]
async fn a_peer_that_does_not_read_costs_no_more_than_was_queued() {
    let (ours, mut theirs) = duplex(100);
    let limits = SocketLimits {
        unsent_bytes_max: 1_000,
        ..LIMITS
    };
    let mut socket = Socket::new(ours, Bytes::new(), limits);
    let large = Bytes::from("x".repeat(2_000));
    assert!(
        poll_once(pin!(socket.send_all([large.clone()]))).is_none(),
        "nobody reads"
    );
    assert!(!socket.has_room());
    let queued_bytes = socket.unsent_bytes();

    for _ in 0..500 {
        theirs
            .write_all(&client_frame(true, PING, b"12345678"))
            .await
            .expect("sent");
        assert!(poll_once(pin!(socket.next())).is_none(), "a ping is no message");
        assert_eq!(
            socket.unsent_bytes(),
            queued_bytes,
            "a ping that is not answered yet takes no room"
        );
    }

    theirs
        .write_all(&client_frame(true, CLOSE, b"\x03\xe8"))
        .await
        .expect("sent");
    let mut bytes = Vec::new();
    let (closed, read) = tokio::join!(
        async move {
            let received = socket.next().await;
            socket.close(1000, "").await.expect("closed");
            received
        },
        theirs.read_to_end(&mut bytes)
    );
    read.expect("read to the end");
    assert_eq!(closed, Some(Received::Closed { code: Some(1000) }));
    let mut frames = server_frames(&bytes);
    assert_eq!(frames.remove(0), (TEXT, large.to_vec()));
    assert_eq!(frames.pop(), Some((CLOSE, b"\x03\xe8".to_vec())));
    assert_eq!(frames, [], "a pong may not follow the close frame");
}

/// BND6: reading goes on while a write waits, so a peer that writes without reading is heard.
#[tokio::test]
async fn a_full_peer_is_still_heard() {
    let (ours, theirs) = duplex(64);
    let (mut reads, mut writes): (_, _) = tokio::io::split::<DuplexStream>(theirs);
    let mut socket = Socket::new(ours, Bytes::new(), LIMITS);
    socket.queue([Bytes::from("y".repeat(500))]);
    writes
        .write_all(&client_frame(true, TEXT, b"first this"))
        .await
        .expect("sent");
    assert_eq!(socket.next().await, Some(text("first this")));
    let mut bytes = vec![0; 504];
    let (next, read) = tokio::join!(async { poll_once(pin!(socket.next())) }, async {
        reads.read(&mut bytes).await
    });
    assert!(next.is_none());
    assert!(read.expect("read") > 0, "next() writes what waits");
}

/// One thing a client sends, for the random plans.
#[derive(Clone, Debug)]
enum Sent {
    Text(String),
    Binary(Vec<u8>),
    Fragments(Vec<String>),
    Ping(Vec<u8>),
    Pong,
}

fn sent() -> impl Strategy<Value = Sent> {
    prop_oneof![
        4 => ".{0,40}".prop_map(Sent::Text),
        1 => (100_usize..20_000).prop_map(|length| Sent::Text("z".repeat(length))),
        1 => prop::collection::vec(any::<u8>(), 0..300).prop_map(Sent::Binary),
        1 => prop::collection::vec(".{0,9}", 2..5).prop_map(Sent::Fragments),
        2 => prop::collection::vec(any::<u8>(), 0..=125).prop_map(Sent::Ping),
        1 => Just(Sent::Pong),
    ]
}

fn encode(plan: &[Sent]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for sent in plan {
        match sent {
            Sent::Text(text) => bytes.extend(client_frame(true, TEXT, text.as_bytes())),
            Sent::Binary(binary) => bytes.extend(client_frame(true, BINARY, binary)),
            Sent::Fragments(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    let opcode = if at == 0 { TEXT } else { 0 };
                    bytes.extend(client_frame(at + 1 == parts.len(), opcode, part.as_bytes()));
                }
            }
            Sent::Ping(payload) => bytes.extend(client_frame(true, PING, payload)),
            Sent::Pong => bytes.extend(client_frame(true, PONG, b"unasked")),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever is sent, and wherever the stream cuts it, each message comes out once, in order and whole, while
    /// each frame of ours goes out once, in order and whole, whatever the stream takes at a time.
    #[test]
    fn every_message_comes_out_once_however_the_stream_cuts_it(
        plan in prop::collection::vec(sent(), 1..30),
        cuts in prop::collection::vec(1_usize..3_000, 1..40),
        write_bytes_max in 1_usize..200,
        vectored: bool,
    ) {
        let bytes = encode(&plan);
        let mut pieces = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece.to_vec());
            rest = after;
        }
        let mut stream = Scripted::new(pieces);
        stream.write_bytes_max = write_bytes_max;
        stream.vectored = vectored;

        let mut expected = Vec::new();
        let mut pings = VecDeque::new();
        for sent in &plan {
            match sent {
                Sent::Text(text) => expected.push(Received::Text(text.clone().into())),
                Sent::Binary(binary) => expected.push(Received::Binary(binary.clone().into())),
                Sent::Fragments(parts) => expected.push(Received::Text(parts.concat().into())),
                Sent::Ping(payload) => pings.push_back(payload.clone()),
                Sent::Pong => {}
            }
        }
        expected.push(LOST);

        let (received, written) = block_on(async {
            let mut socket = Socket::new(stream, Bytes::new(), LIMITS);
            let mut received = Vec::new();
            while let Some(next) = socket.next().await {
                if let Received::Text(text) = &next {
                    // Echo without waiting, and every other time give up waiting at once.
                    let sending = socket.send_all([Bytes::from(text.clone())]);
                    let _ = poll_once(pin!(sending));
                }
                received.push(next);
            }
            let _ = socket.flush().await;
            (received, server_frames(&socket.stream().written))
        });
        prop_assert_eq!(&received, &expected);
        let texts = written.iter().filter(|(opcode, _)| *opcode == TEXT);
        let echoed: Vec<_> = texts.map(|(_, text)| text.clone()).collect();
        let texts: Vec<_> = received
            .iter()
            .filter_map(|received| match received {
                Received::Text(text) => Some(text.as_bytes().to_vec()),
                _ => None,
            })
            .collect();
        prop_assert_eq!(echoed, texts);
        let answered = written.into_iter().filter(|(opcode, _)| *opcode == PONG);
        let pongs: VecDeque<_> = answered.map(|(_, ping)| ping).collect();
        prop_assert_eq!(pongs, pings, "each ping is answered, in order");
    }

    /// Garbage ends the connection; it never panics and never goes on for ever.
    #[test]
    fn garbage_ends_it(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 1_usize..50) {
        let (received, _) = block_on(heard(Scripted::new(bytes.chunks(cut).map(<[u8]>::to_vec).collect())));
        let ends = received.iter().filter(|received| !matches!(received, Received::Text(_) | Received::Binary(_)));
        prop_assert_eq!(ends.count(), 1, "one end, the last: {:?}", received);
    }
}
