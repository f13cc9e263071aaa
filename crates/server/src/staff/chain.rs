//! `/department/chain`: what is written into the public record (sổ chung), what waits, and what somebody has to look after.

use askama::Template;
use hocba_app::{Alarm, ChainHealth, ChainPage as Found, Funds, Queue, ServiceState, model::LeafKind};
use hocba_bundle::text::{age, date_time};

use super::{Answer, Asked, chrome::Chrome, department::DEPARTMENT, figures::grouped, html, text::Text};

const CHAIN: &str = "/department/chain";

/// Something that somebody has to look after, and what they do.
pub(super) struct AlarmView {
    pub(super) what: String,
    pub(super) todo: String,
}

fn kind(t: Text, kind: LeafKind) -> String {
    match kind {
        LeafKind::Record => t.say("chain-kind-record"),
        LeafKind::Appointment => t.say("chain-kind-appointment"),
        LeafKind::Evidence => t.say("chain-kind-evidence"),
    }
    .into_owned()
}

/// Why the record refused, in words; one without words keeps its code.
fn refused(t: Text, code: &str) -> String {
    match code {
        "no_funds" => t.say("chain-refused-no-funds").into_owned(),
        "chain_unreachable" | "chain_no_agreement" => t.say("chain-refused-unreachable").into_owned(),
        "anchoring_paused" => t.say("chain-refused-paused").into_owned(),
        code => t.with("chain-refused-other", &[("code", code)]).into_owned(),
    }
}

/// The alarms in words.
pub(super) fn alarms(t: Text, health: &ChainHealth) -> Vec<AlarmView> {
    let for_how_long = |since: hocba_record::types::UnixTime| age((health.at.seconds() - since.seconds()).max(0), t.0);
    let view = |alarm: &Alarm| {
        let (what, todo) = match alarm {
            Alarm::ServiceAway => (t.say("alarm-service-away"), t.say("alarm-service-away-todo")),
            Alarm::TooFewOperators { answered, needed } => (
                t.with("alarm-too-few", &[("answered", &answered.to_string()), ("needed", &needed.to_string())]),
                t.say("alarm-too-few-todo"),
            ),
            Alarm::SomeOperators { answered, operators } => (
                t.with("alarm-some", &[("answered", &answered.to_string()), ("operators", &operators.to_string())]),
                t.say("alarm-some-todo"),
            ),
            Alarm::NoWord => (t.say("alarm-no-word"), t.say("alarm-no-word-todo")),
            Alarm::BatchLate { since } => {
                (t.with("alarm-batch-late", &[("time", &for_how_long(*since))]), t.say("alarm-batch-late-todo"))
            }
            Alarm::Refused { code } => (refused(t, code).into(), t.say("alarm-refused-todo")),
            Alarm::QueueLate { kind: what, since } => (
                t.with("alarm-queue-late", &[("kind", &kind(t, *what)), ("time", &for_how_long(*since))]),
                t.say("alarm-queue-late-todo"),
            ),
            Alarm::EndsLate { since } => {
                (t.with("alarm-ends-late", &[("time", &for_how_long(*since))]), t.say("alarm-ends-late-todo"))
            }
            Alarm::FundsLow => (t.say("alarm-funds-low"), t.say("alarm-funds-todo")),
            Alarm::NoFunds => (t.say("alarm-funds-none"), t.say("alarm-funds-todo")),
        };
        AlarmView { what: what.into_owned(), todo: todo.into_owned() }
    };
    health.alarms.iter().map(view).collect()
}

/// Whether somebody anchors, in words.
pub(super) fn service(t: Text, state: ServiceState) -> String {
    match state {
        ServiceState::Alive { .. } => t.say("chain-service-alive").into_owned(),
        ServiceState::Away { until: Some(until) } => {
            t.with("chain-service-away-since", &[("at", &date_time(until))]).into_owned()
        }
        ServiceState::Away { until: None } => t.say("chain-service-away").into_owned(),
    }
}

