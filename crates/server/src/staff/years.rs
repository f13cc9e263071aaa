//! `/school/{school}/years…`: school years, opened and closed, and the step from one to the next.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use hocba_app::{AppError, Mode, Move, MoveLine, Reach, RollOptions, RolledOver, YearView, model::SchoolYearRow};
use hocba_bundle::text::{date, school_year};
use hocba_record::types::{ClassName, SchoolCode, SchoolYear, Text as Words};

use super::{
    Answer, Asked, Refusal,
    chrome::{Chrome, Done, Fault, Field},
    html, on_to, opening, refused,
    text::Text,
    words,
};
use crate::language;

/// Where a school's years are.
pub(super) fn address(school: &SchoolCode) -> String {
    format!("/school/{school}/years")
}

fn year_address(school: &SchoolCode, year: SchoolYear) -> String {
    format!("{}/{year}", address(school))
}

fn roll_address(school: &SchoolCode, year: SchoolYear) -> String {
    format!("{}/roll", year_address(school, year))
}

fn pupils_address(school: &SchoolCode, year: SchoolYear) -> String {
    format!("{}/pupils", roll_address(school, year))
}

/// How a year stands.
pub(super) fn state(t: Text, row: &SchoolYearRow) -> String {
    match (row.closed_at, &row.reason) {
        (None, _) => t.with("year-open-since", &[("at", &date(row.opened_at))]),
        (Some(at), None) => t.with("year-closed-on", &[("at", &date(at))]),
        (Some(at), Some(reason)) => t.with("year-closed-because", &[("at", &date(at)), ("reason", reason.as_str())]),
    }
    .into_owned()
}

pub(super) struct YearLine {
    pub(super) year: String,
    pub(super) href: String,
    pub(super) state: String,
    pub(super) classes: usize,
    pub(super) pupils: usize,
    pub(super) unfinished: usize,
}

fn line(t: Text, school: &SchoolCode, view: &YearView) -> YearLine {
    YearLine {
        year: view.row.year.to_string(),
        href: year_address(school, view.row.year),
        state: state(t, &view.row),
        classes: view.classes,
        pupils: view.pupils,
        unfinished: view.unfinished,
    }
}

/// A choice of a select.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) text: String,
    pub(super) chosen: bool,
}

/// The years that can be opened: this one, the next one, and the one after the newest that is there.
fn offered(years: &[YearView], now: SchoolYear) -> Vec<SchoolYear> {
    let after = |year: SchoolYear| SchoolYear::starting(year.start() + 1).ok();
    let newest = years.iter().map(|view| view.row.year).max();
    let mut offered: Vec<SchoolYear> = [Some(now), after(now), newest.and_then(after)].into_iter().flatten().collect();
    offered.sort_unstable();
    offered.dedup();
    offered.retain(|year| !years.iter().any(|view| view.row.year == *year));
    offered
}

#[derive(Template)]
#[template(path = "staff/years.html")]
pub(super) struct YearsPage {
    pub(super) c: Chrome,
    pub(super) school: String,
    pub(super) action: String,
    /// The latest first.
    pub(super) years: Vec<YearLine>,
    pub(super) offered: Vec<Choice>,
}

impl YearsPage {
    /// `now`: the school year that today lies in.
    pub(super) fn new(c: Chrome, school: &SchoolCode, years: &[YearView], now: SchoolYear) -> Self {
        let t = c.t;
        let offered = offered(years, now);
        // A new school begins with this year, another one goes on with the next.
        let first = offered.first().copied();
        let choice = |year: &SchoolYear| Choice {
            value: year.to_string(),
            text: year.to_string(),
            chosen: Some(*year) == first,
        };
        Self {
            c: c.titled(t.say("years-title")).below_home(),
            school: words::school(t, school, None),
            action: address(school),
            years: years.iter().rev().map(|view| line(t, school, view)).collect(),
            offered: offered.iter().map(choice).collect(),
        }
    }

    /// With the school as people call it.
    fn called(self, school: String) -> Self {
        Self { school, ..self }
    }
}

