//! Whose class it is: the sheet `Lớp`, the banner above a table, what the caller knows; and whether they agree.

use std::collections::BTreeMap;

use hocba_record::{
    draft::ClassHeader,
    form::{Curriculum, Form, RuleSet},
    section::SchoolSection,
    types::{ClassName, Grade, SchoolCode, SchoolYear},
};

use crate::{
    bag::Bag,
    columns::{Column, fold},
    finding::{Code, Finding, Severity, Words, cut},
    hints::Hints,
    table::{At, Field, Source, Value},
    value::{self, Fault, Prose, Reading},
};

/// What one line above a table says: `TRƯỜNG THCS TRẦN PHÚ`, `Lớp: 9A3 – Năm học 2025-2026`, `Môn: Toán`.
pub(crate) fn banner(text: &str) -> Vec<(Column, String)> {
    let spaced = text.replace(':', ": ").replace(['\r', '\n', '\u{a0}'], " ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let folded: Vec<String> = words.iter().map(|w| fold(w)).collect();
    let is = |at: usize, word: &str| folded.get(at).is_some_and(|f| f == word);
    let trimmed = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let begins_key = |at: usize| {
        is(at, "lop")
            || is(at, "khoi")
            || is(at, "nam") && is(at + 1, "hoc")
            || is(at, "mon")
            || is(at, "ma")
            || is(at, "giao") && is(at + 1, "vien")
            || is(at, "gvcn")
            || is(at, "gvbm")
            || is(at, "hoc") && (is(at + 1, "ki") || is(at + 1, "ky"))
    };
    // The words from here to the next key, a dash between them left out at the end.
    let phrase = |from: usize| {
        let end = (from..words.len()).find(|at| begins_key(*at)).unwrap_or(words.len());
        words[from..end].join(" ").trim_matches(|c: char| c.is_whitespace() || ",;:-–—|".contains(c)).to_owned()
    };
    let mut said = Vec::new();
    for at in 0..words.len() {
        if is(at, "lop") {
            let class = words.get(at + 1).map(|w| trimmed(w)).unwrap_or_default();
            if class.starts_with(|c: char| c.is_ascii_digit()) && class.len() <= 16 {
                said.push((Column::Class, class));
            }
        } else if is(at, "khoi") {
            let grade = words.get(at + 1).map(|w| trimmed(w)).unwrap_or_default();
            if !grade.is_empty() && grade.len() <= 2 && grade.bytes().all(|b| b.is_ascii_digit()) {
                said.push((Column::Grade, grade));
            }
        } else if is(at, "nam") && is(at + 1, "hoc") {
            if let Some(year) = words.get(at + 2..).and_then(|rest| years(&rest.concat())) {
                said.push((Column::SchoolYear, year));
            }
        } else if is(at, "ma") && is(at + 1, "truong") {
            if let Some(code) = words.get(at + 2).map(|w| trimmed(w)).filter(|w| !w.is_empty()) {
                said.push((Column::SchoolCode, code));
            }
        } else if at == 0 && is(at, "truong") {
            let name = phrase(1);
            if !name.is_empty() {
                said.push((Column::SchoolName, name));
            }
        } else if is(at, "mon") && (at == 0 || !is(at - 1, "cac") && !is(at - 1, "bo")) {
            let name = phrase(if is(at + 1, "hoc") { at + 2 } else { at + 1 });
            // “BẢNG ĐIỂM MÔN TOÁN”, and not “kết quả các môn”.
            if !name.is_empty() {
                said.push((Column::SubjectName, name));
            }
        }
    }
    said
}

/// `2025-2026` out of `2025-2026,`.
fn years(text: &str) -> Option<String> {
    let text = text.replace(['–', '—', '/'], "-");
    let text = text.trim_start_matches(':');
    let (first, rest) = text.split_once('-')?;
    let second: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let year = |y: &str| y.len() == 4 && y.bytes().all(|b| b.is_ascii_digit());
    (year(first) && year(&second)).then(|| format!("{first}-{second}"))
}

/// Everything the file says of one field, the sheet `Lớp` first.
fn said(source: &Source, column: Column) -> impl Iterator<Item = &Field> {
    let sheet = source.class.iter().filter_map(move |t| t.head.get(&column)).filter(|f| !f.is_blank());
    sheet.chain(source.banner.iter().filter(move |(c, _)| *c == column).map(|(_, f)| f))
}

/// Each field of the header as it was found: its value and its cell; without a cell it is the caller's.
pub(crate) fn found(source: &Source, hints: &Hints) -> Vec<(Column, Option<String>, Option<At>)> {
    let school = hints.school_name.as_ref();
    let known = [
        (Column::SchoolCode, hints.school.as_ref().map(ToString::to_string)),
        (Column::SchoolName, school.map(|s| s.name.to_string())),
        (Column::Ward, school.and_then(|s| s.ward.as_ref()).map(ToString::to_string)),
        (Column::Province, school.and_then(|s| s.province.as_ref()).map(ToString::to_string)),
        (Column::SchoolYear, hints.year.map(|y| y.to_string())),
        (Column::Grade, hints.grade.map(|g| g.number().to_string())),
        (Column::Class, hints.class.as_ref().map(ToString::to_string)),
    ];
    known
        .into_iter()
        .map(|(column, hint)| match said(source, column).next() {
            Some(field) => (column, Some(cut(&field.shown())), Some(field.at)),
            None => (column, hint, None),
        })
        .collect()
}

fn quiet<T>(fields: impl Iterator<Item = Field>, reader: impl Fn(&Field) -> Reading<Option<T>>) -> Option<T> {
    fields.filter_map(|f| reader(&f).ok()?.0).next()
}

/// The form that the file or the caller says, before anything is checked.
fn form(source: &Source, hints: &Hints) -> Option<Form> {
    let grade = quiet(said(source, Column::Grade).cloned(), value::grade).or(hints.grade).or_else(|| {
        quiet(said(source, Column::Class).cloned(), value::class_name).and_then(|class| grade_of(&class))
    })?;
    let year = quiet(said(source, Column::SchoolYear).cloned(), value::school_year).or(hints.year)?;
    Some(Form::of(grade, year))
}

/// Its programme.
pub(crate) fn curriculum(source: &Source, hints: &Hints) -> Option<Curriculum> {
    form(source, hints).map(Form::curriculum)
}

/// Its rule set.
pub(crate) fn rules(source: &Source, hints: &Hints) -> Option<RuleSet> {
    form(source, hints).map(|form| form.rules)
}

/// The form that the fields of a text file's class say, or the caller.
pub(crate) fn form_of(head: &BTreeMap<Column, Field>, hints: &Hints) -> Option<Form> {
    let field = |column| head.get(&column).cloned().into_iter();
    let grade = quiet(field(Column::Grade), value::grade).or(hints.grade)?;
    let year = quiet(field(Column::SchoolYear), value::school_year).or(hints.year)?;
    Some(Form::of(grade, year))
}

/// 9 of `9A3`.
pub(crate) fn grade_of(class: &ClassName) -> Option<Grade> {
    let digits: String = class.as_str().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().and_then(|n| Grade::new(n).ok())
}

fn disagrees(expected: &str, from: &str, from_en: &str) -> Fault {
    let expected = cut(expected);
    Fault::error(
        Code::ClassDisagrees,
        Words::new(format!("“{expected}”, {from}."), format!("“{expected}”, {from_en}.")),
        Words::new(
            "Có lẽ là tệp của lớp khác hoặc trường khác: chọn đúng tệp, đúng lớp; nếu đúng lớp thì sửa ô này.",
            "Perhaps the file of another class or school: choose the right file and class; if they are right, correct this cell.",
        ),
    )
}

/// One field of the class: read from the first place that says it, compared with all others.
struct Pick<'a> {
    source: &'a Source,
    column: Column,
    name: &'a str,
}

