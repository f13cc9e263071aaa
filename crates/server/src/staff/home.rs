//! `/home`: what whoever is signed in may do, by their grants. `/schools`: the schools of a department's officer.

use askama::Template;
use hocba_app::{
    model::{Account, Grant},
    policy::{Action, role_may},
};

use super::{Answer, Asked, chrome::Chrome, html, text::Text, words};

pub(super) struct Link {
    pub(super) href: String,
    pub(super) text: String,
}

/// A school, or all of them, and what there is to do.
pub(super) struct PlaceView {
    pub(super) title: String,
    pub(super) roles: String,
    pub(super) links: Vec<Link>,
    /// Whether somebody works on transcripts here, which pages cannot do yet: how they go on is said instead.
    pub(super) by_program: bool,
}

#[derive(Template)]
#[template(path = "staff/home.html")]
pub(super) struct HomePage {
    pub(super) c: Chrome,
    pub(super) name: String,
    pub(super) places: Vec<PlaceView>,
}

impl HomePage {
    pub(super) fn new(c: Chrome, account: &Account) -> Self {
        let t = c.t;
        Self { c: c.titled(t.say("home-title")), name: account.name.clone(), places: places(t, &account.grants) }
    }
}

fn places(t: Text, grants: &[Grant]) -> Vec<PlaceView> {
    let mut places: Vec<(String, PlaceView)> = Vec::new();
    for grant in grants {
        let (title, list) = match (&grant.school, &grant.prefix) {
            (Some(school), _) => {
                let school = school.to_string();
                let title = t.with("home-school", &[("school", &school)]);
                (title, format!("/school/{school}/accounts"))
            }
            (None, Some(prefix)) => (t.with("home-prefix", &[("prefix", &prefix.to_string())]), "/schools".to_owned()),
            (None, None) => (t.say("home-all-schools"), "/schools".to_owned()),
        };
        let role = words::grant(t, grant);
        let mut opening = None;
        if let Some(school) = grant.school.as_ref().filter(|_| grant.class.is_none())
            && role_may(grant.role, Action::PrepareSchool)
        {
            opening = Some(super::opening::address(school));
        }
        let manages = role_may(grant.role, Action::ManageSchoolAccounts) && grant.class.is_none();
        let at = places.iter().position(|(known, _)| *known == title).unwrap_or_else(|| {
            let view =
                PlaceView { title: title.to_string(), roles: String::new(), links: Vec::new(), by_program: false };
            places.push((title.to_string(), view));
            places.len() - 1
        });
        let place = &mut places[at].1;
        if !place.roles.is_empty() {
            place.roles.push_str(", ");
        }
        place.roles.push_str(&role);
        let works =
            [Action::Import, Action::CoSign, Action::Seal].into_iter().any(|action| role_may(grant.role, action));
        place.by_program |= works;
        if let Some(href) = opening.filter(|href| !place.links.iter().any(|link| link.href == *href)) {
            place.links.push(Link { href, text: t.say("opening-title").into_owned() });
        }
        if manages && !place.links.iter().any(|link| link.href == list) {
            let text = if grant.school.is_some() { t.say("accounts-title") } else { t.say("schools-title") };
            place.links.push(Link { href: list, text: text.into_owned() });
        }
    }
    places.into_iter().map(|(_, place)| place).collect()
}

pub(super) async fn show(asked: Asked) -> Answer {
    let session = asked.session()?;
    if session.must_enrol {
        return Err(super::Refusal::MustEnrol);
    }
    html(&HomePage::new(asked.chrome("/home"), &session.account))
}

#[derive(Template)]
#[template(path = "staff/schools.html")]
pub(super) struct SchoolsPage {
    pub(super) c: Chrome,
    pub(super) total: u32,
    pub(super) schools: Vec<String>,
}

impl SchoolsPage {
    pub(super) fn new(c: Chrome, schools: Vec<String>) -> Self {
        let t = c.t;
        let total = u32::try_from(schools.len()).unwrap_or(u32::MAX);
        Self { c: c.titled(t.say("schools-title")).below_home(), total, schools }
    }
}

pub(super) async fn schools(asked: Asked) -> Answer {
    let schools = asked.app().administered_schools(asked.actor()?).await?;
    html(&SchoolsPage::new(asked.chrome("/schools"), schools.iter().map(ToString::to_string).collect()))
}
