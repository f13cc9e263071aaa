//! What every staff page has around its content, and the parts that forms are made of.

use askama::Template;

use super::{form, text::Text};
use crate::{
    assets::{ASSETS, Assets},
    language,
};

/// Who is signed in, for the head of the page.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub(crate) name: String,
}

/// A step on the way to the page.
#[derive(Debug, Clone)]
pub(crate) struct Crumb {
    pub(crate) text: String,
    pub(crate) href: String,
}

/// Something wrong with a form: with one field, or with none in particular.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// Name of the field; empty for the form as a whole.
    pub(crate) field: &'static str,
    pub(crate) text: String,
}

/// What was done, said on the page that follows. Its code stands in the address and tells nothing about anyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    SignedOut,
    SignedOutHere,
    PasswordChanged,
    SessionEnded,
    OthersEnded,
    AccountAdded,
    AccountLocked,
    AccountUnlocked,
    AlreadySent,
    ColumnsSaid,
    FileForgotten,
    CertificateEnrolled,
    SchoolChanged,
    YearOpened,
    YearClosed,
    RolledOver,
    MovesDecided,
    NothingChanged,
    ListTaken,
    Signed,
    RequestAsked,
    RequestAnswered,
    RequestWithdrawn,
    LinkWithdrawn,
    CodesMade,
    LeftOut,
    TakenIn,
    Returned,
    MailCodeSent,
    MailConfirmed,
    MailRemoved,
}

impl Done {
    const ALL: &[Done] = &[
        Done::SignedOut,
        Done::SignedOutHere,
        Done::PasswordChanged,
        Done::SessionEnded,
        Done::OthersEnded,
        Done::AccountAdded,
        Done::AccountLocked,
        Done::AccountUnlocked,
        Done::AlreadySent,
        Done::ColumnsSaid,
        Done::FileForgotten,
        Done::CertificateEnrolled,
        Done::SchoolChanged,
        Done::YearOpened,
        Done::YearClosed,
        Done::RolledOver,
        Done::MovesDecided,
        Done::NothingChanged,
        Done::ListTaken,
        Done::Signed,
        Done::RequestAsked,
        Done::RequestAnswered,
        Done::RequestWithdrawn,
        Done::LinkWithdrawn,
        Done::CodesMade,
        Done::LeftOut,
        Done::TakenIn,
        Done::Returned,
        Done::MailCodeSent,
        Done::MailConfirmed,
        Done::MailRemoved,
    ];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Done::SignedOut => "signed-out",
            Done::SignedOutHere => "signed-out-here",
            Done::PasswordChanged => "password-changed",
            Done::SessionEnded => "session-ended",
            Done::OthersEnded => "others-ended",
            Done::AccountAdded => "account-added",
            Done::AccountLocked => "account-locked",
            Done::AccountUnlocked => "account-unlocked",
            Done::AlreadySent => "already-sent",
            Done::ColumnsSaid => "columns-said",
            Done::FileForgotten => "file-forgotten",
            Done::CertificateEnrolled => "certificate-enrolled",
            Done::SchoolChanged => "school-changed",
            Done::YearOpened => "year-opened",
            Done::YearClosed => "year-closed",
            Done::RolledOver => "rolled-over",
            Done::MovesDecided => "moves-decided",
            Done::NothingChanged => "nothing-changed",
            Done::ListTaken => "list-taken",
            Done::Signed => "signed",
            Done::RequestAsked => "request-asked",
            Done::RequestAnswered => "request-answered",
            Done::RequestWithdrawn => "request-withdrawn",
            Done::LinkWithdrawn => "link-withdrawn",
            Done::CodesMade => "codes-made",
            Done::LeftOut => "left-out",
            Done::TakenIn => "taken-in",
            Done::Returned => "returned",
            Done::MailCodeSent => "mail-code-sent",
            Done::MailConfirmed => "mail-confirmed",
            Done::MailRemoved => "mail-removed",
        }
    }

    pub(crate) fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|done| done.code() == code)
    }

    pub(crate) fn text(self, t: Text) -> String {
        match self {
            Done::SignedOut => t.say("done-signed-out"),
            Done::SignedOutHere => t.say("done-signed-out-here"),
            Done::PasswordChanged => t.say("done-password-changed"),
            Done::SessionEnded => t.say("done-session-ended"),
            Done::OthersEnded => t.say("done-others-ended"),
            Done::AccountAdded => t.say("done-account-added"),
            Done::AccountLocked => t.say("done-account-locked"),
            Done::AccountUnlocked => t.say("done-account-unlocked"),
            Done::AlreadySent => t.say("done-already-sent"),
            Done::ColumnsSaid => t.say("done-columns-said"),
            Done::FileForgotten => t.say("done-file-forgotten"),
            Done::CertificateEnrolled => t.say("done-certificate-enrolled"),
            Done::SchoolChanged => t.say("done-school-changed"),
            Done::YearOpened => t.say("done-year-opened"),
            Done::YearClosed => t.say("done-year-closed"),
            Done::RolledOver => t.say("done-rolled-over"),
            Done::MovesDecided => t.say("done-moves-decided"),
            Done::NothingChanged => t.say("done-nothing-changed"),
            Done::ListTaken => t.say("done-list-taken"),
            Done::Signed => t.say("done-signed"),
            Done::RequestAsked => t.say("done-request-asked"),
            Done::RequestAnswered => t.say("done-request-answered"),
            Done::RequestWithdrawn => t.say("done-request-withdrawn"),
            Done::LinkWithdrawn => t.say("done-link-withdrawn"),
            Done::CodesMade => t.say("done-codes-made"),
            Done::LeftOut => t.say("done-left-out"),
            Done::TakenIn => t.say("done-taken-in"),
            Done::Returned => t.say("done-returned"),
            Done::MailCodeSent => t.say("done-mail-code-sent"),
            Done::MailConfirmed => t.say("done-mail-confirmed"),
            Done::MailRemoved => t.say("done-mail-removed"),
        }
        .into_owned()
    }
}

