//! `/department…`: the schools of a department at a glance, what the department has to do, schools that are opened, and what
//! becomes of them.

use askama::Template;
use hocba_app::{
    AppError, AppointmentView, ClassStates, DepartmentTasks, Item, ItemState, MAX_LINES, OfficeState, OpenSchool,
    SchoolFate, SchoolGlance, SchoolQuery, SchoolView, SchoolsPage as Glances, SchoolsToOpen, Standing, YearView,
    access::AccessError,
    model::{ListedSchool, Position, SchoolChange, SchoolChangeKind},
    policy::{Action, Place, may},
};
use hocba_bundle::{facts::IssuerCode, text::date};
use hocba_record::types::{SchoolCode, Text as Words};
use hocba_signature::statement::Role;
use hocba_workbook::{Finding, Limits, read_schools};

use super::{
    Answer, Asked, Refusal, accounts,
    chrome::{Chrome, Done, Fault, Field},
    findings::{FindingLine, Findings},
    html, on_to, refused,
    text::Text,
    words,
};
use crate::language;

pub(super) const DEPARTMENT: &str = "/department";
const OPEN: &str = "/department/schools/open";
const TASKS: &str = "/department/tasks";
pub(super) fn number(n: impl TryInto<u32>) -> u32 {
    n.try_into().unwrap_or(u32::MAX)
}

pub(super) fn school_address(school: &SchoolCode) -> String {
    format!("/department/schools/{school}")
}

pub(super) fn query_of(pairs: &[(&str, &str)]) -> String {
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish()
}

/// A school in the list.
pub(super) struct GlanceView {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) href: String,
    pub(super) closed: bool,
    pub(super) year: Option<String>,
    pub(super) progress: String,
    pub(super) next: Option<String>,
    pub(super) staff: String,
    pub(super) accounts: String,
    pub(super) classes: String,
    pub(super) states: String,
    pub(super) principal: String,
    pub(super) seal: String,
    pub(super) certificates: Vec<String>,
}

fn office(t: Text, state: OfficeState) -> String {
    match state {
        OfficeState::NoCertificate => t.say("office-no-certificate"),
        OfficeState::ToAppoint => t.say("office-to-appoint"),
        OfficeState::Waiting => t.say("office-waiting"),
        OfficeState::Appointed => t.say("office-appointed"),
    }
    .into_owned()
}

fn states(t: Text, states: ClassStates) -> String {
    let ClassStates { drafted, signed, sealed, in_force } = states;
    let mut lines = Vec::new();
    for (count, text) in [
        (drafted, t.count("glance-drafted", number(drafted))),
        (signed, t.count("glance-signed", number(signed))),
        (sealed, t.count("glance-sealed", number(sealed))),
        (in_force, t.count("glance-in-force", number(in_force))),
    ] {
        if count > 0 {
            lines.push(text.into_owned());
        }
    }
    if lines.is_empty() {
        String::new()
    } else {
        t.with("glance-states", &[("states", &lines.join(", "))]).into_owned()
    }
}

fn glance(t: Text, school: &SchoolGlance) -> GlanceView {
    let mut certificates = Vec::new();
    if school.expired > 0 {
        certificates.push(t.count("glance-expired", number(school.expired)).into_owned());
    }
    if school.expiring > 0 {
        certificates.push(t.count("glance-expiring", number(school.expiring)).into_owned());
    }
    let (active, accounts) = (school.active.to_string(), school.accounts.to_string());
    let (classes, pupils) = (school.classes.to_string(), school.pupils.to_string());
    let (settled, items) = (school.settled.to_string(), school.items.to_string());
    GlanceView {
        code: school.code.to_string(),
        name: school.name.as_ref().map_or_else(|| school.code.to_string(), ToString::to_string),
        href: school_address(&school.code),
        closed: school.closed,
        year: school.year.map(|year| year.to_string()),
        progress: t.with("glance-progress", &[("settled", &settled), ("all", &items)]).into_owned(),
        next: school.next.as_ref().map(|item| language::pick(t.0, &item.vi, &item.en).clone()),
        staff: t.count("glance-staff", number(school.staff)).into_owned(),
        accounts: t.with("glance-accounts", &[("active", &active), ("all", &accounts)]).into_owned(),
        classes: t.with("glance-classes", &[("classes", &classes), ("pupils", &pupils)]).into_owned(),
        states: states(t, school.states),
        principal: t.with("glance-principal", &[("state", &office(t, school.principal))]).into_owned(),
        seal: t.with("glance-seal", &[("state", &office(t, school.seal))]).into_owned(),
        certificates,
    }
}

