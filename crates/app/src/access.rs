//! Who somebody is: passwords, second factors, printed slips, sessions, and how guessing is slowed.
//!
//! **For**: pages and the command line. Signing in gives an [`Actor`]; what that actor may do is [`policy`](crate::policy)'s
//! to say. docs/accounts.md says what is stored and how guessing is slowed, with the numbers.
//!
//! **Will not**: give the right to sign (that is an appointment's), know of cookies or forms, or log who tried what.
//!
//! What is computed for a password takes tens of milliseconds of a core (argon2id): [`App::sign_in`], [`App::activate`],
//! [`App::change_password`] and [`App::enrol_totp`] go to a thread where they hold up nobody.

mod administration;
mod agent;
mod entering;
mod forms;
mod mail;
mod openid;
pub mod password;
mod sessions;
pub mod throttle;
pub mod totp;

use std::{collections::BTreeSet, net::IpAddr};

use hocba_record::types::{SchoolCode, UnixTime};
use hocba_store::{
    MayConflict, StoreError,
    model::{Access, Account, Grant, GrantRole, Id, StoredSlip},
};

pub use administration::{MAX_GRANTS, MAX_SLIPS, administers};
pub use agent::label;
pub use entering::{DEVICE_LIFE, MOST_DEVICES, MOST_SESSIONS};
pub use mail::{MAIL_CODE_LIFE, MailState};
pub use openid::{
    MAX_RULES, OPENID_LIFE, OpenIdAttempt, OpenIdClaims, OpenIdFault, OpenIdReach, OpenIdRule, OpenIdSettings,
    OpenIdSignIn,
};
pub use password::PasswordFault;

use crate::{Actor, App, AppError};

/// How people sign in here. The defaults are those of docs/accounts.md.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessSettings {
    /// After so many seconds without a request a session ends: 1,800 (30 minutes) to 28,800 (8 hours).
    pub idle: i64,
    /// So many seconds after signing in a session ends, whatever was done in it: 43,200 (12 hours) by default.
    pub absolute: i64,
    /// A slip that was printed works for so many seconds: 14 days.
    pub slip_life: i64,
    /// Who needs a second factor besides the password. Until they have one, their sessions may do nothing but enrol.
    pub second_factor: BTreeSet<GrantRole>,
    /// The name of this installation in an authenticator app.
    pub issuer: String,
    /// The OpenID Connect provider through which people may sign in, where there is one.
    pub openid: Option<OpenIdSettings>,
}

impl Default for AccessSettings {
    fn default() -> Self {
        let second_factor = GrantRole::ALL.iter().copied().collect();
        Self {
            idle: 3600,
            absolute: 12 * 3600,
            slip_life: 14 * 86_400,
            second_factor,
            issuer: "Học bạ số".into(),
            openid: None,
        }
    }
}

impl AccessSettings {
    /// Whether the settings are within their bounds: what is outside, by its name.
    ///
    /// # Errors
    /// The name of the setting.
    pub fn check(&self) -> Result<(), &'static str> {
        match self {
            s if !(1800..=8 * 3600).contains(&s.idle) => Err("idle"),
            s if !(s.idle..=24 * 3600).contains(&s.absolute) => Err("absolute"),
            s if !(3600..=60 * 86_400).contains(&s.slip_life) => Err("slip_life"),
            s if s.issuer.is_empty() || s.issuer.len() > 64 || s.issuer.contains(':') => Err("issuer"),
            s => s.openid.as_ref().map_or(Ok(()), |openid| openid.check().map_err(|_| "openid")),
        }
    }

    /// Whether an account with these grants needs a second factor.
    pub fn needs_second_factor(&self, grants: &[Grant]) -> bool {
        grants.iter().any(|grant| self.second_factor.contains(&grant.role))
    }
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub struct Client<'a> {
    /// Its address, as the listener or a trusted proxy says. Kept only as a keyed hash.
    pub address: IpAddr,
    /// `User-Agent`; only a coarse label of it is kept ([`label`]).
    pub agent: &'a str,
}

