//! What the people of the demo may say: two files of dialogues with blanks, read once. The files say it; this reads it.
//!
//! `@ name a | b` are the words for a blank. `## general` opens a conversation of several, `## lena+tariq` one of two.
//! Below it a paragraph is a dialogue: `who: text`, `who^1: text` in answer to the line before. What begins with `+`
//! (an emoji, and from whom), `~` (other words instead), `!` (pinned), `*` (starred) or `>` (passed on, and where to)
//! is done to the line above it. In a text `{name}` and `{3-9}` are blanks.

use std::collections::BTreeMap;

/// The files, as they are.
const FILES: [&str; 2] = [include_str!("team.txt"), include_str!("family.txt")];

/// A conversation, and what is said in it.
pub struct Chapter {
    /// What it is called in the files: `general`, `lena+tariq`.
    pub key: &'static str,
    /// Its title, of several people; `None`: it is a 1:1.
    pub title: Option<&'static str>,
    /// What it is for.
    pub about: &'static str,
    /// Who is in it; the first makes it.
    pub members: Vec<&'static str>,
    /// How much is said in it, beside the others.
    pub share: usize,
    /// The words for its blanks.
    pub blanks: BTreeMap<&'static str, Vec<&'static str>>,
    /// What is said; the first dialogue begins it.
    pub dialogues: Vec<Vec<Line>>,
}

/// One message of a dialogue.
#[derive(Clone)]
pub struct Line {
    /// Who says it.
    pub who: &'static str,
    /// To which of the lines above: 1 is the one before.
    pub answers: Option<usize>,
    /// What, with blanks.
    pub text: &'static str,
    /// What is done to it then.
    pub then: Vec<Then>,
}

/// What is done to a message.
#[derive(Clone, Copy)]
pub enum Then {
    /// Somebody puts an emoji to it.
    React(&'static str, &'static str),
    /// Its sender says it in other words.
    Edit(&'static str),
    /// Its sender pins it.
    Pin,
    /// Lena stars it.
    Star,
    /// Its sender passes it on to this conversation.
    Forward(&'static str),
}

impl Chapter {
    /// The same without its beginning and without what somebody says, or what is said after it.
    pub fn without(&self, who: &str) -> Self {
        let until = |dialogue: &Vec<Line>| dialogue.iter().take_while(|line| line.who != who).cloned().collect();
        let dialogues: Vec<Vec<Line>> = self.dialogues.iter().skip(1).map(until).collect();
        Self {
            members: self.members.clone(),
            blanks: self.blanks.clone(),
            dialogues: dialogues.into_iter().filter(|dialogue| !dialogue.is_empty()).collect(),
            ..*self
        }
    }
}

/// All conversations.
///
/// # Errors
/// What is wrong with the files, and in which line.
pub fn read() -> Result<Vec<Chapter>, String> {
    let mut chapters = Vec::new();
    for (name, file) in ["team.txt", "family.txt"].into_iter().zip(FILES) {
        chapters.extend(chapters_of(file).map_err(|(line, wrong)| format!("{name}, line {line}: {wrong}"))?);
    }
    Ok(chapters)
}

fn chapters_of(file: &'static str) -> Result<Vec<Chapter>, (usize, &'static str)> {
    let mut blanks: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
    let mut chapters: Vec<Chapter> = Vec::new();
    for (number, line) in file.lines().enumerate() {
        let wrong = |what| (number + 1, what);
        if let Some(rest) = line.strip_prefix("@ ") {
            let (name, words) = rest.split_once(' ').ok_or(wrong("a blank has words"))?;
            blanks
                .entry(name)
                .or_default()
                .extend(words.split(" | ").map(str::trim));
        } else if let Some(key) = line.strip_prefix("## ") {
            chapters.push(Chapter {
                key,
                title: None,
                about: "",
                members: key
                    .split_once('+')
                    .map(|(one, other)| vec![one, other])
                    .unwrap_or_default(),
                share: 1,
                blanks: blanks.clone(),
                dialogues: Vec::new(),
            });
        } else {
            match chapters.last_mut() {
                Some(chapter) => take(chapter, line).map_err(wrong)?,
                None if line.is_empty() => {}
                None => return Err(wrong("this stands in no conversation")),
            }
        }
    }
    for chapter in &mut chapters {
        chapter.dialogues.retain(|dialogue| !dialogue.is_empty());
    }
    Ok(chapters)
}

/// One line below the head of a conversation.
fn take(chapter: &mut Chapter, line: &'static str) -> Result<(), &'static str> {
    if line.is_empty() {
        chapter.dialogues.push(Vec::new());
        return Ok(());
    }
    if chapter.dialogues.is_empty() {
        return head(chapter, line);
    }
    let dialogue = chapter.dialogues.last_mut().ok_or("no dialogue")?;
    let (sign, rest) = line.split_at(line.chars().next().map_or(0, char::len_utf8));
    let rest = rest.trim();
    let then = match sign {
        "+" => {
            let mut words = rest.split(' ');
            let emoji = words.next().ok_or("an emoji, and from whom")?;
            words.map(|who| Then::React(who, emoji)).collect()
        }
        "~" => vec![Then::Edit(rest)],
        "!" => vec![Then::Pin],
        "*" => vec![Then::Star],
        ">" => vec![Then::Forward(rest)],
        _ => {
            let (who, text) = line.split_once(": ").ok_or("who: what")?;
            let (who, answers) = match who.split_once('^') {
                Some((who, back)) => (who, Some(back.parse().map_err(|_| "^1 is the line before")?)),
                None => (who, None),
            };
            dialogue.push(Line {
                who,
                answers,
                text,
                then: Vec::new(),
            });
            return Ok(());
        }
    };
    let above = dialogue.last_mut().ok_or("it is done to no line")?;
    above.then.extend(then);
    Ok(())
}

fn head(chapter: &mut Chapter, line: &'static str) -> Result<(), &'static str> {
    let (what, value) = line.split_once(": ").ok_or("what: value")?;
    match what {
        "title" => chapter.title = Some(value),
        "about" => chapter.about = value,
        "members" => chapter.members = value.split(' ').collect(),
        "share" => chapter.share = value.parse().map_err(|_| "a share is a number")?,
        _ => return Err("title, about, members or share"),
    }
    Ok(())
}
