//! `/school/{school}/classes/import`: the marks of a class, looked at and taken. What is wrong is shown in the cells it is about.
//! Pupils who are not ready are left out there and then, with a reason; what would change sealed records says which, and why.
//!
//! `/school/{school}/classes/convert`: the same for a year that stands on paper, brought by a clerk who says who copied it, and
//! who compared it with the paper.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse as _,
};
use hocba_app::{
    Actor, App, AppError, ClassRead, Conversion, Import, ImportLook, Imported, Kept, NewTask,
    model::{Account, KeptKind, LeftOut, Renewal, TaskKind},
    policy::{Action, Place, may},
};
use hocba_bundle::text::date_time;
use hocba_record::types::{SchoolCode, Text as Name, UnixTime};
use hocba_workbook::{Excerpt, Finding, Limits, ListMapping, Mapping, Preview, annotate, excerpts, preview};

use super::{
    Answer, Asked, Refusal,
    chrome::{Chrome, Done, Fault, Field},
    class::{self, ReasonView},
    findings::FindingLine,
    html, on_to, refused,
    tasks::{self, Outcome},
    text::Text,
};
use crate::language;

/// Bytes of a class's workbook: what the intake reads.
pub(super) const MAX_BYTES: usize = 20 * 1024 * 1024;

/// Findings that are shown; beyond, it says how many more there are.
const SHOWN: usize = 100;

pub(super) use super::classes::import_address as address;

/// What a workbook is brought as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brought {
    /// Marks of a class, by its teacher.
    Marks,
    /// A year that stands on paper, by whoever converts it (NĐ 137/2024 Art. 4).
    Paper,
}

impl Brought {
    fn address(self, school: &SchoolCode) -> String {
        match self {
            Brought::Marks => address(school),
            Brought::Paper => super::classes::convert_address(school),
        }
    }

    /// What it takes.
    const fn action(self) -> Action {
        match self {
            Brought::Marks => Action::Import,
            Brought::Paper => Action::Convert,
        }
    }

    /// How it is imported, before anything was said of it: by whoever looks at it.
    fn import(self, actor: &Actor, school: &SchoolCode) -> Import {
        let by = |account: &Account| {
            let converter = account.name.parse().ok()?;
            Some(Conversion { converter, compared_by: None, made_by: None, paper: None })
        };
        let by = actor.account().filter(|_| self == Brought::Paper).and_then(by);
        Import { conversion: by, ..Import::at(school) }
    }
}

/// A pupil of the workbook, by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) number: u32,
    pub(super) name: String,
}

/// A workbook that waits, and what was seen of it.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub(super) file: String,
    pub(super) until: Option<UnixTime>,
    /// What the file was taken for; none where it does not open.
    pub(super) preview: Option<Preview>,
    pub(super) findings: Vec<Finding>,
    /// What stands around each finding.
    pub(super) around: Vec<Option<Excerpt>>,
    /// All pupils, where they could be read.
    pub(super) pupils: Option<Vec<Named>>,
    /// Numbers of those with an error.
    pub(super) faulty: Vec<u32>,
    /// What importing it would meet.
    pub(super) import: ImportLook,
    /// Why it cannot be taken whatever it says.
    pub(super) refused: Option<[String; 2]>,
    /// Whether the file can be given back with the findings in it.
    pub(super) workbook: bool,
}

