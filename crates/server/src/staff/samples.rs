//! Every staff page with samples of what it shows: to look at without a database, and for the tests that read each.

mod department;
mod lists;
mod readers;
mod records;
mod signing;
mod watching;
mod workplace;

use askama::Template;
use axum::{
    Router,
    extract::Path,
    response::{Html, IntoResponse as _, Response},
    routing::get,
};
use hocba_app::{
    Item, ItemState, MarksSent, Waiting,
    access::{AccountLine, AccountState, MailState, NewTotp, SessionLine, Slip, SlipView},
    model::{Account, Class, ClassKind, Grant, GrantRole, Id},
};
use hocba_record::types::{Grade, SchoolCode, SchoolYear, UnixTime};

use super::{
    accounts::{AccountPage, AccountsPage, AddPage, SlipsPage},
    activate::{ActivatePage, RecoveryPage, SlipPage},
    appointments::AppointmentsPage,
    audit::AuditPage,
    certificates::{CertificatePage, CertificatesPage},
    chain::ChainPage,
    chrome::{Chrome, Done, Fault, Who},
    class::ClassPage,
    classes::ClassesPage,
    daily::DailyPage,
    department::{ChangePage, DepartmentPage, ListPage, OpenPage, SchoolPage, TasksPage},
    failure::FailurePage,
    home::{HomePage, SchoolsPage},
    lists::ListsPage,
    mail::MailPage,
    marks::ImportPage,
    me::{ConfirmPage, PasswordPage, SecondFactorPage, SessionsPage},
    my::{BookPage, LinkPage, MyYearPage, NewLinkPage, RequestPage},
    opening::OpeningPage,
    progress::{ProgressPage, SchoolProgressPage},
    readers::{ReaderSlipsPage, ReadersPage, RequestsPage},
    records::{PrintPage, RecordPage},
    replacement::ReplacementPage,
    review::ReviewPage,
    sign_in::{CodePage, SignInPage},
    tasks::TaskPage,
    text::Text,
    years::{PupilsPage, RollPage, YearPage, YearsPage},
};
use crate::{
    language::{self, Language},
    problem::Problem,
};

/// What a page shows, made up. Every page has at least one; a state that looks different has its own.
pub(crate) trait Sample: Template + Sized {
    fn samples(text: Text) -> Vec<Self>;
}

fn out(text: Text) -> Chrome {
    Chrome::new(text, "/sign-in".into(), None, "sample".into(), "sample-of-a-form-id".into())
}

fn inside(text: Text) -> Chrome {
    let who = Who { name: "Nguyễn Thị Ánh".into() };
    Chrome::new(text, "/home".into(), Some(who), "sample".into(), "sample-of-a-form-id".into())
}

fn fault(text: Text, field: &'static str, id: &str) -> Vec<Fault> {
    vec![Fault { field, text: text.say(id).into_owned() }]
}

fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(1_800_000_000).expect("a time").plus(seconds)
}

fn school() -> SchoolCode {
    "79DEMO001".parse().expect("a code")
}

fn account(number: u8, name: &str, login: &str, role: GrantRole) -> Account {
    Account {
        id: Id::from_bytes([number; 16]),
        login: login.into(),
        name: name.into(),
        certificate: None,
        grants: vec![Grant::of_school(role, school(), None)],
    }
}

fn accounts() -> Vec<AccountLine> {
    let line = |number, name, login, role, state, may_change| AccountLine {
        account: account(number, name, login, role),
        state,
        has_totp: state == AccountState::Active,
        may_change,
        sessions: 0,
        seen_at: None,
    };
    vec![
        line(1, "Nguyễn Thị Ánh", "anh.nguyen", GrantRole::SchoolAdministrator, AccountState::Active, false),
        line(2, "Trần Văn Bình", "binh", GrantRole::Principal, AccountState::Invited(at(86_400)), true),
        line(3, "Lê Hoàng Phương Uyên Nhi", "nhi.le", GrantRole::HomeroomTeacher, AccountState::New, true),
        line(4, "Phạm Quốc Đạt", "dat", GrantRole::Clerk, AccountState::Locked, true),
        line(5, "Võ Thị Xuân", "xuan", GrantRole::DeputyPrincipal, AccountState::SlipOver, true),
    ]
}

