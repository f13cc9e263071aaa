//! Keys at a service for central signing (ký số tập trung), in the shape of the Cloud Signature Consortium's API,
//! version 2.
//!
//! The service sees hashes only. The signer authorises a number of signatures at a time with second factors (PIN, OTP, or
//! in an app); what is used up is asked for again. It is blocking.
//!
//! What has been tried: this crate's tests, against a reference server of our own (`tests/csc`). Services differ in what
//! they add to the specification; none of a third party has been tried.

mod http;
mod wire;

use std::{
    fmt, thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hocba_signature::algorithm::{Algorithm, PublicKey};

use self::{
    http::{Failure, Http, words_of},
    wire::{
        AuthData, AuthObject, Authorize, AuthorizeCheck, Authorized, Credential, CredentialRequest, Info, List,
        ListRequest, Refusal, SignHash, Signatures,
    },
};
use crate::{
    MAX_CERTIFICATES, Passphrase, Secret, SigningError, SigningKey, chain,
    signing::{Keystore, algorithm_for, hash_for},
};

/// id-sha256 and id-sha384 (RFC 8017 §B.1).
const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const SHA384: &str = "2.16.840.1.101.3.4.2.2";
/// rsaEncryption, sha256WithRSAEncryption, id-RSASSA-PSS (RFC 8017 §A.2).
const RSA: &str = "1.2.840.113549.1.1.1";
const SHA256_WITH_RSA: &str = "1.2.840.113549.1.1.11";
const RSASSA_PSS: &str = "1.2.840.113549.1.1.10";
/// ecdsa-with-SHA256, ecdsa-with-SHA384 (RFC 5758 §3.2), id-ecPublicKey.
const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const ECDSA_SHA384: &str = "1.2.840.10045.4.3.3";
const EC_PUBLIC_KEY: &str = "1.2.840.10045.2.1";
/// RSASSA-PSS-params (RFC 4055 §3.1) with SHA-256, MGF1 with SHA-256, salt of 32 bytes, in DER.
const PSS_PARAMETERS: [u8; 54] = [
    0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09,
    0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x20,
];

/// Hashes sent in one request. A request lost on the way is signed, and billed, again; at three signatures a second ten
/// take three seconds, beside which a round trip of a tenth is little.
pub const DEFAULT_BATCH: usize = 10;
/// Time for one request. Ten signatures at three a second take four seconds; some services wait for a queue.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// How long the signer may take to confirm in the service's app, and how often it is asked whether it was done.
const CONFIRMATION: Duration = Duration::from_secs(180);
const CONFIRMATION_STEP: Duration = Duration::from_secs(2);
/// An authorisation this close to its end is not begun to be used up: a request would arrive too late.
const MARGIN: Duration = Duration::from_secs(5);

/// Where a service is and how it is used.
#[derive(Debug, Clone)]
pub struct RemoteSettings {
    /// The API's base: `https://host/csc/v2`. `http` is for this machine only.
    pub url: String,
    /// The access token (RFC 6750) of the service, from the login there.
    pub token: Passphrase,
    /// DER certificates of the authorities that the service's TLS certificate may come from; `None` for those that the
    /// operating system knows.
    pub roots: Option<Vec<Vec<u8>>>,
    /// Hashes in one request; see [`DEFAULT_BATCH`].
    pub batch: usize,
    /// See [`DEFAULT_TIMEOUT`].
    pub timeout: Duration,
}

impl RemoteSettings {
    /// A service with the usual limits.
    #[must_use]
    pub fn new(url: impl Into<String>, token: Passphrase) -> Self {
        Self { url: url.into(), token, roots: None, batch: DEFAULT_BATCH, timeout: DEFAULT_TIMEOUT }
    }
}

/// Asks the signer for a secret before a number of signatures. `None`: nobody is there to give it.
pub trait SecondFactor: Send {
    /// The answer to one question.
    fn ask(&mut self, question: &Question) -> Option<Passphrase>;
}

impl<F: FnMut(&Question) -> Option<Passphrase> + Send> SecondFactor for F {
    fn ask(&mut self, question: &Question) -> Option<Passphrase> {
        self(question)
    }
}

/// What the signer is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The service's name for the secret: `PIN`, `OTP`.
    pub id: String,
    /// The same for people, as the service calls it.
    pub label: String,
    /// Whether it stays the same from one authorisation to the next, as a PIN does and an OTP does not.
    pub stays: bool,
    /// Signatures that the authorisation will cover.
    pub signatures: usize,
}

