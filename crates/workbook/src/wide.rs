//! One sheet for the class: a wide table, one row for each pupil, subjects as groups of columns.

use std::collections::BTreeMap;

use hocba_record::{
    catalogue::{self, Subject, SubjectKind},
    form::Curriculum,
};

use crate::{
    assemble::number_of,
    attainments,
    bag::Bag,
    classify::{joined_cells, known_subject},
    columns::{Column, Kind, Term, fold, level_word, recognise, term_of},
    grid::Sheet,
    hints::Context,
    plan::{ColumnPlan, Role, SheetPlan, Use},
    table::{At, Field, Row, Source, Table, Value},
    value,
};
/// So many subjects among the headings make a sheet one of the whole class.
const SUBJECTS: usize = 3;

/// Rows of headings at most, beside those that STT is joined over.
const DEEPEST: u32 = 3;

/// A term or the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    Of(Term),
    Year,
}

/// `HK I`, `Cả năm`, `CN`, and what is left of the heading: `hocluchki` → `hocluc`.
fn span_of(folded: &str) -> Option<(Span, &str)> {
    if let Some((term, rest)) = term_of(folded) {
        return Some((Span::Of(term), rest));
    }
    for (ending, span) in [
        ("hockyii", Span::Of(Term::Second)),
        ("hockiii", Span::Of(Term::Second)),
        ("hocky2", Span::Of(Term::Second)),
        ("hocki2", Span::Of(Term::Second)),
        ("hkii", Span::Of(Term::Second)),
        ("hk2", Span::Of(Term::Second)),
        ("hockyi", Span::Of(Term::First)),
        ("hockii", Span::Of(Term::First)),
        ("hocky1", Span::Of(Term::First)),
        ("hocki1", Span::Of(Term::First)),
        ("hki", Span::Of(Term::First)),
        ("hk1", Span::Of(Term::First)),
        ("canam", Span::Year),
        ("cuoinam", Span::Year),
        ("cn", Span::Year),
    ] {
        if let Some(rest) = folded.strip_suffix(ending) {
            return Some((span, rest));
        }
    }
    None
}

fn is_span(folded: &str) -> bool {
    matches!(span_of(folded), Some((_, "")))
}

