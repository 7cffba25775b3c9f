//! Who does what and when: drawn from a seed before the run, saved with it, replayed by it.
//!
//! A verb is one file in `plan/`: a struct with what the person does, `draw` (how chance picks it, given the
//! [`Scene`]) and `act` (how a device does it). [`Verb`] lists them all; adding one is its file and its line there.
//! [`Plan::draw`] stands in `plan/draw.rs`.

mod admit;
mod answer;
mod appoint;
mod away;
mod begin;
mod block;
mod delete;
mod draft;
mod draw;
mod edit;
mod enter;
mod forward;
mod freeze;
mod join;
mod leave;
mod link;
mod look;
mod mark;
mod mark_unread;
mod page;
mod pin;
mod prefer;
mod privacy;
mod profile;
mod react;
mod read;
mod read_all;
mod reconnect;
mod remove;
mod revoke_link;
mod send;
mod settings;
mod slow;
mod target;
#[cfg(test)]
mod tests;
mod thread;
mod tunnel;
mod typing;
mod watch;

pub use admit::Admit;
pub use answer::Answer;
pub use appoint::Appoint;
pub use away::Away;
pub use begin::Begin;
pub use block::Block;
pub use delete::Delete;
pub use draft::Draft;
pub use edit::Edit;
pub use enter::Enter;
pub use forward::Forward;
pub use freeze::Freeze;
pub use join::Join;
pub use leave::Leave;
pub use link::{Link, Links, Made};
pub use look::Look;
pub use mark::Mark;
pub use mark_unread::MarkUnread;
pub use page::Page;
pub use pin::Pin;
pub use prefer::Prefer;
pub use privacy::Privacy;
pub use profile::Profile;
pub use react::React;
pub use read::Read;
pub use read_all::ReadAll;
pub use reconnect::Reconnect;
pub use remove::Remove;
pub use revoke_link::RevokeLink;
pub use send::Send;
pub use settings::Settings;
pub use slow::Slow;
pub use thread::Thread;
pub use tunnel::Tunnel;
pub use typing::Typing;
pub use watch::Watch;

use crate::history::{Digest, Hidden, Recorder, What, digest};
use client::{Client, No, Target};
use protocol::{ConversationId, Entry, SendId, Seq, UserId};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// What a run is drawn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// People.
    pub people: u32,
    /// Devices of each; an ear of each besides.
    pub devices_each: u32,
    /// Groups, besides the 1:1s.
    pub groups: u32,
    /// For how long people act, in milliseconds.
    pub for_ms: u64,
    /// Steps a second, of all devices together.
    pub steps_per_s: u32,
    /// Devices in a hundred that freeze for a while: they take nothing of what is written to them.
    pub frozen_percent: u8,
    /// Devices in a hundred that read so slowly that they fall behind.
    pub slow_percent: u8,
}

/// A conversation of the plan, by its place in [`Plan::convs`].
pub type Room = u32;

/// A person of the plan, by number. Device `d` belongs to person `d / devices_each`.
pub type PersonNumber = u32;

/// A conversation of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoomPlan {
    /// Who creates it, and is in it from its first entry to its last: what they read is the whole log.
    pub keeper: PersonNumber,
    /// Who else is in it at the start, in order.
    pub others: Vec<PersonNumber>,
    /// A group; else a 1:1 with the only other one.
    pub group: bool,
}

/// What everybody does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Where it came from.
    pub seed: u64,
    /// What it was drawn for.
    pub shape: Shape,
    /// The conversations.
    pub rooms: Vec<RoomPlan>,
    /// The steps, by time.
    pub steps: Vec<Step>,
}

/// One step of one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When, in milliseconds since people began to act. A device that is still busy does it as soon as it can.
    pub at_ms: u64,
    /// Which device.
    pub device: u32,
    /// What.
    #[serde(flatten)]
    pub verb: Verb,
}

/// What is drawn from while a plan is made: the plan's own idea of who is where. The server may see it otherwise for a
/// while (a removal under way); whoever then writes is refused, and that is part of the run.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The shape.
    pub shape: Shape,
    /// The conversations.
    pub rooms: Vec<RoomPlan>,
    /// Who is a member of each now, as far as the plan goes.
    pub members: Vec<BTreeSet<PersonNumber>>,
    /// Who blocks whom now, as far as the plan goes.
    pub blocks: BTreeSet<(PersonNumber, PersonNumber)>,
    /// Who tells nobody what of themselves now, as far as the plan goes.
    pub hidden: BTreeSet<(PersonNumber, Hidden)>,
    /// Who was removed from where and did not come back, as far as the plan goes: no link brings them back.
    pub removed: BTreeSet<(Room, PersonNumber)>,
    /// Where a link was made.
    pub linked: BTreeSet<Room>,
    /// Where few may write, or not often.
    pub announcing: BTreeSet<Room>,
    /// Whose turn it is.
    pub device: u32,
    /// How often each device acted.
    pub turns: Vec<u32>,
}

