//! Keys on tokens and in HSMs, through the PKCS#11 module that comes with them (OASIS PKCS #11 v2.40 and later).
//!
//! A module is loaded once in a process and stays loaded; it is started anew when a token that should be there is not
//! found, since some modules look for tokens only then. The loading of a vendor's library is the one thing here that
//! this crate cannot make safe: it runs in our process.

mod report;

pub use report::{
    CertificateReport, Finding, KeyReport, ModuleReport, PinState, SlotReport, TokenReport, inspect_module,
};

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::{
        Mechanism, MechanismType,
        eddsa::{EddsaParams, EddsaSignatureScheme},
        rsa::{PkcsMgfType, PkcsPssParams},
    },
    object::{Attribute, AttributeType, CertificateType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    slot::{Slot, TokenInfo},
    types::AuthPin,
};
use hocba_signature::algorithm::{Algorithm, PublicKey};

use crate::{
    MAX_CERTIFICATES, Passphrase, Secret, SigningError, SigningKey, chain,
    signing::{Keystore, algorithm_for, hash_for},
};

/// DigestInfo of SHA-256 up to the hash (RFC 8017 §9.2, note 1).
const SHA256_DIGEST_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// Which token, of those that are plugged in. What is `None` fits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenChoice {
    /// Its label, without the blanks at the end.
    pub label: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
}

impl TokenChoice {
    fn fits(&self, token: &TokenInfo) -> bool {
        self.label.as_deref().is_none_or(|label| label == token.label().trim_end())
            && self.serial.as_deref().is_none_or(|serial| serial == token.serial_number().trim_end())
    }

    fn words(&self) -> String {
        match (&self.label, &self.serial) {
            (Some(label), Some(serial)) => format!("{label:?} (serial {serial})"),
            (Some(label), None) => format!("{label:?}"),
            (None, Some(serial)) => format!("with serial {serial}"),
            (None, None) => "at all".into(),
        }
    }
}

/// Which key, where, and how it signs.
#[derive(Debug, Clone, Default)]
pub struct TokenKey {
    /// Which token.
    pub token: TokenChoice,
    /// `CKA_ID` of the key; needed where several keys have certificates.
    pub id: Option<Vec<u8>>,
    /// The certificate and its issuers, leaf first, instead of those on the token.
    pub certificate_chain: Option<Vec<Vec<u8>>>,
    /// Other than the usual one of the key: `PS256`.
    pub algorithm: Option<Algorithm>,
}

impl SigningKey {
    /// Opens a key on a token: looks for it, logs in, finds its certificate. `pin` may be left out where the token asks
    /// for none or has a pad of its own.
    ///
    /// A wrong PIN is tried once; the token counts.
    ///
    /// # Errors
    /// `Module`, `TokenAbsent`, `TokenAmbiguous`, `WrongSecret`, `PinLocked`, `SecretMissing`, `KeyNotFound`,
    /// `KeyAmbiguous`, `CertificateMissing`, `CertificateMismatch`, `UnsupportedMechanism`, `Device`.
    pub fn open_pkcs11(module: &Path, which: TokenKey, pin: Option<&Passphrase>) -> Result<Self, SigningError> {
        let mut token = Token {
            module: Module::load(module)?,
            choice: which.token,
            label: String::new(),
            pin: pin.map(|pin| AuthPin::from(pin.as_str().to_owned())),
            open: None,
            key_id: Vec::new(),
            mechanism: Way::Eddsa,
            algorithm: Algorithm::Ed25519,
        };
        let (slot, info) = token.find()?;
        token.label = info.label().trim_end().to_owned();
        // From now on exactly this token, should another of the same name be plugged in its place.
        token.choice.serial = Some(info.serial_number().trim_end().to_owned()).filter(|serial| !serial.is_empty());
        let session = token.log_in(slot, &info)?;
        let keys = token.keys(&session)?;
        let certificates = token.certificates(&session)?;

        let key = token.choose(&keys, &certificates, which.id.as_deref(), which.certificate_chain.is_some())?;
        if key.always_authenticate {
            return Err(SigningError::UnsupportedMechanism {
                wanted: format!("key {}", hex::encode(&key.id)),
                what: "it wants its PIN before every signature (CKA_ALWAYS_AUTHENTICATE)".into(),
            });
        }
        let (certificate_chain, public) = token.certificate_chain(key, certificates, which.certificate_chain)?;
        let mechanisms = token.module.context.get_mechanism_list(slot).map_err(|error| token.failed(&error))?;
        (token.algorithm, token.mechanism) = way_for(&public, which.algorithm, &mechanisms)?;
        token.key_id.clone_from(&key.id);
        token.open = Some(Open { handle: key.handle, session });
        let algorithm = token.algorithm;
        Ok(Self::new(Box::new(token), algorithm, public, certificate_chain))
    }
}

