//! `generate --whole-school`: the lists a school is opened with, two of them with faults, and the first class's workbook.

use anyhow::Context as _;
use hocba_record::{
    section::{IdentifierKind, Identity, Sex},
    types::EducationLevel,
};
use hocba_sample::{SampleClass, SamplePosition, SampleSchool, SchoolOptions, school};
use hocba_workbook::{Limits, table_workbook};
use serde_json::json;

use super::{Context, GenerateArgs};
use crate::{error::Exit, folder::write_whole, output::words};

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// The staff list; with faults, one login stands there twice and one class is misspelt.
fn staff(school: &SampleSchool, faulty: bool) -> Vec<(String, Vec<Vec<String>>)> {
    let mut rows = vec![row(&["STT", "Họ và tên", "Mã giáo viên", "Chức vụ", "Tên đăng nhập", "Chủ nhiệm lớp"])];
    for (place, person) in (1..).zip(&school.staff) {
        let mut homeroom = person.homeroom.as_ref().map(ToString::to_string).unwrap_or_default();
        // The first clerk's, so that a page can speak of it.
        let mut login = if place == 4 && person.position == SamplePosition::Clerk { "vanthu.truong" } else { "" };
        if faulty && (8..=9).contains(&place) {
            login = "giaovien.moi";
        }
        if faulty && place == 10 {
            homeroom = homeroom.replace('A', "AA");
        }
        let place = place.to_string();
        rows.push(row(&[&place, &person.name, &person.code, person.position.words(), login, &homeroom]));
    }
    vec![("Nhân sự".to_owned(), rows)]
}

fn classes(school: &SampleSchool) -> Vec<(String, Vec<Vec<String>>)> {
    let mut rows = vec![row(&["STT", "Lớp", "Khối", "GVCN"])];
    for (place, class) in (1..).zip(&school.classes) {
        let name = &class.options.class;
        let teacher = school.staff.iter().find(|s| s.homeroom.as_ref() == Some(name)).map_or("", |s| &s.name);
        let grade = class.options.grade.number().to_string();
        rows.push(row(&[&format!("{place}"), name.as_str(), &grade, teacher]));
    }
    vec![("Lớp".to_owned(), rows)]
}

fn number(identity: &Identity, kind: IdentifierKind) -> &str {
    identity.identifiers.iter().find(|i| i.kind == kind).map_or("", |i| i.value.as_str())
}

/// A sheet for each class; where those would be more than are read, one for several, with a column that says which. With
/// faults, somebody was born on the 31st of February.
fn pupils(school: &SampleSchool, pupils: &[Vec<Identity>], faulty: bool) -> Vec<(String, Vec<Vec<String>>)> {
    let on_a_sheet = school.classes.len().div_ceil(Limits::default().sheets).max(1);
    let line = |class: &str, rest: &[&str]| {
        let class = (on_a_sheet > 1).then(|| class.to_owned());
        class.into_iter().chain(row(rest)).collect::<Vec<String>>()
    };
    let heads = ["STT", "Họ và tên", "Ngày sinh", "Giới tính", "Số định danh", "Mã định danh Bộ", "Mã học sinh"];
    let heads = line("Lớp", &heads);
    let mut sheets: Vec<(String, Vec<Vec<String>>)> = Vec::new();
    for (n, (class, pupils)) in school.classes.iter().zip(pupils).enumerate() {
        let class = class.options.class.as_str();
        if n % on_a_sheet == 0 {
            sheets.push((class.to_owned(), vec![heads.clone()]));
        }
        let Some((_, rows)) = sheets.last_mut() else { continue };
        for (place, identity) in (1..).zip(pupils) {
            let born = match faulty && n == 0 && place == 2 {
                true => format!("31/02/{}", identity.birth_date.year()),
                false => identity.birth_date.vietnamese(),
            };
            let sex = match identity.sex {
                Sex::Female => "Nữ",
                Sex::Male => "Nam",
                Sex::Other => "Khác",
            };
            let (personal, ministry, own) = (
                number(identity, IdentifierKind::Personal),
                number(identity, IdentifierKind::Ministry),
                number(identity, IdentifierKind::School),
            );
            let place = format!("{place}");
            rows.push(line(class, &[&place, identity.name.as_str(), &born, sex, personal, ministry, own]));
        }
    }
    sheets
}

/// `generate --whole-school`.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn run(context: &Context, args: &GenerateArgs) -> anyhow::Result<Exit> {
    let options = match args.grade.level() {
        EducationLevel::UpperSecondary => SchoolOptions::upper_secondary(),
        _ => SchoolOptions::lower_secondary(),
    };
    let of = hocba_sample::Options { year: args.year, ..options.of.clone() };
    let mut options = SchoolOptions { of, pupils: args.students.unwrap_or(options.pupils), ..options };
    if let Some(classes) = args.classes {
        let (classes, grades) = (usize::from(classes), options.grades.len());
        for (place, (_, of_grade)) in options.grades.iter_mut().enumerate() {
            // The first grades take one more where it does not come out even.
            *of_grade = classes / grades + usize::from(place < classes % grades);
        }
        options.staff = options.staff.max(classes + 10);
    }
    let school = school(args.seed, &options);
    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let write = |name: &str, sheets: &[(String, Vec<Vec<String>>)]| -> anyhow::Result<()> {
        write_whole(&args.out.join(name), &table_workbook(sheets)?)
    };
    write("nhan-su.xlsx", &staff(&school, false))?;
    write("nhan-su-loi.xlsx", &staff(&school, true))?;
    write("lop.xlsx", &classes(&school))?;
    let bar = context.out.progress(school.classes.len(), &words("Lập lớp mẫu", "Making classes"));
    let of_class = |class: &SampleClass| {
        bar.inc(1);
        class.pupils()
    };
    let everybody: Vec<Vec<Identity>> = school.classes.iter().map(of_class).collect();
    bar.finish();
    write("hoc-sinh.xlsx", &pupils(&school, &everybody, false))?;
    write("hoc-sinh-loi.xlsx", &pupils(&school, &everybody, true))?;
    let (level, name) = match args.grade.level() {
        // As the example key of its seal has it.
        EducationLevel::UpperSecondary => ("THPT", "Trường THPT Nguyễn Du"),
        _ => ("THCS", "Trường THCS Trần Phú"),
    };
    let list = format!("\u{feff}Mã trường;Tên trường;Cấp học\r\n{};{name};{level}\r\n", options.of.school);
    write_whole(&args.out.join("truong.csv"), list.as_bytes())?;
    let first = school.classes.first().context("a school has a class")?;
    let with_workbook = if args.workbooks { school.classes.as_slice() } else { std::slice::from_ref(first) };
    for class in with_workbook {
        let (header, drafts) = class.drafts();
        let workbook = hocba_workbook::template(Some(&header), &[], &drafts)?;
        write_whole(&args.out.join(format!("{}.xlsx", header.class)), &workbook)?;
    }
    let (people, classes, students) = (school.staff.len(), school.classes.len(), options.pupils);
    let place = args.out.display();
    context.out.say(&words(
        format!("Đã lập danh sách mẫu của một trường, {people} nhân sự, {classes} lớp, {students} học sinh: {place}"),
        format!("Made the lists of a school, {people} staff, {classes} classes, {students} pupils: {place}"),
    ));
    context.out.document(&json!({
        "command": "generate", "ok": true, "staff": people, "classes": classes, "students": students,
        "out": args.out, "first_class": first.options.class,
    }));
    Ok(Exit::Ok)
}