/// What a heading speaks of, beside terms and parts of marks.
enum Topic {
    Subject(&'static Subject, String),
    Conduct,
    Study,
    Overall,
    Absence,
    Column(Column),
}

/// A subject, and what else stands in the heading: `Toán HKI` → Toán, `hki`.
fn subject_in(curriculum: Option<Curriculum>, heading: &str) -> Option<(&'static Subject, String)> {
    if let Some(subject) = known_subject(curriculum, heading) {
        return Some((subject, String::new()));
    }
    let spaced = catalogue::fold(heading);
    let words: Vec<&str> = spaced.split(' ').collect();
    for n in (1..words.len()).rev() {
        let ends = [(&words[..n], &words[n..]), (&words[words.len() - n..], &words[..words.len() - n])];
        for (name, rest) in ends {
            let rest = rest.concat();
            if let Some(subject) = known_subject(curriculum, &name.join(" "))
                && (is_span(&rest) || level_word(&rest).is_some() || part(&rest, None).is_some())
            {
                return Some((subject, rest));
            }
        }
    }
    None
}

/// The longest heading in bytes; what is longer is a note, and is not taken apart into words.
const HEADING_BYTES: usize = 200;

fn topic(curriculum: Option<Curriculum>, heading: &str, in_attainments: bool) -> Option<Topic> {
    if heading.len() > HEADING_BYTES {
        return None;
    }
    let folded = fold(heading);
    if let Some(item) = folded.strip_prefix("nhanxet").and_then(attainments::by_heading).filter(|_| in_attainments) {
        return Some(Topic::Column(Column::AttainmentRemark(item)));
    }
    // "Khoa học" is a subject, and a competence below “Năng lực đặc thù”.
    if in_attainments && let Some(item) = attainments::by_heading(&folded) {
        return Some(Topic::Column(Column::Attainment(item)));
    }
    if let Some((subject, rest)) = subject_in(curriculum, heading) {
        return Some(Topic::Subject(subject, rest));
    }
    let bare = span_of(&folded).map_or(&*folded, |(_, rest)| rest);
    Some(match bare {
        "hanhkiem" | "renluyen" | "ketquarenluyen" | "kqrl" | "kqrenluyen" | "xeploaihanhkiem" | "rl" => Topic::Conduct,
        "hocluc" | "hoctap" | "ketquahoctap" | "kqht" | "kqhoctap" | "xeploaihocluc" | "xeploaihoctap" => Topic::Study,
        "dtbcacmon" | "tbcm" | "tbcacmon" | "dtbcm" | "diemtrungbinhcacmon" | "dtbc" => Topic::Overall,
        "songaynghi" | "sobuoinghi" | "nghi" | "nghihoc" | "sobuoinghihoc" | "songaynghihoc" | "chuyencan" | "vang" => {
            Topic::Absence
        }
        _ => {
            if let Some(item) = attainments::by_heading(&folded) {
                return Some(Topic::Column(Column::Attainment(item)));
            }
            [Kind::Pupils, Kind::Conduct, Kind::Results, Kind::More]
                .into_iter()
                // A lone “HK I” or “Cả năm” is nobody's.
                .filter(|_| !is_span(&folded))
                .find_map(|kind| recognise(kind, heading, None))
                .map(Topic::Column)?
        }
    })
}

/// The part of a subject's marks that folded words name; `span` from the heading above.
fn part(folded: &str, span: Option<Span>) -> Option<Column> {
    let (span, rest) = match span_of(folded) {
        Some((span, rest)) => (Some(span), rest),
        None => (span, folded),
    };
    match (span, rest) {
        (Some(Span::Of(term)), "") => Some(Column::Average(term)),
        (Some(Span::Year), "") => Some(Column::Year),
        (Some(Span::Of(term)), rest) => match term {
            // A mark of the term; never a level, which a draft has for the year alone.
            term if level_word(rest).is_none() => {
                let group = if term == Term::First { "HK I" } else { "HK II" };
                recognise(Kind::Subject, rest, Some(group)).filter(|c| !matches!(c, Column::Number | Column::Name))
            }
            _ => None,
        },
        (_, rest) => match rest {
            "tb" | "dtb" | "tbm" | "dtbm" | "ketqua" | "diemtb" => Some(Column::Year),
            rest => recognise(Kind::Subject, rest, None)
                .filter(|c| !matches!(c, Column::Number | Column::Name | Column::SubjectCode | Column::SubjectName)),
        },
    }
}

/// What a column means by all its headings, from the top down.
fn meaning(path: &[(u32, String)], curriculum: Option<Curriculum>) -> Option<Use> {
    let folded: Vec<String> = path.iter().map(|(_, text)| fold(text)).collect();
    let plain = |column| Some(Use { column, subject: None });
    if let [only] = &*folded
        && let Some(column) = recognise(Kind::Pupils, only, None)
    {
        return plain(column);
    }
    let (at, topic) = (0..path.len()).rev().find_map(|at| {
        // Below a subject “CN” is the year and not Công nghệ.
        if at > 0 && (is_span(&folded[at]) || level_word(&folded[at]).is_some()) {
            return None;
        }
        let in_attainments = folded[..at].iter().any(|f| attainments::is_group(f));
        topic(curriculum, &path[at].1, in_attainments).map(|topic| (at, topic))
    })?;
    let others: Vec<&str> = folded.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, f)| &**f).collect();
    let own = span_of(&folded[at]).filter(|(_, rest)| !rest.is_empty()).map(|(span, _)| span);
    let span = others.iter().rev().find_map(|f| span_of(f).filter(|(_, rest)| rest.is_empty()).map(|(span, _)| span));
    let by_span = |of: fn(Term) -> Column, year| match span.or(own) {
        Some(Span::Of(term)) => of(term),
        Some(Span::Year) | None => year,
    };
    match topic {
        Topic::Subject(subject, rest) => {
            let words = std::iter::once(&*rest).filter(|r| !r.is_empty()).chain(others.iter().rev().copied());
            let level = matches!(subject.kind, SubjectKind::Level | SubjectKind::TestedLevel);
            // The lowest heading that names a part decides; a term above it says which term's.
            let span_here = span_of(&rest).map(|(span, _)| span).or(span);
            let named = words.filter(|w| !is_span(w)).find_map(|w| part(w, span_here));
            let column = match (named, span_here) {
                (Some(column), _) => column,
                (None, Some(Span::Of(term))) => Column::Average(term),
                (None, Some(Span::Year) | None) => Column::Year,
            };
            // Primary school's book has the year alone.
            let term = matches!(span_here, Some(Span::Of(_)));
            (!(level && term)).then_some(Use { column, subject: Some(subject.code) })
        }
        Topic::Conduct => plain(by_span(Column::Conduct, Column::ConductYear)),
        Topic::Study => plain(by_span(Column::Study, Column::StudyYear)),
        Topic::Overall => plain(by_span(Column::Overall, Column::OverallYear)),
        Topic::Absence => folded[at + 1..].iter().find_map(|f| match &**f {
            "cp" | "p" | "cophep" | "phep" => Some(Use { column: Column::WithLeave, subject: None }),
            "kp" | "k" | "khongphep" | "khong" => Some(Use { column: Column::WithoutLeave, subject: None }),
            _ => None,
        }),
        Topic::Column(column) => plain(column),
    }
}