/// A module, loaded and started.
#[derive(Clone)]
struct Module {
    context: Pkcs11,
}

/// Modules by their paths. A second `C_Initialize` in one process fails, and the first `C_Finalize` ends the sessions of
/// all, so they are shared.
static MODULES: Mutex<BTreeMap<PathBuf, Pkcs11>> = Mutex::new(BTreeMap::new());

impl Module {
    fn load(path: &Path) -> Result<Self, SigningError> {
        let broken = |error: &Error| SigningError::Module { path: path.to_owned(), reason: error.to_string() };
        // Spelt in full, or the loader would look for it in other folders.
        let path = path
            .canonicalize()
            .map_err(|source| SigningError::Module { path: path.to_owned(), reason: source.to_string() })?;
        let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(context) = modules.get(&path) {
            return Ok(Self { context: context.clone() });
        }
        let context = Pkcs11::new(&path).map_err(|error| broken(&error))?;
        start(&context).map_err(|error| broken(&error))?;
        modules.insert(path, context.clone());
        Ok(Self { context })
    }

    /// Ends and starts it, so that it looks for tokens again. Sessions of this process with it end.
    fn restart(&self) -> Result<(), Error> {
        let _one_at_a_time = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
        match self.context.clone().finalize() {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiNotInitialized, _)) => start(&self.context),
            Err(error) => Err(error),
        }
    }

    fn tokens(&self) -> Result<Vec<(Slot, TokenInfo)>, Error> {
        let mut found = Vec::new();
        for slot in self.context.get_slots_with_token()? {
            match self.context.get_token_info(slot) {
                Ok(info) if info.token_initialized() => found.push((slot, info)),
                // Pulled between the two questions, or a card that nobody has set up.
                Ok(_) | Err(Error::Pkcs11(_, _)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

fn start(context: &Pkcs11) -> Result<(), Error> {
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        result => result,
    }
}

/// A private key as the token lists it.
struct Key {
    handle: ObjectHandle,
    id: Vec<u8>,
    always_authenticate: bool,
    /// Bytes that its public key must hold: an RSA modulus or a point. Not every token tells.
    public: Option<Vec<u8>>,
}

struct Certificate {
    id: Vec<u8>,
    der: Vec<u8>,
}

/// How the token is asked for a signature: what it can do, with the least of its own hashing, since all can do that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Eddsa,
    EcdsaOverHash,
    EcdsaWithHash,
    RsaOverDigestInfo,
    RsaWithHash,
    PssOverHash,
    PssWithHash,
}

struct Open {
    handle: ObjectHandle,
    session: Session,
}

struct Token {
    module: Module,
    choice: TokenChoice,
    label: String,
    pin: Option<AuthPin>,
    open: Option<Open>,
    key_id: Vec<u8>,
    mechanism: Way,
    algorithm: Algorithm,
}

impl Keystore for Token {
    fn sign_some(&mut self, messages: &[&[u8]]) -> Result<Vec<Vec<u8>>, SigningError> {
        let message = messages[0];
        let fresh = self.open.is_none();
        if fresh {
            self.open = Some(self.open_again()?);
        }
        let open = self.open.as_ref().expect("opened above");
        let error = match self.sign_in(open, message) {
            Ok(signature) => return Ok(vec![signature]),
            Err(error) => error,
        };
        // Whatever it was, this session is not used again.
        self.open = None;
        if fresh || !is_lost(&error) {
            return Err(self.failed(&error));
        }
        // Perhaps it was pulled and is back already. Once more: the message was not signed.
        let again = self.open_again()?;
        let result = self.sign_in(&again, message).map_err(|error| self.failed(&error))?;
        self.open = Some(again);
        Ok(vec![result])
    }

    fn place(&self) -> String {
        format!("token {:?}", self.label)
    }
}

impl Token {
    /// The slot of the token.
    fn find(&self) -> Result<(Slot, TokenInfo), SigningError> {
        let look = || -> Result<Vec<(Slot, TokenInfo)>, SigningError> {
            self.module.tokens().map_err(|error| self.failed(&error))
        };
        let mut all = look().unwrap_or_default();
        if !all.iter().any(|(_, info)| self.choice.fits(info)) {
            self.module.restart().map_err(|error| self.failed(&error))?;
            all = look()?;
        }
        let name = |(_, info): &(Slot, TokenInfo)| {
            format!("{:?} (serial {})", info.label().trim_end(), info.serial_number().trim_end())
        };
        let seen: Vec<String> = all.iter().map(name).collect();
        let mut fitting: Vec<_> = all.into_iter().filter(|(_, info)| self.choice.fits(info)).collect();
        match (fitting.pop(), fitting.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(_), false) => Err(SigningError::TokenAmbiguous { seen }),
            (None, _) => Err(SigningError::TokenAbsent { wanted: self.choice.words(), seen }),
        }
    }

    fn log_in(&self, slot: Slot, info: &TokenInfo) -> Result<Session, SigningError> {
        let session = self.module.context.open_ro_session(slot).map_err(|error| self.failed(&error))?;
        if !info.login_required() {
            return Ok(session);
        }
        if info.user_pin_locked() {
            return Err(self.locked());
        }
        if self.pin.is_none() && !info.protected_authentication_path() {
            return Err(SigningError::SecretMissing { asked: format!("the PIN of token {:?}", self.label) });
        }
        match session.login(UserType::User, self.pin.as_ref()) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
                // Asked again: it counts.
                match self.module.context.get_token_info(slot) {
                    Ok(now) if now.user_pin_locked() => Err(self.locked()),
                    now => Err(SigningError::WrongSecret {
                        secret: Secret::Pin,
                        tries_left: now.is_ok_and(|now| now.user_pin_final_try()).then_some(1),
                    }),
                }
            }
            Err(Error::Pkcs11(RvError::PinLocked | RvError::PinExpired | RvError::UserPinNotInitialized, _)) => {
                Err(self.locked())
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn locked(&self) -> SigningError {
        SigningError::PinLocked { token: self.label.clone() }
    }

    /// The token, pulled in between, is looked for, logged in to and asked for its key again.
    fn open_again(&self) -> Result<Open, SigningError> {
        let gone = |error| match error {
            SigningError::TokenAbsent { .. } => SigningError::TokenPulled { token: self.label.clone() },
            other => other,
        };
        let (slot, info) = self.find().map_err(gone)?;
        let session = self.log_in(slot, &info)?;
        let keys = self.keys(&session)?;
        let key = keys.iter().find(|key| key.id == self.key_id).ok_or_else(|| SigningError::KeyNotFound {
            wanted: hex::encode(&self.key_id),
            seen: keys.iter().map(|key| hex::encode(&key.id)).collect(),
        })?;
        Ok(Open { handle: key.handle, session })
    }

    fn keys(&self, session: &Session) -> Result<Vec<Key>, SigningError> {
        let mut keys = Vec::new();
        let template = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Token(true)];
        for handle in session.find_objects(&template).map_err(|error| self.failed(&error))? {
            let mut key = Key { handle, id: Vec::new(), always_authenticate: false, public: None };
            let mut can_sign = true;
            for attribute in attributes(
                session,
                handle,
                &[AttributeType::Id, AttributeType::Sign, AttributeType::AlwaysAuthenticate, AttributeType::Modulus],
            ) {
                match attribute {
                    Attribute::Id(id) => key.id = id,
                    Attribute::Sign(sign) => can_sign = sign,
                    Attribute::AlwaysAuthenticate(always) => key.always_authenticate = always,
                    Attribute::Modulus(modulus) => key.public = Some(modulus).filter(|modulus| !modulus.is_empty()),
                    _ => {}
                }
            }
            if can_sign {
                key.public = key.public.or_else(|| point(session, &key.id));
                keys.push(key);
            }
        }
        Ok(keys)
    }

    fn certificates(&self, session: &Session) -> Result<Vec<Certificate>, SigningError> {
        certificates(session).map_err(|error| self.failed(&error))
    }

    fn choose<'a>(
        &self,
        keys: &'a [Key],
        certificates: &[Certificate],
        id: Option<&[u8]>,
        certificate_given: bool,
    ) -> Result<&'a Key, SigningError> {
        let seen = || keys.iter().map(|key| hex::encode(&key.id)).collect::<Vec<_>>();
        let certified = |key: &&Key| certificates.iter().any(|certificate| certificate.id == key.id);
        let fitting: Vec<&Key> = match id {
            Some(id) => keys.iter().filter(|key| key.id == id).collect(),
            None if certificate_given => keys.iter().collect(),
            None => keys.iter().filter(certified).collect(),
        };
        match (fitting.as_slice(), id, keys) {
            ([only], _, _) => Ok(only),
            ([], None, [_, ..]) => Err(SigningError::CertificateMissing { key: seen().join(", ") }),
            ([], _, _) => {
                Err(SigningError::KeyNotFound { wanted: id.map_or("at all".into(), hex::encode), seen: seen() })
            }
            _ => Err(SigningError::KeyAmbiguous { seen: seen() }),
        }
    }

    fn certificate_chain(
        &self,
        key: &Key,
        mut on_token: Vec<Certificate>,
        given: Option<Vec<Vec<u8>>>,
    ) -> Result<(Vec<Vec<u8>>, PublicKey), SigningError> {
        let name = || hex::encode(&key.id);
        let chain = match given {
            Some(chain) => chain,
            None => {
                let leaf = on_token.iter().position(|certificate| certificate.id == key.id);
                let leaf = leaf.ok_or_else(|| SigningError::CertificateMissing { key: name() })?;
                let leaf = on_token.swap_remove(leaf).der;
                let others: Vec<Vec<u8>> = on_token.into_iter().map(|certificate| certificate.der).collect();
                chain::in_order(leaf, &others)
            }
        };
        let spki = chain.first().and_then(|leaf| chain::parts(leaf)).map(|parts| parts.spki);
        let spki = spki.ok_or_else(|| SigningError::BadAnswer {
            from: self.place(),
            what: format!("the certificate of key {} is none", name()),
        })?;
        // What this finds early, the check of the first signature would find late.
        let holds = |bytes: &Vec<u8>| spki.windows(bytes.len()).any(|window| window == bytes);
        if key.public.as_ref().is_some_and(|public| !holds(public)) {
            return Err(SigningError::CertificateMismatch { key: name() });
        }
        let public = PublicKey::from_spki_der(spki)
            .map_err(|error| SigningError::UnsupportedMechanism { wanted: name(), what: error.to_string() })?;
        Ok((chain, public))
    }

    fn sign_in(&self, open: &Open, message: &[u8]) -> Result<Vec<u8>, Error> {
        let pss = PkcsPssParams { hash_alg: MechanismType::SHA256, mgf: PkcsMgfType::MGF1_SHA256, s_len: 32.into() };
        let hash = || hash_for(self.algorithm, message).unwrap_or_default();
        let (mechanism, data) = match self.mechanism {
            Way::Eddsa => (Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519)), message.to_vec()),
            Way::EcdsaOverHash => (Mechanism::Ecdsa, hash()),
            Way::EcdsaWithHash if self.algorithm == Algorithm::Es384 => (Mechanism::EcdsaSha384, message.to_vec()),
            Way::EcdsaWithHash => (Mechanism::EcdsaSha256, message.to_vec()),
            Way::RsaOverDigestInfo => (Mechanism::RsaPkcs, [&SHA256_DIGEST_INFO[..], &hash()].concat()),
            Way::RsaWithHash => (Mechanism::Sha256RsaPkcs, message.to_vec()),
            Way::PssOverHash => (Mechanism::RsaPkcsPss(pss), hash()),
            Way::PssWithHash => (Mechanism::Sha256RsaPkcsPss(pss), message.to_vec()),
        };
        open.session.sign(&mechanism, open.handle, &data)
    }

    /// What the module said, as something the signer can act on.
    fn failed(&self, error: &Error) -> SigningError {
        let token = if self.label.is_empty() { self.choice.words() } else { format!("{:?}", self.label) };
        match error {
            Error::Pkcs11(code, _) if is_gone(code) => SigningError::TokenPulled { token },
            Error::Pkcs11(
                RvError::MechanismInvalid
                | RvError::MechanismParamInvalid
                | RvError::KeyTypeInconsistent
                | RvError::KeyFunctionNotPermitted
                | RvError::KeySizeRange,
                _,
            ) => SigningError::UnsupportedMechanism { wanted: self.algorithm.to_string(), what: error.to_string() },
            Error::Pkcs11(RvError::FunctionRejected | RvError::FunctionCanceled, _) => {
                SigningError::Refused { by: token, reason: error.to_string() }
            }
            _ => SigningError::Device { token, reason: error.to_string() },
        }
    }
}

