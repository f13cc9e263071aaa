//! `import` and `check`: a spreadsheet becomes drafts, or all its faults are shown at once.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use hocba_record::{
    encoding::RecordId,
    rules::tt22::{self, Policy},
};
use hocba_workbook::{ClassSheet, Finding, Limits};
use serde_json::{Value, json};

use super::Context;
use crate::{
    edge::read_input,
    error::{Exit, Failure},
    folder::{ClassDraft, Folder, PupilDraft},
    output::{Lang, Output, words},
};

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The class workbook (.xlsx) or CSV; `-` reads standard input.
    file: PathBuf,
}

/// A class that was imported.
#[derive(Debug)]
pub struct Imported {
    /// Number of pupils.
    pub pupils: usize,
    /// What deserves a look.
    pub warnings: Vec<Finding>,
}

/// The names under which a folder may hold the imported file.
const FILES: [&str; 2] = ["class.xlsx", "class.csv"];

/// Reads a spreadsheet and keeps it and its drafts, if it is sound; else writes nothing.
///
/// # Errors
/// A [`Failure`] with all findings; and once the class was signed.
pub fn import(folder: &Folder, bytes: &[u8], lang: Lang) -> anyhow::Result<Imported> {
    let (sheet, warnings) = read_sound(bytes, lang)?;
    if sheet.header.school != folder.config().school {
        let (found, own) = (&sheet.header.school, &folder.config().school);
        return Err(Failure::new(
            Exit::BadInput,
            "other_school",
            words(
                format!("bảng tính của trường {found}, thư mục này của trường {own}"),
                format!("the workbook is of school {found}, this folder of school {own}"),
            ),
        )
        .into());
    }
    let old = folder.drafts()?;
    // A pupil keeps the record id while the draft changes, so that nothing refers to an id that is gone.
    let mut ids: BTreeMap<u32, RecordId> = BTreeMap::new();
    for pupil in old.iter().flat_map(|d| &d.pupils) {
        if folder.record(&pupil.id)?.is_some() {
            return Err(Failure::new(
                Exit::Order,
                "already_signed",
                words(
                    format!("học bạ STT {} đã được ký, không nhập lại được", pupil.number),
                    format!("the record of number {} is signed already and cannot be imported again", pupil.number),
                ),
            )
            .hint(words(
                "dùng thư mục dữ liệu khác cho lớp khác; sửa sau khi ký là đính chính, chưa có trong bản này",
                "use another data folder for another class; a change after signing is a correction, not in this release",
            ))
            .into());
        }
        ids.insert(pupil.number, pupil.id);
    }
    let drafts = drafts(folder, &sheet, &ids)?;
    // The spreadsheet first: drafts without it could not be checked again.
    let name = if bytes.starts_with(b"PK") { FILES[0] } else { FILES[1] };
    folder.write(name, bytes)?;
    for other in FILES.into_iter().filter(|other| *other != name && folder.path(other).exists()) {
        std::fs::remove_file(folder.path(other))?;
    }
    folder.save_drafts(&drafts)?;
    Ok(Imported { pupils: drafts.pupils.len(), warnings })
}

fn drafts(folder: &Folder, sheet: &ClassSheet, ids: &BTreeMap<u32, RecordId>) -> anyhow::Result<ClassDraft> {
    let header = &sheet.header;
    let mut pupils = Vec::with_capacity(sheet.rows.len());
    for row in &sheet.rows {
        let sections = tt22::sections(header, &row.draft, &Policy::default()).map_err(|findings| {
            // `read_sound` found no error, so this is a contradiction between the checks and the rules.
            let keys: Vec<_> = findings.iter().map(|f| f.message.key()).collect();
            anyhow::anyhow!("number {} passed the checks but not the rules: {}", row.number, keys.join(", "))
        })?;
        let id = match ids.get(&row.number) {
            Some(id) => *id,
            None => RecordId::from_bytes(folder.chance().bytes("record id", row.number)?),
        };
        let sections = sections.iter().map(|s| (s.name(), s.value())).collect();
        pupils.push(PupilDraft { id, number: row.number, sections });
    }
    Ok(ClassDraft {
        class: header.class.clone(),
        grade: header.grade,
        pupils,
        school: header.school.clone(),
        year: header.year,
    })
}

/// Reads a spreadsheet with the record's own checks; warnings pass, errors do not.
fn read_sound(bytes: &[u8], lang: Lang) -> anyhow::Result<(ClassSheet, Vec<Finding>)> {
    let sheet = match hocba_workbook::read(bytes, &Limits::default()) {
        Ok(sheet) => sheet,
        Err(findings) => return Err(unsound(&findings, lang).into()),
    };
    let mut findings = sheet.warnings.clone();
    findings.extend(sheet.check(&Policy::default()).into_iter().map(|(_, finding)| finding));
    if findings.iter().any(Finding::is_error) {
        return Err(unsound(&findings, lang).into());
    }
    Ok((sheet, findings))
}