fn totp() -> NewTotp {
    let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".to_owned();
    let uri =
        format!("otpauth://totp/H%E1%BB%8Dc%20b%E1%BA%A1%20s%E1%BB%91:anh.nguyen?secret={secret}&digits=6&period=30");
    NewTotp { secret, uri }
}

impl Sample for SignInPage {
    fn samples(text: Text) -> Vec<Self> {
        let mut gone = out(text);
        gone.flash = Some(Done::SignedOut.text(text));
        let wrong = out(text).wrong(fault(text, "login", "access-wrong"));
        let (name, mut left) = ("Sở GD&ĐT", out(text));
        left.flash = Some(Done::SignedOutHere.text(text));
        let refused = out(text).wrong(fault(text, "", "access-openid-no-account"));
        vec![
            Self::new(gone, "", ""),
            Self::new(wrong, "/me/password", "anh.nguyen"),
            Self::new(left, "", "").outside(name, true),
            Self::new(refused, "/me/password", "").outside(name, false),
        ]
    }
}

impl Sample for CodePage {
    fn samples(text: Text) -> Vec<Self> {
        let wrong = out(text).wrong(fault(text, "code", "access-code"));
        let outside = Self::new(out(text), "/me/password", "AAAA".into()).sent_to(super::openid::CODE);
        vec![Self::new(out(text), "", "AAAA".into()), Self::new(wrong, "", "AAAA".into()), outside]
    }
}

impl Sample for SlipPage {
    fn samples(text: Text) -> Vec<Self> {
        let wrong = out(text).wrong(fault(text, "slip", "access-slip-mistyped"));
        vec![Self::new(out(text), ""), Self::new(wrong, "7K3M-9QXT-2ZPA-W4RF")]
    }
}

impl Sample for ActivatePage {
    fn samples(text: Text) -> Vec<Self> {
        let view = |second_factor| SlipView {
            name: "Nguyễn Thị Ánh".into(),
            login: "anh.nguyen".into(),
            expires_at: at(0),
            second_factor,
            totp: totp(),
        };
        let wrong = out(text).wrong(fault(text, "again", "fault-again"));
        [Self::new(out(text), "7K3M", &view(true)), Self::new(wrong, "7K3M", &view(false))]
            .into_iter()
            .map(|page| page.expect("a QR code holds it"))
            .collect()
    }
}

impl Sample for RecoveryPage {
    fn samples(text: Text) -> Vec<Self> {
        let codes = || (0..8).map(|n| format!("7K3M{n}-9QXT2")).collect();
        vec![Self::new(out(text), codes(), true), Self::new(inside(text), codes(), false)]
    }
}

impl Sample for MailPage {
    fn samples(text: Text) -> Vec<Self> {
        let address = || Some("anh.nguyen@truong.edu.vn".to_owned());
        let other = || Some("nguyen.thi.anh.giao.vien.chu.nhiem@thcs-nguyen-thi-minh-khai.edu.vn".to_owned());
        let mut sent = inside(text);
        sent.flash = Some(Done::MailCodeSent.text(text));
        let wrong = inside(text).wrong(fault(text, "address", "mail-address-wrong"));
        let code = inside(text).wrong(fault(text, "code", "access-mail-code"));
        vec![
            Self::new(wrong, MailState::default(), "anh.nguyen"),
            Self::new(sent, MailState { confirmed: None, waiting: address() }, ""),
            Self::new(code, MailState { confirmed: address(), waiting: other() }, ""),
            Self::new(inside(text), MailState { confirmed: other(), waiting: None }, ""),
        ]
    }
}

fn sent(class: &str, pupils: usize, faults: usize) -> MarksSent {
    MarksSent { class: class.into(), pupils, faults }
}

