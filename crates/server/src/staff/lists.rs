//! `/school/{school}/lists…`: the lists a school is opened with. They are sent, looked at, mended one by one, and taken together.

use askama::Template;
use hocba_app::{
    AppError, Kept, ListMappings, Lists, ListsDone, ListsLook, Mode, NewTask, Outcome as LineOutcome,
    model::{KeptKind, TaskKind},
};
use hocba_bundle::text::date_time;
use hocba_record::{
    encoding::base64url,
    types::{SchoolCode, SchoolYear, UnixTime},
};
use hocba_workbook::{Label, Limits, ListKind, ListMapping, ListPreview, list_fields, preview_list_with};

use super::{
    Answer, Asked, Refusal,
    chrome::{Chrome, Done, Fault, Field},
    findings::{FindingLine, Findings, list_code, list_name},
    html, on_to, refused,
    tasks::{self, Outcome, TaskLine, counts},
    text::Text,
};
use crate::language;

/// Bytes of all lists together: what the intake reads of one.
pub(super) const MAX_BYTES: usize = 20 * 1024 * 1024;
/// What the browser offers first.
pub(super) const ACCEPT: &str = ".xlsx,.csv";

/// The lists in the order in which they are shown.
const KINDS: [(ListKind, KeptKind); 3] =
    [(ListKind::Staff, KeptKind::Staff), (ListKind::Classes, KeptKind::Classes), (ListKind::Pupils, KeptKind::Pupils)];

pub(super) fn address(school: &SchoolCode) -> String {
    format!("/school/{school}/lists")
}

/// A column as it was read, and what it may be.
pub(super) struct ColumnView {
    pub(super) number: usize,
    pub(super) heading: String,
    pub(super) examples: String,
    pub(super) read: bool,
    pub(super) choices: Vec<ChoiceView>,
}

pub(super) struct ChoiceView {
    pub(super) value: String,
    pub(super) text: String,
    pub(super) chosen: bool,
}

/// A list that waits.
pub(super) struct ListView {
    pub(super) code: &'static str,
    /// Names the file that was looked at.
    pub(super) version: String,
    pub(super) name: String,
    pub(super) file: String,
    pub(super) counts: Vec<String>,
    pub(super) faults: usize,
    pub(super) columns: Vec<ColumnView>,
    /// Columns that nothing is read from.
    pub(super) unread: u32,
    pub(super) findings: Option<Findings>,
}

/// A list that waits, and what was seen of it.
pub(super) struct Waiting {
    pub(super) kind: ListKind,
    pub(super) file: String,
    pub(super) version: [u8; 12],
    /// None where the file does not open.
    pub(super) preview: Option<ListPreview>,
}

/// What waits, and what would become of it.
pub(super) struct Look {
    pub(super) year: SchoolYear,
    pub(super) until: UnixTime,
    pub(super) lists: Vec<Waiting>,
    pub(super) look: ListsLook,
    /// Why they cannot be taken whatever they say.
    pub(super) refused: Option<[String; 2]>,
}

#[derive(Template)]
#[template(path = "staff/lists.html")]
pub(super) struct ListsPage {
    pub(super) c: Chrome,
    pub(super) action: String,
    pub(super) years: Vec<ChoiceView>,
    pub(super) staff: Field,
    pub(super) classes: Field,
    pub(super) pupils: Field,
    pub(super) lists: Vec<ListView>,
    pub(super) year: String,
    pub(super) until: String,
    pub(super) ready: bool,
    pub(super) changes: bool,
    pub(super) faults: u32,
    pub(super) refused: Option<String>,
    pub(super) tasks: Vec<TaskLine>,
}

