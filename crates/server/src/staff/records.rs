//! `/school/{school}/records/{record}`: a pupil's page: where the transcript of a year is, as it will be printed, and what
//! differs from the version before. `…/print`, and `/school/{school}/classes/{class}/print`: the sheets.
//!
//! An address names a record by its random id, and nobody. Whoever reads records sees sheets to look at; sheets with a
//! look-up code are handed out, by whoever may, and each time is in the audit log.

use askama::Template;
use hocba_app::{
    AppError, BookSheets, LinkLine, MadePaperLinks, NewTask, PaperState, PublicState, RecordSheets, SheetContent,
    model::{Class, HandedOut, Id, LeftOut, LinkScope, Renewal, ReturnReason, TaskKind},
    policy::{Action, Place, may},
};
use hocba_bundle::text::date_time;
use hocba_record::{
    encoding::RecordId,
    types::{SchoolCode, UnixTime},
};

use super::{
    Answer, Asked, Refusal,
    chrome::{Chrome, Done},
    html,
    my::{self, LinkPage},
    on_to,
    progress::Choice,
    tasks::{self, Outcome},
    text::Text,
    words,
};
use crate::{
    config::{PublicUrl, SystemConfig},
    language,
    print::{self, Block, Change, Imprint, Printed, Sheet},
};

/// The pupil's page of a year.
pub(crate) fn address(school: &SchoolCode, record: &RecordId) -> String {
    format!("/school/{school}/records/{record}")
}

/// The sheets of a class.
pub(crate) fn class_print_address(school: &SchoolCode, class: &Id) -> String {
    format!("/school/{school}/classes/{class}/print")
}

/// Who prints, as a handler knows it.
pub(super) struct Office {
    pub(super) system: SystemConfig,
    pub(super) url: PublicUrl,
    pub(super) by: Option<String>,
    pub(super) at: UnixTime,
}

impl Office {
    fn of(asked: &Asked) -> Self {
        let config = &asked.server.config;
        Self {
            system: config.system.clone(),
            url: config.public_url.clone(),
            by: asked.session.as_ref().map(|session| session.account.name.clone()),
            at: asked.app().edges().now(),
        }
    }
    fn imprint(&self) -> Imprint<'_> {
        Imprint { system: &self.system, url: &self.url, by: self.by.as_deref(), at: self.at }
    }
}

pub(super) struct YearLine {
    pub(super) text: String,
    pub(super) state: String,
    /// None for the year that is shown.
    pub(super) href: Option<String>,
}

/// Something that was handed out: a code on paper, or a link.
pub(super) struct HandedView {
    pub(super) what: String,
    /// When it was made, and by whom.
    pub(super) made: String,
    pub(super) state: String,
    pub(super) looks: String,
    /// By which it is withdrawn; none where it opens nothing any more.
    pub(super) withdraw: Option<Id>,
}

impl HandedView {
    fn of(t: Text, line: &LinkLine, now: UnixTime) -> Self {
        let LinkLine { handed: HandedOut { link, paper, looks, last_look }, by } = line;
        let what = match paper {
            Some(version) => t.with("handed-paper", &[("version", &version.to_string())]),
            None => match link.scope {
                LinkScope::Whole => t.say("handed-whole"),
                LinkScope::Results => t.say("handed-results"),
                LinkScope::IdentityAndCompletion => t.say("handed-completion"),
            },
        };
        let at = date_time(link.created_at);
        let made = match by {
            Some(name) => t.with("handed-made-by", &[("at", &at), ("name", name)]),
            None => t.with("handed-made", &[("at", &at)]),
        };
        let (opens, state) = words::link(t, link, now);
        let looks = match last_look {
            Some(at) => {
                let many = looks.to_string();
                t.with("handed-looks", &[("many", &many), ("at", &date_time(*at))])
            }
            None => t.say("my-looks-none"),
        };
        let [what, made, looks] = [what, made, looks].map(std::borrow::Cow::into_owned);
        Self { what, made, state, looks, withdraw: opens.then_some(link.id) }
    }
}

/// A link that can be made: how much it shows, and for how long.
pub(super) struct HandOutView {
    pub(super) action: String,
    pub(super) file: String,
    pub(super) scopes: Vec<Choice>,
    pub(super) lives: Vec<my::LifeChoice>,
}

