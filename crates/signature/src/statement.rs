//! Signed statements: JWS in general JSON serialization (RFC 7515 §7.2.1), cut down to what has one meaning.
//!
//! A statement has exactly `payload` and `signatures[{protected, signature}]`. There is no unprotected header, each
//! protected header has exactly the members of [`Header`], and every base64url text and JSON text stands in its one
//! canonical form, so the bytes of a statement are determined by what it says.

use std::fmt;

use hocba_record::{
    canonical::{self, CanonicalError, Limits},
    encoding::{Sha256Digest, base64url, from_base64url},
    types::UnixTime,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

pub use crate::algorithm::Algorithm;
use crate::{
    algorithm::PublicKey,
    list::{self, ListPlace, MAX_LIST},
};

/// Most signatures a statement may carry.
pub const MAX_SIGNATURES: usize = 8;
/// Largest payload of any statement, in bytes; a trust profile with its roots is the largest.
pub const MAX_PAYLOAD_BYTES: usize = 256 * 1024;
/// Largest protected header, in bytes; ours have about 230.
pub const MAX_HEADER_BYTES: usize = 1024;

/// `typ`: what kind of statement this is (RFC 8725 §3.11). A reader asks for exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatementType {
    /// A year record.
    #[serde(rename = "hocba-record+jws")]
    Record,
    /// An appointment.
    #[serde(rename = "hocba-appointment+jws")]
    Appointment,
    /// A change of status.
    #[serde(rename = "hocba-status+jws")]
    Status,
    /// A trust profile.
    #[serde(rename = "hocba-profile+jws")]
    Profile,
    /// A list of year records, signed as one ([`crate::list`]).
    #[serde(rename = "hocba-record-list+jws")]
    RecordList,
    /// A list of appointments, signed as one.
    #[serde(rename = "hocba-appointment-list+jws")]
    AppointmentList,
    /// A package of records for the ministry's store (`docs/spec/statement.md` §7).
    #[serde(rename = "hocba-package+jws")]
    Package,
    /// The closing of an era of the public record.
    #[serde(rename = "hocba-closing+jws")]
    Closing,
}

impl StatementType {
    /// The type of a list of such statements; none for what is only signed alone.
    pub fn listed(self) -> Option<Self> {
        match self {
            StatementType::Record => Some(StatementType::RecordList),
            StatementType::Appointment => Some(StatementType::AppointmentList),
            _ => None,
        }
    }
}

/// `role`: in which capacity an entry is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Giáo viên chủ nhiệm.
    HomeroomTeacher,
    /// Hiệu trưởng.
    Principal,
    /// Phó hiệu trưởng, signing "KT. HIỆU TRƯỞNG".
    DeputyPrincipal,
    /// Con dấu số của trường.
    SchoolSeal,
    /// Sở / phòng GD&ĐT.
    Department,
    /// Whoever publishes a trust profile.
    ProfilePublisher,
}

impl Role {
    /// The name as written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::HomeroomTeacher => "homeroom_teacher",
            Role::Principal => "principal",
            Role::DeputyPrincipal => "deputy_principal",
            Role::SchoolSeal => "school_seal",
            Role::Department => "department",
            Role::ProfilePublisher => "profile_publisher",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        [
            Role::HomeroomTeacher,
            Role::Principal,
            Role::DeputyPrincipal,
            Role::SchoolSeal,
            Role::Department,
            Role::ProfilePublisher,
        ]
        .into_iter()
        .find(|role| role.as_str() == text)
        .ok_or(UnknownRole)
    }
}

/// Not the name of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such role")]
pub struct UnknownRole;

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The protected header of one entry; these members and no others. `crit`, `b64`, `jwk`, `jku`, `x5u`, `kid` and
/// unknown members are refused on reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Signature algorithm.
    pub alg: Algorithm,
    /// When the signer says it signed. Never trusted over block time.
    pub iat: UnixTime,
    /// From the second entry on: SHA-256 of the entry before, see [`Statement::prev_for_next`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev: Option<Sha256Digest>,
    /// In which capacity.
    pub role: Role,
    /// Kind of statement.
    pub typ: StatementType,
    /// SHA-256 of the signer's certificate in DER (RFC 7515 §4.1.8).
    #[serde(rename = "x5t#S256")]
    pub certificate: Sha256Digest,
}

