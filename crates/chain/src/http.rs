//! JSON-RPC over plain HTTP.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use reqwest::{Client, StatusCode, Url, header, redirect};
use serde_json::Value;

use crate::rpc::{Rpc, RpcError, RpcFuture, decode_response, encode_request};

/// Time for one request, connecting included.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

/// Longest answer taken. The largest one we ask for is a page of 1,000 batches, 160 kB or 320 kB as hex, or the logs of
/// some thousand status entries at about 1 kB each; 32 MiB is well past both and still small beside a server's memory.
pub const DEFAULT_MAX_RESPONSE: usize = 32 << 20;

/// How an [`HttpRpc`] behaves.
#[derive(Debug, Clone, Copy)]
pub struct HttpSettings {
    /// See [`DEFAULT_TIMEOUT`].
    pub timeout: Duration,
    /// See [`DEFAULT_MAX_RESPONSE`].
    pub max_response: usize,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self { timeout: DEFAULT_TIMEOUT, max_response: DEFAULT_MAX_RESPONSE }
    }
}

/// Why an address cannot be one of a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpRpcError {
    /// Not a URL.
    #[error("the node's address is no URL")]
    NotAUrl,
    /// There is no TLS in this client: it talks to a node, or to a TLS proxy, on the same machine or private network.
    #[error("the node's address must begin with http://, not {scheme}://: for TLS put a local proxy in between")]
    Scheme {
        /// The scheme found.
        scheme: String,
    },
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up: {0}")]
    Setup(String),
}

/// A node behind an HTTP address. Follows no redirect, uses no proxy, keeps connections open.
pub struct HttpRpc {
    client: Client,
    url: Url,
    settings: HttpSettings,
    next_id: AtomicU64,
}

/// A TLS that trusts nobody: nodes are asked by `http`. It has to be named, because another crate of the same program may
/// have the HTTP client built with TLS, and the client then wants one for every use.
fn no_tls() -> Result<rustls::ClientConfig, HttpRpcError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| HttpRpcError::Setup(e.to_string()))?;
    Ok(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

impl HttpRpc {
    /// A node at this address.
    ///
    /// # Errors
    /// For an address that is not an `http` URL.
    pub fn new(url: &str, settings: HttpSettings) -> Result<Self, HttpRpcError> {
        let url = Url::parse(url).map_err(|_| HttpRpcError::NotAUrl)?;
        if url.scheme() != "http" {
            return Err(HttpRpcError::Scheme { scheme: url.scheme().to_owned() });
        }
        let client = Client::builder()
            .tls_backend_preconfigured(no_tls()?)
            .timeout(settings.timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|e| HttpRpcError::Setup(e.to_string()))?;
        Ok(Self { client, url, settings, next_id: AtomicU64::new(1) })
    }

    async fn send(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut response = self
            .client
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .body(encode_request(id, method, &params))
            .send()
            .await
            .map_err(|e| self.failed(e))?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            let seconds = response.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse().ok());
            return Err(RpcError::RateLimited { retry_after: seconds.map(Duration::from_secs) });
        }
        if status != StatusCode::OK {
            return Err(RpcError::Http { status: status.as_u16() });
        }
        let limit = self.settings.max_response;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.failed(e))? {
            // Checked before it is kept: a Content-Length is only a claim.
            if chunk.len() > limit - body.len() {
                return Err(RpcError::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        decode_response(id, &body)
    }

    fn failed(&self, error: reqwest::Error) -> RpcError {
        // The URL may hold a user name or a key in its path, and errors are logged.
        let error = error.without_url();
        if error.is_connect() {
            return RpcError::Unreachable { reason: chain_of(&error) };
        }
        if error.is_timeout() {
            return RpcError::Timeout { after: self.settings.timeout };
        }
        RpcError::Interrupted { reason: chain_of(&error) }
    }
}

fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl Rpc for HttpRpc {
    fn request<'a>(&'a self, method: &'a str, params: Value) -> RpcFuture<'a> {
        Box::pin(self.send(method, params))
    }
}

/// Shows where it leads without what a URL may hold in secret: user, password, path and query.
impl fmt::Debug for HttpRpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or("?");
        let port = self.url.port_or_known_default().unwrap_or(0);
        f.debug_tuple("HttpRpc").field(&format_args!("http://{host}:{port}")).finish()
    }
}
