//! `/school/{school}/review`: the classes that wait for the principal, those with something to look at first; a few records
//! drawn at random; a class, a grade or the school signed off in one action; records returned. `/school/{school}/seal`: the same for the
//! school's seal.
//!
//! Which records are drawn is said by a seed in the address, so that a page that is opened again shows the same ones.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use hocba_app::{
    ClassReview, PublicState, ReviewedPupil, Step, YearView,
    model::{Class, Id},
    policy::{Action, Place, may},
    review::{Anomaly, drawn},
};
use hocba_record::types::{Grade, SchoolCode, SchoolYear};

use super::{
    Answer, Asked, Refusal,
    chrome::{Chrome, Done, Fault},
    class::{self, ReasonView},
    html, on_to, refused,
    signing::{self, AgentAt, Kind, ScopeView, SigningView},
    text::Text,
};
use crate::language;

/// Records drawn in each class: with three of forty, a fault that one record in five has is met in half of the classes.
const DRAWN: usize = 3;

/// Records of one class that are listed with what there is to see; beyond, the page of the class has them.
const LISTED: usize = 20;

/// The address of the list for a step.
pub(super) fn address(school: &SchoolCode, step: Step) -> String {
    match step {
        Step::Seal => format!("/school/{school}/seal"),
        Step::Sign | Step::CoSign => format!("/school/{school}/review"),
    }
}

/// A record to look at.
pub(super) struct LookView {
    pub(super) text: String,
    pub(super) href: Option<String>,
    /// What there is to see; nothing where it was drawn.
    pub(super) why: Vec<String>,
    /// Remembers that it was looked at, in this browser.
    pub(super) key: String,
}

/// A class that waits.
pub(super) struct ClassView {
    pub(super) name: String,
    pub(super) href: String,
    pub(super) class: String,
    pub(super) waiting: u32,
    /// What of the class does not wait here, in words.
    pub(super) others: Vec<String>,
    /// Records with something to look at.
    pub(super) odd: u32,
    /// Of the class as a whole.
    pub(super) notes: Vec<String>,
    pub(super) looks: Vec<LookView>,
    /// How many more have something.
    pub(super) more: u32,
    pub(super) drawn: Vec<LookView>,
    /// Records that can be returned from here: id and name; none for those who do not return.
    pub(super) returnable: Vec<(String, String)>,
}

/// Classes under one heading.
pub(super) struct Part {
    pub(super) title: String,
    pub(super) classes: Vec<ClassView>,
}

#[derive(Template)]
#[template(path = "staff/review.html")]
pub(super) struct ReviewPage {
    pub(super) c: Chrome,
    pub(super) lead: String,
    pub(super) address: String,
    pub(super) signing: Option<SigningView>,
    pub(super) parts: Vec<Part>,
    pub(super) reasons: Vec<ReasonView>,
}

/// What a page shows beside the classes that wait.
pub(super) struct Shown<'a> {
    pub(super) school: &'a SchoolCode,
    /// As people call it.
    pub(super) called: String,
    pub(super) year: Option<SchoolYear>,
    pub(super) step: Step,
    /// Records of all classes that have the signature.
    pub(super) done: usize,
    pub(super) seed: [u8; 8],
    /// Whether whoever looks returns records of a class.
    pub(super) returns: &'a dyn Fn(&Class) -> bool,
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn words(t: Text, anomaly: &Anomaly) -> String {
    language::pick(t.0, anomaly.vietnamese(), anomaly.english())
}

fn look(t: Text, school: &SchoolCode, pupil: &ReviewedPupil) -> LookView {
    LookView {
        text: match &pupil.name {
            Some(name) => format!("{}. {name}", pupil.number),
            None => format!("{} {}", t.say("class-number"), pupil.number),
        },
        href: pupil.name.as_ref().map(|_| super::records::address(school, &pupil.record)),
        why: pupil.anomalies.iter().map(|anomaly| words(t, anomaly)).collect(),
        // What was changed since was not looked at.
        key: format!("{}.{}", pupil.record, pupil.revision),
    }
}