/// Bytes that stand as base64url in JSON.
#[derive(Clone, PartialEq, Eq)]
struct Blob(Vec<u8>);

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}
impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url(&self.0))
    }
}
impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_base64url(&String::deserialize(deserializer)?).map(Blob).map_err(D::Error::custom)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<ListPlace>,
    protected: Blob,
    signature: Blob,
}

/// A signed statement. Reading it proves its shape, not its signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    payload: Blob,
    signatures: Vec<Entry>,
}

/// Why a statement, as opposed to its signatures, is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// More than [`MAX_SIGNATURES`] entries, or a payload or header over its limit.
    #[error("a limit of the protocol is exceeded: {0}")]
    Limit(&'static str),
    /// The protected header of this entry is not one of ours.
    #[error("protected header of signature {index}: {source}")]
    Header {
        /// 0-based entry.
        index: usize,
        /// What is wrong.
        source: CanonicalError,
    },
    /// Another kind of statement than the one expected here.
    #[error("signature {index} is over another kind of statement")]
    Type {
        /// 0-based entry.
        index: usize,
    },
    /// `prev` is missing, present where it must not be, or not the digest of the entry before.
    #[error("signature {index} does not countersign the one before it")]
    Prev {
        /// 0-based entry.
        index: usize,
    },
    /// The entry's place in a signed list cannot be: index, size and path do not go together.
    #[error("signature {index} is over a list in which this statement has no place")]
    List {
        /// 0-based entry.
        index: usize,
    },
    /// No entry of this position.
    #[error("there is no signature {index}")]
    NoEntry {
        /// 0-based entry.
        index: usize,
    },
    /// The header's `alg` is not one that signatures of this key have.
    #[error("signature {index} names an algorithm that is not its key's")]
    Algorithm {
        /// 0-based entry.
        index: usize,
    },
    /// The bytes are not a signature by this key over this statement.
    #[error("signature {index} does not verify")]
    Signature {
        /// 0-based entry.
        index: usize,
    },
}

/// What one signer is about to sign: header and the exact bytes. The key never comes here; it signs the bytes where it
/// lives, and [`Statement::attach`] takes the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningInput {
    protected: Vec<u8>,
    bytes: Vec<u8>,
}

/// What one signer is about to sign for a list of statements: one signature for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListInput {
    protected: Vec<u8>,
    bytes: Vec<u8>,
    places: Vec<ListPlace>,
}

impl ListInput {
    /// The bytes to sign, as of [`SigningInput::bytes`].
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
    /// Number of statements.
    pub fn len(&self) -> usize {
        self.places.len()
    }
    /// Where each statement is in the list.
    pub fn places(&self) -> &[ListPlace] {
        &self.places
    }
    /// Whether the list is empty; it never is.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Adds what a signer signed to each statement of the list, in its order. Not verified here.
    ///
    /// # Errors
    /// `List` if these are not as many statements as were prepared.
    pub fn attach(&self, statements: Vec<Statement>, signature: &[u8]) -> Result<Vec<Statement>, StatementError> {
        if statements.len() != self.places.len() {
            return Err(StatementError::List { index: 0 });
        }
        let attach = |(mut statement, place): (Statement, &ListPlace)| {
            let protected = Blob(self.protected.clone());
            let signature = Blob(signature.to_vec());
            statement.signatures.push(Entry { list: Some(place.clone()), protected, signature });
            statement
        };
        Ok(statements.into_iter().zip(&self.places).map(attach).collect())
    }
}

