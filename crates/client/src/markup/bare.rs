//! Addresses: which are links, and those that stand in a text without any mark.

use super::{Inline, LINK_BYTES_MAX, commands};

/// The address, if a link may lead there: `http://…`, `https://…`, `mailto:…`, with nothing in it that cannot be seen,
/// and no name before the host, which would look like one.
#[must_use]
pub fn followed(address: &str) -> Option<&str> {
    let unseen = |c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{061c}' | '\u{2060}' | '\u{feff}');
    let odd = |c: char| c.is_whitespace() || commands(c) || unseen(c) || matches!(c, '<' | '>' | '"' | '\\');
    if address.len() > LINK_BYTES_MAX || address.contains(odd) {
        return None;
    }
    let (scheme, rest) = address.split_once(':')?;
    let leads = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => rest.strip_prefix("//").is_some_and(|rest| {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            host.starts_with(is_of_a_host) && !host.contains('@')
        }),
        "mailto" => !rest.is_empty(),
        _ => false,
    };
    leads.then_some(address)
}

fn is_of_a_host(c: char) -> bool {
    c.is_alphanumeric() || c == '['
}

/// Letters with the addresses of the web in them made links.
pub fn linked(text: &str) -> Vec<Inline> {
    let (mut inlines, mut from) = (Vec::new(), 0);
    let mut at = 0;
    while let Some(start) = next(text, at) {
        let address = address_at(&text[start..]);
        at = start + address.len().max(1);
        if followed(address).is_none() {
            continue;
        }
        if from < start {
            inlines.push(Inline::Text(text[from..start].to_owned()));
        }
        inlines.push(Inline::Link {
            to: address.to_owned(),
            shown: vec![Inline::Text(address.to_owned())],
        });
        from = at;
    }
    if from < text.len() {
        inlines.push(Inline::Text(text[from..].to_owned()));
    }
    inlines
}

/// Where the next one may begin: not within a word.
fn next(text: &str, from: usize) -> Option<usize> {
    let begins = |rest: &str| {
        ["http://", "https://"].iter().any(|scheme| {
            rest.as_bytes()
                .get(..scheme.len())
                .is_some_and(|b| b.eq_ignore_ascii_case(scheme.as_bytes()))
        })
    };
    let hs = text
        .get(from..)?
        .match_indices(['h', 'H'])
        .map(move |(at, _)| from + at);
    hs.into_iter().find(|&at| {
        let before = text[..at].chars().next_back();
        begins(&text[at..]) && !before.is_some_and(char::is_alphanumeric)
    })
}

/// The address that begins here: up to a space or a mark that stands around one, without what ends a sentence.
fn address_at(rest: &str) -> &str {
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`'));
    let mut address = &rest[..end.unwrap_or(rest.len())];
    while let Some(last) = address.chars().next_back() {
        let open = match last {
            ')' => Some('('),
            ']' => Some('['),
            '}' => Some('{'),
            '.' | ',' | ':' | ';' | '!' | '?' | '\'' | '*' | '_' | '~' => None,
            _ => break,
        };
        let count = |of: char| address.matches(of).count();
        if open.is_some_and(|open| count(last) <= count(open)) {
            break;
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address
}
