//! What pages reach. Three gates before every handler: the name by which the agent was called (DNS rebinding), the origin
//! of the page that calls (from the user's list), and, where it matters, the token that this origin was paired with.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest as _, Path, Query, Request, State as Shared},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use hocba_record::{
    encoding::{Sha256Digest, base64url},
    types::UnixTime,
};
use hocba_signature::{algorithm::Algorithm, certificate::Certificate};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    AppointmentsRequest, Edges, ListRequest, NotTaken, Origin, Paired, Person, Refused, Review, Signer,
    SupersedingRequest, WholeProgress, WholeRequest, WholeState,
    appointments::review_appointments,
    pairing::Pairing,
    review::review,
    superseding::review_superseding,
    work::{Busy, Key, SharedSigner, Work},
};

/// Largest list, in bytes: 200 records of some 12 KiB each, and as much again.
pub const MAX_LIST_BYTES: usize = 5 * 1024 * 1024;
/// Largest body of anything else.
const MAX_BODY_BYTES: usize = 1024;
/// Longest that a question about progress waits for news, in seconds.
const MAX_WAIT: u64 = 25;

/// How an agent is set up.
pub struct Settings {
    /// Pages that may talk to it.
    pub allowed: Vec<Origin>,
    /// Keys.
    pub signers: Vec<Box<dyn Signer>>,
    /// Whoever sits here.
    pub person: Arc<dyn Person>,
    /// Clock and randomness.
    pub edges: Edges,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

/// Why there is no agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// No origin is allowed: nobody could use it.
    #[error("no page is allowed to use it")]
    NoOrigin,
    /// A key's certificate is not one that signatures here can name.
    #[error("a certificate cannot be used")]
    Certificate,
    /// The system has no randomness.
    #[error("the system has no random numbers to give")]
    Random,
}

/// A key and what is told of it.
struct Held {
    certificate: Certificate,
    chain: Vec<Vec<u8>>,
    algorithm: Algorithm,
    signer: SharedSigner,
}

struct Inner {
    allowed: Vec<Origin>,
    held: Vec<Held>,
    person: Arc<dyn Person>,
    edges: Edges,
    pairing: Mutex<Pairing>,
    work: Work,
}

/// An agent.
#[derive(Clone)]
pub struct Agent(Arc<Inner>);

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent").field("allowed", &self.0.allowed).finish_non_exhaustive()
    }
}

impl Agent {
    /// Sets an agent up, with a first code to be shown.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let Settings { allowed, signers, person, edges } = settings;
        if allowed.is_empty() {
            return Err(SetupError::NoOrigin);
        }
        let hold = |signer: Box<dyn Signer>| {
            let chain = signer.certificate_chain().to_vec();
            let leaf = chain.first().ok_or(SetupError::Certificate)?;
            let certificate = Certificate::from_der(leaf).map_err(|_| SetupError::Certificate)?;
            let algorithm = signer.algorithm();
            Ok(Held { certificate, chain, algorithm, signer: Arc::new(Mutex::new(signer)) })
        };
        let held = signers.into_iter().map(hold).collect::<Result<_, _>>()?;
        let random = (edges.random)().ok_or(SetupError::Random)?;
        let pairing = Mutex::new(Pairing::new(&random, (edges.now)()));
        Ok(Self(Arc::new(Inner { allowed, held, person, edges, pairing, work: Work::new() })))
    }

    /// The code by which the next page is paired.
    pub fn code(&self) -> String {
        self.0.pairing.lock().unwrap_or_else(PoisonError::into_inner).code().to_owned()
    }

    /// The routes, for a listener at this port of the loopback.
    pub fn router(&self, port: u16) -> Router {
        let lists = post(sign).layer(DefaultBodyLimit::max(MAX_LIST_BYTES));
        let parts = post(add_class).layer(DefaultBodyLimit::max(MAX_LIST_BYTES));
        let appointments = post(sign_appointments).layer(DefaultBodyLimit::max(MAX_LIST_BYTES));
        let superseding = post(sign_superseding).layer(DefaultBodyLimit::max(MAX_LIST_BYTES));
        Router::new()
            .route("/v1/status", get(status))
            .route("/v1/pair", post(pair))
            .route("/v1/certificates", get(certificates))
            .route("/v1/sign", lists)
            .route("/v1/sign-appointments", appointments)
            .route("/v1/sign-superseding", superseding)
            .route("/v1/lists/{list}", get(progress))
            .route("/v1/wholes", post(begin_whole))
            .route("/v1/wholes/{whole}", get(whole))
            .route("/v1/wholes/{whole}/classes", parts)
            .route("/v1/wholes/{whole}/confirm", post(confirm_whole))
            .fallback(|| async {
                Problem::plain(StatusCode::NOT_FOUND, "not-found", "không có ở đây", "nothing is here")
            })
            .with_state(self.clone())
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .layer(from_fn_with_state((self.clone(), port), gate))
    }

    fn now(&self) -> UnixTime {
        (self.0.edges.now)()
    }
}

