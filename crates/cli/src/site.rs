//! A data folder put to work: database, data key, trust profile and public record behind one `App`.

use std::{fmt, str::FromStr, sync::Arc};

use hocba_app::{AccessError, AccessSettings, Actor, App, AppError, Edges, NoPublicRecord, PublicRecord, Settings};
use hocba_bundle::text::Language;
use hocba_keystore::DataKey;
use hocba_record::types::{ClassName, FormError, SchoolYear};
use hocba_signature::statement::Role;
use hocba_store::{
    SchemaFault, Store, StoreError,
    model::{Class, GrantRole},
};
use serde_json::json;

use crate::{
    edge,
    error::{Exit, Failure},
    folder::{DATA_KEY, Folder, OpenIdConfig, sweep},
    ledger,
    mail::MailConfig,
    output::{Lang, Words, words},
    report,
};

/// How long a sealed record waits for others before its batch is closed, in seconds. The state is to be "in force"
/// within ten seconds of the seal; a class is sealed in one.
pub const BATCH_AGE: i64 = 3;

/// A class as named on the command line: `9A3`, or `9A3:2026-2027` where classes of several years have the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassChoice {
    /// Name.
    pub name: ClassName,
    /// School year.
    pub year: Option<SchoolYear>,
}

impl FromStr for ClassChoice {
    type Err = FormError;
    fn from_str(text: &str) -> Result<Self, FormError> {
        match text.rsplit_once(':') {
            Some((name, year)) => Ok(Self { name: name.parse()?, year: Some(year.parse()?) }),
            None => Ok(Self { name: text.parse()?, year: None }),
        }
    }
}

impl fmt::Display for ClassChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        self.year.map_or(Ok(()), |year| write!(f, ":{year}"))
    }
}

/// A folder at work.
pub struct Site {
    /// The folder.
    pub folder: Folder,
    /// The use cases.
    pub app: App,
}

impl Site {
    /// Opens a folder's database, for a command that asks no chain.
    ///
    /// # Errors
    /// When there is no folder, when its database is of another release, and when the data key does not open.
    pub async fn open(folder: Folder) -> anyhow::Result<Self> {
        Self::with(folder, Arc::new(NoPublicRecord)).await
    }

    /// The same, with what verdicts ask.
    ///
    /// # Errors
    /// As for [`Site::open`].
    pub async fn with(folder: Folder, public_record: Arc<dyn PublicRecord>) -> anyhow::Result<Self> {
        let site = Self::build(folder, public_record).await?;
        site.app.agree().await.map_err(|e| app_failure(&e, Lang::Vi))?;
        Ok(site)
    }

    /// The same for moving it to another contract: it may belong to that one already.
    ///
    /// # Errors
    /// As for [`Site::open`].
    pub async fn to_move(folder: Folder) -> anyhow::Result<Self> {
        Self::build(folder, Arc::new(NoPublicRecord)).await
    }

    async fn build(folder: Folder, public_record: Arc<dyn PublicRecord>) -> anyhow::Result<Self> {
        let database = folder.database()?;
        if database.url.path().is_some_and(|path| !path.exists()) {
            let name = folder.root().display();
            return Err(Failure::new(
                Exit::Environment,
                "no_database",
                words(format!("{name} không có cơ sở dữ liệu"), format!("{name} has no database")),
            )
            .hint(words(
                "khôi phục từ bản sao lưu, hoặc chạy lại `hocba init`",
                "restore it, or run `hocba init` again",
            ))
            .into());
        }
        sweep(folder.root())?;
        let key = DataKey::open(&folder.path(DATA_KEY), folder.mode()).map_err(crate::people::keystore)?;
        let store = Store::open(&database).await.map_err(|e| store_failure(&e))?;
        let profile = ledger::open_profile(&folder)?;
        let deployment = ledger::deployment(&folder)?;
        let signing = folder.config().signing;
        let past = ledger::past(&folder);
        let settings =
            Settings { chain: deployment.chain, contract: deployment.contract, past, batch_age: BATCH_AGE, signing };
        let app = App::new(store, key, profile, public_record, edges(), settings);
        let mut access = folder.config().access.as_ref().map_or(Ok(AccessSettings::default()), |a| a.settings())?;
        access.openid = folder.config().openid.as_ref().map(OpenIdConfig::settings).transpose()?;
        folder.config().mail.as_ref().map_or(Ok(()), MailConfig::check)?;
        let app = app.with_access(access);
        Ok(Self { folder, app })
    }

