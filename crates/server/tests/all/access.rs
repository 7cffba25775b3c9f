//! Who may do what: every verb, by everybody it could matter to, and what they must never be told.

use crate::frames::{answer, cursor, direct, get, group, heads, members, people, typing, watch};
use crate::harness::{House, Line, Person, hello};
use protocol::group::{ChangeRole, ChangeSettings, SettingsChange};
use protocol::people::{Answer, Block, Report, SetPrivacy, SetProfile};
use protocol::refusal::Code;
use protocol::server_frame::{Role, ServerFrame};
use protocol::token::TokenText;
use protocol::{ClientFrame, ConversationId, Seq, UserId};
use protocol::{change, link, own, thread};

/// How somebody stands to the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Stranger,
    /// They have asked to be let in, and nobody has answered.
    Asked,
    Removed,
    CameBack,
    Member,
    Admin,
    Owner,
}

/// What they are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    No(Code),
    Yes,
    Nothing,
}

/// The table. A new verb must say here who gets what: there is no wildcard.
#[expect(clippy::too_many_lines, reason = "a table: a row for each verb")]
fn table(frame: &ClientFrame, standing: Standing) -> Answered {
    use Answered::{No, Nothing, Yes};
    use Standing::{Admin, Asked, CameBack, Member, Owner, Removed, Stranger};
    match (frame, standing) {
        (ClientFrame::Hello(_), _) => No(Code::OutOfOrder),
        (
            ClientFrame::Send(_) | ClientFrame::Add(_) | ClientFrame::Leave(_) | ClientFrame::Members(_),
            Stranger | Asked,
        ) => No(Code::NotFound),
        (ClientFrame::Send(_) | ClientFrame::Add(_) | ClientFrame::Leave(_) | ClientFrame::Members(_), Removed) => {
            No(Code::NotAMember)
        }
        (
            ClientFrame::Send(_) | ClientFrame::Add(_) | ClientFrame::Leave(_) | ClientFrame::Members(_),
            CameBack | Member | Admin | Owner,
        ) => Yes,
        (ClientFrame::Remove(_), Stranger | Asked) => No(Code::NotFound),
        (ClientFrame::Remove(_), Removed) => No(Code::NotAMember),
        (ClientFrame::Remove(_), CameBack | Member) => No(Code::Forbidden),
        (ClientFrame::Remove(_), Admin | Owner) => Yes,
        // A thread of the first message, and an entry that is in no log.
        (
            ClientFrame::Follow(_) | ClientFrame::ThreadRead(_) | ClientFrame::Thread(_) | ClientFrame::Find(_),
            Stranger | Asked,
        ) => No(Code::NotFound),
        (ClientFrame::Follow(_) | ClientFrame::ThreadRead(_), Removed) => No(Code::NotAMember),
        (ClientFrame::Follow(_) | ClientFrame::ThreadRead(_), CameBack | Member | Admin | Owner) => Yes,
        (ClientFrame::Thread(_), Removed | CameBack | Member | Admin | Owner) => Yes,
        (ClientFrame::Find(_), Removed | CameBack | Member | Admin | Owner) => No(Code::BadReference),
        (ClientFrame::Get(_) | ClientFrame::Cursor(_), Stranger | Asked) => No(Code::NotFound),
        (ClientFrame::Get(_) | ClientFrame::Cursor(_), Removed | CameBack | Member | Admin | Owner) => Yes,
        // One's own, about what one may or might read; the entry asked about is the first one, which all of them could.
        (ClientFrame::Prefs(_) | ClientFrame::Mark(_) | ClientFrame::Draft(_), Stranger | Asked) => No(Code::NotFound),
        (
            ClientFrame::Prefs(_) | ClientFrame::Mark(_) | ClientFrame::Draft(_),
            Removed | CameBack | Member | Admin | Owner,
        ) => Yes,
        (ClientFrame::Receipts(_), Stranger | Asked) => No(Code::NotFound),
        (ClientFrame::Receipts(_), Removed) => No(Code::NotAMember),
        (ClientFrame::Receipts(_), CameBack | Member | Admin | Owner) => Yes,
        // What a group is, and who comes in: a matter of roles.
        (
            ClientFrame::Settings(_)
            | ClientFrame::Role(_)
            | ClientFrame::Link(_)
            | ClientFrame::Links(_)
            | ClientFrame::RevokeLink(_)
            | ClientFrame::Requests(_)
            | ClientFrame::Admit(_),
            Stranger | Asked,
        ) => No(Code::NotFound),
        (
            ClientFrame::Settings(_)
            | ClientFrame::Role(_)
            | ClientFrame::Link(_)
            | ClientFrame::Links(_)
            | ClientFrame::RevokeLink(_)
            | ClientFrame::Requests(_)
            | ClientFrame::Admit(_),
            Removed,
        ) => No(Code::NotAMember),
        (ClientFrame::Role(_), CameBack | Member | Admin) => No(Code::Forbidden),
        (ClientFrame::Role(_), Owner) => Yes,
        (
            ClientFrame::Settings(_)
            | ClientFrame::Link(_)
            | ClientFrame::Links(_)
            | ClientFrame::RevokeLink(_)
            | ClientFrame::Requests(_)
            | ClientFrame::Admit(_),
            CameBack | Member,
        ) => No(Code::Forbidden),
        (
            ClientFrame::Settings(_)
            | ClientFrame::Link(_)
            | ClientFrame::Links(_)
            | ClientFrame::RevokeLink(_)
            | ClientFrame::Requests(_)
            | ClientFrame::Admit(_),
            Admin | Owner,
        ) => Yes,
        // With a token whose secret is wrong: nobody is told anything, and who is in is in.
        (ClientFrame::Look(_), _) | (ClientFrame::Join(_), Stranger | Asked | Removed) => No(Code::InviteInvalid),
        (ClientFrame::Join(_), CameBack | Member | Admin | Owner) => Yes,
        // Changes of the first message, which the owner wrote and everybody but the stranger could read.
        (
            ClientFrame::Edit(_)
            | ClientFrame::Delete(_)
            | ClientFrame::React(_)
            | ClientFrame::Pin(_)
            | ClientFrame::Pins(_)
            | ClientFrame::History(_),
            Stranger | Asked,
        ) => No(Code::NotFound),
        (
            ClientFrame::Edit(_)
            | ClientFrame::Delete(_)
            | ClientFrame::React(_)
            | ClientFrame::Pin(_)
            | ClientFrame::Pins(_),
            Removed,
        ) => No(Code::NotAMember),
        (ClientFrame::Edit(_), CameBack | Member | Admin) | (ClientFrame::Delete(_), CameBack | Member) => {
            No(Code::Forbidden)
        }
        (ClientFrame::Edit(_), Owner) | (ClientFrame::Delete(_), Admin | Owner) => Yes,
        (ClientFrame::React(_) | ClientFrame::Pin(_) | ClientFrame::Pins(_), CameBack | Member | Admin | Owner) => Yes,
        (ClientFrame::History(_), Removed | CameBack | Member | Admin | Owner) => Yes,
        (ClientFrame::Typing(_), _) => Nothing,
        // These answer with what is the asker's own, and with nothing of the rest.
        (
            ClientFrame::Inbox(_)
            | ClientFrame::Heads(_)
            | ClientFrame::Watch(_)
            | ClientFrame::Beat(_)
            | ClientFrame::Create(_)
            | ClientFrame::People(_)
            | ClientFrame::Starred(_)
            | ClientFrame::ReadAll(_)
            | ClientFrame::Profile(_)
            | ClientFrame::Privacy(_)
            | ClientFrame::Block(_),
            _,
        ) => Yes,
        // A group is no request, and nobody learns whether it is there.
        (ClientFrame::Answer(_) | ClientFrame::Report(_), Stranger | Asked) => No(Code::NotFound),
        (ClientFrame::Answer(_), Removed | CameBack | Member | Admin | Owner) => No(Code::NotARequest),
        (ClientFrame::Report(_), Removed | CameBack | Member | Admin | Owner) => Yes,
    }
}

