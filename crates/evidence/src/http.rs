//! Asking over the network. Addresses come from certificates, which anyone may hand in: a place inside the own network is
//! not asked unless it was named in the settings, wherever a name resolves to; no redirect is followed.

use std::{
    collections::BTreeSet,
    error::Error,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use hocba_bundle::evidence::MAX_EVIDENCE_BYTES;
use hocba_signature::timestamp::MAX_RESPONSE_BYTES;
use reqwest::{
    Client, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header, redirect,
};

use rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::{Ask, Fetch, FetchError};

/// Time for one question, connecting included. An answer has a few kilobytes.
pub const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest address looked at.
const MAX_URL: usize = 2048;

/// The HTTP client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be set up")]
pub struct NotSetUp(#[source] Box<dyn Error + Send + Sync>);

/// Asks over plain HTTP.
#[derive(Debug, Clone)]
pub struct HttpFetch {
    client: Client,
    /// For addresses that the operator chose, wherever they are.
    chosen: Client,
    inside: Arc<BTreeSet<String>>,
}

impl HttpFetch {
    /// A client that asks hosts of the public network, and those of `inside` wherever they are: names or addresses,
    /// without port.
    ///
    /// # Errors
    /// When it cannot be set up.
    pub fn new(inside: impl IntoIterator<Item = String>, timeout: Duration) -> Result<Self, NotSetUp> {
        let inside: Arc<BTreeSet<String>> = Arc::new(inside.into_iter().map(|host| host.to_lowercase()).collect());
        let builder = || {
            let builder = Client::builder().tls_backend_preconfigured(no_tls()?).timeout(timeout);
            Ok(builder.redirect(redirect::Policy::none()).no_proxy().user_agent("hocba"))
        };
        let guarded = builder()?.dns_resolver(Arc::new(Guarded(Arc::clone(&inside))));
        let client = guarded.build().map_err(|error| NotSetUp(error.into()))?;
        let chosen = builder()?.build().map_err(|error| NotSetUp(error.into()))?;
        Ok(Self { client, chosen, inside })
    }

    /// The address, if it is one that is asked. What a name resolves to is looked at when it is resolved.
    fn address(&self, url: &str) -> Result<Url, FetchError> {
        let url = plain(url)?;
        let host = url.host_str().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let reachable = self.inside.contains(host) || literal.map_or(!host.is_empty(), is_public);
        if reachable { Ok(url) } else { Err(FetchError::Address) }
    }
}

/// An address of plain HTTP.
fn plain(url: &str) -> Result<Url, FetchError> {
    let url = Some(url).filter(|url| url.len() <= MAX_URL).and_then(|url| Url::parse(url).ok());
    let url = url.ok_or(FetchError::Address)?;
    let plain = url.scheme() == "http" && url.username().is_empty() && url.password().is_none();
    if plain && url.host_str().is_some_and(|host| !host.is_empty()) { Ok(url) } else { Err(FetchError::Address) }
}

impl Fetch for HttpFetch {
    async fn fetch(&self, ask: Ask<'_>) -> Result<Vec<u8>, FetchError> {
        let post = |client: &Client, url: Url, kind: &'static str, request: &[u8]| {
            client.post(url).header(header::CONTENT_TYPE, kind).body(request.to_vec())
        };
        let (request, limit) = match ask {
            Ask::Crl { url } => (self.client.get(self.address(url)?), MAX_EVIDENCE_BYTES),
            Ask::Ocsp { url, request } => {
                (post(&self.client, self.address(url)?, "application/ocsp-request", request), MAX_EVIDENCE_BYTES)
            }
            Ask::TimeStamp { url, request } => {
                (post(&self.chosen, plain(url)?, "application/timestamp-query", request), MAX_RESPONSE_BYTES)
            }
        };
        let response = request.send().await.map_err(|error| reason(&error))?;
        if response.status().is_redirection() {
            return Err(FetchError::Redirected);
        }
        if !response.status().is_success() {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        body(response, limit).await
    }
}

/// The settings of a TLS that is never spoken. Another crate of the program may have reqwest speak TLS, and reqwest then
/// wants settings of every client.
fn no_tls() -> Result<ClientConfig, NotSetUp> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| NotSetUp(error.into()))?;
    Ok(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// Counted while it is read: a Content-Length is only a claim.
async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| reason(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn reason(error: &reqwest::Error) -> FetchError {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = cause {
        if inner.is::<Inside>() {
            return FetchError::Address;
        }
        cause = inner.source();
    }
    if error.is_timeout() { FetchError::Timeout } else { FetchError::Unreachable }
}

/// The name belongs to a machine of the own network.
#[derive(Debug)]
struct Inside;

impl fmt::Display for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name resolves to no public address")
    }
}
impl Error for Inside {}

/// Resolves names, and connects to what it looked at: a name that resolves otherwise the next time gains nothing.
struct Guarded(Arc<BTreeSet<String>>);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let inside = self.0.contains(name.as_str());
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let may: Vec<SocketAddr> = found.into_iter().filter(|at| inside || is_public(at.ip())).collect();
            if may.is_empty() {
                return Err(Inside.into());
            }
            Ok(Box::new(may.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public network (IANA's registries of special purposes, as of RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a >= 224 // multicast, reserved, broadcast
        || (a == 100 && (64..128).contains(&b)) // shared by a carrier's customers
        || (a == 198 && (18..20).contains(&b)) // benchmarks
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)) // 6to4 relays
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    if let Some(v4) = address.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        // NAT64: the last 32 bits are the address that is reached.
        let [.., a, b, c, d] = address.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    // Global unicast, without Teredo and other protocols (2001::/23), documentation and 6to4.
    segments[0] & 0xe000 == 0x2000
        && !(segments[0] == 0x2001 && segments[1] < 0x200)
        && !(segments[0] == 0x2001 && segments[1] == 0xdb8)
        && segments[0] != 0x2002
        && segments[0] != 0x3fff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetch(inside: &[&str]) -> HttpFetch {
        HttpFetch::new(inside.iter().map(|host| (*host).to_owned()), TIMEOUT).expect("a client")
    }

    #[test]
    fn only_public_addresses_are_public() {
        for inside in [
            "127.0.0.1",
            "127.8.8.8",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.0.1",
            "198.18.0.1",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2001::1",
            "::127.0.0.1",
        ] {
            assert!(!is_public(inside.parse().expect("an address")), "{inside}");
        }
        for public in ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"] {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
    }

    #[test]
    fn what_a_certificate_names_is_asked_only_over_http_and_outside() {
        let plain = fetch(&[]);
        for refused in [
            "https://ca.example/crl",
            "ldap://ca.example/cn=ca",
            "file:///etc/passwd",
            "ftp://ca.example/crl",
            "crl",
            "http://user@ca.example/",
            "http://user:pass@ca.example/",
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://10.0.0.1:80/",
            "http://169.254.169.254/latest/meta-data",
            "",
        ] {
            assert_eq!(plain.address(refused), Err(FetchError::Address), "{refused}");
        }
        assert!(plain.address(&format!("http://ca.example/{}", "a".repeat(MAX_URL))).is_err());
        for asked in ["http://ca.example/ca.crl", "http://8.8.8.8:8080/ocsp"] {
            assert!(plain.address(asked).is_ok(), "{asked}");
        }
        assert!(fetch(&["10.0.0.1"]).address("http://10.0.0.1:8080/ca.crl").is_ok(), "named in the settings");
        assert!(fetch(&["10.0.0.1"]).address("http://10.0.0.2/ca.crl").is_err());
    }

    #[tokio::test]
    async fn what_the_operator_chose_is_asked_wherever_it_is() {
        let ask = |url| Ask::TimeStamp { url, request: &[] };
        assert_eq!(fetch(&[]).fetch(ask("http://127.0.0.1:9/tsa")).await, Err(FetchError::Unreachable));
        for refused in ["https://tsa.example/", "ftp://tsa.example/", "http://user@tsa.example/", "tsa", ""] {
            assert_eq!(fetch(&[]).fetch(ask(refused)).await, Err(FetchError::Address), "{refused}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_as_such() {
        let ask = Ask::Crl { url: "http://localhost:9/ca.crl" };
        assert_eq!(fetch(&[]).fetch(ask).await, Err(FetchError::Address));
        let refused = fetch(&["localhost"]).fetch(ask).await;
        assert_eq!(refused, Err(FetchError::Unreachable), "allowed, and nobody is there");
    }
}
