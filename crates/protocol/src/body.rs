//! What people write. The shape of a body is for ever, so it is strict where it must be and open everywhere else.
//!
//! A body is a JSON object. The server checks the parts it knows and keeps the *source text* of the whole, so that a
//! field from a newer client survives a server that has never heard of it. A kind nobody here knows is kept the same
//! way, shown as "update to see this", and not counted unread.

use crate::ids::UserId;
use crate::limits;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;
use unicode_segmentation::UnicodeSegmentation;
use uuid::Uuid;

/// What sort of entry this is. On the wire a short lower-case word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A message: text, and whatever hangs on it.
    Text,
    /// The conversation came to be; always seq 1. Written by the server.
    Created,
    /// People were added. Written by the server.
    Added,
    /// Somebody was removed by somebody else. Written by the server.
    Removed,
    /// Somebody left. Written by the server.
    Left,
    /// What a group is changed. Written by the server.
    Settings,
    /// Somebody got another role. Written by the server.
    Role,
    /// An entry has another body from here on. Written by the server.
    Edit,
    /// An entry has no content from here on. Written by the server.
    Delete,
    /// Somebody put an emoji to an entry, or took it back. Written by the server.
    React,
    /// An entry was pinned, or is no longer. Written by the server.
    Pin,
    /// A kind this program does not know: kept, carried, not counted.
    Other(Box<str>),
}

/// Words that only the server may write into a log, now or later. A client that sends one is refused.
const RESERVED: &[&str] = &[
    "created", "added", "removed", "left", "edit", "delete", "react", "pin", "settings", "role", "commit", "call",
];

impl Kind {
    /// The kind of this word. Every word is a kind; see [`Kind::may_be_sent`] for those a client may send.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word {
            "text" => Self::Text,
            "created" => Self::Created,
            "added" => Self::Added,
            "removed" => Self::Removed,
            "left" => Self::Left,
            "settings" => Self::Settings,
            "role" => Self::Role,
            "edit" => Self::Edit,
            "delete" => Self::Delete,
            "react" => Self::React,
            "pin" => Self::Pin,
            other => Self::Other(other.into()),
        }
    }

    /// The word on the wire and in the log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text => "text",
            Self::Created => "created",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Left => "left",
            Self::Settings => "settings",
            Self::Role => "role",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::React => "react",
            Self::Pin => "pin",
            Self::Other(word) => word,
        }
    }

    /// Whether entries of this kind are messages, counted by [`crate::Ordinal`] and so by unread.
    #[must_use]
    pub fn counts(&self) -> bool {
        matches!(self, Self::Text)
    }

    /// Whether entries of this kind change an earlier entry, which they name as `target_seq`.
    #[must_use]
    pub fn amends(&self) -> bool {
        matches!(self, Self::Edit | Self::Delete | Self::React | Self::Pin)
    }

    /// Whether entries of this kind change who is a member.
    #[must_use]
    pub fn moves_members(&self) -> bool {
        matches!(self, Self::Created | Self::Added | Self::Removed | Self::Left)
    }

    /// Whether a client may send this kind: `text`, or a well-formed word that is not reserved.
    #[must_use]
    pub fn may_be_sent(&self) -> bool {
        let word = self.as_str();
        let well_formed = !word.is_empty()
            && word.len() <= limits::KIND_BYTES_MAX
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.');
        well_formed && !RESERVED.contains(&word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::of(&String::deserialize(deserializer)?))
    }
}

/// The body of a `text`: CommonMark source with what it names set out beside it, never parsed out of it. Its `Debug`
/// tells how much there is, not what it says.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Body {
    /// CommonMark (a subset) as its author typed it, at most [`limits::TEXT_BYTES_MAX`] bytes.
    #[serde(default)]
    pub text: String,
    /// Who is named, and where in `text`. Empty is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
    /// Where in `text` everybody is named at once; it takes the right to (see [`crate::rights`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mention_all: Option<TextRange>,
    /// Attachments, by id. Empty is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub media: Vec<Uuid>,
    /// Whose words these are, where they were passed on. Written by the server; in what a client says it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<Forwarded>,
}

/// Where a forwarded message comes from. The conversation is not named: not everybody here knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Forwarded {
    /// Who wrote it first.
    pub sender: UserId,
    /// When, in milliseconds since 1970 UTC.
    pub created_ms: u64,
}

/// A part of a text. On the wire an object and nothing else, as a [`Mention`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Map<String, serde_json::Value>")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TextRange {
    /// Where it starts, in bytes of UTF-8.
    pub start: u32,
    /// How long it is, in bytes of UTF-8.
    pub len: u32,
}