/// What went wrong, for the page: a word for programs, and a sentence for people in both languages.
#[derive(Debug, Serialize)]
struct Problem {
    #[serde(skip)]
    status: StatusCode,
    code: &'static str,
    vi: String,
    en: String,
    /// Place in the class list.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, vi: &str, en: &str) -> Self {
        Self { status, code, vi: vi.to_owned(), en: en.to_owned(), number: None }
    }
    fn plain(status: StatusCode, code: &'static str, vi: &str, en: &str) -> Response {
        Self::new(status, code, vi, en).into_response()
    }
    fn malformed() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "yêu cầu không đọc được", "the request cannot be read")
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: refused.code(),
            vi: refused.vietnamese(),
            en: refused.to_string(),
            number: refused.number(),
        }
    }
}

impl axum::response::IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

const PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// An allowed origin, as the request named it; among the request's extensions from the gate on.
#[derive(Debug, Clone)]
struct Caller(String);

/// Host, origin, CORS.
async fn gate(Shared((agent, port)): Shared<(Agent, u16)>, mut request: Request, next: Next) -> Response {
    // A page whose own name was made to lead here (DNS rebinding) calls by that name.
    if !single(request.headers(), &header::HOST).is_some_and(|host| is_own_name(host, port)) {
        return Problem::plain(
            StatusCode::MISDIRECTED_REQUEST,
            "wrong-host",
            "yêu cầu gửi đến một tên máy khác",
            "the request is for another host",
        );
    }
    let named = request.headers().contains_key(header::ORIGIN);
    let origin = single(request.headers(), &header::ORIGIN);
    let origin = origin.filter(|origin| agent.0.allowed.iter().any(|allowed| allowed.as_str() == *origin));
    let Some(origin) = origin.map(str::to_owned) else {
        // Without an origin it is no page; a program on this machine may ask whether the agent is there.
        return match named {
            false if request.method() == Method::GET && request.uri().path() == "/v1/status" => next.run(request).await,
            _ => Problem::plain(
                StatusCode::FORBIDDEN,
                "origin-not-allowed",
                "trang này không được phép; chạy lại hocba signer với --allow và địa chỉ của trang",
                "this page is not allowed; start hocba signer with --allow and the page's address",
            ),
        };
    };
    let mut response = if request.method() == Method::OPTIONS {
        preflight(request.headers())
    } else {
        request.extensions_mut().insert(Caller(origin.clone()));
        next.run(request).await
    };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&origin) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, value);
    }
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The value of a header that is there once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn is_own_name(host: &str, port: u16) -> bool {
    let name = host.strip_suffix(&format!(":{port}"));
    name.is_some_and(|name| ["127.0.0.1", "[::1]", "localhost"].contains(&name))
}

fn preflight(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    if asked.get(PRIVATE_NETWORK).is_some_and(|value| value == "true") {
        headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
    }
    response
}

