//! What groups are beside their logs, by the wire: settings and roles, announcements and slow mode, links and being let
//! in.

use crate::frames::members;
use crate::front::{Call, Front, Heard, PASSWORD, person};
use crate::harness::{House, Line, Person, config, model};
use protocol::group::{ChangeRole, ChangeSettings, History, SettingsChange};
use protocol::link::{Admit, AskLinks, AskLook, AskRequests, Join, LinkMade, MakeLink, RevokeLink};
use protocol::refusal::Code;
use protocol::server_frame::{ConversationRow, Role, ServerFrame, Topic};
use protocol::token::TokenText;
use protocol::{ClientFrame, ConversationId, Kind, Seq};
use serde_json::json;
use server::config::{Config, Rate, Rates, SignUpPolicy};

fn set(house: &House, conv: ConversationId, change: SettingsChange) -> ClientFrame {
    ClientFrame::Settings(Box::new(ChangeSettings {
        conv,
        send_id: house.send_id(),
        change,
    }))
}

fn give(house: &House, conv: ConversationId, user: &Person, role: Role) -> ClientFrame {
    ClientFrame::Role(ChangeRole {
        conv,
        send_id: house.send_id(),
        user: user.user,
        role,
    })
}

async fn make(house: &House, line: &mut Line, conv: ConversationId, uses: Option<u32>) -> LinkMade {
    let frame = ClientFrame::Link(MakeLink {
        conv,
        send_id: house.send_id(),
        uses,
        expires_ms: None,
    });
    match line.ask(frame).await {
        ServerFrame::Link(made) => made,
        other => panic!("{other:?}"),
    }
}

fn join(house: &House, token: &TokenText) -> ClientFrame {
    ClientFrame::Join(Join {
        token: token.clone(),
        send_id: house.send_id(),
    })
}

/// The row of a conversation as a fresh inbox has it.
async fn row(line: &mut Line, conv: ConversationId) -> Option<ConversationRow> {
    let after_ver = protocol::Ver::ZERO;
    let frame = ClientFrame::Inbox(protocol::client_frame::AskInbox { after_ver });
    let ServerFrame::Inbox(page) = line.ask(frame).await else {
        panic!("a page");
    };
    page.rows.into_iter().find_map(|row| match row.topic {
        Topic::Conversation(row) if row.conv == conv => Some(*row),
        _ => None,
    })
}

/// RGT2 RGT3: settings and roles reach every member, live and by the inbox; announcements and slow mode refuse with
/// numbers that say what to do.
#[tokio::test(start_paused = true)]
async fn rgt2_everybody_learns_what_the_group_is_now() {
    let house = House::start();
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let conv = house.group(&mut a, "tea", &[&bob]).await;
    let change = SettingsChange {
        title: Some(" High tea ".into()),
        announce: Some(true),
        ..SettingsChange::default()
    };
    a.ack(set(&house, conv, change)).await;
    a.ack(give(&house, conv, &bob, Role::Admin)).await;
    b.ack(house.text(conv, "an admin may")).await;
    a.ack(give(&house, conv, &bob, Role::Member)).await;
    let no = b.refused(house.text(conv, "may I?")).await;
    assert_eq!((no.known(), no.retry), (Some(Code::AnnouncementsOnly), false));
    let slow = SettingsChange {
        announce: Some(false),
        slow_mode_s: Some(60),
        ..SettingsChange::default()
    };
    a.ack(set(&house, conv, slow)).await;
    let no = b.refused(house.text(conv, "too soon")).await;
    assert_eq!((no.known(), no.retry), (Some(Code::SlowMode), true));
    assert!(no.retry_after_ms.is_some_and(|ms| ms > 0 && ms <= 60_000));
    b.everything(5_000).await;
    let now = row(&mut b, conv).await.expect("their row");
    assert_eq!((now.title.as_deref(), now.role), (Some("High tea"), Some(Role::Member)));
    assert_eq!((now.settings.announce, now.settings.slow_mode_s), (false, 60));
    let kinds = |line: &Line| {
        let live = line.heard.iter().filter_map(|text| match ServerFrame::decode(text) {
            Ok((_, ServerFrame::Entry(live))) => Some(live.entry.kind),
            _ => None,
        });
        live.filter(|kind| matches!(kind, Kind::Settings | Kind::Role)).count()
    };
    assert_eq!(kinds(&b), 4, "each change is told live");
    for bad in [
        SettingsChange::default(),
        SettingsChange {
            title: Some(" ".into()),
            ..SettingsChange::default()
        },
    ] {
        assert_eq!(a.refused(set(&house, conv, bad)).await.known(), Some(Code::BadRequest));
    }
    let no = a.refused(give(&house, conv, &ann, Role::Member)).await;
    assert_eq!(no.known(), Some(Code::LastOwner));
}