impl SigningInput {
    /// The bytes to sign: ASCII(base64url(protected) || "." || base64url(payload)) (RFC 7515 §5.1).
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Statement {
    /// A statement with no signature yet. `payload` must be canonical JSON.
    pub fn unsigned(payload: Vec<u8>) -> Self {
        Self { payload: Blob(payload), signatures: Vec::new() }
    }

    /// Reads the canonical bytes of a statement.
    ///
    /// # Errors
    /// For anything but the canonical bytes of a statement, and above `limits`.
    pub fn from_bytes(bytes: &[u8], limits: Limits) -> Result<Self, CanonicalError> {
        canonical::from_slice(bytes, limits)
    }

    /// The canonical bytes: what is hashed into a leaf.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_vec(self).expect("a statement holds text only")
    }

    /// SHA-256(0x00 || canonical bytes), RFC 6962 §2.1.
    pub fn leaf_hash(&self) -> Sha256Digest {
        Sha256Digest::of(&[&[0], self.to_bytes().as_slice()].concat())
    }

    /// The payload's bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload.0
    }

    /// Number of signatures.
    pub fn len(&self) -> usize {
        self.signatures.len()
    }

    /// Whether nobody has signed yet.
    pub fn is_empty(&self) -> bool {
        self.signatures.is_empty()
    }

    /// The signature of this entry.
    pub fn signature(&self, index: usize) -> Option<&[u8]> {
        self.signatures.get(index).map(|entry| entry.signature.0.as_slice())
    }

    /// What the next signer signs, with a key that makes `alg`. `prev` is set here, from the entry before.
    pub fn prepare(
        &self,
        typ: StatementType,
        role: Role,
        alg: Algorithm,
        certificate: Sha256Digest,
        iat: UnixTime,
    ) -> SigningInput {
        let header = Header { alg, iat, prev: self.prev_for_next(), role, typ, certificate };
        let protected = canonical::to_vec(&header).expect("a header holds text and a time");
        let bytes = signing_bytes(&protected, self.payload());
        SigningInput { protected, bytes }
    }

    /// What the next signer signs once for all of these statements, in this order ([`crate::list`]). `typ` is theirs.
    ///
    /// # Errors
    /// `Limit` for an empty list, one of more than [`MAX_LIST`] statements, and a type that is only signed alone.
    pub fn prepare_list(
        statements: &[Statement],
        typ: StatementType,
        role: Role,
        alg: Algorithm,
        certificate: Sha256Digest,
        iat: UnixTime,
    ) -> Result<ListInput, StatementError> {
        let typ = typ.listed().filter(|_| statements.len() <= MAX_LIST).ok_or(StatementError::Limit("list"))?;
        let leaf = |s: &Statement| list::leaf(s.payload(), s.prev_for_next().as_ref());
        let leaves: Vec<_> = statements.iter().map(leaf).collect();
        let (payload, places) = list::places(&leaves).map_err(|_| StatementError::Limit("list"))?;
        let header = Header { alg, iat, prev: None, role, typ, certificate };
        let protected = canonical::to_vec(&header).expect("a header holds text and a time");
        let bytes = signing_bytes(&protected, &payload.to_bytes());
        Ok(ListInput { protected, bytes, places })
    }

    /// Adds what a signer signed. Not verified here; [`Statement::verify`] does.
    #[must_use]
    pub fn attach(mut self, input: SigningInput, signature: Vec<u8>) -> Self {
        self.signatures.push(Entry { list: None, protected: Blob(input.protected), signature: Blob(signature) });
        self
    }

    /// Adds what a signer signed for a list that this statement has a place in. `header` is the list's, without `prev`; its
    /// `typ` is the statement's [`listed`](StatementType::listed) one. Not verified here.
    #[must_use]
    pub fn attach_in_list(mut self, header: &Header, place: ListPlace, signature: Vec<u8>) -> Self {
        let protected = Blob(canonical::to_vec(header).expect("a header holds text and a time"));
        self.signatures.push(Entry { list: Some(place), protected, signature: Blob(signature) });
        self
    }

    /// Drops all signatures from this one on (a principal returns what a teacher signed).
    #[must_use]
    pub fn truncated(mut self, keep: usize) -> Self {
        self.signatures.truncate(keep);
        self
    }

    /// SHA-256 of ASCII(protected || "." || payload || "." || signature) of the last entry: the next entry's `prev`.
    pub fn prev_for_next(&self) -> Option<Sha256Digest> {
        self.signatures.last().map(|entry| self.entry_digest(entry))
    }

    fn entry_digest(&self, entry: &Entry) -> Sha256Digest {
        let mut bytes = signing_bytes(&entry.protected.0, self.payload());
        bytes.push(b'.');
        bytes.extend_from_slice(base64url(&entry.signature.0).as_bytes());
        Sha256Digest::of(&bytes)
    }

    /// All headers, each checked for shape, type and place in the chain of countersignatures.
    ///
    /// # Errors
    /// The first [`StatementError`] met; never `Signature`.
    pub fn headers(&self, expected: StatementType) -> Result<Vec<Header>, StatementError> {
        let headers = self.loose_headers(expected)?;
        self.check_chain(&headers)?;
        Ok(headers)
    }

    /// All headers, each checked for shape and type but not for its `prev`: a changed payload breaks every `prev`, and
    /// a report should still say whose signatures do not verify. [`Statement::check_chain`] is the other half.
    ///
    /// # Errors
    /// `Limit`, `Header` and `Type`.
    pub fn loose_headers(&self, expected: StatementType) -> Result<Vec<Header>, StatementError> {
        if self.signatures.len() > MAX_SIGNATURES {
            return Err(StatementError::Limit("signatures"));
        }
        if self.payload.0.len() > MAX_PAYLOAD_BYTES {
            return Err(StatementError::Limit("payload"));
        }
        let read = |(index, entry): (usize, &Entry)| {
            let header = read_header(index, entry)?;
            let typ = if entry.list.is_some() { expected.listed() } else { Some(expected) };
            if Some(header.typ) == typ { Ok(header) } else { Err(StatementError::Type { index }) }
        };
        self.signatures.iter().enumerate().map(read).collect()
    }

    /// Whether each entry countersigns the one before it, and the first none.
    ///
    /// # Errors
    /// `Prev` for the first that does not.
    pub fn check_chain(&self, headers: &[Header]) -> Result<(), StatementError> {
        let mut previous: Option<Sha256Digest> = None;
        for (index, (header, entry)) in headers.iter().zip(&self.signatures).enumerate() {
            // In a list, `prev` is in the leaf that the signature is over.
            let expected = previous.filter(|_| entry.list.is_none());
            if header.prev != expected {
                return Err(StatementError::Prev { index });
            }
            previous = Some(self.entry_digest(entry));
        }
        Ok(())
    }

    /// The bytes that an entry is a signature over.
    fn signed_bytes(&self, index: usize, entry: &Entry) -> Result<Vec<u8>, StatementError> {
        let Some(place) = &entry.list else { return Ok(signing_bytes(&entry.protected.0, self.payload())) };
        let prev = index.checked_sub(1).map(|before| self.entry_digest(&self.signatures[before]));
        let payload = place.payload(&list::leaf(self.payload(), prev.as_ref()));
        let payload = payload.map_err(|_| StatementError::List { index })?;
        Ok(signing_bytes(&entry.protected.0, &payload.to_bytes()))
    }

    /// Verifies one entry against a public key. The header's `alg` has to be one of that key's (RFC 8725 §3.1), so
    /// nothing in the statement chooses how a key is used. See [`PublicKey::verify`] for how strictly.
    ///
    /// # Errors
    /// `NoEntry`, `Header`, `Algorithm`, `List` and `Signature`.
    pub fn verify(&self, index: usize, key: &PublicKey) -> Result<(), StatementError> {
        let entry = self.signatures.get(index).ok_or(StatementError::NoEntry { index })?;
        let alg = read_header(index, entry)?.alg;
        if !key.accepts(alg) {
            return Err(StatementError::Algorithm { index });
        }
        key.verify(alg, &self.signed_bytes(index, entry)?, &entry.signature.0)
            .map_err(|_| StatementError::Signature { index })
    }
}

