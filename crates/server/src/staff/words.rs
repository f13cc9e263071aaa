//! What people are told of roles, states and refusals of signing in.

use hocba_app::{
    AppError,
    access::{AccessError, AccountState, PasswordFault},
    model::{Grant, GrantRole},
};
use hocba_bundle::text::date_time;

use super::text::Text;

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
        AccessError::NoSession => t.say("failure-session"),
        AccessError::Login => t.say("access-login"),
        AccessError::Name => t.say("access-name"),
        AccessError::Grants => t.say("access-grants"),
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
