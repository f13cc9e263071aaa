//! Pages for people with an account, and the forms by which they get in.
//!
//! Every page and form is in the list of `pages`, and the router is made of that list alone: a method, an address, who
//! may, and whether it does its work once. What holds for all of them happens in `serve`, before a handler is called:
//! where the request comes from, whose session it is, whether the form is ours, whether the role may. docs/pages.md says how
//! to add one, docs/adr/0022 why it is so.

mod accounts;
mod activate;
mod appointments;
mod audit;
mod certificates;
mod chain;
mod chrome;
mod class;
mod classes;
mod cookies;
mod daily;
mod department;
mod failure;
mod figures;
mod findings;
mod form;
mod home;
mod lists;
mod mail;
mod marks;
mod me;
mod my;
mod openid;
mod opening;
mod progress;
mod readers;
mod records;
mod replacement;
mod review;
mod samples;
mod sealed;
mod sign_in;
mod signing;
mod tasks;
pub mod text;
mod words;
mod years;

use std::{collections::BTreeMap, future::Future, net::IpAddr, pin::Pin, sync::Arc};

use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequest as _, Multipart, RawPathParams, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
    routing::{MethodFilter, on},
};
use hocba_app::{
    Actor, App,
    access::{AccessError, Client, Session},
    policy::{Action, Place, may, may_within, require_somewhere},
};
use hocba_record::{encoding::base64url, types::SchoolCode};

pub(crate) use mail::daily_letter;
pub(crate) use samples::router as sample_pages;
pub use samples::{SAMPLED, rendered};
pub(crate) use sealed::ProcessKey;
pub(crate) use tasks::Running;

use self::{
    chrome::{Chrome, Done, Who},
    cookies::Name,
    failure::Refusal,
    form::{Arriving, Form, OneByOne},
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
    /// Whoever may do this at the school in the address, or at a class of it; what the page shows is looked at class by class.
    MayWithin(Action),
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
    /// Bytes of files that the form may bring; 0 for a form without files.
    pub files: usize,
    /// Bytes of everything else.
    pub fields: usize,
}

pub(crate) type Answer = Result<Response, Refusal>;
type Work = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A page or form with its handler.
#[derive(Clone)]
pub(crate) struct Page {
    listed: Listed,
    /// Where the work of the form can be seen.
    seen_at: Option<&'static str>,
    handler: Arc<dyn Fn(Asked) -> Work + Send + Sync>,
}

fn page<F, R>(method: &'static str, path: &'static str, access: Access, handler: F) -> Page
where
    F: Fn(Asked) -> R + Send + Sync + 'static,
    R: Future<Output = Answer> + Send + 'static,
{
    let listed = Listed { method, path, access, once: false, files: 0, fields: form::MAX_FORM };
    Page { listed, seen_at: None, handler: Arc::new(move |asked| Box::pin(handler(asked))) }
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

    /// A form with files, of up to so many bytes together.
    fn taking(mut self, bytes: usize) -> Self {
        self.listed.files = bytes;
        self
    }

    /// Takes so many bytes without files: what a signer signed.
    fn carrying(mut self, bytes: usize) -> Self {
        self.listed.fields = bytes;
        self
    }

    /// Where its work can be seen, which a form that is sent again leads to. `{school}` and the others are of its own
    /// address.
    fn seen_at(mut self, path: &'static str) -> Self {
        self.seen_at = Some(path);
        self
    }
}

