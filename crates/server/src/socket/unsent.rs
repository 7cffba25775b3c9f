//! What a socket has yet to write: whole frames in order, shared and not copied, written many at a time.
//!
//! Everything that leaves a socket passes through here, the answers to pings and the close frame too, so a frame is
//! never cut into by another, whoever stops waiting for what. Empty costs nothing: no buffer is held between bursts.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::io::AsyncWrite;

/// Slices handed to one vectored write: two a frame (header, payload), so 64 frames a system call.
const WRITE_SLICES_MAX: usize = 128;
/// Bytes gathered for one write where the stream cannot write vectored (TLS): one TLS record.
const GATHER_BYTES_MAX: usize = 16 * 1024;
/// The longest header of a frame that is not masked: two bytes and a 64-bit length (RFC 6455, section 5.2).
const HEADER_BYTES_MAX: usize = 10;

/// The first byte of a whole (FIN) frame, by its kind (RFC 6455, section 5.2).
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(super) enum Kind {
    Text = 0x81,
    Binary = 0x82,
    Close = 0x88,
}

/// One frame: its header, encoded here, and its payload, shared with whoever else is sent it.
#[derive(Debug)]
struct Piece {
    header: [u8; HEADER_BYTES_MAX],
    header_bytes: u8,
    payload: Bytes,
}

impl Piece {
    fn frame(kind: Kind, payload: Bytes) -> Self {
        let mut header = [0; HEADER_BYTES_MAX];
        header[0] = kind as u8;
        let length = payload.len() as u64;
        let header_bytes = if let Ok(short @ 0..=125) = u8::try_from(length) {
            header[1] = short;
            2
        } else if let Ok(medium) = u16::try_from(length) {
            header[1] = 126;
            header[2..4].copy_from_slice(&medium.to_be_bytes());
            4
        } else {
            header[1] = 127;
            header[2..10].copy_from_slice(&length.to_be_bytes());
            10
        };
        Self {
            header,
            header_bytes,
            payload,
        }
    }

    fn header(&self) -> &[u8] {
        &self.header[..usize::from(self.header_bytes)]
    }

    fn bytes(&self) -> usize {
        usize::from(self.header_bytes) + self.payload.len()
    }
}

/// The frames that wait to be written, and how far into the first of them the stream has come.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    pieces: VecDeque<Piece>,
    /// Bytes of the first piece that the stream has already taken.
    first_written: usize,
    /// Bytes of all pieces, less `first_written`.
    bytes: usize,
    /// The newest answer to a ping that found no room; written when nothing else waits. RFC 6455 (section 5.5.3) lets
    /// an older one go unanswered.
    held_pong: Option<Bytes>,
    /// The stream took bytes and was not flushed since.
    unflushed: bool,
}

impl Unsent {
    /// Bytes that wait here, headers included.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Frames there is room for without asking for memory.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.pieces.capacity()
    }

    /// Adds a whole frame.
    pub(super) fn push(&mut self, kind: Kind, payload: Bytes) {
        if matches!(kind, Kind::Close) {
            self.held_pong = None;
        }
        self.push_piece(Piece::frame(kind, payload));
    }

    /// Adds the answer to a ping, encoded; if `bytes_max` wait already, it takes the place of the one that is held.
    pub(super) fn push_pong(&mut self, frame: &[u8], bytes_max: usize) {
        let frame = Bytes::copy_from_slice(frame);
        if self.bytes < bytes_max && self.held_pong.is_none() {
            self.push_encoded(frame);
        } else {
            self.held_pong = Some(frame);
        }
    }

    /// Adds the answer to a close frame, encoded. It is the last, so it is bounded without a bound.
    pub(super) fn push_close(&mut self, frame: &[u8]) {
        self.held_pong = None;
        self.push_encoded(Bytes::copy_from_slice(frame));
    }

    fn push_encoded(&mut self, payload: Bytes) {
        self.push_piece(Piece {
            header: [0; HEADER_BYTES_MAX],
            header_bytes: 0,
            payload,
        });
    }

    fn push_piece(&mut self, piece: Piece) {
        self.bytes += piece.bytes();
        self.pieces.push_back(piece);
    }

    /// Forgets everything; the stream is of no use any more.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Writes until nothing waits, then flushes. Whatever the stream took stays taken when the caller stops polling.
    pub(super) fn poll_write<S>(&mut self, stream: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        S: AsyncWrite + Unpin,
    {
        while self.bytes > 0 {
            let written = ready!(self.poll_write_once(Pin::new(stream), cx))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unflushed = true;
            self.advance(written);
            if self.bytes == 0
                && let Some(pong) = self.held_pong.take()
            {
                self.push_encoded(pong);
            }
        }
        if self.unflushed {
            ready!(Pin::new(stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_once<S>(&self, stream: Pin<&mut S>, cx: &mut Context<'_>) -> Poll<io::Result<usize>>
    where
        S: AsyncWrite,
    {
        if stream.is_write_vectored() {
            let mut slices = [IoSlice::new(&[]); WRITE_SLICES_MAX];
            let mut used = 0;
            for (slot, part) in slices.iter_mut().zip(self.parts()) {
                *slot = IoSlice::new(part);
                used += 1;
            }
            return stream.poll_write_vectored(cx, &slices[..used]);
        }
        let mut gathered = Vec::with_capacity(GATHER_BYTES_MAX.min(self.bytes));
        for part in self.parts() {
            let room = GATHER_BYTES_MAX - gathered.len();
            gathered.extend_from_slice(&part[..part.len().min(room)]);
            if part.len() >= room {
                break;
            }
        }
        stream.poll_write(cx, &gathered)
    }

    /// What is to be written next, in order, without empty parts.
    fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let mut skip = self.first_written;
        self.pieces
            .iter()
            .flat_map(|piece| [piece.header(), &piece.payload[..]])
            .map(move |part| {
                let skipped = skip.min(part.len());
                skip -= skipped;
                &part[skipped..]
            })
            .filter(|part| !part.is_empty())
    }

    fn advance(&mut self, written: usize) {
        // A stream that claims more than it was given is broken; believe it no further than the end.
        let written = written.min(self.bytes);
        self.bytes -= written;
        self.first_written += written;
        while let Some(first) = self.pieces.front().map(Piece::bytes) {
            if self.first_written < first {
                break;
            }
            self.first_written -= first;
            self.pieces.pop_front();
        }
        if self.pieces.is_empty() {
            // An idle connection holds no buffer: a burst's would stay for as long as the connection.
            self.pieces = VecDeque::new();
        }
    }
}
