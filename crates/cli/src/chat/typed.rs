//! A line somebody typed, understood: a command, or words to send.

use super::manners::{self, Manners};
use protocol::account;
use protocol::group::{History, SettingsChange};
use protocol::server_frame::Role;

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Nothing.
    Nothing,
    /// Say this in the open conversation.
    Words(String),
    /// Which conversations there are.
    List,
    /// Go to one.
    Open(String),
    /// Begin a 1:1, or find it.
    New(String),
    /// Begin a group.
    Group {
        /// Its title.
        title: String,
        /// Handles.
        members: Vec<String>,
    },
    /// Add people to the open group.
    Add(Vec<String>),
    /// Remove somebody from it.
    Remove(String),
    /// Leave it.
    Leave,
    /// Something about the open group itself, or a way into one.
    Tend(Tend),
    /// Who is in it, and how far each has read.
    Members,
    /// So many earlier messages.
    History(u32),
    /// Mark as read: the open conversation, or this one.
    Read(Option<String>),
    /// Mark the open conversation as unread from its last message on.
    Unread,
    /// Give a message of mine other words.
    Edit(Which, String),
    /// Delete a message for everybody.
    Delete(Which),
    /// Put an emoji to a message, or take it back.
    React {
        /// To which.
        which: Which,
        /// Which emoji.
        emoji: String,
        /// Put, or taken back.
        on: bool,
    },
    /// Pin a message, or no longer.
    Pin(Which, bool),
    /// Which messages are pinned.
    Pins,
    /// Pass a message on.
    Forward(Which, String),
    /// Answer a message with these words.
    Reply(Which, String),
    /// Say these words in the thread of a message; none: show the thread.
    Thread(Which, Option<String>),
    /// Hear of the thread of a message, or no longer.
    Follow(Which, bool),
    /// The address of a message.
    Permalink(Which),
    /// Where such an address leads.
    GoTo(String),
    /// What a message said before it was edited.
    Was(Which),
    /// Who is there.
    Who,
    /// Something about what is one's own.
    Own(Own),
    /// Something about people.
    Manners(Manners),
    /// My devices.
    Devices,
    /// Sign my other devices out.
    SignOutOthers,
    /// What can be typed.
    Help,
    /// Go.
    Quit,
}

/// What is done with a group itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tend {
    /// Change what it is.
    Set(SettingsChange),
    /// Give somebody a role.
    Role(String, Role),
    /// Make a link into it, for so many.
    Link(Option<u32>),
    /// Which links there are.
    Links,
    /// Void the one of this number.
    Unlink(usize),
    /// Join by a link.
    Join(String),
    /// Who asks to be let in.
    Requests,
    /// Let somebody in, or turn them away.
    Admit(String, bool),
}

/// What is one's own, and nobody else is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Own {
    /// Mute the open conversation.
    Mute {
        /// For how long.
        until: Muted,
        /// What mentions me is told all the same.
        mentions: bool,
    },
    /// Put it into the archive, or back.
    Archive(bool),
    /// Put it at the top of the list, or back.
    Pin(bool),
    /// Show nothing of what was said so far.
    Clear,
    /// Everything is read.
    ReadAll,
    /// Star a message, counted from the last, or no longer.
    Star(usize, bool),
    /// Show it no more.
    Hide(usize),
    /// The starred ones.
    Starred,
    /// Keep words for later, `off` to throw them away; nothing: what was kept.
    Draft(Option<String>),
    /// Who received and read a message.
    Info(usize),
    /// Notes to oneself.
    Note,
}

/// For how long something is muted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Muted {
    /// Not any longer.
    Off,
    /// For so many hours.
    Hours(u32),
    /// For good.
    Always,
}

/// A message of the open conversation, counted from below: 1 is the last one. Absent: the last that it can be meant of.
pub type Which = Option<usize>;

/// Earlier messages at once.
const HISTORY_ENTRIES: u32 = 20;