/// The years of the school in the address, which has to be there.
async fn years_of(asked: &Asked) -> Result<(SchoolCode, Vec<YearView>), Refusal> {
    let school = asked.school()?;
    match asked.app().school_years(asked.actor()?, &school).await {
        Err(AppError::UnknownSchool(_)) => Err(Refusal::NotFound),
        done => Ok((school, done?)),
    }
}

fn this_year(asked: &Asked) -> SchoolYear {
    school_year(asked.app().edges().now())
}

pub(super) async fn list(asked: Asked) -> Answer {
    let (school, years) = years_of(&asked).await?;
    let page = YearsPage::new(asked.chrome(address(&school)), &school, &years, this_year(&asked));
    html(&page.called(asked.called(&school).await?))
}

pub(super) async fn open(asked: Asked) -> Answer {
    let (school, years) = years_of(&asked).await?;
    let (t, called) = (asked.t(), asked.called(&school).await?);
    let wrong = |text: String| {
        let chrome = asked.chrome(address(&school)).wrong(vec![Fault { field: "year", text }]);
        refused(&YearsPage::new(chrome, &school, &years, this_year(&asked)).called(called.clone()))
    };
    let year: Option<SchoolYear> = asked.form.get("year").trim().parse().ok();
    let Some(year) = year.filter(|year| offered(&years, this_year(&asked)).contains(year)) else {
        return wrong(t.say("fault-year-choice").into_owned());
    };
    match asked.app().open_year(asked.actor()?, &school, year).await {
        Ok(_) => Ok(on_to(&address(&school), Some(Done::YearOpened))),
        Err(AppError::SchoolClosed { .. }) => wrong(t.say("fault-school-closed").into_owned()),
        Err(AppError::YearClosed(_)) => wrong(t.say("fault-year-closed").into_owned()),
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "staff/year.html")]
pub(super) struct YearPage {
    pub(super) c: Chrome,
    pub(super) line: YearLine,
    pub(super) unfinished: u32,
    pub(super) closed: bool,
    pub(super) close_action: String,
    pub(super) reason: Field,
    pub(super) roll: String,
    pub(super) next: String,
    pub(super) missing: String,
}

impl YearPage {
    pub(super) fn new(c: Chrome, school: &SchoolCode, view: &YearView, reason: &str) -> Self {
        let t = c.t;
        let year = view.row.year;
        let title = t.with("year-title", &[("year", &year.to_string())]).into_owned();
        Self {
            line: line(t, school, view),
            unfinished: u32::try_from(view.unfinished).unwrap_or(u32::MAX),
            closed: view.row.closed_at.is_some(),
            close_action: format!("{}/close", year_address(school, year)),
            reason: c.field("reason", t.say("year-close-reason")).hint(t.say("year-close-reason-hint")).value(reason),
            roll: roll_address(school, year),
            next: format!("{}-{}", year.start() + 1, year.start() + 2),
            missing: opening::address(school),
            c: c.titled(title).crumb(t.say("years-title"), address(school)),
        }
    }
}

/// The year of the address, which has to be there.
async fn found(asked: &Asked) -> Result<(SchoolCode, YearView), Refusal> {
    let year: SchoolYear = asked.param("year").parse().map_err(|_| Refusal::NotFound)?;
    let (school, years) = years_of(asked).await?;
    let view = years.into_iter().find(|view| view.row.year == year);
    Ok((school, view.ok_or(Refusal::NotFound)?))
}

pub(super) async fn one(asked: Asked) -> Answer {
    let (school, view) = found(&asked).await?;
    html(&YearPage::new(asked.chrome(asked.path.clone()), &school, &view, ""))
}