impl Pick<'_> {
    fn take<T: Clone>(
        &self,
        hint: Option<&T>,
        bag: &mut Bag,
        reader: impl Fn(&Field) -> Reading<Option<T>>,
        same: impl Fn(&T, &T) -> bool,
        show: impl Fn(&T) -> String,
    ) -> Option<T> {
        let own = self.source.class.as_ref().and_then(|t| t.head.get(&self.column));
        let mut first: Option<T> = None;
        if let Some(field) = own.filter(|f| !f.is_blank()) {
            // A fault here is told, and nothing else is taken instead.
            first = Some(bag.read(Some(field), &reader)?);
            if let (Some(hint), Some(value)) = (hint, &first)
                && !same(hint, value)
            {
                let fault = disagrees(&show(hint), "lớp đã chọn", "the class chosen");
                bag.at(field.at, Some(field.shown()), fault);
            }
        }
        for (_, field) in self.source.banner.iter().filter(|(c, _)| *c == self.column) {
            let Ok((Some(value), _)) = reader(field) else { continue };
            let (known, from, from_en) = match (&first, hint) {
                (Some(first), _) => (first, "như nơi khác trong tệp", "as elsewhere in the file"),
                (None, Some(hint)) => (hint, "lớp đã chọn", "the class chosen"),
                (None, None) => {
                    first = Some(value);
                    continue;
                }
            };
            if same(known, &value) {
                first = Some(known.clone());
            } else {
                bag.at(field.at, Some(field.shown()), disagrees(&show(known), from, from_en));
            }
        }
        first.or_else(|| hint.cloned())
    }

    fn missing(&self, bag: &mut Bag) {
        let (vi, en) = (self.name, self.name);
        let fault = Fault::error(
            Code::MissingValue,
            Words::new(format!("“{vi}” của lớp."), format!("The class's “{en}”.")),
            Words::new(format!("Điền “{vi}”."), format!("Fill in “{en}”.")),
        );
        match &self.source.class {
            Some(class) => match class.head.get(&self.column) {
                // A field that holds something has been told why it cannot be read.
                Some(field) if !field.is_blank() => {}
                Some(field) => bag.at(field.at, None, fault),
                None => bag.on_sheet(class.sheet, fault.code, fault.severity, *fault.expected, *fault.how_to_mend),
            },
            None => {
                let sheet = self.source.banner.first().map(|(_, f)| f.at.sheet);
                let sheet =
                    sheet.or_else(|| self.source.plans.iter().find(|p| p.pupils > 0).map(|p| p.sheet)).unwrap_or(0);
                let mend = Words::new(
                    format!("Ghi “{vi}” phía trên bảng hoặc trên trang Lớp, hoặc chọn lớp khi gửi tệp."),
                    format!(
                        "Write “{en}” above the table or on a sheet Lớp, or choose the class when sending the file."
                    ),
                );
                bag.on_sheet(sheet, fault.code, fault.severity, *fault.expected, mend);
            }
        }
    }
}

