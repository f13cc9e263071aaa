//! `import` of the national data contract: messages about pupils of any number of classes, read as they come.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use anyhow::Context as _;
use hocba_app::{Actor, AppError, Import, MessageFault, Taken};
use hocba_exchange::{
    Finding,
    contract::{Incoming, Limits, Reader, Refused},
};
use hocba_record::{
    check,
    types::{ClassName, SchoolCode, SchoolYear},
};
use serde_json::{Value, json};

use crate::{
    commands::Context,
    edge::steady,
    error::{Exit, Failure},
    folder::Folder,
    ledger,
    output::{Lang, words},
    site::{Site, app_failure},
};

/// Most messages of one class in one transaction; a class has some forty pupils, and more are a file in no order.
const GROUP: usize = 200;

/// Whether a file holds messages: JSON begins with a bracket or a brace, a workbook or a CSV file of ours never does.
pub fn is_contract(file: &Path) -> bool {
    let mut first = [0; 64];
    let read = File::open(file).and_then(|mut file| io::Read::read(&mut file, &mut first)).unwrap_or(0);
    let text = first[..read].strip_prefix(b"\xef\xbb\xbf").unwrap_or(&first[..read]);
    matches!(text.trim_ascii_start().first(), Some(b'[' | b'{'))
}

/// One fault or remark, as a line.
struct Line {
    /// Number of the message in the file, from 1; none for the file as a whole.
    message: Option<usize>,
    error: bool,
    code: String,
    place: (String, String),
    value: Option<String>,
    what: (String, String),
}

impl Line {
    fn of_reader(finding: &Finding, message: Option<usize>) -> Self {
        Self {
            message,
            error: finding.is_error(),
            code: finding.code.to_string(),
            place: (finding.pointer.clone(), finding.pointer.clone()),
            value: finding.value.clone(),
            what: (
                format!("{} {}", finding.expected.vi, finding.how_to_mend.vi),
                format!("{} {}", finding.expected.en, finding.how_to_mend.en),
            ),
        }
    }

    fn of_check(finding: &check::Finding, message: usize) -> Self {
        Self {
            message: Some(message),
            error: finding.severity == check::Severity::Error,
            code: finding.message.key().to_owned(),
            place: (finding.place.vietnamese(), finding.place.english()),
            value: None,
            what: (finding.message.vietnamese(), finding.message.english()),
        }
    }

    fn of_fault(fault: &MessageFault, message: usize) -> Vec<Self> {
        let one = |code: &str, vi: String, en: String| {
            let (place, value) = ((String::new(), String::new()), None);
            vec![Self { message: Some(message), error: true, code: code.to_owned(), place, value, what: (vi, en) }]
        };
        match fault {
            MessageFault::Unsound(findings) => findings.iter().map(|f| Self::of_check(f, message)).collect(),
            MessageFault::OtherGrade => one(
                "other_grade",
                "MaKhoi khác với các bản ghi trước của cùng lớp. Sửa MaKhoi hoặc MaLop.".to_owned(),
                "MaKhoi is not that of the records before it of the same class. Correct MaKhoi or MaLop.".to_owned(),
            ),
            MessageFault::Signed { number } => one(
                "already_signed",
                format!(
                    "Học bạ số {number} đã ký mà bản ghi này ghi khác hoặc huỷ. Chưa ký số của trường: trả lại trước; đã ký \
                     số của trường: nhập lại với --correct hoặc --reassess."
                ),
                format!(
                    "Number {number} is signed, and this says otherwise or cancels it. Not sealed: have it returned first; \
                     sealed: import with --correct or --reassess."
                ),
            ),
            MessageFault::SignedElsewhere { class } => one(
                "signed_elsewhere",
                format!("Học bạ này đã ký ở lớp {class}. Sửa MaLop, hoặc trả lại học bạ ở lớp đó trước."),
                format!("This record is signed in class {class}. Correct MaLop, or have it returned there first."),
            ),
            MessageFault::TwoPupils => one(
                "two_pupils",
                "Số định danh, mã học sinh thuộc về hai học sinh khác nhau đã có. So lại với giấy tờ.".to_owned(),
                "The identifiers are those of two pupils known here. Compare them with the papers.".to_owned(),
            ),
        }
    }