pub(super) async fn close(asked: Asked) -> Answer {
    let (school, view) = found(&asked).await?;
    let t = asked.t();
    let typed = asked.form.get("reason").trim();
    let wrong = |text: String| {
        let chrome = asked.chrome(year_address(&school, view.row.year)).wrong(vec![Fault { field: "reason", text }]);
        refused(&YearPage::new(chrome, &school, &view, typed))
    };
    let reason: Option<Words> = match typed {
        "" => None,
        text => match text.parse() {
            Ok(reason) => Some(reason),
            Err(_) => return wrong(t.say("fault-text").into_owned()),
        },
    };
    match asked.app().close_year(asked.actor()?, &school, view.row.year, reason.as_ref()).await {
        Ok(_) => Ok(on_to(&address(&school), Some(Done::YearClosed))),
        Err(AppError::YearUnfinished { unfinished }) => {
            wrong(t.count("fault-year-unfinished", u32::try_from(unfinished).unwrap_or(u32::MAX)).into_owned())
        }
        Err(error) => Err(error.into()),
    }
}

/// A class of the year that ends.
pub(super) struct ClassView {
    pub(super) class: String,
    /// Id and name of its field.
    pub(super) field: String,
    pub(super) pupils: usize,
    /// How many go up, repeat, leave, move away, are undecided.
    pub(super) counts: [usize; 5],
    /// What it is called next year; none where nobody of it goes up.
    pub(super) name: Option<String>,
    pub(super) wrong: bool,
    pub(super) href: String,
}

/// What a roll over would do.
pub(super) struct Preview {
    pub(super) classes: Vec<ClassView>,
    pub(super) all: ClassView,
    pub(super) placed: String,
    pub(super) undecided: u32,
    /// Classes whose name for the next year has to be said, and names that cannot be used.
    pub(super) unnamed: String,
    pub(super) taken: String,
    pub(super) new_classes: String,
    /// The school that goes on, where it is another.
    pub(super) target: Option<String>,
    pub(super) into: String,
}

#[derive(Template)]
#[template(path = "staff/roll.html")]
pub(super) struct RollPage {
    pub(super) c: Chrome,
    pub(super) lead: String,
    pub(super) action: String,
    pub(super) preview: Option<Preview>,
    /// The next year has to be opened first, at the school that goes on.
    pub(super) open_first: Option<OpenFirst>,
    /// Schools that go on, of which one has to be chosen.
    pub(super) choose: Vec<Choice>,
}

pub(super) struct OpenFirst {
    pub(super) action: String,
    pub(super) year: String,
}

/// The field of a class's name; the class itself is in it, so that a form says of whom it speaks.
const NAME: &str = "name:";
/// The field of what is decided of a pupil, by number.
const MOVE: &str = "move:";
/// What the page showed of them.
const WAS: &str = "was:";

