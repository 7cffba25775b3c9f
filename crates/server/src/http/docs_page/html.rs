//! Text as HTML.

/// Text that is shown as it stands.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A sentence in which words between backticks are code.
pub fn prose(text: &str) -> String {
    let is_even = text.matches('`').count().is_multiple_of(2);
    if !is_even {
        return escape(text);
    }
    let part = |(index, part): (usize, &str)| {
        if index % 2 == 1 {
            format!("<code>{}</code>", escape(part))
        } else {
            escape(part)
        }
    };
    text.split('`').enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_a_tag() {
        assert_eq!(
            prose("a <b> `c<d` & \"e\""),
            "a &lt;b&gt; <code>c&lt;d</code> &amp; &quot;e&quot;"
        );
        assert_eq!(prose("one ` alone"), "one ` alone");
    }
}