/// A token into a conversation, of the right shape and with another secret.
fn wrong(conv: ConversationId) -> TokenText {
    TokenText::new(format!("{conv}.{}", "0".repeat(26)))
}

/// A conversation and everybody who stands to it in some way.
pub struct Scene {
    house: House,
    conv: ConversationId,
    ann: Person,
    spare: Person,
    /// A message that may be deleted.
    spare_text: Seq,
}

impl Scene {
    fn frames(&self, conv: ConversationId, me: &Person) -> Vec<ClientFrame> {
        Self::frames_of(&self.house, conv, me, (&self.ann, &self.spare), self.spare_text)
    }

    /// One frame of each verb about `conv`, in an order in which each still finds what it needs. Whoever is reported is
    /// `ann`, or `spare` by `ann` herself; what is deleted is `spare_text`.
    #[expect(clippy::too_many_lines, reason = "a table: a row for each verb")]
    pub fn frames_of(
        house: &House,
        conv: ConversationId,
        me: &Person,
        (ann, spare): (&Person, &Person),
        spare_text: Seq,
    ) -> Vec<ClientFrame> {
        let reported = if me.user == ann.user { spare.user } else { ann.user };
        vec![
            hello(me, None, None),
            house.text(conv, "mine"),
            ClientFrame::Get(protocol::client_frame::Get::after(conv, Seq::ZERO)),
            cursor(conv, Some(1), Some(1)),
            ClientFrame::Inbox(protocol::client_frame::AskInbox {
                after_ver: protocol::Ver::ZERO,
            }),
            heads(&[conv]),
            watch(&[conv], &[ann, spare]),
            ClientFrame::Beat(protocol::client_frame::Beat {}),
            typing(conv),
            group(house.send_id(), "my own", Vec::new()),
            house.add(conv, &[ann]),
            house.remove(conv, spare),
            ClientFrame::Settings(Box::new(ChangeSettings {
                conv,
                send_id: house.send_id(),
                change: SettingsChange {
                    title: Some("canary-title".into()),
                    ..SettingsChange::default()
                },
            })),
            ClientFrame::Role(ChangeRole {
                conv,
                send_id: house.send_id(),
                user: ann.user,
                role: Role::Owner,
            }),
            ClientFrame::Link(link::MakeLink {
                conv,
                send_id: house.send_id(),
                uses: None,
                expires_ms: None,
            }),
            ClientFrame::Links(link::AskLinks { conv }),
            ClientFrame::RevokeLink(link::RevokeLink {
                conv,
                link: house.send_id(),
            }),
            ClientFrame::Look(link::AskLook { token: wrong(conv) }),
            ClientFrame::Join(link::Join {
                token: wrong(conv),
                send_id: house.send_id(),
            }),
            ClientFrame::Requests(link::AskRequests { conv }),
            ClientFrame::Admit(link::Admit {
                conv,
                send_id: house.send_id(),
                user: ann.user,
                yes: true,
            }),
            members(conv),
            people(&[ann, spare], &[]),
            ClientFrame::React(change::React {
                conv,
                send_id: house.send_id(),
                target: Seq(2),
                target_send_id: None,
                emoji: "👍".into(),
                on: true,
            }),
            ClientFrame::Pin(change::Pin {
                conv,
                send_id: house.send_id(),
                target: Seq(2),
                target_send_id: None,
                on: true,
            }),
            ClientFrame::Pins(change::AskPins { conv }),
            ClientFrame::Edit(Box::new(change::Edit {
                conv,
                send_id: house.send_id(),
                target: Seq(2),
                target_send_id: None,
                body: protocol::Body::text("edited").to_raw(),
            })),
            ClientFrame::History(change::AskHistory {
                conv,
                seq: Seq(2),
                before: None,
            }),
            // One that nothing else is about: it can be deleted once.
            ClientFrame::Delete(change::Delete {
                conv,
                send_id: house.send_id(),
                target: spare_text,
                target_send_id: None,
            }),
            ClientFrame::Prefs(own::SetPrefs {
                pinned: Some(Some(true)),
                ..own::SetPrefs::of(conv)
            }),
            ClientFrame::Mark(own::SetMark {
                conv,
                seq: Seq(1),
                star: Some(true),
                hidden: None,
            }),
            ClientFrame::Draft(own::SetDraft {
                conv,
                text: Some(own::DraftText("mine".into())),
                base_ver: None,
                forget: Vec::new(),
            }),
            ClientFrame::Starred(own::AskStarred { before: None }),
            ClientFrame::Receipts(own::AskReceipts { conv, seq: Seq(1) }),
            ClientFrame::ReadAll(own::ReadAll {}),
            ClientFrame::Profile(SetProfile {
                about: Some("myself".to_owned()),
                ..SetProfile::default()
            }),
            ClientFrame::Privacy(SetPrivacy::default()),
            ClientFrame::Block(Block {
                user: spare.user,
                on: false,
            }),
            answer(conv, Answer::Accept),
            ClientFrame::Report(Report {
                send_id: house.send_id(),
                conv,
                user: reported,
                seqs: Vec::new(),
                why: "canary-why".to_owned(),
            }),
            ClientFrame::Follow(thread::Follow {
                conv,
                thread: Seq(2),
                on: true,
            }),
            ClientFrame::ThreadRead(thread::ThreadRead {
                conv,
                thread: Seq(2),
                read: Seq(2),
            }),
            ClientFrame::Thread(thread::AskThread {
                conv,
                thread: Seq(2),
                after: None,
                before: None,
                limit: None,
            }),
            ClientFrame::Find(thread::Find {
                conv,
                message_id: protocol::MessageId::from_bytes([0; 16]),
                limit: None,
            }),
            house.leave(conv),
        ]
    }

