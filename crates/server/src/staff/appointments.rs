//! `/school/{school}/appointments`: who may sign at a school, and what of it can be signed now: by the department its
//! principal, deputies and seal; by the principal or a deputy the homeroom teachers, all by one action. From each that is
//! in force a link leads whoever may to its end.

use askama::Template;
use hocba_app::{
    Appointing, AppointmentTask, AppointmentView, MAX_APPOINTMENTS, Needed, SignedAppointment, Standing,
    policy::{Action, Place, may},
};
use hocba_bundle::text::date;
use hocba_record::types::{ClassName, SchoolCode, SchoolYear, UnixTime};
use hocba_signature::statement::Role;
use serde::{Deserialize, Serialize};

use super::{
    Answer, Asked, Refusal,
    chrome::Chrome,
    html, replacement,
    signing::{self, AgentAt, Kind, SigningView},
    text::Text,
    words,
};
use crate::api::{input::Base64Url, signatures};

pub(super) fn address(school: &SchoolCode) -> String {
    format!("/school/{school}/appointments")
}

/// Whose appointments an address is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// The homeroom teachers of the newest year that is open, by the principal or a deputy.
    Homerooms,
    /// Principal, deputies and seal, by the department.
    School,
}

impl Of {
    /// What is given there by whoever asks.
    pub(super) async fn what(self, asked: &Asked) -> Result<Appointing, Refusal> {
        match self {
            Of::Homerooms => {
                let found = asked.app().homerooms(asked.actor()?, &asked.school()?).await?;
                found.ok_or(Refusal::NotFound)
            }
            Of::School => Ok(Appointing::School),
        }
    }
}

/// Somebody to be appointed.
pub(super) struct PersonView {
    pub(super) name: String,
    pub(super) role: String,
}

/// What one person may sign here.
pub(super) struct Part {
    pub(super) signing: SigningView,
    pub(super) count: u32,
    pub(super) people: Vec<PersonView>,
}

/// An appointment that was given.
pub(super) struct LineView {
    pub(super) name: String,
    pub(super) role: String,
    pub(super) holds: String,
    pub(super) state: String,
    /// Where it is ended, for those who may.
    pub(super) href: Option<String>,
}

#[derive(Template)]
#[template(path = "staff/appointments.html")]
pub(super) struct AppointmentsPage {
    pub(super) c: Chrome,
    pub(super) school: String,
    pub(super) parts: Vec<Part>,
    pub(super) lines: Vec<LineView>,
}

pub(super) fn role_of(t: Text, role: Role, class: Option<&ClassName>, year: Option<SchoolYear>) -> String {
    let name = words::appointed(t, role);
    match class.zip(year) {
        Some((class, year)) => {
            let (class, year) = (class.to_string(), year.to_string());
            t.with("appointments-class", &[("role", &name), ("class", &class), ("year", &year)]).into_owned()
        }
        None => name,
    }
}

fn line(t: Text, school: &SchoolCode, kinds: &[Appointing], view: &AppointmentView) -> LineView {
    let appointment = &view.appointment;
    let kind = kinds.iter().find(|kind| view.standing == Standing::InForce && kind.includes(appointment));
    LineView {
        href: kind.map(|kind| replacement::address(school, *kind, &appointment.id)),
        name: appointment.appointee.name.to_string(),
        role: role_of(t, appointment.role, appointment.class.as_ref(), appointment.year),
        holds: format!("{} – {}", date(appointment.from), date(appointment.until)),
        state: words::standing(t, view),
    }
}