impl Sample for HomePage {
    fn samples(text: Text) -> Vec<Self> {
        let administrator = account(1, "Nguyễn Thị Ánh", "anh.nguyen", GrantRole::SchoolAdministrator);
        let mut teacher = account(2, "Lê Hoàng Phương Uyên Nhi", "nhi.le", GrantRole::HomeroomTeacher);
        let year = SchoolYear::starting(2026).expect("a year");
        teacher.grants[0].class = Some((year, "9A3".parse().expect("a class")));
        let homeroom = Account { grants: teacher.grants.clone(), ..administrator.clone() };
        let clerk =
            Account { grants: vec![Grant::of_school(GrantRole::Clerk, school(), None)], ..administrator.clone() };
        teacher.grants.extend(clerk.grants.clone());
        let mut officer = account(3, "Đặng Văn Sở", "so", GrantRole::Department);
        officer.grants = vec![
            Grant::everywhere(GrantRole::Operator),
            Grant::of_prefix(GrantRole::Department, "79".parse().expect("a prefix")),
        ];
        let nobody = Account { grants: Vec::new(), ..administrator.clone() };
        let mut done = inside(text);
        done.flash = Some(Done::PasswordChanged.text(text));
        let class = Class {
            id: Id::from_bytes([7; 16]),
            school: school(),
            year,
            grade: Grade::new(9).expect("a grade"),
            name: "9A3".parse().expect("a class"),
            revision: 1,
            kind: ClassKind::Year,
        };
        let faults = Waiting::Faults { school: school(), sent: sent("9A3", 40, 3) };
        let sealing = Waiting::ToSeal { school: school(), classes: 1, count: 39 };
        let of_teacher = [
            Waiting::Marks { school: school(), class: "8A1".parse().expect("a class") },
            Waiting::Faults { school: school(), sent: sent("9A3", 40, 3) },
            Waiting::Faults { school: school(), sent: sent("9A4", 41, 0) },
            Waiting::Returned { class: class.clone(), count: 1 },
            Waiting::Requests { class: class.clone(), count: 2 },
            Waiting::ToSign { class: class.clone(), count: 39 },
            Waiting::ToSeal { school: school(), classes: 2, count: 80 },
            Waiting::ToSupersede { class: class.clone(), count: 2 },
        ];
        let of_principal = [
            Waiting::Opening { school: school(), count: 3 },
            Waiting::ToAppoint { school: school(), count: 45 },
            Waiting::ToCoSign { school: school(), classes: 3, count: 120 },
        ];
        let of_administrator = [Waiting::Year { school: school() }];
        let principal = account(4, "Trần Văn Bình", "binh", GrantRole::Principal);
        let named = [(school(), "Trường THCS Mẫu".to_owned())];
        vec![
            Self::new(done, &administrator, &of_administrator),
            Self::new(inside(text), &teacher, &of_teacher).with_mail(true),
            Self::new(inside(text), &principal, &of_principal).with_names(&named),
            Self::new(inside(text), &administrator, &[]),
            Self::new(inside(text), &officer, &[]),
            Self::new(inside(text), &nobody, &[]),
            Self::new(inside(text), &nobody, &[]).with_books(&readers::readings()),
            // Step 1 of the demonstration, and step 6: what the guides show.
            Self::new(inside(text), &homeroom, &[faults]).with_names(&named),
            Self::new(inside(text), &clerk, &[sealing]).with_names(&named),
        ]
    }
}

impl Sample for SchoolsPage {
    fn samples(text: Text) -> Vec<Self> {
        let codes = ["79DEMO001", "79DEMO002", "79DEMO003"].map(str::to_owned).to_vec();
        vec![Self::new(inside(text), codes), Self::new(inside(text), Vec::new())]
    }
}

impl Sample for OpeningPage {
    fn samples(text: Text) -> Vec<Self> {
        let year = SchoolYear::starting(2026).expect("a year");
        let item = |code, state, vi: &str, en: &str, command: Option<&str>, classes: &[&str]| Item {
            code,
            state,
            vi: vi.into(),
            en: en.into(),
            command: command.map(str::to_owned),
            classes: classes.iter().map(|name| name.parse().expect("a class")).collect(),
        };
        let items = [
            item("school_open", ItemState::Done, "Trường đã mở", "The school is open", None, &[]),
            item(
                "homerooms",
                ItemState::Missing { missing: 3, of: 45 },
                "Giáo viên chủ nhiệm của từng lớp",
                "A homeroom teacher for each class",
                Some("hocba school open 79DEMO001 --classes lop.xlsx"),
                &["6A1", "7A12", "9A3"],
            ),
            item(
                "seal_certificate",
                ItemState::Missing { missing: 1, of: 1 },
                "Chứng thư con dấu của trường",
                "The school's seal certificate",
                Some("hocba account enrol vanthu --certificate seal.pem"),
                &[],
            ),
            item("anchored", ItemState::Waiting { waiting: 45 }, "Phân công đã ghi sổ chung", "On record", None, &[]),
            item(
                "signed",
                ItemState::Blocked { by: "seal_certificate" },
                "Phân công đã ký",
                "Appointments signed",
                None,
                &[],
            ),
            item("deputy", ItemState::Optional, "Phó hiệu trưởng", "A deputy principal", None, &[]),
        ];
        vec![
            Self::new(inside(text), &school(), Some(year), &items, lists::task_lines(text)),
            Self::new(inside(text), &school(), None, &[], Vec::new()),
        ]
    }
}

