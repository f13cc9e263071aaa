//! Tags of a part by their place in it, so that a part can be added to and otherwise stays byte for byte as it was.
//!
//! A reader and a writer of XML would give back another text of the same meaning; the teacher's file should come back as
//! it was sent. Only tags, names and attributes are looked at. What is not well-formed yields no tags from there on.

/// A tag of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// Where its `<` is.
    pub start: usize,
    /// Behind its `>`.
    pub end: usize,
    /// With prefix.
    pub name: &'a str,
    pub kind: Kind,
    attributes: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
    Empty,
}

impl<'a> Tag<'a> {
    /// The name without prefix.
    pub fn local(&self) -> &'a str {
        self.name.rsplit(':').next().unwrap_or(self.name)
    }

    /// The prefix with its colon.
    pub fn prefix(&self) -> &'a str {
        &self.name[..self.name.len() - self.local().len()]
    }

    /// An attribute's raw value, by its name without prefix.
    pub fn raw(&self, wanted: &str) -> Option<&'a str> {
        let mut rest = self.attributes;
        loop {
            let (name, after) = rest.split_once('=')?;
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let (value, behind) = after[1..].split_once(quote)?;
            if name.trim().rsplit(':').next() == Some(wanted) {
                return Some(value);
            }
            rest = behind;
        }
    }

    /// The same with references resolved.
    pub fn value(&self, wanted: &str) -> Option<String> {
        self.raw(wanted).map(unescape)
    }
}

/// All tags in order.
pub(super) fn tags(xml: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + xml.get(at..)?.find('<')?;
            let rest = &xml[start..];
            let skip = |end: &str| rest.find(end).map(|n| start + n + end.len());
            if rest.starts_with("<!--") {
                at = skip("-->")?;
                continue;
            }
            if rest.starts_with("<![CDATA[") {
                at = skip("]]>")?;
                continue;
            }
            if rest.starts_with("<?") || rest.starts_with("<!") {
                at = skip(">")?;
                continue;
            }
            // A `>` may stand in an attribute's value.
            let mut quote = None;
            let length = rest.char_indices().find_map(|(i, c)| {
                match (quote, c) {
                    (None, '>') => return Some(i),
                    (None, '"' | '\'') => quote = Some(c),
                    (Some(open), c) if c == open => quote = None,
                    _ => {}
                }
                None
            })?;
            at = start + length + 1;
            let inner = &rest[1..length];
            let (inner, kind) = match (inner.strip_prefix('/'), inner.strip_suffix('/')) {
                (Some(inner), _) => (inner, Kind::Close),
                (None, Some(inner)) => (inner, Kind::Empty),
                (None, None) => (inner, Kind::Open),
            };
            let name = inner.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
            return Some(Tag { start, end: at, name, kind, attributes: &inner[name.len()..] });
        }
    })
}

/// The place of the first element of this local name: its own tag, and the start of its closing one.
pub(super) fn element<'a>(xml: &'a str, local: &str) -> Option<(Tag<'a>, usize)> {
    let mut found = tags(xml).skip_while(|t| t.local() != local || t.kind == Kind::Close);
    let open = found.next()?;
    if open.kind == Kind::Empty {
        return Some((open, open.end));
    }
    let mut depth = 1;
    for tag in found.filter(|t| t.local() == local) {
        match tag.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            Kind::Empty => {}
        }
        if depth == 0 {
            return Some((open, tag.start));
        }
    }
    None
}

fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let Some((name, behind)) = after.split_once(';').filter(|(name, _)| name.len() <= 8) else {
            text.push('&');
            rest = after;
            continue;
        };
        let number = match (name.strip_prefix("#x"), name.strip_prefix('#')) {
            (Some(hex), _) => u32::from_str_radix(hex, 16).ok(),
            (None, Some(decimal)) => decimal.parse().ok(),
            (None, None) => None,
        };
        match (name, number.and_then(char::from_u32)) {
            ("amp", _) => text.push('&'),
            ("lt", _) => text.push('<'),
            ("gt", _) => text.push('>'),
            ("quot", _) => text.push('"'),
            ("apos", _) => text.push('\''),
            (_, Some(c)) => text.push(c),
            _ => {}
        }
        rest = behind;
    }
    text.push_str(rest);
    text
}

/// Text as the content of an element or of an attribute; characters that XML 1.0 does not have are left out.
pub(super) fn escape(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\n' | '\t' => xml.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => xml.push(c),
        }
    }
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_and_nothing_that_looks_like_one() {
        let xml = "<?xml version='1.0'?><!-- <no/> --><a:b x=\"1 > 2\" r:id='&quot;'><![CDATA[<no/>]]><c/></a:b>";
        let found: Vec<_> = tags(xml).map(|t| (t.name, t.kind)).collect();
        assert_eq!(found, [("a:b", Kind::Open), ("c", Kind::Empty), ("a:b", Kind::Close)]);
        let first = tags(xml).next().expect("a tag");
        assert_eq!((first.local(), first.prefix(), first.value("id")), ("b", "a:", Some("\"".into())));
        assert_eq!(first.raw("x"), Some("1 > 2"));
        for broken in ["<", "<a", "<a x=\"", "<!--", "<a x=>", "a>b", "<é"] {
            tags(broken).for_each(|t| drop(t.value("x")));
        }
        assert_eq!(unescape(&escape("a<b> & \"c\" 'ễ'")), "a<b> & \"c\" 'ễ'");
    }
}
