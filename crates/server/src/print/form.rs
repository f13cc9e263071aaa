//! The printed forms: what of a record stands where.

use hocba_app::{PublicState, SheetContent, model::Renewal};
use hocba_bundle::text::date_time;
use hocba_record::{
    book::BookNumber,
    catalogue,
    form::RuleSet,
    section::{
        Achievement, AttainmentLevel, AttainmentsSection, Identity, Ranking, Section, SubjectLevel, SubjectResult,
        SubjectSection,
    },
    types::{EducationLevel, Mark},
};
use hocba_signature::statement::Role;

use super::{
    block::{Block, Column, Fact, Row, Signature, Table, Value},
    measure,
};
use crate::{language::Language, view::values};

const VI: Language = Language::Vietnamese;

/// TT 22/2021, TT 58/2011: 175 mm.
const SECONDARY: &[Column] = &[
    Column::text("Môn học / Hoạt động giáo dục", 36),
    Column::mark("HK I", 13),
    Column::mark("HK II", 13),
    Column::mark("Cả năm", 13),
    Column::mark("Sau đánh giá lại", 20),
    Column::text("Giáo viên môn học", 34),
    Column::text("Nhận xét", 46),
];
const SECONDARY_58: &[Column] = &[
    Column::text("Môn học", 36),
    Column::mark("HK I", 13),
    Column::mark("HK II", 13),
    Column::mark("Cả năm", 13),
    Column::mark("Sau kiểm tra lại", 20),
    Column::text("Giáo viên bộ môn", 34),
    Column::text("Nhận xét", 46),
];
/// TT 27/2020, TT 30/2014.
const PRIMARY: &[Column] = &[
    Column::text("Môn học / Hoạt động giáo dục", 42),
    Column::mark("Mức đạt được", 18),
    Column::mark("Điểm KTĐK", 18),
    Column::mark("Sau đánh giá lại", 20),
    Column::text("Nhận xét", 77),
];
const ATTAINMENTS: &[Column] =
    &[Column::text("Nội dung", 58), Column::mark("Mức đạt được", 22), Column::text("Nhận xét", 95)];
const RESULTS: &[Column] = &[
    Column::text("Kết quả", 45),
    Column::mark("Học kỳ I", 30),
    Column::mark("Học kỳ II", 30),
    Column::mark("Cả năm", 30),
    Column::mark("Sau đánh giá lại, rèn luyện trong hè", 40),
];
const YEARS: &[Column] =
    &[Column::text("Năm học", 30), Column::mark("Lớp", 20), Column::text("Trường", 85), Column::text("Ghi chú", 40)];

/// Characters of a name in a head, of a title or of a signer; the whole name stands among the facts.
const MOST: usize = 110;