/// The origin of a request with its token, or why not.
fn paired(agent: &Agent, request: &Request) -> Result<String, Problem> {
    let refused = || {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "not-paired",
            "trang này chưa được ghép với hocba signer; nhập mã sáu số đang hiện trong cửa sổ lệnh",
            "this page is not paired; type the six digits that hocba signer shows",
        )
    };
    let Caller(origin) = request.extensions().get::<Caller>().ok_or_else(refused)?;
    let value = single(request.headers(), &header::AUTHORIZATION).ok_or_else(refused)?;
    let (scheme, token) = value.split_once(' ').ok_or_else(refused)?;
    let pairing = agent.0.pairing.lock().unwrap_or_else(PoisonError::into_inner);
    let known = scheme.eq_ignore_ascii_case("bearer") && pairing.knows(origin, token.trim(), agent.now());
    if known { Ok(origin.clone()) } else { Err(refused()) }
}

/// The body, within the route's limit.
async fn body(request: Request) -> Result<Bytes, Problem> {
    Bytes::from_request(request, &()).await.map_err(|refused| match refused.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "danh sách quá lớn; gửi từng lớp một",
            "the list is too large; send one class at a time",
        ),
        _ => Problem::malformed(),
    })
}

async fn status(Shared(agent): Shared<Agent>, request: Request) -> Response {
    let paired = paired(&agent, &request).is_ok();
    Json(json!({ "program": "hocba signer", "version": env!("CARGO_PKG_VERSION"), "paired": paired })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    code: String,
}

async fn pair(Shared(agent): Shared<Agent>, request: Request) -> Result<Response, Problem> {
    let Caller(origin) = request.extensions().get::<Caller>().cloned().ok_or_else(Problem::malformed)?;
    let Code { code } = serde_json::from_slice(&body(request).await?).map_err(|_| Problem::malformed())?;
    let now = agent.now();
    let (Some(token), Some(next)) = ((agent.0.edges.random)(), (agent.0.edges.random)()) else {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "no-randomness",
            "máy này chưa có số ngẫu nhiên",
            "this machine has no random numbers to give",
        ));
    };
    let tried = {
        let mut pairing = agent.0.pairing.lock().unwrap_or_else(PoisonError::into_inner);
        pairing.pair(&origin, &code, now, [&token, &next])
    };
    let refused = |code, vi: &str, en: &str| Err(Problem::new(StatusCode::FORBIDDEN, code, vi, en));
    match tried {
        Paired::Token(token) => {
            agent.0.person.show_code(&agent.code());
            Ok(Json(json!({ "token": token, "expires_in": crate::TOKEN_LIFE })).into_response())
        }
        Paired::Wrong { new } => {
            if let Some(new) = new {
                agent.0.person.show_code(&new);
            }
            refused("wrong-code", "mã không đúng", "that is not the code")
        }
        Paired::Expired { new } => {
            agent.0.person.show_code(&new);
            refused("code-expired", "mã đã hết hạn; nhập mã mới đang hiện", "the code is old; type the new one")
        }
        Paired::Closed => refused(
            "pairing-closed",
            "nhập sai quá nhiều lần; khởi động lại hocba signer",
            "too many wrong codes; start hocba signer again",
        ),
    }
}

async fn certificates(Shared(agent): Shared<Agent>, request: Request) -> Result<Response, Problem> {
    paired(&agent, &request)?;
    let of = |held: &Held| {
        json!({
            "certificates": held.chain.iter().map(|der| base64url(der)).collect::<Vec<_>>(),
            "sha256": held.certificate.digest(),
            "subject": held.certificate.subject(),
            "alg": held.algorithm,
            "not_before": held.certificate.not_before(),
            "not_after": held.certificate.not_after(),
        })
    };
    Ok(Json(json!({ "signers": agent.0.held.iter().map(of).collect::<Vec<_>>() })).into_response())
}

async fn sign(Shared(agent): Shared<Agent>, request: Request) -> Result<Response, Problem> {
    let origin = paired(&agent, &request)?;
    let list: ListRequest = serde_json::from_slice(&body(request).await?).map_err(|_| Problem::malformed())?;
    let held = holder(&agent, &list.certificate)?;
    take(agent, origin, held, move |certificate, now| review(list, certificate, now)).await
}

