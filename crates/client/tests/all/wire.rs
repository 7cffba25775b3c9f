//! The whole client against a scripted server, in paused time.

use crate::scripted::*;
use client::keep::{Keep, Memory};
use client::timeline::Ticks;
use client::{Client, ConnectOptions, Event, Events, Follow, No};
use protocol::close::{Close, Duty};
use protocol::server_frame::{Bye, CursorOk, People, Person};
use protocol::{Body, ClientFrame, Generation, Ordinal, Seq, ServerFrame};
use rand::SeedableRng;
use rand::rngs::StdRng;

async fn start(keep: impl Keep) -> (Client, Events, Doors) {
    let (connector, doors) = pipes();
    let options = ConnectOptions::new("ws://pipe", token(), StdRng::seed_from_u64(5))
        .keep(keep)
        .connector(connector);
    let (client, events) = Client::connect(options).await.expect("starts");
    (client, events, doors)
}

fn ok(delivered: u64) -> ServerFrame {
    ServerFrame::CursorOk(CursorOk {
        conv: CONV,
        delivered: Seq(delivered),
        read: Seq::ZERO,
        read_ord: Ordinal::ZERO,
        generation: Generation::ZERO,
    })
}

/// The next event that `pick` takes; others are passed over.
async fn until<T>(events: &mut Events, mut pick: impl FnMut(Event) -> Option<T>) -> T {
    loop {
        let event = events.next().await.expect("an event");
        if let Some(picked) = pick(event) {
            return picked;
        }
    }
}

/// IDM5: a message said while there is no connection is sent when there is one; the connection is cut before its ack;
/// on the next one it is sent again under the same name; the entry replaces the local echo.
#[tokio::test(start_paused = true)]
async fn idm5_a_message_outlives_the_connection() {
    let (client, mut events, doors) = start(Memory::default()).await;
    let send_id = client.send(CONV, &Body::text("hi")).await.expect("kept");
    let line = client.timeline(CONV).await.expect("runs").pop().expect("an echo");
    assert_eq!((line.seq, line.ticks), (None, Ticks::Queued));
    let mut socket = doors.socket().await;
    let hello = socket.greet(0).await;
    assert_eq!((hello.token, hello.epoch), (token(), None));
    let (_, ClientFrame::Send(first)) = socket.frame().await else {
        panic!("the message")
    };
    drop(socket);
    until(&mut events, |event| {
        matches!(event, Event::Offline { .. }).then_some(())
    })
    .await;
    let mut socket = doors.socket().await;
    let hello = socket.greet(0).await;
    assert_eq!(hello.epoch, Some(EPOCH), "it resumes");
    let (id, ClientFrame::Send(again)) = socket.frame().await else {
        panic!("the message again")
    };
    assert_eq!((first.send_id, first.body.get()), (again.send_id, again.body.get()));
    assert_eq!(again.send_id, send_id);
    socket.say(id, ack(1)).await;
    assert_eq!(client.sent(send_id).await, Ok(Seq(1)));
    let line = client.timeline(CONV).await.expect("runs").pop().expect("an echo");
    assert_eq!(
        (line.seq, line.ticks),
        (None, Ticks::Sent),
        "an ack does not advance the log"
    );
    socket.say(None, live(entry(1, ME, send_id))).await;
    until(&mut events, |event| matches!(event, Event::Grown { .. }).then_some(())).await;
    let lines = client.timeline(CONV).await.expect("runs");
    assert_eq!(
        lines.iter().map(|line| (line.seq, line.send_id)).collect::<Vec<_>>(),
        [(Some(Seq(1)), send_id)]
    );
}

