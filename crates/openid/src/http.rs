//! One request, one answer, within bounds.

use std::{error::Error, fmt, future::Future, net::IpAddr, pin::Pin, sync::Arc, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, url::Url};
use reqwest::{Client, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::SettingsError;

/// Longest answer taken, in bytes. Metadata and keys have a few kilobytes, a token answer with many groups some tens.
pub const MAX_ANSWER: usize = 256 * 1024;
/// Time for one request, connecting included. A return needs three at most, within the 30 seconds that a page has.
pub const TIMEOUT: Duration = Duration::from_secs(8);

/// Asks the provider.
pub(crate) struct Http {
    client: Client,
    /// Whether plain HTTP on this machine is spoken.
    plain: bool,
}

/// Why there is no answer. Without the request: it holds a code and a secret.
#[derive(Debug)]
pub struct NoAnswer(&'static str);

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
impl Error for NoAnswer {}

/// Whether an address may be asked, or a browser sent there.
pub(crate) fn may(url: &Url, plain: bool) -> bool {
    let host = url.host_str().unwrap_or_default();
    match url.scheme() {
        "https" => !host.is_empty(),
        "http" => plain && is_loopback(host),
        _ => false,
    }
}

/// Only plain names of this machine: what a resolver says of other names is not ours to trust.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Http {
    pub(crate) fn new(plain: bool) -> Result<Self, SettingsError> {
        let failed = |error: &dyn Error| SettingsError::Http(error.to_string());
        let mut roots = RootCertStore::empty();
        for certificate in rustls_native_certs::load_native_certs().certs {
            // The system's list holds what rustls does not read; the rest serves.
            let _ = roots.add(certificate);
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .timeout(TIMEOUT)
            // A redirect would carry the code and our secret to another place.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent("hocba")
            .build()
            .map_err(|error| failed(&error))?;
        Ok(Self { client, plain })
    }

    pub(crate) fn may(&self, url: &Url) -> bool {
        may(url, self.plain)
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let request = reqwest::Request::try_from(request).map_err(|_| NoAnswer("not a request"))?;
        if !self.may(request.url()) {
            return Err(NoAnswer("an address that is not asked"));
        }
        let mut response = self
            .client
            .execute(request)
            .await
            .map_err(|error| NoAnswer(if error.is_timeout() { "no answer in time" } else { "not reached" }))?;
        let mut answer = HttpResponse::new(Vec::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        // Counted while it is read: a Content-Length is only a claim.
        while let Some(chunk) = response.chunk().await.map_err(|_| NoAnswer("the answer broke off"))? {
            if answer.body().len() + chunk.len() > MAX_ANSWER {
                return Err(NoAnswer("the answer is too long"));
            }
            answer.body_mut().extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_spoken_on_this_machine_alone_and_only_where_the_issuer_is_there() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        assert!(may(&url("https://id.example.vn/token"), false));
        assert!(may(&url("http://[::1]:3000/token"), true));
        assert!(!may(&url("http://127.0.0.1:3000/token"), false), "an issuer elsewhere leads nowhere here");
        for bad in
            ["http://id.example.vn/", "http://169.254.169.254/", "http://localhost.evil.example/", "file:///etc/hosts"]
        {
            assert!(!may(&url(bad), true), "{bad}");
        }
    }
}
