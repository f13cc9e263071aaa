//! Work that takes longer than a request: begun by a form, done by a task of this process, told on a page of its own.
//!
//! `/school/{school}/tasks/{task}`. What a task is, how far it is and what came of it is in the database, so that the page may be
//! left and is found again, by this process or another one. How far it is *now* is known to the process that works on it:
//! SQLite takes no sign of life while the work's own transaction writes.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use askama::Template;
use axum::response::Response;
use hocba_app::{
    App, AppError, BEAT, NewTask, TaskView,
    model::{Id, Task, TaskKind, TaskState},
};
use hocba_bundle::text::date_time;
use hocba_record::types::SchoolCode;
use serde::{Deserialize, Serialize};
use tracing::{Instrument as _, Span};

use super::{
    Answer, Asked, Refusal,
    chrome::Chrome,
    findings::{FindingLine, Findings, list_name},
    html, on_to,
    text::Text,
};
use crate::{heavy::off_thread, language, language::Language, problem::Problem};

/// Seconds after which the page asks again.
pub(super) const AGAIN: u32 = 3;

/// How far a task of this process is.
#[derive(Debug, Default)]
pub(super) struct Progress {
    done: AtomicU32,
    steps: AtomicU32,
}

impl Progress {
    pub(super) fn tell(&self, done: usize, steps: usize) {
        self.done.store(u32::try_from(done).unwrap_or(u32::MAX), Ordering::Relaxed);
        self.steps.store(u32::try_from(steps).unwrap_or(u32::MAX), Ordering::Relaxed);
    }
    fn now(&self) -> (u32, u32) {
        (self.done.load(Ordering::Relaxed), self.steps.load(Ordering::Relaxed))
    }
}

/// The tasks that this process works on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Running(Arc<Mutex<BTreeMap<Id, Arc<Progress>>>>);

impl Running {
    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<Id, Arc<Progress>>) -> T) -> T {
        // What is behind the lock is whole at any moment.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
    fn of(&self, id: &Id) -> Option<(u32, u32)> {
        self.with(|running| running.get(id).map(|progress| progress.now()))
    }
}

/// What came of a task, as it is kept with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// Why it was refused, in both languages, where no finding says it.
    pub(super) refused: Option<[String; 2]>,
    /// What was done, in numbers: code and how many.
    pub(super) counts: Vec<(String, u32)>,
    pub(super) findings: Vec<FindingLine>,
}

impl Outcome {
    /// A refusal of the use case.
    pub(super) fn refusal(error: AppError) -> Self {
        if let AppError::Unsound(findings) = &error {
            let findings = findings.iter().map(|finding| FindingLine::of(None, finding)).collect();
            return Self { findings, ..Self::default() };
        }
        Self { refused: Some(why(error)), ..Self::default() }
    }
}

/// Why a use case did not do it, in both languages.
pub(super) fn why(error: AppError) -> [String; 2] {
    let both = |vi: &str, en: &str| [vi.to_owned(), en.to_owned()];
    match error {
        AppError::YearNotOpen(year) => {
            [format!("Năm học {year} chưa mở."), format!("The school year {year} is not open.")]
        }
        AppError::YearClosed(year) => [
            format!("Năm học {year} đã đóng, danh sách không đổi nữa."),
            format!("The school year {year} is closed; its lists stay as they are."),
        ],
        AppError::SchoolClosed { .. } => both("Trường đã ngừng hoạt động.", "The school ended and takes nothing new."),
        AppError::TwoPupils { number } => [
            format!("Các mã ở STT {number} là của hai học sinh khác nhau: đối chiếu với giấy tờ."),
            format!("The numbers in line {number} are those of two pupils: compare them with the papers."),
        ],
        AppError::OtherKind { class } => [
            format!("Lớp {class} có học bạ số hoá từ bản giấy; điểm nhập ở đây không thay được."),
            format!("Class {class} has records taken over from paper, which marks do not replace."),
        ],
        AppError::Forbidden(_) => both(
            "Bạn không được làm việc này với lớp ghi trong tệp.",
            "You may not do this with the class that the file is of.",
        ),
        AppError::Changed(_) => {
            both("Có người vừa đổi dữ liệu này. Hãy làm lại.", "Somebody changed it meanwhile. Do it again.")
        }
        other => {
            let problem = Problem::from(other);
            if let Problem::Internal(cause) | Problem::Unavailable(cause) = &problem {
                tracing::error!(%cause, "a task failed inside");
            }
            [problem.detail(Language::Vietnamese), problem.detail(Language::English)]
        }
    }
}

