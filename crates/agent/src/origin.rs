//! Pages that may talk to the agent.

use std::{fmt, str::FromStr};

/// A web origin (RFC 6454) as browsers send it: scheme, host, and the port where it is not the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

/// Not an origin that may be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address like https://hocba.so.example, without a path; http only for this machine (http://localhost:8080)")]
pub struct NotAnOrigin;

impl Origin {
    /// As in the `Origin` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = NotAnOrigin;
    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let (secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err(NotAnOrigin),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        // A port follows the last colon; those of an IPv6 address stand in brackets.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let host_fits = if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            inner.parse::<std::net::Ipv6Addr>().is_ok_and(|address| address.to_string() == inner)
        } else {
            let labels = host.split('.').all(|label| {
                !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            });
            labels && host.len() <= 253
        };
        let own = if secure { 443 } else { 80 };
        let port_fits = port.is_none_or(|port| {
            port.parse::<u16>().is_ok_and(|number| number != 0 && number != own && number.to_string() == port)
        });
        // Over plain HTTP anyone on the way can put a page in the place of the real one.
        let here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
        if host_fits && port_fits && (secure || here) {
            Ok(Self(text.strip_suffix('/').unwrap_or(text).to_owned()))
        } else {
            Err(NotAnOrigin)
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_those_that_browsers_send() {
        for good in [
            "https://hocba.so.example",
            "https://hocba.so.example:8443",
            "http://localhost:8080",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
        ] {
            assert_eq!(good.parse::<Origin>().map(|o| o.to_string()).as_deref(), Ok(good));
        }
        assert_eq!("https://a.vn/".parse::<Origin>().map(|o| o.to_string()).as_deref(), Ok("https://a.vn"));
        for bad in [
            "",
            "*",
            "null",
            "hocba.so.example",
            "http://hocba.so.example",
            "https://*.so.example",
            "https://hocba.so.example/x",
            "https://hocba.so.example:443",
            "https://Hocba.so.example",
            "https://user@hocba.so.example",
            "https://hocba..example",
            "https://hocba.so.example:0",
            "https://",
            "file:///x",
            "http://localhost.evil.example:8080",
            "https://[::0001]",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(NotAnOrigin), "{bad}");
        }
    }
}