impl Look {
    /// Numbers whom the form asks about: those with an error, and those left out so far.
    fn asked_about(&self) -> Vec<u32> {
        let known = |number: &u32| self.pupils.iter().flatten().any(|pupil| pupil.number == *number);
        let before = self.import.left_out.keys().filter(|number| known(number));
        let mut numbers: Vec<u32> = self.faulty.iter().chain(before).copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Errors that no leaving out helps against: the workbook could not be read whole.
    fn unreadable(&self, brought: Brought) -> usize {
        match self.pupils {
            Some(_) if brought == Brought::Marks => 0,
            _ => self.findings.iter().filter(|finding| finding.is_error()).count(),
        }
    }

    /// Whether it may be taken, with a reason for each pupil who is not ready; of paper nobody is left out.
    fn takes(&self, brought: Brought) -> bool {
        let ready = brought == Brought::Marks || self.faulty.is_empty();
        self.pupils.is_some() && self.refused.is_none() && self.import.would_change.is_empty() && ready
    }

    fn name(&self, number: u32) -> String {
        let pupil = self.pupils.iter().flatten().find(|pupil| pupil.number == number);
        pupil.map_or_else(|| number.to_string(), |pupil| format!("{number}. {}", pupil.name))
    }
}

/// A sheet as it was read.
pub(super) struct SheetView {
    pub(super) name: String,
    pub(super) role: String,
    pub(super) pupils: usize,
    pub(super) unread: String,
}

/// A finding with the cells around it.
pub(super) struct FindingView {
    pub(super) error: bool,
    pub(super) level: String,
    pub(super) place: String,
    pub(super) value: Option<String>,
    pub(super) expected: String,
    pub(super) mend: String,
    pub(super) around: Option<Excerpt>,
}

/// The findings of a sheet.
pub(super) struct SheetFindings {
    pub(super) title: String,
    pub(super) findings: Vec<FindingView>,
}

/// A pupil whom the class can go on without.
pub(super) struct LeaveView {
    pub(super) number: u32,
    pub(super) text: String,
    /// What is wrong with them.
    pub(super) what: Vec<String>,
    /// The reason that is chosen.
    pub(super) chosen: String,
    /// What choosing no reason means.
    pub(super) otherwise: String,
}

#[derive(Template)]
#[template(path = "staff/class_import.html")]
pub(super) struct ImportPage {
    pub(super) c: Chrome,
    pub(super) lead: String,
    pub(super) action: String,
    pub(super) field: Field,
    /// Who copied it from paper, and from which: for a year that stands on paper.
    pub(super) paper: Vec<Field>,
    pub(super) file: Option<String>,
    pub(super) until: String,
    /// What the file says of its class: label and value.
    pub(super) facts: Vec<(String, String)>,
    pub(super) sheets: Vec<SheetView>,
    pub(super) found: Vec<SheetFindings>,
    pub(super) more: u32,
    /// Errors that keep the whole file from being taken.
    pub(super) faults: u32,
    pub(super) refused: Option<String>,
    pub(super) annotated: Option<String>,
    /// Whether it may be taken.
    pub(super) takes: bool,
    /// Where it stands, in a sentence.
    pub(super) summary: String,
    pub(super) leave: Vec<LeaveView>,
    pub(super) reasons: Vec<ReasonView>,
    /// Whose sealed records get a new version, and how many in a sentence.
    pub(super) renewed: Vec<String>,
    pub(super) renewed_words: String,
    pub(super) renewals: Vec<ReasonView>,
    pub(super) renewal: String,
    /// Whose records are signed, and would say something else.
    pub(super) blocked: Vec<String>,
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn grouped(t: Text, look: &Look) -> (Vec<SheetFindings>, usize) {
    let mut order: Vec<usize> = (0..look.findings.len()).collect();
    // Sheet by sheet in the order of the file, errors first in each.
    let mut sheets: Vec<&str> = Vec::new();
    for finding in &look.findings {
        if !sheets.contains(&finding.sheet.as_str()) {
            sheets.push(&finding.sheet);
        }
    }
    let place = |sheet: &str| sheets.iter().position(|known| *known == sheet);
    let has_error = |sheet: &str| look.findings.iter().any(|f| f.is_error() && f.sheet == sheet);
    order.sort_by_key(|index| {
        let finding = &look.findings[*index];
        (!has_error(&finding.sheet), place(&finding.sheet), !finding.is_error(), finding.cell)
    });
    let more = order.len().saturating_sub(SHOWN);
    let mut found: Vec<SheetFindings> = Vec::new();
    for index in order.into_iter().take(SHOWN) {
        let finding = &look.findings[index];
        let line = FindingLine::of(None, finding);
        let pick = |both: &[String; 2]| language::pick(t.0, both[0].clone(), both[1].clone());
        let title = match finding.sheet.as_str() {
            "" => t.say("finding-whole-file").into_owned(),
            "CSV" => t.say("list-file").into_owned(),
            sheet => t.with("finding-sheet", &[("sheet", sheet)]).into_owned(),
        };
        let view = FindingView {
            error: line.error,
            level: if line.error { t.say("finding-error") } else { t.say("finding-warning") }.into_owned(),
            place: match &line.cell {
                Some(cell) => t.with("finding-cell", &[("cell", cell)]).into_owned(),
                None => title.clone(),
            },
            value: line.value.clone(),
            expected: pick(&line.expected),
            mend: pick(&line.mend),
            around: look.around.get(index).cloned().flatten(),
        };
        match found.last_mut().filter(|last| last.title == title) {
            Some(last) => last.findings.push(view),
            None => found.push(SheetFindings { title, findings: vec![view] }),
        }
    }
    (found, more)
}

impl ImportPage {
    /// `chosen` gives what a form chose before: the value of a field.
    pub(super) fn new(
        c: Chrome,
        (school, brought): (&SchoolCode, Brought),
        look: Option<&Look>,
        chosen: &dyn Fn(&str) -> String,
    ) -> Self {
        let t = c.t;
        let (title, lead) = match brought {
            Brought::Marks => (t.say("class-import-title"), t.say("class-import-lead")),
            Brought::Paper => (t.say("convert-title"), t.say("convert-lead")),
        };
        let c = c.titled(title).crumb(t.say("classes-title"), super::classes::address(school));
        let action = brought.address(school);
        let pick = |vi: &String, en: &String| language::pick(t.0, vi.clone(), en.clone());
        let preview = look.and_then(|look| look.preview.as_ref());
        let facts = preview.map(|preview| {
            let said = preview.class.iter().filter_map(|f| Some((pick(&f.label.vi, &f.label.en), f.value.clone()?)));
            said.collect()
        });
        let sheets = preview.map(|preview| {
            let sheet = |sheet: &hocba_workbook::SheetPreview| SheetView {
                name: sheet.sheet.clone(),
                role: pick(&sheet.label.vi, &sheet.label.en),
                pupils: sheet.pupils,
                unread: {
                    let unread = sheet.columns.iter().filter(|column| column.field.is_none());
                    unread.map(|column| column.heading.as_str()).collect::<Vec<_>>().join(", ")
                },
            };
            preview.sheets.iter().map(sheet).collect()
        });
        let (found, more) = look.map(|look| grouped(t, look)).unwrap_or_default();
        let leave: Vec<LeaveView> = look.map(|look| leave(t, look, chosen)).unwrap_or_default();
        let takes = look.is_some_and(|look| look.takes(brought));
        let paper = match brought {
            Brought::Marks => Vec::new(),
            Brought::Paper => paper_fields(&c, chosen),
        };
        let names = |numbers: &[u32]| -> Vec<String> {
            look.iter().flat_map(|look| numbers.iter().map(|number| look.name(*number))).collect()
        };
        let renewal = |renewal: &Renewal| ReasonView {
            code: renewal.as_str(),
            text: match renewal {
                Renewal::Correction => t.say("renewed-correction"),
                Renewal::Reassessment => t.say("renewed-reassessment"),
            }
            .into_owned(),
        };
        Self {
            lead: lead.into_owned(),
            paper,
            field: c
                .field("file", t.say("class-import-file"))
                .hint(t.say("class-import-hint"))
                .file(super::lists::ACCEPT),
            file: look.map(|look| look.file.clone()),
            until: look.and_then(|look| look.until).map(date_time).unwrap_or_default(),
            facts: facts.unwrap_or_default(),
            sheets: sheets.unwrap_or_default(),
            found,
            more: number(more),
            faults: number(look.map(|look| look.unreadable(brought)).unwrap_or_default()),
            refused: look
                .and_then(|look| look.refused.as_ref())
                .map(|both| language::pick(t.0, both[0].clone(), both[1].clone())),
            annotated: look
                .filter(|look| look.workbook && !look.findings.is_empty())
                .map(|_| format!("{action}/annotated")),
            takes,
            summary: look.filter(|_| takes).map(|look| summary(t, look)).unwrap_or_default(),
            leave,
            reasons: class::leave_reasons(t),
            renewed: look.map(|look| names(&look.import.renewed)).unwrap_or_default(),
            renewed_words: look
                .map(|look| t.count("class-import-renewed", number(look.import.renewed.len())).into_owned())
                .unwrap_or_default(),
            renewals: Renewal::ALL.iter().map(renewal).collect(),
            renewal: chosen("renew"),
            blocked: look.map(|look| names(&look.import.would_change)).unwrap_or_default(),
            action,
            c,
        }
    }

