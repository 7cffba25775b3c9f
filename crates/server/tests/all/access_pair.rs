//! The access table of a 1:1: every verb by a stranger whose request is open, by whom the other one blocks, and by who
//! blocks, through both doors; and what none of them is ever told.

use crate::access::{Answered, Scene};
use crate::frames::{block, cursor, direct, people, typing, watch};
use crate::front::{Call, Front};
use crate::harness::{Line, Person, config};
use crate::people::passing;
use protocol::people::{Audience, SetPrivacy};
use protocol::refusal::Code;
use protocol::server_frame::ServerFrame;
use protocol::{ClientFrame, ConversationId, Seq};
use server::config::Config;

/// How somebody stands to the other one of a 1:1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// They began it, and the other one has not taken it up.
    Requested,
    /// The other one blocks them.
    Blocked,
    /// They block the other one.
    Blocks,
    /// The other one began it, and they have not taken it up.
    Asked,
}

/// Which way a verb comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Socket,
    Rest,
}

/// The table. A new verb must say here what becomes of it: there is no wildcard.
fn table(frame: &ClientFrame, standing: Standing) -> Answered {
    use Answered::{No, Nothing, Yes};
    match frame {
        ClientFrame::Hello(_) => No(Code::OutOfOrder),
        // What was said is the other one's.
        ClientFrame::Edit(_) | ClientFrame::Delete(_) if standing == Standing::Asked => No(Code::Forbidden),
        // Who writes to whom is what a request and a block are about.
        ClientFrame::Send(_) | ClientFrame::Edit(_) | ClientFrame::React(_) | ClientFrame::Pin(_) => match standing {
            Standing::Requested | Standing::Asked => Yes,
            Standing::Blocked => No(Code::NotAccepted),
            Standing::Blocks => No(Code::YouBlock),
        },
        // Nothing comes of it, and nobody can tell that from an other one who does not look.
        ClientFrame::Typing(_) => Nothing,
        // What is no group has none of a group's ways.
        ClientFrame::Add(_)
        | ClientFrame::Remove(_)
        | ClientFrame::Leave(_)
        | ClientFrame::Settings(_)
        | ClientFrame::Role(_)
        | ClientFrame::Link(_)
        | ClientFrame::Links(_)
        | ClientFrame::RevokeLink(_)
        | ClientFrame::Requests(_)
        | ClientFrame::Admit(_) => No(Code::NotAGroup),
        // One that is in no log.
        ClientFrame::Find(_) => No(Code::BadReference),
        ClientFrame::Look(_) => No(Code::InviteInvalid),
        // Who is in is in, whatever their token is worth.
        ClientFrame::Join(_) => Yes,
        // What was said can be read, and taken back; what is one's own stays so. To accept what is no request to
        // oneself changes nothing: the request is the other one's.
        ClientFrame::Answer(_)
        | ClientFrame::Get(_)
        | ClientFrame::Delete(_)
        | ClientFrame::Pins(_)
        | ClientFrame::History(_)
        | ClientFrame::Cursor(_)
        | ClientFrame::Inbox(_)
        | ClientFrame::Heads(_)
        | ClientFrame::Watch(_)
        | ClientFrame::Beat(_)
        | ClientFrame::Create(_)
        | ClientFrame::Members(_)
        | ClientFrame::People(_)
        | ClientFrame::Prefs(_)
        | ClientFrame::Mark(_)
        | ClientFrame::Draft(_)
        | ClientFrame::Starred(_)
        | ClientFrame::Follow(_)
        | ClientFrame::ThreadRead(_)
        | ClientFrame::Thread(_)
        | ClientFrame::Receipts(_)
        | ClientFrame::ReadAll(_)
        | ClientFrame::Profile(_)
        | ClientFrame::Privacy(_)
        | ClientFrame::Block(_)
        | ClientFrame::Report(_) => Yes,
    }
}

/// Two people, `me` and `ann`, who stand to each other like that.
struct Pair {
    front: Front,
    conv: ConversationId,
    ann: Person,
    me: Person,
    spare: Person,
    hers: Line,
    mine: Line,
}

