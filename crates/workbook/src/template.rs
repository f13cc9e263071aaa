//! The workbook a school fills in, written empty or with drafts.

mod homeroom;

use std::collections::BTreeMap;

use hocba_record::{
    catalogue::{self, Subject, SubjectKind},
    draft::{Assessment, ClassHeader, Draft, SubjectDraft, TermMarks},
    form::{FORMS, RuleSet},
    section::{Achievement, Attainment, IdentifierKind, Register, Sex, SubjectLevel},
    types::{Mark, SubjectCode, Text, UnixTime},
};
use rust_xlsxwriter::{
    DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, IgnoreError, Workbook,
    Worksheet, XlsxError,
};

use crate::{
    attainments::ITEMS,
    classify::INSTRUCTIONS,
    columns::{Column, IDENTIFIERS, Term},
    value::civil,
};

/// Rows prepared in an empty template: the largest lawful class of a secondary school, 45 pupils.
pub const TEMPLATE_ROWS: u32 = 45;

/// The most regular marks of a term that the layout holds (TX1 … TX9); the law asks for four at most.
const MAX_REGULAR: usize = 9;

/// Why a workbook could not be written.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// A draft has a subject that the catalogue does not.
    #[error("the catalogue has no subject {code}")]
    UnknownSubject {
        /// Its code.
        code: SubjectCode,
    },
    /// A draft has a quality or competence that the layout does not.
    #[error("no column for the quality or competence {code}")]
    UnknownAttainment {
        /// Its code.
        code: SubjectCode,
    },
    /// A draft has a subject twice.
    #[error("a draft has the subject {code} twice")]
    SubjectTwice {
        /// Its code.
        code: SubjectCode,
    },
    /// A term has more regular marks than the layout.
    #[error("more than nine regular marks in a term of {code}")]
    TooManyMarks {
        /// The subject.
        code: SubjectCode,
    },
    /// The writer refused.
    #[error("the workbook could not be written")]
    Write(#[from] XlsxError),
}

