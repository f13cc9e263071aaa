//! What forms send, and what shows that they are ours.
//!
//! A form carries `csrf`: HMAC-SHA256 of its action under the secret of the session, or, before there is one, under a
//! cookie of its own (a double-submit cookie, signed by itself and bound to this host by its prefix). `form` names one
//! rendering of it, so that what makes something makes it once.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};
use hmac::{Hmac, KeyInit as _, Mac as _};
use hocba_record::encoding::{base64url, from_base64url};
use sha2::Sha256;

use crate::config::PublicUrl;

/// Longest form taken: a few names and passwords, or the ids of a school's accounts.
pub(crate) const MAX_FORM: usize = 64 * 1024;
/// Name of the field with the token.
pub(crate) const CSRF: &str = "csrf";
/// Name of the field with the id.
pub(crate) const FORM_ID: &str = "form";

/// The fields of a form, in the order of their names; several values of a name in the order they came.
#[derive(Default)]
pub(crate) struct Form(BTreeMap<String, Vec<String>>);

impl Form {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(bytes) {
            fields.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        Self(fields)
    }

    /// The value of a field; empty where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    /// What a person typed and may want back: nothing that opens an account, nothing hidden.
    pub(crate) fn typed(&self) -> Vec<String> {
        const KEPT_BACK: [&str; 9] = [CSRF, FORM_ID, "password", "again", "old", "code", "slip", "sealed", "next"];
        let told = self.0.iter().filter(|(name, _)| !KEPT_BACK.contains(&name.as_str()));
        told.flat_map(|(_, values)| values.iter().filter(|value| !value.trim().is_empty()).cloned()).collect()
    }
}

/// What a form to this address carries.
pub(crate) fn token(secret: &str, action: &str) -> String {
    base64url(&mac(secret, action).finalize().into_bytes())
}

fn mac(secret: &str, action: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(b"hocba-form-v1\n");
    mac.update(action.as_bytes());
    mac
}

/// Whether a form to this address carries what it should; compared in constant time.
pub(crate) fn is_ours(secret: &str, action: &str, brought: &str) -> bool {
    !secret.is_empty() && from_base64url(brought).is_ok_and(|tag| mac(secret, action).verify_slice(&tag).is_ok())
}

/// Whether a post comes from a page of ours, as far as the browser says. One that says nothing needs the token alone.
pub(crate) fn is_from_here(headers: &HeaderMap, public: &PublicUrl) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    // Fetch Metadata: set by the browser, never by a page.
    let site = text("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") {
        return false;
    }
    let Some(origin) = text("origin") else { return true };
    let here = public.to_string();
    // On this machine it may be called by another of its names, where the port is the same.
    let host = text(header::HOST.as_str()).map(|host| format!("http://{host}"));
    origin == here || !public.is_secure() && Some(origin) == host.as_deref()
}

/// Where to go after signing in: only to a page of ours. Browsers take `//host` and `/\host` for other hosts.
pub(crate) fn own_path(next: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~');
    let own = next.starts_with('/') && !next.starts_with("//") && next.len() <= 512 && next.chars().all(plain);
    (own && !next.contains("..")).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_one_secret_and_one_address() {
        let ours = token("secret", "/a");
        assert!(is_ours("secret", "/a", &ours));
        assert!(!is_ours("secret", "/b", &ours) && !is_ours("other", "/a", &ours) && !is_ours("secret", "/a", ""));
        assert!(!is_ours("", "/a", &token("", "/a")), "no secret, no form");
    }

    #[test]
    fn only_own_paths_are_gone_to() {
        for good in ["/home", "/school/79DEMO001/accounts"] {
            assert_eq!(own_path(good), Some(good));
        }
        for bad in
            ["", "home", "//evil.example", "/\\evil.example", "https://evil.example", "/a\n", "/../a", "/a?b=//c"]
        {
            assert_eq!(own_path(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_post_from_elsewhere_is_told_by_what_the_browser_says() {
        let public: PublicUrl = "https://hocba.example.vn".parse().expect("url");
        let is = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs.iter().map(|(name, value)| {
                (axum::http::HeaderName::from_static(name), axum::http::HeaderValue::from_static(value))
            });
            is_from_here(&headers.collect(), &public)
        };
        assert!(is(&[]) && is(&[("sec-fetch-site", "same-origin"), ("origin", "https://hocba.example.vn")]));
        for bad in ["cross-site", "same-site", "none"] {
            assert!(!is(&[("sec-fetch-site", bad)]), "{bad}");
        }
        for bad in ["null", "https://evil.example", "http://hocba.example.vn", "https://hocba.example.vn.evil.example"]
        {
            assert!(!is(&[("origin", bad)]), "{bad}");
        }
        assert!(!is(&[("origin", "http://hocba.example.vn"), ("host", "hocba.example.vn")]));
    }

    #[test]
    fn what_was_typed_comes_back_without_what_opens_an_account() {
        let form = Form::parse("login=anh&password=x&name=%C3%81nh+&code=1&csrf=2&form=3&old=4".as_bytes());
        assert_eq!(form.typed(), ["anh", "Ánh "]);
    }
}