/// LNK1 LNK2: a link is looked behind, joined by as often as it says, listed, revoked; the removed stay out.
#[tokio::test(start_paused = true)]
async fn lnk1_people_join_by_a_link() {
    let house = House::start();
    let [ann, bob, cid, dan] = house.people(["ann", "bob", "cid", "dan"]).await;
    let mut a = house.connect(&ann).await;
    let (mut b, mut c, mut d) = (
        house.connect(&bob).await,
        house.connect(&cid).await,
        house.connect(&dan).await,
    );
    let conv = house.group(&mut a, "tea", &[]).await;
    let made = make(&house, &mut a, conv, Some(1)).await;
    assert_eq!(made.link.uses_left, Some(1));
    let look = ClientFrame::Look(AskLook {
        token: made.token.clone(),
    });
    let ServerFrame::Look(seen) = b.ask(look.clone()).await else {
        panic!("a look");
    };
    assert_eq!(
        (seen.conv, seen.title.as_deref(), seen.members, seen.member),
        (conv, Some("tea"), 1, false)
    );
    let joined = b.ack(join(&house, &made.token)).await;
    assert_eq!((joined.conv, joined.seq, joined.dup), (conv, Seq(2), false));
    assert!(b.ack(join(&house, &made.token)).await.dup);
    for no in [c.refused(join(&house, &made.token)).await, c.refused(look).await] {
        assert_eq!(no.known(), Some(Code::InviteInvalid), "used up");
    }
    b.everything(5_000).await;
    assert!(
        row(&mut b, conv)
            .await
            .is_some_and(|row| row.role == Some(Role::Member) && row.unread() == 0)
    );
    b.ack(house.text(conv, "hello")).await;

    let other = make(&house, &mut a, conv, None).await;
    a.ack(house.remove(conv, &bob)).await;
    assert_eq!(b.refused(join(&house, &other.token)).await.known(), Some(Code::Removed));
    let ServerFrame::Links(links) = a.ask(ClientFrame::Links(AskLinks { conv })).await else {
        panic!("links");
    };
    assert_eq!(links.list, [other.link]);
    let revoke = ClientFrame::RevokeLink(RevokeLink {
        conv,
        link: other.link.link,
    });
    let ServerFrame::Links(links) = a.ask(revoke).await else {
        panic!("links");
    };
    assert_eq!(links.list, []);
    assert_eq!(
        d.refused(join(&house, &other.token)).await.known(),
        Some(Code::InviteInvalid)
    );
    for text in ["", "x", "a.b"] {
        let no = d.refused(join(&house, &TokenText::new(text))).await;
        assert_eq!(no.known(), Some(Code::InviteInvalid), "{text}");
    }
}