#[derive(Template)]
#[template(path = "staff/department.html")]
pub(super) struct DepartmentPage {
    pub(super) c: Chrome,
    pub(super) all: u32,
    pub(super) search: Field,
    pub(super) lacking: bool,
    pub(super) schools: Vec<GlanceView>,
    pub(super) next: Option<String>,
    /// Whether this is not the first page.
    pub(super) later: bool,
}

impl DepartmentPage {
    pub(super) fn new(c: Chrome, query: &SchoolQuery, page: &Glances) -> Self {
        let t = c.t;
        let lacking = if query.lacking { "1" } else { "" };
        let next = page.next.as_ref().map(|code| {
            let pairs = [("q", query.search.as_str()), ("lacking", lacking), ("after", code.as_str())];
            format!("{DEPARTMENT}?{}", query_of(&pairs))
        });
        let hint = t.say("department-search-hint");
        Self {
            all: number(page.all),
            search: c.field("q", t.say("department-search")).hint(hint).value(&query.search).optional(),
            lacking: query.lacking,
            schools: page.schools.iter().map(|school| glance(t, school)).collect(),
            next,
            later: query.after.is_some(),
            c: c.titled(t.say("department-title")).below_home(),
        }
    }
}

/// Longest search that is looked at, in bytes: longer than any name of a school.
const MAX_SEARCH: usize = 200;

pub(super) fn searched(asked: &Asked) -> String {
    let text = asked.asked_for("q").unwrap_or_default().trim();
    text.char_indices().take_while(|(at, _)| *at < MAX_SEARCH).map(|(_, c)| c).collect()
}

pub(super) async fn show(asked: Asked) -> Answer {
    let query = SchoolQuery {
        search: searched(&asked),
        lacking: asked.asked_for("lacking").is_some_and(|value| value == "1"),
        after: asked.asked_for("after").and_then(|code| code.parse().ok()),
    };
    let page = asked.app().department_schools(asked.actor()?, &query).await?;
    html(&DepartmentPage::new(asked.chrome(DEPARTMENT), &query, &page))
}

pub(super) struct ExpiringView {
    pub(super) name: String,
    pub(super) what: String,
    pub(super) school: String,
    pub(super) href: String,
    pub(super) until: String,
    pub(super) over: bool,
}

pub(super) struct UnappointedView {
    pub(super) name: String,
    pub(super) what: String,
    pub(super) school: String,
    pub(super) href: String,
    /// Where it is signed.
    pub(super) page: String,
}

fn position(t: Text, position: Option<Position>) -> String {
    match position {
        // What of a clerk is looked after here is the seal.
        Some(Position::Clerk) => t.say("position-seal").into_owned(),
        Some(position) => super::certificates::position(t, position),
        None => t.say("position-none").into_owned(),
    }
}

#[derive(Template)]
#[template(path = "staff/department_tasks.html")]
pub(super) struct TasksPage {
    pub(super) c: Chrome,
    pub(super) unappointed: Vec<UnappointedView>,
    pub(super) more_unappointed: bool,
    pub(super) certificates: Vec<ExpiringView>,
    pub(super) more_certificates: bool,
    pub(super) most: u32,
}

