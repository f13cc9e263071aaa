//! `/school/{school}/classes/{class}`: a class; first what is to be done here and by whom, then its pupils, those that need
//! something before the rest. One form leaves a pupil out, one returns a record or all that wait; whoever is left out has a
//! form to come back in.

use std::{borrow::Cow, collections::BTreeMap};

use askama::Template;
use hocba_app::{
    Actor, AppError, ClassView, Note, PublicState, PupilLine, Selection, Signed, Step, Submitted, Superseding,
    SupersedingTask,
    model::{Class, ClassKind, Id, LeftOut, RecordState, ReturnReason},
    policy::{Action, Place, may},
};
use hocba_record::{
    encoding::RecordId,
    types::{ClassName, SchoolCode, SchoolYear, UnixTime},
};
use hocba_signature::statement::Role;
use serde::{Deserialize, Serialize};

use super::{
    Answer, Asked, Refusal,
    chrome::{Chrome, Done, Fault},
    html, on_to, refused,
    signing::{self, AgentAt, Kind, SigningView},
    text::Text,
};
use crate::{
    api::{input::Base64Url, signatures, signing_tasks},
    language,
};

/// How many pupils are in a state: a part of the bar above the list.
pub(super) struct StateView {
    pub(super) text: String,
    pub(super) count: usize,
    /// Of the class of the style sheet.
    pub(super) code: &'static str,
    /// Where its part of the bar begins.
    pub(super) from: usize,
}

/// A pupil.
pub(super) struct PupilView {
    pub(super) number: u32,
    pub(super) name: String,
    /// The page of the record, for those who may see it.
    pub(super) href: Option<String>,
    pub(super) state: String,
    /// Why it was left out or returned, and what else there is to know.
    pub(super) why: Vec<String>,
    /// What the principal wrote.
    pub(super) note: Option<String>,
    pub(super) record: String,
    /// Whether whoever looks may take the pupil back in.
    pub(super) take_in: bool,
    /// The pupil can be taken back in by a spreadsheet alone, where all marks are.
    pub(super) import_first: bool,
}

/// A record that a form is about: its id, and the pupil.
pub(super) type Choice = (String, String);

/// Pupils under one heading.
pub(super) struct Group {
    pub(super) title: String,
    pub(super) pupils: Vec<PupilView>,
    /// Whether anything can be done with one of them.
    pub(super) acts: bool,
}

/// A reason, as a form sends it and as it is read.
pub(super) struct ReasonView {
    pub(super) code: &'static str,
    pub(super) text: String,
}

#[derive(Template)]
#[template(path = "staff/class.html")]
pub(super) struct ClassPage {
    pub(super) c: Chrome,
    /// What else there is of the class, and where.
    pub(super) also: Vec<super::home::Link>,
    pub(super) school: String,
    pub(super) year: String,
    pub(super) address: String,
    pub(super) import: String,
    pub(super) all: usize,
    pub(super) states: Vec<StateView>,
    /// What waits for whoever looks, in words, before what is signed.
    pub(super) todo: Vec<String>,
    /// Whether the file with marks is theirs to bring.
    pub(super) imports: bool,
    pub(super) signings: Vec<SigningView>,
    /// Whether whoever asks may see names.
    pub(super) names: bool,
    pub(super) groups: Vec<Group>,
    /// Whom the teacher can leave out.
    pub(super) leavable: Vec<Choice>,
    pub(super) leave_reasons: Vec<ReasonView>,
    /// What the principal can return.
    pub(super) returnable: Vec<Choice>,
    pub(super) return_reasons: Vec<ReasonView>,
    /// How many of them wait to be co-signed: those can be returned at once.
    pub(super) waiting: u32,
}

/// A state in words.
pub(super) fn words(t: Text, state: PublicState) -> String {
    let (vi, en) = state.words();
    language::pick(t.0, vi, en).to_owned()
}

/// Why a pupil is left out, in words.
pub(super) fn left_out(t: Text, reason: LeftOut) -> String {
    match reason {
        LeftOut::WaitingForReassessment => t.say("left-out-reassessment"),
        LeftOut::Incomplete => t.say("left-out-incomplete"),
        LeftOut::Transferred => t.say("left-out-transferred"),
        LeftOut::Other => t.say("left-out-other"),
    }
    .into_owned()
}

/// Why a record was returned, in words.
pub(super) fn returned(t: Text, reason: ReturnReason) -> String {
    match reason {
        ReturnReason::WrongMark => t.say("returned-mark"),
        ReturnReason::WrongPersonalData => t.say("returned-person"),
        ReturnReason::WrongResult => t.say("returned-result"),
        ReturnReason::Other => t.say("returned-other"),
    }
    .into_owned()
}