/// LNK6: who may admit learns by their inbox that somebody asks, while it is so, and by a hint at once; a member does
/// not. It holds for those who were there and for who looks for the first time.
#[tokio::test(start_paused = true)]
async fn lnk6_admins_are_told_that_somebody_asks() {
    let house = House::start();
    let [ann, bob, cid, dan] = house.people(["ann", "bob", "cid", "dan"]).await;
    let (mut a, mut b) = (house.connect(&ann).await, house.connect(&bob).await);
    let (mut c, mut d) = (house.connect(&cid).await, house.connect(&dan).await);
    let conv = house.group(&mut a, "tea", &[&bob]).await;
    let change = SettingsChange {
        approve: Some(true),
        ..SettingsChange::default()
    };
    a.ack(set(&house, conv, change)).await;
    let made = make(&house, &mut a, conv, None).await;
    for line in [&mut a, &mut b] {
        line.everything(5_000).await;
    }
    let before = (a.heard.len(), b.heard.len());
    for line in [&mut c, &mut d] {
        let asked = line.ask(join(&house, &made.token)).await;
        assert!(matches!(asked, ServerFrame::Asked(_)), "{asked:?}");
    }
    a.everything(5_000).await;
    b.everything(5_000).await;
    let is_hint = |text: &&String| {
        matches!(
            ServerFrame::decode(text),
            Ok((_, ServerFrame::Ver(_) | ServerFrame::Inbox(_)))
        )
    };
    assert!(
        a.heard[before.0..].iter().any(|text| is_hint(&text)),
        "{:?}",
        &a.heard[before.0..]
    );
    assert!(!b.heard[before.1..].iter().any(|text| text.contains("asking")));
    let asking = async |line: &mut Line| row(line, conv).await.map(|row| row.asking);
    assert_eq!((asking(&mut a).await, asking(&mut b).await), (Some(2), Some(0)));
    a.ack(give(&house, conv, &bob, Role::Admin)).await;
    b.everything(5_000).await;
    assert_eq!(asking(&mut b).await, Some(2), "the right brings it");
    let ServerFrame::Requests(told) = b.ask(ClientFrame::Requests(AskRequests { conv })).await else {
        panic!("requests");
    };
    let mut handles: Vec<Option<&str>> = told.list.iter().map(|one| one.handle.as_deref()).collect();
    handles.sort_unstable();
    assert_eq!(handles, [Some("cid"), Some("dan")], "who asks says who they are");
    for (who, yes, left) in [(&cid, false, 1), (&dan, true, 0)] {
        let admit = Admit {
            conv,
            send_id: house.send_id(),
            user: who.user,
            yes,
        };
        a.ack(ClientFrame::Admit(admit)).await;
        b.everything(5_000).await;
        assert_eq!(asking(&mut b).await, Some(left), "answered by the other admin");
    }
}

/// LNK4: who holds a link signs up with it, also where an invite is wanted, and joins; this uses the link once and the
/// sign-up not at all. Of those who signed up with the last use of one, one is in and all have accounts.
#[tokio::test(start_paused = true)]
async fn lnk4_a_link_is_enough_to_sign_up_and_join() {
    let front = Front::open(Config::default());
    let house = &front.house;
    let [ann] = house.people(["ann"]).await;
    let mut a = house.connect(&ann).await;
    let conv = house.group(&mut a, "tea", &[]).await;
    let made = make(house, &mut a, conv, Some(1)).await;
    assert_eq!(front.sign_up("bob", None).await.code(), Some(Code::InviteNeeded as u64));
    let up = |handle: &'static str| sign_up_by(&front, handle, &made.token);
    let all = futures_util::future::join_all(["bob", "cid", "dan", "eve"].map(up)).await;
    let people: Vec<Person> = all.iter().map(|heard| person(&heard.signed_in())).collect();
    let mut lines = Vec::new();
    for one in &people {
        lines.push(house.connect(one).await);
    }
    let joins = lines.iter_mut().map(|line| line.ask(join(house, &made.token)));
    let answers = futures_util::future::join_all(joins).await;
    let is_in = |answer: &&ServerFrame| matches!(answer, ServerFrame::Ack(_));
    assert_eq!(answers.iter().filter(is_in).count(), 1, "{answers:?}");
    let late =
        |answer: &&ServerFrame| matches!(answer, ServerFrame::Refuse(no) if no.known() == Some(Code::InviteInvalid));
    assert_eq!(answers.iter().filter(late).count(), 3, "{answers:?}");
    let no = sign_up_by(&front, "fay", &made.token).await;
    assert_eq!(no.code(), Some(Code::InviteInvalid as u64), "used up");
    // Nobody without a link or an invite learns which handles there are.
    assert_eq!(sign_up_by(&front, "bob", &made.token).await.text, no.text);
}

