//! `/me/…`: where I am signed in, my password, my second factor.

use askama::Template;
use hocba_app::access::{AccessError, NewTotp, SessionLine};
use hocba_bundle::text::date_time;
use zeroize::Zeroizing;

use super::{
    Answer, Asked,
    activate::{RecoveryPage, qr, spaced},
    chrome::{Chrome, Done, Fault, Field},
    html, on_to, refused, words,
};
use crate::problem::Problem;

pub(super) struct LineView {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) since: String,
    pub(super) seen: String,
    pub(super) current: bool,
}

#[derive(Template)]
#[template(path = "staff/sessions.html")]
pub(super) struct SessionsPage {
    pub(super) c: Chrome,
    pub(super) lines: Vec<LineView>,
}

impl SessionsPage {
    pub(super) fn new(c: Chrome, lines: Vec<SessionLine>) -> Self {
        let t = c.t;
        let lines = lines.into_iter().map(|line| LineView {
            id: line.id.to_string(),
            label: line.label,
            since: date_time(line.created_at),
            seen: date_time(line.seen_at),
            current: line.current,
        });
        Self { lines: lines.collect(), c: c.titled(t.say("sessions-title")).below_home() }
    }
}

pub(super) async fn sessions(asked: Asked) -> Answer {
    let lines = asked.app().sessions(asked.session()?).await?;
    html(&SessionsPage::new(asked.chrome("/me/sessions"), lines))
}

pub(super) async fn end_session(asked: Asked) -> Answer {
    let id = asked.form.get("session").parse().map_err(|_| super::Refusal::NotFound)?;
    // One that has ended meanwhile is ended.
    asked.app().end_session(asked.session()?, &id).await?;
    Ok(on_to("/me/sessions", Some(Done::SessionEnded)))
}

pub(super) async fn end_others(asked: Asked) -> Answer {
    asked.app().end_other_sessions(asked.session()?).await?;
    Ok(on_to("/me/sessions", Some(Done::OthersEnded)))
}

#[derive(Template)]
#[template(path = "staff/password.html")]
pub(super) struct PasswordPage {
    pub(super) c: Chrome,
    pub(super) login: String,
    pub(super) old: Field,
    pub(super) password: Field,
    pub(super) again: Field,
}

impl PasswordPage {
    pub(super) fn new(c: Chrome, login: &str) -> Self {
        let t = c.t;
        let c = c.titled(t.say("password-title")).below_home();
        Self {
            login: login.to_owned(),
            old: c.field("old", t.say("password-old")).password("current-password"),
            password: c
                .field("password", t.say("password-new"))
                .hint(t.say("password-new-hint"))
                .password("new-password"),
            again: c.field("again", t.say("password-again")).password("new-password"),
            c,
        }
    }
}

pub(super) async fn password(asked: Asked) -> Answer {
    html(&PasswordPage::new(asked.chrome("/me/password"), &asked.session()?.account.login))
}

pub(super) async fn change_password(asked: Asked) -> Answer {
    let session = asked.session()?.clone();
    let login = session.account.login.clone();
    let old = Zeroizing::new(asked.form.get("old").to_owned());
    let new = Zeroizing::new(asked.form.get("password").to_owned());
    let fault = if *new != asked.form.get("again") {
        Fault { field: "again", text: asked.t().say("fault-again").into_owned() }
    } else {
        let app = asked.app().clone();
        let field = match asked.heavy(async move { app.change_password(&session, &old, &new).await }).await? {
            Ok(()) => return Ok(on_to("/home", Some(Done::PasswordChanged))),
            Err(error @ AccessError::Password(_)) => ("password", error),
            Err(error @ AccessError::Wrong) => ("old", error),
            Err(error) => return Err(error.into()),
        };
        Fault { field: field.0, text: words::of(asked.t(), &field.1) }
    };
    refused(&PasswordPage::new(asked.chrome("/me/password").wrong(vec![fault]), &login))
}

