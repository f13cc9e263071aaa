//! `/school/{school}/appointments/{homerooms|school}/{appointment}`: an appointment, its end, and who takes the place.
//!
//! Two steps in one address: what is wanted is chosen and stands in the query, which changes nothing; then it is signed, end
//! and successor in one action.

use askama::Template;
use hocba_app::{
    Appointing, END_REASONS, Replaceable, ReplacementTasks, SignedAppointment, Standing, Successor, WantedEnd,
    reason_code, reason_words,
};
use hocba_bundle::text::date;
use hocba_record::{
    encoding::RecordId,
    types::{SchoolCode, Text as Words, UnixTime},
};
use hocba_signature::{statement::Role, status::ReasonClass};
use serde::Serialize;

use super::{
    Answer, Asked, Refusal,
    appointments::{self, Of, One, role_of},
    chrome::{Chrome, Fault, Field},
    form::day,
    html,
    progress::Choice,
    refused,
    signing::{self, AgentAt, Kind, SigningView},
    text::Text,
    words,
};
use crate::{
    api::{input::Base64Url, signatures},
    language,
};

/// Most signatures: the end, and the appointment in its place.
const MOST: usize = 2;

/// The address of an appointment.
pub(super) fn address(school: &SchoolCode, what: Appointing, id: &RecordId) -> String {
    let part = match what {
        Appointing::Homerooms { .. } => "homerooms",
        Appointing::School => "school",
    };
    format!("{}/{part}/{id}", appointments::address(school))
}

/// What was chosen, as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) reason: String,
    pub(super) since: String,
    pub(super) decision: String,
    pub(super) successor: String,
}

impl Typed {
    fn of(get: &dyn Fn(&str) -> String) -> Self {
        Self { reason: get("reason"), since: get("since"), decision: get("decision"), successor: get("successor") }
    }

    /// What it says, or what is wrong with it.
    pub(super) fn wanted(&self, t: Text, id: RecordId, now: UnixTime) -> Result<WantedEnd, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut fault = |field: &'static str, text: &str| faults.push(Fault { field, text: t.say(text).into_owned() });
        let reason = END_REASONS.into_iter().find(|reason| reason_code(*reason) == self.reason);
        if reason.is_none() {
            fault("reason", "fault-reason");
        }
        let lost = reason == Some(ReasonClass::KeyCompromised);
        let since = match (lost, day(&self.since).filter(|since| *since <= now)) {
            (true, None) => {
                fault("since", "replace-since-fault");
                None
            }
            (true, found) => found,
            // Only a lost key has such a day; what was typed for another reason is not kept silently.
            (false, _) => {
                if !self.since.is_empty() {
                    fault("since", "replace-since-only");
                }
                None
            }
        };
        let decision = match self.decision.as_str() {
            "" => None,
            text => match text.parse::<Words>() {
                Ok(text) => Some(text),
                Err(_) => {
                    fault("decision", "replace-decision-fault");
                    None
                }
            },
        };
        let successor = match self.successor.as_str() {
            "" => None,
            text => match text.parse() {
                Ok(account) => Some(account),
                Err(_) => {
                    fault("successor", "replace-successor-fault");
                    None
                }
            },
        };
        match (reason, faults.is_empty()) {
            (Some(reason), true) => Ok(WantedEnd { appointment: id, reason, since, decision, successor }),
            _ => Err(faults),
        }
    }
}

#[derive(Template)]
#[template(path = "staff/replacement.html")]
pub(super) struct ReplacementPage {
    pub(super) c: Chrome,
    pub(super) address: String,
    pub(super) name: String,
    pub(super) role: String,
    pub(super) holds: String,
    pub(super) state: String,
    /// Whether it can be ended.
    pub(super) in_force: bool,
    pub(super) reasons: Vec<Choice>,
    pub(super) since: Field,
    pub(super) decision: Field,
    pub(super) successors: Vec<Choice>,
    /// What will happen, once it was chosen.
    pub(super) summary: Vec<String>,
    pub(super) signing: Option<SigningView>,
}