async fn sign_appointments(Shared(agent): Shared<Agent>, request: Request) -> Result<Response, Problem> {
    let origin = paired(&agent, &request)?;
    let list: AppointmentsRequest = serde_json::from_slice(&body(request).await?).map_err(|_| Problem::malformed())?;
    let held = holder(&agent, &list.certificate)?;
    take(agent, origin, held, move |certificate, now| review_appointments(list, certificate, now)).await
}

async fn sign_superseding(Shared(agent): Shared<Agent>, request: Request) -> Result<Response, Problem> {
    let origin = paired(&agent, &request)?;
    let list: SupersedingRequest = serde_json::from_slice(&body(request).await?).map_err(|_| Problem::malformed())?;
    let held = holder(&agent, &list.certificate)?;
    take(agent, origin, held, move |certificate, now| review_superseding(list, certificate, now)).await
}

/// Which key is that of a certificate.
fn holder(agent: &Agent, certificate: &Sha256Digest) -> Result<usize, Problem> {
    agent.0.held.iter().position(|held| held.certificate.digest() == certificate).ok_or_else(|| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "other-certificate",
            "ở đây không có khoá của chứng thư này",
            "the key of this certificate is not here",
        )
    })
}

/// Takes a list: looked at, then shown and signed on a thread of its own. Answers with how far it is.
async fn take(
    agent: Agent,
    origin: String,
    held: usize,
    review: impl FnOnce(&Certificate, UnixTime) -> Result<Review, Refused> + Send + 'static,
) -> Result<Response, Problem> {
    let now = agent.now();
    let this = agent.clone();
    // A class takes some milliseconds of hashing; other requests need not wait for it.
    let review = tokio::task::spawn_blocking(move || review(&this.0.held[held].certificate, now));
    let review = review.await.map_err(|_| Problem::malformed())??;
    let key: Key = (origin, review.id);
    let begun = agent.0.work.take(&key, review).map_err(|Busy| {
        Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "busy",
            "còn quá nhiều danh sách đang chờ; trả lời chúng trước",
            "too many lists are waiting; answer those first",
        )
    })?;
    if let Some(begun) = begun {
        let (agent, key) = (agent.clone(), key.clone());
        // Not waited for: a page that goes away does not take the person's confirmation with it.
        let (this, of) = (agent.clone(), key.clone());
        let run = tokio::task::spawn_blocking(move || {
            this.0.work.run(&of, &begun, &this.0.held[held].signer, &*this.0.person);
        });
        let (agent, key) = (agent.clone(), key.clone());
        tokio::spawn(async move {
            if run.await.is_err() {
                agent.0.work.broke(&key);
            }
        });
    }
    answer(&agent, &key, 0).map(|progress| (StatusCode::ACCEPTED, progress).into_response())
}

impl From<NotTaken> for Problem {
    fn from(why: NotTaken) -> Self {
        let (status, code, vi) = match why {
            NotTaken::Unknown => (StatusCode::NOT_FOUND, "unknown-list", "không biết danh sách nhiều lớp này"),
            NotTaken::Other => {
                (StatusCode::UNPROCESSABLE_ENTITY, "other-class", "lớp này của trường hoặc người ký khác các lớp kia")
            }
            NotTaken::Twice => (StatusCode::UNPROCESSABLE_ENTITY, "twice", "lớp này đã có trong danh sách"),
            NotTaken::Count => {
                (StatusCode::UNPROCESSABLE_ENTITY, "too-many", "danh sách không có lớp nào, hoặc có quá nhiều")
            }
        };
        Self::new(status, code, vi, &why.to_string())
    }
}

/// Begins a list of several classes.
async fn begin_whole(Shared(agent): Shared<Agent>, request: Request) -> Result<Response, Problem> {
    let origin = paired(&agent, &request)?;
    let of: WholeRequest = serde_json::from_slice(&body(request).await?).map_err(|_| Problem::malformed())?;
    holder(&agent, &of.certificate)?;
    let id = agent.0.work.with_wholes(|wholes| wholes.begin(&origin, of));
    Ok((StatusCode::CREATED, whole_answer(&agent, &origin, id)?).into_response())
}