    /// The address of another form of the page.
    fn to(&self, what: &str) -> String {
        format!("{}/{what}", self.action)
    }
}

/// How many are ready, and how many are not.
fn summary(t: Text, look: &Look) -> String {
    let all = look.pupils.as_ref().map(Vec::len).unwrap_or_default();
    let out = look.asked_about().len();
    let ready = all.saturating_sub(out);
    if out == 0 {
        return t.count("class-import-ready", number(ready)).into_owned();
    }
    let numbers = [("ready", ready.to_string()), ("out", out.to_string())];
    let numbers = numbers.each_ref().map(|(name, text)| (*name, text.as_str()));
    t.with("class-import-some-ready", &numbers).into_owned()
}

/// The pupils whom a form asks about. Who has an error stays out or is mended; who was left out before may come back.
fn leave(t: Text, look: &Look, chosen: &dyn Fn(&str) -> String) -> Vec<LeaveView> {
    let of = |number: u32| {
        let faulty = look.faulty.contains(&number);
        let before = look.import.left_out.get(&number);
        let field = chosen(&field_of(number));
        LeaveView {
            number,
            text: look.name(number),
            what: before
                .map(|reason| t.with("class-import-before", &[("why", &class::left_out(t, *reason))]))
                .map_or_else(
                    || vec![t.say("class-import-not-ready").into_owned()],
                    |before| {
                        let wrong = faulty.then(|| t.say("class-import-not-ready").into_owned());
                        std::iter::once(before.into_owned()).chain(wrong).collect()
                    },
                ),
            chosen: match (field.is_empty(), before) {
                (true, Some(reason)) => reason.as_str().to_owned(),
                _ => field,
            },
            otherwise: match faulty {
                true => t.say("class-import-mend-first"),
                false => t.say("class-import-take-in"),
            }
            .into_owned(),
        }
    };
    look.asked_about().into_iter().map(of).collect()
}

/// The field that says why a pupil is left out.
fn field_of(number: u32) -> String {
    format!("{LEAVE}{number}")
}

const LEAVE: &str = "leave-";

/// What a field says that leaves nobody out.
const NOBODY: &str = "no";

/// The fields about the paper and whoever copied it: name, label, hint, whether it has to be there.
const PAPER: [(&str, &str, &str, bool); 4] = [
    ("converter", "convert-by", "convert-by-hint", true),
    ("compared", "convert-compared", "convert-compared-hint", true),
    ("made_by", "convert-made-by", "convert-made-by-hint", false),
    ("paper", "convert-paper", "convert-paper-hint", false),
];

fn paper_fields(c: &Chrome, chosen: &dyn Fn(&str) -> String) -> Vec<Field> {
    let field = |(name, label, hint, required): (&'static str, &str, &str, bool)| {
        let field = c.field(name, c.t.say(label)).hint(c.t.say(hint)).value(&chosen(name));
        if required { field } else { field.optional() }
    };
    PAPER.map(field).into()
}

/// What a form says of the paper and of whoever copied it, or what is missing. Two people look at each record: who copied it
/// has not compared it.
fn conversion(t: Text, asked: &Asked) -> Result<Conversion, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut read = |(name, _, _, required): (&'static str, &str, &str, bool)| -> Option<Name> {
        let typed = asked.form.get(name).trim();
        match typed.parse() {
            Ok(text) => Some(text),
            Err(_) if typed.is_empty() && !required => None,
            Err(_) => {
                faults.push(Fault { field: name, text: t.say("convert-fault").into_owned() });
                None
            }
        }
    };
    let [converter, compared_by, made_by, paper] = PAPER.map(&mut read);
    if converter.is_some() && converter == compared_by {
        faults.push(Fault { field: "compared", text: t.say("convert-same").into_owned() });
    }
    match converter {
        Some(converter) if faults.is_empty() => Ok(Conversion { converter, compared_by, made_by, paper }),
        _ => Err(faults),
    }
}

async fn kept(asked: &Asked, school: &SchoolCode, brought: Brought) -> Result<Option<Kept>, Refusal> {
    Ok(match brought {
        Brought::Marks => asked.app().sent_marks(asked.actor()?, school).await?,
        Brought::Paper => asked.app().sent_conversion(asked.actor()?, school).await?,
    })
}

async fn look_at(app: &App, actor: &Actor, (school, brought): (&SchoolCode, Brought), kept: &Kept) -> Look {
    let import = brought.import(actor, school);
    let limits = Limits::default();
    let shown = preview(&kept.bytes, &limits, &import.hints, &Mapping::default()).ok();
    let read = App::read_pupils(&kept.bytes, &import);
    let findings = ClassRead::findings_of(&read);
    let mut look = Look {
        file: kept.name.clone(),
        until: Some(kept.expires_at),
        around: excerpts(&kept.bytes, &findings, &limits, &import.hints, &Mapping::default()),
        workbook: kept.bytes.starts_with(b"PK") && shown.is_some(),
        findings,
        preview: shown,
        ..Look::default()
    };
    let Ok(read) = read else { return look };
    let named =
        |row: &hocba_workbook::PlacedDraft| Named { number: row.number, name: row.draft.identity.name.to_string() };
    look.pupils = Some(read.sheet.rows.iter().map(named).collect());
    look.faulty = read.faulty();
    let header = &read.sheet.header;
    if !may(actor, brought.action(), Place::Class(&header.school, header.year, &header.class)) {
        look.refused = Some(tasks::why(AppError::Forbidden(brought.action())));
        return look;
    }
    // Whatever is wrong with a pupil stops nobody else.
    let leave_out = look.faulty.iter().map(|number| (*number, LeftOut::Incomplete)).collect();
    match app.look_at_import(actor, &read.sheet, &Import { leave_out, ..import }).await {
        Ok(found) if brought == Brought::Marks => look.import = found,
        // What is there already is compared when it is known who copied it: that stands in each record.
        Ok(_) => {}
        Err(error) => look.refused = Some(tasks::why(error)),
    }
    look
}

async fn look(asked: &Asked, school: &SchoolCode, brought: Brought) -> Result<Option<Look>, Refusal> {
    let Some(kept) = kept(asked, school, brought).await? else { return Ok(None) };
    let (app, actor, school) = (asked.app().clone(), asked.actor()?.clone(), school.clone());
    asked.heavy(async move { look_at(&app, &actor, (&school, brought), &kept).await }).await.map(Some)
}

async fn page(asked: &Asked, school: &SchoolCode, brought: Brought, faults: Vec<Fault>) -> Result<ImportPage, Refusal> {
    let look = look(asked, school, brought).await?;
    let by = asked.session()?.account.name.clone();
    let chosen = |field: &str| match asked.form.get(field) {
        "" if field == "converter" => by.clone(),
        typed => typed.to_owned(),
    };
    let chrome = asked.chrome(brought.address(school)).wrong(faults);
    Ok(ImportPage::new(chrome, (school, brought), look.as_ref(), &chosen))
}

pub(super) async fn import(asked: Asked, brought: Brought) -> Answer {
    let school = asked.school()?;
    html(&page(&asked, &school, brought, Vec::new()).await?)
}

pub(super) async fn send(asked: Asked, brought: Brought) -> Answer {
    let school = asked.school()?;
    let Some((name, bytes)) = asked.form.file("file") else {
        let fault = Fault { field: "file", text: asked.t().say("fault-no-file").into_owned() };
        return refused(&page(&asked, &school, brought, vec![fault]).await?);
    };
    let file = (name, bytes.as_ref());
    asked.app().keep_file(asked.actor()?, &school, (KeptKind::Marks, None), file, &ListMapping::default()).await?;
    Ok(on_to(&brought.address(&school), None))
}

pub(super) async fn forget(asked: Asked, brought: Brought) -> Answer {
    let school = asked.school()?;
    if let Some(kept) = kept(&asked, &school, brought).await? {
        asked.app().drop_kept_file(asked.actor()?, &school, kept.kind, &kept.version).await?;
    }
    Ok(on_to(&brought.address(&school), Some(Done::FileForgotten)))
}

/// The sender's own file with the findings as comments.
pub(super) async fn annotated(asked: Asked, brought: Brought) -> Answer {
    let school = asked.school()?;
    let kept = kept(&asked, &school, brought).await?.ok_or(Refusal::NotFound)?;
    let of = school.clone();
    let work = async move {
        let findings = ClassRead::findings_of(&App::read_pupils(&kept.bytes, &Import::at(&of)));
        annotate(&kept.bytes, &findings, &Limits::default()).ok()
    };
    let bytes = asked.heavy(work).await?.ok_or(Refusal::NotFound)?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ),
        // The name says nothing of the class: what is downloaded lies about.
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"can-sua.xlsx\"")),
    ];
    Ok((StatusCode::OK, headers, bytes).into_response())
}