/// Writes the class workbook (layout in the crate's documentation): with the class and pupils given, or empty with
/// [`TEMPLATE_ROWS`] numbered rows. Subjects of the drafts are added to those given. The same arguments give the same
/// bytes.
///
/// # Errors
/// For drafts the layout cannot hold.
pub fn template(
    header: Option<&ClassHeader>,
    subjects: &[&'static Subject],
    pupils: &[Draft],
) -> Result<Vec<u8>, TemplateError> {
    let curriculum = header.map(|h| h.form().curriculum()).or_else(|| subjects.first().map(|s| s.curriculum));
    let mut all: Vec<&'static Subject> = subjects.to_vec();
    for draft in pupils {
        for (index, subject) in draft.subjects.iter().enumerate() {
            let code = &subject.code;
            if draft.subjects.iter().take(index).any(|s| s.code == *code) {
                return Err(TemplateError::SubjectTwice { code: code.clone() });
            }
            let known = curriculum
                .map_or_else(|| catalogue::by_code_anywhere(code.as_str()), |c| catalogue::by_code(c, code.as_str()))
                .ok_or_else(|| TemplateError::UnknownSubject { code: code.clone() })?;
            if all.iter().all(|s| s.code != known.code) {
                all.push(known);
            }
        }
    }
    all.sort_by_key(|subject| catalogue::SUBJECTS.iter().position(|s| std::ptr::eq(s, *subject)));
    all.dedup_by_key(|subject| subject.code);

    let style = Style::new();
    let mut book = Workbook::new();
    // A fixed date, or the same drafts would give other bytes tomorrow.
    let created = ExcelDateTime::from_ymd(2026, 1, 1)?;
    book.set_properties(&DocProperties::new().set_title("Học bạ: sổ tính của lớp").set_creation_datetime(&created));
    instructions(book.add_worksheet(), &style)?;
    class(book.add_worksheet(), header, &style)?;
    pupil_list(book.add_worksheet(), pupils, &style)?;
    for subject in all {
        subject_sheet(book.add_worksheet(), subject, header, pupils, &style)?;
    }
    // Without a class, the subjects say at least which programme it is.
    let rules = header.map(|h| h.form().rules).unwrap_or_else(|| {
        FORMS.into_iter().rev().find(|f| Some(f.curriculum()) == curriculum).map_or(RuleSet::Tt22, |f| f.rules)
    });
    let unknown = |a: &&Attainment| !ITEMS.iter().any(|item| item.code == a.code.as_str());
    if let Some(a) = pupils.iter().flat_map(attainments).find(unknown) {
        return Err(TemplateError::UnknownAttainment { code: a.code.clone() });
    }
    homeroom::conduct(book.add_worksheet(), rules, pupils, &style)?;
    homeroom::results(book.add_worksheet(), rules, pupils, &style)?;
    // What few pupils have: in an empty workbook to be filled in, in a filled one where somebody has it.
    if pupils.is_empty() || pupils.iter().any(homeroom::has_more) {
        homeroom::more(book.add_worksheet(), pupils, &style)?;
    }
    Ok(book.save_to_buffer()?)
}

struct Style {
    title: Format,
    heading: Format,
    key: Format,
    text: Format,
    wrapped: Format,
    mark: Format,
    centre: Format,
    whole: Format,
}

impl Style {
    fn new() -> Self {
        let plain = || Format::new().set_font_name("Times New Roman").set_font_size(12);
        let heading =
            || plain().set_bold().set_align(FormatAlign::Center).set_align(FormatAlign::VerticalCenter).set_text_wrap();
        Self {
            title: plain().set_bold().set_font_size(14),
            heading: heading().set_border(FormatBorder::Thin).set_background_color("#DDE8F5"),
            key: plain().set_bold(),
            // Text, so that leading zeros and dates stay as typed.
            text: plain().set_num_format("@"),
            wrapped: plain().set_num_format("@").set_text_wrap().set_align(FormatAlign::Top),
            mark: plain().set_num_format("0.0").set_align(FormatAlign::Center),
            centre: plain().set_num_format("@").set_align(FormatAlign::Center),
            whole: plain().set_num_format("0").set_align(FormatAlign::Center),
        }
    }
}

/// What a column of the written table is like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Number,
    Mark,
    Choice(&'static [&'static str]),
    Count,
    Text,
    Long,
}

const LEVELS: &[&str] = &["T", "H", "C"];
const REGISTERS: &[&str] = &["Dân cư", "Ngành", "Giấy tờ"];
const CROSS: &[&str] = &["x"];
const ACHIEVEMENTS: &[&str] = &["Đ", "CĐ"];
const SEXES: &[&str] = &["Nam", "Nữ", "Khác"];
struct Heading {
    column: Column,
    text: String,
    /// The heading above it, joined over its neighbours.
    group: Option<&'static str>,
    width: f64,
    look: Look,
}

fn heading(column: Column, text: impl Into<String>, width: f64, look: Look) -> Heading {
    Heading { column, text: text.into(), group: None, width, look }
}

enum Cell {
    Text(String),
    Mark(Mark),
    Whole(u32),
}

type Cells = BTreeMap<Column, Cell>;

fn put(cells: &mut Cells, column: Column, text: Option<&Text>) {
    if let Some(text) = text {
        cells.insert(column, Cell::Text(text.to_string()));
    }
}

fn word(cells: &mut Cells, column: Column, text: Option<&str>) {
    if let Some(text) = text {
        cells.insert(column, Cell::Text(text.to_owned()));
    }
}