impl ListsPage {
    pub(super) fn new(
        c: Chrome,
        school: &SchoolCode,
        years: &[SchoolYear],
        look: Option<&Look>,
        tasks: Vec<TaskLine>,
    ) -> Self {
        let t = c.t;
        let c = c.titled(t.say("lists-title")).crumb(t.say("opening-title"), super::opening::address(school));
        let chosen = look.map(|look| look.year).or_else(|| years.iter().copied().max());
        let year = |year: &SchoolYear| {
            let (value, text) = (year.start().to_string(), year.to_string());
            ChoiceView { value, text, chosen: Some(*year) == chosen }
        };
        let field = |name, label: &str, hint: &str| c.field(name, label).hint(hint).file(ACCEPT).optional();
        let done = look.and_then(|look| look.look.done.as_ref());
        let errors = look.map_or(0, |look| look.look.findings.iter().filter(|(_, f)| f.is_error()).count());
        Self {
            action: address(school),
            years: years.iter().map(year).collect(),
            staff: field("staff", &t.say("list-staff"), &t.say("list-staff-hint")),
            classes: field("classes", &t.say("list-classes"), &t.say("list-classes-hint")),
            pupils: field("pupils", &t.say("list-pupils"), &t.say("list-pupils-hint")),
            lists: look
                .map(|look| look.lists.iter().map(|waiting| list(t, waiting, &look.look)).collect())
                .unwrap_or_default(),
            year: chosen.map(|year| year.to_string()).unwrap_or_default(),
            until: look.map(|look| date_time(look.until)).unwrap_or_default(),
            ready: done.is_some() && look.is_some_and(|look| look.refused.is_none()),
            changes: done.is_some_and(ListsDone::is_change),
            faults: u32::try_from(errors).unwrap_or(u32::MAX),
            refused: look
                .and_then(|look| look.refused.as_ref())
                .map(|both| language::pick(t.0, both[0].clone(), both[1].clone())),
            tasks,
            c,
        }
    }
}

impl ListsPage {
    /// The address of another form of the page.
    fn to(&self, what: &str) -> String {
        format!("{}/{what}", self.action)
    }
}

/// What a list would do, in numbers.
fn counts_of(kind: ListKind, done: &ListsDone) -> Vec<(String, u32)> {
    let many = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let named = |counts: &[(&str, usize)]| counts.iter().map(|(code, n)| ((*code).to_owned(), many(*n))).collect();
    let staff = |outcome| done.staff.iter().filter(|line| line.outcome == outcome).count();
    let classes = |outcome| done.classes.values().filter(|o| **o == outcome).count();
    let pupils: usize = done.pupils.values().sum();
    match kind {
        ListKind::Staff => named(&[
            ("staff-new", staff(LineOutcome::Added)),
            ("staff-changed", staff(LineOutcome::Changed)),
            ("staff-same", staff(LineOutcome::Unchanged)),
        ]),
        ListKind::Classes => named(&[
            ("classes-new", classes(LineOutcome::Added)),
            ("classes-changed", classes(LineOutcome::Changed)),
            ("classes-same", classes(LineOutcome::Unchanged)),
            ("homerooms", done.homerooms.len()),
        ]),
        ListKind::Pupils => named(&[
            ("pupils-changed", done.pupils_changed),
            ("pupils-same", pupils.saturating_sub(done.pupils_changed)),
            ("pupils-gone", done.pupils_removed),
        ]),
        ListKind::Schools => Vec::new(),
    }
}

fn list(t: Text, waiting: &Waiting, look: &ListsLook) -> ListView {
    let Waiting { kind, file, version, preview } = waiting;
    let (code, name) = (list_code(*kind), list_name(t, list_code(*kind)));
    let lines: Vec<FindingLine> =
        look.findings.iter().filter(|(of, _)| of == kind).map(|(_, f)| FindingLine::of(None, f)).collect();
    let columns = preview.as_ref().map(|preview| columns(t, *kind, preview)).unwrap_or_default();
    let counts = match &look.done {
        Some(done) => counts(t, &counts_of(*kind, done)),
        None => match look.lines.iter().find(|(of, _)| of == kind) {
            Some((_, lines)) => vec![t.count("count-lines", u32::try_from(*lines).unwrap_or(u32::MAX)).into_owned()],
            None => Vec::new(),
        },
    };
    ListView {
        code,
        version: base64url(version),
        file: file.clone(),
        counts,
        faults: lines.iter().filter(|line| line.error).count(),
        unread: u32::try_from(columns.iter().filter(|column| !column.read).count()).unwrap_or(u32::MAX),
        columns,
        findings: Findings::of(t, name.clone(), &lines.iter().collect::<Vec<_>>()),
        name,
    }
}

/// The columns of all sheets, each heading once: the sheets of a list have the same ones.
fn columns(t: Text, kind: ListKind, preview: &ListPreview) -> Vec<ColumnView> {
    let fields = list_fields(kind);
    let mut views: Vec<ColumnView> = Vec::new();
    for column in preview.sheets.iter().flat_map(|sheet| &sheet.columns) {
        if views.iter().any(|view| view.heading == column.heading) {
            continue;
        }
        let label = |label: &Label| language::pick(t.0, label.vi.clone(), label.en.clone());
        let mut choices = vec![ChoiceView {
            value: String::new(),
            text: t.say("column-unread").into_owned(),
            chosen: column.field.is_none(),
        }];
        choices.extend(fields.iter().map(|(code, words)| ChoiceView {
            value: code.clone(),
            text: label(words),
            chosen: column.field.as_ref() == Some(code),
        }));
        views.push(ColumnView {
            number: views.len(),
            heading: column.heading.clone(),
            examples: column.examples.join("; "),
            read: column.field.is_some(),
            choices,
        });
    }
    views
}