/// The rows of headings around the one with STT and Họ và tên.
fn heading_rows(sheet: &Sheet, header: u32, curriculum: Option<Curriculum>) -> (u32, u32) {
    let pupil_columns: Vec<u32> = sheet
        .row(header)
        .filter(|(_, v)| {
            matches!(v, Value::Text(t) if matches!(recognise(Kind::Pupils, t, None), Some(Column::Number | Column::Name)))
        })
        .map(|(col, _)| col)
        .collect();
    let right_of = pupil_columns.iter().copied().max().unwrap_or(0);
    let speaks = |row: u32| {
        sheet.row(row).any(|(col, v)| {
            let Value::Text(text) = v else { return false };
            let folded = fold(text);
            col > right_of
                && (is_span(&folded)
                    || attainments::is_group(&folded)
                    || topic(curriculum, text, false).is_some()
                    || matches!(
                        &*folded,
                        "monhoc"
                            | "cacmonhoc"
                            | "monhocvahoatdonggiaoduc"
                            | "ketquahoctapvarenluyen"
                            | "diemtrungbinhmon"
                    )
                    || part(&folded, Some(Span::Of(Term::First))).is_some())
        })
    };
    let mut bottom = header;
    // Joined downwards, STT says itself how deep the headings are.
    for ((top, left), (end, right)) in &sheet.merged {
        if *top == header && pupil_columns.iter().any(|c| (left..=right).contains(&c)) {
            bottom = bottom.max((*end).min(header + DEEPEST));
        }
    }
    while bottom < header + DEEPEST
        && speaks(bottom + 1)
        && !sheet.row(bottom + 1).any(|(col, _)| pupil_columns.contains(&col))
    {
        bottom += 1;
    }
    let mut top = header;
    while top > 0 && header - top < DEEPEST && speaks(top - 1) {
        top -= 1;
    }
    (top, bottom)
}

/// First and last cell of a joined region.
type Joined = ((u32, u32), (u32, u32));

/// Joined regions looked at among the headings: four for each column of the widest sheet.
const JOINED: usize = 1_024;

/// The headings of a column from the top down, joined cells counted for each column they cover.
fn path(sheet: &Sheet, joined: &[Joined], col: u32, (top, bottom): (u32, u32)) -> Vec<(u32, String)> {
    let mut path: Vec<(u32, String)> = Vec::new();
    for row in top..=bottom {
        let over = joined.iter().find(|((t, l), (b, r))| (t..=b).contains(&&row) && (l..=r).contains(&&col));
        let text = match over {
            Some(((t, l), _)) if *t >= top => sheet.text(*t, *l),
            Some(_) => None,
            None => sheet.text(row, col).or_else(|| inherited(sheet, row, col, bottom)),
        };
        let Some(text) = text.map(str::trim).filter(|t| !t.is_empty()) else { continue };
        if path.last().is_none_or(|(_, last)| last != text) {
            path.push((row, text.to_owned()));
        }
    }
    path
}

/// Without joined cells a group's heading stands in its first column alone, and counts for those beside it that are empty
/// here and have a heading below.
fn inherited(sheet: &Sheet, row: u32, col: u32, bottom: u32) -> Option<&str> {
    if !sheet.merged.is_empty() || row >= bottom || (row + 1..=bottom).all(|below| sheet.text(below, col).is_none()) {
        return None;
    }
    let (at, text) = (0..col).rev().find_map(|left| Some((left, sheet.text(row, left)?)))?;
    // STT and Họ và tên are no groups; neither is a heading with nothing below it.
    (row + 1..=bottom).any(|below| sheet.text(below, at).is_some()).then_some(text)
}

