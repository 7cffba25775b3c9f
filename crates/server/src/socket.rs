//! The WebSocket end of one session: frames in, frames out, over any byte stream. After the handshake (`listen`),
//! before the session.
//!
//! Frames are decoded by tungstenite (RFC 6455: masks, fragments, UTF-8, control frames) and written by [`unsent`].
//! Between messages a connection holds neither a read nor a write buffer: bytes are read into the stack of whoever
//! polls, and a decoder exists only while a frame is unfinished or more of them wait in it. So a million quiet
//! connections cost their sockets and their tasks, and a burst leaves nothing behind.
//!
//! Cancel safety, exactly: [`Socket::next`], [`Socket::flush`], [`Socket::send_all`] and [`Socket::close`] may be
//! dropped at any await. No received message is lost, no frame is written twice or cut; frames given to `send_all` are
//! queued when it is *called*, and whatever was not written yet is written by the next of these that is polled.
//!
//! Nothing here panics on what a peer sends, nothing here keeps time: the caller bounds every wait.

mod unsent;

use std::{
    future::{Future, poll_fn},
    io::{self, Read, Write},
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
pub use tungstenite::Utf8Bytes;
use tungstenite::{
    Error, Message,
    protocol::{Role, WebSocketConfig, WebSocketContext},
};

use unsent::{Kind, Unsent};

/// Bytes read at once from a stream whose connection was quiet: most messages arrive whole in one system call.
const FIRST_READ_BYTES: usize = 8 * 1024;
/// Bytes a decoder reads at once where the first read was filled: a large message is on its way.
const BULK_READ_BYTES: usize = 16 * 1024;
/// The least a decoder reads at once. Below 1,024 its buffer cannot grow back once a message outlives the read
/// after it: it would then read 14 bytes at a time for as long as the connection lives.
const READ_BUFFER_BYTES_MIN: usize = 1024;
/// Bytes the decoder may hold to be written; it writes one control frame at a time, and our queue takes each at once.
const DECODER_WRITE_BYTES_MAX: usize = 512;
/// Bytes of a close frame's reason: a control frame's 125 less the code (RFC 6455, section 5.5.1).
const CLOSE_REASON_BYTES_MAX: usize = 123;
/// Bytes that are read and thrown away while closing, so that the peer sees the close frame and not a reset.
const DRAIN_BYTES_MAX: usize = 1024 * 1024;

/// The bounds of one socket.
#[derive(Clone, Copy, Debug)]
pub struct SocketLimits {
    /// The largest payload of one frame the peer may send.
    pub frame_bytes_max: usize,
    /// The largest message the peer may send, over all its fragments.
    pub message_bytes_max: usize,
    /// Bytes a decoder reads at once while a message is unfinished; at least 1,024, whatever is given.
    pub read_buffer_bytes: usize,
    /// Bytes that may wait to be written before the socket says it has no room and answers only the newest ping. The
    /// queue may pass it by what one call gave.
    pub unsent_bytes_max: usize,
}

impl SocketLimits {
    fn config(&self) -> WebSocketConfig {
        WebSocketConfig::default()
            .read_buffer_size(self.read_buffer_bytes.max(READ_BUFFER_BYTES_MIN))
            // The decoder writes control frames only, each at once, into our queue.
            .write_buffer_size(0)
            .max_write_buffer_size(DECODER_WRITE_BYTES_MAX)
            .max_frame_size(Some(self.frame_bytes_max))
            .max_message_size(Some(self.message_bytes_max))
    }
}

/// What came from the peer. After anything but `Text` and `Binary` nothing more comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A whole text message, its fragments joined.
    Text(Utf8Bytes),
    /// A whole binary message.
    Binary(Bytes),
    /// A frame or message over the limit; it was not read. Close with 1009 or the protocol's own code.
    TooLarge,
    /// A text message that is not UTF-8. Close with 1007.
    NotText,
    /// The peer broke RFC 6455: why, for the log. Close with 1002.
    Broken(String),
    /// The peer closed; the answer to it is queued and [`Socket::close`] sees it out. No code: it gave none.
    Closed {
        /// The peer's close code.
        code: Option<u16>,
    },
    /// The stream ended (`UnexpectedEof`) or failed, without a close frame.
    Lost(io::ErrorKind),
}