    fn text(&self, lang: Lang) -> String {
        let pick = |pair: &(String, String)| match lang {
            Lang::Vi => pair.0.clone(),
            Lang::En => pair.1.clone(),
        };
        let mark = match (self.error, lang) {
            (true, Lang::Vi) => "LỖI",
            (true, Lang::En) => "ERROR",
            (false, Lang::Vi) => "xem lại",
            (false, Lang::En) => "look",
        };
        let message = self.message.map(|n| format!("#{n}")).unwrap_or_default();
        let value = self.value.as_ref().map(|v| format!("“{v}”")).unwrap_or_default();
        let parts = [mark.to_owned(), message, pick(&self.place), value, pick(&self.what)];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")
    }

    fn document(&self) -> Value {
        json!({
            "code": self.code, "severity": if self.error { "error" } else { "warning" }, "message": self.message,
            "place_vi": self.place.0, "place_en": self.place.1, "value": self.value,
            "what_vi": self.what.0, "what_en": self.what.1,
        })
    }
}

/// What came of the whole file.
#[derive(Default)]
struct Sum {
    messages: usize,
    taken: Taken,
    refused: usize,
}

impl Sum {
    fn add(&mut self, taken: &Taken) {
        let sum = &mut self.taken;
        sum.added += taken.added;
        sum.updated += taken.updated;
        sum.renewed += taken.renewed;
        sum.unchanged += taken.unchanged;
        sum.cancelled += taken.cancelled;
        sum.passed_over += taken.passed_over;
        self.refused += taken.refused.len();
    }

    fn document(&self) -> Value {
        let Taken { added, updated, renewed, unchanged, cancelled, passed_over, .. } = &self.taken;
        json!({
            "messages": self.messages, "added": added, "updated": updated, "renewed": renewed, "unchanged": unchanged,
            "cancelled": cancelled, "passed_over": passed_over, "refused": self.refused,
        })
    }
}

/// Messages about one class that came one after the other.
#[derive(Default)]
struct Group {
    class: Option<(SchoolCode, SchoolYear, ClassName)>,
    messages: Vec<Incoming>,
    numbers: Vec<usize>,
}

struct Work<'a> {
    context: &'a Context,
    site: Site,
    import: &'a Import,
    sum: Sum,
    /// For `--json`; the first thousand are enough to mend a file by.
    documents: Vec<Value>,
}