/// Whether the token went away, as far as the answer tells.
fn is_gone(code: &RvError) -> bool {
    matches!(
        code,
        RvError::DeviceRemoved | RvError::TokenNotPresent | RvError::TokenNotRecognized | RvError::SlotIdInvalid
    )
}

/// Whether a new session may help: the token went away, with its session, or the module was started anew.
fn is_lost(error: &Error) -> bool {
    match error {
        Error::Pkcs11(code, _) => {
            is_gone(code)
                || matches!(
                    code,
                    RvError::SessionHandleInvalid
                        | RvError::SessionClosed
                        | RvError::UserNotLoggedIn
                        | RvError::KeyHandleInvalid
                        | RvError::ObjectHandleInvalid
                        | RvError::CryptokiNotInitialized
                        | RvError::DeviceError
                        | RvError::GeneralError
                        | RvError::FunctionFailed
                )
        }
        _ => false,
    }
}

/// The attributes that the token gives; one that it does not know must not keep the others back.
fn attributes(session: &Session, handle: ObjectHandle, wanted: &[AttributeType]) -> Vec<Attribute> {
    let one = |attribute: &AttributeType| session.get_attributes(handle, &[*attribute]).unwrap_or_default();
    wanted.iter().flat_map(one).collect()
}

/// The point of the public key with this id (CKA_EC_POINT): an OCTET STRING by the standard, bare from some tokens.
fn point(session: &Session, id: &[u8]) -> Option<Vec<u8>> {
    let template = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Id(id.to_vec())];
    let handle = *session.find_objects(&template).ok()?.first()?;
    attributes(session, handle, &[AttributeType::EcPoint]).into_iter().find_map(|attribute| match attribute {
        Attribute::EcPoint(point) => {
            let inner =
                chain::whole(&point).filter(|inner| inner.value().len() >= 32).map(|inner| inner.value().to_vec());
            Some(inner.unwrap_or(point))
        }
        _ => None,
    })
}

