//! `/sign-in`, `/sign-in/code`, `/sign-out`.

use askama::Template;
use axum::response::Response;
use hocba_app::access::{AccessError, NewSession, SignIn, SignedIn};
use zeroize::Zeroizing;

use super::{
    Answer, Asked, Refusal,
    chrome::{Chrome, Done, Fault, Field},
    cookies::{self, Name},
    form::own_path,
    html, on_to, refused, set_cookie, words,
};

#[derive(Template)]
#[template(path = "staff/sign_in.html")]
pub(super) struct SignInPage {
    pub(super) c: Chrome,
    pub(super) next: String,
    pub(super) login: Field,
    pub(super) password: Field,
    /// The way through the OpenID Connect provider.
    pub(super) openid: Option<Outside>,
}

/// What the page says of the provider.
pub(super) struct Outside {
    pub(super) button: String,
    /// The way out there, for somebody who has just signed out here.
    pub(super) out: Option<String>,
}

impl SignInPage {
    pub(super) fn new(c: Chrome, next: &str, login: &str) -> Self {
        let t = c.t;
        let c = c.titled(t.say("sign-in-title"));
        Self {
            next: own_path(next).unwrap_or_default().to_owned(),
            login: c.field("login", t.say("login")).value(login).autocomplete("username").plain(),
            password: c.field("password", t.say("password")).password("current-password"),
            openid: None,
            c,
        }
    }

    /// With the way through the provider, where there is one.
    pub(super) fn provider(self, asked: &Asked) -> Self {
        let out = asked.asked_for("done") == Some(Done::SignedOutHere.code());
        match asked.provider_name() {
            Some(name) => self.outside(name, out),
            None => self,
        }
    }

    pub(super) fn outside(mut self, name: &str, out: bool) -> Self {
        let t = self.c.t;
        let name = [("name", name)];
        let button = t.with("sign-in-openid", &name).into_owned();
        self.openid = Some(Outside { button, out: out.then(|| t.with("sign-out-openid", &name).into_owned()) });
        self
    }
}

#[derive(Template)]
#[template(path = "staff/sign_in_code.html")]
pub(super) struct CodePage {
    pub(super) c: Chrome,
    pub(super) next: String,
    pub(super) sealed: String,
    pub(super) code: Field,
    /// Where the code is sent.
    pub(super) action: &'static str,
}

impl CodePage {
    pub(super) fn new(c: Chrome, next: &str, sealed: String) -> Self {
        let t = c.t;
        let c = c.titled(t.say("sign-in-code-title"));
        let code = c.field("code", t.say("sign-in-code")).hint(t.say("sign-in-code-hint")).digits();
        Self { next: own_path(next).unwrap_or_default().to_owned(), sealed, code, action: "/sign-in/code", c }
    }

    /// The same for the second step of another way in.
    pub(super) fn sent_to(self, action: &'static str) -> Self {
        Self { action, ..self }
    }
}

pub(super) async fn show(asked: Asked) -> Answer {
    let next = asked.asked_for("next").and_then(own_path).unwrap_or_default().to_owned();
    if asked.session.is_some() {
        return Ok(on_to(if next.is_empty() { "/home" } else { &next }, None));
    }
    html(&SignInPage::new(asked.chrome("/sign-in"), &next, "").provider(&asked))
}

/// Tries to get in.
async fn tried(
    asked: &Asked,
    login: String,
    password: Zeroizing<String>,
    code: Option<String>,
) -> Result<Result<SignedIn, AccessError>, Refusal> {
    let (app, device, address, agent) = (asked.app().clone(), asked.device.clone(), asked.address, asked.agent.clone());
    asked
        .heavy(async move {
            let client = hocba_app::access::Client { address, agent: &agent };
            let with =
                SignIn { login: &login, password: &password, code: code.as_deref(), device: device.as_deref(), client };
            app.sign_in(&with).await
        })
        .await
}

/// In: the session of before, if there was one, is over; its token was never this one's.
pub(super) async fn enter(asked: &Asked, new: &NewSession, response: &mut Response) -> Result<(), Refusal> {
    if let Some(old) = &asked.session {
        asked.app().sign_out(old).await?;
    }
    let secure = asked.secure();
    let left = new.device_until.seconds() - asked.app().edges().now().seconds();
    set_cookie(response, cookies::set(Name::Session, &new.token, None, secure));
    set_cookie(response, cookies::set(Name::Device, &new.device_token, Some(left), secure));
    // What forms carried before is worth nothing from now on.
    set_cookie(response, cookies::set(Name::Before, "", Some(0), secure));
    Ok(())
}

async fn entered(asked: &Asked, new: &NewSession) -> Answer {
    let next = own_path(asked.form.get("next")).unwrap_or("/home");
    let mut response = on_to(if new.must_enrol { "/me/second-factor" } else { next }, None);
    enter(asked, new, &mut response).await?;
    Ok(response)
}

pub(super) fn fault(asked: &Asked, field: &'static str, error: &AccessError) -> Vec<Fault> {
    vec![Fault { field, text: words::of(asked.t(), error) }]
}

pub(super) async fn password(asked: Asked) -> Answer {
    let login = asked.form.get("login").trim().to_owned();
    let password = Zeroizing::new(asked.form.get("password").to_owned());
    match tried(&asked, login.clone(), password.clone(), None).await? {
        Ok(SignedIn::Session(new)) => entered(&asked, &new).await,
        Ok(SignedIn::CodeNeeded) => {
            let sealed = asked.server.process_key.seal(asked.app(), &asked.before, &login, &password)?;
            html(&CodePage::new(asked.chrome("/sign-in"), asked.form.get("next"), sealed))
        }
        Err(error @ (AccessError::Wrong | AccessError::Locked)) => {
            let chrome = asked.chrome("/sign-in").wrong(fault(&asked, "login", &error));
            refused(&SignInPage::new(chrome, asked.form.get("next"), &login).provider(&asked))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn code(asked: Asked) -> Answer {
    let sealed = asked.form.get("sealed").to_owned();
    let next = asked.form.get("next").to_owned();
    let Some((login, password)) = asked.server.process_key.open(asked.app(), &asked.before, &sealed) else {
        let text = asked.t().say("fault-start-again").into_owned();
        let chrome = asked.chrome("/sign-in").wrong(vec![Fault { field: "", text }]);
        return refused(&SignInPage::new(chrome, &next, "").provider(&asked));
    };
    let code = asked.form.get("code").trim().to_owned();
    match tried(&asked, login, password, Some(code)).await? {
        Ok(SignedIn::Session(new)) => entered(&asked, &new).await,
        Err(error @ AccessError::Locked) => {
            let chrome = asked.chrome("/sign-in").wrong(fault(&asked, "", &error));
            refused(&SignInPage::new(chrome, &next, "").provider(&asked))
        }
        Ok(SignedIn::CodeNeeded) | Err(AccessError::Wrong) => {
            let chrome = asked.chrome("/sign-in").wrong(fault(&asked, "code", &AccessError::Code));
            refused(&CodePage::new(chrome, &next, sealed))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn out(asked: Asked) -> Answer {
    let session = asked.session()?;
    asked.app().sign_out(session).await?;
    // Whoever came through the provider is still signed in there.
    let outside = session.openid && asked.provider_name().is_some();
    let mut response = on_to("/sign-in", Some(if outside { Done::SignedOutHere } else { Done::SignedOut }));
    set_cookie(&mut response, cookies::set(Name::Session, "", Some(0), asked.secure()));
    Ok(response)
}