/// The reasons of a form that leaves out.
pub(super) fn leave_reasons(t: Text) -> Vec<ReasonView> {
    LeftOut::ALL.iter().map(|reason| ReasonView { code: reason.as_str(), text: left_out(t, *reason) }).collect()
}

/// The reasons of a form that returns.
pub(super) fn return_reasons(t: Text) -> Vec<ReasonView> {
    ReturnReason::ALL.iter().map(|reason| ReasonView { code: reason.as_str(), text: returned(t, *reason) }).collect()
}

/// The part of a class's address that names a step.
const fn part(step: Step) -> &'static str {
    match step {
        Step::Sign => "sign",
        Step::CoSign => "co-sign",
        Step::Seal => "seal",
    }
}

/// The class of the style sheet for a state.
const fn code(state: PublicState) -> &'static str {
    match state {
        PublicState::LeftOut => "left-out",
        PublicState::Returned => "returned",
        PublicState::Draft => "draft",
        PublicState::TeacherSigned => "signed",
        PublicState::CoSigned => "co-signed",
        PublicState::Sealed => "sealed",
        PublicState::InForce => "in-force",
    }
}

/// How far the signatures of a record are that people see so.
const fn signed_so_far(state: PublicState) -> RecordState {
    match state {
        PublicState::LeftOut | PublicState::Returned | PublicState::Draft => RecordState::Draft,
        PublicState::TeacherSigned => RecordState::TeacherSigned,
        PublicState::CoSigned => RecordState::CoSigned,
        PublicState::Sealed | PublicState::InForce => RecordState::Sealed,
    }
}

/// Whether a record in this state waits for a step; and whether it had it.
pub(super) fn stands(state: PublicState, step: Step, kind: ClassKind) -> (bool, bool) {
    let so_far = signed_so_far(state);
    (state != PublicState::LeftOut && so_far == step.from(kind), so_far >= step.to())
}

/// What the button of a step says: so many for the first time, so many again, or what is left of something begun.
pub(super) fn button(t: Text, step: Step, waiting: u32, done: usize, again: bool) -> String {
    match step {
        Step::Sign if again => t.count("class-sign-again-button", waiting),
        _ if done > 0 => t.count("signing-continue-button", waiting),
        Step::Sign => t.count("class-sign-button", waiting),
        Step::CoSign => t.count("class-co-sign-button", waiting),
        Step::Seal => t.count("class-seal-button", waiting),
    }
    .into_owned()
}

/// How much of it is done, where it was begun.
pub(super) fn so_far(t: Text, done: usize, all: usize) -> Option<String> {
    let numbers = [("done", done.to_string()), ("all", all.to_string())];
    let numbers = numbers.each_ref().map(|(name, number)| (*name, number.as_str()));
    (done > 0 && done < all).then(|| t.with("signing-so-far", &numbers).into_owned())
}

/// The page of a class.
pub(super) fn address(school: &SchoolCode, class: &Id) -> String {
    format!("/school/{school}/classes/{class}")
}

/// What whoever looks may do at a class.
#[derive(Debug, Clone, Default)]
pub(super) struct Rights {
    /// The signatures that they give.
    pub(super) steps: Vec<Step>,
    /// Whether they bring marks, and leave pupils out.
    pub(super) imports: bool,
    /// Whether they return records.
    pub(super) returns: bool,
    /// Sealed corrections of which they have to sign that they take the place of what was before.
    pub(super) supersedes: usize,
}