/// Writes headings, rows, lists, widths and print setup; `top` is the row of the headings.
fn table(
    sheet: &mut Worksheet,
    top: u32,
    headings: &[Heading],
    rows: &[(u32, Cells)],
    empty: bool,
    style: &Style,
) -> Result<(), XlsxError> {
    let first = top + 1;
    let count = u32::try_from(rows.len()).unwrap_or(u32::MAX).max(TEMPLATE_ROWS);
    let last = first + count - 1;
    let mut group_start = 0;
    for (index, h) in headings.iter().enumerate() {
        let col = u16::try_from(index).unwrap_or(u16::MAX);
        sheet.set_column_width(col, h.width)?;
        let format = match h.look {
            Look::Number | Look::Count => &style.whole,
            Look::Mark => &style.mark,
            Look::Choice(_) => &style.centre,
            Look::Text => &style.text,
            Look::Long => &style.wrapped,
        };
        sheet.set_column_format(col, format)?;
        sheet.write_string_with_format(top, col, &h.text, &style.heading)?;
        let ends = headings.get(index + 1).is_none_or(|next| next.group != h.group);
        if let (Some(group), true, true) = (h.group, ends, top > 0) {
            let from = u16::try_from(group_start).unwrap_or(u16::MAX);
            if from < col {
                sheet.merge_range(top - 1, from, top - 1, col, group, &style.heading)?;
            } else {
                sheet.write_string_with_format(top - 1, col, group, &style.heading)?;
            }
        }
        if ends {
            group_start = index + 1;
        }
        if let Some(rule) = validation(h.look, first, col)? {
            sheet.add_data_validation(first, col, last, col, &rule)?;
        }
    }
    for (offset, (number, cells)) in rows.iter().enumerate() {
        let row = first + u32::try_from(offset).unwrap_or(u32::MAX);
        sheet.write_number_with_format(row, 0, *number, &style.whole)?;
        for (index, h) in headings.iter().enumerate() {
            let col = u16::try_from(index).unwrap_or(u16::MAX);
            match cells.get(&h.column) {
                Some(Cell::Text(text)) => {
                    let format = match h.look {
                        Look::Long => &style.wrapped,
                        Look::Choice(_) | Look::Mark => &style.centre,
                        _ => &style.text,
                    };
                    sheet.write_string_with_format(row, col, text, format)?;
                }
                Some(Cell::Mark(mark)) => {
                    sheet.write_number_with_format(row, col, f64::from(mark.tenths()) / 10.0, &style.mark)?;
                }
                Some(Cell::Whole(n)) => {
                    sheet.write_number_with_format(row, col, *n, &style.whole)?;
                }
                None => {}
            }
        }
    }
    if empty {
        for number in 1..=TEMPLATE_ROWS {
            sheet.write_number_with_format(top + number, 0, number, &style.whole)?;
        }
    }
    let width = u16::try_from(headings.len()).unwrap_or(u16::MAX).saturating_sub(1);
    // Codes are text on purpose; no green corners about it.
    sheet.ignore_error_range(first, 0, last, width, IgnoreError::NumberStoredAsText)?;
    sheet.set_freeze_panes(first, 2)?;
    sheet.set_repeat_rows(top.saturating_sub(1), top)?;
    sheet.set_row_height(top, 32)?;
    page(sheet);
    Ok(())
}

fn page(sheet: &mut Worksheet) {
    sheet.set_paper_size(9).set_landscape().set_print_fit_to_pages(1, 0);
    sheet.set_footer("&L&A&RTrang &P/&N");
}

fn validation(look: Look, row: u32, col: u16) -> Result<Option<DataValidation>, XlsxError> {
    Ok(match look {
        Look::Mark => {
            let cell = rust_xlsxwriter::utility::row_col_to_cell(row, col);
            let rule = format!("=AND(ISNUMBER({cell}),{cell}>=0,{cell}<=10,ROUND({cell},1)={cell})");
            Some(
                DataValidation::new()
                    .allow_custom(Formula::new(rule))
                    .set_error_title("Điểm / Mark")?
                    .set_error_message(
                        "Điểm từ 0 đến 10, tối đa một chữ số thập phân.\nA mark from 0 to 10, at most one decimal.",
                    )?,
            )
        }
        Look::Choice(list) => Some(
            DataValidation::new()
                .allow_list_strings(list)?
                .set_error_title("Chọn trong danh sách / Choose")?
                .set_error_message(format!("Chọn một giá trị / Choose one: {}.", list.join(", ")))?,
        ),
        Look::Count => Some(
            DataValidation::new()
                .allow_whole_number(rust_xlsxwriter::DataValidationRule::Between(0, 400))
                .set_error_title("Số buổi / Sessions")?
                .set_error_message("Số nguyên từ 0 đến 400.\nA whole number from 0 to 400.")?,
        ),
        Look::Number | Look::Text | Look::Long => None,
    })
}

