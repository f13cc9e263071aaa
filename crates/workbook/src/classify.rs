//! What each sheet of a workbook is, and its tables.

use std::collections::BTreeMap;

use hocba_record::{
    catalogue,
    form::{Curriculum, FORMS, Form},
};

use crate::{
    bag::Bag,
    class,
    columns::{Column, Kind, fold, recognise},
    finding::{CellRef, Code, Finding, Severity, Words},
    grid::{HEADER_ROWS, Sheet},
    hints::Context,
    plan::{ColumnPlan, Role, SheetPlan, Use},
    table::{At, Field, Row, Source, Table, Value},
    value, wide,
};

/// What a sheet is for, by its name.
fn kind_of(name: &str) -> Option<Kind> {
    Some(match &*fold(name) {
        "lop" | "thongtinlop" => Kind::Class,
        "hocsinh" | "danhsach" | "danhsachhocsinh" => Kind::Pupils,
        "renluyen" | "hanhkiem" | "phamchatnangluc" | "nanglucphamchat" => Kind::Conduct,
        "ketqua" => Kind::Results,
        "bosung" => Kind::More,
        _ => return None,
    })
}

/// The name of the sheet of instructions, which is not read.
pub(crate) const INSTRUCTIONS: &str = "Hướng dẫn";

pub(crate) fn classify(sheets: &[Sheet], context: &Context<'_>) -> (Source, Bag) {
    let mut source = Source { sheets: sheets.iter().map(|s| s.name.clone()).collect(), ..Source::default() };
    let mut bag = Bag::new(source.sheets.clone(), context.limits.findings);

    // The class first: its grade says which subjects there are.
    for (index, sheet) in sheets.iter().enumerate() {
        if kind_of(&sheet.name) != Some(Kind::Class) || sheet.header_row().is_some() {
            continue;
        }
        if source.class.is_some() {
            bag.sheet_twice(index);
            continue;
        }
        let head = sheet.key_values(index, Kind::Class, HEADER_ROWS, &mut bag);
        source.plans.push(SheetPlan::bare(index, Role::Class));
        source.class = Some(Table { sheet: index, head, ..Table::default() });
    }
    for (index, sheet) in sheets.iter().enumerate() {
        if let Some(header) = sheet.header_row() {
            source.banner.extend(banner(sheet, index, header));
        }
    }
    let curriculum = class::curriculum(&source, context.hints);
    source.rules = class::rules(&source, context.hints);

    let mut wide_sheets: Vec<(usize, wide::Parts)> = Vec::new();
    for (index, sheet) in sheets.iter().enumerate() {
        let header = sheet.header_row();
        let kind = kind_of(&sheet.name).filter(|kind| *kind != Kind::Class || header.is_none());
        if kind == Some(Kind::Class) || sheet.cells.is_empty() {
            continue;
        }
        if fold(&sheet.name) == fold(INSTRUCTIONS) {
            source.plans.push(SheetPlan::bare(index, Role::Instructions));
            continue;
        }
        if sheet.hidden && (kind.is_some() || header.is_some()) {
            bag.on_sheet(
                index,
                Code::HiddenSheet,
                Severity::Error,
                Words::new("Trang hiện, để người ký nhìn thấy.", "A visible sheet, so that those who sign can see it."),
                Words::new("Bỏ ẩn trang (Unhide) hoặc xoá trang.", "Unhide the sheet, or delete it."),
            );
        }
        // Competences have names of subjects; a sheet named for them is theirs.
        let own = matches!(kind, Some(Kind::Conduct | Kind::More)) && !context.mapping.names_subjects(&sheet.name);
        if let Some(header) = header.filter(|_| !own)
            && let Some(mut plan) = wide::plan(sheet, index, header, curriculum, context)
        {
            let parts = wide::split(sheet, index, &mut plan, curriculum, context, &mut bag);
            source.plans.push(plan);
            wide_sheets.push((index, parts));
            continue;
        }
        match (kind, header) {
            (Some(kind), Some(header)) => {
                let (slot, role) = match kind {
                    Kind::Pupils => (&mut source.pupils, Role::Pupils),
                    Kind::Conduct => (&mut source.conduct, Role::Conduct),
                    Kind::More => (&mut source.more, Role::More),
                    _ => (&mut source.results, Role::Results),
                };
                if slot.is_some() {
                    bag.sheet_twice(index);
                } else {
                    let (table, plan) = table(sheet, index, kind, header, context, &mut bag);
                    *slot = Some(table);
                    source.plans.push(SheetPlan { role, ..plan });
                }
            }
            (_, None) if kind.is_some() || speaks_of_subject(sheet, index, curriculum) => {
                source.plans.push(SheetPlan::bare(index, Role::Ignored));
                bag.on_sheet(
                    index,
                    Code::MissingHeader,
                    Severity::Error,
                    Words::new(
                        "Một dòng tiêu đề có các cột STT và Họ và tên.",
                        "A row of headings with STT and Họ và tên.",
                    ),
                    Words::new("Chép lại dòng tiêu đề từ tệp mẫu.", "Copy the row of headings from the template."),
                );
            }
            (None, Some(header)) => {
                if let Some(subject) = subject_of(sheet, index, header, curriculum, &mut bag) {
                    if source.subjects.iter().any(|(s, _)| s.code == subject.code) {
                        // A sheet that speaks of two subjects is to be corrected; “delete the surplus one” would cost
                        // the class the marks of the other.
                        let told = |f: &Finding| f.code == Code::SubjectConflict && f.sheet == sheet.name;
                        if !bag.findings.iter().any(told) {
                            bag.sheet_twice(index);
                        }
                    } else {
                        let (table, plan) = table(sheet, index, Kind::Subject, header, context, &mut bag);
                        source.plans.push(SheetPlan { role: Role::Subject(subject), ..plan });
                        source.subjects.push((subject, table));
                    }
                } else {
                    source.plans.push(SheetPlan::bare(index, Role::Ignored));
                }
            }
            (_, None) => {
                source.plans.push(SheetPlan::bare(index, Role::Ignored));
                bag.on_sheet(
                    index,
                    Code::IgnoredSheet,
                    Severity::Warning,
                    Words::new("Các trang của tệp mẫu.", "The sheets of the template."),
                    Words::new(
                        "Trang này không được đọc. Nếu là trang môn học, thêm dòng tiêu đề có STT và Họ và tên.",
                        "This sheet is not read. If it is a subject's, add a row of headings with STT and Họ và tên.",
                    ),
                );
            }
        }
    }
    for (index, parts) in wide_sheets {
        source.wide = true;
        wide::fill(&mut source, parts, index, &mut bag);
    }
    source.plans.sort_by_key(|plan| plan.sheet);
    (source, bag)
}

