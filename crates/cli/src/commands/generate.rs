//! `generate`: made-up classes, and the lists of a whole school, for trials, tests and measurements.

mod school;

use std::{
    fs::File,
    io::{BufWriter, Cursor, Write as _},
    path::PathBuf,
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use hocba_exchange::{
    class_csv::{self, ClassRecord},
    contract::{self, Content, Event, Incoming},
};
use hocba_record::{
    disclosure::{Seed, issue},
    draft::{ClassHeader, Draft},
    encoding::{RecordId, Sha256Digest},
    payload::{OpenClaims, RecordKind, RecordPayload},
    rules::{self, Policies},
    section::{IdentifierKind, Identity, Section},
    types::{Grade, SchoolCode, SchoolYear, UnixTime},
};
use hocba_sample::{Options, class};
use hocba_signature::policy::SigningPolicy;
use serde_json::json;

use super::{Context, import::grade};
use crate::{error::Exit, folder::write_whole, output::words};

/// Pupils of a class, as the law has it for secondary schools.
const CLASS: usize = 40;

/// Arguments of `generate`.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// Danh sách của cả một trường: nhân sự, 45 lớp, học sinh / The lists of a whole school: staff, 45 classes, pupils
    ///
    /// Hai tệp có lỗi để làm thử, và bảng điểm của lớp đầu / Two files have faults to try; and the first class's workbook.
    #[arg(long, conflicts_with_all = ["format", "first_class", "school"])]
    whole_school: bool,
    /// Với --whole-school: số lớp, chia đều cho các khối / With --whole-school: how many classes, spread over the grades
    #[arg(long, requires = "whole_school", value_parser = clap::value_parser!(u16).range(1..=999))]
    classes: Option<u16>,
    /// Với --whole-school: bảng điểm của mọi lớp, không chỉ lớp đầu / With --whole-school: every class's workbook
    #[arg(long, requires = "whole_school")]
    workbooks: bool,
    /// Số học sinh; bỏ qua là một lớp, với --whole-school là 1.900 / How many pupils: a class, or 1,900
    #[arg(long, value_parser = students)]
    students: Option<usize>,
    /// Cùng số thì cùng học sinh / Which ones: the same for the same number
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Khối / Grade
    #[arg(long, default_value = "9", value_parser = grade)]
    grade: Grade,
    /// Năm học / School year
    #[arg(long, default_value = "2026-2027")]
    year: SchoolYear,
    /// Số của lớp đầu tiên: 3 là 9A3 / Number of the first class: 3 is 9A3
    #[arg(long, default_value_t = 1)]
    first_class: usize,
    /// Mã trường / School
    #[arg(long, default_value = "79DEMO001")]
    school: SchoolCode,
    /// Mỗi lớp một tệp .xlsx, hoặc mọi lớp trong một tệp CSV, JSON / A workbook for each class, or all in one CSV or JSON
    ///
    /// JSON: theo hợp đồng dữ liệu quốc gia, mỗi dòng một học sinh / JSON: the national data contract, a pupil a line.
    #[arg(long, value_enum, default_value = "xlsx")]
    format: Format,
    /// Thư mục (xlsx) hoặc tệp (csv, json) / Folder for workbooks, or the file
    #[arg(long, value_name = "PATH", default_value = "lop-mau")]
    out: PathBuf,
}

impl GenerateArgs {
    fn students(&self) -> usize {
        self.students.unwrap_or(CLASS)
    }
}

/// As many as six digits of a personal number tell apart.
fn students(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| (1..=1_000_000).contains(n)).ok_or_else(|| "1 … 1000000".to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Xlsx,
    Csv,
    Json,
}

/// `generate`.
///
/// # Errors
/// When a file cannot be written.
pub fn run(context: &Context, args: &GenerateArgs) -> anyhow::Result<Exit> {
    if args.whole_school {
        return school::run(context, args);
    }
    let students = args.students();
    let classes = students.div_ceil(CLASS);
    let bar = context.out.progress(classes, &words("Lập lớp mẫu", "Making classes"));
    match args.format {
        Format::Xlsx => {
            std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
            for number in 0..classes {
                let (header, drafts) = one(args, number)?;
                let bytes = hocba_workbook::template(Some(&header), &[], &drafts)?;
                write_whole(&args.out.join(format!("{}.xlsx", header.class)), &bytes)?;
                bar.inc(1);
            }
        }
        Format::Csv => {
            // Which columns are filled differs from class to class; made twice, no class has to be kept.
            let mut headings: Vec<String> = Vec::new();
            for number in 0..classes {
                for heading in rows(args, number)?.headers()? {
                    if !headings.iter().any(|known| known == heading) {
                        headings.push(heading.to_owned());
                    }
                }
            }
            let mut file = File::create(&args.out).with_context(|| args.out.display().to_string())?;
            // So that spreadsheets know the encoding.
            file.write_all(b"\xef\xbb\xbf")?;
            let mut csv = csv::WriterBuilder::new().delimiter(b';').from_writer(BufWriter::new(file));
            csv.write_record(&headings)?;
            for number in 0..classes {
                let mut rows = rows(args, number)?;
                let own = rows.headers()?.clone();
                let places: Vec<Option<usize>> =
                    headings.iter().map(|heading| own.iter().position(|other| other == heading)).collect();
                for row in rows.records() {
                    let row = row?;
                    csv.write_record(places.iter().map(|place| place.and_then(|at| row.get(at)).unwrap_or_default()))?;
                }
                bar.inc(1);
            }
            csv.flush()?;
        }
        Format::Json => {
            let file = File::create(&args.out).with_context(|| args.out.display().to_string())?;
            let mut file = BufWriter::new(file);
            for number in 0..classes {
                file.write_all(&contract::write_lines(&messages(args, number)?))?;
                bar.inc(1);
            }
            file.flush()?;
        }
    }
    bar.finish();
    let place = args.out.display();
    context.out.say(&words(
        format!("Đã lập {students} học sinh mẫu trong {classes} lớp: {place}"),
        format!("Made {students} pupils in {classes} classes: {place}"),
    ));
    context.out.document(&json!({
        "command": "generate", "ok": true, "students": students, "classes": classes, "out": args.out,
    }));
    Ok(Exit::Ok)
}