/// What somebody signs in with. Not printable: it holds a password.
#[derive(Clone, Copy)]
pub struct SignIn<'a> {
    /// Login.
    pub login: &'a str,
    /// Password.
    pub password: &'a str,
    /// Six digits of the authenticator app, or a recovery code; none in the first step.
    pub code: Option<&'a str>,
    /// The device token that an earlier signing in gave this browser.
    pub device: Option<&'a str>,
    /// From where.
    pub client: Client<'a>,
}

/// What signing in led to.
pub enum SignedIn {
    /// In.
    Session(NewSession),
    /// The password is right; the second factor is asked for: the same again, with [`SignIn::code`].
    CodeNeeded,
}

/// A session just made. Not printable: it holds tokens, which are nowhere else.
pub struct NewSession {
    /// Session token for the cookie: 256 bits, base64url.
    pub token: String,
    /// Device token for a long-lived cookie of its own; always to be set, it replaces the one that was sent.
    pub device_token: String,
    /// The device token works until then.
    pub device_until: UnixTime,
    /// The session ends then, at the latest.
    pub expires_at: UnixTime,
    /// Whose.
    pub account: Id,
    /// Whether the account needs a second factor and has none: it may do nothing but [`App::enrol_totp`].
    pub must_enrol: bool,
}

/// A session that is alive.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id, as in lists; not secret.
    pub id: Id,
    /// Who. Without any grant while [`Session::must_enrol`].
    pub actor: Actor,
    /// Who, as it is stored.
    pub account: Account,
    /// What every form of the session carries: HMAC-SHA256 of the token, base64url.
    pub csrf: Csrf,
    /// Whether a second factor has to be enrolled before anything else.
    pub must_enrol: bool,
    /// Whether the account has a second factor.
    pub has_totp: bool,
    /// Whether it began at the OpenID Connect provider.
    pub openid: bool,
    /// Whether the provider said a moment ago who it is: the password is not asked for again then, which an account that is
    /// known only there does not have.
    pub proven: bool,
    /// Ends then at the latest.
    pub expires_at: UnixTime,
}

/// The secret of a session's forms. Its `Debug` is silent.
#[derive(Clone, PartialEq, Eq)]
pub struct Csrf(pub(crate) String);

impl Csrf {
    /// For the form's hidden field.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether a form brought this; compared in constant time.
    pub fn matches(&self, brought: &str) -> bool {
        same(self.0.as_bytes(), brought.as_bytes())
    }
}

impl std::fmt::Debug for Csrf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Csrf(…)")
    }
}

/// A line of "where am I signed in".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionLine {
    /// To end it by.
    pub id: Id,
    /// `Chrome trên Windows`.
    pub label: String,
    /// Signed in at.
    pub created_at: UnixTime,
    /// Last seen, to the minute.
    pub seen_at: UnixTime,
    /// Ends at the latest.
    pub expires_at: UnixTime,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Whom a slip is for. A name of staff, for whoever holds the slip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlipView {
    /// Name as shown.
    pub name: String,
    /// Login.
    pub login: String,
    /// Ends at.
    pub expires_at: UnixTime,
    /// Whether activation needs a second factor.
    pub second_factor: bool,
    /// The secret to enrol, in every activation (who needs none may leave it). The same each time the slip is shown.
    pub totp: NewTotp,
}

/// A secret for an authenticator app. Its `Debug` is silent.
#[derive(Clone, PartialEq, Eq)]
pub struct NewTotp {
    /// Base32, to be typed.
    pub secret: String,
    /// `otpauth://totp/…`, to be scanned.
    pub uri: String,
}

impl std::fmt::Debug for NewTotp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewTotp(…)")
    }
}

/// What activating needs. Not printable: it holds a password.
#[derive(Clone, Copy)]
pub struct Activation<'a> {
    /// The slip's code, as typed.
    pub slip: &'a str,
    /// The new password.
    pub password: &'a str,
    /// Six digits that the authenticator app shows for [`SlipView::totp`]; none leaves the second factor out.
    pub code: Option<&'a str>,
    /// From where.
    pub client: Client<'a>,
}

/// An account that was just activated. Not printable.
pub struct Activated {
    /// Signed in at once.
    pub session: NewSession,
    /// Codes for the day the phone is lost, shown once; empty without a second factor.
    pub recovery: Vec<String>,
}