/// Understands a line, or says how it is typed right.
pub fn understand(line: &str) -> Result<Typed, String> {
    let line = line.trim();
    let Some(rest) = line.strip_prefix('/') else {
        return Ok(if line.is_empty() {
            Typed::Nothing
        } else {
            Typed::Words(line.to_owned())
        });
    };
    // A path or a smile is no command: two slashes say one.
    if let Some(words) = rest.strip_prefix('/') {
        return Ok(Typed::Words(format!("/{words}")));
    }
    let (word, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let rest = rest.trim();
    let needs = |example: &str| format!("Like this: {example}");
    let some = |example: &str| {
        if rest.is_empty() {
            Err(needs(example))
        } else {
            Ok(rest.to_owned())
        }
    };
    if let Some(change) = change(word, rest) {
        return change;
    }
    if let Some(own) = own(word, rest) {
        return own.map(Typed::Own);
    }
    if let Some(manners) = manners::understood(word, rest) {
        return manners.map(Typed::Manners);
    }
    if let Some(tend) = tend(word, rest) {
        return tend.map(Typed::Tend);
    }
    Ok(match word {
        "list" | "l" => Typed::List,
        "open" | "o" if rest.is_empty() => Typed::List,
        "open" | "o" => Typed::Open(rest.to_owned()),
        "new" => Typed::New(handle(&some("/new @bob")?)?),
        "group" => group(rest).ok_or_else(|| needs("/group Choir @bob @carol"))??,
        "add" => Typed::Add(handles(&some("/add @dave")?)?),
        "remove" => Typed::Remove(handle(&some("/remove @dave")?)?),
        "leave" => Typed::Leave,
        "members" | "m" => Typed::Members,
        "history" | "h" if rest.is_empty() => Typed::History(HISTORY_ENTRIES),
        "history" | "h" => {
            let count = rest.parse().ok().filter(|count| (1..=200).contains(count));
            Typed::History(count.ok_or_else(|| needs("/history 50 (1 to 200)"))?)
        }
        "read" => Typed::Read((!rest.is_empty()).then(|| rest.to_owned())),
        "unread" => Typed::Unread,
        "who" | "w" => Typed::Who,
        "devices" => Typed::Devices,
        "sign-out-others" => Typed::SignOutOthers,
        "help" | "?" | "" => Typed::Help,
        "quit" | "q" | "exit" => Typed::Quit,
        _ => {
            return Err(format!(
                "There is no /{word}. /help lists what there is; //{word} says it as words."
            ));
        }
    })
}

/// A command that changes what was said, if it is one.
fn change(word: &str, rest: &str) -> Option<Result<Typed, String>> {
    let (named, words) = which(rest);
    let typed = match word {
        "edit" | "e" => full(words, "/edit the right words, /edit ^2 the right words").map(|w| Typed::Edit(named, w)),
        "delete" => only(rest, "/delete, /delete ^2").map(Typed::Delete),
        "react" | "unreact" => full(words, "/react 👍, /react ^2 👍").map(|emoji| Typed::React {
            which: named,
            emoji,
            on: word == "react",
        }),
        "pin" | "unpin" => only(rest, "/pin, /pin ^2").map(|which| Typed::Pin(which, word == "pin")),
        "pins" => Ok(Typed::Pins),
        "forward" => full(words, "/forward @bob, /forward ^2 Choir").map(|to| Typed::Forward(named, to)),
        "reply" | "r" => full(words, "/reply yes, /reply ^2 yes").map(|words| Typed::Reply(named, words)),
        "thread" | "t" => Ok(Typed::Thread(named, (!words.is_empty()).then(|| words.to_owned()))),
        "follow" | "unfollow" => {
            only(rest, "/follow, /unfollow ^2").map(|which| Typed::Follow(which, word == "follow"))
        }
        "permalink" => only(rest, "/permalink, /permalink ^2").map(Typed::Permalink),
        "goto" => full(rest, "/goto and the link to a message").map(Typed::GoTo),
        "was" => only(rest, "/was, /was ^2").map(Typed::Was),
        _ => return None,
    };
    Some(typed)
}

/// A command about what is one's own, if it is one.
fn own(word: &str, rest: &str) -> Option<Result<Own, String>> {
    let wrong = |example: &str| format!("Like this: {example}");
    let nth = |rest: &str, example: &str| match rest {
        "" => Ok(1),
        // As other commands name a message: ^3.
        rest => {
            let nth = rest.strip_prefix('^').unwrap_or(rest).parse().ok();
            nth.filter(|n| *n > 0).ok_or_else(|| wrong(example))
        }
    };
    let on = |example: &str| match rest {
        "" => Ok(true),
        "off" => Ok(false),
        _ => Err(wrong(example)),
    };
    Some(match word {
        "mute" => mute(rest),
        "archive" => on("/archive, /archive off").map(Own::Archive),
        "pin-chat" => on("/pin-chat, /pin-chat off").map(Own::Pin),
        "clear" => Ok(Own::Clear),
        "read-all" => Ok(Own::ReadAll),
        "star" => nth(rest, "/star, /star ^3 (the third from below)").map(|n| Own::Star(n, true)),
        "unstar" => nth(rest, "/unstar ^3 (the third from below)").map(|n| Own::Star(n, false)),
        "hide" => nth(rest, "/hide, /hide ^3 (the third from below)").map(Own::Hide),
        "starred" => Ok(Own::Starred),
        "draft" => Ok(Own::Draft((!rest.is_empty()).then(|| rest.to_owned()))),
        "info" => nth(rest, "/info, /info ^3 (the third from below)").map(Own::Info),
        "note" | "notes" => Ok(Own::Note),
        _ => return None,
    })
}

fn mute(rest: &str) -> Result<Own, String> {
    let (rest, mentions) = match rest.strip_suffix("mentions") {
        Some(rest) => (rest.trim(), true),
        None => (rest, false),
    };
    let until = match rest {
        "" | "8h" => Muted::Hours(8),
        "week" => Muted::Hours(7 * 24),
        "always" => Muted::Always,
        "off" => Muted::Off,
        hours => match hours.strip_suffix('h').and_then(|hours| hours.parse().ok()) {
            Some(hours) if (1..=8_760).contains(&hours) => Muted::Hours(hours),
            _ => {
                return Err(
                    "Like this: /mute 8h, /mute week, /mute always, /mute off; `/mute 8h mentions` lets through what \
                     mentions you."
                        .to_owned(),
                );
            }
        },
    };
    Ok(Own::Mute { until, mentions })
}

/// `^2` at the beginning names the second message from below, `^` the last one.
fn which(rest: &str) -> (Which, &str) {
    let Some(marked) = rest.strip_prefix('^') else {
        return (None, rest);
    };
    let end = marked.find(|c: char| !c.is_ascii_digit()).unwrap_or(marked.len());
    let which = if end == 0 {
        Some(1)
    } else {
        marked[..end].parse().ok().filter(|n| *n > 0)
    };
    (which, marked[end..].trim_start())
}

fn only(rest: &str, example: &str) -> Result<Which, String> {
    match which(rest) {
        (which, "") => Ok(which),
        _ => Err(format!("Like this: {example} (^2 is the second message from below)")),
    }
}

fn full(words: &str, example: &str) -> Result<String, String> {
    if words.is_empty() {
        Err(format!("Like this: {example} (^2 is the second message from below)"))
    } else {
        Ok(words.to_owned())
    }
}

/// A title, then handles.
fn group(rest: &str) -> Option<Result<Typed, String>> {
    let at = rest.find(" @")?;
    let title = rest[..at].trim().trim_matches('"').to_owned();
    (!title.is_empty()).then(|| handles(&rest[at..]).map(|members| Typed::Group { title, members }))
}

fn handles(text: &str) -> Result<Vec<String>, String> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    words.map(handle).collect()
}

