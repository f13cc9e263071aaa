//! What people are told of roles, appointments, states and refusals of signing in.

use hocba_app::{
    AppError, AppointmentView, Standing,
    access::{AccessError, AccountState, OpenIdFault, PasswordFault},
    model::{Grant, GrantRole, Link},
    reason_words,
};
use hocba_bundle::text::{date, date_time};
use hocba_record::types::{SchoolCode, Text as Name, UnixTime};
use hocba_signature::statement::Role;

use super::text::Text;
use crate::language;

/// A refusal in the reader's language.
pub(super) fn of(t: Text, error: &AccessError) -> String {
    match error {
        AccessError::SlowDown { retry_after } => {
            let minutes = (retry_after.max(&0) + 59) / 60;
            return t.with("access-slow-down", &[("minutes", &minutes.to_string())]).into_owned();
        }
        AccessError::Wrong => t.say("access-wrong"),
        AccessError::Locked => t.say("access-locked"),
        AccessError::Slip => t.say("access-slip"),
        AccessError::SlipMistyped => t.say("access-slip-mistyped"),
        AccessError::Password(PasswordFault::Short) => t.say("access-password-short"),
        AccessError::Password(PasswordFault::Long) => t.say("access-password-long"),
        AccessError::Password(PasswordFault::OwnName) => t.say("access-password-own-name"),
        AccessError::Password(PasswordFault::Common) => t.say("access-password-common"),
        AccessError::Code => t.say("access-code"),
        AccessError::SecondFactorNeeded => t.say("access-second-factor-needed"),
        AccessError::NoSecondFactor => t.say("access-no-second-factor"),
        AccessError::MailCode => t.say("access-mail-code"),
        AccessError::NoSession => t.say("failure-session"),
        AccessError::Login => t.say("access-login"),
        AccessError::Name => t.say("access-name"),
        AccessError::Grants => t.say("access-grants"),
        AccessError::OpenId(OpenIdFault::Off) => t.say("failure-not-found"),
        AccessError::OpenId(OpenIdFault::Stale) => t.say("access-openid-stale"),
        AccessError::OpenId(OpenIdFault::Refused) => t.say("access-openid-refused"),
        AccessError::OpenId(OpenIdFault::NoAccount) => t.say("access-openid-no-account"),
        AccessError::OpenId(OpenIdFault::Away) => t.say("access-openid-away"),
        AccessError::App(AppError::Exists(_)) => t.say("access-exists"),
        AccessError::App(_) => t.say("failure-other-title"),
    }
    .into_owned()
}

/// A role.
pub(super) fn role(t: Text, role: GrantRole) -> String {
    match role {
        GrantRole::HomeroomTeacher => t.say("role-homeroom-teacher"),
        GrantRole::Principal => t.say("role-principal"),
        GrantRole::DeputyPrincipal => t.say("role-deputy-principal"),
        GrantRole::Clerk => t.say("role-clerk"),
        GrantRole::Department => t.say("role-department"),
        GrantRole::Operator => t.say("role-operator"),
        GrantRole::SchoolAdministrator => t.say("role-school-administrator"),
    }
    .into_owned()
}

/// A role with its class.
pub(super) fn grant(t: Text, grant: &Grant) -> String {
    let name = role(t, grant.role);
    match &grant.class {
        Some((_, class)) => t.with("home-class", &[("role", &name), ("class", &class.to_string())]).into_owned(),
        None => name,
    }
}

/// A school as people call it, where its name is known; else by its code.
pub(super) fn school(t: Text, code: &SchoolCode, name: Option<&Name>) -> String {
    match name {
        Some(name) => name.to_string(),
        None => t.with("home-school", &[("school", code.as_str())]).into_owned(),
    }
}

/// How an appointment stands.
pub(super) fn standing(t: Text, view: &AppointmentView) -> String {
    match &view.standing {
        Standing::NotYet => t.say("standing-not-yet"),
        Standing::InForce if view.anchored => t.say("standing-in-force"),
        Standing::InForce => t.say("standing-waiting"),
        Standing::RanOut => t.say("standing-ran-out"),
        Standing::Ended { at, reason, .. } => {
            let why = reason.map_or("", |reason| {
                let (vi, en) = reason_words(reason);
                language::pick(t.0, vi, en)
            });
            t.with("standing-ended", &[("at", &date(*at)), ("why", why)])
        }
    }
    .into_owned()
}

/// As what somebody is appointed.
pub(super) fn appointed(t: Text, role: Role) -> String {
    match role {
        Role::Principal => t.say("role-principal"),
        Role::DeputyPrincipal => t.say("role-deputy-principal"),
        Role::SchoolSeal => t.say("position-seal"),
        Role::HomeroomTeacher => t.say("role-homeroom-teacher"),
        Role::Department | Role::ProfilePublisher => t.say("role-department"),
    }
    .into_owned()
}

/// How far an account is.
pub(super) fn state(t: Text, state: AccountState) -> String {
    match state {
        AccountState::New => t.say("state-new"),
        AccountState::Invited(until) => t.with("state-invited", &[("until", &date_time(until))]),
        AccountState::SlipOver => t.say("state-slip-over"),
        AccountState::Active => t.say("state-active"),
        AccountState::Locked => t.say("state-locked"),
    }
    .into_owned()
}

/// Whether a link opens at a moment, and until when it does or why it does not.
pub(super) fn link(t: Text, link: &Link, now: UnixTime) -> (bool, String) {
    let ended = link.expires_at.is_some_and(|end| end <= now);
    let said = match (link.withdrawn_at, link.expires_at) {
        (Some(at), _) => t.with("my-link-withdrawn", &[("at", &date_time(at))]),
        (None, Some(end)) if ended => t.with("my-link-ended", &[("at", &date(end))]),
        (None, Some(end)) => t.with("my-link-until", &[("at", &date(end))]),
        (None, None) => t.say("my-link-open"),
    };
    (link.withdrawn_at.is_none() && !ended, said.into_owned())
}