/// Makes the index of the files in `plan/`: the enum, how each is drawn and how it is done.
macro_rules! verbs {
    ($($(#[$doc:meta])* $verb:ident,)*) => {
        /// Everything people do: the index of the files in `plan/`.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "verb", rename_all = "snake_case")]
        pub enum Verb {
            $($(#[$doc])* $verb($verb),)*
        }

        impl Verb {
            /// How often each is drawn against the others, and how.
            const DRAWS: &[(u32, Draw)] = &[
                $(($verb::WEIGHT, |scene, chance| $verb::draw(scene, chance).map(Self::$verb)),)*
            ];

            /// Does it.
            ///
            /// # Errors
            /// As [`Act::act`].
            pub async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
                match self {
                    $(Self::$verb(verb) => verb.act(doer).await,)*
                }
            }

            /// All names, as they stand in a saved plan.
            #[cfg(test)]
            const NAMES: &[&str] = &[$(stringify!($verb),)*];

            /// Its name in [`Self::NAMES`].
            #[cfg(test)]
            fn name(&self) -> &'static str {
                match self {
                    $(Self::$verb(_) => stringify!($verb),)*
                }
            }
        }
    };
}

/// How a verb is drawn; see [`Act::draw`].
type Draw = fn(&mut Scene, &mut StdRng) -> Option<Verb>;

verbs! {
    /// Says something.
    Send,
    /// Says something else instead.
    Edit,
    /// Takes a message away from everybody.
    Delete,
    /// Puts an emoji to one.
    React,
    /// Pins one.
    Pin,
    /// Passes one on.
    Forward,
    /// Reads a conversation.
    Read,
    /// Reads everything.
    ReadAll,
    /// Marks one as unread.
    MarkUnread,
    /// Mutes one, or puts it out of the way.
    Prefer,
    /// Stars an entry, or hides it.
    Mark,
    /// Replies in a thread, reads one, or says whether to hear of one.
    Thread,
    /// Begins to write.
    Draft,
    /// Types.
    Typing,
    /// Looks at who is there.
    Watch,
    /// Looks at other conversations.
    Look,
    /// Reads a page of what was said before.
    Page,
    /// Begins a 1:1 that exists.
    Begin,
    /// Takes up what a stranger wrote, or puts it aside.
    Answer,
    /// Blocks somebody, or no longer.
    Block,
    /// Says something about themselves.
    Profile,
    /// Decides who may know what of them.
    Privacy,
    /// A keeper adds somebody.
    Join,
    /// A keeper removes somebody.
    Remove,
    /// A keeper makes a link.
    Link,
    /// Somebody joins by one.
    Enter,
    /// A keeper voids one.
    RevokeLink,
    /// A keeper lets somebody in who asks, or turns them away.
    Admit,
    /// Changes what a group is.
    Settings,
    /// Gives somebody another role.
    Appoint,
    /// Leaves a group.
    Leave,
    /// Loses the connection.
    Reconnect,
    /// Loses it, and gets none for a while.
    Tunnel,
    /// Ends, and comes back.
    Away,
    /// Takes nothing for a while.
    Freeze,
    /// Takes a little at a time.
    Slow,
}

impl Scene {
    /// The person whose turn it is.
    #[must_use]
    pub fn person(&self) -> PersonNumber {
        self.device / self.shape.devices_each
    }

    /// Which of the device's turns it is.
    #[must_use]
    pub fn turn(&self) -> u32 {
        self.turns[self.device as usize]
    }

    /// Where the person is a member.
    pub fn my_rooms(&self) -> impl Iterator<Item = Room> + '_ {
        let me = self.person();
        (0..)
            .zip(&self.members)
            .filter(move |(_, members)| members.contains(&me))
            .map(|(room, _)| room)
    }

    /// Somebody is in by a link now, as far as the plan goes.
    pub fn enter(&mut self, room: Room, person: PersonNumber) {
        if !self.removed.contains(&(room, person)) {
            self.members[room as usize].insert(person);
        }
    }

    /// The groups that the person keeps.
    pub fn kept_groups(&self) -> impl Iterator<Item = Room> + '_ {
        let me = self.person();
        (0..)
            .zip(&self.rooms)
            .filter(move |(_, room)| room.group && room.keeper == me)
            .map(|(room, _)| room)
    }

    /// A group whose ways the person changes: mostly one that they keep, now and then one in which they may not.
    pub fn group_to_rule(&self, chance: &mut StdRng) -> Option<Room> {
        let kept = self.kept_groups().choose(chance);
        let any = || self.my_rooms().filter(|room| self.rooms[*room as usize].group);
        kept.or_else(|| any().choose(chance).filter(|_| chance.random_ratio(1, 4)))
    }
}