/// Begins a task, and leads to its page. The work goes on when the request is over.
pub(super) async fn begin<F>(
    asked: &Asked,
    new: NewTask,
    work: impl FnOnce(App, Arc<Progress>) -> F + Send + 'static,
) -> Result<Response, Refusal>
where
    F: Future<Output = Result<Outcome, AppError>> + Send + 'static,
{
    let id = asked.app().begin_task(asked.actor()?, &new).await?;
    let (server, progress) = (asked.server.clone(), Arc::new(Progress::default()));
    server.running.with(|running| running.insert(id, progress.clone()));
    let app = server.service.clone();
    let beating = {
        let (app, progress) = (app.clone(), progress.clone());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(BEAT)).await;
                let (done, steps) = progress.now();
                // One that fails is followed by another; the page is told by this process meanwhile.
                let _ = app.beat_task(&id, done, steps).await;
            }
        })
    };
    let task = async move {
        let turn = server.heavy.clone().acquire_owned().await;
        // A task of its own: a panic ends it alone, and what it said is not repeated, for it may quote the file.
        let working = tokio::spawn(off_thread(work(app.clone(), progress)).instrument(Span::current()));
        let (state, outcome) = match working.await {
            Ok(Ok(outcome)) if outcome.refused.is_none() && !outcome.findings.iter().any(|line| line.error) => {
                (TaskState::Done, outcome)
            }
            Ok(Ok(outcome)) => (TaskState::Refused, outcome),
            Ok(Err(error)) => (TaskState::Refused, Outcome::refusal(error)),
            Err(_) => {
                tracing::error!("task {id} panicked");
                let problem = Problem::internal("a task panicked");
                let refused = Some([Language::Vietnamese, Language::English].map(|language| problem.detail(language)));
                (TaskState::Refused, Outcome { refused, ..Outcome::default() })
            }
        };
        drop(turn);
        beating.abort();
        let ended = match serde_json::to_vec(&outcome) {
            Ok(bytes) => app.end_task(&id, state, &bytes).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = ended {
            tracing::error!(%error, "what came of task {id} could not be noted; it will be told as interrupted");
        }
        server.running.with(|running| running.remove(&id));
    };
    tokio::spawn(task.instrument(Span::current()));
    Ok(on_to(&address(&new.school, &id), None))
}

pub(super) fn address(school: &SchoolCode, id: &Id) -> String {
    format!("/school/{school}/tasks/{id}")
}

/// The latest tasks, as a part of other pages.
pub(super) struct TaskLine {
    pub(super) href: String,
    pub(super) what: String,
    pub(super) state: String,
    pub(super) begun: String,
}

/// The latest tasks that whoever asks may see, of one kind or of all.
pub(super) async fn latest(
    asked: &Asked,
    school: &SchoolCode,
    kind: Option<TaskKind>,
) -> Result<Vec<TaskLine>, Refusal> {
    let tasks = asked.app().tasks(asked.actor()?, school).await?;
    let line = |task: Task| line(asked.t(), &alive(asked, task));
    Ok(tasks.into_iter().filter(|task| kind.is_none_or(|kind| task.kind == kind)).map(line).collect())
}

pub(super) fn line(t: Text, task: &Task) -> TaskLine {
    TaskLine {
        href: address(&task.school, &task.id),
        what: what(t, task),
        state: state(t, task.state),
        begun: date_time(task.begun_at),
    }
}

/// What this process works on is not interrupted, however long the database took no sign of life.
fn alive(asked: &Asked, mut task: Task) -> Task {
    if let Some((done, steps)) = asked.server.running.of(&task.id)
        && task.ended_at.is_none()
    {
        (task.state, task.done, task.steps) = (TaskState::Running, done, steps);
    }
    task
}

fn what(t: Text, task: &Task) -> String {
    let year = task.year.to_string();
    match (task.kind, &task.class) {
        (TaskKind::TakeLists, _) => t.with("task-lists", &[("year", &year)]),
        (TaskKind::ImportMarks, Some(class)) => {
            t.with("task-marks-class", &[("class", &class.to_string()), ("year", &year)])
        }
        (TaskKind::ImportMarks, None) => t.with("task-marks", &[("year", &year)]),
        (TaskKind::PaperLinks, class) => {
            let class = class.as_ref().map(ToString::to_string).unwrap_or_default();
            t.with("task-codes", &[("class", &class), ("year", &year)])
        }
    }
    .into_owned()
}

fn state(t: Text, state: TaskState) -> String {
    match state {
        TaskState::Running => t.say("task-running"),
        TaskState::Done => t.say("task-done"),
        TaskState::Refused => t.say("task-refused"),
        TaskState::Interrupted => t.say("task-interrupted"),
    }
    .into_owned()
}

/// What was counted, in words.
fn counted(t: Text, code: &str, count: u32) -> Option<String> {
    let text = match code {
        "staff-new" => t.count("count-staff-new", count),
        "staff-changed" => t.count("count-staff-changed", count),
        "staff-same" => t.count("count-staff-same", count),
        "classes-new" => t.count("count-classes-new", count),
        "classes-changed" => t.count("count-classes-changed", count),
        "classes-same" => t.count("count-classes-same", count),
        "homerooms" => t.count("count-homerooms", count),
        "pupils-changed" => t.count("count-pupils-changed", count),
        "pupils-same" => t.count("count-pupils-same", count),
        "pupils-gone" => t.count("count-pupils-gone", count),
        "marks-ready" => t.count("count-marks-ready", count),
        "marks-kept" => t.count("count-marks-kept", count),
        "marks-signed" => t.count("count-marks-signed", count),
        "codes-made" => t.count("count-codes-made", count),
        "codes-kept" => t.count("count-codes-kept", count),
        "codes-waiting" => t.count("count-codes-waiting", count),
        "marks-renewed" => t.count("count-marks-renewed", count),
        "marks-left-out" => t.count("count-marks-left-out", count),
        _ => return None,
    };
    Some(text.into_owned())
}