/// What the lines above a table's headings say of the class, each at its cell.
fn banner(sheet: &Sheet, index: usize, header: u32) -> Vec<(Column, Field)> {
    let mut said = Vec::new();
    for row in 0..header {
        let cells: Vec<u32> = sheet.row(row).map(|(col, _)| col).collect();
        // `Lớp | 9A3` in two cells; otherwise `Lớp: 9A3` in one.
        let key = cells.first().and_then(|col| recognise(Kind::Class, sheet.text(row, *col)?, None));
        let key = key.filter(|column| column.is_head(Kind::Class));
        if let (Some(column), Some(field)) = (key, cells.get(1).and_then(|col| sheet.field(index, row, *col))) {
            said.push((column, field));
            continue;
        }
        for field in cells.iter().filter_map(|col| sheet.field(index, row, *col)) {
            if let Value::Text(text) = &field.value {
                let found = class::banner(text).into_iter().filter(|(column, _)| column.is_head(Kind::Class));
                said.extend(found.map(|(column, text)| (column, class::field(&field, text))));
            }
        }
    }
    said
}

/// The subject that a banner names: `Môn: Toán`.
fn subject_in_banner(
    sheet: &Sheet,
    header: u32,
    curriculum: Option<Curriculum>,
) -> Option<&'static catalogue::Subject> {
    let texts = (0..header).flat_map(|row| sheet.row(row));
    let said =
        texts.filter_map(|(_, value)| if let Value::Text(text) = value { Some(class::banner(text)) } else { None });
    let mut names = said.flatten().filter(|(column, _)| *column == Column::SubjectName);
    names.find_map(|(_, name)| known_subject(curriculum, &name))
}

