//! XML cut down to what data needs: elements, attributes and text in UTF-8. No document type, so no entities of its own and
//! nothing to fetch; no processing instructions; no text between elements. Size, depth and number of elements are
//! bounded, and one child of the root is in memory at a time.

use hocba_record::types::Text;
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

use crate::finding::{Code, Finding, Words};

/// What is read of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlLimits {
    /// Bytes of the file: 256 MiB; a package of 5,000 records has about 100.
    pub bytes: usize,
    /// Nesting of elements, the root included: 16; ours have 8.
    pub depth: usize,
    /// Elements of one child of the root's list: 10,000; a record has about 500.
    pub elements: usize,
    /// Records, or answers, of a file: 20,000.
    pub records: usize,
    /// Findings listed: 1,000.
    pub findings: usize,
}

impl Default for XmlLimits {
    fn default() -> Self {
        Self { bytes: 256 << 20, depth: 16, elements: 10_000, records: 20_000, findings: 1_000 }
    }
}

/// An element and all that is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    pub text: String,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Why a file cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Large,
    Deep,
    Many,
    /// A document type, an entity, a processing instruction, another encoding.
    NotPlain,
    Syntax,
    /// Text beside elements, or characters that no text may have.
    Text,
    Truncated,
}

impl Fault {
    pub fn finding(self, pointer: &str, limits: &XmlLimits) -> Finding {
        let (code, vi, en) = match self {
            Fault::Large => {
                let n = limits.bytes;
                (Code::FileTooLarge, format!("Tệp không quá {n} byte."), format!("A file of at most {n} bytes."))
            }
            Fault::Deep => {
                let n = limits.depth;
                (Code::TooDeep, format!("Không quá {n} tầng phần tử."), format!("At most {n} levels of elements."))
            }
            Fault::Many => {
                let n = limits.elements;
                (Code::TooManyElements, format!("Không quá {n} phần tử."), format!("At most {n} elements."))
            }
            Fault::NotPlain => (
                Code::XmlNotPlain,
                "XML mã hoá UTF-8, không DOCTYPE, không thực thể riêng, không chỉ thị xử lý.".to_owned(),
                "XML in UTF-8 without a DOCTYPE, entities of its own or processing instructions.".to_owned(),
            ),
            Fault::Syntax => (Code::NotXml, "XML đúng cú pháp.".to_owned(), "Well-formed XML.".to_owned()),
            Fault::Text => (
                Code::BadText,
                "Chữ Unicode dựng sẵn (NFC), không ký tự ẩn, không nằm giữa các phần tử.".to_owned(),
                "Text in NFC without invisible characters, and none between elements.".to_owned(),
            ),
            Fault::Truncated => (Code::Truncated, "Tệp trọn vẹn.".to_owned(), "A complete file.".to_owned()),
        };
        let mend = Words::new("Xuất lại tệp từ hệ thống gửi.", "Export the file from the sending system again.");
        Finding::error(code, pointer, Words::new(vi, en), mend)
    }
}

/// A file whose root is open.
pub(crate) struct Document<'a> {
    reader: Reader<&'a [u8]>,
    limits: &'a XmlLimits,
    pub root: Element,
    /// Elements that are open: the root, and a list in it.
    open: usize,
}