/// A clock that only goes on. Given from outside, so that tests need not wait.
pub trait Clock: Send {
    /// Time since some fixed moment.
    fn now(&self) -> Duration;
    /// Lets time pass.
    fn wait(&self, time: Duration);
}

/// The machine's monotonic clock.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "an edge: the signing service's cap is one of real time")]
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
    fn wait(&self, time: Duration) {
        thread::sleep(time);
    }
}

/// What a service says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceInfo {
    /// Its name.
    pub name: String,
    /// Version of the specification it follows.
    pub specs: String,
    /// Methods it offers.
    pub methods: Vec<String>,
}

/// A signing service.
pub struct RemoteService {
    http: Http,
    batch: usize,
}

impl RemoteService {
    /// A service at an address; nothing is sent yet.
    ///
    /// # Errors
    /// `Address` for one that is neither `https` nor on this machine.
    pub fn new(settings: &RemoteSettings) -> Result<Self, SigningError> {
        let http = Http::new(&settings.url, settings.token.clone(), settings.roots.as_deref(), settings.timeout)?;
        Ok(Self { http, batch: settings.batch.max(1) })
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// `Unreachable`, `AccessExpired`, `Refused`, `BadAnswer`.
    pub fn info(&self) -> Result<ServiceInfo, SigningError> {
        let info: Info = self.call("info", &serde_json::json!({}))?;
        Ok(ServiceInfo { name: info.name, specs: info.specs, methods: info.methods })
    }

    /// The ids of the signer's credentials.
    ///
    /// # Errors
    /// As for [`info`](Self::info).
    pub fn credentials(&self) -> Result<Vec<String>, SigningError> {
        let list: List = self.call("credentials/list", &ListRequest { only_valid: true })?;
        Ok(list.credential_ids)
    }

    /// Opens a credential: the one named, or the only one there is.
    ///
    /// # Errors
    /// `KeyNotFound` or `KeyAmbiguous` with the credentials there are; `OnlyHashes` for an Ed25519 key;
    /// `UnsupportedMechanism`, `CertificateMissing`; `Refused` for a key that is disabled; and as for
    /// [`info`](Self::info).
    pub fn open(
        self,
        credential: Option<&str>,
        algorithm: Option<Algorithm>,
        factor: Box<dyn SecondFactor>,
        clock: Box<dyn Clock>,
    ) -> Result<SigningKey, SigningError> {
        let id = match credential {
            Some(id) => id.to_owned(),
            None => match self.credentials()?.as_slice() {
                [only] => only.clone(),
                [] => return Err(SigningError::KeyNotFound { wanted: "at all".into(), seen: Vec::new() }),
                several => return Err(SigningError::KeyAmbiguous { seen: several.to_vec() }),
            },
        };
        let request =
            CredentialRequest { credential_id: &id, certificates: "chain", cert_info: false, auth_info: true };
        let info: Credential = match self.http.post("credentials/info", &request) {
            Ok(info) => info,
            Err(Failure::Other(error)) => return Err(error),
            // Whether the id is wrong or not ours, the list says what is there.
            Err(Failure::Refused(refusal)) => {
                return Err(match self.credentials() {
                    Ok(seen) if !seen.contains(&id) => SigningError::KeyNotFound { wanted: id, seen },
                    _ => self.http.refused(&refusal),
                });
            }
        };
        if info.key.status != "enabled" {
            return Err(self.http.refused(&Refusal {
                error: "disabled".into(),
                error_description: format!("the key of {id} is {}", info.key.status),
            }));
        }
        let (certificate_chain, public) = self.certificates(&id, &info)?;
        let algorithm = algorithm_of(&public, &info.key.algo, algorithm, &self.http.server)?;
        let key = RemoteKey {
            http: self.http,
            batch: self.batch,
            id,
            algorithm,
            cap: info.multisign.max(1),
            bound_to_hashes: info.scal == "2",
            implicit: info.auth.mode == "implicit",
            objects: info.auth.objects,
            factor,
            clock,
            authorisation: None,
            used_before: 0,
            kept: Vec::new(),
        };
        Ok(SigningKey::new(Box::new(key), algorithm, public, certificate_chain))
    }

    fn certificates(&self, id: &str, info: &Credential) -> Result<(Vec<Vec<u8>>, PublicKey), SigningError> {
        if info.cert.certificates.len() > MAX_CERTIFICATES {
            return Err(self.http.bad_answer("more certificates than a chain has"));
        }
        let der = info.cert.certificates.iter().map(|text| STANDARD.decode(text)).collect::<Result<Vec<_>, _>>();
        let mut der = der.map_err(|_| self.http.bad_answer("certificates that are not base64"))?;
        if der.is_empty() {
            return Err(SigningError::CertificateMissing { key: id.into() });
        }
        let leaf = der.remove(0);
        let spki = chain::parts(&leaf).ok_or_else(|| self.http.bad_answer("a certificate that is none"))?.spki;
        let public = PublicKey::from_spki_der(spki)
            .map_err(|error| SigningError::UnsupportedMechanism { wanted: id.into(), what: error.to_string() })?;
        Ok((chain::in_order(leaf, &der), public))
    }

    fn call<A: serde::de::DeserializeOwned>(
        &self,
        method: &str,
        request: &impl serde::Serialize,
    ) -> Result<A, SigningError> {
        self.http.post(method, request).map_err(|failure| match failure {
            Failure::Other(error) => error,
            Failure::Refused(refusal) => self.http.refused(&refusal),
        })
    }
}

impl fmt::Debug for RemoteService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RemoteService").field(&self.http.server).finish()
    }
}

