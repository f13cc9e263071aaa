//! The trust profile (danh sách nơi cấp được công nhận): whom a verifier believes, as a signed, numbered, expiring file.
//!
//! Who may publish a profile is not in the profile: the verifier pins the publisher's certificate by digest, once, by
//! a way of its own choosing.

use hocba_record::{
    canonical::{self, CanonicalError, Limits},
    encoding::Sha256Digest,
    types::{FormError, SchoolCode, Text, UnixTime},
};
use hocba_signature::{
    certificate::{Certificate, CertificateError, Path, PathError, SignatureCache},
    example,
    path::{End, PathRules, PolicyId},
    policy::SigningPolicy,
    statement::{Role, Statement, StatementError, StatementType},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{
    facts::{Address, IssuerCode},
    format::Der,
    report::CheckId,
};

/// Largest profile file in bytes: 64 roots of about 1 KB, departments of 63 provinces, and as much again.
pub const MAX_PROFILE_BYTES: usize = 512 * 1024;

/// The beginning of school codes: a department's scope. Empty means every school.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchoolPrefix(String);

impl SchoolPrefix {
    /// Whether the school is in scope.
    pub fn covers(&self, school: &SchoolCode) -> bool {
        school.as_str().starts_with(&self.0)
    }
}
impl std::str::FromStr for SchoolPrefix {
    type Err = FormError;
    fn from_str(text: &str) -> Result<Self, FormError> {
        if text.len() <= 20 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FormError { what: "school code prefix (up to 20 of A-Z, 0-9)" })
        }
    }
}
impl Serialize for SchoolPrefix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for SchoolPrefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A department (sở / phòng GD&ĐT): its key, since when, for which schools, and the code it issues batches under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Department {
    /// SHA-256 of its certificate in DER.
    pub certificate: Sha256Digest,
    /// From this block time on its signatures no longer count (key compromised or replaced).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_off: Option<UnixTime>,
    /// First block time its key is recognised at.
    pub from: UnixTime,
    /// Code under which it anchors batches.
    pub issuer: IssuerCode,
    /// Name as shown.
    pub name: Text,
    /// Prefixes of the schools it answers for.
    pub schools: Vec<SchoolPrefix>,
    /// First block time its key is no longer recognised at.
    pub until: UnixTime,
}

impl Department {
    /// Whether it answers for the school.
    pub fn covers(&self, school: &SchoolCode) -> bool {
        self.schools.iter().any(|prefix| prefix.covers(school))
    }
    /// Whether its key is recognised at this block time.
    pub fn recognised_at(&self, time: UnixTime) -> bool {
        self.from <= time && time < self.until && self.cut_off.is_none_or(|cut_off| time < cut_off)
    }
}

/// A contract on a chain that is believed, for a range of batches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Era {
    /// EIP-155 chain id.
    pub chain: u64,
    /// What the contract computed when the era was closed ([`Closing::digest`](crate::facts::Closing::digest)). With it the
    /// era's facts are beyond dispute, whoever tells them and however old they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing: Option<Sha256Digest>,
    /// SHA-256 of the contract's runtime code.
    pub code: Sha256Digest,
    /// The contract.
    pub contract: Address,
    /// First batch that counts.
    pub first: u64,
    /// Last batch that counts, once the era is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<u64>,
}

/// A family of certificate authorities: the government's for public schools, public ones for others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaFamily {
    /// Identifier.
    pub id: String,
    /// Certificate policies for one of which a path of this family has to be valid (RFC 5280 §6.1); any will do where this
    /// is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<PolicyId>>,
    /// What shows that a certificate of this family was not revoked. Without a rule, its revocations are not looked at:
    /// for authorities that publish none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation: Option<RevocationRule>,
    /// Pinned roots.
    pub roots: Vec<PinnedRoot>,
}

/// A root certificate, pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedRoot {
    /// The certificate.
    pub certificate: Der,
    /// From this block time on nothing under it counts: its key was compromised, or another root took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_off: Option<UnixTime>,
}

impl From<&Certificate> for PinnedRoot {
    fn from(root: &Certificate) -> Self {
        Self { certificate: Der(root.der().to_vec()), cut_off: None }
    }
}

/// Which time-stamp authorities are believed, and whether their word is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeStampRule {
    /// Who is believed. Where nobody is, time-stamps are passed over.
    pub authorities: Vec<TimeStampAuthority>,
    /// First block time of batches that the rule is about.
    pub from: UnixTime,
    /// Whether those batches need a time-stamp.
    pub required: bool,
}

/// A time-stamp authority (RFC 3161).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeStampAuthority {
    /// Identifier, shown in verdicts.
    pub id: String,
    /// Policies under which its time-stamps are accepted; any will do where this is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<PolicyId>>,
    /// Pinned roots.
    pub roots: Vec<PinnedRoot>,
}

impl TimeStampAuthority {
    /// Whether its time-stamps under this policy are accepted.
    pub fn accepts(&self, policy: &PolicyId) -> bool {
        self.policies.as_ref().is_none_or(|accepted| accepted.contains(policy))
    }
}