/// Counts in words, those of nothing left out.
pub(super) fn counts(t: Text, counts: &[(String, u32)]) -> Vec<String> {
    counts.iter().filter(|(_, count)| *count > 0).filter_map(|(code, count)| counted(t, code, *count)).collect()
}

/// Findings by list.
pub(super) fn grouped(t: Text, found: &[FindingLine]) -> Vec<(String, Findings)> {
    let mut lists: Vec<&Option<String>> = Vec::new();
    for line in found {
        if !lists.contains(&&line.list) {
            lists.push(&line.list);
        }
    }
    let group = |list: &Option<String>| {
        let name = list_name(t, list.as_deref().unwrap_or_default());
        let lines: Vec<&FindingLine> = found.iter().filter(|line| line.list == *list).collect();
        Findings::of(t, name.clone(), &lines).map(|findings| (name, findings))
    };
    lists.into_iter().filter_map(group).collect()
}

#[derive(Template)]
#[template(path = "staff/task.html")]
pub(super) struct TaskPage {
    pub(super) c: Chrome,
    pub(super) state: String,
    pub(super) running: bool,
    /// What is said of a task that is done.
    pub(super) done: Option<String>,
    pub(super) nothing_stored: String,
    /// Whether it makes look-up codes, which has words of its own.
    pub(super) codes: bool,
    pub(super) refused: Option<String>,
    pub(super) interrupted: bool,
    pub(super) progress: Option<(u32, u32)>,
    pub(super) begun: String,
    pub(super) ended: Option<String>,
    pub(super) counts: Vec<String>,
    pub(super) findings: Vec<(String, Findings)>,
    pub(super) back: String,
    pub(super) back_text: String,
}

impl TaskPage {
    pub(super) fn new(c: Chrome, task: &Task, outcome: &Outcome) -> Self {
        let t = c.t;
        let school = &task.school;
        let (back, back_text) = match task.kind {
            TaskKind::TakeLists => (super::lists::address(school), t.say("lists-title")),
            TaskKind::ImportMarks | TaskKind::PaperLinks => (super::classes::address(school), t.say("classes-title")),
        };
        let codes = task.kind == TaskKind::PaperLinks;
        Self {
            c: c.titled(what(t, task)).crumb(back_text.clone(), back.clone()),
            state: state(t, task.state),
            running: task.state == TaskState::Running,
            done: (task.state == TaskState::Done).then(|| match codes {
                true => t.say("task-codes-done").into_owned(),
                false => t.say("task-done-lead").into_owned(),
            }),
            nothing_stored: match codes {
                true => t.say("task-codes-refused").into_owned(),
                false => t.say("task-nothing-stored").into_owned(),
            },
            refused: (task.state == TaskState::Refused).then(|| match &outcome.refused {
                Some(both) => language::pick(t.0, both[0].clone(), both[1].clone()),
                None => t.say("task-refused-findings").into_owned(),
            }),
            interrupted: task.state == TaskState::Interrupted,
            progress: (task.state == TaskState::Running && task.steps > 0).then_some((task.done, task.steps)),
            begun: date_time(task.begun_at),
            ended: task.ended_at.map(date_time),
            counts: counts(t, &outcome.counts),
            findings: grouped(t, &outcome.findings),
            codes,
            back,
            back_text: back_text.into_owned(),
        }
    }
}

pub(super) async fn show(asked: Asked) -> Answer {
    let school = asked.school()?;
    let id: Id = asked.param("task").parse().map_err(|_| Refusal::NotFound)?;
    let TaskView { task, result } = asked.app().task(asked.actor()?, &school, &id).await?;
    let task = alive(&asked, task);
    let outcome = match &result {
        Some(bytes) => serde_json::from_slice(bytes).map_err(Problem::internal)?,
        None => Outcome::default(),
    };
    let mut page = TaskPage::new(asked.chrome(asked.path.clone()), &task, &outcome);
    if task.kind == TaskKind::PaperLinks {
        // What was made is printed from there.
        let classes = asked.app().school_classes(asked.actor()?, &school, Some(task.year)).await?;
        let class = classes.into_iter().map(|(class, _)| class).find(|class| Some(&class.name) == task.class.as_ref());
        if let Some(class) = class {
            page.back = super::records::class_print_address(&school, &class.id);
            page.back_text = asked.t().say("record-print").into_owned();
        }
    }
    html(&page)
}
