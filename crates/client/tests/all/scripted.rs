//! A scripted server that speaks real WebSocket over pipes in memory: the test says what it answers.

use client::address::{Address, Connector};
use futures_util::{SinkExt, StreamExt};
use protocol::server_frame::{Ack, Entries, Inbox, Limits, Live, Welcome};
use protocol::token::{Token, TokenText};
use protocol::{
    ClientFrame, ConversationId, DeviceId, Entry, Epoch, Kind, MessageId, Ordinal, RequestId, SendId, Seq, ServerFrame,
    SessionId, UserId, Ver,
};
use std::io;
use std::sync::Arc;
use tokio::io::DuplexStream;
use tokio::sync::{Mutex, mpsc};
use tokio_tungstenite::WebSocketStream;
use tungstenite::Message;
use tungstenite::protocol::frame::CloseFrame;

pub const ME: UserId = UserId::from_bytes([1; 16]);
pub const BOB: UserId = UserId::from_bytes([2; 16]);
pub const CONV: ConversationId = ConversationId::from_bytes([9; 16]);
pub const EPOCH: Epoch = Epoch::from_bytes([7; 16]);

pub fn token() -> TokenText {
    Token {
        user: ME,
        device: DeviceId::from_bytes([3; 16]),
        secret: [4; 32],
    }
    .to_text()
}

/// Gives the client one end of a pipe and the test the other.
pub struct Pipes(mpsc::Sender<DuplexStream>);

/// Where the test takes its ends from.
pub struct Doors(Mutex<mpsc::Receiver<DuplexStream>>);

pub fn pipes() -> (Pipes, Doors) {
    let (given, taken) = mpsc::channel(4);
    (Pipes(given), Doors(Mutex::new(taken)))
}

impl Connector for Pipes {
    type Stream = DuplexStream;

    async fn connect(&self, _: &Address) -> io::Result<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        self.0.send(theirs).await.map_err(io::Error::other)?;
        Ok(ours)
    }
}

impl Doors {
    /// The next stream of the client, before any handshake.
    pub async fn stream(&self) -> DuplexStream {
        self.0.lock().await.recv().await.expect("the client connects")
    }

    /// The next connection of the client, upgraded.
    pub async fn socket(&self) -> Socket {
        Socket(
            tokio_tungstenite::accept_async(self.stream().await)
                .await
                .expect("a WebSocket handshake"),
        )
    }
}

pub struct Socket(WebSocketStream<DuplexStream>);

impl Socket {
    pub async fn frame(&mut self) -> (Option<RequestId>, ClientFrame) {
        loop {
            match self.0.next().await.expect("the connection is up").expect("a message") {
                Message::Text(text) => return ClientFrame::decode(text.as_str()).expect("a frame"),
                Message::Close(_) => panic!("the client closed"),
                _ => {}
            }
        }
    }

    /// The next frame that `pick` takes; others are passed over, but a question for the inbox is answered: nothing new.
    pub async fn frame_where<T>(&mut self, mut pick: impl FnMut(Option<RequestId>, ClientFrame) -> Option<T>) -> T {
        loop {
            let (id, frame) = self.frame().await;
            if let ClientFrame::Inbox(ask) = frame {
                let inbox = Inbox {
                    from: ask.after_ver,
                    to: ask.after_ver,
                    more: false,
                    rows: Vec::new(),
                };
                self.say(id, ServerFrame::Inbox(inbox)).await;
                continue;
            }
            if let Some(picked) = pick(id, frame) {
                return picked;
            }
        }
    }

    pub async fn say(&mut self, re: Option<RequestId>, frame: ServerFrame) {
        self.text(frame.encode(re)).await;
    }

    pub async fn text(&mut self, text: impl Into<String>) {
        self.0
            .send(Message::text(text.into()))
            .await
            .expect("the client takes it");
    }

    pub async fn close(mut self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        drop(self.0.close(Some(frame)).await);
        while let Some(Ok(_)) = self.0.next().await {}
    }

    /// Takes the hello and greets, with an empty inbox; what the hello said.
    pub async fn greet(&mut self, ver: u64) -> protocol::client_frame::Hello {
        let (id, frame) = self.frame().await;
        let ClientFrame::Hello(hello) = frame else {
            panic!("hello comes first, not {frame:?}")
        };
        self.say(id, welcome(ver)).await;
        let from = hello.ver.unwrap_or_default();
        self.say(
            None,
            ServerFrame::Inbox(Inbox {
                from,
                to: Ver(ver),
                more: false,
                rows: Vec::new(),
            }),
        )
        .await;
        *hello
    }
}

fn welcome(ver: u64) -> ServerFrame {
    ServerFrame::Welcome(Box::new(Welcome {
        v: 1,
        session: SessionId::from_bytes([0; 16]),
        epoch: EPOCH,
        user: ME,
        device: DeviceId::from_bytes([3; 16]),
        ver: Ver(ver),
        server_ms: 0,
        beat_ms: 25_000,
        limits: Limits::default(),
    }))
}

pub fn entry(seq: u64, sender: UserId, send_id: SendId) -> Entry {
    Entry {
        seq: Seq(seq),
        ord: Ordinal(seq),
        id: MessageId::from_bytes([0; 16]),
        sender,
        send_id,
        created_ms: seq,
        kind: Kind::Text,
        body: Arc::from(protocol::Body::text(format!("entry {seq}")).to_raw()),
        rev: None,
        target_seq: None,
        reply_to: None,
        thread: None,
        edited: None,
        deleted_by: None,
        pinned: false,
        reactions: Vec::new(),
        now: None,
    }
}

pub fn bobs(seq: u64) -> Entry {
    entry(seq, BOB, SendId(uuid::Uuid::from_u128(u128::from(seq))))
}

pub fn live(entry: Entry) -> ServerFrame {
    ServerFrame::Entry(Box::new(Live {
        conv: CONV,
        epoch: EPOCH,
        entry,
    }))
}

pub fn page(from: u64, to: u64) -> ServerFrame {
    ServerFrame::Entries(Entries {
        conv: CONV,
        epoch: EPOCH,
        from: Seq(from),
        to: Seq(to),
        more: false,
        head_seq: Seq(to),
        head_ord: Ordinal(to),
        floor_seq: Seq(1),
        items: (from..=to).map(bobs).collect(),
    })
}

pub fn ack(seq: u64) -> ServerFrame {
    ServerFrame::Ack(Ack {
        conv: CONV,
        epoch: EPOCH,
        seq: Seq(seq),
        ord: Ordinal(seq),
        message_id: MessageId::from_bytes([0; 16]),
        created_ms: seq,
        dup: false,
    })
}