#[derive(Template)]
#[template(path = "staff/second_factor.html")]
pub(super) struct SecondFactorPage {
    pub(super) c: Chrome,
    pub(super) must: bool,
    pub(super) has: bool,
    pub(super) left: u32,
    /// Whether the provider said a moment ago who it is, so that no password is asked for.
    pub(super) proven: bool,
    pub(super) password: Field,
    pub(super) code: Field,
}

impl SecondFactorPage {
    pub(super) fn new(c: Chrome, must: bool, has: bool, left: u32, proven: bool) -> Self {
        let t = c.t;
        let c = c.titled(t.say("second-factor-title")).below_home();
        Self {
            must,
            has,
            left,
            proven,
            password: c.field("password", t.say("password")).password("current-password"),
            code: c.field("code", t.say("second-factor-code")).digits(),
            c,
        }
    }
}

async fn second_factor_page(asked: &Asked, faults: Vec<Fault>) -> Result<SecondFactorPage, super::Refusal> {
    let session = asked.session()?;
    let left = asked.app().recovery_codes_left(session).await?;
    let chrome = asked.chrome("/me/second-factor").wrong(faults);
    Ok(SecondFactorPage::new(chrome, session.must_enrol, session.has_totp, left, session.proven))
}

pub(super) async fn second_factor(asked: Asked) -> Answer {
    html(&second_factor_page(&asked, Vec::new()).await?)
}

#[derive(Template)]
#[template(path = "staff/second_factor_confirm.html")]
pub(super) struct ConfirmPage {
    pub(super) c: Chrome,
    pub(super) qr: String,
    pub(super) secret: String,
    pub(super) code: Field,
}

impl ConfirmPage {
    pub(super) fn new(c: Chrome, totp: &NewTotp) -> Result<Self, Problem> {
        let t = c.t;
        let c = c.titled(t.say("second-factor-confirm-title")).crumb(t.say("second-factor-title"), "/me/second-factor");
        Ok(Self {
            qr: qr(&c, &totp.uri)?,
            secret: spaced(&totp.secret),
            code: c.field("code", t.say("second-factor-code")).digits(),
            c,
        })
    }
}

pub(super) async fn enrol(asked: Asked) -> Answer {
    let (app, session) = (asked.app().clone(), asked.session()?.clone());
    let password = Zeroizing::new(asked.form.get("password").to_owned());
    match asked.heavy(async move { app.enrol_totp(&session, &password).await }).await? {
        Ok(totp) => html(&ConfirmPage::new(asked.chrome("/me/second-factor"), &totp)?),
        Err(error @ AccessError::Wrong) => {
            let faults = vec![Fault { field: "password", text: words::of(asked.t(), &error) }];
            refused(&second_factor_page(&asked, faults).await?)
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn confirm(asked: Asked) -> Answer {
    match asked.app().confirm_totp(asked.session()?, asked.form.get("code").trim()).await {
        Ok(codes) => html(&RecoveryPage::new(asked.chrome("/home"), codes, false)),
        // The offer was for whoever knew the password a moment ago; it is shown again only to them.
        Err(error @ AccessError::Code) => {
            let field = if asked.session()?.proven { "" } else { "password" };
            let faults = vec![Fault { field, text: words::of(asked.t(), &error) }];
            refused(&second_factor_page(&asked, faults).await?)
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn recovery_codes(asked: Asked) -> Answer {
    match asked.app().recovery_codes(asked.session()?, asked.form.get("code").trim()).await {
        Ok(codes) => html(&RecoveryPage::new(asked.chrome("/home"), codes, false)),
        Err(error @ AccessError::Code) => {
            let faults = vec![Fault { field: "code", text: words::of(asked.t(), &error) }];
            refused(&second_factor_page(&asked, faults).await?)
        }
        Err(error) => Err(error.into()),
    }
}
