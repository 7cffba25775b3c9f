//! Bare senders: devices that know none of the client's rules, keep nothing, and write without pause. What was not
//! answered they ask for again, under the same name, as anybody must.

use super::tally::Tally;
use client::account::Account;
use client::address::{Address, TcpConnector};
use client::link::Link;
use protocol::account::{SignUp, SignedIn};
use protocol::client_frame::{Create, Hello, Send, What};
use protocol::people::{Audience, SetPrivacy};
use protocol::{Body, ClientFrame, ConversationId, Kind, RequestId, SendId, ServerFrame};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use swarm::history::digest;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Requests one sender has under way.
const UNDER_WAY_MAX: usize = 8;
/// How long a sender waits before it tries to connect again, in milliseconds.
const CONNECT_AGAIN_MS: u64 = 5;
/// How long a server may take over an upgrade and a welcome, in milliseconds.
const WELCOME_MS_MAX: u64 = 2_000;
/// How long what is under way at the end may take to be answered, in milliseconds.
const LAST_ANSWERS_MS_MAX: u64 = 20_000;

/// Some people with one device each, who write into the same two groups.
pub struct Senders {
    /// The conversations they write into.
    pub convs: Vec<ConversationId>,
    /// Who they are.
    pub people: Vec<SignedIn>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<usize>>,
}

/// How they write.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// People.
    pub people: usize,
    /// Length of each text, in bytes, at least.
    pub text_bytes: usize,
}

struct Sender {
    address: Address,
    me: SignedIn,
    convs: Vec<ConversationId>,
    chance: StdRng,
    text_bytes: usize,
    number: u64,
    tally: Arc<Tally>,
    stop: watch::Receiver<bool>,
    /// Sent, or to be sent again: the oldest first.
    unanswered: VecDeque<Draft>,
}

#[derive(Clone)]
struct Draft {
    conv: ConversationId,
    send_id: SendId,
    body: Body,
}

impl Senders {
    /// Signs people up at a server that lets anybody in, begins the groups, and lets them write.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses.
    pub async fn begin(url: &str, seed: u64, manner: Manner, tally: &Arc<Tally>) -> io::Result<Self> {
        let address = Address::parse(url).map_err(io::Error::other)?;
        let account = Account::over(address.clone(), TcpConnector);
        let mut chance = StdRng::seed_from_u64(seed);
        let mut people = Vec::new();
        for person in 0..manner.people {
            let handle = format!("s{person}.{:08x}", chance.next_u32());
            let sign_up = SignUp {
                name: handle.clone(),
                handle,
                password: "correct horse".to_owned(),
                invite: None,
                link: None,
                device_name: String::new(),
                cookie: false,
            };
            people.push(account.sign_up(&sign_up).await.map_err(io::Error::other)?);
        }
        for me in &people {
            open_to_groups(&address, me).await?;
        }
        let convs = groups(&address, &people, &mut chance).await?;
        let (stop, _) = watch::channel(false);
        let tasks = people
            .iter()
            .map(|me| {
                let sender = Sender {
                    address: address.clone(),
                    me: me.clone(),
                    convs: convs.clone(),
                    chance: StdRng::seed_from_u64(chance.next_u64()),
                    text_bytes: manner.text_bytes,
                    number: 0,
                    tally: Arc::clone(tally),
                    stop: stop.subscribe(),
                    unanswered: VecDeque::new(),
                };
                tokio::spawn(sender.run())
            })
            .collect();
        Ok(Self {
            convs,
            people,
            stop,
            tasks,
        })
    }

    /// They say nothing new and wait for what is under way; answers how much stayed unanswered.
    pub async fn fall_silent(&mut self) -> usize {
        self.stop.send_replace(true);
        let mut unanswered = 0;
        for task in self.tasks.drain(..) {
            unanswered += task.await.unwrap_or(1);
        }
        unanswered
    }
}

