//! Appointments: what ties a certificate to a role, a school, a class and a year. A certificate need not carry a
//! title (NĐ 68/2024), so the right to sign is stated apart, signed by whoever may give it, and anchored.
//!
//! Depth is fixed: a department appoints principals, deputies and seals; a principal, or a deputy acting for one,
//! appoints homeroom teachers. The end of an appointment is a status on chain under the appointment's id.

use hocba_record::{
    canonical::{self, CanonicalError, Limits},
    encoding::{RecordId, Sha256Digest},
    types::{ClassName, SchoolCode, SchoolYear, Text, UnixTime},
};
use serde::{Deserialize, Serialize};

use crate::statement::Role;

/// Where the appointee's key lives, as the appointer knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStorage {
    /// An encrypted file.
    File,
    /// A token or card.
    Token,
    /// A hardware security module.
    Hsm,
    /// Central signing (ký số tập trung).
    Remote,
}

/// The certificate that is given a role, with name and title as they will be printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appointee {
    /// SHA-256 of the certificate in DER.
    pub certificate: Sha256Digest,
    /// Name as printed.
    pub name: Text,
    /// Title as printed, "KT. HIỆU TRƯỞNG / PHÓ HIỆU TRƯỞNG" for a deputy.
    pub title: Text,
}

/// The payload of an appointment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appointment {
    /// Who.
    pub appointee: Appointee,
    /// The class, for a homeroom teacher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<ClassName>,
    /// First moment it holds, by block time.
    pub from: UnixTime,
    /// Identity: 128 random bits, under which its end is published.
    pub id: RecordId,
    /// Where the key lives.
    pub key_storage: KeyStorage,
    /// The role it gives.
    pub role: Role,
    /// The school.
    pub school: SchoolCode,
    /// First moment it no longer holds.
    pub until: UnixTime,
    /// The school year, for a homeroom teacher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<SchoolYear>,
}

/// Largest appointment payload in bytes.
pub const MAX_APPOINTMENT_BYTES: usize = 16 * 1024;

/// Why a payload is not an appointment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppointmentError {
    /// Not the canonical bytes of one.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// The role cannot be given by appointment.
    #[error("the role {0} is not given by appointment")]
    Role(Role),
    /// A homeroom teacher without class and year, or another role with them.
    #[error("class and year go with a homeroom teacher's appointment and no other")]
    Scope,
    /// Ends before it begins.
    #[error("the appointment ends before it begins")]
    Interval,
}

impl Appointment {
    /// Reads the canonical bytes.
    ///
    /// # Errors
    /// See [`AppointmentError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AppointmentError> {
        let appointment: Self = canonical::from_slice(bytes, Limits { bytes: MAX_APPOINTMENT_BYTES, depth: 3 })?;
        appointment.validate()?;
        Ok(appointment)
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// See [`AppointmentError`].
    pub fn validate(&self) -> Result<(), AppointmentError> {
        let by_class = match self.role {
            Role::HomeroomTeacher => true,
            Role::Principal | Role::DeputyPrincipal | Role::SchoolSeal => false,
            Role::Department | Role::ProfilePublisher => return Err(AppointmentError::Role(self.role)),
        };
        if self.class.is_some() != by_class || self.year.is_some() != by_class {
            return Err(AppointmentError::Scope);
        }
        if self.from >= self.until {
            return Err(AppointmentError::Interval);
        }
        Ok(())
    }

    /// The canonical bytes, as signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_vec(self).expect("an appointment holds text and times")
    }

    /// Whether a signer in this role may give this appointment, by rank alone.
    pub fn may_be_given_by(&self, appointer: Role) -> bool {
        match self.role {
            Role::HomeroomTeacher => matches!(appointer, Role::Principal | Role::DeputyPrincipal),
            Role::Principal | Role::DeputyPrincipal | Role::SchoolSeal => appointer == Role::Department,
            Role::Department | Role::ProfilePublisher => false,
        }
    }

    /// Whether the interval contains this moment.
    pub fn covers(&self, time: UnixTime) -> bool {
        self.from <= time && time < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appointment(role: Role, class: Option<&str>) -> Appointment {
        Appointment {
            appointee: Appointee {
                certificate: Sha256Digest::of(b"certificate"),
                name: "Nguyễn Thị Hoa".parse().expect("text"),
                title: "Giáo viên chủ nhiệm".parse().expect("text"),
            },
            class: class.map(|c| c.parse().expect("class")),
            from: UnixTime::from_seconds(100).expect("time"),
            id: RecordId::from_bytes([5; 16]),
            key_storage: KeyStorage::File,
            role,
            school: "79DEMO001".parse().expect("school"),
            until: UnixTime::from_seconds(200).expect("time"),
            year: class.map(|_| SchoolYear::starting(2026).expect("year")),
        }
    }

    #[test]
    fn class_and_year_go_with_homeroom_teachers_only() {
        assert_eq!(appointment(Role::HomeroomTeacher, Some("9A3")).validate(), Ok(()));
        assert_eq!(appointment(Role::HomeroomTeacher, None).validate(), Err(AppointmentError::Scope));
        assert_eq!(appointment(Role::Principal, None).validate(), Ok(()));
        assert_eq!(appointment(Role::Principal, Some("9A3")).validate(), Err(AppointmentError::Scope));
        assert_eq!(appointment(Role::Department, None).validate(), Err(AppointmentError::Role(Role::Department)));
    }

    #[test]
    fn nobody_appoints_their_own_rank_or_above() {
        use Role::{Department, DeputyPrincipal, HomeroomTeacher, Principal, SchoolSeal};
        let teacher = appointment(HomeroomTeacher, Some("9A3"));
        let principal = appointment(Principal, None);
        for (appointer, gives_teacher, gives_principal) in [
            (Department, false, true),
            (Principal, true, false),
            (DeputyPrincipal, true, false),
            (SchoolSeal, false, false),
            (HomeroomTeacher, false, false),
        ] {
            assert_eq!(teacher.may_be_given_by(appointer), gives_teacher, "{appointer}");
            assert_eq!(principal.may_be_given_by(appointer), gives_principal, "{appointer}");
        }
    }

    #[test]
    fn the_interval_is_half_open() {
        let appointment = appointment(Role::Principal, None);
        let at = |s| appointment.covers(UnixTime::from_seconds(s).expect("time"));
        assert_eq!([99, 100, 199, 200].map(at), [false, true, true, false]);
        assert_eq!(Appointment::from_bytes(&appointment.to_bytes()), Ok(appointment));
    }
}