fn instructions(sheet: &mut Worksheet, style: &Style) -> Result<(), XlsxError> {
    sheet.set_name(INSTRUCTIONS)?;
    sheet.set_column_width(0, 110)?;
    sheet.set_column_format(0, &style.wrapped)?;
    sheet.write_string_with_format(0, 0, "Hướng dẫn điền sổ tính của lớp", &style.title)?;
    let vi = [
        "1. Trang Lớp: điền mã trường, tên trường, năm học, khối, lớp.",
        "2. Trang Học sinh: mỗi học sinh một dòng, có STT. Ngày sinh dạng ngày/tháng/năm (05/03/2012), hoặc chỉ năm. Cần ít nhất một mã: số định danh (12 chữ số), mã định danh Bộ (10 chữ số), mã học sinh hoặc mã tạm.",
        "3. Trang môn học: chép STT và họ tên từ trang Học sinh (hai ô phải khớp nhau). Điểm từ 0 đến 10, tối đa một chữ số thập phân (8,5). Môn nhận xét ghi Đ hoặc CĐ.",
        "4. Học sinh được miễn: ghi lí do vào cột Miễn, để trống điểm. Không đánh giá (khuyết tật, kế hoạch riêng): ghi “Không đánh giá”. Học sinh không học môn: xoá dòng của học sinh ở trang đó.",
        "5. Trang Rèn luyện: T (Tốt), K (Khá), Đ (Đạt), CĐ (Chưa đạt); số buổi nghỉ; nhận xét của giáo viên chủ nhiệm. Khen thưởng khác: mỗi mục một cột.",
        "6. Trang Kết quả (không bắt buộc): kết quả do phần mềm của trường tính, chỉ để đối chiếu.",
        "7. Không gộp ô, không ẩn trang, không đặt mật khẩu, không dùng macro. Gõ bằng Unicode; chữ Đ phải là chữ Đ tiếng Việt. Lưu kiểu .xlsx.",
        "8. Nếu tệp có lỗi, hệ thống chỉ ra từng ô; sửa trong tệp này rồi gửi lại. Không dữ liệu nào được nhận khi còn lỗi.",
    ];
    let en = [
        "1. Sheet Lớp: school code and name, school year, grade, class.",
        "2. Sheet Học sinh: one row for each pupil, numbered (STT). Birth date as day/month/year (05/03/2012), or the year alone. At least one of: personal number (12 digits), ministry code (10 digits), school's code, temporary code.",
        "3. Subject sheets: copy STT and name from Học sinh (both must agree). Marks from 0 to 10 with at most one decimal (8,5). Subjects judged by comment: Đ (achieved) or CĐ (not achieved).",
        "4. Exempt: the reason in the column Miễn, no marks. Not assessed (own plan): “Không đánh giá”. A pupil who does not take the subject: delete the pupil's row on that sheet.",
        "5. Sheet Rèn luyện (conduct): T, K, Đ, CĐ; sessions absent; the homeroom teacher's remark. Other awards: one column each.",
        "6. Sheet Kết quả (optional): results your own software computed, for comparison only.",
        "7. No joined cells, hidden sheets, passwords or macros. Unicode letters; Đ must be the Vietnamese Đ. Save as .xlsx.",
        "8. If the file has faults, each cell is named; mend them in this file and send it again. Nothing is taken over while a fault is left.",
    ];
    let mut row = 2;
    for line in vi {
        sheet.write_string_with_format(row, 0, line, &style.wrapped)?;
        row += 1;
    }
    row += 1;
    sheet.write_string_with_format(row, 0, "How to fill in the class workbook", &style.title)?;
    row += 2;
    for line in en {
        sheet.write_string_with_format(row, 0, line, &style.wrapped)?;
        row += 1;
    }
    page(sheet);
    Ok(())
}