impl Sample for SessionsPage {
    fn samples(text: Text) -> Vec<Self> {
        let line = |number, label: &str, current| SessionLine {
            id: Id::from_bytes([number; 16]),
            label: label.into(),
            created_at: at(-7200),
            seen_at: at(-60),
            expires_at: at(7200),
            current,
        };
        let (here, there) = (line(1, "Chrome trên Windows", true), line(2, "Safari trên iPhone", false));
        vec![Self::new(inside(text), vec![here.clone(), there]), Self::new(inside(text), vec![here])]
    }
}

impl Sample for PasswordPage {
    fn samples(text: Text) -> Vec<Self> {
        let wrong = inside(text).wrong(fault(text, "password", "access-password-common"));
        vec![Self::new(inside(text), "anh.nguyen"), Self::new(wrong, "anh.nguyen")]
    }
}

impl Sample for SecondFactorPage {
    fn samples(text: Text) -> Vec<Self> {
        let wrong = inside(text).wrong(fault(text, "code", "access-code"));
        vec![
            Self::new(inside(text), true, false, 0, false),
            Self::new(wrong, false, true, 3, false),
            Self::new(inside(text), true, false, 0, true),
        ]
    }
}

impl Sample for ConfirmPage {
    fn samples(text: Text) -> Vec<Self> {
        vec![Self::new(inside(text), &totp()).expect("a QR code holds it")]
    }
}

impl Sample for AccountsPage {
    fn samples(text: Text) -> Vec<Self> {
        let mut added = inside(text);
        added.flash = Some(Done::AccountAdded.text(text));
        vec![Self::new(added, &school(), &accounts()), Self::new(inside(text), &school(), &[])]
    }
}

impl Sample for AddPage {
    fn samples(text: Text) -> Vec<Self> {
        let roles = [GrantRole::HomeroomTeacher, GrantRole::Principal, GrantRole::Clerk];
        let taken = inside(text).wrong(fault(text, "login", "access-exists"));
        let typed = ["Trần Văn Bình", "binh", "principal"];
        let unknown = inside(text).wrong(fault(text, "role", "fault-role"));
        vec![
            Self::new(inside(text), &school(), &roles, ["", "", ""]),
            Self::new(taken, &school(), &roles, typed),
            Self::new(unknown, &school(), &roles, typed),
        ]
    }
}

impl Sample for AccountPage {
    fn samples(text: Text) -> Vec<Self> {
        let lines = accounts();
        [1, 3].map(|place| Self::new(inside(text), &school(), &lines[place])).into()
    }
}

impl Sample for SlipsPage {
    fn samples(text: Text) -> Vec<Self> {
        let slip = |name: &str, login: &str| Slip {
            account: Id::from_bytes([1; 16]),
            login: login.into(),
            name: name.into(),
            code: "7K3M-9QXT-2ZPA-W4RF".into(),
            expires_at: at(14 * 86_400),
        };
        let slips = vec![slip("Trần Văn Bình", "binh"), slip("Lê Hoàng Phương Uyên Nhi", "nhi.le")];
        vec![Self::new(inside(text), &school(), "https://hocba.example.vn".into(), slips)]
    }
}

