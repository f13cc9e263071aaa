//! What a module and its tokens hold, for whoever wonders why signing does not work. No PIN is needed or asked for.

use std::path::Path;

use cryptoki::{
    context::Pkcs11,
    error::Error,
    mechanism::MechanismType,
    object::{Attribute, AttributeType, ObjectClass},
    slot::{Slot, TokenInfo},
};
use hocba_signature::algorithm::{Algorithm, PublicKey};

use super::{Certificate, Module, Way, attributes, certificates, way_for};
use crate::{SigningError, chain};

/// A module and its slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleReport {
    /// Maker and name, as the module says.
    pub library: String,
    /// One for each reader or HSM slot.
    pub slots: Vec<SlotReport>,
}

/// A slot and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotReport {
    /// Number of the slot; changes from start to start with some modules.
    pub number: u64,
    /// What the module calls it.
    pub description: String,
    /// The token in it.
    pub token: Option<TokenReport>,
}

/// A token, as far as it shows itself without its PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenReport {
    /// Its label, by which it is chosen.
    pub label: String,
    /// Its serial number.
    pub serial: String,
    /// Maker and model.
    pub model: String,
    /// How its PIN is.
    pub pin: PinState,
    /// Certificates on it.
    pub certificates: Vec<CertificateReport>,
    /// Keys it shows: their public halves, mostly.
    pub keys: Vec<KeyReport>,
    /// What is in the way of signing.
    pub findings: Vec<Finding>,
}

/// How the PIN is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinState {
    /// None is asked for.
    NotNeeded,
    /// Asked for, all tries left as far as the token says.
    Good,
    /// Wrong at least once since it was last right.
    TriedWrong,
    /// The next wrong one locks it.
    LastTry,
    /// Locked.
    Locked,
    /// The one it came with has to be changed first.
    ToBeChanged,
}

/// A certificate on a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateReport {
    /// `CKA_ID`, which its key has too, as lowercase hex.
    pub id: String,
    /// Whose it is (RFC 4514).
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// End of its validity, in seconds since 1970.
    pub not_after: i64,
    /// The algorithm that signatures by it would have; `None` if its key is of a kind that is not verified, or its
    /// token cannot.
    pub algorithm: Option<Algorithm>,
    /// Certificates in its chain that the token holds, itself among them.
    pub chain: usize,
    /// DER.
    pub der: Vec<u8>,
}

/// A key on a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyReport {
    /// `CKA_ID` as lowercase hex: `--key-id`.
    pub id: String,
    /// `CKA_LABEL`.
    pub label: String,
}

/// Something in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Nobody has set the token up.
    NotInitialised,
    /// No certificate: the chain has to be given as a file.
    NoCertificate,
    /// No certificate whose key and mechanism we can sign with.
    NothingToSignWith,
    /// The PIN is locked or must be changed: vendor's tool, or the authority's desk.
    PinUnusable,
    /// One wrong PIN more locks the token.
    LastTry,
    /// It answered some question with an error.
    Faulty,
}

/// Looks at all slots of a module, without a PIN.
///
/// # Errors
/// `Module` if it does not load or start.
pub fn inspect_module(path: &Path) -> Result<ModuleReport, SigningError> {
    let module = Module::load(path)?;
    let broken = |error: Error| SigningError::Module { path: path.to_owned(), reason: error.to_string() };
    let context = &module.context;
    let info = context.get_library_info().map_err(broken)?;
    let library = format!("{} {}", info.manufacturer_id().trim_end(), info.library_description().trim_end());
    let mut slots = Vec::new();
    for slot in context.get_all_slots().map_err(broken)? {
        let Ok(info) = context.get_slot_info(slot) else { continue };
        let token = context.get_token_info(slot).ok().filter(|_| info.token_present());
        slots.push(SlotReport {
            number: slot.id(),
            description: info.slot_description().trim_end().to_owned(),
            token: token.map(|token| look(context, slot, &token)),
        });
    }
    Ok(ModuleReport { library, slots })
}