fn unsound(findings: &[Finding], lang: Lang) -> Failure {
    let errors = findings.iter().filter(|f| f.is_error()).count();
    let table = table(findings, lang);
    Failure::new(
        Exit::BadInput,
        "unsound",
        words(
            format!("{table}\nBảng tính có {errors} chỗ phải sửa; chưa ghi gì cả."),
            format!("{table}\nThe workbook has {errors} faults to mend; nothing was written."),
        ),
    )
    .details(json!({ "findings": documents(findings) }))
}

/// The findings as lines of a table: where, what stands there, what was expected, how to mend it.
pub fn table(findings: &[Finding], lang: Lang) -> String {
    let heads = match lang {
        Lang::Vi => ["", "Trang", "Ô", "Đang ghi", "Cần", "Cách sửa"],
        Lang::En => ["", "Sheet", "Cell", "Found", "Expected", "How to mend"],
    };
    let mut rows = vec![heads.map(str::to_owned)];
    for finding in findings {
        let mark = match (finding.is_error(), lang) {
            (true, Lang::Vi) => "LỖI",
            (true, Lang::En) => "ERROR",
            (false, Lang::Vi) => "xem lại",
            (false, Lang::En) => "look",
        };
        rows.push([
            mark.to_owned(),
            finding.sheet.clone(),
            finding.cell.map(|c| c.to_string()).unwrap_or_default(),
            finding.value.clone().unwrap_or_default(),
            lang.pick(&finding.expected).to_owned(),
            lang.pick(&finding.how_to_mend).to_owned(),
        ]);
    }
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; 6]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn documents(findings: &[Finding]) -> Vec<Value> {
    let document = |f: &Finding| {
        json!({
            "code": f.code.as_str(),
            "severity": if f.is_error() { "error" } else { "warning" },
            "sheet": f.sheet,
            "cell": f.cell.map(|c| c.to_string()),
            "value": f.value,
            "expected_vi": f.expected.vi,
            "expected_en": f.expected.en,
            "how_to_mend_vi": f.how_to_mend.vi,
            "how_to_mend_en": f.how_to_mend.en,
        })
    };
    findings.iter().map(document).collect()
}

fn show(out: &Output, command: &str, imported: &Imported, done: &hocba_workbook::Words) {
    if !imported.warnings.is_empty() {
        out.line(&table(&imported.warnings, out.lang));
    }
    out.say(done);
    out.document(&json!({
        "command": command,
        "ok": true,
        "pupils": imported.pupils,
        "findings": documents(&imported.warnings),
    }));
}

/// `import`.
///
/// # Errors
/// See [`import`].
pub fn run(context: &Context, args: &ImportArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let bytes = read_input(&args.file, Limits::default().input_bytes)?;
    let imported = import(&folder, &bytes, context.out.lang)?;
    let n = imported.pupils;
    let done =
        words(format!("Đã nhập {n} học sinh. Tiếp theo: hocba sign"), format!("Imported {n} pupils. Next: hocba sign"));
    show(&context.out, "import", &imported, &done);
    Ok(Exit::Ok)
}

/// `check`: the checks again, on the spreadsheet as it was imported.
///
/// # Errors
/// When nothing was imported, and with the findings where something has to be mended.
pub fn run_check(context: &Context) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let mut bytes = None;
    for name in FILES {
        bytes = bytes.or(folder.read(name)?);
    }
    let bytes = bytes.ok_or_else(nothing_imported)?;
    let (sheet, warnings) = read_sound(&bytes, context.out.lang)?;
    let imported = Imported { pupils: sheet.rows.len(), warnings };
    let (n, w) = (imported.pupils, imported.warnings.len());
    let done = words(
        format!("{n} học sinh, không có lỗi; {w} chỗ nên xem lại."),
        format!("{n} pupils, no error; {w} places deserve a look."),
    );
    show(&context.out, "check", &imported, &done);
    Ok(Exit::Ok)
}

/// The failure of a step that needs an imported class.
pub fn nothing_imported() -> Failure {
    Failure::new(Exit::Order, "nothing_imported", words("chưa nhập lớp nào", "no class was imported yet")).hint(words(
        "chạy `hocba template`, điền, rồi `hocba import TỆP`",
        "run `hocba template`, fill it in, then `hocba import FILE`",
    ))
}
