//! What the service does with a request.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::OpenOptions,
    io::Write as _,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use pkcs8::{DecodePrivateKey, EncryptedPrivateKeyInfoRef, SecretDocument};
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};
use sha2::Sha256;

/// The access token it takes.
pub const TOKEN: &str = "token-of-the-teacher";

/// Command line: `--name=value` each.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Address and port.
    pub listen: String,
    /// Folder of keys and certificates.
    pub keys: PathBuf,
    /// Names of credentials.
    pub credentials: Vec<String>,
    /// File for the log.
    pub log: PathBuf,
    /// Signatures that one authorisation covers; 100 where not said.
    pub cap: usize,
    /// Seconds that an authorisation lasts; 3600 where not said.
    pub sad_seconds: u64,
    /// Signatures a second, in a time that only signatures move: `3`.
    pub per_second: Option<u32>,
    /// Milliseconds that each signature takes in earnest.
    pub delay_ms: u64,
    /// Ends the process when it is asked for one more signature than this.
    pub crash_after: Option<usize>,
    /// The PIN asked for, if any.
    pub pin: Option<String>,
    /// The OTP asked for, if any.
    pub otp: Option<String>,
    /// An authorisation is for the hashes it was asked for (SCAL 2).
    pub scal2: bool,
    /// Questions after an authorisation until the signer has confirmed it in the app.
    pub confirm_after: Option<u32>,
    /// ECDSA signatures as DER.
    pub der: bool,
    /// `bad-signature`, `short`, `huge`, `garbage`, `redirect`, `unavailable`, `expired-token`, `ed25519`.
    pub fault: Option<String>,
}

impl Options {
    /// Reads the command line.
    ///
    /// # Errors
    /// For an option it does not know.
    pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { cap: 100, sad_seconds: 3600, ..Self::default() };
        for argument in arguments {
            let (name, value) = argument.split_once('=').ok_or_else(|| format!("{argument}: wanted --name=value"))?;
            let number = || value.parse::<u64>().map_err(|_| format!("{argument}: wanted a number"));
            let count = || number().map(|n| usize::try_from(n).unwrap_or(usize::MAX));
            match name {
                "--listen" => options.listen = value.into(),
                "--keys" => options.keys = value.into(),
                "--credential" => options.credentials.push(value.into()),
                "--log" => options.log = value.into(),
                "--cap" => options.cap = count()?,
                "--sad-seconds" => options.sad_seconds = number()?,
                "--per-second" => options.per_second = u32::try_from(number()?).ok(),
                "--delay-ms" => options.delay_ms = number()?,
                "--crash-after" => options.crash_after = Some(count()?),
                "--pin" => options.pin = Some(value.into()),
                "--otp" => options.otp = Some(value.into()),
                "--scal2" => options.scal2 = value == "yes",
                "--confirm-after" => options.confirm_after = u32::try_from(number()?).ok(),
                "--der" => options.der = value == "yes",
                "--fault" => options.fault = Some(value.into()),
                _ => return Err(format!("{argument}: not known")),
            }
        }
        Ok(options)
    }
}