fn class_view(t: Text, review: &ClassReview, shown: &Shown<'_>) -> ClassView {
    let class = &review.class;
    let odd: Vec<&ReviewedPupil> = review.waiting.iter().filter(|pupil| !pupil.anomalies.is_empty()).collect();
    let lots = drawn(&shown.seed, review.waiting.iter().map(|pupil| &pupil.record), DRAWN);
    let is_drawn = |pupil: &&ReviewedPupil| lots.contains(&pupil.record) && pupil.anomalies.is_empty();
    let waits = |state: PublicState| class::stands(state, shown.step, class.kind).0;
    let others = review.counts.iter().filter(|(state, _)| !waits(**state));
    let looked: Vec<LookView> = odd.iter().take(LISTED).map(|pupil| look(t, &class.school, pupil)).collect();
    let by_lot: Vec<&ReviewedPupil> = review.waiting.iter().filter(is_drawn).collect();
    let returnable = odd.iter().take(LISTED).copied().chain(by_lot.iter().copied());
    ClassView {
        name: class.name.to_string(),
        href: class::address(&class.school, &class.id),
        class: class.id.to_string(),
        waiting: number(review.waiting.len()),
        others: others.map(|(state, count)| format!("{count} {}", class::words(t, *state))).collect(),
        odd: number(review.odd()),
        notes: review.anomalies.iter().map(|anomaly| words(t, anomaly)).collect(),
        more: number(odd.len().saturating_sub(looked.len())),
        looks: looked,
        drawn: by_lot.iter().map(|pupil| look(t, &class.school, pupil)).collect(),
        returnable: match (shown.returns)(class) {
            true => returnable.map(|pupil| (pupil.record.to_string(), look(t, &class.school, pupil).text)).collect(),
            false => Vec::new(),
        },
    }
}

/// What can be signed at once: the school, each grade, each class.
fn scopes(t: Text, found: &[ClassReview], shown: &Shown<'_>) -> Vec<ScopeView> {
    let mut grades: BTreeMap<Grade, (usize, usize)> = BTreeMap::new();
    for review in found {
        let (classes, records) = grades.entry(review.class.grade).or_default();
        (*classes, *records) = (*classes + 1, *records + review.waiting.len());
    }
    let button = |records: usize, done: usize| class::button(t, shown.step, number(records), done, false);
    let several = |title: String, (classes, records): (usize, usize)| {
        let numbers = [("what", title), ("classes", classes.to_string()), ("records", records.to_string())];
        let numbers = numbers.each_ref().map(|(name, text)| (*name, text.as_str()));
        t.with("review-scope", &numbers).into_owned()
    };
    let grade = |grade: &Grade| t.with("review-grade", &[("grade", &grade.number().to_string())]).into_owned();
    let all = grades.values().fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
    let whole = ScopeView {
        class: String::new(),
        grade: String::new(),
        text: several(t.say("review-school").into_owned(), all),
        button: button(all.1, shown.done),
    };
    let of_grade = |(of, counts): (&Grade, &(usize, usize))| ScopeView {
        class: String::new(),
        grade: of.number().to_string(),
        text: several(grade(of), *counts),
        button: button(counts.1, 0),
    };
    let of_class = |review: &ClassReview| {
        let (name, records) = (review.class.name.to_string(), review.waiting.len().to_string());
        ScopeView {
            class: review.class.id.to_string(),
            grade: review.class.grade.number().to_string(),
            text: t.with("review-scope-class", &[("class", &name), ("records", &records)]).into_owned(),
            button: button(review.waiting.len(), 0),
        }
    };
    let mut classes: Vec<&ClassReview> = found.iter().collect();
    classes.sort_by(|a, b| (a.class.grade, &a.class.name).cmp(&(b.class.grade, &b.class.name)));
    // One grade is the school.
    let grades = grades.iter().filter(|_| grades.len() > 1).map(of_grade);
    std::iter::once(whole).chain(grades).chain(classes.into_iter().map(of_class)).collect()
}

