//! What will be signed, computed again from what was sent: nothing that a page or a server says of it is believed.
//!
//! A task brings the very bytes to sign and the disclosures they stand for. The bytes are taken apart, each disclosure's
//! digest is looked for in the payload, and the manifest in the payload says whether all of them are there. So the
//! names and marks that a person is shown are those that the signature will be over.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use hocba_record::{
    canonical::{self, Limits},
    disclosure::{Disclosure, Extent, check_disclosures, extent},
    encoding::{RecordId, Sha256Digest, from_base64url},
    payload::{MAX_PAYLOAD_BYTES, RecordPayload},
    section::{Identity, Rating, Section, SubjectResult},
    types::{ClassName, SchoolCode, SchoolYear, UnixTime},
};
use hocba_signature::{
    appointment::Appointment,
    certificate::Certificate,
    list::ListPlace,
    statement::{Header, MAX_HEADER_BYTES, Role, StatementType},
    status::StatusChange,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// Most records or appointments in one list: the largest class there can be, as a server takes them.
pub const MAX_TASKS: usize = 200;
/// How far the time in a task may be before this machine's clock, in seconds: a list that was prepared in the morning is
/// signed in the evening.
pub const CLOCK_BEHIND: i64 = 86_400;
/// How far it may be after it: what a server allows as well.
pub const CLOCK_AHEAD: i64 = 300;

/// One task, as a server's `signing-tasks` gives it. What servers add later is not looked at.
#[derive(Debug, Clone, Deserialize)]
pub struct SigningTask {
    record: RecordId,
    version: u32,
    revision: i64,
    number: u32,
    at: UnixTime,
    to_sign: String,
    disclosures: Vec<Disclosure>,
    /// Where lists are signed as one: the record's place, its payload, and the digest of the signature before.
    list: Option<ListPlace>,
    payload: Option<String>,
    prev: Option<Sha256Digest>,
}

/// A list that a page asks to have signed, and what it says of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRequest {
    /// `x5t#S256` of the certificate to sign with.
    pub certificate: Sha256Digest,
    /// Capacity.
    pub role: Role,
    /// School of every record.
    pub school: SchoolCode,
    /// School year of every record.
    pub year: SchoolYear,
    /// Class of every record.
    pub class: ClassName,
    /// The records.
    pub tasks: Vec<SigningTask>,
}

/// What is shown of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordShown {
    /// Record.
    pub record: RecordId,
    /// Version.
    pub version: u32,
    /// The server's revision, to be given back.
    pub revision: i64,
    /// The pupil, as signed.
    pub name: String,
    /// Birth date as printed.
    pub birth_date: String,
    /// Study rating of the year, after re-assessment where there was one.
    pub study: Option<Rating>,
    /// Conduct rating of the year.
    pub conduct: Option<Rating>,
    /// Subjects and their marks of the year in tenths, for those that have marks.
    pub marks: Vec<(String, u32)>,
    payload: Sha256Digest,
}

/// What is shown of something to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A year record.
    Record(RecordShown),
    /// An appointment, whole.
    Appointment(Appointment),
    /// The end of an appointment.
    End {
        /// What is signed: which, and why.
        change: StatusChange,
        /// The appointment of that id, as the server has it.
        appointment: Appointment,
    },
    /// A new version that takes the place of those before: which record, and why.
    Superseding(StatusChange),
}

/// What is shown of one statement, and what is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Place in the class list, or in the list of appointments, as the server says. Nothing signed says it.
    pub number: u32,
    /// The time in the header.
    pub at: UnixTime,
    /// What is shown.
    pub shown: Shown,
    /// Names what the signature is over but for its time, so that the same is not signed twice.
    pub(crate) content: Sha256Digest,
    pub(crate) bytes: Vec<u8>,
    /// Where this record is in what is signed; none where it is signed by itself.
    pub(crate) place: Option<ListPlace>,
}