impl Drop for Senders {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Lets anybody put this person into groups: they all begin as strangers.
async fn open_to_groups(address: &Address, me: &SignedIn) -> io::Result<()> {
    let mut link = welcomed(address, me).await?;
    let open = ClientFrame::Privacy(SetPrivacy {
        who_adds: Some(Audience::Everyone),
        ..SetPrivacy::default()
    });
    answered(&mut link, &open).await.map(drop)
}

/// The answer to a request, where it is no refusal.
async fn answered(link: &mut Link<TcpStream>, frame: &ClientFrame) -> io::Result<ServerFrame> {
    link.send(Some(RequestId(1)), frame).map_err(io::Error::other)?;
    loop {
        match link.next().await {
            Ok((Some(_), ServerFrame::Refuse(refusal))) => return Err(io::Error::other(refusal.say)),
            Ok((Some(_), answer)) => return Ok(answer),
            Ok(_) => {}
            Err(_) => return Err(io::ErrorKind::ConnectionReset.into()),
        }
    }
}

async fn groups(address: &Address, people: &[SignedIn], chance: &mut StdRng) -> io::Result<Vec<ConversationId>> {
    let (creator, others) = people.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut link = welcomed(address, creator).await?;
    let mut convs = Vec::new();
    for title in ["one", "two"] {
        let send_id = new_send_id(chance);
        let members = others.iter().map(|one| one.user).collect();
        let what = What::Group {
            title: title.to_owned(),
            members,
        };
        let create = ClientFrame::Create(Create { send_id, what });
        let ServerFrame::Ack(ack) = answered(&mut link, &create).await? else {
            return Err(io::Error::other("a group was begun, and the answer is no ack"));
        };
        convs.push(ack.conv);
    }
    Ok(convs)
}

/// A connection that has been welcomed.
///
/// # Errors
/// There is no server just now, or it does not want us.
pub async fn welcomed(address: &Address, me: &SignedIn) -> io::Result<Link<TcpStream>> {
    let hello = Hello {
        v: vec![1],
        token: me.token.clone(),
        client: None,
        epoch: None,
        ver: None,
        dseq: None,
        watch: None,
    };
    let welcomed = async {
        let mut link = Link::connect(&TcpConnector, address).await?;
        link.send(None, &ClientFrame::Hello(Box::new(hello)))
            .map_err(io::Error::other)?;
        loop {
            match link.next().await {
                Ok((_, ServerFrame::Welcome(_))) => return Ok(link),
                Ok(_) => {}
                Err(_) => return Err(io::ErrorKind::ConnectionReset.into()),
            }
        }
    };
    let limit = Duration::from_millis(WELCOME_MS_MAX);
    tokio::time::timeout(limit, welcomed)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn new_send_id(chance: &mut StdRng) -> SendId {
    let mut bytes = [0; 16];
    chance.fill_bytes(&mut bytes);
    SendId::from_random(bytes)
}

impl Sender {
    /// Writes until it is told to stop, connection after connection; answers how much stayed unanswered.
    async fn run(mut self) -> usize {
        let mut stop = self.stop.clone();
        let writes = async {
            loop {
                if let Ok(link) = welcomed(&self.address, &self.me).await {
                    self.session(link).await;
                }
                if *self.stop.borrow() && self.unanswered.is_empty() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(CONNECT_AGAIN_MS)).await;
            }
        };
        let too_late = async {
            let _ = stop.wait_for(|stop| *stop).await;
            tokio::time::sleep(Duration::from_millis(LAST_ANSWERS_MS_MAX)).await;
        };
        tokio::select! {
            () = writes => {}
            () = too_late => {}
        }
        self.unanswered.len()
    }

    /// One connection, to its end.
    async fn session(&mut self, mut link: Link<TcpStream>) {
        let mut under_way: BTreeMap<RequestId, SendId> = BTreeMap::new();
        // What the connection before left open goes first.
        let mut again: VecDeque<Draft> = self.unanswered.clone();
        let mut not_before = Instant::now();
        let mut next_id = 1;
        loop {
            let stopped = *self.stop.borrow();
            let now = Instant::now();
            while under_way.len() < UNDER_WAY_MAX && now >= not_before {
                let draft = match again.pop_front() {
                    Some(draft) => draft,
                    None if stopped => break,
                    None => self.draft(),
                };
                let id = RequestId(next_id);
                next_id += 1;
                if link.send(Some(id), &draft.frame()).is_err() {
                    return;
                }
                under_way.insert(id, draft.send_id);
            }
            if stopped && self.unanswered.is_empty() {
                return;
            }
            let came = tokio::select! {
                came = link.next() => came,
                () = tokio::time::sleep_until(not_before), if now < not_before => continue,
                changed = self.stop.changed(), if !stopped => match changed {
                    Ok(()) => continue,
                    Err(_) => return,
                },
            };
            let Ok((re, frame)) = came else { return };
            let Some(send_id) = re.and_then(|re| under_way.remove(&re)) else {
                continue;
            };
            match frame {
                ServerFrame::Ack(ack) if self.tally.acked(send_id, ack.seq) => self.forget(send_id),
                ServerFrame::Refuse(refusal) => {
                    self.tally.refused(refusal.code, &refusal.name, refusal.retry);
                    if refusal.retry {
                        let after_ms = refusal.retry_after_ms.unwrap_or_default();
                        not_before = Instant::now() + Duration::from_millis(after_ms);
                        again.extend(self.unanswered.iter().find(|draft| draft.send_id == send_id).cloned());
                    } else {
                        self.forget(send_id);
                    }
                }
                // An ack that came too late to count: this connection is about to end.
                _ => {}
            }
        }
    }

    fn draft(&mut self) -> Draft {
        let conv = self.convs[usize::try_from(self.number).unwrap_or_default() % self.convs.len()];
        let mut text = format!("{}/{} ", self.me.handle, self.number);
        text.push_str(&"x".repeat(self.text_bytes.saturating_sub(text.len())));
        self.number += 1;
        let send_id = new_send_id(&mut self.chance);
        let body = Body::text(text);
        self.tally.sent(send_id, conv, digest(body.to_raw().get()));
        let draft = Draft { conv, send_id, body };
        self.unanswered.push_back(draft.clone());
        draft
    }

    fn forget(&mut self, send_id: SendId) {
        self.unanswered.retain(|draft| draft.send_id != send_id);
    }
}

impl Draft {
    fn frame(&self) -> ClientFrame {
        ClientFrame::Send(Box::new(Send::new(
            self.conv,
            self.send_id,
            Kind::Text,
            self.body.to_raw(),
        )))
    }
}
