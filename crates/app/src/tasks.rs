//! Work that takes longer than a request: begun, told how far it is, ended; found again by whoever may do it.
//!
//! A task is the record of work, not the work: the process that does it says every [`BEAT`] seconds that it is alive, and
//! one that was not heard of for [`SILENT`] seconds is told as interrupted. Several processes over one database need nothing
//! more. What the work does lasts or not by its own transaction; a task that was interrupted says nothing about it.

use hocba_record::types::{ClassName, SchoolCode, SchoolYear};
use hocba_store::{
    model::{Id, Task, TaskKind, TaskState},
    retrying,
};
use zeroize::Zeroizing;

use crate::{
    Actor, App, AppError,
    policy::{Action, Place, may, require},
};

/// Seconds between two signs of life.
pub const BEAT: u64 = 10;
/// Seconds without one after which a process is taken for dead: long enough for a database that is busy.
pub const SILENT: i64 = 60;
/// Seconds that a task is kept: 14 days.
const KEPT: i64 = 14 * 86_400;
/// Tasks of a school that are shown to somebody, and that are looked at for that: those of others stand between.
const SHOWN: usize = 10;
const LOOKED_AT: u32 = 200;

/// A task to be begun.
#[derive(Debug, Clone)]
pub struct NewTask {
    /// What it is.
    pub kind: TaskKind,
    /// School.
    pub school: SchoolCode,
    /// Year.
    pub year: SchoolYear,
    /// Class, where it is about one.
    pub class: Option<ClassName>,
}

/// A task as it is told.
#[derive(Debug, Clone)]
pub struct TaskView {
    /// The task; interrupted where its process was not heard of for too long.
    pub task: Task,
    /// What came of it, as whoever did the work put it down; none while it runs, or where it was interrupted.
    pub result: Option<Zeroizing<Vec<u8>>>,
}

/// What it takes to do the work, and to see it.
fn allowed<'a>(
    kind: TaskKind,
    school: &'a SchoolCode,
    year: SchoolYear,
    class: Option<&'a ClassName>,
) -> (Action, Place<'a>) {
    let action = match kind {
        TaskKind::TakeLists => Action::PrepareSchool,
        TaskKind::ImportMarks => Action::Import,
        TaskKind::PaperLinks => Action::HandOut,
    };
    (action, class.map_or(Place::School(school), |class| Place::Class(school, year, class)))
}

fn may_see(actor: &Actor, task: &Task) -> bool {
    let (action, place) = allowed(task.kind, &task.school, task.year, task.class.as_ref());
    may(actor, action, place)
}

fn place(id: &Id) -> String {
    format!("task/{id}")
}

impl App {
    /// Notes that work begins.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for an actor without an account, and for a school that is not here.
    pub async fn begin_task(&self, actor: &Actor, new: &NewTask) -> Result<Id, AppError> {
        let (action, of) = allowed(new.kind, &new.school, new.year, new.class.as_ref());
        require(actor, action, of)?;
        let account = actor.account().ok_or(AppError::NotFound("account"))?.id;
        let now = self.edges().now();
        let task = Task {
            id: Id::from_bytes(self.edges().bytes()?),
            school: new.school.clone(),
            account,
            kind: new.kind,
            year: new.year,
            class: new.class.clone(),
            done: 0,
            steps: 0,
            state: TaskState::Running,
            result: None,
            begun_at: now,
            beat_at: now,
            ended_at: None,
        };
        retrying(|| async {
            let mut tx = self.store().begin("begin_task").await?;
            tx.school(&task.school).await?.ok_or(AppError::NotFound("school"))?;
            tx.interrupt_tasks(now.plus(-SILENT), now).await?;
            tx.add_task(&task, now.plus(-KEPT)).await?;
            tx.commit().await?;
            Ok(task.id)
        })
        .await
    }

    /// Says that the process that works on a task is alive, and how far it is.
    ///
    /// # Errors
    /// The database's.
    pub async fn beat_task(&self, id: &Id, done: u32, steps: u32) -> Result<(), AppError> {
        let mut tx = self.store().begin("beat_task").await?;
        tx.beat_task(id, done, steps, self.edges().now()).await?;
        Ok(tx.commit().await?)
    }

    /// Says what came of a task; `result` is sealed with the data key.
    ///
    /// # Errors
    /// `Changed` where it has ended before.
    pub async fn end_task(&self, id: &Id, state: TaskState, result: &[u8]) -> Result<(), AppError> {
        let envelope = self.seal_envelope(&place(id), result)?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("end_task").await?;
            tx.end_task(id, state, &envelope, now).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// A task of a school, for those who may do what it does.
    ///
    /// # Errors
    /// `NotFound`, for everybody else too.
    pub async fn task(&self, actor: &Actor, school: &SchoolCode, id: &Id) -> Result<TaskView, AppError> {
        let task = self.store().read().await?.task(id).await?;
        let task = task.filter(|task| task.school == *school && may_see(actor, task));
        self.told(task.ok_or(AppError::NotFound("task"))?)
    }

    /// The latest tasks of a school that the actor may see, the newest first, without what came of them.
    ///
    /// # Errors
    /// The database's.
    pub async fn tasks(&self, actor: &Actor, school: &SchoolCode) -> Result<Vec<Task>, AppError> {
        let tasks = self.store().read().await?.tasks_of(school, LOOKED_AT).await?;
        let seen = tasks.into_iter().filter(|task| may_see(actor, task)).take(SHOWN);
        seen.map(|task| self.told(Task { result: None, ..task }).map(|view| view.task)).collect()
    }

    /// What is wrong with what came of a task; for `hocba fsck`.
    pub fn check_task(&self, task: &Task) -> Option<&'static str> {
        match self.told(task.clone()) {
            Err(AppError::Damaged { what, .. }) => Some(what),
            _ => None,
        }
    }

    fn told(&self, mut task: Task) -> Result<TaskView, AppError> {
        if task.state == TaskState::Running && task.beat_at < self.edges().now().plus(-SILENT) {
            task.state = TaskState::Interrupted;
        }
        let damaged = |what| AppError::Damaged { number: 0, what };
        let words = ["a task's result was sealed with another data key", "a task's result does not open"];
        let opened = task.result.as_ref().map(|envelope| self.open_envelope(&place(&task.id), envelope, words));
        let result = opened.transpose().map_err(damaged)?;
        Ok(TaskView { task, result })
    }
}