fn reason_text(t: Text, reason: ReasonClass) -> String {
    let (vi, en) = reason_words(reason);
    let text = language::pick(t.0, vi, en);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What a choice will do, in sentences.
fn summary(t: Text, found: &Replaceable, wanted: &WantedEnd, next: Option<&Successor>) -> Vec<String> {
    let appointment = &found.view.appointment;
    let (name, role) = (
        appointment.appointee.name.as_str(),
        role_of(t, appointment.role, appointment.class.as_ref(), appointment.year),
    );
    let (vi, en) = reason_words(wanted.reason);
    let why = language::pick(t.0, vi, en);
    let mut said = vec![t.with("replace-ends", &[("name", name), ("role", &role), ("reason", why)]).into_owned()];
    if let Some(since) = wanted.since {
        said.push(t.with("replace-lost-since", &[("day", &date(since))]).into_owned());
    }
    said.push(match next {
        Some(next) => {
            let role = role_of(t, next.role, appointment.class.as_ref(), appointment.year);
            t.with("replace-next", &[("name", next.name.as_str()), ("role", &role)]).into_owned()
        }
        None if appointment.role == Role::HomeroomTeacher && wanted.since.is_some() => {
            t.say("replace-same-new-key").into_owned()
        }
        None => t.say("replace-nobody").into_owned(),
    });
    said
}

impl ReplacementPage {
    pub(super) fn new(
        c: Chrome,
        (school, what): (&SchoolCode, Appointing),
        found: &Replaceable,
        typed: &Typed,
        wanted: Option<&WantedEnd>,
        agent: &AgentAt,
    ) -> Self {
        let t = c.t;
        let appointment = &found.view.appointment;
        let place = address(school, what, &appointment.id);
        let next = wanted.and_then(|wanted| wanted.successor);
        let next = next.and_then(|next| found.successors.iter().find(|successor| successor.account == next));
        let signing = wanted.map(|_| {
            let button = match next {
                Some(_) => t.say("replace-sign-both"),
                None => t.say("replace-sign-end"),
            };
            let words =
                [t.say("replace-sign").into_owned(), t.say("replace-sign-lead").into_owned(), button.into_owned()];
            let mut signing = SigningView::new(Kind::Appointments, &place, words, agent);
            let fields = [
                ("reason", &typed.reason),
                ("since", &typed.since),
                ("decision", &typed.decision),
                ("successor", &typed.successor),
            ];
            signing.fields = fields.map(|(name, value)| (name, value.clone())).into();
            signing
        });
        let reason = |reason: &ReasonClass| {
            let value = reason_code(*reason).to_owned();
            Choice { chosen: value == typed.reason, text: reason_text(t, *reason), value }
        };
        let successor = |successor: &Successor| {
            let value = successor.account.to_string();
            let text = match successor.role == appointment.role {
                true => successor.name.to_string(),
                // A deputy who acts for a principal.
                false => format!("{} ({})", successor.name, words::appointed(t, successor.role)),
            };
            Choice { chosen: value == typed.successor, text, value }
        };
        Self {
            name: appointment.appointee.name.to_string(),
            role: role_of(t, appointment.role, appointment.class.as_ref(), appointment.year),
            holds: format!("{} – {}", date(appointment.from), date(appointment.until)),
            state: words::standing(t, &found.view),
            in_force: found.view.standing == Standing::InForce,
            reasons: END_REASONS.iter().map(reason).collect(),
            since: c
                .field("since", t.say("replace-since"))
                .hint(t.say("replace-since-hint"))
                .value(&typed.since)
                .plain()
                .optional(),
            decision: c
                .field("decision", t.say("replace-decision"))
                .hint(t.say("replace-decision-hint"))
                .value(&typed.decision)
                .optional(),
            successors: found.successors.iter().map(successor).collect(),
            summary: wanted.map(|wanted| summary(t, found, wanted, next)).unwrap_or_default(),
            signing,
            address: place,
            c: c.titled(t.say("replace-title")).crumb(t.say("appointments-title"), appointments::address(school)),
        }
    }
}

/// The appointment of the address.
fn id(asked: &Asked) -> Result<RecordId, Refusal> {
    asked.param("appointment").parse().map_err(|_| Refusal::NotFound)
}

pub(super) async fn show(asked: Asked, of: Of) -> Answer {
    let (school, id, what) = (asked.school()?, id(&asked)?, of.what(&asked).await?);
    let t = asked.t();
    let found = asked.app().replaceable(asked.actor()?, &school, what, &id).await?;
    let typed = Typed::of(&|name| asked.asked_for(name).unwrap_or_default().trim().to_owned());
    let agent = AgentAt::of(&asked);
    let chrome = asked.chrome(address(&school, what, &id));
    let of = (&school, what);
    // Nothing was chosen yet, or there is nothing to choose.
    if typed == Typed::default() || found.view.standing != Standing::InForce {
        return html(&ReplacementPage::new(chrome, of, &found, &typed, None, &agent));
    }
    let known = |wanted: &WantedEnd| {
        wanted.successor.is_none_or(|next| found.successors.iter().any(|successor| successor.account == next))
    };
    match typed.wanted(t, id, asked.app().edges().now()) {
        Ok(wanted) if known(&wanted) => {
            let page = ReplacementPage::new(chrome, of, &found, &typed, Some(&wanted), &agent);
            Ok(signing::with_agent(html(&page)?, &agent))
        }
        Ok(_) => {
            let fault = Fault { field: "successor", text: t.say("replace-successor-fault").into_owned() };
            refused(&ReplacementPage::new(chrome.wrong(vec![fault]), of, &found, &typed, None, &agent))
        }
        Err(faults) => refused(&ReplacementPage::new(chrome.wrong(faults), of, &found, &typed, None, &agent)),
    }
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
    /// Of an end: the payload of the appointment that ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment: Option<Base64Url>,
}

/// The end that was chosen and the appointment in its place, for the script of the page.
pub(super) async fn tasks(asked: Asked, of: Of) -> Answer {
    let (school, id, what) = (asked.school()?, id(&asked)?, of.what(&asked).await?);
    let chain = signing::chain(&asked)?;
    let typed = Typed::of(&|name| asked.form.get(name).trim().to_owned());
    // The page gave these fields after it had read them.
    let wanted = typed.wanted(asked.t(), id, asked.app().edges().now()).map_err(|_| Refusal::NotFound)?;
    let found = asked.app().prepare_replacement(asked.actor()?, &school, what, &wanted, &chain).await?;
    let ReplacementTasks { end, appointment } = found;
    let mut tasks = vec![Task {
        number: 1,
        at: end.at,
        to_sign: Base64Url(end.bytes().to_vec()),
        appointment: Some(Base64Url(end.appointment.to_bytes())),
    }];
    tasks.extend(appointment.map(|task| Task {
        number: task.number,
        at: task.at,
        to_sign: Base64Url(task.bytes().to_vec()),
        appointment: None,
    }));
    signing::json(&Tasks { role: what.role(), school, tasks })
}

/// Takes what the script of the page brings.
pub(super) async fn signatures(asked: Asked, of: Of) -> Answer {
    let (school, id, what) = (asked.school()?, id(&asked)?, of.what(&asked).await?);
    let chain = signing::chain(&asked)?;
    let signed: Vec<One> = signing::signatures(&asked, MOST)?;
    let signed: Vec<SignedAppointment> = signed.into_iter().map(SignedAppointment::from).collect();
    let (app, actor, all) = (asked.app().clone(), asked.actor()?.clone(), signed.len());
    let work = async move { app.submit_replacement(&actor, &school, (what, &id), &chain, &signed).await };
    let done = asked.heavy(work).await??;
    let taken = usize::from(done.ended) + usize::from(done.appointed);
    signing::json(&signatures::Output { taken, already: all - taken })
}