/// GAP2, RCP4: an early entry is held half a second, then the hole is pulled; only then is anything shown above it, and
/// delivered moves after it was kept, and is said again on the next connection until it is confirmed.
#[tokio::test(start_paused = true)]
async fn gap2_rcp4_a_hole_is_pulled_and_a_cursor_repeated() {
    let memory = Memory::default();
    let (client, mut events, doors) = start(memory.clone()).await;
    let mut socket = doors.socket().await;
    socket.greet(0).await;
    socket.text(r#"{"t":"from the future","x":1}"#).await;
    socket.say(None, live(bobs(1))).await;
    socket.say(None, live(bobs(3))).await;
    let grown = |event| match event {
        Event::Grown { entries, .. } => Some(entries.iter().map(|e| e.seq.0).collect::<Vec<_>>()),
        _ => None,
    };
    assert_eq!(until(&mut events, grown).await, [1]);
    let begun = tokio::time::Instant::now();
    let said = |id, frame| match frame {
        ClientFrame::Cursor(cursor) => Some((id, cursor.delivered)),
        _ => None,
    };
    let (id, delivered) = socket.frame_where(said).await;
    assert_eq!(delivered, Some(Seq(1)), "3 is not delivered: it may be lost yet");
    socket.say(id, ok(1)).await;
    let asked = |id, frame| match frame {
        ClientFrame::Get(get) => Some((id, get.after)),
        _ => None,
    };
    let (id, after) = socket.frame_where(asked).await;
    assert_eq!(after, Some(Seq(1)));
    let held = begun.elapsed().as_millis();
    assert!((400..=600).contains(&held), "held for {held} ms");
    socket.say(id, page(2, 3)).await;
    assert_eq!(until(&mut events, grown).await, [2, 3]);
    assert_eq!(socket.frame_where(said).await.1, Some(Seq(3)));
    let kept = memory.clone().load(&client::Bounds::default()).expect("memory");
    assert_eq!(kept.logs[&CONV].end(), Seq(3), "it was kept before it was said");
    drop(socket);
    let mut socket = doors.socket().await;
    socket.greet(0).await;
    let (id, delivered) = socket.frame_where(said).await;
    assert_eq!(delivered, Some(Seq(3)), "said again");
    socket.say(id, ok(3)).await;
    // Nothing more is said of it: the next thing that comes is a beat.
    let next = |_, frame: ClientFrame| Some(frame.word());
    assert_eq!(socket.frame_where(next).await, "beat");
    drop(client);
}

/// RES2: a client that starts from what another kept says where it stood, sends what was not sent, and holds its log.
#[tokio::test(start_paused = true)]
async fn res2_a_new_process_goes_on_where_the_old_one_stood() {
    let memory = Memory::default();
    let (client, mut events, doors) = start(memory.clone()).await;
    let mut socket = doors.socket().await;
    socket.greet(5).await;
    socket.say(None, live(bobs(1))).await;
    until(&mut events, |event| matches!(event, Event::Grown { .. }).then_some(())).await;
    let send_id = client.send(CONV, &Body::text("later")).await.expect("kept");
    client.shutdown().await;
    assert_eq!(client.send(CONV, &Body::text("too late")).await, Err(No::Stopped));
    let (client, _events, doors) = start(memory).await;
    assert_eq!(
        client.timeline(CONV).await.expect("runs").len(),
        2,
        "an entry and an echo, before any connection"
    );
    let mut socket = doors.socket().await;
    let hello = socket.greet(5).await;
    assert_eq!((hello.epoch, hello.ver.map(|v| v.0)), (Some(EPOCH), Some(5)));
    let sent = |_, frame| match frame {
        ClientFrame::Send(send) => Some(send.send_id),
        _ => None,
    };
    assert_eq!(socket.frame_where(sent).await, send_id);
}

#[tokio::test(start_paused = true)]
async fn good_byes_and_questions() {
    let (client, mut events, doors) = start(Memory::default()).await;
    let mut socket = doors.socket().await;
    socket.greet(0).await;
    let ask = protocol::client_frame::AskPeople {
        handles: vec!["bob".into()],
        ..Default::default()
    };
    let asking = tokio::spawn({
        let client = client.clone();
        async move { client.people(ask).await }
    });
    socket
        .frame_where(|_, frame| matches!(frame, ClientFrame::People(_)).then_some(()))
        .await;
    socket
        .say(
            None,
            ServerFrame::Bye(Bye {
                after_ms: 40_000,
                reason: "draining".into(),
            }),
        )
        .await;
    let begun = tokio::time::Instant::now();
    socket.close(Close::Draining.code()).await;
    let mut socket = doors.socket().await;
    let away = begun.elapsed().as_millis();
    assert!((40_000..41_000).contains(&away), "it stayed away for {away} ms");
    socket.greet(0).await;
    let id = socket
        .frame_where(|id, frame| matches!(frame, ClientFrame::People(_)).then_some(id))
        .await;
    let bob = Person {
        about: None,
        picture: None,
        deactivated: false,
        user: BOB,
        handle: "bob".into(),
        name: "Bob".into(),
    };
    socket
        .say(
            id,
            ServerFrame::People(People {
                list: vec![bob.clone()],
            }),
        )
        .await;
    assert_eq!(
        asking.await.expect("no panic"),
        Ok(vec![bob]),
        "a question outlives the connection"
    );
    socket.close(Close::Revoked.code()).await;
    let stopped = until(&mut events, |event| match event {
        Event::Stopped { duty, code } => Some((duty, code)),
        _ => None,
    });
    assert_eq!(stopped.await, (Duty::SignIn, Some(4101)));
    assert_eq!(client.send(CONV, &Body::text("x")).await, Err(No::Stopped));
}

/// BND2: a client whose owner takes no events and whose server takes no frames grows no further than its bounds.
#[tokio::test(start_paused = true)]
async fn bnd2_a_slow_owner_and_a_slow_server() {
    let (connector, doors) = pipes();
    let mut options = ConnectOptions::new("ws://pipe", token(), StdRng::seed_from_u64(5))
        .keep(Memory::default())
        .connector(connector);
    options.bounds = client::Bounds {
        events_max: 8,
        outbox_entries_max: 20,
        ..client::Bounds::small()
    };
    options.follow = Follow::Everything;
    let (client, mut events) = Client::connect(options).await.expect("starts");
    let mut socket = doors.socket().await;
    socket.greet(0).await;
    for seq in 1..=200 {
        socket.say(None, live(bobs(seq))).await;
    }
    let full = async {
        loop {
            if let Err(no) = client.send(CONV, &Body::text("x".repeat(10_000))).await {
                return no;
            }
        }
    };
    assert_eq!(full.await, No::OutboxFull);
    let held = client
        .look(|core| core.state().logs[&CONV].tail().count())
        .await
        .expect("runs");
    assert!(held <= 100, "{held} entries are held");
    let mut waiting = Vec::new();
    while let Some(event) = events.try_next() {
        waiting.push(event);
    }
    assert!(waiting.len() <= 8 && waiting.contains(&Event::Behind), "{waiting:?}");
}
