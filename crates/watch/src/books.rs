//! What a school knows that it sent, in a file that anyone can read and write: CSV with a line for each statement.
//!
//! ```csv
//! leaf,kind,subject,version,class,batch
//! sha256:6e34…,record,fLTwI6…,1,9A3 2026-2027,1
//! ```
//!
//! `class` is the school's word for where it counts the record, free for other kinds; `batch` is where the school was told
//! that it is anchored, empty as long as it was told nothing. No name, no mark.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, Writer};
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::Text,
};

use crate::manifest::{Kind, Tagged};

/// Largest file of books: 200,000 lines of about 150 bytes.
pub const MAX_BOOKS_BYTES: usize = 32 * 1024 * 1024;
/// Most statements in one file: a school of 5,000 pupils over twenty years, twice over.
pub const MAX_ENTRIES: usize = 200_000;
/// Longest label of a class, in bytes.
pub const MAX_LABEL: usize = 64;

const COLUMNS: [&str; 6] = ["leaf", "kind", "subject", "version", "class", "batch"];

/// One statement that the school sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// SHA-256(0x00 || statement).
    pub leaf: Sha256Digest,
    /// Of what.
    pub kind: Kind,
    /// Record, appointment or evidence.
    pub subject: RecordId,
    /// Version of the record; else 1.
    pub version: u32,
    /// Where the school counts it.
    pub class: Option<Text>,
    /// The batch that it was said to be anchored in.
    pub batch: Option<u64>,
}

/// Everything that a school sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    entries: BTreeMap<Sha256Digest, Entry>,
    classes: BTreeMap<RecordId, Option<Text>>,
    batches: BTreeMap<u64, Vec<Sha256Digest>>,
}

/// Why a file is no books.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BooksError {
    /// Longer than books can be.
    #[error("longer than {limit} bytes")]
    TooLarge {
        /// Accepted.
        limit: usize,
    },
    /// The first line does not name the columns.
    #[error("the first line has to be leaf,kind,subject,version,class,batch")]
    Header,
    /// More statements than are accepted.
    #[error("more than {limit} lines")]
    TooMany {
        /// Accepted.
        limit: usize,
    },
    /// A line that says something else than it should.
    #[error("line {line}: {what}")]
    Line {
        /// 1-based line.
        line: u64,
        /// What is wrong.
        what: &'static str,
    },
}