impl TasksPage {
    pub(super) fn new(c: Chrome, tasks: &DepartmentTasks) -> Self {
        let t = c.t;
        let unappointed = tasks.unappointed.iter().map(|line| UnappointedView {
            name: line.name.clone(),
            what: position(t, Some(line.position)),
            school: line.school.to_string(),
            href: school_address(&line.school),
            page: super::appointments::address(&line.school),
        });
        let certificates = tasks.certificates.iter().map(|line| ExpiringView {
            name: line.name.clone(),
            what: position(t, line.position),
            school: line.school.to_string(),
            href: school_address(&line.school),
            until: date(line.not_after),
            over: line.not_after < tasks.at,
        });
        Self {
            unappointed: unappointed.collect(),
            more_unappointed: tasks.more_unappointed,
            certificates: certificates.collect(),
            more_certificates: tasks.more_certificates,
            most: number(MAX_LINES),
            c: c.titled(t.say("duty-title")).crumb(t.say("department-title"), DEPARTMENT),
        }
    }
}

pub(super) async fn tasks(asked: Asked) -> Answer {
    let tasks = asked.app().department_tasks(asked.actor()?).await?;
    html(&TasksPage::new(asked.chrome(TASKS), &tasks))
}

/// A choice of a select.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) chosen: bool,
}

/// A school of the list, with the link that begins to open it.
pub(super) struct OfferView {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) href: String,
}

/// What is typed to open a school.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) code: String,
    pub(super) school_name: String,
    /// Whether the department's list says both.
    pub(super) listed: bool,
    pub(super) issuer: String,
    pub(super) name: String,
    pub(super) login: String,
}

/// The form that opens one school.
pub(super) struct OpeningForm {
    pub(super) action: &'static str,
    pub(super) listed: bool,
    pub(super) code: String,
    pub(super) school_name: String,
    pub(super) code_field: Field,
    pub(super) school_name_field: Field,
    /// More than one: somebody has to say which.
    pub(super) issuers: Vec<Choice>,
    pub(super) issuer_field: Option<Field>,
    pub(super) name: Field,
    pub(super) login: Field,
}

#[derive(Template)]
#[template(path = "staff/school_open.html")]
pub(super) struct OpenPage {
    pub(super) c: Chrome,
    pub(super) form: Option<OpeningForm>,
    pub(super) search: Field,
    pub(super) found: u32,
    pub(super) shown: u32,
    pub(super) offers: Vec<OfferView>,
    /// Whether whoever asks may hand in the department's list.
    pub(super) whole: bool,
}

impl OpenPage {
    /// The schools that can be opened.
    pub(super) fn list(c: Chrome, search: &str, choices: &SchoolsToOpen, whole: bool) -> Self {
        let t = c.t;
        let offer = |school: &ListedSchool| OfferView {
            code: school.code.to_string(),
            name: school.name.to_string(),
            href: format!("{OPEN}?school={}", school.code),
        };
        Self {
            form: None,
            search: c
                .field("q", t.say("department-search"))
                .hint(t.say("department-search-hint"))
                .value(search)
                .optional(),
            found: number(choices.found),
            shown: number(choices.schools.len()),
            offers: choices.schools.iter().map(offer).collect(),
            whole,
            c: c.titled(t.say("open-title")).crumb(t.say("department-title"), DEPARTMENT),
        }
    }

    /// The form for one of them.
    pub(super) fn form(c: Chrome, issuers: &[IssuerCode], typed: &Opening) -> Self {
        let t = c.t;
        let choice =
            |issuer: &IssuerCode| Choice { value: issuer.to_string(), chosen: issuer.as_str() == typed.issuer };
        let form = OpeningForm {
            action: OPEN,
            listed: typed.listed,
            code: typed.code.clone(),
            school_name: typed.school_name.clone(),
            code_field: c.field("code", t.say("school")).hint(t.say("open-code-hint")).value(&typed.code).plain(),
            school_name_field: c
                .field("school_name", t.say("open-school-name"))
                .hint(t.say("open-school-name-hint"))
                .value(&typed.school_name),
            issuers: if issuers.len() > 1 { issuers.iter().map(choice).collect() } else { Vec::new() },
            issuer_field: issuers.is_empty().then(|| {
                c.field("issuer", t.say("open-issuer")).hint(t.say("open-issuer-hint")).value(&typed.issuer).plain()
            }),
            name: c.field("name", t.say("name")).value(&typed.name),
            login: c.field("login", t.say("login")).hint(t.say("account-login-hint")).value(&typed.login).plain(),
        };
        Self {
            form: Some(form),
            search: c.field("q", t.say("department-search")).optional(),
            found: 0,
            shown: 0,
            offers: Vec::new(),
            whole: false,
            c: c.titled(t.say("open-title")).crumb(t.say("department-title"), DEPARTMENT),
        }
    }
}