impl RecordShown {
    /// The mean of the year's marks in tenths, rounded half up, where there are any. TT 22 knows no such average; it is a
    /// number to compare two screens by.
    pub fn mean_mark(&self) -> Option<u32> {
        let sum: u32 = self.marks.iter().map(|(_, mark)| mark).sum();
        let count = u32::try_from(self.marks.len()).ok().filter(|count| *count > 0)?;
        Some((2 * sum + count) / (2 * count))
    }
}

/// What a list is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matter {
    /// The records of a class.
    Class {
        /// School year.
        year: SchoolYear,
        /// Class.
        class: ClassName,
    },
    /// Appointments of a school's people, and ends of them.
    Appointments,
    /// New versions of records of a class that take the place of old ones.
    Superseding {
        /// School year.
        year: SchoolYear,
        /// Class.
        class: ClassName,
    },
}

/// A list of which everything was computed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Capacity.
    pub role: Role,
    /// School.
    pub school: SchoolCode,
    /// What it is of.
    pub matter: Matter,
    /// The signer's certificate.
    pub certificate: Sha256Digest,
    /// By number.
    pub entries: Vec<Entry>,
    /// What people compare; see [`list_digest`] and [`appointments_digest`](crate::appointments_digest).
    pub digest: Sha256Digest,
    /// Names what was asked for: the list, by whose key and in which role, over whose signatures before. A confirmation is
    /// for this and nothing else.
    pub id: Sha256Digest,
}

impl Review {
    /// The digest as two people, or two screens, compare it.
    pub fn short_digest(&self) -> String {
        short(&self.digest)
    }
    /// How many signatures that takes: one for each record, or one for all.
    pub fn signatures(&self) -> usize {
        self.entries.iter().map(|entry| entry.content).collect::<BTreeSet<_>>().len()
    }
}

/// The first 64 bits of a digest as hex in groups of four: who wants another list with the same ones tries 2^64 lists.
pub fn short(digest: &Sha256Digest) -> String {
    let hex = digest.to_hex();
    [&hex[..4], &hex[4..8], &hex[8..12], &hex[12..16]].join(" ")
}

/// The digest of a class list: SHA-256 of `hocba-list-v1`, a zero byte and, for each record by number, number (4 bytes,
/// big-endian), record id, version (4 bytes, big-endian), SHA-256 of the payload. It names what is signed, whoever signs
/// it and whenever; payloads are salted, so it tells nothing to who does not have them.
pub fn list_digest<'a>(records: impl IntoIterator<Item = (u32, &'a RecordId, u32, &'a Sha256Digest)>) -> Sha256Digest {
    let mut hash = Sha256::new_with_prefix(b"hocba-list-v1\0");
    for (number, record, version, payload) in records {
        hash.update(number.to_be_bytes());
        hash.update(record.as_bytes());
        hash.update(version.to_be_bytes());
        hash.update(payload.as_bytes());
    }
    Sha256Digest::from_bytes(hash.finalize().into())
}