impl Pair {
    async fn of(standing: Standing) -> Self {
        let front = Front::open(Config {
            everybody_is_acquainted: !matches!(standing, Standing::Requested | Standing::Asked),
            ..config()
        });
        let house = &front.house;
        let [ann, me, spare] = house.people(["ann", "me", "spare"]).await;
        let (mut hers, mut mine) = (house.connect(&ann).await, house.connect(&me).await);
        let (beginner, other) = match standing {
            Standing::Asked => (&mut hers, me.user),
            _ => (&mut mine, ann.user),
        };
        let conv = beginner.ack(direct(house.send_id(), other)).await.conv;
        beginner.ack(house.text(conv, "hello")).await;
        match standing {
            Standing::Requested | Standing::Asked => {}
            Standing::Blocked => drop(hers.ask(block(&me, true)).await),
            Standing::Blocks => drop(mine.ask(block(&ann, true)).await),
        }
        hers.watch(watch(&[conv], &[&me])).await;
        mine.watch(watch(&[conv], &[&ann])).await;
        hers.everything(3_000).await;
        mine.everything(3_000).await;
        Self {
            front,
            conv,
            ann,
            me,
            spare,
            hers,
            mine,
        }
    }

    async fn by_rest(&self, frame: &ClientFrame) -> (u16, String) {
        let token = self.me.token.to_text();
        let call = Call {
            token: Some(&token),
            body: frame.encode(None),
            ..Call::default()
        };
        let heard = self.front.call("POST", &format!("/v1/{}", frame.word()), call).await;
        (heard.status, heard.text)
    }

    /// What a verb is answered: with which refusal, or yes.
    async fn ask(&mut self, door: Door, frame: ClientFrame) -> Answered {
        let is_typing = matches!(frame, ClientFrame::Typing(_));
        match door {
            Door::Socket if is_typing => {
                self.mine.say(&frame).await;
                Answered::Nothing
            }
            Door::Socket => match self.mine.ask(frame).await {
                ServerFrame::Refuse(no) => Answered::No(no.known().expect("a code")),
                _ => Answered::Yes,
            },
            Door::Rest => match self.by_rest(&frame).await {
                (204, _) => Answered::Nothing,
                (200, _) => Answered::Yes,
                (_, text) => {
                    let no: protocol::Refusal = serde_json::from_str(&text).expect("a refusal");
                    Answered::No(no.known().expect("a code"))
                }
            },
        }
    }
}

/// PPL1 PPL2: every verb by whom the other one has not taken up, by whom they block and by who blocks them is answered
/// as the table says, through both doors; and neither of the two is told a cursor, a presence or a typing of the other.
#[tokio::test(start_paused = true)]
async fn ppl2_no_verb_and_no_door_lets_anything_pass() {
    for standing in [Standing::Requested, Standing::Blocked, Standing::Blocks] {
        for door in [Door::Socket, Door::Rest] {
            let mut pair = Pair::of(standing).await;
            let (ann, me, spare, conv) = (pair.ann.clone(), pair.me.clone(), pair.spare.clone(), pair.conv);
            let frames = Scene::frames_of(&pair.front.house, conv, &me, (&ann, &spare), Seq(2));
            let mut words: Vec<&str> = frames.iter().map(ClientFrame::word).collect();
            words.sort_unstable();
            let mut all = ClientFrame::WORDS.to_vec();
            all.sort_unstable();
            assert_eq!(words, all, "every verb is asked");
            for frame in frames {
                if door == Door::Rest && matches!(frame.word(), "hello" | "watch" | "beat") {
                    continue;
                }
                let (word, expected) = (frame.word(), table(&frame, standing));
                assert_eq!(pair.ask(door, frame).await, expected, "{standing:?} {word} {door:?}");
            }
            // The other one does what would be told, but for what takes the request up.
            pair.hers.say(&typing(conv)).await;
            pair.hers.cursor(cursor(conv, Some(2), Some(2))).await;
            let (hers, mine) = (pair.hers.during(30_000).await, pair.mine.during(30_000).await);
            assert_eq!(passing(&hers, me.user), 0, "{standing:?} {door:?}");
            assert_eq!(passing(&mine, ann.user), 0, "{standing:?} {door:?}");
            for (line, other) in [(&mut pair.hers, &me), (&mut pair.mine, &ann)] {
                let watching = line.watch(watch(&[conv], &[other])).await;
                assert!(watching.presence.is_empty(), "{standing:?} {door:?}: {watching:?}");
                let peer = line.row(conv).await.and_then(|row| row.peer).expect("a peer");
                assert_eq!((peer.delivered.0, peer.read.0), (0, 0), "{standing:?} {door:?}");
            }
        }
    }
}