fn look(context: &Pkcs11, slot: Slot, info: &TokenInfo) -> TokenReport {
    let mut report = TokenReport {
        label: info.label().trim_end().to_owned(),
        serial: info.serial_number().trim_end().to_owned(),
        model: format!("{} {}", info.manufacturer_id().trim_end(), info.model().trim_end()),
        pin: pin_state(info),
        certificates: Vec::new(),
        keys: Vec::new(),
        findings: Vec::new(),
    };
    if !info.token_initialized() {
        report.findings.push(Finding::NotInitialised);
        return report;
    }
    match report.pin {
        PinState::Locked | PinState::ToBeChanged => report.findings.push(Finding::PinUnusable),
        PinState::LastTry => report.findings.push(Finding::LastTry),
        PinState::NotNeeded | PinState::Good | PinState::TriedWrong => {}
    }
    if contents(context, slot, &mut report).is_err() {
        report.findings.push(Finding::Faulty);
    } else if report.certificates.is_empty() {
        report.findings.push(Finding::NoCertificate);
    } else if report.certificates.iter().all(|certificate| certificate.algorithm.is_none()) {
        report.findings.push(Finding::NothingToSignWith);
    }
    report
}

fn pin_state(info: &TokenInfo) -> PinState {
    if info.user_pin_locked() {
        PinState::Locked
    } else if info.user_pin_to_be_changed() || (info.login_required() && !info.user_pin_initialized()) {
        PinState::ToBeChanged
    } else if info.user_pin_final_try() {
        PinState::LastTry
    } else if info.user_pin_count_low() {
        PinState::TriedWrong
    } else if info.login_required() {
        PinState::Good
    } else {
        PinState::NotNeeded
    }
}

fn contents(context: &Pkcs11, slot: Slot, report: &mut TokenReport) -> Result<(), Error> {
    let mechanisms = context.get_mechanism_list(slot)?;
    let session = context.open_ro_session(slot)?;
    let all = certificates(&session)?;
    let others: Vec<Vec<u8>> = all.iter().map(|certificate| certificate.der.clone()).collect();
    report.certificates = all.into_iter().filter_map(|one| certificate_report(one, &others, &mechanisms)).collect();
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
        for handle in session.find_objects(&[Attribute::Class(class), Attribute::Token(true)])? {
            let mut key = KeyReport { id: String::new(), label: String::new() };
            for attribute in attributes(&session, handle, &[AttributeType::Id, AttributeType::Label]) {
                match attribute {
                    Attribute::Id(id) => key.id = hex::encode(id),
                    Attribute::Label(label) => key.label = String::from_utf8_lossy(&label).into_owned(),
                    _ => {}
                }
            }
            if !report.keys.iter().any(|known| known.id == key.id) {
                report.keys.push(key);
            }
        }
    }
    Ok(())
}

fn certificate_report(
    Certificate { id, der }: Certificate,
    others: &[Vec<u8>],
    mechanisms: &[MechanismType],
) -> Option<CertificateReport> {
    let (subject, issuer, not_after, public) = {
        let (_, parsed) = x509_parser::parse_x509_certificate(&der).ok()?;
        let public = PublicKey::from_spki_der(parsed.tbs_certificate.subject_pki.raw).ok();
        let not_after = parsed.validity().not_after.timestamp();
        (parsed.subject().to_string(), parsed.issuer().to_string(), not_after, public)
    };
    let way: Option<(Algorithm, Way)> = public.and_then(|public| way_for(&public, None, mechanisms).ok());
    Some(CertificateReport {
        id: hex::encode(id),
        subject,
        issuer,
        not_after,
        algorithm: way.map(|(algorithm, _)| algorithm),
        chain: chain::in_order(der.clone(), others).len(),
        der,
    })
}
