//! `export`: what signed records say, in the forms that other systems read; each leads back to the signed digest.

mod books;

use std::{collections::BTreeSet, path::PathBuf};

use clap::{Args, Subcommand};
use hocba_app::{Actor, AnswersTaken, AppError};
use hocba_exchange::{
    Finding,
    book_json::BookExport,
    class_csv::{self, ClassRecord},
    package::{Layout as _, Package, PackageClaims, PackageEvent, PackageHeader, PackageRecord, Unchecked1, XmlLimits},
    signed::Exported,
};
use hocba_record::{encoding::RecordId, section::Section, types::Text};
use hocba_signature::statement::{Role, Statement, StatementType};
use hocba_store::StoredPackage;
use serde_json::json;

use super::Context;
use crate::{
    edge::{now, random, read_input},
    error::{Exit, Failure},
    folder::{Folder, write_whole},
    ledger,
    output::{Lang, words},
    people::{KeyArgs, Person},
    site::{ClassChoice, Site, app_failure},
};

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Bảng điểm của lớp, CSV mở được bằng Excel / A class as CSV
    Class {
        /// Lớp; bỏ qua được khi chỉ có một lớp / Class, if there are several
        #[arg(long, value_name = "NAME")]
        class: Option<ClassChoice>,
        /// Ghi vào tệp này / Where to write it
        #[arg(long, value_name = "FILE", default_value = "lop.csv")]
        out: PathBuf,
    },
    /// Cả sổ của một học sinh, JSON / A pupil's book as JSON
    Book {
        /// Số thứ tự của học sinh trong lớp / Pupil's number in the class list
        number: u32,
        /// Lớp; bỏ qua được khi chỉ có một lớp / Class, if there are several
        #[arg(long, value_name = "NAME")]
        class: Option<ClassChoice>,
        /// Ghi vào tệp này / Where to write it
        #[arg(long, value_name = "FILE", default_value = "hoc-ba.json")]
        out: PathBuf,
    },
    /// Sổ gửi đi của trường, để tự theo dõi (hocba watch) / What the school sent, for `watch`
    Books(books::BooksArgs),
    /// Gói gửi kho của Bộ, XML, do sở ký; cấu trúc chưa đối chiếu / The ministry's package, signed by the department
    Package(Box<PackageArgs>),
    /// Đọc kết quả kho của Bộ trả về, ghi cạnh từng học sinh / Read the store's answers to a package
    Answers {
        /// Tệp kết quả, XML / The file of answers
        file: PathBuf,
    },
}

/// Arguments of `export package`.
#[derive(Debug, Args)]
struct PackageArgs {
    /// Các lớp; bỏ qua là mọi lớp / Classes; all where left out
    #[arg(long, value_name = "NAME")]
    class: Vec<ClassChoice>,
    /// Mã của sở / The department's code
    #[arg(long, value_name = "CODE")]
    department: String,
    /// Kỳ gửi, ví dụ năm học / What it is for: 2026-2027
    #[arg(long, value_name = "TEXT")]
    period: Text,
    /// Ghi vào tệp này; chữ ký nằm ở tệp cùng tên thêm .jws.json / Where to write it; the signature lies beside it
    #[arg(long, value_name = "FILE", default_value = "goi-hoc-ba.xml")]
    out: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
}

/// `export`.
///
/// # Errors
/// When nothing is sealed, and when a file cannot be written.
pub fn run(context: &Context, args: &ExportArgs) -> anyhow::Result<Exit> {
    ledger::runtime()?.block_on(async {
        let site = || async { Site::open(Folder::open(&context.data_dir)?).await };
        match &args.what {
            // From files alone they need no data folder.
            What::Books(args) if args.needs_no_folder() => books::from_files(context, args),
            What::Books(args) => books::from_folder(context, &site().await?, args).await,
            What::Class { class, out } => export_class(context, &site().await?, class.as_ref(), out).await,
            What::Book { number, class, out } => {
                export_book(context, &site().await?, *number, class.as_ref(), out).await
            }
            What::Package(args) => export_package(context, &site().await?, args).await,
            What::Answers { file } => read_answers(context, &site().await?, file).await,
        }
    })
}