/// What every staff page has around its content.
#[derive(Debug, Clone)]
pub(crate) struct Chrome {
    pub(crate) t: Text,
    pub(crate) assets: &'static Assets,
    pub(crate) title: String,
    /// A page that shows this again by a link, for the switch of languages.
    pub(crate) here: String,
    pub(crate) who: Option<Who>,
    /// Whether the way from the home page to this one is shown.
    pub(crate) trail: bool,
    /// What lies between.
    pub(crate) crumbs: Vec<Crumb>,
    pub(crate) flash: Option<String>,
    pub(crate) faults: Vec<Fault>,
    /// Secret of the forms.
    secret: String,
    /// Names this rendering of the forms.
    form_id: String,
}

impl Chrome {
    pub(crate) fn new(t: Text, here: String, who: Option<Who>, secret: String, form_id: String) -> Self {
        let (title, crumbs, flash, faults) = (String::new(), Vec::new(), None, Vec::new());
        Self { t, assets: &ASSETS, title, here, who, trail: false, crumbs, flash, faults, secret, form_id }
    }

    pub(crate) fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Shows the way: the page is one step below the home page.
    pub(crate) fn below_home(mut self) -> Self {
        self.trail = true;
        self
    }

    /// One step further on the way, between the home page and this one.
    pub(crate) fn crumb(mut self, text: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push(Crumb { text: text.into(), href: href.into() });
        self.below_home()
    }

    pub(crate) fn wrong(mut self, faults: Vec<Fault>) -> Self {
        self.faults = faults;
        self
    }