enum Key {
    Rsa(Box<rsa::RsaPrivateKey>),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

struct Credential {
    key: Key,
    certificates: Vec<String>,
}

struct Authorisation {
    credential: String,
    left: usize,
    until: Duration,
    hashes: Option<BTreeSet<String>>,
    /// Questions to come until it is confirmed.
    pending: u32,
}

/// The service's state.
pub struct Service {
    options: Options,
    credentials: BTreeMap<String, Credential>,
    state: Mutex<Memory>,
    start: Instant,
}

#[derive(Default)]
struct Memory {
    /// By their SAD.
    authorisations: BTreeMap<String, Authorisation>,
    signatures: usize,
}

type Answer = Result<Value, (StatusCode, Value)>;

fn refusal(error: &str, description: &str) -> (StatusCode, Value) {
    (StatusCode::BAD_REQUEST, json!({ "error": error, "error_description": description }))
}

/// One request.
pub async fn answer(
    State(service): State<Arc<Service>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().strip_prefix("/csc/v2/").unwrap_or_default().to_owned();
    match service.options.fault.as_deref() {
        Some("redirect") => {
            return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/elsewhere")]).into_response();
        }
        Some("unavailable") => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some("garbage") => return "<html>It works!</html>".into_response(),
        Some("huge") => return " ".repeat(2 << 20).into_response(),
        _ => {}
    }
    let authorised =
        headers.get(header::AUTHORIZATION).is_some_and(|value| value == format!("Bearer {TOKEN}").as_str());
    if path != "info" && (!authorised || service.options.fault.as_deref() == Some("expired-token")) {
        return (StatusCode::UNAUTHORIZED, json!({ "error": "invalid_token" }).to_string()).into_response();
    }
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    if path == "signatures/signHash" {
        let hashes = request["hashes"].as_array().map_or(0, Vec::len) as u64;
        tokio::time::sleep(Duration::from_millis(service.options.delay_ms * hashes)).await;
    }
    let answer = match (method, path.as_str()) {
        (Method::POST, "info") => Ok(json!({
            "specs": "2.0.0.0", "name": "hocba-test-csc", "logo": "", "region": "VN", "lang": "vi-VN",
            "description": "reference server for tests", "authType": ["oauth2code"],
            "methods": ["credentials/list", "credentials/info", "credentials/authorize", "credentials/authorizeCheck",
                        "signatures/signHash"],
        })),
        (Method::POST, "credentials/list") => {
            Ok(json!({ "credentialIDs": service.credentials.keys().collect::<Vec<_>>() }))
        }
        (Method::POST, "credentials/info") => service.info(&request),
        (Method::POST, "credentials/authorize") => service.authorize(&request),
        (Method::POST, "credentials/authorizeCheck") => service.authorize_check(&request),
        (Method::POST, "signatures/signHash") => service.sign_hash(&request),
        _ => Err((StatusCode::NOT_FOUND, json!({ "error": "invalid_request", "error_description": "no such method" }))),
    };
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body),
        Err(refused) => refused,
    };
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

impl Service {
    /// Reads keys and certificates.
    ///
    /// # Panics
    /// When they are not as the fixtures are.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "a service has a clock: its authorisations run out")]
    pub fn new(options: Options) -> Arc<Self> {
        let credentials = options.credentials.iter().map(|name| (name.clone(), read(&options, name))).collect();
        Arc::new(Self { options, credentials, state: Mutex::default(), start: Instant::now() })
    }

    /// Time as this service has it.
    fn now(&self, memory: &Memory) -> Duration {
        match self.options.per_second {
            Some(rate) => Duration::from_secs(1) * u32::try_from(memory.signatures).unwrap_or(u32::MAX) / rate,
            None => self.start.elapsed(),
        }
    }

    fn log(&self, line: &str) {
        let file = OpenOptions::new().create(true).append(true).open(&self.options.log);
        let written = file.and_then(|mut file| writeln!(file, "{line}"));
        written.expect("the log is written");
    }

    fn credential(&self, request: &Value) -> Result<(&String, &Credential), (StatusCode, Value)> {
        let id = request["credentialID"].as_str().unwrap_or_default();
        self.credentials.get_key_value(id).ok_or_else(|| refusal("invalid_request", "Invalid parameter credentialID"))
    }

