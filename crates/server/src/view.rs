//! A report as people read it: every sentence, in order, in one language. Pure; the templates only place what is here.
//!
//! The words follow `style.md` "On screen": no anchor, no Merkle; "chưa kiểm tra được", never "giả", for what could not
//! be checked; a file that was saved again is not called forged.

mod record;
pub(crate) mod values;
pub(crate) mod words;

use hocba_bundle::{
    book,
    report::{AppointmentProblem, Check, Group, Headline, Outcome, Problem, Report, SkipReason, Verdict},
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
    /// Genuine, and replaced.
    Replaced,
    /// Genuine, and withdrawn.
    Revoked,
    /// Saved again: what it says is right, the file is not.
    Resaved,
}

impl Tone {
    fn of(report: &Report) -> Self {
        match report.headline {
            Headline::Valid | Headline::Provisional => Tone::Good,
            Headline::Superseded => Tone::Replaced,
            Headline::Revoked => Tone::Revoked,
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
            Tone::Replaced | Tone::Revoked => "past",
            Tone::Resaved => "resaved",
        }
    }

    /// The word beside the icon.
    fn word(self, language: Language) -> &'static str {
        match self {
            Tone::Good => pick(language, "Hợp lệ", "Valid"),
            Tone::Bad => pick(language, "Không hợp lệ", "Not valid"),
            Tone::Open => pick(language, "Chưa kiểm tra được", "Could not be checked"),
            Tone::Replaced => pick(language, "Đã được thay", "Replaced"),
            Tone::Revoked => pick(language, "Đã bị thu hồi", "Revoked"),
            Tone::Resaved => pick(language, "Tệp đã bị lưu lại", "File saved again"),
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
    /// Whether those named as signers did sign and had the right to, whatever else is wrong.
    pub signed: bool,
    /// The records.
    pub records: Vec<RecordView>,
    /// Whether all years are there, where there are several; then what is remarkable about them.
    pub book: Vec<BookLine>,
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
    /// Not looked at, because an earlier step did not hold.
    NotReached,
}

impl State {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Passed => State::Passed,
            Outcome::Failed(_) => State::Failed,
            Outcome::Unavailable(_) => State::Unavailable,
            Outcome::Skipped(SkipReason::NotReached) => State::NotReached,
            Outcome::Skipped(_) => State::Skipped,
        }
    }

    /// Name of its style.
    pub fn style(self) -> &'static str {
        match self {
            State::Passed => "passed",
            State::Failed => "failed",
            State::Unavailable => "unavailable",
            State::Skipped | State::NotReached => "skipped",
        }
    }

    /// The sign before its word.
    pub fn sign(self) -> &'static str {
        match self {
            State::Passed => "✓",
            State::Failed => "✕",
            State::Unavailable => "?",
            State::Skipped | State::NotReached => "–",
        }
    }

    /// Its word.
    pub fn word(self, words: &Words) -> &'static str {
        match self {
            State::Passed => words.passed,
            State::Failed => words.failed,
            State::Unavailable => words.unavailable,
            State::Skipped => words.skipped,
            State::NotReached => words.not_reached,
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
        word: tone.word(language),
        headline: headline(report, language),
        demo: report.demo,
        problems: problems(report, language),
        trusted: !matches!(tone, Tone::Bad | Tone::Open) && !is_partly_unchecked(report),
        signed: is_signed(report),
        groups: GROUPS.into_iter().map(|group| group_view(report, group, language)).collect(),
        basis: basis(report, language),
        file_name: file_name(report),
        book: book_lines(report, language),
        records,
    }
}

/// A sentence about the years of the book.
#[derive(Debug, Clone)]
pub struct BookLine {
    /// The sentence.
    pub text: String,
    /// Whether it is something to ask about.
    pub question: bool,
}

fn book_lines(report: &Report, language: Language) -> Vec<BookLine> {
    let records = &report.records;
    let whole = book::whole(records);
    let several = (records.len() > 1).then(|| BookLine {
        text: book::whole_in_words(whole, language),
        question: !matches!(whole, book::Whole::NothingDropped { .. }),
    });
    let notes = book::notes(records);
    let notes = notes
        .iter()
        .map(|note| BookLine { text: book::in_words(note, records, language), question: note.what.is_question() });
    several.into_iter().chain(notes).collect()
}

