//! `/my/{pupil}…`: a book as pupil and parents see it: its years with a verdict on each, what they handed out and who
//! looked, what they ask the school.

use std::collections::BTreeSet;

use askama::Template;
use axum::{
    http::{HeaderValue, header},
    response::IntoResponse as _,
};
use hocba_app::{
    Choice, MAX_LABEL, MAX_LINKS, MAX_REQUEST, PublicState, ReadBook, ReadLink, ReadYear, ReaderError, Reading,
    model::{Class, Id, RequestState},
};
use hocba_bundle::text::{self, date, date_time};
use hocba_record::{
    encoding::RecordId,
    types::{SchoolYear, SectionName, Text as RecordText, UnixTime},
};

use super::{
    Answer, Asked, Refusal,
    chrome::{Chrome, Done, Fault, Field},
    html, on_to, readers, refused,
    text::Text,
    words,
};
use crate::{
    pages::report_part,
    qr::Qr,
    view::{Tone, view},
};

fn pupil(asked: &Asked) -> Result<Id, Refusal> {
    asked.param("pupil").parse().map_err(|_| Refusal::NotFound)
}

fn record(asked: &Asked) -> Result<RecordId, Refusal> {
    asked.param("record").parse().map_err(|_| Refusal::NotFound)
}

pub(super) fn address(pupil: &Id) -> String {
    format!("/my/{pupil}")
}

/// Whose book it is: their name, or what stands for it where nothing is signed yet.
pub(super) fn title(t: Text, reading: &Reading) -> String {
    match &reading.name {
        Some(name) => t.with("my-title", &[("name", name)]).into_owned(),
        None => t.say("my-title-nameless").into_owned(),
    }
}

pub(super) struct RequestView {
    pub(super) asked: String,
    pub(super) asked_at: String,
    pub(super) state: String,
    pub(super) answer: Option<String>,
    pub(super) withdraw: Option<String>,
}

pub(super) struct YearView {
    pub(super) title: String,
    pub(super) school: String,
    /// Style of the verdict, and its words; of a year that is not in force, how far it is.
    pub(super) tone: &'static str,
    pub(super) says: String,
    /// Where it is shown, kept as a file, and asked about; of a year that is in force.
    pub(super) address: Option<String>,
    pub(super) may_ask: bool,
    pub(super) requests: Vec<RequestView>,
}

pub(super) struct LinkView {
    pub(super) label: String,
    pub(super) shows: String,
    pub(super) made: String,
    pub(super) state: String,
    pub(super) looks: u32,
    pub(super) times: Vec<String>,
    pub(super) withdraw: Option<String>,
}

#[derive(Template)]
#[template(path = "staff/my_book.html")]
pub(super) struct BookPage {
    pub(super) c: Chrome,
    pub(super) relation: String,
    pub(super) numbers: Vec<String>,
    pub(super) years: Vec<YearView>,
    pub(super) links: Vec<LinkView>,
    /// Where a link is made, once something can be handed out.
    pub(super) new_link: Option<String>,
}

/// Looks that are told one by one; of more the latest.
const LOOKS_SHOWN: usize = 50;

impl BookPage {
    /// `now` tells which links have ended.
    pub(super) fn new(c: Chrome, book: &ReadBook, links: &[ReadLink], now: UnixTime) -> Self {
        let t = c.t;
        let place = address(&book.reading.pupil);
        let years: Vec<YearView> = book.years.iter().map(|year| year_view(t, &place, year)).collect();
        let link = |read: &ReadLink| link_view(t, &place, read, &book.years, now);
        Self {
            relation: readers::relation(t, book.reading.relation),
            numbers: book.numbers.iter().map(ToString::to_string).collect(),
            new_link: years.iter().any(|year| year.address.is_some()).then(|| format!("{place}/links/new")),
            years,
            links: links.iter().map(link).collect(),
            c: c.titled(title(t, &book.reading)).below_home(),
        }
    }
}

fn year_title(t: Text, class: &Class) -> String {
    t.with("my-year", &[("year", &class.year.to_string()), ("class", class.name.as_str())]).into_owned()
}

