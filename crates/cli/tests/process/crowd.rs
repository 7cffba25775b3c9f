//! Several people with several devices each, who talk, join, leave and read without pause, and write down what they are
//! told.

use crate::probe::Probe;
use crate::scissors::Scissors;
use crate::served::Served;
use crate::verdict::{Device, Logs, judge};
use client::{Bounds, Client, ConnectOptions, Event, Events, Follow};
use protocol::account::SignedIn;
use protocol::server_frame::ConversationRow;
use protocol::token::TokenText;
use protocol::{Body, ConversationId, SendId};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// People.
const PEOPLE: usize = 6;
/// Devices of each.
const DEVICES_EACH: usize = 2;
/// Sends that one device has under way.
const UNDER_WAY_MAX: usize = 4;
/// After so many of its sends, the owner of the group adds or removes the person who comes and goes.
const CHURN_EVERY: usize = 15;
/// How long nothing at all may happen before a wait is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Everybody, and what they were told.
pub struct Crowd {
    people: Vec<Vec<SignedIn>>,
    clients: Vec<Client>,
    talks: Vec<JoinHandle<()>>,
    record: Arc<Record>,
    stop: watch::Sender<bool>,
    group: ConversationId,
    convs: Vec<Vec<ConversationId>>,
    seed: u64,
}

/// What all devices were told, and a number that moves with every word of it.
struct Record {
    devices: Mutex<Vec<Device>>,
    acked: watch::Sender<usize>,
    moved: watch::Sender<u64>,
}

