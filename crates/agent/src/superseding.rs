//! New versions that take the place of old ones, to be signed by whoever sealed them. A status names the new version by the
//! hash of its whole statement, so the statement comes along: it has to be a year record of this class, and this signer's own
//! signature has to be on it.

use std::collections::BTreeSet;

use hocba_record::{
    canonical::{self, Limits},
    encoding::{Sha256Digest, from_base64url},
    payload::{MAX_PAYLOAD_BYTES, RecordPayload},
    types::{ClassName, SchoolCode, SchoolYear, UnixTime},
};
use hocba_signature::{
    certificate::Certificate,
    statement::{Header, MAX_HEADER_BYTES, Role, Statement, StatementType},
    status::{StatusAction, StatusChange},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::review::{Entry, MAX_TASKS, Matter, Meant, Refused, Review, Shown, content, parts, request_id};

/// One status to be signed, as a server gives it. What servers add later is not looked at.
#[derive(Debug, Clone, Deserialize)]
pub struct SupersedingTask {
    number: u32,
    at: UnixTime,
    to_sign: String,
    /// The signed record that takes the place, base64url of its bytes.
    statement: String,
}

/// Statuses that a page asks to have signed, and what it says of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupersedingRequest {
    /// `x5t#S256` of the certificate to sign with.
    pub certificate: Sha256Digest,
    /// Capacity: that in which the records were sealed.
    pub role: Role,
    /// School of every record.
    pub school: SchoolCode,
    /// School year of every record.
    pub year: SchoolYear,
    /// Class of every record.
    pub class: ClassName,
    /// The statuses.
    pub superseding: Vec<SupersedingTask>,
}

/// The digest of a list of statuses: SHA-256 of `hocba-superseding-v1`, a zero byte and, for each by number, number (4 bytes,
/// big-endian) and SHA-256 of the payload.
pub fn superseding_digest<'a>(payloads: impl IntoIterator<Item = (u32, &'a Sha256Digest)>) -> Sha256Digest {
    let mut hash = Sha256::new_with_prefix(b"hocba-superseding-v1\0");
    for (number, payload) in payloads {
        hash.update(number.to_be_bytes());
        hash.update(payload.as_bytes());
    }
    Sha256Digest::from_bytes(hash.finalize().into())
}

/// The largest statement that is looked at, in bytes: a payload and a few signatures over it, as base64url in JSON.
const MAX_STATEMENT_BYTES: usize = 2 * MAX_PAYLOAD_BYTES + 8 * MAX_HEADER_BYTES;

/// Reads again what a list would have signed with this certificate's key.
///
/// # Errors
/// The first [`Refused`] met.
pub fn review_superseding(
    request: SupersedingRequest,
    certificate: &Certificate,
    now: UnixTime,
) -> Result<Review, Refused> {
    let SupersedingRequest { role, school, year, class, superseding: tasks, .. } = request;
    if !(1..=MAX_TASKS).contains(&tasks.len()) {
        return Err(Refused::Count { found: tasks.len() });
    }
    let (mut numbers, mut subjects) = (BTreeSet::new(), BTreeSet::new());
    let mut read = Vec::with_capacity(tasks.len());
    for SupersedingTask { number, at, to_sign, statement } in tasks {
        let not_one = Refused::NotASuperseding { number };
        let (header, payload) = parts(&to_sign).ok_or_else(|| not_one.clone())?;
        let header: Header = canonical::from_slice(&header, Limits { bytes: MAX_HEADER_BYTES, depth: 1 })
            .map_err(|_| not_one.clone())?;
        // Of another type of statement it is none of these; of another status neither.
        if header.typ != StatementType::Status {
            return Err(not_one);
        }
        Meant { number, typ: StatementType::Status, role, certificate, at }.check(&header, now)?;
        if header.prev.is_some() {
            return Err(Refused::Turn { number });
        }
        let change = StatusChange::from_bytes(&payload).map_err(|_| not_one.clone())?;
        if change.action != StatusAction::Supersede {
            return Err(not_one);
        }
        let record = own_record(&statement, &change, role, certificate).ok_or(Refused::NotYours { number })?;
        if (record.id, record.version) != (change.subject, change.live_version) {
            return Err(Refused::Record { number });
        }
        if (&record.school, record.year, &record.class) != (&school, year, &class) || change.school != school {
            return Err(Refused::Class { number });
        }
        if !numbers.insert(number) || !subjects.insert(change.subject) {
            return Err(Refused::Twice { number });
        }
        let content = content(&header, &payload).ok_or_else(|| not_one.clone())?;
        let bytes = from_base64url(&to_sign).map_err(|_| not_one)?;
        let digest = Sha256Digest::of(&payload);
        read.push((Entry { number, at, shown: Shown::Superseding(change), content, bytes, place: None }, digest));
    }
    read.sort_by_key(|(entry, _)| entry.number);
    let digest = superseding_digest(read.iter().map(|(entry, payload)| (entry.number, payload)));
    let entries: Vec<Entry> = read.into_iter().map(|(entry, _)| entry).collect();
    let id = request_id(&digest, &entries);
    let matter = Matter::Superseding { year, class };
    Ok(Review { role, school, matter, certificate: *certificate.digest(), entries, digest, id })
}

/// The record that takes the place, if it is the one that the status names, and this signer sealed it.
fn own_record(statement: &str, change: &StatusChange, role: Role, certificate: &Certificate) -> Option<RecordPayload> {
    let bytes = from_base64url(statement).ok()?;
    let statement = Statement::from_bytes(&bytes, Limits { bytes: MAX_STATEMENT_BYTES, depth: 4 }).ok()?;
    if change.replacement != Some(statement.leaf_hash()) {
        return None;
    }
    let headers = statement.headers(StatementType::Record).ok()?;
    let own = |header: &Header| header.role == role && header.certificate == *certificate.digest();
    let index = headers.iter().position(own)?;
    statement.verify(index, certificate.key()).ok()?;
    RecordPayload::from_bytes(statement.payload()).ok()
}
