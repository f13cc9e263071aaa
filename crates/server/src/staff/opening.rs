//! `/school/{school}/opening`: what a school still lacks before its first class of a year can be signed, true at the moment
//! it is asked for.

use askama::Template;
use hocba_app::{
    Item, ItemState, YearView,
    policy::{Action, Place, may},
};
use hocba_record::types::{SchoolCode, SchoolYear};

use super::{Answer, Asked, Refusal, chrome::Chrome, html, tasks::TaskLine, text::Text, words};
use crate::language;

pub(super) struct ItemView {
    pub(super) text: String,
    pub(super) state: String,
    pub(super) settled: bool,
    /// Those of many that lack it, to be read one after the other.
    pub(super) classes: String,
    pub(super) command: Option<String>,
    /// The page that does it, where there is one.
    pub(super) href: Option<String>,
}

/// The page that does an item.
fn page_of(school: &SchoolCode, code: &str) -> Option<String> {
    Some(match code {
        "staff" | "principal_account" | "clerk" | "classes" | "pupils" | "homerooms" => super::lists::address(school),
        "principal_certificate" | "seal_certificate" | "homeroom_certificates" => super::certificates::address(school),
        "year" => super::years::address(school),
        "principal_appointment" | "deputy" | "seal_appointment" | "homeroom_appointments" => {
            super::appointments::address(school)
        }
        _ => return None,
    })
}

/// How an item stands, in words.
pub(super) fn state(t: Text, item: &Item) -> String {
    match item.state {
        ItemState::Done => t.say("opening-done"),
        ItemState::Missing { of: 1, .. } => t.say("opening-missing-one"),
        ItemState::Missing { missing, of } => {
            t.with("opening-missing", &[("missing", &missing.to_string()), ("of", &of.to_string())])
        }
        ItemState::Waiting { waiting } => t.with("opening-waiting", &[("waiting", &waiting.to_string())]),
        ItemState::Blocked { .. } => t.say("opening-blocked"),
        ItemState::Optional => t.say("opening-optional"),
    }
    .into_owned()
}

fn view(t: Text, school: &SchoolCode, item: &Item) -> ItemView {
    let classes: Vec<String> = item.classes.iter().map(ToString::to_string).collect();
    ItemView {
        text: language::pick(t.0, &item.vi, &item.en).clone(),
        state: state(t, item),
        settled: item.is_settled(),
        classes: classes.join(", "),
        command: item.command.clone(),
        // What is done or waits for another item has nothing to be done.
        href: page_of(school, item.code).filter(|_| item.command.is_some()),
    }
}

#[derive(Template)]
#[template(path = "staff/opening.html")]
pub(super) struct OpeningPage {
    pub(super) c: Chrome,
    pub(super) school: String,
    /// Where years are opened.
    pub(super) years: String,
    /// The year it is about, where one is open.
    pub(super) year: Option<String>,
    pub(super) settled: usize,
    pub(super) items: Vec<ItemView>,
    pub(super) tasks: Vec<TaskLine>,
}

impl OpeningPage {
    pub(super) fn new(
        c: Chrome,
        school: &SchoolCode,
        year: Option<SchoolYear>,
        items: &[Item],
        tasks: Vec<TaskLine>,
    ) -> Self {
        let t = c.t;
        Self {
            c: c.titled(t.say("opening-title")).below_home(),
            school: words::school(t, school, None),
            years: super::years::address(school),
            year: year.map(|year| year.to_string()),
            settled: items.iter().filter(|item| item.is_settled()).count(),
            items: items.iter().map(|item| view(t, school, item)).collect(),
            tasks,
        }
    }
}

impl OpeningPage {
    /// With the school as people call it.
    fn called(self, school: String) -> Self {
        Self { school, ..self }
    }

    /// For whoever may open schools, too: leads to where that is done.
    fn for_department(mut self, school: &SchoolCode, items: &[Item]) -> Self {
        for (view, item) in self.items.iter_mut().zip(items) {
            if item.code == "school" && matches!(item.state, ItemState::Missing { .. }) {
                view.href = Some(super::department::school_address(school));
            }
        }
        self
    }
}

pub(super) fn address(school: &SchoolCode) -> String {
    format!("/school/{school}/opening")
}

pub(super) async fn show(asked: Asked) -> Answer {
    let school = asked.school()?;
    // A school that is not the asker's is as good as none.
    if !may(asked.actor()?, Action::PrepareSchool, Place::School(&school)) {
        return Err(Refusal::NotFound);
    }
    let years = asked.app().school_years(asked.actor()?, &school).await?;
    let year = YearView::newest_open(&years);
    let items = match year {
        Some(year) => asked.app().opening_state(asked.actor()?, &school, year).await?,
        None => Vec::new(),
    };
    let tasks = super::tasks::latest(&asked, &school, None).await?;
    let page = OpeningPage::new(asked.chrome(address(&school)), &school, year, &items, tasks);
    let page = page.called(asked.called(&school).await?);
    if may(asked.actor()?, Action::AppointSchool, Place::School(&school)) {
        return html(&page.for_department(&school, &items));
    }
    html(&page)
}
