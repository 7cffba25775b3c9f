//! What a text's marks mean: the one grammar of Tidings, a part of CommonMark, as a small tree that any client can
//! draw. docs/PROTOCOL.md has it in words, `tests/markup.json` in examples that every client has to pass.
//!
//! The parsing is `pulldown-cmark`'s; here is what of it counts. What does not count is shown as it was typed: but for
//! the marks themselves, a link's title and what follows a language, every letter is in the tree. Nothing in the tree
//! commands: no control character, nothing that turns a line around, no link but to the web and to a mailbox.

mod bare;
mod build;

pub use bare::followed;

use serde::{Deserialize, Serialize};

/// How deep a tree may be: lists and quotes in each other, strong in emphasis. A text that would be deeper is shown as
/// it was typed.
pub const DEPTH_MAX: usize = 16;
/// How many nodes a tree may have. A text that would have more is shown as it was typed.
pub const NODES_MAX: usize = 4_096;
/// The longest address that is a link, in bytes.
pub const LINK_BYTES_MAX: usize = 2_048;

/// A part of a text that stands by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Lines of words.
    Paragraph(Vec<Inline>),
    /// Somebody else's words, or what is answered.
    Quote(Vec<Block>),
    /// Items, with the number of the first where they are counted.
    List {
        /// The number of the first item; `None`: they have points.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<u64>,
        /// The items.
        items: Vec<Vec<Block>>,
    },
    /// Lines to be shown letter by letter.
    Code {
        /// In which language, if that was said: letters, digits, `+`, `-`, `#`, `.`, `_`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
        /// The lines, without the last line break.
        text: String,
    },
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inline {
    /// Letters.
    Text(String),
    /// A new line.
    Break,
    /// Said loudly.
    Strong(Vec<Inline>),
    /// Said with weight.
    Emphasis(Vec<Inline>),
    /// Taken back.
    Strike(Vec<Inline>),
    /// To be shown letter by letter.
    Code(String),
    /// Leads somewhere. Show where, if the words say something else.
    Link {
        /// `http:`, `https:` or `mailto:` and the rest of the address.
        to: String,
        /// What stands there.
        shown: Vec<Inline>,
    },
}

/// The tree of a text. Of any text whatever there is one.
#[must_use]
pub fn parse(source: &str) -> Vec<Block> {
    let clean = clean(source);
    if clean.len() <= protocol::limits::TEXT_BYTES_MAX
        && let Some(blocks) = build::tree(&clean)
    {
        return blocks;
    }
    as_typed(&clean)
}

/// Lines as they were typed.
fn as_typed(source: &str) -> Vec<Block> {
    let lines = lines(source);
    if lines.is_empty() {
        Vec::new()
    } else {
        vec![Block::Paragraph(lines)]
    }
}

/// Each line as letters, a break between two.
fn lines(source: &str) -> Vec<Inline> {
    let mut inlines = Vec::new();
    for (n, line) in source.trim_end_matches('\n').split('\n').enumerate() {
        if n > 0 {
            inlines.push(Inline::Break);
        }
        if !line.is_empty() {
            inlines.push(Inline::Text(line.to_owned()));
        }
    }
    inlines
}

/// Whether a letter is none, but a command: to a terminal, or to whoever lays out a line.
fn commands(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        c if c.is_control() => true,
        // Embeddings, overrides and isolates; the marks that are mere hints (U+200E, U+200F, U+061C) stay.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        // No characters at all; one of them serves here as a mark.
        '\u{fffe}' | '\u{ffff}' => true,
        _ => false,
    }
}

/// The text with one sort of line break and without what commands.
fn clean(source: &str) -> String {
    let source = source.replace("\r\n", "\n");
    let breaks = source.chars().map(|c| {
        if matches!(c, '\r' | '\u{2028}' | '\u{2029}') {
            '\n'
        } else {
            c
        }
    });
    breaks.filter(|c| !commands(*c)).collect()
}