/// When an authority's word that a certificate is not revoked is final, and what holds until it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevocationRule {
    /// Seconds from the anchoring of a record to the earliest CRL or OCSP answer that counts as final: time for a loss to
    /// be noticed, reported and published.
    pub grace: u32,
    /// Seconds after that for which a record without a final answer is valid provisionally.
    pub provisional: u32,
}

/// Someone who runs a node that may be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// Identifier; k of n counts these, not addresses.
    pub id: String,
    /// JSON-RPC addresses.
    pub urls: Vec<String>,
}

/// A signing policy and when it is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedPolicy {
    /// First block time.
    pub from: UnixTime,
    /// The policy.
    pub policy: SigningPolicy,
    /// First block time it is no longer accepted at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixTime>,
}

/// The payload of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustProfile {
    /// Oldest snapshot that still gives a verdict, in seconds.
    pub accepted_age: u32,
    /// Departments.
    pub departments: Vec<Department>,
    /// Chains and contracts, the earliest first; the last is the one in use.
    pub eras: Vec<Era>,
    /// First moment it is no longer used.
    pub expires: UnixTime,
    /// Certificate authorities.
    pub families: Vec<CaFamily>,
    /// Identifier.
    pub id: String,
    /// When it was published.
    pub issued: UnixTime,
    /// Checks that must not be skipped, beyond those that never are.
    pub mandatory: Vec<CheckId>,
    /// Name as shown in every verdict.
    pub name: Text,
    /// Number; a lower one than seen before is refused.
    pub number: u32,
    /// Node operators.
    pub operators: Vec<Operator>,
    /// Signing policies.
    pub policies: Vec<AcceptedPolicy>,
    /// How many operators must agree.
    pub quorum: u8,
    /// Time-stamps over batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_stamps: Option<TimeStampRule>,
}

/// The file: the publisher's certificate and the signed profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileFile {
    /// The publisher's certificate.
    pub certificate: Der,
    /// Format.
    pub hocba: ProfileFormat,
    /// The signed profile.
    pub statement: Statement,
}

/// The format marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProfileFormat {
    /// The first.
    #[serde(rename = "profile-1")]
    V1,
}

/// A profile that was signed by the pinned publisher, with its roots read.
#[derive(Debug, Clone)]
pub struct OpenProfile {
    profile: TrustProfile,
    publisher: Certificate,
    roots: Vec<Certificate>,
    /// Beside each root: its cut-off, and the rule of its family.
    root_rules: Vec<RootRule>,
    /// The roots of each time-stamp authority, in the profile's order.
    stamp_roots: Vec<Vec<Certificate>>,
    demo: bool,
}

/// What the profile says of a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RootRule {
    pub(crate) cut_off: Option<UnixTime>,
    pub(crate) revocation: Option<RevocationRule>,
}

/// Why a profile is refused. Without a profile there is no verdict at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Not the canonical bytes of a profile file.
    #[error(transparent)]
    Unreadable(#[from] CanonicalError),
    /// Not signed once, by a profile publisher, as a profile.
    #[error("the profile's signature is not of the right form")]
    Statement(#[from] StatementError),
    /// Published by someone else than the one this verifier pinned.
    #[error("the profile is published by {found}, not by the pinned {pinned}")]
    Publisher {
        /// Digest of the certificate found.
        found: Sha256Digest,
        /// Digest pinned.
        pinned: Sha256Digest,
    },
    /// A certificate in it cannot be read.
    #[error("a certificate in the profile: {0}")]
    Certificate(#[from] CertificateError),
    /// A lower number than one seen before: an old profile is being played back.
    #[error("the profile has number {found}, but number {seen} was seen before")]
    LowerNumber {
        /// Found.
        found: u32,
        /// Seen before.
        seen: u32,
    },
}

impl TrustProfile {
    /// The canonical bytes, as signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_vec(self).expect("a profile holds text and integers")
    }
}

impl ProfileFile {
    /// The canonical bytes: the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_vec(self).expect("a profile file holds text")
    }
}

