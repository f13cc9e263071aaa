//! What the intake found: where, what was expected, how to mend it, in words for a teacher.

use std::fmt;

/// The most characters of a found value that a finding repeats: enough to recognise the cell, not a copy of it.
pub const MAX_VALUE_CHARS: usize = 60;

/// A cell of a sheet, counted from zero, shown as in a spreadsheet (`C7`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellRef {
    /// Row, from 0.
    pub row: u32,
    /// Column, from 0.
    pub col: u32,
}

impl fmt::Display for CellRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut letters = Vec::new();
        let mut rest = u64::from(self.col) + 1;
        while rest > 0 {
            let digit = (rest - 1) % 26;
            letters.push(char::from(b'A' + u8::try_from(digit).expect("below 26")));
            rest = (rest - 1) / 26;
        }
        for letter in letters.into_iter().rev() {
            write!(f, "{letter}")?;
        }
        write!(f, "{}", u64::from(self.row) + 1)
    }
}

/// A sheet and a cell: where a teacher looks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The sheet's name; `CSV` for a text file, empty for the file as a whole.
    pub sheet: String,
    /// The cell; absent where a whole sheet or file is meant.
    pub cell: Option<CellRef>,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The import goes on; the teacher should look.
    Warning,
    /// Nothing is imported until it is mended.
    Error,
}

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

/// One fault or oddity of a workbook.
///
/// The value as found belongs on the screen of the teacher who sent the file and nowhere else: `Debug` and `Display`
/// leave it out, so that a finding in a log shows code and place only.
#[derive(Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which kind of fault; stable.
    pub code: Code,
    /// How grave.
    pub severity: Severity,
    /// The sheet; empty for the file as a whole.
    pub sheet: String,
    /// The cell, where there is one.
    pub cell: Option<CellRef>,
    /// The value as found, cut to [`MAX_VALUE_CHARS`].
    pub value: Option<String>,
    /// What was expected.
    pub expected: Words,
    /// How to mend it.
    pub how_to_mend: Words,
}

impl Finding {
    /// Whether nothing may be imported because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The place.
    pub fn location(&self) -> Location {
        Location { sheet: self.sheet.clone(), cell: self.cell }
    }

    pub(crate) fn file(code: Code, expected: Words, how_to_mend: Words) -> Self {
        Self { code, severity: Severity::Error, sheet: String::new(), cell: None, value: None, expected, how_to_mend }
    }
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finding({self}, {:?})", self.severity)
    }
}

impl fmt::Display for Finding {
    /// `mark_out_of_range at Toán!C12`; never the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        match (&*self.sheet, self.cell) {
            ("", None) => Ok(()),
            (sheet, Some(cell)) => write!(f, " at {sheet}!{cell}"),
            (sheet, None) => write!(f, " at {sheet}"),
        }
    }
}

/// Cuts a value to [`MAX_VALUE_CHARS`] characters.
pub(crate) fn cut(value: &str) -> String {
    match value.char_indices().nth(MAX_VALUE_CHARS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// The kinds of finding. The text of a code never changes its meaning; guides and tests refer to it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $variant,)*
            /// A finding of the record's own checks, by their code.
            Check(&'static str),
        }

        impl Code {
            /// All codes of the intake itself, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable text.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$variant => $text,)*
                    Code::Check(code) => code,
                }
            }
        }
    };
}