/// LNK4: whoever runs the server can want an invite all the same; where everybody may sign up, a link that cannot be
/// used is told before there is an account.
#[tokio::test(start_paused = true)]
async fn lnk4_whoever_runs_the_server_decides() {
    for (sign_up, links_sign_up, good, bad) in [
        (
            SignUpPolicy::Invite,
            false,
            Some(Code::InviteNeeded),
            Code::InviteNeeded,
        ),
        (SignUpPolicy::Invite, true, None, Code::InviteInvalid),
        (SignUpPolicy::Open, false, None, Code::InviteInvalid),
    ] {
        let front = Front::open(Config {
            sign_up,
            links_sign_up,
            ..Config::default()
        });
        let [ann] = front.house.people(["ann"]).await;
        let mut a = front.house.connect(&ann).await;
        let conv = front.house.group(&mut a, "tea", &[]).await;
        let made = make(&front.house, &mut a, conv, None).await;
        let heard = sign_up_by(&front, "bob", &made.token).await;
        assert_eq!(heard.code(), good.map(|code| code as u64), "{heard:?}");
        let seen = preview(&front, made.token.expose()).await;
        assert_eq!(seen.json()["sign_up"], good.is_none());
        for none in ["", "x", "a.b"] {
            let heard = sign_up_by(&front, "cid", &TokenText::new(none)).await;
            assert_eq!(heard.code(), Some(bad as u64), "{none}");
        }
    }
}

/// LNK5: before there is an account a link shows what is behind it, and every one that is none gets the same answer,
/// byte for byte; so often from one address.
#[tokio::test(start_paused = true)]
async fn lnk5_a_link_is_looked_behind_without_an_account() {
    let front = Front::open(Config {
        rates: Rates {
            previews_per_address: Rate {
                burst: 7.0,
                per_second: 1.0,
            },
            ..Rates::unlimited()
        },
        ..config()
    });
    let house = &front.house;
    let [ann, bob] = house.people(["ann", "bob"]).await;
    let mut a = house.connect(&ann).await;
    let conv = house.group(&mut a, "tea", &[&bob]).await;
    let change = SettingsChange {
        description: Some("We drink tea.".to_owned()),
        approve: Some(true),
        ..SettingsChange::default()
    };
    a.ack(set(house, conv, change)).await;
    let made = make(house, &mut a, conv, None).await;
    let seen = preview(&front, made.token.expose()).await;
    assert_eq!(
        (seen.status, seen.json()),
        (
            200,
            json!({"title": "tea", "description": "We drink tea.", "members": 2, "approve": true, "sign_up": true})
        )
    );
    let soon = MakeLink {
        conv,
        send_id: house.send_id(),
        uses: None,
        expires_ms: Some(house.node.clock.unix_ms() + 1_000),
    };
    let ServerFrame::Link(soon) = a.ask(ClientFrame::Link(soon)).await else {
        panic!("a link");
    };
    a.during(2_000).await;
    let revoke = RevokeLink {
        conv,
        link: made.link.link,
    };
    a.ask(ClientFrame::RevokeLink(revoke)).await;
    let unknown = format!("{conv}.{}", "0".repeat(26));
    let mut answers = Vec::new();
    for token in [made.token.expose(), soon.token.expose(), &unknown, "x"] {
        answers.push(preview(&front, token).await);
    }
    assert_eq!(answers[0].code(), Some(Code::InviteInvalid as u64));
    assert!(answers.iter().all(|heard| heard.text == answers[0].text), "{answers:?}");
    let mut limited = None;
    for _ in 0..9 {
        limited = preview(&front, "x").await.code();
    }
    assert_eq!(limited, Some(Code::RateLimited as u64));
    let page = front.call("GET", "/j/", Call::default()).await;
    assert_eq!(
        (page.status, page.headers["content-type"].as_bytes()),
        (200, b"text/html; charset=utf-8".as_slice())
    );
    assert!(page.text.contains("tidings chat --sign-up YOUR_HANDLE --join") && !page.text.contains("<script"));
}