fn year_view(t: Text, place: &str, year: &ReadYear) -> YearView {
    let (tone, says) = match &year.report {
        Some(report) => {
            let shown = view(report, t.0);
            (shown.tone.style(), shown.headline)
        }
        None => {
            // How far it is within the school, without its marks.
            let says = match year.state {
                PublicState::Sealed => t.say("my-soon"),
                _ => t.say("my-not-yet"),
            };
            (Tone::Open.style(), says.into_owned())
        }
    };
    let request = |request: &hocba_app::ReaderRequest| {
        let stored = &request.stored;
        let open = stored.state == RequestState::Open;
        RequestView {
            asked: request.asked.clone(),
            asked_at: date_time(stored.asked_at),
            state: readers::request_state(t, stored.state),
            answer: request.answer.clone(),
            withdraw: open.then(|| format!("{place}/requests/{}/withdraw", stored.id)),
        }
    };
    YearView {
        title: year_title(t, &year.class),
        school: year.school.as_ref().map_or_else(
            || t.with("home-school", &[("school", year.class.school.as_str())]).into_owned(),
            ToString::to_string,
        ),
        tone,
        says,
        address: year.report.is_some().then(|| format!("{place}/years/{}", year.record)),
        may_ask: !year.requests.iter().any(|request| request.stored.state == RequestState::Open),
        requests: year.requests.iter().map(request).collect(),
    }
}

fn part_name(t: Text, name: &SectionName, subject: Option<&RecordText>) -> String {
    crate::view::capital(&text::section_name(name, subject, t.0))
}

fn link_view(t: Text, place: &str, read: &ReadLink, years: &[ReadYear], now: UnixTime) -> LinkView {
    let link = &read.view.link;
    let (label, shows) = match &read.choice {
        Some(choice) => {
            let of: Vec<String> = years
                .iter()
                .rev()
                .filter(|year| choice.years.contains(&year.record))
                .map(|year| year.class.year.to_string())
                .collect();
            let parts = match &choice.parts {
                None => t.say("my-link-everything").into_owned(),
                Some(parts) => t.count("my-link-parts", u32::try_from(parts.len()).unwrap_or(u32::MAX)).into_owned(),
            };
            (choice.label.clone(), format!("{}: {parts}", of.join(", ")))
        }
        None => (t.say("my-link-school").into_owned(), t.say("my-link-by-school").into_owned()),
    };
    let (alive, state) = words::link(t, link, now);
    LinkView {
        label,
        shows,
        made: date_time(link.created_at),
        state,
        looks: u32::try_from(read.view.looks).unwrap_or(u32::MAX),
        times: read.looks.iter().rev().take(LOOKS_SHOWN).map(|at| date_time(*at)).collect(),
        withdraw: (read.choice.is_some() && alive).then(|| format!("{place}/links/{}/withdraw", link.id)),
    }
}

pub(super) async fn show(asked: Asked) -> Answer {
    let pupil = pupil(&asked)?;
    let (app, actor) = (asked.app().clone(), asked.actor()?.clone());
    let work = async move {
        let book = app.reading(&actor, &pupil).await?;
        let links = app.reader_links(&actor, &pupil).await?;
        Ok::<_, hocba_app::AppError>((book, links, app.edges().now()))
    };
    let (book, links, now) = asked.heavy(work).await??;
    html(&BookPage::new(asked.chrome(address(&pupil)), &book, &links, now))
}

#[derive(Template)]
#[template(path = "staff/my_year.html")]
pub(super) struct MyYearPage {
    pub(super) c: Chrome,
    pub(super) report: String,
    pub(super) file: String,
}

/// A year of the actor's book with its file.
async fn year_file(asked: &Asked) -> Result<(SchoolYear, Vec<u8>), Refusal> {
    let (pupil, record) = (pupil(asked)?, record(asked)?);
    let (app, actor) = (asked.app().clone(), asked.actor()?.clone());
    let work = async move {
        let bytes = app.reading_year(&actor, &pupil, &record).await?;
        let offered = app.to_choose(&actor, &pupil).await?;
        let year = offered.into_iter().find(|(_, id, _)| *id == record).map(|(class, ..)| class.year);
        year.map(|year| (year, bytes)).ok_or(hocba_app::AppError::NotFound("record"))
    };
    Ok(asked.heavy(work).await??)
}

