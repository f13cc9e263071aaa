//! Putting a bundle together: for each record just the certificates and appointments that its signatures rest on.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
};

use hocba_record::{encoding::Sha256Digest, payload::RecordPayload, types::UnixTime};
use hocba_signature::{
    appointment::Appointment,
    certificate::{Certificate, PathError, SignatureCache},
    revocation::Evidence,
    statement::{Role, StatementType},
};

use crate::{
    evidence::RevocationEvidence,
    format::{
        AnchorHint, AnchoredStatement, AuthorityPart, BatchTimeStamp, Bundle, BundleFormat, Der,
        MAX_TIME_STAMPS_PER_RECORD, RecordPart,
    },
    time_stamp::MAX_DELAY,
};

/// All that an issuer keeps: a bundle takes from it what it needs.
#[derive(Debug, Clone, Default)]
pub struct AuthorityStore {
    /// End-entity and intermediate certificates.
    pub certificates: Vec<Certificate>,
    /// Anchored appointments.
    pub appointments: Vec<AnchoredStatement>,
    /// Anchored answers of authorities about revocations ([`crate::evidence`]).
    pub evidence: Vec<AnchoredStatement>,
    /// The profile's grace in seconds: from when on after anchoring an answer is final.
    pub grace: u32,
    /// Time-stamps over batches.
    pub time_stamps: Vec<KnownTimeStamp>,
    /// Pinned roots; used to choose intermediates, never put into a bundle.
    pub roots: Vec<Certificate>,
}

/// A time-stamp, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTimeStamp {
    /// Whose, as the profile calls the authority.
    pub authority: String,
    /// When it saw the batch.
    pub time: UnixTime,
    /// The time-stamp.
    pub stamp: BatchTimeStamp,
}

/// Nearer than this to the longest delay no time-stamp is taken, in seconds: authorities state their time to a few seconds.
const MARGIN: i64 = 3600;

/// Of each authority the time-stamp that was made first among those that bear out a record's block time; where a batch
/// has one of its own, it is that.
fn time_stamps_for<'a>(
    known: &'a [KnownTimeStamp],
    part: &RecordPart,
    at: UnixTime,
) -> impl Iterator<Item = &'a BatchTimeStamp> {
    let useful = || known.iter().filter(|k| k.stamp.covers(&part.anchor) && k.time.plus(MARGIN) <= at.plus(MAX_DELAY));
    let authorities: BTreeSet<&str> = useful().map(|k| k.authority.as_str()).collect();
    let first = |authority| {
        let own = useful().filter(move |k| k.authority == authority);
        own.min_by_key(|k| (k.stamp.batch, k.time, k.stamp.token.digest()))
    };
    let chosen: Vec<_> = authorities.into_iter().filter_map(first).take(MAX_TIME_STAMPS_PER_RECORD).collect();
    chosen.into_iter().map(|k| &k.stamp)
}

/// Why a bundle cannot be put together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssembleError {
    /// The record's own statement is not of the form of one.
    #[error("record {record} is not a signed record")]
    NotARecord {
        /// Its place.
        record: usize,
    },
    /// A signer's certificate is not in the store.
    #[error("the certificate {certificate} of the {role} is missing")]
    MissingCertificate {
        /// Digest.
        certificate: Sha256Digest,
        /// Whose.
        role: Role,
    },
    /// No path to a pinned root.
    #[error("the certificate of the {role}: {error}")]
    NoPath {
        /// Whose.
        role: Role,
        /// Why.
        error: PathError,
    },
    /// No appointment gives the signer this role for this record at this time.
    #[error("no anchored appointment makes this certificate the {role} of the record's school, class and year")]
    MissingAppointment {
        /// Whose.
        role: Role,
    },
}

/// Puts a bundle together from records and where they are anchored. `time_of` gives the block time of the batch
/// that a hint names.
///
/// # Errors
/// See [`AssembleError`]. A bundle that comes out is complete in form; whether it is valid, `verify` tells.
pub fn assemble(
    records: Vec<RecordPart>,
    store: &AuthorityStore,
    time_of: &dyn Fn(&AnchorHint) -> Option<UnixTime>,
) -> Result<Bundle, AssembleError> {
    assemble_each(records.into_iter().map(|part| (part, store)).collect(), time_of)
}

