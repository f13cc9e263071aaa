//! What forms send, and what shows that they are ours.
//!
//! A form carries `csrf`: HMAC-SHA256 of its action under the secret of the session, or, before there is one, under a
//! cookie of its own (a double-submit cookie, signed by itself and bound to this host by its prefix). `form` names one
//! rendering of it, so that what makes something makes it once.
//!
//! A form with files is `multipart/form-data` (RFC 7578), and what is typed stands before its first file: where that does
//! not show that the form is ours, no file is read.

use std::{
    collections::BTreeMap,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::multipart::{Field, Multipart, MultipartError},
    http::{HeaderMap, StatusCode, header},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use hocba_record::{
    encoding::{base64url, from_base64url},
    types::UnixTime,
};
use hyper::body::Frame;
use sha2::Sha256;

use crate::{config::PublicUrl, problem::Problem};

/// Longest form taken, but for those that say otherwise: a few names and passwords, or the ids of a school's accounts.
pub(crate) const MAX_FORM: usize = 64 * 1024;
/// Name of the field with the token.
pub(crate) const CSRF: &str = "csrf";
/// Name of the field with the id.
pub(crate) const FORM_ID: &str = "form";

/// Most parts of a form with files: the certificates of a school of a few hundred, one by one, and some fields.
const MAX_PARTS: usize = 512;
/// Longest name of a file that is kept, in characters; the rest tells nobody anything.
const MAX_FILE_NAME: usize = 120;

/// A file of a form: its name, without folders, and its bytes.
type File = (String, Bytes);

/// The fields of a form, in the order of their names; several values of a name in the order they came.
#[derive(Default)]
pub(crate) struct Form {
    fields: BTreeMap<String, Vec<String>>,
    files: BTreeMap<String, Vec<File>>,
}

impl Form {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(bytes) {
            form.fields.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        form
    }

    /// The value of a field; empty where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.fields.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    /// The fields whose names begin so, by what follows.
    pub(crate) fn with_prefix(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        let named = self.fields.iter().filter_map(move |(name, values)| Some((name.strip_prefix(prefix)?, values)));
        named.filter_map(|(name, values)| Some((name, values.first()?.as_str())))
    }

    /// The file of a field: its name and bytes. None was chosen where there is none.
    pub(crate) fn file(&self, name: &str) -> Option<(&str, &Bytes)> {
        self.files(name).next()
    }

    /// All files of a field, as they came.
    pub(crate) fn files(&self, name: &str) -> impl Iterator<Item = (&str, &Bytes)> {
        self.files.get(name).into_iter().flatten().map(|(name, bytes)| (name.as_str(), bytes))
    }

    /// All values of a field.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }

    /// What a person typed and may want back: nothing that opens an account, nothing hidden.
    pub(crate) fn typed(&self) -> Vec<String> {
        const KEPT_BACK: [&str; 11] =
            [CSRF, FORM_ID, "password", "again", "old", "code", "slip", "sealed", "next", "certificate", "signatures"];
        let told = self.fields.iter().filter(|(name, _)| !KEPT_BACK.contains(&name.as_str()));
        told.flat_map(|(_, values)| values.iter().filter(|value| !value.trim().is_empty()).cloned()).collect()
    }
}

/// A form with files, while it arrives.
pub(crate) struct Arriving {
    body: Multipart,
    /// Bytes of files that may still come.
    files: usize,
    limit: usize,
    /// Bytes of fields that may still come.
    fields: usize,
    parts: usize,
}

impl Arriving {
    /// Takes up to so many bytes of files.
    pub(crate) fn new(body: Multipart, limit: usize) -> Self {
        Self { body, files: limit, limit, fields: MAX_FORM, parts: 0 }
    }

    /// Reads into the form up to the first file that is still to come, which `before` is asked about; then the files.
    /// `before` is asked once, also where there is no file.
    pub(crate) async fn read(
        mut self,
        form: &mut Form,
        before: impl AsyncFnOnce(&Form) -> Result<(), super::Refusal>,
    ) -> Result<(), super::Refusal> {
        let limit = self.limit;
        let refused = |error: MultipartError| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge { limit },
            _ => Problem::Malformed { member: "form" },
        };
        let mut before = Some(before);
        while let Some(field) = self.body.next_field().await.map_err(refused)? {
            self.parts += 1;
            if self.parts > MAX_PARTS {
                return Err(Problem::TooMany { member: "form", limit: MAX_PARTS }.into());
            }
            let name = field.name().unwrap_or_default().to_owned();
            let Some(file) = field.file_name().map(plain_name) else {
                let value = whole(field, &mut self.fields, MAX_FORM).await?;
                let value = String::from_utf8(value).map_err(|_| Problem::Malformed { member: "form" })?;
                form.fields.entry(name).or_default().push(value);
                continue;
            };
            if let Some(before) = before.take() {
                before(&*form).await?;
            }
            let bytes = whole(field, &mut self.files, limit).await?;
            // A field for which no file was chosen comes as one without name and bytes (HTML §4.10.5.1.17).
            if !(file.is_empty() && bytes.is_empty()) {
                form.files.entry(name).or_default().push((file, bytes.into()));
            }
        }
        match before {
            Some(before) => before(&*form).await,
            None => Ok(()),
        }
    }
}

