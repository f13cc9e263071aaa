//! `/school/{school}/audit`, `/department/audit`: what happened, the newest first, with a search.
//!
//! Who and what, in words. A record is named by its class and by the beginning of its id, never by its pupil.

use askama::Template;
use hocba_app::{
    AUDITED, AuditCursor, AuditPage as Found, AuditQuery, Person, Subject, TrailLine,
    model::{Grant, LeftOut, ReturnReason},
    policy::{Action, Place, may},
};
use hocba_bundle::text::date_time;
use hocba_record::types::{SchoolCode, UnixTime};

use super::{
    Answer, Asked,
    chrome::{Chrome, Fault, Field},
    department::{DEPARTMENT, query_of},
    form::day,
    html,
    progress::Choice,
    refused,
    text::Text,
    words,
};

const EVERYWHERE: &str = "/department/audit";
/// Longest login that is looked for, in characters.
const MAX_WHO: usize = 100;

pub(super) fn address(school: &SchoolCode) -> String {
    format!("/school/{school}/audit")
}

/// An action in words.
pub(super) fn action(t: Text, code: &str) -> String {
    match code {
        "activate" => t.say("did-activate"),
        "add_account" => t.say("did-add-account"),
        "add_reader" => t.say("did-add-reader"),
        "add_school" => t.say("did-add-school"),
        "add_token" => t.say("did-add-token"),
        "anchor_batch" => t.say("did-anchor-batch"),
        "answer_request" => t.say("did-answer-request"),
        "appoint" => t.say("did-appoint"),
        "ask_school" => t.say("did-ask-school"),
        "assign_homeroom" => t.say("did-assign-homeroom"),
        "change_password" => t.say("did-change-password"),
        "close_batch" => t.say("did-close-batch"),
        "close_batches_now" => t.say("did-close-batches-now"),
        "close_year" => t.say("did-close-year"),
        "co_sign_records" => t.say("did-co-sign"),
        "confirm_mail" => t.say("did-confirm-mail"),
        "confirm_totp" => t.say("did-confirm-totp"),
        "create_link" => t.say("did-create-link"),
        "create_paper_link" => t.say("did-create-paper-link"),
        "decide_moves" => t.say("did-decide-moves"),
        "end_appointment" => t.say("did-end-appointment"),
        "end_other_sessions" => t.say("did-end-other-sessions"),
        "end_session" => t.say("did-end-session"),
        "enrol_certificate" => t.say("did-enrol-certificate"),
        "hand_out_bundle" => t.say("did-hand-out-bundle"),
        "import_class" => t.say("did-import-class"),
        "import_lists" => t.say("did-import-lists"),
        "keep_evidence" => t.say("did-keep-evidence"),
        "keep_time_stamp" => t.say("did-keep-time-stamp"),
        "leave_out" => t.say("did-leave-out"),
        "link_openid" => t.say("did-link-openid"),
        "lock_account" => t.say("did-lock-account"),
        "make_slip" => t.say("did-make-slip"),
        "move_to_successor" => t.say("did-move-to-successor"),
        "note_package" => t.say("did-note-package"),
        "note_schools" => t.say("did-note-schools"),
        "open_school" => t.say("did-open-school"),
        "open_year" => t.say("did-open-year"),
        "print_record" => t.say("did-print"),
        "publish_status" => t.say("did-publish-status"),
        "recovery_codes" => t.say("did-recovery-codes"),
        "remove_mail" => t.say("did-remove-mail"),
        "renew_record" => t.say("did-renew-record"),
        "reset_account" => t.say("did-reset-account"),
        "resigning_queue" => t.say("did-resigning-queue"),
        "return_record" => t.say("did-return-record"),
        "roll_over" => t.say("did-roll-over"),
        "school_changed" => t.say("did-school-changed"),
        "seal_records" => t.say("did-seal"),
        "send_mail_code" => t.say("did-send-mail-code"),
        "set_grants" => t.say("did-set-grants"),
        "set_openid_grants" => t.say("did-set-openid-grants"),
        "sign_in" => t.say("did-sign-in"),
        "sign_in_slowed" => t.say("did-sign-in-slowed"),
        "sign_out" => t.say("did-sign-out"),
        "sign_records" => t.say("did-sign"),
        "supersede_record" => t.say("did-supersede"),
        "take_answers" => t.say("did-take-answers"),
        "take_cancellation" => t.say("did-take-cancellation"),
        "take_messages" => t.say("did-take-messages"),
        "unlink_openid" => t.say("did-unlink-openid"),
        "unlock_account" => t.say("did-unlock-account"),
        "withdraw_certificate" => t.say("did-withdraw-certificate"),
        "withdraw_link" => t.say("did-withdraw-link"),
        "withdraw_request" => t.say("did-withdraw-request"),
        // Of a later release, whose database this program does not open; it shows as what it is.
        _ => return code.to_owned(),
    }
    .into_owned()
}

