//! The cookies of the staff pages (RFC 6265bis). All are `HttpOnly`, `SameSite=Lax` and of this host alone.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite};

/// A cookie's name without its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    /// The session's token.
    Session,
    /// The device's token, which outlives sessions.
    Device,
    /// The secret of forms before there is a session.
    Before,
    /// `vi` or `en`.
    Language,
    /// What was begun at the OpenID Connect provider: a seed, until when, where to go afterwards.
    OpenId,
}

impl Name {
    /// With `__Host-` the browser takes it by HTTPS from this host only (RFC 6265bis §4.1.3.2); a demonstration on this
    /// machine without HTTPS does without.
    fn text(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Name::Session, true) => "__Host-hocba",
            (Name::Session, false) => "hocba",
            (Name::Device, true) => "__Host-hocba-device",
            (Name::Device, false) => "hocba-device",
            (Name::Before, true) => "__Host-hocba-form",
            (Name::Before, false) => "hocba-form",
            (Name::Language, true) => "__Host-hocba-language",
            (Name::Language, false) => "hocba-language",
            (Name::OpenId, true) => "__Host-hocba-openid",
            (Name::OpenId, false) => "hocba-openid",
        }
    }

    /// Longest value taken: no token of ours is longer, and longer ones are not hashed.
    const fn longest(self) -> usize {
        match self {
            Name::OpenId => 400,
            _ => 128,
        }
    }
}

/// What the browser brought under this name; nothing where it brought two, which is a trick or a mistake.
pub(crate) fn get(headers: &HeaderMap, name: Name, secure: bool) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    let mut found = cookies.filter(|cookie| cookie.name() == name.text(secure)).map(|c| c.value().to_owned());
    match (found.next(), found.next()) {
        (Some(value), None) if value.len() <= name.longest() => Some(value),
        _ => None,
    }
}

/// A cookie to be set, for so many seconds; to the end of the browser's session without a number.
pub(crate) fn set(name: Name, value: &str, seconds: Option<i64>, secure: bool) -> HeaderValue {
    let mut cookie = Cookie::build((name.text(secure), value)).path("/").http_only(true).same_site(SameSite::Lax);
    if secure {
        cookie = cookie.secure(true);
    }
    let age = seconds.map_or(String::new(), |seconds| format!("; Max-Age={}", seconds.max(0)));
    HeaderValue::from_str(&format!("{}{age}", cookie.build())).expect("names, tokens and attributes are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_of_this_host_hidden_from_scripts_and_two_of_a_name_are_none() {
        let secure = set(Name::Session, "abc", None, true);
        let text = secure.to_str().expect("ASCII");
        for part in ["__Host-hocba=abc", "HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("Domain") && !text.contains("Max-Age"));
        let plain = set(Name::Device, "abc", Some(60), false);
        let text = plain.to_str().expect("ASCII");
        assert!(text.starts_with("hocba-device=abc") && text.ends_with("Max-Age=60") && !text.contains("Secure"));

        let of = |lines: &[&'static str]| {
            let headers = lines.iter().map(|line| (header::COOKIE, HeaderValue::from_static(line)));
            get(&headers.collect(), Name::Session, true)
        };
        assert_eq!(of(&["a=b; __Host-hocba=t"]).as_deref(), Some("t"));
        assert_eq!(of(&["__Host-hocba=t; __Host-hocba=u"]), None);
        assert_eq!(of(&["__Host-hocba=t", "__Host-hocba=u"]), None);
        assert_eq!(of(&["hocba=t"]), None, "without the prefix it may come from anywhere");
    }
}
