//! `/sign-in/openid`, `/sign-in/openid/return`, `/sign-in/openid/code`, `/sign-in/openid/sign-out`: through the department's
//! OpenID Connect provider.
//!
//! What comes back is held against what a cookie of this browser began, exchanged and verified by `hocba-openid`, and decided
//! by `hocba-app`. The log has the step that failed, never a code, a token or a claim.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use hocba_app::access::{AccessError, OpenIdClaims, OpenIdFault, OpenIdSettings, OpenIdSignIn, SignedIn};
use hocba_openid::{Fault as ProviderFault, Leaving, Provider, Returned};

use super::{
    Answer, Asked, Refusal, answer,
    chrome::{Done, Fault},
    cookies::{self, Name},
    form::own_path,
    html, on_to, refused, set_cookie,
    sign_in::{CodePage, SignInPage, enter, fault},
    words,
};
use crate::language;

/// Where the provider sends the browser back to.
const RETURN: &str = "/sign-in/openid/return";
/// Where the second step is sent.
pub(super) const CODE: &str = "/sign-in/openid/code";
/// Longest address that is come back to after signing in: what fits into the cookie with room to spare.
const MAX_NEXT: usize = 300;
/// Longest authorization code taken. Those of providers have some hundred characters; some are tokens themselves.
const MAX_CODE: usize = 4096;

impl Asked {
    /// The provider, where the use cases and the server both know of one.
    fn provider(&self) -> Result<(&Provider, &OpenIdSettings), Refusal> {
        let settings = self.app().access().openid.as_ref();
        self.server.openid.as_deref().zip(settings).ok_or(Refusal::NotFound)
    }

    /// What people call the provider, for the button.
    pub(super) fn provider_name(&self) -> Option<&str> {
        self.provider().ok().map(|(_, settings)| settings.name.as_str())
    }

    fn return_address(&self) -> String {
        format!("{}{RETURN}", self.server.config.public_url)
    }

    fn now(&self) -> i64 {
        self.app().edges().now().seconds()
    }
}

/// To another host, by GET.
fn away(address: &str) -> Result<Response, Refusal> {
    let address = HeaderValue::from_str(address).map_err(|_| Refusal::NotFound)?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response())
}

/// The sign-in page with what went wrong and the other ways in.
fn failed(asked: &Asked, error: &AccessError, next: &str) -> Answer {
    let faults = vec![Fault { field: "", text: words::of(asked.t(), error) }];
    let page = SignInPage::new(asked.chrome("/sign-in").wrong(faults), next, "").provider(asked);
    match error {
        AccessError::OpenId(OpenIdFault::Away) => answer(StatusCode::SERVICE_UNAVAILABLE, &page),
        _ => refused(&page),
    }
}

/// What of signing in has a page of its own; the rest is as everywhere.
fn or_failed(asked: &Asked, error: AccessError, next: &str) -> Answer {
    match error {
        AccessError::OpenId(OpenIdFault::Off) => Err(Refusal::NotFound),
        AccessError::OpenId(_) | AccessError::Locked | AccessError::Grants => failed(asked, &error, next),
        other => Err(other.into()),
    }
}

/// What the provider did, as people are told. The one place where it is logged.
fn told(fault: ProviderFault) -> AccessError {
    tracing::warn!(%fault, "signing in through the OpenID Connect provider failed");
    AccessError::OpenId(match fault {
        ProviderFault::Away(_) => OpenIdFault::Away,
        ProviderFault::Refused(_) => OpenIdFault::Refused,
    })
}

pub(super) async fn leave(asked: Asked) -> Answer {
    let (provider, _) = asked.provider()?;
    let next = asked.asked_for("next").and_then(own_path).filter(|next| next.len() <= MAX_NEXT).unwrap_or_default();
    if asked.session.is_some() {
        return Ok(on_to(if next.is_empty() { "/home" } else { next }, None));
    }
    let (cookie, attempt) = match asked.app().begin_openid(next) {
        Ok(begun) => begun,
        Err(error) => return or_failed(&asked, error, next),
    };
    let leaving = Leaving {
        state: &attempt.state,
        nonce: &attempt.nonce,
        verifier: &attempt.verifier,
        back: &asked.return_address(),
        language: language::code(asked.language),
    };
    match provider.leave(&leaving, asked.now()).await {
        Ok(address) => {
            let mut response = away(&address)?;
            let life = Some(hocba_app::access::OPENID_LIFE);
            set_cookie(&mut response, cookies::set(Name::OpenId, &cookie, life, asked.secure()));
            Ok(response)
        }
        Err(error) => failed(&asked, &told(error), next),
    }
}