/// A reason in words; one that only programs read is left out.
fn reason(t: Text, action: &str, code: &str) -> Option<String> {
    let words = match action {
        "leave_out" => match code.parse().ok()? {
            LeftOut::WaitingForReassessment => t.say("why-reassessment"),
            LeftOut::Incomplete => t.say("why-incomplete"),
            LeftOut::Transferred => t.say("why-transferred"),
            LeftOut::Other => t.say("why-other"),
        },
        "return_record" => match code.parse().ok()? {
            ReturnReason::WrongMark => t.say("why-wrong-mark"),
            ReturnReason::WrongPersonalData => t.say("why-wrong-data"),
            ReturnReason::WrongResult => t.say("why-wrong-result"),
            ReturnReason::Other => t.say("why-other"),
        },
        _ => return None,
    };
    Some(words.into_owned())
}

/// The roles of somebody, each once, where they hold at this school or everywhere.
fn roles(t: Text, person: &Person, school: Option<&str>) -> String {
    let here = |grant: &&Grant| match (&grant.school, school) {
        (Some(of), Some(school)) => of.as_str() == school,
        _ => true,
    };
    let mut roles: Vec<String> = Vec::new();
    for grant in person.grants.iter().filter(here) {
        let role = words::role(t, grant.role);
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    roles.join(", ")
}

pub(super) struct EventView {
    pub(super) at: String,
    pub(super) what: String,
    pub(super) why: Option<String>,
    pub(super) who: String,
    pub(super) roles: String,
    pub(super) about: Vec<String>,
    /// Where there is a school and the page is not of one.
    pub(super) school: Option<(String, String)>,
}

/// Enough of an id to tell it from others on a page; all of it is found by a program.
fn short(id: &str) -> String {
    id.chars().take(10).collect()
}

fn event(t: Text, of_one: bool, shown: &TrailLine) -> EventView {
    let TrailLine { line, who, about, whom } = shown;
    let event = &line.event;
    let (who, roles) = match (who, event.actor.as_str()) {
        (Some(person), _) => (format!("{} ({})", person.name, person.login), roles(t, person, line.school.as_deref())),
        (None, "system") => (t.say("audit-system").into_owned(), String::new()),
        (None, "operator") => (t.say("audit-operator").into_owned(), String::new()),
        (None, _) => (t.say("audit-nobody").into_owned(), String::new()),
    };
    let mut subject = Vec::new();
    if let Some(class) = &line.class {
        subject.push(t.with("audit-class", &[("class", class)]).into_owned());
    }
    match about {
        Subject::Record => subject.push(t.with("audit-record", &[("id", &short(&event.subject))]).into_owned()),
        Subject::Account => subject.extend(whom.as_ref().map(|person| format!("{} ({})", person.name, person.login))),
        Subject::Batch => subject.push(t.with("audit-batch", &[("id", &event.subject)]).into_owned()),
        Subject::Appointment | Subject::Status => {
            subject.push(t.with("audit-appointment", &[("id", &short(&event.subject))]).into_owned());
        }
        Subject::School | Subject::Class | Subject::PlannedClass | Subject::Other => {}
    }
    if let Some(version) = event.version.filter(|version| *version > 1) {
        subject.push(t.with("audit-version", &[("version", &version.to_string())]).into_owned());
    }
    let school = line.school.clone().filter(|_| !of_one);
    EventView {
        at: date_time(event.at),
        what: action(t, &event.action),
        why: event.reason.as_deref().and_then(|code| reason(t, &event.action, code)),
        who,
        roles,
        about: subject,
        school: school.map(|code| (format!("/school/{code}/audit"), code)),
    }
}

/// What was typed into the search, as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) who: String,
    pub(super) action: String,
    pub(super) class: String,
    pub(super) from: String,
    pub(super) until: String,
}

#[derive(Template)]
#[template(path = "staff/audit.html")]
pub(super) struct AuditPage {
    pub(super) c: Chrome,
    pub(super) address: String,
    pub(super) of_one: bool,
    pub(super) who: Field,
    pub(super) class: Field,
    pub(super) from: Field,
    pub(super) until: Field,
    pub(super) actions: Vec<Choice>,
    pub(super) events: Vec<EventView>,
    /// How far a search went that found less than a page, and is not at the end.
    pub(super) so_far: Option<String>,
    pub(super) first: Option<String>,
    pub(super) next: Option<String>,
    pub(super) searched: bool,
}