    /// Asks everything and checks each answer against the table.
    async fn ask_everything(&self, line: &mut Line, me: &Person, standing: Standing) -> Vec<ServerFrame> {
        let frames = self.frames(self.conv, me);
        let mut words: Vec<&str> = frames.iter().map(ClientFrame::word).collect();
        words.sort_unstable();
        let mut all = ClientFrame::WORDS.to_vec();
        all.sort_unstable();
        assert_eq!(words, all, "every verb is asked");
        let mut answers = Vec::new();
        for frame in frames {
            let (word, expected) = (frame.word(), table(&frame, standing));
            if expected == Answered::Nothing {
                let id = line.say_numbered(&frame).await;
                let beat = ClientFrame::Beat(protocol::client_frame::Beat {});
                line.ask(beat).await;
                assert!(
                    !line.heard.iter().any(|text| text.contains(&format!("\"re\":{}", id.0))),
                    "{word}"
                );
                continue;
            }
            let answer = line.ask(frame).await;
            match (&answer, expected) {
                (ServerFrame::Refuse(no), Answered::No(code)) => {
                    assert_eq!(no.known(), Some(code), "{standing:?} {word}");
                }
                (ServerFrame::Refuse(_), _) | (_, Answered::No(_)) => {
                    panic!("{standing:?} {word}: {answer:?}, not {expected:?}")
                }
                _ => {}
            }
            answers.push(answer);
        }
        answers
    }
}