pub(super) async fn open_form(asked: Asked) -> Answer {
    let chrome = asked.chrome(OPEN);
    let chosen = asked.asked_for("school").unwrap_or_default();
    if chosen.is_empty() && asked.asked_for("other").is_none() {
        let search = searched(&asked);
        let choices = asked.app().schools_to_open(asked.actor()?, &search).await?;
        let whole = require_whole(&asked).is_ok();
        return html(&OpenPage::list(chrome, &search, &choices, whole));
    }
    let choices = asked.app().schools_to_open(asked.actor()?, chosen).await?;
    let typed = match choices.schools.iter().find(|school| school.code.as_str() == chosen) {
        Some(school) => Opening {
            code: school.code.to_string(),
            school_name: school.name.to_string(),
            listed: true,
            ..Opening::default()
        },
        None if chosen.is_empty() => Opening::default(),
        None => return Err(Refusal::NotFound),
    };
    html(&OpenPage::form(chrome, &choices.issuers, &typed))
}

pub(super) async fn open(asked: Asked) -> Answer {
    let t = asked.t();
    let field = |name: &str| asked.form.get(name).trim().to_owned();
    let choices = asked.app().schools_to_open(asked.actor()?, asked.form.get("code").trim()).await?;
    let listed = choices.schools.iter().find(|school| school.code.as_str() == asked.form.get("code").trim());
    let typed = Opening {
        code: field("code"),
        school_name: listed.map_or_else(|| field("school_name"), |school| school.name.to_string()),
        listed: listed.is_some(),
        issuer: match choices.issuers.as_slice() {
            [only] => only.to_string(),
            _ => field("issuer"),
        },
        name: field("name"),
        login: field("login"),
    };
    let mut faults = Vec::new();
    let mut fault = |field: &'static str, text: &str| faults.push(Fault { field, text: text.to_owned() });
    let code: Option<SchoolCode> = typed.code.parse().ok();
    if code.is_none() {
        fault("code", &t.say("fault-school-code"));
    }
    let school_name: Option<Words> = typed.school_name.parse().ok();
    if school_name.is_none() {
        fault("school_name", &t.say("fault-empty"));
    }
    let issuer: Option<IssuerCode> = typed.issuer.parse().ok();
    let offered = choices.issuers.is_empty() || issuer.as_ref().is_some_and(|i| choices.issuers.contains(i));
    if issuer.is_none() || !offered {
        fault("issuer", &t.say("fault-issuer"));
    }
    if typed.name.is_empty() {
        fault("name", &t.say("fault-empty"));
    }
    let again = |faults: Vec<Fault>| {
        let chrome = asked.chrome(OPEN).wrong(faults);
        refused(&OpenPage::form(chrome, &choices.issuers, &typed))
    };
    let (Some(code), Some(school_name), Some(issuer), true) = (code, school_name, issuer, faults.is_empty()) else {
        return again(faults);
    };
    let new = OpenSchool { code: code.clone(), name: Some(school_name), levels: Vec::new(), issuer };
    let done = asked.app().begin_school(asked.actor()?, &new, (&typed.login, &typed.name)).await;
    let fault = match done {
        Ok(slip) => return accounts::sheets(&asked, &code, vec![slip]),
        // A school of another part: said here, where it was typed.
        Err(AccessError::App(AppError::Forbidden(_))) => ("code", t.say("fault-not-your-school").into_owned()),
        Err(AccessError::App(AppError::Exists("the school"))) => ("code", t.say("fault-school-served").into_owned()),
        Err(AccessError::App(AppError::SchoolName)) => ("school_name", t.say("fault-school-name").into_owned()),
        Err(AccessError::App(AppError::SchoolClosed { .. })) => ("code", t.say("fault-school-closed").into_owned()),
        Err(error @ AccessError::Name) => ("name", words::of(t, &error)),
        Err(error @ (AccessError::Login | AccessError::App(AppError::Exists(_)))) => ("login", words::of(t, &error)),
        Err(error) => return Err(error.into()),
    };
    again(vec![Fault { field: fault.0, text: fault.1 }])
}