impl ReviewPage {
    /// `found` has the classes with something to look at first.
    pub(super) fn new(c: Chrome, found: &[ClassReview], shown: &Shown<'_>, agent: &AgentAt) -> Self {
        let t = c.t;
        let place = address(shown.school, shown.step);
        let (title, lead, sign) = match shown.step {
            Step::Seal => ("seal-title", "seal-lead", "seal-sign-lead"),
            Step::Sign | Step::CoSign => ("review-title", "review-lead", "review-sign-lead"),
        };
        let title = t.say(title).into_owned();
        let waiting: usize = found.iter().map(|review| review.waiting.len()).sum();
        let signing = (waiting > 0).then(|| {
            let scopes = scopes(t, found, shown);
            let button = scopes.first().map(|scope| scope.button.clone()).unwrap_or_default();
            let words = [t.say("review-sign").into_owned(), t.say(sign).into_owned(), button];
            let mut signing = SigningView::new(Kind::Records, &place, words, agent);
            signing.so_far = class::so_far(t, shown.done, shown.done + waiting);
            signing.scopes = scopes;
            signing
        });
        let mut parts: Vec<Part> = Vec::new();
        let view = |review: &ClassReview| class_view(t, review, shown);
        let (odd, even): (Vec<&ClassReview>, Vec<&ClassReview>) = found.iter().partition(|review| review.odd() > 0);
        if !odd.is_empty() {
            let classes = odd.into_iter().map(view).collect();
            parts.push(Part { title: t.say("review-odd").into_owned(), classes });
        }
        let mut by_grade: BTreeMap<Grade, Vec<ClassView>> = BTreeMap::new();
        for review in even {
            by_grade.entry(review.class.grade).or_default().push(view(review));
        }
        parts.extend(by_grade.into_iter().map(|(grade, classes)| Part {
            title: t.with("review-grade", &[("grade", &grade.number().to_string())]).into_owned(),
            classes,
        }));
        let numbers = [("classes", found.len().to_string()), ("records", waiting.to_string())];
        let numbers = numbers.each_ref().map(|(name, text)| (*name, text.as_str()));
        let year = shown.year.map(|year| year.to_string());
        let place = year.map(|year| t.with("class-of", &[("school", shown.called.as_str()), ("year", year.as_str())]));
        let count = match found {
            [] => t.say("review-nothing"),
            _ => t.with(lead, &numbers),
        };
        Self {
            lead: place.into_iter().chain([count]).collect::<Vec<_>>().join(" "),
            c: c.titled(title).below_home(),
            address: address(shown.school, shown.step),
            signing,
            parts,
            reasons: class::return_reasons(t),
        }
    }

    /// The address of a form of the page.
    fn to(&self, what: &str) -> String {
        format!("{}/{what}", self.address)
    }
}

/// The seed of the address, where there is one.
fn seed_of(asked: &Asked) -> Option<[u8; 8]> {
    let text = asked.asked_for("draw").filter(|text| text.len() == 16)?;
    u64::from_str_radix(text, 16).ok().map(u64::to_be_bytes)
}

/// The page anew, with a seed in its address.
fn on_to_drawn(asked: &Asked, school: &SchoolCode, step: Step) -> Result<Response, Refusal> {
    let seed = u64::from_be_bytes(asked.app().edges().bytes()?);
    let done = asked.asked_for("done").and_then(Done::of_code).map_or("", Done::code);
    let query = if done.is_empty() { String::new() } else { format!("&done={done}") };
    let place = format!("{}?draw={seed:016x}{query}", address(school, step));
    let place = HeaderValue::from_str(&place).unwrap_or(HeaderValue::from_static("/home"));
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response())
}