impl TryFrom<serde_json::Map<String, serde_json::Value>> for TextRange {
    type Error = Fault;

    fn try_from(fields: serde_json::Map<String, serde_json::Value>) -> Result<Self, Fault> {
        let number = |name| fields.get(name)?.as_u64()?.try_into().ok();
        let range = number("start").zip(number("len"));
        let (start, len) = range.ok_or(Fault("a range in a text is {start, len}"))?;
        Ok(Self { start, len })
    }
}

impl TextRange {
    fn lies_in(self, text: &str) -> bool {
        let start = self.start as usize;
        let end = start.checked_add(self.len as usize);
        self.len > 0 && end.is_some_and(|end| text.get(start..end).is_some())
    }
}

/// One person named in a text. On the wire an object and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mention {
    /// Who.
    pub user: UserId,
    /// Where the name starts in `text`, in bytes of UTF-8.
    pub start: u32,
    /// How long it is, in bytes of UTF-8.
    pub len: u32,
}

impl<'de> Deserialize<'de> for Mention {
    /// A derived reader would also take a list of the fields in order. The body is kept as its author wrote it, so such
    /// a list would reach everybody else, whose programs would not take it.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        #[derive(Deserialize)]
        struct Fields {
            user: UserId,
            start: u32,
            len: u32,
        }

        impl<'de> Visitor<'de> for Object {
            type Value = Mention;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mention: {user, start, len}")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Mention, A::Error> {
                let Fields { user, start, len } = Fields::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Mention { user, start, len })
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// What is wrong with a body, in words for the developer of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(pub &'static str);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("text_bytes", &self.text.len())
            .field("mentions", &self.mentions)
            .field("mention_all", &self.mention_all)
            .field("media", &self.media)
            .field("forwarded", &self.forwarded)
            .finish()
    }
}

impl Body {
    /// A plain text without mentions or media.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// The body as JSON source, ready for a `send`.
    #[must_use]
    pub fn to_raw(&self) -> Box<RawValue> {
        serde_json::value::to_raw_value(self).expect("a body of strings and numbers is always JSON")
    }

    /// Reads and checks the body of a `text` as a client says it.
    ///
    /// # Errors
    /// [`Fault`] says which rule it breaks.
    pub fn check(raw: &RawValue) -> Result<Self, Fault> {
        let body = Self::read(raw)?;
        if body.forwarded.is_some() {
            return Err(Fault(
                "`forwarded` is the server's to write; say `forward` in the `send`",
            ));
        }
        Ok(body)
    }

    /// Reads and checks the body of a `text` as it may stand in a log: also one that was passed on.
    ///
    /// # Errors
    /// [`Fault`] says which rule it breaks.
    pub fn read(raw: &RawValue) -> Result<Self, Fault> {
        // An array of the fields in order would pass for a struct here, and for nothing in any other language.
        if !raw.get().starts_with('{') {
            return Err(Fault("a body is a JSON object"));
        }
        let body: Self = serde_json::from_str(raw.get())
            .map_err(|_| Fault("the body of a text is {text, mentions?, mention_all?, media?}"))?;
        if body.text.len() > limits::TEXT_BYTES_MAX {
            return Err(Fault("the text is longer than text_bytes_max"));
        }
        if body.mentions.len() > limits::MENTIONS_MAX {
            return Err(Fault("more mentions than mentions_max"));
        }
        if body.media.len() > limits::MEDIA_MAX {
            return Err(Fault("more media than media_max"));
        }
        if body.text.trim().is_empty() && body.media.is_empty() {
            return Err(Fault("a message says something or carries something"));
        }
        let named = body.mentions.iter().map(|mention| mention.range());
        named
            .chain(body.mention_all)
            .all(|range| range.lies_in(&body.text))
            .then_some(())
            .ok_or(Fault("a mention's range is not in the text"))?;
        Ok(body)
    }
}

impl Mention {
    fn range(self) -> TextRange {
        let Self { start, len, .. } = self;
        TextRange { start, len }
    }
}

/// Checks what is true of a body of *any* kind: a JSON object, small enough, not too deep.
///
/// # Errors
/// [`Fault`] says which rule it breaks.
pub fn check_any(raw: &RawValue) -> Result<(), Fault> {
    let source = raw.get();
    if source.len() > limits::BODY_BYTES_MAX {
        return Err(Fault("the body is longer than body_bytes_max"));
    }
    if !source.starts_with('{') {
        return Err(Fault("a body is a JSON object"));
    }
    if depth(source) > limits::BODY_DEPTH_MAX {
        return Err(Fault("the body nests deeper than body_depth_max"));
    }
    Ok(())
}

