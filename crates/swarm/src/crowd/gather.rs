//! Everybody signs up and in, the conversations begin, and all wait until each device knows where it is.

use super::device::Device;
use super::{Counts, Crowd, Person, Run};
use crate::ear;
use crate::history::{self, DeviceKind, Recorder, What};
use crate::plan::{Links, Plan, RoomPlan};
use crate::world::World;
use client::account::{Account, AccountError};
use client::address::Address;
use client::{Client, Core, No};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use protocol::account::{SignIn, SignUp, SignedIn};
use protocol::people::{Answer, Audience, SetPrivacy};
use protocol::refusal::Code;
use protocol::token::TokenText;
use protocol::{ConversationId, SendId, UserId};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// Nobody keeps anything behind this.
const PASSWORD: &str = "correct horse";
/// People who sign up at once: hashing a password takes a server its time.
const SIGN_UPS_AT_ONCE_MAX: usize = 4;
/// How often signing up or in is tried, and how long it waits in between where nobody says how long.
const TRIES_MAX: u32 = 30;
const PAUSE_MS: u64 = 200;
/// How long everybody may take to know their conversations, and how often they are asked.
const MEET_TIME_MAX: Duration = Duration::from_secs(60);
const MEET_PAUSE: Duration = Duration::from_millis(50);

/// Somebody who has signed up: their devices of the plan, their ear, and the one that compares.
struct SignedUp {
    user: UserId,
    devices: Vec<TokenText>,
    ear: TokenText,
    fresh: TokenText,
}

impl<W: World> Crowd<W> {
    /// Signs everybody up with all their devices, connects these, and begins the conversations. There are no faults
    /// yet.
    ///
    /// # Errors
    /// In words: somebody cannot sign up, or does not come to know where they are.
    pub async fn gather(world: W, plan: Arc<Plan>, recorder: Recorder) -> Result<Self, String> {
        let address = Address::parse(&world.url()).map_err(|error| error.to_string())?;
        let signed_up = sign_everybody_up(&world, &address, &plan).await?;
        let run = Arc::new(Run {
            world,
            plan,
            recorder,
            counts: Arc::<Counts>::default(),
            links: Links::default(),
            address,
            users: signed_up.iter().map(|one| one.user).collect(),
        });
        let (ears_stop, _) = watch::channel(false);
        let mut crowd = Self {
            run,
            people: Vec::new(),
            rooms: Arc::default(),
            devices: Vec::new(),
            ears: Vec::new(),
            ears_stop,
            hold: watch::channel(false).0,
        };
        for (number, one) in (0..).zip(signed_up) {
            crowd.come(number, one).await?;
        }
        crowd.begin_rooms().await?;
        crowd.meet().await?;
        crowd.note_requests().await?;
        Ok(crowd)
    }

    /// A person's devices connect.
    async fn come(&mut self, person: u32, one: SignedUp) -> Result<(), String> {
        let run = &self.run;
        let shape = &run.plan.shape;
        let (user, name) = (one.user, format!("p{person}"));
        let exists = |number, kind, slow| {
            let name = name.clone();
            run.recorder.note(Some(number), What::Device { user, name, kind, slow });
        };
        for (number, token) in (person * shape.devices_each..).zip(one.devices) {
            let device = Arc::new(Device::new(run, number, user, token));
            exists(number, DeviceKind::Client, device.slow);
            device.begin(run).await?;
            self.devices.push(device);
        }
        let ear = shape.devices() + person;
        exists(ear, DeviceKind::Ear, false);
        let listen = ear::listen(
            run.world.connector(ear),
            run.address.clone(),
            one.ear,
            ear,
            run.recorder.clone(),
            self.ears_stop.subscribe(),
        );
        self.ears.push(tokio::spawn(listen));
        let fresh = shape.devices() + shape.people + person;
        exists(fresh, DeviceKind::Fresh, false);
        self.people.push(Person {
            fresh: (fresh, one.fresh),
        });
        Ok(())
    }

