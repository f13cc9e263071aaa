//! The part of a page by which people sign with the agent on their own machine, and what its script brings.
//!
//! The page's script (`assets/sign.js`) stands between this server and `hocba signer`: it fetches what is to be signed,
//! hands it to the agent, and brings the signatures back as they come. Without script, or without the agent, the page
//! says how to go on.

use axum::{
    Json,
    http::header,
    response::{IntoResponse as _, Response},
};
use hocba_app::Actor;
use hocba_record::encoding::{Sha256Digest, from_base64url};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Answer, Asked, Refusal,
    chrome::{Chrome, hidden},
};
use crate::{
    api::input::{self, Base64Url},
    http::headers,
    problem::Problem,
};

/// Longest form with signatures: those of the largest school's homeroom teachers, with keys of 4096 bits and what they
/// signed.
pub(super) const MAX_BYTES: usize = 256 * 1024;

/// What is signed: how the agent is asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Records,
    Appointments,
    /// New versions that take the place of old ones.
    Superseding,
}

/// One thing to be signed on a page.
pub(super) struct SigningView {
    /// Tells it from others on the page.
    pub(super) id: String,
    pub(super) title: String,
    pub(super) lead: String,
    /// Word of the button.
    pub(super) button: String,
    /// `records`, `appointments` or `superseding`, for the script.
    pub(super) kind: &'static str,
    /// Where the forms go.
    pub(super) tasks: String,
    pub(super) signatures: String,
    /// How much of it is done, where it was begun before.
    pub(super) so_far: Option<String>,
    /// Who is signed for, and who is not: a heading and names.
    pub(super) lists: Vec<(String, Vec<String>)>,
    /// What can be signed at once, where it is of several classes; each class has an entry of its own.
    pub(super) scopes: Vec<ScopeView>,
    /// What the forms say besides: hidden fields.
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) at: AgentAt,
}

/// Classes that are signed at once.
pub(super) struct ScopeView {
    /// The class; empty for several.
    pub(super) class: String,
    /// The grade; empty for the whole school.
    pub(super) grade: String,
    pub(super) text: String,
    /// Word of the button where this is chosen.
    pub(super) button: String,
}

impl SigningView {
    /// `place` is the address that `/tasks` and `/signatures` are below.
    pub(super) fn new(kind: Kind, place: &str, words: [String; 3], agent: &AgentAt) -> Self {
        let [title, lead, button] = words;
        let kind = match kind {
            Kind::Records => "records",
            Kind::Appointments => "appointments",
            Kind::Superseding => "superseding",
        };
        let (tasks, signatures) = (format!("{place}/tasks"), format!("{place}/signatures"));
        let id = place.rsplit('/').next().unwrap_or_default().to_owned();
        let (so_far, lists, scopes, fields) = (None, Vec::new(), Vec::new(), Vec::new());
        Self { id, title, lead, button, kind, tasks, signatures, so_far, lists, scopes, fields, at: agent.clone() }
    }

    /// The hidden forms that the script sends.
    pub(super) fn forms(&self, c: &Chrome) -> String {
        let fields: String = self.fields.iter().map(|(name, value)| hidden(name, value)).collect();
        let form = |name: &str, action: &str| {
            format!("<div hidden data-form=\"{name}\">{}{fields}</form></div>", c.form(action))
        };
        format!("{}\n{}", form("tasks", &self.tasks), form("signatures", &self.signatures))
    }
}

/// Where the agent is looked for, and who may call it.
#[derive(Debug, Clone)]
pub(super) struct AgentAt {
    pub(super) origin: String,
    public_url: String,
}

impl AgentAt {
    pub(super) fn of(asked: &Asked) -> Self {
        let config = &asked.server.config;
        let origin = format!("http://127.0.0.1:{}", config.signer_port);
        Self { origin, public_url: config.public_url.to_string() }
    }

    /// How it is started.
    pub(super) fn command(&self) -> String {
        format!("hocba signer --allow {}", self.public_url)
    }
}

/// A page with something to sign: its script may talk to the agent.
pub(super) fn with_agent(mut response: Response, agent: &AgentAt) -> Response {
    if let Some(policy) = headers::with_signer(&agent.origin) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The signer's certificates, leaf first, as the form brings them.
pub(super) fn chain(asked: &Asked) -> Result<Vec<Vec<u8>>, Problem> {
    let der =
        |text: &String| from_base64url(text).map(Base64Url).map_err(|_| Problem::Malformed { member: "certificate" });
    input::chain(asked.form.all("certificate").iter().map(der).collect::<Result<_, _>>()?)
}

/// Whoever signs records does so with the certificate that is enrolled as theirs; said before the use case says no.
pub(super) fn own(asked: &Asked, chain: &[Vec<u8>]) -> Result<(), Refusal> {
    let leaf = chain.first().map(|leaf| Sha256Digest::of(leaf));
    match asked.actor()? {
        Actor::Account(account) if account.certificate != leaf => Err(Refusal::OtherCertificate),
        _ => Ok(()),
    }
}

/// The signatures that the form brings, as JSON in one field.
pub(super) fn signatures<T: DeserializeOwned>(asked: &Asked, most: usize) -> Result<Vec<T>, Problem> {
    let brought: Vec<T> =
        serde_json::from_str(asked.form.get("signatures")).map_err(|_| Problem::Malformed { member: "signatures" })?;
    if brought.len() > most {
        return Err(Problem::TooMany { member: "signatures", limit: most });
    }
    Ok(brought)
}

/// An answer for the script.
pub(super) fn json(what: &impl Serialize) -> Answer {
    Ok(Json(what).into_response())
}

/// What samples show around something to be signed.
pub(super) fn sample_agent() -> AgentAt {
    AgentAt { origin: "http://127.0.0.1:8792".into(), public_url: "https://hocba.example.vn".into() }
}
