//! A line somebody typed, understood: a command, or words to send.

use protocol::account;

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
    /// Who is in it, and how far each has read.
    Members,
    /// So many earlier messages.
    History(u32),
    /// Mark as read: the open conversation, or this one.
    Read(Option<String>),
    /// Mark the open conversation as unread from its last message on.
    Unread,
    /// Who is there.
    Who,
    /// My devices.
    Devices,
    /// Sign my other devices out.
    SignOutOthers,
    /// What can be typed.
    Help,
    /// Go.
    Quit,
}

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

fn handle(text: &str) -> Result<String, String> {
    account::handle(text)
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
  /history 50              earlier messages                  /who           who is there now
  /read, /read 2           mark as read                      /unread        mark as unread, for later
  /devices                 where you are signed in           /sign-out-others
  /help                    this                              /quit          go (also Ctrl-C, Ctrl-D)

After your messages:  ·  waits here, kept    ✓  safe on the server    ✓✓  delivered    ✓✓ read
Without a connection just go on: what you write is kept and goes by itself, also after a /quit.
Alt-Enter begins a new line; //words says /words; @bob in a message points bob to it.";

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
        assert_eq!(ok(""), Typed::Nothing);
        assert_eq!(ok("/"), Typed::Help);
    }

    #[test]
    fn what_is_typed_wrong_is_answered_with_how() {
        let wrong = |line: &str| understand(line).expect_err(line);
        assert!(wrong("/group Choir").contains("/group Choir @bob @carol"));
        assert!(wrong("/new").contains("/new @bob"));
        assert!(wrong("/add nö").contains("no handle"));
        assert!(wrong("/hsitory").contains("//hsitory"));
        assert!(wrong("/history 0").contains("1 to 200"));
    }
}