    async fn begin_rooms(&mut self) -> Result<(), String> {
        let mut begun = Vec::new();
        let plan = Arc::clone(&self.run.plan);
        self.let_in().await?;
        for (number, room) in plan.rooms.iter().enumerate() {
            let device = &self.devices[(room.keeper * plan.shape.devices_each) as usize];
            let client = device.client().ok_or("a device ended before the run began")?;
            let asked_us = self.run.recorder.now_us();
            let (send_id, conv) = self.create(&client, number, room).await.map_err(|no| no.to_string())?;
            let invoke = What::Invoke {
                send_id,
                conv,
                verb: "create".to_owned(),
                digest: None,
                target: None,
                target_name: None,
            };
            self.run.recorder.note_at(asked_us, Some(device.number), invoke);
            self.run.counts.sent.fetch_add(1, Relaxed);
            begun.push((client, send_id, conv));
        }
        for (client, send_id, _) in &begun {
            let sent = tokio::time::timeout(MEET_TIME_MAX, client.sent(*send_id)).await;
            sent.map_err(|_| "a conversation does not begin".to_owned())?
                .map_err(|no| format!("a conversation does not begin: {no}"))?;
        }
        self.rooms = begun.into_iter().map(|(_, _, conv)| conv).collect();
        self.take_up().await
    }

    /// Strangers must be let into each other's groups, or there would be none.
    async fn let_in(&self) -> Result<(), String> {
        let open = SetPrivacy {
            who_adds: Some(Audience::Everyone),
            ..SetPrivacy::default()
        };
        for person in 0..self.run.plan.shape.people {
            let client = self.first_device(person)?;
            let set = tokio::time::timeout(MEET_TIME_MAX, client.set_privacy(open)).await;
            set.map_err(|_| "a privacy is not set".to_owned())?
                .map_err(|no| format!("a privacy is not set: {no}"))?;
        }
        Ok(())
    }

    /// The 1:1s among the rooms are requests to those they were begun with: every other one of them is taken up now,
    /// the rest by whoever writes there first.
    async fn take_up(&self) -> Result<(), String> {
        let plan = Arc::clone(&self.run.plan);
        let pairs = plan.rooms.iter().zip(self.rooms.iter()).filter(|(room, _)| !room.group);
        for (room, conv) in pairs.step_by(2) {
            let [other] = room.others[..] else { continue };
            let answer = self.first_device(other)?;
            let device = other * plan.shape.devices_each;
            self.run.recorder.note(Some(device), What::TakesUp { conv: *conv });
            let answered = tokio::time::timeout(MEET_TIME_MAX, answer.answer(*conv, Answer::Accept)).await;
            answered
                .map_err(|_| "a request is not answered".to_owned())?
                .map_err(|no| format!("a request is not answered: {no}"))?;
        }
        Ok(())
    }

    /// Writes down which 1:1s are requests still.
    async fn note_requests(&self) -> Result<(), String> {
        let plan = &self.run.plan;
        for (room, conv) in plan.rooms.iter().zip(self.rooms.iter()).filter(|(room, _)| !room.group) {
            let [other] = room.others[..] else { continue };
            let (client, conv) = (self.first_device(other)?, *conv);
            let request = move |core: &Core| core.state().inbox.row(conv).and_then(|row| row.request);
            let request = client
                .look(request)
                .await
                .map_err(|no| format!("a device ended: {no}"))?;
            if request.is_some() {
                let device = other * plan.shape.devices_each;
                self.run.recorder.note(Some(device), What::Requested { conv });
            }
        }
        Ok(())
    }

    fn first_device(&self, person: u32) -> Result<Client, String> {
        let device = &self.devices[(person * self.run.plan.shape.devices_each) as usize];
        device
            .client()
            .ok_or_else(|| "a device ended before the run began".to_owned())
    }

    async fn create(&self, client: &Client, number: usize, room: &RoomPlan) -> Result<(SendId, ConversationId), No> {
        let others: Vec<UserId> = room
            .others
            .iter()
            .map(|person| self.run.users[*person as usize])
            .collect();
        match others[..] {
            [with] if !room.group => client.create_direct(with).await,
            _ => client.create_group(format!("room {number}"), others).await,
        }
    }

    /// Waits until every device knows its person's conversations.
    async fn meet(&self) -> Result<(), String> {
        let give_up = Instant::now() + MEET_TIME_MAX;
        let shape = &self.run.plan.shape;
        for device in &self.devices {
            let mine: Vec<ConversationId> = self
                .run
                .plan
                .rooms_of(device.number / shape.devices_each)
                .map(|room| self.rooms[room as usize])
                .collect();
            while !device.knows(&mine).await {
                if Instant::now() > give_up {
                    return Err(format!("device {} does not come to know where it is", device.number));
                }
                sleep(MEET_PAUSE).await;
            }
        }
        Ok(())
    }
}

