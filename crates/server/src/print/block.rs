//! What a sheet is made of, and what differs between two versions of it.

use std::collections::BTreeMap;

/// Something the form says, under a name that is the same in every version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Value {
    /// Names it among the values of a record; empty for what only points elsewhere.
    pub(crate) key: String,
    /// What it is, in words: `Toán, HK I`.
    pub(crate) label: String,
    /// What it says.
    pub(crate) text: String,
    /// What the version before said, where that is something else.
    pub(crate) was: Option<String>,
}

impl Value {
    pub(crate) fn new(key: impl Into<String>, label: impl Into<String>, text: impl Into<String>) -> Self {
        // Lines of a remark are one paragraph on paper.
        let text = text.into().replace('\n', " ");
        Self { key: key.into(), label: label.into(), text, was: None }
    }

    /// Its text with what stands struck through before it.
    pub(crate) fn shown(&self) -> String {
        self.was.as_ref().map_or_else(|| self.text.clone(), |was| format!("{was} {}", self.text))
    }
}

/// A column: heading and width in millimetres, which is also its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) label: &'static str,
    pub(crate) mm: u16,
    /// Marks and levels stand in the middle.
    pub(crate) centred: bool,
}

impl Column {
    pub(crate) const fn text(label: &'static str, mm: u16) -> Self {
        Self { label, mm, centred: false }
    }
    pub(crate) const fn mark(label: &'static str, mm: u16) -> Self {
        Self { label, mm, centred: true }
    }
}

/// A row: its head, then a cell for each further column; or one cell instead of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) head: String,
    pub(crate) cells: Vec<Value>,
    /// One cell over this many columns, after which the others follow: exempt, not assessed.
    pub(crate) instead: Option<(Value, u16)>,
}

/// A table; its head is repeated where it goes on on another sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) caption: &'static str,
    pub(crate) columns: &'static [Column],
    pub(crate) rows: Vec<Row>,
}

impl Table {
    /// The cells of a row with their columns.
    pub(crate) fn of<'a>(&self, row: &'a Row) -> impl Iterator<Item = (&'a Value, &'static Column)> + use<'a> {
        let skipped = row.instead.as_ref().map_or(0, |(_, span)| usize::from(*span));
        row.cells.iter().zip(self.columns.iter().skip(1 + skipped))
    }
}

/// A label and what it says, on a line of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) label: String,
    pub(crate) value: Value,
}

impl Fact {
    pub(crate) fn new(key: impl Into<String>, label: impl Into<String>, text: impl Into<String>) -> Self {
        let label = label.into();
        Self { value: Value::new(key, label.clone(), text), label }
    }
}

/// Who signs, as printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    /// Title in capitals, a line for each part: `KT. HIỆU TRƯỞNG`, `PHÓ HIỆU TRƯỞNG`.
    pub(crate) title: Vec<String>,
    /// That and when it was signed.
    pub(crate) said: String,
    /// Name.
    pub(crate) name: String,
}

/// A part of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// In the middle, large: `HỌC BẠ`, with a line below.
    Title(String, String),
    /// The title of a part.
    Heading(String),
    /// Lines.
    Facts(Vec<Fact>),
    /// A table.
    Table(Table),
    /// A text over the whole width, under a label.
    Paragraph(Fact),
    /// A small note: what letters stand for.
    Note(String),
    /// Signatures side by side, never apart.
    Signatures(Vec<Signature>),
    /// The next sheet begins here.
    NextSheet,
}

impl Block {
    fn values(&mut self) -> Vec<&mut Value> {
        match self {
            Block::Facts(facts) => facts.iter_mut().map(|fact| &mut fact.value).collect(),
            Block::Table(table) => table
                .rows
                .iter_mut()
                .flat_map(|row| row.cells.iter_mut().chain(row.instead.as_mut().map(|(value, _)| value)))
                .collect(),
            Block::Paragraph(fact) => vec![&mut fact.value],
            Block::Title(..) | Block::Heading(_) | Block::Note(_) | Block::Signatures(_) | Block::NextSheet => {
                Vec::new()
            }
        }
    }
}

/// Something that differs from the version before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// What it is.
    pub(crate) label: String,
    /// What the version before said; empty: nothing.
    pub(crate) was: String,
    /// What this one says; empty: nothing.
    pub(crate) now: String,
}

/// Marks in `blocks` what the version before said otherwise, and lists it in the form's order; what is gone comes last.
pub(crate) fn compare(blocks: &mut [Block], before: &[Block]) -> Vec<Change> {
    let mut before = before.to_vec();
    let mut old: BTreeMap<String, (usize, String, String)> = BTreeMap::new();
    for value in before.iter_mut().flat_map(Block::values).filter(|value| !value.key.is_empty()) {
        let place = old.len();
        old.insert(value.key.clone(), (place, value.label.clone(), value.text.clone()));
    }
    let mut changes = Vec::new();
    for value in blocks.iter_mut().flat_map(Block::values).filter(|value| !value.key.is_empty()) {
        let was = old.remove(&value.key).map(|(_, _, text)| text).unwrap_or_default();
        if was != value.text {
            let (label, now) = (value.label.clone(), value.text.clone());
            changes.push(Change { label, was: was.clone(), now });
            value.was = Some(was);
        }
    }
    let mut gone: Vec<_> = old.into_values().filter(|(_, _, text)| !text.is_empty()).collect();
    gone.sort_by_key(|(place, ..)| *place);
    changes.extend(gone.into_iter().map(|(_, label, was)| Change { label, was, now: String::new() }));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(pairs: &[(&str, &str)]) -> Vec<Block> {
        vec![Block::Facts(pairs.iter().map(|(key, text)| Fact::new(*key, key.to_uppercase(), *text)).collect())]
    }

    #[test]
    fn what_changed_what_is_new_and_what_is_gone_is_marked_and_nothing_else() {
        let mut now = facts(&[("a", "8,5"), ("b", "Tốt"), ("c", "mới")]);
        let changes = compare(&mut now, &facts(&[("a", "5,8"), ("b", "Tốt"), ("d", "cũ"), ("e", "")]));
        let said: Vec<_> = changes.iter().map(|c| (c.label.as_str(), c.was.as_str(), c.now.as_str())).collect();
        assert_eq!(said, [("A", "5,8", "8,5"), ("C", "", "mới"), ("D", "cũ", "")]);
        let Block::Facts(facts) = &now[0] else { panic!("facts") };
        let was: Vec<Option<&str>> = facts.iter().map(|fact| fact.value.was.as_deref()).collect();
        assert_eq!(was, [Some("5,8"), None, Some("")]);
    }

    #[test]
    fn two_versions_that_say_the_same_have_no_differences() {
        let mut now = facts(&[("a", "8,5")]);
        assert_eq!(compare(&mut now, &facts(&[("a", "8,5")])), []);
    }
}