/// Something that became of a school.
pub(super) struct ChangeView {
    pub(super) at: String,
    pub(super) what: String,
    pub(super) decision: String,
}

pub(super) struct YearLine {
    pub(super) year: String,
    pub(super) state: String,
    pub(super) classes: usize,
    pub(super) pupils: usize,
    pub(super) unfinished: usize,
}

pub(super) struct HeldView {
    pub(super) role: String,
    pub(super) name: String,
    pub(super) from: String,
    pub(super) until: String,
    pub(super) standing: String,
}

pub(super) struct TodoView {
    pub(super) text: String,
    pub(super) state: String,
}

/// A step a department may take with a school.
pub(super) struct StepView {
    pub(super) href: String,
    pub(super) text: String,
}

#[derive(Template)]
#[template(path = "staff/department_school.html")]
pub(super) struct SchoolPage {
    pub(super) c: Chrome,
    pub(super) code: String,
    pub(super) issuer: String,
    pub(super) state: String,
    pub(super) successors: Option<String>,
    pub(super) todo: Vec<TodoView>,
    pub(super) changes: Vec<ChangeView>,
    pub(super) years: Vec<YearLine>,
    pub(super) held: Vec<HeldView>,
    pub(super) homerooms: Option<String>,
    pub(super) links: Vec<StepView>,
    pub(super) steps: Vec<StepView>,
}

fn codes(codes: &[SchoolCode]) -> String {
    codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The rows of one change, a row for each successor, are one line.
fn changes(t: Text, rows: &[SchoolChange]) -> Vec<ChangeView> {
    let same = |a: &SchoolChange, b: &SchoolChange| {
        (a.change, a.changed_at, &a.decision) == (b.change, b.changed_at, &b.decision)
    };
    let mut views = Vec::new();
    for group in rows.chunk_by(same) {
        let Some(first) = group.first() else { continue };
        let into: Vec<SchoolCode> = group.iter().filter_map(|row| row.successor.clone()).collect();
        let into = codes(&into);
        let name = first.name.as_ref().map(ToString::to_string).unwrap_or_default();
        let what = match first.change {
            SchoolChangeKind::Renamed => t.with("change-renamed", &[("name", &name)]),
            SchoolChangeKind::Merged => t.with("change-merged", &[("into", &into)]),
            SchoolChangeKind::Split => t.with("change-split", &[("into", &into)]),
            SchoolChangeKind::Closed if into.is_empty() => t.say("change-closed"),
            SchoolChangeKind::Closed => t.with("change-closed-into", &[("into", &into)]),
        };
        let decision = first.decision.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string);
        views.push(ChangeView { at: date(first.changed_at), what: what.into_owned(), decision });
    }
    views
}

/// What a department looks at of one school.
pub(super) struct School<'a> {
    pub(super) view: &'a SchoolView,
    pub(super) todo: &'a [Item],
    pub(super) years: &'a [YearView],
    pub(super) appointments: &'a [AppointmentView],
}