/// The years of a school that lists may be for.
async fn open_years(asked: &Asked, school: &SchoolCode) -> Result<Vec<SchoolYear>, Refusal> {
    let years = asked.app().school_years(asked.actor()?, school).await?;
    Ok(years.iter().filter(|year| year.row.closed_at.is_none()).map(|year| year.row.year).collect())
}

/// The lists that wait, in their order.
async fn waiting(asked: &Asked, school: &SchoolCode) -> Result<Vec<(ListKind, Kept)>, Refusal> {
    let kept = asked.app().kept_files(asked.actor()?, school).await?;
    let kind = |kept: &Kept| KINDS.iter().find(|(_, of)| *of == kept.kind).map(|(kind, _)| *kind);
    let mut lists: Vec<(ListKind, Kept)> = kept.into_iter().filter_map(|kept| Some((kind(&kept)?, kept))).collect();
    lists.sort_by_key(|(kind, _)| KINDS.iter().position(|(of, _)| of == kind));
    Ok(lists)
}

/// The year that lists are for: that of the one sent last.
fn year_of(lists: &[(ListKind, Kept)]) -> Option<SchoolYear> {
    lists.iter().max_by_key(|(_, kept)| kept.kept_at)?.1.year
}

/// The parts of a call about lists, out of what was kept.
fn as_lists(lists: &[(ListKind, Kept)]) -> (Lists<'_>, ListMappings) {
    let (mut all, mut mappings) = (Lists::default(), ListMappings::default());
    for (kind, kept) in lists {
        let (bytes, mapping) = (Some(kept.bytes.as_slice()), kept.mapping.clone());
        match kind {
            ListKind::Staff => (all.staff, mappings.staff) = (bytes, mapping),
            ListKind::Classes => (all.classes, mappings.classes) = (bytes, mapping),
            ListKind::Pupils => (all.pupils, mappings.pupils) = (bytes, mapping),
            ListKind::Schools => {}
        }
    }
    (all, mappings)
}

/// Looks at what waits; in its turn, where it holds up nobody.
async fn look(asked: &Asked, school: &SchoolCode, lists: Vec<(ListKind, Kept)>) -> Result<Option<Look>, Refusal> {
    let Some(year) = year_of(&lists) else { return Ok(None) };
    let (app, actor, school) = (asked.app().clone(), asked.actor()?.clone(), school.clone());
    let work = async move {
        let (all, mappings) = as_lists(&lists);
        let taken = app.take_lists(&actor, (&school, year), &all, &mappings, Mode::Preview, &|_, _| ()).await;
        let (look, refused) = match taken {
            Ok(look) => (look, None),
            Err(error @ (AppError::Store(_) | AppError::Forbidden(_))) => return Err(error),
            Err(error) => (ListsLook::default(), Some(tasks::why(error))),
        };
        let until = lists.iter().map(|(_, kept)| kept.expires_at).min().unwrap_or_else(|| app.edges().now());
        let view = |(kind, kept): &(ListKind, Kept)| Waiting {
            kind: *kind,
            file: kept.name.clone(),
            version: kept.version,
            preview: preview_list_with(*kind, &kept.bytes, &Limits::default(), &kept.mapping).ok(),
        };
        Ok(Look { year, until, lists: lists.iter().map(view).collect(), look, refused })
    };
    Ok(Some(asked.heavy(work).await??))
}

async fn page(asked: &Asked, school: &SchoolCode, faults: Vec<Fault>) -> Result<ListsPage, Refusal> {
    let years = open_years(asked, school).await?;
    let lists = waiting(asked, school).await?;
    let look = look(asked, school, lists).await?;
    let tasks = tasks::latest(asked, school, Some(TaskKind::TakeLists)).await?;
    Ok(ListsPage::new(asked.chrome(address(school)).wrong(faults), school, &years, look.as_ref(), tasks))
}

pub(super) async fn show(asked: Asked) -> Answer {
    let school = asked.school()?;
    html(&page(&asked, &school, Vec::new()).await?)
}