pub(super) async fn back(asked: Asked) -> Answer {
    let mut response = returned(&asked).await?;
    // It served once, whatever came of it.
    if asked.openid.is_some() {
        set_cookie(&mut response, cookies::set(Name::OpenId, "", Some(0), asked.secure()));
    }
    Ok(response)
}

async fn returned(asked: &Asked) -> Answer {
    let (provider, settings) = asked.provider()?;
    let state = asked.asked_for("state").unwrap_or_default();
    let attempt =
        asked.app().openid_return(asked.openid.as_deref(), state, asked.device.as_deref(), asked.client()).await;
    let attempt = match attempt {
        Ok(attempt) => attempt,
        Err(error) => return or_failed(asked, error, ""),
    };
    let next = attempt.next.as_str();
    let code = asked.asked_for("code").filter(|code| (1..=MAX_CODE).contains(&code.len()));
    let verified = match code {
        Some(code) => {
            let returned = Returned {
                code,
                issuer: asked.asked_for("iss"),
                nonce: &attempt.nonce,
                verifier: &attempt.verifier,
                back: &asked.return_address(),
            };
            provider.verified(&returned, settings.wanted(), asked.now()).await
        }
        // `error=access_denied` and the like: the person turned back, or the provider does not let them.
        None => Err(ProviderFault::Refused("no code")),
    };
    let claims = match verified {
        Ok(verified) => {
            let hocba_openid::Verified { issuer, subject, values } = verified;
            OpenIdClaims { issuer, subject, values }
        }
        Err(error) => return failed(asked, &told(error), next),
    };
    let with = OpenIdSignIn {
        claims: &claims,
        code: None,
        device: asked.device.as_deref(),
        client: asked.client(),
        counted: attempt.counted(),
    };
    match asked.app().sign_in_openid(&with).await {
        Ok(SignedIn::Session(new)) => {
            let next = own_path(next).unwrap_or("/home");
            let mut response = on_to(if new.must_enrol { "/me/second-factor" } else { next }, None);
            enter(asked, &new, &mut response).await?;
            Ok(response)
        }
        Ok(SignedIn::CodeNeeded) => {
            let sealed = asked.server.process_key.seal_claims(asked.app(), &asked.before, &claims)?;
            html(&CodePage::new(asked.chrome("/sign-in"), next, sealed).sent_to(CODE))
        }
        Err(error) => or_failed(asked, error, next),
    }
}

pub(super) async fn code(asked: Asked) -> Answer {
    asked.provider()?;
    let (sealed, next) = (asked.form.get("sealed"), asked.form.get("next"));
    let Some(claims) = asked.server.process_key.open_claims(asked.app(), &asked.before, sealed) else {
        return failed(&asked, &AccessError::OpenId(OpenIdFault::Stale), next);
    };
    let with = OpenIdSignIn {
        claims: &claims,
        code: Some(asked.form.get("code").trim()),
        device: asked.device.as_deref(),
        client: asked.client(),
        counted: false,
    };
    match asked.app().sign_in_openid(&with).await {
        Ok(SignedIn::Session(new)) => {
            let next = own_path(next).unwrap_or("/home");
            let mut response = on_to(if new.must_enrol { "/me/second-factor" } else { next }, None);
            enter(&asked, &new, &mut response).await?;
            Ok(response)
        }
        Ok(SignedIn::CodeNeeded) | Err(AccessError::Code) => {
            let chrome = asked.chrome("/sign-in").wrong(fault(&asked, "code", &AccessError::Code));
            refused(&CodePage::new(chrome, next, sealed.to_owned()).sent_to(CODE))
        }
        Err(error) => or_failed(&asked, error, next),
    }
}

/// Out at the provider too, where it has a place for that. The session here has ended before; a form of ours could not lead
/// to another host (`form-action`), a link can.
pub(super) async fn sign_out(asked: Asked) -> Answer {
    let (provider, _) = asked.provider()?;
    let back = format!("{}/sign-in", asked.server.config.public_url);
    match provider.sign_out(&back, asked.now()).await {
        Ok(Some(address)) => away(&address),
        Ok(None) => Ok(on_to("/sign-in", Some(Done::SignedOut))),
        Err(error) => failed(&asked, &told(error), ""),
    }
}