/// PPL1: every verb by who got a request is answered as the table says, through both doors; and but for those that take
/// it up, none lets a cursor, a presence or a typing pass.
#[tokio::test(start_paused = true)]
async fn ppl1_nothing_passes_until_a_request_is_taken_up() {
    for door in [Door::Socket, Door::Rest] {
        let verbs = {
            let pair = Pair::of(Standing::Asked).await;
            Scene::frames_of(&pair.front.house, pair.conv, &pair.me, (&pair.ann, &pair.spare), Seq(2)).len()
        };
        for n in 0..verbs {
            let mut pair = Pair::of(Standing::Asked).await;
            let (ann, me, spare, conv) = (pair.ann.clone(), pair.me.clone(), pair.spare.clone(), pair.conv);
            let frame = Scene::frames_of(&pair.front.house, conv, &me, (&ann, &spare), Seq(2)).swap_remove(n);
            let (word, expected) = (frame.word(), table(&frame, Standing::Asked));
            if matches!(word, "hello" | "watch" | "beat") {
                continue;
            }
            assert_eq!(pair.ask(door, frame).await, expected, "{word} {door:?}");
            if matches!(word, "send" | "answer") {
                continue;
            }
            pair.hers.say(&typing(conv)).await;
            pair.hers.cursor(cursor(conv, Some(2), Some(2))).await;
            pair.mine.cursor(cursor(conv, Some(2), Some(2))).await;
            let (hers, mine) = (pair.hers.during(30_000).await, pair.mine.during(30_000).await);
            assert_eq!(passing(&hers, me.user), 0, "{word} {door:?}");
            assert_eq!(passing(&mine, ann.user), 0, "{word} {door:?}");
        }
    }
}

/// PPL2: whoever is blocked gets byte for byte what a stranger gets from somebody who accepts none, whether they begin
/// a 1:1 or write in one that is there, through both doors. So nobody can tell that they are blocked.
#[tokio::test(start_paused = true)]
async fn ppl2_a_block_looks_like_a_person_who_takes_no_strangers() {
    let mut pair = Pair::of(Standing::Blocked).await;
    let [shut, shuns] = pair.front.house.people(["shut", "shuns"]).await;
    let nobody = SetPrivacy {
        who_writes: Some(Audience::Nobody),
        ..SetPrivacy::default()
    };
    let mut line = pair.front.house.connect(&shut).await;
    line.ask(ClientFrame::Privacy(nobody)).await;
    let mut line = pair.front.house.connect(&shuns).await;
    line.ask(block(&pair.me, true)).await;
    let house = &pair.front.house;
    let asked = [
        direct(house.send_id(), shut.user),
        direct(house.send_id(), shuns.user),
        house.text(pair.conv, "why?"),
    ];
    let (mut by_socket, mut by_rest) = (Vec::new(), Vec::new());
    for frame in asked {
        by_rest.push(pair.by_rest(&frame).await);
        let id = pair.mine.say_numbered(&frame).await;
        pair.mine.answer(id).await;
        let re = format!("\"re\":{}", id.0);
        let said = pair.mine.heard.iter().rev().find(|text| text.contains(&re));
        by_socket.push(said.expect("it was heard").replace(&re, "\"re\":0"));
    }
    assert_eq!(by_rest[0].0, 403);
    assert!(by_rest.iter().all(|answer| *answer == by_rest[0]), "{by_rest:?}");
    assert!(by_socket.iter().all(|answer| *answer == by_socket[0]), "{by_socket:?}");
    // Nor does looking them up tell: both are people with a name.
    let found = pair.mine.ask(people(&[], &["shut", "shuns"])).await;
    assert!(matches!(found, ServerFrame::People(found) if found.list.len() == 2));
}