/// Why a list is not even shown. `number` is the record's place in the class list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing, or more than [`MAX_TASKS`].
    #[error("a list has 1 to {MAX_TASKS} entries, this one {found}")]
    Count {
        /// How many were found.
        found: usize,
    },
    /// The same record or number again.
    #[error("number {number} stands in the list twice")]
    Twice {
        /// Which.
        number: u32,
    },
    /// Not the bytes of a signature over a record.
    #[error("number {number}: what is to be signed is no year record")]
    NotARecord {
        /// Which.
        number: u32,
    },
    /// Not the bytes of a signature over an appointment.
    #[error("number {number}: what is to be signed is no appointment")]
    NotAnAppointment {
        /// Which.
        number: u32,
    },
    /// Not the bytes of a signature over the end of an appointment.
    #[error("number {number}: what is to be signed is no end of an appointment")]
    NotAnEnd {
        /// Which.
        number: u32,
    },
    /// An end that comes without the appointment it is of.
    #[error("number {number}: it would end another appointment than said")]
    Appointment {
        /// Which.
        number: u32,
    },
    /// Not the bytes of a signature over a new version that takes the place of old ones.
    #[error("number {number}: what is to be signed does not say that a new version takes an old one's place")]
    NotASuperseding {
        /// Which.
        number: u32,
    },
    /// The version that would take the place is another one than came along, or was not sealed by this signer.
    #[error("number {number}: the new version is another one, or was not signed by this key")]
    NotYours {
        /// Which.
        number: u32,
    },
    /// An appointment that a signer in this role does not give, nor end.
    #[error("number {number}: this role neither gives nor ends that appointment")]
    Rank {
        /// Which.
        number: u32,
    },
    /// An appointment at another school than the list's.
    #[error("number {number}: the appointment is at another school")]
    School {
        /// Which.
        number: u32,
    },
    /// The header names another certificate than the signer's.
    #[error("number {number}: the signature would name another certificate")]
    Certificate {
        /// Which.
        number: u32,
    },
    /// The header has an algorithm that is not the key's.
    #[error("number {number}: the signature would name another algorithm than the key has")]
    Algorithm {
        /// Which.
        number: u32,
    },
    /// The header names another role than the list.
    #[error("number {number}: the signature would be in another role")]
    Role {
        /// Which.
        number: u32,
    },
    /// A first signer who would countersign, or a later one who would not.
    #[error("number {number}: it is not this role's turn")]
    Turn {
        /// Which.
        number: u32,
    },
    /// The header's time is not the task's, or too far from this machine's clock.
    #[error("number {number}: the time of signing is not now; is this machine's clock right?")]
    Time {
        /// Which.
        number: u32,
    },
    /// The payload is another record's, or another version's, than the task says.
    #[error("number {number}: the bytes are of another record than said")]
    Record {
        /// Which.
        number: u32,
    },
    /// The record is of another school, year or class than the list.
    #[error("number {number}: the record is of another school, year or class")]
    Class {
        /// Which.
        number: u32,
    },
    /// The bytes are of a list in which the record is not at this place, or of one with records that were not sent.
    #[error("number {number}: the bytes are of another list than this one")]
    List {
        /// Which.
        number: u32,
    },
    /// Something that would be shown is not what would be signed.
    #[error("number {number}: {section} is not what would be signed")]
    Changed {
        /// Which.
        number: u32,
        /// Name of the section.
        section: String,
    },
    /// Something would be signed that is not shown.
    #[error("number {number}: not everything that would be signed is shown")]
    Withheld {
        /// Which.
        number: u32,
    },
}