/// The same, of records that rest on stores of their own: years at several schools, or before and after an appointment
/// that ended.
///
/// # Errors
/// As for [`assemble`].
pub fn assemble_each<S: Deref<Target = AuthorityStore>>(
    records: Vec<(RecordPart, S)>,
    time_of: &dyn Fn(&AnchorHint) -> Option<UnixTime>,
) -> Result<Bundle, AssembleError> {
    let (mut gathered, mut time_stamps) = (Gathered::default(), Vec::new());
    for (record, (part, store)) in records.iter().enumerate() {
        let store: &AuthorityStore = store;
        let known = store.evidence.iter().filter_map(|anchored| {
            let evidence = RevocationEvidence::of(&anchored.statement).ok()?;
            Some((anchored, evidence.read()?))
        });
        let (signatures, known) = (SignatureCache::default(), known.collect());
        let mut parts = Parts { store, time_of, signatures, known, gathered: &mut gathered };
        let not = |_| AssembleError::NotARecord { record };
        let payload =
            RecordPayload::from_bytes(part.statement.payload()).map_err(|_| AssembleError::NotARecord { record })?;
        let at = time_of(&part.anchor).ok_or(AssembleError::NotARecord { record })?;
        for header in part.statement.headers(StatementType::Record).map_err(not)? {
            parts.add(&header.certificate, header.role, &payload, at)?;
        }
        time_stamps.extend(time_stamps_for(&store.time_stamps, part, at).cloned());
    }
    let Gathered { certificates, appointments, evidence } = gathered;
    let certificates = certificates.into_values().collect();
    let authority = AuthorityPart { appointments, certificates, evidence, time_stamps }.in_order();
    let records = records.into_iter().map(|(part, _)| part).collect();
    Ok(Bundle { authority, hocba: BundleFormat::V1, records })
}

struct Parts<'a> {
    store: &'a AuthorityStore,
    time_of: &'a dyn Fn(&AnchorHint) -> Option<UnixTime>,
    signatures: SignatureCache,
    /// The evidence of the store, read.
    known: Vec<(&'a AnchoredStatement, Evidence)>,
    gathered: &'a mut Gathered,
}

/// What the bundle's records rest on, each once.
#[derive(Default)]
struct Gathered {
    certificates: BTreeMap<Sha256Digest, Der>,
    appointments: Vec<AnchoredStatement>,
    evidence: Vec<AnchoredStatement>,
}

impl Parts<'_> {
    fn add(
        &mut self,
        digest: &Sha256Digest,
        role: Role,
        payload: &RecordPayload,
        at: UnixTime,
    ) -> Result<(), AssembleError> {
        let store = self.store;
        let certificate = store
            .certificates
            .iter()
            .find(|c| c.digest() == digest)
            .ok_or(AssembleError::MissingCertificate { certificate: *digest, role })?;
        let path = certificate
            .path(&store.certificates, &store.roots, at)
            .map_err(|error| AssembleError::NoPath { role, error })?;
        let used = path.intermediates.iter().filter_map(|d| store.certificates.iter().find(|c| c.digest() == d));
        let chain: Vec<&Certificate> =
            [certificate].into_iter().chain(used).chain(store.roots.get(path.root)).collect();
        for place in 0..chain.len() - 1 {
            self.gathered.certificates.insert(*chain[place].digest(), Der(chain[place].der().to_vec()));
            self.add_evidence(&chain[place..], at);
        }
        if role == Role::Department {
            return Ok(());
        }
        let fits = |anchored: &&AnchoredStatement| {
            Appointment::from_bytes(anchored.statement.payload()).is_ok_and(|a| {
                a.appointee.certificate == *digest
                    && a.role == role
                    && a.school == payload.school
                    && a.class.as_ref().is_none_or(|class| *class == payload.class)
                    && a.year.is_none_or(|year| year == payload.year)
                    && a.covers(at)
                    && (self.time_of)(&anchored.anchor).is_some_and(|anchored_at| anchored_at <= at)
            })
        };
        let found = store.appointments.iter().find(fits).ok_or(AssembleError::MissingAppointment { role })?;
        if self.gathered.appointments.contains(found) {
            return Ok(());
        }
        self.gathered.appointments.push(found.clone());
        let appointed_at = (self.time_of)(&found.anchor).ok_or(AssembleError::MissingAppointment { role })?;
        let headers = found
            .statement
            .headers(StatementType::Appointment)
            .map_err(|_| AssembleError::MissingAppointment { role })?;
        let appointer = headers.first().ok_or(AssembleError::MissingAppointment { role })?;
        self.add(&appointer.certificate, appointer.role, payload, appointed_at)
    }

    /// The first final answer about a certificate, and the last one: what is known against it by now belongs in.
    fn add_evidence(&mut self, path: &[&Certificate], at: UnixTime) {
        let answers = self.known.iter().filter_map(|(anchored, evidence)| {
            Some((evidence.answer(path, &self.signatures).ok()?.this_update, *anchored))
        });
        let answers: Vec<_> = answers.collect();
        let wanted = at.plus(i64::from(self.store.grace));
        let first = answers.iter().filter(|(said, _)| *said >= wanted).min_by_key(|(said, _)| *said);
        let last = answers.iter().max_by_key(|(said, _)| *said);
        self.gathered.evidence.extend(first.into_iter().chain(last).map(|(_, anchored)| (*anchored).clone()));
    }
}