/// The word for a subject in this programme. Without a grade and a year any programme's will do; that they are missing is
/// a finding of its own.
pub(crate) fn known_subject(curriculum: Option<Curriculum>, heading: &str) -> Option<&'static catalogue::Subject> {
    let known = FORMS.into_iter().rev().map(Form::curriculum);
    curriculum.into_iter().chain(known.filter(|_| curriculum.is_none())).find_map(|c| catalogue::by_heading(c, heading))
}

/// Whether a sheet without headings was meant for a subject, by its name or a line `Mã môn`. Such a sheet is not left out
/// in silence: its marks would be lost.
fn speaks_of_subject(sheet: &Sheet, index: usize, curriculum: Option<Curriculum>) -> bool {
    known_subject(curriculum, &sheet.name).is_some()
        || sheet.key_values(index, Kind::Subject, HEADER_ROWS, &mut Bag::default()).contains_key(&Column::SubjectCode)
}

fn subject_of(
    sheet: &Sheet,
    index: usize,
    header: u32,
    curriculum: Option<Curriculum>,
    bag: &mut Bag,
) -> Option<&'static catalogue::Subject> {
    let known = |heading: &str| known_subject(curriculum, heading);
    // Read again with the table; here only to know the subject, so its findings are left for then.
    let head = sheet.key_values(index, Kind::Subject, header, &mut Bag::default());
    let said = |column| head.get(&column).filter(|f: &&Field| !f.is_blank()).map(Field::shown);
    let code = said(Column::SubjectCode);
    let by_code = code.as_deref().map(known);
    let by_sheet = known(&sheet.name);
    let by_name =
        said(Column::SubjectName).as_deref().and_then(known).or_else(|| subject_in_banner(sheet, header, curriculum));
    let named: Vec<_> = [by_code.flatten(), by_sheet, by_name].into_iter().flatten().collect();
    let Some(first) = named.first().copied().filter(|_| by_code != Some(None)) else {
        let at = head.get(&Column::SubjectCode).map(|f| CellRef { row: f.at.row, col: f.at.col });
        bag.push(Finding {
            code: Code::UnknownSubject,
            severity: Severity::Error,
            sheet: sheet.name.clone(),
            cell: at,
            value: Some(crate::finding::cut(code.as_deref().unwrap_or(&sheet.name))),
            expected: Words::new("Một môn của chương trình ở cấp học này.", "A subject of this level's programme."),
            how_to_mend: Words::new(
                "Ghi mã môn như trong tệp mẫu vào ô Mã môn (ví dụ toan), hoặc đặt tên trang theo tên môn; xoá trang nếu không dùng.",
                "Write the subject's code of the template beside Mã môn (such as toan), or name the sheet after the subject; \
                 delete the sheet if it is not used.",
            ),
        });
        return None;
    };
    if named.iter().any(|s| s.code != first.code) {
        let others: Vec<&str> = named.iter().map(|s| s.name).collect();
        bag.push(Finding {
            code: Code::SubjectConflict,
            severity: Severity::Error,
            sheet: sheet.name.clone(),
            cell: head.get(&Column::SubjectCode).map(|f| CellRef { row: f.at.row, col: f.at.col }),
            value: Some(crate::finding::cut(&others.join(" / "))),
            expected: Words::new(
                "Tên trang, mã môn và tên môn nói về cùng một môn.",
                "The sheet's name, the subject's code and its name speak of one subject.",
            ),
            how_to_mend: Words::new(
                "Trang có lẽ được chép từ môn khác: sửa mã môn, tên môn hoặc tên trang.",
                "The sheet was perhaps copied from another subject: correct the code, the name, or the sheet's name.",
            ),
        });
    }
    Some(first)
}

