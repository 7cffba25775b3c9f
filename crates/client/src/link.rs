//! One WebSocket: frames in, frames out, on one task.
//!
//! Reading and writing are polled together. A client that waited for its write before it read again could stand still
//! with a server that does the same.

use crate::address::{Address, Connector};
use futures_util::{Sink, Stream};
use protocol::frame::Malformed;
use protocol::{ClientFrame, RequestId, ServerFrame, limits};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio_tungstenite::WebSocketStream;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message};

/// The buffer frames are read through, in bytes; it is there for the life of the connection.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// From here on frames are written without waiting for more, in bytes.
const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// What may wait to be written, in bytes; a server that takes less for so long is as good as gone.
const WRITE_WAITING_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How long a good-bye may take: nobody waits for a server that is gone.
const GOOD_BYE: Duration = Duration::from_secs(1);

/// One connection that has been upgraded.
pub struct Link<S> {
    socket: WebSocketStream<S>,
    unflushed: bool,
    code: Option<u16>,
}

/// A connection is over; with the close code, if one was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over(pub Option<u16>);

/// What came: a frame with the number of the request it answers, or the end.
pub type Came = Result<(Option<RequestId>, ServerFrame), Over>;

impl<S> Link<S>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    /// Connects and upgrades.
    ///
    /// # Errors
    /// What kept it from coming about, in the words of whoever noticed.
    pub async fn connect<C: Connector<Stream = S>>(connector: &C, address: &Address) -> io::Result<Self> {
        let stream = connector.connect(address).await?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(WRITE_BUFFER_BYTES)
            .max_write_buffer_size(WRITE_WAITING_BYTES_MAX)
            .max_message_size(Some(limits::SERVER_FRAME_BYTES_MAX))
            .max_frame_size(Some(limits::SERVER_FRAME_BYTES_MAX));
        let url = format!("ws://{}{}", address.authority(), protocol::SOCKET_PATH);
        let (socket, _) = tokio_tungstenite::client_async_with_config(url, stream, Some(config))
            .await
            .map_err(io::Error::other)?;
        Ok(Self {
            socket,
            unflushed: false,
            code: None,
        })
    }

    /// Puts a frame on its way. It leaves at the next [`Self::next`].
    ///
    /// # Errors
    /// The connection is over, or does not take what waits.
    pub fn send(&mut self, id: Option<RequestId>, frame: &ClientFrame) -> Result<(), Error> {
        self.unflushed = true;
        Pin::new(&mut self.socket).start_send(Message::text(frame.encode(id)))
    }

    /// The next thing that comes; meanwhile, what was put on its way leaves. May be dropped and called again.
    pub async fn next(&mut self) -> Came {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// Says good-bye, if the other side takes it within a second; the caller drops the link.
    pub async fn close(&mut self) {
        drop(tokio::time::timeout(GOOD_BYE, self.socket.close(None)).await);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Came> {
        if self.unflushed {
            match Pin::new(&mut self.socket).poll_flush(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(_)) => return Poll::Ready(Err(Over(self.code))),
                Poll::Pending => {}
            }
        }
        loop {
            match std::task::ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                Some(Ok(Message::Text(text))) => match ServerFrame::decode(text.as_str()) {
                    Ok(came) => return Poll::Ready(Ok(came)),
                    Err(malformed) => note(&malformed),
                },
                Some(Ok(Message::Close(close))) => self.code = close.map(|close| close.code.into()),
                // Pings are answered below us; their answers leave with the next flush.
                Some(Ok(_)) => self.unflushed = true,
                Some(Err(_)) | None => return Poll::Ready(Err(Over(self.code))),
            }
        }
    }
}

/// A frame of an unknown type comes from a newer server and is passed over; one of another shape is worth a line.
fn note(malformed: &Malformed) {
    match malformed {
        Malformed::UnknownType { .. } => tracing::debug!("passed over a frame of an unknown type"),
        Malformed::NotAFrame => tracing::warn!("passed over a text that is no frame"),
        Malformed::Field { reason, .. } => tracing::warn!(reason, "passed over a frame of another shape"),
    }
}