impl<'a> Document<'a> {
    /// Reads up to the root's first child.
    pub fn open(bytes: &'a [u8], limits: &'a XmlLimits) -> Result<Self, Fault> {
        if bytes.len() > limits.bytes {
            return Err(Fault::Large);
        }
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| Fault::NotPlain)?;
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let mut document = Self { reader, limits, root: Element::default(), open: 0 };
        let mut declared = false;
        loop {
            match document.event()? {
                Event::Decl(decl) if !declared => {
                    let encoding = decl.encoding().transpose().map_err(|_| Fault::NotPlain)?;
                    if encoding.is_some_and(|e| !e.eq_ignore_ascii_case("utf-8")) {
                        return Err(Fault::NotPlain);
                    }
                    declared = true;
                }
                Event::Start(start) => {
                    document.root = element(&start)?;
                    document.open = 1;
                    return Ok(document);
                }
                Event::Text(text) if text.xml10_content().trim().is_empty() => {}
                Event::Comment(_) => {}
                Event::Eof => return Err(Fault::Truncated),
                Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::GeneralRef(_) => {
                    return Err(Fault::NotPlain);
                }
                _ => return Err(Fault::Syntax),
            }
        }
    }

    fn event(&mut self) -> Result<Event<'a>, Fault> {
        self.reader.read_event().map_err(|error| match error {
            quick_xml::Error::Syntax(_) => Fault::Truncated,
            _ => Fault::Syntax,
        })
    }

    /// The next child of the open element with all that is in it; none at its end. A child of the name `list` is opened
    /// and its own children follow, so that a long list is never in memory.
    pub fn next(&mut self, list: &str) -> Result<Option<Element>, Fault> {
        loop {
            match self.event()? {
                Event::Start(start) => {
                    let child = element(&start)?;
                    if child.name == list && self.open == 1 && child.attributes.is_empty() {
                        self.open += 1;
                        continue;
                    }
                    let mut left = self.limits.elements;
                    return self.rest(child, self.open + 1, &mut left).map(Some);
                }
                Event::End(_) => {
                    self.open = self.open.saturating_sub(1);
                    if self.open == 0 {
                        self.end()?;
                        return Ok(None);
                    }
                }
                Event::Text(text) if text.xml10_content().trim().is_empty() => {}
                Event::Comment(_) => {}
                other => return Err(refuse(&other)),
            }
        }
    }

    /// Nothing but blanks and comments stands behind the root.
    fn end(&mut self) -> Result<(), Fault> {
        loop {
            match self.event()? {
                Event::Eof => return Ok(()),
                Event::Text(text) if text.xml10_content().trim().is_empty() => {}
                Event::Comment(_) => {}
                Event::PI(_) | Event::DocType(_) | Event::GeneralRef(_) => return Err(Fault::NotPlain),
                _ => return Err(Fault::Syntax),
            }
        }
    }

    /// What is in an element that was just opened. Recursion is bounded by the depth.
    fn rest(&mut self, mut element: Element, depth: usize, left: &mut usize) -> Result<Element, Fault> {
        if depth > self.limits.depth {
            return Err(Fault::Deep);
        }
        *left = left.checked_sub(1).ok_or(Fault::Many)?;
        loop {
            match self.event()? {
                Event::Start(start) => {
                    let child = self::element(&start)?;
                    let child = self.rest(child, depth + 1, left)?;
                    element.children.push(child);
                }
                Event::End(_) => break,
                Event::Text(text) => element.text.push_str(&text.xml10_content()),
                Event::CData(text) => element.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let c = match reference.resolve_char_ref().map_err(|_| Fault::Syntax)? {
                        Some(c) => c,
                        None => match &*reference.xml10_content() {
                            "lt" => '<',
                            "gt" => '>',
                            "amp" => '&',
                            "quot" => '"',
                            "apos" => '\'',
                            _ => return Err(Fault::NotPlain),
                        },
                    };
                    element.text.push(c);
                }
                Event::Comment(_) => {}
                other => return Err(refuse(&other)),
            }
        }
        if element.children.is_empty() {
            // Blanks at the ends are layout; inside, text is as the record has it or it is none.
            if element.text.trim().is_empty() {
                element.text.clear();
            } else if element.text.parse::<Text>().is_err() {
                return Err(Fault::Text);
            }
        } else if element.text.trim().is_empty() {
            element.text.clear();
        } else {
            return Err(Fault::Text);
        }
        Ok(element)
    }
}

fn refuse(event: &Event<'_>) -> Fault {
    match event {
        Event::Eof => Fault::Truncated,
        Event::PI(_) | Event::DocType(_) | Event::GeneralRef(_) | Event::Decl(_) => Fault::NotPlain,
        Event::Text(_) | Event::CData(_) => Fault::Text,
        _ => Fault::Syntax,
    }
}

