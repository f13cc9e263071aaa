//! The report in words: Vietnamese first, English beside it, in the language of parents and schools.
//!
//! `style.md` "On screen" rules the words: no Merkle, no leaf, no anchor; "chưa kiểm tra được" and never "giả" for
//! what could not be checked.

use hocba_record::types::{SchoolYear, SectionName, Text, UnixTime};
use hocba_signature::{
    certificate::PathError,
    policy::PolicyError,
    revocation::Reason,
    statement::{Role, StatementError},
    status::ReasonClass,
    timestamp::TimeStampError,
};
use serde::Serialize;

use crate::{
    book::{self, Whole},
    format::BundleError,
    report::{
        Agreement, AppointmentProblem, AsOf, ChainProblem, Check, CheckId, Group, Headline, OperatorSaid, OperatorWord,
        Outcome, Problem, RecordSummary, Report, ShownTimeStamp, SkipReason, StatusNote, TimeStampProblem, Verdict,
    },
};

/// A language of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Tiếng Việt.
    Vietnamese,
    /// English.
    English,
}

impl Language {
    pub(crate) fn pick<T>(self, vietnamese: T, english: T) -> T {
        match self {
            Language::Vietnamese => vietnamese,
            Language::English => english,
        }
    }
}

/// The sentence on top.
pub fn headline(report: &Report, language: Language) -> String {
    let note = report.checks.iter().flat_map(|c| c.outcome.problems()).find_map(|problem| match problem {
        Problem::Revoked(note) | Problem::Superseded(note) => Some(note),
        _ => None,
    });
    let day = note.map(|note| date(note.at)).unwrap_or_default();
    let version = note.map_or(0, |note| note.live_version);
    match report.headline {
        Headline::Valid => language.pick(
            "Học bạ này là thật và đang có hiệu lực.".into(),
            "This transcript is genuine and in force.".into(),
        ),
        Headline::Provisional => {
            let until = report.provisional_until.map(date).unwrap_or_default();
            language.pick(
                format!("Học bạ này là thật và đang có hiệu lực (tạm thời, chờ xác nhận chứng thư trước ngày {until})."),
                format!("This transcript is genuine and in force (provisionally; certificates are confirmed by {until})."),
            )
        }
        Headline::Superseded => language.pick(
            format!("Học bạ này là thật nhưng đã được thay bằng bản sửa ngày {day} (phiên bản {version})."),
            format!("This transcript is genuine but was replaced by version {version} on {day}."),
        ),
        Headline::Revoked => language.pick(
            format!("Học bạ này là thật nhưng đã bị thu hồi ngày {day}."),
            format!("This transcript is genuine but was revoked on {day}."),
        ),
        Headline::Resaved => language.pick(
            "Tệp đã bị lưu lại bằng chương trình khác; nội dung vẫn khớp chữ ký. Hãy dùng tệp gốc.".into(),
            "The file was saved again by another program; what it says still matches the signatures. Use the original file.".into(),
        ),
        Headline::Invalid => {
            let changed = report.checks.iter().flat_map(|c| c.outcome.problems()).find_map(|problem| match problem {
                Problem::SectionChanged { section, subject } => Some(section_name(section, subject.as_ref(), language)),
                _ => None,
            });
            match changed {
                Some(what) => language.pick(
                    format!("Học bạ này không hợp lệ: {what} đã bị sửa sau khi ký."),
                    format!("This transcript is not valid: {what} was changed after signing."),
                ),
                None => language
                    .pick("Học bạ này không hợp lệ.".into(), "This transcript is not valid.".into()),
            }
        }
        Headline::Inconclusive => language.pick(
            "Chưa kiểm tra được đầy đủ, hãy thử lại sau. Không có dấu hiệu nào cho thấy học bạ sai.".into(),
            "Could not be fully checked, try again later. Nothing found speaks against the transcript.".into(),
        ),
    }
}

/// A group's name.
pub fn group(group: Group, language: Language) -> &'static str {
    match group {
        Group::Integrity => language.pick("Nội dung nguyên vẹn", "Content intact"),
        Group::Signatures => language.pick("Chữ ký", "Signatures"),
        Group::Authority => language.pick("Thẩm quyền người ký", "Right to sign"),
        Group::Anchor => language.pick("Ghi sổ chung", "Public record"),
        Group::Status => language.pick("Hiệu lực", "In force"),
    }
}

