//! `/me/mail`: where somebody is told by e-mail that something waits for them; and the two letters there are.
//!
//! Without a mail server the page is not there. A letter says how many things wait and where they are done; what they are, and
//! whose, stands behind the sign-in (docs/adr/0027).

use std::time::Duration;

use askama::Template;
use hocba_app::{
    App,
    access::{AccessError, MAIL_CODE_LIFE, MailState},
};
use hocba_mail::{Address, Letter, PostError, Smtp};
use tokio::time::timeout;

use super::{
    Answer, Asked, Refusal,
    chrome::{Chrome, Done, Fault, Field},
    html, on_to, refused,
    text::Text,
    words,
};
use crate::{language::Language, problem::Problem};

/// How long a person waits for their code to be handed over: less than a request may take.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Template)]
#[template(path = "staff/mail.html")]
pub(super) struct MailPage {
    pub(super) c: Chrome,
    pub(super) state: MailState,
    pub(super) address: Field,
    pub(super) code: Field,
}

impl MailPage {
    pub(super) fn new(c: Chrome, state: MailState, typed: &str) -> Self {
        let t = c.t;
        let c = c.titled(t.say("mail-title")).below_home();
        Self {
            address: c.field("address", t.say("mail-address")).value(typed).autocomplete("email").plain(),
            code: c.field("code", t.say("mail-code")).code(),
            state,
            c,
        }
    }
}

/// The mail server, where there is one.
fn smtp(asked: &Asked) -> Result<&Smtp, Refusal> {
    asked.server.mail.as_deref().ok_or(Refusal::NotFound)
}

/// Whether somebody is offered the page.
pub(super) async fn is_offered(asked: &Asked) -> Result<bool, Refusal> {
    match asked.server.mail {
        Some(_) => Ok(asked.app().mail_state(asked.session()?).await?.is_some()),
        None => Ok(false),
    }
}

async fn page(asked: &Asked, faults: Vec<Fault>) -> Result<MailPage, Refusal> {
    smtp(asked)?;
    let session = asked.session()?;
    let state = match asked.app().mail_state(session).await {
        Err(AccessError::SecondFactorNeeded) => return Err(Refusal::MustEnrol),
        state => state?.ok_or(Refusal::NotFound)?,
    };
    Ok(MailPage::new(asked.chrome("/me/mail").wrong(faults), state, asked.form.get("address")))
}

pub(super) async fn show(asked: Asked) -> Answer {
    html(&page(&asked, Vec::new()).await?)
}

async fn again(asked: &Asked, field: &'static str, text: String) -> Answer {
    refused(&page(asked, vec![Fault { field, text }]).await?)
}

pub(super) async fn give(asked: Asked) -> Answer {
    let smtp = smtp(&asked)?.clone();
    let Ok(address) = asked.form.get("address").trim().parse::<Address>() else {
        let text = asked.t().say("mail-address-wrong").into_owned();
        return again(&asked, "address", text).await;
    };
    let code = match asked.app().give_mail(asked.session()?, address.as_str()).await {
        Ok(code) => code,
        Err(AccessError::SecondFactorNeeded) => return Err(Refusal::MustEnrol),
        Err(error) => return Err(error.into()),
    };
    let letter = code_letter(asked.app(), address, &code)?;
    let sent = timeout(PATIENCE, smtp.send(&letter)).await.unwrap_or(Err(PostError::Away));
    match sent {
        Ok(()) => Ok(on_to("/me/mail", Some(Done::MailCodeSent))),
        Err(error) => {
            tracing::warn!(code = error.code(), "a code could not be sent by e-mail: {error}");
            let id = match error {
                PostError::Refused(_) => "mail-refused",
                _ => "mail-away",
            };
            again(&asked, "address", asked.t().say(id).into_owned()).await
        }
    }
}

pub(super) async fn confirm(asked: Asked) -> Answer {
    smtp(&asked)?;
    match asked.app().confirm_mail(asked.session()?, asked.form.get("code")).await {
        Ok(()) => Ok(on_to("/me/mail", Some(Done::MailConfirmed))),
        Err(AccessError::SecondFactorNeeded) => Err(Refusal::MustEnrol),
        Err(error @ AccessError::MailCode) => {
            let text = words::of(asked.t(), &error);
            let page = page(&asked, Vec::new()).await?;
            // One that is over waits no more, and its field is gone.
            let field = if page.state.waiting.is_some() { "code" } else { "" };
            again(&asked, field, text).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn remove(asked: Asked) -> Answer {
    smtp(&asked)?;
    asked.app().remove_mail(asked.session()?).await?;
    Ok(on_to("/me/mail", Some(Done::MailRemoved)))
}

/// A letter in both languages, Vietnamese first.
///
/// `words` gives its subject and its text.
fn letter(app: &App, to: Address, words: impl Fn(Text) -> [String; 2]) -> Result<Letter, Problem> {
    let [vietnamese, english] = [Language::Vietnamese, Language::English].map(|language| words(Text(language)));
    let [subject, text] = [0, 1].map(|part| (&vietnamese[part], &english[part]));
    Ok(Letter {
        to,
        subject: format!("{} / {}", subject.0, subject.1),
        text: format!("{}\n\n---\n\n{}\n", text.0, text.1),
        at: app.edges().now(),
        id: app.edges().bytes().map_err(Problem::internal)?,
    })
}

fn code_letter(app: &App, to: Address, code: &str) -> Result<Letter, Problem> {
    let minutes = (MAIL_CODE_LIFE / 60).to_string();
    letter(app, to, |t| {
        let text = t.with("mail-code-text", &[("code", code), ("minutes", &minutes)]);
        [t.say("mail-code-subject").into_owned(), text.into_owned()]
    })
}

/// The letter of a day: so many things wait at this address of ours.
pub(crate) fn daily_letter(app: &App, to: Address, count: u32, public_url: &str) -> Result<Letter, Problem> {
    let (home, me) = (format!("{public_url}/home"), format!("{public_url}/me/mail"));
    letter(app, to, |t| {
        let count = t.count("mail-daily-count", count);
        let text = t.with("mail-daily-text", &[("count", &count), ("home", &home), ("me", &me)]);
        [t.say("mail-daily-subject").into_owned(), text.into_owned()]
    })
}
