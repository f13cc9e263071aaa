//! A class that was read: its drafts, and the way back from a draft's field to the cell it came from.

use std::collections::{BTreeMap, BTreeSet};

use hocba_record::{
    check::{self, AttainmentField, IdentityField, MarkPart, Place, SchoolField, Span, SubjectField},
    draft::{ClassHeader, Draft},
    rules::Policies,
    section::IdentifierKind,
    types::SubjectCode,
};

use crate::{
    attainments::ITEMS,
    columns::{CertificatePart, Column, ContestPart, IDENTIFIERS, MovePart, Term},
    finding::{CellRef, Code, Finding, Location, Severity, Words, cut},
    table::{At, Row, Source, Table},
};

/// A class workbook without a fault of form: every cell was understood.
///
/// Whether the drafts make sense (marks missing, averages that disagree, one pupil twice) is for [`ClassSheet::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassSheet {
    /// School, year, grade and class.
    pub header: ClassHeader,
    /// The pupils in the order of their numbers.
    pub rows: Vec<PlacedDraft>,
    /// What was understood and yet deserves a look.
    pub warnings: Vec<Finding>,
    pub(crate) layout: Layout,
}

/// One pupil's draft, with the places its parts came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedDraft {
    /// STT: the pupil's number in the class list.
    pub number: u32,
    /// The draft.
    pub draft: Draft,
    pub(crate) places: Places,
}

/// Where one pupil's rows are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    pub pupil: At,
    pub subjects: BTreeMap<SubjectCode, SubjectPlace>,
    pub conduct: Option<At>,
    pub results: Option<At>,
    pub more: Option<At>,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            pupil: At { sheet: 0, row: 0, col: 0 },
            subjects: BTreeMap::new(),
            conduct: None,
            results: None,
            more: None,
        }
    }
}

/// One pupil's row of one subject, and which of its cells are filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubjectPlace {
    at: At,
    filled: BTreeSet<Column>,
}

impl SubjectPlace {
    pub fn of(row: &Row) -> Self {
        Self { at: row.at, filled: row.cells.keys().copied().collect() }
    }
}

/// The columns of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Columns {
    sheet: usize,
    columns: BTreeMap<Column, u32>,
    head: BTreeMap<Column, At>,
}

impl Columns {
    fn of(table: &Table) -> Self {
        Self {
            sheet: table.sheet,
            columns: table.columns.clone(),
            head: table.head.iter().map(|(column, field)| (*column, field.at)).collect(),
        }
    }

    /// The cell of a column in a row; the name where the column is not there.
    fn cell(&self, row: At, column: Column) -> At {
        let col = self.columns.get(&column).or_else(|| self.columns.get(&Column::Name));
        At { col: col.copied().unwrap_or(row.col), ..row }
    }
}

/// Where everything stands in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    sheets: Vec<String>,
    class: Columns,
    pupils: Columns,
    subjects: BTreeMap<String, Columns>,
    conduct: Columns,
    results: Columns,
    more: Columns,
}

impl Layout {
    pub fn of(source: &Source) -> Self {
        let columns = |table: &Option<Table>| table.as_ref().map(Columns::of).unwrap_or_default();
        Self {
            sheets: source.sheets.clone(),
            class: columns(&source.class),
            pupils: columns(&source.pupils),
            subjects: source.subjects.iter().map(|(s, table)| (s.code.to_owned(), Columns::of(table))).collect(),
            conduct: columns(&source.conduct),
            results: columns(&source.results),
            more: columns(&source.more),
        }
    }

    fn location(&self, sheet: usize, cell: Option<At>) -> Location {
        Location {
            sheet: self.sheets.get(sheet).cloned().unwrap_or_default(),
            cell: cell.map(|at| CellRef { row: at.row, col: at.col }),
        }
    }
}

impl ClassSheet {
    /// The drafts alone.
    pub fn drafts(&self) -> Vec<Draft> {
        self.rows.iter().map(|row| row.draft.clone()).collect()
    }