/// A check's name.
pub fn check(id: CheckId, language: Language) -> &'static str {
    match id {
        CheckId::Format => language.pick("Tệp đọc được", "File can be read"),
        CheckId::Canonical => language.pick("Tệp đúng bản gốc", "File is the original"),
        CheckId::Payload => language.pick("Đúng mẫu học bạ", "Record of a known form"),
        CheckId::Disclosures => language.pick("Các mục đúng như khi ký", "Sections as signed"),
        CheckId::Sections => language.pick("Các mục đúng mẫu", "Sections of the form's shape"),
        CheckId::Manifest => language.pick("Khớp danh mục các mục", "Agrees with the list of sections"),
        CheckId::Seed => language.pick("Không có mục ẩn", "No hidden section"),
        CheckId::History => language.pick("Khớp các năm học trước", "Agrees with earlier years"),
        CheckId::Pupil => language.pick("Các năm của cùng một học sinh", "Years of one pupil"),
        CheckId::Statement => language.pick("Chữ ký đúng khuôn dạng", "Signatures well formed"),
        CheckId::Policy => language.pick("Đủ người ký, đúng thứ tự", "All signers, in order"),
        CheckId::Verify => language.pick("Chữ ký đúng", "Signatures verify"),
        CheckId::Keys => language.pick("Mỗi người một khoá", "A key for each signer"),
        CheckId::Profile => language.pick("Danh sách nơi cấp còn hạn", "List of recognised issuers in force"),
        CheckId::Certificates => language.pick("Chứng thư được công nhận", "Certificates recognised"),
        CheckId::Revocation => language.pick("Chứng thư chưa bị thu hồi khi ký", "Certificates not revoked when used"),
        CheckId::Appointments => language.pick("Được phân công, bổ nhiệm", "Appointed to the role"),
        CheckId::Issuer => language.pick("Đúng cơ quan quản lý trường", "Issued by the school's department"),
        CheckId::Unreferenced => language.pick("Không có phần thừa", "No unused part"),
        CheckId::Chain => language.pick("Đọc được sổ chung", "Public record could be read"),
        CheckId::Inclusion => language.pick("Đã ghi sổ chung", "Entered in the public record"),
        CheckId::TimeStamp => language.pick("Dấu thời gian khớp lúc ghi sổ", "Time-stamp bears out the time of entry"),
        CheckId::StatusLog => language.pick("Đọc được sổ hiệu lực", "Status list could be read"),
        CheckId::Current => language.pick("Chưa bị thay, chưa bị thu hồi", "Neither replaced nor revoked"),
    }
}

/// A role's name.
pub fn role(role: Role, language: Language) -> &'static str {
    match role {
        Role::HomeroomTeacher => language.pick("giáo viên chủ nhiệm", "homeroom teacher"),
        Role::Principal => language.pick("hiệu trưởng", "principal"),
        Role::DeputyPrincipal => language.pick("phó hiệu trưởng", "deputy principal"),
        Role::SchoolSeal => language.pick("con dấu số của trường", "school seal"),
        Role::Department => language.pick("sở / phòng GD&ĐT", "department of education"),
        Role::ProfilePublisher => language.pick("nơi công bố danh sách", "profile publisher"),
    }
}

/// What a section is called: a subject by its printed name.
pub fn section_name(name: &SectionName, subject: Option<&Text>, language: Language) -> String {
    if let Some(subject) = subject {
        return language.pick(format!("môn {subject}"), format!("subject {subject}"));
    }
    let known = match name.as_str() {
        "school_details" => language.pick("thông tin trường", "school details"),
        "identity" => language.pick("thông tin học sinh", "pupil's identity"),
        "result" => language.pick("kết quả học tập", "study results"),
        "conduct" => language.pick("kết quả rèn luyện", "conduct results"),
        "attendance" => language.pick("số buổi nghỉ", "absences"),
        "promotion" => language.pick("xét lên lớp", "promotion"),
        "awards" => language.pick("khen thưởng", "awards"),
        "remarks" => language.pick("nhận xét", "remarks"),
        "completion" => language.pick("hoàn thành chương trình", "completion of the level"),
        "qualities" => language.pick("phẩm chất", "qualities"),
        "competences" => language.pick("năng lực", "competences"),
        "education_result" => language.pick("kết quả giáo dục", "education result"),
        "study_ranking" => language.pick("xếp loại học lực", "study ranking"),
        "conduct_ranking" => language.pick("xếp loại hạnh kiểm", "conduct ranking"),
        "individual_plan" => language.pick("kế hoạch giáo dục cá nhân", "individual education plan"),
        "certificates" => language.pick("chứng chỉ", "certificates"),
        "contests" => language.pick("giải thưởng trong các cuộc thi", "prizes in contests"),
        "enrolment" => language.pick("quá trình học tập trong năm", "enrolment"),
        "conversion" => language.pick("chuyển đổi từ bản giấy", "taken over from paper"),
        "manifest" => language.pick("danh mục các mục", "list of sections"),
        "history" => language.pick("các năm học trước", "earlier years"),
        other => return language.pick(format!("mục “{other}”"), format!("section “{other}”")),
    };
    known.to_owned()
}

/// A moment as people in Vietnam read it: date in UTC+7.
pub fn date(time: UnixTime) -> String {
    let (year, month, day) = civil(time.plus(7 * 3600).seconds() / 86_400);
    format!("{day:02}/{month:02}/{year}")
}

/// Date and time of day, UTC+7.
pub fn date_time(time: UnixTime) -> String {
    let seconds = time.plus(7 * 3600).seconds() % 86_400;
    format!("{} {:02}:{:02}", date(time), seconds / 3600, seconds % 3600 / 60)
}