/// Whether "genuine" in the headline rests on checks that could not all be made (`docs/spec/verdict.md` §4).
fn is_partly_unchecked(report: &Report) -> bool {
    report.checks.iter().any(|check| matches!(check.outcome, Outcome::Unavailable(_)))
}

fn is_signed(report: &Report) -> bool {
    report
        .checks
        .iter()
        .filter(|check| matches!(check.id.group(), Group::Signatures | Group::Authority))
        .all(|check| matches!(check.outcome, Outcome::Passed | Outcome::Skipped(_)))
}

/// The sentence on top. A file that is no transcript at all is called that: "not valid" would sound like a judgement
/// on a transcript.
fn headline(report: &Report, language: Language) -> String {
    let unreadable =
        all_problems(report).any(|problem| matches!(problem, Problem::Unreadable(_))) && report.records.is_empty();
    if unreadable {
        return pick(
            language,
            "Tệp này không đọc được như một tệp học bạ.".to_owned(),
            "This file cannot be read as a transcript.".to_owned(),
        );
    }
    text::headline(report, language)
}

fn all_problems(report: &Report) -> impl Iterator<Item = &Problem> {
    report.checks.iter().flat_map(|check| check.outcome.problems())
}

/// Whether a problem is nothing but the consequence of another one that is told: with the public record out of reach
/// nothing that needs it can be told, and no seed explains a changed section. The groups below show all of them.
fn follows(problem: &Problem, report: &Report) -> bool {
    match problem {
        Problem::NotReached | Problem::Appointment { problem: AppointmentProblem::Unknown, .. } => {
            all_problems(report).any(|other| matches!(other, Problem::Chain(_)))
        }
        Problem::SeedDisagrees => all_problems(report).any(|other| matches!(other, Problem::SectionChanged { .. })),
        _ => false,
    }
}

/// One cause often stops several checks; it is told once. What is wrong comes before what could not be checked.
fn problems(report: &Report, language: Language) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let failed = |check: &&Check| matches!(check.outcome, Outcome::Failed(_));
    let rest = |check: &&Check| !matches!(check.outcome, Outcome::Failed(_));
    let ordered = report.checks.iter().filter(failed).chain(report.checks.iter().filter(rest));
    for problem in ordered.flat_map(|check| check.outcome.problems()).filter(|problem| !follows(problem, report)) {
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
    let worst = [State::Failed, State::Unavailable, State::Passed, State::NotReached];
    let state = worst.into_iter().find(|state| checks.iter().any(|c| c.state == *state)).unwrap_or(State::Skipped);
    GroupView { name: text::group(group, language), state, checks }
}

fn notes(outcome: &Outcome, language: Language) -> Vec<String> {
    match outcome {
        Outcome::Skipped(SkipReason::NotReached) => Vec::new(),
        Outcome::Skipped(SkipReason::Withheld) => {
            vec![pick(language, "mục cần cho việc này không được trình", "what it needs is withheld").to_owned()]
        }
        Outcome::Skipped(SkipReason::NotCarried) => {
            vec![pick(language, "tệp không có phần này", "the file holds nothing of the kind").to_owned()]
        }
        Outcome::Skipped(SkipReason::NotAsked) => {
            vec![
                pick(language, "danh sách nơi cấp không yêu cầu", "the list of issuers does not ask for it").to_owned(),
            ]
        }
        // Three signers may share one trouble; it is told once.
        other => other.problems().iter().fold(Vec::new(), |mut told, problem| {
            let sentence = text::problem(problem, language);
            if !told.contains(&sentence) {
                told.push(sentence);
            }
            told
        }),
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
    let mut record = text::as_of(&report.as_of, language);
    if let Some(agreement) = &report.as_of.agreement {
        let others = text::agreement(agreement, language);
        if !others.is_empty() {
            record.push(' ');
            record.push_str(&others);
        }
    }
    vec![
        Fact::new(words.checked_at, text::date_time(report.verified_at)),
        Fact::new(words.public_record, record),
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
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