/// A sheet's table, and what its columns were taken for.
fn table(
    sheet: &Sheet,
    index: usize,
    kind: Kind,
    header: u32,
    context: &Context<'_>,
    bag: &mut Bag,
) -> (Table, SheetPlan) {
    let head = if kind == Kind::Subject { sheet.key_values(index, kind, header, bag) } else { BTreeMap::new() };
    let mut columns = BTreeMap::new();
    let mut plans = Vec::new();
    let mut unknown = Vec::new();
    let mut awards = 0_u8;
    // Many schools join STT and Họ và tên with the cells below them, beside “Học kỳ I” over TX1, TX2 …
    let second = sheet.second_header(kind, header);
    let last_header = second.unwrap_or(header);
    let upper = sheet.row(header).filter(|(col, _)| second.is_none_or(|row| sheet.text(row, *col).is_none()));
    let lower = second.into_iter().flat_map(|row| sheet.row(row).map(move |(col, value)| (row, col, value)));
    for (row, col, value) in upper.map(|(col, value)| (header, col, value)).chain(lower) {
        let Value::Text(heading) = value else { continue };
        let group = sheet.group(row, col);
        let mapped = context.mapping.get(&sheet.name, col);
        let mut column = match mapped {
            Some(mapped) => mapped.map(|(_, column)| column),
            None => recognise(kind, heading, group),
        };
        if let Some(Column::Award(_)) = column {
            awards = awards.saturating_add(1);
            column = Some(Column::Award(awards));
        }
        let mut taken = column.map(|column| Use { column, subject: None });
        match column {
            Some(column) if columns.contains_key(&column) => {
                bag.duplicate_column(At { sheet: index, row, col }, heading);
                taken = None;
            }
            Some(column) => {
                columns.insert(column, col);
            }
            None if mapped.is_some() => {}
            None => unknown.push((row, col, heading.clone())),
        }
        plans.push(ColumnPlan { col, row, heading: heading.clone(), taken });
    }
    for (row, col, heading) in unknown {
        // An empty surplus column harms no one.
        if sheet.cells.range((last_header + 1, 0)..).any(|((_, c), _)| *c == col) {
            bag.ignored_column(At { sheet: index, row, col }, &heading);
        }
    }
    let mut rows = Vec::new();
    let last = sheet.cells.keys().next_back().map_or(0, |(row, _)| *row).min(context.limits.rows);
    for row in last_header + 1..=last {
        let cells: BTreeMap<Column, Field> =
            columns.iter().filter_map(|(column, col)| Some((*column, sheet.field(index, row, *col)?))).collect();
        if !cells.is_empty() {
            rows.push(Row {
                at: At { sheet: index, row, col: columns.get(&Column::Number).copied().unwrap_or(0) },
                cells,
            });
        }
    }
    let table = Table { sheet: index, columns, rows, head };
    let pupils: Vec<&Row> = table.rows.iter().filter(|r| crate::assemble::number_of(r).is_some()).collect();
    let last = pupils.last().map(|r| r.at.row);
    let read: Vec<u32> = table.columns.values().copied().collect();
    joined_cells(sheet, index, &read, last_header, last.unwrap_or(last_header), bag);
    plans.sort_by_key(|plan| plan.col);
    let plan = SheetPlan {
        header: Some((header, last_header)),
        columns: plans,
        last,
        // A number alone was prepared in the template.
        pupils: pupils.iter().filter(|r| r.cells.len() > 1).count(),
        ..SheetPlan::bare(index, Role::Ignored)
    };
    (table, plan)
}

/// Cells joined among the pupils' rows.
pub(crate) fn joined_cells(
    sheet: &Sheet,
    index: usize,
    columns: &[u32],
    last_header: u32,
    last_pupil: u32,
    bag: &mut Bag,
) {
    for ((top, left), (bottom, right)) in &sheet.merged {
        let touches = columns.iter().any(|col| (left..=right).contains(&col));
        if *bottom > last_header && *top <= last_pupil && touches {
            bag.at(
                At { sheet: index, row: *top, col: *left },
                None,
                value::Fault::error(
                    Code::MergedCells,
                    Words::new(
                        "Mỗi học sinh một dòng, mỗi giá trị một ô.",
                        "One row for each pupil, one cell for each value.",
                    ),
                    Words::new(
                        "Bỏ gộp ô (Unmerge Cells) rồi điền từng ô.",
                        "Unmerge the cells, then fill each of them.",
                    ),
                ),
            );
        }
    }
}
