//! One JSON request, one JSON answer, within bounds.

use std::{io::Read as _, net::IpAddr, sync::Arc, time::Duration};

use reqwest::{StatusCode, Url, blocking::Client, header, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer};
use serde::{Serialize, de::DeserializeOwned};

use super::wire::Refusal;
use crate::{Passphrase, SigningError};

/// Longest answer taken. The largest is 100 RSA-4096 signatures in base64, 70 kB, or 16 certificates of 8 KiB: 175 kB.
pub(super) const MAX_ANSWER: u64 = 1 << 20;

pub(super) struct Http {
    client: Client,
    base: Url,
    token: Passphrase,
    /// Scheme, host and port: the service's name in messages, without what a path may hold.
    pub(super) server: String,
}

/// An answer other than the one hoped for.
pub(super) enum Failure {
    /// The service understood and refused.
    Refused(Refusal),
    Other(SigningError),
}

impl From<SigningError> for Failure {
    fn from(error: SigningError) -> Self {
        Self::Other(error)
    }
}

impl Http {
    /// A service at this address; `roots` replaces the operating system's list of certificate authorities.
    pub(super) fn new(
        url: &str,
        token: Passphrase,
        roots: Option<&[Vec<u8>]>,
        timeout: Duration,
    ) -> Result<Self, SigningError> {
        let bad = |reason: &str| SigningError::Address { reason: reason.into() };
        let mut base = Url::parse(url).map_err(|_| bad("the service's address is no URL"))?;
        let host = base.host_str().unwrap_or_default().to_owned();
        if base.scheme() != "https" && !(base.scheme() == "http" && is_loopback(&host)) {
            return Err(bad("the service's address must begin with https:// (http:// only on this machine)"));
        }
        if !base.username().is_empty() || base.password().is_some() || base.query().is_some() {
            return Err(bad("the service's address holds a user, a password or a query; give the token as a file"));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let server = base.origin().ascii_serialization();
        let client = Client::builder()
            .tls_backend_preconfigured(tls(roots)?)
            .timeout(timeout)
            .connect_timeout(Duration::from_secs(10))
            // A redirect would carry the token and the signer's secrets to another place.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| bad(&chain_of(&error)))?;
        Ok(Self { client, base, token, server })
    }

    /// Posts to a method of the API.
    pub(super) fn post<A: DeserializeOwned>(&self, method: &str, request: &impl Serialize) -> Result<A, Failure> {
        let (status, body) = self.exchange(method, request)?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| {
                Failure::Other(self.bad_answer(&format!("{method}: {status} with something that is not its JSON")))
            });
        }
        // Too many at once, or a fault of its own: worth another try later.
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            let reason = format!("{method}: {status}");
            return Err(SigningError::Unreachable { server: self.server.clone(), reason }.into());
        }
        let refusal: Option<Refusal> = serde_json::from_slice(&body).ok();
        if status == StatusCode::UNAUTHORIZED || refusal.as_ref().is_some_and(|r| r.error == "invalid_token") {
            return Err(SigningError::AccessExpired { server: self.server.clone() }.into());
        }
        match refusal {
            Some(refusal) if !refusal.error.is_empty() => Err(Failure::Refused(refusal)),
            _ => Err(self.bad_answer(&format!("{method}: {status}")).into()),
        }
    }

    fn exchange(&self, method: &str, request: &impl Serialize) -> Result<(StatusCode, Vec<u8>), SigningError> {
        let url = self.base.join(method).expect("method names are relative URLs");
        let body = serde_json::to_vec(request).expect("plain structures become JSON");
        let unreachable = |reason: String| SigningError::Unreachable { server: self.server.clone(), reason };
        let response = self
            .client
            .post(url)
            .bearer_auth(self.token.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .send()
            .map_err(|error| unreachable(chain_of(&error.without_url())))?;
        let status = response.status();
        let mut body = Vec::new();
        // Counted while it is read: a Content-Length is only a claim.
        response.take(MAX_ANSWER + 1).read_to_end(&mut body).map_err(|error| unreachable(chain_of(&error)))?;
        if body.len() as u64 > MAX_ANSWER {
            return Err(self.bad_answer(&format!("{method}: more than {MAX_ANSWER} bytes")));
        }
        Ok((status, body))
    }

    pub(super) fn bad_answer(&self, what: &str) -> SigningError {
        SigningError::BadAnswer { from: self.server.clone(), what: what.into() }
    }

    pub(super) fn refused(&self, refusal: &Refusal) -> SigningError {
        SigningError::Refused { by: self.server.clone(), reason: words_of(refusal) }
    }
}

/// The service's words, short enough for a message.
pub(super) fn words_of(refusal: &Refusal) -> String {
    let words = if refusal.error_description.is_empty() { &refusal.error } else { &refusal.error_description };
    words.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Only plain names of this machine: what a resolver says of other names is not ours to trust.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// TLS by rustls with ring, as the database client has it.
fn tls(roots: Option<&[Vec<u8>]>) -> Result<ClientConfig, SigningError> {
    let bad = |reason: String| SigningError::Address { reason };
    let mut store = RootCertStore::empty();
    match roots {
        Some(roots) => {
            for root in roots {
                store.add(CertificateDer::from(root.as_slice())).map_err(|error| bad(error.to_string()))?;
            }
        }
        None => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(error.to_string()))?;
    Ok(config.with_root_certificates(store).with_no_client_auth())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_this_machine_and_holds_no_secret() {
        let open =
            |url: &str| Http::new(url, Passphrase::new("t"), Some(&[]), Duration::from_secs(1)).map(|h| h.server);
        for (url, server) in [
            ("https://ky.example.vn/csc/v2", "https://ky.example.vn"),
            ("https://ky.example.vn:8443", "https://ky.example.vn:8443"),
            ("http://127.0.0.1:4000/csc/v2/", "http://127.0.0.1:4000"),
            ("http://localhost:4000", "http://localhost:4000"),
            ("http://[::1]:4000", "http://[::1]:4000"),
        ] {
            assert_eq!(open(url).expect("allowed"), server);
        }
        for url in [
            "http://ky.example.vn/csc/v2",
            "http://127.0.0.1.example.vn",
            "http://localhost.example.vn",
            "https://user:secret@ky.example.vn",
            "https://ky.example.vn/?token=secret",
            "ftp://127.0.0.1",
            "ky.example.vn",
            "",
        ] {
            let error = open(url).expect_err(url);
            assert!(matches!(error, SigningError::Address { .. }), "{url}: {error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
