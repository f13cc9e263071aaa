//! `sign`, `cosign`, `seal`: the three signatures of policy 1; `return`: back to the teacher.
//!
//! Signing again does nothing to those who have signed, and a run that was cut off goes on where it ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use clap::Args;
use hocba_app::{Actor, AppError, Selection, Signed, Signer, SigningList, SigningTask, Step, Superseding};
use hocba_keystore::Stopped;
use hocba_store::model::{Class, ClassKind, Id, RecordState, ReturnReason};
use serde_json::json;
use tokio::sync::mpsc;

use super::Context;
use crate::{
    edge::now,
    error::{Exit, Failure},
    folder::Folder,
    ledger,
    output::{Output, Words, words},
    people::{KeyArgs, Person, signing_failure},
    site::{ClassChoice, Site, app_failure, list},
};

/// Most records taken in one transaction. Each costs about a millisecond; what a lost power supply can cost is twenty
/// signatures of a fast key, or one of a slow one, made again by running the command again.
const CHUNK: usize = 20;

/// Arguments of the three commands.
#[derive(Debug, Default, Args)]
pub struct SignArgs {
    #[command(flatten)]
    key: KeyArgs,
    #[command(flatten)]
    which: WhichArgs,
    /// Phó hiệu trưởng ký thay (KT. HIỆU TRƯỞNG), khi cosign / Sign as deputy principal
    #[arg(long)]
    deputy: bool,
}

impl SignArgs {
    /// By the example people of one of a demonstration's schools.
    pub fn demo(prefix: &'static str) -> Self {
        Self { key: KeyArgs { demo: prefix, ..KeyArgs::default() }, ..Self::default() }
    }
}

/// Which records.
#[derive(Debug, Default, Args)]
pub struct WhichArgs {
    /// Lớp; bỏ qua được khi chỉ có một lớp / Class, if there are several
    #[arg(long, value_name = "NAME")]
    class: Option<ClassChoice>,
    /// Mọi lớp; khi ký theo danh sách thì chỉ một chữ ký / Every class; with one signature where lists are signed
    #[arg(long, conflicts_with_all = ["class", "only", "except"])]
    all: bool,
    /// Chỉ các STT này / Only these numbers of the class list: 1,3,5-9
    #[arg(long, value_name = "NUMBERS")]
    only: Option<Numbers>,
    /// Trừ các STT này / All but these numbers
    #[arg(long, value_name = "NUMBERS", conflicts_with = "only")]
    except: Option<Numbers>,
}

impl WhichArgs {
    fn selection(&self) -> Selection {
        match (&self.only, &self.except) {
            (Some(numbers), _) => Selection::Only(numbers.0.clone()),
            (None, Some(numbers)) => Selection::Except(numbers.0.clone()),
            (None, None) => Selection::All,
        }
    }
}

/// Arguments of `return`.
#[derive(Debug, Args)]
pub struct ReturnArgs {
    /// Lớp; bỏ qua được khi chỉ có một lớp / Class, if there are several
    #[arg(long, value_name = "NAME")]
    class: Option<ClassChoice>,
    /// Các STT này / These numbers of the class list: 1,3,5-9
    #[arg(long, value_name = "NUMBERS")]
    only: Numbers,
    /// Lý do / Why: wrong_mark, wrong_personal_data, wrong_result, other
    #[arg(long, value_name = "REASON")]
    reason: ReturnReason,
}

/// Numbers of the class list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers(pub BTreeSet<u32>);

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

/// Name of a step's command.
fn name(step: Step) -> &'static str {
    match step {
        Step::Sign => "sign",
        Step::CoSign => "cosign",
        Step::Seal => "seal",
    }
}

fn progress(step: Step) -> Words {
    match step {
        Step::Sign => words("Giáo viên chủ nhiệm ký", "Homeroom teacher signs"),
        Step::CoSign => words("Hiệu trưởng ký duyệt", "Principal co-signs"),
        Step::Seal => words("Ký số của trường", "School seals"),
    }
}

fn next(step: Step) -> &'static str {
    match step {
        Step::Sign => "hocba cosign",
        Step::CoSign => "hocba seal",
        Step::Seal => "hocba anchor",
    }
}

/// What came of a step in a class.
#[derive(Debug, Default)]
pub struct Stepped {
    /// Class.
    pub class: String,
    /// Signed now.
    pub signed: usize,
    /// Had this signature before.
    pub already: usize,
    /// Not in the state for it, and so left as they are.
    pub waiting: Vec<u32>,
    /// Left out of the class for now.
    pub left_out: Vec<u32>,
    /// Renewed records whose school said now that the new version takes the place of the old one.
    pub superseded: usize,
    /// Not signed, because the key stopped before.
    missing: Vec<u32>,
}