/// How deep valid JSON nests. Brackets inside strings do not count.
fn depth(source: &str) -> usize {
    let (mut now, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in source.bytes() {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (false, b'"') => in_string = true,
            (false, b'{' | b'[') => {
                now += 1;
                deepest = deepest.max(now);
            }
            (false, b'}' | b']') => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Checks what somebody reacts with: one character as a reader sees it (an extended grapheme cluster, UAX #29) that is
/// no letter or digit of ASCII, or a word between colons, `:like_this:`.
///
/// # Errors
/// [`Fault`] says which rule it breaks.
pub fn check_emoji(emoji: &str) -> Result<(), Fault> {
    if emoji.len() > limits::EMOJI_BYTES_MAX {
        return Err(Fault("the emoji is longer than emoji_bytes_max"));
    }
    if let Some(word) = emoji.strip_prefix(':').and_then(|rest| rest.strip_suffix(':')) {
        let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'+');
        return (!word.is_empty() && word.bytes().all(known))
            .then_some(())
            .ok_or(Fault("a word between colons has a-z, 0-9, `_`, `-` and `+` only"));
    }
    let visible = !emoji.is_ascii() && !emoji.chars().any(|c| c.is_control() || c.is_whitespace());
    (visible && emoji.graphemes(true).count() == 1)
        .then_some(())
        .ok_or(Fault("a reaction is one emoji, or a word between colons"))
}

/// The longest beginning of `text` that is at most `bytes_max` bytes and cuts no character a reader sees in two
/// (extended grapheme clusters, UAX #29).
#[must_use]
pub fn cut(text: &str, bytes_max: usize) -> &str {
    if text.len() <= bytes_max {
        return text;
    }
    let end = text
        .grapheme_indices(true)
        .map(|(start, cluster)| start + cluster.len())
        .take_while(|&end| end <= bytes_max)
        .last();
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(source: &str) -> Box<RawValue> {
        RawValue::from_string(source.to_owned()).expect("JSON")
    }

    #[test]
    fn a_text_is_checked_where_it_is_known_and_open_elsewhere() {
        let body = Body::check(&raw(r#"{"text":"hi","colour":"blue"}"#)).expect("an unknown field is no fault");
        assert_eq!(body, Body::text("hi"));
        for bad in [
            r#"{"text":" "}"#,
            r#"{"text":5}"#,
            "[]",
            r#"["hi"]"#,
            r#"{"text":"hi","mentions":[["00000000-0000-4000-8000-000000000001",0,2]]}"#,
            r#"{"text":"hé","mentions":[{"user":"00000000-0000-4000-8000-000000000001","start":0,"len":2}]}"#,
        ] {
            assert!(Body::check(&raw(bad)).is_err(), "{bad}");
        }
        assert!(
            Body::check(&raw(&format!(
                r#"{{"text":"{}"}}"#,
                "x".repeat(limits::TEXT_BYTES_MAX + 1)
            )))
            .is_err()
        );
    }

    #[test]
    fn any_body_is_a_shallow_object() {
        assert!(
            check_any(&raw(r#"{"a":"[[[[[[[[[[[[[[[[[[[[["}"#)).is_ok(),
            "brackets in strings do not nest"
        );
        assert!(check_any(&raw("[]")).is_err());
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(16), "]".repeat(16));
        assert!(check_any(&raw(&deep)).is_err());
    }

    #[test]
    fn a_cut_keeps_what_a_reader_sees_whole() {
        let family = "👨‍👩‍👧‍👦";
        assert_eq!(cut(family, family.len() - 1), "");
        assert_eq!(cut("naïve", 3), "na");
        assert_eq!(cut("e\u{301}e\u{301}", 5), "e\u{301}");
        assert_eq!(cut("short", 10), "short");
    }

    #[test]
    fn a_reaction_is_one_emoji_or_a_word() {
        for good in ["👍", "❤️", "👨‍👩‍👧", "1\u{fe0f}\u{20e3}", "é", ":ok:", ":plus+1:"] {
            assert!(check_emoji(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "1",
            " ",
            "👍👍",
            "👍 ",
            "::",
            ":Ok:",
            ":a b:",
            "\u{7}",
            "\u{3000}",
            &"👍".repeat(9),
        ] {
            assert!(check_emoji(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_server_alone_writes_reserved_kinds() {
        for word in RESERVED {
            assert!(!Kind::of(word).may_be_sent(), "{word}");
        }
        assert!(Kind::of("poll").may_be_sent() && !Kind::of("poll").counts());
        assert!(!Kind::of("").may_be_sent() && !Kind::of("Poll").may_be_sent());
    }
}