fn clipped(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

fn find<T>(content: &SheetContent, pick: impl Fn(&Section) -> Option<&T>) -> Option<&T> {
    content.sections.iter().find_map(pick)
}

fn identity(content: &SheetContent) -> Option<&Identity> {
    find(content, |section| if let Section::Identity(identity) = section { Some(identity) } else { None })
}

fn school_name(content: &SheetContent) -> String {
    let school = find(content, |section| if let Section::School(school) = section { Some(school) } else { None });
    school.map_or_else(|| content.class.school.to_string(), |school| school.name.to_string())
}

fn school_place(content: &SheetContent) -> String {
    let school = find(content, |section| if let Section::School(school) = section { Some(school) } else { None });
    let parts = school.map(|school| [school.ward.as_ref(), school.province.as_ref()]);
    parts.into_iter().flatten().flatten().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Left and right of a sheet's head.
pub(super) fn head(content: &SheetContent) -> (String, String) {
    let name = content.pupil_name().unwrap_or_default();
    let right = format!("{} – Lớp {} – Năm học {}", clipped(name), content.class.name, content.class.year);
    (clipped(&school_name(content)), right)
}

/// The year's pages: what was studied, then what came of it.
pub(super) fn year(content: &SheetContent) -> Vec<Block> {
    let mut facts = of_pupil(content);
    facts.extend(renewed(content));
    facts.extend(facts_of(content, "Số hoá từ bản giấy", |s| matches!(s, Section::Conversion(_))));
    facts.extend(facts_of(content, "Vào lớp", |s| matches!(s, Section::Enrolment(_))));
    facts.extend(facts_of(content, "Kế hoạch giáo dục cá nhân", |s| matches!(s, Section::IndividualPlan(_))));
    let mut blocks = vec![Block::Facts(facts)];
    match content.form.rules {
        RuleSet::Tt22 | RuleSet::Tt58 | RuleSet::Tt58Tt26 => secondary(content, &mut blocks),
        RuleSet::Tt27 | RuleSet::Tt30 => primary(content, &mut blocks),
    }
    blocks.push(Block::Signatures(signatures(content)));
    blocks
}

/// The lines of a year's first page that say whose it is.
fn of_pupil(content: &SheetContent) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(identity) = identity(content) {
        facts.push(Fact::new("identity/name", "Họ và tên học sinh", identity.name.as_str()));
        let more = values::identity(identity, VI).into_iter();
        let more = more.filter(|fact| matches!(fact.label.as_str(), "Giới tính" | "Mã học bạ"));
        let more = more.map(|fact| format!("; {}: {}", fact.label.to_lowercase(), fact.value));
        let born = format!("{}{}", identity.birth_date.vietnamese(), more.collect::<String>());
        facts.push(Fact::new("identity/born", "Ngày sinh", born));
    }
    let place = school_place(content);
    let school = match place.is_empty() {
        true => school_name(content),
        false => format!("{}, {place}", school_name(content)),
    };
    facts.push(Fact::new("school", "Trường", school));
    facts
}

fn renewed(content: &SheetContent) -> Option<Fact> {
    let why = match content.renewed? {
        Renewal::Correction => "đính chính",
        Renewal::Reassessment => "đánh giá lại, rèn luyện trong hè",
    };
    let text =
        format!("phiên bản {} ({why}), thay cho phiên bản {}", content.version, content.version.saturating_sub(1));
    Some(Fact { label: "Bản sửa".into(), value: Value::new("", "Bản sửa", text) })
}

/// A section as one line: what it says, joined. Those that say all by themselves have a line for each.
fn facts_of(content: &SheetContent, heading: &str, is: impl Fn(&Section) -> bool) -> Vec<Fact> {
    let mut lines = Vec::new();
    for section in content.sections.iter().filter(|section| is(section)) {
        let facts = values::facts(section, VI);
        if matches!(section, Section::Conversion(_) | Section::Enrolment(_)) {
            lines.extend(facts.into_iter().enumerate().map(|(number, fact)| {
                let label = if fact.label.is_empty() { heading.to_owned() } else { fact.label };
                Fact::new(format!("{}/{number}", section.name()), label, fact.value)
            }));
            continue;
        }
        let said = facts.into_iter().map(|fact| match fact.label.as_str() {
            "" | "Kết quả" => fact.value,
            label => format!("{label}: {}", fact.value),
        });
        lines.push(Fact::new(section.name().as_str(), heading, said.collect::<Vec<_>>().join("; ")));
    }
    lines
}

/// Subjects in the order of the form.
fn subjects(content: &SheetContent) -> Vec<&SubjectSection> {
    let curriculum = content.form.curriculum();
    let place = |code: &str| catalogue::of(curriculum).position(|known| known.code == code).unwrap_or(usize::MAX);
    let mut subjects: Vec<&SubjectSection> = Vec::new();
    for section in &content.sections {
        if let Section::Subject(subject) = section {
            subjects.push(subject);
        }
    }
    subjects.sort_by_key(|subject| place(subject.code.as_str()));
    subjects
}

/// A table with what does not fit into its cells below it.
fn fitted(mut table: Table) -> Vec<Block> {
    let mut below = Vec::new();
    for row in &mut table.rows {
        let moved = |value: &mut Value| {
            let whole = std::mem::replace(value, Value::new("", "", "(xem dưới bảng)"));
            Block::Paragraph(Fact { label: whole.label.clone(), value: whole })
        };
        if let Some(column) = table.columns.first()
            && measure::lines(&row.head, f32::from(column.mm) - 2.4, 10.5) > measure::MOST_LINES
        {
            let name = std::mem::take(&mut row.head);
            row.head = clipped(&name);
            below.push(Block::Paragraph(Fact { label: "Tên đầy đủ".into(), value: Value::new("", "", name) }));
        }
        let mut columns = table.columns.iter().skip(1);
        if let Some((value, span)) = &mut row.instead {
            let mm: u16 = columns.by_ref().take(usize::from(*span)).map(|column| column.mm).sum();
            if measure::cell_lines(value, mm) > measure::MOST_LINES {
                below.push(moved(value));
            }
        }
        for (value, column) in row.cells.iter_mut().zip(columns) {
            if measure::cell_lines(value, column.mm) > measure::MOST_LINES {
                below.push(moved(value));
            }
        }
    }
    let mut blocks = vec![Block::Table(table)];
    blocks.append(&mut below);
    blocks
}

fn level_letter(level: SubjectLevel) -> &'static str {
    match level {
        SubjectLevel::HoanThanhTot => "T",
        SubjectLevel::HoanThanh => "H",
        SubjectLevel::ChuaHoanThanh => "C",
    }
}

