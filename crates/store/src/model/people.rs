//! Accounts, what they may do, and how they sign in.

use hocba_record::{
    encoding::Sha256Digest,
    types::{ClassName, SchoolCode, SchoolPrefix, SchoolYear, UnixTime},
};

use super::{Envelope, Id};

words! {
    /// What an account does here. The right to *sign* comes from an appointment besides.
    GrantRole {
        /// Giáo viên chủ nhiệm of a class.
        HomeroomTeacher = "homeroom_teacher",
        /// Hiệu trưởng.
        Principal = "principal",
        /// Phó hiệu trưởng.
        DeputyPrincipal = "deputy_principal",
        /// Văn thư: applies the school's seal, hands out transcripts.
        Clerk = "clerk",
        /// Officer of the department.
        Department = "department",
        /// Runs this installation; sees states, never marks.
        Operator = "operator",
        /// Quản trị trường: makes the school's accounts and prints their slips; signs nothing.
        SchoolAdministrator = "school_administrator",
    }
}

/// A person who works here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Identity.
    pub id: Id,
    /// Name to log in with.
    pub login: String,
    /// Name as shown.
    pub name: String,
    /// The certificate this person signs with.
    pub certificate: Option<Sha256Digest>,
    /// What they may do, and where.
    pub grants: Vec<Grant>,
}

/// One thing an account may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// As what.
    pub role: GrantRole,
    /// In which school; all where it is left out, or those of the prefix.
    pub school: Option<SchoolCode>,
    /// In the schools whose codes begin so; only without a school, and for a department.
    pub prefix: Option<SchoolPrefix>,
    /// In which class and year; all where it is left out.
    pub class: Option<(SchoolYear, ClassName)>,
}

impl Grant {
    /// In one school, and one class of it where one is named.
    pub fn of_school(role: GrantRole, school: SchoolCode, class: Option<(SchoolYear, ClassName)>) -> Self {
        Self { role, school: Some(school), prefix: None, class }
    }
    /// In all schools.
    pub fn everywhere(role: GrantRole) -> Self {
        Self { role, school: None, prefix: None, class: None }
    }
    /// In the schools whose codes begin so.
    pub fn of_prefix(role: GrantRole, prefix: SchoolPrefix) -> Self {
        Self { role, school: None, prefix: Some(prefix), class: None }
    }
}

/// How an account signs in.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// argon2id, as a PHC string, and when it was set.
    pub password: Option<(String, UnixTime)>,
    /// The second factor.
    pub totp: Option<Totp>,
    /// Since when an administrator keeps the account shut.
    pub locked_at: Option<UnixTime>,
}

/// A confirmed second factor.
#[derive(Clone, PartialEq, Eq)]
pub struct Totp {
    /// The secret, sealed.
    pub secret: Envelope,
    /// When it was confirmed.
    pub since: UnixTime,
    /// The last step of 30 seconds whose code was taken.
    pub step: i64,
}

/// A printed slip that is not used yet. Its code is on paper alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSlip {
    /// For whom.
    pub account: Id,
    /// SHA-256 of the code.
    pub hash: Sha256Digest,
    /// Account id, or `operator`.
    pub made_by: String,
    /// Made at.
    pub made_at: UnixTime,
    /// Works until then.
    pub expires_at: UnixTime,
}

words! {
    /// Where a session began.
    SessionOrigin {
        /// By a password or a slip, here.
        Here = "here",
        /// At the OpenID Connect provider.
        Provider = "provider",
        /// The same, and the provider said that it asked for a second factor.
        ProviderFactor = "provider_factor",
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// To name it by.
    pub id: Id,
    /// SHA-256 of the token.
    pub hash: Sha256Digest,
    /// Whose.
    pub account: Id,
    /// Kind of browser and system.
    pub label: String,
    /// Keyed hash of the network it came from.
    pub address: [u8; 32],
    /// Signed in at.
    pub created_at: UnixTime,
    /// Last request, to the minute.
    pub seen_at: UnixTime,
    /// Ends then at the latest.
    pub expires_at: UnixTime,
    /// Where it began.
    pub began: SessionOrigin,
}

/// A browser that somebody signed in from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// SHA-256 of the device token.
    pub hash: Sha256Digest,
    /// Who.
    pub account: Id,
    /// Keyed hash of the network it last came from.
    pub address: [u8; 32],
    /// Last used for signing in at.
    pub used_at: UnixTime,
    /// Works until then.
    pub expires_at: UnixTime,
}

words! {
    /// How tries are counted.
    TryKind {
        /// By account or device: one waits.
        Penalty = "penalty",
        /// By address: it fills, and runs out.
        Bucket = "bucket",
    }
}