fn named(classes: &BTreeSet<ClassName>) -> String {
    classes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn count_moves(lines: &[&MoveLine]) -> [usize; 5] {
    Move::ALL.map(|what| lines.iter().filter(|line| line.what == what).count())
}

impl RollPage {
    fn empty(c: Chrome, school: &SchoolCode, from: SchoolYear) -> Self {
        let t = c.t;
        let (year, next) = (from.to_string(), format!("{}-{}", from.start() + 1, from.start() + 2));
        let title = t.with("roll-title", &[("next", &next)]).into_owned();
        let of = t.with("year-title", &[("year", &year)]).into_owned();
        Self {
            lead: t.with("roll-lead", &[("year", &year), ("next", &next)]).into_owned(),
            action: roll_address(school, from),
            preview: None,
            open_first: None,
            choose: Vec::new(),
            c: c.titled(title).crumb(t.say("years-title"), address(school)).crumb(of, year_address(school, from)),
        }
    }

    /// Where the next year is not open yet.
    pub(super) fn without_next(c: Chrome, school: &SchoolCode, target: &SchoolCode, from: SchoolYear) -> Self {
        let year = format!("{}-{}", from.start() + 1, from.start() + 2);
        Self { open_first: Some(OpenFirst { action: address(target), year }), ..Self::empty(c, school, from) }
    }

    /// Where several schools go on.
    pub(super) fn which(c: Chrome, school: &SchoolCode, from: SchoolYear, schools: &[SchoolCode]) -> Self {
        let choice = |code: &SchoolCode| Choice {
            value: format!("{}?into={code}", roll_address(school, from)),
            text: code.to_string(),
            chosen: false,
        };
        Self { choose: schools.iter().map(choice).collect(), ..Self::empty(c, school, from) }
    }

    pub(super) fn new(
        c: Chrome,
        school: &SchoolCode,
        from: SchoolYear,
        shown: &RolledOver,
        options: &RollOptions,
    ) -> Self {
        let t = c.t;
        let mut by_class: BTreeMap<&ClassName, Vec<&MoveLine>> = BTreeMap::new();
        for line in &shown.pupils {
            by_class.entry(&line.class).or_default().push(line);
        }
        let classes = by_class.iter().map(|(class, lines)| {
            let up = lines.iter().find(|line| line.what == Move::Promote);
            let into = up.and_then(|line| line.into.as_ref());
            let said = options.names.get(*class);
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("class", class.as_str()).finish();
            ClassView {
                class: class.to_string(),
                field: format!("{NAME}{class}"),
                pupils: lines.len(),
                counts: count_moves(lines),
                name: up.map(|_| said.or(into).map(ToString::to_string).unwrap_or_default()),
                wrong: shown.unnamed.contains(*class) || into.is_some_and(|name| shown.taken.contains(name)),
                href: format!("{}?{query}", pupils_address(school, from)),
            }
        });
        let everybody: Vec<&MoveLine> = shown.pupils.iter().collect();
        let counts = count_moves(&everybody);
        let new: Vec<String> = shown.new_classes.iter().map(ToString::to_string).collect();
        let (placed, unchanged) = (shown.placed.to_string(), shown.unchanged.to_string());
        let preview = Preview {
            classes: classes.collect(),
            all: ClassView {
                class: t.say("roll-all").into_owned(),
                field: String::new(),
                pupils: everybody.len(),
                counts,
                name: None,
                wrong: false,
                href: String::new(),
            },
            placed: t.with("roll-placed", &[("placed", &placed), ("unchanged", &unchanged)]).into_owned(),
            undecided: u32::try_from(counts[4]).unwrap_or(u32::MAX),
            unnamed: named(&shown.unnamed),
            taken: named(&shown.taken),
            new_classes: new.join(", "),
            target: (shown.school != *school).then(|| shown.school.to_string()),
            into: options.into.as_ref().map(ToString::to_string).unwrap_or_default(),
        };
        Self { preview: Some(preview), ..Self::empty(c, school, from) }
    }
}

/// The two years of the address.
fn years(asked: &Asked) -> Result<(SchoolYear, SchoolYear), Refusal> {
    let from: SchoolYear = asked.param("year").parse().map_err(|_| Refusal::NotFound)?;
    Ok((from, SchoolYear::starting(from.start() + 1).map_err(|_| Refusal::NotFound)?))
}

/// Rolls over, or says what would be done, where it holds up nobody: it opens every record of the year.
async fn roll_over(
    asked: &Asked,
    school: &SchoolCode,
    years: (SchoolYear, SchoolYear),
    options: RollOptions,
    mode: Mode,
) -> Result<Result<RolledOver, AppError>, Refusal> {
    let (app, actor, school) = (asked.app().clone(), asked.actor()?.clone(), school.clone());
    let work = async move { app.roll_over(&actor, &school, years, &options, mode).await };
    asked.heavy(work).await
}

/// The page with what would be done now.
async fn preview(asked: &Asked, school: &SchoolCode, options: RollOptions, faults: Vec<Fault>) -> Answer {
    let (from, to) = years(asked)?;
    let chrome = asked.chrome(roll_address(school, from)).wrong(faults);
    let is_refused = !chrome.faults.is_empty();
    let page = match roll_over(asked, school, (from, to), options.clone(), Mode::Preview).await? {
        Ok(shown) => RollPage::new(chrome, school, from, &shown, &options),
        Err(AppError::YearNotOpen(_)) => {
            let target = options.into.clone().unwrap_or_else(|| school.clone());
            let target = match asked.app().school(&target).await?.today.as_slice() {
                [only] => only.clone(),
                _ => target,
            };
            RollPage::without_next(chrome, school, &target, from)
        }
        Err(AppError::SchoolClosed { successors, .. }) if successors.len() > 1 => {
            RollPage::which(chrome, school, from, &successors)
        }
        Err(AppError::SchoolClosed { .. }) => {
            let fault = Fault { field: "", text: asked.t().say("fault-roll-nobody").into_owned() };
            return refused(&RollPage::empty(chrome.wrong(vec![fault]), school, from));
        }
        Err(AppError::YearClosed(_)) => {
            let fault = Fault { field: "", text: asked.t().say("fault-year-closed").into_owned() };
            return refused(&RollPage::empty(chrome.wrong(vec![fault]), school, from));
        }
        Err(error) => return Err(error.into()),
    };
    if is_refused { refused(&page) } else { html(&page) }
}

pub(super) async fn roll_page(asked: Asked) -> Answer {
    let (school, _) = found(&asked).await?;
    let into = asked.asked_for("into").and_then(|code| code.parse().ok());
    preview(&asked, &school, RollOptions { into, ..RollOptions::default() }, Vec::new()).await
}

pub(super) async fn roll(asked: Asked) -> Answer {
    let (school, view) = found(&asked).await?;
    let (from, to) = years(&asked)?;
    let t = asked.t();
    let mut options = RollOptions { into: asked.form.get("into").parse().ok(), ..RollOptions::default() };
    for (class, name) in asked.form.with_prefix(NAME).filter(|(_, name)| !name.trim().is_empty()) {
        match (class.parse::<ClassName>(), name.trim().parse::<ClassName>()) {
            (Ok(class), Ok(name)) => {
                options.names.insert(class, name);
            }
            _ => {
                let text = t.with("fault-class-name", &[("class", class)]).into_owned();
                return preview(&asked, &school, options, vec![Fault { field: "", text }]).await;
            }
        }
    }
    let fault = match roll_over(&asked, &school, (from, to), options.clone(), Mode::Apply).await? {
        Ok(_) => return Ok(on_to(&roll_address(&school, view.row.year), Some(Done::RolledOver))),
        Err(AppError::ClassTaken(class)) => t.with("fault-class-taken", &[("class", class.as_str())]).into_owned(),
        // The page was of before; what was typed of it says nothing any more.
        Err(AppError::UnknownClass(class)) => {
            options.names.clear();
            t.with("fault-class-gone", &[("class", class.as_str())]).into_owned()
        }
        // Its words are those of whoever writes commands; the preview marks the class.
        Err(AppError::RollOver(_)) => t.say("fault-class-unnamed").into_owned(),
        Err(AppError::YearNotOpen(_) | AppError::YearClosed(_) | AppError::SchoolClosed { .. }) => {
            return preview(&asked, &school, options, Vec::new()).await;
        }
        Err(error) => return Err(error.into()),
    };
    preview(&asked, &school, options, vec![Fault { field: "", text: fault }]).await
}

/// A pupil of a class of the year that ends.
pub(super) struct PupilView {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) decided: bool,
    pub(super) into: String,
    pub(super) field: String,
    pub(super) was_field: String,
    pub(super) was: &'static str,
    pub(super) label: String,
    pub(super) choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "staff/roll_pupils.html")]
