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
    PasswordChanged,
    SessionEnded,
    OthersEnded,
    AccountAdded,
    AccountLocked,
    AccountUnlocked,
    AlreadySent,
}

impl Done {
    const ALL: [Done; 8] = [
        Done::SignedOut,
        Done::PasswordChanged,
        Done::SessionEnded,
        Done::OthersEnded,
        Done::AccountAdded,
        Done::AccountLocked,
        Done::AccountUnlocked,
        Done::AlreadySent,
    ];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Done::SignedOut => "signed-out",
            Done::PasswordChanged => "password-changed",
            Done::SessionEnded => "session-ended",
            Done::OthersEnded => "others-ended",
            Done::AccountAdded => "account-added",
            Done::AccountLocked => "account-locked",
            Done::AccountUnlocked => "account-unlocked",
            Done::AlreadySent => "already-sent",
        }
    }

    pub(crate) fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|done| done.code() == code)
    }

    pub(crate) fn text(self, t: Text) -> String {
        match self {
            Done::SignedOut => t.say("done-signed-out"),
            Done::PasswordChanged => t.say("done-password-changed"),
            Done::SessionEnded => t.say("done-session-ended"),
            Done::OthersEnded => t.say("done-others-ended"),
            Done::AccountAdded => t.say("done-account-added"),
            Done::AccountLocked => t.say("done-account-locked"),
            Done::AccountUnlocked => t.say("done-account-unlocked"),
            Done::AlreadySent => t.say("done-already-sent"),
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
        let action = escaped(action);
        let token = form::token(&self.secret, &action);
        let (csrf, id, form_id) = (form::CSRF, form::FORM_ID, &self.form_id);
        format!(
            "<form method=\"post\" action=\"{action}\">\n\
             <input type=\"hidden\" name=\"{csrf}\" value=\"{token}\">\n\
             <input type=\"hidden\" name=\"{id}\" value=\"{form_id}\">"
        )
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
        }
    }
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
    pub(crate) fn optional(mut self) -> Self {
        self.required = false;
        self
    }
    /// What screen readers read after the label.
    fn described(&self) -> String {
        let ids = [(self.hint.is_some(), "hint"), (self.error.is_some(), "error")];
        let ids: Vec<String> =
            ids.iter().filter(|(is, _)| *is).map(|(_, what)| format!("{}-{what}", self.name)).collect();
        ids.join(" ")
    }
}
