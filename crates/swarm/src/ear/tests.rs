//! An ear against a server that says what the test wants.

use super::*;
use crate::history::Record;
use futures_util::{SinkExt, StreamExt};
use protocol::server_frame::{ConversationKind, ConversationRow, InboxRow, Limits, MemberCursor, Role, Welcome};
use protocol::{Entry, Kind};
use serde_json::value::RawValue;
use std::collections::VecDeque as Queue;
use std::io;
use std::sync::{Arc, Mutex};
use tokio::io::DuplexStream;
use tokio::sync::Notify;
use tokio_tungstenite::WebSocketStream;
use tungstenite::Message;

const CONV: ConversationId = ConversationId::from_bytes([1; 16]);
const ANN: UserId = UserId::from_bytes([2; 16]);
const EPOCH: Epoch = Epoch::from_bytes([3; 16]);
const EAR: Device = 7;

/// Gives pipes, and whoever plays the server their other ends.
#[derive(Clone, Default)]
struct Pipes {
    others: Arc<Mutex<Queue<DuplexStream>>>,
    came: Arc<Notify>,
}

impl Connector for Pipes {
    type Stream = DuplexStream;

    async fn connect(&self, _: &Address) -> io::Result<DuplexStream> {
        let (mine, other) = tokio::io::duplex(64 * 1024);
        self.others.lock().expect("no panic").push_back(other);
        self.came.notify_one();
        Ok(mine)
    }
}

/// The server's end of one connection.
struct Server {
    socket: WebSocketStream<DuplexStream>,
}

impl Server {
    /// Waits for a connection and its hello, and welcomes it.
    async fn welcome(pipes: &Pipes) -> Self {
        pipes.came.notified().await;
        let stream = pipes.others.lock().expect("no panic").pop_front().expect("it came");
        let socket = tokio_tungstenite::accept_async(stream).await.expect("upgraded");
        let mut server = Self { socket };
        let ClientFrame::Hello(hello) = server.heard().await.1 else {
            panic!("hello comes first");
        };
        assert_eq!(hello.watch.expect("a watch").show, Some(Show::Invisible));
        let welcome = Welcome {
            v: 1,
            session: protocol::SessionId::from_bytes([4; 16]),
            epoch: EPOCH,
            user: ANN,
            device: protocol::DeviceId::from_bytes([5; 16]),
            ver: Ver(1),
            server_ms: 0,
            beat_ms: 1_000,
            limits: Limits::default(),
        };
        server.say(None, ServerFrame::Welcome(Box::new(welcome))).await;
        server
    }

    async fn say(&mut self, re: Option<RequestId>, frame: ServerFrame) {
        self.socket.send(Message::text(frame.encode(re))).await.expect("said");
    }

    /// The next frame that is no beat.
    async fn heard(&mut self) -> (Option<RequestId>, ClientFrame) {
        loop {
            let message = self.socket.next().await.expect("it is there").expect("a message");
            if let Message::Text(text) = message {
                let (id, frame) = ClientFrame::decode(&text).expect("a frame");
                if !matches!(frame, ClientFrame::Beat(_)) {
                    return (id, frame);
                }
            }
        }
    }

    /// Answers the next `get`, which must ask for what is above `after`, with one entry.
    async fn answer_get(&mut self, after: u64) {
        let (id, get) = loop {
            // It also asks for its inbox, and for a wider watch.
            if let (id, ClientFrame::Get(get)) = self.heard().await {
                break (id, get);
            }
        };
        assert_eq!((get.conv, get.after), (CONV, Some(Seq(after))));
        let (from, to) = (Seq(after + 1), Seq(after + 1));
        let page = Entries {
            conv: CONV,
            epoch: EPOCH,
            from,
            to,
            more: false,
            head_seq: to,
            head_ord: protocol::Ordinal(to.0),
            floor_seq: Seq(1),
            items: vec![entry(to.0)],
        };
        self.say(id, ServerFrame::Entries(page)).await;
    }
}

