//! A report as people read it: every sentence, in order, in one language. Pure; the templates only place what is here.
//!
//! The words follow `style.md` "On screen": no anchor, no Merkle; "chưa kiểm tra được", never "giả", for what could not
//! be checked; a file that was saved again is not called forged.

mod record;
mod values;
pub(crate) mod words;

use hocba_bundle::{
    report::{Check, Group, Headline, Outcome, Report, SkipReason, Verdict},
    text,
};

use crate::language::{Language, pick};
pub use record::{Fact, Facts, Pupil, RecordView, SignerView, Subject};
use words::Words;

/// How the answer looks; always beside an icon and a word, never by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Genuine and in force.
    Good,
    /// Not valid.
    Bad,
    /// Could not be checked.
    Open,
    /// Genuine, and no longer in force.
    Past,
    /// Saved again: what it says is right, the file is not.
    Resaved,
}

impl Tone {
    fn of(report: &Report) -> Self {
        match report.headline {
            Headline::Valid => Tone::Good,
            Headline::Superseded | Headline::Revoked => Tone::Past,
            Headline::Resaved => Tone::Resaved,
            Headline::Invalid => Tone::Bad,
            Headline::Inconclusive => Tone::Open,
        }
    }

    /// Name of its style.
    pub fn style(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Bad => "bad",
            Tone::Open => "open",
            Tone::Past => "past",
            Tone::Resaved => "resaved",
        }
    }

    /// The word beside the icon.
    fn word(self, report: &Report, language: Language) -> &'static str {
        match (self, report.headline) {
            (Tone::Good, _) => pick(language, "Hợp lệ", "Valid"),
            (Tone::Bad, _) => pick(language, "Không hợp lệ", "Not valid"),
            (Tone::Open, _) => pick(language, "Chưa kiểm tra được", "Could not be checked"),
            (Tone::Past, Headline::Revoked) => pick(language, "Đã bị thu hồi", "Revoked"),
            (Tone::Past, _) => pick(language, "Đã được thay", "Replaced"),
            (Tone::Resaved, _) => pick(language, "Tệp đã bị lưu lại", "File saved again"),
        }
    }
}

/// A verdict, ready to be shown.
#[derive(Debug, Clone)]
pub struct View {
    /// Language of all that follows.
    pub language: Language,
    /// Fixed words of the page.
    pub words: &'static Words,
    /// Look.
    pub tone: Tone,
    /// One word.
    pub word: &'static str,
    /// One sentence.
    pub headline: String,
    /// Whether example keys are believed.
    pub demo: bool,
    /// What is wrong or could not be checked, each once, what is wrong first.
    pub problems: Vec<String>,
    /// Whether what the records say may be relied on: nothing failed that touches their content or signatures.
    pub trusted: bool,
    /// The records.
    pub records: Vec<RecordView>,
    /// The five groups.
    pub groups: Vec<GroupView>,
    /// What was looked at, as of when, by which list.
    pub basis: Vec<Fact>,
    /// What a saved copy is called. Holds no name of a person.
    pub file_name: String,
}

/// One group of checks.
#[derive(Debug, Clone)]
pub struct GroupView {
    /// Name.
    pub name: &'static str,
    /// How it ended.
    pub state: State,
    /// Its checks.
    pub checks: Vec<CheckView>,
}

/// One check.
#[derive(Debug, Clone)]
pub struct CheckView {
    /// Name, with the year where there are several records.
    pub name: String,
    /// How it ended.
    pub state: State,
    /// What is wrong, or why there was nothing to look at.
    pub notes: Vec<String>,
}

/// How a check or a group ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Looked at and good.
    Passed,
    /// Looked at and bad.
    Failed,
    /// Could not be looked at.
    Unavailable,
    /// Nothing to look at.
    Skipped,
}

impl State {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Passed => State::Passed,
            Outcome::Failed(_) => State::Failed,
            Outcome::Unavailable(_) => State::Unavailable,
            Outcome::Skipped(_) => State::Skipped,
        }
    }

    /// Name of its style.
    pub fn style(self) -> &'static str {
        match self {
            State::Passed => "passed",
            State::Failed => "failed",
            State::Unavailable => "unavailable",
            State::Skipped => "skipped",
        }
    }

    /// The sign before its word.
    pub fn sign(self) -> &'static str {
        match self {
            State::Passed => "✓",
            State::Failed => "✕",
            State::Unavailable => "?",
            State::Skipped => "–",
        }
    }

    /// Its word.
    pub fn word(self, words: &Words) -> &'static str {
        match self {
            State::Passed => words.passed,
            State::Failed => words.failed,
            State::Unavailable => words.unavailable,
            State::Skipped => words.skipped,
        }
    }

    /// Whether it is shown without being asked for.
    pub fn is_trouble(self) -> bool {
        matches!(self, State::Failed | State::Unavailable)
    }
}

