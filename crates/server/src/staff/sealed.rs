//! What a form carries for us through the browser between the two steps of signing in: login and password, or what the
//! OpenID Connect provider said.
//!
//! Sealed under a key of this process, bound to the browser's form cookie and to a few minutes. A server that was started
//! anew, or another one behind the same address, does not open it; signing in begins again then.

use std::sync::{Arc, OnceLock};

use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{Aead as _, Payload},
};
use hocba_app::{App, AppError, access::OpenIdClaims};
use hocba_record::encoding::{base64url, from_base64url};
use zeroize::Zeroizing;

/// How long somebody may look for their phone.
const LIFE: i64 = 5 * 60;

/// The key of this process; made when it is first needed.
#[derive(Clone, Default)]
pub(crate) struct ProcessKey(Arc<OnceLock<Zeroizing<[u8; 32]>>>);

impl std::fmt::Debug for ProcessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProcessKey(…)")
    }
}

impl ProcessKey {
    fn cipher(&self, app: &App) -> Result<Aes256Gcm, AppError> {
        let fresh = Zeroizing::new(app.edges().bytes()?);
        let key = self.0.get_or_init(|| fresh);
        Ok(Aes256Gcm::new(&(**key).into()))
    }

    /// Login and password, for the form of the second step in this browser.
    pub(super) fn seal(&self, app: &App, before: &str, login: &str, password: &str) -> Result<String, AppError> {
        self.seal_text(app, before, &Zeroizing::new(format!("{login}\n{password}")))
    }

    /// What the provider said, for the same. Bound to its kind as well: a form of the one is none of the other.
    pub(super) fn seal_claims(&self, app: &App, before: &str, claims: &OpenIdClaims) -> Result<String, AppError> {
        let text = serde_json::to_string(claims).expect("maps of text become JSON");
        self.seal_text(app, &format!("openid\n{before}"), &text)
    }

    fn seal_text(&self, app: &App, place: &str, text: &str) -> Result<String, AppError> {
        let nonce: [u8; 12] = app.edges().bytes()?;
        let until = app.edges().now().seconds() + LIFE;
        let text = Zeroizing::new(format!("{until}\n{text}"));
        let payload = Payload { msg: text.as_bytes(), aad: place.as_bytes() };
        // Only a message of gigabytes fails; a form is of kilobytes.
        let sealed = self.cipher(app)?.encrypt(&nonce.into(), payload).map_err(|_| AppError::NoRandomness)?;
        Ok(base64url(&[nonce.as_slice(), &sealed].concat()))
    }

    /// The same back; nothing where it is too late, of another browser, of another process, or not ours.
    pub(super) fn open(&self, app: &App, before: &str, sealed: &str) -> Option<(String, Zeroizing<String>)> {
        let text = self.open_text(app, before, sealed)?;
        let (login, password) = text.split_once('\n')?;
        Some((login.to_owned(), Zeroizing::new(password.to_owned())))
    }

    /// The same of [`seal_claims`](Self::seal_claims).
    pub(super) fn open_claims(&self, app: &App, before: &str, sealed: &str) -> Option<OpenIdClaims> {
        serde_json::from_str(&self.open_text(app, &format!("openid\n{before}"), sealed)?).ok()
    }

    fn open_text(&self, app: &App, place: &str, sealed: &str) -> Option<Zeroizing<String>> {
        let bytes = from_base64url(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(12)?;
        let nonce: [u8; 12] = nonce.try_into().ok()?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        let text = Zeroizing::new(self.cipher(app).ok()?.decrypt(&nonce.into(), payload).ok()?);
        let (until, text) = std::str::from_utf8(&text).ok()?.split_once('\n')?;
        (app.edges().now().seconds() < until.parse::<i64>().ok()?).then(|| Zeroizing::new(text.to_owned()))
    }
}