impl Work<'_> {
    fn tell(&mut self, line: &Line) {
        self.context.out.line(&line.text(self.context.out.lang));
        if self.documents.len() < 1000 {
            self.documents.push(line.document());
        }
    }

    /// Takes the messages of a group; those of a class that cannot be written are refused together.
    async fn flush(&mut self, group: &mut Group) -> anyhow::Result<()> {
        let Group { class, messages, numbers } = std::mem::take(group);
        if messages.is_empty() {
            return Ok(());
        }
        let taken = self.site.app.take_messages(&Actor::LocalOperator, &messages, self.import).await;
        self.told(taken, class.map(|(_, _, name)| name), &numbers)
    }

    fn told(
        &mut self,
        taken: Result<Taken, AppError>,
        class: Option<ClassName>,
        numbers: &[usize],
    ) -> anyhow::Result<()> {
        let lang = self.context.out.lang;
        let taken = match taken {
            Ok(taken) => taken,
            // Nothing about these messages; the next ones would fare no better.
            Err(error @ (AppError::Store(_) | AppError::NoRandomness)) => {
                return Err(app_failure(&error, lang).into());
            }
            Err(error) => {
                let Failure { words: said, code, .. } = app_failure(&error, lang);
                let class = class.map(|class| class.to_string()).unwrap_or_default();
                let (place, value) = ((class.clone(), class), None);
                let message = numbers.first().copied();
                self.tell(&Line {
                    message,
                    error: true,
                    code: code.to_owned(),
                    place,
                    value,
                    what: (said.vi, said.en),
                });
                self.sum.refused += numbers.len();
                return Ok(());
            }
        };
        self.sum.add(&taken);
        for (place, fault) in &taken.refused {
            for line in Line::of_fault(fault, numbers[*place]) {
                self.tell(&line);
            }
        }
        for (place, finding) in &taken.warnings {
            self.tell(&Line::of_check(finding, numbers[*place]));
        }
        Ok(())
    }

    async fn take(&mut self, source: impl BufRead) -> anyhow::Result<()> {
        let mut group = Group::default();
        for (number, message) in (1..).zip(Reader::new(source, Limits::default())) {
            self.sum.messages += 1;
            let incoming = match message {
                Ok(incoming) => incoming,
                Err(Refused { findings, index, .. }) => {
                    self.sum.refused += 1;
                    for finding in &findings {
                        self.tell(&Line::of_reader(finding, index.map(|_| number)));
                    }
                    continue;
                }
            };
            for finding in &incoming.warnings {
                self.tell(&Line::of_reader(finding, Some(number)));
            }
            let Some(content) = incoming.event.content() else {
                // It may be about a record on its way.
                self.flush(&mut group).await?;
                let taken = self.site.app.take_cancellation(&Actor::LocalOperator, &incoming).await;
                self.told(taken, None, &[number])?;
                continue;
            };
            let header = &content.header;
            let class = Some((header.school.clone(), header.year, header.class.clone()));
            if group.class != class || group.messages.len() >= GROUP {
                self.flush(&mut group).await?;
                group.class = class;
            }
            group.messages.push(incoming);
            group.numbers.push(number);
        }
        self.flush(&mut group).await
    }
}

/// Imports messages.
///
/// # Errors
/// When a message was refused; the others are taken.
pub fn run(context: &Context, folder: Folder, file: &Path, import: &Import) -> anyhow::Result<Exit> {
    let source = BufReader::new(File::open(file).with_context(|| file.display().to_string())?);
    let begun = steady();
    let work = ledger::runtime()?.block_on(async {
        let site = Site::open(folder).await?;
        let mut work = Work { context, site, import, sum: Sum::default(), documents: Vec::new() };
        work.take(source).await?;
        anyhow::Ok(work)
    })?;
    let rate = work.sum.messages as f64 / begun.elapsed().as_secs_f64().max(0.001);
    let Taken { added, updated, renewed, unchanged, cancelled, passed_over, .. } = &work.sum.taken;
    let (messages, refused) = (work.sum.messages, work.sum.refused);
    let (mut document, out) = (work.sum.document(), &context.out);
    document["findings"] = Value::from(work.documents);
    out.say(&words(
        format!(
            "Đã đọc {messages} bản ghi ({rate:.0} bản ghi một giây): thêm {added}, cập nhật {updated}, bản mới chờ ký lại \
             {renewed}, giữ nguyên {unchanged}, huỷ {cancelled}, đã nhận từ trước {passed_over}, chưa nhận {refused}"
        ),
        format!(
            "Read {messages} records ({rate:.0} a second): {added} added, {updated} updated, {renewed} new versions to be \
             signed, {unchanged} unchanged, {cancelled} cancelled, {passed_over} taken before, {refused} refused"
        ),
    ));
    if refused > 0 {
        let failure = Failure::new(
            Exit::BadInput,
            "messages",
            words(
                format!("{refused} bản ghi chưa nhận; sửa rồi gửi lại cả tệp, bản ghi đã nhận sẽ được bỏ qua"),
                format!(
                    "{refused} records were not taken; mend them and send the file again, the others are passed over"
                ),
            ),
        );
        return Err(failure.details(document).into());
    }
    if let Some(document) = document.as_object_mut() {
        document.insert("command".into(), "import".into());
        document.insert("ok".into(), true.into());
    }
    out.document(&document);
    Ok(Exit::Ok)
}
