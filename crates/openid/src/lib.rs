//! The exchange with an OpenID Connect provider: where to send a browser, and what an ID token proves.
//!
//! **For**: signing in through a department's provider. OpenID Connect Core 1.0 §3.1 (authorization code flow) with PKCE
//! (RFC 7636, S256), by the crate `openidconnect`; discovery (OpenID Connect Discovery 1.0), keys, and the address of signing
//! out (RP-Initiated Logout 1.0). [`Provider::leave`] says where to send the browser, [`Provider::verified`] what its return
//! proves: issuer, audience, signature by the provider's keys, expiry and nonce were looked at.
//!
//! **Will not**: decide whose account that is or what they may do (`hocba-app`), know of cookies, read a clock or make
//! anything random (the caller brings both), ask `userinfo`, or keep a token: the ID token is read once and dropped. Nothing
//! of tokens, codes and claims is in an error: a [`Fault`] names a step and nothing else.
//!
//! Requests go to the provider that the settings name and to what its metadata names, by HTTPS; by plain HTTP only where
//! the issuer itself is on this machine. No redirect is followed, answers are cut off at [`MAX_ANSWER`].

mod http;
mod values;

use std::fmt;

use openidconnect::ClaimsVerificationError as Claims;
use openidconnect::{
    AdditionalClaims, AuthType, AuthenticationFlow, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, IdTokenVerifier, IssuerUrl,
    JsonWebKeySet, LanguageTag, LogoutRequest, Nonce, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError,
    StandardErrorResponse, StandardTokenResponse, TokenResponse as _,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreResponseType, CoreRevocableToken,
        CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
    },
    url::Url,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::http::Http;
pub use crate::{
    http::{MAX_ANSWER, TIMEOUT},
    values::{MAX_VALUE, MAX_VALUES},
};

/// What the provider said of itself is asked for again after so many seconds: 10 minutes.
const KNOWN_FOR: i64 = 600;
/// Keys are asked for at most once in so many seconds, where a token is signed by one that is not known: 1 minute.
const KEYS_AFTER: i64 = 60;
/// After a failure the provider is left alone for so many seconds, so that those who wait do not wait in turn.
const REST: i64 = 5;
/// How far the provider's clock may be ahead, in seconds: 5 minutes.
const AHEAD: i64 = 300;

/// How the provider is reached. Its `Debug` does not show the secret.
#[derive(Clone)]
pub struct ProviderSettings {
    /// The issuer: what discovery begins with, and what tokens have to name. `https`, or `http` on this machine.
    pub issuer: String,
    /// What we are called there.
    pub client_id: String,
    /// Our secret there; none for a public client, whose only proof is PKCE.
    pub client_secret: Option<Zeroizing<String>>,
    /// What is asked for besides `openid`: `profile`, and whatever brings the claims of the rules.
    pub scopes: Vec<String>,
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderSettings")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("client_secret", &self.client_secret.as_ref().map(|_| "…"))
            .field("scopes", &self.scopes)
            .finish()
    }
}

impl ProviderSettings {
    /// Whether they can be.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn check(&self) -> Result<(), SettingsError> {
        self.url().map(|_| ())
    }

    fn url(&self) -> Result<Url, SettingsError> {
        let url = Url::parse(&self.issuer).map_err(|_| SettingsError::Issuer)?;
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if !bare || url.fragment().is_some() || !http::may(&url, true) {
            return Err(SettingsError::Issuer);
        }
        if !(1..=256).contains(&self.client_id.chars().count()) {
            return Err(SettingsError::ClientId);
        }
        let scope = |text: &String| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\'))
        };
        if !self.scopes.iter().all(scope) {
            return Err(SettingsError::Scope);
        }
        Ok(url)
    }
}

/// Settings that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not a URL of HTTPS, or of HTTP on this machine, without user, query and fragment.
    #[error("the issuer must begin with https:// (http:// only on this machine), without user, query and fragment")]
    Issuer,
    /// No name, or one that is too long.
    #[error("the client id must have 1 to 256 characters")]
    ClientId,
    /// Not a scope (RFC 6749 §3.3).
    #[error("a scope is of visible ASCII, without space, quotation mark and backslash")]
    Scope,
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up: {0}")]
    Http(String),
}