/// The newest year that is open, where the school keeps years.
async fn year(asked: &Asked, school: &SchoolCode) -> Result<Option<SchoolYear>, Refusal> {
    let actor = asked.actor()?;
    Ok(match may(actor, Action::ReadStates, Place::School(school)) {
        true => YearView::newest_open(&asked.app().school_years(actor, school).await?),
        false => None,
    })
}

async fn page(asked: &Asked, step: Step, seed: [u8; 8], faults: Vec<Fault>) -> Result<(ReviewPage, AgentAt), Refusal> {
    let school = asked.school()?;
    let (app, actor, year) = (asked.app().clone(), asked.actor()?.clone(), year(asked, &school).await?);
    let (of, who) = (school.clone(), actor.clone());
    // Every record that waits is opened, which takes as long as signing a class.
    let work = async move {
        let found = app.review(&who, &of, year, step).await?;
        let classes = app.school_classes(&who, &of, year).await?;
        Ok::<_, hocba_app::AppError>((found, classes))
    };
    let (found, classes) = asked.heavy(work).await??;
    let has = |(class, counts): &(Class, BTreeMap<PublicState, usize>)| -> usize {
        let had = |(state, _): &(&PublicState, &usize)| class::stands(**state, step, class.kind).1;
        match may(&actor, step.action(), Place::of(class)) {
            true => counts.iter().filter(had).map(|(_, count)| *count).sum(),
            false => 0,
        }
    };
    let done = classes.iter().map(has).sum();
    let returns = |class: &Class| step == Step::CoSign && may(&actor, Action::Return, Place::of(class));
    let called = asked.called(&school).await?;
    let shown = Shown { school: &school, called, year, step, done, seed, returns: &returns };
    let agent = AgentAt::of(asked);
    let chrome = asked.chrome(address(&school, step)).wrong(faults);
    Ok((ReviewPage::new(chrome, &found, &shown, &agent), agent))
}

async fn show(asked: Asked, step: Step) -> Answer {
    let Some(seed) = seed_of(&asked) else { return on_to_drawn(&asked, &asked.school()?, step) };
    let (page, agent) = page(&asked, step, seed, Vec::new()).await?;
    Ok(signing::with_agent(html(&page)?, &agent))
}

/// The class that a form is about.
fn class_of(asked: &Asked) -> Result<Id, Refusal> {
    asked.form.get("class").parse().map_err(|_| Refusal::NotFound)
}

pub(super) async fn show_co_sign(asked: Asked) -> Answer {
    show(asked, Step::CoSign).await
}
pub(super) async fn show_seal(asked: Asked) -> Answer {
    show(asked, Step::Seal).await
}
pub(super) async fn co_sign_tasks(asked: Asked) -> Answer {
    class::tasks_of(&asked, &class_of(&asked)?, Step::CoSign).await
}
pub(super) async fn co_sign_signatures(asked: Asked) -> Answer {
    class::signed_of(&asked, &class_of(&asked)?, Step::CoSign).await
}
pub(super) async fn seal_tasks(asked: Asked) -> Answer {
    class::tasks_of(&asked, &class_of(&asked)?, Step::Seal).await
}
pub(super) async fn seal_signatures(asked: Asked) -> Answer {
    class::signed_of(&asked, &class_of(&asked)?, Step::Seal).await
}

/// Returns records of a class from the list: one, or all that wait.
pub(super) async fn give_back(asked: Asked) -> Answer {
    let view = class::found(&asked, &class_of(&asked)?).await?;
    let done = match class::returned_by(&asked, &view).await? {
        Ok(0) => Done::NothingChanged,
        Ok(_) => Done::Returned,
        Err(id) => {
            let fault = Fault { field: "", text: asked.t().say(id).into_owned() };
            let seed = asked.app().edges().bytes()?;
            let (page, agent) = page(&asked, Step::CoSign, seed, vec![fault]).await?;
            return Ok(signing::with_agent(refused(&page)?, &agent));
        }
    };
    Ok(on_to(&address(&view.class.school, Step::CoSign), Some(done)))
}