async fn sign_up_by(front: &Front, handle: &str, link: &TokenText) -> Heard {
    let asked = json!({"handle": handle, "name": handle, "password": PASSWORD, "link": link.expose()});
    front.post("/v1/accounts", &asked).await
}

async fn preview(front: &Front, token: &str) -> Heard {
    front.post("/v1/preview", &json!({"token": token})).await
}

/// LNK3 MEM8: where joining needs approval one asks, is let in, and reads what was before where that is open.
#[tokio::test(start_paused = true)]
async fn lnk3_one_asks_and_is_let_in() {
    let house = House::start();
    let [ann, bob, cid] = house.people(["ann", "bob", "cid"]).await;
    let mut a = house.connect(&ann).await;
    let (mut b, mut c) = (house.connect(&bob).await, house.connect(&cid).await);
    let conv = house.group(&mut a, "tea", &[]).await;
    a.ack(house.text(conv, "before")).await;
    let change = SettingsChange {
        approve: Some(true),
        history: Some(History::All),
        ..SettingsChange::default()
    };
    a.ack(set(&house, conv, change)).await;
    let made = make(&house, &mut a, conv, None).await;
    for line in [&mut b, &mut c] {
        let asked = line.ask(join(&house, &made.token)).await;
        assert!(
            matches!(asked, ServerFrame::Asked(asked) if asked.conv == conv),
            "{asked:?}"
        );
        assert_eq!(line.refused(members(conv)).await.known(), Some(Code::NotFound));
    }
    let ServerFrame::Requests(requests) = a.ask(ClientFrame::Requests(AskRequests { conv })).await else {
        panic!("requests");
    };
    assert_eq!(requests.list.len(), 2);
    let admit = |user: &Person, yes| {
        ClientFrame::Admit(Admit {
            conv,
            send_id: house.send_id(),
            user: user.user,
            yes,
        })
    };
    assert!(!a.ack(admit(&bob, true)).await.dup);
    assert!(a.ack(admit(&cid, false)).await.dup);
    assert_eq!(c.refused(members(conv)).await.known(), Some(Code::NotFound));
    b.everything(5_000).await;
    assert!(
        row(&mut b, conv)
            .await
            .is_some_and(|row| row.unread() == 0 && row.spans[0].from_seq == Seq(1))
    );
    let ServerFrame::Entries(page) = b
        .ask(ClientFrame::Get(protocol::client_frame::Get::after(conv, Seq::ZERO)))
        .await
    else {
        panic!("a page");
    };
    assert!(page.items.iter().any(|entry| entry.body.get().contains("before")));
}

/// A link is told as people open it where the operator said what that is, and as a bare token where not.
#[tokio::test(start_paused = true)]
async fn a_link_begins_with_the_public_address() {
    let public = "https://Chat.Example:443/".parse().expect("an address");
    let told = Config {
        public_url: Some(public),
        ..config()
    };
    for (house, told) in [(House::start(), false), (House::with(told, model()), true)] {
        let [ann] = house.people(["ann"]).await;
        let mut a = house.connect(&ann).await;
        let conv = house.group(&mut a, "tea", &[]).await;
        let made = make(&house, &mut a, conv, None).await;
        let url = told.then(|| format!("https://chat.example/j/#{}", made.token.expose()));
        assert_eq!(made.url.map(|url| url.expose().to_owned()), url);
    }
}
