//! What the server has to be told.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
    time::Duration,
};

use axum::http::Uri;
use hocba_app::LinkSecret;
use hocba_record::encoding::base64url;
use serde::{Deserialize, Serialize};

/// Settings of the server.
///
/// ```
/// let config: hocba_server::config::ServerConfig = serde_json::from_str(
///     r#"{ "listen": "0.0.0.0:8080", "public_url": "https://hocba.example.vn", "limits": { "connections": 2048 } }"#,
/// )?;
/// config.validate()?;
/// assert_eq!(config.public_url.to_string(), "https://hocba.example.vn");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Where pages and API are served; behind a proxy that speaks TLS, unless the address is of this machine.
    pub listen: SocketAddr,
    /// Where metrics and the operator's page are served; nowhere where this is null. Keep it off the internet.
    pub operator: Option<SocketAddr>,
    /// How the world reaches `listen`: what links and QR codes begin with.
    pub public_url: PublicUrl,
    /// Addresses of proxies before this server. Of a request from one of them, the address of the client is what
    /// `X-Forwarded-For` says last; everybody else's is not believed. Guessing of passwords is slowed by that address, so
    /// behind a proxy that is not named here all people share one.
    pub trusted_proxies: Vec<IpAddr>,
    /// At which port of their own machine people's `hocba signer` is looked for by the pages on which they sign.
    pub signer_port: u16,
    /// What the foot of a printed sheet says of the system.
    pub system: SystemConfig,
    /// Limits.
    pub limits: Limits,
}

impl Default for ServerConfig {
    fn default() -> Self {
        let here = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            listen: here(8080),
            operator: Some(here(8081)),
            public_url: PublicUrl::of_listener(here(8080)),
            trusted_proxies: Vec::new(),
            signer_port: 8792,
            system: SystemConfig::default(),
            limits: Limits::default(),
        }
    }
}

/// The information system and its owner, as printed: a paper made from an electronic record names both (Luật Giao dịch điện
/// tử 2023 Art. 12.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SystemConfig {
    /// What the system is called; at most 120 characters.
    pub name: String,
    /// Who owns it, a department of education as a rule; at most 120 characters. Empty: not said yet.
    pub owner: String,
}

impl Default for SystemConfig {
    fn default() -> Self {
        Self { name: "Hệ thống học bạ số".into(), owner: String::new() }
    }
}

impl SystemConfig {
    /// Most characters of a name: two lines of a sheet's foot.
    const MOST: usize = 120;

    /// As printed.
    pub(crate) fn sentence(&self) -> String {
        let owner = if self.owner.is_empty() { "(chưa khai báo)" } else { &self.owner };
        format!("Hệ thống: {}. Chủ quản: {owner}.", self.name)
    }
}

/// How much of everything the server takes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections at a time. Each may hold one body of a bundle's size (1 MiB), so the default is at most half a
    /// gigabyte; more wait in the system's queue.
    pub connections: usize,
    /// Verifications at a time; more wait, until their request's time is over. A verification is a few milliseconds of
    /// one core, so a few for each core keep all of them busy.
    pub verifications: usize,
    /// Requests of accounts that keep a core busy at a time, reading a spreadsheet or what a class has signed; more wait.
    /// A spreadsheet takes up to 132 MiB (file, parts and cells, by `hocba_workbook::Limits`), so the default is at most
    /// half a gigabyte.
    pub heavy: usize,
    /// Seconds a client may take to send the head of a request.
    pub header_seconds: u64,
    /// Seconds from the head of a request to its answer, the body's arrival included: a 1 MiB file over 0.5 Mbit/s.
    pub request_seconds: u64,
    /// Seconds that running requests get when the server closes. As long as a head and its request may take by
    /// default, so that what was read is answered; whoever ends the process by force has to wait for longer.
    pub closing_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            verifications: 8,
            heavy: 4,
            header_seconds: 10,
            request_seconds: 30,
            closing_seconds: 40,
        }
    }
}

impl Limits {
    pub(crate) fn header_time(&self) -> Duration {
        Duration::from_secs(self.header_seconds)
    }
    pub(crate) fn request_time(&self) -> Duration {
        Duration::from_secs(self.request_seconds)
    }
    pub(crate) fn closing_time(&self) -> Duration {
        Duration::from_secs(self.closing_seconds)
    }
}

/// Settings that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Both listeners at one address.
    #[error("`listen` and `operator` are both {0}; metrics need an address of their own")]
    SameAddress(SocketAddr),
    /// Outside its range.
    #[error("`limits.{name}` is {found}; it must be from {least} to {most}")]
    Limit {
        /// Which.
        name: &'static str,
        /// Found.
        found: u64,
        /// Least.
        least: u64,
        /// Most.
        most: u64,
    },
    /// No name that fits on a sheet.
    #[error("`system.{0}` must be at most 120 characters without line breaks, and the system has a name")]
    System(&'static str),
    /// Not an address that a link may begin with.
    #[error("`public_url` must be https://host or, on this machine only, http://localhost; nothing behind the host")]
    PublicUrl,
}