    fn info(&self, request: &Value) -> Answer {
        let (_, credential) = self.credential(request)?;
        let (algorithms, length, curve) = match &credential.key {
            Key::Rsa(key) => (vec!["1.2.840.113549.1.1.11", "1.2.840.113549.1.1.10"], key.n().bits(), None),
            Key::P256(_) => (vec!["1.2.840.10045.4.3.2"], 256, Some("1.2.840.10045.3.1.7")),
            Key::P384(_) => (vec!["1.2.840.10045.4.3.3"], 384, Some("1.3.132.0.34")),
        };
        let mut objects = Vec::new();
        if self.options.pin.is_some() {
            objects.push(json!({ "type": "Password", "id": "PIN", "format": "N", "label": "Mã PIN" }));
        }
        if self.options.otp.is_some() {
            objects.push(
                json!({ "type": "Password", "id": "OTP", "format": "N", "label": "Mã OTP", "generator": "totp" }),
            );
        }
        let mode = if objects.is_empty() && self.options.confirm_after.is_none() { "implicit" } else { "explicit" };
        Ok(json!({
            "key": { "status": "enabled", "algo": algorithms, "len": length, "curve": curve },
            "cert": { "status": "valid", "certificates": credential.certificates },
            "auth": { "mode": mode, "expression": "PIN AND OTP", "objects": objects },
            "SCAL": if self.options.scal2 { "2" } else { "1" },
            "multisign": self.options.cap,
            "lang": "vi-VN",
        }))
    }