impl SchoolPage {
    pub(super) fn new(c: Chrome, school: &School<'_>) -> Self {
        let t = c.t;
        let view = school.view;
        let code = &view.school.code;
        let address = school_address(code);
        let name = view.name.as_ref().map_or_else(|| code.to_string(), ToString::to_string);
        let state = match view.closed_at {
            Some(at) => t.with("school-closed-on", &[("at", &date(at))]),
            None => t.say("school-goes-on"),
        };
        let successors = (!view.successors.is_empty()).then(|| {
            t.with("school-successors", &[("named", &codes(&view.successors)), ("today", &codes(&view.today))])
                .into_owned()
        });
        let todo = school.todo.iter().filter(|item| !item.is_settled()).filter(|item| {
            // What waits for another is said with that other one.
            !matches!(item.state, ItemState::Blocked { .. })
        });
        let years = school.years.iter().map(|year| YearLine {
            year: year.row.year.to_string(),
            state: super::years::state(t, &year.row),
            classes: year.classes,
            pupils: year.pupils,
            unfinished: year.unfinished,
        });
        let of_class = |view: &&AppointmentView| view.appointment.role == Role::HomeroomTeacher;
        let held = school.appointments.iter().filter(|view| !of_class(view)).map(|view| HeldView {
            role: words::appointed(t, view.appointment.role),
            name: view.appointment.appointee.name.to_string(),
            from: date(view.appointment.from),
            until: date(view.appointment.until),
            standing: words::standing(t, view),
        });
        let homerooms = school.appointments.iter().filter(of_class);
        let in_force = homerooms.clone().filter(|view| view.standing == Standing::InForce).count();
        let all = homerooms.count();
        let link = |href: String, text: &str| StepView { href, text: text.to_owned() };
        let mut links = vec![link(format!("/school/{code}/accounts"), &t.say("accounts-title"))];
        links.push(link(super::appointments::address(code), &t.say("held-title")));
        if view.closed_at.is_none() {
            links.push(link(super::progress::school_address(code), &t.say("progress-title")));
        }
        links.push(link(super::audit::address(code), &t.say("audit-title")));
        let steps = match view.closed_at {
            Some(_) => Vec::new(),
            None => vec![
                link(format!("{address}/rename"), &t.say("change-rename-title")),
                link(format!("{address}/split"), &t.say("change-split-title")),
                link(format!("{address}/merge"), &t.say("change-merge-title")),
                link(format!("{address}/close"), &t.say("change-close-title")),
            ],
        };
        Self {
            code: code.to_string(),
            issuer: view.school.issuer.to_string(),
            state: state.into_owned(),
            successors,
            todo: todo
                .map(|item| TodoView {
                    text: language::pick(t.0, &item.vi, &item.en).clone(),
                    state: super::opening::state(t, item),
                })
                .collect(),
            changes: changes(t, &view.changes),
            years: years.collect(),
            held: held.collect(),
            homerooms: (all > 0).then(|| {
                t.with("held-homerooms", &[("all", &all.to_string()), ("now", &in_force.to_string())]).into_owned()
            }),
            links,
            steps,
            c: c.titled(name).crumb(t.say("department-title"), DEPARTMENT),
        }
    }
}

/// A school that is not served is as one that is not there.
async fn found(asked: &Asked) -> Result<SchoolView, Refusal> {
    let school = asked.school()?;
    match asked.app().school(&school).await {
        Err(AppError::UnknownSchool(_)) => Err(Refusal::NotFound),
        done => Ok(done?),
    }
}

pub(super) async fn school(asked: Asked) -> Answer {
    let view = found(&asked).await?;
    let (app, actor, code) = (asked.app(), asked.actor()?, &view.school.code);
    let years = app.school_years(actor, code).await?;
    let todo = match YearView::newest_open(&years) {
        Some(year) if view.closed_at.is_none() => app.opening_state(actor, code, year).await?,
        _ => Vec::new(),
    };
    let appointments = app.list_appointments(actor, code).await?;
    let chrome = asked.chrome(asked.path.clone());
    let school = School { view: &view, todo: &todo, years: &years, appointments: &appointments };
    html(&SchoolPage::new(chrome, &school))
}

/// What can become of a school, by its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Rename,
    Merge,
    Split,
    Close,
}

impl Fate {
    pub(super) const ALL: [Fate; 4] = [Fate::Rename, Fate::Merge, Fate::Split, Fate::Close];

    const fn word(self) -> &'static str {
        match self {
            Fate::Rename => "rename",
            Fate::Merge => "merge",
            Fate::Split => "split",
            Fate::Close => "close",
        }
    }
    /// Whether there is no way back.
    const fn ends(self) -> bool {
        matches!(self, Fate::Merge | Fate::Close)
    }
}