/// The school year that a moment lies in, in Vietnam's time (UTC+7). Pupils are back at school in the second half
/// of August, so it begins with that month.
pub fn school_year(time: UnixTime) -> SchoolYear {
    let (year, month, _) = civil(time.plus(7 * 3600).seconds() / 86_400);
    let start = if month >= 8 { year } else { year - 1 };
    let within = u16::try_from(start.clamp(1950, 2200)).unwrap_or(2200);
    SchoolYear::starting(within).expect("1950 to 2200 are school years")
}

/// Days since 1970-01-01 as year, month, day in the proleptic Gregorian calendar (era-based, valid for all of
/// [`UnixTime`]).
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// An age as people say it.
pub fn age(seconds: i64, language: Language) -> String {
    let (number, vietnamese, english) = match seconds {
        ..120 => (seconds, "giây", "seconds"),
        120..7200 => (seconds / 60, "phút", "minutes"),
        7200..172_800 => (seconds / 3600, "giờ", "hours"),
        _ => (seconds / 86_400, "ngày", "days"),
    };
    format!("{number} {}", language.pick(vietnamese, english))
}

/// What was looked at, and as of when.
pub fn as_of(as_of: &AsOf, language: Language) -> String {
    use crate::report::FactsSource;
    let block = as_of.block.unwrap_or_default();
    let at = as_of.block_time.map(date_time).unwrap_or_default();
    let age = as_of.age.map(|a| age(a, language)).unwrap_or_default();
    match as_of.source {
        FactsSource::None => language.pick("Chưa đọc được sổ chung.".into(), "The public record was not read.".into()),
        FactsSource::Live => language.pick(
            format!("Theo sổ chung vừa đọc, khối {block}, ghi lúc {at}."),
            format!("According to the public record read just now, block {block}, written at {at}."),
        ),
        FactsSource::Snapshot => language.pick(
            format!("Theo bản chụp sổ chung cách đây {age}, khối {block}, ghi lúc {at}."),
            format!("According to a snapshot of the public record {age} old, block {block}, written at {at}."),
        ),
    }
}

/// Who else saw the record's entry, and when.
pub fn time_stamp(shown: &ShownTimeStamp, language: Language) -> String {
    let (authority, at) = (&shown.authority, date_time(shown.time));
    language.pick(
        format!("Dấu thời gian của {authority}: lúc {at} đã có lần ghi sổ này."),
        format!("Time-stamp of {authority}: this entry was there at {at}."),
    )
}

/// Whose word the facts are, where some operator says otherwise or nothing; empty where all agree.
pub fn agreement(agreement: &Agreement, language: Language) -> String {
    let word = |said: &OperatorSaid| {
        let (vietnamese, english) = match said.word {
            OperatorWord::Agrees => return None,
            OperatorWord::Behind { block } => {
                (format!("chậm, mới đến khối {block}"), format!("behind, at block {block}"))
            }
            OperatorWord::Differs => ("nói khác về cùng một khối".into(), "says otherwise of the same block".into()),
            OperatorWord::Inconsistent => ("trả lời tự mâu thuẫn".into(), "contradicts itself".into()),
            OperatorWord::OtherChain => ("ở một sổ chung khác".into(), "is on another chain".into()),
            OperatorWord::OtherCode => ("có chương trình khác ở địa chỉ này".into(), "has other code there".into()),
            OperatorWord::Silent => ("không trả lời".into(), "gave no answer".into()),
        };
        Some(format!("{} {}", said.id, language.pick(vietnamese, english)))
    };
    let others: Vec<String> = agreement.operators.iter().filter_map(word).collect();
    if others.is_empty() {
        return String::new();
    }
    let (all, agreeing, needed) = (agreement.operators.len(), agreement.agreeing(), agreement.needed);
    let others = others.join("; ");
    language.pick(
        format!("{agreeing} trong {all} nơi vận hành nói giống nhau (cần {needed}); còn lại: {others}."),
        format!("{agreeing} of {all} operators say the same ({needed} are needed); the others: {others}."),
    )
}