fn class(sheet: &mut Worksheet, header: Option<&ClassHeader>, style: &Style) -> Result<(), XlsxError> {
    sheet.set_name("Lớp")?;
    sheet.set_column_width(0, 24)?;
    sheet.set_column_width(1, 48)?;
    sheet.set_column_format(1, &style.text)?;
    let lines: [(&str, Option<String>); 7] = [
        ("Mã trường", header.map(|h| h.school.to_string())),
        ("Tên trường", header.map(|h| h.school_name.name.to_string())),
        ("Xã/phường", header.and_then(|h| h.school_name.ward.as_ref()).map(ToString::to_string)),
        ("Tỉnh/thành phố", header.and_then(|h| h.school_name.province.as_ref()).map(ToString::to_string)),
        ("Năm học", header.map(|h| h.year.to_string())),
        ("Khối", header.map(|h| h.grade.number().to_string())),
        ("Lớp", header.map(|h| h.class.to_string())),
    ];
    for (row, (key, value)) in (0_u32..).zip(lines) {
        sheet.write_string_with_format(row, 0, key, &style.key)?;
        if let Some(value) = value {
            sheet.write_string_with_format(row, 1, value, &style.text)?;
        }
    }
    sheet.ignore_error_range(0, 1, 6, 1, IgnoreError::NumberStoredAsText)?;
    page(sheet);
    Ok(())
}

fn attainments(draft: &Draft) -> impl Iterator<Item = &Attainment> {
    draft.attainments.qualities.iter().chain(&draft.attainments.competences)
}

fn numbers(pupils: &[Draft]) -> impl Iterator<Item = (u32, &Draft)> {
    (1_u32..).zip(pupils)
}

