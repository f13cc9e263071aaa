//! The JSON API, the public check page, QR codes, and the plumbing under them.
//!
//! **For**: what the world reaches over HTTP: [`public`] (API under `/api/v1`, pages, the check page `/v`) and
//! [`mod@staff`] pages behind a sign-in, [`operator`] (metrics and a status page, on a listener of their own); failures as RFC 9457 documents ([`problem`]);
//! verdicts as people read them ([`mod@view`]); [`qr`] codes; a [`listener`] with limits and an orderly end ([`lifecycle`]).
//!
//! **Will not**: decide anything: [`hocba_app::App`] does, and for what anyone may ask, whoever implements
//! [`service::Service`]; know a database or a key; log what could tell who looked at whom.
//!
//! ```no_run
//! use hocba_server::{Server, config::ServerConfig, http::request_id::RequestIds, lifecycle::Stage, listener, public};
//!
//! # async fn serve(app: hocba_app::App) -> Result<(), Box<dyn std::error::Error>> {
//! let config = ServerConfig::default();
//! config.validate()?;
//! let server = Server::new(app, config.clone(), RequestIds::new([1; 8])); // eight random bytes
//! let socket = listener::bind(config.listen).await?;
//! let stop = server.life().reached(Stage::Closing); // `enter` it when the process is told to end
//! listener::serve(socket, public(&server), &config.limits, stop).await;
//! # Ok(())
//! # }
//! ```

mod api;
mod assets;
pub mod config;
mod heavy;
pub mod http;
pub mod language;
pub mod lifecycle;
pub mod listener;
pub mod mail;
mod metrics;
mod operator;
mod pages;
mod print;
pub mod problem;
pub mod qr;
pub mod service;
pub mod staff;
pub mod view;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::Method,
    middleware::{from_fn, from_fn_with_state},
    routing::get,
};
use hocba_app::App;
use hocba_bundle::{format::MAX_BUNDLE_BYTES, report::Report};
use hocba_mail::Smtp;
use hocba_openid::Provider;
use tokio::sync::Semaphore;

use crate::{
    config::ServerConfig,
    http::{guard, headers, leave, observe, request_id, request_id::RequestIds},
    lifecycle::Lifecycle,
    metrics::Metrics,
    problem::Problem,
    service::Service,
};

/// Longest body taken: a bundle, and what a form puts around it. Endpoints that take more say so themselves.
pub const MAX_BODY: usize = MAX_BUNDLE_BYTES + 16 * 1024;

/// What handlers share.
#[derive(Debug, Clone)]
pub struct Server<S> {
    pub(crate) service: S,
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) ids: RequestIds,
    pub(crate) metrics: Metrics,
    /// A verification keeps a core busy; those beyond the limit wait their turn.
    pub(crate) verifications: Arc<Semaphore>,
    /// What accounts have done that keeps a core busy; see [`heavy`].
    pub(crate) heavy: Arc<Semaphore>,
    /// Forms with files that arrive: twice as many as are worked on.
    pub(crate) arriving: Arc<Semaphore>,
    pub(crate) life: Lifecycle,
    /// Between the two steps of signing in.
    pub(crate) process_key: staff::ProcessKey,
    /// Through which people may sign in besides.
    pub(crate) openid: Option<Arc<Provider>>,
    /// By which people are told by e-mail, where they are.
    pub(crate) mail: Option<Arc<Smtp>>,
    /// Tasks that this process works on.
    pub(crate) running: staff::Running,
}

impl<S: Service> Server<S> {
    /// A server for this service. The settings are taken as validated.
    pub fn new(service: S, config: ServerConfig, ids: RequestIds) -> Self {
        let verifications = Arc::new(Semaphore::new(config.limits.verifications));
        let heavy = Arc::new(Semaphore::new(config.limits.heavy));
        let arriving = Arc::new(Semaphore::new(2 * config.limits.heavy));
        let (metrics, life) = (Metrics::default(), Lifecycle::default());
        let (process_key, running) = (staff::ProcessKey::default(), staff::Running::default());
        Self {
            service,
            config: Arc::new(config),
            ids,
            metrics,
            verifications,
            heavy,
            arriving,
            life,
            process_key,
            running,
            openid: None,
            mail: None,
        }
    }

    /// The same where people may sign in through this provider; [`AccessSettings::openid`](hocba_app::AccessSettings) says
    /// what becomes of them.
    #[must_use]
    pub fn with_openid(self, provider: Provider) -> Self {
        Self { openid: Some(Arc::new(provider)), ..self }
    }

    /// The same where people may give an e-mail address, to which this server takes letters; [`mail::DailyMail`] writes to it.
    #[must_use]
    pub fn with_mail(self, smtp: Smtp) -> Self {
        Self { mail: Some(Arc::new(smtp)), ..self }
    }

    /// Where it is in its life, and the way to end it.
    pub fn life(&self) -> &Lifecycle {
        &self.life
    }

    /// A verdict on the bytes of a bundle, in its turn. Waiting counts towards the request's time, so it ends.
    pub(crate) async fn verify(&self, bytes: &[u8]) -> Result<Report, Problem> {
        let turn = self.verifications.acquire().await.map_err(Problem::internal)?;
        let report = self.service.verify(bytes).await;
        drop(turn);
        self.metrics.verdict(report.verdict);
        Ok(report)
    }
}

/// What the world reaches: what is for anyone, and the API for those with an account.
pub fn public(server: &Server<App>) -> Router {
    let endpoints = api::for_anyone().into_iter().chain(api::of_the_record()).chain(api::for_accounts()).collect();
    plumbed(open_routes().merge(staff::router()).nest("/api/v1", api::router(endpoints)), server)
}

/// What anyone reaches without an account: the check page, links, verdicts.
pub fn for_anyone<S: Service>(server: &Server<S>) -> Router {
    plumbed(open_routes().nest("/api/v1", api::router(api::for_anyone())), server)
}

/// The same with the samples of the staff pages at `/samples`; for those who change pages, never for a deployment.
pub fn with_samples<S: Service>(server: &Server<S>) -> Router {
    let routes = open_routes().merge(staff::sample_pages()).nest("/api/v1", api::router(api::for_anyone()));
    plumbed(routes, server)
}

fn open_routes<S: Service>() -> Router<Server<S>> {
    pages::routes().route("/healthz", get(operator::healthz)).route("/readyz", get(operator::readyz::<S>))
}

/// Methods and addresses of the API, as `docs/api.md` lists them.
pub fn endpoints() -> Vec<(Method, String)> {
    let all = api::for_anyone::<App>().into_iter().chain(api::of_the_record()).chain(api::for_accounts());
    all.map(|endpoint| (endpoint.method, format!("/api/v1{}", endpoint.path))).collect()
}

/// What the operator reaches: metrics and a status page. No password: keep its listener off the internet.
pub fn operator<S: Service>(server: &Server<S>) -> Router {
    plumbed(operator::routes(), server)
}

/// Puts around the routes what every request goes through; see [`http`].
fn plumbed<S: Service>(routes: Router<Server<S>>, server: &Server<S>) -> Router {
    routes
        .fallback(|| async { Problem::NotFound })
        .with_state(server.clone())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(server.config.limits.request_time(), guard::guard))
        .layer(from_fn(problem::answer))
        .layer(from_fn_with_state(server.metrics.clone(), observe::observe))
        .layer(from_fn_with_state(server.config.public_url.is_secure(), headers::guard))
        .layer(from_fn_with_state(server.ids.clone(), request_id::name))
        .layer(from_fn_with_state(server.life.clone(), leave::leave))
}