fn school_key(name: &str) -> String {
    let folded = fold(name);
    folded.strip_prefix("truong").map(ToOwned::to_owned).unwrap_or(folded)
}

/// The class's header; findings for what is missing, wrong or said differently in two places.
pub(crate) fn header(source: &Source, hints: &Hints, bag: &mut Bag) -> Option<ClassHeader> {
    if source.class.is_none() && source.banner.is_empty() && *hints == Hints::default() {
        bag.push(Finding {
            value: Some("Lớp".to_owned()),
            ..Finding::file(
                Code::MissingSheet,
                Words::new("Một trang tên “Lớp”.", "A sheet named “Lớp”."),
                Words::new(
                    "Chép trang này từ tệp mẫu và điền vào.",
                    "Copy the sheet from the template and fill it in.",
                ),
            )
        });
        return None;
    }
    let pick = |column, name| Pick { source, column, name };
    // Read all, so that all faults are told, before any may end the reading.
    let code = pick(Column::SchoolCode, "Mã trường");
    let school: Option<SchoolCode> =
        code.take(hints.school.as_ref(), bag, value::school_code, PartialEq::eq, ToString::to_string);
    if school.is_none() {
        code.missing(bag);
    }
    let school_name = school_name(source, hints, bag);
    let year_pick = pick(Column::SchoolYear, "Năm học");
    let year: Option<SchoolYear> =
        year_pick.take(hints.year.as_ref(), bag, value::school_year, PartialEq::eq, ToString::to_string);
    if year.is_none() {
        year_pick.missing(bag);
    }
    let grade_pick = pick(Column::Grade, "Khối");
    let mut grade: Option<Grade> =
        grade_pick.take(hints.grade.as_ref(), bag, value::grade, PartialEq::eq, |g| g.number().to_string());
    let class_pick = pick(Column::Class, "Lớp");
    let class: Option<ClassName> = class_pick.take(
        hints.class.as_ref(),
        bag,
        value::class_name,
        |a, b| fold(a.as_str()) == fold(b.as_str()),
        ToString::to_string,
    );
    let no_key = source.class.as_ref().is_none_or(|t| !t.head.contains_key(&Column::Grade));
    if grade.is_none() && no_key {
        grade = class.as_ref().and_then(grade_of);
        if let (Some(grade), Some(field)) = (grade, said(source, Column::Class).next()) {
            let fault = Fault::warning(
                Code::GradeFromClass,
                Words::new("Khối của lớp.", "The class's grade."),
                Words::new(
                    format!("Tệp không ghi khối; hiểu là khối {} theo tên lớp.", grade.number()),
                    format!("The file does not say the grade; {} was taken from the class's name.", grade.number()),
                ),
            );
            bag.at(field.at, Some(field.shown()), fault);
        }
    }
    if grade.is_none() {
        grade_pick.missing(bag);
    }
    if class.is_none() {
        class_pick.missing(bag);
    }
    Some(ClassHeader { school: school?, school_name: school_name?, year: year?, grade: grade?, class: class? })
}