impl OpenProfile {
    /// Opens a profile file.
    ///
    /// `pinned` is the digest of the publisher's certificate; `seen` the highest number seen from that publisher.
    ///
    /// # Errors
    /// See [`ProfileError`]. Expiry is no error: it makes verdicts inconclusive, and they say so.
    pub fn open(bytes: &[u8], pinned: &Sha256Digest, seen: Option<u32>) -> Result<Self, ProfileError> {
        let limits = Limits { bytes: MAX_PROFILE_BYTES, depth: 4 };
        let file: ProfileFile = canonical::from_slice(bytes, limits)?;
        let found = file.certificate.digest();
        if found != *pinned {
            return Err(ProfileError::Publisher { found, pinned: *pinned });
        }
        let publisher = Certificate::from_der(&file.certificate.0)?;
        let headers = file.statement.headers(StatementType::Profile)?;
        match headers.as_slice() {
            [header] if header.certificate == found && header.role == Role::ProfilePublisher => {}
            _ => return Err(StatementError::NoEntry { index: 0 }.into()),
        }
        file.statement.verify(0, publisher.key())?;
        let limits = Limits { bytes: MAX_PROFILE_BYTES, depth: 8 };
        let profile: TrustProfile = canonical::from_slice(file.statement.payload(), limits)?;
        if let Some(seen) = seen.filter(|seen| profile.number < *seen) {
            return Err(ProfileError::LowerNumber { found: profile.number, seen });
        }
        let (mut roots, mut root_rules) = (Vec::new(), Vec::new());
        for (family, root) in profile.families.iter().flat_map(|f| f.roots.iter().map(move |root| (f, root))) {
            roots.push(Certificate::from_der(&root.certificate.0)?);
            root_rules.push(RootRule { cut_off: root.cut_off, revocation: family.revocation });
        }
        let read = |authority: &TimeStampAuthority| {
            let roots = authority.roots.iter().map(|root| Certificate::from_der(&root.certificate.0));
            roots.collect::<Result<Vec<_>, _>>()
        };
        let authorities = profile.time_stamps.iter().flat_map(|rule| &rule.authorities);
        let stamp_roots = authorities.map(read).collect::<Result<Vec<_>, _>>()?;
        let pinned = roots.iter().chain(stamp_roots.iter().flatten());
        let demo = pinned.chain([&publisher]).any(|c| example::key_name(c.spki_sha256()).is_some());
        Ok(Self { profile, publisher, roots, root_rules, stamp_roots, demo })
    }

    /// The digest of the publisher's certificate in a profile file, to show before it is pinned. Proves nothing.
    ///
    /// # Errors
    /// For bytes that are no profile file.
    pub fn publisher_of(bytes: &[u8]) -> Result<Sha256Digest, ProfileError> {
        let file: ProfileFile = canonical::from_slice(bytes, Limits { bytes: MAX_PROFILE_BYTES, depth: 4 })?;
        Ok(file.certificate.digest())
    }

    /// The profile.
    pub fn profile(&self) -> &TrustProfile {
        &self.profile
    }
    /// Its publisher.
    pub fn publisher(&self) -> &Certificate {
        &self.publisher
    }
    /// All pinned roots.
    pub fn roots(&self) -> &[Certificate] {
        &self.roots
    }
    /// Looks for the path of a certificate to a root of one family or another, under that family's rules. The root's place
    /// is that of [`OpenProfile::roots`].
    ///
    /// # Errors
    /// Of all families, that of the path that came furthest.
    pub fn path(
        &self,
        certificate: &Certificate,
        cache: &SignatureCache,
        others: &[Certificate],
        time: UnixTime,
        end: End,
    ) -> Result<Path, PathError> {
        let (mut first, mut furthest) = (0, PathError::UnknownIssuer);
        for family in &self.profile.families {
            let roots = &self.roots[first..first + family.roots.len()];
            let policies: Vec<&[u8]> = family.policies.iter().flatten().map(PolicyId::contents).collect();
            let require_policy = family.policies.is_some();
            let rules = PathRules { end, policies: &policies, require_policy, ..PathRules::default() };
            let found = match certificate.path_under(cache, others, roots, time, &rules) {
                // Under RFC 5280 no policy stands for any; here it accepts none.
                Ok(_) if require_policy && policies.is_empty() => Err(PathError::Policy),
                found => found,
            };
            match found {
                Ok(path) => return Ok(Path { root: first + path.root, ..path }),
                Err(error) => furthest = furthest.or_further(error),
            }
            first += family.roots.len();
        }
        Err(furthest)
    }
    /// The rule on time-stamps, if it has anything to say: it believes somebody, or asks for what nobody can give.
    pub fn time_stamps(&self) -> Option<&TimeStampRule> {
        self.profile.time_stamps.as_ref().filter(|rule| rule.required || !rule.authorities.is_empty())
    }
    /// Time-stamp authorities with their roots, in the profile's order.
    pub(crate) fn stampers(&self) -> impl Iterator<Item = (&TimeStampAuthority, &[Certificate])> {
        let authorities = self.profile.time_stamps.iter().flat_map(|rule| &rule.authorities);
        authorities.zip(self.stamp_roots.iter().map(Vec::as_slice))
    }
    /// What is said of the root at this place of [`OpenProfile::roots`].
    pub(crate) fn root_rule(&self, place: usize) -> Option<RootRule> {
        self.root_rules.get(place).copied()
    }
    /// What shows that certificates under the root at this place were not revoked; none where nothing is asked.
    pub fn revocation_rule(&self, place: usize) -> Option<RevocationRule> {
        self.root_rules.get(place).and_then(|rule| rule.revocation)
    }
    /// Whether one of the published example keys is believed here; every verdict then says DEMO.
    pub fn is_demo(&self) -> bool {
        self.demo
    }
}