/// Takes a class into a list of several: looked at as every list is, and shown.
async fn add_class(
    Shared(agent): Shared<Agent>,
    Path(id): Path<u64>,
    request: Request,
) -> Result<Json<WholeProgress>, Problem> {
    let origin = paired(&agent, &request)?;
    let list: ListRequest = serde_json::from_slice(&body(request).await?).map_err(|_| Problem::malformed())?;
    let held = holder(&agent, &list.certificate)?;
    let (this, of, now) = (agent.clone(), origin.clone(), agent.now());
    let taken = tokio::task::spawn_blocking(move || {
        let review = review(list, &this.0.held[held].certificate, now)?;
        this.0.work.with_wholes(|wholes| wholes.add(&of, id, &review))?;
        this.0.person.shows(&of, &review);
        Ok::<_, Problem>(())
    });
    taken.await.map_err(|_| Problem::malformed())??;
    whole_answer(&agent, &origin, id)
}

/// Has several classes confirmed as one.
async fn confirm_whole(
    Shared(agent): Shared<Agent>,
    Path(id): Path<u64>,
    request: Request,
) -> Result<Response, Problem> {
    let origin = paired(&agent, &request)?;
    if let Some(whole) = agent.0.work.with_wholes(|wholes| wholes.close(&origin, id))? {
        let (this, of) = (agent.clone(), origin.clone());
        // Not waited for, as with a list.
        tokio::task::spawn_blocking(move || this.0.work.ask_whole(&of, id, &whole, &*this.0.person));
    }
    Ok((StatusCode::ACCEPTED, whole_answer(&agent, &origin, id)?).into_response())
}

/// How far a list of several classes is; waits for the person's answer.
async fn whole(
    Shared(agent): Shared<Agent>,
    Path(id): Path<u64>,
    Query(Asked { wait, .. }): Query<Asked>,
    request: Request,
) -> Result<Json<WholeProgress>, Problem> {
    let origin = paired(&agent, &request)?;
    let mut changes = agent.0.work.changes();
    let news = async {
        loop {
            let waits = agent.0.work.whole(&origin, id).is_some_and(|whole| whole.state == WholeState::Waiting);
            if !waits || changes.changed().await.is_err() {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(wait.min(MAX_WAIT)), news).await;
    whole_answer(&agent, &origin, id)
}

fn whole_answer(agent: &Agent, origin: &str, id: u64) -> Result<Json<WholeProgress>, Problem> {
    agent.0.work.whole(origin, id).map(Json).ok_or_else(|| NotTaken::Unknown.into())
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    from: usize,
    #[serde(default)]
    wait: u64,
}

async fn progress(
    Shared(agent): Shared<Agent>,
    Path(list): Path<String>,
    Query(Asked { from, wait }): Query<Asked>,
    request: Request,
) -> Result<Response, Problem> {
    let origin = paired(&agent, &request)?;
    let list: Sha256Digest = list.parse().map_err(|_| Problem::malformed())?;
    let key: Key = (origin, list);
    let mut changes = agent.0.work.changes();
    let news = async {
        loop {
            let at_work = agent.0.work.progress(&key, from).filter(|progress| {
                use crate::State::{Signing, Waiting};
                progress.signatures.is_empty() && matches!(progress.state, Waiting | Signing)
            });
            if at_work.is_none() || changes.changed().await.is_err() {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(wait.min(MAX_WAIT)), news).await;
    answer(&agent, &key, from).map(axum::response::IntoResponse::into_response)
}

fn answer(agent: &Agent, key: &Key, from: usize) -> Result<Json<crate::Progress>, Problem> {
    agent
        .0
        .work
        .progress(key, from)
        .map(Json)
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "unknown-list", "không biết danh sách này", "no such list"))
}
