//! `sign`, `cosign`, `seal`: the three signatures of policy 1, one step of the record's state each.
//!
//! `Draft → TeacherSigned → CoSigned → Sealed`. The state is the number of signatures, so signing again does nothing
//! to those who have signed, and a run that was cut off goes on where it ended.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use hocba_record::{
    disclosure::{Seed, check_disclosures, issue},
    form,
    payload::{OpenClaims, RecordKind, RecordPayload},
    section::Section,
    types::UnixTime,
};
use hocba_signature::{
    certificate::Certificate,
    policy::SigningPolicy,
    statement::{Role, Statement, StatementType},
};
use serde_json::json;

use super::{Context, import::nothing_imported};
use crate::{
    edge::now,
    error::{Exit, Failure},
    folder::{ClassDraft, Folder, PupilDraft, RecordFile},
    output::{Output, Words, words},
    people::{KeyArgs, Person},
};

/// Arguments of the three commands.
#[derive(Debug, Default, Args)]
pub struct SignArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// Only these pupils, by number in the class list: `1,3,5-9`.
    #[arg(long, value_name = "NUMBERS")]
    only: Option<Numbers>,
    /// All but these.
    #[arg(long, value_name = "NUMBERS", conflicts_with = "only")]
    except: Option<Numbers>,
    /// Sign as deputy principal ("KT. HIỆU TRƯỞNG"); for `cosign`.
    #[arg(long)]
    deputy: bool,
}

/// Numbers of the class list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers(BTreeSet<u32>);

impl std::str::FromStr for Numbers {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let mut numbers = BTreeSet::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |s: &str| s.trim().parse::<u32>().map_err(|_| format!("`{part}`: 1,3,5-9"));
            let (first, last) = (number(first)?, number(last)?);
            if first == 0 || last < first || last - first > 10_000 {
                return Err(format!("`{part}`: 1,3,5-9"));
            }
            numbers.extend(first..=last);
        }
        Ok(Self(numbers))
    }
}

/// One of the three steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The homeroom teacher signs.
    Sign,
    /// The principal or a deputy co-signs.
    CoSign,
    /// The school seals.
    Seal,
}

/// States of a record, by number of signatures.
const STATES: [(&str, &str); 4] = [
    ("bản nháp", "draft"),
    ("giáo viên chủ nhiệm đã ký", "signed by the homeroom teacher"),
    ("hiệu trưởng đã ký duyệt", "co-signed by the principal"),
    ("đã ký số của trường", "sealed by the school"),
];

impl Step {
    /// Signatures a record has before the step.
    fn before(self) -> usize {
        match self {
            Step::Sign => 0,
            Step::CoSign => 1,
            Step::Seal => 2,
        }
    }
    fn name(self) -> &'static str {
        match self {
            Step::Sign => "sign",
            Step::CoSign => "cosign",
            Step::Seal => "seal",
        }
    }
    fn role(self, deputy: bool) -> Role {
        match (self, deputy) {
            (Step::Sign, _) => Role::HomeroomTeacher,
            (Step::CoSign, false) => Role::Principal,
            (Step::CoSign, true) => Role::DeputyPrincipal,
            (Step::Seal, _) => Role::SchoolSeal,
        }
    }
    fn progress(self) -> Words {
        match self {
            Step::Sign => words("Giáo viên chủ nhiệm ký", "Homeroom teacher signs"),
            Step::CoSign => words("Hiệu trưởng ký duyệt", "Principal co-signs"),
            Step::Seal => words("Ký số của trường", "School seals"),
        }
    }
    fn next(self) -> &'static str {
        match self {
            Step::Sign => "hocba cosign",
            Step::CoSign => "hocba seal",
            Step::Seal => "hocba anchor",
        }
    }
}

/// What came of a step.
#[derive(Debug, Default)]
pub struct Stepped {
    /// Signed now.
    pub signed: usize,
    /// Had this signature before.
    pub already: usize,
    /// Not in the state for it, and so left as they are.
    pub waiting: Vec<u32>,
}