/// One problem in words: what, where, how to mend it where there is a way.
pub fn problem(problem: &Problem, language: Language) -> String {
    let (vietnamese, english): (String, String) = match problem {
        Problem::Unreadable(error) => return unreadable(error, language),
        Problem::Resaved { offset } => (
            format!(
                "tệp đã bị lưu lại (khác bản gốc từ byte {offset}); hãy dùng tệp gốc chưa mở bằng chương trình khác"
            ),
            format!(
                "the file was saved again (differs from the original from byte {offset} on); use the file as it was received"
            ),
        ),
        Problem::RecordOrder => (
            "một năm học có hai bản hoặc các năm không theo thứ tự".into(),
            "a record stands twice or the years are out of order".into(),
        ),
        Problem::Payload(_) | Problem::PayloadContent(_) => {
            ("phần được ký không đúng khuôn dạng học bạ".into(), "what was signed is not a record".into())
        }
        Problem::UnknownForm => (
            "mẫu học bạ mới hơn chương trình này; hãy cập nhật chương trình".into(),
            "the form is newer than this program; update the program".into(),
        ),
        Problem::SectionChanged { section, subject } => (
            format!("{} đã bị sửa sau khi ký", section_name(section, subject.as_ref(), language)),
            format!("{} was changed after signing", section_name(section, subject.as_ref(), language)),
        ),
        Problem::SectionOrder { section } => (
            format!("{} xuất hiện hai lần hoặc sai thứ tự", section_name(section, None, language)),
            format!("{} stands twice or out of order", section_name(section, None, language)),
        ),
        Problem::SectionShape { section } => (
            format!("{} không đúng mẫu", section_name(section, None, language)),
            format!("{} is not of its form's shape", section_name(section, None, language)),
        ),
        Problem::ManifestDisagrees { section } => (
            format!("{} không có trong danh mục của học bạ", section_name(section, None, language)),
            format!("{} is not in the record's own list", section_name(section, None, language)),
        ),
        Problem::ConversionDisagrees => (
            "học bạ số hoá từ giấy phải ghi ai chuyển đổi, khi nào; học bạ lập số thì không".into(),
            "a record taken over from paper says by whom and when, and no other record does".into(),
        ),
        Problem::SeedBesidePart => (
            "tệp có khoá mở toàn bộ nhưng chỉ trình một phần".into(),
            "the file carries the seed of the whole record but shows a part".into(),
        ),
        Problem::SeedDisagrees => (
            "có mục ẩn không giải thích được trong phần đã ký".into(),
            "something signed is not explained by what is shown".into(),
        ),
        Problem::HistoryDisagrees => (
            "danh sách các năm học trước không khớp các năm trong tệp".into(),
            "the list of earlier years disagrees with the years in the file".into(),
        ),
        Problem::PupilsNotTied { record } => (
            format!("không có gì cho thấy năm thứ {} trong tệp là của cùng học sinh với năm trước đó", record + 1),
            format!("nothing shown ties year {} of the file to the same pupil as the year before", record + 1),
        ),
        Problem::MandatoryNotShown => (
            "nơi kiểm tra yêu cầu mục này nhưng tệp không trình".into(),
            "the verifier requires this, and the file does not show it".into(),
        ),
        Problem::Statement(error) => return statement(error, language),
        Problem::Policy(error) => return policy(error, language),
        Problem::PolicyNotAccepted => (
            "quy định ký của học bạ không được công nhận".into(),
            "the record's signing policy is not recognised".into(),
        ),
        Problem::PolicyOutsideInterval => (
            "quy định ký của học bạ chưa hoặc không còn áp dụng khi ghi sổ".into(),
            "the record's signing policy was not in force when it was entered".into(),
        ),
        Problem::CertificateMissing { role: r } => (
            format!("thiếu chứng thư của {}", role(*r, language)),
            format!("the certificate of the {} is missing", role(*r, language)),
        ),
        Problem::CertificateUnusable(error) => {
            (format!("một chứng thư không dùng được ({error})"), format!("a certificate cannot be used: {error}"))
        }
        Problem::SignatureInvalid { role: r } => (
            format!("chữ ký của {} không đúng", role(*r, language)),
            format!("the signature of the {} does not verify", role(*r, language)),
        ),
        Problem::SharedKey { role: r } => (
            format!("{} ký bằng khoá của người khác", role(*r, language)),
            format!("the {} signed with another signer's key", role(*r, language)),
        ),
        Problem::ProfileExpired { at } => (
            format!("danh sách nơi cấp được công nhận đã hết hạn ngày {}; hãy tải bản mới", date(*at)),
            format!("the list of recognised issuers expired on {}; get a new one", date(*at)),
        ),
        Problem::ProfileNotYet => (
            "danh sách nơi cấp được công nhận chưa có hiệu lực; hãy xem lại đồng hồ máy".into(),
            "the list of recognised issuers is not yet in force; check this machine's clock".into(),
        ),
        Problem::Path { role: r, error } => {
            (path_vietnamese(*r, *error), format!("certificate of the {}: {error}", role(*r, language)))
        }
        Problem::CertificateRevoked { role: r, at, reason, authority } => {
            let whose = match authority {
                false => language.pick("chứng thư của", "the certificate of the"),
                true => language.pick("chứng thư nơi cấp cho", "the authority that certified the"),
            };
            let (why, day, r) = (revocation_reason(*reason, language), date(*at), role(*r, language));
            (
                format!("{whose} {r} không còn giá trị từ {day}, trước khi ghi sổ ({why})"),
                format!("{whose} {r} no longer counted from {day} on, before the record was entered ({why})"),
            )
        }
        Problem::RevocationUnknown { role: r } => (
            format!("chưa có xác nhận của nơi cấp rằng chứng thư của {} chưa bị thu hồi", role(*r, language)),
            format!("no authority's answer says that the certificate of the {} was not revoked", role(*r, language)),
        ),
        Problem::RootCutOff { role: r, at } => (
            format!("nơi cấp gốc của {} không được công nhận từ {}", role(*r, language), date(*at)),
            format!("the root above the {} is not recognised from {} on", role(*r, language), date(*at)),
        ),
        Problem::Appointment { role: r, problem } => return appointment(*r, *problem, language),
        Problem::IssuerNotEntitled => (
            "cơ quan ghi sổ không quản lý trường này".into(),
            "whoever entered this does not answer for the school".into(),
        ),
        Problem::Unreferenced { part } => {
            let thing = match *part {
                "certificate" => "chứng thư",
                "appointment" => "quyết định phân công",
                "time-stamp" => "dấu thời gian",
                _ => "xác nhận thu hồi",
            };
            (format!("tệp có {thing} không liên quan"), format!("the file holds a {part} that nothing uses"))
        }
        Problem::ForeignChain => (
            "tệp trỏ tới một sổ chung không được công nhận".into(),
            "the file points at a public record that is not recognised".into(),
        ),
        Problem::OutsideEra => (
            "tệp trỏ tới một phần của sổ chung không còn được công nhận".into(),
            "the file points outside the recognised part of the public record".into(),
        ),
        Problem::NotIncluded(_) => (
            "không có trong lô đã ghi sổ chung".into(),
            "not in the batch that was entered in the public record".into(),
        ),
        Problem::TimeStamp(problem) => return time_stamp_problem(*problem, language),
        Problem::Chain(problem) => return chain_problem(*problem, language),
        Problem::NoStatusLog => {
            ("bản chụp không kèm sổ hiệu lực".into(), "the snapshot was taken without the status list".into())
        }
        Problem::SnapshotTooOld { age: a, accepted } => (
            format!("bản chụp đã {}, chỉ chấp nhận đến {}", age(*a, language), age(i64::from(*accepted), language)),
            format!(
                "the snapshot is {} old, at most {} is accepted",
                age(*a, language),
                age(i64::from(*accepted), language)
            ),
        ),
        Problem::SnapshotFromFuture => (
            "bản chụp có thời gian ở tương lai; hãy xem lại đồng hồ máy".into(),
            "the snapshot is from the future; check this machine's clock".into(),
        ),
        Problem::Revoked(note) => (
            format!("đã bị thu hồi ngày {}{}", date(note.at), because(note, Language::Vietnamese)),
            format!("revoked on {}{}", date(note.at), because(note, Language::English)),
        ),
        Problem::Superseded(note) => (
            format!(
                "đã được thay bằng phiên bản {} ngày {}{}",
                note.live_version,
                date(note.at),
                because(note, Language::Vietnamese)
            ),
            format!(
                "replaced by version {} on {}{}",
                note.live_version,
                date(note.at),
                because(note, Language::English)
            ),
        ),
        Problem::NotReached => (
            "chưa biết thời điểm ghi sổ nên chưa kiểm tra được".into(),
            "cannot be told without the time of entry in the public record".into(),
        ),
    };
    language.pick(vietnamese, english)
}