fn many(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl ClassPage {
    /// `called`: the school, as people call it.
    pub(super) fn new(c: Chrome, view: &ClassView, called: String, rights: &Rights, agent: &AgentAt) -> Self {
        let t = c.t;
        let class = &view.class;
        let place = address(&class.school, &class.id);
        let mut counts: BTreeMap<PublicState, usize> = BTreeMap::new();
        for pupil in &view.pupils {
            *counts.entry(pupil.state).or_default() += 1;
        }
        let mut from = 0;
        let mut state = |(state, count): (&PublicState, &usize)| {
            let view = StateView { text: words(t, *state), count: *count, code: code(*state), from };
            from += count;
            view
        };
        let imports = rights.imports && class.kind == ClassKind::Year;
        let named = |line: &PupilLine| match &line.name {
            Some(name) => format!("{}. {name}", line.number),
            None => format!("{} {}", t.say("class-number"), line.number),
        };
        let signing = |step: &Step| {
            let stand = |line: &&PupilLine| stands(line.state, *step, class.kind);
            let waiting: Vec<&PupilLine> = view.pupils.iter().filter(|line| stand(line).0).collect();
            let done = view.pupils.iter().filter(|line| stand(line).1).count();
            if waiting.is_empty() {
                return None;
            }
            let again = *step == Step::Sign && waiting.iter().all(|line| line.returned.is_some());
            let (title, lead) = match step {
                Step::Sign => (t.say("class-sign"), t.say("class-sign-lead")),
                Step::CoSign => (t.say("class-co-sign"), t.say("class-co-sign-lead")),
                Step::Seal => (t.say("class-seal"), t.say("class-seal-lead")),
            };
            let button = button(t, *step, many(waiting.len()), done, again);
            let words = [title.into_owned(), lead.into_owned(), button];
            let mut signing = SigningView::new(Kind::Records, &format!("{place}/{}", part(*step)), words, agent);
            signing.so_far = so_far(t, done, done + waiting.len());
            let left = |line: &&PupilLine| line.state == PublicState::LeftOut;
            let why = |line: &PupilLine| match line.left_out {
                Some(reason) => format!("{}: {}", named(line), left_out(t, reason)),
                None => named(line),
            };
            let left: Vec<String> = view.pupils.iter().filter(left).map(why).collect();
            let who: Vec<String> = waiting.iter().map(|line| named(line)).collect();
            let lists = [("signing-who", who), ("signing-left-out", left)];
            let lists = lists.into_iter().filter(|(_, people)| !people.is_empty());
            signing.lists = lists.map(|(id, people)| (t.count(id, many(people.len())).into_owned(), people)).collect();
            Some(signing)
        };
        let mut signings: Vec<SigningView> = rights.steps.iter().filter_map(signing).collect();
        if rights.supersedes > 0 {
            let button = t.count("class-supersede-button", many(rights.supersedes));
            let words = [t.say("class-supersede"), t.say("class-supersede-lead"), button].map(Cow::into_owned);
            signings.push(SigningView::new(Kind::Superseding, &format!("{place}/supersede"), words, agent));
        }
        let count = |state| counts.get(&state).copied().unwrap_or_default();
        let uncorrected = view.pupils.iter().filter(|p| p.state == PublicState::Returned && !p.corrected).count();
        let mut todo = Vec::new();
        if imports && uncorrected > 0 {
            todo.push(t.count("class-todo-returned", many(uncorrected)).into_owned());
        }
        if imports && count(PublicState::LeftOut) > 0 {
            todo.push(t.count("class-todo-left-out", many(count(PublicState::LeftOut))).into_owned());
        }
        let returns = rights.returns && class.kind == ClassKind::Year;
        let pupil = |line: &PupilLine| {
            let out = line.state == PublicState::LeftOut;
            PupilView {
                number: line.number,
                name: line.name.clone().unwrap_or_default(),
                href: line.name.as_ref().map(|_| super::records::address(&class.school, &line.record)),
                state: words(t, line.state),
                why: why(t, line),
                note: line.note.clone(),
                record: line.record.to_string(),
                take_in: imports && out && line.complete,
                import_first: imports && out && !line.complete,
            }
        };
        let choices = |may: bool, of: &dyn Fn(PublicState) -> bool| -> Vec<Choice> {
            let lines = view.pupils.iter().filter(|line| may && of(line.state));
            lines.map(|line| (line.record.to_string(), named(line))).collect()
        };
        let leaves = |state| state != PublicState::LeftOut && signed_so_far(state) == RecordState::Draft;
        let goes_back = |state| matches!(state, PublicState::TeacherSigned | PublicState::CoSigned);
        // What needs somebody first: returned, left out; then the rest as in the class list.
        let rank = |line: &PupilLine| match line.state {
            PublicState::Returned => 0,
            PublicState::LeftOut => 1,
            _ => 2,
        };
        let mut lines: Vec<&PupilLine> = view.pupils.iter().collect();
        lines.sort_by_key(|line| (rank(line), line.number));
        let needing = lines.iter().filter(|line| rank(line) < 2).count();
        let (first, rest) = lines.split_at(needing);
        let titles = [t.count("class-needs", many(first.len())), t.count("class-rest", many(rest.len()))];
        let group = |(title, lines): (Cow<'static, str>, &[&PupilLine])| {
            let pupils: Vec<PupilView> = lines.iter().map(|line| pupil(line)).collect();
            let acts = pupils.iter().any(|pupil| pupil.take_in || pupil.import_first);
            (!pupils.is_empty()).then(|| Group { title: title.into_owned(), acts, pupils })
        };
        let groups = titles.into_iter().zip([first, rest]).filter_map(group).collect();
        let name = class.name.to_string();
        Self {
            c: c.titled(t.with("class-title", &[("class", &name)]))
                .crumb(t.say("classes-title"), super::classes::address(&class.school)),
            school: called,
            year: class.year.to_string(),
            import: super::classes::import_address(&class.school),
            all: view.pupils.len(),
            states: counts.iter().map(&mut state).collect(),
            todo,
            imports,
            signings,
            names: view.pupils.iter().any(|line| line.name.is_some()),
            groups,
            leavable: choices(imports, &leaves),
            leave_reasons: leave_reasons(t),
            returnable: choices(returns, &goes_back),
            return_reasons: return_reasons(t),
            waiting: many(count(PublicState::TeacherSigned)),
            address: place,
            also: Vec::new(),
        }
    }

    /// The address of a form of the page.
    fn to(&self, what: &str) -> String {
        format!("{}/{what}", self.address)
    }

    /// Whether there is anything to be done here by whoever looks.
    fn has_work(&self) -> bool {
        !self.todo.is_empty() || !self.signings.is_empty()
    }
}

/// What there is to know of a record beside its state.
fn why(t: Text, line: &PupilLine) -> Vec<String> {
    let mut why = Vec::new();
    why.extend(line.left_out.map(|reason| left_out(t, reason)));
    why.extend(line.returned.map(|reason| returned(t, reason)));
    if line.corrected {
        why.push(t.say("class-corrected").into_owned());
    }
    if let Some(renewed) = line.renewed {
        use hocba_app::model::Renewal;
        let text = match renewed {
            Renewal::Correction => t.say("renewed-correction"),
            Renewal::Reassessment => t.say("renewed-reassessment"),
        };
        why.push(t.with("class-version", &[("version", &line.version.to_string()), ("why", &text)]).into_owned());
    }
    why
}

/// The class of this id, if it is of the school of the address.
pub(super) async fn found(asked: &Asked, id: &Id) -> Result<ClassView, Refusal> {
    let school = asked.school()?;
    let view = asked.app().class(asked.actor()?, id).await.map_err(|error| match error {
        // A class of somebody else is as one that is not there.
        AppError::Forbidden(_) => Refusal::NotFound,
        other => other.into(),
    })?;
    if view.class.school == school { Ok(view) } else { Err(Refusal::NotFound) }
}

fn class_id(asked: &Asked) -> Result<Id, Refusal> {
    asked.param("class").parse().map_err(|_| Refusal::NotFound)
}

async fn rights(asked: &Asked, view: &ClassView) -> Result<Rights, Refusal> {
    let actor = asked.actor()?;
    let place = Place::of(&view.class);
    let mine = |step: &&Step| may(actor, step.action(), place);
    let due = asked.app().superseding_due(actor, &view.class.school).await?;
    Ok(Rights {
        supersedes: due
            .iter()
            .find(|(class, _)| class.id == view.class.id)
            .map(|(_, count)| *count)
            .unwrap_or_default(),
        steps: Step::of(view.class.kind).iter().filter(mine).copied().collect(),
        imports: may(actor, Action::Import, place),
        returns: may(actor, Action::Return, place),
    })
}

/// What else of a class somebody may see.
pub(super) fn also(t: Text, actor: &Actor, class: &Class) -> Vec<super::home::Link> {
    let offered = [
        (Action::ReadRecords, super::records::class_print_address(&class.school, &class.id), "record-print"),
        (Action::InviteReaders, super::readers::address(class), "readers-title"),
        (Action::AnswerRequests, super::readers::requests_address(class), "requests-title"),
    ];
    let mine = offered.into_iter().filter(|(action, ..)| may(actor, *action, Place::of(class)));
    mine.map(|(_, href, text)| super::home::Link { href, text: t.say(text).into_owned() }).collect()
}

async fn page(asked: &Asked, view: &ClassView, faults: Vec<Fault>) -> Result<(ClassPage, AgentAt), Refusal> {
    let agent = AgentAt::of(asked);
    let chrome = asked.chrome(address(&view.class.school, &view.class.id)).wrong(faults);
    let called = asked.called(&view.class.school).await?;
    let mut page = ClassPage::new(chrome, view, called, &rights(asked, view).await?, &agent);
    page.also = also(asked.t(), asked.actor()?, &view.class);
    Ok((page, agent))
}

pub(super) async fn show(asked: Asked) -> Answer {
    let view = found(&asked, &class_id(&asked)?).await?;
    let (page, agent) = page(&asked, &view, Vec::new()).await?;
    Ok(signing::with_agent(html(&page)?, &agent))
}

/// The record of the form, if it is of the class of the address.
fn record_of(asked: &Asked, view: &ClassView) -> Result<RecordId, Refusal> {
    let record: RecordId = asked.form.get("record").parse().map_err(|_| Refusal::NotFound)?;
    if view.pupils.iter().any(|line| line.record == record) { Ok(record) } else { Err(Refusal::NotFound) }
}

async fn again(asked: &Asked, view: &ClassView, id: &str) -> Answer {
    let fault = Fault { field: "", text: asked.t().say(id).into_owned() };
    let (page, agent) = page(asked, view, vec![fault]).await?;
    Ok(signing::with_agent(refused(&page)?, &agent))
}

/// Leaves a pupil out, for a reason.
pub(super) async fn leave_out(asked: Asked) -> Answer {
    let view = found(&asked, &class_id(&asked)?).await?;
    let record = record_of(&asked, &view)?;
    let Ok(reason) = asked.form.get("reason").parse::<LeftOut>() else {
        return again(&asked, &view, "fault-reason").await;
    };
    asked.app().leave_out(asked.actor()?, &record, Some(reason)).await?;
    Ok(on_to(&address(&view.class.school, &view.class.id), Some(Done::LeftOut)))
}

/// Takes a pupil back in.
pub(super) async fn take_in(asked: Asked) -> Answer {
    let view = found(&asked, &class_id(&asked)?).await?;
    let record = record_of(&asked, &view)?;
    match asked.app().leave_out(asked.actor()?, &record, None).await {
        Err(AppError::Incomplete { .. }) => again(&asked, &view, "class-import-first").await,
        done => {
            done?;
            Ok(on_to(&address(&view.class.school, &view.class.id), Some(Done::TakenIn)))
        }
    }
}

/// Which records of a class a form returns, and why; or what is wrong with it.
pub(super) async fn returned_by(asked: &Asked, view: &ClassView) -> Result<Result<usize, &'static str>, Refusal> {
    let Ok(reason) = asked.form.get("reason").parse::<ReturnReason>() else { return Ok(Err("fault-reason")) };
    let Ok(note) = Note::typed(asked.form.get("note")) else { return Ok(Err("fault-note")) };
    let (app, actor, class) = (asked.app(), asked.actor()?, &view.class.id);
    if asked.form.get("record") == ALL {
        return Ok(Ok(app.return_records(actor, class, &Selection::All, reason, note.as_ref()).await?));
    }
    let record = record_of(asked, view)?;
    app.return_record_with(actor, &record, reason, note.as_ref()).await?;
    Ok(Ok(1))
}