/// All of them.
fn pages() -> Vec<Page> {
    use appointments::Of;
    use department::{Fate, change, change_form};
    use marks::Brought;
    let manage = Access::May(Action::ManageSchoolAccounts);
    let prepare = Access::May(Action::PrepareSchool);
    let seal = Access::MayWithin(Action::Seal);
    let convert = Access::MayWithin(Action::Convert);
    let (states, import) = (Access::MayWithin(Action::ReadStates), Access::MayWithin(Action::Import));
    let (records, hand_out) = (Access::MayWithin(Action::ReadRecords), Access::MayWithin(Action::HandOut));
    let appoint = Access::May(Action::AppointSchool);
    let decide = Access::May(Action::ChangeSchool);
    let one_school = "/department/schools/{school}";
    let teachers = Access::May(Action::AppointTeacher);
    let (invite, requests) = (Access::MayWithin(Action::InviteReaders), Access::MayWithin(Action::AnswerRequests));
    vec![
        get("/sign-in", Access::Anybody, sign_in::show),
        post("/sign-in", Access::Anybody, sign_in::password),
        post("/sign-in/code", Access::Anybody, sign_in::code),
        get("/sign-in/openid", Access::Anybody, openid::leave),
        get("/sign-in/openid/return", Access::Anybody, openid::back),
        post("/sign-in/openid/code", Access::Anybody, openid::code),
        get("/sign-in/openid/sign-out", Access::Anybody, openid::sign_out),
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
        get("/me/mail", Access::SignedIn, mail::show),
        post("/me/mail", Access::SignedIn, mail::give).once().seen_at("/me/mail"),
        post("/me/mail/confirm", Access::SignedIn, mail::confirm),
        post("/me/mail/remove", Access::SignedIn, mail::remove),
        get("/school/{school}/opening", Access::May(Action::PrepareSchool), opening::show),
        get("/school/{school}/appointments", Access::May(Action::ReadStates), appointments::show),
        post("/school/{school}/appointments/homerooms/tasks", teachers, |asked| {
            appointments::tasks(asked, Of::Homerooms)
        }),
        post("/school/{school}/appointments/homerooms/signatures", teachers, |asked| {
            appointments::signatures(asked, Of::Homerooms)
        })
        .carrying(signing::MAX_BYTES),
        post("/school/{school}/appointments/school/tasks", appoint, |asked| appointments::tasks(asked, Of::School)),
        post("/school/{school}/appointments/school/signatures", appoint, |asked| {
            appointments::signatures(asked, Of::School)
        })
        .carrying(signing::MAX_BYTES),
        get("/school/{school}/appointments/homerooms/{appointment}", teachers, |asked| {
            replacement::show(asked, Of::Homerooms)
        }),
        post("/school/{school}/appointments/homerooms/{appointment}/tasks", teachers, |asked| {
            replacement::tasks(asked, Of::Homerooms)
        }),
        post("/school/{school}/appointments/homerooms/{appointment}/signatures", teachers, |asked| {
            replacement::signatures(asked, Of::Homerooms)
        }),
        get("/school/{school}/appointments/school/{appointment}", appoint, |asked| {
            replacement::show(asked, Of::School)
        }),
        post("/school/{school}/appointments/school/{appointment}/tasks", appoint, |asked| {
            replacement::tasks(asked, Of::School)
        }),
        post("/school/{school}/appointments/school/{appointment}/signatures", appoint, |asked| {
            replacement::signatures(asked, Of::School)
        }),
        get("/school/{school}/classes/{class}", Access::MayWithin(Action::ReadStates), class::show),
        post("/school/{school}/classes/{class}/sign/tasks", Access::MayWithin(Action::Sign), class::sign_tasks),
        post(
            "/school/{school}/classes/{class}/sign/signatures",
            Access::MayWithin(Action::Sign),
            class::sign_signatures,
        ),
        post("/school/{school}/classes/{class}/co-sign/tasks", Access::MayWithin(Action::CoSign), class::co_sign_tasks),
        post(
            "/school/{school}/classes/{class}/co-sign/signatures",
            Access::MayWithin(Action::CoSign),
            class::co_sign_signatures,
        )
        .carrying(signing::MAX_BYTES),
        post("/school/{school}/classes/{class}/seal/tasks", Access::MayWithin(Action::Seal), class::seal_tasks),
        post(
            "/school/{school}/classes/{class}/seal/signatures",
            Access::MayWithin(Action::Seal),
            class::seal_signatures,
        ),
        post("/school/{school}/classes/{class}/supersede/tasks", seal, class::supersede_tasks),
        post("/school/{school}/classes/{class}/supersede/signatures", seal, class::supersede_signatures)
            .carrying(signing::MAX_BYTES),
        get("/school/{school}/classes/{class}/readers", invite, readers::show),
        post("/school/{school}/classes/{class}/readers", invite, readers::invite)
            .once()
            .seen_at("/school/{school}/classes/{class}/readers"),
        post("/school/{school}/classes/{class}/readers/{account}/reset", invite, readers::reset)
            .once()
            .seen_at("/school/{school}/classes/{class}/readers"),
        get("/school/{school}/classes/{class}/requests", requests, readers::requests),
        post("/school/{school}/classes/{class}/requests/{request}", requests, readers::answer),
        // Whose book it is, the use case looks at: a role says nothing of it.
        get("/my/{pupil}", Access::SignedIn, my::show),
        get("/my/{pupil}/years/{record}", Access::SignedIn, my::year),
        get("/my/{pupil}/years/{record}/file", Access::SignedIn, my::file),
        get("/my/{pupil}/years/{record}/request", Access::SignedIn, my::request_form),
        post("/my/{pupil}/years/{record}/request", Access::SignedIn, my::ask_request).once().seen_at("/my/{pupil}"),
        post("/my/{pupil}/requests/{request}/withdraw", Access::SignedIn, my::withdraw_request),
        get("/my/{pupil}/links/new", Access::SignedIn, my::link_form),
        post("/my/{pupil}/links", Access::SignedIn, my::create_link).once().seen_at("/my/{pupil}"),
        post("/my/{pupil}/links/{link}/withdraw", Access::SignedIn, my::withdraw_link),
        get("/school/{school}/classes/{class}/print", records, records::class_print),
        post("/school/{school}/classes/{class}/print/codes", hand_out, records::make_codes)
            .once()
            .seen_at("/school/{school}/classes/{class}/print"),
        get("/school/{school}/records/{record}", records, records::show),
        post("/school/{school}/records/{record}/withdraw", hand_out, records::withdraw),
        post("/school/{school}/records/{record}/links", hand_out, records::hand_out)
            .once()
            .seen_at("/school/{school}/records/{record}"),
        get("/school/{school}/records/{record}/file", hand_out, records::file),
        get("/school/{school}/records/{record}/print", records, records::print),
        post("/school/{school}/records/{record}/print/code", hand_out, records::make_code)
            .once()
            .seen_at("/school/{school}/records/{record}/print"),
        post("/school/{school}/classes/{class}/leave-out", import, class::leave_out),
        post("/school/{school}/classes/{class}/take-in", import, class::take_in),
        post("/school/{school}/classes/{class}/return", Access::MayWithin(Action::Return), class::give_back),
        get("/school/{school}/review", Access::MayWithin(Action::CoSign), review::show_co_sign),
        post("/school/{school}/review/tasks", Access::MayWithin(Action::CoSign), review::co_sign_tasks),
        post("/school/{school}/review/signatures", Access::MayWithin(Action::CoSign), review::co_sign_signatures)
            .carrying(signing::MAX_BYTES),
        post("/school/{school}/review/return", Access::MayWithin(Action::Return), review::give_back),
        get("/school/{school}/seal", Access::MayWithin(Action::Seal), review::show_seal),
        post("/school/{school}/seal/tasks", Access::MayWithin(Action::Seal), review::seal_tasks),
        post("/school/{school}/seal/signatures", Access::MayWithin(Action::Seal), review::seal_signatures)
            .carrying(signing::MAX_BYTES),
        get("/school/{school}/accounts", manage, accounts::list),
        get("/school/{school}/accounts/add", manage, accounts::add_form),
        post("/school/{school}/accounts/add", manage, accounts::add).once(),
        post("/school/{school}/slips", manage, accounts::slips).once(),
        get("/school/{school}/accounts/{account}", manage, accounts::one),
        post("/school/{school}/accounts/{account}/reset", manage, accounts::reset).once(),
        post("/school/{school}/accounts/{account}/lock", manage, accounts::lock),
        post("/school/{school}/accounts/{account}/unlock", manage, accounts::unlock),
        get("/school/{school}/lists", prepare, lists::show),
        post("/school/{school}/lists", prepare, lists::send).taking(lists::MAX_BYTES),
        post("/school/{school}/lists/columns", prepare, lists::columns_said),
        post("/school/{school}/lists/forget", prepare, lists::forget),
        post("/school/{school}/lists/take", prepare, lists::take).once().seen_at("/school/{school}/lists"),
        get("/school/{school}/certificates", prepare, certificates::list),
        post("/school/{school}/certificates", prepare, certificates::many).taking(certificates::MAX_BYTES),
        get("/school/{school}/certificates/{account}", prepare, certificates::one),
        post("/school/{school}/certificates/{account}", prepare, certificates::send_one).taking(certificates::MAX_ONE),
        get("/school/{school}/classes", states, classes::list),
        get("/school/{school}/classes/import", import, |asked| marks::import(asked, Brought::Marks)),
        post("/school/{school}/classes/import", import, |asked| marks::send(asked, Brought::Marks))
            .taking(marks::MAX_BYTES),
        post("/school/{school}/classes/import/forget", import, |asked| marks::forget(asked, Brought::Marks)),
        get("/school/{school}/classes/import/annotated", import, |asked| marks::annotated(asked, Brought::Marks)),
        post("/school/{school}/classes/import/take", import, marks::take).once().seen_at("/school/{school}/classes"),
        get("/school/{school}/classes/convert", convert, |asked| marks::import(asked, Brought::Paper)),
        post("/school/{school}/classes/convert", convert, |asked| marks::send(asked, Brought::Paper))
            .taking(marks::MAX_BYTES),
        post("/school/{school}/classes/convert/forget", convert, |asked| marks::forget(asked, Brought::Paper)),
        get("/school/{school}/classes/convert/annotated", convert, |asked| marks::annotated(asked, Brought::Paper)),
        post("/school/{school}/classes/convert/take", convert, marks::convert)
            .once()
            .seen_at("/school/{school}/classes"),
        get("/school/{school}/tasks/{task}", states, tasks::show),
        get("/school/{school}/years", prepare, years::list),
        post("/school/{school}/years", prepare, years::open),
        get("/school/{school}/years/{year}", prepare, years::one),
        post("/school/{school}/years/{year}/close", prepare, years::close),
        get("/school/{school}/years/{year}/roll", prepare, years::roll_page),
        post("/school/{school}/years/{year}/roll", prepare, years::roll)
            .once()
            .seen_at("/school/{school}/years/{year}/roll"),
        get("/school/{school}/years/{year}/roll/pupils", prepare, years::pupils),
        post("/school/{school}/years/{year}/roll/pupils", prepare, years::decide),
        get("/department", appoint, department::show),
        get("/department/tasks", appoint, department::tasks),
        get("/department/schools/open", appoint, department::open_form),
        post("/department/schools/open", appoint, department::open).once().seen_at("/department"),
        get("/department/schools/list", appoint, department::list_form),
        post("/department/schools/list", appoint, department::list).taking(department::MAX_LIST),
        get(one_school, appoint, department::school),
        get("/department/schools/{school}/progress", appoint, progress::school),
        get("/department/progress", appoint, progress::show),
        get("/department/daily", appoint, daily::show),
        get("/department/daily.xlsx", appoint, daily::sheet),
        get("/department/chain", appoint, chain::show),
        get("/department/audit", appoint, audit::everywhere),
        get("/school/{school}/audit", Access::May(Action::ReadAudit), audit::of_school),
        get("/department/schools/{school}/rename", decide, |asked| change_form(asked, Fate::Rename)),
        post("/department/schools/{school}/rename", decide, |asked| change(asked, Fate::Rename))
            .once()
            .seen_at(one_school),
        get("/department/schools/{school}/merge", decide, |asked| change_form(asked, Fate::Merge)),
        post("/department/schools/{school}/merge", decide, |asked| change(asked, Fate::Merge))
            .once()
            .seen_at(one_school),
        get("/department/schools/{school}/split", decide, |asked| change_form(asked, Fate::Split)),
        post("/department/schools/{school}/split", decide, |asked| change(asked, Fate::Split))
            .once()
            .seen_at(one_school),
        get("/department/schools/{school}/close", decide, |asked| change_form(asked, Fate::Close)),
        post("/department/schools/{school}/close", decide, |asked| change(asked, Fate::Close))
            .once()
            .seen_at(one_school),
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
        let listed = page.listed;
        let handle = move |State(server): State<Server<App>>, params: RawPathParams, request: Request| {
            let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            serve(page.clone(), server, params, request)
        };
        // What a form puts around its files comes besides.
        let limit = match listed.files {
            0 => listed.fields,
            files => files + 2 * form::MAX_FORM,
        };
        router.route(path, on(filter, handle).layer(DefaultBodyLimit::max(limit)))
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
    /// Whether the page's script asks, which reads no pages.
    by_script: bool,
    device: Option<String>,
    /// What this browser began at the OpenID Connect provider.
    openid: Option<String>,
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
    /// A school as people call it.
    async fn called(&self, school: &SchoolCode) -> Result<String, Refusal> {
        let name = self.app().school(school).await?.name;
        Ok(words::school(self.t(), school, name.as_ref()))
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
        by_script: headers.get(header::ACCEPT).is_some_and(|wanted| wanted == "application/json"),
        device: cookies::get(headers, Name::Device, secure),
        openid: cookies::get(headers, Name::OpenId, secure),
        before: brought.unwrap_or(fresh),
        form_id,
        params,
        server,
    };
    let mut turns = Vec::new();
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
            let wanted = match page.listed.files {
                0 => "application/x-www-form-urlencoded",
                _ => "multipart/form-data",
            };
            if !kind.starts_with(wanted) {
                return Err(Problem::UnsupportedMediaType.into());
            }
        }
        match page.listed {
            Listed { method: "POST", files: 0, fields: limit, .. } => {
                let bytes = axum::body::to_bytes(body, limit).await;
                asked.form = Form::parse(&bytes.map_err(|_| Problem::TooLarge { limit })?);
                admit(&page, &asked, &asked.form, new_before)?;
            }
            Listed { method: "POST", files: limit, .. } => {
                let body = Multipart::from_request(Request::from_parts(parts.clone(), OneByOne::of(body)), &()).await;
                let body = body.map_err(|_| Problem::Malformed { member: "form" })?;
                let mut form = Form::default();
                let before = async |form: &Form| {
                    admit(&page, &asked, form, new_before)?;
                    // Files that arrive are held in memory; more wait, until their request's time is over.
                    let turn = asked.server.arriving.clone().acquire_owned().await;
                    turns.push(turn.map_err(Problem::internal)?);
                    Ok(())
                };
                let read = Arriving::new(body, limit).read(&mut form, before).await;
                // A refusal shows what was typed.
                asked.form = form;
                read?;
            }
            _ => admit(&page, &asked, &asked.form, new_before)?,
        }
        if page.listed.once && !first_time(&asked).await? {
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

/// Whether the request, with as much of its form as was read, may go on to its page.
fn admit(page: &Page, asked: &Asked, form: &Form, new_before: bool) -> Result<(), Refusal> {
    let Listed { method, access, .. } = page.listed;
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
        if !form::is_ours(secret, &asked.path, form.get(form::CSRF)) {
            return Err(Refusal::NotOurs);
        }
    }
    if let Access::May(action) | Access::MayWithin(action) = access {
        let session = asked.session()?;
        if session.must_enrol {
            return Err(Refusal::MustEnrol);
        }
        require_somewhere(&session.actor, action).map_err(|_| Refusal::Forbidden)?;
        // A school of somebody else is as one that is not there.
        if page.listed.path.contains("{school}") {
            let school = asked.school()?;
            let may = match access {
                Access::MayWithin(_) => may_within(&session.actor, action, &school),
                _ => may(&session.actor, action, Place::School(&school)),
            };
            if !may {
                return Err(Refusal::NotFound);
            }
        }
    }
    Ok(())
}

/// Whether the form was not sent before. Noted once all of it is here: an upload that broke off may be sent again.
async fn first_time(asked: &Asked) -> Result<bool, Refusal> {
    let id = asked.form.get(form::FORM_ID);
    if !(16..=64).contains(&id.len()) {
        return Err(Refusal::NotOurs);
    }
    Ok(asked.app().use_form(asked.session()?, &asked.path, id).await?)
}