fn revocation_reason(reason: Reason, language: Language) -> &'static str {
    match reason {
        Reason::Unspecified => language.pick("không nêu lý do", "no reason given"),
        Reason::KeyCompromise => language.pick("lộ hoặc mất khoá", "key compromised"),
        Reason::CaCompromise => language.pick("lộ khoá nơi cấp", "authority's key compromised"),
        Reason::AffiliationChanged => language.pick("thay đổi đơn vị", "affiliation changed"),
        Reason::Superseded => language.pick("đã cấp chứng thư thay thế", "replaced by another certificate"),
        Reason::CessationOfOperation => language.pick("ngừng sử dụng", "no longer used"),
        Reason::CertificateHold => language.pick("tạm dừng", "on hold"),
        Reason::PrivilegeWithdrawn => language.pick("rút quyền", "privilege withdrawn"),
        Reason::AaCompromise => language.pick("lộ khoá nơi chứng nhận thuộc tính", "attribute authority compromised"),
    }
}

fn because(note: &StatusNote, language: Language) -> String {
    let reason = note.reason.map(|reason| match reason {
        ReasonClass::Correction => language.pick("đính chính", "correction"),
        ReasonClass::Reassessment => language.pick("đánh giá lại trong hè", "summer re-assessment"),
        ReasonClass::IssuedInError => language.pick("cấp nhầm", "issued in error"),
        ReasonClass::Decision => language.pick("theo quyết định", "by decision"),
        ReasonClass::LeftRole => language.pick("thôi giữ vai trò", "left the role"),
        ReasonClass::KeyCompromised => language.pick("lộ hoặc mất khoá ký", "key lost or stolen"),
    });
    let by = match note.by {
        Some(by) => {
            language.pick(format!("người ký: {}", role(by, language)), format!("signed by the {}", role(by, language)))
        }
        None => language.pick("chưa rõ người ký".into(), "no verified statement says by whom".into()),
    };
    match reason {
        Some(reason) => format!(" ({reason}; {by})"),
        None => format!(" ({by})"),
    }
}