impl Books {
    /// Of these statements. One that is given twice counts once; the one with a batch wins.
    pub fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut once: BTreeMap<Sha256Digest, Entry> = BTreeMap::new();
        for entry in entries {
            if once.get(&entry.leaf).is_none_or(|old| old.batch.is_none()) {
                once.insert(entry.leaf, entry);
            }
        }
        let mut books = Self::default();
        once.into_values().for_each(|entry| books.add(entry));
        books
    }

    fn add(&mut self, entry: Entry) {
        if entry.kind.is_record() {
            self.classes.insert(entry.subject, entry.class.clone());
        }
        if let Some(batch) = entry.batch {
            self.batches.entry(batch).or_default().push(entry.leaf);
        }
        self.entries.insert(entry.leaf, entry);
    }

    /// Reads a file; a byte order mark and semicolons, which spreadsheets write, are understood.
    ///
    /// # Errors
    /// See [`BooksError`].
    pub fn read(bytes: &[u8]) -> Result<Self, BooksError> {
        if bytes.len() > MAX_BOOKS_BYTES {
            return Err(BooksError::TooLarge { limit: MAX_BOOKS_BYTES });
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let first = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
        let delimiter = if first.contains(&b';') { b';' } else { b',' };
        let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bytes);
        let header = reader.headers().map_err(|_| BooksError::Header)?;
        if !header.iter().map(str::trim).eq(COLUMNS) {
            return Err(BooksError::Header);
        }
        let mut books = Self::default();
        for record in reader.records() {
            let record = record.map_err(|error| BooksError::Line {
                line: error.position().map_or(0, csv::Position::line),
                what: "not UTF-8",
            })?;
            let line = record.position().map_or(0, csv::Position::line);
            let wrong = |what| BooksError::Line { line, what };
            let cells: Vec<&str> = record.iter().map(str::trim).collect();
            let [leaf, kind, subject, version, class, batch] = cells[..] else {
                return Err(wrong("six columns are expected"));
            };
            let batch: Option<u64> = match batch {
                "" => None,
                text => Some(text.parse().map_err(|_| wrong("batch: a whole number, or nothing"))?),
            };
            let class: Option<Text> = match class {
                "" => None,
                text => Some(
                    Some(text)
                        .filter(|text| text.len() <= MAX_LABEL && !text.contains('\n'))
                        .and_then(|text| text.parse().ok())
                        .ok_or(wrong("class: a short name of one line"))?,
                ),
            };
            let entry = Entry {
                leaf: leaf.parse::<Tagged>().map_err(|_| wrong("leaf: sha256: and 64 lowercase hex digits"))?.0,
                kind: kind.parse().map_err(|_| wrong("kind: record, appointment or evidence"))?,
                subject: subject.parse().map_err(|_| wrong("subject: an id of 22 characters"))?,
                version: version.parse().map_err(|_| wrong("version: a whole number"))?,
                class,
                batch,
            };
            if books.entries.contains_key(&entry.leaf) {
                return Err(wrong("this leaf stands in an earlier line"));
            }
            if books.entries.len() == MAX_ENTRIES {
                return Err(BooksError::TooMany { limit: MAX_ENTRIES });
            }
            books.add(entry);
        }
        Ok(books)
    }

    /// The file.
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = Writer::from_writer(Vec::new());
        let header = writer.write_record(COLUMNS);
        let lines = self.entries.values().try_for_each(|entry| {
            writer.write_record([
                Tagged(entry.leaf).to_string().as_str(),
                entry.kind.as_str(),
                &entry.subject.to_string(),
                &entry.version.to_string(),
                entry.class.as_ref().map_or("", Text::as_str),
                &entry.batch.map_or(String::new(), |batch| batch.to_string()),
            ])
        });
        header.and(lines).expect("a Vec takes what is written, and each line has six cells");
        writer.into_inner().expect("a Vec takes what is written")
    }

    /// The statement with this leaf.
    pub fn get(&self, leaf: &Sha256Digest) -> Option<&Entry> {
        self.entries.get(leaf)
    }
    /// All statements, by their leaves.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }
    /// Those that were said to be anchored in a batch.
    pub fn in_batch(&self, batch: u64) -> impl Iterator<Item = &Entry> {
        self.batches.get(&batch).into_iter().flatten().filter_map(|leaf| self.entries.get(leaf))
    }
    /// How many.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    /// Where the school counts a record, whatever the version; `None` for a record that it does not know.
    pub fn class_of(&self, subject: &RecordId) -> Option<Option<&Text>> {
        self.classes.get(subject).map(Option::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u8, batch: Option<u64>) -> Entry {
        Entry {
            leaf: Sha256Digest::of(&[n]),
            kind: "record".parse().expect("a kind"),
            subject: RecordId::from_bytes([n; 16]),
            version: 1,
            class: Some("9A3 2026-2027".parse().expect("text")),
            batch,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let books = Books::of([entry(1, Some(4)), Entry { class: None, ..entry(2, None) }]);
        assert_eq!(Books::read(&books.to_csv()), Ok(books.clone()));
        // As a spreadsheet saves it.
        let text = String::from_utf8(books.to_csv()).expect("text").replace(',', ";").replace('\n', "\r\n");
        assert_eq!(Books::read(format!("\u{feff}{text}").as_bytes()), Ok(books));
    }

    #[test]
    fn a_statement_told_twice_counts_once_and_keeps_its_batch() {
        let books = Books::of([entry(1, None), entry(1, Some(4)), entry(1, None)]);
        assert_eq!(books.entries().map(|e| e.batch).collect::<Vec<_>>(), [Some(4)]);
    }

    #[test]
    fn a_line_that_is_wrong_is_named_with_what_it_should_be() {
        let good = String::from_utf8(Books::of([entry(1, Some(4))]).to_csv()).expect("text");
        let (header, line) = good.trim_end().split_once('\n').expect("two lines");
        let with = |line: &str| Books::read(format!("{header}\n{line}\n").as_bytes());
        assert!(with(line).is_ok());
        for (bad, what) in [
            (line.replace("sha256:", ""), "leaf: sha256: and 64 lowercase hex digits"),
            (line.replace(",record,", ",Record,"), "kind: record, appointment or evidence"),
            (line.replace(",1,9A3", ",one,9A3"), "version: a whole number"),
            (line.replace(",AQEB", ",!QEB"), "subject: an id of 22 characters"),
            (line.replace(",4", ",-4"), "batch: a whole number, or nothing"),
            (line.replace("9A3", &"9A3".repeat(30)), "class: a short name of one line"),
            (line.replace(",4", ""), "six columns are expected"),
            (format!("{line}\n{line}"), "this leaf stands in an earlier line"),
        ] {
            let line = if bad.contains('\n') { 3 } else { 2 };
            assert_eq!(with(&bad), Err(BooksError::Line { line, what }), "{bad}");
        }
        assert_eq!(Books::read(b"leaf,kind\n"), Err(BooksError::Header));
        assert_eq!(Books::read(b""), Err(BooksError::Header));
        let over = vec![b'\n'; MAX_BOOKS_BYTES + 1];
        assert_eq!(Books::read(&over), Err(BooksError::TooLarge { limit: MAX_BOOKS_BYTES }));
    }
}
