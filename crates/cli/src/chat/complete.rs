//! What Tab makes of a line: what is being named at the cursor, and what it could become. Pure.

use super::typed::{HELP, understand};

/// Commands whose rest is the name of a conversation.
const NAMING: &[&str] = &["/open ", "/o ", "/read ", "/forward "];
/// So many are shown; a person would not read more.
const SHOWN_MAX: usize = 40;

/// What is being named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A command, with its slash.
    Command,
    /// A person, with the `@`.
    Handle,
    /// A conversation.
    Conversation,
}

/// What stands before the cursor and is not whole yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'l> {
    /// What it names.
    pub sort: Sort,
    /// Where it begins, in bytes.
    pub start: usize,
    /// It.
    pub text: &'l str,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Completed {
    /// Nothing is called so.
    Nothing,
    /// It goes on like this, as far as it is clear.
    To(String),
    /// It is as far as it is clear; these there are.
    Several(Vec<String>),
}

/// What of a line Tab is about: what ends at the cursor.
pub fn part(line: &str, at: usize) -> Option<Part<'_>> {
    let before = line.get(..at)?;
    let of = |sort, start: usize| {
        Some(Part {
            sort,
            start,
            text: &before[start..],
        })
    };
    if before.starts_with('/') && !before.starts_with("//") {
        if !before.contains(char::is_whitespace) {
            return of(Sort::Command, 0);
        }
        if let Some(naming) = NAMING.iter().find(|naming| before.starts_with(**naming)) {
            let rest = &before[naming.len()..];
            // /forward ^2 Choir
            let message = rest
                .strip_prefix('^')
                .and_then(|rest| rest.find(' '))
                .map_or(0, |space| space + 2);
            return of(Sort::Conversation, naming.len() + message);
        }
    }
    let start = before
        .rfind(|c: char| c.is_whitespace() || matches!(c, ',' | '('))
        .map_or(0, |gap| gap + 1);
    before[start..]
        .starts_with('@')
        .then(|| of(Sort::Handle, start))
        .flatten()
}

/// What a part becomes, of these names.
pub fn completed(part: Part<'_>, names: impl IntoIterator<Item = String>) -> Completed {
    let begins = part.text.to_lowercase();
    let mut fit: Vec<String> = names
        .into_iter()
        .filter(|name| name.to_lowercase().starts_with(&begins))
        .collect();
    fit.sort();
    fit.dedup();
    match fit.as_slice() {
        [] => Completed::Nothing,
        // A command and a person are followed by something; a conversation ends the line.
        [one] if part.sort == Sort::Conversation => Completed::To(one.clone()),
        [one] => Completed::To(format!("{one} ")),
        [first, rest @ ..] => {
            let common = rest.iter().fold(first.as_str(), |common, name| shared(common, name));
            if common.len() > part.text.len() {
                return Completed::To(common.to_owned());
            }
            fit.truncate(SHOWN_MAX);
            Completed::Several(fit)
        }
    }
}

/// The commands, as they are typed: those that /help tells of, so that none is forgotten here.
pub fn commands() -> impl Iterator<Item = String> {
    let words = HELP.split(|c: char| !(c.is_ascii_lowercase() || matches!(c, '/' | '-')));
    let commands = words.filter(|word| word.len() > 1 && word.rfind('/') == Some(0));
    // Help also says what is none: /words.
    let is_one = |word: &&str| !understand(word).is_err_and(|why| why.starts_with("There is no"));
    commands.filter(is_one).map(str::to_owned)
}

/// What two names begin with together, in the first one's letters.
fn shared<'n>(one: &'n str, other: &str) -> &'n str {
    let mut end = 0;
    for (a, b) in one.chars().zip(other.chars()) {
        if !a.to_lowercase().eq(b.to_lowercase()) {
            break;
        }
        end += a.len_utf8();
    }
    &one[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tab(line: &str, names: &[&str]) -> Completed {
        let part = part(line, line.len()).expect("something is being named");
        completed(part, names.iter().map(|name| (*name).to_owned()))
    }

    #[test]
    fn what_is_named_is_what_ends_at_the_cursor() {
        let named = |line: &'static str| part(line, line.len()).map(|part| (part.sort, part.text));
        assert_eq!(named("/op"), Some((Sort::Command, "/op")));
        assert_eq!(named("/open The ch"), Some((Sort::Conversation, "The ch")));
        assert_eq!(named("/open @b"), Some((Sort::Conversation, "@b")));
        assert_eq!(named("/forward ^2 Ch"), Some((Sort::Conversation, "Ch")));
        assert_eq!(named("/add @bob @c"), Some((Sort::Handle, "@c")));
        assert_eq!(named("hello (@an"), Some((Sort::Handle, "@an")));
        for nothing in ["", "hello", "ann@example", "//op", "/mute we", "hello @bob "] {
            assert_eq!(named(nothing), None, "{nothing}");
        }
        assert_eq!(part("@bo and more", 3).map(|part| part.text), Some("@bo"));
        assert_eq!(part("é", 1), None, "never within a letter");
    }

    #[test]
    fn a_name_goes_on_as_far_as_it_is_clear() {
        let to = |text: &str| Completed::To(text.to_owned());
        assert_eq!(tab("/op", &["/open", "/list"]), to("/open "));
        assert_eq!(tab("/x", &["/open"]), Completed::Nothing);
        assert_eq!(tab("@B", &["@bob", "@ann"]), to("@bob "));
        assert_eq!(tab("@b", &["@bob.a", "@bob.b", "@ann"]), to("@bob."));
        let several = vec!["@bob.a".to_owned(), "@bob.b".to_owned()];
        assert_eq!(
            tab("@bob.", &["@bob.b", "@bob.a", "@bob.a"]),
            Completed::Several(several)
        );
        assert_eq!(tab("/open chö", &["Chörle", "chÖre"]), to("Chör"));
        assert_eq!(tab("/open Ch", &["Choir of friends"]), to("Choir of friends"));
    }

    #[test]
    fn the_commands_are_those_that_help_tells_of() {
        let all: Vec<String> = commands().collect();
        for command in [
            "/open",
            "/pin-chat",
            "/sign-out-others",
            "/admit",
            "/strangers",
            "/quit",
        ] {
            assert!(all.iter().any(|one| one == command), "{command}");
        }
        assert!(!all.iter().any(|one| one == "/words" || one == "/"), "{all:?}");
    }
}