/// The sheet as one of the whole class, if it is one.
pub(crate) fn plan(
    sheet: &Sheet,
    index: usize,
    header: u32,
    curriculum: Option<Curriculum>,
    context: &Context<'_>,
) -> Option<SheetPlan> {
    let rows = heading_rows(sheet, header, curriculum);
    let last = sheet.cells.keys().map(|(_, col)| *col).max().unwrap_or(0).min(context.limits.columns);
    let among = |((top, _), (bottom, _)): &&Joined| *top <= rows.1 && *bottom >= rows.0;
    let joined: Vec<Joined> = sheet.merged.iter().filter(among).take(JOINED).copied().collect();
    let columns: Vec<ColumnPlan> = (0..=last)
        .filter_map(|col| {
            let path = path(sheet, &joined, col, rows);
            let row = path.last()?.0;
            let heading = path.iter().map(|(_, text)| &**text).collect::<Vec<_>>().join(" / ");
            let taken = match context.mapping.get(&sheet.name, col) {
                Some(None) => None,
                Some(Some((subject, column))) => {
                    let subject = subject.map(|code| catalogue_code(curriculum, code));
                    match subject {
                        Some(None) => None,
                        Some(Some(code)) => Some(Use { column, subject: Some(code) }),
                        None => Some(Use { column, subject: None }),
                    }
                }
                None => meaning(&path, curriculum),
            };
            Some(ColumnPlan { col, row, heading, taken })
        })
        .collect();
    let mut subjects: Vec<&str> = columns.iter().filter_map(|c| c.taken?.subject).collect();
    subjects.sort_unstable();
    subjects.dedup();
    let wide = subjects.len() >= SUBJECTS || context.mapping.names_subjects(&sheet.name);
    wide.then(|| SheetPlan { header: Some(rows), columns, ..SheetPlan::bare(index, Role::Wide) })
}

fn catalogue_code(curriculum: Option<Curriculum>, code: &str) -> Option<&'static str> {
    let known = curriculum.and_then(|c| catalogue::by_code(c, code)).or_else(|| catalogue::by_code_anywhere(code));
    known.map(|s| s.code)
}