fn pupil_list(sheet: &mut Worksheet, pupils: &[Draft], style: &Style) -> Result<(), XlsxError> {
    sheet.set_name("Học sinh")?;
    let mut headings = vec![
        heading(Column::Number, "STT", 6.0, Look::Number),
        heading(Column::Name, "Họ và tên", 28.0, Look::Text),
        heading(Column::BirthDate, "Ngày sinh", 13.0, Look::Text),
        heading(Column::Sex, "Giới tính", 10.0, Look::Choice(SEXES)),
        heading(Column::Ethnicity, "Dân tộc", 12.0, Look::Text),
        heading(Column::Nationality, "Quốc tịch", 12.0, Look::Text),
        heading(Column::BirthPlace, "Nơi sinh", 26.0, Look::Text),
        heading(Column::Personal, "Số định danh", 16.0, Look::Text),
        heading(Column::Ministry, "Mã định danh Bộ", 14.0, Look::Text),
        heading(Column::SchoolPupil, "Mã học sinh", 14.0, Look::Text),
        heading(Column::Lifelong, "Mã người học suốt đời", 16.0, Look::Text),
        heading(Column::Temporary, "Mã tạm", 12.0, Look::Text),
        heading(Column::ForeignPaper, "Giấy tờ nước ngoài", 16.0, Look::Text),
        heading(Column::Book, "Mã học bạ", 18.0, Look::Text),
    ];
    for (column, kind) in IDENTIFIERS {
        let verified = |d: &Draft| d.identity.identifiers.iter().any(|i| i.kind == kind && i.verified.is_some());
        // Of the personal number an empty workbook asks it, too.
        if pupils.iter().any(verified) || pupils.is_empty() && kind == IdentifierKind::Personal {
            let name = headings.iter().find(|h| h.column == column).map(|h| h.text.clone()).unwrap_or_default();
            let with = format!("{name}: đối chiếu với");
            headings.push(heading(Column::VerifiedWith(kind), with, 14.0, Look::Choice(REGISTERS)));
            headings.push(heading(Column::VerifiedOn(kind), format!("{name}: ngày đối chiếu"), 13.0, Look::Text));
        }
    }
    let rows: Vec<(u32, Cells)> = numbers(pupils)
        .map(|(number, draft)| {
            let identity = &draft.identity;
            let mut cells = Cells::new();
            put(&mut cells, Column::Name, Some(&identity.name));
            cells.insert(Column::BirthDate, Cell::Text(identity.birth_date.vietnamese()));
            let sex = match identity.sex {
                Sex::Male => "Nam",
                Sex::Female => "Nữ",
                Sex::Other => "Khác",
            };
            word(&mut cells, Column::Sex, Some(sex));
            put(&mut cells, Column::Ethnicity, identity.ethnicity.as_ref());
            word(
                &mut cells,
                Column::Nationality,
                identity.nationality.as_ref().map(|n| if n.as_str() == "VN" { "Việt Nam" } else { n.as_str() }),
            );
            put(&mut cells, Column::BirthPlace, identity.birth_place.as_ref());
            put(&mut cells, Column::Book, identity.book.as_ref());
            for (column, kind) in IDENTIFIERS {
                let identifier = identity.identifiers.iter().find(|i| i.kind == kind);
                put(&mut cells, column, identifier.map(|i| &i.value));
                if let Some(verified) = identifier.and_then(|i| i.verified) {
                    let with = match verified.with {
                        Register::Population => "Dân cư",
                        Register::Education => "Ngành",
                        Register::Paper => "Giấy tờ",
                    };
                    word(&mut cells, Column::VerifiedWith(kind), Some(with));
                    cells.insert(Column::VerifiedOn(kind), Cell::Text(verified.on.vietnamese()));
                }
            }
            (number, cells)
        })
        .collect();
    table(sheet, 0, &headings, &rows, pupils.is_empty(), style)
}

/// The subject's name, or an abbreviation the catalogue knows where a sheet's name may not be that long (31 letters).
fn sheet_name(subject: &Subject) -> String {
    match subject.code {
        "hoat_dong_trai_nghiem_huong_nghiep" => "HĐTN-HN".into(),
        "noi_dung_giao_duc_dia_phuong" => "NDGDĐP".into(),
        _ => subject.name.chars().take(31).collect(),
    }
}

/// The value that most pupils share stands above the table; the others get a column of their own.
fn shared<'a, T: PartialEq + Clone + 'a>(values: impl Iterator<Item = &'a Option<T>>) -> (Option<T>, bool) {
    let values: Vec<&Option<T>> = values.collect();
    // A pupil without the value must not inherit it, so one such pupil moves it into the column for all.
    let first = values.first().and_then(|v| (*v).clone());
    let same = values.iter().all(|v| **v == first);
    if same { (first, false) } else { (None, true) }
}

fn moment_text(time: UnixTime) -> String {
    let [y, m, d, hour, minute, second] = civil(time);
    format!("{d:02}/{m:02}/{y} {hour:02}:{minute:02}:{second:02}")
}