pub(super) async fn year(asked: Asked) -> Answer {
    let (year, bytes) = year_file(&asked).await?;
    let report = asked.app().verify(&bytes).await;
    let report = report_part(&report, asked.language)?;
    let t = asked.t();
    let title = t.with("my-one-year", &[("year", &year.to_string())]).into_owned();
    let c = asked.chrome(asked.path.clone()).titled(title).crumb(t.say("my-title-nameless"), address(&pupil(&asked)?));
    html(&MyYearPage { c, report, file: format!("{}/file", asked.path) })
}

pub(super) async fn file(asked: Asked) -> Answer {
    let (year, bytes) = year_file(&asked).await?;
    bundle_file(year, bytes)
}

/// A transcript file to be kept.
pub(super) fn bundle_file(year: SchoolYear, bytes: Vec<u8>) -> Answer {
    // No name in the name of a file: it is seen by whoever passes it on.
    let name = format!("attachment; filename=\"hoc-ba-{year}.hocba.json\"");
    let name = HeaderValue::from_str(&name).map_err(crate::problem::Problem::internal)?;
    let kind = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], bytes).into_response())
}

/// Days a link may live, as offered; 0 is until it is withdrawn.
const LIVES: [u16; 5] = [7, 30, 90, 365, 0];

/// How long a link may live, to choose from.
pub(super) fn lives(t: Text, chosen: u16) -> Vec<LifeChoice> {
    let life = |days: u16| LifeChoice {
        days,
        text: match days {
            0 => t.say("my-life-open").into_owned(),
            days => t.count("my-life-days", days.into()).into_owned(),
        },
        chosen: days == chosen,
    };
    LIVES.into_iter().map(life).collect()
}

/// When a link ends that was given so many days, as a form says it; of anything that was not offered, thirty.
pub(super) fn end_of_life(days: &str, now: UnixTime) -> Option<UnixTime> {
    let days = days.parse().ok().filter(|days| LIVES.contains(days)).unwrap_or(30);
    (days > 0).then(|| now.plus(i64::from(days) * 86_400))
}

/// Until when a link opens, in words.
pub(super) fn until(t: Text, end: Option<UnixTime>) -> String {
    end.map_or_else(|| t.say("my-life-open").into_owned(), date)
}

pub(super) struct YearChoice {
    pub(super) record: String,
    pub(super) title: String,
    pub(super) chosen: bool,
}

pub(super) struct PartChoice {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) chosen: bool,
}

pub(super) struct LifeChoice {
    pub(super) days: u16,
    pub(super) text: String,
    pub(super) chosen: bool,
}

#[derive(Template)]
#[template(path = "staff/my_link_new.html")]
pub(super) struct NewLinkPage {
    pub(super) c: Chrome,
    pub(super) action: String,
    pub(super) label: Field,
    pub(super) years: Vec<YearChoice>,
    /// Whether everything is shown.
    pub(super) everything: bool,
    pub(super) subjects: Vec<PartChoice>,
    pub(super) parts: Vec<PartChoice>,
    pub(super) lives: Vec<LifeChoice>,
}

/// What can be chosen, as the use case gives it.
pub(super) type Offered = [(Class, RecordId, Vec<(SectionName, Option<RecordText>)>)];

/// What was chosen in the form; at first all years, with everything, for 30 days.
pub(super) struct Typed {
    label: String,
    years: BTreeSet<String>,
    everything: bool,
    parts: BTreeSet<String>,
    days: u16,
}

impl Typed {
    pub(super) fn fresh(offered: &Offered) -> Self {
        let years = offered.iter().map(|(_, record, _)| record.to_string()).collect();
        Self { label: String::new(), years, everything: true, parts: BTreeSet::new(), days: 30 }
    }
    fn of(asked: &Asked) -> Self {
        Self {
            label: asked.form.get("label").to_owned(),
            years: asked.form.all("year").iter().cloned().collect(),
            everything: asked.form.get("extent") != "parts",
            parts: asked.form.all("part").iter().cloned().collect(),
            days: asked.form.get("days").parse().unwrap_or(30),
        }
    }
}