fn counts_of(imported: &Imported) -> Vec<(String, u32)> {
    let Imported { ready, kept, unchanged, renewed, left_out, .. } = imported;
    vec![
        ("marks-ready".to_owned(), number(ready.saturating_sub(*kept).saturating_sub(*renewed))),
        ("marks-kept".to_owned(), number(*kept)),
        ("marks-signed".to_owned(), number(*unchanged)),
        ("marks-renewed".to_owned(), number(*renewed)),
        ("marks-left-out".to_owned(), number(left_out.len())),
    ]
}

/// What a form says of pupils who are left out, and of sealed records; or what is missing.
fn said(t: Text, asked: &Asked, look: &Look) -> Result<Import, Vec<Fault>> {
    let (mut import, mut faults) = (Import::default(), Vec::new());
    let mut wrong = |id: &str| faults.push(Fault { field: "", text: t.say(id).into_owned() });
    let mut out = BTreeMap::new();
    for number in look.asked_about() {
        match asked.form.get(&field_of(number)) {
            NOBODY | "" if look.faulty.contains(&number) => wrong("class-import-leave-missing"),
            NOBODY | "" => {}
            reason => match reason.parse::<LeftOut>() {
                Ok(reason) => {
                    out.insert(number, reason);
                }
                Err(_) => wrong("fault-reason"),
            },
        }
    }
    import.leave_out = out;
    if !look.import.renewed.is_empty() {
        match asked.form.get("renew").parse::<Renewal>() {
            Ok(renewal) => import.renew = Some(renewal),
            Err(_) => wrong("class-import-renew-missing"),
        }
    }
    faults.dedup_by(|a, b| a.text == b.text);
    if faults.is_empty() { Ok(import) } else { Err(faults) }
}