fn subject_sheet(
    sheet: &mut Worksheet,
    subject: &'static Subject,
    header: Option<&ClassHeader>,
    pupils: &[Draft],
    style: &Style,
) -> Result<(), TemplateError> {
    sheet.set_name(sheet_name(subject))?;
    let taking: Vec<(u32, &Draft, &SubjectDraft)> = numbers(pupils)
        .filter_map(|(number, draft)| {
            Some((number, draft, draft.subjects.iter().find(|s| s.code.as_str() == subject.code)?))
        })
        .collect();
    let drafts = || taking.iter().map(|(_, _, s)| *s);
    let names: Vec<Option<Text>> = drafts().map(|s| Some(s.name.clone())).collect();
    let (name, own_name) = shared(names.iter());
    let (teacher, own_teacher) = shared(drafts().map(|s| &s.teacher));
    let (locked_at, own_locked_at) = shared(drafts().map(|s| &s.locked_at));
    let (from, own_source) = shared(drafts().map(|s| &s.source));

    let name = name.map_or_else(|| subject.name.to_owned(), |n| n.to_string());
    let lines = [
        ("Mã môn", Some(subject.code.to_owned())),
        ("Tên môn", Some(name)),
        ("Giáo viên", teacher.map(|t| t.to_string())),
        ("Khoá sổ", locked_at.map(moment_text)),
        ("Nguồn", from.map(|t| t.to_string())),
    ];
    for (row, (key, value)) in (0_u32..).zip(lines) {
        sheet.write_string_with_format(row, 0, key, &style.key)?;
        if let Some(value) = value {
            sheet.write_string_with_format(row, 1, value, &style.text)?;
        }
    }

    let mut headings =
        vec![heading(Column::Number, "STT", 10.0, Look::Number), heading(Column::Name, "Họ và tên", 28.0, Look::Text)];
    let most = drafts()
        .filter_map(|s| {
            if let Assessment::Score { term1, term2, .. } = &s.assessment { Some([term1, term2]) } else { None }
        })
        .flatten()
        .map(|t| t.regular.len())
        .max()
        .unwrap_or(0);
    if most > MAX_REGULAR {
        let code = drafts().next().map(|s| s.code.clone()).expect("a draft has these marks");
        return Err(TemplateError::TooManyMarks { code });
    }
    if subject.kind == SubjectKind::Score {
        let asked = header.and_then(|h| subject.regular_marks(h.grade)).unwrap_or(4);
        let regular = u8::try_from(most.max(asked)).unwrap_or(9);
        for (term, group) in [(Term::First, "Học kỳ I"), (Term::Second, "Học kỳ II")] {
            let mut add = |column, text: String| {
                headings.push(Heading { group: Some(group), ..heading(column, text, 6.5, Look::Mark) });
            };
            for n in 1..=regular {
                add(Column::Regular(term, n), format!("TX{n}"));
            }
            add(Column::Midterm(term), "GK".into());
            add(Column::FinalExam(term), "CK".into());
            add(Column::Average(term), "ĐTB".into());
        }
        headings.push(heading(Column::Year, "Cả năm", 8.0, Look::Mark));
        headings.push(heading(Column::Reassessed, "Đánh giá lại", 8.0, Look::Mark));
    } else if matches!(subject.kind, SubjectKind::Level | SubjectKind::TestedLevel) {
        let tested = |s: &SubjectDraft| {
            matches!(
                s.assessment,
                Assessment::Level { test: Some(_), .. } | Assessment::Level { reassessed_test: Some(_), .. }
            )
        };
        let tested = subject.kind == SubjectKind::TestedLevel || drafts().any(tested);
        headings.push(heading(Column::Year, "Mức đạt được", 9.0, Look::Choice(LEVELS)));
        if tested {
            headings.push(heading(Column::Test, "Điểm KTĐK", 8.0, Look::Mark));
        }
        headings.push(heading(Column::Reassessed, "Đánh giá lại", 9.0, Look::Choice(LEVELS)));
        if tested {
            headings.push(heading(Column::ReassessedTest, "Điểm KTĐK lại", 8.0, Look::Mark));
        }
    } else {
        for (column, text) in [
            (Column::Average(Term::First), "HK I"),
            (Column::Average(Term::Second), "HK II"),
            (Column::Year, "Cả năm"),
            (Column::Reassessed, "Đánh giá lại"),
        ] {
            headings.push(heading(column, text, 9.0, Look::Choice(ACHIEVEMENTS)));
        }
    }
    headings.push(heading(Column::Exempt, "Miễn / Không đánh giá", 16.0, Look::Text));
    headings.push(heading(Column::Remark, "Nhận xét", 40.0, Look::Long));
    if drafts().any(|s| s.study_topics) {
        headings.push(heading(Column::StudyTopics, "Chuyên đề", 9.0, Look::Choice(CROSS)));
    }
    for (own, column, text) in [
        (own_name, Column::SubjectName, "Tên môn (nếu khác)"),
        (own_teacher, Column::Teacher, "Giáo viên (nếu khác)"),
        (own_locked_at, Column::LockedAt, "Khoá sổ (nếu khác)"),
        (own_source, Column::Source, "Nguồn (nếu khác)"),
    ] {
        if own {
            headings.push(heading(column, text, 20.0, Look::Text));
        }
    }

    let rows: Vec<(u32, Cells)> = taking
        .iter()
        .map(|(number, draft, subject)| {
            let mut cells = Cells::new();
            put(&mut cells, Column::Name, Some(&draft.identity.name));
            assessment(&mut cells, &subject.assessment);
            put(&mut cells, Column::Remark, subject.remark.as_ref());
            word(&mut cells, Column::StudyTopics, subject.study_topics.then_some("x"));
            // Only the columns that are there are written.
            put(&mut cells, Column::SubjectName, Some(&subject.name));
            put(&mut cells, Column::Teacher, subject.teacher.as_ref());
            put(&mut cells, Column::Source, subject.source.as_ref());
            if let Some(time) = subject.locked_at {
                cells.insert(Column::LockedAt, Cell::Text(moment_text(time)));
            }
            (*number, cells)
        })
        .collect();
    Ok(table(sheet, 7, &headings, &rows, pupils.is_empty(), style)?)
}