/// The tables of a wide sheet.
pub(crate) struct Parts {
    pub pupils: Table,
    pub conduct: Table,
    pub results: Table,
    pub more: Table,
    pub subjects: Vec<(&'static Subject, Table)>,
}

fn part_of(column: Column) -> Kind {
    use Column::*;
    match column {
        Conduct(_)
        | ConductYear
        | Retrained
        | WithLeave
        | WithoutLeave
        | HomeroomRemark
        | Award(_)
        | Attainment(_)
        | AttainmentRemark(_)
        | AttainmentsReassessed
        | Outstanding
        | Title => Kind::Conduct,
        Study(_) | StudyYear | Promotion | Overall(_) | OverallYear | EducationYear => Kind::Results,
        Plan | PlanNote | Repeating | MovedIn(_) | MovedOut(_) | Certificate(..) | Contest(..) => Kind::More,
        _ => Kind::Pupils,
    }
}

/// Splits a wide sheet into the tables it stands for. The plan's awards are numbered and its pupils counted on the way.
pub(crate) fn split(
    sheet: &Sheet,
    index: usize,
    plan: &mut SheetPlan,
    curriculum: Option<Curriculum>,
    context: &Context<'_>,
    bag: &mut Bag,
) -> Parts {
    let (_, bottom) = plan.header.unwrap_or_default();
    let mut columns: BTreeMap<Use, u32> = BTreeMap::new();
    let mut awards = 0_u8;
    let last = sheet.cells.keys().next_back().map_or(0, |(row, _)| *row).min(context.limits.rows);
    for column in &mut plan.columns {
        let at = At { sheet: index, row: column.row, col: column.col };
        if let Some(taken) = &mut column.taken
            && let Column::Award(_) = taken.column
        {
            awards = awards.saturating_add(1);
            taken.column = Column::Award(awards);
        }
        match column.taken {
            Some(taken) if columns.contains_key(&taken) => {
                bag.duplicate_column(at, &column.heading);
                column.taken = None;
            }
            Some(taken) => {
                columns.insert(taken, column.col);
            }
            // An empty surplus column harms no one.
            None if sheet.cells.range((bottom + 1, 0)..).any(|((_, c), _)| *c == column.col)
                && context.mapping.get(&sheet.name, column.col).is_none() =>
            {
                bag.ignored_column(at, &column.heading);
            }
            None => {}
        }
    }
    let plain = |column| columns.get(&Use { column, subject: None }).copied();
    let keys: Vec<(Column, u32)> =
        [Column::Number, Column::Name].into_iter().filter_map(|c| Some((c, plain(c)?))).collect();
    let number_col = plain(Column::Number).unwrap_or(0);
    let row_of = |row: u32, of: &[(Column, u32)]| Row {
        at: At { sheet: index, row, col: number_col },
        cells: of.iter().filter_map(|(column, col)| Some((*column, sheet.field(index, row, *col)?))).collect(),
    };
    let of_kind = |kind: Kind| -> Vec<(Column, u32)> {
        columns
            .iter()
            .filter(|(taken, _)| taken.subject.is_none() && part_of(taken.column) == kind)
            .map(|(taken, col)| (taken.column, *col))
            .chain(keys.iter().copied().filter(|_| kind != Kind::Pupils))
            .collect()
    };
    let mut rows: Vec<u32> = sheet.cells.range((bottom + 1, 0)..(last + 1, 0)).map(|((row, _), _)| *row).collect();
    rows.dedup();
    let numbered: Vec<u32> = rows.iter().copied().filter(|row| number_of(&row_of(*row, &keys)).is_some()).collect();
    plan.pupils = numbered.iter().filter(|row| row_of(**row, &keys).cells.len() > 1).count();
    plan.last = numbered.last().copied();

    let table = |of: &[(Column, u32)], rows: &[u32], filled: bool| Table {
        sheet: index,
        columns: of.iter().copied().collect(),
        rows: rows
            .iter()
            .map(|row| row_of(*row, of))
            // Who has nothing in a subject's columns does not take it.
            .filter(|row| !filled || row.cells.keys().any(|c| !matches!(c, Column::Number | Column::Name)))
            .collect(),
        head: BTreeMap::new(),
    };
    let mut pupils = table(&of_kind(Kind::Pupils), &numbered, false);
    // Rows without a number are told once, with the first of their cells that could be a result.
    for row in rows.iter().filter(|row| !numbered.contains(row)) {
        let mut found = row_of(*row, &of_kind(Kind::Pupils));
        let others = columns.iter().filter(|(t, _)| t.subject.is_some() || part_of(t.column) != Kind::Pupils);
        let mut fields = others.filter_map(|(_, col)| sheet.field(index, *row, *col)).collect::<Vec<Field>>();
        fields.sort_by_key(|f| (value::mark(f).is_err() && value::rating(f).is_err(), f.at));
        if let Some(field) = fields.into_iter().next() {
            found.cells.insert(Column::Year, field);
        }
        if !found.cells.is_empty() {
            pupils.rows.push(found);
        }
    }
    pupils.rows.sort_by_key(|row| row.at);
    let mut subjects: BTreeMap<&'static str, Vec<(Column, u32)>> = BTreeMap::new();
    for (taken, col) in &columns {
        if let Some(code) = taken.subject {
            subjects.entry(code).or_insert_with(|| keys.clone()).push((taken.column, *col));
        }
    }
    let subjects = subjects
        .into_iter()
        .filter_map(|(code, of)| {
            let known = curriculum.and_then(|c| catalogue::by_code(c, code));
            let subject = known.or_else(|| catalogue::by_code_anywhere(code))?;
            Some((subject, table(&of, &numbered, true)))
        })
        .collect();
    let read: Vec<u32> = columns.values().copied().collect();
    joined_cells(sheet, index, &read, bottom, plan.last.unwrap_or(bottom), bag);
    Parts {
        pupils,
        conduct: table(&of_kind(Kind::Conduct), &numbered, false),
        results: table(&of_kind(Kind::Results), &numbered, false),
        more: table(&of_kind(Kind::More), &numbered, true),
        subjects,
    }
}

/// Puts a wide sheet's tables where no sheet of their own has been found.
pub(crate) fn fill(source: &mut Source, parts: Parts, sheet: usize, bag: &mut Bag) {
    let Parts { pupils, conduct, results, more, subjects } = parts;
    let has = |table: &Table| table.columns.keys().any(|c| !matches!(c, Column::Number | Column::Name));
    if source.pupils.is_none() {
        source.pupils = Some(pupils);
    }
    if source.conduct.is_none() && has(&conduct) {
        source.conduct = Some(conduct);
    }
    if source.results.is_none() && has(&results) {
        source.results = Some(results);
    }
    if source.more.is_none() && has(&more) {
        source.more = Some(more);
    }
    for (subject, table) in subjects {
        if source.subjects.iter().any(|(s, _)| s.code == subject.code) {
            bag.sheet_twice(sheet);
        } else {
            source.subjects.push((subject, table));
        }
    }
}

#[cfg(test)]
mod tests {
    use hocba_record::form::{TT22_THCS, TT27_PRIMARY};