codes! {
    // The file as a whole.
    /// No bytes.
    EmptyFile = "empty_file",
    /// More bytes than the limit.
    FileTooLarge = "file_too_large",
    /// Neither a workbook nor text.
    UnknownFormat = "unknown_format",
    /// A workbook that cannot be opened.
    DamagedFile = "damaged_file",
    /// Encrypted with a password.
    PasswordProtected = "password_protected",
    /// The old binary `.xls`.
    OldFormat = "old_format",
    /// `.xlsb`, `.ods` and others that are not `.xlsx`.
    OtherSpreadsheet = "other_spreadsheet",
    /// Contains macros.
    MacroWorkbook = "macro_workbook",
    /// Unpacks to more than the limit.
    UnpackedTooLarge = "unpacked_too_large",
    /// XML with a document type definition, or not in UTF-8.
    UnsafeXml = "unsafe_xml",
    /// A CSV in UTF-16.
    Utf16Text = "utf16_text",
    /// A CSV in an encoding that is not UTF-8 (Windows-1258, TCVN3 …).
    UnknownEncoding = "unknown_encoding",
    /// More sheets than the limit.
    TooManySheets = "too_many_sheets",
    /// More rows, columns or cells than the limit.
    SheetTooLarge = "sheet_too_large",
    /// More findings than are listed.
    TooManyFindings = "too_many_findings",
    // Sheets, headings and rows.
    /// A sheet that must be there is not.
    MissingSheet = "missing_sheet",
    /// Two sheets for one thing.
    DuplicateSheet = "duplicate_sheet",
    /// A sheet with pupils of a subject we do not know.
    UnknownSubject = "unknown_subject",
    /// The sheet's name, `Mã môn` and `Tên môn` speak of different subjects.
    SubjectConflict = "subject_conflict",
    /// A hidden sheet with data.
    HiddenSheet = "hidden_sheet",
    /// A sheet that is no part of the workbook was left out.
    IgnoredSheet = "ignored_sheet",
    /// The row of column headings was not found.
    MissingHeader = "missing_header",
    /// A column that must be there is not.
    MissingColumn = "missing_column",
    /// Two columns for one thing.
    DuplicateColumn = "duplicate_column",
    /// A column that is not read.
    IgnoredColumn = "ignored_column",
    /// Cells joined in the table.
    MergedCells = "merged_cells",
    /// A note below the table was left out.
    IgnoredRow = "ignored_row",
    /// A row with data but without STT.
    RowWithoutNumber = "row_without_number",
    /// STT that is not a number from 1.
    BadNumber = "bad_number",
    /// STT given twice.
    DuplicateNumber = "duplicate_number",
    /// A data row without a name.
    MissingName = "missing_name",
    /// No pupil at all.
    NoPupils = "no_pupils",
    /// More pupils than a class can have.
    TooManyPupils = "too_many_pupils",
    /// STT that the pupil list does not have.
    UnknownPupil = "unknown_pupil",
    /// STT and name belong to two different pupils.
    PupilMismatch = "pupil_mismatch",
    /// The file, a banner in it and what the caller knows speak of different classes.
    ClassDisagrees = "class_disagrees",
    /// The lines of a class of a bulk file stand in two places.
    ClassAgain = "class_again",
    /// The grade was taken from the class's name.
    GradeFromClass = "grade_from_class",
    /// A pupil of the list has no row here.
    PupilMissing = "pupil_missing",
    /// Two lines of a CSV disagree about one pupil or class.
    LinesDisagree = "lines_disagree",
    // Values.
    /// Nothing in a cell that must be filled.
    MissingValue = "missing_value",
    /// A school code, class name, year or grade of another form.
    BadClassField = "bad_class_field",
    /// Not a number.
    NotAMark = "not_a_mark",
    /// Below 0 or above 10.
    MarkOutOfRange = "mark_out_of_range",
    /// More than one decimal.
    MarkTooPrecise = "mark_too_precise",
    /// The spreadsheet turned 8.5 into 8 May.
    MarkBecameDate = "mark_became_date",
    /// None of T, K, Đ, CĐ.
    NotARating = "not_a_rating",
    /// None of Đ, CĐ.
    NotAnAchievement = "not_an_achievement",
    /// None of the four decisions on promotion.
    NotAPromotion = "not_a_promotion",
    /// Not a date, or not one of the calendar.
    NotADate = "not_a_date",
    /// None of the levels of primary school (T, H, C; T, Đ, C).
    NotALevel = "not_a_level",
    /// None of a column's words.
    NotAChoice = "not_a_choice",
    /// A name in capitals; the finding says what will be stored.
    NameInCapitals = "name_in_capitals",
    /// A date's serial number without the format; the finding says what will be stored.
    SerialDate = "serial_date",
    /// Neither Nam nor Nữ nor Khác.
    NotASex = "not_a_sex",
    /// A country we do not know.
    UnknownCountry = "unknown_country",
    /// An identifier of another form.
    BadIdentifier = "bad_identifier",
    /// An identifier whose leading zero the spreadsheet dropped.
    LostLeadingZero = "lost_leading_zero",
    /// Not a whole number of sessions.
    NotACount = "not_a_count",
    /// Empty cells of absences were read as 0.
    BlankIsZero = "blank_is_zero",
    /// Ð or ð for Đ or đ, or a letter of another alphabet.
    WrongLetter = "wrong_letter",
    /// Letters and marks stored apart (NFD) were joined.
    DecomposedText = "decomposed_text",
    /// A character that no one sees was removed.
    InvisibleCharacter = "invisible_character",
    /// A character that has no place in the text.
    OddCharacter = "odd_character",
    /// Longer than the limit.
    TextTooLong = "text_too_long",
    /// A date where text was expected.
    NotText = "not_text",
    /// A formula whose result is not stored in the file.
    FormulaWithoutValue = "formula_without_value",
    /// `#REF!`, `#N/A` …
    ErrorValue = "error_value",
    /// Exempt, yet with marks.
    ExemptWithMarks = "exempt_with_marks",
    // Lists of a school: staff, classes, pupils.
    /// No position that staff of a school have.
    NotAPosition = "not_a_position",
    /// A login of another form.
    BadLogin = "bad_login",
    /// A login given twice, or another person's.
    LoginTaken = "login_taken",
    /// Two lines for one member of staff.
    StaffTwice = "staff_twice",
    /// Two principals of one school.
    TwoPrincipals = "two_principals",
    /// A school given twice.
    SchoolTwice = "school_twice",
    /// A class given twice.
    ClassTwice = "class_twice",
    /// A class that the school does not plan.
    UnknownClass = "unknown_class",
    /// A grade that the school does not teach.
    UnknownGrade = "unknown_grade",
    /// A homeroom teacher whom the staff list does not have, or has twice.
    UnknownTeacher = "unknown_teacher",
    /// Two homeroom teachers for one class.
    HomeroomTwice = "homeroom_twice",
    /// A pupil by whom nothing could find them again: no number of any kind.
    NoIdentifier = "no_identifier",
    /// One pupil on two lines.
    PupilTwice = "pupil_twice",
    /// Numbers of two different pupils on one line.
    TwoPupils = "two_pupils",
    /// A pupil with marks whom the class list does not have.
    NotOnClassList = "not_on_class_list",
    /// A pupil of the class list without marks.
    MissingFromClass = "missing_from_class",
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
    fn cells_are_named_as_in_a_spreadsheet() {
        for (row, col, name) in
            [(0, 0, "A1"), (6, 2, "C7"), (0, 25, "Z1"), (0, 26, "AA1"), (0, 701, "ZZ1"), (0, 702, "AAA1")]
        {
            assert_eq!(CellRef { row, col }.to_string(), name);
        }
        assert!(CellRef { row: u32::MAX, col: u32::MAX }.to_string().ends_with("4294967296"));
    }

    #[test]
    fn a_finding_in_a_log_does_not_show_the_value() {
        let finding = Finding {
            value: Some("Nguyễn Thị Hoa".into()),
            sheet: "Toán".into(),
            cell: Some(CellRef { row: 6, col: 2 }),
            ..Finding::file(Code::NotAMark, Words::new("a", "b"), Words::new("c", "d"))
        };
        assert_eq!(finding.to_string(), "not_a_mark at Toán!C7");
        assert!(!format!("{finding:?}").contains("Hoa"));
    }

    #[test]
    fn every_code_is_a_different_word() {
        let mut texts: Vec<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Code::ALL.len());
    }
}