impl Sample for FailurePage {
    fn samples(text: Text) -> Vec<Self> {
        let page = |c: Chrome, title: &str, detail: &str, kept: &[&str]| Self {
            c: c.titled(text.say(title)),
            detail: text.say(detail).into_owned(),
            kept: kept.iter().map(|&text| text.to_owned()).collect(),
            onward: "/sign-in".into(),
            onward_text: text.say("onward-sign-in").into_owned(),
            reference: "abababababababab-000001".into(),
        };
        vec![
            page(out(text), "failure-session-title", "failure-session", &["Trần Văn Bình", "binh"]),
            page(inside(text), "failure-forbidden-title", "failure-forbidden", &[]),
            page(inside(text), "failure-not-found-title", "failure-not-found", &[]),
            page(inside(text), "failure-internal-title", "failure-internal", &[]),
        ]
    }
}

macro_rules! sampled {
    ($($name:literal $page:ty),+ $(,)?) => {
        /// Names of the templates that have samples: all of `templates/staff`, which a test compares.
        pub const SAMPLED: &[&str] = &[$($name),+];

        /// Every page with every sample, in this language: name and HTML.
        ///
        /// # Panics
        /// Where a template cannot be rendered.
        pub fn rendered(language: Language) -> Vec<(String, String)> {
            let mut pages = Vec::new();
            $(for (number, page) in <$page>::samples(Text(language)).iter().enumerate() {
                pages.push((format!("{}-{}", $name, number + 1), page.render().expect("a sample renders")));
            })+
            pages
        }
    };
}

sampled! {
    "sign_in" SignInPage,
    "sign_in_code" CodePage,
    "activate" SlipPage,
    "activate_account" ActivatePage,
    "recovery" RecoveryPage,
    "home" HomePage,
    "schools" SchoolsPage,
    "opening" OpeningPage,
    "department" DepartmentPage,
    "department_tasks" TasksPage,
    "department_school" SchoolPage,
    "progress" ProgressPage,
    "progress_school" SchoolProgressPage,
    "daily" DailyPage,
    "chain" ChainPage,
    "audit" AuditPage,
    "school_open" OpenPage,
    "school_list" ListPage,
    "school_change" ChangePage,
    "years" YearsPage,
    "year" YearPage,
    "roll" RollPage,
    "roll_pupils" PupilsPage,
    "sessions" SessionsPage,
    "password" PasswordPage,
    "second_factor" SecondFactorPage,
    "second_factor_confirm" ConfirmPage,
    "mail" MailPage,
    "accounts" AccountsPage,
    "account_add" AddPage,
    "account" AccountPage,
    "slips" SlipsPage,
    "lists" ListsPage,
    "task" TaskPage,
    "certificates" CertificatesPage,
    "certificate" CertificatePage,
    "classes" ClassesPage,
    "class_import" ImportPage,
    "appointments" AppointmentsPage,
    "replacement" ReplacementPage,
    "class" ClassPage,
    "class_readers" ReadersPage,
    "reader_slips" ReaderSlipsPage,
    "class_requests" RequestsPage,
    "my_book" BookPage,
    "my_year" MyYearPage,
    "my_link_new" NewLinkPage,
    "my_link" LinkPage,
    "my_request" RequestPage,
    "record" RecordPage,
    "print" PrintPage,
    "review" ReviewPage,
    "failure" FailurePage,
}

/// `/samples` lists them, `/samples/{language}/{name}` shows one. Only the example and `cargo xtask pages` serve it.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let list = || async {
        let mut list =
            String::from("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Samples</title><ul>");
        for language in [Language::Vietnamese, Language::English] {
            for (name, _) in rendered(language) {
                let code = language::code(language);
                list.push_str(&format!("<li><a href=\"/samples/{code}/{name}\">{code} {name}</a></li>"));
            }
        }
        Html(list + "</ul></html>")
    };
    let one = |Path((code, name)): Path<(String, String)>| async move {
        let language = match code.as_str() {
            "vi" => Language::Vietnamese,
            "en" => Language::English,
            _ => return Err(Problem::NotFound),
        };
        let found = rendered(language).into_iter().find(|(known, _)| *known == name);
        let page: Result<Response, Problem> =
            found.map(|(_, text)| Html(text).into_response()).ok_or(Problem::NotFound);
        page
    };
    Router::new().route("/samples", get(list)).route("/samples/{language}/{name}", get(one))
}