impl Received {
    /// The close code RFC 6455 (section 7.4.1) asks for after this; none where the connection goes on or is gone.
    #[must_use]
    pub fn close_code(&self) -> Option<u16> {
        match self {
            Self::TooLarge => Some(1009),
            Self::NotText => Some(1007),
            Self::Broken(_) => Some(1002),
            Self::Text(_) | Self::Binary(_) | Self::Closed { .. } | Self::Lost(_) => None,
        }
    }
}

/// How far the close handshake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Our close frame is queued; the peer's answer is awaited.
    Closing,
    /// The peer's close frame came; nothing follows it.
    PeerClosed,
}

/// A WebSocket in the server's role. See the module for what may be cancelled.
#[derive(Debug)]
pub struct Socket<S> {
    stream: S,
    limits: SocketLimits,
    /// Present only while it may hold a part of a frame, or frames not yet taken.
    decoder: Option<Box<WebSocketContext>>,
    /// Bytes given to this decoder, and the bytes of the frames that came out of it.
    given_bytes: u64,
    taken_bytes: u64,
    unsent: Unsent,
    phase: Phase,
    /// Nothing more will be received.
    ended: bool,
    /// What made writing impossible.
    write_failed: Option<io::ErrorKind>,
}

impl<S> Socket<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    /// A socket over a stream whose handshake is done; `already_read` is what the peer sent after it and was read with
    /// it.
    pub fn new(stream: S, already_read: Bytes, limits: SocketLimits) -> Self {
        let mut socket = Self {
            stream,
            limits,
            decoder: None,
            given_bytes: 0,
            taken_bytes: 0,
            unsent: Unsent::default(),
            phase: Phase::Open,
            ended: false,
            write_failed: None,
        };
        if !already_read.is_empty() {
            socket.decode(&already_read);
        }
        socket
    }

    /// The stream below, for its addresses and options.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// Bytes that wait to be written.
    pub fn unsent_bytes(&self) -> usize {
        self.unsent.bytes()
    }

    /// Whether more frames may be queued: fewer bytes wait than `unsent_bytes_max`.
    pub fn has_room(&self) -> bool {
        self.unsent.bytes() < self.limits.unsent_bytes_max
    }

    /// The next thing the peer sent; `None` after the end. Writes what waits to be written meanwhile, so a peer that
    /// sends without reading cannot make both ends wait for each other. Cancel-safe.
    pub async fn next(&mut self) -> Option<Received> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Queues text messages: `frames` are whole messages of UTF-8. Nothing is written before a `flush` or `next`.
    /// Frames for a socket that is closing or broken are dropped.
    pub fn queue(&mut self, frames: impl IntoIterator<Item = Bytes>) {
        for frame in frames {
            debug_assert!(std::str::from_utf8(&frame).is_ok(), "a text message is UTF-8");
            self.push(Kind::Text, frame);
        }
    }

    /// Queues one binary message.
    pub fn queue_binary(&mut self, message: Bytes) {
        self.push(Kind::Binary, message);
    }

    /// Writes everything that waits; as many frames as fit go in one system call. Cancel-safe.
    ///
    /// # Errors
    /// When the stream fails; it is of no use then.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// [`Socket::queue`], at the call, then [`Socket::flush`]. Waits for as long as the peer does not read.
    ///
    /// # Errors
    /// As for `flush`.
    pub fn send_all(&mut self, frames: impl IntoIterator<Item = Bytes>) -> impl Future<Output = io::Result<()>> + Send {
        self.queue(frames);
        self.flush()
    }

    /// Closes: writes what waits, then the close frame, waits for the peer's own, ends the stream. What the peer
    /// still sends is thrown away. The caller bounds the time; called again after that it goes on where it was.
    ///
    /// # Errors
    /// When the stream fails on the way; the connection is over then, too.
    pub async fn close(&mut self, code: u16, reason: &str) -> io::Result<()> {
        if self.phase == Phase::Open {
            self.queue_close(code, reason);
        }
        self.flush().await?;
        while self.phase == Phase::Closing && !self.ended {
            // Messages that crossed our close frame: nobody is left to answer them.
            let _ = self.next().await;
        }
        poll_fn(|cx| Pin::new(&mut self.stream).poll_shutdown(cx)).await?;
        let mut drained_bytes = 0;
        while drained_bytes < DRAIN_BYTES_MAX && self.phase != Phase::PeerClosed {
            match poll_fn(|cx| self.poll_drain(cx)).await {
                Ok(0) | Err(_) => break,
                Ok(read) => drained_bytes += read,
            }
        }
        Ok(())
    }

    fn push(&mut self, kind: Kind, payload: Bytes) {
        if self.phase == Phase::Open && self.write_failed.is_none() {
            self.unsent.push(kind, payload);
        }
    }

    fn queue_close(&mut self, code: u16, reason: &str) {
        let cut = reason.floor_char_boundary(CLOSE_REASON_BYTES_MAX);
        let mut payload = BytesMut::with_capacity(2 + cut);
        payload.put_u16(code);
        payload.put_slice(&reason.as_bytes()[..cut]);
        self.push(Kind::Close, payload.freeze());
        self.phase = Phase::Closing;
    }

    /// [`Socket::flush`], once.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(kind) = self.write_failed {
            return Poll::Ready(Err(kind.into()));
        }
        let written = ready!(self.unsent.poll_write(&mut self.stream, cx));
        if let Err(error) = &written {
            self.write_failed = Some(error.kind());
            self.unsent.clear();
        }
        Poll::Ready(written)
    }

    /// [`Socket::next`], once.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Received>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let received = match self.poll_receive(cx) {
            Poll::Ready(received) => received,
            Poll::Pending => match self.poll_flush(cx) {
                Poll::Ready(Err(error)) => Received::Lost(error.kind()),
                Poll::Ready(Ok(())) | Poll::Pending => return Poll::Pending,
            },
        };
        if !matches!(received, Received::Text(_) | Received::Binary(_)) {
            self.ended = true;
            self.decoder = None;
            // One try, so that the answer to a close frame leaves even if nobody polls this socket again.
            let _ = self.poll_flush(cx);
        }
        Poll::Ready(Some(received))
    }

    /// Reads until there is something to tell. Pending only when the stream is: its waker is registered then.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        loop {
            if self.decoder.is_none() {
                let mut space = [MaybeUninit::uninit(); FIRST_READ_BYTES];
                let mut read = ReadBuf::uninit(&mut space);
                match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read)) {
                    Ok(()) if read.filled().is_empty() => {
                        return Poll::Ready(Received::Lost(io::ErrorKind::UnexpectedEof));
                    }
                    Ok(()) => self.decode(read.filled()),
                    Err(error) => return Poll::Ready(Received::Lost(error.kind())),
                }
            }
            match self.with_decoder(cx, |decoder, wire| decoder.read(wire)) {
                Ok(message) => {
                    self.taken_bytes += frame_bytes(&message);
                    self.settle(cx);
                    match message {
                        Message::Text(text) => return Poll::Ready(Received::Text(text)),
                        Message::Binary(bytes) => return Poll::Ready(Received::Binary(bytes)),
                        Message::Close(frame) => {
                            self.phase = Phase::PeerClosed;
                            return Poll::Ready(Received::Closed {
                                code: frame.map(|frame| frame.code.into()),
                            });
                        }
                        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                    }
                }
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(ending(error)),
            }
        }
    }

    /// Starts a decoder on `bytes`, none being there.
    fn decode(&mut self, bytes: &[u8]) {
        let mut config = self.limits.config();
        if bytes.len() >= FIRST_READ_BYTES {
            config.read_buffer_size = config.read_buffer_size.max(BULK_READ_BYTES);
        }
        let mut part = Vec::with_capacity(bytes.len().max(config.read_buffer_size));
        part.extend_from_slice(bytes);
        self.decoder = Some(Box::new(WebSocketContext::from_partially_read(
            part,
            Role::Server,
            Some(config),
        )));
        self.given_bytes = bytes.len() as u64;
        self.taken_bytes = 0;
    }

    /// Takes the answer (pong, close) from the decoder into the queue, and drops the decoder when it is empty.
    fn settle(&mut self, cx: &mut Context<'_>) {
        // After a close frame this is `ConnectionClosed`; our queue takes everything, so nothing else fails.
        let _ = self.with_decoder(cx, |decoder, wire| decoder.flush(wire));
        // Every frame that came out was counted at its *least* length, and a fragment not at all. So if as much came
        // out as went in, then nothing is left inside: neither bytes, nor a header, nor a part of a message.
        if self.given_bytes == self.taken_bytes {
            self.decoder = None;
        }
    }

    fn with_decoder<T>(
        &mut self,
        cx: &mut Context<'_>,
        act: impl FnOnce(&mut WebSocketContext, &mut Wire<'_, '_, S>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Some(decoder) = &mut self.decoder else {
            return Err(Error::AlreadyClosed);
        };
        let mut wire = Wire {
            stream: &mut self.stream,
            cx,
            given_bytes: &mut self.given_bytes,
            unsent: &mut self.unsent,
            unsent_bytes_max: self.limits.unsent_bytes_max,
            // Nothing follows our close frame, not even an answer to the peer's (RFC 6455, section 5.5.1).
            mute: self.phase != Phase::Open || self.write_failed.is_some(),
        };
        act(decoder, &mut wire)
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut space = [MaybeUninit::uninit(); FIRST_READ_BYTES];
        let mut read = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
        Poll::Ready(Ok(read.filled().len()))
    }
}