fn unreadable(error: &BundleError, language: Language) -> String {
    use hocba_record::canonical::CanonicalError as E;
    let vietnamese = match error {
        BundleError::Unreadable(E::Syntax { line, column }) => {
            format!("không phải tệp học bạ, hoặc tệp bị cắt cụt (dòng {line}, cột {column}); hãy tải lại tệp gốc")
        }
        BundleError::Unreadable(E::TooLarge { limit, .. }) => {
            format!("tệp lớn hơn {limit} byte, không phải tệp học bạ")
        }
        BundleError::Unreadable(_) => "không phải tệp học bạ đúng khuôn dạng; hãy tải lại tệp gốc".into(),
        BundleError::Limit { what: _, found, limit } => {
            format!("tệp vượt giới hạn của định dạng ({found}, tối đa {limit})")
        }
        BundleError::NoRecord => "tệp không chứa năm học nào".into(),
        BundleError::Order { .. } => "các phần trong tệp bị lặp hoặc sai thứ tự".into(),
    };
    language.pick(vietnamese, format!("not a transcript file of this format: {error}"))
}

fn statement(error: &StatementError, language: Language) -> String {
    let vietnamese = match error {
        StatementError::Limit(_) => "phần chữ ký vượt giới hạn của định dạng".into(),
        StatementError::Header { index, .. } => format!("chữ ký thứ {} không đúng khuôn dạng", index + 1),
        StatementError::Type { index } => format!("chữ ký thứ {} là của một loại văn bản khác", index + 1),
        StatementError::Prev { index } => format!("chữ ký thứ {} không nối tiếp chữ ký trước nó", index + 1),
        StatementError::List { index } => {
            format!("chữ ký thứ {} là của một danh sách không có học bạ này", index + 1)
        }
        StatementError::NoEntry { index }
        | StatementError::Algorithm { index }
        | StatementError::Signature { index } => {
            format!("chữ ký thứ {} không đúng", index + 1)
        }
    };
    language.pick(vietnamese, error.to_string())
}

fn policy(error: &PolicyError, language: Language) -> String {
    let vietnamese = match error {
        PolicyError::Count { found, expected } => format!("có {found} chữ ký, quy định là {expected}"),
        PolicyError::Role { index, found } => {
            format!("chữ ký thứ {} là của {}, không đúng quy định", index + 1, role(*found, language))
        }
        PolicyError::Mode { index } => format!("chữ ký thứ {} không theo cách ký của quy định", index + 1),
        PolicyError::Kind => "quy định ký này không dành cho loại bản ghi này".to_owned(),
        PolicyError::SameCertificate { index, earlier } => {
            format!("chữ ký thứ {} dùng lại chứng thư của chữ ký thứ {}", index + 1, earlier + 1)
        }
    };
    language.pick(vietnamese, error.to_string())
}

fn path_vietnamese(r: Role, error: PathError) -> String {
    let role = role(r, Language::Vietnamese);
    match error {
        PathError::UnknownIssuer => format!("chứng thư của {role} không do nơi được công nhận cấp"),
        PathError::OutsideValidity => format!("chứng thư của {role} ngoài thời hạn khi ghi sổ"),
        PathError::Signature => format!("chứng thư của {role} không đúng chữ ký nơi cấp"),
        PathError::TooComplex => format!("đường dẫn chứng thư của {role} quá phức tạp"),
        PathError::Usage => format!("chứng thư của {role} không dùng để ký văn bản"),
        PathError::Constraint => format!("chứng thư của {role} trái quy tắc RFC 5280"),
        PathError::Policy => format!("chứng thư của {role} không thuộc chính sách chứng thư được công nhận"),
    }
}

fn appointment(r: Role, problem: AppointmentProblem, language: Language) -> String {
    use AppointmentProblem as P;
    let (vietnamese, english) = match problem {
        P::Compromised { since } => {
            let (day, role) = (date(since), role(r, language));
            return language.pick(
                format!("khoá ký của {role} bị lộ hoặc mất từ ngày {day}, trước khi ghi sổ"),
                format!("the key of the {role} was in other hands since {day}, before the record was entered"),
            );
        }
        P::CompromiseUndated => (
            "có khoá ký được báo lộ hoặc mất, chưa rõ từ bao giờ",
            "has a key reported lost or stolen, and since when is not known here",
        ),
        P::NotAppointed => ("chưa được bổ nhiệm hay phân công", "was not appointed"),
        P::WrongRole => ("được giao vai trò khác", "was appointed to another role"),
        P::WrongSchool => ("được bổ nhiệm ở trường khác", "was appointed at another school"),
        P::WrongClass => ("được phân công lớp khác", "was appointed to another class"),
        P::WrongYear => ("được phân công năm học khác", "was appointed for another school year"),
        P::BadStatement => {
            ("có quyết định phân công không đúng chữ ký", "has an appointment whose signature does not verify")
        }
        P::NotAnchored => {
            ("có quyết định phân công không có trong sổ chung", "has an appointment that is not in the public record")
        }
        P::AnchoredTooLate => {
            ("được phân công sau khi học bạ đã ghi sổ", "was appointed only after the record was entered")
        }
        P::OutsideInterval => ("ngoài thời hạn phân công khi ghi sổ", "was outside the appointment's interval"),
        P::Ended => ("đã thôi giữ vai trò trước khi ghi sổ", "had left the role before the record was entered"),
        P::AppointerNotEntitled => ("do người không có quyền phân công", "was appointed by someone not entitled to"),
        P::DepartmentNotRecognised => {
            ("không phải cơ quan quản lý trường này khi đó", "was not recognised for this school then")
        }
        P::TooDeep => ("có chuỗi phân công không hợp lệ", "has a chain of appointments that leads nowhere"),
        P::Unknown => {
            ("chưa kiểm tra được phân công vì chưa đọc được sổ chung", "cannot be told without the public record")
        }
    };
    let role = role(r, language);
    language.pick(format!("{role} {vietnamese}"), format!("the {role} {english}"))
}