fn nothing_sealed() -> Failure {
    Failure::new(
        Exit::Order,
        "nothing_sealed",
        words("chưa có học bạ nào đã ký số của trường", "no record is sealed yet"),
    )
}

fn written(context: &Context, what: &str, out: &std::path::Path, records: usize) -> Exit {
    let name = out.display();
    context
        .out
        .say(&words(format!("Đã ghi {records} bản ghi vào {name}"), format!("Wrote {records} records to {name}")));
    context.out.document(&json!({ "command": "export", "ok": true, "what": what, "file": out, "records": records }));
    Exit::Ok
}

async fn export_class(
    context: &Context,
    site: &Site,
    class: Option<&ClassChoice>,
    out: &std::path::Path,
) -> anyhow::Result<Exit> {
    let class = site.class(class).await?;
    let sealed = site.app.sealed_class(&Actor::LocalOperator, &class.id).await;
    let (_, sealed) = sealed.map_err(|e| app_failure(&e, context.out.lang))?;
    if sealed.is_empty() {
        return Err(nothing_sealed().into());
    }
    let sections: Vec<Vec<Section>> = sealed.iter().map(hocba_app::SealedContent::sections).collect();
    let records: Vec<ClassRecord<'_>> = sealed
        .iter()
        .zip(&sections)
        .map(|(sealed, sections)| ClassRecord { payload: &sealed.payload, sections })
        .collect();
    write_whole(out, &class_csv::write(&records)?)?;
    Ok(written(context, "class", out, records.len()))
}

async fn export_book(
    context: &Context,
    site: &Site,
    number: u32,
    class: Option<&ClassChoice>,
    out: &std::path::Path,
) -> anyhow::Result<Exit> {
    let refused = |e: AppError| app_failure(&e, context.out.lang);
    let class = site.class(class).await?;
    let lines = site.app.store().read().await?.record_lines(&class.id).await?;
    let line = lines.iter().find(|l| l.number == number).ok_or_else(|| refused(AppError::UnknownNumber(number)))?;
    let sealed = site.app.sealed_book(&Actor::LocalOperator, &line.record).await.map_err(refused)?;
    if sealed.is_empty() {
        return Err(nothing_sealed().into());
    }
    let records: Vec<Exported> = sealed.iter().map(|s| Exported::of(&s.payload, &s.disclosures)).collect();
    let count = records.len();
    write_whole(out, &BookExport { exported_at: now(), records }.to_bytes())?;
    Ok(written(context, "book", out, count))
}

async fn export_package(context: &Context, site: &Site, args: &PackageArgs) -> anyhow::Result<Exit> {
    let classes = if args.class.is_empty() {
        site.classes().await?
    } else {
        let mut classes = Vec::new();
        for choice in &args.class {
            classes.push(site.class(Some(choice)).await?);
        }
        classes
    };
    let (mut records, mut sent) = (Vec::new(), Vec::new());
    for class in classes {
        let sealed = site.app.sealed_class(&Actor::LocalOperator, &class.id).await;
        for content in sealed.map_err(|e| app_failure(&e, context.out.lang))?.1 {
            let exported = Box::new(Exported::of(&content.payload, &content.disclosures));
            let version = content.payload.version;
            sent.push((content.payload.id, version));
            records.push(PackageRecord {
                id: content.payload.id.to_string().parse()?,
                version: u64::from(version),
                at: now(),
                event: if version == 1 { PackageEvent::New(exported) } else { PackageEvent::Update(exported) },
            });
        }
    }
    if records.is_empty() {
        return Err(nothing_sealed().into());
    }
    let count = records.len();
    let header = PackageHeader {
        id: RecordId::from_bytes(random()?),
        department: args.department.parse()?,
        period: args.period.clone(),
        created: now(),
    };
    let package = Package { header, records };
    let layout = Unchecked1;
    let bytes = layout.write(&package)?;
    let claims = PackageClaims::of(&package, &layout, &bytes);
    let department = Person::open(&site.folder, Role::Department, &args.key)?;
    let statement = Statement::unsigned(claims.to_bytes());
    let statement = department.sign(statement, StatementType::Package, Role::Department, now())?;
    let PackageHeader { id, department, created, .. } = package.header;
    let stored =
        StoredPackage { id, department: department.to_string(), created_at: created, statement: statement.clone() };
    let noted = site.app.note_package(&Actor::LocalOperator, &stored, &sent).await;
    noted.map_err(|e| app_failure(&e, context.out.lang))?;
    write_whole(&args.out, &bytes)?;
    let mut beside = args.out.clone().into_os_string();
    beside.push(".jws.json");
    write_whole(std::path::Path::new(&beside), &statement.to_bytes())?;
    context.out.note(&words(
        "cấu trúc gói chưa đối chiếu với văn bản của Bộ",
        "the layout was not checked against an official text",
    ));
    Ok(written(context, "package", &args.out, count))
}