/// Takes the step for the pupils chosen of these classes, in one go: what the signer's key is asked for is asked once.
///
/// # Errors
/// When no one chosen is in the state for it, when the signer is not appointed, when a record is damaged; when the key
/// stops in the middle: then what was signed is stored, and the rest named.
pub async fn step(
    site: &Site,
    classes: &[Class],
    step: Step,
    args: &SignArgs,
    out: &Output,
) -> anyhow::Result<Vec<Stepped>> {
    let refused = |e| app_failure(&e, out.lang);
    let person = Person::open(&site.folder, step.role(args.deputy), &args.key)?;
    let actor = site.actor_of(&person.digest()).await?;
    let signer = site.app.signer(&actor, step, args.deputy, person.chain()).await.map_err(refused)?;
    let (mut lists, mut stepped, mut not_theirs) = (Vec::new(), BTreeMap::new(), None);
    for class in classes {
        let list = match site.app.prepare(&actor, &class.id, &signer, &args.which.selection()).await {
            Ok(list) => list,
            // Of all classes, a teacher signs their own.
            Err(AppError::NoTeacherSigns { .. }) if args.which.all => continue,
            Err(e @ (AppError::Forbidden(_) | AppError::NotAppointed { .. })) if args.which.all => {
                not_theirs = Some(e);
                out.note(&words(
                    format!("lớp {}: không phải lớp của người ký, để nguyên", class.name),
                    format!("class {}: not this signer's, left as it is", class.name),
                ));
                continue;
            }
            Err(e) => return Err(refused(e).into()),
        };
        let waiting = list.waiting.iter().map(|w| w.0).collect();
        let (class_name, left_out) = (class.name.to_string(), list.left_out.clone());
        let result = Stepped { class: class_name, already: list.already, waiting, left_out, ..Stepped::default() };
        stepped.insert(class.id, result);
        lists.push(list);
    }
    if let Some(error) = not_theirs.filter(|_| lists.is_empty()) {
        return Err(refused(error).into());
    }
    let list = SigningList::joined(lists, &signer).map_err(refused)?;
    // Named one by one, or nobody at all: then leaving some out in silence would mislead.
    if !list.waiting.is_empty() && (args.which.only.is_some() || (list.tasks.is_empty() && list.already == 0)) {
        let kind = classes.first().map_or(ClassKind::Year, |class| class.kind);
        return Err(wrong_state(step.from(kind), &list.waiting).into());
    }
    // Nothing more is put on what somebody signed who left.
    if let [(number, role), ..] = list.signer_gone.as_slice() {
        let gone = app_failure(&AppError::SignerGone { number: *number, role: *role }, out.lang);
        if list.tasks.is_empty() {
            return Err(gone.into());
        }
        out.note(&gone.words);
    }
    let bar = out.progress(list.tasks.len(), &progress(step));
    let inputs = list.inputs();
    // On a thread of its own: a token or a service takes its time. What it hands over is stored as it comes.
    let messages: Vec<Vec<u8>> = inputs.iter().map(|(input, _)| input.to_vec()).collect();
    let (send, mut handed_over) = mpsc::channel(CHUNK);
    let signing = tokio::task::spawn_blocking(move || {
        let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let ended = person.sign_each(&slices, &mut |place, signature| match send.blocking_send((place, signature)) {
            Ok(()) => ControlFlow::Continue(()),
            // What was signed could not be stored: no more of it.
            Err(_) => ControlFlow::Break(()),
        });
        (ended, person)
    });
    let (mut come, mut made) = (Vec::with_capacity(CHUNK), 0);
    // All that came while the last ones were stored: one by one from a slow token, by the chunk from a file.
    while handed_over.recv_many(&mut come, CHUNK).await > 0 {
        made += come.len();
        let mut of_class: BTreeMap<Id, Vec<Signed>> = BTreeMap::new();
        for (place, signature) in come.drain(..) {
            let (_, tasks): &(_, Vec<&SigningTask>) = &inputs[place];
            for task in tasks {
                of_class.entry(task.class).or_default().push(task.signed(Vec::clone(&signature)));
            }
        }
        for (class, signed) in of_class {
            for signed in signed.chunks(CHUNK) {
                let taken = site.app.submit(&actor, &class, &signer, signed).await.map_err(refused)?;
                let result = stepped.entry(class).or_default();
                result.signed += taken.taken;
                result.already += taken.already;
                bar.inc(signed.len() as u64);
            }
        }
    }
    bar.finish();
    let (ended, person) = signing.await?;
    for task in inputs[made..].iter().flat_map(|(_, tasks)| tasks) {
        stepped.entry(task.class).or_default().missing.push(task.number);
    }
    if step == Step::Seal && ended.is_ok() {
        supersede(site, &actor, &signer, person, &mut stepped, out).await?;
    }
    // In the order that was asked for.
    let stepped: Vec<Stepped> = classes.iter().filter_map(|class| stepped.remove(&class.id)).collect();
    match ended {
        Ok(()) => Ok(stepped),
        Err(stopped) => Err(interrupted(&stepped, &stopped).into()),
    }
}