/// The least bytes in which a client can have sent this message: one frame, the shortest header, a mask.
fn frame_bytes(message: &Message) -> u64 {
    let payload = match message {
        // A close frame ends the decoder in any case.
        Message::Close(_) => 0,
        other => other.len() as u64,
    };
    let header = match payload {
        0..=125 => 6,
        126..=0xffff => 8,
        _ => 14,
    };
    header + payload
}

/// What a decoder's error means to the session.
fn ending(error: Error) -> Received {
    use tungstenite::error::ProtocolError::ResetWithoutClosingHandshake;
    match error {
        Error::Capacity(_) => Received::TooLarge,
        Error::Utf8(_) => Received::NotText,
        Error::Io(error) => Received::Lost(error.kind()),
        Error::Protocol(ResetWithoutClosingHandshake) | Error::ConnectionClosed | Error::AlreadyClosed => {
            Received::Lost(io::ErrorKind::UnexpectedEof)
        }
        other => Received::Broken(other.to_string()),
    }
}

/// What the decoder, which knows no tasks, takes for its stream: reads come from the stream, writes go to the queue.
struct Wire<'a, 'c, S> {
    stream: &'a mut S,
    cx: &'a mut Context<'c>,
    given_bytes: &'a mut u64,
    unsent: &'a mut Unsent,
    unsent_bytes_max: usize,
    mute: bool,
}

