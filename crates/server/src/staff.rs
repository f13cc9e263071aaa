//! Pages for people with an account, and the forms by which they get in.
//!
//! Every page and form is in the list of `pages`, and the router is made of that list alone: a method, an address, who
//! may, and whether it does its work once. What holds for all of them happens in `serve`, before a handler is called:
//! where the request comes from, whose session it is, whether the form is ours, whether the role may. docs/pages.md says how
//! to add one, docs/adr/0022 why it is so.

mod accounts;
mod activate;
mod chrome;
mod cookies;
mod failure;
mod form;
mod home;
mod me;
mod opening;
mod samples;
mod sealed;
mod sign_in;
pub mod text;
mod words;

use std::{collections::BTreeMap, future::Future, net::IpAddr, pin::Pin, sync::Arc};

use askama::Template;
use axum::{
    Router,
    extract::{RawPathParams, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
    routing::{MethodFilter, on},
};
use hocba_app::{
    Actor, App,
    access::{AccessError, Client, Session},
    policy::{Action, Place, may, require_somewhere},
};
use hocba_record::{encoding::base64url, types::SchoolCode};

pub(crate) use samples::router as sample_pages;
pub use samples::{SAMPLED, rendered};
pub(crate) use sealed::ProcessKey;

use self::{
    chrome::{Chrome, Done, Who},
    cookies::Name,
    failure::Refusal,
    form::Form,
    text::Text,
};
use crate::{
    Server,
    heavy::off_thread,
    http::{peer::Peer, request_id::RequestId},
    language::{self, Language},
    problem::Problem,
};

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody; there need not be a session.
    Anybody,
    /// Whoever is signed in, even before a second factor that is still needed.
    SignedIn,
    /// Whoever may do this at the school in the address (`{school}`), or anywhere where the address has none.
    May(Action),
}

/// A page or form, as the list says it: for the tests that try each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Address, with parameters in braces.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// Whether it is a form that does its work once for each rendering.
    pub once: bool,
}

pub(crate) type Answer = Result<Response, Refusal>;
type Work = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A page or form with its handler.
#[derive(Clone)]
pub(crate) struct Page {
    listed: Listed,
    handler: Arc<dyn Fn(Asked) -> Work + Send + Sync>,
}

fn page<F, R>(method: &'static str, path: &'static str, access: Access, handler: F) -> Page
where
    F: Fn(Asked) -> R + Send + Sync + 'static,
    R: Future<Output = Answer> + Send + 'static,
{
    let listed = Listed { method, path, access, once: false };
    Page { listed, handler: Arc::new(move |asked| Box::pin(handler(asked))) }
}