impl Doer<'_> {
    /// The id of a conversation of the plan.
    #[must_use]
    pub fn room(&self, room: Room) -> ConversationId {
        self.rooms[room as usize]
    }

    /// The id of a person of the plan.
    #[must_use]
    pub fn person(&self, person: PersonNumber) -> UserId {
        self.people[person as usize]
    }

    /// The last entry of a conversation that the device has shown.
    ///
    /// # Errors
    /// [`No::Stopped`].
    pub async fn shown_to(&self, conv: ConversationId) -> Result<Seq, No> {
        let end = move |core: &client::Core| core.state().logs.get(&conv).map_or(Seq::ZERO, client::log::Log::end);
        self.client.look(end).await
    }

    /// Writes down that a change of a log was asked for, at `asked_us` by the run's clock: its name is known only once
    /// the client holds it.
    pub fn invoked(&self, asked_us: u64, verb: &str, conv: ConversationId, send_id: SendId, digest: Option<Digest>) {
        self.asked(asked_us, verb, (conv, None), send_id, digest);
    }

    /// The same, of a change of an entry.
    pub fn changed(
        &self,
        asked_us: u64,
        verb: &str,
        (conv, target): (ConversationId, &Entry),
        send_id: SendId,
        body: Option<Digest>,
    ) {
        self.asked(asked_us, verb, (conv, Some(Target::from(target))), send_id, body);
    }

    /// A name for what is done at a turn of this device: no other is alike, and a replay has the same.
    #[must_use]
    pub fn named(&self, verb: &str, turn: u32) -> SendId {
        let half = |half: u8| digest(&format!("{} {} {verb} {turn} {half}", self.room(0), self.device));
        let both = u128::from(half(0)) << 64 | u128::from(half(1));
        SendId::from_random(both.to_be_bytes())
    }

    fn asked(
        &self,
        asked_us: u64,
        verb: &str,
        (conv, target): (ConversationId, Option<Target>),
        send_id: SendId,
        digest: Option<Digest>,
    ) {
        let verb = verb.to_owned();
        let invoke = What::Invoke {
            send_id,
            conv,
            verb,
            digest,
            target: target.map(|target| target.seq),
            target_name: target.map(|target| target.name),
        };
        self.recorder.note_at(asked_us, Some(self.device), invoke);
        self.counts.sent.fetch_add(1, Relaxed);
    }
}

/// What a device does a verb with.
pub struct Doer<'a> {
    /// The client.
    pub client: &'a Client,
    /// Its place.
    pub device: u32,
    /// The ids of the plan's conversations.
    pub rooms: &'a [ConversationId],
    /// The ids of the plan's people.
    pub people: &'a [UserId],
    /// Where it writes down what it asks for.
    pub recorder: &'a Recorder,
    /// Its connection.
    pub wire: &'a crate::wire::Handle,
    /// How much was done in the run so far.
    pub counts: &'a crate::crowd::Counts,
    /// The links that everybody knows.
    pub links: &'a Links,
}

/// How long an answer is waited for. What was asked for may be done later all the same: the client goes on asking.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits for an answer, but not for ever: `None` where there is none in time.
async fn patiently<T>(answer: impl Future<Output = Result<T, No>>) -> Result<Option<T>, No> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => answer.map(Some),
        Err(_) => Ok(None),
    }
}

/// What becomes of a device after a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It goes on.
    Stay,
    /// It ends and comes back after so many milliseconds, with what it kept or as a new device would.
    Away {
        /// For how long.
        ms: u64,
        /// Whether it still has its outbox and its logs.
        keeps: bool,
    },
}

/// What one verb is: its file implements this.
pub trait Act: Sized {
    /// How often it is drawn, against the others'.
    const WEIGHT: u32;

    /// Draws one, if there is one to do in this scene; the scene then is as after it.
    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self>;

    /// Does it. A refusal for good is told by an event, and is no error.
    fn act(&self, doer: &Doer<'_>) -> impl Future<Output = Result<After, No>> + std::marker::Send;
}