/// Why there is no proof. Says the step, and nothing that was sent or received: fit for a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The provider, or the way to it, does not work now.
    #[error("the provider does not answer as it should ({0})")]
    Away(&'static str),
    /// It answered, and what it says proves nothing.
    #[error("what came from the provider is refused ({0})")]
    Refused(&'static str),
}

/// What a browser takes to the provider.
#[derive(Clone, Copy)]
pub struct Leaving<'a> {
    /// `state`: comes back with the browser.
    pub state: &'a str,
    /// `nonce`: comes back in the token.
    pub nonce: &'a str,
    /// The PKCE code verifier, 43 to 128 characters; its SHA-256 is what leaves.
    pub verifier: &'a str,
    /// Where the provider sends the browser back to.
    pub back: &'a str,
    /// `vi` or `en`.
    pub language: &'static str,
}

/// What a browser brought back, and what it is held against. Not printable: it holds a code.
#[derive(Clone, Copy)]
pub struct Returned<'a> {
    /// The authorization code.
    pub code: &'a str,
    /// `iss` of the return, where it has one (RFC 9207).
    pub issuer: Option<&'a str>,
    /// As in [`Leaving`].
    pub nonce: &'a str,
    /// As in [`Leaving`].
    pub verifier: &'a str,
    /// As in [`Leaving`].
    pub back: &'a str,
}

/// What a verified ID token says. Its `Debug` is silent.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified {
    /// `iss`: the issuer of the settings.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
    /// Claims that were asked for, each with its values as text.
    pub values: std::collections::BTreeMap<String, Vec<String>>,
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verified(…)")
    }
}

/// Claims that OpenID Connect does not name. Silent: `openidconnect` wants `Debug`.
#[derive(Clone, Serialize, Deserialize)]
struct Others(Map<String, Value>);

impl AdditionalClaims for Others {}

impl fmt::Debug for Others {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Others(…)")
    }
}

type Fields = IdTokenFields<
    Others,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Party = Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What is known of the provider.
#[derive(Default)]
struct Known {
    metadata: Option<(ProviderMetadataWithLogout, i64)>,
    failed_at: Option<i64>,
}