/// One of the classes.
fn one(args: &GenerateArgs, number: usize) -> anyhow::Result<(ClassHeader, Vec<Draft>)> {
    let pupils = CLASS.min(args.students() - number * CLASS);
    let name = format!("{}A{}", args.grade.number(), number + args.first_class);
    let of_grade = Options { school: args.school.clone(), ..Options::of(args.grade, args.year) };
    let options = of_grade.of_class(args.grade, name.parse()?).with_pupils(pupils);
    let (header, mut drafts) = class(seed_of(args, number), &options);
    for (place, draft) in drafts.iter_mut().enumerate() {
        number_apart(&mut draft.identity, number * CLASS + place)?;
    }
    Ok((header, drafts))
}

/// One of the classes as messages of the national data contract, all of version 1.
fn messages(args: &GenerateArgs, number: usize) -> anyhow::Result<Vec<Incoming>> {
    let (header, drafts) = one(args, number)?;
    // The last day of May of the year: marks are final then.
    let at = UnixTime::from_seconds(0)?.plus(31_556_952 * (i64::from(args.year.start()) + 1 - 1970) + 13_000_000);
    let message = |(place, draft): (usize, Draft)| {
        let content = Content { header: header.clone(), draft, earlier: Vec::new() };
        Ok(Incoming {
            id: format!("MAU-{}-{}-{}-{:02}", header.school, header.year, header.class, place + 1).parse()?,
            version: 1,
            at,
            event: Event::New(Box::new(content)),
            warnings: Vec::new(),
        })
    };
    drafts.into_iter().enumerate().map(message).collect()
}

/// Gives a pupil national numbers that no other one of the same run has: chance alone gives two of fifty thousand the same.
fn number_apart(identity: &mut Identity, serial: usize) -> anyhow::Result<()> {
    for identifier in &mut identity.identifiers {
        let text = identifier.value.as_str();
        let (kept, digits) = match identifier.kind {
            IdentifierKind::Personal => (6, 6),
            IdentifierKind::Ministry => (2, 8),
            _ => continue,
        };
        let kept = text.get(..kept).context("national numbers are digits")?;
        identifier.value = format!("{kept}{serial:0digits$}").parse()?;
    }
    Ok(())
}

fn seed_of(args: &GenerateArgs, number: usize) -> u64 {
    args.seed.wrapping_mul(1_000_003).wrapping_add(number as u64)
}

/// One of the classes as lines.
fn rows(args: &GenerateArgs, number: usize) -> anyhow::Result<csv::Reader<Cursor<Vec<u8>>>> {
    let (header, drafts) = one(args, number)?;
    let mut records: Vec<(RecordPayload, Vec<Section>)> = Vec::with_capacity(drafts.len());
    for (place, draft) in drafts.iter().enumerate() {
        let sections = rules::sections(&header, draft, &Policies::default())
            .map_err(|findings| anyhow::anyhow!("a made-up pupil has {} findings", findings.len()))?;
        let id = Sha256Digest::of(format!("{}/{place}", seed_of(args, number)).as_bytes());
        let open = OpenClaims {
            id: RecordId::from_bytes(*id.as_bytes().first_chunk().context("a digest has 32 bytes")?),
            version: 1,
            replaces: None,
            kind: RecordKind::Year,
            school: header.school.clone(),
            year: header.year,
            grade: header.grade,
            class: header.class.clone(),
            form: header.form(),
            policy: SigningPolicy::policy_1().reference(),
        };
        let issued = issue(open, &sections, Vec::new(), &Seed::from_bytes(*id.as_bytes()))?;
        records.push((issued.payload, sections));
    }
    let of_class: Vec<ClassRecord<'_>> =
        records.iter().map(|(payload, sections)| ClassRecord { payload, sections }).collect();
    let bytes = class_csv::write(&of_class)?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(bytes);
    Ok(csv::ReaderBuilder::new().delimiter(b';').from_reader(Cursor::new(text)))
}