/// What a link shows, in words; the least first.
fn scopes(t: Text) -> Vec<Choice> {
    let scope = |scope: LinkScope| Choice {
        value: scope.to_string(),
        text: match scope {
            LinkScope::IdentityAndCompletion => t.say("hand-out-completion"),
            LinkScope::Results => t.say("hand-out-results"),
            LinkScope::Whole => t.say("hand-out-whole"),
        }
        .into_owned(),
        chosen: false,
    };
    [LinkScope::IdentityAndCompletion, LinkScope::Results, LinkScope::Whole].map(scope).into()
}

#[derive(Template)]
#[template(path = "staff/record.html")]
pub(super) struct RecordPage {
    pub(super) c: Chrome,
    pub(super) state: String,
    pub(super) about: String,
    /// Left out or returned, and why; what is in force meanwhile.
    pub(super) notes: Vec<String>,
    pub(super) changes: Vec<Change>,
    /// Whether this version is compared with one before.
    pub(super) compared: bool,
    pub(super) years: Vec<YearLine>,
    pub(super) print: String,
    /// Whether the whole book may be printed.
    pub(super) book: bool,
    /// What can be handed out, by whoever may.
    pub(super) hand_out: Option<HandOutView>,
    /// What was handed out, for whoever may hand out.
    pub(super) handed: Vec<HandedView>,
    /// Where what was handed out is withdrawn.
    pub(super) withdraw: String,
    pub(super) sheets: Vec<Sheet>,
}

fn left_out(t: Text, reason: LeftOut) -> String {
    match reason {
        LeftOut::WaitingForReassessment => t.say("record-left-waiting"),
        LeftOut::Incomplete => t.say("record-left-incomplete"),
        LeftOut::Transferred => t.say("record-left-transferred"),
        LeftOut::Other => t.say("record-left-other"),
    }
    .into_owned()
}

fn returned(t: Text, reason: ReturnReason) -> String {
    match reason {
        ReturnReason::WrongMark => t.say("record-returned-mark"),
        ReturnReason::WrongPersonalData => t.say("record-returned-person"),
        ReturnReason::WrongResult => t.say("record-returned-result"),
        ReturnReason::Other => t.say("record-returned-other"),
    }
    .into_owned()
}

fn renewed(t: Text, why: Renewal) -> String {
    match why {
        Renewal::Correction => t.say("record-renewed-correction"),
        Renewal::Reassessment => t.say("record-renewed-reassessment"),
    }
    .into_owned()
}

fn state(t: Text, content: &SheetContent) -> String {
    let (vi, en) = content.state.words();
    language::pick(t.0, vi, en).to_owned()
}

impl RecordPage {
    /// `handed` is what was handed out of it, for whoever may hand out.
    pub(super) fn new(c: Chrome, view: &RecordSheets, office: &Office, handed: Option<&[LinkLine]>) -> Self {
        let (t, latest) = (c.t, &view.latest);
        let class = &latest.class;
        let printed = Printed { content: latest, paper: None, before: view.before.as_ref() };
        let (sheets, changes) = print::of_record(&printed, &office.imprint());
        let version = |content: &SheetContent| content.version.to_string();
        let mut notes = Vec::new();
        notes.extend(latest.left_out.map(|reason| left_out(t, reason)));
        notes.extend(latest.returned.map(|reason| returned(t, reason)));
        notes.extend(latest.renewed.map(|why| renewed(t, why)));
        notes.extend(view.in_force.as_ref().map(|in_force| {
            t.with("record-in-force", &[("version", &version(in_force)), ("next", &version(latest))]).into_owned()
        }));
        if !latest.complete {
            notes.push(t.say("record-incomplete").into_owned());
        }
        let line = |year: &hocba_app::YearOfBook| {
            let (name, of) = (year.class.name.to_string(), year.class.year.to_string());
            let (vi, en) = year.state.words();
            YearLine {
                text: t.with("record-year", &[("year", &of), ("class", &name)]).into_owned(),
                state: language::pick(t.0, vi, en).to_owned(),
                href: (year.record != latest.record).then(|| address(&year.class.school, &year.record)),
            }
        };
        let (year, name) = (class.year.to_string(), class.name.to_string());
        let class_page = super::class::address(&class.school, &class.id);
        let number = latest.number.to_string();
        Self {
            state: state(t, latest),
            about: t
                .with(
                    "record-about",
                    &[("number", &number), ("class", &name), ("year", &year), ("version", &version(latest))],
                )
                .into_owned(),
            notes,
            changes,
            compared: view.before.is_some(),
            years: view.years.iter().map(line).collect(),
            print: format!("{}/print", address(&class.school, &latest.record)),
            book: handed.is_some(),
            // Of what is on no public record yet nothing could be checked.
            hand_out: handed.filter(|_| latest.state == PublicState::InForce || view.in_force.is_some()).map(|_| {
                HandOutView {
                    action: format!("{}/links", address(&class.school, &latest.record)),
                    file: format!("{}/file", address(&class.school, &latest.record)),
                    scopes: scopes(t),
                    lives: my::lives(t, 90),
                }
            }),
            handed: handed.unwrap_or_default().iter().map(|line| HandedView::of(t, line, office.at)).collect(),
            withdraw: format!("{}/withdraw", address(&class.school, &latest.record)),
            sheets,
            c: c.titled(latest.pupil_name().unwrap_or_default())
                .crumb(t.say("classes-title"), super::classes::address(&class.school))
                .crumb(t.with("class-title", &[("class", &name)]), class_page),
        }
    }
}

