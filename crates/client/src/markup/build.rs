//! From the parser's events to the tree. A stack instead of recursion: how deep it goes is for whoever wrote the text
//! to say, and for us to end.

use super::bare::{followed, linked};
use super::{Block, DEPTH_MAX, Inline, NODES_MAX, lines};
use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag};

/// Put between `]` and `:`, so that nothing is a definition of a link: those would not be shown at all.
const NO_DEFINITION: char = '\u{fffe}';
/// The longest name of a language, in bytes.
const LANGUAGE_BYTES_MAX: usize = 32;

/// What is open.
enum Open {
    Blocks(Around, Vec<Block>, Vec<Inline>),
    List(Option<u64>, Vec<Vec<Block>>),
    Inlines(Sort, Vec<Inline>),
    Code(Option<String>, String),
    /// Lines as they were typed, four spaces before each.
    Indented(String),
    /// The same without.
    Html(String),
}

enum Around {
    Text,
    Quote,
    Item,
}

enum Sort {
    Paragraph,
    /// With what stands below it.
    Underlined(String),
    Strong,
    Emphasis,
    Strike,
    Link(String),
}

struct Build {
    open: Vec<Open>,
    /// Within something that was taken over as it was typed: how many of its parts are open.
    passing: usize,
}

/// The tree of a clean text; `None`: it is too deep or too large.
pub fn tree(clean: &str) -> Option<Vec<Block>> {
    let source = clean.replace("]:", &format!("]{NO_DEFINITION}:"));
    let parser = Parser::new_ext(&source, Options::ENABLE_STRIKETHROUGH).into_offset_iter();
    let mut build = Build {
        open: vec![Open::Blocks(Around::Text, Vec::new(), Vec::new())],
        passing: 0,
    };
    for (event, range) in parser {
        build.take(event, &source[range]);
        if build.open.len() > DEPTH_MAX {
            return None;
        }
    }
    match build.open.pop() {
        Some(Open::Blocks(_, mut blocks, loose)) => {
            close_loose(&mut blocks, loose);
            (count(&blocks) <= NODES_MAX).then_some(blocks)
        }
        _ => None,
    }
}

/// How many blocks and parts of lines there are. Not deep: that was seen to.
fn count(blocks: &[Block]) -> usize {
    let each = blocks.iter().map(|block| match block {
        Block::Paragraph(inlines) => count_inlines(inlines),
        Block::Quote(blocks) => count(blocks),
        Block::List { items, .. } => items.iter().map(|item| 1 + count(item)).sum(),
        Block::Code { .. } => 0,
    });
    blocks.len() + each.sum::<usize>()
}

fn count_inlines(inlines: &[Inline]) -> usize {
    let each = inlines.iter().map(|inline| match inline {
        Inline::Text(_) | Inline::Break | Inline::Code(_) => 0,
        Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => count_inlines(inner),
        Inline::Link { shown, .. } => count_inlines(shown),
    });
    inlines.len() + each.sum::<usize>()
}

fn plain(text: &str) -> String {
    text.replace(NO_DEFINITION, "")
}

impl Build {
    fn take(&mut self, event: Event<'_>, typed: &str) {
        if self.passing > 0 {
            match event {
                Event::Start(_) => self.passing += 1,
                Event::End(_) => self.passing -= 1,
                _ => {}
            }
            return;
        }
        match event {
            Event::Start(tag) => self.start(tag, typed),
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(&text, typed),
            Event::Code(code) => self.inline(Inline::Code(plain(&code))),
            Event::Html(html) => self.text(&html, typed),
            Event::SoftBreak | Event::HardBreak => self.inline(Inline::Break),
            Event::Rule => self.typed_block(typed),
            // HTML in a line, which may go on in the next one.
            _ => self.as_typed(typed),
        }
    }

    fn start(&mut self, tag: Tag<'_>, typed: &str) {
        let open = match tag {
            Tag::Paragraph => Open::Inlines(Sort::Paragraph, Vec::new()),
            Tag::BlockQuote(_) => Open::Blocks(Around::Quote, Vec::new(), Vec::new()),
            Tag::List(start) => Open::List(start, Vec::new()),
            Tag::Item => Open::Blocks(Around::Item, Vec::new(), Vec::new()),
            Tag::CodeBlock(CodeBlockKind::Fenced(info)) => Open::Code(language(&info), String::new()),
            Tag::CodeBlock(CodeBlockKind::Indented) => Open::Indented(String::new()),
            Tag::HtmlBlock => Open::Html(String::new()),
            Tag::Emphasis => Open::Inlines(Sort::Emphasis, Vec::new()),
            Tag::Strong => Open::Inlines(Sort::Strong, Vec::new()),
            Tag::Strikethrough => Open::Inlines(Sort::Strike, Vec::new()),
            Tag::Heading { .. } if !typed.trim_start().starts_with('#') => {
                let below = typed.trim_end().rsplit('\n').next().unwrap_or_default();
                let below = below.trim_start_matches(['>', ' ', '\t']);
                Open::Inlines(Sort::Underlined(below.to_owned()), Vec::new())
            }
            Tag::Heading { .. } => {
                self.passing = 1;
                return self.typed_block(typed);
            }
            Tag::Link {
                link_type, dest_url, ..
            } => {
                let to = match link_type {
                    LinkType::Email => format!("mailto:{dest_url}"),
                    _ => dest_url.into_string(),
                };
                match followed(&plain(&to)) {
                    Some(to) => Open::Inlines(Sort::Link(to.to_owned()), Vec::new()),
                    None => return self.pass(typed),
                }
            }
            _ => return self.pass(typed),
        };
        if matches!(
            open,
            Open::Inlines(Sort::Paragraph | Sort::Underlined(_), _)
                | Open::Blocks(..)
                | Open::List(..)
                | Open::Code(..)
                | Open::Indented(_)
                | Open::Html(_)
        ) {
            self.end_loose();
        }
        self.open.push(open);
    }