    use super::*;

    fn taken(form: hocba_record::form::Form, path: &[&str]) -> Option<(Option<&'static str>, Column)> {
        let path: Vec<(u32, String)> = (0..).zip(path.iter().map(ToString::to_string)).collect();
        meaning(&path, Some(form.curriculum())).map(|u| (u.subject, u.column))
    }

    #[test]
    fn headings_over_two_and_three_rows_are_known() {
        use Term::{First, Second};
        for (path, expected) in [
            (&["STT"][..], (None, Column::Number)),
            (&["Ngày sinh"], (None, Column::BirthDate)),
            (&["Toán", "HK I"], (Some("toan"), Column::Average(First))),
            (&["Toán", "HKII"], (Some("toan"), Column::Average(Second))),
            (&["Toán", "CN"], (Some("toan"), Column::Year)),
            (&["Ngữ văn", "TBCN"], (Some("ngu_van"), Column::Year)),
            (&["Các môn học", "LS&ĐL", "Cả năm"], (Some("lich_su_dia_li"), Column::Year)),
            (&["Học kỳ I", "Toán"], (Some("toan"), Column::Average(First))),
            (&["Học kỳ I", "Toán", "TX2"], (Some("toan"), Column::Regular(First, 2))),
            (&["Toán", "Học kỳ II", "CK"], (Some("toan"), Column::FinalExam(Second))),
            (&["Toán"], (Some("toan"), Column::Year)),
            (&["Toán HK1"], (Some("toan"), Column::Average(First))),
            (&["HK2 Ngữ văn"], (Some("ngu_van"), Column::Average(Second))),
            (&["GDTC", "Nhận xét"], (Some("giao_duc_the_chat"), Column::Remark)),
            (&["Rèn luyện", "HK I"], (None, Column::Conduct(First))),
            (&["Hạnh kiểm CN"], (None, Column::ConductYear)),
            (&["Kết quả học tập và rèn luyện", "Học tập", "HK II"], (None, Column::Study(Second))),
            (&["ĐTB các môn", "Cả năm"], (None, Column::OverallYear)),
            (&["Số buổi nghỉ", "P"], (None, Column::WithLeave)),
            (&["Số buổi nghỉ", "Không phép"], (None, Column::WithoutLeave)),
            (&["Danh hiệu"], (None, Column::Title)),
            (&["Nhận xét của GVCN"], (None, Column::HomeroomRemark)),
        ] {
            assert_eq!(taken(TT22_THCS, path), Some(expected), "{path:?}");
        }
        assert_eq!(taken(TT22_THCS, &["Ghi chú"]), None);
    }

    #[test]
    fn primary_schools_groups_are_known() {
        let item = |name: &str| attainments::by_heading(&fold(name)).expect("in the list");
        for (path, expected) in [
            (&["Tiếng Việt", "Mức đạt được"][..], (Some("tieng_viet"), Column::Year)),
            (&["Tiếng Việt", "Điểm KTĐK"], (Some("tieng_viet"), Column::Test)),
            (&["Cuối năm", "Toán", "Điểm KTĐK"], (Some("toan"), Column::Test)),
            (&["Môn học", "Đạo đức"], (Some("dao_duc"), Column::Year)),
            (&["Năng lực đặc thù", "Khoa học"], (None, Column::Attainment(item("Khoa học")))),
            (&["Phẩm chất", "Yêu nước"], (None, Column::Attainment(item("Yêu nước")))),
            (&["Khoa học", "Mức đạt được"], (Some("khoa_hoc"), Column::Year)),
            (&["Kết quả giáo dục"], (None, Column::EducationYear)),
            (&["Khen thưởng"], (None, Column::Title)),
        ] {
            assert_eq!(taken(TT27_PRIMARY, path), Some(expected), "{path:?}");
        }
        assert_eq!(taken(TT27_PRIMARY, &["Học kỳ I", "Toán", "Mức đạt được"]), None, "the book has the year alone");
    }
}