impl AppointmentsPage {
    pub(super) fn new(
        c: Chrome,
        school: &SchoolCode,
        // What whoever looks gives and ends.
        needed: &[(Appointing, Vec<Needed>)],
        given: &[AppointmentView],
        agent: &AgentAt,
    ) -> Self {
        let t = c.t;
        let kinds: Vec<Appointing> = needed.iter().map(|(kind, _)| *kind).collect();
        let part = |(what, people): &(Appointing, Vec<Needed>)| {
            let count = u32::try_from(people.len()).unwrap_or(u32::MAX);
            let (place, title, lead, button) = match what {
                Appointing::Homerooms { year, .. } => {
                    let year = year.to_string();
                    let lead = t.with("appointments-homerooms-lead", &[("year", &year)]).into_owned();
                    ("homerooms", t.say("appointments-homerooms"), lead, t.count("appointments-sign-homerooms", count))
                }
                Appointing::School => {
                    let lead = t.say("appointments-school-lead").into_owned();
                    ("school", t.say("appointments-school"), lead, t.count("appointments-sign-school", count))
                }
            };
            let words = [title.into_owned(), lead, button.into_owned()];
            let person = |needed: &Needed| {
                let (class, year) = needed.class.clone().unzip();
                PersonView { name: needed.name.to_string(), role: role_of(t, needed.role, class.as_ref(), year) }
            };
            let place = format!("{}/{place}", address(school));
            Part {
                signing: SigningView::new(Kind::Appointments, &place, words, agent),
                count,
                people: people.iter().map(person).collect(),
            }
        };
        Self {
            parts: needed.iter().filter(|(_, people)| !people.is_empty()).map(part).collect(),
            lines: given.iter().map(|view| line(t, school, &kinds, view)).collect(),
            school: words::school(t, school, None),
            c: c.titled(t.say("appointments-title")).below_home(),
        }
    }
}

impl AppointmentsPage {
    /// With the school as people call it.
    fn called(self, school: String) -> Self {
        Self { school, ..self }
    }

    /// Whether whoever looks may end one.
    fn ends_some(&self) -> bool {
        self.lines.iter().any(|line| line.href.is_some())
    }
}

pub(super) async fn show(asked: Asked) -> Answer {
    let school = asked.school()?;
    let (app, actor) = (asked.app(), asked.actor()?);
    let given = app.list_appointments(actor, &school).await?;
    let mut wanted = Vec::new();
    if may(actor, Action::AppointSchool, Place::School(&school)) {
        wanted.push(Appointing::School);
    }
    if may(actor, Action::AppointTeacher, Place::School(&school)) {
        wanted.extend(app.homerooms(actor, &school).await?);
    }
    let mut needed = Vec::new();
    for what in wanted {
        needed.push((what, app.to_be_appointed(actor, &school, what).await?));
    }
    let agent = AgentAt::of(&asked);
    let page = AppointmentsPage::new(asked.chrome(address(&school)), &school, &needed, &given, &agent);
    let page = page.called(asked.called(&school).await?);
    Ok(signing::with_agent(html(&page)?, &agent))
}

#[derive(Serialize)]
struct Tasks {
    role: Role,
    school: SchoolCode,
    tasks: Vec<Task>,
}

#[derive(Serialize)]
struct Task {
    number: u32,
    at: UnixTime,
    to_sign: Base64Url,
}

impl From<AppointmentTask> for Task {
    fn from(task: AppointmentTask) -> Self {
        Self { number: task.number, at: task.at, to_sign: Base64Url(task.bytes().to_vec()) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct One {
    payload: Base64Url,
    at: UnixTime,
    signature: Base64Url,
}

impl From<One> for SignedAppointment {
    fn from(One { payload, at, signature }: One) -> Self {
        Self { payload: payload.0, at, signature: signature.0 }
    }
}

/// What there is to sign of these, for the script of a page.
pub(super) async fn tasks(asked: Asked, of: Of) -> Answer {
    let (school, what) = (asked.school()?, of.what(&asked).await?);
    let chain = signing::chain(&asked)?;
    let tasks = asked.app().prepare_appointments(asked.actor()?, &school, what, &chain).await?;
    signing::json(&Tasks { role: what.role(), school, tasks: tasks.into_iter().map(Task::from).collect() })
}

/// Takes what the script of a page brings.
pub(super) async fn signatures(asked: Asked, of: Of) -> Answer {
    let (school, what) = (asked.school()?, of.what(&asked).await?);
    let chain = signing::chain(&asked)?;
    let signed: Vec<One> = signing::signatures(&asked, MAX_APPOINTMENTS)?;
    let signed: Vec<SignedAppointment> = signed.into_iter().map(SignedAppointment::from).collect();
    let (app, actor, all) = (asked.app().clone(), asked.actor()?.clone(), signed.len());
    let work = async move { app.submit_appointments(&actor, &school, what, &chain, &signed).await };
    let taken = asked.heavy(work).await??;
    signing::json(&signatures::Output { taken, already: all - taken })
}
