//! `/school/{school}/classes`: the classes somebody may see, and how far each is.

use askama::Template;
use hocba_app::{
    PublicState,
    model::{Class, TaskKind},
    policy::{Action, may_within},
};
use hocba_record::types::SchoolCode;

use super::{
    Answer, Asked,
    chrome::Chrome,
    html,
    tasks::{self, TaskLine},
    text::Text,
};

pub(super) fn address(school: &SchoolCode) -> String {
    format!("/school/{school}/classes")
}

pub(super) fn import_address(school: &SchoolCode) -> String {
    format!("/school/{school}/classes/import")
}

pub(super) fn convert_address(school: &SchoolCode) -> String {
    format!("/school/{school}/classes/convert")
}

/// How many pupils of a class are where.
pub(super) type Counts = std::collections::BTreeMap<PublicState, usize>;

pub(super) struct ClassView {
    pub(super) name: String,
    pub(super) year: String,
    /// Its own page.
    pub(super) href: String,
    pub(super) pupils: usize,
    /// In the order of the columns.
    pub(super) counts: Vec<(String, usize)>,
}

/// The columns: which states, under which heading.
fn columns(t: Text) -> [(String, &'static [PublicState]); 5] {
    [
        (t.say("classes-faulty").into_owned(), &[PublicState::Returned, PublicState::LeftOut]),
        (t.say("classes-draft").into_owned(), &[PublicState::Draft]),
        (t.say("classes-teacher").into_owned(), &[PublicState::TeacherSigned]),
        (t.say("classes-cosigned").into_owned(), &[PublicState::CoSigned]),
        (t.say("classes-complete").into_owned(), &[PublicState::Sealed, PublicState::InForce]),
    ]
}

fn view(t: Text, class: &Class, counts: &Counts) -> ClassView {
    let in_force = counts.get(&PublicState::InForce).copied().unwrap_or_default();
    let mut cells: Vec<(String, usize)> = columns(t)
        .into_iter()
        .map(|(heading, states)| (heading, states.iter().filter_map(|state| counts.get(state)).sum()))
        .collect();
    cells.push((t.say("classes-in-force").into_owned(), in_force));
    ClassView {
        name: class.name.to_string(),
        year: class.year.to_string(),
        href: super::class::address(&class.school, &class.id),
        pupils: counts.values().sum(),
        counts: cells,
    }
}

#[derive(Template)]
#[template(path = "staff/classes.html")]
pub(super) struct ClassesPage {
    pub(super) c: Chrome,
    pub(super) headings: Vec<String>,
    pub(super) classes: Vec<ClassView>,
    pub(super) import: Option<String>,
    pub(super) tasks: Vec<TaskLine>,
}

impl ClassesPage {
    pub(super) fn new(
        c: Chrome,
        school: &SchoolCode,
        classes: &[(Class, Counts)],
        imports: bool,
        tasks: Vec<TaskLine>,
    ) -> Self {
        let t = c.t;
        let mut headings: Vec<String> = columns(t).into_iter().map(|(heading, _)| heading).collect();
        headings.push(t.say("classes-in-force").into_owned());
        Self {
            c: c.titled(t.say("classes-title")).below_home(),
            headings,
            classes: classes.iter().map(|(class, counts)| view(t, class, counts)).collect(),
            import: imports.then(|| import_address(school)),
            tasks,
        }
    }
}

pub(super) async fn list(asked: Asked) -> Answer {
    let school = asked.school()?;
    let actor = asked.actor()?;
    let mut classes = asked.app().school_classes(actor, &school, None).await?;
    // The latest year first.
    classes.sort_by(|(a, _), (b, _)| (b.year, a.grade, &a.name).cmp(&(a.year, b.grade, &b.name)));
    let imports = may_within(actor, Action::Import, &school);
    let tasks = tasks::latest(&asked, &school, Some(TaskKind::ImportMarks)).await?;
    html(&ClassesPage::new(asked.chrome(address(&school)), &school, &classes, imports, tasks))
}