fn get<F, R>(path: &'static str, access: Access, handler: F) -> Page
where
    F: Fn(Asked) -> R + Send + Sync + 'static,
    R: Future<Output = Answer> + Send + 'static,
{
    page("GET", path, access, handler)
}

fn post<F, R>(path: &'static str, access: Access, handler: F) -> Page
where
    F: Fn(Asked) -> R + Send + Sync + 'static,
    R: Future<Output = Answer> + Send + 'static,
{
    page("POST", path, access, handler)
}

impl Page {
    /// Does its work once for each rendering of the form.
    fn once(mut self) -> Self {
        self.listed.once = true;
        self
    }
}

/// All of them.
fn pages() -> Vec<Page> {
    let manage = Access::May(Action::ManageSchoolAccounts);
    vec![
        get("/sign-in", Access::Anybody, sign_in::show),
        post("/sign-in", Access::Anybody, sign_in::password),
        post("/sign-in/code", Access::Anybody, sign_in::code),
        post("/sign-out", Access::SignedIn, sign_in::out),
        get("/activate", Access::Anybody, activate::show),
        post("/activate", Access::Anybody, activate::slip),
        post("/activate/account", Access::Anybody, activate::account),
        get("/home", Access::SignedIn, home::show),
        get("/schools", manage, home::schools),
        get("/me/sessions", Access::SignedIn, me::sessions),
        post("/me/sessions/end", Access::SignedIn, me::end_session),
        post("/me/sessions/end-others", Access::SignedIn, me::end_others),
        get("/me/password", Access::SignedIn, me::password),
        post("/me/password", Access::SignedIn, me::change_password),
        get("/me/second-factor", Access::SignedIn, me::second_factor),
        post("/me/second-factor", Access::SignedIn, me::enrol),
        post("/me/second-factor/confirm", Access::SignedIn, me::confirm),
        post("/me/recovery-codes", Access::SignedIn, me::recovery_codes).once(),
        get("/school/{school}/opening", Access::May(Action::PrepareSchool), opening::show),
        get("/school/{school}/accounts", manage, accounts::list),
        get("/school/{school}/accounts/add", manage, accounts::add_form),
        post("/school/{school}/accounts/add", manage, accounts::add).once(),
        post("/school/{school}/slips", manage, accounts::slips).once(),
        get("/school/{school}/accounts/{account}", manage, accounts::one),
        post("/school/{school}/accounts/{account}/reset", manage, accounts::reset).once(),
        post("/school/{school}/accounts/{account}/lock", manage, accounts::lock),
        post("/school/{school}/accounts/{account}/unlock", manage, accounts::unlock),
    ]
}

/// What is listed: every page and form of the router, for tests and docs.
pub fn listed() -> Vec<Listed> {
    pages().into_iter().map(|page| page.listed).collect()
}

/// The router of the list, and of nothing else.
pub(crate) fn router() -> Router<Server<App>> {
    pages().into_iter().fold(Router::new(), |router, page| {
        let method = Method::from_bytes(page.listed.method.as_bytes()).expect("GET and POST are methods");
        let filter = MethodFilter::try_from(method).expect("GET and POST are standard");
        let path = page.listed.path;
        let handle = move |State(server): State<Server<App>>, params: RawPathParams, request: Request| {
            let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            serve(page.clone(), server, params, request)
        };
        router.route(path, on(filter, handle))
    })
}

/// A request, after everything that holds for all pages.
pub(crate) struct Asked {
    server: Server<App>,
    session: Option<Session>,
    form: Form,
    /// Parameters of the address.
    params: BTreeMap<String, String>,
    query: Vec<(String, String)>,
    path: String,
    language: Language,
    address: IpAddr,
    agent: String,
    device: Option<String>,
    /// Secret of forms before there is a session.
    before: String,
    /// Names the forms of the page that is answered with.
    form_id: String,
}

impl Asked {
    fn app(&self) -> &App {
        &self.server.service
    }
    fn t(&self) -> Text {
        Text(self.language)
    }
    fn client(&self) -> Client<'_> {
        Client { address: self.address, agent: &self.agent }
    }
    fn secure(&self) -> bool {
        self.server.config.public_url.is_secure()
    }
    /// The session. The list says that this page is for those who are signed in.
    fn session(&self) -> Result<&Session, Refusal> {
        self.session.as_ref().ok_or(Refusal::NoSession)
    }
    fn actor(&self) -> Result<&Actor, Refusal> {
        Ok(&self.session()?.actor)
    }
    /// Heavy work, in its turn, where it holds up nobody.
    async fn heavy<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T, Refusal> {
        let turn = self.server.turn().await?;
        let work = async move {
            let done = work.await;
            drop(turn);
            done
        };
        Ok(off_thread(work).await)
    }
    fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }
    fn school(&self) -> Result<SchoolCode, Refusal> {
        self.param("school").parse().map_err(|_| Refusal::NotFound)
    }
    fn asked_for(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What the page has around it. `here` is where a link shows it again.
    fn chrome(&self, here: impl Into<String>) -> Chrome {
        let who = self.session.as_ref().map(|session| Who { name: session.account.name.clone() });
        let secret = self.session.as_ref().map_or(self.before.as_str(), |session| session.csrf.as_str()).to_owned();
        let mut chrome = Chrome::new(self.t(), here.into(), who, secret, self.form_id.clone());
        chrome.flash = self.asked_for("done").and_then(Done::of_code).map(|done| done.text(self.t()));
        chrome
    }
}

/// A page that was made.
fn html(template: &impl Template) -> Answer {
    answer(StatusCode::OK, template)
}

/// A form that was refused, with what is wrong.
fn refused(template: &impl Template) -> Answer {
    answer(StatusCode::UNPROCESSABLE_ENTITY, template)
}

fn answer(status: StatusCode, template: &impl Template) -> Answer {
    let text = template.render().map_err(Problem::internal)?;
    Ok((status, Html(text)).into_response())
}

/// On to a page of ours, by GET (RFC 9110 §15.4.4).
fn on_to(path: &str, done: Option<Done>) -> Response {
    let query = done.map_or(String::new(), |done| format!("?done={}", done.code()));
    let place = HeaderValue::from_str(&format!("{path}{query}")).unwrap_or(HeaderValue::from_static("/home"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

fn set_cookie(response: &mut Response, cookie: HeaderValue) {
    response.headers_mut().append(header::SET_COOKIE, cookie);
}

/// Where a request comes from: the peer, or what the last proxy says where the peer is a proxy that is believed.
fn address(server: &Server<App>, headers: &HeaderMap, peer: Option<Peer>) -> IpAddr {
    let peer = peer.map_or(IpAddr::from([0, 0, 0, 0]), |Peer(address)| address);
    if !server.config.trusted_proxies.contains(&peer) {
        return peer;
    }
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    let said = lines.iter().rev().flat_map(|line| line.rsplit(',')).map(str::trim);
    let mut known = said.map_while(|text| text.parse::<IpAddr>().ok());
    known.find(|address| !server.config.trusted_proxies.contains(address)).unwrap_or(peer)
}

/// What holds for all pages, then the page.
async fn serve(page: Page, server: Server<App>, params: BTreeMap<String, String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (headers, secure) = (&parts.headers, server.config.public_url.is_secure());
    let query: Vec<(String, String)> =
        form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let chosen = query.iter().find(|(name, _)| name == "lang").map(|(_, value)| value.clone());
    let kept = cookies::get(headers, Name::Language, secure);
    let language = match chosen.as_deref().or(kept.as_deref()) {
        Some("en") => Language::English,
        _ => Language::Vietnamese,
    };
    let random = |server: &Server<App>| server.service.edges().bytes::<32>().map(|bytes| base64url(&bytes));
    let id = parts.extensions.get::<RequestId>().cloned().unwrap_or_default();
    let (Ok(fresh), Ok(form_id)) = (random(&server), random(&server)) else {
        return Problem::internal("no randomness").into_response();
    };
    let brought = cookies::get(headers, Name::Before, secure);
    let new_before = brought.is_none();
    let mut asked = Asked {
        session: None,
        form: Form::default(),
        query,
        path: parts.uri.path().to_owned(),
        language,
        address: address(&server, headers, parts.extensions.get::<Peer>().copied()),
        agent: headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned(),
        device: cookies::get(headers, Name::Device, secure),
        before: brought.unwrap_or(fresh),
        form_id,
        params,
        server,
    };
    let outcome = async {
        if page.listed.method == "POST" && !form::is_from_here(headers, &asked.server.config.public_url) {
            return Err(Refusal::NotOurs);
        }
        if let Some(token) = cookies::get(headers, Name::Session, secure) {
            match asked.app().session(&token).await {
                Ok(session) => asked.session = Some(session),
                Err(AccessError::NoSession) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if page.listed.method == "POST" {
            let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
            if !kind.starts_with("application/x-www-form-urlencoded") {
                return Err(Problem::UnsupportedMediaType.into());
            }
            let bytes = axum::body::to_bytes(body, form::MAX_FORM).await;
            asked.form = Form::parse(&bytes.map_err(|_| Problem::TooLarge { limit: form::MAX_FORM })?);
        }
        let replayed = admit(&page, &asked, new_before).await?;
        if replayed {
            return Err(Refusal::Replayed);
        }
        Ok(())
    };
    let outcome = outcome.await;
    // What a refusal shows needs the request; the handler takes it.
    let shown = failure::Shown::of(&asked, &page, &id);
    let before = asked.before.clone();
    let signed_out = asked.session.is_none();
    let outcome = match outcome {
        Ok(()) => (page.handler)(asked).await,
        Err(refusal) => Err(refusal),
    };
    let mut response = outcome.unwrap_or_else(|refusal| failure::response(refusal, shown));
    if new_before && signed_out {
        set_cookie(&mut response, cookies::set(Name::Before, &before, None, secure));
    }
    if chosen.is_some() {
        let year = Some(365 * 86_400);
        set_cookie(&mut response, cookies::set(Name::Language, language::code(language), year, secure));
    }
    // Under `no-referrer`, which other pages have, browsers say `Origin: null` with our own forms (Fetch §3.1).
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// Whether the request may go on to its page; whether it is a form that was sent before.
async fn admit(page: &Page, asked: &Asked, new_before: bool) -> Result<bool, Refusal> {
    let Listed { method, access, once, .. } = page.listed;
    let is_post = method == "POST";
    if access != Access::Anybody && asked.session.is_none() {
        return Err(Refusal::NoSession);
    }
    if is_post {
        let secret = match &asked.session {
            Some(session) => session.csrf.as_str(),
            // Made just now: no form can have it.
            None if new_before => "",
            None => &asked.before,
        };
        if !form::is_ours(secret, &asked.path, asked.form.get(form::CSRF)) {
            return Err(Refusal::NotOurs);
        }
    }
    if let Access::May(action) = access {
        let session = asked.session()?;
        if session.must_enrol {
            return Err(Refusal::MustEnrol);
        }
        require_somewhere(&session.actor, action).map_err(|_| Refusal::Forbidden)?;
        // A school of somebody else is as one that is not there.
        if page.listed.path.contains("{school}") {
            let school = asked.school()?;
            if !may(&session.actor, action, Place::School(&school)) {
                return Err(Refusal::NotFound);
            }
        }
    }
    if once {
        let id = asked.form.get(form::FORM_ID);
        if !(16..=64).contains(&id.len()) {
            return Err(Refusal::NotOurs);
        }
        return Ok(!asked.app().use_form(asked.session()?, &asked.path, id).await?);
    }
    Ok(false)
}