pub(super) struct PupilsPage {
    pub(super) c: Chrome,
    pub(super) class: String,
    pub(super) into: String,
    pub(super) action: String,
    pub(super) pupils: Vec<PupilView>,
}

fn move_words(t: Text, what: Move) -> String {
    let (vi, en) = what.words();
    language::pick(t.0, vi, en).to_owned()
}

impl PupilsPage {
    pub(super) fn new(
        c: Chrome,
        school: &SchoolCode,
        from: SchoolYear,
        class: &ClassName,
        lines: &[&MoveLine],
        into: &str,
    ) -> Self {
        let t = c.t;
        let next = format!("{}-{}", from.start() + 1, from.start() + 2);
        let view = |line: &&MoveLine| PupilView {
            number: line.number,
            name: line.name.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
            decided: line.decided,
            into: line.into.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
            field: format!("{MOVE}{}", line.number),
            was_field: format!("{WAS}{}", line.number),
            was: line.what.as_str(),
            label: t.with("roll-of-pupil", &[("number", &line.number.to_string())]).into_owned(),
            choices: Move::ALL
                .into_iter()
                .map(|what| Choice {
                    value: what.as_str().to_owned(),
                    text: move_words(t, what),
                    chosen: what == line.what,
                })
                .collect(),
        };
        let title = t.with("roll-class-title", &[("class", class.as_str()), ("next", &next)]).into_owned();
        let of = t.with("year-title", &[("year", &from.to_string())]).into_owned();
        Self {
            class: class.to_string(),
            into: into.to_owned(),
            action: pupils_address(school, from),
            pupils: lines.iter().map(view).collect(),
            c: c.titled(title)
                .crumb(t.say("years-title"), address(school))
                .crumb(of, year_address(school, from))
                .crumb(t.with("roll-title", &[("next", &next)]), roll_address(school, from)),
        }
    }
}

