//! What is stored, with no database in sight. A state's variants are those of its CHECK in the schema.

use std::{fmt, str::FromStr};

use hocba_bundle::{evidence::EvidenceKind, facts::IssuerCode};
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    payload::RecordKind,
    types::{ClassName, EducationLevel, Grade, SchoolCode, SchoolPrefix, SchoolYear, Text, UnixTime},
};
use hocba_signature::statement::{Role, Statement};

/// A value that is a word in the database: `as_str`, `FromStr`, `Display`, and all of them.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// All, in their order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The word in the database and the API.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }
        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|w| w.as_str() == text).ok_or(UnknownWord)
            }
        }
    };
}

/// Not one of the words of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the words allowed here")]
pub struct UnknownWord;

words! {
    /// How far the signatures of a record version are. A return leads back to `Draft`.
    RecordState {
        /// Imported, nobody signed.
        Draft = "draft",
        /// The homeroom teacher signed.
        TeacherSigned = "teacher_signed",
        /// The principal or a deputy co-signed.
        CoSigned = "co_signed",
        /// The school's seal is on it: complete, waiting for a batch or in one.
        Sealed = "sealed",
    }
}

words! {
    /// Why the class goes on without a pupil.
    LeftOut {
        /// Chờ kiểm tra lại.
        WaitingForReassessment = "waiting_for_reassessment",
        /// Chưa đủ điểm hoặc thông tin.
        Incomplete = "incomplete",
        /// Đã chuyển đi.
        Transferred = "transferred",
        /// Lý do khác.
        Other = "other",
    }
}

words! {
    /// Why a principal returned a record.
    ReturnReason {
        /// Sai điểm.
        WrongMark = "wrong_mark",
        /// Sai thông tin học sinh.
        WrongPersonalData = "wrong_personal_data",
        /// Sai kết quả, xếp loại.
        WrongResult = "wrong_result",
        /// Lý do khác.
        Other = "other",
    }
}

words! {
    /// What the ministry's store says of a record that was sent.
    StoreAnswer {
        /// Chưa xử lý, or no answer yet.
        Waiting = "00",
        /// Đã tiếp nhận.
        Accepted = "01",
        /// Có lỗi.
        Rejected = "02",
    }
}

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

words! {
    /// Where the records of a class come from.
    ClassKind {
        /// Made here, signed by its homeroom teacher.
        Year = "year",
        /// Taken over from paper: the principal and the school's seal sign, no teacher does.
        Converted = "converted",
    }
}

impl ClassKind {
    /// The kind of its records.
    pub const fn of_records(self) -> RecordKind {
        match self {
            ClassKind::Year => RecordKind::Year,
            ClassKind::Converted => RecordKind::Converted,
        }
    }
}

words! {
    /// Why a record has a version after the first.
    Renewal {
        /// Đính chính: something was wrong.
        Correction = "correction",
        /// Đánh giá lại, rèn luyện trong hè: both values are kept.
        Reassessment = "reassessment",
    }
}

words! {
    /// What a leaf is the hash of.
    LeafKind {
        /// An appointment: anchored before the records that rest on it.
        Appointment = "appointment",
        /// A record version.
        Record = "record",
        /// An authority's answer about revocations.
        Evidence = "evidence",
    }
}

words! {
    /// Where a transaction that anchors a batch is.
    AttemptState {
        /// Signed and recorded, perhaps sent.
        Prepared = "prepared",
        /// A node took it.
        Broadcast = "broadcast",
        /// In a block that may still be replaced.
        Included = "included",
        /// In a block that stays.
        Final = "final",
        /// Another transaction took its nonce.
        Replaced = "replaced",
        /// Mined without effect.
        Reverted = "reverted",
        /// Given up: no node has it, and its place in the contract is taken.
        Dropped = "dropped",
    }
}

impl AttemptState {
    /// Whether nothing more is expected of it. A dead attempt may still come true (a reorganisation, a node that had it
    /// after all); the contract's digests see to it that it cannot do so besides another one.
    pub const fn is_dead(self) -> bool {
        matches!(self, AttemptState::Replaced | AttemptState::Reverted | AttemptState::Dropped)
    }
}

words! {
    /// Work that follows from a change.
    JobKind {
        /// Close a batch of appointments of an issuer.
        CloseAppointments = "close_appointments",
        /// Close a batch of records of an issuer.
        CloseRecords = "close_records",
        /// Bring a batch onto the chain.
        DeliverBatch = "deliver_batch",
        /// Bring the statuses that wait into the contract's status log.
        DeliverStatuses = "deliver_statuses",
        /// Close a batch of authorities' answers of an issuer.
        CloseEvidence = "close_evidence",
        /// Ask an authority about a certificate. Whoever holds the collecting lease works on it.
        FetchEvidence = "fetch_evidence",
        /// Ask a time-stamp authority about the newest batch. Whoever holds the collecting lease works on it.
        FetchTimeStamp = "fetch_time_stamp",
    }
}

