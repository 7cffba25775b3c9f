//! A bare ear: a WebSocket that knows none of the client's rules, to hear what a session is really told, and in which
//! order.

use futures_util::{SinkExt, StreamExt};
use protocol::client_frame::{AskInbox, Get, Hello};
use protocol::server_frame::{ConversationRow, Entries, ServerFrame, Topic};
use protocol::token::TokenText;
use protocol::{ClientFrame, ConversationId, Entry, Seq, Ver};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tungstenite::Message;

/// A connected socket that has said hello.
pub struct Probe {
    socket: WebSocketStream<TcpStream>,
}

impl Probe {
    /// Connects and says hello; `None`: there is no server just now.
    pub async fn connect(address: SocketAddr, token: &TokenText) -> Option<Self> {
        let stream = TcpStream::connect(address).await.ok()?;
        let (mut socket, _) = tokio_tungstenite::client_async(format!("ws://{address}/v1/ws"), stream)
            .await
            .ok()?;
        let hello = Hello {
            v: vec![1],
            token: token.clone(),
            client: None,
            epoch: None,
            ver: None,
            dseq: None,
            watch: None,
        };
        socket
            .send(Message::text(ClientFrame::Hello(Box::new(hello)).encode(None)))
            .await
            .ok()?;
        Some(Self { socket })
    }

    /// The next frame; `None`: the socket ended.
    pub async fn next(&mut self) -> Option<ServerFrame> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) => return Some(ServerFrame::decode(&text).expect("a frame").1),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// Asks, and waits for a frame that passes.
    async fn ask<T>(&mut self, frame: ClientFrame, mut pick: impl FnMut(ServerFrame) -> Option<T>) -> T {
        self.socket.send(Message::text(frame.encode(None))).await.expect("sent");
        loop {
            let frame = self.next().await.expect("the server is up");
            if let Some(picked) = pick(frame) {
                return picked;
            }
        }
    }

    /// The whole log of a conversation, as this reader may see it.
    pub async fn log(&mut self, conv: ConversationId) -> Vec<Entry> {
        let (mut after, mut all) = (Seq::ZERO, Vec::new());
        loop {
            let page: Entries = self
                .ask(ClientFrame::Get(Get::after(conv, after)), |frame| match frame {
                    ServerFrame::Entries(page) if page.conv == conv => Some(page),
                    _ => None,
                })
                .await;
            all.extend(page.items);
            after = page.to;
            if !page.more {
                return all;
            }
        }
    }

    /// The whole inbox.
    pub async fn inbox(&mut self) -> BTreeMap<ConversationId, ConversationRow> {
        let (mut after_ver, mut rows) = (Ver::ZERO, BTreeMap::new());
        loop {
            let page = self
                .ask(ClientFrame::Inbox(AskInbox { after_ver }), |frame| match frame {
                    ServerFrame::Inbox(page) if page.from == after_ver => Some(page),
                    _ => None,
                })
                .await;
            for row in page.rows {
                if let Topic::Conversation(row) = row.topic {
                    rows.insert(row.conv, *row);
                }
            }
            after_ver = page.to;
            if !page.more {
                return rows;
            }
        }
    }
}

/// Listens for as long as there is a server, connection after connection, and answers every live entry that did not
/// rise above the one before it in the same connection.
pub async fn listen(address: SocketAddr, token: TokenText, mut stop: tokio::sync::watch::Receiver<bool>) -> Heard {
    let mut heard = Heard::default();
    while !*stop.borrow() {
        let Some(mut probe) = Probe::connect(address, &token).await else {
            tokio::task::yield_now().await;
            continue;
        };
        let mut last: BTreeMap<ConversationId, Seq> = BTreeMap::new();
        loop {
            let frame = tokio::select! {
                frame = probe.next() => frame,
                _ = stop.changed() => None,
            };
            let Some(frame) = frame else { break };
            if let ServerFrame::Entry(live) = frame {
                heard.entries += 1;
                let before = last.insert(live.conv, live.entry.seq);
                if before.is_some_and(|before| before >= live.entry.seq) {
                    heard.reordered.push((live.conv, live.entry.seq));
                }
            }
        }
    }
    heard
}

/// What an ear heard.
#[derive(Debug, Default)]
pub struct Heard {
    pub entries: usize,
    pub reordered: Vec<(ConversationId, Seq)>,
}
