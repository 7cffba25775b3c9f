//! Every order a wire takes, in paused time.

use super::*;
use std::collections::VecDeque;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// Bytes a pipe holds.
const PIPE_BYTES: usize = 1_000;

/// Gives one end of a pipe for each connect, and keeps the other.
#[derive(Clone, Debug, Default)]
struct Pipes {
    others: Arc<Mutex<VecDeque<DuplexStream>>>,
}

impl Connector for Pipes {
    type Stream = DuplexStream;

    async fn connect(&self, _: &Address) -> io::Result<DuplexStream> {
        let (mine, other) = tokio::io::duplex(PIPE_BYTES);
        self.others.lock().expect("no panic").push_back(other);
        Ok(mine)
    }
}

struct Scene {
    wire: Wire<Pipes>,
    handle: Handle,
    address: Address,
}

impl Scene {
    fn new() -> Self {
        let (wire, handle) = Wire::new(Pipes::default());
        let address = Address::parse("localhost").expect("an address");
        Self { wire, handle, address }
    }

    /// A stream and the far end of it.
    async fn connect(&self) -> (Stream<DuplexStream>, DuplexStream) {
        let stream = self.wire.connect(&self.address).await.expect("connected");
        let other = self.wire.inner.others.lock().expect("no panic").pop_front();
        (stream, other.expect("it was just made"))
    }
}

fn since_ms(start: Instant) -> u128 {
    start.elapsed().as_millis()
}

#[tokio::test(start_paused = true)]
async fn a_good_wire_changes_nothing() {
    let scene = Scene::new();
    let (mut stream, mut other) = scene.connect().await;
    other.write_all(b"there").await.expect("written");
    stream.write_all(b"here").await.expect("written");
    let (mut here, mut there) = ([0; 5], [0; 4]);
    stream.read_exact(&mut here).await.expect("read");
    other.read_exact(&mut there).await.expect("read");
    assert_eq!((&here, &there), (b"there", b"here"));
}

#[tokio::test(start_paused = true)]
async fn a_cut_ends_who_waits_both_ways_and_the_next_stream_is_whole() {
    let scene = Scene::new();
    let (stream, _other) = scene.connect().await;
    let (mut reads, mut writes) = tokio::io::split(stream);
    let read = tokio::spawn(async move { reads.read(&mut [0; 10]).await.map_err(|error| error.kind()) });
    let written = tokio::spawn(async move {
        // More than the pipe holds: it waits in the middle.
        writes
            .write_all(&[7; 10 * PIPE_BYTES])
            .await
            .map_err(|error| error.kind())
    });
    tokio::task::yield_now().await;
    assert!(!read.is_finished() && !written.is_finished(), "both wait");
    scene.handle.cut();
    assert_eq!(read.await.expect("no panic"), Err(io::ErrorKind::ConnectionReset));
    assert_eq!(written.await.expect("no panic"), Err(io::ErrorKind::BrokenPipe));
    let (mut stream, mut other) = scene.connect().await;
    other.write_all(b"x").await.expect("written");
    assert_eq!(stream.read(&mut [0; 10]).await.expect("read"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_frozen_reader_lets_the_other_side_fill_up() {
    let scene = Scene::new();
    let (mut stream, mut other) = scene.connect().await;
    let start = Instant::now();
    scene.handle.freeze(5_000);
    let filled = tokio::spawn(async move {
        other.write_all(&[7; 3 * PIPE_BYTES]).await.expect("written at last");
        other
    });
    stream.write_all(b"still goes").await.expect("written");
    let mut all = vec![0; 3 * PIPE_BYTES];
    let early = tokio::time::timeout(Duration::from_millis(4_999), stream.read(&mut all)).await;
    assert!(early.is_err(), "it read while it was frozen");
    assert!(!filled.is_finished(), "the pipe was emptied by somebody");
    stream.read_exact(&mut all).await.expect("read");
    assert_eq!(since_ms(start), 5_000);
    let mut other = filled.await.expect("no panic");
    let mut said = [0; 10];
    other.read_exact(&mut said).await.expect("read");
    assert_eq!(&said, b"still goes");
}

#[tokio::test(start_paused = true)]
async fn a_thaw_ends_a_freeze_that_is_waited_for() {
    let scene = Scene::new();
    let (mut stream, mut other) = scene.connect().await;
    other.write_all(b"x").await.expect("written");
    scene.handle.freeze(1_000_000);
    scene.handle.refuse(1_000_000);
    let start = Instant::now();
    let read = tokio::spawn(async move { stream.read(&mut [0; 10]).await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!read.is_finished());
    scene.handle.thaw();
    assert_eq!(read.await.expect("no panic").expect("read"), 1);
    assert_eq!(since_ms(start), 20);
    scene.connect().await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_takes_its_time_and_then_is_fast_again() {
    let scene = Scene::new();
    let (mut stream, mut other) = scene.connect().await;
    tokio::spawn(async move {
        other.write_all(&[7; 10_000]).await.expect("written");
        // Kept open: an end is another thing than slowness.
        std::future::pending::<()>().await;
        drop(other);
    });
    scene.handle.slow(1_000, 3_000);
    let start = Instant::now();
    let mut one_second = vec![0; 1_000];
    stream.read_exact(&mut one_second).await.expect("read");
    // The last part of a second's worth is read when the nine before it have had their time.
    assert_eq!(since_ms(start), 900);
    let mut rest = vec![0; 9_000];
    stream.read_exact(&mut rest).await.expect("read");
    assert_eq!(since_ms(start), 3_000);
}

#[tokio::test(start_paused = true)]
async fn nobody_connects_while_it_refuses() {
    let scene = Scene::new();
    let (mut stream, mut other) = scene.connect().await;
    scene.handle.refuse(700);
    let refused = scene.wire.connect(&scene.address).await.expect_err("refused");
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    other.write_all(b"x").await.expect("written");
    assert_eq!(stream.read(&mut [0; 10]).await.expect("streams that are there stay"), 1);
    tokio::time::advance(Duration::from_millis(700)).await;
    scene.connect().await;
}