/// Takes the step for the pupils chosen.
///
/// # Errors
/// When no one chosen is in the state for it; when a record does not stand what its signer is shown.
pub fn step(folder: &Folder, step: Step, args: &SignArgs, out: &Output) -> anyhow::Result<Stepped> {
    let drafts = folder.drafts()?.ok_or_else(nothing_imported)?;
    let chosen = choose(&drafts, args)?;
    let mut result = Stepped::default();
    let mut todo = Vec::new();
    let mut states: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for pupil in chosen {
        let record = folder.record(&pupil.id)?;
        let signatures = record.as_ref().map_or(0, |r| r.statement.len());
        match signatures.cmp(&step.before()) {
            std::cmp::Ordering::Equal => todo.push((pupil, record)),
            std::cmp::Ordering::Greater => result.already += 1,
            std::cmp::Ordering::Less => {
                result.waiting.push(pupil.number);
                states.entry(signatures).or_default().push(pupil.number);
            }
        }
    }
    // Named one by one, or nobody at all: then leaving some out in silence would mislead.
    if !result.waiting.is_empty() && (args.only.is_some() || (todo.is_empty() && result.already == 0)) {
        return Err(wrong_state(step, &states).into());
    }
    if todo.is_empty() {
        return Ok(result);
    }
    let role = step.role(args.deputy);
    let person = Person::open(folder, role, &args.key)?;
    let certificates = folder.certificates()?;
    let bar = out.progress(todo.len(), &step.progress());
    for (pupil, record) in todo {
        let record = match record {
            Some(record) => checked(record, &certificates, pupil.number)?,
            None => draft(folder, &drafts, pupil)?,
        };
        let RecordFile { disclosures, number, seed, statement } = record;
        let statement = person.sign(statement, StatementType::Record, role, now());
        folder.save_record(&pupil.id, &RecordFile { disclosures, number, seed, statement })?;
        result.signed += 1;
        bar.inc(1);
    }
    bar.finish();
    Ok(result)
}

fn choose<'a>(drafts: &'a ClassDraft, args: &SignArgs) -> Result<Vec<&'a PupilDraft>, Failure> {
    let known: BTreeSet<u32> = drafts.pupils.iter().map(|p| p.number).collect();
    let named = args.only.as_ref().or(args.except.as_ref());
    if let Some(unknown) = named.and_then(|named| named.0.iter().find(|n| !known.contains(n))) {
        return Err(Failure::new(
            Exit::BadInput,
            "unknown_number",
            words(format!("lớp không có STT {unknown}"), format!("the class has no number {unknown}")),
        ));
    }
    let chosen = |p: &&PupilDraft| match (&args.only, &args.except) {
        (Some(only), _) => only.0.contains(&p.number),
        (None, Some(except)) => !except.0.contains(&p.number),
        (None, None) => true,
    };
    Ok(drafts.pupils.iter().filter(chosen).collect())
}

fn wrong_state(step: Step, states: &BTreeMap<usize, Vec<u32>>) -> Failure {
    let list = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let part = |pick: fn((&'static str, &'static str)) -> &'static str, count: &str| {
        let parts = states.iter().map(|(signatures, numbers)| {
            let state = STATES.get(*signatures).copied().map_or("?", pick);
            format!("{count} {}: {state}", list(numbers))
        });
        parts.collect::<Vec<_>>().join("; ")
    };
    let (wanted_vi, wanted_en) = STATES[step.before()];
    let first = states.keys().next().copied().unwrap_or_default();
    let next = ["hocba sign", "hocba cosign", "hocba seal"][first.min(2)];
    Failure::new(
        Exit::Order,
        "wrong_state",
        words(
            format!("bước này cần học bạ ở trạng thái “{wanted_vi}”, nhưng {}", part(|s| s.0, "STT")),
            format!("this step needs records that are {wanted_en}, but {}", part(|s| s.1, "number")),
        ),
    )
    .hint(words(format!("chạy `{next}` trước"), format!("run `{next}` first")))
}