/// Results of a subject by column, and one cell instead of all of them.
struct Results {
    cells: Vec<(&'static str, String)>,
    instead: Option<String>,
}

fn no_results(result: &SubjectResult) -> Option<String> {
    match result {
        SubjectResult::Exempt { reason } => Some(format!("Miễn học: {reason}")),
        SubjectResult::NotAssessed {} => Some("Không đánh giá".into()),
        _ => None,
    }
}

fn secondary_results(result: &SubjectResult) -> Results {
    let mark = |mark: &Mark| values::mark(*mark, VI);
    let achieved = |a: &Achievement| values::achievement(*a, VI).to_owned();
    let none = String::new;
    let [term1, term2, year, after] = match result {
        SubjectResult::Score { term1, term2, year, reassessed } => {
            [mark(term1), mark(term2), mark(year), reassessed.as_ref().map_or_else(none, mark)]
        }
        SubjectResult::Comment { term1, term2, year, reassessed } => {
            [achieved(term1), achieved(term2), achieved(year), reassessed.as_ref().map_or_else(none, achieved)]
        }
        SubjectResult::Level { year, reassessed, .. } => {
            let after = reassessed.map_or_else(none, |level| level_letter(level).to_owned());
            [none(), none(), level_letter(*year).to_owned(), after]
        }
        SubjectResult::Exempt { .. } | SubjectResult::NotAssessed {} => [none(), none(), none(), none()],
    };
    let cells = vec![("HK I", term1), ("HK II", term2), ("cả năm", year), ("sau đánh giá lại", after)];
    Results { cells, instead: no_results(result) }
}

fn primary_results(result: &SubjectResult) -> Results {
    let mark = |mark: &Option<Mark>| mark.map_or_else(String::new, |mark| (mark.tenths() / 10).to_string());
    let [level, test, after] = match result {
        SubjectResult::Level { year, test, reassessed, reassessed_test } => {
            let again = reassessed.map_or_else(String::new, |level| level_letter(level).to_owned());
            let after = match mark(reassessed_test) {
                test if test.is_empty() => again,
                test => format!("{again} ({test})"),
            };
            [level_letter(*year).to_owned(), mark(test), after]
        }
        SubjectResult::Score { year, reassessed, .. } => {
            let after = reassessed.map_or_else(String::new, |mark| values::mark(mark, VI));
            [String::new(), values::mark(*year, VI), after]
        }
        SubjectResult::Comment { year, reassessed, .. } => {
            let after = reassessed.map_or_else(String::new, |a| values::achievement(a, VI).to_owned());
            [values::achievement(*year, VI).to_owned(), String::new(), after]
        }
        SubjectResult::Exempt { .. } | SubjectResult::NotAssessed {} => [const { String::new() }; 3],
    };
    let cells = vec![("mức đạt được", level), ("điểm kiểm tra", test), ("sau đánh giá lại", after)];
    Results { cells, instead: no_results(result) }
}

/// A subject's row, with the cells that follow the results.
fn subject_row(subject: &SubjectSection, results: Results, after: &[(&str, String)]) -> Row {
    let code = subject.code.as_str();
    let cell = |(what, text): (&str, String)| {
        Value::new(format!("subject.{code}/{what}"), format!("{}, {what}", subject.name), text)
    };
    let Results { cells, instead } = results;
    let span = u16::try_from(cells.len()).unwrap_or(u16::MAX);
    let instead = instead.map(|text| (cell(("không có điểm", text)), span));
    let kept = if instead.is_some() { Vec::new() } else { cells };
    let after = after.iter().map(|(what, text)| (*what, text.clone()));
    let cells = kept.into_iter().chain(after).map(cell).collect();
    let head =
        if subject.study_topics { format!("{} (có chuyên đề)", subject.name) } else { subject.name.to_string() };
    Row { head, cells, instead }
}

fn text_of(text: Option<&hocba_record::types::Text>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

fn secondary(content: &SheetContent, blocks: &mut Vec<Block>) {
    let old = content.form.rules != RuleSet::Tt22;
    let row = |subject: &&SubjectSection| {
        let after = [("giáo viên", text_of(subject.teacher.as_ref())), ("nhận xét", text_of(subject.remark.as_ref()))];
        subject_row(subject, secondary_results(&subject.result), &after)
    };
    let mut rows: Vec<Row> = subjects(content).iter().map(row).collect();
    rows.extend(find(content, |s| if let Section::StudyRanking(s) = s { Some(s) } else { None }).map(|study| {
        let average = |what: &str, ranking: Option<&Ranking>| {
            let text = ranking.map_or_else(String::new, |ranking| values::mark(ranking.average, VI));
            Value::new(format!("study_ranking/average/{what}"), format!("ĐTB các môn, {what}"), text)
        };
        Row {
            head: "ĐTB các môn".into(),
            cells: vec![
                average("HK I", Some(&study.term1)),
                average("HK II", Some(&study.term2)),
                average("cả năm", Some(&study.year)),
                average("sau kiểm tra lại", study.reassessed.as_ref()),
                Value::default(),
                Value::default(),
            ],
            instead: None,
        }
    }));
    if !rows.is_empty() {
        let columns = if old { SECONDARY_58 } else { SECONDARY };
        blocks.push(Block::Heading("Kết quả các môn học và hoạt động giáo dục".into()));
        blocks.extend(fitted(Table { caption: "Kết quả các môn học", columns, rows }));
    }
    blocks.push(Block::NextSheet);

    let mut rows = Vec::new();
    for section in &content.sections {
        let row = |head: &str, values: [Option<String>; 4]| Row {
            head: head.to_owned(),
            cells: ["HK I", "HK II", "cả năm", "sau đánh giá lại"]
                .into_iter()
                .zip(values)
                .map(|(what, text)| {
                    let key = format!("{}/{what}", section.name());
                    Value::new(key, format!("{head}, {what}"), text.unwrap_or_default())
                })
                .collect(),
            instead: None,
        };
        let rating = |rating| Some(values::rating(rating, VI).to_owned());
        let conduct = |rank| Some(values::conduct_rank(rank, VI).to_owned());
        let study = |ranking: &Ranking| Some(values::study_rank(ranking.rank, VI).to_owned());
        match section {
            Section::Conduct(c) => {
                let after = c.retrained.and_then(rating);
                rows.push(row("Kết quả rèn luyện", [rating(c.term1), rating(c.term2), rating(c.year), after]));
            }
            Section::Result(r) => {
                let after = r.reassessed.and_then(rating);
                rows.push(row("Kết quả học tập", [rating(r.term1), rating(r.term2), rating(r.year), after]));
            }
            Section::ConductRanking(c) => {
                let after = c.retrained.and_then(conduct);
                rows.push(row("Hạnh kiểm", [conduct(c.term1), conduct(c.term2), conduct(c.year), after]));
            }
            Section::StudyRanking(s) => {
                let after = s.reassessed.as_ref().and_then(study);
                rows.push(row("Học lực", [study(&s.term1), study(&s.term2), study(&s.year), after]));
            }
            _ => {}
        }
    }
    // Rèn luyện before học tập, hạnh kiểm before học lực, as on the form.
    rows.sort_by_key(|row| !(row.head.contains("rèn luyện") || row.head == "Hạnh kiểm"));
    if !rows.is_empty() {
        let heading = if old { "Kết quả xếp loại" } else { "Kết quả rèn luyện và học tập" };
        blocks.push(Block::Heading(heading.into()));
        blocks.extend(fitted(Table { caption: "Kết quả năm học", columns: RESULTS, rows }));
    }
    closing(content, blocks);
}

fn primary(content: &SheetContent, blocks: &mut Vec<Block>) {
    let row = |subject: &&SubjectSection| {
        let remark = text_of(subject.remark.as_ref());
        let teacher = subject.teacher.as_ref().map(|name| format!("Giáo viên: {name}"));
        let said: Vec<String> = [Some(remark).filter(|r| !r.is_empty()), teacher].into_iter().flatten().collect();
        subject_row(subject, primary_results(&subject.result), &[("nhận xét", said.join(". ").replace("..", "."))])
    };
    let rows: Vec<Row> = subjects(content).iter().map(row).collect();
    if !rows.is_empty() {
        blocks.push(Block::Heading("1. Các môn học và hoạt động giáo dục".into()));
        blocks.push(Block::Note(
            "Mức đạt được – T: Hoàn thành tốt; H: Hoàn thành; C: Chưa hoàn thành. KTĐK: kiểm tra định kì cuối năm."
                .into(),
        ));
        blocks.extend(fitted(Table { caption: "Các môn học", columns: PRIMARY, rows }));
    }
    blocks.push(Block::NextSheet);
    for section in &content.sections {
        let (heading, caption, items): (_, _, &AttainmentsSection) = match section {
            Section::Qualities(items) => ("2. Những phẩm chất chủ yếu", "Phẩm chất", items),
            Section::Competences(items) => ("3. Những năng lực cốt lõi", "Năng lực", items),
            _ => continue,
        };
        let row = |item: &hocba_record::section::Attainment| {
            let letter = match item.level {
                AttainmentLevel::Tot => "T",
                AttainmentLevel::Dat => "Đ",
                AttainmentLevel::CanCoGang => "C",
            };
            let key = |what| format!("{}/{}/{what}", section.name(), item.code);
            let level = Value::new(key("level"), format!("{}, mức đạt được", item.name), letter);
            let remark = Value::new(key("remark"), format!("{}, nhận xét", item.name), text_of(item.remark.as_ref()));
            Row { head: item.name.to_string(), cells: vec![level, remark], instead: None }
        };
        blocks.push(Block::Heading(heading.into()));
        blocks.push(Block::Note("Mức đạt được – T: Tốt; Đ: Đạt; C: Cần cố gắng.".into()));
        let rows = items.items.iter().map(row).collect();
        blocks.extend(fitted(Table { caption, columns: ATTAINMENTS, rows }));
    }
    closing(content, blocks);
}

/// What ends a year's pages, of every rule set.
fn closing(content: &SheetContent, blocks: &mut Vec<Block>) {
    let of = |heading, is: fn(&Section) -> bool| facts_of(content, heading, is);
    let facts = [
        of("Đánh giá kết quả giáo dục", |s| matches!(s, Section::EducationResult(_))),
        of("Số buổi nghỉ học", |s| matches!(s, Section::Attendance(_))),
        of("Lên lớp", |s| matches!(s, Section::Promotion(_))),
        of("Hoàn thành chương trình", |s| matches!(s, Section::Completion(_))),
        of("Khen thưởng", |s| matches!(s, Section::Awards(_))),
        of("Chứng chỉ", |s| matches!(s, Section::Certificates(_))),
        of("Cuộc thi", |s| matches!(s, Section::Contests(_))),
    ];
    let facts: Vec<Fact> = facts.into_iter().flatten().collect();
    if !facts.is_empty() {
        blocks.push(Block::Facts(facts));
    }
    blocks.extend(find(content, |s| if let Section::Remarks(r) = s { Some(r) } else { None }).map(|remarks| {
        Block::Paragraph(Fact::new("remarks", "Nhận xét của giáo viên chủ nhiệm", remarks.homeroom.as_str()))
    }));
}

/// Who signs, as printed; those who did not yet are named by their office.
fn signatures(content: &SheetContent) -> Vec<Signature> {
    let converted = content.sections.iter().any(|section| matches!(section, Section::Conversion(_)));
    let teacher = (!converted).then_some(("GIÁO VIÊN CHỦ NHIỆM", &[Role::HomeroomTeacher][..]));
    let offices =
        [("HIỆU TRƯỞNG", &[Role::Principal, Role::DeputyPrincipal][..]), ("KÝ SỐ CỦA TRƯỜNG", &[Role::SchoolSeal][..])];
    let one = |(office, roles): (&str, &[Role])| {
        let signer = content.signers.iter().find(|signer| roles.contains(&signer.role));
        match signer {
            None => Signature { title: vec![office.to_owned()], said: "(chưa ký)".into(), name: String::new() },
            Some(signer) => {
                let printed = clipped(&signer.title).to_uppercase();
                let title = match signer.role {
                    // The seal's title is the seal's; the school's name stands below.
                    Role::SchoolSeal => vec![office.to_owned()],
                    _ if printed.is_empty() => vec![office.to_owned()],
                    _ => printed.split('/').map(|part| part.trim().to_owned()).collect(),
                };
                let said = format!("Đã ký số lúc {}", date_time(signer.at));
                Signature { title, said, name: clipped(&signer.name) }
            }
        }
    };
    teacher.into_iter().chain(offices).map(one).collect()
}

const fn level_words(level: EducationLevel) -> &'static str {
    match level {
        EducationLevel::Primary => "TIỂU HỌC",
        EducationLevel::LowerSecondary => "TRUNG HỌC CƠ SỞ",
        EducationLevel::UpperSecondary => "TRUNG HỌC PHỔ THÔNG",
    }
}

/// The cover of a level's book.
pub(super) fn cover(content: &SheetContent, level: EducationLevel, number: Option<BookNumber>) -> Vec<Block> {
    let name = clipped(content.pupil_name().unwrap_or_default());
    let mut facts =
        vec![Fact::new("", "Họ và tên học sinh", name), Fact::new("", "Trường", clipped(&school_name(content)))];
    let place = school_place(content);
    if !place.is_empty() {
        facts.push(Fact::new("", "Xã (phường), tỉnh (thành phố)", clipped(&place)));
    }
    facts.extend(number.map(|number| Fact::new("", "Mã học bạ", number.text().as_str())));
    vec![Block::Title("HỌC BẠ".into(), level_words(level).into()), Block::Facts(facts)]
}

/// The pupil's page, and the years of the level.
pub(super) fn pupil_page(content: &SheetContent, years: &[&SheetContent]) -> Vec<Block> {
    let mut facts = Vec::new();
    if let Some(identity) = identity(content) {
        facts.push(Fact::new("", "Họ và tên", identity.name.as_str()));
        facts.extend(values::identity(identity, VI).into_iter().map(|fact| Fact::new("", fact.label, fact.value)));
    }
    let row = |year: &&SheetContent| {
        let note = match year.state {
            PublicState::InForce => {
                let moved = find(year, |s| if let Section::Enrolment(e) = s { Some(e) } else { None });
                let converted = year.sections.iter().any(|section| matches!(section, Section::Conversion(_)));
                let notes = [
                    converted.then(|| "số hoá từ bản giấy".to_owned()),
                    moved.filter(|e| e.repeating).map(|_| "học lại".to_owned()),
                    moved.and_then(|e| e.moved_in.as_ref()).map(|m| format!("chuyển đến {}", m.on.vietnamese())),
                    moved.and_then(|e| e.moved_out.as_ref()).map(|m| format!("chuyển đi {}", m.on.vietnamese())),
                ];
                notes.into_iter().flatten().collect::<Vec<_>>().join("; ")
            }
            state => state.words().0.to_owned(),
        };
        Row {
            head: year.class.year.to_string(),
            cells: vec![
                Value::new("", "Lớp", year.class.name.as_str()),
                Value::new("", "Trường", school_name(year)),
                Value::new("", "Ghi chú", note),
            ],
            instead: None,
        }
    };
    let table = Table { caption: "Quá trình học tập", columns: YEARS, rows: years.iter().map(row).collect() };
    let mut blocks = vec![Block::Heading("THÔNG TIN HỌC SINH".into()), Block::Facts(facts)];
    blocks.push(Block::Heading("QUÁ TRÌNH HỌC TẬP".into()));
    blocks.extend(fitted(table));
    blocks
}