/// The algorithm to ask for, among those that the key is said to make.
fn algorithm_of(
    public: &PublicKey,
    offered: &[String],
    wanted: Option<Algorithm>,
    server: &str,
) -> Result<Algorithm, SigningError> {
    let offers = |algorithm| {
        let any: &[&str] = match algorithm {
            Algorithm::Ed25519 => &[],
            Algorithm::Es256 => &[ECDSA_SHA256, EC_PUBLIC_KEY],
            Algorithm::Es384 => &[ECDSA_SHA384, EC_PUBLIC_KEY],
            Algorithm::Rs256 => &[SHA256_WITH_RSA, RSA],
            Algorithm::Ps256 => &[RSASSA_PSS],
        };
        offered.iter().any(|oid| any.contains(&oid.as_str()))
    };
    let usual = algorithm_for(public, wanted)?;
    if usual == Algorithm::Ed25519 {
        return Err(SigningError::OnlyHashes { by: server.into() });
    }
    // An RSA key that makes only PSS is used for that, unless PKCS #1 v1.5 was asked for.
    let candidates = [usual, Algorithm::Ps256];
    let count = if wanted.is_none() && usual == Algorithm::Rs256 { 2 } else { 1 };
    candidates.into_iter().take(count).find(|candidate| offers(*candidate)).ok_or_else(|| {
        SigningError::UnsupportedMechanism {
            wanted: usual.to_string(),
            what: format!("the key makes {}", offered.join(", ")),
        }
    })
}

struct RemoteKey {
    http: Http,
    batch: usize,
    id: String,
    algorithm: Algorithm,
    /// Most signatures for one authorisation.
    cap: usize,
    bound_to_hashes: bool,
    /// Authorised by the access token alone.
    implicit: bool,
    objects: Vec<AuthObject>,
    factor: Box<dyn SecondFactor>,
    clock: Box<dyn Clock>,
    authorisation: Option<Authorisation>,
    /// Signatures made under the authorisation before this one.
    used_before: usize,
    /// Secrets that stay the same, so that the signer types the PIN once. Forgotten when one turns out wrong.
    kept: Vec<(String, Passphrase)>,
}