/// Most attributes of an element; ours have three.
const MAX_ATTRIBUTES: usize = 16;

fn element(start: &BytesStart<'_>) -> Result<Element, Fault> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| Fault::Syntax)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| Fault::NotPlain)?;
        if attributes.len() == MAX_ATTRIBUTES {
            return Err(Fault::Many);
        }
        attributes.push((attribute.key.0.to_owned(), value.into_owned()));
    }
    Ok(Element { name: start.name().0.to_owned(), attributes, ..Element::default() })
}

/// Writes elements, two blanks of indentation for each level.
pub(crate) struct Writer {
    out: String,
    open: Vec<String>,
}

impl Writer {
    pub fn new() -> Self {
        Self { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::new() }
    }

    /// A comment, of words of ours.
    pub fn comment(&mut self, words: &str) {
        self.indent();
        self.out.push_str(&format!("<!-- {words} -->\n"));
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.open.len()));
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push_str(&format!(" {name}=\""));
            escape(value, &mut self.out);
            self.out.push('"');
        }
    }

    pub fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes);
        self.out.push_str(">\n");
        self.open.push(name.to_owned());
    }

    pub fn end(&mut self) {
        let name = self.open.pop().expect("every end has its start");
        self.indent();
        self.out.push_str(&format!("</{name}>\n"));
    }

    pub fn leaf(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.tag(name, attributes);
        self.out.push('>');
        escape(text, &mut self.out);
        self.out.push_str(&format!("</{name}>\n"));
    }

    pub fn finish(self) -> Vec<u8> {
        self.out.into_bytes()
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

/// Whether a name may be an element's: ours and those of the record are ASCII.
pub(crate) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<(Element, Vec<Element>), Fault> {
        let limits = XmlLimits { bytes: 10_000, depth: 5, elements: 20, ..XmlLimits::default() };
        let mut document = Document::open(text.as_bytes(), &limits)?;
        let mut children = Vec::new();
        while let Some(child) = document.next("Ds")? {
            children.push(child);
        }
        Ok((document.root.clone(), children))
    }

    #[test]
    fn elements_attributes_and_text_are_read() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- a --><G a=\"1 &lt; 2\">\n <H/><Ds> <B><C>x &amp; &#233; <![CDATA[<y>]]></C></B>\n</Ds><T/></G>\n";
        let (root, children) = all(text).expect("sound");
        assert_eq!(root.attribute("a"), Some("1 < 2"));
        let names: Vec<&str> = children.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["H", "B", "T"]);
        assert_eq!(children[1].children[0].text, "x & é <y>");
    }

    #[test]
    fn what_data_does_not_need_is_refused() {
        let deep = format!("<a>{}{}</a>", "<b>".repeat(9), "</b>".repeat(9));
        let wide = format!("<a><b>{}</b></a>", "<c/>".repeat(30));
        let large = format!("<a>{}</a>", " ".repeat(20_000));
        for (text, fault) in [
            ("<!DOCTYPE a [<!ENTITY b \"c\">]><a><x>&b;</x></a>", Fault::NotPlain),
            ("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", Fault::NotPlain),
            ("<a><x>&b;</x></a>", Fault::NotPlain),
            ("<a b=\"&c;\"/>", Fault::NotPlain),
            ("<a><?php x?></a>", Fault::NotPlain),
            ("<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>", Fault::NotPlain),
            ("<a><b>text<c/></b></a>", Fault::Text),
            ("<a>text</a>", Fault::Text),
            ("<a><b>x\u{202e}y</b></a>", Fault::Text),
            ("<a><b></a>", Fault::Syntax),
            ("<a b=\"1\" b=\"2\"/>", Fault::Syntax),
            ("<a/><a/>", Fault::Syntax),
            ("<a><b>", Fault::Truncated),
            ("", Fault::Truncated),
            (&deep, Fault::Deep),
            (&wide, Fault::Many),
            (&large, Fault::Large),
        ] {
            assert_eq!(all(text).err(), Some(fault), "{text:.60}");
        }
    }
}
