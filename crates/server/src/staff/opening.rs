//! `/school/{school}/opening`: what a school still lacks before its first class of a year can be signed, true at the moment
//! it is asked for.

use askama::Template;
use hocba_app::{
    Item, ItemState,
    policy::{Action, Place, may},
};
use hocba_record::types::{SchoolCode, SchoolYear};

use super::{Answer, Asked, Refusal, chrome::Chrome, html, text::Text};
use crate::language;

pub(super) struct ItemView {
    pub(super) text: String,
    pub(super) state: String,
    pub(super) settled: bool,
    /// Those of many that lack it, to be read one after the other.
    pub(super) classes: String,
    pub(super) command: Option<String>,
}

fn view(t: Text, item: &Item) -> ItemView {
    let state = match item.state {
        ItemState::Done => t.say("opening-done"),
        ItemState::Missing { of: 1, .. } => t.say("opening-missing-one"),
        ItemState::Missing { missing, of } => {
            t.with("opening-missing", &[("missing", &missing.to_string()), ("of", &of.to_string())])
        }
        ItemState::Waiting { waiting } => t.with("opening-waiting", &[("waiting", &waiting.to_string())]),
        ItemState::Blocked { .. } => t.say("opening-blocked"),
        ItemState::Optional => t.say("opening-optional"),
    };
    let classes: Vec<String> = item.classes.iter().map(ToString::to_string).collect();
    ItemView {
        text: language::pick(t.0, &item.vi, &item.en).clone(),
        state: state.into_owned(),
        settled: item.is_settled(),
        classes: classes.join(", "),
        command: item.command.clone(),
    }
}

#[derive(Template)]
#[template(path = "staff/opening.html")]
pub(super) struct OpeningPage {
    pub(super) c: Chrome,
    pub(super) school: String,
    /// The year it is about, where one is open.
    pub(super) year: Option<String>,
    pub(super) settled: usize,
    pub(super) items: Vec<ItemView>,
}

impl OpeningPage {
    pub(super) fn new(c: Chrome, school: &SchoolCode, year: Option<SchoolYear>, items: &[Item]) -> Self {
        let t = c.t;
        Self {
            c: c.titled(t.say("opening-title")).below_home(),
            school: school.to_string(),
            year: year.map(|year| year.to_string()),
            settled: items.iter().filter(|item| item.is_settled()).count(),
            items: items.iter().map(|item| view(t, item)).collect(),
        }
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
    let open = years.iter().filter(|year| year.row.closed_at.is_none());
    let year = open.map(|year| year.row.year).max();
    let items = match year {
        Some(year) => asked.app().opening_state(asked.actor()?, &school, year).await?,
        None => Vec::new(),
    };
    html(&OpeningPage::new(asked.chrome(address(&school)), &school, year, &items))
}