    /// The cell that a place of the record's checks means: of a pupil (by position in [`ClassSheet::rows`]), or of the
    /// class where `pupil` is `None` or beyond the list.
    pub fn locate(&self, pupil: Option<usize>, place: &Place) -> Location {
        let layout = &self.layout;
        let of_class = |column| layout.location(layout.class.sheet, layout.class.head.get(&column).copied());
        let Some(row) = pupil.and_then(|index| self.rows.get(index)) else {
            return match place {
                Place::School { field: SchoolField::Ward } => of_class(Column::Ward),
                Place::School { field: SchoolField::Province } => of_class(Column::Province),
                Place::School { field: SchoolField::Name } => of_class(Column::SchoolName),
                _ => layout.location(layout.class.sheet, None),
            };
        };
        let places = &row.places;
        let in_list = |column| {
            let at = layout.pupils.cell(places.pupil, column);
            layout.location(at.sheet, Some(at))
        };
        let in_row = |columns: &Columns, at: Option<At>, column| match at {
            Some(at) => {
                let at = columns.cell(at, column);
                layout.location(at.sheet, Some(at))
            }
            None => in_list(Column::Name),
        };
        match place {
            Place::Class => layout.location(layout.class.sheet, None),
            Place::School { .. } => self.locate(None, place),
            Place::Identity { field } => in_list(match field {
                IdentityField::Name => Column::Name,
                IdentityField::BirthDate => Column::BirthDate,
                IdentityField::Sex => Column::Sex,
                IdentityField::Ethnicity => Column::Ethnicity,
                IdentityField::Nationality => Column::Nationality,
                IdentityField::BirthPlace => Column::BirthPlace,
                IdentityField::Identifiers => Column::Personal,
                IdentityField::Identifier { kind } => identifier_column(*kind),
                IdentityField::Book => Column::Book,
            }),
            Place::Subjects => in_list(Column::Name),
            Place::Subject { code, field } => {
                let Some(columns) = layout.subjects.get(code.as_str()) else { return in_list(Column::Name) };
                let Some(place) = places.subjects.get(code) else { return layout.location(columns.sheet, None) };
                let at = subject_cell(columns, place, *field);
                layout.location(at.sheet, Some(at))
            }
            Place::EducationResult { .. } => in_row(&layout.results, places.results, Column::EducationYear),
            Place::Study { span } | Place::StudyRanking { span } => in_row(
                &layout.results,
                places.results,
                match span {
                    Span::Term1 => Column::Study(Term::First),
                    Span::Term2 => Column::Study(Term::Second),
                    Span::Year | Span::Summer => Column::StudyYear,
                },
            ),
            Place::Promotion => in_row(&layout.results, places.results, Column::Promotion),
            Place::Conduct { span } | Place::ConductRanking { span } => in_row(
                &layout.conduct,
                places.conduct,
                match span {
                    Span::Term1 => Column::Conduct(Term::First),
                    Span::Term2 => Column::Conduct(Term::Second),
                    Span::Year => Column::ConductYear,
                    Span::Summer => Column::Retrained,
                },
            ),
            Place::Attainment { code, field, .. } => {
                let item = ITEMS.iter().position(|item| item.code == code.as_str()).and_then(|i| u8::try_from(i).ok());
                let column = match (item, field) {
                    (Some(item), AttainmentField::Level | AttainmentField::Name) => Column::Attainment(item),
                    (Some(item), AttainmentField::Remark) => Column::AttainmentRemark(item),
                    (None, _) => Column::Name,
                };
                in_row(&layout.conduct, places.conduct, column)
            }
            Place::AttainmentsReassessed => in_row(&layout.conduct, places.conduct, Column::AttainmentsReassessed),
            Place::Plan => in_row(&layout.more, places.more, Column::PlanNote),
            Place::Enrolment => {
                // Whichever of the moves is there; a repeated year is one cell.
                let parts = [Column::MovedIn(MovePart::On), Column::MovedOut(MovePart::On), Column::Repeating];
                let column = parts.into_iter().find(|c| layout.more.columns.contains_key(c)).unwrap_or(Column::Name);
                in_row(&layout.more, places.more, column)
            }
            Place::Certificate { index } => {
                let column = Column::Certificate(nth(*index), CertificatePart::Name);
                in_row(&layout.more, places.more, column)
            }
            Place::Contest { index } => {
                in_row(&layout.more, places.more, Column::Contest(nth(*index), ContestPart::Name))
            }
            Place::Attendance => in_row(&layout.conduct, places.conduct, Column::WithoutLeave),
            Place::Remark => in_row(&layout.conduct, places.conduct, Column::HomeroomRemark),
            Place::Award { index } => in_row(&layout.conduct, places.conduct, Column::Award(nth(*index))),
        }
    }