impl NewLinkPage {
    pub(super) fn new(c: Chrome, pupil: &Id, offered: &Offered, typed: &Typed) -> Self {
        let t = c.t;
        let place = address(pupil);
        let mut names: Vec<(SectionName, Option<RecordText>)> = Vec::new();
        for (name, subject) in offered.iter().flat_map(|(.., parts)| parts) {
            // The school and the list of parts always go along.
            let always = matches!(name.as_str(), "manifest" | "school_details" | "history");
            if !always && !names.iter().any(|(known, _)| known == name) {
                names.push((name.clone(), subject.clone()));
            }
        }
        let part = |(name, subject): &(SectionName, Option<RecordText>)| PartChoice {
            name: name.to_string(),
            title: match subject {
                Some(subject) => subject.to_string(),
                None => part_name(t, name, None),
            },
            chosen: typed.parts.contains(name.as_str()),
        };
        let year = |(class, record, _): &(Class, RecordId, _)| {
            let record = record.to_string();
            YearChoice { title: year_title(t, class), chosen: typed.years.contains(&record), record }
        };
        let label = t.say("my-link-for");
        Self {
            action: format!("{place}/links"),
            label: c.field("label", label).hint(t.say("my-link-for-hint")).value(&typed.label),
            years: offered.iter().rev().map(year).collect(),
            everything: typed.everything,
            subjects: names.iter().filter(|(_, subject)| subject.is_some()).map(part).collect(),
            parts: names.iter().filter(|(_, subject)| subject.is_none()).map(part).collect(),
            lives: lives(t, typed.days),
            c: c.titled(t.say("my-link-new")).crumb(t.say("my-title-nameless"), place),
        }
    }
}

pub(super) async fn link_form(asked: Asked) -> Answer {
    let pupil = pupil(&asked)?;
    let offered = asked.app().to_choose(asked.actor()?, &pupil).await?;
    html(&NewLinkPage::new(asked.chrome(asked.path.clone()), &pupil, &offered, &Typed::fresh(&offered)))
}

#[derive(Template)]
#[template(path = "staff/my_link.html")]
pub(super) struct LinkPage {
    pub(super) c: Chrome,
    pub(super) back: String,
    pub(super) label: String,
    pub(super) until: String,
    pub(super) url: String,
    pub(super) qr: String,
}

impl LinkPage {
    /// `back` is where it leads on to, and what is there.
    pub(super) fn new(
        c: Chrome,
        (back, there): (String, &str),
        label: String,
        until: String,
        url: String,
    ) -> Result<Self, Refusal> {
        let t = c.t;
        let qr = Qr::of(&url).map_err(crate::problem::Problem::internal)?.svg(&t.say("my-link-qr"));
        let c = c.titled(t.say("my-link-made")).crumb(there, back.clone());
        Ok(Self { c, back, label, until, url, qr })
    }
}

pub(super) async fn create_link(asked: Asked) -> Answer {
    let pupil = pupil(&asked)?;
    let offered = asked.app().to_choose(asked.actor()?, &pupil).await?;
    let (typed, t) = (Typed::of(&asked), asked.t());
    let years: Option<BTreeSet<RecordId>> = typed.years.iter().map(|text| text.parse().ok()).collect();
    let parts: Option<BTreeSet<SectionName>> = typed.parts.iter().map(|text| text.parse().ok()).collect();
    let choice = Choice {
        years: years.unwrap_or_default(),
        parts: if typed.everything { None } else { Some(parts.unwrap_or_default()) },
        label: typed.label.clone(),
    };
    let expires_at = end_of_life(asked.form.get("days"), asked.app().edges().now());
    let (app, actor) = (asked.app().clone(), asked.actor()?.clone());
    let wanted = choice.clone();
    let made = asked.heavy(async move { app.create_reader_link(&actor, &pupil, &wanted, expires_at).await }).await?;
    let fault = match made {
        Ok(made) => {
            let url = asked.server.config.public_url.link(&made.secret);
            let label = choice.label.trim().to_owned();
            let (place, there) = (address(&pupil), t.say("my-title-nameless"));
            let chrome = asked.chrome(place.clone());
            return html(&LinkPage::new(chrome, (place, &there), label, until(t, expires_at), url)?);
        }
        Err(ReaderError::Text(_)) => Fault {
            field: "label",
            text: t.with("my-link-for-fault", &[("most", &MAX_LABEL.to_string())]).into_owned(),
        },
        Err(ReaderError::NothingChosen) => Fault { field: "year", text: t.say("my-link-nothing").into_owned() },
        Err(ReaderError::TooManyLinks) => {
            Fault { field: "", text: t.with("my-link-many", &[("most", &MAX_LINKS.to_string())]).into_owned() }
        }
        Err(error) => return Err(error.into()),
    };
    let chrome = asked.chrome(format!("{}/links/new", address(&pupil))).wrong(vec![fault]);
    refused(&NewLinkPage::new(chrome, &pupil, &offered, &typed))
}