/// What a form says that returns all that wait.
pub(super) const ALL: &str = "all";

/// Returns one record, or all that wait.
pub(super) async fn give_back(asked: Asked) -> Answer {
    let view = found(&asked, &class_id(&asked)?).await?;
    match returned_by(&asked, &view).await? {
        Ok(0) => Ok(on_to(&address(&view.class.school, &view.class.id), Some(Done::NothingChanged))),
        Ok(_) => Ok(on_to(&address(&view.class.school, &view.class.id), Some(Done::Returned))),
        Err(id) => again(&asked, &view, id).await,
    }
}

#[derive(Serialize)]
struct Tasks {
    role: Role,
    school: SchoolCode,
    year: SchoolYear,
    class: ClassName,
    #[serde(flatten)]
    list: signing_tasks::Output,
}

/// What there is to sign in a class, for the script of a page.
pub(super) async fn tasks_of(asked: &Asked, id: &Id, step: Step) -> Answer {
    let view = found(asked, id).await?;
    let chain = signing::chain(asked)?;
    signing::own(asked, &chain)?;
    let (app, actor) = (asked.app().clone(), asked.actor()?.clone());
    let deputy = step == Step::CoSign && actor.is_deputy(&view.class.school);
    let id = view.class.id;
    let work = async move {
        let signer = app.signer(&actor, step, deputy, &chain).await?;
        app.prepare(&actor, &id, &signer, &Selection::All).await
    };
    let list = asked.heavy(work).await??.into();
    let Class { school, year, name: class, .. } = view.class;
    signing::json(&Tasks { role: step.role(deputy), school, year, class, list })
}