/// Signs, with the seal, that renewed records take the place of their earlier versions: those sealed now, and those for
/// which an earlier run did not come to it.
async fn supersede(
    site: &Site,
    actor: &Actor,
    signer: &Signer,
    person: Person,
    stepped: &mut BTreeMap<Id, Stepped>,
    out: &Output,
) -> anyhow::Result<()> {
    let refused = |e| app_failure(&e, out.lang);
    let mut person = Some(person);
    for (class, result) in stepped {
        let tasks = site.app.superseding(actor, class, signer).await.map_err(refused)?;
        if tasks.is_empty() {
            continue;
        }
        let Some(key) = person.take() else { break };
        let messages: Vec<Vec<u8>> = tasks.iter().map(|task| task.bytes.clone()).collect();
        let (ended, signatures, key) = tokio::task::spawn_blocking(move || {
            let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
            let mut signatures = Vec::with_capacity(slices.len());
            let ended = key.sign_each(&slices, &mut |_, signature| {
                signatures.push(signature);
                ControlFlow::Continue(())
            });
            (ended, signatures, key)
        })
        .await?;
        person = Some(key);
        let signed: Vec<Superseding> = tasks
            .iter()
            .zip(signatures)
            .map(|(task, signature)| Superseding { record: task.record, version: task.version, at: task.at, signature })
            .collect();
        result.superseded = site.app.submit_superseding(actor, class, signer, &signed).await.map_err(refused)?;
        ended.map_err(|stopped| signing_failure(&stopped.why))?;
    }
    Ok(())
}

/// The key stopped in the middle: who is signed and who is not.
fn interrupted(stepped: &[Stepped], stopped: &Stopped) -> Failure {
    let signed: usize = stepped.iter().map(|s| s.signed).sum();
    let missing: Vec<&Stepped> = stepped.iter().filter(|s| !s.missing.is_empty()).collect();
    let numbers = |of: &str, numbers: &str| {
        let of_class = |s: &&Stepped| match stepped {
            [_] => format!("{numbers} {}", ranges(&s.missing)),
            _ => format!("{of} {}: {numbers} {}", s.class, ranges(&s.missing)),
        };
        missing.iter().map(of_class).collect::<Vec<_>>().join("; ")
    };
    let not_signed = match stepped {
        [one] => json!(one.missing),
        _ => missing.iter().map(|s| (s.class.clone(), json!(s.missing))).collect::<serde_json::Map<_, _>>().into(),
    };
    let why = signing_failure(&stopped.why);
    Failure::new(
        why.exit,
        why.code,
        words(
            format!("đã ký {signed}, chưa ký: {}: {}", numbers("lớp", "STT"), why.words.vi),
            format!("signed {signed}, not signed: {}: {}", numbers("class", "numbers"), why.words.en),
        ),
    )
    .hint(words(
        "chạy lại đúng lệnh này để ký nốt; không học bạ nào bị ký hai lần",
        "run the same command again for the rest; nothing is signed twice",
    ))
    .details(json!({ "signed": signed, "not_signed": not_signed }))
}

/// `18-40, 42`.
fn ranges(numbers: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let run = |(first, last): &(u32, u32)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    runs.iter().map(run).collect::<Vec<_>>().join(", ")
}

fn wrong_state(wanted: RecordState, waiting: &[(u32, RecordState)]) -> Failure {
    let mut states: BTreeMap<RecordState, Vec<u32>> = BTreeMap::new();
    for (number, state) in waiting {
        states.entry(*state).or_default().push(*number);
    }
    let words_of = hocba_app::state_words;
    let part = |pick: fn((&'static str, &'static str)) -> &'static str, count: &str| {
        let parts = states.iter().map(|(state, numbers)| {
            let state = pick(words_of(*state));
            format!("{count} {}: {state}", list(numbers))
        });
        parts.collect::<Vec<_>>().join("; ")
    };
    let (wanted_vi, wanted_en) = words_of(wanted);
    let next = match states.keys().next() {
        Some(RecordState::TeacherSigned) => "hocba cosign",
        Some(RecordState::CoSigned) => "hocba seal",
        _ => "hocba sign",
    };
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