impl AuditPage {
    /// `crumbs`: whether whoever looks has a department's pages.
    pub(super) fn new(
        c: Chrome,
        school: Option<&SchoolCode>,
        typed: &Typed,
        page: &Found,
        later: bool,
        department: bool,
    ) -> Self {
        let t = c.t;
        let address = school.map_or_else(|| EVERYWHERE.to_owned(), address);
        let to = |before: &str| {
            let pairs = [
                ("who", typed.who.as_str()),
                ("action", &typed.action),
                ("class", &typed.class),
                ("from", &typed.from),
                ("until", &typed.until),
                ("before", before),
            ];
            match query_of(&pairs) {
                query if query.is_empty() => address.clone(),
                query => format!("{address}?{query}"),
            }
        };
        let mut actions: Vec<Choice> = AUDITED
            .iter()
            .map(|(code, _)| Choice { value: (*code).to_owned(), text: action(t, code), chosen: typed.action == *code })
            .collect();
        actions.sort_by(|a, b| a.text.cmp(&b.text));
        let any = t.say("audit-any-action").into_owned();
        actions.insert(0, Choice { value: String::new(), text: any, chosen: typed.action.is_empty() });
        let hint = t.say("audit-date-hint");
        let so_far = page.next.filter(|_| page.lines.len() < hocba_app::AUDIT_PAGE).map(|next| {
            let at = UnixTime::from_seconds(next.at).map(date_time).unwrap_or_default();
            t.with("audit-so-far", &[("at", &at)]).into_owned()
        });
        let title = match school {
            Some(school) => t.with("audit-title-of", &[("school", school.as_str())]),
            None => t.say("audit-title"),
        };
        let c = c.titled(title);
        let c = match (department, school) {
            (true, Some(school)) => c
                .crumb(t.say("department-title"), DEPARTMENT)
                .crumb(school.to_string(), super::department::school_address(school)),
            (true, None) => c.crumb(t.say("department-title"), DEPARTMENT),
            (false, _) => c.below_home(),
        };
        Self {
            of_one: school.is_some(),
            who: c.field("who", t.say("audit-who")).hint(t.say("audit-who-hint")).value(&typed.who).plain().optional(),
            class: c.field("class", t.say("roll-class")).value(&typed.class).plain().optional(),
            from: c.field("from", t.say("audit-from")).hint(hint.clone()).value(&typed.from).plain().optional(),
            until: c.field("until", t.say("audit-until")).hint(hint).value(&typed.until).plain().optional(),
            actions,
            events: page.lines.iter().map(|line| event(t, school.is_some(), line)).collect(),
            so_far,
            first: later.then(|| to("")),
            next: page.next.map(|next| to(&format!("{}.{}", next.at, next.id))),
            searched: *typed != Typed::default(),
            address,
            c,
        }
    }
}

async fn page(asked: &Asked, school: Option<SchoolCode>) -> Answer {
    let text = |name: &str| {
        let text = asked.asked_for(name).unwrap_or_default().trim();
        text.chars().filter(|c| !c.is_control()).take(MAX_WHO).collect::<String>()
    };
    let typed = Typed {
        who: text("who"),
        action: text("action"),
        class: text("class"),
        from: text("from"),
        until: text("until"),
    };
    let before = asked
        .asked_for("before")
        .and_then(|text| text.split_once('.'))
        .and_then(|(at, id)| Some(AuditCursor { at: at.parse().ok()?, id: id.parse().ok()? }));
    let t = asked.t();
    let mut faults = Vec::new();
    let mut moment = |field: &'static str, typed: &str| {
        let found = day(typed);
        if found.is_none() && !typed.is_empty() {
            faults.push(Fault { field, text: t.say("fault-date").into_owned() });
        }
        found
    };
    let (from, until) = (moment("from", &typed.from), moment("until", &typed.until));
    let class = match typed.class.parse() {
        Ok(class) => Some(class),
        Err(_) => {
            if !typed.class.is_empty() {
                faults.push(Fault { field: "class", text: t.say("fault-class").into_owned() });
            }
            None
        }
    };
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let query = AuditQuery {
        school: school.clone(),
        who: given(&typed.who),
        action: given(&typed.action),
        class,
        from,
        // To the end of that day.
        until: until.map(|until| until.plus(86_400)),
        before,
    };
    let actor = asked.actor()?;
    let department = match &school {
        Some(school) => may(actor, Action::AppointSchool, Place::School(school)),
        None => true,
    };
    let chrome = asked.chrome(asked.path.clone());
    if !faults.is_empty() {
        let none = Found { at: asked.app().edges().now(), lines: Vec::new(), next: None };
        let chrome = chrome.wrong(faults);
        return refused(&AuditPage::new(chrome, school.as_ref(), &typed, &none, false, department));
    }
    let found = asked.app().audit_log(actor, &query).await?;
    html(&AuditPage::new(chrome, school.as_ref(), &typed, &found, before.is_some(), department))
}

pub(super) async fn of_school(asked: Asked) -> Answer {
    let school = asked.school()?;
    page(&asked, Some(school)).await
}

pub(super) async fn everywhere(asked: Asked) -> Answer {
    page(&asked, None).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn every_action_that_is_noted_has_words_of_its_own_in_both_languages() {
        for language in [Language::Vietnamese, Language::English] {
            let mut said = std::collections::BTreeSet::new();
            for (code, _) in AUDITED {
                let words = action(Text(language), code);
                assert!(words != *code && !words.contains('⟦'), "{code}: {words}");
                assert!(said.insert(words), "{code} is called as another");
            }
        }
    }
}