impl<W: World> Device<W> {
    async fn knows(&self, rooms: &[ConversationId]) -> bool {
        let Some(client) = self.client() else { return false };
        let rooms = rooms.to_vec();
        let knows = move |core: &Core| rooms.iter().all(|room| core.state().inbox.row(*room).is_some());
        client.look(knows).await.unwrap_or(false)
    }
}

async fn sign_everybody_up<W: World>(world: &W, address: &Address, plan: &Plan) -> Result<Vec<SignedUp>, String> {
    // Several runs on one server do not clash, also not two of the same seed.
    let run_name = history::digest(&format!("{} {}", plan.seed, world.unix_ms()));
    let sign_up = |person: u32| {
        let first = person * plan.shape.devices_each;
        let account = Account::over(address.clone(), world.connector(first));
        let handle = format!("p{person}.{run_name:x}");
        async move {
            // The devices of the plan, the ear, and the one that compares.
            let devices = plan.shape.devices_each + 2;
            match world.admit(&handle, devices).await {
                Some((user, tokens)) => signed_up(user, tokens),
                None => sign_one_up(account, &handle, devices).await,
            }
        }
    };
    let people = stream::iter(0..plan.shape.people).map(sign_up);
    people.buffered(SIGN_UPS_AT_ONCE_MAX).try_collect().await
}

async fn sign_one_up<C: client::address::Connector>(
    account: Account<C>,
    handle: &str,
    devices: u32,
) -> Result<SignedUp, String> {
    let first = sign_up(&account, handle).await?;
    let mut tokens = vec![first.token];
    for device in 1..devices {
        tokens.push(sign_in(&account, handle, device).await?.token);
    }
    signed_up(first.user, tokens)
}

fn signed_up(user: UserId, mut tokens: Vec<TokenText>) -> Result<SignedUp, String> {
    let (Some(fresh), Some(ear)) = (tokens.pop(), tokens.pop()) else {
        return Err("two devices more than the plan's are to sign in".to_owned());
    };
    Ok(SignedUp {
        user,
        devices: tokens,
        ear,
        fresh,
    })
}

async fn sign_up<C: client::address::Connector>(account: &Account<C>, handle: &str) -> Result<SignedIn, String> {
    let sign_up = SignUp {
        handle: handle.to_owned(),
        name: handle.to_owned(),
        password: PASSWORD.to_owned(),
        invite: None,
        link: None,
        device_name: "0".to_owned(),
        cookie: false,
    };
    for try_number in 1.. {
        match account.sign_up(&sign_up).await {
            Ok(signed_in) => return Ok(signed_in),
            // The answer to an earlier try was lost: the account is there.
            Err(AccountError::Refused(no)) if try_number > 1 && no.known() == Some(Code::HandleTaken) => break,
            Err(error) => pause(error, try_number, handle).await?,
        }
    }
    sign_in(account, handle, 0).await
}

async fn sign_in<C: client::address::Connector>(
    account: &Account<C>,
    handle: &str,
    device: u32,
) -> Result<SignedIn, String> {
    let sign_in = SignIn {
        handle: handle.to_owned(),
        password: PASSWORD.to_owned(),
        device_name: device.to_string(),
        cookie: false,
    };
    let mut try_number = 0;
    loop {
        try_number += 1;
        match account.sign_in(&sign_in).await {
            Ok(signed_in) => return Ok(signed_in),
            Err(error) => pause(error, try_number, handle).await?,
        }
    }
}

/// Waits before the next try, if there is to be one.
async fn pause(error: AccountError, try_number: u32, handle: &str) -> Result<(), String> {
    let wait_ms = match &error {
        AccountError::Refused(no) if no.retry => no.retry_after_ms.unwrap_or(PAUSE_MS),
        AccountError::Unreachable(_) => PAUSE_MS,
        AccountError::Refused(_) | AccountError::Odd { .. } => return Err(format!("{handle} cannot sign in: {error}")),
    };
    if try_number >= TRIES_MAX {
        return Err(format!("{handle} cannot sign in: {error}"));
    }
    sleep(Duration::from_millis(wait_ms)).await;
    Ok(())
}