impl<S> Read for Wire<'_, '_, S>
where
    S: AsyncRead + Unpin,
{
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let mut read = ReadBuf::new(space);
        match Pin::new(&mut *self.stream).poll_read(self.cx, &mut read) {
            Poll::Ready(result) => {
                result?;
                let count = read.filled().len();
                *self.given_bytes += count as u64;
                Ok(count)
            }
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl<S> Write for Wire<'_, '_, S> {
    /// Takes everything: the decoder writes one control frame at a time, whole.
    fn write(&mut self, frame: &[u8]) -> io::Result<usize> {
        if !self.mute {
            if frame.first() == Some(&(Kind::Close as u8)) {
                self.unsent.push_close(frame);
            } else {
                self.unsent.push_pong(frame, self.unsent_bytes_max);
            }
        }
        Ok(frame.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    const LIMITS: SocketLimits = SocketLimits {
        frame_bytes_max: 100_000,
        message_bytes_max: 100_000,
        read_buffer_bytes: 1024,
        unsent_bytes_max: 1000,
    };

    /// A masked frame under the mask 0, which leaves the payload as it is.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        if let Ok(short @ 0..=125) = u8::try_from(payload.len()) {
            frame.push(0x80 | short);
        } else {
            frame.push(0x80 | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        frame
    }

    /// BND6: between messages a connection holds no buffer, after a large message and a burst of its own neither; it
    /// holds one only while something is unfinished.
    #[tokio::test]
    async fn a_quiet_connection_holds_no_buffer() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let mut socket = Socket::new(ours, Bytes::new(), LIMITS);
        let large = vec![b'x'; 90_000];
        for bytes in [
            frame(0x81, b"small"),
            frame(0x89, b"ping"),
            frame(0x81, &large),
            frame(0x82, b"small"),
        ] {
            theirs.write_all(&bytes).await.expect("sent");
        }
        for message in 0..3 {
            assert!(socket.decoder.is_none() || message > 0, "nothing was read yet");
            socket.next().await.expect("a message");
        }
        assert!(socket.decoder.is_none(), "all was taken");
        socket.send_all(vec![Bytes::from(large); 3]).await.expect("sent");
        assert_eq!(socket.unsent.capacity(), 0, "all was written");

        theirs.write_all(&frame(0x01, b"begun")).await.expect("sent");
        let waker = std::task::Waker::noop();
        assert!(socket.poll_next(&mut Context::from_waker(waker)).is_pending());
        assert!(socket.decoder.is_some(), "a message is unfinished");
        theirs.write_all(&frame(0x80, b" and ended")).await.expect("sent");
        assert_eq!(socket.next().await, Some(Received::Text("begun and ended".into())));
    }
}