impl Refused {
    /// Stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Count { .. } => "too-many",
            Self::Twice { .. } => "twice",
            Self::NotARecord { .. } => "not-a-record",
            Self::NotAnAppointment { .. } => "not-an-appointment",
            Self::NotAnEnd { .. } => "not-an-end",
            Self::Appointment { .. } => "other-appointment",
            Self::NotASuperseding { .. } => "not-a-superseding",
            Self::NotYours { .. } => "not-yours",
            Self::Rank { .. } => "rank",
            Self::School { .. } => "other-school",
            Self::Certificate { .. } => "other-certificate",
            Self::Algorithm { .. } => "other-algorithm",
            Self::Role { .. } => "other-role",
            Self::Turn { .. } => "not-the-turn",
            Self::Time { .. } => "time",
            Self::Record { .. } => "other-record",
            Self::Class { .. } => "other-class",
            Self::List { .. } => "other-list",
            Self::Changed { .. } => "changed",
            Self::Withheld { .. } => "withheld",
        }
    }
    /// Place in the class list, where it is about one record.
    pub fn number(&self) -> Option<u32> {
        match *self {
            Self::Count { .. } => None,
            Self::Twice { number }
            | Self::NotARecord { number }
            | Self::NotAnAppointment { number }
            | Self::NotAnEnd { number }
            | Self::Appointment { number }
            | Self::NotASuperseding { number }
            | Self::NotYours { number }
            | Self::Rank { number }
            | Self::School { number }
            | Self::Certificate { number }
            | Self::Algorithm { number }
            | Self::Role { number }
            | Self::Turn { number }
            | Self::Time { number }
            | Self::Record { number }
            | Self::Class { number }
            | Self::List { number }
            | Self::Changed { number, .. }
            | Self::Withheld { number } => Some(number),
        }
    }
    /// The same in Vietnamese.
    pub fn vietnamese(&self) -> String {
        let said = match self {
            Self::Count { found } => {
                return format!("danh sách phải có từ 1 đến {MAX_TASKS} mục, danh sách này có {found}");
            }
            Self::Twice { .. } => "có hai lần trong danh sách",
            Self::NotARecord { .. } => "nội dung cần ký không phải học bạ",
            Self::NotAnAppointment { .. } => "nội dung cần ký không phải bổ nhiệm, phân công",
            Self::NotAnEnd { .. } => "nội dung cần ký không phải chấm dứt bổ nhiệm, phân công",
            Self::Appointment { .. } => "nội dung cần ký chấm dứt một bổ nhiệm, phân công khác",
            Self::NotASuperseding { .. } => "nội dung cần ký không phải bản mới thay bản cũ",
            Self::NotYours { .. } => "bản mới là bản khác, hoặc chưa được ký bằng khoá này",
            Self::Rank { .. } => "vai trò này không được giao, hay chấm dứt, việc đó",
            Self::School { .. } => "bổ nhiệm, phân công ở trường khác",
            Self::Certificate { .. } => "chữ ký sẽ ghi tên một chứng thư khác",
            Self::Algorithm { .. } => "chữ ký sẽ ghi một thuật toán khác với khoá",
            Self::Role { .. } => "chữ ký sẽ ở một vai trò khác",
            Self::Turn { .. } => "chưa đến lượt vai trò này ký",
            Self::Time { .. } => "giờ ký không phải bây giờ; đồng hồ máy này có đúng không?",
            Self::Record { .. } => "nội dung cần ký là của học bạ khác",
            Self::Class { .. } => "học bạ của trường, năm học hoặc lớp khác",
            Self::List { .. } => "nội dung cần ký là của một danh sách khác",
            Self::Changed { section, .. } => {
                let number = self.number().unwrap_or_default();
                return format!("STT {number}: mục {section} không phải nội dung sẽ được ký");
            }
            Self::Withheld { .. } => "có nội dung sẽ được ký mà không được cho xem",
        };
        format!("STT {}: {said}", self.number().unwrap_or_default())
    }
}

/// Computes again what a list would have signed with this certificate's key.
///
/// # Errors
/// The first [`Refused`] met.
pub fn review(request: ListRequest, certificate: &Certificate, now: UnixTime) -> Result<Review, Refused> {
    let ListRequest { role, school, year, class, tasks, .. } = request;
    if !(1..=MAX_TASKS).contains(&tasks.len()) {
        return Err(Refused::Count { found: tasks.len() });
    }
    let (mut numbers, mut records) = (BTreeSet::new(), BTreeSet::new());
    let mut entries = Vec::with_capacity(tasks.len());
    for task in tasks {
        let number = task.number;
        if !numbers.insert(number) || !records.insert(task.record) {
            return Err(Refused::Twice { number });
        }
        let (header, signed) = parts(&task.to_sign).ok_or(Refused::NotARecord { number })?;
        let header: Header = canonical::from_slice(&header, Limits { bytes: MAX_HEADER_BYTES, depth: 1 })
            .map_err(|_| Refused::NotARecord { number })?;
        let typ = if task.list.is_some() { StatementType::RecordList } else { StatementType::Record };
        let meant = Meant { number, typ, role, certificate, at: task.at };
        meant.check(&header, now)?;
        // The first signer signs the record, everyone after also what was signed before; in a list, `prev` is in the leaf.
        let prev = if task.list.is_some() { task.prev } else { header.prev };
        if prev.is_none() != (role == Role::HomeroomTeacher) {
            return Err(Refused::Turn { number });
        }
        let payload_bytes = match &task.list {
            None => signed.clone(),
            Some(place) => listed(&task, place, &signed)?,
        };
        let payload = RecordPayload::from_bytes(&payload_bytes).map_err(|_| Refused::NotARecord { number })?;
        if (payload.id, payload.version) != (task.record, task.version) {
            return Err(Refused::Record { number });
        }
        if (&payload.school, payload.year, &payload.class) != (&school, year, &class) {
            return Err(Refused::Class { number });
        }
        let sections = sections_of(&payload, number, &task.disclosures)?;
        entries.push(entry(&task, &header, &signed, &payload_bytes, &sections)?);
    }
    whole_lists(&entries)?;
    entries.sort_by_key(|entry: &Entry| entry.number);
    let digest = list_digest(entries.iter().filter_map(|entry| match &entry.shown {
        Shown::Record(shown) => Some((entry.number, &shown.record, shown.version, &shown.payload)),
        Shown::Appointment(_) | Shown::End { .. } | Shown::Superseding(_) => None,
    }));
    let id = request_id(&digest, &entries);
    let matter = Matter::Class { year, class };
    Ok(Review { role, school, matter, certificate: *certificate.digest(), entries, digest, id })
}