struct Authorisation {
    sad: Passphrase,
    left: usize,
    used: usize,
    until: Duration,
}

impl Keystore for RemoteKey {
    fn sign_some(&mut self, messages: &[&[u8]]) -> Result<Vec<Vec<u8>>, SigningError> {
        // Used up, or about to lapse while a request is under way: the signer is asked again.
        if self.authorisation.as_ref().is_some_and(|a| a.left == 0 || a.until <= self.clock.now() + MARGIN) {
            self.end_authorisation();
        }
        let hashes: Vec<String> = messages
            .iter()
            .take(self.cap)
            .map(|message| hash_for(self.algorithm, message).map(|hash| STANDARD.encode(hash)))
            .collect::<Option<_>>()
            .ok_or_else(|| SigningError::OnlyHashes { by: self.http.server.clone() })?;
        if self.authorisation.is_none() {
            self.authorisation = Some(self.authorise(&hashes)?);
        }
        match self.sign_hashes(&hashes) {
            // It lapsed earlier than it said, or was used up elsewhere. Once more: no signature of it is lost.
            Err(Failure::Refused(refusal)) if is_lapsed(&refusal) && self.used() > 0 => {
                self.end_authorisation();
                self.authorisation = Some(self.authorise(&hashes)?);
                self.sign_hashes(&hashes)
            }
            result => result,
        }
        .map_err(|failure| match failure {
            Failure::Other(error) => error,
            Failure::Refused(refusal) if is_lapsed(&refusal) => {
                SigningError::AuthorisationExhausted { signatures: self.used() }
            }
            Failure::Refused(refusal) => self.http.refused(&refusal),
        })
    }

    fn rest(&mut self) {
        self.authorisation = None;
        self.used_before = 0;
    }

    fn place(&self) -> String {
        format!("{} ({})", self.http.server, self.id)
    }
}

impl RemoteKey {
    fn end_authorisation(&mut self) {
        self.used_before = self.used();
        self.authorisation = None;
    }

    fn used(&self) -> usize {
        self.authorisation.as_ref().map_or(0, |a| a.used)
    }