fn read_header(index: usize, entry: &Entry) -> Result<Header, StatementError> {
    let limits = Limits { bytes: MAX_HEADER_BYTES, depth: 1 };
    canonical::from_slice(&entry.protected.0, limits).map_err(|source| StatementError::Header { index, source })
}

fn signing_bytes(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut bytes = base64url(protected).into_bytes();
    bytes.push(b'.');
    bytes.extend_from_slice(base64url(payload).as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    fn key(n: u8) -> SigningKey {
        SigningKey::from_bytes(&[n; 32])
    }
    fn time() -> UnixTime {
        UnixTime::from_seconds(1_790_000_000).expect("time")
    }
    fn sign(statement: Statement, role: Role, n: u8) -> Statement {
        let input = statement.prepare(StatementType::Record, role, Algorithm::Ed25519, Sha256Digest::of(&[n]), time());
        let signature = key(n).sign(input.bytes()).to_vec();
        statement.attach(input, signature)
    }
    fn signed() -> Statement {
        let statement = Statement::unsigned(br#"{"a":1}"#.to_vec());
        sign(sign(sign(statement, Role::HomeroomTeacher, 1), Role::Principal, 2), Role::SchoolSeal, 3)
    }

    #[test]
    fn three_signers_countersign_one_another() {
        let statement = signed();
        let headers = statement.headers(StatementType::Record).expect("headers");
        assert_eq!(headers.iter().map(|h| h.prev.is_some()).collect::<Vec<_>>(), [false, true, true]);
        for (i, n) in [1, 2, 3].into_iter().enumerate() {
            assert_eq!(statement.verify(i, &key(n).verifying_key().into()), Ok(()));
            assert_eq!(
                statement.verify(i, &key(9).verifying_key().into()),
                Err(StatementError::Signature { index: i })
            );
        }
        let limits = Limits { bytes: 10_000, depth: 4 };
        assert_eq!(Statement::from_bytes(&statement.to_bytes(), limits).as_ref(), Ok(&statement));
    }

    #[test]
    fn a_signature_dropped_swapped_or_repeated_breaks_the_chain() {
        let statement = signed();
        let with = |order: &[usize]| {
            let mut other = statement.clone();
            other.signatures = order.iter().map(|i| statement.signatures[*i].clone()).collect();
            other.headers(StatementType::Record)
        };
        assert!(with(&[0, 1, 2]).is_ok());
        assert!(with(&[0, 1]).is_ok(), "a shorter chain is well-formed; the policy refuses it");
        for order in [&[1, 2][..], &[0, 2], &[1, 0, 2], &[0, 2, 1], &[0, 0, 1, 2], &[0, 1, 1, 2], &[0, 1, 2, 2], &[2]] {
            assert!(matches!(with(order), Err(StatementError::Prev { .. })), "{order:?}");
        }
        assert_eq!(with(&[0; 9]), Err(StatementError::Limit("signatures")));
    }

    /// Lists are signed like single statements, here with Ed25519.
    fn list_input(statements: &[Statement], role: Role, n: u8) -> ListInput {
        let (typ, alg) = (StatementType::Record, Algorithm::Ed25519);
        Statement::prepare_list(statements, typ, role, alg, Sha256Digest::of(&[n]), time()).expect("a list")
    }

    /// Three records, signed by two signers as lists of different extent: the second one's leaves out the first record.
    fn listed() -> Vec<Statement> {
        let statements: Vec<_> = (0..3).map(|n| Statement::unsigned(format!("{{\"a\":{n}}}").into_bytes())).collect();
        let by = |statements: Vec<Statement>, role, n: u8| {
            let input = list_input(&statements, role, n);
            let signature = key(n).sign(input.bytes()).to_vec();
            input.attach(statements, &signature).expect("as many")
        };
        let mut first = by(statements, Role::HomeroomTeacher, 1);
        let rest = by(first.split_off(1), Role::Principal, 2);
        first.into_iter().chain(rest).collect()
    }

    #[test]
    fn one_signature_stands_for_each_record_of_a_list() {
        let statements = listed();
        for (n, statement) in statements.iter().enumerate() {
            let headers = statement.headers(StatementType::Record).expect("headers");
            assert_eq!(headers.len(), if n == 0 { 1 } else { 2 });
            for (index, header) in headers.iter().enumerate() {
                assert_eq!(header.typ, StatementType::RecordList);
                assert_eq!(
                    statement.verify(index, &key(index as u8 + 1).verifying_key().into()),
                    Ok(()),
                    "{n} {index}"
                );
                let other = key(9).verifying_key().into();
                assert_eq!(statement.verify(index, &other), Err(StatementError::Signature { index }));
            }
            let limits = Limits { bytes: 10_000, depth: 6 };
            assert_eq!(Statement::from_bytes(&statement.to_bytes(), limits).as_ref(), Ok(statement));
        }
        assert_eq!(statements[1].signature(0), statements[2].signature(0), "one signature");
        assert_ne!(statements[1].leaf_hash(), statements[2].leaf_hash());
    }

    #[test]
    fn a_list_signature_holds_for_its_own_record_place_and_predecessor_only() {
        let statements = listed();
        let (first, second) = (key(1).verifying_key().into(), key(2).verifying_key().into());
        let changed = |change: &dyn Fn(&mut Statement)| {
            let mut statement = statements[1].clone();
            change(&mut statement);
            (statement.verify(0, &first).is_ok(), statement.verify(1, &second).is_ok())
        };
        assert_eq!(changed(&|_| {}), (true, true));
        assert_eq!(changed(&|s| s.payload = Blob(b"{\"a\":7}".to_vec())), (false, false), "another record");
        let place = |s: &mut Statement, i: usize, change: &dyn Fn(&mut ListPlace)| {
            change(s.signatures[i].list.as_mut().expect("a list"));
        };
        assert_eq!(changed(&|s| place(s, 0, &|p| p.index = 0)), (false, true), "another place");
        assert_eq!(changed(&|s| place(s, 0, &|p| p.size = 2)), (false, true), "another size");
        assert_eq!(changed(&|s| place(s, 0, &|p| p.path.clear())), (false, true), "no path");
        assert_eq!(changed(&|s| place(s, 1, &|p| p.path[0] = Sha256Digest::of(b"x"))), (true, false), "another node");
        // What the principal signed names the teacher's very signature.
        let alone = vec![statements[1].clone().truncated(0)];
        let input = list_input(&alone, Role::HomeroomTeacher, 1);
        let mut again = input.attach(alone, &key(1).sign(input.bytes()).to_bytes()).expect("as many").swap_remove(0);
        again.signatures.push(statements[1].signatures[1].clone());
        assert_eq!(again.verify(0, &first), Ok(()));
        assert_eq!(again.verify(1, &second), Err(StatementError::Signature { index: 1 }));
        // A list's signature is none over the record itself, and the other way round.
        let mut alone = statements[1].clone();
        alone.signatures[0].list = None;
        assert_eq!(alone.headers(StatementType::Record), Err(StatementError::Type { index: 0 }));
        assert!(alone.verify(0, &first).is_err());
        let mut each = signed();
        each.signatures[0].list = statements[0].signatures[0].list.clone();
        assert_eq!(each.headers(StatementType::Record), Err(StatementError::Type { index: 0 }));
        use StatementType::{Appointment, AppointmentList, Profile, RecordList, Status};
        for typ in [Appointment, Status, Profile, RecordList, AppointmentList] {
            assert_eq!(statements[0].headers(typ), Err(StatementError::Type { index: 0 }), "{typ:?}");
        }
    }

    #[test]
    fn a_list_has_one_to_4096_statements() {
        let one = Statement::unsigned(b"{}".to_vec());
        let prepare = |n, typ| {
            let (list, role, certificate) = (vec![one.clone(); n], Role::Principal, Sha256Digest::of(b""));
            Statement::prepare_list(&list, typ, role, Algorithm::Ed25519, certificate, time()).map(|input| input.len())
        };
        let appointments = |n| prepare(n, StatementType::Appointment);
        let refused = Err(StatementError::Limit("list"));
        assert_eq!(appointments(0), refused);
        assert_eq!(appointments(1), Ok(1));
        assert_eq!(appointments(MAX_LIST), Ok(MAX_LIST));
        assert_eq!(appointments(MAX_LIST + 1), refused);
        assert_eq!(prepare(1, StatementType::Status), refused, "only signed alone");
    }

    #[test]
    fn the_header_does_not_choose_how_a_key_is_used() {
        let statement = Statement::unsigned(b"{}".to_vec());
        for alg in [Algorithm::Es256, Algorithm::Es384, Algorithm::Rs256, Algorithm::Ps256] {
            let input = statement.prepare(StatementType::Record, Role::Principal, alg, Sha256Digest::of(b"c"), time());
            let signature = key(1).sign(input.bytes()).to_vec();
            let signed = statement.clone().attach(input, signature);
            assert!(signed.headers(StatementType::Record).is_ok());
            let refused = signed.verify(0, &key(1).verifying_key().into());
            assert_eq!(refused, Err(StatementError::Algorithm { index: 0 }), "{alg}");
        }
    }

    #[test]
    fn another_kind_of_statement_is_refused() {
        assert_eq!(signed().headers(StatementType::Status), Err(StatementError::Type { index: 0 }));
    }

    #[test]
    fn headers_have_exactly_their_members() {
        let good = r#"{"alg":"Ed25519","iat":1,"role":"principal","typ":"hocba-record+jws","x5t#S256":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}"#;
        let read = |header: &str| {
            let mut statement = Statement::unsigned(b"{}".to_vec());
            statement.signatures.push(Entry {
                list: None,
                protected: Blob(header.into()),
                signature: Blob(vec![0; 64]),
            });
            statement.headers(StatementType::Record).map(|_| ())
        };
        assert_eq!(read(good), Ok(()));
        for alg in ["ES256", "ES384", "RS256", "PS256"] {
            assert_eq!(read(&good.replacen("Ed25519", alg, 1)), Ok(()), "{alg}");
        }
        for (from, to) in [
            ("\"Ed25519\"", "\"EdDSA\""),
            ("\"Ed25519\"", "\"RS384\""),
            ("\"Ed25519\"", "\"RS1\""),
            ("\"Ed25519\"", "\"ES512\""),
            ("\"Ed25519\"", "\"ES256K\""),
            ("\"Ed25519\"", "\"none\""),
            ("\"Ed25519\"", "\"HS256\""),
            ("\"Ed25519\"", "\"ed25519\""),
            ("{\"alg\"", "{\"aaa\":1,\"alg\""),
            ("\"iat\"", "\"crit\":[\"b64\"],\"iat\""),
            ("\"iat\"", "\"b64\":false,\"iat\""),
            ("\"iat\":1", "\"iat\":1,\"jwk\":{}"),
            ("\"iat\":1", "\"iat\":1,\"kid\":\"x\""),
            ("\"iat\":1", "\"iat\":-1"),
            ("\"iat\":1", "\"iat\": 1"),
            ("\"iat\":1,", ""),
            ("principal", "headmaster"),
            ("\"role\":\"principal\",", ""),
            ("hocba-record+jws", "HOCBA-RECORD+JWS"),
            ("\"typ\":\"hocba-record+jws\",", ""),
            ("uFU\"", "uFV\""),
        ] {
            let header = good.replacen(from, to, 1);
            assert_ne!(header, good);
            assert!(matches!(read(&header), Err(StatementError::Header { .. })), "{header}");
        }
    }

    #[test]
    fn unprotected_headers_and_other_members_are_refused() {
        let text = String::from_utf8(signed().to_bytes()).expect("JSON");
        let limits = Limits { bytes: 10_000, depth: 4 };
        for (from, to) in [
            ("{\"payload\"", "{\"header\":{},\"payload\""),
            ("{\"protected\"", "{\"header\":{},\"protected\""),
            ("\"payload\":\"", "\"payload\":\"="),
        ] {
            assert!(Statement::from_bytes(text.replacen(from, to, 1).as_bytes(), limits).is_err(), "{to}");
        }
    }
}