/// How the operators answered last, in words.
pub(super) fn operators(t: Text, health: &ChainHealth) -> String {
    let Some(look) = &health.look else { return t.say("chain-operators-unknown").into_owned() };
    let (answered, operators) = (look.answered.to_string(), look.operators.to_string());
    let (needed, at) = (look.needed.to_string(), date_time(look.at));
    let values = [("answered", answered), ("operators", operators), ("needed", needed), ("at", at)];
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    t.with("chain-operators", &values).into_owned()
}

fn funds(t: Text, health: &ChainHealth) -> String {
    match health.look.as_ref().and_then(|look| look.funds) {
        Some(Funds::Free) => t.say("chain-funds-free"),
        Some(Funds::Enough) => t.say("chain-funds-enough"),
        Some(Funds::Low) => t.say("chain-funds-low"),
        Some(Funds::None) => t.say("chain-funds-none"),
        Some(Funds::Unknown) | None => t.say("chain-funds-unknown"),
    }
    .into_owned()
}

/// What waits, line by line; empty where nothing does.
pub(super) fn waiting(t: Text, health: &ChainHealth) -> Vec<String> {
    let line = |what: String, count: u64, since: hocba_record::types::UnixTime| {
        let (count, since) = (grouped(t, count), date_time(since));
        t.with("chain-waits", &[("count", &count), ("what", &what), ("since", &since)]).into_owned()
    };
    let mut lines: Vec<String> =
        health.queues.iter().map(|Queue { kind: what, count, since }| line(kind(t, *what), *count, *since)).collect();
    if let Some(since) = health.unanchored_since {
        lines.push(line(t.say("chain-kind-batch").into_owned(), health.unanchored, since));
    }
    if let Some((count, since)) = health.ends {
        lines.push(line(t.say("chain-kind-end").into_owned(), count, since));
    }
    lines
}

pub(super) struct BatchView {
    pub(super) id: String,
    pub(super) what: String,
    pub(super) size: String,
    pub(super) closed: String,
    pub(super) in_force: Option<String>,
    pub(super) took: String,
}

#[derive(Template)]
#[template(path = "staff/chain.html")]
pub(super) struct ChainPage {
    pub(super) c: Chrome,
    pub(super) at: String,
    pub(super) alarms: Vec<AlarmView>,
    pub(super) service: String,
    pub(super) operators: String,
    pub(super) block: Option<String>,
    pub(super) funds: String,
    pub(super) waiting: Vec<String>,
    pub(super) all: String,
    pub(super) batches: Vec<BatchView>,
    pub(super) later: bool,
    pub(super) next: Option<String>,
}

impl ChainPage {
    pub(super) fn new(c: Chrome, page: &Found, later: bool) -> Self {
        let t = c.t;
        let health = &page.health;
        let batches = page.batches.iter().map(|line| BatchView {
            id: line.batch.id.to_string(),
            what: kind(t, line.batch.kind),
            size: grouped(t, u64::from(line.batch.size)),
            closed: date_time(line.batch.closed_at),
            in_force: line.batch.receipt.as_ref().map(|receipt| date_time(receipt.time)),
            took: line.took.map_or_else(|| "–".to_owned(), |seconds| age(seconds, t.0)),
        });
        let block = health.look.as_ref().and_then(|look| look.block).map(|(number, time)| {
            t.with("chain-block", &[("number", &grouped(t, number)), ("at", &date_time(time))]).into_owned()
        });
        Self {
            at: date_time(health.at),
            alarms: alarms(t, health),
            service: service(t, health.service),
            operators: operators(t, health),
            block,
            funds: funds(t, health),
            waiting: waiting(t, health),
            all: t.count("chain-batches", super::department::number(health.batches)).into_owned(),
            batches: batches.collect(),
            later,
            next: page.next.map(|id| format!("{CHAIN}?before={id}")),
            c: c.titled(t.say("chain-title")).crumb(t.say("department-title"), DEPARTMENT),
        }
    }
}

pub(super) async fn show(asked: Asked) -> Answer {
    let before = asked.asked_for("before").and_then(|id| id.parse().ok());
    let page = asked.app().chain_page(asked.actor()?, before).await?;
    html(&ChainPage::new(asked.chrome(CHAIN), &page, before.is_some()))
}