/// Names a list together with who is to sign it and over whose signatures.
pub(crate) fn request_id(digest: &Sha256Digest, entries: &[Entry]) -> Sha256Digest {
    let contents = entries.iter().map(|e| e.content.as_bytes().as_slice());
    Sha256Digest::of(&std::iter::once(digest.as_bytes().as_slice()).chain(contents).collect::<Vec<_>>().concat())
}

/// The payload of a record that is signed in a list: it has this place in the list whose root and size are signed.
fn listed(task: &SigningTask, place: &ListPlace, signed: &[u8]) -> Result<Vec<u8>, Refused> {
    let number = task.number;
    let payload = task.payload.as_deref().filter(|text| text.len() <= MAX_PAYLOAD_BYTES / 3 * 4 + 4);
    let payload = payload.and_then(|text| from_base64url(text).ok()).ok_or(Refused::NotARecord { number })?;
    let computed = place.signed_payload(&payload, task.prev.as_ref()).map_err(|_| Refused::List { number })?;
    if computed == signed { Ok(payload) } else { Err(Refused::List { number }) }
}

/// Whether each list that would be signed is here from its first record to its last. A list with a record more than was
/// shown would have that one signed as well.
fn whole_lists(entries: &[Entry]) -> Result<(), Refused> {
    let mut shown: BTreeMap<&[u8], BTreeSet<u32>> = BTreeMap::new();
    for (entry, place) in entries.iter().filter_map(|entry| entry.place.as_ref().map(|place| (entry, place))) {
        shown.entry(&entry.bytes).or_default().insert(place.index);
    }
    let torn = |entry: &&Entry| {
        let of = |place: &ListPlace| shown.get(entry.bytes.as_slice()).is_none_or(|s| s.len() != place.size as usize);
        entry.place.as_ref().is_some_and(of)
    };
    entries.iter().find(torn).map_or(Ok(()), |entry| Err(Refused::List { number: entry.number }))
}

/// Protected header and payload of ASCII(base64url(header) || "." || base64url(payload)).
pub(crate) fn parts(to_sign: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    // 4 characters for 3 bytes, rounded up.
    if to_sign.len() > (MAX_HEADER_BYTES + MAX_PAYLOAD_BYTES) / 3 * 4 + 16 {
        return None;
    }
    let text = String::from_utf8(from_base64url(to_sign).ok()?).ok()?;
    let (header, payload) = text.split_once('.')?;
    Some((from_base64url(header).ok()?, from_base64url(payload).ok()?))
}

/// What a header has to say.
pub(crate) struct Meant<'a> {
    pub(crate) number: u32,
    pub(crate) typ: StatementType,
    pub(crate) role: Role,
    pub(crate) certificate: &'a Certificate,
    /// The task's time.
    pub(crate) at: UnixTime,
}

