//! Appointments to be signed: who is given which role, where and until when; read from the bytes and from nothing else.

use std::collections::BTreeSet;

use hocba_record::{
    canonical::{self, Limits},
    encoding::{Sha256Digest, from_base64url},
    types::{SchoolCode, UnixTime},
};
use hocba_signature::{
    appointment::Appointment,
    certificate::Certificate,
    statement::{Header, MAX_HEADER_BYTES, Role, StatementType},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::review::{Entry, MAX_TASKS, Matter, Meant, Refused, Review, Shown, content, parts, request_id};

/// One appointment to be signed, as a server gives it. What servers add later is not looked at.
#[derive(Debug, Clone, Deserialize)]
pub struct AppointmentTask {
    number: u32,
    at: UnixTime,
    to_sign: String,
}

/// Appointments that a page asks to have signed, and what it says of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppointmentsRequest {
    /// `x5t#S256` of the certificate to sign with.
    pub certificate: Sha256Digest,
    /// Capacity in which they are given: `principal` or `deputy_principal` to homeroom teachers, `department` to the rest.
    pub role: Role,
    /// School of every appointment.
    pub school: SchoolCode,
    /// The appointments.
    pub appointments: Vec<AppointmentTask>,
}

/// The digest of a list of appointments: SHA-256 of `hocba-appointments-v1`, a zero byte and, for each by number, number
/// (4 bytes, big-endian) and SHA-256 of the payload.
pub fn appointments_digest<'a>(payloads: impl IntoIterator<Item = (u32, &'a Sha256Digest)>) -> Sha256Digest {
    let mut hash = Sha256::new_with_prefix(b"hocba-appointments-v1\0");
    for (number, payload) in payloads {
        hash.update(number.to_be_bytes());
        hash.update(payload.as_bytes());
    }
    Sha256Digest::from_bytes(hash.finalize().into())
}

/// Reads again what a list would have signed with this certificate's key.
///
/// # Errors
/// The first [`Refused`] met.
pub fn review_appointments(
    request: AppointmentsRequest,
    certificate: &Certificate,
    now: UnixTime,
) -> Result<Review, Refused> {
    let AppointmentsRequest { role, school, appointments: tasks, .. } = request;
    if !(1..=MAX_TASKS).contains(&tasks.len()) {
        return Err(Refused::Count { found: tasks.len() });
    }
    let (mut numbers, mut ids) = (BTreeSet::new(), BTreeSet::new());
    let mut read = Vec::with_capacity(tasks.len());
    for AppointmentTask { number, at, to_sign } in tasks {
        let not_one = Refused::NotAnAppointment { number };
        let (header, payload) = parts(&to_sign).ok_or_else(|| not_one.clone())?;
        let header: Header = canonical::from_slice(&header, Limits { bytes: MAX_HEADER_BYTES, depth: 1 })
            .map_err(|_| not_one.clone())?;
        let typ = StatementType::Appointment;
        Meant { number, typ, role, certificate, at }.check(&header, now)?;
        // An appointment has one signature.
        if header.prev.is_some() {
            return Err(Refused::Turn { number });
        }
        let appointment = Appointment::from_bytes(&payload).map_err(|_| not_one.clone())?;
        if appointment.school != school {
            return Err(Refused::School { number });
        }
        // Nobody appoints themselves.
        if !appointment.may_be_given_by(role) || appointment.appointee.certificate == *certificate.digest() {
            return Err(Refused::Rank { number });
        }
        if !numbers.insert(number) || !ids.insert(appointment.id) {
            return Err(Refused::Twice { number });
        }
        let content = content(&header, &payload).ok_or_else(|| not_one.clone())?;
        let bytes = from_base64url(&to_sign).map_err(|_| not_one)?;
        let digest = Sha256Digest::of(&payload);
        read.push((Entry { number, at, shown: Shown::Appointment(appointment), content, bytes, place: None }, digest));
    }
    read.sort_by_key(|(entry, _)| entry.number);
    let digest = appointments_digest(read.iter().map(|(entry, payload)| (entry.number, payload)));
    let entries: Vec<Entry> = read.into_iter().map(|(entry, _)| entry).collect();
    let id = request_id(&digest, &entries);
    let certificate = *certificate.digest();
    Ok(Review { role, school, matter: Matter::Appointments, certificate, entries, digest, id })
}