fn entry(seq: u64) -> Entry {
    Entry {
        seq: Seq(seq),
        ord: protocol::Ordinal(seq),
        id: protocol::MessageId::from_bytes([6; 16]),
        sender: ANN,
        send_id: protocol::SendId::from_bytes([seq as u8; 16]),
        created_ms: 0,
        kind: Kind::Text,
        body: RawValue::from_string(format!("{{\"text\":\"{seq}\"}}"))
            .expect("JSON")
            .into(),
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

fn live(seq: u64) -> ServerFrame {
    ServerFrame::Entry(Box::new(Live {
        conv: CONV,
        epoch: EPOCH,
        entry: entry(seq),
    }))
}

fn row() -> ServerFrame {
    let row = ConversationRow {
        conv: CONV,
        epoch: EPOCH,
        kind: ConversationKind::Direct,
        title: None,
        settings: protocol::group::GroupSettings::default(),
        role: Some(Role::Member),
        spans: Vec::new(),
        head_seq: Seq(4),
        head_ord: protocol::Ordinal(4),
        head_ms: 0,
        read_seq: Seq(0),
        read_ord: protocol::Ordinal(0),
        generation: protocol::Generation(0),
        mention_seqs: Vec::new(),
        peer: None,
        prefs: protocol::own::Prefs::default(),
        request: None,
        asking: 0,
    };
    ServerFrame::Inbox(Inbox {
        from: Ver(0),
        to: Ver(1),
        more: false,
        rows: vec![InboxRow {
            ver: Ver(1),
            topic: Topic::Conversation(Box::new(row)),
        }],
    })
}

fn cursors(read: u64) -> ServerFrame {
    ServerFrame::Cursors(Cursors {
        conv: CONV,
        list: vec![MemberCursor {
            user: ANN,
            delivered: Seq(9),
            read: Seq(read),
        }],
        counts: None,
    })
}

/// What it wrote down, a word each.
fn words(history: &[Record]) -> Vec<String> {
    let word = |record: &Record| {
        assert_eq!(record.device, Some(EAR));
        match &record.what {
            What::Connected { .. } => "connected".to_owned(),
            What::Disconnected => "disconnected".to_owned(),
            What::Heard { entry, .. } => format!("heard {}", entry.seq),
            What::ToldBehind { conv } => format!("behind {}", conv.is_some()),
            What::Pulled { from, to, entries, .. } => format!("pulled {from}-{to}: {}", entries.len()),
            What::SawCursor { read, .. } => format!("read {read}"),
            other => panic!("it wrote down {other:?}"),
        }
    };
    history.iter().map(word).collect()
}

#[tokio::test(start_paused = true)]
async fn an_ear_writes_down_what_it_is_told_and_pulls_when_it_is_behind() {
    let (pipes, recorder) = (Pipes::default(), Recorder::new(Arc::new(|| 0)));
    let (stop, stopped) = watch::channel(false);
    let (address, token) = (Address::parse("localhost").expect("an address"), TokenText::new("t"));
    let ear = tokio::spawn(listen(pipes.clone(), address, token, EAR, recorder.clone(), stopped));

    let mut server = Server::welcome(&pipes).await;
    server.say(None, row()).await;
    let (_, ClientFrame::Watch(watch)) = server.heard().await else {
        panic!("a watch is due");
    };
    assert_eq!((watch.open, watch.show), (vec![CONV], Some(Show::Invisible)));
    // Its order is not the ear's business, and a repeated cursor is no news.
    for frame in [live(5), live(4), cursors(3), cursors(3), cursors(2)] {
        server.say(None, frame).await;
    }
    let behind = |conv, from| ServerFrame::Behind(Behind { conv, from });
    server.say(None, behind(Some(CONV), Some(Seq(6)))).await;
    server.answer_get(5).await;
    server.say(None, behind(None, None)).await;
    server.answer_get(6).await;
    server.say(None, live(8)).await;
    drop(server);

    // It comes back, and looks at what it missed.
    let mut server = Server::welcome(&pipes).await;
    server.answer_get(8).await;
    server.say(None, live(10)).await;
    tokio::time::sleep(PAUSE).await;
    stop.send_replace(true);
    ear.await.expect("no panic");
    let want = "connected,heard 5,heard 4,read 3,read 2,behind true,pulled 6-6: 1,behind false,pulled 7-7: 1,heard 8,\
                disconnected,connected,pulled 9-9: 1,heard 10,disconnected";
    assert_eq!(words(&recorder.history()).join(","), want);
}