fn assessment(cells: &mut Cells, assessment: &Assessment) {
    fn mark(cells: &mut Cells, column: Column, mark: Option<Mark>) {
        if let Some(mark) = mark {
            cells.insert(column, Cell::Mark(mark));
        }
    }
    fn term(cells: &mut Cells, term: Term, marks: &TermMarks) {
        for (n, regular) in (1_u8..).zip(&marks.regular) {
            mark(cells, Column::Regular(term, n), Some(*regular));
        }
        mark(cells, Column::Midterm(term), marks.midterm);
        mark(cells, Column::FinalExam(term), marks.final_exam);
        mark(cells, Column::Average(term), marks.average);
    }
    match assessment {
        Assessment::Score { term1, term2, year, reassessed } => {
            term(cells, Term::First, term1);
            term(cells, Term::Second, term2);
            mark(cells, Column::Year, *year);
            mark(cells, Column::Reassessed, *reassessed);
        }
        Assessment::Comment { term1, term2, year, reassessed } => {
            for (column, value) in [
                (Column::Average(Term::First), term1),
                (Column::Average(Term::Second), term2),
                (Column::Year, year),
                (Column::Reassessed, reassessed),
            ] {
                let letters = value.map(|v| match v {
                    Achievement::Dat => "Đ",
                    Achievement::ChuaDat => "CĐ",
                });
                word(cells, column, letters);
            }
        }
        Assessment::Level { year, test, reassessed, reassessed_test } => {
            for (column, value) in [(Column::Year, year), (Column::Reassessed, reassessed)] {
                let letter = value.map(|v| match v {
                    SubjectLevel::HoanThanhTot => "T",
                    SubjectLevel::HoanThanh => "H",
                    SubjectLevel::ChuaHoanThanh => "C",
                });
                word(cells, column, letter);
            }
            mark(cells, Column::Test, *test);
            mark(cells, Column::ReassessedTest, *reassessed_test);
        }
        Assessment::Exempt(reason) => put(cells, Column::Exempt, Some(reason)),
        Assessment::NotAssessed => word(cells, Column::Exempt, Some("Không đánh giá")),
    }
}
