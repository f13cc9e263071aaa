//! `/school/{school}/accounts…`: what a school's administrator does with the accounts of the school.

use askama::Template;
use hocba_app::{
    AppError,
    access::{AccessError, AccountLine, AccountState, NewSchoolAccount, Slip},
    model::{Grant, GrantRole, Id},
    policy::{may, to_give},
};
use hocba_bundle::text::date_time;
use hocba_record::types::SchoolCode;

use super::{
    Answer, Asked, Refusal,
    chrome::{Chrome, Done, Fault, Field},
    html, on_to, refused,
    text::Text,
    words,
};

pub(super) struct LineView {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) login: String,
    pub(super) roles: String,
    pub(super) state: String,
    pub(super) may_change: bool,
}

fn view(t: Text, line: &AccountLine) -> LineView {
    let roles: Vec<String> = line.account.grants.iter().map(|grant| words::grant(t, grant)).collect();
    LineView {
        id: line.account.id.to_string(),
        name: line.account.name.clone(),
        login: line.account.login.clone(),
        roles: roles.join(", "),
        state: words::state(t, line.state),
        may_change: line.may_change,
    }
}

fn list_address(school: &SchoolCode) -> String {
    format!("/school/{school}/accounts")
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Whether a slip may be made without taking a password from anybody.
fn waits(line: &AccountLine) -> bool {
    line.may_change && matches!(line.state, AccountState::New | AccountState::Invited(_) | AccountState::SlipOver)
}

#[derive(Template)]
#[template(path = "staff/accounts.html")]
pub(super) struct AccountsPage {
    pub(super) c: Chrome,
    pub(super) school: String,
    pub(super) slips_action: String,
    pub(super) active: u32,
    pub(super) all: u32,
    /// `all`, and one where there is none: a bar of nothing is not a bar.
    pub(super) most: u32,
    pub(super) waiting: u32,
    pub(super) lines: Vec<LineView>,
}

impl AccountsPage {
    pub(super) fn new(c: Chrome, school: &SchoolCode, lines: &[AccountLine]) -> Self {
        let t = c.t;
        let all = count(lines.len());
        Self {
            c: c.titled(t.say("accounts-title")).below_home(),
            school: school.to_string(),
            slips_action: format!("/school/{school}/slips"),
            active: count(lines.iter().filter(|line| line.state == AccountState::Active).count()),
            all,
            most: all.max(1),
            waiting: count(lines.iter().filter(|line| waits(line)).count()),
            lines: lines.iter().map(|line| view(t, line)).collect(),
        }
    }
}

/// The accounts of the school in the address, which has to be there.
async fn lines(asked: &Asked) -> Result<(SchoolCode, Vec<AccountLine>), Refusal> {
    let school = asked.school()?;
    if !asked.app().administered_schools(asked.actor()?).await?.contains(&school) {
        return Err(Refusal::NotFound);
    }
    let lines = asked.app().school_accounts(asked.actor()?, &school).await?;
    Ok((school, lines))
}

pub(super) async fn list(asked: Asked) -> Answer {
    let (school, lines) = lines(&asked).await?;
    html(&AccountsPage::new(asked.chrome(list_address(&school)), &school, &lines))
}

pub(super) struct RoleView {
    pub(super) value: &'static str,
    pub(super) text: String,
    pub(super) chosen: bool,
}

#[derive(Template)]
#[template(path = "staff/account_add.html")]
pub(super) struct AddPage {
    pub(super) c: Chrome,
    pub(super) action: String,
    pub(super) name: Field,
    pub(super) login: Field,
    pub(super) roles: Vec<RoleView>,
}

impl AddPage {
    pub(super) fn new(c: Chrome, school: &SchoolCode, roles: &[GrantRole], typed: [&str; 3]) -> Self {
        let t = c.t;
        let c = c.titled(t.say("account-add-title")).crumb(t.say("accounts-title"), list_address(school));
        let [name, login, role] = typed;
        let view = |r: &GrantRole| RoleView { value: r.as_str(), text: words::role(t, *r), chosen: r.as_str() == role };
        Self {
            action: format!("/school/{school}/accounts/add"),
            name: c.field("name", t.say("name")).value(name),
            login: c.field("login", t.say("login")).hint(t.say("account-login-hint")).value(login).plain(),
            roles: roles.iter().map(view).collect(),
            c,
        }
    }
}

/// The roles that whoever asks may give in this school, for all of it.
fn roles(asked: &Asked, school: &SchoolCode) -> Result<Vec<GrantRole>, Refusal> {
    const OFFERED: [GrantRole; 5] = [
        GrantRole::HomeroomTeacher,
        GrantRole::Principal,
        GrantRole::DeputyPrincipal,
        GrantRole::Clerk,
        GrantRole::SchoolAdministrator,
    ];
    let actor = asked.actor()?;
    let may_give = |role: &GrantRole| {
        let grant = Grant::of_school(*role, school.clone(), None);
        let (action, place) = to_give(&grant);
        may(actor, action, place)
    };
    Ok(OFFERED.into_iter().filter(may_give).collect())
}

pub(super) async fn add_form(asked: Asked) -> Answer {
    let (school, _) = lines(&asked).await?;
    let chrome = asked.chrome(asked.path.clone());
    html(&AddPage::new(chrome, &school, &roles(&asked, &school)?, ["", "", ""]))
}

pub(super) async fn add(asked: Asked) -> Answer {
    let (school, _) = lines(&asked).await?;
    let typed = ["name", "login", "role"].map(|field| asked.form.get(field).trim());
    let [name, login, role] = typed;
    let roles = roles(&asked, &school)?;
    let t = asked.t();
    let fault = match roles.iter().find(|known| known.as_str() == role) {
        None => Fault { field: "role", text: t.say("fault-role").into_owned() },
        Some(_) if name.is_empty() => Fault { field: "name", text: t.say("fault-empty").into_owned() },
        Some(role) => {
            let grants = vec![Grant::of_school(*role, school.clone(), None)];
            let new = NewSchoolAccount { login: login.to_owned(), name: name.to_owned(), grants };
            match asked.app().add_school_account(asked.actor()?, &new).await {
                Ok(_) => return Ok(on_to(&list_address(&school), Some(Done::AccountAdded))),
                Err(error @ AccessError::Name) => Fault { field: "name", text: words::of(t, &error) },
                Err(error @ (AccessError::Login | AccessError::App(AppError::Exists(_)))) => {
                    Fault { field: "login", text: words::of(t, &error) }
                }
                Err(error) => return Err(error.into()),
            }
        }
    };
    refused(&AddPage::new(asked.chrome(asked.path.clone()).wrong(vec![fault]), &school, &roles, typed))
}

/// The account of the address; of another school, or one that may not be touched, it is not there.
async fn found(asked: &Asked) -> Result<(SchoolCode, AccountLine), Refusal> {
    let id: Id = asked.param("account").parse().map_err(|_| Refusal::NotFound)?;
    let (school, lines) = lines(asked).await?;
    let line = lines.into_iter().find(|line| line.account.id == id && line.may_change);
    Ok((school, line.ok_or(Refusal::NotFound)?))
}

#[derive(Template)]
#[template(path = "staff/account.html")]
pub(super) struct AccountPage {
    pub(super) c: Chrome,
    pub(super) line: LineView,
    pub(super) has_totp: bool,
    pub(super) locked: bool,
    pub(super) reset_action: String,
    pub(super) lock_action: String,
}

impl AccountPage {
    pub(super) fn new(c: Chrome, school: &SchoolCode, line: &AccountLine) -> Self {
        let t = c.t;
        let locked = line.state == AccountState::Locked;
        let address = format!("{}/{}", list_address(school), line.account.id);
        Self {
            c: c.titled(line.account.name.clone()).crumb(t.say("accounts-title"), list_address(school)),
            line: view(t, line),
            has_totp: line.has_totp,
            locked,
            reset_action: format!("{address}/reset"),
            lock_action: format!("{address}/{}", if locked { "unlock" } else { "lock" }),
        }
    }
}

pub(super) async fn one(asked: Asked) -> Answer {
    let (school, line) = found(&asked).await?;
    html(&AccountPage::new(asked.chrome(asked.path.clone()), &school, &line))
}

pub(super) async fn lock(asked: Asked) -> Answer {
    let (school, line) = found(&asked).await?;
    asked.app().lock_account(asked.actor()?, &line.account.id).await?;
    Ok(on_to(&list_address(&school), Some(Done::AccountLocked)))
}

pub(super) async fn unlock(asked: Asked) -> Answer {
    let (school, line) = found(&asked).await?;
    asked.app().unlock_account(asked.actor()?, &line.account.id).await?;
    Ok(on_to(&list_address(&school), Some(Done::AccountUnlocked)))
}

pub(super) struct SlipSheet {
    pub(super) name: String,
    pub(super) login: String,
    pub(super) code: String,
    pub(super) until: String,
}

#[derive(Template)]
#[template(path = "staff/slips.html")]
pub(super) struct SlipsPage {
    pub(super) c: Chrome,
    pub(super) back: String,
    pub(super) address: String,
    pub(super) slips: Vec<SlipSheet>,
}

impl SlipsPage {
    pub(super) fn new(c: Chrome, school: &SchoolCode, address: String, slips: Vec<Slip>) -> Self {
        let t = c.t;
        let sheet = |slip: Slip| SlipSheet {
            name: slip.name,
            login: slip.login,
            code: slip.code,
            until: date_time(slip.expires_at),
        };
        let back = list_address(school);
        Self { c: c.titled(t.say("slips-title")), back, address, slips: slips.into_iter().map(sheet).collect() }
    }
}

pub(super) fn sheets(asked: &Asked, school: &SchoolCode, slips: Vec<Slip>) -> Answer {
    let address = asked.server.config.public_url.to_string();
    html(&SlipsPage::new(asked.chrome(list_address(school)), school, address, slips))
}

pub(super) async fn slips(asked: Asked) -> Answer {
    let (school, lines) = lines(&asked).await?;
    let waiting = lines.iter().filter(|line| waits(line)).take(hocba_app::access::MAX_SLIPS);
    let ids: Vec<Id> = waiting.map(|line| line.account.id).collect();
    let slips = asked.app().make_slips(asked.actor()?, &ids).await?;
    sheets(&asked, &school, slips)
}

pub(super) async fn reset(asked: Asked) -> Answer {
    let (school, line) = found(&asked).await?;
    let slip = asked.app().reset_account(asked.actor()?, &line.account.id).await?;
    sheets(&asked, &school, vec![slip])
}