/// The three commands.
///
/// # Errors
/// See [`step`].
pub fn run(context: &Context, which: Step, args: &SignArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let stepped = ledger::runtime()?.block_on(async {
        let site = Site::open(folder).await?;
        let classes = match args.which.all {
            true => site.classes().await?,
            false => vec![site.class(args.which.class.as_ref()).await?],
        };
        step(&site, &classes, which, args, &context.out).await
    })?;
    let total = |of: fn(&Stepped) -> usize| stepped.iter().map(of).sum::<usize>();
    let (signed, already) = (total(|s| s.signed), total(|s| s.already));
    let next = next(which);
    context.out.say(&words(
        format!("Đã ký {signed} học bạ, {already} đã ký từ trước. Tiếp theo: {next}"),
        format!("Signed {signed} records, {already} were signed before. Next: {next}"),
    ));
    let superseded = total(|s| s.superseded);
    if superseded > 0 {
        context.out.say(&words(
            format!("{superseded} bản mới thay bản cũ: đã ký, sẽ ghi sổ chung sau khi bản mới được ghi"),
            format!("{superseded} new versions take the place of old ones: signed, to be recorded after them"),
        ));
    }
    for Stepped { class, waiting, left_out, .. } in &stepped {
        if !waiting.is_empty() {
            let n = waiting.len();
            context.out.note(&words(
                format!("lớp {class}: {n} học bạ chưa đến bước này nên để nguyên"),
                format!("class {class}: {n} records are not at this step yet and were left as they are"),
            ));
        }
        if !left_out.is_empty() {
            let numbers = list(left_out);
            context.out.note(&words(
                format!("lớp {class}: để lại STT {numbers}"),
                format!("class {class}: left out: numbers {numbers}"),
            ));
        }
    }
    let mut document =
        json!({ "command": name(which), "ok": true, "signed": signed, "already": already, "at": now().seconds() });
    let of_class = |s: &Stepped| {
        let Stepped { class, signed, already, waiting, left_out, .. } = s;
        json!({ "class": class, "signed": signed, "already": already, "waiting": waiting, "left_out": left_out })
    };
    if superseded > 0 {
        document["superseded"] = json!(superseded);
    }
    match (args.which.all, stepped.as_slice()) {
        (false, [one]) => {
            document["waiting"] = json!(one.waiting);
            document["left_out"] = json!(one.left_out);
        }
        _ => document["classes"] = stepped.iter().map(of_class).collect(),
    }
    context.out.document(&document);
    Ok(Exit::Ok)
}

/// `return`: signed records go back to their teacher, with a reason.
///
/// # Errors
/// For numbers the class does not have, and records that are drafts or sealed.
pub fn run_return(context: &Context, args: &ReturnArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let refused = |e| app_failure(&e, context.out.lang);
    let returned = ledger::runtime()?.block_on(async {
        let site = Site::open(folder).await?;
        let class = site.class(args.class.as_ref()).await?;
        let lines = site.app.store().read().await?.record_lines(&class.id).await?;
        let mut chosen = Vec::new();
        for number in &args.only.0 {
            let line = lines.iter().find(|l| l.number == *number);
            chosen.push(line.ok_or_else(|| refused(AppError::UnknownNumber(*number)))?);
        }
        for line in &chosen {
            site.app.return_record(&Actor::LocalOperator, &line.record, args.reason).await.map_err(refused)?;
        }
        anyhow::Ok(chosen.len())
    })?;
    context.out.say(&words(
        format!("Đã trả lại {returned} học bạ ({})", args.reason),
        format!("Returned {returned} records ({})", args.reason),
    ));
    context.out.document(&json!({ "command": "return", "ok": true, "returned": returned }));
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_numbers_are_short() {
        assert_eq!(ranges(&[18, 19, 20, 22, 24, 25]), "18-20, 22, 24-25");
        assert_eq!(ranges(&[]), "");
    }

    #[test]
    fn numbers_are_lists_and_ranges() {
        let numbers = |text: &str| text.parse::<Numbers>().map(|n| n.0.into_iter().collect::<Vec<_>>());
        assert_eq!(numbers("1,3,5-7"), Ok(vec![1, 3, 5, 6, 7]));
        for bad in ["", "0", "3-1", "a", "1-", "1-99999999", "-1", "1,,2"] {
            assert!(numbers(bad).is_err(), "{bad}");
        }
    }
}