/// Takes the signatures that the script of a page brings for a class.
pub(super) async fn signed_of(asked: &Asked, id: &Id, step: Step) -> Answer {
    let view = found(asked, id).await?;
    let chain = signing::chain(asked)?;
    signing::own(asked, &chain)?;
    let brought: Vec<signatures::One> = signing::signatures(asked, signatures::MOST)?;
    let signed: Vec<Signed> = brought.into_iter().map(Signed::from).collect();
    let (app, actor) = (asked.app().clone(), asked.actor()?.clone());
    let deputy = step == Step::CoSign && actor.is_deputy(&view.class.school);
    let id = view.class.id;
    let work = async move {
        let signer = app.signer(&actor, step, deputy, &chain).await?;
        app.submit(&actor, &id, &signer, &signed).await
    };
    let Submitted { taken, already } = asked.heavy(work).await??;
    signing::json(&signatures::Output { taken, already })
}

#[derive(Serialize)]
struct SupersedingTasks {
    role: Role,
    school: SchoolCode,
    year: SchoolYear,
    class: ClassName,
    tasks: Vec<OneToSupersede>,
}

#[derive(Serialize)]
struct OneToSupersede {
    number: u32,
    record: RecordId,
    version: u32,
    at: UnixTime,
    to_sign: Base64Url,
    statement: Base64Url,
}