fn time_stamp_problem(problem: TimeStampProblem, language: Language) -> String {
    let (vietnamese, english): (String, String) = match problem {
        TimeStampProblem::Missing => (
            "nơi kiểm tra yêu cầu dấu thời gian cho lần ghi sổ này, tệp chưa có; hãy xin lại tệp".into(),
            "the verifier asks for a time-stamp of this entry, and the file has none yet; ask for the file again"
                .into(),
        ),
        TimeStampProblem::EarlierBatch => (
            "dấu thời gian trong tệp là của một lần ghi sổ trước đó".into(),
            "the file's time-stamp is of an earlier entry".into(),
        ),
        TimeStampProblem::Token(TimeStampError::OtherDigest) => (
            "dấu thời gian là của nội dung khác, không phải của lần ghi sổ này".into(),
            "the time-stamp is of something else than this entry".into(),
        ),
        TimeStampProblem::Token(TimeStampError::Path(PathError::UnknownIssuer)) => (
            "dấu thời gian không do nơi được công nhận cấp".into(),
            "the time-stamp is not of a recognised authority".into(),
        ),
        TimeStampProblem::Token(TimeStampError::Path(PathError::OutsideValidity)) => (
            "chứng thư của nơi cấp dấu thời gian ngoài thời hạn khi cấp".into(),
            "the time-stamp authority's certificate was outside its validity when it was made".into(),
        ),
        TimeStampProblem::Token(error) => {
            (format!("dấu thời gian không đúng ({error})"), format!("the time-stamp does not hold: {error}"))
        }
        TimeStampProblem::Policy => (
            "dấu thời gian được cấp theo chính sách không được công nhận".into(),
            "the time-stamp was made under a policy that is not recognised".into(),
        ),
        TimeStampProblem::RootCutOff { at } => (
            format!("nơi cấp dấu thời gian không được công nhận từ {}", date(at)),
            format!("the time-stamp authority is not recognised from {} on", date(at)),
        ),
        TimeStampProblem::Early { time } => (
            format!("dấu thời gian ({}) có trước lúc ghi sổ: một trong hai đồng hồ sai", date_time(time)),
            format!("the time-stamp ({}) is from before the entry: one of the two clocks is wrong", date_time(time)),
        ),
        TimeStampProblem::Late { time } => (
            format!("dấu thời gian ({}) quá muộn để xác nhận lúc ghi sổ", date_time(time)),
            format!("the time-stamp ({}) is too late to bear out the time of entry", date_time(time)),
        ),
        TimeStampProblem::FromFuture => (
            "dấu thời gian ở tương lai; hãy xem lại đồng hồ máy".into(),
            "the time-stamp is from the future; check this machine's clock".into(),
        ),
    };
    language.pick(vietnamese, english)
}

/// Why the public record says nothing, in words.
pub fn chain_problem(problem: ChainProblem, language: Language) -> String {
    let (vietnamese, english) = match problem {
        ChainProblem::NotAsked => {
            ("chưa nối với sổ chung và chưa có bản chụp", "neither a chain nor a snapshot was given")
        }
        ChainProblem::Unreachable => ("không nối được với sổ chung", "the public record could not be reached"),
        ChainProblem::Inconsistent => {
            ("máy chủ sổ chung trả lời không nhất quán", "a node answered with lists that contradict themselves")
        }
        ChainProblem::NoAgreement => {
            ("các máy chủ sổ chung chưa đủ số nói giống nhau", "not enough operators of the public record say the same")
        }
        ChainProblem::OtherClosing => (
            "sổ chung đã khoá không khớp với danh sách nơi cấp được công nhận",
            "a closed part of the public record is not what the profile says it held",
        ),
        ChainProblem::EraMissing => (
            "thiếu dữ liệu của một quyển sổ chung trước đây",
            "the facts of an earlier part of the public record are not at hand",
        ),
        ChainProblem::OtherChain => ("đang nối với một sổ chung khác", "the facts are of another chain or contract"),
        ChainProblem::OtherCode => (
            "chương trình trên sổ chung không phải bản được công nhận",
            "the contract's code is not the recognised one",
        ),
        ChainProblem::TooOldForBatch => {
            ("bản chụp cũ hơn lần ghi sổ của học bạ này", "the facts are older than the record's entry")
        }
        ChainProblem::UnknownAlgorithm => {
            ("cách ghi sổ mới hơn chương trình này", "the batch is of a kind newer than this program")
        }
    };
    language.pick(vietnamese, english).to_owned()
}

