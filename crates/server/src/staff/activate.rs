//! `/activate`: from a printed slip to an account with a password and a second factor.

use askama::Template;
use hocba_app::access::{AccessError, Activation, Client, SlipView};
use zeroize::Zeroizing;

use super::{
    Answer, Asked,
    chrome::{Chrome, Fault, Field},
    html, on_to, refused, sign_in, words,
};
use crate::{problem::Problem, qr::Qr};

#[derive(Template)]
#[template(path = "staff/activate.html")]
pub(super) struct SlipPage {
    pub(super) c: Chrome,
    pub(super) slip: Field,
}

impl SlipPage {
    pub(super) fn new(c: Chrome, typed: &str) -> Self {
        let t = c.t;
        let c = c.titled(t.say("activate-title"));
        let slip = c.field("slip", t.say("activate-slip")).hint(t.say("activate-slip-hint")).value(typed).plain();
        Self { slip, c }
    }
}

#[derive(Template)]
#[template(path = "staff/activate_account.html")]
pub(super) struct ActivatePage {
    pub(super) c: Chrome,
    pub(super) name: String,
    pub(super) login: String,
    /// As typed: the form brings it again, and no address ever has it.
    pub(super) slip: String,
    pub(super) password: Field,
    pub(super) again: Field,
    pub(super) qr: String,
    pub(super) secret: String,
    pub(super) needed: bool,
    pub(super) code: Field,
}

impl ActivatePage {
    pub(super) fn new(c: Chrome, slip: &str, view: &SlipView) -> Result<Self, Problem> {
        let t = c.t;
        let c = c.titled(t.say("activate-account-title"));
        let code = c.field("code", t.say("second-factor-code")).digits();
        Ok(Self {
            name: view.name.clone(),
            login: view.login.clone(),
            slip: slip.to_owned(),
            password: c
                .field("password", t.say("password-new"))
                .hint(t.say("password-new-hint"))
                .password("new-password"),
            again: c.field("again", t.say("password-again")).password("new-password"),
            qr: qr(&c, &view.totp.uri)?,
            secret: spaced(&view.totp.secret),
            needed: view.second_factor,
            code: if view.second_factor { code } else { code.optional() },
            c,
        })
    }
}

/// The QR code of a second factor.
pub(super) fn qr(c: &Chrome, uri: &str) -> Result<String, Problem> {
    Ok(Qr::of(uri).map_err(Problem::internal)?.svg(&c.t.say("second-factor-qr")))
}

/// In groups of four, to be typed.
pub(super) fn spaced(secret: &str) -> String {
    let characters: Vec<char> = secret.chars().collect();
    characters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[derive(Template)]
#[template(path = "staff/recovery.html")]
pub(super) struct RecoveryPage {
    pub(super) c: Chrome,
    pub(super) codes: Vec<String>,
    pub(super) activating: bool,
}

impl RecoveryPage {
    pub(super) fn new(c: Chrome, codes: Vec<String>, activating: bool) -> Self {
        let t = c.t;
        Self { c: c.titled(t.say("recovery-title")), codes, activating }
    }
}

pub(super) async fn show(asked: Asked) -> Answer {
    html(&SlipPage::new(asked.chrome("/activate"), ""))
}

fn slip_refused(asked: &Asked, typed: &str, error: &AccessError) -> Answer {
    let faults = vec![Fault { field: "slip", text: words::of(asked.t(), error) }];
    refused(&SlipPage::new(asked.chrome("/activate").wrong(faults), typed))
}

pub(super) async fn slip(asked: Asked) -> Answer {
    let typed = asked.form.get("slip");
    match asked.app().slip(typed, asked.client()).await {
        Ok(view) => html(&ActivatePage::new(asked.chrome("/activate"), typed, &view)?),
        Err(error @ (AccessError::Slip | AccessError::SlipMistyped)) => slip_refused(&asked, typed, &error),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn account(asked: Asked) -> Answer {
    let slip = asked.form.get("slip").to_owned();
    let code = Some(asked.form.get("code").trim()).filter(|code| !code.is_empty()).map(str::to_owned);
    let password = Zeroizing::new(asked.form.get("password").to_owned());
    let refusal = if *password != asked.form.get("again") {
        Fault { field: "again", text: asked.t().say("fault-again").into_owned() }
    } else {
        let (app, slip, address, agent) = (asked.app().clone(), slip.clone(), asked.address, asked.agent.clone());
        let done = asked.heavy(async move {
            let client = Client { address, agent: &agent };
            app.activate(&Activation { slip: &slip, password: &password, code: code.as_deref(), client }).await
        });
        let field = match done.await? {
            Ok(activated) => {
                // Without a second factor there are no codes to keep.
                if activated.recovery.is_empty() {
                    let mut response = on_to("/home", None);
                    sign_in::enter(&asked, &activated.session, &mut response).await?;
                    return Ok(response);
                }
                // Signed in, but not on this page: its forms would be of no session yet.
                let codes = RecoveryPage::new(asked.chrome("/activate"), activated.recovery, true);
                let mut response = html(&codes)?;
                sign_in::enter(&asked, &activated.session, &mut response).await?;
                return Ok(response);
            }
            Err(error @ AccessError::Password(_)) => ("password", error),
            Err(error @ (AccessError::Code | AccessError::SecondFactorNeeded)) => ("code", error),
            Err(error @ (AccessError::Slip | AccessError::SlipMistyped)) => {
                return slip_refused(&asked, "", &error);
            }
            Err(error) => return Err(error.into()),
        };
        Fault { field: field.0, text: words::of(asked.t(), &field.1) }
    };
    match asked.app().slip(&slip, asked.client()).await {
        Ok(view) => refused(&ActivatePage::new(asked.chrome("/activate").wrong(vec![refusal]), &slip, &view)?),
        Err(error @ (AccessError::Slip | AccessError::SlipMistyped)) => slip_refused(&asked, "", &error),
        Err(error) => Err(error.into()),
    }
}
