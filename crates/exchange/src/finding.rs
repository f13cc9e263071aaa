//! What a file of another system has wrong: where, what was expected, how to mend it.

use std::fmt;

/// The most characters of a found value that a finding repeats: enough to recognise it, not a copy of it.
pub const MAX_VALUE_CHARS: usize = 60;

/// A sentence in Vietnamese and in English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Vietnamese, shown first.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Words {
    /// Both sentences.
    pub fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The record is taken; somebody should look.
    Warning,
    /// The record is not taken until it is mended.
    Error,
}

/// One fault or oddity of a file.
///
/// The value as found belongs on the screen of whoever sent the file and nowhere else: `Debug` and `Display` leave it
/// out, so that a finding in a log shows code and place only.
#[derive(Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which kind of fault; stable.
    pub code: Code,
    /// How grave.
    pub severity: Severity,
    /// Where: a JSON pointer (RFC 6901) into the file, or the path of an XML element in the same spelling with the
    /// element's number among its siblings, from 0; empty for the file as a whole.
    pub pointer: String,
    /// The value as found, cut to [`MAX_VALUE_CHARS`].
    pub value: Option<String>,
    /// What was expected.
    pub expected: Words,
    /// How to mend it.
    pub how_to_mend: Words,
}

impl Finding {
    /// An error at a place.
    pub(crate) fn error(code: Code, pointer: impl Into<String>, expected: Words, how_to_mend: Words) -> Self {
        Self { code, severity: Severity::Error, pointer: pointer.into(), value: None, expected, how_to_mend }
    }

    /// The same with the value as found.
    pub(crate) fn with(mut self, value: &str) -> Self {
        self.value = Some(cut(value));
        self
    }

    /// The same as a warning.
    pub(crate) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Whether the record cannot be taken because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finding({self}, {:?})", self.severity)
    }
}

impl fmt::Display for Finding {
    /// `not_a_mark at /3/BangDiem/0/HocKy1`; never the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if self.pointer.is_empty() { Ok(()) } else { write!(f, " at {}", self.pointer) }
    }
}

/// Cuts a value to [`MAX_VALUE_CHARS`] characters.
pub(crate) fn cut(value: &str) -> String {
    match value.char_indices().nth(MAX_VALUE_CHARS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

/// A pointer to a member of what `pointer` points to (RFC 6901 §3). Long names are cut: they come from the file.
pub(crate) fn member(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", cut(name).replace('~', "~0").replace('/', "~1"))
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// The kinds of finding. The text of a code never changes its meaning; guides and tests refer to it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// All codes, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The code as text.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$variant => $text,)*
                }
            }
        }
    };
}

codes! {
    // The file as a whole: reading ends here.
    /// More bytes than the limit.
    FileTooLarge = "file_too_large",
    /// More records than the limit.
    TooManyRecords = "too_many_records",
    /// One record has more bytes than the limit.
    RecordTooLarge = "record_too_large",
    /// Not JSON, or not an array or lines of objects.
    NotJson = "not_json",
    /// Not XML, or of another layout.
    NotXml = "not_xml",
    /// XML with a document type, entities or processing instructions.
    XmlNotPlain = "xml_not_plain",
    /// The file ends before it is complete.
    Truncated = "truncated",
    /// Reading the source failed.
    ReadFailed = "read_failed",

    // Any value.
    /// Nested deeper than the limit.
    TooDeep = "too_deep",
    /// More elements or members than the limit.
    TooManyElements = "too_many_elements",
    /// A member twice in one object, an element or attribute twice.
    DuplicateMember = "duplicate_member",
    /// A member that the contract does not have; it is not read.
    UnknownMember = "unknown_member",
    /// A member of the contract that this system does not keep.
    NotKept = "not_kept",
    /// A member that must be there is not.
    MissingMember = "missing_member",
    /// Another type than expected.
    WrongType = "wrong_type",
    /// Longer than the contract allows.
    TooLong = "too_long",
    /// Text with letters or characters that no text may have.
    BadText = "bad_text",
    /// A coded value that is not among its codes.
    UnknownCode = "unknown_code",
    /// A number or code of the wrong form.
    BadValue = "bad_value",
    /// Not a date or time of the contract's form, or one that does not exist.
    BadDate = "bad_date",
    /// Not a mark.
    NotAMark = "not_a_mark",
    /// A mark above 10 or below 0.
    MarkOutOfRange = "mark_out_of_range",
    /// A mark with more than one decimal.
    MarkTooPrecise = "mark_too_precise",

    // Records of the contract.
    /// The version is zero, negative or no integer.
    BadVersion = "bad_version",
    /// A subject that the programme does not have.
    UnknownSubject = "unknown_subject",
    /// A subject twice.
    DuplicateSubject = "duplicate_subject",
    /// Two members contradict each other.
    Contradiction = "contradiction",

    // Packages and their answers.
    /// A number of the header is not what the file holds.
    WrongCount = "wrong_count",
    /// A record twice.
    DuplicateRecord = "duplicate_record",
    /// A record that was not in the package.
    UnknownRecord = "unknown_record",
    /// An answer for another package.
    WrongPackage = "wrong_package",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_in_a_log_does_not_show_the_value() {
        let words = || Words::new("a", "b");
        let finding = Finding::error(Code::BadText, "/0/HoVaTen", words(), words()).with("Nguyễn Thị Hoa");
        assert_eq!(finding.to_string(), "bad_text at /0/HoVaTen");
        assert!(!format!("{finding:?}").contains("Hoa"));
    }

    #[test]
    fn every_code_is_a_different_word() {
        let mut texts: Vec<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Code::ALL.len());
    }

    #[test]
    fn pointers_escape_what_a_name_may_hold() {
        assert_eq!(member("/0", "a/b~c"), "/0/a~1b~0c");
    }
}