/// A handle that was typed, or the one in a person's own link.
pub fn handle(text: &str) -> Result<String, String> {
    account::handle(manners::behind_link(text))
        .ok_or_else(|| format!("`{text}` is no handle: 2 to 32 of a-z, 0-9, `.`, `_`, `-`, like @bob."))
}

/// What can be typed.
pub const HELP: &str = "\
Type words and press Enter: they go to the open conversation. Everything else begins with a slash.

  /list                    your conversations, with what is unread
  /open 2, /open @bob      go to a conversation: by its number, a person, or a title
  /new @bob                begin to talk with somebody
  /group Choir @bob @carol make a group
  /add @dave               add people to the open group      /remove @dave  take somebody out
  /members                 who is in it, and what they read  /leave         leave it
  /title Choir             call the open group so       /describe words   say what it is for
  /announce on             only admins write            /slow 30          seconds between one's messages
  /newcomers all           they read what was before    /role @bob admin  or owner, or member
  /link 10                 a link for ten people        /links, /unlink 1 see and void them
  /join LINK               come in by a link            /approve on       who joins is let in:
  /requests                who asks                     /admit @bob       let them in (or: /admit @bob no)
  /history 50              earlier messages                  /who           who is there now
  /read, /read 2           mark as read                      /unread        mark as unread, for later
  /edit the right words    change your last message          /was           what one said before
  /delete                  delete it for everybody           /reply yes     answer the last message
  /react 👍, /unreact 👍   react to the last message         /forward @bob  pass it on
  /thread words            reply in its thread               /thread        show its thread
  /follow, /unfollow       hear of its thread, or no more    /permalink     a link to it (/goto LINK)
  /pin, /unpin             keep it at hand                   /pins          what is pinned
                           ^2 names another: /edit ^2 words changes the second message from below
  /read-all                mark everything as read           /note          notes to yourself
  /mute 8h|week|always|off no notices of the open one        /archive, /pin-chat (off: back)
  /star ^2, /starred       keep a message at hand, for you   /hide ^2       show it no more
  /draft words             keep them for later               /clear         show nothing so far
  /info ^2                 who received and who read it
  /strangers               who wrote first and waits         /accept, /ignore (or: /accept @bob)
  /block @bob, /unblock    they cannot reach you any more    /blocked       whom you block
  /report ^2 why           tell whoever runs this server     /find an       people you know, by how they begin
  /profile, /profile @bob  who you are, or they, and a link  /name, /handle, /about, /picture   change it
  /privacy                 who may reach you and know what   /privacy seen nobody
  /devices                 where you are signed in           /sign-out-others
  /help                    this                              /quit          go (also Ctrl-C, Ctrl-D)