/// Somebody asks to be let in, by a link, and waits; whoever comes later need not. The line they do it with is closed:
/// it is told of which group.
async fn ask_to_be_let_in(house: &House, owner: &mut Line, conv: ConversationId, who: &Person) {
    let approval = |yes| {
        ClientFrame::Settings(Box::new(ChangeSettings {
            conv,
            send_id: house.send_id(),
            change: SettingsChange {
                approve: Some(yes),
                ..SettingsChange::default()
            },
        }))
    };
    owner.ack(approval(true)).await;
    let make = link::MakeLink {
        conv,
        send_id: house.send_id(),
        uses: None,
        expires_ms: None,
    };
    let ServerFrame::Link(made) = owner.ask(ClientFrame::Link(make)).await else {
        panic!("a link");
    };
    let join = link::Join {
        token: made.token,
        send_id: house.send_id(),
    };
    let asked = house.connect(who).await.ask(ClientFrame::Join(join)).await;
    assert!(matches!(asked, ServerFrame::Asked(_)), "{asked:?}");
    owner.ack(approval(false)).await;
}

/// Which of the words in the scene they may read.
fn readable(standing: Standing) -> &'static [&'static str] {
    match standing {
        Standing::Stranger | Standing::Asked => &[],
        Standing::Removed => &["canary-title", "canary-early"],
        Standing::CameBack => &["canary-title", "canary-early", "canary-late"],
        Standing::Member | Standing::Admin | Standing::Owner => {
            &["canary-title", "canary-early", "canary-middle", "canary-late"]
        }
    }
}