/// Takes what the ministry's store answered.
async fn read_answers(context: &Context, site: &Site, file: &std::path::Path) -> anyhow::Result<Exit> {
    let (out, limits, layout) = (&context.out, XmlLimits::default(), Unchecked1);
    let refused = |e: AppError| app_failure(&e, out.lang);
    let bytes = read_input(file, limits.bytes)?;
    let unreadable = |findings: &[Finding]| {
        let text = findings.iter().map(|f| told(f, out.lang)).collect::<Vec<_>>().join("\n");
        Failure::new(
            Exit::BadInput,
            "answers",
            words(
                format!("{text}\nTệp này không phải kết quả của một gói đã gửi; chưa ghi gì cả."),
                format!("{text}\nThis file does not hold answers to a package that was sent; nothing was written."),
            ),
        )
    };
    let package = match layout.answered(&bytes, &limits) {
        Some(package) => package,
        // Read again for the reason.
        None => {
            let read = layout.read_answers(&bytes, &RecordId::from_bytes([0; 16]), &|_| false, &limits);
            return Err(unreadable(&read.err().unwrap_or_default()).into());
        }
    };
    let sent = site.app.package_records(&Actor::LocalOperator, &package).await.map_err(refused)?;
    let sent: BTreeSet<String> = sent.iter().map(ToString::to_string).collect();
    let read = layout.read_answers(&bytes, &package, &|key| sent.contains(key.as_str()), &limits);
    let (answers, findings) = read.map_err(|findings| unreadable(&findings))?;
    for finding in &findings {
        out.line(&told(finding, out.lang));
    }
    let taken = site.app.take_answers(&Actor::LocalOperator, &answers).await.map_err(refused)?;
    let AnswersTaken { changed, waiting, rejected, .. } = taken;
    let records = sent.len();
    out.say(&words(
        format!(
            "Gói {package}: {records} bản ghi, {changed} có kết quả mới; còn chờ {waiting}, có lỗi {rejected}. Xem từng học sinh: \
             hocba status --class"
        ),
        format!(
            "Package {package}: {records} records, {changed} with a new answer; {waiting} wait, {rejected} have errors. Pupil by \
             pupil: hocba status --class"
        ),
    ));
    out.document(&json!({
        "command": "answers", "ok": true, "package": package.to_string(), "records": records, "changed": changed,
        "waiting": waiting, "rejected": rejected, "findings": findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    }));
    Ok(Exit::Ok)
}

fn told(finding: &Finding, lang: Lang) -> String {
    let (expected, mend) = match lang {
        Lang::Vi => (&finding.expected.vi, &finding.how_to_mend.vi),
        Lang::En => (&finding.expected.en, &finding.how_to_mend.en),
    };
    let value = finding.value.as_ref().map(|v| format!("  “{v}”")).unwrap_or_default();
    format!("{}{value}  {expected} {mend}", finding.pointer)
}