/// Takes the workbook that waits, as a task.
pub(super) async fn take(asked: Asked) -> Answer {
    let school = asked.school()?;
    let Some(kept) = kept(&asked, &school, Brought::Marks).await? else {
        let fault = Fault { field: "file", text: asked.t().say("fault-no-file").into_owned() };
        return refused(&page(&asked, &school, Brought::Marks, vec![fault]).await?);
    };
    let (app, actor, of) = (asked.app().clone(), asked.actor()?.clone(), school.clone());
    let reading = async move {
        let header = App::read_pupils(&kept.bytes, &Import::at(&of)).map(|read| read.sheet.header).ok();
        (look_at(&app, &actor, (&of, Brought::Marks), &kept).await, kept, header)
    };
    let (look, kept, header) = asked.heavy(reading).await?;
    let Some(header) = header else { return refused(&page(&asked, &school, Brought::Marks, Vec::new()).await?) };
    let actor = asked.actor()?.clone();
    if !may(&actor, Action::Import, Place::Class(&header.school, header.year, &header.class)) {
        return Err(AppError::Forbidden(Action::Import).into());
    }
    let said = match said(asked.t(), &asked, &look) {
        Ok(said) if look.takes(Brought::Marks) => said,
        Ok(_) => return refused(&page(&asked, &school, Brought::Marks, Vec::new()).await?),
        Err(faults) => return refused(&page(&asked, &school, Brought::Marks, faults).await?),
    };
    let import = Import { leave_out: said.leave_out, renew: said.renew, ..Import::at(&school) };
    let of = school.clone();
    let new = NewTask { kind: TaskKind::ImportMarks, school, year: header.year, class: Some(header.class) };
    tasks::begin(&asked, new, move |app, progress| async move {
        progress.tell(0, 1);
        let imported = app.import(&actor, &kept.bytes, &import).await?;
        progress.tell(1, 1);
        if let Err(error) = app.drop_kept_file(&actor, &of, kept.kind, &kept.version).await {
            tracing::warn!(%error, "a workbook that was taken is still kept");
        }
        let findings = imported.warnings.iter().map(|finding| FindingLine::of(None, finding)).collect();
        Ok(Outcome { refused: None, counts: counts_of(&imported), findings })
    })
    .await
}