/// A slip just made, to be printed once. Not printable in logs: it holds a code.
#[derive(Clone)]
pub struct Slip {
    /// For which account.
    pub account: Id,
    /// Login.
    pub login: String,
    /// Name as shown.
    pub name: String,
    /// Sixteen Crockford characters in four groups, as printed.
    pub code: String,
    /// Ends at.
    pub expires_at: UnixTime,
}

/// How far an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// No password yet, no slip either.
    New,
    /// A slip was made and not used; until then.
    Invited(UnixTime),
    /// A slip was made and is over.
    SlipOver,
    /// Has a password.
    Active,
    /// Somebody locked it.
    Locked,
}

impl AccountState {
    /// Of what is stored of an account.
    pub(crate) fn of(access: &Access, slip: Option<&StoredSlip>, now: UnixTime) -> Self {
        match (&access.password, slip) {
            _ if access.locked_at.is_some() => AccountState::Locked,
            (Some(_), _) => AccountState::Active,
            (None, Some(slip)) if slip.expires_at > now => AccountState::Invited(slip.expires_at),
            (None, Some(_)) => AccountState::SlipOver,
            (None, None) => AccountState::New,
        }
    }

    /// Its code in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            AccountState::New => "new",
            AccountState::Invited(_) => "invited",
            AccountState::SlipOver => "slip_over",
            AccountState::Active => "active",
            AccountState::Locked => "locked",
        }
    }
}

/// An account as an administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountLine {
    /// Who.
    pub account: Account,
    /// How far it is.
    pub state: AccountState,
    /// Whether it has a second factor.
    pub has_totp: bool,
    /// Whether the one who asks may change it.
    pub may_change: bool,
    /// Sessions alive.
    pub sessions: u32,
    /// Last seen, to the minute; while a session is there.
    pub seen_at: Option<UnixTime>,
}

/// An account to be made at a school, or by the department.
#[derive(Debug, Clone)]
pub struct NewSchoolAccount {
    /// Name to log in with: 3 to 40 of `a-z`, `0-9`, `.`, `-`, `_`, beginning with a letter.
    pub login: String,
    /// Name as shown.
    pub name: String,
    /// What they may do, each within a school that the one who asks administers.
    pub grants: Vec<Grant>,
}

/// Why it was not done. Nothing was changed then, beyond what slows guessing.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Unknown login, wrong password, wrong code: all the same.
    #[error("the login, the password or the code is wrong")]
    Wrong,
    /// Too many tries; whether this one was right was not looked at.
    #[error("too many tries; again in {retry_after} s")]
    SlowDown {
        /// Seconds.
        retry_after: i64,
    },
    /// Everything was right, and an administrator locked the account.
    #[error("the account is locked by an administrator")]
    Locked,
    /// No such slip, used, made anew since, or over.
    #[error("the slip is not valid, or no longer")]
    Slip,
    /// The code is mistyped: its check digit says so, and nothing was looked up.
    #[error("the slip's code is mistyped")]
    SlipMistyped,
    /// The new password is refused.
    #[error("the new password: {0}")]
    Password(PasswordFault),
    /// The code of the authenticator app does not fit, or was used.
    #[error("the code of the authenticator app does not fit")]
    Code,
    /// The account's roles need a second factor, and none was confirmed.
    #[error("the account needs a second factor")]
    SecondFactorNeeded,
    /// The account has no second factor to make recovery codes for.
    #[error("the account has no second factor")]
    NoSecondFactor,
    /// The code that was sent by e-mail does not fit, was used, or is over.
    #[error("the code that was sent by e-mail does not fit")]
    MailCode,
    /// No session has this token, or it ended.
    #[error("there is no such session")]
    NoSession,
    /// A login that is not of its form.
    #[error("a login is 3 to 40 of a-z, 0-9, '.', '-', '_' and begins with a letter")]
    Login,
    /// A name that is not of its form.
    #[error("the name is not of its form")]
    Name,
    /// An account without anything to do, or with more than 20 things.
    #[error("an account has 1 to 20 grants")]
    Grants,
    /// Not through the OpenID Connect provider.
    #[error(transparent)]
    OpenId(OpenIdFault),
    /// Anything else.
    #[error(transparent)]
    App(AppError),
}