/// The record as the homeroom teacher signs it: sections, salts and open claims, no signature yet.
fn draft(folder: &Folder, class: &ClassDraft, pupil: &PupilDraft) -> anyhow::Result<RecordFile> {
    let sections: Vec<Section> =
        pupil.sections.iter().map(|(name, value)| Section::from_value(name, value)).collect::<Result<_, _>>()?;
    let form = form::for_grade(class.grade).ok_or_else(|| anyhow::anyhow!("there is no form for this grade"))?;
    let open = OpenClaims {
        id: pupil.id,
        version: 1,
        replaces: None,
        kind: RecordKind::Year,
        school: class.school.clone(),
        year: class.year,
        grade: class.grade,
        class: class.class.clone(),
        form,
        policy: SigningPolicy::policy_1().reference(),
    };
    let seed = Seed::from_bytes(folder.chance().bytes("record seed", pupil.number)?);
    let issued = issue(open, &sections, Vec::new(), &seed)?;
    let statement = Statement::unsigned(issued.payload.to_bytes());
    Ok(RecordFile { disclosures: issued.disclosures, number: pupil.number, seed, statement })
}

/// What a later signer makes sure of before signing on top: the signatures so far verify, and the sections kept beside
/// the record are those that were signed.
fn checked(record: RecordFile, certificates: &[Certificate], number: u32) -> anyhow::Result<RecordFile> {
    let refuse = |vi: &str, en: &str| {
        let hint = words("khôi phục tệp từ bản sao lưu", "restore the file from a backup");
        let words = words(format!("học bạ STT {number}: {vi}"), format!("the record of number {number}: {en}"));
        anyhow::Error::from(Failure::new(Exit::Environment, "damaged_record", words).hint(hint))
    };
    let changed = || refuse("đã bị sửa sau khi ký", "was changed after it was signed");
    let headers = record.statement.headers(StatementType::Record).map_err(|_| changed())?;
    for (index, header) in headers.iter().enumerate() {
        let certificate = certificates.iter().find(|c| *c.digest() == header.certificate).ok_or_else(|| {
            refuse("thiếu chứng thư của người ký trước", "an earlier signer's certificate is missing")
        })?;
        record.statement.verify(index, certificate.key()).map_err(|_| changed())?;
    }
    let payload = RecordPayload::from_bytes(record.statement.payload()).map_err(|_| changed())?;
    if !check_disclosures(&payload, &record.disclosures).is_empty() {
        return Err(changed());
    }
    Ok(record)
}

/// The three commands.
///
/// # Errors
/// See [`step`].
pub fn run(context: &Context, which: Step, args: &SignArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let stepped = step(&folder, which, args, &context.out)?;
    let Stepped { signed, already, waiting } = &stepped;
    let next = which.next();
    context.out.say(&words(
        format!("Đã ký {signed} học bạ, {already} đã ký từ trước. Tiếp theo: {next}"),
        format!("Signed {signed} records, {already} were signed before. Next: {next}"),
    ));
    if !waiting.is_empty() {
        let n = waiting.len();
        context.out.note(&words(
            format!("{n} học bạ chưa đến bước này nên để nguyên"),
            format!("{n} records are not at this step yet and were left as they are"),
        ));
    }
    context.out.document(&json!({
        "command": which.name(),
        "ok": true,
        "signed": signed,
        "already": already,
        "waiting": waiting,
        "at": UnixTime::seconds(now()),
    }));
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_lists_and_ranges() {
        let numbers = |text: &str| text.parse::<Numbers>().map(|n| n.0.into_iter().collect::<Vec<_>>());
        assert_eq!(numbers("1,3,5-7"), Ok(vec![1, 3, 5, 6, 7]));
        for bad in ["", "0", "3-1", "a", "1-", "1-99999999", "-1", "1,,2"] {
            assert!(numbers(bad).is_err(), "{bad}");
        }
    }
}