/// What there is to sign of corrections that take the place of what was before.
pub(super) async fn supersede_tasks(asked: Asked) -> Answer {
    let view = found(&asked, &class_id(&asked)?).await?;
    let chain = signing::chain(&asked)?;
    signing::own(&asked, &chain)?;
    let (app, actor) = (asked.app(), asked.actor()?);
    let signer = app.signer(actor, Step::Seal, false, &chain).await?;
    let task = |task: SupersedingTask| OneToSupersede {
        number: task.number,
        record: task.record,
        version: task.version,
        at: task.at,
        to_sign: Base64Url(task.bytes),
        statement: Base64Url(task.statement.to_bytes()),
    };
    let tasks = app.superseding(actor, &view.class.id, &signer).await?.into_iter().take(signatures::MOST).map(task);
    let Class { school, year, name: class, .. } = view.class;
    signing::json(&SupersedingTasks { role: signer.role(), school, year, class, tasks: tasks.collect() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneSuperseding {
    record: RecordId,
    version: u32,
    at: UnixTime,
    signature: Base64Url,
}

/// Takes what the script of a page brings of corrections that take the place of what was before.
pub(super) async fn supersede_signatures(asked: Asked) -> Answer {
    let view = found(&asked, &class_id(&asked)?).await?;
    let chain = signing::chain(&asked)?;
    signing::own(&asked, &chain)?;
    let brought: Vec<OneSuperseding> = signing::signatures(&asked, signatures::MOST)?;
    let one =
        |OneSuperseding { record, version, at, signature }| Superseding { record, version, at, signature: signature.0 };
    let signed: Vec<Superseding> = brought.into_iter().map(one).collect();
    let (app, actor, class, all) = (asked.app().clone(), asked.actor()?.clone(), view.class.id, signed.len());
    let work = async move {
        let signer = app.signer(&actor, Step::Seal, false, &chain).await?;
        app.submit_superseding(&actor, &class, &signer, &signed).await
    };
    let taken = asked.heavy(work).await??;
    signing::json(&signatures::Output { taken, already: all - taken })
}

async fn tasks(asked: Asked, step: Step) -> Answer {
    tasks_of(&asked, &class_id(&asked)?, step).await
}
async fn signed(asked: Asked, step: Step) -> Answer {
    signed_of(&asked, &class_id(&asked)?, step).await
}

pub(super) async fn sign_tasks(asked: Asked) -> Answer {
    tasks(asked, Step::Sign).await
}
pub(super) async fn sign_signatures(asked: Asked) -> Answer {
    signed(asked, Step::Sign).await
}
pub(super) async fn co_sign_tasks(asked: Asked) -> Answer {
    tasks(asked, Step::CoSign).await
}
pub(super) async fn co_sign_signatures(asked: Asked) -> Answer {
    signed(asked, Step::CoSign).await
}
pub(super) async fn seal_tasks(asked: Asked) -> Answer {
    tasks(asked, Step::Seal).await
}
pub(super) async fn seal_signatures(asked: Asked) -> Answer {
    signed(asked, Step::Seal).await
}