    fn hash_algorithm(&self) -> &'static str {
        if self.algorithm == Algorithm::Es384 { SHA384 } else { SHA256 }
    }

    /// Asks the signer and the service for signatures of these hashes, at most as many as one authorisation covers.
    fn authorise(&mut self, hashes: &[String]) -> Result<Authorisation, SigningError> {
        let signatures = hashes.len();
        let secrets = if self.implicit { Vec::new() } else { self.ask(signatures)? };
        let request = Authorize {
            credential_id: &self.id,
            num_signatures: signatures,
            hashes: if self.bound_to_hashes { hashes.to_vec() } else { Vec::new() },
            hash_algorithm: self.bound_to_hashes.then(|| self.hash_algorithm()),
            auth_data: secrets.iter().map(|(id, secret)| AuthData { id, value: secret.as_str() }).collect(),
        };
        let mut answer: Result<Authorized, Failure> = self.http.post("credentials/authorize", &request);
        let asked_at = self.clock.now();
        // The signer confirms in the service's app, which may take some minutes.
        loop {
            let authorized = answer.map_err(|failure| self.not_authorised(failure))?;
            let lifetime = Duration::from_secs(authorized.expires_in.unwrap_or(3600));
            match (authorized.sad, authorized.handle) {
                (Some(sad), _) => {
                    let until = self.clock.now() + lifetime;
                    return Ok(Authorisation { sad: Passphrase::new(sad), left: signatures, used: 0, until });
                }
                (None, Some(handle)) => {
                    if self.clock.now() > asked_at + CONFIRMATION {
                        let reason = format!("no confirmation within {} seconds", CONFIRMATION.as_secs());
                        return Err(SigningError::NotAuthorised { reason });
                    }
                    self.clock.wait(CONFIRMATION_STEP);
                    answer = self.http.post("credentials/authorizeCheck", &AuthorizeCheck { handle: &handle });
                }
                (None, None) => return Err(self.http.bad_answer("an authorisation without SAD")),
            }
        }
    }

    fn ask(&mut self, signatures: usize) -> Result<Vec<(String, Passphrase)>, SigningError> {
        let mut secrets = Vec::new();
        for object in &self.objects {
            if let Some(kept) = self.kept.iter().find(|(id, _)| *id == object.id) {
                secrets.push(kept.clone());
                continue;
            }
            let stays = stays(object);
            let label = if object.label.is_empty() { object.id.clone() } else { object.label.clone() };
            let question = Question { id: object.id.clone(), label, stays, signatures };
            let Some(secret) = self.factor.ask(&question) else {
                // Somebody answered the first time: what was given is used up, not forgotten.
                return Err(if self.used_before > 0 {
                    SigningError::AuthorisationExhausted { signatures: self.used_before }
                } else {
                    SigningError::SecretMissing { asked: question.label }
                });
            };
            secrets.push((object.id.clone(), secret));
        }
        let is_kept = |id: &str| self.objects.iter().any(|object| object.id == id && stays(object));
        self.kept = secrets.iter().filter(|(id, _)| is_kept(id)).cloned().collect();
        Ok(secrets)
    }

    fn not_authorised(&mut self, failure: Failure) -> SigningError {
        self.kept.clear();
        let refusal = match failure {
            Failure::Other(error) => return error,
            Failure::Refused(refusal) => refusal,
        };
        match refusal.error.as_str() {
            "invalid_otp" | "invalid_pin" => {
                let name = refusal.error.trim_start_matches("invalid_").to_uppercase();
                SigningError::WrongSecret { secret: Secret::Factor(name), tries_left: None }
            }
            "locked" | "credential_locked" => SigningError::PinLocked { token: self.id.clone() },
            "access_denied" | "authorization_denied" | "timeout" => {
                SigningError::NotAuthorised { reason: words_of(&refusal) }
            }
            _ => self.http.refused(&refusal),
        }
    }

    fn sign_hashes(&mut self, hashes: &[String]) -> Result<Vec<Vec<u8>>, Failure> {
        let authorisation = self.authorisation.as_mut().expect("authorised before");
        let count = hashes.len().min(self.batch).min(authorisation.left);
        let (sign_algo, sign_algo_params) = match self.algorithm {
            Algorithm::Es256 => (ECDSA_SHA256, None),
            Algorithm::Es384 => (ECDSA_SHA384, None),
            Algorithm::Ps256 => (RSASSA_PSS, Some(STANDARD.encode(PSS_PARAMETERS))),
            Algorithm::Rs256 | Algorithm::Ed25519 => (SHA256_WITH_RSA, None),
        };
        let request = SignHash {
            credential_id: &self.id,
            sad: authorisation.sad.as_str(),
            hashes: hashes[..count].to_vec(),
            hash_algorithm: if self.algorithm == Algorithm::Es384 { SHA384 } else { SHA256 },
            sign_algo,
            sign_algo_params,
        };
        let answer: Signatures = self.http.post("signatures/signHash", &request)?;
        authorisation.left -= count;
        authorisation.used += count;
        let decoded = answer.signatures.iter().map(|text| STANDARD.decode(text)).collect::<Result<Vec<_>, _>>();
        match decoded {
            Ok(signatures) if signatures.len() == count => Ok(signatures),
            Ok(signatures) => {
                Err(self.http.bad_answer(&format!("{} signatures for {count} hashes", signatures.len())).into())
            }
            Err(_) => Err(self.http.bad_answer("signatures that are not base64").into()),
        }
    }
}

/// Whether the same secret serves for the next authorisation: a PIN or password does, what a generator shows does not.
fn stays(object: &AuthObject) -> bool {
    object.kind == "Password" && object.id.to_uppercase().contains("PIN")
}

/// Whether the service no longer takes the authorisation. The specification has no code of its own for it.
fn is_lapsed(refusal: &Refusal) -> bool {
    let words = refusal.error_description.to_lowercase();
    refusal.error == "invalid_sad"
        || refusal.error == "expired_sad"
        || (refusal.error == "invalid_request" && words.contains("sad") && !words.contains("missing"))
}