/// MEM1 MEM2 MEM3 MEM7 MEM5 LNK3: every verb by a stranger, by who has asked to be let in, by a removed member, one who
/// came back, a member and the owner is answered as the table says, and nobody is told a text outside their spans, nor
/// a stranger anything at all.
#[tokio::test(start_paused = true)]
async fn mem1_nobody_is_told_what_is_not_theirs_by_any_verb() {
    let house = House::start();
    let [ann, spare, member, admin, removed, back, eve, asked] = house
        .people(["ann", "spare", "member", "admin", "removed", "back", "eve", "asked"])
        .await;
    let mut a = house.connect(&ann).await;
    let conv = house
        .group(&mut a, "canary-title", &[&spare, &member, &admin, &removed, &back])
        .await;
    let mut lines = Vec::new();
    for (who, standing) in [
        (&eve, Standing::Stranger),
        (&asked, Standing::Asked),
        (&removed, Standing::Removed),
        (&back, Standing::CameBack),
        (&member, Standing::Member),
        (&admin, Standing::Admin),
    ] {
        let mut line = house.connect(who).await;
        line.watch(watch(&[conv], &[&ann, &member])).await;
        lines.push((line, who, standing));
    }
    a.ack(house.text(conv, "canary-early")).await;
    a.ack(house.remove(conv, &removed)).await;
    a.ack(house.remove(conv, &back)).await;
    a.ack(house.text(conv, "canary-middle")).await;
    a.ack(house.add(conv, &[&back])).await;
    a.ack(house.text(conv, "canary-late")).await;
    let spare_text = a.ack(house.text(conv, "to be deleted")).await.seq;
    a.ack(ClientFrame::Role(ChangeRole {
        conv,
        send_id: house.send_id(),
        user: admin.user,
        role: Role::Admin,
    }))
    .await;
    ask_to_be_let_in(&house, &mut a, conv, &asked).await;
    a.say(&typing(conv)).await;
    a.cursor(cursor(conv, Some(7), Some(7))).await;
    let mut scene = Scene {
        house,
        conv,
        ann: ann.clone(),
        spare,
        spare_text,
    };
    for (line, who, standing) in &mut lines {
        scene.ask_everything(line, who, *standing).await;
    }
    // The admin has removed who is to be removed.
    a.ack(scene.house.add(conv, &[&scene.spare])).await;
    scene.spare_text = a.ack(scene.house.text(conv, "to be deleted too")).await.seq;
    scene.ask_everything(&mut a, &ann, Standing::Owner).await;
    // What else comes by itself, and what another connection finds from nothing.
    for (line, who, standing) in &mut lines {
        line.everything(60_000).await;
        let mut fresh = scene.house.connect(who).await;
        fresh.everything(3_000).await;
        let heard: Vec<&String> = line.heard.iter().chain(&fresh.heard).collect();
        let tells = |what: &str| heard.iter().any(|text| text.contains(what));
        let theirs = readable(*standing);
        for canary in ["canary-title", "canary-early", "canary-middle", "canary-late"] {
            assert_eq!(tells(canary), theirs.contains(&canary), "{standing:?} {canary}");
        }
        if matches!(standing, Standing::Stranger | Standing::Asked) {
            assert!(
                !tells(&scene.ann.user.to_string()) && !tells(&conv.to_string()),
                "{standing:?}"
            );
        }
    }
}

/// MEM7: a stranger asks every verb about a conversation that is there and about one that is not, and cannot tell
/// which is which; nor who has an account from who has none.
#[tokio::test(start_paused = true)]
async fn mem7_there_and_not_there_look_the_same() {
    let house = House::start();
    let [ann, bob, eve] = house.people(["ann", "bob", "eve"]).await;
    let mut a = house.connect(&ann).await;
    let conv = house.group(&mut a, "tea", &[&bob]).await;
    let nowhere = ConversationId::from_random(house.unique());
    let nobody = Person {
        user: UserId::from_random(house.unique()),
        ..bob.clone()
    };
    let scene = |house, ann: &Person, spare: &Person| Scene {
        house,
        conv,
        ann: ann.clone(),
        spare: spare.clone(),
        spare_text: Seq(2),
    };
    let scene = scene(house, &ann, &bob);
    let mut e = scene.house.connect(&eve).await;
    e.everything(100).await;
    let mut answers = Vec::new();
    for conv in [conv, nowhere] {
        let mut these = Vec::new();
        for frame in scene.frames(conv, &eve) {
            // What gives each answer something of its own, and what is not answered.
            let own = matches!(
                frame,
                ClientFrame::Beat(_) | ClientFrame::Create(_) | ClientFrame::Inbox(_) | ClientFrame::ReadAll(_)
            );
            if !own && !matches!(frame, ClientFrame::Typing(_)) {
                these.push(e.ask(frame).await);
            }
        }
        let mut page = get(conv);
        page.range = Some((Seq(1), Seq(1)));
        these.push(e.ask(ClientFrame::Get(page)).await);
        answers.push(these);
    }
    assert_eq!(answers[0], answers[1]);
    let known = e.ask(people(&[&bob, &ann], &[])).await;
    assert_eq!(known, e.ask(people(&[&nobody], &[])).await);
    let seen = e.watch(watch(&[], &[&bob])).await;
    assert_eq!(seen, e.watch(watch(&[], &[&nobody])).await);
    // Beginning a 1:1 is how one gets to know somebody: that does tell.
    assert!(!e.ack(direct(scene.house.send_id(), bob.user)).await.dup);
    assert_eq!(
        e.refused(direct(scene.house.send_id(), nobody.user)).await.known(),
        Some(Code::UnknownPerson)
    );
}