#[derive(Template)]
#[template(path = "staff/school_change.html")]
pub(super) struct ChangePage {
    pub(super) c: Chrome,
    pub(super) action: String,
    pub(super) school: String,
    pub(super) lead: String,
    pub(super) value: Field,
    pub(super) decision: Field,
    /// Whether it has to be confirmed.
    pub(super) ends: bool,
}

impl ChangePage {
    /// `typed`: the name or codes, and the number of the decision.
    pub(super) fn new(c: Chrome, view: &SchoolView, fate: Fate, typed: [&str; 2]) -> Self {
        let t = c.t;
        let code = &view.school.code;
        let name = view.name.as_ref().map_or_else(|| code.to_string(), ToString::to_string);
        let (title, lead, label) = match fate {
            Fate::Rename => (t.say("change-rename-title"), t.say("change-rename-lead"), t.say("change-new-name")),
            Fate::Merge => (t.say("change-merge-title"), t.say("change-merge-lead"), t.say("change-into")),
            Fate::Split => (t.say("change-split-title"), t.say("change-split-lead"), t.say("change-parts")),
            Fate::Close => (t.say("change-close-title"), t.say("change-close-lead"), t.say("change-successors")),
        };
        let [value, decision] = typed;
        let mut field = c.field("value", label).value(value);
        field = match fate {
            Fate::Rename => field,
            Fate::Merge => field.hint(t.say("change-code-hint")).plain(),
            Fate::Split => field.hint(t.say("change-codes-hint")).plain(),
            Fate::Close => field.hint(t.say("change-codes-hint")).plain().optional(),
        };
        Self {
            action: format!("{}/{}", school_address(code), fate.word()),
            school: t.with("change-of", &[("school", code.as_str()), ("name", &name)]).into_owned(),
            lead: lead.into_owned(),
            value: field,
            decision: c
                .field("decision", t.say("change-decision"))
                .hint(t.say("change-decision-hint"))
                .value(decision)
                .optional(),
            ends: fate.ends(),
            c: c.titled(title).crumb(t.say("department-title"), DEPARTMENT).crumb(name, school_address(code)),
        }
    }
}

pub(super) async fn change_form(asked: Asked, fate: Fate) -> Answer {
    let view = found(&asked).await?;
    html(&ChangePage::new(asked.chrome(asked.path.clone()), &view, fate, ["", ""]))
}

/// Codes as people list them.
fn read_codes(text: &str) -> Option<Vec<SchoolCode>> {
    let words = text.split(|c: char| c == ',' || c == ';' || c.is_whitespace()).filter(|word| !word.is_empty());
    words.map(|word| word.parse().ok()).collect()
}

pub(super) async fn change(asked: Asked, fate: Fate) -> Answer {
    let view = found(&asked).await?;
    let t = asked.t();
    let typed = ["value", "decision"].map(|field| asked.form.get(field).trim());
    let [value, decision] = typed;
    let wrong = |field: &'static str, text: String| {
        let chrome = asked.chrome(asked.path.clone()).wrong(vec![Fault { field, text }]);
        refused(&ChangePage::new(chrome, &view, fate, typed))
    };
    let said: Option<SchoolFate> = match fate {
        Fate::Rename => value.parse().ok().map(|name| SchoolFate::Renamed { name }),
        Fate::Merge => value.parse().ok().map(|into| SchoolFate::Merged { into }),
        Fate::Split => read_codes(value).map(|into| SchoolFate::Split { into }),
        Fate::Close => read_codes(value).map(|successors| SchoolFate::Closed { successors }),
    };
    let Some(said) = said else {
        let text = if fate == Fate::Rename { t.say("fault-empty") } else { t.say("fault-school-code") };
        return wrong("value", text.into_owned());
    };
    let decision: Option<Words> = match decision {
        "" => None,
        text => match text.parse() {
            Ok(decision) => Some(decision),
            Err(_) => return wrong("decision", t.say("fault-text").into_owned()),
        },
    };
    if fate.ends() && asked.form.get("sure") != "1" {
        return wrong("sure", t.say("fault-sure").into_owned());
    }
    let code = &view.school.code;
    match asked.app().school_changed(asked.actor()?, code, &said, decision.as_ref()).await {
        Ok(()) => Ok(on_to(&school_address(code), Some(Done::SchoolChanged))),
        Err(AppError::UnknownSchool(code)) => {
            wrong("value", t.with("fault-school-unknown", &[("school", code.as_str())]).into_owned())
        }
        Err(AppError::SchoolClosed { school, .. }) => {
            wrong("value", t.with("fault-that-school-closed", &[("school", school.as_str())]).into_owned())
        }
        Err(AppError::SchoolFate(_)) => wrong("value", t.say("fault-successors").into_owned()),
        Err(error) => Err(error.into()),
    }
}