/// A body of which a chunk is taken only when the one before was looked at: the reader of forms would otherwise take all
/// that is there before it tells the first field.
pub(crate) struct OneByOne {
    body: Body,
    rests: bool,
}

impl OneByOne {
    pub(crate) fn of(body: Body) -> Body {
        Body::new(Self { body, rests: false })
    }
}

impl HttpBody for OneByOne {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rests {
            self.rests = false;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.rests = matches!(frame, Poll::Ready(Some(Ok(_))));
        frame
    }
}

/// A part, of which no more than `left` bytes may come.
async fn whole(mut field: Field<'_>, left: &mut usize, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    loop {
        match field.chunk().await {
            Ok(None) => return Ok(bytes),
            Ok(Some(chunk)) => {
                *left = left.checked_sub(chunk.len()).ok_or(Problem::TooLarge { limit })?;
                bytes.extend_from_slice(&chunk);
            }
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => return Err(Problem::TooLarge { limit }),
            Err(_) => return Err(Problem::Malformed { member: "form" }),
        }
    }
}

/// The name of a file as it may be shown: some browsers send folders with it.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).take(MAX_FILE_NAME).collect()
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

/// A day as people write it, `5/6/2027` or `05/06/2027`: its beginning in Vietnam.
pub(super) fn day(text: &str) -> Option<UnixTime> {
    let mut parts = text.split(['/', '-', '.']);
    let mut number = || parts.next().filter(|part| part.len() <= 4)?.parse::<i64>().ok();
    let (day, month, year) = (number()?, number()?, number()?);
    if parts.next().is_some() || !(1970..=9999).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = usize::try_from(month - 1).ok()?;
    if !(1..=*lengths.get(before)?).contains(&day) {
        return None;
    }
    let leaps = |year: i64| year / 4 - year / 100 + year / 400;
    let years = (year - 1970) * 365 + leaps(year - 1) - leaps(1969);
    let days = years + lengths.iter().take(before).sum::<i64>() + day - 1;
    UnixTime::from_seconds((days * 86_400 - 7 * 3600).max(0)).ok()
}

#[cfg(test)]
mod tests {
    use hocba_bundle::text::date_time;

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

    const BOUNDARY: &str = "x-b-x";