After your messages:  ·  waits here, kept    ✓  safe on the server    ✓✓  delivered    ✓✓ read
Without a connection just go on: what you write is kept and goes by itself, also after a /quit.
Tab goes on with a command, a person or a conversation. Alt-Enter begins a new line;
//words says /words; @bob in a message points bob to it.";

/// The commands about a group itself.
fn tend(word: &str, rest: &str) -> Option<Result<Tend, String>> {
    let needs = |example: &str| Err(format!("Like this: {example}"));
    let change = SettingsChange::default();
    let on = |example: &str| match rest {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("Like this: {example}")),
    };
    Some(match (word, rest) {
        ("title", "") => needs("/title Chamber choir"),
        ("title", words) => Ok(Tend::Set(SettingsChange {
            title: Some(words.to_owned()),
            ..change
        })),
        ("describe", words) => Ok(Tend::Set(SettingsChange {
            description: Some(words.to_owned()),
            ..change
        })),
        ("announce", _) => on("/announce on, /announce off").map(|on| {
            Tend::Set(SettingsChange {
                announce: Some(on),
                ..change
            })
        }),
        ("approve", _) => on("/approve on, /approve off").map(|on| {
            Tend::Set(SettingsChange {
                approve: Some(on),
                ..change
            })
        }),
        ("slow", wait) => match wait.parse() {
            Ok(wait_s) => Ok(Tend::Set(SettingsChange {
                slow_mode_s: Some(wait_s),
                ..change
            })),
            Err(_) => needs("/slow 30 (seconds between one's messages), /slow 0"),
        },
        ("newcomers", _) => match rest {
            "all" | "joined" => Ok(Tend::Set(SettingsChange {
                history: Some(if rest == "all" { History::All } else { History::Joined }),
                ..change
            })),
            _ => needs("/newcomers all (they read what was before), /newcomers joined"),
        },
        ("role", _) => match rest.split_once(' ').map(|(who, role)| (who, role.trim())) {
            Some((who, role @ ("member" | "admin" | "owner"))) => {
                handle(who).map(|who| Tend::Role(who, Role::from(role.to_owned())))
            }
            _ => needs("/role @bob admin (or member, or owner)"),
        },
        ("link", "") => Ok(Tend::Link(None)),
        ("link", uses) => match uses.parse() {
            Ok(uses) if uses > 0 => Ok(Tend::Link(Some(uses))),
            _ => needs("/link, /link 10 (for ten people)"),
        },
        ("links", _) => Ok(Tend::Links),
        ("unlink", n) => match n.parse() {
            Ok(n) => Ok(Tend::Unlink(n)),
            Err(_) => needs("/unlink 1 (the number that /links shows)"),
        },
        ("join", "") => needs("/join and the link you were given"),
        ("join", link) => Ok(Tend::Join(link.to_owned())),
        ("requests", _) => Ok(Tend::Requests),
        ("admit", _) => match rest.split_once(' ') {
            Some((who, "no")) => handle(who).map(|who| Tend::Admit(who, false)),
            None if !rest.is_empty() => handle(rest).map(|who| Tend::Admit(who, true)),
            _ => needs("/admit @bob, /admit @bob no"),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood() {
        let ok = |line: &str| understand(line).expect(line);
        assert_eq!(ok("  hello /you  "), Typed::Words("hello /you".to_owned()));
        assert_eq!(ok("//etc/passwd"), Typed::Words("/etc/passwd".to_owned()));
        assert_eq!(ok("/open Choir of friends"), Typed::Open("Choir of friends".to_owned()));
        assert_eq!(ok("/new @Bob"), Typed::New("bob".to_owned()));
        let members = vec!["bob".to_owned(), "carol".to_owned()];
        assert_eq!(
            ok("/group The choir @bob, @carol"),
            Typed::Group {
                title: "The choir".to_owned(),
                members
            }
        );
        assert_eq!(ok("/history 7"), Typed::History(7));
        assert_eq!(ok("/edit new words"), Typed::Edit(None, "new words".to_owned()));
        assert_eq!(ok("/edit ^3 new words"), Typed::Edit(Some(3), "new words".to_owned()));
        assert_eq!(ok("/thread ^2 yes"), Typed::Thread(Some(2), Some("yes".to_owned())));
        assert_eq!(ok("/thread"), Typed::Thread(None, None));
        assert_eq!(ok("/unfollow ^"), Typed::Follow(Some(1), false));
        assert_eq!(ok("/delete ^"), Typed::Delete(Some(1)));
        assert_eq!(ok("/forward ^2 @bob"), Typed::Forward(Some(2), "@bob".to_owned()));
        let react = |which, on| Typed::React {
            which,
            emoji: "👍".to_owned(),
            on,
        };
        assert_eq!(
            (ok("/react 👍"), ok("/unreact ^2 👍")),
            (react(None, true), react(Some(2), false))
        );
        let mute = |until, mentions| Typed::Own(Own::Mute { until, mentions });
        assert_eq!(ok("/mute week"), mute(Muted::Hours(168), false));
        assert_eq!(ok("/mute always mentions"), mute(Muted::Always, true));
        assert_eq!(ok("/archive off"), Typed::Own(Own::Archive(false)));
        assert_eq!(ok("/star"), Typed::Own(Own::Star(1, true)));
        assert_eq!(
            ok("/draft see you at"),
            Typed::Own(Own::Draft(Some("see you at".to_owned())))
        );
        assert_eq!(ok(""), Typed::Nothing);
        assert_eq!(ok("/"), Typed::Help);
    }

    #[test]
    fn what_is_typed_wrong_is_answered_with_how() {
        let wrong = |line: &str| understand(line).expect_err(line);
        assert!(wrong("/group Choir").contains("/group Choir @bob @carol"));
        assert!(wrong("/new").contains("/new @bob"));
        assert!(wrong("/edit ^2").contains("/edit ^2 the right words"));
        assert!(wrong("/delete that one").contains("/delete ^2"));
        assert!(wrong("/add nö").contains("no handle"));
        assert!(wrong("/hsitory").contains("//hsitory"));
        assert!(wrong("/history 0").contains("1 to 200"));
        assert!(wrong("/mute soon").contains("/mute week"));
        assert!(wrong("/info 0").contains("/info ^3"));
    }
}