impl Crowd {
    /// Signs everybody up and in, begins the conversations, connects the devices.
    pub async fn gather(served: &Served, seed: u64, cut_bytes_max: Option<u64>) -> Self {
        let mut people = Vec::new();
        for person in 0..PEOPLE {
            let (handle, password) = (format!("p{person}"), "correct horse");
            let up = format!(r#"{{"handle":"{handle}","name":"{handle}","password":"{password}","device_name":"0"}}"#);
            let mut devices = vec![signed_in(served, "/v1/accounts", &up).await];
            for _ in 1..DEVICES_EACH {
                devices.push(sign_in(served, person).await);
            }
            people.push(devices);
        }
        let record = Arc::new(Record {
            devices: Mutex::new(Vec::new()),
            acked: watch::Sender::new(0),
            moved: watch::Sender::new(0),
        });
        let mut clients = Vec::new();
        for (index, device) in people.iter().flatten().enumerate() {
            let seed = seed.wrapping_mul(1_000).wrapping_add(index as u64);
            clients.push(connect(served, device, &record, seed, cut_bytes_max).await);
        }
        let stop = watch::Sender::new(false);
        let (group, convs) = begin(&people, &clients).await;
        Self {
            people,
            clients,
            talks: Vec::new(),
            record,
            stop,
            group,
            convs,
            seed,
        }
    }

    /// Everybody begins to talk.
    pub fn talk(&mut self) {
        for (index, client) in self.clients.iter().enumerate() {
            let person = index / DEVICES_EACH;
            let churn = (index == 0).then(|| (self.group, self.people[PEOPLE - 1][0].user));
            let talk = Talk {
                client: client.clone(),
                index,
                convs: self.convs[person].clone(),
                churn,
                record: Arc::clone(&self.record),
                chance: StdRng::seed_from_u64(self.seed.wrapping_add(index as u64)),
                stop: self.stop.subscribe(),
            };
            self.talks.push(tokio::spawn(talk.run()));
        }
    }

    /// The tokens of everybody's first device, for bare ears.
    pub fn tokens(&self) -> Vec<TokenText> {
        self.people.iter().map(|devices| devices[0].token.clone()).collect()
    }

    /// The server is back: nobody waits any longer before they try again.
    pub async fn hurry(&self) {
        for client in &self.clients {
            let _ = client.hurry().await;
        }
    }

    /// Waits until so many more changes were acknowledged.
    pub async fn until_acked(&self, more: usize) {
        let mut acked = self.record.acked.subscribe();
        let enough = *acked.borrow() + more;
        let waited = tokio::time::timeout(PATIENCE, acked.wait_for(|acked| *acked >= enough)).await;
        assert!(waited.is_ok(), "nothing is acknowledged any more, seed {}", self.seed);
    }

    /// Stops talking and waits until everything that was said is acknowledged.
    pub async fn fall_silent(&mut self) {
        self.stop.send_replace(true);
        for talk in self.talks.drain(..) {
            tokio::time::timeout(PATIENCE * 2, talk)
                .await
                .expect("somebody still waits for an ack")
                .expect("no panic");
        }
    }

    /// Waits until every device shows what the server holds; answers what is wrong if it stays so.
    pub async fn settle(&self, served: &Served) -> Vec<String> {
        let mut readers = Vec::new();
        for person in 0..PEOPLE {
            let device = sign_in(served, person).await;
            readers.push(Reader {
                address: served.address,
                token: device.token,
            });
        }
        let logs = self.logs(&readers).await;
        let mut moved = self.record.moved.subscribe();
        loop {
            moved.borrow_and_update();
            let mut wrong = judge(&self.record.devices.lock().expect("no panic"), &logs);
            wrong.extend(self.compare_inboxes(&readers).await);
            if wrong.is_empty() {
                return wrong;
            }
            // What is only late still moves; what is wrong does not mend itself.
            if tokio::time::timeout(Duration::from_secs(8), moved.changed())
                .await
                .is_err()
            {
                return wrong;
            }
        }
    }

    async fn logs(&self, readers: &[Reader]) -> Logs {
        let mut logs = Logs::new();
        for (person, convs) in self.convs.iter().enumerate() {
            let mut reader = readers[person].come().await;
            for conv in convs {
                let log = reader.log(*conv).await;
                // Who comes and goes sees only a part; somebody else sees the whole.
                if logs.get(conv).is_none_or(|other| other.len() < log.len()) {
                    logs.insert(*conv, log);
                }
            }
        }
        logs
    }

    /// Every device's inbox says what a new device's would.
    async fn compare_inboxes(&self, readers: &[Reader]) -> Vec<String> {
        let mut wrong = Vec::new();
        for (index, client) in self.clients.iter().enumerate() {
            let fresh = readers[index / DEVICES_EACH].come().await.inbox().await;
            let held: BTreeMap<_, _> = client
                .inbox()
                .await
                .expect("it runs")
                .into_iter()
                .map(|(r, _)| (r.conv, r))
                .collect();
            for (conv, row) in &fresh {
                let same = held.get(conv).is_some_and(|held| essence(held) == essence(row));
                if !same {
                    let held = held.get(conv).map(essence);
                    wrong.push(format!(
                        "inbox: device {index} holds {held:?} of {conv}, it is {:?}",
                        essence(row)
                    ));
                }
            }
        }
        wrong
    }

    /// How much was said and shown.
    pub fn summary(&self) -> String {
        let devices = self.record.devices.lock().expect("no panic");
        let sum = |of: fn(&Device) -> usize| devices.iter().map(of).sum::<usize>();
        format!(
            "{} devices, {} sent, {} acked, {} refused, {} shown",
            devices.len(),
            sum(|d| d.handed.len()),
            sum(|d| d.acked.len()),
            sum(|d| d.failed.len()),
            sum(|d| d.shown.len())
        )
    }
}

/// A device that comes anew for every question: it does not beat, so it would be let go between two of them.
struct Reader {
    address: SocketAddr,
    token: TokenText,
}

impl Reader {
    async fn come(&self) -> Probe {
        Probe::connect(self.address, &self.token)
            .await
            .expect("the server is up")
    }
}

/// What two devices must agree on.
fn essence(row: &ConversationRow) -> (u64, u64, u64, u64, bool) {
    (
        row.head_seq.0,
        row.head_ord.0,
        row.read_seq.0,
        row.unread(),
        row.role.is_some(),
    )
}

async fn signed_in(served: &Served, path: &str, body: &str) -> SignedIn {
    let (status, answer) = served.post(path, body).await;
    serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{status}: {answer}"))
}

async fn sign_in(served: &Served, person: usize) -> SignedIn {
    let body = format!(r#"{{"handle":"p{person}","password":"correct horse","device_name":"more"}}"#);
    signed_in(served, "/v1/sessions", &body).await
}

async fn connect(
    served: &Served,
    device: &SignedIn,
    record: &Arc<Record>,
    seed: u64,
    cut_bytes_max: Option<u64>,
) -> Client {
    let url = format!("ws://{}", served.address);
    let mut options = ConnectOptions::new(url, device.token.clone(), StdRng::seed_from_u64(seed));
    options.follow = Follow::Everything;
    options.bounds = Bounds {
        events_max: 1_000_000,
        ..Bounds::default()
    };
    let options = options.connector(Scissors::new(seed, cut_bytes_max));
    let (client, events) = Client::connect(options).await.expect("a client");
    let index = {
        let mut devices = record.devices.lock().expect("no panic");
        let name = format!("{}/{}", device.handle, devices.len());
        devices.push(Device {
            name,
            user: Some(device.user),
            ..Device::default()
        });
        devices.len() - 1
    };
    tokio::spawn(write_down(
        events,
        index,
        client.clone(),
        Arc::clone(record),
        StdRng::seed_from_u64(seed),
    ));
    client
}

/// Two groups and four 1:1s; the last person comes to the first group and goes again, all the time.
async fn begin(people: &[Vec<SignedIn>], clients: &[Client]) -> (ConversationId, Vec<Vec<ConversationId>>) {
    let user = |person: usize| people[person][0].user;
    let by = |person: usize| &clients[person * DEVICES_EACH];
    let mut convs = vec![Vec::new(); PEOPLE];
    let (sent, group) = by(0)
        .create_group("all", (1..PEOPLE).map(user).collect())
        .await
        .expect("a group");
    by(0).sent(sent).await.expect("created");
    convs.iter_mut().for_each(|convs| convs.push(group));
    let (sent, other) = by(1)
        .create_group("some", (2..PEOPLE - 1).map(user).collect())
        .await
        .expect("a group");
    by(1).sent(sent).await.expect("created");
    convs[1..PEOPLE - 1].iter_mut().for_each(|convs| convs.push(other));
    for (one, two) in [(0, 1), (2, 3), (4, 5), (1, 4)] {
        let (sent, direct) = by(one).create_direct(user(two)).await.expect("a 1:1");
        by(one).sent(sent).await.expect("created");
        convs[one].push(direct);
        convs[two].push(direct);
    }
    (group, convs)
}

/// Writes down what one device is told; now and then the person reads.
async fn write_down(mut events: Events, index: usize, client: Client, record: Arc<Record>, mut chance: StdRng) {
    while let Some(event) = events.next().await {
        let was_ack = matches!(event, Event::Acked { .. });
        let mut read = None;
        {
            let mut devices = record.devices.lock().expect("no panic");
            let device = &mut devices[index];
            match event {
                Event::Grown { conv, entries } => {
                    read = entries
                        .last()
                        .filter(|_| chance.random_bool(0.3))
                        .map(|entry| (conv, entry.seq));
                    device
                        .shown
                        .extend(entries.iter().map(|entry| (conv, entry.seq, entry.send_id)));
                }
                Event::Acked { send_id, conv, seq } => device.acked.push((send_id, conv, seq)),
                Event::Failed { send_id, .. } => device.failed.push(send_id),
                Event::Stopped { .. }
                | Event::Broken { .. }
                | Event::Behind
                | Event::Skipped { .. }
                | Event::Resynced => {
                    panic!("device {index} was told {event:?}");
                }
                _ => {}
            }
        }
        if was_ack {
            record.acked.send_modify(|acked| *acked += 1);
        }
        record.moved.send_modify(|moved| *moved += 1);
        if let Some((conv, seq)) = read {
            let _ = client.read(conv, seq).await;
        }
    }
}

/// One device's talking.
struct Talk {
    client: Client,
    index: usize,
    convs: Vec<ConversationId>,
    churn: Option<(ConversationId, protocol::UserId)>,
    record: Arc<Record>,
    chance: StdRng,
    stop: watch::Receiver<bool>,
}

impl Talk {
    async fn run(mut self) {
        let mut under_way: VecDeque<SendId> = VecDeque::new();
        let mut inside = true;
        for number in 0.. {
            if *self.stop.borrow() {
                break;
            }
            let send_id = match self.churn.filter(|_| number % CHURN_EVERY == CHURN_EVERY - 1) {
                Some((group, user)) => {
                    inside = !inside;
                    if inside {
                        self.client.add(group, vec![user]).await
                    } else {
                        self.client.remove(group, user).await
                    }
                }
                None => {
                    let conv = *self.convs.choose(&mut self.chance).expect("some");
                    self.client
                        .send(conv, &Body::text(format!("{}/{number}", self.index)))
                        .await
                }
            };
            let send_id = send_id.expect("there is room");
            self.record.devices.lock().expect("no panic")[self.index]
                .handed
                .insert(send_id);
            under_way.push_back(send_id);
            if under_way.len() >= UNDER_WAY_MAX {
                let _ = self.client.sent(under_way.pop_front().expect("some")).await;
            }
        }
        for send_id in under_way {
            let _ = self.client.sent(send_id).await;
        }
    }
}
