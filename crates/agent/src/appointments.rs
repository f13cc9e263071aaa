//! Appointments to be signed: who is given which role, where and until when; and their ends: whose, and why. Read from the
//! bytes and from nothing else, but for one thing: an end names the appointment by its id alone, so who that is stands in
//! the appointment that the server gives along.

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
    status::{StatusAction, StatusChange},
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

/// One end of an appointment to be signed, as a server gives it.
#[derive(Debug, Clone, Deserialize)]
pub struct EndTask {
    number: u32,
    at: UnixTime,
    to_sign: String,
    /// The payload of the appointment that ends, base64url.
    appointment: String,
}

/// Appointments and ends that a page asks to have signed, and what it says of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppointmentsRequest {
    /// `x5t#S256` of the certificate to sign with.
    pub certificate: Sha256Digest,
    /// Capacity in which they are given and ended: `principal` or `deputy_principal` for homeroom teachers, `department`
    /// for the rest.
    pub role: Role,
    /// School of every appointment.
    pub school: SchoolCode,
    /// The appointments.
    #[serde(default)]
    pub appointments: Vec<AppointmentTask>,
    /// The ends.
    #[serde(default)]
    pub ends: Vec<EndTask>,
}

/// The digest of a list of appointments and ends: SHA-256 of `hocba-appointments-v1`, a zero byte and, for each by number,
/// number (4 bytes, big-endian) and SHA-256 of the payload.
pub fn appointments_digest<'a>(payloads: impl IntoIterator<Item = (u32, &'a Sha256Digest)>) -> Sha256Digest {
    let mut hash = Sha256::new_with_prefix(b"hocba-appointments-v1\0");
    for (number, payload) in payloads {
        hash.update(number.to_be_bytes());
        hash.update(payload.as_bytes());
    }
    Sha256Digest::from_bytes(hash.finalize().into())
}

/// What all of a list have in common.
struct Reading<'a> {
    role: Role,
    school: SchoolCode,
    certificate: &'a Certificate,
    now: UnixTime,
}

/// An entry, and the digest of its payload.
type Read = (Entry, Sha256Digest);

impl Reading<'_> {
    /// Header and payload of a statement of this type that is signed first, by this signer.
    fn opened(
        &self,
        (number, at, to_sign): (u32, UnixTime, &str),
        typ: StatementType,
        not_one: &Refused,
    ) -> Result<(Header, Vec<u8>), Refused> {
        let (header, payload) = parts(to_sign).ok_or_else(|| not_one.clone())?;
        let header: Header = canonical::from_slice(&header, Limits { bytes: MAX_HEADER_BYTES, depth: 1 })
            .map_err(|_| not_one.clone())?;
        Meant { number, typ, role: self.role, certificate: self.certificate, at }.check(&header, self.now)?;
        // Either has one signature.
        if header.prev.is_some() {
            return Err(Refused::Turn { number });
        }
        Ok((header, payload))
    }

    fn appointment(&self, AppointmentTask { number, at, to_sign }: AppointmentTask) -> Result<Read, Refused> {
        let not_one = Refused::NotAnAppointment { number };
        let (header, payload) = self.opened((number, at, &to_sign), StatementType::Appointment, &not_one)?;
        let appointment = Appointment::from_bytes(&payload).map_err(|_| not_one.clone())?;
        if appointment.school != self.school {
            return Err(Refused::School { number });
        }
        // Nobody appoints themselves.
        let own = appointment.appointee.certificate == *self.certificate.digest();
        if own || !appointment.may_be_given_by(self.role) {
            return Err(Refused::Rank { number });
        }
        let content = content(&header, &payload).ok_or_else(|| not_one.clone())?;
        let bytes = from_base64url(&to_sign).map_err(|_| not_one)?;
        let shown = Shown::Appointment(appointment);
        Ok((Entry { number, at, shown, content, bytes, place: None }, Sha256Digest::of(&payload)))
    }

    fn end(&self, EndTask { number, at, to_sign, appointment }: EndTask) -> Result<Read, Refused> {
        let not_one = Refused::NotAnEnd { number };
        let (header, payload) = self.opened((number, at, &to_sign), StatementType::Status, &not_one)?;
        let change = StatusChange::from_bytes(&payload).map_err(|_| not_one.clone())?;
        if change.action != StatusAction::End {
            return Err(not_one);
        }
        let appointment = from_base64url(&appointment).ok().and_then(|bytes| Appointment::from_bytes(&bytes).ok());
        let appointment = appointment.filter(|appointment| appointment.id == change.subject);
        let appointment = appointment.ok_or(Refused::Appointment { number })?;
        if change.school != self.school || appointment.school != self.school {
            return Err(Refused::School { number });
        }
        if !appointment.may_be_given_by(self.role) {
            return Err(Refused::Rank { number });
        }
        let content = content(&header, &payload).ok_or_else(|| not_one.clone())?;
        let bytes = from_base64url(&to_sign).map_err(|_| not_one)?;
        let shown = Shown::End { change, appointment };
        Ok((Entry { number, at, shown, content, bytes, place: None }, Sha256Digest::of(&payload)))
    }
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
    let AppointmentsRequest { role, school, appointments, ends, .. } = request;
    let found = appointments.len() + ends.len();
    if !(1..=MAX_TASKS).contains(&found) {
        return Err(Refused::Count { found });
    }
    let reading = Reading { role, school, certificate, now };
    let given = appointments.into_iter().map(|task| reading.appointment(task));
    let mut read: Vec<Read> = given.chain(ends.into_iter().map(|task| reading.end(task))).collect::<Result<_, _>>()?;
    let (mut numbers, mut given, mut ended) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (entry, _) in &read {
        let number = entry.number;
        let again = match &entry.shown {
            Shown::Appointment(appointment) => !given.insert(appointment.id),
            Shown::End { change, .. } => !ended.insert(change.subject),
            Shown::Record(_) | Shown::Superseding(_) => false,
        };
        if again || !numbers.insert(number) {
            return Err(Refused::Twice { number });
        }
    }
    read.sort_by_key(|(entry, _)| entry.number);
    let digest = appointments_digest(read.iter().map(|(entry, payload)| (entry.number, payload)));
    let entries: Vec<Entry> = read.into_iter().map(|(entry, _)| entry).collect();
    let id = request_id(&digest, &entries);
    let certificate = *certificate.digest();
    Ok(Review { role, school: reading.school, matter: Matter::Appointments, certificate, entries, digest, id })
}