    /// The record's own checks over all pupils, each finding at its cell: marks missing, averages that disagree, a
    /// pupil twice. An error here stops that pupil's record, not the import of the class.
    ///
    /// The first of each pair is the pupil's position in [`ClassSheet::rows`].
    pub fn check(&self, policies: &Policies) -> Vec<(usize, Finding)> {
        let mut found: Vec<(usize, check::Finding)> = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            found.extend(check::check(&self.header, &row.draft, policies).into_iter().map(|f| (index, f)));
        }
        found.extend(check::check_class(&self.drafts()));
        // What is wrong with the school is said once, not once for each pupil.
        let mut told = BTreeSet::new();
        found.retain(|(_, f)| !matches!(f.place, Place::School { .. } | Place::Class) || told.insert(f.vietnamese()));
        found.sort_by_key(|(index, _)| *index);
        found.into_iter().map(|(index, finding)| (index, self.placed(index, &finding))).collect()
    }

    fn placed(&self, pupil: usize, finding: &check::Finding) -> Finding {
        let location = self.locate(Some(pupil), &finding.place);
        Finding {
            code: Code::Check(finding.message.key()),
            severity: match finding.severity {
                check::Severity::Error => Severity::Error,
                check::Severity::Warning => Severity::Warning,
            },
            sheet: location.sheet,
            cell: location.cell,
            // Where the pupil has no row there is no cell to look at; then the name says whom it is about.
            value: self
                .rows
                .get(pupil)
                .filter(|_| location.cell.is_none() && !matches!(finding.place, Place::School { .. } | Place::Class))
                .map(|row| cut(row.draft.identity.name.as_str())),
            expected: Words::new(finding.place.vietnamese(), finding.place.english()),
            how_to_mend: Words::new(finding.message.vietnamese(), finding.message.english()),
        }
    }
}

/// Columns are counted from 1.
fn nth(index: usize) -> u8 {
    u8::try_from(index.saturating_add(1)).unwrap_or(u8::MAX)
}

fn identifier_column(kind: IdentifierKind) -> Column {
    IDENTIFIERS.into_iter().find(|(_, k)| *k == kind).map_or(Column::Name, |(column, _)| column)
}

fn term_of(span: Span) -> Option<Term> {
    match span {
        Span::Term1 => Some(Term::First),
        Span::Term2 => Some(Term::Second),
        Span::Year | Span::Summer => None,
    }
}

fn subject_cell(columns: &Columns, place: &SubjectPlace, field: SubjectField) -> At {
    // What may stand in the row or above the table: the row's own value wins, as in reading.
    let own_or_head = |column| match columns.head.get(&column) {
        Some(head) if !place.filled.contains(&column) => *head,
        _ => columns.cell(place.at, column),
    };
    let column = match field {
        SubjectField::Line => Column::Name,
        SubjectField::Name => return own_or_head(Column::SubjectName),
        SubjectField::Teacher => return own_or_head(Column::Teacher),
        SubjectField::Source => return own_or_head(Column::Source),
        SubjectField::Mark { span, part } => match (term_of(span), part) {
            (Some(term), MarkPart::Regular) => {
                // The first empty cell is where the missing mark goes.
                let all = || (1..=9).map(|n| Column::Regular(term, n)).filter(|c| columns.columns.contains_key(c));
                let empty = all().find(|c| !place.filled.contains(c));
                empty.or_else(|| all().next()).unwrap_or(Column::Average(term))
            }
            (Some(term), MarkPart::Midterm) => Column::Midterm(term),
            (Some(term), MarkPart::FinalExam) => Column::FinalExam(term),
            (None, _) => Column::Year,
        },
        SubjectField::Test { span: Span::Summer } => Column::ReassessedTest,
        SubjectField::Test { .. } => Column::Test,
        SubjectField::Level { span: Span::Summer } => Column::Reassessed,
        SubjectField::Level { .. } => Column::Year,
        SubjectField::Average { span } | SubjectField::Comment { span } => match (span, term_of(span)) {
            (_, Some(term)) => Column::Average(term),
            (Span::Summer, None) => Column::Reassessed,
            (_, None) => Column::Year,
        },
        SubjectField::Exemption => Column::Exempt,
        SubjectField::Remark => Column::Remark,
    };
    // A mark for which the sheet has no column is said at the subject's own first column, not at the pupil's name.
    let of_marks = || {
        let order = [Column::Year, Column::Average(Term::First), Column::Average(Term::Second)];
        order.into_iter().find(|c| columns.columns.contains_key(c))
    };
    let is_mark =
        matches!(field, SubjectField::Mark { .. } | SubjectField::Average { .. } | SubjectField::Comment { .. });
    let column = if is_mark && !columns.columns.contains_key(&column) { of_marks().unwrap_or(column) } else { column };
    columns.cell(place.at, column)
}