impl JobKind {
    /// Whether it is the anchoring service's, and not of whoever collects evidence.
    pub const fn is_anchoring(self) -> bool {
        !matches!(self, JobKind::FetchEvidence | JobKind::FetchTimeStamp)
    }
}

words! {
    /// What came of asking an authority about a certificate.
    WantOutcome {
        /// It said, late enough, that the certificate counted.
        Proven = "proven",
        /// It said that the certificate did not count any more.
        Fallen = "fallen",
        /// The certificate expired before, and the authority says nothing of expired ones: nothing will prove it.
        Silent = "silent",
    }
}

words! {
    /// What a status statement does.
    StatusKind {
        /// A newer version takes a record's place.
        Supersede = "supersede",
        /// A record is withdrawn.
        Revoke = "revoke",
        /// An appointment ends.
        End = "end",
    }
}

words! {
    /// What becomes of a school.
    SchoolChangeKind {
        /// Đổi tên: it goes on under another name.
        Renamed = "renamed",
        /// Sáp nhập: another school goes on with its work.
        Merged = "merged",
        /// Tách: another school takes over a part; it goes on itself until it is closed.
        Split = "split",
        /// Giải thể.
        Closed = "closed",
    }
}

impl SchoolChangeKind {
    /// Whether the school takes no new class from then on.
    pub const fn closes(self) -> bool {
        matches!(self, SchoolChangeKind::Merged | SchoolChangeKind::Closed)
    }
}

words! {
    /// What somebody is at a school, as its staff list says. What they may do is in their grants.
    Position {
        /// Hiệu trưởng.
        Principal = "principal",
        /// Phó hiệu trưởng.
        DeputyPrincipal = "deputy_principal",
        /// Giáo viên.
        Teacher = "teacher",
        /// Văn thư.
        Clerk = "clerk",
        /// Quản trị: looks after accounts and lists.
        Administrator = "administrator",
    }
}

words! {
    /// What a link shows.
    LinkScope {
        /// Everything, with the seed: for someone who keeps the transcript.
        Whole = "whole",
        /// Identity and results; no remarks, conduct or attendance.
        Results = "results",
        /// Identity, promotion and completion only.
        IdentityAndCompletion = "identity_and_completion",
    }
}

/// The identity of a class, an account or a link: 128 random bits, as base64url. No meaning, no personal data.
pub type Id = RecordId;

/// What all programs on one database have to agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// EIP-155 chain id that batches are anchored on.
    pub chain: u64,
    /// Address of the contract, `0x…`.
    pub contract: String,
    /// Id of the key that seals personal data.
    pub data_key: String,
}

impl Deployment {
    pub(crate) fn values(&self) -> [(&'static str, String); 3] {
        [("chain", self.chain.to_string()), ("contract", self.contract.clone()), ("data_key", self.data_key.clone())]
    }
}

/// A school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct School {
    /// Code.
    pub code: SchoolCode,
    /// Under which its batches are anchored.
    pub issuer: IssuerCode,
}

/// What became of a school, with one of those who go on with its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolChange {
    /// The school.
    pub school: SchoolCode,
    /// What.
    pub change: SchoolChangeKind,
    /// Who goes on; of several, each has a row.
    pub successor: Option<SchoolCode>,
    /// As it is called from then on, where it was renamed.
    pub name: Option<Text>,
    /// Number of the decision.
    pub decision: Option<Text>,
    /// When it was noted.
    pub changed_at: UnixTime,
}

/// A school of the department's list; it may or may not be served here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSchool {
    /// Code.
    pub code: SchoolCode,
    /// As printed.
    pub name: Text,
    /// Levels it teaches, in their order; empty where the list does not say.
    pub levels: Vec<EducationLevel>,
}

/// Somebody of a school's staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffMember {
    /// Their account.
    pub account: Id,
    /// Where.
    pub school: SchoolCode,
    /// The school's own number for them.
    pub code: Option<Text>,
    /// As what.
    pub position: Position,
}

/// A school year of a school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolYearRow {
    /// The year.
    pub year: SchoolYear,
    /// When it was opened here.
    pub opened_at: UnixTime,
    /// When it was closed.
    pub closed_at: Option<UnixTime>,
    /// Why it was closed although records were unfinished.
    pub reason: Option<Text>,
}