/// The school as printed. Where a banner says the same in capitals, the caller's spelling counts.
fn school_name(source: &Source, hints: &Hints, bag: &mut Bag) -> Option<SchoolSection> {
    let head = |column| source.class.as_ref().and_then(|t| t.head.get(&column)).filter(|f| !f.is_blank());
    let line = |f: &Field| value::text(f, Prose::Line);
    let pick = Pick { source, column: Column::SchoolName, name: "Tên trường" };
    let hint = hints.school_name.as_ref().map(|s| &s.name);
    let known_code = head(Column::SchoolCode).is_some() && hints.school.is_some();
    let name = match (head(Column::SchoolName), hint) {
        // With the school's code compared, another spelling of its name is worth a look and no more.
        (Some(field), Some(hint)) if known_code => {
            let name = bag.read(Some(field), line)?;
            if school_key(name.as_str()) != school_key(hint.as_str()) {
                let fault = Fault {
                    severity: Severity::Warning,
                    ..disagrees(hint.as_str(), "tên đã biết", "the name known")
                };
                bag.at(field.at, Some(field.shown()), fault);
            }
            Some(name)
        }
        _ => pick.take(hint, bag, line, |a, b| school_key(a.as_str()) == school_key(b.as_str()), ToString::to_string),
    };
    let ward = bag.read(head(Column::Ward), line);
    let province = bag.read(head(Column::Province), line);
    let Some(name) = name else {
        pick.missing(bag);
        return None;
    };
    let known = hints.school_name.clone().filter(|_| source.class.is_none());
    Some(match known {
        Some(known) => SchoolSection { name, ..known },
        None => SchoolSection { ward, province, ..SchoolSection::named(name) },
    })
}

/// A field out of a line of the banner, at the line's cell.
pub(crate) fn field(cell: &Field, text: String) -> Field {
    Field { at: cell.at, value: Value::Text(text), formula: cell.formula }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banner_says_whose_class_it_is() {
        let said = |text: &str| banner(text);
        let s = |text: &str| text.to_owned();
        assert_eq!(said("TRƯỜNG THCS TRẦN PHÚ (DEMO)"), [(Column::SchoolName, s("THCS TRẦN PHÚ (DEMO)"))]);
        assert_eq!(said("Năm học: 2025 – 2026"), [(Column::SchoolYear, s("2025-2026"))]);
        assert_eq!(
            said("BẢNG ĐIỂM MÔN: Toán - Lớp: 9A3, Năm học 2025-2026"),
            [(Column::SubjectName, s("Toán")), (Column::Class, s("9A3")), (Column::SchoolYear, s("2025-2026"))]
        );
        assert_eq!(said("BẢNG TỔNG HỢP KẾT QUẢ CÁC MÔN LỚP 9A3"), [(Column::Class, s("9A3"))]);
        assert_eq!(
            said("Khối 9 - Mã trường: 79DEMO001"),
            [(Column::Grade, s("9")), (Column::SchoolCode, s("79DEMO001"))]
        );
        assert_eq!(said("Môn học: Lịch sử và Địa lí"), [(Column::SubjectName, s("Lịch sử và Địa lí"))]);
        for nothing in ["CỘNG HOÀ XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Danh sách lớp", "Năm học này", "UBND phường"]
        {
            assert_eq!(said(nothing), [], "{nothing}");
        }
    }
}