/// A provider. Cheap to share behind an `Arc`; what it said of itself is kept for ten minutes.
pub struct Provider {
    settings: ProviderSettings,
    issuer: IssuerUrl,
    http: Http,
    known: Mutex<Known>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Provider {
    /// A provider by its settings. Nothing is asked yet: a provider that is away keeps nobody from starting.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn new(settings: ProviderSettings) -> Result<Self, SettingsError> {
        let url = settings.url()?;
        let http = Http::new(url.scheme() == "http")?;
        let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|_| SettingsError::Issuer)?;
        Ok(Self { settings, issuer, http, known: Mutex::default() })
    }

    /// Where the browser is sent. `now`: seconds since 1970.
    ///
    /// # Errors
    /// [`Fault::Away`].
    pub async fn leave(&self, with: &Leaving<'_>, now: i64) -> Result<String, Fault> {
        let (metadata, _) = self.metadata(now).await?;
        let endpoint = metadata.authorization_endpoint().url();
        if !self.http.may(endpoint) {
            return Err(Fault::Away("authorization_endpoint"));
        }
        let party = self.party(&metadata);
        let (state, nonce) = (CsrfToken::new(with.state.to_owned()), Nonce::new(with.nonce.to_owned()));
        let verifier = PkceCodeVerifier::new(with.verifier.to_owned());
        let scopes = self.settings.scopes.iter().filter(|scope| *scope != "openid");
        let request = party
            .authorize_url(AuthenticationFlow::<CoreResponseType>::AuthorizationCode, || state, || nonce)
            .set_redirect_uri(std::borrow::Cow::Owned(back(with.back)?))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(scopes.map(|scope| Scope::new(scope.clone())))
            .add_ui_locale(LanguageTag::new(with.language.to_owned()));
        Ok(request.url().0.into())
    }

    /// What a return proves. `wanted`: the claims that are read, all others are dropped; `now`: seconds since 1970.
    ///
    /// # Errors
    /// [`Fault::Away`] where the provider does not answer, [`Fault::Refused`] where its answer proves nothing.
    pub async fn verified<'w>(
        &self,
        with: &Returned<'_>,
        wanted: impl IntoIterator<Item = &'w str>,
        now: i64,
    ) -> Result<Verified, Fault> {
        // Another provider's return, brought here by somebody in between (RFC 9207 §2.4).
        if with.issuer.is_some_and(|issuer| issuer != self.settings.issuer) {
            return Err(Fault::Refused("iss of the return"));
        }
        let (metadata, at) = self.metadata(now).await?;
        let party = self.party(&metadata);
        let request = party
            .exchange_code(AuthorizationCode::new(with.code.to_owned()))
            .map_err(|_| Fault::Away("token_endpoint"))?
            .set_redirect_uri(std::borrow::Cow::Owned(back(with.back)?))
            .set_pkce_verifier(PkceCodeVerifier::new(with.verifier.to_owned()));
        let tokens = request.request_async(&self.http).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(_) => Fault::Refused("the code"),
            RequestTokenError::Parse(..) => Fault::Refused("the token answer"),
            RequestTokenError::Request(_) | RequestTokenError::Other(_) => Fault::Away("token_endpoint"),
        })?;
        let token = tokens.id_token().ok_or(Fault::Refused("no ID token"))?;
        let nonce = Nonce::new(with.nonce.to_owned());
        let first = token.claims(&self.verifier(&metadata, now), &nonce);
        let renewed;
        let claims = match first {
            // The provider may have changed its keys since they were asked for.
            Err(Claims::SignatureVerification(SignatureVerificationError::NoMatchingKey)) if now - at >= KEYS_AFTER => {
                renewed = self.renewed(&metadata, now).await?;
                token.claims(&self.verifier(&renewed, now), &nonce)
            }
            first => first,
        };
        let claims = claims.map_err(|error| Fault::Refused(why(&error)))?;
        let all = serde_json::to_value(claims).map_err(|_| Fault::Refused("the claims"))?;
        let Value::Object(all) = all else { return Err(Fault::Refused("the claims")) };
        Ok(Verified {
            issuer: self.settings.issuer.clone(),
            subject: claims.subject().to_string(),
            values: values::read(&all, wanted).ok_or(Fault::Refused("too many claims"))?,
        })
    }

    /// Where a browser signs out at the provider, and comes `back` from; none where the provider has no such place.
    ///
    /// # Errors
    /// [`Fault::Away`].
    pub async fn sign_out(&self, back: &str, now: i64) -> Result<Option<String>, Fault> {
        let (metadata, _) = self.metadata(now).await?;
        let endpoint = metadata.additional_metadata().end_session_endpoint.clone();
        let Some(endpoint) = endpoint.filter(|endpoint| self.http.may(endpoint.url())) else { return Ok(None) };
        let back = PostLogoutRedirectUrl::new(back.to_owned()).map_err(|_| Fault::Away("our own address"))?;
        let request = LogoutRequest::from(endpoint)
            .set_client_id(ClientId::new(self.settings.client_id.clone()))
            .set_post_logout_redirect_uri(back);
        Ok(Some(request.http_get_url().into()))
    }

    fn party(&self, metadata: &ProviderMetadataWithLogout) -> Party {
        let secret = self.settings.client_secret.as_ref().map(|secret| ClientSecret::new((**secret).clone()));
        let party: Party =
            Client::from_provider_metadata(metadata.clone(), ClientId::new(self.settings.client_id.clone()), secret);
        // `client_secret_basic` is what is meant where nothing is said (Discovery §3).
        let methods = metadata.token_endpoint_auth_methods_supported();
        let by = |wanted: &CoreClientAuthMethod| methods.is_none_or(|methods| methods.contains(wanted));
        let post = methods.is_some() && by(&CoreClientAuthMethod::ClientSecretPost);
        if post && !by(&CoreClientAuthMethod::ClientSecretBasic) {
            return party.set_auth_type(AuthType::RequestBody);
        }
        party
    }

    fn verifier(&self, metadata: &ProviderMetadataWithLogout, now: i64) -> IdTokenVerifier<'static, CoreJsonWebKey> {
        use CoreJwsSigningAlgorithm as Alg;
        // Always as a public client: a signature by the client's secret is one that we could have made.
        IdTokenVerifier::new_public_client(
            ClientId::new(self.settings.client_id.clone()),
            self.issuer.clone(),
            metadata.jwks().clone(),
        )
        .set_allowed_algs([
            Alg::RsaSsaPkcs1V15Sha256,
            Alg::RsaSsaPkcs1V15Sha384,
            Alg::RsaSsaPkcs1V15Sha512,
            Alg::RsaSsaPssSha256,
            Alg::RsaSsaPssSha384,
            Alg::RsaSsaPssSha512,
            Alg::EcdsaP256Sha256,
            Alg::EcdsaP384Sha384,
            Alg::EdDsa,
        ])
        .set_other_audience_verifier_fn(|_| false)
        .set_time_fn(move || {
            chrono::DateTime::from_timestamp(now, 0).unwrap_or(chrono::DateTime::<chrono::Utc>::MAX_UTC)
        })
        .set_issue_time_verifier_fn(move |issued| {
            if issued.timestamp() <= now.saturating_add(AHEAD) {
                Ok(())
            } else {
                Err("issued in the future".to_owned())
            }
        })
    }

    /// What the provider says of itself, and when it was asked.
    async fn metadata(&self, now: i64) -> Result<(ProviderMetadataWithLogout, i64), Fault> {
        let mut known = self.known.lock().await;
        if let Some((metadata, at)) = &known.metadata
            && (0..KNOWN_FOR).contains(&(now - at))
        {
            return Ok((metadata.clone(), *at));
        }
        if known.failed_at.is_some_and(|at| (0..REST).contains(&(now - at))) {
            return Err(Fault::Away("discovery"));
        }
        match ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &self.http).await {
            Ok(metadata) => {
                *known = Known { metadata: Some((metadata.clone(), now)), failed_at: None };
                Ok((metadata, now))
            }
            Err(_) => {
                known.failed_at = Some(now);
                Err(Fault::Away("discovery"))
            }
        }
    }

    /// The same with the keys that the provider has now.
    async fn renewed(
        &self,
        before: &ProviderMetadataWithLogout,
        now: i64,
    ) -> Result<ProviderMetadataWithLogout, Fault> {
        let keys =
            JsonWebKeySet::fetch_async(before.jwks_uri(), &self.http).await.map_err(|_| Fault::Away("jwks_uri"))?;
        let metadata = before.clone().set_jwks(keys);
        self.known.lock().await.metadata = Some((metadata.clone(), now));
        Ok(metadata)
    }
}

