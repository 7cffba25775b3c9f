//! Streams that are cut, by chance, in the middle of anything.

use client::address::{Address, Connector, TcpConnector};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::io;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Gives TCP streams that end after a random number of bytes, up to so many; `None`: whole ones.
pub struct Scissors {
    chance: Mutex<StdRng>,
    bytes_max: Option<u64>,
}

impl Scissors {
    pub fn new(seed: u64, bytes_max: Option<u64>) -> Self {
        Self {
            chance: Mutex::new(StdRng::seed_from_u64(seed)),
            bytes_max,
        }
    }
}

impl Connector for Scissors {
    type Stream = Cut;

    async fn connect(&self, address: &Address) -> io::Result<Cut> {
        let stream = TcpConnector.connect(address).await?;
        let left = match self.bytes_max {
            Some(bytes_max) => self.chance.lock().expect("no panic").random_range(200..bytes_max),
            None => u64::MAX,
        };
        Ok(Cut { stream, left })
    }
}

/// A stream that ends after so many bytes, both ways counted together.
pub struct Cut {
    stream: TcpStream,
    left: u64,
}

impl Cut {
    fn spend(&mut self, bytes: usize) -> io::Result<()> {
        self.left = self.left.saturating_sub(bytes as u64);
        if self.left == 0 {
            Err(io::ErrorKind::ConnectionReset.into())
        } else {
            Ok(())
        }
    }
}

impl AsyncRead for Cut {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        let bytes = buf.filled().len() - before;
        match read {
            Poll::Ready(Ok(())) => Poll::Ready(self.spend(bytes)),
            other => other,
        }
    }
}

impl AsyncWrite for Cut {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(cx, buf) {
            Poll::Ready(Ok(bytes)) => Poll::Ready(self.spend(bytes).map(|()| bytes)),
            other => other,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