impl Meant<'_> {
    pub(crate) fn check(&self, header: &Header, now: UnixTime) -> Result<(), Refused> {
        let Self { number, typ, role, certificate, at } = *self;
        if header.typ != typ {
            return Err(match typ {
                StatementType::Appointment => Refused::NotAnAppointment { number },
                StatementType::Status => Refused::NotAnEnd { number },
                _ => Refused::NotARecord { number },
            });
        }
        if header.certificate != *certificate.digest() {
            return Err(Refused::Certificate { number });
        }
        if !certificate.key().accepts(header.alg) {
            return Err(Refused::Algorithm { number });
        }
        if header.role != role {
            return Err(Refused::Role { number });
        }
        let about_now = now.plus(-CLOCK_BEHIND) <= header.iat && header.iat <= now.plus(CLOCK_AHEAD);
        if header.iat != at || !about_now {
            return Err(Refused::Time { number });
        }
        Ok(())
    }
}

/// The record's sections: each of them signed, none of them missing.
fn sections_of(payload: &RecordPayload, number: u32, disclosures: &[Disclosure]) -> Result<Vec<Section>, Refused> {
    let changed = |section: &dyn fmt::Display| Refused::Changed { number, section: section.to_string() };
    if let Some(error) = check_disclosures(payload, disclosures).into_iter().next() {
        use hocba_record::disclosure::DisclosureError::{NotSigned, Order};
        let (NotSigned(section) | Order(section)) = error;
        return Err(changed(&section));
    }
    let read = |d: &Disclosure| Section::from_value(d.name(), d.value()).map_err(|_| changed(d.name()));
    let sections: Vec<Section> = disclosures.iter().map(read).collect::<Result<_, _>>()?;
    match extent(&sections) {
        Ok(Extent::Whole) => Ok(sections),
        _ => Err(Refused::Withheld { number }),
    }
}

fn entry(
    task: &SigningTask,
    header: &Header,
    signed: &[u8],
    payload: &[u8],
    sections: &[Section],
) -> Result<Entry, Refused> {
    let number = task.number;
    let identity = sections.iter().find_map(|section| match section {
        Section::Identity(identity) => Some(identity),
        _ => None,
    });
    // A record that names nobody cannot be shown to anybody.
    let Identity { name, birth_date, .. } = identity.ok_or(Refused::Withheld { number })?;
    let bytes = from_base64url(&task.to_sign).map_err(|_| Refused::NotARecord { number })?;
    let content = content(header, signed).ok_or(Refused::NotARecord { number })?;
    let mut shown = RecordShown {
        record: task.record,
        version: task.version,
        revision: task.revision,
        name: name.to_string(),
        birth_date: birth_date.vietnamese(),
        study: None,
        conduct: None,
        marks: Vec::new(),
        payload: Sha256Digest::of(payload),
    };
    for section in sections {
        match section {
            Section::Result(study) => shown.study = Some(study.reassessed.unwrap_or(study.year)),
            Section::Conduct(conduct) => shown.conduct = Some(conduct.retrained.unwrap_or(conduct.year)),
            Section::Subject(subject) => {
                if let SubjectResult::Score { year, reassessed, .. } = subject.result {
                    shown.marks.push((subject.name.to_string(), reassessed.unwrap_or(year).tenths()));
                }
            }
            _ => {}
        }
    }
    Ok(Entry { number, at: task.at, shown: Shown::Record(shown), content, bytes, place: task.list.clone() })
}

/// What would be signed, whenever: the header without its time, and the payload.
pub(crate) fn content(header: &Header, payload: &[u8]) -> Option<Sha256Digest> {
    let header = Header { iat: UnixTime::from_seconds(0).ok()?, ..header.clone() };
    let header = canonical::to_vec(&header).ok()?;
    let length = u64::try_from(header.len()).ok()?.to_be_bytes();
    Some(Sha256Digest::of(&[&length[..], &header, payload].concat()))
}