pub(super) async fn pupils(asked: Asked) -> Answer {
    let (school, _) = found(&asked).await?;
    let (from, to) = years(&asked)?;
    let class: ClassName = asked.asked_for("class").unwrap_or_default().parse().map_err(|_| Refusal::NotFound)?;
    let into: Option<SchoolCode> = asked.asked_for("into").and_then(|code| code.parse().ok());
    let options = RollOptions { into: into.clone(), class: Some(class.clone()), ..RollOptions::default() };
    let shown = match roll_over(&asked, &school, (from, to), options, Mode::Preview).await? {
        // What stands in the way is said on the page before.
        Err(AppError::YearNotOpen(_) | AppError::YearClosed(_) | AppError::SchoolClosed { .. }) => {
            return Ok(on_to(&roll_address(&school, from), None));
        }
        shown => shown?,
    };
    let lines: Vec<&MoveLine> = shown.pupils.iter().filter(|line| line.class == class).collect();
    if lines.is_empty() {
        return Err(Refusal::NotFound);
    }
    let into = into.map(|code| code.to_string()).unwrap_or_default();
    html(&PupilsPage::new(asked.chrome(roll_address(&school, from)), &school, from, &class, &lines, &into))
}

pub(super) async fn decide(asked: Asked) -> Answer {
    let (school, _) = found(&asked).await?;
    let years = years(&asked)?;
    let class: ClassName = asked.form.get("class").parse().map_err(|_| Refusal::NotFound)?;
    let mut options = RollOptions {
        into: asked.form.get("into").parse().ok(),
        reach: Reach::Decided,
        class: Some(class.clone()),
        ..RollOptions::default()
    };
    for (number, word) in asked.form.with_prefix(MOVE) {
        // What the page showed and nobody touched is no decision, also where a record says otherwise by now.
        if asked.form.get(&format!("{WAS}{number}")) == word {
            continue;
        }
        let read = number.parse::<u32>().ok().zip(Move::named(word));
        let (number, what) = read.ok_or(Refusal::NotOurs)?;
        options.decisions.insert((class.clone(), number), what);
    }
    let back = roll_address(&school, years.0);
    if options.decisions.is_empty() {
        return Ok(on_to(&back, Some(Done::NothingChanged)));
    }
    match roll_over(&asked, &school, years, options, Mode::Apply).await? {
        Ok(_) => Ok(on_to(&back, Some(Done::MovesDecided))),
        Err(AppError::UnknownClass(_) | AppError::UnknownNumber(_)) => Err(Refusal::NotFound),
        Err(AppError::YearNotOpen(_) | AppError::YearClosed(_) | AppError::SchoolClosed { .. }) => {
            Ok(on_to(&back, None))
        }
        Err(AppError::ClassTaken(class)) => {
            let text = asked.t().with("fault-class-taken", &[("class", class.as_str())]).into_owned();
            preview(&asked, &school, RollOptions::default(), vec![Fault { field: "", text }]).await
        }
        Err(AppError::RollOver(_)) => {
            let text = asked.t().say("fault-class-unnamed").into_owned();
            preview(&asked, &school, RollOptions::default(), vec![Fault { field: "", text }]).await
        }
        Err(error) => Err(error.into()),
    }
}