const LIST: &str = "/department/schools/list";
/// Bytes of the department's list that are taken: 2,000 schools make 100 KB, what else stands in the workbook the rest.
pub(super) const MAX_LIST: usize = 8 * 1024 * 1024;
#[derive(Template)]
#[template(path = "staff/school_list.html")]
pub(super) struct ListPage {
    pub(super) c: Chrome,
    pub(super) action: &'static str,
    pub(super) known: u32,
    pub(super) found: u32,
    pub(super) findings: Option<Findings>,
    pub(super) file: Field,
}

impl ListPage {
    /// `known`: schools that the list has now.
    pub(super) fn new(c: Chrome, known: usize, findings: &[Finding]) -> Self {
        let t = c.t;
        let lines: Vec<FindingLine> = findings.iter().map(|finding| FindingLine::of(None, finding)).collect();
        let caption = t.say("list-findings-title").into_owned();
        Self {
            action: LIST,
            known: number(known),
            found: number(findings.len()),
            findings: Findings::of(t, caption, &lines.iter().collect::<Vec<_>>()),
            file: c.field("list", t.say("school-list-file")).hint(t.say("list-file-hint")).file(".xlsx,.csv"),
            c: c.titled(t.say("list-title"))
                .crumb(t.say("department-title"), DEPARTMENT)
                .crumb(t.say("open-title"), OPEN),
        }
    }
}

/// The list is the whole department's: whoever has a part of the schools does not change it.
fn require_whole(asked: &Asked) -> Result<(), Refusal> {
    let whole = may(asked.actor()?, Action::AppointSchool, Place::Everywhere);
    if whole { Ok(()) } else { Err(Refusal::Forbidden) }
}

pub(super) async fn list_form(asked: Asked) -> Answer {
    require_whole(&asked)?;
    let known = asked.app().schools_to_open(asked.actor()?, "").await?.listed;
    html(&ListPage::new(asked.chrome(LIST), known, &[]))
}

pub(super) async fn list(asked: Asked) -> Answer {
    require_whole(&asked)?;
    let t = asked.t();
    let known = asked.app().schools_to_open(asked.actor()?, "").await?.listed;
    let wrong = |text: String, findings: &[Finding]| {
        let chrome = asked.chrome(LIST).wrong(vec![Fault { field: "list", text }]);
        refused(&ListPage::new(chrome, known, findings))
    };
    let Some((_, bytes)) = asked.form.file("list") else {
        return wrong(t.say("fault-no-file").into_owned(), &[]);
    };
    let bytes = bytes.clone();
    let read = asked.heavy(async move { read_schools(&bytes, &Limits::default()) }).await?;
    let rows = match read {
        Ok(list) => list.rows,
        Err(findings) => {
            let findings: Vec<Finding> = findings.into_iter().filter(Finding::is_error).collect();
            return wrong(t.say("fault-list").into_owned(), &findings);
        }
    };
    let schools: Vec<ListedSchool> = rows
        .into_iter()
        .map(|row| ListedSchool { code: row.code, name: row.name, levels: row.levels, ward: row.ward })
        .collect();
    asked.app().note_schools(asked.actor()?, &schools).await?;
    Ok(on_to(OPEN, Some(Done::ListTaken)))
}