    /// Takes what begins here as it was typed, with all that is in it.
    fn pass(&mut self, typed: &str) {
        self.passing = 1;
        self.as_typed(typed);
    }

    fn as_typed(&mut self, typed: &str) {
        for inline in lines(&plain(typed)) {
            self.inline(inline);
        }
    }

    fn typed_block(&mut self, typed: &str) {
        self.block(Block::Paragraph(lines(&plain(typed.trim()))));
    }

    /// Letters: as they were typed, but for escapes, which the parser has taken out; so `&amp;` stays `&amp;`.
    fn text(&mut self, text: &str, typed: &str) {
        match self.open.last_mut() {
            Some(Open::Code(_, code)) => code.push_str(&plain(text)),
            Some(Open::Indented(lines) | Open::Html(lines)) => lines.push_str(&plain(text)),
            _ => self.inline(Inline::Text(plain(typed))),
        }
    }

    fn inline(&mut self, inline: Inline) {
        let Some(Open::Inlines(_, inlines) | Open::Blocks(_, _, inlines)) = self.open.last_mut() else {
            return;
        };
        match (inlines.last_mut(), inline) {
            (Some(Inline::Text(before)), Inline::Text(more)) => before.push_str(&more),
            (_, inline) => inlines.push(inline),
        }
    }

    fn block(&mut self, block: Block) {
        self.end_loose();
        if let Some(Open::Blocks(_, blocks, _)) = self.open.last_mut() {
            blocks.push(block);
        }
    }

    /// In a list whose items are lines, a line is no paragraph to the parser. It is one to us.
    fn end_loose(&mut self) {
        if let Some(Open::Blocks(_, blocks, loose)) = self.open.last_mut() {
            close_loose(blocks, std::mem::take(loose));
        }
    }

    fn end(&mut self) {
        self.end_loose();
        let Some(open) = self.open.pop() else { return };
        match open {
            Open::Blocks(Around::Quote, blocks, _) => self.block(Block::Quote(blocks)),
            Open::Blocks(_, blocks, _) => {
                if let Some(Open::List(_, items)) = self.open.last_mut() {
                    items.push(blocks);
                }
            }
            Open::List(start, items) => self.block(Block::List { start, items }),
            Open::Code(language, text) => {
                let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
                self.block(Block::Code { language, text });
            }
            Open::Indented(text) => {
                let indented: Vec<String> = text.trim_end().lines().map(|line| format!("    {line}")).collect();
                self.block(Block::Paragraph(lines(&indented.join("\n"))));
            }
            Open::Html(text) => self.block(Block::Paragraph(lines(&text))),
            Open::Inlines(sort, inlines) => self.end_inlines(sort, inlines),
        }
    }

    fn end_inlines(&mut self, sort: Sort, inlines: Vec<Inline>) {
        match sort {
            Sort::Paragraph => self.block(Block::Paragraph(with_links(inlines))),
            Sort::Underlined(below) => {
                let mut inlines = with_links(inlines);
                inlines.extend([Inline::Break, Inline::Text(below)]);
                self.block(Block::Paragraph(inlines));
            }
            // Links are found once all is known that stands beside each other, and never in each other.
            Sort::Strong => self.inline(Inline::Strong(self.maybe_links(inlines))),
            Sort::Emphasis => self.inline(Inline::Emphasis(self.maybe_links(inlines))),
            Sort::Strike => self.inline(Inline::Strike(self.maybe_links(inlines))),
            // What leads somewhere can be seen.
            Sort::Link(to) if inlines.is_empty() => {
                let shown = vec![Inline::Text(to.clone())];
                self.inline(Inline::Link { to, shown });
            }
            Sort::Link(to) => self.inline(Inline::Link { to, shown: inlines }),
        }
    }

    fn maybe_links(&self, inlines: Vec<Inline>) -> Vec<Inline> {
        let is_link = |open: &Open| matches!(open, Open::Inlines(Sort::Link(_), _));
        if self.open.iter().any(is_link) {
            inlines
        } else {
            with_links(inlines)
        }
    }
}

fn close_loose(blocks: &mut Vec<Block>, loose: Vec<Inline>) {
    if !loose.is_empty() {
        blocks.push(Block::Paragraph(with_links(loose)));
    }
}

fn with_links(inlines: Vec<Inline>) -> Vec<Inline> {
    let each = inlines.into_iter().flat_map(|inline| match inline {
        Inline::Text(text) => linked(&text),
        other => vec![other],
    });
    each.collect()
}

/// The first word of what stands behind the fence, if it can be a language's name.
fn language(info: &str) -> Option<String> {
    let word = plain(info.split_whitespace().next()?);
    let is_named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '#' | '.' | '_');
    let fits = word.len() <= LANGUAGE_BYTES_MAX && word.chars().all(is_named);
    fits.then_some(word)
}