const GROUPS: [Group; 5] = [Group::Integrity, Group::Signatures, Group::Authority, Group::Anchor, Group::Status];

/// The view of a report in a language.
pub fn view(report: &Report, language: Language) -> View {
    let words = words::of(language);
    let tone = Tone::of(report);
    let records: Vec<RecordView> =
        report.records.iter().map(|record| record::view(record, report, tone, language)).collect();
    View {
        language,
        words,
        tone,
        word: tone.word(report, language),
        headline: text::headline(report, language),
        demo: report.demo,
        problems: problems(report, language),
        trusted: matches!(tone, Tone::Good | Tone::Past | Tone::Resaved) && !is_partly_unchecked(report),
        groups: GROUPS.into_iter().map(|group| group_view(report, group, language)).collect(),
        basis: basis(report, language),
        file_name: file_name(report),
        records,
    }
}

/// Whether "genuine" in the headline rests on checks that could not all be made (`docs/spec/verdict.md` §4).
fn is_partly_unchecked(report: &Report) -> bool {
    report.checks.iter().any(|check| matches!(check.outcome, Outcome::Unavailable(_)))
}

/// One cause often stops several checks; it is told once. What is wrong comes before what could not be checked.
fn problems(report: &Report, language: Language) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let failed = |check: &&Check| matches!(check.outcome, Outcome::Failed(_));
    let rest = |check: &&Check| !matches!(check.outcome, Outcome::Failed(_));
    let ordered = report.checks.iter().filter(failed).chain(report.checks.iter().filter(rest));
    for problem in ordered.flat_map(|check| check.outcome.problems()) {
        let sentence = capital(&text::problem(problem, language));
        if !told.contains(&sentence) {
            told.push(sentence);
        }
    }
    if report.verdict == Verdict::Invalid && report.headline != Headline::Invalid && is_partly_unchecked(report) {
        let note = pick(
            language,
            "Một số mục chưa kiểm tra được, nên chưa thể chắc học bạ là thật",
            "Some checks could not be made, so it is not certain that the transcript is genuine",
        );
        told.push(note.to_owned());
    }
    told
}

fn group_view(report: &Report, group: Group, language: Language) -> GroupView {
    let several = report.records.len() > 1;
    let checks: Vec<CheckView> = report
        .checks
        .iter()
        .filter(|check| check.id.group() == group)
        .map(|check| {
            let name = text::check(check.id, language).to_owned();
            let year = check.record.filter(|_| several).and_then(|index| report.records.get(index));
            CheckView {
                name: year.map_or(name.clone(), |record| format!("{name} ({})", record.year)),
                state: State::of(&check.outcome),
                notes: notes(&check.outcome, language),
            }
        })
        .collect();
    let worst = [State::Failed, State::Unavailable, State::Passed];
    let state = worst.into_iter().find(|state| checks.iter().any(|c| c.state == *state)).unwrap_or(State::Skipped);
    GroupView { name: text::group(group, language), state, checks }
}

fn notes(outcome: &Outcome, language: Language) -> Vec<String> {
    let why = |reason: SkipReason| match reason {
        SkipReason::Withheld => pick(language, "mục cần cho việc này không được trình", "what it needs is withheld"),
        SkipReason::NotCarried => pick(language, "tệp không có phần này", "the file holds nothing of the kind"),
        SkipReason::NotReached => pick(language, "dừng ở một bước trước", "an earlier step did not hold"),
    };
    match outcome {
        Outcome::Skipped(reason) => vec![why(*reason).to_owned()],
        other => other.problems().iter().map(|problem| text::problem(problem, language)).collect(),
    }
}

fn basis(report: &Report, language: Language) -> Vec<Fact> {
    let words = words::of(language);
    let (id, number) = &report.profile_number;
    let list = pick(
        language,
        format!("{} ({id}, số {number})", report.profile),
        format!("{} ({id}, number {number})", report.profile),
    );
    vec![
        Fact::new(words.checked_at, text::date_time(report.verified_at)),
        Fact::new(words.public_record, text::as_of(&report.as_of, language)),
        Fact::new(words.recognised_issuers, list),
    ]
}

fn file_name(report: &Report) -> String {
    let class = |name: &str| name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    match report.records.as_slice() {
        [] => "hoc-ba.hocba.json".to_owned(),
        [.., last] => format!("hoc-ba-{}-{}-v{}.hocba.json", last.year, class(last.class.as_str()), last.version),
    }
}

/// A problem's words, begun as a sentence.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
