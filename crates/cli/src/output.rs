//! What people and programs read: sentences on standard output, or one JSON document; progress and notes on standard
//! error.

use std::{
    io::{IsTerminal as _, Write as _},
    time::Duration,
};

use clap::ValueEnum;
use hocba_bundle::text::Language;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

pub use hocba_workbook::Words;

use crate::error::Failure;

/// The language of the sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// Tiếng Việt.
    Vi,
    /// English.
    En,
}

impl Lang {
    /// The sentence in this language.
    pub fn pick(self, words: &Words) -> &str {
        match self {
            Lang::Vi => &words.vi,
            Lang::En => &words.en,
        }
    }
    /// As reports call it.
    pub fn of_report(self) -> Language {
        match self {
            Lang::Vi => Language::Vietnamese,
            Lang::En => Language::English,
        }
    }
}

/// Both sentences.
pub fn words(vi: impl Into<String>, en: impl Into<String>) -> Words {
    Words::new(vi, en)
}

/// Where a command's words go.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// Language of sentences.
    pub lang: Lang,
    /// Whether standard output carries one JSON document instead.
    pub json: bool,
}

impl Output {
    /// A sentence for people, on standard output.
    pub fn say(&self, text: &Words) {
        self.line(self.lang.pick(text));
    }

    /// A line for people, on standard output.
    pub fn line(&self, text: &str) {
        if !self.json {
            write_out(text);
        }
    }

    /// The document for programs, on standard output.
    pub fn document(&self, value: &Value) {
        if self.json {
            write_out(&format!("{value:#}"));
        }
    }

    /// A remark on standard error.
    pub fn note(&self, text: &Words) {
        write_err(self.lang.pick(text));
    }

    /// A failure: words on standard error, and the document for programs.
    pub fn failure(&self, command: &str, failure: &Failure) {
        write_err(&failure.text(self.lang));
        self.document(&serde_json::json!({
            "command": command,
            "ok": false,
            "error": {
                "code": failure.code,
                "exit": failure.exit.code(),
                "vi": failure.words.vi,
                "en": failure.words.en,
                "hint_vi": failure.hint.as_ref().map(|h| &h.vi),
                "hint_en": failure.hint.as_ref().map(|h| &h.en),
                "details": failure.details,
            },
        }));
    }

    /// A progress bar on standard error; hidden for programs and where nobody watches.
    pub fn progress(&self, length: usize, what: &Words) -> ProgressBar {
        if self.json || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::with_draw_target(Some(length as u64), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("  {msg:<28} [{bar:30}] {pos}/{len}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        bar.set_message(self.lang.pick(what).to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }
}

/// A line on standard output. A closed pipe (`hocba inspect … | head`) is the reader's choice and no error.
pub fn write_out(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

fn write_err(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