    /// All classes, by name.
    ///
    /// # Errors
    /// When nothing was imported.
    pub async fn classes(&self) -> anyhow::Result<Vec<Class>> {
        let mut classes = self.app.store().read().await?.classes().await?;
        classes.sort_by(|a, b| (a.year, &a.name).cmp(&(b.year, &b.name)));
        if classes.is_empty() { Err(nothing_imported().into()) } else { Ok(classes) }
    }

    /// The class that is meant: the one named, or the only one.
    ///
    /// # Errors
    /// When there is none, or several and none was named.
    pub async fn class(&self, named: Option<&ClassChoice>) -> anyhow::Result<Class> {
        let mut classes = self.app.store().read().await?.classes().await?;
        if let Some(name) = named {
            classes.retain(|c| c.name == name.name && name.year.is_none_or(|year| year == c.year));
        }
        match (classes.len(), named) {
            (1, _) => Ok(classes.swap_remove(0)),
            (0, None) => Err(nothing_imported().into()),
            (0, Some(name)) => Err(Failure::new(
                Exit::BadInput,
                "unknown_class",
                words(format!("không có lớp {name}"), format!("there is no class {name}")),
            )
            .into()),
            _ => {
                let names: Vec<String> = classes.iter().map(|c| format!("{}:{}", c.name, c.year)).collect();
                Err(Failure::new(
                    Exit::BadInput,
                    "which_class",
                    words(
                        format!("có nhiều lớp ({}); chọn bằng --class", names.join(", ")),
                        format!("there are several classes ({}); choose one with --class", names.join(", ")),
                    ),
                )
                .into())
            }
        }
    }

    /// Who acts when a person signs: their account, or the operator of this machine where they have none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn actor_of(&self, certificate: &hocba_record::encoding::Sha256Digest) -> anyhow::Result<Actor> {
        match self.app.actor_of(certificate).await {
            Ok(actor) => Ok(actor),
            Err(AppError::NotFound(_)) => Ok(Actor::LocalOperator),
            Err(e) => Err(app_failure(&e, Lang::Vi).into()),
        }
    }
}

/// The machine's clock and randomness.
pub fn edges() -> Edges {
    Edges::new(edge::now, |bytes| getrandom::fill(bytes).is_ok())
}

/// The grant that goes with a role one signs in.
pub fn grant_of(role: Role) -> GrantRole {
    match role {
        Role::HomeroomTeacher => GrantRole::HomeroomTeacher,
        Role::Principal => GrantRole::Principal,
        Role::DeputyPrincipal => GrantRole::DeputyPrincipal,
        Role::SchoolSeal => GrantRole::Clerk,
        Role::Department | Role::ProfilePublisher => GrantRole::Department,
    }
}

/// The failure of a step that needs an imported class.
pub fn nothing_imported() -> Failure {
    Failure::new(Exit::Order, "nothing_imported", words("chưa nhập lớp nào", "no class was imported yet")).hint(words(
        "chạy `hocba template`, điền, rồi `hocba import TỆP`",
        "run `hocba template`, fill it in, then `hocba import FILE`",
    ))
}

/// What the database refused, as a failure of a command.
pub fn store_failure(error: &StoreError) -> Failure {
    let en = error.to_string();
    let fail = |code, vi: &str| Failure::new(Exit::Environment, code, words(format!("{vi}: {en}"), en.clone()));
    match error {
        StoreError::Schema(SchemaFault::Older { .. }) => {
            fail("schema", "cơ sở dữ liệu của bản cũ hơn chương trình này")
                .hint(words("chạy `hocba database migrate`", "run `hocba database migrate`"))
        }
        StoreError::Schema(_) => fail("schema", "cơ sở dữ liệu của bản khác với chương trình này"),
        StoreError::NoRoom(_) => fail("no_room", "cơ sở dữ liệu hết chỗ, không ghi gì thêm").hint(words(
            "dọn đĩa hoặc nâng giới hạn (database.max_bytes trong hocba.json), rồi chạy lại: việc đã làm còn nguyên",
            "make room or raise the limit (database.max_bytes in hocba.json) and run again: what was done is kept",
        )),
        StoreError::Unavailable(_) => fail("database_away", "cơ sở dữ liệu không trả lời")
            .hint(words("chạy lại sau; `hocba doctor` cho biết thêm", "run it again later; `hocba doctor` says more")),
        StoreError::OtherDeployment { .. } => {
            fail("other_deployment", "cơ sở dữ liệu thuộc nơi triển khai khác với thư mục này").hint(words(
                "mọi máy chủ dùng chung một data.key và một địa chỉ sổ chung; chép từ máy đầu tiên",
                "all servers share one data.key and one contract; copy them from the first server",
            ))
        }
        _ => fail("database", "cơ sở dữ liệu không dùng được"),
    }
}