pub(super) async fn withdraw_link(asked: Asked) -> Answer {
    let pupil = pupil(&asked)?;
    let link: Id = asked.param("link").parse().map_err(|_| Refusal::NotFound)?;
    match asked.app().withdraw_reader_link(asked.actor()?, &pupil, &link).await {
        // Withdrawn before: it is as it is wanted.
        Ok(()) | Err(hocba_app::AppError::Changed(_)) => Ok(on_to(&address(&pupil), Some(Done::LinkWithdrawn))),
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "staff/my_request.html")]
pub(super) struct RequestPage {
    pub(super) c: Chrome,
    pub(super) action: String,
    pub(super) year: String,
    pub(super) typed: String,
    pub(super) most: usize,
}

impl RequestPage {
    pub(super) fn new(c: Chrome, pupil: &Id, class: &Class, record: &RecordId, typed: String) -> Self {
        let t = c.t;
        let place = address(pupil);
        Self {
            action: format!("{place}/years/{record}/request"),
            year: year_title(t, class),
            typed,
            most: MAX_REQUEST,
            c: c.titled(t.say("my-request-title")).crumb(t.say("my-title-nameless"), place),
        }
    }
}

async fn asked_about(asked: &Asked) -> Result<(Id, RecordId, Class), Refusal> {
    let (pupil, record) = (pupil(asked)?, record(asked)?);
    let offered = asked.app().to_choose(asked.actor()?, &pupil).await?;
    let class = offered.into_iter().find(|(_, id, _)| *id == record).map(|(class, ..)| class);
    Ok((pupil, record, class.ok_or(Refusal::NotFound)?))
}

pub(super) async fn request_form(asked: Asked) -> Answer {
    let (pupil, record, class) = asked_about(&asked).await?;
    html(&RequestPage::new(asked.chrome(asked.path.clone()), &pupil, &class, &record, String::new()))
}

pub(super) async fn ask_request(asked: Asked) -> Answer {
    let (pupil, record, class) = asked_about(&asked).await?;
    let (typed, t) = (asked.form.get("text").to_owned(), asked.t());
    let text = match asked.app().ask_request(asked.actor()?, &pupil, &record, &typed).await {
        Ok(_) => return Ok(on_to(&address(&pupil), Some(Done::RequestAsked))),
        Err(ReaderError::Text(_)) => t.with("request-text", &[("most", &MAX_REQUEST.to_string())]).into_owned(),
        Err(ReaderError::RequestOpen) => t.say("my-request-open").into_owned(),
        Err(error) => return Err(error.into()),
    };
    let chrome = asked.chrome(asked.path.clone()).wrong(vec![Fault { field: "text", text }]);
    refused(&RequestPage::new(chrome, &pupil, &class, &record, typed))
}

pub(super) async fn withdraw_request(asked: Asked) -> Answer {
    let pupil = pupil(&asked)?;
    let request: Id = asked.param("request").parse().map_err(|_| Refusal::NotFound)?;
    match asked.app().withdraw_request(asked.actor()?, &pupil, &request).await {
        Ok(()) | Err(hocba_app::AppError::Changed(_)) => Ok(on_to(&address(&pupil), Some(Done::RequestWithdrawn))),
        Err(error) => Err(error.into()),
    }
}

/// Where a reader's books are, for the home page.
pub(super) fn books(t: Text, readings: &[Reading]) -> Vec<super::home::Link> {
    let text = |reading: &Reading| {
        let name = reading.name.clone().unwrap_or_else(|| t.say("my-title-nameless").into_owned());
        match &reading.class {
            Some(class) => t.with("my-home", &[("name", &name), ("class", class.name.as_str())]).into_owned(),
            None => name,
        }
    };
    readings.iter().map(|reading| super::home::Link { href: address(&reading.pupil), text: text(reading) }).collect()
}