fn certificates(session: &Session) -> Result<Vec<Certificate>, Error> {
    let template = [
        Attribute::Class(ObjectClass::CERTIFICATE),
        Attribute::CertificateType(CertificateType::X_509),
        Attribute::Token(true),
    ];
    let mut found = Vec::new();
    // Roots of all kinds lie on some tokens; a bound keeps a faulty one from filling the memory.
    for handle in session.find_objects(&template)?.into_iter().take(4 * MAX_CERTIFICATES) {
        let mut certificate = Certificate { id: Vec::new(), der: Vec::new() };
        for attribute in attributes(session, handle, &[AttributeType::Id, AttributeType::Value]) {
            match attribute {
                Attribute::Id(id) => certificate.id = id,
                Attribute::Value(der) => certificate.der = der,
                _ => {}
            }
        }
        found.push(certificate);
    }
    Ok(found)
}

/// The algorithm and how to ask for it, by what the token says it can do.
fn way_for(
    public: &PublicKey,
    wanted: Option<Algorithm>,
    mechanisms: &[MechanismType],
) -> Result<(Algorithm, Way), SigningError> {
    let usual = algorithm_for(public, wanted)?;
    let way = |algorithm| {
        let ways: &[(MechanismType, Way)] = match algorithm {
            Algorithm::Ed25519 => &[(MechanismType::EDDSA, Way::Eddsa)],
            Algorithm::Es256 => {
                &[(MechanismType::ECDSA, Way::EcdsaOverHash), (MechanismType::ECDSA_SHA256, Way::EcdsaWithHash)]
            }
            Algorithm::Es384 => {
                &[(MechanismType::ECDSA, Way::EcdsaOverHash), (MechanismType::ECDSA_SHA384, Way::EcdsaWithHash)]
            }
            Algorithm::Rs256 => {
                &[(MechanismType::RSA_PKCS, Way::RsaOverDigestInfo), (MechanismType::SHA256_RSA_PKCS, Way::RsaWithHash)]
            }
            Algorithm::Ps256 => &[
                (MechanismType::RSA_PKCS_PSS, Way::PssOverHash),
                (MechanismType::SHA256_RSA_PKCS_PSS, Way::PssWithHash),
            ],
        };
        let way = ways.iter().find(|(mechanism, _)| mechanisms.contains(mechanism))?;
        Some((algorithm, way.1))
    };
    // An RSA key on a token that makes only PSS is used for that, unless PKCS #1 v1.5 was asked for.
    let second = if wanted.is_none() && usual == Algorithm::Rs256 { way(Algorithm::Ps256) } else { None };
    way(usual).or(second).ok_or_else(|| SigningError::UnsupportedMechanism {
        wanted: usual.to_string(),
        what: "the token has no mechanism for it".into(),
    })
}