    fn authorize(&self, request: &Value) -> Answer {
        let (id, _) = self.credential(request)?;
        let given = |name: &str| {
            let data = request["authData"].as_array()?;
            data.iter().find(|datum| datum["id"] == name)?["value"].as_str().map(str::to_owned)
        };
        if self.options.pin.is_some() && given("PIN") != self.options.pin {
            return Err(refusal("invalid_pin", "The PIN is wrong"));
        }
        if self.options.otp.is_some() && given("OTP") != self.options.otp {
            return Err(refusal("invalid_otp", "The OTP is wrong"));
        }
        let count = request["numSignatures"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        if count == 0 || count > self.options.cap {
            return Err(refusal("invalid_request", "Numbers of signatures is too high"));
        }
        let strings = |value: &Value| {
            value.as_array().map(|all| all.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect())
        };
        let hashes: Option<BTreeSet<String>> = strings(&request["hashes"]);
        if self.options.scal2
            && (hashes.as_ref().is_none_or(|all| all.len() != count) || request["hashAlgorithmOID"].is_null())
        {
            return Err(refusal("invalid_request", "Missing (or invalid type) array parameter hashes"));
        }
        let mut memory = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let until = self.now(&memory) + Duration::from_secs(self.options.sad_seconds);
        let sad = format!("sad-{}-{}", std::process::id(), memory.authorisations.len());
        let pending = self.options.confirm_after.unwrap_or(0);
        let hashes = hashes.filter(|_| self.options.scal2);
        memory
            .authorisations
            .insert(sad.clone(), Authorisation { credential: id.clone(), left: count, until, hashes, pending });
        self.log(&format!("authorize {count}"));
        if pending > 0 {
            Ok(json!({ "handle": sad }))
        } else {
            Ok(json!({ "SAD": sad, "expiresIn": self.options.sad_seconds }))
        }
    }

    fn authorize_check(&self, request: &Value) -> Answer {
        let mut memory = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let handle = request["handle"].as_str().unwrap_or_default();
        let authorisation = memory
            .authorisations
            .get_mut(handle)
            .ok_or_else(|| refusal("invalid_request", "Invalid parameter handle"))?;
        authorisation.pending = authorisation.pending.saturating_sub(1);
        if authorisation.pending > 0 {
            return Ok(json!({ "handle": handle }));
        }
        Ok(json!({ "SAD": handle, "expiresIn": self.options.sad_seconds }))
    }

    fn sign_hash(&self, request: &Value) -> Answer {
        let (id, credential) = self.credential(request)?;
        let hashes: Vec<&str> = request["hashes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut memory = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now(&memory);
        let sad = request["SAD"].as_str().unwrap_or_default();
        let authorisation = memory.authorisations.get_mut(sad).filter(|a| a.credential == *id && a.pending == 0);
        let authorisation = authorisation.ok_or_else(|| refusal("invalid_request", "Invalid parameter SAD"))?;
        if authorisation.until < now {
            return Err(refusal("invalid_request", "Expired SAD"));
        }
        if hashes.is_empty() || hashes.len() > authorisation.left {
            return Err(refusal("invalid_request", "Number of hashes exceeds what the SAD was given for"));
        }
        if authorisation.hashes.as_ref().is_some_and(|all| hashes.iter().any(|hash| !all.contains(*hash))) {
            return Err(refusal("invalid_request", "Hash is not authorized by the SAD"));
        }
        authorisation.left -= hashes.len();
        let mut signatures = Vec::new();
        for text in &hashes {
            if self.options.crash_after == Some(memory.signatures) {
                std::process::exit(17);
            }
            let hash = STANDARD.decode(text).map_err(|_| refusal("invalid_request", "Invalid Base64 hashes string"))?;
            let mut signature = sign(&credential.key, &hash, request["signAlgo"].as_str(), self.options.der)
                .ok_or_else(|| refusal("invalid_request", "Invalid parameter signAlgo"))?;
            if self.options.fault.as_deref() == Some("bad-signature") && memory.signatures == 4 {
                signature[7] ^= 1;
            }
            memory.signatures += 1;
            self.log(&format!("sign {text}"));
            signatures.push(STANDARD.encode(signature));
        }
        if self.options.fault.as_deref() == Some("short") {
            signatures.pop();
        }
        Ok(json!({ "signatures": signatures }))
    }
}

fn sign(key: &Key, hash: &[u8], algorithm: Option<&str>, der: bool) -> Option<Vec<u8>> {
    let mut random = rand_core::UnwrapErr(getrandom::SysRng);
    match (key, algorithm?) {
        (Key::Rsa(key), "1.2.840.113549.1.1.11") => {
            key.sign_with_rng(&mut random, rsa::Pkcs1v15Sign::new::<Sha256>(), hash).ok()
        }
        (Key::Rsa(key), "1.2.840.113549.1.1.10") => {
            key.sign_with_rng(&mut random, rsa::Pss::<Sha256>::new_blinded(), hash).ok()
        }
        (Key::P256(key), "1.2.840.10045.4.3.2") => {
            let signature: p256::ecdsa::Signature = key.sign_prehash(hash).ok()?;
            Some(if der { signature.to_der().as_bytes().to_vec() } else { signature.to_bytes().to_vec() })
        }
        (Key::P384(key), "1.2.840.10045.4.3.3") => {
            let signature: p384::ecdsa::Signature = key.sign_prehash(hash).ok()?;
            Some(if der { signature.to_der().as_bytes().to_vec() } else { signature.to_bytes().to_vec() })
        }
        _ => None,
    }
}

fn read(options: &Options, name: &str) -> Credential {
    let text = |ending: &str| {
        let path = options.keys.join(format!("{name}.{ending}.pem"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    // What is between the lines of a PEM block is base64, as the API wants it.
    let pem = text("crt");
    let certificates = pem.split("-----END CERTIFICATE-----").filter_map(|block| {
        let (_, body) = block.split_once("-----BEGIN CERTIFICATE-----")?;
        Some(body.split_whitespace().collect())
    });
    let (_, document) = SecretDocument::from_pem(&text("key")).expect("PEM");
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).expect("PKCS#8");
    let plain = encrypted.decrypt("hocba-test").expect("the passphrase of the fixtures");
    let plain = plain.as_bytes();
    let key = rsa::RsaPrivateKey::from_pkcs8_der(plain)
        .map(|key| Key::Rsa(Box::new(key)))
        .ok()
        .or_else(|| p256::ecdsa::SigningKey::from_pkcs8_der(plain).ok().map(Key::P256))
        .or_else(|| p384::ecdsa::SigningKey::from_pkcs8_der(plain).ok().map(Key::P384));
    let key = match key {
        // To see what a client says to a key that no service with this API can use: the certificate is what it looks at.
        None if options.fault.as_deref() == Some("ed25519") => {
            Key::P256(p256::ecdsa::SigningKey::from_slice(&[1; 32]).expect("a number of the curve"))
        }
        None => panic!("{name}: RSA, P-256 or P-384"),
        Some(key) => key,
    };
    Credential { key, certificates: certificates.collect() }
}
