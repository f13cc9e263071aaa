//! The JSON API, one file for each endpoint. `docs/api.md` describes it; a test keeps the two in step.

mod batch_leaves;
mod batch_schools;
mod batches_close;
mod batches_list;
mod bundle;
mod caller;
mod class_get;
mod class_import;
mod classes_list;
mod finding;
pub(crate) mod input;
mod leaves;
mod link_create;
mod link_withdraw;
mod links_list;
mod links_open;
mod record_leave_out;
mod record_return;
pub(crate) mod signatures;
pub(crate) mod signing_tasks;
mod verify;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    http::Method,
    routing::{MethodFilter, MethodRouter, on},
};
use hocba_app::App;

use crate::{Server, service::Service};

pub(crate) use finding::FindingJson;

/// A method at an address, and who answers.
pub(crate) struct Endpoint<S> {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    handler: MethodRouter<Server<S>>,
}

fn endpoint<S, H, T>(method: Method, path: &'static str, handler: H) -> Endpoint<S>
where
    S: Service,
    H: Handler<T, Server<S>>,
    T: 'static,
{
    let filter = MethodFilter::try_from(method.clone()).expect("the methods below are standard ones");
    Endpoint { method, path, handler: on(filter, handler) }
}

impl<S: Service> Endpoint<S> {
    /// Takes a body of up to so many bytes.
    fn taking(self, bytes: usize) -> Self {
        Self { handler: self.handler.layer(DefaultBodyLimit::max(bytes)), ..self }
    }
}

/// What needs no account: asked with the secret of a link, or with the transcript itself.
pub(crate) fn for_anyone<S: Service>() -> Vec<Endpoint<S>> {
    vec![
        endpoint(Method::POST, "/links/open", links_open::handle::<S>),
        endpoint(Method::POST, "/verify", verify::handle::<S>),
    ]
}

/// What needs no account either, of an installation that anchors: what everybody compares with the chain.
pub(crate) fn of_the_record() -> Vec<Endpoint<App>> {
    vec![
        endpoint(Method::GET, "/batches", batches_list::handle),
        endpoint(Method::GET, "/batches/{index}/leaves", batch_leaves::handle),
    ]
}

/// What is asked with an account's token.
pub(crate) fn for_accounts() -> Vec<Endpoint<App>> {
    vec![
        endpoint(Method::GET, "/classes", classes_list::handle),
        endpoint(Method::POST, "/classes", class_import::handle).taking(class_import::max_bytes()),
        endpoint(Method::GET, "/classes/{class}", class_get::handle),
        endpoint(Method::POST, "/classes/{class}/signing-tasks", signing_tasks::handle),
        endpoint(Method::POST, "/classes/{class}/signatures", signatures::handle),
        endpoint(Method::POST, "/records/{record}/return", record_return::handle),
        endpoint(Method::PUT, "/records/{record}/left-out", record_leave_out::handle),
        endpoint(Method::GET, "/records/{record}/bundle", bundle::handle),
        endpoint(Method::GET, "/records/{record}/links", links_list::handle),
        endpoint(Method::POST, "/records/{record}/links", link_create::handle),
        endpoint(Method::DELETE, "/links/{link}", link_withdraw::handle),
        endpoint(Method::GET, "/schools/{school}/batches/{index}/leaves", leaves::handle),
        endpoint(Method::GET, "/batches/{index}/schools", batch_schools::handle),
        endpoint(Method::POST, "/batches/close", batches_close::handle),
    ]
}

pub(crate) fn router<S: Service>(endpoints: Vec<Endpoint<S>>) -> Router<Server<S>> {
    endpoints.into_iter().fold(Router::new(), |router, endpoint| router.route(endpoint.path, endpoint.handler))
}