    async fn read(
        body: &str,
        limit: usize,
        before: impl AsyncFnOnce(&Form) -> Result<(), super::super::Refusal>,
    ) -> (Form, Result<(), super::super::Refusal>) {
        use axum::extract::FromRequest as _;
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = axum::http::Request::post("/x").header(header::CONTENT_TYPE, kind);
        let request = request.body(Body::from(body.to_owned())).expect("a request");
        let body = Multipart::from_request(request, &()).await.expect("it says its boundary");
        let mut form = Form::default();
        let outcome = Arriving::new(body, limit).read(&mut form, before).await;
        (form, outcome)
    }

    fn part(name: &str, file: Option<&str>, text: &str) -> String {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n")
    }

    fn form_of(parts: &[String]) -> String {
        format!("{}--{BOUNDARY}--\r\n", parts.concat())
    }

    #[tokio::test]
    async fn what_is_typed_is_asked_about_before_a_file_is_read() {
        let body = form_of(&[
            part("csrf", None, "t"),
            part("list", Some("C:\\lists\\Danh sách.xlsx"), "abc"),
            part("list", Some("two.csv"), "de"),
            part("other", Some(""), ""),
            part("note", None, "ghi"),
        ]);
        let seen = async |form: &Form| {
            assert_eq!((form.get("csrf"), form.get("note"), form.files("list").count()), ("t", "", 0));
            Ok(())
        };
        let (form, outcome) = read(&body, 5, seen).await;
        outcome.expect("taken");
        let files: Vec<(&str, &[u8])> = form.files("list").map(|(name, bytes)| (name, bytes.as_ref())).collect();
        assert_eq!(files, [("Danh sách.xlsx", b"abc".as_slice()), ("two.csv", b"de")]);
        assert_eq!((form.get("note"), form.files("other").count()), ("ghi", 0));
        let (form, outcome) = read(&body, 5, async |_| Err(super::super::Refusal::NotOurs)).await;
        assert!(outcome.is_err() && form.files("list").next().is_none(), "nothing of a file was kept");
    }

    #[tokio::test]
    async fn a_form_without_a_file_is_asked_about_too_and_one_that_is_too_large_or_broken_is_refused() {
        use super::super::Refusal;
        let typed = form_of(&[part("csrf", None, "t")]);
        assert!(matches!(read(&typed, 5, async |_| Err(Refusal::NotOurs)).await.1, Err(Refusal::NotOurs)));
        let ok = async |_: &Form| Ok(());
        let two = form_of(&[part("a", Some("a"), "abc"), part("b", Some("b"), "def")]);
        assert!(matches!(read(&two, 5, ok).await.1, Err(Refusal::Problem(Problem::TooLarge { limit: 5 }))));
        let long = form_of(&[part("note", None, &"x".repeat(MAX_FORM + 1))]);
        assert!(matches!(read(&long, 5, ok).await.1, Err(Refusal::Problem(Problem::TooLarge { limit: MAX_FORM }))));
        let many = form_of(&vec![part("a", None, "x"); MAX_PARTS + 1]);
        assert!(matches!(read(&many, 5, ok).await.1, Err(Refusal::Problem(Problem::TooMany { .. }))));
        let cut = &two[..two.len() - 20];
        assert!(matches!(read(cut, 50, ok).await.1, Err(Refusal::Problem(Problem::Malformed { .. }))));
    }

    #[test]
    fn a_day_begins_at_midnight_in_vietnam_and_a_day_that_is_none_is_refused() {
        let of = |text: &str| day(text).map(date_time);
        assert_eq!(of("29/2/2028").as_deref(), Some("29/02/2028 00:00"));
        assert_eq!(of("05-06-2027").as_deref(), Some("05/06/2027 00:00"));
        assert_eq!(of("31/12/1999").as_deref(), Some("31/12/1999 00:00"));
        for wrong in ["", "29/2/2027", "31/4/2027", "0/1/2027", "1/13/2027", "1/1", "1/1/2027/5", "a/b/c", "1/1/99999"]
        {
            assert_eq!(day(wrong), None, "{wrong}");
        }
    }
}