fn back(text: &str) -> Result<RedirectUrl, Fault> {
    RedirectUrl::new(text.to_owned()).map_err(|_| Fault::Away("our own address"))
}

/// What is wrong with a token, without anything of it.
fn why(error: &Claims) -> &'static str {
    match error {
        Claims::Expired(_) => "expired",
        Claims::InvalidAudience(_) => "audience",
        Claims::InvalidIssuer(_) => "issuer",
        Claims::InvalidNonce(_) => "nonce",
        Claims::InvalidSubject(_) => "subject",
        Claims::SignatureVerification(SignatureVerificationError::NoMatchingKey) => "key",
        Claims::SignatureVerification(_) => "signature",
        _ => "token",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(issuer: &str) -> ProviderSettings {
        ProviderSettings {
            issuer: issuer.into(),
            client_id: "hocba".into(),
            client_secret: Some(Zeroizing::new("very secret".into())),
            scopes: vec!["profile".into()],
        }
    }

    #[test]
    fn an_issuer_is_of_https_or_of_this_machine() {
        for good in
            ["https://id.example.vn", "https://id.example.vn/realms/so", "http://127.0.0.1:3000", "http://localhost:1"]
        {
            assert!(Provider::new(settings(good)).is_ok(), "{good}");
        }
        for bad in [
            "http://id.example.vn",
            "https://me@id.example.vn",
            "https://id.example.vn?x=1",
            "https://id.example.vn#x",
            "ftp://id.example.vn",
            "id.example.vn",
            "",
        ] {
            assert_eq!(Provider::new(settings(bad)).err(), Some(SettingsError::Issuer), "{bad}");
        }
    }

    #[test]
    fn settings_that_cannot_be_sent_are_refused_and_the_secret_is_not_printed() {
        let good = settings("https://id.example.vn");
        let bad = ProviderSettings { client_id: String::new(), ..good.clone() };
        assert_eq!(Provider::new(bad).err(), Some(SettingsError::ClientId));
        let bad = ProviderSettings { scopes: vec!["a b".into()], ..good.clone() };
        assert_eq!(Provider::new(bad).err(), Some(SettingsError::Scope));
        let text = format!("{:?}", Provider::new(good).expect("settings"));
        assert!(text.contains("hocba") && !text.contains("very secret"), "{text}");
    }
}