impl ServerConfig {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.operator == Some(self.listen) && self.listen.port() != 0 {
            return Err(ConfigError::SameAddress(self.listen));
        }
        let SystemConfig { name, owner } = &self.system;
        for (member, text) in [("name", name), ("owner", owner)] {
            let fits = text.chars().count() <= SystemConfig::MOST && !text.chars().any(char::is_control);
            if !fits || (member == "name" && text.trim().is_empty()) {
                return Err(ConfigError::System(member));
            }
        }
        let limits = &self.limits;
        let wide = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        for (name, found, least, most) in [
            ("connections", wide(limits.connections), 1, 100_000),
            ("verifications", wide(limits.verifications), 1, 1024),
            ("heavy", wide(limits.heavy), 1, 64),
            ("header_seconds", limits.header_seconds, 1, 120),
            ("request_seconds", limits.request_seconds, 1, 600),
            ("closing_seconds", limits.closing_seconds, 0, 1200),
        ] {
            if !(least..=most).contains(&found) {
                return Err(ConfigError::Limit { name, found, least, most });
            }
        }
        Ok(())
    }
}

/// What links and QR codes begin with: scheme and host, no path, no slash at the end.
///
/// Plain HTTP is for this machine only: elsewhere the browser would not even decrypt (WebCrypto needs a secure
/// context), and whoever listens on the line could change the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    secure: bool,
}

impl PublicUrl {
    /// The address of a listener on this machine.
    pub fn of_listener(address: SocketAddr) -> Self {
        // By number: another program may hold the same port of `localhost` in the other version of IP.
        let host = if address.is_ipv4() { "127.0.0.1" } else { "[::1]" };
        Self { text: format!("http://{host}:{}", address.port()), secure: false }
    }

    /// Whether it is HTTPS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The link of a secret: what a QR code holds. The secret stands in the fragment, which no browser sends.
    pub fn check_link(&self, secret: &[u8; 32]) -> String {
        format!("{}/v#{}", self.text, base64url(secret))
    }

    /// The link of a code that stands on paper, in groups: what its QR code holds.
    pub fn code_link(&self, code: &str) -> String {
        format!("{}/v#{code}", self.text)
    }

    /// The same, of a link just made.
    pub fn link(&self, secret: &LinkSecret) -> String {
        format!("{}/v#{}", self.text, secret.to_text())
    }
}

impl FromStr for PublicUrl {
    type Err = ConfigError;
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let uri: Uri = text.parse().map_err(|_| ConfigError::PublicUrl)?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(ConfigError::PublicUrl)?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if matches!(host, "localhost" | "127.0.0.1" | "[::1]") => false,
            _ => return Err(ConfigError::PublicUrl),
        };
        let bare = uri.authority().is_some_and(|a| !a.as_str().contains('@') && text.ends_with(a.as_str()));
        if bare { Ok(Self { text: text.to_owned(), secure }) } else { Err(ConfigError::PublicUrl) }
    }
}
impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl Serialize for PublicUrl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_settings_hold_and_survive_a_round_trip() {
        let config = ServerConfig::default();
        assert_eq!(config.validate(), Ok(()));
        let text = serde_json::to_string(&config).expect("settings are JSON");
        assert_eq!(serde_json::from_str::<ServerConfig>(&text).expect("own text"), config);
    }

    #[test]
    fn unknown_settings_and_impossible_limits_are_refused() {
        assert!(serde_json::from_str::<ServerConfig>(r#"{"lissten":"127.0.0.1:1"}"#).is_err());
        let mut config = ServerConfig::default();
        config.limits.verifications = 0;
        assert!(matches!(config.validate(), Err(ConfigError::Limit { name: "verifications", .. })));
        config.limits.verifications = 1;
        for (name, owner, wrong) in [("", "", "name"), ("A", "b\nc", "owner"), (&"A".repeat(121), "", "name")] {
            config.system = SystemConfig { name: name.into(), owner: owner.into() };
            assert_eq!(config.validate(), Err(ConfigError::System(wrong)));
        }
        config = ServerConfig { operator: Some(ServerConfig::default().listen), ..ServerConfig::default() };
        assert!(matches!(config.validate(), Err(ConfigError::SameAddress(_))));
    }

    #[test]
    fn links_begin_with_https_unless_they_stay_on_this_machine() {
        for good in
            ["https://hocba.example.vn", "https://hocba.example.vn:8443", "http://localhost:8080", "http://[::1]:80"]
        {
            assert_eq!(good.parse::<PublicUrl>().expect(good).to_string(), good);
        }
        assert_eq!("https://a.vn/".parse::<PublicUrl>().expect("slash").to_string(), "https://a.vn");
        for bad in [
            "http://192.168.1.7:8080",
            "https://a.vn/tra-cuu",
            "https://a.vn?x",
            "https://me@a.vn",
            "a.vn",
            "ftp://a.vn",
            "https://",
        ] {
            assert!(bad.parse::<PublicUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_secret_of_a_link_stands_behind_the_hash() {
        let url: PublicUrl = "https://a.vn".parse().expect("url");
        assert_eq!(url.check_link(&[0; 32]), format!("https://a.vn/v#{}", "A".repeat(43)));
    }
}
