//! How a command ends: exit codes, and failures that say what, where and how to mend it.

use std::fmt;

use serde_json::Value;

use crate::output::{Lang, Words};

/// Exit codes; documented in `--help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; for `verify`, every file is valid; for `watch`, nothing was found.
    Ok,
    /// `verify`: some file is invalid; `watch`: something was found.
    Invalid,
    /// `verify`: none is invalid, some could not be checked; `watch`: nothing was found, and not all could be compared.
    Inconclusive,
    /// Wrong usage or input that cannot be used.
    BadInput,
    /// Files, locks, keys: something around the program.
    Environment,
    /// A step out of its order.
    Order,
    /// The chain did not answer or refused.
    Chain,
}

impl Exit {
    /// The number the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Ok => 0,
            Exit::Invalid => 1,
            Exit::Inconclusive => 2,
            Exit::BadInput => 3,
            Exit::Environment => 4,
            Exit::Order => 5,
            Exit::Chain => 6,
        }
    }
}

/// A failure that the user can act on. Whatever else goes wrong is an [`Exit::Environment`] with its chain of causes.
#[derive(Debug)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    /// Stable word for programs.
    pub code: &'static str,
    /// What is wrong.
    pub words: Words,
    /// What to do.
    pub hint: Option<Box<Words>>,
    /// More for `--json`.
    pub details: Option<Box<Value>>,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(exit: Exit, code: &'static str, words: Words) -> Self {
        Self { exit, code, words, hint: None, details: None }
    }

    /// The same, saying what to do.
    #[must_use]
    pub fn hint(mut self, hint: Words) -> Self {
        self.hint = Some(Box::new(hint));
        self
    }

    /// The same, with more for programs.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = Some(Box::new(details));
        self
    }

    /// The message in a language, hint included.
    pub fn text(&self, lang: Lang) -> String {
        let message = lang.pick(&self.words);
        match &self.hint {
            Some(hint) => format!("{message}\n  → {}", lang.pick(hint)),
            None => message.to_owned(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.en)
    }
}
impl std::error::Error for Failure {}
