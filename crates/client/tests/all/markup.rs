//! The grammar of texts, by the examples that every client has to pass, and by texts that nobody would write.

use client::markup::{Block, DEPTH_MAX, Inline, NODES_MAX, parse};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Deserialize;

#[derive(Deserialize)]
struct Example {
    why: String,
    source: String,
    tree: Vec<Block>,
}

/// MRK1: each example has the tree that it has for every client.
#[test]
fn mrk1_the_examples_have_their_trees() {
    let examples: Vec<Example> = serde_json::from_str(include_str!("../markup.json")).expect("the examples");
    assert!(examples.len() >= 150, "none is lost");
    for Example { why, source, tree } in examples {
        assert_eq!(parse(&source), tree, "{why}: {source:?}");
    }
}

/// What there is in a tree: letters, addresses, how deep it is, how many nodes it has.
#[derive(Default)]
struct Seen {
    letters: String,
    addresses: Vec<String>,
    depth: usize,
    nodes: usize,
}

impl Seen {
    fn blocks(&mut self, blocks: &[Block], depth: usize) {
        self.depth = self.depth.max(depth);
        for block in blocks {
            self.nodes += 1;
            match block {
                Block::Paragraph(inlines) => self.inlines(inlines, depth + 1),
                Block::Quote(blocks) => self.blocks(blocks, depth + 1),
                Block::List { items, .. } => items.iter().for_each(|item| self.blocks(item, depth + 2)),
                Block::Code { language, text } => {
                    self.letters.push_str(language.as_deref().unwrap_or_default());
                    self.letters.push_str(text);
                }
            }
        }
    }

    fn inlines(&mut self, inlines: &[Inline], depth: usize) {
        self.depth = self.depth.max(depth);
        for inline in inlines {
            self.nodes += 1;
            match inline {
                Inline::Text(text) => {
                    assert!(!text.contains('\n'), "a line break is a node: {text:?}");
                    self.letters.push_str(text);
                }
                Inline::Code(text) => self.letters.push_str(text),
                Inline::Break => {}
                Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => {
                    self.inlines(inner, depth + 1);
                }
                Inline::Link { to, shown } => {
                    assert!(!shown.is_empty(), "a link to {to} can be seen");
                    self.addresses.push(to.clone());
                    self.inlines(shown, depth + 1);
                }
            }
        }
    }
}

/// What such a text is made of.
const PARTS: &[&str] = &[
    "*",
    "**",
    "_",
    "`",
    "```",
    "~~",
    "[",
    "]",
    "](",
    ")",
    "<",
    ">",
    "> ",
    "!",
    "![",
    "#",
    "# ",
    "- ",
    "1. ",
    "\n",
    "\n\n",
    "\r\n",
    " ",
    "    ",
    "\t",
    "word",
    "é",
    "https://a.example",
    "javascript:x",
    "mailto:x",
    "&amp;",
    "\\",
    "]:",
    "|",
    "---",
    "===",
    "<b>",
    "<!--",
    "\u{202e}",
    "\u{2066}",
    "\u{fffe}",
    "\u{1b}[31m",
    "\u{9b}",
    "\0",
    "\"",
];

/// MRK2: whatever a text is made of, its tree is bounded and commands nothing, and every word of it is there.
#[test]
fn mrk2_whatever_a_text_is_its_tree_commands_nothing() {
    for seed in 0..3_000 {
        let mut chance = StdRng::seed_from_u64(seed);
        let count = chance.random_range(0..if seed % 100 == 0 { 3_000 } else { 40 });
        let source: String = (0..count).map(|_| PARTS[chance.random_range(0..PARTS.len())]).collect();
        let mut seen = Seen::default();
        seen.blocks(&parse(&source), 0);
        assert!(seen.depth <= DEPTH_MAX + 1, "seed {seed}: {source:?}");
        assert!(seen.nodes <= NODES_MAX.max(2 * source.len()), "seed {seed}: {source:?}");
        let commands = |c: char| {
            c != '\n' && c != '\t' && c.is_control()
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}')
        };
        assert!(!seen.letters.contains(commands), "seed {seed}: {source:?}");
        for address in &seen.addresses {
            let leads = ["http://", "https://", "mailto:"]
                .iter()
                .any(|scheme| address.starts_with(scheme));
            assert!(
                leads && !address.contains(commands),
                "seed {seed}: {address:?} of {source:?}"
            );
        }
        let words = |text: &str| text.matches("word").count();
        let told = words(&seen.letters) + seen.addresses.iter().map(|to| words(to)).sum::<usize>();
        // A fence takes what follows its language, a link its title.
        if !source.contains("```") && !source.contains("](") {
            assert!(
                told >= words(&source),
                "seed {seed}: {source:?} became {:?}",
                seen.letters
            );
        }
    }
}