/// The report as JSON for programs: stable codes, with the sentences beside them.
#[derive(Debug, Serialize)]
pub struct ReportJson<'a> {
    verdict: Verdict,
    headline: Headline,
    headline_vi: String,
    headline_en: String,
    demo: bool,
    profile: &'a str,
    profile_id: &'a str,
    profile_number: u32,
    verified_at: UnixTime,
    as_of: &'a AsOf,
    records: &'a [RecordSummary],
    book: BookJson,
    checks: Vec<CheckJson>,
}

#[derive(Debug, Serialize)]
struct BookJson {
    whole: Whole,
    whole_vi: String,
    whole_en: String,
    notes: Vec<NoteJson>,
}

#[derive(Debug, Serialize)]
struct NoteJson {
    record: usize,
    code: &'static str,
    vi: String,
    en: String,
}

impl BookJson {
    fn of(records: &[RecordSummary]) -> Self {
        let whole = book::whole(records);
        let notes = book::notes(records).into_iter().map(|note| NoteJson {
            record: note.at,
            code: note.what.code(),
            vi: book::in_words(&note, records, Language::Vietnamese),
            en: book::in_words(&note, records, Language::English),
        });
        Self {
            whole,
            whole_vi: book::whole_in_words(whole, Language::Vietnamese),
            whole_en: book::whole_in_words(whole, Language::English),
            notes: notes.collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct CheckJson {
    id: CheckId,
    group: Group,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<usize>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<SkipReason>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<ProblemJson>,
}

#[derive(Debug, Serialize)]
struct ProblemJson {
    code: &'static str,
    vi: String,
    en: String,
}

impl<'a> From<&'a Report> for ReportJson<'a> {
    fn from(report: &'a Report) -> Self {
        Self {
            verdict: report.verdict,
            headline: report.headline,
            headline_vi: headline(report, Language::Vietnamese),
            headline_en: headline(report, Language::English),
            demo: report.demo,
            profile: report.profile.as_str(),
            profile_id: &report.profile_number.0,
            profile_number: report.profile_number.1,
            verified_at: report.verified_at,
            as_of: &report.as_of,
            records: &report.records,
            book: BookJson::of(&report.records),
            checks: report.checks.iter().map(CheckJson::from).collect(),
        }
    }
}

impl From<&Check> for CheckJson {
    fn from(check: &Check) -> Self {
        let problems = check.outcome.problems().iter().map(|p| ProblemJson {
            code: p.code(),
            vi: problem(p, Language::Vietnamese),
            en: problem(p, Language::English),
        });
        Self {
            id: check.id,
            group: check.id.group(),
            record: check.record,
            outcome: check.outcome.as_str(),
            skipped: match check.outcome {
                Outcome::Skipped(reason) => Some(reason),
                _ => None,
            },
            problems: problems.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_vietnam() {
        let at = |seconds| UnixTime::from_seconds(seconds).expect("time");
        assert_eq!(date_time(at(0)), "01/01/1970 07:00");
        assert_eq!(date_time(at(951_782_400 - 7 * 3600)), "29/02/2000 00:00");
        assert_eq!(date(at(1_811_807_999)), "01/06/2027");
        assert_eq!(date(at(253_402_300_799 - 7 * 3600)), "31/12/9999");
    }

    #[test]
    fn a_school_year_begins_with_august_in_vietnam() {
        let of = |seconds| school_year(UnixTime::from_seconds(seconds).expect("time")).to_string();
        // 2026-07-31 and 2026-08-01, each at noon; and midnight between them in Vietnam, which is 17:00 UTC.
        assert_eq!((of(1_785_499_200), of(1_785_585_600)), ("2025-2026".to_owned(), "2026-2027".to_owned()));
        assert_eq!((of(1_785_517_199), of(1_785_517_200)), ("2025-2026".to_owned(), "2026-2027".to_owned()));
        assert_eq!(of(0), "1969-1970");
        assert_eq!(of(253_402_300_799), "2200-2201", "beyond what is a school year");
    }

    #[test]
    fn what_could_not_be_checked_is_never_called_false() {
        let chain = [
            ChainProblem::NotAsked,
            ChainProblem::Unreachable,
            ChainProblem::Inconsistent,
            ChainProblem::NoAgreement,
            ChainProblem::OtherClosing,
            ChainProblem::EraMissing,
            ChainProblem::OtherChain,
            ChainProblem::OtherCode,
            ChainProblem::TooOldForBatch,
        ];
        for p in chain.map(Problem::Chain) {
            let text = problem(&p, Language::Vietnamese);
            assert!(!text.contains("giả") && !text.contains("không hợp lệ"), "{text}");
        }
    }
}