#[derive(Template)]
#[template(path = "staff/print.html")]
pub(super) struct PrintPage {
    pub(super) c: Chrome,
    pub(super) lead: String,
    pub(super) notes: Vec<String>,
    /// Where codes are made, and the words of the button; none where none is missing.
    pub(super) make: Option<(String, String)>,
    pub(super) back: (String, String),
    pub(super) sheets: Vec<Sheet>,
}

/// What is printed.
pub(super) enum What<'a> {
    Class(&'a Class, Vec<Printed<'a>>),
    Record(Printed<'a>),
    Book(&'a BookSheets, &'a [PaperState]),
}

impl PrintPage {
    pub(super) fn new(c: Chrome, what: &What<'_>, office: &Office) -> Self {
        let t = c.t;
        let imprint = office.imprint();
        let of_book: Vec<Printed<'_>>;
        let (title, back, action, printed): (String, (String, String), Option<String>, &[Printed<'_>]) = match what {
            What::Class(class, printed) => {
                let name = class.name.to_string();
                let page = super::class::address(&class.school, &class.id);
                let class_title = t.with("class-title", &[("class", &name)]).into_owned();
                let action = format!("{}/codes", class_print_address(&class.school, &class.id));
                (t.with("print-class", &[("class", &name)]).into_owned(), (page, class_title), Some(action), printed)
            }
            What::Record(printed) => {
                let content = printed.content;
                let page = address(&content.class.school, &content.record);
                let name = content.pupil_name().unwrap_or_default().to_owned();
                let action = format!("{page}/print/code");
                (
                    t.with("print-record", &[("name", &name)]).into_owned(),
                    (page, name),
                    Some(action),
                    std::slice::from_ref(printed),
                )
            }
            What::Book(book, papers) => {
                let with = |(content, paper)| Printed { content, paper: Some(paper), before: None };
                of_book = book.years.iter().zip(*papers).map(with).collect();
                let last = book.years.last();
                let name = last.and_then(SheetContent::pupil_name).unwrap_or_default().to_owned();
                let page = last.map(|content| address(&content.class.school, &content.record)).unwrap_or_default();
                (t.with("print-book", &[("name", &name)]).into_owned(), (page, name), None, &of_book[..])
            }
        };
        let sheets = match what {
            What::Book(book, _) => print::of_book(printed, &|level| book.numbers.get(&level).copied(), &imprint),
            _ => printed.iter().flat_map(|printed| print::of_record(printed, &imprint).0).collect(),
        };
        let count = |is: &dyn Fn(&Printed<'_>) -> bool| {
            u32::try_from(printed.iter().filter(|printed| is(printed)).count()).unwrap_or(u32::MAX)
        };
        let missing = count(&|printed| printed.paper == Some(&PaperState::NotMade));
        let waiting = count(&|printed| printed.paper == Some(&PaperState::NotInForce));
        let mut notes = Vec::new();
        if missing > 0 {
            notes.push(t.count("print-missing", missing).into_owned());
        }
        if waiting > 0 {
            notes.push(t.count("print-waiting", waiting).into_owned());
        }
        if printed.iter().all(|printed| printed.paper.is_none()) {
            notes.push(t.say("print-view").into_owned());
        } else if office.system.owner.is_empty() {
            notes.push(t.say("print-no-owner").into_owned());
        }
        let make = action.filter(|_| missing > 0).map(|action| (action, t.count("print-make", missing).into_owned()));
        let count = u32::try_from(sheets.len()).unwrap_or(u32::MAX);
        let mut c = c.titled(title);
        if let Some(school) = printed.first().map(|printed| &printed.content.class.school) {
            c = c.crumb(t.say("classes-title"), super::classes::address(school));
        }
        Self {
            lead: t.count("print-lead", count).into_owned(),
            notes,
            make,
            c: c.crumb(back.1.clone(), back.0.clone()),
            back,
            sheets,
        }
    }
}

fn record_id(asked: &Asked) -> Result<RecordId, Refusal> {
    asked.param("record").parse().map_err(|_| Refusal::NotFound)
}

fn class_id(asked: &Asked) -> Result<Id, Refusal> {
    asked.param("class").parse().map_err(|_| Refusal::NotFound)
}

/// A record, or class, of somebody else is as one that is not there.
fn unseen(error: AppError) -> Refusal {
    match error {
        AppError::Forbidden(_) => Refusal::NotFound,
        other => other.into(),
    }
}

/// The record of the address, if it is of the school there.
async fn found(asked: &Asked) -> Result<RecordSheets, Refusal> {
    let (school, record) = (asked.school()?, record_id(asked)?);
    let view = asked.app().record_sheets(asked.actor()?, &record).await.map_err(unseen)?;
    if view.latest.class.school == school { Ok(view) } else { Err(Refusal::NotFound) }
}

/// The class of the address, if it is of the school there.
async fn class_of(asked: &Asked) -> Result<Class, Refusal> {
    let (school, id) = (asked.school()?, class_id(asked)?);
    let class = asked.app().class(asked.actor()?, &id).await.map_err(unseen)?.class;
    if class.school == school { Ok(class) } else { Err(Refusal::NotFound) }
}

fn hands_out(asked: &Asked, class: &Class) -> Result<bool, Refusal> {
    Ok(may(asked.actor()?, Action::HandOut, Place::of(class)))
}

pub(super) async fn show(asked: Asked) -> Answer {
    let view = found(&asked).await?;
    let handed = match hands_out(&asked, &view.latest.class)? {
        true => Some(asked.app().links(asked.actor()?, &view.latest.record).await?),
        false => None,
    };
    let page = RecordPage::new(asked.chrome(asked.path.clone()), &view, &Office::of(&asked), handed.as_deref());
    html(&page)
}

/// Makes a link to what is in force of the record of the address; its secret is on the page that answers, and nowhere else.
pub(super) async fn hand_out(asked: Asked) -> Answer {
    let (view, t) = (found(&asked).await?, asked.t());
    let scope: LinkScope = asked.form.get("scope").parse().map_err(|_| Refusal::NotFound)?;
    let end = my::end_of_life(asked.form.get("days"), asked.app().edges().now());
    let (app, actor, record) = (asked.app().clone(), asked.actor()?.clone(), view.latest.record);
    let made = asked.heavy(async move { app.create_link(&actor, &record, scope, end).await }).await?.map_err(unseen)?;
    let url = asked.server.config.public_url.link(&made.secret);
    let place = address(&view.latest.class.school, &record);
    let label = scopes(t).into_iter().find(|choice| choice.value == scope.to_string()).map(|choice| choice.text);
    let name = view.latest.pupil_name().unwrap_or_default().to_owned();
    let label = format!("{name} – {}", label.unwrap_or_default());
    let page = LinkPage::new(asked.chrome(place.clone()), (place, &name), label, my::until(t, end), url)?;
    html(&page)
}

/// What is in force of the record of the address, as a file that anyone can check.
pub(super) async fn file(asked: Asked) -> Answer {
    let view = found(&asked).await?;
    let (app, actor, record) = (asked.app().clone(), asked.actor()?.clone(), view.latest.record);
    let work = async move { app.hand_out_bundle(&actor, &record, LinkScope::Whole).await };
    let bytes = asked.heavy(work).await?.map_err(unseen)?;
    my::bundle_file(view.latest.class.year, bytes)
}

/// Withdraws a code on paper, or a link, of the record of the address.
pub(super) async fn withdraw(asked: Asked) -> Answer {
    let view = found(&asked).await?;
    let id: Id = asked.form.get("link").parse().map_err(|_| Refusal::NotFound)?;
    let (app, actor, record) = (asked.app(), asked.actor()?, view.latest.record);
    if !app.links(actor, &record).await.map_err(unseen)?.iter().any(|line| line.handed.link.id == id) {
        return Err(Refusal::NotFound);
    }
    app.withdraw_link(actor, &id).await?;
    Ok(on_to(&address(&view.latest.class.school, &record), Some(Done::LinkWithdrawn)))
}

pub(super) async fn print(asked: Asked) -> Answer {
    let view = found(&asked).await?;
    let (record, class) = (view.latest.record, view.latest.class.clone());
    let whole = asked.asked_for("book").is_some();
    let office = Office::of(&asked);
    let chrome = asked.chrome(asked.path.clone());
    if !hands_out(&asked, &class)? {
        if whole {
            return Err(Refusal::Forbidden);
        }
        let printed = Printed::preview(view.printed());
        return html(&PrintPage::new(chrome, &What::Record(printed), &office));
    }
    let (app, actor) = (asked.app().clone(), asked.actor()?.clone());
    if whole {
        let work = async move { app.print_book(&actor, &record).await };
        let (book, papers) = asked.heavy(work).await?.map_err(unseen)?;
        return html(&PrintPage::new(chrome, &What::Book(&book, &papers), &office));
    }
    let sheet = app.print_record(&actor, &record).await.map_err(unseen)?;
    let printed = Printed { content: &sheet.content, paper: Some(&sheet.paper), before: None };
    html(&PrintPage::new(chrome, &What::Record(printed), &office))
}

pub(super) async fn class_print(asked: Asked) -> Answer {
    let class = class_of(&asked).await?;
    let office = Office::of(&asked);
    let chrome = asked.chrome(asked.path.clone());
    let (app, actor, id) = (asked.app().clone(), asked.actor()?.clone(), class.id);
    if hands_out(&asked, &class)? {
        let work = async move { app.print_class(&actor, &id).await };
        let (class, sheets) = asked.heavy(work).await?.map_err(unseen)?;
        let printed = sheets
            .iter()
            .map(|sheet| Printed { content: &sheet.content, paper: Some(&sheet.paper), before: None })
            .collect();
        return html(&PrintPage::new(chrome, &What::Class(&class, printed), &office));
    }
    let work = async move { app.class_sheets(&actor, &id).await };
    let sheets = asked.heavy(work).await?.map_err(unseen)?;
    let printed = sheets.sheets.iter().map(Printed::preview).collect();
    html(&PrintPage::new(chrome, &What::Class(&class, printed), &office))
}

/// Makes the codes that a class lacks, as a task.
pub(super) async fn make_codes(asked: Asked) -> Answer {
    let class = class_of(&asked).await?;
    let (actor, id) = (asked.actor()?.clone(), class.id);
    let Class { school, year, name, .. } = class;
    let new = NewTask { kind: TaskKind::PaperLinks, school, year, class: Some(name) };
    tasks::begin(&asked, new, move |app, progress| async move {
        let MadePaperLinks { made, kept, waiting } =
            app.make_paper_links(&actor, &id, &|done, of| progress.tell(done, of)).await?;
        let many = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let counts = [("codes-made", made), ("codes-kept", kept), ("codes-waiting", waiting)];
        let counts = counts.map(|(code, count)| (code.to_owned(), many(count))).to_vec();
        Ok(Outcome { counts, ..Outcome::default() })
    })
    .await
}

/// Makes the code of one record.
pub(super) async fn make_code(asked: Asked) -> Answer {
    let view = found(&asked).await?;
    let (app, actor, record) = (asked.app().clone(), asked.actor()?.clone(), view.latest.record);
    let work = async move { app.make_paper_link(&actor, &record).await };
    asked.heavy(work).await?.map_err(unseen)?;
    Ok(on_to(&format!("{}/print", address(&view.latest.class.school, &record)), Some(Done::CodesMade)))
}