/// A class that is planned, with or without records yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedClass {
    /// Identity.
    pub id: Id,
    /// School.
    pub school: SchoolCode,
    /// School year.
    pub year: SchoolYear,
    /// Grade.
    pub grade: Grade,
    /// Name.
    pub name: ClassName,
    /// Account of who is to be its homeroom teacher.
    pub homeroom: Option<Id>,
    /// Whose pupils were rolled over into it.
    pub origin: Option<SchoolCode>,
}

/// A pupil expected in a planned class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassMember {
    /// The planned class.
    pub class: Id,
    /// Number in the class list (STT).
    pub number: u32,
    /// Who.
    pub pupil: Id,
    /// Their identity.
    pub personal: Envelope,
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

/// A class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Identity.
    pub id: Id,
    /// School.
    pub school: SchoolCode,
    /// School year.
    pub year: SchoolYear,
    /// Grade.
    pub grade: Grade,
    /// Name.
    pub name: ClassName,
    /// +1 with every import.
    pub revision: i64,
    /// Where its records come from.
    pub kind: ClassKind,
}

/// Personal data, sealed. The database cannot open it; `app` can, with the key of this id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Which data key.
    pub key_id: String,
    /// 96 bits.
    pub nonce: [u8; 12],
    /// Ciphertext and tag.
    pub bytes: Vec<u8>,
}

/// A version of a record, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordVersion {
    /// Record.
    pub record: RecordId,
    /// 1, 2 …
    pub version: u32,
    /// Class.
    pub class: Id,
    /// Number in the class list (STT).
    pub number: u32,
    /// How far the signatures are.
    pub state: RecordState,
    /// +1 with every change.
    pub revision: i64,
    /// With the signatures so far; none in a draft.
    pub statement: Option<Statement>,
    /// Seed and sections.
    pub personal: Envelope,
    /// Why the class goes on without it.
    pub left_out: Option<LeftOut>,
    /// Why it was last returned.
    pub returned: Option<ReturnReason>,
    /// Last change.
    pub changed_at: UnixTime,
    /// Why there is this version; none in the first.
    pub renewed: Option<Renewal>,
    /// Whose it is; none for records from before pupils were kept.
    pub pupil: Option<Id>,
}

/// What a list of records shows without opening anything: state and where it is anchored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordLine {
    /// Record.
    pub record: RecordId,
    /// Version.
    pub version: u32,
    /// Class.
    pub class: Id,
    /// Number in the class list (STT).
    pub number: u32,
    /// How far the signatures are.
    pub state: RecordState,
    /// +1 with every change.
    pub revision: i64,
    /// Why the class goes on without it.
    pub left_out: Option<LeftOut>,
    /// Why it was last returned.
    pub returned: Option<ReturnReason>,
    /// Whether it is in a closed batch.
    pub batched: bool,
    /// Block time, once its anchor is final.
    pub anchored_at: Option<UnixTime>,
}

/// An appointment, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAppointment {
    /// Identity.
    pub id: RecordId,
    /// School.
    pub school: SchoolCode,
    /// Role given.
    pub role: Role,
    /// Whose certificate.
    pub certificate: Sha256Digest,
    /// Holds from,
    pub valid_from: UnixTime,
    /// and before.
    pub valid_until: UnixTime,
    /// Signed.
    pub statement: Statement,
}

/// A signed status statement, on its way into the contract's status log or in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredStatus {
    /// 1, 2, 3 … in the order they were taken.
    pub id: i64,
    /// Appointment or record.
    pub subject: RecordId,
    /// What it does.
    pub action: StatusKind,
    /// Lowest version that is live from here on.
    pub live_version: u32,
    /// Reason class, as the contract has it.
    pub reason: u8,
    /// For a compromised key: what it signed from then on falls.
    pub since: Option<UnixTime>,
    /// The school concerned.
    pub school: SchoolCode,
    /// Signed.
    pub statement: Statement,
    /// When it was taken.
    pub taken_at: UnixTime,
    /// Where it is in the status log, once that is final.
    pub receipt: Option<Receipt>,
}

/// An authority's answer about revocations, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvidence {
    /// The first 128 bits of its leaf.
    pub id: RecordId,
    /// In which form.
    pub kind: EvidenceKind,
    /// SHA-256 of the public key (SubjectPublicKeyInfo) of the authority whose certificates it speaks of.
    pub issuer: Sha256Digest,
    /// Of which certificate; none where it speaks of all of the authority's.
    pub certificate: Option<Sha256Digest>,
    /// The moment whose state it tells.
    pub this_update: UnixTime,
    /// When a newer one was to be had at the latest.
    pub next_update: Option<UnixTime>,
    /// When it came.
    pub fetched_at: UnixTime,
    /// The statement around it, without signatures.
    pub statement: Statement,
}