    pub(crate) fn code(&self) -> &'static str {
        language::code(self.t.0)
    }
    pub(crate) fn other_code(&self) -> &'static str {
        language::code(language::other(self.t.0))
    }

    /// The beginning of a form: its tag and the hidden fields. `action` is an address of ours, without a query.
    pub(crate) fn form(&self, action: &str) -> String {
        self.begin(action, "")
    }

    /// The same for a form with files, whose fields come before them.
    pub(crate) fn form_with_files(&self, action: &str) -> String {
        self.begin(action, " enctype=\"multipart/form-data\"")
    }

    fn begin(&self, action: &str, kind: &str) -> String {
        let action = escaped(action);
        let token = form::token(&self.secret, &action);
        let (csrf, id, form_id) = (form::CSRF, form::FORM_ID, &self.form_id);
        format!(
            "<form method=\"post\" action=\"{action}\"{kind}>\n\
             <input type=\"hidden\" name=\"{csrf}\" value=\"{token}\">\n\
             <input type=\"hidden\" name=\"{id}\" value=\"{form_id}\">"
        )
    }

    /// The beginning of a search: what is typed goes into the address of a page of ours, and changes nothing.
    pub(crate) fn search(&self, page: &str) -> String {
        format!("<form method=\"get\" action=\"{}\" role=\"search\">", escaped(page))
    }

    /// What is wrong with a field.
    pub(crate) fn fault(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|fault| fault.field == field).map(|fault| fault.text.as_str())
    }

    /// A field of a form, with what is wrong with it.
    pub(crate) fn field(&self, name: &'static str, label: impl Into<String>) -> Field {
        Field {
            name,
            label: label.into(),
            hint: None,
            error: self.fault(name).map(str::to_owned),
            kind: "text",
            value: String::new(),
            autocomplete: "off",
            numeric: false,
            plain: false,
            required: true,
            accept: "",
            multiple: false,
        }
    }
}

/// A field that nobody sees.
pub(crate) fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// A field with its label, hint and error; the latter two are tied to it by `aria-describedby`.
#[derive(Debug, Clone, Template)]
#[template(path = "staff/field.html")]
pub(crate) struct Field {
    name: &'static str,
    label: String,
    hint: Option<String>,
    error: Option<String>,
    kind: &'static str,
    value: String,
    autocomplete: &'static str,
    numeric: bool,
    /// No capital letters, no correction of spelling: a phone must not improve a login.
    plain: bool,
    required: bool,
    /// Of a file: endings and media types that the browser offers first.
    accept: &'static str,
    multiple: bool,
}

impl Field {
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    pub(crate) fn value(mut self, value: &str) -> Self {
        self.value = value.to_owned();
        self
    }
    pub(crate) fn autocomplete(mut self, what: &'static str) -> Self {
        self.autocomplete = what;
        self
    }
    /// Dots instead of letters; nothing is ever put into it by us.
    pub(crate) fn password(mut self, autocomplete: &'static str) -> Self {
        (self.kind, self.autocomplete) = ("password", autocomplete);
        self
    }
    /// A one-time code.
    pub(crate) fn code(mut self) -> Self {
        (self.autocomplete, self.plain) = ("one-time-code", true);
        self
    }
    pub(crate) fn digits(mut self) -> Self {
        self.numeric = true;
        self.code()
    }
    pub(crate) fn plain(mut self) -> Self {
        self.plain = true;
        self
    }
    /// A file, in a form with files; `accept` is what the browser offers first (HTML §4.10.5.1.17), and no check.
    pub(crate) fn file(mut self, accept: &'static str) -> Self {
        (self.kind, self.accept) = ("file", accept);
        self
    }
    /// Several files at once.
    pub(crate) fn multiple(mut self) -> Self {
        self.multiple = true;
        self
    }
    pub(crate) fn optional(mut self) -> Self {
        self.required = false;
        self
    }
    fn is_file(&self) -> bool {
        self.kind == "file"
    }
    /// What screen readers read after the label.
    fn described(&self) -> String {
        let ids = [(self.hint.is_some(), "hint"), (self.error.is_some(), "error")];
        let ids: Vec<String> =
            ids.iter().filter(|(is, _)| *is).map(|(_, what)| format!("{}-{what}", self.name)).collect();
        ids.join(" ")
    }
}