/// Why somebody is not in.
pub type SignInError = AccessError;

impl AccessError {
    /// A stable code, for problem documents and `--json`.
    pub const fn code(&self) -> &'static str {
        match self {
            AccessError::Wrong => "sign_in_wrong",
            AccessError::SlowDown { .. } => "slow_down",
            AccessError::Locked => "account_locked",
            AccessError::Slip => "slip_not_valid",
            AccessError::SlipMistyped => "slip_mistyped",
            AccessError::Password(fault) => fault.code(),
            AccessError::Code => "code_wrong",
            AccessError::SecondFactorNeeded => "second_factor_needed",
            AccessError::NoSecondFactor => "no_second_factor",
            AccessError::MailCode => "mail_code_wrong",
            AccessError::NoSession => "no_session",
            AccessError::Login => "login_form",
            AccessError::Name => "name_form",
            AccessError::Grants => "grants_count",
            AccessError::OpenId(fault) => fault.code(),
            AccessError::App(_) => "app",
        }
    }

    /// What the page says, in Vietnamese. None for [`AccessError::App`], whose words are elsewhere.
    pub fn vietnamese(&self) -> Option<String> {
        Some(match self {
            AccessError::Wrong => "Tên đăng nhập, mật khẩu hoặc mã xác nhận không đúng.".into(),
            AccessError::SlowDown { retry_after } => {
                let minutes = (retry_after + 59) / 60;
                format!("Thử sai nhiều lần. Vui lòng thử lại sau {minutes} phút.")
            }
            AccessError::Locked => "Tài khoản đang bị khóa. Hãy liên hệ quản trị của trường.".into(),
            AccessError::Slip => "Phiếu kích hoạt không đúng, đã dùng hoặc đã hết hạn. Hãy xin phiếu mới.".into(),
            AccessError::SlipMistyped => "Mã trên phiếu gõ chưa đúng, hãy xem lại từng ký tự.".into(),
            AccessError::Password(fault) => fault.vietnamese().into(),
            AccessError::Code => "Mã xác nhận không đúng hoặc đã dùng. Hãy đợi mã tiếp theo.".into(),
            AccessError::SecondFactorNeeded => "Vai trò của bạn cần thêm mã xác nhận trên điện thoại.".into(),
            AccessError::NoSecondFactor => "Tài khoản chưa có mã xác nhận trên điện thoại.".into(),
            AccessError::MailCode => "Mã trong thư không đúng, đã dùng hoặc đã hết hạn.".into(),
            AccessError::NoSession => "Phiên làm việc đã hết. Hãy đăng nhập lại.".into(),
            AccessError::Login => {
                "Tên đăng nhập gồm 3 đến 40 chữ thường không dấu, chữ số, dấu chấm, gạch; bắt đầu bằng chữ.".into()
            }
            AccessError::Name => "Họ tên không đúng dạng.".into(),
            AccessError::Grants => "Mỗi tài khoản có từ 1 đến 20 vai trò.".into(),
            AccessError::OpenId(fault) => fault.vietnamese().into(),
            AccessError::App(_) => return None,
        })
    }
}

impl From<AppError> for AccessError {
    fn from(error: AppError) -> Self {
        AccessError::App(error)
    }
}

impl From<StoreError> for AccessError {
    fn from(error: StoreError) -> Self {
        AccessError::App(error.into())
    }
}

impl MayConflict for AccessError {
    fn is_conflict(&self) -> bool {
        matches!(self, AccessError::App(error) if error.is_conflict())
    }
}

impl App {
    /// The same use cases with these settings of signing in.
    #[must_use]
    pub fn with_access(&self, access: AccessSettings) -> Self {
        Self(std::sync::Arc::new(crate::Inner { access, ..(*self.0).clone() }))
    }

    /// How people sign in here.
    pub fn access(&self) -> &AccessSettings {
        &self.0.access
    }
}

/// Whether both are the same, in time that depends on their lengths only.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// The first school of somebody's grants: for pages that show one.
pub fn home_school(account: &Account) -> Option<&SchoolCode> {
    account.grants.iter().find_map(|grant| grant.school.as_ref())
}