impl StoredEvidence {
    /// The id that goes with a statement.
    pub fn id_of(statement: &Statement) -> RecordId {
        let leaf = statement.leaf_hash();
        RecordId::from_bytes(*leaf.as_bytes().first_chunk().expect("a digest has 32 bytes"))
    }
}

/// A time-stamp over a batch, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTimeStamp {
    /// Whose digest was stamped.
    pub batch: i64,
    /// By whom, as the trust profile calls the authority.
    pub authority: String,
    /// The token in DER.
    pub token: Vec<u8>,
    /// When the authority saw it, as it states.
    pub gen_time: UnixTime,
    /// When it came.
    pub fetched_at: UnixTime,
}

/// That an authority has to speak of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceWant {
    /// Of which.
    pub certificate: Sha256Digest,
    /// Block time of what rests on it.
    pub anchored_at: UnixTime,
    /// Block time and grace: only an answer of then or later proves it.
    pub wanted_from: UnixTime,
    /// In whose name the answer is anchored.
    pub school: SchoolCode,
    /// What came of it.
    pub outcome: Option<WantOutcome>,
}

/// A complete statement on its way into a batch, or in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// SHA-256(0x00 || statement).
    pub leaf: Sha256Digest,
    /// Of what.
    pub kind: LeafKind,
    /// Record, appointment or evidence.
    pub subject: RecordId,
    /// Version of the record; else 1.
    pub version: u32,
    /// School.
    pub school: SchoolCode,
    /// Under which it is anchored.
    pub issuer: IssuerCode,
    /// Waiting since.
    pub ready_at: UnixTime,
}

/// A closed batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// 1, 2, 3 …
    pub id: i64,
    /// Anchored under.
    pub issuer: IssuerCode,
    /// Of what.
    pub kind: LeafKind,
    /// Merkle root.
    pub root: Sha256Digest,
    /// Number of leaves.
    pub size: u32,
    /// Since when.
    pub closed_at: UnixTime,
    /// Where it is on the chain, once that is final.
    pub receipt: Option<Receipt>,
}

/// Where an anchored batch is, or an entry of the status log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Index in the contract's register, or in its status log. Of a successor's, it counts on from those before it.
    pub index: u64,
    /// Block number.
    pub block: u64,
    /// Block time.
    pub time: UnixTime,
    /// Transaction that did it, `0x…`.
    pub tx_hash: String,
}

/// Where a leaf is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The batch.
    pub batch: Batch,
    /// Place of the leaf in it.
    pub position: u32,
}

/// What a transaction delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Delivery {
    /// The root of this batch.
    Batch(i64),
    /// Statuses that wait.
    Statuses,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Delivery::Batch(id) => write!(f, "batch {id}"),
            Delivery::Statuses => f.write_str("the status log"),
        }
    }
}

/// A transaction made for a batch, or for the status log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Identity; batches and the status log count apart.
    pub id: i64,
    /// For what.
    pub of: Delivery,
    /// Where it is.
    pub state: AttemptState,
    /// Sender's address, `0x…`.
    pub sender: String,
    /// Nonce of the sender.
    pub nonce: u64,
    /// `0x…`.
    pub tx_hash: String,
    /// Signed bytes.
    pub raw: Vec<u8>,
    /// Where it is included.
    pub block: Option<u64>,
    /// When it was made.
    pub made_at: UnixTime,
}

/// Work to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Identity.
    pub id: i64,
    /// Kind.
    pub kind: JobKind,
    /// Issuer code, batch id, digest of a certificate, or time-stamp authority.
    pub subject: String,
    /// Not before.
    pub due_at: UnixTime,
    /// How often it failed.
    pub tries: u32,
    /// Code of the last failure.
    pub last_error: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// When.
    pub at: UnixTime,
    /// Account id, `system` or `operator`.
    pub actor: String,
    /// What, as a code.
    pub action: String,
    /// To what.
    pub subject: String,
    /// Version of the record.
    pub version: Option<u32>,
    /// Reason, as a code.
    pub reason: Option<String>,
}

/// A way in for a verifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Identity.
    pub id: Id,
    /// Record it shows.
    pub record: RecordId,
    /// How much of it.
    pub scope: LinkScope,
    /// Made by (account id or `operator`).
    pub created_by: String,
    /// Made at.
    pub created_at: UnixTime,
    /// Ends at.
    pub expires_at: Option<UnixTime>,
    /// Withdrawn at.
    pub withdrawn_at: Option<UnixTime>,
}

/// A link's bundle, encrypted under a key that only the link holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkContent {
    /// 96 bits.
    pub nonce: [u8; 12],
    /// Ciphertext and tag.
    pub bytes: Vec<u8>,
}