/// Keeps the files that were sent; those that are kept and were not sent again stay, for the year that was chosen.
pub(super) async fn send(asked: Asked) -> Answer {
    let school = asked.school()?;
    let t = asked.t();
    let fault = |field, text: &str| vec![Fault { field, text: text.to_owned() }];
    let years = open_years(&asked, &school).await?;
    let chosen = asked.form.get("year").parse().ok().and_then(|start| SchoolYear::starting(start).ok());
    let Some(year) = chosen.filter(|year| years.contains(year)) else {
        return refused(&page(&asked, &school, fault("year", &t.say("fault-year"))).await?);
    };
    let mut sent = 0;
    for (kind, kept) in KINDS {
        if let Some((name, bytes)) = asked.form.file(list_code(kind)) {
            let mapping = ListMapping::default();
            asked.app().keep_file(asked.actor()?, &school, (kept, Some(year)), (name, bytes), &mapping).await?;
            sent += 1;
        }
    }
    let others: Vec<(ListKind, Kept)> = waiting(&asked, &school).await?;
    let of_another_year = others.iter().filter(|(_, kept)| kept.year != Some(year));
    for (_, kept) in of_another_year {
        let file = (kept.name.as_str(), kept.bytes.as_slice());
        asked.app().keep_file(asked.actor()?, &school, (kept.kind, Some(year)), file, &kept.mapping).await?;
        sent += 1;
    }
    if sent == 0 && others.is_empty() {
        return refused(&page(&asked, &school, fault("staff", &t.say("fault-no-file"))).await?);
    }
    Ok(on_to(&address(&school), None))
}

/// The list that a form is about.
async fn found(asked: &Asked, school: &SchoolCode) -> Result<(ListKind, Kept), Refusal> {
    let lists = waiting(asked, school).await?;
    let found = lists.into_iter().find(|(kind, _)| list_code(*kind) == asked.form.get("list"));
    found.ok_or(Refusal::NotFound)
}

/// Takes columns as somebody says, and looks again.
pub(super) async fn columns_said(asked: Asked) -> Answer {
    let school = asked.school()?;
    let (kind, kept) = found(&asked, &school).await?;
    if asked.form.get("version") != base64url(&kept.version) {
        // Another file took its place, whose columns nobody looked at here.
        return Ok(on_to(&address(&school), None));
    }
    let preview = preview_list_with(kind, &kept.bytes, &Limits::default(), &kept.mapping);
    let known = preview.map(|preview| columns(asked.t(), kind, &preview)).unwrap_or_default();
    let mut mapping = kept.mapping.clone();
    for column in known {
        let said = asked.form.get(&format!("column-{}", column.number));
        // What it is already is not said again: its heading may come to mean something else.
        if !column.choices.iter().any(|choice| choice.chosen && choice.value == said) {
            mapping.set(&column.heading, Some(said).filter(|said| !said.is_empty()));
        }
    }
    let file = (kept.name.as_str(), kept.bytes.as_slice());
    asked.app().keep_file(asked.actor()?, &school, (kept.kind, kept.year), file, &mapping).await?;
    Ok(on_to(&address(&school), Some(Done::ColumnsSaid)))
}

/// Puts a list away.
pub(super) async fn forget(asked: Asked) -> Answer {
    let school = asked.school()?;
    let (_, kept) = found(&asked, &school).await?;
    asked.app().drop_kept_file(asked.actor()?, &school, kept.kind, &kept.version).await?;
    Ok(on_to(&address(&school), Some(Done::FileForgotten)))
}

/// Takes what waits, as a task.
pub(super) async fn take(asked: Asked) -> Answer {
    let school = asked.school()?;
    let lists = waiting(&asked, &school).await?;
    let Some(year) = year_of(&lists) else {
        let text = asked.t().say("fault-no-file").into_owned();
        return refused(&page(&asked, &school, vec![Fault { field: "staff", text }]).await?);
    };
    let (actor, of) = (asked.actor()?.clone(), school.clone());
    let new = NewTask { kind: TaskKind::TakeLists, school, year, class: None };
    tasks::begin(&asked, new, move |app, progress| async move {
        let (all, mappings) = as_lists(&lists);
        let tell = |done, steps| progress.tell(done, steps);
        let look = app.take_lists(&actor, (&of, year), &all, &mappings, Mode::Apply, &tell).await?;
        let findings = look.findings.iter().map(|(kind, finding)| FindingLine::of(Some(*kind), finding)).collect();
        let mut counts = Vec::new();
        if let Some(done) = &look.done {
            for (kind, kept) in &lists {
                counts.extend(counts_of(*kind, done));
                // Taken: what is kept of it serves nobody any more. One that stays is over in a day.
                if let Err(error) = app.drop_kept_file(&actor, &of, kept.kind, &kept.version).await {
                    tracing::warn!(%error, "a list that was taken is still kept");
                }
            }
        }
        Ok(Outcome { refused: None, counts, findings })
    })
    .await
}