/// What a refusal about accounts is called on the command line.
pub fn access_failure(error: &AccessError, lang: Lang) -> Failure {
    match error {
        AccessError::App(error) => app_failure(error, lang),
        other => {
            let vi = other.vietnamese().unwrap_or_default();
            Failure::new(Exit::BadInput, other.code(), words(vi, other.to_string()))
        }
    }
}

/// What a use case refused, as a failure of a command.
pub fn app_failure(error: &AppError, lang: Lang) -> Failure {
    let en = error.to_string();
    let fail = |exit, code, vi: String| Failure::new(exit, code, words(vi, en.clone()));
    let state = hocba_app::state_words;
    match error {
        AppError::Unsound(findings) => report::unsound(findings, lang),
        AppError::Forbidden(action) => fail(Exit::BadInput, "forbidden", format!("không được phép: {action}")),
        AppError::NotFound(what) => fail(Exit::BadInput, "not_found", format!("không tìm thấy ({what})")),
        AppError::UnknownSchool(school) => {
            fail(Exit::BadInput, "other_school", format!("bảng tính của trường {school}, không phải trường ở đây"))
        }
        AppError::SignedWouldChange { class, numbers } => {
            let list = list(numbers);
            Failure::new(
                Exit::Order,
                "already_signed",
                words(
                    format!("lớp {class}: học bạ STT {list} đã được ký mà bảng tính ghi khác"),
                    format!("class {class}: the records of numbers {list} are signed and the workbook says otherwise"),
                ),
            )
            .hint(words(
                "chưa ký số của trường: hiệu trưởng trả lại, `hocba return --only STT --reason wrong_mark`; đã ký số của trường: \
                 nhập lại với --correct (đính chính) hoặc --reassess (đánh giá lại trong hè)",
                "not sealed yet: have them returned, `hocba return --only NUMBERS --reason wrong_mark`; sealed: import with \
                 --correct or --reassess",
            ))
        }
        AppError::TwoPupils { number } => fail(
            Exit::BadInput,
            "two_pupils",
            format!("số định danh, mã học sinh của số {number} thuộc về hai học sinh khác nhau đã có trong hệ thống"),
        )
        .hint(words(
            "xem lại số định danh, mã Bộ và mã học sinh ở dòng đó",
            "compare the identifiers of that row with the pupil's papers",
        )),
        AppError::OtherKind { class } => {
            fail(Exit::Order, "other_kind", format!("lớp {class} đã có học bạ loại khác (lập số hoặc số hoá từ giấy)"))
        }
        AppError::NoTeacherSigns { class } => fail(
            Exit::Order,
            "no_teacher_signs",
            format!("học bạ của lớp {class} số hoá từ giấy: không có bước giáo viên ký"),
        )
        .hint(words("hiệu trưởng ký duyệt: hocba cosign", "the principal co-signs: hocba cosign")),
        AppError::UnknownNumber(n) => {
            Failure::new(Exit::BadInput, "unknown_number", words(format!("lớp không có STT {n}"), en))
        }
        AppError::WrongState { number, found, wanted, .. } => {
            let (found, wanted) = (state(*found), state(*wanted));
            Failure::new(
                Exit::Order,
                "wrong_state",
                words(
                    format!("học bạ STT {number} ở trạng thái “{}”, bước này cần “{}”", found.0, wanted.0),
                    format!("number {number} is {}, this step needs {}", found.1, wanted.1),
                ),
            )
        }
        AppError::Incomplete { number } => {
            fail(Exit::Order, "incomplete", format!("học bạ STT {number} chưa đủ điểm; nhập lại bảng tính đã điền đủ"))
        }
        AppError::Changed(what) => {
            fail(Exit::Order, "changed", format!("người khác vừa thay đổi ({what}); chạy lại lệnh này"))
        }
        AppError::NotAppointed { role, why } => {
            let of = |language| hocba_bundle::text::role(*role, language);
            let because = hocba_app::not_appointed_words(*why);
            Failure::new(
                Exit::Order,
                "not_appointed",
                words(
                    format!("{} chưa được bổ nhiệm, phân công ở đây: {}", of(Language::Vietnamese), because.0),
                    format!("the {} is not appointed here: {}", of(Language::English), because.1),
                ),
            )
            .hint(words("chạy `hocba appoint` trước", "run `hocba appoint` first"))
            .details(json!({ "role": role, "reason": why }))
        }
        AppError::AppointmentEnded { role, reason } => {
            let of = |language| hocba_bundle::text::role(*role, language);
            let because = hocba_app::reason_words(*reason);
            Failure::new(
                Exit::Order,
                "appointment_ended",
                words(
                    format!("bổ nhiệm, phân công của {} đã chấm dứt ({})", of(Language::Vietnamese), because.0),
                    format!("the appointment of the {} was ended ({})", of(Language::English), because.1),
                ),
            )
            .hint(words(
                "bổ nhiệm, phân công người khác: `hocba appoint`; `hocba appointments` cho biết thêm",
                "appoint somebody else: `hocba appoint`; `hocba appointments` says more",
            ))
            .details(json!({ "role": role, "reason": hocba_app::reason_code(*reason) }))
        }
        AppError::SignerGone { number, role } => {
            let vi = hocba_bundle::text::role(*role, Language::Vietnamese);
            Failure::new(
                Exit::Order,
                "signer_gone",
                words(format!("học bạ STT {number}: {vi} đã ký nay không còn giữ vai trò"), en.clone()),
            )
            .hint(words(
                "trả lại để ký lại từ đầu: `hocba return --only STT --reason other`",
                "have it returned and signed again: `hocba return --only NUMBERS --reason other`",
            ))
        }
        AppError::Status(_) => fail(Exit::BadInput, "status", format!("văn bản chấm dứt không dùng được: {en}")),
        AppError::EndedBefore { .. } => {
            fail(Exit::BadInput, "ended_before", "bổ nhiệm này đã chấm dứt trước đó vì lý do khác".into())
        }
        AppError::SchoolClosed { school, successors } => {
            let codes: Vec<String> = successors.iter().map(ToString::to_string).collect();
            let next = codes.join(", ");
            let text = match codes.as_slice() {
                [] => words(format!("trường {school} đã ngừng hoạt động"), format!("school {school} is closed")),
                _ => words(
                    format!("trường {school} đã ngừng hoạt động; nơi tiếp nhận: {next}"),
                    format!("school {school} is closed; its work goes on at {next}"),
                ),
            };
            Failure::new(Exit::BadInput, "school_closed", text)
                .details(json!({ "school": school, "successors": codes }))
        }
        AppError::SchoolFate(_) => {
            fail(Exit::BadInput, "school_fate", format!("thay đổi của trường không hợp lệ: {en}"))
        }
        AppError::SchoolName => {
            fail(Exit::BadInput, "school_name", "trường chưa có tên, hoặc tên khác với danh sách trường của sở".into())
                .hint(words(
                    "thêm --name, hoặc nhập danh sách của sở: `hocba school list --import TỆP`",
                    "add --name, or take the department's list: `hocba school list --import FILE`",
                ))
        }
        AppError::CertificateName => fail(
            Exit::BadInput,
            "certificate_name",
            "tên trong chứng thư không phải họ tên của người có tài khoản này".into(),
        )
        .hint(words(
            "kiểm tra đúng tệp chứng thư; họ tên có dấu phải như trong danh sách nhân sự",
            "check that it is the right certificate; the name has to be that of the staff list, marks and all",
        )),
        AppError::YearNotOpen(year) => fail(Exit::Order, "year_not_open", format!("năm học {year} chưa mở"))
            .hint(words("chạy `hocba year open` trước", "run `hocba year open` first")),
        AppError::YearClosed(year) => {
            fail(Exit::Order, "year_closed", format!("năm học {year} đã đóng, danh sách không đổi nữa"))
        }
        AppError::YearUnfinished { unfinished } => {
            fail(Exit::Order, "year_unfinished", format!("còn {unfinished} học sinh chưa có học bạ ký đủ của năm này"))
                .hint(words(
                    "`hocba status` cho biết còn ai; vẫn muốn đóng: --force \"LÝ DO\"",
                    "`hocba status` says who; to close it all the same: --force \"REASON\"",
                ))
                .details(json!({ "unfinished": unfinished }))
        }
        AppError::UnknownClass(class) => {
            fail(Exit::BadInput, "unknown_class", format!("trường không có lớp {class} trong năm này"))
        }
        AppError::ClassTaken(class) => fail(
            Exit::BadInput,
            "class_taken",
            format!("lớp {class} đã có học sinh của trường khác chuyển vào: đặt tên khác cho lớp"),
        )
        .hint(words("thêm --rename LỚP=TÊN MỚI", "add --rename CLASS=NEW NAME")),
        AppError::RollOver(_) => fail(Exit::BadInput, "roll_over", format!("không chuyển được năm học: {en}")),
        AppError::Evidence(refusal) => {
            fail(Exit::BadInput, refusal.code(), format!("tệp không dùng làm bằng chứng thu hồi được: {en}"))
        }
        AppError::TooMany { max, .. } => {
            fail(Exit::BadInput, "too_many", format!("quá nhiều trong một lần, nhiều nhất {max}"))
        }
        AppError::OneOfMany { index, error } => {
            let mut failure = app_failure(error, lang);
            let place = index + 1;
            let Words { vi, en } = &failure.words;
            failure.words = words(format!("mục {place}: {vi}"), format!("number {place}: {en}"));
            failure
        }
        AppError::PolicyNotAccepted { policy } => Failure::new(
            Exit::Order,
            "policy_not_accepted",
            words(format!("danh sách nơi cấp được công nhận (trust profile) không nhận cách ký {policy}"), en),
        )
        .hint(words(
            "lấy danh sách mới của sở, hoặc đổi `signing` trong hocba.json",
            "get the department's newest profile, or change `signing` in hocba.json",
        )),
        AppError::Certificate(_) => fail(Exit::Environment, "certificate", format!("chứng thư không dùng được: {en}")),
        AppError::SameKey { number } => {
            fail(Exit::BadInput, "same_key", format!("học bạ STT {number}: khoá này đã ký ở vai trò khác"))
        }
        AppError::Signature(_) => fail(Exit::Environment, "signature", "chữ ký không khớp".into()),
        AppError::Appointment(_) => fail(Exit::BadInput, "appointment", format!("phân công không dùng được: {en}")),
        AppError::Damaged { number, what } => Failure::new(
            Exit::Environment,
            "damaged_record",
            words(format!("học bạ STT {number} bị hỏng ({what})"), en),
        )
        .hint(words("khôi phục từ bản sao lưu; `hocba fsck` cho biết thêm", "restore a backup; `hocba fsck` says more"))
        .details(json!({ "number": number })),
        AppError::NotAnchored => fail(Exit::Order, "nothing_anchored", "học bạ chưa được ghi sổ chung".into())
            .hint(words("chạy `hocba anchor` trước", "run `hocba anchor` first")),
        AppError::Assemble(_) => fail(Exit::Order, "incomplete_bundle", format!("chưa đủ căn cứ: {en}")).hint(words(
            "người ký phải được bổ nhiệm, và bổ nhiệm phải được ghi sổ chung trước học bạ",
            "a signer has to be appointed, and the appointment anchored before the record",
        )),
        AppError::Time(_) => fail(Exit::BadInput, "time", format!("thời điểm không dùng được: {en}")),
        AppError::Grant(_) => fail(Exit::BadInput, "grant", format!("vai trò không dùng được: {en}")),
        AppError::Exists(what) => fail(Exit::BadInput, "exists", format!("đã có ({what})")),
        AppError::NoRandomness => fail(Exit::Environment, "randomness", "hệ thống không cho số ngẫu nhiên".into()),
        AppError::Store(error) => store_failure(error),
    }
}

/// Numbers as people write them.
pub fn list(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}