/// Takes a year that stood on paper: at once, for a class is a second's work.
pub(super) async fn convert(asked: Asked) -> Answer {
    let (school, t) = (asked.school()?, asked.t());
    let Some(kept) = kept(&asked, &school, Brought::Paper).await? else {
        let fault = Fault { field: "file", text: t.say("fault-no-file").into_owned() };
        return refused(&page(&asked, &school, Brought::Paper, vec![fault]).await?);
    };
    let conversion = match conversion(t, &asked) {
        Ok(conversion) => conversion,
        Err(faults) => return refused(&page(&asked, &school, Brought::Paper, faults).await?),
    };
    let (app, actor) = (asked.app().clone(), asked.actor()?.clone());
    let import = Import { conversion: Some(conversion), ..Import::at(&school) };
    let (kind, version) = (kept.kind, kept.version);
    let done = asked.heavy(async move { app.import(&actor, &kept.bytes, &import).await }).await?;
    match done {
        Ok(imported) => {
            asked.app().drop_kept_file(asked.actor()?, &school, kind, &version).await?;
            Ok(on_to(&class::address(&school, &imported.class), Some(Done::ListTaken)))
        }
        // Its findings are on the page.
        Err(AppError::Unsound(_)) => refused(&page(&asked, &school, Brought::Paper, Vec::new()).await?),
        Err(AppError::Store(error)) => Err(AppError::Store(error).into()),
        Err(error) => {
            let [vi, en] = tasks::why(error);
            let fault = Fault { field: "", text: language::pick(t.0, vi, en) };
            refused(&page(&asked, &school, Brought::Paper, vec![fault]).await?)
        }
    }
}
